"""Lists lose and repeat no row, count what they show, and take what people type as words."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Role, Tier
from qicheng.foundation.kit import masks
from qicheng.foundation.listing import COUNTED, SIZES, Column, Filter, Listing
from tests.world import COHORT, World

PEOPLE = Listing(
    "people", "学生名单", Graduate, "roster_graduate g", "g",
    (
        Column("id", "", "g.id", hidden=True),
        Column("name", "姓名", "g.name", sort=True),
        Column("id_number", "身份证号", "g.id_number", masks.id_number),
        Column("added_at", "加入时间", "g.added_at", sort=True),
    ),
    (
        Filter("name", "姓名", "g.name LIKE %(name)s", "prefix"),
        Filter("q", "搜索", "(g.name LIKE %(q_within)s OR g.student_number LIKE %(q_prefix)s OR g.id_number = %(q)s)", "search"),
        Filter("level", "学历", "g.level = %(level)s", "code", table="education_levels"),
        Filter("college", "院系", "g.college_id = %(college)s", "whole"),
        Filter("since", "加入不早于", "g.added_at >= %(since)s", "date"),
        Filter("phone", "手机", "g.phone = %(phone)s"),
        Filter("half", "哪一半", conditions={"even": "g.id %% 2 = 0", "odd": "g.id %% 2 = 1"}, choices=(("even", "双"), ("odd", "单"))),
    ),
    order=("g.added_at", "g.id"),
)  # fmt: skip
HOSTILE = (
    "'", "''; DROP TABLE roster_graduate; --", "%(node)s", "%s", "%", "_", "\\", "\\'", "1) OR (1=1", "\x00", "0x27", "１", "9" * 40,
    "-1", "2026-02-30", "0001-01-01", "9999-12-31", "even' OR '1'='1", "{{7*7}}", "\ud7ff", "𬱖", "a" * 5000,
)  # fmt: skip


def crowd(world: World, number: int = 83) -> None:
    """People with few names and few moments, so that many rows are equal but for their id."""
    new = [
        Graduate(
            **{f.attname: getattr(world.graduate, f.attname) for f in Graduate._meta.concrete_fields if f.attname not in {"id", "public_id", "account_id"}}
            | {"exam_number": f"9{n:013d}", "id_number": f"11010120030506{n:04d}", "name": f"林{'甲乙丙%_'[n % 5]}", "added_at": f"2026-03-0{1 + n % 3}T00:00:00Z"}
        )
        for n in range(number)
    ]  # fmt: skip
    Graduate.all_rows.bulk_create(new)


def walk(listing: Listing, actor: Any, query: dict[str, str], step: str = "older") -> list[Any]:
    """The pages from one end to the other, by the links that the pages give."""
    from urllib.parse import parse_qsl

    pages = []
    for _ in range(60):
        page = listing.page(actor, query, COHORT)
        pages.append(page)
        if not getattr(page, step):
            return pages
        query = dict(parse_qsl(getattr(page, step)))
    raise AssertionError("the pages do not end")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sort=st.sampled_from(["", "name", "-name", "added_at", "-added_at", "nonsense"]), size=st.sampled_from(SIZES[:2]), half=st.sampled_from(["", "even", "odd"]))  # fmt: skip
def test_paging_loses_and_repeats_no_row_in_either_direction(world, sort, size, half):
    if Graduate.all_rows.count() < 50:
        crowd(world)
    actor, query = world.actor(Role.SCHOOL), {"sort": sort, "size": str(size), "half": half}
    expected = [row[0] for row in PEOPLE.all_rows(actor, query, COHORT)]
    pages = walk(PEOPLE, actor, query)

    assert [row.id for page in pages for row in page.rows] == expected
    assert [page.first for page in pages] == [1 + sum(len(p.rows) for p in pages[:n]) for n in range(len(pages))]
    assert {page.total for page in pages} == {len(expected)} == {PEOPLE.count(actor, query, COHORT)}
    assert all(page.newer and before.older for before, page in pairwise(pages))
    last = {"before": dict_of(pages[-1].newer)["before"], **query} if len(pages) > 1 else query
    back = walk(PEOPLE, actor, last, "newer")
    assert [row.id for page in reversed(back) for row in page.rows] == expected[
        : len(expected) - (len(pages[-1].rows) if len(pages) > 1 else 0)
    ]


def dict_of(address: str) -> dict[str, str]:
    from urllib.parse import parse_qsl

    return dict(parse_qsl(address))


@pytest.mark.parametrize("value", HOSTILE)
def test_what_people_type_is_never_sql(world, value):
    actor = world.actor(Role.SCHOOL)
    for key in [*(one.key for one in PEOPLE.filters), "sort", "size", "after", "before"]:
        page = PEOPLE.page(actor, {key: value}, COHORT)
        assert {row.name for row in page.rows} <= {"陈诚", "林嘉禾"}
        assert (
            page.total
            == len(list(PEOPLE.all_rows(actor, {key: value}, COHORT)))
            == PEOPLE.count(actor, {key: value}, COHORT)
        )
    assert Graduate.all_rows.count() == 3


def test_a_percent_sign_is_a_percent_sign(world):
    crowd(world)
    actor = world.actor(Role.SCHOOL)
    found = {
        kind: {row.name for row in PEOPLE.page(actor, {kind: value}, COHORT).rows}
        for kind, value in (("name", "林%"), ("q", "_"))
    }
    assert found == {"name": {"林%"}, "q": {"林_"}}


def test_numbers_of_a_list_are_those_of_its_rows(world):
    crowd(world)
    actor, groups = world.actor(Role.SCHOOL), {"even": "g.id %% 2 = 0", "jia": "g.name = '林甲'"}
    page = PEOPLE.page(actor, {"half": "odd"}, COHORT, groups)
    counted = {
        key: PEOPLE.count(actor, {"half": "even"} if key == "even" else {"name": "林甲"}, COHORT) for key in groups
    }
    assert page.tally == counted == PEOPLE.tally(actor, COHORT, groups)
    assert (
        page.total == PEOPLE.count(actor, {"half": "odd"}, COHORT) == PEOPLE.count(actor, {}, COHORT) - counted["even"]
    )
    assert PEOPLE.tallies(actor, COHORT, "g.school_id", groups) == [(world.school.pk, counted)]
    assert page.total <= COUNTED


@pytest.mark.rule("ORG-01", "ORG-07")
def test_a_list_shows_what_its_reader_may_see(world):
    seen = {
        role: {row.name for row in PEOPLE.page(world.actor(role), {}, COHORT).rows}
        for role in (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY, Role.EMPLOYER, Role.GRADUATE)
    }
    assert seen == {
        Role.COLLEGE: {"陈诚"}, Role.SCHOOL: {"陈诚", "林嘉禾"}, Role.PROVINCE: {"陈诚", "林嘉禾"},
        Role.MINISTRY: {"陈诚", "林嘉禾", "阿依古丽·买买提"}, Role.EMPLOYER: set(), Role.GRADUATE: {"陈诚"},
    }  # fmt: skip
    assert PEOPLE.count(world.actor(Role.SCHOOL, tier=Tier.POSTGRADUATE), {}, COHORT) == 0
    assert PEOPLE.count(world.actor(Role.SCHOOL, tier=Tier.UNDERGRADUATE), {}, COHORT) == 2
    assert PEOPLE.count(world.actor(Role.SCHOOL), {}, COHORT - 1) == 0


@pytest.mark.rule("REG-07")
def test_the_workbook_of_a_list_has_its_columns_its_words_and_its_masks(world):
    actor = world.actor(Role.COLLEGE)
    page = PEOPLE.page(actor, {}, COHORT)
    assert list(PEOPLE.sheet_rows(actor, {}, COHORT)) == [[words for _, words in page.cells(row)] for row in page.rows]
    assert PEOPLE.headings == ["姓名", "身份证号", "加入时间"]
    number = world.graduate.id_number
    assert page.cells(page.rows[0])[1][1] == "*" * 14 + number[-4:]


def test_a_mark_of_another_list_or_order_means_the_first_page(world):
    crowd(world)
    actor = world.actor(Role.SCHOOL)
    by_name = PEOPLE.page(actor, {"sort": "name", "size": "25"}, COHORT)
    mark = dict_of(by_name.older)["after"]
    assert [row.id for row in PEOPLE.page(actor, {"after": mark, "size": "25"}, COHORT).rows] == [
        row.id for row in PEOPLE.page(actor, {"size": "25"}, COHORT).rows
    ]
    first = PEOPLE.head(actor, {}, COHORT, 1)[0]
    behind = PEOPLE.head(actor, {"after": PEOPLE.mark(first.added_at, first.id)}, COHORT, 1)
    assert [row.id for row in behind] == [[row[0] for row in PEOPLE.all_rows(actor, {}, COHORT)][1]]
