"""The school's front door: a file is kept, read into a stage, checked set by set, previewed, and written all or none (IMP)."""

from qicheng.domain.roster.imports.door import drop, receive, request_writing
from qicheng.domain.roster.imports.jobs import apply_upload, read_upload, restore_uploaded, resume_stuck
from qicheng.domain.roster.imports.papers import empty_template, refused_workbook

__all__ = [
    "apply_upload", "drop", "empty_template", "read_upload", "receive", "refused_workbook", "request_writing", "restore_uploaded",
    "resume_stuck",
]  # fmt: skip
