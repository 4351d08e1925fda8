"""Reads of verification: where a report's code leads, how an authorisation stands, what was verified, which numbers are revoked (VER)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from time import monotonic
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.transfer.models import (
    REPORTS,
    Authorisation,
    Confirmation,
    GraduateReport,
    RevokedNumber,
    Verification,
)
from qicheng.domain.transfer.sheets import reports as sheets
from qicheng.foundation.access import Area
from qicheng.foundation.kit.numbers import fingerprint
from qicheng.foundation.papers import statement
from qicheng.foundation.papers.statement import Revoked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qicheng.domain.roster.models import Graduate
    from qicheng.domain.transfer.models import TransferReport
    from qicheng.foundation.access import Actor

# Of a graduate whose line was removed, until it comes back (ROS-07); beside the reasons of `papers.statement`.
SUSPENDED = 4
REASONS = {
    statement.SUPERSEDED: "信息有变更",
    statement.WITHDRAWN: "学校已收回",
    statement.ENDED: "毕业生结束了授权",
    SUSPENDED: "毕业生不在学校名单中",
}
LIST_SECONDS = 600
_kept: list[tuple[float, bytes]] = []


def scan_token(number: str) -> str:
    """The 128 bits that a report's code leads by: they follow from its number under the key that outlives rotations."""
    secret = hmac.new(settings.QICHENG_NUMBER_KEY.encode(), f"scan|{number}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(secret[:16]).rstrip(b"=").decode()


def scan_digest(token: str) -> str:
    """What the token of a code is looked up by; never what a number is looked up by."""
    return fingerprint(f"scan|{token}", settings.QICHENG_NUMBER_KEY.encode())


def address_of(number: str) -> str:
    """The address in a report's code for verification on line (VER-01)."""
    return settings.QICHENG_ADDRESS.rstrip("/") + reverse("transfer:scanned", args=[scan_token(number)])


def domain() -> str:
    """The domain that addresses of genuine answers begin with."""
    return statement.issuer()


# ---- the graduate's own


def authorisations(graduate: Graduate, actor: Actor) -> list[Authorisation]:
    """The graduate's authorisations, newest first."""
    return list(Authorisation.objects.seen_by(actor).filter(graduate=graduate).order_by("-id")[:20])


def report_of(authorisation: Authorisation, actor: Actor) -> TransferReport | None:
    """The report that an authorisation is about, as far as the actor may see it (ARC-07)."""
    return GraduateReport.objects.seen_by(actor).filter(public_id=authorisation.report).first()


def confirmation_of(graduate: Graduate, actor: Actor) -> Confirmation | None:
    """What the graduate said of the report that went up, if anything did."""
    return Confirmation.objects.seen_by(actor).filter(graduate=graduate).first()


def verifications(graduate: Graduate, actor: Actor, *, newest: int = 50) -> list[Verification]:
    """Every look at a graduate's reports, newest first (VER-03)."""
    rows = Verification.objects.seen_by(actor).filter(graduate=graduate, kind__in=kinds_for(actor))
    return list(rows.order_by("-id")[:newest])


def kinds_for(actor: Actor) -> tuple[str, ...]:
    """The issues whose verifications staff are told of by their permissions (ARC-07); a graduate of all its own (VER-03)."""
    if not actor.role.is_staff:
        return tuple(REPORTS)
    return tuple(kind for kind, model in REPORTS.items() if actor.may_read(model.AREA))


# ---- what is carried along


def labels() -> dict[str, list[str]]:
    """What the lines of a statement are called, by its letter, in their order."""
    return {sheets.LETTERS[kind]: [sheets.LABELS[key] for key in keys] for kind, keys in sheets.SIGNED.items()}


def revocations() -> bytes:
    """The signed list of numbers that no longer count, made anew every ten minutes at most. Raises `NoKey`."""
    if not _kept or _kept[0][0] < monotonic():
        _kept[:] = [(monotonic() + LIST_SECONDS, statement.revocations(_revoked(), at=timezone.now()))]
    return _kept[0][1]


def forget_list() -> None:
    """Let the next list be made anew."""
    _kept.clear()


def _revoked() -> Iterator[Revoked]:
    today = timezone.localdate()
    for number, day, reason in (
        RevokedNumber.objects.filter(until__gte=today).values_list("number", "day", "reason").iterator(5_000)
    ):
        yield Revoked(number, day, reason)
    removed = (
        "SELECT r.number, g.removed_at FROM roster_graduate g JOIN {} r ON r.cohort = g.cohort AND r.graduate_id = g.id "
        "WHERE g.removed_at IS NOT NULL AND r.live AND r.issued_at IS NOT NULL"
    )
    reports = " UNION ALL ".join(removed.format(model._meta.db_table) for model in REPORTS.values())
    with connection.cursor() as cursor:
        cursor.execute(reports)
        for number, removed_at in cursor:
            yield Revoked(number, timezone.localdate(removed_at), SUSPENDED)


def areas_of(actor: Actor) -> list[Area]:
    """Which of file and household somebody may read; one of them opens the module."""
    return [area for area in (Area.ARCHIVE, Area.HOUSEHOLD) if actor.may_read(area)]
