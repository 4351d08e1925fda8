"""One's own account: password, sessions, seats; and the pages around: messages, divisions, words that stand."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from qicheng.domain.orgs.effects.sessions import open_session
from qicheng.domain.orgs.models import Session
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import perform
from qicheng.foundation.notice.models import Notice
from tests.clients import signed_in
from tests.world import PASSWORD

COOKIE = settings.QICHENG_SESSION_COOKIE
NEW = "Yunling-tiaozhan-42"
pytestmark = pytest.mark.django_db


def test_a_new_password_ends_every_other_session_and_gives_this_one_a_new_token(world):
    seat = world.seats[Role.SCHOOL]
    here, there = signed_in(seat), signed_in(seat)
    before = here.cookies[COOKIE].value

    answer = here.post("/account/password/", {"old": PASSWORD, "new": NEW, "again": NEW})

    assert (answer.status_code, answer.url) == (302, "/modules/")
    assert here.cookies[COOKIE].value != before
    assert (here.get("/account/").status_code, there.get("/account/").status_code) == (200, 302)
    assert Session.objects.filter(account=seat.account).count() == 1
    seat.account.refresh_from_db()
    assert seat.account.check_password(NEW)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"old": "not-this-one", "new": NEW, "again": NEW}, "密码不对。再错 4 次"),
        ({"old": PASSWORD, "new": NEW, "again": NEW + "x"}, "两次输入的密码不一样"),
        ({"old": PASSWORD, "new": PASSWORD, "again": PASSWORD}, "新密码和现在的一样"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "至少 10 个字符"),
    ],
)
def test_a_password_that_cannot_be_taken_is_told_why(world, given, words):
    client = signed_in(world.seats[Role.SCHOOL])

    answer = client.post("/account/password/", given)

    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert all(f'value="{value}"' not in answer.content.decode() for value in given.values())


def test_one_sees_ones_own_sessions_and_ends_one_of_them(world):
    seat = world.seats[Role.GRADUATE]
    here, there = signed_in(seat), signed_in(seat)
    stranger = signed_in(world.seats[Role.SCHOOL])
    keys = {
        client: bytes(Session.objects.get(token_hash=_hash(client)).token_hash).hex()
        for client in (here, there, stranger)
    }

    assert "2 处" in here.get("/account/").content.decode()
    here.post("/account/sessions/end/", {"key": keys[there]})
    here.post("/account/sessions/end/", {"key": keys[stranger]})

    assert [c.get("/account/").status_code for c in (here, there, stranger)] == [200, 302, 200]


def test_all_others_end_at_once(world):
    seat = world.seats[Role.GRADUATE]
    here, others = signed_in(seat), [signed_in(seat) for _ in range(2)]

    here.post("/account/sessions/end/", {"key": "others"})

    assert [c.get("/account/").status_code for c in (here, *others)] == [200, 302, 302]


def _hash(client: Client) -> bytes:
    from qicheng.domain.orgs.effects.sessions import token_hash

    return token_hash(client.cookies[COOKIE].value)


@pytest.mark.rule("ROS-08")
def test_one_changes_to_another_own_seat_and_to_nobody_elses(world):
    seat = world.seats[Role.COLLEGE]
    second = type(seat).objects.create(account=seat.account, role=Role.SCHOOL, node=world.school.pk, employment=2)
    client = signed_in(seat)
    assert "换到 学校　江临大学" in client.get("/account/").content.decode()
    before = client.cookies[COOKIE].value

    assert client.post("/account/seat/", {"seat": world.seats[Role.PROVINCE].pk}).status_code == 404
    assert client.post("/account/seat/", {"seat": second.pk}).url == "/modules/"

    assert client.cookies[COOKIE].value != before
    assert "账号管理" in client.get("/account/").content.decode()


@pytest.mark.rule("ORG-03")
def test_menus_of_school_and_college_differ(world):
    school, college = (
        signed_in(world.seats[role]).get("/account/").content.decode() for role in (Role.SCHOOL, Role.COLLEGE)
    )

    assert ("/accounts/" in school, "/settings/" in school) == (True, True)
    assert ("/accounts/" in college, "/settings/" in college) == (False, False)


def test_a_menu_leads_nowhere_that_is_not_there(world):
    for seat in world.seats.values():
        client = signed_in(seat)
        page = client.get("/account/").content.decode()
        menu = "".join(re.findall(r"<nav.*?</nav>", page, re.DOTALL))
        for url in set(re.findall(r'href="(/[^"#]*)"', menu)):
            assert (seat.role, url, client.get(url, follow=True).status_code) == (seat.role, url, 200)


def test_messages_are_the_seats_own_newest_first_and_are_marked_as_read(world):
    case = world.effective()
    client = signed_in(world.seats[Role.GRADUATE])
    notices = list(Notice.objects.filter(role="graduate", node=world.graduate.pk, channel="inbox").order_by("-id"))
    foreign = Notice.objects.filter(role="employer", channel="inbox").first()

    page = client.get("/messages/").content.decode()
    assert f"消息，{len(notices)} 条未读" in page
    positions = [page.index(f"/messages/{notice.pk}/") for notice in notices]
    assert positions == sorted(positions)
    assert f"/messages/{foreign.pk}/" not in page

    assert client.get(f"/messages/{notices[0].pk}/").url == f"/invites/{case.public_id}/"
    assert client.get(f"/messages/{foreign.pk}/").status_code == 404
    assert f"消息，{len(notices) - 1} 条未读" in client.get("/messages/").content.decode()

    client.post("/messages/read/", {"newest": notices[1].pk})
    assert "条未读" not in client.get("/messages/").content.decode()


def test_older_messages_follow_page_by_page_with_the_same_number_of_queries(world, django_assert_num_queries):
    from qicheng.interfaces.web import inbox

    client = signed_in(world.seats[Role.EMPLOYER])
    perform(world.invitation(), "decline", world.of(world.graduate))
    client.get("/messages/")
    with CaptureQueriesContext(connection) as for_one:
        client.get("/messages/")
    for _ in range(inbox.SIZE):
        perform(world.invitation(), "decline", world.of(world.graduate))

    with django_assert_num_queries(len(for_one)):
        page = client.get("/messages/").content.decode()

    oldest = Notice.objects.filter(role="employer", node=world.employer.pk, channel="inbox").order_by("id")[1]
    assert f"/messages/?before={oldest.pk}" in page
    assert len(re.findall(r'href="/messages/\d+/"', client.get(f"/messages/?before={oldest.pk}").content.decode())) == 1


def test_divisions_come_as_options_that_may_be_kept():
    provinces, cities = Client().get("/areas/"), Client().get("/areas/320000/")

    assert '<option value="320000">' in provinces.content.decode()
    assert '<option value="320500">' in cities.content.decode()
    assert cities["Cache-Control"] == "public, max-age=86400"
    assert Client().get("/areas/999999/").status_code == 404
    assert Client().get("/areas/%3Cb%3E/").status_code == 404


def test_names_of_long_tables_are_offered_while_typing_without_logging_in():
    found = Client().get("/codes/admin_divisions/?q=昆山")
    assert found.content.decode() == '<option value="江苏省苏州市昆山市"></option>'
    assert found["Cache-Control"] == "public, max-age=86400"
    assert Client().get("/codes/universities_2022/?q=学院").content.decode().count("<option") == 10
    assert Client().get("/codes/countries/?q=" + "美" * 500).content == Client().get("/codes/countries/").content == b""
    assert [Client().get(f"/codes/{name}/?q=一").status_code for name in ("gender", "nothing")] == [404, 404]


def test_the_words_that_stand_are_there_for_everybody(world):
    for path, words in (("/help/", "还有问题"), ("/a11y/", "无障碍说明"), ("/privacy/", "谁能看到")):
        assert words in Client().get(path).content.decode()
        assert signed_in(world.seats[Role.EMPLOYER]).get(path).status_code == 200


def test_a_session_can_wait_for_its_seat_without_being_anybody(world):
    client = Client()
    client.cookies[COOKIE] = open_session(world.graduate.account, None)

    assert client.get("/account/").url == "/login/?next=%2Faccount%2F"
    assert client.get("/").url == "/login/seat/"
    assert client.get("/login/").url == "/login/seat/"
