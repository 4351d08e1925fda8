"""The lists of 暂缓派遣 and 更改毕业去向: what waits for whoever looks stands first (PKU-05, PKU-07)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.utils import timezone

from qicheng.domain.campus.flows.deferral import DEFERRING
from qicheng.domain.campus.flows.one_change import ONE_CHANGE
from qicheng.domain.orgs.models import College
from qicheng.foundation.access import Role
from qicheng.foundation.listing import Column, Filter, Listing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from qicheng.foundation.access import Actor
    from qicheng.foundation.flow.declare import Flow

FLOWS = {flow.name: flow for flow in (DEFERRING, ONE_CHANGE)}
SEARCH = "(g.name LIKE %(q_prefix)s OR g.student_number = %(q)s OR g.exam_number = %(q)s)"


@cache
def applications(flow: str, role: Role) -> Listing:
    """Every application of that flow that was submitted, those that wait for that role first, the longest waiting in front."""
    return waiting_first(
        f"{flow}_{role.value}", f"{FLOWS[flow].label}申请", (FLOWS[flow],), role, "JOIN registration_registration r ON r.id = c.registration_id",
        (Column("unit", "现在的单位或去向", "r.employer_name"),),
    )  # fmt: skip


def waiting_first(
    name: str,
    label: str,
    flows: tuple[Flow, ...],
    role: Role,
    joined: str,
    columns: tuple[Column, ...],
    filters: tuple[Filter, ...] = (),
    verb: str = "审批",
) -> Listing:
    """What was submitted in flows of one model with the same states, those that wait for that role first, the longest waiting in front.

    `joined` are further tables, `columns` stand behind the college.
    """
    model, states = flows[0].model, flows[0].states
    own = ", ".join(map(repr, flows[0].turns(role))) or "''"
    shown = tuple((key, state.label) for key, state in states.items() if key not in ("draft", "discarded"))
    return Listing(
        name, label, model,
        f"{model._meta.db_table} c JOIN roster_graduate g ON g.cohort = c.cohort AND g.id = c.graduate_id JOIN orgs_college k ON k.id = c.college_id {joined}", "c",
        (
            Column("public_id", "", "c.public_id", hidden=True),
            Column("name", "姓名", "g.name", sort=True),
            Column("number", "学号", "g.student_number"),
            Column("college", "院系", "k.name", sort=True),
            *columns,
            Column("state", "状态", "c.state", lambda key: states[key].label),
            Column("submitted_at", "提交时间", "c.submitted_at", _written, sort=True),
            Column("waiting_since", "从什么时候起", "c.waiting_since", _written),
        ),
        (
            Filter("q", "搜索", SEARCH, "search"),
            *filters,
            Filter("state", "状态", "c.state = %(state)s", "choice", choices=shown),
            Filter("turn", "轮到", conditions={"own": f"c.state IN ({own})"}, choices=(("own", f"待我{verb}"),)),
            Filter("college", "院系", "k.id = %(college)s", "whole", choices=_colleges),
        ),
        (f"(CASE WHEN c.state IN ({own}) THEN 0 ELSE 1 END)", "c.waiting_since", "c.id"),
    )  # fmt: skip


def _colleges(actor: Actor, cohort: int) -> Sequence[tuple[str, str]]:
    if actor.role is not Role.SCHOOL:
        return ()
    rows = College.objects.filter(school=actor.node).order_by("name").values_list("pk", "name")
    return [(str(pk), name) for pk, name in rows]


def _written(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
