"""What verifying does: the graduate authorises it, somebody outside looks, and what no longer counts is listed (VER).

A look from outside runs the same statements whatever it finds, and begins with being counted: neither the answer nor its time tells
a wrong number from a wrong name, a report that is not authorised, or a graduate who is off the roster (INV-52).
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import OperationalError, transaction
from django.utils import timezone

from qicheng.domain.orgs.effects.sessions import refund, spend
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.effects import reports
from qicheng.domain.transfer.guards.reports import is_as_frozen
from qicheng.domain.transfer.models import (
    REPORTS,
    Authorisation,
    Confirmation,
    GraduateReport,
    RevokedNumber,
    Verification,
)
from qicheng.domain.transfer.queries.reports import digest_of
from qicheng.domain.transfer.queries.verification import scan_digest
from qicheng.domain.transfer.sheets.verification import plain_name
from qicheng.foundation.access import SYSTEM, statements
from qicheng.foundation.flow.perform import Stopped, carry_on, clock, fetch, perform
from qicheng.foundation.kit.calendar import cohort_closes, day_of
from qicheng.foundation.kit.numbers import read_report_number
from qicheng.foundation.papers import statement

if TYPE_CHECKING:
    from datetime import date, datetime

    from qicheng.domain.transfer.models import TransferReport
    from qicheng.foundation.access import Actor

SCAN, NUMBER, STAFF = "scan", "number", "staff"
VALID, SUPERSEDED, OVER, UNKNOWN, BUSY = "valid", "superseded", "over", "unknown", "busy"
# Looks that found nothing, in ten minutes: at one number, from one address, from everywhere. What was found is not counted.
TEN_MINUTES = 600
LOOKS_AT_A_NUMBER, LOOKS_OF_AN_ADDRESS, LOOKS_OF_ALL = 10, 60, 3_200
# The count of everywhere is kept in so many rows, so that looks do not wait for each other.
SHARES = 16
NOBODY = UUID(int=0)
LOCK_TIMEOUT = "55P03"


# ---- authorising


def authorisation(actor: Actor, *, days: int) -> Authorisation:
    """The unsaved authorisation of the graduate's own report, until the end of the day that many days from now (VER-02)."""
    graduate, now = Graduate.objects.seen_by(actor).get(), clock()
    last = day_of(cohort_closes(graduate.cohort) - timedelta(seconds=1))
    return Authorisation(
        cohort=graduate.cohort, school_id=graduate.school_id, college_id=graduate.college_id, tier=graduate.tier, graduate=graduate,
        days=days, until=min(day_of(now) + timedelta(days=days), last), waiting_since=now, begun_at=now,
    )  # fmt: skip


def ask_for_report(case: Authorisation, actor: Actor) -> None:
    """The report that is authorised is made with the authorisation (REP-01)."""
    case.report = reports.issue(GraduateReport.KIND, case.graduate_id, actor, until=case.until).public_id


def close(case: Authorisation, actor: Actor) -> None:
    """It is over from this moment on."""
    case.closed_at = clock(case)


def take_report_back(case: Authorisation, actor: Actor) -> None:
    """An authorisation that has ended leaves no report that counts."""
    rows = GraduateReport.objects.unscoped("the report of the authorisation itself")
    report = rows.filter(public_id=case.report).first()
    if report is not None:
        reports.withdraw(report, actor)


def lapse(report: TransferReport, actor: Actor) -> None:
    """A report that counts no more takes its authorisation along: the graduate confirms and authorises anew."""
    rows = Authorisation.objects.unscoped("the authorisation of the report itself")
    case = rows.filter(report=report.public_id, live=True).first()
    if case is not None:
        carry_on(case, "lapse", actor)


def expire() -> int:
    """End what has run out, for the timetable; how many."""
    rows = Authorisation.objects.unscoped("the timetable ends what has run out")
    ended = 0
    for case in rows.filter(live=True, until__lt=timezone.localdate()).order_by("until", "id")[:5_000]:
        try:
            perform(case, "expire", SYSTEM)
            ended += 1
        except Stopped:
            continue
    return ended


# ---- what no longer counts


def revoke(report: TransferReport, actor: Actor) -> None:
    """Put a report that is superseded or taken back on the list that offline checks carry along."""
    if report.issued_at is None or report.until is None:
        return
    reason = statement.SUPERSEDED if report.state == "superseded" else statement.WITHDRAWN
    if report.KIND == GraduateReport.KIND and report.state == "withdrawn":
        reason = statement.ENDED
    row = RevokedNumber(
        report=report.public_id, number=report.number, day=day_of(report.closed_at or clock()), reason=reason, until=report.until
    )  # fmt: skip
    RevokedNumber.objects.bulk_create([row], ignore_conflicts=True)


# ---- a look from outside


@dataclass(frozen=True, slots=True)
class Answer:
    """What a look found: one of the results, or BUSY where too many were had. `report` is there unless it is unknown; `since` is when
    it ceased to count.
    """

    result: str
    at: datetime
    report: TransferReport | None = None
    since: date | None = None


def look(way: str, *, number: str = "", name: str = "", token: str = "", origin: str) -> Answer:
    """Verify a report by the token of its code, or by number and name; `origin` is whom too many looks are counted against.

    Every look that was let through is on record, and what was typed is not (VER-03).
    """
    typed = read_report_number(number) or plain_name(number)
    counted = _reserve(way, typed, origin)
    if counted is None:
        return Answer(BUSY, timezone.now())
    digest = scan_digest(token) if way == SCAN else digest_of(typed)
    try:
        answer = _looked(way, digest, plain_name(name))
    except OperationalError as held:
        if getattr(held.__cause__, "sqlstate", None) != LOCK_TIMEOUT:
            raise
        return Answer(BUSY, timezone.now())
    if answer.report is not None:
        for subject in counted:
            refund(subject)
        if answer.result == VALID:
            reports.mark_verified(answer.report)
    return answer


def _reserve(way: str, typed: str, origin: str) -> tuple[str, ...] | None:
    """Count a look before it is had: the subjects that it was counted on, or None where one of them has had enough."""
    everywhere = f"verify|all|{secrets.randbelow(SHARES)}"
    limits = [(f"verify|from|{origin}", LOOKS_OF_AN_ADDRESS), (everywhere, LOOKS_OF_ALL // SHARES)]
    if way != SCAN:
        limits.insert(1, (f"verify|number|{typed}", LOOKS_AT_A_NUMBER))
    with transaction.atomic():
        # One after the other in the same order, each by one statement: whoever comes at the same moment is counted too.
        if all(spend(subject, limit, TEN_MINUTES) for subject, limit in limits):
            return tuple(subject for subject, _ in limits)
    return None


def _looked(way: str, digest: str, name: str) -> Answer:
    """Find, judge and record in one transaction. The report is held meanwhile: what supersedes it comes before or after, never between."""
    with transaction.atomic():
        statements.plain("SELECT set_config('lock_timeout', '3s', true)")
        found = statements.one("SELECT kind, report FROM transfer_reportnumber WHERE digest = %s", (digest,))
        model = REPORTS[found.kind if found else GraduateReport.KIND]
        report = fetch(model, found.report if found else NOBODY, SYSTEM, hold=True)
        case = report or model(graduate_id=0, school_id=0, printed={})
        # Asked whatever was found, so that the same statements run for all.
        confirmation = Confirmation.objects.unscoped("what the report's own graduate says of it")
        said = confirmation.filter(graduate=case.graduate_id).values_list("state", flat=True).first() or ""
        case.above("graduate")
        now = clock()
        is_named = way == SCAN or hmac.compare_digest(plain_name(case.printed.get("name", "")).encode(), name.encode())
        result, since = _judged(report, said, now) if report is not None and is_named else (UNKNOWN, None)
        known = report if is_named else None
        Verification(
            way=way,
            result=result,
            kind=known.KIND if known else "",
            report=known.public_id if known else None,
            graduate_id=known.graduate_id if known else None,
            school_id=known.school_id if known else None,
            cohort=known.cohort if known else 0,
            at=now,
        ).save(force_insert=True)
    return Answer(result, now, None if result == UNKNOWN else report, since)


def _judged(report: TransferReport, said: str, now: datetime) -> tuple[str, date | None]:
    """(result, since when it counts no more) of a report that was found, as the rows stand."""
    today, is_own = day_of(now), report.KIND == GraduateReport.KIND
    line = report.above("graduate")
    is_over = report.until is None or today > report.until
    if report.issued_at is None or line is None or line.removed_at is not None:
        return UNKNOWN, None
    if is_own and (is_over or report.state == "withdrawn"):
        return UNKNOWN, None  # nobody is authorised any more
    if report.state in ("superseded", "withdrawn"):
        return SUPERSEDED, day_of(report.closed_at or now)
    if said == "disputed" or (is_own and said != "confirmed"):
        return UNKNOWN, None
    if is_as_frozen(report, SYSTEM):
        return SUPERSEDED, today
    return (OVER, report.until) if is_over else (VALID, None)
