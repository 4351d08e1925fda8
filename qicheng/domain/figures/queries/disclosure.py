"""What may be said of groups of people to somebody who may not see the people: nothing from which fewer than five can be told apart.

A reader without a right to the people is given one fixed sheet of one-way tables: no filters, no two dimensions at once, no past day.
Numbers of a group are told in three steps, each a finer reading of the one before: how many are placed, how many of these study on, every
part. A group that fails a step is left out of it (primary). All groups that are left out of a step are a rest, which anybody gets by taking
those shown from the whole: the rest has to pass the same step, or else the next smallest group joins it (complementary).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qicheng.foundation.codes import rates

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qicheng.foundation.codes.rates import Formula

    # Measure → number, each part and class and the total.
    Counts = Mapping[str, int]

# Fewer than this many are not told apart, neither by what they are nor by being the only ones who are not.
FEWEST = 5
STUDY = "study"


@dataclass(frozen=True, slots=True)
class Steps:
    """The three steps of a formula: each is a list of cells, and a cell a set of measures that are summed."""

    cells: tuple[tuple[tuple[str, ...], ...], ...]

    @classmethod
    def of(cls, formula: Formula) -> Steps:
        """The total alone; placed and not; study and other placed; every part and class."""
        placed, unplaced = tuple(formula.parts), tuple(rates.UNPLACED)
        other = tuple(key for key in placed if key != STUDY)
        return cls((
            ((*placed, *unplaced),),
            (placed, unplaced),
            ((STUDY,), other, unplaced),
            tuple((key,) for key in (*placed, *unplaced)),
        ))  # fmt: skip

    def passes(self, step: int, counts: Counts) -> bool:
        """Whether no cell of the step tells fewer than FEWEST apart from the rest of the group."""
        # Of nobody at all there is no number.
        whole = sum(counts.get(key, 0) for cell in self.cells[0] for key in cell)
        if step == 0:
            return whole >= FEWEST
        return all(FEWEST <= sum(counts.get(key, 0) for key in cell) <= whole - FEWEST for cell in self.cells[step])


def told(steps: Steps, groups: Mapping[str, Counts], *, primary_alone: bool = False) -> tuple[int, dict[str, int]]:
    """(the finest step at which the whole may be told, of each group the finest step for it); -1 where not even how many they are.

    `primary_alone` leaves out the second half, which keeps numbers from being found by subtraction: for tests of the tests.
    """
    whole = summed(groups.values())
    reached, finest = -1, dict.fromkeys(groups, -1)
    standing = set(groups)
    for step in range(len(steps.cells)):
        if not steps.passes(step, whole):
            break
        reached = step
        standing = {key for key in standing if steps.passes(step, groups[key])}
        while not primary_alone and standing and not _rest_passes(steps, step, groups, standing):
            standing.remove(min(standing, key=lambda key: (sum(groups[key].values()), key)))
        finest |= dict.fromkeys(standing, step)
    return reached, finest


def summed(groups: Iterable[Counts]) -> dict[str, int]:
    """Groups put together, measure by measure."""
    found: dict[str, int] = {}
    for one in groups:
        for key, number in one.items():
            found[key] = found.get(key, 0) + number
    return found


def _rest_passes(steps: Steps, step: int, groups: Mapping[str, Counts], standing: set[str]) -> bool:
    rest = summed(counts for key, counts in groups.items() if key not in standing)
    return not rest or not any(rest.values()) or steps.passes(step, rest)


def visible(steps: Steps, step: int, counts: Counts) -> dict[str, int]:
    """What of a group's numbers may be told at a step, with the sums `total`, `placed` and `unplaced`; a number that is not told is not there."""
    cells = {cell for one in steps.cells[: step + 1] for cell in one}
    shown = {cell[0]: sum(counts[key] for key in cell) for cell in cells if len(cell) == 1}
    for name, cell in (("total", steps.cells[0][0]), ("placed", steps.cells[1][0]), ("unplaced", steps.cells[1][1])):
        if cell in cells:
            shown[name] = sum(counts[key] for key in cell)
    return shown
