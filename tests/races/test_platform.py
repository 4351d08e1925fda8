"""Two at once on 毕业去向登记 of a school's own platform: what the college approves is what it saw (CAM-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from qicheng.foundation.access import Role
from qicheng.foundation.flow import perform as engine
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import Stale, perform
from tests.domain.campus.at_the_platform import submitted
from tests.races.meeting import overtaken
from tests.races.test_dissolution import fresh, owner, without_locks

if TYPE_CHECKING:
    from collections.abc import Callable

CASE = "registration_registration"


def edited_while_it_is_approved(world: Any, monkeypatch: Any, *, edit_first: bool) -> tuple[Any, Any, Any]:
    """(what became of the first, of the other, the case): both of the version that both pages showed."""
    case = submitted(world)
    me, college = world.actor(Role.GRADUATE), world.actor(Role.COLLEGE)

    def doing(name: str, actor: Any, **given: Any) -> Callable[[], Any]:
        return lambda: perform(fresh(case), name, actor, seen=case.version, **given)

    acts = [doing("edit", me, contact="周敏"), doing("approve", college)]
    first, other, _ = overtaken(monkeypatch, engine, "_values", *(acts if edit_first else reversed(acts)))
    return first, other, fresh(case)


@pytest.mark.rule("CAM-08", "REG-04")
@pytest.mark.parametrize("edit_first", [True, False])
def test_an_edit_and_an_approval_of_one_version_do_not_both_happen(committed_world, monkeypatch, edit_first):
    first, other, case = edited_while_it_is_approved(committed_world, monkeypatch, edit_first=edit_first)
    state, contact = ("college_review", "周敏") if edit_first else ("school_review", "填单位联系人")
    assert (type(first), type(other), case.state, case.terms["contact"]) == (Record, Stale, state, contact)


def test_without_locks_and_guard_the_college_approves_what_it_did_not_see(committed_world, databases, monkeypatch):
    without_locks(monkeypatch, "look_around", "fetch")
    owner(databases, f"DROP TRIGGER {CASE}_guard ON {CASE}", "DROP INDEX one_record_per_version")
    first, other, _ = edited_while_it_is_approved(committed_world, monkeypatch, edit_first=True)
    assert [type(first), type(other)] == [Record, Record]
