"""户档信息登记: the graduate fills in where file and household go, college and school review it by itself (CAM-07, CAM-08)."""

from qicheng.domain.campus.effects import files as effects
from qicheng.domain.campus.guards import files as guards
from qicheng.domain.campus.guards.profile import part_is_on
from qicheng.domain.campus.models import FileRegistration, Part
from qicheng.domain.campus.sheets.files import asked, drafted
from qicheng.domain.registration import guards as registrations
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, State

GRADUATE, COLLEGE, SCHOOL, SYSTEM = (Role.GRADUATE,), (Role.COLLEGE,), (Role.SCHOOL,), (Role.SYSTEM,)
FILLED_IN = ("terms", "unit")

DRAFT = State(
    "draft", "已保存，未提交", Role.GRADUATE, live=True, mine="待你提交", others="毕业生填写中", amendable=FILLED_IN
)
RETURNED = State(
    "returned", "审核未通过，待修改", Role.GRADUATE, live=True, mine="审核未通过，待你修改", others="审核未通过，待毕业生修改", amendable=FILLED_IN
)  # fmt: skip
AT_COLLEGE = State(
    "college_review", "已提交，等待学院审核", Role.COLLEGE, live=True, mine="待你审核", others="待学院审核", amendable=FILLED_IN
)  # fmt: skip
AT_SCHOOL = State(
    "school_review", "学院审核通过，等待学校审核", Role.SCHOOL, live=True, mine="待你审核", others="待学校审核"
)
EFFECTIVE = State("effective", "学校审核通过", live=True, settled=True, others="已生效", tone="ok", amendable=FILLED_IN)
LAPSED = State("lapsed", "已失效", settled=True, others="随毕业去向登记失效")

MAY_SUBMIT = (guards.has_confirmed, guards.destination_is_submitted, guards.is_filled_in)
MAY_PASS = (guards.reads_both, guards.destination_is_submitted, guards.unit_is_as_submitted)
BOTH = ((AT_COLLEGE, COLLEGE), (AT_SCHOOL, SCHOOL))

FILE_REGISTRATION = Flow(
    "file_registration", "户档信息登记", Area.ARCHIVE, FileRegistration,
    begin=Begin("fill_in", "登记户档信息", GRADUATE, effects.file_registration, when=(guards.destination_is_submitted,), rule="CAM-07"),
    start=DRAFT,
    holds=(part_is_on(Part.FILES), registrations.cohort_is_open, registrations.on_the_roster),
    acts=(
        *(
            Act("edit", "修改内容", state, state, GRADUATE, form=drafted, drafted=True, do=effects.edit, rule="CAM-08")
            for state in (DRAFT, RETURNED)
        ),
        Act("edit", "修改内容", AT_COLLEGE, AT_COLLEGE, GRADUATE, form=asked, drafted=True, do=effects.edit,
            when=(guards.destination_is_submitted,), rule="CAM-08"),
        *(
            Act("submit", "提交", state, AT_COLLEGE, GRADUATE, when=MAY_SUBMIT, do=effects.submit, primary=True, rule="CAM-07",
                consequence="提交以后由学院、学校两级审核。辅导员审核之前还可以修改；审核以后需要修改的，联系辅导员。")
            for state in (DRAFT, RETURNED)
        ),
        Act("approve", "审核通过", AT_COLLEGE, AT_SCHOOL, COLLEGE, when=MAY_PASS, tell=GRADUATE, primary=True, rule="CAM-08"),
        Act("approve", "审核通过", AT_SCHOOL, EFFECTIVE, SCHOOL, when=(*MAY_PASS, guards.destination_is_approved), do=effects.take_effect,
            tell=GRADUATE, primary=True, rule="CAM-07"),
        *(
            Act("return", "审核不通过", state, RETURNED, by, when=(guards.reads_both,), tell=GRADUATE, reason="rejection_reasons", rule="CAM-08",
                consequence="登记不会作废：毕业生看到原因，改好以后重新提交。毕业去向登记不受影响。")
            for state, by in BOTH
        ),
        Act("return", "退回修改", AT_SCHOOL, RETURNED, COLLEGE, when=(guards.reads_both,), tell=GRADUATE, reason="rejection_reasons", rule="CAM-08",
            consequence="毕业生联系辅导员要求修改的，从这里退回；改好提交以后，学院、学校重新审核。"),
        Act("reopen", "取回重新填写", AT_SCHOOL, RETURNED, GRADUATE, when=(guards.unit_has_changed,), rule="CAM-07",
            consequence="取回以后对照新的毕业去向改好，重新提交，再由学院、学校两级审核。"),
        Act("change", "户档信息修改", EFFECTIVE, EFFECTIVE, SYSTEM, do=effects.change, carried=True, rule="CAM-04"),
        *(
            Act("lapse", "随去向失效", state, LAPSED, SYSTEM, when=(guards.destination_is_gone,), do=effects.lapse, carried=True, rule="CAM-07")
            for state in (DRAFT, RETURNED, AT_COLLEGE, AT_SCHOOL, EFFECTIVE)
        ),
    ),
)  # fmt: skip
