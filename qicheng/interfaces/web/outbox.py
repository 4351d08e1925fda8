"""What the outbox could not send, for the operator: what, since when, why, and once more (NOT-02). No addresses, no words."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import note
from qicheng.foundation.listing.page import render, say
from qicheng.foundation.notice.deliver import resend
from qicheng.foundation.notice.models import Notice

CHANNELS = {"mail": "邮件", "sms": "短信"}
MOST = 200


@audience(Role.MINISTRY)
def stuck(request: Any) -> HttpResponse:
    """The stuck messages, oldest first, and how many wait on each channel."""
    rows = Notice.objects.filter(state=Notice.STUCK).order_by("id")[:MOST]
    waiting = (
        Notice.objects.filter(state__in=(Notice.OWED, Notice.SENDING)).values("channel").annotate(number=Count("id"))
    )
    context = {
        "rows": [(row, _about(row), CHANNELS.get(row.channel, row.channel)) for row in rows],
        "waiting": [(CHANNELS.get(w["channel"], w["channel"]), w["number"]) for w in waiting],
    }
    return render(request, "outbox.html", context)


@audience(Role.MINISTRY)
@require_POST
def send_again(request: Any, notice: int) -> HttpResponse:
    """Send one on its way again."""
    if resend(notice):
        note(request.actor, "resent", "notice", subject=str(notice))
        say(request, "已放回待发，几秒钟后会再发一次。")
    else:
        say(request, "这条消息已经不在滞留里了。", tone="warn")
    return redirect("outbox")


def _about(row: Notice) -> str:
    flow = FLOWS.get(row.flow)
    act = flow.act_named(row.act) if flow else None
    return f"{flow.label}：{act.label}" if flow and act else row.act
