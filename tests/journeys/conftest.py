"""People on their own screens: a browser, and a website, a worker and an SMS gateway on the test's own database."""

from __future__ import annotations

import asyncio
import json
import os
import queue
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as configured
from django.core.handlers.wsgi import WSGIHandler
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from qicheng.domain.orgs.effects.sessions import open_session
from qicheng.interfaces.jobs.worker import work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Request, Response

    from qicheng.domain.orgs.models import Seat

CHROMIUM = Path("/usr/bin/chromium")
PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--lang=zh-CN",
]  # fmt: skip
PATIENCE = 15_000
# With scripts and without: where other journeys go the same way without them, that is a matter of the long form.
LONG = pytest.mark.skipif(not os.environ.get("QICHENG_SOAK"), reason="the long form; make soak")
WITH_AND_WITHOUT = pytest.mark.parametrize(
    "scripts",
    [pytest.param(True, id="with scripts"), pytest.param(False, id="without scripts", marks=[pytest.mark.soak, LONG])],
)
# The screen of whoever reviews all day.
DESK: Any = {"width": 1440, "height": 900}
SCREENS: dict[str, dict[str, Any]] = {
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 1.5,
        "is_mobile": True,
        "has_touch": True,
    },
    "small": {"viewport": {"width": 320, "height": 640}, "is_mobile": True, "has_touch": True},
    "pc": {"viewport": {"width": 1366, "height": 768}},
}
# What the console says of an answer that the test expects: a form that was not right, a page that is not there.
SAID_OF_ANSWERS = re.compile(r"^Failed to load resource: the server responded with a status of 4")


class Website(WSGIServer):
    """The product, served by a few threads that each keep their connection to the database, as in production."""

    request_queue_size = 64

    def __init__(self, threads: int = 6) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.set_app(WSGIHandler())
        self.waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(threads)]
        self.threads.append(threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True))
        for thread in self.threads:
            thread.start()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.waiting.put((request, client_address))

    def _serve(self) -> None:
        while (one := self.waiting.get()) is not None:
            try:
                self.finish_request(*one)
            except OSError:
                pass  # the browser went away, or opened a connection that it never used
            finally:
                self.shutdown_request(one[0])
        connections.close_all()

    def end(self) -> None:
        self.shutdown()
        for _ in self.threads[:-1]:
            self.waiting.put(None)
        for thread in self.threads:
            thread.join(timeout=10)
        self.server_close()


class Visit(WSGIRequestHandler):
    """One request; a connection that says nothing is given up."""

    timeout = 3

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class Gateway(ThreadingHTTPServer):
    """An SMS gateway that keeps what it was told to send."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Sending)
        self.sent: list[dict[str, str]] = []
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def last_to(self, phone: str) -> str:
        """The text of the newest message to a phone."""
        return next(one["text"] for one in reversed(self.sent) if one["to"] == phone)


class Sending(BaseHTTPRequestHandler):
    """Takes one message; each key once."""

    server: Gateway

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if message["key"] not in {one["key"] for one in self.server.sent}:
            self.server.sent.append(message)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class Site:
    """Where the people of a test meet: the website's address, the worker that runs when it is told to, the sent messages."""

    def __init__(self, website: Website, gateway: Gateway) -> None:
        self.address = f"http://127.0.0.1:{website.server_port}"
        self.gateway = gateway

    def work(self) -> None:
        """Run all jobs that are due and send what is owed, as the worker does."""
        failed: list[BaseException] = []

        async def one_round() -> None:
            # Jobs that went to several threads would leave the connections of all but the last of them open.
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
            await work(once=True)
            await asyncio.to_thread(connections.close_all)
            await sync_to_async(connections.close_all)()  # of the thread that jobs are deferred in, which lives on

        def run() -> None:
            try:
                asyncio.run(one_round())
            except BaseException as why:  # noqa: BLE001 -- raised again in the test's own thread
                failed.append(why)
            finally:
                connections.close_all()

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]

    def code_for(self, phone: str) -> str:
        """The code in the newest message to a phone."""
        found = re.search(r"\d{6}", self.gateway.last_to(phone))
        assert found is not None
        return found.group()


class Screens:
    """Opens screens for people, and keeps what must not happen on any of them."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser = browser
        self.address = address
        self.elsewhere: list[str] = []
        self.contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def open(self, screen: str = "pc", seat: Seat | None = None, *, scripts: bool = True, **options: Any) -> Page:
        """A new browser of its own; with a seat somebody is logged in there."""
        context = self.browser.new_context(
            **SCREENS[screen] | {"locale": "zh-CN", "timezone_id": "Asia/Shanghai", "reduced_motion": "reduce"} | options,
            base_url=self.address, java_script_enabled=scripts, accept_downloads=True,
        )  # fmt: skip
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        if seat is not None:
            token = open_session(seat.account, seat)
            context.add_cookies([{"name": configured.QICHENG_SESSION_COOKIE, "value": token, "url": self.address}])
        page = context.new_page()
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        context.on("request", self._request)
        context.on("response", self._response)
        return page

    def let_go_to(self, address: str) -> None:
        """People may go to this other host too, such as their school's own log-in."""
        self.elsewhere.append(address)

    def _console(self, kind: str, text: str) -> None:
        if kind == "error" and not SAID_OF_ANSWERS.match(text):
            self.complaints.append(f"console: {text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.address, *self.elsewhere, "blob:", "data:", "about:")):
            self.complaints.append(f"another host: {request.url}")

    def _response(self, response: Response) -> None:
        is_page = response.request.resource_type in ("document", "xhr", "fetch")
        if response.status >= 500 or (response.status >= 400 and not is_page):
            self.complaints.append(f"{response.status}: {response.url}")

    def close(self) -> None:
        for context in self.contexts:
            context.close()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for all journeys."""
    if not CHROMIUM.exists():
        pytest.skip("needs Debian's chromium")
    # Playwright keeps an event loop in this thread; Django takes that for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def site(committed: Any, settings: Any) -> Iterator[Site]:
    """Website, worker and SMS gateway on the test's own database."""
    settings.WHITENOISE_USE_FINDERS = True
    settings.QICHENG_SITE = {**settings.QICHENG_SITE, "sponsor": "江南省教育厅", "help_line": "027-12345678"}
    gateway, website = Gateway(), Website()
    found = Site(website, gateway)
    settings.QICHENG_SMS_URL = f"http://127.0.0.1:{gateway.server_port}/send"
    settings.QICHENG_SMS_KEY = "key of the gateway"
    settings.QICHENG_ADDRESS = found.address
    yield found
    website.end()
    gateway.shutdown()
    gateway.server_close()


@pytest.fixture
def screens(browser: Browser, site: Site) -> Iterator[Screens]:
    """Screens to open; console errors, broken policies and requests to other hosts on any of them fail the test."""
    opened = Screens(browser, site.address)
    yield opened
    opened.close()
    assert opened.complaints == []


def log_in(page: Page, kind: str, login: str, password: str) -> None:
    """Come in by the front door."""
    page.goto(f"/login/?kind={kind}")
    page.locator("#id_login").fill(login)
    page.locator("#id_password").fill(password)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url(lambda url: "/login/" not in url)


def picture(page: Page, name: str, *, full: bool = False) -> None:
    """Keep what is on the screen for the README and the guides, if that was asked for."""
    if os.environ.get("QICHENG_PICTURES") == "1":
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}.png", full_page=full, animations="disabled", caret="hide")
