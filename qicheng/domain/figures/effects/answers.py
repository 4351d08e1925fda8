"""Questions about a past moment that read a whole province or the country: asked once, answered in the background, kept for good (decision 17)."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from qicheng.domain.figures.models import Answer
from qicheng.domain.figures.queries import moments, standings, transfers
from qicheng.domain.figures.queries.tables import Line, Table
from qicheng.foundation.access import Actor, Area, Level, Role
from qicheng.foundation.flow.perform import Refused
from qicheng.foundation.kit.numbers import fingerprint
from qicheng.foundation.later import later

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    Question = Callable[[Actor, int, Mapping[str, str], datetime | None], list[Table]]

ABOVE = (Role.PROVINCE, Role.MINISTRY)
QUESTIONS: Mapping[str, Question] = {
    "states": lambda actor, cohort, asked, moment: [standings.agreements(actor, cohort, asked, moment)],
    "destinations": lambda actor, cohort, asked, moment: [
        standings.destinations(actor, cohort, asked, moment, asked.get("by") or standings.BY_UNIT)
    ],
    "confirmations": transfers.confirmations,
}


class Waiting(Exception):
    """The answer is being made; `answer` is what will hold it."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__("still counting")


def is_for_later(actor: Actor, question: str, moment: datetime | None) -> bool:
    """Whether the question takes longer than anybody waits: a past moment of more than one school."""
    return moment is not None and actor.role in ABOVE and question in QUESTIONS


def answered(
    actor: Actor, question: str, cohort: int, asked: Mapping[str, str], moment: datetime
) -> tuple[list[Table], str]:
    """(the tables, the reason in words where there are none) as they were answered once. Raises Waiting until they are; asks if nobody has."""
    areas = sorted(area.value for area in Area if actor.may_read(area))
    kept = {key: value for key, value in sorted(asked.items()) if key != "at"}
    said = [question, kept, cohort, moment.isoformat(), actor.role.value, actor.node, areas]
    with transaction.atomic():
        answer, is_new = Answer.objects.get_or_create(
            key=fingerprint(json.dumps(said, ensure_ascii=False), b"figures"),
            defaults={"question": question, "asked": kept, "cohort": cohort, "moment": moment, "role": actor.role.value, "node": actor.node,
                      "areas": areas},
        )  # fmt: skip
        if is_new:
            later("figures.answer", answer=answer.pk)
    if answer.answered_at is None:
        raise Waiting(answer)
    return [_table(one) for one in answer.answer or []], answer.why


def make(pk: int) -> None:
    """Answer a question; one that is answered stays as it is. The moment was settled when it was asked, so nothing that counts has changed."""
    answer = Answer.objects.get(pk=pk)
    if answer.answered_at is not None:
        return
    actor = Actor(Role(answer.role), answer.node, levels={Area(area): Level.READ for area in answer.areas})
    tables: list[Table] = []
    why = ""
    try:
        moments.must_be_settled(answer.moment)
        tables = QUESTIONS[answer.question](actor, answer.cohort, answer.asked, answer.moment)
    except Refused as refused:
        why = str(refused)
    Answer.objects.filter(pk=pk, answered_at=None).update(
        answer=[asdict(table) for table in tables], why=why, answered_at=timezone.now()
    )


def _table(one: dict) -> Table:
    lines = [
        Line(tuple(line["names"]), tuple((number, address) for number, address in line["cells"]), line["url"], line["is_sum"])
        for line in one["lines"]
    ]  # fmt: skip
    return Table(one["key"], one["label"], tuple(one["corners"]), tuple(one["headings"]), lines, one["words"])
