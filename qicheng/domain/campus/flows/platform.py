"""毕业去向登记 on a school's own platform: two levels always, and what does not pass is mended and submitted again (CAM-01, CAM-07, CAM-08)."""

from qicheng.domain.campus.effects import platform as effects
from qicheng.domain.campus.guards import platform as guards
from qicheng.domain.campus.guards.profile import part_is_on
from qicheng.domain.campus.models import Part
from qicheng.domain.campus.sheets.platform import FLOW
from qicheng.domain.registration import guards as registrations
from qicheng.domain.registration.effects import registering
from qicheng.domain.registration.flows.acts import (
    COLLEGE,
    FILLED_IN,
    GRADUATE,
    SCHOOL,
    SYSTEM,
    discard,
    filling,
    give_up,
    refresh,
)
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.sheets.cases import drafted, proofs_of, sheet_of, title_of
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, State
from qicheng.foundation.flow.gather import has_its_proofs

CHANGED = (*FILLED_IN, "kind")
DRAFT = State(
    "draft",
    "已保存，未提交",
    Role.GRADUATE,
    mine="待你提交",
    others="毕业生填写中",
    amendable=CHANGED,
    proofs_by=GRADUATE,
)
RETURNED = State(
    "returned", "审核未通过，按要求修改后再次提交", Role.GRADUATE, live=True, mine="审核未通过，待你修改", others="审核未通过，待毕业生修改",
    amendable=CHANGED, proofs_by=GRADUATE,
)  # fmt: skip
AT_COLLEGE = State(
    "college_review", "去向登记审核中，等待学院审核", Role.COLLEGE, live=True, mine="待你审核", others="待学院审核", amendable=FILLED_IN
)  # fmt: skip
AT_SCHOOL = State(
    "school_review", "去向登记审核中，等待学校审核", Role.SCHOOL, live=True, mine="待你审核", others="待学校审核"
)
EFFECTIVE = State("effective", "学校审核通过", live=True, settled=True, others="已生效", tone="ok", amendable=CHANGED)
VOIDED = State("voided", "学校已作废", settled=True, others="学校已作废")

MAY_BEGIN = (guards.kind_is_offered,)
MAY_PASS = (registrations.roster_agrees, has_its_proofs)
REASONS = "rejection_reasons"
NOT_ENDED = "登记不会作废：毕业生看到原因，按要求改好以后再次提交。"

PLATFORM = Flow(
    FLOW, "毕业去向登记", Area.EMPLOYMENT, Registration,
    begin=Begin("register", "登记毕业去向", GRADUATE, effects.registration, when=(*MAY_BEGIN, registrations.nothing_else_live), rule="CAM-01"),
    start=DRAFT,
    holds=(part_is_on(Part.PLATFORM), registrations.module_is_open, registrations.cohort_is_open, registrations.on_the_roster),
    proofs=proofs_of,
    title=title_of,
    acts=(
        *(
            act for state in (DRAFT, RETURNED)
            for act in (
                *filling(state, AT_COLLEGE, drafted, when=(*MAY_BEGIN, has_its_proofs), do=effects.submit),
                Act("retype", "重新选择毕业去向类型", state, state, GRADUATE, do=effects.retype, in_place=True, rule="CAM-07"),
            )
        ),
        discard(DRAFT),
        Act("edit", "修改内容", AT_COLLEGE, AT_COLLEGE, GRADUATE, form=sheet_of, drafted=True, do=effects.edit_submitted, rule="CAM-08"),
        Act("recall", "撤回修改", AT_COLLEGE, DRAFT, GRADUATE, when=(registrations.nobody_has_reviewed,), do=effects.take_back, rule="REG-03",
            consequence="撤回以后老师看不到这次提交，改好再重新提交。"),
        Act("approve", "审核通过", AT_COLLEGE, AT_SCHOOL, COLLEGE, when=MAY_PASS, tell=GRADUATE, primary=True, rule="CAM-01"),
        Act("approve", "审核通过", AT_SCHOOL, EFFECTIVE, SCHOOL, when=MAY_PASS, do=registering.take_effect, tell=GRADUATE, primary=True,
            rule="CAM-01"),
        *(
            Act("return", "审核不通过", state, RETURNED, by, tell=GRADUATE, reason=REASONS, consequence=NOT_ENDED, rule="CAM-08")
            for state, by in ((AT_COLLEGE, COLLEGE), (AT_SCHOOL, SCHOOL))
        ),
        Act("return", "退回修改", AT_SCHOOL, RETURNED, COLLEGE, tell=GRADUATE, reason=REASONS, rule="CAM-08",
            consequence="毕业生联系辅导员要求修改的，从这里退回；改好提交以后，学院、学校重新审核。"),
        refresh(AT_COLLEGE, COLLEGE),
        refresh(AT_SCHOOL, SCHOOL),
        *give_up(RETURNED),
        Act("change", "按申请修改去向", EFFECTIVE, EFFECTIVE, SYSTEM, do=effects.change, carried=True, rule="CAM-04"),
        Act("void", "作废去向", EFFECTIVE, VOIDED, SCHOOL, do=registering.annul, when=(registrations.edition_allows_voiding,), tell=GRADUATE,
            reason="void_reasons", irreversible=True, must=True, rule="DES-04",
            consequence="作废之前要与毕业生商量一致。作废之后不能恢复，毕业生的去向变回求职中，毕业生会收到通知。"),
    ),
)  # fmt: skip
