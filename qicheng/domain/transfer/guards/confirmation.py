"""Rules against an answer to what was reported: None, or the reason in the user's words."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from qicheng.foundation.flow.perform import clock, timeline
from qicheng.foundation.kit.calendar import cohort_closes

if TYPE_CHECKING:
    from qicheng.domain.transfer.models import Confirmation
    from qicheng.foundation.access import Actor

# After how many days without an answer what was reported is brought to mind, once each time that it is asked.
UNANSWERED = timedelta(days=5)


def module_is_open(case: Confirmation, actor: Actor) -> str | None:
    """ORG-02: the province opens the module."""
    graduate = case.above("graduate")
    if graduate is not None and graduate.is_open:
        return None
    return "省级用户没有开启「登记确认」模块，开启后才能确认。登记的信息照常上报。"


def cohort_is_open(case: Confirmation, actor: Actor) -> str | None:
    """ROS-03: a cohort acts until 31 January of the year after; then its records can only be looked at."""
    graduate = case.above("graduate")
    if graduate is not None and graduate.now >= cohort_closes(case.cohort):
        return f"{case.cohort} 届办理到次年 1 月 31 日为止，现在只能查看。"
    return None


def on_the_roster(case: Confirmation, actor: Actor) -> str | None:
    """ROS-07: while a graduate is off the roster nothing is confirmed."""
    graduate = case.above("graduate")
    if graduate is None or graduate.removed_at is not None:
        return "学生已从学校名单中删除，登记确认暂时失效；重新上传名单后自动恢复。"
    return None


def has_confirmed(case: Confirmation, actor: Actor) -> str | None:
    """ROS-02: the graduate has checked the basic information as it stands now. Saying that something is wrong waits for nothing."""
    graduate = case.above("graduate")
    if graduate is not None and graduate.confirmed_revision == graduate.revision:
        return None
    return "先核对个人信息并确认无误，再来确认登记的去向。"


def waits_for_an_answer(case: Confirmation, actor: Actor) -> str | None:
    """CON-01, NOT-01: what was reported days ago and is not answered is brought to mind once."""
    is_due = case.state == "unconfirmed" and clock(case) - case.waiting_since >= UNANSWERED
    told = any(record.act == "remind" and record.at >= case.waiting_since for record in timeline(case))
    return None if is_due and not told else "还没有到提醒的时间。"
