"""Authorising the verification of the own report: for a period that the graduate chooses, and ends when it likes (VER-02)."""

from qicheng.domain.transfer.effects import verification as effects
from qicheng.domain.transfer.guards import verification as guards
from qicheng.domain.transfer.models import Authorisation
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, State

GRADUATE, SYSTEM = (Role.GRADUATE,), (Role.SYSTEM,)

IN_FORCE = State("in_force", "授权有效", live=True, tone="ok")
ENDED = State("ended", "已结束", settled=True)
EXPIRED = State("expired", "已到期", settled=True)
LAPSED = State("lapsed", "已失效（信息有变更）", settled=True)

AUTHORISATION = Flow(
    "authorisation", "授权核验", Area.ARCHIVE, Authorisation,
    begin=Begin("authorise", "授权核验", GRADUATE, effects.authorisation,
                when=(guards.module_is_open, guards.cohort_is_open, guards.on_the_roster, guards.has_confirmed_the_record,
                      guards.nothing_in_force, guards.period_is_allowed),
                complete=effects.ask_for_report, rule="VER-02"),
    start=IN_FORCE,
    acts=(
        Act("end", "结束授权", IN_FORCE, ENDED, GRADUATE, do=effects.close, irreversible=True, rule="VER-02",
            consequence="结束以后，报告的核验编号和二维码立即核验不到，已经交出去的也一样。需要时可以重新授权，报告的编号是新的。"),
        Act("expire", "授权到期", IN_FORCE, EXPIRED, SYSTEM, when=(guards.period_is_over,), do=effects.close, tell=GRADUATE, rule="VER-02"),
        Act("lapse", "信息有变更，授权失效", IN_FORCE, LAPSED, SYSTEM, do=effects.close, tell=GRADUATE, carried=True, rule="VER-02"),
    ),
)  # fmt: skip
