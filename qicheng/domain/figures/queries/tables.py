"""A table of numbers: lines and columns whose sums are taken from the same counts, each number with the list behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    # (line, column) → how many.
    Counts = Mapping[tuple[str, str], int]

TOTAL = "总计"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its names, one under each corner of the table, its numbers with the addresses of exactly these rows ('' where there is
    no list), and where its name leads. `is_sum` stands out."""

    names: tuple[str, ...]
    cells: tuple[tuple[int, str], ...]
    url: str = ""
    is_sum: bool = False

    @property
    def numbers(self) -> list[int]:
        return [number for number, _ in self.cells]


@dataclass(frozen=True, slots=True)
class Table:
    """A table as a page, a print and a workbook show it; `corners` are the headings of the names, `words` say what must be known."""

    key: str
    label: str
    corners: tuple[str, ...]
    headings: tuple[str, ...]
    lines: list[Line] = field(default_factory=list)
    words: str = ""


def pivoted(
    counts: Counts, lines: Iterable[tuple[str, str]], columns: Iterable[str],
    *, address: Callable[[str, str], str], url: Callable[[str], str] = lambda key: "", total: str = TOTAL,
) -> list[Line]:  # fmt: skip
    """The line of sums, then `lines` (key, name) under a first column of sums; `address(line, column)` has '' for all of either.

    Sums are over all that was counted, so that a line or a column that is not shown would show as a sum that does not add up.
    """
    sums: dict[tuple[str, str], int] = {}
    for (line, column), number in counts.items():
        # A line or a column without a key is the sum itself.
        for place in {(line, column), (line, ""), ("", column), ("", "")}:
            sums[place] = sums.get(place, 0) + number
    keys = ("", *columns)

    def cells(line: str) -> tuple[tuple[int, str], ...]:
        return tuple((sums.get((line, key), 0), address(line, key)) for key in keys)

    return [Line((total,), cells(""), is_sum=True), *(Line((name,), cells(key), url(key)) for key, name in lines)]


def list_at(place: str, kept: Mapping[str, str], **values: str) -> str:
    """The list at `place` under these filters; empty values are left out."""
    asked = {key: value for key, value in {**kept, **values}.items() if value}
    return f"{place}?{urlencode(asked)}" if asked else place
