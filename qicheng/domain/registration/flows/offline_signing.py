"""Offline signing: the graduate applies for an agreement, has it stamped on paper and brings it back (OFF-01 … OFF-07)."""

from qicheng.domain.registration import guards
from qicheng.domain.registration.effects import offline, registering
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.sheets import LINK, SEALED, STAMPED
from qicheng.domain.registration.sheets.cases import drafted, proofs_of
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, Review, State

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

BEARER = (Role.BEARER,)

DRAFT = State("draft", "暂存", Role.GRADUATE, mine="待你提交", others="毕业生填写中", amendable=FILLED_IN)
FORM_RETURNED = State(
    "form_returned", "协议审核待提交（老师退回）", Role.GRADUATE, live=True, mine="退回待你修改", others="退回待毕业生修改", amendable=FILLED_IN
)  # fmt: skip
FORM_REJECTED = State("form_rejected", "就业协议审核不通过", settled=True, others="协议审核不通过", tone="bad")
FORM_APPROVED = State(
    "form_approved", "就业协议审核通过", Role.GRADUATE, live=True, mine="待你回传盖章协议", others="待回传盖章协议",
    proofs_by=(Role.GRADUATE, Role.BEARER),
)  # fmt: skip
SIGNING_RETURNED = State(
    "signing_returned", "签约审核待提交（老师退回）", Role.GRADUATE, live=True, mine="退回待你重新上传", others="退回待毕业生重新上传",
    proofs_by=(Role.GRADUATE, Role.BEARER),
)  # fmt: skip

form_review = Review(
    college=State("college_form_review", "就业协议审核中，等待学院审核", Role.COLLEGE, live=True, mine="待你审核", others="待学院审核"),
    school=State("school_form_review", "就业协议审核中，等待学校审核", Role.SCHOOL, live=True, mine="待你审核", others="待学校审核"),
    approved=FORM_APPROVED, rejected=FORM_REJECTED, returned=FORM_RETURNED, tell=GRADUATE, when=(guards.roster_agrees,),
    on_approval=offline.approve_form, on_rejection=registering.end,
)  # fmt: skip
review = Review(
    college=COLLEGE_REVIEW, school=SCHOOL_REVIEW, approved=EFFECTIVE, rejected=REJECTED, returned=SIGNING_RETURNED, tell=GRADUATE, when=(guards.roster_agrees,),
    on_approval=offline.seal, on_rejection=registering.end, school_form=SEALED,
)  # fmt: skip

MAY_BEGIN = (guards.signing_is_on, guards.may_sign_online)
STAMPED_ON_PAPER = (FORM_APPROVED, SIGNING_RETURNED)

OFFLINE_SIGNING = Flow(
    "offline_signing", "线下签约", Area.EMPLOYMENT, Registration,
    begin=Begin("apply", "申请电子就业协议书", GRADUATE, registering.offline_form, when=(*MAY_BEGIN, guards.nothing_else_live), rule="OFF-01"),
    start=DRAFT,
    holds=(guards.module_is_open, guards.cohort_is_open, guards.on_the_roster),
    proofs=proofs_of,
    acts=(
        *filling(DRAFT, form_review.entry, drafted, when=MAY_BEGIN),
        discard(DRAFT),
        *form_review.acts,
        *recalls(form_review, DRAFT),
        *refreshes(form_review),
        *filling(FORM_RETURNED, form_review.entry, drafted, when=MAY_BEGIN),
        *(
            Act("bring_back", "提交盖章协议书", state, review.entry, GRADUATE, form=STAMPED, drafted=True, do=offline.bring_back, primary=True,
                rule="OFF-03", consequence="提交以后交老师审核，审核开始之前可以撤回重新上传。")
            for state in STAMPED_ON_PAPER
        ),
        *(
            Act("bring_back", "提交盖章协议书", state, review.entry, BEARER, when=(guards.link_is_open,), do=offline.bring_back, tell=GRADUATE,
                primary=True, rule="OFF-03", consequence="提交以后交学校审核，这个链接就不能再用了。")
            for state in STAMPED_ON_PAPER
        ),
        *(
            Act("send_link", "请单位协助回传", state, state, GRADUATE, form=LINK, do=offline.send_link, tell=BEARER, rule="OFF-03",
                consequence="单位会收到一个链接，不用账号就能下载协议书、上传盖章图像。之前发过的链接同时失效。")
            for state in STAMPED_ON_PAPER
        ),
        *(
            Act("revoke_link", "收回链接", state, state, GRADUATE, when=(guards.a_link_is_out,), do=offline.revoke_link, rule="OFF-03",
                consequence="收回以后，单位不能再用这个链接下载或上传。")
            for state in STAMPED_ON_PAPER
        ),
        *review.acts,
        *recalls(review, FORM_APPROVED, offline.take_image_back),
        *refreshes(review),
        *give_up(FORM_RETURNED, FORM_APPROVED, SIGNING_RETURNED, do=offline.give_up),
        amendment("OFF-06"),
        *endings(EFFECTIVE, GRADUATE, "毕业生"),
    ),
)  # fmt: skip
