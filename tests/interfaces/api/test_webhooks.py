"""Other systems of a school are told of what was committed, all of it, signed, again until it arrives, and nobody else's."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
import types
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from qicheng.domain.orgs.effects import webhooks
from qicheng.domain.orgs.models import Webhook, WebhookDelivery, WebhookTopic
from qicheng.foundation.access import Role
from qicheng.foundation.flow import feed
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import Refused, note, perform
from qicheng.foundation.flow.words import messages
from qicheng.foundation.notice.models import Notice
from qicheng.interfaces.jobs import tasks
from tests.clients import signed_in
from tests.house.source import ROOT
from tests.interfaces.api import others_are_done, reads_by_numbers, still_open
from tests.world import COHORT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qicheng.foundation.access import Actor

pytestmark = pytest.mark.rule("SYN-02")
PAGE = "/settings/webhooks/"
MOST_LINES = 15
DELIVERIES = WebhookDelivery.all_rows


@pytest.fixture(autouse=True)
def on_loopback(settings: Any) -> None:
    settings.QICHENG_WEBHOOK_NETWORKS = ["127.0.0.0/8"]


def gather() -> int:
    others_are_done()
    return webhooks.gather()


class Receiving(BaseHTTPRequestHandler):
    """Keeps what it is sent and answers as its server was told to."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))  # type: ignore[attr-defined]
        self.server.manner(self)  # type: ignore[attr-defined]

    def log_message(self, *_: Any) -> None:
        """Nothing on the console."""


def saying(status: int, **headers: str) -> Callable[[Receiving], None]:
    def answer(to: Receiving) -> None:
        to.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            to.send_header(name.replace("_", "-"), value)
        to.end_headers()

    return answer


def dripping(to: Receiving) -> None:
    to.send_response(200)
    to.end_headers()
    for _ in range(100):
        to.wfile.write(b" ")
        to.wfile.flush()
        time.sleep(0.1)


def closing(to: Receiving) -> None:
    to.connection.shutdown(socket.SHUT_RDWR)


def slow(to: Receiving) -> None:
    time.sleep(0.25)
    saying(200)(to)


def meeting(number: int) -> Callable[[Receiving], None]:
    """Answers when so many have come, or nobody comes any more."""

    def answer(to: Receiving) -> None:
        ends = time.monotonic() + 5
        while len(to.server.got) < number and time.monotonic() < ends:  # type: ignore[attr-defined]
            time.sleep(0.01)
        saying(200)(to)

    return answer


@contextmanager
def receiving(manner: Callable[[Receiving], None]) -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Receiving)
    server.daemon_threads, server.block_on_close, server.manner, server.got = True, False, manner, []
    server.handle_error = lambda *_: None  # whoever hangs up is no fault of the test
    server.address = f"http://127.0.0.1:{server.server_address[1]}/qicheng"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def receiver() -> Iterator[Any]:
    with receiving(saying(204)) as server:
        yield server


def verifier() -> types.ModuleType:
    """The program of the page that checks a signature, as a module."""
    programs = re.findall(r"```python\n(.*?)```", (ROOT / "docs/api.md").read_text("utf-8"), re.DOTALL)
    (program,) = (one for one in programs if "def is_ours" in one)
    assert len([line for line in program.splitlines() if line.strip()]) <= MOST_LINES
    module = types.ModuleType("verifier")
    exec(compile(program, "docs/api.md", "exec"), module.__dict__)
    return module


def made(actor: Actor, address: str, *topics: str) -> tuple[Webhook, str]:
    # What is seen of it begins with the newest record that nothing open can still come before.
    others_are_done()
    return webhooks.make(
        actor, {"name": "教务系统", "address": address, "topics": topics or tuple(WebhookTopic.values)}
    )


def owed(hook: Webhook, **columns: Any) -> WebhookDelivery:
    """A delivery that waits, as `gather` makes it."""
    number = DELIVERIES.count() + 1
    return DELIVERIES.create(webhook=hook, record=number, event="roster.changed", body=f'{{"id":{number}}}', **columns)


def due() -> None:
    """All pauses are over."""
    now = timezone.now()
    DELIVERIES.filter(state__in=("owed", "sending")).update(due_at=now)
    Webhook.all_rows.update(due_at=now)


def told(server: Any) -> list[tuple[str, str, str]]:
    return [(one["type"], one["case"], one["after"]) for one in (json.loads(body) for _, body in server.got)]


def test_what_is_committed_arrives_signed_of_the_own_school_alone_and_names_nobody(committed_world, receiver):
    world = committed_world
    world.accepted(world.neighbour)
    actor = world.actor(Role.SCHOOL)
    hook, secret = made(actor, receiver.address)
    newest = Record.objects.order_by("-id").values_list("id", flat=True)[0]
    with receiving(saying(200)) as other, receiving(saying(200)) as strange:
        made(world.stranger_actor(Role.SCHOOL), strange.address)
        made(actor, other.address, "roster")
        world.destination_draft()  # its author's alone
        case = world.accepted()
        confirmation = world.reported(world.new_graduate("许知远", world.college))
        foreign = world.invitation(world.stranger)
        about = {"cohort": COHORT, "school": world.school.pk}
        note(actor, "recommended", "roster", {"推免（保研）": ["否", "是"]}, subject="x", **about)
        note(actor, "import", "roster", {"added": 2}, subject="y", **about)
        steps = Record.objects.filter(id__gt=newest, version__gt=0, school_id=world.school.pk).exclude(after="draft")
        expected = [*steps.order_by("id").values_list("case", "after"), ("x", ""), ("y", "")]
        assert (gather(), gather()) == (len(expected) + 3, 0)
        tasks.tell_webhooks(0)
        assert told(other) == [("roster.changed", "x", ""), ("roster.imported", "y", "")]
        assert told(strange) == [("registrations.changed", str(foreign.public_id), "invited")]
    assert [one[1:] for one in told(receiver)] == expected
    assert ("registrations.changed", str(case.public_id), case.state) in told(receiver)
    assert ("confirmations.changed", str(confirmation.public_id), confirmation.state) in told(receiver)

    page = verifier()
    headers, body = receiver.got[0]
    assert set(json.loads(body)) == {
        "id", "type", "time", "flow", "case", "cohort", "act", "before", "after", "version",
    }  # fmt: skip
    everything = b"".join(body for _, body in receiver.got).decode()
    assert [name for name in ("陈诚", "许知远", world.graduate.exam_number) if name in everything] == []
    signed = headers["Qicheng-Signature"]
    stamp = re.match(r"t=(\d+),v1=[0-9a-f]{64}$", signed)
    assert stamp is not None
    assert page.is_ours(secret, signed, body)
    assert not page.is_ours(secret, signed, body + b" ")
    assert not page.is_ours(f"{secret}x", signed, body)
    # Sent again later as it was, with its stamp or with another: refused either way.
    page.time = types.SimpleNamespace(time=lambda: time.time() + 301)
    assert not page.is_ours(secret, signed, body)
    assert not page.is_ours(secret, signed.replace(stamp[1], str(int(time.time()) + 301)), body)
    assert [one for one in ("", "t=,v1=", "t=٣,v1=é", "v1=0") if page.is_ours(secret, one, body)] == []
    assert {row.state for row in DELIVERIES.filter(webhook=hook)} == {"sent"}
    assert bytes(hook.secret).find(secret.encode()) == -1


def overtaken(world: Any, address: str) -> tuple[list[str], list[str]]:
    """A slow transaction writes first and ends last: the cases owed before it ends, and after; and the two cases, slow and fast."""
    first, second = world.accepted(), world.accepted(world.neighbour)
    made(world.actor(Role.SCHOOL), address)
    webhooks.gather()
    DELIVERIES.all().delete()
    with still_open(first, world.actor(Role.COLLEGE)):
        perform(second, "approve", world.reviewer(second, Role.COLLEGE))
        webhooks.gather()
    gather()
    gather()
    cases = [json.loads(one.body)["case"] for one in DELIVERIES.order_by("id")]
    return cases, [str(first.public_id), str(second.public_id)]


def test_what_commits_late_is_told_once(committed_world, receiver):
    found, both = overtaken(committed_world, receiver.address)
    assert found == both


def test_a_webhook_that_goes_by_numbers_would_lose_it(committed_world, receiver, monkeypatch):
    reads_by_numbers(monkeypatch)
    monkeypatch.setattr(feed, "now", lambda school: feed._written(school, 0, 0))
    found, (_, fast) = overtaken(committed_world, receiver.address)
    assert found == [fast]


def sending() -> None:
    try:
        webhooks.send_due()
    finally:
        connection.close()


def twice_at_once() -> None:
    threads = [threading.Thread(target=sending) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_workers_send_each_delivery_once_and_a_killed_one_is_followed_under_its_id(committed_world, monkeypatch):
    world = committed_world
    with receiving(slow) as receiver:
        hook, _ = made(world.actor(Role.SCHOOL), receiver.address)
        one, two = owed(hook), owed(hook)
        twice_at_once()
        ids = [headers["Qicheng-Delivery"] for headers, _ in receiver.got]
        assert sorted(ids) == sorted([str(one.public_id), str(two.public_id)])
        # A claim that does not last is no claim: the same delivery goes out from both.
        third = owed(hook)
        receiver.manner = meeting(2 + 2)
        with monkeypatch.context() as without:
            without.setattr(webhooks, "CLAIM_SECONDS", -1)
            first = threading.Thread(target=sending)
            first.start()
            until = time.monotonic() + 10
            while len(receiver.got) < 2 + 1 and time.monotonic() < until:
                time.sleep(0.01)
            # The first waits for its answer, which comes with the second.
            webhooks.send_due()
            first.join()
        ids = [headers["Qicheng-Delivery"] for headers, _ in receiver.got[2:]]
        assert ids.count(str(third.public_id)) > 1

        receiver.manner = saying(200)
        receiver.got.clear()
        fourth = owed(hook)
        claimed = webhooks.statements.plain(webhooks._CLAIM, {"claim": 60, "resting": []})
        cut_off = webhooks._claimed(claimed[0])
        assert webhooks._send(cut_off)
        DELIVERIES.filter(pk=fourth.pk).update(state="sending", ended_at=None)  # killed before it could say so
        assert webhooks.send_due() == 0
        due()
        assert webhooks.send_due() == 1
        webhooks._settle(cut_off, "lost")  # the first comes back to life: it is not its to settle any more
        assert [headers["Qicheng-Delivery"] for headers, _ in receiver.got] == [str(fourth.public_id)] * 2
        assert DELIVERIES.get(pk=fourth.pk).state == "sent"


WRONG = {
    "500": (saying(500), 500), "elsewhere": (saying(302, Location="/other"), 302), "gone": (saying(410), 410),
    "dripping": (dripping, 0), "closing": (closing, 0),
}  # fmt: skip


def test_receivers_that_misbehave_are_tried_again_later_and_hold_nobody_up(world, receiver, monkeypatch):
    monkeypatch.setattr(webhooks, "SECONDS", 2.0)
    actor = world.actor(Role.SCHOOL)
    with receiving(saying(200)) as bad:
        hook, _ = made(actor, bad.address)
        good, _ = made(actor, receiver.address)
        first = owed(hook)
        for tries, (manner, status) in enumerate(WRONG.values(), 1):
            bad.manner = manner
            due()
            owed(hook)
            other = owed(good)
            begun = time.monotonic()
            assert webhooks.send_due() == 2
            assert time.monotonic() - begun < 9
            first.refresh_from_db()
            hook.refresh_from_db()
            other.refresh_from_db()
            assert (first.state, first.status, first.attempts, hook.failures) == ("owed", status, tries, tries)
            pause = (first.due_at - timezone.now()).total_seconds()
            assert 0.5 < pause / (webhooks.FIRST_PAUSE * 4 ** (tries - 1)) <= 1
            assert (other.state, other.status, webhooks.send_due()) == ("sent", 204, 0)
            DELIVERIES.filter(webhook=hook, state="owed").exclude(pk=first.pk).delete()
        assert {headers["Qicheng-Delivery"] for headers, _ in bad.got} == {str(first.public_id)}
        bad.manner = saying(200)
        due()
        webhooks.send_due()
        hook.refresh_from_db()
        assert (DELIVERIES.get(pk=first.pk).state, hook.failures, hook.failing_since) == ("sent", 0, None)

        # Others arrive and this one does not for three days: it is given up alone.
        bad.manner = saying(500)
        old = owed(hook, first_at=timezone.now() - timedelta(days=3), attempts=12)
        webhooks.send_due()
        old.refresh_from_db()
        hook.refresh_from_db()
        assert (old.state, hook.is_on) == ("lost", True)

        # Nothing arrives for three days: it stops, says so, and goes on from there when it is on again.
        waiting = owed(hook, first_at=timezone.now() - timedelta(days=3), attempts=12)
        Webhook.all_rows.filter(pk=hook.pk).update(failing_since=timezone.now() - timedelta(days=3))
        due()
        webhooks.send_due()
        hook.refresh_from_db()
        assert (hook.is_on, hook.stopped_at is not None, DELIVERIES.get(pk=waiting.pk).state) == (False, True, "owed")
        notices = list(Notice.objects.filter(flow="webhook", channel="inbox"))
        assert [(one.role, one.node) for one in notices] == [("school", world.school.pk)]
        [(_, said)] = messages(notices)
        assert (said.subject, said.page) == ("变化通知「教务系统」已自动关闭", "orgs:webhooks")
        due()
        assert webhooks.send_due() == 0
        assert (
            "已自动关闭" in signed_in(world.seats[Role.SCHOOL], COHORT).get(f"{PAGE}{hook.public_id}/").content.decode()
        )
        bad.manner = saying(200)
        webhooks.switch(actor, hook, webhooks.stamp(hook), is_on=True)
        assert (webhooks.send_due(), DELIVERIES.get(pk=waiting.pk).state) == (1, "sent")


NOT_TAKEN = (
    "http://jw.example.edu.cn/",
    "ftp://jw.example.edu.cn/",
    "https://a@jw.example.edu.cn/",
    "https://jw.example.edu.cn/?key=1",
    "qicheng",
)
INSIDE = (
    "https://10.0.0.1/", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest", "https://[::ffff:10.0.0.1]/", "https://0/",
    "https://inside.example.edu.cn/", "https://nowhere.example.edu.cn/", "http://127.0.0.1/",
)  # fmt: skip


def test_addresses_inside_are_refused_when_saved_and_when_a_name_turns_to_them_later(
    world, receiver, settings, monkeypatch
):
    settings.QICHENG_WEBHOOK_NETWORKS = []
    places = {"inside.example.edu.cn": "192.168.1.1", "jw.example.edu.cn": "93.184.215.14"}
    real = socket.getaddrinfo

    def found(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name.endswith("example.edu.cn"):
            if name not in places:
                raise socket.gaierror
            name = places[name]
        return real(name, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", found)
    browser = signed_in(world.seats[Role.SCHOOL], COHORT)

    def saved(address: str) -> str:
        return browser.post(
            f"{PAGE}new/", {"name": "教务系统", "address": address, "topics": ["roster"]}
        ).content.decode()

    assert [one for one in NOT_TAKEN if "地址以 https:// 开头" not in saved(one)] == []
    assert [one for one in INSIDE if "平台不能访问" not in saved(one)] == []
    assert not Webhook.all_rows.exists()
    assert "只显示这一次" in saved(f"https://jw.example.edu.cn:{receiver.server_port}/")
    hook = Webhook.all_rows.get()
    with pytest.raises(Refused, match="平台不能访问"):
        webhooks.change(
            world.actor(Role.SCHOOL), hook, "1", {"name": "x", "address": "https://10.0.0.1/", "topics": ["roster"]}
        )
    places["jw.example.edu.cn"] = "127.0.0.1"
    delivery = owed(hook)
    assert webhooks.send_due() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.status, receiver.got) == ("owed", 0, [])
    assert "outside the networks" in delivery.failure


def test_administrators_keep_try_rotate_and_replay_and_nobody_else_does(world, receiver):
    browser = signed_in(world.seats[Role.SCHOOL], COHORT)
    given = {"name": "学工系统", "address": receiver.address, "topics": ["registrations", "roster"]}
    answer = browser.post(f"{PAGE}new/", given)
    (secret,) = re.findall(r"whsec_[\w-]+", answer.content.decode())
    assert answer["Cache-Control"] == "no-store"
    hook = Webhook.all_rows.get()
    page = f"{PAGE}{hook.public_id}/"

    def post(path: str, **sent: Any) -> int:
        return int(browser.post(f"{page}{path}", {"seen": Webhook.all_rows.get().version, **sent}).status_code)

    assert (post("off/"), post("try/"), post("elsewhere/")) == (302, 302, 404)
    trial = DELIVERIES.get()
    webhooks.send_one_trial(trial.pk)
    webhooks.send_one_trial(trial.pk)
    check = verifier()
    [(headers, body)] = receiver.got
    assert (headers["Qicheng-Event"], json.loads(body)["type"]) == ("test", "test")
    assert check.is_ours(secret, headers["Qicheng-Signature"], body)
    # A new secret signs beside the old one, until the days are over.
    answer = browser.post(f"{page}rotate/", {"seen": Webhook.all_rows.get().version})
    (newer,) = re.findall(r"whsec_[\w-]+", answer.content.decode())
    assert post("on/") == 302
    delivery = owed(hook)
    webhooks.send_due()
    headers, body = receiver.got[-1]
    assert [check.is_ours(one, headers["Qicheng-Signature"], body) for one in (secret, newer)] == [True, True]
    Webhook.all_rows.update(former_until=timezone.now())
    today = timezone.localdate().isoformat()
    assert post(f"again/{delivery.public_id}/") == 302
    webhooks.send_due()
    assert post("again/", first=today, last=today) == 302
    webhooks.send_due()
    ids = [headers["Qicheng-Delivery"] for headers, _ in receiver.got[1:]]
    assert ids == [str(delivery.public_id)] * 3
    headers, body = receiver.got[-1]
    assert [check.is_ours(one, headers["Qicheng-Signature"], body) for one in (secret, newer)] == [False, True]
    assert post("again/", first="", last=today) == 422
    assert post(f"again/{uuid4()}/") == 302
    assert post("change/", **given | {"topics": ["roster"]}) == 302
    assert post("change/", **given, seen="1") == 422
    assert Webhook.all_rows.get().topics == ["roster"]
    acts = Record.objects.filter(flow="webhook").order_by("id").values_list("act", flat=True)
    assert list(acts) == ["add", "switch", "try", "rotate", "switch", "replay", "replay", "change"]
    shown = "".join(browser.get(path).content.decode() for path in (PAGE, page, f"{page}change/", "/log/"))
    assert (secret in shown, newer in shown, "学工系统" in shown) == (False, False, True)
    assert secret not in "".join(map(str, Record.objects.values_list("changes")))

    stranger = signed_in(world.stranger_seats[Role.SCHOOL], COHORT)
    assert [stranger.get(page).status_code, stranger.post(f"{page}off/", {"seen": "1"}).status_code] == [404, 404]
    world.seats[Role.SCHOOL].is_administrator = False
    world.seats[Role.SCHOOL].save()
    plain = signed_in(world.seats[Role.SCHOOL], COHORT)
    assert [plain.get(one).status_code for one in (page, f"{PAGE}new/", f"{page}change/")] == [200, 404, 404]
    for path in ("off/", "try/", "rotate/", "again/", f"again/{delivery.public_id}/"):
        plain.post(f"{page}{path}", {"seen": Webhook.all_rows.get().version, "first": today, "last": today})
    assert (Webhook.all_rows.get().is_on, Record.objects.filter(flow="webhook").count()) == (True, 8)

    DELIVERIES.update(ended_at=timezone.now() - timedelta(days=31))
    kept = owed(hook, made_at=timezone.now() - timedelta(days=31))
    webhooks.forget()
    assert list(DELIVERIES.values_list("pk", flat=True)) == [kept.pk]
