"""The people behind a cell of the national table: everybody on the roster, by school and type of destination (STA-01)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from qicheng.domain.figures.models import UNRECORDED
from qicheng.domain.figures.queries import people as placed
from qicheng.foundation import codes
from qicheng.foundation.listing import Filter

if TYPE_CHECKING:
    from qicheng.foundation.access import Actor
    from qicheng.foundation.listing import Listing


@cache
def people() -> Listing:
    """Everybody, with the destination that is recorded."""
    of_type = Filter(
        "type",
        "毕业去向",
        f"{placed.DESTINATION} = CASE WHEN %(type)s = '{UNRECORDED}' THEN '' ELSE %(type)s END",
        "choice",
        choices=_types,
    )
    return replace(placed.people(), name="people", label="毕业生去向名单", filters=(*placed.people().filters, of_type))


def _types(actor: Actor, cohort: int) -> list[tuple[str, str]]:
    return [(UNRECORDED, "还没有登记"), *codes.table("destination_types").choices(cohort)]
