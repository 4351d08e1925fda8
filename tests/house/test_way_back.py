"""Every migration after a room's first can be taken back, and what is done again is what there was."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.db import connection

from tests.conftest import pointed_at

ROOMS = ("registration", "roster", "orgs", "papers", "notice", "flow")
SHAPE = """
SELECT 'column', table_name || '.' || column_name, data_type || is_nullable FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'trigger', tgrelid::regclass::text || '.' || tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass::text || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'function', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prolang <> 13
UNION ALL SELECT 'sequence', sequencename, max_value::text FROM pg_sequences WHERE schemaname = 'public'
"""


def shape() -> set[tuple[str, str, str]]:
    """All that stands in the database, by kind, name and definition; names that Django makes up by chance are left out."""
    with connection.cursor() as cursor:
        cursor.execute(SHAPE)
        return {(kind, "" if kind in ("constraint", "index") else name, text) for kind, name, text in cursor.fetchall()}


def test_what_is_taken_back_can_be_done_again(committed: Any, databases: Any) -> None:
    with pointed_at(databases.url(connection.settings_dict["NAME"], "owner")):
        before = shape()
        for room in ROOMS:
            call_command("migrate", room, "0001", verbosity=0)
        assert {
            name for kind, name, _ in shape() if kind == "trigger" and ("qicheng" in name or "flow_" in name)
        } == set()
        call_command("migrate", verbosity=0)
        assert shape() ^ before == set()
