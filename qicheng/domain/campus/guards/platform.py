"""Rules of 毕业去向登记 on a school's own platform, and the gate before the national ways there (CAM-01, CAM-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.campus.models import Part
from qicheng.domain.campus.queries.profile import profile_of
from qicheng.domain.campus.sheets.platform import offered
from qicheng.foundation import codes
from qicheng.foundation.access import Role

if TYPE_CHECKING:
    from qicheng.domain.registration.models import Registration
    from qicheng.foundation.access import Actor

# The parts with which a school has its graduates register on its own platform.
OWN_PLATFORM = frozenset({Part.PLATFORM.value, Part.FORMS.value})


def registers_here(case: Registration, actor: Actor) -> str | None:
    """CAM-01: nothing is begun or submitted on the national platform where the school registers on its own; what is under way is finished."""
    if case.state not in ("", "draft") or OWN_PLATFORM.isdisjoint(profile_of(case.school_id, case.cohort).parts):
        return None
    if actor.role is Role.GRADUATE:
        return "你的学校在学校平台登记毕业去向，不在这里登记。到首页的「登记毕业去向」办理。"
    return "这所学校在学校平台登记毕业去向。"


def kind_is_offered(case: Registration, actor: Actor) -> str | None:
    """CAM-07, ROS-06, REG-12: the type is one of this edition that this training mode may choose."""
    graduate = case.above("graduate")
    mode = graduate.training_mode if graduate is not None else ""
    if any(one.key == case.kind for kinds in offered(case.edition, mode).values() for one in kinds):
        return None
    if not codes.may_sign_online(mode):
        return "你的培养方式是定向或委培（不可网签），只能选定向/委培毕业去向补充登记。"
    return "这种去向现在不能选，重新选择毕业去向类型。"
