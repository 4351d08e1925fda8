"""Rules of 暂缓派遣: for whom, until when (PKU-05)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from qicheng.domain.campus.models import Deferral
from qicheng.domain.campus.queries.deferral import FILLED_IN, FOR, is_for, rows_of, runs_until
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import clock

if TYPE_CHECKING:
    from qicheng.domain.registration.models import Registration
    from qicheng.foundation.access import Actor

# How long before the end the graduate is told.
TOLD_BEFORE = timedelta(days=14)


def is_flexible(case: Deferral, actor: Actor) -> str | None:
    """For 灵活就业 by an employer's certificate alone; not for 自由职业, 自主创业 or work abroad."""
    registration = case.above("registration")
    if registration is None or not is_for(registration.flow_name, registration.kind):
        return f"暂缓派遣只有{FOR}可以申请；自由职业、自主创业和出国（境）工作不能申请。"
    if not _stands(registration.flow_name, registration.state):
        return "这次填报的毕业去向已经结束，不能再办暂缓派遣。"
    return None


def is_not_submitted(case: Deferral, actor: Actor) -> str | None:
    """It is asked for before the destination is submitted; what was once handed in stays handed in."""
    registration = case.above("registration")
    if case.applied_at is not None or (registration is not None and registration.state in FILLED_IN):
        return None
    return "毕业去向已经提交，暂缓派遣要在提交以前申请。需要申请的，请老师先退回毕业去向。"


def before_year_end(case: Deferral, actor: Actor) -> str | None:
    """After the last day there is nothing left to defer, whether or not the job has run."""
    if clock(case) < runs_until(case.until):
        return None
    return f"暂缓派遣只到 {case.until.year} 年 12 月 31 日，现在不能再办。"


def has_run_out(case: Deferral, actor: Actor) -> str | None:
    """It ends with its last day, or with the destination that it was granted for."""
    if before_year_end(case, actor) or is_flexible(case, actor):
        return None
    return "暂缓派遣还没有到期。"


def is_near_its_end(case: Deferral, actor: Actor) -> str | None:
    """Told once, two weeks before."""
    if case.reminded_at is None and clock(case) >= runs_until(case.until) - TOLD_BEFORE:
        return None
    return "还没有到提醒的时间。"


def _stands(flow: str, state: str) -> bool:
    standing = FLOWS[flow].states[state]
    return standing.live or not standing.settled


def none_is_left_unsent(case: Registration, actor: Actor) -> str | None:
    """A gate before the destination is submitted: afterwards what lies there as a draft could not be asked for any more."""
    if rows_of(registration=case.pk, state="draft").exists() and is_for(case.flow_name, case.kind):
        return "你填了暂缓派遣申请，还没有提交。先提交它，或者删除它，再提交毕业去向。"
    return None
