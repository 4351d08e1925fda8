"""A change of what is in force, while somebody else does away with it or asks for another; each race with its negative control (CAM-04)."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from qicheng.domain.campus.models import DestinationAmendment
from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.foundation.access import Role
from qicheng.foundation.flow import perform as engine
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotOpen, Refused, perform
from tests.domain.campus import changing
from tests.races.meeting import lost, overtaken, together, won
from tests.races.test_dissolution import fresh, owner, without_locks

pytestmark = pytest.mark.rule("CAM-04")
VOID = {"reason": "x_other", "words": "毕业生不去了"}


def passed_by_college(world: Any) -> tuple[Registration, DestinationAmendment]:
    """A destination in force, and a change of it that waits for the school."""
    target = changing.in_force(world)
    case = changing.submitted(world, changing.of_the_unit(world, target))
    perform(case, "approve", world.actor(Role.COLLEGE))
    return target, case


def meet(world: Any, monkeypatch: Any, target: Registration, case: DestinationAmendment) -> tuple[Any, Any, bool]:
    """The school approves, and has read the application when a colleague voids the destination."""
    school = world.actor(Role.SCHOOL)
    return overtaken(
        monkeypatch, engine, "fetch", lambda: perform(case, "approve", school), lambda: perform(target, "void", school, **VOID)
    )  # fmt: skip


def test_an_approval_and_a_voiding_come_one_after_the_other(committed_world, monkeypatch):
    target, case = passed_by_college(committed_world)
    mine, theirs, through = meet(committed_world, monkeypatch, target, case)
    assert (type(mine), type(theirs), through) == (Record, Record, False)
    acts = list(Record.objects.filter(case=str(target.public_id)).order_by("id").values_list("act", flat=True))[-2:]
    assert (acts, fresh(target).state, fresh(case).state) == (["change", "void"], "voided", "granted")
    assert EmploymentRecord.all_rows.get(graduate=target.graduate_id).destination == "70"


def test_without_locks_the_voiding_comes_between_and_the_approval_is_stopped_halfway(committed_world, monkeypatch):
    target, case = passed_by_college(committed_world)
    without_locks(monkeypatch, "fetch", "look_around")
    mine, theirs, through = meet(committed_world, monkeypatch, target, case)
    assert (type(mine), type(theirs), through) == (NotOpen, Record, True)
    assert (fresh(target).state, fresh(case).state) == ("voided", "lapsed")


def begun_at_once(world: Any) -> list[Any]:
    target = changing.in_force(world)
    ways = (changing.of_the_unit, partial(changing.to_another_unit, proven=False))
    return together([partial(way, world, fresh(target)) for way in ways])


def test_of_two_changes_begun_at_once_one_is(committed_world):
    answers = begun_at_once(committed_world)
    assert (len(won(answers)), [type(one) for one in lost(answers)]) == (1, [Refused])
    assert "没有提交的申请" in str(lost(answers)[0])


def test_without_the_index_both_are_begun(committed_world, databases):
    owner(databases, "DROP INDEX one_draft_of_destinationamendment")
    assert len(won(begun_at_once(committed_world))) == 2
