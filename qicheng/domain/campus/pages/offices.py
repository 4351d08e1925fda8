"""Where a province names the offices that receive file and household, place by place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse

from qicheng.domain.campus.effects import offices as effects
from qicheng.domain.campus.models import OfficeKind
from qicheng.domain.campus.queries import offices as queries
from qicheng.domain.campus.sheets.offices import OFFICE, RULE
from qicheng.domain.orgs.models import Province
from qicheng.domain.orgs.pages import filled, status_of, tried
from qicheng.domain.orgs.queries import stamp
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.codes import divisions
from qicheng.foundation.flow.perform import noted
from qicheng.foundation.listing.page import render

if TYPE_CHECKING:
    from django.http import HttpResponse

    from qicheng.foundation.access.pages import Request


@audience(Role.PROVINCE, area=Area.EMPLOYMENT)
def offices(request: Request) -> HttpResponse:
    """The divisions of the province, or those below `?in=`, with the name that counts in each; the province's rule above them."""
    province = Province.objects.get(pk=request.actor.node)
    above = request.GET.get("in", "")
    if above and not queries.belongs(province, above):
        raise Http404
    row = queries.rule_of(province.pk)
    form = filled(RULE, request, {"pattern": row.pattern})
    sent = request.POST.get("seen", "")
    seen = int(sent) if sent.isdecimal() and len(sent) < 10 else -1
    if tried(request, form, lambda given: effects.set_rule(request.actor, seen, given), "规则已保存，以后填写和提交的按新规则。"):  # fmt: skip
        return redirect("campus:offices")
    return render(request, "campus/offices.html", {
        "form": form, "row": row, "places": queries.places(province, above) if queries.own_code(province) else [], "above": above,
        "kinds": list(OfficeKind), "has_below": lambda code: bool(divisions.children(code)), "province": province,
        "may_write": request.actor.may_write(Area.EMPLOYMENT), "back": f"?in={above[:4]}00" if above[4:] not in ("", "00") else "?",
    }, status=status_of(form))  # fmt: skip


@audience(Role.PROVINCE, area=Area.EMPLOYMENT)
def office(request: Request, place: str) -> HttpResponse:
    """The two names of one division, what counts there now, and who changed them."""
    province = Province.objects.get(pk=request.actor.node)
    if not queries.belongs(province, place):
        raise Http404
    shown = effects.values_at(place)
    form = filled(OFFICE, request, shown)
    seen = request.POST.get("seen", "")
    back = (
        f"{reverse('campus:offices')}?in={queries.chain(place)[1]}"
        if place[2:] != "0000"
        else reverse("campus:offices")
    )
    done = "接收单位名称已保存，以后填写和提交的按新名称。"
    if tried(request, form, lambda given: effects.name_office(request.actor, place, seen, given), done):
        return redirect(back)
    return render(request, "campus/office.html", {
        "form": form, "seen": stamp(shown), "place": queries.places(province, place)[0], "kinds": list(OfficeKind), "back": back,
        "may_write": request.actor.may_write(Area.EMPLOYMENT), "records": noted(effects.ABOUT, case=place, newest=20), "labels": {(effects.ABOUT, "change"): "修改接收单位名称"},
    }, status=status_of(form))  # fmt: skip
