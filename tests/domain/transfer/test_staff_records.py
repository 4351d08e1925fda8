"""What schools and colleges write into records of file and household themselves, rule by rule (ARC-04)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from qicheng.domain.orgs.models import Opening
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.domain.transfer.effects.records import about, clear_record, edit_record
from qicheng.domain.transfer.models import RECORDS
from qicheng.domain.transfer.sheets.records import TITLES
from qicheng.foundation.access import Actor, Area, Level, Role
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, Stale, noted, perform
from qicheng.foundation.flow.words import messages
from qicheng.foundation.notice.models import Notice
from tests.world import CHANGE

pytestmark = pytest.mark.django_db
AREAS = pytest.mark.parametrize("area", [Area.ARCHIVE, Area.HOUSEHOLD])
OTHER = {**CHANGE, "receiver": "北京市朝阳区人才服务中心", "region": "110105", "address": "朝阳门外大街甲6号"}


def record(world: Any, area: Area = Area.ARCHIVE) -> Any:
    return RECORDS[area].all_rows.get(graduate=world.graduate)


def edit(world: Any, area: Area = Area.ARCHIVE, role: Role | Actor = Role.SCHOOL, seen: int = 0, **given: Any) -> Any:
    actor = world.actor(role) if isinstance(role, Role) else role
    return edit_record(area, world.graduate.public_id, actor, seen=seen, **(CHANGE | given))


def history(world: Any, area: Area) -> Any:
    return noted(about(area), case=str(world.graduate.pk))


@AREAS
@pytest.mark.rule("ARC-04", "ARC-01")
@pytest.mark.parametrize("role", [Role.SCHOOL, Role.COLLEGE])
def test_school_and_college_write_a_record_that_nobody_applied_for_and_the_graduate_is_told(world, area, role):
    world.open_transfer(area)
    edit(world, area, role, words="按单位来函填写")

    now = record(world, area)
    assert (now.values, now.origin, now.came_from, now.version) == (CHANGE, "edit", "老师修改", 1)
    [done] = history(world, area)
    assert (done.act, done.role, done.words, done.changes["联系人"]) == (
        "edit", str(role), "按单位来函填写", ["没有填写", "吴芳"]
    )  # fmt: skip
    [(notice, message)] = messages(Notice.objects.filter(flow=about(area), channel="inbox"))
    assert (notice.role, notice.node, message.subject) == (
        "graduate", world.graduate.pk, f"老师修改了你的{'档案' if area is Area.ARCHIVE else '户口'}信息",
    )  # fmt: skip
    assert "联系人改为「吴芳」" in message.body
    assert "原因：按单位来函填写" in message.body


@AREAS
@pytest.mark.rule("ARC-04")
def test_an_approved_record_is_edited_too_and_what_it_was_is_kept(world, area):
    world.change_approved(area)
    edit(world, area, seen=1, **OTHER)

    now = record(world, area)
    assert (now.values, now.came_from, now.origin_case, now.version) == (OTHER, "老师修改", "", 2)
    last, first = history(world, area)
    assert (first.act, last.changes["来源"]) == ("register", [f"{area.label}修改申请", "老师修改"])
    assert last.changes[f"{TITLES[area]}接收地址"] == ["北四环西路52号", "朝阳门外大街甲6号"]


@AREAS
@pytest.mark.rule("ARC-04")
def test_a_record_is_cleared_with_a_reason_that_the_graduate_reads(world, area):
    world.change_approved(area)
    actor = world.actor(Role.COLLEGE)
    with pytest.raises(Refused, match="写明清空的原因"):
        clear_record(area, world.graduate.public_id, actor, seen=1, words="  ")
    clear_record(area, world.graduate.public_id, actor, seen=1, words="单位没有档案保管权，请重新登记")

    now = record(world, area)
    assert (now.is_registered, set(now.values.values()), now.came_from, now.version) == (False, {""}, "", 2)
    assert [one.act for one in history(world, area)] == ["clear", "register"]
    message = messages(Notice.objects.filter(flow=about(area), act="clear", channel="inbox"))[0][1]
    assert "原因：单位没有档案保管权，请重新登记" in message.body
    with pytest.raises(Refused, match="还没有登记，不用清空"):
        clear_record(area, world.graduate.public_id, actor, seen=2, words="再清一次")


@pytest.mark.rule("ARC-04")
def test_an_old_page_changes_nothing_and_the_same_form_twice_is_one_change(world):
    world.open_transfer()
    first = edit(world, key="k1")
    assert edit(world, key="k1").pk == first.pk
    with pytest.raises(Stale):
        edit(world, key="k2", **OTHER)
    with pytest.raises(Stale):
        clear_record(Area.ARCHIVE, world.graduate.public_id, world.actor(Role.SCHOOL), seen=0, words="旧的页面")
    assert (record(world).values, record(world).version, Notice.objects.filter(act="edit", channel="inbox").count()) == (
        CHANGE, 1, 1
    )  # fmt: skip


@pytest.mark.rule("ARC-04", "ARC-05")
def test_an_application_that_was_open_meanwhile_goes_back_before_its_graduate(world):
    case = world.change_submitted(**OTHER)
    edit(world)
    with pytest.raises(Refused, match="登记的信息有了变化"):
        perform(case, "approve", world.actor(Role.COLLEGE))
    perform(case, "return", world.actor(Role.COLLEGE), reason="x_other", words="看过现在的信息再提交")
    perform(case, "submit", world.actor(Role.GRADUATE))
    world.approved(case)
    assert (record(world).values, record(world).came_from) == (OTHER, "档案信息修改申请")


@AREAS
@pytest.mark.rule("ARC-04", "ARC-07", "ORG-05", "ORG-01", "ORG-07")
def test_who_has_no_business_with_it_writes_nothing(world, area):
    world.open_transfer(area)
    other = Area.HOUSEHOLD if area is Area.ARCHIVE else Area.ARCHIVE
    school, college = world.actor(Role.SCHOOL), world.actor(Role.COLLEGE)
    full = dict.fromkeys(Area, Level.WRITE)
    for actor, stopped in (
        (replace(school, levels=full | {area: Level.NONE}), NotOpen), (replace(school, levels=full | {area: Level.READ}), NotOpen),
        (replace(college, levels={other: Level.WRITE, Area.EMPLOYMENT: Level.WRITE}), NotOpen), (world.actor(Role.PROVINCE), NotOpen),
        (world.actor(Role.MINISTRY), NotOpen), (world.actor(Role.GRADUATE), NotOpen), (world.actor(Role.EMPLOYER), NotOpen),
        (replace(college, node=world.other_college.pk), NotFound), (world.stranger_actor(Role.SCHOOL), NotFound),
        (world.stranger_actor(Role.COLLEGE), NotFound), (replace(school, tier="postgraduate"), NotFound),
    ):  # fmt: skip
        with pytest.raises(stopped):
            edit(world, area, actor)
        with pytest.raises(stopped):
            clear_record(area, world.graduate.public_id, actor, seen=0, words="不该能做")
    assert (RECORDS[area].all_rows.count(), history(world, area)) == (0, [])
    edit(world, area, replace(school, levels={area: Level.WRITE}))
    assert RECORDS[area].all_rows.count() == 1


@pytest.mark.rule("ARC-04", "ARC-08", "ROS-07", "ORG-02", "ROS-03")
@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("never moved", "转入学校」是「否」"), ("off the roster", "已从学校名单中删除"), ("closed by the province", "省级用户没有开启"),
    ],
)  # fmt: skip
def test_what_holds_an_application_holds_an_edit(world, change, why):
    world.open_transfer()
    own = Graduate.all_rows.filter(pk=world.graduate.pk)
    if change == "never moved":
        own.update(archive_moved=False)
    elif change == "off the roster":
        own.update(removed_at="2026-06-01T00:00:00+08:00")
    else:
        Opening.objects.filter(module="archive").update(is_open=False)
    with pytest.raises(Refused, match=why):
        edit(world)
    assert RECORDS[Area.ARCHIVE].all_rows.count() == 0


@pytest.mark.rule("ARC-02", "ARC-04")
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"receiver": "陈 诚"}, "档案接收单位名称"), ({"region": "110000"}, "档案接收地区"), ({"postcode": "1001"}, "邮政编码"),
        ({"contact": ""}, "联系人"), ({"kind": "nothing"}, "档案转递类型"),
    ],
)  # fmt: skip
def test_staff_are_held_to_the_same_form(world, given, field):
    world.open_transfer()
    with pytest.raises(Refused, match=field):
        edit(world, **given)


@pytest.mark.rule("ARC-04")
def test_what_is_registered_already_is_not_written_again(world):
    world.change_approved()
    with pytest.raises(Refused, match="没有要改的"):
        edit(world, seen=1)


@pytest.mark.rule("ARC-01")
@pytest.mark.parametrize(
    ("destination", "unit", "kind", "fits"),
    [
        ("80", "江临大学", "x_study_own", True), ("801", "海澜理工大学", "x_study_other", True), ("80", "海澜理工大学", "x_study_own", False),
        ("80", "江临大学", "x_study_other", False), ("85", "东京大学", "x_study_own", False), ("10", "云岭数据科技有限公司", "x_study_other", False),
        ("10", "云岭数据科技有限公司", "x_trustee", True), ("", "", "x_study_own", True),
    ],
)  # fmt: skip
def test_a_type_of_further_study_goes_with_such_a_destination_alone(world, destination, unit, kind, fits):
    world.open_transfer()
    if destination:
        EmploymentRecord.all_rows.create(
            graduate=world.graduate,
            cohort=world.cohort,
            school=world.school,
            destination=destination,
            employer_name=unit,
        )
    case = world.change_draft(kind=kind)
    if fits:
        perform(case, "submit", world.actor(Role.GRADUATE))
        edit(world, kind=kind)
        assert record(world).kind == kind
        return
    for act in (lambda: perform(case, "submit", world.actor(Role.GRADUATE)), lambda: edit(world, kind=kind)):
        with pytest.raises(Refused, match="升学"):
            act()
