"""Confirming what was reported: it goes up, the graduate says whether it is right, a change asks again (CON-01, CON-02)."""

from qicheng.domain.transfer.effects import confirmation as effects
from qicheng.domain.transfer.guards import confirmation as guards
from qicheng.domain.transfer.models import Confirmation
from qicheng.domain.transfer.sheets.confirmation import ANSWER, dispute
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, Fork, State

GRADUATE, SCHOOL, SYSTEM = (Role.GRADUATE,), (Role.SCHOOL,), (Role.SYSTEM,)

UNREPORTED = State("unreported", "未上报", others="未上报")
UNCONFIRMED = State("unconfirmed", "未确认", Role.GRADUATE, mine="待你确认", others="待毕业生确认")
CONFIRMED = State("confirmed", "确认无误", tone="ok")
DISPUTED = State("disputed", "确认有误", Role.SCHOOL, mine="确认有误，待你处理", others="确认有误，待学校处理")

# What goes up at once is there to be confirmed, what waits for its working day is not.
REPORTED_OR_NOT = Fork((UNREPORTED, UNCONFIRMED), lambda case: UNCONFIRMED if case.reported_at else UNREPORTED)

CONFIRMATION = Flow(
    "confirmation", "登记确认", Area.EMPLOYMENT, Confirmation,
    begin=Begin("receive", "登记", SYSTEM, effects.received, rule="CON-01"),
    start=REPORTED_OR_NOT,
    lasting=True,
    holds=(guards.module_is_open, guards.cohort_is_open, guards.on_the_roster),
    acts=(
        Act("report", "上报", UNREPORTED, UNCONFIRMED, SYSTEM, tell=GRADUATE, carried=True, rule="CON-01"),
        *(
            Act("change", "登记的信息有变化", state, REPORTED_OR_NOT, SYSTEM, tell=GRADUATE, carried=True, rule="CON-02")
            for state in (UNREPORTED, UNCONFIRMED, CONFIRMED, DISPUTED)
        ),
        *(
            Act("confirm", "确认无误", state, CONFIRMED, GRADUATE, when=(guards.has_confirmed,), do=effects.confirm,
                in_place=True, primary=state is UNCONFIRMED, rule="CON-01",
                consequence="确认的是这一页上显示的内容。以后登记的信息有变化，会请你重新确认。")
            for state in (UNCONFIRMED, DISPUTED)
        ),
        *(
            Act("dispute", "说明哪里有误", state, DISPUTED, GRADUATE, form=dispute, do=effects.dispute, tell=SCHOOL, rule="CON-02",
                consequence="学校会收到你的说明并处理。没有你本人的确认，学校不能把它改成确认无误。")
            for state in (UNCONFIRMED, CONFIRMED, DISPUTED)
        ),
        Act("answer", "答复毕业生", DISPUTED, UNCONFIRMED, SCHOOL, form=ANSWER, do=effects.answer, tell=GRADUATE, rule="CON-02",
            consequence="答复以后请毕业生重新确认。登记的信息不变；毕业生仍然认为有误的，会再回到这里。"),
    ),
)  # fmt: skip
