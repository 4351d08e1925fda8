"""The roster: graduates of a school in a cohort, their one authoritative employment record, and uploads (ROS, IMP, SYN-01)."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from qicheng.domain.orgs.models import Account, College, School
from qicheng.foundation.access import Area, Tier
from qicheng.foundation.access.columns import IdentityNumberField
from qicheng.foundation.access.rows import EVERYTHING, Scope, Scoped
from qicheng.foundation.sheets.uploads import Uploaded

# What the graduate confirmed at first log-in, in the order of the guide (ROS-02); a change of any of them asks for it again.
CONFIRMED = (
    "exam_number", "name", "id_number", "level", "sex", "nation", "political_status", "training_mode", "origin", "entered_on",
    "graduates_on", "student_number", "college_id", "major", "study_years", "archive_moved", "household_moved",
)  # fmt: skip
# What an approval may take over from the roster, and what it may not (ROS-05).
TAKEN_OVER = ("sex", "nation", "political_status", "college_id", "study_years", "student_number", "graduates_on")
NEVER_TAKEN_OVER = ("name", "level", "id_number", "school_id", "major")


class Graduate(Scoped):
    """A person on a school's roster for one cohort. Codes are those of the national tables; months are 'yyyymm'.

    A graduate deleted from the roster keeps this row with `removed_at`: every case is frozen while it stands (ROS-07).
    `revision` counts changes of what the graduate confirmed; `confirmed_revision` is the one that was confirmed (ROS-02).
    """

    scope = Scope(
        graduate="pk", college="college", school="school", province="school__province", ministry=EVERYTHING,
        tier="tier", area=Area.EMPLOYMENT,
    )  # fmt: skip

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cohort = models.PositiveSmallIntegerField()
    # What an import costs is this table's indexes and references: those below serve every use, and one reference from
    # (college, school) to a college of that school, made by a migration, holds both.
    school = models.ForeignKey(School, models.PROTECT, db_index=False, db_constraint=False)
    college = models.ForeignKey(College, models.PROTECT, db_index=False, db_constraint=False)
    account = models.ForeignKey(Account, models.PROTECT, null=True, db_index=False)
    exam_number = models.CharField(max_length=18)
    id_number = IdentityNumberField()
    name = models.CharField(max_length=60)
    sex = models.CharField(max_length=1)
    nation = models.CharField(max_length=2)
    political_status = models.CharField(max_length=2)
    level = models.CharField(max_length=2)
    tier = models.CharField(max_length=14, choices=[(t.value, t.label) for t in Tier if t is not Tier.ALL])
    major_code = models.CharField(max_length=8)
    major = models.CharField(max_length=60)
    major_direction = models.CharField(max_length=60, blank=True)
    training_mode = models.CharField(max_length=2)
    directed_unit = models.CharField(max_length=120, blank=True)
    origin = models.CharField(max_length=6)
    urban_rural = models.CharField(max_length=10, blank=True)
    study_years = models.CharField(max_length=3)
    entered_on = models.CharField(max_length=6)
    graduates_on = models.CharField(max_length=6)
    normal_student = models.CharField(max_length=20)
    hardship = models.CharField(max_length=1)
    class_name = models.CharField(max_length=40, blank=True)
    student_number = models.CharField(max_length=20, blank=True)
    birth_date = models.CharField(max_length=8, blank=True)
    archive_moved = models.BooleanField(null=True)
    household_moved = models.BooleanField(null=True)
    phone = models.CharField(max_length=20, blank=True)
    email = models.CharField(max_length=60, blank=True)
    study_form = models.CharField(max_length=10, blank=True)
    extra = models.JSONField(default=dict, blank=True)
    revision = models.PositiveIntegerField(default=1)
    confirmed_revision = models.PositiveIntegerField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)
    restored_at = models.DateTimeField(null=True)
    added_at = models.DateTimeField(db_default=Now())

    class Meta(Scoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["cohort", "school", "exam_number"], name="one_roster_line"),
            models.UniqueConstraint(fields=["id_number", "cohort", "school"], name="one_person_on_a_roster"),
        ]
        indexes = [
            models.Index(fields=["college", "cohort", "name"], name="graduate_college"),
            models.Index(fields=["account"], condition=Q(account__isnull=False), name="graduate_account"),
            # Whom a school's own log-in means (CAM-06); lines that an import adds are not in it yet.
            models.Index(
                fields=["school", "student_number"], condition=Q(account__isnull=False), name="graduate_number"
            ),
            models.Index(fields=["restored_at"], condition=Q(restored_at__isnull=False), name="graduate_restored"),
            models.Index(
                fields=["school", "cohort", "removed_at"],
                condition=Q(removed_at__isnull=False),
                name="graduate_removed",
            ),
        ]

    def __str__(self) -> str:
        return f"graduate {self.pk}"

    @property
    def has_confirmed(self) -> bool:
        """Whether the graduate has confirmed the data as they stand now."""
        return self.confirmed_revision == self.revision


# The destination of a record whose agreement was dissolved or whose destination was voided.
SEEKING_WORK = "70"


class EmploymentRecord(Scoped):
    """The one authoritative line per graduate that is reported upward; written by approvals (SYN-01) and imports (IMP-05)."""

    scope = Scope(
        graduate="graduate", college="graduate__college", school="school", province="school__province", ministry=EVERYTHING,
        tier="graduate__tier", area=Area.EMPLOYMENT,
    )  # fmt: skip
    SOURCES: ClassVar = (
        ("system", "登记系统"), ("upload", "就业管理系统上传"), ("interface", "就业管理系统接口"), ("platform", "学校平台"),
    )  # fmt: skip
    # Of these a case that was approved here stands behind the record, as long as it has effect.
    APPROVED_HERE: ClassVar = ("system", "platform")

    graduate = models.OneToOneField(Graduate, models.PROTECT, db_constraint=False)
    cohort = models.PositiveSmallIntegerField()
    school = models.ForeignKey(School, models.PROTECT)
    destination = models.CharField(max_length=3)
    employer_name = models.CharField(max_length=120, blank=True)
    credit_code = models.CharField(max_length=18, blank=True)
    nature = models.CharField(max_length=4, blank=True)
    industry = models.CharField(max_length=4, blank=True)
    area = models.CharField(max_length=6, blank=True)
    address = models.CharField(max_length=200, blank=True)
    job_category = models.CharField(max_length=4, blank=True)
    contact = models.CharField(max_length=40, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    mobile = models.CharField(max_length=20, blank=True)
    email = models.CharField(max_length=60, blank=True)
    number = models.CharField(max_length=19, blank=True)
    signed_on = models.DateField(null=True)
    source = models.CharField(max_length=10, choices=SOURCES, default="system")
    case = models.CharField(max_length=40, blank=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"record of graduate {self.graduate_id}"


class Roster(models.Model):
    """A school's roster for a cohort: the row that whoever changes lines locks first; `version` counts such changes."""

    school = models.ForeignKey(School, models.PROTECT)
    cohort = models.PositiveSmallIntegerField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cohort", "school"], name="one_roster")]

    def __str__(self) -> str:
        return f"{self.school_id} {self.cohort}"


class Upload(Uploaded):
    """A roster file that was uploaded (IMP-01 … IMP-04).

    `tier` is what its uploader answers for: a user of one tier sees the files of that tier, and not those that hold everybody (ORG-07).
    """

    scope = Scope(school="school", province="school__province", ministry=EVERYTHING, tier="tier", area=Area.EMPLOYMENT)

    school = models.ForeignKey(School, models.PROTECT)
    account = models.ForeignKey(Account, models.PROTECT)
    # The version of the roster that the preview was made against.
    seen = models.PositiveIntegerField(default=0)


class UploadFault(Scoped):
    """What is wrong in one place of an uploaded file: the line, the field ('' for the whole line) and why (IMP-02)."""

    scope = Scope(
        school="upload__school", province="upload__school__province", ministry=EVERYTHING, tier="upload__tier", area=Area.EMPLOYMENT,
    )  # fmt: skip

    upload = models.ForeignKey(Upload, models.CASCADE)
    line = models.PositiveIntegerField()
    place = models.CharField(max_length=30, blank=True)
    reason = models.CharField(max_length=200)

    class Meta(Scoped.Meta):
        indexes = [models.Index(fields=["upload", "line"], name="fault_line")]

    def __str__(self) -> str:
        return f"line {self.line} of upload {self.upload_id}"


class EmploymentUpload(Uploaded):
    """Ready employment records from a school's own system: a file, or lines that came through the API (IMP-05).

    `source` is what the records say of where they came from, a key of `EmploymentRecord.SOURCES`.
    """

    scope = Scope(school="school", province="school__province", ministry=EVERYTHING, tier="tier", area=Area.EMPLOYMENT)

    school = models.ForeignKey(School, models.PROTECT)
    account = models.ForeignKey(Account, models.PROTECT)
    source = models.CharField(max_length=10, choices=EmploymentRecord.SOURCES[1:3], default="upload")


class EmploymentUploadFault(Scoped):
    """What is wrong in one place of such a file: the line, the field ('' for the whole line) and why (IMP-02)."""

    scope = Scope(
        school="upload__school", province="upload__school__province", ministry=EVERYTHING, tier="upload__tier", area=Area.EMPLOYMENT,
    )  # fmt: skip

    upload = models.ForeignKey(EmploymentUpload, models.CASCADE)
    line = models.PositiveIntegerField()
    place = models.CharField(max_length=30, blank=True)
    reason = models.CharField(max_length=200)

    class Meta(Scoped.Meta):
        indexes = [models.Index(fields=["upload", "line"], name="employment_fault_line")]

    def __str__(self) -> str:
        return f"line {self.line} of upload {self.upload_id}"
