"""What the worker does with an upload: read and check it, write it, take up again what was cut off. Each may run twice."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from qicheng.domain.roster.effects import lock_roster, move_on, report_again
from qicheng.domain.roster.models import Roster, Upload, UploadFault
from qicheng.foundation.access import SYSTEM, statements
from qicheng.foundation.flow.perform import again, be, note, waiting_among
from qicheng.foundation.kit.workbooks import Unreadable
from qicheng.foundation.later import later

from . import checks, preview, stage, writing
from .door import actor_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qicheng.foundation.access import Actor

# Advisory locks of uploads lie in a range of their own; the lock goes with the connection of a worker that dies.
LOCKS = 0x526F << 44
MOST_TRIES = 3
STUCK = timedelta(minutes=2)
BEGUN_MEANWHILE = "你查看之后有学生开始办理业务，已按最新情况重新核对。请再看一遍，再决定是否写入。"
CHANGED_MEANWHILE = "你查看之后名单有了变化，已按最新名单重新核对。请再看一遍，再决定是否写入。"


def read_upload(upload: int) -> None:
    """Read a file into the stage, check it, count its preview; a second call while it runs does nothing."""
    with _alone(upload) as mine:
        found = _find(upload)
        if not mine or found is None or found.state not in ("waiting", "reading"):
            return
        if found.tries >= MOST_TRIES:
            _move(found, "refused", reason="文件读取几次都中断了，请另存为 .xlsx 后重新上传。", finished_at=Now())
            return
        _move(found, "reading", tries=found.tries + 1, done=0)
        try:
            found.total = stage.fill(found)
            if not found.total:
                raise Unreadable("表头下面没有内容，请核对后重新上传")
        except Unreadable as why:
            stage.clear(found)
            _move(found, "refused", reason=str(why)[:300], finished_at=Now())
            return
        check(found)


def check(upload: Upload, reason: str = "", *, is_again: bool = False) -> None:
    """Check the staged lines against each other and the roster as it stands, and put the upload to its preview."""
    with transaction.atomic():
        version = Roster.objects.get(school=upload.school_id, cohort=upload.cohort).version
        if is_again:
            checks.forget(upload)
            checks.look_at_cells(upload)
        checks.compare(upload)
        counts = preview.count(upload)
        _move(
            upload, "preview", counts=counts, columns=upload.columns, total=upload.total, done=upload.total, seen=version,
            reason=reason, tries=0,
        )  # fmt: skip


@again
def apply_upload(upload: int) -> None:
    """Write the good lines of an upload whose preview was agreed to, in one transaction (IMP-03)."""
    with _alone(upload) as mine:
        if not mine:
            return
        with transaction.atomic():
            rows = Upload.objects.unscoped("the job's own upload").select_related("school")
            found = rows.select_for_update(of=("self",)).filter(pk=upload, state="applying").first()
            if found is not None:
                _write(found, actor_of(found))


def _write(upload: Upload, actor: Actor) -> None:
    be(actor)
    roster = lock_roster(upload.school_id, upload.cohort)
    if _staged(upload) != upload.total:
        _move(upload, "waiting", tries=0, reason=CHANGED_MEANWHILE)
        later("roster.read_upload", upload=upload.pk)
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
    _move(upload, "applied", counts=upload.counts | {"written": written}, finished_at=Now())
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


def resume_stuck() -> int:
    """Start again what a killed worker left behind; how many uploads that were."""
    rows = Upload.objects.unscoped("the sweeper looks after all uploads")
    stuck = rows.filter(state__in=("waiting", "reading", "applying"), moved_at__lt=timezone.now() - STUCK)
    number = 0
    for pk, state in stuck.order_by("id").values_list("pk", "state"):
        with _alone(pk) as mine:
            if mine:
                with transaction.atomic():
                    rows.filter(pk=pk).update(moved_at=Now())
                    later("roster.apply_upload" if state == "applying" else "roster.read_upload", upload=pk)
                number += 1
    return number


def restore_uploaded() -> int:
    """Report again the employment records of graduates who came back to a roster (ROS-07); how many."""
    with transaction.atomic():
        be(SYSTEM)
        return report_again()


@contextmanager
def _alone(upload: int) -> Iterator[bool]:
    """Whether nobody else works on the upload while this runs."""
    row = statements.plain("SELECT pg_try_advisory_lock(%s)", (LOCKS + upload,))
    mine = bool(row and row[0])
    try:
        yield mine
    finally:
        if mine:
            _unlock(upload)


def _unlock(upload: int) -> None:
    statements.plain("SELECT pg_advisory_unlock(%s)", (LOCKS + upload,))


def _find(upload: int) -> Upload | None:
    return Upload.objects.unscoped("the job's own upload").select_related("school").filter(pk=upload).first()


def _staged(upload: Upload) -> int:
    row = statements.plain("SELECT count(*) FROM roster_uploadline WHERE upload_id = %s", (upload.pk,))
    assert row is not None
    return int(row[0])


def _move(upload: Upload, state: str, **columns: Any) -> None:
    Upload.objects.unscoped("the job's own upload").filter(pk=upload.pk).update(state=state, moved_at=Now(), **columns)
    upload.state = state
    for name, value in columns.items():
        setattr(upload, name, value)
