"""Pages for what went wrong: what happened, what to do, and the number under which it can be found."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect

from qicheng.foundation.access.pages import anyone
from qicheng.foundation.flow.perform import TakenBack
from qicheng.foundation.listing.page import render, say
from qicheng.interfaces.web import menus

if TYPE_CHECKING:
    from django.http import HttpRequest

log = logging.getLogger(__name__)


def _page(request: HttpRequest, template: str, status: int) -> HttpResponse:
    return render(request, template, {"request_id": getattr(request, "number", "")}, status=status)


@anyone
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request cannot be understood."""
    return _page(request, "400.html", 400)


@anyone
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: the account may not do this."""
    return _page(request, "403.html", 403)


@anyone
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: there is no such page, or the row is not theirs (ORG-01): the two are told apart by nobody.

    What its author took back a moment ago is told to whoever had it, and leads on (REG-04).
    """
    taken = (exception.__cause__ or exception.__context__) if exception else None
    if isinstance(taken, TakenBack):
        say(request, str(taken), "warn")
        url = menus.home(request.actor.role)  # type: ignore[attr-defined]
        onward = request.META.get("HTTP_HX_REQUEST") == "true"
        return HttpResponse(headers={"HX-Redirect": url}) if onward else redirect(url)
    return _page(request, "404.html", 404)


@anyone
def failed(request: HttpRequest) -> HttpResponse:
    """500: our fault. The log has the traceback under the same number."""
    return _page(request, "500.html", 500)


@anyone
def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without a valid token: the page was open too long, or another site sent it."""
    log.warning("form refused: %s", reason)
    return _page(request, "403_csrf.html", 403)
