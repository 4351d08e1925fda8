"""毕业去向落实率: the rate of whoever is looked at, by what it is told apart, its formula, its people, its workbook and its report (STA-02)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header

from qicheng.domain.figures.effects import reports
from qicheng.domain.figures.queries import moments, rates
from qicheng.domain.figures.queries import people as listings
from qicheng.domain.figures.queries.people import ANSWERS, DIMENSIONS, EMPTY
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow import past
from qicheng.foundation.flow.perform import Refused, note
from qicheng.foundation.listing.download import export
from qicheng.foundation.listing.page import render, say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from qicheng.domain.figures.queries.rates import Sheet
    from qicheng.foundation.access.pages import Request

STAFF = (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)
# What was counted longer ago is not counted anew every night: an older cohort.
DAILY = timedelta(days=2)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@audience(*STAFF)
def overview(request: Request) -> HttpResponse:
    """The rate of whoever is looked at, by the units below."""
    values = rates.narrowed(request.actor, request.GET)
    return page(request, rates.dimensions(request.actor, values)[0].key)


@audience(*STAFF)
def by(request: Request, dimension: str) -> HttpResponse:
    """The same by another dimension."""
    return page(request, dimension)


@audience(*STAFF, area=Area.EMPLOYMENT)
def people(request: Request) -> HttpResponse:
    """Who is behind a number. Above schools, people are looked at school by school; the ministry's look is on record."""
    actor, cohort = request.actor, request.cohort
    if not opens(request, rates.narrowed(actor, request.GET)):
        return redirect("figures:rates")
    found, moment, why = None, None, ""
    try:
        moment = moments.asked(request.GET)
        found = listings.people().page(actor, request.GET, cohort, moment=moment)
    except Refused as refused:
        why = str(refused)
    if actor.role is Role.MINISTRY and found is not None:
        note(actor, "view", "listing.rates", {one.label: ["", one.words] for one in found.applied}, cohort=cohort)
    kept = {key: value for key, value in (found.values if found else {}).items() if key in rates.NARROWED}
    dated = past.kept_in_address(moment)
    return render(request, "figures/rates_people.html", {
        "page": found, "why": why, "cohort": cohort, "moment_words": moments.words_of(moment) if moment else "",
        "back": f"{reverse('figures:rates')}?{urlencode(dated | kept)}", "kept": [*kept.items(), *at_of(request)], "cleared": f"?{urlencode(dated)}",
        "opens": actor.role in (Role.SCHOOL, Role.COLLEGE), "chips": chips_of_people(found) if found else [],
    }, status=422 if why else 200)  # fmt: skip


@audience(*STAFF, area=Area.EMPLOYMENT)
def people_workbook(request: Request) -> HttpResponse:
    """The same list to take away, live or of the past day (EXP-01)."""
    if not opens(request, rates.narrowed(request.actor, request.GET)):
        return redirect("figures:rates")
    back = reverse("figures:rates_people")
    try:
        return export(request, "figures", listings.people(), request.GET, back, moments.asked(request.GET))
    except Refused as why:
        say(request, str(why), "warn")
        return redirect(f"{back}?{request.GET.urlencode()}")


@audience(*STAFF)
def workbook(request: Request, dimension: str) -> HttpResponse:
    """The table as a workbook with a sheet that explains it; on record (EXP-01)."""
    return taken_away(request, dimension, "表格", "xlsx", XLSX)


@audience(*STAFF)
def report(request: Request, dimension: str) -> HttpResponse:
    """The table as a printed report; on record (EXP-01)."""
    return taken_away(request, dimension, "报告", "pdf", "application/pdf")


# ---- what these pages do


def page(request: Request, dimension: str) -> HttpResponse:
    """Rates by a dimension, under what the address narrows them to, live or as known on a past day."""
    actor, cohort = request.actor, request.cohort
    values = rates.narrowed(actor, request.GET)
    sheet, why = read(request, dimension, values)
    own = {**values, **dict(at_of(request))}
    is_live = sheet is not None and sheet.is_exact and sheet.moment is None
    return render(request, "figures/rates.html", {
        "sheet": sheet, "why": why, "cohort": cohort, "when": words_of_time(sheet) if sheet else "",
        "answers": ANSWERS, "placed": listings.PLACED, "unplaced": listings.UNPLACED,
        "headings": rates.headings(sheet.formula) if sheet else {}, "tabs": tabs(request, dimension, values),
        "narrowings": narrowings(request, values), "chips": chips(request, values), "at": request.GET.get("at", "").strip()[:10],
        "then": rates.same_day_last_year(actor, cohort, values, sheet.whole) if sheet and is_live else None,
        "weeks": rates.weeks(actor, cohort, values, sheet.whole) if sheet and is_live else [], "key": dimension,
        "asked": f"?{urlencode(own)}" if own else "", "may_read": actor.may_read(Area.EMPLOYMENT),
        "people": f"{reverse('figures:rates_people')}?{urlencode(own)}" if sheet and sheet.is_exact and opens(request, values) else "",
    }, status=422 if why else 200)  # fmt: skip


def read(request: Request, dimension: str, values: Mapping[str, str]) -> tuple[Sheet | None, str]:
    """(the rates, why there are none); Http404 for a dimension that the reader is not offered."""
    if dimension not in {one.key for one in rates.dimensions(request.actor, values)}:
        raise Http404
    try:
        moment = moment_of(request)
        return rates.sheet(request.actor, request.cohort, DIMENSIONS[dimension], values, moment), ""
    except Refused as refused:
        return None, str(refused)


def moment_of(request: Request) -> datetime | None:
    """The past moment that was asked for; Refused, in words, where the reader cannot ask for one."""
    moment = moments.asked(request.GET)
    if moment is not None and not request.actor.may_read(Area.EMPLOYMENT):
        raise Refused("你的账号看不到名单，只提供固定日期的汇总数，不能按日期查。")
    return moment


def opens(request: Request, values: Mapping[str, str]) -> bool:
    """Whether rows are looked at, and not the country's counters."""
    return request.actor.role not in rates.ABOVE or "school" in values


def taken_away(request: Request, dimension: str, what: str, ending: str, kind: str) -> HttpResponse:
    """The same numbers as a file, with whose, of when and narrowed to what; on record."""
    values = rates.narrowed(request.actor, request.GET)
    sheet, why = read(request, dimension, values)
    if sheet is None or not sheet.is_counted:
        say(request, why or "还没有统计，今晚 2 点统计以后再下载。", "warn")
        return redirect("figures:rates")
    actor, about = request.actor, said(request, sheet, values)
    try:
        content = reports.workbook(sheet, about) if ending == "xlsx" else reports.report(sheet, about, request.cohort)
    except Refused as refused:
        say(request, str(refused), "warn")
        return redirect("figures:rates")
    note(actor, "export", "table.rates", {**{label: ["", words] for label, words in about}, "形式": ["", what]}, cohort=request.cohort,
         school=actor.node if actor.role is Role.SCHOOL else None)  # fmt: skip
    name = f"{sheet.formula.rate}-按{sheet.dimension.label}-{timezone.localtime():%Y%m%d-%H%M}.{ending}"
    return HttpResponse(content, content_type=kind, headers={
        "Content-Disposition": content_disposition_header(True, name) or "", "Cache-Control": "no-store",
    })  # fmt: skip


def said(request: Request, sheet: Sheet, values: Mapping[str, str]) -> list[tuple[str, str]]:
    """(heading, words) of what stands above the numbers wherever they go."""
    narrowed = [(DIMENSIONS[key].label, words_of(request, key, value)) for key, value in values.items()]
    return [
        ("单位", str(request.actor.unit)), ("届别", f"{request.cohort} 届"), ("范围", "，".join(f"{one}：{other}" for one, other in narrowed) or "全部毕业生"),
        ("分组", f"按{sheet.dimension.label}"), ("数字", words_of_time(sheet).replace("，随审核实时更新", "")), ("制表人", request.actor.name),
    ]  # fmt: skip


def words_of_time(sheet: Sheet) -> str:
    """Of when the numbers are."""
    if not sheet.is_counted:
        return "今晚 2 点统计"
    if sheet.moment is not None or (not sheet.is_exact and sheet.counted_at):
        return moments.words_of(sheet.moment or sheet.counted_at)  # type: ignore[arg-type]  # one of them is there
    if sheet.counted_at is not None:
        at = timezone.localtime(sheet.counted_at)
        return (
            f"{at.month} 月 {at.day} 日 {at:%H:%M} 统计的数字{'，每晚更新一次' if timezone.now() - at < DAILY else ''}"
        )
    now = timezone.localtime()
    return f"数据到 {now.month} 月 {now.day} 日 {now:%H:%M}，随审核实时更新"


def words_of(request: Request, key: str, value: str) -> str:
    """A value of a dimension in words."""
    return _in_words(key, value, DIMENSIONS[key].named("" if value == EMPTY else value))


def tabs(request: Request, dimension: str, values: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    """(label, address, whether it is this one) of the dimensions that are offered."""
    own = {**values, **dict(at_of(request))}
    asked = f"?{urlencode(own)}" if own else ""
    return [
        (f"各{one.label}" if one.key in ("province", "school", "college", "major", "class") else f"按{one.label}",
         f"{reverse('figures:rates_by', args=[one.key])}{asked}", one.key == dimension)
        for one in rates.dimensions(request.actor, values)
    ]  # fmt: skip


def narrowings(request: Request, values: Mapping[str, str]) -> list[tuple[str, str, list[tuple[str, str]], str]]:
    """(key, label, options, value) of the selects above the table."""
    if not request.actor.may_read(Area.EMPLOYMENT):
        return []
    keys = ["level"] if request.actor.role in rates.ABOVE and "school" not in values else ["level", "sex"]
    if request.actor.role is Role.SCHOOL:
        keys.insert(0, "college")
    filters = {one.key: one for one in listings.people().filters}
    return [
        (key, DIMENSIONS[key].label, filters[key].options(request.actor, request.cohort), values.get(key, "")) for key in keys
    ]  # fmt: skip


def chips(request: Request, values: Mapping[str, str]) -> list[tuple[str, str]]:
    """(what it is narrowed to in words, the address without it)."""
    at = dict(at_of(request))
    return [
        (f"{DIMENSIONS[key].label}：{words_of(request, key, value)}",
         f"{reverse('figures:rates')}?{urlencode({one: other for one, other in values.items() if one != key} | at)}")
        for key, value in values.items()
    ]  # fmt: skip


def chips_of_people(found: Any) -> list[tuple[str, str]]:
    """The list's own chips, with units and empty values in words."""
    keys = [one.key for one in found.listing.filters if one.key in found.values]
    return [
        (f"{one.label}：{_in_words(key, found.values[key], one.words)}", address)
        for key, one, (_, address) in zip(keys, found.applied, found.chips, strict=True)
    ]  # fmt: skip


def _in_words(key: str, value: str, words: str) -> str:
    if key in ("province", "school", "college"):
        return listings.unit_name(key, value)
    return "没有填写" if value == EMPTY else words


def at_of(request: Request) -> list[tuple[str, str]]:
    """The day that was asked for, as it stands in the address."""
    at = request.GET.get("at", "").strip()[:10]
    return [("at", at)] if at else []
