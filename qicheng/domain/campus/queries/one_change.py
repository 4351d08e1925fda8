"""Reads of 更改毕业去向: what is in force, whether the one change is spent (PKU-07)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import OneChange, Part
from qicheng.domain.campus.sheets.forms import FLOW
from qicheng.foundation.flow.declare import FLOWS

from .profile import has_part

if TYPE_CHECKING:
    from qicheng.domain.registration.models import Registration
    from qicheng.foundation.access import Actor

IN_FORCE, GRANTED = "effective", "granted"
CLOSED = ("discarded", "given_up", "refused", "lapsed")


@dataclass(frozen=True, slots=True)
class Beside:
    """What the page of a destination says of its change: the application, if there is one, and the reason why none can begin."""

    change: OneChange | None
    why: str


def is_spent(cohort: int, graduate: int) -> bool:
    """Whether the graduate was ever granted the one change in this cohort."""
    rows = OneChange.objects.unscoped("the graduate's own changes, to be counted")
    return rows.filter(cohort=cohort, graduate=graduate, state=GRANTED).exists()


def in_words(case: Registration) -> str:
    """原毕业去向及单位: 「签就业协议　云岭数据科技有限公司」"""
    return "　".join(filter(None, (case.title, case.employer_name)))[:200]


def may_change(case: Registration, actor: Actor) -> str | None:
    """The reason for which the graduate cannot ask for a change of this destination now, or None."""
    flow, blank = FLOWS["one_change"], intended(case)
    if actor.role not in flow.begin.by:
        return "更改毕业去向由毕业生本人申请。"
    return next((why for guard in flow.against(flow.begin) if (why := guard(blank, actor))), None)


def beside(case: Registration, actor: Actor) -> Beside | None:
    """What stands beside a destination; None where it never took effect."""
    if (
        not has_part(case.school_id, case.cohort, Part.ONE_CHANGE)
        or case.flow_name != FLOW
        or case.effective_at is None
    ):
        return None
    rows = OneChange.objects.seen_by(actor).filter(registration=case.pk).exclude(state__in=CLOSED)
    found = rows.order_by("-id").first()
    return Beside(found, "" if found else may_change(case, actor) or "")


def intended(case: Registration, **known: Any) -> OneChange:
    """An unsaved application about a destination, as it would begin."""
    return OneChange(
        flow_name="one_change", cohort=case.cohort, registration_id=case.pk, school_id=case.school_id, college_id=case.college_id, tier=case.tier,
        graduate_id=case.graduate_id, **known,
    )  # fmt: skip
