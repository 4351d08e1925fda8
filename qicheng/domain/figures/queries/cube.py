"""Rates of more than one school: read from the counters and from the table that a nightly scan leaves, so that no page counts the country (STA-02)."""

# ruff: noqa: S608 -- names of our own tables and columns; values are parameters

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.figures.queries import people as listings
from qicheng.domain.figures.queries.days import first_day, must_be_kept
from qicheng.domain.figures.queries.moments import day_before
from qicheng.domain.figures.queries.people import DIMENSIONS
from qicheng.foundation.access import Role, statements
from qicheng.foundation.codes import rates
from qicheng.foundation.flow.perform import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from qicheng.domain.figures.queries.people import Dimension
    from qicheng.foundation.access import Actor

# The dimensions that are counted apart; province and level are columns of every cell.
DAY = "day"
COUNTED = ("major", "sex", "origin", "normal", "hardship")
# What the counters of every statement tell apart.
KEPT = {"province": "s.province_id::text", "school": "k.school_id::text", "level": "k.level"}


def read(
    actor: Actor, cohort: int, dimension: Dimension, values: Mapping[str, str], moment: datetime | None = None
) -> tuple[dict[str, dict[str, int]], datetime | None]:
    """(value → measure → number, when it was counted) of the actor's area; by province, school and level live, else of last night.

    What has never been counted is empty, and None. Raises Refused for a past moment of which the numbers were not kept.
    """
    if dimension.key in KEPT:
        return _kept(actor, cohort, dimension, values, moment), None
    if moment is not None:
        raise Refused("过去某一天的数字，只能按省份、学校和学历看；要按别的分组，先选定一所学校。")
    measures = tuple(listings.measures(rates.formula(cohort)))
    sums = ", ".join(f"sum(counts[{place}])::int" for place in range(1, len(measures) + 1))
    asked = _area(actor, values)
    conditions = ["cohort = %(cohort)s", "dimension = %(dimension)s", *(f"{column} = %({column})s" for column in asked)]
    rows = statements.rows(
        f"SELECT value, ARRAY[{sums}] AS counts, min(at) AS at FROM figures_nightly WHERE {' AND '.join(conditions)} GROUP BY 1",
        {"cohort": cohort, "dimension": dimension.key, **asked},
    )
    found = {row.value: dict(zip(measures, row.counts, strict=True)) for row in rows}
    return found, min((row.at for row in rows), default=None)


def at_midnight(actor: Actor, cohort: int, dimension: Dimension, moment: datetime) -> dict[str, dict[str, int]]:
    """Value → measure → number by province, school or level as a past day ended; empty where nothing was counted by then."""
    first = first_day(cohort)
    return {} if first is None or day_before(moment) < first else _kept(actor, cohort, dimension, {}, moment)


def _area(actor: Actor, values: Mapping[str, str]) -> dict[str, object]:
    area: dict[str, object] = {}
    if actor.role is Role.PROVINCE:
        area["province_id"] = actor.node
    elif province := values.get("province"):
        area["province_id"] = int(province)
    if level := values.get("level"):
        area["level"] = level
    return area


def _kept(
    actor: Actor, cohort: int, dimension: Dimension, values: Mapping[str, str], moment: datetime | None
) -> dict[str, dict[str, int]]:
    """The counters that every statement keeps, by unit or level: destinations in their parts, and what was said of all that was reported."""
    formula = rates.formula(cohort)
    asked = _area(actor, values)
    given: dict[str, object] = {"cohort": cohort, **asked}
    standing, until = "SELECT about, school_id, level, value, number FROM figures_counter WHERE cohort = %(cohort)s", ""
    if moment is not None:
        must_be_kept(cohort, moment)
        given["until"] = day_before(moment)
        until = "AND day <= %(until)s"
        standing = f"SELECT about, school_id, level, value, change AS number FROM figures_daychange WHERE cohort = %(cohort)s {until}"
    rows = statements.rows(
        f"""SELECT {KEPT[dimension.key]} AS value, k.about, k.value AS stands, sum(k.number)::int AS number FROM (
            {standing} UNION ALL SELECT about, school_id, level, value, change FROM figures_move WHERE cohort = %(cohort)s {until}
        ) k JOIN orgs_school s ON s.id = k.school_id
        WHERE {" AND ".join(["true", *(f"{column} = %({column})s" for column in asked)])} GROUP BY 1, 2, 3""",
        given,
    )
    found: dict[str, dict[str, int]] = {}
    nothing = dict.fromkeys(listings.measures(formula), 0)
    for row in rows:
        counts = found.setdefault(row.value, dict(nothing))
        if row.about == "record":
            counts["total"] += row.number
            counts[formula.part_of(row.stands)] += row.number
        elif row.stands in listings.ANSWERS:
            counts[row.stands] += row.number
    return {value: counts for value, counts in found.items() if counts["total"]}


def of_school(
    school: int, cohort: int, wanted: Sequence[date], *, level: str = "", tier: str = ""
) -> list[dict[str, int] | None]:
    """Measures of a school at the end of each day, from the days' changes: oldest day first, as `wanted` is.

    None for a day before the first that was kept of the school.
    """
    formula = rates.formula(cohort)
    narrow = "cohort = %(cohort)s AND about = 'record' AND school_id = %(school)s"
    rows = statements.rows(
        f"""SELECT k.day, k.value AS stands,
            coalesce(sum(k.change) FILTER (WHERE %(level)s IN ('', k.level) AND %(tier)s IN ('', k.tier)), 0)::int AS change FROM (
            SELECT day, value, level, tier, change FROM figures_daychange WHERE {narrow}
            UNION ALL SELECT day, value, level, tier, change FROM figures_move WHERE {narrow}
        ) k GROUP BY 1, 2 ORDER BY 1""",
        {"cohort": cohort, "school": school, "level": level, "tier": tier},
    )
    found: list[dict[str, int] | None] = []
    counts, place = dict.fromkeys(("total", *formula.labels), 0), 0
    for day in wanted:
        while place < len(rows) and rows[place].day <= day:
            counts["total"] += rows[place].change
            counts[formula.part_of(rows[place].stands)] += rows[place].change
            place += 1
        found.append(dict(counts) if place else None)
    return found


def of_area(
    actor: Actor, cohort: int, wanted: Sequence[date], values: Mapping[str, str]
) -> list[dict[str, int] | None]:
    """The same of a province or the country, from what the nightly task made of the days' changes."""
    formula = rates.formula(cohort)
    keys = ("total", *formula.labels)
    sums = ", ".join(f"coalesce(sum(n.counts[{place}]), 0)::int" for place in range(1, len(keys) + 1))
    asked = _area(actor, values)
    rows = statements.rows(
        f"""SELECT w.day, count(n.counts) AS kept, ARRAY[{sums}] AS counts FROM unnest(%(wanted)s::date[]) w (day) LEFT JOIN LATERAL (
            SELECT DISTINCT ON (province_id, level) counts FROM figures_nightly
            WHERE cohort = %(cohort)s AND dimension = '{DAY}' AND value <= w.day::text
                {"".join(f" AND {column} = %({column})s" for column in asked)}
            ORDER BY province_id, level, value DESC) n ON true GROUP BY 1 ORDER BY 1""",
        {"cohort": cohort, "wanted": list(wanted), **asked},
    )
    return [dict(zip(keys, row.counts, strict=True)) if row.kept else None for row in rows]


def counting(cohort: int) -> str:
    """The statement that counts a cohort, with the parameters %(cohort)s and %(at)s: one scan for all dimensions."""
    measures = listings.measures(rates.formula(cohort))
    sets = {key: DIMENSIONS[key].sql for key in COUNTED}
    flags = ", ".join(f"({name})::boolean AS m{place}" for place, name in enumerate(measures.values()))
    counts = ", ".join(f"count(*) FILTER (WHERE m{place})" for place in range(len(measures)))
    value = " ".join(f"WHEN GROUPING({key}) = 0 THEN {key}" for key in sets)
    name = " ".join(f"WHEN GROUPING({key}) = 0 THEN '{key}'" for key in sets)
    return f"""INSERT INTO figures_nightly (cohort, province_id, dimension, value, level, counts, at)
        SELECT %(cohort)s, province_id, CASE {name} END, CASE {value} END, level, ARRAY[{counts}], %(at)s
        FROM (SELECT s.province_id, g.level, {", ".join(f"({sql})::text AS {key}" for key, sql in sets.items())}, {flags}
            FROM {listings.SOURCE} WHERE g.cohort = %(cohort)s AND {listings.ON_THE_ROSTER}) everybody
        GROUP BY GROUPING SETS ({", ".join(f"(province_id, level, {key})" for key in sets)})"""


def counting_days(cohort: int) -> str:
    """The statement that adds up the days' changes of a cohort by province and level: a row for each day with a change, as it ended."""
    formula = rates.formula(cohort)
    known = formula.placed | formula.codes[rates.PAUSING]
    members = {key: f"value IN ({_quoted(formula.codes[key])})" for key in formula.labels if key != rates.SEEKING}
    changes = {"total": "true", **members, rates.SEEKING: f"value NOT IN ({_quoted(known)})"}
    keys = ("total", *formula.labels)
    summed = ", ".join(
        f"coalesce(sum(d.change) FILTER (WHERE {changes[key]}), 0) AS m{place}" for place, key in enumerate(keys)
    )
    standing = ", ".join(f"(sum(m{place}) OVER so_far)::int" for place in range(len(keys)))
    return f"""INSERT INTO figures_nightly (cohort, province_id, dimension, value, level, counts, at)
        SELECT %(cohort)s, province_id, '{DAY}', day::text, level, ARRAY[{standing}], %(at)s FROM (
            SELECT s.province_id, d.level, d.day, {summed} FROM (
                SELECT school_id, level, value, day, change FROM figures_daychange WHERE cohort = %(cohort)s AND about = 'record'
                UNION ALL
                SELECT school_id, level, value, day, change FROM figures_move WHERE cohort = %(cohort)s AND about = 'record'
            ) d JOIN orgs_school s ON s.id = d.school_id GROUP BY 1, 2, 3) days
        WINDOW so_far AS (PARTITION BY province_id, level ORDER BY day)"""


def _quoted(members: Iterable[str]) -> str:
    return ", ".join(map(repr, sorted(members)))
