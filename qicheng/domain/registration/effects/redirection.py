"""修改去向: a reviewer changes what a graduate registered, after agreement with the graduate (DES-04)."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from qicheng.domain.registration.guards import is_filled_in
from qicheng.domain.registration.sheets import destinations
from qicheng.domain.registration.sheets.cases import fill, values_of
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
    return rewrite(case, actor, kind or case.kind, typed)


def amend(case: Registration, actor: Actor, **typed: Any) -> Mapping[str, Any]:
    """After approval, in edition 2024: what was filled in, and with it the employment record."""
    changes = rewrite(case, actor, case.kind, typed)
    write_record_of(case)
    return changes


def foreseen(case: Registration, actor: Actor, kind: str, typed: Mapping[str, Any]) -> dict[str, Any]:
    """What either would change, label → [before, after], without changing it; Refused for the same reasons."""
    return rewrite(copy(case), actor, kind, typed)


def rewrite(case: Registration, actor: Actor, kind: str, typed: Mapping[str, Any]) -> dict[str, Any]:
    """Put what was typed in the place of what the case says, its type too; label → [before, after]. Refused where nothing does, and where something would be missing or wrong."""
    before, values = _lines(case), values_of(case)
    case.kind = kind
    fill(case, {**values, **typed})
    if why := is_filled_in(case, actor):
        raise Refused(why)
    after = _lines(case)
    changes = {
        label: [before.get(label, ""), after.get(label, "")]
        for label in dict.fromkeys([*after, *before])
        if before.get(label) != after.get(label)
    }
    if not changes:
        raise Refused("没有要改的内容。")
    return changes


def _lines(case: Registration) -> dict[str, str]:
    return {label: value for label, value in destinations.lines(case.kind, case.terms, case.edition) if value}
