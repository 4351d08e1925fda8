"""Training modes: the change of one line by its school, and the record of all changes (ROS-06)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from qicheng.domain.orgs.queries import stamp
from qicheng.domain.roster import effects, listings
from qicheng.domain.roster.pages.staff import EMPLOYMENT, seen
from qicheng.domain.roster.sheets import TRAINING
from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import NotFound, Refused
from qicheng.foundation.listing.download import export
from qicheng.foundation.listing.page import render, say

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest


@audience(Role.SCHOOL, area=EMPLOYMENT, write=True)
def change(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The training mode and the directed unit of one line, with the reason for the record."""
    graduate = seen(request.actor, public_id)  # type: ignore[attr-defined]
    shown = {key: getattr(graduate, key) for key in ("training_mode", "directed_unit")}
    form = TRAINING.form(graduate.cohort)(request.POST or None, initial=shown)
    if request.method == "POST" and form.is_valid():
        try:
            effects.change_training(public_id, request.actor, seen=request.POST.get("seen", ""), **form.cleaned_data)  # type: ignore[attr-defined]
            say(request, "已修改。培养方式有变化的，本人下次登录要重新核对信息。")
            return redirect("roster:detail", public_id)
        except NotFound:
            raise Http404 from None
        except Refused as why:
            form.add_error(None, str(why))
    context = {"graduate": graduate, "form": form, "seen": stamp(shown)}
    return render(request, "roster/training_change.html", context, status=422 if form.errors else 200)


@audience(Role.SCHOOL, area=EMPLOYMENT)
def log(request: HttpRequest) -> HttpResponse:
    """培养方式修改记录 of the cohort that is looked at."""
    page = listings.training().page(request.actor, request.GET, request.cohort)  # type: ignore[attr-defined]
    return render(request, "roster/training.html", {"page": page})


@audience(Role.SCHOOL, area=EMPLOYMENT)
def workbook(request: HttpRequest) -> HttpResponse:
    """The same under its filters as a workbook; the export is on record (EXP-01)."""
    return export(request, "roster", listings.training(), request.GET, reverse("roster:training_log"))  # type: ignore[arg-type]
