"""The pages of batch uploads: taken away, filled in, brought back, looked at, written; and for whom they are there (ARC-04, ARC-07)."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from qicheng.domain.orgs.models import Opening
from qicheng.domain.transfer import imports
from qicheng.domain.transfer.effects import records as effects
from qicheng.domain.transfer.models import ArchiveRecord, ArchiveUpload
from qicheng.foundation.access import Area, Level, Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.words import messages
from qicheng.foundation.notice.models import Notice
from tests.clients import signed_in
from tests.domain.transfer import filled
from tests.world import CHANGE

pytestmark = pytest.mark.django_db
AREAS = pytest.mark.parametrize("area", [Area.ARCHIVE, Area.HOUSEHOLD])


@pytest.fixture
def opened(world: Any) -> Any:
    for area in (Area.ARCHIVE, Area.HOUSEHOLD):
        for graduate in (world.graduate, world.neighbour):
            world.open_transfer(area, graduate)
    return world


def cells(content: bytes) -> list[list[Any]]:
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows()]


def sent(client: Any, area: Area, content: bytes, name: str = "档案.xlsx") -> Any:
    return client.post(reverse("transfer:uploads", args=[area]), {"file": SimpleUploadedFile(name, content)})


@AREAS
@pytest.mark.rule("ARC-04", "IMP-02")
def test_the_list_is_taken_away_filled_in_brought_back_looked_at_and_written(opened, area):
    opened.change_approved(area)
    client = signed_in(opened.seats[Role.SCHOOL])
    assert "下载填报表 2 人" in client.get(reverse("transfer:uploads", args=[area])).content.decode()

    rows = cells(client.get(reverse("transfer:upload_lines", args=[area])).content)
    at = {heading: place for place, heading in enumerate(rows[0])}
    mine = next(row for row in rows[1:] if row[1] == "陈诚")
    assert (rows[0][:6], mine[at["状态"]], mine[at["联系人"]], mine[at["联系电话"]]) == (
        ["考生号", "姓名", "学号", "院系", "专业", "状态"], "登记成功", "吴芳", "010-33333333",
    )  # fmt: skip
    assert all(opened.graduate.id_number not in str(cell) for row in rows for cell in row)
    other = next(row for row in rows[1:] if row[1] == "林嘉禾")
    for label, value in list(filled.line(opened.neighbour, area).items())[2:]:
        other[at[label]] = value
    answer = sent(client, area, filled.xlsx([["" if cell is None else cell for cell in row] for row in rows]))

    upload = filled.UPLOADS[area].all_rows.get()
    assert answer["Location"] == reverse("transfer:upload", args=[area, upload.public_id])
    assert "读取" in client.get(answer["Location"]).content.decode()
    imports.read_upload(area.value, upload.pk)
    page = client.get(answer["Location"]).content.decode()
    assert ("写入 1 人" in page, "托管单位接收" in page) == (True, True)
    client.post(reverse("transfer:upload_write", args=[area, upload.public_id]))
    imports.apply_upload(area.value, upload.pk)
    assert "新登记 1 人，更新 0 人" in client.get(answer["Location"]).content.decode()
    assert filled.RECORDS[area].all_rows.get(graduate=opened.neighbour).values == CHANGE


@pytest.mark.rule("ARC-04")
def test_the_list_is_filtered_before_it_is_taken_away_and_a_college_has_its_own_only(opened):
    address = reverse("transfer:upload_lines", args=["archive"])
    opened.change_approved()
    school, college = signed_in(opened.seats[Role.SCHOOL]), signed_in(opened.seats[Role.COLLEGE])
    assert [row[1] for row in cells(school.get(f"{address}?state=unregistered").content)[1:]] == ["林嘉禾"]
    assert [row[1] for row in cells(college.get(address).content)[1:]] == ["陈诚"]
    said = (
        Record.objects.filter(act="export", flow="listing.archive_to_fill_in")
        .order_by("id")
        .values_list("changes", flat=True)
    )
    assert [one["条数"][1] for one in said] == [1, 1]


@AREAS
@pytest.mark.rule("ARC-04")
def test_the_codes_are_those_of_the_cohorts_edition_and_every_place(opened, area):
    rows = cells(signed_in(opened.seats[Role.SCHOOL]).get(reverse("transfer:upload_codes", args=[area])).content)
    assert ["x_undecided", "暂不确定"] in [row[1:] for row in rows]
    assert ["110108", "北京市海淀区"] in [row[1:] for row in rows]
    assert ["110000", "北京市"] not in [row[1:] for row in rows]


@pytest.mark.rule("ARC-04", "IMP-02")
def test_what_has_to_be_changed_is_said_by_line_and_can_be_taken_away(opened):
    client = signed_in(opened.seats[Role.SCHOOL])
    upload = filled.uploaded(
        opened,
        [filled.line(opened.graduate, phone="见附件"), filled.line(opened.neighbour, address="学府花园3号楼501室")],
    )
    address = reverse("transfer:upload", args=["archive", upload.public_id])
    page = client.get(address).content.decode()
    assert ("电话只能有数字和短横" in page, "下载要修改的行" in page) == (True, True)
    assert "可能是家庭住址" in client.get(f"{address}?part=doubtful").content.decode()
    for part in ("new", "changed", "unchanged", "blank", "missing", "nothing"):
        assert client.get(f"{address}?part={part}&after=x").status_code == 200
    assert client.get(reverse("transfer:upload_refused", args=["archive", upload.public_id])).status_code == 200
    dropped = client.post(
        reverse("transfer:upload_drop", args=["archive", upload.public_id]), follow=True
    ).content.decode()
    assert ("已放弃这份文件" in dropped, ArchiveRecord.all_rows.count()) == (True, 0)


@pytest.mark.parametrize(
    ("content", "why"), [(b"%PDF-1.7", "这是 PDF 文件"), (b"", "文件是空的"), (None, "还没有选择")]
)
def test_a_file_that_cannot_be_taken_is_said_at_the_door(opened, content, why):
    client = signed_in(opened.seats[Role.SCHOOL])
    answer = (
        sent(client, Area.ARCHIVE, content)
        if content is not None
        else client.post(reverse("transfer:uploads", args=["archive"]), {})
    )
    assert (answer.status_code, why in answer.content.decode(), ArchiveUpload.all_rows.count()) == (422, True, 0)


@pytest.mark.rule("ARC-04")
def test_the_graduate_reads_in_the_message_what_the_school_registered(opened):
    filled.written(opened, [filled.line(opened.graduate)])
    owed = Notice.objects.get(flow="archive_record", act="upload", channel="inbox")
    [(_, message)] = messages([owed])
    assert (message.subject, "批量登记了档案信息" in message.body, "联系人改为「吴芳」" in message.body) == (
        "老师登记了你的档案信息", True, True,
    )  # fmt: skip
    assert reverse(message.page) == "/files/"


@AREAS
@pytest.mark.rule("ARC-07", "ORG-05", "ORG-01")
def test_pages_are_found_by_schools_and_colleges_with_that_areas_permission_alone(opened, area):
    upload = filled.uploaded(opened, [filled.line(opened.graduate, area, phone="x")], area)
    own = filled.uploaded(opened, [filled.line(opened.graduate, area, phone="y")], area, opened.actor(Role.COLLEGE))
    other = Area.HOUSEHOLD if area is Area.ARCHIVE else Area.ARCHIVE
    alone = opened.new_seat(Role.SCHOOL, opened.school.pk, "只管另一项", **{area.value: Level.NONE})
    reader = opened.new_seat(Role.SCHOOL, opened.school.pk, "只读", **{area.value: Level.READ})
    doors = [reverse(f"transfer:{name}", args=[area]) for name in ("uploads", "upload_lines", "upload_codes")]

    def of(one: Any) -> list[str]:
        return [reverse(f"transfer:{name}", args=[area, one.public_id]) for name in ("upload", "upload_refused")]

    def answers(seat: Any, addresses: list[str]) -> set[int]:
        return {signed_in(seat).get(address).status_code for address in addresses}

    opened.open_transfer(area, opened.stranger)
    assert answers(opened.seats[Role.SCHOOL], [*doors, *of(upload), *of(own)]) == {200}
    assert (
        answers(opened.seats[Role.COLLEGE], [*doors, *of(own)]),
        answers(opened.seats[Role.COLLEGE], of(upload)),
    ) == ({200}, {404})
    assert answers(opened.other_college_seat, [*of(upload), *of(own)]) == {404}
    assert (answers(alone, [*doors, *of(upload)]), answers(opened.stranger_seats[Role.SCHOOL], of(upload))) == (
        {404},
        {404},
    )
    assert answers(reader, [*doors, *of(upload)]) == {200}
    for role in (Role.PROVINCE, Role.MINISTRY, Role.GRADUATE, Role.EMPLOYER):
        assert answers(opened.seats[role], [*doors, *of(upload)]) == {404}
    assert sent(signed_in(reader), area, b"a,b").status_code == 404
    for verdict in ("write", "drop"):
        address = reverse(f"transfer:upload_{verdict}", args=[area, upload.public_id])
        assert {
            signed_in(seat).post(address).status_code for seat in (reader, alone, opened.stranger_seats[Role.SCHOOL])
        } == {404}
    assert signed_in(alone).get(reverse("transfer:uploads", args=[other])).status_code == 200
    upload.refresh_from_db()
    assert upload.state == "preview"


@pytest.mark.rule("ORG-02")
def test_a_module_that_is_not_open_says_who_can_open_it(opened):
    Opening.objects.filter(module="archive").update(is_open=False)
    page = signed_in(opened.seats[Role.SCHOOL]).get(reverse("transfer:uploads", args=["archive"])).content.decode()
    assert "由省级用户开启" in page


@pytest.mark.rule("ARC-04", "ARC-05")
def test_what_came_by_a_file_stands_in_the_history_of_the_record(opened):
    filled.written(opened, [filled.line(opened.graduate)])
    effects.edit_record(
        Area.ARCHIVE, opened.graduate.public_id, opened.actor(Role.SCHOOL), seen=1, **CHANGE | {"contact": "钱进"}
    )
    page = (
        signed_in(opened.seats[Role.SCHOOL])
        .get(reverse("transfer:record", args=["archive", opened.graduate.public_id]))
        .content.decode()
    )
    assert ("学校批量上传" in page, "吴芳" in page) == (True, True)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT was ->> 'contact', became ->> 'contact' FROM flow_history WHERE table_name = 'transfer_archiverecord'"
        )
        assert cursor.fetchall() == [("吴芳", "钱进")]
