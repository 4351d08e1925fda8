"""Reads ready employment records into their stage (IMP-05)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from qicheng.foundation.access import statements
from qicheng.foundation.kit import workbooks
from qicheng.foundation.sheets.uploads import LIMITS, path_of, pour

from .columns import HEADING_ROWS, STAGE, Lines, recognise

if TYPE_CHECKING:
    from qicheng.domain.roster.models import EmploymentUpload

COPY = f"COPY roster_employmentuploadline ({', '.join(STAGE)}) FROM STDIN"


def clear(upload: EmploymentUpload) -> None:
    """Take the lines of an upload out of the stage."""
    statements.change("DELETE FROM roster_employmentuploadline WHERE upload_id = %s", (upload.pk,))


def staged(upload: EmploymentUpload) -> int:
    """How many lines of it are in the stage."""
    row = statements.plain("SELECT count(*) FROM roster_employmentuploadline WHERE upload_id = %s", (upload.pk,))
    return int(row[0]) if row else 0


def fill(upload: EmploymentUpload) -> int:
    """Read the file into the stage; the number of its lines. Raises Unreadable where the file cannot be taken."""
    clear(upload)
    source = workbooks.rows(path_of(upload), LIMITS)
    first = list(itertools.islice(source, HEADING_ROWS))
    layout = recognise(first)
    upload.columns = layout.kept
    lines = Lines(upload.cohort, layout)
    numbered = enumerate(itertools.chain(first, source), 1)
    filled = ((line, row) for line, row in itertools.islice(numbered, layout.first, None) if any(row))
    done = pour(upload, COPY, filled, lines.stage)
    statements.plain("SELECT roster_look_at_employment_stage()")
    return done
