"""Pages of a school's own log-in: its settings, and the switch that a successful try unlocks (CAM-06)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.effects import sign_on
from qicheng.domain.orgs.models import School
from qicheng.domain.orgs.pages import filled, status_of, stood, tried
from qicheng.domain.orgs.sheets import SIGN_ON
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.listing.page import render

if TYPE_CHECKING:
    from django.forms import Form


@audience(Role.SCHOOL, area=Area.EMPLOYMENT)
def settings_page(request: Any) -> HttpResponse:
    """What the school's own log-in is, whether it was tried, whether it is on."""
    actor = request.actor
    row = queries.sign_on_of(actor.node)
    form = asked(request, {key: getattr(row, key) for key in ("protocol", "server", "client_id", "claim")})
    if tried(
        request,
        form,
        lambda given: sign_on.keep(actor, seen(request), given),
        "设置已保存。试一次登录，成功之后就能开启。",
    ):
        return redirect("orgs:sign_on")
    school = School.objects.get(pk=actor.node)
    context = {
        "form": form, "row": row, "school": school, "may_write": sign_on.may_set(actor),
        "back": request.build_absolute_uri(reverse("sign_on_back", args=[school.code])),
    }  # fmt: skip
    return render(request, "orgs/sign_on.html", context, status=status_of(form))


@require_POST
@audience(Role.SCHOOL, area=Area.EMPLOYMENT, write=True)
def switch(request: Any, which: str) -> HttpResponse:
    """Offer it on the log-in's page, or offer it no more."""
    if which not in ("on", "off"):
        raise Http404
    words = (
        "统一身份认证登录已开启，登录页上马上能看到。"
        if which == "on"
        else "统一身份认证登录已关闭，大家用手机号或账号和密码登录。"
    )
    stood(request, lambda: sign_on.switch(request.actor, seen(request), is_on=which == "on"), words)
    return redirect("orgs:sign_on")


def asked(request: Any, values: dict[str, Any]) -> Form:
    """The sheet's form; a secret is typed blind and never shown again, an address stands without a slash at its end."""
    if request.method == "POST":
        request.POST = request.POST.copy()
        request.POST["server"] = request.POST.get("server", "").strip().rstrip("/")
    form = filled(SIGN_ON, request, values)
    form.fields["secret"].widget = forms.PasswordInput(attrs={"autocomplete": "off"})
    return form


def seen(request: Any) -> int:
    """The version that the page showed."""
    sent = request.POST.get("seen", "")
    return int(sent) if sent.isdecimal() and len(sent) < 10 else -1
