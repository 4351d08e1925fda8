"""Migrations are linear, complete and reversible or marked; the database's guard stands on every table of cases."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunPython, RunSQL
from django.db.models import UniqueConstraint

from qicheng.foundation.flow.perform import case_models

pytestmark = pytest.mark.django_db


def ours():
    loader = MigrationLoader(connection)
    return loader, {key: m for key, m in loader.disk_migrations.items() if type(m).__module__.startswith("qicheng.")}


def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_migrations_of_an_app_are_one_line():
    loader, found = ours()
    apps = {app for app, _ in found}
    assert {app: len(loader.graph.leaf_nodes(app)) for app in apps} == dict.fromkeys(apps, 1)


def test_every_step_by_hand_can_be_taken_back_or_says_that_it_need_not():
    _, found = ours()
    stuck = [
        key
        for key, m in found.items()
        for op in m.operations
        if isinstance(op, RunSQL | RunPython) and not op.reversible
    ]
    assert stuck == []


def test_every_table_of_cases_is_guarded():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'"
        )
        there = set(cursor.fetchall())
    wanted = {
        (table, f"{table}_{kind}")
        for table in (m._meta.db_table for m in case_models())
        for kind in ("guard", "keeps", "stays")
    }
    assert wanted - there == set()


def test_every_function_of_the_guard_has_a_fixed_search_path():
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname, proconfig FROM pg_proc WHERE proname LIKE 'qicheng%'")
        found = dict(cursor.fetchall())
    assert found
    assert {
        name
        for name, settings in found.items()
        if not any("search_path" in s and "pg_temp" in s for s in settings or [])
    } == set()


def test_unique_constraints_of_cases_begin_with_the_cohort():
    # public_id and the agreement number are unique in the country.
    odd = [
        constraint.name
        for model in case_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, UniqueConstraint) and constraint.fields[0] != "cohort"
    ]
    assert odd == []
