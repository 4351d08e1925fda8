"""Batches of letters: begun, filled, sent, signed for, printed; every letter moves by its own act (MAIL-02)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from qicheng.domain.transfer.models import MailBatch, Mailing, MailPrint
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, Stopped, be, note, perform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from qicheng.foundation.access import Actor

# What one page can carry, and one hand-over can be counted by hand.
MOST_LETTERS = 300


@dataclass(slots=True)
class Passed:
    """What became of many letters: how many moved, and (name, why) of those that did not."""

    moved: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)


def new_batch(actor: Actor, cohort: int, carrier: str = "ems") -> MailBatch:
    """An empty batch of the actor's school, with the next number. Raises NotOpen without the permission to write."""
    _may_write(actor)
    if carrier not in dict(MailBatch.CARRIERS):
        raise Refused("先选择由谁寄送。")
    for attempt in (1, 2, 3):
        try:
            with transaction.atomic():
                be(actor)
                last = _batches(actor).filter(school=actor.node, cohort=cohort).aggregate(last=Max("number"))["last"]
                batch = _batches(actor).create(
                    school_id=actor.node, cohort=cohort, number=(last or 0) + 1, tier=actor.tier, carrier=carrier,
                    account_id=actor.account,
                )  # fmt: skip
                note(actor, "new_batch", "mail_batch", subject=str(batch.public_id), cohort=cohort, school=actor.node)
                return batch
        except IntegrityError:
            # Somebody else's batch took the number.
            if attempt == 3:
                raise
    raise AssertionError


def waiting_batch(actor: Actor, cohort: int) -> MailBatch:
    """The newest batch of the actor's school and tier of which nothing has been sent, else a new one."""
    sent = Mailing.objects.unscoped("letters of the school's own batches").filter(
        sent_at__isnull=False, batch__isnull=False
    )
    rows = MailBatch.objects.seen_by(actor).filter(school=actor.node, cohort=cohort, tier=actor.tier)
    batch = rows.exclude(pk__in=sent.values("batch")).order_by("-number").first()
    return batch or new_batch(actor, cohort)


def take_all(actor: Actor, batch: MailBatch, letters: Iterable[Mailing]) -> Passed:
    """Take these letters into a batch; those that must not go yet stay, with the reason."""
    return _each(letters, lambda case: perform(case, "take", actor, seen=case.version, batch=batch))


def _send(case: Mailing, *, actor: Actor, seen: int | None, tracking: str) -> None:
    perform(case, "send", actor, seen=seen, tracking=tracking)


def send_all(actor: Actor, numbers: Iterable[tuple[Mailing, int | None, str]]) -> Passed:
    """Send letters under the numbers that were typed or scanned: (letter, the version that was seen, number)."""
    passed = Passed()
    for case, seen, tracking in numbers:
        one = _each([case], partial(_send, actor=actor, seen=seen, tracking=tracking))
        passed.moved += one.moved
        passed.left += one.left
    return passed


def sign_all(actor: Actor, letters: Iterable[Mailing]) -> Passed:
    """Note of many letters that they were signed for."""
    return _each(letters, lambda case: perform(case, "sign", actor, seen=case.version))


def keep_print(actor: Actor, batch: MailBatch, kind: str, letters: Mapping[str, Mapping[str, str]]) -> MailPrint:
    """Keep what was printed of a batch, so that the next print can say what is new."""
    with transaction.atomic():
        be(actor)
        made = MailPrint.objects.unscoped("the print of a batch that its page showed").create(
            batch=batch, kind=kind, letters=dict(letters), account_id=actor.account
        )
        words = f"{dict(MailPrint.KINDS)[kind]}，{len(letters)} 封"
        note(
            actor,
            "print",
            "mail_batch",
            subject=str(batch.public_id),
            cohort=batch.cohort,
            school=batch.school_id,
            words=words,
        )
    return made


def _each(letters: Iterable[Mailing], act: Callable[[Mailing], Any]) -> Passed:
    passed = Passed()
    for case in letters:
        try:
            act(case)
        except NotFound:
            continue
        except Stopped as stopped:
            passed.left.append((case.letter.get("name", ""), str(stopped)))
        else:
            passed.moved += 1
    return passed


def _may_write(actor: Actor) -> None:
    if not actor.may_write(Mailing.AREA):
        raise NotOpen("你的账号没有这项操作的权限。")


def _batches(actor: Actor) -> Any:
    # Numbers count on over all tiers of the school.
    return MailBatch.objects.unscoped("the batches of the actor's own school")
