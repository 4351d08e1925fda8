"""The business status of a unit, asked of a register that may be slow, wrong or silent; review never waits for it (EMP-03)."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import httpx
from django.conf import settings
from django.utils import timezone

from qicheng.domain.orgs.models import StatusLookup

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Status:
    """What a register says of a unit: its status and name there, when it said so, and who."""

    status: str
    name: str
    asked_at: datetime
    source: str


class Provider(Protocol):
    """Whoever can say whether a unit exists."""

    def status(self, credit_code: str) -> Status:
        """The status now; raises Silent where none can be had."""
        ...


class Silent(Exception):
    """A provider gave no usable answer; the text is for the log and names no unit."""


LARGEST_ANSWER = 64 * 1024


class HttpRegistry:
    """GET <address>?credit_code=… with the key in X-API-Key; answers {"credit_code", "status", "name"} as JSON.

    `seconds` bounds the whole exchange, name look-up and a slow drip included. After five silences in a row nobody is asked for
    a minute, then one is let through to try.
    """

    FAILURES, REST = 5, 60.0

    def __init__(self, url: str, key: str, seconds: float) -> None:
        self.url, self.key, self.seconds = url, key, seconds
        self.source = httpx.URL(url).host
        self._lock = threading.Lock()
        self._failures, self._shut_until = 0, 0.0

    def status(self, credit_code: str) -> Status:
        with self._lock:
            if time.monotonic() < self._shut_until:
                raise Silent("resting after failures")
            if self._failures >= self.FAILURES:
                self._shut_until = time.monotonic() + self.REST  # the others wait for the one that tries
        try:
            answer = self._read(self._ask(credit_code), credit_code)
        except Silent:
            with self._lock:
                self._failures += 1
                if self._failures >= self.FAILURES:
                    self._shut_until = time.monotonic() + self.REST
            raise
        with self._lock:
            self._failures, self._shut_until = 0, 0.0
        return answer

    def _ask(self, credit_code: str) -> bytes:
        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(asyncio.wait_for(self._fetch(credit_code), self.seconds))
        except (TimeoutError, httpx.HTTPError, OSError) as fault:
            raise Silent(type(fault).__name__) from None
        finally:
            loop.close()  # unlike asyncio.run it does not wait for a name look-up that hangs

    async def _fetch(self, credit_code: str) -> bytes:
        async with (
            httpx.AsyncClient(timeout=self.seconds, trust_env=False, follow_redirects=False) as client,
            client.stream(
                "GET", self.url, params={"credit_code": credit_code}, headers={"X-API-Key": self.key}
            ) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise Silent(f"status {answer.status_code}")
            content = b""
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > LARGEST_ANSWER:
                    raise Silent("answer too large")
            return content

    def _read(self, content: bytes, credit_code: str) -> Status:
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError):
            raise Silent("not JSON") from None
        said = answer if isinstance(answer, dict) else {}
        status, name = said.get("status"), said.get("name", "")
        if said.get("credit_code") != credit_code:
            raise Silent("another unit's answer")
        if not (
            isinstance(status, str) and 0 < len(status.strip()) <= 40 and isinstance(name, str) and len(name) <= 120
        ):
            raise Silent("not the agreed answer")
        return Status(status.strip(), name.strip(), timezone.now(), self.source)


_registry: list[HttpRegistry] = []


def provider() -> Provider | None:
    """The provider that the installation has configured; one a process, so that it remembers silences."""
    url, key, seconds = settings.QICHENG_REGISTRY_URL, settings.QICHENG_REGISTRY_KEY, settings.QICHENG_REGISTRY_SECONDS
    if not url:
        return None
    if not _registry or (_registry[0].url, _registry[0].key, _registry[0].seconds) != (url, key, seconds):
        _registry[:] = [HttpRegistry(url, key, seconds)]
    return _registry[0]


def business_status(credit_code: str) -> Status | None:
    """The unit's status as the provider says it now, kept with time and source; None where it cannot be had (EMP-03).

    Never inside a transaction: nobody's lock waits for somebody else's server.
    """
    asked = provider()
    if asked is None:
        return None
    try:
        status = asked.status(credit_code)
    except Silent:
        return None
    StatusLookup.objects.create(
        credit_code=credit_code, status=status.status, name=status.name, source=status.source, asked_at=status.asked_at
    )
    return status
