"""Reports of a whole list: made one after the other by the worker, packed into one file, handed out with each on record (REP-01)."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import zipfile
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from qicheng.domain.orgs.models import College
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.models import REPORTS, ReportBatch
from qicheng.domain.transfer.queries.reports import PAPER
from qicheng.domain.transfer.sheets import reports as sheets
from qicheng.foundation.access import SYSTEM, Area, Role
from qicheng.foundation.flow.perform import NotOpen, Refused, Stopped, note
from qicheng.foundation.later import later
from qicheng.foundation.papers import store
from qicheng.foundation.papers.models import Paper
from qicheng.foundation.sheets.uploads import actor_of, kept

from .reports import issue, make_report, put_on_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qicheng.domain.transfer.models import TransferReport
    from qicheng.foundation.access import Actor

FOLDER = "batches"
MOST_AT_ONCE = 2_000
SAID_EVERY = 10
log = logging.getLogger(__name__)
LOCKS = 0x5242 << 44
STUCK = timedelta(minutes=2)
KEPT_FOR = timedelta(days=7)


def ask_for_batch(
    kind: str, graduates: Sequence[int], actor: Actor, *, cohort: int, key: str, query: dict[str, str]
) -> ReportBatch:
    """Have the reports of these graduates made and packed; the same form again is the same batch. Raises NotOpen, Refused."""
    area = Area(kind)
    if actor.role not in (Role.SCHOOL, Role.COLLEGE) or actor.account is None or not actor.may_write(area):
        raise NotOpen("你的账号没有这项操作的权限。")
    if not graduates:
        raise Refused("没有选中的毕业生，先勾选或者调整筛选。")
    if len(graduates) > MOST_AT_ONCE:
        raise Refused(f"一次最多生成 {MOST_AT_ONCE:,} 份，先用筛选缩小范围，分几次生成。")
    college = actor.node if actor.role is Role.COLLEGE else None
    school = College.objects.get(pk=college).school_id if college else actor.node
    row = ReportBatch(
        school_id=school, college_id=college, cohort=cohort, kind=kind, account_id=actor.account, actor=kept(actor), key=key,
        query=query, graduates=list(graduates), total=len(graduates),
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            note(actor, "make_reports", f"{kind}_report", {"份数": ["", len(graduates)]}, cohort=cohort, school=school)
            later("transfer.make_batch", batch=row.pk)
    except IntegrityError:
        return ReportBatch.objects.seen_by(actor).get(account=actor.account, key=key)
    return row


def make_batch(batch: int) -> None:
    """Make what is missing, then pack all; called again it goes on where it was, two at once are one."""
    with _alone(batch) as is_alone:
        rows = ReportBatch.objects.seen_by(SYSTEM).filter(pk=batch, state__in=("waiting", "working"))
        row = rows.first() if is_alone else None
        if row is None:
            return
        actor, made = actor_of(row), {}
        for place in range(row.done, row.total):
            graduate = row.graduates[place]
            try:
                report = issue(row.kind, graduate, actor)
                make_report(row.kind, str(report.public_id))
            except Stopped as why:
                made[str(graduate)] = str(why)
            if (place + 1) % SAID_EVERY == 0:
                _keep(row, state="working", done=place + 1, faults=row.faults | made)
        _keep(row, state="working", done=row.total, faults=row.faults | made)
        _pack(row)


def pack_again(batch: ReportBatch, actor: Actor) -> None:
    """Have the file made anew, for some of what is in it no longer counts."""
    rows = ReportBatch.objects.seen_by(actor).filter(pk=batch.pk, account=actor.account, state="done")
    with transaction.atomic():
        if rows.update(state="waiting", done=0, faults={}, moved_at=Now()):
            later("transfer.make_batch", batch=batch.pk)


def hand_out_batch(batch: ReportBatch, actor: Actor) -> Path:
    """The file of a batch, as long as all in it still counts; each download is on record. Raises Refused, `store.Damaged`."""
    gone = gone_since(batch)
    if gone:
        raise Refused(f"打包以后有 {gone} 份报告失效了，重新打包以后再下载。")
    path = Path(settings.QICHENG_FILES) / batch.path
    if not batch.path or not path.exists() or path.stat().st_size != batch.size:
        raise store.Damaged(f"batch {batch.pk}")
    with transaction.atomic():
        note(actor, "download_reports", f"{batch.kind}_report", {"份数": ["", len(batch.packed)]}, subject=str(batch.public_id),
             cohort=batch.cohort, school=batch.school_id)  # fmt: skip
        later("transfer.mark_downloaded", batch=batch.pk, account=actor.account or 0)
    return path


def mark_downloaded(batch: int, account: int) -> None:
    """Put the download of a batch on the record of each of its reports."""
    row = ReportBatch.objects.seen_by(SYSTEM).get(pk=batch)
    if account != row.account_id:
        return
    for report in _rows(row).filter(public_id__in=row.packed, live=True):
        try:
            put_on_record(report, actor_of(row))
        except Stopped as why:
            log.info("report %s was not put on record: %s", report.public_id, type(why).__name__)


def gone_since(batch: ReportBatch) -> int:
    """How many of the file's reports no longer count."""
    standing = _rows(batch).filter(public_id__in=batch.packed, state="issued", graduate__removed_at=None).count()
    return len(batch.packed) - standing


def resume_stuck() -> None:
    """Take up batches whose worker was killed."""
    before = timezone.now() - STUCK
    rows = ReportBatch.objects.seen_by(SYSTEM)
    for batch in rows.filter(state__in=("waiting", "working"), moved_at__lt=before).values_list("pk", flat=True):
        make_batch(batch)


def sweep_batches() -> int:
    """Let go of files that were packed more than a week ago; reports stay, and a batch can be packed again."""
    rows = ReportBatch.objects.seen_by(SYSTEM)
    old = list(rows.filter(finished_at__lt=timezone.now() - KEPT_FOR).exclude(path=""))
    for batch in old:
        (Path(settings.QICHENG_FILES) / batch.path).unlink(missing_ok=True)
        _keep(batch, path="", size=0, sha256="")
    return len(old)


def _pack(batch: ReportBatch) -> None:
    """One file of all reports that stand; whatever is not made yet says why."""
    folder = Path(settings.QICHENG_FILES) / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    people = Graduate.objects.seen_by(SYSTEM).in_bulk(batch.graduates)
    found = {report.graduate_id: report for report in _rows(batch).filter(graduate__in=batch.graduates, live=True)}
    papers = {
        paper.record: paper
        for paper in Paper.objects.filter(kind=PAPER, record__in=[str(report.public_id) for report in found.values()])
    }
    faults, packed = dict(batch.faults), []
    descriptor, aside = tempfile.mkstemp(dir=folder, prefix=".")
    try:
        with os.fdopen(descriptor, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                for graduate in batch.graduates:
                    report = found.get(graduate)
                    if report is None or not report.is_issued:
                        faults.setdefault(
                            str(graduate), (report.why or report.standing.label) if report else "没有生成"
                        )
                        continue
                    archive.writestr(_named(people[graduate], report), store.read(papers[str(report.public_id)]))
                    packed.append(str(report.public_id))
            file.flush()
            os.fsync(file.fileno())
        path = Path(FOLDER, f"{batch.public_id.hex}.zip")
        Path(aside).replace(Path(settings.QICHENG_FILES) / path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
    whole = Path(settings.QICHENG_FILES) / path
    with whole.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    _keep(batch, state="done", faults=faults, packed=packed, path=path.as_posix(), size=whole.stat().st_size, sha256=digest,
          finished_at=timezone.now())  # fmt: skip


def _named(graduate: Graduate, report: TransferReport) -> str:
    """The name of one report in the file, as folders of any system take it."""
    said = f"{graduate.student_number or graduate.exam_number}-{graduate.name}-{sheets.NUMBERS[report.KIND]}{report.number}"
    return "".join(character if character.isalnum() or character in "-·" else "_" for character in said) + ".pdf"


def _rows(batch: ReportBatch) -> Any:
    return REPORTS[batch.kind].objects.seen_by(SYSTEM)


def _keep(batch: ReportBatch, **values: Any) -> None:
    for name, value in values.items():
        setattr(batch, name, value)
    batch.moved_at = timezone.now()
    batch.save(update_fields=[*values, "moved_at"])


@contextmanager
def _alone(batch: int) -> Iterator[bool]:
    """Whether nobody else works at it; the lock goes with the connection of a worker that dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", (LOCKS | batch,))
        (is_alone,) = cursor.fetchone()
        try:
            yield is_alone
        finally:
            if is_alone:
                cursor.execute("SELECT pg_advisory_unlock(%s)", (LOCKS | batch,))
