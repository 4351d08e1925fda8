"""户档信息登记: where file and household are to go, registered after the destination and reviewed by itself (CAM-07, CAM-08)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from qicheng.domain.orgs.models import College, Edition, School
from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Area, Role, Tier
from qicheng.foundation.access.rows import EVERYTHING, Scope, Scoped
from qicheng.foundation.flow.models import Case, Lock

# The flow of the destination that it follows.
PLATFORM = "platform"


class FileRegistration(Case, Scoped):
    """What a graduate registers of file and household; one of a graduate is live, from the draft on.

    `terms` bear the keys of `sheets.files`, and with them what the records take over (ARC-03); `unit` is what the destination said
    when it was submitted ({} before).
    """

    scope = Scope(
        graduate="graduate", college="college", school="school", province="school__province", ministry=EVERYTHING, tier="tier",
        area=Area.ARCHIVE, unsent=("draft",),
    )  # fmt: skip
    detail = "campus:file_case"
    locks: ClassVar = (
        Registration.locks[0],
        Lock(
            "graduate", "roster_graduate", (("cohort", "cohort"), ("id", "graduate_id")),
            ("id", "name", "phone", "removed_at", "revision", "confirmed_revision", "archive_moved", "household_moved", "extra"),
        ),
        Lock(
            "destination", "registration_registration",
            (("cohort", "cohort"), ("graduate_id", "graduate_id"), ("flow_name", "destination_flow"), ("live", "is_there")),
            ("id", "state", "kind", "destination", "employer_name", "employer_shown", "terms"), shared=True,
        ),
    )  # fmt: skip
    frozen: ClassVar = (*Case.frozen, "school_id", "graduate_id", "edition", "terms", "unit")
    routing: ClassVar = ("college_id", "tier")
    refusals: ClassVar = {"one_live_file_registration": "你已经有一份户档信息登记，接着填那一份。"}
    # Which row above it is the destination that the graduate has.
    destination_flow: ClassVar = PLATFORM
    is_there: ClassVar = True

    school = models.ForeignKey(School, models.PROTECT)
    college = models.ForeignKey(College, models.PROTECT)
    tier = models.CharField(max_length=14, choices=[(t.value, t.label) for t in Tier if t is not Tier.ALL])
    graduate = models.ForeignKey(Graduate, models.PROTECT, db_constraint=False)
    edition = models.CharField(max_length=4, choices=Edition.choices)
    terms: Any = models.JSONField(default=dict)
    unit: Any = models.JSONField(default=dict)
    submitted_at = models.DateTimeField(null=True)
    effective_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "graduate"], condition=Q(live=True), name="one_live_file_registration"
            )
        ]
        indexes = [
            models.Index(fields=["school", "cohort", "state", "waiting_since", "id"], name="file_registration_school"),
            models.Index(fields=["college", "cohort", "state", "waiting_since", "id"], name="file_registration_college"),
        ]  # fmt: skip

    @property
    def has_college_review(self) -> bool:
        """Always two levels, whatever the school has set for its agreements (CAM-08)."""
        return True

    def audience(self, role: Role) -> int | None:
        nodes: dict[Role, int] = {
            Role.GRADUATE: self.graduate_id, Role.COLLEGE: self.college_id, Role.SCHOOL: self.school_id
        }  # fmt: skip
        return nodes.get(role)
