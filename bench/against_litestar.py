"""Budget 3: CPU of application and database for an approval and for the reviewer's list, against Litestar on asyncpg."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from bench import approval, country, load, reviewer_list, website
from bench.figures import ROUNDS, Figure, against
from bench.peers import page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bench.capture import Statement
    from bench.website import Website

ALIKE = 0.02
Drive = "Callable[[Website], load.Outcome]"


def measure() -> list[Figure]:
    """CPU milliseconds a request, both ways, in turns."""
    figures = []
    with website.product() as ours, peer() as theirs:
        same_page(ours, theirs)
        for what, drive in (("approval", approval.drive), ("reviewer's list", reviewer_list.drive)):
            drive(ours, 1)
            drive(theirs, 1)
            mine: list[float] = []
            beside: list[float] = []
            turns = [(ours, mine), (theirs, beside)]
            for _ in range(ROUNDS):
                for site, found in turns:
                    found.append(cost(site, drive))
                # Both look at the same schools in the same order: each is the first to do so in its turn.
                turns.reverse()
            figures.append(
                against(3, f"{what}, CPU with database, against Litestar", "ms", mine, beside, 1.5, at_least=False)
            )
    return figures


def cost(site: Website, drive: Callable[[Website], load.Outcome]) -> float:
    """CPU milliseconds of application and database for one request."""
    before = site.cpu()
    outcome = drive(site)
    return (site.cpu() - before) * 1000 / outcome.count


@contextmanager
def peer() -> Iterator[Website]:
    """The Litestar application with two workers."""
    with tempfile.TemporaryDirectory(prefix="qicheng-bench-") as folder:
        path = Path(folder) / "plan.json"
        path.write_text(json.dumps(plan(), default=str), encoding="utf-8")
        port = website.free()
        command = [
            str(Path(sys.executable).with_name("granian")), "--interface", "asgi", "--workers", str(website.WORKERS), "--port", str(port),
            "--no-access-log", "--log-level", "warning", "bench.peers.litestar_app:app",
        ]  # fmt: skip
        with website.running(command, port, BENCH_PLAN=str(path)) as site:
            yield site


def plan() -> dict[str, Any]:
    """What the peer is given: the product's statements, its page as a template, and the words of its codes."""
    from qicheng.foundation import codes

    answer = reviewer_list.example()
    case, approved = approval.example()
    college = country.college_of(case)
    known = {
        case: "case", college: "node", (case - 1) // country.PER_SCHOOL + 1: "school", college + country.SCHOOLS: "account",
        str(college + country.SCHOOLS): "account_text", 1 + case % country.EMPLOYERS: "employer", UUID(country.public_id(case)): "public_id",
        country.public_id(case): "public_text", f"bench-{case}": "key", approval.newest(): "record",
        hashlib.sha256(f"college-{college}".encode()).digest(): "hash",
    }  # fmt: skip
    token = hashlib.sha256(f"school-{reviewer_list.EXAMPLE}".encode()).digest()
    looks = {reviewer_list.EXAMPLE: "node", token: "hash", answer.statements[1].parameters["late"]: "late"}  # type: ignore[call-overload]
    return {
        "approve": [_for_asyncpg(one, known) for one in approved.statements],
        "list": [_for_asyncpg(one, looks) for one in answer.statements],
        "late": answer.statements[1].parameters["late"],  # type: ignore[call-overload]
        "template": template(answer.body, first_row()), "choices": page.choices(answer.body),
        "kinds": {"online_signing": "线上签约"}, "levels": dict(codes.table("education_levels").choices(country.YEAR)),
    }  # fmt: skip


def first_row() -> Mapping[str, Any]:
    """The first row of the example's list."""
    one = reviewer_list.example().statements[1]
    with psycopg.connect(country.here().server.url(country.DATABASE), row_factory=dict_row) as connection:
        row = connection.execute(one.sql, one.parameters).fetchone()  # type: ignore[call-overload]
    assert row is not None
    return row


def template(html: str, row: Mapping[str, Any], prefix: str = "row") -> str:
    """The product's page as a template over rows with these names."""
    shown = {
        "public_id": str(row["public_id"]), "name": row["name"], "student_number": row["student_number"], "employer": row["employer"],
        "kind": "线上签约", "college": row["college"], "major": row["major"], "level": "本科生毕业", "id_number": page.masked_id(row["id_number"]),
        "phone": page.masked_phone(row["phone"]), "since": page.minute(row["waiting_since"]),
    }  # fmt: skip
    # What is left of the time element is the wait: it grows while this runs.
    waited = re.search(r"<time [^>]*>([^<]+)</time>", html)
    assert waited is not None
    tokens = set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', html))
    html = re.sub("|".join(tokens), "TOKEN-TOKEN", html)
    school = reviewer_list.EXAMPLE
    return page.template(
        html, {f"{prefix}.{key}": value for key, value in (shown | {"waited": waited[1]}).items()},
        {"token": "TOKEN-TOKEN", "account": f"审核员{school}", "unit": f"江临第{school}大学"},
    )  # fmt: skip


def _for_asyncpg(one: Statement, known: Mapping[Any, str]) -> tuple[str, list[Any]]:
    """The statement with $1, $2 …, and where each argument comes from."""
    arguments: list[Any] = []
    places: dict[str, str] = {}

    def place(value: Any) -> str:
        arguments.append(_source(value, known))
        return f"${len(arguments)}{'::bigint' if isinstance(value, int) and not isinstance(value, bool) else ''}"

    def named(found: re.Match[str]) -> str:
        if found[1] not in places:
            places[found[1]] = place(one.parameters[found[1]])  # type: ignore[call-overload]
        return places[found[1]]

    if isinstance(one.parameters, dict):
        sql = re.sub(r"%\((\w+)\)s", named, one.sql)
    else:
        rest = iter(one.parameters)
        sql = re.sub(r"%s", lambda _: place(next(rest)), one.sql)
    return sql.replace("%%", "%"), arguments


def _source(value: Any, known: Mapping[Any, str]) -> dict[str, Any]:
    if isinstance(value, list):
        return {"list": [_source(each, known) for each in value]}
    return {"name": known[value]} if not isinstance(value, bool) and value in known else {"value": value}


def same_page(ours: Website, theirs: Website) -> None:
    """Both give the same page, to within what is made anew for each request."""
    one, other = (
        load.fetch(site.port, load.get(reviewer_list.PATH, website.cookies("school", 77))) for site in (ours, theirs)
    )
    if abs(len(one) - len(other)) > ALIKE * len(one) or one.count("<tr") != other.count("<tr"):
        raise RuntimeError(f"the peer's page differs: {len(one)} and {len(other)} characters at {datetime.now(UTC)}")
