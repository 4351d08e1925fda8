"""What 暂缓派遣 does to file and household: they stay at the school until the year's end, then they go to the place of origin (PKU-05)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from qicheng.domain.campus.guards.deferral import TOLD_BEFORE
from qicheng.domain.campus.models import Deferral
from qicheng.domain.campus.queries import deferral as queries
from qicheng.domain.registration.models import Registration
from qicheng.domain.transfer.effects import records
from qicheng.domain.transfer.models import RECORDS
from qicheng.domain.transfer.queries.records import is_listed, taking
from qicheng.domain.transfer.sheets.records import KEPT
from qicheng.foundation.access import SYSTEM, Area
from qicheng.foundation.flow.perform import Stopped, be, carry_on, clock, look_around, perform

from . import consents

if TYPE_CHECKING:
    from uuid import UUID

    from qicheng.foundation.access import Actor

log = logging.getLogger(__name__)


def deferral(actor: Actor, *, registration: UUID | str, **typed: Any) -> Deferral:
    """The unsaved application of whoever acts about an own destination. Raises NotFound for somebody else's."""
    made = consents.drafted(actor, registration, queries.intended, typed)
    assert isinstance(made, Deferral)
    return made


def keep_at_school(case: Deferral, actor: Actor) -> None:
    """Both have consented: the records of file and household say so, where their modules are open."""
    _keep(case, actor)


def say_when(case: Deferral, actor: Actor) -> None:
    """The graduate is told that the year ends."""
    case.reminded_at = clock(case)


def end(case: Deferral, actor: Actor) -> None:
    """It is over: what it kept goes where the destination says, to the place of origin; what somebody wrote since stays."""
    was_granted = case.state == queries.GRANTED
    case.closed_at = clock(case)
    if was_granted:
        _send_home(case, actor)


# ---- what happens to the destination


def keep_again(registration: Registration, actor: Actor) -> None:
    """The destination took effect, and brought where file and household go: as long as the deferral counts they stay."""
    found = queries.in_force(registration.graduate_id, clock())
    if (
        found is not None
        and found.registration_id == registration.pk
        and queries.is_for(registration.flow_name, registration.kind)
    ):
        _keep(found, actor)


def end_unfit(registration: Registration, actor: Actor) -> None:
    """The destination has become another one, or is over: what was granted for it, or waits, ends with it."""
    for case in _open_of(registration):
        carry_on(case, "end", actor)


def end_unfit_requests(registration: Registration, actor: Actor) -> None:
    """The destination was submitted as another one: what waits ends; what was granted stays until that one is approved (PKU-07)."""
    if not queries.is_for(registration.flow_name, registration.kind):
        for case in _open_of(registration):
            if case.state != queries.GRANTED:
                carry_on(case, "end", actor)


def end_other(registration: Registration, actor: Actor) -> None:
    """The destination took effect as another one."""
    if not queries.is_for(registration.flow_name, registration.kind):
        end_unfit(registration, actor)


# ---- what the timetable does


def end_due() -> int:
    """End what has run out, and keep what was carried elsewhere meanwhile; how many ended."""
    for case in queries.granted():
        _keep_missed(case)
    return sum(_done(case, "end") for case in queries.due(timezone.now()))


def remind() -> int:
    """Tell graduates whose deferral ends soon; how many were told."""
    return sum(_done(case, "remind") for case in queries.to_remind(timezone.now(), TOLD_BEFORE))


def _done(case: Deferral, name: str) -> bool:
    try:
        perform(case, name, SYSTEM, carried=True)
    except Stopped as why:
        log.info("deferral %s: no %s: %s", case.public_id, name, type(why).__name__)
        return False
    return True


def _keep_missed(case: Deferral) -> None:
    """A module that opened since has carried what the destination says; what is granted counts."""
    with transaction.atomic():
        be(SYSTEM)
        look_around(case, hold=True)
        case.refresh_from_db()
        carried = str(case.registration.public_id)
        if case.state == queries.GRANTED and clock(case) < queries.runs_until(case.until):
            for area in _records_of(case, origin_case=carried):
                _keep(case, SYSTEM, area)


def _records_of(case: Deferral, **where: Any) -> list[Area]:
    """The areas in which the graduate has such a record."""
    found = []
    for area, model in RECORDS.items():
        rows = model.objects.unscoped("the record of the case's own graduate")
        if rows.filter(graduate=case.graduate_id, **where).exists():
            found.append(area)
    return found


def _open_of(registration: Registration) -> list[Deferral]:
    return list(queries.rows_of(registration=registration.pk).exclude(state__in=queries.CLOSED))


def _keep(case: Deferral, actor: Actor, only: Area | None = None) -> None:
    graduate = case.graduate
    for area in sorted(taking(case.school_id, case.cohort)):
        if only in (None, area) and is_listed(area, graduate):
            records.write(
                area, actor, "keep", {"kind": KEPT}, graduate=graduate.pk, cohort=case.cohort, school=case.school_id, origin=case.flow_name,
                case=str(case.public_id),
            )  # fmt: skip


def _send_home(case: Deferral, actor: Actor) -> None:
    registration = case.registration
    # What nobody has approved goes nowhere; of the kind that was deferred everything follows from the place of origin.
    goes = registration.state == "effective" or queries.is_for(registration.flow_name, registration.kind)
    goes = goes and (not registration.standing.settled or registration.live)
    for area in _records_of(case, kind=KEPT, origin_case=str(case.public_id)):
        said = records.brought(area, registration.terms)
        records.write(
            area, actor, "send_home", said if goes and said["kind"] else {}, graduate=case.graduate_id, cohort=case.cohort,
            school=case.school_id, origin=registration.flow_name if goes and said["kind"] else "", case=str(registration.public_id) if goes else "",
        )  # fmt: skip
