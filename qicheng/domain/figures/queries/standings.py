"""How registrations stand, college by college, school by school, province by province: each table is one statement (STA-01)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from qicheng.domain.figures.queries import columns as declared
from qicheng.domain.figures.queries.tables import Line, Table, list_at, pivoted
from qicheng.domain.orgs.models import College, Province, School
from qicheng.domain.registration import listings as registrations
from qicheng.domain.registration.sheets import destinations as types
from qicheng.foundation.access import Role

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from qicheng.foundation.access import Actor
    from qicheng.foundation.listing import Listing

# What the tables can be narrowed to, and what their lists take over from them.
KEPT = ("level", "major", "training", "province", "school", "college")
# How the lines of 去向登记 stand: by unit, by type, or type by type in each unit.
BY_UNIT, BY_TYPE, BY_BOTH = "unit", "type", "both"


@dataclass(frozen=True, slots=True)
class Units:
    """What lies below whoever asks: a line each. `sql` tells a row's unit, `key` is the filter that means it, `named` are (key, name)."""

    label: str
    key: str
    sql: str
    named: list[tuple[str, str]]


def units(actor: Actor, values: Mapping[str, str], alias: str = "c") -> Units | None:
    """Colleges of a school, schools of a province, provinces of the country or the schools of the one that was chosen; None for a college."""

    def named(rows: Any) -> list[tuple[str, str]]:
        return [(str(pk), name) for pk, name in rows.values_list("pk", "name")]

    match actor.role:
        case Role.SCHOOL:
            return Units(
                "院系",
                "college",
                f"{alias}.college_id",
                named(College.objects.filter(school=actor.node).order_by("name")),
            )
        case Role.PROVINCE:
            return Units(
                "学校",
                "school",
                f"{alias}.school_id",
                named(School.objects.filter(province=actor.node).order_by("name")),
            )
        case Role.MINISTRY if (chosen := values.get("province", "")).isdecimal():
            return Units(
                "学校",
                "school",
                f"{alias}.school_id",
                named(School.objects.filter(province=int(chosen)).order_by("name")),
            )
        case Role.MINISTRY:
            return Units("省份", "province", "s.province_id", named(Province.objects.order_by("code")))
    return None


def narrowed(listing: Listing, query: Mapping[str, str]) -> dict[str, str]:
    """What of a query narrows a table: filters of its list that make sense there, as they were asked."""
    return {
        one.key: value
        for one in listing.filters
        if one.key in KEPT and (value := query.get(one.key, "").strip()) and one.condition(value) is not None
    }


def counted(
    listing: Listing, actor: Actor, cohort: int, by: tuple[str, ...], values: Mapping[str, str], moment: datetime | None
) -> Counter[tuple[str, ...]]:
    """How many rows of the list there are of each combination of the SQL `by`, in one statement."""
    past: dict[str, Any] = {"moment": moment} if moment is not None else {}
    key = f"ARRAY[{', '.join(f'({sql})::text' for sql in by)}]"
    found = listing.tallies(actor, cohort, key, {"": "true"}, values, **past)
    return Counter({tuple(value): numbers[""] for value, numbers in found})


def agreements(actor: Actor, cohort: int, query: Mapping[str, str], moment: datetime | None = None) -> Table:
    """The guide's table: the whole and each unit × the sum and the thirteen states."""
    listing, headings = registrations.lists()["agreements"], declared.AGREEMENTS
    values, below = narrowed(listing, query), units(actor, query)
    found = counted(listing, actor, cohort, (below.sql if below else "''", declared.COLUMN), values, moment)
    lists = reverse("registration:list", args=["agreements"])
    key = below.key if below else ""

    def address(line: str, column: str) -> str:
        return list_at(lists, values, column=column, **({key: line} if key else {}))

    return Table(
        "agreements", "签约情况", (below.label if below else "",), ("总数", *(words for words, _ in headings.values())),
        pivoted({(unit, column): n for (unit, column), n in found.items()}, below.named if below else (), headings, address=address,
                url=lambda line: down(key, line, query)),
        "协议生效以后有解约申请的，按最近一次申请的结果计：等待审核、审核不通过、单位或学生拒绝的各计一处，其余的仍计已签约或补签；每份协议只计一次。"
        "还没有回应的邀请、没有提交的和等毕业生办理的、已撤回的、放弃的、学校作废的，不计在总数里。",
    )  # fmt: skip


def destinations(
    actor: Actor, cohort: int, query: Mapping[str, str], moment: datetime | None = None, by: str = BY_UNIT
) -> Table:
    """去向登记: the whole and each unit, each type, or each type in each unit × the sum and five states."""
    listing, headings = registrations.lists()["destinations"], declared.DESTINATIONS
    values, below = narrowed(listing, query), units(actor, query)
    found = counted(listing, actor, cohort, (below.sql if below else "''", "c.kind", declared.COLUMN), values, moment)
    lists, firsts, labels = reverse("registration:list", args=["destinations"]), first_of(), type_names()
    key, named = (below.key, below.named) if below else ("", [])

    def address(line: str, column: str) -> str:
        unit, _, kind = line.partition(" ")
        return list_at(lists, values, column=column, type=kind, **({key: unit} if key else {}))

    counts = Counter[tuple[str, str, str]]()
    for (unit, kind, column), number in found.items():
        counts[unit, firsts[kind], column] += number
    kinds = [(one, label) for one, label in labels.items() if any(kind == one for _, kind, _ in counts)]
    by_type = Counter[tuple[str, str]]()
    by_unit = Counter[tuple[str, str]]()
    for (unit, kind, column), number in counts.items():
        by_type[f" {kind}", column] += number
        by_unit[unit, column] += number
    label, columns = "去向登记情况", ("总数", *(words for words, _ in headings.values()))
    if by == BY_TYPE or below is None:
        lines = pivoted(by_type, [(f" {one}", words) for one, words in kinds], headings, address=address)
        return Table("destinations", label, ("去向类型",), columns, lines, ABOUT_TYPES)
    lines = pivoted(by_unit, named, headings, address=address, url=lambda line: down(key, line, query))
    if by == BY_UNIT:
        return Table("destinations", label, (below.label,), columns, lines, ABOUT_TYPES)
    whole, *each = lines
    both = [Line((*whole.names, ""), whole.cells, is_sum=True)]
    for (unit, name), line in zip(named, each, strict=True):
        both.append(Line((name, "合计"), line.cells, line.url, is_sum=True))
        own = {(f"{its} {kind}", column): n for (its, kind, column), n in counts.items() if its == unit}
        mine = [(f"{unit} {one}", words) for one, words in kinds if any(at.endswith(f" {one}") for at, _ in own)]
        both += [Line((name, *one.names), one.cells) for one in pivoted(own, mine, headings, address=address)[1:]]
    return Table("destinations", label, (below.label, "去向类型"), columns, both, ABOUT_TYPES)


ABOUT_TYPES = "没有提交的和毕业生放弃的不计在总数里。学校有自己的登记平台的，在那里登记的也计在内。"


def down(key: str, line: str, query: Mapping[str, str]) -> str:
    """Where the name of a line leads: for the ministry from a province to its schools."""
    kept = {one: query[one] for one in (*KEPT, "at", "by") if query.get(one)}
    return list_at("", kept, province=line) if key == "province" else ""


def first_of() -> dict[str, str]:
    """Type → the type that stands for all of one name, as the filter of the lists has it."""
    firsts: dict[str, str] = {}
    return {
        one.key: firsts.setdefault(one.label, one.key)
        for flow in declared.ways_in(declared.DESTINATIONS)
        for one in types.types_of(flow.name).values()
    }


def type_names() -> dict[str, str]:
    """Of each name of a type the one that stands for it, in the order of the guide."""
    return {first: types.of(first).label for first in dict.fromkeys(first_of().values())}
