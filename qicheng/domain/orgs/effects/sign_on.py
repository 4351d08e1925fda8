"""A school's own log-in beside the platform's: its settings, tried before they are on, and who stands behind an answer (CAM-06)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.effects import cas, openid, vouching
from qicheng.domain.orgs.effects.sessions import spend
from qicheng.domain.orgs.effects.settings import Outdated
from qicheng.domain.orgs.effects.vouching import Busy, NotVouched, Vouched
from qicheng.domain.orgs.models import School, Session, SignOn, SignOnProtocol
from qicheng.domain.orgs.sheets import SIGN_ON
from qicheng.foundation.access import SYSTEM, Area, Tier
from qicheng.foundation.flow.perform import Refused, be, note
from qicheng.foundation.kit.outward import Silent
from qicheng.foundation.kit.strongbox import put_away, take_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.foundation.access import Actor

__all__ = ["Busy", "NotVouched", "Silent", "Vouched"]

# ---- settings


def keep(actor: Actor, seen: int, given: Mapping[str, Any]) -> None:
    """Submit the settings; whatever of them changes has to be tried again before it is on. The secret is never noted or shown."""
    with transaction.atomic():
        row = _held(actor, seen)
        before = _shown(row)
        kept, secret = row.secret, given.get("secret") or ""
        moved = (row.server, row.client_id) != (given["server"], given.get("client_id") or "")
        if secret:
            kept = put_away(secret, settings.SECRET_KEY.encode(), _whose(row))
        elif kept and (moved or given["protocol"] != row.protocol):
            kept = b""  # a secret goes to the server that it was given for, and to no other
        is_other_secret = bytes(kept) != bytes(row.secret)
        for key in ("protocol", "server", "client_id", "claim"):
            setattr(row, key, given.get(key) or "")
        changes = SIGN_ON.changes(before, _shown(row))
        if is_other_secret:
            changes["客户端密钥"] = ["已填写" if row.secret else "没有填写", "已更换" if kept else "没有填写"]
        if changes:
            row.secret, row.is_on, row.tried_at, row.version = kept, False, None, row.version + 1
            row.save()
            _shut(row)
            note(actor, "submit", "sign_on", changes, subject=f"school {actor.node}", school=actor.node)
    _forget()


def switch(actor: Actor, seen: int, *, is_on: bool) -> None:
    """Offer the school's log-in, once these very settings have let somebody in; or offer it no more. Passwords work all the while."""
    with transaction.atomic():
        row = _held(actor, seen)
        if is_on and row.tried_at is None:
            raise Refused("先试一次登录，成功之后才能开启。")
        if row.is_on != is_on:
            row.is_on, row.version = is_on, row.version + 1
            row.save()
            if not is_on:
                _shut(row)
            words = ["关闭", "开启"]
            note(
                actor, "switch", "sign_on", {"统一身份认证登录": words if is_on else words[::-1]}, subject=f"school {actor.node}",
                school=actor.node,
            )  # fmt: skip
    _forget()


def note_try(actor: Actor, row: SignOn) -> None:
    """Keep that these settings have let somebody in; nothing where they were changed meanwhile."""
    with transaction.atomic():
        be(actor)
        if SignOn.objects.filter(pk=row.pk, version=row.version).update(tried_at=timezone.now()):
            note(actor, "try", "sign_on", subject=f"school {actor.node}", school=actor.node)


def note_refusal(school: int, number: str, words: str) -> None:
    """Keep for the school that its server vouched for somebody who matches nobody; once a day for each number."""
    if spend(f"sign-on refused|{school}|{number}", 1, 24 * 3600):
        with transaction.atomic():
            be(SYSTEM)
            note(
                SYSTEM,
                "refuse",
                "sign_on",
                {"学号或工号": ["", number[:60]]},
                words=words,
                subject=f"school {school}",
                school=school,
            )


def may_set(actor: Actor) -> bool:
    """Whoever points the log-in at a server can let anybody of the school in: an administrator with every permission, for all graduates."""
    return actor.tier is Tier.ALL and all(map(actor.may_write, Area)) and queries.may_appoint(actor)


def _held(actor: Actor, seen: int) -> SignOn:
    if not may_set(actor):
        raise Refused("统一身份认证由学校的管理员账号设置，要有全部权限，并负责全部学历。")
    be(actor)
    school = School.objects.select_for_update(no_key=True).get(pk=actor.node)
    row = SignOn.objects.filter(school=school).first() or SignOn(school=school)
    if row.version != seen:
        raise Outdated
    return row


def _shut(row: SignOn) -> None:
    """Whoever came in by it comes in again: a server that is no longer believed has nobody inside."""
    Session.objects.filter(sign_on=row).delete()


def _shown(row: SignOn) -> dict[str, Any]:
    return {key: getattr(row, key) for key in ("protocol", "server", "client_id", "claim")}


def _whose(row: SignOn) -> str:
    return f"sign-on of school {row.school_id}"


def _forget() -> None:
    queries.forget_kept()
    openid.forget()
    vouching.forget_silences()


# ---- a log-in


def way_out(row: SignOn, state: str, back: str) -> str:
    """Where the browser goes to say who it is. Raises Silent, Busy, NotVouched."""
    if row.protocol == SignOnProtocol.CAS:
        return cas.way_out(row, back)
    with vouching.errand(row.server) as errand:
        return openid.way_out(row, errand, state, back)


def way_off(row: SignOn, back: str) -> str:
    """Where the browser leaves the school's own session; '' where that cannot be said now."""
    if row.protocol == SignOnProtocol.CAS:
        return cas.way_off(row, back)
    try:
        with vouching.errand(row.server) as errand:
            return openid.way_off(row, errand, back)
    except (Silent, Busy, NotVouched):
        return ""


def vouched(row: SignOn, given: Mapping[str, str], state: str, back: str) -> Vouched:
    """What the school's server says of whoever came back to `back` with these parameters. Raises Silent, Busy, NotVouched.

    Never inside a transaction: nobody's lock waits for somebody else's server.
    """
    with vouching.errand(row.server) as errand:
        if row.protocol == SignOnProtocol.CAS:
            return cas.vouched(row, errand, given.get("ticket", ""), back)
        secret = take_out(bytes(row.secret), settings.SECRET_KEY.encode(), _whose(row)) if row.secret else ""
        if secret is None:
            raise NotVouched("the client's secret was put away under another key")
        return openid.vouched(row, errand, given, state, back, secret)


def number_of(row: SignOn, said: Vouched) -> str:
    """The student or work number of whom the server vouched for; '' where it gave none, or more than one."""
    number = said.only(row.claim or (cas.USER if row.protocol == SignOnProtocol.CAS else openid.USER))
    return number if len(number) <= 60 and number.isprintable() else ""


def digest(ticket: str) -> str:
    """What a session keeps of the ticket that it came by."""
    return hashlib.sha256(ticket.encode()).hexdigest() if ticket else ""


def end_by_notice(row: SignOn, notice: str) -> int:
    """End the session whose ticket a CAS server's log-out notice names; how many there were. Only the server and the browser know a ticket."""
    ticket = cas.ended_ticket(notice) if row.protocol == SignOnProtocol.CAS else ""
    return Session.objects.filter(ticket=digest(ticket), sign_on=row).delete()[0] if ticket else 0
