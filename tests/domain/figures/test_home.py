"""Every number of a home page is the number of rows of the list that it opens, at every moment (HOME-01)."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from qicheng.domain.orgs.models import Handler
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Level, Role, Tier
from qicheng.foundation.flow.perform import perform
from tests.clients import signed_in
from tests.term import last_day
from tests.world import COHORT

FIGURE = re.compile(r'<a href="([^"]+)"[^>]*>([^<]+)<b>([\d,]+)</b></a>')
ROW = re.compile(r'<th class="c-name[^"]*" scope="row"><a ')


def figures(client: Any, url: str = "/home/") -> dict[str, tuple[str, int]]:
    """label → (address, number) of everything that a home page counts; a label that came before is followed by its address."""
    page = client.get(url)
    assert page.status_code == 200, page.content.decode()[-2000:]
    found: dict[str, tuple[str, int]] = {}
    for address, label, number in FIGURE.findall(page.content.decode()):
        found[f"{label} {address}" if label in found else label] = (html.unescape(address), int(number))
    return found


def rows(client: Any, address: str) -> int:
    page = client.get(address)
    assert page.status_code == 200
    # What stands above the list, by school, is a table too.
    return len(ROW.findall(page.content.decode().rpartition("<table")[2]))


def a_busy_day(world: Any) -> None:
    """Cases in every state, of both colleges and both tiers, some of graduates who left the roster, some overdue, some changed."""
    new, now = world.new_graduate, timezone.now()
    for college in (world.college, world.other_college):
        for tier, level in (("undergraduate", "31"), ("postgraduate", "11")):
            given = {"tier": tier, "level": level}
            reviewers = {world.college: world.seats[Role.COLLEGE], world.other_college: world.other_college_seat}
            seat = reviewers[college]
            actor = seat.actor(name=seat.account.name)
            world.invitation(new("邀请", college, **given))
            world.invitation(new("快到期", college, **given), days=1)
            world.overdue(now - timedelta(days=9), now - timedelta(days=5), new("过期", college, **given))
            world.accepted(new("待院审", college, **given))
            changed = world.accepted(new("有变化", college, **given))
            Graduate.all_rows.filter(pk=changed.graduate_id).update(sex="2", revision=2)
            gone = world.accepted(new("离开", college, **given))
            Graduate.all_rows.filter(pk=gone.graduate_id).update(removed_at=now)
            perform(world.accepted(new("不通过", college, **given)), "reject", actor, reason="x_pay", words="重写")
            for name in ("待校审", "生效"):
                case = world.accepted(new(name, college, **given))
                perform(case, "approve", actor)
                if name == "生效":
                    perform(case, "approve", world.actor(Role.SCHOOL))


@pytest.mark.rule("HOME-01", "ORG-07")
def test_every_number_opens_exactly_the_rows_that_it_counts(world):
    a_busy_day(world)
    seats = [
        world.seats[Role.COLLEGE], world.seats[Role.SCHOOL], world.new_seat(Role.SCHOOL, world.school.pk, "本科老师", tier=Tier.UNDERGRADUATE),
        world.new_seat(Role.SCHOOL, world.school.pk, "研究生老师", tier=Tier.POSTGRADUATE), world.stranger_seats[Role.SCHOOL],
    ]  # fmt: skip
    totals = []
    for seat in seats:
        client = signed_in(seat)
        shown = figures(client)
        assert {label: number for label, (_, number) in shown.items()} == {
            label: rows(client, url) for label, (url, _) in shown.items()
        }
        totals.append({label: number for label, (_, number) in shown.items()})
    school = totals[1]
    assert {label: number for label, number in school.items() if number} == {
        "待我审核": 4, "正在办理": 20, "单位发起邀请，等待应约": 8, "学生已同意签约，等待学院审核": 8, "学生已同意签约，等待学校审核": 4, "签约审核通过": 4,
    } | ({"24 小时内到期，毕业生没有回应": school["24 小时内到期，毕业生没有回应"]} if school["24 小时内到期，毕业生没有回应"] else {})  # fmt: skip
    assert [{label: total[label] * 2 for label in total} for total in (totals[2], totals[3])] == [school, school]
    assert set(totals[4].values()) == {0}


def every_way(world: Any) -> None:
    """Something at every step of every way, and what nobody but its graduate sees."""
    new = iter(world.new_graduate(f"毕业生{n}", world.college) for n in range(20))
    world.paper_draft(next(new))
    world.destination_draft("contract", next(new))
    for case in (world.form_submitted(next(new)), world.brought_back(next(new)), world.paper_submitted(next(new))):
        perform(case, "approve", world.actor(Role.COLLEGE))
    for made in (
        world.form_submitted,
        world.form_approved,
        world.brought_back,
        world.stamped,
        world.paper_submitted,
        world.supplementary,
    ):
        made(next(new))
    world.destination_submitted("contract", next(new))
    perform(
        world.destination_submitted("freelance", next(new)),
        "return",
        world.actor(Role.COLLEGE),
        reason="other",
        words="重拍",
    )
    world.registered("contract", next(new))
    gone = next(new)
    perform(world.registered("contract", gone), "cancel", world.of(gone))
    world.dissolution_submitted(world.supplementary(next(new)))
    world.paper_dissolution(world.supplementary(next(new)))


@pytest.mark.rule("HOME-01", "REG-07")
def test_every_way_is_counted_step_by_step_and_drafts_are_not(world):
    every_way(world)
    totals = {}
    for role in (Role.COLLEGE, Role.SCHOOL):
        client = signed_in(world.seats[role])
        shown = figures(client)
        assert {label: number for label, (_, number) in shown.items()} == {
            label: rows(client, url) for label, (url, _) in shown.items()
        }
        totals[role] = sum(number for _, number in shown.values()), shown["待我审核"][1]
    assert totals[Role.COLLEGE][1] == 5
    assert totals[Role.SCHOOL][1] == 3
    assert "暂存" not in client.get("/home/").content.decode()
    shown = figures(client)
    by_step = {
        label.split(" ")[0]: number for label, (url, number) in shown.items() if number and "offline_signing" in url
    }
    assert by_step == {
        "正在办理": 5, "就业协议审核中，等待学院审核": 1, "就业协议审核中，等待学校审核": 1, "就业协议审核通过": 1, "签约审核中，等待学院审核": 1,
        "签约审核中，等待学校审核": 1, "签约审核通过": 1,
    }  # fmt: skip


@pytest.mark.rule("HOME-01")
def test_after_each_act_the_numbers_are_others(world):
    def numbers(role: Role) -> dict[str, int]:
        return {
            label: number
            for label, (_, number) in figures(signed_in(world.seats[role])).items()
            if number and "24" not in label
        }

    seen = [numbers(Role.SCHOOL)]
    case = world.invitation()
    seen.append(numbers(Role.SCHOOL))
    perform(case, "accept", world.actor(Role.GRADUATE))
    seen.append(numbers(Role.SCHOOL))
    assert numbers(Role.COLLEGE)["待我审核"] == 1
    perform(case, "approve", world.actor(Role.COLLEGE))
    seen.append(numbers(Role.SCHOOL))
    perform(case, "approve", world.actor(Role.SCHOOL))
    seen.append(numbers(Role.SCHOOL))
    perform(case, "void", world.actor(Role.SCHOOL), reason="", words="双方同意")
    seen.append(numbers(Role.SCHOOL))
    assert seen == [
        {},
        {"正在办理": 1, "单位发起邀请，等待应约": 1},
        {"正在办理": 1, "学生已同意签约，等待学院审核": 1},
        {"待我审核": 1, "正在办理": 1, "学生已同意签约，等待学校审核": 1},
        {"签约审核通过": 1},
        {},
    ]


@pytest.mark.rule("HOME-01")
def test_the_numbers_of_a_home_page_are_one_statement(world):
    a_busy_day(world)
    client = signed_in(world.seats[Role.SCHOOL])
    client.get("/home/")
    with CaptureQueriesContext(connection) as asked:
        client.get("/home/")
    assert len([q for q in asked if "count(*) FILTER" in q["sql"]]) == 1
    # Who asks, the numbers, the handlers, the longest waits, and whether file, household and confirmation are open.
    assert len(asked) == 6, [q["sql"][:100] for q in asked]


@pytest.mark.rule("HOME-01", "SET-08")
def test_the_home_page_names_the_handler_the_guide_and_the_dates(world):
    for tier, name in ((Tier.UNDERGRADUATE, "本科老师"), (Tier.POSTGRADUATE, "硕博老师")):
        Handler.all_rows.create(
            school=world.school_starting,
            cohort=COHORT,
            tier=tier,
            name=name,
            phone="010-2",
            address="学府路2号",
            postcode="100872",
        )
    expected = {Tier.ALL: {"本科老师", "硕博老师"}, Tier.UNDERGRADUATE: {"本科老师"}, Tier.POSTGRADUATE: {"硕博老师"}}
    for tier in Tier:
        page = (
            signed_in(world.new_seat(Role.SCHOOL, world.school_starting.pk, f"用户{tier}", tier=tier))
            .get("/home/")
            .content.decode()
        )
        assert set(re.findall("本科老师|硕博老师", page)) == expected[tier]
        closes = f"{last_day().month} 月 {last_day().day} 日 24:00"
        assert set(re.findall(f"/guide.pdf|{closes}|8 月 31 日 24:00", page)) == {
            "/guide.pdf",
            closes,
            "8 月 31 日 24:00",
        }
    assert "钱老师" in signed_in(world.seats[Role.COLLEGE]).get("/home/").content.decode()


@pytest.mark.rule("ORG-05")
def test_without_permission_the_home_page_counts_nothing(world):
    world.accepted()
    page = (
        signed_in(world.new_seat(Role.SCHOOL, world.school.pk, "无权", employment=Level.NONE))
        .get("/home/")
        .content.decode()
    )
    assert FIGURE.findall(page) == []
    assert "没有「基本信息和就业信息」的权限" in page
    assert "陈诚" not in page
    above = (
        signed_in(world.new_seat(Role.PROVINCE, world.province.pk, "无权", employment=Level.NONE))
        .get("/gov/")
        .content.decode()
    )
    assert ["没有「基本信息和就业信息」的权限" in above, "所学校" in above, "还没有学校" in above] == [
        True,
        False,
        False,
    ]


@pytest.mark.rule("HOME-01", "ORG-01")
def test_a_province_counts_its_schools_and_each_number_opens_its_rows(world):
    world.accepted()
    # Nobody has answered it for long.
    world.overdue(timezone.now() - timedelta(days=60), timezone.now() + timedelta(days=10), world.neighbour)
    world.accepted(world.stranger)
    world.effective(world.new_graduate("已生效", world.college))
    cell = re.compile(r'<td class="num"><a href="([^"]+)">([\d,]+)</a></td>')
    own, other = world.province, world.other_province
    whole = {f"{one.name}": f"?province={one.pk}" for one in (own, other)}
    for role, place, units, total in (
        (Role.PROVINCE, "/gov/", {"江临大学": "", "南屿学院": ""}, 4),
        (Role.MINISTRY, "/gov/", whole, 5),
        (Role.MINISTRY, f"/gov/?province={own.pk}", {"江临大学": "", "南屿学院": ""}, 4),
    ):
        client = signed_in(world.seats[role])
        page = client.get(place).content.decode()
        named = re.findall(r'<th class="c-name" scope="row">(?:<a href="([^"]+)">)?([^<]+)<', page)
        assert {name: address for address, name in named} == units
        found = [(html.unescape(address), int(number)) for address, number in cell.findall(page)]
        assert found == [(address, rows(client, address)) for address, _ in found]
        assert sum(number for _, number in found) == total
        assert [address for address, _ in found if "/waiting/" in address] == [
            f"/lists/waiting/?province={own.pk}"
            if units is whole
            else f"/lists/waiting/?school={world.neighbour.school_id}"
        ]


def test_more_schools_take_no_more_statements(world):
    from qicheng.domain.orgs.models import School

    client, counts = signed_in(world.seats[Role.PROVINCE]), []
    client.get("/gov/")
    for n in range(2):
        if n:
            for code in ("90001", "90002"):
                School.objects.create(province=world.province, code=code, name=f"学院{code}")
        with CaptureQueriesContext(connection) as asked:
            client.get("/gov/")
        counts.append(len(asked))
    assert counts[0] == counts[1]
