"""A load of requests over a few kept-alive connections, from one process, in plain sockets: it costs little beside the server."""

from __future__ import annotations

import gzip
import selectors
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECTIONS = 8
PATIENCE = 20.0


class Broken(RuntimeError):
    """The server closed a connection or answered what no page should answer."""


@dataclass(slots=True)
class Outcome:
    """What came back: how many answers by status, in how many seconds, how long each took, how many bytes of body."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    body: int = 0

    @property
    def count(self) -> int:
        return sum(self.statuses.values())

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.count / self.seconds


@dataclass(slots=True)
class _Line:
    socket: socket.socket
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    wanted: int = 0
    is_closing: bool = False


def drive(
    port: int, requests: Iterator[bytes], seconds: float, *, expected: int, connections: int = CONNECTIONS
) -> Outcome:
    """Keep `connections` busy with `requests` for `seconds`, or until there are none; an answer of another status than `expected` raises `Broken`."""
    outcome = Outcome()
    with selectors.DefaultSelector() as selector:
        lines = [_Line(socket.create_connection(("127.0.0.1", port))) for _ in range(connections)]
        try:
            began = time.perf_counter()
            for line in lines:
                line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(line.socket, selectors.EVENT_READ, line)
                _send(line, next(requests))
            busy = len(lines)
            while busy:
                ready = selector.select(PATIENCE)
                if not ready:
                    raise Broken(f"no answer within {PATIENCE:.0f} s")
                for key, _ in ready:
                    line = key.data
                    if not _received(line, outcome, expected):
                        continue
                    now = time.perf_counter()
                    outcome.waits.append(now - line.sent_at)
                    if now - began >= seconds or (following := next(requests, None)) is None:
                        selector.unregister(line.socket)
                        busy -= 1
                        continue
                    if line.is_closing:
                        selector.unregister(line.socket)
                        line.socket.close()
                        line.socket = socket.create_connection(("127.0.0.1", port))
                        selector.register(line.socket, selectors.EVENT_READ, line)
                    _send(line, following)
            outcome.seconds = time.perf_counter() - began
        finally:
            for line in lines:
                line.socket.close()
    return outcome


def _send(line: _Line, request: bytes) -> None:
    line.received.clear()
    line.wanted = 0
    line.sent_at = time.perf_counter()
    line.socket.sendall(request)


def _received(line: _Line, outcome: Outcome, expected: int) -> bool:
    """Take in what has come; whether the answer is whole."""
    piece = line.socket.recv(262_144)
    if not piece:
        raise Broken("the server closed the connection")
    line.received += piece
    if not line.wanted:
        end = line.received.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(line.received[:end]).lower()
        status = int(head[9:12])
        if status != expected:
            raise Broken(f"status {status}: {bytes(line.received[:2000])!r}")
        start = head.index(b"content-length:") + 15
        length = int(head[start:].split(b"\r\n", 1)[0])
        line.wanted = end + 4 + length
        line.is_closing = b"\r\nconnection: close" in head
        outcome.statuses[status] += 1
        outcome.body += length
    return len(line.received) >= line.wanted


def fetch(port: int, request: bytes) -> str:
    """The body of one answer, as text."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        received = b"".join(iter(lambda: line.recv(262_144), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise Broken(received[:2000].decode(errors="replace"))
    return (gzip.decompress(body) if b"gzip" in head.lower() else body).decode()


def get(path: str, cookies: str) -> bytes:
    """A request as a browser makes it, in as few bytes as tell the server all."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nAccept-Encoding: gzip\r\nCookie: {cookies}\r\n\r\n"
    ).encode()


def post(path: str, cookies: str, body: str) -> bytes:
    """A form that is sent; `body` is URL-encoded."""
    sent = body.encode()
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nAccept-Encoding: gzip\r\nCookie: {cookies}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(sent)}\r\n\r\n"
    ).encode() + sent
