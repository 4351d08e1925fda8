"""The transfer report in its three issues: asked for, made and signed by a job, superseded when what it says changes (REP-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.transfer.effects import reports as effects
from qicheng.domain.transfer.guards import reports as guards
from qicheng.domain.transfer.models import ArchiveReport, GraduateReport, HouseholdReport
from qicheng.foundation.access import Role
from qicheng.foundation.flow.declare import Act, Begin, Flow, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from qicheng.domain.transfer.models import TransferReport

SYSTEM, BOTH = (Role.SYSTEM,), (Role.SCHOOL, Role.COLLEGE)
MADE = ("issued_at", "why")

ASKED = State("asked", "正在生成", live=True, tone="info", amendable=MADE)
UNSIGNED = State("unsigned", "等待签章", live=True, tone="info", amendable=MADE)
HELD = State("held", "暂不能生成", live=True, tone="warn", amendable=MADE)
ISSUED = State("issued", "已生成", live=True, tone="ok")
SUPERSEDED = State("superseded", "已失效（信息有变更）", settled=True)
WITHDRAWN = State("withdrawn", "已收回", settled=True)
UNMADE = (ASKED, UNSIGNED, HELD)


def reporting(
    name: str, label: str, model: type[TransferReport], by: tuple[Role, ...], make: Callable[..., Any]
) -> Flow:
    """The flow of one issue; whoever asks for it may take it back."""
    told = (Role.GRADUATE,) if Role.GRADUATE in by else ()
    return Flow(
        name, label, model.AREA, model,
        begin=Begin("ask", "生成报告", by, make, when=guards.TO_ASK, complete=effects.freeze, do=effects.make_later, rule="REP-01"),
        start=ASKED,
        acts=(
            *(Act("issue", "生成完成", state, ISSUED, SYSTEM, when=guards.TO_ISSUE, do=effects.issue_made, tell=told, carried=True, rule="REP-02")
              for state in UNMADE),
            *(Act("wait_for_seal", "等待签章", state, UNSIGNED, SYSTEM, do=effects.say_why, carried=True, rule="REP-02")
              for state in (ASKED, HELD)),
            *(Act("hold", "暂不能生成", state, HELD, SYSTEM, do=effects.say_why, carried=True, rule="REP-02")
              for state in (ASKED, UNSIGNED)),
            Act("download", "第一次下载", ISSUED, ISSUED, SYSTEM, do=effects.first_downloaded, carried=True, rule="REP-01"),
            Act("verify", "第一次核验", ISSUED, ISSUED, SYSTEM, do=effects.first_verified, carried=True, rule="VER-03"),
            *(Act("supersede", "信息有变更，报告失效", state, SUPERSEDED, SYSTEM, do=effects.close, tell=told if state is ISSUED else (),
                  carried=True, rule="REP-01")
              for state in (*UNMADE, ISSUED)),
            *(Act("withdraw", "收回报告", state, WITHDRAWN, (*by, Role.SYSTEM), do=effects.close, irreversible=True, rule="REP-01",
                  consequence="收回以后，这份报告的编号和二维码立即失效，已经打印出去的也一样；需要时可以重新生成，编号是新的。")
              for state in (*UNMADE, ISSUED)),
        ),
    )  # fmt: skip


GRADUATE_REPORT = reporting(
    "graduate_report", "去向登记信息报告（毕业生）", GraduateReport, (Role.GRADUATE,), effects.graduate_report
)
ARCHIVE_REPORT = reporting(
    "archive_report", "去向登记信息报告（档案转递）", ArchiveReport, BOTH, effects.archive_report
)
HOUSEHOLD_REPORT = reporting(
    "household_report", "去向登记信息报告（户口迁移）", HouseholdReport, BOTH, effects.household_report
)
