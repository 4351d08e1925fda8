"""What tests of a school's own platform begin with: a registration there, from the draft to what is in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.flows.platform import PLATFORM
from qicheng.domain.campus.models import Part
from qicheng.domain.campus.queries.profile import profile_of
from qicheng.domain.registration.models import Registration
from qicheng.foundation.flow.perform import begin, perform
from tests.world import filled_destination

if TYPE_CHECKING:
    from qicheng.domain.roster.models import Graduate
    from tests.world import World

AGREEMENT = "platform_agreement"


def drafted(
    world: World, kind: str = AGREEMENT, graduate: Graduate | None = None, *, proven: bool = True, **over: Any
) -> Registration:
    """The draft of a destination of that type, filled in, with its proofs; the school gets the part if it has none yet."""
    person = graduate or world.graduate
    if not profile_of(person.school_id, person.cohort).parts:
        world.open_parts(Part.PLATFORM, school=person.school)
    case = begin(PLATFORM, world.of(person), kind=kind, **filled_destination(kind, **over))
    assert isinstance(case, Registration)
    if proven:
        world.prove(case)
    return case


def submitted(world: World, kind: str = AGREEMENT, graduate: Graduate | None = None, **over: Any) -> Registration:
    """The same, submitted."""
    case = drafted(world, kind, graduate, **over)
    perform(case, "submit", world.of(case.graduate))
    return case


def registered(world: World, kind: str = AGREEMENT, graduate: Graduate | None = None, **over: Any) -> Registration:
    """The same, approved by college and school."""
    case = submitted(world, kind, graduate, **over)
    world.approved(case)
    return case
