"""The tables of confirmations, files and households: rows and columns add up, each number is its list, the guide's own table (STA-03)."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from qicheng.domain.orgs.models import Province
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.effects.confirmation import report_due
from qicheng.domain.transfer.models import Confirmation
from qicheng.foundation.access import Area, Level, Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import perform
from tests.clients import signed_in
from tests.domain.figures.test_standings import adds_up

TABLE = re.compile(r"<caption class=\"sr\">([^<]+)</caption>(.*?)</table>", re.DOTALL)
LINE = re.compile(r'<tr(?: class="is-sum")?><th class="c-name" scope="row">(?:<a [^>]+>)?([^<]+)(.*?)</tr>', re.DOTALL)
CELL = re.compile(r'<td class="num">(?:<a href="([^"]+)">)?(?:<span class="soft">)?([\d,]+)')


def tables(client: Any, address: str) -> dict[str, dict[str, list[tuple[str, int]]]]:
    """Table → line → (address, number)."""
    answer = client.get(address)
    assert answer.status_code == 200
    return {
        title: {
            name: [(unescape(url), int(n.replace(",", ""))) for url, n in CELL.findall(rest)]
            for name, rest in LINE.findall(body)
        }
        for title, body in TABLE.findall(answer.content.decode())
    }


def numbers(lines: dict[str, list[tuple[str, int]]]) -> dict[str, list[int]]:
    return {name: [n for _, n in cells] for name, cells in lines.items()}


def people_behind(client: Any, address: str) -> int:
    found = re.search(r"共 ([\d,]+) [人条]", client.get(address).content.decode())
    assert found is not None, address
    return int(found[1].replace(",", ""))


# What the figure says: of which state, from which source, how many.
FIGURE = {
    "未上报": {"upload": 7}, "未确认": {"system": 4, "upload": 12, "interface": 1}, "确认无误": {"system": 2, "upload": 2},
}  # fmt: skip


def the_figure(world: Any) -> None:
    """The 28 people of SCHOOL-2024 fig. 43, at a school that has nobody else."""
    world.open_confirmation(world.stranger)
    Graduate.all_rows.filter(pk=world.stranger.pk).update(removed_at=timezone.now())
    people = [(state, source) for state, sources in FIGURE.items() for source, n in sources.items() for _ in range(n)]
    confirming = []
    for place, (state, source) in enumerate(people):
        person = world.new_graduate(f"毕业生{place}", world.stranger_college)
        confirming += [person.pk] if state == "确认无误" else []
        if state != "未上报" and source == "system":
            perform(world.accepted(person), "approve", world.stranger_actor(Role.SCHOOL))
        elif state != "未上报":
            world.recorded(person, source=source)
    waiting = Confirmation.all_rows.filter(state="unreported", due_at__isnull=False)
    report_due(waiting.latest("due_at").due_at)
    for case in Confirmation.all_rows.filter(graduate__in=confirming):
        perform(case, "confirm", world.of(case.graduate))


@pytest.mark.rule("STA-03", "CON-03")
def test_the_guides_own_table_of_confirmations_is_seen_and_each_number_is_its_list(world):
    the_figure(world)
    client = signed_in(world.stranger_seats[Role.SCHOOL])
    found = tables(client, "/confirm/figures/")
    # 登记系统, 就业管理系统上传, 就业管理系统接口, 总数; 学校平台 shows where there is one.
    assert numbers(found["登记确认情况"]) == {
        "未上报": [0, 7, 0, 7], "未确认": [4, 12, 1, 17], "确认有误": [0, 0, 0, 0], "确认无误": [2, 2, 0, 4],
        "总数": [6, 21, 1, 28],
    }  # fmt: skip
    assert numbers(found["各院系登记确认情况"]) == {
        name: [28, 7, 17, 0, 4, 6, 21, 1, 0] for name in ("总计", "信息学院")
    }
    cells = [cell for lines in found.values() for line in lines.values() for cell in line]
    assert [people_behind(client, url) for url, n in cells if n] == [n for _, n in cells if n]
    province = numbers(
        tables(signed_in(world.stranger_seats[Role.PROVINCE]), "/confirm/figures/")["各学校登记确认情况"]
    )
    assert {name: line[0] for name, line in province.items()} == {"总计": 28, "海澜理工大学": 28}
    ministry = signed_in(world.seats[Role.MINISTRY])
    below = f"/confirm/figures/?province={world.other_province.pk}"
    assert numbers(tables(ministry, below)["各学校登记确认情况"]) == province
    assert [*tables(ministry, "/confirm/figures/")["各省份登记确认情况"]] == [
        "总计", *Province.objects.order_by("code").values_list("name", flat=True),
    ]  # fmt: skip


@pytest.mark.rule("STA-03", "ARC-06")
@pytest.mark.parametrize("area", [Area.ARCHIVE, Area.HOUSEHOLD], ids=str)
def test_files_and_households_add_up_by_state_type_and_origin(world, area):
    for graduate in (world.graduate, world.neighbour):
        world.open_transfer(area, graduate)
    new = iter([world.new_graduate(f"毕业生{n}", world.college, **{f"{area.value}_moved": True}) for n in range(3)])
    world.change_approved(area)
    world.change_submitted(area, world.neighbour)
    perform(
        world.change_submitted(area, next(new)), "reject", world.actor(Role.COLLEGE), reason="r_other", words="重填"
    )
    world.effective(next(new))
    world.change_draft(area, next(new))
    client = signed_in(world.seats[Role.SCHOOL])
    address = f"/files/{area}/figures/"
    found = tables(client, address)
    state, kind, origin, applied = found.values()
    assert [title for title, lines in found.items() if not adds_up(numbers(lines))] == []
    assert [numbers(lines)["总计"][0] for lines in found.values()] == [5, 5, 5, 3]
    assert numbers(state)["总计"] == [5, 2, 1, 2]
    # The agency for talents, by the agreement and by the application of 陈诚; whose file is where nobody has said.
    assert {n for _, n in kind["计算机学院"][1:]} == ({0, 2} if area is Area.ARCHIVE else {0, 1, 2})
    assert (numbers(origin)["总计"][-1], numbers(applied)["外国语学院"][:2]) == (3, [1, 1])
    cells = [cell for lines in found.values() for line in lines.values() for cell in line if cell[1]]
    assert [people_behind(client, url) for url, _ in cells] == [n for _, n in cells]
    assert numbers(tables(signed_in(world.seats[Role.COLLEGE]), address)[f"{'档案' if area is Area.ARCHIVE else '户口'}信息"]) == {
        "总计": [n for _, n in state["计算机学院"]]
    }  # fmt: skip
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    # Three tables are of one statement, the applications of another.
    assert len([q for q in asked if "count(*) FILTER" in q["sql"]]) == 2
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{address}workbook/?level=31").content))
    assert book.sheetnames == [*found]
    assert Record.objects.get(act="export").flow == f"table.{area}_figures"
    without = world.new_seat(Role.SCHOOL, world.school.pk, "无权", **{area.value: Level.NONE})
    assert [signed_in(without).get(f"{address}{one}").status_code for one in ("", "workbook/")] == [404, 404]
