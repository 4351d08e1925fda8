"""The row of each paper, proof and export: whose it is, where its file lies, or why there is none yet."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import Now

if TYPE_CHECKING:
    from qicheng.foundation.access import Actor


class Paper(models.Model):
    """One document of a case, made once from one record and never changed after."""

    class State(models.TextChoices):
        WAITING = "waiting", "正在生成"
        HELD = "held", "暂不能生成"
        MADE = "made", "已生成"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=40)
    flow = models.CharField(max_length=40)
    case = models.CharField(max_length=64)
    record = models.CharField(max_length=64)
    cohort = models.PositiveSmallIntegerField()
    school_id = models.BigIntegerField()
    number = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=500, blank=True, help_text="Why a held paper is held, in the reader's words.")
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveIntegerField(default=0, help_text="In bytes.")
    path = models.CharField(max_length=200, blank=True, help_text="Below QICHENG_FILES.")
    made_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(fields=["kind", "record"], name="one_paper_per_record"),
            CheckConstraint(condition=Q(state__in=["waiting", "held", "made"]), name="paper_state_known"),
            CheckConstraint(
                condition=Q(state="made", size__gt=0, made_at__isnull=False) & ~Q(sha256="") & ~Q(path="")
                | ~Q(state="made") & Q(sha256="", path="", size=0, made_at__isnull=True),
                name="paper_made_with_its_file",
            ),
            CheckConstraint(
                condition=Q(state="held") & ~Q(reason="") | ~Q(state="held") & Q(reason=""),
                name="paper_held_with_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["flow", "case"], name="papers_of_a_case")]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"

    @property
    def is_made(self) -> bool:
        return self.state == self.State.MADE


class Proof(models.Model):
    """One picture or PDF that somebody brought to a case, made again. Its content never changes; `guard` in the database holds it.

    `parts` are the files beside the whole: a small picture, and pictures of a PDF's pages, each with media, sha256, size, width and
    height. `source_sha256` is of the file as it came. A proof that was once submitted keeps its file for ever.
    """

    class Media(models.TextChoices):
        JPEG = "image/jpeg"
        PNG = "image/png"
        WEBP = "image/webp"
        PDF = "application/pdf"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    flow = models.CharField(max_length=40)
    case = models.CharField(max_length=64)
    cohort = models.PositiveSmallIntegerField()
    school_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=40)
    place = models.PositiveSmallIntegerField(help_text="Its place among those of its kind, from 1.")
    media = models.CharField(max_length=20, choices=Media.choices)
    sha256 = models.CharField(max_length=64)
    phash = models.CharField(max_length=16, help_text="Near each other for pictures that look alike.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField(help_text="In bytes.")
    parts = models.JSONField(default=dict)
    path = models.CharField(max_length=200, blank=True, help_text="Below QICHENG_FILES; empty once it was let go.")
    source_sha256 = models.CharField(max_length=64)
    source_size = models.PositiveIntegerField(help_text="In bytes, as it came.")
    role = models.CharField(max_length=12)
    account_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(db_default=Now())
    frozen_at = models.DateTimeField(null=True, help_text="When it was first submitted.")
    removed_at = models.DateTimeField(null=True)
    removed_by = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            UniqueConstraint(
                fields=["flow", "case", "kind", "source_sha256"],
                condition=Q(removed_at__isnull=True),
                name="one_proof_per_content",
            ),
            CheckConstraint(
                condition=Q(media__in=["image/jpeg", "image/png", "image/webp", "application/pdf"]),
                name="proof_media_known",
            ),
            CheckConstraint(condition=Q(size__gt=0, width__gt=0, height__gt=0), name="proof_of_some_size"),
            CheckConstraint(
                condition=~Q(path="") | Q(removed_at__isnull=False, frozen_at__isnull=True), name="proof_with_its_file"
            ),
        ]
        indexes = [
            models.Index(fields=["flow", "case", "kind", "place"], name="proofs_of_a_case"),
            models.Index(
                fields=["removed_at"], condition=Q(frozen_at__isnull=True) & ~Q(path=""), name="proofs_to_let_go"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"

    @property
    def is_document(self) -> bool:
        """Whether it is a PDF, looked at page by page."""
        return self.media == self.Media.PDF

    @property
    def pages(self) -> list[str]:
        """The parts that are looked at: the pages of a PDF, or the whole of a picture."""
        return sorted((name for name in self.parts if name.isdecimal()), key=int) if self.is_document else ["whole"]


class ProofSet(models.Model):
    """The proofs of a case as they were submitted: [kind, public id, sha256] of each, in order, under a version made of them."""

    flow = models.CharField(max_length=40)
    case = models.CharField(max_length=64)
    version = models.CharField(max_length=16)
    content = models.JSONField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [UniqueConstraint(fields=["flow", "case", "version"], name="one_proof_set_per_version")]

    def __str__(self) -> str:
        return f"{self.case} {self.version}"


class ExportRows(models.Manager["Export"]):
    """Exports are whose asked for them: the account, in the seat in which it asked."""

    def of(self, actor: Actor) -> models.QuerySet[Export]:
        """The exports of whoever asks; nobody's for who has no account."""
        if actor.account is None:
            return self.none()
        return self.filter(account=actor.account, role=actor.role, node=actor.node)


class Export(models.Model):
    """A list that somebody takes away. `room` and `listing` name the list, `query` are its filters and order, `wanted` these in words.

    A short one is handed out in the request and keeps no file; a long one waits for the worker, and its file goes after a day.
    """

    STATES: ClassVar = (
        ("handed", "已下载"), ("waiting", "等待生成"), ("making", "正在生成"), ("ready", "可以下载"), ("failed", "没有完成"),
        ("cancelled", "已取消"), ("gone", "已到期清理"),
    )  # fmt: skip
    AT_WORK: ClassVar = ("waiting", "making")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.BigIntegerField()
    role = models.CharField(max_length=12)
    node = models.BigIntegerField()
    tier = models.CharField(
        max_length=14, default="all", help_text="Of the seat when the file was made, as its levels."
    )
    levels = models.JSONField(default=dict)
    by = models.CharField(max_length=60)
    unit = models.CharField(max_length=200, blank=True)
    origin = models.CharField(max_length=60, blank=True)
    room = models.CharField(max_length=20)
    listing = models.CharField(max_length=60)
    label = models.CharField(max_length=60)
    cohort = models.PositiveSmallIntegerField(default=0)
    moment = models.DateTimeField(null=True)
    query = models.JSONField(default=dict)
    wanted = models.JSONField(default=dict)
    columns = models.JSONField(default=list)
    purpose = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=STATES, default="waiting")
    reason = models.CharField(max_length=200, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    path = models.CharField(max_length=100, blank=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    downloads = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(db_default=Now())
    moved_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    objects: ClassVar[ExportRows] = ExportRows()

    class Meta:
        constraints = [
            UniqueConstraint(fields=["account", "key"], condition=~Q(key=""), name="one_export_per_key"),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="export_account"),
            models.Index(fields=["moved_at"], condition=Q(state__in=["waiting", "making"]), name="export_at_work"),
            models.Index(fields=["expires_at"], condition=~Q(path=""), name="export_kept"),
        ]

    def __str__(self) -> str:
        return f"export {self.pk}"

    @property
    def is_at_work(self) -> bool:
        """Whether it is waiting or being made."""
        return self.state in self.AT_WORK
