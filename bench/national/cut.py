"""Budget 19: a table of one of three cohorts, cut by cohort as rosters are, against the same rows in one table.

Three cohorts of the whole country would not fit beside it, so three of at most two million graduates are copied, with the columns and
indexes of the rosters. Both ways have the same rows. One table is asked as it was before decision 20, a record by its graduate alone; also
as it is asked now, which helps one table too, and has no budget.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from bench.country import YEAR
from bench.figures import ROUNDS, Figure, against

if TYPE_CHECKING:
    import psycopg

    from bench.national.land import National

MOST = 2_000_000
YEARS = (YEAR - 2, YEAR - 1, YEAR)
NAMED = "AND r.cohort = g.cohort"
# Graduates of each year have numbers of their own.
APART = 100_000_000
TABLES = ("roster_graduate", "roster_employmentrecord")
TABLE = """SELECT s.province_id, r.destination, count(*) FROM cut.{way}_roster_graduate g JOIN orgs_school s ON s.id = g.school_id
    LEFT JOIN cut.{way}_roster_employmentrecord r ON r.graduate_id = g.id {also}
    WHERE g.cohort = {year} AND g.removed_at IS NULL GROUP BY 1, 2"""


def measure(whole: National, small: National) -> list[Figure]:
    """Milliseconds of the table both ways, in turns; the copies are removed again."""
    size = min(MOST, whole.graduates)
    ours: list[float] = []
    beside: list[float] = []
    named: list[float] = []
    with whole.owned() as connection:
        try:
            _copy(connection, size)
            for setting in (
                "max_parallel_workers_per_gather = 0",
                "enable_partitionwise_join = on",
                "work_mem = '256MB'",
            ):
                connection.execute(f"SET {setting}")
            for way in ("whole", "parted"):
                _table(connection, way, NAMED)
            for _ in range(ROUNDS):
                beside.append(_table(connection, "whole", ""))
                named.append(_table(connection, "whole", NAMED))
                ours.append(_table(connection, "parted", NAMED))
        finally:
            connection.execute("DROP SCHEMA IF EXISTS cut CASCADE")
    return [
        against(19, f"table of one of three cohorts of {size:,}, cut by cohort, against one table", "ms", ours, beside, 0.6, at_least=False),
        against(19, "the same, against one table that is asked with the cohort of the record, too", "ms", ours, named, 1, at_least=False),
    ]  # fmt: skip


def _copy(connection: psycopg.Connection[Any], size: int) -> None:
    connection.execute("DROP SCHEMA IF EXISTS cut CASCADE; CREATE SCHEMA cut")
    for table in TABLES:
        person = "id" if table == "roster_graduate" else "graduate_id"
        connection.execute(f"CREATE UNLOGGED TABLE cut.whole_{table} (LIKE {table} INCLUDING DEFAULTS)")
        connection.execute(
            f"CREATE TABLE cut.parted_{table} (LIKE {table} INCLUDING DEFAULTS) PARTITION BY LIST (cohort)"
        )
        columns = [str(name) for (name,) in connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum", [table]
        )]  # fmt: skip
        given = ", ".join(f'"{column}"' for column in columns)
        for year in YEARS:
            connection.execute(
                f"CREATE UNLOGGED TABLE cut.parted_{table}_{year} PARTITION OF cut.parted_{table} FOR VALUES IN ({year})"
            )
            apart = {person: f'"{person}" + {YEARS.index(year) * APART}', "cohort": str(year)}
            taken = ", ".join(apart.get(column, f'"{column}"') for column in columns)
            for target in (f"cut.whole_{table}", f"cut.parted_{table}_{year}"):
                connection.execute(
                    f"INSERT INTO {target} ({given}) SELECT {taken} FROM {table} WHERE cohort = {YEAR} AND {person} <= {size}"
                )
        for way in ("whole", "parted"):
            connection.execute(f"CREATE UNIQUE INDEX ON cut.{way}_{table} (id, cohort)")
            if table == "roster_graduate":
                connection.execute(f"CREATE INDEX ON cut.{way}_{table} (cohort, school_id, exam_number)")
            else:
                connection.execute(f"CREATE UNIQUE INDEX ON cut.{way}_{table} (graduate_id, cohort)")
            connection.execute(f"VACUUM (ANALYZE) cut.{way}_{table}")


def _table(connection: psycopg.Connection[Any], way: str, also: str) -> float:
    began = time.perf_counter()
    rows = connection.execute(TABLE.format(way=way, year=YEAR, also=also)).fetchall()
    assert sum(row[2] for row in rows) > 0
    return (time.perf_counter() - began) * 1000
