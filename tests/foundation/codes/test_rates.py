"""The ministry's formulas: their parts are everybody who is placed, and all editions say the same of the same people (STA-02)."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qicheng.domain.figures.queries.rates import percent, points
from qicheng.foundation import codes
from qicheng.foundation.codes import rates

EDITIONS = rates.editions()
DESTINATIONS = ["", *codes.table("destination_types")]


@pytest.mark.rule("STA-02")
def test_every_destination_of_the_national_table_is_in_exactly_one_class_of_each_edition():
    known = set(codes.table("destination_types"))
    for formula in EDITIONS:
        members = Counter(code for group in formula.codes.values() for code in group)
        assert (set(members), set(members.values())) == (known, {1}), formula.edition
        placed = {code for code in known if codes.table("destination_types").row(code)["placed"] == "1"}
        assert formula.placed == placed
        assert formula.part_of("") == formula.part_of("no such code") == rates.SEEKING


@pytest.mark.rule("STA-02")
def test_each_cohort_has_one_edition():
    assert [rates.formula(year).edition for year in (2012, 2019, 2020, 2021, 2023, 2024, 2026)] == [
        "before_2020", "before_2020", "2020", "2021", "2021", "2024", "2024",
    ]  # fmt: skip
    for year in range(2000, 2040):
        assert len(codes.table("rate_formulas").choices(year)) == 1
    assert list(rates.formula(2022).parts.values()) == ["协议和合同就业", "自主创业", "灵活就业", "升学"]
    assert list(rates.formula(2024).parts.values()) == ["单位就业", "自主创业", "自由职业", "升学"]
    assert (rates.formula(2024).uncertain != "", rates.formula(2022).uncertain) == (True, "")


@pytest.mark.rule("STA-02")
@given(st.lists(st.sampled_from(DESTINATIONS), min_size=1, max_size=200))
def test_parts_add_up_and_all_editions_give_the_same_rate(people):
    counted = []
    for formula in EDITIONS:
        counts = Counter(formula.part_of(one) for one in people)
        placed = sum(counts[key] for key in formula.parts)
        assert placed == sum(one in formula.placed for one in people)
        assert placed + counts[rates.SEEKING] + counts[rates.PAUSING] == len(people)
        counted.append((placed, counts[rates.SEEKING], counts[rates.PAUSING]))
    assert len(set(counted)) == 1


@pytest.mark.rule("STA-02")
def test_rates_are_rounded_once_half_up_and_never_compared_rounded():
    assert (percent(3543, 4526), percent(1, 3), percent(2, 3), percent(1, 800)) == (
        "78.28%",
        "33.33%",
        "66.67%",
        "0.13%",
    )
    # 1/800 and 1/16000 apart: each rounds to a whole hundredth, their difference does not.
    assert str(points(1, 800, 19, 16000)) == "0.01"
    assert points(1, 3, 333, 999) == 0
