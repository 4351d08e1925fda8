"""What a graduate opens on the phone: what to do now, an invitation to answer, all records (REG-10, SIGN-01)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone

from qicheng.domain.orgs import queries as orgs
from qicheng.domain.orgs.models import Module
from qicheng.domain.registration import queries
from qicheng.domain.registration.models import Dissolution, Registration
from qicheng.domain.registration.sheets import EMPLOYER, OFFER, WITHOUT_RECEIVER, destinations
from qicheng.domain.roster.models import Graduate
from qicheng.domain.roster.queries import student
from qicheng.domain.roster.sheets import STUDENT
from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import held, open_acts, standing_in, timeline
from qicheng.foundation.kit import masks
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.page import render

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from typing import Any

    from django.http import HttpRequest, HttpResponse

    from qicheng.foundation.flow.declare import State
    from qicheng.foundation.flow.perform import Record

SIGNING = "online_signing"
# Where the room above has what was reported confirmed.
CONFIRMING = "/confirm/"
SHOWN_AT_HOME = 3
OWN_LINES = (
    "name",
    "id_number",
    "school",
    "college",
    "level",
    "major",
    "study_years",
    "training_mode",
    "student_number",
    "phone",
    "email",
)
ARCHIVE_LINES = ("archive_receiver", "archive_address", "archive_contact", "archive_phone", "archive_postcode")


@dataclass(frozen=True, slots=True)
class Now:
    """The one thing to do, or to wait for; without `action` there is nothing to press."""

    title: str
    action: str = ""
    url: str = ""
    who: str = ""
    facts: str = ""
    until: datetime | None = None
    otherwise: str = ""


@audience(Role.GRADUATE)
def home(request: HttpRequest) -> HttpResponse:
    """What to do now, the five steps, what follows, the records, whom to ask."""
    actor, now = request.actor, timezone.now()  # type: ignore[attr-defined]
    graduate, cases, requests = own_line(request), list(queries.cases_of(actor)), list(queries.dissolutions_of(actor))
    asked = queries.intended(SIGNING, graduate, actor)
    why = held(asked, actor)
    next_up, reported = next_thing(graduate, cases, requests, why, now), reported_of(graduate)
    if reported and reported.turn is Role.GRADUATE and (next_up is None or not is_pressing(cases, requests)):
        next_up = Now("确认登记的信息", "核对并确认", CONFIRMING, facts="登记的去向已经上报，对不对由你本人确认。",
                      otherwise="有误的，或者不是你自己的去向，也在这里写明。")  # fmt: skip
    kept = newest(cases, requests)
    return render(request, "registration/home.html", {
        "graduate": graduate, "why": why, "next_up": next_up, "steps": steps(graduate, cases, why, reported),
        "records": [shown(case, asked, now) for case in kept[:SHOWN_AT_HOME]], "total": len(kept),
        "follows": follows(cases, graduate, now), "contacts": orgs.contacts_for(graduate),
        "invited": [case for case in cases if queries.is_answerable(case, now)], "ways": ways(graduate),
    })  # fmt: skip


@audience(Role.GRADUATE)
def records(request: HttpRequest) -> HttpResponse:
    """All records with their states."""
    actor, now = request.actor, timezone.now()  # type: ignore[attr-defined]
    graduate = own_line(request)
    asked = queries.intended(SIGNING, graduate, actor)
    return render(request, "registration/records.html", {
        "graduate": graduate, "why": held(asked, actor),
        "records": [shown(case, asked, now) for case in newest(queries.cases_of(actor), queries.dissolutions_of(actor))],
        "back": reverse("registration:home"), "heading": "登记记录",
    })  # fmt: skip


@audience(Role.GRADUATE)
def guide(request: HttpRequest) -> HttpResponse:
    """How online signing goes, from the invitation to the agreement."""
    return render(request, "registration/guide.html", {
        "back": reverse("registration:home"), "heading": "办理指南", "contacts": orgs.contacts_for(own_line(request)),
    })  # fmt: skip


def invitation(request: HttpRequest, case: Registration) -> HttpResponse:
    """An invitation as its graduate reads and answers it, and later the same signing with what became of it."""
    actor, now, events = request.actor, timezone.now(), timeline(case)  # type: ignore[attr-defined]
    acts = {one.act.name: one for one in open_acts(case, actor)}
    line = case.student or student(case.graduate)
    code = case.employer_shown["credit_code"]
    return render(request, "registration/invitation.html", {
        "flagged": orgs.flags_on([code], school=case.school_id).get(code),
        "case": case, "tag": queries.tag(case, actor.role, now), "answerable": queries.is_answerable(case, now), "acts": acts,
        "why": next((one.why for one in acts.values() if one.why), None), "key": token(), "tiles": queries.key_terms(case),
        "open_terms": queries.not_filled_in(case), "archive": receiver(case), "offer": OFFER,
        "unit": EMPLOYER.lines(case.employer_shown), "status": orgs.last_status(code),
        "own": own_lines(line), "clauses": queries.clauses(case.agreement_form), "paper": queries.agreement_of(case) if case.number else None,
        "follows": queries.what_follows(case, case.graduate.college.name) if queries.is_answerable(case, now) else [],
        "waits": queries.wait_words(case, actor.role, now),
        "stations": queries.stations(case, actor.role, now, two_levels=queries.has_two_levels(case), rejected_by=queries.rejected_by(events)),
        "timeline": queries.lines(case, events), "back": reverse("registration:home"), "heading": "签约邀请",
        "dissolutions": queries.dissolutions_about(case, actor) if case.number else [],
    })  # fmt: skip


def own_line(request: HttpRequest) -> Graduate:
    """The roster line on which whoever asks stands, read through the own scope."""
    rows = Graduate.objects.seen_by(request.actor).select_related("school", "college")  # type: ignore[attr-defined]
    return rows.get()


def receiver(case: Registration) -> list[tuple[str, str]]:
    """To whom the file goes, line by line; nothing where it goes home, or nowhere yet."""
    if case.terms.get("archive_type") in WITHOUT_RECEIVER:
        return []
    return [(label.removeprefix("档案转递"), value) for label, value in OFFER.lines(case.terms, ARCHIVE_LINES)]


def own_lines(line: dict[str, Any]) -> list[tuple[str, str]]:
    """The own data as they are printed, the numbers masked on the screen."""
    masked = line | {"id_number": masks.id_number(line["id_number"]), "phone": masks.phone(line.get("phone") or "")}
    return STUDENT.lines(masked, OWN_LINES)


def newest(cases: Iterable[Registration], requests: Iterable[Dissolution]) -> list[Registration | Dissolution]:
    """Everything that a graduate has registered, dissolutions too, the newest first."""
    every: list[Registration | Dissolution] = [*cases, *requests]
    kept = (case for case in every if case.state != "discarded")
    return sorted(kept, key=lambda case: case.begun_at, reverse=True)


def shown(case: Registration | Dissolution, asked: Registration, now: datetime) -> dict[str, Any]:
    """A record as the list shows it: tag, kind, and the relay while somebody has something to do.

    `asked` stands for what the school has set now; an invitation has not frozen its review yet.
    """
    if isinstance(case, Dissolution):
        return {
            "case": case, "title": case.employer_name, "kind": "解约", "tag": queries.tag(case, Role.GRADUATE, now), "at": case.asked_at,
            "verb": f"{case.get_asked_by_display()}申请",
            "stations": queries.dissolution_stations(case, Role.GRADUATE) if case.standing.turn else (),
        }  # fmt: skip
    two_levels = queries.has_two_levels(case if case.review_mode else asked)
    is_open = case.standing.turn is not None and not queries.is_overdue(case, now)
    invited = case.sent_at is not None
    return {
        "case": case, "title": queries.title(case), "kind": "线上签约邀请" if invited else case.flow.label,
        "tag": queries.tag(case, Role.GRADUATE, now),
        "at": case.effective_at or case.answered_at or case.sent_at or case.submitted_at or case.begun_at,
        "verb": "生效" if case.effective_at else "回应" if case.answered_at else "收到" if invited else "提交" if case.submitted_at else "开始填写",
        "stations": queries.stations(case, Role.GRADUATE, now, two_levels=two_levels) if is_open else (),
    }  # fmt: skip


def next_thing(
    graduate: Graduate, cases: list[Registration], requests: list[Dissolution], why: str | None, now: datetime
) -> Now | None:
    """What the graduate does now: the nearest deadline wins; None while everything is held."""
    if why:
        return None
    waiting = sorted(
        (case for case in cases if queries.is_answerable(case, now)), key=lambda case: case.deadline or now
    )
    live = next((case for case in cases if case.live), None)
    if not graduate.has_confirmed:
        return Now("核对个人信息", "去核对", reverse("roster:check"), facts="这些信息会印在就业协议书上，核对无误才能签约。",
                   until=waiting[0].deadline if waiting else None,
                   otherwise="你有签约邀请在等回应，核对之后就能回应。" if waiting else "信息有误，先联系学院，改好再确认。")  # fmt: skip
    dissolving = next((one for one in requests if one.live), None)
    if dissolving is not None:
        return about_dissolution(dissolving)
    if live is not None and live.flow_name != SIGNING:
        return about_registration(live, last_words(live, timeline(live)) if live.standing.turn is Role.GRADUATE else "")
    if live is not None:
        url = reverse("registration:detail", args=[live.public_id])
        if live.standing.settled:
            return Now("协议已经生效", "查看就业协议书", url, live.employer_name, "现在没有要你做的事。")
        holder = live.standing.turn.label if live.standing.turn else ""
        return Now(f"等{holder}{live.verb if live.standing.turn is Role.SCHOOL else '审核'}", "看办理进度", url, live.employer_name,
                   "现在没有要你做的事，结果会发消息告诉你。")  # fmt: skip
    if waiting:
        case = waiting[0]
        facts = "，".join(filter(None, [case.post, case.terms.get("work_place")]))
        return Now("回应签约邀请", "查看并回应", reverse("registration:detail", args=[case.public_id]), case.employer_name, facts, case.deadline,
                   "到时没有回应，这份邀请会自动失效，不影响其他邀请；单位可以再次发起。")  # fmt: skip
    draft = next((case for case in cases if case.standing.turn is Role.GRADUATE and case.sent_at is None), None)
    if draft is not None:
        return about_registration(draft)
    if place := queries.elsewhere(graduate):
        return Now(place.title, "选择怎么登记", place.url, facts=place.more)
    return Now(
        "登记毕业去向",
        "选择怎么登记",
        reverse("registration:go"),
        facts="签就业协议书、其他形式就业、升学、未就业，选一类登记。",
        otherwise="要线上签约的，和单位谈好以后等单位发起邀请；邀请到了会发消息告诉你。",
    )


def about_registration(case: Registration, returned: str = "") -> Now:
    """What the graduate does, or whom it waits for, with a case that it began; `returned` is why it came back."""
    detail, form = reverse(case.detail, args=[case.public_id]), reverse("registration:fill_in", args=[case.public_id])
    who, turn, paper = queries.title(case), case.standing.turn, "协议书" if case.flow_name == "offline_signing" else ""
    if turn is Role.GRADUATE and case.number:
        facts = (
            f"老师退回：{returned}"
            if returned
            else f"协议编号 {case.number}。打印出来请单位盖章，自己拍照上传，或者发链接请单位上传。"
        )
        return Now("重新上传盖章的协议书" if returned else "把盖章的协议书交回来", "下载、回传协议书", detail, who, facts,
                   otherwise="单位不肯盖章的，可以放弃这次登记，重新选择。")  # fmt: skip
    if turn is Role.GRADUATE and case.effective_at and case.state != "returned":
        return Now(case.said(case.standing.label), "去填写", form, who, returned)
    if turn is Role.GRADUATE and case.live:
        return Now("修改后重新提交", "去修改", form, who, f"老师退回：{returned}" if returned else "老师退回了这次登记。",
                   otherwise="" if case.effective_at else "不再登记的，可以放弃这次登记。")  # fmt: skip
    if turn is Role.GRADUATE:
        return Now(
            f"接着填：{case.flow.label}",
            "接着填写",
            form,
            who,
            "还没有提交，老师看不到。",
            otherwise="不用了，可以删除草稿。",
        )
    if turn is not None:
        verb = case.verb if turn is Role.SCHOOL else "审核"
        return Now(f"等{turn.label}{verb}{paper if not case.number else ''}", "看办理进度", detail, who,
                   "现在没有要你做的事，结果会发消息告诉你。")  # fmt: skip
    if case.live:
        what = "去向登记已经生效" if case.kind else "协议已经生效"
        return Now(what, "查看登记" if case.kind else "查看就业协议", detail, who, "现在没有要你做的事。")
    return Now(case.said(case.standing.label), "看办理经过", detail, who)


def last_words(case: Registration, events: Iterable[Record]) -> str:
    """Why the case came to stand where it does: the reason of a return, a rejection, an annulment or a reopening; '' else."""
    moved = next((one for one in reversed(list(events)) if one.after == case.state and one.before != one.after), None)
    return moved.words if moved and moved.act in ("return", "reject", "void", "open_up") else ""


def about_dissolution(case: Dissolution) -> Now:
    """What the graduate does, or whom it waits for, while an agreement is being dissolved (DIS-08)."""
    url = reverse(case.detail, args=[case.public_id])
    turn = case.standing.turn
    if turn is Role.GRADUATE and case.is_on_paper:
        return Now(
            "修改解约申请", "查看并修改", url, case.employer_name, "老师退回了你的解约申请，改好再交。协议照旧有效。"
        )
    if turn is Role.GRADUATE:
        return Now("回应解约申请", "查看并回应", url, case.employer_name, case.post,
                   otherwise="没有时间限制。拒绝的话，协议照旧有效。")  # fmt: skip
    if turn is Role.EMPLOYER:
        return Now("等单位回应你的解约申请", "看解约进度", url, case.employer_name,
                   "回应没有时间限制。单位长时间不回应，先和单位沟通，或者联系学校协助。")  # fmt: skip
    holder = turn.label if turn else ""
    return Now(f"等{holder}{case.verb if turn is Role.SCHOOL else '审核'}解约", "看解约进度", url, case.employer_name,
               "审核通过以前，协议照旧有效。结果会发消息告诉你。")  # fmt: skip


def ways(graduate: Graduate) -> list[dict[str, str]]:
    """The ways in of 去向填报; one that signs no agreement has one (REG-10, ROS-06), and so has the school's own platform, beside online signing."""
    online = {
        "title": "线上签约", "url": reverse("registration:guide"), "icon": "sign", "more": "单位在平台上发起邀请，你来回应",
    }  # fmt: skip
    if place := queries.elsewhere(graduate):
        only = {"title": place.title, "url": place.url, "icon": "school", "more": place.more}
        return [only] if destinations.is_directed(graduate.training_mode) else [only, online]
    if destinations.is_directed(graduate.training_mode):
        return [
            {
                "title": "定向/委培毕业去向补充登记",
                "url": reverse("registration:go"),
                "icon": "flag",
                "more": "你的培养方式只办理这一种",
            }
        ]
    return [
        online,
        {"title": "向学校申请电子就业协议书 线下登记", "url": reverse("registration:offline_new"), "icon": "file", "more": "学校审核后下载，请单位盖章，再交回来"},
        {"title": "已签纸质就业协议 补充登记", "url": reverse("registration:paper_new"), "icon": "file-check", "more": "登记已经签好的纸质协议，上传图像"},
        *(
            {"title": group.label, "url": reverse("registration:go_group", args=[group.value]), "icon": icon, "more": more}
            for group, icon, more in (
                (destinations.Group.EMPLOYMENT, "brief", "劳动合同、公招、基层项目、入伍、创业等"),
                (destinations.Group.STUDY, "school", "境内升学，出国出境深造"),
                (destinations.Group.UNEMPLOYED, "compass", "求职中、备考、暂不就业等"),
            )
        ),
    ]  # fmt: skip


def reported_of(graduate: Graduate) -> State | None:
    """Where the confirmation of what was reported stands, while the module is open; None where nothing was reported."""
    is_open = Module.CONFIRMATION in orgs.open_modules(graduate.school.province_id, graduate.cohort)
    return standing_in("confirmation", graduate_id=graduate.pk) if is_open else None


def is_pressing(cases: list[Registration], requests: list[Dissolution]) -> bool:
    """Whether something else waits: an agreement that is not yet in force, or one that is being dissolved."""
    return any(one.live for one in requests) or any(case.live and not case.standing.settled for case in cases)


def steps(
    graduate: Graduate, cases: list[Registration], why: str | None, reported: State | None = None
) -> list[dict[str, str]]:
    """The five steps, each with its state and when it opens (ORG-04)."""
    opened = orgs.open_modules(graduate.school.province_id, graduate.cohort)
    signed = any(case.live and case.standing.settled for case in cases)
    stages = [
        ("核对个人信息", "", reverse("roster:check"), "done" if graduate.has_confirmed else "now"),
        ("登记毕业去向", "学校还没有开启" if why and not signed else "签约、就业、升学或者未就业，登记一种",
         reverse("registration:records" if signed or any(case.live for case in cases) else "registration:go"),
         "done" if signed else "now" if graduate.has_confirmed and not why else "open"),
    ]  # fmt: skip
    later = [
        ("登记档案、户口去处", {Module.ARCHIVE, Module.HOUSEHOLD}, "审核通过的去向会带入，不对的可以申请修改", "/files/"),
        ("确认登记信息", {Module.CONFIRMATION}, "学校上报后，由你本人确认", CONFIRMING), ("查看档案转递结果", {Module.VERIFICATION}, "学校转出档案后可以查看", ""),
    ]  # fmt: skip
    return [
        *(
            {"label": label, "hint": hint, "url": url if state != "open" else "", "state": state}
            for label, hint, url, state in stages
        ),
        *(
            {"label": label, "hint": hint, "url": url, "state": "open", **({"note": "可以办理"} if url else {})}
            | (told(reported) if url == CONFIRMING else {})
            if modules & opened
            else {"label": label, "hint": "学校还没有开启", "url": "", "state": "open"}
            for label, modules, hint, url in later
        ),
    ]


def told(reported: State | None) -> dict[str, str]:
    """How the step of confirming stands."""
    if reported is None or reported.key == "unreported":
        return {"note": "还没有上报"}
    return {
        "state": {"confirmed": "done", "unconfirmed": "now"}.get(reported.key, "open"),
        "note": reported.tag(Role.GRADUATE)[1],
    }


def follows(cases: list[Registration], graduate: Graduate, now: datetime) -> list[tuple[str, str]]:
    """What follows the graduate's yes, while there is an invitation to answer."""
    case = next((case for case in cases if queries.is_answerable(case, now)), None)
    return queries.what_follows(case, graduate.college.name) if case else []
