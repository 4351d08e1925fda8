"""Pages of flagged units: a school's own, and what the schools of an area warn of (WRN-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from qicheng.domain.orgs import listings, queries
from qicheng.domain.orgs.effects import flags
from qicheng.domain.orgs.models import Flag
from qicheng.domain.orgs.pages import filled, status_of, stood, tried
from qicheng.domain.orgs.pages.school import LABELS
from qicheng.domain.orgs.sheets import FLAG, FLAG_CHANGE
from qicheng.foundation import codes
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import noted
from qicheng.foundation.listing.download import export
from qicheng.foundation.listing.page import render

if TYPE_CHECKING:
    from uuid import UUID

    from qicheng.foundation.listing import Listing

EMPLOYMENT = Area.EMPLOYMENT
ABOVE = (Role.PROVINCE, Role.MINISTRY)


@audience(Role.SCHOOL, area=EMPLOYMENT)
def overview(request: Any) -> HttpResponse:
    """The units that the school warns of."""
    return list_page(request, listings.flags(), "orgs:flags")


@audience(Role.SCHOOL, area=EMPLOYMENT)
def removed(request: Any) -> HttpResponse:
    """The warnings that the school has taken back."""
    return list_page(request, listings.removed(), "orgs:removed_flags")


def list_page(request: Any, listing: Listing, address: str) -> HttpResponse:
    """A list of the school's flags with its filters."""
    page = listing.page(request.actor, request.GET, request.cohort)
    context = {"page": page, "address": reverse(address), "may_write": request.actor.may_write(EMPLOYMENT)}
    return render(request, "orgs/flags.html", context)


@audience(Role.SCHOOL, area=EMPLOYMENT)
def workbook(request: Any) -> HttpResponse:
    """The school's list under its filters as a workbook."""
    return export(request, "orgs", listings.flags(), request.GET, reverse("orgs:flags"))


@audience(Role.SCHOOL, area=EMPLOYMENT, write=True)
def new(request: Any) -> HttpResponse:
    """Warn of a unit; `code` in the address names one that may be registered already."""
    known = queries.unit_of(request.GET.get("code", "")[:18].strip().upper())
    form = filled(FLAG, request, known)
    done = "预警单位已标记，本校毕业生和审核人马上能看到提醒。"
    if tried(request, form, lambda given: flags.raise_flag(request.actor, given), done):
        return redirect("orgs:flags")
    return render(request, "orgs/flag_new.html", {"form": form}, status=status_of(form))


@audience(Role.SCHOOL, area=EMPLOYMENT)
def flag(request: Any, public_id: UUID) -> HttpResponse:
    """One warning: what it says, what it rests on, who changed what."""
    row = own(request, public_id)
    told = queries.flags_on([row.credit_code], school=row.school_id).get(row.credit_code)
    return render(request, "orgs/flag.html", {
        "row": row, "lines": FLAG.lines({key: getattr(row, key) for key in FLAG.keys}, FLAG.keys[:-1]),
        "flagged": told, "records": noted("flag", case=str(row.public_id)), "labels": LABELS,
        "may_write": request.actor.may_write(EMPLOYMENT) and row.removed_at is None,
    })  # fmt: skip


@audience(Role.SCHOOL, area=EMPLOYMENT, write=True)
def change(request: Any, public_id: UUID) -> HttpResponse:
    """Change what a warning says."""
    row = own(request, public_id)
    shown = flags.flag_values(row)
    form = filled(FLAG_CHANGE, request, shown)
    seen = request.POST.get("seen", "")
    done = "预警单位已修改，提醒马上按新的显示。"
    if tried(request, form, lambda given: flags.change_flag(request.actor, row, seen, given), done):
        return redirect("orgs:flag", public_id=public_id)
    context = {"form": form, "row": row, "seen": queries.stamp(shown)}
    return render(request, "orgs/flag_change.html", context, status=status_of(form))


@audience(Role.SCHOOL, area=EMPLOYMENT, write=True)
def remove(request: Any, public_id: UUID) -> HttpResponse:
    """Take a warning back, once it was confirmed."""
    row = own(request, public_id)
    if request.method == "POST":
        stood(request, lambda: flags.remove_flag(request.actor, row), "预警已取消，记录保留在「已取消」里。")
        return redirect("orgs:flags")
    return render(request, "orgs/flag_remove.html", {"row": row})


def own(request: Any, public_id: UUID) -> Flag:
    """A flag of the school of whoever asks, standing or not; Http404 else (ORG-01)."""
    rows = Flag.objects.seen_by(request.actor).select_related("flagged_by", "removed_by")
    return get_object_or_404(rows, public_id=public_id)


# ---- provinces and the ministry


@audience(*ABOVE, area=EMPLOYMENT)
def gov_overview(request: Any) -> HttpResponse:
    """The units that schools of the area warn of, with how many do."""
    page = listings.units(request.actor.role).page(request.actor, request.GET, request.cohort)
    return render(request, "orgs/flagged_units.html", {"page": page})


@audience(*ABOVE, area=EMPLOYMENT)
def gov_workbook(request: Any) -> HttpResponse:
    """The same as a workbook."""
    return export(request, "orgs", listings.units(request.actor.role), request.GET, reverse("orgs:flagged_units"))


@audience(*ABOVE, area=EMPLOYMENT)
def gov_unit(request: Any, credit_code: str) -> HttpResponse:
    """Who in the area warns of one unit, of what, and what it rests on."""
    rows = Flag.objects.seen_by(request.actor).filter(credit_code=credit_code, removed_at=None)
    found = list(rows.select_related("school", "flagged_by").order_by("-flagged_at"))
    if not found:
        raise Http404
    context = {"rows": found, "unit": found[0], "sheet": FLAG, "kinds": codes.table("warning_unit_types")}
    return render(request, "orgs/flagged_unit.html", context)
