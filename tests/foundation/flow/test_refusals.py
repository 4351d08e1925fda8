"""What the database refuses by itself, said to it in SQL as the runtime role, past all code of ours (§5a, INV-15 … INV-41)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DatabaseError, connection, transaction

from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import Actor, Role
from qicheng.foundation.flow.perform import be, perform
from qicheng.interfaces.command.postgres import Postgres
from tests.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CASE = "registration_registration"
ONE = f"UPDATE {CASE} SET version = version + 1"
# (before, act of), SQL with the case's id as %(pk)s.
BAN: dict[str, tuple[str, Role, str]] = {
    # nothing disappears (INV-41)
    "delete a case": ("effective", Role.SCHOOL, f"DELETE FROM {CASE} WHERE id = %(pk)s"),
    "delete all cases": ("effective", Role.SCHOOL, f"DELETE FROM {CASE}"),
    "empty the cases": ("effective", Role.SCHOOL, f"TRUNCATE {CASE}"),
    "empty the cases with all that hangs on them": ("effective", Role.SCHOOL, f"TRUNCATE {CASE} CASCADE"),
    "delete a record": ("effective", Role.SCHOOL, "DELETE FROM flow_record"),
    "empty the records": ("effective", Role.SCHOOL, "TRUNCATE flow_record"),
    "change a record": ("effective", Role.SCHOOL, "UPDATE flow_record SET words = 'x'"),
    "change who did it": ("effective", Role.SCHOOL, "UPDATE flow_record SET account_id = 1 WHERE version = 1"),
    "change when it was": ("effective", Role.SCHOOL, "UPDATE flow_record SET at = now()"),
    "delete history": ("effective", Role.SCHOOL, "DELETE FROM flow_history"),
    "change history": ("effective", Role.SCHOOL, "UPDATE flow_history SET was = '{}'"),
    "empty history": ("effective", Role.SCHOOL, "TRUNCATE flow_history"),
    "delete a graduate": ("invited", Role.SCHOOL, "DELETE FROM roster_graduate"),
    "delete an employment record": ("effective", Role.SCHOOL, "DELETE FROM roster_employmentrecord"),
    "delete a notice": ("effective", Role.SCHOOL, "DELETE FROM notice_notice"),
    "delete an account": ("invited", Role.SCHOOL, "DELETE FROM orgs_account"),
    "delete settings": ("invited", Role.SCHOOL, "DELETE FROM orgs_signingsettings"),
    "delete a school": ("invited", Role.MINISTRY, "DELETE FROM orgs_school"),
    "merge cases away": (
        "effective", Role.SCHOOL,
        f"MERGE INTO {CASE} c USING (SELECT %(pk)s::bigint AS id) o ON c.id = o.id WHEN MATCHED THEN DELETE",
    ),
    # steps (INV-20, INV-25, INV-26)
    "the employer accepts": ("invited", Role.EMPLOYER, f"{ONE}, state = 'school_review', live = true WHERE id = %(pk)s"),
    "the school accepts": ("invited", Role.SCHOOL, f"{ONE}, state = 'school_review', live = true WHERE id = %(pk)s"),
    "the ministry accepts": ("invited", Role.MINISTRY, f"{ONE}, state = 'school_review', live = true WHERE id = %(pk)s"),
    "the product itself accepts": ("invited", Role.SYSTEM, f"{ONE}, state = 'school_review', live = true WHERE id = %(pk)s"),
    "the school skips the answer": ("invited", Role.SCHOOL, f"{ONE}, state = 'effective', live = true WHERE id = %(pk)s"),
    "the graduate skips the review": ("invited", Role.GRADUATE, f"{ONE}, state = 'effective', live = true WHERE id = %(pk)s"),
    "the school skips the college": ("college_review", Role.SCHOOL, f"{ONE}, state = 'effective' WHERE id = %(pk)s"),
    "the college approves for good": ("college_review", Role.COLLEGE, f"{ONE}, state = 'effective' WHERE id = %(pk)s"),
    "the college approves at the school": ("school_review", Role.COLLEGE, f"{ONE}, state = 'effective' WHERE id = %(pk)s"),
    "the province approves": ("school_review", Role.PROVINCE, f"{ONE}, state = 'effective' WHERE id = %(pk)s"),
    "the employer withdraws what was accepted": ("college_review", Role.EMPLOYER, f"{ONE}, state = 'withdrawn', live = false WHERE id = %(pk)s"),
    "back to the college": ("school_review", Role.SCHOOL, f"{ONE}, state = 'college_review' WHERE id = %(pk)s"),
    "back to the invitation": ("college_review", Role.GRADUATE, f"{ONE}, state = 'invited', live = false WHERE id = %(pk)s"),
    "an ended case moves again": ("declined", Role.GRADUATE, f"{ONE}, state = 'college_review', live = true WHERE id = %(pk)s"),
    "a withdrawn case moves again": ("withdrawn", Role.EMPLOYER, f"{ONE}, state = 'invited' WHERE id = %(pk)s"),
    "a rejected case moves again": ("rejected", Role.SCHOOL, f"{ONE}, state = 'school_review', live = true WHERE id = %(pk)s"),
    "a voided case takes effect again": ("voided", Role.SCHOOL, f"{ONE}, state = 'effective', live = true WHERE id = %(pk)s"),
    "the college voids": ("effective", Role.COLLEGE, f"{ONE}, state = 'voided', live = false WHERE id = %(pk)s"),
    "a state that nobody declared": ("invited", Role.GRADUATE, f"{ONE}, state = 'signed' WHERE id = %(pk)s"),
    "no state": ("invited", Role.GRADUATE, f"{ONE}, state = '' WHERE id = %(pk)s"),
    "another flow": ("invited", Role.GRADUATE, f"{ONE}, flow_name = 'employer_verification', state = 'waiting' WHERE id = %(pk)s"),
    "a step in the name of nobody": ("invited", Role.GRADUATE, f"SELECT set_config('qicheng.role', '', true); {ONE}, state = 'declined' WHERE id = %(pk)s"),
    "a step in a made-up name": ("invited", Role.GRADUATE, f"SET LOCAL qicheng.role = 'superuser'; {ONE}, state = 'declined' WHERE id = %(pk)s"),
    # versions (INV-27)
    "the version stands still": ("invited", Role.GRADUATE, f"UPDATE {CASE} SET state = 'declined' WHERE id = %(pk)s"),
    "the version jumps": ("invited", Role.GRADUATE, f"UPDATE {CASE} SET state = 'declined', version = version + 2 WHERE id = %(pk)s"),
    "the version falls": ("college_review", Role.COLLEGE, f"UPDATE {CASE} SET state = 'school_review', version = version - 1 WHERE id = %(pk)s"),
    "an update that changes nothing": ("invited", Role.GRADUATE, f"UPDATE {CASE} SET state = state WHERE id = %(pk)s"),
    "terms without an act": ("invited", Role.EMPLOYER, f"UPDATE {CASE} SET terms = '{{}}' WHERE id = %(pk)s"),
    # live (INV-15)
    "alive though invited": ("invited", Role.GRADUATE, f"{ONE}, live = true WHERE id = %(pk)s"),
    "not alive though accepted": ("invited", Role.GRADUATE, f"{ONE}, state = 'school_review' WHERE id = %(pk)s"),
    "alive though declined": ("invited", Role.GRADUATE, f"{ONE}, state = 'declined', live = true WHERE id = %(pk)s"),
    "dead though effective": ("school_review", Role.SCHOOL, f"{ONE}, state = 'effective', live = false WHERE id = %(pk)s"),
    "live alone is switched": ("effective", Role.SCHOOL, f"UPDATE {CASE} SET live = false WHERE id = %(pk)s"),
    # frozen when it began (INV-08, INV-21, INV-24)
    **{
        f"another {column} on acceptance": ("invited", Role.GRADUATE, f"{ONE}, state = 'declined', {column} = {value} WHERE id = %(pk)s")
        for column, value in {
            "public_id": "gen_random_uuid()", "cohort": "2025", "begun_at": "now() - interval '1 day'", "school_id": "school_id + 1",
            "graduate_id": "graduate_id + 1", "employer_id": "employer_id + 1", "edition": "'2022'", "agreement_form": "'two_party'",
            "post": "'x'", "terms": "'{\"pay\": \"1\"}'", "employer_shown": "'{}'", "sent_at": "now()", "days_open": "30",
            "deadline": "now() + interval '9 days'",
        }.items()
    },
    # settled (INV-33)
    **{
        f"another {column} after approval": ("effective", Role.SCHOOL, f"{ONE}, {column} = {value} WHERE id = %(pk)s")
        for column, value in {
            "number": "'2026199999000000001'", "employer_name": "'x'", "student": "'{}'", "review_mode": "'school'",
            "answered_at": "now()", "effective_at": "now()",
        }.items()
    },
    "the number on the way to being void": ("effective", Role.SCHOOL, f"{ONE}, state = 'voided', live = false, number = NULL WHERE id = %(pk)s"),
    "the job category by the college": ("effective", Role.COLLEGE, f"{ONE}, job_category = '10' WHERE id = %(pk)s"),
    "the job category of a voided one": ("voided", Role.SCHOOL, f"{ONE}, job_category = '10' WHERE id = %(pk)s"),
    # what a flow is
    "a new step": ("invited", Role.GRADUATE, "INSERT INTO flow_step (flow, before, after, role) VALUES ('online_signing', 'invited', 'effective', 'employer')"),
    "a changed step": ("invited", Role.GRADUATE, "UPDATE flow_step SET role = 'employer'"),
    "no steps": ("invited", Role.GRADUATE, "DELETE FROM flow_step"),
    "a state that is not settled any more": ("effective", Role.SCHOOL, "UPDATE flow_standing SET settled = false, live = false"),
    "all is amendable": ("effective", Role.SCHOOL, "UPDATE flow_standing SET amendable = '[\"number\"]'"),
    # the guard itself
    "a temporary table in its place": ("invited", Role.EMPLOYER, "CREATE TEMP TABLE flow_step (flow text, before text, after text, role text)"),
    "a temporary view in its place": ("invited", Role.EMPLOYER, "CREATE TEMP VIEW flow_step AS SELECT 'x' AS flow"),
    "a table": ("invited", Role.EMPLOYER, "CREATE TABLE mine (id int)"),
    "a table from a query": ("invited", Role.EMPLOYER, f"SELECT * INTO mine FROM {CASE}"),
    "a schema": ("invited", Role.EMPLOYER, "CREATE SCHEMA mine"),
    "a function": ("invited", Role.EMPLOYER, "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
    "another function of the guard": (
        "invited", Role.EMPLOYER,
        "CREATE OR REPLACE FUNCTION qicheng_guard_case() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    ),
    "the guard's function goes": ("invited", Role.EMPLOYER, "DROP FUNCTION qicheng_guard_case() CASCADE"),
    "the guard's search path": ("invited", Role.EMPLOYER, "ALTER FUNCTION qicheng_guard_case() RESET search_path"),
    "triggers off": ("invited", Role.EMPLOYER, f"ALTER TABLE {CASE} DISABLE TRIGGER ALL"),
    "the guard off": ("invited", Role.EMPLOYER, f"ALTER TABLE {CASE} DISABLE TRIGGER {CASE}_guard"),
    "the trigger goes": ("invited", Role.EMPLOYER, f"DROP TRIGGER {CASE}_guard ON {CASE}"),
    "as a replica": ("invited", Role.EMPLOYER, "SET session_replication_role = replica"),
    "as a replica for a moment": ("invited", Role.EMPLOYER, "SET LOCAL session_replication_role = 'replica'"),
    "the index goes": ("invited", Role.EMPLOYER, "DROP INDEX one_live_registration"),
    "the constraint goes": ("invited", Role.EMPLOYER, f"ALTER TABLE {CASE} DROP CONSTRAINT one_answerable_invitation"),
    "a new column": ("invited", Role.EMPLOYER, f"ALTER TABLE {CASE} ADD COLUMN mine int"),
    "the table goes": ("invited", Role.EMPLOYER, "DROP TABLE flow_record"),
    "a rule instead": ("invited", Role.EMPLOYER, f"CREATE RULE mine AS ON UPDATE TO {CASE} DO INSTEAD NOTHING"),
    "as the owner": ("invited", Role.EMPLOYER, f"SET ROLE {Postgres.OWNER}"),
    "as the owner of the session": ("invited", Role.EMPLOYER, f"SET SESSION AUTHORIZATION {Postgres.OWNER}"),
    "as the superuser": ("invited", Role.EMPLOYER, f"SET ROLE {Postgres.SUPERUSER}"),
    "more rights": ("invited", Role.EMPLOYER, f"GRANT {Postgres.OWNER} TO {Postgres.APP}"),
    "a role of one's own": ("invited", Role.EMPLOYER, "CREATE ROLE mine"),
    "numbers from the start": ("invited", Role.EMPLOYER, "SELECT setval('registration_agreement_serial', 1)"),
    "the sequence from the start": ("invited", Role.EMPLOYER, "ALTER SEQUENCE registration_agreement_serial RESTART"),
    "files of the server": ("invited", Role.EMPLOYER, "COPY flow_record TO '/dev/null'"),
    "programs of the server": ("invited", Role.EMPLOYER, "COPY flow_record TO PROGRAM 'cat'"),
    "migrations that ran": ("invited", Role.EMPLOYER, "UPDATE django_migrations SET app = 'x'"),
    # beginnings
    **{
        f"a case that begins as {state}": (
            "declined", Role.EMPLOYER,
            f"INSERT INTO {CASE} ({{columns}}) SELECT {{values}} FROM {CASE} WHERE id = %(pk)s -- {state}|{str(live).lower()}|1",
        )
        for state, live in (("college_review", True), ("school_review", True), ("effective", True), ("rejected", False), ("voided", False), ("invited", True))
    },
    "a case that begins with version 2": (
        "declined", Role.EMPLOYER, f"INSERT INTO {CASE} ({{columns}}) SELECT {{values}} FROM {CASE} WHERE id = %(pk)s -- invited|false|2",
    ),
    "a graduate who invites": (
        "declined", Role.GRADUATE, f"INSERT INTO {CASE} ({{columns}}) SELECT {{values}} FROM {CASE} WHERE id = %(pk)s -- invited|false|1",
    ),
    "a school that invites": (
        "declined", Role.SCHOOL, f"INSERT INTO {CASE} ({{columns}}) SELECT {{values}} FROM {CASE} WHERE id = %(pk)s -- invited|false|1",
    ),
    # one of each (INV-15, INV-17, REG-05)
    "a second invitation that waits": (
        "invited", Role.EMPLOYER, f"INSERT INTO {CASE} ({{columns}}) SELECT {{values}} FROM {CASE} WHERE id = %(pk)s -- invited|false|1",
    ),
    "a second live registration": (
        "second", Role.GRADUATE, f"{ONE}, state = 'college_review', live = true, review_mode = 'college_then_school' WHERE id = %(pk)s",
    ),
    "a second record of a version": (
        "invited", Role.EMPLOYER,
        ('INSERT INTO flow_record (flow, "case", cohort, act, before, after, version, role, node, name, unit, origin, reason, words, internal, changes) '
        'SELECT flow, "case", cohort, act, before, after, version, role, node, name, unit, origin, reason, words, internal, changes FROM flow_record LIMIT 1'),
    ),
}  # fmt: skip


def brought_to(world: Any, state: str) -> Registration:
    """A case in that state, by real acts; 'second': an invitation beside a live registration."""
    if state == "second":
        other = world.invitation(world.graduate, world.stranger_actor(Role.EMPLOYER))
        world.accepted()
        return other
    case = world.invitation()
    way: dict[str, list[tuple[str, Role]]] = {
        "invited": [], "declined": [("decline", Role.GRADUATE)], "withdrawn": [("withdraw", Role.EMPLOYER)],
        "college_review": [("accept", Role.GRADUATE)],
        "school_review": [("accept", Role.GRADUATE), ("approve", Role.COLLEGE)],
        "rejected": [("accept", Role.GRADUATE), ("reject", Role.COLLEGE)],
        "effective": [("accept", Role.GRADUATE), ("approve", Role.COLLEGE), ("approve", Role.SCHOOL)],
        "voided": [("accept", Role.GRADUATE), ("approve", Role.COLLEGE), ("approve", Role.SCHOOL), ("void", Role.SCHOOL)],
    }  # fmt: skip
    for name, role in way[state]:
        perform(case, name, world.actor(role), reason="x_pay", words="薪酬不清楚")
    return case


def sentence(sql: str, case: Registration) -> str:
    """The SQL; a beginning copies the case with another state, liveness and version."""
    if "{columns}" not in sql:
        return sql
    sql, _, changed = sql.rpartition(" -- ")
    state, live, version = changed.split("|")
    columns = [field.column for field in Registration._meta.concrete_fields if field.column != "id"]
    other = {
        "public_id": "gen_random_uuid()", "state": f"'{state}'", "live": live, "version": version, "number": "NULL",
        "sent_at": "clock_timestamp()", "closed_at": "NULL",
    }  # fmt: skip
    return sql.replace("{columns}", ", ".join(columns)).replace("{values}", ", ".join(other.get(c, c) for c in columns))


def say(actor: Actor, sql: str, parameters: dict[str, Any] | None = None) -> int:
    """Run SQL in a savepoint of its own, as the runtime role, with an actor named."""
    with transaction.atomic(), connection.cursor() as cursor:
        be(actor)
        cursor.execute(sql, parameters)
        return cursor.rowcount


@pytest.fixture(scope="module")
def standing(django_db_setup: None, django_db_blocker: Any) -> Iterator[Callable[[str], tuple[World, Registration]]]:
    """For each state a small country with a case in it, made once for all sentences; taken back at the end."""
    with django_db_blocker.unblock(), transaction.atomic():

        @cache
        def made(state: str) -> tuple[World, Registration]:
            world = World()
            return world, brought_to(world, state)

        yield made
        transaction.set_rollback(True)


# No right; the guard's own refusals; no such standing or step; unique, exclusion. Never a mistake in the sentence itself.
REFUSALS = {"42501", "QC001", "QC002", "QC003", "QC004", "QC005", "23505", "23P01"}


@pytest.mark.rule("REG-05")
@pytest.mark.parametrize("name", BAN)
def test_the_database_refuses(standing, name):
    state, role, sql = BAN[name]
    world, case = standing(state)
    before = list(Registration.all_rows.order_by("pk").values())
    with pytest.raises(DatabaseError) as refused:
        say(world.actor(role), sentence(sql, case), {"pk": case.pk})
    assert refused.value.__cause__.sqlstate in REFUSALS, refused.value
    assert list(Registration.all_rows.order_by("pk").values()) == before


LET = {
    "the graduate accepts": ("invited", Role.GRADUATE, f"{ONE}, state = 'college_review', live = true WHERE id = %(pk)s"),
    "the graduate declines": ("invited", Role.GRADUATE, f"{ONE}, state = 'declined' WHERE id = %(pk)s"),
    "the employer withdraws": ("invited", Role.EMPLOYER, f"{ONE}, state = 'withdrawn' WHERE id = %(pk)s"),
    "the product lets it expire": ("invited", Role.SYSTEM, f"{ONE}, state = 'expired' WHERE id = %(pk)s"),
    "the college approves": ("college_review", Role.COLLEGE, f"{ONE}, state = 'school_review' WHERE id = %(pk)s"),
    "the school approves": ("school_review", Role.SCHOOL, f"{ONE}, state = 'effective', number = '2026199999000000001' WHERE id = %(pk)s"),
    "the school amends": ("effective", Role.SCHOOL, f"{ONE}, job_category = '10' WHERE id = %(pk)s"),
    "the school voids": ("effective", Role.SCHOOL, f"{ONE}, state = 'voided', live = false, closed_at = clock_timestamp() WHERE id = %(pk)s"),
    "a case follows its graduate": ("college_review", Role.SYSTEM, f"UPDATE {CASE} SET tier = 'postgraduate' WHERE id = %(pk)s"),
    "the employer invites again": (
        "declined", Role.EMPLOYER, f"INSERT INTO {CASE} ({{columns}}) SELECT {{values}} FROM {CASE} WHERE id = %(pk)s -- invited|false|1",
    ),
    "another graduate is live too": ("second", Role.GRADUATE, f"{ONE}, state = 'declined' WHERE id = %(pk)s"),
    "a session ends": ("invited", Role.GRADUATE, "DELETE FROM orgs_session"),
    "a number is drawn": ("invited", Role.SCHOOL, "SELECT nextval('registration_agreement_serial')"),
}  # fmt: skip


@pytest.mark.parametrize("name", LET)
def test_the_database_lets_pass_what_a_flow_declares(standing, name):
    state, role, sql = LET[name]
    world, case = standing(state)
    point = transaction.savepoint()
    assert say(world.actor(role), sentence(sql, case), {"pk": case.pk}) in (0, 1)
    transaction.savepoint_rollback(point)
