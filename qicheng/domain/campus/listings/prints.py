"""The list of destinations whose papers a college or the career centre prints or waits for (PKU-06)."""

from __future__ import annotations

from functools import cache

from qicheng.domain.campus.sheets.forms import FLOW, FORMS
from qicheng.domain.registration.models import Registration
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.listing import Column, Filter, Listing

SEARCH = "(g.name LIKE %(q_prefix)s OR g.student_number = %(q)s OR g.exam_number = %(q)s)"


@cache
def declared() -> Listing:
    """Every destination that was submitted by the school's own form, the newest first."""
    kinds, states = {one.key: one.label for one in FORMS.values()}, FLOWS[FLOW].states
    return Listing(
        "campus_papers", "各人要交的材料", Registration,
        "registration_registration c JOIN roster_graduate g ON g.cohort = c.cohort AND g.id = c.graduate_id JOIN orgs_college k ON k.id = c.college_id", "c",
        (
            Column("public_id", "", "c.public_id", hidden=True),
            Column("name", "姓名", "g.name", sort=True),
            Column("number", "学号", "g.student_number"),
            Column("college", "院系", "k.name", sort=True),
            Column("kind", "就业形式", "c.kind", lambda key: kinds.get(key, key)),
            Column("unit", "单位或学校", "c.employer_name"),
            Column("state", "状态", "c.state", lambda key: states[key].label),
        ),
        (
            Filter("q", "搜索", SEARCH, "search"),
            Filter("kind", "就业形式", "c.kind = %(kind)s", "choice", choices=tuple(kinds.items())),
        ),
        ("c.id",), descending=True, where=f"c.flow_name = '{FLOW}' AND (c.live OR c.submitted_at IS NOT NULL)",
    )  # fmt: skip
