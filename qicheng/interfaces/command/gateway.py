"""A gateway for trying the product: it takes SMS and plays WeChat as real ones would, sends nothing, and shows it all on pages of this machine."""

from __future__ import annotations

import hashlib
import html
import json
import os
import secrets
import sys
import time
from collections import deque
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx

KEPT = 200
LONGEST = 10_000
OPENID = "demo-wechat-of-this-machine"
HEAD = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">{more}</head><body><h1>{title}</h1>"""
PAGE = HEAD.format(title="演示短信", more='<meta http-equiv="refresh" content="5">') + (
    "<p>演示环境发出的短信都在这里，最新的在最上面；不会发到真的手机上。<a href='/wechat'>演示微信</a></p><ul>{rows}</ul></body></html>"
)
WECHAT = HEAD.format(title="演示微信", more="") + (
    "<p>演示环境里的一个微信：公众号发来的消息都在这里，最新的在最上面。<a href='/'>演示短信</a></p>"
    "<p>公众号菜单：<a href='{site}/login/wechat/'>去向登记</a></p>"
    "<form method='post' action='/wechat/left'><button>取消关注公众号</button></form><ul>{rows}</ul></body></html>"
)
SCAN = HEAD.format(title="演示微信：扫码", more="") + (
    "<p>在真的微信里，扫码以后关注公众号，就绑定好了。</p>"
    "<form method='post' action='/q/{scene}'><button>关注公众号</button></form></body></html>"
)
DONE = HEAD.format(title="演示微信", more="") + "<p>{words}</p><p><a href='/wechat'>看收到的消息</a></p></body></html>"


class Gateway(BaseHTTPRequestHandler):
    """POST {key, to, text}: each key is taken once. GET: what was taken, newest first. Below /cgi-bin, /sns, /connect and /q it is WeChat."""

    taken: dict[str, tuple[str, str]] = {}
    newest: deque[str] = deque(maxlen=KEPT)
    messages: deque[tuple[str, str]] = deque(maxlen=KEPT)
    had: deque[str] = deque(maxlen=KEPT)
    codes: deque[str] = deque(maxlen=KEPT)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body, path = self.rfile.read(min(length, LONGEST)), urlsplit(self.path).path
        if path.startswith("/q/"):
            self._called("subscribe", f"qrscene_{path.removeprefix('/q/')}", "已关注。回到平台的页面，看绑定的结果。")
            return
        if path == "/wechat/left":
            self._called("unsubscribe", "", "已取消关注，绑定也解除了。")
            return
        try:
            given = json.loads(body)
            said = self._wechat(path, given) if path.startswith("/cgi-bin/") else self._take(given)
        except (ValueError, KeyError, TypeError, AttributeError):
            self._answer(HTTPStatus.BAD_REQUEST, "{}", "application/json")
            return
        self._answer(HTTPStatus.OK, json.dumps(said), "application/json")

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        given = {name: values[0] for name, values in parse_qs(address.query).items()}
        if address.path == "/connect/oauth2/authorize":
            self._lead_back(given)
        elif address.path == "/sns/oauth2/access_token":
            known = given.get("code", "") in self.codes
            if known:
                self.codes.remove(given["code"])
            said = {"openid": OPENID, "access_token": "demo", "scope": "snsapi_base"} if known else {"errcode": 40029}
            self._answer(HTTPStatus.OK, json.dumps(said), "application/json")
        elif address.path.startswith("/q/"):
            self._page(SCAN.format(scene=quote(address.path.removeprefix("/q/"))))
        elif address.path == "/wechat":
            rows = _rows(self.messages)
            self._page(WECHAT.format(site=html.escape(_site()), rows=rows or "<li>还没有消息</li>"))
        else:
            rows = _rows(map(self.taken.__getitem__, self.newest))
            self._page(PAGE.format(rows=rows or "<li>还没有短信</li>"))

    def log_message(self, *_: object) -> None:
        """Nothing: an address or a text in a log would be personal data."""

    def _take(self, given: Any) -> dict[str, Any]:
        key, to, text = str(given["key"]), str(given["to"]), str(given["text"])
        if key not in self.taken:
            if len(self.newest) == KEPT:
                self.taken.pop(self.newest[-1], None)
            self.taken[key] = (to, text)
            self.newest.appendleft(key)
        return {}

    def _wechat(self, path: str, given: Any) -> dict[str, Any]:
        if path == "/cgi-bin/stable_token":
            return {"access_token": "demo", "expires_in": 7200}
        if path == "/cgi-bin/qrcode/create":
            scene = str(given["action_info"]["scene"]["scene_str"])
            return {
                "ticket": "demo",
                "expire_seconds": given["expire_seconds"],
                "url": f"http://{self.headers['Host']}/q/{quote(scene)}",
            }
        key, (first, second) = str(given["client_msg_id"]), (str(one["value"]) for one in given["data"].values())
        if key not in self.had:
            self.had.append(key)
            self.messages.appendleft((first, second))
        return {"errcode": 0, "errmsg": "ok", "msgid": len(self.had)}

    def _lead_back(self, given: dict[str, str]) -> None:
        """As WeChat does without asking: back to the site, and to no other."""
        back = given.get("redirect_uri", "")
        if not back.startswith(f"{_site()}/"):
            self._answer(HTTPStatus.BAD_REQUEST, "{}", "application/json")
            return
        code = secrets.token_hex(8)
        self.codes.append(code)
        self.send_response(HTTPStatus.FOUND)
        self.send_header("Location", f"{back}?code={code}&state={quote(given.get('state', ''))}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _called(self, event: str, key: str, words: str) -> None:
        """Tell the site what has happened, signed as WeChat signs."""
        stamp, nonce, token = str(int(time.time())), secrets.token_hex(8), os.environ.get("QICHENG_WECHAT_TOKEN", "")
        signature = hashlib.sha1("".join(sorted((token, stamp, nonce))).encode()).hexdigest()  # noqa: S324 -- the protocol's
        body = (
            f"<xml><ToUserName>demo</ToUserName><FromUserName>{OPENID}</FromUserName><CreateTime>{stamp}</CreateTime><MsgType>event</MsgType>"
            f"<Event>{event}</Event><EventKey>{html.escape(key)}</EventKey></xml>"
        )
        address = f"{_site()}/wechat/?signature={signature}&timestamp={stamp}&nonce={nonce}"
        try:
            httpx.post(
                address, content=body.encode(), headers={"Content-Type": "text/xml"}, timeout=5
            ).raise_for_status()
        except httpx.HTTPError:
            self._page(DONE.format(words="平台没有回应，过一会儿再试。"))
        else:
            self._page(DONE.format(words=words))

    def _page(self, body: str) -> None:
        self._answer(HTTPStatus.OK, body, "text/html; charset=utf-8")

    def _answer(self, status: HTTPStatus, body: str, kind: str) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _site() -> str:
    return os.environ.get("QICHENG_ADDRESS", "http://localhost:8000")


def _rows(pairs: Any) -> str:
    return "".join(f"<li><b>{html.escape(one)}</b> {html.escape(other)}</li>" for one, other in pairs)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Gateway).serve_forever()
