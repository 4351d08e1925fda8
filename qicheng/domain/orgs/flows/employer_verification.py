"""Verification of an employer: whoever registers a unit applies, the operator looks at the licence and decides (EMP-01)."""

from qicheng.domain.orgs import guards
from qicheng.domain.orgs.effects import units
from qicheng.domain.orgs.models import EmployerCase
from qicheng.domain.orgs.sheets import WHOLE
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, State

EMPLOYER, MINISTRY = (Role.EMPLOYER,), (Role.MINISTRY,)

WAITING = State("waiting", "等待平台核验", Role.MINISTRY, live=True, mine="待你核验", others="待平台核验")
RETURNED = State("returned", "退回修改", Role.EMPLOYER, live=True, mine="退回修改", others="待单位修改")
VERIFIED = State("verified", "核验通过", settled=True, others="核验通过", tone="ok")
REJECTED = State("rejected", "核验不通过", settled=True, others="核验不通过", tone="bad")

EMPLOYER_VERIFICATION = Flow(
    "employer_verification", "单位核验", Area.EMPLOYMENT, EmployerCase,
    begin=Begin("apply", "申请核验", (Role.EMPLOYER, Role.SYSTEM), units.application, rule="EMP-01"),
    start=WAITING,
    acts=(
        Act("approve", "核验通过", WAITING, VERIFIED, MINISTRY, do=units.verify, tell=EMPLOYER, primary=True, rule="EMP-01",
            consequence="通过之后，单位就能邀请毕业生；申请人成为单位管理员。"),
        Act("return", "退回修改", WAITING, RETURNED, MINISTRY, when=(guards.applicant_can_log_in,), tell=EMPLOYER,
            reason="employer_reasons", rule="EMP-01", consequence="单位改好后再交上来。"),
        Act("reject", "核验不通过", WAITING, REJECTED, MINISTRY, tell=EMPLOYER, reason="employer_reasons", irreversible=True,
            rule="EMP-01", consequence="不通过会结束这次申请，单位不能邀请毕业生。要改了再交的，用退回修改。"),
        Act("resubmit", "改好再交", RETURNED, WAITING, EMPLOYER, when=(guards.is_own_application,), do=units.correct, form=WHOLE,
            rule="EMP-01", consequence="交上去之后由平台重新核验。"),
    ),
)  # fmt: skip
