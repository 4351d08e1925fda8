"""Every flow has its signed table, its document and the words of all that it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from qicheng.foundation.flow import words
from qicheng.foundation.flow.declare import FLOWS
from qicheng.interfaces.command.documents import flow_documents
from tests.house.source import ROOT

TEMPLATES = ROOT / "qicheng/domain"


def folder(flow: str) -> Path:
    room = FLOWS[flow].room
    return TEMPLATES / room / "templates" / room


@pytest.mark.parametrize("flow", sorted(FLOWS))
def test_a_flow_is_as_its_signed_table_says(flow):
    room = FLOWS[flow].room
    assert FLOWS[flow].table() == (ROOT / f"tests/domain/{room}/signed/{flow}.txt").read_text("utf-8")


@pytest.mark.rule("REG-12")
def test_the_documents_of_the_flows_are_fresh():
    written = {path.name: path.read_text("utf-8") for path in (ROOT / "docs/flows").glob("*.md")}
    assert written == flow_documents()


@pytest.mark.parametrize("flow", sorted(FLOWS))
def test_every_act_has_the_sentence_of_its_record(flow):
    names = {FLOWS[flow].begin.name} | {act.name for act in FLOWS[flow].acts}
    assert {n for n in names if not (folder(flow) / "records" / flow / f"{n}.txt").exists()} == set()


@pytest.mark.parametrize("flow", sorted(FLOWS))
def test_every_act_that_tells_has_its_words_for_the_inbox(flow):
    telling = {act.name for act in (FLOWS[flow].begin, *FLOWS[flow].acts) if act.tell}
    assert {n for n in telling if not (folder(flow) / "notices" / flow / f"{n}.inbox.txt").exists()} == set()


@pytest.mark.parametrize("flow", sorted(FLOWS))
def test_no_words_are_left_over_from_an_act_that_is_gone(flow):
    names = {FLOWS[flow].begin.name} | {act.name for act in FLOWS[flow].acts}
    there = {
        p.name.split(".")[0] for kind in ("records", "notices") for p in (folder(flow) / kind / flow).glob("*.txt")
    }
    assert there - names == set()


def test_every_word_template_compiles():
    for kind in ("records", "notices"):
        for path in TEMPLATES.glob(f"*/templates/*/{kind}/**/*.txt"):
            words.environment().get_template(path.relative_to(path.parents[3]).as_posix())
