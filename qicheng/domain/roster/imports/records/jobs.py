"""What the worker does with ready records: read and check them, write them, take up again what was cut off. Each may run twice (IMP-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models.functions import Now

from qicheng.domain.roster.effects import record_changed
from qicheng.domain.roster.models import EmploymentUpload
from qicheng.foundation.access import Role, statements
from qicheng.foundation.flow.many import note_each
from qicheng.foundation.flow.perform import again, be, note
from qicheng.foundation.sheets.uploads import Desk, actor_of

from . import checks, preview, stage
from .checks import CHANGING, JOINED, parameters
from .columns import VALUES

if TYPE_CHECKING:
    from qicheng.foundation.access import Actor

# What is told to somebody whose record a file has changed.
ABOUT = "employment_record"
LOCKS = 0x456D << 44
CHANGED_MEANWHILE = "你查看之后，名单或者登记有了变化，已按最新情况重新核对。请再看一遍，再决定是否写入。"


def check(upload: EmploymentUpload, reason: str = "") -> None:
    """Check the staged lines against each other and against what stands now, and put the upload to its preview."""
    with transaction.atomic():
        checks.look(upload)
        DESK.move(
            upload, "preview", counts=preview.count(upload), columns=upload.columns, total=upload.total, done=upload.total,
            reason=reason, tries=0,
        )  # fmt: skip


DESK = Desk(EmploymentUpload, LOCKS, "roster.read_records", "roster.apply_records", stage.fill, check, stage.clear)
read_upload, resume_stuck = DESK.read, DESK.resume_stuck


@again
def apply_upload(upload: int) -> None:
    """Write the good lines of an upload whose preview was agreed to, in one transaction (IMP-03)."""
    with DESK.writing(upload) as found:
        if found is not None:
            _write(found, actor_of(found))


def _write(upload: EmploymentUpload, actor: Actor) -> None:
    be(actor)
    if stage.staged(upload) != upload.total:
        DESK.read_again(upload, CHANGED_MEANWHILE)
        return
    before, asked = upload.counts.get("mark"), parameters(upload)
    # As acts lock them: what is approved afterwards stands above what the file has written.
    held = f"SELECT s.graduate_id FROM {JOINED} WHERE {CHANGING}"
    for table, key in (("roster_graduate", "id"), ("roster_employmentrecord", "graduate_id")):
        statements.change(
            f"SELECT id FROM {table} WHERE cohort = %(cohort)s AND {key} IN ({held}) ORDER BY {key} FOR NO KEY UPDATE",
            asked,
        )
    check(upload)
    if upload.counts["mark"] != before:
        DESK.move(upload, "preview", reason=CHANGED_MEANWHILE)
        return
    # Read before anything is written; a message to each in a statement for many (NOT-01).
    note_each(
        actor,
        "upload",
        ABOUT,
        preview.changed(upload),
        cohort=upload.cohort,
        school=upload.school_id,
        told=Role.GRADUATE,
    )
    written = _write_records(upload)
    record_changed(written["added"] + written["changed"])
    stage.clear(upload)
    number = {key: len(graduates) for key, graduates in written.items()}
    DESK.move(upload, "applied", counts=upload.counts | {"written": number}, finished_at=Now())
    kept = {key: upload.counts[key] for key in ("new", "changed", "unchanged", "refused")}
    note(
        actor, "import", "employment_records", kept | {"file": upload.filename, "sha256": upload.sha256, "source": upload.get_source_display()},
        subject=str(upload.public_id), cohort=upload.cohort, school=upload.school_id, key=f"import {upload.public_id}",
    )  # fmt: skip


def _write_records(upload: EmploymentUpload) -> dict[str, list[int]]:
    """Write the records alone: file and household have tables of their own, which this leaves as they are."""
    asked = parameters(upload) | {"source": upload.source}
    staged = {key: f"s.{key}" for key in VALUES} | {"signed_on": "nullif(s.signed_on, '')::date"}
    changed = statements.rows(
        f"""UPDATE roster_employmentrecord e SET {", ".join(f"{key} = n.{key}" for key in VALUES)}, source = %(source)s, "case" = '',
            version = e.version + 1, changed_at = clock_timestamp()
        FROM (SELECT s.graduate_id, {", ".join(f"{sql} AS {key}" for key, sql in staged.items())} FROM {JOINED}
            WHERE {CHANGING} AND r.id IS NOT NULL) n
        WHERE e.graduate_id = n.graduate_id AND e.cohort = %(cohort)s RETURNING e.graduate_id""",
        asked,
    )
    added = statements.rows(
        f"""INSERT INTO roster_employmentrecord (graduate_id, cohort, school_id, {", ".join(VALUES)}, source, "case", version, changed_at)
        SELECT s.graduate_id, %(cohort)s::smallint, %(school)s::bigint, {", ".join(staged.values())}, %(source)s, '', 1, clock_timestamp()
        FROM {JOINED} WHERE {CHANGING} AND r.id IS NULL RETURNING graduate_id""",
        asked,
    )
    return {"added": [row.graduate_id for row in added], "changed": [row.graduate_id for row in changed]}
