"""Reads an uploaded file into the stage, line by line as it comes, and keeps its progress where the page can see it."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    from collections.abc import Iterable, Iterator, Mapping
    from concurrent.futures import Future

    from psycopg import Connection

# A cell longer than a spreadsheet allows is one wrong line, not a wrong file.
LIMITS = workbooks.Limits(cell=2_000_000)
BLOCK = 10_000
COPY = f"COPY roster_uploadline ({', '.join(STAGE)}) FROM STDIN"
LINE = STAGE.index("line")


def path_of(upload: Upload) -> Path:
    """Where the file lies, below QICHENG_FILES."""
    return Path(settings.QICHENG_FILES) / upload.path


def clear(upload: Upload) -> None:
    """Take the lines of an upload out of the stage."""
    statements.change("DELETE FROM roster_uploadline WHERE upload_id = %s", (upload.pk,))


def fill(upload: Upload) -> int:
    """Read the file into the stage; the number of its lines. Raises Unreadable where the file cannot be taken."""
    return fill_from(upload, workbooks.rows(path_of(upload), LIMITS))


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
    stage = Lines(layout, upload.pk, upload.school, upload.cohort).stage
    numbered = enumerate(itertools.chain(first, source), 1)
    lines = (stage(line, row) for line, row in itertools.islice(numbered, layout.first, None) if any(row))
    done = _write(upload, lines)
    statements.plain("SELECT roster_look_at_stage()")
    return done


def _write(upload: Upload, lines: Iterator[tuple[Any, ...]]) -> int:
    """Copy the lines into the stage, block by block; the next one is made while the database looks at the cells of the last."""
    connection.ensure_connection()
    looked = checks.parameters(upload)
    done = 0
    with connection.wrap_database_errors, ThreadPoolExecutor(1, "looks at cells") as beside:
        at_work: Future[None] | None = None
        while block := list(itertools.islice(lines, BLOCK)):
            if at_work:
                at_work.result()
                _progress(upload, done)
            with Cursor(connection.connection) as cursor, cursor.copy(COPY) as copy:
                for line in block:
                    copy.write_row(line)
            between = {"first": block[0][LINE], "last": block[-1][LINE]}
            at_work = beside.submit(_look_at_cells, connection.connection, looked | between)
            done += len(block)
        if at_work:
            at_work.result()
            _progress(upload, done)
    return done


def _look_at_cells(database: Connection[Any], parameters: Mapping[str, Any]) -> None:
    # Django's own connection would be another one here, which sees nothing of a transaction that is open.
    with Cursor(database) as cursor:
        cursor.execute(checks.IN_CELLS, parameters)


def _progress(upload: Upload, done: int) -> None:
    Upload.objects.unscoped("the job's own upload").filter(pk=upload.pk).update(done=done, moved_at=Now())


def layout_of(upload: Upload) -> Layout:
    """The layout that the file was read by."""
    kept = upload.columns
    return Layout(
        {key: tuple(pair) for key, pair in kept["places"].items()}, tuple(map(tuple, kept["headings"])), kept["first"]
    )
