"""Dissolution: a request, the answer to it, and the end of the agreement (DIS-01 … DIS-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.registration.guards import requests_made
from qicheng.domain.registration.models import Dissolution, Registration
from qicheng.domain.registration.sheets import DISSOLUTION
from qicheng.foundation.access import Role
from qicheng.foundation.flow.gather import freeze_proofs, gathered
from qicheng.foundation.flow.perform import Refused, carry_on, clock, find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.foundation.access import Actor

# How a dissolution ended, in the words of the guide (codes/termination_reasons).
MUTUAL, ONE_SIDED, FORCED = "x_mutual", "x_student_side", "x_forced"
VERIFIED = "与用人单位核实"


def dissolution(actor: Actor, *, agreement: Registration, reason: str, explanation: str) -> Dissolution:
    """The unsaved request of one side to dissolve its agreement (DIS-01). Raises NotFound for somebody else's."""
    found, now = find(Registration, agreement.public_id, actor), clock()
    if found.effective_at is None:
        raise Refused("这份协议没有生效，不用解约。")
    return Dissolution(
        cohort=found.cohort, agreement=found, school_id=found.school_id, college_id=found.college_id, tier=found.tier,
        graduate_id=found.graduate_id, employer_id=found.employer_id, agreement_form=found.agreement_form,
        student_name=found.student.get("name") or found.graduate.name, employer_name=found.employer_name, post=found.post,
        number=found.official_number, asked_by=str(actor.role), reason=reason, explanation=explanation, asked_at=now, waiting_since=now, begun_at=now,
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


# ---- on paper


def edit_request(case: Dissolution, actor: Actor, *, reason: str, explanation: str) -> Mapping[str, Any]:
    """Keep what the graduate typed; it is not submitted yet."""
    before = {"reason": case.reason, "explanation": case.explanation}
    case.reason, case.explanation = reason, explanation
    return DISSOLUTION[Role.GRADUATE].changes(before, {"reason": reason, "explanation": explanation})


def hand_in(case: Dissolution, actor: Actor) -> Mapping[str, Any]:
    """A request on paper is submitted: from now on it counts (DIS-03), with the letter or a statement in its place (DIS-05)."""
    if not any(one.proofs for one in gathered(case)):
        raise Refused("先上传解约函的图像；单位不给解约函的，上传本人签字的情况说明。")
    if case.sequence is None:
        number_request(case, actor)
        case.asked_at = clock(case)
    submit_dissolution(case, actor)
    return freeze_proofs(case)


def verify(case: Dissolution, actor: Actor, *, verified: str) -> Mapping[str, Any]:
    """The college has asked the employer, and says what came of it (DIS-05)."""
    return {VERIFIED: ["", verified]}


def end_on_paper(
    case: Dissolution, actor: Actor, *, manner: str, verified: str, grounds: str = ""
) -> Mapping[str, Any]:
    """The school approves: by both sides, or by the graduate alone, which it explains (DIS-05)."""
    case.manner = manner
    carry_on(case.agreement, "dissolve", actor)
    one_sided = {"单方面解约的具体情况": ["", grounds]} if manner == ONE_SIDED else {}
    return {VERIFIED: ["", verified], **one_sided}
