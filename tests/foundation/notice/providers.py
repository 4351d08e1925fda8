"""An SMS provider and WeChat as servers on this machine: they check what they are asked as the real ones do, and have bad days on request."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

from tests.foundation.notice.gateways import TOO_LONG

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET, APP = "secret-of-the-account", "wx0123456789abcdef"
# What a bad day is like: nothing done and no answer; done and answered too late; done, the answer dripping; a status; no JSON.
SILENT, LATE, DRIP, GARBAGE = "silent", "late", "drip", "garbage"


class Server:
    """Answers with `answer`; the next bad days stand in `days` and pass, one a request."""

    def __init__(self) -> None:
        self.days: list[str | int] = []
        self.asked: list[str] = []
        self.lock = threading.Lock()
        self.over = threading.Event()
        side = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self._do(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

            def do_GET(self) -> None:
                self._do(b"")

            def _do(self, body: bytes) -> None:
                address = urlsplit(self.path)
                with side.lock:
                    day = side.days.pop(0) if side.days else ""
                    side.asked.append(address.path)
                    said = side.bad_day(day)
                    if said is None:
                        said = (
                            {}
                            if day in (SILENT, GARBAGE) or isinstance(day, int)
                            else side.answer(address.path, dict(parse_qsl(address.query)), body)
                        )
                if day in (SILENT, LATE):
                    side.over.wait(TOO_LONG)
                content = b"<html>" if day == GARBAGE else json.dumps(said).encode()
                with contextlib.suppress(OSError):
                    self.send_response(day if isinstance(day, int) else 200)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    if day == DRIP:
                        for one in content[:7]:
                            self.wfile.write(bytes([one]))
                            self.wfile.flush()
                            side.over.wait(0.5)
                        return
                    self.wfile.write(content)

            def log_message(self, *given: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def bad_day(self, day: str | int) -> dict[str, Any] | None:
        """An answer that is an error of the protocol, if this day is one."""
        raise NotImplementedError

    def answer(self, path: str, query: dict[str, str], body: bytes) -> dict[str, Any]:
        raise NotImplementedError

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()


class ShortMessages(Server):
    """The provider of SMS: every request that is signed is a message, also the second under one OutId."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, str]] = []

    def bad_day(self, day: str | int) -> dict[str, Any] | None:
        return {"Code": day, "Message": "no"} if isinstance(day, str) and "." in day else None

    def answer(self, path: str, query: dict[str, str], body: bytes) -> dict[str, Any]:
        given = dict(parse_qsl(body.decode(), keep_blank_values=True))
        claimed = given.pop("Signature", "")
        text = "POST&%2F&" + quote(
            "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in sorted(given.items())), safe=""
        )
        digest = hmac.new(f"{SECRET}&".encode(), text.encode(), hashlib.sha1).digest()
        if claimed != base64.b64encode(digest).decode() or given["Version"] != "2017-05-25":
            return {"Code": "SignatureDoesNotMatch"}
        if given["Action"] == "SendSms":
            self.sent.append(given)
            return {"Code": "OK", "Message": "OK", "BizId": f"{len(self.sent)}^0"}
        found = [
            {"OutId": one["OutId"], "SendStatus": 3, "PhoneNum": one["PhoneNumbers"]}
            for one in self.sent
            if one["PhoneNumbers"] == given["PhoneNumber"]
        ]
        return {"Code": "OK", "TotalCount": len(found), "SmsSendDetailDTOs": {"SmsSendDetailDTO": found}}


class Wechat(Server):
    """WeChat: one access token at a time, messages swallowed under a client_msg_id that it has had, codes that are good once."""

    def __init__(self) -> None:
        super().__init__()
        self.token, self.tokens = "", 0
        self.sent: dict[str, dict[str, Any]] = {}
        self.scenes: list[str] = []
        self.people: dict[str, str] = {}

    def bad_day(self, day: str | int) -> dict[str, Any] | None:
        return {"errcode": int(day), "errmsg": "no"} if isinstance(day, str) and day.lstrip("-").isdecimal() else None

    def answer(self, path: str, query: dict[str, str], body: bytes) -> dict[str, Any]:
        given = json.loads(body) if body else {}
        if path == "/cgi-bin/stable_token":
            if (given["appid"], given["secret"]) != (APP, SECRET):
                return {"errcode": 40125}
            if not self.token or given["force_refresh"]:
                self.tokens += 1
                self.token = f"token-{self.tokens}"
            return {"access_token": self.token, "expires_in": 7200}
        if path == "/sns/oauth2/access_token":
            openid = self.people.pop(query["code"], None)
            return {"openid": openid, "access_token": "x", "scope": "snsapi_base"} if openid else {"errcode": 40029}
        if query.get("access_token") != self.token:
            return {"errcode": 42001}
        if path == "/cgi-bin/qrcode/create":
            scene = given["action_info"]["scene"]["scene_str"]
            assert given["action_name"] == "QR_STR_SCENE"
            self.scenes.append(scene)
            return {"ticket": "t", "expire_seconds": given["expire_seconds"], "url": f"http://weixin.qq.com/q/{scene}"}
        self.sent.setdefault(given["client_msg_id"], given)
        return {"errcode": 0, "msgid": len(self.sent)}


def signed(token: str, **further: str) -> dict[str, str]:
    """The parameters with which WeChat calls."""
    stamp, nonce = str(int(time.time())), secrets.token_hex(8)
    return {
        "signature": hashlib.sha1("".join(sorted((token, stamp, nonce))).encode()).hexdigest(),
        "timestamp": stamp,
        "nonce": nonce,
    } | further


@contextlib.contextmanager
def running(kind: type[Any]) -> Iterator[Any]:
    made = kind()
    try:
        yield made
    finally:
        made.close()
