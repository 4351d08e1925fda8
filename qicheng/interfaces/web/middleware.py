"""Every request: a number for it, secure headers, and who asks."""

from __future__ import annotations

import secrets
from functools import lru_cache
from gzip import GzipFile
from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.cache import patch_vary_headers

from qicheng.domain.orgs.effects import sessions
from qicheng.domain.orgs.queries import cohort_years
from qicheng.domain.roster.queries import who_asks as session_of
from qicheng.foundation.access import Actor, Area, Level, Role, Tier
from qicheng.foundation.listing.page import carry
from qicheng.interfaces.web import menus
from qicheng.interfaces.web.numbered import number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpRequest

    Next = Callable[[HttpRequest], HttpResponse]

LONGEST_COOKIES = 8 * 1024
# Six proofs of the largest size, with what stands around them; nothing else that comes in is as large.
LARGEST_BODY = 96 * 1024 * 1024
SECURE = (
    (
        "Content-Security-Policy",
        "; ".join(
            (
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "img-src 'self' data: blob:",
                "font-src 'self'",
                "connect-src 'self'",
                "form-action 'self'",
                "frame-ancestors 'none'",
                "base-uri 'none'",
            )
        ),
    ),
    (
        "Permissions-Policy",
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
COMPRESSED = ("text/", "application/json")
LEAST_COMPRESSED = 1_000
# Programs come here with a key in a header of their own; a session opens nothing.
WITHOUT_COOKIES = "/api/"
# What somebody whose password was given by another may open before choosing one.
BEFORE_OWN_PASSWORD = ("/account/password/", "/leave/")


def headers(get_response: Next) -> Next:
    """A number and secure headers on every answer; huge cookies (CVE-2024-7592) and bodies are refused before anything reads them."""

    def answer(request: HttpRequest) -> HttpResponse:
        request.number = secrets.token_hex(6)  # type: ignore[attr-defined]
        token = number.set(request.number)  # type: ignore[attr-defined]
        try:
            if len(request.META.get("HTTP_COOKIE", "")) > LONGEST_COOKIES:
                response = _plain("Cookie 太大，清除本站的 Cookie 再来。", 400)
            elif _length(request) > LARGEST_BODY:
                response = _plain(f"一次最多上传 {LARGEST_BODY // 2**20} MB，请分几次上传。", 413)
            else:
                response = get_response(request)
        finally:
            number.reset(token)
        for name, value in SECURE:
            response.headers.setdefault(name, value)
        response.headers["X-Request-Id"] = request.number  # type: ignore[attr-defined]
        return _compressed(request, response)

    return answer


def _length(request: HttpRequest) -> int:
    said = request.META.get("CONTENT_LENGTH") or ""
    return int(said) if said.isdecimal() else 0


def _plain(words: str, status: int) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")


def _compressed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Pages as gzip for whoever takes it: a fifth of the bytes for a tenth of a millisecond.

    The length of a page must not tell what stands on it (BREACH): tokens are masked anew in every page, and the name in the
    head of the compressed data has a length by chance, as in Django's own middleware.
    """
    if response.streaming or len(response.content) < LEAST_COMPRESSED or response.has_header("Content-Encoding"):
        return response
    if not response.get("Content-Type", "").startswith(COMPRESSED):
        return response
    patch_vary_headers(response, ["Accept-Encoding"])
    if "gzip" not in request.META.get("HTTP_ACCEPT_ENCODING", ""):
        return response
    buffer = BytesIO()
    with GzipFile("a" * secrets.randbelow(100), "wb", compresslevel=1, fileobj=buffer, mtime=0) as compressed:
        compressed.write(response.content)
    response.content = buffer.getvalue()
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Length"] = str(len(response.content))
    return response


def who_asks(get_response: Next) -> Next:
    """Read the session and put the actor, what it looks at and the frame around its pages on the request."""

    def ask(request: HttpRequest) -> HttpResponse:
        asker: Any = request
        asker.actor, asker.me, asker.session_row, asker.cohort = None, None, None, 0
        asker.origin = address(request)
        token = request.COOKIES.get(settings.QICHENG_SESSION_COOKIE)
        if token and not request.path.startswith(WITHOUT_COOKIES):
            _recognise(asker, token)
        response = _shown_the_way(asker) or get_response(request)
        carry(request, response, secure=settings.QICHENG_TLS)
        return response

    return ask


def _recognise(request: Any, token: str) -> None:
    hashed = sessions.token_hash(token)
    row = session_of(hashed)
    if row is None:
        return
    if row.is_old:
        sessions.touch(hashed)
    request.session_row, request.session_hash = row, hashed
    if row.role is None:
        return
    role = Role(row.role)
    unit = unit_of(row, role)
    request.actor = Actor(
        role, row.node, row.account_id, levels(row.employment, row.archive, row.household), Tier(row.tier),
        name=row.name, unit=unit, origin=address(request), is_vouched=row.is_vouched,
    )  # fmt: skip
    years = (row.own_cohort,) if role is Role.GRADUATE else cohort_years()
    request.cohort = row.chosen if row.chosen in years else years[0] if years else 0
    request.me = menus.frame(request.path, row, role, unit, request.cohort, years)


def _shown_the_way(request: Any) -> HttpResponse | None:
    """Away from the graduates' front page for everybody else, and to the choice of a password for whoever was given one."""
    row = request.session_row
    if row is not None and row.must_change_password and request.path not in BEFORE_OWN_PASSWORD:
        return redirect("/account/password/")
    if request.path != "/":
        return None
    if request.actor is None:
        return redirect("/login/seat/" if row is not None else "/login/")
    return None if request.actor.role is Role.GRADUATE else redirect(menus.home(request.actor.role))


def unit_of(row: Any, role: Role) -> str:
    """The unit that stands beside the name on every page (ORG-10)."""
    match role:
        case Role.GRADUATE | Role.COLLEGE:
            return f"{row.school or ''}　{row.college or ''}".strip("　")
        case Role.SCHOOL:
            return row.school or ""
        case Role.PROVINCE:
            return row.province or ""
        case Role.EMPLOYER:
            return row.employer or ""
        case _:
            return "全国"


@lru_cache(maxsize=64)
def levels(employment: int, archive: int, household: int) -> Mapping[Area, Level]:
    """The three permissions as a mapping; there are 27 of them."""
    return {Area.EMPLOYMENT: Level(employment), Area.ARCHIVE: Level(archive), Area.HOUSEHOLD: Level(household)}


def address(request: HttpRequest) -> str:
    """The client's address; what a proxy says of it is believed from the proxies of the settings alone."""
    peer = request.META.get("REMOTE_ADDR", "")
    if peer not in settings.QICHENG_PROXIES:
        return peer
    for hop in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        if (hop := hop.strip()) and hop not in settings.QICHENG_PROXIES:
            return hop[:45]
    return peer
