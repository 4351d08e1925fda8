"""What the worker does with a file of records: read and check it, write it, take up again what was cut off. Each may run twice (ARC-04)."""

# ruff: noqa: S608 -- names of our own tables and columns; values are parameters
from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models.functions import Now

from qicheng.domain.transfer.effects.many import Written, write_each
from qicheng.domain.transfer.effects.records import about
from qicheng.domain.transfer.guards.uploads import closed_for
from qicheng.domain.transfer.models import RECORDS, UPLOADS
from qicheng.foundation.access import Area, statements
from qicheng.foundation.flow.perform import again, be, note
from qicheng.foundation.sheets.uploads import Desk, actor_of

from . import checks, preview, stage
from .checks import Asked
from .columns import VALUES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qicheng.domain.transfer.models import RecordUpload
    from qicheng.foundation.access import Actor

LOCKS = {Area.ARCHIVE: 0x4152 << 44, Area.HOUSEHOLD: 0x484F << 44}
AT_ONCE = 5_000
CHANGED_MEANWHILE = "你查看之后，名单、登记或者审核有了变化，已按最新情况重新核对。请再看一遍，再决定是否写入。"


def check(upload: RecordUpload, reason: str = "") -> None:
    """Check the staged lines against each other and against what stands now, and put the upload to its preview."""
    with transaction.atomic():
        checks.look(upload)
        DESKS[upload.AREA].move(
            upload, "preview", counts=preview.count(upload), columns=upload.columns, total=upload.total, done=upload.total,
            reason=reason, tries=0,
        )  # fmt: skip


DESKS = {
    area: Desk(
        model, LOCKS[area], "transfer.read_upload", "transfer.apply_upload", stage.fill, check, stage.clear, {"area": area.value}
    )
    for area, model in UPLOADS.items()
}  # fmt: skip


def read_upload(area: str, upload: int) -> None:
    """Read a file into the stage, check it, count its preview."""
    DESKS[Area(area)].read(upload)


@again
def apply_upload(area: str, upload: int) -> None:
    """Write the good lines of an upload whose preview was agreed to, in one transaction (IMP-03)."""
    with DESKS[Area(area)].writing(upload) as found:
        if found is not None:
            _write(found, actor_of(found))


def resume_stuck() -> int:
    """Start again what a killed worker left behind; how many uploads that were."""
    return sum(desk.resume_stuck() for desk in DESKS.values())


def _write(upload: RecordUpload, actor: Actor) -> None:
    be(actor)
    desk = DESKS[upload.AREA]
    if why := closed_for(upload.AREA, upload.school_id, upload.cohort, actor, hold=True):
        desk.move(upload, "preview", reason=why)
        return
    if stage.staged(upload) != upload.total:
        desk.read_again(upload, CHANGED_MEANWHILE)
        return
    before = upload.counts.get("mark")
    _hold(upload)
    check(upload)
    if upload.counts["mark"] != before:
        desk.move(upload, "preview", reason=CHANGED_MEANWHILE)
        return
    number = write_each(
        upload.AREA, actor, "upload", _rows(upload), cohort=upload.cohort, school=upload.school_id, is_told=True
    )  # fmt: skip
    stage.clear(upload)
    desk.move(upload, "applied", counts=upload.counts | {"written": number}, finished_at=Now())
    kept = {key: upload.counts[key] for key in ("new", "changed", "unchanged", "blank", "refused")}
    note(
        actor, "import", f"{about(upload.AREA)}s", kept | {"file": upload.filename, "sha256": upload.sha256},
        subject=str(upload.public_id), cohort=upload.cohort, school=upload.school_id, key=f"import {upload.public_id}",
    )  # fmt: skip


def _hold(upload: RecordUpload) -> None:
    """Lock the graduates that are written, then their records, in the order in which applications lock them."""
    asked = Asked(upload)
    held = f"SELECT s.graduate_id FROM {asked.joined} WHERE {asked.changing}"
    statements.change(
        f"SELECT id FROM roster_graduate WHERE cohort = %(cohort)s AND id IN ({held}) ORDER BY id FOR NO KEY UPDATE",
        asked.parameters,
    )
    statements.change(
        f"SELECT id FROM {RECORDS[upload.AREA]._meta.db_table} WHERE graduate_id IN ({held}) ORDER BY graduate_id FOR NO KEY UPDATE",
        asked.parameters,
    )


def _rows(upload: RecordUpload) -> Iterator[Written]:
    """What is written, read in blocks: a block is written before the next is read, and its lines say what is registered by then."""
    asked, after = Asked(upload), -1
    sql = f"""SELECT s.line, s.graduate_id, coalesce(r.origin, '') AS origin,
            ARRAY[{", ".join(f"coalesce(r.{key}, '')" for key in VALUES)}] AS was, ARRAY[{", ".join(f"s.{key}" for key in VALUES)}] AS becomes
        FROM {asked.joined} WHERE {asked.changing} AND s.line > %(after)s ORDER BY s.line LIMIT {AT_ONCE}"""
    case = str(upload.public_id)
    while found := statements.rows(sql, asked.parameters | {"after": after}):
        for row in found:
            before, becomes = (dict(zip(VALUES, side, strict=True)) for side in (row.was, row.becomes))
            yield Written(row.graduate_id, before, becomes, "upload", case, row.origin)
        after = found[-1].line
