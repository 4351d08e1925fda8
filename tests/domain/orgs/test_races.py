"""Two at once on settings and accounts, each with its control: the same without the guard, which must go wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.effects import accounts, settings
from qicheng.domain.orgs.effects.sessions import spend
from qicheng.domain.orgs.models import Handler, SigningSettings
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import Stopped, begun

if TYPE_CHECKING:
    from collections.abc import Callable

HANDLER = {"name": "钱老师", "phone": "010-62750000", "address": "江南省江临市学府路1号", "postcode": "100871"}


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Do all at the same moment, each on a connection of its own; 'done' or what stopped it."""
    gate = Barrier(len(acts))

    def one(act: Callable[[], Any]) -> str:
        try:
            gate.wait(30)
            act()
        except Stopped as why:
            return str(why)
        except Exception as fault:  # noqa: BLE001 -- whatever it is, the test reads its name
            return type(fault).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def meet(monkeypatch: Any, place: Any, name: str, number: int = 2) -> None:
    """Let everybody who calls `name` wait for the others there: the gap between looking and writing, held open."""
    gate, real = Barrier(number), getattr(place, name)

    def waiting(*given: Any, **named: Any) -> Any:
        found = real(*given, **named)
        with suppress(BrokenBarrierError):
            gate.wait(10)
        return found

    monkeypatch.setattr(place, name, waiting)


def submitting(world: Any, tier: str) -> Callable[[], Any]:
    seat = world.new_seat(Role.SCHOOL, world.school_starting.pk, f"经办{tier}")
    actor = seat.actor(name=seat.account.name)
    return lambda: settings.set_handler(actor, world.cohort, {**HANDLER, "tier": tier})


@pytest.mark.rule("SET-08")
def test_of_all_and_one_tier_submitted_at_once_the_database_takes_one(committed_world, monkeypatch):
    world = committed_world
    meet(monkeypatch, queries, "handlers")

    outcome = at_once(submitting(world, "all"), submitting(world, "postgraduate"))

    assert sorted(word == "done" for word in outcome) == [False, True]
    assert Handler.all_rows.filter(school=world.school_starting).count() == 1


@pytest.mark.rule("SET-08")
def test_without_the_constraint_both_would_be_taken(committed, committed_world, monkeypatch):
    world = committed_world
    committed.run(committed.name, "ALTER TABLE orgs_handler DROP CONSTRAINT one_handler_of_a_tier")
    meet(monkeypatch, queries, "handlers")

    outcome = at_once(submitting(world, "all"), submitting(world, "postgraduate"))

    assert (outcome, Handler.all_rows.filter(school=world.school_starting).count()) == (["done", "done"], 2)


def suspending(world: Any) -> list[Callable[[], Any]]:
    """Two of a school's read-write accounts, each suspended by the province at the same moment."""
    province = world.actor(Role.PROVINCE)
    seats = [world.seats[Role.SCHOOL], world.new_seat(Role.SCHOOL, world.school.pk, "另一位")]
    return [lambda seat=seat: accounts.suspend(province, seat) for seat in seats]


def in_force(world: Any) -> int:
    from qicheng.domain.orgs.models import seats_of

    return seats_of(Role.SCHOOL, world.school.pk).count()


@pytest.mark.rule("ORG-09")
def test_the_last_two_read_write_accounts_are_not_both_suspended_at_once(committed_world):
    outcome = at_once(*suspending(committed_world))

    assert sorted(word == "done" for word in outcome) == [False, True]
    assert in_force(committed_world) == 1


@pytest.mark.rule("ORG-09")
def test_without_the_school_s_lock_both_would_be_gone(committed_world, monkeypatch):
    acts = suspending(committed_world)
    monkeypatch.setattr(
        accounts.School.objects, "select_for_update", lambda **_: accounts.School.objects.all(), raising=False
    )
    meet(monkeypatch, accounts, "_not_the_last")

    assert (at_once(*acts), in_force(committed_world)) == (["done", "done"], 0)


def off(world: Any) -> Callable[[], Any]:
    actor = world.actor(Role.SCHOOL)
    given = {
        "online_signing": False, "supplementary": True, "destination": True, "review_mode": "college_then_school", "dissolution_limit": 3, "long_wait": 3,
    }  # fmt: skip
    return lambda: settings.set_signing(actor, world.cohort, 0, given)


@pytest.mark.rule("SET-04")
def test_the_first_invitation_and_the_switch_off_do_not_both_happen(committed_world):
    world = committed_world
    outcome = at_once(off(world), world.invitation)

    online = SigningSettings.all_rows.get(school=world.school).online_signing
    assert sorted(word == "done" for word in outcome) == [False, True]
    assert begun(school_id=world.school.pk) is online


@pytest.mark.rule("SET-04")
def test_without_the_settings_lock_both_would_happen(committed_world, monkeypatch):
    world = committed_world
    looked, invited = Barrier(2), Barrier(2)
    real = settings.begun

    def slow(**where: Any) -> bool:
        found = real(**where)
        looked.wait(30)
        invited.wait(30)
        return found

    def invite() -> None:
        looked.wait(30)
        try:
            world.invitation()
        finally:
            invited.wait(30)

    from django.db.models import QuerySet

    monkeypatch.setattr(settings, "begun", slow)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_: self)

    assert at_once(off(world), invite) == ["done", "done"]
    assert begun(school_id=world.school.pk) is not SigningSettings.all_rows.get(school=world.school).online_signing


@pytest.mark.rule("ORG-10", "EMP-05")
def test_of_forty_attempts_at_once_exactly_five_are_within_the_limit(committed_world):
    allowed: list[bool] = []

    at_once(*[lambda: allowed.append(spend("look-up|1", 5, 3600))] * 40)

    assert (len(allowed), sum(allowed)) == (40, 5)


@pytest.mark.rule("EMP-05")
def test_attempts_are_forgotten_after_their_window_and_counted_by_subject(world):
    assert [spend("a", 2, 3600) for _ in range(3)] == [True, True, False]
    assert spend("b", 2, 3600) is True
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orgs_attempt SET since = since - interval '2 hours'")
    assert spend("a", 2, 3600) is True
