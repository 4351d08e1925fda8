"""Who may verify the graduate's own report and until when, what was verified, and which numbers no longer count (VER)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from qicheng.domain.orgs.models import College, School
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Area, Role, Tier
from qicheng.foundation.access.rows import EVERYTHING, Scope, Scoped
from qicheng.foundation.flow.models import Case, Lock

from .reports import REPORTS

# Whether the province has opened the module (ORG-02), and what the graduate said of the report (CON-01), read with the graduate's row.
VERIFICATION_IS_OPEN = """coalesce((SELECT o.is_open FROM orgs_opening o JOIN orgs_school s ON s.province_id = o.province_id
    WHERE s.id = school_id AND o.cohort = roster_graduate.cohort AND o.module = 'verification'), false) AS is_open"""
CONFIRMED_STATE = "coalesce((SELECT c.state FROM transfer_confirmation c WHERE c.graduate_id = roster_graduate.id), '') AS confirmation"


class Authorisation(Case, Scoped):
    """The graduate lets the own report be verified until the end of a day (VER-02); at most one of a graduate is in force.

    `days` is the period as it was chosen, `until` the last day of it, `report` the public id of the report that it is about.
    It is about a report that says where the file goes, so staff read it by that permission; that there is one, the list tells either.
    """

    scope = Scope(
        graduate="graduate", college="college", school="school", province="school__province", ministry=EVERYTHING, tier="tier",
        area=Area.ARCHIVE,
    )  # fmt: skip
    detail = "transfer:authorisation"
    locks: ClassVar = (
        Lock("graduate", "roster_graduate", (("cohort", "cohort"), ("id", "graduate_id")),
             ("id", "removed_at", "clock_timestamp() AS now", VERIFICATION_IS_OPEN, CONFIRMED_STATE)),
    )  # fmt: skip
    frozen: ClassVar = (*Case.frozen, "school_id", "graduate_id", "days", "until", "report")
    routing: ClassVar = ("college_id", "tier")
    refusals: ClassVar = {"one_live_authorisation": "你已经授权过，正在有效期内；要换期限，先结束现在的授权。"}

    school = models.ForeignKey(School, models.PROTECT)
    college = models.ForeignKey(College, models.PROTECT)
    tier = models.CharField(max_length=14, choices=[(t.value, t.label) for t in Tier if t is not Tier.ALL])
    graduate = models.ForeignKey(Graduate, models.PROTECT, db_constraint=False)
    days = models.PositiveSmallIntegerField()
    until = models.DateField()
    report = models.UUIDField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "graduate"], condition=Q(live=True), name="one_live_authorisation"
            ),
        ]
        indexes = [
            models.Index(fields=["graduate", "id"], name="authorisation_graduate"),
            models.Index(fields=["until"], condition=Q(live=True), name="authorisation_running"),
            models.Index(fields=["report"], name="authorisation_report"),
        ]

    def audience(self, role: Role) -> int | None:
        nodes: dict[Role, int] = {
            Role.GRADUATE: self.graduate_id, Role.COLLEGE: self.college_id, Role.SCHOOL: self.school_id
        }  # fmt: skip
        return nodes.get(role)


def _seen_by(area: Area) -> Scope:
    return Scope(
        graduate="graduate", college="graduate__college", school="school", province="school__province", ministry=EVERYTHING,
        tier="graduate__tier", area=area,
    )  # fmt: skip


class Verification(Scoped):
    """One look at a report from outside: when, which way, with what result (VER-03); only added, never changed.

    One that found nothing belongs to nobody, and keeps nothing of what was typed. `kind` and `report` name the report that was found.
    """

    WAYS: ClassVar = (("scan", "扫码"), ("number", "编号和姓名"), ("staff", "老师核验"))
    RESULTS: ClassVar = (
        ("valid", "核验通过"),
        ("superseded", "已失效"),
        ("over", "已过有效期"),
        ("unknown", "没有核验到"),
    )

    scope = _seen_by(Area.ARCHIVE)
    # Whoever has the household's permission alone is told of the household's papers (ARC-07).
    SCOPES: ClassVar = {area: _seen_by(area) for area in (Area.ARCHIVE, Area.HOUSEHOLD)}

    way = models.CharField(max_length=8, choices=WAYS)
    result = models.CharField(max_length=12, choices=RESULTS)
    kind = models.CharField(max_length=10, blank=True, choices=[(kind, kind) for kind in REPORTS])
    report = models.UUIDField(null=True)
    graduate = models.ForeignKey(Graduate, models.PROTECT, db_constraint=False, null=True, db_index=False)
    school = models.ForeignKey(School, models.PROTECT, null=True, db_index=False)
    cohort = models.PositiveSmallIntegerField(default=0)
    at = models.DateTimeField(db_default=Now())

    class Meta(Scoped.Meta):
        indexes = [
            models.Index(fields=["graduate", "id"], condition=Q(graduate__isnull=False), name="verification_graduate"),
            models.Index(
                fields=["school", "cohort", "id"], condition=Q(school__isnull=False), name="verification_school"
            ),
        ]

    def __str__(self) -> str:
        return f"verification {self.pk}: {self.result}"


class RevokedNumber(models.Model):
    """A number that no longer counts, for the list that is carried along: what offline checks are told, and no more.

    `until` is the last day on which it would have counted: after it the paper says so itself. `reason` is one of `papers.statement`.
    """

    report = models.UUIDField(unique=True)
    number = models.CharField(max_length=18)
    day = models.DateField()
    reason = models.PositiveSmallIntegerField()
    until = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["until"], name="revoked_until")]

    def __str__(self) -> str:
        return f"revoked {self.report}"
