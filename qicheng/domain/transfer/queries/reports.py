"""Reads of reports: the one that stands, the one of a number, how a report stands now, what its paper is."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from qicheng.domain.orgs.models import Module, Opening
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.guards import reports as guards
from qicheng.domain.transfer.models import REPORTS, Confirmation, ReportBatch, ReportNumber, TransferReport
from qicheng.domain.transfer.queries.records import school_of
from qicheng.foundation.access import SYSTEM, statements
from qicheng.foundation.kit.calendar import day_of
from qicheng.foundation.kit.numbers import fingerprint, read_report_number
from qicheng.foundation.papers.models import Paper

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from qicheng.foundation.access import Actor, Area

_LIVE = " UNION ALL ".join(
    f"SELECT '{kind}' AS kind, id FROM {model._meta.db_table} WHERE graduate_id = ANY(%(graduates)s) AND live"  # noqa: S608 -- names of tables alone
    for kind, model in REPORTS.items()
)
# The kind of paper that a report is.
PAPER = "transfer_report"


class Standing(StrEnum):
    """How a report stands at this moment, whether or not a job has put it on record."""

    UNMADE = "unmade"
    VALID = "valid"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    FROZEN = "frozen"
    OVER = "over"


def digest_of(number: str) -> str:
    """What a number is looked up by: a keyed digest, under the key that outlives rotations."""
    return fingerprint(f"report|{number}", settings.QICHENG_NUMBER_KEY.encode())


def by_number(typed: str) -> TransferReport | None:
    """The report of a number as somebody typed or scanned it, of any issue, whatever became of it; None where there is none."""
    number = read_report_number(typed)
    found = ReportNumber.objects.filter(digest=digest_of(number)).first() if number else None
    if found is None:
        return None
    rows = REPORTS[found.kind].objects.unscoped("a number is looked up by whoever holds it")
    return rows.select_related("graduate", "school").filter(public_id=found.report).first()


def standing(report: TransferReport) -> Standing:
    """How a report stands now: what its columns say, the roster (ROS-07), what the records say now, and the calendar."""
    if report.state in ("superseded", "withdrawn"):
        return Standing(report.state)
    if report.issued_at is None:
        return Standing.UNMADE
    if guards.on_the_roster(report, SYSTEM):
        return Standing.FROZEN
    if guards.is_as_frozen(report, SYSTEM):
        return Standing.SUPERSEDED
    return Standing.OVER if report.until is not None and day_of(timezone.now()) > report.until else Standing.VALID


def live_report(kind: str, graduate: int) -> TransferReport | None:
    """The report of that issue that stands for a graduate, made or not."""
    rows = REPORTS[kind].objects.unscoped("the one report of a graduate whom the caller may see")
    return rows.filter(graduate=graduate, live=True).first()


def live_reports(graduates: Sequence[int]) -> list[TransferReport]:
    """Every report that stands for these graduates, of all issues; most writers of records find none, by one statement."""
    found = statements.rows(_LIVE, {"graduates": list(graduates)})
    return [
        report
        for kind in dict.fromkeys(row.kind for row in found)
        for report in REPORTS[kind]
        .objects.unscoped("reports follow the records that they are made of")
        .filter(pk__in=[row.id for row in found if row.kind == kind])
    ]


def report_of(kind: str, public_id: UUID | str, actor: Actor) -> TransferReport | None:
    """One report as far as the actor may see it."""
    return REPORTS[kind].objects.seen_by(actor).select_related("graduate").filter(public_id=public_id).first()


def paper_of(report: TransferReport) -> Paper | None:
    """The paper of a report, once there is one."""
    return Paper.objects.filter(kind=PAPER, record=str(report.public_id)).first()


def is_open(actor: Actor, cohort: int) -> bool:
    """Whether the province of the actor's school has opened 户档转递核验 (ORG-02)."""
    return Opening.objects.filter(
        province__school=school_of(actor), cohort=cohort, module=Module.VERIFICATION, is_open=True
    ).exists()


def batches(actor: Actor, area: Area, cohort: int, *, newest: int = 5) -> list[ReportBatch]:
    """The last batches of whoever asks."""
    rows = ReportBatch.objects.seen_by(actor).filter(account=actor.account, kind=area.value, cohort=cohort)
    return list(rows.order_by("-id")[:newest])


def batch_of(public_id: UUID | str, actor: Actor) -> ReportBatch | None:
    """A batch that whoever asks has asked for (ARC-07)."""
    return ReportBatch.objects.seen_by(actor).filter(account=actor.account, public_id=public_id).first()


def faults(batch: ReportBatch) -> list[tuple[str, str, str]]:
    """(name, student number, why) of those for whom a batch has no report, in its order."""
    rows = Graduate.objects.unscoped("the graduates of the actor's own batch").filter(
        pk__in=list(map(int, batch.faults))
    )
    people = {pk: (name, number) for pk, name, number in rows.values_list("pk", "name", "student_number")}
    wanted = [pk for pk in batch.graduates if str(pk) in batch.faults and pk in people]
    return [(*people[pk], batch.faults[str(pk)]) for pk in wanted]


def waiting() -> list[tuple[str, int, datetime]]:
    """(what for, how many, since when) of all reports of the country that are not made yet; they name nobody."""
    sql = " UNION ALL ".join(
        f"SELECT state, waiting_since FROM {model._meta.db_table} WHERE live AND issued_at IS NULL"  # noqa: S608 -- names of tables alone
        for model in REPORTS.values()
    )
    counted = f"SELECT state, count(*) AS number, min(waiting_since) AS since FROM ({sql}) w GROUP BY 1 ORDER BY 1"  # noqa: S608 -- as above
    found = statements.rows(counted)
    return [(row.state, row.number, row.since) for row in found]


def confirmed_words(graduate: int) -> str:
    """What the report says of the graduate's own confirmation; '' where there is none."""
    found = (
        Confirmation.objects.unscoped("the confirmation of the report's own graduate").filter(graduate=graduate).first()
    )
    if found is None or found.state != "confirmed" or found.confirmed_at is None:
        return ""
    day = day_of(found.confirmed_at)
    return f"{day.year} 年 {day.month} 月 {day.day} 日，本人确认无误"
