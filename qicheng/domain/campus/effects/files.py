"""What acts on 户档信息登记 do: keep what was typed, tell the records on final approval, lapse with the destination (CAM-07, CAM-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import FileRegistration
from qicheng.domain.campus.queries.files import intended
from qicheng.domain.campus.sheets.files import kept, sheet, sheet_of, unit_now
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.effects.records import carry, take_out
from qicheng.foundation.flow.perform import Refused, be, carry_on, clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.domain.registration.models import Registration
    from qicheng.foundation.access import Actor


def file_registration(actor: Actor, **typed: Any) -> FileRegistration:
    """The unsaved draft; what is not typed is empty, however it was prefilled on the page."""
    case = intended(Graduate.objects.seen_by(actor).get())
    case.waiting_since = case.begun_at = clock()
    case.terms = kept(case.edition, typed)
    return case


def edit(case: FileRegistration, actor: Actor, **typed: Any) -> Mapping[str, Any]:
    """Keep what the graduate typed: in a draft as it is, before a reviewer only whole (CAM-08)."""
    before = case.terms
    case.terms = kept(case.edition, {**before, **typed})
    if case.state == "college_review":
        _is_whole(case)
        case.unit = unit_now(case).mark
    return sheet(case.edition).changes(before, case.terms)


def submit(case: FileRegistration, actor: Actor) -> None:
    """Keep with it what the destination says now: a change of that is seen from then on."""
    case.unit, case.submitted_at = unit_now(case).mark, clock(case)


def take_effect(case: FileRegistration, actor: Actor) -> None:
    """On final approval: both records say what was registered, where their modules are open; else they wait for the opening (ARC-03)."""
    case.effective_at = clock(case)
    carry(case, actor)


def change(
    case: FileRegistration, actor: Actor, *, terms: Mapping[str, Any] | None = None, **typed: Any
) -> Mapping[str, Any]:
    """户档信息修改 was approved: what is in force is what it asked for, and the records follow (CAM-04)."""
    before = case.terms
    case.terms = kept(case.edition, {**before, **(terms or {}), **typed})
    _is_whole(case)
    case.unit = unit_now(case).mark
    carry(case, actor)
    return sheet(case.edition).changes(before, case.terms)


def lapse(case: FileRegistration, actor: Actor) -> None:
    """The destination is no more: it ends, and what it brought, and nobody has changed since, is 未登记 again."""
    case.closed_at = clock(case)
    take_out(case, actor)


def end_with(destination: Registration, actor: Actor) -> None:
    """Let the graduate's registration of file and household lapse with the destination that it followed."""
    rows = FileRegistration.objects.unscoped("a destination takes along what followed it")
    case = rows.filter(cohort=destination.cohort, graduate=destination.graduate_id, live=True).first()
    if case is not None and case.above("destination") is None:
        case._around = None
        carry_on(case, "lapse", actor)
        be(actor)


def _is_whole(case: FileRegistration) -> None:
    form = sheet_of(case).form(case.cohort)(case.terms)
    if not form.is_valid():
        raise Refused(f"还没有填好：{'、'.join(str(form.fields[key].label) for key in form.errors)}。")
