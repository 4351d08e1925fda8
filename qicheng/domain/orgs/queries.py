"""Reads of organisations, accounts and settings that more than one page, and the rooms above, need."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import Length
from django.utils import timezone

from qicheng.foundation import codes
from qicheng.foundation.access import Area, Level, Role, Tier, statements
from qicheng.foundation.codes import divisions
from qicheng.foundation.kit.calendar import cohort_closes
from qicheng.foundation.notice.channels import Address

from .models import (
    KEY_SCOPES,
    Account,
    AgreementForm,
    Cohort,
    College,
    Contact,
    Edition,
    Employer,
    Handler,
    Key,
    KeyCall,
    LoginCode,
    Module,
    Opening,
    Province,
    ProvinceSettings,
    Reason,
    School,
    Seat,
    Session,
    SigningSettings,
    SignOn,
    StatusLookup,
    TransferSettings,
    Webhook,
    WebhookDelivery,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from qicheng.foundation.access import Actor

# Whose accounts a role makes: one level below its own (ORG-05).
BELOW = {Role.MINISTRY: Role.PROVINCE, Role.PROVINCE: Role.SCHOOL, Role.SCHOOL: Role.COLLEGE}


def stamp(shown: Mapping[str, Any]) -> str:
    """What a form carries to tell whether the values that its page showed still stand."""
    return hashlib.sha256(json.dumps(shown, sort_keys=True, default=str).encode()).hexdigest()[:16]


# ---- modules and settings


def openings(province: int, cohort: int) -> dict[Module, bool]:
    """Every module, and whether the province has opened it for the cohort (ORG-02)."""
    opened = set(
        Opening.objects.filter(province=province, cohort=cohort, is_open=True).values_list("module", flat=True)
    )
    return {module: module.value in opened for module in Module}


def agreement_form(province: int, cohort: int) -> AgreementForm | None:
    """The agreement form of a province's schools, None until it is set (SET-01)."""
    row = ProvinceSettings.objects.filter(province=province, cohort=cohort).first()
    return AgreementForm(row.agreement_form) if row else None


def signing_settings(school: int, cohort: int, actor: Actor) -> SigningSettings:
    """The settings as they stand, or unsaved ones with version 0 where none were ever submitted."""
    found = SigningSettings.objects.seen_by(actor).filter(school=school, cohort=cohort).first()
    return found or SigningSettings(school_id=school, cohort=cohort)


def transfer_settings(school: int, cohort: int, area: Area, actor: Actor) -> TransferSettings:
    """The settings of the module of that area as they stand, or unsaved ones with version 0 (SET-09)."""
    found = TransferSettings.objects.seen_by(actor).filter(school=school, cohort=cohort, area=area.value).first()
    return found or TransferSettings(school_id=school, cohort=cohort, area=area.value)


def handlers(school: int, cohort: int) -> dict[Tier, Handler]:
    """The handlers that were submitted, by tier (SET-08)."""
    rows = Handler.objects.unscoped("printed on the agreements of the school").filter(school=school, cohort=cohort)
    return {Tier(row.tier): row for row in rows}


def handler_for(school: int, cohort: int, tier: str) -> Handler | None:
    """Who handles the agreements of a graduate of that tier: its own handler, or the one for all."""
    known = handlers(school, cohort)
    return known.get(Tier(tier)) or known.get(Tier.ALL)


def tiers_to_set(known: Iterable[Tier], own: Tier) -> list[Tier]:
    """For which tiers a user answering for `own` may still submit a handler (SET-08)."""
    known = set(known)
    if Tier.ALL in known:
        return []
    single = [tier for tier in (Tier.UNDERGRADUATE, Tier.POSTGRADUATE) if tier not in known and own in (tier, Tier.ALL)]
    return [Tier.ALL, *single] if own is Tier.ALL and not known else single


# ---- colleges and the roster


def roster_colleges(school: int, cohort: int) -> QuerySet[College]:
    """The colleges that somebody on the school's roster belongs to."""
    # Reached backwards from the graduate, whose room stands above this one.
    found = College.objects.filter(school=school, graduate__cohort=cohort, graduate__removed_at=None)
    return found.distinct().order_by("name")


def _staffed(**levels: Any) -> Exists:
    return Exists(
        Seat.objects.filter(role=Role.COLLEGE, node=OuterRef("pk"), ended_at=None, account__suspended_at=None, **levels)
    )


def colleges_without_account(school: int, cohort: int) -> list[College]:
    """Colleges of the roster that nobody can log in for (ORG-06)."""
    return list(roster_colleges(school, cohort).filter(~_staffed()))


def colleges_without_reviewer(school: int, cohort: int, area: Area = Area.EMPLOYMENT) -> list[College]:
    """Colleges of the roster without a read-write account: they keep a school from review at two levels (SET-05, SET-09)."""
    return list(roster_colleges(school, cohort).filter(~_staffed(**{area.value: Level.WRITE})))


def colleges_off_roster(school: int, cohort: int) -> list[College]:
    """Colleges that have an account and nobody on the roster (ORG-06)."""
    known = roster_colleges(school, cohort).values("pk")
    return list(College.objects.filter(_staffed(), school=school).exclude(pk__in=known).order_by("name"))


def nearly(name: str, others: Iterable[str]) -> str | None:
    """One of `others` that differs from `name` only in width, case, gaps or the kind of brackets."""
    wanted = _plain(name)
    return next((other for other in others if other != name and _plain(other) == wanted), None)


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


# ---- accounts


def reach(actor: Actor) -> Q:
    """The seats that the actor's account page shows: its own level's, and one level below (ORG-05)."""
    own = Q(role=actor.role, node=actor.node)
    if actor.role is Role.MINISTRY:
        return own | Q(role=Role.PROVINCE)
    if actor.role is Role.PROVINCE:
        return own | Q(role=Role.SCHOOL, node__in=School.objects.filter(province=actor.node).values("pk"))
    if actor.role is Role.SCHOOL:
        return own | Q(role=Role.COLLEGE, node__in=College.objects.filter(school=actor.node).values("pk"))
    return Q(pk=None)


def seats(actor: Actor) -> QuerySet[Seat]:
    """The seats of `reach`, with their accounts; those in force first."""
    return Seat.objects.filter(reach(actor)).select_related("account").order_by("-role", "node", "account__name", "pk")


def may_appoint(actor: Actor) -> bool:
    """Whether the superior allows this account to make colleagues of its own level (ORG-05)."""
    return Seat.objects.filter(
        account=actor.account, role=actor.role, node=actor.node, is_administrator=True, ended_at=None
    ).exists()


def may_change(actor: Actor, seat: Seat, *, appoints: bool | None = None) -> bool:
    """Whether the actor may change, suspend or reset this seat: those below, and colleagues where the superior allows.

    `appoints` is the answer of `may_appoint`, where it is known already.
    """
    if seat.account_id == actor.account or not actor.may_write(Area.EMPLOYMENT):
        return False
    if seat.role == BELOW.get(actor.role):
        return True
    within = actor.tier is Tier.ALL or seat.tier == actor.tier
    if seat.role != actor.role or not within or seat.is_administrator:
        return False
    return may_appoint(actor) if appoints is None else appoints


def levels_to_give(actor: Actor, area: Area, standing: Level = Level.NONE) -> list[Level]:
    """The permissions that the actor may set in an area: none above its own, beside what already stands (ORG-05)."""
    own = actor.levels.get(area, Level.NONE)
    return [level for level in Level if level <= own or level == standing]


def units(found: Iterable[Seat]) -> dict[tuple[str, int], str]:
    """The name of each seat's unit, in one query per level."""
    found = list(found)
    names: dict[tuple[str, int], str] = {(Role.MINISTRY, 0): "部级"}
    levels: tuple[tuple[Role, Any], ...] = ((Role.COLLEGE, College), (Role.SCHOOL, School), (Role.PROVINCE, Province))
    for role, model in levels:
        nodes = {seat.node for seat in found if seat.role == role}
        names |= {(role, pk): name for pk, name in model.objects.filter(pk__in=nodes).values_list("pk", "name")}
    return names


def accounts_of_schools(schools: list[int]) -> list[tuple[int, int]]:
    """(school, number of accounts in force) of those that have any."""
    rows = Seat.objects.filter(role=Role.SCHOOL, node__in=schools, ended_at=None, account__suspended_at=None)
    return list(rows.order_by().values_list("node").annotate(Count("pk")))


# ---- whom to ask, and why not


def contacts_for(graduate: Any) -> list[Contact]:
    """Whom a graduate asks: the college's contacts of its tier, then the school's (ORG-12)."""
    rows = Contact.objects.filter(
        Q(college=graduate.college_id) | Q(college=None), school=graduate.school_id, tier__in=(Tier.ALL, graduate.tier)
    )
    return sorted(
        rows.select_related("college"), key=lambda row: (row.college_id is None, row.tier == Tier.ALL, row.pk)
    )


def reasons(purpose: str, school: int | None = None, table: str = "rejection_reasons") -> list[tuple[str, str]]:
    """(key, words) to choose from: the operator's table for `purpose` (reject, return, void), then the school's own (REG-02)."""
    found = []
    if table in codes.names():
        rows = codes.table(table)
        found = [(code, rows.label(code)) for code in rows if purpose in rows.row(code).get("for", purpose).split("|")]
    own = Reason.objects.filter(school=school, purpose=purpose, ended_at=None).order_by("pk") if school else ()
    return [*found, *((f"own_{row.pk}", row.words) for row in own)]


# ---- employers

AREA_SELECTS = {"area_province": "省份", "area_city": "城市", "area_county": "区县"}


def area_selects(code: str) -> list[tuple[str, str, str, Sequence[tuple[str, str]]]]:
    """(name, label, chosen, options) of the three selects that lead to a division; municipalities have no third."""
    current = codes.table("admin_divisions")
    chain: list[str] = []
    while code and current.has(code):
        chain.insert(0, code)
        code = current.row(code)["parent_code"]
    selects = []
    for depth, (name, label) in enumerate(AREA_SELECTS.items()):
        above = chain[depth - 1] if 0 < depth <= len(chain) else ""
        options = divisions.children(above) if depth == 0 or above else ()
        selects.append((name, label, chain[depth] if depth < len(chain) else "", options))
    return selects


def chosen_area(sent: Mapping[str, str]) -> str:
    """The division that three selects lead to: the lowest that was chosen and lies below the others."""
    chosen = ""
    for name in AREA_SELECTS:
        code = sent.get(name, "")
        if any(code == below for below, _ in divisions.children(chosen)):
            chosen = code
    return chosen


def last_status(credit_code: str) -> StatusLookup | None:
    """The newest business status that a provider gave, however old (EMP-03)."""
    return StatusLookup.objects.filter(credit_code=credit_code).order_by("-asked_at").first()


# So many schools that warn of a unit make everybody see it (WRN-03). Counted whenever it is asked, kept nowhere.
MANY_SCHOOLS = 5
FLAGGED_BY_MANY = "*"


@dataclass(frozen=True, slots=True)
class Flagged:
    """What is to be told of a unit: its school's own flag (kind in words, note, when), and whether many schools have one."""

    kind: str = ""
    note: str = ""
    flagged_at: datetime | None = None
    is_national: bool = False

    @property
    def is_own(self) -> bool:
        """Whether the school itself has flagged the unit."""
        return self.flagged_at is not None


def flags_on(credit_codes: Iterable[str], *, school: int) -> dict[str, Flagged]:
    """The units among these of which somebody of that school is warned, by credit code, in one statement (WRN-02, WRN-03).

    Another school's flag is nobody's business until many have one; so this goes by the school and not by the scope of a flag.
    """
    wanted = sorted({code for code in credit_codes if code})
    if not wanted:
        return {}
    kinds = codes.table("warning_unit_types")
    found = statements.rows(
        """SELECT credit_code, count(DISTINCT school_id) AS schools, max(kind) FILTER (WHERE school_id = %(school)s) AS kind,
            max(note) FILTER (WHERE school_id = %(school)s) AS note, max(flagged_at) FILTER (WHERE school_id = %(school)s) AS flagged_at
        FROM orgs_flag WHERE credit_code = ANY(%(codes)s) AND removed_at IS NULL GROUP BY credit_code""",
        {"school": school, "codes": wanted},
    )
    return {
        row.credit_code: Flagged(
            kinds.label(row.kind or ""), row.note or "", row.flagged_at, is_national=row.schools >= MANY_SCHOOLS
        )
        for row in found
        if row.flagged_at or row.schools >= MANY_SCHOOLS
    }


def flagged_in_sql(credit_code: str, school: str) -> str:
    """The same for a row of a list, as SQL of two expressions: the kind of the school's own flag, FLAGGED_BY_MANY, or NULL."""
    return f"""(SELECT coalesce(max(f.kind) FILTER (WHERE f.school_id = {school}),
            CASE WHEN count(DISTINCT f.school_id) >= {MANY_SCHOOLS} THEN '{FLAGGED_BY_MANY}' END)
        FROM orgs_flag f WHERE f.credit_code = {credit_code} AND f.removed_at IS NULL)"""  # noqa: S608 -- names of columns alone


def flagged_words(value: str) -> str:
    """What `flagged_in_sql` found, as a reason to look twice."""
    if value == FLAGGED_BY_MANY:
        return f"{MANY_SCHOOLS} 所及以上学校标记的预警单位"
    return f"本校标记的预警单位（{codes.table('warning_unit_types').label(value)}）"


def unit_of(credit_code: str) -> Mapping[str, str]:
    """Name, nature and industry of the registered unit of that code, to begin a flag with; empty where there is none."""
    known = Employer.objects.unscoped("who flags a unit need not copy what is known of it").filter(
        credit_code=credit_code
    )
    return known.values("credit_code", "name", "nature", "industry").first() or {}


def decides_for_unit(actor: Actor, employer: int) -> bool:
    """Whether the actor is an administrator of the unit, who decides about its colleagues (EMP-01)."""
    return actor.role is Role.EMPLOYER and actor.node == employer and may_appoint(actor)


def employer_of(actor: Actor) -> Employer:
    """The unit of an employer's user."""
    return Employer.objects.seen_by(actor).get()


# What everybody may know of a verified unit; whom to call there is told to those whom it invites.
PUBLISHED = ("public_id", "name", "credit_code", "nature", "industry", "area", "address")
MOST_UNITS = 8


def verified_units(words: str) -> list[Employer]:
    """Verified units whose name has these words, or whose credit code they are, the shortest name first (OFF-01)."""
    if len(words) < 2:
        return []
    rows = Employer.objects.unscoped("what a register publishes of a unit").filter(is_verified=True).only(*PUBLISHED)
    found = rows.filter(Q(name__contains=words) | Q(credit_code=words.upper()))
    return list(found.order_by(Length("name"), "name")[:MOST_UNITS])


def verified_unit(public_id: str) -> Employer | None:
    """One verified unit, as far as it is published."""
    try:
        wanted = UUID(public_id)
    except ValueError:
        return None
    rows = Employer.objects.unscoped("what a register publishes of a unit").filter(is_verified=True).only(*PUBLISHED)
    return rows.filter(public_id=wanted).first()


# ---- log-in and sessions: whose account, which seats, which cohorts

KINDS: dict[str, tuple[Role, ...]] = {
    "graduate": (Role.GRADUATE,),
    "employer": (Role.EMPLOYER,),
    "school": (Role.SCHOOL, Role.COLLEGE),
    "province": (Role.PROVINCE, Role.MINISTRY),
}
KEPT_SECONDS = 20.0


def account_of(typed: str) -> Account | None:
    """The account that is meant by a log-in name, a phone or an identity number."""
    typed = typed.strip()
    if not typed or len(typed) > 60 or "\0" in typed:
        return None
    same = Q(login=typed) | Q(login=typed.upper()) | Q(phone=typed) | Q(id_number=typed.upper())
    return Account.objects.filter(same).order_by("id").first()


def account_of_person(id_number: str) -> Account | None:
    """The account of the person with that identity number."""
    return Account.objects.filter(id_number=id_number).first()


def seats_in_force(account: int, kind: str = "") -> list[Seat]:
    """The seats of an account that have not ended: those of one kind of log-in, or all if it has none of that kind."""
    standing = list(Seat.objects.filter(account=account, ended_at=None).order_by("id"))
    return [seat for seat in standing if seat.role in KINDS.get(kind, ())] or standing


def seats_of_session(hashed: bytes, account: int) -> list[Seat]:
    """The seats that a session may take: all in force, those of the school by whose own log-in it was opened (CAM-06), a graduate's by WeChat (ORG-11)."""
    standing = seats_in_force(account)
    if Session.objects.filter(token_hash=hashed, binding__isnull=False).exists():
        return [seat for seat in standing if seat.role == Role.GRADUATE]
    school = SignOn.objects.filter(session=hashed).values_list("school", flat=True).first()
    return standing if school is None else seats_at(school, standing)


def sign_on_of_session(hashed: bytes) -> SignOn | None:
    """The school's own log-in by which a session was opened, if by one."""
    return SignOn.objects.filter(session=hashed).select_related("school").first()


def seats_at(school: int, seats: Iterable[Seat]) -> list[Seat]:
    """Those of the seats that lie within a school: its own, its colleges', its graduates'."""
    seats = list(seats)
    own = [seat.node for seat in seats if seat.role == Role.GRADUATE]
    # Reached backwards from the graduate, whose room stands above this one.
    within = {(Role.SCHOOL, school)}
    within |= {(Role.COLLEGE, pk) for pk in College.objects.filter(school=school).values_list("pk", flat=True)}
    lines = School.objects.filter(pk=school, graduate__in=own).values_list("graduate", flat=True)
    within |= {(Role.GRADUATE, pk) for pk in lines}
    return [seat for seat in seats if (Role(seat.role), seat.node) in within]


def seats_named(school: int, name: str) -> list[Seat]:
    """The standing seats of a school and its colleges that bear this work number (CAM-06)."""
    colleges = College.objects.filter(school=school).values("pk")
    within = Q(role=Role.SCHOOL, node=school) | Q(role=Role.COLLEGE, node__in=colleges)
    return list(Seat.objects.filter(within, sign_on_name=name, ended_at=None).select_related("account"))


def school_of(role: Role, node: int) -> int | None:
    """The school that a school's or college's seat belongs to; None for others."""
    if role is Role.COLLEGE:
        return College.objects.values_list("school", flat=True).get(pk=node)
    return node if role is Role.SCHOOL else None


def sign_on_of(school: int) -> SignOn:
    """A school's settings of its own log-in, or unsaved ones with version 0 (CAM-06)."""
    return SignOn.objects.filter(school=school).first() or SignOn(school_id=school)


def sign_on_at(code: str) -> SignOn | None:
    """The settings of the school with that code, whether they are on or off."""
    return SignOn.objects.filter(school__code=code).select_related("school").first()


def sign_ons(words: str = "") -> list[School]:
    """The schools whose own log-in is on, all or those whose name or code has these words."""
    rows = School.objects.filter(signon__is_on=True).order_by("name")
    return list(rows.filter(Q(name__contains=words) | Q(code=words)) if words else rows)


def has_sign_ons() -> bool:
    """Whether any school's own log-in is on; kept for a few seconds, so for the page of the log-in only."""
    return kept("sign_ons", lambda: SignOn.objects.filter(is_on=True).exists())


def open_sessions(account: int) -> list[Session]:
    """The sessions of an account that have not run out, the last used first."""
    return list(Session.objects.filter(account=account, expires_at__gt=timezone.now()).order_by("-seen_at"))


def edition_of(year: int) -> Edition:
    """Which edition of the rules a cohort follows; the newest unless said otherwise (REG-12)."""
    return Edition(_cohorts().get(year, Edition.GUIDE_2024))


def cohort_years() -> tuple[int, ...]:
    """All cohorts, newest first; kept in the process for a few seconds."""
    return tuple(_cohorts())


def open_cohorts() -> list[int]:
    """The cohorts that still act, newest first (ROS-03)."""
    now = timezone.now()
    return [
        year for year in Cohort.objects.order_by("-year").values_list("year", flat=True) if cohort_closes(year) > now
    ]


def open_modules(province: int | None, cohort: int) -> frozenset[str]:
    """The modules that a province has opened for a cohort (ORG-02); kept for a few seconds, so for menus only."""
    return kept("openings", _all_openings).get((province, cohort), frozenset())


def forget_kept() -> None:
    """Read small tables anew at the next question."""
    _small.clear()


_small: dict[str, tuple[float, Any]] = {}


def kept(name: str, read: Callable[[], Any]) -> Any:
    """What `read` says of a small table under that name, at most KEPT_SECONDS old."""
    known = _small.get(name)
    if known is None or monotonic() - known[0] > KEPT_SECONDS:
        known = _small[name] = (monotonic(), read())
    return known[1]


def _cohorts() -> dict[int, str]:
    return kept("cohorts", lambda: dict(Cohort.objects.order_by("-year").values_list("year", "edition")))


def _all_openings() -> dict[tuple[int, int], frozenset[str]]:
    opened: dict[tuple[int, int], set[str]] = {}
    for row in Opening.objects.filter(is_open=True):
        opened.setdefault((row.province_id, row.cohort), set()).add(row.module)
    return {key: frozenset(modules) for key, modules in opened.items()}


def school_contacts(name: str) -> list[Contact]:
    """Whom to ask at the school of exactly that name (ROS-01); empty where there is none."""
    return list(Contact.objects.filter(school__name=name, college=None).order_by("id"))


def phone_of_code(number: int) -> str:
    """Where a code that still stands has to be sent; '' where it reaches nobody."""
    code = LoginCode.objects.filter(pk=number, used_at=None, expires_at__gt=timezone.now()).first()
    return code.phone if code else ""


def address(employer: int) -> Address:
    """How a unit is reached: by the contact data that it keeps itself."""
    row = Employer.objects.unscoped("a message finds its own receiver").only("email", "mobile").get(pk=employer)
    return Address(mail=row.email, sms=row.mobile)


def desk_address(role: Role, node: int) -> Address:
    """How the reviewers of a school or college are reached: by the e-mail of all who may write."""
    rows = Account.objects.filter(
        seat__role=role, seat__node=node, seat__ended_at=None, seat__employment=Level.WRITE, suspended_at=None
    )
    return Address(mail=",".join(rows.exclude(email="").order_by("pk").values_list("email", flat=True)))


# ---- keys of the API

_KEY = """
SELECT k.id, k.public_id, k.role, k.account_id, k.name, k.scopes, k.networks, k.a_minute, k.expires_at, k.school_id, k.province_id,
    k.prefix, coalesce(s.name, p.name, '全国') AS unit, coalesce(s.code, p.code, '') AS code, k.digest <> %(digest)s AS is_former
FROM orgs_key k LEFT JOIN orgs_school s ON s.id = k.school_id LEFT JOIN orgs_province p ON p.id = k.province_id
WHERE (k.digest = %(digest)s OR (k.former_digest = %(digest)s AND k.former_until > clock_timestamp()))
    AND k.revoked_at IS NULL AND k.expires_at > clock_timestamp()"""


def may_give_keys(actor: Actor) -> bool:
    """Whoever makes a key gives away what it may do: an administrator with every permission, for all graduates (SYN-02)."""
    return (
        actor.role in KEY_SCOPES
        and actor.tier is Tier.ALL
        and all(map(actor.may_write, Area))
        and may_appoint(actor)
    )  # fmt: skip


def key_by(digest: str) -> Any | None:
    """The key in force whose secret, or former secret in its last days, has that digest; None for every other."""
    return statements.one(_KEY, {"digest": digest})


def own_keys(actor: Actor) -> QuerySet[Key]:
    """The keys of the actor's own node, those in force first."""
    node = {Role.SCHOOL: {"school": actor.node}, Role.PROVINCE: {"province": actor.node}}.get(actor.role, {})
    rows = Key.objects.seen_by(actor).filter(role=actor.role, **node)
    return rows.select_related("keybucket", "made_by").order_by("-revoked_at", "-id")


def calls_of(key: Key, actor: Actor, newest: int = 200) -> list[KeyCall]:
    """The newest calls with a key."""
    return list(KeyCall.objects.seen_by(actor).filter(key=key).order_by("-id")[:newest])


def expiring_keys(days: int) -> list[Key]:
    """Keys in force that end within so many days and of which nobody was told."""
    rows = Key.objects.unscoped("whoever holds them is told")
    return list(
        rows.filter(revoked_at=None, warned_at=None, expires_at__gt=timezone.now(), expires_at__lt=timezone.now() + timedelta(days=days))
    )  # fmt: skip


# ---- webhooks


def own_webhooks(actor: Actor) -> QuerySet[Webhook]:
    """The webhooks of the actor's school, those that are on first."""
    return Webhook.objects.seen_by(actor).select_related("made_by").order_by("-is_on", "-id")


def deliveries_of(webhook: Webhook, actor: Actor, newest: int = 200) -> list[WebhookDelivery]:
    """The newest deliveries of a webhook."""
    return list(WebhookDelivery.objects.seen_by(actor).filter(webhook=webhook).order_by("-id")[:newest])


def seated(account: int, role: str, node: int) -> Actor | None:
    """Whoever sits there now, as far as the seat goes now; None where the seat has ended or the account is suspended (ORG-09)."""
    seats = Seat.objects.filter(account=account, role=role, node=node, ended_at=None, account__suspended_at=None)
    seat = seats.select_related("account").first()
    return seat.actor(name=seat.account.name) if seat else None
