"""Reads an uploaded file into the stage, line by line as it comes, and keeps its progress where the page can see it."""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from psycopg import Cursor

from qicheng.domain.roster.models import Upload
from qicheng.foundation.access import statements
from qicheng.foundation.kit import workbooks

from . import checks
from .columns import HEADING_ROWS, STAGE, Layout, Lines, recognise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A cell longer than a spreadsheet allows is one wrong line, not a wrong file.
LIMITS = workbooks.Limits(cell=2_000_000)
BLOCK = 10_000
# What is read ahead at most: so many blocks of so many rows.
AHEAD, AT_ONCE = 40, 500
COPY = f"COPY roster_uploadline ({', '.join(STAGE)}) FROM STDIN"


def path_of(upload: Upload) -> Path:
    """Where the file lies, below QICHENG_FILES."""
    return Path(settings.QICHENG_FILES) / upload.path


def clear(upload: Upload) -> None:
    """Take the lines of an upload out of the stage."""
    statements.change("DELETE FROM roster_uploadline WHERE upload_id = %s", (upload.pk,))


def fill(upload: Upload) -> int:
    """Read the file into the stage; the number of its lines. Raises Unreadable where the file cannot be taken."""
    return fill_from(upload, _ahead(workbooks.rows(path_of(upload), LIMITS)))


def fill_from(upload: Upload, rows: Iterable[list[str]]) -> int:
    """The same from rows that were read already; `upload.columns` is set on the way."""
    clear(upload)
    checks.forget(upload)
    source = iter(rows)
    first = list(itertools.islice(source, HEADING_ROWS))
    layout = recognise(first)
    upload.columns = {
        "places": layout.places, "headings": [list(row) for row in layout.headings], "first": layout.first
    }  # fmt: skip
    lines = Lines(layout, upload.pk, upload.school, upload.cohort)
    numbered = enumerate(itertools.chain(first, source), 1)
    kept = ((line, row) for line, row in itertools.islice(numbered, layout.first, None) if any(row))
    done, last = 0, 0
    while (copied := _copy(lines, itertools.islice(kept, BLOCK)))[0]:
        written, line = copied
        checks.look_at_cells(upload, last + 1, line)
        done, last = done + written, line
        _progress(upload, done)
    statements.plain("SELECT roster_look_at_stage()")
    return done


def _copy(lines: Lines, rows: Iterator[tuple[int, list[str]]]) -> tuple[int, int]:
    """One COPY; how many lines it wrote, and the last of them. Without rows it starts none."""
    start = next(rows, None)
    if start is None:
        return 0, 0
    connection.ensure_connection()
    stage = lines.stage
    written = line = 0
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor, cursor.copy(COPY) as copy:
        write = copy.write_row
        for line, row in itertools.chain((start,), rows):
            write(stage(line, row))
            written += 1
    return written, line


def _ahead(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """The same rows, read on by a thread of their own while the database is at work."""
    blocks: queue.Queue[list[list[str]] | BaseException | None] = queue.Queue(AHEAD)
    wanted = threading.Event()
    wanted.set()

    def hand_over(block: list[list[str]] | BaseException | None) -> None:
        while wanted.is_set():
            with contextlib.suppress(queue.Full):
                blocks.put(block, timeout=0.2)
                return

    def read() -> None:
        try:
            while wanted.is_set() and (block := list(itertools.islice(rows, AT_ONCE))):
                hand_over(block)
            hand_over(None)
        except BaseException as why:  # noqa: BLE001 -- raised again where the rows are used
            hand_over(why)
        finally:
            rows.close()  # type: ignore[attr-defined]

    reader = threading.Thread(target=read, name="reads ahead", daemon=True)
    reader.start()
    try:
        while (block := blocks.get()) is not None:
            if isinstance(block, BaseException):
                raise block
            yield from block
    finally:
        wanted.clear()
        reader.join()


def _progress(upload: Upload, done: int) -> None:
    Upload.objects.unscoped("the job's own upload").filter(pk=upload.pk).update(done=done, moved_at=Now())


def layout_of(upload: Upload) -> Layout:
    """The layout that the file was read by."""
    kept = upload.columns
    return Layout(
        {key: tuple(pair) for key, pair in kept["places"].items()}, tuple(map(tuple, kept["headings"])), kept["first"]
    )
