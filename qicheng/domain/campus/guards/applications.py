"""Rules against acts on an application that a school declared: None, or the reason in the user's words (CAM-05)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from qicheng.domain.campus.queries.applications import had_before
from qicheng.domain.campus.queries.made import why_shut
from qicheng.domain.campus.sheets.applications import whole
from qicheng.domain.campus.sheets.made import sheet_of
from qicheng.domain.roster.models import SEEKING_WORK, EmploymentRecord
from qicheng.foundation.flow.perform import clock
from qicheng.foundation.kit.calendar import day_of

if TYPE_CHECKING:
    from qicheng.domain.campus.models import Application
    from qicheng.foundation.access import Actor


def form_is_open(case: Application, actor: Actor) -> str | None:
    """The school has published it and not closed it, and its days are now; read under the form's lock."""
    form = case.above("form")
    return "没有这个申请事项。" if form is None else why_shut(form, day_of(clock(case)))


def may_apply(case: Application, actor: Actor) -> str | None:
    """What the version asks of whoever applies: a destination that was approved, or none."""
    wanted = whole(case.made.terms)["after"]
    if wanted == "any":
        return None
    record = EmploymentRecord.objects.unscoped("the case's own graduate").filter(graduate=case.graduate_id).first()
    is_settled = record is not None and record.destination != SEEKING_WORK
    if wanted == "settled" and not is_settled:
        return "毕业去向审核通过以后才能申请这一项。"
    if wanted == "unsettled" and is_settled:
        return "你已经落实毕业去向，这一项只给还没有落实的毕业生办理。"
    return None


def not_had_before(case: Application, actor: Actor) -> str | None:
    """What is given once is given once; what came to nothing may be asked for again."""
    if whole(case.made.terms)["often"] == "once" and any(one.state == "done" for one in had_before(case)):
        return "这一项每人只能办一次，你已经办过了。"
    return None


def nothing_else_open(case: Application, actor: Actor) -> str | None:
    """One at a time of a form."""
    return case.refusals["one_live_application"] if any(one.live for one in had_before(case)) else None


def is_filled_in(case: Application, actor: Actor) -> str | None:
    """Nothing that the form asks for is missing or wrong."""
    form = sheet_of(case.made.fields).form(case.cohort)(case.answers)
    if form.is_valid():
        return None
    return f"还没有填好：{'、'.join(str(form.fields[key].label) for key in form.errors)}。改好以后再提交。"


def notice_is_over(case: Application, actor: Actor) -> str | None:
    """The days of the public notice have passed, by the database's clock."""
    until = case.noticed_until
    if until is None or until <= clock(case):
        return None
    last = day_of(until) - timedelta(days=1)
    return f"公示到 {last.month} 月 {last.day} 日为止，没有异议的期满自动办结。"
