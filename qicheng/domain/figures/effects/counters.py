"""Counters that are kept by the database itself: what every statement on rosters, records and confirmations changes is added (decision 17)."""

# ruff: noqa: S608 -- names of our own tables and columns; values are parameters

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.db import transaction

from qicheng.domain.figures.models import Cell, Recount
from qicheng.foundation.access import statements

if TYPE_CHECKING:
    from collections.abc import Iterable

log = logging.getLogger(__name__)
KEY = ", ".join(Cell.KEY)
# The day in Beijing, by its fixed offset.
TODAY = "(clock_timestamp() AT TIME ZONE interval '8 hours')::date"
NOTHING = "''"
_OF_GRADUATE = "id cohort school_id tier level removed_at"
_OF_RECORD = "cohort graduate_id destination source"
_OF_CONFIRMATION = "cohort graduate_id state"
# A function's statements are planned once a connection, for as many rows as came first, and serve one row and a hundred thousand: so rosters
# and lines are always found by their indexes, and what was is never joined with what is.
SETTINGS = (
    "SET search_path = public, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off"
)


def _changed(columns: str) -> str:
    """What a statement took away (-1) and what it put there (1), without what stayed as it was."""
    key = ", ".join(columns.split())
    return f"""(SELECT {key}, sum(change) AS change FROM (SELECT {key}, -1 AS change FROM old_rows UNION ALL SELECT {key}, 1 FROM new_rows) b
            GROUP BY {key} HAVING sum(change) <> 0)"""


def _added(moves: str) -> str:
    return f"""INSERT INTO figures_move ({KEY}, day, change)
        SELECT {KEY}, {TODAY}, sum(change) FROM ({moves}) m GROUP BY {KEY} HAVING sum(change) <> 0"""


def _of_graduates(rows: str) -> str:
    """What graduates count for: `rows` have the columns of the roster, and `change`."""
    return f"""
        SELECT 'record' AS about, g.cohort, g.school_id, g.tier, g.level, coalesce(r.destination, '') AS value, coalesce(r.source, '') AS source, g.change
        FROM {rows} g LEFT JOIN roster_employmentrecord r ON r.graduate_id = g.id AND r.cohort = g.cohort WHERE g.removed_at IS NULL
        UNION ALL
        SELECT 'confirmation', g.cohort, g.school_id, g.tier, g.level, coalesce(c.state, ''), '', g.change
        FROM {rows} g LEFT JOIN transfer_confirmation c ON c.graduate_id = g.id AND c.cohort = g.cohort WHERE g.removed_at IS NULL"""


def _of_lines(about: str, value: str, source: str, *, of: str) -> str:
    """What the lines of graduates count for: from nothing, or from what was, to what is."""
    joined = "JOIN roster_graduate g ON g.id = n.graduate_id AND g.cohort = n.cohort"

    def counted(rows: str, value: str, source: str, change: str) -> str:
        return f"""SELECT '{about}' AS about, g.cohort, g.school_id, g.tier, g.level, {value} AS value, {source} AS source, {change} AS change
            FROM {rows} n {joined} AND g.removed_at IS NULL"""

    def locked(rows: str) -> str:
        return f"PERFORM 1 FROM {rows} n {joined} ORDER BY g.id FOR SHARE OF g"

    changed, new = _changed(of), "new_rows"
    put = f"{counted(new, NOTHING, NOTHING, '-1')} UNION ALL {counted(new, value, source, '1')}"
    return f"""
    IF TG_OP = 'INSERT' THEN
        {locked(new)};
        {_added(put)};
    ELSIF EXISTS (SELECT FROM {changed} c) THEN
        {locked(changed)};
        {_added(counted(changed, value, source, "n.change"))};
    END IF;
    RETURN NULL;"""


# A line and its graduate are counted together, so whoever changes one of them waits for whoever changes the other: writers of a
# graduate hold its row, writers of a line share it. Whoever writes many lines locks their graduates first, in order (ARCHITECTURE).
FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION figures_count_graduates() RETURNS trigger LANGUAGE plpgsql {SETTINGS} AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        {_added(_of_graduates("(SELECT n.*, 1 AS change FROM new_rows n)"))};
    ELSIF EXISTS (SELECT FROM {_changed(_OF_GRADUATE)} c) THEN
        {_added(_of_graduates(_changed(_OF_GRADUATE)))};
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION figures_count_records() RETURNS trigger LANGUAGE plpgsql {SETTINGS} AS $$
BEGIN {_of_lines("record", "n.destination", "n.source", of=_OF_RECORD)}
END $$;

CREATE OR REPLACE FUNCTION figures_count_confirmations() RETURNS trigger LANGUAGE plpgsql {SETTINGS} AS $$
BEGIN {_of_lines("confirmation", "n.state", NOTHING, of=_OF_CONFIRMATION)}
END $$;
"""
COUNTED = {
    "roster_graduate": "figures_count_graduates",
    "roster_employmentrecord": "figures_count_records",
    "transfer_confirmation": "figures_count_confirmations",
}


def install(table: str) -> str:
    """SQL that has every statement on a table counted; it can be run again, and is after a table was exchanged for another of its name."""
    function = COUNTED[table]
    return f"""
CREATE OR REPLACE TRIGGER {table}_counted_new AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {function}();
CREATE OR REPLACE TRIGGER {table}_counted AFTER UPDATE ON {table} REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION {function}();
"""


def all_there_is() -> str:
    """SQL that counts what was there before anything was; the triggers' locks keep writers away until it is committed."""
    return _added(_of_graduates("(SELECT *, 1 AS change FROM roster_graduate)")) + ";"


def fold() -> int:
    """Add up the moves of ended transactions into counters and days; how many there were. One at a time: who comes second does nothing."""
    with transaction.atomic():
        row = statements.one("SELECT pg_try_advisory_xact_lock(hashtext('figures_move')) AS is_ours")
        if row is None or not row.is_ours:
            return 0
        done = statements.one(_FOLD)
        assert done is not None
        number: int = done.moves
    return number


def _summed(key: str) -> str:
    return f"SELECT {key}, sum(change) AS change FROM gone GROUP BY {key} HAVING sum(change) <> 0"


# What was counted of schools, of their provinces; also the filling of the table where there were days before it.
BY_PROVINCE = """INSERT INTO figures_provinceday AS p (about, cohort, province_id, tier, level, value, day, change)
    SELECT g.about, g.cohort, s.province_id, g.tier, g.level, g.value, g.day, sum(g.change) FROM {rows} g JOIN orgs_school s ON s.id = g.school_id
    GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(g.change) <> 0"""
_CONFLICT = ", ".join(("cohort", *(column for column in Cell.KEY if column != "cohort")))
_FOLD = f"""
WITH gone AS (DELETE FROM figures_move RETURNING {KEY}, day, change),
counted AS (INSERT INTO figures_counter AS c ({KEY}, number) {_summed(KEY)}
    ON CONFLICT ({_CONFLICT}) DO UPDATE SET number = c.number + excluded.number),
days AS (INSERT INTO figures_daychange AS d ({KEY}, day, change) {_summed(f"{KEY}, day")}
    ON CONFLICT ({_CONFLICT}, day) DO UPDATE SET change = d.change + excluded.change),
provinces AS ({BY_PROVINCE.format(rows="gone")}
    ON CONFLICT (cohort, about, province_id, tier, level, value, day) DO UPDATE SET change = p.change + excluded.change)
SELECT count(*) AS moves FROM gone"""


# One statement, and so one moment: rows and counters as the same transactions left them, whoever writes meanwhile. What is mended is a
# move like any other, which is right whenever it is added.
_RECOUNT = f"""
WITH truly AS (
    SELECT {KEY}, sum(change) AS number FROM ({
    _of_graduates("(SELECT *, 1 AS change FROM roster_graduate WHERE cohort = %(cohort)s)")
}) g GROUP BY {KEY}
), counted AS (
    SELECT {KEY}, sum(number) AS number FROM (
        SELECT {KEY}, number FROM figures_counter WHERE cohort = %(cohort)s
        UNION ALL SELECT {KEY}, change FROM figures_move WHERE cohort = %(cohort)s) c GROUP BY {KEY}
), differing AS (
    SELECT {KEY}, coalesce(t.number, 0) AS number, coalesce(c.number, 0) AS counted
    FROM truly t FULL JOIN counted c USING ({KEY}) WHERE coalesce(t.number, 0) <> coalesce(c.number, 0)
), mended AS (
    INSERT INTO figures_move ({KEY}, day, change) SELECT {KEY}, {TODAY}, number - counted FROM differing
), noted AS (
    INSERT INTO figures_recount (cohort, at, graduates, differences, cells) SELECT %(cohort)s, clock_timestamp(),
        coalesce((SELECT sum(number) FROM truly WHERE about = 'record'), 0), (SELECT count(*) FROM differing),
        coalesce((SELECT jsonb_agg(to_jsonb(d)) FROM (SELECT * FROM differing LIMIT 100) d), '[]')
    RETURNING id
)
SELECT id FROM noted"""


def recount(cohort: int) -> Recount:
    """Compare the counters of a cohort with the rows, mend what differs, and keep what was found; 0 differences is what must be."""
    with transaction.atomic():
        row = statements.one(_RECOUNT, {"cohort": cohort})
    assert row is not None
    found = Recount.objects.get(pk=row.id)
    if found.differences:
        log.error(
            "counters of cohort %s differed in %s cells from the rows, and were mended", cohort, found.differences
        )
    return found


def recount_all(cohorts: Iterable[int]) -> dict[int, Any]:
    """Recount cohorts one after another: cohort → what was found."""
    return {cohort: recount(cohort) for cohort in cohorts}
