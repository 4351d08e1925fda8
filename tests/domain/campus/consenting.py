"""Destinations by the school's own form, and applications about them, as far as a test needs them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import Deferral, OneChange, Part
from qicheng.foundation.access import FULL, Actor, Area, Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.gather import add_proof, gathered
from qicheng.foundation.flow.perform import begin, perform
from tests.world import picture

if TYPE_CHECKING:
    from qicheng.domain.registration.models import Registration
    from qicheng.domain.roster.models import Graduate
    from tests.world import World

WISH = {"wish": "agreement", "wish_unit": "云岭数据科技有限公司", "reason": "单位来函，同意接收户口和档案"}
PARTS = (Part.FORMS, Part.DEFERRAL, Part.ONE_CHANGE)


def opened(world: World) -> World:
    """The school has the parts, and the modules of file and household are open."""
    world.open_parts(*PARTS)
    for area in (Area.ARCHIVE, Area.HOUSEHOLD):
        world.open_transfer(area)
    return world


def drafted(world: World, kind: str = "flex.cert", graduate: Graduate | None = None, **terms: Any) -> Registration:
    """A destination that its graduate has saved."""
    given = {"name": "江临某某科技有限公司"} | terms
    case: Any = begin(FLOWS["declared"], world.of(graduate or world.graduate), kind=kind, **given)
    return case


def submitted(world: World, case: Registration) -> Registration:
    prove(case, world)
    perform(case, "submit", world.of(case.graduate))
    return case


def approved(world: World, case: Registration) -> Registration:
    """What waits with the college, consented to by both."""
    perform(case, "approve", world.actor(Role.COLLEGE))
    perform(case, "approve", world.actor(Role.SCHOOL))
    return case


def turned(case: Registration, kind: str) -> Registration:
    """The graduate has chosen another kind."""
    perform(case, "rekind", Actor(Role.GRADUATE, case.graduate_id, levels=FULL), kind=kind)
    return case


def effective(world: World, kind: str = "flex.cert") -> Registration:
    """A destination that took effect."""
    return approved(world, submitted(world, drafted(world, kind)))


def prove(case: Any, world: World) -> None:
    """One of every kind of proof that the case takes and lacks."""
    for place, one in enumerate(gathered(case)):
        if one.lacks:
            add_proof(case, one.kind.key, picture(place), world.of(case.graduate))


def asked(world: World, case: Registration, *, proven: bool = True) -> Deferral:
    """A deferral that is filled in, and signed."""
    made: Any = begin(
        FLOWS["deferral"], world.of(case.graduate), registration=case.public_id, reason="正在与单位商谈签约"
    )
    if proven:
        prove(made, world)
    return made


def waiting(world: World, case: Registration) -> Deferral:
    """A deferral that waits for the college."""
    made = asked(world, case)
    perform(made, "submit", world.of(case.graduate))
    return made


def granted(world: World, case: Registration) -> Deferral:
    """A deferral that both have consented to."""
    made = waiting(world, case)
    approved(world, made)  # type: ignore[arg-type]
    return made


def change(world: World, case: Registration) -> OneChange:
    """An application to change a destination, filled in and signed."""
    made: Any = begin(FLOWS["one_change"], world.of(case.graduate), registration=case.public_id, **WISH)
    prove(made, world)
    return made


def change_waiting(world: World, case: Registration) -> OneChange:
    """The same, waiting for the college."""
    made = change(world, case)
    perform(made, "submit", world.of(case.graduate))
    return made


LAST_DAY = date(2026, 12, 31)
