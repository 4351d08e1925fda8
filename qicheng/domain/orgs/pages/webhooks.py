"""Pages of webhooks: where a school's other systems are told of changes, tried, rotated, and what arrived (SYN-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.effects import webhooks
from qicheng.domain.orgs.pages import filled, status_of, stood
from qicheng.domain.orgs.sheets import WEBHOOK, WEBHOOK_SPAN
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import Refused, noted
from qicheng.foundation.listing.page import render, say

if TYPE_CHECKING:
    from uuid import UUID

    from django.forms import Form

    from qicheng.domain.orgs.models import Webhook


@audience(Role.SCHOOL, area=Area.EMPLOYMENT)
def overview(request: Any) -> HttpResponse:
    """The webhooks of the school and how each works now."""
    context = {"rows": list(queries.own_webhooks(request.actor)), "may_write": queries.may_give_keys(request.actor)}
    return render(request, "orgs/webhooks.html", context)


@audience(Role.SCHOOL, area=Area.EMPLOYMENT, write=True)
def new(request: Any) -> HttpResponse:
    """Add a webhook; its secret stands on the answer, once."""
    _must_keep(request)
    form = filled(WEBHOOK, request)
    if request.method == "POST" and form.is_valid():
        try:
            return shown_once(request, *webhooks.make(request.actor, form.cleaned_data))
        except Refused as why:
            form.add_error(None, str(why))
    return render(request, "orgs/webhook_form.html", {"form": form, "row": None}, status=status_of(form))


@audience(Role.SCHOOL, area=Area.EMPLOYMENT)
def webhook(request: Any, public_id: UUID) -> HttpResponse:
    """One webhook: what it is told of, what arrived, what was done to it."""
    row = own(request, public_id)
    today = timezone.localdate()
    return _shown(request, row, WEBHOOK_SPAN.form()(initial={"first": today, "last": today}))


@audience(Role.SCHOOL, area=Area.EMPLOYMENT, write=True)
def change(request: Any, public_id: UUID) -> HttpResponse:
    """Another name, address or choice of topics."""
    _must_keep(request)
    row = own(request, public_id)
    form = filled(WEBHOOK, request, {key: getattr(row, key) for key in WEBHOOK.keys})
    if request.method == "POST" and form.is_valid():
        try:
            webhooks.change(request.actor, row, request.POST.get("seen", ""), form.cleaned_data)
        except Refused as why:
            form.add_error(None, str(why))
        else:
            say(request, "已修改。")
            return redirect("orgs:webhook", public_id)
    context = {"form": form, "row": row, "stamp": request.POST.get("seen") or webhooks.stamp(row)}
    return render(request, "orgs/webhook_form.html", context, status=status_of(form))


@require_POST
@audience(Role.SCHOOL, area=Area.EMPLOYMENT, write=True)
def rotate(request: Any, public_id: UUID) -> HttpResponse:
    """Another secret; the one before signs beside it for a few days."""
    row = own(request, public_id)
    try:
        secret = webhooks.rotate(request.actor, row, request.POST.get("seen", ""))
    except Refused as why:
        say(request, str(why), "warn")
        return redirect("orgs:webhook", public_id)
    return shown_once(request, own(request, public_id), secret)


@require_POST
@audience(Role.SCHOOL, area=Area.EMPLOYMENT, write=True)
def switch(request: Any, public_id: UUID, which: str) -> HttpResponse:
    """On or off."""
    if which not in ("on", "off"):
        raise Http404
    row, is_on = own(request, public_id), which == "on"
    done = "已开启，从停下的地方接着发。" if is_on else "已关闭，这期间的变化留到开启以后再发。"
    seen = request.POST.get("seen", "")
    stood(request, lambda: webhooks.switch(request.actor, row, seen, is_on=is_on), done)
    return redirect("orgs:webhook", public_id)


@require_POST
@audience(Role.SCHOOL, area=Area.EMPLOYMENT, write=True)
def send_trial(request: Any, public_id: UUID) -> HttpResponse:
    """Send a trial; how it went stands in the log of deliveries soon."""
    row = own(request, public_id)
    done = "测试正在发送，几秒后刷新这一页，在发送记录里看结果。"
    stood(request, lambda: webhooks.send_trial(request.actor, row, request.POST.get("seen", "")), done)
    return redirect("orgs:webhook", public_id)


@require_POST
@audience(Role.SCHOOL, area=Area.EMPLOYMENT, write=True)
def replay(request: Any, public_id: UUID, delivery: UUID) -> HttpResponse:
    """Send one delivery again."""
    row = own(request, public_id)
    stood(request, lambda: webhooks.replay(request.actor, row, delivery=delivery), "已排队重发。")
    return redirect("orgs:webhook", public_id)


@require_POST
@audience(Role.SCHOOL, area=Area.EMPLOYMENT, write=True)
def replay_span(request: Any, public_id: UUID) -> HttpResponse:
    """Send the deliveries of some days again."""
    row = own(request, public_id)
    form = filled(WEBHOOK_SPAN, request)
    if form.is_valid():
        span = form.cleaned_data["first"], form.cleaned_data["last"]
        stood(request, lambda: webhooks.replay(request.actor, row, span=span), "已排队重发。")
        return redirect("orgs:webhook", public_id)
    return _shown(request, row, form)


def own(request: Any, public_id: UUID) -> Webhook:
    """The webhook of that id, of the school of whoever asks; Http404 else."""
    row = queries.own_webhooks(request.actor).filter(public_id=public_id).first()
    if row is None:
        raise Http404
    return row


def _shown(request: Any, row: Webhook, form: Form) -> HttpResponse:
    context = {
        "row": row, "stamp": webhooks.stamp(row), "may_write": queries.may_give_keys(request.actor), "overlap": webhooks.OVERLAP,
        "kept": webhooks.LOG_KEPT, "patience": webhooks.PATIENCE, "deliveries": queries.deliveries_of(row, request.actor), "form": form,
        "records": noted(webhooks.ABOUT, case=str(row.public_id), newest=20), "labels": WEBHOOK_LABELS,
        "is_former_signing": bool(row.former_until and row.former_until > timezone.now()),
    }  # fmt: skip
    return render(request, "orgs/webhook.html", context, status=status_of(form))


def shown_once(request: Any, row: Webhook, secret: str) -> HttpResponse:
    """The answer that carries a secret; no browser keeps it."""
    response = render(request, "orgs/webhook_secret.html", {"row": row, "secret": secret, "overlap": webhooks.OVERLAP})
    response["Cache-Control"] = "no-store"
    return response


def _must_keep(request: Any) -> None:
    if not queries.may_give_keys(request.actor):
        raise Http404


WEBHOOK_LABELS = {
    ("webhook", "add"): "添加变化通知", ("webhook", "change"): "修改变化通知", ("webhook", "rotate"): "更换变化通知的密钥",
    ("webhook", "switch"): "开关变化通知", ("webhook", "try"): "发送一次测试", ("webhook", "replay"): "重发变化通知",
    ("webhook", "stopped"): "变化通知自动关闭",
}  # fmt: skip
