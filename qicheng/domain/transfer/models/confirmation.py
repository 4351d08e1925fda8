"""What a graduate says of what was reported: one confirmation of each, and every answer that was given with what it was given to (CON)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from qicheng.domain.orgs.models import College, School
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Area, Role, Tier
from qicheng.foundation.access.rows import EVERYTHING, Scope, Scoped
from qicheng.foundation.flow.models import Case, Lock

if TYPE_CHECKING:
    from collections.abc import Mapping

# The parts of what is reported, each with the permission that staff read it by (ARC-07).
PARTS: Mapping[str, tuple[str, Area]] = {
    "destination": ("毕业去向", Area.EMPLOYMENT),
    "archive": ("档案", Area.ARCHIVE),
    "household": ("户口", Area.HOUSEHOLD),
}
# Whether the province has opened the module (ORG-02), read with the graduate's row.
CONFIRMATION_IS_OPEN = """coalesce((SELECT o.is_open FROM orgs_opening o JOIN orgs_school s ON s.province_id = o.province_id
    WHERE s.id = school_id AND o.cohort = roster_graduate.cohort AND o.module = 'confirmation'), false) AS is_open"""


class Confirmation(Case, Scoped):
    """What was reported of a graduate, and what the graduate says of it; one of each graduate, for good (CON-01, CON-02).

    `content` is what was reported, part by part (PARTS) in the columns of its record: the graduate's page shows nothing else, and
    whatever changes it raises `version`. `due_at` is when a report that waits goes up, in the database's time; NULL where nothing
    stands that could be reported. `wrong` are the parts that the graduate disputes. `denied_at` is when the graduate said that this
    is not the own destination; only the graduate's own next answer takes it away.
    """

    scope = Scope(
        graduate="graduate", college="college", school="school", province="school__province", ministry=EVERYTHING, tier="tier",
        area=Area.EMPLOYMENT,
    )  # fmt: skip
    detail = "transfer:confirmation"
    locks: ClassVar = (
        Lock(
            "graduate", "roster_graduate", (("cohort", "cohort"), ("id", "graduate_id")),
            ("id", "removed_at", "revision", "confirmed_revision", "clock_timestamp() AS now", CONFIRMATION_IS_OPEN),
        ),
    )  # fmt: skip
    frozen: ClassVar = (*Case.frozen, "school_id", "graduate_id")
    # A reminder changes nothing of the case: no open page goes stale.
    routing: ClassVar = ("college_id", "tier", "reminded_at")
    refusals: ClassVar = {"transfer_confirmation_graduate_id_key": "这位毕业生的登记信息已经在确认。"}

    school = models.ForeignKey(School, models.PROTECT, db_index=False)
    college = models.ForeignKey(College, models.PROTECT, db_index=False)
    tier = models.CharField(max_length=14, choices=[(t.value, t.label) for t in Tier if t is not Tier.ALL])
    graduate = models.OneToOneField(Graduate, models.PROTECT, db_constraint=False)
    content = models.JSONField(default=dict)
    due_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    denied_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    wrong = models.JSONField(default=list)

    class Meta(Scoped.Meta):
        indexes = [
            models.Index(fields=["school", "cohort", "state", "waiting_since", "id"], name="confirmation_school"),
            models.Index(fields=["college", "cohort", "state", "waiting_since", "id"], name="confirmation_college"),
            models.Index(fields=["due_at"], condition=Q(state="unreported", due_at__isnull=False), name="confirmation_due"),
            models.Index(fields=["school", "cohort"], condition=Q(denied_at__isnull=False), name="confirmation_denied"),
        ]  # fmt: skip

    @property
    def parts(self) -> list[str]:
        """The parts that were reported, in the order in which they are read."""
        return [part for part in PARTS if part in self.content]

    def audience(self, role: Role) -> int | None:
        nodes: dict[Role, int] = {
            Role.GRADUATE: self.graduate_id, Role.COLLEGE: self.college_id, Role.SCHOOL: self.school_id
        }  # fmt: skip
        return nodes.get(role)


class ConfirmationAnswer(Scoped):
    """One answer of the graduate, with all that was on the page that it was given to; only added, never changed (CON-02).

    `version` is that of the case after the answer. `wrong` are the parts that were said to be wrong, `is_denied` whether the
    destination was said not to be the graduate's own, `remark` what was written about it.
    """

    scope = Scope(
        graduate="confirmation__graduate", college="confirmation__college", school="confirmation__school",
        province="confirmation__school__province", ministry=EVERYTHING, tier="confirmation__tier", area=Area.EMPLOYMENT,
    )  # fmt: skip

    confirmation = models.ForeignKey(Confirmation, models.PROTECT)
    version = models.PositiveIntegerField()
    is_right = models.BooleanField()
    is_denied = models.BooleanField(default=False)
    wrong = models.JSONField(default=list)
    remark = models.CharField(max_length=500, blank=True)
    content = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["confirmation", "version"], name="one_answer_per_version")]

    def __str__(self) -> str:
        return f"answer {self.version} of confirmation {self.confirmation_id}"

    @property
    def verdict(self) -> str:
        """The answer in words."""
        if self.is_right:
            return "确认无误"
        named = "、".join(
            "这不是我的去向" if self.is_denied and part == "destination" else PARTS[part][0] for part in self.wrong
        )
        return f"确认有误：{named}"

    def values(self, part: str) -> dict[str, Any]:
        """What a part said, in the columns of its record."""
        said: dict[str, Any] = self.content.get(part, {})
        return said
