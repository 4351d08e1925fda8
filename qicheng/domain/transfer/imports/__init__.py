"""Many records of file or household at once: a file is kept, staged, checked by the form, previewed, and written all or none (ARC-04)."""

from qicheng.domain.transfer.imports.door import drop, receive, request_writing
from qicheng.domain.transfer.imports.jobs import apply_upload, read_upload, resume_stuck
from qicheng.domain.transfer.imports.papers import code_workbook, refused_workbook

__all__ = [
    "apply_upload", "code_workbook", "drop", "read_upload", "receive", "refused_workbook", "request_writing", "resume_stuck",
]  # fmt: skip
