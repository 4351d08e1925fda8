"""Acts that several ways have in common; each flow names the states at which it has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.registration import guards
from qicheng.domain.registration.effects import registering
from qicheng.domain.registration.sheets import UNIT_AMENDMENT
from qicheng.foundation.access import Role
from qicheng.foundation.flow.declare import Act, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from qicheng.foundation.flow.declare import Fork, Review

GRADUATE, COLLEGE, SCHOOL, SYSTEM = (Role.GRADUATE,), (Role.COLLEGE,), (Role.SCHOOL,), (Role.SYSTEM,)
# What a graduate fills in stays open in a draft, and after a return.
FILLED_IN = ("terms", "employer_shown", "employer_name", "post", "job_category", "paper_number", "destination")

# How an agreement ends, whichever way it was signed.
REJECTED = State("rejected", "签约审核不通过", settled=True, others="审核不通过", tone="bad")
VOIDED = State("voided", "学校已作废", settled=True, others="已作废")
DISSOLVED = State("dissolved", "已解约", settled=True)
# An agreement that was signed on paper: in review, and in force.
COLLEGE_REVIEW = State(
    "college_review", "签约审核中，等待学院审核", Role.COLLEGE, live=True, mine="待你审核", others="待学院审核"
)
SCHOOL_REVIEW = State(
    "school_review", "签约审核中，等待学校审核", Role.SCHOOL, live=True, mine="待你审核", others="待学校审核"
)
EFFECTIVE = State(
    "effective", "签约审核通过", live=True, settled=True, others="已生效", tone="ok", amendable=("job_category", "employer_shown")
)  # fmt: skip
GIVEN_UP = State("given_up", "毕业生已放弃", settled=True, others="已放弃")
DISCARDED = State("discarded", "草稿已删除", settled=True, others="已删除")


def filling(
    state: State,
    entry: Fork | State,
    sheet: Callable[[Any], Any],
    *,
    when: tuple[Any, ...],
    do: Any = registering.submit,
) -> tuple[Act, ...]:
    """Fill in and submit, where a draft or a returned registration waits on the graduate."""
    return (
        Act("edit", "修改内容", state, state, GRADUATE, form=sheet, drafted=True, do=registering.edit, rule="OFF-01"),
        Act("submit", "提交审核", state, entry, GRADUATE, do=do, primary=True, rule="REG-01",
            when=(guards.has_confirmed, *when, guards.is_filled_in, guards.nothing_else_live),
            consequence="提交以后交老师审核，审核开始之前可以撤回修改。"),
    )  # fmt: skip


def discard(state: State) -> Act:
    """A draft that nobody needs."""
    return Act("discard", "删除草稿", state, DISCARDED, GRADUATE, do=registering.end, irreversible=True, rule="OFF-01",
               consequence="删除以后不能恢复，需要时重新填写。")  # fmt: skip


def recalls(review: Review, target: State, do: Any = registering.take_back) -> tuple[Act, ...]:
    """REG-03: back to the graduate, until the first reviewer has acted."""
    return tuple(
        Act("recall", "撤回修改", state, target, GRADUATE, when=(guards.nobody_has_reviewed,), do=do, rule="REG-03",
            consequence="撤回以后老师看不到这次提交，改好再重新提交。")
        for state in (review.college, review.school)
    )  # fmt: skip


def refreshes(review: Review) -> tuple[Act, ...]:
    """ROS-05: take over from the roster what has changed there since."""
    return (refresh(review.college, COLLEGE), refresh(review.school, SCHOOL))


def refresh(state: State, by: tuple[Role, ...]) -> Act:
    """The same for one level."""
    return Act("refresh", "获取最新学生信息", state, state, by, do=registering.take_latest, rule="ROS-05")


def give_up(*states: State, do: Any = registering.end) -> tuple[Act, ...]:
    """REG-13: the graduate ends what waits on the graduate."""
    return tuple(
        Act("give_up", "放弃这次登记", state, GIVEN_UP, GRADUATE, do=do, irreversible=True, rule="REG-13",
            consequence="放弃以后这次登记就结束了，不能恢复；你可以重新选择怎么登记。协议编号不会再用。")
        for state in states
    )  # fmt: skip


def amendment(rule: str) -> Act:
    """What a school may amend of an agreement that was signed on paper (OFF-06, SUP-02)."""
    return Act("amend", "修改单位性质、行业和职位类别", EFFECTIVE, EFFECTIVE, SCHOOL, form=UNIT_AMENDMENT, drafted=True, do=registering.amend_unit,
               tell=GRADUATE, consequence="改完会用消息和短信告诉毕业生。其他内容有误，只能解约。", must=True, rule=rule)  # fmt: skip


def endings(effective: State, tell: tuple[Role, ...], told: str) -> tuple[Act, ...]:
    """How an agreement in force ends: by its own dissolution, or annulled by the school in edition 2024 (SIGN-08)."""
    return (
        Act("dissolve", "解约", effective, DISSOLVED, SYSTEM, when=(guards.is_being_dissolved,), do=registering.annul, carried=True,
            rule="DIS-06"),
        Act("void", "作废协议", effective, VOIDED, SCHOOL, do=registering.annul,
            when=(guards.edition_allows_voiding, guards.nothing_is_being_dissolved),
            tell=tell, reason="void_reasons", irreversible=True, must=True, rule="SIGN-08",
            consequence=f"作废之前要与毕业生和单位商量一致。作废之后不能恢复，毕业生的去向变回求职中，{told}会收到通知。"),
    )  # fmt: skip
