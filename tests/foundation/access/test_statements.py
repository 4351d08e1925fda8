"""Hot statements: their rows, the documents in them, and a server that goes away between two requests."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import psycopg
import pytest
from django.db import DataError, OperationalError, connection

from qicheng.foundation.access import statements


@pytest.mark.django_db
def test_rows_have_names_and_values_are_read() -> None:
    row = statements.one("SELECT %(n)s::int AS number, '{\"a\": [1]}'::jsonb AS document, now() AS at", {"n": 7})

    assert (row.number, row.document, row.at.utcoffset()) == (7, {"a": [1]}, UTC.utcoffset(None))
    assert statements.rows("SELECT n FROM generate_series(1, 2) n") == [(1,), (2,)]
    assert statements.one("SELECT 1 AS n WHERE false") is None
    assert statements.plain("SELECT 1, 2") == (1, 2)


@pytest.fixture
def copied(committed: Any) -> None:
    """A table of this name, which the product's own role could not make."""
    committed.run(
        committed.name,
        "CREATE TABLE copied (line int, one text, other text, seen int)",
        "GRANT ALL ON copied TO PUBLIC",
    )


@pytest.mark.usefixtures("copied")
def test_what_is_copied_stands_in_the_table_as_it_was_given() -> None:
    rows = [
        ("1", "陈·𬱖", ""), ("2", "a\\b", "\\N"), ("3", "\\.", "\ttab"), ("4", "two\nlines", "\r\n"), ("5", '{"at": "C:\\\\t"}', "x" * 400_000),
    ]  # fmt: skip

    with statements.copying("COPY copied (line, one, other) FROM STDIN") as copy:
        copy(rows[:3], "UPDATE copied SET seen = %(last)s WHERE line <= %(last)s", {"last": 2}).result()
        copy(rows[3:], "", None).result()

    found = statements.rows("SELECT line::text, one, other, seen FROM copied ORDER BY line")
    assert [tuple(row[:3]) for row in found] == rows
    assert [row.seen for row in found] == [2, 2, None, None, None]


@pytest.mark.usefixtures("copied")
def test_a_block_that_cannot_be_copied_is_an_error_of_the_database() -> None:
    with pytest.raises(DataError), statements.copying("COPY copied (line) FROM STDIN") as copy:
        copy([("one",)], "", None).result()


def test_a_connection_that_the_server_ended_between_requests_is_replaced(committed: Any) -> None:
    first = end_own_connection(committed)
    connection.close_if_unusable_or_obsolete()  # a request begins

    row = statements.plain("SELECT pg_backend_pid()")

    assert row is not None
    assert row[0] != first


def test_a_connection_that_the_server_ends_within_a_request_is_an_error(committed: Any) -> None:
    end_own_connection(committed)

    with pytest.raises(OperationalError):
        statements.plain("SELECT 1")


def end_own_connection(committed: Any) -> int:
    row = statements.plain("SELECT pg_backend_pid()")
    assert row is not None
    with psycopg.connect(committed.url(committed.name), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [row[0]])
    return row[0]
