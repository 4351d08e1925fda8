"""Joining a unit: whoever registers a code that is verified becomes a colleague once the unit's administrator agrees (EMP-01)."""

from qicheng.domain.orgs import guards
from qicheng.domain.orgs.effects import units
from qicheng.domain.orgs.models import EmployerCase
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, State

EMPLOYER = (Role.EMPLOYER,)

ASKED = State("asked", "申请加入，等待单位管理员同意", Role.EMPLOYER, live=True, mine="待你回应", others="待单位回应")
JOINED = State("joined", "已加入单位", settled=True, others="已加入", tone="ok")
TURNED_DOWN = State("turned_down", "单位没有同意", settled=True, others="没有同意")

JOINING_A_UNIT = Flow(
    "joining_a_unit", "加入单位", Area.EMPLOYMENT, EmployerCase,
    begin=Begin("ask", "申请加入", (Role.SYSTEM,), units.application, tell=EMPLOYER, rule="EMP-01"),
    start=ASKED,
    acts=(
        Act("agree", "同意加入", ASKED, JOINED, EMPLOYER, when=(guards.decides_for_the_unit,), do=units.admit, primary=True,
            rule="EMP-01", consequence="同意之后，对方可以用自己的账号以单位的名义邀请毕业生。"),
        Act("refuse", "不同意", ASKED, TURNED_DOWN, EMPLOYER, when=(guards.decides_for_the_unit,), rule="EMP-01",
            consequence="不同意之后，这次申请就结束了，对方可以再次申请。"),
    ),
)  # fmt: skip
