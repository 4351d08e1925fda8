"""Reads of file and household that more than one page needs: who is on a module's list, what it says, what is doubtful."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q

from qicheng.domain.orgs.models import Opening, TransferSettings
from qicheng.domain.orgs.queries import edition_of
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.domain.transfer.models import CHANGES, RECORDS, RecordChange, TransferRecord
from qicheng.domain.transfer.sheets.records import doubts, person_of
from qicheng.foundation.access import Area
from qicheng.foundation.access.rows import EVERYTHING, Scope

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from qicheng.foundation.access import Actor

# Destinations of further study at home (80, 801 …), and the types of transfer that go with them alone (INV-45).
STUDY_AT_HOME = "80"
TO_STUDY = {"x_study_own": "升学本单位接收", "x_study_other": "升学外单位接收"}
MOVED = {Area.ARCHIVE: "archive_moved", Area.HOUSEHOLD: "household_moved"}
# Who is on a module's list is seen by whoever has that module, whatever its other permissions (ARC-07).
LISTED = {
    area: Scope(
        graduate="pk", college="college", school="school", province="school__province", ministry=EVERYTHING, tier="tier", area=area
    )
    for area in MOVED
}  # fmt: skip


def people(actor: Actor, area: Area) -> QuerySet[Graduate]:
    """Every graduate whom somebody with that module's permission may see there, also who left the roster (ARC-06, ARC-07)."""
    condition = LISTED[area].q(actor)
    rows = Graduate.objects.unscoped("the module's list has a scope of its own, by the module's permission")
    return rows.none() if condition is None else rows.filter(condition)


def listed(actor: Actor, area: Area, cohort: int) -> QuerySet[Graduate]:
    """The module's 学生名单: graduates on the roster, less those who never moved file or household to the school (ARC-08)."""
    return people(actor, area).filter(~Q(**{MOVED[area]: False}), cohort=cohort, removed_at=None)


def records(actor: Actor, area: Area, cohort: int) -> QuerySet[TransferRecord]:
    """The records of those on the list, as far as the actor may see them."""
    rows = RECORDS[area].objects.seen_by(actor).filter(cohort=cohort, graduate__removed_at=None)
    return rows.filter(~Q(**{f"graduate__{MOVED[area]}": False}))


def record_of(actor: Actor, area: Area, graduate: int) -> TransferRecord | None:
    """One graduate's record, as far as the actor may see it; None also where the graduate is not on the list (ARC-08)."""
    row = RECORDS[area].objects.seen_by(actor).select_related("graduate").filter(graduate=graduate).first()
    return row if row is not None and is_listed(area, row.graduate) else None


def is_listed(area: Area, graduate: Graduate) -> bool:
    """Whether the module has to do with a graduate at all (ARC-08); where the roster says nothing, it has."""
    return getattr(graduate, MOVED[area]) is not False


def taking(school: int, cohort: int) -> set[Area]:
    """The areas whose module the province has opened and the school turned on (ORG-02, SET-09)."""
    own = TransferSettings.objects.unscoped("the settings of the case's own school").filter(
        school=school, cohort=cohort
    )
    opened = Opening.objects.filter(
        province=OuterRef("school__province"), cohort=cohort, module=OuterRef("area"), is_open=True
    )
    rows = own.filter(Exists(opened), is_on=True, submitted_at__isnull=False)
    return {Area(area) for area in rows.values_list("area", flat=True)}


def intended(area: Area, graduate: Graduate) -> RecordChange:
    """An unsaved application, as it would begin: what holds and guards are asked about before anybody fills in a form."""
    return CHANGES[area](
        flow_name=f"{area.value}_change", cohort=graduate.cohort, school_id=graduate.school_id, college_id=graduate.college_id,
        tier=graduate.tier, graduate=graduate, edition=edition_of(graduate.cohort),
    )  # fmt: skip


def misfit(area: Area, kind: str, graduate: int) -> str | None:
    """Why a type of transfer cannot go with the destination that is registered: further study takes the file of whoever studies on."""
    if kind not in TO_STUDY:
        return None
    rows = EmploymentRecord.objects.unscoped("a guard compares the graduate's own record")
    record = rows.filter(graduate=graduate).select_related("school").first()
    label = TO_STUDY[kind]
    if record is None:
        return None
    if not record.destination.startswith(STUDY_AT_HOME):
        return f"「{label}」要已经登记的毕业去向是境内升学。去向有变化的，先改毕业去向。"
    stays = record.employer_name == record.school.name
    if (kind == "x_study_own") is not stays and record.employer_name:
        return (
            f"登记的升学院校是{record.employer_name}，{'不是本校，' if not stays else '就是本校，'}不能选「{label}」。"
        )
    return None


def doubts_about(case: RecordChange) -> list[str]:
    """What a reviewer is warned of (ARC-02)."""
    around: Any = case.above("graduate")
    return doubts(case.AREA, case.values, person_of(around))
