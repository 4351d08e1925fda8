"""The ministry's formulas of 毕业去向落实率 by cohort: which destinations are placed, and in which part each of them counts (STA-02)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from qicheng.foundation.codes.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping

# What is not placed counts in one of two classes, in every edition alike. Whoever has no record yet is 待就业.
SEEKING, PAUSING = "seeking", "pausing"
UNPLACED: Mapping[str, str] = MappingProxyType({SEEKING: "待就业", PAUSING: "暂不就业"})
UNPLACED_CLASSES = "rate_class_2021"


@dataclass(frozen=True, slots=True)
class Formula:
    """One edition: the name of the rate, the formula in words, the document it stands in and what is not certain of it.

    `parts` are key → name in the formula's order, `codes` the destinations of each part, and of each class of what is not placed.
    """

    edition: str
    rate: str
    words: str
    document: str
    confidence: str
    uncertain: str
    parts: Mapping[str, str]
    codes: Mapping[str, frozenset[str]]

    @property
    def placed(self) -> frozenset[str]:
        """Every destination that counts as placed."""
        return frozenset().union(*(self.codes[key] for key in self.parts))

    @property
    def labels(self) -> Mapping[str, str]:
        """Parts and classes of the unplaced, key → name; together they are everybody."""
        return {**self.parts, **UNPLACED}

    def part_of(self, destination: str) -> str:
        """The part or class in which a destination counts; '' and what the national table does not know are 待就业."""
        return next((key for key, members in self.codes.items() if destination in members), SEEKING)


def formula(cohort: int) -> Formula:
    """The edition that is valid for a cohort."""
    return edition(next(code for code, _ in table("rate_formulas").choices(cohort)))


@cache
def edition(code: str) -> Formula:
    """An edition by its code in the table `rate_formulas`. KeyError if there is none."""
    row = table("rate_formulas").row(code)
    parts = dict(one.split(":") for one in row["parts"].split("|"))
    destinations = table("destination_types")
    rows = {code: destinations.row(code) for code in destinations}
    members = {
        key: frozenset(code for code, one in rows.items() if one["placed"] == "1" and one[row["classes"]] == name)
        for key, name in parts.items()
    } | {
        key: frozenset(code for code, one in rows.items() if one["placed"] == "0" and one[UNPLACED_CLASSES] == name)
        for key, name in UNPLACED.items()
    }  # fmt: skip
    return Formula(
        code, row["rate"], row["formula"], row["document"], row["confidence"], row["uncertain"], MappingProxyType(parts),
        MappingProxyType(members),
    )  # fmt: skip


@cache
def editions() -> tuple[Formula, ...]:
    """All editions, oldest first."""
    return tuple(edition(code) for code in table("rate_formulas"))
