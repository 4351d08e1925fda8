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


def copy(sql: str, rows: Sequence[Sequence[Any]]) -> int:
    """One COPY of these rows; how many there were."""
    database = connections[DEFAULT_DB_ALIAS]
    _look_after(database)
    with database.wrap_database_errors, Cursor(database.connection) as cursor, cursor.copy(sql) as target:
        write = target.write_row
        for row in rows:
            write(row)
    return len(rows)


@contextmanager
def beside() -> Iterator[Callable[[str, Parameters], Future[None]]]:
    """A way to run statements on this connection, in its transaction, while the caller does something else.

    Whoever asks the connection for more before one has ended waits for it. Django's own connection would be another one in a thread,
    which sees nothing of a transaction that is open.
    """
    database = connections[DEFAULT_DB_ALIAS]
    _look_after(database)

    def run(sql: str, parameters: Parameters) -> None:
        with Cursor(database.connection) as cursor:
            cursor.execute(sql, parameters)

    with database.wrap_database_errors, ThreadPoolExecutor(1, "beside") as thread:

        def ask(sql: str, parameters: Parameters) -> Future[None]:
            return thread.submit(run, sql, parameters)

        yield ask
