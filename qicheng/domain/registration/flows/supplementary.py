"""Supplementary registration: an agreement that was signed on paper is registered with its images (SUP-01, SUP-02)."""

from qicheng.domain.registration import guards
from qicheng.domain.registration.effects import registering
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.sheets.cases import drafted, proofs_of
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import Begin, Flow, Review, State
from qicheng.foundation.flow.gather import has_its_proofs

from .acts import (
    COLLEGE_REVIEW,
    EFFECTIVE,
    FILLED_IN,
    GRADUATE,
    REJECTED,
    SCHOOL_REVIEW,
    amendment,
    discard,
    endings,
    filling,
    give_up,
    recalls,
    refreshes,
)

OWN = (Role.GRADUATE,)
DRAFT = State(
    "draft", "暂存", Role.GRADUATE, mine="待你提交", others="毕业生填写中", amendable=FILLED_IN, proofs_by=OWN
)
RETURNED = State(
    "returned", "待提交（老师退回）", Role.GRADUATE, live=True, mine="退回待你修改", others="退回待毕业生修改", amendable=FILLED_IN, proofs_by=OWN
)  # fmt: skip

review = Review(
    college=COLLEGE_REVIEW, school=SCHOOL_REVIEW, approved=EFFECTIVE, rejected=REJECTED, returned=RETURNED, tell=GRADUATE, when=(guards.roster_agrees,),
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
        amendment("SUP-02"),
        *endings(EFFECTIVE, GRADUATE, "毕业生"),
    ),
)  # fmt: skip
