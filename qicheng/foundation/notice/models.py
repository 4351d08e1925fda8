"""Messages owed and sent: one row for each act, audience and channel, written in the act's own transaction (NOT-02)."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Notice(models.Model):
    """A message that an act owes somebody. `role` and `node` say to whom; the address is found when it is sent.

    States: owed → sending → sent. A failed one is owed again later, until an operator has to look (stuck); one whose receiver
    has no address on that channel is without.
    """

    OWED, SENDING, SENT, STUCK, WITHOUT = "owed", "sending", "sent", "stuck", "without"

    record = models.BigIntegerField()
    flow = models.CharField(max_length=40)
    case = models.CharField(max_length=40, blank=True)
    act = models.CharField(max_length=40)
    cohort = models.PositiveSmallIntegerField(default=0)
    role = models.CharField(max_length=12)
    node = models.BigIntegerField()
    channel = models.CharField(max_length=10)
    state = models.CharField(max_length=8, default=OWED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    made_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, blank=True)
    # Since when it may have gone out without anybody saying so, and under which number the other side knows it.
    unsure_at = models.DateTimeField(null=True)
    reference = models.CharField(max_length=80, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["record", "role", "node", "channel"], name="one_notice_per_channel"),
        ]
        indexes = [
            models.Index(fields=["role", "node", "-id"], condition=models.Q(channel="inbox"), name="notice_inbox"),
            models.Index(fields=["due_at"], condition=models.Q(state__in=["owed", "sending"]), name="notice_owed"),
            models.Index(fields=["channel", "act", "id"], condition=models.Q(state="stuck"), name="notice_stuck"),
            models.Index(fields=["channel", "reference"], condition=~models.Q(reference=""), name="notice_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.flow} {self.act} {self.channel}"


class Refusal(models.Model):
    """A way on which somebody does not want a kind of message; what must be told has no kind and comes all the same (NOT-01)."""

    role = models.CharField(max_length=12)
    node = models.BigIntegerField()
    kind = models.CharField(max_length=10)
    channel = models.CharField(max_length=10)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "node", "kind", "channel"], name="one_refusal")]

    def __str__(self) -> str:
        return f"{self.kind} {self.channel}"


class Circuit(models.Model):
    """How a channel has worked lately, for all workers: after five failures in a row it rests, then one message tries it."""

    channel = models.CharField(max_length=10, primary_key=True)
    failures = models.PositiveSmallIntegerField(default=0)
    shut_until = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.channel}: {self.failures}"


class Grant(models.Model):
    """What another side has given us to speak with for a while, shared by all processes; put away (`kit.strongbox`)."""

    side = models.CharField(max_length=20, primary_key=True)
    kept = models.BinaryField(default=b"")
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.side
