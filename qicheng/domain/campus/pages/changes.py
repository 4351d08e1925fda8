"""Pages of what changes after approval: what a graduate may ask for, the three forms, the application with old and new, the reviewers' lists (CAM-04)."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.campus.listings import changes as listings
from qicheng.domain.campus.models import DestinationAmendment, FileAmendment, Part
from qicheng.domain.campus.queries import changes as queries
from qicheng.domain.campus.queries.consents import stations
from qicheng.domain.campus.queries.files import newest
from qicheng.domain.campus.sheets import changes as sheets
from qicheng.domain.campus.sheets import files
from qicheng.domain.campus.sheets.platform import KINDS, offered
from qicheng.domain.orgs import queries as orgs
from qicheng.domain.registration import queries as registrations
from qicheng.domain.registration.effects.reviewing import approve_all
from qicheng.domain.registration.pages.graduate import own_line
from qicheng.domain.registration.pages.own import chosen_unit, key_of, with_area
from qicheng.domain.registration.pages.staff import MOST_AT_ONCE, parsed, picked
from qicheng.domain.transfer.pages.files import seen_of
from qicheng.domain.transfer.pages.records import marked
from qicheng.domain.transfer.pages.reviewing import decision, told
from qicheng.domain.transfer.sheets.records import kinds
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.gather import gathered
from qicheng.foundation.flow.perform import NotFound, Stopped, begin, find, held, open_acts, perform, timeline
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.page import render, say

from .consents import PLACED
from .module import of_part

if TYPE_CHECKING:
    from uuid import UUID

    from django.forms import Form
    from django.http import HttpResponse

    from qicheng.domain.registration.models import Registration
    from qicheng.foundation.access import Actor
    from qicheng.foundation.access.pages import Request

HEADING = "修改和改签"
GRADUATE, STAFF = (Role.GRADUATE,), (Role.COLLEGE, Role.SCHOOL)
EVERYBODY = (*GRADUATE, *STAFF)
OTHERWISE = "其他信息"


@dataclass(frozen=True, slots=True)
class Way:
    """One of the three: its heading, its page, what it is for."""

    label: str
    page: str
    about: str


WAYS = {
    sheets.SAME_UNIT: Way(
        "毕业去向修改（单位不变）", "campus:change_destination", "单位没有换，单位的其他信息有变化的。单位名称、组织机构代码和毕业去向类型不变。"
    ),
    sheets.OTHER_UNIT: Way(
        "改签申请（单位变更）", "campus:change_unit", "换了单位，或者换了毕业去向的。要交原单位的解约函，以及新去向的证明材料。"
    ),
    sheets.FILES: Way("户档信息修改", "campus:change_files", "档案转寄、户口迁移的去处有变化的。"),
}  # fmt: skip


# ---- the graduate's


@of_part(Part.CHANGES, roles=GRADUATE)
def changes(request: Request) -> HttpResponse:
    """Which of the three can be asked for now and why not, and what was asked for before."""
    actor, graduate = request.actor, own_line(request)
    found = queries.possible(actor, graduate)
    past = [
        case for model in (DestinationAmendment, FileAmendment)
        for case in model.objects.seen_by(actor).filter(state__in=queries.CLOSED).exclude(state="discarded").order_by("-id")
    ]  # fmt: skip
    file = newest(actor, graduate.pk)
    has_moved = file is not None and file.state == "effective" and files.has_moved(file)
    return render(request, "campus/changes.html", {
        "ways": [(one, WAYS[one.flow]) for one in found], "steps": queries.STEPS, "past": past,
        "mine": next((one for one in found if one.open and one.open.standing.turn is Role.GRADUATE), None),
        "moved": "毕业去向有变化，档案、户口的去处还是原来的。要跟着改的，申请户档信息修改。" if has_moved else "",
        "contacts": orgs.contacts_for(graduate), "back": reverse("campus:steps"), "heading": HEADING,
    })  # fmt: skip


@of_part(Part.CHANGES, roles=GRADUATE)
def change_destination(request: Request) -> HttpResponse:
    """毕业去向修改: other data of the same unit."""
    return asked(request, sheets.SAME_UNIT)


@of_part(Part.CHANGES, roles=GRADUATE)
def change_unit(request: Request) -> HttpResponse:
    """改签申请: another unit, and perhaps another type of destination."""
    return asked(request, sheets.OTHER_UNIT)


@of_part(Part.CHANGES, roles=GRADUATE)
def change_files(request: Request) -> HttpResponse:
    """户档信息修改: where file and household go."""
    return asked(request, sheets.FILES)


def asked(request: Request, flow: str) -> HttpResponse:
    """The form of one of the three; the first saving begins the application."""
    actor = request.actor
    case: Any = queries.waiting(actor, flow)
    if case is not None and (case.flow_name != flow or case.flow.find(case.state, "edit", Role.GRADUATE) is None):
        return redirect(case.detail, case.public_id)
    if case is None:
        target = queries.target_of(actor, flow, own_line(request).pk)
        why = queries.why_not(actor, flow, target)
        if target is None or why:
            say(request, f"现在不能申请{FLOWS[flow].label.removesuffix('申请')}：{why}", "warn")
            return redirect("campus:changes")
        case = queries.intended(flow, target)
    case = of_kind(request, case)
    form = filled(request, case)
    if request.method == "POST" and form.is_valid():
        return kept(request, case, form)
    return filling(request, case, form)


def of_kind(request: Request, case: Any) -> Any:
    """The application as it is, or of the other type that was chosen on the page."""
    kind = (request.POST if request.method == "POST" else request.GET).get("kind", "")
    if case.flow_name != sheets.OTHER_UNIT or kind in ("", case.kind) or kind not in KINDS:
        return case
    turned = copy(case)
    turned.kind = kind
    if not case.version:
        turned.terms = sheets.start(turned, *sheets.now(case))
    return turned


def filled(request: Request, case: Any) -> Form:
    """What was sent, else what the application has, under a unit that was just chosen; `?check` measures it by all that is asked."""
    made = sheets.drafted(case).form(case.cohort)
    if request.method == "POST":
        form = made(with_area(request))
        form.full_clean()
    elif "check" in request.GET:
        form = sheets.sheet_of(case).form(case.cohort)(sheets.values_of(case))
        form.full_clean()
    else:
        unit = chosen_unit(request) if case.flow_name == sheets.OTHER_UNIT else {}
        form = made(initial={**sheets.values_of(case), **unit})
    return marked(form, sheets.sheet_of(case))


def kept(request: Request, case: Any, form: Form) -> HttpResponse:
    """Keep what was typed, and on to the application, where it is checked and submitted."""
    kind = {"kind": case.kind} if case.flow_name == sheets.OTHER_UNIT else {}
    try:
        if not case.version:
            of = (
                {"file": case.file.public_id}
                if case.flow_name == sheets.FILES
                else {"registration": case.registration.public_id}
            )
            case = begin(FLOWS[case.flow_name], request.actor, key=key_of(request), **of, **kind, **form.cleaned_data)
        else:
            perform(
                case,
                "edit",
                request.actor,
                seen=seen_of(request, case),
                key=key_of(request),
                **kind,
                **form.cleaned_data,
            )
    except NotFound:
        raise Http404 from None
    except Stopped as stopped:
        return filling(request, case, form, str(stopped))
    say(request, "已保存，还没有提交。对照原来的和新的，核对以后提交。")
    return redirect(case.detail, case.public_id)


def filling(request: Request, case: Any, form: Form, why: str = "") -> HttpResponse:
    """The form under its headings, with what stays as it is."""
    is_other, is_file = case.flow_name == sheets.OTHER_UNIT, case.flow_name == sheets.FILES
    groups: dict[str, list[Any]] = {}
    for field in sheets.sheet_of(case):
        groups.setdefault(field.group or OTHERWISE, []).append(form[field.key])
    words, page = request.GET.get("q", "").strip()[:60], WAYS[case.flow_name].page
    has_unit = is_other and {"name", "credit_code"} <= set(form.fields)
    is_wrong = form.is_bound and bool(form.errors)
    return render(request, "campus/change_form.html", {
        "case": case, "way": WAYS[case.flow_name], "form": form, "groups": list(groups.items()), "why": why, "key": token(), "here": reverse(page),
        "kinds": offered(case.edition, case.graduate.training_mode) if is_other else {}, "returned": last_words(case),
        "file_kinds": {"archive_type": kinds(Area.ARCHIVE, case.edition), "household_kind": kinds(Area.HOUSEHOLD, case.edition)} if is_file else {},
        "locked": unchanged(case), "locked_title": "现在的去向" if is_other else "不变的内容",
        "area": orgs.area_selects(str(form["area"].value() or "")) if "area" in form.fields and sheets.sheet_of(case)["area"].kind == "area" else (),
        "has_unit": has_unit, "q": words, "found": orgs.verified_units(words) if has_unit and words else [], "further": [("kind", case.kind)] if is_other else [],
        "back": reverse(case.detail, args=[case.public_id]) if case.version else reverse("campus:changes"), "heading": WAYS[case.flow_name].label,
    }, status=422 if is_wrong and request.method == "POST" else 409 if why else 200)  # fmt: skip


def unchanged(case: Any) -> list[tuple[str, str]]:
    """(label, value) of what the form leaves as it is: the unit, and for 改签 all that is in force."""
    if case.flow_name == sheets.FILES:
        return []
    own = {one.label for one in sheets.sheet_of(case)} if case.flow_name == sheets.SAME_UNIT else set()
    return [
        (label, value) for label, value in sheets.lines(case, *sheets.now(case)).items() if value and label not in own
    ]


def last_words(case: Any) -> str:
    """Why it came back, while it waits for the graduate; '' else."""
    if case.version == 0 or case.state not in ("returned", "refused"):
        return ""
    moved = next((one for one in reversed(timeline(case)) if one.after == case.state and one.before != one.after), None)
    return moved.words if moved is not None else ""


# ---- one application


@of_part(Part.CHANGES, roles=EVERYBODY, area=Area.EMPLOYMENT)
def destination_amendment(request: Request, public_id: UUID) -> HttpResponse:
    """One application about the destination."""
    return shown(request, find_own(request, DestinationAmendment, public_id))


@of_part(Part.CHANGES, roles=EVERYBODY, area=Area.ARCHIVE)
def file_amendment(request: Request, public_id: UUID) -> HttpResponse:
    """One application about file and household."""
    of_both(request, listings.FILES)
    return shown(request, find_own(request, FileAmendment, public_id))


def find_own(request: Request, model: Any, public_id: UUID) -> Any:
    """The application of that id as far as whoever asks may see it; Http404 else."""
    try:
        return find(model, public_id, request.actor)
    except NotFound as gone:
        raise Http404 from gone


def shown(request: Request, case: Any) -> HttpResponse:
    """On the page that suits whoever looks."""
    return reviewed(request, case) if request.actor.role.is_staff else applied(request, case)


def applied(request: Request, case: Any) -> HttpResponse:
    """As the graduate sees it: what is still to do, who has it, old and new side by side."""
    acts = {one.act.name: one for one in open_acts(case, request.actor)}
    page = reverse(WAYS[case.flow_name].page)
    return render(request, "campus/change_own.html", {
        **said_of(request, case), "acts": acts, "others": [one for name, one in acts.items() if name not in PLACED], "key": token(), "form_url": page,
        "tasks": tasks(case, page) if "submit" in acts else [], "against": acts["submit"].why if "submit" in acts else "",
        "timeline": registrations.lines(case, timeline(case)), "contacts": orgs.contacts_for(case.graduate), "back": reverse("campus:changes"),
        "heading": case.flow.label,
    })  # fmt: skip


def tasks(case: Any, page: str) -> list[dict[str, str]]:
    """What is to do before submitting: fill in, bring."""
    form = sheets.sheet_of(case).form(case.cohort)(sheets.values_of(case))
    gaps, brought = [str(form.fields[key].label) for key in form.errors], gathered(case)
    lacks = any(one.lacks for one in brought)
    proofs = reverse("proofs", kwargs={"flow": case.flow_name, "public_id": case.public_id})
    return [
        {"label": "填写要修改的内容", "url": f"{page}?check=1" if gaps else page, "state": "now" if gaps else "done",
         "hint": f"还没有填好：{'、'.join(gaps)}" if gaps else "可以再改"},
        {"label": "上传证明材料", "url": proofs, "state": "now" if lacks else "done" if any(one.proofs for one in brought) else "open", "note": "选填",
         "hint": "；".join(f"{one.kind.label} {len(one.proofs)} 份{'' if one.kind.least else '，有变化的才交'}" for one in brought)},
    ]  # fmt: skip


def reviewed(request: Request, case: Any) -> HttpResponse:
    """As its reviewers see it: the differences first."""
    actor, acts = request.actor, open_acts(case, request.actor)
    hold = held(case, actor) or next((one.why for one in acts if one.act.primary and one.why), "") if acts else ""
    about = listings.FILES if isinstance(case, FileAmendment) else listings.DESTINATION
    return render(request, "campus/change_case.html", {
        **said_of(request, case), "acts": [decision(case, one) for one in acts], "hold": hold, "here": request.path,
        "onward": reverse("campus:next_change", args=[about]) if case.standing.turn is actor.role else "",
        "doubts": files.doubts(case) if about == listings.FILES and case.standing.turn else [],
        "events": registrations.lines_for_reviewers(case, timeline(case)), "back": reverse("campus:change_queue", args=[about]),
        "registration_url": reverse("registration:detail", args=[case.registration.public_id]),
    })  # fmt: skip


def said_of(request: Request, case: Any) -> dict[str, Any]:
    """What both pages say of an application."""
    now, role, events = timezone.now(), request.actor.role, timeline(case)
    return {
        "case": case, "way": WAYS[case.flow_name], "tag": registrations.tag(case, role, now), "waits": registrations.wait_words(case, role, now),
        "stations": stations(case, role, events, queries.LEVELS), "returned": last_words(case), "compared": sheets.compared(case),
        "gathered": gathered(case), "counts": "", "paper": None, "lines": [],
    }  # fmt: skip


def beside(case: Registration, actor: Actor) -> list[tuple[str, str, str, str]]:
    """What the page of a destination says of its changes: (heading, words, link, its address)."""
    if case.state != "effective" or not queries.has_changes(case):
        return []
    return [
        (
            HEADING,
            "单位不变、其他信息有变化的，申请毕业去向修改；换了单位或去向的，申请改签。",
            "看能申请什么",
            reverse("campus:changes"),
        )
    ]


# ---- what waits


def of_both(request: Request, about: str) -> None:
    """Http404 for whoever may not read what the list is about; of file and household both (ARC-07)."""
    needed = (Area.ARCHIVE, Area.HOUSEHOLD) if about == listings.FILES else (Area.EMPLOYMENT,)
    if about not in listings.FLOWS or (request.actor.role.is_staff and not all(map(request.actor.may_read, needed))):
        raise Http404


@of_part(Part.CHANGES, roles=STAFF)
def queue(request: Request, about: str) -> HttpResponse:
    """Every application that the reviewer sees, those that wait for it first; its own turn can be approved many at once."""
    of_both(request, about)
    actor, flow = request.actor, listings.FLOWS[about][0]
    page = listings.changes(about, actor.role).page(actor, request.GET, request.cohort)
    return render(request, "campus/change_queue.html", {
        "page": page, "about": about, "states": flow.states, "detail": flow.model.detail, "cohort": request.cohort,
        "may_write": may_decide(actor, about), "own": {row.public_id: listings.is_own(row, actor.role) for row in page.rows},
    })  # fmt: skip


def may_decide(actor: Actor, about: str) -> bool:
    """Whether the actor decides on what the list is about (ARC-07)."""
    return all(map(actor.may_write, (Area.ARCHIVE, Area.HOUSEHOLD) if about == listings.FILES else (Area.EMPLOYMENT,)))


@of_part(Part.CHANGES, roles=STAFF)
def next_(request: Request, about: str) -> HttpResponse:
    """On to what waits longest now."""
    of_both(request, about)
    waiting = listings.changes(about, request.actor.role).head(request.actor, {"turn": "own"}, request.cohort, 1)
    if not waiting:
        say(request, "等你审核的都审完了。")
        return redirect("campus:change_queue", about)
    return redirect(listings.FLOWS[about][0].model.detail, waiting[0].public_id)


@of_part(Part.CHANGES, roles=STAFF, write=True)
def batch(request: Request, about: str) -> HttpResponse:
    """What will be approved, before anything is done."""
    of_both(request, about)
    wanted = {"case": ",".join(picked(request.POST.getlist("case"))) or "-", "turn": "own"}
    rows = listings.changes(about, request.actor.role).head(request.actor, wanted, request.cohort, MOST_AT_ONCE)
    if not rows:
        say(request, "先在左边勾选要审核的申请；已经审过的不会再出现。", "info")
        return redirect("campus:change_queue", about)
    return render(request, "campus/application_batch.html", {
        "act": "approve", "verdict": "审核通过", "lines": [(row, token()) for row in rows], "reasons": [], "column": "申请",
        "done_url": reverse("campus:change_batch_done", args=[about]), "back": reverse("campus:change_queue", args=[about]),
    })  # fmt: skip


@of_part(Part.CHANGES, roles=STAFF, write=True)
def batch_done(request: Request, about: str) -> HttpResponse:
    """Each line through its own act, and what became of it; sent again it answers the same and does nothing twice."""
    of_both(request, about)
    sent = {line[0]: line for value in request.POST.getlist("line")[:MOST_AT_ONCE] if (line := parsed(value))}
    if not sent:
        return redirect("campus:change_queue", about)
    model: Any = listings.FLOWS[about][0].model
    found = model.objects.seen_by(request.actor).select_related("graduate").in_bulk(list(sent), field_name="public_id")
    lines = [(found[one], version, key) for one, version, key in sent.values() if one in found]
    results = [
        (case, *told(case, [], outcome))
        for (case, _, _), outcome in zip(lines, approve_all(lines, request.actor), strict=True)
    ]
    return render(request, "campus/application_batch_done.html", {
        "verdict": "审核通过", "missing": len(sent) - len(found), "column": "申请", "done": [(case, words) for case, is_done, words in results if is_done],
        "stopped": [(case, words) for case, is_done, words in results if not is_done], "back": reverse("campus:change_queue", args=[about]),
    })  # fmt: skip
