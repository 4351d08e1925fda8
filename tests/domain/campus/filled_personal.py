"""What a graduate fills in of itself, and how far a supplement can have gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.flows.personal import PERSONAL_INFORMATION, SUPPLEMENTING
from qicheng.domain.campus.models import Part, PersonalInformation, Profile, Supplement
from qicheng.foundation.access import Actor, Area, Level, Role
from qicheng.foundation.flow.perform import begin, perform

if TYPE_CHECKING:
    from random import Random

    from qicheng.domain.roster.models import Graduate
    from qicheng.foundation.flow.declare import Act
    from tests.world import World

FLOWS = (PERSONAL_INFORMATION.name, SUPPLEMENTING.name)
PERSONAL: dict[str, Any] = {
    "political_status": "02", "origin": "320681", "hardship": "2", "wechat": "chencheng2026", "qq": "", "counsellor": "李华", "class_name": "1班",
    "remote_academy": "", "emergency_name": "陈建国", "emergency_phone": "13356785678",
}  # fmt: skip


def contacts(graduate: Graduate) -> dict[str, Any]:
    """The own phone, which nobody else has, and an address."""
    return {"phone": graduate.phone, "email": "chen@example.com"}


def supplement(graduate: Graduate, origin: str = "320681") -> dict[str, Any]:
    """The whole form of a supplement."""
    return {"origin": origin, **contacts(graduate)}


def typed(act: Act, case: Any, chance: Random) -> dict[str, Any]:
    """What the graduate of a case fills in for one of its acts, something else each time."""
    origin = chance.choice(["320681", "320682", "110102"])
    forms = {
        "change": PERSONAL | contacts(case.graduate) | {"origin": origin},
        "resubmit": supplement(case.graduate, origin),
    }
    return forms.get(act.name, {})


def opened(world: World, graduate: Graduate, part: Part) -> None:
    """The school of the graduate has the part, beside those that it had."""
    known = Profile.all_rows.filter(school=graduate.school, cohort=world.cohort).first()
    world.open_parts(
        part, *(Part(one) for one in (known.parts if known else []) if one != part), school=graduate.school
    )


def submitted(world: World, graduate: Graduate | None = None, **typed: Any) -> PersonalInformation:
    """The personal information of a graduate whose school asks for it."""
    graduate = graduate or world.graduate
    opened(world, graduate, Part.PERSONAL)
    case = begin(PERSONAL_INFORMATION, world.of(graduate), **PERSONAL | contacts(graduate) | typed)
    assert isinstance(case, PersonalInformation)
    return case


def supplemented(world: World, graduate: Graduate | None = None, **typed: Any) -> Supplement:
    """A supplement that waits for the college."""
    graduate = graduate or world.graduate
    opened(world, graduate, Part.SUPPLEMENT)
    case = begin(SUPPLEMENTING, world.of(graduate), **supplement(graduate) | typed)
    assert isinstance(case, Supplement)
    return case


def approved(world: World, graduate: Graduate | None = None, **typed: Any) -> Supplement:
    """The same, approved."""
    case = supplemented(world, graduate, **typed)
    college = Actor(Role.COLLEGE, case.college_id, None, dict.fromkeys(Area, Level.WRITE), unit="学院")
    perform(case, "approve", college)
    return case
