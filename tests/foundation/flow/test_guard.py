"""The database's guard as it stands: what it knows of the flows, where it hangs, what the runtime role may do (§5a)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from qicheng.domain.figures.effects.counters import COUNTED
from qicheng.foundation.access import SYSTEM, Actor, Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.guard import DELETABLE
from qicheng.foundation.flow.models import Record, Standing, Step
from qicheng.foundation.flow.perform import be, case_models
from qicheng.interfaces.command.postgres import Postgres
from tests.foundation.flow.test_refusals import ONE, brought_to, say

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("flow", FLOWS.values(), ids=lambda flow: flow.name)
def test_the_database_knows_exactly_the_steps_and_states_that_are_declared(world, flow):
    assert {(s.before, s.after, s.role) for s in Step.objects.filter(flow=flow.name)} == flow.steps
    known = {s.state: (s.live, s.settled, tuple(s.amendable)) for s in Standing.objects.filter(flow=flow.name)}
    assert known == {s.key: (s.live, s.settled, s.amendable) for s in flow.states.values()}


def test_no_step_is_known_of_a_flow_that_is_not_declared(world):
    assert set(Step.objects.values_list("flow", flat=True)) == set(FLOWS)
    assert set(Standing.objects.values_list("flow", flat=True)) == set(FLOWS)


@pytest.mark.rule("REG-02")
def test_of_all_pairs_of_states_and_all_roles_exactly_the_declared_ones_pass(world):
    flow = FLOWS["online_signing"]
    case = brought_to(world, "invited")
    passed = set()
    for before in flow.states.values():
        for after in flow.states.values():
            for role in Role:
                try:
                    with transaction.atomic(), connection.cursor() as cursor:
                        step_to(cursor, case.pk, before.key, flow)
                        be(Actor(role))
                        cursor.execute(f"{ONE}, state = %s, live = %s WHERE id = %s", (after.key, after.live, case.pk))
                        passed.add((before.key, after.key, str(role)))
                        raise Undone
                except (DatabaseError, Undone):
                    pass
    assert passed == {step for step in flow.steps if step[0]}


class Undone(Exception):
    """Takes back a step that passed."""


def step_to(cursor: Any, pk: int, state: str, flow: Any) -> None:
    """Take the case to a state along declared steps, as whoever may."""
    (start,) = flow.starts.values()
    ways: dict[str, list[tuple[str, str]]] = {start.key: []}
    waiting = [start.key]
    while waiting:
        here = waiting.pop(0)
        for before, after, role in sorted(flow.steps):
            if before == here and after not in ways:
                ways[after] = [*ways[here], (after, role)]
                waiting.append(after)
    for after, role in ways[state]:
        be(Actor(Role(role)))
        cursor.execute(f"{ONE}, state = %s, live = %s WHERE id = %s", (after, flow.states[after].live, pk))


@pytest.mark.parametrize("model", case_models(), ids=lambda model: model.__name__)
def test_every_table_of_cases_is_guarded_against_each_kind_of_change(world, model):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.proname, t.tgenabled, t.tgtype & 66, t.tgtype & 60 FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE t.tgrelid = %s::regclass AND NOT t.tgisinternal AND p.proname LIKE 'qicheng_%%' AND p.proname <> 'qicheng_history'",
            [model._meta.db_table],
        )
        found = {(name, enabled, before, events) for name, enabled, before, events in cursor.fetchall()}
    insert, delete, update, truncate = 4, 8, 16, 32
    assert found == {
        ("qicheng_guard_case", "O", 2, insert + update),
        ("qicheng_refuse", "O", 2, delete),
        ("qicheng_refuse", "O", 2, truncate),
    }


@pytest.mark.parametrize("model", case_models(), ids=lambda model: model.__name__)
def test_the_guard_of_a_table_freezes_what_its_model_names(world, model):
    """A migration wrote the names down when it ran; a model that names others needs another migration."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encode(tgargs, 'escape') FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = %s",
            [model._meta.db_table, f"{model._meta.db_table}_guard"],
        )
        (given,) = cursor.fetchone()
    assert given.split("\\000")[:2] == [",".join(model.frozen), ",".join(model.routing)]
    assert {*model.frozen, *model.routing} - {field.column for field in model._meta.concrete_fields} == set()


def test_functions_of_the_guard_look_nowhere_else(world):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, proconfig, pg_get_userbyid(proowner) FROM pg_proc WHERE proname LIKE 'qicheng_%'"
        )
        found = cursor.fetchall()
    assert {name for name, _, _ in found} >= {"qicheng_guard_case", "qicheng_refuse", "qicheng_history"}
    assert {name for name, settings, _ in found if "search_path=public, pg_temp" not in (settings or ())} == set()
    assert {owner for _, _, owner in found} == {Postgres.OWNER}


def test_what_reads_all_rows_of_a_statement_has_one_plan_that_serves_one_row_and_a_hundred_thousand(world):
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname, proconfig, prosrc FROM pg_proc WHERE prosrc LIKE '%old_rows%' ORDER BY proname")
        found = {
            name: ({each for each in settings if each.startswith("enable_")}, source)
            for name, settings, source in cursor.fetchall()
        }
    assert found.keys() == {"qicheng_history", *COUNTED.values()}
    # What was is compared with what is by a hash, or not at all; rosters are found by their indexes, never read whole.
    assert found.pop("qicheng_history")[0] == {"enable_nestloop=off"}
    for settings, source in found.values():
        assert settings == {"enable_hashjoin=off", "enable_mergejoin=off", "enable_seqscan=off"}
        assert re.search(r"old_rows\s+\w+\s+JOIN|JOIN\s+old_rows|USING \(id\)", source) is None


def test_the_runtime_role_owns_nothing_and_belongs_to_nobody(world):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (Postgres.APP, False, False, False, False)
        cursor.execute("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM pg_auth_members WHERE pg_get_userbyid(member) = current_user")
        assert cursor.fetchone() == (0,)


def test_the_runtime_role_may_delete_only_where_rows_are_not_kept(world):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), 'DELETE') "
            "AND tablename NOT LIKE 'procrastinate_%'"
        )
        deletable = {name for (name,) in cursor.fetchall()}
        cursor.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), 'TRUNCATE')"
        )
        emptied = cursor.fetchone()
    assert (deletable - set(DELETABLE), emptied) == (set(), (0,))


@pytest.mark.rule("SET-10")
def test_history_keeps_what_a_row_was_whichever_way_it_was_changed(world):
    say(SYSTEM, "UPDATE roster_graduate SET student_number = 'x' WHERE id = %(pk)s", {"pk": world.graduate.pk})
    say(SYSTEM, "UPDATE roster_graduate SET student_number = 'x' WHERE id = %(pk)s", {"pk": world.graduate.pk})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, role, was, became FROM flow_history WHERE row_id = %s ORDER BY id", [world.graduate.pk]
        )
        kept = [row for row in cursor.fetchall() if "student_number" in str(row[2])]
    assert len(kept) == 1
    assert (kept[0][0], kept[0][1]) == ("roster_graduate", "system")
    assert '"x"' in str(kept[0][3]) or kept[0][3] == {"student_number": "x"}


def test_a_record_that_the_database_gave_its_time_cannot_be_dated_by_its_writer(world):
    case = world.invitation()
    record = Record.objects.get(case=str(case.public_id))
    assert abs((record.at - case.begun_at).total_seconds()) < 60
