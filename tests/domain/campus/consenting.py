"""Destinations by the school's own form, and applications about them, as far as a test needs them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.effects import deferral as effects
from qicheng.domain.campus.guards import deferral as guards
from qicheng.domain.campus.models import Deferral, OneChange, Part
from qicheng.domain.campus.sheets.forms import FORMS
from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import FULL, Actor, Area, Role
from qicheng.foundation.flow import perform as engine
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.gather import gathered
from qicheng.foundation.flow.perform import begin, perform
from qicheng.foundation.kit.calendar import midnight
from qicheng.foundation.kit.proofs import remake
from qicheng.foundation.papers import proofs
from tests.world import filled_destination, picture

if TYPE_CHECKING:
    import pytest

    from qicheng.domain.roster.models import Graduate
    from qicheng.foundation.kit.proofs.door import Remade
    from tests.world import World

WISH = {"wish": "agreement", "wish_unit": "云岭数据科技有限公司", "reason": "单位来函，同意接收户口和档案"}
# What goes with what else is filled in.
FITTING = {"name": "江临某某科技有限公司", "authority": "320000", "province": "320000", "major": "电气工程"}
PARTS = (Part.FORMS, Part.DEFERRAL, Part.ONE_CHANGE)


def key_of(kind: str) -> str:
    """The key of a type, by its code."""
    return f"declared_{kind.replace('.', '_')}"


def opened(world: World) -> World:
    """The school has the parts, and the modules of file and household are open."""
    world.open_parts(*PARTS)
    for area in (Area.ARCHIVE, Area.HOUSEHOLD):
        world.open_transfer(area)
    return world


def drafted(world: World, kind: str = "flex.cert", graduate: Graduate | None = None, **terms: str) -> Registration:
    """A destination that its graduate has saved, by the code of its 就业形式."""
    key = key_of(kind)
    given = terms | {code: FITTING[code] for code in FITTING.keys() & FORMS[key].sheet.keys}
    case: Any = begin(
        FLOWS["declared"], world.of(graduate or world.graduate), kind=key, **filled_destination(key, **given)
    )
    return case


def submitted(world: World, case: Registration) -> Registration:
    prove(case, world)
    perform(case, "submit", world.of(case.graduate))
    return case


def approved(world: World, case: Registration) -> Registration:
    """What waits with the college, or with the school alone, approved to the end."""
    for role in (Role.COLLEGE, Role.SCHOOL):
        if case.standing.turn is role:
            perform(case, "approve", world.reviewer(case, role))
    return case


def turned(case: Registration, kind: str) -> Registration:
    """The graduate has chosen another kind."""
    own, key = Actor(Role.GRADUATE, case.graduate_id, levels=FULL), key_of(kind)
    perform(case, "retype", own, kind=key)
    given = {code: FITTING[code] for code in FITTING.keys() & FORMS[key].sheet.keys}
    perform(case, "edit", own, **filled_destination(key, **given))
    return case


def effective(world: World, kind: str = "flex.cert") -> Registration:
    """A destination that took effect."""
    return approved(world, submitted(world, drafted(world, kind)))


@cache
def photo() -> tuple[bytes, Remade]:
    """A picture as it came, and as it is kept; made once."""
    return picture(), remake(picture())


def prove(case: Any, world: World, *, every: bool = False) -> None:
    """One of every kind of proof that the case takes and lacks, or simply takes."""
    came, made = photo()
    for one in gathered(case):
        if every or one.lacks:
            proofs.keep_proof(
                made, came, flow=case.flow_name, case=str(case.public_id), cohort=case.cohort, school_id=case.school_id, kind=one.kind.key,
                role="graduate", account_id=case.graduate.account_id,
            )  # fmt: skip


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


def waiting_both(world: World) -> list[Any]:
    """A deferral of 陈诚 and a change of the neighbour, each waiting for its college, with their destinations."""
    opened(world)
    own, other = drafted(world), drafted(world, graduate=world.neighbour)
    submitted(world, other)
    for role in (Role.COLLEGE, Role.SCHOOL):
        perform(other, "approve", world.reviewer(other, role))
    return [waiting(world, own), change_waiting(world, other), own, other]


LAST_DAY = date(2026, 12, 31)
AFTER = midnight(LAST_DAY + timedelta(days=1))


def at(monkeypatch: pytest.MonkeyPatch, instant: datetime) -> None:
    """The database's clock says so."""
    for place in (engine, effects, guards):
        monkeypatch.setattr(place, "clock", lambda case=None: instant)


def forget(world: World) -> None:
    """The graduate has thrown the draft away, to fill in another one."""
    for case in Registration.all_rows.filter(graduate=world.graduate, state="draft"):
        perform(case, "discard", world.of(world.graduate))
