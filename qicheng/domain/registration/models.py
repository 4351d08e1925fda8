"""Registrations: every attempt to settle a graduate's destination, by any way, in one table."""

from __future__ import annotations

import uuid
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Least, Now

from qicheng.domain.orgs.models import Account, AgreementForm, College, Edition, Employer, ReviewMode, School
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Area, Role, Tier
from qicheng.foundation.access.rows import EVERYTHING, Scope, Scoped
from qicheng.foundation.flow.models import Case, Lock
from qicheng.foundation.kit.numbers import fingerprint

if TYPE_CHECKING:
    from typing import Any


# Whether the province has opened the module (ORG-02), read with the settings' row.
SIGNING_IS_OPEN = """coalesce((SELECT o.is_open FROM orgs_opening o JOIN orgs_school s ON s.province_id = o.province_id
    WHERE s.id = school_id AND o.cohort = orgs_signingsettings.cohort AND o.module = 'signing'), false) AS is_open"""
# What is still being filled in, or was thrown away before anybody was asked, is its author's alone.
UNSENT = ("draft", "discarded")
# Where a case waits for a reviewer of either level, whatever its way; the queues are read in the order of these indexes.
AT_COLLEGE, AT_SCHOOL = (
    Q(state__in=["college_form_review", "college_review"]),
    Q(state__in=["school_form_review", "school_review"]),
)


class Range(Func):
    """A half-open range of time."""

    function = "tstzrange"
    output_field = models.DateTimeField()


class Registration(Case, Scoped):
    """One attempt to settle a graduate's destination; at most one of a graduate is live (REG-01).

    `terms` are what was offered or filled in; `employer_shown` is the unit as the graduate saw it (EMP-02) or named it; `student` is
    the roster line as it was when the graduate submitted (ROS-05); `deadline` is exclusive, in the database's time. `kind` is the
    type of another destination (sheets/destinations.py), `destination` its national code; `statement` explains what is wrong with
    a stamped form (OFF-05).
    """

    scope = Scope(
        graduate="graduate", employer="employer", college="college", school="school", province="school__province",
        ministry=EVERYTHING, bearer="pk", tier="tier", area=Area.EMPLOYMENT, unsent=UNSENT,
    )  # fmt: skip
    detail = "registration:detail"
    locks: ClassVar = (
        Lock(
            "settings", "orgs_signingsettings", (("school_id", "school_id"), ("cohort", "cohort")),
            ("online_signing", "supplementary", "destination", "review_mode", "dissolution_limit", "long_wait", "submitted_at",
             "clock_timestamp() AS now", SIGNING_IS_OPEN), shared=True,
        ),
        Lock(
            "graduate", "roster_graduate", (("cohort", "cohort"), ("id", "graduate_id")),
            ("id", "name", "removed_at", "training_mode", "revision", "confirmed_revision", "account_id", "college_id", "tier"),
        ),
    )  # fmt: skip
    frozen: ClassVar = (
        *Case.frozen, "school_id", "graduate_id", "employer_id", "edition", "agreement_form", "post", "terms", "employer_shown",
        "sent_at", "days_open", "deadline", "kind", "destination", "paper_number",
    )  # fmt: skip
    routing: ClassVar = ("college_id", "tier")
    refusals: ClassVar = {
        "one_live_registration": "毕业生已与其他单位签约或登记了去向。同一时间只能有一份在办或生效的登记。",
        "one_answerable_invitation": "你单位给这位毕业生的邀请还在等回应，到期或对方拒绝之后才能再次邀请。",
        "one_draft_of_a_way": "你已经有一份没有提交的登记，先把它填完，或者删除以后再填新的。",
    }

    school = models.ForeignKey(School, models.PROTECT)
    college = models.ForeignKey(College, models.PROTECT)
    tier = models.CharField(max_length=14, choices=[(t.value, t.label) for t in Tier if t is not Tier.ALL])
    graduate = models.ForeignKey(Graduate, models.PROTECT, db_constraint=False)
    employer = models.ForeignKey(Employer, models.PROTECT, null=True)
    edition = models.CharField(max_length=4, choices=Edition.choices)
    agreement_form = models.CharField(max_length=12, choices=AgreementForm.choices, blank=True)
    review_mode = models.CharField(max_length=20, choices=ReviewMode.choices, blank=True)
    number = models.CharField(max_length=19, unique=True, null=True)
    paper_number = models.CharField(
        max_length=40, blank=True, db_default="", help_text="Of an agreement signed on paper (SUP-01)."
    )
    kind = models.CharField(max_length=40, blank=True, db_default="")
    destination = models.CharField(max_length=3, blank=True, db_default="")
    employer_name = models.CharField(max_length=120, blank=True)
    job_category = models.CharField(max_length=4, blank=True)
    post = models.CharField(max_length=60, blank=True)
    terms = models.JSONField(default=dict)
    employer_shown = models.JSONField(default=dict)
    student = models.JSONField(default=dict)
    statement = models.CharField(max_length=500, blank=True, db_default="")
    sent_at = models.DateTimeField(null=True)
    days_open = models.PositiveSmallIntegerField(null=True)
    deadline = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    effective_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "graduate", "flow_name"], condition=Q(state="draft"), name="one_draft_of_a_way"
            ),
            models.UniqueConstraint(
                fields=["cohort", "graduate"], condition=Q(live=True), name="one_live_registration"
            ),
            ExclusionConstraint(
                name="one_answerable_invitation",
                expressions=[
                    ("cohort", RangeOperators.EQUAL),
                    ("employer", RangeOperators.EQUAL),
                    ("graduate", RangeOperators.EQUAL),
                    (Range(F("sent_at"), Least(F("deadline"), F("closed_at")), Value("[)")), RangeOperators.OVERLAPS),
                ],
                condition=Q(flow_name="online_signing"),
            ),
        ]
        indexes = [
            models.Index(fields=["school", "cohort", "state", "waiting_since", "id"], name="registration_queue"),
            models.Index(
                fields=["school", "cohort", "waiting_since", "id"], condition=AT_SCHOOL, name="registration_at_school"
            ),
            models.Index(
                fields=["college", "cohort", "waiting_since", "id"],
                condition=AT_COLLEGE,
                name="registration_at_college",
            ),
            models.Index(fields=["college", "cohort", "state", "waiting_since", "id"], name="registration_college"),
            models.Index(fields=["graduate", "-id"], name="registration_graduate"),
            models.Index(fields=["employer", "state", "-id"], name="registration_employer"),
            models.Index(fields=["deadline"], condition=Q(state="invited"), name="registration_overdue"),
        ]

    @property
    def has_college_review(self) -> bool:
        return self.review_mode == ReviewMode.COLLEGE_THEN_SCHOOL

    @property
    def verb(self) -> str:
        """鉴证 or 审核, as the form of the agreement has it (SET-01); other destinations have no form, and are 审核."""
        return AgreementForm(self.agreement_form).verb if self.agreement_form else super().verb

    def said(self, label: str) -> str:
        """Also what the graduate is without work, as the case's edition calls it (REG-12)."""
        return super().said(label).replace("求职中", Edition(self.edition).without_work)

    @property
    def official_number(self) -> str:
        """The number that the agreement bears: ours, or the paper's own (SUP-01)."""
        return self.number or self.paper_number

    def audience(self, role: Role) -> int | None:
        nodes: dict[Role, Any] = {
            Role.GRADUATE: self.graduate_id, Role.EMPLOYER: self.employer_id, Role.COLLEGE: self.college_id,
            Role.SCHOOL: self.school_id,
        }  # fmt: skip
        if role is Role.BEARER:
            link = self.open_link
            return link.pk if link else None
        return nodes.get(role)

    @property
    def open_link(self) -> EmployerLink | None:
        """The link by which the employer can bring back the stamped form, if one was sent and still serves."""
        return self._open_links().first()

    def open_link_of(self, node: int) -> EmployerLink | None:
        """The same, if it is that one: a message that was owed for an earlier link does not carry a later one elsewhere."""
        return self._open_links().filter(pk=node).first()

    def _open_links(self) -> models.QuerySet[EmployerLink]:
        rows = EmployerLink.objects.unscoped("the case's own link, to be told to its employer")
        return rows.filter(registration=self.pk, revoked_at=None, used_at=None, expires_at__gt=Now())


class EmployerLink(Scoped):
    """A link by which an employer without an account brings back one stamped form (OFF-03).

    It serves its case alone, until it expires or is revoked; what is in the address is a keyed digest of `public_id` and kept nowhere.
    """

    scope = Scope(
        graduate="registration__graduate", college="registration__college", school="registration__school", bearer="registration",
        tier="registration__tier", area=Area.EMPLOYMENT,
    )  # fmt: skip

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    registration = models.ForeignKey(Registration, models.PROTECT, related_name="links")
    phone = models.CharField(max_length=20, blank=True)
    email = models.CharField(max_length=60, blank=True)
    made_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["registration"], condition=Q(revoked_at=None, used_at=None), name="one_open_link"
            )
        ]

    def __str__(self) -> str:
        return f"link {self.public_id}"

    @property
    def token(self) -> str:
        """What stands in its address: which link it is, and a keyed digest that nobody can guess; 44 letters."""
        sealed = bytes.fromhex(fingerprint(f"employer link|{self.public_id}", settings.SECRET_KEY.encode()))[:16]
        return "".join(urlsafe_b64encode(part).decode().rstrip("=") for part in (self.public_id.bytes, sealed))


class InvitationBatch(Scoped):
    """A workbook of invitations: what was read from each line, and what became of it (EMP-04).

    `lines` keep the graduate that was found, never the number by which it was looked for.
    """

    class State(models.TextChoices):
        PREVIEW = "preview", "等待你确认"
        SENDING = "sending", "正在发出"
        SENT = "sent", "已发出"
        DROPPED = "dropped", "已放弃"

    scope = Scope(employer="employer")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    employer = models.ForeignKey(Employer, models.PROTECT)
    account = models.ForeignKey(Account, models.PROTECT)
    filename = models.CharField(max_length=200)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PREVIEW)
    lines = models.JSONField(default=list)
    done = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"batch {self.public_id}"

    @property
    def good(self) -> int:
        """How many lines can be sent."""
        return sum(not line["errors"] for line in self.lines)


class Dissolution(Case, Scoped):
    """One request to dissolve an agreement; at most one of an agreement is open, and live for as long (DIS-07).

    `asked_by` is the side that began it. The graduate's own requests of a cohort are numbered by `sequence`, `allowed` is the
    school's limit at that time (DIS-03). `manner` says how it ended: by both sides, by force. What lists show of the agreement
    is copied, so that they need not read it.
    """

    scope = Scope(
        graduate="graduate", employer="employer", college="college", school="school", province="school__province",
        ministry=EVERYTHING, tier="tier", area=Area.EMPLOYMENT, unsent=UNSENT,
    )  # fmt: skip
    detail = "registration:dissolution"
    locks: ClassVar = (
        *Registration.locks,
        Lock("agreement", "registration_registration", (("id", "agreement_id"),), ("flow_name", "state", "edition")),
    )
    frozen: ClassVar = (
        *Case.frozen, "agreement_id", "school_id", "graduate_id", "employer_id", "agreement_form", "student_name", "employer_name", "post", "number",
        "asked_by", "reason", "explanation", "asked_at", "sequence", "allowed",
    )  # fmt: skip
    routing: ClassVar = Registration.routing
    refusals: ClassVar = {
        "one_open_dissolution": "这份协议已经有解约申请在办，同一时间只能有一个。",
        "one_draft_of_a_request": "这份协议的解约申请你已经填了一份，还没有提交。接着填，或者删除以后再填。",
        "one_dissolution_of_a_number": "你刚刚提交过解约申请，看过最新内容再决定。",
        "requests_of_graduates_are_counted": "学校设置的申请解约次数已经用完。可以请单位发起解约，或者联系学校协助。",
    }

    class Side(models.TextChoices):
        GRADUATE = Role.GRADUATE.value, "学生"
        EMPLOYER = Role.EMPLOYER.value, "单位"

    agreement = models.ForeignKey(Registration, models.PROTECT, related_name="dissolutions")
    school = models.ForeignKey(School, models.PROTECT)
    college = models.ForeignKey(College, models.PROTECT)
    tier = models.CharField(max_length=14, choices=[(t.value, t.label) for t in Tier if t is not Tier.ALL])
    graduate = models.ForeignKey(Graduate, models.PROTECT, db_constraint=False)
    employer = models.ForeignKey(Employer, models.PROTECT, null=True)
    agreement_form = models.CharField(max_length=12, choices=AgreementForm.choices)
    review_mode = models.CharField(max_length=20, choices=ReviewMode.choices, blank=True)
    student_name = models.CharField(max_length=60)
    employer_name = models.CharField(max_length=120, blank=True)
    post = models.CharField(max_length=60, blank=True)
    number = models.CharField(max_length=40)
    asked_by = models.CharField(max_length=8, choices=Side.choices)
    reason = models.CharField(max_length=40)
    explanation = models.CharField(max_length=500)
    asked_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    sequence = models.PositiveSmallIntegerField(null=True)
    allowed = models.PositiveSmallIntegerField(null=True)
    manner = models.CharField(max_length=40, blank=True)

    class Meta(Scoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "agreement"], condition=Q(live=True), name="one_open_dissolution"
            ),
            models.UniqueConstraint(
                fields=["cohort", "agreement"], condition=Q(state="draft"), name="one_draft_of_a_request"
            ),
            models.UniqueConstraint(fields=["cohort", "graduate", "sequence"], name="one_dissolution_of_a_number"),
            models.CheckConstraint(
                condition=Q(asked_by="employer", sequence=None, allowed=None)
                # A request on paper is counted when it is submitted.
                | Q(state__in=["draft", "discarded"], sequence=None)
                | Q(
                    asked_by="graduate",
                    sequence__isnull=False,
                    allowed__isnull=False,
                    sequence__gte=1,
                    sequence__lte=F("allowed"),
                ),
                name="requests_of_graduates_are_counted",
            ),
        ]
        indexes = [
            models.Index(fields=["school", "cohort", "state", "waiting_since", "id"], name="dissolution_queue"),
            models.Index(
                fields=["school", "cohort", "waiting_since", "id"], condition=AT_SCHOOL, name="dissolution_at_school"
            ),
            models.Index(
                fields=["college", "cohort", "waiting_since", "id"], condition=AT_COLLEGE, name="dissolution_at_college"
            ),
            models.Index(fields=["college", "cohort", "state", "waiting_since", "id"], name="dissolution_college"),
            models.Index(fields=["employer", "state", "-id"], name="dissolution_employer"),
            models.Index(fields=["asked_at"], condition=Q(live=True, answered_at=None), name="dissolution_unanswered"),
        ]

    @property
    def has_college_review(self) -> bool:
        return self.review_mode == ReviewMode.COLLEGE_THEN_SCHOOL

    @property
    def verb(self) -> str:
        """鉴证 or 审核, as the form of the agreement has it (SET-01)."""
        return AgreementForm(self.agreement_form).verb

    @property
    def was_asked_by(self) -> Role:
        """The side that made the request."""
        return Role(self.asked_by)

    @property
    def is_on_paper(self) -> bool:
        """Whether the graduate applies with a letter, and nobody answers online."""
        return self.flow_name == "offline_dissolution"

    @property
    def answers(self) -> Role:
        """The side that has to answer a request made online."""
        return Role.EMPLOYER if self.was_asked_by is Role.GRADUATE else Role.GRADUATE

    def audience(self, role: Role) -> int | None:
        nodes: dict[Role, Any] = {
            Role.GRADUATE: self.graduate_id, Role.EMPLOYER: self.employer_id, Role.COLLEGE: self.college_id,
            Role.SCHOOL: self.school_id,
        }  # fmt: skip
        return nodes.get(role)
