"""Sending what is owed: claimed row by row, tried again with growing pauses, never sent twice (NOT-02)."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.utils import timezone

from qicheng.foundation.access import Role, statements

from . import aliyun, wechat  # noqa: F401 -- they join the channels
from .channels import ADDRESSES, GONE, NotSent, channel
from .models import Circuit, Notice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .channels import Channel

    # Subject and body of a notice.
    Words = Callable[[Notice], tuple[str, str]]

log = logging.getLogger(__name__)
MOST_ATTEMPTS = 8
# A claim lasts this long; whoever still stands as 'sending' afterwards was cut off.
CLAIM_SECONDS = 120
# So many failures in a row, and a channel rests for so long before one message tries it again.
FAILURES, REST_SECONDS = 5, 60
CUT_OFF = "上次发送中断，可能已经发出，请人工确认"

# Materialized: a planner that believes the table to be empty would otherwise ask for the next due row once for every row, and
# claim them all where one is sent.
_CLAIM = """
WITH due AS MATERIALIZED (SELECT id, state, due_at FROM notice_notice
    WHERE state IN ('owed', 'sending') AND due_at <= clock_timestamp() AND NOT channel = ANY(%(failing)s)
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
UPDATE notice_notice n SET state = 'sending', attempts = n.attempts + 1,
    due_at = clock_timestamp() + make_interval(secs => %(claim)s)
FROM due WHERE n.id = due.id RETURNING n.id, due.state, due.due_at
"""
# Failures are counted in one statement, so that those of all workers add up; a success forgets them.
_FAILED = """
INSERT INTO notice_circuit AS c (channel, failures, failure, changed_at) VALUES (%(channel)s, 1, %(why)s, clock_timestamp())
ON CONFLICT (channel) DO UPDATE SET failures = least(c.failures + 1, 1000), failure = excluded.failure, changed_at = excluded.changed_at,
    shut_until = CASE WHEN c.failures + 1 >= %(most)s THEN clock_timestamp() + make_interval(secs => %(rest)s) ELSE c.shut_until END
"""
_LIMITED = """
INSERT INTO notice_circuit AS c (channel, failures, failure, shut_until, changed_at)
VALUES (%(channel)s, 0, %(why)s, clock_timestamp() + make_interval(secs => %(rest)s), clock_timestamp())
ON CONFLICT (channel) DO UPDATE SET failure = excluded.failure, shut_until = excluded.shut_until, changed_at = excluded.changed_at
"""
# One of the workers tries a channel that has rested; for the others it rests on.
_TRY = """
UPDATE notice_circuit SET shut_until = clock_timestamp() + make_interval(secs => %(rest)s)
WHERE failures >= %(most)s AND shut_until <= clock_timestamp() RETURNING channel
"""


def deliver(words: Words, most: int = 500) -> int:
    """Send what is due, `most` at the most; how many were taken in hand.

    A channel that fails is left alone for the rest of the round, so that a silent gateway does not hold up the others; one that
    failed five times in a row rests for a minute, for all workers.
    """
    failing = _resting()
    for number in range(most):
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, {"claim": CLAIM_SECONDS, "failing": failing})
            claimed = cursor.fetchone()
        if claimed is None:
            return number
        owed = Notice.objects.get(pk=claimed[0])
        if claimed[1] == Notice.SENDING and owed.unsure_at is None:
            owed.unsure_at = claimed[2] - timedelta(seconds=CLAIM_SECONDS)
        if not _send(owed, words):
            failing.append(owed.channel)
    return most


def _resting() -> list[str]:
    """The channels that rest now, but those that it is on this worker to try again."""
    given = {"rest": REST_SECONDS, "most": FAILURES}
    tried = {row.channel for row in statements.rows(_TRY, given)}
    resting = statements.rows("SELECT channel FROM notice_circuit WHERE shut_until > clock_timestamp()", {})
    return [row.channel for row in resting if row.channel not in tried]


def _send(owed: Notice, words: Words) -> bool:
    """Send one; False where its channel does not work just now."""
    find, way = ADDRESSES.get(Role(owed.role)), channel(owed.channel)
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
    key = f"qicheng-{owed.pk}"
    try:
        if owed.unsure_at is not None and not _may_repeat(way, owed):
            if not _can_be_asked(way):
                _settle(owed, Notice.STUCK, CUT_OFF)
                return True
            if way.was_sent(key, address, owed.unsure_at):  # type: ignore[attr-defined]
                _worked(owed.channel)
                _settle(owed, Notice.SENT)
                return True
            owed.unsure_at = None
        owed.reference = way.send(key, address, subject, body) or ""
    except NotSent as failed:
        return _failed(owed, way, address, failed)
    _worked(owed.channel)
    _settle(owed, Notice.SENT)
    return True


def _failed(owed: Notice, way: Channel, address: str, failed: NotSent) -> bool:
    """What becomes of one that did not go out; False where its channel does not work just now."""
    why = str(failed)
    if failed.unsure and owed.unsure_at is None:
        owed.unsure_at = timezone.now()
    if failed.gone:
        GONE.get(owed.channel, lambda address: None)(address)
        _settle(owed, Notice.WITHOUT, why)
        return True
    if failed.pause:
        # A limit is no failure: it costs no attempt.
        Notice.objects.filter(pk=owed.pk).update(
            state=Notice.OWED, attempts=max(owed.attempts - 1, 0), due_at=timezone.now() + timedelta(seconds=failed.pause),
            failure=why, unsure_at=owed.unsure_at,
        )  # fmt: skip
        if failed.whole:
            statements.change(_LIMITED, {"channel": owed.channel, "why": why, "rest": failed.pause})
        return not failed.whole
    if not failed.final:
        statements.change(_FAILED, {"channel": owed.channel, "why": why, "most": FAILURES, "rest": REST_SECONDS})
    if failed.final or (failed.unsure and not (_may_repeat(way, owed) or _can_be_asked(way))):
        log.warning("notice %s is stuck after %s attempts", owed.pk, owed.attempts)
        _settle(owed, Notice.STUCK, why)
    else:
        _put_off(owed, why, at_least=way.asked_after if owed.unsure_at and _can_be_asked(way) else 0.0)  # type: ignore[attr-defined]
    return failed.final


def _may_repeat(way: Channel, owed: Notice) -> bool:
    """Whether the other side still swallows a second sending under our key."""
    if way.repeats_safely or owed.unsure_at is None:
        return True
    return timezone.now() - owed.unsure_at < timedelta(seconds=getattr(way, "repeats_seconds", 0.0))


def _can_be_asked(way: Any) -> bool:
    return hasattr(way, "was_sent")


def _worked(name: str) -> None:
    """A channel has answered: what it failed before is forgotten."""
    statements.change(
        "UPDATE notice_circuit SET failures = 0, shut_until = NULL, changed_at = clock_timestamp() WHERE channel = %(channel)s AND (failures > 0 OR shut_until IS NOT NULL)",
        {"channel": name},
    )


def _put_off(owed: Notice, why: str, at_least: float = 0.0) -> None:
    """Owe it again after a pause that grows from 15 seconds to 6 hours; stuck after the last attempt."""
    if owed.attempts >= MOST_ATTEMPTS:
        log.warning("notice %s is stuck after %s attempts", owed.pk, owed.attempts)
        _settle(owed, Notice.STUCK, why)
        return
    pause = timedelta(seconds=max(min(15 * 4 ** (owed.attempts - 1), 6 * 3600), at_least))
    Notice.objects.filter(pk=owed.pk).update(
        state=Notice.OWED, due_at=timezone.now() + pause, failure=why, unsure_at=owed.unsure_at
    )


def _settle(owed: Notice, state: str, failure: str = "") -> None:
    sent_at = timezone.now() if state == Notice.SENT else None
    Notice.objects.filter(pk=owed.pk).update(
        state=state, failure=failure, sent_at=sent_at, unsure_at=owed.unsure_at, reference=owed.reference
    )


def resend(pks: Sequence[int]) -> list[int]:
    """An operator sends stuck notices on their way again; which of them were stuck still.

    Whoever sends again what may have gone out has looked: it is sent as if for the first time.
    """
    given = {"pks": list(pks), "owed": Notice.OWED, "stuck": Notice.STUCK}
    rows = statements.rows(
        "UPDATE notice_notice SET state = %(owed)s, attempts = 0, unsure_at = NULL, due_at = clock_timestamp() "
        "WHERE id = ANY(%(pks)s) AND state = %(stuck)s RETURNING id",
        given,
    )
    return [row.id for row in rows]


def reported(name: str, reference: str, status: str) -> None:
    """The other side says later what became of a message that it took: 'success', or why it did not arrive."""
    sent = (
        Notice.objects.filter(channel=name, reference=reference, state=Notice.SENT)
        if reference
        else Notice.objects.none()
    )
    if status.startswith("failed:user"):
        sent.update(state=Notice.WITHOUT, failure="对方不接收公众号的消息")
    elif status != "success":
        sent.update(state=Notice.STUCK, failure="对方接下了，但没有送到", sent_at=None)


def circuits() -> list[Circuit]:
    """How each channel that has ever failed works now."""
    return list(Circuit.objects.order_by("channel"))
