"""Two at once on 上报就业方案 and 填报毕业去向: one report, lines that are what was counted, an approval of what was seen (PKU-03)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from qicheng.domain.campus.models import Plan, PlanLine
from qicheng.foundation.access import Role
from qicheng.foundation.flow import perform as engine
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import Refused, Stale, perform
from tests.domain.campus import declaring as has
from tests.races.meeting import lost, overtaken, together, won
from tests.races.test_dissolution import fresh, owner, without_locks

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.rule("PKU-03")


def submitted_while_it_is_reported(world: Any, monkeypatch: Any) -> tuple[Any, int, int]:
    """(the plan, how many it counted as missing, how many of its lines are empty): the report stands still before it writes them."""
    has.opened(world)
    case = has.drafted(world)
    submit = partial(perform, case, "submit", world.of(world.graduate))
    plan, _, _ = overtaken(monkeypatch, Plan, "save", partial(has.reported, world), submit)
    assert fresh(case).state == "college_review"
    return plan, plan.missing, PlanLine.all_rows.filter(plan=plan, form="nothing").count()


def test_what_is_submitted_while_a_plan_is_reported_comes_after_it(committed_world, monkeypatch):
    plan, counted, written = submitted_while_it_is_reported(committed_world, monkeypatch)
    assert (plan.state, counted, written) == ("reported", 1, 1)


def test_without_its_lock_a_plan_has_lines_that_it_did_not_count(committed_world, monkeypatch):
    monkeypatch.setattr(Plan, "locks", ())
    monkeypatch.setattr("qicheng.domain.registration.guards.cohort_is_open", lambda case, actor: None)
    monkeypatch.setattr("qicheng.domain.campus.flows.plan.PLANNING.holds", ())
    _, counted, written = submitted_while_it_is_reported(committed_world, monkeypatch)
    assert (counted, written) == (1, 0)


def test_of_twenty_reports_at_once_one_is_made(committed_world):
    has.opened(committed_world)
    has.close_in(committed_world, 0)
    answers = together([partial(has.reported, committed_world)] * 20)
    assert (len(won(answers)), {type(one) for one in lost(answers)}) == (1, {Refused})
    assert (Plan.all_rows.count(), PlanLine.all_rows.count()) == (1, 1)


def test_without_lock_and_index_a_plan_is_reported_twice(committed_world, databases, monkeypatch):
    has.opened(committed_world)
    owner(databases, "DROP INDEX one_plan_of_a_college")
    assert [has.reported(committed_world).state for _ in range(2)] == ["reported", "reported"]


def edited_while_it_is_approved(world: Any, monkeypatch: Any, *, edit_first: bool) -> tuple[Any, Any, Any]:
    """(what became of the first, of the other, the case): both of the version that both pages showed."""
    has.opened(world)
    case = has.submitted(world)

    def doing(act: str, role: Role, **given: Any) -> Callable[[], Any]:
        return lambda: perform(fresh(case), act, world.actor(role), seen=case.version, **given)

    acts = [doing("edit", Role.GRADUATE, name="江临某某公司"), doing("approve", Role.COLLEGE)]
    first, other, _ = overtaken(monkeypatch, engine, "_values", *(acts if edit_first else reversed(acts)))
    return first, other, fresh(case)


@pytest.mark.parametrize("edit_first", [True, False])
def test_an_edit_and_an_approval_of_one_version_do_not_both_happen(committed_world, monkeypatch, edit_first):
    first, other, case = edited_while_it_is_approved(committed_world, monkeypatch, edit_first=edit_first)
    state, unit = ("college_review", "江临某某公司") if edit_first else ("school_review", "云岭数据科技有限公司")
    assert (type(first), type(other), case.state, case.employer_name) == (Record, Stale, state, unit)


def test_without_locks_and_guard_the_college_approves_what_it_did_not_see(committed_world, databases, monkeypatch):
    without_locks(monkeypatch, "look_around", "fetch")
    owner(databases, "ALTER TABLE registration_registration DISABLE TRIGGER USER", "DROP INDEX one_record_per_version")
    first, other, _ = edited_while_it_is_approved(committed_world, monkeypatch, edit_first=True)
    assert [type(first), type(other)] == [Record, Record]
