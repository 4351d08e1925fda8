"""Reads of what was reported: one graduate's confirmation, who recorded what it says, whether it is confirmed as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qicheng.domain.orgs.models import Module, Opening
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.domain.roster.queries import record_of
from qicheng.domain.transfer.models import PARTS, Confirmation, ConfirmationAnswer
from qicheng.domain.transfer.sheets.confirmation import lines
from qicheng.domain.transfer.sheets.mailing import DESTINATION, NATIONAL, RECORD, UNIT, changes_of
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import noted
from qicheng.foundation.kit.calendar import day_of, is_working_day

from . import records

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from qicheng.foundation.access import Actor

ABOVE_A_SCHOOL = {
    Role.COLLEGE: "province__school__college",
    Role.SCHOOL: "province__school",
    Role.GRADUATE: "province__school__graduate",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of what was reported, as whoever looks may read it: its lines, who recorded it, whether it is said to be wrong."""

    key: str
    label: str
    lines: list[tuple[str, str]]
    by: str
    at: datetime | None
    is_wrong: bool


def is_open(actor: Actor, cohort: int) -> bool:
    """Whether the province of the actor's school has opened the module (ORG-02); provinces and the ministry look whenever they like."""
    path = ABOVE_A_SCHOOL.get(actor.role)
    rows = Opening.objects.filter(cohort=cohort, module=Module.CONFIRMATION, is_open=True)
    return path is None or rows.filter(**{path: actor.node}).exists()


def confirmation_of(actor: Actor, graduate: int) -> Confirmation | None:
    """What was reported of a graduate, as far as the actor may see it; None where nothing ever was."""
    return Confirmation.objects.seen_by(actor).filter(graduate=graduate).first()


def answers_of(case: Confirmation, actor: Actor) -> list[ConfirmationAnswer]:
    """Every answer that was given, the newest first, each with what it was given to (CON-02)."""
    return list(ConfirmationAnswer.objects.seen_by(actor).filter(confirmation=case).order_by("-id"))


def may_read(actor: Actor, part: str) -> bool:
    """Whether the actor may read a part: staff by the permission of its area (ARC-07), the graduate always."""
    return not actor.role.is_staff or actor.may_read(PARTS[part][1])


def parts(case: Confirmation, actor: Actor) -> list[Part]:
    """What was reported, part by part, as far as the actor may read it."""
    recorded = {"destination": destination_recorded(case.graduate_id, actor)}
    for area in (Area.ARCHIVE, Area.HOUSEHOLD):
        row = records.record_of(actor, area, case.graduate_id) if area.value in case.parts else None
        recorded[area.value] = (row.came_from, row.changed_at) if row is not None and row.is_registered else ("", None)
    return [
        Part(part, PARTS[part][0], lines(part, case.content[part], case.cohort), *recorded[part], part in case.wrong)
        for part in case.parts
        if may_read(actor, part)
    ]


def snapshot(answer: ConfirmationAnswer, case: Confirmation, actor: Actor) -> list[tuple[str, list[tuple[str, str]]]]:
    """(label, lines) of what an answer was given to, as far as the actor may read it."""
    return [
        (PARTS[part][0], lines(part, answer.values(part), case.cohort))
        for part in PARTS
        if part in answer.content and may_read(actor, part)
    ]


def destination_recorded(graduate: int, actor: Actor) -> tuple[str, datetime | None]:
    """(by whom and on which way the destination was recorded, when): nobody's destination is recorded without a name (INV-51)."""
    record = record_of(graduate, actor)
    if record is None:
        return "", None
    if record.source not in EmploymentRecord.APPROVED_HERE:
        return f"{record.school.name} {record.get_source_display()}", record.changed_at
    brought = noted(*FLOWS, case=record.case, after="effective", newest=1) if record.case else []
    if not brought:
        return record.get_source_display(), record.changed_at
    last = brought[0]
    who = f"{last.unit} {last.name}" if actor.role.is_staff else last.unit
    return f"{who.strip() or Role(last.role).label} {FLOWS[last.flow].label}", last.at


def case_behind(graduate: int, actor: Actor) -> EmploymentRecord | None:
    """The employment record whose case can be opened to be corrected, or None where it came from elsewhere."""
    record = record_of(graduate, actor)
    return record if record is not None and record.source in EmploymentRecord.APPROVED_HERE and record.case else None


def mending(case: Confirmation) -> list[tuple[str, str, str]]:
    """(what, what it is for, the name of its page) by which the graduate itself mends what is wrong, where the school has such ways (CAM-01)."""
    if case.state != "disputed":
        return []
    keys = [DESTINATION, UNIT] if "destination" in case.wrong else []
    keys += [RECORD] if {"archive", "household"} & set(case.wrong) else []
    own = changes_of(case.school_id, case.cohort)
    found = [own[key] for key in keys if own[key] is not NATIONAL[key]]
    return [(one.name, one.follows, one.address) for one in found if isinstance(one.address, str)]


def last_said(case: Confirmation) -> Mapping[str, Any]:
    """What the graduate disputed last and what the school answered since: {"dispute": …, "answer": …}, each a record or None."""
    told = noted(case.flow_name, case=str(case.public_id), act__in=["dispute", "answer", "confirm"], newest=2)
    newest = {record.act: record for record in reversed(told)}
    if told and told[0].act == "confirm":
        return {"dispute": None, "answer": None}
    return {
        "dispute": newest.get("dispute"),
        "answer": newest.get("answer") if told and told[0].act == "answer" else None,
    }


def is_due_certain(case: Confirmation) -> bool:
    """Whether the day of a report that waits is certain: the holidays of its year may not be published yet."""
    return case.due_at is None or is_working_day(day_of(case.due_at))[1]
