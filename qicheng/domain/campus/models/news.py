"""What a school tells its graduates on the page of its own platform: notices, news and activities (CAM-09)."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from qicheng.domain.orgs.models import School
from qicheng.foundation.access.rows import Scope, Scoped


class NewsKind(models.TextChoices):
    """The three lists of the guide; only an activity takes place at a time."""

    NOTICE = "notice", "公告"
    NEWS = "news", "新闻资讯"
    ACTIVITY = "activity", "学生活动"


class NewsItem(Scoped):
    """One item for the graduates of a cohort; it is published from the moment it is written until it is withdrawn.

    `text` is plain: paragraphs lie between empty lines. `source` names what published it where nobody wrote it, and is unique then.
    """

    scope = Scope(graduate="school__graduate", college="school__college", school="school")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(School, models.PROTECT)
    cohort = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=NewsKind.choices)
    title = models.CharField(max_length=60)
    text = models.TextField(max_length=5_000)
    dated_on = models.DateField()
    is_pinned = models.BooleanField(default=False)
    begins_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    place = models.CharField(max_length=80, blank=True)
    source = models.CharField(max_length=80, blank=True)
    version = models.PositiveIntegerField(default=1)
    published_at = models.DateTimeField(db_default=Now())
    withdrawn_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["school", "cohort", "source"], condition=~Q(source=""), name="one_item_of_a_source"),
            models.CheckConstraint(
                condition=Q(kind="activity", begins_at__isnull=False, ends_at__gt=F("begins_at"))
                | (~Q(kind="activity") & Q(begins_at=None, ends_at=None)),
                name="activities_have_a_time",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["school", "cohort", "kind", "-is_pinned", "-dated_on", "-id"], condition=Q(withdrawn_at=None),
                name="news_item_list",
            ),
            models.Index(
                fields=["school", "cohort", "begins_at"], condition=Q(withdrawn_at=None, kind="activity"), name="news_item_calendar"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_at is not None
