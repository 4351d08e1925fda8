"""Where a graduate's file and household go: one record of each, and the graduate's applications to change them (ARC)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from qicheng.domain.orgs.models import College, Edition, ReviewMode, School
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Area, Role, Tier
from qicheng.foundation.access.rows import EVERYTHING, Scope, Scoped
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.models import Case, Lock

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a record says, beside its type.
SAID = ("receiver", "region", "address", "contact", "phone", "postcode")
# Whether the province has opened the module (ORG-02), read with the settings' row; a module bears the name of its area.
MODULE_IS_OPEN = """coalesce((SELECT o.is_open FROM orgs_opening o JOIN orgs_school s ON s.province_id = o.province_id
    WHERE s.id = school_id AND o.cohort = orgs_transfersettings.cohort AND o.module = orgs_transfersettings.area), false) AS is_open"""
UNSENT = ("draft", "discarded")


class TransferRecord(Scoped):
    """Where one thing of a graduate goes, as it stands: file or household (ARC-01). Without a `kind` it is 未登记.

    `origin` is the flow whose case `origin_case` it came from (ARC-03), or one of ORIGINS. Codes are those of `sheets.KINDS`.
    """

    AREA: ClassVar[Area]
    ORIGINS: ClassVar[Mapping[str, str]] = {"edit": "老师修改", "upload": "批量上传"}

    graduate = models.OneToOneField(Graduate, models.PROTECT, db_constraint=False)
    cohort = models.PositiveSmallIntegerField()
    school = models.ForeignKey(School, models.PROTECT)
    kind = models.CharField(max_length=20, blank=True)
    receiver = models.CharField(max_length=120, blank=True)
    region = models.CharField(max_length=6, blank=True)
    address = models.CharField(max_length=200, blank=True)
    contact = models.CharField(max_length=40, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    postcode = models.CharField(max_length=6, blank=True)
    origin = models.CharField(max_length=40, blank=True)
    origin_case = models.CharField(max_length=40, blank=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta(Scoped.Meta):
        abstract = True

    def __str__(self) -> str:
        return f"{self.AREA} of graduate {self.graduate_id}"

    @property
    def is_registered(self) -> bool:
        """登记成功, or else 未登记 (ARC-05)."""
        return bool(self.kind)

    @property
    def came_from(self) -> str:
        """Where the values came from, in the reader's words (ARC-03); '' where there are none."""
        return FLOWS[self.origin].label if self.origin in FLOWS else self.ORIGINS.get(self.origin, "")

    @property
    def values(self) -> dict[str, str]:
        """The record in the keys of its sheet."""
        return {key: getattr(self, key) for key in ("kind", *SAID)}


class ArchiveRecord(TransferRecord):
    """Where a graduate's file goes."""

    AREA = Area.ARCHIVE
    scope = Scope(
        graduate="graduate", college="graduate__college", school="school", province="school__province", ministry=EVERYTHING,
        tier="graduate__tier", area=Area.ARCHIVE,
    )  # fmt: skip


class HouseholdRecord(TransferRecord):
    """Where a graduate's household registration goes."""

    AREA = Area.HOUSEHOLD
    scope = Scope(
        graduate="graduate", college="graduate__college", school="school", province="school__province", ministry=EVERYTHING,
        tier="graduate__tier", area=Area.HOUSEHOLD,
    )  # fmt: skip


def _locks(area: Area) -> tuple[Lock, ...]:
    """What an application locks before itself, in this order."""
    return (
        Lock(
            "settings", "orgs_transfersettings", (("school_id", "school_id"), ("cohort", "cohort"), ("area", "area")),
            ("is_on", "review_mode", "submitted_at", "clock_timestamp() AS now", MODULE_IS_OPEN), shared=True,
        ),
        Lock(
            "graduate", "roster_graduate", (("cohort", "cohort"), ("id", "graduate_id")),
            ("id", "name", "phone", "removed_at", "revision", "confirmed_revision", f"{area.value}_moved AS moved", "extra"),
        ),
        Lock("record", f"transfer_{area.value}record", (("graduate_id", "graduate_id"),), ("version", "kind", *SAID)),
    )  # fmt: skip


class RecordChange(Case, Scoped):
    """A graduate's application to change its record (ARC-05); at most one of a graduate is live.

    `kind` and `terms` are what is asked for, `before` the record as it was when the application was submitted, `record_version`
    its version then (0 where there was none).
    """

    AREA: ClassVar[Area]
    area: ClassVar[str]
    frozen: ClassVar = (*Case.frozen, "school_id", "graduate_id", "edition", "kind", "terms")
    routing: ClassVar = ("college_id", "tier")

    school = models.ForeignKey(School, models.PROTECT)
    college = models.ForeignKey(College, models.PROTECT)
    tier = models.CharField(max_length=14, choices=[(t.value, t.label) for t in Tier if t is not Tier.ALL])
    graduate = models.ForeignKey(Graduate, models.PROTECT, db_constraint=False)
    edition = models.CharField(max_length=4, choices=Edition.choices)
    review_mode = models.CharField(max_length=20, choices=ReviewMode.choices, blank=True)
    kind = models.CharField(max_length=20, blank=True)
    terms = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    record_version = models.PositiveIntegerField(default=0)
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
        return self.review_mode == ReviewMode.COLLEGE_THEN_SCHOOL

    @property
    def values(self) -> dict[str, Any]:
        """What is asked for, in the keys of the sheet."""
        return {"kind": self.kind} | {key: self.terms.get(key) or "" for key in SAID}

    def audience(self, role: Role) -> int | None:
        nodes: dict[Role, int] = {
            Role.GRADUATE: self.graduate_id, Role.COLLEGE: self.college_id, Role.SCHOOL: self.school_id
        }  # fmt: skip
        return nodes.get(role)


IS_OPEN_ALREADY = "你已经有一份修改申请在办，办完或者撤回以后才能再申请。"
IS_DRAFTED_ALREADY = "你已经有一份没有提交的修改申请，接着填，或者删除以后再填新的。"


class ArchiveChange(RecordChange):
    """An application to change where the file goes."""

    AREA, area = Area.ARCHIVE, Area.ARCHIVE.value
    scope = Scope(
        graduate="graduate", college="college", school="school", province="school__province", ministry=EVERYTHING, tier="tier",
        area=Area.ARCHIVE, unsent=UNSENT,
    )  # fmt: skip
    detail = "transfer:archive_change"
    locks = _locks(Area.ARCHIVE)
    refusals: ClassVar = {"one_live_archivechange": IS_OPEN_ALREADY, "one_draft_of_archivechange": IS_DRAFTED_ALREADY}


class HouseholdChange(RecordChange):
    """An application to change where the household registration goes."""

    AREA, area = Area.HOUSEHOLD, Area.HOUSEHOLD.value
    scope = Scope(
        graduate="graduate", college="college", school="school", province="school__province", ministry=EVERYTHING, tier="tier",
        area=Area.HOUSEHOLD, unsent=UNSENT,
    )  # fmt: skip
    detail = "transfer:household_change"
    locks = _locks(Area.HOUSEHOLD)
    refusals: ClassVar = {
        "one_live_householdchange": IS_OPEN_ALREADY,
        "one_draft_of_householdchange": IS_DRAFTED_ALREADY,
    }


RECORDS: Mapping[Area, type[TransferRecord]] = {model.AREA: model for model in (ArchiveRecord, HouseholdRecord)}
CHANGES: Mapping[Area, type[RecordChange]] = {model.AREA: model for model in (ArchiveChange, HouseholdChange)}
