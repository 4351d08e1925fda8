"""The first page of schools and colleges after the choice of a module, and that of provinces and the ministry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from qicheng.domain.figures.queries import home as queries
from qicheng.domain.orgs.models import Handler
from qicheng.domain.registration.listings import late
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.listing.page import render

if TYPE_CHECKING:
    from django.http import HttpResponse

    from qicheng.foundation.access.pages import Request


@audience(Role.COLLEGE, Role.SCHOOL)
def home(request: Request) -> HttpResponse:
    """How many wait at which step, who handles agreements, what is due (HOME-01)."""
    actor, cohort = request.actor, request.cohort
    may_read = actor.may_read(Area.EMPLOYMENT)
    handlers = Handler.objects.seen_by(actor).filter(cohort=cohort, tier__in=queries.own_tiers(actor)).order_by("tier")
    return render(request, "figures/home.html", {
        "groups": queries.counted(actor, cohort) if may_read else [], "longest": queries.longest(actor, cohort) if may_read else [],
        "handlers": handlers, "deadlines": queries.deadlines(cohort), "cohort": cohort, "now_": timezone.now(), "late": late(actor, cohort),
        "may_read": may_read, "modules": queries.waiting_in_modules(actor, cohort),
        "confirmations": queries.confirmations(actor, cohort) if may_read else [],
    })  # fmt: skip


@audience(Role.PROVINCE, Role.MINISTRY)
def area(request: Request) -> HttpResponse:
    """The open steps of every school below, each number the list behind it."""
    actor, cohort = request.actor, request.cohort
    may_read = actor.may_read(Area.EMPLOYMENT)
    figures, rows = queries.by_school(actor, cohort) if may_read else ([], [])
    return render(request, "figures/area.html", {
        "figures": figures, "rows": rows, "confirmations": queries.confirmations(actor, cohort) if may_read else [], "may_read": may_read,
        "cohort": cohort, "deadlines": queries.deadlines(cohort), "now_": timezone.now(),
    })  # fmt: skip
