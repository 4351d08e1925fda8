"""What a graduate begins: the form of a sheet, its check before it is submitted, and the page of such a case (OFF-01, SUP-01, DES-01)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.orgs import queries as orgs
from qicheng.domain.registration import guards, queries
from qicheng.domain.registration.models import EmployerLink, Registration
from qicheng.domain.registration.sheets import destinations
from qicheng.domain.registration.sheets.cases import drafted, sheet_of, values_of
from qicheng.domain.roster.queries import student
from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.gather import gathered, has_its_proofs, why_not_now
from qicheng.foundation.flow.perform import (
    NotFound,
    Refused,
    Stale,
    Stopped,
    begin,
    find,
    held,
    open_acts,
    perform,
    timeline,
)
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.page import render, say
from qicheng.foundation.sheets import BLANK

from .graduate import about_registration, last_words, own_line, own_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from django.forms import Form
    from django.http import HttpResponse

    from qicheng.domain.roster.models import Graduate
    from qicheng.foundation.access import Actor
    from qicheng.foundation.access.pages import Request
    from qicheng.foundation.flow.perform import Record

# What is said before a form is filled in and before it is submitted (OFF-02).
ONE_AGREEMENT = "协议书生成后，需单位盖章、学校审核后才能正式生效。协议书一旦生效，无法与其他单位进行网上签约，且一次只能生成一份协议书。"
AGREE_FIRST = "先和单位商量好，是在线上签约还是线下签约，再来填写。"


@dataclass(frozen=True, slots=True)
class Manner:
    """How the pages of one flow speak: heading, what is said above the form, the words of its buttons and of a return.

    `line(case)` is the line of steps above form and case, (step, word, done|now|you|stop|'') each, as `ui.relay` takes them; `returned(record)`
    what is said above the reason of a return, `sent` above a form that lies with reviewers, `locked` above what follows by itself, `follows` what happens after submitting, `ending` how what is in force ends. `is_short`: the second
    button submits at once if nothing stands against it, and otherwise shows what does. `choosing` is the URL name of the page where
    another type is chosen, `chosen` what its school calls that. `beside(case, actor)` is what else can be done about the case: (heading, words, link, its address or '') each.
    """

    heading: str
    says: str = "暂存的内容老师看不到，提交以后才开始审核。"
    warning: str = ""
    advice: str = ""
    keep: str = "暂存"
    hand_in: str = "核对并提交"
    sent: str = "已经提交，学院还没有审核。保存以后，老师看到的就是改过的内容；要换证明材料的，先撤回。"
    locked: str = ""
    returned: Callable[[Record], str] = lambda record: "老师退回，要改的是"
    follows: tuple[tuple[str, str], ...] = ()
    ending: str = ""
    line: Callable[[Registration], Sequence[tuple[str, str, str]]] | None = None
    is_short: bool = False
    choosing: str = ""
    chosen: str = "毕业去向类型"
    beside: Callable[[Registration, Actor], Sequence[tuple[str, str, str, str]]] | None = None


MANNERS = {
    "offline_signing": Manner("申请电子就业协议书", warning=ONE_AGREEMENT, advice=AGREE_FIRST),
    "supplementary": Manner("登记纸质就业协议", advice=AGREE_FIRST),
    "destination": Manner("登记去向"),
}
# The ways of this room, which a school with a platform of its own does not use.
NATIONAL = tuple(MANNERS)


def spoken(flow: str, manner: Manner) -> None:
    """Let a room above say how the pages of its flow on registrations speak; said once, when the room starts."""
    MANNERS[flow] = manner


# Where a reason that a room above has against submitting is mended: (what to do, URL name).
MENDED_AT: dict[Any, tuple[str, str]] = {}


def mended_at(guard: Any, words: str, name: str) -> None:
    """Let a room above say where its reason against submitting is mended; said once, when the room starts."""
    MENDED_AT[guard] = (words, name)


OTHERWISE = {"": "类型", "补充": "补充"}
UNIT_KEYS = ("name", "credit_code", "nature", "industry", "area", "address")
# Acts that have a page or a place of their own on the page of a case.
PLACED = frozenset({"edit", "retype", "submit", "bring_back", "send_link", "revoke_link"})


# ---- the form


@audience(Role.GRADUATE)
def new(request: Request, flow: str, kind: str = "") -> HttpResponse:
    """The empty form of a way."""
    return started(request, flow, kind)


def started(request: Request, flow: str, kind: str = "") -> HttpResponse:
    """The empty form of a way, also of one of a room above; the first saving makes the draft."""
    kinds = destinations.types_of(flow)
    if bool(kinds) != (kind in kinds):
        raise Http404
    actor, graduate = request.actor, own_line(request)
    waiting = queries.cases_of(actor).filter(flow_name=flow, state="draft").first()
    if waiting is not None and waiting.kind == kind and request.method == "GET":
        say(request, "你有一份填了一半的登记，还没有提交，接着填。", "info")
        return redirect("registration:fill_in", waiting.public_id)
    given = {"kind": kind} if kind else {}
    try:
        blank = FLOWS[flow].begin.make(actor, **given)
    except Refused as stopped:
        return barred(request, flow, graduate, str(stopped))
    assert isinstance(blank, Registration)
    why = obstacle(blank, actor, waiting)
    if why and request.method == "GET":
        return barred(request, flow, graduate, why, waiting)
    form = loose(request, blank)
    if request.method == "POST" and form.is_valid():
        try:
            case = begin(FLOWS[flow], actor, key=key_of(request), **given, **form.cleaned_data)
        except Stopped as stopped:
            return filling(request, blank, form, str(stopped))
        assert isinstance(case, Registration)
        return onward(request, case)
    return filling(request, blank, form)


@audience(Role.GRADUATE)
def fill_in(request: Request, public_id: UUID) -> HttpResponse:
    """The form of a draft, or of what was returned; `?check` says at each field what is still missing."""
    case = own(request, public_id)
    if case.flow.find(case.state, "edit", Role.GRADUATE) is None:
        return overtaken(request, case)
    if request.method != "POST":
        return filling(request, case, whole(case) if "check" in request.GET else loose(request, case))
    form = loose(request, case)
    if not form.is_valid():
        return filling(request, case, form)
    try:
        if is_changed(case, form):
            perform(case, "edit", request.actor, seen=seen_of(request, case), key=key_of(request), **form.cleaned_data)
    except NotFound:
        raise Http404 from None
    except Stopped as stopped:
        fresh = own(request, public_id)
        return filling(request, fresh, form, str(stopped)) if fresh.state == case.state else overtaken(request, fresh)
    return onward(request, own(request, public_id))


def filling(request: Request, case: Registration, form: Form, why: str = "") -> HttpResponse:
    """The form under its headings, with the units that were searched for; what was typed stays."""
    words = request.GET.get("q", "").strip()[:60]
    is_wrong = form.is_bound and bool(form.errors)
    has_unit, manner = {"name", "credit_code"} <= set(form.fields), MANNERS[case.flow_name]
    kind = destinations.of(case.kind) if case.kind else None
    returned = last_words(case, timeline(case)) if case.version else ""
    return render(request, "registration/own_form.html", {
        "case": case, "form": form, "groups": groups(case, form), "why": why, "is_new": not case.version, "title": kind.name(case.edition) if kind else "",
        "manner": manner, "locked": locked(case) if manner.locked else (), "line": manner.line(case) if manner.line else (), "is_sent": is_sent(case), "returned_words": returned_words(case) if returned else "",
        "beside": manner.beside(case, request.actor) if manner.beside and case.version else (),
        "guide": kind.guide if kind else None, "state": case.standing.tag(Role.GRADUATE)[1] if case.version else "",
        "area": orgs.area_selects(str(form["area"].value() or "")) if has_selects(case) else (), "has_unit": has_unit, "q": words,
        "found": orgs.verified_units(words) if has_unit and words else [], "key": token(), "flagged": flagged(case, str(form["credit_code"].value() or "").strip().upper()) if has_unit else None,
        "returned": returned, "here": request.path,
        "back": reverse(case.detail, args=[case.public_id]) if case.version else reverse("registration:home"), "heading": manner.heading,
    }, status=422 if is_wrong and request.method == "POST" else 409 if why else 200)  # fmt: skip


def barred(
    request: Request, flow: str, graduate: Graduate, why: str, waiting: Registration | None = None
) -> HttpResponse:
    """Why there is nothing to fill in now, and where to go on."""
    return render(request, "registration/own_barred.html", {
        "why": why, "waiting": waiting, "graduate": graduate, "back": reverse("registration:home"), "heading": MANNERS[flow].heading,
        "elsewhere": queries.elsewhere(graduate) if flow in NATIONAL else None,
    })  # fmt: skip


def obstacle(blank: Registration, actor: Actor, waiting: Registration | None) -> str | None:
    """The reason for which this cannot be begun now, or None."""
    reasons = (why for guard in blank.flow.against(blank.flow.begin) if (why := guard(blank, actor)))
    return next(reasons, None) or (Registration.refusals["one_draft_of_a_way"] if waiting else None)


def loose(request: Request, case: Registration) -> Form:
    """The form in which something may be missing until it is submitted: what was sent, else what the case has, under a unit that was just chosen."""
    made = (sheet_of(case) if is_sent(case) else drafted(case)).form(case.cohort)
    if request.method == "POST":
        form = made(with_area(request))
        form.full_clean()
    else:
        form = made(initial={**values_of(case), **chosen_unit(request)})
    return marked(form, case)


def whole(case: Registration) -> Form:
    """What the case has, measured by all that is asked."""
    form = sheet_of(case).form(case.cohort)(values_of(case))
    form.full_clean()
    return marked(form, case)


def marked(form: Form, case: Registration) -> Form:
    """The marks of what is asked, on a form that lets a draft be saved without it."""
    sheet = sheet_of(case)
    asked: Any = sheet.form(case.cohort)
    for field in sheet:
        control = form.fields[field.key]
        control.required = field.required
        if asked_when := getattr(asked.base_fields[field.key], "asked_when", ""):
            control.help_text = "，".join(filter(None, [asked_when, str(control.help_text)]))
    form.use_required_attribute = False
    return form


def groups(case: Registration, form: Form) -> list[tuple[str, list[Any]]]:
    """The fields of the form under the headings of their sheet, in its order."""
    found: dict[str, list[Any]] = {}
    for field in sheet_of(case):
        found.setdefault(field.group or OTHERWISE[""], []).append(form[field.key])
    return list(found.items())


def chosen_unit(request: Request) -> dict[str, str]:
    """What a unit that the graduate chose from the search says of itself to everybody; never whom to call there."""
    unit = orgs.verified_unit(request.GET.get("employer", ""))
    return {key: getattr(unit, key) for key in UNIT_KEYS} if unit else {}


def flagged(case: Registration, code: str = "") -> Any:
    """What stands against the unit that is named, None where nothing does (WRN-02)."""
    named = code or case.employer_shown.get("credit_code", "")
    return orgs.flags_on([named], school=case.school_id).get(named)


def has_selects(case: Registration) -> bool:
    """Whether the form asks for a division by three selects."""
    return any(field.key == "area" and field.kind == "area" for field in sheet_of(case))


def with_area(request: Request) -> Any:
    """What was sent, the three selects of a division put together."""
    sent = request.POST.copy()
    if "area" not in sent:
        sent["area"] = orgs.chosen_area(sent)
    return sent


def is_changed(case: Registration, form: Form) -> bool:
    """Whether something was typed that the case does not have: a page that is only left again writes no record."""
    before, typed = values_of(case), drafted(case).stored(form.cleaned_data)
    return any((before.get(key) or None) != (value or None) for key, value in typed.items())


def onward(request: Request, case: Registration) -> HttpResponse:
    """To the check before submitting, or back to the form that was saved; what is reviewed already to its page."""
    if is_sent(case):
        say(request, "已保存。老师看到的是改过的内容。")
        return redirect(case.detail, case.public_id)
    manner = MANNERS[case.flow_name]
    if request.POST.get("step") == "check":
        if manner.is_short and not obstacles(case, request.actor):
            return submitted(request, case, case.version, f"{(key_of(request) or token())[:60]}-in")
        return redirect("registration:check", case.public_id)
    say(request, f"已{manner.keep}，还没有提交。可以接着填，也可以以后再来。")
    return redirect("registration:fill_in", case.public_id)


def locked(case: Registration) -> list[tuple[str, str]]:
    """(label, value) of what follows from the choice and from the roster, as far as there is anything."""
    kind = destinations.of(case.kind)
    return [(one.label, one.shown(case.terms[one.key])) for one in kind.derived if case.terms.get(one.key)]


def is_sent(case: Registration) -> bool:
    """Whether the case was submitted, and what its graduate still changes is read by reviewers at once."""
    return bool(case.version) and case.standing.turn is not Role.GRADUATE


def returned_words(case: Registration) -> str:
    """What is said above the reason of a return."""
    moved = next((one for one in reversed(timeline(case)) if one.after == case.state and one.before != one.after), None)
    return MANNERS[case.flow_name].returned(moved) if moved else ""


# ---- the check before it is submitted


@audience(Role.GRADUATE)
def check(request: Request, public_id: UUID) -> HttpResponse:
    """Everything once more, what still stands against it with the place to mend it, and the button that submits."""
    case = own(request, public_id)
    if case.flow.find(case.state, "submit", Role.GRADUATE) is None:
        return overtaken(request, case)
    if request.method != "POST":
        return checking(request, case)
    return submitted(request, case, seen_of(request, case), key_of(request))


def submitted(request: Request, case: Registration, seen: int, key: str | None) -> HttpResponse:
    """Submit that version; else the check with what stands against it."""
    public_id = case.public_id
    try:
        perform(case, "submit", request.actor, seen=seen, key=key)
    except NotFound:
        raise Http404 from None
    except Stale:
        fresh = own(request, public_id)
        return checking(request, fresh, 409) if fresh.state == case.state else overtaken(request, fresh)
    except Stopped as stopped:
        return checking(request, case, 422, str(stopped))
    turn = case.standing.turn
    say(
        request,
        f"已提交，接下来等{turn.label if turn else ''}{case.verb if turn is Role.SCHOOL else '审核'}。结果会发消息告诉你。",
    )
    return redirect(case.detail, public_id)


def checking(request: Request, case: Registration, status: int = 200, why: str = "") -> HttpResponse:
    """The page of the check."""
    actor, against = request.actor, obstacles(case, request.actor)
    if why and not against:
        against = [(why, "", "")]
    return render(request, "registration/own_check.html", {
        "case": case, "title": queries.title(case), "groups": printed(case), "own": own_lines(case.student or student(case.graduate)),
        "gathered": gathered(case), "takes": not why_not_now(case, actor), "against": against, "key": token(), "is_stale": status == 409,
        "warning": MANNERS[case.flow_name].warning, "follows": follows(case), "flagged": flagged(case),
        "act": case.flow.find(case.state, "submit", Role.GRADUATE),
        "back": reverse("registration:fill_in", args=[case.public_id]), "heading": "核对并提交",
    }, status=status)  # fmt: skip


def obstacles(case: Registration, actor: Actor) -> list[tuple[str, str, str]]:
    """(reason, what to do, where) of everything that stands against submitting; each missing field by itself."""
    act = case.flow.find(case.state, "submit", Role.GRADUATE)
    assert act is not None
    form_url = f"{reverse('registration:fill_in', args=[case.public_id])}?check=1"
    places: dict[Any, tuple[str, str]] = {
        guards.has_confirmed: ("去核对个人信息", reverse("roster:check")),
        guards.nothing_else_live: ("看登记记录", reverse("registration:records")),
        has_its_proofs: ("上传证明材料", reverse("proofs", args=[case.flow_name, case.public_id])),
        **{guard: (words, reverse(name)) for guard, (words, name) in MENDED_AT.items()},
    }
    found: list[tuple[str, str, str]] = []
    for guard in case.flow.against(act):
        if guard is guards.is_filled_in:
            form = whole(case)
            found += [
                (str(words[0]), "去填写", f"{form_url}#{anchor(form, key)}") for key, words in form.errors.items()
            ]
        elif why := guard(case, actor):
            found.append((why, *places.get(guard, ("", ""))))
    return found


def anchor(form: Form, key: str) -> str:
    """The id of a control on the form's page."""
    if key not in form.fields:
        return "main"
    field = form[key]
    return f"{field.auto_id}_0" if field.widget_type == "radioselect" else field.auto_id


# ---- the page of a case


def registered(request: Request, case: Registration) -> HttpResponse:
    """A case that its graduate began: who has it, what now, what then; the data, the proofs, all that can be done."""
    actor, now, events, manner = request.actor, timezone.now(), timeline(case), MANNERS[case.flow_name]
    acts = {one.act.name: one for one in open_acts(case, actor)}
    last = last_words(case, events)
    return render(request, "registration/own_case.html", {
        "case": case, "title": queries.title(case), "tag": queries.tag(case, actor.role, now), "acts": acts,
        "others": [one for name, one in acts.items() if name not in PLACED], "why": held(case, actor) if case.standing.turn else None,
        "todo": about_registration(case, last), "returned": last,
        "waits": queries.wait_words(case, actor.role, now),
        "stations": queries.stations(case, actor.role, now, two_levels=queries.has_two_levels(case), rejected_by=queries.rejected_by(events)),
        "follows": follows(case) if case.standing.turn in (Role.COLLEGE, Role.SCHOOL) else [], "groups": printed(case),
        "own": own_lines(case.student or student(case.graduate)), "gathered": gathered(case) if case.number or case.flow_name != "offline_signing" else [], "takes": not why_not_now(case, actor),
        "link": newest_link(case, actor) if case.number else None, "moment": now, "paper": queries.agreement_of(case) if case.number else None,
        "dissolutions": queries.dissolutions_about(case, actor) if case.effective_at else [], "timeline": queries.lines(case, events),
        "contacts": orgs.contacts_for(case.graduate), "back": reverse("registration:home"), "heading": case.flow.label, "flagged": flagged(case),
        "manner": manner, "line": manner.line(case) if manner.line else (), "returned_words": returned_words(case) if last else "",
        "beside": manner.beside(case, actor) if manner.beside else (),
    })  # fmt: skip


def own(request: Request, public_id: UUID) -> Registration:
    """The case that whoever asks began; Http404 for any other."""
    try:
        case = find(Registration, public_id, request.actor)
    except NotFound:
        raise Http404 from None
    if case.flow_name not in MANNERS:
        raise Http404
    return case


def overtaken(request: Request, case: Registration) -> HttpResponse:
    """To the page of the case, where this step is not to be done any more."""
    say(request, f"这条登记现在是「{case.said(case.standing.label)}」，这一步已经不用做了。", "warn")
    return redirect(case.detail, case.public_id)


def newest_link(case: Registration, actor: Actor) -> EmployerLink | None:
    """The link that was sent to the employer last."""
    return EmployerLink.objects.seen_by(actor).filter(registration=case.pk).order_by("-pk").first()


def printed(case: Registration) -> list[tuple[str, list[tuple[str, str]], str]]:
    """(heading, lines, id of the first control) of what was filled in and what follows from it, under the headings of the sheet."""
    sheet, values = sheet_of(case), values_of(case)
    derived = destinations.of(case.kind).derived if case.kind else ()
    found: dict[str, tuple[list[tuple[str, str]], str]] = {}
    for field in (
        *(one for one in sheet if one.is_asked(values)),
        *(one for one in derived if case.terms.get(one.key) not in BLANK),
    ):
        value = values.get(field.key) if field in sheet.fields else case.terms.get(field.key)
        heading = field.group or OTHERWISE[""]
        found.setdefault(heading, ([], f"id_{field.key}"))[0].append((field.label, field.shown(value)))
    return [(heading, lines, first) for heading, (lines, first) in found.items()]


def follows(case: Registration) -> list[tuple[str, str]]:
    """What happens once it is submitted, step by step."""
    if own_words := MANNERS[case.flow_name].follows:
        return list(own_words)
    levels = [("学院审核", queries.USUAL_PACE)] * queries.has_two_levels(case) + [
        (f"学校{case.verb}", queries.USUAL_PACE)
    ]
    stopped = ("没有通过", "退回修改的，改好再交；审核不通过的，这次登记就结束了。两种都会看到原因")
    if case.kind:
        return [*levels, ("登记生效", "就业方案随之更新，学校按这里上报"), stopped]
    if case.flow_name == "supplementary":
        return [*levels, ("登记生效", "效力以纸质协议为准"), stopped]
    if case.number:
        return [*levels, ("协议生效", "收到通知，可以下载电子就业协议书"), stopped]
    return [
        (f"{'学院、' if len(levels) > 1 else ''}学校审核协议书", queries.USUAL_PACE),
        ("下载协议书，请单位盖章", "审核通过就有协议编号，在这里下载、打印"),
        ("把盖章的协议书交回来", "自己拍照上传，或者发链接请单位上传"),
        (f"{'学院、' if len(levels) > 1 else ''}学校审核签约，协议生效", queries.USUAL_PACE), stopped,
    ]  # fmt: skip


# ---- what requests carry


def key_of(request: Request) -> str | None:
    """The key of the form that was sent."""
    return request.POST.get("key", "")[:64] or None


def seen_of(request: Request, case: Registration) -> int:
    """The version that the page showed."""
    seen = request.POST.get("seen", "")
    return int(seen) if seen.isdecimal() and len(seen) < 10 else case.version
