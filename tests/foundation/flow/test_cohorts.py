"""A year's rows lie in a partition of their own: read alone, set aside and brought back, opened with the cohort."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from qicheng.domain.orgs.models import Cohort
from qicheng.domain.registration.listings import lists
from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.foundation.access import SYSTEM, Role
from qicheng.foundation.flow.cohorts import CUT
from qicheng.foundation.flow.guard import grant
from qicheng.foundation.flow.perform import be, case_models
from qicheng.interfaces.command.postgres import Postgres
from tests.clients import signed_in
from tests.conftest import pointed_at

# Lists that name the cohort they look at; what is found by a public id or an account is looked for in every year.
LISTS = (
    "/students/",
    "/students/removed/",
    "/review/",
    "/confirm/",
    "/files/mail/",
    "/files/archive/records/",
    "/files/archive/changes/",
    "/files/archive/review/",
    "/files/household/records/",
    "/files/archive/batches/",
    *(f"/lists/{name}/" for name in lists() if name not in ("platform", "declared")),
)
READ = """SELECT relname, seq_scan + coalesce(idx_scan, 0) FROM pg_stat_xact_user_tables WHERE relname ~ '^roster_(graduate|employmentrecord)_'"""


def said(sql: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def refer(world: Any, **given: Any) -> None:
    """A record that refers to somebody, looked at at once."""
    EmploymentRecord.all_rows.create(school=world.school, destination="10", **given)
    connection.check_constraints()


def lies_in(row: Any) -> str:
    ((name,),) = said(f"SELECT tableoid::regclass::text FROM {row._meta.db_table} WHERE id = %s", row.pk)
    return str(name)


def of_cohort(world: Any, year: int) -> Graduate:
    """A graduate of another year, beside those of the world."""
    row = world.new_graduate("秦远", world.college)
    values = {f.attname: getattr(row, f.attname) for f in Graduate._meta.concrete_fields if f.attname not in ("id", "public_id")}  # fmt: skip
    return Graduate.all_rows.create(**values | {"cohort": year, "account_id": None})


def test_a_row_lies_in_the_partition_of_its_cohort_and_one_of_an_unknown_cohort_beside_them(world: Any) -> None:
    record = world.recorded()
    assert (lies_in(world.graduate), lies_in(record)) == ("roster_graduate_2026", "roster_employmentrecord_2026")
    assert [lies_in(of_cohort(world, year)) for year in (2025, 2031)] == [
        "roster_graduate_2025",
        "roster_graduate_others",
    ]


def test_a_cohort_that_is_opened_gets_partitions_and_what_lay_beside_them_moves_there(world: Any) -> None:
    early = of_cohort(world, 2031)
    record = EmploymentRecord.all_rows.create(graduate=early, cohort=2031, school=world.school, destination="10")
    connection.check_constraints()
    Cohort.objects.create(year=2031)
    assert (lies_in(early), lies_in(record)) == ("roster_graduate_2031", "roster_employmentrecord_2031")
    assert lies_in(of_cohort(world, 2031)) == "roster_graduate_2031"
    with pytest.raises(IntegrityError), transaction.atomic():
        EmploymentRecord.all_rows.create(graduate=early, cohort=2031, school=world.school, destination="10")


def test_lists_of_a_cohort_read_its_partition_alone(world: Any) -> None:
    world.open_transfer()
    world.effective()
    of_cohort(world, 2025)
    client = signed_in(world.seats[Role.SCHOOL], cohort=world.cohort)
    client.get("/students/")
    before = dict(said(READ))
    assert {path: client.get(path).status_code for path in LISTS} == dict.fromkeys(LISTS, 200)
    read = {name for name, number in said(READ) if number > before.get(name, 0)}
    # Whether a table so small is read at all is the planner's choice; which part of it is not.
    assert {f"{CUT[0]}_{world.cohort}"} <= read <= {f"{table}_{world.cohort}" for table in CUT}


def test_acts_lock_the_graduate_in_the_partition_of_the_case(world: Any) -> None:
    locks = {
        (model, lock.name): lock
        for model in case_models() for lock in model.locks if lock.table in CUT
    }  # fmt: skip
    assert {name for _, name in locks} == {"graduate", "employment"}
    for lock in locks.values():
        # The plan that is prepared once for all values leaves the other years out when it runs.
        names = {own: f"${number}" for number, (_, own) in enumerate(lock.key, 1)}
        values = [{"cohort": world.cohort}.get(own, world.graduate.pk) for own in names]
        said(f"PREPARE held({', '.join('integer' for _ in names)}) AS {lock.sql(hold=True) % names}")
        said("SET LOCAL plan_cache_mode = force_generic_plan")
        text = "\n".join(
            line for (line,) in said(f"EXPLAIN (ANALYZE, COSTS OFF) EXECUTE held({', '.join(map(str, values))})")
        )
        said("DEALLOCATE held")
        assert "Subplans Removed: 3" in text, text


def test_references_refuse_a_graduate_who_is_not_there_and_keep_one_who_is_referred_to(
    world: Any, databases: Any
) -> None:
    for given in ({"graduate_id": 10**9, "cohort": world.cohort}, {"graduate_id": world.graduate.pk, "cohort": 2025}):
        with pytest.raises(IntegrityError), transaction.atomic():
            refer(world, **given)
    found = said(
        """SELECT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND conparentid = 0
        AND confrelid = ANY(%s::regclass[]) AND pg_get_constraintdef(oid) LIKE 'FOREIGN KEY (cohort, graduate_id) REFERENCES %%'""",
        list(CUT),
    )
    meant = [
        relation.related_model._meta.db_table for model in (Graduate, EmploymentRecord)
        for relation in model._meta.related_objects if not relation.related_model._meta.proxy
    ]  # fmt: skip
    assert sorted(name for (name,) in found) == sorted(meant)


def test_one_line_and_one_person_and_one_record_in_a_roster(world: Any) -> None:
    first, record = world.graduate, world.recorded()
    for change in ({"exam_number": first.exam_number}, {"id_number": first.id_number}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Graduate.all_rows.filter(pk=world.new_graduate("秦远", world.college).pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        EmploymentRecord.all_rows.create(
            graduate=first, cohort=record.cohort, school=world.school, destination=record.destination
        )


def test_the_runtime_role_reaches_no_partition_by_its_name_and_sets_no_year_aside(world: Any) -> None:
    for sql in (
        "UPDATE roster_graduate_2026 SET student_number = 'x'",
        "SELECT * FROM roster_employmentrecord_2026",
        "SELECT qicheng_set_aside(2026)",
        "SELECT qicheng_open_cohort(1)",
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            said(sql)


def test_a_year_is_set_aside_and_brought_back_while_the_others_go_on(committed_world: Any, databases: Any) -> None:
    world = committed_world
    case, record = world.effective(), EmploymentRecord.all_rows.get(graduate=world.graduate)
    kept = of_cohort(world, 2025)
    owner = databases.url(connection.settings_dict["NAME"], "owner")
    with pointed_at(owner):
        said("SELECT qicheng_set_aside(%s)", world.cohort)
        # An upgrade meanwhile gives the runtime role no right to the year.
        grant(connection, Postgres.APP)
    with pytest.raises(DatabaseError), transaction.atomic():
        said(f"SELECT id FROM roster_graduate_{world.cohort}")
    assert list(Graduate.all_rows.values_list("pk", flat=True)) == [kept.pk]
    assert (EmploymentRecord.all_rows.count(), Registration.all_rows.get(pk=case.pk).state) == (0, "effective")
    # What belongs to the others goes on, is refused what it was, and nothing new comes into the year meanwhile.
    later = of_cohort_of(kept, 2025)
    EmploymentRecord.all_rows.create(graduate=later, cohort=2025, school=world.school, destination="10")
    with pytest.raises(IntegrityError):
        EmploymentRecord.all_rows.create(graduate_id=10**9, cohort=2025, school=world.school, destination="10")
    with pytest.raises(IntegrityError, match=f"cohort_{world.cohort}_is_set_aside"):
        of_cohort_of(kept, world.cohort)
    with pointed_at(owner):
        said("SELECT qicheng_bring_back(%s)", world.cohort)
        assert said("SELECT count(*) FROM pg_constraint WHERE NOT convalidated AND contype = 'f'") == [(0,)]
    assert EmploymentRecord.all_rows.get(graduate=world.graduate) == record
    assert lies_in(world.graduate) == f"roster_graduate_{world.cohort}"
    with pytest.raises(IntegrityError):
        EmploymentRecord.all_rows.create(graduate_id=10**9, cohort=world.cohort, school=world.school, destination="10")


def of_cohort_of(other: Graduate, year: int) -> Graduate:
    """Somebody like that, in that year; needs no world."""
    values = {f.attname: getattr(other, f.attname) for f in Graduate._meta.concrete_fields if f.attname not in ("id", "public_id")}  # fmt: skip
    number = f"{Graduate.all_rows.count():018d}"
    return Graduate.all_rows.create(**values | {"cohort": year, "exam_number": number, "id_number": number})


def test_a_filled_roster_is_cut_and_mended_without_losing_a_row(committed_world: Any, databases: Any) -> None:
    world = committed_world
    world.effective()
    of_cohort(world, 2025), of_cohort(world, 2031)
    tables = ("roster_graduate", "roster_employmentrecord", "registration_registration")

    def rows() -> list[Any]:
        return [said(f"SELECT * FROM {table} ORDER BY id") for table in tables]

    before = rows()
    last = Graduate.all_rows.order_by("-pk")[0].pk
    with pointed_at(databases.url(connection.settings_dict["NAME"], "owner")):
        call_command("migrate", "roster", "0008", verbosity=0)
        assert said("SELECT relkind::text FROM pg_class WHERE relname = ANY(%s)", list(CUT)) == [("r",), ("r",)]
        assert rows() == before
        call_command("migrate", verbosity=0)
    # As the runtime role again, whose rights came along.
    assert rows() == before
    assert lies_in(Graduate.all_rows.get(cohort=2031)) == "roster_graduate_2031"
    new = world.new_graduate("秦续", world.college)
    assert new.pk == last + 1
    with transaction.atomic():
        be(SYSTEM)
        Graduate.all_rows.filter(pk=new.pk).update(student_number="7")
    assert said("SELECT table_name, became FROM flow_history WHERE row_id = %s", new.pk)[-1][0] == "roster_graduate"
