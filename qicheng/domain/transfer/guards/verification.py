"""Rules against authorising verification, and against ending it: None, or the reason in the reader's words (VER-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.transfer.sheets.verification import LEAST_DAYS, MOST_DAYS
from qicheng.foundation.kit.calendar import cohort_closes, day_of

if TYPE_CHECKING:
    from qicheng.domain.transfer.models import Authorisation
    from qicheng.foundation.access import Actor

CLOSED = "省级用户没有开启「户档转递核验」模块，开启后才能授权核验。"


def _line(case: Authorisation) -> Any:
    row = case.above("graduate")
    assert row is not None
    return row


def module_is_open(case: Authorisation, actor: Actor) -> str | None:
    """ORG-02: the province opens 户档转递核验."""
    return None if _line(case).is_open else CLOSED


def cohort_is_open(case: Authorisation, actor: Actor) -> str | None:
    """ROS-03: a cohort acts until 31 January of the year after."""
    if _line(case).now >= cohort_closes(case.cohort):
        return f"{case.cohort} 届办理到次年 1 月 31 日为止，现在只能查看。"
    return None


def on_the_roster(case: Authorisation, actor: Actor) -> str | None:
    """ROS-07: who is off the roster authorises nothing."""
    if _line(case).removed_at is not None:
        return "你已不在学校名单中，不能授权核验；学校重新上传名单后自动恢复。"
    return None


def has_confirmed_the_record(case: Authorisation, actor: Actor) -> str | None:
    """VER-04: authorising needs a submitted confirmation (CON-01)."""
    if _line(case).confirmation == "confirmed":
        return None
    return "先到「登记确认」确认登记的信息无误，再授权核验。"


def period_is_allowed(case: Authorisation, actor: Actor) -> str | None:
    """VER-02: 30 to 180 days."""
    return None if LEAST_DAYS <= case.days <= MOST_DAYS else f"授权期限是 {LEAST_DAYS} 到 {MOST_DAYS} 天。"


def nothing_in_force(case: Authorisation, actor: Actor) -> str | None:
    """VER-02: one is in force at a time; the database holds it too."""
    rows = type(case).objects.unscoped("the graduate's own authorisation in force")
    if rows.filter(cohort=case.cohort, graduate=case.graduate_id, live=True).exists():
        return "你已经授权过，正在有效期内；要换期限，先结束现在的授权。"
    return None


def period_is_over(case: Authorisation, actor: Actor) -> str | None:
    """The period ends with its last day."""
    return None if day_of(_line(case).now) > case.until else "授权还在有效期内。"
