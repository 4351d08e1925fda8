"""The ways out: e-mail, SMS and WeChat. A channel sends once or says why not; it never decides whether to try again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from typing import TYPE_CHECKING, Protocol

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from qicheng.foundation.kit.outward import Silent, exchange

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from qicheng.foundation.access import Role

SECONDS = 10.0


class NotSent(Exception):
    """The message did not go out. `final`: trying again will not help. `unsure`: it may have gone out all the same.

    `pause`: seconds before which trying again is no use, because of a limit; with `whole` the limit is that of the channel. `gone`: whoever
    it is for is not reached at this address any more.
    """

    def __init__(
        self, why: str, *, final: bool = False, unsure: bool = False, pause: int = 0, whole: bool = False, gone: bool = False
    ) -> None:  # fmt: skip
        super().__init__(why)
        self.final = final or gone
        self.unsure = unsure
        self.pause = pause
        self.whole = whole
        self.gone = gone


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody is reached; '' where a channel does not reach. `mail` may be several addresses with commas between."""

    mail: str = ""
    sms: str = ""
    wechat: str = ""

    def on(self, channel: str) -> str:
        return {"mail": self.mail, "sms": self.sms, "wechat": self.wechat}[channel]


class Channel(Protocol):
    """`repeats_safely`: the other side knows our key and swallows a second sending."""

    repeats_safely: bool

    def send(self, key: str, address: str, subject: str, body: str) -> str | None:
        """Send once, or raise NotSent; the number under which the other side knows it, if it gives one."""


class Forgetful(Protocol):
    """A channel that swallows a second sending only for `repeats_seconds` after the first."""

    repeats_seconds: float


class Asked(Protocol):
    """A channel that can be asked, `asked_after` seconds later, whether a sending without an answer went out."""

    asked_after: float

    def was_sent(self, key: str, address: str, since: datetime) -> bool:
        """Whether the sending under this key, which began then, went out; NotSent where that cannot be said now."""


class Mail:
    """E-mail through Django's backend. A mail server keeps no keys, so a sending that was cut off is not repeated."""

    repeats_safely = False

    def send(self, key: str, address: str, subject: str, body: str) -> None:
        domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2]
        server = get_connection()
        message = EmailMessage(
            subject, body, to=address.split(","), headers={"Message-ID": f"<{key}@{domain}>"}, connection=server
        )
        try:
            server.open()
        except OSError as failed:
            raise NotSent(f"邮件服务器连不上（{type(failed).__name__}）") from failed
        try:
            message.send()
        except (SMTPResponseException, SMTPRecipientsRefused) as answered:
            raise NotSent(f"邮件服务器没有接收（{type(answered).__name__}）") from answered
        except OSError as failed:
            raise NotSent(f"邮件服务器没有回答（{type(failed).__name__}），可能已经发出", unsure=True) from failed
        finally:
            server.close()


class Sms:
    """SMS through an HTTP gateway: POST {key, to, text} with a bearer key; the gateway sends each key once.

    2xx is sent, 4xx but 408 and 429 is final, everything else is tried again under the same key.
    """

    repeats_safely = True

    def send(self, key: str, address: str, subject: str, body: str) -> None:
        try:
            answer = exchange(
                "POST",
                settings.QICHENG_SMS_URL,
                seconds=SECONDS,
                json={"key": key, "to": address, "text": f"{subject}{body}"},
                headers={"Authorization": f"Bearer {settings.QICHENG_SMS_KEY}", "Idempotency-Key": key},
            )
        except Silent as failed:
            raise NotSent(f"短信网关没有回答（{failed}）", unsure=True) from failed
        if not 200 <= answer.status < 300:
            final = 400 <= answer.status < 500 and answer.status not in (408, 429)
            raise NotSent(f"短信网关回答 {answer.status}", final=final)

    def send_code(self, key: str, address: str, code: str, text: str) -> None:
        """Send a log-in code, in words that say what it is for."""
        self.send(key, address, "", text)


def has_sms() -> bool:
    """Whether this deployment sends SMS."""
    return bool(settings.QICHENG_SMS_URL or settings.QICHENG_SMS_PROVIDER)


def sms() -> Sms:
    """The provider of SMS that the settings name; without a name the gateway."""
    return CHANNELS[settings.QICHENG_SMS_PROVIDER or "sms"]  # type: ignore[return-value]


def channel(name: str) -> Channel:
    """The way out of that name, as the settings have it."""
    return sms() if name == "sms" else CHANNELS[name]


def parsed(content: bytes) -> dict[str, object] | None:
    """The JSON object that an answer is; None for anything else."""
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


# By the name of the channel; providers of SMS join under their own.
CHANNELS: dict[str, Channel] = {"mail": Mail(), "sms": Sms()}
# How the people of a role are reached; rooms that keep addresses put their function here.
ADDRESSES: dict[Role, Callable[[int], Address]] = {}
# What is done once an address on a channel turns out to lead to nobody any more.
GONE: dict[str, Callable[[str], None]] = {}
