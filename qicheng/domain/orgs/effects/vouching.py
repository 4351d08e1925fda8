"""What both kinds of a school's own log-in share: the errand to its server, and what comes of it (CAM-06)."""

from __future__ import annotations

import json
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from django.conf import settings

from qicheng.foundation.kit.outward import Answer, Breaker, Silent, exchange

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class NotVouched(Exception):
    """The server, or what it signed, does not say who this is; the text is for the log and names nobody."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a server said of the person: name → values; and the ticket by which it may end the session later."""

    values: Mapping[str, Sequence[str]] = field(repr=False)
    ticket: str = field(default="", repr=False)

    def only(self, name: str) -> str:
        """The one value under that name; '' where there is none or more than one."""
        found = {value for value in self.values.get(name, ()) if value}
        return found.pop() if len(found) == 1 else ""


class Errand:
    """All questions of one log-in, within one deadline and the networks that the operator allows."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def ask(self, method: str, url: str, **sent: Any) -> Answer:
        """One question; raises Silent."""
        left = self._ends - time.monotonic()
        return exchange(method, url, seconds=left, networks=settings.QICHENG_SIGN_ON_NETWORKS, **sent)

    def ask_json(self, method: str, url: str, **sent: Any) -> dict[str, Any]:
        """One question whose answer is a JSON object; raises Silent, and NotVouched where the server refuses (400, 401)."""
        answer = self.ask(method, url, **sent)
        if answer.status in (httpx.codes.BAD_REQUEST, httpx.codes.UNAUTHORIZED):
            raise NotVouched(f"status {answer.status}")
        try:
            said = json.loads(answer.content)
        except (ValueError, RecursionError):
            said = None
        if answer.status != httpx.codes.OK or not isinstance(said, dict):
            raise Silent(f"status {answer.status}, {len(answer.content)} bytes")
        return said


_breakers: dict[int, Breaker] = {}
# One errand of a school is under way in a process, and one of all the schools whose servers were slow of late: a process serves pages
# with two threads, and however slow these servers are, they hold one of them and keep no other school's people waiting.
_under_way: dict[int, threading.Lock] = {}
_of_the_slow = threading.Lock()
_slow_until: dict[int, float] = {}
PATIENCE, SLOW, SLOW_FOR = 0.5, 1.0, 60.0


class Busy(Exception):
    """Another errand of the school, or to another slow server, takes long; this server gave no bad answer."""


@contextmanager
def errand(school: int) -> Iterator[Errand]:
    """Run an errand to that school's server: Silent at once while it rests after silences, Busy soon while it is busy with another one.

    Whoever took longer than SLOW seconds is slow for SLOW_FOR seconds: its errands wait for nothing, and go one at a time with those of
    all others that are slow.
    """
    is_slow = time.monotonic() < _slow_until.get(school, 0.0)
    with ExitStack() as held:
        for place in (_under_way.setdefault(school, threading.Lock()), *([_of_the_slow] if is_slow else [])):
            if not place.acquire(timeout=0 if is_slow else PATIENCE):
                raise Busy("another errand takes long")
            held.callback(place.release)
        with _breakers.setdefault(school, Breaker()).watched():
            begun = time.monotonic()
            try:
                yield Errand(settings.QICHENG_SIGN_ON_SECONDS)
            finally:
                if time.monotonic() - begun > SLOW:
                    _slow_until[school] = time.monotonic() + SLOW_FOR


def forget_silences() -> None:
    """Ask every server again, whatever it kept silent about: its settings have changed."""
    _breakers.clear()
