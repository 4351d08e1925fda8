"""户档信息登记: the graduate's form with its five steps, and the case as its reviewers decide it (CAM-07, CAM-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.campus.guards import files as guards
from qicheng.domain.campus.listings import files as listings
from qicheng.domain.campus.models import FileRegistration, Part
from qicheng.domain.campus.queries import files as queries
from qicheng.domain.campus.sheets import files as sheets
from qicheng.domain.orgs import queries as orgs
from qicheng.domain.registration import queries as registrations
from qicheng.domain.registration.listings import late, long_wait
from qicheng.domain.registration.pages.graduate import own_line
from qicheng.domain.transfer.pages.files import seen_of
from qicheng.domain.transfer.pages.records import key_of, marked
from qicheng.domain.transfer.pages.reviewing import decision
from qicheng.domain.transfer.sheets.records import kinds
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import NotFound, Stopped, begin, find, held, open_acts, perform, timeline
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.page import render, say

from .module import of_part

if TYPE_CHECKING:
    from uuid import UUID

    from django.forms import Form
    from django.http import HttpResponse

    from qicheng.foundation.access.pages import Request
    from qicheng.foundation.listing import Listing

HEADING = "户档信息登记"
STAFF = (Role.COLLEGE, Role.SCHOOL)
# The guide's own notice, on yellow.
EDITABLE = "「保存」或「提交」以后，学院辅导员没有审核之前都可以修改或重新填写；辅导员审核以后不能修改，需要修改的请联系辅导员。"
# Acts that have a place of their own on the page.
PLACED = frozenset({"edit", "submit"})


# ---- the graduate's form


@of_part(Part.FILES, roles=(Role.GRADUATE,))
def files(request: Request) -> HttpResponse:
    """The form as it stands, prefilled from the unit; 保存 keeps it, 提交 gives it to the reviewers (CAM-08)."""
    actor, graduate = request.actor, own_line(request)
    case = queries.newest(actor, graduate.pk)
    if case is None or not case.live:
        case = queries.intended(graduate)
    if case.version and case.flow.find(case.state, "edit", Role.GRADUATE) is None:
        return redirect(case.detail, case.public_id)
    why = held(case, actor) or guards.destination_is_submitted(case, actor)
    if why:
        return render(request, "campus/file_barred.html", {
            "why": why, "stations": queries.stations(None, actor.role, is_open=False), "back": reverse("campus:steps"), "heading": HEADING,
        })  # fmt: skip
    form = filled(request, case, "check" in request.GET)
    if request.method == "POST" and form.is_valid():
        return sent(request, case, form)
    return filling(request, case, form)


def filled(request: Request, case: FileRegistration, is_checked: bool) -> Form:
    """The form: what was sent, or what the case has, or what the unit says (also on `?refill`); measured by all that is asked where `is_checked`."""
    submitting = request.POST.get("step") == "submit" or case.state == "college_review"
    sheet = sheets.sheet_of(case) if is_checked or (request.method == "POST" and submitting) else sheets.drafted(case)
    values = start(case) if not case.version or "refill" in request.GET else case.terms
    sent = request.POST if request.method == "POST" else values if is_checked else None
    form = sheet.form(case.cohort)(sent, initial=values)
    if form.is_bound:
        form.full_clean()
    return marked(form, sheets.sheet(case.edition))


def start(case: FileRegistration) -> dict[str, str]:
    """What a new form begins with (CAM-07)."""
    around: Any = case.above("graduate")
    return sheets.prefilled(case.edition, sheets.unit_now(case), school=case.school.name, moved=around.household_moved)


def sent(request: Request, case: FileRegistration, form: Form) -> HttpResponse:
    """Keep what was typed, submit it where that was asked, and say where it stands."""
    actor, key = request.actor, key_of(request)
    try:
        if not case.version:
            begun = begin(FLOWS[queries.FLOW], actor, key=key, **form.cleaned_data)
            assert isinstance(begun, FileRegistration)
            case = begun
        elif case.terms != sheets.kept(case.edition, form.cleaned_data):
            perform(case, "edit", actor, seen=seen_of(request, case), key=key, **form.cleaned_data)
        if request.POST.get("step") == "submit" and case.state != "college_review":
            perform(case, "submit", actor, seen=case.version)
    except NotFound:
        raise Http404 from None
    except Stopped as stopped:
        return filling(request, case, form, str(stopped))
    if case.state == "college_review":
        say(request, "已提交，等学院审核。审核之前还可以修改。")
        return redirect(case.detail, case.public_id)
    say(request, "已保存，还没有提交。可以接着填，也可以以后再来。")
    return redirect("campus:files")


def filling(request: Request, case: FileRegistration, form: Form, why: str = "") -> HttpResponse:
    """The form under its five steps, with the reason of a refusal on top."""
    is_wrong = form.is_bound and bool(form.errors)
    return render(request, "campus/file_form.html", {
        "case": case, "form": form, "why": why, "is_new": not case.version, "stations": queries.stations(case if case.version else None, Role.GRADUATE, is_open=True),
        "refusal": queries.refusal(case) if case.version else ("", ""), "moved": changed(case), "editable": EDITABLE, "warning": sheets.WARNING,
        "groups": {group: [form[one.key] for one in sheets.sheet(case.edition) if one.group == group] for group in (sheets.ARCHIVE, sheets.HOUSEHOLD)},
        "kinds": {"archive_type": kinds(Area.ARCHIVE, case.edition), "household_kind": kinds(Area.HOUSEHOLD, case.edition)},
        "unit": sheets.unit_now(case), "key": token(), "back": reverse("campus:steps"), "heading": HEADING,
    }, status=422 if is_wrong and request.method == "POST" else 409 if why else 200)  # fmt: skip


def changed(case: FileRegistration) -> str:
    """What is said where the destination has changed since it was submitted; '' else."""
    if not sheets.has_moved(case):
        return ""
    unit = sheets.unit_now(case)
    if unit == sheets.Unit():
        return "毕业去向登记现在没有提交。重新提交去向以后，再对照新的单位改这里。"
    return f"{guards.MOVED_ON}，现在的单位是「{unit.receiver or '没有单位'}」。对照新的去向改好，重新提交。"


# ---- one case


@of_part(Part.FILES, roles=(Role.GRADUATE, *STAFF))
def file_case(request: Request, public_id: UUID) -> HttpResponse:
    """A case on the page that suits whoever looks."""
    actor = request.actor
    if actor.role.is_staff and not (actor.may_read(Area.ARCHIVE) and actor.may_read(Area.HOUSEHOLD)):
        raise Http404
    try:
        case = find(FileRegistration, public_id, actor)
    except NotFound:
        raise Http404 from None
    return reviewed(request, case) if actor.role.is_staff else registered(request, case)


def registered(request: Request, case: FileRegistration) -> HttpResponse:
    """The case as its graduate sees it: where it stands, what was filled in, what happened."""
    actor, now, events = request.actor, timezone.now(), timeline(case)
    acts = {one.act.name: one for one in open_acts(case, actor)}
    return render(request, "campus/file_case.html", {
        "case": case, "tag": registrations.tag(case, actor.role, now), "waits": registrations.wait_words(case, actor.role, now),
        "stations": queries.stations(case, actor.role, is_open=True), "refusal": queries.refusal(case), "moved": changed(case) if case.live else "",
        "groups": sheets.lines(case), "acts": acts, "others": [one for name, one in acts.items() if name not in PLACED and not one.why],
        "timeline": registrations.lines(case, events), "contacts": orgs.contacts_for(case.graduate), "key": token(),
        "back": reverse("campus:steps"), "heading": HEADING,
    })  # fmt: skip


def reviewed(request: Request, case: FileRegistration) -> HttpResponse:
    """The case as its reviewers see it: what was filled in beside the unit, what is doubtful, the verdicts."""
    actor, now, events = request.actor, timezone.now(), timeline(case)
    acts = open_acts(case, actor)
    unit = sheets.unit_now(case)
    return render(request, "campus/file_review.html", {
        "case": case, "tag": registrations.tag(case, actor.role, now), "waits": registrations.wait_words(case, actor.role, now),
        "stations": queries.stations(case, actor.role, is_open=True), "groups": sheets.lines(case), "doubts": sheets.doubts(case) if case.standing.turn else [],
        "moved": changed(case) if case.standing.turn else "", "unit": unit, "unit_lines": sheets.unit_lines(unit) if actor.may_read(Area.EMPLOYMENT) else None,
        "kind": next((one for one in kinds(Area.ARCHIVE, case.edition) if one.code == case.terms.get("archive_type")), None),
        "events": registrations.lines_for_reviewers(case, events), "acts": [decision(case, one) for one in acts], "onward": onward(request, case),
        "back": reverse("campus:file_queue"), "here": request.path,
    })  # fmt: skip


def onward(request: Request, case: FileRegistration) -> str:
    """Where a verdict leads: to what waits behind the case; '' where it is not this user's turn."""
    if case.standing.turn is not request.actor.role:
        return ""
    mark = listings.queue(request.actor.role).mark(case.waiting_since, case.pk)
    return f"{reverse('campus:next_file')}?{urlencode({'after': mark})}"


# ---- what waits


def of_both(request: Request) -> None:
    """Http404 for whoever may read only one of the two things (ARC-07)."""
    if not request.actor.may_read(Area.HOUSEHOLD):
        raise Http404


@of_part(Part.FILES, roles=STAFF, area=Area.ARCHIVE)
def queue(request: Request) -> HttpResponse:
    """What waits for this user, the longest wait first."""
    return listed(request, listings.queue(request.actor.role), is_all=False)


@of_part(Part.FILES, roles=STAFF, area=Area.ARCHIVE)
def everything(request: Request) -> HttpResponse:
    """Everything that was submitted, in all its states."""
    return listed(request, listings.everything(), is_all=True)


def listed(request: Request, listing: Listing, *, is_all: bool) -> HttpResponse:
    """One of the two lists under its filters."""
    of_both(request)
    actor, cohort = request.actor, request.cohort
    return render(request, "campus/file_queue.html", {
        "page": listing.page(actor, request.GET, cohort), "is_all": is_all, "now_": timezone.now(), "late": late(actor, cohort),
        "long_wait": long_wait(actor, cohort),
    })  # fmt: skip


@of_part(Part.FILES, roles=STAFF, area=Area.ARCHIVE)
def next_(request: Request) -> HttpResponse:
    """On to the case that waits behind the one that was just decided."""
    of_both(request)
    actor, waiting = request.actor, listings.queue(request.actor.role)
    after = {"after": request.GET.get("after", "")}
    found = waiting.head(actor, after, request.cohort, 1) or waiting.head(actor, {}, request.cohort, 1)
    return redirect(FileRegistration.detail, found[0].public_id) if found else redirect("campus:file_queue")
