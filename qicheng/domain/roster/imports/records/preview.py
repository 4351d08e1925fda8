"""What staged employment records would do: new, changed field by field, unchanged, refused, missing (IMP-05, IMP-02)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from qicheng.domain.roster.sheets import EMPLOYMENT_RECORD
from qicheng.foundation.access import statements
from qicheng.foundation.flow.many import AT_ONCE

from .checks import CHANGING, GOOD, JOINED, SAME, parameters, seen
from .columns import LABELS, VALUES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qicheng.domain.roster.models import EmploymentUpload

PAGE = 50
_STANDS = ", ".join(f"coalesce(r.{key}::text, '')" for key in VALUES)
_SAID = ", ".join(f"s.{key}" for key in VALUES)
WAS, BECOMES = f"ARRAY[{_STANDS}] AS was", f"ARRAY[{_SAID}] AS becomes"
ORDER = {key: at for at, key in enumerate(LABELS)}


def count(upload: EmploymentUpload) -> dict[str, Any]:
    """How many lines there are of each part, and the mark by which a later check is compared."""
    asked = parameters(upload)
    row = statements.one(
        f"""SELECT count(*) FILTER (WHERE {SAME}) AS unchanged, count(*) FILTER (WHERE r.id IS NULL) AS new,
            count(*) FILTER (WHERE r.id IS NOT NULL AND NOT {SAME}) AS changed,
            md5(coalesce(string_agg(s.line || ' ' || s.graduate_id || ' ' || s.seen, ',' ORDER BY s.line)
                FILTER (WHERE NOT {SAME}), '')) AS mark
        FROM {JOINED} WHERE {GOOD}""",
        asked,
    )
    refused = statements.plain(
        "SELECT count(DISTINCT line), count(*) FROM roster_employmentuploadfault WHERE upload_id = %(upload)s", asked
    )
    missing = statements.plain(f"SELECT count(*) FROM {_missing(upload)}", asked)
    assert row is not None
    assert refused is not None
    assert missing is not None
    return {**row._asdict(), "refused": refused[0], "faults": refused[1], "missing": missing[0]}


def _missing(upload: EmploymentUpload) -> str:
    return f"""roster_graduate g WHERE g.school_id = %(school)s AND g.cohort = %(cohort)s AND g.removed_at IS NULL AND {seen(upload)}
        AND NOT EXISTS (SELECT FROM roster_employmentuploadline s WHERE s.upload_id = %(upload)s AND s.exam_number = g.exam_number)"""


def lines(upload: EmploymentUpload, part: str, after: int) -> list[dict[str, Any]]:
    """The next lines of a part behind line `after`: line, exam_number, name, and what the part tells of them.

    `changes` label → [before, after], `faults` (label, reason).
    """
    if part == "refused":
        return _refused(upload, after)
    asked = parameters(upload) | {"after": after}
    if part == "missing":
        found = statements.rows(
            f"SELECT g.id AS line, g.exam_number, g.name FROM {_missing(upload)} AND g.id > %(after)s ORDER BY g.id LIMIT {PAGE}",
            asked,
        )
        return [row._asdict() for row in found]
    condition = {
        "new": f"{CHANGING} AND r.id IS NULL", "changed": f"{CHANGING} AND r.id IS NOT NULL", "unchanged": f"{GOOD} AND {SAME}",
    }[part]  # fmt: skip
    found = statements.rows(
        f"""SELECT s.line, s.exam_number, g.name, {WAS}, {BECOMES} FROM {JOINED}
        WHERE {condition} AND s.line > %(after)s ORDER BY s.line LIMIT {PAGE}""",
        asked,
    )
    return [
        {
            "line": row.line, "exam_number": row.exam_number, "name": row.name,
            "changes": {} if part == "unchanged" else EMPLOYMENT_RECORD.changes(_read(row.was), _read(row.becomes)),
        }
        for row in found
    ]  # fmt: skip


def changed(upload: EmploymentUpload) -> Iterator[tuple[int, dict[str, Any]]]:
    """(graduate, label → [before, after]) of everybody whose record the file will change."""
    behind = 0
    while found := statements.rows(
        f"""SELECT s.line, s.graduate_id, {WAS}, {BECOMES} FROM {JOINED}
        WHERE {CHANGING} AND r.id IS NOT NULL AND s.line > %(after)s ORDER BY s.line LIMIT {AT_ONCE}""",
        parameters(upload) | {"after": behind},
    ):
        for row in found:
            yield row.graduate_id, EMPLOYMENT_RECORD.changes(_read(row.was), _read(row.becomes))
        behind = found[-1].line


def _read(side: list[str]) -> dict[str, Any]:
    """The values of a record as its sheet reads them."""
    said: dict[str, Any] = dict(zip(VALUES, side, strict=True))
    return said | {"signed_on": date.fromisoformat(said["signed_on"]) if said["signed_on"] else None}


def _refused(upload: EmploymentUpload, after: int) -> list[dict[str, Any]]:
    found = statements.rows(
        f"""SELECT f.line, s.exam_number, s.name, f.faults FROM (
            SELECT line, array_agg(ARRAY[place, reason] ORDER BY id) AS faults FROM roster_employmentuploadfault
            WHERE upload_id = %(upload)s AND line > %(after)s GROUP BY line ORDER BY line LIMIT {PAGE}) f
        LEFT JOIN roster_employmentuploadline s ON s.upload_id = %(upload)s AND s.line = f.line ORDER BY f.line""",
        {"upload": upload.pk, "after": after},
    )
    return [
        {
            "line": row.line, "exam_number": (row.exam_number or "")[:20], "name": (row.name or "")[:60],
            "faults": [
                (LABELS.get(place, "整行"), reason)
                for place, reason in sorted(row.faults, key=lambda fault: ORDER.get(fault[0], -1))
            ],
        }
        for row in found
    ]  # fmt: skip
