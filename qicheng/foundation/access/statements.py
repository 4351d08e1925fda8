"""Hot statements: prepared by the server, run inside Django's own transaction, without the ORM.

Django's cursors bind on the client and are never prepared; planning costs more than running for the statements that every
request repeats. Use this for them alone; everything else stays with the ORM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connection
from psycopg import Cursor
from psycopg.rows import namedtuple_row, tuple_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Parameters = Mapping[str, Any] | Sequence[Any] | None


def _cursor(row_factory: Any) -> Cursor[Any]:
    connection.ensure_connection()
    return Cursor(connection.connection, row_factory=row_factory)


def _run(sql: str, parameters: Parameters, row_factory: Any) -> Cursor[Any]:
    cursor = _cursor(row_factory)
    with connection.wrap_database_errors:
        cursor.execute(sql, parameters, prepare=True)  # type: ignore[arg-type]
    if connection.force_debug_cursor or connection.queries_logged:
        connection.queries_log.append({"sql": sql, "time": "0"})
    return cursor


def one(sql: str, parameters: Parameters = None) -> Any | None:
    """The first row as a named tuple, or None."""
    with _run(sql, parameters, namedtuple_row) as cursor:
        return cursor.fetchone()


def rows(sql: str, parameters: Parameters = None) -> list[Any]:
    """All rows as named tuples."""
    with _run(sql, parameters, namedtuple_row) as cursor:
        return cursor.fetchall()


def plain(sql: str, parameters: Parameters = None) -> tuple[Any, ...] | None:
    """The first row as a plain tuple, or None."""
    with _run(sql, parameters, tuple_row) as cursor:
        return cursor.fetchone()


def change(sql: str, parameters: Parameters = None) -> int:
    """Run a statement that returns nothing; the number of rows it touched."""
    with _run(sql, parameters, tuple_row) as cursor:
        return cursor.rowcount
