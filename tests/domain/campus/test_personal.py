"""What graduates say of themselves before they register: what goes where, and what it opens."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from qicheng.domain.campus.flows.personal import PERSONAL_INFORMATION, SUPPLEMENTING
from qicheng.domain.campus.models import Part, PersonalInformation, Supplement
from qicheng.domain.campus.queries.personal import Step, personal_step
from qicheng.domain.campus.queries.profile import FLOWS_OF
from qicheng.domain.campus.sheets.personal import PERSONAL as SHEET
from qicheng.domain.campus.sheets.personal import SUPPLEMENT, locked_lines
from qicheng.domain.orgs.effects.settings import set_signing
from qicheng.domain.orgs.models import SigningSettings
from qicheng.domain.orgs.sheets import SIGNING
from qicheng.domain.registration.flows.destination import DESTINATION
from qicheng.domain.registration.flows.offline_signing import OFFLINE_SIGNING
from qicheng.domain.registration.flows.supplementary import SUPPLEMENTARY
from qicheng.domain.registration.guards import roster_agrees
from qicheng.domain.roster.effects import mark_recommended, take_own_lines
from qicheng.domain.roster.models import Graduate
from qicheng.domain.roster.sheets import CONTACTS, OPENED, OPENED_EXTRA
from qicheng.domain.transfer.guards.mailing import letter_is_as_submitted
from qicheng.domain.transfer.sheets.mailing import changes_of
from qicheng.foundation.access import Actor, Area, Level, Role
from qicheng.foundation.flow.perform import (
    NotFound,
    NotOpen,
    Refused,
    Stale,
    TakenBack,
    begin,
    find,
    noted,
    open_acts,
    perform,
    timeline,
)
from qicheng.foundation.notice.models import Notice
from tests.domain.campus.filled_personal import PERSONAL, approved, contacts, submitted, supplemented
from tests.domain.transfer import post
from tests.world import FORM, PAPER, filled_destination

pytestmark = pytest.mark.django_db
WHY = {"words": "生源地选到户口所在的县"}


def line(graduate: Graduate) -> Any:
    return Graduate.all_rows.select_related("account").get(pk=graduate.pk)


def step(graduate: Graduate) -> Any:
    return personal_step(graduate)


def refusal(act: Any, *args: Any, **given: Any) -> str:
    with pytest.raises(Refused) as refused:
        act(*args, **given)
    return str(refused.value)


# ---- 个人信息完善


@pytest.mark.rule("CAM-02")
def test_what_the_graduate_fills_in_goes_into_the_roster_and_every_submission_is_on_record(world):
    me = world.actor(Role.GRADUATE)
    case = submitted(world)

    now = line(world.graduate)
    assert {key: getattr(now, key) for key in OPENED} == {key: PERSONAL[key] for key in OPENED}
    assert now.extra == {key: PERSONAL[key] for key in OPENED_EXTRA if PERSONAL[key]}
    assert (now.email, now.account.email, now.phone) == ("chen@example.com", "chen@example.com", world.graduate.phone)
    assert (case.state, case.version) == ("submitted", 1)

    typed = PERSONAL | contacts(now) | {"phone": "13912345678", "wechat": "", "qq": "10001"}
    assert refusal(perform, case, "change", me, **typed) == "还没有填好：微信。改好以后再提交。"
    perform(case, "change", me, seen=1, **typed | {"wechat": "cc"})
    now = line(world.graduate)
    assert (now.phone, now.account.phone, now.extra["wechat"], now.extra["qq"]) == (
        "13912345678",
        "13912345678",
        "cc",
        "10001",
    )
    first, second = timeline(case)
    assert first.changes["政治面貌"] == ["共青团员", "中共预备党员"]
    assert first.changes["紧急联系人手机号"] == ["没有填写", "133****5678"]
    assert second.changes == {
        "手机": [f"{world.graduate.phone[:3]}****{world.graduate.phone[-4:]}", "139****5678"], "微信": ["chencheng2026", "cc"],
        "QQ": ["没有填写", "10001"],
    }  # fmt: skip
    with pytest.raises(Stale):
        perform(case, "change", me, seen=1, **typed)


@pytest.mark.rule("CAM-02", "ROS-02", "ROS-05")
def test_saying_it_anew_confirms_it_but_a_frozen_registration_sees_the_new_revision(world):
    world.open_parts(Part.PLATFORM)
    signing = world.accepted()
    submitted(world)

    now = line(world.graduate)
    assert (now.revision, now.confirmed_revision, now.has_confirmed) == (2, 2, True)
    assert signing.student["revision"] == 1
    assert roster_agrees(signing, world.actor(Role.COLLEGE)) is None
    perform(signing, "refresh", world.actor(Role.COLLEGE))
    assert (signing.student["political_status"], signing.student["revision"]) == ("02", 2)

    case = PersonalInformation.all_rows.get(graduate=world.graduate)
    perform(case, "change", world.actor(Role.GRADUATE), **PERSONAL | contacts(now) | {"class_name": "2班"})
    assert line(world.graduate).revision == 2
    fresh = world.new_graduate("周予安", world.college, confirmed=False)
    submitted(world, fresh)
    assert line(fresh).confirmed_revision is None


@pytest.mark.rule("CAM-02", "MAIL-01")
def test_a_letter_whose_political_status_is_wrong_is_mended_here(world):
    world.open_parts(Part.PERSONAL)
    submitted(world)
    letter = post.asked(world, post.ready(world, world.graduate))
    assert letter_is_as_submitted(letter, world.actor(Role.SCHOOL)) is None
    case = PersonalInformation.all_rows.get(graduate=world.graduate)
    perform(
        case, "change", world.actor(Role.GRADUATE), **PERSONAL | contacts(world.graduate) | {"political_status": "01"}
    )

    found = find(type(letter), letter.public_id, world.actor(Role.SCHOOL))
    assert letter_is_as_submitted(found, world.actor(Role.SCHOOL)) == (
        "提交以后，政治面貌有了变化。这封邮件先不寄：请毕业生撤回申请，按新的信息确认以后再提交。"
    )
    assert changes_of(world.school.pk, world.cohort)["politics"].address == "campus:personal"
    assert changes_of(world.school.pk, 2025)["politics"].address == "roster:check"


@pytest.mark.rule("CAM-02")
@pytest.mark.parametrize(
    ("over", "key", "words"),
    [
        ({"origin": "320600"}, "origin", "下面还要选到下一级"), ({"emergency_phone": "+86 139 0000 0001"}, "emergency_phone", "11 位数字"),
        ({"emergency_phone": "13900000001"}, "emergency_phone", "这是你自己的手机号"), ({"qq": "abc"}, "qq", "只有数字"),
        ({"hardship": "9"}, "hardship", "没有这一项"), ({"counsellor": "·"}, "counsellor", "看不懂"), ({"class_name": ""}, "class_name", "还没有填写"),
    ],
)  # fmt: skip
def test_a_form_says_at_each_field_what_is_wrong(over, key, words):
    form = SHEET.form(2026)(PERSONAL | {"phone": "13900000001", "email": "a@example.com"} | over)
    assert set(form.errors) == {key}
    assert words in form.errors[key][0]


@pytest.mark.rule("CAM-02", "PKU-01")
def test_the_forms_ask_what_the_guides_name_and_lock_the_rest(world):
    assert [(field.label, field.required) for field in SHEET] == [
        ("政治面貌", True), ("生源所在地", True), ("困难生类别", True), ("手机", True), ("邮箱", True), ("微信", True), ("QQ", False), ("辅导员/班主任", True),
        ("班级", True), ("异地书院", False), ("紧急联系人姓名", True), ("紧急联系人手机号", True),
    ]  # fmt: skip
    assert [field.label for field in SUPPLEMENT if field.required] == ["生源所在地", "手机号码", "电子邮箱"]
    assert {*SHEET.keys} == {*OPENED, *OPENED_EXTRA, *CONTACTS.keys}
    assert [label for _, label, _ in locked_lines(line(world.graduate))] == [
        "姓名", "学号", "考生号", "性别", "学院", "学历", "专业", "毕业日期", "民族", "身份证号", "出生日期", "学制", "入学时间", "层次", "培养方式", "师范生类别",
        "定向或委培单位",
    ]  # fmt: skip


# ---- 补充个人就业信息


@pytest.mark.rule("PKU-01")
def test_the_college_reviews_it_and_what_it_approves_goes_into_the_roster(world):
    me, college = world.actor(Role.GRADUATE), world.actor(Role.COLLEGE)
    case = supplemented(world)
    assert (case.state, case.before["origin"], line(world.graduate).origin) == ("college_review", "110101", "110101")
    assert [one.act.name for one in open_acts(case, college)] == ["approve", "return"]
    assert open_acts(case, world.actor(Role.SCHOOL)) == []

    perform(case, "return", college, **WHY)
    assert step(world.graduate) == Step(
        "补充个人就业信息",
        "now",
        "warn",
        "退回待你修改",
        "修改并重新提交",
        "/campus/supplement/",
        is_passed=False,
        reason=WHY["words"],
    )
    perform(case, "resubmit", me, origin="320682", **contacts(world.graduate))
    perform(case, "approve", college)

    now = line(world.graduate)
    assert (now.origin, now.email, now.revision, now.has_confirmed) == ("320682", "chen@example.com", 2, True)
    assert (step(now).words, step(now).is_passed, case.live) == ("审核通过", True, False)
    assert timeline(case)[2].changes["生源所在地"] == ["北京市东城区", "江苏省南通市如皋市"]
    assert [one.act for one in timeline(case)] == ["submit", "return", "resubmit", "approve"]
    told = Notice.objects.filter(flow="supplement", channel="inbox").values_list("act", "role", "node")
    assert sorted(told) == [("approve", "graduate", world.graduate.pk), ("return", "graduate", world.graduate.pk)]


@pytest.mark.rule("PKU-01")
def test_one_at_a_time_taken_back_it_is_the_graduates_alone(world):
    me, college = world.actor(Role.GRADUATE), world.actor(Role.COLLEGE)
    case = supplemented(world)
    assert refusal(supplemented, world) == "你已经有一份补充信息在办，看过最新内容再改。"
    perform(case, "recall", me)
    assert not Supplement.objects.seen_by(college).exists()
    with pytest.raises(TakenBack):
        perform(case, "approve", college)
    perform(case, "give_up", me)
    again = supplemented(world)
    assert (case.state, again.state, line(world.graduate).revision) == ("given_up", "college_review", 1)


@pytest.mark.rule("PKU-01")
def test_a_line_that_changed_meanwhile_and_a_phone_of_somebody_else_go_back(world):
    college = world.actor(Role.COLLEGE)
    case = supplemented(world, phone="13812345678")
    taken = "这个手机号已经绑定了其他账号，请换一个，或联系客服解除。"
    assert refusal(supplemented, world, world.neighbour, phone=world.graduate.phone) == taken
    world.neighbour.account.phone = "13812345678"
    world.neighbour.account.save()
    assert refusal(perform, case, "approve", college) == "这个手机号已经绑定了其他账号。请退回，让毕业生换一个。"
    Graduate.all_rows.filter(pk=world.graduate.pk).update(origin="110102")
    assert "有了变化" in refusal(perform, case, "approve", college)
    assert (line(world.graduate).origin, case.state) == ("110102", "college_review")


@pytest.mark.rule("PKU-01")
def test_what_one_line_says_of_phone_and_mail_all_lines_of_the_person_say(world):
    earlier = Graduate.all_rows.get(pk=world.graduate.pk)
    earlier.pk, earlier.cohort, earlier.public_id, earlier.account = None, 2025, uuid4(), None
    earlier.save()
    take_own_lines(line(world.graduate).account)
    approved(world, phone="13812345678")
    assert [(one.phone, one.origin) for one in Graduate.all_rows.filter(id_number=earlier.id_number).order_by("-cohort")] == [
        ("13812345678", "320681"), ("13812345678", "110101")
    ]  # fmt: skip


# ---- what it opens


def beginnings(world: Any) -> list[Any]:
    me = world.actor(Role.GRADUATE)
    return [
        (begin, OFFLINE_SIGNING, me, FORM), (begin, SUPPLEMENTARY, me, PAPER),
        (begin, DESTINATION, me, {"kind": "contract", **filled_destination("contract")}),
    ]  # fmt: skip


GATES = pytest.mark.parametrize(
    ("part", "words", "settle"),
    [
        (Part.SUPPLEMENT, "先补充个人就业信息，学院审核通过以后，才能填报毕业去向。", approved),
        (Part.PERSONAL, "先完善个人信息并提交，再来登记毕业去向。", submitted),
    ],
)


@GATES
@pytest.mark.rule("PKU-01", "CAM-03")
def test_before_it_nothing_is_registered_or_accepted_after_it_everything(world, part, words, settle):
    me, college = world.actor(Role.GRADUATE), world.actor(Role.COLLEGE)
    draft, reviewed = world.destination_draft(), world.accepted(world.neighbour)
    world.open_parts(part)
    invitation = world.invitation()

    for act, *args, given in beginnings(world):
        assert refusal(act, *args, **given) == words
    assert refusal(perform, draft, "submit", me) == refusal(perform, invitation, "accept", me) == words
    perform(reviewed, "approve", world.reviewer(reviewed, Role.COLLEGE))
    assert step(world.graduate).is_passed is False
    assert step(world.stranger) is None

    settle(world)
    world.paper_draft()
    perform(draft, "submit", me)
    perform(draft, "approve", college)
    assert draft.state == "school_review"


@pytest.mark.rule("PKU-01")
def test_a_later_submission_closes_nothing_that_an_earlier_one_opened(world):
    me, draft = world.actor(Role.GRADUATE), world.destination_draft()
    approved(world)
    later = supplemented(world, origin="320682")
    now = step(world.graduate)
    assert (later.state, now.state, now.words, now.is_passed) == ("college_review", "wait", "待学院审核", True)
    perform(draft, "submit", me)
    perform(later, "return", world.actor(Role.COLLEGE), **WHY)
    assert (draft.state, line(world.graduate).origin) == ("college_review", "320681")


@pytest.mark.rule("PKU-01")
def test_a_graduate_who_goes_on_without_an_examination_needs_no_more(world):
    school = world.actor(Role.SCHOOL)
    approved(world)
    ids = [world.graduate.public_id, world.neighbour.public_id, world.stranger.public_id]
    assert mark_recommended(ids, world.cohort, school, is_recommended=True) == 2
    assert mark_recommended(ids[:1], world.cohort, school, is_recommended=True) == 0
    assert step(line(world.graduate)).note == "你是推免（保研）毕业生，补充信息审核通过以后，不用再填报毕业去向。"
    assert step(line(world.neighbour)).note == step(line(world.graduate)).note
    mark_recommended(ids[1:], world.cohort, school, is_recommended=False)
    assert ("recommended" in line(world.graduate).extra, line(world.neighbour).extra) == (True, {})
    assert [one.changes for one in noted("roster", act="recommended", case=str(ids[1]))] == [
        {"推免（保研）": ["是", "否"]}, {"推免（保研）": ["否", "是"]}
    ]  # fmt: skip


@pytest.mark.rule("PKU-01", "SET-04")
def test_what_graduates_say_of_themselves_does_not_bind_the_settings_of_signing(world):
    supplemented(world)
    row = SigningSettings.all_rows.get(school=world.school)
    given = {key: getattr(row, key) for key in SIGNING.keys} | {"online_signing": False, "review_mode": "school"}
    set_signing(world.actor(Role.SCHOOL), world.cohort, row.version, given)
    row.refresh_from_db()
    assert (row.online_signing, row.review_mode) == (False, "school")


@pytest.mark.rule("CAM-02", "PKU-01")
def test_it_is_held_where_the_school_has_no_such_part_and_where_the_graduate_is_off_the_roster(world):
    mine, asked = submitted(world), supplemented(world)
    world.open_parts(Part.SUPPLEMENT)
    me, college = world.actor(Role.GRADUATE), world.actor(Role.COLLEGE)
    assert refusal(perform, mine, "change", me, **PERSONAL) == "学校没有开启「个人信息完善」，需要办理的请联系学校。"
    assert FLOWS_OF[Part.SUPPLEMENT] == ("supplement",)
    Graduate.all_rows.filter(pk=world.graduate.pk).update(removed_at=timezone.now())
    assert "已从学校名单中删除" in refusal(perform, asked, "approve", college)
    reader = Actor(Role.COLLEGE, world.other_college.pk, None, dict.fromkeys(Area, Level.WRITE))
    with pytest.raises(NotFound):
        find(Supplement, asked.public_id, reader)
    with pytest.raises(NotOpen):
        begin(
            SUPPLEMENTING,
            Actor(Role.GRADUATE, world.graduate.pk, me.account, dict.fromkeys(Area, Level.READ)),
            origin="320681",
        )
    for flow in (PERSONAL_INFORMATION, SUPPLEMENTING):
        assert refusal(begin, flow, me, origin="320681").startswith("还没有填好")
