"""The order of what a graduate does on the school's own platform, each step with where it stands and whose turn it is (CAM-03)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from qicheng.domain.campus.models import FileRegistration, Part
from qicheng.domain.campus.queries import changes, files
from qicheng.domain.campus.queries.forms import declared_of
from qicheng.domain.campus.queries.personal import Step as Own
from qicheng.domain.campus.queries.personal import is_recommended, personal_step
from qicheng.domain.campus.queries.platform import registration_of
from qicheng.domain.campus.queries.profile import closing_day, profile_of
from qicheng.domain.campus.queries.questionnaires import offers
from qicheng.domain.campus.sheets.changes import FILES, SAME_UNIT
from qicheng.domain.campus.sheets.forms import FLOW as DECLARED
from qicheng.domain.campus.sheets.platform import FLOW as PLATFORM
from qicheng.domain.transfer.queries import mailing
from qicheng.domain.transfer.queries.confirmation import confirmation_of
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import standing_in, timeline
from qicheng.foundation.kit.calendar import day_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qicheng.domain.registration.models import Registration
    from qicheng.domain.roster.models import Graduate
    from qicheng.foundation.access import Actor

NOT_YET, ENDED = "还没开始", "上一次已结束"
# Where a graduate begins a destination.
BEGUN_AT = {PLATFORM: "campus:platform", DECLARED: "campus:forms"}


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `tone` and `words` are those of its tag, `reason` why it came back, `url` where it is done and `action` what that is called.

    `looks`: done, you (the graduate's turn), now (somebody else's), or '' for what is not open yet.
    """

    key: str
    label: str
    looks: str
    tone: str
    words: str
    reason: str = ""
    url: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that can be done, for the menu of all of it."""

    title: str
    url: str
    icon: str
    more: str


def line(actor: Actor, graduate: Graduate) -> list[Step]:
    """The steps that the graduate's school has, in their order; a step opens when what comes before it is done."""
    parts = frozenset(profile_of(graduate.school_id, graduate.cohort).parts)
    own = personal_step(graduate)
    found: list[Step | None] = [_personal(own)] if own else []
    first = own.label if own and not own.is_passed else ""
    if Part.PLATFORM in parts:
        found += _on_the_platform(actor, graduate, parts, first)
    elif Part.FORMS in parts:
        found += _declared(graduate, parts, first)
    if Part.QUESTIONNAIRES in parts:
        found.append(_questionnaires(actor, graduate))
    return [step for step in found if step is not None]


def at(steps: Sequence[Step]) -> int:
    """At which step, counted from 1, the graduate stands: the first that is not done."""
    return next((number for number, step in enumerate(steps, 1) if step.looks != "done"), len(steps))


def things(graduate: Graduate) -> list[tuple[str, list[Entry]]]:
    """(heading, entries) of all that can be done on the school's platform, by its parts: the menu of the guide."""
    parts = frozenset(profile_of(graduate.school_id, graduate.cohort).parts)
    found = []
    for heading, entries in MENU:
        shown = [
            Entry(title, url, icon, more)
            for title, name, icon, more, part in entries
            if part in parts and (url := _address(*name.split()))
        ]
        if shown:
            found.append((heading, shown))
    return found


# (heading, ((title, URL name, icon, what it is for, part), …)): what the address asks for stands behind the name; a page that is not there is not shown.
MENU: tuple[tuple[str, tuple[tuple[str, str, str, str, Part], ...]], ...] = (
    ("填写和登记", (
        ("个人信息完善", "campus:personal", "user", "随时可以改，改了马上写入学校名单", Part.PERSONAL),
        ("补充个人就业信息", "campus:supplement", "user", "学院审核通过后才能填报毕业去向", Part.SUPPLEMENT),
        ("毕业去向登记", "campus:platform", "pen", "选类型，填签约信息，院校两级审核", Part.PLATFORM),
        ("填报毕业去向", "campus:forms", "pen", "先选就业形式，表单跟着变", Part.FORMS),
        ("暂缓派遣", "campus:deferrals", "clock", "灵活就业的，提交毕业去向以前申请", Part.DEFERRAL),
        ("户档信息登记", "campus:files", "file", "档案转寄到哪里，户口迁到哪里", Part.FILES),
        ("要交的材料", "campus:papers", "download", "打印申请表和声明", Part.FORMS),
    )),
    ("审核通过以后", (
        ("毕业去向修改（单位不变）", "campus:change_destination", "pen", "单位没有换，改单位的其他信息", Part.CHANGES),
        ("改签申请（单位变更）", "campus:change_unit", "pen", "换了单位", Part.CHANGES),
        ("户档信息修改", "campus:change_files", "pen", "档案、户口的去处有变化", Part.CHANGES),
        ("更改毕业去向", "campus:one_changes", "pen", "最多一次，学院和学校都要同意", Part.ONE_CHANGE),
        ("档案邮寄申请", "transfer:mail", "send", "确认登记信息一个工作日以后可以申请", Part.PLATFORM),
    )),
    ("申请和问卷", (
        ("申请事项", "campus:applications", "file", "遗失补办、推荐报名等学校的申请", Part.APPLICATIONS),
        ("调查问卷", "campus:questionnaires", "list", "学校请你填写的问卷", Part.QUESTIONNAIRES),
    )),
    ("学校通知", (
        ("公告、新闻资讯、学生活动", "campus:news notice", "msg", "学校发布的", Part.NEWS),
        ("活动日历", "campus:calendar", "clock", "按月看学校的活动", Part.NEWS),
    )),
)  # fmt: skip


# ---- each step


def _personal(own: Own) -> Step:
    looks = {"done": "done", "now": "you", "wait": "now"}[own.state]
    return Step("personal", own.label, looks, own.tone, own.words, own.reason or own.note, own.address, own.action)


def _on_the_platform(actor: Actor, graduate: Graduate, parts: frozenset[str], first: str) -> list[Step | None]:
    """The steps behind the personal information where the school registers on its own platform; `first` is what shuts the next one."""
    destination = registration_of(actor, graduate.pk)
    file = files.newest(actor, graduate.pk) if Part.FILES in parts else None
    reviewed = [case for case in (destination, file) if case is not None and case.live]
    wanted = 2 if Part.FILES in parts else 1
    return [
        _destination(destination, PLATFORM, "毕业去向登记", first),
        _file(file, destination) if Part.FILES in parts else None,
        _review("college", "学院审核", Role.COLLEGE, reviewed, wanted),
        _review("school", "学校审核", Role.SCHOOL, reviewed, wanted),
        *(_amendments(actor) if Part.CHANGES in parts else ()),
        _confirmation(actor, graduate),
        _mailing(actor, graduate),
    ]


def _declared(graduate: Graduate, parts: frozenset[str], first: str) -> list[Step | None]:
    """The steps behind the supplement where graduates declare by 就业形式; who studies on by recommendation has none of them (PKU-01)."""
    label = "填报毕业去向"
    if is_recommended(graduate):
        return [Step("destination", label, "done", "neu", "不用填报", "学校标记为推免，补充个人就业信息就够了。")]
    case = declared_of(graduate)
    reviewed = [case] if case is not None and case.live else []
    return [
        _destination(case, DECLARED, label, first), _review("college", "学院审核", Role.COLLEGE, reviewed, 1),
        _review("school", "就业中心审核", Role.SCHOOL, reviewed, 1), _plan(graduate) if Part.PLAN in parts else None,
    ]  # fmt: skip


def _plan(graduate: Graduate) -> Step:
    """The college's own step: the graduate sees it, and has nothing to do."""
    label = "学院上报就业方案"
    state = standing_in("plan", college_id=graduate.college_id, cohort=graduate.cohort, tier=graduate.tier)
    if state is None or not state.live:
        day = closing_day(profile_of(graduate.school_id, graduate.cohort))
        return Step("plan", label, "", "neu", NOT_YET, f"{day.month} 月 {day.day} 日起由学院上报")
    return Step("plan", label, "done" if state.settled else "now", *state.tag(Role.GRADUATE))


def _destination(case: Registration | None, flow: str, label: str, first: str) -> Step:
    if case is None or (case.standing.settled and not case.live):
        if first:
            return Step("destination", label, "", "neu", NOT_YET, f"「{first}」办好以后开放")
        words = "待你填写" if case is None else "待你重新登记"
        return Step(
            "destination",
            label,
            "you",
            "warn",
            words,
            "" if case is None else ENDED,
            url=_address(BEGUN_AT[flow]),
            action=label,
        )
    return _of_case("destination", label, case, edit="registration:fill_in", flow=flow)


def _file(case: FileRegistration | None, destination: Registration | None) -> Step:
    label = "户档信息登记"
    if case is None or not case.live:
        if destination is None or not destination.live:
            return Step("files", label, "", "neu", NOT_YET, "先登记毕业去向并提交")
        return Step("files", label, "you", "warn", "待你填写", url=_address("campus:files"), action="填写户档信息")
    return _of_case("files", label, case, edit="campus:files", flow=files.FLOW)


def _of_case(key: str, label: str, case: Any, *, edit: str, flow: str) -> Step:
    """A form of the graduate that goes through review: done for the graduate once it lies with a reviewer, and not before."""
    is_own = case.standing.turn is Role.GRADUATE
    tone, words = case.standing.tag(Role.GRADUATE)
    may_edit = case.flow.find(case.state, "edit", Role.GRADUATE) is not None
    url = (_address(edit, *([] if flow == files.FLOW else [case.public_id])) if may_edit else "") or _address(case.detail, case.public_id)  # fmt: skip
    action = (
        "修改并重新提交"
        if case.state == "returned"
        else "接着填"
        if is_own
        else "修改或重新填写"
        if may_edit
        else "查看"
    )
    return Step(key, label, "you" if is_own else "done", tone, words, _last_words(case), url, action)


def _amendments(actor: Actor) -> list[Step]:
    """What was asked to be changed after approval and is not decided: it comes before what is reported of it (CAM-04)."""
    found = []
    for case in (changes.waiting(actor, flow) for flow in (SAME_UNIT, FILES)):
        if case is not None:
            tone, words = case.standing.tag(Role.GRADUATE)
            is_own, url = case.standing.turn is Role.GRADUATE, _address(case.detail, case.public_id)
            action = "接着办" if is_own else "查看"
            found.append(
                Step(
                    case.flow_name,
                    case.flow.label,
                    "you" if is_own else "now",
                    tone,
                    words,
                    _last_words(case),
                    url,
                    action,
                )
            )
    return found


def _review(key: str, label: str, level: Role, cases: Sequence[Any], wanted: int) -> Step:
    """One level's review of all that is registered: done where it lies behind every form of them."""
    waiting = [case for case in cases if case.standing.turn is level]
    passed = [case for case in cases if case.state == "effective" or (level is Role.COLLEGE and case.state in ("school_review", "reopened"))]  # fmt: skip
    if len(passed) == wanted:
        return Step(key, label, "done", "ok", "已通过")
    if waiting:
        return Step(key, label, "now", "info", f"等{label}", "、".join(case.flow.label for case in waiting))
    return Step(key, label, "", "neu", NOT_YET, "提交以后开始")


def _confirmation(actor: Actor, graduate: Graduate) -> Step:
    key, label, url = "confirmation", "国家平台确认", _address("transfer:confirm")
    case = confirmation_of(actor, graduate.pk)
    if case is None or case.state == "unreported":
        when = "两级审核通过一个工作日以后上报，上报以后确认" if case is None else "一个工作日以后上报，上报以后确认"
        return Step(key, label, "", "neu", NOT_YET, when)
    tone, words = case.standing.tag(Role.GRADUATE)
    looks = {"confirmed": "done", "unconfirmed": "you"}.get(case.state, "now")
    return Step(key, label, looks, tone, words, url=url, action="核对并确认" if looks == "you" else "查看")


def _mailing(actor: Actor, graduate: Graduate) -> Step | None:
    key, label, url = "mailing", "档案邮寄申请", _address("transfer:mail")
    case = mailing.request_of(actor)
    if case is not None:
        tone, words = case.standing.tag(Role.GRADUATE)
        is_own = case.standing.turn is Role.GRADUATE
        looks = "you" if is_own else "done" if case.state in ("sent", "signed") else "now"
        return Step(key, label, looks, tone, words, url=url, action="接着办" if is_own else "查看")
    ready = mailing.readiness(actor, graduate)
    if ready is None:
        return None
    if not ready.standing.is_waiting:
        return Step(key, label, "done", "neu", ready.standing.label, url=url, action="查看")
    if ready.standing.key == "ready":
        return Step(key, label, "you", "warn", "可以申请", url=url, action="申请邮寄")
    return Step(key, label, "", "neu", NOT_YET, ready.words, url, "看现在能不能申请")


def _questionnaires(actor: Actor, graduate: Graduate) -> Step | None:
    """What the school asks: the graduate's turn as long as one that is open waits; no step where none was ever asked."""
    asked, url = offers(actor, graduate, day_of(timezone.now())), _address("campus:questionnaires")
    if not asked:
        return None
    waiting = [one.form.title for one in asked if one.is_waiting]
    if waiting:
        return Step(
            "questionnaires",
            "调查问卷",
            "you",
            "warn",
            f"{len(waiting)} 份待你填写",
            "、".join(waiting),
            url,
            "填写问卷",
        )
    return Step("questionnaires", "调查问卷", "done", "ok", "没有要填的", url=url, action="看问卷")


def _last_words(case: Any) -> str:
    """Why it was refused, while it waits for the graduate."""
    if case.state != "returned":
        return ""
    moved = next((one for one in reversed(timeline(case)) if one.after == "returned" and one.before != one.after), None)
    return moved.words if moved is not None else ""


def _address(name: str, *given: object) -> str:
    try:
        return reverse(name, args=given)
    except NoReverseMatch:
        return ""
