"""A roster that another system delivers goes the way of a file that somebody uploads: read, checked, previewed, written all or none."""

from __future__ import annotations

import pytest

from qicheng.domain.orgs.models import College
from qicheng.domain.roster import imports
from qicheng.domain.roster.imports import records as _records  # noqa: F401 -- reached as imports.records
from qicheng.domain.roster.models import EmploymentUpload, Graduate, Upload
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from tests.interfaces.api import caller, stranger
from tests.world import COHORT, identity_number

pytestmark = [pytest.mark.django_db, pytest.mark.rule("SYN-02", "IMP-02")]
LINE = {
    "exam_number": "26110001150077", "id_number": identity_number(377), "name": "许知远", "sex": "1", "nation": "汉族", "political_status": "03",
    "level": "31", "major_code": "080901", "major": "计算机科学与技术", "training_mode": "1", "origin": "110101", "study_years": "4",
    "entered_on": "202209", "graduates_on": "202607", "normal_student": "1", "hardship": "0", "college": "计算机学院",
}  # fmt: skip


def test_lines_are_checked_told_by_their_place_and_written_when_asked(world):
    asker = caller(world, Role.SCHOOL, "roster:write")
    wrong = LINE | {
        "exam_number": "26110001150078",
        "id_number": "110101200305060000",
        "name": "何安",
        "level": "博士后",
    }
    answer = asker.post(f"/rosters/{COHORT}/lines/", {"lines": [LINE, wrong]})
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    path = f"/rosters/uploads/{answer.json()['id']}/"
    upload = Upload.all_rows.get()
    imports.read_upload(upload.pk)
    said = asker.get(path).json()
    assert (said["state"], said["total"], said["counts"]["new"], said["counts"]["refused"]) == ("preview", 2, 1, 1)
    (faulty,) = asker.get(f"{path}faults/").json()["rows"]
    assert (faulty["index"], faulty["line"], faulty["exam_number"], {fault["place"] for fault in faulty["faults"]}) == (
        1, 3, "26110001150078", {"id_number", "level", "sex"},
    )  # fmt: skip
    assert asker.post(f"{path}apply/").status_code == 202
    imports.apply_upload(upload.pk)
    assert asker.get(path).json()["state"] == "applied"
    assert Graduate.all_rows.filter(school=world.school, exam_number=LINE["exam_number"]).get().name == "许知远"
    record = Record.objects.get(flow="roster", act="import")
    assert record.name == "接口密钥 教务系统"
    # Written is written: it is not dropped, and not written again.
    assert [asker.post(f"{path}{act}/").status_code for act in ("apply", "drop")] == [422, 422]


def test_a_workbook_is_taken_as_it_is_and_what_is_none_is_refused(world):
    asker = caller(world, Role.SCHOOL, "roster:write")
    heads = "考生号,身份证号,姓名,性别代码\n"
    answer = asker.put(f"/rosters/{COHORT}/workbook/", heads.encode())
    imports.read_upload(Upload.all_rows.get().pk)
    said = asker.get(f"/rosters/uploads/{answer.json()['id']}/").json()
    assert (answer.status_code, said["state"], "缺少这些列" in said["reason"]) == (202, "refused", True)
    assert asker.put(f"/rosters/{COHORT}/workbook/", b"\x00\x01\x02").status_code == 422
    assert asker.put(f"/rosters/{COHORT}/workbook/", b"{}", "application/json").status_code == 415


def test_a_delivery_is_seen_by_keys_of_its_own_school_alone(world):
    asker = caller(world, Role.SCHOOL, "roster:write")
    name = asker.post(f"/rosters/{COHORT}/lines/", {"lines": [LINE]}).json()["id"]
    other = stranger(world)
    paths = (f"/rosters/uploads/{name}/", f"/rosters/uploads/{name}/faults/")
    assert [other.get(path).status_code for path in paths] == [404, 404]
    assert [other.post(f"{paths[0]}{act}/").status_code for act in ("apply", "drop")] == [404, 404]
    assert caller(world, Role.PROVINCE).post(f"/rosters/{COHORT}/lines/", {"lines": [LINE]}).status_code == 403
    assert College.objects.filter(school=world.school).count() == 2


@pytest.mark.rule("IMP-05")
def test_ready_records_are_delivered_by_the_same_way_and_say_where_they_come_from(world):
    asker = caller(world, Role.SCHOOL, "records:write", "records:read")
    line = {"exam_number": world.graduate.exam_number, "name": world.graduate.name, "destination": "70"}
    nobody = {"exam_number": "26110009999999", "name": "无此人", "destination": "70"}
    answer = asker.post(f"/records/{COHORT}/lines/", {"lines": [line, nobody]})
    upload = EmploymentUpload.all_rows.get()
    imports.records.read_upload(upload.pk)
    path = f"/records/uploads/{answer.json()['id']}/"
    said = asker.get(path).json()
    assert (answer.status_code, said["state"], said["counts"]["new"], said["counts"]["refused"]) == (
        202,
        "preview",
        1,
        1,
    )
    assert [(row["index"], row["faults"][0]["place"]) for row in asker.get(f"{path}faults/").json()["rows"]] == [
        (1, "exam_number")
    ]
    assert asker.post(f"{path}apply/").status_code == 202
    imports.records.apply_upload(upload.pk)
    (row,) = asker.get("/records/", cohort=COHORT).json()["rows"]
    assert (row["graduate"]["name"], row["destination"], row["source"]) == ("陈诚", "70", "interface")
    assert stranger(world).get(path).status_code == 404
