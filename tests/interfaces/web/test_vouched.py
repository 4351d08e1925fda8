"""Whoever came in by a school's own log-in, and who may say where that log-in stands: what it never opens (CAM-06)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from qicheng.domain.orgs.effects import sign_on
from qicheng.domain.orgs.models import Account, Session, SignOn
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Area, Level, Role, Tier
from qicheng.foundation.flow.perform import Refused
from tests.clients import signed_in
from tests.domain.campus.filled_personal import PERSONAL, opened
from tests.sign_on import named_by, offer

pytestmark = [pytest.mark.django_db, pytest.mark.rule("CAM-06")]
SERVER, PAGE = "https://sso.example.edu.cn/cas", "/settings/sign-on/"
ANOTHER = {"phone": "13900001111", "email": "another@example.com"}


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def came_by(row: SignOn, world: Any) -> Client:
    """陈诚's browser after the school's own log-in has let it in."""
    client = signed_in(world.seats[Role.GRADUATE])
    Session.objects.filter(account=world.graduate.account, sign_on=None).update(sign_on=row)
    return client


def reached(account: int) -> tuple[str | None, str]:
    mine = Account.objects.get(pk=account)
    return mine.phone, mine.email


def test_the_schools_log_in_changes_no_phone_by_which_the_account_is_opened(world: Any):
    from qicheng.domain.campus.models import Part, Supplement

    account = world.graduate.account_id
    again = world.new_graduate("陈诚", world.stranger_college)
    Graduate.all_rows.filter(pk=again.pk).update(account=account)
    Account.objects.filter(pk=account).update(email="chen@example.com")
    own = reached(account)
    for part in (Part.PERSONAL, Part.SUPPLEMENT):
        opened(world, world.graduate, part)
    by_school = came_by(offer(world.actor(Role.SCHOOL), "cas", SERVER, claim="xgh"), world)
    by_password = signed_in(world.seats[Role.GRADUATE])
    said = {"area_province": "320000", "area_city": "320600", "area_county": "320681"}

    profile = words(by_school.post("/me/profile/", ANOTHER))
    supplement = words(by_school.post("/campus/supplement/", {**said, **ANOTHER, "key": "k1"}))

    refused = "用统一身份认证进来时不能改"
    assert (refused in profile, refused in supplement, Supplement.all_rows.count()) == (True, True, 0)
    # What the school asks for itself stays with the school: neither the account nor the line of another school follows.
    by_school.post("/campus/personal/", {**PERSONAL, **said, **ANOTHER, "key": "k2"})
    lines = {one.pk: (one.phone, one.email) for one in Graduate.all_rows.filter(account=account)}
    assert (reached(account), lines[world.graduate.pk]) == (own, tuple(ANOTHER.values()))
    assert lines[again.pk] == (again.phone, again.email)
    # With the contacts as they are the supplement goes to the college.
    by_school.post("/campus/supplement/", {**said, "phone": own[0], "email": own[1], "key": "k3"})
    assert Supplement.all_rows.get().state == "college_review"

    assert by_password.post("/me/profile/", ANOTHER).status_code == 302
    assert reached(account) == tuple(ANOTHER.values())
    lines = {one.pk: (one.phone, one.email) for one in Graduate.all_rows.filter(account=account)}
    assert set(lines.values()) == {tuple(ANOTHER.values())}


def test_only_an_administrator_with_every_permission_for_all_graduates_sets_it(world: Any):
    admin = world.actor(Role.SCHOOL)
    row = offer(admin, "cas", SERVER, claim="xgh")
    held = (row.server, row.is_on, row.version)
    few = dict.fromkeys(Area, Level.WRITE) | {Area.HOUSEHOLD: Level.READ}
    plain = world.new_seat(Role.SCHOOL, world.school.pk, "同事")
    of_tier = world.new_seat(Role.SCHOOL, world.school.pk, "同事", administrator=True, tier=Tier.POSTGRADUATE)
    of_two = world.new_seat(Role.SCHOOL, world.school.pk, "同事", administrator=True, household=Level.READ)
    given = {"protocol": "cas", "server": "https://mine.example/cas", "claim": "xgh", "seen": str(row.version)}
    for seat, other in ((plain, {}), (of_tier, {"tier": Tier.POSTGRADUATE}), (of_two, {"levels": few})):
        actor = replace(admin, account=seat.account_id, **other)
        assert not sign_on.may_set(actor)
        for act in (
            lambda actor=actor: sign_on.keep(actor, row.version, given),
            lambda actor=actor: sign_on.switch(actor, row.version, is_on=False),
        ):
            with pytest.raises(Refused, match="由学校的管理员账号设置"):
                act()
        client = signed_in(seat)
        assert ("保存设置" in words(client.get(PAGE)), "由学校的管理员账号设置" in words(client.post(PAGE, given))) == (
            False,
            True,
        )
        client.post(f"{PAGE}off/", {"seen": str(row.version)})
        # It tries nothing either: whoever is in is led home.
        assert client.get(named_by(world.school)).url == "/modules/"
        row.refresh_from_db()
        assert (row.server, row.is_on, row.version) == held
    assert "保存设置" in words(signed_in(world.seats[Role.SCHOOL]).get(PAGE))
    assert signed_in(world.seats[Role.SCHOOL]).get(named_by(world.school)).url.startswith(SERVER)


@pytest.mark.parametrize("step", ["switched off", "another server", "saved as it was"])
def test_what_is_no_longer_believed_has_nobody_inside(world: Any, step: str):
    admin = world.actor(Role.SCHOOL)
    row = offer(admin, "cas", SERVER, claim="xgh")
    by_school, by_password = came_by(row, world), signed_in(world.seats[Role.GRADUATE])
    elsewhere = signed_in(world.stranger_seats[Role.GRADUATE])
    Session.objects.filter(account=world.stranger.account).update(
        sign_on=offer(world.stranger_actor(Role.SCHOOL), "cas", SERVER, claim="xgh")
    )

    match step:
        case "switched off":
            sign_on.switch(admin, row.version, is_on=False)
        case "another server":
            offer(admin, "cas", "https://other.example.edu.cn/cas", is_on=False, claim="xgh")
        case _:
            offer(admin, "cas", SERVER, is_on=False, claim="xgh")

    inside = [client.get("/account/").status_code == 200 for client in (by_school, by_password, elsewhere)]
    assert inside == [step == "saved as it was", True, True]
