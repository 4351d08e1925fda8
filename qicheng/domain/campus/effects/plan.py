"""A college reports its plan: the lines are frozen as they are, round by round; who has filled in nothing is reminded (PKU-03)."""

# ruff: noqa: S608 -- names of our own tables and columns; values are parameters

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.effects.reminding import remind_each
from qicheng.domain.campus.models import Plan
from qicheng.domain.campus.queries import plan as queries
from qicheng.domain.orgs.models import College
from qicheng.foundation.access import statements
from qicheng.foundation.flow.perform import Refused, clock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from qicheng.foundation.access import Actor

MOST_WORDS = 500
REMINDER = "declared_reminder"
_FREEZE = f"""INSERT INTO campus_planline (plan_id, cohort, round, place, graduate_id, name, student_number, major, level, form, way_out, unit, assigned,
        state, "case", case_version, content)
    SELECT %(plan)s, g.cohort, %(round)s, row_number() OVER (ORDER BY g.major, g.student_number, g.id), g.id, g.name, g.student_number, g.major, g.level,
        {queries.FORM}, {queries.WAY_OUT}, {queries.UNIT}, {queries.ASSIGNED}, coalesce(r.state, ''), coalesce(r.public_id::text, ''),
        coalesce(r.version, 0), {queries.CONTENT}
    FROM {queries.SOURCE} WHERE {queries.MINE}"""


def plan(actor: Actor, *, cohort: int, tier: str, explanation: str = "") -> Plan:
    """The unsaved plan of the actor's college. Raises Refused for a tier that the actor does not answer for."""
    if tier not in queries.tiers_of(actor):
        raise Refused("你的账号不管这个培养层次。")
    college, now = College.objects.get(pk=actor.node), clock()
    case = queries.intended(actor, college.pk, college.school_id, cohort, tier)
    case.explanation, case.waiting_since, case.begun_at = explanation.strip()[:MOST_WORDS], now, now
    return case


def number(case: Plan, actor: Actor) -> None:
    """How many it is about, and when."""
    found = queries.counts(case)
    case.total, case.missing, case.reported_at = found.total, found.missing, clock(case)


def freeze(case: Plan, actor: Actor) -> Mapping[str, Any]:
    """Write the lines of this round, in one statement."""
    statements.change(
        _FREEZE, {"plan": case.pk, "round": case.rounds, "college": case.college_id, "cohort": case.cohort, "tier": case.tier}
    )  # fmt: skip
    return {"人数": ["", str(case.total)], "没有填报": ["", str(case.missing)]}


def report_again(case: Plan, actor: Actor, *, explanation: str = "") -> Mapping[str, Any]:
    """Another round, with what stands now."""
    case.explanation, case.rounds = explanation.strip()[:MOST_WORDS], case.rounds + 1
    number(case, actor)
    if why := _unexplained(case):
        raise Refused(why)
    return freeze(case, actor)


def remind(public_ids: Sequence[UUID], actor: Actor, cohort: int) -> int:
    """Remind graduates who have filled in nothing, each once a day at most; how many are told. Raises NotOpen, Refused."""
    return remind_each(REMINDER, public_ids, actor, cohort)


def _unexplained(case: Plan) -> str | None:
    return (
        f"还有 {case.missing} 人没有填报，写明原因和打算怎么办，再上报。"
        if case.missing and not case.explanation
        else None
    )
