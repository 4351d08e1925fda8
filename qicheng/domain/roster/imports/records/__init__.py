"""Ready employment records from a school's own system, as a file or through the API: staged, checked, previewed, written all or none (IMP-05)."""

from qicheng.domain.roster.imports.records.door import drop, receive, receive_rows, request_writing
from qicheng.domain.roster.imports.records.jobs import apply_upload, read_upload, resume_stuck
from qicheng.domain.roster.imports.records.papers import empty_template, refused_workbook

__all__ = [
    "apply_upload", "drop", "empty_template", "read_upload", "receive", "receive_rows", "refused_workbook", "request_writing",
    "resume_stuck",
]  # fmt: skip
