"""Messages owed and sent. `queue` writes them in the act's transaction; jobs send them after commit (NOT-02)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from qicheng.foundation.access import statements

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qicheng.foundation.access import Role


class Kind(StrEnum):
    """What a message is about, as people choose by it on which ways they want it (NOT-01)."""

    REQUEST = "request"
    REVIEW = "review"
    PROGRESS = "progress"
    REMINDER = "reminder"

    @property
    def label(self) -> str:
        return {
            Kind.REQUEST: "签约邀请和解约申请", Kind.REVIEW: "审核结果", Kind.PROGRESS: "对方的回应和办理进度",
            Kind.REMINDER: "快到期和久等的提醒",
        }[self]  # fmt: skip


# What must be told whatever its receiver prefers has no kind.
MUST = ""

# Which channels an act has words for, and of which kind they are; the engine above fills both from its declarations.
channels_of: Callable[[str, str], tuple[str, ...]] = lambda flow, act: ("inbox",)  # noqa: E731
kind_of: Callable[[str, str], str] = lambda flow, act: MUST  # noqa: E731

# A way is left out where nobody of that role has it, and where the receiver does not want this kind on it. The inbox has everything.
_WANTED = """(c.channel <> 'wechat' OR {role} = 'graduate') AND (c.channel = 'inbox' OR NOT EXISTS (
    SELECT FROM notice_refusal x WHERE x.role = {role} AND x.node = {node} AND x.kind = %(kind)s AND x.channel = c.channel))"""

_INSERT = f"""
INSERT INTO notice_notice (record, flow, "case", act, cohort, role, node, channel, state, attempts, failure)
SELECT %(record)s, %(flow)s, %(case)s, %(act)s, %(cohort)s, a.role, a.node, c.channel,
    CASE WHEN c.channel = 'inbox' THEN 'sent' ELSE 'owed' END, 0, ''
FROM unnest(%(roles)s::text[], %(nodes)s::bigint[]) AS a(role, node), unnest(%(channels)s::text[]) AS c(channel)
WHERE {_WANTED.format(role="a.role", node="a.node")}
"""  # noqa: S608 -- names of our own columns


def queue(*, record: int, flow: str, case: str, act: str, cohort: int, audiences: Sequence[tuple[Role, int]]) -> None:
    """Owe the audiences of an act its messages, on every channel that the act has words for."""
    statements.change(
        _INSERT,
        {
            "record": record, "flow": flow, "case": case, "act": act, "cohort": cohort,
            "roles": [str(role) for role, _ in audiences], "nodes": [node for _, node in audiences],
            "channels": list(channels_of(flow, act)), "kind": kind_of(flow, act),
        },
    )  # fmt: skip


_INSERT_EACH = f"""
INSERT INTO notice_notice (record, flow, "case", act, cohort, role, node, channel, state, attempts, failure)
SELECT r.id, %(flow)s, r."case", %(act)s, r.cohort, %(role)s::text, r.node, c.channel,
    CASE WHEN c.channel = 'inbox' THEN 'sent' ELSE 'owed' END, 0, ''
FROM unnest(%(records)s::bigint[], %(cases)s::text[], %(cohorts)s::int[], %(nodes)s::bigint[]) AS r(id, "case", cohort, node),
    unnest(%(channels)s::text[]) AS c(channel)
WHERE {_WANTED.format(role="%(role)s::text", node="r.node")}
"""  # noqa: S608 -- names of our own columns


def queue_each(*, flow: str, act: str, role: Role, owed: Sequence[tuple[int, str, int, int]]) -> None:
    """Owe many of one role the message of the same act in one statement; `owed` are (record, case, cohort, node)."""
    records, cases, cohorts, nodes = (list(column) for column in zip(*owed, strict=True)) if owed else ([], [], [], [])
    statements.change(
        _INSERT_EACH,
        {
            "flow": flow, "act": act, "role": str(role), "records": records, "cases": cases, "cohorts": cohorts, "nodes": nodes,
            "channels": list(channels_of(flow, act)), "kind": kind_of(flow, act),
        },
    )  # fmt: skip
