"""The room's pages for each role: one's own, a neighbour's, a stranger's; what is shown, and what nobody may change."""

from __future__ import annotations

import io
import uuid

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from qicheng.domain.orgs.models import Account, Cohort, Seat, SigningSettings
from qicheng.domain.roster.imports import apply_upload, read_upload
from qicheng.domain.roster.models import Graduate, Upload
from qicheng.domain.roster.queries import must_confirm
from qicheng.foundation.access import Level, Role, Tier
from qicheng.foundation.flow.models import Record
from tests.clients import signed_in
from tests.domain.roster import files

pytestmark = pytest.mark.django_db
STAFF = (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)


def browser(world, role):
    return signed_in(world.seats[role], world.cohort)


# ---- first log-in


@pytest.mark.rule("ROS-02")
def test_the_graduate_checks_the_basic_information_in_the_guides_order_and_confirms_it(world):
    fresh = world.new_graduate("何岸", world.college, confirmed=False)
    client = signed_in(world.graduate_seat(fresh))
    page = client.get(reverse("roster:check")).content.decode()
    labels = [
        "考生号", "姓名", "身份证号", "毕业院校", "学历", "性别", "民族", "政治面貌", "培养方式", "生源所在地", "入学时间", "毕业时间", "学号", "院系",
        "专业", "学制", "档案是否转入学校", "户口是否转入学校", "电子邮箱", "手机号码",
    ]  # fmt: skip
    places = [page.index(f"<dt>{label}</dt>") for label in labels]
    assert places == sorted(places)
    assert "会印在就业协议书上" in page
    assert must_confirm(fresh)

    answer = client.post(reverse("roster:check"), {"seen": "1"})

    fresh.refresh_from_db()
    assert (answer.status_code, fresh.has_confirmed, must_confirm(fresh)) == (302, True, False)


@pytest.mark.rule("ROS-02")
@pytest.mark.parametrize("seen", ["1", "", "x", "999999999999999999"])
def test_a_page_that_is_older_than_the_roster_confirms_nothing(world, seen):
    fresh = world.new_graduate("何岸", world.college, confirmed=False)
    Graduate.all_rows.filter(pk=fresh.pk).update(revision=2)

    signed_in(world.graduate_seat(fresh)).post(reverse("roster:check"), {"seen": seen})

    fresh.refresh_from_db()
    assert (fresh.confirmed_revision, must_confirm(fresh)) == (None, True)


@pytest.mark.rule("ROS-02")
def test_phone_and_mail_change_the_account_and_every_own_line_and_nothing_else_can_be_changed(world):
    older = world.new_graduate("陈诚", world.college, cohort=2024, account=world.graduate.account)
    client = browser(world, Role.GRADUATE)
    everything = {field.attname: "7" for model in (Graduate, Account, Seat) for field in model._meta.concrete_fields}
    kept = ("phone", "email")

    def rows():
        return [
            {key: value for key, value in row.items() if key not in kept}
            for row in (*Graduate.all_rows.order_by("pk").values(), *Account.objects.order_by("pk").values())
        ]

    before = rows()
    answer = client.post(reverse("roster:profile"), everything | {"phone": "13812340000", "email": "cheng@example.cn"})

    assert answer.status_code == 302
    assert rows() == before
    world.graduate.refresh_from_db()
    older.refresh_from_db()
    account = Account.objects.get(pk=world.graduate.account_id)
    assert {(row.phone, row.email) for row in (world.graduate, older, account)} == {("13812340000", "cheng@example.cn")}
    assert Account.objects.filter(phone="13812340000").count() == 1


@pytest.mark.rule("ROS-02")
def test_no_page_of_the_graduate_changes_an_official_field(world):
    client = browser(world, Role.GRADUATE)
    everything = {field.attname: "7" for field in Graduate._meta.concrete_fields}
    before = Graduate.all_rows.filter(pk=world.graduate.pk).values().get()

    client.post(reverse("roster:check"), everything | {"seen": "1"})

    after = Graduate.all_rows.filter(pk=world.graduate.pk).values().get()
    assert {key for key in before if before[key] != after[key]} <= {"confirmed_at"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"phone": "1381234", "email": ""}, "手机号是 11 位数字，请对照再填"),
        ({"phone": "", "email": ""}, "手机号码还没有填写"),
        ({"phone": "13812340000", "email": "没有"}, "电子邮箱填写的内容看不懂"),
    ],
)
def test_contacts_that_cannot_be_right_are_said_and_not_stored(world, given, words):
    answer = browser(world, Role.GRADUATE).post(reverse("roster:profile"), given)

    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert Account.objects.get(pk=world.graduate.account_id).phone == world.graduate.phone


def test_a_phone_of_another_account_is_refused(world):
    answer = browser(world, Role.GRADUATE).post(
        reverse("roster:profile"), {"phone": world.neighbour.phone, "email": ""}
    )

    assert (answer.status_code, "已经绑定了其他账号" in answer.content.decode()) == (422, True)


# ---- the roster


@pytest.mark.rule("ROS-04", "ORG-01")
@pytest.mark.parametrize("role", STAFF)
def test_everybody_sees_the_roster_at_or_below_the_own_node(world, role):
    page = browser(world, role).get(reverse("roster:students")).content.decode()
    seen = {name for name in ("陈诚", "林嘉禾", "阿依古丽·买买提") if f">{name}</a>" in page}

    assert seen == {
        Role.COLLEGE: {"陈诚"}, Role.SCHOOL: {"陈诚", "林嘉禾"}, Role.PROVINCE: {"陈诚", "林嘉禾"},
        Role.MINISTRY: {"陈诚", "林嘉禾", "阿依古丽·买买提"},
    }[role]  # fmt: skip
    assert world.graduate.id_number not in page


@pytest.mark.rule("ORG-01")
@pytest.mark.parametrize("name", ["detail", "remove"])
def test_a_graduate_of_somebody_else_is_not_found(world, name):
    assert (
        browser(world, Role.SCHOOL).get(reverse(f"roster:{name}", args=[world.stranger.public_id])).status_code == 404
    )
    assert browser(world, Role.SCHOOL).get(reverse(f"roster:{name}", args=[uuid.uuid4()])).status_code == 404
    assert (
        browser(world, Role.GRADUATE).get(reverse(f"roster:{name}", args=[world.graduate.public_id])).status_code == 404
    )


@pytest.mark.rule("ORG-05")
def test_who_may_only_read_sees_no_door_and_takes_nobody_off(world):
    seat = world.new_seat(Role.SCHOOL, world.school.pk, "方可", employment=Level.READ)
    client = signed_in(seat, world.cohort)

    assert client.post(reverse("roster:remove", args=[world.graduate.public_id]), {"words": "误"}).status_code == 404
    assert client.post(reverse("roster:uploads"), {}).status_code == 404
    assert "上传并核对" not in client.get(reverse("roster:uploads")).content.decode()
    nobody = world.new_seat(Role.SCHOOL, world.school.pk, "无权", employment=Level.NONE)
    assert signed_in(nobody, world.cohort).get(reverse("roster:students")).status_code == 404


@pytest.mark.rule("ROS-04")
def test_the_list_says_where_the_graduate_stands_filters_by_it_and_leads_to_the_registration(world):
    case = world.accepted()
    client = browser(world, Role.SCHOOL)

    every = client.get(reverse("roster:students")).content.decode()
    waiting = client.get(reverse("roster:students"), {"standing": "online_signing college_review"}).content.decode()
    none = client.get(reverse("roster:students"), {"standing": "none"}).content.decode()
    page = client.get(reverse("roster:detail", args=[world.graduate.public_id])).content.decode()

    assert (case.standing.label in every, "还没有登记" in every) == (True, True)
    assert [">陈诚</a>" in waiting, ">林嘉禾</a>" in waiting] == [True, False]
    assert [">陈诚</a>" in none, ">林嘉禾</a>" in none] == [False, True]
    assert reverse(case.detail, args=[case.public_id]) in page


@pytest.mark.rule("ROS-04")
@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ({"q": "陈"}, ["陈诚"]), ({"q": "林嘉"}, ["林嘉禾"]), ({"major": "软件"}, ["林嘉禾"]), ({"level": "11"}, ["林嘉禾"]),
        ({"level": "31"}, ["陈诚"]), ({"confirmed": "no"}, ["林嘉禾"]), ({"mode": "22"}, ["林嘉禾"]), ({"q": "%"}, []),
        ({"college": "x", "standing": "nonsense"}, ["陈诚", "林嘉禾"]),
    ],
)  # fmt: skip
def test_every_column_can_be_filtered(world, query, seen):
    Graduate.all_rows.filter(pk=world.neighbour.pk).update(
        major="软件工程", level="11", training_mode="22", confirmed_revision=None
    )

    page = browser(world, Role.SCHOOL).get(reverse("roster:students"), query).content.decode()

    assert [name for name in ("陈诚", "林嘉禾") if f">{name}</a>" in page] == seen


def test_numbers_find_one_graduate(world):
    client = browser(world, Role.SCHOOL)
    for number in (world.graduate.exam_number, world.graduate.student_number, world.graduate.id_number.lower()):
        page = client.get(reverse("roster:students"), {"q": number}).content.decode()
        assert [name for name in ("陈诚", "林嘉禾") if f">{name}</a>" in page] == ["陈诚"]


def test_the_list_asks_as_much_for_three_rows_as_for_one(world):
    client = browser(world, Role.COLLEGE)

    def queries():
        client.get(reverse("roster:students"))
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("roster:students"))
        return len(asked)

    one = queries()
    world.new_graduate("何岸", world.college)
    world.accepted(world.new_graduate("周同", world.college))
    assert queries() == one


def test_the_workbook_of_the_list_has_the_same_rows_masked_and_is_on_record(world):
    answer = browser(world, Role.SCHOOL).get(reverse("roster:workbook"), {"q": "陈"})

    page = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    record = Record.objects.get(act="export")
    assert (len(rows), rows[1][0], world.graduate.id_number in str(rows)) == (2, "陈诚", False)
    assert (record.changes, record.school_id) == ({"搜索": ["", "陈"], "条数": ["", 1]}, world.school.pk)


@pytest.mark.rule("ROS-03")
def test_the_roster_of_an_older_cohort_can_be_read(world):
    Cohort.objects.create(year=2023)
    world.new_graduate("何岸", world.college, cohort=2023)

    page = signed_in(world.seats[Role.SCHOOL], 2023).get(reverse("roster:students")).content.decode()

    assert (">何岸</a>" in page, ">陈诚</a>" in page) == (True, False)


# ---- off the roster and back


@pytest.mark.rule("ROS-07")
def test_taken_off_and_brought_back_leaves_everything_as_it_was(world):
    case = world.effective()
    client, where = browser(world, Role.SCHOOL), [world.graduate.public_id]
    line = Graduate.all_rows.filter(pk=world.graduate.pk).values().get()
    standing = type(case).all_rows.filter(pk=case.pk).values().get()

    assert client.post(reverse("roster:remove", args=where), {"words": ""}).status_code == 422
    client.post(reverse("roster:remove", args=where), {"words": "学籍异动"})
    gone = client.get(reverse("roster:removed")).content.decode()
    assert (">陈诚</a>" in gone, ">陈诚</a>" in client.get(reverse("roster:students")).content.decode()) == (
        True,
        False,
    )
    client.post(reverse("roster:restore", args=where))

    after = Graduate.all_rows.filter(pk=world.graduate.pk).values().get()
    assert {key for key in line if line[key] != after[key]} == {"restored_at"}
    assert type(case).all_rows.filter(pk=case.pk).values().get() == standing
    acts = list(Record.objects.filter(flow="roster").order_by("pk").values_list("act", "words"))
    assert acts == [("remove_line", "学籍异动"), ("restore_line", "")]


@pytest.mark.rule("ROS-03")
def test_nobody_is_taken_off_or_brought_back_once_the_cohort_is_closed(world):
    on, off = (world.new_graduate(name, world.college, cohort=2024) for name in ("老同学", "老朋友"))
    Graduate.all_rows.filter(pk=off.pk).update(removed_at="2025-01-10T00:00:00Z")
    client = signed_in(world.seats[Role.SCHOOL], 2024)
    for one, button in ((on, "从名单中删除"), (off, "恢复名单")):
        assert f"{button}</" not in client.get(reverse("roster:detail", args=[one.public_id])).content.decode()
    refused = client.post(reverse("roster:remove", args=[on.public_id]), {"words": "学籍异动"})
    brought_back = client.post(reverse("roster:restore", args=[off.public_id]), follow=True)
    for answer in (refused, brought_back):
        assert "2024 届办理到次年 1 月 31 日为止，现在只能查看。" in answer.content.decode()
    assert list(Graduate.all_rows.filter(cohort=2024).order_by("pk").values_list("removed_at__year", flat=True)) == [
        None,
        2025,
    ]


@pytest.mark.rule("ROS-07")
def test_the_detail_shows_what_changed_and_who_changed_it(world):
    files.written(
        world, files.xlsx(files.table_of([files.line_of(world.graduate, 民族代码="03", 所在院系="外国语学院")]))
    )

    page = browser(world, Role.SCHOOL).get(reverse("roster:detail", args=[world.graduate.public_id])).content.decode()

    assert ("民族：汉族 → 回族" in page, "所在院系：计算机学院 → 外国语学院" in page) == (True, True)


# ---- many at once


def without_signing(world):
    SigningSettings.all_rows.filter(school=world.school, cohort=world.cohort).update(online_signing=False)


@pytest.mark.rule("ROS-07", "SET-03")
def test_many_are_taken_off_for_one_reason_and_who_stays_is_named(world):
    case = world.accepted(world.new_graduate("周办", world.college))
    without_signing(world)
    gone = world.new_graduate("周走", world.college)
    Graduate.all_rows.filter(pk=gone.pk).update(removed_at="2026-05-01T00:00:00Z")
    client = browser(world, Role.SCHOOL)
    listed = client.get(reverse("roster:students")).content.decode()
    assert (listed.count('name="line"'), 'aria-label="批量删除"' in listed) == (3, True)
    lines = [str(one.public_id) for one in (world.graduate, world.neighbour, case.graduate, gone, world.stranger)]

    asked = client.post(reverse("roster:remove_many"), {"line": lines}).content.decode()
    assert ("从名单中删除 3 人" in asked, "周走" in asked, world.stranger.name in asked) == (True, False, False)
    assert client.post(reverse("roster:remove_many"), {"line": lines, "words": " "}).status_code == 422
    assert Graduate.all_rows.filter(removed_at=None).count() == 4
    done = client.post(reverse("roster:remove_many"), {"line": lines, "words": "名单传错了"}).content.decode()

    assert "已从名单中删除 2 人，2 人没有删除" in done
    assert [
        word in done
        for word in ("周办", "有业务在办理", "周走", "已经从名单中删除", "1 人没有找到", world.stranger.name)
    ] == [True] * 5 + [False]
    assert set(Graduate.all_rows.filter(removed_at=None).values_list("name", flat=True)) == {
        "周办",
        world.stranger.name,
    }
    kept = Record.objects.filter(flow="roster", act="remove_line").values_list("case", "words", "school_id")
    assert set(kept) == {
        (str(one.public_id), "名单传错了", world.school.pk) for one in (world.graduate, world.neighbour)
    }


@pytest.mark.rule("SET-03")
def test_many_are_not_taken_off_once_signing_is_on(world):
    client, lines = browser(world, Role.SCHOOL), [str(world.graduate.public_id), str(world.neighbour.public_id)]
    assert 'name="line"' not in client.get(reverse("roster:students")).content.decode()
    answer = client.post(reverse("roster:remove_many"), {"line": lines, "words": "名单传错了"})
    assert (answer.status_code, "已经开启在线签约，不能再批量删除" in answer.content.decode()) == (422, True)
    assert not Graduate.all_rows.exclude(removed_at=None).exists()


@pytest.mark.parametrize("ticked", [[], ["x"], ["00000000-0000-0000-0000-000000000000"]])
def test_who_ticks_nobody_is_told_where_to_tick(world, ticked):
    without_signing(world)
    answer = (
        browser(world, Role.SCHOOL).post(reverse("roster:remove_many"), {"line": ticked}, follow=True).content.decode()
    )
    assert ("先在左边勾选要删除的学生" in answer) != ("选中的人都不在名单里了" in answer)


# ---- the import


def sent(world, content, name="名单.xlsx", client=None):
    client = client or browser(world, Role.SCHOOL)
    return client.post(reverse("roster:uploads"), {"file": SimpleUploadedFile(name, content)})


@pytest.mark.rule("IMP-01", "IMP-02", "IMP-03", "IMP-04")
def test_a_school_uploads_looks_decides_and_the_roster_changes(world):
    client = browser(world, Role.SCHOOL)
    lines = [files.line(world, 1), files.line(world, 2, 姓名=""), files.line_of(world.graduate, 专业="软件工程")]

    answer = sent(world, files.xlsx(files.table_of(lines)), client=client)
    upload = Upload.all_rows.get()
    address = reverse("roster:upload", args=[upload.public_id])
    waiting = client.get(address).content.decode()
    read_upload(upload.pk)
    refused = client.get(address).content.decode()
    changed = client.get(address, {"part": "changed"}).content.decode()
    client.post(reverse("roster:write", args=[upload.public_id]))
    assert Graduate.all_rows.filter(exam_number=lines[0]["考生号"]).count() == 0
    apply_upload(upload.pk)
    done = client.get(address).content.decode()

    assert (answer.status_code, answer["Location"]) == (302, address)
    assert "data-poll" in waiting
    assert ("姓名没有填写" in refused, "写入 2 行" in refused) == (True, True)
    assert "<del>计算机科学与技术</del> → <ins>软件工程</ins>" in changed
    assert "新增 1 人，更新 1 人" in done
    workbook = client.get(reverse("roster:refused", args=[upload.public_id]))
    assert openpyxl.load_workbook(io.BytesIO(workbook.content)).active.max_row == 2


def test_the_progress_is_asked_for_as_a_part_of_the_page(world):
    client = browser(world, Role.SCHOOL)
    sent(world, files.xlsx(files.table_of([files.line(world, 1)])), client=client)
    upload = Upload.all_rows.get()
    asked = {"HX-Request": "true", "HX-Target": "job"}

    busy = client.get(reverse("roster:upload", args=[upload.public_id]), headers=asked).content.decode()
    read_upload(upload.pk)
    done = client.get(reverse("roster:upload", args=[upload.public_id]), headers=asked).content.decode()

    assert ["<html" in busy, 'id="job"' in busy, "data-poll" in busy] == [False, True, True]
    assert ['id="job"' in done, "data-poll" in done, "看核对结果" in done] == [True, False, True]


@pytest.mark.parametrize("part", ["refused", "new", "changed", "unchanged", "missing", "nonsense"])
def test_every_part_of_a_preview_can_be_opened_and_leafed_through(world, part):
    lines = [*(files.line(world, n) for n in range(60)), files.line_of(world.neighbour)]
    upload = files.uploaded(world, files.xlsx(files.table_of(lines)))

    for after in ("", "51", "x", "9999999999"):
        answer = browser(world, Role.SCHOOL).get(
            reverse("roster:upload", args=[upload.public_id]), {"part": part, "after": after}
        )
        assert answer.status_code == 200


def test_a_file_that_is_no_table_is_said_at_the_field(world):
    answer = sent(world, b"%PDF-1.7 nothing", "名单.pdf")

    assert (answer.status_code, "这是 PDF 文件，不是表格" in answer.content.decode()) == (422, True)
    assert browser(world, Role.SCHOOL).post(reverse("roster:uploads"), {}).status_code == 422
    assert Upload.all_rows.count() == 0


@pytest.mark.rule("ORG-01")
def test_uploads_of_another_school_are_not_found(world):
    upload = files.uploaded(world, files.xlsx(files.table_of([files.line(world, 1, 姓名="")])))
    stranger = signed_in(world.stranger_seats[Role.SCHOOL], world.cohort)

    for name in ("upload", "refused", "write", "drop"):
        assert stranger.get(reverse(f"roster:{name}", args=[upload.public_id])).status_code == 404
        assert stranger.post(reverse(f"roster:{name}", args=[upload.public_id])).status_code == 404
    for role in (Role.COLLEGE, Role.GRADUATE, Role.EMPLOYER):
        assert browser(world, role).get(reverse("roster:uploads")).status_code == 404


@pytest.mark.rule("ORG-07")
def test_a_file_is_seen_by_who_answers_for_its_tier_alone(world):
    content = [files.xlsx(files.table_of([files.line(world, n)])) for n in (1, 2)]
    whole = files.uploaded(world, content[0])
    own = files.uploaded(world, content[1], tier=Tier.UNDERGRADUATE)
    found = {}
    for tier in Tier:
        client = signed_in(world.new_seat(Role.SCHOOL, world.school.pk, f"老师{tier.label}", tier=tier))
        found[tier] = [client.get(reverse("roster:upload", args=[one.public_id])).status_code for one in (whole, own)]
        assert client.get(reverse("roster:uploads")).content.decode().count('scope="row"') == found[tier].count(200)
    assert found == {Tier.ALL: [200, 200], Tier.UNDERGRADUATE: [404, 200], Tier.POSTGRADUATE: [404, 404]}


def test_the_template_can_be_downloaded(world):
    answer = browser(world, Role.SCHOOL).get(reverse("roster:template"))

    assert openpyxl.load_workbook(io.BytesIO(answer.content)).sheetnames == ["名单", "代码表"]
