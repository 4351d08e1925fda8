"""Lists of one module, file or household: what is registered, what was applied for, what waits for a reviewer, who left the roster.

Each list is made for an area and read by that area's permission alone (ARC-07). `records(area)` has a line for everybody on the
module's list (ARC-08), with the record as it stands; uploads and hand-over batches read it under its filters with `head` or `all_rows`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from qicheng.domain.orgs.models import College
from qicheng.domain.registration.listings import LATE, given_late, ways, written
from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.flows.acts import review
from qicheng.domain.transfer.models import CHANGES, RECORDS
from qicheng.domain.transfer.models.records import SAID, UNSENT
from qicheng.domain.transfer.queries.records import LISTED, MOVED
from qicheng.domain.transfer.sheets.records import TITLES, doubts, person_of, shown_by
from qicheng.foundation import codes
from qicheng.foundation.access import Actor, Area, Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.kit import masks
from qicheng.foundation.listing import Column, Filter, Listing

if TYPE_CHECKING:
    from collections.abc import Callable

    from qicheng.foundation.flow.declare import Flow

ON_THE_ROSTER = "g.removed_at IS NULL"
# The three states of the list of records (ARC-05): what waits for a reviewer comes first, then whether anything is registered.
IN_REVIEW = "coalesce(c.state IN ('college_review', 'school_review'), false)"
REGISTERED = "coalesce(r.kind, '') <> ''"
STATES = {
    "unregistered": ("未登记", f"NOT {IN_REVIEW} AND NOT {REGISTERED}"),
    "in_review": ("审核中", IN_REVIEW),
    "registered": ("登记成功", f"NOT {IN_REVIEW} AND {REGISTERED}"),
}
STATE = f"CASE WHEN {IN_REVIEW} THEN 'in_review' WHEN {REGISTERED} THEN 'registered' ELSE 'unregistered' END"
CHOSEN = Filter("case", "所选", "c.public_id::text = ANY(string_to_array(%(case)s, ','))")
MOVED_ON = "coalesce(r.version, 0) <> c.record_version"
# The type and the origin of a record, and how both say that there is none.
NOTHING = ("none", "未登记")
KIND, ORIGIN = f"coalesce(nullif(r.kind, ''), '{NOTHING[0]}')", f"coalesce(nullif(r.origin, ''), '{NOTHING[0]}')"
# The values of an application that a reviewer's doubts are about, and whom they are compared with (ARC-02).
DOUBTED = tuple(
    Column(key, "", sql, hidden=True)
    for key, sql in (("terms", "c.terms"), ("own_name", "g.name"), ("own_phone", "g.phone"), ("extra", "g.extra"))
)


def flow_of(area: Area) -> Flow:
    """The flow of the area's applications."""
    return FLOWS[f"{area.value}_change"]


@cache
def records(area: Area) -> Listing:
    """档案/户口信息: everybody on the module's list with the record as it stands, in the three states."""
    return Listing(
        f"{area.value}_records", f"{TITLES[area]}信息", Graduate, _people(area), "g",
        (*_person(), *_recorded(area)), (_state(), *_of_record(area), *about_people()), ("g.exam_number", "g.id"),
        where=f"{ON_THE_ROSTER} AND {is_listed(area)}", scope=LISTED[area],
    )  # fmt: skip


@cache
def lapsed(area: Area) -> Listing:
    """失效信息管理: who left the roster and had a record or an application; nothing of them is lost (ARC-06, ROS-07)."""
    had = f"""(r.id IS NOT NULL OR EXISTS (SELECT FROM {CHANGES[area]._meta.db_table} a
        WHERE a.graduate_id = g.id AND a.state NOT IN ({", ".join(map(repr, UNSENT))})))"""
    gone = Column("removed_at", "删除时间", "g.removed_at", written, sort=True)
    return Listing(
        f"{area.value}_lapsed", f"{TITLES[area]}失效信息", Graduate, _people(area), "g",
        (*_person(), gone, *_recorded(area)), (_state(), *_of_record(area), *about_people()), ("g.removed_at", "g.id"),
        descending=True, where=f"g.removed_at IS NOT NULL AND {is_listed(area)} AND {had}", scope=LISTED[area],
    )  # fmt: skip


@cache
def changes(area: Area) -> Listing:
    """申请记录: every application that was submitted, in all its states, the newest first (ARC-05)."""
    return _applications(
        f"{area.value}_changes", f"{TITLES[area]}申请记录", area, (_every_state(area),), "true", ("c.id",)
    )


@cache
def queue(area: Area, role: Role) -> Listing:
    """What waits for that role in that module, the longest wait first."""
    turn = " OR ".join(f"c.state = '{state}'" for state in flow_of(area).turns(role)) or "false"
    filters = (
        Filter("check", "核对", conditions={"moved": MOVED_ON}, choices=(("moved", "提交后登记有变化"),)),
        Filter("wait", "等待", conditions={"late": LATE}, choices=(("late", "等得久"),)),
        CHOSEN,
    )
    return _applications(
        f"{area.value}_review", f"待我审核的{TITLES[area]}申请", area, filters, f"({turn})", ("c.waiting_since", "c.id"), given_late,
        is_newest_first=False,
    )  # fmt: skip


@cache
def with_late(area: Area) -> Listing:
    """The applications with the parameter of LATE: what the module's home counts."""
    return replace(changes(area), given=given_late)


def is_listed(area: Area) -> str:
    """The condition that a graduate is on the module's list (ARC-08)."""
    return f"g.{MOVED[area]} IS DISTINCT FROM false"


def waits_for(area: Area, role: Role) -> str:
    """The condition on `changes` that it is that role's turn."""
    return " OR ".join(f"c.state = '{state}'" for state in flow_of(area).turns(role)) or "false"


def held_back(area: Area, row: Any) -> list[str]:
    """Why a row of the queue has to be looked at by itself and is not passed with many (ARC-02, ARC-05)."""
    found = doubts(area, {"kind": row.kind, **row.terms}, person_of(_Known(row)))
    return [*(["提交以后，登记的信息有了变化"] if row.moved_on else []), *found]


class _Known:
    """What a row of the queue knows of its graduate."""

    def __init__(self, row: Any) -> None:
        self.name, self.phone, self.extra = row.own_name, row.own_phone, row.extra


def state_words(key: str) -> str:
    """The words of one of the three states."""
    return STATES[key][0]


def _applications(
    name: str, label: str, area: Area, filters: tuple[Filter, ...], where: str, order: tuple[str, ...],
    given: Callable[[Actor, int], Any] | None = None, *, is_newest_first: bool = True,
) -> Listing:  # fmt: skip
    model, record = CHANGES[area], RECORDS[area]
    source = f"""{model._meta.db_table} c JOIN roster_graduate g ON g.cohort = c.cohort AND g.id = c.graduate_id
        LEFT JOIN orgs_college k ON k.id = c.college_id LEFT JOIN {record._meta.db_table} r ON r.graduate_id = c.graduate_id"""
    kind = shown_by(area)["kind"]
    columns = (
        Column("public_id", "", "c.public_id", hidden=True),
        Column("version", "", "c.version", hidden=True),
        Column("name", "姓名", "g.name", sort=True),
        Column("student_number", "学号", "g.student_number", sort=True),
        Column("state", "状态", "c.state", lambda key: flow_of(area).states[key].label),
        Column("kind", f"申请的{kind.label}", "c.kind", kind.shown),
        Column("receiver", "申请的接收单位", "coalesce(c.terms ->> 'receiver', '')"),
        Column("now_kind", "现在登记", "coalesce(r.kind, '')", kind.shown),
        Column("submitted_at", "提交时间", "coalesce(c.submitted_at, c.begun_at)", written, sort=True),
        Column("waiting_since", "到这一步的时间", "c.waiting_since", written, sort=True),
        *of_people(),
        Column("moved_on", "", MOVED_ON, hidden=True),
        *DOUBTED,
    )
    return Listing(
        name, label, model, source, "c", columns, (*filters, *_of_application(area), *about_people("c.college_id")), order,
        descending=is_newest_first, where=f"{ON_THE_ROSTER} AND {is_listed(area)} AND {where}", given=given,
    )  # fmt: skip


def _people(area: Area) -> str:
    """Graduates with the record and the one live application of the area."""
    return f"""roster_graduate g JOIN orgs_college k ON k.id = g.college_id
        LEFT JOIN {RECORDS[area]._meta.db_table} r ON r.graduate_id = g.id
        LEFT JOIN {CHANGES[area]._meta.db_table} c ON c.cohort = g.cohort AND c.graduate_id = g.id AND c.live"""


def _person() -> tuple[Column, ...]:
    return (
        Column("public_id", "", "g.public_id", hidden=True),
        Column("name", "姓名", "g.name", sort=True),
        Column("student_number", "学号", "g.student_number", sort=True),
        Column("state", "状态", STATE, state_words),
    )


def _recorded(area: Area) -> tuple[Column, ...]:
    sheet = shown_by(area)
    shown = [
        Column(key, sheet[key].label, f"coalesce(r.{key}, '')", sheet[key].shown)
        for key in ("kind", *SAID) if key != "phone"
    ]  # fmt: skip
    return (
        *shown,
        Column("origin", "来源", "coalesce(r.origin, '')", origin_words),
        Column("changed_at", "更新时间", "r.changed_at", written),
        *of_people(),
    )


def of_people() -> tuple[Column, ...]:
    """Whoever a row is about: college, level, subject and the numbers, masked."""
    return (
        Column("college", "院系", "k.name"),
        Column("level", "学历", "g.level", codes.table("education_levels").label),
        Column("major", "专业", "g.major"),
        Column("exam_number", "考生号", "g.exam_number"),
        Column("id_number", "身份证号", "g.id_number", masks.id_number),
        Column("own_mobile", "手机号码", "g.phone", masks.phone),
    )


def origins(area: Area) -> dict[str, str]:
    """Every origin that a value can have, in words (ARC-03)."""
    ways = ("online_signing", "offline_signing", "supplementary", "destination", f"{area.value}_change")
    return {name: FLOWS[name].label for name in ways} | dict(RECORDS[area].ORIGINS)


def origins_told(area: Area, actor: Actor, cohort: int) -> list[tuple[str, str]]:
    """The origins that whoever asks is told of, and 未登记 for records that have none."""
    own = {flow.name: flow.label for flow in ways(actor, cohort, Registration) if flow.name not in origins(area)}
    return [*(origins(area) | own).items(), NOTHING]


def origin_words(origin: str) -> str:
    """An origin in words, of either area; as it was written where it is not known."""
    known = {**origins(Area.ARCHIVE), **origins(Area.HOUSEHOLD)}
    return known.get(origin) or (FLOWS[origin].label if origin in FLOWS else origin)


def _state() -> Filter:
    return Filter(
        "state", "状态", conditions={key: condition for key, (_, condition) in STATES.items()},
        choices=tuple((key, words) for key, (words, _) in STATES.items()),
    )  # fmt: skip


def _every_state(area: Area) -> Filter:
    """审核中 in one, and every state of its own."""
    kept = [state for state in flow_of(area).states.values() if state.key not in UNSENT]
    conditions = {state.key: f"c.state = '{state.key}'" for state in kept}
    reviews = f"c.state IN ('{review.college.key}', '{review.school.key}')"
    return Filter(
        "state", "状态", conditions={"in_review": reviews, **conditions},
        choices=(("in_review", "审核中"), *((state.key, state.label) for state in kept)),
    )  # fmt: skip


def _of_record(area: Area) -> tuple[Filter, ...]:
    kind = shown_by(area)["kind"]
    return (
        Filter("kind", kind.label, f"{KIND} = %(kind)s", "choice", choices=(*kind.choices, NOTHING)),
        Filter("origin", "来源", f"{ORIGIN} = %(origin)s", "choice", choices=lambda *asked: origins_told(area, *asked)),
        Filter("since", "更新不早于", "r.changed_at >= %(since)s", "date"),
        Filter("until", "更新不晚于", "r.changed_at < %(until)s + interval '1 day'", "date"),
    )


def _of_application(area: Area) -> tuple[Filter, ...]:
    kind = shown_by(area)["kind"]
    return (
        Filter("kind", f"申请的{kind.label}", "c.kind = %(kind)s", "choice", choices=kind.choices),
        Filter("since", "提交不早于", "c.submitted_at >= %(since)s", "date"),
        Filter("until", "提交不晚于", "c.submitted_at < %(until)s + interval '1 day'", "date"),
    )


def about_people(college: str = "g.college_id") -> tuple[Filter, ...]:
    """The filters that ask for people: search, college, level, subject."""
    """Search, college, level and major of the graduates `g`; `college` is the column that says whose they are."""
    search = (
        "(g.name LIKE %(q_prefix)s OR g.student_number LIKE %(q_prefix)s OR g.exam_number LIKE %(q_prefix)s "
        "OR g.id_number = upper(%(q)s))"
    )
    return (
        Filter("q", "搜索", search, "search"),
        Filter("college", "院系", f"{college} = %(college)s", "whole", choices=_colleges),
        Filter("level", "学历", "g.level = %(level)s", "code", table="education_levels"),
        Filter("major", "专业", "g.major LIKE %(major)s", "prefix"),
    )


def _colleges(actor: Actor, cohort: int) -> list[tuple[str, str]]:
    if actor.role is not Role.SCHOOL:
        return []
    rows = College.objects.filter(school=actor.node).order_by("name").values_list("pk", "name")
    return [(str(pk), name) for pk, name in rows]
