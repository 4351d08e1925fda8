"""Hand-over batches: what a school handed over of its graduates' files or households on a day, frozen as it was."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from qicheng.domain.orgs.models import Account, School
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Area, Tier
from qicheng.foundation.access.rows import EVERYTHING, Scope, Scoped

from .records import SAID

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a line keeps of the graduate, as the roster had it when the batch was made.
PERSON = ("name", "exam_number", "student_number", "college", "major", "level")


class HandoverBatch(Scoped):
    """Records of one area that a school collected on a day; `number` counts the batches of a school and cohort.

    Its lines never change. A batch that was a mistake is taken back as a whole, with the reason, and what it held is ready again.
    `tier` is what its maker answers for, as with uploaded files (ORG-07).
    """

    AREA: ClassVar[Area]
    ROWS: ClassVar[str]
    school_id: int

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(School, models.PROTECT)
    cohort = models.PositiveSmallIntegerField()
    tier = models.CharField(max_length=14, default=Tier.ALL)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=60)
    handed_on = models.DateField()
    account = models.ForeignKey(Account, models.PROTECT)
    maker = models.CharField(max_length=100)
    lines = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(db_default=Now())
    taken_back_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta(Scoped.Meta):
        abstract = True
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cohort", "school", "number"], name="one_%(class)s_of_a_number"),
        ]

    def __str__(self) -> str:
        return f"batch {self.number} of {self.school_id} {self.cohort}"


class HandoverLine(Scoped):
    """One graduate's record in a batch as it was then: `record_version` tells whether it has changed since.

    A graduate stands in one batch at a time with the same version of the record (`live`): who changed since may be handed over anew.
    """

    cohort = models.PositiveSmallIntegerField()
    place = models.PositiveIntegerField()
    live = models.BooleanField(default=True)
    record_version = models.PositiveIntegerField()
    graduate = models.ForeignKey(Graduate, models.PROTECT, db_constraint=False, db_index=False)
    kind = models.CharField(max_length=20)
    receiver = models.CharField(max_length=120, blank=True)
    region = models.CharField(max_length=6, blank=True)
    address = models.CharField(max_length=200, blank=True)
    contact = models.CharField(max_length=40, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    postcode = models.CharField(max_length=6, blank=True)
    name = models.CharField(max_length=60)
    exam_number = models.CharField(max_length=18)
    student_number = models.CharField(max_length=20, blank=True)
    college = models.CharField(max_length=60)
    major = models.CharField(max_length=60)
    level = models.CharField(max_length=2)

    class Meta(Scoped.Meta):
        abstract = True
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["graduate", "record_version"], condition=Q(live=True), name="one_live_%(class)s"
            ),
            models.UniqueConstraint(fields=["batch", "place"], name="one_%(class)s_of_a_place"),
        ]

    def __str__(self) -> str:
        return f"line {self.place} of batch {self.batch_id}"  # type: ignore[attr-defined]


def _scope(area: Area, batch: str = "") -> Scope:
    return Scope(
        school=f"{batch}school",
        province=f"{batch}school__province",
        ministry=EVERYTHING,
        tier=f"{batch}tier",
        area=area,
    )


class ArchiveHandover(HandoverBatch):
    """A batch of files."""

    AREA, ROWS = Area.ARCHIVE, "transfer_archivehandoverline"
    scope = _scope(Area.ARCHIVE)


class HouseholdHandover(HandoverBatch):
    """A batch of households."""

    AREA, ROWS = Area.HOUSEHOLD, "transfer_householdhandoverline"
    scope = _scope(Area.HOUSEHOLD)


class ArchiveHandoverLine(HandoverLine):
    """A graduate's file in a batch."""

    scope = _scope(Area.ARCHIVE, "batch__")
    batch = models.ForeignKey(ArchiveHandover, models.PROTECT, db_index=False)


class HouseholdHandoverLine(HandoverLine):
    """A graduate's household in a batch."""

    scope = _scope(Area.HOUSEHOLD, "batch__")
    batch = models.ForeignKey(HouseholdHandover, models.PROTECT, db_index=False)


FROZEN = ("kind", *SAID, *PERSON)
BATCHES: Mapping[Area, type[HandoverBatch]] = {model.AREA: model for model in (ArchiveHandover, HouseholdHandover)}
BATCH_LINES: Mapping[Area, type[HandoverLine]] = {
    Area.ARCHIVE: ArchiveHandoverLine, Area.HOUSEHOLD: HouseholdHandoverLine
}  # fmt: skip
