"""Applications to change what both levels have approved: the destination, its unit, where file and household go (CAM-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models

from qicheng.domain.registration.models import UNSENT, Registration
from qicheng.foundation.access import Area
from qicheng.foundation.access.rows import EVERYTHING, Scope
from qicheng.foundation.flow.models import Lock

from .consents import IS_DRAFTED_ALREADY, IS_OPEN_ALREADY, Consent
from .files import PLATFORM, FileRegistration

if TYPE_CHECKING:
    from types import SimpleNamespace


class Amendment(Consent):
    """One application; of a graduate at most one about the destination and one about file and household is live.

    `terms` are the new values, `before` what was in force when it was submitted ({} until then), `target_version` the version that
    said so. Until it is approved what is in force stays so.
    """

    # What its graduate fills in, and what is frozen with it.
    filled_in: ClassVar[tuple[str, ...]] = ("terms", "before", "target_version")
    frozen: ClassVar = (*Consent.frozen, *filled_in)
    # The row above that would be changed.
    target_name: ClassVar[str]

    terms: Any = models.JSONField(default=dict)
    before: Any = models.JSONField(default=dict)
    target_version = models.PositiveIntegerField(default=0)

    class Meta(Consent.Meta):
        abstract = True

    @property
    def target(self) -> SimpleNamespace | None:
        """What would be changed, as it is now."""
        return self.above(self.target_name)

    @property
    def edition(self) -> str:
        """The edition of the guide that what would be changed goes by."""
        return self.target.edition if self.target else ""


class DestinationAmendment(Amendment):
    """毕业去向修改 and 改签申请: other data of the same unit, or another unit and perhaps another type; `kind` is the type's key."""

    detail = "campus:destination_amendment"
    locks: ClassVar = (
        *Registration.locks,
        Lock(
            "registration", "registration_registration", (("id", "registration_id"),),
            ("flow_name", "state", "version", "edition", "kind", "terms"),
        ),
    )  # fmt: skip
    filled_in: ClassVar = (*Amendment.filled_in, "kind", "before_kind")
    frozen: ClassVar = (*Consent.frozen, *filled_in)
    refusals: ClassVar = {
        "one_live_destinationamendment": IS_OPEN_ALREADY, "one_draft_of_destinationamendment": IS_DRAFTED_ALREADY
    }  # fmt: skip
    target_name: ClassVar = "registration"

    kind = models.CharField(max_length=40)
    before_kind = models.CharField(max_length=40, blank=True)


class FileAmendment(Amendment):
    """户档信息修改: `terms` bear the keys of 户档信息登记, `registration` is the destination that goes with it."""

    scope: ClassVar = Scope(
        graduate="graduate", college="college", school="school", province="school__province", ministry=EVERYTHING, tier="tier",
        area=Area.ARCHIVE, unsent=UNSENT,
    )  # fmt: skip
    detail = "campus:file_amendment"
    locks: ClassVar = (
        *FileRegistration.locks,
        Lock("file", "campus_fileregistration", (("id", "file_id"),), ("state", "version", "edition", "terms")),
    )
    frozen: ClassVar = (*Amendment.frozen, "file_id")
    refusals: ClassVar = {"one_live_fileamendment": IS_OPEN_ALREADY, "one_draft_of_fileamendment": IS_DRAFTED_ALREADY}
    target_name: ClassVar = "file"
    destination_flow: ClassVar = PLATFORM
    is_there: ClassVar = True

    file = models.ForeignKey(FileRegistration, models.PROTECT, related_name="+")
