"""A WeChat official account: its access token, template messages, codes to scan, and who somebody is in WeChat (NOT-01, ORG-11).

The interface of api.weixin.qq.com. A message under a `client_msg_id` that it has had is swallowed for ten minutes.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from qicheng.foundation.kit.outward import Silent, exchange
from qicheng.foundation.kit.strongbox import put_away, take_out

from . import channels
from .channels import CHANNELS, NotSent, parsed
from .models import Grant

SIDE = "wechat"
# A token is renewed so long before it ends.
MARGIN = timedelta(minutes=5)
LONGEST = 20
EXPIRED = frozenset({40001, 40014, 42001})
LEFT = frozenset({40003, 43004})
# Words that will not do, a template that is not ours, a right that the account does not have.
FINAL = frozenset({40036, 40037, 41028, 41029, 41030, 47001, 47003, 48001, 50001})
LIMITS = {45009: 3600, 45011: 60, 45015: 3600}
QR_SECONDS = 300


class Refused(Exception):
    """WeChat has answered with an error; `code` is its number."""

    def __init__(self, code: int) -> None:
        super().__init__(f"errcode {code}")
        self.code = code


class Wechat:
    """Template messages. Repeated within `repeats_seconds` nothing comes twice; later nobody knows."""

    repeats_safely = False
    repeats_seconds = 540.0

    def send(self, key: str, address: str, subject: str, body: str) -> str:
        first, second = settings.QICHENG_WECHAT_FIELDS
        try:
            said = call("/cgi-bin/message/template/send", {
                "touser": address, "template_id": settings.QICHENG_WECHAT_TEMPLATE, "url": f"{settings.QICHENG_ADDRESS}/login/wechat/?next=/messages/",
                "client_msg_id": key, "data": {first: {"value": _short(subject)}, second: {"value": _short(body or subject)}},
            })  # fmt: skip
        except Silent as failed:
            raise NotSent(f"微信没有回答（{failed}）", unsure=True) from failed
        except Refused as answered:
            raise self._why(answered.code) from answered
        return str(said.get("msgid", ""))[:80]

    def _why(self, code: int) -> NotSent:
        if code in LEFT:
            return NotSent(f"没有关注公众号了（{code}）", gone=True)
        if code in LIMITS:
            return NotSent(f"微信接口到了上限（{code}）", pause=LIMITS[code], whole=True)
        return NotSent(f"微信回答 {code}", final=code in FINAL)


def is_on() -> bool:
    """Whether this deployment has an official account."""
    return bool(settings.QICHENG_WECHAT_APP and settings.QICHENG_WECHAT_SECRET)


def call(path: str, given: dict[str, Any]) -> dict[str, Any]:
    """Ask with the access token; one that has ended early is renewed once. Raises Silent, Refused."""
    grant = token()
    try:
        return _ask("POST", path, params={"access_token": grant}, given=given)
    except Refused as answered:
        if answered.code not in EXPIRED:
            raise
    return _ask("POST", path, params={"access_token": token(instead_of=grant)}, given=given)


def token(instead_of: str = "") -> str:
    """The access token that all processes share; whoever finds it ending renews it, and the others wait and read. Raises Silent, Refused.

    `instead_of` is one that was refused: it is renewed unless another process has done so already.
    """
    Grant.objects.get_or_create(side=SIDE)
    with transaction.atomic():
        row = Grant.objects.select_for_update().get(side=SIDE)
        held = take_out(bytes(row.kept), _key(), _about()) if row.kept else None
        now = timezone.now()
        if held and held != instead_of and row.expires_at and row.expires_at - MARGIN > now:
            return held
        said = _ask("POST", "/cgi-bin/stable_token", given={
            "grant_type": "client_credential", "appid": settings.QICHENG_WECHAT_APP, "secret": settings.QICHENG_WECHAT_SECRET,
            "force_refresh": bool(instead_of),
        })  # fmt: skip
        fresh, seconds = said.get("access_token"), said.get("expires_in")
        if not isinstance(fresh, str) or not fresh or not isinstance(seconds, int):
            raise Silent("not the agreed answer")
        row.kept, row.expires_at = put_away(fresh, _key(), _about()), now + timedelta(seconds=seconds)
        row.save()
    return fresh


def code_to_scan(scene: str) -> str:
    """The address that a code to scan stands for; whoever scans it follows the account and brings `scene`. Raises Silent, Refused."""
    said = call("/cgi-bin/qrcode/create", {
        "expire_seconds": QR_SECONDS, "action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": scene}},
    })  # fmt: skip
    url = said.get("url")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")) or len(url) > 300:
        raise Silent("not the agreed answer")
    return url


def way_out(back: str, state: str) -> str:
    """Where a browser inside WeChat says who it is, without asking; it comes back to `back` with a code and the state."""
    query = urlencode({
        "appid": settings.QICHENG_WECHAT_APP, "redirect_uri": back, "response_type": "code", "scope": "snsapi_base", "state": state,
    })  # fmt: skip
    return f"{settings.QICHENG_WECHAT_OPEN}/connect/oauth2/authorize?{query}#wechat_redirect"


def who(code: str) -> str:
    """The openid that a code stands for, once. Raises Silent, Refused."""
    said = _ask("GET", "/sns/oauth2/access_token", params={
        "appid": settings.QICHENG_WECHAT_APP, "secret": settings.QICHENG_WECHAT_SECRET, "code": code, "grant_type": "authorization_code",
    })  # fmt: skip
    openid = said.get("openid")
    if not isinstance(openid, str) or not openid or len(openid) > 64:
        raise Silent("not the agreed answer")
    return openid


def _ask(
    method: str, path: str, *, params: dict[str, str] | None = None, given: dict[str, Any] | None = None
) -> dict[str, Any]:
    sent: dict[str, Any] = {"params": params or {}}
    if given is not None:
        sent |= {
            "content": json.dumps(given, ensure_ascii=False).encode(),
            "headers": {"Content-Type": "application/json"},
        }
    answer = exchange(method, f"{settings.QICHENG_WECHAT_URL}{path}", seconds=min(channels.SECONDS, 5.0), **sent)
    said = parsed(answer.content)
    if answer.status != 200 or said is None:
        raise Silent(f"status {answer.status}")
    code = said.get("errcode", 0)
    if not isinstance(code, int):
        raise Silent("not the agreed answer")
    if code:
        raise Refused(code)
    return said


def _short(words: str) -> str:
    plain = " ".join(words.split())
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 1]}…"


def _key() -> bytes:
    return settings.SECRET_KEY.encode()


def _about() -> str:
    return f"access token of {settings.QICHENG_WECHAT_APP}"


CHANNELS["wechat"] = Wechat()
