"""Rules of 更改毕业去向: what may be changed, and how often (PKU-07)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.campus.queries.one_change import IN_FORCE, is_spent
from qicheng.domain.campus.sheets.forms import FLOW

if TYPE_CHECKING:
    from qicheng.domain.campus.models import OneChange
    from qicheng.foundation.access import Actor


def is_in_force(case: OneChange, actor: Actor) -> str | None:
    """Only what was approved needs an application; until then it is edited or returned."""
    registration = case.above("registration")
    if registration is not None and registration.flow_name == FLOW and registration.state == IN_FORCE:
        return None
    return "审核通过、正在生效的毕业去向才用申请更改。"


def is_not_spent(case: OneChange, actor: Actor) -> str | None:
    """At most one of a graduate and cohort, in words; the database holds it. A refusal does not count."""
    return "毕业去向最多只能更改一次，已经用过了。" if is_spent(case.cohort, case.graduate_id) else None


def says_what(case: OneChange, actor: Actor) -> str | None:
    """Whoever consents has to know what it becomes."""
    return None if case.wish and case.wish_unit.strip() else "先填写新的就业形式和新的单位或学校，再提交。"


def has_left(case: OneChange, actor: Actor) -> str | None:
    """An application lapses with the destination that it would change, and not before."""
    return "原来的毕业去向还在生效。" if is_in_force(case, actor) is None else None
