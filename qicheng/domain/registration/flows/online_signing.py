"""Online signing: the employer invites, the graduate answers, the school reviews (SIGN-01 … SIGN-08)."""

from qicheng.domain.registration import guards
from qicheng.domain.registration.effects import registering, signing
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.sheets import JOB_CATEGORY
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, Review, State

from .acts import GRADUATE, REJECTED, SCHOOL, endings, refreshes

EMPLOYER = (Role.EMPLOYER,)
BOTH_SIDES = (Role.GRADUATE, Role.EMPLOYER)

INVITED = State("invited", "单位发起邀请，等待应约", Role.GRADUATE, mine="待你回应", others="待毕业生回应")
DECLINED = State("declined", "学生已拒绝签约", settled=True, others="已拒绝")
EXPIRED = State("expired", "签约逾期（逾期未回应，签约失败）", settled=True, others="逾期失效")
WITHDRAWN = State("withdrawn", "单位已撤回邀请", settled=True, others="已撤回")
EFFECTIVE = State(
    "effective", "签约审核通过", live=True, settled=True, others="已生效", tone="ok", amendable=("job_category",)
)

review = Review(
    college=State("college_review", "学生已同意签约，等待学院审核", Role.COLLEGE, live=True, mine="待你审核", others="待学院审核"),
    school=State("school_review", "学生已同意签约，等待学校审核", Role.SCHOOL, live=True, mine="待你审核", others="待学校审核"),
    approved=EFFECTIVE, rejected=REJECTED, tell=BOTH_SIDES, when=(guards.roster_agrees,),
    on_approval=signing.take_effect, on_rejection=registering.end,
)  # fmt: skip

ONLINE_SIGNING = Flow(
    "online_signing", "线上签约", Area.EMPLOYMENT, Registration,
    begin=Begin(
        "invite", "发出邀请", EMPLOYER, signing.invitation, tell=GRADUATE, rule="SIGN-01",
        when=(guards.employer_is_verified, guards.signing_is_on, guards.may_sign_online, guards.not_already_signed_with),
    ),
    start=INVITED,
    holds=(guards.module_is_open, guards.cohort_is_open, guards.on_the_roster),
    acts=(
        Act("accept", "同意签约", INVITED, review.entry, GRADUATE, tell=EMPLOYER, do=signing.freeze_student, in_person=True,
            when=(guards.before_deadline, guards.has_confirmed, guards.may_sign_online, guards.nothing_else_live),
            consequence="同意之后，其他单位的邀请只能查看，不能再同意；学校审核通过，协议就生效。", primary=True, rule="SIGN-03"),
        Act("decline", "拒绝", INVITED, DECLINED, GRADUATE, when=(guards.before_deadline,), do=registering.end, tell=EMPLOYER,
            consequence="拒绝之后，这份邀请就结束了；单位可以再次邀请你。", rule="SIGN-04"),
        Act("withdraw", "撤回邀请", INVITED, WITHDRAWN, EMPLOYER, when=(guards.before_deadline,), do=registering.end, tell=GRADUATE,
            consequence="撤回之后，毕业生不能再同意这份邀请；你可以重新发出。", rule="EMP-04"),
        Act("expire", "逾期失效", INVITED, EXPIRED, (Role.SYSTEM,), when=(guards.past_deadline,), tell=BOTH_SIDES, rule="SIGN-02"),
        *review.acts,
        *refreshes(review),
        Act("amend", "修改职位类别", EFFECTIVE, EFFECTIVE, SCHOOL, form=JOB_CATEGORY, drafted=True, do=signing.amend, tell=GRADUATE,
            consequence="改完会用消息和短信告诉毕业生。", must=True, rule="SIGN-07"),
        *endings(EFFECTIVE, BOTH_SIDES, "双方都"),
    ),
)  # fmt: skip
