"""What both kinds of a school's own log-in share: the errand to its server, and what comes of it (CAM-06)."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
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


_breakers: dict[str, Breaker] = {}
# A process serves pages with two threads: however slow the schools' servers are, they hold one of them.
_one_at_a_time = threading.Lock()
PATIENCE = 0.5


class Busy(Exception):
    """Somebody else's errand takes long; this server is not to blame."""


@contextmanager
def errand(server: str) -> Iterator[Errand]:
    """Run an errand to that server: Silent at once while it rests after silences, Busy soon while another errand takes long."""
    if not _one_at_a_time.acquire(timeout=PATIENCE):
        raise Busy("another errand takes long")
    try:
        with _breakers.setdefault(server, Breaker()).watched():
            yield Errand(settings.QICHENG_SIGN_ON_SECONDS)
    finally:
        _one_at_a_time.release()


def forget_silences() -> None:
    """Ask every server again, whatever it kept silent about: its settings have changed."""
    _breakers.clear()
