"""Applications that a school declared itself: what a graduate can apply for, the form, one application, its printed result (CAM-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header

from qicheng.domain.campus.effects.applications import make_result
from qicheng.domain.campus.flows.application import APPLICATION
from qicheng.domain.campus.guards import applications as guards
from qicheng.domain.campus.listings import applications as listings
from qicheng.domain.campus.models import Application, MadeForm, Part, Purpose
from qicheng.domain.campus.queries import applications as queries
from qicheng.domain.campus.queries.made import published, published_form, why_shut
from qicheng.domain.campus.queries.profile import school_of
from qicheng.domain.campus.sheets import made as sheets
from qicheng.domain.campus.sheets.applications import AFTER, has_result, whole
from qicheng.domain.orgs import queries as orgs
from qicheng.domain.registration import queries as registrations
from qicheng.domain.registration.effects.reviewing import decide_all
from qicheng.domain.registration.pages.graduate import own_line
from qicheng.domain.registration.pages.staff import MOST_AT_ONCE, overtaken, parsed, picked
from qicheng.domain.transfer.pages.files import seen_of
from qicheng.domain.transfer.pages.records import key_of, marked
from qicheng.domain.transfer.pages.reviewing import decision
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import anyone
from qicheng.foundation.flow.gather import gathered, has_its_proofs
from qicheng.foundation.flow.perform import NotFound, Stale, Stopped, begin, find, held, open_acts, perform, timeline
from qicheng.foundation.kit import masks
from qicheng.foundation.kit.calendar import day_of
from qicheng.foundation.kit.numbers import grouped, token
from qicheng.foundation.listing.page import render, say
from qicheng.foundation.papers import store

from .made import laid_out
from .module import of_part

if TYPE_CHECKING:
    from uuid import UUID

    from django.forms import Form
    from django.http import HttpRequest

    from qicheng.foundation.access import Actor
    from qicheng.foundation.access.pages import Request

STAFF = (Role.COLLEGE, Role.SCHOOL)
EVERYBODY = (Role.GRADUATE, *STAFF)
EMPLOYMENT = Area.EMPLOYMENT
HEADING = "申请事项"
# Acts that have a place of their own on the page of an application.
PLACED = frozenset({"edit", "submit"})
VERDICTS = {"approve": "审核通过", "reject": "审核不通过"}


@of_part(Part.APPLICATIONS, roles=EVERYBODY, area=EMPLOYMENT)
def applications(request: Request) -> HttpResponse:
    """To whoever asks what is theirs: what can be applied for, or what was."""
    return own(request) if request.actor.role is Role.GRADUATE else listed(request)


# ---- the graduate's


def own(request: Request) -> HttpResponse:
    """What the school has published, each with what stands against it; the graduate's own applications; public notices."""
    actor, graduate = request.actor, own_line(request)
    forms = published(graduate.school_id, graduate.cohort, Purpose.APPLICATION)
    cases = queries.own_applications(actor, graduate.cohort)
    waiting = {case.form_id: case for case in cases if case.standing.turn is not None}
    return render(request, "campus/applications.html", {
        "offers": [(form, waiting.get(form.pk), why_shut(form, day_of(timezone.now())) or "") for form in forms], "cases": cases,
        "notices": [(case, *queries.notice_of(case)) for case in queries.noticed(graduate.school_id)], "contacts": orgs.contacts_for(graduate),
        "back": reverse("campus:steps"), "heading": HEADING,
    })  # fmt: skip


@of_part(Part.APPLICATIONS, roles=(Role.GRADUATE,))
def apply(request: Request, public_id: UUID) -> HttpResponse:
    """What one application is, what it asks for, what happens then; sent, it begins."""
    actor, graduate = request.actor, own_line(request)
    form = published_form(graduate.school_id, graduate.cohort, Purpose.APPLICATION, public_id)
    if form is None:
        raise Http404
    blank = queries.intended(graduate, form)
    if request.method == "POST":
        try:
            case = begin(APPLICATION, actor, key=key_of(request), form=form)
        except Stopped as stopped:
            say(request, str(stopped), "warn")
            return redirect("campus:apply", public_id)
        return redirect("campus:fill_in_application", case.public_id)
    mine = [case for case in queries.own_applications(actor, graduate.cohort) if case.form_id == form.pk]
    waiting = next((case for case in mine if case.standing.turn is not None), None)
    why = next((why for guard in APPLICATION.against(APPLICATION.begin) if (why := guard(blank, actor))), "")
    return render(request, "campus/application_begin.html", {
        "made": form, "why": "" if waiting else why, "waiting": waiting, "mine": mine, "key": token(), "steps": queries.what_follows(blank),
        "asked": asked(form), "proofs": [sheets.complete(one) for one in blank.made.fields if one["kind"] == "proof"], "after": who_may(blank), "back": reverse("campus:applications"),
        "heading": form.title,
    })  # fmt: skip


def asked(form: MadeForm) -> list[str]:
    """What the form asks for, by its labels, without what only some answers call for."""
    assert form.current is not None
    return [entry["label"] for entry in sheets.asked_of(form.current.fields) if not entry.get("when")]


def who_may(case: Application) -> str:
    """Who may apply, in words; '' where everybody may."""
    after = whole(case.made.terms)["after"]
    return "" if after == "any" else dict(AFTER)[after]


@of_part(Part.APPLICATIONS, roles=(Role.GRADUATE,))
def fill_in(request: Request, public_id: UUID) -> HttpResponse:
    """The form of a draft, or of what was returned; `?check` says at each field what is still missing."""
    case = seen(request, public_id)
    if case.flow.find(case.state, "edit", Role.GRADUATE) is None:
        return settled(request, case)
    if request.method != "POST":
        return filling(request, case, strict(case) if "check" in request.GET else loose(request, case))
    form = loose(request, case)
    if not form.is_valid():
        return filling(request, case, form)
    try:
        if sheets.loose(case.made.fields).changes(
            case.answers, sheets.loose(case.made.fields).stored(form.cleaned_data)
        ):
            perform(case, "edit", request.actor, seen=seen_of(request, case), key=key_of(request), **form.cleaned_data)
    except NotFound:
        raise Http404 from None
    except Stopped as stopped:
        fresh = seen(request, public_id)
        return filling(request, fresh, form, str(stopped)) if fresh.state == case.state else settled(request, fresh)
    if request.POST.get("step") == "keep":
        say(request, "已暂存，还没有提交。可以接着填，也可以以后再来。")
        return redirect("campus:fill_in_application", public_id)
    lacks = any(one.lacks for one in gathered(seen(request, public_id)))
    return redirect("proofs", case.flow_name, public_id) if lacks else redirect(case.detail, public_id)


def filling(request: Request, case: Application, form: Form, why: str = "") -> HttpResponse:
    """The form with what the roster knows above it; what was typed stays."""
    is_wrong = form.is_bound and bool(form.errors)
    return render(request, "campus/application_form.html", {
        "case": case, "form": form, "why": why, "parts": laid_out(case.made.fields, form), "key": token(), "here": request.path,
        "known": sheets.known_of(case.made.fields, sheets.roster_line(own_line(request))), "returned": last_words(case),
        "back": reverse(case.detail, args=[case.public_id]), "heading": case.name,
    }, status=422 if is_wrong and request.method == "POST" else 409 if why else 200)  # fmt: skip


@of_part(Part.APPLICATIONS, roles=EVERYBODY, area=EMPLOYMENT)
def application(request: Request, public_id: UUID) -> HttpResponse:
    """One application, on the page that suits whoever looks."""
    case = seen(request, public_id)
    return applied(request, case) if request.actor.role is Role.GRADUATE else reviewed(request, case)


def applied(request: Request, case: Application) -> HttpResponse:
    """As the graduate sees it: what is still to do, who has it, what happens then, the result."""
    acts = {one.act.name: one for one in open_acts(case, request.actor)}
    return render(request, "campus/application_own.html", {
        **told(request, case), "acts": acts, "others": [one for name, one in acts.items() if name not in PLACED], "key": token(),
        "against": obstacles(case, request.actor) if "submit" in acts else [], "steps": queries.what_follows(case),
        "takes": Role.GRADUATE in case.standing.proofs_by and bool(case.proofs_asked), "timeline": registrations.lines(case, timeline(case)),
        "contacts": orgs.contacts_for(case.graduate), "back": reverse("campus:applications"), "heading": HEADING,
    })  # fmt: skip


def obstacles(case: Application, actor: Actor) -> list[tuple[str, str, str]]:
    """(reason, what to do, where) of everything that stands against submitting."""
    act = case.flow.find(case.state, "submit", Role.GRADUATE)
    assert act is not None
    places: dict[Any, tuple[str, str]] = {
        guards.is_filled_in: ("去填写", reverse("campus:fill_in_application", args=[case.public_id]) + "?check=1"),
        has_its_proofs: ("去上传", reverse("proofs", args=[case.flow_name, case.public_id])),
    }
    return [(why, *places.get(guard, ("", ""))) for guard in case.flow.against(act) if (why := guard(case, actor))]


# ---- the reviewers'


def listed(request: Request) -> HttpResponse:
    """Every application that the reviewer sees, those that wait for it first; its own turn can be decided many at once."""
    actor = request.actor
    page = listings.applications(actor.role).page(actor, request.GET, request.cohort)
    return render(request, "campus/application_list.html", {
        "page": page, "states": APPLICATION.states, "role": actor.role, "cohort": request.cohort, "may_write": actor.may_write(EMPLOYMENT),
        "own": {row.public_id: listings.is_own(row, actor.role) for row in page.rows},
    })  # fmt: skip


def reviewed(request: Request, case: Application) -> HttpResponse:
    """As a reviewer sees it: what was filled in beside the proofs, who has it, what happened."""
    actor, acts, events = request.actor, open_acts(case, request.actor), timeline(case)
    hold = held(case, actor) or next((one.why for one in acts if one.act.primary and one.why), "") if acts else ""
    is_own = case.standing.turn is actor.role
    return render(request, "campus/application_case.html", {
        **told(request, case), "acts": [decision(case, one) for one in acts], "hold": hold, "here": request.path,
        "onward": reverse("campus:next_application") if is_own else "", "events": registrations.lines_for_reviewers(case, events),
        "earlier": queries.had_before(case), "back": f"{reverse('campus:applications')}?{urlencode({'turn': 'own'})}",
    })  # fmt: skip


@of_part(Part.APPLICATIONS, roles=STAFF, area=EMPLOYMENT)
def next_(request: Request) -> HttpResponse:
    """On to what waits longest now."""
    waiting = listings.applications(request.actor.role).head(request.actor, {"turn": "own"}, request.cohort, 1)
    if not waiting:
        say(request, "等你审核的都审完了。")
        return redirect("campus:applications")
    return redirect("campus:application", waiting[0].public_id)


@of_part(Part.APPLICATIONS, roles=STAFF, area=EMPLOYMENT, write=True)
def batch(request: Request) -> HttpResponse:
    """What will be decided, before anything is done; a rejection asks for its reason."""
    actor, act = request.actor, request.POST.get("act", "")
    wanted = {"case": ",".join(picked(request.POST.getlist("case"))) or "-", "turn": "own"}
    rows = (
        listings.applications(actor.role).head(actor, wanted, request.cohort, MOST_AT_ONCE) if act in VERDICTS else []
    )
    if not rows:
        say(request, "先在左边勾选要审核的申请；已经审过的不会再出现。", "info")
        return redirect("campus:applications")
    return render(request, "campus/application_batch.html", {
        "act": act, "verdict": VERDICTS[act], "lines": [(row, token()) for row in rows],
        "reasons": orgs.reasons("reject", school_of(actor)) if act == "reject" else [], "back": reverse("campus:applications"),
    })  # fmt: skip


@of_part(Part.APPLICATIONS, roles=STAFF, area=EMPLOYMENT, write=True)
def batch_done(request: Request) -> HttpResponse:
    """Each line through its own act, and what became of it; sent again it answers the same and does nothing twice."""
    actor, act = request.actor, request.POST.get("act", "")
    given = {key: request.POST.get(key, "")[:500] for key in ("reason", "words")} if act == "reject" else {}
    sent = {line[0]: line for value in request.POST.getlist("line")[:MOST_AT_ONCE] if (line := parsed(value))}
    if act not in VERDICTS or not sent:
        return redirect("campus:applications")
    found = Application.objects.seen_by(actor).select_related("graduate").in_bulk(list(sent), field_name="public_id")
    asked_ = [(found[one], version, key) for one, version, key in sent.values() if one in found]
    outcomes = decide_all(asked_, actor, act, **given)
    results = [(case, outcome) for (case, _, _), outcome in zip(asked_, outcomes, strict=True)]
    return render(request, "campus/application_batch_done.html", {
        "verdict": VERDICTS[act], "missing": len(sent) - len(found),
        "done": [(case, case.flow.states[one.after].label) for case, one in results if not isinstance(one, Stopped)],
        "stopped": [(case, overtaken(one) if isinstance(one, Stale) else str(one)) for case, one in results if isinstance(one, Stopped)],
    })  # fmt: skip


# ---- the result


@of_part(Part.APPLICATIONS, roles=EVERYBODY, area=EMPLOYMENT)
def result(request: Request, public_id: UUID) -> HttpResponse:
    """The printed result; where the worker has not come to it yet, it is made now."""
    case = seen(request, public_id)
    if case.state != "done" or not has_result(case.made.terms):
        raise Http404
    paper = queries.result_of(case)
    if paper is None or not paper.is_made:
        paper = make_result(str(public_id))
    assert paper is not None
    try:
        content = store.read(paper) if paper.is_made else b""
    except store.Damaged:
        content = b""
    if not content:
        say(request, paper.reason or "打印结果现在取不出来，请联系学校。", "warn")
        return redirect(case.detail, public_id)
    name = f"{case.name}-{case.number}.pdf"
    return HttpResponse(content, content_type="application/pdf", headers={
        "Content-Disposition": content_disposition_header(True, name) or "", "Cache-Control": "private, no-store",
    })  # fmt: skip


@anyone
def check(request: HttpRequest, number: str, token: str) -> HttpResponse:
    """To whoever holds the printed result: whether the school issued it, and for whom, without more than that."""
    case = queries.genuine(number, token)
    lines = []
    if case is not None and case.closed_at is not None:
        lines = [
            ("编号", grouped(case.number)), ("材料", whole(case.made.terms)["result_title"]), ("学校", case.school.name),
            ("毕业生", masks.name(case.line["name"])), ("办结日期", queries.words_of_day(case.closed_at)),
        ]  # fmt: skip
    return render(request, "campus/result_check.html", {"lines": lines}, status=200 if lines else 404)


# ---- what requests carry


def seen(request: Request, public_id: UUID) -> Application:
    """The application of that id as far as whoever asks may see it; Http404 else (ORG-01)."""
    try:
        return find(Application, public_id, request.actor)
    except NotFound as gone:
        raise Http404 from gone


def told(request: Request, case: Application) -> dict[str, Any]:
    """What both pages say of an application."""
    now, role, events = timezone.now(), request.actor.role, timeline(case)
    line = case.line or sheets.roster_line(case.graduate)
    terms = whole(case.made.terms)
    return {
        "case": case, "tag": registrations.tag(case, role, now), "waits": "" if case.state == "noticed" else registrations.wait_words(case, role, now),
        "stations": queries.stations(case, role, rejected_by=registrations.rejected_by(events)), "returned": last_words(case),
        "lines": sheets.sheet_of(case.made.fields).lines(case.answers), "known": sheets.known_of(case.made.fields, line), "gathered": gathered(case),
        "number": grouped(case.number) if case.number else "", "has_result": case.state == "done" and bool(terms["result_text"]),
        "notice": queries.notice_of(case) if case.noticed_until else (), "paper": queries.result_of(case) if case.state == "done" else None,
    }  # fmt: skip


def settled(request: Request, case: Application) -> HttpResponse:
    """To the application as it stands: what was asked for cannot be done any more."""
    say(request, f"这份申请现在是「{case.standing.label}」，不能再改。", "warn")
    return redirect(case.detail, case.public_id)


def loose(request: Request, case: Application) -> Form:
    """The form in which something may be missing: what was sent, else what the case has."""
    sheet = sheets.loose(case.made.fields)
    made = sheet.form(case.cohort)
    form = made(request.POST) if request.method == "POST" else made(initial=case.answers)
    form.full_clean()
    return marked(form, sheets.sheet_of(case.made.fields))


def strict(case: Application) -> Form:
    """What the case has, measured by all that is asked."""
    sheet = sheets.sheet_of(case.made.fields)
    form = sheet.form(case.cohort)(case.answers)
    form.full_clean()
    return marked(form, sheet)


def last_words(case: Application) -> str:
    """Why the application came to stand where it does: the words of a return or a rejection; '' else."""
    moved = next((one for one in reversed(timeline(case)) if one.after == case.state and one.before != one.after), None)
    return moved.words if moved and moved.act in ("return", "reject", "object") else ""
