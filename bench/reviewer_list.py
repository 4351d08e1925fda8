"""Budget 2: a page of the reviewer's list over HTTP, against its own statements in pgbench; every time of another school."""

from __future__ import annotations

import hashlib
import random
from functools import cache
from typing import TYPE_CHECKING

from bench import country, floor, load, website
from bench.capture import Answer, capture
from bench.figures import ROUNDS, Figure, against

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 4
PATH = "/review/?size=25"
EXAMPLE = 195
HEAD = f"\\set school random(1, {country.SCHOOLS})\n"


def measure() -> list[Figure]:
    """Pages a second over HTTP and in pgbench, in turns."""
    statements = script()
    ours, beside = [], []
    with website.product() as product:
        drive(product, 1)
        for _ in range(ROUNDS):
            beside.append(in_pgbench(statements))
            ours.append(drive(product).rate)
    return [against(2, "reviewer's list, 25 of a million, against its SQL", "/s", ours, beside, 1 / 8, at_least=True)]


def drive(site: website.Website, seconds: float = SECONDS) -> load.Outcome:
    """Look at lists over HTTP for a while."""
    return load.drive(site.port, requests(), seconds, expected=200)


def in_pgbench(statements: str) -> float:
    """The same statements a second without anything around them."""
    return floor.run(HEAD, statements, SECONDS)[0]


def requests() -> Iterator[bytes]:
    chance = random.Random(7)
    while True:
        yield load.get(PATH, website.cookies("school", chance.randint(1, country.SCHOOLS)))


@cache
def example() -> Answer:
    """The page of one school and what it ran, after the same page in the same process."""
    answer = capture("GET", [PATH, PATH], website.cookies("school", EXAMPLE))
    assert answer.status == 200, answer.body[:2000]
    assert answer.body.count("<tr") > 25, "25 rows are looked for"
    return answer


def script() -> str:
    """The statements of the page as pgbench runs them, each time of another school."""
    token = hashlib.sha256(f"school-{EXAMPLE}".encode()).digest()
    return floor.script(
        example().statements,
        {EXAMPLE: ":school::bigint", token: "sha256(convert_to('school-' || :school::text, 'UTF8'))"},
    )
