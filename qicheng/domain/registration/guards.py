"""Rules against an act on a registration: None, or the reason in the user's words."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models.functions import Now

from qicheng.domain.orgs.models import Edition
from qicheng.domain.roster.models import Graduate
from qicheng.domain.roster.queries import differences
from qicheng.foundation import codes
from qicheng.foundation.access import SYSTEM, Role
from qicheng.foundation.flow.perform import clock, state_of, timeline
from qicheng.foundation.kit.calendar import add_working_days, cohort_closes, day_of

from .models import UNSENT, Dissolution, EmployerLink, Registration
from .sheets import destinations
from .sheets.cases import sheet_of, values_of

if TYPE_CHECKING:
    from qicheng.foundation.access import Actor

# After how many working days an unanswered request is brought to mind for the first time, and how many lie between later times.
FIRST_REMINDER, NEXT_REMINDER = 3, 5
# Which agreements each way of dissolving ends (DIS-01).
DISSOLVED_BY = {"online_dissolution": ("online_signing",), "offline_dissolution": ("offline_signing", "supplementary")}
# An invitation is brought to mind in its last hours, if it is not new; what waits on a graduate, in the last days of the cohort.
LAST_HOURS, NEW_FOR, LAST_DAYS = timedelta(hours=24), timedelta(hours=6), timedelta(days=7)
SUBMISSIONS = frozenset({"submit", "bring_back"})
NOT_YET = "还没有到提醒的时间。"
# Who is reminded of each case by itself; reviewers read how many wait.
REMINDED_ONE_BY_ONE = (Role.GRADUATE, Role.EMPLOYER)
LIVE_ELSEWHERE = "毕业生已与其他单位签约或登记了去向。同一时间只能有一份在办或生效的登记。"


def module_is_open(case: Registration, actor: Actor) -> str | None:
    """ORG-02, SET-02: the province opens the module, the school submits its settings."""
    settings = case.above("settings")
    if settings is None or settings.submitted_at is None:
        return "学校还没有提交签约设置，提交后才能办理。"
    if not settings.is_open:
        return "省级用户没有开启「毕业去向登记与网签」模块，开启后才能办理。"
    return None


def cohort_is_open(case: Registration, actor: Actor) -> str | None:
    """ROS-03: a cohort acts until 31 January of the year after; then its records can only be looked at."""
    settings = case.above("settings")
    if settings is not None and settings.now >= cohort_closes(case.cohort):
        return f"{case.cohort} 届办理到次年 1 月 31 日为止，现在只能查看。"
    return None


def on_the_roster(case: Registration, actor: Actor) -> str | None:
    """ROS-07: while a graduate is off the roster every registration is frozen."""
    graduate = case.above("graduate")
    if graduate is None or graduate.removed_at is not None:
        return "学生已从学校名单中删除，这条登记暂时失效；重新上传名单后自动恢复。"
    return None


def employer_is_verified(case: Registration, actor: Actor) -> str | None:
    """EMP-01: the operator verifies a unit before it can invite."""
    assert case.employer is not None
    return None if case.employer.is_verified else "单位资料还没有通过平台核验，核验后才能发出邀请。"


def signing_is_on(case: Registration, actor: Actor) -> str | None:
    """SET-03: the school has turned online signing on."""
    settings = case.above("settings")
    return None if settings is not None and settings.online_signing else "这所学校没有开启在线签约。"


def may_sign_online(case: Registration, actor: Actor) -> str | None:
    """ROS-06: directed and commissioned graduates of codes 21 and 41 cannot sign online."""
    graduate = case.above("graduate")
    if graduate is None or codes.may_sign_online(graduate.training_mode):
        return None
    if actor.role is Role.GRADUATE:
        return "你的培养方式是定向或委培（不可网签），只能办理定向/委培毕业去向补充登记。"
    return "这位毕业生是定向或委培（不可网签），不能线上签约。"


def not_already_signed_with(case: Registration, actor: Actor) -> str | None:
    """SIGN-04: while its signing with the graduate is in review or in force, the employer does not invite again."""
    rows = Registration.objects.unscoped("the employer's own case with this graduate").filter(
        cohort=case.cohort, employer=case.employer_id, graduate=case.graduate_id, live=True
    )
    return "你单位与这位毕业生的签约正在审核或已经生效，不用再次邀请。" if rows.exists() else None


def before_deadline(case: Registration, actor: Actor) -> str | None:
    """SIGN-02: the database's clock, asked after the lock, decides; whether a job has run does not matter."""
    if case.deadline is not None and clock(case) >= case.deadline:
        return "已过应约截止时间，这份邀请已经失效；单位可以再次邀请。"
    return None


def past_deadline(case: Registration, actor: Actor) -> str | None:
    """SIGN-02: an invitation expires no earlier than its deadline."""
    if case.deadline is None or clock(case) < case.deadline:
        return "还没有到应约截止时间。"
    return None


def has_confirmed(case: Registration, actor: Actor) -> str | None:
    """ROS-02: the graduate has checked the basic information as it stands now."""
    graduate = case.above("graduate")
    if graduate is not None and graduate.confirmed_revision == graduate.revision:
        return None
    return "先核对个人信息并确认无误，再来办理。"


def nothing_else_live(case: Registration, actor: Actor) -> str | None:
    """REG-01, SIGN-03, in words; the database holds it."""
    rows = Registration.objects.unscoped("the graduate's own live registration").filter(
        cohort=case.cohort, graduate=case.graduate_id, live=True
    )
    if not rows.exclude(pk=case.pk).exists():
        return None
    if actor.role is Role.GRADUATE:
        return "你已与其他单位签约或登记了去向，请先解约或作废。"
    return LIVE_ELSEWHERE


def roster_agrees(case: Registration, actor: Actor) -> str | None:
    """ROS-05: name, level, ID number, school and major cannot be taken over; a difference must be rejected."""
    graduate = case.above("graduate")
    if graduate is None or graduate.revision == case.student.get("revision"):
        return None
    line = (
        Graduate.objects.unscoped("the line of the case's own graduate")
        .select_related("school", "college")
        .get(pk=graduate.id)
    )
    _, fixed = differences(case.student, line)
    if fixed:
        return f"{'、'.join(fixed)}与学籍名单不一致，不能同步，请审核不通过，名单改好后重新登记。"
    return None


def edition_allows_voiding(case: Registration, actor: Actor) -> str | None:
    """SIGN-08, DES-04: that a school annuls what is in effect came with the guide of 2024."""
    if case.edition == Edition.GUIDE_2024:
        return None
    if case.kind:
        return f"{case.edition} 版规则里学校不能作废去向，由毕业生本人作废。"
    return f"{case.edition} 版规则没有作废协议，只能解约。"


# ---- what a graduate begins


def supplementary_is_on(case: Registration, actor: Actor) -> str | None:
    """SET-03: the school lets paper agreements be registered."""
    settings = case.above("settings")
    return None if settings is not None and settings.supplementary else "学校没有开启补充登记。"


def destination_is_on(case: Registration, actor: Actor) -> str | None:
    """SET-03: the school lets other destinations be registered."""
    settings = case.above("settings")
    return None if settings is not None and settings.destination else "学校没有开启填报去向登记。"


def kind_is_open(case: Registration, actor: Actor) -> str | None:
    """DES-01, ROS-06, REG-12: the type is one that this edition has and this training mode may choose."""
    graduate = case.above("graduate")
    mode = graduate.training_mode if graduate is not None else ""
    if any(one.key == case.kind for one in destinations.types(case.edition, mode)):
        return None
    if not codes.may_sign_online(mode):
        return "你的培养方式是定向或委培（不可网签），只能办理定向/委培毕业去向补充登记。"
    return "这种去向现在不能选，回到填报页面重新选择。"


def is_filled_in(case: Registration, actor: Actor) -> str | None:
    """OFF-01, SUP-01, DES-01: nothing that is asked for is missing or wrong."""
    form = sheet_of(case).form(case.cohort)(values_of(case))
    if form.is_valid():
        return None
    return f"还没有填好：{'、'.join(str(form.fields[key].label) for key in form.errors)}。改好以后再提交。"


def nobody_has_reviewed(case: Registration, actor: Actor) -> str | None:
    """REG-03: a submission can be taken back until the first reviewer of any level has acted on it."""
    for record in reversed(timeline(case)):
        if record.role in (Role.COLLEGE, Role.SCHOOL):
            return "老师已经开始审核，不能再撤回；需要改的，联系老师退回修改。"
        if record.act in SUBMISSIONS:
            return None
    return None


def edition_allows_amending(case: Registration, actor: Actor) -> str | None:
    """DES-04: amending an approved destination came with the guide of 2024."""
    return None if case.edition == Edition.GUIDE_2024 else f"{case.edition} 版规则里审核通过后不能修改。"


def link_is_open(case: Registration, actor: Actor) -> str | None:
    """OFF-03: a link serves until it expires, is revoked or was used; asked under the case's lock."""
    rows = EmployerLink.objects.unscoped("the link by which the actor came")
    if rows.filter(registration=case.pk, revoked_at=None, used_at=None, expires_at__gt=Now()).exists():
        return None
    return "这个链接已经失效，请联系毕业生重新发送。"


def a_link_is_out(case: Registration, actor: Actor) -> str | None:
    """There is something to take back."""
    return None if link_is_open(case, actor) is None else "没有正在使用的链接。"


# ---- dissolution


def nothing_is_being_dissolved(case: Registration, actor: Actor) -> str | None:
    """An agreement whose dissolution is under way ends through it alone; withdrawn, refused or rejected, the way is free again."""
    if Dissolution.objects.unscoped("the agreement's own requests").filter(agreement=case.pk, live=True).exists():
        return "这份协议正在办理解约。解约办完或撤回以后，才能作废。"
    return None


def is_being_dissolved(case: Registration, actor: Actor) -> str | None:
    """An agreement is dissolved through an open request alone (DIS-01)."""
    return None if nothing_is_being_dissolved(case, actor) else "没有正在办理的解约申请。"


def agreement_is_in_force(case: Dissolution, actor: Actor) -> str | None:
    """DIS-01: what was signed online is dissolved online, what was signed on paper on paper; both only while in force."""
    agreement = case.above("agreement")
    if agreement is not None and agreement.flow_name in DISSOLVED_BY[case.flow_name]:
        standing = state_of(agreement.flow_name, agreement.state)
        if standing.live and standing.settled:
            return None
    return "这份协议没有生效或已经结束，不用解约。"


def no_other_request(case: Dissolution, actor: Actor) -> str | None:
    """DIS-07, in words; the database holds it."""
    rows = Dissolution.objects.unscoped("the agreement's own requests").filter(agreement=case.agreement_id, live=True)
    return Dissolution.refusals["one_open_dissolution"] if rows.exclude(pk=case.pk).exists() else None


def requests_are_left(case: Dissolution, actor: Actor) -> str | None:
    """DIS-03, SET-07: the graduate's own requests are counted, whatever became of them; the employer's are not."""
    if case.was_asked_by is not Role.GRADUATE or case.sequence is not None:
        return None
    settings = case.above("settings")
    allowed = settings.dissolution_limit if settings is not None else 0
    if requests_made(case) < allowed:
        return None
    return f"学校设置每人最多申请解约 {allowed} 次，已经用完。可以请单位发起解约，或者联系学校协助。"


def requests_made(case: Dissolution) -> int:
    """How many requests the graduate has submitted in this cohort, over all registrations (DIS-03)."""
    rows = Dissolution.objects.unscoped("the graduate's own requests").filter(
        cohort=case.cohort, graduate=case.graduate_id
    )
    return rows.filter(sequence__isnull=False).count()


def has_waited_long(case: Registration | Dissolution, actor: Actor) -> str | None:
    """Whoever's turn it is has left the case for as long as the school calls long, since it came and since the last reminder."""
    if case.standing.turn not in REMINDED_ONE_BY_ONE or case.state in UNSENT or is_past_answering(case):
        return NOT_YET
    settings = case.above("settings")
    days = settings.long_wait if settings is not None else 1
    times = [record.at for record in timeline(case) if record.act == "remind"]
    last = max([case.waiting_since, *times])
    if day_of(clock(case)) >= add_working_days(day_of(last), days).date:
        return None
    return NOT_YET


def ends_soon(case: Registration, actor: Actor) -> str | None:
    """An invitation is brought to mind once, in its last day, unless it has only just come (NOT-01)."""
    now = clock(case)
    if case.state != "invited" or case.deadline is None or case.sent_at is None or case.deadline <= now:
        return NOT_YET
    is_due = case.deadline - now <= LAST_HOURS and now - case.sent_at >= NEW_FOR
    return None if is_due and not _told(case, "ending") else NOT_YET


def cohort_ends_soon(case: Registration | Dissolution, actor: Actor) -> str | None:
    """What waits on the graduate in the last days of its cohort is brought to mind once (NOT-01)."""
    left = cohort_closes(case.cohort) - clock(case)
    is_due = timedelta() < left <= LAST_DAYS and case.standing.turn is Role.GRADUATE
    return None if is_due and not _told(case, "closing") else NOT_YET


def _told(case: Registration | Dissolution, act: str) -> bool:
    return any(record.act == act for record in timeline(case))


def is_past_answering(case: Registration | Dissolution) -> bool:
    """Whether time is up, though no job may have recorded it yet (SIGN-02)."""
    return isinstance(case, Registration) and case.state == "invited" and before_deadline(case, SYSTEM) is not None


def reminder_is_due(case: Dissolution, actor: Actor) -> str | None:
    """An unanswered request is brought to mind after FIRST_REMINDER working days, then every NEXT_REMINDER, once each time."""
    last, days = (case.reminded_at, NEXT_REMINDER) if case.reminded_at else (case.asked_at, FIRST_REMINDER)
    if day_of(clock(case)) >= add_working_days(day_of(last), days).date:
        return None
    return NOT_YET
