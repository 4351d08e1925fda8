"""Sending what is owed: claimed row by row, tried again with growing pauses, never sent twice (NOT-02)."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import connection
from django.utils import timezone

from qicheng.foundation.access import Role

from .channels import ADDRESSES, CHANNELS, NotSent
from .models import Notice

if TYPE_CHECKING:
    from collections.abc import Callable

    # Subject and body of a notice.
    Words = Callable[[Notice], tuple[str, str]]

log = logging.getLogger(__name__)
MOST_ATTEMPTS = 8
# A claim lasts this long; whoever still stands as 'sending' afterwards was cut off.
CLAIM_SECONDS = 120

# Materialized: a planner that believes the table to be empty would otherwise ask for the next due row once for every row, and
# claim them all where one is sent.
_CLAIM = """
WITH due AS MATERIALIZED (SELECT id, state FROM notice_notice
    WHERE state IN ('owed', 'sending') AND due_at <= clock_timestamp() AND NOT channel = ANY(%(failing)s)
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
UPDATE notice_notice n SET state = 'sending', attempts = n.attempts + 1,
    due_at = clock_timestamp() + make_interval(secs => %(claim)s)
FROM due WHERE n.id = due.id RETURNING n.id, due.state
"""


def deliver(words: Words, most: int = 500) -> int:
    """Send what is due, `most` at the most; how many were taken in hand.

    A channel that fails is left alone for the rest of the round, so that a silent gateway does not hold up the others.
    """
    failing: list[str] = []
    for number in range(most):
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, {"claim": CLAIM_SECONDS, "failing": failing})
            claimed = cursor.fetchone()
        if claimed is None:
            return number
        owed = Notice.objects.get(pk=claimed[0])
        if claimed[1] == Notice.SENDING and not CHANNELS[owed.channel].repeats_safely:
            _settle(owed, Notice.STUCK, "上次发送中断，可能已经发出，请人工确认")
        elif not _send(owed, words):
            failing.append(owed.channel)
    return most


def _send(owed: Notice, words: Words) -> bool:
    """Send one; False where its channel does not work just now."""
    find = ADDRESSES.get(Role(owed.role))
    channel = CHANNELS[owed.channel]
    try:
        address = find(owed.node).on(owed.channel) if find else ""
        subject, body = words(owed) if address else ("", "")
    except Exception as failed:  # noqa: BLE001 -- one message that cannot be written must not hold up the others
        log.error("notice %s cannot be written: %s", owed.pk, type(failed).__name__)
        _put_off(owed, f"消息没有写成（{type(failed).__name__}）")
        return True
    if not address:
        _settle(owed, Notice.WITHOUT)
        return True
    try:
        channel.send(f"qicheng-{owed.pk}", address, subject, body)
    except NotSent as failed:
        if failed.final or (failed.unsure and not channel.repeats_safely):
            log.warning("notice %s is stuck after %s attempts", owed.pk, owed.attempts)
            _settle(owed, Notice.STUCK, str(failed))
        else:
            _put_off(owed, str(failed))
        return failed.final
    _settle(owed, Notice.SENT)
    return True


def _put_off(owed: Notice, why: str) -> None:
    """Owe it again after a pause that grows from 15 seconds to 6 hours; stuck after the last attempt."""
    if owed.attempts >= MOST_ATTEMPTS:
        log.warning("notice %s is stuck after %s attempts", owed.pk, owed.attempts)
        _settle(owed, Notice.STUCK, why)
        return
    pause = timedelta(seconds=min(15 * 4 ** (owed.attempts - 1), 6 * 3600))
    Notice.objects.filter(pk=owed.pk).update(state=Notice.OWED, due_at=timezone.now() + pause, failure=why)


def _settle(owed: Notice, state: str, failure: str = "") -> None:
    sent_at = timezone.now() if state == Notice.SENT else None
    Notice.objects.filter(pk=owed.pk).update(state=state, failure=failure, sent_at=sent_at)


def resend(pk: int) -> bool:
    """An operator sends a stuck notice on its way again."""
    return bool(
        Notice.objects.filter(pk=pk, state=Notice.STUCK).update(state=Notice.OWED, attempts=0, due_at=timezone.now())
    )
