"""What was approved before a module was open is carried in when it opens, once, and overwrites nothing (ARC-03, ARC-06)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from qicheng.domain.orgs.effects import settings as orgs
from qicheng.domain.orgs.models import Module, Opening, TransferSettings
from qicheng.domain.orgs.queries import stamp
from qicheng.domain.registration.sheets.destinations import REGISTRY
from qicheng.domain.roster.effects import remove_line, restore_line
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.effects import catching_up
from qicheng.domain.transfer.effects import records as effects
from qicheng.domain.transfer.effects.catching_up import catch_up, catch_up_everywhere
from qicheng.domain.transfer.models import ArchiveRecord, HouseholdRecord
from qicheng.domain.transfer.queries.records import listed, record_of
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import perform
from qicheng.foundation.notice.models import Notice
from tests.world import CHANGE, OFFER

pytestmark = pytest.mark.django_db
ASKING = next(
    one.key for one in REGISTRY.values()
    if "archive_type" in one.sheet.keys and one.for_training == "other" and "2024" in one.editions
)  # fmt: skip
AREAS = pytest.mark.parametrize("area", [Area.ARCHIVE, Area.HOUSEHOLD])


def owed() -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = 'transfer.catch_up' ORDER BY id")
        return [args if isinstance(args, dict) else __import__("json").loads(args) for (args,) in cursor.fetchall()]


def run(world: Any, area: Area = Area.ARCHIVE) -> int:
    return catch_up(area.value, world.school.pk, world.cohort)


def records() -> dict[int, tuple[str, str]]:
    return {row.graduate_id: (row.kind, row.origin) for row in ArchiveRecord.all_rows.all()}


def effective(world: Any, graduate: Graduate) -> Any:
    """A signing of anybody of the school that is in effect."""
    case = world.accepted(graduate)
    world.approved(case)
    return case


@pytest.mark.rule("ARC-03", "ORG-02")
def test_a_province_that_opens_a_module_owes_it_to_the_schools_that_have_turned_it_on(world):
    province, cohort = world.actor(Role.PROVINCE), world.cohort
    for area in (Area.ARCHIVE, Area.HOUSEHOLD):
        world.open_transfer(area)
    Opening.objects.filter(module__in=("archive", "household")).update(is_open=False)
    TransferSettings.all_rows.filter(area="household").update(is_on=False)
    before = orgs.province_values(world.province.pk, cohort)
    orgs.set_province(province, cohort, stamp(before), before | {"archive": True, "household": True})
    assert owed() == [{"area": "archive", "school": world.school.pk, "cohort": cohort}]

    now = orgs.province_values(world.province.pk, cohort)
    orgs.set_province(province, cohort, stamp(now), now | {"confirmation": True})
    assert len(owed()) == 1


@pytest.mark.rule("ARC-03", "SET-09")
def test_a_school_that_turns_a_module_on_is_owed_it_and_one_that_changes_its_review_is_not(world):
    Opening.objects.create(province=world.province, cohort=world.cohort, module=Module.ARCHIVE, is_open=True)
    school = world.actor(Role.SCHOOL)
    values = {"is_on": False, "review_mode": "school"}
    for seen, is_on, number in ((0, False, 0), (1, True, 1), (2, True, 1), (3, False, 1), (4, True, 2)):
        orgs.set_transfer(school, Area.ARCHIVE, world.cohort, seen, values | {"is_on": is_on})
        assert len(owed()) == number


@AREAS
@pytest.mark.rule("ARC-03")
def test_what_was_approved_before_is_carried_in_once_and_says_where_it_came_from(world, area):
    case = world.effective()
    other = effective(world, world.neighbour)
    assert ArchiveRecord.all_rows.count() == 0
    for graduate in (world.graduate, world.neighbour):
        world.open_transfer(area, graduate)

    assert (run(world, area), run(world, area)) == (2, 0)

    model = ArchiveRecord if area is Area.ARCHIVE else HouseholdRecord
    mine = model.all_rows.get(graduate=world.graduate)
    assert (mine.kind, mine.origin, mine.origin_case, mine.came_from, mine.version) == (
        OFFER[f"{area.value}_type"], "online_signing", str(case.public_id), "线上签约", 1,
    )  # fmt: skip
    assert model.all_rows.get(graduate=world.neighbour).origin_case == str(other.public_id)
    assert (
        list(Record.objects.filter(flow=f"{area.value}_record").values_list("act", "role")) == [("carry", "system")] * 2
    )
    assert Record.objects.filter(flow=f"{area.value}_records", act="catch_up").count() == 1
    assert Notice.objects.filter(flow=f"{area.value}_record").count() == 0


@pytest.mark.rule("ARC-03")
def test_what_is_registered_stays_and_what_somebody_emptied_stays_empty(world):
    school = world.actor(Role.SCHOOL)
    third = world.new_graduate("周研", world.college)
    for graduate in (world.graduate, world.neighbour, third):
        effective(world, graduate)
    for graduate in (world.graduate, world.neighbour, third):
        world.open_transfer(Area.ARCHIVE, graduate)
    effects.edit_record(Area.ARCHIVE, world.graduate.public_id, school, seen=0, **CHANGE)
    effects.edit_record(Area.ARCHIVE, world.neighbour.public_id, school, seen=0, **CHANGE)
    effects.clear_record(Area.ARCHIVE, world.neighbour.public_id, school, seen=1, words="信息有误")

    assert run(world) == 1

    assert records() == {
        world.graduate.pk: ("x_trustee", "edit"), world.neighbour.pk: ("", ""), third.pk: ("x_trustee", "online_signing")
    }  # fmt: skip


@pytest.mark.rule("ARC-03")
def test_what_took_effect_after_a_record_was_emptied_is_carried_in(world):
    world.open_transfer()
    first = world.effective()
    perform(first, "void", world.actor(Role.SCHOOL), words="双方协商一致", reason="x_other")
    Opening.objects.filter(module="archive").update(is_open=False)
    second = world.effective()
    assert records() == {world.graduate.pk: ("", "")}
    Opening.objects.filter(module="archive").update(is_open=True)

    assert run(world) == 1
    assert ArchiveRecord.all_rows.get(graduate=world.graduate).origin_case == str(second.public_id)


@pytest.mark.rule("ARC-03", "DES-04")
def test_what_has_no_effect_is_not_carried_in_and_what_was_amended_is_as_it_was_amended(world):
    gone = effective(world, world.neighbour)
    perform(gone, "void", world.actor(Role.SCHOOL), words="双方协商一致", reason="x_other")
    world.accepted(world.new_graduate("周研", world.college))
    case = world.registered(ASKING)
    perform(
        case,
        "amend",
        world.actor(Role.SCHOOL),
        archive_type="x_trustee",
        archive_receiver="北京市东城区人才服务中心",
        archive_address="东直门内大街9号",
    )
    for graduate in (world.graduate, world.neighbour):
        world.open_transfer(Area.ARCHIVE, graduate)

    assert run(world) == 1
    mine = ArchiveRecord.all_rows.get(graduate=world.graduate)
    assert (mine.receiver, mine.origin) == ("北京市东城区人才服务中心", "destination")


@pytest.mark.rule("ARC-08", "ARC-03")
def test_who_was_put_on_the_list_later_is_carried_in_by_the_timetable(world):
    world.effective()
    world.open_transfer()
    Graduate.all_rows.filter(pk=world.graduate.pk).update(archive_moved=False)
    assert run(world) == 0
    Graduate.all_rows.filter(pk=world.graduate.pk).update(archive_moved=True)
    assert (catch_up_everywhere(), records()) == (1, {world.graduate.pk: ("x_trustee", "online_signing")})


@pytest.mark.rule("ARC-03", "ORG-02")
@pytest.mark.parametrize("closed", ["by the province", "by the school"])
def test_a_module_that_was_closed_again_before_the_job_ran_is_left_alone(world, closed):
    world.effective()
    world.open_transfer()
    if closed == "by the province":
        Opening.objects.filter(module="archive").update(is_open=False)
    else:
        TransferSettings.all_rows.update(is_on=False)
    assert (run(world), catch_up_everywhere(), ArchiveRecord.all_rows.count()) == (0, 0, 0)


@pytest.mark.rule("ARC-03")
def test_a_job_that_was_killed_between_two_blocks_goes_on_where_it_stopped(world, monkeypatch):
    graduates = [world.new_graduate(f"学生{n}", world.college) for n in range(5)]
    for graduate in graduates:
        effective(world, graduate)
    world.open_transfer()
    monkeypatch.setattr(catching_up, "AT_ONCE", 2)
    wrote = catching_up.write_each
    blocks = []

    def dies(*args: Any, **given: Any) -> int:
        blocks.append(1)
        if len(blocks) == 2:
            raise KeyboardInterrupt
        return wrote(*args, **given)

    monkeypatch.setattr(catching_up, "write_each", dies)
    with pytest.raises(KeyboardInterrupt):
        run(world)
    assert ArchiveRecord.all_rows.count() == 2

    assert run(world) == 3
    assert set(ArchiveRecord.all_rows.values_list("version", flat=True)) == {1}
    assert Record.objects.filter(flow="archive_record", act="carry").count() == 5


@pytest.mark.rule("ARC-06", "ROS-07", "ARC-03")
def test_who_was_off_the_roster_when_the_module_opened_comes_back_with_the_record(world):
    school = world.actor(Role.SCHOOL)
    world.effective()
    remove_line(world.graduate.public_id, school, words="转学")
    world.open_transfer()
    assert run(world) == 1
    assert world.graduate.pk not in listed(school, Area.ARCHIVE, world.cohort).values_list("pk", flat=True)

    restore_line(world.graduate.public_id, school)
    assert record_of(school, Area.ARCHIVE, world.graduate.pk).kind == "x_trustee"
