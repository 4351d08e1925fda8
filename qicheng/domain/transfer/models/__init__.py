"""The tables of the room, a file for each of its parts; here they are all together."""

from .records import (
    RECORDS,
    SAID,
    ArchiveChange,
    ArchiveRecord,
    HouseholdChange,
    HouseholdRecord,
    RecordChange,
    TransferRecord,
)

__all__ = [
    "RECORDS",
    "SAID",
    "ArchiveChange",
    "ArchiveRecord",
    "HouseholdChange",
    "HouseholdRecord",
    "RecordChange",
    "TransferRecord",
]
