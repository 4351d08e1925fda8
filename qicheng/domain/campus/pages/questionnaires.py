"""调查问卷 as graduates meet it: what they are asked, the form, what follows (PKU-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.campus.effects import questionnaires as effects
from qicheng.domain.campus.models import Part
from qicheng.domain.campus.queries import questionnaires as queries
from qicheng.domain.campus.sheets import made as sheets
from qicheng.domain.campus.sheets.questionnaires import GATES
from qicheng.domain.campus.sheets.questionnaires import whole as terms_of
from qicheng.domain.registration.pages.graduate import own_line
from qicheng.domain.transfer.pages.records import marked, whole
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import NotFound, Stopped
from qicheng.foundation.kit.calendar import day_of
from qicheng.foundation.listing.page import render, say

from .made import laid_out
from .module import of_part

if TYPE_CHECKING:
    from uuid import UUID

    from django.forms import Form
    from django.http import HttpResponse

    from qicheng.domain.campus.queries.questionnaires import Offer
    from qicheng.foundation.access.pages import Request

HEADING = "调查问卷"
MINE = (Role.GRADUATE,)


@of_part(Part.QUESTIONNAIRES, roles=MINE)
def questionnaires(request: Request) -> HttpResponse:
    """What the graduate is asked, what waits first; what was answered."""
    found = queries.offers(request.actor, own_line(request), day_of(timezone.now()))
    return render(request, "campus/questionnaires.html", {
        "waiting": [one for one in found if one.is_waiting], "others": [one for one in found if not one.is_waiting],
        "before": {one.form.pk: before(one) for one in found}, "back": reverse("campus:steps"), "heading": HEADING,
    })  # fmt: skip


@of_part(Part.QUESTIONNAIRES, roles=MINE)
def questionnaire(request: Request, public_id: UUID) -> HttpResponse:
    """The form; once it is submitted what was answered and what follows, and the form again where that may be changed."""
    offer = seen(request, public_id)
    wants = request.method == "POST" or "change" in request.GET
    if offer.why or (offer.is_answered and not (wants and may_change(offer))):
        return answered(request, offer)
    if request.method != "POST":
        return filling(request, offer, sheets.sheet_of(fields_of(offer)).form(request.cohort)(initial=given(offer)))
    keeps = request.POST.get("step") == "keep" and not offer.is_answered
    sheet = sheets.loose(fields_of(offer)) if keeps else sheets.sheet_of(fields_of(offer))
    form = sheet.form(request.cohort)(request.POST)
    if not form.is_valid():
        return filling(request, offer, form)
    act = effects.keep if keeps else effects.submit
    try:
        act(request.actor, public_id, whole(request.POST.get("seen")), form.cleaned_data)
    except NotFound:
        raise Http404 from None
    except Stopped as stopped:
        fresh = seen(request, public_id)
        return answered(request, fresh) if fresh.why else filling(request, fresh, form, str(stopped))
    say(request, "已暂存，还没有提交。可以接着填，也可以以后再来。" if keeps else "已提交，谢谢你的回答。")
    return redirect("campus:questionnaire", public_id)


def seen(request: Request, public_id: UUID) -> Offer:
    """The questionnaire as the graduate meets it now; Http404 where the graduate is not asked."""
    offer = queries.offer_of(request.actor, own_line(request), public_id, day_of(timezone.now()))
    if offer is None:
        raise Http404
    return offer


def filling(request: Request, offer: Offer, form: Form, why: str = "") -> HttpResponse:
    """The form, with what the school will see of it said before the first question."""
    is_wrong, fields = form.is_bound and bool(form.errors), fields_of(offer)
    parts = laid_out(fields, marked(form, sheets.sheet_of(fields)))
    return render(request, "campus/questionnaire_form.html", {
        "offer": offer, "form": form, "parts": parts, "why": why, "terms": terms_of(version_of(offer).terms), "before": before(offer),
        "known": sheets.known_of(fields, sheets.roster_line(own_line(request))), "seen": offer.answer.version if offer.answer else 0,
        "here": request.path, "back": reverse("campus:questionnaires"), "heading": offer.form.title,
    }, status=422 if is_wrong else 409 if why else 200)  # fmt: skip


def answered(request: Request, offer: Offer) -> HttpResponse:
    """Thanks, what was answered, what can be done now; or why it is not filled in."""
    graduate, today = own_line(request), day_of(timezone.now())
    others = [
        one for one in queries.offers(request.actor, graduate, today) if one.is_waiting and one.form.pk != offer.form.pk
    ]
    return render(request, "campus/questionnaire_answered.html", {
        "offer": offer, "lines": sheets.sheet_of(fields_of(offer)).lines(given(offer)) if offer.answer else [], "others": others[:3],
        "terms": terms_of(version_of(offer).terms), "before": before(offer), "may_change": may_change(offer) and not offer.why,
        "back": reverse("campus:questionnaires"), "heading": HEADING,
    }, status=409 if request.method == "POST" else 200)  # fmt: skip


def version_of(offer: Offer) -> Any:
    """The version that the graduate has begun, or would begin."""
    return offer.answer.made if offer.answer else offer.form.current


def fields_of(offer: Offer) -> Any:
    """Its list."""
    return version_of(offer).fields


def given(offer: Offer) -> dict[str, Any]:
    """What was answered until now."""
    return dict(offer.answer.answers) if offer.answer else {}


def may_change(offer: Offer) -> bool:
    """Whether what was submitted may be changed."""
    return bool(terms_of(version_of(offer).terms)["may_change"])


def before(offer: Offer) -> str:
    """What waits for the answer: 「提交毕业去向」; '' where nothing does."""
    return GATES[terms_of(offer.form.current.terms)["gate"]][1] if offer.form.current else ""
