"""The page of all acts: what it shows, what it refuses, and that nothing is done twice."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from qicheng.domain.orgs.models import Reason
from qicheng.foundation.access import Level, Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import perform
from tests.clients import signed_in
from tests.world import PASSWORD

pytestmark = pytest.mark.django_db


def address(case, name: str) -> str:
    return f"/act/{case.flow_name}/{case.public_id}/{name}/"


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(seen|key)" value="([^"]+)"', page))


def opened(client: Client, case, name: str) -> dict[str, str]:
    """The hidden fields of the confirmation, as a browser would send them."""
    return hidden(client.get(address(case, name)).content.decode())


def state(case) -> str:
    return type(case).all_rows.get(pk=case.pk).state


def acts_of(case) -> list[str]:
    return list(Record.objects.filter(case=str(case.public_id)).order_by("id").values_list("act", flat=True))


def test_the_confirmation_says_what_follows_and_needs_no_script(world):
    case = world.invitation()

    page = signed_in(world.seats[Role.GRADUATE]).get(address(case, "accept")).content.decode()

    assert "同意之后，其他单位的邀请只能查看" in page
    assert 'method="post"' in page
    assert hidden(page).keys() == {"seen", "key"}
    assert 'type="password"' in page


def test_an_act_in_person_asks_for_the_password_and_counts_the_guesses(world):
    case = world.invitation()
    client = signed_in(world.seats[Role.GRADUATE])
    fields = opened(client, case, "accept")

    nothing = client.post(address(case, "accept"), fields)
    wrong = client.post(address(case, "accept"), {**fields, "password": "not-this-one"})
    right = client.post(address(case, "accept"), {**fields, "password": PASSWORD})

    assert (nothing.status_code, wrong.status_code, right.status_code) == (422, 422, 302)
    assert "密码不对。再错 4 次要等 10 分钟" in wrong.content.decode()
    assert "not-this-one" not in wrong.content.decode()
    assert state(case) == "college_review"


def test_after_five_wrong_passwords_the_right_one_waits_too(world):
    case = world.invitation()
    client = signed_in(world.seats[Role.GRADUATE])
    fields = opened(client, case, "accept")
    for _ in range(5):
        client.post(address(case, "accept"), {**fields, "password": "not-this-one"})

    answer = client.post(address(case, "accept"), {**fields, "password": PASSWORD})

    assert (answer.status_code, state(case)) == (422, "invited")
    assert "10 分钟后再试" in answer.content.decode()


def test_what_happened_and_what_comes_next_is_said_on_the_next_page(world):
    case = world.accepted()
    client = signed_in(world.seats[Role.COLLEGE])

    answer = client.post(address(case, "approve"), opened(client, case, "approve"))

    assert answer.url == f"/invites/{case.public_id}/"
    words = "「审核通过」办好了，现在是「学生已同意签约，等待学校审核」。接下来等学校办理。"
    assert words in client.get("/account/").content.decode()
    assert words not in client.get("/account/").content.decode()


@pytest.mark.rule("REG-04")
def test_the_same_form_twice_has_one_effect_and_the_same_answer(world):
    case = world.accepted()
    client = signed_in(world.seats[Role.COLLEGE])
    fields = opened(client, case, "approve")

    answers = [client.post(address(case, "approve"), fields) for _ in range(2)]

    assert [(a.status_code, a.url) for a in answers] == [(302, f"/invites/{case.public_id}/")] * 2
    assert acts_of(case) == ["invite", "accept", "approve"]
    page = client.get("/account/").content.decode()
    assert page.count("「审核通过」办好了") == 2
    assert "你刚才的操作没有生效" not in page


@pytest.mark.rule("REG-04")
def test_of_two_reviewers_one_wins_and_the_other_is_told_what_happened(world):
    case = world.accepted()
    colleague = world.new_seat(Role.COLLEGE, world.college.pk, "李敏")
    here, there = signed_in(world.seats[Role.COLLEGE]), signed_in(colleague)
    fields, others = opened(here, case, "reject"), opened(there, case, "approve")
    there.post(address(case, "approve"), others)

    answer = here.post(address(case, "reject"), {**fields, "reason": "x_other", "words": "单位名称与公章不一致"})

    assert (answer.status_code, state(case)) == (302, "school_review")
    page = here.get("/account/").content.decode()
    assert re.search(
        r"李敏 \d\d:\d\d 已做过「审核通过」，现在是「学生已同意签约，等待学校审核」。你刚才的操作没有生效", page
    )


@pytest.mark.rule("REG-04")
def test_the_parties_are_told_the_role_and_not_the_name_of_who_was_first(world):
    case = world.invitation()
    graduate = signed_in(world.seats[Role.GRADUATE])
    fields = opened(graduate, case, "decline")
    perform(case, "withdraw", world.actor(Role.EMPLOYER))

    graduate.post(address(case, "decline"), fields)

    page = graduate.get("/account/").content.decode()
    assert re.search(r"用人单位 \d\d:\d\d 已做过「撤回邀请」", page)
    assert "李经理" not in page


@pytest.mark.rule("REG-04")
def test_a_link_to_an_act_that_is_over_says_how_the_case_stands(world):
    case = world.effective()
    client = signed_in(world.seats[Role.COLLEGE])

    answer = client.get(address(case, "approve"))

    assert answer.status_code == 302
    assert "现在是「签约审核通过」" in client.get("/account/").content.decode()


@pytest.mark.rule("REG-02")
def test_a_rejection_needs_a_reason_and_words_and_loses_nothing_that_was_typed(world):
    Reason.objects.create(school=world.school, purpose="reject", words="材料拍反了")
    case = world.accepted()
    client = signed_in(world.seats[Role.COLLEGE])
    page = client.get(address(case, "reject")).content.decode()
    fields = hidden(page)
    assert ("材料拍反了" in page, "证明材料不清晰" in page) == (True, False)

    answer = client.post(address(case, "reject"), {**fields, "reason": "x_pay", "words": "", "internal": "问过李经理"})

    again = answer.content.decode()
    assert (answer.status_code, state(case)) == (422, "college_review")
    assert "写明原因，对方才知道怎么办" in again
    assert '<option value="x_pay" selected>' in again
    assert "问过李经理" in again
    assert hidden(again)["key"] == fields["key"]

    client.post(
        address(case, "reject"), {**fields, "reason": "x_pay", "words": "试用期薪酬低于八成", "internal": "问过李经理"}
    )
    record = Record.objects.filter(case=str(case.public_id)).latest("id")
    assert (record.reason, record.words, record.internal) == ("x_pay", "试用期薪酬低于八成", "问过李经理")


def test_the_parties_have_no_internal_note(world):
    assert (
        "内部备注"
        not in signed_in(world.seats[Role.GRADUATE]).get(address(world.invitation(), "decline")).content.decode()
    )


def test_a_guards_reason_stands_on_the_page_and_the_act_is_not_done(world):
    case = world.accepted()
    client = signed_in(world.seats[Role.COLLEGE])
    fields = opened(client, case, "approve")
    type(world.graduate).all_rows.filter(pk=world.graduate.pk).update(name="陈城", revision=2)

    shown = client.get(address(case, "approve"))
    answer = client.post(address(case, "approve"), fields)

    assert (shown.status_code, answer.status_code, state(case)) == (200, 422, "college_review")
    assert hidden(shown.content.decode()) == {}
    assert 'role="alert"' in answer.content.decode()


@pytest.mark.rule("ORG-01")
@pytest.mark.parametrize("role", [Role.GRADUATE, Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.EMPLOYER])
def test_a_strangers_case_is_not_found(world, role):
    case = world.accepted()

    client = signed_in(world.stranger_seats[role])

    assert client.get(address(case, "approve")).status_code == 404
    assert client.post(address(case, "approve"), {"seen": case.version}).status_code == 404


@pytest.mark.rule("ORG-05")
def test_whoever_may_only_read_finds_no_act(world):
    case = world.accepted()
    reader = world.new_seat(Role.COLLEGE, world.college.pk, "只读", employment=Level.READ)

    assert signed_in(reader).get(address(case, "approve")).status_code == 404
    assert signed_in(reader).post(address(case, "approve"), {"seen": case.version}).status_code == 404


def test_an_act_of_another_role_or_flow_is_not_found(world):
    case = world.accepted()
    college = signed_in(world.seats[Role.COLLEGE])

    assert college.get(address(case, "withdraw")).status_code == 404
    assert college.get(address(case, "nothing")).status_code == 404
    assert college.get(f"/act/nothing/{case.public_id}/approve/").status_code == 404


def test_a_field_of_the_act_is_checked_and_given_to_it(world):
    case = world.effective()
    client = signed_in(world.seats[Role.SCHOOL])
    fields = opened(client, case, "amend")

    wrong = client.post(address(case, "amend"), {**fields, "job_category": "no-such"})
    right = client.post(address(case, "amend"), {**fields, "job_category": "17"})

    assert (wrong.status_code, right.status_code) == (422, 302)
    assert type(case).all_rows.get(pk=case.pk).job_category == "17"


def test_htmx_gets_the_block_alone_and_is_led_on_by_a_header(world):
    case = world.accepted()
    client = signed_in(world.seats[Role.COLLEGE])
    asked = {"HX-Request": "true", "HX-Target": "act"}

    part = client.get(address(case, "approve"), headers=asked).content.decode()
    answer = client.post(address(case, "approve"), hidden(part), headers=asked)

    assert "<html" not in part
    assert (answer.status_code, answer.content, answer["HX-Redirect"]) == (200, b"", f"/invites/{case.public_id}/")


def test_the_way_on_after_an_act_is_an_own_page(world):
    case = world.accepted()
    client = signed_in(world.seats[Role.COLLEGE])

    answer = client.post(address(case, "approve"), {**opened(client, case, "approve"), "next": "https://evil.example/"})

    assert answer.url == f"/invites/{case.public_id}/"
