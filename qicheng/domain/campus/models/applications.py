"""A graduate's application of a kind that its school declared itself (CAM-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q

from qicheng.domain.orgs.models import College, School
from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Area, Role, Tier
from qicheng.foundation.access.rows import EVERYTHING, Scope, Scoped
from qicheng.foundation.flow.models import Case, Lock

from .made import MadeForm, MadeVersion

if TYPE_CHECKING:
    from collections.abc import Mapping

UNSENT = ("draft", "discarded")


class Levels(models.TextChoices):
    """Who reviews, in this order."""

    NONE = "none", "不用审核，提交就办结"
    COLLEGE = "college", "学院审核"
    SCHOOL = "school", "学校审核"
    BOTH = "both", "学院审核，再学校审核"


class Application(Case, Scoped):
    """One application. `made` is the version of the form that it was begun with, whatever the school publishes since.

    `levels` and `notice_days` are that version's; `answers` bear the keys of its fields, `line` is the roster line as it was submitted.
    `noticed_until` is the end of the public notice, not included; `number` stands on the printed result.
    """

    scope = Scope(
        graduate="graduate", college="college", school="school", province="school__province", ministry=EVERYTHING, tier="tier",
        area=Area.EMPLOYMENT, unsent=UNSENT,
    )  # fmt: skip
    detail = "campus:application"
    locks: ClassVar = (
        *Registration.locks,
        Lock(
            "form", "campus_madeform", (("id", "form_id"),), ("title", "current_id", "opens_on", "closes_on", "closed_at"), shared=True
        ),
    )  # fmt: skip
    frozen: ClassVar = (
        *Case.frozen, "school_id", "graduate_id", "form_id", "made_id", "name", "levels", "notice_days", "answers", "line",
    )  # fmt: skip
    routing: ClassVar = Registration.routing
    refusals: ClassVar = {
        "one_live_application": "你已经有一份这样的申请在办，办完或者撤回以后才能再申请。",
        "one_draft_of_an_application": "你已经有一份没有提交的，接着填，或者删除以后再填新的。",
    }

    school = models.ForeignKey(School, models.PROTECT)
    college = models.ForeignKey(College, models.PROTECT)
    tier = models.CharField(max_length=14, choices=[(t.value, t.label) for t in Tier if t is not Tier.ALL])
    graduate = models.ForeignKey(Graduate, models.PROTECT, db_constraint=False)
    form = models.ForeignKey(MadeForm, models.PROTECT)
    made = models.ForeignKey(MadeVersion, models.PROTECT)
    name = models.CharField(max_length=40)
    levels = models.CharField(max_length=8, choices=Levels.choices)
    notice_days = models.PositiveSmallIntegerField(default=0)
    answers: Any = models.JSONField(default=dict)
    line: Any = models.JSONField(default=dict)
    number = models.CharField(max_length=18, blank=True)
    submitted_at = models.DateTimeField(null=True)
    noticed_until = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "graduate", "form"], condition=Q(live=True), name="one_live_application"
            ),
            models.UniqueConstraint(
                fields=["cohort", "graduate", "form"], condition=Q(state="draft"), name="one_draft_of_an_application"
            ),
            models.UniqueConstraint(
                fields=["cohort", "number"], condition=~Q(number=""), name="one_application_of_a_number"
            ),
        ]
        indexes = [
            models.Index(fields=["school", "cohort", "state", "waiting_since", "id"], name="application_school"),
            models.Index(fields=["college", "cohort", "state", "waiting_since", "id"], name="application_college"),
            models.Index(fields=["noticed_until"], condition=Q(state="noticed"), name="application_noticed"),
        ]  # fmt: skip

    @property
    def has_college_review(self) -> bool:
        return self.levels in (Levels.COLLEGE, Levels.BOTH)

    def audience(self, role: Role) -> int | None:
        nodes: Mapping[Role, int] = {
            Role.GRADUATE: self.graduate_id, Role.COLLEGE: self.college_id, Role.SCHOOL: self.school_id
        }  # fmt: skip
        return nodes.get(role)
