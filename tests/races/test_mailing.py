"""Two at once on a letter, each race with its negative control: with its lock taken away it must break (MAIL-01, MAIL-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from qicheng.domain.transfer.effects import mail_batches, records
from qicheng.domain.transfer.flows.mailing import MAILING
from qicheng.domain.transfer.models import ArchiveRecord, MailBatch, Mailing
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow import perform as engine
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotOpen, Refused, begin, find, perform
from tests.domain.transfer import post
from tests.domain.transfer.test_mailing import ELSEWHERE
from tests.races.meeting import lost, overtaken, together, won
from tests.races.test_dissolution import owner, without_locks

if TYPE_CHECKING:
    from collections.abc import Callable


def acting(world: Any, case: Mailing, name: str, actor: Any, **given: Any) -> Callable[[], Any]:
    fresh = find(Mailing, case.public_id, actor)
    return lambda: perform(fresh, name, actor, **given)


# ---- the record changes while the letter is submitted


def submitted_while_the_record_changes(world: Any, monkeypatch: Any) -> tuple[Any, Any, bool, Mailing]:
    case = post.drafted(world)
    graduate, school = world.graduate, world.actor(Role.SCHOOL)
    seen = ArchiveRecord.all_rows.get(graduate=graduate).version
    mine, theirs, through = overtaken(
        monkeypatch, engine, "look_around", acting(world, case, "submit", world.of(graduate)),
        lambda: records.edit_record(Area.ARCHIVE, graduate.public_id, school, seen=seen, **ELSEWHERE),
    )  # fmt: skip
    return mine, theirs, through, Mailing.all_rows.get(pk=case.pk)


@pytest.mark.rule("MAIL-01")
def test_a_letter_is_submitted_of_the_record_as_it_was_and_held_back_by_the_change_that_waited(
    committed_world, monkeypatch
):
    mine, theirs, through, case = submitted_while_the_record_changes(committed_world, monkeypatch)
    assert (type(mine), type(theirs), through) == (Record, Record, False)
    record = ArchiveRecord.all_rows.get(graduate=case.graduate_id)
    assert (case.letter["receiver"], case.record_version) == ("北京市西城区人才服务中心", record.version - 1)
    assert record.changed_at > case.submitted_at
    with pytest.raises(Refused, match="这封邮件先不寄"):
        perform(case, "take", committed_world.actor(Role.SCHOOL))


def test_without_its_locks_a_letter_is_submitted_of_a_record_that_has_changed_already(committed_world, monkeypatch):
    without_locks(monkeypatch, "look_around")
    _, _, through, case = submitted_while_the_record_changes(committed_world, monkeypatch)
    record = ArchiveRecord.all_rows.get(graduate=case.graduate_id)
    assert (through, case.state, case.letter["receiver"]) == (True, "pending", "北京市西城区人才服务中心")
    assert record.changed_at < case.submitted_at


# ---- two clerks, one letter


def sent_by_two(world: Any) -> tuple[list[Any], Mailing, int]:
    case = post.batched(world)
    one, two = (
        world.actor(Role.SCHOOL),
        world.new_seat(Role.SCHOOL, world.school.pk, "钱二").actor(name="钱二", unit="学校"),
    )
    answers = together([
        acting(world, case, "send", one, tracking="EA111111111CN"), acting(world, case, "send", two, tracking="EA222222222CN"),
    ])  # fmt: skip
    told = Record.objects.filter(case=str(case.public_id), act="send").count()
    return answers, Mailing.all_rows.get(pk=case.pk), told


@pytest.mark.rule("MAIL-02")
def test_of_two_clerks_who_send_the_same_letter_one_does(committed_world):
    answers, case, records_of_sending = sent_by_two(committed_world)
    assert (len(won(answers)), [type(answer) for answer in lost(answers)], records_of_sending) == (1, [NotOpen], 1)
    assert case.tracking == won(answers)[0].changes["单号"][1]


def test_without_lock_version_and_guard_both_would_have_sent_it(committed_world, databases, monkeypatch):
    without_locks(monkeypatch, "fetch", "look_around")
    owner(databases, "ALTER TABLE transfer_mailing DISABLE TRIGGER USER")
    owner(databases, "DROP INDEX one_record_per_version")
    world = committed_world
    case = post.batched(world)
    school = world.actor(Role.SCHOOL)
    mine, theirs, through = overtaken(
        monkeypatch, engine, "fetch", acting(world, case, "send", school, tracking="EA111111111CN"),
        acting(world, case, "send", school, tracking="EA222222222CN"),
    )  # fmt: skip
    assert (type(mine), type(theirs), through) == (Record, Record, True)
    assert Record.objects.filter(case=str(case.public_id), act="send").count() == 2


def two_batches(world: Any) -> list[Any]:
    case, school = post.asked(world), world.actor(Role.SCHOOL)
    one, two = (mail_batches.new_batch(school, world.cohort) for _ in range(2))
    return together([acting(world, case, "take", school, batch=batch) for batch in (one, two)])


@pytest.mark.rule("MAIL-02")
def test_a_letter_goes_into_one_of_two_batches(committed_world):
    answers = two_batches(committed_world)
    assert (len(won(answers)), [type(answer) for answer in lost(answers)]) == (1, [NotOpen])


@pytest.mark.rule("MAIL-02")
def test_one_number_scanned_for_two_letters_at_once_belongs_to_one(committed_world):
    world = committed_world
    school = world.actor(Role.SCHOOL)
    cases = [
        post.batched(world, post.ready(world, world.new_graduate(name, world.college))) for name in ("甲乙", "丙丁")
    ]
    answers = together([acting(world, case, "send", school, tracking="EA111111111CN") for case in cases])
    assert (len(won(answers)), [str(answer) for answer in lost(answers)]) == (
        1,
        [Mailing.refusals["one_letter_of_a_number"]],
    )


def test_without_the_index_both_letters_have_the_number(committed_world, databases):
    owner(databases, "DROP INDEX one_letter_of_a_number")
    world = committed_world
    school = world.actor(Role.SCHOOL)
    cases = [
        post.batched(world, post.ready(world, world.new_graduate(name, world.college))) for name in ("甲乙", "丙丁")
    ]
    assert len(won(together([acting(world, case, "send", school, tracking="EA111111111CN") for case in cases]))) == 2


@pytest.mark.rule("MAIL-01")
def test_two_taps_on_apply_begin_one_request(committed_world):
    world = committed_world
    me = world.of(post.ready(world))
    answers = together([lambda: begin(MAILING, me), lambda: begin(MAILING, me)])
    assert (len(won(answers)), [str(answer) for answer in lost(answers)]) == (1, [Mailing.refusals["one_live_mailing"]])


def test_batches_begun_at_once_have_numbers_of_their_own(committed_world):
    world = committed_world
    school = world.actor(Role.SCHOOL)
    together([lambda: mail_batches.new_batch(school, world.cohort) for _ in range(3)])
    assert sorted(MailBatch.all_rows.values_list("number", flat=True)) == [1, 2, 3]


@pytest.mark.rule("MAIL-02")
def test_a_letter_that_is_withdrawn_while_it_is_sent_is_one_or_the_other(committed_world):
    world = committed_world
    case = post.batched(world)
    answers = together([
        acting(world, case, "send", world.actor(Role.SCHOOL), tracking="EA111111111CN"), acting(world, case, "withdraw", world.of(world.graduate)),
    ])  # fmt: skip
    row = Mailing.all_rows.get(pk=case.pk)
    assert len(won(answers)) == 1
    assert (row.state, row.tracking, row.batch_id is None) in (("sent", "EA111111111CN", False), ("draft", "", True))
