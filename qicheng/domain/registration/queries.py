"""Reads of registrations that more than one page needs: where a case stands, who has it, how long reviews take."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from hmac import compare_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Case, Count, F, Q, Value, When
from django.db.models.functions import Now

from qicheng.domain.orgs import queries as orgs
from qicheng.domain.orgs.models import ReviewMode
from qicheng.domain.roster.models import Graduate
from qicheng.domain.roster.queries import student
from qicheng.domain.roster.sheets import FIXED, STUDENT, SYNCED
from qicheng.foundation.access import Role, statements
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import clock, timeline
from qicheng.foundation.flow.words import moment, sentence
from qicheng.foundation.kit.calendar import (
    ONE_DAY,
    cohort_closes,
    day_of,
    midnight,
    span,
    working_days_before,
    working_days_between,
)
from qicheng.foundation.kit.identity import code_text, name_text
from qicheng.foundation.notice.channels import Address
from qicheng.foundation.papers.models import Paper

from .guards import (
    DISSOLVED_BY,
    FIRST_REMINDER,
    LAST_DAYS,
    LAST_HOURS,
    NEW_FOR,
    NEXT_REMINDER,
    SUBMISSIONS,
    requests_made,
)
from .models import UNSENT, Dissolution, EmployerLink, Registration
from .sheets import OFFER, destinations
from .sheets.cases import sheet_of, values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from django.db.models import QuerySet

    from qicheng.foundation.access import Actor
    from qicheng.foundation.flow.perform import Record

    # A case of a graduate that is reviewed: of this room, or of one above.
    Reviewed = Any

# The kind of paper that an effective signing owes.
AGREEMENT = "agreement"
# The states into which an approval prints it.
PRINTED = ("form_approved", "effective")
WORDING = Path(__file__).parent / "templates/registration/agreement_clauses.json"
LINK_LETTERS = 44
# An average of fewer reviews than this says nothing about the next one.
ENOUGH_REVIEWS = 20
USUAL_PACE = "一般 1–3 个工作日"
# What an employer may leave empty and a graduate should ask about before signing.
ASKED_ABOUT = ("pay", "probation", "penalty", "report_by", "work_place")

# The last thousand records of the school bound the work; the latest seven days are rarely more.
_PACE = """
SELECT r.role, avg(r.at - p.at) AS mean
FROM (SELECT "case", before, act, role, node, at FROM flow_record
      WHERE school_id = %(school)s AND cohort = %(cohort)s AND flow = %(flow)s ORDER BY id DESC LIMIT 1000) r
JOIN flow_record p ON p."case" = r."case" AND p.after = r.before AND p.before <> p.after
WHERE r.act IN ('approve', 'reject') AND r.at > now() - interval '7 days'
  AND (r.role = 'school' OR r.role = 'college' AND r.node = %(college)s)
GROUP BY r.role HAVING count(*) >= %(enough)s
"""


@dataclass(frozen=True, slots=True)
class Wait:
    """On whom a case waits, since when, and how many working days have passed since then."""

    on: Role
    since: datetime
    days: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline: what happened, the reason told, when, and the tone of its dot."""

    words: str
    reason: str
    at: datetime
    tone: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where a school with a platform of its own has its graduates register: what the way is called, what is said of it, its address."""

    title: str
    more: str
    url: str


_ELSEWHERE: list[Callable[[Graduate], Elsewhere | None]] = []


def registered_elsewhere_at(find: Callable[[Graduate], Elsewhere | None]) -> None:
    """Let a room above say where graduates of some schools register; said once, when the room starts.

    Home page and choosing pages lead there. That the ways here are shut for them the room says by `Flow.gated_by`.
    """
    _ELSEWHERE.append(find)


def elsewhere(graduate: Graduate) -> Elsewhere | None:
    """Where this graduate registers, None where it is here."""
    return next((place for find in _ELSEWHERE if (place := find(graduate))), None)


def cases_of(actor: Actor) -> QuerySet[Registration]:
    """The registrations that somebody sees, newest first, with their people."""
    return Registration.objects.seen_by(actor).select_related("graduate", "employer").order_by("-id")


def is_overdue(case: Reviewed, now: datetime) -> bool:
    """Whether nobody can answer any more, though no job has recorded it yet (SIGN-02)."""
    if isinstance(case, Dissolution):
        return False
    return case.state == "invited" and case.deadline is not None and case.deadline <= now


def overdue_invitations() -> list[Registration]:
    """Invitations past their deadline that nobody has put on record as expired, the oldest first, a thousand at most."""
    rows = Registration.objects.unscoped("the timetable records what time has ended").filter(
        state="invited", deadline__lte=Now()
    )
    return list(rows.order_by("deadline")[:1000])


_TOLD = """NOT EXISTS (SELECT FROM flow_record e WHERE e."case" = c.public_id::text AND e.act = %(act)s)"""
_ENDING = f"""
SELECT c.public_id FROM registration_registration c JOIN roster_graduate g ON g.id = c.graduate_id AND g.removed_at IS NULL
WHERE c.state = 'invited' AND c.deadline > clock_timestamp() AND c.deadline <= clock_timestamp() + %(last)s
    AND c.sent_at <= clock_timestamp() - %(new)s AND {_TOLD} ORDER BY c.deadline LIMIT 1000"""  # noqa: S608 -- our own


def invitations_ending() -> list[UUID]:
    """Invitations that end within a day and were not brought to mind yet, the next to end first, a thousand at most."""
    given = {"act": "ending", "last": LAST_HOURS, "new": NEW_FOR}
    return [row.public_id for row in statements.rows(_ENDING, given)]


def waiting_at_the_end(cohort: int) -> list[tuple[type[Registration] | type[Dissolution], UUID]]:
    """(model, case) of what waits on a graduate in the last days of a cohort and was not brought to mind yet, a thousand of each at most."""
    if not timedelta() < cohort_closes(cohort) - clock() <= LAST_DAYS:
        return []
    found = []
    for model in (Registration, Dissolution):
        turns = sorted(
            {
                f"{flow.name} {state}"
                for flow in FLOWS.values()
                if flow.model is model
                for state in flow.turns(Role.GRADUATE)
            }
        )
        sql = f"""SELECT c.public_id FROM {model._meta.db_table} c JOIN roster_graduate g ON g.id = c.graduate_id AND g.removed_at IS NULL
            WHERE c.cohort = %(cohort)s AND c.flow_name || ' ' || c.state = ANY(%(turns)s) AND {_TOLD} ORDER BY c.id LIMIT 1000"""  # noqa: S608 -- our own
        found += [
            (model, row.public_id) for row in statements.rows(sql, {"cohort": cohort, "turns": turns, "act": "closing"})
        ]
    return found


def is_answerable(case: Registration, now: datetime) -> bool:
    """Whether the graduate can still answer."""
    return case.state == "invited" and not is_overdue(case, now)


def waited(case: Reviewed, now: datetime) -> Wait | None:
    """On whom a case waits, since when, for how many working days; None where it waits on nobody, and for a draft."""
    turn = case.standing.turn
    if turn is None or case.state in UNSENT or is_overdue(case, now) or case.graduate.removed_at is not None:
        return None
    days = working_days_between(day_of(case.waiting_since), day_of(now)).days
    return Wait(turn, case.waiting_since, days)


def wait_words(case: Reviewed, role: Role, now: datetime) -> str:
    """「等学院审核，从 6 月 9 日 16:54 开始，已等 4 个工作日」 for whoever looks; '' where a case waits on nobody."""
    wait = waited(case, now)
    if wait is None:
        return ""
    on = tag(case, role, now)[1].partition("待")[2]
    length = f"已等 {wait.days} 个工作日" if wait.days else "还不到 1 个工作日"
    return f"等{on}，从 {moment(wait.since)} 开始，{length}"


def tag(case: Reviewed, role: Role, now: datetime) -> tuple[str, str]:
    """(tone, words) of a case for whoever looks: the state's own, unless time or the roster has overtaken it (ROS-07)."""
    if case.graduate.removed_at is not None and (case.standing.turn or case.live):
        return "neu", "已失效"
    if is_overdue(case, now):
        return "neu", "逾期失效"
    tone, words = case.standing.tag(role)
    return tone, words.replace("审核", case.verb) if case.standing.turn is Role.SCHOOL else words


def stations(
    case: Registration, role: Role, now: datetime, *, two_levels: bool, rejected_by: str = ""
) -> list[tuple[str, str, str]]:
    """(who, word, done|now|you|stop|'') for the relay: in whose hands the case is.

    `two_levels` is asked for because an invitation has not frozen its review yet; `rejected_by` is the role that rejected.
    """
    if case.flow_name != "online_signing":
        return own_stations(case, role, two_levels=two_levels, rejected_by=rejected_by)
    levels = [Role.COLLEGE, Role.SCHOOL] if two_levels else [Role.SCHOOL]
    names = {
        Role.EMPLOYER: "单位",
        Role.GRADUATE: "你" if role is Role.GRADUATE else "毕业生",
        Role.COLLEGE: "学院",
        Role.SCHOOL: "学校",
    }
    words = {Role.EMPLOYER: "已发起", Role.GRADUATE: "已同意", Role.COLLEGE: "已通过", Role.SCHOOL: f"已{case.verb}"}
    ahead = {Role.GRADUATE: "回应", Role.COLLEGE: "审核", Role.SCHOOL: case.verb}
    order = [Role.EMPLOYER, Role.GRADUATE, *levels]
    if case.state in ("effective", "voided", "dissolved"):
        end = {"voided": ("协议", "已作废", "stop"), "dissolved": ("协议", "已解约", "stop")}.get(
            case.state, ("协议", "已生效", "done")
        )
        return [(names[one], words[one], "done") for one in order] + [end]
    stopped = {
        "declined": (Role.GRADUATE, "已拒绝"), "expired": (Role.GRADUATE, "没有回应"), "withdrawn": (Role.EMPLOYER, "已撤回"),
        "rejected": (Role(rejected_by) if rejected_by else levels[-1], "不通过"),
    }.get("expired" if is_overdue(case, now) else case.state)  # fmt: skip
    holder, word = stopped or (
        case.standing.turn or Role.SCHOOL,
        "待" + ahead.get(case.standing.turn or Role.SCHOOL, "审核"),
    )
    place = order.index(holder) if holder in order else len(order) - 1
    state = "stop" if stopped else "you" if holder is role else "now"
    return [
        *((names[one], words[one], "done") for one in order[:place]),
        (names[order[place]], word, state),
        *((names[one], ahead[one], "") for one in order[place + 1 :]),
        ("协议", "生效", ""),
    ]


def own_stations(
    case: Registration, role: Role, *, two_levels: bool, rejected_by: str = ""
) -> list[tuple[str, str, str]]:
    """The relay of what a graduate began: one review, or for an agreement stamped on paper the form's and the signing's."""
    asks, end = "你" if role is Role.GRADUATE else "毕业生", "去向" if case.kind else "协议"
    if case.flow_name == "offline_signing":
        order = [
            (asks, "已申请", "申请"),
            ("协议审核", "已通过", "审核"),
            ("盖章回传", "已回传", "回传"),
            ("签约审核", "已通过", "审核"),
        ]
        places = {
            "college_form_review": 1, "school_form_review": 1, "form_rejected": 1, "form_approved": 2, "signing_returned": 2,
            "college_review": 3, "school_review": 3, "rejected": 3, "given_up": 2 if case.number else 0,
        }  # fmt: skip
    else:
        college = [("学院", "已通过", "审核")] * two_levels
        order = [(asks, "已提交", "提交"), *college, ("学校", f"已{case.verb}", case.verb)]
        last = len(order) - 1
        rejected = 1 if rejected_by == Role.COLLEGE else last
        places = {"college_review": 1, "school_review": last, "rejected": rejected}
    ended = {"effective": ("已生效", "done"), "dissolved": ("已解约", "stop")}.get(case.state, ("已作废", "stop"))
    if case.effective_at is not None and case.standing.settled:
        return [*((name, past, "done") for name, past, _ in order), (end, *ended)]
    stops = {"form_rejected": "不通过", "rejected": "不通过", "given_up": "已放弃", "discarded": "已删除"}
    own = {
        "draft": "待提交", "form_returned": "待修改", "returned": "待修改", "reopened": "待重新填报", "form_approved": "待回传", "signing_returned": "待重新上传",
    }  # fmt: skip
    turn = case.standing.turn
    word = (
        stops.get(case.state) or own.get(case.state) or (f"待学校{case.verb}" if turn is Role.SCHOOL else "待学院审核")
    )
    place = places.get(case.state, 0)
    looks = "stop" if case.state in stops else "you" if turn is role else "now"
    return [
        *((name, past, "done") for name, past, _ in order[:place]),
        (order[place][0], word, looks),
        *((name, ahead, "") for name, _, ahead in order[place + 1 :]),
        (end, "生效", ""),
    ]


def title(case: Registration | Dissolution) -> str:
    """What a case is about, in a few words: the unit, or the type of destination that has none."""
    if case.employer_name:
        return case.employer_name
    if isinstance(case, Registration) and case.kind:
        return destinations.of(case.kind).name(case.edition)
    return "还没有填写单位"


def lines(case: Reviewed, records: Sequence[Record]) -> list[Line]:
    """All that happened to a case, newest first, without what reviewers keep to themselves (REG-05)."""
    found = [
        Line(sentence(record, case), record.words, record.at, {"reject": "bad", "void": "bad"}.get(record.act, ""))
        for record in reversed(records)
    ]
    if found and not found[0].tone:
        worked = case.standing.tone == "ok"
        tone = "ok" if worked else "now" if case.standing.turn else ""
        found[0] = Line(found[0].words, found[0].reason, found[0].at, tone)
    return found


def rejected_by(records: Sequence[Record]) -> str:
    """The role that rejected a case, '' if none did."""
    return next((record.role for record in reversed(records) if record.act == "reject"), "")


def has_two_levels(case: Reviewed) -> bool:
    """Whether a college reviews first: frozen once it was submitted, as the school has it now before (SET-06)."""
    if case.review_mode:
        return case.has_college_review
    settings = case.above("settings")
    return settings is not None and settings.review_mode == ReviewMode.COLLEGE_THEN_SCHOOL


def paces(case: Registration) -> dict[Role, timedelta]:
    """How long reviews of this college and this school took on average in the last seven days, where there were enough."""
    rows = statements.rows(
        _PACE,
        {
            "school": case.school_id, "cohort": case.cohort, "flow": case.flow_name, "college": case.college_id,
            "enough": ENOUGH_REVIEWS,
        },
    )  # fmt: skip
    return {Role(row.role): row.mean for row in rows}


def what_follows(case: Registration, college: str) -> list[tuple[str, str]]:
    """What happens after the graduate's yes, step by step, with real averages where there are enough of them."""
    known = paces(case)

    def pace(level: Role, who: str) -> str:
        return f"{who}最近一周平均 {span(known[level])}审完" if level in known else USUAL_PACE

    steps = [(f"学校{case.verb}", pace(Role.SCHOOL, "学校"))]
    if has_two_levels(case):
        steps.insert(0, ("学院审核", pace(Role.COLLEGE, college)))
    return [
        *steps,
        ("协议生效", "收到通知，在线查看、下载电子就业协议书；其他单位的邀请只能查看"),
        ("没有通过，这次签约不算数", "你会看到原因，和单位商量后由单位重新发起"),
    ]


def key_terms(case: Registration) -> list[tuple[str, str, str, str]]:
    """The six terms that matter most, as (label, value, unit, line below); an empty value was not filled in."""
    terms = case.terms
    report = f"{_day(terms['report_by'])}前" if terms.get("report_by") else ""
    place = terms.get("report_place") or ""
    return [
        ("岗位", case.post, "", OFFER["job_category"].shown(case.job_category)),
        ("转正起薪", *amount(terms.get("pay") or ""), ""),
        ("试用期", terms.get("probation") or "", "", " ".join(filter(None, amount(terms.get("probation_pay") or "")))),
        ("违约金", *amount(terms.get("penalty") or ""), ""),
        ("报到", report or place, "", place if report else ""),
        ("实际工作地点", terms.get("work_place") or "", "", ""),
    ]


def not_filled_in(case: Registration) -> list[str]:
    """The labels of terms that the employer left open and a graduate should ask about."""
    return [OFFER[key].label for key in ASKED_ABOUT if not case.terms.get(key)]


def amount(text: str) -> tuple[str, str]:
    """(number with separators, unit) of an amount as an employer typed it; other text stays as it is."""
    number, space, unit = text.replace("元", " 元", 1).partition(" ")
    plain = number.replace(",", "").replace("，", "")
    if not (space and plain.isascii() and plain.isdigit()):
        return text, ""
    return f"{int(plain):,}", unit.strip()


@cache
def clauses(form: str) -> tuple[tuple[str, str], ...]:
    """The fixed wording of an agreement, clause by clause (SET-01)."""
    wording = json.loads(WORDING.read_text(encoding="utf-8"))[form]
    return (("", wording["opening"]), *((name, text) for name, text in wording["clauses"]))


def agreement_of(case: Registration) -> Paper | None:
    """The agreement of a case, made, held or on its way; None before its job has begun.

    One that is stamped on paper is made twice under one number: to be stamped, and once it took effect.
    """
    papers = Paper.objects.filter(flow=case.flow_name, case=str(case.public_id), kind=AGREEMENT)
    if case.flow_name == "offline_signing":
        approvals = [record.pk for record in timeline(case) if record.act == "approve" and record.after in PRINTED]
        papers = papers.filter(record=str(approvals[-1] if approvals else ""))
    return papers.order_by("-id").first()


def link_by(token: str) -> EmployerLink | None:
    """The link at that address while it serves, with its case; None for one that was guessed, used or revoked or has expired (OFF-03).

    Guesses are told apart without asking the database, in a time that says nothing of how near they were.
    """
    try:
        named = (
            UUID(bytes=urlsafe_b64decode(f"{token[:22]}==")) if len(token) == LINK_LETTERS and token.isascii() else None
        )
    except ValueError:
        named = None
    wanted = EmployerLink(public_id=named or UUID(int=0)).token
    if not compare_digest(token.encode(), wanted.encode()) or named is None:
        return None
    rows = EmployerLink.objects.unscoped("whoever comes by the link").filter(
        public_id=named, revoked_at=None, used_at=None, expires_at__gt=Now()
    )
    return rows.select_related("registration__graduate", "registration__school").first()


def address_of_link(link: int) -> Address:
    """Where a link goes; nowhere once it does not serve any more."""
    rows = EmployerLink.objects.unscoped("a message finds its own receiver").filter(revoked_at=None, used_at=None)
    row = rows.filter(pk=link, expires_at__gt=Now()).first()
    return Address(mail=row.email, sms=row.phone) if row else Address()


def intended(flow: str, graduate: Graduate, actor: Actor, **known: Any) -> Registration:
    """An unsaved case, as it would begin: what guards are asked about before anybody fills in a form.

    `known` are further columns that are known already: the kind and the edition of another destination.
    """
    return Registration(
        flow_name=flow, cohort=graduate.cohort, school_id=graduate.school_id, college_id=graduate.college_id, tier=graduate.tier,
        graduate=graduate, employer_id=actor.node if actor.role is Role.EMPLOYER else None, **known,
    )  # fmt: skip


def obstacle(flow: str, graduate: Graduate, actor: Actor, **known: Any) -> str | None:
    """The reason for which `actor` cannot begin that flow with this graduate now, or None."""
    case, declared = intended(flow, graduate, actor, **known), FLOWS[flow]
    guards = declared.against(declared.begin) if actor.role in declared.begin.by else declared.holds
    reasons = (why for guard in guards if (why := guard(case, actor)))
    return next(reasons, None) or _waiting_already(case)


def people_named(pairs: Iterable[tuple[str, str]], now: datetime) -> dict[tuple[str, str], list[Graduate]]:
    """Graduates of open cohorts by name and ID or examinee number, both exact (EMP-05); newest cohort first."""
    asked = {(name_text(name), code_text(number)) for name, number in pairs}
    numbers = {number for _, number in asked}
    rows = (
        Graduate.objects.unscoped("EMP-05: an employer names a person exactly, and every look-up is on record")
        .filter(Q(id_number__in=numbers) | Q(exam_number__in=numbers), removed_at=None)
        .select_related("school", "college")
        .order_by("-cohort", "-id")
    )
    found: dict[tuple[str, str], list[Graduate]] = {}
    for graduate in rows:
        if cohort_closes(graduate.cohort) > now:
            for pair in {(graduate.name, graduate.id_number), (graduate.name, graduate.exam_number)} & asked:
                found.setdefault(pair, []).append(graduate)
    return found


def counts_by_state(actor: Actor, cohort: int, now: datetime) -> dict[str, int]:
    """How many invitations an employer has in each state; those past their deadline count as expired."""
    place = Case(When(state="invited", deadline__lte=now, then=Value("expired")), default=F("state"))
    rows = Registration.objects.seen_by(actor).filter(cohort=cohort).annotate(place=place)
    return dict(rows.values_list("place").annotate(number=Count("id")).order_by())


def invitations(
    actor: Actor,
    cohort: int,
    now: datetime,
    *,
    states: Sequence[str] = (),
    words: str = "",
    before: int | None = None,
    most: int = 50,
) -> tuple[list[Registration], int | None]:
    """One page of an employer's invitations, newest first, and the key of the next page; `words` is a name or a post."""
    rows = cases_of(actor).filter(cohort=cohort)
    if words:
        rows = rows.filter(Q(graduate__name__contains=words) | Q(post__contains=words))
    if states:
        wanted = Q(state__in=[state for state in states if state != "invited"])
        if "expired" in states:
            wanted |= Q(state="invited", deadline__lte=now)
        if "invited" in states:
            wanted |= Q(state="invited", deadline__gt=now)
        rows = rows.filter(wanted)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related("school", "college")[: most + 1])
    return found[:most], found[most - 1].pk if len(found) > most else None


def _waiting_already(case: Registration) -> str | None:
    """SIGN-04 in words, before the database says it: an invitation of this employer still waits."""
    if case.employer_id is None:
        return None
    waiting = Registration.objects.unscoped("the employer's own invitation to this graduate").filter(
        cohort=case.cohort, employer=case.employer_id, graduate=case.graduate_id, state="invited"
    )
    settings = case.above("settings")
    if settings is not None and waiting.filter(deadline__gt=settings.now).exists():
        return Registration.refusals["one_answerable_invitation"]
    return None


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.month} 月 {day.day} 日"


# ---- what a reviewer looks at beside the terms (REG-06)


def comparison(case: Registration) -> list[tuple[str, str, str, bool, str]]:
    """(label, as registered, on the roster, whether they differ, what can be done) of every field of ROS-05."""
    if not case.student:
        return []
    now = student(case.graduate)
    return [
        (
            STUDENT[key].label, STUDENT[key].shown(case.student.get(key)), STUDENT[key].shown(now.get(key)),
            (case.student.get(key) or "") != (now.get(key) or ""), "可同步" if key in SYNCED else "不能同步",
        )
        for key in (*FIXED, *SYNCED)
    ]  # fmt: skip


def earlier(case: Registration | Dissolution, actor: Actor) -> list[Registration]:
    """What this graduate had before, by any way, and that came to nothing: rejected, expired, given up, voided (DES-05); newest first."""
    over = {
        state.key
        for flow in FLOWS.values() if flow.model is Registration
        for state in flow.states.values() if state.settled and not state.live
    }  # fmt: skip
    rows = Registration.objects.seen_by(actor).filter(graduate=case.graduate_id, state__in=over)
    if isinstance(case, Registration):
        rows = rows.exclude(pk=case.pk)
    return list(rows.order_by("-id")[:20])


def voided_by_graduate(case: Registration, actor: Actor) -> list[Registration]:
    """All that the graduate of this case voided, and what the school annulled, newest first (DES-05)."""
    rows = cases_of(actor).filter(graduate=case.graduate_id, state__in=("cancelled", "voided"))
    return list(rows.order_by("-closed_at", "-id"))


def filled_in(case: Registration) -> list[tuple[str, list[tuple[str, str]]]]:
    """(heading, [(label, value)]) of what was registered and what follows from it, as the way's own form asks for it."""
    if case.flow_name == "online_signing":
        fields, values = list(OFFER), {**case.terms, "job_category": case.job_category}
    elif case.kind:
        kind = destinations.of(case.kind)
        fields, values = [*kind.sheet, *kind.derived], case.terms
    else:
        fields, values = list(sheet_of(case)), values_of(case)
    found: dict[str, list[tuple[str, str]]] = {}
    for field in fields:
        if field.is_asked(values):
            found.setdefault(field.group, []).append((field.label, field.shown(values.get(field.key))))
    return list(found.items())


def handed_in(records: Sequence[Record]) -> tuple[str, datetime] | None:
    """Who handed in what is reviewed now, and when: the graduate by name, or the employer by its link (OFF-03); None before that."""
    last = next((record for record in reversed(records) if record.act in SUBMISSIONS), None)
    if last is None:
        return None
    return ("用人单位通过链接" if last.role == Role.BEARER else f"毕业生{last.name}"), last.at


def reasons_by_use(case: Registration | Dissolution, act: str, table: str) -> list[tuple[str, str]]:
    """The reasons for an act, those that this school used most in this cohort first (REG-02)."""
    rows = statements.rows(
        "SELECT reason, count(*) AS number FROM flow_record WHERE school_id = %(school)s AND cohort = %(cohort)s "
        "AND flow = %(flow)s AND act = %(act)s GROUP BY reason",
        {"school": case.school_id, "cohort": case.cohort, "flow": case.flow_name, "act": act},
    )
    used = {row.reason: row.number for row in rows}
    return sorted(orgs.reasons(act, case.school_id, table), key=lambda reason: -used.get(reason[0], 0))


def lines_for_reviewers(case: Reviewed, records: Sequence[Record]) -> list[tuple[Line, str, str]]:
    """The timeline with what reviewers keep to themselves: (line, the reason that was chosen, internal note)."""
    chosen = {record.reason for record in records if record.reason}
    words: dict[str, str] = {}
    if chosen:
        for act in case.flow.acts:
            if act.reason:
                words |= dict(orgs.reasons(act.name, case.school_id, act.reason))
    return [
        (line, words.get(record.reason, ""), record.internal)
        for line, record in zip(lines(case, records), reversed(records), strict=True)
    ]


# ---- dissolution


@dataclass(frozen=True, slots=True)
class Silence:
    """How long the other side has left a request unanswered: asked when, reminded when (DIS-04, DIS-08)."""

    asked_at: datetime
    reminders: tuple[datetime, ...]
    length: str
    working_days: int


def dissolutions_of(actor: Actor) -> QuerySet[Dissolution]:
    """The requests that somebody sees, newest first, with their people."""
    return Dissolution.objects.seen_by(actor).select_related("graduate", "employer").order_by("-id")


def dissolutions_about(agreement: Registration, actor: Actor) -> list[Dissolution]:
    """All requests to dissolve that agreement, newest first."""
    return list(dissolutions_of(actor).filter(agreement=agreement.pk))


def way_out(agreement: Registration, role: Role) -> str:
    """The flow by which that side can ask for the end of that agreement, '' where there is none (DIS-01)."""
    ways = (way for way, ended in DISSOLVED_BY.items() if agreement.flow_name in ended and role in FLOWS[way].begin.by)
    return next(ways, "") if agreement.effective_at is not None else ""


def intended_dissolution(agreement: Registration, actor: Actor) -> Dissolution:
    """An unsaved request, as it would begin: what guards are asked about before anybody fills in a form."""
    return Dissolution(
        flow_name=way_out(agreement, actor.role) or "online_dissolution", cohort=agreement.cohort, agreement=agreement, school_id=agreement.school_id,
        college_id=agreement.college_id, tier=agreement.tier, graduate_id=agreement.graduate_id, employer_id=agreement.employer_id,
        agreement_form=agreement.agreement_form, asked_by=str(actor.role),
    )  # fmt: skip


def dissolution_obstacle(agreement: Registration, actor: Actor) -> str | None:
    """The reason for which `actor` cannot ask for the dissolution of that agreement now, or None."""
    case = intended_dissolution(agreement, actor)
    reasons = (why for guard in case.flow.against(case.flow.begin) if (why := guard(case, actor)))
    return next(reasons, None)


def requests_left(agreement: Registration, actor: Actor) -> tuple[int, int]:
    """(how often the graduate can still ask for a dissolution, how often the school allows it) (DIS-03)."""
    case = intended_dissolution(agreement, actor)
    settings = case.above("settings")
    allowed = settings.dissolution_limit if settings is not None else 0
    return max(0, allowed - requests_made(case)), allowed


def dissolution_stations(case: Dissolution, role: Role, *, rejected_by: str = "") -> list[tuple[str, str, str]]:
    """(who, word, done|now|you|stop|'') for the relay of a dissolution: in whose hands it is."""
    levels = [Role.COLLEGE, Role.SCHOOL] if has_two_levels(case) else [Role.SCHOOL]
    names = {
        Role.EMPLOYER: "单位", Role.GRADUATE: "你" if role is Role.GRADUATE else "毕业生", Role.COLLEGE: "学院", Role.SCHOOL: "学校",
    }  # fmt: skip
    answers = [] if case.is_on_paper else [case.answers]
    order = [case.was_asked_by, *answers, *levels]
    past = {case.was_asked_by: "已申请", case.answers: "已同意", Role.COLLEGE: "已通过", Role.SCHOOL: f"已{case.verb}"}
    ahead = {case.was_asked_by: "申请", case.answers: "回应", Role.COLLEGE: "审核", Role.SCHOOL: case.verb}
    end = ("协议", "已解约", "done")
    if case.manner and case.answered_at is None:
        return [
            (names[order[0]], past[order[0]], "done"),
            (names[order[1]], "没有回应", ""),
            ("学校", "强制解约", "done"),
            end,
        ]
    if case.state == "done":
        return [*((names[one], past[one], "done") for one in order), end]
    stopped = {
        "refused_by_employer": (Role.EMPLOYER, "已拒绝"), "refused_by_graduate": (Role.GRADUATE, "已拒绝"),
        "withdrawn": (case.was_asked_by, "已撤回"), "discarded": (case.was_asked_by, "已删除"), "rejected": (Role(rejected_by) if rejected_by else levels[-1], "不通过"),
    }.get(case.state)  # fmt: skip
    turn = case.standing.turn or Role.SCHOOL
    todo = {"draft": "待提交", "returned": "待修改"}.get(case.state, f"待{ahead[turn]}")
    holder, word = stopped or (turn, todo)
    place = order.index(holder)
    return [
        *((names[one], past[one], "done") for one in order[:place]),
        (names[holder], word, "stop" if stopped else "you" if holder is role else "now"),
        *((names[one], ahead[one], "") for one in order[place + 1 :]),
        ("协议", "照旧有效", "done") if stopped else ("协议", "解约", ""),
    ]


def silence(case: Dissolution, records: Sequence[Record], now: datetime) -> Silence | None:
    """How the other side has kept silent; None once it has answered or the request is over."""
    if case.is_on_paper or case.standing.turn is not case.answers:
        return None
    reminders = tuple(record.at for record in records if record.act == "remind")
    days = working_days_between(day_of(case.asked_at), day_of(now)).days
    return Silence(case.asked_at, reminders, span(now - case.asked_at), days)


def asker(case: Dissolution, records: Sequence[Record]) -> str:
    """解约申请人: who made the request, by name."""
    return next((record.name for record in records if record.act == case.flow.begin.name), "")


def unanswered_dissolutions() -> list[Dissolution]:
    """Requests for which a reminder is due, the oldest first; the act itself has the last word (DIS-08)."""
    now = clock()
    first, later = (midnight(day_of(working_days_before(now, n)) + ONE_DAY) for n in (FIRST_REMINDER, NEXT_REMINDER))
    rows = Dissolution.objects.unscoped("the timetable reminds whoever has not answered").filter(
        Q(reminded_at=None, asked_at__lt=first) | Q(reminded_at__lt=later),
        live=True, answered_at=None, graduate__removed_at=None,
    )  # fmt: skip
    return list(rows.order_by("asked_at"))


def dissolution_counts(actor: Actor, cohort: int) -> dict[str, int]:
    """How many requests an employer has in each state."""
    rows = Dissolution.objects.seen_by(actor).filter(cohort=cohort)
    return dict(rows.values_list("state").annotate(number=Count("id")).order_by())


def dissolutions(
    actor: Actor, cohort: int, *, states: Sequence[str] = (), words: str = "", before: int | None = None, most: int = 50
) -> tuple[list[Dissolution], int | None]:
    """One page of an employer's requests, newest first, and the key of the next page; `words` is a name or a post."""
    rows = dissolutions_of(actor).filter(cohort=cohort)
    if words:
        rows = rows.filter(Q(graduate__name__contains=words) | Q(post__contains=words))
    if states:
        rows = rows.filter(state__in=states)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related("school")[: most + 1])
    return found[:most], found[most - 1].pk if len(found) > most else None
