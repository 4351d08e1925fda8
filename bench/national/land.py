"""The whole country on an embedded server of its own, filled once and kept in var/bench-national; a small one of the same make beside it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from bench.country import SPEED, YEAR, Land, continue_sequences
from bench.national import rows
from qicheng.interfaces.command import places
from qicheng.interfaces.command.postgres import MEGABYTE, Postgres, memory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FOLDER = Path("var/bench-national").absolute()
WHOLE, BESIDE = 12_700_000, 100_000
# Schools of 4,240, so that 12.7 million are 3,000 of them.
AVERAGE = 4_233
# What a graduate takes with all that belongs to it, and what else has to fit meanwhile: the log, sorting, the rows of counters.
BYTES, ROOM = 3_000, 6_000 * MEGABYTE
# A fill that a power cut spoils is made again, so nothing of it waits for the disk; measured is on what waits.
FILLING = {
    "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "wal_level": "minimal", "max_wal_senders": "0",
    "max_wal_size": "4GB", "maintenance_work_mem": "768MB", "max_parallel_maintenance_workers": "1", "autovacuum": "off",
}  # fmt: skip
SHARE = 20

COUNT = """
import django
django.setup()
from django.db import connection
from qicheng.domain.figures.effects import counters
with connection.cursor() as cursor:
    cursor.execute("SET work_mem = '256MB'")
    cursor.execute(counters.all_there_is())
"""
FOLD = """
import django
django.setup()
from qicheng.domain.figures.effects import counters
print(counters.fold())
"""
CUBE = """
import django, sys
django.setup()
from qicheng.domain.figures.effects import cube
cube.count_country([int(sys.argv[1])])
"""
RECOUNT = """
import django, sys
django.setup()
from qicheng.domain.figures.effects import counters
counters.fold()
print(counters.recount(int(sys.argv[1])).differences)
"""


class National(Land):
    """So many graduates in schools of one size; `seconds` says how long each part of the fill took."""

    def __init__(self, server: Postgres, graduates: int) -> None:
        self.schools = max(1, round(graduates / AVERAGE))
        self.graduates = self.schools * rows.PER_SCHOOL
        self.seconds: dict[str, float] = {}
        super().__init__(server, f"national_{self.schools}")

    @property
    def recipe(self) -> str:
        return hashlib.sha256(f"{self.schools} {rows.RECIPE}".encode()).hexdigest()

    @property
    def is_kept(self) -> bool:
        """Whether the rows are there and need no fill, as far as can be told without the server."""
        mark = self.server.folder / f"{self.database}.txt"
        return mark.exists() and mark.read_text() == self.recipe

    @property
    def colleges(self) -> int:
        return self.schools * rows.COLLEGES

    @property
    def employers(self) -> int:
        return max(1, self.graduates // rows.PER_EMPLOYER)

    @property
    def importing(self) -> int:
        """The school without graduates, into which a roster is imported."""
        return self.schools + 1

    @property
    def example(self) -> int:
        """A school whose number is that of nothing else on its pages."""
        return min(17, self.schools)

    def waiting(self) -> Iterator[int]:
        """Agreements that wait for their college, all over the country, each once."""
        # 100,003 is a prime: steps of it come to each graduate once.
        for step in range(self.graduates):
            graduate = 1 + step * 100_003 % self.graduates
            if rows.is_waiting(graduate):
                yield graduate

    def fill(self) -> None:
        self._must_fit()
        given = {
            "year": YEAR, "provinces": rows.PROVINCES, "schools": self.schools, "colleges": self.colleges, "each": rows.COLLEGES,
            "graduates": self.graduates, "employers": self.employers, "terms": json.dumps(rows.TERMS),
        }  # fmt: skip
        with self.timed("places"), self.owned() as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(rows.AREAS, given)
            connection.execute("ANALYZE")
        with ThreadPoolExecutor(len(rows.TABLES)) as lanes:
            for done in [lanes.submit(self._lane, lane, given) for lane in rows.TABLES]:
                done.result()
        with self.timed("vacuum"), self.owned() as connection:
            continue_sequences(connection)
            for table in ("roster_employmentrecord", "transfer_confirmation"):
                connection.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
                )
            connection.execute("VACUUM (ANALYZE)")
        with self.timed("counters"):
            self.run(COUNT)
            with self.owned() as connection:
                connection.execute(rows.SPREAD)
        with self.timed("fold"):
            self.run(FOLD)
        with self.timed("changes"), psycopg.connect(self.url(), autocommit=True) as connection:
            for sql in rows.CHANGES:
                connection.execute(sql, given)
        with self.timed("nightly"):
            self.run(CUBE, str(YEAR))
        with self.timed("vacuum again"), self.owned() as connection:
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT")
        self._say_how_big()

    def _lane(self, tables: Sequence[tuple[str, str]], given: Mapping[str, Any]) -> None:
        with self.owned() as connection:
            connection.execute("SET session_replication_role = replica")
            for table, sql in tables:
                with self.timed(table):
                    parts = self._without_indexes(connection, table)
                    step = self.graduates // SHARE
                    for n in range(SHARE):
                        last = self.graduates if n == SHARE - 1 else (n + 1) * step
                        connection.execute(sql, dict(given) | {"first": n * step + 1, "last": last})
                with self.timed(f"{table}, indexes"):
                    self._with_indexes(connection, parts)

    @staticmethod
    def _without_indexes(connection: psycopg.Connection[tuple[Any, ...]], table: str) -> list[tuple[str, int]]:
        """Have rows come into a table, or its partitions, without its indexes: (name, oid) of those whose indexes must be made again."""
        parts = connection.execute(
            "SELECT oid::regclass::text, oid FROM pg_class WHERE relkind = 'r' AND (oid = %(table)s::regclass "
            "OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = %(table)s::regclass)) "
            "AND (relname !~ '_\\d+$' OR relname ~ %(ending)s)",
            {"table": table, "ending": f"_{YEAR}$"},
        ).fetchall()
        for _, oid in parts:
            connection.execute("UPDATE pg_index SET indisready = false WHERE indrelid = %s", [oid])
        return [(str(name), int(oid)) for name, oid in parts]

    @staticmethod
    def _with_indexes(connection: psycopg.Connection[tuple[Any, ...]], parts: list[tuple[str, int]]) -> None:
        for name, oid in parts:
            connection.execute("UPDATE pg_index SET indisready = true WHERE indrelid = %s", [oid])
            connection.execute(f"REINDEX TABLE {name}")

    def run(self, code: str, *arguments: str) -> str:
        """Run a few lines on the product, as a job of it; what they print."""
        made = subprocess.run(
            [sys.executable, "-c", code, *arguments], env=self.environment, capture_output=True, text=True, check=False
        )  # fmt: skip
        if made.returncode:
            raise RuntimeError(made.stderr[-3000:])
        return made.stdout.strip()

    def recount(self) -> int:
        """In how many cells counters differ from the rows; they are mended."""
        return int(self.run(RECOUNT, str(YEAR)))

    def forget(self) -> None:
        """Take back what was measured: approvals, and the roster of the school that imports."""
        with self.owned() as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(
                """UPDATE registration_registration r SET state = 'college_review', version = 2, live = true,
                    waiting_since = begun_at + interval '1 day', review_mode = 'college_then_school'
                FROM flow_record f WHERE f.xact > 1 AND f."case" <> '' AND f.flow = 'online_signing' AND f.act = 'approve'
                    AND r.public_id = f."case"::uuid"""
            )
            connection.execute("DELETE FROM notice_notice WHERE record IN (SELECT id FROM flow_record WHERE xact > 1)")
            connection.execute("DELETE FROM flow_record WHERE xact > 1")
            for table in ("transfer_confirmation", "roster_employmentrecord", "roster_graduate"):
                connection.execute(f"DELETE FROM {table} WHERE school_id = %s", [self.importing])
            for table in (
                "roster_graduate",
                "registration_registration",
                "flow_record",
                "notice_notice",
                "figures_move",
            ):
                connection.execute(f"ANALYZE {table}")

    def timed(self, what: str) -> Timed:
        return Timed(self.seconds, what)

    def _must_fit(self) -> None:
        needed = self.graduates * BYTES + ROOM
        free = shutil.disk_usage(places.home(self.server.folder)).free
        if free < needed:
            raise SystemExit(f"{self.graduates:,} graduates need {needed >> 30} GiB of disk; {free >> 30} GiB are free")

    def bytes(self) -> dict[str, int]:
        """What each table takes with its indexes, partitions added up, largest first."""
        with self.owned() as connection:
            found = connection.execute(
                """SELECT coalesce(i.inhparent, c.oid)::regclass::text, sum(pg_total_relation_size(c.oid))::bigint
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
                WHERE n.nspname = 'public' AND c.relkind = 'r' GROUP BY 1 ORDER BY 2 DESC"""
            ).fetchall()
        return {str(name): int(size) for name, size in found}

    def _say_how_big(self) -> None:
        sizes = self.bytes()
        lines = [f"  {name}: {size / self.graduates:,.0f}" for name, size in sizes.items() if size > self.graduates * 5]
        each, taken = sum(sizes.values()) / self.graduates, sum(self.seconds.values())
        print(f"{self.graduates:,} graduates, {sum(sizes.values()) / 1e9:.1f} GB; bytes for each: {each:,.0f}", *lines, sep="\n",
              file=sys.stderr)  # fmt: skip
        print(
            "  seconds:", ", ".join(f"{what} {seconds:.0f}" for what, seconds in self.seconds.items()), file=sys.stderr
        )
        print(
            f"  as many as {WHOLE:,} would take {each * WHOLE / 1e9:.1f} GB and, at this pace, "
            f"{taken * WHOLE / self.graduates / 60:.0f} minutes of work on two connections",
            file=sys.stderr, flush=True,
        )  # fmt: skip


class Timed:
    """Adds what it takes to `seconds`."""

    def __init__(self, seconds: dict[str, float], what: str) -> None:
        self.seconds, self.what = seconds, what

    def __enter__(self) -> None:
        self.began = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self.seconds[self.what] = time.monotonic() - self.began
        print(f"  {self.what} … {self.seconds[self.what]:.0f} s", file=sys.stderr, flush=True)


def settled(*sizes: int) -> list[National]:
    """The lands of these sizes on one running server, filled if they are not there."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    server = Postgres(
        FOLDER, settings=SPEED | {"shared_buffers": f"{memory() // MEGABYTE // 3}MB", "max_wal_size": "4GB"}
    )
    lands = [National(server, size) for size in sizes]
    if not all(land.is_kept for land in lands):
        durable, server.settings = server.settings, server.settings | FILLING
        server.start()
        for land in lands:
            land.settle()
        server.stop()
        subprocess.run(["sync", "-f", str(places.home(FOLDER))], check=True)
        server.settings = durable
    server.start()
    for land in lands:
        land.settle()
        with psycopg.connect(land.url(Postgres.SUPERUSER), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
    lands[0].in_django("static")
    return lands
