"""Budget 16: the national table, province by destination, from the counters against counting rows with two workers; and both agree."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from bench import floor, website
from bench.capture import capture
from bench.country import YEAR
from bench.figures import ROUNDS, Figure, against

if TYPE_CHECKING:
    import psycopg

    from bench.national.land import National

TIMES = 20
PATH = "/gov/figures/"
COUNTED = """SELECT s.province_id::text AS unit, coalesce(r.destination, '') AS value, count(*) AS number
    FROM roster_graduate g JOIN orgs_school s ON s.id = g.school_id
    LEFT JOIN roster_employmentrecord r ON r.graduate_id = g.id AND r.cohort = g.cohort
    WHERE g.cohort = {year} AND g.removed_at IS NULL GROUP BY 1, 2"""
PARALLEL = (
    "SET max_parallel_workers_per_gather = 2", "SET parallel_setup_cost = 0", "SET parallel_tuple_cost = 0", "SET work_mem = '256MB'",
    "SET min_parallel_table_scan_size = 0", "SET enable_partitionwise_join = on",
)  # fmt: skip


def measure(whole: National, small: National) -> list[Figure]:
    """Milliseconds of the page's own statement, against those of the plain one; cells that differ, and those of a recount."""
    answer = capture("GET", [PATH, PATH], website.cookies("ministry", 0))
    assert answer.status == 200, answer.body[:2000]
    [ours] = [
        one for one in answer.statements if "figures_provinceday" in one.sql and "province_id::text AS unit" in one.sql
    ]
    ms: list[float] = []
    beside: list[float] = []
    with whole.owned() as connection, whole.owned() as parallel:
        counters = floor.filled(ours, {}, connection)
        for setting in PARALLEL:
            parallel.execute(setting)
        plain = COUNTED.format(year=YEAR)
        _rows(parallel, plain)
        for _ in range(ROUNDS):
            found, taken = _rows(connection, counters, TIMES)
            truth, counting = _rows(parallel, plain)
            ms.append(taken)
            beside.append(counting)
            differing = set(found.items()) ^ set(truth.items())
    # The bound is on how many times dearer the plain statement is.
    return [
        against(16, "plain GROUP BY with two workers, against the national table from counters", "ms", beside, ms, 20, at_least=True),
        Figure(16, "cells in which counters and rows differ", len(differing), "", 0, at_least=False),
        Figure(16, "cells that a recount mends", whole.recount(), "", 0, at_least=False),
    ]  # fmt: skip


def _rows(connection: psycopg.Connection[Any], sql: str, times: int = 1) -> tuple[dict[tuple[str, str], int], float]:
    """(unit, destination) → number, and the milliseconds of one of so many runs."""
    began = time.perf_counter()
    for _ in range(times):
        rows = connection.execute(sql).fetchall()
    taken = (time.perf_counter() - began) * 1000 / times
    return {(unit, value): int(number) for unit, value, number in rows}, taken
