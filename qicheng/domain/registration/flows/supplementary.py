"""Supplementary registration: an agreement that was signed on paper is registered with its images (SUP-01, SUP-02)."""

from qicheng.domain.registration import guards
from qicheng.domain.registration.effects import registering
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.sheets import UNIT_AMENDMENT
from qicheng.domain.registration.sheets.cases import drafted, proofs_of
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, Review, State
from qicheng.foundation.flow.gather import has_its_proofs

from .acts import FILLED_IN, GRADUATE, SCHOOL, discard, endings, filling, give_up, recalls, refreshes

OWN = (Role.GRADUATE,)
DRAFT = State(
    "draft", "暂存", Role.GRADUATE, mine="待你提交", others="毕业生填写中", amendable=FILLED_IN, proofs_by=OWN
)
RETURNED = State(
    "returned", "待提交（老师退回）", Role.GRADUATE, live=True, mine="退回待你修改", others="退回待毕业生修改", amendable=FILLED_IN, proofs_by=OWN
)  # fmt: skip
REJECTED = State("rejected", "签约审核不通过", settled=True, others="审核不通过", tone="bad")
EFFECTIVE = State(
    "effective",
    "签约审核通过",
    live=True,
    settled=True,
    others="已生效",
    tone="ok",
    amendable=("job_category", "employer_shown"),
)
VOIDED = State("voided", "学校已作废", settled=True, others="已作废")
DISSOLVED = State("dissolved", "已解约", settled=True)

review = Review(
    college=State("college_review", "签约审核中，等待学院审核", Role.COLLEGE, live=True, mine="待你审核", others="待学院审核"),
    school=State("school_review", "签约审核中，等待学校审核", Role.SCHOOL, live=True, mine="待你审核", others="待学校审核"),
    approved=EFFECTIVE, rejected=REJECTED, returned=RETURNED, tell=GRADUATE, when=(guards.roster_agrees,),
    on_approval=registering.take_effect, on_rejection=registering.end,
)  # fmt: skip

MAY_BEGIN = (guards.supplementary_is_on, guards.may_sign_online)

SUPPLEMENTARY = Flow(
    "supplementary", "补充登记", Area.EMPLOYMENT, Registration,
    begin=Begin("register", "登记纸质就业协议", GRADUATE, registering.paper_agreement, when=(*MAY_BEGIN, guards.nothing_else_live), rule="SUP-01"),
    start=DRAFT,
    holds=(guards.module_is_open, guards.cohort_is_open, guards.on_the_roster),
    proofs=proofs_of,
    acts=(
        *filling(DRAFT, review.entry, drafted, when=(*MAY_BEGIN, has_its_proofs)),
        discard(DRAFT),
        *review.acts,
        *recalls(review, DRAFT),
        *refreshes(review),
        *filling(RETURNED, review.entry, drafted, when=(*MAY_BEGIN, has_its_proofs)),
        *give_up(RETURNED),
        Act("amend", "修改单位性质、行业和职位类别", EFFECTIVE, EFFECTIVE, SCHOOL, form=UNIT_AMENDMENT, drafted=True, do=registering.amend_unit,
            tell=GRADUATE, consequence="改完会用消息和短信告诉毕业生。其他内容有误，只能解约。", rule="SUP-02"),
        *endings(EFFECTIVE, DISSOLVED, VOIDED),
    ),
)  # fmt: skip
