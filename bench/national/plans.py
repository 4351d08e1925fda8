"""What the statements of a page touch: pages of the buffer, and rows that were read without being shown."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench import country, floor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.capture import Statement

READING = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)
# A statement scans more than it shows when it reads so many rows, and so many times what it gives.
MANY, TIMES = 2_000, 20


@dataclass(frozen=True, slots=True)
class Touched:
    """One statement as it ran: buffers that it touched, rows that it read and gave, milliseconds, and its text."""

    buffers: int
    read: int
    given: int
    milliseconds: float
    sql: str

    @property
    def is_wasteful(self) -> bool:
        return self.read > MANY and self.read > TIMES * self.given

    def __str__(self) -> str:
        text = re.sub(r"\s+", " ", self.sql).strip()
        return f"{self.read:,} rows read for {self.given:,}, {self.buffers:,} buffers, {self.milliseconds:.0f} ms: {text[:110]} … {text[-70:]}"


def touched(statements: Sequence[Statement], expressions: Mapping[Any, str]) -> list[Touched]:
    """Run the reading statements once more, with EXPLAIN, in their order; what they write is undone."""
    found = []
    with country.ground().owned() as connection:
        connection.execute("SET ROLE qicheng_app")
        for one in statements:
            if not READING.match(one.sql):
                continue
            with connection.transaction(force_rollback=True):
                text = floor.filled(one, expressions, connection)
                answer = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {text}").fetchone()
            assert answer is not None
            whole: Any = answer[0] if isinstance(answer[0], list) else json.loads(str(answer[0]))
            plan = whole[0]["Plan"]
            found.append(
                Touched(
                    plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], round(sum(_read(plan))), plan["Actual Rows"] * plan["Actual Loops"],
                    whole[0]["Execution Time"], one.sql,
                )
            )  # fmt: skip
    return found


def _read(plan: dict[str, Any]) -> Iterator[float]:
    if "Relation Name" in plan:
        yield (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    for below in plan.get("Plans", ()):
        yield from _read(below)
