"""Two at once on the dissolution of an agreement, each race with its negative control: with its guard taken away it must break."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection

from qicheng.domain.orgs.models import SigningSettings
from qicheng.domain.registration import guards
from qicheng.domain.registration.flows.online_dissolution import ONLINE_DISSOLUTION
from qicheng.domain.registration.models import Dissolution, Registration
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.foundation.access import SYSTEM, Role
from qicheng.foundation.flow import perform as engine
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotOpen, Refused, Stale, begin, perform
from qicheng.foundation.notice.models import Notice
from tests.races.meeting import all_look_first, lost, overtaken, together, won
from tests.world import DISSOLUTION

if TYPE_CHECKING:
    from collections.abc import Callable

CASE = "registration_dissolution"
SIDES = (Role.GRADUATE, Role.EMPLOYER)
MANY = 10


def without_locks(monkeypatch: Any, *names: str) -> None:
    """The engine looks, but takes no lock: on the rows above ('look_around') or on the case ('fetch')."""
    for name in names:
        whole = getattr(engine, name)
        monkeypatch.setattr(engine, name, lambda *given, whole=whole, hold=False: whole(*given, hold=False))


def owner(databases: Any, *sql: str) -> None:
    databases.run(connection.settings_dict["NAME"], *sql)


def fresh(case: Any) -> Any:
    return type(case).all_rows.get(pk=case.pk)


def asking(world: Any, agreement: Registration, by: Role) -> Callable[[], Any]:
    actor = world.actor(by)
    return lambda: begin(ONLINE_DISSOLUTION, actor, agreement=agreement, **DISSOLUTION[by])


# ---- both sides ask at once (DIS-07)


def both_ask(world: Any) -> tuple[list[Any], int]:
    agreement = world.effective()
    answers = together([asking(world, agreement, by) for by in SIDES * 4])
    return answers, Dissolution.all_rows.filter(agreement=agreement, live=True).count()


@pytest.mark.rule("DIS-07")
@pytest.mark.parametrize("guard", ["lock and index", "lock alone", "index alone"])
def test_when_both_sides_ask_at_once_one_request_is_open(committed_world, databases, monkeypatch, guard):
    if guard == "lock alone":
        owner(databases, "DROP INDEX one_open_dissolution")
    if guard == "index alone":
        without_locks(monkeypatch, "look_around")
    answers, opened = both_ask(committed_world)
    assert (len(won(answers)), opened) == (1, 1)
    assert {type(answer) for answer in lost(answers)} == {Refused}
    # Without the lock two of one graduate may also meet at their number.
    assert {str(answer) for answer in lost(answers)} <= set(Dissolution.refusals.values())


def test_without_lock_and_index_several_requests_are_open(committed_world, databases, monkeypatch):
    owner(
        databases,
        "DROP INDEX one_open_dissolution",
        "ALTER TABLE registration_dissolution DROP CONSTRAINT one_dissolution_of_a_number",
    )
    without_locks(monkeypatch, "look_around")
    all_look_first(monkeypatch, engine, "look_around", 8)
    assert both_ask(committed_world)[1] > 1


# ---- ten requests at once under a limit of two (DIS-03)


def ten_requests(world: Any, limit: int = 2) -> tuple[list[str], int]:
    """Each of ten asks and takes back, again and again, until it is told that no request is left: the last words, how many were made."""
    SigningSettings.all_rows.filter(school=world.school).update(dissolution_limit=limit)
    agreement, actor = world.effective(), world.actor(Role.GRADUATE)

    def until_told() -> str:
        for _ in range(200):
            try:
                perform(
                    begin(ONLINE_DISSOLUTION, actor, agreement=agreement, **DISSOLUTION[Role.GRADUATE]),
                    "withdraw",
                    actor,
                )
            except Refused as refused:
                if "用完" in str(refused):
                    return str(refused)
        return ""

    answers = together([until_told] * MANY)
    assert lost(answers) == []
    return answers, Dissolution.all_rows.filter(agreement=agreement).count()


@pytest.mark.rule("DIS-03")
@pytest.mark.parametrize("limit", [0, 2])
def test_ten_requests_at_once_stay_within_the_limit(committed_world, limit):
    answers, made = ten_requests(committed_world, limit)
    assert made == limit
    assert set(answers) == {f"学校设置每人最多申请解约 {limit} 次，已经用完。可以请单位发起解约，或者联系学校协助。"}
    assert list(Dissolution.all_rows.order_by("pk").values_list("sequence", flat=True)) == list(range(1, limit + 1))


def counted_late(world: Any, monkeypatch: Any) -> tuple[Any, Any, int]:
    """Two requests under a limit of one: the first has looked around when the second asks and takes back."""
    SigningSettings.all_rows.filter(school=world.school).update(dissolution_limit=1)
    agreement, actor = world.effective(), world.actor(Role.GRADUATE)
    ask = asking(world, agreement, Role.GRADUATE)
    mine, theirs, _ = overtaken(
        monkeypatch, guards, "requests_made", lambda: perform(ask(), "withdraw", actor), lambda: perform(ask(), "withdraw", actor)
    )  # fmt: skip
    return mine, theirs, Dissolution.all_rows.filter(agreement=agreement).count()


@pytest.mark.rule("DIS-03")
@pytest.mark.parametrize("guard", ["lock", "numbers alone"])
def test_a_request_is_counted_under_the_lock_of_its_graduate(committed_world, monkeypatch, guard):
    if guard == "numbers alone":
        without_locks(monkeypatch, "look_around")
    mine, theirs, made = counted_late(committed_world, monkeypatch)
    assert made == 1
    assert {type(answer) for answer in (mine, theirs)} == {Record, Refused}


def test_without_lock_and_numbers_a_second_request_passes_the_limit(committed_world, databases, monkeypatch):
    owner(
        databases,
        f"ALTER TABLE {CASE} DROP CONSTRAINT one_dissolution_of_a_number",
        f"ALTER TABLE {CASE} DROP CONSTRAINT requests_of_graduates_are_counted",
    )
    without_locks(monkeypatch, "look_around")
    assert counted_late(committed_world, monkeypatch)[2] == 2


# ---- the employer agrees while the school forces (DIS-04)


def agreement_against_force(world: Any, monkeypatch: Any, *, force_first: bool) -> tuple[Any, Any, list[str]]:
    case = world.dissolution()
    employer, school = world.actor(Role.EMPLOYER), world.actor(Role.SCHOOL)
    acts: list[Callable[[], Any]] = [
        lambda: perform(fresh(case), "agree", employer, seen=1),
        lambda: perform(fresh(case), "force", school, seen=1, words="单位没有回应"),
    ]
    mine, theirs, _ = overtaken(monkeypatch, engine, "fetch", *(reversed(acts) if force_first else acts))
    return (
        mine,
        theirs,
        [record.act for record in Record.objects.filter(case=str(case.public_id), version__gt=1).order_by("id")],
    )


@pytest.mark.rule("DIS-04", "REG-04")
def test_the_employer_agrees_before_the_school_forces(committed_world, monkeypatch):
    mine, theirs, acts = agreement_against_force(committed_world, monkeypatch, force_first=False)
    assert (mine.act, type(theirs), acts) == ("agree", Stale, ["agree"])
    assert (Dissolution.all_rows.get().state, Registration.all_rows.get().state) == ("college_review", "effective")


@pytest.mark.rule("DIS-04", "REG-04")
def test_the_school_forces_before_the_employer_agrees(committed_world, monkeypatch):
    mine, theirs, acts = agreement_against_force(committed_world, monkeypatch, force_first=True)
    assert (mine.act, type(theirs), acts) == ("force", Stale, ["force"])
    assert (Dissolution.all_rows.get().state, Registration.all_rows.get().state) == ("done", "dissolved")
    assert EmploymentRecord.all_rows.get().destination == "70"


def test_without_lock_guard_and_index_agreement_and_force_both_happen(committed_world, databases, monkeypatch):
    owner(databases, f"DROP TRIGGER {CASE}_guard ON {CASE}", "DROP INDEX one_record_per_version")
    without_locks(monkeypatch, "fetch", "look_around")
    _, _, acts = agreement_against_force(committed_world, monkeypatch, force_first=False)
    assert sorted(acts) == ["agree", "force"]


# ---- one side refuses while the other takes back


def refusal_against_withdrawal(world: Any, monkeypatch: Any, by: Role) -> tuple[Any, Any, list[str]]:
    case = world.dissolution(by=by)
    asked, answers = world.actor(by), world.actor(case.answers)
    mine, theirs, _ = overtaken(
        monkeypatch, engine, "fetch", lambda: perform(fresh(case), "refuse", answers), lambda: perform(fresh(case), "withdraw", asked)
    )  # fmt: skip
    return (
        mine,
        theirs,
        [record.act for record in Record.objects.filter(case=str(case.public_id), version__gt=1).order_by("id")],
    )


@pytest.mark.rule("DIS-02", "REG-04")
@pytest.mark.parametrize("by", SIDES)
def test_of_refusal_and_withdrawal_one_happens(committed_world, monkeypatch, by):
    mine, theirs, acts = refusal_against_withdrawal(committed_world, monkeypatch, by)
    assert (mine.act, type(theirs), acts) == ("refuse", NotOpen, ["refuse"])


def test_without_lock_guard_and_index_refusal_and_withdrawal_both_happen(committed_world, databases, monkeypatch):
    owner(databases, f"DROP TRIGGER {CASE}_guard ON {CASE}", "DROP INDEX one_record_per_version")
    without_locks(monkeypatch, "fetch", "look_around")
    assert sorted(refusal_against_withdrawal(committed_world, monkeypatch, Role.GRADUATE)[2]) == ["refuse", "withdraw"]


# ---- a request while the school voids the agreement


def request_against_void(world: Any, monkeypatch: Any, *, void_first: bool) -> tuple[Any, Any, tuple[str, int]]:
    agreement, school = world.effective(), world.actor(Role.SCHOOL)
    acts: list[Callable[[], Any]] = [
        asking(world, agreement, Role.GRADUATE), lambda: perform(fresh(agreement), "void", school, words="双方协商一致"),
    ]  # fmt: skip
    mine, theirs, _ = overtaken(monkeypatch, engine, "look_around", *(reversed(acts) if void_first else acts))
    return mine, theirs, (fresh(agreement).state, Dissolution.all_rows.filter(live=True).count())


@pytest.mark.rule("DIS-07", "SIGN-08")
def test_an_agreement_is_not_voided_while_its_dissolution_begins(committed_world, monkeypatch):
    mine, theirs, left = request_against_void(committed_world, monkeypatch, void_first=False)
    assert (type(mine), str(theirs), left) == (
        Dissolution,
        "这份协议正在办理解约。解约办完或撤回以后，才能作废。",
        ("effective", 1),
    )


@pytest.mark.rule("DIS-01", "SIGN-08")
def test_no_dissolution_begins_while_its_agreement_is_voided(committed_world, monkeypatch):
    mine, theirs, left = request_against_void(committed_world, monkeypatch, void_first=True)
    assert (mine.act, str(theirs), left) == ("void", "这份协议没有生效或已经结束，不用解约。", ("voided", 0))


def test_without_locks_a_voided_agreement_is_still_being_dissolved(committed_world, monkeypatch):
    without_locks(monkeypatch, "look_around", "fetch")
    assert request_against_void(committed_world, monkeypatch, void_first=False)[2] == ("voided", 1)


# ---- many at once


@pytest.mark.rule("DIS-08")
def test_two_workers_remind_once(committed_world, databases):
    case = committed_world.dissolution()
    owner(
        databases, f"ALTER TABLE {CASE} DISABLE TRIGGER {CASE}_guard", f"UPDATE {CASE} SET asked_at = asked_at - interval '30 days'",
        f"ALTER TABLE {CASE} ENABLE TRIGGER {CASE}_guard",
    )  # fmt: skip
    answers = together([lambda: perform(fresh(case), "remind", SYSTEM)] * 6)
    assert (len(won(answers)), {type(answer) for answer in lost(answers)}) == (1, {Refused})
    assert Notice.objects.filter(act="remind", channel="inbox").count() == 1


@pytest.mark.rule("DIS-04")
def test_of_many_forces_at_once_one_happens_and_each_side_is_told_once(committed_world):
    world = committed_world
    case, school = world.dissolution(), world.actor(Role.SCHOOL)
    answers = together([lambda: perform(fresh(case), "force", school, words="单位没有回应")] * 6)
    assert (len(won(answers)), {type(answer) for answer in lost(answers)}) == (1, {NotOpen})
    assert Record.objects.filter(act__in=("force", "dissolve")).count() == 2
    assert Notice.objects.filter(act="force", channel="inbox").count() == 2
    assert EmploymentRecord.all_rows.get().version == 2
