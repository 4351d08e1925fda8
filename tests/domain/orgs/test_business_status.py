"""The business status of a unit, asked of a local register that answers well, slowly, wrongly, and not at all (EMP-03)."""

from __future__ import annotations

import json
import socket
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from qicheng.domain.orgs.effects import registry
from qicheng.domain.orgs.models import StatusLookup
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import perform
from qicheng.foundation.kit import outward
from tests.clients import signed_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.django_db, pytest.mark.rule("EMP-03")]

# How long an answer is waited for where one comes, and where none does.
PATIENT, SECONDS = 10.0, 0.5


class Answering(BaseHTTPRequestHandler):
    """Answers as its server was told to, and remembers what it was asked."""

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)["credit_code"][0]
        self.server.asked.append((asked, self.headers["X-API-Key"]))  # type: ignore[attr-defined]
        self.server.manner(self, asked)  # type: ignore[attr-defined]

    def say(self, content: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing on the console."""


def agreed(asked: str, **other: Any) -> bytes:
    return json.dumps({"credit_code": asked, "status": "存续", "name": "云岭数据科技有限公司"} | other).encode()


def well(answering: Answering, asked: str) -> None:
    answering.say(agreed(asked))


def late(answering: Answering, asked: str) -> None:
    time.sleep(8)
    answering.say(agreed(asked))


def dripping_body(answering: Answering, asked: str) -> None:
    content = agreed(asked)
    answering.send_response(200)
    answering.send_header("Content-Length", str(len(content)))
    answering.end_headers()
    drip(answering, content)


def dripping_head(answering: Answering, asked: str) -> None:
    drip(answering, b"HTTP/1.0 200 OK\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(100)))


def drip(answering: Answering, content: bytes) -> None:
    for byte in content:
        answering.wfile.write(bytes([byte]))
        answering.wfile.flush()
        time.sleep(SECONDS / 5)


def elsewhere(answering: Answering, asked: str) -> None:
    if asked.endswith("moved"):
        well(answering, asked)
        return
    answering.send_response(302)
    answering.send_header("Location", f"/?credit_code={asked}moved")
    answering.end_headers()


def with_content(content: bytes, status: int = 200) -> Callable[[Answering, str], None]:
    return lambda answering, asked: answering.say(content, status)


def with_answer(**other: Any) -> Callable[[Answering, str], None]:
    return lambda answering, asked: answering.say(agreed(asked, **other))


@contextmanager
def serving(manner: Callable[[Answering, str], None]) -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads, server.block_on_close = True, False
    server.handle_error = lambda *_: None  # type: ignore[method-assign] -- whoever hangs up is no fault of the test
    server.manner, server.asked = manner, []  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def point(settings: Any) -> Callable[[str], None]:
    def at(url: str, seconds: float = PATIENT) -> None:
        settings.QICHENG_REGISTRY_URL, settings.QICHENG_REGISTRY_KEY, settings.QICHENG_REGISTRY_SECONDS = (
            url,
            "key-of-tests",
            seconds,
        )
        registry._registry.clear()

    return at


def address(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/"


def closed_port() -> str:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{door.getsockname()[1]}/"


def page(world: Any, role: Role = Role.COLLEGE, **query: str) -> str:
    answer = signed_in(world.seats[role]).get(f"/org/units/{world.employer.public_id}/status/", query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_status_is_shown_and_kept_with_time_and_source(world, point):
    with serving(with_answer(status="注销")) as server:
        point(address(server))
        shown = page(world)

    kept = StatusLookup.objects.get()
    assert server.asked == [(world.employer.credit_code, "key-of-tests")]
    assert ("注销" in shown, "暂时无法获取最新状态" in shown) == (True, False)
    assert (kept.credit_code, kept.status, kept.source) == (world.employer.credit_code, "注销", "127.0.0.1")


def test_a_status_just_given_is_not_asked_for_again_unless_told_to(world, point):
    with serving(well) as server:
        point(address(server))
        page(world)
        page(world)
        page(world, again="1")

    assert len(server.asked) == 2


WRONG = {
    "not JSON": with_content(b"<html>"), "nothing": with_content(b""), "a list": with_content(b"[]"), "bad UTF-8": with_content(b"\xff\xfe{"),
    "another unit": with_answer(credit_code="91110108000000000X"), "no status": with_answer(status=""), "a number": with_answer(status=1),
    "endless": with_content(b" " * (outward.LARGEST_ANSWER + 10)), "long words": with_answer(status="存" * 41), "deep": with_content(b"[" * 50_000),
    "500": with_content(b"{}", 500), "404": with_content(b"{}", 404), "elsewhere": elsewhere,
    "late": late, "dripping body": dripping_body, "dripping head": dripping_head,
}  # fmt: skip

SLOW = ("late", "dripping body", "dripping head")


@pytest.mark.parametrize("manner", WRONG)
def test_without_a_usable_answer_in_time_the_page_says_so_and_goes_on(world, point, manner):
    with serving(WRONG[manner]) as server:
        point(address(server), SECONDS if manner in SLOW else PATIENT)
        begun = time.monotonic()
        status = registry.business_status(world.employer.credit_code)
        taken = time.monotonic() - begun
        shown = page(world)

    assert (status, StatusLookup.objects.count()) == (None, 0)
    assert taken < SECONDS + 3
    assert [
        words in shown for words in ("暂时无法获取最新状态", "再查一次", 'href="https://www.gsxt.gov.cn/index.html"')
    ] == [True] * 3


def test_a_closed_port_and_no_provider_at_all_are_the_same_to_the_reader(world, point, settings):
    point(closed_port())
    closed = page(world)
    settings.QICHENG_REGISTRY_URL = ""
    none = page(world)

    assert ["暂时无法获取最新状态" in shown for shown in (closed, none)] == [True, True]
    assert ["平台还没有接入查询服务" in shown for shown in (closed, none)] == [False, True]


def test_the_last_known_status_is_shown_with_its_time_where_none_can_be_had(world, point):
    StatusLookup.objects.create(credit_code=world.employer.credit_code, status="存续", source="某处")
    StatusLookup.objects.update(asked_at="2026-01-05T08:00:00+08:00")
    point(closed_port())

    shown = page(world)

    assert ("上次查到的是「存续」" in shown, "来源 某处" in shown) == (True, True)


def test_after_five_silences_nobody_is_asked_until_one_try_after_a_minute_succeeds(world, point, monkeypatch):
    code = world.employer.credit_code
    with serving(with_content(b"", 500)) as server:
        point(address(server))
        for _ in range(8):
            assert registry.business_status(code) is None
        assert len(server.asked) == 5

        real = time.monotonic
        monkeypatch.setattr(outward.time, "monotonic", lambda: real() + outward.Breaker.REST + 1)
        assert registry.business_status(code) is None
        assert len(server.asked) == 6
        assert registry.business_status(code) is None
        assert len(server.asked) == 6

        monkeypatch.setattr(outward.time, "monotonic", lambda: real() + 2 * (outward.Breaker.REST + 1))
        server.manner = well  # type: ignore[attr-defined]
        assert registry.business_status(code).status == "存续"
        assert registry.business_status(code).status == "存续"
        assert len(server.asked) == 8


def test_review_goes_on_while_the_register_is_silent(world, point):
    point(closed_port())
    signing = world.accepted()
    page(world)

    perform(signing, "approve", world.actor(Role.COLLEGE))
    perform(signing, "approve", world.actor(Role.SCHOOL))

    assert signing.state == "effective"


def test_a_part_of_a_page_is_what_htmx_is_given(world, point):
    with serving(well) as server:
        point(address(server))
        browser = signed_in(world.seats[Role.SCHOOL])
        path = f"/org/units/{world.employer.public_id}/status/"
        part = browser.get(path, headers={"HX-Request": "true", "HX-Target": "business-status"}).content.decode()

    assert ("存续" in part, "<html" in part, "<h1>" in part) == (True, False, False)
