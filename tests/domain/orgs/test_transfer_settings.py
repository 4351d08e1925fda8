"""The settings of the modules archive and household, each by itself (SET-09)."""

from __future__ import annotations

from typing import Any

import pytest

from qicheng.domain.orgs.effects.settings import Outdated, set_province, set_signing, set_transfer
from qicheng.domain.orgs.models import Opening, ReviewMode, TransferSettings
from qicheng.domain.orgs.queries import stamp
from qicheng.foundation.access import Actor, Area, Level, Role
from qicheng.foundation.flow.perform import Refused, noted, perform

pytestmark = [pytest.mark.django_db, pytest.mark.rule("SET-09")]
AREAS = pytest.mark.parametrize("area", [Area.ARCHIVE, Area.HOUSEHOLD])
TWO, ONE = ReviewMode.COLLEGE_THEN_SCHOOL.value, ReviewMode.SCHOOL.value


def open_module(world: Any, area: Area) -> None:
    Opening.objects.create(province=world.province, cohort=world.cohort, module=area.value, is_open=True)


def given(mode: str = ONE, *, is_on: bool = True) -> dict[str, Any]:
    return {"is_on": is_on, "review_mode": mode}


@AREAS
@pytest.mark.rule("ORG-02", "SET-10")
def test_the_module_is_set_where_the_province_has_opened_it_and_it_is_on_record(world, area):
    actor = world.actor(Role.SCHOOL)
    with pytest.raises(Refused, match="省级用户没有开启"):
        set_transfer(actor, area, world.cohort, 0, given())
    open_module(world, area)
    row = set_transfer(actor, area, world.cohort, 0, given())

    assert (row.is_on, row.review_mode, row.version, row.submitted_at is None) == (True, ONE, 1, False)
    [record] = noted(f"{area.value}_settings")
    assert (record.changes["开放登记"], record.account_id, record.school_id) == (
        ["没有填写", "是"], actor.account, world.school.pk,
    )  # fmt: skip
    assert TransferSettings.all_rows.count() == 1


@AREAS
@pytest.mark.rule("ARC-07", "ORG-05")
def test_it_takes_the_permission_of_that_module(world, area):
    open_module(world, area)
    own = world.actor(Role.SCHOOL)
    levels = dict.fromkeys(Area, Level.WRITE) | {area: Level.READ}
    with pytest.raises(Refused, match="没有这项操作的权限"):
        set_transfer(Actor(Role.SCHOOL, own.node, own.account, levels), area, world.cohort, 0, given())


@AREAS
def test_an_old_page_changes_nothing(world, area):
    open_module(world, area)
    actor = world.actor(Role.SCHOOL)
    set_transfer(actor, area, world.cohort, 0, given())
    with pytest.raises(Outdated):
        set_transfer(actor, area, world.cohort, 0, given(is_on=False))
    assert set_transfer(actor, area, world.cohort, 1, given(is_on=False)).is_on is False


@AREAS
@pytest.mark.rule("SET-05")
def test_two_levels_need_a_reviewer_of_that_module_in_every_college(world, area):
    open_module(world, area)
    actor = world.actor(Role.SCHOOL)
    seat = world.other_college_seat
    setattr(seat, area.value, Level.READ)
    seat.save()
    with pytest.raises(Refused, match=f"外国语学院还没有{area.label}的读写账号"):
        set_transfer(actor, area, world.cohort, 0, given(TWO))
    setattr(seat, area.value, Level.WRITE)
    seat.save()
    assert set_transfer(actor, area, world.cohort, 0, given(TWO)).review_mode == TWO


@pytest.mark.rule("SET-06")
def test_each_mode_of_review_stays_while_its_own_cases_are_under_way_and_no_longer_than_that(world):
    actor = world.actor(Role.SCHOOL)
    case = world.change_submitted(Area.ARCHIVE)
    world.open_transfer(Area.HOUSEHOLD)

    with pytest.raises(Refused, match="还有 1 条业务在办理"):
        set_transfer(actor, Area.ARCHIVE, world.cohort, 1, given(ONE))
    assert set_transfer(actor, Area.HOUSEHOLD, world.cohort, 1, given(ONE)).review_mode == ONE
    signing = {
        "online_signing": True,
        "supplementary": True,
        "destination": True,
        "review_mode": ONE,
        "dissolution_limit": 3,
        "long_wait": 3,
    }
    assert set_signing(actor, world.cohort, 0, signing).review_mode == ONE

    perform(case, "reject", world.actor(Role.COLLEGE), words="不属实", reason="x_other")
    assert set_transfer(actor, Area.ARCHIVE, world.cohort, 1, given(ONE)).review_mode == ONE


@pytest.mark.rule("SET-06")
def test_a_signing_under_way_does_not_keep_the_modules(world):
    world.accepted()
    world.open_transfer(Area.ARCHIVE)
    assert set_transfer(world.actor(Role.SCHOOL), Area.ARCHIVE, world.cohort, 1, given(ONE)).review_mode == ONE


@pytest.mark.rule("SET-04")
def test_applications_of_the_modules_do_not_keep_online_signing_on(world):
    world.change_submitted()
    signing = {
        "online_signing": False,
        "supplementary": True,
        "destination": True,
        "review_mode": TWO,
        "dissolution_limit": 3,
        "long_wait": 3,
    }
    assert set_signing(world.actor(Role.SCHOOL), world.cohort, 0, signing).online_signing is False


@pytest.mark.rule("ORG-02")
def test_the_province_closes_a_module_under_the_locks_of_its_schools(world, django_assert_max_num_queries):
    world.open_transfer(Area.ARCHIVE)
    from qicheng.domain.orgs.effects.settings import province_values

    before = province_values(world.province.pk, world.cohort)
    set_province(world.actor(Role.PROVINCE), world.cohort, stamp(before), before | {"archive": False})
    case_free = world.new_graduate("沈一", world.college)
    from qicheng.domain.transfer.flows.archive_change import ARCHIVE_CHANGE
    from qicheng.foundation.flow.perform import begin

    with pytest.raises(Refused, match="省级用户没有开启「档案信息登记」模块"):
        begin(ARCHIVE_CHANGE, world.of(case_free), kind="x_undecided")
