"""F-16: killed while reading, killed before the commit, two at once; the roster stands as it was or as it was meant to be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import psycopg
import pytest
from django.db import connection, connections

from qicheng.domain.roster.imports import apply_upload, read_upload, request_writing, resume_stuck
from qicheng.domain.roster.models import Graduate, Upload
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from tests.conftest import pointed_at
from tests.domain.roster import files

LINES = 12_000
STOP_AFTER_THE_FIRST_BLOCK = (
    "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END'",
    "CREATE TRIGGER stop BEFORE UPDATE ON roster_upload FOR EACH ROW WHEN (NEW.done > 0) EXECUTE FUNCTION stop()",
)
# In this database: other tests wait for locks of their own on the same server.
SOMEBODY_WAITS = """
SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE NOT l.granted AND d.datname = current_database()
"""
WORKER = """
import django
django.setup()
from qicheng.domain.roster.imports import {job}
from tests import term
term.keep_open()
{job}({upload})
"""


def snapshot():
    return list(Graduate.all_rows.order_by("id").values())


def deferred(task):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [task])
        return cursor.fetchone()[0]


def kill_while_it_waits(databases, job, upload, hold):
    """Let a real worker run the job until it waits for what we hold, and kill it there."""
    environment = os.environ | {
        "DATABASE_URL": databases.url(databases.name), "DJANGO_SETTINGS_MODULE": "qicheng.interfaces.web.settings",
    }  # fmt: skip
    with psycopg.connect(databases.url(databases.name, "owner")) as holder:
        holder.execute(hold)
        worker = subprocess.Popen([sys.executable, "-c", WORKER.format(job=job, upload=upload)], env=environment)
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


@pytest.fixture
def waiting(committed_world, committed):
    """A file of 12,000 lines that waits for the worker."""
    content = files.text(files.table_of([files.line(committed_world, n) for n in range(LINES)]))
    return files.uploaded(committed_world, content, read=False)


@pytest.mark.rule("IMP-03")
def test_a_worker_killed_while_reading_changes_nothing_and_the_file_is_read_again(committed_world, committed, waiting):
    before = snapshot()

    committed.run(committed.name, *STOP_AFTER_THE_FIRST_BLOCK)
    kill_while_it_waits(committed, "read_upload", waiting.pk, "SELECT pg_advisory_lock(42)")
    committed.run(committed.name, "DROP TRIGGER stop ON roster_upload")

    waiting.refresh_from_db()
    assert (waiting.state, snapshot() == before) == ("reading", True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM roster_uploadline")
        assert cursor.fetchone()[0] == 10_000
    assert resume_stuck() == 0
    Upload.all_rows.update(moved_at="2026-01-01T00:00:00Z")
    assert (resume_stuck(), deferred("roster.read_upload")) == (1, 2)
    read_upload(waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.state, files.counts(waiting)[0]) == ("preview", LINES)


@pytest.mark.rule("IMP-03")
def test_a_worker_killed_before_the_commit_leaves_all_or_nothing_and_the_writing_is_taken_up_again(
    committed_world, committed, waiting
):
    read_upload(waiting.pk)
    waiting.refresh_from_db()
    request_writing(waiting, committed_world.actor(Role.SCHOOL))
    before = snapshot()

    kill_while_it_waits(committed, "apply_upload", waiting.pk, "LOCK TABLE flow_record IN EXCLUSIVE MODE")

    waiting.refresh_from_db()
    assert (waiting.state, snapshot() == before) == ("applying", True)
    Upload.all_rows.update(moved_at="2026-01-01T00:00:00Z")
    assert (resume_stuck(), deferred("roster.apply_upload")) == (1, 2)
    apply_upload(waiting.pk)
    apply_upload(waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.state, Graduate.all_rows.filter(exam_number__startswith="22119999").count()) == ("applied", LINES)
    assert Record.objects.filter(act="import").count() == 1


@pytest.mark.rule("IMP-03")
def test_a_stage_that_a_crash_emptied_is_filled_again_before_anything_is_written(committed_world, committed):
    upload = files.uploaded(committed_world, files.text(files.table_of([files.line(committed_world, 1)])))
    request_writing(upload, committed_world.actor(Role.SCHOOL))
    committed.run(committed.name, "TRUNCATE roster_uploadline")

    apply_upload(upload.pk)

    upload.refresh_from_db()
    assert (upload.state, deferred("roster.read_upload")) == ("waiting", 2)
    assert not Graduate.all_rows.filter(exam_number__startswith="22119999").exists()


@pytest.mark.rule("IMP-03")
def test_of_two_that_are_written_at_once_one_is_and_the_other_is_shown_again(committed_world, committed):
    graduate = committed_world.graduate
    majors = ("软件工程", "人工智能")
    uploads = [
        files.uploaded(committed_world, files.text(files.table_of([
            files.line_of(graduate, 专业=major), *(files.line(committed_world, n) for n in range(500)),
        ])))
        for major in majors
    ]  # fmt: skip
    for upload in uploads:
        request_writing(upload, committed_world.actor(Role.SCHOOL))
    start = threading.Barrier(2)

    def write(upload):
        with pointed_at(committed.url(committed.name)):
            start.wait()
            apply_upload(upload.pk)
            connections.close_all()

    run_together([lambda upload=upload: write(upload) for upload in uploads])

    for upload in uploads:
        upload.refresh_from_db()
    first = next(upload for upload in uploads if upload.state == "applied")
    second = next(upload for upload in uploads if upload.state == "preview")
    graduate.refresh_from_db()
    assert graduate.major == majors[uploads.index(first)]
    assert (second.reason[:8], files.counts(second)[:2]) == ("你查看之后名单有", (0, 1))
    assert Graduate.all_rows.filter(exam_number__startswith="22119999").count() == 500


def run_together(works):
    failures = []

    def run(work):
        try:
            work()
        except Exception as failure:  # noqa: BLE001 -- shown by the test that waits
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
