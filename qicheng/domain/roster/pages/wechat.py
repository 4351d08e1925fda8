"""Who has bound the WeChat account, and asking the others to (NOT-03)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from qicheng.domain.orgs.queries import edition_of
from qicheng.domain.roster import effects, listings
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import Stopped
from qicheng.foundation.listing.download import export
from qicheng.foundation.listing.page import render, say
from qicheng.foundation.notice import wechat

from .staff import picked

if TYPE_CHECKING:
    from django.http import HttpResponse

    from qicheng.foundation.access.pages import Request

AT_ONCE = 500


@audience(Role.COLLEGE, Role.SCHOOL, area=Area.EMPLOYMENT)
def bindings(request: Request) -> HttpResponse:
    """The graduates of the cohort, each bound or not, how many are, and the others to be asked."""
    actor = request.actor
    page = listings.bindings().page(
        actor, request.GET, request.cohort, {"bound": "b.id IS NOT NULL", "all": "true"}
    )  # fmt: skip
    return render(request, "roster/bindings.html", {
        "page": page, "bound": page.tally["bound"], "all": page.tally["all"], "official": edition_of(request.cohort).public_account,
        "is_on": wechat.is_on(), "may_ask": wechat.is_on() and actor.may_write(Area.EMPLOYMENT),
        "days": effects.ASKED_AGAIN.days, "at_once": AT_ONCE,
    })  # fmt: skip


@audience(Role.COLLEGE, Role.SCHOOL, area=Area.EMPLOYMENT)
def workbook(request: Request) -> HttpResponse:
    """The list under its filters as a workbook."""
    return export(request, "roster", listings.bindings(), request.GET, reverse("roster:bindings"))


@audience(Role.COLLEGE, Role.SCHOOL, area=Area.EMPLOYMENT, write=True)
@require_POST
def ask(request: Request) -> HttpResponse:
    """Ask those who were ticked, or the first of all under the filters who have not bound and were not asked lately."""
    actor, cohort = request.actor, request.cohort
    chosen = picked(request.POST.getlist("line"))
    if request.POST.get("act") == "every":
        query = {**request.GET.dict(), "bound": "no", "asked": "no"}
        chosen = [row.public_id for row in listings.bindings().head(actor, query, cohort, AT_ONCE)]
    if not chosen:
        say(request, "没有要提醒的人：先勾选，或者都在 7 天内提醒过了。", "info")
    else:
        try:
            number = effects.ask_to_bind(chosen, cohort, actor)
            rest = f"，另外 {len(chosen) - number} 人已绑定或最近提醒过" if len(chosen) > number else ""
            say(request, f"已提醒 {number} 人绑定微信{rest}。")
        except Stopped as why:
            say(request, str(why), "warn")
    return redirect(f"{reverse('roster:bindings')}?{request.GET.urlencode()}")
