"""What the guard refuses even to the owner of the tables, who may do everything but take the guard away in passing."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import connection

from qicheng.interfaces.command.postgres import Postgres
from tests.foundation.flow.test_refusals import CASE


def owner_refused(databases: Any, sql: str) -> bool:
    with psycopg.connect(databases.url(connection.settings_dict["NAME"], "owner")) as owner:
        try:
            owner.execute(sql)  # type: ignore[call-overload]
        except psycopg.DatabaseError:
            return True
        finally:
            owner.rollback()
    return False


@pytest.mark.parametrize(
    "sql",
    [
        f"DELETE FROM {CASE}", f"TRUNCATE {CASE} CASCADE", "UPDATE flow_record SET words = 'x'", "DELETE FROM flow_record",
        "TRUNCATE flow_record", "TRUNCATE flow_history", f"UPDATE {CASE} SET state = 'effective', live = true, version = version + 1",
    ],
)  # fmt: skip
def test_not_even_the_owner_does_it_in_passing(committed_world, databases, sql):
    committed_world.invitation()
    assert owner_refused(databases, sql)


def test_a_table_of_the_same_name_elsewhere_does_not_fool_the_guard(committed_world, databases):
    """As the owner, who may make temporary tables: the functions themselves look where they should."""
    case = committed_world.invitation()
    shadow = (
        "CREATE TEMP TABLE flow_step AS SELECT 'online_signing' AS flow, 'invited' AS before, 'effective' AS after, 'employer' AS role; "
        "SELECT set_config('qicheng.role', 'employer', true); "
        f"UPDATE {CASE} SET state = 'effective', live = true, version = version + 1 WHERE id = {case.pk}"
    )
    name = connection.settings_dict["NAME"]
    databases.run("postgres", f"GRANT TEMPORARY ON DATABASE {name} TO {Postgres.OWNER}")
    assert owner_refused(databases, shadow)
