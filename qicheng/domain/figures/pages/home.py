"""The first page of schools and colleges after the choice of a module, and that of provinces and the ministry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from qicheng.domain.figures.effects import answers
from qicheng.domain.figures.effects.answers import Waiting
from qicheng.domain.figures.queries import home as queries
from qicheng.domain.figures.queries import moments
from qicheng.domain.orgs.models import Handler, Province
from qicheng.domain.registration.listings import late
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.listing.page import render

if TYPE_CHECKING:
    from django.http import HttpResponse

    from qicheng.domain.figures.queries.tables import Table
    from qicheng.foundation.access.pages import Request


# Digits of a number that a database can look for.
LONGEST_NUMBER = 9


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
    """The open steps of every school of a province, of every province, each number the list behind it; of very many people as last counted."""
    actor, cohort = request.actor, request.cohort
    may_read = actor.may_read(Area.EMPLOYMENT)
    province = chosen_province(request)
    tables: list[Table] = []
    words = "数字随办理实时更新"
    if may_read:
        try:
            tables, counted_at = answers.read(
                actor, "area", cohort, {"province": str(province.pk)} if province else {}, None
            )
            words = moments.words_of_count(counted_at) if counted_at else words
        except Waiting:
            words = "正在统计"
    return render(request, "figures/area.html", {
        "steps": tables[0] if tables else None, "said": tables[1] if tables else None, "tones": queries.TONES, "may_read": may_read,
        "words": words, "is_waiting": may_read and not tables, "province": province,
        "cohort": cohort, "deadlines": queries.deadlines(cohort), "now_": timezone.now(),
    })  # fmt: skip


def chosen_province(request: Request) -> Province | None:
    """The province whose schools the ministry asks for; None for the whole country."""
    chosen = request.GET.get("province", "").strip()
    if request.actor.role is not Role.MINISTRY or not chosen.isdecimal() or len(chosen) > LONGEST_NUMBER:
        return None
    return Province.objects.filter(pk=int(chosen)).first()
