"""Archives on their way: the graduate's request for a letter, the school's batches, what was printed of them, uploaded numbers (MAIL)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from qicheng.domain.orgs.models import Account, College, School
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Area, Role, Tier
from qicheng.foundation.access.rows import EVERYTHING, Scope, Scoped
from qicheng.foundation.flow.models import Case, Lock

from .records import MODULE_IS_OPEN, SAID

if TYPE_CHECKING:
    from collections.abc import Mapping

# What only its author sees: a request that is not submitted, or was called off before.
UNSUBMITTED = ("draft", "called_off")
# What a letter says, and what was counted when it was frozen; a request that comes back to its graduate is frozen anew.
FROZEN_LETTER = ("letter", "record_version", "employment_version")
TIERS = [(tier.value, tier.label) for tier in Tier]


class MailBatch(Scoped):
    """Letters that leave together (MAIL-02). `tier` is what its maker answers for: a user of one tier sees the batches of that tier.

    `number` counts the batches of a school in a cohort from 1; `carrier` is who takes the letters.
    """

    scope = Scope(school="school", province="school__province", ministry=EVERYTHING, tier="tier", area=Area.ARCHIVE)
    CARRIERS: ClassVar = (
        ("ems", "中国邮政 EMS"),
        ("x_secret", "机要通信"),
        ("x_courier", "其他快递"),
        ("x_hand", "专人送达"),
    )

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(School, models.PROTECT)
    cohort = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    tier = models.CharField(max_length=14, choices=TIERS, default=Tier.ALL)
    carrier = models.CharField(max_length=10, choices=CARRIERS, default="ems")
    account = models.ForeignKey(Account, models.PROTECT)
    made_at = models.DateTimeField(db_default=Now())

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["cohort", "school", "number"], name="one_batch_of_a_number")]

    def __str__(self) -> str:
        return f"batch {self.number} of {self.school_id} {self.cohort}"

    @property
    def title(self) -> str:
        """「第 3 批」"""
        return f"第 {self.number} 批"


class Mailing(Case, Scoped):
    """A graduate's request that the archive be posted, and the letter (MAIL-01); at most one of a graduate is live.

    `letter` is what the letter said when the request was submitted, in the keys of `sheets.mailing.LETTER`; `record_version` and
    `employment_version` are the versions of the two records that it was read from; `tracking` is the carrier's number.
    """

    AREA, area = Area.ARCHIVE, Area.ARCHIVE.value
    scope = Scope(
        graduate="graduate", college="college", school="school", province="school__province", ministry=EVERYTHING, tier="tier",
        area=Area.ARCHIVE, unsent=UNSUBMITTED,
    )  # fmt: skip
    detail = "transfer:mailing"
    frozen: ClassVar = (*Case.frozen, "school_id", "graduate_id", *FROZEN_LETTER)
    routing: ClassVar = ("college_id", "tier")
    refusals: ClassVar = {
        "one_live_mailing": "你已经申请过档案邮寄，同一时间只能有一份申请。",
        "one_letter_of_a_number": "这个单号已经登记给另一封邮件，请对照面单再填。",
    }
    locks: ClassVar = (
        Lock(
            "settings", "orgs_transfersettings", (("school_id", "school_id"), ("cohort", "cohort"), ("area", "area")),
            ("submitted_at", "clock_timestamp() AS now", MODULE_IS_OPEN), shared=True,
        ),
        Lock(
            "graduate", "roster_graduate", (("cohort", "cohort"), ("id", "graduate_id")),
            ("name", "student_number", "political_status", "major", "phone", "extra", "removed_at", "archive_moved AS moved",
             "(SELECT k.name FROM orgs_college k WHERE k.id = college_id) AS college"),
        ),
        Lock(
            "employment", "roster_employmentrecord", (("cohort", "cohort"), ("graduate_id", "graduate_id")),
            ("version", "destination", "employer_name", "area", "address", "contact", "phone", "mobile"),
        ),
        Lock("record", "transfer_archiverecord", (("graduate_id", "graduate_id"),), ("version", "kind", *SAID)),
        Lock("confirmation", "transfer_confirmation", (("graduate_id", "graduate_id"),), ("state", "confirmed_at")),
    )  # fmt: skip

    school = models.ForeignKey(School, models.PROTECT)
    college = models.ForeignKey(College, models.PROTECT)
    tier = models.CharField(max_length=14, choices=[pair for pair in TIERS if pair[0] != Tier.ALL])
    graduate = models.ForeignKey(Graduate, models.PROTECT, db_constraint=False)
    letter = models.JSONField(default=dict)
    record_version = models.PositiveIntegerField(default=0)
    employment_version = models.PositiveIntegerField(default=0)
    batch = models.ForeignKey(MailBatch, models.PROTECT, null=True)
    tracking = models.CharField(max_length=30, blank=True)
    submitted_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["cohort", "graduate"], condition=Q(live=True), name="one_live_mailing"),
            models.UniqueConstraint(
                fields=["cohort", "school", "tracking"], condition=Q(live=True) & ~Q(tracking=""), name="one_letter_of_a_number"
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["school", "cohort", "state", "waiting_since", "id"], name="mailing_queue"),
            models.Index(fields=["batch", "id"], condition=Q(batch__isnull=False), name="mailing_batch"),
        ]

    def audience(self, role: Role) -> int | None:
        nodes: Mapping[Role, int] = {
            Role.GRADUATE: self.graduate_id, Role.COLLEGE: self.college_id, Role.SCHOOL: self.school_id
        }  # fmt: skip
        return nodes.get(role)


class MailPrint(Scoped):
    """What was printed of a batch, once for each time: the letters as they stood then, so that the next print can say what is new.

    `letters` maps the public id of each letter to what was printed of it, in the keys of the letter.
    """

    scope = Scope(
        school="batch__school", province="batch__school__province", ministry=EVERYTHING, tier="batch__tier", area=Area.ARCHIVE
    )  # fmt: skip
    KINDS: ClassVar = (("labels", "地址标签"), ("handover", "交接单"), ("workbook", "交接单表格"))

    batch = models.ForeignKey(MailBatch, models.PROTECT)
    kind = models.CharField(max_length=8, choices=KINDS)
    letters = models.JSONField(default=dict)
    account = models.ForeignKey(Account, models.PROTECT)
    made_at = models.DateTimeField(db_default=Now())

    class Meta(Scoped.Meta):
        indexes = [models.Index(fields=["batch", "kind", "-id"], name="print_of_batch")]

    def __str__(self) -> str:
        return f"{self.kind} of batch {self.batch_id}"


class NumberUpload(Scoped):
    """A workbook of tracking numbers for a batch: what was read from each line, and what became of it (MAIL-02).

    `lines` are {row, cells, name, number, tracking, letter, seen, errors, outcome?}; `headings` is the file's first row.
    """

    scope = Scope(
        school="batch__school", province="batch__school__province", ministry=EVERYTHING, tier="batch__tier", area=Area.ARCHIVE
    )  # fmt: skip

    class State(models.TextChoices):
        PREVIEW = "preview", "等待你确认"
        DONE = "done", "已登记"
        DROPPED = "dropped", "已放弃"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    batch = models.ForeignKey(MailBatch, models.PROTECT)
    account = models.ForeignKey(Account, models.PROTECT)
    filename = models.CharField(max_length=200)
    headings = models.JSONField(default=list)
    lines = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PREVIEW)
    made_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"numbers {self.public_id}"

    @property
    def good(self) -> list[dict[str, Any]]:
        """The lines that can be taken."""
        return [line for line in self.lines if not line["errors"]]

    @property
    def bad(self) -> list[dict[str, Any]]:
        """The lines in which something is wrong, or that were refused when they were to be taken."""
        return [line for line in self.lines if line["errors"] or line.get("outcome")]
