"""What a graduate opens on the phone, without scripts: home, invitation, answer, agreement, records."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from qicheng.domain.orgs.models import Opening
from qicheng.domain.registration.effects.agreement import make_agreement
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.queries import AGREEMENT, paces, stations
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import perform
from qicheng.foundation.papers import store
from tests.clients import signed_in
from tests.world import PASSWORD, World

pytestmark = pytest.mark.django_db


def text(response):
    """What stands on the page, without markup."""
    body = response.content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body[body.index("<main") : body.index("<footer")]))


def phone(world, graduate=None):
    return signed_in(world.graduate_seat(graduate or world.graduate))


def hidden(response, act):
    """The hidden fields of an act's form, as a browser without scripts would send them."""
    body = response.content.decode()
    form = body[body.index(f"/{act}/") :]
    return {name: re.search(f'name="{name}" value="([^"]*)"', form)[1] for name in ("seen", "key")}


# ---- home ----


@pytest.mark.rule("REG-10")
def test_home_says_what_to_do_now_and_the_nearest_deadline_wins(world):
    world.invitation(employer=world.stranger_actor(Role.EMPLOYER), days=5)
    near = world.invitation(days=3)
    page = phone(world).get("/")

    card = page.content.decode().split('class="now"')[1].split("</section>")[0]
    assert ("回应签约邀请" in card, near.employer_name in card, f"/invites/{near.public_id}/" in card) == (
        True,
        True,
        True,
    )
    assert "还有 1 份邀请在等你回应" in text(page)


@pytest.mark.rule("REG-10")
def test_home_has_both_areas_and_the_hint_to_agree_first(world):
    shown = text(phone(world).get("/"))

    assert [words in shown for words in ("去向填报", "登记记录", "先和单位商量好", "办理指南", "个人信息")] == [
        True
    ] * 5
    assert "选择怎么登记" in shown


@pytest.mark.rule("REG-10")
@pytest.mark.parametrize(
    ("stage", "title"), [("accepted", "等学院审核"), ("effective", "协议已经生效")]
)  # fmt: skip
def test_home_says_who_has_it(world, stage, title):
    getattr(world, stage)()

    assert title in text(phone(world).get("/"))


@pytest.mark.rule("ROS-02", "REG-10")
def test_who_has_not_confirmed_is_first_asked_to_check_the_own_data(world):
    world.invitation()
    Graduate.all_rows.filter(pk=world.graduate.pk).update(confirmed_revision=None)
    page = phone(world).get("/", follow=True)

    assert "核对个人信息" in page.content.decode()


@pytest.mark.rule("ORG-04")
def test_steps_that_the_school_has_not_opened_say_so(world):
    assert text(phone(world).get("/")).count("学校还没有开启") == 3


@pytest.mark.rule("ORG-02", "ORG-04")
def test_a_module_that_is_not_open_is_said_to_be_and_nothing_is_asked(world):
    world.invitation()
    Opening.objects.filter(province=world.province).update(is_open=False)
    shown = text(phone(world).get("/"))

    assert ("没有开启" in shown, "查看并回应" in shown) == (True, False)


@pytest.mark.rule("ORG-12")
def test_home_names_whom_to_ask(world):
    assert ("就业中心 钱老师" in text(phone(world).get("/")), "010-62750000" in text(phone(world).get("/"))) == (
        True,
        True,
    )


@pytest.mark.rule("ROS-03")
def test_a_closed_cohort_can_look_at_its_records_only(db):
    client = signed_in(World(cohort=2024).seats[Role.GRADUATE])

    assert "2024 届办理到次年 1 月 31 日为止" in text(client.get("/"))
    assert "2024 届办理到次年 1 月 31 日为止" in text(client.get("/records/"))


# ---- an invitation ----


@pytest.mark.rule("SIGN-01")
def test_an_invitation_shows_what_it_carries_and_both_sentences(world):
    case = world.invitation(penalty="3000 元", report_place="北京市西城区", report_by=None, extra_terms="入职体检合格")
    shown = text(phone(world).get(f"/invites/{case.public_id}/"))

    for words in (
        "数据分析师", "8,000 元/月", "3,000 元", "托管单位接收", "北京市西城区人才服务中心", "转回生源地", "入职体检合格", "签约信息生效后生成",
        "线上签约", "暂未生效", "邀约时间", "应约有效期 3 天", "应约截止时间", "统一社会信用代码", world.employer.credit_code,
        "若学校开通档案信息登记模块，您提交的档案信息经学校审核通过后将会同步到档案信息登记模块，请确定后再提交",
        "若学校开通户口信息登记模块，您提交的户口信息经学校审核通过后将会同步到户口信息登记模块，请确定后再提交",
    ):  # fmt: skip
        assert re.sub(r"\s", "", words) in re.sub(r"\s", "", shown)


def test_what_the_employer_left_open_is_called_out(world):
    case = world.invitation(work_place="")
    shown = text(phone(world).get(f"/invites/{case.public_id}/"))

    assert "「违约金」「报到期限」「实际工作地点」没有填写" in shown
    assert "--" not in shown


def test_numbers_of_identity_and_phone_are_masked_on_the_screen(world):
    case = world.invitation()
    body = phone(world).get(f"/invites/{case.public_id}/").content.decode()

    assert world.graduate.id_number not in body


@pytest.mark.rule("SIGN-03", "SIGN-01")
def test_the_graduate_accepts_without_scripts(world):
    case = world.invitation()
    client = phone(world)
    page = client.get(f"/act/online_signing/{case.public_id}/accept/")
    answer = client.post(
        f"/act/online_signing/{case.public_id}/accept/", hidden(page, "accept") | {"password": PASSWORD}
    )

    assert (answer.status_code, answer.url) == (302, f"/invites/{case.public_id}/")
    assert Registration.all_rows.get(pk=case.pk).state == "college_review"


def test_the_graduate_accepts_from_the_sheet_of_the_page(world):
    case = world.invitation()
    client = phone(world)
    fields = hidden(client.get(f"/invites/{case.public_id}/"), "accept")
    client.post(f"/act/online_signing/{case.public_id}/accept/", fields | {"password": PASSWORD})
    client.post(f"/act/online_signing/{case.public_id}/accept/", fields | {"password": PASSWORD})

    assert Record.objects.filter(case=str(case.public_id), act="accept").count() == 1


def test_the_graduate_declines(world):
    case = world.invitation()
    client = phone(world)
    fields = hidden(client.get(f"/invites/{case.public_id}/"), "decline")
    client.post(f"/act/online_signing/{case.public_id}/decline/", fields)

    assert Registration.all_rows.get(pk=case.pk).state == "declined"


@pytest.mark.rule("REG-04")
def test_an_answer_from_a_stale_page_is_refused_with_the_state_of_now(world):
    case = world.invitation()
    client = phone(world)
    fields = hidden(client.get(f"/invites/{case.public_id}/"), "accept")
    perform(case, "withdraw", world.actor(Role.EMPLOYER))
    answer = client.post(f"/act/online_signing/{case.public_id}/accept/", fields | {"password": PASSWORD}, follow=True)

    assert "单位已撤回邀请" in text(answer)
    assert Registration.all_rows.get(pk=case.pk).state == "withdrawn"


@pytest.mark.rule("SIGN-02")
def test_an_expired_invitation_is_shown_as_such_and_has_no_buttons(world):
    now = timezone.now()
    case = world.overdue(now - timedelta(days=4), now - timedelta(seconds=1))
    client = phone(world)
    body = client.get(f"/invites/{case.public_id}/").content.decode()

    assert ("逾期失效" in body, "/accept/" in body, "/decline/" in body) == (True, False, False)
    assert "逾期失效" in text(client.get("/records/"))


@pytest.mark.rule("SIGN-03")
def test_the_other_invitations_are_visible_and_not_to_be_accepted(world):
    other = world.invitation(employer=world.stranger_actor(Role.EMPLOYER))
    world.accepted()
    page = phone(world).get(f"/invites/{other.public_id}/")

    assert "你已与其他单位签约或登记了去向" in text(page)
    assert "/accept/" not in page.content.decode()


@pytest.mark.rule("ROS-07")
def test_a_frozen_registration_reads_as_invalid(world):
    world.accepted()
    client = phone(world)
    Graduate.all_rows.filter(pk=world.graduate.pk).update(removed_at=timezone.now())

    assert "已失效" in text(client.get("/records/"))


@pytest.mark.rule("REG-05")
def test_a_rejection_shows_its_reason_and_not_the_internal_note(world):
    case = world.accepted()
    perform(
        case,
        "reject",
        world.actor(Role.COLLEGE),
        reason="r_other",
        words="岗位信息与面谈不一致",
        internal="电话问过单位",
    )
    page = phone(world).get(f"/invites/{case.public_id}/")

    assert ("岗位信息与面谈不一致" in text(page), "电话问过单位" in page.content.decode()) == (True, False)


# ---- whose page it is ----


@pytest.mark.rule("ORG-01")
def test_a_case_is_found_by_those_it_concerns_and_by_nobody_else(world):
    case = world.accepted()
    url = f"/invites/{case.public_id}/"
    own = [
        signed_in(world.seats[role]).get(url).status_code
        for role in (Role.GRADUATE, Role.EMPLOYER, Role.COLLEGE, Role.SCHOOL, Role.PROVINCE)
    ]
    others = [
        phone(world, world.neighbour),
        *(signed_in(seat) for seat in world.stranger_seats.values()),
        signed_in(world.other_college_seat),
    ]

    assert own == [200] * 5
    assert [client.get(url).status_code for client in others] == [404] * len(others)
    assert phone(world).get(f"/invites/{uuid4()}/").status_code == 404


@pytest.mark.rule("ORG-01")
@pytest.mark.parametrize("path", ["/records/", "/guide/"])
def test_pages_of_graduates_are_for_graduates(world, path):
    assert phone(world).get(path).status_code == 200
    assert [
        signed_in(world.seats[role]).get(path).status_code for role in (Role.EMPLOYER, Role.COLLEGE, Role.SCHOOL)
    ] == [404] * 3


@pytest.mark.parametrize("path", ["/", "/records/"])
def test_three_records_cost_no_more_queries_than_one(world, path):
    employers = [world.actor(Role.EMPLOYER), world.stranger_actor(Role.EMPLOYER)]
    third = world.new_employer("南屿造船有限公司")
    employers.append(world.new_seat(Role.EMPLOYER, third.pk, "白经理").actor(name="白经理"))
    client = phone(world)
    world.invitation(employer=employers[0])
    client.get(path)
    with CaptureQueriesContext(connection) as one:
        client.get(path)
    for employer in employers[1:]:
        world.invitation(employer=employer)
    with CaptureQueriesContext(connection) as three:
        client.get(path)

    assert len(three) == len(one)


# ---- the agreement ----


@pytest.mark.rule("SIGN-06")
def test_both_sides_and_the_school_open_the_agreement_and_nobody_else(world):
    case = world.effective()
    make_agreement(str(case.public_id))
    url = f"/invites/{case.public_id}/agreement.pdf"
    answers = [
        signed_in(world.seats[role]).get(url) for role in (Role.GRADUATE, Role.EMPLOYER, Role.COLLEGE, Role.SCHOOL)
    ]

    assert [(one.status_code, one["Content-Type"], one.content[:5]) for one in answers] == [
        (200, "application/pdf", b"%PDF-")
    ] * 4
    assert {one["Cache-Control"] for one in answers} == {"private, no-store"}
    assert [phone(world, who).get(url).status_code for who in (world.neighbour, world.stranger)] == [404, 404]
    assert signed_in(world.stranger_seats[Role.EMPLOYER]).get(url).status_code == 404


@pytest.mark.rule("SIGN-06")
def test_while_the_agreement_is_being_made_the_page_says_so(world):
    case = world.effective()
    page = phone(world).get(f"/invites/{case.public_id}/agreement.pdf")

    assert ("协议书正在生成" in text(page), page["Content-Type"][:9]) == (True, "text/html")


@pytest.mark.rule("SIGN-06")
def test_a_held_agreement_gives_its_reason(world):
    case = world.effective()
    record = Record.objects.filter(case=str(case.public_id)).latest("id")
    store.hold(
        AGREEMENT, "“𫠝”字库里没有，协议暂不能生成；请联系平台加装字体", record=str(record.pk), flow=case.flow_name, case=str(case.public_id),
        cohort=case.cohort, school_id=case.school_id,
    )  # fmt: skip
    client = phone(world)

    assert "字库里没有" in text(client.get(f"/invites/{case.public_id}/agreement.pdf"))
    assert "字库里没有" in text(client.get(f"/invites/{case.public_id}/"))


def test_before_it_takes_effect_there_is_no_agreement(world):
    case = world.accepted()

    assert phone(world).get(f"/invites/{case.public_id}/agreement.pdf").status_code == 404


# ---- who has it, and how long it takes ----


@pytest.mark.parametrize(
    ("act", "role", "expected"),
    [
        (None, None, [("单位", "已发起", "done"), ("你", "待回应", "you"), ("学院", "审核", ""), ("学校", "审核", ""), ("协议", "生效", "")]),
        ("accept", Role.GRADUATE, [("单位", "已发起", "done"), ("你", "已同意", "done"), ("学院", "待审核", "now"), ("学校", "审核", ""), ("协议", "生效", "")]),
        ("decline", Role.GRADUATE, [("单位", "已发起", "done"), ("你", "已拒绝", "stop"), ("学院", "审核", ""), ("学校", "审核", ""), ("协议", "生效", "")]),
    ],
)  # fmt: skip
def test_the_relay_says_whose_hands_it_is_in(world, act, role, expected):
    case = world.invitation()
    if act:
        perform(case, act, world.actor(role))

    assert stations(case, Role.GRADUATE, timezone.now(), two_levels=True) == expected


def test_an_average_is_told_only_where_there_were_enough_reviews(world):
    cases = [world.accepted(world.new_graduate(f"同学{i}", world.college)) for i in range(20)]
    for case in cases[:19]:
        perform(case, "approve", world.actor(Role.COLLEGE))
    assert paces(cases[0]) == {}
    perform(cases[19], "approve", world.actor(Role.COLLEGE))

    assert set(paces(cases[0])) == {Role.COLLEGE}
