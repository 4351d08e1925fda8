"""Rules against asking for a report, and against issuing one: None, or the reason in the reader's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from qicheng.domain.orgs.models import Module, Opening
from qicheng.domain.transfer.models import Confirmation
from qicheng.domain.transfer.sheets.records import TITLES
from qicheng.domain.transfer.sheets.reports import stated
from qicheng.foundation.kit.calendar import cohort_closes

if TYPE_CHECKING:
    from qicheng.domain.transfer.models import TransferReport
    from qicheng.foundation.access import Actor


def module_is_open(case: TransferReport, actor: Actor) -> str | None:
    """ORG-02: the province opens 户档转递核验."""
    opened = Opening.objects.filter(
        province__school=case.school_id, cohort=case.cohort, module=Module.VERIFICATION, is_open=True
    )
    return None if opened.exists() else "省级用户没有开启「户档转递核验」模块，开启后才能生成报告。"


def cohort_is_open(case: TransferReport, actor: Actor) -> str | None:
    """ROS-03: a cohort acts until 31 January of the year after."""
    if timezone.now() >= cohort_closes(case.cohort):
        return f"{case.cohort} 届办理到次年 1 月 31 日为止，现在只能查看。"
    return None


def on_the_roster(case: TransferReport, actor: Actor) -> str | None:
    """ROS-07: who is off the roster has no report that counts."""
    graduate = case.above("graduate")
    if graduate is None or graduate.removed_at is not None:
        return "学生已从学校名单中删除，报告暂时失效；重新上传名单后自动恢复。"
    return None


def is_listed(case: TransferReport, actor: Actor) -> str | None:
    """ARC-08: whose file or household was never moved to the school has nothing to move from there."""
    graduate = case.above("graduate")
    if case.KIND == "graduate" or graduate is None or graduate.moved is not False:
        return None
    title = TITLES[case.AREA]
    return f"学校名单里「{title}是否转入学校」是「否」，不用转递{title}。"


def has_destination(case: TransferReport, actor: Actor) -> str | None:
    """REP-01: a report is made of an approved record; where a signing was dissolved nothing is approved any more."""
    record = case.above("employment")
    if record is None or (record.source == "system" and not record.came_from):
        return "还没有审核通过的毕业去向，审核通过后才能生成报告。"
    return None


def has_record(case: TransferReport, actor: Actor) -> str | None:
    """REP-01: the school's issue says where file or household goes."""
    record = case.above("record")
    if case.KIND == "graduate" or (record is not None and record.kind):
        return None
    return f"{TITLES[case.AREA]}信息还没有登记，登记成功后才能生成报告。"


def is_not_disputed(case: TransferReport, actor: Actor) -> str | None:
    """CON-02: what the graduate says is wrong is printed for nobody until it is corrected and reported again."""
    rows = Confirmation.objects.unscoped("the confirmation of the report's own graduate")
    if rows.filter(graduate=case.graduate_id).filter(Q(state="disputed") | Q(denied_at__isnull=False)).exists():
        return "毕业生认为登记的信息有误，更正并重新上报以后才能生成报告。"
    return None


def nothing_stands(case: TransferReport, actor: Actor) -> str | None:
    """One report of an issue stands at a time, in words; the database holds it."""
    rows = type(case).objects.unscoped("the graduate's own live report")
    if rows.filter(cohort=case.cohort, graduate=case.graduate_id, live=True).exclude(pk=case.pk).exists():
        return "这位毕业生已经有一份报告，信息没有变化时不用重新生成。"
    return None


def is_as_frozen(case: TransferReport, actor: Actor) -> str | None:
    """What is issued and handed out says what the records say now; nothing else is ever handed out."""
    around = {name: case.above(name) for name in ("graduate", "employment", "record")}
    if around["graduate"] is not None and stated(**around) == case.stated:
        return None
    return "登记的信息已有变更，这份报告失效，需要重新生成。"


def stands(case: TransferReport, actor: Actor) -> str | None:
    """Only what is issued and was neither superseded nor taken back is handed out."""
    return None if case.is_issued else "这份报告还没有生成，或者已经失效，不能下载。"


TO_ASK = (
    module_is_open,
    cohort_is_open,
    on_the_roster,
    is_listed,
    has_destination,
    has_record,
    is_not_disputed,
    nothing_stands,
)
TO_ISSUE = (on_the_roster, is_not_disputed, is_as_frozen)
TO_HAND_OUT = (on_the_roster, stands, is_not_disputed, is_as_frozen)
