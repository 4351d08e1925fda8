"""What graduates say of themselves before they register: personal information at once (CAM-02), the supplement by review (PKU-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q

from qicheng.domain.orgs.models import College, School
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Area, Role, Tier
from qicheng.foundation.access.rows import EVERYTHING, Scope, Scoped
from qicheng.foundation.flow.models import Case, Lock

# What its graduate alone sees.
UNSENT = ("draft",)
LOCKS = (
    Lock(
        "settings", "orgs_signingsettings", (("school_id", "school_id"), ("cohort", "cohort")),
        ("submitted_at", "clock_timestamp() AS now"), shared=True,
    ),
    Lock(
        "graduate", "roster_graduate", (("cohort", "cohort"), ("id", "graduate_id")),
        ("id", "account_id", "removed_at", "political_status", "origin", "hardship", "class_name", "phone", "email", "extra"),
    ),
)  # fmt: skip


class OwnInformation(Case, Scoped):
    """What a graduate has said of itself: `terms` in the keys of its sheet, as submitted last."""

    locks: ClassVar = LOCKS
    frozen: ClassVar = (*Case.frozen, "school_id", "graduate_id")
    routing: ClassVar = ("college_id", "tier")

    school = models.ForeignKey(School, models.PROTECT)
    college = models.ForeignKey(College, models.PROTECT)
    tier = models.CharField(max_length=14, choices=[(t.value, t.label) for t in Tier if t is not Tier.ALL])
    terms = models.JSONField(default=dict)
    submitted_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        abstract = True

    if TYPE_CHECKING:
        graduate: Any
        graduate_id: int

    def audience(self, role: Role) -> int | None:
        nodes: dict[Role, int] = {
            Role.GRADUATE: self.graduate_id, Role.COLLEGE: self.college_id, Role.SCHOOL: self.school_id
        }  # fmt: skip
        return nodes.get(role)


class PersonalInformation(OwnInformation):
    """个人信息完善 of a graduate: one of each, there from the first submission on, written to the roster at once (CAM-02)."""

    scope = Scope(
        graduate="graduate", college="college", school="school", province="school__province", ministry=EVERYTHING, tier="tier",
        area=Area.EMPLOYMENT,
    )  # fmt: skip
    detail = "campus:personal_case"
    refusals: ClassVar = {"campus_personalinformation_graduate_id_key": "个人信息刚刚提交过，看过最新内容再改。"}

    graduate = models.OneToOneField(Graduate, models.PROTECT, db_constraint=False)


class Supplement(OwnInformation):
    """补充个人就业信息 of a graduate: one submission, which the college reviews; at most one is open (PKU-01).

    `before` is what the roster said of the same when it was submitted.
    """

    scope = Scope(
        graduate="graduate", college="college", school="school", province="school__province", ministry=EVERYTHING, tier="tier",
        area=Area.EMPLOYMENT, unsent=UNSENT,
    )  # fmt: skip
    detail = "campus:supplement_case"
    frozen: ClassVar = (*OwnInformation.frozen, "terms", "before")
    refusals: ClassVar = {"one_open_supplement": "你已经有一份补充信息在办，看过最新内容再改。"}

    graduate = models.ForeignKey(Graduate, models.PROTECT, db_constraint=False)
    before = models.JSONField(default=dict)
    closed_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["cohort", "graduate"], condition=Q(live=True), name="one_open_supplement")
        ]
        indexes = [
            models.Index(
                fields=["college", "cohort", "waiting_since", "id"], condition=Q(state="college_review"), name="supplement_queue"
            )
        ]  # fmt: skip
