"""Workbooks that the import gives out: the template to fill in, and the refused lines with their errors marked (IMP-01, IMP-02)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from qicheng.domain.roster.models import UploadFault
from qicheng.foundation.kit import workbooks

from .columns import template_columns
from .stage import LIMITS, layout_of, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qicheng.domain.roster.models import Upload
    from qicheng.foundation.access import Actor


def empty_template(cohort: int) -> bytes:
    """The workbook to fill in for a cohort: both rows of headings, drop-downs, a sheet with all codes."""
    return workbooks.template(template_columns(cohort))


def refused_workbook(upload: Upload, actor: Actor) -> bytes:
    """The refused lines in the shape of the file that came in, wrong cells marked. Unreadable or OSError if the file is gone."""
    layout = layout_of(upload)
    errors: dict[int, list[tuple[int | None, str]]] = defaultdict(list)
    faults = UploadFault.objects.seen_by(actor).filter(upload=upload).order_by("line", "id")
    for line, place, reason in faults.values_list("line", "place", "reason"):
        errors[line].append((layout.place(place), reason))
    for found in errors.values():
        found.sort(key=lambda fault: -1 if fault[0] is None else fault[0])
    return workbooks.with_errors(layout.headings, _lines(upload, errors), errors)


def _lines(upload: Upload, wanted: dict[int, list[tuple[int | None, str]]]) -> Iterator[tuple[int, list[str]]]:
    for line, row in enumerate(workbooks.rows(path_of(upload), LIMITS), 1):
        if line in wanted:
            yield line, row
