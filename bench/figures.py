"""A figure, the floor or peer that was measured beside it, and the budget that it has to keep."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS = 3
HEADINGS = ("row", "figure", "measured", "beside it", "ratio", "budget", "kept")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report. `ratio` is what the budget binds where there is one, else `value`.

    `at_least`: the budget is the least that will do; otherwise the most.
    """

    row: int
    what: str
    value: float
    unit: str
    budget: float
    at_least: bool
    beside: float | None = None
    ratio: float | None = None

    @property
    def bound(self) -> float:
        return self.value if self.ratio is None else self.ratio

    @property
    def is_kept(self) -> bool:
        return self.bound >= self.budget if self.at_least else self.bound <= self.budget

    @property
    def cells(self) -> tuple[str, ...]:
        """The line of the report under HEADINGS."""
        limit = f"{'≥' if self.at_least else '≤'} {_written(self.budget)}"
        return (
            str(self.row), self.what, f"{_written(self.value)} {self.unit}".strip(),
            "" if self.beside is None else _written(self.beside), "" if self.ratio is None else _written(self.ratio),
            limit, "yes" if self.is_kept else "NO",
        )  # fmt: skip


def against(
    row: int, what: str, unit: str, values: Sequence[float], beside: Sequence[float], budget: float, *, at_least: bool
) -> Figure:
    """A figure from rounds that took turns with the floor or peer: medians of both, and the median of the rounds' ratios."""
    ratios = [value / other for value, other in zip(values, beside, strict=True)]
    return Figure(row, what, median(values), unit, budget, at_least, beside=median(beside), ratio=median(ratios))


def _written(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
