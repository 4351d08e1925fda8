"""Accounts: who makes them, with which permissions, and how they end."""

from __future__ import annotations

from typing import Any

import pytest

from qicheng.domain.orgs.effects.sessions import is_password
from qicheng.domain.orgs.models import Account, Seat, Session
from qicheng.foundation.access import Level, Role, Tier
from qicheng.foundation.flow.perform import noted
from tests.clients import signed_in

pytestmark = pytest.mark.django_db

COLLEGE = {
    "college": "商学院",
    "login": "shang.college",
    "name": "许老师",
    "employment": "2",
    "archive": "0",
    "household": "0",
}
SCHOOL = {"login": "nanyu.school", "name": "吕老师", "employment": "2", "archive": "0", "household": "0", "tier": "all"}


def made(login: str) -> Seat | None:
    return Seat.objects.select_related("account").filter(account__login=login).first()


def said(response: Any) -> str:
    return response.content.decode()


@pytest.mark.rule("ORG-05")
def test_each_level_makes_accounts_of_the_level_below(world):
    browsers = {role: signed_in(world.seats[role]) for role in (Role.MINISTRY, Role.PROVINCE, Role.SCHOOL)}
    lower = {"name": "某人", "employment": "2", "archive": "0", "household": "0"}

    browsers[Role.MINISTRY].post("/accounts/new/province/", lower | {"login": "a.province", "node": world.province.pk})
    browsers[Role.PROVINCE].post(
        "/accounts/new/school/", lower | {"login": "a.school", "node": world.school.pk, "tier": "all"}
    )
    browsers[Role.SCHOOL].post("/accounts/new/college/", lower | {"login": "a.college", "college": "计算机学院"})

    seats = {login: made(login) for login in ("a.province", "a.school", "a.college")}
    assert {login: (seat.role, seat.node) for login, seat in seats.items()} == {
        "a.province": ("province", world.province.pk), "a.school": ("school", world.school.pk), "a.college": ("college", world.college.pk),
    }  # fmt: skip
    assert [record.act for record in noted("account")] == ["add"] * 3


@pytest.mark.rule("ORG-05")
@pytest.mark.parametrize(
    ("role", "other"),
    [
        (Role.PROVINCE, "college"),
        (Role.PROVINCE, "ministry"),
        (Role.SCHOOL, "province"),
        (Role.SCHOOL, "graduate"),
        (Role.MINISTRY, "school"),
    ],
)
def test_nobody_makes_accounts_elsewhere(world, role, other):
    browser = signed_in(world.seats[role])

    assert browser.get(f"/accounts/new/{other}/").status_code == 404
    assert browser.post(f"/accounts/new/{other}/", COLLEGE | SCHOOL | {"node": world.school.pk}).status_code == 404


@pytest.mark.rule("ORG-05", "ORG-01")
def test_a_province_makes_accounts_for_its_own_schools_only(world):
    browser = signed_in(world.seats[Role.PROVINCE])

    answer = browser.post("/accounts/new/school/", SCHOOL | {"node": world.other_school.pk})

    assert (answer.status_code, made("nanyu.school")) == (422, None)


@pytest.mark.rule("ORG-05")
def test_colleagues_are_made_only_where_the_superior_allows(world):
    allowed = signed_in(world.seats[Role.SCHOOL])
    plain = signed_in(world.new_seat(Role.SCHOOL, world.school.pk, "普通"))

    assert plain.get("/accounts/new/school/").status_code == 404
    assert plain.post("/accounts/new/school/", SCHOOL).status_code == 404
    assert allowed.post("/accounts/new/school/", SCHOOL | {"is_administrator": "on"}).status_code == 200
    assert (made("nanyu.school").node, made("nanyu.school").is_administrator) == (world.school.pk, False)


@pytest.mark.rule("ORG-05")
def test_a_superior_may_allow_a_school_to_make_its_own_colleagues(world):
    signed_in(world.seats[Role.PROVINCE]).post(
        "/accounts/new/school/", SCHOOL | {"node": world.school.pk, "is_administrator": "on"}
    )

    assert made("nanyu.school").is_administrator is True


@pytest.mark.rule("ORG-05")
def test_nobody_gives_a_permission_that_it_does_not_have(world):
    narrow = signed_in(
        world.new_seat(
            Role.SCHOOL, world.school.pk, "窄", employment=Level.WRITE, archive=Level.READ, household=Level.NONE
        )
    )
    above = [{"archive": "2"}, {"household": "1"}, {"household": "2"}, {"employment": "3"}, {"employment": "-1"}]

    answers = [
        narrow.post("/accounts/new/college/", COLLEGE | {"college": "计算机学院"} | wrong).status_code
        for wrong in above
    ]
    within = narrow.post("/accounts/new/college/", COLLEGE | {"college": "计算机学院", "archive": "1"})

    assert (answers, within.status_code) == ([422] * 5, 200)
    assert {area.value: int(level) for area, level in made("shang.college").levels.items()} == {
        "employment": 2, "archive": 1, "household": 0,
    }  # fmt: skip


@pytest.mark.rule("ORG-05")
def test_the_form_of_a_new_account_starts_with_read_write_on_the_first_area_and_none_on_the_others(world):
    page = said(signed_in(world.seats[Role.SCHOOL]).get("/accounts/new/college/"))

    checked = [
        part.split('"')[0] for part in page.split('<input type="radio" name="')[1:] if " checked" in part.split(">")[0]
    ]
    values = [
        part.split('value="')[1][0]
        for part in page.split('<input type="radio" name="')[1:]
        if " checked" in part.split(">")[0]
    ]
    assert dict(zip(checked, values, strict=True)) == {"employment": "2", "archive": "0", "household": "0"}


@pytest.mark.rule("ORG-05")
def test_who_may_only_look_makes_and_changes_nothing(world):
    reader = signed_in(world.new_seat(Role.SCHOOL, world.school.pk, "只读", employment=Level.READ, administrator=True))
    seat = world.seats[Role.COLLEGE]

    assert reader.get("/accounts/").status_code == 200
    assert reader.get("/accounts/new/college/").status_code == 404
    assert [
        reader.post(f"/accounts/{seat.pk}/{act}").status_code for act in ("", "suspend/", "restore/", "password/")
    ] == [404] * 4
    nobody = signed_in(world.new_seat(Role.SCHOOL, world.school.pk, "无", employment=Level.NONE))
    assert nobody.get("/accounts/").status_code == 404


@pytest.mark.rule("ORG-06")
@pytest.mark.parametrize("typed", ["计算机 学院", "计算机\u3000学院", "计算机\u00a0学院"])
def test_a_college_account_bears_the_roster_s_name_to_the_letter(world, typed):
    answer = signed_in(world.seats[Role.SCHOOL]).post("/accounts/new/college/", COLLEGE | {"college": typed})

    assert (answer.status_code, made("shang.college")) == (422, None)
    assert "名单里写的是「计算机学院」" in said(answer)


@pytest.mark.rule("ORG-06")
def test_colleges_that_do_not_match_the_roster_are_shown_with_the_mend(world):
    browser = signed_in(world.new_seat(Role.SCHOOL, world.school_starting.pk, "新校"))
    browser.post("/accounts/new/college/", COLLEGE | {"college": "商学院（南校区）"})
    seat = made("shang.college")
    assert "有这个账号，名单里没有这个院系" in said(browser.get("/accounts/"))

    world.new_graduate("许一", world.starting_college)
    page = said(browser.get("/accounts/"))
    assert "/accounts/new/college/?college=%E5%95%86%E5%AD%A6%E9%99%A2" in page
    assert f"/accounts/{seat.pk}/college/" in page

    browser.post(f"/accounts/{seat.pk}/college/", {"college": world.starting_college.pk})
    seat.refresh_from_db()
    assert seat.node == world.starting_college.pk
    assert "与名单对不上的院系" not in said(browser.get("/accounts/"))


@pytest.mark.rule("ORG-06", "ORG-01")
def test_an_account_goes_to_no_other_school_s_college(world):
    browser, seat = signed_in(world.seats[Role.SCHOOL]), world.seats[Role.COLLEGE]

    assert browser.post(f"/accounts/{seat.pk}/college/", {"college": world.stranger_college.pk}).status_code == 404
    foreign = world.stranger_seats[Role.COLLEGE]
    assert browser.post(f"/accounts/{foreign.pk}/college/", {"college": world.college.pk}).status_code == 404


@pytest.mark.rule("ORG-07")
def test_a_user_of_one_tier_makes_colleagues_of_that_tier_only(world):
    own = signed_in(world.new_seat(Role.SCHOOL, world.school.pk, "研", administrator=True, tier=Tier.POSTGRADUATE))

    assert own.post("/accounts/new/school/", SCHOOL).status_code == 422
    assert own.post("/accounts/new/school/", SCHOOL | {"tier": "postgraduate"}).status_code == 200
    assert made("nanyu.school").tier == "postgraduate"


@pytest.mark.rule("ORG-07")
def test_a_user_of_one_tier_sees_only_its_graduates(world):
    from qicheng.domain.roster.models import Graduate

    seen = Graduate.objects.seen_by(world.actor(Role.SCHOOL, tier=Tier.POSTGRADUATE))
    older = world.new_graduate("博士", world.college, tier="postgraduate")

    assert list(seen.all()) == [older]


@pytest.mark.rule("ORG-05")
def test_the_temporary_password_is_shown_once_and_must_be_changed(world):
    browser = signed_in(world.seats[Role.SCHOOL])
    answer = browser.post("/accounts/new/college/", COLLEGE | {"college": "计算机学院"})

    account = made("shang.college").account
    shown = said(answer).split("<dt>临时密码</dt><dd>")[1].split("<")[0].replace(" ", "")
    assert (len(shown), is_password(account, shown), account.must_change_password) == (12, True, True)
    assert answer["Cache-Control"] == "no-store"
    assert shown not in said(browser.get(f"/accounts/{made('shang.college').pk}/"))
    assert all(shown not in str(record.changes) for record in noted("account"))


@pytest.mark.rule("ORG-05")
@pytest.mark.parametrize("login", ["", "ab", "带汉字的", "13912345678", "110101200305060017", "a b c d", "x" * 31])
def test_a_log_in_name_is_plain(world, login):
    answer = signed_in(world.seats[Role.SCHOOL]).post(
        "/accounts/new/college/", COLLEGE | {"college": "计算机学院", "login": login}
    )

    assert (answer.status_code, Account.objects.filter(name="许老师").count()) == (422, 0)


def test_a_log_in_name_or_phone_that_is_taken_is_refused_in_words(world):
    browser = signed_in(world.seats[Role.SCHOOL])
    same = COLLEGE | {"college": "计算机学院"}
    taken = browser.post("/accounts/new/college/", same | {"login": world.seats[Role.COLLEGE].account.login})
    phone = browser.post("/accounts/new/college/", same | {"phone": world.graduate.account.phone})

    assert (taken.status_code, "这个登录名已有人用" in said(taken)) == (422, True)
    assert (phone.status_code, "这个手机号已用在另一个账号上" in said(phone)) == (422, True)


@pytest.mark.rule("ORG-09")
def test_a_suspended_account_s_open_sessions_end_at_once(world):
    college = signed_in(world.seats[Role.COLLEGE])
    assert college.get("/contacts/").status_code == 200

    signed_in(world.seats[Role.SCHOOL]).post(f"/accounts/{world.seats[Role.COLLEGE].pk}/suspend/")
    world.new_seat(Role.COLLEGE, world.college.pk, "另一位")

    # 先院系再校级审核: the college's last reviewer stays.
    assert college.get("/contacts/").status_code == 200
    signed_in(world.seats[Role.SCHOOL]).post(f"/accounts/{world.seats[Role.COLLEGE].pk}/suspend/")
    assert college.get("/contacts/").status_code == 302
    assert Session.objects.filter(account=world.seats[Role.COLLEGE].account).count() == 0


@pytest.mark.rule("ORG-09")
def test_a_restored_account_can_be_used_again(world):
    world.new_seat(Role.COLLEGE, world.college.pk, "另一位")
    school, seat = signed_in(world.seats[Role.SCHOOL]), world.seats[Role.COLLEGE]
    school.post(f"/accounts/{seat.pk}/suspend/")
    seat.account.refresh_from_db()
    assert seat.account.suspended_at is not None

    school.post(f"/accounts/{seat.pk}/restore/")

    seat.account.refresh_from_db()
    assert seat.account.suspended_at is None
    assert [record.act for record in noted("account")] == ["restore", "suspend"]


@pytest.mark.rule("ORG-09")
def test_of_several_seats_of_an_account_only_the_one_within_reach_ends(world):
    seat = world.new_seat(Role.COLLEGE, world.other_college.pk, "两处")
    elsewhere = Seat.objects.create(
        account=seat.account, role=Role.COLLEGE, node=world.stranger_college.pk, employment=2
    )
    here, there = signed_in(seat), signed_in(elsewhere)

    signed_in(world.seats[Role.SCHOOL]).post(f"/accounts/{seat.pk}/suspend/")

    assert (here.get("/contacts/").status_code, there.get("/contacts/").status_code) == (302, 200)


@pytest.mark.rule("ORG-09")
def test_the_last_read_write_school_account_is_neither_suspended_nor_narrowed(world):
    province, seat = signed_in(world.seats[Role.PROVINCE]), world.seats[Role.SCHOOL]
    world.new_seat(Role.SCHOOL, world.school.pk, "只读", employment=Level.READ)
    page = said(province.get(f"/accounts/{seat.pk}/"))
    narrowed = SCHOOL | {"employment": "1", "name": "王敏", "seen": page.split('name="seen" value="')[1].split('"')[0]}

    suspended = province.post(f"/accounts/{seat.pk}/suspend/", follow=True)
    answer = province.post(f"/accounts/{seat.pk}/", narrowed)

    seat.refresh_from_db()
    assert (seat.account.suspended_at, seat.employment) == (None, Level.WRITE)
    assert ("最后一个读写账号" in said(suspended), answer.status_code) == (True, 422)


@pytest.mark.rule("ORG-09")
def test_a_reset_password_ends_open_sessions(world):
    college = signed_in(world.seats[Role.COLLEGE])
    answer = signed_in(world.seats[Role.SCHOOL]).post(f"/accounts/{world.seats[Role.COLLEGE].pk}/password/")

    assert (answer.status_code, college.get("/contacts/").status_code) == (200, 302)
    world.seats[Role.COLLEGE].account.refresh_from_db()
    assert world.seats[Role.COLLEGE].account.must_change_password is True


@pytest.mark.rule("ORG-05")
def test_nobody_changes_its_own_account_or_an_administrator_beside_it(world):
    browser = signed_in(world.seats[Role.SCHOOL])
    beside = world.new_seat(Role.SCHOOL, world.school.pk, "另一位管理员", administrator=True)

    for seat in (world.seats[Role.SCHOOL], beside):
        browser.post(f"/accounts/{seat.pk}/suspend/")
        seat.account.refresh_from_db()
        assert seat.account.suspended_at is None


@pytest.mark.rule("SET-10")
def test_a_stale_page_of_an_account_changes_nothing(world):
    browser, seat = signed_in(world.seats[Role.SCHOOL]), world.seats[Role.COLLEGE]
    seen = said(browser.get(f"/accounts/{seat.pk}/")).split('name="seen" value="')[1].split('"')[0]
    first = {"name": "李华", "employment": "2", "archive": "0", "household": "0", "seen": seen}
    browser.post(f"/accounts/{seat.pk}/", first)

    browser.post(f"/accounts/{seat.pk}/", first | {"household": "2"})

    seat.refresh_from_db()
    assert (seat.archive, seat.household) == (Level.NONE, Level.NONE)
    assert noted("account")[0].changes["档案信息"] == ["读写", "无权限"]


@pytest.mark.rule("ORG-01")
@pytest.mark.parametrize("act", ["", "suspend/", "restore/", "password/"])
def test_a_foreign_account_is_not_found(world, act):
    foreign = world.stranger_seats[Role.SCHOOL]

    answers = {
        role: signed_in(world.seats[role]).post(f"/accounts/{foreign.pk}/{act}").status_code
        for role in (Role.PROVINCE, Role.SCHOOL)
    }

    assert answers == {Role.PROVINCE: 404, Role.SCHOOL: 404}
