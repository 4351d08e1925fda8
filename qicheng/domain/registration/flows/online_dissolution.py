"""Online dissolution: one side asks, the other answers, the school reviews (DIS-01 … DIS-04, DIS-06 … DIS-08)."""

from qicheng.domain.registration import guards
from qicheng.domain.registration.effects import dissolution
from qicheng.domain.registration.models import Dissolution
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, Review, State
from qicheng.foundation.notice import Kind

GRADUATE, EMPLOYER, SCHOOL, SYSTEM = (Role.GRADUATE,), (Role.EMPLOYER,), (Role.SCHOOL,), (Role.SYSTEM,)
BOTH_SIDES = (Role.GRADUATE, Role.EMPLOYER)

BY_GRADUATE = State(
    "asked_by_graduate", "学生发起解约，等待单位应约", Role.EMPLOYER, live=True, mine="待你回应", others="待单位回应"
)
BY_EMPLOYER = State(
    "asked_by_employer", "单位发起解约，等待学生应约", Role.GRADUATE, live=True, mine="待你回应", others="待毕业生回应"
)
EMPLOYER_REFUSED = State("refused_by_employer", "单位已拒绝解约", settled=True, others="单位已拒绝")
GRADUATE_REFUSED = State("refused_by_graduate", "学生已拒绝解约", settled=True, others="毕业生已拒绝")
WITHDRAWN = State("withdrawn", "已撤回解约申请", settled=True, others="已撤回")
REJECTED = State("rejected", "解约审核不通过", settled=True, others="解约未通过", tone="bad")
DONE = State("done", "解约完成", settled=True, others="已解约")

review = Review(
    college=State("college_review", "已同意解约，等待学院审核", Role.COLLEGE, live=True, mine="待你审核", others="待学院审核"),
    school=State("school_review", "已同意解约，等待学校审核", Role.SCHOOL, live=True, mine="待你审核", others="待学校审核"),
    approved=DONE, rejected=REJECTED, tell=BOTH_SIDES, on_approval=dissolution.dissolve, reasons="dissolution_rejections",
)  # fmt: skip

AGREED = "同意之后交学校审核，不能撤回；审核通过，协议就解除了。"
REFUSED = "拒绝之后，这次申请就结束了，协议照旧有效；商量一致以后可以重新申请。"
TAKEN_BACK = "撤回之后，这次申请就结束了，协议照旧有效。"

ONLINE_DISSOLUTION = Flow(
    "online_dissolution", "线上解约", Area.EMPLOYMENT, Dissolution,
    begin=Begin(
        "ask", "申请解约", BOTH_SIDES, dissolution.dissolution, complete=dissolution.number_request, tell=BOTH_SIDES, rule="DIS-01",
        when=(guards.agreement_is_in_force, guards.no_other_request, guards.requests_are_left),
    ),
    start={Role.GRADUATE: BY_GRADUATE, Role.EMPLOYER: BY_EMPLOYER},
    holds=(guards.module_is_open, guards.cohort_is_open, guards.on_the_roster),
    acts=(
        Act("agree", "同意解约", BY_GRADUATE, review.entry, EMPLOYER, do=dissolution.submit_dissolution, tell=GRADUATE,
            consequence=AGREED, primary=True, rule="DIS-01"),
        Act("agree", "同意解约", BY_EMPLOYER, review.entry, GRADUATE, do=dissolution.submit_dissolution, tell=EMPLOYER,
            in_person=True, consequence=AGREED, primary=True, rule="DIS-01"),
        Act("refuse", "拒绝解约", BY_GRADUATE, EMPLOYER_REFUSED, EMPLOYER, do=dissolution.refuse_dissolution, tell=GRADUATE,
            consequence=REFUSED, rule="DIS-02"),
        Act("refuse", "拒绝解约", BY_EMPLOYER, GRADUATE_REFUSED, GRADUATE, do=dissolution.refuse_dissolution, tell=EMPLOYER,
            consequence=REFUSED, rule="DIS-02"),
        Act("withdraw", "撤回解约申请", BY_GRADUATE, WITHDRAWN, GRADUATE, tell=EMPLOYER,
            consequence=f"{TAKEN_BACK}这一次仍然算在可以申请的次数里。", rule="DIS-03"),
        Act("withdraw", "撤回解约申请", BY_EMPLOYER, WITHDRAWN, EMPLOYER, tell=GRADUATE, consequence=TAKEN_BACK, rule="DIS-03"),
        Act("remind", "提醒回应", BY_GRADUATE, BY_GRADUATE, SYSTEM, when=(guards.reminder_is_due,), do=dissolution.remind, tell=EMPLOYER,
            kind=Kind.REMINDER, rule="DIS-08"),
        Act("remind", "提醒回应", BY_EMPLOYER, BY_EMPLOYER, SYSTEM, when=(guards.reminder_is_due,), do=dissolution.remind, tell=GRADUATE,
            kind=Kind.REMINDER, rule="DIS-08"),
        Act("force", "强制解约", BY_GRADUATE, DONE, SCHOOL, do=dissolution.dissolve_by_force, tell=BOTH_SIDES, reason="force_reasons",
            irreversible=True, must=True, rule="DIS-04",
            consequence="请谨慎使用，使用前应与用人单位协商一致以防出现纠纷。提交之后立即解约，不能恢复，双方都会收到通知和你写的说明。"),
        *review.acts,
    ),
)  # fmt: skip
