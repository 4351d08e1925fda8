"""The lists of flagged units: those of a school, standing and removed, and those of an area with how many schools warn (WRN-01)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.utils import timezone

from qicheng.domain.orgs.models import Flag
from qicheng.domain.orgs.queries import MANY_SCHOOLS
from qicheng.foundation import codes
from qicheng.foundation.access import Area, Role
from qicheng.foundation.listing import Column, Filter, Listing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from qicheng.foundation.access import Actor

SOURCE = "orgs_flag f JOIN orgs_account a ON a.id = f.flagged_by_id"
ABOUT = "FROM orgs_flag o WHERE o.credit_code = f.credit_code AND o.removed_at IS NULL"
SCHOOLS = f"(SELECT count(DISTINCT o.school_id) {ABOUT})"
BY_MANY = f"{SCHOOLS} >= {MANY_SCHOOLS}"
# The schools of a province alone, for those who see no others.
AREA = "FROM orgs_flag o JOIN orgs_school os ON os.id = o.school_id WHERE o.credit_code = f.credit_code AND o.removed_at IS NULL"


@cache
def flags() -> Listing:
    """The units that a school warns of, the newest first."""
    return Listing(
        "flags", "预警单位", Flag, SOURCE, "f", _columns(Column("schools", "标记的学校数", SCHOOLS, sort=True, number=True)), _filters(), ("f.flagged_at", "f.id"), descending=True,
        where="f.removed_at IS NULL", cohort="",
    )  # fmt: skip


@cache
def removed() -> Listing:
    """The flags that a school has taken back."""
    ended = (
        Column("removed_by", "取消人", "r.name"),
        Column("removed_at", "取消时间", "f.removed_at", _written, sort=True),
    )
    return Listing(
        "removed_flags", "已取消的预警单位", Flag, f"{SOURCE} JOIN orgs_account r ON r.id = f.removed_by_id", "f", _columns(*ended),
        _filters()[:2], ("f.removed_at", "f.id"), descending=True, where="f.removed_at IS NOT NULL", cohort="",
    )  # fmt: skip


@cache
def units(role: Role) -> Listing:
    """One line for each unit that schools of a province, or of the country, warn of; its newest flag stands for it."""
    area = AREA if role is Role.MINISTRY else f"{AREA} AND os.province_id = s.province_id"
    number = f"(SELECT count(DISTINCT o.school_id) {area})"
    # The code is unique in the list, so it ends every order.
    return Listing(
        "flagged_units", "预警单位汇总", Flag, f"{SOURCE} JOIN orgs_school s ON s.id = f.school_id", "f",
        (
            Column("name", "单位名称", "f.name", sort=True),
            Column("credit_code", "统一社会信用代码", "f.credit_code"),
            Column("schools", "标记的学校数", number, sort=True, number=True),
            Column("by_many", "全国提示", f"CASE WHEN {BY_MANY} THEN '全国提示' ELSE '' END"),
            Column("kinds", "违规类型", f"(SELECT string_agg(DISTINCT o.kind, ' ') {area})", _kinds),
            Column("named", "标记的学校", f"(SELECT string_agg(DISTINCT os.name, '、') {area})"),
            Column("nature", "单位性质", "f.nature", codes.table("unit_nature").label),
            Column("industry", "单位行业", "f.industry", codes.table("unit_industry").label),
            Column("flagged_at", "最近一次标记", "f.flagged_at", _written, sort=True),
        ),
        _filters(), ("f.flagged_at", "f.credit_code"), descending=True,
        where=f"f.removed_at IS NULL AND f.id = (SELECT max(o.id) {area})", cohort="",
    )  # fmt: skip


def _columns(*further: Column) -> tuple[Column, ...]:
    return (
        Column("public_id", "", "f.public_id", hidden=True),
        Column("name", "单位名称", "f.name", sort=True),
        Column("credit_code", "统一社会信用代码", "f.credit_code"),
        Column("kind", "违规类型", "f.kind", codes.table("warning_unit_types").label),
        Column("flagged_by", "操作人", "a.name"),
        Column("flagged_at", "操作时间", "f.flagged_at", _written, sort=True),
        *further,
        Column("nature", "单位性质", "f.nature", codes.table("unit_nature").label),
        Column("industry", "单位行业", "f.industry", codes.table("unit_industry").label),
        Column("note", "情况说明", "f.note"),
        Column("evidence", "依据", "f.evidence"),
        Column("link", "依据的网址", "f.link"),
    )


def _filters() -> tuple[Filter, ...]:
    return (
        Filter("q", "搜索", "(f.name LIKE %(q_within)s OR f.credit_code LIKE upper(%(q_prefix)s))", "search"),
        Filter("kind", "违规类型", "f.kind = %(kind)s", "code", table="warning_unit_types"),
        Filter("many", "范围", conditions={"yes": BY_MANY}, choices=(("yes", f"{MANY_SCHOOLS} 所及以上学校标记"),)),
    )


def _kinds(value: str) -> str:
    return "、".join(map(codes.table("warning_unit_types").label, value.split(" ")))


def _written(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def taken_away(actor: Actor, cohort: int) -> Iterator[Listing]:
    """The lists that whoever asks may take away as workbooks (EXP-01)."""
    if not actor.may_read(Area.EMPLOYMENT):
        return
    if actor.role is Role.SCHOOL:
        yield flags()
        yield removed()
    if actor.role in (Role.PROVINCE, Role.MINISTRY):
        yield units(actor.role)
