"""The operator's list of messages that could not be sent."""

import pytest
from django.urls import reverse

from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.notice.models import Notice
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def stuck(world):
    world.invitation()
    owed = Notice.objects.filter(channel="mail").get()
    Notice.objects.filter(pk=owed.pk).update(state=Notice.STUCK, failure="邮件服务器没有接收", attempts=8)
    return owed


@pytest.mark.rule("NOT-02")
def test_the_operator_sees_what_is_stuck_and_sends_it_again(world, stuck):
    client = signed_in(world.seats[Role.MINISTRY])
    page = client.get(reverse("outbox"))
    client.post(reverse("send_again", args=[stuck.pk]))
    stuck.refresh_from_db()

    assert "邮件服务器没有接收" in page.content.decode()
    assert (stuck.state, stuck.attempts) == (Notice.OWED, 0)
    assert Record.objects.filter(act="resent", case=str(stuck.pk)).count() == 1


def test_the_list_of_stuck_messages_names_no_person_and_no_address(world, stuck):
    page = signed_in(world.seats[Role.MINISTRY]).get(reverse("outbox")).content.decode()

    assert [word for word in (world.graduate.name, world.graduate.phone, world.employer.name) if word in page] == []


@pytest.mark.parametrize("role", [Role.GRADUATE, Role.EMPLOYER, Role.COLLEGE, Role.SCHOOL, Role.PROVINCE])
def test_nobody_else_finds_the_list_of_stuck_messages(world, role):
    assert signed_in(world.seats[role]).get(reverse("outbox")).status_code == 404


def test_a_message_that_is_not_stuck_is_not_sent_again(world):
    world.invitation()
    sent = Notice.objects.filter(channel="mail").get()
    signed_in(world.seats[Role.MINISTRY]).post(reverse("send_again", args=[sent.pk]))

    assert Record.objects.filter(act="resent").count() == 0
