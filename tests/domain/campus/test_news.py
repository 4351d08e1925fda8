"""A school tells its graduates: notices, news and activities, lists, pages and a calendar (CAM-09)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from qicheng.domain.campus.effects import news as effects
from qicheng.domain.campus.models import NewsItem, NewsKind, Part
from qicheng.domain.campus.queries import news as queries
from qicheng.domain.campus.sheets.news import NEWS_ITEM, pieces
from qicheng.domain.orgs.effects.settings import Outdated
from qicheng.foundation.access import SYSTEM, Actor, Area, Level, Role
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, noted
from qicheng.foundation.kit.calendar import BEIJING
from tests.clients import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.rule("CAM-09")]
NOTICE = {
    "kind": "notice", "title": "一对一职业生涯咨询预约通知", "text": "第一段，见 https://job.example.edu.cn/a?b=1。\n第二行\n\n第二段 <b>不是标签</b>", "dated_on": "2026-04-28",
}  # fmt: skip
ACTIVITY = {
    "kind": "activity", "title": "职业体验日", "text": "带学生证。", "dated_on": "2026-05-06", "day": "2026-05-20", "begins": "14:00",
    "last_day": "2026-05-21", "ends": "09:30", "place": "体育馆",
}  # fmt: skip


def clean(given):
    form = NEWS_ITEM.form(2026)(given)
    assert form.is_valid(), form.errors
    return form.cleaned_data


def test_what_is_written_is_on_record_and_one_form_sent_twice_is_one_item(world):
    actor = world.actor(Role.SCHOOL)
    item = effects.write(actor, world.cohort, clean(NOTICE), key="form")
    assert effects.write(actor, world.cohort, clean(NOTICE), key="form") == item
    effects.change(actor, item.public_id, 1, clean(NOTICE | {"title": "改过的标题", "is_pinned": "on"}))
    with pytest.raises(Outdated):
        effects.withdraw(actor, item.public_id, 1)
    effects.withdraw(actor, item.public_id, 2)
    with pytest.raises(Refused, match="已经撤下"):
        effects.withdraw(actor, item.public_id, 3)
    effects.publish_again(actor, item.public_id, 3)

    [row] = NewsItem.all_rows.all()
    assert (row.title, row.is_pinned, row.is_withdrawn, row.version) == ("改过的标题", True, False, 4)
    assert [one.act for one in noted(effects.ABOUT)] == ["publish_again", "withdraw", "change", "publish"]


def test_only_writers_of_the_school_itself_write(world):
    item = effects.write(world.actor(Role.SCHOOL), world.cohort, clean(NOTICE))
    whole = world.actor(Role.SCHOOL)
    reader = Actor(Role.SCHOOL, whole.node, whole.account, dict.fromkeys(Area, Level.READ))
    for actor in (reader, world.actor(Role.COLLEGE), world.actor(Role.GRADUATE)):
        with pytest.raises(NotOpen):
            effects.write(actor, world.cohort, clean(NOTICE))
    with pytest.raises(NotFound):
        effects.withdraw(world.stranger_actor(Role.SCHOOL), item.public_id, 1)


def test_a_notice_that_an_act_publishes_is_there_once(world):
    given = (world.school.pk, world.cohort, NewsKind.NOTICE, "关于张三同学丢失就业推荐表的公示", "特此公示。")
    first = effects.publish(SYSTEM, *given, source="application:1")
    assert effects.publish(SYSTEM, *given, source="application:1") == first
    assert effects.publish(SYSTEM, *given, source="application:2") != first
    [(_, notices), *_] = queries.headlines(world.actor(Role.GRADUATE), world.cohort)
    assert {one.title for one in notices} == {"关于张三同学丢失就业推荐表的公示"}


def test_plain_text_becomes_paragraphs_and_addresses_links():
    assert pieces(NOTICE["text"]) == [
        [("第一段，见 ", ""), ("https://job.example.edu.cn/a?b=1", "https://job.example.edu.cn/a?b=1"), ("。\n第二行", "")],
        [("第二段 <b>不是标签</b>", "")],
    ]  # fmt: skip
    for text in ("javascript:alert(1)", "data:text/html,x", "ftp://a.b/c", '"https://', "http://"):
        assert pieces(text) == [[(text, "")]]
    [[_, (words, address), _]] = pieces('看 https://a.cn/x"onclick=alert(1) 吧')
    assert words == address == "https://a.cn/x"


def test_an_activity_has_a_time_and_a_notice_has_none(world):
    form = NEWS_ITEM.form(2026)({key: value for key, value in ACTIVITY.items() if key not in ("day", "ends")})
    assert set(form.errors) == {"day", "ends"}
    assert set(NEWS_ITEM.form(2026)(ACTIVITY | {"begins": "25:00", "ends": "早上"}).errors) == {"begins", "ends"}
    assert set(NEWS_ITEM.form(2026)(ACTIVITY | {"last_day": "2026-05-19"}).errors) == {"ends"}
    assert set(NEWS_ITEM.form(2026)(ACTIVITY | {"last_day": "2026-09-19"}).errors) == {"last_day"}
    item = effects.write(world.actor(Role.SCHOOL), world.cohort, clean(ACTIVITY))
    assert (item.begins_at, item.ends_at) == (
        datetime(2026, 5, 20, 14, tzinfo=BEIJING), datetime(2026, 5, 21, 9, 30, tzinfo=BEIJING)
    )  # fmt: skip
    turned = effects.change(world.actor(Role.SCHOOL), item.public_id, 1, clean(NOTICE))
    assert (turned.kind, turned.begins_at, turned.place) == ("notice", None, "")


def test_a_month_shows_an_activity_on_every_day_that_it_lasts(world):
    world.open_parts(Part.NEWS)
    effects.write(world.actor(Role.SCHOOL), world.cohort, clean(ACTIVITY))
    effects.write(
        world.actor(Role.SCHOOL),
        world.cohort,
        clean(ACTIVITY | {"title": "六月的", "day": "2026-06-01", "last_day": ""} | {"ends": "16:00"}),
    )
    may = queries.month(world.actor(Role.GRADUATE), world.cohort, date(2026, 5, 1), date(2026, 5, 20))
    days = [day for week in may.weeks for day in week]
    assert (days[0].date, days[-1].date, len(days) % 7) == (date(2026, 4, 26), date(2026, 6, 6), 0)
    assert {day.date.day: [one.title for one in day.items] for day in days if day.items} == {
        20: ["职业体验日"], 21: ["职业体验日"]
    }  # fmt: skip
    assert ([day.date for day in days if day.is_today], may.before, may.after) == (
        [date(2026, 5, 20)],
        "2026-04",
        "2026-06",
    )
    page = signed_in(world.seats[Role.GRADUATE]).get("/campus/calendar/?month=2026-05").content.decode()
    assert 'href="#d20"' in page
    assert 'id="d21"' in page
    assert [queries.month_asked(text, date(2026, 5, 20)) for text in ("2026-12", "2026-13", "x")] == [
        date(2026, 12, 1), date(2026, 5, 1), date(2026, 5, 1)
    ]  # fmt: skip


def test_the_schools_own_people_read_it_and_nobody_else(world):
    world.open_parts(Part.NEWS)
    item = effects.write(world.actor(Role.SCHOOL), world.cohort, clean(NOTICE))
    world.open_parts(Part.NEWS, school=world.other_school)
    addresses = ("/campus/news/notice/", f"/campus/news/{item.public_id}/", "/campus/calendar/")
    own = [signed_in(world.seats[role]) for role in (Role.GRADUATE, Role.COLLEGE, Role.SCHOOL)]
    assert [[one.get(address).status_code for address in addresses] for one in own] == [[200] * 3] * 3
    stranger = signed_in(world.stranger_seats[Role.COLLEGE])
    assert [stranger.get(address).status_code for address in addresses] == [200, 404, 200]
    assert NOTICE["title"] not in stranger.get(addresses[0]).content.decode()
    page = own[0].get(addresses[1]).content.decode()
    assert "&lt;b&gt;不是标签" in page
    assert 'rel="noopener noreferrer nofollow"' in page
    effects.withdraw(world.actor(Role.SCHOOL), item.public_id, 1)
    assert [one.get(addresses[1]).status_code for one in own] == [404, 404, 200]
    assert NOTICE["title"] not in own[0].get(addresses[0]).content.decode()
    world.open_parts(Part.PLATFORM)
    assert [one.get(address).status_code for one in own for address in addresses] == [404] * 9


def test_a_school_writes_changes_and_withdraws_in_the_browser(world):
    world.open_parts(Part.NEWS)
    client = signed_in(world.seats[Role.SCHOOL])
    assert "标题还没有填写" in client.post("/settings/news/new/", NOTICE | {"title": ""}).content.decode()
    assert client.post("/settings/news/new/", NOTICE | {"key": "k"}).status_code == 302
    item = NewsItem.all_rows.get()
    place = f"/settings/news/{item.public_id}/"
    assert client.post(place, NOTICE | {"title": "新标题", "seen": "1"}).status_code == 302
    assert "发布" in client.get(place).content.decode()
    assert client.get(f"{place}withdraw/").status_code == 200
    client.post(f"{place}withdraw/", {"seen": "2"})
    listed = client.get("/settings/news/", {"state": "withdrawn"}).content.decode()
    assert "新标题" in listed
    assert "重新发布" in listed
    client.post(f"{place}withdraw/", {"seen": "3"})
    item.refresh_from_db()
    assert (item.title, item.is_withdrawn) == ("新标题", False)


def test_the_lists_have_pages_pinned_items_first(world):
    world.open_parts(Part.NEWS)
    actor = world.actor(Role.SCHOOL)
    for number in range(queries.ON_A_PAGE + 1):
        day = date(2026, 1, 1) + timedelta(days=number)
        effects.write(actor, world.cohort, clean(NOTICE | {"title": f"第{number}条", "dated_on": day.isoformat()}))
    effects.write(actor, world.cohort, clean(NOTICE | {"title": "置顶的", "dated_on": "2025-01-01", "is_pinned": "on"}))
    client = signed_in(world.seats[Role.GRADUATE])
    first, second = (client.get("/campus/news/notice/", {"page": page}).content.decode() for page in (1, 2))
    assert first.index("置顶的") < first.index("第20条")
    assert ("?page=2" in first, "?page=1" in second, "第0条" in second, "第20条" in second) == (True, True, True, False)
