"""Budget 17: what the counters cost whoever changes a record, and whether one school that everybody changes is any dearer."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from bench import floor
from bench.country import YEAR
from bench.figures import ROUNDS, Figure, against
from bench.national import rows

if TYPE_CHECKING:
    from bench.national.land import National

SECONDS = 4
SPREAD = "\\set graduate random(1, {graduates})\n"
HOT = "\\set graduate random({first}, {last})\n"
# Whoever has a record keeps one; whoever has none is not found, at the same price both times.
CHANGE = """\\set destination random(0, 2)
UPDATE roster_employmentrecord SET destination = (ARRAY['11', '12', '76'])[1 + :destination], version = version + 1
    WHERE cohort = {year} AND graduate_id = :graduate;
"""
TRIGGER = "ALTER TABLE roster_employmentrecord {what} TRIGGER roster_employmentrecord_counted"


def measure(whole: National, small: National) -> list[Figure]:
    """Changes a second with the trigger and without, and in one school against all over the country; durable, 8 writers, in turns."""
    change = CHANGE.format(year=YEAR)
    school = random.Random(7).randint(1, whole.schools)
    hot = HOT.format(first=(school - 1) * rows.PER_SCHOOL + 1, last=school * rows.PER_SCHOOL)
    spread = SPREAD.format(graduates=whole.graduates)
    # The rows of all schools cannot all be in memory, those of one can: as many, all over the country, are compared with it.
    few = f"\\set graduate 1 + {whole.graduates // rows.PER_SCHOOL} * random(0, {rows.PER_SCHOOL - 1})\n"
    found: dict[str, list[float]] = {"with": [], "without": [], "hot": [], "few": []}
    floor.run(spread, change, 1)
    for _ in range(ROUNDS):
        _trigger(whole, "DISABLE")
        try:
            found["without"].append(floor.run(spread, change, SECONDS)[0])
        finally:
            _trigger(whole, "ENABLE")
        found["with"].append(floor.run(spread, change, SECONDS)[0])
        found["few"].append(floor.run(few, change, SECONDS)[0])
        found["hot"].append(floor.run(hot, change, SECONDS)[0])
    return [
        against(17, "changes of a record with counters, against without", "/s", found["with"], found["without"], 0.6, at_least=True),
        against(17, "changes in one hot school, against as many all over", "/s", found["hot"], found["few"], 0.9, at_least=True),
    ]  # fmt: skip


def _trigger(whole: National, what: str) -> None:
    with whole.owned() as connection:
        connection.execute(TRIGGER.format(what=what))
