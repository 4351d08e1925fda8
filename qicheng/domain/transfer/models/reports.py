"""The transfer report: what is printed of a graduate for whoever receives file or household, its number, and batches of reports (REP)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from qicheng.domain.orgs.models import Account, College, School
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Area, Role, Tier
from qicheng.foundation.access.rows import EVERYTHING, Scope, Scoped
from qicheng.foundation.flow.models import Case, Lock

from .records import SAID

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a report says of the employment record; a change of any of it supersedes the report.
STATED = (
    "destination", "employer_name", "credit_code", "nature", "industry", "area", "address", "job_category", "contact", "phone",
    "mobile", "email", "number",
)  # fmt: skip
# What it says of the roster's line (图 47).
PERSON = ("name", "sex", "graduates_on", "study_years", "major", "level", "origin")
IS_ISSUED_ALREADY = "这位毕业生已经有一份报告，信息没有变化时不用重新生成。"


def _locks(area: Area) -> tuple[Lock, ...]:
    """What a report locks before itself, in this order: it is made of these rows, and of nothing that changes beside them."""
    return (
        Lock("graduate", "roster_graduate", (("cohort", "cohort"), ("id", "graduate_id")),
             ("id", "removed_at", "revision", f"{area.value}_moved AS moved", *PERSON)),
        Lock("employment", "roster_employmentrecord", (("cohort", "cohort"), ("graduate_id", "graduate_id")), ("version", "cohort", "source", '"case" AS came_from', *STATED)),
        Lock("record", f"transfer_{area.value}record", (("graduate_id", "graduate_id"),), ("version", "kind", *SAID)),
    )  # fmt: skip


class TransferReport(Case, Scoped):
    """A report of one issue (`KIND`: graduate, archive, household); at most one of a graduate stands at a time (REP-01).

    `number` is 转递编号, or 核验编号 on the graduate's own. `printed` is what it says, frozen when it was asked for, and `stated` a
    digest of all that it was made of: where that changes, the report is superseded. `until` is the last day on which it counts.
    `why` says what an unmade one waits for. Its file is the paper whose record is the report's public id.
    """

    KIND: ClassVar[str]
    AREA: ClassVar[Area]
    area: ClassVar[str]
    frozen: ClassVar = (
        *Case.frozen, "school_id", "graduate_id", "number", "printed", "stated", "revision", "until", "issued_at"
    )  # fmt: skip
    routing: ClassVar = ("college_id", "tier")

    school = models.ForeignKey(School, models.PROTECT)
    college = models.ForeignKey(College, models.PROTECT)
    tier = models.CharField(max_length=14, choices=[(t.value, t.label) for t in Tier if t is not Tier.ALL])
    graduate = models.ForeignKey(Graduate, models.PROTECT, db_constraint=False)
    number = models.CharField(max_length=18, unique=True)
    printed = models.JSONField(default=dict)
    stated = models.CharField(max_length=64)
    revision = models.PositiveIntegerField(default=0)
    until = models.DateField(null=True)
    why = models.CharField(max_length=300, blank=True)
    issued_at = models.DateTimeField(null=True)
    downloaded_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["cohort", "graduate"], condition=Q(live=True), name="one_live_%(class)s"),
        ]
        indexes = [
            models.Index(fields=["graduate", "id"], name="%(class)s_graduate"),
            models.Index(fields=["state", "waiting_since"], condition=Q(live=True, issued_at=None), name="%(class)s_unmade"),
        ]  # fmt: skip

    @property
    def kind(self) -> str:
        """graduate, archive or household: whose issue it is."""
        return self.KIND

    @property
    def is_issued(self) -> bool:
        """Whether it stands and can be handed out."""
        return self.live and self.issued_at is not None

    def audience(self, role: Role) -> int | None:
        nodes: dict[Role, int] = {
            Role.GRADUATE: self.graduate_id, Role.COLLEGE: self.college_id, Role.SCHOOL: self.school_id
        }  # fmt: skip
        return nodes.get(role)


class GraduateReport(TransferReport):
    """The graduate's own issue, with 核验编号; it says where the file goes, so staff see it by that permission (ARC-07)."""

    KIND, AREA, area = "graduate", Area.ARCHIVE, Area.ARCHIVE.value
    scope = Scope(
        graduate="graduate", college="college", school="school", province="school__province", ministry=EVERYTHING, tier="tier",
        area=Area.ARCHIVE,
    )  # fmt: skip
    detail = "transfer:graduate_report"
    locks = _locks(Area.ARCHIVE)
    refusals: ClassVar = {"one_live_graduatereport": IS_ISSUED_ALREADY}


class ArchiveReport(TransferReport):
    """The school's issue that goes with the file, with 转递编号; never shown to the graduate."""

    KIND, AREA, area = "archive", Area.ARCHIVE, Area.ARCHIVE.value
    scope = Scope(
        college="college", school="school", province="school__province", ministry=EVERYTHING, tier="tier", area=Area.ARCHIVE
    )  # fmt: skip
    detail = "transfer:archive_report"
    locks = _locks(Area.ARCHIVE)
    refusals: ClassVar = {"one_live_archivereport": IS_ISSUED_ALREADY}


class HouseholdReport(TransferReport):
    """The school's issue for moving the household registration, with 转递编号; never shown to the graduate."""

    KIND, AREA, area = "household", Area.HOUSEHOLD, Area.HOUSEHOLD.value
    scope = Scope(
        college="college", school="school", province="school__province", ministry=EVERYTHING, tier="tier", area=Area.HOUSEHOLD
    )  # fmt: skip
    detail = "transfer:household_report"
    locks = _locks(Area.HOUSEHOLD)
    refusals: ClassVar = {"one_live_householdreport": IS_ISSUED_ALREADY}


REPORTS: Mapping[str, type[TransferReport]] = {
    model.KIND: model for model in (GraduateReport, ArchiveReport, HouseholdReport)
}


class ReportNumber(models.Model):
    """Every number that was ever given out, and what its code leads by, as keyed digests: unique among all issues, never changed, never given again (INV-53)."""

    digest = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=10)
    report = models.UUIDField()
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"number of {self.kind} report {self.report}"


class ReportBatch(Scoped):
    """Reports that staff asked for together: those of a filtered list, made where they are missing, packed into one file.

    `query` is the list's own, `graduates` the ids of those whom it found when it was asked for; they are worked through in that order.
    `packed` are the public ids of the reports in the file; `faults` says for a graduate's id why there is none.
    """

    STATES: ClassVar = (("waiting", "等待开始"), ("working", "正在生成"), ("done", "已完成"), ("failed", "没有完成"))
    AREAS: ClassVar = tuple((area.value, area.label) for area in (Area.ARCHIVE, Area.HOUSEHOLD))

    # A college's own, or the school's; beyond that a batch is looked at by whoever asked for it (ARC-07).
    scope = Scope(college="college", school="school")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(School, models.PROTECT)
    college = models.ForeignKey(College, models.PROTECT, null=True)
    cohort = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=AREAS)
    account = models.ForeignKey(Account, models.PROTECT)
    actor = models.JSONField(default=dict)
    key = models.CharField(max_length=64)
    query = models.JSONField(default=dict)
    graduates = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=STATES, default="waiting")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    faults = models.JSONField(default=dict)
    packed = models.JSONField(default=list)
    path = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    made_at = models.DateTimeField(db_default=Now())
    moved_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="one_batch_per_form")]

    def __str__(self) -> str:
        return f"batch of {self.kind} reports {self.pk}"
