"""A list as it was known on a past day, whichever list it is: who was counted then, in words, and nothing to do to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse

from qicheng.domain.figures.listings.national import people
from qicheng.domain.figures.queries import moments
from qicheng.domain.registration import listings as registrations
from qicheng.domain.roster import listings as rosters
from qicheng.domain.transfer.listings import confirmation, records
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import Refused, note
from qicheng.foundation.listing import exports
from qicheng.foundation.listing.download import export
from qicheng.foundation.listing.page import render, say

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpResponse

    from qicheng.foundation.access.pages import Request
    from qicheng.foundation.listing import Listing, ListPage

STAFF = (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)
ABOVE = (Role.PROVINCE, Role.MINISTRY)
# The room that says who takes a list away, where it is not called as in the address.
ROOMS = {"people": "figures", "confirm": "transfer", "records": "transfer", "changes": "transfer"}


@audience(*STAFF)
def known(request: Request, of: str, name: str) -> HttpResponse:
    """One list of a past day, or of today where no day is asked; above schools a school at a time, and on record (ORG-05)."""
    listing, found, moment, why = listing_of(request, of, name), None, None, ""
    try:
        moment = moments.asked(request.GET)
        found = page_of(request, listing, moment)
    except Refused as refused:
        why = str(refused)
    return render(request, "figures/known.html", {
        "listing": listing, "page": found, "takes": may_take(request, of, listing), "of": of, "name": name, "why": why, "cohort": request.cohort, "moment": moment, "at": request.GET.get("at", "").strip()[:10],
        "words": moments.words_of(moment) if moment else "", "opens": of in ("roster", "people") and request.actor.role not in ABOVE,
    }, status=422 if why else 200)  # fmt: skip


@audience(*STAFF)
def known_workbook(request: Request, of: str, name: str) -> HttpResponse:
    """The same list to take away, as it was known on the day (EXP-01)."""
    listing, back = listing_of(request, of, name), reverse("figures:known", args=[of, name])
    try:
        must_be_of_a_school(request, listing)
        return export(request, ROOMS.get(of, of), listing, request.GET, back, moments.asked(request.GET))
    except Refused as why:
        say(request, str(why), "warn")
        return redirect(f"{back}?{request.GET.urlencode()}")


def may_take(request: Request, of: str, listing: Listing) -> bool:
    """Whether the list's own room lets whoever asks take it away."""
    return exports.offered(request.actor, ROOMS.get(of, of), listing.name, request.cohort) is not None


def must_be_of_a_school(request: Request, listing: Listing) -> None:
    """Raise Refused above schools where the list would not be narrowed to one."""
    if request.actor.role in ABOVE and not listing.is_narrowed(request.GET, "school"):
        raise Refused("名单一所学校一所学校地看：在统计表里点开一所学校。")


def page_of(request: Request, listing: Listing, moment: datetime | None) -> ListPage:
    """The rows; Refused for the whole of a country or a province, which no page reads."""
    actor = request.actor
    must_be_of_a_school(request, listing)
    found = listing.page(actor, request.GET, request.cohort, moment=moment)
    if actor.role is Role.MINISTRY:
        note(
            actor,
            "view",
            f"listing.{listing.name}",
            {one.label: ["", one.words] for one in found.applied},
            cohort=request.cohort,
        )
    return found


def listing_of(request: Request, of: str, name: str) -> Listing:
    """The list of that name; Http404 for one that is not there, or not for whoever asks (ARC-07)."""
    if of in ("records", "changes"):
        if name not in (Area.ARCHIVE, Area.HOUSEHOLD) or not request.actor.may_read(Area(name)):
            raise Http404
        return {"records": records.records, "changes": records.changes}[of](Area(name))
    if not request.actor.may_read(Area.EMPLOYMENT):
        raise Http404
    lists = {
        ("roster", "all"): rosters.roster, ("confirm", "all"): confirmation.everybody, ("people", "all"): people,
    }  # fmt: skip
    if (of, name) in lists:
        return lists[of, name]()
    found = registrations.named(request.actor, request.cohort).get(name) if of == "registration" else None
    if found is None:
        raise Http404
    return found
