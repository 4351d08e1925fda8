"""Other sides of the outbox, real ones on this machine: an SMS gateway that knows its keys, and a mail server with bad days."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from qicheng.foundation.notice import channels

if TYPE_CHECKING:
    from collections.abc import Iterator

# Seconds after which an answer comes to nobody any more.
TOO_LONG = 6


class Gateway:
    """An SMS gateway. `behaviour`: a status to answer with, 'slow' (sends, answers too late) or 'silent' (neither)."""

    def __init__(self) -> None:
        self.behaviour: int | str = 200
        self.asked: list[dict[str, str]] = []
        self.delivered: dict[str, str] = {}
        self.lock = threading.Lock()
        self.over = threading.Event()
        gateway = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with gateway.lock:
                    gateway.asked.append(
                        given | {"bearer": self.headers["Authorization"], "header": self.headers["Idempotency-Key"]}
                    )
                    if gateway.behaviour in (200, "slow"):
                        gateway.delivered.setdefault(given["key"], given["text"])
                if isinstance(gateway.behaviour, str):
                    gateway.over.wait(TOO_LONG)
                with contextlib.suppress(OSError):
                    self.send_response(gateway.behaviour if isinstance(gateway.behaviour, int) else 200)
                    self.end_headers()

            def log_message(self, *given: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}/send"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def close(self) -> None:
        """Nobody listens any more; a second time does nothing."""
        if not self.thread.is_alive():
            return
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


class MailServer:
    """A mail server for one conversation after the other. `behaviour`: 'good', 'full' (451 after the message) or 'mute' (no answer)."""

    def __init__(self) -> None:
        self.behaviour = "good"
        self.received = 0
        self.over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def close(self) -> None:
        """Nobody listens any more; a second time does nothing."""
        if not self.thread.is_alive():
            return
        self.over.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)
        self.listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                with client, client.makefile("rwb") as talk, contextlib.suppress(OSError):
                    self._talk(client, talk)

    def _talk(self, client: socket.socket, talk: object) -> None:
        client.settimeout(10)
        client.sendall(b"220 here\r\n")
        for line in iter(talk.readline, b""):  # type: ignore[attr-defined]
            word = line[:4].upper()
            if word == b"DATA":
                client.sendall(b"354 go\r\n")
                while talk.readline() != b".\r\n":  # type: ignore[attr-defined]
                    pass
                self.received += 1
                if self.behaviour == "mute":
                    self.over.wait(TOO_LONG)
                    return
                client.sendall(b"451 later\r\n" if self.behaviour == "full" else b"250 thanks\r\n")
            elif word == b"QUIT":
                client.sendall(b"221 bye\r\n")
                return
            else:
                client.sendall(b"250 well\r\n")


@contextlib.contextmanager
def impatient(seconds: float = 1) -> Iterator[None]:
    """Channels that wait no longer than this for an answer, where none is going to come; otherwise they have the time that they have."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(channels, "SECONDS", seconds)
        yield


@contextlib.contextmanager
def sms_gateway() -> Iterator[Gateway]:
    gateway = Gateway()
    try:
        yield gateway
    finally:
        gateway.close()


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    try:
        yield server
    finally:
        server.close()
