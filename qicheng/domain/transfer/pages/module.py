"""What the pages of the modules file and household share: whose they are, when they are shut, what is taken away as a workbook."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import content_disposition_header

from qicheng.domain.transfer.queries import records as queries
from qicheng.domain.transfer.sheets.records import TITLES
from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import note
from qicheng.foundation.kit import workbooks
from qicheng.foundation.listing.page import render, say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qicheng.foundation.access import Area
    from qicheng.foundation.access.pages import Request, View
    from qicheng.foundation.listing import Listing

STAFF = (Role.COLLEGE, Role.SCHOOL)
MOST_ROWS = 2_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


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


def workbook(request: Request, listing: Listing, asked: Mapping[str, str], back: str) -> HttpResponse:
    """The rows that a query finds, on record (EXP-01); too many are not cut off but refused with what to do."""
    actor, cohort = request.actor, request.cohort
    wanted = [(one.key, one.label, str(asked[one.key])[:200]) for one in listing.filters if asked.get(one.key)]
    number = listing.count(actor, asked, cohort)
    if number > MOST_ROWS:
        words = f"一次最多下载 {MOST_ROWS:,} 条，现在的查询不止这些。按院系、学历或专业筛选以后分几次下载。"
        say(request, words, "warn")
        return redirect(f"{back}?{urlencode([(key, value) for key, _, value in wanted])}")
    rows = list(listing.sheet_rows(actor, asked, cohort, MOST_ROWS))
    about = {label: ["", value] for _, label, value in wanted} | {"条数": ["", len(rows)]}
    school = actor.node if actor.role is Role.SCHOOL else None
    note(actor, "export", f"listing.{listing.name}", about, cohort=cohort, school=school)
    name = f"{listing.label}-{timezone.localtime():%Y%m%d-%H%M}.xlsx"
    return HttpResponse(
        workbooks.write(listing.headings, rows, sheet=listing.label), content_type=XLSX,
        headers={"Content-Disposition": content_disposition_header(True, name) or "", "Cache-Control": "no-store"},
    )  # fmt: skip
