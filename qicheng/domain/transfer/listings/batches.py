"""What a hand-over batch holds, line by line as it was, and what has become of each since; and who could be handed over."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from qicheng.domain.transfer.models import BATCH_LINES, CHANGES, RECORDS, SAID
from qicheng.domain.transfer.queries.batches import IN_REVIEW, on_the_list, source, standings
from qicheng.domain.transfer.sheets.records import TITLES, shown_by
from qicheng.foundation import codes
from qicheng.foundation.flow.words import moment
from qicheng.foundation.listing import Column, Filter, Listing

from .records import records

if TYPE_CHECKING:
    from qicheng.foundation.access import Area

VALUES = ("kind", *SAID)
REVIEWED = f"coalesce(c.state IN {IN_REVIEW}, false)"
# The record as it stands differs from what the batch holds, or the graduate is somebody else to the roster, or nobody.
MOVED_ON = "coalesce(r.version, 0) <> l.record_version"
RENAMED = "(g.name <> l.name OR g.exam_number <> l.exam_number)"
CHANGED = f"(g.removed_at IS NOT NULL OR {MOVED_ON} OR {RENAMED})"


@cache
def ready(area: Area) -> Listing:
    """Everybody on the module's list, to be counted by where each stands (`queries.batches.standings`)."""
    whole = records(area)
    wanted = ("college", "kind", "level")
    return replace(
        whole, name=f"{area.value}_ready", label="可以移交", source=source(area), where=on_the_list(area),
        filters=tuple(one for one in whole.filters if one.key in wanted),
    )  # fmt: skip


def ready_alone(area: Area) -> Listing:
    """Those of them who can be handed over."""
    return replace(ready(area), where=f"{on_the_list(area)} AND {standings(area)['ready'][1]}")


@cache
def lines(area: Area) -> Listing:
    """The lines of batches; asked for one batch by the filter `batch`."""
    model, sheet = BATCH_LINES[area], shown_by(area)
    table = f"""{model._meta.db_table} l JOIN roster_graduate g ON g.cohort = l.cohort AND g.id = l.graduate_id
        LEFT JOIN {RECORDS[area]._meta.db_table} r ON r.graduate_id = l.graduate_id
        LEFT JOIN {CHANGES[area]._meta.db_table} c ON c.cohort = g.cohort AND c.graduate_id = g.id AND c.live"""
    was, now = (
        "jsonb_build_object(" + ", ".join(f"'{key}', coalesce({row}.{key}, '')" for key in VALUES) + ")" for row in ("l", "r")
    )  # fmt: skip
    since = f"""CASE WHEN {CHANGED} OR {REVIEWED} THEN jsonb_build_object('gone', g.removed_at IS NOT NULL, 'moved', {MOVED_ON},
        'renamed', {RENAMED}, 'reviewed', {REVIEWED}, 'at', r.changed_at, 'was', {was}, 'now', {now}) END"""
    return Listing(
        f"{area.value}_handover", f"{TITLES[area]}移交清单", model, table, "l",
        (
            Column("public_id", "", "g.public_id", hidden=True),
            Column("place", "序号", "l.place", number=True, sort=True),
            Column("name", "姓名", "l.name", sort=True),
            Column("since", "编批以后的变化", since, Since(area)),
            Column("exam_number", "考生号", "l.exam_number"),
            Column("student_number", "学号", "l.student_number"),
            Column("college", "院系", "l.college"),
            Column("major", "专业", "l.major"),
            Column("level", "学历", "l.level", codes.table("education_levels").label),
            *(Column(key, sheet[key].label, f"l.{key}", sheet[key].shown) for key in VALUES),
        ),
        (
            Filter("batch", "批次", "l.batch_id = %(batch)s", "whole"),
            Filter("batches", "批次", "l.batch_id = ANY(string_to_array(%(batches)s, ',')::bigint[])"),
            Filter("q", "搜索", "(l.name LIKE %(q_prefix)s OR l.student_number LIKE %(q_prefix)s OR l.exam_number LIKE %(q_prefix)s)", "search"),
            Filter("since", "编批以后", conditions={"changed": CHANGED, "same": f"NOT {CHANGED}"},
                   choices=(("changed", "有变化"), ("same", "没有变化"))),
        ),
        ("l.place", "l.id"), cohort="",
    )  # fmt: skip


class Since:
    """What has become of a line, in words: who left the roster, what the record says now, what is under review."""

    def __init__(self, area: Area) -> None:
        self._sheet = shown_by(area)

    def __call__(self, value: Any) -> str:
        found = json.loads(value) if isinstance(value, str) else value
        said = []
        if found["gone"]:
            said.append("已从学校名单中删除")
        if found["renamed"]:
            said.append("姓名或考生号有变化")
        if found["moved"]:
            said.append(self._moved(found))
        if found["reviewed"]:
            said.append("正在申请修改")
        return "；".join(said)

    def _moved(self, found: Any) -> str:
        at = f"{moment(datetime.fromisoformat(found['at']))} " if found["at"] else ""
        if not found["now"]["kind"]:
            return f"{at}清空，现在没有登记"
        changes = self._sheet.changes(found["was"], found["now"])
        words = "，".join(f"{label}改为「{sides[1]}」" for label, sides in changes.items())
        return f"{at}{words or '有过修改，现在和清单一样'}"
