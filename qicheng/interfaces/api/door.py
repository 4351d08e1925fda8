"""The door of the API: who asks by which key, how much is left to it, what it may, and a line in the log of every call.

Nothing but the Authorization header says who asks: a cookie opens nothing here, so no page of another site can act for anybody.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from functools import wraps
from time import monotonic
from typing import TYPE_CHECKING, Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.effects import keys
from qicheng.domain.orgs.effects.sessions import spend
from qicheng.domain.orgs.models import KeyScope
from qicheng.foundation.access import Actor, Area, Level, Role
from qicheng.foundation.flow.perform import MEETINGS, NotFound, NotOpen, Refused, Stale, Stopped
from qicheng.foundation.kit.workbooks import Unreadable
from qicheng.interfaces.api.problems import MEDIA, Problem, told

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpRequest

    View = Callable[..., HttpResponse]

log = logging.getLogger(__name__)
HOLDERS = frozenset({Role.SCHOOL, Role.PROVINCE, Role.MINISTRY})
# A document that is sent whole; files are read as they come, up to the limit of every upload.
LARGEST_DOCUMENT = 5 * 1024 * 1024
LONGEST_TOKEN = 64
# A call that was not let in writes nothing: whoever comes too often costs no rows.
TOO_MANY = 429
# How many wrong keys an address may try in a minute.
WRONG_KEYS = 60
# What is read of an area, and by which scopes: a key that may read nothing of it is told nothing of it.
READING = {
    Area.EMPLOYMENT: {
        KeyScope.ROSTER_READ, KeyScope.RECORDS_READ, KeyScope.REGISTRATIONS_READ, KeyScope.CONFIRMATIONS_READ, KeyScope.FIGURES_READ,
    },
    Area.ARCHIVE: {KeyScope.ARCHIVE_READ},
    Area.HOUSEHOLD: {KeyScope.HOUSEHOLD_READ},
}  # fmt: skip
WRITING = {KeyScope.ROSTER_WRITE, KeyScope.RECORDS_WRITE}
# What it takes to read a case of an area, and so to act on it.
CASES = {
    Area.EMPLOYMENT: KeyScope.REGISTRATIONS_READ, Area.ARCHIVE: KeyScope.ARCHIVE_READ, Area.HOUSEHOLD: KeyScope.HOUSEHOLD_READ,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asker:
    """A key that was shown, and the actor that it is."""

    key: Any
    actor: Actor
    scopes: frozenset[str]

    def may(self, scope: KeyScope) -> bool:
        return scope.value in self.scopes


def guarded(view: View, *, is_open: bool = False) -> View:
    """The view behind the door; `is_open` ones need no key."""

    @csrf_exempt
    @wraps(view)
    def ask(request: HttpRequest, **given: Any) -> HttpResponse:
        began, asking = monotonic(), _Asking(request)
        request.rows = 0  # type: ignore[attr-defined]
        try:
            _fits(request)
            if not is_open:
                asking.asker = request.asker = known(request)  # type: ignore[attr-defined]
                _counted(asking.asker)
            response = view(request, **given)
            if response.status_code == 405 and response["Content-Type"] != MEDIA:
                response = told(request, Problem("wrong-method", headers={"Allow": response["Allow"]}))
        except Exception as stopped:  # noqa: BLE001 -- whatever it is, the caller is told as a problem
            response = told(request, problem_of(stopped))
        response.headers.setdefault("Cache-Control", "no-store")
        asking.write_down(response.status_code, monotonic() - began)
        return response

    ask.audience = None if is_open else HOLDERS  # type: ignore[attr-defined]
    return ask


@dataclass(slots=True)
class _Asking:
    """One call, for the log."""

    request: HttpRequest
    asker: Asker | None = None

    def write_down(self, status: int, seconds: float) -> None:
        if self.asker is None or status == TOO_MANY:
            return
        match = self.request.resolver_match
        name = f"{self.request.method} {match.url_name if match else ''}"
        try:
            keys.write_down(self.asker.key.id, name, status, int(seconds * 1000), self.request.rows)  # type: ignore[attr-defined]
        except OperationalError:
            log.exception("a call was not written down")


def problem_of(stopped: Exception) -> Problem:
    """What a caller is told of whatever stopped its request."""
    match stopped:
        case Problem():
            return stopped
        case NotFound():
            return Problem("not-found", str(stopped))
        case Stale() | NotOpen():
            return Problem("conflict", str(stopped))
        case Refused() | Stopped() | Unreadable():
            return Problem("refused", str(stopped))
        case keys.OtherRequest():
            return Problem("other-request")
        case RequestDataTooBig():
            return Problem("too-large")
        case SuspiciousOperation():
            return Problem("unreadable")
        case OperationalError() if getattr(stopped.__cause__, "sqlstate", None) in MEETINGS:
            return Problem("busy", headers={"Retry-After": "2"})
    log.error("a call failed", exc_info=stopped)
    return Problem("failed")


def known(request: HttpRequest) -> Asker:
    """Who asks, by the key in the Authorization header; a Problem for everybody else."""
    origin = getattr(request, "origin", request.META.get("REMOTE_ADDR", ""))
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    row = queries.key_by(keys.digest(secret.strip())) if kind.lower() == "bearer" and secret else None
    if row is None or not keys.within(origin, row.networks):
        if not spend(f"api|{origin}", WRONG_KEYS, 60):
            raise Problem("too-many", headers={"Retry-After": "60"})
        raise Problem("unknown-key", headers={"WWW-Authenticate": 'Bearer realm="qicheng"'})
    return Asker(row, actor_of(row, origin), frozenset(row.scopes))


def actor_of(row: Any, origin: str) -> Actor:
    """The actor that a key is: its own account at its unit, its levels no higher than its scopes."""
    scopes = set(row.scopes)
    levels = {}
    for area, reading in READING.items():
        reads = bool(reading & scopes)
        writes = (area is Area.EMPLOYMENT and WRITING & scopes) or (
            KeyScope.ACTS_WRITE in scopes and CASES[area] in scopes
        )
        levels[area] = Level.WRITE if writes else Level.READ if reads else Level.NONE
    role = Role(row.role)
    node = {Role.SCHOOL: row.school_id, Role.PROVINCE: row.province_id}.get(role) or 0
    return Actor(role, node, row.account_id, levels, name=f"接口密钥 {row.name}", unit=row.unit, origin=origin)


def needs(scope: KeyScope, *roles: Role) -> Callable[[View], View]:
    """The operation is for keys with this scope, of these roles."""

    def decorate(view: View) -> View:
        @wraps(view)
        def asked(request: Any, *args: Any, **given: Any) -> Any:
            must(request.asker, scope)
            if roles and request.asker.actor.role not in roles:
                raise Problem("not-allowed", f"这项操作只对{'、'.join(role.label for role in roles)}的密钥开放。")
            return view(request, *args, **given)

        asked.needs = scope  # type: ignore[attr-defined]
        return asked

    return decorate


def must(asker: Asker, scope: KeyScope) -> None:
    """A Problem where the key has not got the scope."""
    if not asker.may(scope):
        raise Problem("not-allowed", f"这项操作要「{scope.label}」权限（{scope.value}）。")


def once(request: Any, status: int, work: Callable[[], Mapping[str, Any]], body: bytes | None = None) -> HttpResponse:
    """What `work` answers; with an Idempotency-Key it is done once, and answered again to whoever repeats it within a day.

    `body` is what came with the request, where that is no document.
    """
    token = request.headers.get("Idempotency-Key", "")
    if not token:
        return _answer(status, _written(work()))
    if len(token) > LONGEST_TOKEN or not token.isascii() or not token.isprintable():
        raise Problem(
            "invalid", errors=[("Idempotency-Key", f"最多 {LONGEST_TOKEN} 个可见的 ASCII 字符，例如一个 UUID。")]
        )
    said = f"{request.method} {request.get_full_path()}\n".encode() + (request.body if body is None else body)
    kept = keys.once(request.asker.key.id, token, hashlib.sha256(said).hexdigest(), lambda: (status, _written(work())))
    response = _answer(kept.status, kept.answer)
    if kept.is_repeated:
        response["Idempotency-Replayed"] = "true"
    return response


def _written(answer: Mapping[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False, default=str)


def _answer(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="application/json; charset=utf-8")


def _fits(request: HttpRequest) -> None:
    """A document is no larger than it may be, and is what it says."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    kind = (request.content_type or "").lower()
    if request.method in ("POST", "PUT") and kind != "application/octet-stream":
        if length.isdecimal() and int(length) > LARGEST_DOCUMENT:
            raise Problem("too-large", f"一个 JSON 请求最多 {LARGEST_DOCUMENT // 2**20} MB，名单很大时上传工作簿。")
        if length != "0" and kind != "application/json":
            raise Problem("wrong-type")


def _counted(asker: Asker) -> None:
    if seconds := keys.take(asker.key.id, asker.key.a_minute):
        raise Problem(
            "too-many", f"这个密钥每分钟最多 {asker.key.a_minute} 次。", headers={"Retry-After": str(seconds)}
        )
