"""A college reports its plan: the lines are frozen as they are, round by round; who has filled in nothing is reminded (PKU-03)."""

# ruff: noqa: S608 -- names of our own tables and columns; values are parameters

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from qicheng.domain.campus.models import Plan
from qicheng.domain.campus.queries import plan as queries
from qicheng.domain.orgs.models import College
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Area, Role, statements
from qicheng.foundation.flow.perform import NotOpen, Refused, be, clock, note, noted
from qicheng.foundation.kit.calendar import day_of, midnight

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from qicheng.foundation.access import Actor

AT_ONCE, MOST_WORDS = 500, 500
REMINDER = "declared_reminder"
_FREEZE = f"""INSERT INTO campus_planline (plan_id, round, place, graduate_id, name, student_number, major, level, form, way_out, unit, assigned,
        state, "case", case_version, content)
    SELECT %(plan)s, %(round)s, row_number() OVER (ORDER BY g.major, g.student_number, g.id), g.id, g.name, g.student_number, g.major, g.level,
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
    if actor.role not in (Role.COLLEGE, Role.SCHOOL) or not actor.may_write(Area.EMPLOYMENT):
        raise NotOpen("你的账号没有这项操作的权限。")
    if len(public_ids) > AT_ONCE:
        raise Refused(f"一次最多提醒 {AT_ONCE} 人，先用筛选缩小范围。")
    with transaction.atomic():
        be(actor)
        seen = Graduate.objects.seen_by(actor).filter(public_id__in=public_ids, cohort=cohort, removed_at=None)
        lines = list(seen.select_for_update(of=("self",), no_key=True).order_by("pk"))
        today = noted(
            REMINDER, newest=len(lines) or 1, case__in=[str(one.pk) for one in lines], at__gte=midnight(day_of(clock()))
        )
        told = {one.case for one in today}
        owed = [one for one in lines if str(one.pk) not in told]
        for one in owed:
            note(
                actor,
                "remind",
                REMINDER,
                subject=str(one.pk),
                cohort=cohort,
                school=one.school_id,
                tell=((Role.GRADUATE, one.pk),),
            )
    return len(owed)


def _unexplained(case: Plan) -> str | None:
    return (
        f"还有 {case.missing} 人没有填报，写明原因和打算怎么办，再上报。"
        if case.missing and not case.explanation
        else None
    )
