"""The application to change a record, as file and household have it alike (ARC-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.transfer.effects import records as effects
from qicheng.domain.transfer.guards import records as guards
from qicheng.domain.transfer.sheets.records import drafted
from qicheng.foundation.access import Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, Review, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from qicheng.domain.transfer.models import RecordChange

GRADUATE = (Role.GRADUATE,)
FILLED_IN = ("kind", "terms")

DRAFT = State("draft", "暂存", Role.GRADUATE, mine="待你提交", others="毕业生填写中", amendable=FILLED_IN)
RETURNED = State(
    "returned", "待提交（退回）", Role.GRADUATE, live=True, mine="退回待你修改", others="退回待毕业生修改", amendable=FILLED_IN
)  # fmt: skip
REGISTERED = State("registered", "登记成功", settled=True, tone="ok")
REJECTED = State("rejected", "审核不通过", settled=True, tone="bad")
GIVEN_UP = State("given_up", "毕业生已放弃", settled=True, others="已放弃")
DISCARDED = State("discarded", "草稿已删除", settled=True, others="已删除")

review = Review(
    college=State("college_review", "审核中，等待学院审核", Role.COLLEGE, live=True, mine="待你审核", others="待学院审核"),
    school=State("school_review", "审核中，等待学校审核", Role.SCHOOL, live=True, mine="待你审核", others="待学校审核"),
    approved=REGISTERED, rejected=REJECTED, returned=RETURNED, tell=GRADUATE, when=(guards.record_is_as_submitted,),
    on_approval=effects.register, on_rejection=effects.end,
    ending="审核不通过，这次申请就结束了，现在登记的信息不变；仍要修改的只能重新申请。",
)  # fmt: skip

MAY_SUBMIT = (
    guards.school_takes_them, guards.has_confirmed, guards.is_filled_in, guards.fits_destination, guards.something_changes, guards.nothing_else_open
)  # fmt: skip


def changing(name: str, label: str, model: type[RecordChange], make: Callable[..., Any]) -> Flow:
    """The flow of one area."""
    return Flow(
        name, label, model.AREA, model,
        begin=Begin("apply", "申请修改", GRADUATE, make, when=(guards.school_takes_them, guards.nothing_else_open), rule="ARC-05"),
        start=DRAFT,
        holds=(guards.module_is_open, guards.cohort_is_open, guards.on_the_roster, guards.is_listed),
        acts=(
            *(act for state in (DRAFT, RETURNED) for act in _filling(state)),
            Act("discard", "删除草稿", DRAFT, DISCARDED, GRADUATE, do=effects.end, irreversible=True, rule="ARC-05",
                consequence="删除以后不能恢复，需要时重新填写。现在登记的信息不变。"),
            *review.acts,
            *(
                Act("recall", "撤回修改", state, DRAFT, GRADUATE, when=(guards.nobody_has_reviewed,), do=effects.take_back, rule="ARC-05",
                    consequence="撤回以后老师看不到这次申请，改好再重新提交。")
                for state in (review.college, review.school)
            ),
            Act("give_up", "放弃这次申请", RETURNED, GIVEN_UP, GRADUATE, do=effects.end, irreversible=True, rule="ARC-05",
                consequence="放弃以后这次申请就结束了，现在登记的信息不变。"),
        ),
    )  # fmt: skip


def _filling(state: State) -> tuple[Act, ...]:
    return (
        Act("edit", "修改内容", state, state, GRADUATE, form=drafted, drafted=True, do=effects.edit, rule="ARC-05"),
        Act("submit", "提交审核", state, review.entry, GRADUATE, when=MAY_SUBMIT, do=effects.submit, primary=True, rule="ARC-05",
            consequence="提交以后交老师审核，审核开始之前可以撤回修改。审核通过以后，登记的信息才会改变。"),
    )  # fmt: skip
