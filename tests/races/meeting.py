"""Two or more at once: threads with connections of their own that start together, and a door in front of the database."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from django.db import connection, connections

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PATIENCE = 30


def together(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all acts at the same moment, each on a connection of its own; their answers or exceptions, in order."""
    barrier = threading.Barrier(len(acts))
    answers: list[Any] = [None] * len(acts)

    def run(place: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(PATIENCE)
            answers[place] = acts[place]()
        except Exception as stopped:  # noqa: BLE001 -- what stopped an act is its answer
            answers[place] = stopped
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,), daemon=True) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    return answers


def won(answers: Sequence[Any]) -> list[Any]:
    return [answer for answer in answers if not isinstance(answer, BaseException)]


def lost(answers: Sequence[Any]) -> list[BaseException]:
    return [answer for answer in answers if isinstance(answer, BaseException)]


def overtaken(
    monkeypatch: Any, module: Any, point: str, act: Callable[[], Any], other: Callable[[], Any]
) -> tuple[Any, Any, bool]:
    """Let `act` stop where it has called `module.point`, and `other` run meanwhile: (answers of both, whether other was through).

    With its lock `other` waits for `act`; without it `other` is through while `act` still believes what it has checked. `act` stands still
    until one or the other is seen, however slow the machine is.
    """
    inside, through = threading.Event(), threading.Event()
    whole = getattr(module, point)
    first = threading.local()
    overtook: list[bool] = []

    def slow(*given: Any, **named: Any) -> Any:
        answer = whole(*given, **named)
        if getattr(first, "is_me", False) and not inside.is_set():
            inside.set()
            overtook.append(passed(through))
        return answer

    def one() -> Any:
        first.is_me = True
        return act()

    def two() -> Any:
        assert inside.wait(PATIENCE)
        try:
            return other()
        finally:
            through.set()

    with monkeypatch.context() as patched:
        patched.setattr(module, point, slow)
        mine, theirs = together([one, two])
    return mine, theirs, bool(overtook and overtook[0])


def passed(through: threading.Event) -> bool:
    """Whether the other was through before it had to wait for a lock that this connection holds."""
    ends = time.monotonic() + PATIENCE / 2
    while not through.wait(0.02):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
            )
            if cursor.fetchone()[0] or time.monotonic() > ends:
                return through.is_set()
    return True


def all_look_first(monkeypatch: Any, module: Any, point: str, number: int) -> None:
    """For controls without locks: each of so many threads has called `module.point` before any of them goes on. The test's own thread may go."""
    gate, whole, mine = threading.Barrier(number), getattr(module, point), threading.get_ident()
    been = threading.local()

    def waiting(*given: Any, **named: Any) -> Any:
        answer = whole(*given, **named)
        if threading.get_ident() != mine and not getattr(been, "there", False):
            been.there = True
            with contextlib.suppress(threading.BrokenBarrierError):
                gate.wait(PATIENCE / 2)
        return answer

    monkeypatch.setattr(module, point, waiting)


def until_held_up(thread: threading.Thread) -> None:
    """Until somebody waits for a lock in this database (the thread, if nobody else is there), or the thread is through."""
    ends = time.monotonic() + 2 * PATIENCE
    while thread.is_alive() and not _somebody_waits() and time.monotonic() < ends:
        thread.join(0.02)


def _somebody_waits() -> bool:
    """Whether anybody in this database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks waiting JOIN pg_locks other USING (pid) JOIN pg_database d ON d.oid = other.database"
            " WHERE NOT waiting.granted AND d.datname = current_database())"
        )
        return bool(cursor.fetchone()[0])


class Door:
    """A socket in front of the server's, which can be shut the moment a COMMIT goes through: the answer never arrives.

    `shut_at` is a text in a message to the server ('COMMIT'); the message is passed on, the answer is not.
    """

    def __init__(self, folder: Path, server: str) -> None:
        self.server = server
        self.shut_at = b""
        self.shuts = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / ".s.PGSQL.5432"))
        self._listener.listen(16)
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """No new connections; returns when those there are have ended."""
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._threads.append(threading.Thread(target=self._carry, args=(client,), daemon=True))
                self._threads[-1].start()

    def _carry(self, client: socket.socket) -> None:
        """Carry what comes to the other side until one of them ends, or the door is shut."""
        with client, socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
            server.connect(self.server)
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    if not (piece := ready.recv(65536)):
                        return
                    other = server if ready is client else client
                    other.sendall(piece)
                    if ready is client and self.shut_at and self.shut_at in piece:
                        self.shut_at = b""
                        self.shuts += 1
                        server.recv(1)  # the server has done it, and nobody hears of it
                        return
