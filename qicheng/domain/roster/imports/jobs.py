"""What the worker does with an upload: read and check it, write it, take up again what was cut off. Each may run twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models.functions import Now

from qicheng.domain.roster.effects import lock_roster, move_on, report_again
from qicheng.domain.roster.models import Roster, Upload, UploadFault
from qicheng.foundation.access import SYSTEM, statements
from qicheng.foundation.flow.perform import again, be, note, waiting_among
from qicheng.foundation.sheets.uploads import Desk, actor_of

from . import checks, preview, stage, writing

if TYPE_CHECKING:
    from qicheng.foundation.access import Actor

LOCKS = 0x526F << 44
BEGUN_MEANWHILE = "你查看之后有学生开始办理业务，已按最新情况重新核对。请再看一遍，再决定是否写入。"
CHANGED_MEANWHILE = "你查看之后名单有了变化，已按最新名单重新核对。请再看一遍，再决定是否写入。"


def check(upload: Upload, reason: str = "", *, is_again: bool = False) -> None:
    """Check the staged lines against each other and the roster as it stands, and put the upload to its preview."""
    with transaction.atomic():
        version = Roster.objects.get(school=upload.school_id, cohort=upload.cohort).version
        if is_again:
            checks.forget(upload)
            checks.look_at_cells(upload)
        checks.compare(upload)
        counts = preview.count(upload)
        DESK.move(
            upload, "preview", counts=counts, columns=upload.columns, total=upload.total, done=upload.total, seen=version,
            reason=reason, tries=0,
        )  # fmt: skip


DESK = Desk(Upload, LOCKS, "roster.read_upload", "roster.apply_upload", stage.fill, check, stage.clear)
read_upload, resume_stuck = DESK.read, DESK.resume_stuck


@again
def apply_upload(upload: int) -> None:
    """Write the good lines of an upload whose preview was agreed to, in one transaction (IMP-03)."""
    with DESK.writing(upload) as found:
        if found is not None:
            _write(found, actor_of(found))


def _write(upload: Upload, actor: Actor) -> None:
    be(actor)
    roster = lock_roster(upload.school_id, upload.cohort)
    if _staged(upload) != upload.total:
        DESK.read_again(upload, CHANGED_MEANWHILE)
        return
    if roster.version != upload.seen:
        check(upload, CHANGED_MEANWHILE, is_again=True)
        return
    if _has_begun(upload):
        check(upload, BEGUN_MEANWHILE, is_again=True)
        return
    written = writing.write_lines(upload, actor)
    if written["added"] or written["changed"]:
        move_on(roster)
    stage.clear(upload)
    DESK.move(upload, "applied", counts=upload.counts | {"written": written}, finished_at=Now())
    counts = {**written, "refused": upload.counts["refused"], "unchanged": upload.counts["unchanged"]}
    note(
        actor, "import", "roster", counts | {"file": upload.filename, "sha256": upload.sha256}, subject=str(upload.public_id),
        cohort=upload.cohort, school=upload.school_id, key=f"import {upload.public_id}",
    )  # fmt: skip


def _has_begun(upload: Upload) -> bool:
    """Whether something has begun since the preview for somebody whom the file takes out of online signing (ROS-06).

    They are locked as acts lock them: what begins afterwards sees what the file has written.
    """
    refused = set(
        UploadFault.objects.unscoped("the job's own upload").filter(upload=upload).values_list("line", flat=True)
    )
    found = checks.leaving_online_signing(upload, hold=True)
    return bool(waiting_among([row.graduate for row in found if row.line not in refused]))


def restore_uploaded() -> int:
    """Report again the employment records of graduates who came back to a roster (ROS-07); how many."""
    with transaction.atomic():
        be(SYSTEM)
        return report_again()


def _staged(upload: Upload) -> int:
    row = statements.plain("SELECT count(*) FROM roster_uploadline WHERE upload_id = %s", (upload.pk,))
    assert row is not None
    return int(row[0])
