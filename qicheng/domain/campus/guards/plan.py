"""Rules of 上报就业方案: from which day on, what it needs, what it closes (PKU-03)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import Plan
from qicheng.domain.campus.queries import plan as queries
from qicheng.domain.campus.queries.profile import closing_day, profile_of
from qicheng.foundation.flow.perform import clock
from qicheng.foundation.kit.calendar import day_of

if TYPE_CHECKING:
    from qicheng.foundation.access import Actor


def plan_is_open(case: Any, actor: Actor) -> str | None:
    """PKU-03: what the college has reported its graduates change no more by themselves; reporting holds the settings, so this may simply ask."""
    rows = Plan.objects.unscoped("what a college has reported binds its graduates")
    if not rows.filter(cohort=case.cohort, college=case.college_id, tier=case.tier, live=True).exists():
        return None
    return "学院已经上报就业方案，现在不能自己修改。需要修改的，请向学院申请。"


def closing_has_come(case: Plan, actor: Actor) -> str | None:
    """PKU-03: graduates may edit until that day, so nothing is reported before it."""
    day = closing_day(profile_of(case.school_id, case.cohort))
    if day_of(clock(case)) >= day:
        return None
    return f"{day.month} 月 {day.day} 日起上报，那天以前毕业生还可以修改。"


def nothing_waits_for_the_college(case: Plan, actor: Actor) -> str | None:
    """What the college reports it has seen."""
    number = queries.counts(case).waiting
    return f"还有 {number} 人的毕业去向在等学院审核，审核完再上报。" if number else None


def everybody_is_accounted_for(case: Plan, actor: Actor) -> str | None:
    """Who has filled in nothing is named by the page, and explained by whoever reports."""
    number = queries.counts(case).missing
    if not number or case.explanation.strip():
        return None
    return f"还有 {number} 人没有填报，写明原因和打算怎么办，再上报。"


def somebody_is_there(case: Plan, actor: Actor) -> str | None:
    """A plan is of somebody."""
    return None if queries.counts(case).total else "这个培养层次没有毕业生，不用上报。"
