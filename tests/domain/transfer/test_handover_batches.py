"""Hand-over batches: who is collected, frozen as it was; what has changed since is seen and said; nobody is in two (issue of records, ARC-04, ARC-07)."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from qicheng.domain.orgs.models import Opening
from qicheng.domain.roster.effects import remove_line
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.effects import records as effects
from qicheng.domain.transfer.effects.batches import collect, take_back
from qicheng.domain.transfer.listings.batches import lines
from qicheng.domain.transfer.models import (
    ArchiveHandover,
    ArchiveHandoverLine,
    HouseholdHandover,
    HouseholdHandoverLine,
)
from qicheng.foundation.access import Area, Level, Role, Tier
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotOpen, Refused
from tests.clients import signed_in
from tests.world import CHANGE

pytestmark = pytest.mark.django_db
AREAS = pytest.mark.parametrize("area", [Area.ARCHIVE, Area.HOUSEHOLD])
DAY = date(2026, 7, 1)
ROWS = {Area.ARCHIVE: ArchiveHandoverLine, Area.HOUSEHOLD: HouseholdHandoverLine}


@pytest.fixture
def registered(world: Any) -> Any:
    """陈诚 and 林嘉禾 have both records, by the school's hand."""
    for area in (Area.ARCHIVE, Area.HOUSEHOLD):
        for graduate in (world.graduate, world.neighbour):
            world.open_transfer(area, graduate)
            effects.edit_record(area, graduate.public_id, world.actor(Role.SCHOOL), seen=0, **CHANGE)
    return world


def made(world: Any, area: Area = Area.ARCHIVE, key: str = "", **given: Any) -> Any:
    return collect(
        area,
        world.actor(Role.SCHOOL),
        world.cohort,
        title="第一批",
        handed_on=DAY,
        key=key or f"k{Record.objects.count()}",
        **given,
    )


def edited(world: Any, area: Area = Area.ARCHIVE, seen: int = 1, **values: str) -> None:
    effects.edit_record(area, world.graduate.public_id, world.actor(Role.SCHOOL), seen=seen, **CHANGE | values)


def since(world: Any, batch: Any) -> dict[str, str]:
    listing = lines(batch.AREA)
    at = listing.headings.index("编批以后的变化")
    rows = listing.sheet_rows(world.actor(Role.SCHOOL), {"batch": str(batch.pk)}, world.cohort)
    return {row[1]: row[at] for row in rows}


# ---- who is collected


@AREAS
@pytest.mark.rule("ARC-01")
def test_a_batch_holds_whoever_is_ready_as_the_record_was(registered, area):
    batch = made(registered, area)
    row = ROWS[area].all_rows.get(batch=batch, graduate=registered.graduate)
    assert (batch.lines, batch.number, batch.maker, batch.handed_on, row.college) == (2, 1, "王敏", DAY, "计算机学院")
    assert {key: getattr(row, key) for key in CHANGE} == CHANGE

    edited(registered, area, contact="钱进", receiver="北京市朝阳区人才服务中心")
    row.refresh_from_db()
    assert {key: getattr(row, key) for key in CHANGE} == CHANGE
    assert Record.objects.filter(flow=f"{area.value}_handovers", act="collect", case=str(batch.public_id)).count() == 1


@pytest.mark.rule("ARC-05", "ARC-08", "ARC-06")
def test_who_is_not_ready_is_left_out_and_every_one_is_counted_once(registered):
    school = registered.actor(Role.SCHOOL)
    names = ("未登记", "审核中", "暂不确定", "缺地址", "已删除", "没有转入")
    people = {name: registered.new_graduate(name, registered.college) for name in names}
    for name in names[1:]:
        effects.edit_record(Area.ARCHIVE, people[name].public_id, school, seen=0, **CHANGE)
    registered.change_submitted(Area.ARCHIVE, people["审核中"], receiver="北京市朝阳区人才服务中心")
    effects.edit_record(Area.ARCHIVE, people["暂不确定"].public_id, school, seen=1, kind="x_undecided")
    from qicheng.domain.transfer.models import ArchiveRecord

    ArchiveRecord.all_rows.filter(graduate=people["缺地址"]).update(address="")
    remove_line(people["已删除"].public_id, school, words="转学")
    Graduate.all_rows.filter(pk=people["没有转入"].pk).update(archive_moved=False)

    page = (
        signed_in(registered.seats[Role.SCHOOL])
        .get(reverse("transfer:handover_new", args=["archive"]))
        .content.decode()
    )
    found = [page.split(f"<dt>{words}</dt>")[1].split("人</")[0].rpartition(">")[2].strip() for words in
             ("可以移交", "未登记", "审核中", "暂不确定", "缺接收单位或地址", "已在批次里")]  # fmt: skip
    assert found == ["2", "1", "1", "1", "1", "0"]

    batch = made(registered)
    assert set(ArchiveHandoverLine.all_rows.filter(batch=batch).values_list("name", flat=True)) == {"陈诚", "林嘉禾"}


def test_a_batch_can_be_narrowed_to_a_college_a_type_or_a_level(registered):
    assert made(registered, college=registered.other_college.pk).lines == 1
    with pytest.raises(Refused, match="没有可以移交"):
        made(registered, kind="x_home")
    with pytest.raises(Refused, match="没有可以移交"):
        made(registered, level="11")
    assert made(registered, kind="x_trustee", level="31").lines == 1


def test_nobody_is_in_two_batches_with_the_same_record_and_who_changed_can_be_handed_over_anew(registered):
    made(registered)
    with pytest.raises(Refused, match="没有可以移交"):
        made(registered)
    edited(registered, contact="钱进")
    second = made(registered)
    assert (second.number, second.lines, ArchiveHandoverLine.all_rows.get(batch=second).contact) == (2, 1, "钱进")
    row = ArchiveHandoverLine.all_rows.get(batch=second)
    row.pk, row.place = None, 2
    with pytest.raises(IntegrityError, match="one_live_archivehandoverline"), transaction.atomic():
        row.save(force_insert=True)


def test_the_same_form_sent_twice_makes_one_batch(registered):
    assert made(registered, key="once").pk == made(registered, key="once").pk
    assert ArchiveHandover.all_rows.count() == 1


def test_nothing_of_a_line_can_be_changed_by_anybody(registered):
    made(registered)
    for change in ({"receiver": "别处"}, {"record_version": 9}, {"name": "别人"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            ArchiveHandoverLine.all_rows.update(**change)


def test_a_batch_that_was_taken_back_stays_to_be_read_and_its_people_are_ready_again(registered):
    batch = made(registered)
    with pytest.raises(Refused, match="写明"):
        take_back(batch, registered.actor(Role.SCHOOL), words=" ")
    take_back(batch, registered.actor(Role.SCHOOL), words="日期写错了")
    with pytest.raises(Refused, match="已经撤销"):
        take_back(batch, registered.actor(Role.SCHOOL), words="再撤一次")
    assert (batch.reason, batch.taken_back_at is None, made(registered).lines) == ("日期写错了", False, 2)
    assert ArchiveHandoverLine.all_rows.filter(batch=batch).count() == 2


# ---- what has changed since


@AREAS
@pytest.mark.rule("ARC-04")
def test_each_line_says_what_has_become_of_it_since(registered, area):
    batch = made(registered, area)
    assert since(registered, batch) == {"陈诚": "", "林嘉禾": ""}

    edited(registered, area, contact="钱进")
    assert since(registered, batch)["陈诚"].endswith("联系人改为「钱进」")
    edited(registered, area, 2)
    assert since(registered, batch)["陈诚"].endswith("有过修改，现在和清单一样")
    effects.clear_record(area, registered.graduate.public_id, registered.actor(Role.SCHOOL), seen=3, words="信息有误")
    assert since(registered, batch)["陈诚"].endswith("清空，现在没有登记")
    registered.change_submitted(area, registered.neighbour, receiver="北京市朝阳区人才服务中心")
    assert since(registered, batch)["林嘉禾"] == "正在申请修改"
    remove_line(registered.neighbour.public_id, registered.actor(Role.SCHOOL), words="转学")
    assert since(registered, batch)["林嘉禾"] == "已从学校名单中删除；正在申请修改"
    Graduate.all_rows.filter(pk=registered.graduate.pk).update(name="陈成")
    assert "姓名或考生号有变化" in since(registered, batch)["陈诚"]


@AREAS
@pytest.mark.rule("ARC-04")
def test_a_record_changed_between_batch_and_download_is_seen_on_the_page_in_the_workbook_and_on_the_paper(
    registered, area
):
    client, batch = signed_in(registered.seats[Role.SCHOOL]), made(registered, area)
    address = {
        name: reverse(f"transfer:{name}", args=[area, batch.public_id])
        for name in ("handover", "handover_workbook", "handover_paper")
    }
    assert "编批以后没有变化" in client.get(address["handover"]).content.decode()

    edited(registered, area, contact="钱进")

    page = client.get(address["handover"]).content.decode()
    answer = client.get(address["handover_workbook"])
    cells = [
        [cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows()
    ]
    rows = {row[1]: dict(zip(cells[0], row, strict=True)) for row in cells[1:]}
    paper = client.get(address["handover_paper"])
    assert "编批以后有 1 人的信息有变化" in page
    assert rows["陈诚"]["联系人"] == "吴芳"
    assert rows["陈诚"]["编批以后的变化"].endswith("联系人改为「钱进」")
    assert (
        rows["林嘉禾"]["编批以后的变化"],
        "1%E4%BA%BA%E6%9C%89%E5%8F%98%E5%8C%96" in answer["Content-Disposition"],
    ) == (None, True)
    assert (paper.status_code, paper.content[:5], "1%E4%BA%BA" in paper["Content-Disposition"]) == (200, b"%PDF-", True)
    said = Record.objects.filter(flow=f"{area.value}_handovers", act="export").values_list("changes", flat=True)
    assert [one["有变化"] for one in said] == [["", 1], ["", 1]]


def test_the_paper_says_how_many_have_changed_and_what(registered, tmp_path):
    import subprocess

    batch = made(registered)
    edited(registered, contact="钱进")
    content = (
        signed_in(registered.seats[Role.SCHOOL])
        .get(reverse("transfer:handover_paper", args=["archive", batch.public_id]))
        .content
    )
    (tmp_path / "a.pdf").write_bytes(content)
    text = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "a.pdf", "-"], capture_output=True, check=True
    ).stdout.decode()
    plain = text.replace(" ", "").replace("\n", "")
    assert ("有1人的信息在编批以后有变化" in plain, "吴芳010-33333333" in plain, "移交日期：2026-07-01" in plain) == (
        True,
        True,
        True,
    )


# ---- whose they are


@AREAS
@pytest.mark.rule("ARC-07", "ORG-05", "ORG-01")
def test_pages_are_found_by_the_school_with_that_areas_permission_alone(registered, area):
    batch = made(registered, area)
    other = Area.HOUSEHOLD if area is Area.ARCHIVE else Area.ARCHIVE
    alone = registered.new_seat(Role.SCHOOL, registered.school.pk, "只管另一项", **{area.value: Level.NONE})
    reader = registered.new_seat(Role.SCHOOL, registered.school.pk, "只读", **{area.value: Level.READ})
    one = [
        reverse(f"transfer:{name}", args=[area, batch.public_id])
        for name in ("handover", "handover_workbook", "handover_paper")
    ]
    back, new, every = (
        reverse("transfer:handover_back", args=[area, batch.public_id]),
        reverse("transfer:handover_new", args=[area]),
        reverse("transfer:handovers", args=[area]),
    )

    def answers(seat: Any, addresses: list[str]) -> set[int]:
        return {signed_in(seat).get(address).status_code for address in addresses}

    registered.open_transfer(area, registered.stranger)
    assert answers(registered.seats[Role.SCHOOL], [*one, back, new, every]) == {200}
    assert answers(alone, [*one, back, new, every]) == {404}
    assert (answers(reader, [*one, every]), answers(reader, [back, new])) == ({200}, {404})
    assert answers(registered.stranger_seats[Role.SCHOOL], [*one, back]) == {404}
    for role in (Role.COLLEGE, Role.PROVINCE, Role.MINISTRY, Role.GRADUATE, Role.EMPLOYER):
        assert answers(registered.seats[role], [*one, back, new, every]) == {404}
    assert signed_in(alone).get(reverse("transfer:handovers", args=[other])).status_code == 200


@pytest.mark.rule("ORG-07")
def test_who_answers_for_one_level_of_study_collects_nobody_else(registered):
    late = registered.new_graduate("周研", registered.college, tier="postgraduate", level="11")
    effects.edit_record(Area.ARCHIVE, late.public_id, registered.actor(Role.SCHOOL), seen=0, **CHANGE)
    batch = collect(
        Area.ARCHIVE,
        registered.actor(Role.SCHOOL, tier=Tier.POSTGRADUATE),
        registered.cohort,
        title="研究生",
        handed_on=DAY,
        key="k",
    )
    assert (batch.lines, batch.tier) == (1, "postgraduate")


@pytest.mark.rule("ORG-02", "ORG-05")
def test_who_may_not_write_or_finds_the_module_closed_makes_none(registered):
    with pytest.raises(NotOpen):
        collect(Area.ARCHIVE, registered.actor(Role.COLLEGE), registered.cohort, title="一", handed_on=DAY, key="a")
    with pytest.raises(NotOpen):
        collect(
            Area.ARCHIVE,
            registered.actor(Role.SCHOOL, level=Level.READ),
            registered.cohort,
            title="一",
            handed_on=DAY,
            key="a",
        )
    Opening.objects.filter(module="archive").update(is_open=False)
    with pytest.raises(Refused, match="省级用户没有开启"):
        made(registered)
    page = (
        signed_in(registered.seats[Role.SCHOOL]).get(reverse("transfer:handovers", args=["archive"])).content.decode()
    )
    assert "由省级用户开启" in page


# ---- the pages


def test_a_school_makes_a_batch_by_its_pages_and_takes_it_back(registered):
    client = signed_in(registered.seats[Role.SCHOOL])
    new = reverse("transfer:handover_new", args=["archive"])
    page = client.get(new).content.decode()
    assert ("第 1 批" in page, "现在可以移交的 2 人" in page) == (True, True)
    empty = client.post(new, {"title": "", "handed_on": "", "key": "abc"})
    assert (empty.status_code, "批次名称还没有填写" in empty.content.decode()) == (422, True)

    answer = client.post(
        new, {"title": "机要第一批", "handed_on": "2026-07-01", "key": "abc", "college": str(registered.college.pk)}
    )

    batch = ArchiveHandover.all_rows.get()
    assert (answer.status_code, answer["Location"]) == (
        302,
        reverse("transfer:handover", args=["archive", batch.public_id]),
    )
    assert (batch.title, batch.lines, HouseholdHandover.all_rows.count()) == ("机要第一批", 1, 0)
    client.post(reverse("transfer:handover_back", args=["archive", batch.public_id]), {"words": "日期写错了"})
    assert "日期写错了" in client.get(answer["Location"]).content.decode()


def test_pages_ask_as_often_for_many_lines_as_for_few(registered):
    client, batch = signed_in(registered.seats[Role.SCHOOL]), made(registered)
    address = reverse("transfer:handover", args=["archive", batch.public_id])
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(address)
    for n in range(12):
        graduate = registered.new_graduate(f"学生{n}", registered.college)
        effects.edit_record(Area.ARCHIVE, graduate.public_id, registered.actor(Role.SCHOOL), seen=0, **CHANGE)
    many = made(registered)
    with CaptureQueriesContext(connection) as more:
        client.get(reverse("transfer:handover", args=["archive", many.public_id]))
    assert (many.lines, len(more)) == (12, len(few))
