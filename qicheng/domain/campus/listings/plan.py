"""The lists of 上报就业方案: whom a plan is about as they stand now, the lines as they were reported, the plans of a school (PKU-03)."""

from __future__ import annotations

from functools import cache
from typing import Any

from qicheng.domain.campus.models import Plan, PlanLine
from qicheng.domain.campus.queries import plan as queries
from qicheng.domain.campus.sheets.forms import FORMS
from qicheng.domain.roster.models import Graduate
from qicheng.foundation import codes
from qicheng.foundation.access import Tier
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.words import moment
from qicheng.foundation.listing import Column, Filter, Listing

TIERS = tuple((tier.value, tier.label) for tier in Tier if tier is not Tier.ALL)
CHOICES = tuple((key, one.label) for key, one in FORMS.items())
# What has changed since it was reported: the form or anything that was filled in.
CHANGED = f"(l.form <> ({queries.FORM}) OR l.content <> {queries.CONTENT})"
NOW = f"""CASE WHEN {CHANGED} THEN ({queries.FORM}) || '|' || coalesce(r.employer_name, '') END"""


@cache
def people() -> Listing:
    """Everybody whom a plan is about, with what stands there now."""
    return Listing(
        "plan_people", "就业方案预览", Graduate, queries.SOURCE, "g",
        (
            Column("public_id", "", "g.public_id", hidden=True),
            Column("case", "", "r.public_id", hidden=True),
            Column("name", "姓名", "g.name", sort=True),
            Column("student_number", "学号", "g.student_number", sort=True),
            Column("major", "专业", "g.major"),
            Column("form", "就业形式", queries.FORM, queries.words_of),
            Column("way_out", "毕业去向", queries.WAY_OUT),
            Column("unit", "单位", queries.UNIT),
            Column("assigned", "派往单位", queries.ASSIGNED),
            Column("state", "状态", f"CASE WHEN {queries.SAVED} THEN 'saved' WHEN {queries.MISSING} THEN '' ELSE r.flow_name || ' ' || r.state END", state_words),
        ),
        (
            Filter("q", "搜索", "(g.name LIKE %(q_prefix)s OR g.student_number LIKE %(q_prefix)s)", "search"),
            Filter("tier", "培养层次", choices=TIERS, conditions={one: f"g.tier = '{one}'" for one, _ in TIERS}),
            Filter("form", "就业形式", f"({queries.FORM}) = %(form)s", "choice", choices=CHOICES),
            Filter("stage", "填报", conditions={
                "missing": queries.MISSING, "saved": queries.SAVED, "waiting": queries.WAITING,
                "recommended": f"({queries.FORM}) = '{queries.RECOMMENDED}'",
            }, choices=(("missing", "没有填报"), ("saved", "已保存未提交"), ("waiting", "等学院审核"), ("recommended", "保研"))),
        ),
        ("g.student_number", "g.id"), where=queries.ON_THE_ROSTER,
    )  # fmt: skip


@cache
def lines() -> Listing:
    """The lines of plans as they were reported; asked for one round of one plan."""
    return Listing(
        "plan_lines", "就业方案", PlanLine, f"campus_planline l JOIN {queries.SOURCE.replace('roster_graduate g', 'roster_graduate g ON g.cohort = l.cohort AND g.id = l.graduate_id', 1)}", "l",
        (
            Column("case", "", "l.case", hidden=True),
            Column("place", "序号", "l.place", number=True, sort=True),
            Column("name", "姓名", "l.name", sort=True),
            Column("student_number", "学号", "l.student_number"),
            Column("major", "专业", "l.major"),
            Column("level", "学历", "l.level", codes.table("education_levels").label),
            Column("form", "就业形式", "l.form", queries.words_of),
            Column("way_out", "毕业去向", "l.way_out"),
            Column("unit", "单位", "l.unit"),
            Column("assigned", "派往单位", "l.assigned"),
            Column("since", "上报以后的变化", NOW, since_words),
        ),
        (
            Filter("plan", "方案", "l.plan_id = %(plan)s", "whole"),
            Filter("round", "第几次", "l.round = %(round)s", "whole"),
            Filter("q", "搜索", "(l.name LIKE %(q_prefix)s OR l.student_number LIKE %(q_prefix)s)", "search"),
            Filter("form", "就业形式", "l.form = %(form)s", "choice", choices=(*CHOICES, (queries.RECOMMENDED, "保研，不用填报"))),
            Filter("stage", "填报", conditions={"missing": f"l.form = '{queries.NOTHING}'"}, choices=(("missing", "没有填报"),)),
            Filter("since", "上报以后", conditions={"changed": CHANGED, "same": f"NOT {CHANGED}"}, choices=(("changed", "有变化"), ("same", "没有变化"))),
        ),
        ("l.place", "l.id"), cohort="",
    )  # fmt: skip


@cache
def plans() -> Listing:
    """The plans that the colleges of a school have reported."""
    return Listing(
        "plans", "就业方案", Plan, "campus_plan p JOIN orgs_college k ON k.id = p.college_id", "p",
        (
            Column("public_id", "", "p.public_id", hidden=True),
            Column("college_id", "", "p.college_id", hidden=True),
            Column("college", "学院", "k.name", sort=True),
            Column("tier", "培养层次", "p.tier", lambda value: Tier(value).label),
            Column("state", "状态", "p.state", lambda value: FLOWS["plan"].states[value].label),
            Column("total", "人数", "p.total", number=True),
            Column("missing", "没有填报", "p.missing", number=True),
            Column("rounds", "第几次上报", "p.rounds", number=True),
            Column("reported_at", "上报时间", "p.reported_at", moment),
        ),
        (Filter("state", "状态", conditions={key: f"p.state = '{key}'" for key in ("reported", "returned", "accepted")},
                choices=(("reported", "待学校接收"), ("returned", "退回学院"), ("accepted", "已接收"))),),
        ("k.name", "p.id"), where="p.live",
    )  # fmt: skip


def state_words(value: str) -> str:
    """Where a registration stands: 「flow state」 in the words that staff see."""
    if value == "saved":
        return "已保存，没有提交"
    flow, _, state = value.partition(" ")
    found = FLOWS[flow].states[state]
    return found.others or found.label


def since_words(value: Any) -> str:
    """「改为「灵活就业　云岭数据科技有限公司」」 of 「form|unit」 as they stand now."""
    form, _, unit = value.partition("|")
    return f"现在是「{'　'.join(filter(None, (queries.words_of(form), unit)))}」"
