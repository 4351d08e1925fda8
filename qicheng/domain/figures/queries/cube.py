"""Rates of more than one school: read from the counters and from the table that a nightly scan leaves, so that no page counts the country (STA-02)."""

# ruff: noqa: S608 -- names of our own tables and columns; values are parameters

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.figures.listings import rates as listings
from qicheng.domain.figures.listings.rates import DIMENSIONS
from qicheng.foundation.access import Role, statements
from qicheng.foundation.codes import rates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from qicheng.domain.figures.listings.rates import Dimension
    from qicheng.foundation.access import Actor

# The dimensions that are counted apart; province and level are columns of every cell.
COUNTED = ("major", "sex", "origin", "normal", "hardship")
# What the counters of every statement tell apart.
KEPT = {"province": "s.province_id::text", "school": "k.school_id::text", "level": "k.level"}


def read(
    actor: Actor, cohort: int, dimension: Dimension, values: Mapping[str, str]
) -> tuple[dict[str, dict[str, int]], datetime | None]:
    """(value → measure → number, when it was counted) of the actor's area; by province, school and level live, else of last night.

    What has never been counted is empty, and None.
    """
    if dimension.key in KEPT:
        return _kept(actor, cohort, dimension, values), None
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


def _area(actor: Actor, values: Mapping[str, str]) -> dict[str, object]:
    area: dict[str, object] = {}
    if actor.role is Role.PROVINCE:
        area["province_id"] = actor.node
    elif province := values.get("province"):
        area["province_id"] = int(province)
    if level := values.get("level"):
        area["level"] = level
    return area


def _kept(actor: Actor, cohort: int, dimension: Dimension, values: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """The counters that every statement keeps, by unit or level: destinations in their parts, and what was confirmed of all records."""
    formula = rates.formula(cohort)
    asked = _area(actor, values)
    rows = statements.rows(
        f"""SELECT {KEPT[dimension.key]} AS value, k.about, k.value AS stands, sum(k.number)::int AS number FROM (
            SELECT about, school_id, level, value, number FROM figures_counter WHERE cohort = %(cohort)s
            UNION ALL SELECT about, school_id, level, value, change FROM figures_move WHERE cohort = %(cohort)s
        ) k JOIN orgs_school s ON s.id = k.school_id
        WHERE {" AND ".join(["true", *(f"{column} = %({column})s" for column in asked)])} GROUP BY 1, 2, 3""",
        {"cohort": cohort, **asked},
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


def days(school: int, cohort: int, level: str, wanted: Sequence[date]) -> list[dict[str, int]]:
    """Measures of a school at the end of each day, from the days' changes: oldest day first, as `wanted` is."""
    formula = rates.formula(cohort)
    rows = statements.rows(
        """SELECT k.day, k.value AS stands, sum(k.change)::int AS change FROM (
            SELECT day, value, level, change FROM figures_daychange WHERE cohort = %(cohort)s AND about = 'record' AND school_id = %(school)s
            UNION ALL SELECT day, value, level, change FROM figures_move
                WHERE cohort = %(cohort)s AND about = 'record' AND school_id = %(school)s
        ) k WHERE %(level)s = '' OR k.level = %(level)s GROUP BY 1, 2 ORDER BY 1""",
        {"cohort": cohort, "school": school, "level": level},
    )
    found, counts, place = [], dict.fromkeys(("total", *formula.labels), 0), 0
    for day in wanted:
        while place < len(rows) and rows[place].day <= day:
            counts["total"] += rows[place].change
            counts[formula.part_of(rows[place].stands)] += rows[place].change
            place += 1
        found.append(dict(counts))
    return found


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
