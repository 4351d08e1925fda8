"""What a college would report now, and what it has reported (PKU-03)."""

# ruff: noqa: S608 -- names of our own tables and columns; values are parameters

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qicheng.domain.campus.models import Plan
from qicheng.domain.campus.sheets.forms import FLOW, FORMS
from qicheng.domain.orgs.models import College
from qicheng.foundation.access import Tier, statements
from qicheng.foundation.flow.declare import FLOWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qicheng.foundation.access import Actor

RECOMMENDED, NOTHING = "recommended", "nothing"
# A graduate `g` with the registration `r` that is submitted or in force, and the form `d` that was saved and not submitted.
SOURCE = f"""roster_graduate g LEFT JOIN registration_registration r ON r.cohort = g.cohort AND r.graduate_id = g.id AND r.live
    LEFT JOIN registration_registration d ON d.cohort = g.cohort AND d.graduate_id = g.id AND d.flow_name = '{FLOW}' AND d.state = 'draft'"""
FORM = f"""CASE WHEN r.kind <> '' THEN r.kind WHEN r.id IS NOT NULL THEN r.flow_name WHEN g.extra ? 'recommended' THEN '{RECOMMENDED}'
    ELSE '{NOTHING}' END"""
WAY_OUT = "coalesce(r.terms ->> 'way_out', '')"
UNIT, ASSIGNED = "coalesce(r.employer_name, '')", "coalesce(r.terms ->> 'assigned_unit', '')"
CONTENT = "coalesce(md5(r.kind || r.flow_name || r.terms::text), '')"
MISSING = f"({FORM}) = '{NOTHING}'"
SAVED = f"({MISSING} AND d.id IS NOT NULL)"
WAITING = "coalesce(r.state = 'college_review', false)"
ON_THE_ROSTER = "g.removed_at IS NULL"
MINE = f"g.college_id = %(college)s AND g.cohort = %(cohort)s AND g.tier = %(tier)s AND {ON_THE_ROSTER}"
_COUNTS = f"""SELECT count(*) AS total, count(*) FILTER (WHERE {MISSING}) AS missing, count(*) FILTER (WHERE {SAVED}) AS saved,
    count(*) FILTER (WHERE {WAITING}) AS waiting FROM {SOURCE} WHERE {MINE}"""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many a plan is about; of these, who has filled in nothing, has saved and not submitted, waits for the college's review."""

    total: int
    missing: int
    saved: int
    waiting: int


def counts(plan: Plan) -> Counts:
    """The numbers of the plan's graduates as they stand now."""
    row = statements.one(_COUNTS, {"college": plan.college_id, "cohort": plan.cohort, "tier": plan.tier})
    assert row is not None
    return Counts(row.total, row.missing, row.saved, row.waiting)


def words_of(form: str) -> str:
    """What stands under 就业形式 for a line."""
    if form in FORMS:
        return FORMS[form].label
    return {RECOMMENDED: "保研，不用填报", NOTHING: "没有填报"}.get(form) or (
        FLOWS[form].label if form in FLOWS else form
    )


def tiers_of(actor: Actor) -> tuple[Tier, ...]:
    """The tiers that a user answers for, each with a plan of its own (ORG-07)."""
    both = (Tier.UNDERGRADUATE, Tier.POSTGRADUATE)
    return both if actor.tier is Tier.ALL else (Tier(actor.tier),)


def plan_of(actor: Actor, college: int, cohort: int, tier: str) -> Plan | None:
    """The plan that was reported, None where none was."""
    return Plan.objects.seen_by(actor).filter(college=college, cohort=cohort, tier=tier, live=True).first()


def intended(actor: Actor, college: int, school: int, cohort: int, tier: str) -> Plan:
    """An unsaved plan, as it would begin."""
    return Plan(flow_name="plan", cohort=cohort, college_id=college, school_id=school, tier=tier)


def names_of_colleges(found: Sequence[int]) -> dict[int, str]:
    """pk → name."""
    return dict(College.objects.filter(pk__in=found).values_list("pk", "name"))
