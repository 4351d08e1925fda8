"""Finds whom the lines mean and what is wrong with them, set by set, and says it by line, place and reason (IMP-05, SYN-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import statements
from qicheng.foundation.sheets.uploads import actor_of

from .columns import VALUES, WHO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qicheng.domain.roster.models import EmploymentUpload

REASON_LENGTH = 200
JOINED = """roster_employmentuploadline s
    LEFT JOIN roster_graduate g ON g.id = s.graduate_id AND g.cohort = %(cohort)s
    LEFT JOIN roster_employmentrecord r ON r.graduate_id = s.graduate_id AND r.cohort = %(cohort)s"""
GOOD = """s.upload_id = %(upload)s AND NOT EXISTS (
    SELECT FROM roster_employmentuploadfault f WHERE f.upload_id = %(upload)s AND f.line = s.line)"""
SAME = "(r.id IS NOT NULL AND " + " AND ".join(f"coalesce(r.{key}::text, '') = s.{key}" for key in VALUES) + ")"
CHANGING = f"{GOOD} AND NOT {SAME}"
FROM_HERE = "这位毕业生的去向是在平台登记、审核通过的，不能用文件覆盖；要改去向，在平台解约、改签或者作废"


def parameters(upload: EmploymentUpload) -> dict[str, Any]:
    """The parameters of every statement about an upload."""
    actor = actor_of(upload)
    return {
        "upload": upload.pk, "school": upload.school_id, "cohort": upload.cohort, "node": actor.node, "tier": str(actor.tier)
    }  # fmt: skip


def seen(upload: EmploymentUpload) -> str:
    """The condition that whoever uploaded sees the graduate `g` (ORG-07)."""
    return Graduate.scope.sql(Graduate, actor_of(upload), "g")


def look(upload: EmploymentUpload) -> None:
    """Find the graduates and write every fault anew, against the roster and the records as they stand."""
    asked = parameters(upload)
    statements.change("DELETE FROM roster_employmentuploadfault WHERE upload_id = %(upload)s", asked)
    statements.change(
        f"""UPDATE roster_employmentuploadline s SET graduate_id = f.graduate, seen = f.version
        FROM (SELECT l.line, g.id AS graduate, coalesce(r.version, 0) AS version FROM roster_employmentuploadline l
            LEFT JOIN roster_graduate g ON g.school_id = %(school)s AND g.cohort = %(cohort)s AND g.exam_number = l.exam_number
                AND {seen(upload)}
            LEFT JOIN roster_employmentrecord r ON r.graduate_id = g.id AND r.cohort = %(cohort)s WHERE l.upload_id = %(upload)s) f
        WHERE s.upload_id = %(upload)s AND s.line = f.line""",
        asked,
    )
    for sql in _statements(upload):
        statements.change(sql, asked)


def _statements(upload: EmploymentUpload) -> Iterable[str]:
    into = "INSERT INTO roster_employmentuploadfault (upload_id, line, place, reason)"
    known = "s.graduate_id IS NOT NULL"
    for place, condition, reason in (
        ("exam_number", "s.exam_number = ''", "'考生号没有填写'"),
        ("exam_number", "s.exam_number <> '' AND s.graduate_id IS NULL",
         f"'{upload.cohort} 届名单里没有这个考生号，或者这位学生不归你的账号管理'"),
        ("name", f"{known} AND s.name <> g.name", "'考生号和姓名对不上，请核对'"),
        ("", f"{known} AND g.removed_at IS NOT NULL", "'学生已从学校名单中删除，重新上传名单后才能登记'"),
        # SYN-01: a case that was approved here stands behind the record.
        ("", f"""{known} AND r."case" <> '' AND NOT {SAME}""", f"'{FROM_HERE}'"),
    ):  # fmt: skip
        yield f"{into} SELECT s.upload_id, s.line, '{place}', {reason} FROM {JOINED} WHERE s.upload_id = %(upload)s AND {condition}"
    yield f"""{into} SELECT s.upload_id, s.line, 'credit_code',
            left('这个代码在平台上是「' || e.name || '」，和填写的单位名称不一致，请核对', {REASON_LENGTH})
        FROM roster_employmentuploadline s JOIN orgs_employer e ON e.credit_code = s.credit_code AND e.name <> s.employer_name
        WHERE s.upload_id = %(upload)s AND s.credit_code <> '' AND s.employer_name <> ''"""
    yield f"""
WITH twice AS (
    SELECT exam_number, array_agg(line ORDER BY line) AS lines FROM roster_employmentuploadline
    WHERE upload_id = %(upload)s AND exam_number <> '' GROUP BY exam_number HAVING count(*) > 1)
{into} SELECT %(upload)s, line, 'exam_number', left('文件里第 ' || array_to_string((array_remove(lines, line))[:5], '、') ||
    ' 行也是这个{WHO["exam_number"]}，请只保留一行', {REASON_LENGTH}) FROM twice CROSS JOIN LATERAL unnest(lines) AS line"""
    yield f"""{into} SELECT s.upload_id, s.line, w.key, left(w.value, {REASON_LENGTH}) FROM roster_employmentuploadline s
        CROSS JOIN LATERAL jsonb_each_text(s.wrong) w WHERE s.upload_id = %(upload)s AND s.wrong <> '{{}}'"""
