"""Authorising and following verification: the graduate's own page, and what schools and colleges see of it (VER-02, VER-03, VER-04)."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from markupsafe import Markup

from qicheng.domain.orgs.effects.accounts import opened
from qicheng.domain.orgs.queries import contacts_for
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.effects import verification as effects
from qicheng.domain.transfer.flows.verification import AUTHORISATION
from qicheng.domain.transfer.listings import verification as listings
from qicheng.domain.transfer.models import Authorisation
from qicheng.domain.transfer.queries import verification as queries
from qicheng.domain.transfer.queries.reports import is_open
from qicheng.domain.transfer.sheets.reports import PURPOSES
from qicheng.domain.transfer.sheets.verification import AUTHORISATION as ASKED
from qicheng.domain.transfer.sheets.verification import LEAST_DAYS, MOST_DAYS
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import NotFound, Stopped, begin, find, open_acts, timeline
from qicheng.foundation.flow.words import sentence
from qicheng.foundation.kit.numbers import grouped, token
from qicheng.foundation.listing.page import render, say
from qicheng.foundation.papers.typeset import qr_code

from .verifying import TOO_MANY, Looked, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.forms import Form

    from qicheng.domain.transfer.models import TransferReport
    from qicheng.foundation.access.pages import Request, View

STAFF = (Role.COLLEGE, Role.SCHOOL)
USUAL_DAYS = 90


def of_the_module() -> Callable[[View], View]:
    """The page of schools and colleges: by one of the two permissions at least, and it says who can open the module (ORG-02)."""

    def decorate(view: View) -> View:
        @audience(*STAFF)
        @wraps(view)
        def asked(request: Request, *given: Any, **named: Any) -> HttpResponse:
            if not queries.areas_of(request.actor):
                raise Http404
            if not is_open(request.actor, request.cohort):
                return render(request, "transfer/verification_closed.html", {"cohort": request.cohort})
            return view(request, *given, **named)

        return asked

    return decorate


@audience(Role.GRADUATE, *STAFF)
def transfer(request: Request) -> HttpResponse:
    """The graduate's own page, or the list of who has authorised verification."""
    return own(request) if request.actor.role is Role.GRADUATE else authorisations(request)


# ---- the graduate


@audience(Role.GRADUATE)
def own(request: Request) -> HttpResponse:
    """How it stands, the report and its code, every look at it; and the form that authorises it for a period."""
    actor = request.actor
    graduate = Graduate.objects.seen_by(actor).get()
    form = ASKED.form(graduate.cohort)(request.POST or None, initial={"days": USUAL_DAYS})
    why, status = "", 200
    if request.method == "POST":
        if form.is_valid():
            try:
                begin(AUTHORISATION, actor, key=request.POST.get("key", "")[:64] or None, **form.cleaned_data)
            except Stopped as stopped:
                why = str(stopped)
            else:
                say(request, "已授权核验。报告正在生成，好了会发消息告诉你。")
                return redirect("transfer:transfer")
        status = 422
    return showing(request, graduate, form, why=why, status=status)


def showing(request: Request, graduate: Graduate, form: Form, *, why: str = "", status: int = 200) -> HttpResponse:
    """The graduate's page."""
    actor = request.actor
    cases = queries.authorisations(graduate, actor)
    case = next((one for one in cases if one.live), None)
    report = queries.report_of(case, actor) if case else None
    blank = AUTHORISATION.begin.make(actor, days=USUAL_DAYS)
    assert isinstance(blank, Authorisation)
    against = "" if case else next((said for guard in AUTHORISATION.begin.when if (said := guard(blank, actor))), "")
    return render(request, "transfer/authorise.html", {
        "graduate": graduate, "case": case, "acts": open_acts(case, actor) if case else [], "earlier": [one for one in cases if one is not case],
        "form": form, "key": token(), "why": why or against, "can": not against, "confirmation": queries.confirmation_of(graduate, actor),
        "looks": queries.verifications(graduate, actor), "ways": listings.WAYS, "purposes": PURPOSES, "contacts": contacts_for(graduate),
        "least": LEAST_DAYS, "most": MOST_DAYS, "last": blank.until, **of_report(report), "back": reverse("registration:home"), "heading": "授权核验",
    }, status=status)  # fmt: skip


def of_report(report: TransferReport | None) -> dict[str, Any]:
    """The report that can be shown: its number, the address of its code, and the code drawn."""
    if report is None or not report.is_issued:
        return {"report": report, "number": "", "address": "", "code": ""}
    address = queries.address_of(report.number)
    return {"report": report, "number": grouped(report.number), "address": address, "code": Markup(qr_code(address))}  # noqa: S704 -- drawn by us


# ---- schools and colleges


@of_the_module()
def authorisations(request: Request) -> HttpResponse:
    """档案/户口信息核验列表: of each graduate whether verification is authorised (VER-04)."""
    listing = listings.authorisations(queries.areas_of(request.actor)[0])
    return render(request, "transfer/authorisations.html", {
        "page": listing.page(request.actor, request.GET, request.cohort), "tones": listings.TONES, "states": listings.STATES, "tab": "list",
        "may_look": request.actor.may_read(Area.ARCHIVE),
    })  # fmt: skip


@of_the_module()
def log(request: Request) -> HttpResponse:
    """核验记录: when, which way and with what result a report was looked at (VER-03)."""
    listing = listings.verifications(queries.kinds_for(request.actor), queries.areas_of(request.actor)[0])
    return render(
        request,
        "transfer/verifications.html",
        {"page": listing.page(request.actor, request.GET, request.cohort), "tab": "log"},
    )


@of_the_module()
def check(request: Request) -> HttpResponse:
    """档案/户口信息核验: a paper that somebody brought, by its number and name; counted and recorded as everybody's look is."""
    form, answer, why, status = Looked(request.POST or None), None, "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            said = form.cleaned_data
            answer = effects.look(
                effects.STAFF, number=said["number"], name=said["name"], origin=f"account {request.actor.account}"
            )
            status = 200
            if answer.result == effects.BUSY:
                answer, why, status = None, TOO_MANY, 429
    context = {
        "form": form,
        "why": why,
        "tab": "check",
        "domain": queries.domain(),
        **(told(answer) if answer else {"answer": None}),
    }
    response = render(request, "transfer/verify_staff.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@audience(Role.GRADUATE, *STAFF, Role.PROVINCE, Role.MINISTRY)
def authorisation(request: Request, public_id: UUID) -> HttpResponse:
    """One authorisation: how it stands, what happened, every look; the report while it is in force, by the report's own permission."""
    actor = request.actor
    try:
        case = find(Authorisation, public_id, actor)
    except NotFound:
        raise Http404 from None
    if actor.role is Role.GRADUATE:
        return redirect("transfer:transfer")
    opened(actor, case.flow_name, public_id, cohort=case.cohort, school=case.school_id)
    report = queries.report_of(case, actor) if case.live else None
    return render(request, "transfer/authorisation.html", {
        "case": case, "graduate": case.graduate, "timeline": [(sentence(one, case), one.at) for one in timeline(case)][::-1],
        "looks": queries.verifications(case.graduate, actor), "ways": listings.WAYS, "purposes": PURPOSES, "report": report,
        "number": grouped(report.number) if report is not None and report.is_issued else "", "tab": "list",
    })  # fmt: skip
