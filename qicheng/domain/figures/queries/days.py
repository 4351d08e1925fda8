"""The country and its provinces from the counters: who is where now, at the end of any day, and over time (decision 17)."""

# ruff: noqa: S608 -- names of our own tables and columns; values are parameters

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils import timezone

from qicheng.domain.figures.models import UNRECORDED, Cell, Recount
from qicheng.domain.figures.queries.moments import day_before, words_of_day
from qicheng.domain.figures.queries.standings import units
from qicheng.domain.figures.queries.tables import Table, list_at, pivoted
from qicheng.foundation import codes
from qicheng.foundation.access import Role, Tier, statements
from qicheng.foundation.flow.past import kept_in_address
from qicheng.foundation.flow.perform import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from qicheng.foundation.access import Actor

_NOW = """SELECT school_id, value, number FROM figures_counter WHERE cohort = %(cohort)s AND about = %(about)s AND number <> 0{narrow}
    UNION ALL SELECT school_id, value, change FROM figures_move WHERE cohort = %(cohort)s AND about = %(about)s{narrow}"""
_THEN = """SELECT school_id, value, change AS number FROM figures_daychange
    WHERE cohort = %(cohort)s AND about = %(about)s AND day <= %(day)s{narrow}
    UNION ALL SELECT school_id, value, change FROM figures_move WHERE cohort = %(cohort)s AND about = %(about)s AND day <= %(day)s{narrow}"""
_COUNTRY = """SELECT c.province_id::text AS unit, c.value, sum(c.number)::bigint AS number FROM (
        SELECT province_id, value, sum(change) AS number FROM figures_provinceday
        WHERE cohort = %(cohort)s AND about = %(about)s{narrow}{until} GROUP BY 1, 2
        UNION ALL SELECT s.province_id, m.value, sum(m.change) FROM figures_move m JOIN orgs_school s ON s.id = m.school_id
        WHERE m.cohort = %(cohort)s AND m.about = %(about)s{narrow}{until} GROUP BY 1, 2
    ) c GROUP BY 1, 2 HAVING sum(c.number) <> 0"""
_BY_DAY = """SELECT day, school_id, value, change AS number FROM figures_daychange WHERE cohort = %(cohort)s AND about = %(about)s{narrow}
    UNION ALL SELECT day, school_id, value, change FROM figures_move WHERE cohort = %(cohort)s AND about = %(about)s{narrow}"""


def people(actor: Actor, cohort: int, asked: Mapping[str, str]) -> int:
    """About how many graduates of a cohort there are in a province or the country, or in the `province` that was asked for."""
    province = actor.node if actor.role is Role.PROVINCE else asked.get("province")
    row = statements.one(
        "SELECT coalesce(sum(change), 0)::bigint AS number FROM figures_provinceday WHERE cohort = %(cohort)s AND about = %(about)s"
        f"{' AND province_id = %(province)s::bigint' if province else ''}",
        {"cohort": cohort, "about": Cell.RECORD, "province": province},
    )
    assert row is not None
    return int(row.number)


def counted(
    actor: Actor, cohort: int, values: Mapping[str, str], moment: datetime | None = None, *, about: str = Cell.RECORD
) -> Counter[tuple[str, str]]:
    """(unit below, destination or state) → how many, of the actor's area; `values` narrow by `province`, `level`, `tier`.

    A past day is answered from what every day changed: nothing of it changes any more. Raises Refused for a day before days were kept.
    """
    own, narrow, parameters = _narrowed(actor, cohort, values, about)
    if moment is not None:
        must_be_kept(cohort, moment)
        parameters["day"] = day_before(moment)
    below = units(actor, values, "s")
    unit = {"province": "s.province_id", "school": "s.id"}.get(below.key if below else "", "0")
    if unit == "s.province_id" and "school" not in parameters:
        sql = _COUNTRY.format(narrow=narrow, until=" AND day <= %(day)s" if moment else "")
    else:
        cells = (_NOW if moment is None else _THEN).format(narrow=f"{narrow}{_of_province(actor, parameters)}")
        sql = f"""SELECT {unit}::text AS unit, c.value, sum(c.number)::bigint AS number FROM (
            SELECT school_id, value, sum(number) AS number FROM ({cells}) k GROUP BY 1, 2
        ) c JOIN orgs_school s ON s.id = c.school_id WHERE {own} GROUP BY 1, 2 HAVING sum(c.number) <> 0"""
    rows = statements.rows(sql, parameters)
    return Counter({(row.unit, row.value): row.number for row in rows})


def series(
    actor: Actor, cohort: int, values: Mapping[str, str] | None = None, *, about: str = Cell.RECORD
) -> list[tuple[date, dict[str, int]]]:
    """(day, destination or state → how many at its end) for each day on which something changed, oldest first.

    Of a school, a province or the country; the counters do not tell colleges apart, which have no series.
    """
    own, narrow, parameters = _narrowed(actor, cohort, values or {}, about)
    if actor.role is Role.MINISTRY and not {"province", "school"} & parameters.keys():
        days = f"""SELECT day, value, change AS number FROM figures_provinceday WHERE cohort = %(cohort)s AND about = %(about)s{narrow}
            UNION ALL SELECT day, value, change FROM figures_move WHERE cohort = %(cohort)s AND about = %(about)s{narrow}"""
    else:
        narrow += _of_province(actor, parameters)
        days = f"""SELECT c.day, c.value, c.number FROM ({_BY_DAY.format(narrow=narrow)}) c JOIN orgs_school s ON s.id = c.school_id WHERE {own}"""
    rows = statements.rows(
        f"SELECT day, value, sum(number)::bigint AS number FROM ({days}) d GROUP BY 1, 2 ORDER BY 1", parameters
    )
    standing: Counter[str] = Counter()
    found: dict[date, dict[str, int]] = {}
    for row in rows:
        standing[row.value] += row.number
        found[row.day] = {value: number for value, number in standing.items() if number}
    return list(found.items())


def first_day(cohort: int) -> date | None:
    """The day from which the numbers of a cohort are kept by day; None where there are none."""
    row = statements.one(
        """SELECT least((SELECT min(day) FROM figures_provinceday WHERE cohort = %(cohort)s),
            (SELECT min(day) FROM figures_move WHERE cohort = %(cohort)s)) AS day""",
        {"cohort": cohort},
    )
    assert row is not None
    day: date | None = row.day
    return day


def must_be_kept(cohort: int, moment: datetime) -> None:
    """Raise Refused where days were not counted yet."""
    first = first_day(cohort)
    if first is None or day_before(moment) < first:
        since = f"从 {words_of_day(first)}起" if first else "还没有"
        raise Refused(f"{cohort} 届的数字{since}按天记录，更早的日期没有全省和全国的数字；选定一所学校可以查。")


def table(actor: Actor, cohort: int, values: Mapping[str, str], moment: datetime | None = None) -> Table:
    """Provinces, or schools of a province, × types of destination: each number leads to the next level, and at a school to its people."""
    below = units(actor, values, "s")
    assert below is not None
    found = counted(actor, cohort, values, moment)
    names = types(cohort, {value for _, value in found})
    here, people = reverse("figures:national"), reverse("figures:known", args=["people", "all"])
    kept = {key: value for key, value in values.items() if key in ("level", "province")} | kept_in_address(moment)

    def address(line: str, column: str) -> str:
        if not line:
            return ""
        if below.key == "province":
            return list_at(here, kept, province=line)
        return list_at(people, kept | {"province": ""}, school=line, type=column)

    return Table(
        "national", "毕业去向", (below.label,), ("名单人数", *names.values()),
        pivoted({(unit, value or UNRECORDED): number for (unit, value), number in found.items()}, below.named, names, address=address,
                url=lambda line: address(line, "")),
        f"「还没有登记」是在名单里、还没有毕业去向记录的人；已经从名单中删除的人不计，没有人的类型不列出。{checked(cohort)}",
    )  # fmt: skip


def checked(cohort: int) -> str:
    """When the counters of a cohort were last compared with the rows, and what was found, in words; '' before the first night."""
    found = Recount.objects.filter(cohort=cohort).order_by("-id").first()
    if found is None:
        return ""
    result = f"有 {found.differences} 处出入，已改正" if found.differences else "没有出入"
    return f"计数每天夜里与名单逐一核对，最近一次 {timezone.localtime(found.at):%Y-%m-%d %H:%M}，{result}。"


def types(cohort: int, found: set[str]) -> dict[str, str]:
    """Key → name of the columns: no record, then the types of the national table for the cohort, and whatever else was counted."""
    known = dict(codes.table("destination_types").choices(cohort))
    names = codes.table("destination_types")
    return (
        {UNRECORDED: "还没有登记"} | known | {code: names.label(code) for code in sorted(found - known.keys() - {""})}
    )


def _of_province(actor: Actor, parameters: Mapping[str, Any]) -> str:
    """The condition on the cells that finds those of one province by their index."""
    place = "%(node)s" if actor.role is Role.PROVINCE else "%(province)s" if "province" in parameters else ""
    return f" AND school_id IN (SELECT o.id FROM orgs_school o WHERE o.province_id = {place})" if place else ""


def _narrowed(actor: Actor, cohort: int, values: Mapping[str, str], about: str) -> tuple[str, str, dict[str, Any]]:
    """(condition on the school `s`, condition on the cells, parameters)."""
    parameters: dict[str, Any] = {"cohort": cohort, "about": about, "node": actor.node, "tier": str(actor.tier)}
    own = {Role.PROVINCE: "s.province_id = %(node)s", Role.MINISTRY: "true", Role.SCHOOL: "s.id = %(node)s"}.get(
        actor.role, "false"
    )
    narrow = ""
    if actor.role is Role.SCHOOL:
        narrow = " AND school_id = %(node)s" + ("" if actor.tier is Tier.ALL else " AND tier = %(tier)s")
    elif actor.role is Role.MINISTRY and (province := values.get("province", "")).isdecimal():
        own, parameters["province"] = "s.province_id = %(province)s", int(province)
    if (school := values.get("school", "")).isdecimal():
        narrow, parameters["school"] = narrow + " AND school_id = %(school)s", int(school)
    for key in ("level", "tier"):
        if (value := values.get(key, "")) and not (key == "tier" and actor.role is Role.SCHOOL):
            narrow, parameters[f"asked_{key}"] = f"{narrow} AND {key} = %(asked_{key})s", value
    return own, narrow, parameters
