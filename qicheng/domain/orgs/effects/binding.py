"""A graduate's WeChat: bound by scanning a code, known again at the log-in, ended by either side (ORG-11)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from qicheng.domain.orgs.effects.sessions import set_password, spend
from qicheng.domain.orgs.models import Account, Binding, BindingScene, Seat, Session
from qicheng.foundation.access import SYSTEM, Role, statements
from qicheng.foundation.flow.perform import Refused, be, note
from qicheng.foundation.kit import masks
from qicheng.foundation.kit.numbers import fingerprint
from qicheng.foundation.kit.strongbox import put_away, take_out
from qicheng.foundation.notice import wechat

if TYPE_CHECKING:
    from collections.abc import Mapping

# What its records are about.
ABOUT = "wechat"
BOUND, TAKEN, SECOND = "bound", "taken", "second"
# What a binding ended by.
BY_ONESELF, UNFOLLOWED, UNREACHABLE, NEW_PASSWORD = "oneself", "unfollowed", "unreachable", "new_password"
WHY = {
    BY_ONESELF: "本人解除", UNFOLLOWED: "取消关注公众号", UNREACHABLE: "微信说已不再关注", NEW_PASSWORD: "账号的密码重新设过",
}  # fmt: skip
SCENES_AN_HOUR = 20
# Half a minute less than the code is good for: what comes late is refused by us, not by chance.
SCENE_SECONDS = wechat.QR_SECONDS - 30


def standing(account: int) -> Binding | None:
    """The binding in force of an account."""
    return Binding.objects.filter(account=account, ended_at=None).first()


def openid_of(account: int) -> str:
    """The openid that an account's messages go to; '' without one."""
    row = standing(account)
    return take_out(bytes(row.openid), _key(), _whose(account)) or "" if row else ""


def by_openid(openid: str) -> Binding | None:
    """The binding in force of somebody in WeChat, with the account."""
    return Binding.objects.filter(digest=digest(openid), ended_at=None).select_related("account").first()


def digest(openid: str) -> str:
    """What an openid is found by."""
    return fingerprint(f"wechat|{openid}", _key())


def newest_scene(account: int) -> BindingScene | None:
    """The last code that an account was shown."""
    return BindingScene.objects.filter(account=account).order_by("-made_at").first()


def offer(account: int) -> BindingScene:
    """Make a code to scan; those of before are good no more. Raises Refused, and Silent or wechat.Refused where WeChat does not answer."""
    if standing(account):
        raise Refused("已经绑定了微信。要换一个，先解除现在的。")
    if not spend(f"wechat scene|{account}", SCENES_AN_HOUR, 3600):
        raise Refused("一小时里要的二维码太多了，过一会儿再来。")
    scene = secrets.token_urlsafe(24)
    url = wechat.code_to_scan(scene)
    with transaction.atomic():
        now = timezone.now()
        BindingScene.objects.filter(account=account, used_at=None).update(expires_at=now)
        return BindingScene.objects.create(
            digest=_hash(scene), account_id=account, url=url, expires_at=now + timedelta(seconds=SCENE_SECONDS)
        )


def heard(said: Mapping[str, str]) -> None:
    """Do what an event asks for. The same event twice has one effect."""
    openid, event, key = said.get("FromUserName", ""), said.get("Event", "").lower(), said.get("EventKey", "")
    if event == "subscribe" and key.startswith("qrscene_"):
        bind(key.removeprefix("qrscene_"), openid)
    elif event == "scan":
        bind(key, openid)
    elif event == "unsubscribe" and (row := by_openid(openid)):
        end(row, UNFOLLOWED)


def bind(scene: str, openid: str) -> str:
    """Bind whoever has scanned to the account that the code was shown to; '' where the code is not good (any more), else the outcome."""
    with transaction.atomic():
        be(SYSTEM)
        used = statements.plain(
            "UPDATE orgs_bindingscene SET used_at = clock_timestamp() WHERE digest = %(digest)s AND used_at IS NULL "
            "AND expires_at > clock_timestamp() RETURNING account_id",
            {"digest": _hash(scene)},
        )
        if used is None:
            return ""
        account = Account.objects.select_for_update(no_key=True).get(pk=used[0])
        outcome = _bound(account, openid)
        BindingScene.objects.filter(digest=_hash(scene)).update(outcome=outcome)
    return outcome


def _bound(account: Account, openid: str) -> str:
    mine = standing(account.pk)
    if mine is not None:
        return BOUND if mine.digest == digest(openid) else SECOND
    kept = put_away(openid, _key(), _whose(account.pk))
    try:
        with transaction.atomic():
            row = Binding.objects.create(account=account, openid=kept, digest=digest(openid))
    except IntegrityError:
        return TAKEN
    # Whoever scanned a code of somebody else's reads whose account it is now bound to.
    whose = {"账号": ["", masks.name(account.name)]}
    note(SYSTEM, "bind", ABOUT, whose, subject=f"binding {row.pk}", tell=_people(account.pk))
    return BOUND


def end(row: Binding, by: str) -> bool:
    """End a binding and every session that it opened; False where it had ended already."""
    with transaction.atomic():
        be(SYSTEM)
        ended = Binding.objects.filter(pk=row.pk, ended_at=None).update(ended_at=timezone.now(), ending=by)
        Session.objects.filter(binding=row.pk).delete()
        if ended:
            note(
                SYSTEM,
                "unbind",
                ABOUT,
                {"原因": ["", WHY[by]]},
                subject=f"binding {row.pk}",
                tell=_people(row.account_id),
            )
    return bool(ended)


def end_of(account: int, by: str) -> bool:
    """End the binding of an account; False where it has none."""
    row = standing(account)
    return row is not None and end(row, by)


def start_anew(account: Account, password: str) -> None:
    """Give an account a password after a code by SMS; whoever was in it before is out, and so is a WeChat that was bound."""
    with transaction.atomic():
        set_password(account, password)
        end_of(account.pk, NEW_PASSWORD)


def gone(openid: str) -> None:
    """WeChat says that it reaches nobody there."""
    if row := by_openid(openid):
        end(row, UNREACHABLE)


def _people(account: int) -> list[tuple[Role, int]]:
    nodes = Seat.objects.filter(account=account, role=Role.GRADUATE, ended_at=None).values_list("node", flat=True)
    return [(Role.GRADUATE, node) for node in nodes]


def _hash(scene: str) -> str:
    return hashlib.sha256(scene.encode()).hexdigest()


def _key() -> bytes:
    return settings.SECRET_KEY.encode()


def _whose(account: int) -> str:
    return f"wechat of account {account}"
