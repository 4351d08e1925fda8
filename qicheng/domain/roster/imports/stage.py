"""Reads an uploaded file into the stage, line by line as it comes, and keeps its progress where the page can see it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from qicheng.foundation.access import statements
from qicheng.foundation.kit import workbooks
from qicheng.foundation.sheets.uploads import LIMITS, path_of, pour

from . import checks
from .columns import HEADING_ROWS, STAGE, Lines, recognise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qicheng.domain.roster.models import Upload

COPY = f"COPY roster_uploadline ({', '.join(STAGE)}) FROM STDIN"


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
    upload.columns = layout.kept
    lines = Lines(layout, upload.school, upload.cohort)
    numbered = enumerate(itertools.chain(first, source), 1)
    filled = ((line, row) for line, row in itertools.islice(numbered, layout.first, None) if any(row))
    done = pour(upload, COPY, filled, lines.stage, (checks.IN_CELLS, checks.parameters(upload)))
    statements.plain("SELECT roster_look_at_stage()")
    return done
