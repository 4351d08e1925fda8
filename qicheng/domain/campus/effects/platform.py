"""What acts of 毕业去向登记 on a school's own platform change; the rest they share with the national ways (CAM-01, CAM-07, CAM-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.sheets.platform import FLOW, KINDS
from qicheng.domain.orgs.models import ReviewMode
from qicheng.domain.registration.effects import registering
from qicheng.domain.registration.effects.redirection import rewrite
from qicheng.domain.registration.guards import is_filled_in
from qicheng.domain.registration.sheets.cases import fill, sheet_of, values_of
from qicheng.domain.registration.sheets.destinations import types_of
from qicheng.foundation.flow.gather import freeze_proofs, gathered
from qicheng.foundation.flow.perform import Refused, clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.domain.registration.models import Registration
    from qicheng.foundation.access import Actor


def registration(actor: Actor, *, kind: str, **typed: Any) -> Registration:
    """The unsaved draft of a destination of that type, which college and school will review whatever the school has set (CAM-01)."""
    if kind not in KINDS:
        raise Refused("这种去向现在不能选，重新选择毕业去向类型。")
    case = registering.draft(actor, FLOW, typed, kind)
    case.review_mode = ReviewMode.COLLEGE_THEN_SCHOOL
    return case


def submit(case: Registration, actor: Actor) -> Mapping[str, Any]:
    """Freeze what is submitted; both levels review it."""
    changes = registering.submit(case, actor)
    case.review_mode = ReviewMode.COLLEGE_THEN_SCHOOL
    return changes


def take_back(case: Registration, actor: Actor) -> None:
    """A draft again; it stays a matter of both levels."""
    case.submitted_at = None


def edit_submitted(case: Registration, actor: Actor, **typed: Any) -> Mapping[str, Any]:
    """CAM-08: until the college has reviewed, the graduate changes what lies with it; it is whole afterwards, and frozen anew."""
    before = values_of(case)
    fill(case, {**before, **typed})
    if why := is_filled_in(case, actor):
        raise Refused(why)
    lacking = [one.kind.label for one in gathered(case) if one.lacks]
    if lacking:
        raise Refused(f"改成这样还要交证明材料：{'、'.join(lacking)}。先撤回，补齐以后再提交。")
    case.student, case.submitted_at = registering.line_of(case), clock(case)
    return differences(case, before) | freeze_proofs(case)


def retype(case: Registration, actor: Actor, *, kind: str = "") -> Mapping[str, Any]:
    """选择就业类型: another type before it is submitted (again); what both types ask for stays."""
    kinds = types_of(case.flow_name)
    if kind not in kinds or kind == case.kind:
        raise Refused("选另一种毕业去向类型。")
    was, held = kinds[case.kind], values_of(case)
    case.kind = kind
    fill(case, {key: held.get(key) for key in kinds[kind].sheet.keys})
    return {"毕业去向类型": [was.name(case.edition), kinds[kind].name(case.edition)]}


def change(
    case: Registration, actor: Actor, *, kind: str = "", terms: Mapping[str, Any] | None = None, **typed: Any
) -> Mapping[str, Any]:
    """CAM-04: an approved application changes what is in force, and with it the employment record; before and after are on record.

    `terms` and `typed` are values of the type's sheet, `kind` another type of `KINDS`. Refused where nothing would differ, or something would be missing.
    """
    changes = rewrite(case, actor, kind or case.kind, {**(terms or {}), **typed})
    registering.write_record_of(case)
    return changes


def differences(case: Registration, before: Mapping[str, Any]) -> dict[str, Any]:
    """label → [before, after] of what was filled in."""
    return dict(sheet_of(case).changes(before, values_of(case)))
