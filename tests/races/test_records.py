"""A record of file or household that somebody edits while an application to change it is approved: one of them wins."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from qicheng.domain.transfer.effects import records as effects
from qicheng.domain.transfer.models import ArchiveRecord
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.perform import Refused, Stale, look_around, noted, perform
from tests.world import CHANGE

from .meeting import lost, overtaken, together, won

pytestmark = pytest.mark.rule("ARC-04", "ARC-05")
EDITED = CHANGE | {"contact": "郑芳"}


def meeting(world: Any) -> tuple[Any, Any]:
    """(approve, edit): an application that the school has to approve, and a form of the same record that somebody sends."""
    case = world.change_submitted(contact="吴芳", receiver="北京市朝阳区人才服务中心")
    perform(case, "approve", world.actor(Role.COLLEGE))
    editor, reviewer = world.actor(Role.COLLEGE), world.actor(Role.SCHOOL)
    return (
        partial(perform, case, "approve", reviewer, seen=case.version),
        partial(effects.edit_record, Area.ARCHIVE, world.graduate.public_id, editor, seen=0, key="form", **EDITED),
    )


def written(world: Any) -> tuple[int, list[str]]:
    """(the record's version, the acts on record) after a meeting."""
    row = ArchiveRecord.all_rows.get(graduate=world.graduate)
    return row.version, [one.act for one in noted(effects.about(Area.ARCHIVE), case=str(world.graduate.pk))]


def test_of_an_edit_and_an_approval_one_wins_and_the_other_is_told(committed_world):
    approve, edit = meeting(committed_world)
    answers = together([approve, edit])
    assert (len(won(answers)), {type(one) for one in lost(answers)} <= {Stale, Refused}) == (1, True)
    version, acts = written(committed_world)
    assert (version, acts) == (1, ["register"] if won(answers) == [answers[0]] else ["edit"])


def test_an_edit_that_has_looked_is_not_overtaken(committed_world, monkeypatch):
    approve, edit = meeting(committed_world)
    mine, theirs, overtook = overtaken(monkeypatch, effects, "look_around", edit, approve)
    assert (overtook, mine.act, type(theirs)) == (False, "edit", Refused)
    assert written(committed_world) == (1, ["edit"])


def test_without_the_lock_what_was_approved_is_overwritten_unseen(committed_world, monkeypatch):
    approve, edit = meeting(committed_world)

    def unlocked(case: Any, *, hold: bool) -> Any:
        return look_around(case, hold=False)

    monkeypatch.setattr(effects, "look_around", unlocked)
    mine, theirs, overtook = overtaken(monkeypatch, effects, "noted", edit, approve)
    assert (overtook, mine.act, theirs.after) == (True, "edit", "registered")
    assert written(committed_world) == (2, ["edit", "register"])


def test_two_editors_of_one_page_write_once(committed_world):
    world = committed_world
    world.open_transfer()
    forms = [
        partial(effects.edit_record, Area.ARCHIVE, world.graduate.public_id, world.actor(role), seen=0, key=str(role), **EDITED)
        for role in (Role.COLLEGE, Role.SCHOOL)
    ]  # fmt: skip
    answers = together(forms)
    assert (len(won(answers)), {type(one) for one in lost(answers)}, written(world)) == (1, {Stale}, (1, ["edit"]))


def test_one_form_sent_twice_at_once_is_one_change(committed_world):
    world = committed_world
    world.open_transfer()
    form = partial(
        effects.edit_record,
        Area.ARCHIVE,
        world.graduate.public_id,
        world.actor(Role.SCHOOL),
        seen=0,
        key="same",
        **EDITED,
    )
    answers = together([form, form])
    assert (len({one.pk for one in won(answers)}), lost(answers), written(world)) == (1, [], (1, ["edit"]))
