"""Workbooks of batch uploads: the codes to fill in by, and the refused lines with their errors marked (ARC-04, IMP-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.orgs.queries import edition_of
from qicheng.domain.transfer.models import FAULTS
from qicheng.foundation.kit import workbooks
from qicheng.foundation.sheets.uploads import marked

from .columns import code_columns

if TYPE_CHECKING:
    from qicheng.domain.transfer.models import RecordUpload
    from qicheng.foundation.access import Actor, Area


def code_workbook(area: Area, cohort: int) -> bytes:
    """代码表: the types of transfer that the cohort's edition has, and all places."""
    rows = [
        [column.heading, code, name]
        for column in code_columns(area, edition_of(cohort))
        for code, name in column.choices
    ]
    return workbooks.write(["列", "代码", "名称"], rows, sheet="代码表", widths={"列": 18, "代码": 18, "名称": 40})


def refused_workbook(upload: RecordUpload, actor: Actor) -> bytes:
    """The refused lines in the shape of the file that came in, wrong cells marked. Unreadable or OSError if the file is gone."""
    faults = FAULTS[upload.AREA].objects.seen_by(actor).filter(upload=upload.pk).order_by("line", "id")
    return marked(upload, faults.values_list("line", "place", "reason"))
