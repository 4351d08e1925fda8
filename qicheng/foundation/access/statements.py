"""Hot statements: prepared by the server, run inside Django's own transaction, without the ORM.

Django's cursors bind on the client and are never prepared; planning costs more than running for the statements that every
request repeats. Use this for them alone; everything else stays with the ORM. Values come in PostgreSQL's binary form, so instants
are in UTC and documents are read already.
"""

from __future__ import annotations

import select
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import Cursor
from psycopg.rows import tuple_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    Parameters = Mapping[str, Any] | Sequence[Any] | None

# What makes the named tuples of a statement's rows; kept, since naming columns costs as much as running the statement.
_shapes: dict[str, Callable[[Iterable[Any]], Any]] = {}
MOST_SHAPES = 2_000
# What means something to COPY.
ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def _run(sql: str, parameters: Parameters) -> Cursor[Any]:
    database = connections[DEFAULT_DB_ALIAS]
    _look_after(database)
    cursor = Cursor(database.connection, row_factory=tuple_row)
    with database.wrap_database_errors:
        cursor.execute(sql, parameters, prepare=True, binary=True)
    if database.queries_logged:
        database.queries_log.append({"sql": sql, "time": "0"})
    return cursor


def _look_after(database: Any) -> None:
    """Connect, or connect again where the server went away since the last request.

    Asking it each time would cost a round trip; a connection that lies idle and has something to say has been told good-bye.
    """
    if database.connection is not None and not database.health_check_done:
        idle = select.poll()
        idle.register(database.connection.pgconn.socket, select.POLLIN)
        if idle.poll(0):
            database.close_if_health_check_failed()
        database.health_check_done = True
    database.ensure_connection()


def _shape(sql: str, cursor: Cursor[Any]) -> Callable[[Iterable[Any]], Any]:
    shape = _shapes.get(sql)
    if shape is None:
        if len(_shapes) >= MOST_SHAPES:
            _shapes.clear()
        names = [column.name for column in cursor.description or ()]
        row: Any = namedtuple("Row", names)  # type: ignore[misc]
        shape = _shapes[sql] = row._make
    return shape


def one(sql: str, parameters: Parameters = None) -> Any | None:
    """The first row as a named tuple, or None."""
    with _run(sql, parameters) as cursor:
        row = cursor.fetchone()
        return None if row is None else _shape(sql, cursor)(row)


def rows(sql: str, parameters: Parameters = None) -> list[Any]:
    """All rows as named tuples."""
    with _run(sql, parameters) as cursor:
        return list(map(_shape(sql, cursor), cursor.fetchall()))


def plain(sql: str, parameters: Parameters = None) -> tuple[Any, ...] | None:
    """The first row as a plain tuple, or None."""
    with _run(sql, parameters) as cursor:
        return cursor.fetchone()


def change(sql: str, parameters: Parameters = None) -> int:
    """Run a statement that returns nothing; the number of rows it touched."""
    with _run(sql, parameters) as cursor:
        return cursor.rowcount


@contextmanager
def copying(sql: str) -> Iterator[Callable[[Sequence[Sequence[str]], str, Parameters], Future[None]]]:
    """A way to COPY blocks of rows of texts, none of them NULL, and to run a statement after each where one is given.

    It goes on this connection, in its transaction, while the caller makes the next block: whoever asks the connection for more before
    one has ended waits for it. Django's own connection would be another one in a thread, which sees nothing of a transaction that is open.
    """
    database = connections[DEFAULT_DB_ALIAS]
    _look_after(database)

    def run(rows: Sequence[Sequence[str]], then: str, parameters: Parameters) -> None:
        # Composed here: a call of the driver for each row costs four times as much.
        text = "".join(map(_copied, rows)).encode()
        with Cursor(database.connection) as cursor:
            with cursor.copy(sql) as target:
                target.write(text)
            if then:
                cursor.execute(then, parameters, prepare=True)

    with database.wrap_database_errors, ThreadPoolExecutor(1, "copying") as thread:

        def copy(rows: Sequence[Sequence[str]], then: str, parameters: Parameters) -> Future[None]:
            return thread.submit(run, rows, then, parameters)

        yield copy


def _copied(row: Sequence[str]) -> str:
    """A row in COPY's text format (PostgreSQL manual, COPY, File Formats)."""
    line = "\t".join(row)
    if "\\" in line or "\n" in line or "\r" in line or line.count("\t") >= len(row):
        line = "\t".join([value.translate(ESCAPED) for value in row])
    return line + "\n"
