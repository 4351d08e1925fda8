"""The list of applications that a school declared itself: what waits for whoever looks stands first (CAM-05)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.flows.application import APPLICATION
from qicheng.domain.campus.models import Application, Purpose
from qicheng.domain.campus.models.applications import UNSENT
from qicheng.domain.campus.queries.made import titles
from qicheng.domain.campus.queries.profile import school_of
from qicheng.domain.orgs.models import College
from qicheng.domain.registration.listings import written
from qicheng.foundation.access import Actor, Role
from qicheng.foundation.listing import Column, Filter, Listing

if TYPE_CHECKING:
    from collections.abc import Sequence

SEARCH = "(g.name LIKE %(q_prefix)s OR g.student_number LIKE %(q_prefix)s OR g.exam_number LIKE %(q_prefix)s)"
CHOSEN = Filter("case", "所选", "c.public_id::text = ANY(string_to_array(%(case)s, ','))")


@cache
def applications(role: Role) -> Listing:
    """Every application that was submitted, those that wait for that role first, the longest wait in front."""
    own = ", ".join(map(repr, APPLICATION.turns(role))) or "''"
    shown = tuple((key, state.label) for key, state in APPLICATION.states.items() if key not in UNSENT)
    return Listing(
        f"applications_{role.value}", "申请事项", Application,
        "campus_application c JOIN roster_graduate g ON g.cohort = c.cohort AND g.id = c.graduate_id JOIN orgs_college k ON k.id = c.college_id", "c",
        (
            Column("public_id", "", "c.public_id", hidden=True),
            Column("version", "", "c.version", hidden=True),
            Column("name", "姓名", "g.name", sort=True),
            Column("student_number", "学号", "g.student_number", sort=True),
            Column("title", "申请事项", "c.name"),
            Column("college", "院系", "k.name", sort=True),
            Column("state", "状态", "c.state", lambda key: APPLICATION.states[key].label),
            Column("submitted_at", "提交时间", "c.submitted_at", written, sort=True),
            Column("waiting_since", "到这一步的时间", "c.waiting_since", written, sort=True),
        ),
        (
            Filter("q", "搜索", SEARCH, "search"),
            Filter("form", "申请事项", "c.form_id = %(form)s", "whole", choices=_titles),
            Filter("state", "状态", "c.state = %(state)s", "choice", choices=shown),
            Filter("turn", "轮到", conditions={"own": f"c.state IN ({own})"}, choices=(("own", "待我审核"),)),
            Filter("college", "院系", "k.id = %(college)s", "whole", choices=_colleges),
            CHOSEN,
        ),
        (f"(CASE WHEN c.state IN ({own}) THEN 0 ELSE 1 END)", "c.waiting_since", "c.id"),
        where="g.removed_at IS NULL",
    )  # fmt: skip


def is_own(row: Any, role: Role) -> bool:
    """Whether it is that role's turn in a row."""
    return APPLICATION.states[row.state].turn is role


def _titles(actor: Actor, cohort: int) -> Sequence[tuple[str, str]]:
    school = school_of(actor)
    if school is None:
        return ()
    return [(str(pk), title) for pk, title in titles(school, cohort, Purpose.APPLICATION).items()]


def _colleges(actor: Actor, cohort: int) -> Sequence[tuple[str, str]]:
    if actor.role is not Role.SCHOOL:
        return ()
    rows = College.objects.filter(school=actor.node).order_by("name").values_list("pk", "name")
    return [(str(pk), name) for pk, name in rows]
