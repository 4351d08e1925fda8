"""What applications to change do: freeze both sides, carry the change out on final approval, lapse with what they would change (CAM-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import DestinationAmendment, FileAmendment, FileRegistration
from qicheng.domain.campus.queries import changes as queries
from qicheng.domain.campus.sheets import changes as sheets
from qicheng.domain.campus.sheets.platform import KINDS
from qicheng.domain.registration.models import Registration
from qicheng.foundation.flow.perform import Refused, be, carry_on, clock, find

from . import consents

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from django.db.models import QuerySet

    from qicheng.domain.campus.models import Amendment
    from qicheng.foundation.access import Actor

NOT_OFFERED = "这种去向现在不能选，重新选择毕业去向类型。"


def of_the_unit(actor: Actor, *, registration: UUID | str, **typed: Any) -> Amendment:
    """The unsaved 毕业去向修改 of an own destination. Raises NotFound for somebody else's."""
    return _begun(queries.intended(sheets.SAME_UNIT, find(Registration, registration, actor)), typed)


def to_another_unit(actor: Actor, *, registration: UUID | str, kind: str, **typed: Any) -> Amendment:
    """The unsaved 改签申请 to a type. Raises NotFound for somebody else's destination, Refused for a type that there is not."""
    if kind not in KINDS:
        raise Refused(NOT_OFFERED)
    return _begun(queries.intended(sheets.OTHER_UNIT, find(Registration, registration, actor), kind), typed)


def of_the_files(actor: Actor, *, file: UUID | str, **typed: Any) -> Amendment:
    """The unsaved 户档信息修改 of an own registration of file and household. Raises NotFound for somebody else's."""
    return _begun(queries.intended(sheets.FILES, find(FileRegistration, file, actor)), typed)


def edit(case: Amendment, actor: Actor, *, kind: str = "", **typed: Any) -> Mapping[str, Any]:
    """Keep what the graduate typed, for 改签 also of another type; nothing has to be whole before it is submitted."""
    before = {one[0]: one[2] for one in sheets.compared(case)}
    if kind and isinstance(case, DestinationAmendment) and kind != case.kind:
        if case.flow_name != sheets.OTHER_UNIT or kind not in KINDS:
            raise Refused(NOT_OFFERED)
        case.kind = kind
    _fill(case, typed)
    after = {one[0]: one[2] for one in sheets.compared(case)}
    return {
        label: [before.get(label, ""), after.get(label, "")]
        for label in dict.fromkeys([*before, *after])
        if before.get(label, "") != after.get(label, "")
    }


def submit(case: Amendment, actor: Actor) -> Mapping[str, Any]:
    """Freeze what is in force beside what is asked for, with the version that it was asked against."""
    kind, case.before = sheets.now(case)
    if isinstance(case, DestinationAmendment):
        case.before_kind = kind
    assert case.target is not None
    case.target_version = case.target.version
    return {**sheets.changes(case), **consents.submit(case, actor)}


def carry_out(case: Amendment, actor: Actor) -> None:
    """Both levels have approved: what is in force becomes what was asked for, and the records follow (CAM-01)."""
    if isinstance(case, FileAmendment):
        file = FileRegistration.objects.unscoped("the application's own target").get(pk=case.file_id)
        carry_on(file, "change", actor, terms=case.terms)
    else:
        assert isinstance(case, DestinationAmendment)
        target = Registration.objects.unscoped("the application's own target").get(pk=case.registration_id)
        carry_on(target, "change", actor, kind=case.kind, terms=case.terms)
    consents.end(case, actor)


def lapse_with_destination(registration: Registration, actor: Actor) -> None:
    """The destination is over: what would have changed it waits on nobody any more."""
    rows = DestinationAmendment.objects.unscoped("a destination takes along the applications to change it")
    _lapse(rows.filter(registration=registration.pk), actor)


def lapse_with_file(file: FileRegistration, actor: Actor) -> None:
    """The registration of file and household is over, and with it what would have changed it."""
    rows = FileAmendment.objects.unscoped("a registration takes along the applications to change it")
    _lapse(rows.filter(file=file.pk), actor)


def _lapse(rows: QuerySet[Any], actor: Actor) -> None:
    for case in rows.exclude(state__in=queries.CLOSED):
        carry_on(case, "lapse", actor)
        be(actor)


def _begun(case: Amendment, typed: Mapping[str, Any]) -> Amendment:
    case.waiting_since = case.begun_at = clock()
    _fill(case, typed)
    return case


def _fill(case: Amendment, typed: Mapping[str, Any]) -> None:
    given = dict(typed)
    if sheets.WHY.key in given:
        case.reason = (given.pop(sheets.WHY.key) or "").strip()
    case.terms = sheets.filled(case, given)
