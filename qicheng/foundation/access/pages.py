"""Every page names its audience: whoever is not of it finds nothing there, whoever has not said who it is is asked to."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from django.http import Http404
from django.shortcuts import redirect

from . import Area, Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from . import Actor

    class Request(HttpRequest):
        """A request of somebody who is known: what the middleware puts on it, for annotations of pages with an audience."""

        actor: Actor
        cohort: int

    View = Callable[..., HttpResponse]
V = TypeVar("V", bound="Callable[..., HttpResponse]")


def audience(*roles: Role, area: Area | None = None, write: bool = False) -> Callable[[V], V]:
    """The page is for these roles, with at least reading (or writing) permission in `area` where they are staff (ORG-05)."""

    def decorate(view: V) -> V:
        @wraps(view)
        def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            actor = getattr(request, "actor", None)
            if actor is None:
                return redirect(f"/login/?{urlencode({'next': request.get_full_path()})}")
            if actor.role not in roles:
                raise Http404
            if area is not None and not (actor.may_write(area) if write else actor.may_read(area)):
                raise Http404
            return view(request, *args, **kwargs)

        asked.audience = frozenset(roles)  # type: ignore[attr-defined]
        return asked  # type: ignore[return-value]

    return decorate


def anyone(view: V) -> V:
    """The page is public; house tests keep the list of such pages."""
    view.audience = None  # type: ignore[attr-defined]
    return view
