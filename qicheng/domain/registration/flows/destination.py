"""Other destinations: employment in other forms, further study, not employed (DES-01 … DES-06)."""

from qicheng.domain.registration import guards
from qicheng.domain.registration.effects import redirection, registering
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.sheets.cases import drafted, proofs_of, sheet_of, title_of
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, Review, State
from qicheng.foundation.flow.gather import has_its_proofs

from .acts import COLLEGE, FILLED_IN, GRADUATE, SCHOOL, discard, filling, give_up, recalls, refreshes

OWN = (Role.GRADUATE,)
# 修改去向 changes the type, too.
CHANGED = (*FILLED_IN, "kind")
DRAFT = State(
    "draft", "暂存", Role.GRADUATE, mine="待你提交", others="毕业生填写中", amendable=FILLED_IN, proofs_by=OWN
)
RETURNED = State(
    "returned", "待提交（老师退回）", Role.GRADUATE, live=True, mine="退回待你修改", others="退回待毕业生修改", amendable=FILLED_IN, proofs_by=OWN
)  # fmt: skip
REJECTED = State("rejected", "审核不通过", settled=True, others="审核不通过", tone="bad")
EFFECTIVE = State("effective", "审核通过", live=True, settled=True, others="已生效", tone="ok", amendable=CHANGED)
CANCELLED = State("cancelled", "已作废", settled=True, others="毕业生已作废")
VOIDED = State("voided", "学校已作废", settled=True, others="学校已作废")

review = Review(
    college=State("college_review", "去向登记审核中，等待学院审核", Role.COLLEGE, live=True, mine="待你审核", others="待学院审核", amendable=CHANGED),
    school=State("school_review", "去向登记审核中，等待学校审核", Role.SCHOOL, live=True, mine="待你审核", others="待学校审核", amendable=CHANGED),
    approved=EFFECTIVE, rejected=REJECTED, returned=RETURNED, tell=GRADUATE, when=(guards.roster_agrees,),
    on_approval=registering.take_effect, on_rejection=registering.end,
)  # fmt: skip

MAY_BEGIN = (guards.destination_is_on, guards.kind_is_open)
AGREED = "修改之前要与毕业生沟通一致。改完会用消息和短信告诉毕业生改了什么。"

DESTINATION = Flow(
    "destination", "去向登记", Area.EMPLOYMENT, Registration,
    begin=Begin("register", "登记去向", GRADUATE, registering.destination, when=(*MAY_BEGIN, guards.nothing_else_live), rule="DES-01"),
    start=DRAFT,
    holds=(guards.module_is_open, guards.cohort_is_open, guards.on_the_roster),
    proofs=proofs_of,
    title=title_of,
    acts=(
        *filling(DRAFT, review.entry, drafted, when=(*MAY_BEGIN, has_its_proofs)),
        discard(DRAFT),
        *review.acts,
        *recalls(review, DRAFT),
        *refreshes(review),
        *(
            Act("redirect", "修改去向", state, state, by, do=redirection.redirect, tell=GRADUATE, consequence=AGREED, must=True, rule="DES-04")
            for state, by in ((review.college, COLLEGE), (review.school, SCHOOL))
        ),
        *filling(RETURNED, review.entry, drafted, when=(*MAY_BEGIN, has_its_proofs)),
        *give_up(RETURNED),
        Act("amend", "修改去向信息", EFFECTIVE, EFFECTIVE, SCHOOL, form=sheet_of, drafted=True, do=redirection.amend, tell=GRADUATE,
            when=(guards.edition_allows_amending,), consequence=AGREED, must=True, rule="DES-04"),
        Act("cancel", "作废这条去向", EFFECTIVE, CANCELLED, GRADUATE, do=registering.annul, irreversible=True, rule="DES-05",
            consequence="不用老师审核，作废以后立即失效，你的去向变回求职中；可以重新登记去向，或者与单位签约。学校能看到作废记录。"),
        Act("void", "作废去向", EFFECTIVE, VOIDED, SCHOOL, do=registering.annul, when=(guards.edition_allows_voiding,), tell=GRADUATE,
            reason="void_reasons", irreversible=True, must=True, rule="DES-04",
            consequence="作废之前要与毕业生商量一致。作废之后不能恢复，毕业生的去向变回求职中，毕业生会收到通知。"),
    ),
)  # fmt: skip
