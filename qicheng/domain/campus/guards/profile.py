"""Rules that come from a school's profile: which parts it has, and until when graduates edit."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.queries.profile import closing_day, has_part, profile_of
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import clock
from qicheng.foundation.kit.calendar import day_of

if TYPE_CHECKING:
    from qicheng.domain.campus.models import Part
    from qicheng.foundation.access import Actor
    from qicheng.foundation.flow.declare import Guard


@cache
def part_is_on(part: Part) -> Guard:
    """The hold of a flow that belongs to a part: the school has it for the case's cohort. What time or another case ends, ends without it, too."""

    def guard(case: Any, actor: Actor) -> str | None:
        if actor.role is Role.SYSTEM or has_part(case.school_id, case.cohort, part):
            return None
        return f"学校没有开启「{part.label}」，需要办理的请联系学校。"

    guard.__name__ = f"{part.value}_is_on"
    return guard


@cache
def for_people(guard: Guard) -> Guard:
    """The same hold for everybody but the system: what time ends, ends although the cohort is closed or the graduate off the roster."""

    def held(case: Any, actor: Actor) -> str | None:
        return None if actor.role is Role.SYSTEM else guard(case, actor)

    held.__name__ = guard.__name__
    return held


def before_closing(case: Any, actor: Actor) -> str | None:
    """PKU-03: graduates edit until the day that the school has set; then changes go through the college."""
    day = closing_day(profile_of(case.school_id, case.cohort))
    if day_of(clock(case)) < day:
        return None
    return f"{day.month} 月 {day.day} 日起由学院上报就业方案，需要修改的请向学院申请。"
