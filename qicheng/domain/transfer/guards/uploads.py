"""Rules against what concerns many records of an area at once: None, or the reason in the user's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.transfer.guards.records import cohort_is_open, module_is_open
from qicheng.domain.transfer.models import CHANGES
from qicheng.foundation.flow.perform import look_around

if TYPE_CHECKING:
    from qicheng.foundation.access import Actor, Area


def closed_for(area: Area, school: int, cohort: int, actor: Actor, *, hold: bool = False) -> str | None:
    """ORG-02, ROS-03: why nothing of the area can be written at this school and cohort; with `hold` that stays so until the transaction ends."""
    case = CHANGES[area](flow_name=f"{area.value}_change", cohort=cohort, school_id=school)
    case._around = look_around(case, hold=hold)
    return module_is_open(case, actor) or cohort_is_open(case, actor)
