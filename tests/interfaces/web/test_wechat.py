"""WeChat: bound by a code to scan, told by WeChat's servers, the way in without a password, and asking those who have not (ORG-11, NOT-03)."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.orgs.effects import binding, sessions
from qicheng.domain.orgs.effects.accounts import reset_password
from qicheng.domain.orgs.models import Binding, BindingScene, Cohort, Edition, LoginCode, Session
from qicheng.domain.orgs.queries import forget_kept
from qicheng.domain.roster.effects import ask_to_bind
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import Refused
from qicheng.foundation.notice import callbacks
from qicheng.foundation.notice.models import Notice
from tests.clients import signed_in
from tests.foundation.notice.providers import APP, SECRET, Wechat, running, signed
from tests.races.meeting import together
from tests.world import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator

CHOSEN = "two grey herons by the mill"
TOKEN = "a-token-of-ours"
KEY = base64.b64encode(bytes(range(32))).decode().rstrip("=")


@pytest.fixture
def official(settings: Any) -> Iterator[Wechat]:
    with running(Wechat) as made:
        settings.QICHENG_WECHAT_APP, settings.QICHENG_WECHAT_SECRET, settings.QICHENG_WECHAT_URL = APP, SECRET, made.url
        settings.QICHENG_WECHAT_TOKEN, settings.QICHENG_WECHAT_TEMPLATE, settings.QICHENG_WECHAT_OPEN = (
            TOKEN,
            "t",
            "https://open.example",
        )
        yield made


def said(event: str, openid: str = "openid-1", key: str = "", at: int = 1_700_000_000, further: str = "") -> str:
    return (
        f"<xml><ToUserName><![CDATA[gh]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName><CreateTime>{at}</CreateTime>"
        f"<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{event}]]></Event><EventKey><![CDATA[{key}]]></EventKey>{further}</xml>"
    )


def calls(body: str, given: dict[str, str] | None = None) -> Any:
    """WeChat's servers call."""
    query = given or signed(TOKEN)
    return Client().post(reverse("wechat_callback"), body, content_type="text/xml", query_params=query)


def shown(world: Any, official: Wechat) -> tuple[Any, str]:
    """(the graduate's browser, the scene of the code that it shows)."""
    client = signed_in(world.seats[Role.GRADUATE])
    client.post(reverse("wechat_code"), {"password": PASSWORD})
    return client, official.scenes[-1]


def bound(world: Any, official: Wechat, openid: str = "openid-1") -> Any:
    client, scene = shown(world, official)
    calls(said("SCAN", openid, scene))
    return client


def way_in(official: Wechat, openid: str, *, client: Client | None = None, onward: str = "") -> tuple[Client, Any]:
    """A browser inside WeChat taps 「去向登记」 and is led back."""
    client = client or Client(HTTP_USER_AGENT="MicroMessenger/8.0")
    out = client.get(reverse("wechat_start"), {"next": onward} if onward else {})
    query = parse_qs(urlsplit(out["Location"]).query)
    assert (query["scope"], query["appid"]) == (["snsapi_base"], [APP])
    official.people["a-code"] = openid
    return client, client.get(reverse("wechat_back"), {"code": "a-code", "state": query["state"][0]})


@pytest.mark.django_db
@pytest.mark.rule("ORG-11")
def test_a_code_binds_whoever_scans_it_once_and_both_sides_are_told(world, official):
    world.graduate.account.set_password(PASSWORD)
    world.graduate.account.save()
    wrong = signed_in(world.seats[Role.GRADUATE])
    wrong.post(reverse("wechat_code"), {"password": "something else"})
    assert official.scenes == []

    client, scene = shown(world, official)
    page = client.get(reverse("wechat"))
    assert ("data:image/svg+xml" in page.content.decode(), page["Cache-Control"]) == (True, "no-store")
    assert "国家大学生就业服务平台" in page.content.decode()
    # Whoever has this one phone and nothing to scan it with goes on, too.
    assert f'<a href="{BindingScene.objects.get(used_at=None).url}"' in page.content.decode()
    assert calls(said("subscribe", key=f"qrscene_{scene}")).content == b"success"

    row = Binding.objects.get()
    assert (row.account_id, binding.openid_of(row.account_id), binding.by_openid("openid-1")) == (
        world.graduate.account_id,
        "openid-1",
        row,
    )
    assert (b"openid-1" in bytes(row.openid), "openid" in row.digest) == (False, False)
    assert set(
        Notice.objects.filter(flow="wechat", act="bind", node=world.graduate.pk).values_list("channel", flat=True)
    ) == {"inbox", "mail", "wechat"}
    assert "陈*的账号绑定了微信" in client.get(reverse("messages")).content.decode()
    assert "已经绑定" in client.get(reverse("wechat")).content.decode()
    assert [one.act for one in Record.objects.filter(flow="wechat")] == ["bind"]

    assert binding.bind(scene, "openid-2") == ""  # good once
    Cohort.objects.filter(year=world.cohort).update(edition=Edition.GUIDE_2022)
    forget_kept()
    assert "24365智慧就业" in client.get(reverse("wechat")).content.decode()


@pytest.mark.django_db
@pytest.mark.rule("ORG-11")
def test_one_account_has_one_wechat_and_one_wechat_one_account(world, official):
    def scene_of(account: int, name: str) -> str:
        expires = timezone.now() + timedelta(minutes=1)
        BindingScene.objects.create(digest=binding._hash(name), account_id=account, url="http://x/", expires_at=expires)
        return name

    mine, other = world.graduate.account_id, world.neighbour.account_id
    assert binding.bind(scene_of(mine, "a"), "openid-1") == binding.BOUND
    assert binding.bind(scene_of(other, "b"), "openid-1") == binding.TAKEN
    assert binding.bind(scene_of(mine, "c"), "openid-2") == binding.SECOND
    late = scene_of(other, "d")
    BindingScene.objects.filter(digest=binding._hash(late)).update(expires_at=timezone.now())
    assert binding.bind(late, "openid-3") == ""
    assert list(Binding.objects.values_list("account", flat=True)) == [mine]


@pytest.mark.rule("ORG-11")
def test_two_who_scan_at_once_with_one_wechat_bind_one_account(committed_world, official):
    accounts = (committed_world.graduate.account_id, committed_world.neighbour.account_id)
    for number, account in enumerate(accounts):
        expires = timezone.now() + timedelta(minutes=1)
        BindingScene.objects.create(
            digest=binding._hash(f"s{number}"), account_id=account, url="http://x/", expires_at=expires
        )
    outcomes = together([lambda n=n: binding.bind(f"s{n % 2}", "openid-1") for n in range(4)])
    assert sorted(outcomes) == ["", "", binding.BOUND, binding.TAKEN]
    assert Binding.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.rule("ORG-11")
def test_what_is_not_from_wechat_not_of_now_or_came_before_has_no_effect(world, official, settings, monkeypatch):
    world.graduate.account.set_password(PASSWORD)
    world.graduate.account.save()
    _, scene = shown(world, official)
    body, good = said("SCAN", key=scene), signed(TOKEN)
    assert Client().get(reverse("wechat_callback"), good | {"echostr": "5678"}).content == b"5678"
    assert calls(body, good | {"signature": "0" * 40}).status_code == 403
    assert calls(body, signed("another token")).status_code == 403
    stale = signed(TOKEN)
    monkeypatch.setattr(callbacks.time, "time", lambda: float(stale["timestamp"]) + callbacks.WINDOW_SECONDS + 1)
    assert calls(body, stale).status_code == 403
    monkeypatch.undo()
    for hostile in (
        "",
        "<xml",
        "<!DOCTYPE x [<!ENTITY e 'x'>]><xml><FromUserName>&e;</FromUserName></xml>",
        "<xml/>",
        "[]",
        "<xml>" + "a" * 40_000 + "</xml>",
    ):
        assert calls(hostile, signed(TOKEN)).status_code == 400
    assert Binding.objects.count() == 0

    given = signed(TOKEN)
    assert [calls(body, given).content for _ in range(2)] == [b"success"] * 2
    calls(said("unsubscribe", at=1_700_000_001))
    assert calls(said("unsubscribe", at=1_700_000_001)).content == b"success"
    assert (Binding.objects.filter(ended_at=None).count(), Record.objects.filter(flow="wechat").count()) == (0, 2)
    _, scene = shown(world, official)
    calls(said("SCAN", key=scene, at=1_700_000_002))
    calls(said("unsubscribe", at=1_700_000_001))  # told a third time, after it was bound again
    assert Binding.objects.filter(ended_at=None).count() == 1
    settings.QICHENG_WECHAT_APP = ""
    assert calls(body).status_code == 404


@pytest.mark.django_db
@pytest.mark.rule("ORG-11")
def test_an_encrypted_call_is_opened_and_nothing_plain_is_believed_where_a_key_is_set(world, official, settings):
    world.graduate.account.set_password(PASSWORD)
    world.graduate.account.save()
    settings.QICHENG_WECHAT_AES_KEY = KEY
    _, scene = shown(world, official)
    body = said("SCAN", key=scene)
    assert calls(body).status_code == 400

    def sealed(app: str) -> tuple[str, dict[str, str]]:
        plain = b"r" * 16 + len(body.encode()).to_bytes(4, "big") + body.encode() + app.encode()
        fill = 32 - len(plain) % 32
        cipher = Cipher(AES(bytes(range(32))), CBC(bytes(range(16)))).encryptor()
        text = base64.b64encode(cipher.update(plain + bytes([fill]) * fill) + cipher.finalize()).decode()
        given = signed(TOKEN)
        parts = sorted((TOKEN, given["timestamp"], given["nonce"], text))
        given["msg_signature"] = hashlib.sha1("".join(parts).encode()).hexdigest()
        return f"<xml><ToUserName>gh</ToUserName><Encrypt><![CDATA[{text}]]></Encrypt></xml>", given

    other, given = sealed("wx-of-somebody-else")
    assert calls(other, given).status_code == 400
    good, given = sealed(APP)
    assert calls(good, given | {"msg_signature": "0" * 40}).status_code == 400
    assert (calls(good, given).content, Binding.objects.count()) == (b"success", 1)


@pytest.mark.django_db
@pytest.mark.rule("ORG-11")
def test_whoever_is_bound_comes_in_without_a_password_and_out_when_it_ends(world, official):
    world.graduate.account.set_password(PASSWORD)
    world.graduate.account.save()
    client, answer = way_in(official, "openid-1")
    assert (answer.status_code, "还没有绑定" in answer.content.decode()) == (403, True)
    desk = bound(world, official)

    client, answer = way_in(official, "openid-1", onward="/messages/")
    assert (answer.status_code, answer["Location"]) == (302, "/messages/")
    session = Session.objects.get(binding__isnull=False)
    assert (session.account_id, session.seat.role) == (world.graduate.account_id, "graduate")
    assert "微信登录" in desk.get(reverse("account")).content.decode()
    profile = client.post(reverse("roster:profile"), {"phone": "13900001234", "email": ""})
    assert profile.status_code == 422  # what opens the account elsewhere is not this session's to change

    again = client.get(reverse("wechat_back"), {"code": "a-code", "state": "x"})
    assert again.status_code == 403
    stolen = Client()
    out = stolen.get(reverse("wechat_start"))
    state = parse_qs(urlsplit(out["Location"]).query)["state"][0]
    official.people["other"] = "openid-1"
    assert Client().get(reverse("wechat_back"), {"code": "other", "state": state}).status_code == 403

    desk.post(reverse("wechat_unbind"))
    assert (client.get("/messages/").status_code, Session.objects.filter(binding__isnull=False).count()) == (302, 0)
    assert way_in(official, "openid-1")[1].status_code == 403
    assert desk.get(reverse("account")).status_code == 200
    assert Notice.objects.filter(flow="wechat", act="unbind", channel="inbox").count() == 1


@pytest.mark.django_db
@pytest.mark.rule("ORG-11")
def test_a_new_password_says_what_is_still_bound_and_one_by_code_or_by_staff_ends_it(world, official):
    account = world.graduate.account
    account.set_password(PASSWORD)
    account.save()
    desk = bound(world, official)
    chosen = desk.post(reverse("password"), {"old": PASSWORD, "new": CHOSEN, "again": CHOSEN}, follow=True)
    assert chosen.redirect_chain[-1][0] == reverse("wechat")
    assert all(one in chosen.content.decode() for one in ("微信仍然绑定着", reverse("wechat_unbind")))
    assert Binding.objects.get().ended_at is None

    browser = Client()
    asked = browser.post("/login/forgotten/", {"login": account.phone})
    given = {"t": parse_qs(urlsplit(asked["Location"]).query)["t"][0], "code": sessions.digits(LoginCode.objects.get())}
    other = {"new": f"{CHOSEN}s", "again": f"{CHOSEN}s"}
    assert browser.post("/login/code/", given | other).status_code == 302
    assert Binding.objects.get().ending == binding.NEW_PASSWORD

    seat = world.seats[Role.COLLEGE]
    scene = timezone.now() + timedelta(minutes=1)
    BindingScene.objects.create(
        digest=binding._hash("a"), account_id=seat.account_id, url="http://x/", expires_at=scene
    )
    assert binding.bind("a", "openid-1") == binding.BOUND
    reset_password(world.actor(Role.SCHOOL), seat)
    assert binding.standing(seat.account_id) is None


@pytest.mark.django_db
@pytest.mark.rule("ORG-11")
def test_a_session_lives_no_longer_than_the_binding_that_it_came_by(world, official):
    world.graduate.account.set_password(PASSWORD)
    world.graduate.account.save()
    desk = bound(world, official)
    client, _ = way_in(official, "openid-1")
    assert client.get("/messages/").status_code == 200
    row = Binding.objects.get()
    Binding.objects.update(ended_at=timezone.now())
    assert (client.get("/messages/").status_code, desk.get("/messages/").status_code) == (302, 200)
    with pytest.raises(Refused):
        sessions.open_session(row.account, None, came_by=sessions.CameBy(binding=row.pk))


@pytest.mark.django_db
@pytest.mark.rule("ORG-11")
def test_a_suspended_account_and_a_silent_wechat_let_nobody_in(world, official):
    world.graduate.account.set_password(PASSWORD)
    world.graduate.account.save()
    bound(world, official)
    official.days.append(500)
    assert way_in(official, "openid-1")[1].status_code == 403
    world.graduate.account.suspended_at = timezone.now()
    world.graduate.account.save()
    assert "已经停用" in way_in(official, "openid-1")[1].content.decode()


@pytest.mark.django_db
@pytest.mark.rule("NOT-03")
def test_school_and_college_see_who_has_bound_and_ask_the_others_once_in_a_week(world, official):
    world.graduate.account.set_password(PASSWORD)
    world.graduate.account.save()
    bound(world, official)
    school, college = signed_in(world.seats[Role.SCHOOL]), signed_in(world.seats[Role.COLLEGE])
    address = reverse("roster:bindings")
    page = school.get(address, {"bound": "no"}).content.decode()
    assert (world.neighbour.name in page, world.graduate.name in page, world.stranger.name in page) == (
        True,
        False,
        False,
    )
    assert world.neighbour.name not in college.get(address).content.decode()
    assert signed_in(world.seats[Role.PROVINCE]).get(address).status_code == 404

    ask = reverse("roster:ask_to_bind")
    school.post(f"{ask}?bound=no", {"act": "every"})
    college.post(
        ask,
        {
            "line": [str(world.neighbour.public_id), str(world.stranger.public_id), str(world.graduate.public_id)],
            "act": "ask",
        },
    )
    school.post(ask, {"line": str(world.neighbour.public_id), "act": "ask"})
    asked = Record.objects.filter(flow="wechat_ask")
    assert [(one.case, one.unit != "") for one in asked] == [(str(world.neighbour.public_id), True)]
    told = Notice.objects.filter(flow="wechat_ask", node=world.neighbour.pk)
    assert set(told.values_list("channel", flat=True)) == {"inbox", "mail", "wechat"}
    assert "7 天内提醒过" in school.get(address).content.decode()


@pytest.mark.rule("NOT-03")
def test_a_school_and_its_college_that_ask_at_once_ask_each_once(committed_world):
    world = committed_world
    one = Graduate.all_rows.get(pk=world.graduate.pk).public_id
    numbers = together(
        [lambda r=r: ask_to_bind([one], world.cohort, world.actor(r)) for r in (Role.SCHOOL, Role.COLLEGE) * 3]
    )
    assert (sorted(numbers), Record.objects.filter(flow="wechat_ask").count()) == ([0, 0, 0, 0, 0, 1], 1)


@pytest.mark.rule("NOT-03")
def test_those_who_do_not_look_whom_others_have_asked_ask_more_than_once(committed_world, monkeypatch):
    """The negative control."""
    world = committed_world
    monkeypatch.setattr("qicheng.domain.roster.effects.noted", lambda *given, **where: [])
    one = Graduate.all_rows.get(pk=world.graduate.pk).public_id
    together([lambda r=r: ask_to_bind([one], world.cohort, world.actor(r)) for r in (Role.SCHOOL, Role.COLLEGE)])
    assert Record.objects.filter(flow="wechat_ask").count() == 2


def test_the_cookie_of_the_way_in_is_out_of_reach_of_scripts(settings, official):
    out = Client().get(reverse("wechat_start"))
    cookie = out.cookies["wechat-state"]
    assert (cookie["httponly"], cookie["samesite"], django_settings.QICHENG_TLS) == (True, "Lax", False)
