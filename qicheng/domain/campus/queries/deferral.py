"""Reads of 暂缓派遣: for which destinations it is, until when it counts, what stands beside the form (PKU-05)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qicheng.domain.campus.models import Deferral, Part
from qicheng.domain.campus.sheets.forms import FLEX_CERTIFIED, FLOW, FORMS, row_of
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.kit.calendar import midnight

from .profile import has_part

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from qicheng.domain.registration.models import Registration
    from qicheng.foundation.access import Actor

FOR = FLEX_CERTIFIED.label
# Where the graduate still fills the destination in.
FILLED_IN = ("draft", "returned", "reopened")
GRANTED, CLOSED = "granted", ("discarded", "given_up", "refused", "ended")


@dataclass(frozen=True, slots=True)
class Beside:
    """What the page of a destination says of 暂缓派遣: the application, if there is one, the reason why none can begin, what it means."""

    deferral: Deferral | None
    why: str
    words: str


def is_for(flow: str, kind: str) -> bool:
    """Whether a destination of that flow and kind may be deferred."""
    return flow == FLOW and kind in FORMS and row_of(kind)["may_defer"] == "1"


def last_day(cohort: int) -> date:
    """31 December of the cohort's year."""
    return date(cohort, 12, 31)


def runs_until(until: date) -> datetime:
    """The instant at which it counts no more: the midnight that ends its last day."""
    return midnight(until + timedelta(days=1))


def words_of(until: date) -> str:
    """「暂存学校至 2026 年 12 月 31 日」"""
    return f"暂存学校至 {until.year} 年 {until.month} 月 {until.day} 日"


def rows_of(**where: Any) -> QuerySet[Deferral]:
    """Deferrals for the timetable and for acts on the destination that they go with, whoever acts."""
    return Deferral.objects.unscoped("a deferral goes with its destination and its year").filter(**where)


def in_force(graduate: int, now: datetime) -> Deferral | None:
    """The graduate's granted deferral, if it still counts at that time: whether or not the job has ended it."""
    found = rows_of(graduate=graduate, state=GRANTED).order_by("-id").first()
    return found if found is not None and now < runs_until(found.until) else None


def beside(case: Registration, actor: Actor) -> Beside | None:
    """What stands beside a destination; None where there is no deferral and can be none."""
    if not has_part(case.school_id, case.cohort, Part.DEFERRAL) or case.flow_name != FLOW:
        return None
    rows = Deferral.objects.seen_by(actor).filter(registration=case.pk).exclude(state__in=CLOSED)
    found = rows.order_by("-id").first()
    if found is None and not (is_for(case.flow_name, case.kind) and case.state in FILLED_IN):
        return None
    counts = found is not None and found.state == GRANTED and timezone.now() < runs_until(found.until)
    why = "" if found else may_defer(case, actor) or ""
    return Beside(found, why, words_of(found.until) if found is not None and counts else "")


def may_defer(case: Registration, actor: Actor) -> str | None:
    """The reason for which the graduate cannot ask for a deferral of this destination now, or None."""
    flow, blank = FLOWS["deferral"], intended(case)
    if actor.role not in flow.begin.by:
        return "暂缓派遣由毕业生本人申请。"
    return next((why for guard in flow.against(flow.begin) if (why := guard(blank, actor))), None)


def intended(case: Registration, **known: Any) -> Deferral:
    """An unsaved application about a destination, as it would begin."""
    return Deferral(
        flow_name="deferral", cohort=case.cohort, registration_id=case.pk, school_id=case.school_id, college_id=case.college_id, tier=case.tier,
        graduate_id=case.graduate_id, until=last_day(case.cohort), **known,
    )  # fmt: skip


def due(now: datetime) -> list[Deferral]:
    """Applications and grants whose last day is over, oldest first; the act itself has the last word."""
    today = timezone.localdate(now)
    return list(rows_of(until__lt=today).exclude(state__in=CLOSED).order_by("until", "id"))


def granted() -> list[Deferral]:
    """All that were granted and not ended, with their destinations."""
    return list(rows_of(state=GRANTED).select_related("registration").order_by("id"))


def to_remind(now: datetime, before: timedelta) -> list[Deferral]:
    """Granted ones that end soon, and whose graduates were not told yet."""
    near = timezone.localdate(now + before)
    return list(rows_of(state=GRANTED, reminded_at=None, until__lte=near).order_by("until", "id"))
