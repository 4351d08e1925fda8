"""户档信息登记: prefilled from the unit, all of it asked, reviewed by itself at two levels, carried into both records (CAM-07, CAM-08)."""

from __future__ import annotations

import pytest

from qicheng.domain.campus.guards import files as guards
from qicheng.domain.campus.models import FileRegistration, Part
from qicheng.domain.campus.queries.files import STEPS, stations
from qicheng.domain.campus.sheets.files import Unit, doubts, misfit, sheet, sheet_for
from qicheng.domain.orgs.models import Opening, Seat
from qicheng.domain.transfer.effects.catching_up import catch_up
from qicheng.domain.transfer.models import ArchiveRecord, HouseholdRecord
from qicheng.domain.transfer.sheets.records import Person
from qicheng.foundation.access import SYSTEM, Actor, Area, Level, Role
from qicheng.foundation.flow.perform import NotOpen, Refused, begin, carry_on, in_process, open_acts, perform
from tests.clients import signed_in

from . import filing

pytestmark = pytest.mark.django_db


@pytest.mark.rule("CAM-07")
def test_it_opens_once_the_destination_is_submitted_and_begins_with_the_unit(world):
    registered = filing.destination(world, submitted=False)
    with pytest.raises(Refused, match="先登记毕业去向并提交"):
        filing.draft(world, registered)
    world.prove(registered)
    perform(registered, "submit", world.of(world.graduate))
    case = filing.draft(world, registered)

    assert case.terms == {
        "archive_type": "x_sign_unit", "archive_receiver": "小米科技有限责任公司", "archive_region": "110114", "archive_address": "安宁庄路小米科技园",
        "archive_postcode": "100085", "archive_contact": "周岚", "archive_phone": "010-22222222", "household_to": "x_fill",
        "household_region": "110114", "household_address": "安宁庄路小米科技园", "household_kind": "x_sign_unit", "household_type": "x_sign_unit",
        "household_receiver": "小米科技有限责任公司",
    }  # fmt: skip
    with pytest.raises(Refused, match="你已经有一份户档信息登记"):
        filing.draft(world, registered)
    world.open_parts(Part.PLATFORM)
    with pytest.raises(Refused, match="没有开启「户档信息登记」"):
        perform(case, "submit", world.of(world.graduate))


@pytest.mark.rule("CAM-07")
def test_all_of_it_is_asked_and_a_household_that_stays_away_only_says_so(world):
    form = sheet().form(2026)
    empty = form({"archive_type": "x_sign_unit", "household_to": "x_fill"})
    assert set(empty.errors) == set(sheet().keys) - {"archive_type", "household_to"}
    nothing = form({"archive_type": "x_undecided", "household_to": "x_not_moved"})
    assert nothing.is_valid()
    case = filing.draft(world, archive_contact="")
    with pytest.raises(Refused, match="还没有填好：档案转寄联系人"):
        perform(case, "submit", world.of(world.graduate))
    perform(case, "edit", world.of(world.graduate), archive_contact="周岚", household_to="x_self")
    assert {key: case.terms[key] for key in ("household_type", "household_address", "household_kind")} == {
        "household_type": "x_self", "household_address": "", "household_kind": ""
    }  # fmt: skip


@pytest.mark.rule("CAM-07", "ARC-02")
def test_receiver_and_address_are_checked_as_everywhere_else(world):
    own = Person(names=("陈诚", "陈母"), phones=("13900000001",))
    form = sheet_for("2024", own, Unit(), "江临大学").form(2026)
    given = filing.draft(world).terms
    wrong = form(
        given
        | {
            "archive_receiver": "陈 母",
            "archive_phone": "139-0000-0001",
            "archive_region": "110000",
            "archive_postcode": "1",
        }
    )
    assert set(wrong.errors) == {"archive_receiver", "archive_phone", "archive_region", "archive_postcode"}
    case = FileRegistration.all_rows.get()
    assert doubts(case) == []
    perform(
        case, "edit", world.of(world.graduate), archive_receiver="小米集团", archive_address="安宁庄小区3号楼2单元501室"
    )
    assert len(doubts(case)) == 2


ABROAD = Unit("85", "牛津大学", abroad="GB", level="master")


@pytest.mark.rule("CAM-07")
@pytest.mark.parametrize(
    ("unit", "allowed"),
    [
        (Unit("10", "甲公司"), {"x_home", "x_sign_unit", "x_trustee", "x_superior", "x_undecided"}),
        (Unit("80", "江临大学"), {"x_home", "x_sign_unit", "x_trustee", "x_superior", "x_undecided", "x_study_own"}),
        (Unit("801", "海澜大学"), {"x_home", "x_sign_unit", "x_trustee", "x_superior", "x_undecided", "x_study_other"}),
        (ABROAD, {"x_home", "x_sign_unit", "x_trustee", "x_superior"}),
        (Unit("85", "港大", abroad="HK", level="master"), {"x_home"}),
        (Unit("85", "牛津大学", abroad="GB", level="postdoc"), {"x_home"}),
        (Unit("10", "东京商社", abroad="JP"), {"x_home"}),
    ],
)
def test_a_type_fits_the_destination(unit, allowed):
    """INV-45 with the narrower rules of a university: who goes abroad never leaves the file at the school."""
    offered = {one for one, _ in sheet()["archive_type"].choices}
    assert {one for one in offered if misfit(unit, one, "江临大学") is None} == allowed


@pytest.mark.rule("CAM-08")
def test_it_stays_editable_until_the_college_has_reviewed_and_only_whole(world):
    case, own = filing.submitted(world), world.of(world.graduate)
    perform(case, "edit", own, archive_contact="吴芳")
    assert (case.state, case.terms["archive_contact"]) == ("college_review", "吴芳")
    with pytest.raises(Refused, match="还没有填好：邮政编码"):
        perform(case, "edit", own, archive_postcode="")
    perform(case, "approve", world.actor(Role.COLLEGE))
    with pytest.raises(NotOpen):
        perform(case, "edit", own, archive_contact="周岚")
    assert [(one.act.name, one.why) for one in open_acts(case, own)] == [
        ("reopen", "学院已经审核，不能再修改；审核后需要修改的，请联系辅导员。")
    ]
    perform(case, "return", world.actor(Role.COLLEGE), reason="x_material", words="按毕业生要求退回")
    assert case.state == "returned"


@pytest.mark.rule("CAM-08", "CAM-03")
def test_a_refusal_reopens_it_by_itself_and_both_levels_review_again(world):
    registered = filing.destination(world)
    case, own = filing.submitted(world, registered), world.of(world.graduate)
    world.approved(registered)
    perform(case, "approve", world.actor(Role.COLLEGE))
    filing.refused(world, case, Role.SCHOOL, words="地址不全")
    registered.refresh_from_db()
    assert (case.state, registered.state) == ("returned", "effective")
    page = signed_in(world.seats[Role.GRADUATE]).get("/campus/files/").content.decode()
    assert "学校审核未通过，按要求修改后再次提交" in page
    assert "地址不全" in page
    perform(case, "submit", own)
    assert case.state == "college_review"
    world.approved(case)
    assert [looks for _, _, looks in stations(case, Role.GRADUATE, is_open=True)] == ["done"] * len(STEPS)


@pytest.mark.rule("CAM-07", "ARC-03")
def test_final_approval_fills_both_records_and_waits_for_the_destination(world):
    world.open_transfer(Area.ARCHIVE)
    world.open_transfer(Area.HOUSEHOLD)
    registered = filing.destination(world)
    case = filing.submitted(world, registered)
    perform(case, "approve", world.actor(Role.COLLEGE))
    with pytest.raises(Refused, match="毕业去向登记还没有审核通过"):
        perform(case, "approve", world.actor(Role.SCHOOL))
    world.approved(registered)
    perform(case, "approve", world.actor(Role.SCHOOL))

    archive, household = ArchiveRecord.all_rows.get(), HouseholdRecord.all_rows.get()
    assert (archive.kind, archive.receiver, archive.postcode, archive.came_from) == (
        "x_sign_unit", "小米科技有限责任公司", "100085", "户档信息登记"
    )  # fmt: skip
    assert (household.kind, household.region, household.receiver, household.origin_case) == (
        "x_sign_unit", "110114", "小米科技有限责任公司", str(case.public_id)
    )  # fmt: skip
    carry_on(
        case,
        "change",
        SYSTEM,
        archive_type="x_trustee",
        archive_receiver="北京市海淀区人才服务中心",
        archive_region="110108",
    )
    archive.refresh_from_db()
    household.refresh_from_db()
    assert (archive.kind, archive.receiver, household.kind) == ("x_trustee", "北京市海淀区人才服务中心", "x_sign_unit")
    perform(registered, "void", world.actor(Role.SCHOOL), reason="x_other", words="协商一致")
    case.refresh_from_db()
    archive.refresh_from_db()
    assert (case.state, case.live, archive.is_registered) == ("lapsed", False, False)


@pytest.mark.rule("ARC-03")
def test_what_was_approved_before_a_module_opened_is_carried_in_when_it_does(world):
    case = filing.approved(world, archive_contact="吴芳")
    assert not ArchiveRecord.all_rows.exists()
    settings = world.open_transfer(Area.ARCHIVE)
    Opening.objects.filter(module="archive").update(is_open=False)
    assert catch_up("archive", settings.school_id, world.cohort) == 0
    Opening.objects.filter(module="archive").update(is_open=True)
    assert catch_up("archive", settings.school_id, world.cohort) == 1
    record = ArchiveRecord.all_rows.get()
    assert (record.contact, record.origin_case) == ("吴芳", str(case.public_id))
    assert catch_up("archive", settings.school_id, world.cohort) == 0


@pytest.mark.rule("CAM-07")
def test_a_destination_that_changes_afterwards_has_it_submitted_again(world):
    registered = filing.destination(world)
    case, own = filing.submitted(world, registered), world.of(world.graduate)
    filing_reviewer = world.actor(Role.COLLEGE)
    perform(registered, "edit", own, name="江临轨道交通集团有限公司")
    with pytest.raises(Refused, match=guards.MOVED_ON):
        perform(case, "approve", filing_reviewer)
    page = signed_in(world.seats[Role.GRADUATE]).get("/campus/files/").content.decode()
    assert "现在的单位是「江临轨道交通集团有限公司」" in page
    assert 'href="?refill=1"' in page
    refilled = signed_in(world.seats[Role.GRADUATE]).get("/campus/files/?refill=1").content.decode()
    assert 'value="江临轨道交通集团有限公司"' in refilled
    perform(case, "edit", own, archive_receiver="江临轨道交通集团有限公司")
    perform(case, "approve", filing_reviewer)
    filing.refused(world, registered)
    perform(registered, "edit", own, name="第三家公司")
    [again] = open_acts(case, own)
    assert (again.act.name, again.why) == ("reopen", None)
    perform(case, "reopen", own)
    perform(case, "submit", own)
    assert (case.state, case.unit["receiver"]) == ("college_review", "第三家公司")


@pytest.mark.rule("ARC-07")
def test_whoever_has_one_permission_neither_reads_nor_decides_both_things(world):
    case = filing.submitted(world)
    whole = world.actor(Role.COLLEGE)
    half = Actor(Role.COLLEGE, whole.node, whole.account, whole.levels | {Area.HOUSEHOLD: Level.NONE}, name="甲")
    with pytest.raises(Refused, match="没有户口信息的权限"):
        perform(case, "approve", half)
    seat = world.seats[Role.COLLEGE]
    addresses = (f"/campus/files/{case.public_id}/", "/campus/files/review/", "/campus/files/all/")
    assert [signed_in(seat).get(one).status_code for one in addresses] == [200] * 3
    Seat.objects.filter(pk=seat.pk).update(household=Level.NONE.value)
    assert [signed_in(seat).get(one).status_code for one in addresses] == [404] * 3


@pytest.mark.rule("CAM-08")
def test_saving_and_submitting_in_the_browser_keep_what_was_typed(world):
    filing.destination(world)
    client = signed_in(world.seats[Role.GRADUATE])
    page = client.get("/campus/files/").content.decode()
    assert "小米科技有限责任公司" in page
    assert "辅导员审核以后不能修改" in page
    typed = {
        "archive_type": "x_sign_unit", "archive_receiver": "小米科技有限责任公司", "archive_region": "北京市昌平区", "archive_address": "安宁庄路小米科技园",
        "archive_contact": "李华", "archive_phone": "010-22222222", "household_to": "x_not_moved", "key": "form-1",
    }  # fmt: skip
    assert client.post("/campus/files/", typed | {"step": "keep"}).status_code == 302
    case = FileRegistration.all_rows.get()
    assert (case.state, case.terms["archive_contact"], case.terms["archive_region"]) == ("draft", "李华", "110114")
    wrong = client.post("/campus/files/", typed | {"step": "submit", "seen": "1", "key": "form-2"})
    assert (wrong.status_code, "邮政编码还没有填写" in wrong.content.decode()) == (422, True)
    done = client.post(
        "/campus/files/", typed | {"archive_postcode": "100085", "step": "submit", "seen": "1", "key": "form-3"}
    )
    case.refresh_from_db()
    assert (done.status_code, case.state) == (302, "college_review")
    assert in_process(school_id=world.school.pk, flows=("file_registration",)) == {"file_registration": 1}
    changed = client.post(
        "/campus/files/",
        typed | {"archive_postcode": "100086", "step": "submit", "seen": str(case.version), "key": "form-4"},
    )
    case.refresh_from_db()
    assert (changed.status_code, case.state, case.terms["archive_postcode"]) == (302, "college_review", "100086")
    assert client.get(f"/campus/files/{case.public_id}/").status_code == 200
    college = signed_in(world.seats[Role.COLLEGE])
    assert "小米科技有限责任公司" in college.get("/campus/files/review/").content.decode()
    assert college.get("/campus/files/review/next/").headers["Location"] == f"/campus/files/{case.public_id}/"
    world.open_parts(Part.PLATFORM)
    assert [one.get("/campus/files/").status_code for one in (client, college)] == [404, 404]


def test_nobody_begins_for_somebody_else(world):
    filing.destination(world)
    for actor in (world.actor(Role.COLLEGE), world.stranger_actor(Role.GRADUATE)):
        with pytest.raises((NotOpen, Refused)):
            begin(FileRegistration(flow_name="file_registration").flow, actor, archive_type="x_undecided")
