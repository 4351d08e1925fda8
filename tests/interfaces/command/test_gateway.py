"""The gateway of a trial: it takes a key once and shows what it took."""

import threading
from http.server import ThreadingHTTPServer

import httpx
import pytest

from qicheng.interfaces.command.gateway import Gateway


@pytest.fixture
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_key_is_taken_once_and_markup_in_a_message_is_shown_as_text(address):
    message = {"key": "one", "to": "13900000000", "text": "验证码 123456 <script>"}

    answers = [httpx.post(address, json=message).status_code for _ in range(2)]
    page = httpx.get(address).text

    assert answers == [200, 200]
    assert page.count("验证码 123456 &lt;script&gt;") == 1


def test_what_is_no_message_is_refused(address):
    assert httpx.post(address, content=b"[]").status_code == 400
