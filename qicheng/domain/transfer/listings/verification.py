"""Lists of verification: who has authorised it (档案/户口信息核验列表), and every look at a report (VER-03, VER-04)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from qicheng.domain.orgs.models import College
from qicheng.domain.registration.listings import written
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.flows.verification import AUTHORISATION
from qicheng.domain.transfer.models import REPORTS, Verification
from qicheng.domain.transfer.queries.records import LISTED
from qicheng.domain.transfer.sheets.reports import PURPOSES
from qicheng.foundation import codes
from qicheng.foundation.access import Area, Role
from qicheng.foundation.listing import Column, Filter, Listing

from .records import ON_THE_ROSTER, is_listed

if TYPE_CHECKING:
    from qicheng.foundation.access import Actor

NEVER, IN_FORCE, OVER = "never", "in_force", "over"
STATES = {NEVER: "未授权", IN_FORCE: "授权有效", OVER: "已结束"}
TONES = {NEVER: "neu", IN_FORCE: "ok", OVER: "neu"}
STATE = f"CASE WHEN a.id IS NULL THEN '{NEVER}' WHEN a.live THEN '{IN_FORCE}' ELSE '{OVER}' END"
CONDITIONS = {NEVER: "a.id IS NULL", IN_FORCE: "a.live", OVER: "NOT a.live"}
WAYS, RESULTS = dict(Verification.WAYS), dict(Verification.RESULTS)
SEARCH = "(g.name LIKE %(q_prefix)s OR g.student_number LIKE %(q_prefix)s OR g.exam_number LIKE %(q_prefix)s)"


def state_words(key: str) -> str:
    """Whether it is authorised, in words."""
    return STATES[key]


def ending(key: str) -> str:
    """How an authorisation stands or ended, in the words of its flow."""
    return AUTHORISATION.states[key].label if key else ""


@cache
def authorisations(area: Area) -> Listing:
    """档案/户口信息核验列表: everybody on the module's list, with the newest authorisation (VER-04)."""
    source = """roster_graduate g JOIN orgs_college k ON k.id = g.college_id LEFT JOIN LATERAL (
        SELECT * FROM transfer_authorisation o WHERE o.graduate_id = g.id ORDER BY o.id DESC LIMIT 1) a ON true"""
    columns = (
        Column("public_id", "", "a.public_id", hidden=True),
        Column("name", "姓名", "g.name", sort=True),
        Column("student_number", "学号", "g.student_number", sort=True),
        Column("state", "授权状态", STATE, state_words),
        Column("until", "授权至", "a.until", str),
        Column("ended", "办理情况", "coalesce(a.state, '')", ending),
        Column("begun_at", "授权时间", "a.begun_at", written),
        Column("college", "院系", "k.name"),
        Column("level", "学历", "g.level", codes.table("education_levels").label),
        Column("major", "专业", "g.major"),
    )
    filters = (
        Filter("state", "授权状态", conditions=CONDITIONS, choices=tuple(STATES.items())),
        Filter("q", "搜索", SEARCH, "search"),
        Filter("college", "院系", "g.college_id = %(college)s", "whole", choices=colleges),
        Filter("level", "学历", "g.level = %(level)s", "code", table="education_levels"),
    )
    return Listing(
        f"{area.value}_authorisations", "档案/户口信息核验列表", Graduate, source, "g", columns, filters, ("g.exam_number", "g.id"),
        where=f"{ON_THE_ROSTER} AND {is_listed(area)}", scope=LISTED[area],
    )  # fmt: skip


@cache
def verifications(kinds: tuple[str, ...], area: Area) -> Listing:
    """核验记录: every look at a report of these issues, the newest first, for whoever has the permission of that area (VER-03)."""
    source = """transfer_verification v JOIN roster_graduate g ON g.cohort = v.cohort AND g.id = v.graduate_id JOIN orgs_college k ON k.id = g.college_id"""
    columns = (
        Column("at", "时间", "v.at", written),
        Column("name", "姓名", "g.name"),
        Column("student_number", "学号", "g.student_number"),
        Column("kind", "报告", "v.kind", PURPOSES.__getitem__),
        Column("way", "方式", "v.way", WAYS.__getitem__),
        Column("result", "结果", "v.result", RESULTS.__getitem__),
        Column("college", "院系", "k.name"),
    )
    filters = (
        Filter(
            "kind",
            "报告",
            "v.kind = %(kind)s",
            "choice",
            choices=tuple((kind, PURPOSES[kind]) for kind in REPORTS if kind in kinds),
        ),
        Filter("result", "结果", "v.result = %(result)s", "choice", choices=Verification.RESULTS),
        Filter("way", "方式", "v.way = %(way)s", "choice", choices=Verification.WAYS),
        Filter("q", "搜索", SEARCH, "search"),
        Filter("since", "不早于", "v.at >= %(since)s", "date"),
        Filter("until", "不晚于", "v.at < %(until)s + interval '1 day'", "date"),
    )
    own = " OR ".join(f"v.kind = '{kind}'" for kind in kinds) or "false"
    return Listing(
        f"verifications_{'_'.join(kinds) or 'none'}", "核验记录", Verification, source, "v", columns, filters, ("v.id",), descending=True,
        where=f"({own})", scope=Verification.SCOPES[area],
    )  # fmt: skip


def colleges(actor: Actor, cohort: int) -> list[tuple[str, str]]:
    """A school's colleges; a college needs no choice."""
    if actor.role is not Role.SCHOOL:
        return []
    return [(str(row.pk), row.name) for row in College.objects.filter(school=actor.node).order_by("name")]
