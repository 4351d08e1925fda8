"""Counters and past moments while others write: exact with two hundred writers, and no answer before it is the last one."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from qicheng.domain.figures.effects import counters
from qicheng.domain.figures.queries import moments
from qicheng.domain.registration import listings as registrations
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.foundation.access import Role, statements
from qicheng.foundation.flow.perform import Refused
from tests.races.test_dissolution import owner
from tests.world import COHORT

from .meeting import PATIENCE, lost, together, until_held_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WRITERS, TIMES = 40, 5


def holding(graduate: Graduate) -> None:
    """The lock that whoever writes about a graduate takes first."""
    list(Graduate.all_rows.select_for_update(no_key=True).filter(pk=graduate.pk).values_list("pk"))


def move(graduate: Graduate, **columns: Any) -> None:
    with transaction.atomic():
        holding(graduate)
        Graduate.all_rows.filter(pk=graduate.pk).update(**columns)


def settle(graduate: Graduate, destination: str) -> None:
    with transaction.atomic():
        holding(graduate)
        said = {"destination": destination, "source": "upload"}
        EmploymentRecord.all_rows.update_or_create(
            graduate=graduate, defaults=said, create_defaults=said | {"cohort": graduate.cohort, "school_id": graduate.school_id}
        )  # fmt: skip


@pytest.mark.rule("STA-01")
def test_two_hundred_writers_of_one_school_leave_exact_counters_and_none_of_them_waits_for_ever(
    committed_world: Any,
) -> None:
    people = [committed_world.new_graduate(f"某人{i}", committed_world.college) for i in range(12)]
    found: list[int] = []

    def write(place: int) -> None:
        for turn in range(TIMES):
            one = people[(place * 5 + turn) % len(people)]
            what = (place + turn) % 4
            if what == 0:
                move(one, level=("31", "41", "11")[place % 3])
            elif what == 1:
                move(one, removed_at=None if place % 2 else timezone.now())
            else:
                settle(one, ("10", "27", "70", "12")[turn % 4])
        if place % 10 == 0:
            counters.fold()
            found.append(counters.recount(COHORT).differences)

    assert lost(together([partial(write, place) for place in range(WRITERS)])) == []
    assert found == [0] * (WRITERS // 10)
    counters.fold()
    assert counters.recount(COHORT).differences == 0


@contextmanager
def meanwhile(act: Callable[[], Any]) -> Iterator[threading.Event]:
    """Somebody else's transaction that has acted and commits when the event is set, at the latest when this ends."""
    acted, go = threading.Event(), threading.Event()

    def run() -> None:
        with transaction.atomic():
            act()
            acted.set()
            go.wait(PATIENCE)
        connections.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert acted.wait(PATIENCE)
    try:
        yield go
    finally:
        go.set()
        thread.join(PATIENCE)


def crossed(world: Any) -> int:
    """How many cells are wrong after a line was written while its graduate was being moved, by somebody who took no lock."""
    person = world.new_graduate("某人", world.college)
    settle(person, "10")
    with meanwhile(partial(Graduate.all_rows.filter(pk=person.pk).update, level="11")) as go:
        writing = threading.Thread(
            target=lambda: (
                EmploymentRecord.all_rows.filter(graduate=person).update(destination="27"),
                connections.close_all(),
            )
        )
        writing.start()
        until_held_up(writing)
        go.set()
    writing.join(PATIENCE)
    return counters.recount(COHORT).differences


def test_a_line_and_its_graduate_that_change_at_once_are_counted_one_after_the_other(committed_world: Any) -> None:
    assert crossed(committed_world) == 0


def test_without_the_triggers_lock_counters_go_wrong(committed_world: Any, databases: Any) -> None:
    owner(databases, counters.FUNCTIONS.replace("FOR SHARE OF g", ""))
    assert crossed(committed_world) > 0


def test_a_moment_is_not_settled_while_a_transaction_from_before_it_runs(
    committed_world: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(moments, "MARGIN", timedelta())
    school = committed_world.actor(Role.SCHOOL)

    def answer(moment: Any) -> dict[str, int]:
        return registrations.every().tally(school, COHORT, {"all": "true"}, moment=moment)

    with meanwhile(partial(committed_world.invitation, committed_world.neighbour)) as go:
        moment = statements.one("SELECT clock_timestamp() AS at").at
        with pytest.raises(Refused, match="请过 10 分钟再查"):
            moments.must_be_settled(moment)
        # What would have been answered now is not what is known of that moment once the other has committed.
        unsettled = answer(moment)
        go.set()
    moments.must_be_settled(moment)
    assert (unsettled, answer(moment)) == ({"all": 0}, {"all": 1})
    committed_world.invitation(committed_world.graduate)
    assert answer(moment) == {"all": 1}
