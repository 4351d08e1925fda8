"""The row of each paper: of which case and record it was made, where its file lies, or why there is none yet."""

import uuid

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint


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
