"""Who asks: the session, the actor that it makes, and when it is nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from qicheng.domain.orgs.models import Cohort, Session
from qicheng.foundation.access import Level, Role
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


def is_let_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


@pytest.mark.rule("ORG-10")
def test_name_role_and_unit_of_who_is_logged_in_stand_on_the_page(world):
    units = {
        Role.GRADUATE: "江临大学　计算机学院", Role.COLLEGE: "江临大学　计算机学院", Role.SCHOOL: "江临大学", Role.PROVINCE: "江南省",
        Role.MINISTRY: "全国", Role.EMPLOYER: "云岭数据科技有限公司",
    }  # fmt: skip
    for role, seat in world.seats.items():
        page = signed_in(seat).get("/account/").content.decode()
        assert (role, seat.account.name in page, role.label in page, units[role] in page) == (role, True, True, True)


def test_somebody_without_a_cookie_costs_no_query():
    with CaptureQueriesContext(connection) as asked:
        Client().get("/help/")

    assert len(asked) == 0


def test_a_session_is_read_with_account_seat_and_unit_in_one_statement(world):
    client = signed_in(world.seats[Role.SCHOOL])
    client.get("/help/")

    with CaptureQueriesContext(connection) as asked:
        client.get("/help/")

    assert len(asked) == 1


def test_the_actor_is_the_seat_with_its_permissions_and_its_address(world, settings):
    from django.test import RequestFactory

    from qicheng.interfaces.web.middleware import who_asks

    settings.QICHENG_PROXIES = ["10.0.0.1"]
    seat = world.new_seat(Role.COLLEGE, world.college.pk, "李华", archive=Level.READ, household=Level.NONE)
    request = RequestFactory().get(
        "/help/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="203.0.113.9, 198.51.100.7, 10.0.0.1"
    )
    request.COOKIES = {settings.QICHENG_SESSION_COOKIE: signed_in(seat).cookies[settings.QICHENG_SESSION_COOKIE].value}
    from django.http import HttpResponse

    who_asks(lambda _: HttpResponse())(request)

    expected = seat.actor(name="李华", unit="江临大学　计算机学院", origin="198.51.100.7")
    assert request.actor == expected


def test_what_an_unknown_peer_says_of_its_address_is_not_believed(settings):
    from django.test import RequestFactory

    from qicheng.interfaces.web.middleware import address

    settings.QICHENG_PROXIES = ["10.0.0.1"]

    assert (
        address(RequestFactory().get("/", REMOTE_ADDR="192.0.2.5", HTTP_X_FORWARDED_FOR="203.0.113.9")) == "192.0.2.5"
    )


@pytest.mark.rule("ORG-09")
def test_a_suspended_accounts_open_session_ends_at_once(world):
    seat = world.seats[Role.SCHOOL]
    client = signed_in(seat)
    assert is_let_in(client)

    seat.account.suspended_at = timezone.now()
    seat.account.save()

    assert not is_let_in(client)


@pytest.mark.rule("ORG-09")
def test_a_seat_that_ended_lets_nobody_in(world):
    seat = world.seats[Role.COLLEGE]
    client = signed_in(seat)

    seat.ended_at = timezone.now()
    seat.save()

    assert not is_let_in(client)


def test_permissions_are_read_at_every_request(world):
    seat = world.seats[Role.SCHOOL]
    client = signed_in(seat)
    before = client.get("/account/").content.decode()

    seat.role, seat.node = Role.COLLEGE, world.college.pk
    seat.save()

    assert ("计算机学院" in before, "计算机学院" in client.get("/account/").content.decode()) == (False, True)


@pytest.mark.parametrize(
    ("role", "idle", "is_in"),
    [(Role.SCHOOL, 119, True), (Role.SCHOOL, 121, False), (Role.GRADUATE, 121, True), (Role.GRADUATE, 721, False)],
)
def test_a_session_that_lies_idle_ends(world, role, idle, is_in):
    client = signed_in(world.seats[role])

    Session.objects.update(seen_at=timezone.now() - timedelta(minutes=idle))

    assert is_let_in(client) is is_in


def test_a_session_ends_after_half_a_day_however_busy(world):
    client = signed_in(world.seats[Role.GRADUATE])
    row = Session.objects.get()
    assert timedelta(hours=11, minutes=59) < row.expires_at - timezone.now() <= timedelta(hours=12)

    Session.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert not is_let_in(client)


def test_the_last_use_is_noted_once_a_minute_at_most(world):
    client = signed_in(world.seats[Role.GRADUATE])
    client.get("/help/")
    at_first = Session.objects.get().seen_at
    client.get("/help/")
    assert Session.objects.get().seen_at == at_first

    Session.objects.update(seen_at=at_first - timedelta(seconds=61))
    client.get("/help/")

    assert Session.objects.get().seen_at > at_first - timedelta(seconds=60)


def test_a_token_that_nobody_has_is_nobody(world):
    client = Client()
    client.cookies[settings.QICHENG_SESSION_COOKIE] = "x" * 43

    assert client.get("/account/").url == "/login/?next=%2Faccount%2F"


@pytest.mark.rule("ROS-03")
def test_a_school_switches_the_cohort_that_it_looks_at(world):
    Cohort.objects.get_or_create(year=2025)
    client = signed_in(world.seats[Role.SCHOOL])
    assert '<option value="2026" selected>' in client.get("/account/").content.decode()

    assert client.post("/cohort/", {"cohort": "2025", "next": "/account/"}).url == "/account/"

    assert '<option value="2025" selected>' in client.get("/account/").content.decode()
    assert client.post("/cohort/", {"cohort": "1999"}).status_code == 404


@pytest.mark.rule("ROS-03", "ROS-08")
def test_a_graduate_switches_to_its_line_in_another_cohort_which_is_a_seat_of_its_own(world):
    Cohort.objects.get_or_create(year=2023)
    account = world.graduate.account
    earlier = world.new_graduate("陈诚", world.stranger_college, cohort=2023)
    type(earlier).all_rows.filter(pk=earlier.pk).update(account=account)
    earlier.account = account
    world.graduate_seat(earlier)
    client = signed_in(world.seats[Role.GRADUATE])
    before = client.cookies[settings.QICHENG_SESSION_COOKIE].value

    client.post("/cohort/", {"cohort": "2023"})

    assert "海澜理工大学　信息学院" in client.get("/account/").content.decode()
    assert client.cookies[settings.QICHENG_SESSION_COOKIE].value != before
    assert client.post("/cohort/", {"cohort": "2024"}).status_code == 404
