"""Many records of file or household written at once, each with its own record and notice, without a statement for each (ARC-03, ARC-04)."""

# ruff: noqa: S608 -- names of our own tables and columns; values are parameters
from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from qicheng.domain.transfer.effects.confirmation import follow
from qicheng.domain.transfer.effects.records import about
from qicheng.domain.transfer.effects.reports import supersede
from qicheng.domain.transfer.models import RECORDS, SAID
from qicheng.domain.transfer.sheets.records import shown_by
from qicheng.foundation.access import Role, statements
from qicheng.foundation.flow.many import AT_ONCE, note_each

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from qicheng.domain.transfer.models import TransferRecord
    from qicheng.foundation.access import Actor, Area

VALUES = ("kind", *SAID)


@dataclass(frozen=True, slots=True)
class Written:
    """What is written of one graduate: `before` and `after` in the keys of the sheet, with `origin` and `case` as `effects.records.write` has them.

    `was` is the origin of what stood there, '' where nothing did.
    """

    graduate: int
    before: Mapping[str, str]
    after: Mapping[str, str]
    origin: str
    case: str
    was: str = ""


def write_each(
    area: Area, actor: Actor, act: str, rows: Iterable[Written], *, cohort: int, school: int, is_told: bool = False
) -> int:
    """Write the records of many graduates and put each on record as `act`; how many there were.

    Whoever calls is in a transaction, holds the graduates' rows, and is somebody (`perform.be`), as with `write`.
    """
    model: type[TransferRecord] = RECORDS[area]
    sheet, table = shown_by(area), model._meta.db_table
    given = ", ".join(f"{name} = excluded.{name}" for name in (*VALUES, "origin", "origin_case"))
    arrays = ", ".join(f"%({name})s::text[]" for name in (*VALUES, "origin", "origin_case"))
    sql = f"""INSERT INTO {table} AS r (graduate_id, cohort, school_id, version, changed_at, {", ".join(VALUES)}, origin, origin_case)
        SELECT n.graduate, %(cohort)s, %(school)s, 1, clock_timestamp(), {", ".join(f"n.{name}" for name in VALUES)}, n.origin, n.origin_case
        FROM unnest(%(graduate)s::bigint[], {arrays}) AS n(graduate, {", ".join(VALUES)}, origin, origin_case)
        ON CONFLICT (graduate_id) DO UPDATE SET {given}, version = r.version + 1, changed_at = excluded.changed_at"""

    def changes(some: list[Written]) -> Iterator[tuple[int, dict[str, Any]]]:
        for one in some:
            found = sheet.changes(one.before, one.after)
            was, becomes = (model(origin=origin).came_from for origin in (one.was, one.origin))
            yield one.graduate, found | ({"来源": [was, becomes]} if was != becomes else {})

    number, left = 0, iter(rows)
    while some := list(islice(left, AT_ONCE)):
        columns = {name: [one.after.get(name) or "" for one in some] for name in VALUES}
        statements.change(
            sql,
            columns | {
                "graduate": [one.graduate for one in some], "origin": [one.origin for one in some],
                "origin_case": [one.case for one in some], "cohort": cohort, "school": school,
            },
        )  # fmt: skip
        follow([one.graduate for one in some], (area.value,))
        supersede([one.graduate for one in some])
        told = Role.GRADUATE if is_told else None
        number += note_each(actor, act, about(area), changes(some), cohort=cohort, school=school, told=told)
    return number
