"""Posting the archive: when it can be asked for, what is frozen, what holds a letter back, how it ends (MAIL-01, MAIL-02)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from qicheng.domain.orgs.models import Opening
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.domain.transfer.effects import records
from qicheng.domain.transfer.flows.mailing import MAILING
from qicheng.domain.transfer.models import ArchiveRecord, Mailing
from qicheng.domain.transfer.sheets.mailing import (
    NATIONAL,
    OWN,
    Change,
    changes_of,
    declare_changes,
    opening,
    opening_words,
    opens_at,
    place_of,
    tracking_number,
)
from qicheng.foundation.access import Area, Level, Role
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, begin, find, open_acts, perform, timeline
from qicheng.foundation.flow.words import messages, sentence
from qicheng.foundation.kit.calendar import BEIJING, midnight, waited_before
from qicheng.foundation.notice.models import Notice
from tests.domain.transfer import post

pytestmark = pytest.mark.django_db
ELSEWHERE = {"kind": "x_home", "receiver": "东城区人才服务中心", "region": "110101", "address": "东四十条1号", "contact": "何云",
             "phone": "010-55555555", "postcode": "100007"}  # fmt: skip


def move(world, graduate, **said):
    """The school edits where the archive of a graduate goes."""
    seen = ArchiveRecord.all_rows.get(graduate=graduate).version
    records.edit_record(Area.ARCHIVE, graduate.public_id, world.actor(Role.SCHOOL), seen=seen, **ELSEWHERE | said)


def refused(act):
    with pytest.raises(Refused) as stopped:
        act()
    return str(stopped.value)


# ---- the calendar


@pytest.mark.rule("MAIL-01")
@pytest.mark.parametrize(
    ("confirmed", "opens"),
    [
        ("2026-06-09 10:00", "2026-06-10"),  # a Tuesday
        ("2026-06-12 23:59", "2026-06-15"),  # a Friday, one minute before midnight
        ("2026-06-13 00:00", "2026-06-15"),  # a Saturday
        ("2026-09-30 18:00", "2026-10-08"),  # the day before the national holidays
        ("2026-10-09 09:00", "2026-10-10"),  # a Friday before a Saturday that is worked
        ("2026-02-13 12:00", "2026-02-14"),  # before Spring Festival: Saturday the 14th is worked
        ("2026-02-14 12:00", "2026-02-24"),
    ],
)
def test_a_letter_can_be_asked_for_from_the_midnight_of_the_next_working_day_on(confirmed, opens):
    at = datetime.fromisoformat(confirmed).replace(tzinfo=BEIJING)
    assert opening(at) == (date.fromisoformat(opens), True)
    assert opens_at(at) == midnight(date.fromisoformat(opens))


def test_a_year_whose_holidays_are_not_published_is_counted_by_weekdays_and_said():
    at = datetime(2031, 12, 31, 12, tzinfo=BEIJING)
    assert opening_words(at) == "1 月 1 日（2032 年的放假安排还没有公布，按周末推算）"


@pytest.mark.rule("MAIL-01")
@pytest.mark.parametrize("hours", range(0, 24 * 16, 5))
def test_the_instant_that_lists_go_by_agrees_with_the_day_that_the_graduate_is_told(hours):
    confirmed_at = datetime(2026, 9, 24, 11, 30, tzinfo=BEIJING)
    now = confirmed_at + timedelta(hours=hours)
    assert (confirmed_at < waited_before(now, 1)) == (now >= opens_at(confirmed_at))


# ---- asking


@pytest.mark.rule("MAIL-01")
def test_a_graduate_asks_a_working_day_after_confirming_and_not_before(world):
    graduate = post.settled(world)
    me = world.of(graduate)
    assert (
        refused(lambda: begin(MAILING, me))
        == "先在「登记确认」里确认登记信息无误。确认无误一个工作日以后，可以申请邮寄。"
    )

    perform(world.confirmation_of(graduate), "confirm", me)
    at = world.confirmation_of(graduate).confirmed_at
    assert refused(lambda: begin(MAILING, me)) == f"确认无误一个工作日以后可以申请邮寄，{opening_words(at)} 起开放。"


@pytest.mark.rule("MAIL-01")
def test_the_letter_is_frozen_when_it_is_submitted_with_the_versions_that_it_was_read_from(world):
    case = post.drafted(world)
    assert (case.letter, case.standing.label) == ({}, "待确认并提交")
    perform(case, "submit", world.of(world.graduate))

    record, job = (
        ArchiveRecord.all_rows.get(graduate=world.graduate),
        EmploymentRecord.all_rows.get(graduate=world.graduate),
    )
    assert (case.state, case.record_version, case.employment_version) == ("pending", record.version, job.version)
    assert {key: case.letter[key] for key in ("name", "student_number", "political_status", "unit", "kind", "receiver", "address", "contact",
                                              "phone", "postcode")} == {
        "name": "陈诚", "student_number": world.graduate.student_number, "political_status": "03", "unit": "云岭数据科技有限公司",
        "kind": "x_trustee", "receiver": "北京市西城区人才服务中心", "address": "北京市西城区西直门外大街56号", "contact": "吴芳",
        "phone": "010-33333333", "postcode": "100056",
    }  # fmt: skip


@pytest.mark.rule("MAIL-01")
@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"archive_type": "x_undecided"}, "档案转递类型是「暂不确定」。确定以后申请修改档案信息，再来申请邮寄。"),
        ({"archive_type": "x_study_own"}, "你升学到本校，档案留在学校，不用邮寄。"),
        (
            {"archive_contact": "", "archive_phone": ""},
            "档案信息里还缺联系人、联系电话。申请修改档案信息，补齐以后再来申请邮寄。",
        ),
    ],
)
def test_an_archive_that_cannot_go_is_not_asked_for(world, terms, why):
    graduate = post.ready(world, **terms)
    assert refused(lambda: begin(MAILING, world.of(graduate))) == why


@pytest.mark.rule("MAIL-01")
def test_an_archive_whose_record_was_cleared_is_not_asked_for(world):
    graduate = post.settled(world)
    version = ArchiveRecord.all_rows.get(graduate=graduate).version
    records.clear_record(Area.ARCHIVE, graduate.public_id, world.actor(Role.SCHOOL), seen=version, words="登记错了人")
    post.confirm(world, graduate)
    assert refused(lambda: begin(MAILING, world.of(graduate))) == "档案去向还没有登记。登记审核通过以后，再来申请邮寄。"


def test_who_has_no_destination_yet_and_whose_change_is_in_review_waits_for_it(world):
    stranger = world.stranger
    world.open_transfer(graduate=stranger)
    graduate = post.ready(world)
    world.change_submitted(graduate=graduate)
    assert (
        refused(lambda: begin(MAILING, world.of(graduate))) == "你的档案信息修改申请还在审核。有了结果，再来申请邮寄。"
    )


@pytest.mark.rule("MAIL-01", "ARC-08", "ORG-02")
def test_a_module_that_is_shut_and_an_archive_that_is_not_here_refuse(world):
    graduate = post.ready(world)
    Graduate.all_rows.filter(pk=graduate.pk).update(archive_moved=False)
    assert "档案是否转入学校" in refused(lambda: begin(MAILING, world.of(graduate)))
    Graduate.all_rows.filter(pk=graduate.pk).update(archive_moved=True)
    Opening.objects.filter(module="archive").update(is_open=False)
    assert (
        refused(lambda: begin(MAILING, world.of(graduate))) == "省级用户没有开启「档案信息登记」模块，开启后才能办理。"
    )


@pytest.mark.rule("MAIL-01")
def test_there_is_one_request_of_a_graduate_until_it_is_called_off(world):
    case = post.drafted(world)
    me = world.of(world.graduate)
    assert refused(lambda: begin(MAILING, me)) == Mailing.refusals["one_live_mailing"]
    perform(case, "call_off", me)
    assert begin(MAILING, me).state == "draft"


def test_staff_see_a_request_from_its_submission_on(world):
    case = post.drafted(world)
    school = world.actor(Role.SCHOOL)
    with pytest.raises(NotFound):
        find(Mailing, case.public_id, school)
    perform(case, "submit", world.of(world.graduate))
    assert find(Mailing, case.public_id, school).pk == case.pk
    with pytest.raises(NotFound):
        find(Mailing, case.public_id, replace(school, levels={Area.EMPLOYMENT: Level.WRITE}))


# ---- on its way


@pytest.mark.rule("MAIL-02")
def test_a_letter_goes_through_the_states_of_the_rule_and_the_graduate_is_told_of_each(world):
    case = post.sent(world)
    school = world.actor(Role.SCHOOL)
    assert (case.state, case.tracking, case.standing.label) == ("sent", "EA123456789CN", "已寄出")
    perform(case, "come_back", school, words="收件地址查无此单位")
    assert (case.state, case.standing.label) == ("returned", "退回")
    perform(case, "submit", world.of(world.graduate))
    assert (case.state, case.tracking, case.batch_id, case.standing.label) == ("pending", "", None, "待处理")
    perform(case, "take", school)
    perform(case, "send", school, tracking="ea 987654321 cn")
    perform(case, "sign", school)
    assert (case.state, case.tracking, case.standing.label, case.signed_at is not None) == (
        "signed",
        "EA987654321CN",
        "已签收",
        True,
    )

    assert [record.act for record in timeline(case)] == [
        "apply", "submit", "take", "send", "come_back", "submit", "take", "send", "sign",
    ]  # fmt: skip
    told = Notice.objects.filter(role=Role.GRADUATE, node=world.graduate.pk, flow="mailing", channel="inbox").order_by(
        "id"
    )
    assert [words.subject for _, words in messages(told)] == [
        "你的档案已经寄出", "档案邮件被退回学校", "你的档案已经寄出", "你的档案已经签收",
    ]  # fmt: skip
    assert "EA987654321CN" in messages(told)[2][1].body
    assert sentence(timeline(case)[4], case) == "学校 登记退件：收件地址查无此单位"


@pytest.mark.rule("MAIL-02")
def test_a_wrong_note_can_be_taken_back_and_a_wrong_number_mended(world):
    case = post.sent(world)
    school = world.actor(Role.SCHOOL)
    perform(case, "correct", school, tracking="SF1234567890123")
    perform(case, "sign", school)
    perform(case, "unsign", school)
    assert (case.state, case.tracking, case.signed_at, case.closed_at) == ("sent", "SF1234567890123", None, None)


@pytest.mark.rule("MAIL-02")
def test_a_number_belongs_to_one_letter_and_is_written_one_way(world):
    post.sent(world)
    other = post.batched(world, post.ready(world, world.new_graduate("沈知行", world.college)))
    school = world.actor(Role.SCHOOL)
    assert (
        refused(lambda: perform(other, "send", school, tracking="EA 123-456-789 cn"))
        == Mailing.refusals["one_letter_of_a_number"]
    )
    assert (
        refused(lambda: perform(other, "send", school, tracking="短号"))
        == "单号只有字母和数字，6 到 30 位，请对照面单再填"
    )
    assert tracking_number(" ｅａ１２３４５６７８９ｃｎ\n") == "EA123456789CN"


@pytest.mark.rule("MAIL-02")
@pytest.mark.parametrize("at_stage", [post.asked, post.batched])
def test_until_it_is_sent_the_graduate_takes_the_request_back(world, at_stage):
    case = at_stage(world)
    perform(case, "withdraw", world.of(world.graduate))
    assert (case.state, case.batch_id) == ("draft", None)


def test_what_is_sent_is_not_taken_back(world):
    case = post.sent(world)
    with pytest.raises(NotOpen):
        perform(case, "withdraw", world.of(world.graduate))


# ---- held back


@pytest.mark.rule("MAIL-02")
def test_a_record_that_changed_holds_the_letter_back_and_says_what_changed(world):
    case = post.batched(world)
    move(world, world.graduate)
    school = world.actor(Role.SCHOOL)
    why = refused(lambda: perform(case, "send", school, tracking="EA123456789CN"))
    assert why == (
        "提交以后，档案转递类型、档案接收单位名称、档案接收地区、档案接收地址、联系人、联系电话、邮政编码有了变化。"
        "这封邮件先不寄：请毕业生撤回申请，按新的信息确认以后再提交。"
    )
    assert next(one.why for one in open_acts(case, school) if one.act.name == "send") == why


@pytest.mark.rule("MAIL-02")
def test_a_change_that_is_not_printed_holds_it_until_the_graduate_has_confirmed_again(world):
    case = post.asked(world)
    school = world.actor(Role.SCHOOL)
    world.recorded(
        world.graduate, destination="10", employer_name="云岭数据科技有限公司", source="system", contact="新的联系人"
    )
    EmploymentRecord.all_rows.filter(graduate=world.graduate).update(destination=case.letter["destination"])
    why = refused(lambda: perform(case, "take", school))
    assert why == "提交以后，登记的信息有了变化，毕业生还没有重新确认无误。这封邮件先不寄。"
    post.confirm(world, world.graduate)
    perform(case, "take", school)
    assert case.state == "batched"


@pytest.mark.rule("MAIL-01")
def test_withdrawn_confirmed_and_submitted_again_the_letter_says_what_is_true_now(world):
    case = post.batched(world)
    me = world.of(world.graduate)
    move(world, world.graduate)
    perform(case, "withdraw", me)
    assert (
        refused(lambda: perform(case, "submit", me))
        == "先在「登记确认」里确认登记信息无误。确认无误一个工作日以后，可以申请邮寄。"
    )
    post.confirm(world, world.graduate)
    perform(case, "submit", me)
    assert case.letter["receiver"] == "东城区人才服务中心"
    assert timeline(case)[-1].changes["档案接收单位名称"] == ["北京市西城区人才服务中心", "东城区人才服务中心"]


# ---- which change mends which part


@pytest.mark.rule("MAIL-01")
def test_each_part_leads_to_the_change_that_is_right_for_it_and_a_profile_gives_others(world, monkeypatch):
    monkeypatch.setattr("qicheng.domain.transfer.sheets.mailing.OWN", OWN[:])
    own, other, cohort = world.school.pk, world.other_school.pk, world.cohort
    assert {part: change.name for part, change in changes_of(own, cohort).items()} == {
        "person": "联系学校核对名单", "politics": "联系学校核对名单", "destination": "解约或作废以后重新登记", "unit": "修改去向信息",
        "record": "申请修改档案信息",
    }  # fmt: skip
    resigning = {"destination": Change("改签申请", "换单位的办理改签。", "registration:records")}
    declare_changes(lambda school, year: resigning if (school, year) == (own, cohort) else {})
    here = changes_of(own, cohort)
    assert (here["destination"].name, here["record"]) == ("改签申请", NATIONAL["record"])
    assert changes_of(other, cohort) == changes_of(own, cohort - 1) == NATIONAL
    declare_changes(lambda school, year: {"shoes": NATIONAL["unit"]})
    with pytest.raises(ValueError, match="no such part"):
        changes_of(own, cohort)


@pytest.mark.parametrize(
    ("region", "address", "shown"),
    [
        ("110108", "北四环西路52号", "北京市海淀区北四环西路52号"),
        ("110108", "北京市海淀区北四环西路52号", "北京市海淀区北四环西路52号"),
        ("", "西直门外大街56号", "西直门外大街56号"),
    ],
)
def test_a_place_is_said_once(region, address, shown):
    assert place_of({"region": region, "address": address}) == shown


def test_the_clock_of_the_guard_is_the_databases(world):
    graduate = post.settled(world)
    post.confirm(world, graduate, timezone.now() - timedelta(days=12))
    assert begin(MAILING, world.of(graduate)).state == "draft"
