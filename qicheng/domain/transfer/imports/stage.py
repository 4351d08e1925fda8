"""Reads an uploaded file of records into its stage (ARC-04)."""

# ruff: noqa: S608 -- names of our own tables and columns; values are parameters
from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from qicheng.domain.orgs.queries import edition_of
from qicheng.foundation.access import statements
from qicheng.foundation.kit import workbooks
from qicheng.foundation.sheets.uploads import LIMITS, path_of, pour

from .columns import HEADING_ROWS, STAGE, Lines, recognise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qicheng.domain.transfer.models import RecordUpload
    from qicheng.foundation.access import Area


def table(area: Area) -> str:
    """The stage of an area."""
    return f"transfer_{area.value}uploadline"


def clear(upload: RecordUpload) -> None:
    """Take the lines of an upload out of the stage."""
    statements.change(f"DELETE FROM {table(upload.AREA)} WHERE upload_id = %s", (upload.pk,))


def staged(upload: RecordUpload) -> int:
    """How many lines of it are in the stage."""
    row = statements.plain(f"SELECT count(*) FROM {table(upload.AREA)} WHERE upload_id = %s", (upload.pk,))
    return int(row[0]) if row else 0


def fill(upload: RecordUpload) -> int:
    """Read the file into the stage; the number of its lines. Raises Unreadable where the file cannot be taken."""
    return fill_from(upload, workbooks.rows(path_of(upload), LIMITS))


def fill_from(upload: RecordUpload, rows: Iterable[list[str]]) -> int:
    """The same from rows that were read already; `upload.columns` is set on the way."""
    clear(upload)
    source = iter(rows)
    first = list(itertools.islice(source, HEADING_ROWS))
    layout = recognise(upload.AREA, first)
    upload.columns = layout.kept
    lines = Lines(upload.AREA, edition_of(upload.cohort), upload.cohort, layout)
    numbered = enumerate(itertools.chain(first, source), 1)
    filled = ((line, row) for line, row in itertools.islice(numbered, layout.first, None) if any(row))
    done = pour(upload, f"COPY {table(upload.AREA)} ({', '.join(STAGE)}) FROM STDIN", filled, lines.stage)
    statements.plain(f"SELECT {table(upload.AREA)}_look()")
    return done
