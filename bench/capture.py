"""The statements that a request of the product really runs, as JSON: `python -m bench.capture GET|POST path cookies [body]`.

The request is made twice or more, on the paths given, and the last one is written down: what a process keeps is kept by then.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from bench import country

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with its parameters (by name or in order), and whether it ran inside the request's transaction."""

    sql: str
    parameters: dict[str, Any] | list[Any]
    is_within: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What the request answered, and what it ran."""

    status: int
    body: str
    statements: list[Statement]


def capture(method: str, paths: Sequence[str], cookies: str, bodies: Sequence[str] = ()) -> Answer:
    """Make the requests one after the other in a process of their own and return what the last one did."""
    asked = json.dumps({"method": method, "paths": list(paths), "cookies": cookies, "bodies": list(bodies)})
    made = subprocess.run(
        [sys.executable, "-m", "bench.capture"], input=asked, capture_output=True, text=True, env=country.ground().environment, check=False
    )  # fmt: skip
    if made.returncode:
        raise RuntimeError(made.stderr[-3000:])
    found = json.loads(made.stdout.splitlines()[-1])
    return Answer(
        found["status"],
        found["body"],
        [Statement(sql, _read(given), is_within) for sql, given, is_within in found["statements"]],
    )


def _written(value: Any) -> Any:
    match value:
        case bytes():
            return {"bytes": value.hex()}
        case UUID():
            return {"uuid": str(value)}
        case datetime():
            return {"datetime": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case list() | tuple():
            return [_written(each) for each in value]
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)


READERS = {"bytes": bytes.fromhex, "uuid": UUID, "datetime": datetime.fromisoformat, "date": date.fromisoformat}


def _read(given: Any) -> Any:
    if isinstance(given, dict):
        kind = next(iter(given)) if len(given) == 1 else ""
        return READERS[kind](given[kind]) if kind in READERS else {key: _read(value) for key, value in given.items()}
    return [_read(value) for value in given] if isinstance(given, list) else given


def main() -> None:
    import django

    django.setup()
    import psycopg
    from django.conf import settings
    from django.test import Client

    asked = json.load(sys.stdin)
    settings.ALLOWED_HOSTS = ["*"]
    ran: list[tuple[str, Any, bool]] = []
    execute = psycopg.Cursor.execute

    def watched(cursor: Any, query: Any, params: Any = None, **how: Any) -> Any:
        given = (
            {}
            if params is None
            else {k: _written(v) for k, v in params.items()}
            if hasattr(params, "items")
            else _written(params)
        )
        ran.append((str(query), given, not cursor.connection.autocommit))
        return execute(cursor, query, params, **how)

    psycopg.Cursor.execute = watched  # type: ignore[method-assign]
    client = Client(enforce_csrf_checks=True, headers={"Cookie": asked["cookies"], "Accept-Encoding": "identity"})
    for i, path in enumerate(asked["paths"]):
        ran.clear()
        if asked["method"] == "GET":
            answer = client.get(path)
        else:
            answer = client.post(path, asked["bodies"][i], content_type="application/x-www-form-urlencoded")
    print(json.dumps({"status": answer.status_code, "body": answer.content.decode(), "statements": ran}))


if __name__ == "__main__":
    main()
