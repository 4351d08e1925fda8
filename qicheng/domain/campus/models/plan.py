"""A college's plan: what it reports of its graduates to the career centre, frozen line by line (PKU-03)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from qicheng.domain.orgs.models import College, School
from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Area, Role, Tier
from qicheng.foundation.access.rows import EVERYTHING, Scope, Scoped
from qicheng.foundation.flow.models import Case, Lock

_SETTINGS = Registration.locks[0]


class Plan(Case, Scoped):
    """What a college reports of its graduates of one tier; at most one of a college, cohort and tier.

    `rounds` counts how often it was reported, each time with lines of its own; `explanation` says why some have filled in nothing.
    Its acts hold the school's settings alone, so no act of a graduate is under way when the lines are written.
    """

    scope = Scope(
        college="college", school="school", province="school__province", ministry=EVERYTHING, tier="tier", area=Area.EMPLOYMENT
    )  # fmt: skip
    detail = "campus:plan"
    locks: ClassVar = (Lock("settings", _SETTINGS.table, _SETTINGS.key, _SETTINGS.columns),)
    frozen: ClassVar = (*Case.frozen, "school_id", "college_id", "tier")
    refusals: ClassVar = {"one_plan_of_a_college": "这个培养层次的就业方案已经上报过了。"}

    school = models.ForeignKey(School, models.PROTECT)
    college = models.ForeignKey(College, models.PROTECT)
    tier = models.CharField(max_length=14, choices=[(t.value, t.label) for t in Tier if t is not Tier.ALL])
    rounds = models.PositiveSmallIntegerField(default=1)
    total = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    explanation = models.CharField(max_length=500, blank=True)
    reported_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "college", "tier"], condition=Q(live=True), name="one_plan_of_a_college"
            )
        ]
        indexes = [models.Index(fields=["school", "cohort", "state"], name="plan_school")]

    def audience(self, role: Role) -> int | None:
        nodes: dict[Role, Any] = {Role.COLLEGE: self.college_id, Role.SCHOOL: self.school_id}
        return nodes.get(role)


class PlanLine(Scoped):
    """One graduate in one round of a plan, as it was then; only grows.

    `form` is the type's key, the name of a national way, 'recommended', or 'nothing' where nothing was filled in; `content` a digest of all that
    was filled in.
    """

    scope = Scope(
        college="plan__college", school="plan__school", province="plan__school__province", ministry=EVERYTHING, tier="plan__tier",
        area=Area.EMPLOYMENT,
    )  # fmt: skip

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="lines", db_index=False)
    cohort = models.PositiveSmallIntegerField()
    round = models.PositiveSmallIntegerField()
    place = models.PositiveIntegerField()
    graduate = models.ForeignKey(Graduate, models.PROTECT, db_constraint=False, db_index=False)
    name = models.CharField(max_length=60)
    student_number = models.CharField(max_length=20, blank=True)
    major = models.CharField(max_length=60)
    level = models.CharField(max_length=2)
    form = models.CharField(max_length=40, blank=True)
    way_out = models.CharField(max_length=20, blank=True)
    unit = models.CharField(max_length=120, blank=True)
    assigned = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=40, blank=True)
    case = models.CharField(max_length=40, blank=True)
    case_version = models.PositiveIntegerField(default=0)
    content = models.CharField(max_length=32, blank=True)

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["plan", "round", "place"], name="one_plan_line_of_a_place")]

    def __str__(self) -> str:
        return f"line {self.place} of plan {self.plan_id}"
