"""What happened since, for readers that come back: a place among all records that no record written late falls behind.

Numbers of rows are given out before their transactions end, so a record with a smaller number can appear after one with a larger: who
goes by numbers misses it. Here records stand in the order of (transaction, number), and only those are read whose transaction is older
than every transaction that is still open. Whatever appears later stands behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.signing import BadSignature, Signer
from django.db import connection

from qicheng.foundation.access import statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .declare import Flow

SALT = "feed"
# Among so many of the newest records is the one with the greatest place, or one that is nearer to it than this.
NEWEST = 10_000
_READ = """
SELECT {columns}, r.id AS record, r.xact FROM flow_record r {joined}
WHERE r.school_id = %(school)s AND (r.xact, r.id) > (%(xact)s, %(id)s) AND r.xact < flow_horizon() AND {where}
ORDER BY r.xact, r.id LIMIT %(most)s"""
CHANGES = """(r.flow = ANY(%(flows)s) AND r.version > 0
    AND NOT (r.after = ANY(%(hidden)s) AND (r.before = '' OR r.before = ANY(%(hidden)s))))"""
FUNCTION = """CREATE OR REPLACE FUNCTION {name}() RETURNS bigint LANGUAGE sql STABLE AS
    'SELECT {asked}::pg_catalog.text::bigint + {offset}'"""
ASKED = {
    "flow_position": "pg_catalog.pg_current_xact_id()",
    "flow_horizon": "pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())",
}


class NoPlace(ValueError):
    """What was given as a place is none of this feed."""


def read(
    school: int,
    after: str,
    most: int,
    *,
    columns: str,
    joined: str = "",
    where: str = "true",
    parameters: Mapping[str, Any],
) -> tuple[list[Any], str]:
    """(at most `most` rows behind the place `after`, '' for the beginning; the place behind them). Raises NoPlace.

    `columns`, `joined` and `where` are SQL over the record `r`. The place is that of the last row, or `after` where there is none.
    """
    xact, number = _place(school, after)
    rows = statements.rows(
        _READ.format(columns=columns, joined=joined, where=where),
        {**parameters, "school": school, "xact": xact, "id": number, "most": most},
    )
    return rows, _written(school, rows[-1].xact, rows[-1].record) if rows else after


def follow(
    school: int,
    after: str,
    most: int,
    *,
    columns: str,
    joined: str = "",
    where: str = "true",
    parameters: Mapping[str, Any],
) -> tuple[list[Any], str]:
    """As `read`, for whoever looks often for little: the place also moves on over what was looked at and not wanted."""
    seen = now(school)
    rows, place = read(school, after, most, columns=columns, joined=joined, where=where, parameters=parameters)
    return rows, place if len(rows) == most else max(place, seen, key=lambda one: _place(school, one))


def now(school: int) -> str:
    """The place behind everything that has ended; what is being written stands behind it."""
    found = statements.plain("SELECT flow_horizon()")
    assert found is not None
    return _written(school, found[0], 0)


def changes(flows: Iterable[Flow]) -> tuple[str, dict[str, Any]]:
    """(SQL, parameters): the steps of cases of these flows, without those that staff see nothing of yet."""
    found = list(flows)
    hidden = sorted({state for flow in found for state in flow.model.scope.unsent})  # type: ignore[attr-defined]
    return CHANGES, {"flows": [flow.name for flow in found], "hidden": hidden}


def keep_growing() -> None:
    """Let places go on from where they were where a copy of the database counts its transactions anew; `migrate` calls it as the owner."""
    with connection.cursor() as cursor:
        # A database that goes back to an earlier state has no places.
        cursor.execute("SELECT to_regprocedure('flow_position()') IS NOT NULL")
        if cursor.fetchone() != (True,):
            return
        cursor.execute(
            "SELECT coalesce(max(xact), 0), flow_position(), flow_position() - pg_current_xact_id()::text::bigint "
            "FROM (SELECT xact FROM flow_record ORDER BY id DESC LIMIT %s) newest",
            (NEWEST,),
        )
        last, now, offset = cursor.fetchone()
        if last < now:
            return
        for name, asked in ASKED.items():
            cursor.execute(FUNCTION.format(name=name, asked=asked, offset=offset + last - now + NEWEST))


def _place(school: int, after: str) -> tuple[int, int]:
    if not after:
        return -1, 0
    try:
        xact, number = Signer(salt=f"{SALT} {school}").unsign(after).split(".")
    except (BadSignature, ValueError):
        raise NoPlace(after) from None
    return int(xact), int(number)


def _written(school: int, xact: int, number: int) -> str:
    return Signer(salt=f"{SALT} {school}").sign(f"{xact}.{number}")
