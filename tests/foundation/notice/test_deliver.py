"""What is owed is sent if and only if its act was committed, later if a gateway fails, and never twice (NOT-02)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from qicheng.domain.orgs.models import Account
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import perform
from qicheng.foundation.notice import deliver
from qicheng.foundation.notice.models import Circuit, Notice
from qicheng.interfaces.jobs.outbox import _words, send_owed
from tests.foundation.notice.gateways import Gateway, impatient, mail_server, sms_gateway
from tests.races.meeting import together

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.rule("NOT-02")


@pytest.fixture
def gateway(settings: Any) -> Iterator[Gateway]:
    """An SMS gateway that this deployment uses."""
    with sms_gateway() as made:
        settings.QICHENG_SMS_URL, settings.QICHENG_SMS_KEY = made.url, "a-key"
        yield made


def sms() -> Notice:
    return Notice.objects.get(channel="sms")


def due_now() -> None:
    """The pause is over, and so is the channel's rest."""
    Notice.objects.exclude(state=Notice.SENT).update(due_at=timezone.now() - timedelta(seconds=1))
    Circuit.objects.filter(shut_until__isnull=False).update(shut_until=timezone.now() - timedelta(seconds=1))


def invited(world: Any) -> Notice:
    """An invitation whose only message on the way is an SMS."""
    world.invitation()
    settle_mail()
    return sms()


def settle_mail() -> None:
    Notice.objects.filter(channel="mail").update(state=Notice.SENT)


@pytest.mark.django_db
def test_a_message_is_sent_once_with_its_key_to_the_number_in_the_account(world, gateway):
    owed = invited(world)
    assert deliver.deliver(_words) == 1
    assert gateway.asked == [
        {
            "key": f"qicheng-{owed.pk}", "to": Account.objects.get(pk=world.graduate.account_id).phone, "text": gateway.delivered[f"qicheng-{owed.pk}"],
            "bearer": "Bearer a-key", "header": f"qicheng-{owed.pk}",
        }
    ]  # fmt: skip
    assert gateway.asked[0]["text"].startswith("【启程】云岭数据科技有限公司 邀请你签约")
    assert (sms().state, sms().attempts, sms().failure) == (Notice.SENT, 1, "")
    assert sms().sent_at is not None
    assert deliver.deliver(_words) == 0


@pytest.mark.django_db
@pytest.mark.parametrize("answer", [500, 503, 429, 408, 302, "silent"])
def test_a_gateway_that_fails_is_asked_again_under_the_same_key_after_a_pause(world, gateway, answer):
    invited(world)
    gateway.behaviour = answer
    with impatient():
        deliver.deliver(_words)
    owed = sms()
    assert (owed.state, owed.attempts, owed.sent_at) == (Notice.OWED, 1, None)
    assert 10 < (owed.due_at - timezone.now()).total_seconds() <= 15
    assert deliver.deliver(_words) == 0

    gateway.behaviour = 200
    due_now()
    assert deliver.deliver(_words) == 1
    assert ({asked["key"] for asked in gateway.asked}, len(gateway.delivered), sms().state) == (
        {f"qicheng-{owed.pk}"},
        1,
        Notice.SENT,
    )


@pytest.mark.django_db
def test_an_answer_after_the_time_out_does_not_send_a_second_message(world, gateway):
    invited(world)
    gateway.behaviour = "slow"
    with impatient():
        deliver.deliver(_words)
    assert sms().state == Notice.OWED
    gateway.behaviour = 200
    due_now()
    deliver.deliver(_words)
    assert (len(gateway.asked), len(gateway.delivered), sms().state) == (2, 1, Notice.SENT)


@pytest.mark.django_db
@pytest.mark.parametrize("answer", [400, 401, 404, 422])
def test_an_answer_that_will_not_change_is_for_the_operator(world, gateway, answer):
    invited(world)
    gateway.behaviour = answer
    deliver.deliver(_words)
    assert (sms().state, sms().failure) == (Notice.STUCK, f"短信网关回答 {answer}")
    due_now()
    assert deliver.deliver(_words) == 0


@pytest.mark.django_db
def test_pauses_grow_until_an_operator_has_to_look_who_can_send_it_again(world, gateway):
    invited(world)
    gateway.behaviour = 500
    pauses = []
    for _ in range(deliver.MOST_ATTEMPTS):
        due_now()
        deliver.deliver(_words)
        pauses.append((sms().due_at - timezone.now()).total_seconds())
    expected = [15, 60, 240, 960, 3840, 15360, 21600]
    assert [whole - 10 < pause <= whole for whole, pause in zip(expected, pauses[:-1], strict=True)] == [True] * 7
    assert (sms().state, sms().attempts) == (Notice.STUCK, deliver.MOST_ATTEMPTS)

    gateway.behaviour = 200
    assert (deliver.resend([sms().pk]), deliver.resend([sms().pk])) == ([sms().pk], [])
    due_now()
    deliver.deliver(_words)
    assert sms().state == Notice.SENT


@pytest.mark.django_db
def test_a_failing_gateway_is_asked_once_a_round_and_holds_up_no_other_channel(world, gateway):
    for number in range(4):
        world.invitation(world.new_graduate(f"周{number}", world.college))
    gateway.behaviour = "silent"
    Notice.objects.filter(channel="sms").update(due_at=timezone.now() - timedelta(hours=1))
    Account.objects.filter(seat__role=Role.GRADUATE).update(email="someone@example.com")
    with impatient():
        deliver.deliver(_words)
    assert (len(gateway.asked), len(mail.outbox)) == (1, 4)
    assert (
        list(Notice.objects.filter(channel="sms").order_by("state").values_list("state", flat=True))
        == [Notice.OWED] * 4
    )


@pytest.mark.django_db
def test_who_has_no_address_on_a_channel_is_marked_so(world, gateway):
    invited(world)
    Account.objects.filter(pk=world.graduate.account_id).update(phone=None)
    Graduate.all_rows.filter(pk=world.graduate.pk).update(phone="")
    deliver.deliver(_words)
    assert (sms().state, gateway.asked) == (Notice.WITHOUT, [])


@pytest.mark.django_db
def test_a_message_that_cannot_be_written_does_not_hold_up_the_others(world, gateway):
    world.invitation()
    other = world.invitation(world.neighbour)
    settle_mail()

    def broken(owed: Notice) -> tuple[str, str]:
        return ("", "") if owed.case == str(other.public_id) else _words(owed) and 1 / 0  # type: ignore[return-value]

    deliver.deliver(broken)
    assert sorted(Notice.objects.filter(channel="sms").values_list("state", "failure")) == [
        (Notice.OWED, "消息没有写成（ZeroDivisionError）"), (Notice.SENT, ""),
    ]  # fmt: skip


@pytest.mark.django_db
def test_an_act_that_was_rolled_back_owes_nothing(world, gateway):
    with transaction.atomic():
        world.invitation()
        transaction.set_rollback(True)
    assert (Notice.objects.count(), deliver.deliver(_words), gateway.asked) == (0, 0, [])


def test_a_failing_gateway_does_not_stop_an_act(committed_world, gateway):
    gateway.close()
    case = committed_world.invitation()
    assert send_owed() >= 1
    assert perform(case, "accept", committed_world.actor(Role.GRADUATE)).after == "college_review"
    assert Notice.objects.get(channel="sms", act="invite").state == Notice.OWED


def test_two_deliverers_at_once_send_each_message_once(committed_world, gateway):
    world = committed_world
    for number in range(12):
        world.invitation(world.new_graduate(f"周{number}", world.college))
    settle_mail()
    taken = together([send_owed] * 4)
    assert (sum(taken), len(gateway.asked), len(gateway.delivered)) == (12, 12, 12)
    assert set(Notice.objects.filter(channel="sms").values_list("state", "attempts")) == {(Notice.SENT, 1)}


def test_deliverers_that_do_not_claim_send_a_message_more_than_once(committed_world, gateway, monkeypatch):
    """The negative control: without the claim that others skip, the gateway is asked again and again."""
    world = committed_world
    for number in range(12):
        world.invitation(world.new_graduate(f"周{number}", world.college))
    settle_mail()
    unclaimed = """
        SELECT id, state, due_at, %(claim)s::float, %(failing)s::text[] FROM notice_notice WHERE state IN ('owed', 'sending') AND channel = 'sms' ORDER BY due_at LIMIT 1
    """
    monkeypatch.setattr(deliver, "_CLAIM", unclaimed)
    together([send_owed] * 4)
    assert len(gateway.asked) > 12
    assert len(gateway.delivered) == 12  # the gateway's keys are the second belt


def test_one_message_is_claimed_at_a_time_even_where_the_server_believes_that_there_are_none(
    committed_world, committed, gateway
):
    """What acts that were rolled back leave behind makes the table look empty: the plan then starts from its rows."""
    world = committed_world
    with transaction.atomic():
        world.invitation()
        transaction.set_rollback(True)
    committed.run(committed.name, "ANALYZE notice_notice")
    for number in range(3):
        world.invitation(world.new_graduate(f"周{number}", world.college))
    settle_mail()

    assert deliver.deliver(_words) == 3
    assert set(Notice.objects.filter(channel="sms").values_list("state", "attempts")) == {(Notice.SENT, 1)}


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.django_db
def test_a_process_killed_after_the_gateway_took_it_asks_again_under_the_same_key(world, gateway, monkeypatch):
    invited(world)
    whole = deliver._settle

    def killed(*given: Any) -> None:
        raise Killed

    monkeypatch.setattr(deliver, "_settle", killed)
    with pytest.raises(Killed):
        deliver.deliver(_words)
    monkeypatch.setattr(deliver, "_settle", whole)
    assert (sms().state, deliver.deliver(_words)) == (Notice.SENDING, 0)

    due_now()
    deliver.deliver(_words)
    assert (len(gateway.asked), len(gateway.delivered), sms().state) == (2, 1, Notice.SENT)


def owed_by_mail(world: Any) -> Notice:
    Account.objects.filter(pk=world.graduate.account_id).update(email="chen@example.com")
    world.invitation()
    return Notice.objects.get(channel="mail")


@pytest.mark.django_db
def test_a_mail_that_was_cut_off_is_not_repeated_but_shown_to_the_operator(world, monkeypatch):
    owed = owed_by_mail(world)
    whole = deliver._settle
    monkeypatch.setattr(deliver, "_settle", lambda *given: (_ for _ in ()).throw(Killed))
    with pytest.raises(Killed):
        deliver.deliver(_words)
    monkeypatch.setattr(deliver, "_settle", whole)
    due_now()
    deliver.deliver(_words)
    owed.refresh_from_db()
    assert (len(mail.outbox), owed.state, owed.failure) == (1, Notice.STUCK, "上次发送中断，可能已经发出，请人工确认")


@pytest.fixture
def post(settings: Any) -> Iterator[Any]:
    """A real mail server."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with mail_server() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 2
        yield server


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("behaviour", "state", "received"), [("good", Notice.SENT, 1), ("full", Notice.OWED, 1), ("mute", Notice.STUCK, 1)]
)
def test_a_mail_server_that_says_later_is_asked_later_and_one_that_says_nothing_never_again(
    world, post, behaviour, state, received
):
    owed = owed_by_mail(world)
    post.behaviour = behaviour
    deliver.deliver(_words)
    owed.refresh_from_db()
    assert (owed.state, post.received) == (state, received)


@pytest.mark.django_db
def test_a_mail_server_that_is_not_there_is_asked_later(world, post):
    owed = owed_by_mail(world)
    post.close()
    deliver.deliver(_words)
    owed.refresh_from_db()
    assert (owed.state, owed.failure) == (Notice.OWED, "邮件服务器连不上（ConnectionRefusedError）")


@pytest.mark.django_db
def test_nothing_of_a_person_is_in_the_log_of_a_failure(world, gateway, caplog):
    invited(world)
    for answer in (500, 400):
        gateway.behaviour = answer
        due_now()
        deliver.deliver(_words)
    account = Account.objects.get(pk=world.graduate.account_id)
    said = caplog.text + sms().failure
    assert [word for word in (account.phone, account.name, account.id_number, "云岭") if word in said] == []
