"""What graduates say of themselves: their own pages, everybody's state for staff, one submission for its reviewer (CAM-02, PKU-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.campus.listings import personal as listings
from qicheng.domain.campus.models import Part, PersonalInformation, Supplement
from qicheng.domain.campus.queries import personal as queries
from qicheng.domain.campus.sheets.personal import PERSONAL, SUPPLEMENT, locked_lines, own_values
from qicheng.domain.orgs import queries as orgs
from qicheng.domain.orgs.effects.accounts import opened
from qicheng.domain.registration import queries as registrations
from qicheng.domain.registration.pages.staff import picked
from qicheng.domain.roster.effects import mark_recommended
from qicheng.domain.transfer.pages.files import own_line
from qicheng.domain.transfer.pages.records import key_of, whole
from qicheng.domain.transfer.pages.reviewing import decision
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import NotFound, Stopped, begin, find, held, open_acts, perform, timeline
from qicheng.foundation.kit import masks
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.download import export
from qicheng.foundation.listing.page import render, say

from .module import of_part

if TYPE_CHECKING:
    from uuid import UUID

    from django.forms import Form

    from qicheng.domain.roster.models import Graduate
    from qicheng.foundation.access import Actor
    from qicheng.foundation.access.pages import Request
    from qicheng.foundation.sheets import Sheet

GRADUATE, STAFF = (Role.GRADUATE,), (Role.COLLEGE, Role.SCHOOL)
EMPLOYMENT = Area.EMPLOYMENT
PEOPLE = {Part.PERSONAL: "campus:personal_people", Part.SUPPLEMENT: "campus:supplements"}


# ---- 个人信息完善


@of_part(Part.PERSONAL, roles=GRADUATE)
def personal(request: Request) -> HttpResponse:
    """The form beside what only the school changes; submitted, it is in the roster at once."""
    actor, graduate = request.actor, own_line(request)
    case = queries.information_of(actor, graduate.pk)
    form, why = filled(request, PERSONAL, graduate), ""
    if request.method == "POST" and form.is_valid():
        try:
            if case is None:
                begin(FLOWS["personal_information"], actor, key=key_of(request), **form.cleaned_data)
            else:
                perform(
                    case,
                    "change",
                    actor,
                    seen=whole(request.POST.get("seen")),
                    key=key_of(request),
                    **form.cleaned_data,
                )
        except Stopped as stopped:
            why = str(stopped)
        else:
            say(request, "个人信息已提交，学校名单里的信息同步更新。")
            return redirect("campus:personal")
    fresh = queries.information_of(actor, graduate.pk) if why else case
    against = held(fresh or blank(PersonalInformation, graduate), actor)
    return render(request, "campus/personal.html", {
        **around(request, graduate), "case": fresh, "form": form, "why": why, "against": against, "origin": selects(form), "key": token(),
        "events": registrations.lines(fresh, timeline(fresh)) if fresh else [], "groups": grouped(form, PERSONAL), "heading": Part.PERSONAL.label,
    }, status=422 if form.errors else 409 if why else 200)  # fmt: skip


@of_part(Part.PERSONAL, roles=(*GRADUATE, *STAFF), area=EMPLOYMENT)
def personal_case(request: Request, public_id: UUID) -> HttpResponse:
    """What one graduate has submitted, with every change of it."""
    case, actor = seen(request, PersonalInformation, public_id), request.actor
    if not actor.role.is_staff:
        return redirect("campus:personal")
    opened(actor, case.flow_name, public_id, cohort=case.cohort, school=case.school_id)
    return render(request, "campus/personal_case.html", {
        **one_of(request, case), "lines": PERSONAL.lines(own_values(case.graduate, PERSONAL)), "labels": PERSONAL.columns, "back": reverse(PEOPLE[Part.PERSONAL]),
    })  # fmt: skip


@of_part(Part.PERSONAL, roles=STAFF, area=EMPLOYMENT)
def personal_people(request: Request) -> HttpResponse:
    """Who has submitted and who has not."""
    return people(request, Part.PERSONAL)


@of_part(Part.PERSONAL, roles=STAFF, area=EMPLOYMENT)
def personal_workbook(request: Request) -> HttpResponse:
    """The same as a workbook."""
    return export(request, "campus", listings.people(Part.PERSONAL), request.GET, reverse(PEOPLE[Part.PERSONAL]))


# ---- 补充个人就业信息


@of_part(Part.SUPPLEMENT, roles=GRADUATE)
def supplement(request: Request) -> HttpResponse:
    """Where it stands; the form while it waits for the graduate, or with `?again` after it was approved."""
    actor, graduate = request.actor, own_line(request)
    found = queries.supplements_of(actor, graduate.pk)
    case = queries.open_one(found)
    form, why = filled(request, SUPPLEMENT, graduate, case), ""
    if request.method == "POST" and form.is_valid():
        try:
            if case is None:
                begin(FLOWS["supplement"], actor, key=key_of(request), **form.cleaned_data)
            else:
                perform(
                    case,
                    "resubmit",
                    actor,
                    seen=whole(request.POST.get("seen")),
                    key=key_of(request),
                    **form.cleaned_data,
                )
        except Stopped as stopped:
            why = str(stopped)
        else:
            say(request, "补充信息已提交，等学院审核。")
            return redirect("campus:supplement")
    status = 422 if form.errors else 409 if why else 200
    return supplementing(
        request, graduate, queries.supplements_of(actor, graduate.pk) if why else found, form, why, status
    )


def supplementing(
    request: Request, graduate: Graduate, found: list[Supplement], form: Form, why: str, status: int
) -> HttpResponse:
    """The page of the graduate, with what was typed if something is wrong with it."""
    actor, now = request.actor, timezone.now()
    case, passed = queries.open_one(found), any(one.state == "approved" for one in found)
    newest = case or next(iter(found), None)
    is_mine = case is not None and case.standing.turn is Role.GRADUATE
    against = held(case or blank(Supplement, graduate), actor)
    is_asked = not against and (
        is_mine or (case is None and (not passed or "again" in request.GET or request.method == "POST"))
    )
    acts = open_acts(case, actor) if case else []
    return render(request, "campus/personal_supplement.html", {
        **around(request, graduate), "case": case, "form": form, "why": why, "against": against, "origin": selects(form), "key": token(),
        "is_asked": is_asked, "passed": passed, "stations": stations(case, Role.GRADUATE) if case else [],
        "tag": registrations.tag(newest, actor.role, now) if newest else ("neu", "没有填写"), "returned": queries.last_words(case) if case else "",
        "waits": registrations.wait_words(case, actor.role, now) if case else "", "others": [one for one in acts if not one.act.in_place],
        "said": SUPPLEMENT.lines(case.terms if case else own_values(graduate, SUPPLEMENT)), "may_change": passed and case is None and not against,
        "events": registrations.lines(newest, timeline(newest)) if newest else [], "earlier": [one for one in found if one is not newest],
        "note": queries.ENOUGH if queries.is_recommended(graduate) else "", "heading": Part.SUPPLEMENT.label,
    }, status=status)  # fmt: skip


@of_part(Part.SUPPLEMENT, roles=(*GRADUATE, *STAFF), area=EMPLOYMENT)
def supplement_case(request: Request, public_id: UUID) -> HttpResponse:
    """One submission beside what the roster says now; the college approves it or returns it."""
    case, actor, now = seen(request, Supplement, public_id), request.actor, timezone.now()
    if not actor.role.is_staff:
        return redirect("campus:supplement")
    opened(actor, case.flow_name, public_id, cohort=case.cohort, school=case.school_id)
    acts = open_acts(case, actor)
    hold = (held(case, actor) or next((one.why for one in acts if one.why), "")) if acts else ""
    return render(request, "campus/personal_review.html", {
        **one_of(request, case), "compared": compared(case), "said": SUPPLEMENT.lines(case.terms), "stations": stations(case, actor.role),
        "tag": registrations.tag(case, actor.role, now), "waits": registrations.wait_words(case, actor.role, now), "hold": hold,
        "acts": [decision(case, one) for one in acts], "onward": onward(case, actor),
        "before": [one for one in queries.supplements_of(actor, case.graduate_id) if one.pk != case.pk],
        "back": reverse("campus:supplement_review" if actor.role is Role.COLLEGE else PEOPLE[Part.SUPPLEMENT]),
    })  # fmt: skip


@of_part(Part.SUPPLEMENT, roles=STAFF, area=EMPLOYMENT)
def supplements(request: Request) -> HttpResponse:
    """Everybody with where the supplement stands; a school marks who is 推免."""
    if request.method == "POST":
        return marked(request)
    return people(request, Part.SUPPLEMENT)


@of_part(Part.SUPPLEMENT, roles=STAFF, area=EMPLOYMENT)
def supplements_workbook(request: Request) -> HttpResponse:
    """The same as a workbook."""
    return export(request, "campus", listings.people(Part.SUPPLEMENT), request.GET, reverse(PEOPLE[Part.SUPPLEMENT]))


def marked(request: Request) -> HttpResponse:
    """Mark those who were ticked as 推免, or take the mark away."""
    actor, act = request.actor, request.POST.get("act", "")
    if actor.role is not Role.SCHOOL or not actor.may_write(EMPLOYMENT) or act not in ("recommend", "unmark"):
        raise Http404
    ticked = picked(request.POST.getlist("people"))
    try:
        number = mark_recommended(ticked, request.cohort, actor, is_recommended=act == "recommend") if ticked else 0
    except Stopped as stopped:
        say(request, str(stopped), "warn")
    else:
        words = "标为推免" if act == "recommend" else "取消推免标记"
        say(
            request,
            f"{number} 人已{words}。" if number else "先在左边勾选还没有这样标记的毕业生。",
            "ok" if number else "info",
        )
    query = request.GET.urlencode()
    return redirect(f"{reverse(PEOPLE[Part.SUPPLEMENT])}{f'?{query}' if query else ''}")


# ---- what the pages share


def people(request: Request, part: Part) -> HttpResponse:
    """A list of everybody with the counts of the states, each count its list."""
    actor, cohort = request.actor, request.cohort
    listing, states = listings.people(part), listings.STATES[part]
    counted = listing.tally(actor, cohort, {key: condition for key, (_, _, condition) in states.items()})
    here = reverse(PEOPLE[part])
    page = listing.page(actor, request.GET, cohort)
    return render(request, "campus/personal_people.html", {
        "page": page, "part": part, "here": here, "tones": {key: tone for key, (_, tone, _) in states.items()}, "cohort": cohort,
        "counters": [
            {"label": words, "count": counted[key], "url": f"{here}?state={key}", "is_current": page.values.get("state") == key}
            for key, (words, _, _) in states.items()
        ],
        "may_mark": part is Part.SUPPLEMENT and actor.role is Role.SCHOOL and actor.may_write(EMPLOYMENT), "further": "major" in page.values,
        "detail": "campus:personal_case" if part is Part.PERSONAL else "campus:supplement_case",
    })  # fmt: skip


def around(request: Request, graduate: Graduate) -> dict[str, Any]:
    """What both pages of a graduate show around the form: what is locked, whom to ask about it."""
    is_shown = request.GET.get("show") == "id"
    locked = [
        (label, masks.id_number(value) if key == "id_number" and not is_shown else value)
        for key, label, value in locked_lines(graduate)
    ]
    return {
        "graduate": graduate,
        "locked": locked,
        "is_shown": is_shown,
        "contacts": orgs.contacts_for(graduate),
        "here": request.path,
        "back": reverse("campus:steps"),
    }


def one_of(request: Request, case: Any) -> dict[str, Any]:
    """What staff see around one graduate's submission."""
    return {
        "case": case, "graduate": case.graduate, "cohort": request.cohort, "here": request.path,
        "locked": [(label, masks.id_number(value) if key == "id_number" else value) for key, label, value in locked_lines(case.graduate)],
        "events": registrations.lines_for_reviewers(case, timeline(case)), "records": timeline(case),
    }  # fmt: skip


def seen(request: Request, model: Any, public_id: UUID) -> Any:
    """The case of that id as far as whoever asks may see it; Http404 else (ORG-01)."""
    try:
        return find(model, public_id, request.actor)
    except NotFound as gone:
        raise Http404 from gone


def blank(model: Any, graduate: Graduate) -> Any:
    """An unsaved case, as it would begin: what holds are asked about."""
    flow = "supplement" if model is Supplement else "personal_information"
    return model(
        flow_name=flow, cohort=graduate.cohort, school_id=graduate.school_id, college_id=graduate.college_id, tier=graduate.tier, graduate=graduate,
    )  # fmt: skip


def filled(request: Request, sheet: Sheet, graduate: Graduate, case: Supplement | None = None) -> Form:
    """The form as it was sent, the three selects put together; else what was submitted last, or what the roster says."""
    made = sheet.form(graduate.cohort)
    if request.method == "POST":
        sent = request.POST.copy()
        if "origin" not in sent:
            sent["origin"] = orgs.chosen_area(sent)
        return made(sent)
    return made(initial=case.terms if case else own_values(graduate, sheet))


def selects(form: Form) -> list[Any]:
    """The three selects of the place of origin."""
    return list(orgs.area_selects(str(form["origin"].value() or "")))


def grouped(form: Form, sheet: Sheet) -> list[tuple[str, list[Any]]]:
    """The fields under the headings of their sheet."""
    found: dict[str, list[Any]] = {}
    for field in sheet:
        found.setdefault(field.group, []).append(form[field.key])
    return list(found.items())


def stations(case: Supplement, role: Role) -> list[tuple[str, str, str]]:
    """(who, word, done|now|you|stop|'') for the relay: in whose hands it is."""
    own, turn = "你" if role is Role.GRADUATE else "毕业生", case.standing.turn
    if case.state == "approved":
        return [(own, "已提交", "done"), ("学院", "已通过", "done"), ("学校名单", "已更新", "done")]
    if case.state == "given_up":
        return [(own, "已放弃", "stop"), ("学院", "审核", ""), ("学校名单", "更新", "")]
    if turn is Role.GRADUATE:
        word = "待修改" if case.state == "returned" else "待提交"
        return [(own, word, "you" if role is turn else "now"), ("学院", "审核", ""), ("学校名单", "更新", "")]
    return [(own, "已提交", "done"), ("学院", "待审核", "you" if role is turn else "now"), ("学校名单", "更新", "")]


def compared(case: Supplement) -> list[tuple[str, str, str, bool, str]]:
    """(label, the roster now, or before where it is over, what was filled in, whether they differ, '') of each field."""
    before = own_values(case.graduate, SUPPLEMENT) if case.live else case.before
    return [
        (field.label, field.shown(before.get(field.key)), field.shown(case.terms.get(field.key)), before.get(field.key) != case.terms.get(field.key), "")
        for field in SUPPLEMENT
    ]  # fmt: skip


def onward(case: Supplement, actor: Actor) -> str:
    """Where a verdict leads: to what waits behind it; '' where it is not this user's turn."""
    if case.standing.turn is not actor.role:
        return ""
    return f"{reverse('campus:supplement_next')}?after={listings.queue().mark(case.waiting_since, case.pk)}"
