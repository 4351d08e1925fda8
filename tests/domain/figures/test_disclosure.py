"""Nobody finds a small number by arithmetic: an attacker who solves the equations of all tables that a reader is offered (STA-02)."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from qicheng.domain.figures.queries import disclosure, rates
from qicheng.domain.figures.queries.disclosure import FEWEST, Steps, summed, told, visible
from qicheng.foundation.codes.rates import formula

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMULA = formula(2026)
STEPS = Steps.of(FORMULA)
PARTS = tuple(FORMULA.labels)
CELLS = {
    **{part: (part,) for part in PARTS}, "total": PARTS, "placed": tuple(FORMULA.parts), "unplaced": ("seeking", "pausing"),
}  # fmt: skip
# How many groups each dimension has; a person is one value of each, and one part.
SHAPE = {"college": 4, "level": 2, "sex": 2}


class Equations:
    """What follows from sums that were told: the row space of their coefficients, kept reduced."""

    def __init__(self, unknowns: int) -> None:
        self.unknowns = unknowns
        self.rows: dict[int, dict[int, Fraction]] = {}

    def _reduced(self, members: Iterable[int]) -> dict[int, Fraction]:
        row = {one: Fraction(1) for one in members}
        for pivot in sorted(self.rows):
            if factor := row.get(pivot):
                for column, value in self.rows[pivot].items():
                    row[column] = row.get(column, Fraction(0)) - factor * value
                    if not row[column]:
                        del row[column]
        return row

    def learn(self, members: Iterable[int]) -> None:
        if row := self._reduced(members):
            pivot = min(row)
            self.rows[pivot] = {column: value / row[pivot] for column, value in row.items()}

    def know(self, members: Iterable[int]) -> bool:
        return not self._reduced(members)


def country(chance: random.Random) -> dict[tuple[int, ...], dict[str, int]]:
    """How many there are of every kind: many in some colleges, a handful in others."""
    sizes = [chance.choice((1, 3, 12, 40)) for _ in range(SHAPE["college"])]
    return {
        place: {part: chance.randint(0, sizes[place[0]]) if chance.random() < 0.7 else 0 for part in PARTS}
        for place in product(*(range(number) for number in SHAPE.values()))
    }


def attack(
    people: dict[tuple[int, ...], dict[str, int]], own: int | None = None, **how: Any
) -> list[tuple[str, int, str, int]]:
    """The small numbers that follow from the tables: (dimension, group, measure, number). `own` is a college that reads, and knows itself."""
    places = {(place, part): at for at, (place, part) in enumerate(product(people, PARTS))}
    equations = Equations(len(places))

    def members(dimension: str, group: int | None, measure: str) -> list[int]:
        axis = list(SHAPE).index(dimension)
        return [
            places[place, part] for place in people for part in CELLS[measure] if group is None or place[axis] == group
        ]

    # A college is offered the comparison of colleges alone; whoever has no right to people, every dimension.
    offered = ["college"] if own is not None else list(SHAPE)
    truth = {}
    for axis, dimension in enumerate(SHAPE):
        for group in range(SHAPE[dimension]):
            truth[dimension, group] = summed(counts for place, counts in people.items() if place[axis] == group)
    if own is not None:
        for place in people:
            for part in PARTS:
                if place[0] == own:
                    equations.learn([places[place, part]])
    for dimension in offered:
        groups = {
            str(group): truth[dimension, group] for group in range(SHAPE[dimension]) if own is None or group != own
        }
        reached, finest = told(STEPS, groups, **how)
        for measure in visible(STEPS, reached, summed(groups.values())):
            equations.learn(members(dimension, None, measure))
        for key, step in finest.items():
            for measure in visible(STEPS, step, groups[key]):
                equations.learn(members(dimension, int(key), measure))
    found = []
    for (dimension, group), counts in truth.items():
        if dimension not in offered or (own is not None and group == own):
            continue
        whole = sum(counts.values())
        for measure, parts in CELLS.items():
            number = sum(counts[part] for part in parts)
            is_small = number < FEWEST or (measure != "total" and whole - number < FEWEST)
            if whole and is_small and equations.know(members(dimension, group, measure)):
                found.append((dimension, group, measure, number))
    return found


@pytest.mark.rule("STA-02")
@pytest.mark.parametrize("own", [None, 0], ids=["without a right", "a college"])
def test_no_small_number_follows_from_all_that_is_told(own):
    found = [attack(country(random.Random(seed)), own) for seed in range(25)]
    assert [one for one in found if one] == []


@pytest.mark.rule("STA-02")
def test_hiding_small_numbers_alone_would_not_do():
    found = [attack(country(random.Random(seed)), primary_alone=True) for seed in range(25)]
    assert sum(1 for one in found if one) > 5


@pytest.mark.rule("STA-02")
def test_what_is_told_is_true_and_large_groups_are_told():
    large = {str(key): dict.fromkeys(PARTS, 20 + key) for key in range(3)}
    reached, finest = told(STEPS, large)
    assert (reached, finest) == (3, {"0": 3, "1": 3, "2": 3})
    assert visible(STEPS, 3, large["1"]) == {
        **dict.fromkeys(PARTS, 21), "total": 126, "placed": 84, "unplaced": 42,
    }  # fmt: skip
    # Two small groups are left out together, and as one with a third where they are still too few.
    small = {
        "a": dict.fromkeys(PARTS, 0) | {"unit": 2, "seeking": 1},
        "b": dict.fromkeys(PARTS, 30),
        "c": dict.fromkeys(PARTS, 40),
    }
    assert told(STEPS, small)[1] == {"a": -1, "b": -1, "c": 3}
    assert visible(STEPS, -1, small["a"]) == {}
    assert disclosure.STUDY in FORMULA.parts
    assert set(rates.TOLD) & {"major", "class", "college"} == set()
