"""What stands beside the pages in their tests: an ear for what other servers send."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


class Ear:
    """Hears the log-out notices that a CAS server sends."""

    def __init__(self) -> None:
        heard: Queue[str] = Queue()

        class Hearing(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.send_response(200)
                self.end_headers()
                heard.put(parse_qs(body)["logoutRequest"][0])

            def log_message(self, *_: Any) -> None:
                """Nothing on the console."""

        self.heard, self.server = heard, ThreadingHTTPServer(("127.0.0.1", 0), Hearing)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/"

    def got(self) -> str:
        return self.heard.get(timeout=60)


@pytest.fixture
def notices() -> Iterator[Ear]:
    ear = Ear()
    thread = Thread(target=ear.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield ear
    ear.server.shutdown()
    ear.server.server_close()
    thread.join()
