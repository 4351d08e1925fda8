"""Setting a school's own log-in up: tried before it is on, its secret shown to nobody, and nobody locked out when it goes (CAM-06)."""

from __future__ import annotations

import gzip
import ipaddress
import re
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from qicheng.domain.orgs.effects import sessions, sign_on, vouching
from qicheng.domain.orgs.models import Session, SignOn
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.kit import outward
from qicheng.foundation.kit.strongbox import put_away, take_out
from tests.clients import signed_in
from tests.sign_on import LOOPBACK, SECRET, named_by, offer
from tests.world import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.sign_on import Campus

pytestmark = [pytest.mark.django_db, pytest.mark.rule("CAM-06")]
PAGE = "/settings/sign-on/"
SECONDS = 0.4


@pytest.fixture(autouse=True)
def on_loopback(settings: Any) -> None:
    settings.QICHENG_SIGN_ON_NETWORKS, settings.QICHENG_SIGN_ON_SECONDS = LOOPBACK, 10.0
    vouching.forget_silences()


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def submitted(client: Client, server: str, *, seen: int = 0, **given: str) -> Any:
    return client.post(PAGE, {"protocol": "cas", "server": server, "claim": "xgh", "seen": str(seen), **given})


def test_a_school_sets_it_up_tries_it_and_only_then_switches_it_on(campus: Campus, world: Any):
    campus.tell(people={"wang": "T0001"}, wrong={})
    school = signed_in(world.seats[Role.SCHOOL])
    assert f"http://testserver{named_by(world.school)}back/" in words(school.get(PAGE))
    assert submitted(school, campus.cas + "/").url == PAGE
    row = SignOn.objects.get()
    assert (row.server, row.is_on, row.version) == (campus.cas, False, 1)
    assert Client().get(named_by(world.school)).status_code == 404
    assert school.get(named_by(world.other_school)).url == "/modules/"
    school.post(f"{PAGE}on/", {"seen": "1"})
    assert not SignOn.objects.get().is_on
    with pytest.raises(IntegrityError), transaction.atomic():
        SignOn.objects.update(is_on=True)

    before = (Session.objects.count(), Record.objects.filter(act="refuse").count())
    tried = school.get(campus.browse("wang", school.get(named_by(world.school)).url))

    shown = words(tried)
    assert [
        text in shown
        for text in ("给出的学号或工号是 T0001", "xgh", "wang", "名单里没有这个学号", "还没有账号对应这个工号")
    ] == [True] * 5
    assert (Session.objects.count(), Record.objects.filter(act="refuse").count()) == before
    assert "王敏" in words(school.get("/account/"))
    assert SignOn.objects.get().tried_at is not None
    assert school.post(f"{PAGE}on/", {"seen": "1"}).status_code == 302
    assert ("已开启" in words(school.get(PAGE)), SignOn.objects.get().is_on) == (True, True)
    # Another claim has to be tried again; a page of before is refused.
    assert submitted(school, campus.cas, seen=1, claim="username").status_code == 302
    assert SignOn.objects.get().claim == "xgh"
    assert submitted(school, campus.cas, seen=2, claim="nothing").status_code == 302
    row = SignOn.objects.get()
    assert (row.claim, row.is_on, row.tried_at) == ("nothing", False, None)
    assert "没有给出唯一的学号或工号" in words(
        school.get(campus.browse("wang", school.get(named_by(world.school)).url))
    )
    assert SignOn.objects.get().tried_at is None
    said = words(school.get("/log/"))
    assert [text in said for text in ("提交统一身份认证设置", "开关统一身份认证登录", "试登录成功")] == [True] * 3


def test_a_try_is_the_school_users_own_and_for_the_settings_that_stood(campus: Campus, world: Any):
    campus.tell(people={"wang": "T0001"})
    mine, colleague = (
        signed_in(seat) for seat in (world.seats[Role.SCHOOL], world.new_seat(Role.SCHOOL, world.school.pk, "同事"))
    )
    row = offer(world.actor(Role.SCHOOL), "cas", campus.cas, is_on=False, claim="xgh")
    address = campus.browse("wang", mine.get(named_by(world.school)).url)
    colleague.cookies["sign-on-state"] = mine.cookies["sign-on-state"].value
    assert colleague.get(address).status_code == 403
    address = campus.browse("wang", mine.get(named_by(world.school)).url)
    SignOn.objects.update(version=row.version + 1)
    assert mine.get(address).status_code == 403
    sign_on.note_try(world.actor(Role.SCHOOL), row)
    assert SignOn.objects.get().tried_at is None
    assert signed_in(world.seats[Role.COLLEGE]).get(named_by(world.school)).url == "/modules/"
    assert signed_in(world.seats[Role.COLLEGE]).get(PAGE).status_code == 404


def test_the_secret_is_put_away_shown_to_nobody_and_goes_to_no_other_server(campus: Campus, world: Any):
    school = signed_in(world.seats[Role.SCHOOL])
    given = {"protocol": "openid", "client_id": "client-9", "secret": SECRET}
    assert "客户端编号还没有填写" in words(submitted(school, campus.issuer, protocol="openid"))
    assert submitted(school, campus.issuer, **given).status_code == 302
    row = SignOn.objects.get()

    assert SECRET.encode() not in bytes(row.secret)
    assert SECRET not in words(school.get(PAGE)) + words(school.get("/log/")) + "".join(
        map(str, Record.objects.values_list("changes"))
    )
    assert "已填写，不再显示" in words(school.get(PAGE))
    kept = bytes(row.secret)
    submitted(school, campus.issuer, seen=1, **{**given, "secret": "", "claim": "sub"})
    assert bytes(SignOn.objects.get().secret) == kept
    submitted(school, "https://elsewhere.example/oidc", seen=2, **{**given, "secret": ""})
    assert bytes(SignOn.objects.get().secret) == b""
    key = b"k" * 32
    box = put_away("secret", key, "school 1")
    assert (take_out(box, key, "school 1"), take_out(box, key, "school 2"), take_out(box, b"x" * 32, "school 1")) == (
        "secret",
        None,
        None,
    )
    assert take_out(box[:-1], key, "school 1") is None
    with pytest.raises(ValueError, match="16 bytes"):
        put_away("secret", b"short", "school 1")


NOT_TAKEN = (
    "http://sso.example.edu.cn/cas", "ftp://sso.example.edu.cn", "sso.example.edu.cn", "https://", "https://a@sso.example.edu.cn/",
    "https://sso.example.edu.cn/?x", "https://sso.example.edu.cn/#x", "https://学校.example/cas", "https://sso.example.edu.cn:0/",
    "javascript:alert(1)", "http://10.20.0.1/cas",
)  # fmt: skip


def test_only_addresses_over_tls_are_taken(world: Any):
    school = signed_in(world.seats[Role.SCHOOL])
    assert [one for one in NOT_TAKEN if "地址以 https:// 开头" not in words(submitted(school, one))] == []
    assert submitted(school, "https://sso.example.edu.cn:8443/cas").status_code == 302


def test_servers_outside_of_the_named_networks_are_not_asked(campus: Campus, world: Any, settings: Any):
    settings.QICHENG_SIGN_ON_NETWORKS = ["10.20.0.0/16", "fd12::/32"]

    def may(address: str) -> bool:
        return outward.may_be_asked(ipaddress.ip_address(address), settings.QICHENG_SIGN_ON_NETWORKS)

    shut = (
        "127.0.0.1", "10.21.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1", "fe80::1", "fd13::1",
        "::ffff:127.0.0.1", "::ffff:10.21.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "::ffff:192.168.1.1", "64:ff9b::c0a8:101", "2002:c0a8:101::1", "::7f00:1", "::ffff:0:7f00:1", "fec0::1", "64:ff9b:1::7f00:1", "4000::1", "5f00::1",
    )  # fmt: skip
    assert [address for address in shut if may(address)] == []
    assert [
        may(address)
        for address in ("8.8.8.8", "10.20.3.4", "fd12::7", "::ffff:10.20.3.4", "2400:3200::1", "64:ff9b::808:808")
    ] == [True] * 6
    row = offer(world.actor(Role.SCHOOL), "cas", campus.cas, claim="xgh")
    with pytest.raises(sign_on.Silent, match="networks"):
        sign_on.vouched(row, {"ticket": "ST-1"}, "", "http://testserver/")
    settings.QICHENG_SIGN_ON_NETWORKS = [*LOOPBACK, "0.0.0.0/0"]
    with pytest.raises(sign_on.Silent, match="networks"):  # in clear only on this machine
        outward.exchange("GET", "http://192.0.2.1/", seconds=1, networks=settings.QICHENG_SIGN_ON_NETWORKS)


# ---- servers that are slow, wrong or silent


class Answering(BaseHTTPRequestHandler):
    """Answers as its server was told to."""

    def do_GET(self) -> None:
        self.server.asked += 1  # type: ignore[attr-defined]
        self.server.manner(self)  # type: ignore[attr-defined]

    def log_message(self, *_: Any) -> None:
        """Nothing on the console."""


def saying(content: bytes, status: int = 200, **headers: str) -> Callable[[Answering], None]:
    def answer(to: Answering) -> None:
        to.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            to.send_header(name.replace("_", "-"), value)
        to.end_headers()
        to.wfile.write(content)

    return answer


def dripping(to: Answering) -> None:
    to.send_response(200)
    to.end_headers()
    for _ in range(200):
        to.wfile.write(b" ")
        to.wfile.flush()
        time.sleep(SECONDS / 4)


@contextmanager
def serving(manner: Callable[[Answering], None]) -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads, server.block_on_close, server.manner, server.asked = True, False, manner, 0
    server.handle_error = lambda *_: None  # whoever hangs up is no fault of the test
    server.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def document(inner: str, before: str = "", space: str = "http://www.yale.edu/tp/cas") -> bytes:
    return f'{before}<cas:serviceResponse xmlns:cas="{space}">{inner}</cas:serviceResponse>'.encode()


SUCCESS = "<cas:authenticationSuccess><cas:user>{}</cas:user></cas:authenticationSuccess>"
WRONG = {
    "not XML": saying(b"yes\nchen"), "nothing": saying(b""), "500": saying(document(SUCCESS.format("chen")), 500),
    "elsewhere": saying(b"", 302, Location="/cas/p3/serviceValidate?moved"), "endless": saying(b" " * (outward.LARGEST_ANSWER + 1)),
    "packed": saying(gzip.compress(document(SUCCESS.format("chen"))), Content_Encoding="gzip"), "dripping": dripping,
    "entity": saying(document(SUCCESS.format("&me;"), '<!DOCTYPE a [<!ENTITY me "chen">]>')),
    "file": saying(document(SUCCESS.format("&me;"), '<!DOCTYPE a [<!ENTITY me SYSTEM "file:///etc/hostname">]>')),
    "laughs": saying(document(SUCCESS.format("&b;"), '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>')),
    "another language": saying(document(SUCCESS.format("chen"), space="http://elsewhere.example/cas")),
    "two outcomes": saying(document(SUCCESS.format("chen") * 2)), "no user": saying(document("<cas:authenticationSuccess/>")),
    "two users": saying(document("<cas:authenticationSuccess><cas:user>a</cas:user><cas:user>b</cas:user></cas:authenticationSuccess>")),
}  # fmt: skip


def test_whatever_the_server_answers_but_the_agreed_is_silence_and_the_password_opens_beside_it(
    world: Any, settings: Any
):
    settings.QICHENG_SIGN_ON_SECONDS = SECONDS
    Graduate.all_rows.filter(pk=world.graduate.pk).update(student_number="chen")
    with serving(dripping) as server:
        offer(world.actor(Role.SCHOOL), "cas", f"{server.address}/cas")
        for manner in [*WRONG, "closed"]:
            vouching.forget_silences()
            server.manner = WRONG.get(manner, dripping)
            if manner == "closed":
                server.server_close()
            client = Client()
            service = parse_qs(urlsplit(client.get(named_by(world.school)).url).query)["service"][0]
            begun = time.monotonic()
            answer = client.get(f"{service}&ticket=ST-1")
            taken = time.monotonic() - begun

            said = "学校的服务没有回应，可以先用手机号和密码登录" in words(answer)
            assert (manner, answer.status_code, said, taken < SECONDS + 5) == (manner, 403, True, True)
    given = {"kind": "graduate", "login": world.graduate.account.login, "password": PASSWORD}
    assert client.post("/login/", given).url == "/"


def test_a_remark_in_a_name_does_not_cut_it_off_and_several_numbers_are_none(world: Any):
    more = "<cas:attributes><cas:xgh>1</cas:xgh><cas:xgh>2</cas:xgh><cas:one> 7 </cas:one></cas:attributes>"
    success = SUCCESS.format("chen<!-- -->.of.others").replace(
        "</cas:authenticationSuccess>", f"{more}</cas:authenticationSuccess>"
    )
    with serving(saying(document(success))) as server:
        row = offer(world.actor(Role.SCHOOL), "cas", server.address)
        said = sign_on.vouched(row, {"ticket": "ST-1"}, "", "http://testserver/")

    assert (said.only("user"), said.only("xgh"), said.only("one")) == ("chen.of.others", "", "7")
    assert ("chen" in repr(said), sign_on.number_of(row, said)) == (False, "chen.of.others")


def test_a_silent_server_is_left_alone_for_a_while(world: Any):
    with serving(saying(b"", 503)) as server:
        row = offer(world.actor(Role.SCHOOL), "cas", server.address)
        for _ in range(7):
            with pytest.raises(sign_on.Silent):
                sign_on.vouched(row, {"ticket": "ST-1"}, "", "http://testserver/")
        assert server.asked == outward.Breaker.FAILURES
        # Refusals are answers: they never make a server rest.
        vouching.forget_silences()
        server.manner = saying(document('<cas:authenticationFailure code="INVALID_TICKET"/>'))
        for _ in range(7):
            with pytest.raises(sign_on.NotVouched):
                sign_on.vouched(row, {"ticket": "ST-1"}, "", "http://testserver/")
        assert server.asked == outward.Breaker.FAILURES + 7


def test_a_server_that_drips_holds_up_no_other_school_and_the_slow_go_one_at_a_time(
    world: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    settings.QICHENG_SIGN_ON_SECONDS = 4.0
    monkeypatch.setattr(vouching, "SLOW", 2.0)
    monkeypatch.setattr(vouching, "PATIENCE", 0.1)
    ticket = ({"ticket": "ST-1"}, "", "http://testserver/")
    with serving(dripping) as slow, serving(saying(document(SUCCESS.format("chen")))) as quick:
        mine = offer(world.actor(Role.SCHOOL), "cas", slow.address)
        other = offer(world.stranger_actor(Role.SCHOOL), "cas", quick.address)
        ended: list[str] = []

        def drip() -> None:
            begun = time.monotonic()
            with pytest.raises(sign_on.Silent):
                sign_on.vouched(mine, *ticket)
            ended.append("in time" if time.monotonic() - begun < 8 else "late")

        under_way = Thread(target=drip)
        under_way.start()
        while not slow.asked:
            time.sleep(0.01)
        with pytest.raises(sign_on.Busy):
            sign_on.vouched(mine, *ticket)
        assert [sign_on.vouched(other, *ticket).only("user") for _ in range(3)] == ["chen"] * 3
        assert ended == []
        under_way.join()
        assert (ended, slow.asked) == (["in time"], 1)

        # By now it is known as slow: it waits for nothing while another slow one is under way; whoever is quick does not notice.
        monkeypatch.setattr(vouching, "PATIENCE", 5.0)
        monkeypatch.setitem(vouching._slow_until, 0, time.monotonic() + 60)
        with vouching.errand(0):
            begun = time.monotonic()
            with pytest.raises(sign_on.Busy):
                sign_on.vouched(mine, *ticket)
            assert time.monotonic() - begun < vouching.PATIENCE
            assert sign_on.vouched(other, *ticket).only("user") == "chen"


def test_an_openid_server_that_describes_another_or_nothing_leads_nowhere(world: Any):
    descriptions = (b"{}", b"[]", b'{"issuer": "https://elsewhere.example"}', b"<html>")
    with serving(saying(b"")) as server:
        offer(world.actor(Role.SCHOOL), "openid", server.address, client_id="client-9")
        own = f'{{"issuer": "{server.address}", "authorization_endpoint": "javascript:alert(1)"}}'.encode()
        for description in (*descriptions, own):
            server.manner = saying(description)
            vouching.forget_silences()
            sign_on._forget()
            answer = Client().get(named_by(world.school))
            assert (answer.status_code, "学校的服务没有回应" in words(answer)) == (403, True)
    assert sign_on.way_off(SignOn.objects.get(), "http://testserver/") == ""


def test_switched_off_nobody_is_locked_out(campus: Campus, world: Any):
    campus.tell(people={"chen": world.graduate.student_number}, wrong={})
    row = offer(world.actor(Role.SCHOOL), "cas", campus.cas, claim="xgh")
    client, school = Client(), signed_in(world.seats[Role.SCHOOL])
    assert client.get(campus.browse("chen", client.get(named_by(world.school)).url)).status_code == 302
    mine = world.seats[Role.SCHOOL].account.login

    assert school.post(f"{PAGE}off/", {"seen": str(row.version)}).status_code == 302

    assert "统一身份认证登录" not in words(Client().get("/login/"))
    off = Client().get(named_by(world.school))
    assert (off.status_code, "没有开启统一身份认证登录，用手机号和密码登录" in words(off)) == (404, True)
    assert "现在没有学校开启" in words(Client().get("/login/school/"))
    # Whoever came in by it comes in again, by what was there before; whoever came in by a password stays in.
    assert (client.get("/account/").status_code, school.get("/account/").status_code) == (302, 200)
    for kind, login in (("graduate", world.graduate.account.login), ("school", mine)):
        assert Client().post("/login/", {"kind": kind, "login": login, "password": PASSWORD}).status_code == 302
    assert client.get(f"{named_by(world.school)}left/").url == "/login/"
    assert sessions.Session.objects.filter(sign_on__isnull=False).count() == 0
