"""Keys of the API: made, rotated, revoked, counted, and what was answered under one kept for a day (SYN-02)."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.models import KEY_SCOPES, Account, Key, KeyAnswer, KeyBucket, KeyCall, KeyScope, School
from qicheng.foundation.access import SYSTEM, Role, statements
from qicheng.foundation.flow.perform import Refused, again, be, note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from qicheng.foundation.access import Actor

ABOUT = "key"
# How long the secret before goes on to work after a rotation, and how long before its end a key is warned of, in days.
OVERLAP, WARNED = 7, 14
# How long calls are kept, in days, and answers to requests that may be repeated, in hours.
CALLS_KEPT, ANSWERS_KEPT = 90, 24
MOST_KEYS = 20


def digest(secret: str) -> str:
    """What is kept of a secret; it has 256 bits by chance, so that no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _secret() -> tuple[str, str]:
    """(secret, prefix): the prefix is what its holder recognises it by."""
    prefix = f"qc_{secrets.token_hex(4)}"
    return f"{prefix}_{secrets.token_urlsafe(32)}", prefix


def make(actor: Actor, given: Mapping[str, Any]) -> tuple[Key, str]:
    """A new key with an account of its own; (key, its secret, which is shown once). Raises Refused."""
    _must_give(actor)
    secret, prefix = _secret()
    name, days = given["name"].strip(), int(given["days"])
    with transaction.atomic():
        be(actor)
        # One after the other for a unit: two at once would both count the keys of before.
        statements.plain(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"keys of {actor.role} {actor.node}",)
        )
        if queries.own_keys(actor).filter(revoked_at=None, expires_at__gt=timezone.now()).count() >= MOST_KEYS:
            raise Refused(f"最多同时有 {MOST_KEYS} 个密钥，先撤销不用的。")
        account = Account.objects.create(
            login=f"key {prefix}", name=f"接口密钥 {name}", password=make_password(None), made_by_id=actor.account
        )  # fmt: skip
        school = actor.node if actor.role is Role.SCHOOL else None
        province = (
            School.objects.get(pk=school).province_id if school else actor.node if actor.role is Role.PROVINCE else None
        )
        key = Key.objects.unscoped("a new row of the actor's own node").create(
            role=actor.role, school_id=school, province_id=province, account=account, name=name,
            scopes=[one for one in KeyScope.values if one in given["scopes"] and one in KEY_SCOPES[actor.role]],
            networks=networks(given.get("networks") or ""), a_minute=given["a_minute"], digest=digest(secret), prefix=prefix,
            made_by_id=actor.account, expires_at=timezone.now() + timedelta(days=days),
        )  # fmt: skip
        said = {
            "名称": ["", name],
            "权限": ["", "、".join(key.scope_words)],
            "有效期": ["", f"{days} 天"],
            "密钥": ["", prefix],
        }
        if key.networks:
            said["可用地址"] = ["", "、".join(key.networks)]
        _note(actor, "add", key, said)
    return key, secret


def rotate(actor: Actor, key: Key, seen: str) -> str:
    """Another secret for a key; the one before works for OVERLAP days more, and no longer than the key. The new secret, shown once."""
    secret, prefix = _secret()
    with transaction.atomic():
        row = _held(actor, key, seen)
        until = min(timezone.now() + timedelta(days=OVERLAP), row.expires_at)
        before, row.former_digest, row.former_until = row.prefix, row.digest, until
        row.digest, row.prefix = digest(secret), prefix
        row.save()
        _note(
            actor,
            "rotate",
            row,
            {"密钥": [before, prefix], "旧密钥可用到": ["", f"{timezone.localtime(until):%Y-%m-%d %H:%M}"]},
        )
    return secret


def revoke(actor: Actor, key: Key, seen: str) -> None:
    """The key is of no use from now on, nor is the secret before."""
    with transaction.atomic():
        row = _held(actor, key, seen)
        row.revoked_at, row.former_until = timezone.now(), None
        row.save()
        _note(actor, "revoke", row, {"状态": ["使用中", "已撤销"]})


def networks(written: str) -> list[str]:
    """The networks that were written, in their one spelling. Refused where one is none."""
    found = []
    for one in written.replace("，", ",").replace("\n", ",").split(","):
        if text := one.strip():
            try:
                found.append(str(ipaddress.ip_network(text, strict=False)))
            except ValueError:
                raise Refused(f"「{text[:40]}」不是 IP 地址或网段，例如 203.0.113.7 或 203.0.113.0/24。") from None
    return found


def within(address: str, allowed: Sequence[str]) -> bool:
    """Whether an address lies in one of the networks; none means every address."""
    if not allowed:
        return True
    try:
        own = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(own in ipaddress.ip_network(one) for one in allowed)


_TAKE = """
INSERT INTO orgs_keybucket AS b (key_id, tokens, at) VALUES (%(key)s, %(most)s - 1, clock_timestamp())
ON CONFLICT (key_id) DO UPDATE SET at = clock_timestamp(),
    tokens = least(%(most)s, b.tokens + greatest(extract(epoch FROM clock_timestamp() - b.at), 0) * %(most)s / 60.0) - 1
WHERE least(%(most)s, b.tokens + greatest(extract(epoch FROM clock_timestamp() - b.at), 0) * %(most)s / 60.0) >= 1
RETURNING tokens"""
_WAIT = """
SELECT (1 - b.tokens) * 60.0 / %(most)s - extract(epoch FROM clock_timestamp() - b.at) AS seconds FROM orgs_keybucket b
WHERE b.key_id = %(key)s"""


def take(key: int, a_minute: int) -> int:
    """Count one call: 0, or the seconds until there is another. A bucket of `a_minute` calls fills up in a minute; one statement, so two at once are two."""
    parameters = {"key": key, "most": float(a_minute)}
    if statements.plain(_TAKE, parameters):
        return 0
    row = statements.plain(_WAIT, parameters)
    return max(1, int(-(-float(row[0]) // 1))) if row else 1


def write_down(key: int, operation: str, status: int, milliseconds: int, rows: int) -> None:
    """Put one call on the log of its key."""
    statements.change(
        "INSERT INTO orgs_keycall (key_id, at, operation, status, milliseconds, rows) VALUES (%s, clock_timestamp(), %s, %s, %s, %s)",
        (key, operation[:60], status, min(milliseconds, 2**31 - 1), rows),
    )


class OtherRequest(Exception):
    """The same Idempotency-Key came with something else."""


@dataclass(slots=True)
class Kept:
    """What a request was answered; `is_repeated` where it was answered before."""

    status: int
    answer: str
    is_repeated: bool = False


_RESERVE = """
INSERT INTO orgs_keyanswer AS a (key_id, token, request, status, answer, at) VALUES (%(key)s, %(token)s, %(request)s, 0, '', clock_timestamp())
ON CONFLICT (key_id, token) DO UPDATE SET request = excluded.request, status = 0, answer = '', at = excluded.at
    WHERE a.at < clock_timestamp() - make_interval(hours => %(hours)s)
RETURNING a.id"""


@again
def once(key: int, token: str, request: str, work: Callable[[], tuple[int, str]]) -> Kept:
    """Do `work` unless this key has done it under this token: its (status, answer), and the same again for whoever repeats it within a day.

    Work and answer are one transaction: there is no answer without an effect, nor an effect without the answer. Whoever comes at the same moment
    waits for the first at the unique index. What fails leaves nothing, and may be tried again. Raises OtherRequest.
    """
    with transaction.atomic():
        with reserved(key, token, request) as place:
            if place is None:
                row = statements.plain(
                    "SELECT request, status, answer FROM orgs_keyanswer WHERE key_id = %s AND token = %s", (key, token)
                )
                assert row is not None
                if row[0] != request:
                    raise OtherRequest
                return Kept(row[1], row[2], is_repeated=True)
            status, answer = work()
            statements.change(
                "UPDATE orgs_keyanswer SET status = %s, answer = %s WHERE id = %s", (status, answer, place)
            )
    return Kept(status, answer)


@contextmanager
def reserved(key: int, token: str, request: str) -> Iterator[int | None]:
    """The place of an answer, or None where it has one already."""
    row = statements.plain(_RESERVE, {"key": key, "token": token, "request": request, "hours": ANSWERS_KEPT})
    yield int(row[0]) if row else None


def warn() -> int:
    """Tell whoever holds a key that it ends soon, once; how many."""
    told = 0
    for key in queries.expiring_keys(WARNED):
        with transaction.atomic():
            be(SYSTEM)
            rows = Key.objects.unscoped("whoever holds it is told")
            if rows.filter(pk=key.pk, warned_at=None).update(warned_at=timezone.now()):
                note(
                    SYSTEM, "expiring", ABOUT, {"名称": ["", key.name], "密钥": ["", key.prefix], "到期": ["", f"{timezone.localtime(key.expires_at):%Y-%m-%d}"]},
                    subject=str(key.public_id), school=key.school_id, tell=[(Role(key.role), key.node)],
                )  # fmt: skip
                told += 1
    return told


def forget_calls() -> None:
    """Let go of calls and answers whose time is over."""
    now = timezone.now()
    KeyCall.objects.unscoped("the log is kept for so many days").filter(
        at__lt=now - timedelta(days=CALLS_KEPT)
    ).delete()
    KeyAnswer.objects.filter(at__lt=now - timedelta(hours=ANSWERS_KEPT)).delete()


def stamp(key: Key) -> str:
    """What a page carries to tell whether the key it showed still stands so."""
    return queries.stamp({"digest": key.digest[:8], "revoked": key.revoked_at})


def is_in_force(key: Key) -> bool:
    """Whether the key can be used now."""
    return key.revoked_at is None and key.expires_at > timezone.now()


def last_used(key: Key) -> Any:
    """When the key was last used; None if never."""
    bucket: KeyBucket | None = getattr(key, "keybucket", None)
    return bucket.at if bucket else None


def _must_give(actor: Actor) -> None:
    if not queries.may_give_keys(actor):
        raise Refused("接口密钥由管理员账号管理，要有全部权限，并负责全部学历。")


def _held(actor: Actor, key: Key, seen: str) -> Key:
    _must_give(actor)
    be(actor)
    row = queries.own_keys(actor).select_related(None).select_for_update().get(pk=key.pk)
    if stamp(row) != seen:
        raise Refused("这个密钥刚有变化，看过最新内容再决定。")
    if not is_in_force(row):
        raise Refused("这个密钥已经不能用了。")
    return row


def _note(actor: Actor, act: str, key: Key, changes: Mapping[str, Any]) -> None:
    note(actor, act, ABOUT, changes, subject=str(key.public_id), school=key.school_id)
