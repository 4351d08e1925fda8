"""Workbooks of ready records: the template to fill in, and the refused lines with their errors marked (IMP-05, IMP-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.roster.models import EmploymentUploadFault
from qicheng.foundation.kit import workbooks
from qicheng.foundation.sheets.uploads import marked

from .columns import template_columns

if TYPE_CHECKING:
    from qicheng.domain.roster.models import EmploymentUpload
    from qicheng.foundation.access import Actor


def empty_template(cohort: int) -> bytes:
    """The workbook to fill in for a cohort: headings, drop-downs, a sheet with all codes."""
    return workbooks.template(template_columns(cohort), sheet="就业信息")


def refused_workbook(upload: EmploymentUpload, actor: Actor) -> bytes:
    """The refused lines in the shape of the file that came in, wrong cells marked. Unreadable or OSError if the file is gone."""
    faults = EmploymentUploadFault.objects.seen_by(actor).filter(upload=upload).order_by("line", "id")
    return marked(upload, faults.values_list("line", "place", "reason"))
