"""What everybody who sees a registration can open: its page, in the shape of the own role, and its agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse

from qicheng.domain.orgs.effects.accounts import opened
from qicheng.domain.registration import queries
from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import NotFound, find
from qicheng.foundation.listing.page import render
from qicheng.foundation.papers import store

from . import employer, graduate, own, staff

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest

    from qicheng.foundation.access import Actor

EVERYBODY = (Role.GRADUATE, Role.EMPLOYER, Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)


@audience(*EVERYBODY)
def detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One registration, on the page that suits whoever looks."""
    case = seen(request, public_id)
    actor: Actor = request.actor  # type: ignore[attr-defined]
    opened(actor, case.flow_name, public_id, cohort=case.cohort, school=case.school_id)
    mine = graduate.invitation if case.flow_name == graduate.SIGNING else own.registered
    looks: dict[Role, Any] = {Role.GRADUATE: mine, Role.EMPLOYER: employer.invitation}
    answer: HttpResponse = looks.get(actor.role, staff.registration)(request, case)
    return answer


@audience(*EVERYBODY)
def agreement(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The agreement as a PDF; while there is none, the reason."""
    case = seen(request, public_id)
    if case.number is None:
        raise Http404
    paper = queries.agreement_of(case)
    if paper is None or not paper.is_made:
        return render(
            request, "registration/agreement_waits.html", {"case": case, "paper": paper, "frame": frame(request)}
        )
    try:
        content = store.read(paper)
    except store.Damaged:
        return render(request, "registration/agreement_waits.html", {"case": case, "paper": None, "frame": frame(request), "damaged": True}, status=500)  # fmt: skip
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = (
        f'{"attachment" if "save" in request.GET else "inline"}; filename="{case.number}.pdf"'
    )
    response["Cache-Control"] = "private, no-store"
    return response


def seen(request: HttpRequest, public_id: UUID) -> Registration:
    """The case that whoever asks may see; Http404 else."""
    try:
        return find(Registration, public_id, request.actor)  # type: ignore[attr-defined]
    except NotFound:
        raise Http404 from None


def frame(request: HttpRequest) -> str:
    """The frame of pages for whoever asks."""
    frames: dict[Any, str] = {Role.GRADUATE: "base_graduate.html", Role.EMPLOYER: "base_employer.html"}
    return frames.get(request.actor.role, "base_staff.html")  # type: ignore[attr-defined]
