"""Coming in: who is let in, what everybody else is told, and that the answer betrays nobody."""

from __future__ import annotations

import re
from datetime import timedelta
from unittest.mock import patch
from urllib.parse import parse_qs, urlparse

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core import signing
from django.test import Client
from django.utils import timezone

from qicheng.domain.orgs.effects import sessions
from qicheng.domain.orgs.models import Account, Attempt, LoginCode, Seat, Session
from qicheng.domain.orgs.queries import phone_of_code
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Role
from tests.clients import signed_in
from tests.world import PASSWORD

pytestmark = pytest.mark.django_db
COOKIE = settings.QICHENG_SESSION_COOKIE
NEW = "Yunling-tiaozhan-42"


def try_to_enter(client: Client, login: str, password: str = PASSWORD, kind: str = "graduate", **more: str):
    return client.post("/login/", {"kind": kind, "login": login, "password": password, **more})


def without_noise(answer) -> str:
    """The page without what differs on every rendering: token, moment, number."""
    body = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.content.decode())
    return re.sub(r'data-now="[^"]+"', "", body)


@pytest.mark.rule("ORG-10")
def test_the_page_asks_who_comes_by_links():
    page = Client().get("/login/").content.decode()

    for label, kind in (
        ("毕业生", "graduate"),
        ("用人单位", "employer"),
        ("学校、学院", "school"),
        ("省级、部级", "province"),
    ):
        assert label in page
        assert f"/login/?kind={kind}" in page
    assert "查原因" in page
    assert "联系上级用户" in Client().get("/login/?kind=school").content.decode()


@pytest.mark.rule("ORG-10")
@pytest.mark.parametrize("way", ["login", "phone", "id_number"])
def test_a_graduate_comes_in_by_log_in_name_phone_or_identity_number(world, way):
    client = Client()

    answer = try_to_enter(client, getattr(world.graduate.account, way))

    assert (answer.status_code, answer.url) == (302, "/")
    assert "陈诚" in client.get("/account/").content.decode()


@pytest.mark.rule("ORG-04", "ORG-08", "ORG-10")
def test_school_and_college_land_on_the_choice_of_modules_that_are_open(world):
    for role in (Role.SCHOOL, Role.COLLEGE):
        client = Client()
        answer = try_to_enter(client, world.seats[role].account.login, kind="school")
        assert (role, answer.url) == (role, "/modules/")
        page = client.get("/modules/").content.decode()
        assert "去向登记与网签" in page
        assert page.count("省里还没有开放这个模块") == 4
    school = signed_in(world.seats[Role.SCHOOL]).get("/modules/").content.decode()
    assert 'href="/accounts/"' in school
    assert 'href="/accounts/"' not in page


@pytest.mark.rule("ORG-04")
def test_a_graduate_sees_a_module_that_its_school_has_not_opened_as_not_yet_open(world):
    page = signed_in(world.seats[Role.GRADUATE]).get("/modules/").content.decode()

    assert page.count("你学校还没有开通") == 4


@pytest.mark.rule("ORG-10")
def test_the_refusal_is_the_same_for_a_wrong_password_and_for_nobody(world):
    known = try_to_enter(Client(), world.graduate.account.login, "wrong-password")
    unknown = try_to_enter(Client(), "110101200001010000", "wrong-password")
    known_page = without_noise(known).replace(world.graduate.account.login, "X")
    unknown_page = without_noise(unknown).replace("110101200001010000", "X")

    assert (known.status_code, unknown.status_code) == (422, 422)
    assert "手机号或密码不对。再错 4 次要等 10 分钟" in known_page
    assert known_page == unknown_page
    assert known.headers.keys() == unknown.headers.keys()


def test_as_much_hashing_is_done_for_nobody_as_for_somebody(world):
    sessions.is_password(None, "x")
    with patch.object(sessions, "check_password", wraps=sessions.check_password) as checked:
        try_to_enter(Client(), world.graduate.account.login, "wrong-password")
        for_somebody = checked.call_count
        try_to_enter(Client(), "nobody-at-all", "wrong-password")

    assert (for_somebody, checked.call_count) == (1, 2)


@pytest.mark.rule("ORG-10")
def test_after_five_wrong_ones_even_the_right_one_waits_and_then_longer(world):
    account = world.graduate.account
    words = [without_noise(try_to_enter(Client(), account.phone, "wrong-password")) for _ in range(5)]
    assert "再错 1 次要等 10 分钟" in words[3]
    assert "错的次数多了，10 分钟后再试" in words[4]

    assert "10 分钟后再试" in without_noise(try_to_enter(Client(), account.login))

    row = Attempt.objects.get(subject=sessions.subject("account", account.pk))
    Attempt.objects.filter(pk=row.pk).update(since=row.since - timedelta(minutes=11))
    for _ in range(5):
        try_to_enter(Client(), account.id_number, "wrong-password")
    assert "20 分钟后再试" in without_noise(try_to_enter(Client(), account.login))


def test_a_right_password_forgets_the_wrong_ones(world):
    account = world.graduate.account
    for _ in range(4):
        try_to_enter(Client(), account.phone, "wrong-password")

    assert try_to_enter(Client(), account.phone).status_code == 302

    assert "再错 4 次" in without_noise(try_to_enter(Client(), account.phone, "wrong-password"))


def test_an_address_from_which_too_much_is_tried_waits(world):
    sessions.reserve_at("127.0.0.1")
    Attempt.objects.update(number=sessions.TRIES_OF_AN_ADDRESS)

    assert "这个网络试的次数太多了" in without_noise(try_to_enter(Client(), world.graduate.account.phone))


def test_no_attempt_is_kept_under_a_name_that_can_be_read(world):
    try_to_enter(Client(), "13900000000", "wrong-password")

    assert all(re.fullmatch(r"[0-9a-f]{64}", subject) for subject in Attempt.objects.values_list("subject", flat=True))


def test_a_suspended_account_is_told_so_only_with_its_right_password(world):
    account = world.graduate.account
    Account.objects.filter(pk=account.pk).update(suspended_at=timezone.now())

    assert "停用" not in without_noise(try_to_enter(Client(), account.phone, "wrong-password"))
    assert "停用" in without_noise(try_to_enter(Client(), account.phone))
    assert Session.objects.count() == 0


def test_the_token_changes_at_log_in_and_the_old_session_is_gone(world):
    client = signed_in(world.seats[Role.COLLEGE])
    planted = client.cookies[COOKIE].value

    try_to_enter(client, world.graduate.account.phone)

    assert client.cookies[COOKIE].value != planted
    assert not Session.objects.filter(token_hash=sessions.token_hash(planted)).exists()
    assert not Session.objects.filter(token_hash=client.cookies[COOKIE].value.encode()).exists()


def test_the_forms_of_before_the_log_in_are_worthless_after_it(world):
    client = Client(enforce_csrf_checks=True)
    client.get("/login/")
    token = client.cookies[settings.CSRF_COOKIE_NAME].value
    answer = try_to_enter(client, world.graduate.account.phone, csrfmiddlewaretoken=token)

    assert answer.status_code == 302
    assert client.post("/leave/", {"csrfmiddlewaretoken": token}).status_code == 403


def test_the_cookie_is_out_of_reach_and_bound_to_the_host_under_tls(world, settings):
    plain = try_to_enter(Client(), world.graduate.account.phone).cookies[COOKIE]
    assert (plain["httponly"], plain["samesite"], plain["path"], plain["max-age"], plain["domain"]) == (
        True,
        "Lax",
        "/",
        "",
        "",
    )

    settings.QICHENG_TLS, settings.QICHENG_SESSION_COOKIE = True, "__Host-session"
    bound = Client().post(
        "/login/", {"kind": "graduate", "login": world.graduate.account.phone, "password": PASSWORD}, secure=True
    ).cookies["__Host-session"]  # fmt: skip
    assert (bound["secure"], bound["httponly"], bound["samesite"], bound["path"], bound["domain"]) == (
        True,
        True,
        "Lax",
        "/",
        "",
    )


@pytest.mark.parametrize(
    ("given", "led"),
    [
        ("/messages/", "/messages/"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:x", "/"),
    ],
)
def test_the_way_on_leads_to_own_pages_alone(world, given, led):
    assert try_to_enter(Client(), world.graduate.account.phone, next=given).url == led


def test_leaving_ends_the_session_and_its_token_is_worthless(world):
    client = signed_in(world.seats[Role.GRADUATE])
    token = client.cookies[COOKIE].value

    assert client.get("/leave/").status_code == 405
    assert client.post("/leave/").url == "/login/"

    client.cookies[COOKIE] = token
    assert client.get("/account/").status_code == 302
    assert Session.objects.count() == 0


def test_a_log_in_page_leads_home_whoever_is_in(world):
    assert signed_in(world.seats[Role.SCHOOL]).get("/login/").url == "/modules/"
    assert signed_in(world.seats[Role.SCHOOL]).get("/").url == "/modules/"
    assert Client().get("/").url == "/login/"


@pytest.mark.rule("ROS-08")
def test_a_person_with_two_lines_chooses_one_and_every_line_has_a_seat(world):
    later = world.new_graduate("陈诚", world.stranger_college, cohort=2026)
    stranger = later.account
    Graduate.all_rows.filter(pk=later.pk).update(account=None, id_number=world.graduate.id_number)
    Seat.objects.filter(account=stranger).update(ended_at=timezone.now())
    client = Client()

    assert try_to_enter(client, world.graduate.account.phone).url == "/login/seat/"
    assert client.get("/account/").status_code == 302
    page = client.get("/login/seat/").content.decode()
    assert "2026 届　江临大学　计算机学院" in page
    assert "2026 届　海澜理工大学　信息学院" in page
    waiting = client.cookies[COOKIE].value

    assert client.post("/login/seat/", {"seat": world.stranger_seats[Role.SCHOOL].pk}).status_code == 200
    chosen = Seat.objects.get(account=world.graduate.account, node=later.pk)
    assert client.post("/login/seat/", {"seat": chosen.pk}).url == "/"
    assert "海澜理工大学" in client.get("/account/").content.decode()
    assert client.cookies[COOKIE].value != waiting


def test_a_line_of_somebody_else_with_the_same_name_stays_theirs(world):
    other = world.new_graduate("陈诚", world.stranger_college)

    try_to_enter(Client(), world.graduate.account.phone)

    assert list(Seat.objects.filter(account=world.graduate.account).values_list("node", flat=True)) == [
        world.graduate.pk
    ]
    assert Graduate.all_rows.get(pk=other.pk).account_id == other.account_id


def test_an_account_of_another_kind_comes_in_at_its_own_seat(world):
    assert try_to_enter(Client(), world.seats[Role.EMPLOYER].account.login, kind="graduate").url == "/org/"


def test_whoever_was_given_a_password_chooses_another_before_anything_else(world):
    seat = world.seats[Role.SCHOOL]
    Account.objects.filter(pk=seat.account_id).update(must_change_password=True)
    client = Client()

    assert try_to_enter(client, seat.account.login, kind="school").url == "/account/password/"
    assert client.get("/modules/").url == "/account/password/"
    assert client.post("/account/password/", {"old": PASSWORD, "new": NEW, "again": NEW}).url == "/modules/"
    assert client.get("/modules/").status_code == 200
    assert try_to_enter(Client(), seat.account.login, NEW, kind="school").status_code == 302


# ---- first log-in and forgotten password


@pytest.fixture
def newcomer(world):
    """A roster line that no account has yet."""
    line = world.new_graduate("欧阳若", world.college)
    Graduate.all_rows.filter(pk=line.pk).update(account=None)
    Seat.objects.filter(account=line.account).update(ended_at=timezone.now())
    Account.objects.filter(pk=line.account_id).update(login=f"gone{line.pk}", id_number=None, phone=None)
    line.refresh_from_db()
    return line


def person(line: Graduate, **other: str) -> dict[str, str]:
    return {"name": line.name, "id_number": line.id_number, "exam_number": line.exam_number, **other}


def ticket_of(answer) -> str:
    return parse_qs(urlparse(answer.url).query)["t"][0]


@pytest.mark.rule("ORG-10", "ROS-08")
def test_a_first_log_in_makes_one_account_with_a_seat_for_every_line(world, newcomer):
    second = world.new_graduate("欧阳若", world.stranger_college)
    Graduate.all_rows.filter(pk=second.pk).update(account=None, id_number=newcomer.id_number)
    client = Client()

    ticket = ticket_of(client.post("/login/first/", person(newcomer)))
    code = LoginCode.objects.get()
    answer = client.post("/login/code/", {"t": ticket, "code": sessions.digits(code), "new": NEW, "again": NEW})

    account = Account.objects.get(id_number=newcomer.id_number)
    assert (code.phone, account.phone, account.name) == (newcomer.phone, newcomer.phone, "欧阳若")
    assert answer.url == "/login/seat/"
    assert set(Seat.objects.filter(account=account).values_list("node", flat=True)) == {newcomer.pk, second.pk}
    assert set(Graduate.all_rows.filter(account=account).values_list("pk", flat=True)) == {newcomer.pk, second.pk}
    assert try_to_enter(Client(), newcomer.phone, NEW).status_code == 302


@pytest.mark.rule("ROS-01")
@pytest.mark.parametrize("wrong", [{"name": "欧阳苦"}, {"id_number": "110101200305060000"}, {"exam_number": "1"}])
def test_whoever_is_not_on_a_roster_gets_the_same_page_and_no_code(world, newcomer, wrong):
    right, other = Client(), Client()
    answers = [right.post("/login/first/", person(newcomer)), other.post("/login/first/", person(newcomer, **wrong))]
    pages = [
        re.sub(r'name="t" value="[^"]+"', "", without_noise(client.get(answer.url)))
        for client, answer in zip((right, other), answers, strict=True)
    ]

    sent, unsent = LoginCode.objects.order_by("pk")
    assert pages[0] == pages[1]
    assert (phone_of_code(sent.pk), phone_of_code(unsent.pk)) == (newcomer.phone, "")
    guess = {"t": ticket_of(answers[1]), "code": sessions.digits(unsent), "new": NEW, "again": NEW}
    assert other.post("/login/code/", guess).status_code == 422


@pytest.mark.rule("ROS-01", "ROS-08")
def test_whoever_has_an_account_is_reached_by_its_phone_alone_and_no_other_name_takes_it(world, newcomer):
    account = world.graduate.account
    later = world.new_graduate("陈诚", world.stranger_college, phone="13900009999")
    Graduate.all_rows.filter(pk=later.pk).update(account=None, id_number=world.graduate.id_number)
    later.refresh_from_db()
    Client().post("/login/first/", person(later))
    assert LoginCode.objects.get().phone == account.phone != later.phone
    Account.objects.filter(pk=account.pk).update(phone=None)
    Client().post("/login/first/", person(later))
    assert LoginCode.objects.order_by("pk").last().phone == ""

    # A roster that gives somebody's identity number another name opens nothing, though the code was right.
    Account.objects.filter(pk=account.pk).update(phone="13900008888")
    Graduate.all_rows.filter(pk=later.pk).update(name="陈成")
    later.refresh_from_db()
    client = Client()
    ticket = ticket_of(client.post("/login/first/", person(later)))
    code = LoginCode.objects.order_by("pk").last()
    assert code.phone == "13900008888"
    answer = client.post("/login/code/", {"t": ticket, "code": sessions.digits(code), "new": NEW, "again": NEW})
    assert (answer.status_code, "名单上的姓名与已有账号的姓名不一致" in answer.content.decode()) == (422, True)
    account.refresh_from_db()
    later.refresh_from_db()
    assert (account.check_password(PASSWORD), later.account_id, client.get("/account/").status_code) == (
        True,
        None,
        302,
    )


@pytest.mark.rule("ROS-01")
def test_a_line_that_was_removed_is_on_no_roster(world, newcomer):
    Graduate.all_rows.filter(pk=newcomer.pk).update(removed_at=timezone.now())

    Client().post("/login/first/", person(newcomer))

    assert LoginCode.objects.get().phone == ""


@pytest.mark.rule("ROS-01")
def test_the_page_of_causes_names_both_and_whom_to_ask(world):
    page = Client().get("/login/why/").content.decode()
    assert "学校还没有上传你的名单" in page
    assert "身份没有绑定" in page

    assert "010-62750000" in Client().get("/login/why/?school=江临大学").content.decode()
    assert "还没有留联系方式" in Client().get("/login/why/?school=某大学").content.decode()


def test_a_code_is_right_once_and_within_its_time(world):
    account = world.graduate.account
    ticket = ticket_of(Client().post("/login/forgotten/", {"login": account.phone}))
    code = LoginCode.objects.get()
    given = {"t": ticket, "code": sessions.digits(code), "new": NEW, "again": NEW}

    LoginCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().post("/login/code/", given).status_code == 422
    LoginCode.objects.update(expires_at=timezone.now() + timedelta(minutes=5))
    assert Client().post("/login/code/", given).status_code == 302
    assert Client().post("/login/code/", given).status_code == 422


def test_five_wrong_codes_end_it(world):
    account = world.graduate.account
    ticket = ticket_of(Client().post("/login/forgotten/", {"login": account.phone}))
    right = sessions.digits(LoginCode.objects.get())
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for _ in range(5):
        Client().post("/login/code/", {"t": ticket, "code": wrong, "new": NEW, "again": NEW})

    answer = Client().post("/login/code/", {"t": ticket, "code": right, "new": NEW, "again": NEW})

    assert answer.status_code == 422
    assert "不能再用了" in answer.content.decode()


def test_the_code_itself_is_kept_nowhere_and_its_ticket_cannot_be_made_up(world):
    Client().post("/login/forgotten/", {"login": world.graduate.account.phone})
    row = LoginCode.objects.values().get()

    assert sessions.digits(LoginCode.objects.get()) not in {str(value) for value in row.values()}
    forged = signing.dumps(row["id"], salt="something else")
    assert Client().get(f"/login/code/?t={forged}").url == "/login/forgotten/"


def test_a_forgotten_password_ends_every_session_and_only_reaches_the_accounts_own_phone(world):
    account = world.graduate.account
    elsewhere = signed_in(world.seats[Role.GRADUATE])
    ticket = ticket_of(Client().post("/login/forgotten/", {"login": account.id_number}))
    code = LoginCode.objects.get()

    Client().post("/login/code/", {"t": ticket, "code": sessions.digits(code), "new": NEW, "again": NEW})

    assert code.phone == account.phone
    assert elsewhere.get("/account/").status_code == 302


def test_codes_for_one_person_can_be_asked_for_five_times(world):
    answers = [
        Client().post("/login/forgotten/", {"login": world.graduate.account.phone}).status_code for _ in range(6)
    ]

    assert answers == [302] * 5 + [422]


def test_the_job_that_sends_a_code_is_owed_with_the_code(world):
    from procrastinate.contrib.django.models import ProcrastinateJob

    Client().post("/login/forgotten/", {"login": world.graduate.account.phone})

    job = ProcrastinateJob.objects.get(task_name="notice.send_code")
    assert job.args == {"code": LoginCode.objects.get().pk}


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "至少 10 个字符"), ("aaaaaaaaaaaa", "字符太少"), ("1234567890", "太容易猜"), ("password12", "很多人用过"),
        ("qwertyuiop", "太容易猜"), ("Qicheng-2", "至少 10 个字符"), ("x-13900001111", "别放账号、手机号"),
    ],
)  # fmt: skip
def test_a_password_that_is_guessed_first_is_refused_in_words(password, words):
    from qicheng.foundation.access.passwords import weakness

    assert words in weakness(password, "13900001111")


def test_a_good_password_is_not_refused():
    from qicheng.foundation.access.passwords import weakness

    assert weakness(NEW, "13900001111", "110101200305061234") == ""


def test_a_stored_password_is_argon(world):
    assert make_password("x").startswith("argon2$argon2id$")
