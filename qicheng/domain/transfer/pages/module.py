"""What the pages of the modules file and household share: whose they are, when they are shut, what is taken away as a workbook."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse

from qicheng.domain.transfer.queries import records as queries
from qicheng.domain.transfer.sheets.records import TITLES
from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.listing.download import export
from qicheng.foundation.listing.page import render

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from qicheng.foundation.access import Area
    from qicheng.foundation.access.pages import Request, View
    from qicheng.foundation.listing import Listing

STAFF = (Role.COLLEGE, Role.SCHOOL)


def of_area(
    may_enter: Callable[[Request, Area], bool], closed: Callable[[Request, Area], HttpResponse], *, write: bool
) -> Callable[[View], View]:
    """A page of schools and colleges about one area: by its permission (ARC-07), then as far as `may_enter`, or else `closed` says why not."""

    def decorate(view: View) -> View:
        @audience(*STAFF)
        @wraps(view)
        def asked(request: Request, area: Area, *given: Any, **named: Any) -> HttpResponse:
            if not (request.actor.may_write(area) if write else request.actor.may_read(area)):
                raise Http404
            return view(request, area, *given, **named) if may_enter(request, area) else closed(request, area)

        return asked

    return decorate


def of_module(*, write: bool = False) -> Callable[[View], View]:
    """A page of the module of its `area`; where the province has not opened it, it says who can (ORG-02)."""
    return of_area(
        lambda request, area: queries.module_is_open(area, request.cohort, request.actor),
        lambda request, area: render(
            request, "transfer/module_closed.html", {"title": TITLES[area], "cohort": request.cohort}
        ),
        write=write,
    )


def frame(request: Request, area: Area) -> dict[str, Any]:
    """What every page of the module shows around itself."""
    return {"area": area, "title": TITLES[area], "cohort": request.cohort, "may_write": request.actor.may_write(area)}


def settings_words(request: Request, area: Area) -> str:
    """What the school's own settings of the module still keep from being done; '' where nothing (SET-09)."""
    settings = queries.settings_of(area, request.cohort, request.actor)
    if settings is None or settings.submitted_at is None:
        return f"学校还没有提交{TITLES[area]}信息登记的设置，提交以后毕业生才能申请修改。"
    if settings.is_on:
        return ""
    return f"{TITLES[area]}信息登记没有开放，毕业生不能提交新的申请；已经提交的照常审核。"


def workbook(
    request: Request, listing: Listing, asked: Mapping[str, str], back: str, moment: datetime | None = None
) -> HttpResponse:
    """The rows that a query finds as a workbook, on record (EXP-01)."""
    return export(request, "transfer", listing, asked, back, moment)
