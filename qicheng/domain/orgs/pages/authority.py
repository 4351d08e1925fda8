"""Pages of provinces and of the ministry: agreement form, modules, schools, cohorts, units to verify (SET-01, ORG-02, EMP-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.effects import settings, units
from qicheng.domain.orgs.effects.accounts import opened
from qicheng.domain.orgs.models import (
    Cohort,
    Employer,
    EmployerCase,
    Province,
    ProvinceSettings,
    School,
    SigningSettings,
)
from qicheng.domain.orgs.pages import filled, status_of, tried, with_area
from qicheng.domain.orgs.pages.school import LABELS
from qicheng.domain.orgs.sheets import COHORT, NEW_PROVINCE, NEW_SCHOOL, PROVINCE, UNIT, WHOLE
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import noted
from qicheng.foundation.listing.page import render

if TYPE_CHECKING:
    from uuid import UUID

AUTHORITIES = (Role.PROVINCE, Role.MINISTRY)
PAGE = 50


@audience(*AUTHORITIES, area=Area.EMPLOYMENT)
def settings_page(request: Any) -> HttpResponse:
    """What a province sets for its schools; the ministry sees what every province has set."""
    return provinces_overview(request) if request.actor.role is Role.MINISTRY else province_settings(request)


def province_settings(request: Any) -> HttpResponse:
    """Agreement form and modules of one's own province."""
    actor, cohort = request.actor, request.cohort
    shown = settings.province_values(actor.node, cohort)
    form = filled(PROVINCE, request, shown)
    seen = request.POST.get("seen", "")
    done = "设置已保存，本省学校马上按新设置办理。"
    if tried(request, form, lambda given: settings.set_province(actor, cohort, seen, given), done):
        return redirect("orgs:gov_settings")
    context = {
        "form": form, "seen": queries.stamp(shown), "cohort": cohort, "may_write": actor.may_write(Area.EMPLOYMENT),
        "records": noted("province_settings", case=f"province {actor.node}", newest=20), "labels": LABELS,
    }  # fmt: skip
    return render(request, "orgs/province_settings.html", context, status=status_of(form))


def provinces_overview(request: Any) -> HttpResponse:
    """Every province with its form and modules for the cohort; cohorts with their editions."""
    cohort = request.cohort
    forms = {
        row.province_id: row.get_agreement_form_display() for row in ProvinceSettings.objects.filter(cohort=cohort)
    }
    provinces = Province.objects.annotate(
        schools=Count("school", distinct=True),
        modules=Count("opening", filter=Q(opening__cohort=cohort, opening__is_open=True), distinct=True),
    ).order_by("code")
    context = {"provinces": provinces, "forms": forms, "cohorts": Cohort.objects.order_by("-year"), "cohort": cohort}
    return render(request, "orgs/provinces.html", context)


@audience(Role.MINISTRY, area=Area.EMPLOYMENT, write=True)
def new_province(request: Any) -> HttpResponse:
    """Add a province."""
    form = filled(NEW_PROVINCE, request)
    act = lambda given: settings.add_province(request.actor, given["code"], given["name"])  # noqa: E731
    if tried(request, form, act, "省份已添加，接下来给它建账号。"):
        return redirect("orgs:gov_settings")
    return render(
        request,
        "orgs/simple.html",
        {"form": form, "heading": "添加省份", "button": "添加省份", "back": "orgs:gov_settings"},
        status=status_of(form),
    )


@audience(Role.MINISTRY, area=Area.EMPLOYMENT, write=True)
def cohort(request: Any) -> HttpResponse:
    """Add a cohort, or set the edition that it follows from now on (REG-12)."""
    form = filled(COHORT, request, {"year": request.GET.get("year", "")[:4], "edition": "2024"})
    act = lambda given: settings.set_cohort(request.actor, given["year"], given["edition"])  # noqa: E731
    if tried(request, form, act, "届别已设置，之前办理的业务仍按当时的规则。"):
        return redirect("orgs:gov_settings")
    return render(
        request,
        "orgs/simple.html",
        {"form": form, "heading": "设置届别", "button": "设置届别", "back": "orgs:gov_settings"},
        status=status_of(form),
    )


@audience(*AUTHORITIES, area=Area.EMPLOYMENT)
def schools(request: Any) -> HttpResponse:
    """The schools below, and whether each has submitted its settings."""
    actor = request.actor
    rows = School.objects.select_related("province").order_by("province__code", "code")
    rows = rows.filter(province=actor.node) if actor.role is Role.PROVINCE else rows
    wanted = request.GET.get("q", "").strip()[:60]
    rows = rows.filter(name__contains=wanted) if wanted else rows
    chosen = list(rows[:500])
    submitted = SigningSettings.objects.seen_by(actor).filter(cohort=request.cohort, school__in=chosen)
    context = {
        "rows": chosen, "settings": {row.school_id: row for row in submitted}, "q": wanted, "cohort": request.cohort,
        "staffed": dict(queries.accounts_of_schools([school.pk for school in chosen])), "Role": Role,
    }  # fmt: skip
    return render(request, "orgs/schools.html", context)


@audience(Role.PROVINCE, area=Area.EMPLOYMENT, write=True)
def new_school(request: Any) -> HttpResponse:
    """Add a school of the province."""
    form = filled(NEW_SCHOOL, request)
    act = lambda given: settings.add_school(request.actor, given["code"], given["name"])  # noqa: E731
    if tried(request, form, act, "学校已添加，接下来给它建账号。"):
        return redirect("orgs:schools")
    return render(
        request,
        "orgs/simple.html",
        {"form": form, "heading": "添加学校", "button": "添加学校", "back": "orgs:schools"},
        status=status_of(form),
    )


@audience(*AUTHORITIES, area=Area.EMPLOYMENT)
def log(request: Any) -> HttpResponse:
    """Who changed which setting (SET-10); the ministry sees everything of operator and provinces."""
    actor = request.actor
    records = (
        sorted(
            (
                *noted("province_settings", "cohort", "province", "school", "employer", act__in=("change", "add")),
                *noted("key", role=Role.MINISTRY),
            ),
            key=lambda record: record.pk,
            reverse=True,
        )[:100]
        if actor.role is Role.MINISTRY
        else noted("province_settings", "school", "key", role=Role.PROVINCE, node=actor.node)
    )
    return render(request, "orgs/log.html", {"records": records, "labels": LABELS, "heading": "操作记录"})


# ---- units


@audience(Role.MINISTRY, area=Area.EMPLOYMENT)
def employers(request: Any) -> HttpResponse:
    """The queue of verifications: what waits first, oldest first; the others by state, newest first."""
    flow = FLOWS["employer_verification"]
    state = request.GET.get("state", "waiting")
    if state not in flow.states:
        raise Http404
    cases = EmployerCase.objects.seen_by(request.actor).filter(flow_name=flow.name)
    counts = dict(cases.order_by().values_list("state").annotate(Count("pk")))
    rows = cases.filter(state=state).select_related("employer", "account")
    wanted = request.GET.get("q", "").strip()[:60]
    if wanted:
        rows = rows.filter(Q(employer__name__contains=wanted) | Q(employer__credit_code=wanted.upper()))
    at = request.GET.get("page", "1")
    page = min(int(at), 10_000) if at.isdecimal() and len(at) < 6 and int(at) else 1
    found = list(
        rows.order_by("waiting_since" if state == "waiting" else "-waiting_since", "pk")[
            (page - 1) * PAGE : page * PAGE + 1
        ]
    )
    context = {
        "rows": found[:PAGE], "has_more": len(found) > PAGE, "page": page, "state": flow.states[state], "q": wanted, "first": (page - 1) * PAGE + 1,
        "counters": [
            {"label": one.label, "count": counts.get(one.key, 0), "url": f"?state={one.key}", "is_current": one.key == state}
            for one in flow.states.values()
        ],
    }  # fmt: skip
    return render(request, "orgs/employers.html", context)


@audience(Role.MINISTRY, area=Area.EMPLOYMENT)
def employer(request: Any, public_id: UUID) -> HttpResponse:
    """One unit as the operator sees it; that it was opened is on record."""
    actor = request.actor
    row = get_object_or_404(Employer.objects.seen_by(actor), public_id=public_id)
    opened(actor, "employer", row.public_id)
    context = {
        "row": row, "lines": WHOLE.lines({key: getattr(row, key) for key in WHOLE.keys}),
        "cases": EmployerCase.objects.seen_by(actor).filter(employer=row).select_related("account").order_by("-pk")[:50],
        "records": noted("employer", case=str(row.public_id), act="change", newest=20), "labels": LABELS,
        "status": queries.last_status(row.credit_code), "may_write": actor.may_write(Area.EMPLOYMENT),
    }  # fmt: skip
    return render(request, "orgs/employer.html", context)


@audience(Role.MINISTRY, area=Area.EMPLOYMENT, write=True)
def change_employer(request: Any, public_id: UUID) -> HttpResponse:
    """Change what only the operator changes (EMP-02)."""
    row = get_object_or_404(Employer.objects.seen_by(request.actor), public_id=public_id)
    shown = units.unit_values(row, UNIT.keys)
    form = filled(UNIT, with_area(request), shown)
    seen = request.POST.get("seen", "")
    done = "单位资料已修改。已发出的邀请仍按毕业生看到的内容。"
    if tried(request, form, lambda given: units.change_unit(request.actor, row, seen, given), done):
        return redirect("orgs:employer", public_id=public_id)
    context = {
        "form": form, "row": row, "seen": queries.stamp(shown), "area": queries.area_selects(str(form["area"].value() or "")),
    }  # fmt: skip
    return render(request, "orgs/employer_change.html", context, status=status_of(form))
