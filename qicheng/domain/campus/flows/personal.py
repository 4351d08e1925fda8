"""What graduates say of themselves before they register: written at once (CAM-02), or reviewed by the college (PKU-01)."""

from qicheng.domain.campus.effects import personal as effects
from qicheng.domain.campus.guards import personal as guards
from qicheng.domain.campus.guards.profile import part_is_on
from qicheng.domain.campus.models import Part, PersonalInformation, Supplement
from qicheng.domain.campus.sheets.personal import PERSONAL, SUPPLEMENT
from qicheng.domain.registration.guards import cohort_is_open, on_the_roster
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, State

GRADUATE, COLLEGE = (Role.GRADUATE,), (Role.COLLEGE,)
SAID = ("terms", "before")
# What is wrong with so little is said in words; no table of reasons is asked for (REG-02).
WORDS = "in_words"

SUBMITTED = State("submitted", "个人信息已提交", others="已提交", tone="ok")

PERSONAL_INFORMATION = Flow(
    "personal_information", "个人信息完善", Area.EMPLOYMENT, PersonalInformation,
    begin=Begin("submit", "提交个人信息", GRADUATE, effects.personal_information, complete=effects.stamp, do=effects.declare, rule="CAM-02"),
    start=SUBMITTED,
    lasting=True,
    holds=(part_is_on(Part.PERSONAL), cohort_is_open, on_the_roster),
    acts=(
        Act("change", "修改个人信息", SUBMITTED, SUBMITTED, GRADUATE, form=PERSONAL, drafted=True, do=effects.declare, in_place=True, rule="CAM-02",
            consequence="提交以后马上写入学校名单，不用审核。"),
    ),
)  # fmt: skip

DRAFT = State(
    "draft", "已撤回，还没有重新提交", Role.GRADUATE, live=True, mine="待你提交", others="毕业生修改中", amendable=SAID
)
RETURNED = State(
    "returned", "退回修改", Role.GRADUATE, live=True, mine="退回待你修改", others="退回待毕业生修改", amendable=SAID
)
REVIEW = State("college_review", "审核中，等待学院审核", Role.COLLEGE, live=True, mine="待你审核", others="待学院审核")
APPROVED = State("approved", "审核通过", settled=True, tone="ok")
GIVEN_UP = State("given_up", "毕业生已放弃", settled=True, others="已放弃")

SUPPLEMENTING = Flow(
    "supplement", "补充个人就业信息", Area.EMPLOYMENT, Supplement,
    begin=Begin("submit", "提交补充信息", GRADUATE, effects.supplement, when=(guards.nothing_else_open,), complete=effects.freeze,
                do=effects.compared, rule="PKU-01"),
    start=REVIEW,
    holds=(part_is_on(Part.SUPPLEMENT), cohort_is_open, on_the_roster),
    acts=(
        *(
            Act("resubmit", "重新提交", state, REVIEW, GRADUATE, form=SUPPLEMENT, drafted=True, do=effects.submit, in_place=True, primary=True,
                rule="PKU-01", consequence="提交以后由学院审核，审核之前可以撤回修改。")
            for state in (DRAFT, RETURNED)
        ),
        Act("recall", "撤回修改", REVIEW, DRAFT, GRADUATE, do=effects.take_back, rule="PKU-01",
            consequence="撤回以后老师看不到这次提交，改好再重新提交。"),
        Act("approve", "审核通过", REVIEW, APPROVED, COLLEGE, when=(guards.line_is_as_submitted,), do=effects.approve, tell=GRADUATE, primary=True,
            rule="PKU-01"),
        Act("return", "退回修改", REVIEW, RETURNED, COLLEGE, tell=GRADUATE, reason=WORDS, rule="PKU-01"),
        *(
            Act("give_up", "放弃这次提交", state, GIVEN_UP, GRADUATE, do=effects.end, irreversible=True, rule="PKU-01",
                consequence="放弃以后这次提交就结束了，名单里的信息不变。")
            for state in (DRAFT, RETURNED)
        ),
    ),
)  # fmt: skip
