"""A graduate confirms while the record changes: what is confirmed is what stands, or nothing is (CON-02), with its negative controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction

from qicheng.domain.roster import effects as roster
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.domain.transfer.effects import confirmation as effects
from qicheng.domain.transfer.models import ConfirmationAnswer
from qicheng.foundation.access import Role
from qicheng.foundation.flow import perform as engine
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import Stale, perform
from tests.races.meeting import lost, overtaken, together, won
from tests.races.test_dissolution import owner, without_locks

if TYPE_CHECKING:
    from collections.abc import Callable

GUARD = "DROP TRIGGER transfer_confirmation_guard ON transfer_confirmation"
INDEX = "DROP INDEX one_record_per_version"


def confirms(world: Any) -> Callable[[], Any]:
    case = world.confirmation_of(world.graduate)
    return lambda: perform(case, "confirm", world.actor(Role.GRADUATE), seen=case.version)


def amends(world: Any, category: str) -> Callable[[], Any]:
    case = world.signing()
    return lambda: perform(case, "amend", world.actor(Role.SCHOOL), job_category=category)


def is_honest(world: Any) -> bool:
    """Whether what counts as confirmed is what the record says."""
    case, record = world.confirmation_of(world.graduate), EmploymentRecord.all_rows.get(graduate=world.graduate)
    return case.state != "confirmed" or case.content["destination"]["job_category"] == record.job_category


@pytest.mark.rule("CON-02")
def test_a_confirmation_and_a_change_that_meet_leave_nothing_confirmed_that_is_not_so(committed_world):
    world = committed_world
    world.reported()
    for round_ in range(12):
        answers = together([confirms(world), amends(world, ("10", "13")[round_ % 2])])
        assert {type(answer) for answer in lost(answers)} <= {Stale}
        assert is_honest(world)
        case = world.confirmation_of(world.graduate)
        assert case.state == "unconfirmed"
        assert Record.objects.filter(case=str(case.public_id), version__gt=0).count() == case.version


@pytest.mark.rule("CON-02")
def test_a_change_waits_for_a_confirmation_that_has_begun(committed_world, monkeypatch):
    world = committed_world
    world.reported()
    mine, theirs, is_through = overtaken(monkeypatch, engine, "fetch", confirms(world), amends(world, "10"))
    assert (len(won([mine, theirs])), is_through, is_honest(world)) == (2, False, True)
    assert world.confirmation_of(world.graduate).state == "unconfirmed"


def test_without_lock_guard_and_index_a_change_is_confirmed_that_nobody_saw(committed_world, databases, monkeypatch):
    world = committed_world
    world.reported()
    owner(databases, GUARD, INDEX)
    without_locks(monkeypatch, "fetch", "look_around")
    _, _, is_through = overtaken(monkeypatch, engine, "fetch", confirms(world), amends(world, "10"))
    case = world.confirmation_of(world.graduate)
    assert (is_through, case.state, ConfirmationAnswer.all_rows.get().content["destination"]["job_category"]) == (
        True,
        "confirmed",
        "13",
    )


def test_where_nobody_follows_the_record_what_is_confirmed_is_not_so(committed_world, monkeypatch):
    world = committed_world
    world.reported()
    monkeypatch.setattr(roster, "_FOLLOWERS", [one for one in roster._FOLLOWERS if one is not effects.follow])
    confirms(world)()
    amends(world, "10")()
    assert not is_honest(world)


def test_two_workers_report_what_is_due_once(committed_world):
    world = committed_world
    for number in range(20):
        world.recorded(world.new_graduate(f"毕业生{number}", world.college))
    due = max(effects.Confirmation.all_rows.values_list("due_at", flat=True))
    answers = together([lambda: effects.report_due(due)] * 3)
    assert (lost(answers), sum(answers)) == ([], 20)
    assert Record.objects.filter(flow="confirmation", act="report").count() == 20


@pytest.mark.rule("CON-03")
def test_two_who_remind_at_once_tell_each_graduate_once(committed_world):
    world = committed_world
    cases = [world.reported(world.new_graduate(f"毕业生{number}", world.college)).public_id for number in range(5)]
    answers = together([lambda: effects.remind(cases, world.actor(Role.SCHOOL))] * 3)
    assert (lost(answers), sum(answers)) == ([], 5)


def test_two_writers_of_one_record_leave_one_confirmation(committed_world):
    world = committed_world
    world.recorded()

    def writes(name: str) -> Callable[[], Any]:
        def write() -> None:
            with transaction.atomic():
                EmploymentRecord.all_rows.filter(graduate=world.graduate).update(employer_name=name)
                roster.record_changed([world.graduate.pk])

        return write

    assert lost(together([writes(name) for name in "甲乙丙丁"])) == []
    case, record = world.confirmation_of(world.graduate), EmploymentRecord.all_rows.get()
    assert case.content["destination"]["employer_name"] == record.employer_name
