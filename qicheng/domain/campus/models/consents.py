"""Applications of graduates about their registered destination that college and career centre both have to consent to (PKU-05, PKU-07)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from qicheng.domain.orgs.models import College, School
from qicheng.domain.registration.models import UNSENT, Registration
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Area, Role, Tier
from qicheng.foundation.access.rows import EVERYTHING, Scope, Scoped
from qicheng.foundation.flow.models import Case, Lock

SCOPE = Scope(
    graduate="graduate", college="college", school="school", province="school__province", ministry=EVERYTHING, tier="tier",
    area=Area.EMPLOYMENT, unsent=UNSENT,
)  # fmt: skip
IS_OPEN_ALREADY = "你已经有一份这样的申请在办，办完或者撤回以后才能再申请。"
IS_DRAFTED_ALREADY = "你已经有一份没有提交的申请，接着填，或者删除以后再填新的。"


class Consent(Case, Scoped):
    """One application; at most one of a kind and graduate is live. The settings are locked first, then graduate and registration.

    `student` is the roster line as it was when the application was submitted, `applied_at` when that was for the first time.
    """

    scope: ClassVar = SCOPE
    locks: ClassVar[tuple[Lock, ...]] = (
        *Registration.locks,
        Lock("registration", "registration_registration", (("id", "registration_id"),), ("flow_name", "state", "kind")),
    )
    frozen: ClassVar = (*Case.frozen, "school_id", "graduate_id", "registration_id", "reason", "applied_at")
    routing: ClassVar = Registration.routing

    registration = models.ForeignKey(Registration, models.PROTECT, related_name="+")
    school = models.ForeignKey(School, models.PROTECT)
    college = models.ForeignKey(College, models.PROTECT)
    tier = models.CharField(max_length=14, choices=[(t.value, t.label) for t in Tier if t is not Tier.ALL])
    graduate = models.ForeignKey(Graduate, models.PROTECT, db_constraint=False)
    reason = models.CharField(max_length=500, blank=True)
    student = models.JSONField(default=dict)
    applied_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["cohort", "graduate"], condition=Q(live=True), name="one_live_%(class)s"),
            models.UniqueConstraint(fields=["cohort", "graduate"], condition=Q(state="draft"), name="one_draft_of_%(class)s"),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["school", "cohort", "state", "waiting_since", "id"], name="%(class)s_queue"),
            models.Index(fields=["college", "cohort", "state", "waiting_since", "id"], name="%(class)s_college"),
        ]

    @property
    def has_college_review(self) -> bool:
        """The college has its say first, whatever the school's settings are (PKU-05, PKU-07)."""
        return True

    def audience(self, role: Role) -> int | None:
        nodes: dict[Role, int] = {
            Role.GRADUATE: self.graduate_id, Role.COLLEGE: self.college_id, Role.SCHOOL: self.school_id
        }  # fmt: skip
        return nodes.get(role)


class Deferral(Consent):
    """暂缓派遣: file and household stay at the school until the end of `until`, if both consent (PKU-05)."""

    detail = "campus:deferral"
    refusals: ClassVar = {
        "one_live_deferral": IS_OPEN_ALREADY, "one_draft_of_deferral": IS_DRAFTED_ALREADY
    }  # fmt: skip
    frozen: ClassVar = (*Consent.frozen, "until")

    until = models.DateField()
    reminded_at = models.DateTimeField(null=True)

    class Meta(Consent.Meta):
        indexes = [
            *Consent.Meta.indexes,
            models.Index(fields=["until"], condition=Q(live=True), name="deferral_until"),
        ]


class OneChange(Consent):
    """更改毕业去向: the one change after approval; of a graduate and cohort at most one is ever granted (PKU-07).

    `wish` is the 就业形式 that it shall become, `wish_unit` the unit or school; `before` what was in force when it was submitted.
    """

    detail = "campus:one_change"
    refusals: ClassVar = {
        "one_live_onechange": IS_OPEN_ALREADY, "one_draft_of_onechange": IS_DRAFTED_ALREADY,
        "one_granted_change": "毕业去向最多只能更改一次，已经用过了。",
    }  # fmt: skip
    frozen: ClassVar = (*Consent.frozen, "wish", "wish_unit", "before")

    wish = models.CharField(max_length=40, blank=True)
    wish_unit = models.CharField(max_length=120, blank=True)
    before = models.CharField(max_length=200, blank=True)

    class Meta(Consent.Meta):
        constraints = [
            *Consent.Meta.constraints,
            models.UniqueConstraint(fields=["cohort", "graduate"], condition=Q(state="granted"), name="one_granted_change"),
        ]  # fmt: skip
