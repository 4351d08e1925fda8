"""修改去向: a reviewer changes what a graduate registered, after agreement with the graduate (DES-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.registration.sheets import destinations
from qicheng.domain.registration.sheets.cases import fill, sheet_of, values_of
from qicheng.domain.roster.effects import clear_record
from qicheng.foundation.flow.perform import Refused

from .registering import write_record_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.domain.registration.models import Registration
    from qicheng.foundation.access import Actor


def redirect(case: Registration, actor: Actor, *, kind: str = "", **typed: Any) -> Mapping[str, Any]:
    """While it is reviewed: the type, what was filled in, or both; before and after are on record."""
    if kind and all(one.key != kind for one in destinations.types(case.edition, case.graduate.training_mode)):
        raise Refused("这位毕业生不能登记这种去向，重新选择。")
    changes = _change(case, kind or case.kind, typed)
    if not changes:
        raise Refused("没有要改的内容。")
    return changes


def amend(case: Registration, actor: Actor, **typed: Any) -> Mapping[str, Any]:
    """After approval, in edition 2024: what was filled in, and with it the employment record."""
    changes = _change(case, case.kind, typed)
    if not changes:
        raise Refused("没有要改的内容。")
    clear_record(graduate=case.graduate_id, case=str(case.public_id))
    write_record_of(case)
    return changes


def _change(case: Registration, kind: str, typed: Mapping[str, Any]) -> dict[str, Any]:
    before, was = {label: value for label, value in sheet_of(case).lines(values_of(case)) if value}, case.kind
    kept = {key: value for key, value in values_of(case).items() if value not in (None, "")}
    case.kind = kind
    fill(case, {**kept, **typed})
    after = {label: value for label, value in sheet_of(case).lines(values_of(case)) if value}
    changes = {
        label: [before.get(label, ""), after.get(label, "")]
        for label in dict.fromkeys([*before, *after])
        if before.get(label) != after.get(label)
    }
    if was != kind:
        changes = {"去向类型": [destinations.of(was).label, destinations.of(kind).label]} | changes
    return changes
