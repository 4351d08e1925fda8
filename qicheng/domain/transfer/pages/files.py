"""What a graduate opens of file and household: both records, the types, the application to change one (ARC-01, ARC-03, ARC-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.orgs import queries as orgs
from qicheng.domain.registration import queries as registrations
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.effects import records as effects
from qicheng.domain.transfer.guards import records as guards
from qicheng.domain.transfer.models import CHANGES
from qicheng.domain.transfer.queries import records as queries
from qicheng.domain.transfer.sheets.records import TITLES, drafted, kind_of, kinds, lines, sheet_of
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import NotFound, Stopped, begin, find, held, noted, open_acts, perform, timeline
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.page import render, say

from .module import STAFF
from .records import key_of, marked, whole, with_region
from .reviewing import reviewed

if TYPE_CHECKING:
    from uuid import UUID

    from django.forms import Form

    from qicheng.domain.transfer.models import RecordChange
    from qicheng.foundation.access import Actor
    from qicheng.foundation.access.pages import Request

HEADING = "档案、户口登记"
# Acts that have a place of their own on the page of an application.
PLACED = frozenset({"edit", "submit"})


@audience(Role.GRADUATE, *STAFF)
def files(request: Request) -> HttpResponse:
    """Both records of a graduate, each as it stands; staff go on to the module that they may read."""
    actor = request.actor
    if actor.role.is_staff:
        area = next((one for one in TITLES if actor.may_read(one)), None)
        if area is None:
            raise Http404
        return redirect("transfer:module", area)
    graduate = own_line(request)
    return render(request, "transfer/files.html", {
        "graduate": graduate, "parts": [part(area, graduate, actor) for area in TITLES], "contacts": orgs.contacts_for(graduate),
        "written": queries.written, "back": reverse("registration:home"), "heading": HEADING,
    })  # fmt: skip


@audience(Role.GRADUATE)
def types(request: Request) -> HttpResponse:
    """Every type of transfer of the graduate's edition: what it is, what its review goes by, what it asks for (ARC-01)."""
    edition = orgs.edition_of(own_line(request).cohort)
    return render(request, "transfer/types.html", {
        "parts": [(TITLES[area], kinds(area, edition)) for area in TITLES], "back": reverse("transfer:files"), "heading": HEADING,
    })  # fmt: skip


def part(area: Area, graduate: Graduate, actor: Actor) -> dict[str, Any]:
    """What the page shows of one record: where it stands, who has it, what it says and whence, what can be done."""
    blank = queries.intended(area, graduate)
    record, changes = queries.record_of(actor, area, graduate.pk), queries.changes_of(actor, area, graduate.pk)
    case, why = queries.unfinished(changes), held(blank, actor)
    closed = why or guards.school_takes_them(blank, actor)
    registered = record if record is not None and record.is_registered else None
    return {
        "area": area, "title": TITLES[area], "tag": queries.standing(record, case), "why": why, "closed": "" if case else closed,
        "record": registered, "lines": lines(area, registered.values) if registered else [], "kind": kind_of(area, registered.kind) if registered else None,
        "came_from": queries.came_from(registered, actor) if registered else ("", ""), "case": case,
        "case_tag": registrations.tag(case, actor.role, timezone.now()) if case else None,
        "waits": registrations.wait_words(case, actor.role, timezone.now()) if case else "",
        "stations": queries.stations(case, actor.role) if case else [], "returned": last_words(case) if case else "",
        "earlier": [one for one in changes if one is not case], "history": noted(effects.about(area), case=str(graduate.pk), newest=20),
    }  # fmt: skip


# ---- the application


@audience(Role.GRADUATE)
def change(request: Request, area: Area) -> HttpResponse:
    """The form of a new application, filled with the record as it stands; the first saving makes the draft."""
    actor, graduate = request.actor, own_line(request)
    waiting = queries.unfinished(queries.changes_of(actor, area, graduate.pk))
    if waiting is not None and request.method == "GET":
        if waiting.standing.turn is Role.GRADUATE:
            return redirect("transfer:fill_in", area, waiting.public_id)
        return redirect(waiting.detail, waiting.public_id)
    blank = queries.intended(area, graduate)
    why = held(blank, actor) or next((why for guard in blank.flow.begin.when if (why := guard(blank, actor))), None)
    if why and request.method == "GET":
        say(request, why, "warn")
        return redirect("transfer:files")
    form = loose(request, blank, queries.record_of(actor, area, graduate.pk))
    if request.method == "POST" and form.is_valid():
        try:
            case = begin(FLOWS[blank.flow_name], actor, key=key_of(request), **form.cleaned_data)
        except Stopped as stopped:
            return filling(request, blank, form, str(stopped))
        return onward(request, area, case.public_id)
    return filling(request, blank, form)


@audience(Role.GRADUATE)
def fill_in(request: Request, area: Area, public_id: UUID) -> HttpResponse:
    """The form of a draft, or of what was returned; `?check` says at each field what is still missing."""
    case = own(request, area, public_id)
    if case.flow.find(case.state, "edit", Role.GRADUATE) is None:
        return overtaken(request, case)
    if request.method != "POST":
        return filling(request, case, strict(case) if "check" in request.GET else loose(request, case))
    form = loose(request, case)
    if not form.is_valid():
        return filling(request, case, form)
    try:
        if any((case.values.get(key) or "") != (value or "") for key, value in form.cleaned_data.items()):
            perform(case, "edit", request.actor, seen=seen_of(request, case), key=key_of(request), **form.cleaned_data)
    except NotFound:
        raise Http404 from None
    except Stopped as stopped:
        fresh = own(request, area, public_id)
        return filling(request, fresh, form, str(stopped)) if fresh.state == case.state else overtaken(request, fresh)
    return onward(request, area, public_id)


def filling(request: Request, case: RecordChange, form: Form, why: str = "") -> HttpResponse:
    """The form with its types, what each is and goes by; what was typed stays."""
    is_wrong, is_new = form.is_bound and bool(form.errors), not case.version
    return render(request, "transfer/change_form.html", {
        "case": case, "form": form, "why": why, "title": TITLES[case.AREA], "is_new": is_new, "kinds": kinds(case.AREA, case.edition), "key": token(),
        "region": orgs.area_selects(str(form["region"].value() or "")), "returned": "" if is_new else last_words(case), "here": request.path,
        "back": reverse("transfer:files") if is_new else reverse(case.detail, args=[case.public_id]), "heading": f"修改{TITLES[case.AREA]}信息",
    }, status=422 if is_wrong and request.method == "POST" else 409 if why else 200)  # fmt: skip


@audience(Role.GRADUATE, *STAFF)
def application(request: Request, area: Area, public_id: UUID) -> HttpResponse:
    """One application, on the page that suits whoever looks."""
    actor = request.actor
    if actor.role.is_staff and not (actor.may_read(area) and queries.module_is_open(area, request.cohort, actor)):
        raise Http404
    case = own(request, area, public_id)
    return reviewed(request, case) if actor.role.is_staff else applied(request, case)


def applied(request: Request, case: RecordChange) -> HttpResponse:
    """An application as its graduate sees it: who has it, what still stands against submitting it, what it would change."""
    actor, now, events, area = request.actor, timezone.now(), timeline(case), case.AREA
    acts = {one.act.name: one for one in open_acts(case, actor)}
    record = queries.record_of(actor, area, case.graduate_id)
    return render(request, "transfer/change.html", {
        "case": case, "title": TITLES[area], "tag": registrations.tag(case, actor.role, now), "waits": registrations.wait_words(case, actor.role, now),
        "stations": queries.stations(case, actor.role, rejected_by=registrations.rejected_by(events)), "returned": last_words(case),
        "acts": acts, "others": [one for name, one in acts.items() if name not in PLACED], "key": token(),
        "against": obstacles(case, actor) if "submit" in acts else [], "kind": kind_of(area, case.kind), "compared": queries.compared(case, record, None),
        "is_open": case.standing.turn is not None, "timeline": registrations.lines(case, events), "contacts": orgs.contacts_for(case.graduate),
        "back": reverse("transfer:files"), "heading": HEADING,
    })  # fmt: skip


def obstacles(case: RecordChange, actor: Actor) -> list[tuple[str, str, str]]:
    """(reason, what to do, where) of everything that stands against submitting."""
    act = case.flow.find(case.state, "submit", Role.GRADUATE)
    assert act is not None
    form = f"{reverse('transfer:fill_in', args=[case.AREA, case.public_id])}?check=1"
    places: dict[Any, tuple[str, str]] = {
        guards.has_confirmed: ("去核对个人信息", reverse("roster:check")), guards.is_filled_in: ("去填写", form),
        guards.fits_destination: ("去修改", form), guards.something_changes: ("去修改", form),
    }  # fmt: skip
    return [(why, *places.get(guard, ("", ""))) for guard in case.flow.against(act) if (why := guard(case, actor))]


# ---- what requests carry


def own_line(request: Request) -> Graduate:
    """The roster line on which whoever asks stands."""
    return Graduate.objects.seen_by(request.actor).select_related("school", "college").get()


def own(request: Request, area: Area, public_id: UUID) -> RecordChange:
    """The application of that id as far as whoever asks may see it; Http404 else (ORG-01)."""
    try:
        return find(CHANGES[area], public_id, request.actor)
    except NotFound as gone:
        raise Http404 from gone


def overtaken(request: Request, case: RecordChange) -> HttpResponse:
    """To the application as it stands: what was asked for cannot be done any more."""
    say(request, f"这份申请现在是「{case.standing.label}」，不能再改。", "warn")
    return redirect(case.detail, case.public_id)


def onward(request: Request, area: Area, public_id: UUID) -> HttpResponse:
    """To the check before submitting, or back to the form that was saved."""
    if request.POST.get("step") == "check":
        return redirect(CHANGES[area].detail, public_id)
    say(request, "已暂存，还没有提交。可以接着填，也可以以后再来。")
    return redirect("transfer:fill_in", area, public_id)


def seen_of(request: Request, case: Any) -> int:
    """The version that the page showed."""
    seen = whole(request.POST.get("seen"))
    return case.version if seen < 0 else seen


def loose(request: Request, case: RecordChange, record: Any = None) -> Form:
    """The form in which something may be missing: what was sent, else what the case has, or the record for a new one."""
    made = drafted(case).form(case.cohort)
    if request.method == "POST":
        form = made(with_region(request))
        form.full_clean()
        return marked(form, sheet_of(case))
    offered = {one.code for one in kinds(case.AREA, case.edition)}
    start = record.values if record is not None and record.kind in offered else {}
    return marked(made(initial=case.values if case.version else start), sheet_of(case))


def strict(case: RecordChange) -> Form:
    """What the case has, measured by all that is asked."""
    form = sheet_of(case).form(case.cohort)(case.values)
    form.full_clean()
    return marked(form, sheet_of(case))


def last_words(case: RecordChange) -> str:
    """Why the application came to stand where it does: the words of a return or a rejection; '' else."""
    moved = next((one for one in reversed(timeline(case)) if one.after == case.state and one.before != one.after), None)
    return moved.words if moved and moved.act in ("return", "reject") else ""
