"""Many verdicts at once: each is an act of its own, with its own guards, record and notices (REG-07)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import OperationalError, transaction

from qicheng.foundation.flow.perform import Stopped, perform

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from qicheng.foundation.access import Actor
    from qicheng.foundation.flow.perform import Record

    # A case of a graduate, the version that was seen, and the key under which a repetition gives the first answer.
    Asked = tuple[Any, int, str]

# How many share a transaction: enough to spare most commits, few enough that nobody waits long for a lock.
TOGETHER = 25


def approve_all(asked: Sequence[Asked], actor: Actor) -> list[Record | Stopped]:
    """What became of each approval, in the same order: its record, or what stopped it."""
    return decide_all(asked, actor, "approve")


def decide_all(asked: Sequence[Asked], actor: Actor, act: str, **given: Any) -> list[Record | Stopped]:
    """What became of each, in the same order: its record, or what stopped it. What stops one stops no other.

    `given` are the reason and the words that all share. Graduates are locked in one order everywhere, so that two batches do not
    wait for each other; where others meet, each is tried alone.
    """
    order = sorted(range(len(asked)), key=lambda i: asked[i][0].graduate_id)
    found: dict[int, Record | Stopped] = {}
    for start in range(0, len(order), TOGETHER):
        chunk = order[start : start + TOGETHER]
        try:
            with transaction.atomic():
                outcome = {i: decide(*asked[i], actor, act, **given) for i in chunk}
        except OperationalError:
            outcome = {i: decide(*asked[i], actor, act, **given) for i in chunk}
        found |= outcome
    return [found[i] for i in range(len(asked))]


def decide(case: Any, seen: int, key: str, actor: Actor, act: str, **given: Any) -> Record | Stopped:
    """The record of one verdict, or what stopped it."""
    try:
        return perform(case, act, actor, seen=seen, key=key, **given)
    except Stopped as stopped:
        return stopped
