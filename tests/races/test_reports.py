"""Two at once on a report, each race with its negative control: with its lock taken away it must break (REP-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from qicheng.domain.transfer.effects import report_batches, reports
from qicheng.domain.transfer.models import ArchiveReport, ReportBatch, ReportNumber
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow import perform as engine
from qicheng.foundation.flow.perform import Refused, timeline
from qicheng.foundation.papers.models import Paper
from tests.races.meeting import all_look_first, lost, overtaken, together, won
from tests.races.test_dissolution import owner, without_locks
from tests.sealing import give_keys, issued, settled

if TYPE_CHECKING:
    from tests.world import World


@pytest.fixture
def ready(committed_world: World, settings: Any) -> World:
    give_keys(settings)
    settled(committed_world, committed_world.graduate, Area.ARCHIVE)
    return committed_world


def asked_by(world: World, number: int) -> list[Any]:
    """Both desks ask for the same graduate's report at the same moment, again and again."""
    actors = [world.actor(role) for role in (Role.SCHOOL, Role.COLLEGE)]
    return together(
        [lambda actor=actor: reports.issue("archive", world.graduate.pk, actor) for actor in actors * number]
    )


# ---- asked for twice


@pytest.mark.rule("REP-01")
def test_of_many_who_ask_at_once_all_are_given_the_one_report(ready):
    answers = asked_by(ready, 4)
    assert lost(answers) == []
    assert ({one.pk for one in answers}, ArchiveReport.all_rows.count()) == ({ArchiveReport.all_rows.get().pk}, 1)


def test_without_the_index_and_the_lock_several_reports_stand(ready, committed, monkeypatch):
    owner(committed, "DROP INDEX one_live_archivereport")
    without_locks(monkeypatch, "look_around")
    all_look_first(monkeypatch, engine, "look_around", 8)
    answers = asked_by(ready, 4)
    assert len({one.pk for one in won(answers)}) > 1


# ---- made by two workers


@pytest.mark.rule("REP-01")
def test_two_workers_make_one_file_and_issue_it_once(ready):
    report = reports.issue("archive", ready.graduate.pk, ready.actor(Role.SCHOOL))
    answers = together([lambda: reports.make_report("archive", str(report.public_id))] * 4)
    assert lost(answers) == []
    report.refresh_from_db()
    assert (report.state, Paper.objects.filter(record=str(report.public_id)).count()) == ("issued", 1)
    assert [one.act for one in timeline(report)] == ["ask", "issue"]


# ---- made while its record changes


def made_while_it_changes(world: World, monkeypatch: Any) -> tuple[bool, ArchiveReport]:
    report = reports.issue("archive", world.graduate.pk, world.actor(Role.SCHOOL))
    change = world.change_submitted()
    world_school, world_college = world.reviewer(change, Role.SCHOOL), world.reviewer(change, Role.COLLEGE)
    engine.perform(change, "approve", world_college)
    _, theirs, through = overtaken(
        monkeypatch, engine, "look_around", lambda: reports._carried(made(report), "issue"),
        lambda: engine.perform(change, "approve", world_school),
    )  # fmt: skip
    assert not isinstance(theirs, BaseException), theirs
    return through, ArchiveReport.all_rows.get(pk=report.pk)


def made(report: Any) -> Any:
    """Its file is there, and nothing is left but to issue it."""
    reports.store.keep(
        reports.PAPER, b"%PDF-1.7 " + report.number.encode(), record=str(report.public_id), flow=report.flow_name,
        case=str(report.public_id), cohort=report.cohort, school_id=report.school_id, number=report.number,
    )  # fmt: skip
    return report


@pytest.mark.rule("REP-01")
def test_a_report_that_is_issued_while_its_record_changes_is_superseded_by_the_change_that_waited(ready, monkeypatch):
    through, report = made_while_it_changes(ready, monkeypatch)
    assert (through, report.state, report.live) == (False, "superseded", False)
    with pytest.raises(Refused):
        reports.hand_out(report, ready.actor(Role.SCHOOL))


def test_without_its_locks_a_report_is_issued_of_a_record_that_has_changed_already(ready, monkeypatch):
    without_locks(monkeypatch, "look_around", "fetch")
    through, _ = made_while_it_changes(ready, monkeypatch)
    assert through


# ---- handed out while it is superseded


@pytest.mark.rule("REP-01")
def test_whoever_downloads_while_it_is_superseded_has_it_before_or_not_at_all(ready):
    report = issued(ready)
    change = ready.change_submitted()
    engine.perform(change, "approve", ready.reviewer(change, Role.COLLEGE))
    school = ready.reviewer(change, Role.SCHOOL)
    fresh = [ArchiveReport.all_rows.get(pk=report.pk) for _ in range(5)]
    answers = together([
        *(lambda one=one: reports.hand_out(one, ready.actor(Role.SCHOOL)) for one in fresh), lambda: engine.perform(change, "approve", school),
    ])  # fmt: skip
    downloads = answers[:-1]
    assert not isinstance(answers[-1], BaseException)
    assert {type(one) for one in lost(downloads)} <= {Refused}
    report.refresh_from_db()
    acts = [one.act for one in timeline(report)]
    assert report.state == "superseded"
    # Nothing was handed out after it was superseded.
    assert "downloaded" not in acts[acts.index("supersede") :]
    assert acts.count("downloaded") == len(won(downloads))


# ---- batch twice


@pytest.mark.rule("REP-01")
def test_a_batch_that_is_asked_for_twice_and_worked_at_by_three_is_one(ready):
    school, graduates = ready.actor(Role.SCHOOL), [ready.graduate.pk]

    def ask() -> ReportBatch:
        return report_batches.ask_for_batch("archive", graduates, school, cohort=ready.cohort, key="form", query={})

    answers = together([ask] * 4)
    assert (lost(answers), {one.pk for one in answers}, ReportBatch.all_rows.count()) == (
        [],
        {ReportBatch.all_rows.get().pk},
        1,
    )
    batch = ReportBatch.all_rows.get()
    assert lost(together([lambda: report_batches.make_batch(batch.pk)] * 3)) == []
    batch.refresh_from_db()
    assert (batch.state, len(batch.packed), ArchiveReport.all_rows.count()) == ("done", 1, 1)


@pytest.mark.rule("REP-01")
def test_two_batches_of_the_same_people_share_their_reports(ready):
    actors = [ready.actor(role) for role in (Role.SCHOOL, Role.COLLEGE)]
    batches = [
        report_batches.ask_for_batch(
            "archive", [ready.graduate.pk], actor, cohort=ready.cohort, key=f"form {n}", query={}
        )
        for n, actor in enumerate(actors)
    ]
    assert lost(together([lambda batch=batch: report_batches.make_batch(batch.pk) for batch in batches])) == []
    packed = [ReportBatch.all_rows.get(pk=batch.pk).packed for batch in batches]
    assert (packed[0] == packed[1], len(packed[0]), ReportNumber.objects.count()) == (True, 1, 2)
