"""What graduates have answered to the questionnaires of their school (PKU-08)."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from qicheng.domain.orgs.models import School
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Area
from qicheng.foundation.access.rows import Scope, Scoped

from .made import MadeForm, MadeVersion


class AnswerState(models.TextChoices):
    """What was submitted to an anonymous questionnaire is sealed: its row is the graduate's alone."""

    DRAFT = "draft", "已暂存"
    SUBMITTED = "submitted", "已提交"
    SEALED = "sealed", "已匿名提交"


class Answer(Scoped):
    """What one graduate answered to one questionnaire. `made` is the version that was filled in; `answers` bear the keys of its fields.

    The school sees no draft and nothing sealed; what was sealed is counted, and read without its person (`queries.questionnaires`).
    `public_id` says nothing of when: what is listed without its person is in this order.
    """

    scope = Scope(
        graduate="graduate", school="school", tier="graduate__tier", area=Area.EMPLOYMENT,
        unsent=(AnswerState.DRAFT.value, AnswerState.SEALED.value),
    )  # fmt: skip

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(School, models.PROTECT)
    cohort = models.PositiveSmallIntegerField()
    graduate = models.ForeignKey(Graduate, models.PROTECT, db_constraint=False)
    form = models.ForeignKey(MadeForm, models.PROTECT)
    made = models.ForeignKey(MadeVersion, models.PROTECT)
    state = models.CharField(max_length=9, choices=AnswerState.choices, default=AnswerState.DRAFT)
    answers: Any = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=0)
    begun_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["cohort", "graduate", "form"], name="one_answer"),
            models.CheckConstraint(
                condition=Q(state="draft", submitted_at=None) | (~Q(state="draft") & Q(submitted_at__isnull=False)),
                name="submitted_answers_have_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["form", "cohort", "submitted_at", "id"], condition=~Q(state="draft"), name="answer_submitted")
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.state} answer {self.public_id}"

    @property
    def is_submitted(self) -> bool:
        return self.state != AnswerState.DRAFT
