"""Reads of file and household that more than one page needs: who is on a module's list, what it says, what is doubtful."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q
from django.urls import NoReverseMatch, reverse

from qicheng.domain.orgs.models import College, Opening, TransferSettings
from qicheng.domain.orgs.queries import edition_of
from qicheng.domain.registration.queries import has_two_levels
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.domain.transfer.models import CHANGES, RECORDS, RecordChange, TransferRecord
from qicheng.domain.transfer.sheets.records import TITLES, doubts, person_of, shown_by
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.rows import EVERYTHING, Scope
from qicheng.foundation.flow.declare import FLOWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet

    from qicheng.foundation.access import Actor
    from qicheng.foundation.flow.perform import Record

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
    return None if record is None else misfit_of(kind, record.destination, record.employer_name, record.school.name)


def misfit_of(kind: str, destination: str, employer: str, school: str) -> str | None:
    """The same of a registered destination, the unit's name and the school's."""
    if kind not in TO_STUDY:
        return None
    label = TO_STUDY[kind]
    if not destination.startswith(STUDY_AT_HOME):
        return f"「{label}」要已经登记的毕业去向是境内升学。去向有变化的，先改毕业去向。"
    stays = employer == school
    if (kind == "x_study_own") is not stays and employer:
        return f"登记的升学院校是{employer}，{'不是本校，' if not stays else '就是本校，'}不能选「{label}」。"
    return None


def doubts_about(case: RecordChange) -> list[str]:
    """What a reviewer is warned of (ARC-02)."""
    around: Any = case.above("graduate")
    return doubts(case.AREA, case.values, person_of(around))


def open_areas(cohort: int, actor: Actor) -> list[Area]:
    """The areas whose module the province of the actor's school has opened, as far as the actor may read them (ORG-02, ARC-07)."""
    path = {Role.SCHOOL: "province__school", Role.COLLEGE: "province__school__college"}[actor.role]
    readable = [area for area in MOVED if actor.may_read(area)]
    rows = (
        Opening.objects.filter(cohort=cohort, module__in=readable, is_open=True, **{path: actor.node})
        if readable
        else ()
    )
    opened = {row.module for row in rows}
    return [area for area in readable if area.value in opened]


def module_is_open(area: Area, cohort: int, actor: Actor) -> bool:
    """Whether the province of the actor's school has opened the module, which the actor may read (ORG-02)."""
    return area in open_areas(cohort, actor)


def school_of(actor: Actor) -> int:
    """The school that a school's or college's user works for."""
    return (
        actor.node if actor.role is Role.SCHOOL else College.objects.values_list("school", flat=True).get(pk=actor.node)
    )


def settings_of(area: Area, cohort: int, actor: Actor) -> TransferSettings | None:
    """The settings of the module at the actor's school; None where none were ever submitted (SET-09)."""
    return TransferSettings.objects.seen_by(actor).filter(cohort=cohort, area=area.value).first()


def changes_of(actor: Actor, area: Area, graduate: int) -> list[RecordChange]:
    """One graduate's applications as far as the actor may see them, the newest first; drafts that were thrown away are left out."""
    rows = CHANGES[area].objects.seen_by(actor).filter(graduate=graduate).exclude(state="discarded")
    return list(rows.select_related("graduate").order_by("-id"))


def unfinished(changes: list[RecordChange]) -> RecordChange | None:
    """Of one graduate's applications the one that somebody still has to do something with: a live one before a draft."""
    return next((one for one in sorted(changes, key=lambda one: not one.live) if one.standing.turn), None)


# ---- what pages show


@dataclass(frozen=True, slots=True)
class Compared:
    """A field as it was applied for, as the record says it now, and as the employment record knows the unit; '' where there is nothing."""

    label: str
    asked: str
    now: str
    unit: str
    goes_to_unit: bool

    @property
    def is_new(self) -> bool:
        """Whether the application would change the record."""
        return self.asked != self.now

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is to go to that unit, and the employment record says otherwise of it."""
        return bool(self.goes_to_unit and self.asked and self.unit and self.asked != self.unit)


TO_THE_UNIT = ("x_sign_unit", "x_study_other")
UNIT_OF = {"receiver": "employer_name", "region": "area", "address": "address", "contact": "contact", "phone": "phone"}
"""What a record of file or household says → where the employment record says it of the unit."""


def compared(case: RecordChange, record: TransferRecord | None, employment: EmploymentRecord | None) -> list[Compared]:
    """The application beside the present record and the employment record, field by field (ARC-05); what nobody filled in is left out."""
    now, sheet, asked = (record.values if record is not None else {}), shown_by(case.AREA), case.values
    found = []
    for field in sheet:
        unit = getattr(employment, UNIT_OF[field.key]) if employment is not None and field.key in UNIT_OF else ""
        found.append(
            Compared(
                field.label,
                field.shown(asked.get(field.key)),
                field.shown(now.get(field.key)),
                field.shown(unit),
                case.kind in TO_THE_UNIT,
            )
        )
    return [one for one in found if one.asked or one.now]


def stations(case: RecordChange, role: Role, *, rejected_by: str = "") -> list[tuple[str, str, str]]:
    """(who, word, done|now|you|stop|'') for the relay of an application: in whose hands it is."""
    mine = role is Role.GRADUATE
    college = [("学院", "已通过", "审核")] if has_two_levels(case) else []
    order = [("你" if mine else "毕业生", "已提交", "提交"), *college, ("学校", "已通过", "审核")]
    last = len(order) - 1
    if case.state == "registered":
        return [*((name, past, "done") for name, past, _ in order), (TITLES[case.AREA], "登记成功", "done")]
    places = {"college_review": 1, "school_review": last, "rejected": 1 if rejected_by == Role.COLLEGE else last}
    stops = {"rejected": "不通过", "given_up": "已放弃", "discarded": "已删除"}
    turn = case.standing.turn
    word = stops.get(case.state) or {"draft": "待提交", "returned": "待修改"}.get(case.state, "待审核")
    looks = "stop" if case.state in stops else "you" if turn is role else "now"
    place = places.get(case.state, 0)
    return [
        *((name, past, "done") for name, past, _ in order[:place]), (order[place][0], word, looks),
        *((name, ahead, "") for name, _, ahead in order[place + 1 :]), (TITLES[case.AREA], "登记", ""),
    ]  # fmt: skip


def standing(record: TransferRecord | None, open_change: RecordChange | None) -> tuple[str, str]:
    """(tone, words) of one of the three states of a record (ARC-05)."""
    if open_change is not None and open_change.state in ("college_review", "school_review"):
        return "info", "审核中"
    return ("ok", "登记成功") if record is not None and record.is_registered else ("neu", "未登记")


def came_from(record: TransferRecord, actor: Actor) -> tuple[str, str]:
    """(where the values came from in words, the address of that case or '' where the actor may not open it) (ARC-03)."""
    flow = FLOWS.get(record.origin)
    if flow is None or not record.origin_case or (actor.role.is_staff and not actor.may_read(flow.area)):
        return record.came_from, ""
    try:
        return record.came_from, reverse(flow.model.detail, args=[record.origin_case])
    except NoReverseMatch:
        return record.came_from, ""


WRITTEN: Mapping[str, str] = {
    "register": "申请审核通过，登记成功", "carry": "审核通过的登记带入", "take_out": "登记失效，撤下带入的信息", "edit": "老师修改", "clear": "老师清空",
    "upload": "学校批量上传", "keep": "暂缓派遣获批，暂存学校", "send_home": "暂缓派遣结束，转回生源地",
}  # fmt: skip
"""Acts on a record, in the words of its history."""


def written(record: Record, role: Role) -> str:
    """One line of a record's history for whoever looks: what was done, and to staff who did it."""
    who = f"{record.unit} {record.name}" if role.is_staff else record.unit if Role(record.role).is_staff else ""
    words = WRITTEN.get(record.act, "修改")
    return f"{words}（{who.strip()}）" if who.strip() else words
