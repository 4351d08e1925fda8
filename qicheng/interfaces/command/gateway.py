"""A gateway for trying the product: it takes SMS as a real one would, sends none of them, and shows them on a page of this machine."""

from __future__ import annotations

import html
import json
import sys
from collections import deque
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEPT = 200
LONGEST = 10_000
PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>演示短信</title>
<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="5"></head>
<body><h1>演示短信</h1><p>演示环境发出的短信都在这里，最新的在最上面；不会发到真的手机上。</p><ul>{rows}</ul></body></html>"""


class Gateway(BaseHTTPRequestHandler):
    """POST {key, to, text}: each key is taken once. GET: what was taken, newest first."""

    taken: dict[str, tuple[str, str]] = {}
    newest: deque[str] = deque(maxlen=KEPT)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        try:
            message = json.loads(self.rfile.read(min(length, LONGEST)))
            key, to, text = str(message["key"]), str(message["to"]), str(message["text"])
        except (ValueError, KeyError, TypeError):
            self._answer(HTTPStatus.BAD_REQUEST, "{}", "application/json")
            return
        if key not in self.taken:
            if len(self.newest) == KEPT:
                self.taken.pop(self.newest[-1], None)
            self.taken[key] = (to, text)
            self.newest.appendleft(key)
        self._answer(HTTPStatus.OK, "{}", "application/json")

    def do_GET(self) -> None:
        rows = "".join(
            f"<li><b>{html.escape(to)}</b> {html.escape(text)}</li>"
            for to, text in map(self.taken.__getitem__, self.newest)
        )
        self._answer(HTTPStatus.OK, PAGE.format(rows=rows or "<li>还没有短信</li>"), "text/html; charset=utf-8")

    def log_message(self, *_: object) -> None:
        """Nothing: an address or a text in a log would be personal data."""

    def _answer(self, status: HTTPStatus, body: str, kind: str) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Gateway).serve_forever()
