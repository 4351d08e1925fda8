"""The tables of provinces and the ministry from counters: every number leads on, adds up to people, and is kept by day (STA-01)."""

from __future__ import annotations

import html
import re
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.figures.effects import answers, counters
from qicheng.domain.figures.effects.answers import Waiting
from qicheng.domain.figures.models import Answer, DayChange, ProvinceDay
from qicheng.domain.figures.queries import days, moments, rates
from qicheng.domain.figures.queries.people import DIMENSIONS
from qicheng.domain.roster import effects
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Role, statements
from qicheng.foundation.flow.perform import Refused, perform
from qicheng.foundation.kit.calendar import ONE_DAY, midnight
from qicheng.foundation.papers.models import Export
from tests.clients import signed_in
from tests.world import COHORT

CELL = re.compile(r'<td class="num"><a href="([^"]+)">([\d,]+)</a>')
PEOPLE = re.compile(r"共 ([\d,]+) 条")


@pytest.fixture(autouse=True)
def at_any_hour(monkeypatch: Any) -> None:
    """Yesterday can be asked for in the first minutes of today, too."""
    monkeypatch.setattr(moments, "MARGIN", timedelta())


@pytest.mark.rule("STA-01")
def test_every_number_of_the_national_table_leads_to_schools_and_then_to_as_many_people(world: Any) -> None:
    world.effective()
    world.recorded(world.stranger)
    counters.fold()
    gone = world.new_graduate("离开", world.college)
    effects.remove_line(gone.public_id, world.actor(Role.SCHOOL), words="转学")
    world.recorded(world.neighbour, destination="27")
    ministry = signed_in(world.seats[Role.MINISTRY])
    country = ministry.get("/gov/figures/")
    assert country.status_code == 200, country.content.decode()[-1500:]
    provinces = CELL.findall(country.content.decode())
    assert sorted(int(number) for _, number in provinces) == [1, 1, 1, 1, 2]
    for address, number in provinces:
        schools = CELL.findall(ministry.get(html.unescape(address)).content.decode())
        assert sum(int(count) for _, count in schools) >= int(number.replace(",", ""))
        for to, count in schools:
            listed = ministry.get(html.unescape(to))
            assert PEOPLE.search(listed.content.decode())[1] == count, to
    own = signed_in(world.seats[Role.PROVINCE]).get("/gov/figures/")
    assert sorted(int(number) for _, number in CELL.findall(own.content.decode())) == [1, 1, 2]
    assert "海澜理工大学" not in own.content.decode()
    assert "最近一次" not in country.content.decode()
    assert counters.recount(COHORT).differences == 0
    assert "最近一次" in ministry.get("/gov/figures/").content.decode()
    taken = ministry.get("/gov/figures/workbook/")
    assert (taken.status_code, taken["Content-Type"].rsplit(".", 1)[1]) == (200, "sheet")
    assert ministry.get(reverse("figures:known", args=["people", "all"])).status_code == 422


def a_past(world: Any) -> tuple[Any, Any]:
    """All that was counted until now was counted, and written, three days ago: (that day, the moment it ended)."""
    counters.fold()
    day = timezone.localdate() - timedelta(days=3)
    DayChange.objects.update(day=day)
    ProvinceDay.objects.update(day=day)
    return day, midnight(day + ONE_DAY)


def test_numbers_by_day_stay_what_they_were_while_more_is_counted(world: Any) -> None:
    world.effective()
    day, moment = a_past(world)
    ministry, province, school = (world.actor(role) for role in (Role.MINISTRY, Role.PROVINCE, Role.SCHOOL))
    then = days.counted(ministry, COHORT, {}, moment)
    assert then == days.counted(ministry, COHORT, {})
    unseeing = [replace(one, levels={}) for one in (ministry, province)]
    told = [rates.published(one, COHORT, DIMENSIONS["level"]) for one in unseeing]
    world.recorded(world.neighbour, destination="27")
    Graduate.all_rows.filter(pk=world.graduate.pk).update(removed_at=timezone.now())
    for _ in range(2):
        assert days.counted(ministry, COHORT, {}, moment) == then
        assert [rates.published(one, COHORT, DIMENSIONS["level"]) for one in unseeing] == told
        assert days.counted(province, COHORT, {})[str(world.school.pk), "27"] == 1
        assert days.series(school, COHORT) == [(day, {"": 1, "10": 1}), (timezone.localdate(), {"27": 1})]
        assert days.series(ministry, COHORT) == [(day, {"": 2, "10": 1}), (timezone.localdate(), {"": 1, "27": 1})]
        assert (
            days.series(province, COHORT)
            == days.series(ministry, COHORT, {"province": str(world.province.pk)})
            == days.series(school, COHORT)
        )
        assert days.counted(ministry, COHORT, {"level": "31", "tier": "undergraduate"}) == days.counted(
            ministry, COHORT, {}
        )
        assert days.series(world.stranger_actor(Role.SCHOOL), COHORT) == [(day, {"": 1})]
        assert days.series(world.actor(Role.COLLEGE), COHORT) == []
        counters.fold()
    with pytest.raises(Refused, match="按天记录，更早的日期"):
        days.counted(ministry, COHORT, {}, midnight(date(2025, 1, 1)))
    page = signed_in(world.seats[Role.MINISTRY]).get("/gov/figures/", {"at": str(day)}).content.decode()
    assert moments.words_of(moment) in page
    before = signed_in(world.seats[Role.MINISTRY]).get("/gov/figures/", {"at": "2025-01-01"})
    assert (before.status_code, "更早的日期没有" in before.content.decode()) == (422, True)


def test_a_list_of_a_past_day_says_so_shows_who_was_there_and_offers_nothing_to_do(world: Any) -> None:
    world.accepted()
    yesterday = timezone.localdate() - ONE_DAY
    school = signed_in(world.seats[Role.SCHOOL])
    live = f"{reverse('registration:list', args=['online_signing'])}?state=college_review"
    then = moments.known(live, midnight(timezone.localdate()))
    assert moments.known(live, None) == live
    assert moments.known("/home/", midnight(timezone.localdate())) == ""
    page = school.get(then).content.decode()
    assert "没有符合的人" in page
    # As if they had been added two days ago.
    statements.change("UPDATE roster_graduate SET added_at = added_at - interval '2 days'")
    page = school.get(reverse("figures:known", args=["roster", "all"]), {"at": str(yesterday)}).content.decode()
    assert f"{moments.words_of(midnight(timezone.localdate()))}</p>" in page
    assert (world.graduate.name in page, world.neighbour.name in page, '<form class="tbl"' in page) == (
        True,
        True,
        False,
    )
    for address, status in (
        (reverse("figures:known", args=["registration", "nothing"]), 404), (reverse("figures:known", args=["records", "x"]), 404),
        (f"{then}&at=2099-01-01", 422), (reverse("figures:known", args=["records", "archive"]), 200), (reverse("figures:known", args=["confirm", "all"]), 200),
    ):  # fmt: skip
        assert school.get(address).status_code == status, address
    ministry = signed_in(world.seats[Role.MINISTRY])
    for words, status in ((str(world.school.pk), 200), ("１", 422), ("1" * 16, 422), ("abc", 422)):
        assert (
            ministry.get(reverse("figures:known", args=["people", "all"]), {"school": words}).status_code == status
        ), words
    taken = school.get(reverse("figures:known_workbook", args=["roster", "all"]), {"at": str(yesterday)})
    assert (taken.status_code, Export.objects.get().moment) == (200, midnight(timezone.localdate()))


def test_a_question_about_the_past_of_a_province_is_answered_once_in_the_background(
    world: Any, monkeypatch: Any
) -> None:
    world.effective()
    yesterday = str(timezone.localdate() - ONE_DAY)
    province = signed_in(world.seats[Role.PROVINCE])
    for _ in range(2):
        waiting = province.get("/stats/states/", {"at": yesterday}).content.decode()
        assert ("正在统计" in waiting, f'data-poll="/stats/states/?at={yesterday}"' in waiting) == (True, True)
    one = Answer.objects.get()
    assert province.get("/stats/states/workbook/", {"at": yesterday}).status_code == 302
    answers.make(one.pk)
    page = province.get("/stats/states/", {"at": yesterday}).content.decode()
    assert (moments.words_of(midnight(timezone.localdate())) in page, "江临大学" in page) == (True, True)
    assert "点开是当时的名单" in page
    assert province.get("/stats/states/workbook/", {"at": yesterday}).status_code == 200
    ministry = signed_in(world.seats[Role.MINISTRY])
    assert "正在统计" in ministry.get("/stats/states/", {"at": yesterday}).content.decode()
    answers.make(Answer.objects.latest("id").pk)
    page = ministry.get("/stats/states/", {"at": yesterday}).content.decode()
    assert f'<a href="?province={world.province.pk}&amp;at={yesterday}">' in page
    assert "选定一所学校以后能点开" in page
    # What was answered stays, whatever comes; nobody reads the answer of another area or of other rights.
    monkeypatch.setattr(moments, "MARGIN", timedelta())
    moment = statements.one("SELECT clock_timestamp() AS at").at
    actor = world.actor(Role.PROVINCE)
    with pytest.raises(Waiting) as waits:
        answers.answered(actor, "states", COHORT, {}, moment)
    answers.make(waits.value.answer.pk)
    tables, why = answers.answered(actor, "states", COHORT, {}, moment)
    assert (why, tables[0].lines[0].numbers[:2]) == ("", [1, 1])
    perform(world.dissolution(world.signing()), "agree", world.actor(Role.EMPLOYER))
    answers.make(waits.value.answer.pk)
    assert answers.answered(actor, "states", COHORT, {}, moment) == (tables, "")
    for other in (world.stranger_actor(Role.PROVINCE), world.actor(Role.MINISTRY)):
        with pytest.raises(Waiting):
            answers.answered(other, "states", COHORT, {}, moment)


@pytest.mark.rule("HOME-01", "STA-01")
def test_what_so_many_stand_in_that_nobody_waits_for_it_is_counted_in_the_background_and_says_when(
    world: Any, monkeypatch: Any
) -> None:
    world.effective()
    world.accepted(world.neighbour)
    counters.fold()
    actor = world.actor(Role.PROVINCE)
    assert days.people(actor, COHORT, {}) == 2
    assert not answers.is_for_later(actor, "states", COHORT, {}, None)
    monkeypatch.setattr(answers, "LIVE_MOST", 1)
    # One school is read as it is now, whoever asks.
    assert not answers.is_for_later(actor, "states", COHORT, {"school": str(world.school.pk)}, None)
    assert not answers.is_for_later(world.actor(Role.SCHOOL), "states", COHORT, {}, None)
    province, ministry = (signed_in(world.seats[role]) for role in (Role.PROVINCE, Role.MINISTRY))
    places = ("/gov/", "/stats/states/", "/stats/destinations/", "/stats/destinations/?by=both")
    for client in (province, ministry):
        for place in places:
            for _ in range(2):
                assert "正在统计" in client.get(place).content.decode(), place
    assert Answer.objects.filter(is_current=True).count() == 2 * len(places)
    assert province.get("/stats/states/workbook/").status_code == 302
    for one in Answer.objects.all():
        answers.make(one.pk)
    for client, name in ((province, "江临大学"), (ministry, world.province.name)):
        for place in places:
            page = client.get(place).content.decode()
            assert (
                "统计的数字，有人查看时每 5 分钟重新统计" in page,
                name in page,
                "实时" in page.split("<main")[1].replace("名单是实时的", ""),
            ) == (True, True, False), place
    assert province.get("/stats/states/workbook/").status_code == 200
    # What was counted is what live numbers say.
    counted, why, at = answers.newest(actor, "states", COHORT, {})
    assert (counted, why, at > timezone.now() - ONE_DAY) == (
        answers.QUESTIONS["states"](actor, COHORT, {}, None),
        "",
        True,
    )


@pytest.mark.rule("HOME-01")
def test_numbers_that_are_old_are_shown_and_counted_again_once_whoever_asks(world: Any, monkeypatch: Any) -> None:
    world.effective()
    counters.fold()
    monkeypatch.setattr(answers, "LIVE_MOST", 0)
    asked: list[int] = []
    monkeypatch.setattr(answers, "later", lambda _, answer: asked.append(answer))
    actor = world.actor(Role.PROVINCE)

    def look() -> list[int]:
        asked.clear()
        with suppress(Waiting):
            answers.newest(actor, "states", COHORT, {})
        return list(asked)

    def aged(**columns: Any) -> None:
        Answer.objects.update(**{name: timezone.now() - age for name, age in columns.items()})

    minute = timedelta(minutes=1)
    assert [len(look()) for _ in range(3)] == [1, 0, 0]
    # It never came: the worker died.
    aged(asked_at=11 * minute)
    assert [len(look()) for _ in range(2)] == [1, 0]
    one = Answer.objects.get()
    answers.make(one.pk)
    assert look() == []
    aged(answered_at=6 * minute, asked_at=7 * minute)
    assert [len(look()) for _ in range(2)] == [1, 0]
    aged(asked_at=11 * minute)
    assert [len(look()) for _ in range(2)] == [1, 0]
    # A count that began earlier and ended later changes nothing.
    newest = timezone.now() + minute
    Answer.objects.update(moment=newest)
    answers.make(one.pk)
    assert Answer.objects.get().moment == newest
