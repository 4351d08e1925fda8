"""The lists that are the cells of the tables of registrations: the filter `column` has the SQL by which a table counts (STA-01)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from qicheng.domain.figures.queries.columns import AGREEMENTS, COLUMN, DESTINATIONS, REQUESTED, cased, ways_in
from qicheng.domain.registration import listings as registrations
from qicheng.domain.registration.listings import STANDING
from qicheng.domain.registration.models import Registration
from qicheng.foundation.listing import Column, Filter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qicheng.domain.figures.queries.columns import Headings
    from qicheng.foundation.flow.declare import Flow
    from qicheng.foundation.listing import Listing


@cache
def agreements() -> Listing:
    """签约情况清单: every agreement that the table of the thirteen states counts."""
    ways = ways_in(AGREEMENTS)
    from_request = [flow for flow in ways if flow.model is not Registration]
    own = [flow for flow in ways if flow not in from_request]
    column = f"coalesce({cased(AGREEMENTS, from_request, 'd.flow_name', 'd.state')}, {cased(AGREEMENTS, own, 'c.flow_name', STANDING)})"
    return _list("agreements", "签约情况清单", AGREEMENTS, own, column, REQUESTED)


@cache
def destinations() -> Listing:
    """去向登记情况清单: every other destination that the second table counts."""
    ways = ways_in(DESTINATIONS)
    return _list(
        "destinations", "去向登记情况清单", DESTINATIONS, ways, cased(DESTINATIONS, ways, "c.flow_name", "c.state"), ""
    )


def _list(name: str, label: str, headings: Headings, ways: Sequence[Flow], column: str, joined: str) -> Listing:
    filters = (
        Filter(
            "column", "情况", conditions={key: f"{COLUMN} = '{key}'" for key in headings},
            choices=tuple((key, words) for key, (words, _) in headings.items()),
        ),
        Filter("training", "培养方式", "g.training_mode = %(training)s", "code", table="training_modes"),
    )  # fmt: skip
    # Computed once a row; without OFFSET it would be written out wherever it is asked for.
    counted = f"{joined} CROSS JOIN LATERAL (SELECT {column} AS key OFFSET 0) o"
    found = registrations.of_some(name, label, ways, f"{COLUMN} IS NOT NULL", filters, counted)
    words = {key: heading for key, (heading, _) in headings.items()}
    shown = []
    for one in found.columns:
        # Agreements have no type, other destinations no number.
        if one.key != ("type" if headings is AGREEMENTS else "number"):
            shown.append(one)
        if one.key == "state":
            shown.append(Column("column", "情况", COLUMN, words.__getitem__))
    return replace(found, columns=tuple(shown))
