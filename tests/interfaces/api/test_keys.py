"""A key is shown once and kept as a digest; it ends, is rotated, revoked, counted; nothing else opens the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from qicheng.domain.orgs.effects import keys
from qicheng.domain.orgs.models import Account, Key, KeyAnswer, KeyBucket, KeyCall, Seat
from qicheng.domain.orgs.queries import own_keys
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import Refused
from qicheng.foundation.flow.words import message
from qicheng.foundation.notice.models import Notice
from tests.clients import signed_in
from tests.interfaces.api import Caller, caller, made
from tests.world import COHORT

pytestmark = [pytest.mark.django_db, pytest.mark.rule("SYN-02")]


def test_a_key_is_made_on_its_page_shown_once_and_kept_as_a_digest(world):
    browser = signed_in(world.seats[Role.SCHOOL], COHORT)
    asked = {
        "name": "教务系统",
        "scopes": ["roster:write", "figures:read"],
        "days": "180",
        "a_minute": "60",
        "networks": "127.0.0.1， 10.0.0.0/8",
    }
    answer = browser.post("/settings/keys/new/", asked)
    secret = answer.content.decode().partition("qc_")[2].partition("<")[0]
    key = Key.all_rows.get()
    assert (answer["Cache-Control"], key.digest, key.networks) == (
        "no-store", keys.digest(f"qc_{secret}"), ["127.0.0.1/32", "10.0.0.0/8"],
    )  # fmt: skip
    assert Caller(f"qc_{secret}").get("/me/").json()["scopes"] == ["figures:read", "roster:write"]
    for path in ("/settings/keys/", f"/settings/keys/{key.public_id}/", "/log/"):
        page = browser.get(path).content.decode()
        assert (key.prefix in page, secret in page, key.digest in page) == (True, False, False)
    record = Record.objects.get(flow="key")
    assert (record.act, secret in str(record.changes), record.school_id) == ("add", False, world.school.pk)
    # It acts under an account of its own, in which nobody sits and to which nobody logs in.
    assert (key.account.name, key.account.has_usable_password(), Seat.objects.filter(account=key.account).exists()) == (
        "接口密钥 教务系统", False, False,
    )  # fmt: skip


def test_who_is_no_administrator_and_who_is_of_another_unit_have_no_keys_to_show_or_change(world):
    key, _ = made(world.actor(Role.SCHOOL))
    plain = world.new_seat(Role.SCHOOL, world.school.pk, "孙静")
    for seat, seen in (
        (plain, 200),
        (world.stranger_seats[Role.SCHOOL], 404),
        (world.seats[Role.PROVINCE], 404),
        (world.seats[Role.COLLEGE], 404),
    ):
        browser = signed_in(seat, COHORT)
        assert browser.get(f"/settings/keys/{key.public_id}/").status_code == seen
        browser.post(f"/settings/keys/{key.public_id}/revoke/", {"seen": keys.stamp(key)})
        browser.post(f"/settings/keys/{key.public_id}/rotate/", {"seen": keys.stamp(key)})
    key.refresh_from_db()
    assert (key.revoked_at, key.former_digest, signed_in(plain, COHORT).get("/settings/keys/new/").status_code) == (
        None,
        None,
        404,
    )
    with pytest.raises(Refused):
        made(plain.actor())


def test_a_rotated_key_goes_on_for_a_week_and_a_revoked_one_for_no_moment(world):
    actor = world.actor(Role.SCHOOL)
    key, first = made(actor)
    second = keys.rotate(actor, key, keys.stamp(key))
    key.refresh_from_db()
    said = [Caller(secret).get("/me/").json() for secret in (first, second)]
    assert [one["is_former"] for one in said] == [True, False]
    with pytest.raises(Refused):
        keys.rotate(actor, key, "an old page")
    Key.all_rows.update(former_until=timezone.now() - timedelta(seconds=1))
    assert [Caller(secret).get("/me/").status_code for secret in (first, second)] == [401, 200]
    keys.revoke(actor, key, keys.stamp(key))
    answer = Caller(second).get("/me/")
    assert (answer.status_code, answer["WWW-Authenticate"][:6], answer.json()["title"]) == (401, "Bearer", "密钥不能用")


def test_an_ended_key_and_a_foreign_address_find_the_door_shut(world):
    key, secret = made(world.actor(Role.SCHOOL), networks="203.0.113.0/24")
    assert Caller(secret).get("/me/").status_code == 401
    Key.all_rows.update(networks=["127.0.0.0/8"])
    assert Caller(secret).get("/me/").status_code == 200
    Key.all_rows.filter(pk=key.pk).update(expires_at=timezone.now())
    assert Caller(secret).get("/me/").status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer qc_00000000_made-up", "Basic cXQ6cXQ=", "Bearer \u00e9"], ids=[
    "nothing", "no secret", "made up", "another kind", "no text",
])  # fmt: skip
def test_neither_a_session_nor_anything_but_a_key_opens_the_api(world, header):
    browser = signed_in(world.seats[Role.SCHOOL], COHORT)
    given = {"authorization": header.encode().decode("latin-1")} if header else {}
    assert browser.get("/api/v1/me/", headers=given).status_code == 401
    assert browser.get("/api/v1/lists/roster/", {"cohort": COHORT}, headers=given).status_code == 401


def test_whoever_calls_too_often_is_told_when_to_come_again(world):
    asker = caller(world, a_minute=2)
    answers = [asker.get("/me/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 1 <= int(answers[2]["Retry-After"]) <= 30
    KeyBucket.objects.update(at=timezone.now() - timedelta(seconds=31))
    assert [asker.get("/me/").status_code for _ in range(2)] == [200, 429]


def test_whoever_tries_many_keys_is_held_up(world, monkeypatch):
    monkeypatch.setattr("qicheng.interfaces.api.door.WRONG_KEYS", 3)
    assert [Caller(f"qc_{one}").get("/me/").status_code for one in range(5)] == [401, 401, 401, 429, 429]


def test_its_holders_are_told_once_before_a_key_ends(world):
    made(world.actor(Role.SCHOOL))
    assert keys.warn() == 0
    Key.all_rows.update(expires_at=timezone.now() + timedelta(days=13))
    assert [keys.warn(), keys.warn()] == [1, 0]
    told = Notice.objects.get(flow="key", channel="inbox")
    assert (told.role, told.node) == ("school", world.school.pk)
    assert message(told, None, Record.objects.get(pk=told.record)).subject.startswith("接口密钥「教务系统」")


def test_calls_and_answers_are_let_go_when_their_time_is_over(world):
    key, secret = made(world.actor(Role.SCHOOL))
    Caller(secret).get("/me/")
    KeyAnswer.objects.create(key=key, token="t", request="r")
    keys.forget_calls()
    assert (KeyCall.all_rows.count(), KeyAnswer.objects.count()) == (1, 1)
    KeyCall.all_rows.update(at=timezone.now() - timedelta(days=91))
    KeyAnswer.objects.update(at=timezone.now() - timedelta(hours=25))
    keys.forget_calls()
    assert (KeyCall.all_rows.count(), KeyAnswer.objects.count()) == (0, 0)


def test_a_province_and_the_operator_are_given_no_more_than_to_read(world):
    for role in (Role.PROVINCE, Role.MINISTRY):
        key, _ = made(world.actor(role), "roster:write", "acts:write", "identity:read", "figures:read")
        assert (key.scopes, own_keys(world.actor(role)).get()) == (["figures:read"], key)
    assert Account.objects.filter(login__startswith="key ").count() == 2
