"""What acts do to a request to post the archive: freeze the letter, take it into a batch, send it, note how it ended (MAIL)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.models import MailBatch, Mailing
from qicheng.domain.transfer.sheets.mailing import LETTER, PRINTED, letter_now, tracking_number
from qicheng.foundation.flow.perform import Refused, clock

from .mail_batches import waiting_batch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.foundation.access import Actor


def request(actor: Actor) -> Mailing:
    """The unsaved request of the graduate; what the letter says is read when it is looked at, and frozen when it is submitted."""
    graduate, now = Graduate.objects.seen_by(actor).get(), clock()
    return Mailing(
        cohort=graduate.cohort, school_id=graduate.school_id, college_id=graduate.college_id, tier=graduate.tier, graduate=graduate,
        waiting_since=now, begun_at=now,
    )  # fmt: skip


def submit(case: Mailing, actor: Actor) -> Mapping[str, Any]:
    """Freeze what the letter says, as the locked rows say it now (MAIL-01)."""
    before, now = case.letter, letter_now(case)
    employment, record = case.above("employment"), case.above("record")
    assert employment is not None
    assert record is not None
    case.letter, case.employment_version, case.record_version = now, employment.version, record.version
    case.submitted_at, case.batch, case.tracking, case.sent_at = clock(case), None, "", None
    return {
        label: pair
        for label, pair in LETTER.changes(before, now).items()
        if before and any(LETTER[key].label == label for key in PRINTED)
    }


def leave_batch(case: Mailing, actor: Actor) -> None:
    """Withdrawn, taken out or sent back: it is in no batch any more."""
    case.batch = None


def end(case: Mailing, actor: Actor) -> None:
    """Called off: it is over."""
    case.closed_at = clock(case)


def take(case: Mailing, actor: Actor, *, batch: MailBatch | None = None) -> Mapping[str, Any]:
    """Into a batch, or into the newest one that is still at the school."""
    case.batch = batch or waiting_batch(actor, case.cohort)
    return {"批次": ["", case.batch.title]}


def send(case: Mailing, actor: Actor, *, tracking: str) -> Mapping[str, Any]:
    """The carrier has it, under this number (MAIL-02)."""
    case.tracking, case.sent_at = _number(tracking), clock(case)
    return {"单号": ["", case.tracking]}


def correct(case: Mailing, actor: Actor, *, tracking: str) -> Mapping[str, Any]:
    """Another number for the letter that was sent."""
    before, case.tracking = case.tracking, _number(tracking)
    return {"单号": [before, case.tracking]}


def sign(case: Mailing, actor: Actor) -> None:
    """The receiver has signed for it."""
    case.signed_at = case.closed_at = clock(case)


def unsign(case: Mailing, actor: Actor) -> None:
    """It was not signed for after all."""
    case.signed_at = case.closed_at = None


def _number(typed: str) -> str:
    try:
        return tracking_number(typed)
    except ValueError as wrong:
        raise Refused(str(wrong)) from None
