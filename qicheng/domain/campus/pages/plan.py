"""上报就业方案: what a college has, who has filled in nothing, the report; what the career centre takes or sends back (PKU-03)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from qicheng.domain.campus.effects import plan as effects
from qicheng.domain.campus.effects.reminding import AT_ONCE
from qicheng.domain.campus.listings import plan as listings
from qicheng.domain.campus.models import Part, Plan
from qicheng.domain.campus.queries import plan as queries
from qicheng.domain.campus.queries.profile import closing_day, profile_of, school_of
from qicheng.domain.campus.sheets.plan import REPORT
from qicheng.foundation.access import Area, Role, Tier
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import NotFound, Stopped, begin, find, open_acts, timeline
from qicheng.foundation.flow.words import sentence
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.download import export
from qicheng.foundation.listing.page import render, say

from .module import of_part

if TYPE_CHECKING:
    from uuid import UUID

    from qicheng.foundation.access.pages import Request

BOTH = (Role.COLLEGE, Role.SCHOOL)
EMPLOYMENT = Area.EMPLOYMENT


@of_part(Part.PLAN, roles=BOTH, area=EMPLOYMENT)
def plans(request: Request) -> HttpResponse:
    """The college's plans, one of each tier, with what there is to report; to the school, what its colleges have reported."""
    if request.actor.role is Role.SCHOOL:
        page = listings.plans().page(request.actor, request.GET, request.cohort)
        return render(request, "campus/plans.html", {"page": page, "closing": closing(request), "unreported": unreported(request)})  # fmt: skip
    found = [standing(request, tier) for tier in queries.tiers_of(request.actor)]
    return render(request, "campus/plan_college.html", {
        "found": [one for one in found if one["counts"].total or one["plan"]], "closing": closing(request), "cohort": request.cohort,
        "may_write": request.actor.may_write(EMPLOYMENT),
    })  # fmt: skip


def closing(request: Request) -> Any:
    """The day from which on is reported."""
    school = school_of(request.actor)
    assert school is not None
    return closing_day(profile_of(school, request.cohort))


def standing(request: Request, tier: Tier) -> dict[str, Any]:
    """What the college's page shows of one tier: its plan, the numbers by 就业形式, and why it cannot be reported now."""
    actor = request.actor
    blank = intended(request, tier)
    case = queries.plan_of(actor, actor.node, request.cohort, tier)
    forms = listings.people().tallies(actor, request.cohort, queries.FORM, {"number": "true"}, {"tier": tier.value})
    flow = FLOWS["plan"]
    why = None if case else next((why for guard in flow.against(flow.begin) if guard.__name__ != "everybody_is_accounted_for" and (why := guard(blank, actor))), None)  # fmt: skip
    return {
        "tier": tier, "plan": case, "counts": queries.counts(blank), "why": why,
        "forms": [(queries.words_of(form), numbers["number"], form) for form, numbers in forms],
        "tag": case.standing.tag(actor.role) if case else None,
    }  # fmt: skip


def unreported(request: Request) -> list[tuple[str, str]]:
    """(college, tier) of those that have graduates and have reported nothing."""
    numbers = listings.people().tallies(
        request.actor, request.cohort, "g.college_id || ' ' || g.tier", {"number": "true"}
    )
    reported = {
        f"{row.college_id} {row.tier}"
        for row in Plan.objects.seen_by(request.actor).filter(cohort=request.cohort, live=True)
    }
    left = [value.split(" ") for value, _ in numbers if value not in reported]
    names = queries.names_of_colleges([int(college) for college, _ in left])
    return sorted((names[int(college)], Tier(tier).label) for college, tier in left)


@of_part(Part.PLAN, roles=BOTH, area=EMPLOYMENT)
def people(request: Request, tier: str) -> HttpResponse:
    """The preview: everybody of one tier with what stands there now, under the filters."""
    asked = {**request.GET.dict(), "tier": known(request, tier).value}
    page = listings.people().page(request.actor, asked, request.cohort)
    return render(request, "campus/plan_people.html", {
        "page": page, "tier": Tier(tier), "may_remind": request.actor.may_write(EMPLOYMENT) and request.actor.role is Role.COLLEGE,
        "missing": listings.people().count(request.actor, {"tier": tier, "stage": "missing"}, request.cohort),
    })  # fmt: skip


@of_part(Part.PLAN, roles=BOTH, area=EMPLOYMENT)
def people_workbook(request: Request, tier: str) -> HttpResponse:
    """The preview as a workbook, on record (EXP-01)."""
    asked = {**request.GET.dict(), "tier": known(request, tier).value}
    return export(request, "campus", listings.people(), asked, reverse("campus:plan_people", args=[tier]))


@of_part(Part.PLAN, roles=(Role.COLLEGE,), area=EMPLOYMENT, write=True)
def remind(request: Request, tier: str) -> HttpResponse:
    """Remind those who have filled in nothing, once a day at most."""
    if request.method == "POST":
        asked = {"tier": known(request, tier).value, "stage": "missing"}
        found = listings.people().head(request.actor, asked, request.cohort, AT_ONCE)
        try:
            number = effects.remind([row.public_id for row in found], request.actor, request.cohort)
        except Stopped as stopped:
            say(request, str(stopped), "warn")
        else:
            say(
                request,
                f"已提醒 {number} 人，今天不再重复提醒。" if number else "没有要提醒的人：都填报了，或者今天提醒过。",
                "ok" if number else "warn",
            )
    return redirect(f"{reverse('campus:plan_people', args=[tier])}?stage=missing")


@of_part(Part.PLAN, roles=(Role.COLLEGE,), area=EMPLOYMENT, write=True)
def report(request: Request, tier: str) -> HttpResponse:
    """What will be reported and what follows; then the report itself."""
    blank, actor = intended(request, known(request, tier)), request.actor
    form = REPORT.form()(request.POST if request.method == "POST" else None)
    why, status = "", 200
    if request.method == "POST" and form.is_valid():
        try:
            case = begin(
                FLOWS["plan"],
                actor,
                key=request.POST.get("key", "")[:64] or None,
                cohort=request.cohort,
                tier=tier,
                **form.cleaned_data,
            )
        except Stopped as stopped:
            why, status = str(stopped), 422
        else:
            say(request, f"已上报，接下来等学校接收。这 {case.total} 人不能再自己修改。")  # type: ignore[attr-defined]
            return redirect(case.detail, case.public_id)
    return render(request, "campus/plan_report.html", {
        **standing(request, Tier(tier)), "form": form, "refused": why, "key": request.POST.get("key") or token(), "college": blank.college.name,
        "cohort": request.cohort,
    }, status=422 if form.is_bound and form.errors else status)  # fmt: skip


@of_part(Part.PLAN, roles=BOTH, area=EMPLOYMENT)
def plan(request: Request, public_id: UUID) -> HttpResponse:
    """One plan: the lines of its newest round, or of the round asked for, what has changed since, what can be done."""
    case, actor = seen(request, public_id), request.actor
    asked = {**request.GET.dict(), "plan": str(case.pk), "round": round_of(request, case)}
    page = listings.lines().page(actor, asked, request.cohort, {"changed": listings.CHANGED})
    forms = listings.lines().tallies(
        actor, request.cohort, "l.form", {"number": "true"}, {"plan": str(case.pk), "round": asked["round"]}
    )
    return render(request, "campus/plan.html", {
        "case": case, "page": page, "tag": case.standing.tag(actor.role), "acts": open_acts(case, actor), "round": int(asked["round"]),
        "forms": [(queries.words_of(form), numbers["number"]) for form, numbers in forms], "tier": Tier(case.tier),
        "lines": [(sentence(one, case), one.at, "") for one in reversed(timeline(case))],
    })  # fmt: skip


@of_part(Part.PLAN, roles=BOTH, area=EMPLOYMENT)
def workbook(request: Request, public_id: UUID) -> HttpResponse:
    """A round of a plan as a workbook, with what has changed since, on record (EXP-01)."""
    case = seen(request, public_id)
    asked = {"plan": str(case.pk), "round": round_of(request, case)}
    return export(request, "campus", listings.lines(), asked, reverse("campus:plan", args=[public_id]))


def intended(request: Request, tier: Tier) -> Plan:
    """The plan as it would begin, of the actor's college."""
    school = school_of(request.actor)
    assert school is not None
    return queries.intended(request.actor, request.actor.node, school, request.cohort, tier.value)


def known(request: Request, tier: str) -> Tier:
    """The tier, if whoever asks answers for it; Http404 else."""
    if tier not in queries.tiers_of(request.actor):
        raise Http404
    return Tier(tier)


def seen(request: Request, public_id: UUID) -> Plan:
    """The plan that whoever asks may see; Http404 else."""
    try:
        return find(Plan, public_id, request.actor)
    except NotFound:
        raise Http404 from None


def round_of(request: Request, case: Plan) -> str:
    """The round that was asked for, the newest without one."""
    asked = request.GET.get("round", "")
    return asked if asked.isdecimal() and len(asked) < 4 and 1 <= int(asked) <= case.rounds else str(case.rounds)
