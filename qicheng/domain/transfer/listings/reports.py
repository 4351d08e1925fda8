"""The list of reports of one module (档案/户口信息转递列表): everybody whose record is registered, and how the report of each stands (REP-01)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.utils import timezone

from qicheng.domain.orgs.models import College
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.models import RECORDS, REPORTS
from qicheng.domain.transfer.queries.records import LISTED
from qicheng.domain.transfer.sheets.records import TITLES, shown_by
from qicheng.foundation import codes
from qicheng.foundation.access import Role
from qicheng.foundation.kit.numbers import grouped
from qicheng.foundation.listing import Column, Filter, Listing

from .records import ON_THE_ROSTER, is_listed

if TYPE_CHECKING:
    from datetime import datetime

    from qicheng.foundation.access import Actor, Area

# How the newest report of a graduate stands: the four words of the rule, and what keeps one from being made. In this order.
STATES = {
    "unmade": ("未生成", "(p.id IS NULL OR p.state = 'withdrawn')"),
    "asked": ("正在生成", "p.state = 'asked'"),
    "waiting": ("等待签章", "p.state = 'unsigned'"),
    "held": ("暂不能生成", "p.state = 'held'"),
    "made": ("已生成", "p.state = 'issued' AND p.downloaded_at IS NULL AND p.verified_at IS NULL"),
    "downloaded": ("已下载", "p.state = 'issued' AND p.downloaded_at IS NOT NULL AND p.verified_at IS NULL"),
    "verified": ("已核验", "p.state = 'issued' AND p.verified_at IS NOT NULL"),
    "superseded": ("已失效，待重新生成", "p.state = 'superseded'"),
}
TONES = {
    "waiting": "info",
    "asked": "info",
    "held": "warn",
    "made": "ok",
    "downloaded": "ok",
    "verified": "ok",
    "superseded": "warn",
}
SEARCH = "(g.name LIKE %(q_prefix)s OR g.student_number LIKE %(q_prefix)s OR g.exam_number LIKE %(q_prefix)s OR p.number = upper(%(q)s))"
_STATE = "CASE " + " ".join(f"WHEN {condition} THEN '{key}'" for key, (_, condition) in STATES.items()) + " END"


@cache
def reports(area: Area) -> Listing:
    """Everybody on the module's list whose record is registered, with the newest report of the module's issue."""
    sheet = shown_by(area)
    source = f"""roster_graduate g JOIN orgs_college k ON k.id = g.college_id
        JOIN {RECORDS[area]._meta.db_table} r ON r.graduate_id = g.id
        LEFT JOIN roster_employmentrecord e ON e.cohort = g.cohort AND e.graduate_id = g.id
        LEFT JOIN LATERAL (SELECT * FROM {REPORTS[area.value]._meta.db_table} t WHERE t.graduate_id = g.id ORDER BY t.id DESC LIMIT 1) p ON true"""  # noqa: S608 -- names of tables alone
    return Listing(
        f"{area.value}_reports", f"{TITLES[area]}转递列表", Graduate, source, "g",
        (
            Column("id", "", "g.id", hidden=True),
            Column("public_id", "", "g.public_id", hidden=True),
            Column("report", "", "p.public_id", hidden=True),
            Column("why", "", "coalesce(p.why, '')", hidden=True),
            Column("name", "姓名", "g.name", sort=True),
            Column("student_number", "学号", "g.student_number", sort=True),
            Column("state", "报告", _STATE, lambda key: STATES[key][0]),
            Column("number", "转递编号", "CASE WHEN p.state = 'withdrawn' THEN '' ELSE coalesce(p.number, '') END", grouped),
            Column("kind", sheet["kind"].label, "r.kind", sheet["kind"].shown),
            Column("receiver", "接收单位", "r.receiver"),
            Column("unit", "就业单位", "coalesce(e.employer_name, '')"),
            Column("issued_at", "出具时间", _current("issued_at"), _written),
            Column("downloaded_at", "首次下载", _current("downloaded_at"), _written),
            Column("verified_at", "首次核验", _current("verified_at"), _written),
            Column("college", "院系", "k.name"),
            Column("level", "学历", "g.level", codes.table("education_levels").label),
            Column("major", "专业", "g.major"),
            Column("exam_number", "考生号", "g.exam_number"),
        ),
        (
            Filter("state", "报告", conditions={key: condition for key, (_, condition) in STATES.items()},
                   choices=tuple((key, words) for key, (words, _) in STATES.items())),
            Filter("kind", sheet["kind"].label, "r.kind = %(kind)s", "choice", choices=sheet["kind"].choices),
            Filter("q", "搜索", SEARCH, "search"),
            Filter("college", "院系", "g.college_id = %(college)s", "whole", choices=_colleges),
            Filter("level", "学历", "g.level = %(level)s", "code", table="education_levels"),
            Filter("major", "专业", "g.major LIKE %(major)s", "prefix"),
            Filter("graduate", "所选", "g.public_id::text = ANY(string_to_array(%(graduate)s, ','))"),
        ),
        ("g.exam_number", "g.id"), where=f"{ON_THE_ROSTER} AND {is_listed(area)} AND r.kind <> ''", scope=LISTED[area],
    )  # fmt: skip


def states_counted() -> dict[str, str]:
    """The counts above the list: state → condition."""
    return {key: condition for key, (_, condition) in STATES.items()}


def _current(column: str) -> str:
    """A column of the newest report, where it was not taken back."""
    return f"CASE WHEN p.state <> 'withdrawn' THEN p.{column} END"


def _colleges(actor: Actor, cohort: int) -> list[tuple[str, str]]:
    if actor.role is not Role.SCHOOL:
        return []
    rows = College.objects.filter(school=actor.node).order_by("name").values_list("pk", "name")
    return [(str(pk), name) for pk, name in rows]


def _written(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
