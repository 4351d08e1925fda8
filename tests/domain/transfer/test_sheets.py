"""The types of transfer and the checks of receiver and address, value by value."""

from __future__ import annotations

from typing import Any

import pytest

from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.queries.records import doubts_about
from qicheng.domain.transfer.sheets.records import KINDS, Person, doubts, kinds, lines, plain_phone, sheet, sheet_of
from qicheng.foundation import codes
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.perform import Refused, perform
from tests.world import CHANGE

NOBODY = Person()


def errors(given: dict[str, Any], edition: str = "2024", area: Area = Area.ARCHIVE) -> set[str]:
    return set(sheet(area, edition).form(2026)(given).errors)


@pytest.mark.rule("ARC-01", "REG-12")
@pytest.mark.parametrize("area", list(KINDS))
def test_seven_types_three_of_them_since_2024(area):
    old = ["转回生源地", "签约单位接收", "托管单位接收", "上级主管单位接收"]
    assert [one.label for one in kinds(area, "2023")] == old
    assert [one.label for one in kinds(area, "2022")] == old
    assert [one.label for one in kinds(area, "2024")] == [*old, "升学本单位接收", "升学外单位接收", "暂不确定"]


@pytest.mark.rule("ARC-01")
def test_every_type_says_what_it_is_and_what_its_review_goes_by_and_is_the_national_one():
    table = codes.table("archive_transfer_types")
    assert {one.code: one.label for one in KINDS[Area.ARCHIVE]} == dict(table.choices())
    assert [one.code for area in KINDS for one in KINDS[area] if not (one.definition and one.basis)] == []


@pytest.mark.rule("ARC-01")
def test_each_type_asks_its_own_fields():
    assert errors(CHANGE) == set()
    assert errors({"kind": "x_sign_unit"}) == {"receiver", "region", "address", "contact", "phone"}
    assert errors({"kind": "x_undecided"}) == errors({"kind": "x_study_own"}) == set()
    assert errors({"kind": "x_home"}, area=Area.HOUSEHOLD) == {"region", "address"}
    assert errors({"kind": "x_study_own"}, "2023") == {"kind"}
    assert errors({}) == {"kind"}


@pytest.mark.rule("ARC-02")
def test_a_place_is_told_to_the_last_level_and_a_postcode_has_six_digits():
    assert errors(CHANGE | {"region": "110000"}) == {"region"}
    assert errors(CHANGE | {"postcode": "10019"}) == {"postcode"}


@pytest.mark.django_db
@pytest.mark.rule("ARC-02")
@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"receiver": "陈诚"}, {"receiver"}),
        ({"receiver": " 陈　诚 "}, {"receiver"}),
        ({"receiver": "陈国强"}, {"receiver"}),
        ({"phone": "own"}, {"phone"}),
        ({"phone": "+86 own"}, {"phone"}),
        ({"phone": "138-0000-1111"}, {"phone"}),
        ({"contact": "陈诚"}, set()),
        ({}, set()),
    ],
)
def test_a_receiver_that_is_the_graduate_or_the_emergency_contact_is_refused(world, typed, wrong):
    Graduate.all_rows.filter(pk=world.graduate.pk).update(
        extra={"emergency_name": "陈国强", "emergency_phone": "13800001111"}
    )
    own = Graduate.all_rows.get(pk=world.graduate.pk).phone
    typed = {key: value.replace("own", own) for key, value in typed.items()}
    case = world.change_draft(**typed)
    assert set(sheet_of(case).form(world.cohort)(case.values).errors) == wrong
    if wrong:
        with pytest.raises(Refused, match="还没有填好"):
            perform(case, "submit", world.actor(Role.GRADUATE))


@pytest.mark.rule("ARC-02")
@pytest.mark.parametrize(
    ("given", "number"),
    [
        ({"address": "学府路8号阳光小区3号楼"}, 1),
        ({"address": "和平里5单元301室"}, 1),
        ({"address": "和平里5单元301室人才服务中心"}, 0),
        ({"address": "北四环西路52号"}, 0),
        ({"receiver": "王建国"}, 1),
        ({"receiver": "人社局"}, 0),
        ({"receiver": "王建国", "address": "幸福家园2栋"}, 2),
    ],
)
def test_what_looks_like_a_home_or_a_person_is_a_doubt(given, number):
    assert len(doubts(Area.ARCHIVE, CHANGE | given, NOBODY)) == number


@pytest.mark.rule("ARC-02")
def test_a_household_that_goes_home_goes_to_a_home():
    home = {"kind": "x_home", "address": "和平里5单元301室"}
    assert doubts(Area.HOUSEHOLD, home, NOBODY) == []
    assert len(doubts(Area.ARCHIVE, home, NOBODY)) == 1


@pytest.mark.django_db
@pytest.mark.rule("ARC-02")
def test_a_doubt_refuses_nothing_and_is_there_for_the_reviewer(world):
    case = world.change_submitted(contact="陈诚", address="学府路8号阳光小区3号楼")
    assert doubts_about(case) == [
        "地址里有「小区」，没有单位名称，可能是家庭住址", "联系人与毕业生或紧急联系人同名",
    ]  # fmt: skip
    perform(case, "approve", world.actor(Role.COLLEGE))


def test_telephones_are_compared_by_their_digits():
    assert {plain_phone(one) for one in ("+86 139-0000-0000", "0086 13900000000", "１３９００００００００")} == {
        "13900000000"
    }
    assert plain_phone("010-86234567") == "01086234567"


def test_a_record_shows_what_its_type_asks_and_what_it_has():
    assert [label for label, _ in lines(Area.ARCHIVE, {"kind": "x_undecided"})] == ["档案转递类型"]
    assert dict(lines(Area.HOUSEHOLD, {"kind": "x_self"})) == {"户口迁移类型": "暂无法提供，申请自迁"}
    assert dict(lines(Area.ARCHIVE, CHANGE))["档案接收地区"].endswith("海淀区")
