"""填报毕业去向: the form follows the 就业形式; saved, submitted, reviewed by college and career centre (PKU-02, PKU-03, PKU-04, PKU-09)."""

from dataclasses import replace

from qicheng.domain.campus.effects import forms as effects
from qicheng.domain.campus.effects import platform
from qicheng.domain.campus.guards import forms as guards
from qicheng.domain.campus.guards.profile import part_is_on
from qicheng.domain.campus.models import Part
from qicheng.domain.campus.sheets.forms import FLOW
from qicheng.domain.campus.sheets.plan import KEEPING
from qicheng.domain.registration import guards as registrations
from qicheng.domain.registration.effects import registering
from qicheng.domain.registration.flows.acts import (
    COLLEGE,
    FILLED_IN,
    GRADUATE,
    SCHOOL,
    SYSTEM,
    discard,
    give_up,
    refreshes,
)
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.sheets.cases import drafted, proofs_of, sheet_of, title_of
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, Fork, Review, State
from qicheng.foundation.flow.gather import has_its_proofs

CHANGED = (*FILLED_IN, "kind")
DRAFT = State(
    "draft", "已保存", Role.GRADUATE, mine="已保存，待你提交", others="毕业生填写中", amendable=CHANGED, proofs_by=GRADUATE
)  # fmt: skip
RETURNED = State(
    "returned", "退回修改", Role.GRADUATE, live=True, mine="退回待你修改", others="退回待毕业生修改", amendable=CHANGED, proofs_by=GRADUATE
)  # fmt: skip
AT_COLLEGE = State(
    "college_review", "已提交，等待学院审核", Role.COLLEGE, live=True, mine="待你审核", others="待学院审核", amendable=CHANGED
)  # fmt: skip
AT_SCHOOL = State(
    "school_review", "学院审核通过，等待就业中心审核", Role.SCHOOL, live=True, mine="待你审核", others="待就业中心审核", amendable=CHANGED
)  # fmt: skip
# What file and household do may still be marked (PKU-04); everything else waits for the one change.
EFFECTIVE = State("effective", "审核通过", live=True, settled=True, others="已生效", tone="ok", amendable=("terms",))
REOPENED = State(
    "reopened", "同意更改，待重新填报", Role.GRADUATE, live=True, mine="待你重新填报", others="待毕业生重新填报", amendable=CHANGED,
    proofs_by=GRADUATE,
)  # fmt: skip
VOIDED = State("voided", "学校已作废", settled=True, others="学校已作废")

review = Review(
    college=AT_COLLEGE, school=AT_SCHOOL, approved=EFFECTIVE, rejected=RETURNED, returned=RETURNED, tell=GRADUATE,
    when=(registrations.roster_agrees,), on_approval=registering.take_effect,
)  # fmt: skip
# What was opened for its one change was reviewed by the college already (PKU-07).
ONWARD = Fork((AT_COLLEGE, AT_SCHOOL), lambda case: AT_COLLEGE if case.effective_at is None else AT_SCHOOL)
MAY_SUBMIT = (
    registrations.has_confirmed, guards.kind_is_known, guards.needs_a_form, has_its_proofs, registrations.is_filled_in,
    registrations.nothing_else_live,
)  # fmt: skip
MAY_STILL_EDIT = (guards.is_no_agreement, guards.was_never_in_effect, guards.before_closing, guards.plan_is_open)
NEXT = "提交以后由学院、就业中心审核。签就业协议的，提交以后不能自己修改；其他的，上报就业方案以前还可以修改。"
FINAL = "这是最后一次提交，提交以后不能再自己修改。审核通过以前，原来的去向仍然有效。"

DECLARED = Flow(
    FLOW, "填报毕业去向", Area.EMPLOYMENT, Registration,
    begin=Begin("register", "填报毕业去向", GRADUATE, effects.declaration, rule="PKU-02",
                when=(guards.kind_is_known, guards.needs_a_form, registrations.nothing_else_live)),
    start=DRAFT,
    holds=(part_is_on(Part.FORMS), registrations.module_is_open, registrations.cohort_is_open, registrations.on_the_roster),
    proofs=proofs_of,
    title=title_of,
    acts=(
        *(
            act for state, target, consequence in ((DRAFT, AT_COLLEGE, NEXT), (RETURNED, ONWARD, NEXT), (REOPENED, AT_SCHOOL, FINAL))
            for act in (
                Act("edit", "修改内容", state, state, GRADUATE, form=drafted, drafted=True, do=registering.edit, rule="PKU-03"),
                Act("retype", "改选就业形式", state, state, GRADUATE, do=platform.retype, in_place=True, rule="PKU-02"),
                Act("submit", "提交审核", state, target, GRADUATE, do=effects.submit, primary=True, when=MAY_SUBMIT, consequence=consequence,
                    rule="PKU-03"),
            )
        ),
        discard(DRAFT),
        *(act for act in review.acts if act.name != "reject"),
        *refreshes(review),
        # What the college has seen changes: it sees it again.
        *(
            Act("edit", "修改内容", state, AT_COLLEGE, GRADUATE, form=sheet_of, drafted=True, do=platform.edit_submitted, when=MAY_STILL_EDIT,
                rule="PKU-03", consequence="保存以后，学院按改过的内容重新审核。")
            for state in (AT_COLLEGE, AT_SCHOOL)
        ),
        *(
            Act("recall", "撤回修改", state, DRAFT, GRADUATE, when=MAY_STILL_EDIT, do=platform.take_back, rule="PKU-03",
                consequence="撤回以后老师看不到这次提交。可以改选就业形式、换证明材料，改好再重新提交。")
            for state in (AT_COLLEGE, AT_SCHOOL)
        ),
        *(
            Act("amend", "按毕业生申请修改", state, state, COLLEGE, form=sheet_of, drafted=True, do=effects.amend, tell=GRADUATE, reason="amend_reasons",
                consequence="毕业生向学院申请修改的，由学院改。写明申请的情况，毕业生会收到改了什么。", must=True, rule="PKU-03")
            for state in (AT_COLLEGE, AT_SCHOOL)
        ),
        Act("keep", "户口和档案暂存学校", EFFECTIVE, EFFECTIVE, SCHOOL, form=KEEPING, do=effects.keep, when=(guards.is_publicly_funded,),
            tell=GRADUATE, consequence="公派出国的毕业生持个人申请当面办理。暂存以后，户口和档案不转回生源地。", rule="PKU-04"),
        Act("send_home", "结束暂存", EFFECTIVE, EFFECTIVE, SCHOOL, do=effects.send_home, when=(guards.is_kept,), tell=GRADUATE,
            consequence="结束暂存以后，户口和档案转回生源地。", must=True, rule="PKU-04"),
        *(replace(act, when=(guards.was_never_in_effect,)) for act in give_up(RETURNED)),
        Act("open_up", "同意更改，开放填报", EFFECTIVE, REOPENED, SYSTEM, carried=True, tell=GRADUATE, rule="PKU-07"),
        *(
            Act("void", "作废去向", state, VOIDED, SCHOOL, do=registering.annul, tell=GRADUATE, reason="void_reasons", irreversible=True, must=True, rule="PKU-03",
                consequence="作废之前要与毕业生商量一致。作废之后不能恢复，毕业生的去向变回求职中，毕业生会收到通知。")
            for state in (EFFECTIVE, REOPENED)
        ),
    ),
)  # fmt: skip
