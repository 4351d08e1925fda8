"""What the pages of the room share: they are there where the school has their part."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.http import Http404

from qicheng.domain.campus.queries.profile import has_part, school_of
from qicheng.foundation.access.pages import audience

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse

    from qicheng.domain.campus.models import Part
    from qicheng.foundation.access import Area, Role
    from qicheng.foundation.access.pages import Request, View


def of_part(
    *parts: Part, roles: tuple[Role, ...], area: Area | None = None, write: bool = False
) -> Callable[[View], View]:
    """The page belongs to one of these parts: for these roles of a school that has it for the cohort looked at, and for nobody else."""

    def decorate(view: View) -> View:
        @audience(*roles, area=area, write=write)
        @wraps(view)
        def asked(request: Request, *given: Any, **named: Any) -> HttpResponse:
            school = school_of(request.actor)
            if school is None or not any(has_part(school, request.cohort, part) for part in parts):
                raise Http404
            return view(request, *given, **named)

        return asked

    return decorate
