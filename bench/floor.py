"""The floor of a page: the statements that it runs, run by pgbench as prepared statements with nothing around them."""

from __future__ import annotations

import re
import subprocess
import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from psycopg import sql

from bench import country
from qicheng.interfaces.command import places

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bench.capture import Statement

THREADS = 2


def script(statements: Iterable[Statement], expressions: Mapping[Any, str]) -> str:
    """A pgbench script of the statements; a parameter that is a key of `expressions` becomes its expression, others stay as they were.

    What a statement RETURNING gives is kept in variables of those names.
    """
    lines: list[str] = []
    was_within = False
    with psycopg.connect(country.ground().url()) as connection:
        for one in statements:
            if one.is_within != was_within:
                lines.append("BEGIN;" if one.is_within else "COMMIT;")
                was_within = one.is_within
            ending = " \\gset\n" if " RETURNING " in one.sql else ";"
            lines.append(filled(one, expressions, connection).strip() + ending)
    return "\n".join([*lines, *(["COMMIT;"] if was_within else [])]) + "\n"


def filled(one: Statement, expressions: Mapping[Any, str], connection: psycopg.Connection[Any]) -> str:
    """A statement's text with its parameters in it, in the place of some an expression."""

    def written(value: Any) -> str:
        # True and 1 are the same key of a mapping.
        if not isinstance(value, bool) and isinstance(value, int | str | bytes | UUID) and value in expressions:
            return expressions[value]
        if isinstance(value, list) and any(not isinstance(each, bool) and each in expressions for each in value):
            return f"ARRAY[{', '.join(written(each) for each in value)}]"
        # A time beside another one or a span is taken for a span without its type.
        kind = "::timestamptz" if isinstance(value, datetime) else "::date" if isinstance(value, date) else ""
        return sql.Literal(value).as_string(connection) + kind

    if isinstance(one.parameters, dict):
        text = re.sub(r"%\((\w+)\)s", lambda found: written(one.parameters[found[1]]), one.sql)  # type: ignore[call-overload]
    else:
        rest = iter(one.parameters)
        text = re.sub(r"%s", lambda _: written(next(rest)), one.sql)
    return text.replace("%%", "%")


def run(head: str, body: str, seconds: float, clients: int = 8) -> tuple[float, int]:
    """(transactions a second, how many) of a script that `head` gives its variables."""
    with tempfile.TemporaryDirectory(prefix="qicheng-bench-") as folder:
        return _run(Path(folder), head + body, seconds, clients)


def waits(head: str, body: str, seconds: float, clients: int, after: float = 0) -> list[float]:
    """How many seconds each transaction of such a script took; those that end in the first `after` seconds do not count.

    A new connection meets each page of the database's memory for the first time, which one that stays open does not.
    """
    with tempfile.TemporaryDirectory(prefix="qicheng-bench-") as folder:
        _run(Path(folder), head + body, after + seconds, clients, "--log", f"--log-prefix={folder}/log")
        logs = [path.read_text() for path in Path(folder).glob("log.*")]
    # client, number, microseconds, script, seconds and microseconds of its end
    lines = [[int(part) for part in line.split()[:6]] for text in logs for line in text.splitlines()]
    ends = [(second + micro / 1e6, wait / 1e6) for _, _, wait, _, second, micro in lines]
    begun = min(end for end, _ in ends)
    return [wait for end, wait in ends if end >= begun + after]


def _run(folder: Path, text: str, seconds: float, clients: int, *options: str) -> tuple[float, int]:
    path = folder / "script.sql"
    path.write_text(text, encoding="utf-8")
    made = subprocess.run(
        [
            places.programs().path("pgbench"), "--no-vacuum", "--protocol=prepared", "--define=own=0", f"--client={clients}",
            f"--jobs={min(THREADS, clients)}", f"--time={seconds:.0f}", f"--file={path}", *options, country.ground().url(),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode or "aborted" in made.stderr:
        raise RuntimeError(made.stderr[-3000:])
    rate = re.search(r"tps = ([\d.]+)", made.stdout)
    number = re.search(r"transactions actually processed: (\d+)", made.stdout)
    assert rate is not None
    assert number is not None
    return float(rate[1]), int(number[1])
