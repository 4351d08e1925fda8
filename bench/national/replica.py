"""`python -m bench.national.replica`: a streaming replica of a small country, tried. How far it is behind, whether it says the same, what
a failure loses. Primary and replica stand on one machine and one disk: what a network or a split brain does is not seen here.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import re
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from statistics import median
from typing import TYPE_CHECKING

import psycopg

from bench import floor, load, website
from bench.__main__ import report
from bench.country import YEAR, public_id, standing_on
from bench.figures import ROUNDS, Figure, against
from bench.national import copies, land, pages
from bench.national.cost import CHANGE
from bench.national.list_at_scale import PATH, p99
from qicheng.interfaces.command.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.national.copies import Copy
    from bench.national.land import National

ROW = 20
SECONDS = 4
# Writes a second in the country's busiest hour (decision 22), from eight clients that rest between two.
PACED, RESTING = 330, "\\sleep 22 ms\n"
# Milliseconds that a reader of the replica may be behind: what a replica could serve may be a second old.
BEHIND = 1_000
LISTS = 4
CONNECTIONS = 8
# Seconds: of approving before something happens, without the replica, and with it again.
BEFORE, AWAY, AGAIN = 1.0, 1.0, 0.7
# Answers that were on their way when the replica went may still come.
ON_THEIR_WAY = 0.3
MOST_SECONDS = 5
PATIENCE = 30.0
TWICE = 2
# What differs in a page that is asked for twice: tokens, and the hour of the day.
PASSING = re.compile(r'(?<=value=")[\w-]{32,}(?=")|\b\d\d:\d\d(?::\d\d)?\b')

# Pages that may write: the ministry's look at people leaves a record, what the worker answers is asked for anew where the answer is old.
WRITING = {
    "ministry's list of a school's people", "ministry's list of a school's people by name", "ministry's home", "province's home",
    "ministry's states of agreements", "province's states of agreements",
}  # fmt: skip

FEED = """
import django, json, sys
django.setup()
from qicheng.foundation.flow import feed
rows, place = feed.read(int(sys.argv[1]), sys.argv[2], 1_000_000, columns="r.act", parameters={})
print(json.dumps([[row.record for row in rows], place]))
"""


def measure(source: National) -> list[Figure]:
    found: list[Figure] = []
    with copies.pair(source) as (primary, replica):
        found += _behind(primary, replica)
        found += _waits(primary)
        found += _the_same(primary, replica)
        found += _at_once(primary, replica)
    with copies.pair(source) as (primary, replica):
        found += _failure(primary, replica)
    with copies.pair(source) as (primary, replica):
        found += _control(primary, replica)
    return found


# ---- how far behind


def _behind(primary: Copy, replica: Copy) -> list[Figure]:
    """p99 of what a reader of the replica is behind a write that was answered: while nothing else happens, at pace, and at full speed."""
    with psycopg.connect(primary.server.url("postgres", Postgres.SUPERUSER), autocommit=True) as connection:
        connection.execute("CREATE TABLE mark (number bigint NOT NULL)")
        connection.execute("INSERT INTO mark VALUES (0)")
    copies.caught_up(primary, replica)
    head, change = _changes(primary)
    found = []
    with beside() as process, standing_on(primary):
        asked = [one.server.url("postgres", Postgres.SUPERUSER) for one in (primary, replica)]
        found += _lag("nothing else happens", process.submit(lags, *asked, SECONDS).result())
        for what, text in (
            (f"{PACED} changes a second are wished for", change + RESTING),
            ("as many changes as the machine does", change),
        ):
            waiting = process.submit(lags, *asked, SECONDS)
            rate, _ = floor.run(head, text, SECONDS + 1)
            found += _lag(f"{what}, done {rate:,.0f}", waiting.result())
        cases = list(islice(primary.waiting(), 2_000))
        with website.product() as site:
            load.drive(site.port, _approvals(cases[:200]), 0.2, expected=302)
            before = primary.server.place("pg_current_wal_lsn()")
            waiting = process.submit(lags, *asked, SECONDS - 1)
            outcome = load.drive(site.port, _approvals(cases[200:]), SECONDS - 1, expected=302)
            found += _lag(f"approvals over HTTP, done {outcome.rate:,.0f} a second", waiting.result())
            whole, records = _log(primary, before, primary.server.place("pg_current_wal_lsn()"))
    each = outcome.count * 1000
    return [
        *found,
        Figure(ROW, "log that the replica is sent for an approval (beside: without whole pages)", whole / each, "KB", 150, at_least=False,
               beside=records / each),
    ]  # fmt: skip


def _log(primary: Copy, before: int, after: int) -> tuple[int, int]:
    """(bytes of the log between two places, those without the whole pages of a first change after a checkpoint). What the probe writes is in it."""
    with psycopg.connect(primary.url(Postgres.SUPERUSER), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_walinspect")
        row = connection.execute(
            "SELECT sum(combined_size)::bigint, sum(record_size)::bigint FROM pg_get_wal_stats('0/0'::pg_lsn + %s::numeric, '0/0'::pg_lsn + %s::numeric)",
            [before, after],
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def _lag(when: str, waits: list[float]) -> list[Figure]:
    return [Figure(ROW, f"reader of the replica behind, p99 (beside: p50): {when}", p99(waits), "ms", BEHIND, at_least=False, beside=median(waits))]  # fmt: skip


def lags(primary: str, replica: str, seconds: float) -> list[float]:
    """Milliseconds from the answer to a write on the primary to the moment when the replica shows it; a write every ten milliseconds."""
    waits = []
    with psycopg.connect(primary, autocommit=True) as writer, psycopg.connect(replica, autocommit=True) as reader:
        [number] = writer.execute("SELECT number FROM mark").fetchone() or [0]
        ending = time.perf_counter() + seconds
        while time.perf_counter() < ending:
            number += 1
            writer.execute("UPDATE mark SET number = %s", [number])
            began = time.perf_counter()
            while reader.execute("SELECT number FROM mark").fetchone() != (number,):
                pass
            waits.append((time.perf_counter() - began) * 1000)
            time.sleep(0.01)
    return waits


def _waits(primary: Copy) -> list[Figure]:
    """Changes a second where the primary waits until the replica has them on its disk, or shows them, against where it waits for nobody."""
    found: dict[str, list[float]] = {"async": [], "on": [], "remote_apply": []}
    head, change = _changes(primary)
    with standing_on(primary):
        for _ in range(ROUNDS):
            for how, rates in found.items():
                synchronous(primary, "on" if how == "async" else how, is_waited_for=how != "async")
                rates.append(floor.run(head, change, SECONDS - 1)[0])
    synchronous(primary, "on", is_waited_for=False)
    return [
        against(ROW, "changes that wait for the replica's disk, against those that do not", "/s", found["on"], found["async"], 0.25, at_least=True),
        against(ROW, "changes that wait until the replica shows them, the same", "/s", found["remote_apply"], found["async"], 0.25, at_least=True),
    ]  # fmt: skip


def synchronous(primary: Copy, commit: str, *, is_waited_for: bool) -> None:
    """Let the primary answer a write only when the replica has it (`on`) or shows it (`remote_apply`); or wait for nobody."""
    primary.server.change(
        synchronous_standby_names=copies.REPLICA if is_waited_for else "", synchronous_commit=commit
    )  # fmt: skip
    copies.wait_for(primary, "sync" if is_waited_for else "async")


def _changes(land: National) -> tuple[str, str]:
    """(head, body) of a script that changes an employment record somewhere, with history and counters."""
    return f"\\set graduate random(1, {land.graduates})\n", CHANGE.format(year=YEAR)


# ---- the same


def _the_same(primary: Copy, replica: Copy) -> list[Figure]:
    """Pages that differ between primary and replica once it has caught up: every school's list, the national table, pages of every role."""
    copies.caught_up(primary, replica)
    asked = [(f"list of school {school}", PATH, "school", school) for school in range(1, primary.schools + 1)]
    chance = random.Random(7)
    asked += [
        (page.what, pages._path(page, primary, chance), page.role, page.node(primary, chance)) for page in pages.PAGES
    ]
    differing, refused = [], []
    with standing_on(primary), website.product() as one, standing_on(replica), website.product() as other:
        for what, path, role, node in asked:
            request = load.get(path, website.cookies(role, node))
            try:
                # Between two questions a minute may end, and with it how long something has waited.
                if not any(_said(one, request) == _said(other, request) for _ in range(TWICE)):
                    differing.append(what)
            except load.Broken:
                refused.append(what)
    for words, those in (("pages that differ", differing), ("pages that a replica cannot answer", refused)):
        if those:
            print(f"  {words}: {', '.join(those)}", file=sys.stderr, flush=True)
    return [
        Figure(ROW, f"pages of {len(asked)} that the replica shows otherwise than the primary", len(differing), "", 0, at_least=False),
        Figure(ROW, f"pages of these that a replica cannot answer, beside {len(WRITING)} that may write", len(set(refused) - WRITING), "", 0, at_least=False),
    ]  # fmt: skip


def _said(site: website.Website, request: bytes) -> str:
    return PASSING.sub("", load.fetch(site.port, request))


def _at_once(primary: Copy, replica: Copy) -> list[Figure]:
    """Lists a second from both at once, each with two processes of a web server, against the primary alone; on two cores they share."""
    both: list[float] = []
    alone: list[float] = []
    with (
        beside() as process,
        standing_on(primary),
        website.product() as one,
        standing_on(replica),
        website.product() as other,
    ):
        for site in (one, other):
            lists(site.port, primary.schools, 1, CONNECTIONS)
        for _ in range(ROUNDS):
            alone.append(lists(one.port, primary.schools, LISTS, CONNECTIONS))
            waiting = process.submit(lists, other.port, primary.schools, LISTS, CONNECTIONS // 2)
            both.append(lists(one.port, primary.schools, LISTS, CONNECTIONS // 2) + waiting.result())
    return [
        against(ROW, "reviewer's lists from primary and replica at once, against the primary alone", "/s", both, alone, 0.7, at_least=True)
    ]  # fmt: skip


def lists(port: int, schools: int, seconds: float, connections: int) -> float:
    """Reviewers' lists a second, of one school after another by chance."""
    chance = random.Random(7)

    def requests() -> Iterator[bytes]:
        while True:
            yield load.get(PATH, website.cookies("school", chance.randint(1, schools)))

    return load.drive(port, requests(), seconds, expected=200, connections=connections).rate


# ---- a failure


@dataclass
class Colleges:
    """Colleges that approve on several connections until the first answer that is none; `done` has when each case was acknowledged."""

    port: int
    cases: list[int]
    done: dict[int, float] = field(default_factory=dict)

    def __enter__(self) -> Colleges:
        self._threads = [
            threading.Thread(target=self._approve, args=[self.cases[n::CONNECTIONS]], daemon=True)
            for n in range(CONNECTIONS)
        ]
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._threads:
            each.join(PATIENCE)

    def _approve(self, cases: list[int]) -> None:
        for case in cases:
            if not approve(self.port, case):
                return
            self.done[case] = time.monotonic()


def approve(port: int, case: int) -> bool:
    """Whether the approval of a case was acknowledged."""
    try:
        load.drive(port, _approvals([case]), 0, expected=302, connections=1)
    except (load.Broken, OSError):
        return False
    return True


@dataclass(frozen=True)
class Failed:
    """What came of a failure: `lost` acknowledged approvals, how far the place of the next record `went` beyond the last one before, seconds
    until the replica was `promoted` and until it took a `writing`, acknowledgements while it was `away`, what a reader had `read` before.
    """

    colleges: Colleges
    lost: int
    went: int
    promoted: float
    writing: float
    away: int
    read: tuple[list[int], str]


def _fail(primary: Copy, replica: Copy, *, is_waited_for: bool) -> Failed:
    """Kill the primary amid approvals and go on with the replica. Waited for, it is away for a while before; else it is away when that happens."""
    line = replica.server.line
    cases = list(islice(primary.waiting(), 2_000))
    spare = cases.pop()
    synchronous(primary, "on", is_waited_for=is_waited_for)
    away = 0
    with standing_on(copies.Either(primary, replica)), website.product() as site:
        lists(site.port, primary.schools, 0.5, CONNECTIONS)
        with Colleges(site.port, cases) as colleges:
            time.sleep(BEFORE)
            read = _feed(primary, "")
            left = _without(replica)
            time.sleep(AWAY)
            if is_waited_for:
                away = sum(each > left + ON_THEIR_WAY for each in colleges.done.values())
                replica.server.change(**line)
                time.sleep(AGAIN)
            newest = primary.scalar("SELECT max(xact) FROM flow_record")
            if len(colleges.done) + CONNECTIONS >= len(cases):
                raise RuntimeError("no approval was under way any more")
            killed = time.monotonic()
            primary.server.kill()
            replica.server.promote()
            promoted = time.monotonic() - killed
            while not approve(site.port, spare):
                if time.monotonic() - killed > PATIENCE:
                    raise RuntimeError("nothing can be written on the promoted server")
                time.sleep(copies.PAUSE)
            writing = time.monotonic() - killed
        with psycopg.connect(replica.url()) as connection:
            known = {
                str(case)
                for (case,) in connection.execute(
                    """SELECT "case" FROM flow_record WHERE act = 'approve' AND flow = 'online_signing' AND xact > 1"""
                )
            }
        lost = sum(public_id(case) not in known for case in colleges.done)
        went = (
            replica.scalar(f"SELECT xact FROM flow_record WHERE act = 'approve' AND \"case\" = '{public_id(spare)}'")
            - newest
        )
        return Failed(colleges, lost, went, promoted, writing, away, read)


def _without(replica: Copy) -> float:
    """Cut the line to the primary; when that was."""
    replica.server.change(primary_conninfo="")
    return time.monotonic()


def _failure(primary: Copy, replica: Copy) -> list[Figure]:
    """Nothing that was acknowledged is lost where the primary waits for the replica, and whoever reads changes goes on without a gap."""
    failed = _fail(primary, replica, is_waited_for=True)
    before, place = failed.read
    after, _ = _feed(replica, place)
    all_there_is, _ = _feed(replica, "")
    missed = set(all_there_is) - set(before) - set(after)
    print(
        f"  {len(failed.colleges.done)} approvals acknowledged before the kill, {len(before)} records read before it and {len(after)} after",
        file=sys.stderr, flush=True,
    )  # fmt: skip
    return [
        Figure(ROW, f"acknowledged approvals of {len(failed.colleges.done)} that the promoted replica lacks", failed.lost, "", 0, at_least=False),
        Figure(ROW, "approvals acknowledged while the only synchronous replica was away", failed.away, "", 0, at_least=False),
        Figure(ROW, "from the primary's kill to a promoted replica", failed.promoted, "s", MOST_SECONDS, at_least=False),
        Figure(ROW, "from the primary's kill to the first approval by the same web servers", failed.writing, "s", MOST_SECONDS, at_least=False),
        Figure(ROW, "place of the next record, beyond the last one before the kill", failed.went, "", 1, at_least=True),
        Figure(ROW, "records that a reader with a place from before misses, or sees twice", len(missed) + len(set(before) & set(after)), "", 0, at_least=False),
        Figure(ROW, "records that such a reader is given", len(after), "", 1, at_least=True),
    ]  # fmt: skip


def _control(primary: Copy, replica: Copy) -> list[Figure]:
    """The counting sees a loss: the same failure where nobody waits for the replica, and it is away."""
    failed = _fail(primary, replica, is_waited_for=False)
    print(
        f"  nobody waited: {len(failed.colleges.done)} acknowledged, {failed.lost} lost; places went on by {failed.went}",
        file=sys.stderr, flush=True,
    )  # fmt: skip
    return [Figure(ROW, "control: approvals lost where nobody waited for a replica that was away", failed.lost, "", 1, at_least=True)]  # fmt: skip


def _feed(land: Copy, place: str) -> tuple[list[int], str]:
    """(ids of all records of the example's school behind a place, the place behind them), by the product's own feed."""
    rows, behind = json.loads(land.run(FEED, str(land.example), place))
    return rows, behind


def _approvals(cases: list[int]) -> Iterator[bytes]:
    for case in cases:
        yield pages._approval(case)


@contextmanager
def beside() -> Iterator[ProcessPoolExecutor]:
    """A process that measures beside this one."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        process.submit(os.getpid).result()
        yield process


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m bench.national.replica")
    asked.add_argument("--graduates", type=int, default=land.BESIDE)
    given = asked.parse_args()
    began = time.monotonic()
    source = copies.settled(given.graduates)
    try:
        found = measure(source)
    finally:
        source.server.stop()
    report(found)
    over = [figure for figure in found if not figure.is_kept]
    busy = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(
        f"\n{source.graduates:,} graduates; {len(found)} figures, {len(over)} over budget; {time.monotonic() - began:.0f} s; load {busy}"
    )
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
