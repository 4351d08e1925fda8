"""The lists of the roster: who is on it and where each graduate stands now, and who was taken off (ROS-04, ROS-07)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qicheng.domain.orgs.models import College, School
from qicheng.foundation import codes
from qicheng.foundation.access import Actor, Area, Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.kit import masks
from qicheng.foundation.listing import Column, Filter, Listing

from .models import Graduate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from qicheng.foundation.flow.declare import Flow

SOURCE = "roster_graduate g JOIN orgs_college k ON k.id = g.college_id JOIN orgs_school s ON s.id = g.school_id"
UNSETTLED = "还没有登记"
BACK = "g.restored_at IS NOT NULL"
UNREPORTED = f"""g.removed_at IS NULL AND {BACK}
    AND EXISTS (SELECT FROM roster_employmentrecord r WHERE r.cohort = g.cohort AND r.graduate_id = g.id AND r.changed_at < g.restored_at)"""


@cache
def newest_case(wanted: str) -> str:
    """SQL for a value of the graduate's newest case of any room, live ones first; a room joins by declaring a flow on its cases.

    Those of the modules for file and household are left out: the roster is read by another permission (ARC-07).
    """
    cases = " UNION ALL ".join(
        f"SELECT c.flow_name, c.state, c.live, c.waiting_since, c.public_id FROM {model._meta.db_table} c WHERE c.graduate_id = g.id"  # noqa: S608 -- names of our own tables
        for model in dict.fromkeys(flow.model for flow in ways())
    )
    if not cases:
        return "NULL::text"
    return f"(SELECT {wanted} FROM ({cases}) n ORDER BY n.live DESC, n.waiting_since DESC LIMIT 1)"  # noqa: S608 -- our own


def ways() -> list[Flow]:
    """The flows that say where a graduate stands: those of cases of graduates, read by the permission of the roster itself."""
    return [
        flow for flow in FLOWS.values()
        if flow.area is Area.EMPLOYMENT and any(field.attname == "graduate_id" for field in flow.model._meta.concrete_fields)
    ]  # fmt: skip


def standing(value: str) -> str:
    """「flow state」 in the official words of the state."""
    flow, state = value.split(" ")
    return FLOWS[flow].states[state].label


@cache
def roster() -> Listing:
    """Everybody on the roster."""
    return Listing(
        "roster",
        "学生名单",
        Graduate,
        SOURCE,
        "g",
        _columns(),
        _filters(),
        ("g.exam_number", "g.id"),
        where="g.removed_at IS NULL",
    )


@cache
def removed() -> Listing:
    """失效信息: who was taken off the roster; nothing of them is lost (ROS-07)."""
    gone = Column(
        "removed_at", "删除时间", "g.removed_at", lambda at: f"{timezone.localtime(at):%Y-%m-%d %H:%M}", sort=True
    )
    return Listing(
        "removed", "失效信息", Graduate, SOURCE, "g", (*_columns(), gone), _filters(), ("g.removed_at", "g.id"), descending=True,
        where="g.removed_at IS NOT NULL",
    )  # fmt: skip


def taken_away(actor: Actor, cohort: int) -> Iterator[Listing]:
    """The lists that whoever asks may take away as workbooks (EXP-01)."""
    if actor.role.is_staff and actor.may_read(Area.EMPLOYMENT):
        yield roster()
        yield removed()
        if actor.role in (Role.COLLEGE, Role.SCHOOL):
            yield bindings()
        if actor.role is Role.SCHOOL:
            yield training()


ASKED_AT = """(SELECT max(r.at) FROM flow_record r WHERE r.flow = 'wechat_ask' AND r."case" = g.public_id::text)"""


@cache
def bindings() -> Listing:
    """Who has bound the WeChat account and who has not, and when they were asked to (NOT-03)."""
    recent = f"coalesce({ASKED_AT} > now() - interval '7 days', false)"

    def written(at: Any) -> str:
        return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"

    return Listing(
        "bindings", "微信绑定", Graduate,
        f"{SOURCE} LEFT JOIN orgs_binding b ON b.account_id = g.account_id AND b.ended_at IS NULL", "g",
        (
            Column("public_id", "", "g.public_id", hidden=True),
            Column("name", "姓名", "g.name", sort=True),
            Column("student_number", "学号", "g.student_number", sort=True),
            Column("college", "院系", "k.name"),
            Column("level", "学历", "g.level", codes.table("education_levels").label),
            Column("major", "专业", "g.major"),
            Column("bound", "微信", "b.id IS NOT NULL", lambda bound: "已绑定" if bound else "没有绑定"),
            Column("bound_at", "绑定时间", "b.bound_at", written),
            Column("came", "登录", "g.account_id IS NOT NULL", lambda came: "登录过" if came else "还没有登录过"),
            Column("asked_at", "上次提醒", ASKED_AT, written),
        ),
        (
            Filter("q", "搜索", "(g.name LIKE %(q_prefix)s OR g.student_number LIKE %(q_prefix)s)", "search"),
            Filter("college", "院系", "g.college_id = %(college)s", "whole", choices=_colleges),
            Filter("level", "学历", "g.level = %(level)s", "code", table="education_levels"),
            Filter("bound", "微信", conditions={"yes": "b.id IS NOT NULL", "no": "b.id IS NULL"}, choices=(("yes", "已绑定"), ("no", "没有绑定"))),
            Filter("came", "登录", conditions={"yes": "g.account_id IS NOT NULL", "no": "g.account_id IS NULL"},
                   choices=(("yes", "登录过"), ("no", "还没有登录过"))),
            Filter("asked", "提醒", conditions={"yes": recent, "no": f"NOT {recent}"}, choices=(("yes", "7 天内提醒过"), ("no", "7 天内没有提醒"))),
        ),
        ("g.exam_number", "g.id"), where="g.removed_at IS NULL",
    )  # fmt: skip


# A record names its graduate by the public id; records of other things have other names there.
TRAINING_SOURCE = """flow_record r
    JOIN roster_graduate g ON g.public_id = CASE WHEN r.flow = 'roster' AND r.act = 'training_mode' THEN r."case"::uuid END
        AND g.school_id = r.school_id AND g.cohort = r.cohort
    JOIN orgs_college k ON k.id = g.college_id"""


@cache
def training() -> Listing:
    """培养方式修改记录: every change of a training mode, by an import or by an edit of one line (ROS-06)."""
    modes = codes.table("training_modes")
    before, after = (f"coalesce(r.changes->'培养方式'->>{side}, '')" for side in (0, 1))
    labels = {code: modes.label(code) for code in modes}
    return Listing(
        "training", "培养方式修改记录", Graduate, TRAINING_SOURCE, "g",
        (
            Column("public_id", "", "g.public_id", hidden=True),
            Column("name", "姓名", "g.name"),
            Column("exam_number", "考生号", "g.exam_number"),
            Column("student_number", "学号", "g.student_number"),
            Column("college", "院系", "k.name"),
            Column("before", "修改前", before),
            Column("after", "修改后", after),
            Column("unit", "定向或委培单位", "coalesce(r.changes->'定向或委培单位'->>1, '')"),
            Column("way", "方式", "CASE WHEN r.words = '' THEN '导入名单' ELSE '单独修改' END"),
            Column("words", "原因", "r.words"),
            Column("who", "修改人", "r.name"),
            Column("at", "修改时间", "r.at", lambda at: f"{timezone.localtime(at):%Y-%m-%d %H:%M}"),
        ),
        (
            Filter("q", "搜索", "(g.name LIKE %(q_prefix)s OR g.student_number LIKE %(q_prefix)s OR g.exam_number LIKE %(q_prefix)s)", "search"),
            Filter("college", "院系", "g.college_id = %(college)s", "whole", choices=_colleges),
            Filter("after", "修改后", conditions={code: f"{after} = '{label}'" for code, label in labels.items()},
                   choices=tuple(labels.items())),
        ),
        ("r.id",), descending=True, where="r.flow = 'roster' AND r.act = 'training_mode'",
    )  # fmt: skip


def _columns() -> tuple[Column, ...]:
    level, mode = codes.table("education_levels"), codes.table("training_modes")
    return (
        Column("public_id", "", "g.public_id", hidden=True),
        Column("name", "姓名", "g.name", sort=True),
        Column("exam_number", "考生号", "g.exam_number", sort=True),
        Column("student_number", "学号", "g.student_number", sort=True),
        Column("id_number", "身份证号", "g.id_number", masks.id_number),
        Column("college", "院系", "k.name"),
        Column("level", "学历", "g.level", level.label),
        Column("major", "专业", "g.major"),
        Column("mode", "培养方式", "g.training_mode", mode.label),
        Column("standing", "当前状态", newest_case("n.flow_name || ' ' || n.state"), standing),
        Column("confirmed", "本人核对", "coalesce(g.confirmed_revision = g.revision, false)", lambda done: "已核对" if done else "还没有核对"),
        Column("school", "学校", "s.name"),
    )  # fmt: skip


def _filters() -> tuple[Filter, ...]:
    now = newest_case("n.flow_name || ' ' || n.state")
    states = {
        f"{flow.name} {state.key}": (f"{now} = '{flow.name} {state.key}'", f"{flow.label}：{state.label}")
        for flow in ways()
        for state in flow.states.values()
    }  # fmt: skip
    search = (
        "(g.name LIKE %(q_prefix)s OR g.student_number LIKE %(q_prefix)s OR g.exam_number LIKE %(q_prefix)s "
        "OR g.id_number = upper(%(q)s))"
    )
    return (
        Filter("q", "搜索", search, "search"),
        Filter("college", "院系", "g.college_id = %(college)s", "whole", choices=_colleges),
        Filter("school", "学校", "g.school_id = %(school)s", "whole", choices=_schools),
        Filter("level", "学历", "g.level = %(level)s", "code", table="education_levels"),
        Filter("major", "专业", "g.major LIKE %(major)s", "prefix"),
        Filter("mode", "培养方式", "g.training_mode = %(mode)s", "code", table="training_modes"),
        Filter(
            "standing", "当前状态", conditions={"none": f"{now} IS NULL"} | {key: sql for key, (sql, _) in states.items()},
            choices=(("none", UNSETTLED), *((key, label) for key, (_, label) in states.items())),
        ),
        Filter(
            "confirmed", "本人核对",
            conditions={"yes": "g.confirmed_revision = g.revision", "no": "g.confirmed_revision IS DISTINCT FROM g.revision"},
            choices=(("yes", "已核对"), ("no", "还没有核对")),
        ),
        Filter("back", "恢复", conditions={"yes": UNREPORTED}, choices=(("yes", "已恢复，等待上报"),)),
    )  # fmt: skip


def _colleges(actor: Actor, cohort: int) -> list[tuple[str, str]]:
    return _named(College.objects.filter(school=actor.node)) if actor.role is Role.SCHOOL else []


def _schools(actor: Actor, cohort: int) -> list[tuple[str, str]]:
    if actor.role not in (Role.PROVINCE, Role.MINISTRY):
        return []
    schools = School.objects.all()
    return _named(schools.filter(province=actor.node) if actor.role is Role.PROVINCE else schools)


def _named(rows: Any) -> list[tuple[str, str]]:
    found: Iterable[tuple[int, str]] = rows.order_by("name").values_list("pk", "name")
    return [(str(pk), name) for pk, name in found]
