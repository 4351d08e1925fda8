"""Budget 13: five hundred approvals in one batch, against five hundred by one reviewer who opens each case and approves it."""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import psycopg

from bench import country, website
from bench.capture import capture
from bench.figures import ROUNDS, Figure, against
from qicheng.interfaces.command.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

MANY, SEEN, COLLEGE = 500, 2, 1
# What a case may take in a batch: its locks, its guards, its own row, record and notices, and its savepoint.
MOST_STATEMENTS = 12
FORM = "application/x-www-form-urlencoded"


def measure() -> list[Figure]:
    """Seconds of a batch and of the same number one by one, in turns; statements of a case in small and in large batches."""
    ours, beside = [], []
    with website.product() as product:
        answer(product, [("GET", "/review/", "")])
        for n in range(ROUNDS):
            beside.append(timed(product, one_by_one(gathered(MANY), f"s{n}")))
            ours.append(timed(product, [together(gathered(MANY), f"b{n}")]))
    small, large = (statements(number) for number in (10, 110))
    scattered()
    return [
        against(13, f"batch of {MANY} approvals, against opening and approving {MANY}", "s", ours, beside, 1 / 4, at_least=False),
        Figure(13, "statements for each case of a batch", (large - small) / 100, "", MOST_STATEMENTS, at_least=False),
    ]  # fmt: skip


def gathered(number: int) -> list[int]:
    """So many waiting cases, all of one college."""
    cases = [country.case_at(place) for place in country.here().waiting(number)]
    _change(f"UPDATE registration_registration SET college_id = {COLLEGE} WHERE id = ANY(%s)", cases)
    return cases


def scattered() -> None:
    """Every case back at the college of its graduate."""
    _change(
        f"UPDATE registration_registration SET college_id = 1 + (id - 1) / {country.PER_COLLEGE} WHERE college_id = %s "
        f"AND id > {country.PER_COLLEGE}", COLLEGE,
    )  # fmt: skip


def one_by_one(cases: list[int], name: str) -> Iterator[tuple[str, str, str]]:
    """The page of each case, and its approval."""
    for case in cases:
        yield "GET", f"/review/{country.public_id(case)}/", ""
        body = {"csrfmiddlewaretoken": website.CSRF, "seen": SEEN, "key": f"bench-{name}-{case}", "internal": ""}
        yield "POST", f"/act/online_signing/{country.public_id(case)}/approve/", urlencode(body)


def together(cases: list[int], name: str) -> tuple[str, str, str]:
    """The approval of them all."""
    lines = [("line", f"{country.public_id(case)}:{SEEN}:bench-{name}-{case}") for case in cases]
    return "POST", "/review/batch/done/", urlencode([("csrfmiddlewaretoken", website.CSRF), *lines])


def timed(site: website.Website, asked: Iterator[tuple[str, str, str]] | list[tuple[str, str, str]]) -> float:
    """Seconds until all is answered; every case that was asked for must have been approved."""
    before, began = approvals(), time.perf_counter()
    answer(site, asked)
    seconds = time.perf_counter() - began
    if (done := approvals() - before) != MANY:
        raise RuntimeError(f"{done} approvals of {MANY}")
    return seconds


def answer(site: website.Website, asked: Iterator[tuple[str, str, str]] | list[tuple[str, str, str]]) -> None:
    """Ask one after the other over one connection."""
    line = http.client.HTTPConnection("127.0.0.1", site.port, timeout=120)
    for method, path, body in asked:
        headers = {"Cookie": website.cookies("college", COLLEGE)} | ({"Content-Type": FORM} if body else {})
        line.request(method, path, body or None, headers)
        response = line.getresponse()
        response.read()
        if response.status not in (200, 302):
            raise RuntimeError(f"{method} {path}: {response.status}")
    line.close()


def statements(number: int) -> int:
    """How many statements a batch of so many runs."""
    asked = [together(gathered(number), f"c{number}-{n}") for n in range(2)]
    cookies = website.cookies("college", COLLEGE)
    found = capture("POST", [path for _, path, _ in asked], cookies, [body for _, _, body in asked])
    assert found.status == 200, found.body[:2000]
    return len(found.statements)


def approvals() -> int:
    return country.here().scalar(f"SELECT count(*) FROM flow_record WHERE id > {country.GRADUATES}")


def _change(sql: str, given: object) -> None:
    url = country.here().server.url(country.DATABASE, Postgres.SUPERUSER)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(sql, [given])  # type: ignore[call-overload]
