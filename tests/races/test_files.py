"""A form of file and household that its graduate changes while the college passes it: what was passed is what was looked at (CAM-08, INV-47)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from qicheng.domain.campus.models import FileRegistration
from qicheng.foundation.access import Role
from qicheng.foundation.flow import perform as engine
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotOpen, Refused, Stale, perform
from tests.domain.campus import filing
from tests.races.meeting import overtaken
from tests.races.test_dissolution import fresh, owner, without_locks

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.rule("CAM-08")


def meeting(world: Any) -> tuple[FileRegistration, Callable[[], Any], Callable[[], Any]]:
    """(the case, edit, approve): both from pages that showed the same version."""
    case = filing.submitted(world)
    edit = partial(perform, fresh(case), "edit", world.of(world.graduate), seen=case.version, archive_contact="吴芳")
    return case, edit, partial(perform, fresh(case), "approve", world.actor(Role.COLLEGE), seen=case.version)


def acts(case: FileRegistration, since: int) -> list[str]:
    records = Record.objects.filter(case=str(case.public_id), version__gt=since).order_by("id")
    return list(records.values_list("act", flat=True))


@pytest.mark.parametrize("first", ["edit", "approve"])
def test_of_a_change_and_an_approval_the_first_happens_and_the_other_is_told(committed_world, monkeypatch, first):
    case, edit, approve = meeting(committed_world)
    order = (edit, approve) if first == "edit" else (approve, edit)
    mine, theirs, _ = overtaken(monkeypatch, engine, "_values", *order)
    assert (mine.act, type(theirs), acts(case, case.version)) == (first, Stale, [first])
    assert fresh(case).terms["archive_contact"] == ("吴芳" if first == "edit" else "周岚")


def test_without_locks_guard_and_index_the_college_passes_what_it_has_not_seen(committed_world, databases, monkeypatch):
    case, edit, approve = meeting(committed_world)
    owner(databases, "DROP TRIGGER campus_fileregistration_guard ON campus_fileregistration", "DROP INDEX one_record_per_version")  # fmt: skip
    without_locks(monkeypatch, "look_around", "fetch")
    mine, theirs, overtook = overtaken(monkeypatch, engine, "_values", edit, approve)
    assert (overtook, mine.act, theirs.act, acts(case, case.version)) == (True, "edit", "approve", ["approve", "edit"])


def test_a_destination_that_changes_while_the_form_is_passed_waits_or_stops_it(committed_world, monkeypatch):
    world = committed_world
    registered = filing.destination(world)
    case = filing.submitted(world, registered)
    edit = partial(perform, registered, "edit", world.of(world.graduate), name="江临轨道交通集团有限公司")
    approve = partial(perform, fresh(case), "approve", world.actor(Role.COLLEGE))
    mine, theirs, overtook = overtaken(monkeypatch, engine, "_values", edit, approve)
    assert (overtook, mine.act, type(theirs), fresh(case).state) == (False, "edit", Refused, "college_review")
    with pytest.raises(NotOpen):
        perform(fresh(case), "reopen", world.of(world.graduate))
