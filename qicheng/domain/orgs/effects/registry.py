"""The business status of a unit, asked of a register that may be slow, wrong or silent; review never waits for it (EMP-03)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import httpx
from django.conf import settings
from django.utils import timezone

from qicheng.domain.orgs.models import StatusLookup
from qicheng.foundation.kit.outward import Breaker, Silent, exchange

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


class HttpRegistry(Breaker):
    """GET <address>?credit_code=… with the key in X-API-Key; answers {"credit_code", "status", "name"} as JSON.

    `seconds` bounds the whole exchange; after five silences in a row nobody is asked for a minute.
    """

    def __init__(self, url: str, key: str, seconds: float) -> None:
        super().__init__()
        self.url, self.key, self.seconds = url, key, seconds
        self.source = httpx.URL(url).host

    def status(self, credit_code: str) -> Status:
        with self.watched():
            return self._read(self._ask(credit_code), credit_code)

    def _ask(self, credit_code: str) -> bytes:
        answer = exchange(
            "GET", self.url, seconds=self.seconds, params={"credit_code": credit_code}, headers={"X-API-Key": self.key}
        )
        if answer.status != httpx.codes.OK:
            raise Silent(f"status {answer.status}")
        return answer.content

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
