"""What a staged file would do to the roster: new, changed field by field, unchanged, refused, missing (IMP-02)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qicheng.domain.roster.sheets import ROSTER_LINE
from qicheng.foundation.access import statements

from .columns import BY_KEY, FIELDS

if TYPE_CHECKING:
    from qicheng.domain.roster.models import Upload

PAGE = 50
# Who the graduate is, and what the account owns once there is one (ROS-02), is compared apart from the rest.
OWNED = ("phone", "email")
ORDER = {field.key: at for at, field in enumerate(FIELDS)}
EXTRA = tuple(field.key for field in FIELDS if field.is_extra)
JOINED = """roster_uploadline s
LEFT JOIN orgs_college c ON c.school_id = %(school)s AND c.name = s.college
LEFT JOIN roster_graduate g ON g.school_id = %(school)s AND g.cohort = %(cohort)s AND g.exam_number = s.exam_number"""
GOOD = "s.upload_id = %(upload)s AND NOT EXISTS (SELECT FROM roster_uploadfault f WHERE f.upload_id = %(upload)s AND f.line = s.line)"


@dataclass(frozen=True, slots=True)
class Pair:
    """A column of a graduate and what the stage says for it. `asked` says when the stage has a say."""

    column: str
    key: str
    staged: str
    asked: str = ""

    @property
    def differs(self) -> str:
        condition = f"g.{self.column} IS DISTINCT FROM {self.staged}"
        return f"({self.asked} AND {condition})" if self.asked else condition


def pairs(given: set[str]) -> list[Pair]:
    """The columns that a file with these fields writes; a field that the file does not have is left as it is."""
    found = [Pair("tier", "level", "s.tier"), Pair("birth_date", "birth_date", "substr(s.id_number, 7, 8)")]
    for field in FIELDS:
        key = field.key
        if key not in given or not field.column or field.is_extra or key == "birth_date":
            continue
        if key == "college":
            found.append(Pair("college_id", key, "c.id"))
        elif key in ("archive_moved", "household_moved"):
            found.append(Pair(key, key, f"(CASE s.{key} WHEN '1' THEN true WHEN '0' THEN false END)"))
        else:
            found.append(Pair(key, key, f"s.{key}", "g.account_id IS NULL" if key in OWNED else ""))
    if extras := [key for key in EXTRA if key in given]:
        said = ", ".join(f"'{key}', nullif(s.{key}, '')" for key in extras)
        found.append(
            Pair("extra", "extra", f"jsonb_strip_nulls(coalesce(g.extra, '{{}}') || jsonb_build_object({said}))")
        )
    return found


def changed(given: set[str]) -> str:
    """SQL: whether a line says otherwise than its graduate, or brings back one who was deleted (ROS-07)."""
    return "(g.removed_at IS NOT NULL OR " + " OR ".join(pair.differs for pair in pairs(given)) + ")"


def where(upload: Upload) -> dict[str, Any]:
    """The parameters of every statement here."""
    return {"upload": upload.pk, "school": upload.school_id, "cohort": upload.cohort, "tier": upload.tier}


def given(upload: Upload) -> set[str]:
    """The fields that the file has."""
    return set(upload.columns["places"])


def count(upload: Upload) -> dict[str, Any]:
    """How many lines are new, changed, back, unchanged and refused; how many graduates are missing; which colleges are new."""
    differs = changed(given(upload))
    row = statements.one(
        f"""
SELECT count(*) FILTER (WHERE g.id IS NULL) AS new, count(*) FILTER (WHERE g.id IS NOT NULL AND {differs}) AS changed,
    count(*) FILTER (WHERE g.removed_at IS NOT NULL) AS back,
    count(*) FILTER (WHERE g.id IS NOT NULL AND NOT {differs}) AS unchanged,
    array_agg(DISTINCT s.college) FILTER (WHERE c.id IS NULL) AS colleges
FROM {JOINED} WHERE {GOOD}""",
        where(upload),
    )
    assert row is not None
    refused = statements.plain(
        "SELECT count(DISTINCT line), count(*) FROM roster_uploadfault WHERE upload_id = %(upload)s", where(upload)
    )
    missing = statements.plain(f"SELECT count(*) FROM {_MISSING}", where(upload))
    assert refused is not None
    assert missing is not None
    return {
        "new": row.new, "changed": row.changed, "back": row.back, "unchanged": row.unchanged, "refused": refused[0],
        "faults": refused[1], "missing": missing[0], "colleges": sorted(row.colleges or []),
    }  # fmt: skip


_MISSING = """roster_graduate g WHERE g.school_id = %(school)s AND g.cohort = %(cohort)s AND g.removed_at IS NULL
    AND (%(tier)s = 'all' OR g.tier = %(tier)s)
    AND NOT EXISTS (SELECT FROM roster_uploadline s WHERE s.upload_id = %(upload)s AND s.exam_number = g.exam_number)"""


def new_lines(upload: Upload, after: int) -> list[Any]:
    """The next lines that would add a graduate: line, exam_number, name, college, major, level."""
    return statements.rows(
        f"""SELECT s.line, s.exam_number, s.name, s.college, s.major, s.level FROM {JOINED}
        WHERE {GOOD} AND g.id IS NULL AND s.line > %(after)s ORDER BY s.line LIMIT {PAGE}""",
        where(upload) | {"after": after},
    )


def unchanged_lines(upload: Upload, after: int) -> list[Any]:
    """The next lines that say what the roster says already."""
    return statements.rows(
        f"""SELECT s.line, s.exam_number, s.name, s.college, s.major, s.level FROM {JOINED}
        WHERE {GOOD} AND g.id IS NOT NULL AND NOT {changed(given(upload))} AND s.line > %(after)s ORDER BY s.line LIMIT {PAGE}""",
        where(upload) | {"after": after},
    )


def changed_lines(upload: Upload, after: int) -> list[dict[str, Any]]:
    """The next lines that would change a graduate: line, exam_number, name, is_back, and label → [before, after]."""
    compared = [
        pair for pair in pairs(given(upload)) if pair.key in BY_KEY and pair.column not in ("tier", "birth_date")
    ]
    asked = ", ".join(
        f"CASE WHEN {pair.differs} THEN ARRAY[{_before(pair)}, {_after(pair)}] END AS differs_{pair.key}"
        for pair in compared
    )
    extra = next((pair for pair in pairs(given(upload)) if pair.column == "extra"), None)
    more = f", ({extra.differs}) AS extra_differs" if extra else ", false AS extra_differs"
    rows = statements.rows(
        f"""SELECT s.line, s.exam_number, s.name, g.removed_at IS NOT NULL AS is_back, {asked}{more}
        FROM {JOINED} LEFT JOIN orgs_college o ON o.id = g.college_id
        WHERE {GOOD} AND g.id IS NOT NULL AND {changed(given(upload))} AND s.line > %(after)s ORDER BY s.line LIMIT {PAGE}""",
        where(upload) | {"after": after},
    )
    return [
        {
            "line": row.line, "exam_number": row.exam_number, "name": row.name, "is_back": row.is_back,
            "changes": {BY_KEY[p.key].label: _shown(p.key, found) for p in compared if (found := getattr(row, f"differs_{p.key}"))}
            | ({"其他信息": ["", "有变化"]} if row.extra_differs else {}),
        }
        for row in rows
    ]  # fmt: skip


def _before(pair: Pair) -> str:
    return "o.name" if pair.key == "college" else f"coalesce(g.{pair.column}::text, '')"


def _after(pair: Pair) -> str:
    return "s.college" if pair.key == "college" else f"coalesce({pair.staged}::text, '')"


def _shown(key: str, found: list[str]) -> list[str]:
    return [ROSTER_LINE[key].shown({"true": True, "false": False}.get(value, value)) for value in found]


def missing_lines(upload: Upload, after: int) -> list[Any]:
    """The next graduates of the roster that the file does not name; nothing happens to them."""
    return statements.rows(
        f"""SELECT g.id AS line, g.exam_number, g.name, k.name AS college, g.major, g.level FROM orgs_college k,
        {_MISSING} AND k.id = g.college_id AND g.id > %(after)s ORDER BY g.id LIMIT {PAGE}""",
        where(upload) | {"after": after},
    )


def refused_lines(upload: Upload, after: int) -> list[dict[str, Any]]:
    """The next refused lines: line, name and exam_number as far as they were given, and (label, reason) of each fault."""
    rows = statements.rows(
        f"""SELECT f.line, s.exam_number, s.name, f.faults FROM (
            SELECT line, array_agg(ARRAY[place, reason] ORDER BY id) AS faults FROM roster_uploadfault
            WHERE upload_id = %(upload)s AND line > %(after)s GROUP BY line ORDER BY line LIMIT {PAGE}) f
        LEFT JOIN roster_uploadline s ON s.upload_id = %(upload)s AND s.line = f.line ORDER BY f.line""",
        where(upload) | {"after": after},
    )
    return [
        {
            "line": row.line, "exam_number": row.exam_number or "", "name": (row.name or "")[:60],
            "faults": [
                (BY_KEY[place].label if place else "整行", reason)
                for place, reason in sorted(row.faults, key=lambda fault: ORDER.get(fault[0], -1))
            ],
        }
        for row in rows
    ]  # fmt: skip
