"""F-16 for records: killed while reading, killed before the commit, two at once; a registration that ends while a module catches up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import date
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from django.db import connection, connections

from qicheng.domain.transfer.effects import batches, catching_up
from qicheng.domain.transfer.effects.catching_up import catch_up
from qicheng.domain.transfer.effects.records import edit_record
from qicheng.domain.transfer.imports import apply_upload, request_writing, resume_stuck
from qicheng.domain.transfer.models import ArchiveHandover, ArchiveHandoverLine, ArchiveRecord, ArchiveUpload
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import Refused, perform
from qicheng.foundation.notice.models import Notice
from tests.conftest import pointed_at
from tests.domain.transfer import filled
from tests.world import CHANGE

if TYPE_CHECKING:
    from collections.abc import Callable

LINES = 300
# In this database: other tests wait for locks of their own on the same server.
SOMEBODY_WAITS = "SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE NOT l.granted AND d.datname = current_database()"
WORKER = """
import django
django.setup()
from qicheng.domain.transfer.{place} import {job}
from tests import term
term.keep_open()
{job}{given}
"""


@pytest.fixture
def people(committed_world: Any) -> list[Any]:
    """Three hundred graduates on the list of files."""
    from qicheng.domain.roster.models import Graduate

    row = Graduate.all_rows.filter(pk=committed_world.graduate.pk).values().get()
    del row["id"]
    committed_world.open_transfer()
    Graduate.all_rows.bulk_create(
        Graduate(**row | {"public_id": f"00000000-0000-4000-8000-{n:012d}", "account_id": None, "exam_number": f"22119999{n:06d}",
                          "id_number": f"11010119990101{n:04d}", "name": f"学生{chr(0x4E00 + n)}", "archive_moved": True})
        for n in range(LINES)
    )  # fmt: skip
    return list(Graduate.all_rows.filter(exam_number__startswith="22119999").order_by("id"))


def deferred(task: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [task])
        return int(cursor.fetchone()[0])


def kill_while_it_waits(databases: Any, place: str, job: str, given: tuple[Any, ...], hold: str) -> None:
    """Let a real worker run the job until it waits for what we hold, and kill it there."""
    environment = os.environ | {
        "DATABASE_URL": databases.url(databases.name), "DJANGO_SETTINGS_MODULE": "qicheng.interfaces.web.settings",
    }  # fmt: skip
    with psycopg.connect(databases.url(databases.name, "owner")) as holder:
        holder.execute(hold)  # type: ignore[call-overload]
        program = WORKER.format(place=place, job=job, given=given)
        worker = subprocess.Popen([sys.executable, "-c", program], env=environment)
        with psycopg.connect(databases.url(databases.name, "owner"), autocommit=True) as watcher:
            end = time.monotonic() + 60
            while not watcher.execute(SOMEBODY_WAITS).fetchone():
                assert worker.poll() is None, "the worker ended before it came so far"
                assert time.monotonic() < end
                time.sleep(0.05)
            worker.send_signal(signal.SIGKILL)
            worker.wait(10)
        holder.rollback()
    with psycopg.connect(databases.url(databases.name, "owner"), autocommit=True) as watcher:
        end = time.monotonic() + 20
        while watcher.execute(
            "SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE l.locktype = 'advisory' AND d.datname = %s",
            [databases.name],
        ).fetchone():
            assert time.monotonic() < end, "the server has not seen that the worker is gone"
            time.sleep(0.05)


def together(databases: Any, works: list[Callable[[], Any]]) -> list[BaseException]:
    """Do all of it at once, each with a connection of its own; what was raised."""
    start, raised = threading.Barrier(len(works)), []

    def run(work: Callable[[], Any]) -> None:
        with pointed_at(databases.url(databases.name)):
            start.wait()
            try:
                work()
            except Exception as failure:  # noqa: BLE001 -- shown by the test that waits
                raised.append(failure)
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised


@pytest.mark.rule("ARC-04", "IMP-03")
def test_a_worker_killed_before_the_commit_leaves_nothing_and_the_writing_is_taken_up_again(
    committed_world, committed, people
):
    upload = filled.uploaded(committed_world, [filled.line(one) for one in people])
    request_writing(upload, committed_world.actor(Role.SCHOOL))

    kill_while_it_waits(
        committed, "imports", "apply_upload", ("archive", upload.pk), "LOCK TABLE notice_notice IN EXCLUSIVE MODE"
    )

    upload.refresh_from_db()
    assert (upload.state, ArchiveRecord.all_rows.count(), Record.objects.filter(flow="archive_record").count()) == (
        "applying",
        0,
        0,
    )
    ArchiveUpload.all_rows.update(moved_at="2026-01-01T00:00:00Z")
    assert (resume_stuck(), deferred("transfer.apply_upload")) == (1, 2)
    apply_upload("archive", upload.pk)
    apply_upload("archive", upload.pk)
    upload.refresh_from_db()
    assert (upload.state, ArchiveRecord.all_rows.count(), set(ArchiveRecord.all_rows.values_list("version", flat=True))) == (
        "applied", LINES, {1},
    )  # fmt: skip
    assert Record.objects.filter(flow="archive_record", act="upload").count() == LINES
    assert Notice.objects.filter(flow="archive_record", channel="inbox").count() == LINES
    assert Record.objects.filter(flow="archive_records", act="import").count() == 1


@pytest.mark.rule("ARC-04", "IMP-03")
def test_a_stage_that_a_crash_emptied_is_filled_again_before_anything_is_written(committed_world, committed, people):
    upload = filled.uploaded(committed_world, [filled.line(one) for one in people[:3]])
    request_writing(upload, committed_world.actor(Role.SCHOOL))
    committed.run(committed.name, "TRUNCATE transfer_archiveuploadline")
    apply_upload("archive", upload.pk)
    upload.refresh_from_db()
    assert (upload.state, deferred("transfer.read_upload"), ArchiveRecord.all_rows.count()) == ("waiting", 2, 0)


@pytest.mark.rule("ARC-04", "IMP-03")
def test_of_two_files_that_are_written_at_once_one_is_and_the_other_is_shown_again(committed_world, committed, people):
    uploads = [
        filled.uploaded(committed_world, [filled.line(one, contact=contact) for one in people])
        for contact in ("钱进", "孙立")
    ]
    for upload in uploads:
        request_writing(upload, committed_world.actor(Role.SCHOOL))

    raised = together(committed, [lambda upload=upload: apply_upload("archive", upload.pk) for upload in uploads])

    for upload in uploads:
        upload.refresh_from_db()
    assert (raised, sorted(upload.state for upload in uploads)) == ([], ["applied", "preview"])
    first, second = sorted(uploads, key=lambda upload: upload.state)
    assert set(ArchiveRecord.all_rows.values_list("contact", "version")) == {
        (("钱进", "孙立")[uploads.index(first)], 1)
    }
    assert (second.reason[:5], second.counts["new"], second.counts["changed"]) == ("你查看之后", 0, LINES)


@pytest.mark.rule("ARC-04", "ARC-05")
def test_a_file_and_an_application_that_meet_leave_one_of_them_to_see_the_other(committed_world, committed):
    committed_world.open_transfer()
    me = committed_world.actor(Role.GRADUATE)
    for _ in range(4):
        upload = filled.uploaded(
            committed_world, [filled.line(committed_world.graduate, contact=f"钱进{time.monotonic_ns()}")]
        )
        request_writing(upload, committed_world.actor(Role.SCHOOL))
        draft = committed_world.change_draft(receiver="北京市朝阳区人才服务中心")

        raised = together(
            committed,
            [lambda one=upload: apply_upload("archive", one.pk), lambda case=draft: perform(case, "submit", me)],
        )

        upload.refresh_from_db()
        draft.refresh_from_db()
        record = ArchiveRecord.all_rows.filter(graduate=committed_world.graduate).first()
        version = record.version if record else 0
        assert (raised, draft.state) == ([], "college_review")
        # Either the application was submitted against what the file wrote, or the file found it under review.
        assert (upload.state, draft.record_version) in (("applied", version), ("preview", version))
        perform(
            draft, "return", committed_world.actor(Role.COLLEGE), reason="x_archive", words="请看过现在的信息再提交"
        )
        perform(draft, "give_up", me)


@pytest.mark.rule("ARC-03")
def test_a_registration_that_ends_while_the_module_catches_up_brings_nothing_that_stays(
    committed_world, committed, monkeypatch
):
    case = committed_world.effective()
    committed_world.open_transfer()
    school, wrote = committed_world.actor(Role.SCHOOL), catching_up.write_each
    ended: list[threading.Thread] = []

    def slowly(*args: Any, **given: Any) -> int:
        def void() -> None:
            with pointed_at(committed.url(committed.name)):
                perform(case, "void", school, words="双方协商一致", reason="x_other")
                connections.close_all()

        ended.append(threading.Thread(target=void))
        ended[0].start()
        time.sleep(0.5)
        return wrote(*args, **given)

    monkeypatch.setattr(catching_up, "write_each", slowly)
    assert catch_up("archive", committed_world.school.pk, committed_world.cohort) == 1
    ended[0].join(30)
    assert (case.state, ArchiveRecord.all_rows.get(graduate=committed_world.graduate).kind) == ("voided", "")


@pytest.mark.rule("ARC-03")
def test_two_jobs_that_catch_up_at_once_write_each_record_once(committed_world, committed):
    committed_world.effective()
    committed_world.open_transfer()
    raised = together(committed, [lambda: catch_up("archive", committed_world.school.pk, committed_world.cohort)] * 3)
    assert (raised, list(ArchiveRecord.all_rows.values_list("version", flat=True))) == ([], [1])
    assert Record.objects.filter(flow="archive_record", act="carry").count() == 1


def test_two_batches_that_are_made_at_once_share_nobody(committed_world, committed):
    committed_world.open_transfer()
    school = committed_world.actor(Role.SCHOOL)
    edit_record(Area.ARCHIVE, committed_world.graduate.public_id, school, seen=0, **CHANGE)

    raised = together(
        committed,
        [
            lambda key=key: batches.collect(
                Area.ARCHIVE, school, committed_world.cohort, title=key, handed_on=date(2026, 7, 1), key=key
            )
            for key in ("a", "b", "c")
        ],
    )  # fmt: skip

    assert ([type(one) for one in raised], ArchiveHandover.all_rows.count()) == ([Refused, Refused], 1)
    assert ArchiveHandoverLine.all_rows.count() == 1
