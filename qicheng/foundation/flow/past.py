"""Tables as they were known at a past moment: what stands in their place in a statement.

A room says once of a table how its past is kept (`keep`); `tables` gives the SQL. Three things are kept: rows with history (every
change wrote what the columns were), cases (every step wrote a record), and rows that are only added.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from django.db import connection

from qicheng.foundation.kit.calendar import ONE_DAY, day_of

from .models import Case

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.db import models

    from qicheng.foundation.access import Role

    # For each table, the SQL that stands in its place in FROM.
    Tables = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """How the past of a table is kept.

    `since` is the column with the instant from which the row is there. `fixed` columns never change, so that a statement which asks
    by them finds its rows by their indexes. `follows` maps columns of a case to those of the graduate's line that they follow
    (ORG-06), `said` a column to SQL of its own over the row `k`.
    """

    model: type[models.Model]
    since: str
    fixed: tuple[str, ...] = ()
    follows: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)


KEPT: dict[str, Kept] = {}
# For a role that asks, the rows `k` that may be among its own: columns that never change and %(node)s.
WITHIN: dict[Role, str] = {}


def keep(*kept: Kept, within: Mapping[Role, str] | None = None) -> None:
    """Say how the past of tables is kept, once, beside the questions about them."""
    KEPT.update({one.model._meta.db_table: one for one in kept})
    WITHIN.update(within or {})
    _stood.cache_clear()


def tables(moment: datetime | None, role: Role | None = None) -> Tables:
    """The SQL that stands in the place of each kept table: its own name live, a sub-select as known at %(moment)s else.

    With a `role` the sub-selects read only what may be of %(node)s in %(cohort)s, whatever else is asked.
    """
    return {table: table if moment is None else _stood(table, role, is_of_a_cohort=role is not None) for table in KEPT}


# What may follow a table's name in FROM and is not an alias of it.
_NO_ALIAS = "where|on|join|left|right|inner|cross|full|using|group|order|limit|union|for|natural"
_NOW = re.compile(r"\b(?:clock_timestamp|statement_timestamp|now)\(\)", re.IGNORECASE)


def as_known(sql: str, moment: datetime | None, role: Role | None = None, *, is_of_a_cohort: bool = False) -> str:
    """A statement with every kept table in FROM or JOIN replaced by what was known at %(moment)s, and 「now」 by that moment.

    With a `role` every replaced table is read within what may be of %(node)s, and in %(cohort)s where `is_of_a_cohort`.
    """
    if moment is None or not KEPT:
        return sql

    def stood(found: re.Match[str]) -> str:
        word, table, alias = found.groups()
        return f"{word} {_stood(table, role, is_of_a_cohort=is_of_a_cohort)}{alias or f' AS {table}'}"

    names = "|".join(sorted(KEPT, key=len, reverse=True))
    known = re.sub(
        rf"\b(from|join)\s+({names})\b(\s+(?:as\s+)?(?!(?:{_NO_ALIAS})\b)[a-z_]\w*)?", stood, sql, flags=re.IGNORECASE
    )
    return _NOW.sub("%(moment)s", known)


def kept_in_address(moment: datetime | None) -> dict[str, str]:
    """What an address carries to stay at a moment: the day that ends there, as `at`."""
    return {} if moment is None else {"at": f"{day_of(moment - ONE_DAY):%Y-%m-%d}"}


@cache
def _stood(table: str, role: Role | None, *, is_of_a_cohort: bool) -> str:
    kept = KEPT[table]
    columns = _columns(kept)
    terms = [WITHIN[role]] if role in WITHIN and "school_id" in columns else []
    if is_of_a_cohort and "cohort" in columns:
        terms.append("k.cohort = %(cohort)s")
    narrow = "".join(f" AND {term}" for term in terms)
    return _case(kept, narrow) if issubclass(kept.model, Case) else _row(kept, narrow)


def _columns(kept: Kept) -> dict[str, str]:
    """Column → type in the database."""
    return {field.column: field.db_type(connection) for field in kept.model._meta.concrete_fields}  # type: ignore[misc]


def _was(history: str, column: str, kind: str, now: str) -> str:
    """A column as history says it was, or as it is where nothing was written of it."""
    value = f"{history}.was -> '{column}'" if kind == "jsonb" else f"({history}.was ->> '{column}')::{kind}"
    return f"CASE WHEN {history}.was ? '{column}' THEN {value} ELSE {now} END"


def _history(table: str, row: str) -> str:
    """Of every column that changed at the moment or later, what it was before the first of these changes."""
    return f"""(SELECT jsonb_object_agg(e.key, e.value ORDER BY h.id DESC) AS was
        FROM flow_history h CROSS JOIN LATERAL jsonb_each(h.was) e
        WHERE h.table_name = '{table}' AND h.row_id = {row} AND h.at >= %(moment)s)"""


def _row(kept: Kept, narrow: str) -> str:
    table = kept.model._meta.db_table
    fixed = {kept.model._meta.pk.column, *kept.fixed}
    shown = {
        column: f"k.{column}" if column in fixed else _was("h", column, kind, f"k.{column}")
        for column, kind in _columns(kept).items()
    }
    listed = ", ".join(f"{sql} AS {column}" for column, sql in shown.items())
    return f"""(SELECT {listed} FROM {table} k LEFT JOIN LATERAL {_history(table, "k.id")} h ON true
        WHERE {shown[kept.since]} < %(moment)s{narrow})"""


def _case(kept: Kept, narrow: str) -> str:
    """A case stands where its last record at the moment says; instants that had not come yet are not there."""
    table, follows = kept.model._meta.db_table, kept.follows
    fixed = {"id", "public_id", "flow_name", "cohort", "begun_at", *kept.fixed}
    said = {"state": "s.after", "version": "s.version", "live": "t.live", "waiting_since": "s.at", **kept.said}
    shown: dict[str, str] = {}
    for column, kind in _columns(kept).items():
        if column in said:
            shown[column] = said[column]
        elif column in follows:
            shown[column] = _was("h", follows[column], kind, f"k.{column}")
        elif column not in fixed and kind == "timestamp with time zone":
            shown[column] = f"CASE WHEN k.{column} < %(moment)s THEN k.{column} END"
        else:
            shown[column] = f"k.{column}"
    listed = ", ".join(f"{sql} AS {column}" for column, sql in shown.items())
    roster = f"LEFT JOIN LATERAL {_history('roster_graduate', 'k.graduate_id')} h ON true" if follows else ""
    return f"""(SELECT {listed} FROM {table} k
        CROSS JOIN LATERAL (SELECT r.after, r.version, r.at FROM flow_record r
            WHERE r."case" = k.public_id::text AND r.version > 0 AND r.at < %(moment)s ORDER BY r.version DESC LIMIT 1) s
        JOIN flow_standing t ON t.flow = k.flow_name AND t.state = s.after {roster}
        WHERE k.begun_at < %(moment)s{narrow})"""
