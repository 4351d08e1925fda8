"""Signing settings of a school, rule by rule, through the page."""

from __future__ import annotations

from typing import Any

import pytest

from qicheng.domain.orgs.models import (
    Handler,
    Module,
    Opening,
    ProvinceSettings,
    ReviewMode,
    SigningSettings,
)
from qicheng.foundation.access import Level, Role, Tier
from qicheng.foundation.flow.perform import noted, perform
from tests.clients import signed_in

pytestmark = pytest.mark.django_db

HANDLER = {"name": "钱老师", "phone": "010-62750000", "address": "江南省江临市学府路1号", "postcode": "100871"}


@pytest.fixture
def starting(world: Any) -> Any:
    """The browser of a user of the school that has submitted nothing."""
    return signed_in(world.new_seat(Role.SCHOOL, world.school_starting.pk, "新校"))


def given(**other: Any) -> dict[str, Any]:
    values = {"seen": 0, "online_signing": "on", "review_mode": "school", "dissolution_limit": "3", "long_wait": "3"}
    return {key: value for key, value in (values | other).items() if value is not None}


def settings_of(school: Any) -> SigningSettings | None:
    return SigningSettings.all_rows.filter(school=school).first()


def said(response: Any) -> str:
    return response.content.decode()


@pytest.mark.rule("SET-01")
def test_without_the_province_s_form_a_school_cannot_submit(world, starting):
    school = world.school_starting
    school.province = world.other_province
    school.save()
    ProvinceSettings.objects.filter(province=world.other_province).update(cohort=1999)

    answer = starting.post("/settings/", given())

    assert (answer.status_code, settings_of(school)) == (422, None)
    assert "省级用户还没有设置就业协议书类型" in said(answer)


@pytest.mark.rule("ORG-02")
def test_a_module_that_is_not_open_cannot_be_set_and_says_who_opens_it(world, starting):
    Opening.objects.filter(province=world.province, module=Module.SIGNING).update(is_open=False)

    answer = starting.post("/settings/", given())

    assert (answer.status_code, settings_of(world.school_starting)) == (422, None)
    assert "由省级用户开启" in said(starting.get("/settings/"))


@pytest.mark.rule("SET-02", "SET-03", "SET-10")
def test_turning_online_signing_on_turns_the_other_two_on_and_is_on_record(world, starting):
    answer = starting.post("/settings/", given())

    row = settings_of(world.school_starting)
    assert answer.status_code == 302
    assert (row.online_signing, row.supplementary, row.destination, row.version) == (True, True, True, 1)
    assert row.submitted_at is not None
    (record,) = noted("signing_settings", school_id=world.school_starting.pk)
    assert (record.name, record.cohort, record.changes["在线签约"]) == ("新校", world.cohort, ["没有填写", "是"])
    assert "提交签约设置" in said(starting.get("/log/"))


@pytest.mark.rule("SET-02")
def test_only_a_school_user_with_read_write_submits(world):
    reader = signed_in(world.new_seat(Role.SCHOOL, world.school_starting.pk, "只读", employment=Level.READ))

    assert reader.get("/settings/").status_code == 200
    assert reader.post("/settings/", given()).status_code == 404
    assert settings_of(world.school_starting) is None


@pytest.mark.rule("SET-04")
def test_online_signing_can_be_turned_off_until_somebody_has_acted(world):
    browser = signed_in(world.seats[Role.SCHOOL])
    off = given(online_signing=None, review_mode="college_then_school")

    assert browser.post("/settings/", off).status_code == 302
    assert settings_of(world.school).online_signing is False
    assert browser.post("/settings/", given(seen=1, review_mode="college_then_school")).status_code == 302
    world.invitation()

    answer = browser.post("/settings/", off | {"seen": 2})

    assert (answer.status_code, settings_of(world.school).online_signing) == (422, True)
    assert "在线签约不能再关闭" in said(answer)
    assert "不能再关闭" in said(browser.get("/settings/"))


@pytest.mark.rule("SET-05")
def test_review_at_two_levels_needs_a_reviewer_in_every_college_of_the_roster(world, starting):
    world.new_graduate("许一", world.starting_college)
    two = given(review_mode="college_then_school")
    world.new_seat(Role.COLLEGE, world.starting_college.pk, "只读老师", employment=Level.READ)

    refused = starting.post("/settings/", two)
    listed = said(starting.get("/settings/"))
    world.new_seat(Role.COLLEGE, world.starting_college.pk, "审核老师")
    taken = starting.post("/settings/", two)

    assert (refused.status_code, "商学院还没有读写账号" in said(refused)) == (422, True)
    assert "/accounts/new/college/?college=%E5%95%86%E5%AD%A6%E9%99%A2" in listed
    assert (taken.status_code, settings_of(world.school_starting).review_mode) == (302, "college_then_school")


@pytest.mark.rule("SET-05")
def test_a_suspended_reviewer_does_not_count(world, starting):
    from django.utils import timezone

    world.new_graduate("许一", world.starting_college)
    seat = world.new_seat(Role.COLLEGE, world.starting_college.pk, "审核老师")
    seat.account.suspended_at = timezone.now()
    seat.account.save()

    assert starting.post("/settings/", given(review_mode="college_then_school")).status_code == 422


@pytest.mark.rule("SET-06")
def test_the_review_mode_stays_while_anything_is_in_process(world):
    browser = signed_in(world.seats[Role.SCHOOL])
    signing = world.accepted()
    change = given(review_mode="school")

    refused = browser.post("/settings/", change)
    page = said(browser.get("/settings/"))
    perform(signing, "reject", world.actor(Role.COLLEGE), reason="x_other", words="单位已注销")
    taken = browser.post("/settings/", change)

    assert (refused.status_code, "还有 1 条业务在办理" in said(refused)) == (422, True)
    assert ('href="/lists/online_signing/?open=yes"' in page, "线上签约 1 条" in page) == (True, True)
    assert (taken.status_code, settings_of(world.school).review_mode) == (302, ReviewMode.SCHOOL)


@pytest.mark.rule("SET-06")
def test_another_school_s_business_does_not_keep_the_review_mode(world):
    world.accepted(world.neighbour)
    world.new_graduate("吴一", world.stranger_college)
    browser = signed_in(world.stranger_seats[Role.SCHOOL])

    answer = browser.post("/settings/", given(review_mode="college_then_school"))

    assert answer.status_code == 302


@pytest.mark.rule("SET-07")
@pytest.mark.parametrize(
    ("typed", "kept"),
    [("0", 0), ("99", 99), (" 5 ", 5), ("１", 1)]
    + [(wrong, None) for wrong in ("-1", "100", "1.5", "", "NaN", "1e1", "1" + "0" * 30, "三")],
)
def test_the_limit_of_dissolutions_is_a_whole_number_from_0_to_99(world, starting, typed, kept):
    answer = starting.post("/settings/", given(dissolution_limit=typed))

    row = settings_of(world.school_starting)
    assert (answer.status_code, row.dissolution_limit if row else None) == (302 if kept is not None else 422, kept)


@pytest.mark.parametrize(("typed", "kept"), [("1", 1), ("30", 30), ("0", None), ("31", None), ("", None)])
def test_a_long_wait_is_from_1_to_30_working_days(world, starting, typed, kept):
    answer = starting.post("/settings/", given(long_wait=typed))

    row = settings_of(world.school_starting)
    assert (answer.status_code, row.long_wait if row else None) == (302 if kept else 422, kept)


@pytest.mark.rule("SET-10")
def test_a_stale_page_changes_nothing(world):
    browser = signed_in(world.seats[Role.SCHOOL])
    mine = given(review_mode="college_then_school", dissolution_limit="9")
    browser.post("/settings/", mine | {"dissolution_limit": "5"})

    answer = browser.post("/settings/", mine, follow=True)

    assert (settings_of(world.school).dissolution_limit, "刚才的修改没有保存" in said(answer)) == (5, True)


def submit_handler(browser: Any, tier: str, **other: str) -> int:
    return browser.post(f"/settings/handlers/{tier}/", HANDLER | other).status_code


@pytest.mark.rule("SET-08")
@pytest.mark.parametrize(
    ("own", "first", "then"),
    [
        (Tier.ALL, "all", {"undergraduate": 422, "postgraduate": 422, "all": 422}),
        (Tier.ALL, "postgraduate", {"all": 422, "postgraduate": 422, "undergraduate": 302}),
        (Tier.UNDERGRADUATE, "undergraduate", {"undergraduate": 422, "postgraduate": 422, "all": 422}),
    ],
)
def test_a_user_submits_the_handler_of_its_own_tier_once(world, own, first, then):
    browser = signed_in(world.new_seat(Role.SCHOOL, world.school_starting.pk, "经办", tier=own))

    assert submit_handler(browser, first) == 302
    assert {tier: submit_handler(browser, tier) for tier in then} == then


@pytest.mark.rule("SET-08")
@pytest.mark.parametrize(("own", "other"), [(Tier.UNDERGRADUATE, "postgraduate"), (Tier.POSTGRADUATE, "all")])
def test_a_user_answering_for_one_scope_sets_no_other(world, own, other):
    browser = signed_in(world.new_seat(Role.SCHOOL, world.school_starting.pk, "经办", tier=own))

    assert (submit_handler(browser, other), Handler.all_rows.filter(school=world.school_starting).count()) == (422, 0)


@pytest.mark.rule("SET-08")
@pytest.mark.parametrize(
    "wrong", [{"postcode": "91"}, {"postcode": "９１０００１"}, {"phone": ""}, {"name": " "}, {"address": ""}]
)
def test_a_handler_is_complete(world, starting, wrong):
    assert (
        submit_handler(starting, "all", **wrong),
        Handler.all_rows.filter(school=world.school_starting).count(),
    ) == (422, 0)


@pytest.mark.rule("SET-08")
@pytest.mark.parametrize("second", ["undergraduate", "all"])
def test_the_database_refuses_a_second_handler_of_a_tier_and_any_change(world, second):
    from django.db import DatabaseError, IntegrityError, transaction

    row = Handler.all_rows.get(school=world.school)
    with pytest.raises(IntegrityError), transaction.atomic():
        Handler.all_rows.create(school=world.school, cohort=world.cohort, tier=second, **HANDLER)
    with pytest.raises(DatabaseError), transaction.atomic():
        Handler.all_rows.filter(pk=row.pk).update(phone="010-1")


@pytest.mark.rule("REG-02")
def test_a_school_s_own_reason_is_offered_to_that_school_until_it_is_ended(world):
    from qicheng.domain.orgs.queries import reasons

    browser = signed_in(world.seats[Role.SCHOOL])
    browser.post("/settings/reasons/", {"purpose": "reject", "words": "实习协议不能当就业协议"})
    ((key, words),) = [one for one in reasons("reject", world.school.pk) if one not in reasons("reject")]

    assert words == "实习协议不能当就业协议"
    assert reasons("reject", world.other_school.pk) == reasons("reject")
    assert reasons("return", world.school.pk) == reasons("return")
    assert signed_in(world.stranger_seats[Role.SCHOOL]).post(f"/settings/reasons/{key[4:]}/end/").status_code == 404
    browser.post(f"/settings/reasons/{key[4:]}/end/")
    assert reasons("reject", world.school.pk) == reasons("reject")


@pytest.mark.rule("ORG-12")
def test_graduates_are_shown_the_contacts_of_their_college_and_tier(world):
    from qicheng.domain.orgs.queries import contacts_for

    school, college = signed_in(world.seats[Role.SCHOOL]), signed_in(world.seats[Role.COLLEGE])
    school.post("/contacts/", {"name": "研究生 周老师", "phone": "010-62751111", "tier": "postgraduate"})
    school.post("/contacts/", {"name": "本科 陈老师", "phone": "010-62752222", "tier": "undergraduate"})
    college.post("/contacts/", {"name": "计算机 李老师", "phone": "010-62753333", "tier": "all", "hours": "工作日"})

    shown = [contact.name for contact in contacts_for(world.graduate)]

    assert shown == ["计算机 李老师", "本科 陈老师", "就业中心 钱老师"]
    assert [c.name for c in contacts_for(world.neighbour)] == ["本科 陈老师", "就业中心 钱老师"]
    assert [c.name for c in contacts_for(world.stranger)] == ["就业中心 钱老师"]


@pytest.mark.rule("ORG-12", "ORG-01")
def test_a_contact_belongs_to_whoever_keeps_it(world):
    from qicheng.domain.orgs.models import Contact

    college = signed_in(world.seats[Role.COLLEGE])
    of_school = Contact.objects.get(school=world.school)
    college.post("/contacts/", {"name": "李老师", "phone": "010-62753333", "tier": "all"})
    own = Contact.objects.get(college=world.college)

    assert college.post(f"/contacts/{of_school.pk}/drop/").status_code == 404
    assert signed_in(world.other_college_seat).get(f"/contacts/{own.pk}/").status_code == 404
    assert signed_in(world.stranger_seats[Role.SCHOOL]).post(f"/contacts/{of_school.pk}/drop/").status_code == 404
    assert college.post(f"/contacts/{own.pk}/drop/").status_code == 302
    assert list(Contact.objects.filter(school=world.school)) == [of_school]


@pytest.mark.rule("SET-08")
def test_the_handler_of_a_graduate_is_its_tier_s_or_the_one_for_all(world):
    from qicheng.domain.orgs.queries import handler_for

    Handler.all_rows.create(
        school=world.school_starting, cohort=world.cohort, tier="postgraduate", **HANDLER | {"name": "研"}
    )

    assert handler_for(world.school.pk, world.cohort, "undergraduate").name == "钱老师"
    assert handler_for(world.school_starting.pk, world.cohort, "postgraduate").name == "研"
    assert handler_for(world.school_starting.pk, world.cohort, "undergraduate") is None
