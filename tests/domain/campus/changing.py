"""What tests of changes after approval begin with: what is in force, and an application to change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import FileRegistration, Part
from qicheng.domain.campus.sheets.changes import FILES, OTHER_UNIT, SAME_UNIT
from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import begin, perform
from tests.world import credit_code, filled_destination

from . import at_the_platform, filing

if TYPE_CHECKING:
    from qicheng.domain.campus.models import Amendment
    from qicheng.domain.roster.models import Graduate
    from tests.world import World

PARTS = (Part.PLATFORM, Part.FILES, Part.CHANGES)
OTHER = {"name": "江临轨道交通集团有限公司", "credit_code": credit_code(91)}
WHY = {"why": "和新单位签了协议"}


def in_force(world: World, graduate: Graduate | None = None) -> Registration:
    """A destination on the school's platform that both levels approved; the school has the part."""
    person = graduate or world.graduate
    world.open_parts(*PARTS, school=person.school)
    return at_the_platform.registered(world, graduate=person)


def file_in_force(world: World) -> FileRegistration:
    """The registration of file and household behind it."""
    case = filing.approved(world)
    world.open_parts(*PARTS)
    return case


def of_the_unit(world: World, target: Registration, **typed: Any) -> Any:
    """毕业去向修改, filled in: another contact of the same unit, unless said otherwise."""
    given = {"contact": "周敏", "why": "联系人换了"} | typed
    return begin(FLOWS[SAME_UNIT], world.of(target.graduate), registration=target.public_id, **given)


def to_another_unit(
    world: World, target: Registration, kind: str = at_the_platform.AGREEMENT, *, proven: bool = True, **typed: Any
) -> Any:
    """改签申请, filled in and proven: the same form with another unit, unless said otherwise."""
    given = {**filled_destination(kind), **(OTHER if kind == at_the_platform.AGREEMENT else {}), **WHY, **typed}
    case: Any = begin(FLOWS[OTHER_UNIT], world.of(target.graduate), registration=target.public_id, kind=kind, **given)
    if proven:
        world.prove(case)
    return case


def of_the_files(world: World, target: FileRegistration, **typed: Any) -> Any:
    """户档信息修改, filled in: another contact, unless said otherwise."""
    given = {"archive_contact": "吴芳", "why": "接收人换了"} | typed
    return begin(FLOWS[FILES], world.of(target.graduate), file=target.public_id, **given)


def submitted(world: World, case: Amendment) -> Any:
    """The same, submitted."""
    perform(case, "submit", world.of(case.graduate))
    return case


def approved(world: World, case: Amendment) -> Any:
    """The same, submitted and approved at both levels."""
    world.approved(submitted(world, case))
    return case


def everywhere(world: World, *, returned: bool = False) -> list[Any]:
    """One of each of the three: a draft or what waits for the college; or all of them sent back by it."""
    file = file_in_force(world)
    own = Registration.all_rows.get(graduate=world.graduate, live=True)
    other = in_force(world, world.neighbour)
    cases = [of_the_unit(world, own), submitted(world, of_the_files(world, file)), to_another_unit(world, other)]
    if returned:
        submitted(world, cases[0])
    submitted(world, cases[2])
    for case in cases if returned else ():
        perform(case, "return", world.reviewer(case, Role.COLLEGE), reason="x_other", words="写明原因")
    return cases
