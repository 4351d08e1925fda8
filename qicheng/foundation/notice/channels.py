"""The ways out: e-mail and SMS. A channel sends once or says why not; it never decides whether to try again."""

from __future__ import annotations

from dataclasses import dataclass
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from typing import TYPE_CHECKING, Protocol

import httpx
from django.conf import settings
from django.core.mail import EmailMessage, get_connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from qicheng.foundation.access import Role

SECONDS = 10.0


class NotSent(Exception):
    """The message did not go out. `final`: trying again will not help. `unsure`: it may have gone out all the same."""

    def __init__(self, why: str, *, final: bool = False, unsure: bool = False) -> None:
        super().__init__(why)
        self.final = final
        self.unsure = unsure


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody is reached; '' where a channel does not reach. `mail` may be several addresses with commas between."""

    mail: str = ""
    sms: str = ""

    def on(self, channel: str) -> str:
        return {"mail": self.mail, "sms": self.sms}[channel]


class Channel(Protocol):
    """`repeats_safely`: the other side knows our key and swallows a second sending."""

    repeats_safely: bool

    def send(self, key: str, address: str, subject: str, body: str) -> None:
        """Send once, or raise NotSent."""


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
            answer = httpx.post(
                settings.QICHENG_SMS_URL,
                json={"key": key, "to": address, "text": f"{subject}{body}"},
                headers={"Authorization": f"Bearer {settings.QICHENG_SMS_KEY}", "Idempotency-Key": key},
                timeout=SECONDS,
                follow_redirects=False,
            )
        except (httpx.HTTPError, httpx.InvalidURL) as failed:
            raise NotSent(f"短信网关没有回答（{type(failed).__name__}）", unsure=True) from failed
        if not answer.is_success:
            final = answer.is_client_error and answer.status_code not in (408, 429)
            raise NotSent(f"短信网关回答 {answer.status_code}", final=final)


CHANNELS: dict[str, Channel] = {"mail": Mail(), "sms": Sms()}
# How the people of a role are reached; rooms that keep addresses put their function here.
ADDRESSES: dict[Role, Callable[[int], Address]] = {}
