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


def test_it_plays_wechat_a_message_once_and_a_way_in_to_its_own_site_alone(address, monkeypatch):
    monkeypatch.setenv("QICHENG_ADDRESS", "http://site.example")
    message = {
        "client_msg_id": "one",
        "touser": "x",
        "template_id": "t",
        "data": {"thing1": {"value": "签约邀请"}, "thing2": {"value": "<b>"}},
    }
    for _ in range(2):
        assert httpx.post(f"{address}cgi-bin/message/template/send", json=message).json()["errcode"] == 0
    page = httpx.get(f"{address}wechat").text
    assert (page.count("签约邀请</b> &lt;b&gt;"), "http://site.example/login/wechat/" in page) == (1, True)

    scene = {"expire_seconds": 60, "action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "abc"}}}
    assert httpx.post(f"{address}cgi-bin/qrcode/create", json=scene).json()["url"] == f"{address}q/abc"
    authorise = f"{address}connect/oauth2/authorize"
    assert httpx.get(authorise, params={"redirect_uri": "http://elsewhere.example/"}).status_code == 400
    led = httpx.get(authorise, params={"redirect_uri": "http://site.example/login/wechat/back/", "state": "s"})
    code = led.headers["Location"].partition("code=")[2].partition("&")[0]
    answers = [httpx.get(f"{address}sns/oauth2/access_token", params={"code": code}).json() for _ in range(2)]
    assert ("openid" in answers[0], answers[1]) == (True, {"errcode": 40029})
