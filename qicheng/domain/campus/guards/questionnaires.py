"""What a step waits for: the questionnaires that the school has made its condition (PKU-08)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import Part
from qicheng.domain.campus.queries.profile import has_part
from qicheng.domain.campus.queries.questionnaires import owed
from qicheng.domain.campus.sheets.questionnaires import GATES
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import clock
from qicheng.foundation.kit.calendar import day_of

if TYPE_CHECKING:
    from qicheng.foundation.access import Actor
    from qicheng.foundation.flow.declare import Guard


@cache
def questionnaires_are_answered(gate: str) -> Guard:
    """The gate of a step: what is open, asks the graduate and is a condition of it has been answered."""

    def guard(case: Any, actor: Actor) -> str | None:
        if actor.role is not Role.GRADUATE or not has_part(case.school_id, case.cohort, Part.QUESTIONNAIRES):
            return None
        found = owed(case.graduate_id, gate, day_of(clock(case)))
        return f"先到「手续」里的「调查问卷」填写「{found[0]}」，再{GATES[gate][1]}。" if found else None

    guard.__name__ = f"questionnaires_are_answered_before_{gate}"
    return guard
