"""The one way in which a page answers: a whole template, or for htmx one block of the same template."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.backends.utils import csrf_input, csrf_token_lazy
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject
from jinja2_fragments import render_block

SAID = "said"
SAID_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of a menu, with the number of what waits behind it."""

    label: str
    url: str
    icon: str = "right"
    count: int | None = None
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Entries of the side menu under one heading, or under none."""

    label: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Me:
    """Who looks at the page, as the frame around every page shows it; set on the request as `me` by the interface.

    `key` is an opaque name of the account, under which a browser keeps unsent forms. Addresses that are empty are not shown.
    """

    key: str
    name: str
    role: str
    unit: str
    home: str = "/"
    inbox: str = ""
    account: str = ""
    leave: str = ""
    unread: int = 0
    tabs: tuple[Link, ...] = ()
    menu: tuple[Group, ...] = ()
    cohort: int | None = None
    cohorts: tuple[int, ...] = ()
    cohort_url: str = ""


def render(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    block: str | Mapping[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Answer with the template, or with one block of it when htmx asks for a part.

    `block` is the block that replaces whatever element the request targets, or a mapping from the targeted element's id to its
    block. A block sees the context and the globals, but nothing that its page sets or imports outside of it, and must not stand
    in a loop (it would come out empty). A restored history entry and an unknown target get the whole page.
    """
    me = getattr(request, "me", None)
    actor = getattr(request, "actor", None)
    values = {
        "request": request,
        "csrf_input": SimpleLazyObject(lambda: csrf_input(request)),
        "csrf_token": csrf_token_lazy(request),
        "actor": actor,
        "me": me,
        "messages": said(request),
        **(context or {}),
    }
    env = engines["jinja2"].env  # type: ignore[attr-defined]  # the backend's own attribute
    part = _part(request, block)
    body = render_block(env, template, part, values) if part else env.get_template(template).render(values)
    if part and values["messages"]:
        body += env.globals["ui"].late_messages(values["messages"])
    response = HttpResponse(body, status=status)
    patch_vary_headers(
        response, ["HX-Request"] if block is None or isinstance(block, str) else ["HX-Request", "HX-Target"]
    )
    if me is not None or actor is not None:
        response["Cache-Control"] = "no-store"
    return response


def say(request: HttpRequest, words: str, tone: str = "ok") -> None:
    """Show `words` on the next page that this browser is given; tone ok, info, warn or bad."""
    waiting: list[list[str]] = request.__dict__.setdefault("saying", [])
    waiting.append([tone, words])


def said(request: HttpRequest) -> list[tuple[str, str]]:
    """(tone, words) of what was said and not yet shown; whoever asks has shown it."""
    words = [*_carried(request), *request.__dict__.get("saying", ())]
    request.__dict__["saying"] = []
    request.__dict__["has_shown"] = True
    return [(tone, text) for tone, text in words]


def carry(request: HttpRequest, response: HttpResponse, *, secure: bool) -> None:
    """Let words that were said reach the next page in a signed cookie, and take it away once they are shown."""
    if waiting := request.__dict__.get("saying"):
        earlier = [] if request.__dict__.get("has_shown") else _carried(request)
        value = signing.dumps([*earlier, *waiting][-4:], salt=SAID, compress=True)
        response.set_cookie(SAID, value, max_age=SAID_SECONDS, httponly=True, samesite="Lax", secure=secure)
    elif SAID in request.COOKIES and request.__dict__.get("has_shown"):
        response.delete_cookie(SAID, samesite="Lax")


def _carried(request: HttpRequest) -> list[list[str]]:
    if not (value := request.COOKIES.get(SAID)):
        return []
    try:
        return signing.loads(value, salt=SAID, max_age=SAID_SECONDS)
    except signing.BadSignature:
        return []


def _part(request: HttpRequest, block: str | Mapping[str, str] | None) -> str | None:
    target = request.headers.get("HX-Target", "")
    if block is None or not target or request.headers.get("HX-Request") != "true":
        return None
    if request.headers.get("HX-History-Restore-Request") == "true":
        return None
    return block if isinstance(block, str) else block.get(target)
