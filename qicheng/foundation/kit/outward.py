"""Questions to other people's servers: one deadline for all of it, a largest answer, no redirects, no way into networks that nobody has named."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import threading
import time
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address
    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LARGEST_ANSWER = 64 * 1024
TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
# All that is given out to the public (RFC 4291 § 2.4, the IANA registry); whatever lies outside is reserved, local, or another address in disguise.
PUBLIC = ipaddress.IPv6Network("2000::/3")


class Silent(Exception):
    """A server gave no usable answer; the text is for the log and names no person and no unit."""


class Answer(NamedTuple):
    """What a server said: its status and the bytes."""

    status: int
    content: bytes


class Breaker:
    """After five silences in a row nobody is asked for a minute, then one is let through to try."""

    FAILURES, REST = 5, 60.0

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures, self._shut_until = 0, 0.0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Around one question: Silent at once while resting, and counted where it ends in Silent."""
        with self._lock:
            if time.monotonic() < self._shut_until:
                raise Silent("resting after failures")
            if self._failures >= self.FAILURES:
                self._shut_until = time.monotonic() + self.REST  # the others wait for the one that tries
        missed = False
        try:
            yield
        except Silent:
            missed = True
            raise
        finally:
            with self._lock:
                self._failures = self._failures + 1 if missed else 0
                self._shut_until = time.monotonic() + self.REST if self._failures >= self.FAILURES else 0.0


def exchange(
    method: str, url: str, *, seconds: float, networks: Sequence[str] | None = None, largest: int = LARGEST_ANSWER, **sent: Any
) -> Answer:  # fmt: skip
    """Ask and return the answer whatever its status; raises Silent. `sent` are httpx's params, headers and data.

    `seconds` bounds the whole exchange, name look-up and a slow drip included. With `networks` the server has to stand on the public
    internet or in one of them, and speak TLS unless it is this machine; the address that was looked at is the one that is asked.
    """
    if seconds <= 0:
        raise Silent("no time left")
    _trusted()  # before the clock starts
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(
            asyncio.wait_for(_exchange(method, url, seconds, networks, largest, sent), seconds)
        )
    except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as fault:
        raise Silent(type(fault).__name__) from None
    finally:
        loop.close()  # unlike asyncio.run it does not wait for a name look-up that hangs


def must_be_asked(url: str, networks: Sequence[str], seconds: float) -> None:
    """Silent unless the server has an address now that `exchange` would ask; asks nothing of the server itself."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(asyncio.wait_for(_place(httpx.URL(url), networks), seconds))
    except (TimeoutError, httpx.InvalidURL, OSError, UnicodeError) as fault:
        raise Silent(type(fault).__name__) from None
    finally:
        loop.close()


async def _exchange(
    method: str, url: str, seconds: float, networks: Sequence[str] | None, largest: int, sent: dict[str, Any]
) -> Answer:
    target = httpx.URL(url)
    sent["headers"] = {"Accept-Encoding": "identity", **sent.get("headers", {})}
    if networks is not None:
        place = await _place(target, networks)
        sent["headers"]["Host"] = target.netloc.decode("ascii")
        sent["extensions"] = {"sni_hostname": target.host}
        target = target.copy_with(host=str(place))
    async with (
        httpx.AsyncClient(timeout=seconds, trust_env=False, follow_redirects=False, verify=_trusted()) as client,
        client.stream(method, target, **sent) as answer,
    ):
        content = b""
        async for part in answer.aiter_raw():
            content += part
            if len(content) > largest:
                raise Silent("answer too large")
        return Answer(answer.status_code, content)


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """The authorities that vouch for servers, read once: to read them takes longer than many an answer."""
    return httpx.create_ssl_context(trust_env=False)


async def _place(target: httpx.URL, networks: Sequence[str]) -> Address:
    """The first address of the server that may be asked."""
    port = target.port or (443 if target.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(target.host, port, type=1)
    for entry in found:
        place = ipaddress.ip_address(str(entry[4][0]).partition("%")[0])
        if may_be_asked(place, networks) and (
            target.scheme == "https" or (target.scheme == "http" and place.is_loopback)
        ):
            return place
    raise Silent("outside the networks that may be asked")


def may_be_asked(place: Address, networks: Sequence[str]) -> bool:
    """Whether an address is public, or lies in one of the networks; an IPv4 address inside an IPv6 one counts as itself."""
    if isinstance(place, ipaddress.IPv6Address):
        inner = place.ipv4_mapped or place.sixtofour
        if place in TRANSLATED:
            inner = ipaddress.IPv4Address(int(place) & 0xFFFFFFFF)
        if inner is not None:
            return may_be_asked(inner, networks)
        if place.teredo is not None:
            return False
    if any(place in network for network in _parsed(tuple(networks))):
        return True
    return place.is_global and not place.is_multicast and (place.version == 4 or place in PUBLIC)


@lru_cache(maxsize=8)
def _parsed(networks: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(one, strict=False) for one in networks)
