"""An application of a kind that the school declared itself: filled in, reviewed by its levels, noticed in public, ended with a result (CAM-05)."""

from qicheng.domain.campus.effects import applications as effects
from qicheng.domain.campus.guards import applications as guards
from qicheng.domain.campus.guards.profile import for_people, part_is_on
from qicheng.domain.campus.models import Application, Part
from qicheng.domain.campus.queries.applications import ahead
from qicheng.domain.campus.sheets.made import drafted, proofs_asked
from qicheng.domain.registration import guards as registrations
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, Fork, State
from qicheng.foundation.flow.gather import has_its_proofs

GRADUATE, COLLEGE, SCHOOL, SYSTEM = (Role.GRADUATE,), (Role.COLLEGE,), (Role.SCHOOL,), (Role.SYSTEM,)
FILLED_IN = ("answers", "line")

DRAFT = State(
    "draft", "已保存，未提交", Role.GRADUATE, mine="待你提交", others="毕业生填写中", amendable=FILLED_IN, proofs_by=GRADUATE
)  # fmt: skip
RETURNED = State(
    "returned", "待提交（退回）", Role.GRADUATE, live=True, mine="退回待你修改", others="退回待毕业生修改", amendable=FILLED_IN, proofs_by=GRADUATE
)  # fmt: skip
AT_COLLEGE = State(
    "college_review", "审核中，等待学院审核", Role.COLLEGE, live=True, mine="待你审核", others="待学院审核"
)
AT_SCHOOL = State("school_review", "审核中，等待学校审核", Role.SCHOOL, live=True, mine="待你审核", others="待学校审核")
NOTICED = State("noticed", "审核通过，公示中", Role.SYSTEM, live=True, mine="公示中", others="公示中")
DONE = State("done", "已办结", settled=True, tone="ok")
REJECTED = State("rejected", "审核不通过", settled=True, tone="bad")
WITHDRAWN = State("withdrawn", "毕业生已放弃", settled=True, others="已放弃")
DISCARDED = State("discarded", "草稿已删除", settled=True, others="已删除")

BY_KEY = {state.key: state for state in (AT_COLLEGE, AT_SCHOOL, NOTICED, DONE)}
MAY_BEGIN = (guards.form_is_open, guards.may_apply, guards.not_had_before, guards.nothing_else_open)
MAY_SUBMIT = (guards.may_apply, guards.not_had_before, guards.nothing_else_open, guards.is_filled_in, has_its_proofs)
REJECTING = "审核不通过，这次申请就结束了。要改了再交的，用退回修改。"


def onward(*states: State) -> Fork:
    """To whichever of them the case's own declaration says."""
    return Fork(states, lambda case: BY_KEY[ahead(case)])


APPLICATION = Flow(
    "application", "申请事项", Area.EMPLOYMENT, Application,
    begin=Begin("apply", "开始申请", GRADUATE, effects.application, when=MAY_BEGIN, complete=effects.take_version, rule="CAM-05"),
    start=DRAFT,
    holds=(part_is_on(Part.APPLICATIONS), for_people(registrations.cohort_is_open), for_people(registrations.on_the_roster)),
    proofs=proofs_asked,
    title=lambda case: case.name,
    acts=(
        *(
            Act("edit", "修改内容", state, state, GRADUATE, form=drafted, drafted=True, do=effects.edit, in_place=True, rule="CAM-05")
            for state in (DRAFT, RETURNED)
        ),
        *(
            Act("submit", "提交申请", state, onward(AT_COLLEGE, AT_SCHOOL, NOTICED, DONE), GRADUATE, when=when, do=effects.submit,
                primary=True, rule="CAM-05", consequence="提交以后按下面的步骤办理，老师开始审核之前可以撤回修改。")
            for state, when in ((DRAFT, (guards.form_is_open, *MAY_SUBMIT)), (RETURNED, MAY_SUBMIT))
        ),
        Act("discard", "删除草稿", DRAFT, DISCARDED, GRADUATE, do=effects.end, irreversible=True, rule="CAM-05",
            consequence="删除以后不能恢复，需要时重新填写。"),
        Act("approve", "审核通过", AT_COLLEGE, onward(AT_SCHOOL, NOTICED, DONE), COLLEGE, do=effects.pass_on, tell=GRADUATE, primary=True, rule="CAM-05"),
        Act("approve", "审核通过", AT_SCHOOL, onward(NOTICED, DONE), SCHOOL, do=effects.pass_on, tell=GRADUATE, primary=True, rule="CAM-05"),
        *(
            Act("return", "退回修改", state, RETURNED, by, tell=GRADUATE, reason="rejection_reasons", rule="CAM-05")
            for state, by in ((AT_COLLEGE, COLLEGE), (AT_SCHOOL, SCHOOL))
        ),
        *(
            Act("reject", "审核不通过", state, REJECTED, by, do=effects.end, tell=GRADUATE, reason="rejection_reasons", consequence=REJECTING,
                irreversible=True, rule="CAM-05")
            for state, by in ((AT_COLLEGE, COLLEGE), (AT_SCHOOL, SCHOOL))
        ),
        Act("issue", "公示期满，办结", NOTICED, DONE, (Role.SYSTEM, Role.SCHOOL), when=(guards.notice_is_over,), do=effects.finish, tell=GRADUATE,
            primary=True, rule="CAM-05"),
        Act("object", "公示有异议，不予办理", NOTICED, REJECTED, SCHOOL, do=effects.end, tell=GRADUATE, reason="rejection_reasons", irreversible=True,
            rule="CAM-05", consequence="这次申请就结束了，公告里不再公示。毕业生会看到原因。"),
        *(
            Act("recall", "撤回修改", state, DRAFT, GRADUATE, when=(registrations.nobody_has_reviewed,), do=effects.take_back, rule="CAM-05",
                consequence="撤回以后老师看不到这次申请，可以改好重新提交，也可以删除。")
            for state in (AT_COLLEGE, AT_SCHOOL)
        ),
        Act("withdraw", "放弃这次申请", RETURNED, WITHDRAWN, GRADUATE, do=effects.end, irreversible=True, rule="CAM-05",
            consequence="放弃以后这次申请就结束了，需要时重新申请。"),
    ),
)  # fmt: skip
