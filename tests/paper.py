"""Cases that a graduate begins on paper, brought to where a test wants them by the acts that lead there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.registration.flows.offline_dissolution import OFFLINE_DISSOLUTION
from qicheng.domain.registration.flows.supplementary import SUPPLEMENTARY
from qicheng.domain.registration.models import Dissolution, Registration
from qicheng.domain.registration.sheets import PAPER
from qicheng.foundation.access import Role
from qicheng.foundation.flow.gather import add_proof
from qicheng.foundation.flow.perform import begin, perform
from tests.filling import filled_in
from tests.foundation.kit.hostile import drawing, saved
from tests.world import credit_code

if TYPE_CHECKING:
    from qicheng.domain.roster.models import Graduate
    from tests.world import World

STAMPED, LETTER = saved(drawing(800, 600)), saved(drawing(820, 600))
UNIT = {"name": "纸上签约科技有限公司", "credit_code": credit_code(7)}
EXPLAINED = {"reason": "x_other_destination", "explanation": "已与单位商量一致，单位开了解约函"}


def handed_in(world: World, graduate: Graduate | None = None, **over: str) -> Registration:
    """An agreement on paper that its graduate has registered and a reviewer has to see."""
    actor = world.of(graduate or world.graduate)
    given = PAPER.form(world.cohort)(filled_in(PAPER, **UNIT | over))
    assert given.is_valid(), given.errors
    case = begin(SUPPLEMENTARY, actor, **given.cleaned_data)
    assert isinstance(case, Registration)
    add_proof(case, "stamped", STAMPED, actor)
    perform(case, "submit", actor)
    return case


def in_force(world: World, graduate: Graduate | None = None, **over: str) -> Registration:
    """The same after both levels have approved it."""
    case = handed_in(world, graduate, **over)
    perform(case, "approve", world.actor(Role.COLLEGE))
    perform(case, "approve", world.actor(Role.SCHOOL))
    return case


def drafted(world: World, agreement: Registration | None = None) -> Dissolution:
    """A request to dissolve an agreement on paper that its graduate has begun."""
    agreement = agreement or in_force(world)
    case = begin(OFFLINE_DISSOLUTION, world.of(agreement.graduate), agreement=agreement, **EXPLAINED)
    assert isinstance(case, Dissolution)
    return case


def asked(world: World, agreement: Registration | None = None, kind: str = "letter") -> Dissolution:
    """The same, submitted with its letter, or with what stands in its place."""
    case = drafted(world, agreement)
    actor: Any = world.of(case.graduate)
    add_proof(case, kind, LETTER, actor)
    perform(case, "submit", actor)
    return case
