"""What acts do to the records of file and household: applications fill them (ARC-05), approved registrations (ARC-03), staff (ARC-04).

Every way in goes through `write` and `take_out`, which put what a record was and became on record under the area's own name
(`about`) and the graduate's number. Whoever calls them is in a transaction, holds the graduate's row, and is somebody (`perform.be`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from qicheng.domain.orgs.queries import edition_of
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.effects.confirmation import follow
from qicheng.domain.transfer.effects.reports import supersede
from qicheng.domain.transfer.models import (
    RECORDS,
    SAID,
    ArchiveChange,
    HouseholdChange,
    RecordChange,
    TransferRecord,
)
from qicheng.domain.transfer.queries.records import intended, is_listed, misfit, people, taking
from qicheng.domain.transfer.sheets.records import TITLES, person_of, sheet_for, shown_by
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.perform import (
    NotFound,
    NotOpen,
    Refused,
    Stale,
    again,
    be,
    clock,
    look_around,
    note,
    noted,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from qicheng.foundation.access import Actor
    from qicheng.foundation.flow.perform import Record

NOTHING = dict.fromkeys(("kind", *SAID, "origin", "origin_case"), "")


# ---- the graduate's application


def archive_change(actor: Actor, **typed: Any) -> RecordChange:
    """The unsaved draft of an application to change where the file goes (ARC-05)."""
    return _draft(ArchiveChange, actor, typed)


def household_change(actor: Actor, **typed: Any) -> RecordChange:
    """The unsaved draft of an application to change where the household goes (ARC-05)."""
    return _draft(HouseholdChange, actor, typed)


def edit(case: RecordChange, actor: Actor, **typed: Any) -> Mapping[str, Any]:
    """Keep what the graduate typed; nothing has to be whole before it is submitted."""
    before = case.values
    _fill(case, {**before, **typed})
    return shown_by(case.AREA).changes(before, case.values)


def submit(case: RecordChange, actor: Actor) -> Mapping[str, Any]:
    """Freeze who reviews (SET-09) and the record that is to be changed, as they are now."""
    settings, record = case.above("settings"), case.above("record")
    assert settings is not None
    case.review_mode = settings.review_mode
    case.before = {key: getattr(record, key) for key in ("kind", *SAID)} if record is not None else {}
    case.record_version = record.version if record is not None else 0
    case.submitted_at = clock(case)
    return shown_by(case.AREA).changes(case.before, case.values)


def take_back(case: RecordChange, actor: Actor) -> None:
    """A draft again: the next submission is reviewed as the school has it set then (REG-03)."""
    case.review_mode, case.submitted_at = "", None


def end(case: RecordChange, actor: Actor) -> None:
    """Rejected, given up or discarded: it is over, and the record stays as it was."""
    case.closed_at = clock(case)


def register(case: RecordChange, actor: Actor) -> None:
    """On final approval: the record says what was applied for (ARC-05)."""
    case.closed_at = clock(case)
    write(case.AREA, actor, "register", case.values, graduate=case.graduate_id, cohort=case.cohort, school=case.school_id, origin=case.flow_name,
          case=str(case.public_id))  # fmt: skip


# ---- the record


def about(area: Area) -> str:
    """Under which name changes of an area's records are on record; `subject` is the number of the graduate's row."""
    return f"{area.value}_record"


def write(
    area: Area, actor: Actor, act: str, values: Mapping[str, str], /, *, graduate: int, cohort: int, school: int, origin: str, case: str,
    words: str = "", key: str | None = None, is_told: bool = False,
) -> Record:  # fmt: skip
    """Write what a graduate's record says, and put it on record as `act`; what is not among `values` is empty.

    `origin` is the flow or the key of `TransferRecord.ORIGINS` that it came from, `case` the public id of what brought it;
    `is_told` owes the graduate the notice of that act (templates transfer/notices/<about>/<act>).
    """
    row = _rows(area).select_for_update().filter(graduate=graduate).first()
    row = row or RECORDS[area](graduate_id=graduate, cohort=cohort, school_id=school, version=0)
    return _put(
        area, row, actor, act, {**NOTHING, **values} | {"origin": origin, "origin_case": case}, words, key, is_told
    )


def carry(case: Any, actor: Actor) -> None:
    """ARC-03: an approved registration brings what it says of file and household, where the module is open.

    A room above may call it for a case of its own with the same columns (`catching_up.declare_bringing` carries it in later).
    """
    brought_to = {area: brought(area, case.terms) for area in taking(case.school_id, case.cohort)}
    if not brought_to:
        return
    graduate = Graduate.objects.unscoped("the case's own graduate").get(pk=case.graduate_id)
    for area, said in brought_to.items():
        if said["kind"] and is_listed(area, graduate):
            write(area, actor, "carry", said, graduate=graduate.pk, cohort=case.cohort, school=case.school_id, origin=case.flow_name,
                  case=str(case.public_id))  # fmt: skip


def take_out(case: Any, actor: Actor) -> None:
    """A registration has no effect any more: what it brought, and nobody has changed since, is 未登记 again."""
    for area in RECORDS:
        rows = _rows(area).select_for_update().filter(graduate=case.graduate_id, origin_case=str(case.public_id))
        for row in rows:
            _put(area, row, actor, "take_out", NOTHING, "", None, is_told=False)


def _put(
    area: Area, row: TransferRecord, actor: Actor, act: str, after: Mapping[str, str], words: str, key: str | None,
    is_told: bool,
) -> Record:  # fmt: skip
    before = row.values | {"origin": row.came_from}
    for name, value in after.items():
        setattr(row, name, value)
    row.version, row.changed_at = row.version + 1, timezone.now()
    row.save()
    follow([row.graduate_id], (area.value,))
    supersede([row.graduate_id])
    changes = shown_by(area).changes(before, row.values)
    if before["origin"] != row.came_from:
        changes["来源"] = [before["origin"], row.came_from]
    return note(
        actor, act, about(area), changes, subject=str(row.graduate_id), cohort=row.cohort, school=row.school_id, words=words,
        key=key, tell=((Role.GRADUATE, row.graduate_id),) if is_told else (),
    )  # fmt: skip


# ---- what staff write (ARC-04)


@again
def edit_record(
    area: Area, public_id: UUID | str, actor: Actor, *, seen: int, key: str | None = None, words: str = "", **typed: Any
) -> Record:
    """Let a school's or college's user write a graduate's record, also an approved one; the graduate is told (ARC-04).

    `seen` is the record's version that the page showed, 0 where there was none; the same `key` again gives the first answer. What
    waits for review is held to the record that it was submitted against, and goes back. Raises NotFound, NotOpen, Refused, Stale.
    """
    with transaction.atomic():
        graduate, row, done = _held(area, public_id, actor, seen, "edit", key)
        if done is not None:
            return done
        form = sheet_for(area, edition_of(graduate.cohort), person_of(graduate)).form(graduate.cohort)(typed)
        if not form.is_valid():
            raise Refused(f"还没有填好：{'、'.join(str(form.fields[one].label) for one in form.errors)}。")
        after = {one: form.cleaned_data.get(one) or "" for one in ("kind", *SAID)}
        if after == row.values:
            raise Refused("和现在登记的一样，没有要改的。")
        if why := misfit(area, after["kind"], graduate.pk):
            raise Refused(why)
        return write(area, actor, "edit", after, graduate=graduate.pk, cohort=graduate.cohort, school=graduate.school_id, origin="edit", case="",
                     words=words.strip(), key=key, is_told=True)  # fmt: skip


@again
def clear_record(
    area: Area, public_id: UUID | str, actor: Actor, *, seen: int, words: str, key: str | None = None
) -> Record:
    """Let a school's or college's user empty a graduate's record: it is 未登记 again, and the graduate is told why (ARC-04).

    Raises NotFound, NotOpen, Refused, Stale.
    """
    with transaction.atomic():
        _, row, done = _held(area, public_id, actor, seen, "clear", key)
        if done is not None:
            return done
        if not words.strip():
            raise Refused("写明清空的原因，毕业生会看到。")
        if not row.is_registered:
            raise Refused(f"这位毕业生的{TITLES[area]}还没有登记，不用清空。")
        return _put(area, row, actor, "clear", NOTHING, words.strip(), key, is_told=True)


def _held(
    area: Area, public_id: UUID | str, actor: Actor, seen: int, act: str, key: str | None
) -> tuple[Graduate, TransferRecord, Record | None]:
    """The graduate and the record, locked in the order in which applications lock them, and the first answer to a repeated form."""
    if actor.role not in (Role.COLLEGE, Role.SCHOOL) or not actor.may_write(area):
        raise NotOpen("你的账号没有这项操作的权限。")
    be(actor)
    graduate = people(actor, area).filter(public_id=public_id).first()
    if graduate is None:
        raise NotFound("没有找到这位毕业生。")
    case = intended(area, graduate)
    case._around = look_around(case, hold=True)
    row = _rows(area).filter(graduate=graduate.pk).first()
    row = row or RECORDS[area](graduate=graduate, cohort=graduate.cohort, school_id=graduate.school_id, version=0)
    if key and (done := noted(about(area), act=act, key=key, account_id=actor.account, case=str(graduate.pk))):
        return graduate, row, done[0]
    if seen != row.version:
        raise Stale("登记成功" if row.is_registered else "未登记", None)
    if why := next((why for hold in case.flow.holds if (why := hold(case, actor))), None):
        raise Refused(why)
    return graduate, row, None


def brought(area: Area, terms: Mapping[str, Any]) -> dict[str, str]:
    """What the terms of a registration say of one area, in the keys of its record; `kind` is '' where they say nothing."""
    said = {key: terms.get(f"{area.value}_{'type' if key == 'kind' else key}") or "" for key in ("kind", *SAID)}
    return {key: value.strip() for key, value in said.items()}


def _rows(area: Area) -> Any:
    model: type[TransferRecord] = RECORDS[area]
    return model.objects.unscoped("an act writes the record of its own graduate")


def _draft(model: type[RecordChange], actor: Actor, typed: Mapping[str, Any]) -> RecordChange:
    case, now = intended(model.AREA, Graduate.objects.seen_by(actor).get()), clock()
    case.waiting_since = case.begun_at = now
    _fill(case, typed)
    return case


def _fill(case: RecordChange, typed: Mapping[str, Any]) -> None:
    case.kind = typed.get("kind") or ""
    case.terms = {key: (typed.get(key) or "").strip() for key in SAID}
