"""What a staged file of records would do: new, changed field by field, unchanged, not filled in, refused, missing (IMP-02)."""

# ruff: noqa: S608 -- names of our own tables and columns; values are parameters
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.transfer.models import FAULTS
from qicheng.domain.transfer.sheets.records import shown_by
from qicheng.foundation.access import statements

from .checks import Asked
from .columns import VALUES, headings
from .stage import table

if TYPE_CHECKING:
    from qicheng.domain.transfer.models import RecordUpload

PAGE = 50
NEW = "coalesce(r.kind, '') = ''"
# Of whom the parts tell: line, exam number, name, college.
WHO = "s.line, s.exam_number, coalesce(g.name, s.name) AS name"


def count(upload: RecordUpload) -> dict[str, Any]:
    """How many lines there are of each part, how many of those that are written look doubtful, and the mark by which a later check is compared."""
    asked = Asked(upload)
    row = statements.one(
        f"""SELECT count(*) FILTER (WHERE {asked.blank}) AS blank, count(*) FILTER (WHERE {asked.same}) AS unchanged,
            count(*) FILTER (WHERE NOT {asked.blank} AND NOT {asked.same} AND {NEW}) AS new,
            count(*) FILTER (WHERE NOT {asked.blank} AND NOT {asked.same} AND NOT {NEW}) AS changed,
            count(*) FILTER (WHERE NOT {asked.blank} AND NOT {asked.same} AND s.doubts <> '[]') AS doubtful,
            md5(coalesce(string_agg(s.line || ' ' || s.graduate_id || ' ' || s.seen, ',' ORDER BY s.line)
                FILTER (WHERE NOT {asked.blank} AND NOT {asked.same}), '')) AS mark
        FROM {asked.joined} WHERE {asked.good}""",
        asked.parameters,
    )
    refused = statements.plain(
        f"SELECT count(DISTINCT line), count(*) FROM {asked.faults} WHERE upload_id = %(upload)s", asked.parameters
    )
    missing = statements.plain(f"SELECT count(*) FROM {_missing(asked)}", asked.parameters)
    assert row is not None
    assert refused is not None
    assert missing is not None
    return {**row._asdict(), "refused": refused[0], "faults": refused[1], "missing": missing[0]}


def _missing(asked: Asked) -> str:
    return f"""roster_graduate g WHERE g.school_id = %(school)s AND g.cohort = %(cohort)s AND {asked.listed}
        AND NOT EXISTS (SELECT FROM {table(asked.upload.AREA)} s WHERE s.upload_id = %(upload)s AND s.exam_number = g.exam_number)"""


def lines(upload: RecordUpload, part: str, after: int) -> list[dict[str, Any]]:
    """The next lines of a part behind line `after`: line, exam_number, name, and what the part tells of them.

    `changes` label → [before, after], `doubts` what to look at, `faults` (label, reason).
    """
    if part == "refused":
        return _refused(upload, after)
    asked = Asked(upload)
    if part == "missing":
        found = statements.rows(
            f"SELECT g.id AS line, g.exam_number, g.name FROM {_missing(asked)} AND g.id > %(after)s ORDER BY g.id LIMIT {PAGE}",
            asked.parameters | {"after": after},
        )
        return [row._asdict() for row in found]
    condition = {
        "new": f"{asked.changing} AND {NEW}", "changed": f"{asked.changing} AND NOT {NEW}",
        "doubtful": f"{asked.changing} AND s.doubts <> '[]'", "unchanged": f"{asked.good} AND {asked.same}",
        "blank": f"{asked.good} AND {asked.blank}",
    }[part]  # fmt: skip
    found = statements.rows(
        f"""SELECT {WHO}, s.doubts, ARRAY[{", ".join(f"coalesce(r.{key}, '')" for key in VALUES)}] AS was,
            ARRAY[{", ".join(f"s.{key}" for key in VALUES)}] AS becomes
        FROM {asked.joined} WHERE {condition} AND s.line > %(after)s ORDER BY s.line LIMIT {PAGE}""",
        asked.parameters | {"after": after},
    )
    sheet = shown_by(upload.AREA)
    told = part in ("new", "changed", "doubtful")
    return [
        {
            "line": row.line, "exam_number": row.exam_number, "name": row.name, "doubts": row.doubts if told else [],
            "changes": sheet.changes(dict(zip(VALUES, row.was, strict=True)), dict(zip(VALUES, row.becomes, strict=True))) if told else {},
        }
        for row in found
    ]  # fmt: skip


def _refused(upload: RecordUpload, after: int) -> list[dict[str, Any]]:
    asked, labels = Asked(upload), headings(upload.AREA)
    order = {key: at for at, key in enumerate(labels)}
    found = statements.rows(
        f"""SELECT f.line, s.exam_number, s.name, f.faults FROM (
            SELECT line, array_agg(ARRAY[place, reason] ORDER BY id) AS faults FROM {FAULTS[upload.AREA]._meta.db_table}
            WHERE upload_id = %(upload)s AND line > %(after)s GROUP BY line ORDER BY line LIMIT {PAGE}) f
        LEFT JOIN {table(upload.AREA)} s ON s.upload_id = %(upload)s AND s.line = f.line ORDER BY f.line""",
        asked.parameters | {"after": after},
    )
    return [
        {
            "line": row.line, "exam_number": (row.exam_number or "")[:20], "name": (row.name or "")[:60],
            "faults": [
                (labels.get(place, "整行"), reason)
                for place, reason in sorted(row.faults, key=lambda fault: order.get(fault[0], -1))
            ],
        }
        for row in found
    ]  # fmt: skip
