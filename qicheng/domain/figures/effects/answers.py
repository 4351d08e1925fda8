"""Questions that read a whole province or the country are answered in the background and kept: those about a past moment for good (decision 17)."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from qicheng.domain.figures.models import Answer
from qicheng.domain.figures.queries import days, home, moments, standings, transfers
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
    "archive_figures": partial(transfers.files, Area.ARCHIVE),
    "household_figures": partial(transfers.files, Area.HOUSEHOLD),
    "area": lambda actor, cohort, asked, moment: home.of_area(actor, cohort, asked),
    "national": lambda actor, cohort, asked, moment: [days.table(actor, cohort, asked, moment)],
}
# What counters answer at once, of any day.
AT_ONCE = ("national",)
# Of an area with more people than this nobody waits for what is counted row by row.
LIVE_MOST = 100_000
# What was asked for and did not come in this time is asked for again.
LOST = timedelta(minutes=10)


class Waiting(Exception):
    """The answer is being made; `answer` is what will hold it."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__("still counting")


def is_for_later(actor: Actor, question: str, cohort: int, asked: Mapping[str, str], moment: datetime | None) -> bool:
    """Whether the question takes longer than anybody waits: of more than one school, about a past moment or very many people."""
    if actor.role not in ABOVE or question in AT_ONCE:
        return False
    return moment is not None or (not asked.get("school") and days.people(actor, cohort, asked) > LIVE_MOST)


def read(
    actor: Actor, question: str, cohort: int, asked: Mapping[str, str], moment: datetime | None
) -> tuple[list[Table], datetime | None]:
    """(the tables, the instant that they are of, None where they are live), counted now or kept.

    Raises Waiting while they are being counted, Refused with the reason where there are none.
    """
    if not is_for_later(actor, question, cohort, asked, moment):
        return QUESTIONS[question](actor, cohort, asked, moment), moment
    if moment is None:
        tables, why, moment = newest(actor, question, cohort, asked)
    else:
        tables, why = answered(actor, question, cohort, asked, moment)
    if why:
        raise Refused(why)
    return tables, moment


def answered(
    actor: Actor, question: str, cohort: int, asked: Mapping[str, str], moment: datetime
) -> tuple[list[Table], str]:
    """(the tables, the reason in words where there are none) as they were answered once. Raises Waiting until they are; asks if nobody has."""
    with transaction.atomic():
        answer, is_new = _asked(actor, question, cohort, asked, moment, is_current=False)
        if is_new:
            later("figures.answer", answer=answer.pk)
    return _read(answer)


def newest(actor: Actor, question: str, cohort: int, asked: Mapping[str, str]) -> tuple[list[Table], str, datetime]:
    """(the tables, the reason where there are none, when they were counted) as they were last; counted again for the next one if that is long ago.

    Raises Waiting where they never were.
    """
    now = timezone.now()
    with transaction.atomic():
        answer, is_new = _asked(actor, question, cohort, asked, now, is_current=True)
        is_old = Q(answered_at__lt=now - moments.FRESH) & Q(asked_at__lt=F("answered_at"))
        is_lost = (Q(answered_at=None) | Q(answered_at__lt=now - moments.FRESH)) & Q(asked_at__lt=now - LOST)
        # Of all who find it old one has it counted.
        if is_new or Answer.objects.filter(is_old | is_lost, pk=answer.pk).update(asked_at=now):
            later("figures.answer", answer=answer.pk)
    return *_read(answer), answer.moment


def _asked(
    actor: Actor, question: str, cohort: int, asked: Mapping[str, str], moment: datetime, *, is_current: bool
) -> tuple[Answer, bool]:
    areas = sorted(area.value for area in Area if actor.may_read(area))
    kept = {key: value for key, value in sorted(asked.items()) if key != "at"}
    said = [question, kept, cohort, "" if is_current else moment.isoformat(), actor.role.value, actor.node, areas]
    return Answer.objects.get_or_create(
        key=fingerprint(json.dumps(said, ensure_ascii=False), b"figures"),
        defaults={"question": question, "asked": kept, "cohort": cohort, "moment": moment, "role": actor.role.value, "node": actor.node,
                  "areas": areas, "is_current": is_current},
    )  # fmt: skip


def _read(answer: Answer) -> tuple[list[Table], str]:
    if answer.answered_at is None:
        raise Waiting(answer)
    return [_table(one) for one in answer.answer or []], answer.why


def make(pk: int) -> None:
    """Answer a question; one about the past that is answered stays as it is: the moment was settled, so nothing that counts has changed."""
    answer = Answer.objects.get(pk=pk)
    if answer.answered_at is not None and not answer.is_current:
        return
    began = timezone.now()
    actor = Actor(Role(answer.role), answer.node, levels={Area(area): Level.READ for area in answer.areas})
    tables: list[Table] = []
    why = ""
    try:
        if not answer.is_current:
            moments.must_be_settled(answer.moment)
        moment = None if answer.is_current else answer.moment
        tables = QUESTIONS[answer.question](actor, answer.cohort, answer.asked, moment)
    except Refused as refused:
        why = str(refused)
    made = {"answer": [asdict(table) for table in tables], "why": why, "answered_at": timezone.now()}
    rows = Answer.objects.filter(pk=pk)
    if answer.is_current:
        # Of two that count at once the later count stays.
        rows.filter(Q(answered_at=None) | Q(moment__lt=began)).update(**made, moment=began)
    else:
        rows.filter(answered_at=None).update(**made)


def _table(one: dict) -> Table:
    lines = [
        Line(tuple(line["names"]), tuple((number, address) for number, address in line["cells"]), line["url"], line["is_sum"])
        for line in one["lines"]
    ]  # fmt: skip
    return Table(one["key"], one["label"], tuple(one["corners"]), tuple(one["headings"]), lines, one["words"])
