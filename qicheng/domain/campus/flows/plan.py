"""上报就业方案: a college reports what its graduates have filled in, the career centre takes it or sends it back (PKU-03)."""

from qicheng.domain.campus.effects import plan as effects
from qicheng.domain.campus.guards import plan as guards
from qicheng.domain.campus.guards.profile import part_is_on
from qicheng.domain.campus.models import Part, Plan
from qicheng.domain.campus.sheets.plan import REPORT
from qicheng.domain.registration import guards as registrations
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, State

COLLEGE, SCHOOL = (Role.COLLEGE,), (Role.SCHOOL,)
CHANGED = ("rounds", "total", "missing", "explanation", "reported_at")

REPORTED = State("reported", "已上报，等待学校接收", Role.SCHOOL, live=True, mine="待你接收", others="待学校接收")
RETURNED = State(
    "returned", "学校退回，待重新上报", Role.COLLEGE, live=True, mine="退回待你重新上报", others="退回待学院重新上报"
)
ACCEPTED = State("accepted", "学校已接收", live=True, settled=True, tone="ok")
ONCE_REPORTED = "上报以后毕业生不能再自己修改，需要修改的由学院办理。"

PLANNING = Flow(
    "plan", "上报就业方案", Area.EMPLOYMENT, Plan,
    begin=Begin("report", "上报就业方案", COLLEGE, effects.plan, complete=effects.number, do=effects.freeze, tell=SCHOOL, rule="PKU-03",
                when=(guards.somebody_is_there, guards.closing_has_come, guards.nothing_waits_for_the_college, guards.everybody_is_accounted_for)),
    start=REPORTED,
    holds=(part_is_on(Part.PLAN), registrations.cohort_is_open),
    acts=(
        Act("accept", "接收就业方案", REPORTED, ACCEPTED, SCHOOL, tell=COLLEGE, primary=True, rule="PKU-03",
            consequence="接收以后学院不能再改这份方案；还要补充的，可以退回给学院重新上报。"),
        *(
            Act("return", "退回学院", state, RETURNED, SCHOOL, tell=COLLEGE, reason="plan_reasons", rule="PKU-03",
                consequence="学院按你写的改好以后重新上报。已经上报过的内容留着，可以对照。")
            for state in (REPORTED, ACCEPTED)
        ),
        Act("again", "重新上报", RETURNED, REPORTED, COLLEGE, form=REPORT, drafted=True, do=effects.report_again, tell=SCHOOL, primary=True,
            when=(guards.nothing_waits_for_the_college,), consequence=ONCE_REPORTED, rule="PKU-03"),
    ),
)  # fmt: skip
