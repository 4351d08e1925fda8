"""Files by which staff write many records of file or household at once, and what is wrong in them (ARC-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models

from qicheng.domain.orgs.models import Account, College, School
from qicheng.foundation.access import Area
from qicheng.foundation.access.rows import EVERYTHING, Scope, Scoped
from qicheng.foundation.sheets.uploads import Uploaded

if TYPE_CHECKING:
    from collections.abc import Mapping


class RecordUpload(Uploaded):
    """A file of records of one area. `college` is the one whose user uploaded it, for a school's own there is none.

    `tier` is what its uploader answers for, as with files of the roster (ORG-07).
    """

    AREA: ClassVar[Area]
    school_id: int

    school = models.ForeignKey(School, models.PROTECT)
    college = models.ForeignKey(College, models.PROTECT, null=True)
    account = models.ForeignKey(Account, models.PROTECT)

    class Meta(Uploaded.Meta):
        abstract = True


def _scope(area: Area, upload: str = "") -> Scope:
    return Scope(
        college=f"{upload}college", school=f"{upload}school", province=f"{upload}school__province", ministry=EVERYTHING,
        tier=f"{upload}tier", area=area,
    )  # fmt: skip


class ArchiveUpload(RecordUpload):
    """A file of records of where files go."""

    AREA = Area.ARCHIVE
    scope = _scope(Area.ARCHIVE)


class HouseholdUpload(RecordUpload):
    """A file of records of where households go."""

    AREA = Area.HOUSEHOLD
    scope = _scope(Area.HOUSEHOLD)


class RecordUploadFault(Scoped):
    """What is wrong in one place of an uploaded file: the line, the field ('' for the whole line) and why (IMP-02)."""

    line = models.PositiveIntegerField()
    place = models.CharField(max_length=30, blank=True)
    reason = models.CharField(max_length=200)

    class Meta(Scoped.Meta):
        abstract = True
        indexes: ClassVar = [models.Index(fields=["upload", "line"], name="%(class)s_line")]

    def __str__(self) -> str:
        return f"line {self.line} of upload {self.upload_id}"  # type: ignore[attr-defined]


class ArchiveUploadFault(RecordUploadFault):
    """A fault in a file of records of where files go."""

    scope = _scope(Area.ARCHIVE, "upload__")
    upload = models.ForeignKey(ArchiveUpload, models.CASCADE)


class HouseholdUploadFault(RecordUploadFault):
    """A fault in a file of records of where households go."""

    scope = _scope(Area.HOUSEHOLD, "upload__")
    upload = models.ForeignKey(HouseholdUpload, models.CASCADE)


UPLOADS: Mapping[Area, type[RecordUpload]] = {model.AREA: model for model in (ArchiveUpload, HouseholdUpload)}
FAULTS: Mapping[Area, type[RecordUploadFault]] = {
    Area.ARCHIVE: ArchiveUploadFault, Area.HOUSEHOLD: HouseholdUploadFault
}  # fmt: skip
