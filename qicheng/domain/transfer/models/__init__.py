"""The tables of the room, a file for each of its parts; here they are all together."""

from .records import (
    CHANGES,
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
    "CHANGES",
    "RECORDS",
    "SAID",
    "ArchiveChange",
    "ArchiveRecord",
    "HouseholdChange",
    "HouseholdRecord",
    "RecordChange",
    "TransferRecord",
]
