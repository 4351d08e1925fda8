"""Every list is taken away by the one mechanism of exports, or stands on a list with the reason why not."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from qicheng.foundation.access import Role
from qicheng.foundation.listing import exports
from tests.house.source import modules, tree

pytestmark = [pytest.mark.django_db, pytest.mark.rule("EXP-01")]
# Lists that are not taken away as they stand, by room and name of what makes them.
NOT_TAKEN_AWAY = {
    "registration.every": "counts behind the figures; the lists of each way hold the same cases",
    "registration.of_some": "makes the lists of rooms above, which stand beside the others",
    "campus.queue": "what waits for one desk; everything that was submitted is a list of its own",
    "campus.changes": "what waits for one desk; the records of what was changed are lists",
    "campus.waiting_first": "makes the lists of what waits for a desk",
    "campus.news": "notices and news, nothing about people",
    "campus.declared": "prints of one paper at a time",
    "campus.plans": "one line a college, each opened and taken away by itself",
    "campus.words": "answers in words are taken away with the questionnaire they answer",
    "campus.nameless_words": "words without names are read, and taken away in no order that tells who wrote them",
    "transfer.answers": "counts behind the figures of confirmations",
    "transfer.ready": "the choice of a list to hand over, whose workbook is made with its number",
    "transfer.ready_alone": "the same for one",
    "transfer.lines": "a list handed over is taken away with its number, from its own page",
    "transfer.batches": "one line a batch; its letters are taken away from its own page",
    "transfer.with_late": "the queue as its counter asks it",
    "transfer.verifications": "looks of strangers at one report, in one area or in several at once",
}  # fmt: skip
# Lists that `registration.named` gives out, as far as whoever asks is told of them.
NAMED = {"registration.lists", "registration.waiting", "figures.agreements", "figures.destinations"}


def makers() -> set[str]:
    """room.name of every public function in a module of lists or queries that gives back a list, or lists by name."""
    return {
        f"{path.parts[path.parts.index('domain') + 1]}.{node.name}"
        for path in modules("domain")
        if {"listings", "queries"} & {*path.parts, path.stem}
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and node.returns is not None
        and ast.unparse(node.returns) in ("Listing", "dict[str, Listing]")
    }


def taken() -> set[str]:
    """room.name of whatever the offers of the rooms call."""
    return {
        f"{path.parts[path.parts.index('domain') + 1]}.{getattr(call.func, 'attr', getattr(call.func, 'id', ''))}"
        for path in modules("domain")
        if "listings" in path.parts or path.stem == "listings"
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef) and (node.name == "taken_away" or path.stem == "taken_away")
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
    }


def test_every_list_is_taken_away_or_says_why_not():
    assert makers() - taken() - NAMED - set(NOT_TAKEN_AWAY) == set()
    assert set(NOT_TAKEN_AWAY) & taken() == set()
    assert set(NOT_TAKEN_AWAY) - makers() == set()


def test_each_list_that_is_taken_away_has_a_name_of_its_own_columns_that_differ_and_rows_that_can_be_read(world):
    for role in (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY):
        actor = world.actor(role)
        for room, offer in exports.OFFERS.items():
            found = list(offer(actor, world.cohort))
            assert [name for name, number in Counter(one.name for one in found).items() if number > 1] == [], room
            for one in found:
                assert [word for word, number in Counter(one.headings).items() if number > 1] == [], one.name
                assert list(one.sheet_rows(actor, {}, world.cohort, 1)) is not None
                assert one.size(actor, {}, world.cohort) == one.count(actor, {}, world.cohort), one.name
    for role in (Role.GRADUATE, Role.EMPLOYER):
        actor = world.of(world.graduate) if role is Role.GRADUATE else world.actor(role)
        assert [one.name for offer in exports.OFFERS.values() for one in offer(actor, world.cohort)] == []
