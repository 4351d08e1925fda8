"""Everybody on the roster with the destination that counts: each number of the rates is this list under a filter (STA-02)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from qicheng.domain.orgs.models import College, Province, School
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.domain.roster.queries import destination_words
from qicheng.domain.transfer.listings.confirmation import STATES
from qicheng.foundation import codes
from qicheng.foundation.access import Role, Tier
from qicheng.foundation.codes import divisions, rates
from qicheng.foundation.listing import Column, Filter, Listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from qicheng.foundation.access import Actor
    from qicheng.foundation.codes.rates import Formula

SOURCE = """roster_graduate g JOIN orgs_college k ON k.id = g.college_id JOIN orgs_school s ON s.id = g.school_id
    LEFT JOIN roster_employmentrecord e ON e.graduate_id = g.id AND e.cohort = g.cohort
    LEFT JOIN transfer_confirmation c ON c.graduate_id = g.id AND c.cohort = g.cohort"""
ON_THE_ROSTER = "g.removed_at IS NULL"
DESTINATION = "coalesce(e.destination, '')"
PLACED, UNPLACED = "placed", "unplaced"
# What graduates said of what was reported of them; the rest has nothing that was reported.
ANSWERS: Mapping[str, str] = {"confirmed": "确认无误", "disputed": "确认有误", "unconfirmed": "还没有确认"}
SAID = "coalesce(c.state, 'unreported')"


@dataclass(frozen=True, slots=True)
class Dimension:
    """What rates can be told apart by: `sql` gives the value of a graduate, `named` the words of a value where the value is a code.

    `further` is the one that a value is told apart by next: colleges by 专业, 专业 by 班级.
    """

    key: str
    label: str
    sql: str
    named: Callable[[str], str] = str
    kind: str = "choice"
    further: str = ""


def _origin(code: str) -> str:
    return divisions.label(code) if divisions.is_known(code) else "没有填写或不能识别"


def _coded(table: str) -> Callable[[str], str]:
    return lambda code: codes.table(table).label(code) if code else "没有填写"


def _plain(text: str) -> str:
    return text or "没有填写"


DIMENSIONS: Mapping[str, Dimension] = {
    one.key: one
    for one in (
        Dimension("province", "省份", "s.province_id", kind="whole", further="school"),
        Dimension("school", "学校", "g.school_id", kind="whole", further="college"),
        Dimension("college", "院系", "g.college_id", kind="whole", further="major"),
        Dimension("major", "专业", "g.major", _plain, further="class"),
        Dimension("class", "班级", "g.class_name", _plain),
        Dimension("level", "学历", "g.level", _coded("education_levels")),
        Dimension("sex", "性别", "g.sex", _coded("gender")),
        Dimension("origin", "生源地", "left(g.origin, 2) || '0000'", _origin),
        Dimension("normal", "师范生类别", "g.normal_student", _coded("normal_student_types")),
        Dimension("hardship", "困难生类别", "g.hardship", _coded("hardship_types")),
    )
}
# What an address says for a value that is empty on the roster.
EMPTY = "-"


def among(members: Iterable[str]) -> str:
    """The condition that a graduate's destination is one of these codes of the national table."""
    return f"{DESTINATION} IN ({', '.join(map(repr, sorted(members)))})"


def conditions(formula: Formula) -> dict[str, str]:
    """key → condition for every part of an edition and every class of what is not placed: each graduate fulfils exactly one.

    What the national table does not know, and having no record, is 待就业.
    """
    known = formula.placed | formula.codes[rates.PAUSING]
    return {key: f"NOT {among(known)}" if key == rates.SEEKING else among(formula.codes[key]) for key in formula.labels}


def measures(formula: Formula) -> dict[str, str]:
    """What is counted of a group, in one statement: everybody, each part and class, and what was said of what was reported."""
    return {"total": "true"} | conditions(formula) | {state: f"{SAID} = '{state}'" for state in ANSWERS}


@cache
def people() -> Listing:
    """毕业生和毕业去向: who is behind the rates."""
    return Listing(
        "rates", "毕业生去向名单", Graduate, SOURCE, "g", _columns(), _filters(), ("g.exam_number", "g.id"), where=ON_THE_ROSTER
    )  # fmt: skip


def _columns() -> tuple[Column, ...]:
    return (
        Column("public_id", "", "g.public_id", hidden=True),
        Column("name", "姓名", "g.name", sort=True),
        Column("student_number", "学号", "g.student_number", sort=True),
        Column("destination", "毕业去向", "concat_ws(' ', e.destination, e.cohort)", _destination),
        Column("employer", "单位或院校", "coalesce(e.employer_name, '')"),
        Column("said", "本人确认", SAID, STATES.__getitem__),
        Column("college", "院系", "k.name"),
        Column("major", "专业", "g.major"),
        Column("class_name", "班级", "g.class_name"),
        Column("level", "学历", "g.level", codes.table("education_levels").label),
        Column("school", "学校", "s.name"),
        Column("exam_number", "考生号", "g.exam_number", sort=True),
    )  # fmt: skip


def _destination(value: str) -> str:
    """「code cohort」 in words (REG-12); who has no record is counted as 待就业, and said to have none."""
    if not value:
        return "还没有登记，计入待就业"
    code, cohort = value.split(" ")
    return destination_words(EmploymentRecord(destination=code, cohort=int(cohort)))


def _filters() -> tuple[Filter, ...]:
    search = "(g.name LIKE %(q_prefix)s OR g.student_number LIKE %(q_prefix)s OR e.employer_name LIKE %(q_within)s)"
    parts = {key: sql for formula in rates.editions() for key, sql in conditions(formula).items()}
    newest = rates.editions()[-1]
    whole = {PLACED: among(newest.placed), UNPLACED: f"NOT {among(newest.placed)}"}
    tiers = tuple((tier.value, tier.label) for tier in Tier if tier is not Tier.ALL)
    return (
        Filter("q", "搜索", search, "search"),
        Filter("part", "去向类别", conditions=whole | parts, choices=_offered),
        Filter("said", "本人确认", f"{SAID} = %(said)s", "choice", choices=tuple(STATES.items())),
        Filter("study", "培养层次", "g.tier = %(study)s", "choice", choices=tiers),
        *(
            Filter(
                one.key, one.label,
                f"{one.sql} = %({one.key})s" if one.kind == "whole" else f"{one.sql} = {_meant(one.key)}",
                one.kind, choices=_choices(one),
            )
            for one in DIMENSIONS.values()
        ),
    )  # fmt: skip


def _meant(key: str) -> str:
    return f"CASE WHEN %({key})s = '{EMPTY}' THEN '' ELSE %({key})s END"


def _offered(actor: Actor, cohort: int) -> list[tuple[str, str]]:
    """The parts of the cohort's edition, with the two sums before them."""
    return [(PLACED, "已落实"), (UNPLACED, "未落实"), *rates.formula(cohort).labels.items()]


def _choices(dimension: Dimension) -> tuple[tuple[str, str], ...] | Callable[[Actor, int], list[tuple[str, str]]]:
    match dimension.key:
        case "level" | "sex" | "normal" | "hardship":
            names = {
                "level": "education_levels",
                "sex": "gender",
                "normal": "normal_student_types",
                "hardship": "hardship_types",
            }
            table = codes.table(names[dimension.key])
            return tuple((code, table.label(code)) for code in table)
        case "origin":
            return tuple(codes.table("provinces").choices())
        case "college" | "school" | "province":
            return lambda actor, cohort: names_of(dimension.key, actor)
    return ()


def names_of(dimension: str, actor: Actor, within: int | None = None) -> list[tuple[str, str]]:
    """(key, name) of the units below whoever asks: colleges of the school (or of `within`), schools of the province, provinces."""
    rows: Any
    match dimension, actor.role:
        case "college", Role.COLLEGE:
            rows = College.objects.filter(school__college=actor.node)
        case "college", _ if within is not None or actor.role is Role.SCHOOL:
            rows = College.objects.filter(school=actor.node if within is None else within)
        case "school", Role.PROVINCE:
            rows = School.objects.filter(province=actor.node)
        case "school", Role.MINISTRY:
            rows = School.objects.all() if within is None else School.objects.filter(province=within)
        case "province", Role.MINISTRY:
            rows = Province.objects.all()
        case _:
            return []
    return [(str(pk), name) for pk, name in rows.order_by("name").values_list("pk", "name")]


def unit_name(dimension: str, key: str) -> str:
    """What a province, school or college is called."""
    model: Any = {"province": Province, "school": School, "college": College}[dimension]
    return model.objects.filter(pk=int(key)).values_list("name", flat=True).first() or key
