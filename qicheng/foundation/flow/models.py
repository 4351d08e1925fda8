"""The tables of the engine: Case, which every kind of case builds on, and Record, which only grows."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models.functions import Now

from .declare import FLOWS

if TYPE_CHECKING:
    from types import SimpleNamespace

    from qicheng.foundation.access import Role
    from qicheng.foundation.papers import ProofKind

    from .declare import Flow, State


@dataclass(frozen=True, slots=True)
class Lock:
    """A row above a case that is locked before it, always in the order declared (§5a): `key` maps its columns to the case's."""

    name: str
    table: str
    key: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    shared: bool = False

    def sql(self, *, hold: bool) -> str:
        where = " AND ".join(f"{column} = %({own})s" for column, own in self.key)
        lock = (" FOR SHARE" if self.shared else " FOR NO KEY UPDATE") if hold else ""
        return f"SELECT {', '.join(self.columns)} FROM {self.table} WHERE {where}{lock}"


class Case(models.Model):
    """Something that moves by acts. Its state is changed by `perform` alone, and the database's guard holds everybody to it.

    `cohort` is a year (0 where a case belongs to none); it is frozen when the case begins, and all unique constraints start with it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    flow_name = models.CharField(max_length=40)
    state = models.CharField(max_length=40)
    live = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=0)
    cohort = models.PositiveSmallIntegerField(default=0)
    begun_at = models.DateTimeField(db_default=Now())
    waiting_since = models.DateTimeField(db_default=Now())

    locks: ClassVar[tuple[Lock, ...]] = ()
    # Columns that no act changes, and columns that follow the roster without being an act (who reviews, ORG-06, ORG-07).
    frozen: ClassVar[tuple[str, ...]] = ("public_id", "flow_name", "cohort", "begun_at")
    routing: ClassVar[tuple[str, ...]] = ()
    # The database's constraints, as the reason in the user's words.
    refusals: ClassVar[dict[str, str]] = {}
    # The URL name of the page that shows a case by its public id.
    detail: ClassVar[str] = ""

    _around: dict[str, SimpleNamespace | None] | None = None

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.flow_name} {self.public_id}"

    @property
    def flow(self) -> Flow:
        return FLOWS[self.flow_name]

    @property
    def standing(self) -> State:
        """The declared state that the case is in."""
        return self.flow.states[self.state]

    @property
    def has_college_review(self) -> bool:
        """Whether a college reviews before the school; frozen in the case when it was submitted (SET-06)."""
        return False

    @property
    def verb(self) -> str:
        """The word for a review of this case: 审核, unless the case knows a better one (SET-01)."""
        return "审核"

    @property
    def proofs_asked(self) -> tuple[ProofKind, ...]:
        """The kinds of proof that this case takes, as its flow declares them (REG-09), in the order in which they are asked for."""
        return self.flow.proofs(self) if self.flow.proofs else ()

    @property
    def title(self) -> str:
        """What this case is called: its flow's label, or what the flow makes of the case."""
        return self.flow.title(self) if self.flow.title else self.flow.label

    def said(self, label: str) -> str:
        """A declared label in the words of this case."""
        return label.replace("审核", self.verb)

    def audience(self, role: Role) -> int | None:
        """The node of that role that this case concerns, to be told."""
        raise NotImplementedError

    def above(self, name: str) -> SimpleNamespace | None:
        """A row above the case, as `locks` declares it: the locked one inside `perform`, else the row as it is now."""
        if self._around is None:
            from .perform import look_around  # noqa: PLC0415 -- the engine stands on its tables

            self._around = look_around(self, hold=False)
        return self._around[name]


class Record(models.Model):
    """One act, for ever: who did what, when, from where, why, and what it changed (REG-05)."""

    flow = models.CharField(max_length=40)
    case = models.CharField(max_length=40, blank=True)
    cohort = models.PositiveSmallIntegerField(default=0)
    school_id = models.BigIntegerField(null=True)
    act = models.CharField(max_length=40)
    before = models.CharField(max_length=40, blank=True)
    after = models.CharField(max_length=40, blank=True)
    version = models.PositiveIntegerField(default=0)
    role = models.CharField(max_length=12)
    node = models.BigIntegerField(default=0)
    account_id = models.BigIntegerField(null=True)
    name = models.CharField(max_length=100, blank=True)
    unit = models.CharField(max_length=200, blank=True)
    origin = models.CharField(max_length=45, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    words = models.TextField(blank=True)
    internal = models.TextField(blank=True)
    changes = models.JSONField(default=dict)
    key = models.CharField(max_length=64, null=True, blank=True)
    at = models.DateTimeField(db_default=Now())
    # The transaction that wrote it: what readers of changes go by (`foundation/flow/feed.py`); 0 before there were any.
    xact = models.BigIntegerField(db_default=models.Func(function="flow_position"), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "version"], condition=models.Q(version__gt=0), name="one_record_per_version"
            ),
            models.UniqueConstraint(fields=["account_id", "key"], name="one_effect_per_key"),
        ]
        indexes = [
            models.Index(fields=["case", "id"], name="record_case"),
            models.Index(fields=["school_id", "cohort", "flow", "id"], name="record_school"),
            models.Index(fields=["school_id", "xact", "id"], name="record_feed"),
        ]

    def __str__(self) -> str:
        return f"{self.flow} {self.act} {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("a record is never changed")
        super().save(*args, **kwargs)


class Step(models.Model):
    """What the database's guard knows of the flows, written from the declarations by `migrate` (§5a)."""

    flow = models.CharField(max_length=40)
    before = models.CharField(max_length=40, blank=True)
    after = models.CharField(max_length=40)
    role = models.CharField(max_length=12)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["flow", "before", "after", "role"], name="one_step")]

    def __str__(self) -> str:
        return f"{self.flow}: {self.before} → {self.after} ({self.role})"


class Standing(models.Model):
    """The declared states, for the guard: whether a case in it is live or settled, and what may still change."""

    flow = models.CharField(max_length=40)
    state = models.CharField(max_length=40)
    live = models.BooleanField()
    settled = models.BooleanField()
    amendable = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["flow", "state"], name="one_standing")]

    def __str__(self) -> str:
        return f"{self.flow}: {self.state}"
