"""Who is told what, on which ways, whatever is preferred; and what is brought to mind before it is too late, once (NOT-01)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from qicheng.domain.registration import guards, queries
from qicheng.domain.registration.effects import reminding
from qicheng.domain.registration.models import Registration
from qicheng.domain.transfer.effects import confirmation
from qicheng.domain.transfer.guards import confirmation as of_confirmations
from qicheng.foundation.access import SYSTEM, Role
from qicheng.foundation.flow import words
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import Refused, find, perform
from qicheng.foundation.notice import Kind
from qicheng.foundation.notice.models import Notice
from qicheng.foundation.notice.preferences import choose, unwanted
from qicheng.interfaces.jobs import tasks
from qicheng.interfaces.jobs.outbox import _words
from tests.clients import signed_in
from tests.races.meeting import together
from tests.term import last_day

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.rule("NOT-01")

SIGNINGS = ("online_signing", "offline_signing", "supplementary")
# event → the acts by which it happens: (flow, act); `any` are those of every flow of a kind.
EVENTS: dict[str, set[tuple[str, str]]] = {
    "an invitation": {("online_signing", "invite"), ("online_signing", "withdraw")},
    "a deadline that comes near": {
        ("online_signing", "ending"), ("online_signing", "closing"), ("destination", "closing"), ("online_signing", "remind"),
        ("online_dissolution", "remind"), ("confirmation", "remind"), ("online_signing", "expire"),
    },
    "an answer": {
        ("online_signing", "accept"), ("online_signing", "decline"), ("online_dissolution", "agree"), ("online_dissolution", "refuse"),
        ("confirmation", "answer"),
    },
    "a change by the school": {
        *((flow, act) for flow in SIGNINGS for act in ("amend", "void")), ("destination", "amend"), ("destination", "redirect"), ("destination", "void"),
        ("platform", "void"), ("declared", "amend"), ("declared", "void"), ("declared", "send_home"), ("online_dissolution", "force"),
        ("employment_record", "upload"),
        *((f"{area}_record", act) for area in ("archive", "household") for act in ("edit", "upload", "clear")),
    },
    "a dissolution by one side": {("offline_dissolution", "approve")},
    "a request to dissolve": {("online_dissolution", "ask")},
    "a report that is ready": {("graduate_report", "issue")},
    "a confirmation that is wanted": {("confirmation", "report"), ("confirmation", "change"), ("confirmation", "receive")},
    "an archive on its way": {("mailing", act) for act in ("send", "correct", "sign", "unsign", "come_back", "send_back")},
}  # fmt: skip
SHORT = 75
MUST = EVENTS["a change by the school"]


@pytest.fixture
def every_way(settings: Any) -> Iterator[None]:
    settings.QICHENG_SMS_URL, settings.QICHENG_WECHAT_APP, settings.QICHENG_WECHAT_SECRET = (
        "http://127.0.0.1:9/",
        "wx",
        "s",
    )
    return None


def reviews() -> set[tuple[str, str]]:
    """Every act of a review that tells a graduate or a unit."""
    return {
        (flow.name, act.name) for flow in FLOWS.values() for act in flow.acts
        if act.kind is Kind.REVIEW and {Role.GRADUATE, Role.EMPLOYER} & set(act.tell)
    }  # fmt: skip


def test_every_event_has_a_message_on_every_way_and_a_short_one_by_sms(every_way):
    wanted = {"a result of a review": reviews(), **EVENTS}
    assert len(wanted["a result of a review"]) >= 39
    lacking = {
        (event, flow, act): set(words.CHANNELS) - set(words.channels(flow, act))
        for event, acts in wanted.items() for flow, act in acts if set(words.channels(flow, act)) != set(words.CHANNELS)
    }  # fmt: skip
    assert lacking == {}
    source = words.environment().loader
    long = {}
    for flow, act in set().union(*wanted.values()):
        template = words._template(flow, act, "sms")
        text, _, _ = source.get_source(words.environment(), template.name)  # type: ignore[union-attr]
        parts = [re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", part) for part in re.split(r"\{% el(?:se|if.*?) %\}", text)]
        if max(map(len, parts)) > SHORT or "\n" in text.strip():
            long[flow, act] = text
    assert long == {}


def test_what_the_school_changes_must_be_told_and_nothing_else():
    must = {(flow.name, act.name) for flow in FLOWS.values() for act in flow.acts if act.must}
    assert must | {(about, act) for about, act in MUST if about not in FLOWS} == MUST
    assert {words.kind(flow, act) for flow, act in MUST} == {""}
    assert [words.kind("online_signing", one) for one in ("invite", "approve", "accept", "ending")] == list(Kind)


@pytest.mark.django_db
def test_ways_that_are_not_wanted_are_left_out_but_for_what_must_be_told(world, every_way):
    client = signed_in(world.seats[Role.GRADUATE])
    page = reverse("preferences")
    assert client.get(page).content.decode().count(" checked") == 12
    client.post(page, {"review-wechat": "1"})
    assert len(unwanted(Role.GRADUATE, world.graduate.pk)) == 11

    case = world.invitation()
    perform(case, "accept", world.actor(Role.GRADUATE))
    perform(case, "approve", world.actor(Role.COLLEGE))
    perform(case, "approve", world.actor(Role.SCHOOL))
    perform(case, "amend", world.actor(Role.SCHOOL), job_category="17")
    told = {
        act: set(Notice.objects.filter(act=act, role="graduate").values_list("channel", flat=True)) for act in ("invite", "approve", "amend")
    }  # fmt: skip
    assert told == {"invite": {"inbox"}, "approve": {"inbox", "wechat"}, "amend": {"inbox", "mail", "sms", "wechat"}}
    assert set(Notice.objects.filter(act="accept").values_list("role", "channel")) == {
        ("employer", way) for way in ("inbox", "mail", "sms")
    }

    unit = signed_in(world.seats[Role.EMPLOYER])
    assert "微信" not in unit.get(page).content.decode()
    unit.post(page, {"progress-mail": "1"})
    assert (
        ("progress", "sms") in unwanted(Role.EMPLOYER, world.employer.pk),
        ("progress", "mail") in unwanted(Role.EMPLOYER, world.employer.pk),
    ) == (True, False)
    assert signed_in(world.seats[Role.SCHOOL]).get(page).status_code == 404
    choose(
        Role.GRADUATE,
        [world.graduate.pk],
        ["mail", "sms", "wechat"],
        {(kind.value, way) for kind in Kind for way in ("mail", "sms", "wechat")},
    )
    assert unwanted(Role.GRADUATE, world.graduate.pk) == set()


@pytest.mark.django_db
def test_where_no_own_words_stand_wechat_and_mail_say_what_the_inbox_says(world, every_way):
    perform(world.invitation(), "decline", world.actor(Role.GRADUATE))
    said = {owed.channel: _words(owed) for owed in Notice.objects.filter(act="decline", role="employer")}
    assert said["mail"] == said["inbox"]
    assert said["sms"] != said["inbox"]


@pytest.fixture
def soon(monkeypatch: Any) -> None:
    """Every deadline is near, and nothing is new."""
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)
    for module in (guards, queries):
        monkeypatch.setattr(module, "LAST_HOURS", timedelta(days=100))
        monkeypatch.setattr(module, "NEW_FOR", timedelta(0))
        monkeypatch.setattr(module, "LAST_DAYS", timedelta(days=3000))
    monkeypatch.setattr(of_confirmations, "UNANSWERED", timedelta(0))


@pytest.mark.django_db
def test_what_ends_soon_is_brought_to_mind_once_each(world, soon, every_way):
    case = world.invitation()
    world.reported(world.new_graduate("周宁", world.college))
    for _ in range(2):
        tasks.deadlines(0)
    told = sorted(Record.objects.filter(act__in=("ending", "closing", "remind")).values_list("act", flat=True))
    assert told == ["closing", "ending", "remind"]
    texts = {
        owed.act: _words(owed)[0]
        for owed in Notice.objects.filter(act__in=("ending", "closing", "remind"), channel="sms")
    }
    assert texts["ending"].startswith("【启程】云岭数据科技有限公司 的签约邀请")
    assert f"{last_day().year} 年" not in texts["closing"]
    assert f"{last_day().month} 月 {last_day().day} 日 24:00" in texts["closing"]
    assert texts["remind"].endswith("还在等你确认，请登录核对。")

    perform(case, "decline", world.actor(Role.GRADUATE))
    with pytest.raises(Refused):
        reminding.ending(find(Registration, case.public_id, SYSTEM))


@pytest.mark.django_db
def test_nothing_is_brought_to_mind_before_its_time(world, monkeypatch):
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)
    world.invitation()
    world.reported(world.new_graduate("周宁", world.college))
    tasks.deadlines(0)
    assert Record.objects.filter(act__in=("ending", "closing", "remind")).count() == 0


def remind_together(world: Any) -> int:
    public_id = world.invitation().public_id
    together([lambda: tasks.remind_each(Registration, [public_id], reminding.ending)] * 5)
    return Record.objects.filter(act="ending").count()


def test_workers_at_once_remind_once(committed_world, soon):
    assert remind_together(committed_world) == 1


def test_workers_that_do_not_look_what_was_told_remind_more_than_once(committed_world, soon, monkeypatch):
    """The negative control."""
    monkeypatch.setattr(guards, "_told", lambda case, act: False)
    assert remind_together(committed_world) > 1


def test_two_confirmations_runs_at_once_remind_once(committed_world, soon):
    case = committed_world.reported(committed_world.new_graduate("周宁", committed_world.college))
    together([lambda: tasks.remind_each(type(case), [case.public_id], confirmation.bring_to_mind)] * 4)
    assert Record.objects.filter(act="remind").count() == 1
