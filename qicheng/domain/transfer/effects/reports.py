"""What becomes of a report: asked for and frozen, made and signed by a job, handed out, superseded when its records change (REP)."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from qicheng.domain.roster.models import Graduate
from qicheng.domain.roster.queries import destination_words
from qicheng.domain.transfer.guards import reports as guards
from qicheng.domain.transfer.models import (
    REPORTS,
    ArchiveReport,
    GraduateReport,
    HouseholdReport,
    ReportNumber,
    TransferReport,
)
from qicheng.domain.transfer.queries.records import people
from qicheng.domain.transfer.queries.reports import (
    PAPER,
    confirmed_words,
    digest_of,
    live_report,
    live_reports,
    paper_of,
)
from qicheng.domain.transfer.queries.verification import address_of, scan_digest, scan_token
from qicheng.domain.transfer.sheets import reports as sheets
from qicheng.foundation.access import SYSTEM, Area, Role, statements
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import (
    NotFound,
    NotOpen,
    Refused,
    Stopped,
    begin,
    carry_on,
    clock,
    find,
    mention,
    perform,
)
from qicheng.foundation.kit.calendar import cohort_closes, day_of, midnight
from qicheng.foundation.kit.numbers import grouped, report_number
from qicheng.foundation.later import later
from qicheng.foundation.papers import seal, statement, store
from qicheng.foundation.papers.typeset import MissingGlyphs, typeset

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from qicheng.foundation.access import Actor

log = logging.getLogger(__name__)
TEMPLATE = Path(__file__).parent.parent / "templates/transfer/report.typ"
FLOW_OF = {kind: f"{kind}_report" for kind in REPORTS}
UNMADE = ("asked", "unsigned", "held")
# A report is handed on and checked for decades: PDF/A-2b, and no promise about tags that a signature would break.
STANDARDS = ("a-2b",)
# After this long without its file a report is taken up again, whatever became of its job.
TAKEN_UP_AFTER = timedelta(minutes=2)


# ---- asking for one


def issue(
    kind: str, graduate: int, actor: Actor, *, until: date | None = None, key: str | None = None
) -> TransferReport:
    """The report of that issue that counts for a graduate: the one that stands, or a new one that a job will make.

    In the caller's transaction. `until` is the last day on which it counts; another one is another report. One that no longer says
    what the records say gives way to a new one. Raises NotFound, NotOpen, Refused.
    """
    model = REPORTS[kind]
    with transaction.atomic():
        live = live_report(kind, graduate)
        if live is not None:
            if until in (None, live.until) and guards.is_as_frozen(live, actor) is None:
                return live
            carry_on(live, "supersede", actor)
        try:
            with transaction.atomic():
                case = begin(FLOWS[FLOW_OF[kind]], actor, key=key, graduate=graduate, until=until)
        except Refused:
            # Somebody else asked at the same time: theirs is the report.
            other = live_report(kind, graduate)
            if other is None or until not in (None, other.until):
                raise
            return other
    assert isinstance(case, model)
    return case


def graduate_report(actor: Actor, *, graduate: int, until: date | None = None) -> TransferReport:
    """The graduate's own issue, unsaved (VER-02)."""
    line = Graduate.objects.seen_by(actor).filter(pk=graduate).first() if actor.role is Role.GRADUATE else None
    return _intended(GraduateReport, line, until)


def archive_report(actor: Actor, *, graduate: int, until: date | None = None) -> TransferReport:
    """The school's issue for the file, unsaved."""
    return _intended(ArchiveReport, people(actor, Area.ARCHIVE).filter(pk=graduate).first(), until)


def household_report(actor: Actor, *, graduate: int, until: date | None = None) -> TransferReport:
    """The school's issue for the household registration, unsaved."""
    return _intended(HouseholdReport, people(actor, Area.HOUSEHOLD).filter(pk=graduate).first(), until)


def freeze(case: TransferReport, actor: Actor) -> None:
    """Give it its number, and keep what the records say at this moment, under their locks."""
    around: list[Any] = [case.above(name) for name in ("graduate", "employment", "record")]
    graduate, employment, record = around
    case.number = report_number(case.cohort, case.school.code)
    case.printed = sheets.printed(
        case.KIND, case.AREA, graduate=graduate, school=case.school.name, employment=employment, record=record,
        destination=destination_words(employment), confirmed=confirmed_words(case.graduate_id),
    )  # fmt: skip
    case.stated = sheets.stated(graduate=graduate, employment=employment, record=record)
    case.revision = graduate.revision
    # What it is looked up by: the number, and what its code leads by.
    digests = (digest_of(case.number), scan_digest(scan_token(case.number)))
    ReportNumber.objects.bulk_create(ReportNumber(digest=one, kind=case.KIND, report=case.public_id) for one in digests)


def make_later(case: TransferReport, actor: Actor) -> None:
    """Let the worker make it once this is committed."""
    later("transfer.make_report", kind=case.KIND, report=str(case.public_id))


# ---- making it


def make_report(kind: str, report: str) -> None:
    """Typeset, sign, keep and issue a report that was asked for; called again it makes nothing twice.

    Where the seal, the key of statements or a character is lacking it waits and says for what: nothing is issued unsigned.
    """
    try:
        case = find(REPORTS[kind], report, SYSTEM)
    except NotFound:
        return
    if case.state not in UNMADE:
        return
    if guards.is_as_frozen(case, SYSTEM):
        _carried(case, "supersede")
        return
    paper = paper_of(case)
    if paper is None or not paper.is_made:
        try:
            content = _signed(case, timezone.now())
        except (seal.NotReady, statement.NoKey) as lack:
            _wait(case, "wait_for_seal", str(lack))
            return
        except MissingGlyphs as gap:
            _wait(case, "hold", gap.said_of("报告"))
            return
        store.keep(
            PAPER, content, record=str(case.public_id), flow=case.flow_name, case=str(case.public_id), cohort=case.cohort,
            school_id=case.school_id, number=case.number,
        )  # fmt: skip
    _carried(case, "issue")


def take_up() -> int:
    """Make what has waited since its job was due: for the seal once it is there, or because a worker was killed; how many it took up."""
    before, taken = timezone.now() - TAKEN_UP_AFTER, 0
    states = UNMADE if seal.why_not_ready() is None else ("asked",)
    for kind, model in REPORTS.items():
        rows = model.objects.seen_by(SYSTEM)
        waiting = rows.filter(live=True, issued_at=None, state__in=states, waiting_since__lt=before).order_by(
            "waiting_since"
        )
        for report in waiting.values_list("public_id", flat=True).iterator(500):
            make_report(kind, str(report))
            taken += 1
    return taken


def issue_made(case: TransferReport, actor: Actor) -> None:
    """Its file is kept: from now on it counts."""
    paper = paper_of(case)
    if paper is None or not paper.is_made:
        raise Refused("报告还没有生成。")
    case.issued_at, case.why = clock(case), ""


def say_why(case: TransferReport, actor: Actor, why: str = "") -> dict[str, Any]:
    """Keep what it waits for, where whoever looks can read it."""
    before, case.why = case.why, why[:300]
    return {"等待": [before, case.why]}


# ---- handing it out


def hand_out(report: TransferReport, actor: Actor) -> bytes:
    """The signed file, for whoever may see the report; each time is on record. Raises NotFound, Refused, `store.Damaged`."""
    put_on_record(report, actor)
    paper = paper_of(report)
    if paper is None:
        raise NotFound("没有找到这份报告。")
    return store.read(paper)


def put_on_record(report: TransferReport, actor: Actor) -> None:
    """A download, on record; the first one is also told by the list. Raises NotFound, Refused where it no longer counts."""
    with transaction.atomic():
        mention(report, "downloaded", actor, when=guards.TO_HAND_OUT)
        if report.downloaded_at is None:
            carry_on(report, "download", actor)


def first_downloaded(case: TransferReport, actor: Actor) -> None:
    case.downloaded_at = case.downloaded_at or clock(case)


def mark_verified(report: TransferReport) -> None:
    """Somebody outside has verified it: the list says so from the first time on (VER-03)."""
    if report.verified_at is None:
        _carried(report, "verify")


def first_verified(case: TransferReport, actor: Actor) -> None:
    case.verified_at = case.verified_at or clock(case)


# ---- ending it


def supersede(graduates: Sequence[int]) -> None:
    """Records of these graduates were written: reports that no longer say what they say are superseded, in the writer's transaction."""
    for report in live_reports(graduates):
        if guards.is_as_frozen(report, SYSTEM):
            _as_before(report, "supersede")


def supersede_changed() -> int:
    """Supersede what the roster has changed since (name, level …): a report follows its line, whichever way that was written."""
    found = 0
    for model in REPORTS.values():
        rows = model.objects.seen_by(SYSTEM)
        changed = rows.filter(live=True).exclude(graduate__revision=F("revision"))
        for report in changed.iterator(500):
            if guards.is_as_frozen(report, SYSTEM):
                _carried(report, "supersede")
                found += 1
    return found


def withdraw(report: TransferReport, actor: Actor) -> None:
    """Take a report back, where it stands: its number counts no more; for an authorisation that has ended."""
    if report.live:
        carry_on(report, "withdraw", actor)


def close(case: TransferReport, actor: Actor) -> None:
    """It counts no more from this moment on."""
    case.closed_at = clock(case)


# ---- parts of the above


def _intended(model: type[TransferReport], line: Graduate | None, until: date | None) -> TransferReport:
    if line is None:
        raise NotFound("没有找到这位毕业生。")
    now = clock()
    last = day_of(cohort_closes(line.cohort) - timedelta(seconds=1))
    return model(
        cohort=line.cohort, school_id=line.school_id, college_id=line.college_id, tier=line.tier, graduate=line,
        until=min(until, last) if until else last, waiting_since=now, begun_at=now,
    )  # fmt: skip


def _signed(case: TransferReport, now: datetime) -> bytes:
    """The file of a report as it is handed out: typeset of what was frozen, with its statement, sealed."""
    ready = seal.ready()
    return ready.sign(typeset(TEMPLATE, report_values(case, now), standards=STANDARDS))


def report_values(case: TransferReport, now: datetime) -> dict[str, Any]:
    """What the template is given: the frozen words, the number, and the signed statement that the QR code carries."""
    assert case.until is not None
    until = midnight(case.until + timedelta(days=1))
    return {
        "title": sheets.TITLE, "purpose": sheets.PURPOSES[case.KIND], "number_label": sheets.NUMBERS[case.KIND],
        "number": grouped(case.number), "issuer": case.printed["school"], "issued": _day(day_of(now)), "until": _day(case.until),
        "address": settings.QICHENG_ADDRESS.partition("://")[2] + "/v/",
        "blocks": [
            {"title": title, "rows": [{"label": label, "value": words} for label, words in rows]}
            for title, rows in sheets.blocks(case.KIND, case.printed)
        ],
        "qr": statement.sign(
            case.number, sheets.LETTERS[case.KIND], sheets.signed_lines(case.KIND, case.printed), issued=now, until=until
        ),
        "scan": address_of(case.number),
        "made_at": timezone.localtime(now).isoformat(timespec="seconds"),
    }  # fmt: skip


def _day(day: date) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日"


def _as_before(case: TransferReport, name: str) -> None:
    """One act of the product within somebody else's transaction; whoever acted there acts again after it."""
    actor = statements.plain(
        "SELECT coalesce(current_setting('qicheng.role', true), ''), coalesce(current_setting('qicheng.account', true), '')"
    )
    _carried(case, name)
    statements.plain("SELECT set_config('qicheng.role', %s, true), set_config('qicheng.account', %s, true)", actor)


def _wait(case: TransferReport, name: str, why: str) -> None:
    target = {"wait_for_seal": "unsigned", "hold": "held"}[name]
    if case.state != target:
        _carried(case, name, why=why)
        log.error("report %s waits: %s", case.public_id, target)


def _carried(case: TransferReport, name: str, **given: Any) -> None:
    """One act of the product itself; what moved meanwhile stays as it is."""
    try:
        perform(case, name, SYSTEM, carried=True, **given)
    except NotOpen:
        log.info("report %s had moved on before %s", case.public_id, name)
    except Stopped as why:
        log.warning("report %s: %s was stopped: %s", case.public_id, name, type(why).__name__)
