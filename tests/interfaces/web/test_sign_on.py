"""A school's own log-in, against a CAS server and an OpenID provider that really run: who comes in, and who never does (CAM-06)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from joserfc.jwk import RSAKey

from qicheng.domain.orgs.effects import accounts, openid, sessions, sign_on
from qicheng.domain.orgs.models import Account, Seat, Session, SignOn
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from tests.clients import signed_in
from tests.sign_on import LOOPBACK, SECRET, browse, named_by, offer
from tests.world import PASSWORD

if TYPE_CHECKING:
    from tests.sign_on import Campus

pytestmark = [pytest.mark.django_db, pytest.mark.rule("CAM-06")]
PROTOCOLS = ("cas", "openid")


@pytest.fixture(autouse=True)
def on_loopback(settings: Any) -> None:
    settings.QICHENG_SIGN_ON_NETWORKS = LOOPBACK


@pytest.fixture
def there(campus: Campus, world: Any) -> Campus:
    """The servers with the people of this world and nothing wrong."""
    people = {
        "chen": world.graduate.student_number,
        "lin": world.neighbour.student_number,
        "li": "T0042",
        "nobody": "99999",
    }
    campus.tell(people=people, wrong={}, log_out_to="")
    accounts_of(world)
    return campus


def accounts_of(world: Any) -> None:
    Seat.objects.filter(pk=world.seats[Role.COLLEGE].pk).update(sign_on_name="T0042")


def switched_on(campus: Campus, world: Any, protocol: str = "cas", **given: Any) -> SignOn:
    actor = world.actor(Role.SCHOOL)
    if protocol == "cas":
        return offer(actor, "cas", campus.cas, **{"claim": "xgh"} | given)
    back = f"http://testserver{named_by(world.school)}back/"
    client = {
        "client_id": f"client-{world.school.pk}",
        "secret": SECRET,
        "back": back,
        "off": "http://testserver/login/",
    }
    campus.tell(clients=[client])
    return offer(
        actor, "openid", campus.issuer, **{"claim": "xgh", "client_id": client["client_id"], "secret": SECRET} | given
    )


def sent_out(client: Client, world: Any, **query: str) -> str:
    """The address at the school's server that the log-in leads to."""
    answer = client.get(named_by(world.school), query)
    assert answer.status_code == 302, answer.content.decode()
    return answer.url


def came_back(campus: Campus, client: Client, world: Any, name: str = "chen", **query: str) -> Any:
    """The answer to whoever has logged in at the school and comes back."""
    return client.get(campus.browse(name, sent_out(client, world, **query)))


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_graduate_and_a_teacher_come_in_as_the_accounts_that_they_have(there, world, protocol):
    row = switched_on(there, world, protocol)
    before = Account.objects.count()
    client = Client()
    assert "/login/school/?kind=graduate" in words(client.get("/login/"))
    listed = words(client.get("/login/school/", {"q": "江临", "next": "/records/"}))
    assert f"{named_by(world.school)}?kind=graduate&amp;next=%2Frecords%2F" in listed
    assert "海澜理工大学" not in words(client.get("/login/school/"))

    answer = came_back(there, client, world, next="/records/")

    assert (answer.status_code, answer.url) == (302, "/records/")
    assert "陈诚" in words(client.get("/account/"))
    session = Session.objects.get()
    assert (session.sign_on_id, session.account_id, bool(session.ticket)) == (
        row.pk,
        world.graduate.account_id,
        protocol == "cas",
    )
    assert "sign-on-state" not in {name for name, cookie in client.cookies.items() if cookie.value}
    client.post("/leave/")
    assert f"用{world.school.name}统一身份认证登录" in words(client.get("/login/"))

    teacher = Client()
    assert came_back(there, teacher, world, "li", kind="school").url == "/modules/"
    assert "李华" in words(teacher.get("/account/"))
    assert Account.objects.count() == before


def test_a_session_of_before_ends_and_only_own_paths_are_led_on_to(there, world):
    switched_on(there, world)
    client = Client()
    address = there.browse("chen", sent_out(client, world, next="//elsewhere.example/"))
    client.cookies["session"] = old = sessions.open_session(world.neighbour.account, None)

    answer = client.get(address)

    assert answer.url == "/"
    assert client.cookies["session"].value != old
    assert not Session.objects.filter(token_hash=sessions.token_hash(old)).exists()


WRONG_TURNS = (
    "another browser", "no state", "changed state", "twice", "too late", "settings changed", "other school", "switched off",
)  # fmt: skip


@pytest.mark.parametrize("turn", WRONG_TURNS)
def test_what_does_not_answer_this_browsers_own_question_opens_nothing(there, world, turn):
    row = switched_on(there, world)
    client = Client()
    address = there.browse("chen", sent_out(client, world))
    match turn:
        case "another browser":
            client = Client()
            sent_out(client, world)  # it is on a way of its own
        case "no state":
            client.cookies.clear()
        case "changed state":
            client.cookies["sign-on-state"] = client.cookies["sign-on-state"].value + "A"
        case "twice":
            assert client.get(address).status_code == 302
            state = client.cookies["sign-on-state"]
            client = Client()
            client.cookies["sign-on-state"] = state.value
        case "settings changed":
            SignOn.objects.filter(pk=row.pk).update(version=row.version + 1)
        case "other school":
            offer(world.stranger_actor(Role.SCHOOL), "cas", there.cas, claim="xgh")
            address = address.replace(world.school.code, world.other_school.code)
        case "switched off":
            SignOn.objects.filter(pk=row.pk).update(is_on=False)
    late = timezone.now() + sessions.timedelta(seconds=11 * 60 if turn == "too late" else 0)

    with time_machine.travel(late):
        answer = client.get(address)

    assert answer.status_code == (404 if turn == "switched off" else 403)
    assert ("登录没有接上" in words(answer)) == (turn != "switched off")
    assert ("手机号和密码登录" in words(answer), "报这个编号" in words(answer)) == (True, True)
    assert not is_in(client)


def test_a_ticket_opens_once_for_its_own_service_and_nothing_else_is_one(there, world):
    switched_on(there, world)
    client = Client()
    address = there.browse("chen", sent_out(client, world))
    ticket = parse_qs(urlsplit(address).query)["ticket"][0]
    assert client.get(address).status_code == 302
    other = parse_qs(urlsplit(there.browse("chen", f"{there.cas}/login?service=http://elsewhere.example/")).query)[
        "ticket"
    ][0]

    for wrong in (ticket, other, "ST-1-unknown", ticket.replace("ST-", "PT-"), f"{ticket}&x", "", "ST-" + "x" * 5000):
        client = Client()
        service = parse_qs(urlsplit(sent_out(client, world)).query)["service"][0]
        answer = client.get(f"{service}&{urlencode({'ticket': wrong})}")
        assert (answer.status_code, "没有确认这次登录" in words(answer), is_in(client)) == (403, True, False)


MISTAKES: dict[str, dict[str, Any]] = {
    "another audience": {"aud": "client-of-somebody"}, "another issuer": {"iss": "https://elsewhere.example/oidc"}, "run out": {"exp": 1_700_000_000},
    "another question": {"nonce": "not-ours"}, "another party": {"azp": "client-of-somebody"},
    "tampered": {"signature": "eyJzdWIiOiIxIn0"}, "several audiences": {"aud": ["client-of-somebody", "client-of-others"]},
}  # fmt: skip


def test_an_id_token_that_is_not_for_us_now_opens_nothing(there, world):
    switched_on(there, world, "openid")
    for mistake, wrong in MISTAKES.items():
        there.tell(wrong=wrong)
        client = Client()
        answer = came_back(there, client, world)
        found = (mistake, answer.status_code, "没有确认这次登录" in words(answer), is_in(client))
        assert found == (mistake, 403, True, False)


def test_a_code_opens_once_and_in_the_browser_that_asked(there, world):
    switched_on(there, world, "openid")
    client, other = Client(), Client()
    address = there.browse("chen", sent_out(client, world))
    injected = there.browse("lin", sent_out(other, world))
    code, stolen = (parse_qs(urlsplit(one).query)["code"][0] for one in (address, injected))

    def tries(browser: Client, **given: str) -> int:
        state = parse_qs(urlsplit(sent_out(browser, world)).query)["state"][0]
        return browser.get(f"{named_by(world.school)}back/", {"state": state, **given}).status_code

    assert client.get(address.replace(code, stolen)).status_code == 403  # PKCE: the code answers another challenge
    assert tries(Client(), code=code) == 403
    assert tries(Client(), error="access_denied") == 403
    fresh = Client()
    address = there.browse("chen", sent_out(fresh, world))
    assert fresh.get(f"{address}&iss=https%3A%2F%2Felsewhere.example").status_code == 403
    fresh = Client()
    address = there.browse("chen", sent_out(fresh, world))
    assert fresh.get(address).status_code == 302
    code = parse_qs(urlsplit(address).query)["code"][0]
    assert tries(Client(), code=code) == 403


def test_a_new_signing_key_is_fetched_and_a_wrong_secret_is_refused(there, world):
    row = switched_on(there, world, "openid")
    client = Client()
    address = there.browse("chen", sent_out(client, world))
    older = RSAKey.generate_key(2048, {"kid": "older", "use": "sig"}).as_dict(private=False)
    openid._kept[f"{there.issuer}/.well-known/jwks.json"] = (float("inf"), {"keys": [older]})
    assert client.get(address).status_code == 302

    offer(world.actor(Role.SCHOOL), "openid", there.issuer, claim="xgh", client_id=row.client_id, secret="another")
    assert came_back(there, Client(), world).status_code == 403


def test_a_number_matches_one_person_of_that_school_who_has_an_account(there, world):
    switched_on(there, world)
    unbound = world.new_graduate("许知远", world.college)
    Graduate.all_rows.filter(pk=unbound.pk).update(account=None)
    removed = world.new_graduate("方可", world.college, removed_at=timezone.now())
    suspended = world.new_graduate("梁秋", world.college)
    Account.objects.filter(pk=suspended.account_id).update(suspended_at=timezone.now())
    one, two = (world.new_graduate(name, world.college, student_number="同号7") for name in ("周一", "周二"))
    there.tell(people={
        "xu": unbound.student_number, "fang": removed.student_number, "liang": suspended.student_number, "zhou": one.student_number,
        "stranger": world.stranger.student_number, "empty": "",
    })  # fmt: skip
    before = (Account.objects.count(), Seat.objects.count(), Session.objects.count())
    told = {
        "xu": "第一次登录要核对身份", "fang": "从名单中删除", "liang": "已经停用", "zhou": "有两个人用这个学号", "stranger": "名单里没有这个学号",
        "nobody": "名单里没有这个学号", "empty": "没有给出唯一的学号", "li": "名单里没有这个学号",
    }  # fmt: skip

    for name, why in told.items():
        client = Client()
        answer = came_back(there, client, world, name)
        assert (name, answer.status_code, why in words(answer), is_in(client)) == (name, 403, True, False)
    assert "没有账号对应这个工号" not in words(came_back(there, Client(), world, "li"))
    assert "还没有账号对应这个工号" in words(came_back(there, Client(), world, "chen", kind="school"))
    came_back(there, Client(), world, "nobody")

    assert (Account.objects.count(), Seat.objects.count(), Session.objects.count()) == before
    noted = Record.objects.filter(flow="sign_on", act="refuse", school_id=world.school.pk)
    assert [r.changes["学号或工号"][1] for r in noted].count("99999") == 1
    assert noted.count() == len(told)  # 'empty' has no number to note, 陈诚 was taken for a teacher once
    Graduate.all_rows.filter(pk=two.pk).update(removed_at=timezone.now())
    assert came_back(there, Client(), world, "zhou").status_code == 302


def test_a_work_number_stands_for_one_account_of_a_school_and_is_given_on_the_page_of_accounts(there, world):
    switched_on(there, world)
    other = world.new_seat(Role.COLLEGE, world.other_college.pk, "何老师")
    form = {
        "name": "何老师", "phone": "", "employment": "2", "archive": "2", "household": "2", "sign_on_name": "T0042",
        "seen": accounts.queries.stamp(accounts.seat_values(other)),
    }  # fmt: skip
    school = signed_in(world.seats[Role.SCHOOL])
    assert "用在本校另一个账号上" in words(school.post(f"/accounts/{other.pk}/", form))
    assert school.post(f"/accounts/{other.pk}/", form | {"sign_on_name": "T0043"}).status_code == 302
    there.tell(people={"he": "T0043"})
    assert came_back(there, Client(), world, "he", kind="school").url == "/modules/"

    Seat.objects.filter(pk=other.pk).update(sign_on_name="T0042")
    assert "两个账号填了这个工号" in words(came_back(there, Client(), world, "li", kind="school"))
    foreign = world.stranger_actor(Role.SCHOOL)
    Seat.objects.filter(account=foreign.account).update(sign_on_name="S0001")
    there.tell(people={"s": "S0001"})
    assert "还没有账号对应这个工号" in words(came_back(there, Client(), world, "s", kind="school"))


def test_a_schools_log_in_reaches_that_schools_seats_alone(there, world):
    switched_on(there, world)
    account = world.graduate.account
    again = world.new_graduate("陈诚", world.stranger_college)
    Graduate.all_rows.filter(pk=again.pk).update(account=account)
    elsewhere = world.graduate_seat(Graduate.all_rows.get(pk=again.pk))
    by_school, by_password = Client(), Client()

    assert came_back(there, by_school, world).url == "/"
    by_password.post("/login/", {"kind": "graduate", "login": account.login, "password": PASSWORD})

    assert "选择身份" in words(by_password.get("/login/seat/"))
    assert "海澜理工大学" not in words(by_school.get("/account/"))
    assert "海澜理工大学" not in words(by_school.get("/login/seat/"))
    assert by_school.post("/account/seat/", {"seat": elsewhere.pk}).status_code == 404
    by_school.post("/login/seat/", {"seat": elsewhere.pk})
    assert Session.objects.filter(sign_on__isnull=False, seat=elsewhere).count() == 0
    assert "退出后用手机号和密码登录" in words(
        by_school.post(reverse("roster:profile"), {"phone": "13900001111", "email": "a@example.com"})
    )
    assert by_password.post("/login/seat/", {"seat": elsewhere.pk}).status_code == 302


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_leaving_ends_our_session_and_says_how_to_leave_there_too(there, world, protocol):
    switched_on(there, world, protocol)
    client = Client()
    came_back(there, client, world)

    answer = client.post("/leave/")

    assert (answer.url, is_in(client), Session.objects.count()) == (f"{named_by(world.school)}left/", False, 0)
    page = words(client.get(answer.url))
    where = (
        f"{there.cas}/logout?service=http%3A%2F%2Ftestserver%2Flogin%2F"
        if protocol == "cas"
        else f"{there.issuer}/logout/?client_id="
    )
    assert (where in page, "退出学校统一身份认证" in page) == (True, True)


def test_the_servers_log_out_notice_ends_that_session_and_no_other(there, world, notices):
    switched_on(there, world)
    there.tell(log_out_to=notices.address)
    chen, lin = Client(), Client()
    with httpx.Client(trust_env=False) as at_school:
        assert chen.get(browse(at_school, "chen", sent_out(chen, world))).status_code == 302
        assert came_back(there, lin, world, "lin").status_code == 302
        at_school.get(f"{there.cas}/logout")
    notice = notices.got()
    back = f"{named_by(world.school)}back/"

    for forged in (
        "", "<", notice.replace("ST-", "ST-x"), re.sub(r"(?s)<samlp:SessionIndex>.*?<", "<samlp:SessionIndex><", notice),
        '<!DOCTYPE x [<!ENTITY t "ST-1">]>' + notice.partition("?>")[2],
    ):  # fmt: skip
        assert Client(enforce_csrf_checks=True).post(back, {"logoutRequest": forged}).status_code == 204
    assert (is_in(chen), is_in(lin)) == (True, True)
    assert Client(enforce_csrf_checks=True).post(back, {"logoutRequest": notice}).status_code == 204
    assert (is_in(chen), is_in(lin)) == (False, True)


def test_guesses_from_one_address_are_limited(there, world, monkeypatch):
    switched_on(there, world)
    monkeypatch.setattr(sessions, "TRIES_OF_AN_ADDRESS", 2)

    def wrong() -> str:
        client = Client()
        service = parse_qs(urlsplit(sent_out(client, world)).query)["service"][0]
        return words(client.get(f"{service}&ticket=ST-1"))

    assert came_back(there, Client(), world).status_code == 302  # what is right is not counted
    assert ["试的次数太多了" in wrong() for _ in range(3)] == [False, False, True]
    assert sign_on.queries.has_sign_ons()
