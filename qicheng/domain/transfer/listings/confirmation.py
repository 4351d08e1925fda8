"""The list of 登记确认: everybody on the roster with what was reported and what was said of it, and the figures that are its filters (CON-03)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qicheng.domain.orgs.models import College, Province, School
from qicheng.domain.registration.listings import written
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.domain.roster.queries import destination_words
from qicheng.domain.transfer.models import PARTS, Confirmation
from qicheng.foundation import codes
from qicheng.foundation.access import Role, Tier
from qicheng.foundation.kit import masks
from qicheng.foundation.kit.calendar import day_of, midnight
from qicheng.foundation.listing import Column, Filter, Listing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from qicheng.foundation.access import Actor

ON_THE_ROSTER = "g.removed_at IS NULL"
# The states in the order of the guide's table; who has no confirmation has no reported record.
STATES = {"unreported": "未上报", "unconfirmed": "未确认", "disputed": "确认有误", "confirmed": "确认无误"}
SOURCES = dict(EmploymentRecord.SOURCES)
STATE = "coalesce(c.state, 'unreported')"
# What is not reported counts under 就业管理系统上传, as the guide counts it (CON-03).
SOURCE = f"CASE WHEN {STATE} = 'unreported' THEN 'upload' ELSE e.source END"
DENIED = "c.denied_at IS NOT NULL"
# Whether there is something that was reported, or will be.
STANDS = "(c.state <> 'unreported' OR c.due_at IS NOT NULL)"
# Whom a reminder would reach today.
REMINDABLE = "c.state = 'unconfirmed' AND (c.reminded_at IS NULL OR c.reminded_at < %(today)s)"


@cache
def everybody() -> Listing:
    """登记确认: everybody on the roster, in the four states."""
    source = """roster_graduate g JOIN orgs_college k ON k.id = g.college_id JOIN orgs_school s ON s.id = g.school_id
        LEFT JOIN roster_employmentrecord e ON e.cohort = g.cohort AND e.graduate_id = g.id LEFT JOIN transfer_confirmation c ON c.graduate_id = g.id"""
    return Listing(
        "confirmations", "登记确认", Graduate, source, "g", _columns(), _filters(), ("g.exam_number", "g.id"), where=ON_THE_ROSTER,
        given=given_today,
    )  # fmt: skip


@cache
def answers() -> Listing:
    """What was reported of whoever is on the roster, and nobody else: what home pages count."""
    source = "transfer_confirmation c JOIN roster_graduate g ON g.cohort = c.cohort AND g.id = c.graduate_id"
    return Listing("answers", "登记确认", Confirmation, source, "c", (Column("id", "", "c.id", hidden=True),), (), ("c.id",),
                   where=ON_THE_ROSTER, given=given_today)  # fmt: skip


def given_today(actor: Actor, cohort: int) -> Mapping[str, datetime]:
    """The parameter of REMINDABLE."""
    return {"today": midnight(day_of(timezone.now()))}


def cells() -> dict[str, str]:
    """「state source」 → condition, for every cell of the guide's table."""
    return {
        f"{state} {source}": f"{STATE} = '{state}' AND {SOURCE} = '{source}'" for state in STATES for source in SOURCES
    }


def _columns() -> tuple[Column, ...]:
    return (
        Column("public_id", "", "c.public_id", hidden=True),
        Column("name", "姓名", "g.name", sort=True),
        Column("student_number", "学号", "g.student_number", sort=True),
        Column("state", "登记确认情况", STATE, STATES.__getitem__),
        Column("source", "去向来源", SOURCE, SOURCES.__getitem__),
        Column("wrong", "有误的项目", f"CASE WHEN c.state = 'disputed' THEN concat_ws(' ', {_wrong()}) END"),
        Column("employer", "单位", f"CASE WHEN {STANDS} THEN e.employer_name END"),
        Column("destination", "毕业去向", f"CASE WHEN {STANDS} THEN concat_ws(' ', e.destination, e.cohort) END", _destination),
        Column("due_at", "上报时间", "coalesce(c.reported_at, c.due_at)", _reported),
        Column("confirmed_at", "确认时间", "c.confirmed_at", written),
        Column("reminded_at", "上次提醒", "c.reminded_at", written),
        Column("school", "学校", "s.name"),
        Column("college", "院系", "k.name"),
        Column("level", "学历", "g.level", codes.table("education_levels").label),
        Column("major", "专业", "g.major"),
        Column("exam_number", "考生号", "g.exam_number"),
        Column("id_number", "身份证号", "g.id_number", masks.id_number),
        Column("phone", "手机号码", "g.phone", masks.phone),
    )  # fmt: skip


def _wrong() -> str:
    named = [f"CASE WHEN c.wrong ? '{part}' THEN '{label}' END" for part, (label, _) in PARTS.items()]
    return ", ".join([*named, f"CASE WHEN {DENIED} THEN '（不是本人去向）' END"])


def _destination(value: str) -> str:
    """「code cohort」 as the cohort's edition calls it (REG-12)."""
    code, cohort = value.split(" ")
    return destination_words(EmploymentRecord(destination=code, cohort=int(cohort)))


def _reported(at: datetime) -> str:
    """When a report went up, or when it is expected to."""
    return f"{written(at)}{'（预计）' if at > timezone.now() else ''}"


def _filters() -> tuple[Filter, ...]:
    search = (
        "(g.name LIKE %(q_prefix)s OR g.student_number LIKE %(q_prefix)s OR g.exam_number LIKE %(q_prefix)s "
        "OR g.id_number = upper(%(q)s) OR e.employer_name LIKE %(q_within)s)"
    )
    tiers = tuple((tier.value, tier.label) for tier in Tier if tier is not Tier.ALL)
    return (
        Filter("q", "搜索", search, "search"),
        Filter("state", "登记确认情况", f"{STATE} = %(state)s", "choice", choices=tuple(STATES.items())),
        Filter("source", "去向来源", f"{SOURCE} = %(source)s", "choice", choices=tuple(SOURCES.items())),
        Filter("claim", "毕业生的说法", conditions={"denied": DENIED}, choices=(("denied", "这不是我的去向"),)),
        Filter("remind", "提醒", conditions={"yes": REMINDABLE}, choices=(("yes", "今天可以提醒"),)),
        Filter("college", "院系", "g.college_id = %(college)s", "whole", choices=_colleges),
        Filter("school", "学校", "g.school_id = %(school)s", "whole", choices=_schools),
        Filter("province", "省份", "s.province_id = %(province)s", "whole", choices=provinces),
        Filter("study", "培养层次", "g.tier = %(study)s", "choice", choices=tiers),
        Filter("level", "学历", "g.level = %(level)s", "code", table="education_levels"),
        Filter("major", "专业", "g.major LIKE %(major)s", "prefix"),
    )


def _colleges(actor: Actor, cohort: int) -> list[tuple[str, str]]:
    if actor.role is not Role.SCHOOL:
        return []
    rows = College.objects.filter(school=actor.node).order_by("name").values_list("pk", "name")
    return [(str(pk), name) for pk, name in rows]


def provinces(actor: Actor, cohort: int) -> list[tuple[str, str]]:
    """What the ministry chooses a province from; nobody else has more than one."""
    if actor.role is not Role.MINISTRY:
        return []
    return [(str(pk), name) for pk, name in Province.objects.order_by("code").values_list("pk", "name")]


def _schools(actor: Actor, cohort: int) -> list[tuple[str, str]]:
    if actor.role not in (Role.PROVINCE, Role.MINISTRY):
        return []
    own: dict[str, Any] = {"province": actor.node} if actor.role is Role.PROVINCE else {}
    rows = School.objects.filter(**own).order_by("name").values_list("pk", "name")
    return [(str(pk), name) for pk, name in rows]
