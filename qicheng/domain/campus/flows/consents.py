"""What 暂缓派遣 and 更改毕业去向 have alike: filled in, signed on paper, consented to by the college, then by the career centre."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.campus.effects import consents
from qicheng.domain.campus.guards import consents as guards
from qicheng.foundation.access import Role
from qicheng.foundation.flow.declare import Act, Review, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from qicheng.foundation.flow.declare import Effect, Guard
    from qicheng.foundation.sheets import Sheet

GRADUATE, SYSTEM = (Role.GRADUATE,), (Role.SYSTEM,)
REFUSED = State("refused", "没有批准", settled=True, tone="bad")
GIVEN_UP = State("given_up", "毕业生已放弃", settled=True, others="已放弃")
DISCARDED = State("discarded", "草稿已删除", settled=True, others="已删除")


def drafts(*filled_in: str) -> tuple[State, State]:
    """The two states in which the graduate fills these columns in: before the first submission, and after a return."""
    free = (*filled_in, "reason", "applied_at")
    return (
        State("draft", "已保存，未提交", Role.GRADUATE, mine="待你提交", others="毕业生填写中", amendable=free, proofs_by=GRADUATE),
        State("returned", "待提交（老师退回）", Role.GRADUATE, live=True, mine="退回待你修改", others="退回待毕业生修改", amendable=free,
              proofs_by=GRADUATE),
    )  # fmt: skip


def review(
    granted: State, returned: State, *, when: tuple[Guard, ...], on_approval: Effect, ending: str, office: str = "就业中心", verb: str = "审批"
) -> Review:  # fmt: skip
    """院系意见, then 就业中心审批; or 学院审核, then that of the `office`."""
    return Review(
        college=State("college_review", f"等待学院{verb}", Role.COLLEGE, live=True, mine=f"待你{verb}", others=f"待学院{verb}"),
        school=State("school_review", f"等待{office}{verb}", Role.SCHOOL, live=True, mine=f"待你{verb}", others=f"待{office}{verb}"),
        approved=granted, rejected=REFUSED, returned=returned, tell=GRADUATE, when=when, on_approval=on_approval, on_rejection=consents.end, ending=ending,
    )  # fmt: skip


def acts(
    draft: State, returned: State, found: Review, sheet: Sheet | Callable[[Any], Sheet], *, may_submit: tuple[Guard, ...], submit: Effect,
    rule: str, edit: Effect = consents.edit, in_place: bool = False, then: str = "提交以后先由学院审批，再由就业中心审批。学院审批以前可以撤回。",
) -> tuple[Act, ...]:  # fmt: skip
    """Everything that the graduate and the reviewers do."""
    return (
        *(
            Act("edit", "修改内容", state, state, GRADUATE, form=sheet, drafted=True, in_place=in_place, do=edit, rule=rule)
            for state in (draft, returned)
        ),
        *(
            Act("submit", "提交申请", state, found.college, GRADUATE, when=may_submit, do=submit, primary=True, rule=rule,
                consequence=then)
            for state in (draft, returned)
        ),
        Act("discard", "删除草稿", draft, DISCARDED, GRADUATE, do=consents.end, irreversible=True, rule=rule,
            consequence="删除以后不能恢复，需要时重新填写。"),
        *found.acts,
        *(
            Act("recall", "撤回修改", state, draft, GRADUATE, when=(guards.nobody_has_reviewed,), do=consents.take_back, rule=rule,
                consequence="撤回以后老师看不到这次申请，可以改好重新提交，也可以删除。")
            for state in (found.college, found.school)
        ),
        Act("give_up", "放弃这次申请", returned, GIVEN_UP, GRADUATE, do=consents.end, irreversible=True, rule=rule,
            consequence="放弃以后这次申请就结束了。"),
    )  # fmt: skip


def lapses(
    draft: State, returned: State, found: Review, lapsed: State, *, when: tuple[Guard, ...], rule: str
) -> tuple[Act, ...]:
    """It ends with what it is about, told to whoever had submitted it."""
    return tuple(
        Act("lapse", "申请失效", state, target, SYSTEM, when=when, do=consents.end, carried=True,
            tell=GRADUATE if target is lapsed else (), rule=rule)
        for state, target in ((draft, DISCARDED), (returned, lapsed), (found.college, lapsed), (found.school, lapsed))
    )  # fmt: skip
