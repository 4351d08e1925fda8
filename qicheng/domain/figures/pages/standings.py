"""数据统计: how registrations stand, what was confirmed, where files and households go; each table with its lists and its workbook (STA-01, STA-03)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header

from qicheng.domain.figures.effects import answers
from qicheng.domain.figures.effects.answers import Waiting
from qicheng.domain.figures.listings import standings as listings
from qicheng.domain.figures.queries import moments, standings
from qicheng.domain.transfer.listings import confirmation as listing_of_confirmations
from qicheng.domain.transfer.listings import records as listing_of_records
from qicheng.domain.transfer.queries import confirmation, records
from qicheng.domain.transfer.sheets.records import TITLES
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import Refused, note
from qicheng.foundation.kit import workbooks
from qicheng.foundation.listing.page import render

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from qicheng.domain.figures.queries.tables import Table
    from qicheng.foundation.access.pages import Request
    from qicheng.foundation.listing import Filter, Listing

DESKS = (Role.COLLEGE, Role.SCHOOL)
STAFF = (*DESKS, Role.PROVINCE, Role.MINISTRY)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# How the lines of 去向登记 can stand, in words.
WAYS = {standings.BY_UNIT: "按{}", standings.BY_TYPE: "按去向类型", standings.BY_BOTH: "按{}和去向类型"}


@dataclass(frozen=True, slots=True)
class Figures:
    """What one page of tables is about: its name, which is the question that `answers` reads, its heading, the list whose filters narrow it.

    `keys` are the filters that the page offers, `ways` the choices of `by`, `beside` (words, address) what stands beside it.
    """

    name: str
    title: str
    listing: Listing
    keys: tuple[str, ...] = ("level", "major", "training", "province")
    ways: tuple[tuple[str, str], ...] = ()
    beside: tuple[tuple[str, str], ...] = ()


@audience(*STAFF, area=Area.EMPLOYMENT)
def states(request: Request) -> HttpResponse:
    """The guide's table of thirteen states (STA-01)."""
    return page(request, of_agreements())


@audience(*STAFF, area=Area.EMPLOYMENT)
def states_workbook(request: Request) -> HttpResponse:
    """The same as a workbook."""
    return workbook(request, of_agreements())


@audience(*STAFF, area=Area.EMPLOYMENT)
def destinations(request: Request) -> HttpResponse:
    """去向登记 by unit and type (STA-01)."""
    return page(request, of_destinations(request))


@audience(*STAFF, area=Area.EMPLOYMENT)
def destinations_workbook(request: Request) -> HttpResponse:
    """The same as a workbook."""
    return workbook(request, of_destinations(request))


def of_agreements() -> Figures:
    """The table of agreements."""
    return Figures("states", "签约情况统计", listings.agreements())


def of_destinations(request: Request) -> Figures:
    """The table of destinations, with the ways its lines can stand for whoever asks."""
    below = standings.units(request.actor, request.GET)
    ways = tuple((key, words.format(below.label)) for key, words in WAYS.items()) if below else ()
    return Figures("destinations", "去向登记情况统计", listings.destinations(), ways=ways)


@audience(*STAFF, area=Area.EMPLOYMENT)
def confirmations(request: Request) -> HttpResponse:
    """登记确认情况统计: state × source of the whole, and of each college or school (CON-03)."""
    return (
        page(request, of_confirmations()) if may_confirm(request) else closed(request, "登记确认情况统计", "登记确认")
    )


@audience(*STAFF, area=Area.EMPLOYMENT)
def confirmations_workbook(request: Request) -> HttpResponse:
    """The same as a workbook."""
    return workbook(request, of_confirmations()) if may_confirm(request) else redirect("figures:confirmations")


def may_confirm(request: Request) -> bool:
    """Whether the province has opened the module (ORG-02)."""
    return confirmation.is_open(request.actor, request.cohort)


def of_confirmations() -> Figures:
    """The tables of confirmations."""
    return Figures(
        "confirmations", "登记确认情况统计", listing_of_confirmations.everybody(), keys=("level", "major", "province"),
        beside=(("登记确认情况列表", reverse("transfer:confirm")),),
    )  # fmt: skip


@audience(*DESKS)
def files(request: Request, area: Area) -> HttpResponse:
    """档案统计, 户口统计: by college, state, type and origin (ARC-06)."""
    may_read(request, area)
    title = f"{TITLES[area]}统计"
    return (
        page(request, of_files(area))
        if records.module_is_open(area, request.cohort, request.actor)
        else closed(request, title, f"{TITLES[area]}信息登记")
    )


@audience(*DESKS)
def files_workbook(request: Request, area: Area) -> HttpResponse:
    """The same as a workbook."""
    may_read(request, area)
    is_open = records.module_is_open(area, request.cohort, request.actor)
    return workbook(request, of_files(area)) if is_open else redirect(f"figures:{area}_figures")


def may_read(request: Request, area: Area) -> None:
    """Raise Http404 without the module's permission (ARC-07)."""
    if not request.actor.may_read(area):
        raise Http404


def of_files(area: Area) -> Figures:
    """The tables of one module."""
    title = TITLES[area]
    return Figures(
        f"{area}_figures", f"{title}统计", listing_of_records.records(area), keys=("level", "major"),
        beside=((f"{title}首页", reverse("transfer:module", args=[area])), (f"{title}信息", reverse("transfer:records", args=[area])),
                ("申请记录", reverse("transfer:changes", args=[area]))),
    )  # fmt: skip


def closed(request: Request, title: str, module: str) -> HttpResponse:
    """A module that the province has not opened has no figures, and the page says who can open it (ORG-02)."""
    return render(request, "figures/closed.html", {"title": title, "module": module, "cohort": request.cohort})


# ---- what all of these pages do


def page(request: Request, figures: Figures) -> HttpResponse:
    """The tables under the filters that were asked for, live or as they were known on a past day."""
    kept = kept_of(request, figures)
    try:
        tables, moment, why, counted_at = made(request, figures)
    except Waiting as waiting:
        is_now = waiting.answer.is_current
        return render(request, "figures/answer.html", {
            "title": figures.title, "cohort": request.cohort, "here": f"{request.path}?{urlencode(kept)}", "live": "" if is_now else request.path,
            "words": "" if is_now else moments.words_of(waiting.answer.moment),
        })  # fmt: skip
    return render(request, "figures/tables.html", {
        "figures": figures, "tables": tables, "why": why, "cohort": request.cohort, "said": said(request, figures, moment, counted_at),
        "filters": [(one, kept.get(one.key, ""), one.options(request.actor, request.cohort)) for one in offered(figures)],
        "by": kept.get("by", standings.BY_UNIT), "at": request.GET.get("at", "").strip()[:10],
        "workbook": f"{reverse(f'figures:{figures.name}_workbook')}?{urlencode(kept)}" if tables else "", "is_past": moment is not None, "is_live": counted_at is None,
        "chips": chips(request, figures, kept), "opens": any(address for one in tables for line in one.lines for _, address in line.cells),
    }, status=422 if why else 200)  # fmt: skip


def workbook(request: Request, figures: Figures) -> HttpResponse:
    """The same tables to take away, a sheet each, with what they are narrowed to and when they were read above them; on record (EXP-01)."""
    try:
        tables, moment, why, counted_at = made(request, figures)
    except Waiting:
        return redirect(f"{reverse(f'figures:{figures.name}')}?{urlencode(kept_of(request, figures))}")
    if why:
        return page(request, figures)
    actor, about = request.actor, said(request, figures, moment, counted_at)
    school = actor.node if actor.role is Role.SCHOOL else None
    changes = {label: ["", words] for label, words in about} | {"条数": ["", sum(len(one.lines) for one in tables)]}
    note(actor, "export", f"table.{figures.name}", changes, cohort=request.cohort, school=school)
    sheets = [
        workbooks.Sheet(
            one.label, [("", f"{one.label}"), *about, *([("说明", one.words)] if one.words else [])], (*one.corners, *one.headings),
            [(*line.names, *line.numbers) for line in one.lines],
        )
        for one in tables
    ]  # fmt: skip
    name = f"{figures.title}-{timezone.localtime():%Y%m%d-%H%M}.xlsx"
    return HttpResponse(
        workbooks.tables(sheets), content_type=XLSX,
        headers={"Content-Disposition": content_disposition_header(True, name) or "", "Cache-Control": "no-store"},
    )  # fmt: skip


def made(request: Request, figures: Figures) -> tuple[list[Table], datetime | None, str, datetime | None]:
    """(tables, the past moment that was asked for, why there are none, the instant that they are of, None for live ones).

    Raises Waiting where the answer is still being made.
    """
    moment = None
    try:
        moment = moments.asked(request.GET)
        tables, counted_at = answers.read(
            request.actor, figures.name, request.cohort, kept_of(request, figures), moment
        )
    except Refused as refused:
        return [], moment, str(refused), None
    return moments.of_then(tables, request.actor, moment), moment, "", counted_at


def offered(figures: Figures) -> list[Filter]:
    """The filters above the tables."""
    return [one for key in figures.keys for one in figures.listing.filters if one.key == key]


def kept_of(request: Request, figures: Figures) -> dict[str, str]:
    """What the address asks of these tables: filters that make sense, how lines stand, which day."""
    found = standings.narrowed(figures.listing, {key: request.GET.get(key, "") for key in figures.keys})
    if (by := request.GET.get("by", "")) in dict(figures.ways):
        found["by"] = by
    if at := request.GET.get("at", "").strip():
        found["at"] = at[:10]
    return found


def chips(request: Request, figures: Figures, kept: Mapping[str, str]) -> list[tuple[str, str]]:
    """(filter in words, the address without it)."""
    return [
        (f"{one.label}：{words}", f"?{urlencode({key: value for key, value in kept.items() if key != one.key})}")
        for one, words in narrowed_to(request, figures)
    ]


def narrowed_to(request: Request, figures: Figures) -> list[tuple[Filter, str]]:
    """The filters in force with their values in words."""
    kept = kept_of(request, figures)
    return [
        (one, dict(one.options(request.actor, request.cohort)).get(kept[one.key], kept[one.key]))
        for one in offered(figures) if one.key in kept
    ]  # fmt: skip


def said(
    request: Request, figures: Figures, moment: datetime | None, counted_at: datetime | None
) -> list[tuple[str, str]]:
    """(heading, words) of what stands above the tables wherever they are read: whose, which cohort, as of when, narrowed to what."""
    when = f"{timezone.localtime():%Y-%m-%d %H:%M} 的实时数字"
    if moment is not None:
        when = moments.words_of(moment)
    elif counted_at is not None:
        when = moments.words_of_count(counted_at)
    return [
        ("单位", str(request.actor.unit)), ("届别", f"{request.cohort} 届"), ("数字", when),
        *((one.label, words) for one, words in narrowed_to(request, figures)),
    ]  # fmt: skip
