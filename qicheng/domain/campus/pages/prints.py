"""Which papers a choice needs, and the printed forms as PDF (PKU-06)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header

from qicheng.domain.campus.effects.prints import printed
from qicheng.domain.campus.listings.prints import declared
from qicheng.domain.campus.models import Part
from qicheng.domain.campus.queries import consents, prints
from qicheng.domain.campus.sheets.prints import FORMS
from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import NotFound, Refused, find
from qicheng.foundation.listing.page import render, say
from qicheng.foundation.papers.store import Damaged

from .module import of_part

if TYPE_CHECKING:
    from uuid import UUID

    from qicheng.foundation.access.pages import Request

EVERYBODY = (Role.GRADUATE, Role.COLLEGE, Role.SCHOOL)


@of_part(Part.FORMS, roles=EVERYBODY, area=Area.EMPLOYMENT)
def papers(request: Request) -> HttpResponse:
    """The graduate's own papers, or the graduates whose papers these are."""
    if request.actor.role is Role.GRADUATE:
        return shown(request, consents.destination_of(request.actor))
    page = declared().page(request.actor, request.GET, request.cohort)
    return render(request, "campus/papers_list.html", {"page": page, "cohort": request.cohort})


@of_part(Part.FORMS, roles=EVERYBODY, area=Area.EMPLOYMENT)
def case_papers(request: Request, public_id: UUID) -> HttpResponse:
    """The papers of one destination."""
    return shown(request, seen(request, Registration, public_id))


def shown(request: Request, case: Any) -> HttpResponse:
    """Paper by paper: to whom, by when, and the form to print."""
    is_own = request.actor.role is Role.GRADUATE
    found = prints.papers_for(case) if case is not None else []
    return render(request, "campus/papers.html" if is_own else "campus/case_papers.html", {
        "case": case, "papers": found, "kind": case.title if case is not None else "", "printed_by": prints.PRINTED_BY,
        "back": reverse("registration:home") if is_own else reverse("campus:papers"), "heading": "要交的材料",
    })  # fmt: skip


@of_part(Part.FORMS, Part.DEFERRAL, Part.ONE_CHANGE, roles=EVERYBODY, area=Area.EMPLOYMENT)
def print_(request: Request, form: str, public_id: UUID) -> HttpResponse:
    """A printed form about one case, as PDF; where it cannot be printed, why."""
    if form not in FORMS:
        raise Http404
    flow = prints.PRINTED_BY.get(form)
    case = seen(request, FLOWS[flow].model if flow else Registration, public_id)
    if flow is None and all(one.form is None or one.form.key != form for one in prints.papers_for(case)):
        raise Http404
    back = reverse(case.detail if flow else "campus:case_papers", args=[public_id])
    try:
        content = printed(FORMS[form], case, request.actor)
    except Refused as why:
        say(request, str(why), "warn")
        return redirect(back)
    except Damaged:
        say(request, "这份表格的文件读不出来，请联系学校。", "bad")
        return redirect(back)
    name = f"{FORMS[form].title}-{case.graduate.student_number or case.graduate.exam_number}.pdf"
    return HttpResponse(
        content, content_type="application/pdf",
        headers={"Content-Disposition": content_disposition_header(False, name) or "", "Cache-Control": "private, no-store"},
    )  # fmt: skip


def seen(request: Request, model: Any, public_id: UUID) -> Any:
    """The case that whoever asks may see; Http404 else (ORG-01)."""
    try:
        return find(model, public_id, request.actor)
    except NotFound:
        raise Http404 from None
