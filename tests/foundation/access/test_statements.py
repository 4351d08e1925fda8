"""Hot statements: their rows, the documents in them, and a server that goes away between two requests."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection

from qicheng.foundation.access import statements


@pytest.mark.django_db
def test_rows_have_names_and_values_are_read() -> None:
    row = statements.one("SELECT %(n)s::int AS number, '{\"a\": [1]}'::jsonb AS document, now() AS at", {"n": 7})

    assert (row.number, row.document, row.at.utcoffset()) == (7, {"a": [1]}, UTC.utcoffset(None))
    assert statements.rows("SELECT n FROM generate_series(1, 2) n") == [(1,), (2,)]
    assert statements.one("SELECT 1 AS n WHERE false") is None
    assert statements.plain("SELECT 1, 2") == (1, 2)


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
