"""Budget 15: the reviewer's list among 12.7 million graduates against the same among 0.1 million, schools alike in size."""

from __future__ import annotations

import hashlib
import random
from statistics import median, quantiles
from typing import TYPE_CHECKING

from bench import floor, load, website
from bench.capture import capture
from bench.country import standing_on
from bench.figures import ROUNDS, Figure, against
from bench.national import plans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.capture import Answer
    from bench.national.land import National

PATH = "/review/?size=25"
SECONDS = 6
SAMPLE = 40
# Seconds in which two connections see each of 3,000 schools several times: those of a server that is up have.
WARM = 15
# Seconds that a look at every school may take, before anything is measured.
MORNING = 600


def measure(whole: National, small: National) -> list[Figure]:
    """p99 of the page's statements in pgbench and of the page over HTTP, in turns; buffers that the statements touch."""
    lands = (whole, small)
    sql: dict[str, list[float]] = {land.database: [] for land in lands}
    http: dict[str, list[float]] = {land.database: [] for land in lands}
    examples = {land.database: _example(land) for land in lands}
    buffers = {land.database: _buffers(land, examples[land.database]) for land in lands}
    for _ in range(ROUNDS):
        for land in lands:
            with standing_on(land):
                with website.product() as site:
                    # Every school once, as in a morning: a server that is up has its queues in memory, and its processes their pages' frames.
                    load.drive(site.port, _all(land), MORNING, expected=200)
                    http[land.database].append(p99(load.drive(site.port, requests(land), SECONDS, expected=200).waits))
                head, script = f"\\set school random(1, {land.schools})\n", _script(land, examples[land.database])
                sql[land.database].append(p99(floor.waits(head, script, SECONDS, 2, after=WARM)))
    one, other = whole.database, small.database
    return [
        against(15, "reviewer's list, SQL p99, against 0.1 million", "ms", _ms(sql[one]), _ms(sql[other]), 1.5, at_least=False),
        against(15, "reviewer's list over HTTP, 8 connections, p99, against 0.1 million", "ms", _ms(http[one]), _ms(http[other]), 2, at_least=False),
        against(15, "reviewer's list, buffers touched, against 0.1 million", "", [buffers[one]], [buffers[other]], 1.3, at_least=False),
    ]  # fmt: skip


def p99(waits: list[float]) -> float:
    return quantiles(waits, n=100)[98] if len(waits) > 1 else waits[0]


def requests(land: National) -> Iterator[bytes]:
    """The list of one school after another, by chance."""
    chance = random.Random(7)
    while True:
        yield load.get(PATH, website.cookies("school", chance.randint(1, land.schools)))


def _all(land: National) -> Iterator[bytes]:
    for school in range(1, land.schools + 1):
        yield load.get(PATH, website.cookies("school", school))


def _example(land: National) -> Answer:
    with standing_on(land):
        answer = capture("GET", [PATH, PATH], website.cookies("school", land.example))
    assert answer.status == 200, answer.body[:2000]
    assert answer.body.count("<tr") > 25, "25 rows are looked for"
    return answer


def _token(school: int) -> bytes:
    return hashlib.sha256(f"school-{school}".encode()).digest()


def _script(land: National, example: Answer) -> str:
    return floor.script(example.statements, {
        land.example: ":school::bigint", _token(land.example): "sha256(convert_to('school-' || :school::text, 'UTF8'))"
    })  # fmt: skip


def _buffers(land: National, example: Answer) -> float:
    chance = random.Random(8)
    found = []
    with standing_on(land):
        for school in (chance.randint(1, land.schools) for _ in range(SAMPLE)):
            expressions = {
                land.example: f"{school}::bigint",
                _token(land.example): f"'\\x{_token(school).hex()}'::bytea",
            }
            found.append(sum(one.buffers for one in plans.touched(example.statements, expressions)))
    return median(found)


def _ms(seconds: list[float]) -> list[float]:
    return [each * 1000 for each in seconds]
