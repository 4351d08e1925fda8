"""Many approvals at once: each is an act of its own, with its own guards, record and notices (REG-07)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import OperationalError, transaction

from qicheng.foundation.flow.perform import Stopped, perform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qicheng.domain.registration.models import Dissolution, Registration
    from qicheng.foundation.access import Actor
    from qicheng.foundation.flow.perform import Record

    # A case, the version that was seen, and the key under which a repetition gives the first answer.
    Asked = tuple[Registration | Dissolution, int, str]

# How many share a transaction: enough to spare most commits, few enough that nobody waits long for a lock.
TOGETHER = 25


def approve_all(asked: Sequence[Asked], actor: Actor) -> list[Record | Stopped]:
    """What became of each, in the same order: its record, or what stopped it. What stops one stops no other.

    Graduates are locked in one order everywhere, so that two batches do not wait for each other; where others meet, each is tried alone.
    """
    order = sorted(range(len(asked)), key=lambda i: asked[i][0].graduate_id)
    found: dict[int, Record | Stopped] = {}
    for start in range(0, len(order), TOGETHER):
        chunk = order[start : start + TOGETHER]
        try:
            with transaction.atomic():
                outcome = {i: approve(*asked[i], actor) for i in chunk}
        except OperationalError:
            outcome = {i: approve(*asked[i], actor) for i in chunk}
        found |= outcome
    return [found[i] for i in range(len(asked))]


def approve(case: Registration | Dissolution, seen: int, key: str, actor: Actor) -> Record | Stopped:
    """The record of one approval, or what stopped it."""
    try:
        return perform(case, "approve", actor, seen=seen, key=key)
    except Stopped as stopped:
        return stopped
