"""Rates: every number is the list that it opens, whoever asks; who may not see people is told of groups alone; nothing counts the country (STA-02)."""

from __future__ import annotations

import html
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from qicheng.domain.figures.effects.cube import count_country
from qicheng.domain.figures.models import Nightly
from qicheng.domain.figures.queries import moments, rates
from qicheng.domain.figures.queries import people as listings
from qicheng.domain.orgs.models import Cohort
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.foundation.access import Level, Role, Tier
from qicheng.foundation.flow.models import Record
from qicheng.foundation.kit.calendar import day_of
from qicheng.foundation.papers.models import Export
from tests.clients import signed_in

DESTINATIONS = ("10", "11", "12", "75", "76", "80", "85", "70", "71", None, "10", "80")
NUMBER = re.compile(r'<td class="num"><a href="([^"]+)">([\d,]+)</a></td>')
TOTAL = re.compile(r"共 ([\d,]+) 人")
HERO = re.compile(r'hero__v">([\d.]+)<small>')


@pytest.fixture(autouse=True)
def at_any_hour(monkeypatch: Any) -> None:
    """Yesterday can be asked for in the first minutes of today, too."""
    monkeypatch.setattr(moments, "MARGIN", timedelta())


def a_year(world: Any, *, days: int = 3) -> None:
    """Two colleges with graduates of two levels and classes in every destination, as they have been for some days."""
    before = timezone.now() - timedelta(days=days)
    for college in (world.college, world.other_college):
        for place in range(24):
            is_master = place % 3 == 0
            one = world.new_graduate(
                f"学生{place}", college, level="11" if is_master else "31", tier="postgraduate" if is_master else "undergraduate",
                class_name=f"{place % 2 + 1}-2班" if place % 5 else "", sex=str(1 + place % 2), added_at=before,
            )  # fmt: skip
            if code := DESTINATIONS[place % 12]:
                EmploymentRecord.all_rows.create(
                    graduate=one, cohort=world.cohort, school=one.school, destination=code, changed_at=before
                )


def opened(client: Any, address: str) -> int:
    """How many a list says that it has, where its rows are these."""
    page = client.get(html.unescape(address))
    text = page.content.decode()
    found = TOTAL.search(text)
    assert (page.status_code, found is not None) == (200, True), address
    assert found is not None
    assert text.count('<th class="c-name" scope="row">') == min(int(found[1]), 50)
    return int(found[1])


@pytest.mark.rule("STA-02", "ORG-07")
def test_every_number_opens_exactly_the_people_that_it_counts(world):
    a_year(world)
    older = world.new_seat(Role.SCHOOL, world.school.pk, "研究生老师", tier=Tier.POSTGRADUATE)
    yesterday = (timezone.localtime() - timedelta(days=1)).date()
    asked = [
        (world.seats[Role.SCHOOL], "/stats/"), (world.seats[Role.SCHOOL], f"/stats/by/class/?college={world.college.pk}&level=31"),
        (world.seats[Role.COLLEGE], "/stats/by/sex/"), (older, "/stats/by/level/"), (world.seats[Role.PROVINCE], "/stats/by/school/"),
        (world.seats[Role.SCHOOL], f"/stats/by/normal/?at={yesterday}"),
    ]  # fmt: skip
    followed = 0
    for seat, address in asked:
        client = signed_in(seat)
        page = client.get(address)
        assert page.status_code == 200
        numbers = NUMBER.findall(page.content.decode())[:: 4 if followed else 1]
        assert numbers != []
        assert [(url, int(number)) for url, number in numbers] == [(url, opened(client, url)) for url, _ in numbers]
        followed += len(numbers)
    assert followed > 40


@pytest.mark.rule("STA-02")
def test_a_rate_is_shown_with_its_numbers_its_formula_and_what_is_not_certain_of_it(world):
    a_year(world)
    page = signed_in(world.seats[Role.SCHOOL]).get("/stats/").content.decode()
    plain = re.sub(r"<[^>]+>|\s+", "", page)
    # Two more have no record: 陈诚 and 林嘉禾.
    found = HERO.search(page)
    assert found is not None
    assert found[1] == "72.00"
    assert "落实36人÷毕业生50人" in plain
    assert (
        "毕业去向落实率=单位就业率+自主创业率+自由职业率+升学率。依据：教就业厅函〔2024〕11号。「单位就业」包含哪些去向"
        in plain
    )
    assert re.findall(r"style=|<script(?! src)|80 ?%? ?(?:还差|目标)", page) == []
    chart = re.search(r'<svg class="chart"[^>]* role="img" aria-label="毕业去向构成：([^"]+)"', page)
    assert chart is not None
    assert (
        chart[1]
        == "单位就业 16 人，32.00%；自主创业 4 人，8.00%；自由职业 4 人，8.00%；升学 12 人，24.00%；未落实 14 人，28.00%。"
    )


@pytest.mark.rule("STA-02")
def test_counters_the_nightly_table_and_the_rows_say_the_same(world):
    a_year(world, days=80)
    actor, client = world.actor(Role.PROVINCE), signed_in(world.seats[Role.PROVINCE])
    uncounted = client.get("/stats/by/major/").content.decode()
    assert ["今晚 2 点" in uncounted, "还没有可以统计的毕业生" in uncounted] == [True, False]
    assert client.get("/stats/by/major/workbook/")["Location"] == "/stats/"
    # Older than the three newest, and never counted.
    Cohort.objects.bulk_create([Cohort(year=world.cohort + n) for n in (1, 2, 3)])
    count_country()
    first = Nightly.objects.filter(cohort=world.cohort).count()
    count_country()
    assert Nightly.objects.filter(cohort=world.cohort).count() == first > 0
    for level in ("", "11"):
        narrow = {"level": level} if level else {}
        for dimension in rates.dimensions(actor, narrow):
            sheet = rates.sheet(actor, world.cohort, dimension, narrow)
            shown = {one.key: dict(one.counts) for one in sheet.groups if one.counts["total"]}
            live = {
                key: rates.with_sums(one, sheet.formula)
                for key, one in rates.counted(actor, world.cohort, dimension, narrow).items()
            }
            assert shown == live, (level, dimension.key)
            parts = sum(sheet.whole.counts[key] for key in sheet.formula.labels)
            assert parts == sheet.whole.counts["total"] == sum(one["total"] for one in live.values())
    today = day_of(timezone.now())
    for role in (Role.SCHOOL, Role.PROVINCE, Role.COLLEGE):
        (now,) = rates.at_ends_of(world.actor(role), world.cohort, {}, [today])
        whole = rates.with_sums(rates.whole(world.actor(role), world.cohort, {}), rates.rates.formula(world.cohort))
        assert now == {key: whole[key] for key in now}
    # Nothing was kept by day before today: a school's days are read from its rows, which two of today are not among; an area has none.
    for role in (Role.SCHOOL, Role.PROVINCE):
        whole = rates.sheet(world.actor(role), world.cohort, listings.DIMENSIONS["level"], {}).whole
        words = [one.words for one in rates.weeks(world.actor(role), world.cohort, {}, whole)]
        assert words == ["75.00%" if role is Role.SCHOOL else "还没有按天记录"] * 10 + [whole.rate()]


@pytest.mark.rule("STA-02", "ORG-05")
def test_who_may_not_see_people_is_told_of_groups_alone(world):
    a_year(world)
    world.new_graduate(
        "独一人", world.other_college, level="01", tier="postgraduate", added_at=timezone.now() - timedelta(days=3)
    )
    stranger = world.new_seat(Role.SCHOOL, world.school.pk, "看不到名单", employment=Level.NONE)
    client = signed_in(stranger)
    page = client.get("/stats/by/level/")
    assert (page.status_code, NUMBER.findall(page.content.decode()), "不显示" in page.content.decode()) == (
        200,
        [],
        True,
    )
    assert [client.get(one).status_code for one in ("/stats/people/", "/stats/by/class/", "/stats/by/major/", "/stats/by/sex/?at=2026-01-01")] == [
        404, 404, 404, 422,
    ]  # fmt: skip
    # No filter of the address counts for it: all its tables are of the same people.
    shown = client.get("/stats/by/sex/").content
    narrowed = client.get(f"/stats/by/sex/?college={world.college.pk}&level=01").content
    assert re.findall(rb"<td[^>]*>([^<]*)", shown) == re.findall(rb"<td[^>]*>([^<]*)", narrowed)
    college = world.actor(Role.COLLEGE)
    compared = rates.sheet(college, world.cohort, listings.DIMENSIONS["college"], {})
    by_key = {one.key: one for one in compared.groups}
    assert (compared.is_exact, by_key[str(world.college.pk)].counts["freelance"]) == (False, 2)
    assert by_key[str(world.other_college.pk)].counts.get("freelance") is None
    assert all(one.urls == {} for one in compared.groups)
    assert [
        rates.narrowed(world.actor(role), {"school": str(world.other_school.pk)})
        for role in (Role.PROVINCE, Role.SCHOOL, Role.COLLEGE)
    ] == [{}] * 3


@pytest.mark.rule("STA-02", "EXP-01")
def test_workbook_and_report_say_whose_when_and_how_and_are_on_record(world):
    a_year(world)
    client = signed_in(world.seats[Role.SCHOOL])
    book = load_workbook(io.BytesIO(client.get("/stats/by/college/workbook/?level=31").content))
    sheet, formula = book.worksheets
    cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    head = next(row for row in cells if row[0] == "院系")
    assert head[1:3] == ["毕业生", "已落实"]
    assert [row[1] for row in cells[cells.index(head) + 1 :]] == [17, 17, 34]
    assert ["范围", "学历：本科生毕业"] in [row[:2] for row in cells]
    assert "教就业厅函〔2024〕11号" in [row[1].value for row in formula.iter_rows()]
    assert client.get("/stats/by/college/report/").content[:5] == b"%PDF-"
    at = f"at={(timezone.localtime() - timedelta(days=1)).date()}"
    page = client.get(f"/stats/people/?level=31&{at}").content.decode()
    taken = re.search(r'href="(/stats/people/workbook/[^"]+)"', page)
    assert taken is not None
    people = load_workbook(io.BytesIO(client.get(html.unescape(taken[1])).content)).active
    assert [people.max_row, f'href="/stats/?{at}&amp;level=31"' in page, Export.objects.get().moment is not None] == [
        33,
        True,
        True,
    ]
    assert f'href="/stats/?{at}">清除筛选' in client.get(f"/stats/?level=31&{at}").content.decode()
    assert f'href="?{at}">清除筛选' in client.get(f"/stats/states/?level=31&{at}").content.decode()
    above = signed_in(world.seats[Role.MINISTRY])
    assert [above.get(f"/stats/people/{one}?school=abc")["Location"] for one in ("", "workbook/")] == [
        "/stats/",
        "/stats/",
    ]
    assert list(Record.objects.filter(flow="table.rates").order_by("id").values_list("act", flat=True)) == [
        "export",
        "export",
    ]
