"""Verifying at the same moment as guessing, superseding, ending: each with its control, the same without the guard, which goes wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections, transaction

from qicheng.domain.orgs.models import Attempt
from qicheng.domain.roster.effects import amend_record
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.domain.transfer.effects import verification as effects
from qicheng.domain.transfer.models import Verification
from qicheng.foundation.flow.perform import perform
from tests.domain.transfer import outside
from tests.races.meeting import overtaken

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES, AT_ONCE = 400, 40


@pytest.fixture(autouse=True)
def keys(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside.with_keys(settings, tmp_path_factory)


def results_of(look: Callable[[int], effects.Answer]) -> list[str]:
    """What four hundred looks came to, forty at a time, each on a connection of its own."""
    gate = Barrier(AT_ONCE)

    def some(first: int) -> list[str]:
        try:
            gate.wait(30)
            return [look(place).result for place in range(first, TRIES, AT_ONCE)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return [result for found in threads.map(some, range(AT_ONCE)) for result in found]


def counting_late(subject: str, limit: int, window: int) -> bool:
    """The same count, looked at first and written after: what a guard must not be."""
    row, _ = Attempt.objects.get_or_create(subject=f"late|{subject}"[:64])
    Attempt.objects.filter(pk=row.pk).update(number=row.number + 1)
    return row.number < limit


@pytest.mark.rule("VER-01")
def test_of_four_hundred_names_tried_at_a_number_ten_are_looked_at(committed_world):
    report = outside.own_report(outside.authorised(committed_world))

    results = results_of(lambda i: effects.look("number", number=report.number, name=f"陈{i}", origin=f"192.0.2.{i}"))

    assert {result: results.count(result) for result in set(results)} == {"unknown": 10, "busy": 390}
    assert Verification.all_rows.count() == 10


def test_counted_after_they_are_looked_at_more_would_be(committed_world, monkeypatch):
    monkeypatch.setattr(effects, "spend", counting_late)
    report = outside.own_report(outside.authorised(committed_world))

    results = results_of(lambda i: effects.look("number", number=report.number, name=f"陈{i}", origin=f"192.0.2.{i}"))

    assert results.count("unknown") > 10


@pytest.mark.rule("VER-01")
def test_of_four_hundred_codes_tried_from_an_address_sixty_are_looked_at(committed_world):
    results = results_of(lambda i: effects.look("scan", token=f"{i:022d}", origin="192.0.2.1"))

    assert (results.count("unknown"), results.count("busy")) == (60, 340)


@pytest.mark.rule("VER-01")
def test_four_hundred_addresses_together_are_held_to_what_everybody_may(committed_world, monkeypatch):
    monkeypatch.setattr(effects, "LOOKS_OF_ALL", 160)

    results = results_of(lambda i: effects.look("scan", token=f"{i:022d}", origin=f"198.51.100.{i}"))

    assert 100 <= results.count("unknown") <= 160


# ---- a report that is verified while it ceases to count


def looking(number: str) -> Callable[[], effects.Answer]:
    return partial(effects.look, "number", number=number, name="陈诚", origin="192.0.2.1")


def superseding(world: Any) -> Callable[[], None]:
    case = EmploymentRecord.all_rows.get(graduate=world.graduate).case

    def act() -> None:
        with transaction.atomic():
            amend_record(graduate=world.graduate.pk, case=case, address="学府路2号")

    return act


def without_its_lock(monkeypatch: Any) -> None:
    held = effects.fetch
    monkeypatch.setattr(
        effects, "fetch", lambda model, public_id, actor, *, hold: held(model, public_id, actor, hold=False)
    )


@pytest.mark.rule("VER-03")
def test_a_report_superseded_meanwhile_was_verified_before_and_is_so_on_record(committed_world, monkeypatch):
    authorisation = outside.authorised(committed_world)
    number = outside.own_report(authorisation).number

    answer, _, was_through = overtaken(monkeypatch, effects, "fetch", looking(number), superseding(committed_world))

    report, seen = outside.own_report(authorisation), Verification.all_rows.get()
    assert (answer.result, was_through, report.state) == ("valid", False, "superseded")
    assert seen.at < report.closed_at
    assert effects.look("number", number=number, name="陈诚", origin="192.0.2.1").result == "superseded"


def test_without_its_lock_an_answer_would_be_half_of_before_and_half_of_after(committed_world, monkeypatch):
    """Before it was valid, after it is superseded; read in pieces it is neither."""
    authorisation = outside.authorised(committed_world)
    number = outside.own_report(authorisation).number
    without_its_lock(monkeypatch)

    answer, _, was_through = overtaken(monkeypatch, effects, "fetch", looking(number), superseding(committed_world))

    assert (answer.result, was_through) == ("unknown", True)
    assert Verification.all_rows.get().at > outside.own_report(authorisation).closed_at


@pytest.mark.rule("VER-02")
def test_once_the_graduate_has_ended_it_nobody_verifies_any_more(committed_world, monkeypatch):
    world = committed_world
    authorisation = outside.authorised(world)
    number = outside.own_report(authorisation).number
    ending = partial(perform, authorisation, "end", world.of(world.graduate))

    answer, ended, was_through = overtaken(monkeypatch, effects, "fetch", looking(number), ending)

    report, seen = outside.own_report(authorisation), Verification.all_rows.get()
    assert (answer.result, was_through, ended.after, report.state) == ("valid", False, "ended", "withdrawn")
    assert seen.at < report.closed_at
    assert effects.look("number", number=number, name="陈诚", origin="192.0.2.1").result == "unknown"


def test_without_its_lock_somebody_would_verify_after_it_was_ended(committed_world, monkeypatch):
    world = committed_world
    authorisation = outside.authorised(world)
    number = outside.own_report(authorisation).number
    without_its_lock(monkeypatch)
    ending = partial(perform, authorisation, "end", world.of(world.graduate))

    answer, _, was_through = overtaken(monkeypatch, effects, "fetch", looking(number), ending)

    assert (answer.result, was_through) == ("valid", True)
    assert Verification.all_rows.get().at > outside.own_report(authorisation).closed_at
