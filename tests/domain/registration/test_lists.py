"""The lists over all ways: what each holds, how it is searched, what is downloaded, and whom it is for."""

from __future__ import annotations

import io
import re
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from qicheng.domain.registration import listings
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import perform
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
STAFF = (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)
NAME = re.compile(r'<th class="c-name[^"]*" scope="row"><a [^>]+>([^<]+)</a>')


def people(client: Any, address: str) -> list[str]:
    """Whom a list shows."""
    page = client.get(address)
    assert page.status_code == 200, page.content.decode()[-1500:]
    return NAME.findall(page.content.decode())


def graduates(world: Any, *names: str) -> list[Graduate]:
    return [world.new_graduate(name, world.college) for name in names]


def at_every_way(world: Any) -> None:
    """One case of each way waits for the college, each of a graduate who is called after it."""
    on, form, image, paper, other, dissolved, ended = graduates(
        world, "线上", "协议", "盖章", "补登", "去向", "解约", "函件"
    )
    world.accepted(on)
    world.form_submitted(form)
    world.brought_back(image)
    world.paper_submitted(paper)
    world.destination_submitted("contract", other)
    perform(world.dissolution(world.effective(dissolved)), "agree", world.actor(Role.EMPLOYER))
    world.dissolution_submitted(world.supplementary(ended))


@pytest.mark.rule("REG-07")
def test_one_queue_and_its_counters_hold_every_way(world):
    at_every_way(world)
    client = signed_in(world.seats[Role.COLLEGE])
    assert people(client, "/review/") == ["线上", "协议", "盖章", "补登", "去向", "解约", "函件"]
    page = client.get("/review/").content.decode()
    counted = dict(re.findall(r"<a [^>]*>([^<]+)<b>(\d+)</b></a>", page))
    assert {label: number for label, number in counted.items() if number != "0"} == {
        "待审核总数": "7", "学生已同意签约": "1", "就业协议审核中": "1", "签约审核中": "2", "去向登记审核中": "1", "已同意解约": "1", "解约中": "1",
    }  # fmt: skip
    assert people(client, "/review/?stage=签约审核中") == ["盖章", "补登"]
    assert people(client, "/review/?kind=destination") == ["去向"]
    assert people(client, "/review/?type=contract") == ["去向"]
    assert people(client, "/review/?by=employer") == ["线上"]
    assert people(client, "/review/?by=graduate") == ["协议", "盖章", "补登", "去向", "解约", "函件"]
    assert people(client, "/review/?q=BJ-2026-000123") == ["补登", "函件"]
    assert people(client, "/review/?employer=澄江") == ["协议", "盖章", "补登", "函件"]
    assert people(signed_in(world.other_college_seat), "/review/") == []
    assert people(signed_in(world.seats[Role.SCHOOL]), "/review/") == []


@pytest.mark.rule("REG-07", "ORG-01")
def test_each_way_has_its_list_for_whoever_stands_above(world):
    at_every_way(world)
    expected = {
        "online_signing": {"线上", "解约"}, "offline_signing": {"协议", "盖章"}, "supplementary": {"补登", "函件"}, "destination": {"去向"},
        "online_dissolution": {"解约"}, "offline_dissolution": {"函件"},
    }  # fmt: skip
    for role in STAFF:
        client = signed_in(world.seats[role])
        assert {name: set(people(client, f"/lists/{name}/")) for name in expected} == expected
    for seat in (world.other_college_seat, world.stranger_seats[Role.SCHOOL], world.stranger_seats[Role.PROVINCE]):
        client = signed_in(seat)
        assert {name: people(client, f"/lists/{name}/") for name in expected} == {name: [] for name in expected}


@pytest.mark.rule("REG-07")
def test_the_returned_of_each_way_are_downloaded_apart(world):
    one, other = graduates(world, "补登甲", "去向乙")
    for case in (world.paper_submitted(one), world.destination_submitted("contract", other)):
        perform(case, "return", world.actor(Role.COLLEGE), reason="other", words="公章不清楚")
    letter = world.dissolution_submitted(world.supplementary())
    perform(letter, "return", world.actor(Role.COLLEGE), reason="other", words="解约函没有盖章")
    client = signed_in(world.seats[Role.COLLEGE])

    def downloaded(query: str) -> list[Any]:
        answer = client.get(f"/lists/returned/workbook/{query}")
        return [cell.value for cell in openpyxl.load_workbook(io.BytesIO(answer.content)).active["A"]][1:]

    assert downloaded("") == ["陈诚", "去向乙", "补登甲"]
    for way, names in (("supplementary", ["补登甲"]), ("destination", ["去向乙"]), ("offline_dissolution", ["陈诚"])):
        assert f"/lists/returned/workbook/?kind={way}" in client.get(f"/lists/{way}/").content.decode()
        assert downloaded(f"?kind={way}") == names
    assert "导出退回修改学生名单" not in client.get("/lists/online_signing/").content.decode()


@pytest.mark.rule("DES-05")
def test_whoever_voided_a_destination_is_listed_until_something_new_is_submitted(world):
    for kind in ("contract", "freelance"):
        perform(world.registered(kind), "cancel", world.of(world.graduate))
    school, college = signed_in(world.seats[Role.SCHOOL]), signed_in(world.seats[Role.COLLEGE])
    assert people(school, "/lists/voided/") == people(college, "/lists/voided/") == ["陈诚"]
    address = re.search(r'href="(/lists/voided/[0-9a-f-]{36}/)"', school.get("/lists/voided/").content.decode())
    assert address
    page = school.get(address[1]).content.decode()
    assert page.count("毕业生本人") == 2
    assert "签劳动合同就业" in page
    assert "自由职业" in page
    assert signed_in(world.other_college_seat).get(address[1]).status_code == 404
    draft = world.destination_draft("contract")
    assert people(school, "/lists/voided/") == ["陈诚"]
    perform(draft, "submit", world.of(world.graduate))
    assert people(school, "/lists/voided/") == []
    perform(draft, "recall", world.of(world.graduate))
    assert people(school, "/lists/voided/") == ["陈诚"]
    perform(draft, "discard", world.of(world.graduate))
    world.accepted()
    assert people(school, "/lists/voided/") == []


@pytest.mark.rule("DES-04", "ROS-07")
def test_what_ended_and_what_is_frozen_is_listed_over_all_ways(world):
    ended, annulled, rejected, gone = graduates(world, "放弃", "学校作废", "不通过", "离开")
    case = world.paper_submitted(ended)
    perform(case, "return", world.actor(Role.COLLEGE), reason="other", words="重拍")
    perform(case, "give_up", world.of(ended))
    perform(
        world.registered("contract", annulled),
        "void",
        world.actor(Role.SCHOOL),
        reason="other",
        words="与毕业生商量一致",
    )
    perform(world.form_submitted(rejected), "reject", world.actor(Role.COLLEGE), reason="other", words="单位不存在")
    draft = world.paper_draft(world.new_graduate("草稿", world.college))
    perform(draft, "discard", world.of(draft.graduate))
    world.dissolution_submitted(world.supplementary(gone))
    Graduate.all_rows.filter(pk=gone.pk).update(removed_at=timezone.now())
    client = signed_in(world.seats[Role.SCHOOL])
    assert people(client, "/lists/ended/") == ["不通过", "学校作废", "放弃"]
    assert "学校已作废" in client.get("/lists/ended/").content.decode()
    assert people(client, "/lists/invalid/") == ["离开", "离开"]
    assert people(client, "/lists/invalid/?kind=offline_dissolution") == ["离开"]
    assert people(client, "/lists/supplementary/") == ["放弃"]


def test_a_batch_holds_back_what_asks_for_more_than_a_yes(world):
    at_every_way(world)
    stated = world.form_approved(world.new_graduate("说明", world.college))
    perform(stated, "bring_back", world.of(stated.graduate), statement="单位名称写错了")
    rows = listings.queue(Role.COLLEGE).head(world.actor(Role.COLLEGE), {}, world.cohort, 50)
    assert {row.name: listings.held_back(row) for row in rows if listings.held_back(row)} == {
        "函件": ["通过时要填写核对情况"], "说明": ["附有情况说明"],
    }  # fmt: skip
    perform(world.brought_back(world.new_graduate("又盖章", world.college)), "approve", world.actor(Role.COLLEGE))
    rows = listings.queue(Role.SCHOOL).head(world.actor(Role.SCHOOL), {}, world.cohort, 50)
    assert [(row.name, listings.held_back(row)) for row in rows] == [("又盖章", ["通过时要填写核对情况"])]


@pytest.mark.parametrize(
    "address", ["/review/", "/lists/destination/", "/lists/supplementary/", "/lists/voided/", "/lists/returned/"]
)
def test_more_rows_take_no_more_statements(world, address):
    client = signed_in(world.seats[Role.COLLEGE])

    def case(n: int) -> None:
        one, two, three = graduates(world, f"甲{n}", f"乙{n}", f"丙{n}")
        world.destination_submitted("contract", one)
        perform(world.paper_submitted(two), "return", world.actor(Role.COLLEGE), reason="other", words="重拍")
        perform(world.registered("contract", three), "cancel", world.of(three))

    counts = []
    for n in range(3):
        case(n)
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert people(client, address)
        counts.append(len(asked))
    assert len(set(counts)) == 1
