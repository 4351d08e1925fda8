"""Pages of employers: registration, the unit's own page, colleagues, cases and licences, business status (EMP-01 … EMP-03)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.effects import registry, spend, units
from qicheng.domain.orgs.effects.accounts import opened
from qicheng.domain.orgs.models import Employer, EmployerCase, Seat
from qicheng.domain.orgs.pages import filled, status_of, stood, tried, with_area
from qicheng.domain.orgs.sheets import APPLICANT, REACH, WHOLE, Correction, Proof, kind_of
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import anyone, audience
from qicheng.foundation.flow.perform import NotFound, Stopped, find, open_acts, perform, timeline
from qicheng.foundation.flow.words import sentence
from qicheng.foundation.listing.page import render, say

if TYPE_CHECKING:
    from uuid import UUID

    from django.forms import Form

    from qicheng.foundation.access import Actor

STAFF = (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)
# Registrations from one address in an hour: an office registers a handful, a machine more.
REGISTRATIONS, HOUR = 20, 3600
# How long an answer of the register is shown before it is asked again without being told to.
FRESH_SECONDS = 600


@anyone
def register(request: Any) -> HttpResponse:
    """Register a unit; the answer is the same whether the unit is known or not."""
    unit, applicant = filled(WHOLE, with_area(request)), filled(APPLICANT, request)
    proof = Proof(request.POST or None, request.FILES or None) if request.method == "POST" else Proof()
    if request.method == "POST" and registered(request, unit, applicant, proof):
        return redirect("orgs:registered")
    context = {
        "form": unit,
        "applicant": applicant,
        "proof": proof,
        "area": queries.area_selects(str(unit["area"].value() or "")),
    }
    return render(request, "orgs/register.html", context, status=status_of(unit, applicant, proof))


def registered(request: Any, unit: Form, applicant: Form, proof: Proof) -> bool:
    """Whether what was sent is right and was taken."""
    if not all([unit.is_valid(), applicant.is_valid(), proof.is_valid()]):
        return False
    if not proof.is_strong(applicant.cleaned_data["login"], unit.cleaned_data["mobile"], unit.cleaned_data["phone"]):
        return False
    origin = request.origin
    if not spend(f"register|{origin}", REGISTRATIONS, HOUR):
        unit.add_error(None, "这个网络一小时内提交的注册太多，过一小时再来。")
        return False
    try:
        units.register_unit(
            unit=unit.cleaned_data, **applicant.cleaned_data, password=proof.cleaned_data["password"],
            licence=proof.cleaned_data["licence"], origin=origin,
        )  # fmt: skip
    except Stopped as why:
        applicant.add_error("login", str(why))
        return False
    return True


@anyone
def done(request: Any) -> HttpResponse:
    """What happens after registration, in both ways that it can go."""
    return render(request, "orgs/registered.html")


@audience(Role.EMPLOYER)
def profile(request: Any) -> HttpResponse:
    """The unit as graduates and reviewers see it; whom to call is changed here, the rest through the operator (EMP-02)."""
    actor = request.actor
    row = queries.employer_of(actor)
    shown = units.unit_values(row, REACH.keys)
    form = filled(REACH, request, shown)
    seen = request.POST.get("seen", "")
    if tried(
        request,
        form,
        lambda given: units.change_reach(actor, row, seen, given),
        "联系方式已保存，以后的邀请按新的显示。",
    ):
        return redirect("orgs:profile")
    context = {
        "form": form, "row": row, "seen": queries.stamp(shown), "lines": WHOLE.lines(units.unit_values(row, WHOLE.keys))[:6],
        "cases": own_cases(actor).filter(flow_name="employer_verification").order_by("-pk")[:5], "may_write": actor.may_write(Area.EMPLOYMENT),
    }  # fmt: skip
    return render(request, "orgs/profile.html", context, status=status_of(form))


def own_cases(actor: Actor) -> Any:
    """The cases of the unit; of several who claim it each sees its own verification only."""
    rows = EmployerCase.objects.seen_by(actor)
    return rows.exclude(flow_name="employer_verification", account__gt=actor.account).exclude(
        flow_name="employer_verification", account__lt=actor.account
    )


@audience(Role.EMPLOYER)
def colleagues(request: Any) -> HttpResponse:
    """Who acts for the unit, and who asks to."""
    actor = request.actor
    rows = (
        Seat.objects.filter(role=Role.EMPLOYER, node=actor.node, ended_at=None).select_related("account").order_by("pk")
    )
    asking = own_cases(actor).filter(flow_name="joining_a_unit", live=True).select_related("account").order_by("pk")
    context = {"rows": rows, "asking": asking, "decides": queries.decides_for_unit(actor, actor.node)}
    return render(request, "orgs/colleagues.html", context)


@require_POST
@audience(Role.EMPLOYER)
def end_colleague(request: Any, seat: int) -> HttpResponse:
    """Take a colleague out of the unit."""
    row = get_object_or_404(Seat, pk=seat, role=Role.EMPLOYER, node=request.actor.node)
    stood(request, lambda: units.end_colleague(request.actor, row), "已移出单位，对方的登录已经断开。")
    return redirect("orgs:colleagues")


@require_POST
@audience(Role.EMPLOYER)
def appoint_colleague(request: Any, seat: int) -> HttpResponse:
    """Let a colleague decide too."""
    row = get_object_or_404(Seat, pk=seat, role=Role.EMPLOYER, node=request.actor.node)
    stood(request, lambda: units.appoint_colleague(request.actor, row), "已设为单位管理员。")
    return redirect("orgs:colleagues")


@audience(Role.EMPLOYER, Role.MINISTRY, area=Area.EMPLOYMENT)
def case(request: Any, public_id: UUID) -> HttpResponse:
    """One application: what was sent in, what happened, what can be done."""
    actor, row = request.actor, case_of(request, public_id)
    opened(actor, row.flow_name, row.public_id)
    context = {
        "case": row, "lines": WHOLE.lines(row.shown), "records": [(sentence(one, row), one) for one in timeline(row)],
        "acts": open_acts(row, actor), "frame": "base_staff.html" if actor.role is Role.MINISTRY else "base_employer.html",
        "kind": kind_of(units.read_licence(row.licence) or b"") if row.licence else None,
        "status": queries.last_status(row.shown.get("credit_code", "")) if actor.role is Role.MINISTRY else None,
        "differs": WHOLE.changes(units.unit_values(row.employer, WHOLE.keys), row.shown) if row.employer.is_verified else {},
    }  # fmt: skip
    return render(request, "orgs/employer_case.html", context)


def case_of(request: Any, public_id: UUID) -> EmployerCase:
    """The case, as far as whoever asks may see it; another claimant's verification is not there (ORG-01)."""
    actor = request.actor
    try:
        row = find(EmployerCase, public_id, actor)
    except NotFound:
        raise Http404 from None
    if actor.role is Role.EMPLOYER and row.flow_name == "employer_verification" and row.account_id != actor.account:
        raise Http404
    return row


@audience(Role.EMPLOYER, area=Area.EMPLOYMENT, write=True)
def correct(request: Any, public_id: UUID) -> HttpResponse:
    """Correct what was returned, with a new photo of the licence where one is needed."""
    row = case_of(request, public_id)
    if not any(one.act.name == "resubmit" for one in open_acts(row, request.actor)):
        raise Http404
    form = filled(WHOLE, with_area(request), row.shown)
    form.fields["credit_code"].disabled = True
    proof = Correction(request.POST, request.FILES) if request.method == "POST" else Correction()
    if request.method == "POST" and form.is_valid() and proof.is_valid() and resubmitted(request, row, form, proof):
        return redirect("orgs:employer_case", public_id=public_id)
    context = {"form": form, "proof": proof, "case": row, "area": queries.area_selects(str(form["area"].value() or ""))}
    return render(request, "orgs/correct.html", context, status=status_of(form, proof))


def resubmitted(request: Any, row: EmployerCase, form: Form, proof: Correction) -> bool:
    """Whether the corrected application was taken; a licence that came with one that was not is forgotten."""
    content = proof.cleaned_data.get("licence")
    path = units.keep_licence(content) if content else ""
    seen = request.POST.get("seen", "")
    try:
        perform(row, "resubmit", request.actor, seen=int(seen) if seen.isdecimal() and len(seen) < 10 else -1,
                licence=path, **form.cleaned_data)  # fmt: skip
    except Stopped as why:
        units.drop_licence(path) if path else None
        form.add_error(None, str(why))
        return False
    say(request, "已交上去，由平台重新核验，结果会通知你。")
    return True


@audience(Role.EMPLOYER, Role.MINISTRY, area=Area.EMPLOYMENT)
def licence(request: Any, public_id: UUID) -> HttpResponse:
    """The photo of a licence, for the operator and the unit itself; never run, never kept by the browser."""
    row = case_of(request, public_id)
    content = units.read_licence(row.licence) if row.licence else None
    kind = kind_of(content) if content else None
    if content is None or kind is None:
        raise Http404
    ending = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}[kind]
    response = HttpResponse(content, content_type=kind)
    shown = "inline" if kind.startswith("image/") else "attachment"
    response["Content-Disposition"] = f'{shown}; filename="licence.{ending}"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    response["Cache-Control"] = "no-store"
    return response


@audience(*STAFF, area=Area.EMPLOYMENT)
def business_status(request: Any, public_id: UUID) -> HttpResponse:
    """The unit's business status, asked now; as a part of a reviewer's page or as a page of its own (EMP-03)."""
    row = get_object_or_404(Employer.objects.seen_by(request.actor), public_id=public_id)
    known = queries.last_status(row.credit_code)
    is_fresh = known is not None and (timezone.now() - known.asked_at).total_seconds() < FRESH_SECONDS
    asks_again = request.GET.get("again") == "1"
    found = known if is_fresh and not asks_again else registry.business_status(row.credit_code)
    context = {"row": row, "found": found, "known": known, "is_set_up": registry.provider() is not None}
    return render(request, "orgs/business_status.html", context, block="status")
