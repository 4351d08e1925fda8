"""The operator's list of messages that could not be sent."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.notice.models import Circuit, Notice
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


@pytest.mark.rule("NOT-02")
def test_the_operator_sees_how_each_way_works_what_to_do_and_sends_many_again(world):
    for number in range(3):
        world.invitation(world.new_graduate(f"周{number}", world.college))
    rows = Notice.objects.filter(channel="mail")
    rows.update(state=Notice.STUCK, failure="邮件服务器连不上（ConnectionRefusedError）")
    first = rows.first()
    Notice.objects.filter(pk=first.pk).update(state=Notice.OWED)
    rest = timezone.now() + timedelta(minutes=1)
    Circuit.objects.create(channel="sms", failures=5, shut_until=rest, failure="短信网关没有回答（TimeoutError）")
    Circuit.objects.create(channel="wechat", failures=0, shut_until=rest, failure="微信接口到了上限（45009）")
    Circuit.objects.create(channel="mail", failures=0)
    client = signed_in(world.seats[Role.MINISTRY])
    page = " ".join(client.get(reverse("outbox")).content.decode().split())
    for words in (
        "查 QICHENG_SMTP_HOST 和网络",
        "停发",
        "连续失败 5 次",
        "到了上限，停发",
        "正常",
        "邮件还有 1 条在排队",
    ):
        assert words in page

    chosen = [str(one.pk) for one in rows]
    client.post(reverse("send_many_again"), {"notice": [*chosen, "x", "9" * 30]})
    assert (rows.filter(state=Notice.OWED).count(), Record.objects.filter(act="resent").count()) == (3, 2)
    client.post(reverse("send_many_again"), {})
    assert Record.objects.filter(act="resent").count() == 2
    assert signed_in(world.seats[Role.SCHOOL]).post(reverse("send_many_again"), {"notice": chosen}).status_code == 404


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
