"""IMP-02, IMP-03, ROS-05, ROS-07, ROS-08: what the import writes, what it leaves alone, and what it tells."""

from __future__ import annotations

import pytest

from qicheng.domain.orgs.models import College, Seat
from qicheng.domain.roster.effects import remove_line
from qicheng.domain.roster.imports import (
    apply_upload,
    drop,
    preview,
    read_upload,
    receive,
    request_writing,
    restore_uploaded,
)
from qicheng.domain.roster.imports.stage import path_of
from qicheng.domain.roster.models import EmploymentRecord, Graduate, Roster, Upload
from qicheng.foundation.access import Level, Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotOpen, Refused
from tests.domain.roster import files

pytestmark = pytest.mark.django_db


def again(row):
    return Graduate.all_rows.get(pk=row.pk)


def snapshot(world):
    return list(Graduate.all_rows.filter(school=world.school).order_by("id").values())


@pytest.mark.rule("IMP-02", "IMP-03")
def test_good_lines_are_written_refused_ones_are_not_and_the_act_is_on_record(world):
    lines = [files.line(world, 1), files.line(world, 2, 姓名=""), files.line_of(world.graduate, 专业="软件工程")]

    upload = files.written(world, files.xlsx(files.table_of(lines)))

    record = Record.objects.get(flow="roster", act="import")
    assert upload.counts["written"] == {"added": 1, "changed": 1, "colleges": 0}
    assert (record.school_id, record.cohort, record.account_id, record.name) == (
        world.school.pk, 2026, world.seats[Role.SCHOOL].account_id, "王敏",
    )  # fmt: skip
    assert (record.changes["added"], record.changes["changed"], record.changes["refused"]) == (1, 1, 1)
    assert again(world.graduate).major == "软件工程"


@pytest.mark.rule("IMP-02")
def test_the_preview_says_field_by_field_what_changes(world):
    line = files.line_of(world.graduate, 民族代码="03", 所在院系="人工智能学院", 手机号码="13300000000")

    upload = files.uploaded(world, files.xlsx(files.table_of([line])))

    assert preview.changed_lines(upload, 0) == [{
        "line": 2, "exam_number": world.graduate.exam_number, "name": "陈诚", "is_back": False,
        "changes": {"民族": ["汉族", "回族"], "所在院系": ["计算机学院", "人工智能学院"]},
    }]  # fmt: skip
    assert upload.counts["colleges"] == ["人工智能学院"]
    assert not College.objects.filter(name="人工智能学院").exists()


@pytest.mark.rule("ROS-02")
def test_a_changed_field_that_was_confirmed_asks_to_be_confirmed_again_and_another_does_not(world):
    confirmed = files.line_of(world.graduate, 民族代码="03")
    other = files.line_of(world.neighbour) | {"所在班级": ""}
    confirmed |= {"所在班级": ""}
    other["所在班级"] = "二班"

    files.written(world, files.xlsx(files.table_of([confirmed, other])))

    assert (again(world.graduate).revision, again(world.graduate).has_confirmed) == (2, False)
    assert (again(world.neighbour).class_name, again(world.neighbour).revision, again(world.neighbour).has_confirmed) == (
        "二班", 1, True,
    )  # fmt: skip


@pytest.mark.rule("ROS-02")
def test_phone_and_mail_are_the_accounts_once_there_is_one(world):
    loose = world.new_graduate("何岸", world.college)
    Graduate.all_rows.filter(pk=loose.pk).update(account=None, phone="13900000001")
    lines = [files.line_of(world.graduate, 手机号码="13300000001"), files.line_of(loose, 手机号码="13300000002")]

    files.written(world, files.xlsx(files.table_of(lines)))

    assert (again(world.graduate).phone, again(loose).phone) == (world.graduate.phone, "13300000002")


@pytest.mark.rule("IMP-03")
def test_the_same_file_again_changes_nothing(world):
    content = files.xlsx(files.table_of([files.line(world, 1), files.line_of(world.graduate, 专业="软件工程")]))
    files.written(world, content)
    before, version = snapshot(world), Roster.objects.get(school=world.school, cohort=2026).version

    upload = files.uploaded(world, content)

    assert files.counts(upload) == (0, 0, 2, 0, 1)
    with pytest.raises(Refused):
        request_writing(upload, world.actor(Role.SCHOOL))
    assert (snapshot(world), Roster.objects.get(school=world.school, cohort=2026).version) == (before, version)


@pytest.mark.rule("IMP-03")
def test_the_same_file_that_is_still_open_is_not_taken_in_twice(world):
    content = files.xlsx(files.table_of([files.line(world, 1)]))

    first, second = files.uploaded(world, content), files.uploaded(world, content)

    assert (first.pk, Upload.all_rows.count()) == (second.pk, 1)


@pytest.mark.rule("IMP-03")
def test_a_job_that_is_delivered_twice_has_one_effect(world):
    upload = files.written(world, files.xlsx(files.table_of([files.line(world, 1)])))
    before = snapshot(world)

    read_upload(upload.pk)
    apply_upload(upload.pk)

    upload.refresh_from_db()
    assert (upload.state, snapshot(world) == before, Record.objects.filter(act="import").count()) == (
        "applied",
        True,
        1,
    )


@pytest.mark.rule("IMP-03")
def test_a_preview_that_was_overtaken_is_made_again_and_said(world):
    upload = files.uploaded(world, files.xlsx(files.table_of([files.line_of(world.graduate, 专业="软件工程")])))
    files.written(world, files.xlsx(files.table_of([files.line_of(world.graduate, 专业="人工智能")])))

    request_writing(upload, world.actor(Role.SCHOOL))
    apply_upload(upload.pk)

    upload.refresh_from_db()
    assert (upload.state, upload.reason[:10], again(world.graduate).major) == (
        "preview",
        "你查看之后名单有了变",
        "人工智能",
    )
    assert preview.changed_lines(upload, 0)[0]["changes"] == {"专业": ["人工智能", "软件工程"]}
    request_writing(upload, world.actor(Role.SCHOOL))
    apply_upload(upload.pk)
    assert again(world.graduate).major == "软件工程"


@pytest.mark.rule("ROS-07")
def test_somebody_uploaded_again_comes_back_with_everything(world):
    case = world.effective()
    before = Graduate.all_rows.filter(pk=world.graduate.pk).values().get()
    state = type(case).all_rows.filter(pk=case.pk).values().get()
    remove_line(world.graduate.public_id, world.actor(Role.SCHOOL), words="学籍异动")
    upload = files.written(world, files.xlsx(files.table_of([files.line_of(world.graduate)])))

    after = Graduate.all_rows.filter(pk=world.graduate.pk).values().get()
    assert (upload.counts["back"], upload.counts["changed"]) == (1, 1)
    assert after.pop("restored_at") is not None
    assert after == {key: value for key, value in before.items() if key != "restored_at"}
    assert type(case).all_rows.filter(pk=case.pk).values().get() == state


@pytest.mark.rule("ROS-07")
def test_the_job_reports_the_record_of_those_who_came_back_once(world):
    world.effective()
    version = EmploymentRecord.all_rows.get(graduate=world.graduate).version
    remove_line(world.graduate.public_id, world.actor(Role.SCHOOL), words="学籍异动")
    assert restore_uploaded() == 0
    files.written(world, files.xlsx(files.table_of([files.line_of(world.graduate)])))

    assert (restore_uploaded(), restore_uploaded()) == (1, 0)
    assert EmploymentRecord.all_rows.get(graduate=world.graduate).version == version + 1


@pytest.mark.rule("ROS-05")
def test_open_cases_follow_to_the_new_college_and_tier_without_being_moved(world):
    case = world.accepted()

    files.written(world, files.xlsx(files.table_of([files.line_of(world.graduate, 所在院系="外国语学院")])))

    fresh = type(case).all_rows.get(pk=case.pk)
    assert (fresh.college, fresh.state, fresh.version) == (world.other_college, case.state, case.version)


def test_a_change_of_training_mode_is_on_record_with_before_after_and_who(world):
    files.written(world, files.xlsx(files.table_of([files.line_of(world.graduate, 培养方式代码="22")])))

    record = Record.objects.get(flow="roster", act="training_mode")
    assert (record.case, record.changes, record.name) == (
        str(world.graduate.public_id), {"培养方式": ["非定向", "定向(可签约)"]}, "王敏",
    )  # fmt: skip


@pytest.mark.rule("ROS-08")
def test_one_person_in_two_cohorts_has_two_lines_each_by_its_own_rules(world):
    earlier = world.new_graduate("何岸", world.college, cohort=2024)
    now = files.line_of(
        earlier, 毕业年份="2026", 考生号="221199990000077", 学历代码="11", 毕业时间="202606", 民族代码="05"
    )

    files.written(world, files.xlsx(files.table_of([now])))

    new = Graduate.all_rows.get(cohort=2026, id_number=earlier.id_number)
    assert (new.account_id, new.phone, new.has_confirmed, new.tier) == (
        earlier.account_id,
        earlier.phone,
        False,
        "postgraduate",
    )
    assert (again(earlier).nation, again(earlier).revision, again(earlier).has_confirmed) == ("01", 1, True)
    assert set(Seat.objects.filter(account=earlier.account, role=Role.GRADUATE).values_list("node", flat=True)) == {
        earlier.pk, new.pk,
    }  # fmt: skip


@pytest.mark.rule("ORG-05")
@pytest.mark.parametrize(
    "who",
    [
        lambda world: world.actor(Role.COLLEGE), lambda world: world.actor(Role.PROVINCE), lambda world: world.actor(Role.EMPLOYER),
        lambda world: world.actor(Role.GRADUATE), lambda world: world.actor(Role.SCHOOL, level=Level.READ),
    ],
)  # fmt: skip
def test_only_a_school_user_who_may_write_uploads(world, who):
    with pytest.raises(NotOpen):
        receive(who(world), 2026, "名单.xlsx", [files.xlsx(files.table_of([files.line(world, 1)]))])


@pytest.mark.rule("ROS-03")
def test_a_cohort_that_is_closed_takes_no_roster(world):
    with pytest.raises(Refused, match="2020 届办理到次年 1 月 31 日为止"):
        receive(world.actor(Role.SCHOOL), 2020, "名单.xlsx", [files.xlsx(files.table_of([files.line(world, 1)]))])


def test_a_file_is_kept_for_us_alone_and_goes_when_the_upload_is_dropped(world):
    upload = files.uploaded(world, files.xlsx(files.table_of([files.line(world, 1)])))
    path = path_of(upload)
    assert oct(path.stat().st_mode & 0o777) == "0o600"

    drop(upload, world.actor(Role.SCHOOL))

    upload.refresh_from_db()
    assert (upload.state, path.exists(), Graduate.all_rows.filter(exam_number="22119999000001").exists()) == (
        "dropped",
        False,
        False,
    )
