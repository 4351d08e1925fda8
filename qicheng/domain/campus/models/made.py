"""Forms that a school makes for itself, as rows: applications and questionnaires, in versions that are frozen once published (CAM-05, PKU-08)."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from qicheng.domain.orgs.models import School
from qicheng.foundation.access import Area
from qicheng.foundation.access.rows import Scope, Scoped


class Purpose(models.TextChoices):
    """What a form is made for; each belongs to a part of the profile."""

    APPLICATION = "application", "申请事项"
    QUESTIONNAIRE = "questionnaire", "问卷"


class MadeForm(Scoped):
    """A form of a school, for one cohort or for every one (`cohort` 0). `current` is the version that whoever begins now fills in.

    Published without a `closed_at` it is open, from `opens_on` to `closes_on`, both included.
    """

    scope = Scope(school="school", area=Area.EMPLOYMENT)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(School, models.PROTECT)
    cohort = models.PositiveSmallIntegerField(default=0)
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    title = models.CharField(max_length=40)
    about = models.CharField(max_length=1000, blank=True)
    opens_on = models.DateField(null=True)
    closes_on = models.DateField(null=True)
    current = models.ForeignKey("MadeVersion", models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField(db_default=Now())

    class Meta(Scoped.Meta):
        indexes = [models.Index(fields=["school", "purpose", "cohort"], name="made_form_school")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.public_id}"

    @property
    def is_open(self) -> bool:
        """Whether it is published and not closed; its days are another matter (`queries.made.open_on`)."""
        return self.current_id is not None and self.closed_at is None

    @property
    def standing(self) -> tuple[str, str]:
        """(tone, words) of where it stands."""
        if self.closed_at is not None:
            return "neu", "已关闭"
        return ("neu", "草稿，未发布") if self.current_id is None else ("ok", "已发布")


class MadeVersion(Scoped):
    """One version of a form: its list of fields (`sheets.made`), and in `terms` what its purpose has beside. Frozen once published."""

    scope = Scope(school="form__school", area=Area.EMPLOYMENT)

    form = models.ForeignKey(MadeForm, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(default=1)
    fields: Any = models.JSONField(default=list)
    terms: Any = models.JSONField(default=dict)
    published_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["form", "number"], name="one_version_of_a_number"),
            models.UniqueConstraint(fields=["form"], condition=Q(published_at__isnull=True), name="one_version_in_the_making"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"version {self.number} of form {self.form_id}"
