"""Two at once on what a graduate says of itself, each race with its negative control: with its lock taken away it must break (PKU-01)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from qicheng.domain.campus.effects import personal as effects
from qicheng.domain.campus.flows.personal import PERSONAL_INFORMATION, SUPPLEMENTING
from qicheng.domain.campus.models import Part, PersonalInformation, Supplement
from qicheng.domain.roster.effects import change_contacts
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Role
from qicheng.foundation.flow import perform as engine
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, Stale, begin, perform
from tests.domain.campus.filled_personal import PERSONAL, contacts, supplemented
from tests.races.meeting import lost, overtaken, together, won
from tests.races.test_dissolution import fresh, owner, without_locks

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.rule("PKU-01")
MANY = 6


def submitting(world: Any, key: str) -> Callable[[], Any]:
    return partial(
        begin, SUPPLEMENTING, world.actor(Role.GRADUATE), key=key, origin="320681", **contacts(world.graduate)
    )


def line(world: Any) -> Any:
    return Graduate.all_rows.select_related("account").get(pk=world.graduate.pk)


def test_of_many_submissions_at_once_one_is_there_and_the_same_form_sent_again_is_the_same(committed_world):
    world = committed_world
    world.open_parts(Part.SUPPLEMENT)
    answers = together([submitting(world, f"form {number % 3}") for number in range(MANY)])
    [made] = Supplement.all_rows.all()
    assert {one.pk for one in won(answers)} == {made.pk}
    assert {str(one) for one in lost(answers)} == {"你已经有一份补充信息在办，看过最新内容再改。"}

    world.open_parts(Part.PERSONAL)
    typed = PERSONAL | contacts(world.graduate)
    first = [
        partial(begin, PERSONAL_INFORMATION, world.actor(Role.GRADUATE), key=f"own {n}", **typed) for n in range(2)
    ]
    answers = together(first)
    assert (len(won(answers)), [type(one) for one in lost(answers)]) == (1, [Refused])
    assert (PersonalInformation.all_rows.count(), line(world).revision) == (1, 2)


def test_without_locks_and_index_two_submissions_would_be_open(committed_world, databases, monkeypatch):
    world = committed_world
    world.open_parts(Part.SUPPLEMENT)
    without_locks(monkeypatch, "look_around")
    owner(databases, "DROP INDEX one_open_supplement")
    overtaken(monkeypatch, effects, "own_values", submitting(world, "one"), submitting(world, "two"))
    assert Supplement.all_rows.filter(live=True).count() == 2


def recalled_and_approved(world: Any, monkeypatch: Any) -> tuple[Any, Any, bool, Supplement]:
    case = supplemented(world)
    approve = partial(perform, case, "approve", world.actor(Role.COLLEGE))
    recall = partial(perform, fresh(case), "recall", world.actor(Role.GRADUATE))
    mine, theirs, through = overtaken(monkeypatch, engine, "fetch", approve, recall)
    return mine, theirs, through, fresh(case)


def test_a_graduate_cannot_take_back_what_the_college_is_approving(committed_world, monkeypatch):
    mine, theirs, through, case = recalled_and_approved(committed_world, monkeypatch)
    assert (type(mine), type(theirs), through, case.state) == (Record, NotOpen, False, "approved")
    assert line(committed_world).origin == "320681"


def test_without_locks_what_was_taken_back_is_written_all_the_same(committed_world, databases, monkeypatch):
    without_locks(monkeypatch, "fetch", "look_around")
    owner(databases, "ALTER TABLE campus_supplement DISABLE TRIGGER USER", "DROP INDEX one_record_per_version")
    mine, theirs, through, case = recalled_and_approved(committed_world, monkeypatch)
    assert (type(mine), type(theirs), through) == (Record, Record, True)
    assert [one.act for one in Record.objects.filter(case=str(case.public_id)).order_by("pk")] == [
        "submit",
        "recall",
        "approve",
    ]
    assert line(committed_world).origin == "320681"


def test_whichever_comes_first_the_roster_says_what_was_approved_or_nothing(committed_world):
    world = committed_world
    case = supplemented(world)
    answers = together([
        partial(perform, fresh(case), "approve", world.actor(Role.COLLEGE)),
        partial(perform, fresh(case), "recall", world.actor(Role.GRADUATE)),
    ])  # fmt: skip
    assert (len(won(answers)), [isinstance(one, NotOpen | NotFound | Stale) for one in lost(answers)]) == (1, [True])
    assert (fresh(case).state, line(world).origin) in (("approved", "320681"), ("draft", "110101"))


def test_contacts_that_change_while_the_college_approves_are_the_last_to_be_written_everywhere(
    committed_world, monkeypatch
):
    world = committed_world
    case, me = supplemented(world, phone="13811111111"), world.actor(Role.GRADUATE)
    mine, theirs, through = overtaken(
        monkeypatch, engine, "look_around", partial(perform, case, "approve", world.actor(Role.COLLEGE)),
        partial(change_contacts, me.account, me, phone="13822222222", email="late@example.com"),
    )  # fmt: skip
    assert (type(mine), type(theirs), through) == (Record, dict, False)
    now = line(world)
    assert (now.phone, now.account.phone, now.email, now.origin) == (
        "13822222222",
        "13822222222",
        "late@example.com",
        "320681",
    )
