"""IMP-05: ready employment records from a school's own system, previewed and written all or none, beside what is registered here."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.orgs.models import Module, Opening
from qicheng.domain.roster.imports import records
from qicheng.domain.roster.imports.records import preview
from qicheng.domain.roster.imports.records.columns import LABELS, VALUES
from qicheng.domain.roster.models import EmploymentRecord, EmploymentUpload, Graduate
from qicheng.domain.transfer.models import Confirmation
from qicheng.foundation import codes
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotOpen, Refused, perform
from qicheng.foundation.flow.words import messages
from qicheng.foundation.kit.workbooks import Unreadable, write
from qicheng.foundation.notice.models import Notice
from qicheng.foundation.notice.preferences import choose
from qicheng.foundation.sheets.uploads import path_of
from tests.clients import signed_in

if TYPE_CHECKING:
    from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.rule("IMP-05")]
WORK = {
    "destination": "签劳动合同形式就业", "employer_name": "江临数据有限公司", "credit_code": "91110108551385082Q", "nature": "31", "industry": "34",
    "area": "江苏省南京市玄武区", "address": "珠江路 1 号", "job_category": "13", "contact": "周宁", "mobile": "13800001111", "signed_on": "2026/6/1",
}  # fmt: skip


def of(graduate: Graduate, **said: str) -> dict[str, str]:
    return {"exam_number": graduate.exam_number, "name": graduate.name, **WORK, **said}


def content(*rows: dict[str, str]) -> bytes:
    return write(list(LABELS.values()), [[row.get(key, "") for key in LABELS] for row in rows])


def brought(world: World, *rows: dict[str, str], file: bytes = b"") -> EmploymentUpload:
    upload = records.receive(world.actor(Role.SCHOOL), world.cohort, "就业信息.xlsx", [file or content(*rows)])
    records.read_upload(upload.pk)
    upload.refresh_from_db()
    return upload


def written(world: World, upload: EmploymentUpload) -> EmploymentUpload:
    records.request_writing(upload, world.actor(Role.SCHOOL))
    for _ in range(2):
        records.apply_upload(upload.pk)
    upload.refresh_from_db()
    return upload


def record(graduate: Graduate) -> EmploymentRecord:
    return EmploymentRecord.all_rows.get(graduate=graduate)


def faults(upload: EmploymentUpload) -> dict[int, list[tuple[str, str]]]:
    return {row["line"]: row["faults"] for row in preview.lines(upload, "refused", 0)}


@pytest.mark.rule("NOT-01")
def test_ready_records_are_previewed_written_and_ask_to_be_confirmed(world, settings):
    settings.QICHENG_SMS_URL = "http://127.0.0.1:9/"
    choose(Role.GRADUATE, [world.neighbour.pk], ["mail", "sms"], set())
    third = world.new_graduate("何岸", world.college)
    first = written(
        world, brought(world, of(world.neighbour), of(third, destination="70", **dict.fromkeys(list(WORK)[1:], "")))
    )
    row = record(world.neighbour)
    assert first.counts["written"] == {"added": 2, "changed": 0}
    assert (row.destination, row.nature, row.area, row.signed_on.isoformat(), row.source, row.case) == (
        "11",
        "31",
        "320102",
        "2026-06-01",
        "upload",
        "",
    )
    asked = Confirmation.objects.unscoped("what the import has asked for").get(graduate=world.neighbour)
    assert asked.content["destination"]["employer_name"] == "江临数据有限公司"
    second = brought(
        world, of(world.neighbour, job_category="19"), of(third, destination="70", **dict.fromkeys(list(WORK)[1:], ""))
    )
    assert {key: second.counts[key] for key in ("new", "changed", "unchanged", "refused", "missing")} == {
        "new": 0, "changed": 1, "unchanged": 1, "refused": 0, "missing": 1,
    }  # fmt: skip
    categories = codes.table("job_categories")
    assert preview.lines(second, "changed", 0)[0]["changes"] == {
        "工作职位类别": [categories.label("13"), categories.label("19")]
    }
    assert [one["name"] for one in preview.lines(second, "missing", 0)] == [world.graduate.name]
    written(world, second)
    asked.refresh_from_db()
    assert (record(world.neighbour).version, asked.content["destination"]["job_category"]) == (2, "19")
    # Who is new in the file is asked to confirm; whose destination it has changed is told so, whatever they prefer (NOT-01).
    told = Notice.objects.filter(flow="employment_record")
    assert set(told.values_list("act", "role", "node", "channel")) == {
        ("upload", "graduate", world.neighbour.pk, way) for way in ("inbox", "mail", "sms")
    }
    ((_, message),) = messages(told.filter(channel="inbox"))
    assert f"工作职位类别：{categories.label('13')} 改为 {categories.label('19')}。" in message.body
    said = Record.objects.filter(flow="employment_records", act="import").order_by("id")
    assert [(one.changes["new"], one.changes["changed"], one.account_id) for one in said] == [
        (2, 0, world.seats[Role.SCHOOL].account_id), (0, 1, world.seats[Role.SCHOOL].account_id),
    ]  # fmt: skip


@pytest.mark.rule("SYN-01")
def test_what_was_approved_here_is_not_overwritten_until_no_case_stands_behind_it(world):
    case = world.effective()
    before = {key: getattr(record(world.graduate), key) for key in VALUES}
    same = content(of(world.graduate))
    refused = brought(world, file=same)
    assert (refused.counts["refused"], "不能用文件覆盖" in faults(refused)[2][0][1]) == (1, True)
    with pytest.raises(Refused):
        records.request_writing(refused, world.actor(Role.SCHOOL))
    assert {key: getattr(record(world.graduate), key) for key in VALUES} == before
    perform(case, "void", world.actor(Role.SCHOOL), words="双方同意")
    assert written(world, brought(world, file=same)).pk == refused.pk
    assert (record(world.graduate).employer_name, record(world.graduate).source) == ("江临数据有限公司", "upload")


@pytest.mark.rule("SYN-01")
def test_what_is_approved_after_the_preview_stands(world):
    upload = brought(world, of(world.graduate), of(world.neighbour))
    world.effective()
    records.request_writing(upload, world.actor(Role.SCHOOL))
    records.apply_upload(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.counts["refused"], bool(upload.reason)) == ("preview", 1, True)
    assert not EmploymentRecord.all_rows.filter(graduate=world.neighbour).exists()
    assert written(world, upload).counts["written"] == {"added": 1, "changed": 0}
    assert record(world.graduate).source == "system"


def test_every_fault_is_told_by_line_column_and_reason(world):
    tomorrow = f"{timezone.localdate() + timedelta(days=2):%Y-%m-%d}"
    upload = brought(
        world,
        of(world.neighbour, destination="没有的去向"), of(world.graduate, exam_number="99999999999999"), of(world.graduate, name="别人"),
        of(world.graduate, credit_code="91110108551385082X", signed_on=tomorrow), of(world.graduate, employer_name="", mobile=""),
        of(world.graduate, destination="70"), of(world.graduate, area="火星", nature="999"),
        of(world.graduate, credit_code=world.employer.credit_code), of(world.stranger),
    )  # fmt: skip
    found = faults(upload)

    def places(line: int) -> set[str]:
        return {place for place, why in found[line] if "只保留一行" not in why}

    assert upload.counts["refused"] == 9
    assert [places(line) for line in range(2, 11)] == [
        {"毕业去向"}, {"考生号"}, {"姓名"}, {"统一社会信用代码", "签约日期"}, {"单位名称", "联系人固话"},
        {"单位名称", "统一社会信用代码", "单位性质", "单位行业", "工作职位类别", "签约日期"}, {"单位所在地", "单位性质"},
        {"统一社会信用代码"}, {"考生号"},
    ]  # fmt: skip
    assert all(why for line in found.values() for _, why in line)
    marked = openpyxl.load_workbook(io.BytesIO(records.refused_workbook(upload, world.actor(Role.SCHOOL)))).active
    assert (marked.max_row, marked.cell(1, marked.max_column).value) == (10, "错误原因")
    path_of(upload).write_bytes(write(["考生号", "姓名", "毕业去向"], [["1", "2", "3"]]))
    with pytest.raises(Unreadable, match="缺少这些列"):
        records.jobs.stage.fill(upload)


def test_rows_that_come_through_the_interface_go_the_same_way_and_say_so(world):
    rows: list[Any] = [of(world.neighbour), of(world.graduate, destination="x")]
    actor = world.actor(Role.SCHOOL)
    upload = records.receive_rows(actor, world.cohort, rows)
    assert records.receive_rows(actor, world.cohort, rows).pk == upload.pk
    records.read_upload(upload.pk)
    upload.refresh_from_db()
    assert (upload.counts["new"], sorted(faults(upload))) == (1, [3])
    written(world, upload)
    assert record(world.neighbour).source == "interface"
    for role in (Role.COLLEGE, Role.PROVINCE):
        with pytest.raises(NotOpen):
            records.receive_rows(world.actor(role), world.cohort, rows)


def test_the_pages_lead_from_the_template_to_the_records(world):
    client = signed_in(world.seats[Role.SCHOOL])
    template = openpyxl.load_workbook(io.BytesIO(client.get(reverse("roster:record_template")).content))
    page = template["就业信息"]
    assert [cell.value for cell in page[1]] == list(LABELS.values())
    assert (len(page.data_validations.dataValidation), "代码表" in template.sheetnames) == (4, True)
    assert reverse("roster:record_uploads") in client.get(reverse("roster:uploads")).content.decode()
    file = SimpleUploadedFile("就业信息.xlsx", content(of(world.neighbour), of(world.graduate, name="别人")))
    address = client.post(reverse("roster:record_uploads"), {"file": file})["Location"]
    upload = EmploymentUpload.objects.seen_by(world.actor(Role.SCHOOL)).get()
    assert "可以离开这个页面" in client.get(address).content.decode()
    records.read_upload(upload.pk)
    refused, new = (client.get(address, {"part": part}).content.decode() for part in ("refused", "new"))
    assert ("考生号和姓名对不上" in refused, "江临数据有限公司" in new, "写入 1 人" in new) == (True, True, True)
    assert client.get(reverse("roster:record_refused", args=[upload.public_id])).status_code == 200
    assert client.post(reverse("roster:record_write", args=[upload.public_id]))["Location"] == address
    records.apply_upload(upload.pk)
    result = client.get(address).content.decode()
    assert ("新登记 1 人" in result, record(world.neighbour).destination) == (True, "11")
    # Nobody has been asked yet: it is reported first, and asked about where the province has confirmations.
    said = []
    for is_open in (True, False):
        Opening.objects.update_or_create(
            province=world.school.province,
            module=Module.CONFIRMATION,
            cohort=world.cohort,
            defaults={"is_open": is_open},
        )
        pages = (client.get(address).content.decode(), client.get(reverse("roster:record_uploads")).content.decode())
        said.append([("上报以后请本人确认" in one, "没有开启登记确认" in one, "已请他们确认" in one) for one in pages])
    assert said == [[(True, False, False)] * 2, [(False, True, False)] * 2]
    assert reverse("roster:record_uploads") in client.get(reverse("roster:students")).content.decode()
    dropped = brought(world, of(world.neighbour, contact="李木"))
    client.post(reverse("roster:record_drop", args=[dropped.public_id]))
    dropped.refresh_from_db()
    assert (dropped.state, path_of(dropped).exists()) == ("dropped", False)
    assert signed_in(world.seats[Role.COLLEGE]).get(address).status_code == 404
