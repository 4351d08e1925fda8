"""Provinces, schools, colleges, employers; accounts, seats and sessions; modules, settings and flags (ORG, SET, EMP, WRN)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import IntegerRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now

from qicheng.foundation.access import Actor, Area, Level, Role, Tier
from qicheng.foundation.access.columns import IdentityNumberField
from qicheng.foundation.access.rows import EVERYTHING, Scope, Scoped
from qicheng.foundation.flow.models import Case

if TYPE_CHECKING:
    from django.db.models import QuerySet


class Province(models.Model):
    """A provincial employment authority."""

    code = models.CharField(max_length=6, unique=True)
    name = models.CharField(max_length=60)

    def __str__(self) -> str:
        return self.name


class School(models.Model):
    """A university or college of higher education; `code` has five digits (院校代码)."""

    province = models.ForeignKey(Province, models.PROTECT)
    code = models.CharField(max_length=5, unique=True)
    name = models.CharField(max_length=60)

    def __str__(self) -> str:
        return self.name


class College(models.Model):
    """A teaching unit of a school; its name is the roster's, to the letter (ORG-06)."""

    school = models.ForeignKey(School, models.PROTECT)
    name = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["school", "name"], name="one_college_of_a_name")]

    def __str__(self) -> str:
        return self.name


class Edition(models.TextChoices):
    """Which year's guide a cohort follows (REG-12)."""

    GUIDE_2022 = "2022", "2022 版"
    GUIDE_2023 = "2023", "2023 版"
    GUIDE_2024 = "2024", "2024 版"

    @property
    def without_work(self) -> str:
        """How a record reads whose agreement was dissolved or whose destination was voided."""
        return "待就业" if self is Edition.GUIDE_2022 else "求职中"

    @property
    def public_account(self) -> str:
        """The name of the WeChat account that graduates follow (ORG-11)."""
        return "24365智慧就业" if self is Edition.GUIDE_2022 else "国家大学生就业服务平台"


class Cohort(models.Model):
    """A year of graduation and the edition of the rules that it follows; a case keeps the edition it began with (REG-12)."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    edition = models.CharField(max_length=4, choices=Edition.choices, default=Edition.GUIDE_2024)

    def __str__(self) -> str:
        return f"{self.year} 届"


class Module(models.TextChoices):
    """What a province opens for its schools, cohort by cohort (ORG-02)."""

    SIGNING = "signing", "毕业去向登记与网签"
    ARCHIVE = "archive", "档案信息登记"
    HOUSEHOLD = "household", "户口信息登记"
    CONFIRMATION = "confirmation", "登记确认"
    VERIFICATION = "verification", "户档转递核验"


class Opening(models.Model):
    """Whether a province has opened a module to its schools for a cohort (ORG-02)."""

    province = models.ForeignKey(Province, models.PROTECT)
    cohort = models.PositiveSmallIntegerField()
    module = models.CharField(max_length=12, choices=Module.choices)
    is_open = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cohort", "province", "module"], name="one_opening")]

    def __str__(self) -> str:
        return f"{self.module} {self.cohort}"


class AgreementForm(models.TextChoices):
    """Two parties, where the school witnesses (鉴证), or three, where it is party C and approves (审核) (SET-01)."""

    TWO_PARTY = "two_party", "两方协议"
    THREE_PARTY = "three_party", "三方协议"

    @property
    def verb(self) -> str:
        """The word for the school's act."""
        return "鉴证" if self is AgreementForm.TWO_PARTY else "审核"


class ProvinceSettings(models.Model):
    """What a province sets for its schools in a cohort; without it they cannot submit theirs (SET-01)."""

    province = models.ForeignKey(Province, models.PROTECT)
    cohort = models.PositiveSmallIntegerField()
    agreement_form = models.CharField(max_length=12, choices=AgreementForm.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cohort", "province"], name="one_province_settings")]

    def __str__(self) -> str:
        return f"{self.province} {self.cohort}"


class ReviewMode(models.TextChoices):
    """School only, or college first (SET-05)."""

    SCHOOL = "school", "仅校级审核"
    COLLEGE_THEN_SCHOOL = "college_then_school", "先院系再校级审核"


class SigningSettings(Scoped):
    """A school's signing settings for a cohort; every act of a case locks this row first, shared (SET-02 … SET-07)."""

    scope = Scope(college="school__college", school="school", province="school__province", ministry=EVERYTHING)

    school = models.ForeignKey(School, models.PROTECT)
    cohort = models.PositiveSmallIntegerField()
    online_signing = models.BooleanField(default=False)
    supplementary = models.BooleanField(default=False)
    destination = models.BooleanField(default=False)
    review_mode = models.CharField(max_length=20, choices=ReviewMode.choices, default=ReviewMode.SCHOOL)
    dissolution_limit = models.PositiveSmallIntegerField(default=3)
    # From how many working days on a wait is called long: shown in red, listed, and brought to mind.
    long_wait = models.PositiveSmallIntegerField(default=3, db_default=3)
    version = models.PositiveIntegerField(default=0)
    submitted_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        constraints = [
            models.UniqueConstraint(fields=["cohort", "school"], name="one_signing_settings"),
            models.CheckConstraint(condition=Q(dissolution_limit__lte=99), name="dissolution_limit_to_99"),
            models.CheckConstraint(condition=Q(long_wait__gte=1, long_wait__lte=30), name="long_wait_to_30"),
        ]

    def __str__(self) -> str:
        return f"{self.school} {self.cohort}"


class TransferSettings(Scoped):
    """A school's settings of one of the modules archive and household for a cohort; acts lock it first, shared (SET-09)."""

    AREAS: ClassVar = tuple((area.value, area.label) for area in (Area.ARCHIVE, Area.HOUSEHOLD))
    scope = Scope(college="school__college", school="school", province="school__province", ministry=EVERYTHING)

    school = models.ForeignKey(School, models.PROTECT)
    cohort = models.PositiveSmallIntegerField()
    area = models.CharField(max_length=10, choices=AREAS)
    is_on = models.BooleanField(default=False)
    review_mode = models.CharField(max_length=20, choices=ReviewMode.choices, default=ReviewMode.SCHOOL)
    version = models.PositiveIntegerField(default=0)
    submitted_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["cohort", "school", "area"], name="one_transfer_settings")]

    def __str__(self) -> str:
        return f"{self.school} {self.cohort} {self.area}"


class Tiers(Func):
    """The levels of study that a tier stands for, as a range: `all` overlaps both of the others."""

    template = (
        "int4range(CASE %(expressions)s WHEN 'postgraduate' THEN 2 ELSE 1 END, "
        "CASE %(expressions)s WHEN 'undergraduate' THEN 2 ELSE 3 END)"
    )
    arity = 1
    output_field = IntegerRangeField()


class Handler(Scoped):
    """Who handles agreements for a tier of a school, printed on them; fixed once submitted (SET-08)."""

    scope = Scope(
        college="school__college", school="school", province="school__province", ministry=EVERYTHING,
        graduate="school__graduate",
    )  # fmt: skip

    school = models.ForeignKey(School, models.PROTECT)
    cohort = models.PositiveSmallIntegerField()
    tier = models.CharField(max_length=14, choices=[(t.value, t.label) for t in Tier])
    name = models.CharField(max_length=40)
    phone = models.CharField(max_length=20)
    address = models.CharField(max_length=200)
    postcode = models.CharField(max_length=6)

    class Meta(Scoped.Meta):
        constraints = [
            ExclusionConstraint(
                name="one_handler_of_a_tier",
                expressions=[
                    ("cohort", RangeOperators.EQUAL),
                    ("school", RangeOperators.EQUAL),
                    (Tiers(F("tier")), RangeOperators.OVERLAPS),
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.school} {self.cohort} {self.tier}"


class Contact(models.Model):
    """Whom a graduate asks: a school's or college's person for a tier (ORG-12). Public to the school's graduates."""

    school = models.ForeignKey(School, models.PROTECT)
    college = models.ForeignKey(College, models.PROTECT, null=True)
    tier = models.CharField(max_length=14, choices=[(t.value, t.label) for t in Tier], default=Tier.ALL)
    name = models.CharField(max_length=40)
    phone = models.CharField(max_length=20)
    hours = models.CharField(max_length=60, blank=True)

    def __str__(self) -> str:
        return f"{self.school} {self.name}"


class Employer(Scoped):
    """A unit that hires, under its unified social credit code; it invites once the operator has verified it (EMP-01)."""

    scope = Scope(employer="pk", college=EVERYTHING, school=EVERYTHING, province=EVERYTHING, ministry=EVERYTHING)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    credit_code = models.CharField(max_length=18, unique=True)
    name = models.CharField(max_length=120)
    nature = models.CharField(max_length=4)
    industry = models.CharField(max_length=4)
    area = models.CharField(max_length=6)
    address = models.CharField(max_length=200)
    contact = models.CharField(max_length=40)
    phone = models.CharField(max_length=20, blank=True)
    mobile = models.CharField(max_length=11, blank=True)
    email = models.CharField(max_length=60, blank=True)
    is_verified = models.BooleanField(default=False)

    class Meta(Scoped.Meta):
        constraints = [
            models.CheckConstraint(condition=~Q(phone="", mobile=""), name="employer_has_a_phone"),
        ]

    def __str__(self) -> str:
        return self.name


class AccountRows(BaseUserManager["Account"]):
    """Accounts are found by their log-in name."""

    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(login=username)


class Account(AbstractBaseUser):
    """One person's log-in; what the person may do hangs on its seats. A graduate's phone and e-mail live here (ROS-02)."""

    login = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=60)
    id_number = IdentityNumberField(unique=True, null=True)
    phone = models.CharField(max_length=20, unique=True, null=True)
    email = models.CharField(max_length=60, blank=True)
    must_change_password = models.BooleanField(default=False)
    suspended_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(db_default=Now())
    made_by = models.ForeignKey("self", models.PROTECT, null=True)

    USERNAME_FIELD = "login"
    objects: ClassVar[AccountRows] = AccountRows()

    def __str__(self) -> str:
        return f"account {self.pk}"


class Seat(models.Model):
    """A role that an account has somewhere: its node, its permissions per area (ORG-05) and its tier (ORG-07)."""

    account = models.ForeignKey(Account, models.PROTECT)
    role = models.CharField(max_length=12)
    node = models.BigIntegerField(default=0)
    employment = models.PositiveSmallIntegerField(default=Level.NONE)
    archive = models.PositiveSmallIntegerField(default=Level.NONE)
    household = models.PositiveSmallIntegerField(default=Level.NONE)
    tier = models.CharField(max_length=14, choices=[(t.value, t.label) for t in Tier], default=Tier.ALL)
    # May create colleagues of its own level (ORG-05); of an employer's users: decides who joins the unit (EMP-01).
    is_administrator = models.BooleanField(default=False)
    # The work number under which the school's own log-in knows this person (CAM-06).
    sign_on_name = models.CharField(max_length=60, blank=True, default="", db_default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "role", "node"], name="one_seat")]
        indexes = [models.Index(fields=["role", "node"], name="seat_node")]

    def __str__(self) -> str:
        return f"{self.role} {self.node}"

    @property
    def levels(self) -> dict[Area, Level]:
        return {area: Level(getattr(self, area.value)) for area in Area}

    def actor(self, *, name: str = "", unit: str = "", origin: str = "") -> Actor:
        """The actor that this seat makes of its account."""
        return Actor(
            Role(self.role),
            self.node,
            self.account_id,
            self.levels,
            Tier(self.tier),
            name=name,
            unit=unit,
            origin=origin,
        )


class SignOnProtocol(models.TextChoices):
    """What a school's own log-in speaks (CAM-06)."""

    CAS = "cas", "CAS 3.0"
    OPENID = "openid", "OpenID Connect"


class SignOn(models.Model):
    """A school's own log-in (统一身份认证), offered beside the platform's (CAM-06).

    `server` is the address of the CAS server or the issuer; `claim` names what holds the student or work number, '' what the server
    calls its user. `secret` is put away (`kit.strongbox`). `tried_at` is when these very values let somebody in; without it the row is off.
    """

    school = models.OneToOneField(School, models.PROTECT)
    protocol = models.CharField(max_length=8, choices=SignOnProtocol.choices)
    server = models.CharField(max_length=200)
    client_id = models.CharField(max_length=200, blank=True)
    secret = models.BinaryField(default=b"")
    claim = models.CharField(max_length=60, blank=True)
    is_on = models.BooleanField(default=False)
    tried_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(is_on=False) | Q(tried_at__isnull=False), name="tried_before_on"),
        ]

    def __str__(self) -> str:
        return f"sign-on of school {self.school_id}"


class Binding(models.Model):
    """A person's WeChat: one account's at a time, and an account has one at a time (ORG-11). One that ended stays as a row.

    The openid is put away (`kit.strongbox`); `digest` is the keyed hash that finds it.
    """

    account = models.ForeignKey(Account, models.PROTECT, db_index=False)
    openid = models.BinaryField()
    digest = models.CharField(max_length=64)
    bound_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(ended_at=None), name="one_binding_of_an_account"),
            models.UniqueConstraint(fields=["digest"], condition=Q(ended_at=None), name="one_binding_of_an_openid"),
        ]

    def __str__(self) -> str:
        return f"binding {self.pk}"


class BindingScene(models.Model):
    """What a code to scan carries: whose WeChat is to be bound. Good once and for minutes; `url` is what the code shows (ORG-11)."""

    digest = models.CharField(max_length=64, primary_key=True)
    account = models.ForeignKey(Account, models.CASCADE)
    url = models.CharField(max_length=300)
    made_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, blank=True)

    def __str__(self) -> str:
        return f"scene of account {self.account_id}"


class Session(models.Model):
    """An open session: the cookie's hash, whose it is and in which seat; read with account and role in one statement."""

    token_hash = models.BinaryField(primary_key=True)
    account = models.ForeignKey(Account, models.CASCADE)
    seat = models.ForeignKey(Seat, models.CASCADE, null=True)
    cohort = models.PositiveSmallIntegerField(null=True)
    made_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    origin = models.CharField(max_length=45, blank=True)
    browser = models.CharField(max_length=200, blank=True)
    # Opened by a school's own log-in, it reaches that school's seats alone; the digest is that of the ticket it came by (CAM-06).
    sign_on = models.ForeignKey(SignOn, models.CASCADE, null=True, db_index=False)
    ticket = models.CharField(max_length=64, blank=True, default="", db_default="")
    # Opened by a WeChat that is bound, it ends with the binding and reaches the graduate's seats alone (ORG-11).
    binding = models.ForeignKey(Binding, models.CASCADE, null=True, db_index=False)

    class Meta:
        indexes = [
            models.Index(fields=["ticket"], condition=~Q(ticket=""), name="session_ticket"),
            models.Index(fields=["binding"], condition=Q(binding__isnull=False), name="session_binding"),
        ]

    def __str__(self) -> str:
        return f"session of account {self.account_id}"


class Attempt(models.Model):
    """A counter of guesses under a keyed hash of what is guessed; reserved before the guess is looked at."""

    subject = models.CharField(max_length=64, primary_key=True)
    number = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.number} attempts"


class LoginCode(models.Model):
    """A six-digit code that was sent to a phone for a first log-in or a forgotten password; the code itself is not kept.

    `node` is the roster line of a first log-in. A row without `phone` is one that matched nobody: it behaves like the others.
    """

    FIRST, FORGOTTEN = "first", "forgotten"

    purpose = models.CharField(max_length=10, choices=[(FIRST, "第一次登录"), (FORGOTTEN, "忘记密码")])
    subject = models.CharField(max_length=64)
    account = models.ForeignKey(Account, models.CASCADE, null=True)
    node = models.BigIntegerField(null=True)
    phone = models.CharField(max_length=20, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"code {self.pk}"


class StatusLookup(models.Model):
    """A business status as a provider gave it, with time and source (EMP-03)."""

    credit_code = models.CharField(max_length=18)
    status = models.CharField(max_length=40)
    name = models.CharField(max_length=120, blank=True)
    source = models.CharField(max_length=60)
    asked_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["credit_code", "-asked_at"], name="status_of_code")]

    def __str__(self) -> str:
        return f"{self.credit_code}: {self.status}"


class Reason(models.Model):
    """A reason of a school's own beside the operator's table (REG-02)."""

    school = models.ForeignKey(School, models.PROTECT)
    purpose = models.CharField(max_length=30, default="reject")
    words = models.CharField(max_length=100)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.words


class Flag(Scoped):
    """A school's warning of a unit, known by its credit code alone; a removed one stays as a row (WRN-01).

    `evidence` says what was seen and where, `note` is what the school's graduates and reviewers read (WRN-02).
    """

    scope = Scope(school="school", province="school__province", ministry=EVERYTHING, area=Area.EMPLOYMENT)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(School, models.PROTECT)
    credit_code = models.CharField(max_length=18)
    name = models.CharField(max_length=120)
    nature = models.CharField(max_length=4)
    industry = models.CharField(max_length=4)
    kind = models.CharField(max_length=20)
    note = models.CharField(max_length=200)
    evidence = models.CharField(max_length=1000)
    link = models.CharField(max_length=300, blank=True)
    flagged_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    flagged_at = models.DateTimeField(db_default=Now())
    removed_by = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["credit_code", "school"], condition=Q(removed_at=None), name="one_standing_flag"
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None, removed_by=None) | Q(removed_at__isnull=False, removed_by__isnull=False),
                name="removed_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["school", "-flagged_at"], name="flags_of_school")]

    def __str__(self) -> str:
        return f"{self.name} {self.kind}"


class EmployerCase(Case, Scoped):
    """A case about an employer: its verification by the operator, or somebody joining its unit (EMP-01)."""

    scope = Scope(employer="employer", ministry=EVERYTHING)
    detail = "orgs:employer_case"
    refusals: ClassVar = {"one_open_employer_case": "这份申请已经提交，正在等待处理，不用再交一次。"}

    employer = models.ForeignKey(Employer, models.PROTECT)
    account = models.ForeignKey(Account, models.PROTECT)
    shown = models.JSONField(default=dict)
    licence = models.CharField(max_length=200, blank=True)

    class Meta(Scoped.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["cohort", "employer", "flow_name", "account"],
                condition=Q(live=True),
                name="one_open_employer_case",
            )
        ]

    def audience(self, role: Role) -> int | None:
        return self.employer_id if role is Role.EMPLOYER else None


class KeyScope(models.TextChoices):
    """What a key may be allowed (SYN-02); none of them contains another."""

    ROSTER_READ = "roster:read", "读取学生名单"
    ROSTER_WRITE = "roster:write", "报送学生名单"
    RECORDS_READ = "records:read", "读取就业方案"
    RECORDS_WRITE = "records:write", "报送就业方案"
    REGISTRATIONS_READ = "registrations:read", "读取登记和签约"
    CONFIRMATIONS_READ = "confirmations:read", "读取登记确认"
    ARCHIVE_READ = "archive:read", "读取档案信息"
    HOUSEHOLD_READ = "household:read", "读取户口信息"
    FIGURES_READ = "figures:read", "读取统计"
    IDENTITY_READ = "identity:read", "读取完整的证件号和手机号"
    ACTS_WRITE = "acts:write", "办理学校的审核"


# What a key of each role may be given; a province and the operator read, and nobody's numbers.
_READING = tuple(one for one in KeyScope if one.value.endswith(":read") and one is not KeyScope.IDENTITY_READ)
KEY_SCOPES: dict[Role, tuple[KeyScope, ...]] = {
    Role.SCHOOL: tuple(KeyScope), Role.PROVINCE: _READING, Role.MINISTRY: _READING
}  # fmt: skip


class Key(Scoped):
    """A key by which another system of a school, a province or the operator writes and reads over the API (SYN-02).

    It acts under an `account` of its own, which nobody can log in to. Only digests are kept: `digest` of the secret in use, for a while
    after a rotation `former_digest` of the one before. `prefix` is what its holder recognises it by. A school's key carries the school's province.
    """

    scope = Scope(school="school", province="province", ministry=EVERYTHING)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    role = models.CharField(max_length=12)
    school = models.ForeignKey(School, models.PROTECT, null=True)
    province = models.ForeignKey(Province, models.PROTECT, null=True)
    account = models.OneToOneField(Account, models.PROTECT, related_name="+")
    name = models.CharField(max_length=40)
    scopes = models.JSONField(default=list)
    # The addresses it may be used from; none means every address.
    networks = models.JSONField(default=list)
    a_minute = models.PositiveSmallIntegerField(default=120)
    digest = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=12)
    former_digest = models.CharField(max_length=64, unique=True, null=True)
    former_until = models.DateTimeField(null=True)
    made_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    warned_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"key {self.prefix}"

    @property
    def node(self) -> int:
        """The node that the key stands on."""
        return {Role.SCHOOL: self.school_id, Role.PROVINCE: self.province_id}.get(Role(self.role)) or 0

    @property
    def scope_words(self) -> list[str]:
        """What it may, in words."""
        return [KeyScope(one).label for one in self.scopes if one in KeyScope.values]


class KeyBucket(models.Model):
    """How many calls a key has left at an instant; it fills up again with time. `at` is also when the key was last used."""

    key = models.OneToOneField(Key, models.CASCADE, primary_key=True)
    tokens = models.FloatField()
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"bucket of key {self.key_id}"


class KeyCall(Scoped):
    """One call over the API: which operation, how it ended, how long it took, how many rows; nothing of whom it was about."""

    scope = Scope(school="key__school", province="key__province", ministry=EVERYTHING)

    key = models.ForeignKey(Key, models.CASCADE, db_index=False)
    at = models.DateTimeField(db_default=Now())
    operation = models.CharField(max_length=60)
    status = models.PositiveSmallIntegerField()
    milliseconds = models.PositiveIntegerField()
    rows = models.PositiveIntegerField(default=0)

    class Meta(Scoped.Meta):
        indexes = [
            models.Index(fields=["key", "-id"], name="key_call"),
            models.Index(fields=["at"], name="key_call_at"),
        ]

    def __str__(self) -> str:
        return f"call {self.pk}"


class KeyAnswer(models.Model):
    """What a request with an Idempotency-Key was answered, so that its repetition has no second effect; kept for a day.

    `request` is the digest of the operation and the body that the first one came with.
    """

    key = models.ForeignKey(Key, models.CASCADE, db_index=False)
    token = models.CharField(max_length=64)
    request = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    answer = models.TextField(blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "token"], name="one_answer_per_token")]
        indexes = [models.Index(fields=["at"], name="key_answer_at")]

    def __str__(self) -> str:
        return f"answer {self.pk}"


class WebhookTopic(models.TextChoices):
    """What a webhook may be told of (SYN-02)."""

    REGISTRATIONS = "registrations", "登记、签约和申请的每一步"
    CONFIRMATIONS = "confirmations", "登记确认的变化"
    ARCHIVE = "archive", "档案业务的每一步"
    HOUSEHOLD = "household", "户口业务的每一步"
    RECORDS = "records", "就业方案写入完成"
    ROSTER = "roster", "学生名单的写入和修改"


class Webhook(Scoped):
    """An address of a school's other system that is told what happened; it fetches by the API what it may see (SYN-02).

    `place` is how far the school's records were read for it (`foundation/flow/feed.py`). Both secrets are put away (`kit.strongbox`); the
    former one signs beside the other until `former_until`. While `failures` go on it rests until `due_at`; `stopped_at` is when it was
    switched off because none had arrived since `failing_since` for days.
    """

    scope = Scope(school="school")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(School, models.PROTECT)
    name = models.CharField(max_length=40)
    address = models.CharField(max_length=300)
    topics = models.JSONField(default=list)
    secret = models.BinaryField(default=b"")
    former_secret = models.BinaryField(default=b"")
    former_until = models.DateTimeField(null=True)
    is_on = models.BooleanField(default=True)
    place = models.CharField(max_length=200, blank=True, default="")
    failures = models.PositiveSmallIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(db_default=Now())
    version = models.PositiveIntegerField(default=1)
    made_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"webhook {self.pk}"

    @property
    def topic_words(self) -> list[str]:
        """What it is told of, in words."""
        return [WebhookTopic(one).label for one in self.topics if one in WebhookTopic.values]


class WebhookDelivery(Scoped):
    """One thing that a webhook is told, under one `public_id` however often it is tried; of the answer only status and time are kept.

    States: owed → sending → sent; owed again after a failure, lost where the others arrive and this one did not for days. `record` is
    what it tells of, none for a trial.
    """

    OWED, SENDING, SENT, LOST = "owed", "sending", "sent", "lost"
    LABELS: ClassVar[dict[str, str]] = {OWED: "等待发送", SENDING: "正在发送", SENT: "已送达", LOST: "没有送达"}

    scope = Scope(school="webhook__school")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    webhook = models.ForeignKey(Webhook, models.PROTECT, db_index=False)
    record = models.BigIntegerField(null=True)
    event = models.CharField(max_length=40)
    body = models.TextField()
    state = models.CharField(max_length=8, default=OWED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    made_at = models.DateTimeField(db_default=Now())
    first_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # Of the last try: the answer's status, 0 where there was none, and why it did not arrive.
    status = models.PositiveSmallIntegerField(default=0)
    milliseconds = models.PositiveIntegerField(default=0)
    failure = models.CharField(max_length=100, blank=True, default="")

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["webhook", "record"], name="one_delivery_per_record")]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=models.Q(state__in=["owed", "sending"]), name="delivery_owed"),
            models.Index(fields=["webhook", "-id"], name="delivery_log"),
            models.Index(fields=["ended_at"], name="delivery_ended"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"delivery {self.pk}"

    @property
    def state_words(self) -> str:
        """How it stands, in words."""
        return self.LABELS[self.state]


def seats_of(role: Role, node: int) -> QuerySet[Seat]:
    """The seats in force on a node, of accounts that are not suspended."""
    return Seat.objects.filter(role=role, node=node, ended_at=None, account__suspended_at=None)
