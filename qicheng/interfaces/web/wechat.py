"""WeChat's way in: binding by a code to scan, what WeChat's servers tell, and the log-in without a password (ORG-11)."""

from __future__ import annotations

import hmac
import logging
import secrets
from typing import TYPE_CHECKING, Any

import segno
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from qicheng.domain.orgs.effects import binding, sessions
from qicheng.domain.orgs.models import Edition
from qicheng.domain.orgs.queries import edition_of
from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import anyone, audience
from qicheng.foundation.flow.perform import Refused
from qicheng.foundation.kit.outward import Silent
from qicheng.foundation.listing.page import render, say
from qicheng.foundation.notice import callbacks, deliver, wechat
from qicheng.interfaces.web import menus
from qicheng.interfaces.web.middleware import address
from qicheng.interfaces.web.ways import TOO_MANY_HERE, admit, own_path, prove, why_shut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.domain.orgs.models import BindingScene, Seat

log = logging.getLogger(__name__)
STATE, STATE_SECONDS, SALT = "wechat-state", 10 * 60, "wechat"
WORDS = {
    binding.TAKEN: "这个微信已经绑定了另一个账号。先在那个账号里解除，再回来绑定。",
    binding.SECOND: "这个账号已经绑定了另一个微信。先解除，再绑定新的。",
}


# ---- binding


@audience(Role.GRADUATE)
def wechat_page(request: Any) -> HttpResponse:
    """The binding of one's account: which account to follow, the code to scan while it is good, how it ends."""
    if not wechat.is_on():
        raise Http404
    account = request.actor.account
    scene = binding.newest_scene(account)
    bound = binding.standing(account)
    is_good = scene is not None and scene.used_at is None and scene.expires_at > timezone.now()
    response = render(request, "wechat.html", {
        "bound": bound, "scene": scene if is_good and not bound else None, "code": _drawn(scene) if is_good and not bound and scene else "",
        "is_late": scene is not None and scene.used_at is None and not is_good,
        "refused": WORDS.get(scene.outcome, "") if scene is not None and not bound else "",
        "official": edition_of(request.cohort).public_account if request.cohort else Edition.GUIDE_2024.public_account,
        "stand_in": scene.url if is_good and scene and settings.QICHENG_WECHAT_STAND_IN else "",
        "came_so": bool(sessions.how_it_came(request.session_hash).binding),
    })  # fmt: skip
    response["Cache-Control"] = "no-store"
    return response


@audience(Role.GRADUATE)
@require_POST
def show_code(request: Any) -> HttpResponse:
    """Make a code to scan, once the password was given again: a WeChat that is bound opens the account."""
    if not wechat.is_on():
        raise Http404
    if wrong := prove(request.actor.account, request.POST.get("password", "")):
        say(request, f"{wrong}。", "warn")
        return redirect("wechat")
    try:
        binding.offer(request.actor.account)
    except Refused as why:
        say(request, str(why), "warn")
    except (Silent, wechat.Refused) as failed:
        log.warning("no code of WeChat: %s", failed)
        say(request, "微信没有回应，过一会儿再来。", "warn")
    return redirect("wechat")


@audience(Role.GRADUATE)
@require_POST
def unbind(request: Any) -> HttpResponse:
    """End the binding; a session that came by it ends with it."""
    row = binding.standing(request.actor.account)
    if row is not None and binding.end(row, binding.BY_ONESELF):
        say(request, "微信已经解除绑定。用它登录的地方都退出了，微信里也不再收到消息。")
    return redirect("wechat")


def _drawn(scene: BindingScene) -> str:
    return segno.make(scene.url, error="m", micro=False).svg_data_uri(scale=6, border=4)


# ---- what WeChat's servers tell


@csrf_exempt
@anyone
def callback(request: HttpRequest) -> HttpResponse:
    """The address that the account's settings name: GET proves that it is ours, POST brings an event, answered at once."""
    if not wechat.is_on():
        raise Http404
    if not callbacks.is_theirs(request.GET):
        return HttpResponse(status=403)
    if request.method != "POST":
        return _plainly(request.GET.get("echostr", "")[:100])
    said = callbacks.told(request.body, request.GET)
    if said is None:
        return HttpResponse(status=400)
    with transaction.atomic():
        # In one transaction with what it does: WeChat tells again what was not answered.
        if _is_first(said, request.GET):
            _hear(said)
    return _plainly("success")


def _is_first(said: Mapping[str, str], given: Mapping[str, str]) -> bool:
    """Whether neither this very call nor this event has come before."""
    call = f"{given.get('timestamp')}|{given.get('nonce')}|{given.get('signature')}"
    event = "|".join(said.get(key, "") for key in ("FromUserName", "CreateTime", "Event", "EventKey", "MsgID"))
    window = 3 * callbacks.WINDOW_SECONDS
    return sessions.spend(f"wechat call|{call}", 1, window) and sessions.spend(f"wechat event|{event}", 1, window)


def _hear(said: Mapping[str, str]) -> None:
    if said.get("MsgType") != "event":
        return
    if said.get("Event") == "TEMPLATESENDJOBFINISH":
        deliver.reported("wechat", said.get("MsgID", ""), said.get("Status", ""))
    else:
        binding.heard(said)


def _plainly(words: str) -> HttpResponse:
    return HttpResponse(words, content_type="text/plain; charset=utf-8")


# ---- the log-in


@anyone
def start(request: Any) -> HttpResponse:
    """「去向登记」 in the account's menu: to WeChat, which says who it is without asking."""
    if not wechat.is_on():
        raise Http404
    onward = own_path(request.GET.get("next"))
    if request.actor is not None:
        return redirect(onward or menus.home(request.actor.role))
    state = secrets.token_urlsafe(24)
    response = redirect(wechat.way_out(request.build_absolute_uri(reverse("wechat_back")), state))
    response.set_cookie(
        _named(), signing.dumps([state, onward], salt=SALT), max_age=STATE_SECONDS, secure=settings.QICHENG_TLS, httponly=True,
        samesite="Lax", path="/",
    )  # fmt: skip
    return _uncached(response)


@anyone
def back(request: HttpRequest) -> HttpResponse:
    """Back from WeChat: whoever is bound is in, as a graduate; nobody else learns anything."""
    if not wechat.is_on():
        raise Http404
    onward = _state(request)
    response = _let_in(request, onward) if onward is not None else _not_in(
        request, "这次登录没有接上：离开太久，或者中间换了浏览器。回到公众号，再点一次「去向登记」。"
    )  # fmt: skip
    response.delete_cookie(_named(), samesite="Lax")
    return _uncached(response)


def _let_in(request: HttpRequest, onward: str) -> HttpResponse:
    if not sessions.reserve_at(address(request)):
        return _not_in(request, f"{TOO_MANY_HERE}。")
    try:
        openid = wechat.who(request.GET.get("code", "")[:200])
    except (Silent, wechat.Refused) as failed:
        log.warning("log-in by WeChat: %s", failed)
        return _not_in(request, "微信没有确认这次登录。回到公众号，再点一次「去向登记」。")
    row = binding.by_openid(openid)
    if row is None:
        return _not_in(request, "这个微信还没有绑定账号。先用手机号和密码登录，在「我的」里绑定微信。")
    if shut := why_shut(row.account):
        return _not_in(request, f"{shut}。")
    sessions.give_back(address(request))

    def among(seats: list[Seat]) -> list[Seat]:
        return [seat for seat in seats if seat.role == Role.GRADUATE]

    try:
        return admit(request, row.account, "graduate", onward, came_by=sessions.CameBy(binding=row.pk), among=among)
    except Refused as ended:
        return _not_in(request, str(ended))


def _state(request: HttpRequest) -> str | None:
    """Where this browser wanted to go, if the address brings back the state that it was given, for the first time; else None."""
    try:
        state, onward = signing.loads(request.COOKIES.get(_named(), ""), salt=SALT, max_age=STATE_SECONDS)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    if not hmac.compare_digest(state.encode(), request.GET.get("state", "").encode()):
        return None
    return onward if sessions.spend(f"wechat state|{state}", 1, 2 * STATE_SECONDS) else None


def _not_in(request: HttpRequest, words: str) -> HttpResponse:
    return render(
        request, "wechat_refused.html", {"words": words, "request_id": getattr(request, "number", "")}, status=403
    )


def is_inside(request: HttpRequest) -> bool:
    """Whether the browser is WeChat's own, where its log-in works."""
    return wechat.is_on() and "MicroMessenger" in request.META.get("HTTP_USER_AGENT", "")


def _named() -> str:
    return f"__Host-{STATE}" if settings.QICHENG_TLS else STATE


def _uncached(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
