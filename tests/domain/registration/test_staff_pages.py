"""Every page of staff for every role: own node, neighbour, stranger; and as many statements for three rows as for one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from qicheng.domain.registration import listings
from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import perform
from tests.clients import signed_in
from tests.world import COHORT

STAFF = (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)
ALL = (Role.GRADUATE, Role.EMPLOYER, *STAFF)
REVIEWERS = {Role.COLLEGE, Role.SCHOOL}
# Page → (roles that find it, whether it is about one case of 陈诚).
PAGES = {
    "/review/": REVIEWERS, "/review/next/": REVIEWERS, "/review/workbook/": REVIEWERS, "/lists/": set(STAFF), "/lists/online_signing/": set(STAFF),
    "/lists/ended/": set(STAFF), "/lists/invalid/": set(STAFF), "/lists/returned/": set(STAFF), "/lists/online_signing/workbook/": set(STAFF),
    "/lists/returned/workbook/": set(STAFF), "/lists/nothing/": set(), "/home/": REVIEWERS, "/gov/": {Role.PROVINCE, Role.MINISTRY},
}  # fmt: skip


@pytest.mark.rule("ORG-01", "ORG-03")
def test_every_page_opens_for_its_roles_and_is_not_found_for_others(world):
    world.accepted()
    clients = {role: signed_in(world.seats[role]) for role in ALL}
    found = {
        url: {role for role, client in clients.items() if client.get(url).status_code in (200, 302)} for url in PAGES
    }
    assert found == PAGES


@pytest.mark.rule("ORG-01")
def test_a_case_opens_for_whoever_stands_above_it_and_is_not_found_for_others(world):
    case = world.accepted()
    pages = (f"/review/{case.public_id}/", f"/review/{case.public_id}/status/", f"/review/?open={case.public_id}")
    own = {role: [signed_in(world.seats[role]).get(url).status_code for url in pages] for role in STAFF}
    strangers = [
        world.other_college_seat,
        *(world.stranger_seats[role] for role in (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE)),
    ]
    assert own == {
        Role.COLLEGE: [200, 302, 200], Role.SCHOOL: [200, 302, 200], Role.PROVINCE: [200, 302, 404], Role.MINISTRY: [200, 302, 404],
    }  # fmt: skip
    assert {tuple(signed_in(seat).get(url).status_code for url in pages) for seat in strangers} == {(404, 404, 404)}
    assert signed_in(world.seats[Role.SCHOOL]).get("/review/?open=nonsense").status_code == 404


@pytest.mark.rule("ORG-01")
def test_lists_hold_what_stands_below_whoever_looks(world):
    world.accepted()
    world.accepted(world.neighbour)
    world.accepted(world.stranger)

    def people(seat: Any) -> set[str]:
        page = signed_in(seat).get("/lists/online_signing/").content.decode()
        return set(re.findall(r'<th class="c-name" scope="row"><a [^>]+>([^<]+)</a>', page))

    assert {role: people(world.seats[role]) for role in STAFF} == {
        Role.COLLEGE: {"陈诚"}, Role.SCHOOL: {"陈诚", "林嘉禾"}, Role.PROVINCE: {"陈诚", "林嘉禾"},
        Role.MINISTRY: {"陈诚", "林嘉禾", "阿依古丽·买买提"},
    }  # fmt: skip


@pytest.mark.parametrize("url", ["/review/", "/lists/online_signing/", "/lists/ended/", "/home/", "/review/workbook/"])
def test_three_rows_take_as_many_statements_as_one(world, url):
    ended = "ended" in url

    def case(name: str) -> None:
        one = world.accepted(world.new_graduate(name, world.college))
        if ended:
            perform(one, "reject", world.actor(Role.COLLEGE), reason="x_pay", words="重新写")

    case("赵甲")
    client = signed_in(world.seats[Role.COLLEGE])
    client.get(url)
    counts = []
    for names in ((), ("钱乙", "孙丙")):
        for name in names:
            case(name)
        with CaptureQueriesContext(connection) as asked:
            client.get(url)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    if url == "/review/":
        assert counts[0] == 3, [q["sql"][:120] for q in asked]


@pytest.mark.parametrize("number", [1, 3])
def test_a_case_takes_as_many_statements_however_much_went_before(world, number):
    for _ in range(number):
        perform(world.accepted(), "reject", world.actor(Role.COLLEGE), reason="x_pay", words="重新写")
    case = world.accepted()
    client = signed_in(world.seats[Role.COLLEGE])
    client.get(f"/review/{case.public_id}/")
    with CaptureQueriesContext(connection) as asked:
        assert client.get(f"/review/{case.public_id}/").status_code == 200
    assert len(asked) <= 30, [q["sql"][:120] for q in asked]


def test_a_cohort_that_is_not_looked_at_is_not_in_the_lists(world):
    from qicheng.domain.orgs.models import Cohort

    Cohort.objects.create(year=COHORT - 1)
    world.accepted()
    client = signed_in(world.seats[Role.COLLEGE], cohort=COHORT - 1)
    assert "陈诚" not in client.get("/review/").content.decode() + client.get("/lists/online_signing/").content.decode()


@pytest.mark.rule("REG-07", "SIGN-02")
def test_a_list_is_filtered_by_state_and_an_overdue_invitation_counts_as_expired(world):
    from datetime import timedelta

    from django.utils import timezone

    now = timezone.now()
    world.overdue(now - timedelta(days=9), now - timedelta(days=5))
    world.accepted(world.neighbour)
    client = signed_in(world.seats[Role.SCHOOL])

    def people(query: str) -> list[str]:
        page = client.get(f"/lists/{query}").content.decode()
        return re.findall(r'<th class="c-name" scope="row"><a [^>]+>([^<]+)</a>', page)

    assert people("online_signing/?state=invited") == []
    assert people("online_signing/?state=expired") == people("ended/") == people("ended/?state=expired") == ["陈诚"]
    assert people("online_signing/?open=yes") == people("online_signing/?state=college_review") == ["林嘉禾"]
    assert people("online_signing/?due=soon") == []
    assert people("ended/?state=rejected") == []


@pytest.mark.rule("REG-07")
def test_the_list_of_returns_names_whom_why_and_by_whom(world):
    case = world.accepted()
    Record(
        flow=case.flow_name, case=str(case.public_id), cohort=case.cohort, school_id=case.school_id, act="return", role="college",
        name="李华", words="公章不清楚",
    ).save()  # fmt: skip
    rows = list(listings.lists()["returned"].sheet_rows(world.actor(Role.SCHOOL), {}, COHORT))
    headings = listings.lists()["returned"].headings
    assert [dict(zip(headings, row, strict=True)) | {"退回时间": ""} for row in rows] == [
        {
            "姓名": "陈诚", "学号": world.graduate.student_number, "单位": "云岭数据科技有限公司", "院系": "计算机学院", "学历": "本科生毕业",
            "专业": "计算机科学与技术", "类型": "线上签约", "考生号": world.graduate.exam_number, "身份证号": "*" * 14 + world.graduate.id_number[-4:],
            "手机号码": f"{world.graduate.phone[:3]}****{world.graduate.phone[-4:]}", "退回说明": "公章不清楚", "退回人": "李华", "退回时间": "",
            "现在的状态": "学生已同意签约，等待学院审核",
        }
    ]  # fmt: skip
    assert list(listings.lists()["returned"].sheet_rows(world.stranger_actor(Role.SCHOOL), {}, COHORT)) == []


def test_every_state_with_a_turn_of_a_reviewer_is_in_a_queue(world):
    """A flow that is declared on registrations joins the queue by being declared."""
    for role in REVIEWERS:
        for flow in listings.flows():
            for state in flow.turns(role):
                assert f"'{state}'" in listings.queue(role).where
    assert Registration.objects.seen_by(world.actor(Role.SCHOOL)).count() == 0


HOSTILE = ("'", "%", "\\", "9" * 30, "2026-13-01", "%(node)s", "\x00", "x' OR '1'='1", "<script>alert(1)</script>")


@pytest.mark.parametrize("value", HOSTILE)
def test_nothing_in_an_address_breaks_a_list(world, value):
    world.accepted()
    client = signed_in(world.seats[Role.SCHOOL])
    for url, listing in (
        ("/review/", listings.queue(Role.SCHOOL)),
        ("/lists/online_signing/", listings.lists()["online_signing"]),
    ):
        for key in [*(one.key for one in listing.filters), "sort", "size", "after", "before"]:
            page = client.get(url, {key: value})
            assert page.status_code == 200, (url, key)
            assert "<script>alert" not in page.content.decode()
    assert client.get("/review/next/", {"after": value, "q": value}).status_code == 302
