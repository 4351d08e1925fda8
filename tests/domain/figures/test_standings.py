"""The tables of how registrations stand: each case in one column, each number its list, the guide's own row (STA-01)."""

from __future__ import annotations

import html
import io
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from qicheng.domain.figures.queries import columns as declared
from qicheng.domain.figures.queries import standings as queries
from qicheng.domain.figures.queries.columns import AGREEMENTS, DESTINATIONS, WITHOUT
from qicheng.domain.orgs.models import College
from qicheng.domain.registration import listings as registrations
from qicheng.domain.registration.sheets import destinations as types
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Level, Role, Tier, statements
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import perform
from tests.clients import signed_in
from tests.world import COHORT

STAFF = (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)
LINE = re.compile(r'<tr(?: class="is-sum")?><th class="c-name" scope="row">(.*?)</tr>', re.DOTALL)
CELL = re.compile(r'<td class="num">(?:<a href="([^"]+)">)?(?:<span class="soft">)?([\d,]+)')
SAID: dict[str, Any] = {"reason": "r_other", "words": "公章看不清，请重新提交"}
THIRTEEN = [words for words, _ in AGREEMENTS.values()]


def shown(client: Any, address: str) -> dict[str, list[tuple[str, int]]]:
    """Line → (address, number) of every cell of the page; lines of one name are told apart by what follows it."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.content.decode()[-2000:]
    found: dict[str, list[tuple[str, int]]] = {}
    for line in LINE.findall(answer.content.decode()):
        names = re.sub(r"<[^>]+>", " ", line.split('<td class="num">')[0]).split()
        found[" ".join(names)] = [(html.unescape(url), int(n.replace(",", ""))) for url, n in CELL.findall(line)]
    return found


def numbers(client: Any, address: str = "/stats/states/") -> dict[str, list[int]]:
    return {name: [n for _, n in cells] for name, cells in shown(client, address).items()}


def adds_up(lines: dict[str, list[int]]) -> bool:
    whole, *each = lines.values()
    return all(line[0] == sum(line[1:]) for line in lines.values()) and (
        not each or whole == [sum(column) for column in zip(*each, strict=True)]
    )


def rows_behind(actor: Any, address: str) -> int:
    """How many rows the list at an address of ours has for whoever asks."""
    place = urlsplit(address)
    name = place.path.removeprefix("/lists/").removesuffix("/")
    return registrations.lists()[name].count(actor, dict(parse_qsl(place.query)), COHORT)


def is_its_list(world: Any, role: Role, address: str) -> bool:
    cells = [cell for line in shown(signed_in(world.seats[role]), address).values() for cell in line]
    assert any(number for _, number in cells)
    return all(rows_behind(world.actor(role), url) == number for url, number in cells if url) and all(
        url or not number for url, number in cells
    )


# ---- the declared table


@pytest.mark.rule("STA-01")
def test_every_state_that_is_declared_is_in_one_column_or_named_as_one_without():
    placed = [
        (flow, state)
        for headings in (AGREEMENTS, DESTINATIONS)
        for _, states in headings.values()
        for flow, keys in states.items()
        for state in keys
    ]
    placed += [(flow, state) for flow, keys in WITHOUT.items() for state in keys]
    assert sorted(placed) == sorted(declared.every_state())
    assert THIRTEEN == ["已签约", "签约待审核", "签约不通过", "已解约", "解约待审核", "解约不通过", "补签", "补签待审核", "补签不通过",
                        "学生已拒绝签约", "签约逾期未回应", "单位拒绝解约", "学生拒绝解约"]  # fmt: skip


@pytest.mark.rule("STA-01")
def test_what_waits_for_a_reviewer_and_what_is_in_force_stand_where_their_columns_say():
    waiting = {"signing", "dissolving", "supplementing", "waiting"}
    in_force = {"signed", "supplemented", "passed"}
    for flow in registrations.flows():
        headings = AGREEMENTS if flow in declared.ways_in(AGREEMENTS) else DESTINATIONS
        for state in flow.states.values():
            column = declared.column_of(headings, (flow.name, state.key))
            assert (state.turn in (Role.COLLEGE, Role.SCHOOL)) == (column in waiting), (flow.name, state.key)
            if state.live and state.settled:
                assert (column in in_force, state.key) == (True, "effective"), (flow.name, state.key)


# ---- the guide's own row


def the_figure(world: Any) -> None:
    """The country of SCHOOL-2022 fig. 34: a college with 4 cases, one with 78, and whatever is in no column beside them."""
    College.objects.filter(pk=world.stranger_college.pk).update(name="学生就业指导中心1")
    other = College.objects.create(school=world.other_school, name="其他院系")
    school, employer, now = world.stranger_actor(Role.SCHOOL), world.actor(Role.EMPLOYER), timezone.now()

    def rejected(person: Any, times: int) -> None:
        for _ in range(times):
            perform(world.accepted(person), "reject", school, **SAID)

    def signed(person: Any) -> Any:
        perform(case := world.accepted(person), "approve", school)
        return case

    def dissolved(person: Any, times: int) -> None:
        for _ in range(times):
            perform(world.dissolution(signed(person)), "force", school, reason="", words="单位失联，已核实")

    for college, refused, ended in ((other, 1, 2), (world.stranger_college, 11, 28)):
        people = [world.new_graduate(f"毕业生{n}", college) for n in range(-(-ended // 3))]
        rejected(people[0], refused)
        for place in range(0, ended, 3):
            dissolved(people[place // 3], min(3, ended - place))
        world.accepted(people[0])
    new = iter([world.new_graduate(f"另一位{n}", world.stranger_college) for n in range(9)])
    signed(next(new))
    for _ in range(2):
        perform(world.dissolution(signed(next(new))), "agree", employer)
    perform(world.dissolution(signed(next(new))), "refuse", employer)
    paper, declining, late = next(new), next(new), next(new)
    for _ in range(4):
        perform(world.paper_submitted(paper), "reject", school, **SAID)
    for _ in range(9):
        perform(world.invitation(declining), "decline", world.of(declining))
    for n in range(21):
        world.overdue(now - timedelta(days=9 + 4 * n), now - timedelta(days=6 + 4 * n), late)
    # In no column: an open invitation, a draft, an agreement that the school annulled.
    world.invitation(next(new))
    world.paper_draft(declining)
    perform(signed(next(new)), "void", school, reason="", words="双方同意")


@pytest.mark.rule("STA-01")
def test_the_guides_own_row_is_seen_and_each_of_its_numbers_is_a_list(world):
    the_figure(world)
    client, actor = signed_in(world.stranger_seats[Role.SCHOOL]), world.stranger_actor(Role.SCHOOL)
    assert numbers(client) == {
        "总计": [82, 1, 2, 12, 30, 2, 0, 0, 0, 4, 9, 21, 1, 0],
        "其他院系": [4, 0, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        "学生就业指导中心1": [78, 1, 1, 11, 28, 2, 0, 0, 0, 4, 9, 21, 1, 0],
    }
    cells = shown(client, "/stats/states/")
    assert all(rows_behind(actor, url) == n for line in cells.values() for url, n in line if n)
    assert client.get(cells["其他院系"][4][0]).content.decode().count('<th class="c-name" scope="row"><a') == 2
    assert numbers(signed_in(world.stranger_seats[Role.COLLEGE])) == {
        "总计": [78, 1, 1, 11, 28, 2, 0, 0, 0, 4, 9, 21, 1, 0]
    }


# ---- a case is counted once


@pytest.mark.rule("STA-01")
def test_an_agreement_stands_in_one_column_through_everything_that_is_asked_of_it(world):
    def at(*cases: Any) -> str:
        """The one column with a case in it; that it is one is the point."""
        lines = numbers(signed_in(world.seats[Role.SCHOOL]))
        assert adds_up(lines)
        assert lines["总计"][0] == 1
        own, request = cases[0], cases[1] if len(cases) > 1 else None
        for one in filter(None, cases):
            one.refresh_from_db()
        column = declared.column_of(
            AGREEMENTS, (own.flow_name, own.state), (request.flow_name, request.state) if request else None
        )
        found = THIRTEEN[lines["总计"][1:].index(1)]
        assert column is not None
        assert AGREEMENTS[column][0] == found
        return found

    employer, graduate, college = map(world.actor, (Role.EMPLOYER, Role.GRADUATE, Role.COLLEGE))
    case = world.accepted()
    seen = [at(case)]
    world.approved(case)
    seen.append(at(case))
    asked = world.dissolution(case)
    seen.append(at(case, asked))
    perform(asked, "agree", employer)
    seen.append(at(case, asked))
    perform(asked, "reject", college, reason="x_not_agreed", words="双方没有谈妥")
    seen.append(at(case, asked))
    asked = world.dissolution(case)
    seen.append(at(case, asked))
    perform(asked, "refuse", employer)
    seen.append(at(case, asked))
    asked = world.dissolution(case, Role.EMPLOYER)
    perform(asked, "refuse", graduate)
    seen.append(at(case, asked))
    asked = world.dissolution(case)
    perform(asked, "withdraw", graduate)
    seen.append(at(case, asked))
    asked = world.dissolution(case, Role.EMPLOYER)
    perform(asked, "agree", graduate)
    world.approved(asked)
    seen.append(at(case, asked))
    assert seen == [
        "签约待审核", "已签约", "已签约", "解约待审核", "解约不通过", "已签约", "单位拒绝解约", "学生拒绝解约", "已签约", "已解约",
    ]  # fmt: skip


@pytest.mark.rule("STA-01")
def test_a_draft_of_a_request_says_nothing_and_paper_is_counted_beside(world):
    def at() -> dict[str, int]:
        line = numbers(signed_in(world.seats[Role.SCHOOL]))["总计"]
        assert line[0] == sum(line[1:])
        return {words: n for words, n in zip(THIRTEEN, line[1:], strict=True) if n}

    college, school, graduate = world.actor(Role.COLLEGE), world.actor(Role.SCHOOL), world.actor(Role.GRADUATE)
    world.approved(case := world.paper_submitted())
    seen = [at()]
    asked = world.paper_dissolution(case)
    seen.append(at())
    perform(asked, "submit", graduate)
    seen.append(at())
    perform(asked, "return", college, reason="x_unclear", words="重拍")
    seen.append(at())
    perform(asked, "submit", graduate)
    perform(asked, "recall", graduate)
    seen.append(at())
    perform(asked, "submit", graduate)
    perform(asked, "reject", college, reason="x_not_verified", words="没有依据")
    seen.append(at())
    perform(case, "void", school, reason="", words="双方同意")
    seen.append(at())
    assert [list(one) for one in seen] == [["补签"], ["补签"], ["解约待审核"], ["补签"], ["补签"], ["解约不通过"], []]


# ---- who sees what, narrowed how


@pytest.mark.rule("STA-01", "ORG-01", "ORG-07")
def test_each_level_sees_what_lies_below_it_narrowed_as_it_asks(world):
    world.accepted()
    world.accepted(world.neighbour)
    world.accepted(world.stranger)
    doctor = world.new_graduate(
        "博士", world.college, tier="postgraduate", level="01", major="光学", training_mode="22"
    )
    world.effective(doctor)
    seen = {role: numbers(signed_in(world.seats[role])) for role in STAFF}
    assert all(map(adds_up, seen.values()))
    assert {role: {name: line[0] for name, line in lines.items()} for role, lines in seen.items()} == {
        Role.COLLEGE: {"总计": 2},
        Role.SCHOOL: {"总计": 3, "外国语学院": 1, "计算机学院": 2},
        Role.PROVINCE: {"总计": 3, "南屿学院": 0, "江临大学": 3},
        Role.MINISTRY: {"总计": 4, "江南省": 3, "海北省": 1},
    }
    assert all(is_its_list(world, role, "/stats/states/") for role in STAFF)
    ministry = signed_in(world.seats[Role.MINISTRY])
    below = f"/stats/states/?province={world.province.pk}"
    assert f'href="?province={world.province.pk}"' in ministry.get("/stats/states/").content.decode()
    assert numbers(ministry, below) == seen[Role.PROVINCE]
    assert is_its_list(world, Role.MINISTRY, below)
    for asked in ("level=01", "major=光", "training=22", "level=01&training=22"):
        lines = shown(signed_in(world.seats[Role.SCHOOL]), f"/stats/states/?{asked}")
        assert [n for _, n in lines["总计"]] == [1, 1, *[0] * 12]
        assert dict(parse_qsl(urlsplit(lines["总计"][1][0]).query)) == dict(parse_qsl(asked)) | {"column": "signed"}
        assert is_its_list(world, Role.SCHOOL, f"/stats/states/?{asked}")
    for tier, total in ((Tier.UNDERGRADUATE, 2), (Tier.POSTGRADUATE, 1)):
        seat = world.new_seat(Role.SCHOOL, world.school.pk, f"用户{tier}", tier=tier)
        assert numbers(signed_in(seat))["总计"][0] == total
    for path in ("/stats/states/", "/stats/destinations/", "/stats/states/workbook/", "/stats/destinations/workbook/"):
        for seat in (world.seats[Role.GRADUATE], world.seats[Role.EMPLOYER],
                     world.new_seat(Role.SCHOOL, world.school.pk, "无权", employment=Level.NONE)):  # fmt: skip
            assert signed_in(seat).get(path).status_code == 404
    Graduate.all_rows.filter(pk=doctor.pk).update(removed_at=timezone.now())
    assert numbers(signed_in(world.seats[Role.SCHOOL]))["总计"][0] == 2


# ---- 去向登记


@pytest.mark.rule("STA-01")
def test_destinations_are_counted_by_unit_by_type_and_by_both(world):
    new = iter([world.new_graduate(f"毕业生{n}", world.college) for n in range(4)])
    world.destination_submitted("seeking")
    world.destination_submitted("seeking", world.neighbour)
    perform(world.destination_submitted("plans_army", next(new)), "return", world.actor(Role.COLLEGE), **SAID)
    perform(world.destination_submitted("plans_army", next(new)), "reject", world.actor(Role.COLLEGE), **SAID)
    world.registered("plans_army", next(new))
    voided = world.registered("seeking", person := next(new))
    perform(voided, "cancel", world.of(person))
    world.destination_draft("seeking", person)
    client = signed_in(world.seats[Role.SCHOOL])
    seeking, army = (types.of(kind).label for kind in ("seeking", "plans_army"))
    whole = [6, 2, 1, 1, 1, 1]
    assert numbers(client, "/stats/destinations/") == {
        "总计": whole, "外国语学院": [1, 1, 0, 0, 0, 0], "计算机学院": [5, 1, 1, 1, 1, 1],
    }  # fmt: skip
    assert numbers(client, "/stats/destinations/?by=type") == {
        "总计": whole, seeking: [3, 2, 0, 0, 0, 1], army: [3, 0, 1, 1, 1, 0],
    }  # fmt: skip
    assert numbers(client, "/stats/destinations/?by=both") == {
        "总计": whole,
        "外国语学院 合计": [1, 1, 0, 0, 0, 0], f"外国语学院 {seeking}": [1, 1, 0, 0, 0, 0],
        "计算机学院 合计": [5, 1, 1, 1, 1, 1], f"计算机学院 {seeking}": [2, 1, 0, 0, 0, 1], f"计算机学院 {army}": [3, 0, 1, 1, 1, 0],
    }  # fmt: skip
    for role in STAFF:
        for by in ("unit", "type", "both"):
            assert is_its_list(world, role, f"/stats/destinations/?by={by}"), (role, by)


# ---- one statement, a workbook, a past day


@pytest.mark.rule("STA-01", "STA-03")
def test_a_table_is_one_statement_however_much_there_is(world):
    world.accepted()
    counts = []
    for more in (False, True):
        if more:
            for n in range(3):
                world.accepted(
                    world.new_graduate(f"又一位{n}", College.objects.create(school=world.school, name=f"学院{n}"))
                )
        for path in ("/stats/states/", "/stats/destinations/?by=both"):
            client = signed_in(world.seats[Role.SCHOOL])
            client.get(path)
            with CaptureQueriesContext(connection) as asked:
                client.get(path)
            assert len([q for q in asked if "count(*) FILTER" in q["sql"]]) == 1
            counts.append(len(asked))
    assert counts[:2] == counts[2:]


@pytest.mark.rule("STA-01", "EXP-01")
def test_the_workbook_says_what_it_is_of_when_and_is_on_record(world):
    College.objects.filter(pk=world.college.pk).update(name="=1+1学院")
    world.accepted()
    answer = signed_in(world.seats[Role.SCHOOL]).get("/stats/states/workbook/?level=31")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    lines = [list(line) for line in book["签约情况"].iter_rows(values_only=True)]
    top = lines.index(["院系", "总数", *THIRTEEN])
    about = {line[0]: line[1] for line in lines[:top]}
    assert (about["单位"], about["届别"], about["学历"]) == ("江临大学", "2026 届", "本科生毕业")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d 的实时数字", about["数字"])
    assert lines[top + 1 :] == [
        ["总计", 1, 0, 1, *[0] * 11],
        ["=1+1学院", 1, 0, 1, *[0] * 11],
        ["外国语学院", *[0] * 14],
    ]
    assert {cell.data_type for line in book["签约情况"].iter_rows() for cell in line} <= {"s", "n"}
    noted = Record.objects.get(act="export")
    assert (noted.flow, noted.school_id, noted.changes["学历"], noted.changes["条数"]) == (
        "table.states", world.school.pk, ["", "本科生毕业"], ["", 3],
    )  # fmt: skip


@pytest.mark.rule("STA-01")
def test_a_past_day_is_as_it_was_and_no_day_that_is_not_over(world):
    actor = world.actor(Role.SCHOOL)
    case = world.effective()
    asked = world.dissolution(case)
    perform(asked, "agree", world.actor(Role.EMPLOYER))
    now = statements.one("SELECT clock_timestamp() AS at")
    assert now is not None
    moment = now.at

    def then() -> list[list[int]]:
        return [line.numbers for line in queries.agreements(actor, COHORT, {}, moment).lines]

    before = [line.numbers for line in queries.agreements(actor, COHORT, {}).lines]
    assert then() == before
    world.approved(asked)
    world.accepted(world.neighbour)
    assert then() == before != [line.numbers for line in queries.agreements(actor, COHORT, {}).lines]
    client = signed_in(world.seats[Role.SCHOOL])
    refused = client.get(f"/stats/states/?at={timezone.localdate():%Y-%m-%d}")
    assert (refused.status_code, "还没有过完" in refused.content.decode()) == (422, True)
    assert numbers(client, "/stats/states/?at=2026-01-01")["总计"] == [0] * 14
    assert "截至 2026 年 1 月 1 日 24:00 当时的数字" in client.get("/stats/states/?at=2026-01-01").content.decode()
