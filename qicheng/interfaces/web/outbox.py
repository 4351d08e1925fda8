"""What the outbox could not send, for the operator: what, since when, why, what to do, and once more (NOT-02). No addresses, no words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Count, Min
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import note
from qicheng.foundation.listing.page import render, say
from qicheng.foundation.notice.deliver import CUT_OFF, FAILURES, circuits, resend
from qicheng.foundation.notice.models import Notice
from qicheng.foundation.notice.preferences import WAYS

if TYPE_CHECKING:
    from qicheng.foundation.notice.models import Circuit

MOST = 200
# What to do, by how the reason begins; the first that fits.
ADVICE = (
    (CUT_OFF, "到对方的后台查这个编号有没有发出，没有再发"),
    ("邮件服务器没有接收", "看邮件服务器的退信，收件地址可能不对"),
    ("邮件服务器没有回答", "可能已经发出，查邮件服务器的记录，没有再发"),
    ("邮件服务器连不上", "查 QICHENG_SMTP_HOST 和网络，通了再发"),
    ("短信网关没有回答", "查网关地址和网络，通了再发；网关认得编号，不会重复"),
    ("短信网关回答", "按网关的回答改设置或模板，改好再发"),
    ("短信服务回答 isv.MOBILE", "号码不对，请学校更正名单里的手机号"),
    ("短信服务", "到短信服务的后台按回答码查，签名、模板或余额处理好再发"),
    ("微信回答", "按微信的返回码查模板和权限，处理好再发"),
    ("微信没有回答", "查网络，通了再发；超过十分钟的可能已经发出"),
    ("对方接下了", "微信没有送到，可以再发一次"),
    ("消息没有写成", "程序的问题，把编号告诉开发的人"),
)


@audience(Role.MINISTRY)
def stuck(request: Any) -> HttpResponse:
    """The stuck messages, oldest first, how many wait on each channel, and whether it works."""
    rows = Notice.objects.filter(state=Notice.STUCK).order_by("id")[:MOST]
    now = timezone.now()
    waiting = (
        Notice.objects.filter(state__in=(Notice.OWED, Notice.SENDING))
        .values("channel").annotate(number=Count("id"), oldest=Min("made_at")).order_by("channel")
    )  # fmt: skip
    context = {
        "rows": [(row, _about(row), WAYS.get(row.channel, row.channel), _advice(row.failure)) for row in rows],
        "waiting": [(WAYS.get(w["channel"], w["channel"]), w["number"], w["oldest"]) for w in waiting],
        "circuits": [(WAYS.get(c.channel, c.channel), *_standing(c, now), c) for c in circuits()],
        "most": MOST,
    }
    return render(request, "outbox.html", context)


@audience(Role.MINISTRY)
@require_POST
def send_again(request: Any, notice: int) -> HttpResponse:
    """Send one on its way again."""
    return _again(request, [notice], "这条消息已经不在滞留里了。")


@audience(Role.MINISTRY)
@require_POST
def send_many_again(request: Any) -> HttpResponse:
    """Send those that were chosen on their way again."""
    chosen = [int(one) for one in request.POST.getlist("notice")[:MOST] if one.isdecimal() and len(one) < 19]
    return _again(request, chosen, "选中的消息已经不在滞留里了。" if chosen else "先选要再发的消息。")


def _again(request: Any, chosen: list[int], none: str) -> HttpResponse:
    again = resend(chosen)
    for pk in again:
        note(request.actor, "resent", "notice", subject=str(pk))
    if again:
        number = f" {len(again)} 条" if len(again) > 1 else ""
        say(request, f"已放回待发{number}，几秒钟后会再发一次。")
    else:
        say(request, none, tone="warn")
    return redirect("outbox")


def _about(row: Notice) -> str:
    flow = FLOWS.get(row.flow)
    act = flow.act_named(row.act) if flow else None
    return f"{flow.label}：{act.label}" if flow and act else row.act


def _advice(failure: str) -> str:
    return next((words for beginning, words in ADVICE if failure.startswith(beginning)), "查过原因再发")


def _standing(row: Circuit, now: Any) -> tuple[str, str]:
    """(words, tone) of how a channel works."""
    if row.shut_until is not None and row.shut_until > now:
        return ("停发", "bad") if row.failures >= FAILURES else ("到了上限，停发", "warn")
    return ("不稳", "warn") if row.failures else ("正常", "ok")
