"""The one way in which a list is taken away: at once where it is short, else by a page that has it made (EXP-01)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.core import signing
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.http import content_disposition_header

from qicheng.foundation.flow import past
from qicheng.foundation.flow.perform import NotOpen, Refused

from . import exports
from .page import say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from qicheng.foundation.access.pages import Request

    from . import Listing

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SALT, ASKED_SECONDS = "export", 24 * 3600


def export(
    request: Request, room: str, listing: Listing, asked: Mapping[str, str], back: str, moment: datetime | None = None
) -> HttpResponse:
    """The rows that a query finds, as a workbook or as the page that has a long one made; `back` is the list's own address."""
    actor, cohort = request.actor, request.cohort
    query = {one: str(asked[one]) for one in (*(f.key for f in listing.filters), "sort") if asked.get(one)}
    if listing.count(actor, query, cohort, moment) > exports.AT_ONCE:
        wanted = {"room": room, "listing": listing.name, "cohort": cohort, "query": query, "back": back}
        wanted |= {"moment": moment.isoformat()} if moment else {}
        return redirect(
            f"{reverse('export_new')}?{urlencode({'what': signing.dumps(wanted, salt=SALT, compress=True)})}"
        )
    try:
        content, name = exports.hand_out_at_once(actor, room, listing, query, cohort, moment)
    except NotOpen:
        raise Http404 from None
    except Refused as why:
        say(request, str(why), "warn")
        return redirect(f"{back}?{urlencode(past.kept_in_address(moment) | query)}")
    return HttpResponse(content, content_type=XLSX, headers=named(name))


def named(name: str) -> dict[str, str]:
    """The headers of a workbook that is taken away and kept by nobody on the way."""
    return {"Content-Disposition": content_disposition_header(True, name) or "", "Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A long list that somebody is about to have made."""

    room: str
    listing: str
    cohort: int
    query: dict[str, str]
    back: str
    moment: datetime | None


def wanted(token: str) -> Wanted | None:
    """What the page of a long list was opened for; None for a token that is not ours or is older than a day."""
    try:
        said = signing.loads(token, salt=SALT, max_age=ASKED_SECONDS)
    except signing.BadSignature:
        return None
    moment = parse_datetime(said["moment"]) if "moment" in said else None
    return Wanted(said["room"], said["listing"], said["cohort"], said["query"], said["back"], moment)
