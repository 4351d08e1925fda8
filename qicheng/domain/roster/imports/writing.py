"""Writes the good lines of a staged file to the roster: one transaction, all of them or none (IMP-03)."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from qicheng.domain.roster.models import CONFIRMED
from qicheng.domain.roster.sheets import TRAINING
from qicheng.foundation.access import statements
from qicheng.foundation.flow.perform import follow, note
from qicheng.foundation.kit.numbers import token

from .preview import GOOD, JOINED, OWNED, changed, given, pairs, where

if TYPE_CHECKING:
    from qicheng.domain.roster.models import Upload
    from qicheng.foundation.access import Actor

# Columns of a new graduate that a file without the field leaves empty.
EMPTY = {
    "major_direction": "''", "directed_unit": "''", "urban_rural": "''", "class_name": "''", "student_number": "''",
    "archive_moved": "NULL::boolean", "household_moved": "NULL::boolean", "phone": "''", "email": "''", "study_form": "''",
    "extra": "'{}'::jsonb",
}  # fmt: skip


# 128 bits of a keyed hash: the server's own generator asks the system anew for every line, which costs four times as much.
# The secret lives as long as the statement.
PUBLIC_ID = "encode(substr(sha256(convert_to(%(secret)s || s.line, 'UTF8')), 1, 16), 'hex')::uuid"


def write_lines(upload: Upload, actor: Actor) -> dict[str, Any]:
    """Write all good lines in the caller's transaction, which holds the roster's lock; the counts of what was written."""
    parameters = where(upload)
    # Where nobody is on the roster yet, no line can change anybody, and what is new need not be looked for.
    is_first = statements.plain(_IS_EMPTY, parameters) == (True,)
    moved = [] if is_first else _moved(upload, parameters)
    colleges = statements.change(
        f"""INSERT INTO orgs_college (school_id, name) SELECT DISTINCT %(school)s::bigint, s.college FROM {JOINED}
        WHERE {GOOD} AND c.id IS NULL ON CONFLICT DO NOTHING""",
        parameters,
    )
    statements.change("SELECT set_config('work_mem', '64MB', true)")
    row = statements.one(_upsert(given(upload), is_first=is_first), parameters | {"secret": token(256)})
    assert row is not None
    if row.bound:
        statements.change(_SEATS, parameters)
    _carry(moved)
    has_unit = "directed_unit" in given(upload)
    for line in moved:
        if line.mode_before != line.mode_after:
            before = {"training_mode": line.mode_before, "directed_unit": line.unit_before}
            after = {
                "training_mode": line.mode_after,
                "directed_unit": line.unit_after if has_unit else line.unit_before,
            }
            note(
                actor, "training_mode", "roster", TRAINING.changes(before, after), subject=str(line.public_id), cohort=upload.cohort,
                school=upload.school_id,
            )  # fmt: skip
    return {"added": row.added, "changed": row.changed, "colleges": colleges}


def _moved(upload: Upload, parameters: dict[str, Any]) -> list[Any]:
    """Graduates whose reviewers or training mode change; their college by name, since a new one is not there yet."""
    return statements.rows(
        f"""SELECT g.id, g.public_id, s.college, s.tier, g.training_mode AS mode_before, s.training_mode AS mode_after,
            g.directed_unit AS unit_before, s.directed_unit AS unit_after,
            c.id IS DISTINCT FROM g.college_id OR s.tier <> g.tier AS moves, %(school)s::bigint AS school
        FROM {JOINED} WHERE {GOOD} AND g.id IS NOT NULL
            AND (c.id IS DISTINCT FROM g.college_id OR s.tier <> g.tier OR s.training_mode <> g.training_mode)
        ORDER BY s.college, s.tier, g.id""",
        parameters,
    )


def _carry(moved: list[Any]) -> None:
    """Let the cases of graduates follow to the college and tier where these stand now (ROS-05)."""
    for (school, college, tier), group in groupby(
        (line for line in moved if line.moves), key=lambda line: (line.school, line.college, line.tier)
    ):
        found = statements.plain("SELECT id FROM orgs_college WHERE school_id = %s AND name = %s", (school, college))
        assert found is not None
        follow([line.id for line in group], college_id=found[0], tier=tier)


_IS_EMPTY = "SELECT NOT EXISTS (SELECT FROM roster_graduate WHERE school_id = %(school)s AND cohort = %(cohort)s)"


def _upsert(fields: set[str], *, is_first: bool) -> str:
    written = pairs(fields)
    columns = [pair.column for pair in written]
    values = {pair.column: pair.staged for pair in written}
    for column in OWNED:
        staged = values.get(column, EMPTY[column])
        values[column] = f"CASE WHEN g.id IS NULL THEN coalesce(a.{column}, {staged}) ELSE {staged} END"
    for column, empty in EMPTY.items():
        values.setdefault(column, empty)
    taken = ", ".join(
        f"{column} = CASE WHEN g.account_id IS NULL THEN excluded.{column} ELSE g.{column} END"
        if column in OWNED else f"{column} = excluded.{column}"
        for column in columns
    )  # fmt: skip
    confirmed = " OR ".join(
        f"g.{pair.column} IS DISTINCT FROM excluded.{pair.column}" for pair in written if pair.column in CONFIRMED
    )
    differs = " OR ".join(f"g.{column} IS DISTINCT FROM excluded.{column}" for column in columns if column not in OWNED)
    lines = f"""INSERT INTO roster_graduate AS g (public_id, school_id, cohort, account_id, revision, {", ".join(values)})
    SELECT {PUBLIC_ID}, %(school)s::bigint, %(cohort)s::smallint, a.id, 1, {", ".join(values.values())}
    FROM {JOINED} LEFT JOIN orgs_account a ON a.id_number = s.id_number AND a.name = s.name WHERE {GOOD}"""
    if is_first:
        return f"""
WITH added AS ({lines} RETURNING account_id)
SELECT count(*) AS added, count(account_id) AS bound, 0 AS changed FROM added"""
    # The roster is locked, so a new line meets no other: only lines that are there already pay for looking out for one.
    return f"""
WITH added AS ({lines} AND g.id IS NULL RETURNING account_id),
changed AS ({lines} AND g.id IS NOT NULL AND {changed(fields)}
    ON CONFLICT (cohort, school_id, exam_number) DO UPDATE SET {taken},
        revision = g.revision + ({confirmed})::int, removed_at = NULL,
        restored_at = CASE WHEN g.removed_at IS NULL THEN g.restored_at ELSE clock_timestamp() END
    WHERE g.removed_at IS NOT NULL OR {differs} OR g.account_id IS NULL
    RETURNING 1)
SELECT count(*) AS added, count(account_id) AS bound, (SELECT count(*) FROM changed) AS changed FROM added"""


# Somebody who has a log-in from another roster gets the seat of the new line: one person, two lines (ROS-08).
_SEATS = """
INSERT INTO orgs_seat (account_id, role, node, employment, archive, household, tier, is_administrator)
SELECT g.account_id, 'graduate', g.id, 2, 2, 2, 'all', false FROM roster_graduate g
JOIN roster_uploadline s ON s.upload_id = %(upload)s AND s.exam_number = g.exam_number
WHERE g.school_id = %(school)s AND g.cohort = %(cohort)s AND g.account_id IS NOT NULL
ON CONFLICT (account_id, role, node) DO NOTHING"""
