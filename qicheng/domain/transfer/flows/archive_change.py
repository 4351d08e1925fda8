"""Changing where the file goes: the graduate applies, one or two levels review (ARC-05, SET-09)."""

from qicheng.domain.transfer.effects import records
from qicheng.domain.transfer.models import ArchiveChange

from .acts import changing

ARCHIVE_CHANGE = changing("archive_change", "档案信息修改申请", ArchiveChange, records.archive_change)
