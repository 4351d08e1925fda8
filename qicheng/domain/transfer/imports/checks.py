"""Finds whom the lines of a staged file mean and what is wrong with them, set by set, and says it by line, place and reason (ARC-04, ARC-02)."""

# ruff: noqa: S608 -- names of our own tables and columns; values are parameters
from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.models import CHANGES, FAULTS, RECORDS, RecordUpload
from qicheng.domain.transfer.queries.records import LISTED, MOVED, misfit_of
from qicheng.domain.transfer.sheets.records import TITLES, doubts, not_a_relative, person_of
from qicheng.foundation.access import statements
from qicheng.foundation.sheets.uploads import actor_of

from .columns import VALUES, WHO
from .stage import table

if TYPE_CHECKING:
    from collections.abc import Iterable

REASON_LENGTH = 200
AT_ONCE = 5_000
IN_REVIEW = ("college_review", "school_review")


@dataclass(frozen=True, slots=True)
class Asked:
    """The SQL of an upload's area: `joined` its stage `s` with graduate `g` and record `r`; conditions on a line."""

    upload: RecordUpload

    @property
    def joined(self) -> str:
        area = self.upload.AREA
        return f"""{table(area)} s LEFT JOIN roster_graduate g ON g.cohort = %(cohort)s AND g.id = s.graduate_id
        LEFT JOIN {RECORDS[area]._meta.db_table} r ON r.graduate_id = s.graduate_id"""

    @property
    def faults(self) -> str:
        return FAULTS[self.upload.AREA]._meta.db_table

    @property
    def good(self) -> str:
        """Nothing is wrong with the line."""
        return (
            "s.upload_id = %(upload)s AND NOT EXISTS "
            f"(SELECT FROM {self.faults} f WHERE f.upload_id = %(upload)s AND f.line = s.line)"
        )

    blank = "(s.kind = '' AND s.wrong = '{}')"

    @property
    def same(self) -> str:
        """The line says what is registered already, as it was written or as the form took it."""
        written = ", ".join(f"'{key}', r.{key}" for key in VALUES)
        taken = " AND ".join(f"r.{key} = s.{key}" for key in VALUES)
        return f"(coalesce(r.kind, '') <> '' AND ((s.wrong = '{{}}' AND {taken}) OR s.written = jsonb_build_object({written})))"

    @property
    def changing(self) -> str:
        """The line is good and changes something: it is written."""
        return f"{self.good} AND NOT {self.blank} AND NOT {self.same}"

    @property
    def listed(self) -> str:
        """The graduate `g` is on the module's list, as far as whoever uploaded sees it (ARC-08)."""
        return f"(g.removed_at IS NULL AND g.{MOVED[self.upload.AREA]} IS DISTINCT FROM false AND {self.seen})"

    @property
    def seen(self) -> str:
        return LISTED[self.upload.AREA].sql(Graduate, actor_of(self.upload), "g")

    @property
    def parameters(self) -> dict[str, Any]:
        upload, actor = self.upload, actor_of(self.upload)
        return {
            "upload": upload.pk, "school": upload.school_id, "cohort": upload.cohort, "node": actor.node, "tier": str(actor.tier)
        }  # fmt: skip


def forget(upload: RecordUpload) -> None:
    """Drop what was found wrong so far."""
    statements.change(f"DELETE FROM {Asked(upload).faults} WHERE upload_id = %s", (upload.pk,))


def look(upload: RecordUpload) -> None:
    """Find the graduates and write every fault anew, against the roster, the records and the reviews as they stand."""
    forget(upload)
    asked = Asked(upload)
    statements.change(
        f"""UPDATE {table(upload.AREA)} s SET graduate_id = f.graduate, seen = f.version, doubts = '[]'
        FROM (SELECT l.line, g.id AS graduate, coalesce(r.version, 0) AS version FROM {table(upload.AREA)} l
            LEFT JOIN roster_graduate g ON g.school_id = %(school)s AND g.cohort = %(cohort)s AND g.exam_number = l.exam_number AND {asked.seen}
            LEFT JOIN {RECORDS[upload.AREA]._meta.db_table} r ON r.graduate_id = g.id WHERE l.upload_id = %(upload)s) f
        WHERE s.upload_id = %(upload)s AND s.line = f.line""",
        asked.parameters,
    )
    for sql in _conditions(asked):
        statements.change(sql, asked.parameters)
    _look_at_receivers(asked)


def _conditions(asked: Asked) -> Iterable[str]:
    area, faults = asked.upload.AREA, asked.faults
    title, moved = TITLES[area], MOVED[area]
    known = "s.graduate_id IS NOT NULL"
    into = f"INSERT INTO {faults} (upload_id, line, place, reason)"
    for place, condition, reason in (
        ("exam_number", "s.exam_number = ''", "考生号没有填写"),
        ("exam_number", "s.exam_number <> '' AND s.graduate_id IS NULL",
         f"{asked.upload.cohort} 届名单里没有这个考生号，或者这位学生不归你的账号管理"),
        ("name", f"{known} AND s.name <> g.name", "考生号和姓名对不上，请核对"),
        ("", f"{known} AND g.removed_at IS NOT NULL", "学生已从学校名单中删除，重新上传名单后才能登记"),
        ("", f"{known} AND g.removed_at IS NULL AND g.{moved} IS FALSE",
         f"学校名单里「{title}是否转入学校」是「否」，不在{title}信息的学生名单里"),
        ("", f"""{known} AND NOT {asked.blank} AND EXISTS (SELECT FROM {CHANGES[area]._meta.db_table} c
            WHERE c.graduate_id = g.id AND c.cohort = g.cohort AND c.live AND c.state IN {IN_REVIEW})""",
         "审核中：毕业生申请了修改，审核完才能批量登记"),
    ):  # fmt: skip
        yield f"{into} SELECT s.upload_id, s.line, '{place}', '{reason}' FROM {asked.joined} WHERE s.upload_id = %(upload)s AND {condition}"
    yield f"""
WITH twice AS (
    SELECT exam_number, array_agg(line ORDER BY line) AS lines FROM {table(area)}
    WHERE upload_id = %(upload)s AND exam_number <> '' GROUP BY exam_number HAVING count(*) > 1)
{into} SELECT %(upload)s, line, 'exam_number', left('文件里第 ' || array_to_string((array_remove(lines, line))[:5], '、') ||
    ' 行也是这个{WHO["exam_number"]}，请只保留一行', {REASON_LENGTH}) FROM twice CROSS JOIN LATERAL unnest(lines) AS line"""
    yield f"""{into} SELECT s.upload_id, s.line, w.key, left(w.value, {REASON_LENGTH}) FROM {asked.joined}
        CROSS JOIN LATERAL jsonb_each_text(s.wrong) w WHERE s.upload_id = %(upload)s AND s.wrong <> '{{}}' AND NOT {asked.same}"""


def _look_at_receivers(asked: Asked) -> None:
    """Hold each line that changes something against its graduate by the form's own checks: who must not receive it (ARC-02), what cannot go
    with the registered destination; and note what only looks doubtful."""
    area, after = asked.upload.AREA, -1
    sql = f"""SELECT s.line, s.kind, s.receiver, s.region, s.address, s.contact, s.phone AS given_phone, g.name, g.phone, g.extra,
            coalesce(e.destination, '') AS destination, coalesce(e.employer_name, '') AS employer, e.id IS NOT NULL AS is_settled,
            o.name AS school
        FROM {asked.joined} LEFT JOIN roster_employmentrecord e ON e.cohort = %(cohort)s AND e.graduate_id = s.graduate_id
        LEFT JOIN orgs_school o ON o.id = g.school_id
        WHERE s.upload_id = %(upload)s AND s.graduate_id IS NOT NULL AND s.kind <> '' AND NOT {asked.same}
            AND s.line > %(after)s ORDER BY s.line LIMIT {AT_ONCE}"""
    while found := statements.rows(sql, asked.parameters | {"after": after}):
        wrong: list[tuple[int, str, str]] = []
        doubtful: list[tuple[int, str]] = []
        for row in found:
            given = {
                "kind": row.kind,
                "receiver": row.receiver,
                "address": row.address,
                "contact": row.contact,
                "phone": row.given_phone,
            }
            person = person_of(row)
            wrong += [(row.line, place, why) for place, why in not_a_relative(person)(given).items()]
            if row.is_settled and (why := misfit_of(row.kind, row.destination, row.employer, row.school)):
                wrong.append((row.line, "kind", why))
            if some := doubts(area, given, person):
                doubtful.append((row.line, json.dumps(some)))
        _write(asked, wrong, doubtful)
        after = found[-1].line


def _write(asked: Asked, wrong: list[tuple[int, str, str]], doubtful: list[tuple[int, str]]) -> None:
    if wrong:
        lines, places, reasons = (list(column) for column in zip(*wrong, strict=True))
        statements.change(
            f"""INSERT INTO {asked.faults} (upload_id, line, place, reason)
            SELECT %s, line, place, left(reason, {REASON_LENGTH}) FROM unnest(%s::int[], %s::text[], %s::text[]) AS n(line, place, reason)""",
            (asked.upload.pk, lines, places, reasons),
        )
    if doubtful:
        lines, words = (list(column) for column in zip(*doubtful, strict=True))
        statements.change(
            f"""UPDATE {table(asked.upload.AREA)} s SET doubts = n.doubts FROM unnest(%s::int[], %s::jsonb[]) AS n(line, doubts)
            WHERE s.upload_id = %s AND s.line = n.line""",
            (lines, words, asked.upload.pk),
        )
