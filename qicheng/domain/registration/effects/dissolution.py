"""Dissolution: a request, the answer to it, and the end of the agreement (DIS-01 … DIS-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.registration.guards import requests_made
from qicheng.domain.registration.models import Dissolution, Registration
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import Refused, carry_on, clock, find

if TYPE_CHECKING:
    from qicheng.foundation.access import Actor

# How a dissolution ended, in the words of the guide (codes/termination_reasons).
MUTUAL, FORCED = "x_mutual", "x_forced"


def dissolution(actor: Actor, *, agreement: Registration, reason: str, explanation: str) -> Dissolution:
    """The unsaved request of one side to dissolve its agreement (DIS-01). Raises NotFound for somebody else's."""
    found, now = find(Registration, agreement.public_id, actor), clock()
    if found.number is None:
        raise Refused("这份协议没有生效，不用解约。")
    return Dissolution(
        cohort=found.cohort, agreement=found, school_id=found.school_id, college_id=found.college_id, tier=found.tier,
        graduate_id=found.graduate_id, employer_id=found.employer_id, agreement_form=found.agreement_form,
        student_name=found.student.get("name") or found.graduate.name, employer_name=found.employer_name, post=found.post,
        number=found.number, asked_by=str(actor.role), reason=reason, explanation=explanation, asked_at=now, waiting_since=now, begun_at=now,
    )  # fmt: skip


def number_request(case: Dissolution, actor: Actor) -> None:
    """The graduate's requests are numbered under the lock of its line; those of the employer are not (DIS-03)."""
    if case.was_asked_by is Role.GRADUATE:
        settings_ = case.above("settings")
        assert settings_ is not None
        case.sequence, case.allowed = requests_made(case) + 1, settings_.dissolution_limit


def submit_dissolution(case: Dissolution, actor: Actor) -> None:
    """Both sides agree: from here on it is reviewed as the school has it set now (SET-06)."""
    around = case.above("settings")
    assert around is not None
    case.review_mode = around.review_mode
    case.answered_at = clock(case)


def refuse_dissolution(case: Dissolution, actor: Actor) -> None:
    """The other side says no; the agreement stays in force (DIS-02)."""
    case.answered_at = clock(case)


def remind(case: Dissolution, actor: Actor) -> None:
    """Keep when the other side was last reminded."""
    case.reminded_at = clock(case)


def dissolve(case: Dissolution, actor: Actor) -> None:
    """The school approves what both sides agreed on: the agreement ends in the same transaction (DIS-06)."""
    case.manner = MUTUAL
    carry_on(case.agreement, "dissolve", actor)


def dissolve_by_force(case: Dissolution, actor: Actor) -> None:
    """The school dissolves what the employer leaves unanswered (DIS-04)."""
    case.manner = FORCED
    carry_on(case.agreement, "dissolve", actor)
