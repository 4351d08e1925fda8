"""Figures: the tables of states, added up from the lists, and rates as whoever asks may see them (STA-01 … STA-03).

A key that may not read registrations is told rates as somebody is who may not see the people: nothing that tells fewer than five apart.
"""

from dataclasses import replace
from typing import Any

from ninja import Query, Router, Schema
from pydantic import Field

from qicheng.domain.figures.queries import rates, standings
from qicheng.domain.orgs.models import KeyScope
from qicheng.domain.orgs.queries import cohort_years
from qicheng.foundation.access import Actor, Area, Level, Role
from qicheng.interfaces.api.door import Asker, must, needs
from qicheng.interfaces.api.problems import Problem
from qicheng.interfaces.api.shapes import RateSheet, StateTable


class Of(Schema):
    cohort: int = Field(ge=2000, le=2100, description="届别")


class By(Of):
    by: str = Field(
        "", max_length=20, description="按什么分组，例如 college、level、sex；不写就按下一级单位，写错时告诉有哪些"
    )


def router() -> Router:
    """Two tables of states, and the rates."""
    made = Router(tags=["统计"])
    for path, view, name, words, response in (
        ("/figures/agreements/", agreements, "figures_agreements", "签约情况：十三种状态", StateTable),
        ("/figures/destinations/", destinations, "figures_destinations", "去向登记情况", StateTable),
        ("/figures/rates/", rates_by, "figures_rates", "毕业去向落实率和它的组成", RateSheet),
    ):
        made.add_api_operation(path, ["GET"], view, response=response, url_name=name, operation_id=name, summary=words)
    return made


@needs(KeyScope.FIGURES_READ, Role.SCHOOL, Role.PROVINCE)
def agreements(request: Any, asked: Query[Of]) -> Any:
    """和统计页上一样，每个数都等于清单的行数；还要有「读取登记和签约」权限。"""
    must(request.asker, KeyScope.REGISTRATIONS_READ)
    return _table(request, asked.cohort, standings.agreements)


@needs(KeyScope.FIGURES_READ, Role.SCHOOL, Role.PROVINCE)
def destinations(request: Any, asked: Query[Of]) -> Any:
    """和统计页上一样，每个数都等于清单的行数；还要有「读取登记和签约」权限。"""
    must(request.asker, KeyScope.REGISTRATIONS_READ)
    return _table(request, asked.cohort, standings.destinations)


@needs(KeyScope.FIGURES_READ)
def rates_by(request: Any, asked: Query[By]) -> Any:
    """没有「读取登记和签约」权限的密钥，能推出不到五个人的数不给：counts 里没有它。rate 是按公式算的百分数，不能相加。"""
    _must_be_a_cohort(asked.cohort)
    actor = _reader(request.asker)
    offered = {one.key: one for one in rates.dimensions(actor, {})}
    chosen = offered.get(asked.by) if asked.by else next(iter(offered.values()))
    if chosen is None:
        raise Problem("invalid", errors=[("by", f"可以是：{'、'.join(offered)}")])
    found = rates.sheet(actor, asked.cohort, chosen, {})
    request.rows = len(found.groups)
    return {
        "cohort": asked.cohort, "by": chosen.key, "label": chosen.label, "is_exact": found.is_exact, "counted_at": found.counted_at,
        "measures": rates.headings(found.formula), "whole": _group(found.whole), "groups": [_group(one) for one in found.groups],
    }  # fmt: skip


def _reader(asker: Asker) -> Actor:
    """The key as figures know it: who may not read registrations may not see the people behind a number."""
    if asker.may(KeyScope.REGISTRATIONS_READ):
        return asker.actor
    return replace(asker.actor, levels={**asker.actor.levels, Area.EMPLOYMENT: Level.NONE})


def _group(one: rates.Group) -> dict[str, Any]:
    return {"key": one.key, "name": one.name, "counts": dict(one.counts), "rate": one.rate()}


def _table(request: Any, cohort: int, made: Any) -> dict[str, Any]:
    _must_be_a_cohort(cohort)
    found = made(request.asker.actor, cohort, {})
    request.rows = len(found.lines)
    return {
        "cohort": cohort, "label": found.label, "words": found.words, "headings": list(found.headings),
        "lines": [{"names": list(one.names), "numbers": one.numbers, "is_sum": one.is_sum} for one in found.lines],
    }  # fmt: skip


def _must_be_a_cohort(cohort: int) -> None:
    if cohort not in cohort_years():
        raise Problem("not-found", "没有这一届。")
