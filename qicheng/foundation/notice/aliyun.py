"""SMS through Aliyun's short message service: SendSms and QuerySendDetails of its HTTP interface of 2017-05-25, signed requests.

A message is a template that the provider has approved, with words for its places. The provider takes a second request under our key (OutId)
for a second message, so a sending without an answer is asked after before it is repeated.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.conf import settings

from qicheng.foundation.kit.calendar import day_of
from qicheng.foundation.kit.outward import Silent, exchange

from . import channels
from .channels import CHANNELS, NotSent, parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = "2017-05-25"
# A place of a template takes no more.
LONGEST = 35
OURS = "【启程】"
LIMIT_SECONDS = 3600
# Limits of one number, limits of the whole account, and answers that say nothing about whether it went out.
OF_A_NUMBER = frozenset({"isv.BUSINESS_LIMIT_CONTROL"})
OF_THE_ACCOUNT = frozenset(
    {"isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL", "isv.AMOUNT_NOT_ENOUGH", "isv.OUT_OF_SERVICE", "Throttling.User"}
)  # fmt: skip
UNCLEAR = frozenset({"isp.SYSTEM_ERROR", "ServiceUnavailable", "InternalError"})
FAILED, ON_THE_WAY, ARRIVED = 2, 1, 3


class Aliyun:
    """The provider's side of an SMS. `asked_after`: what was sent is in its books after some minutes, not at once."""

    repeats_safely = False
    asked_after = 300.0

    def send(self, key: str, address: str, subject: str, body: str) -> str:
        words = f"{subject}{body}".removeprefix(OURS)
        if len(words) > LONGEST:
            words = f"{words[: LONGEST - 1]}…"
        return self._send(key, address, settings.QICHENG_SMS_TEMPLATE, {"text": words})

    def send_code(self, key: str, address: str, code: str, text: str) -> None:
        """Send a log-in code, by the template of codes."""
        self._send(key, address, settings.QICHENG_SMS_CODE_TEMPLATE, {"code": code})

    def was_sent(self, key: str, address: str, since: datetime) -> bool:
        """Whether the provider's books have a message under our key, of that day or of the next minutes' day; a refused one is none."""
        for day in {day_of(since), day_of(since + timedelta(minutes=10))}:
            asked = {
                "Action": "QuerySendDetails",
                "PhoneNumber": address,
                "SendDate": f"{day:%Y%m%d}",
                "PageSize": "50",
                "CurrentPage": "1",
            }
            said = _ask(asked)
            if said.get("Code") != "OK":
                raise NotSent(f"短信服务没有说明是否已发（{_code(said)}）", unsure=True)
            books: Any = said.get("SmsSendDetailDTOs")
            lines = books.get("SmsSendDetailDTO") if isinstance(books, dict) else None
            if not isinstance(lines, list):
                raise NotSent("短信服务的回答看不懂", unsure=True)
            if any(
                isinstance(line, dict) and line.get("OutId") == key and line.get("SendStatus") != FAILED
                for line in lines
            ):
                return True
        return False

    def _send(self, key: str, address: str, template: str, places: Mapping[str, str]) -> str:
        said = _ask({
            "Action": "SendSms", "PhoneNumbers": address, "SignName": settings.QICHENG_SMS_SIGN, "TemplateCode": template,
            "TemplateParam": json.dumps(places, ensure_ascii=False), "OutId": key,
        })  # fmt: skip
        code = _code(said)
        if code == "OK":
            return str(said.get("BizId", ""))[:80]
        if code in OF_A_NUMBER:
            raise NotSent(f"这个号码收短信太多（{code}）", pause=LIMIT_SECONDS)
        if code in OF_THE_ACCOUNT or code.startswith("Throttling"):
            raise NotSent(f"短信服务到了上限（{code}）", pause=LIMIT_SECONDS, whole=True)
        raise NotSent(f"短信服务回答 {code}", final=code.startswith("isv."), unsure=code in UNCLEAR)


def signature(method: str, given: Mapping[str, str], secret: str) -> str:
    """The signature of a request: HMAC-SHA1, in base64, of method, path and the sorted parameters."""
    sorted_ = "&".join(f"{_encoded(name)}={_encoded(given[name])}" for name in sorted(given))
    text = f"{method}&{_encoded('/')}&{_encoded(sorted_)}"
    return base64.b64encode(hmac.digest(f"{secret}&".encode(), text.encode(), hashlib.sha1)).decode()


def _ask(action: Mapping[str, str]) -> dict[str, Any]:
    """Send a signed request and return the answer's object; NotSent where there is none that can be read.

    Everything goes in the body: a number in an address would stand in logs on the way.
    """
    given = {
        "AccessKeyId": settings.QICHENG_SMS_ACCESS_KEY, "Format": "JSON", "RegionId": "cn-hangzhou", "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": secrets.token_hex(16), "SignatureVersion": "1.0", "Timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "Version": VERSION, **action,
    }  # fmt: skip
    given["Signature"] = signature("POST", given, settings.QICHENG_SMS_KEY)
    try:
        answer = exchange(
            "POST", settings.QICHENG_SMS_URL or "https://dysmsapi.aliyuncs.com/", seconds=channels.SECONDS, data=given
        )
    except Silent as failed:
        raise NotSent(f"短信服务没有回答（{failed}）", unsure=True) from failed
    said = parsed(answer.content)
    if said is None or not isinstance(said.get("Code"), str):
        raise NotSent(f"短信服务回答 {answer.status}，看不懂", unsure=True)
    return said


def _code(said: Mapping[str, Any]) -> str:
    code = str(said.get("Code", ""))
    return code if len(code) <= 60 and code.replace(".", "").replace("_", "").isalnum() and code.isascii() else "?"


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")


CHANNELS["aliyun"] = Aliyun()
