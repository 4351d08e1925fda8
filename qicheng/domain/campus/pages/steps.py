"""手续办理: the graduate's page with the order of steps, all that can be done, and what the school tells (CAM-03, CAM-09)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.campus.models import Part
from qicheng.domain.campus.queries import news
from qicheng.domain.campus.queries import steps as queries
from qicheng.domain.campus.queries.profile import profile_of
from qicheng.domain.campus.sheets.news import when
from qicheng.domain.orgs import queries as orgs
from qicheng.domain.registration.pages.graduate import own_line
from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.kit.calendar import day_of
from qicheng.foundation.listing.page import render

if TYPE_CHECKING:
    from django.http import HttpResponse

    from qicheng.foundation.access.pages import Request


@audience(Role.GRADUATE)
def steps(request: Request) -> HttpResponse:
    """The line of steps with whose turn it is, the menu, the newest of the three lists, this month's activities."""
    actor, graduate = request.actor, own_line(request)
    parts = profile_of(graduate.school_id, graduate.cohort).parts
    if not parts:
        raise Http404
    line, today = queries.line(actor, graduate), day_of(timezone.now())
    has_news = Part.NEWS in parts
    return render(request, "campus/steps.html", {
        "graduate": graduate, "line": line, "at": queries.at(line), "mine": next((one for one in line if one.looks == "you"), None),
        "things": queries.things(graduate), "headlines": news.headlines(actor, graduate.cohort) if has_news else [],
        "month": news.month(actor, graduate.cohort, today.replace(day=1), today) if has_news else None, "week": news.WEEK, "when": when,
        "contacts": orgs.contacts_for(graduate), "back": reverse("registration:home"), "heading": "手续办理",
    })  # fmt: skip
