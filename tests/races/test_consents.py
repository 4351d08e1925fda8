"""Many at once on the one change of a destination: one is granted and the form opens once; each race with its negative control (PKU-07)."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from qicheng.domain.campus.effects import one_change as effects
from qicheng.domain.campus.guards import one_change as guards
from qicheng.domain.campus.models import OneChange
from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import Role
from qicheng.foundation.flow import perform as engine
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotOpen, Stale, perform
from tests.domain.campus import consenting as has
from tests.races.meeting import lost, overtaken, together, won
from tests.races.test_dissolution import fresh, owner, without_locks

pytestmark = pytest.mark.rule("PKU-07")
MANY = 20


def consented_by_college(world: Any) -> tuple[Registration, OneChange]:
    """A destination in force, and an application to change it that waits for the career centre."""
    has.opened(world)
    case = has.effective(world)
    made = has.change_waiting(world, case)
    perform(made, "approve", world.actor(Role.COLLEGE))
    return case, made


def test_of_twenty_consents_at_once_one_is_given_and_the_form_opens_once(committed_world):
    case, made = consented_by_college(committed_world)
    school = committed_world.actor(Role.SCHOOL)
    answers = together([partial(perform, fresh(made), "approve", school) for _ in range(MANY)])
    assert (len(won(answers)), {type(one) for one in lost(answers)} <= {NotOpen, Stale}) == (1, True)
    openings = Record.objects.filter(case=str(case.public_id), act="open_up").count()
    assert (openings, fresh(case).state, fresh(made).state) == (1, "reopened", "granted")


def test_without_locks_and_guards_two_consents_would_open_it_twice(committed_world, databases, monkeypatch):
    _, made = consented_by_college(committed_world)
    school, openings = committed_world.actor(Role.SCHOOL), []
    without_locks(monkeypatch, "fetch", "look_around")
    monkeypatch.setattr(guards, "is_spent", lambda cohort, graduate: False)
    monkeypatch.setattr(effects, "carry_on", lambda case, name, actor, **given: openings.append(name))
    owner(databases, "ALTER TABLE campus_onechange DISABLE TRIGGER USER", "DROP INDEX one_record_per_version")
    mine, theirs, through = overtaken(
        monkeypatch,
        engine,
        "fetch",
        lambda: perform(made, "approve", school),
        lambda: perform(fresh(made), "approve", school),
    )
    assert (type(mine), type(theirs), through, openings) == (Record, Record, True, ["open_up", "open_up"])


def test_without_the_index_a_second_change_is_granted_where_the_guard_looks_away(
    committed_world, databases, monkeypatch
):
    world = committed_world
    owner(databases, "DROP INDEX one_granted_change")
    monkeypatch.setattr(guards, "is_spent", lambda cohort, graduate: False)
    case, first = consented_by_college(world)
    perform(first, "approve", world.actor(Role.SCHOOL))
    has.approved(world, has.submitted(world, fresh(case)))
    has.approved(world, has.change_waiting(world, fresh(case)))
    assert OneChange.all_rows.filter(graduate=world.graduate, state="granted").count() == 2
