"""SMS of a provider and messages of WeChat, against servers that speak the protocols and misbehave: never twice, never lost (NOT-01, NOT-02)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db.models import F
from django.utils import timezone

from qicheng.domain.orgs.effects import binding
from qicheng.domain.orgs.models import BindingScene
from qicheng.foundation.kit.calendar import day_of
from qicheng.foundation.notice import aliyun, deliver, wechat
from qicheng.foundation.notice.models import Circuit, Grant, Notice
from qicheng.interfaces.jobs.outbox import _words, send_owed
from tests.foundation.notice.gateways import impatient
from tests.foundation.notice.providers import APP, DRIP, GARBAGE, LATE, SECRET, SILENT, ShortMessages, Wechat, running
from tests.races.meeting import together

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.rule("NOT-01"), pytest.mark.rule("NOT-02")]


@pytest.fixture
def provider(settings: Any) -> Iterator[ShortMessages]:
    with running(ShortMessages) as made:
        settings.QICHENG_SMS_PROVIDER, settings.QICHENG_SMS_URL = "aliyun", made.url
        settings.QICHENG_SMS_ACCESS_KEY, settings.QICHENG_SMS_KEY = "an-access-key", SECRET
        settings.QICHENG_SMS_SIGN, settings.QICHENG_SMS_TEMPLATE = "启程", "SMS_1"
        yield made


@pytest.fixture
def official(settings: Any) -> Iterator[Wechat]:
    with running(Wechat) as made:
        settings.QICHENG_WECHAT_APP, settings.QICHENG_WECHAT_SECRET, settings.QICHENG_WECHAT_URL = APP, SECRET, made.url
        settings.QICHENG_WECHAT_TEMPLATE = "a-template"
        yield made


def owed(world: Any, channel: str) -> Notice:
    """An invitation whose only message on the way goes by this channel."""
    world.invitation()
    Notice.objects.exclude(channel=channel).update(state=Notice.SENT)
    return Notice.objects.get(channel=channel, act="invite")


def later(**span: float) -> None:
    """Time has passed: pauses are over, and what is unsure has been so for as long."""
    past = timedelta(**span) if span else timedelta(seconds=1)
    Notice.objects.filter(state__in=(Notice.OWED, Notice.SENDING)).update(due_at=timezone.now() - timedelta(seconds=1))
    Notice.objects.filter(unsure_at__isnull=False).update(unsure_at=F("unsure_at") - past)
    Circuit.objects.filter(shut_until__isnull=False).update(shut_until=timezone.now() - timedelta(seconds=1))


def bound(world: Any, openid: str = "openid-of-chen") -> None:
    row = BindingScene.objects.create(
        digest=binding._hash("scene"),
        account_id=world.graduate.account_id,
        url="http://x/",
        expires_at=timezone.now() + timedelta(minutes=1),
    )
    assert binding.bind("scene", openid) == binding.BOUND, row
    Notice.objects.update(state=Notice.SENT)


def test_a_signature_is_the_one_that_the_providers_documentation_works_out():
    given = {
        "AccessKeyId": "testId", "Action": "SendSms", "Format": "XML", "OutId": "123", "PhoneNumbers": "15300000001", "RegionId": "cn-hangzhou",
        "SignName": "阿里云短信测试专用", "SignatureMethod": "HMAC-SHA1", "SignatureNonce": "45e25e9b-0a6f-4070-8c85-2956eda1b466",
        "SignatureVersion": "1.0", "TemplateCode": "SMS_71390007", "TemplateParam": '{"customer":"test"}', "Timestamp": "2017-07-12T02:42:19Z",
        "Version": "2017-05-25",
    }  # fmt: skip
    assert aliyun.signature("GET", given, "testSecret") == "zJDF+Lrzhj/ThnlvIToysFRq6t4="


@pytest.mark.django_db
def test_a_text_message_goes_out_once_whatever_kind_of_day_the_provider_has(world, provider):
    message = owed(world, "sms")
    deliver.deliver(_words)
    message.refresh_from_db()
    assert (message.state, message.reference, [one["OutId"] for one in provider.sent]) == (
        Notice.SENT,
        "1^0",
        [f"qicheng-{message.pk}"],
    )
    assert provider.sent[0]["TemplateParam"].startswith('{"text": "云岭数据科技有限公司 邀请你签约')

    for day, was_sent in (
        (LATE, True),
        (DRIP, True),
        (SILENT, False),
        (GARBAGE, False),
        (500, False),
        ("isp.SYSTEM_ERROR", False),
    ):
        provider.sent.clear()
        provider.asked.clear()
        Notice.objects.filter(pk=message.pk).update(
            state=Notice.OWED, attempts=0, unsure_at=None, due_at=timezone.now()
        )
        provider.days.append(day)
        with impatient():
            deliver.deliver(_words)
        message.refresh_from_db()
        assert (message.state, message.unsure_at is not None) == (Notice.OWED, True), day
        assert (message.due_at - timezone.now()).total_seconds() > 250, "the provider's books are not yet written"
        later(seconds=300)
        since = Notice.objects.get(pk=message.pk).unsure_at
        # Around midnight it is looked for in the books of two days.
        books = len({day_of(since), day_of(since + timedelta(minutes=10))})
        deliver.deliver(_words)
        message.refresh_from_db()
        asked = 2 if was_sent else 2 + books
        assert (message.state, len(provider.sent), len(provider.asked)) == (Notice.SENT, 1, asked), day


@pytest.mark.django_db
def test_what_the_provider_answers_decides_whether_and_when_it_is_asked_again(world, provider):
    message = owed(world, "sms")
    outcomes = {}
    for code in ("isv.MOBILE_NUMBER_ILLEGAL", "isv.BUSINESS_LIMIT_CONTROL", "isv.AMOUNT_NOT_ENOUGH", "Throttling.Api"):
        Circuit.objects.all().update(shut_until=None, failures=0)
        Notice.objects.filter(pk=message.pk).update(state=Notice.OWED, attempts=0, due_at=timezone.now())
        provider.days.append(code)
        deliver.deliver(_words)
        message.refresh_from_db()
        rests = Circuit.objects.filter(channel="sms", shut_until__isnull=False).exists()
        outcomes[code] = (
            message.state,
            message.attempts,
            round((message.due_at - timezone.now()).total_seconds() / 600),
            rests,
        )
    assert outcomes == {
        "isv.MOBILE_NUMBER_ILLEGAL": (Notice.STUCK, 1, 0, False),
        "isv.BUSINESS_LIMIT_CONTROL": (Notice.OWED, 0, 6, False),
        "isv.AMOUNT_NOT_ENOUGH": (Notice.OWED, 0, 6, True),
        "Throttling.Api": (Notice.OWED, 0, 6, True),
    }
    assert provider.sent == []


@pytest.mark.django_db
def test_after_five_failures_a_channel_rests_and_one_message_tries_it_again(world, provider):
    for number in range(7):
        world.invitation(world.new_graduate(f"周{number}", world.college))
    Notice.objects.exclude(channel="sms").update(state=Notice.SENT)
    provider.days += [500] * 5
    for _ in range(6):
        deliver.deliver(_words)
    circuit = Circuit.objects.get(channel="sms")
    assert (len(provider.asked), circuit.failures, circuit.shut_until > timezone.now()) == (5, 5, True)

    Circuit.objects.update(shut_until=timezone.now() - timedelta(seconds=1))
    provider.days.append(500)
    deliver.deliver(_words)
    assert len(provider.asked) == 6
    later(seconds=300)
    deliver.deliver(_words)
    assert (len(provider.sent), Notice.objects.filter(channel="sms", state=Notice.SENT).count()) == (7, 7)
    assert (Circuit.objects.get(channel="sms").failures, Circuit.objects.get(channel="sms").shut_until) == (0, None)


@pytest.mark.django_db
def test_a_message_of_wechat_goes_out_once_whatever_kind_of_day_wechat_has(world, official):
    bound(world)
    message = owed(world, "wechat")
    deliver.deliver(_words)
    message.refresh_from_db()
    sent = official.sent[f"qicheng-{message.pk}"]
    assert (message.state, message.reference, sent["touser"]) == (Notice.SENT, "1", "openid-of-chen")
    assert sent["data"]["thing1"]["value"] == "云岭数据科技有限公司 想与你签约"

    for day in (LATE, DRIP, SILENT, GARBAGE, 500, "-1"):
        official.sent.clear()
        Notice.objects.filter(pk=message.pk).update(
            state=Notice.OWED, attempts=0, unsure_at=None, due_at=timezone.now()
        )
        official.days.append(day)
        with impatient():
            deliver.deliver(_words)
        later()
        deliver.deliver(_words)
        message.refresh_from_db()
        assert (message.state, list(official.sent)) == (Notice.SENT, [f"qicheng-{message.pk}"]), day


@pytest.mark.django_db
def test_what_wechat_may_have_sent_long_ago_is_not_repeated_but_shown_to_the_operator(world, official):
    bound(world)
    message = owed(world, "wechat")
    official.days += ["", LATE]  # the token, then the message
    with impatient(3):
        deliver.deliver(_words)
    later(minutes=10)
    deliver.deliver(_words)
    message.refresh_from_db()
    assert (message.state, message.failure, len(official.sent)) == (Notice.STUCK, deliver.CUT_OFF, 1)


@pytest.mark.django_db
def test_a_token_that_ends_in_the_middle_is_renewed_once_and_one_near_its_end_before(world, official):
    bound(world)
    message = owed(world, "wechat")
    wechat.token()
    official.token = "another"  # somebody else has renewed it
    deliver.deliver(_words)
    message.refresh_from_db()
    assert (message.state, official.tokens) == (Notice.SENT, 2)
    assert official.asked == [
        "/cgi-bin/stable_token",
        "/cgi-bin/message/template/send",
        "/cgi-bin/stable_token",
        "/cgi-bin/message/template/send",
    ]

    assert b"token-2" not in bytes(Grant.objects.get().kept)
    asked = len(official.asked)
    wechat.token()
    assert len(official.asked) == asked
    Grant.objects.update(expires_at=timezone.now() + timedelta(minutes=4))
    wechat.token()
    assert official.asked[asked:] == ["/cgi-bin/stable_token"]


@pytest.mark.django_db
def test_whoever_has_left_the_account_is_bound_no_more_and_a_limit_costs_no_attempt(world, official):
    bound(world)
    message = owed(world, "wechat")
    official.days += ["", "45009"]
    deliver.deliver(_words)
    message.refresh_from_db()
    assert (message.state, message.attempts, Circuit.objects.get(channel="wechat").shut_until > timezone.now()) == (
        Notice.OWED,
        0,
        True,
    )

    later()
    official.days.append("43004")
    deliver.deliver(_words)
    message.refresh_from_db()
    assert (message.state, binding.standing(world.graduate.account_id)) == (Notice.WITHOUT, None)


def test_workers_at_once_renew_the_token_once(committed_world, official):
    del committed_world
    assert set(together([wechat.token] * 6)) == {"token-1"}
    assert official.asked == ["/cgi-bin/stable_token"]


def test_a_provider_that_hangs_holds_up_no_act(committed_world, provider):
    provider.days += [SILENT]
    committed_world.invitation()
    with impatient():
        assert send_owed() >= 1
    assert Notice.objects.get(channel="sms").state == Notice.OWED


@pytest.mark.django_db
def test_without_a_gateway_or_an_account_nothing_is_owed_there(world, settings):
    settings.QICHENG_SMS_URL = settings.QICHENG_SMS_PROVIDER = settings.QICHENG_WECHAT_APP = ""
    world.invitation()
    assert set(Notice.objects.filter(act="invite").values_list("channel", flat=True)) == {"inbox", "mail"}
