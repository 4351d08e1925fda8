"""Rules against an act on an application: None, or the reason in the user's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.transfer.queries.records import misfit
from qicheng.domain.transfer.sheets.records import TITLES, sheet_of
from qicheng.foundation.kit.calendar import cohort_closes

if TYPE_CHECKING:
    from qicheng.domain.transfer.models import RecordChange
    from qicheng.foundation.access import Actor


def module_is_open(case: RecordChange, actor: Actor) -> str | None:
    """ORG-02, SET-09: the province opens the module, the school submits its settings."""
    settings, title = case.above("settings"), TITLES[case.AREA]
    if settings is None or settings.submitted_at is None:
        return f"学校还没有提交{title}信息登记的设置，提交后才能办理。"
    if not settings.is_open:
        return f"省级用户没有开启「{title}信息登记」模块，开启后才能办理。"
    return None


def school_takes_them(case: RecordChange, actor: Actor) -> str | None:
    """SET-09: the module's own switch keeps new applications back; what was submitted can still be reviewed."""
    settings = case.above("settings")
    return None if settings is not None and settings.is_on else f"学校没有开放{TITLES[case.AREA]}信息登记。"


def cohort_is_open(case: RecordChange, actor: Actor) -> str | None:
    """ROS-03: a cohort acts until 31 January of the year after; then its records can only be looked at."""
    settings = case.above("settings")
    if settings is not None and settings.now >= cohort_closes(case.cohort):
        return f"{case.cohort} 届办理到次年 1 月 31 日为止，现在只能查看。"
    return None


def on_the_roster(case: RecordChange, actor: Actor) -> str | None:
    """ROS-07, ARC-06: while a graduate is off the roster every application is frozen."""
    graduate = case.above("graduate")
    if graduate is None or graduate.removed_at is not None:
        return "学生已从学校名单中删除，这份申请暂时失效；重新上传名单后自动恢复。"
    return None


def is_listed(case: RecordChange, actor: Actor) -> str | None:
    """ARC-08: whose file or household was never moved to the school has nothing to move from there."""
    graduate, title = case.above("graduate"), TITLES[case.AREA]
    if graduate is not None and graduate.moved is False:
        return f"学校名单里「{title}是否转入学校」是「否」，不用办理{title}信息登记。有误的，请联系学校。"
    return None


def has_confirmed(case: RecordChange, actor: Actor) -> str | None:
    """ROS-02: the graduate has checked the basic information as it stands now."""
    graduate = case.above("graduate")
    if graduate is not None and graduate.confirmed_revision == graduate.revision:
        return None
    return "先核对个人信息并确认无误，再来办理。"


def is_filled_in(case: RecordChange, actor: Actor) -> str | None:
    """ARC-01, ARC-02: nothing that the type asks for is missing or wrong."""
    form = sheet_of(case).form(case.cohort)(case.values)
    if form.is_valid():
        return None
    return f"还没有填好：{'、'.join(str(form.fields[key].label) for key in form.errors)}。改好以后再提交。"


def fits_destination(case: RecordChange, actor: Actor) -> str | None:
    """The type goes with the destination that is registered."""
    return misfit(case.AREA, case.kind, case.graduate_id)


def something_changes(case: RecordChange, actor: Actor) -> str | None:
    """An application that asks for what is registered already waits on nobody."""
    record = case.above("record")
    if record is None or any(getattr(record, key) != value for key, value in case.values.items()):
        return None
    return "填的和现在登记的一样，不用申请修改。"


def nothing_else_open(case: RecordChange, actor: Actor) -> str | None:
    """One application at a time, in words; the database holds it."""
    rows = (
        type(case)
        .objects.unscoped("the graduate's own live application")
        .filter(cohort=case.cohort, graduate=case.graduate_id, live=True)
    )
    return "你已经有一份修改申请在办，办完或者撤回以后才能再申请。" if rows.exclude(pk=case.pk).exists() else None


def nobody_has_reviewed(case: RecordChange, actor: Actor) -> str | None:
    """REG-03: it can be taken back until the first reviewer has acted; at the second level the first one has."""
    if case.has_college_review and case.state == "school_review":
        return "老师已经开始审核，不能再撤回；需要改的，联系老师退回修改。"
    return None


def record_is_as_submitted(case: RecordChange, actor: Actor) -> str | None:
    """What is approved is what was compared: a record that has changed since belongs before the graduate again."""
    record = case.above("record")
    version = record.version if record is not None else 0
    if version == case.record_version:
        return None
    return "提交以后，这位毕业生登记的信息有了变化。请退回，让毕业生看过现在的信息再提交。"
