"""Offline dissolution: the graduate applies with a letter of the employer, the school asks the employer and decides (DIS-01, DIS-05)."""

from qicheng.domain.registration import guards
from qicheng.domain.registration.effects import dissolution
from qicheng.domain.registration.models import Dissolution
from qicheng.domain.registration.sheets import DISSOLUTION, ENDED, VERIFIED
from qicheng.domain.registration.sheets.cases import proofs_of
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, Review, State

from .acts import DISCARDED, GRADUATE

OWN = (Role.GRADUATE,)
ASKED = ("reason", "explanation", "asked_at", "sequence", "allowed")
DRAFT = State("draft", "暂存", Role.GRADUATE, mine="待你提交", others="毕业生填写中", amendable=ASKED, proofs_by=OWN)
RETURNED = State(
    "returned", "解约待提交（老师退回）", Role.GRADUATE, live=True, mine="退回待你修改", others="退回待毕业生修改", amendable=ASKED, proofs_by=OWN
)  # fmt: skip
WITHDRAWN = State("withdrawn", "已撤回解约申请", settled=True, others="已撤回")
REJECTED = State("rejected", "解约审核不通过", settled=True, others="解约未通过", tone="bad")
DONE = State("done", "解约完成", settled=True, others="已解约")

review = Review(
    college=State("college_review", "解约中，等待学院审核", Role.COLLEGE, live=True, mine="待你审核", others="待学院审核"),
    school=State("school_review", "解约中，等待学校审核", Role.SCHOOL, live=True, mine="待你审核", others="待学校审核"),
    approved=DONE, rejected=REJECTED, returned=RETURNED, tell=GRADUATE, on_college_approval=dissolution.verify, college_form=VERIFIED,
    on_approval=dissolution.end_on_paper, school_form=ENDED, reasons="dissolution_rejections",
)  # fmt: skip

STANDS = (guards.agreement_is_in_force, guards.no_other_request, guards.requests_are_left)
COUNTED = "提交以后交老师审核，审核通过以前协议照旧有效。这一次算在可以申请的次数里。"

OFFLINE_DISSOLUTION = Flow(
    "offline_dissolution", "线下解约", Area.EMPLOYMENT, Dissolution,
    begin=Begin("ask", "申请解约", GRADUATE, dissolution.dissolution, rule="DIS-01", when=STANDS),
    start=DRAFT,
    holds=(guards.module_is_open, guards.cohort_is_open, guards.on_the_roster),
    proofs=proofs_of,
    acts=(
        *(
            Act("edit", "修改内容", state, state, GRADUATE, form=DISSOLUTION[Role.GRADUATE], drafted=True, do=dissolution.edit_request, rule="DIS-01")
            for state in (DRAFT, RETURNED)
        ),
        Act("submit", "提交解约申请", DRAFT, review.entry, GRADUATE, when=STANDS, do=dissolution.hand_in, primary=True, consequence=COUNTED,
            rule="DIS-01"),
        Act("submit", "重新提交", RETURNED, review.entry, GRADUATE, when=(guards.agreement_is_in_force,), do=dissolution.hand_in, primary=True,
            rule="DIS-01"),
        Act("discard", "删除草稿", DRAFT, DISCARDED, GRADUATE, irreversible=True, rule="DIS-01", consequence="删除以后不能恢复，协议照旧有效。"),
        *(
            Act("recall", "撤回修改", state, DRAFT, GRADUATE, when=(guards.nobody_has_reviewed,), rule="REG-03",
                consequence="撤回以后老师看不到这次提交，改好再重新提交。")
            for state in (review.college, review.school)
        ),
        Act("withdraw", "撤回解约申请", RETURNED, WITHDRAWN, GRADUATE, irreversible=True, rule="REG-13",
            consequence="撤回之后，这次申请就结束了，协议照旧有效。这一次仍然算在可以申请的次数里。"),
        *review.acts,
    ),
)  # fmt: skip
