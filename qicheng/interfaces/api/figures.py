"""Figures: the tables of states, added up from the lists, and rates as whoever asks may see them, live or of a past day (STA-01 … STA-03).

A key that may not read registrations is told rates as somebody is who may not see the people: nothing that tells fewer than five apart.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from ninja import Query, Router, Schema
from pydantic import Field

from qicheng.domain.figures.effects import answers
from qicheng.domain.figures.listings import standings as listings
from qicheng.domain.figures.queries import moments, rates, standings
from qicheng.domain.figures.queries.tables import Table
from qicheng.domain.orgs.models import KeyScope
from qicheng.domain.orgs.queries import cohort_years
from qicheng.domain.transfer.listings import confirmation as listing_of_confirmations
from qicheng.domain.transfer.listings import records as listing_of_records
from qicheng.domain.transfer.queries import confirmation, records
from qicheng.foundation.access import Actor, Area, Level, Role
from qicheng.foundation.flow.perform import Refused
from qicheng.foundation.listing import Listing
from qicheng.interfaces.api.door import CASES, Asker, must, needs
from qicheng.interfaces.api.problems import Problem
from qicheng.interfaces.api.shapes import RateSheet, StateTable, StateTables

# Seconds after which a question about a past day of many schools is asked again.
ASKED_AGAIN = "10"
FILTERS = ("level", "major", "province")


class OfFiles(Schema):
    cohort: int = Field(ge=2000, le=2100, description="届别")
    at: str = Field("", max_length=20, description="按哪一天，例如 2026-08-31：那一天过完时的数；不写就是现在")
    level: str = Field("", max_length=20, description="学历层次的代码")
    major: str = Field("", max_length=60, description="专业代码")


class Of(OfFiles):
    province: str = Field("", max_length=20, description="省份的编号：rates 按 province 分组时的 key")


class By(Of):
    by: str = Field(
        "", max_length=20, description="按什么分组，例如 college、level、sex；不写就按下一级单位，写错时告诉有哪些"
    )


def router() -> Router:
    """The tables of states, and the rates."""
    made = Router(tags=["统计"])
    for path, view, name, words, response in (
        ("/figures/agreements/", agreements, "figures_agreements", "签约情况：十三种状态", StateTable),
        ("/figures/destinations/", destinations, "figures_destinations", "去向登记情况", StateTable),
        ("/figures/confirmations/", confirmations, "figures_confirmations", "登记确认情况和来源", StateTables),
        ("/figures/archive/", _files(Area.ARCHIVE), "figures_archive", "档案统计", StateTables),
        ("/figures/household/", _files(Area.HOUSEHOLD), "figures_household", "户口统计", StateTables),
        ("/figures/rates/", rates_by, "figures_rates", "毕业去向落实率和它的组成", RateSheet),
    ):
        made.add_api_operation(path, ["GET"], view, response=response, url_name=name, operation_id=name, summary=words)
    return made


@needs(KeyScope.FIGURES_READ)
def agreements(request: Any, asked: Query[Of]) -> Any:
    """和统计页上一样，每个数都等于清单的行数；还要有「读取登记和签约」权限。省级、部级问过去的一天，或者人数很多时，先得 409，后台数完再问就有。"""
    must(request.asker, KeyScope.REGISTRATIONS_READ)
    tables, moment = _read(request, asked, "states", listings.agreements())
    return _told(tables[0], asked.cohort, moment)


@needs(KeyScope.FIGURES_READ)
def destinations(request: Any, asked: Query[Of]) -> Any:
    """和统计页上一样，每个数都等于清单的行数；还要有「读取登记和签约」权限。省级、部级问过去的一天，或者人数很多时，先得 409，后台数完再问就有。"""
    must(request.asker, KeyScope.REGISTRATIONS_READ)
    tables, moment = _read(request, asked, "destinations", listings.destinations())
    return _told(tables[0], asked.cohort, moment)


@needs(KeyScope.FIGURES_READ)
def confirmations(request: Any, asked: Query[Of]) -> Any:
    """整体和各单位的登记确认情况；还要有「读取登记确认」权限。省级、部级问过去的一天，或者人数很多时，先得 409，后台数完再问就有。"""
    must(request.asker, KeyScope.CONFIRMATIONS_READ)
    if not confirmation.is_open(request.asker.actor, asked.cohort):
        raise Refused("你省没有开启登记确认，没有这个统计。")
    tables, moment = _read(request, asked, "confirmations", listing_of_confirmations.everybody())
    return {"tables": [_told(one, asked.cohort, moment) for one in tables]}


def _files(area: Area) -> Any:
    scope = CASES[area]

    @needs(KeyScope.FIGURES_READ, Role.SCHOOL)
    def files(request: Any, asked: Query[OfFiles]) -> Any:
        must(request.asker, scope)
        if not records.module_is_open(area, asked.cohort, request.asker.actor):
            raise Refused("你省没有开启这个模块，没有这个统计。")
        tables, moment = _read(request, asked, f"{area}_figures", listing_of_records.records(area))
        return {"tables": [_told(one, asked.cohort, moment) for one in tables]}

    files.__doc__ = f"各院系的状态、类型、来源和申请；还要有「{scope.label}」权限。"
    return files


@needs(KeyScope.FIGURES_READ)
def rates_by(request: Any, asked: Query[By]) -> Any:
    """没有「读取登记和签约」权限的密钥，能推出不到五个人的数不给：counts 里没有它，也不能按日期和条件问。rate 是按公式算的百分数，不能相加。"""
    _must_be_a_cohort(asked.cohort)
    actor = _reader(request.asker)
    values = _narrowed(request, asked, partial(rates.narrowed, actor))
    moment = moments.asked({"at": asked.at})
    if moment is not None and not actor.may_read(Area.EMPLOYMENT):
        raise Refused("这个密钥看不到名单，只提供固定日期的汇总数，不能按日期查。")
    offered = {one.key: one for one in rates.dimensions(actor, values)}
    chosen = offered.get(asked.by) if asked.by else next(iter(offered.values()))
    if chosen is None:
        raise Problem("invalid", errors=[("by", f"可以是：{'、'.join(offered)}")])
    found = rates.sheet(actor, asked.cohort, chosen, values, moment)
    request.rows = len(found.groups)
    return {
        "cohort": asked.cohort, "by": chosen.key, "label": chosen.label, "is_exact": found.is_exact,
        "counted_at": found.moment or found.counted_at, "measures": rates.headings(found.formula), "whole": _group(found.whole),
        "groups": [_group(one) for one in found.groups],
    }  # fmt: skip


def _reader(asker: Asker) -> Actor:
    """The key as figures know it: who may not read registrations may not see the people behind a number."""
    if asker.may(KeyScope.REGISTRATIONS_READ):
        return asker.actor
    return replace(asker.actor, levels={**asker.actor.levels, Area.EMPLOYMENT: Level.NONE})


def _group(one: rates.Group) -> dict[str, Any]:
    return {"key": one.key, "name": one.name, "counts": dict(one.counts), "rate": one.rate()}


def _narrowed(
    request: Any, asked: OfFiles, taken: Callable[[Mapping[str, str]], Mapping[str, str]]
) -> Mapping[str, str]:
    """The filters that were asked for; a Problem for what cannot narrow these numbers, which would quietly be the numbers of everybody."""
    unknown = [(key, "没有这一项") for key in request.GET if key not in type(asked).model_fields]
    wanted = {key: value for key in FILTERS if (value := getattr(asked, key, "").strip())}
    found = taken({key: value for key, value in wanted.items() if "\x00" not in value})
    if wrong := unknown + [(key, "写法不对，或者这里不能按它缩小范围") for key in wanted if key not in found]:
        raise Problem("invalid", errors=wrong)
    return found


def _read(request: Any, asked: OfFiles, question: str, listing: Listing) -> tuple[list[Table], datetime | None]:
    """(the tables, the instant that they are of, None for now), as a page reads them; what takes longer is a Problem that says when to ask again."""
    _must_be_a_cohort(asked.cohort)
    values = _narrowed(request, asked, partial(standings.narrowed, listing))
    moment = moments.asked({"at": asked.at})
    try:
        tables, counted_at = answers.read(request.asker.actor, question, asked.cohort, values, moment)
    except answers.Waiting:
        words = f"正在统计{moments.words_of(moment) if moment else ''}，原样再问同一个地址。"
        raise Problem("counting", words, headers={"Retry-After": ASKED_AGAIN}) from None
    request.rows = sum(len(one.lines) for one in tables)
    return tables, counted_at


def _told(table: Table, cohort: int, counted_at: datetime | None) -> dict[str, Any]:
    return {
        "cohort": cohort, "label": table.label, "words": table.words, "headings": list(table.headings), "counted_at": counted_at,
        "lines": [{"names": list(one.names), "numbers": one.numbers, "is_sum": one.is_sum} for one in table.lines],
    }  # fmt: skip


def _must_be_a_cohort(cohort: int) -> None:
    if cohort not in cohort_years():
        raise Problem("not-found", "没有这一届。")
