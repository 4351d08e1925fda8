"""What acts do to the records of file and household: an application fills them (ARC-05), an approved registration too (ARC-03)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.utils import timezone

from qicheng.domain.orgs.models import Cohort, Edition
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.models import RECORDS, SAID, ArchiveChange, HouseholdChange, RecordChange, TransferRecord
from qicheng.domain.transfer.queries.records import is_listed, taking
from qicheng.domain.transfer.sheets.records import shown_by
from qicheng.foundation.access import Area
from qicheng.foundation.flow.perform import clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.domain.registration.models import Registration
    from qicheng.foundation.access import Actor

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
    write(case.AREA, graduate=case.graduate_id, cohort=case.cohort, school=case.school_id, origin=case.flow_name,
          case=str(case.public_id), **case.values)  # fmt: skip


# ---- the record


def write(area: Area, *, graduate: int, cohort: int, school: int, origin: str, case: str, **values: str) -> None:
    """Write what a graduate's record says, in the caller's transaction; what is not given is empty."""
    row = {**NOTHING, **values, "origin": origin, "origin_case": case, "changed_at": timezone.now()}
    _rows(area).update_or_create(
        graduate_id=graduate,
        defaults={**row, "version": F("version") + 1},
        create_defaults={**row, "cohort": cohort, "school_id": school},
    )


def carry(case: Registration, actor: Actor) -> None:
    """ARC-03: an approved registration brings what it says of file and household, where the module is open."""
    brought_to = {area: _brought(area, case.terms) for area in taking(case.school_id, case.cohort)}
    if not brought_to:
        return
    graduate = Graduate.objects.unscoped("the case's own graduate").get(pk=case.graduate_id)
    for area, brought in brought_to.items():
        if brought["kind"] and is_listed(area, graduate):
            write(area, graduate=graduate.pk, cohort=case.cohort, school=case.school_id, origin=case.flow_name,
                  case=str(case.public_id), **brought)  # fmt: skip


def take_out(case: Registration, actor: Actor) -> None:
    """A registration has no effect any more: what it brought, and nobody has changed since, is 未登记 again."""
    for area in RECORDS:
        _rows(area).filter(graduate_id=case.graduate_id, origin_case=str(case.public_id)).update(
            **NOTHING, changed_at=timezone.now(), version=F("version") + 1
        )


def _brought(area: Area, terms: Mapping[str, Any]) -> dict[str, str]:
    said = {key: terms.get(f"{area.value}_{'type' if key == 'kind' else key}") or "" for key in ("kind", *SAID)}
    return {key: value.strip() for key, value in said.items()}


def _rows(area: Area) -> Any:
    model: type[TransferRecord] = RECORDS[area]
    return model.objects.unscoped("an act writes the record of its own graduate")


def _draft(model: type[RecordChange], actor: Actor, typed: Mapping[str, Any]) -> RecordChange:
    graduate, now = Graduate.objects.seen_by(actor).get(), clock()
    cohort = Cohort.objects.filter(year=graduate.cohort).first()
    case = model(
        cohort=graduate.cohort, school_id=graduate.school_id, college_id=graduate.college_id, tier=graduate.tier, graduate=graduate,
        edition=cohort.edition if cohort else Edition.GUIDE_2024, waiting_since=now, begun_at=now,
    )  # fmt: skip
    _fill(case, typed)
    return case


def _fill(case: RecordChange, typed: Mapping[str, Any]) -> None:
    case.kind = typed.get("kind") or ""
    case.terms = {key: (typed.get(key) or "").strip() for key in SAID}
