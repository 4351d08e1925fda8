"""The lists of what graduates say of themselves: who has not yet done so, what waits for the college (CAM-02, PKU-01)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from qicheng.domain.campus.models import Part, Supplement
from qicheng.domain.campus.sheets.personal import SUPPLEMENT
from qicheng.domain.registration.listings import LATE, given_late, written
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.listings.records import CHOSEN, ON_THE_ROSTER, about_people, of_people
from qicheng.foundation.kit import masks
from qicheng.foundation.listing import Column, Filter, Listing

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where everybody stands, the first condition that holds: state → (words, tone, condition). What was taken back is nobody's but its author's.
_APPROVED = "EXISTS (SELECT FROM campus_supplement a WHERE a.graduate_id = g.id AND a.state = 'approved')"
STATES: Mapping[Part, Mapping[str, tuple[str, str, str]]] = {
    Part.PERSONAL: {
        "submitted": ("已提交", "ok", "c.id IS NOT NULL"),
        "missing": ("没有提交", "neu", "c.id IS NULL"),
    },
    Part.SUPPLEMENT: {
        "review": ("待学院审核", "info", "coalesce(c.state = 'college_review', false)"),
        "returned": ("退回待毕业生修改", "info", "coalesce(c.state = 'returned', false)"),
        "approved": (
            "审核通过",
            "ok",
            f"coalesce(c.state NOT IN ('college_review', 'returned'), true) AND {_APPROVED}",
        ),
        "missing": (
            "没有填写",
            "neu",
            f"coalesce(c.state NOT IN ('college_review', 'returned'), true) AND NOT {_APPROVED}",
        ),
    },
}
# The submission behind a row: the one under way, else the newest that was approved.
_CASE = {
    Part.PERSONAL: "c.public_id",
    Part.SUPPLEMENT: "CASE WHEN c.state <> 'draft' THEN c.public_id ELSE (SELECT a.public_id FROM campus_supplement a "
    "WHERE a.graduate_id = g.id AND a.state = 'approved' ORDER BY a.id DESC LIMIT 1) END",
}
_SUBMITTED = {
    Part.PERSONAL: "c.submitted_at",
    Part.SUPPLEMENT: "CASE WHEN c.state <> 'draft' THEN c.submitted_at ELSE (SELECT max(a.submitted_at) FROM campus_supplement a "
    "WHERE a.graduate_id = g.id AND a.state = 'approved') END",
}
_JOINED = {
    Part.PERSONAL: "LEFT JOIN campus_personalinformation c ON c.graduate_id = g.id",
    Part.SUPPLEMENT: "LEFT JOIN campus_supplement c ON c.cohort = g.cohort AND c.graduate_id = g.id AND c.live",
}
RECOMMENDED = "coalesce((g.extra -> 'recommended')::boolean, false)"


@cache
def people(part: Part) -> Listing:
    """Everybody on the roster, and whether the graduate has done what the part asks for."""
    states = STATES[part]
    cases = " ".join(f"WHEN {condition} THEN '{key}'" for key, (_, _, condition) in states.items())
    by_state = Filter(
        "state", "状态", conditions={key: condition for key, (_, _, condition) in states.items()},
        choices=tuple((key, words) for key, (words, _, _) in states.items()),
    )  # fmt: skip
    more: tuple[Column, ...] = ()
    filters: tuple[Filter, ...] = (by_state,)
    if part is Part.SUPPLEMENT:
        more = (Column("recommended", "推免（保研）", RECOMMENDED, lambda marked: "推免" if marked else ""),)
        marks = {"yes": RECOMMENDED, "no": f"NOT {RECOMMENDED}"}
        filters = (
            by_state,
            Filter("recommended", "推免", conditions=marks, choices=(("yes", "推免（保研）"), ("no", "不是推免"))),
        )
    return Listing(
        f"{part.value}_people", part.label, Graduate, f"roster_graduate g JOIN orgs_college k ON k.id = g.college_id {_JOINED[part]}", "g",
        (
            Column("public_id", "", "g.public_id", hidden=True),
            Column("case", "", _CASE[part], hidden=True),
            Column("name", "姓名", "g.name", sort=True),
            Column("student_number", "学号", "g.student_number", sort=True),
            Column("state", "状态", f"CASE {cases} END", lambda key: states[key][0]),
            *more,
            Column("submitted_at", "提交时间", _SUBMITTED[part], written),
            *of_people(),
        ),
        (*filters, Filter("people", "所选", "g.public_id::text = ANY(string_to_array(%(people)s, ','))"), *about_people()),
        ("g.exam_number", "g.id"), where=ON_THE_ROSTER,
    )  # fmt: skip


@cache
def queue() -> Listing:
    """What waits for the college, the longest wait first (PKU-01)."""
    shown = {key: SUPPLEMENT[key] for key in SUPPLEMENT.keys}
    moved = " OR ".join(f"g.{key} <> coalesce(c.before ->> '{key}', '')" for key in shown)
    return Listing(
        "supplement_review", "待我审核的补充信息", Supplement,
        "campus_supplement c JOIN roster_graduate g ON g.cohort = c.cohort AND g.id = c.graduate_id JOIN orgs_college k ON k.id = c.college_id", "c",
        (
            Column("public_id", "", "c.public_id", hidden=True),
            Column("version", "", "c.version", hidden=True),
            Column("name", "姓名", "g.name", sort=True),
            Column("student_number", "学号", "g.student_number", sort=True),
            Column("now_origin", "名单里的生源所在地", "g.origin", shown["origin"].shown),
            Column("origin", "填的生源所在地", "c.terms ->> 'origin'", shown["origin"].shown),
            Column("phone", "手机号码", "c.terms ->> 'phone'", masks.phone),
            Column("email", "电子邮箱", "c.terms ->> 'email'", masks.email),
            Column("waiting_since", "到这一步的时间", "c.waiting_since", written, sort=True),
            *(one for one in of_people() if one.key != "own_mobile"),
            Column("moved_on", "", f"({moved})", hidden=True),
        ),
        (
            Filter("wait", "等待", conditions={"late": LATE}, choices=(("late", "等得久"),)), CHOSEN, *about_people("c.college_id"),
        ),
        ("c.waiting_since", "c.id"), where=f"{ON_THE_ROSTER} AND c.state = 'college_review'", given=given_late,
    )  # fmt: skip


def held_back(row: object) -> list[str]:
    """Why a row of the queue is looked at by itself, and not approved with many."""
    return ["提交以后，名单里的信息有了变化"] if getattr(row, "moved_on", False) else []
