"""Choosing how to register: the groups, the types with their guide, the questions that lead to every type."""

from __future__ import annotations

import re
from html import unescape

import pytest

from qicheng.domain.orgs.models import Cohort
from qicheng.domain.registration.sheets import destinations
from qicheng.domain.registration.sheets.destinations import Group
from qicheng.domain.roster.models import Graduate
from tests.clients import signed_in

from .test_destinations import VOLUNTEER

pytestmark = pytest.mark.django_db

WAYS = ["线上签约", "向学校申请电子就业协议书 线下登记", "已签纸质就业协议 补充登记"]


@pytest.fixture
def phone(world):
    return signed_in(world.graduate_seat(world.graduate))


def directed(world, mode="21", unit="昆山市第一中学"):
    Graduate.all_rows.filter(pk=world.graduate.pk).update(training_mode=mode, directed_unit=unit)


def follow(world, edition):
    Cohort.objects.update_or_create(year=world.graduate.cohort, defaults={"edition": edition})


def text(response):
    assert response.status_code == 200
    body = response.content.decode()
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body[body.index("<main") : body.index("<footer")])))


def headings(response, level=2):
    found = re.findall(rf"<h{level}[^>]*>(.*?)</h{level}>", response.content.decode())
    return [unescape(re.sub(r"<[^>]+>", "", one)) for one in found]


@pytest.mark.rule("REG-10")
def test_the_four_groups_lead_to_the_ways_and_the_types(phone):
    page = phone.get("/go/")
    assert re.findall(r'href="(/go/[a-z]+/)"><span class="cell__ic">.*?<b>(.*?)</b>', page.content.decode()) == [
        ("/go/agreement/", "签就业协议书就业"), ("/go/employment/", "其他形式就业"), ("/go/study/", "升学"), ("/go/unemployed/", "未就业"),
        ("/go/find/", "说不准是哪一类"), ("/go/guide/", "高校毕业生毕业去向分类及证明材料"),
    ]  # fmt: skip
    assert "先和单位商量好，是在线上签约还是线下签纸质协议" in text(page)
    assert headings(phone.get("/go/agreement/")) == WAYS
    counts = {group: len(headings(phone.get(f"/go/{group}/"))) for group in ("employment", "study", "unemployed")}
    assert counts == {"employment": 13, "study": 2, "unemployed": 8}


@pytest.mark.rule("DES-01")
def test_beside_each_type_stands_its_guide(phone):
    page = text(phone.get("/go/employment/"))
    for one in destinations.by_group("2024")[Group.EMPLOYMENT]:
        for words in (one.label, one.guide.definition, one.guide.proofs, one.guide.who):
            assert words in page


@pytest.mark.rule("DES-01")
def test_the_guide_has_every_type_with_what_proves_it_and_who_may_choose_it(phone):
    page = phone.get("/go/guide/")
    assert headings(page, 1) == ["高校毕业生毕业去向分类及证明材料"]
    words = text(page)
    for one in destinations.types("2024"):
        assert all(part in words for part in (one.label, one.guide.definition, one.guide.proofs, one.guide.who))
    assert all(way in words for way in WAYS)


@pytest.mark.rule("REG-12")
def test_a_cohort_of_2022_finds_the_kinds_of_its_own_guide(world, phone):
    follow(world, "2022")
    assert headings(phone.get("/go/unemployed/")) == ["待就业", "不就业拟升学", "其他暂不就业"]
    assert headings(phone.get("/go/study/")) == ["升学（专升本、考研、第二学士学位）", "出国出境深造"]
    assert "求职中" not in headings(phone.get("/go/unemployed/"))


@pytest.mark.rule("DES-06", "ROS-06")
@pytest.mark.parametrize("mode", ["21", "41"])
def test_a_directed_graduate_sees_one_type_and_the_unit_that_the_school_uploaded(world, phone, mode):
    directed(world, mode)
    page = phone.get("/go/")
    assert "昆山市第一中学" in text(page)
    assert re.findall(r'href="(/go/[a-z]+/)"><span class="cell__ic">', page.content.decode()) == [
        "/go/employment/",
        "/go/guide/",
    ]
    assert headings(phone.get("/go/employment/")) == ["定向/委培毕业去向补充登记"]
    assert [phone.get(f"/go/{group}/").status_code for group in ("agreement", "study", "unemployed")] == [404, 404, 404]
    assert headings(phone.get("/go/find/?is=own&has=started"), 1) == ["定向/委培毕业去向补充登记"]


@pytest.mark.rule("DES-06", "ROS-06")
def test_without_a_unit_the_page_says_that_the_school_has_not_uploaded_it(world, phone):
    directed(world, unit="")
    assert "现在还没有上传" in text(phone.get("/go/"))


@pytest.mark.rule("ROS-06")
@pytest.mark.parametrize("address", ["/go/employment/", "/go/guide/"])
def test_nobody_else_sees_the_type_of_directed_graduates(phone, address):
    assert "定向/委培毕业去向补充登记" not in text(phone.get(address))


def test_a_group_that_there_is_not_is_not_found(phone):
    assert phone.get("/go/nothing/").status_code == 404


@pytest.mark.rule("REG-10")
def test_what_stands_in_the_way_is_said_before_anything_is_chosen(world, phone):
    assert "已与其他单位签约或登记了去向" not in text(phone.get("/go/"))
    world.accepted(world.graduate)
    assert "你已与其他单位签约或登记了去向" in text(phone.get("/go/"))


# ---- the three questions


def walk(client, address="/go/find/"):
    """Every result to which the questions lead, with how many were asked: the form is sent with each of its answers."""
    page = client.get(address)
    body = page.content.decode()
    form = re.search(
        r'<form class="card card__body stack" method="get" action="/go/find/">(.*?)</form>', body, re.DOTALL
    )
    if form is None:
        yield headings(page, 1)[0], address.count("=")
        return
    kept = re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', form[1])
    for name, value in re.findall(r'type="radio" name="(\w+)" value="(\w+)"', form[1]):
        yield from walk(client, "/go/find/?" + "&".join(f"{key}={one}" for key, one in [*kept, (name, value)]))


@pytest.mark.rule("REG-10", "DES-01")
@pytest.mark.parametrize("edition", destinations.EDITIONS)
def test_three_questions_at_most_lead_to_every_type_and_every_way(world, phone, edition):
    follow(world, edition)
    found = list(walk(phone))
    assert {name for name, _ in found} == {one.name(edition) for one in destinations.types(edition)} | set(WAYS)
    assert max(asked for _, asked in found) <= 3


@pytest.mark.rule("REG-10")
def test_the_result_shows_what_proves_it_and_each_answer_can_be_changed(phone):
    page = phone.get("/go/find/?is=own&has=started&choice=startup")
    assert headings(page, 1) == ["自主创业"]
    assert destinations.of("startup").guide.proofs in text(page)
    links = [unescape(one) for one in re.findall(r'class="cell" href="(/go/find/[^"]*)"', page.content.decode())]
    assert links == ["/go/find/", "/go/find/?is=own", "/go/find/?is=own&has=started"]


@pytest.mark.parametrize("address", ["?is=x", "?has=started", "?is=", "?choice=startup", "?is=%00%22%3Cb%3E"])
def test_an_answer_that_is_not_offered_is_asked_again(phone, address):
    assert headings(phone.get("/go/find/" + address), 1) == ["你现在是哪种情况？"]


@pytest.mark.rule("DES-01")
def test_a_twenty_fifth_type_stands_in_its_group_in_the_guide_and_among_the_answers(monkeypatch, phone):
    monkeypatch.setitem(destinations.REGISTRY, "volunteer", VOLUNTEER)
    assert "志愿服务" in headings(phone.get("/go/employment/"))
    assert VOLUNTEER.guide.definition in text(phone.get("/go/guide/"))
    assert "志愿服务" in {name for name, _ in walk(phone)}
