"""Many records at once: what is read, what is refused and why, what is written and told (ARC-04, ARC-02, ARC-08)."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest

from qicheng.domain.orgs.models import Opening
from qicheng.domain.roster.effects import remove_line
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer import imports
from qicheng.domain.transfer.effects import records as effects
from qicheng.domain.transfer.imports import preview
from qicheng.domain.transfer.models import RECORDS, ArchiveRecord, HouseholdRecord
from qicheng.foundation.access import Area, Level, Role, Tier
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotOpen, Refused, perform
from qicheng.foundation.kit.workbooks import Unreadable
from qicheng.foundation.notice.models import Notice
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


def record(graduate: Graduate, area: Area = Area.ARCHIVE) -> Any:
    return RECORDS[area].all_rows.filter(graduate=graduate).first()


def told(graduate: Graduate) -> list[tuple[str, str]]:
    rows = Notice.objects.filter(role="graduate", node=graduate.pk, channel="inbox", flow__endswith="_record")
    return list(rows.order_by("id").values_list("flow", "act"))


# ---- what is written


@AREAS
@pytest.mark.rule("ARC-04", "ARC-03")
def test_lines_are_written_say_where_they_came_from_and_each_graduate_is_told(opened, area):
    upload = filled.written(opened, [filled.line(opened.graduate, area), filled.blank(opened.neighbour, area)], area)

    now = record(opened.graduate, area)
    assert (upload.state, upload.counts["written"], filled.counts(upload)) == ("applied", 1, (1, 0, 0, 1, 0, 0))
    assert (now.values, now.came_from, now.origin_case, now.version) == (CHANGE, "批量上传", str(upload.public_id), 1)
    assert (record(opened.neighbour, area), told(opened.graduate), told(opened.neighbour)) == (
        None, [(f"{area.value}_record", "upload")], [],
    )  # fmt: skip
    one = Record.objects.get(flow=f"{area.value}_record", act="upload")
    assert (one.case, one.name, one.changes["联系人"], one.changes["来源"]) == (
        str(opened.graduate.pk), "王敏", ["没有填写", "吴芳"], ["", "批量上传"],
    )  # fmt: skip
    whole = Record.objects.get(flow=f"{area.value}_records", act="import")
    assert (whole.case, whole.changes["new"], whole.changes["refused"]) == (str(upload.public_id), 1, 0)


@pytest.mark.rule("ARC-04")
def test_the_other_areas_records_are_left_alone(opened):
    filled.written(opened, [filled.line(opened.graduate, Area.HOUSEHOLD)], Area.HOUSEHOLD)
    assert (ArchiveRecord.all_rows.count(), HouseholdRecord.all_rows.count()) == (0, 1)


@pytest.mark.rule("ARC-04", "IMP-02")
def test_the_preview_says_what_is_new_changed_unchanged_not_filled_in_and_missing_before_anything_is_written(opened):
    opened.change_approved()
    third = opened.new_graduate("周研", opened.college)
    fourth = opened.new_graduate("何岸", opened.college)
    opened.new_graduate("郁知秋", opened.college)

    upload = filled.uploaded(
        opened,
        [
            filled.line(opened.graduate, contact="钱进"),
            filled.line(opened.neighbour),
            filled.blank(third),
            filled.line(fourth, phone="1"),
        ],
    )

    assert (upload.state, filled.counts(upload)) == ("preview", (1, 1, 0, 1, 1, 1))
    assert preview.lines(upload, "changed", 0) == [
        {
            "line": 2,
            "exam_number": opened.graduate.exam_number,
            "name": "陈诚",
            "doubts": [],
            "changes": {"联系人": ["吴芳", "钱进"]},
        }
    ]
    assert [one["name"] for part in ("new", "blank", "refused", "missing") for one in preview.lines(upload, part, 0)] == [
        "林嘉禾", "周研", "何岸", "郁知秋",
    ]  # fmt: skip
    assert record(opened.graduate).contact == "吴芳"


@pytest.mark.rule("ARC-04", "IMP-03")
def test_the_same_file_again_changes_nothing(opened):
    lines = [filled.line(opened.graduate)]
    filled.written(opened, lines)
    before = (record(opened.graduate).version, Record.objects.count(), Notice.objects.count())

    second = filled.uploaded(opened, lines)

    assert filled.counts(second) == (0, 0, 1, 0, 0, 1)
    with pytest.raises(Refused, match="没有要写入的行"):
        imports.request_writing(second, opened.actor(Role.SCHOOL))
    assert (record(opened.graduate).version, Record.objects.count(), Notice.objects.count()) == before


@pytest.mark.rule("ARC-04")
def test_what_an_agreement_brought_can_be_left_in_the_file_as_it_was_though_the_form_asks_more(opened):
    opened.effective()
    brought = record(opened.graduate)
    given = {key: brought.values[key] for key in CHANGE} | {"kind": "托管单位接收"}

    upload = filled.uploaded(opened, [filled.line(opened.graduate, **given)])
    assert (filled.counts(upload)[:5], filled.reasons(upload)) == ((0, 0, 1, 0, 0), [])

    other = filled.uploaded(opened, [filled.line(opened.graduate, **given | {"contact": "钱进"})])
    assert [place for _, place, _ in filled.reasons(other)] == ["phone", "region"]


@pytest.mark.rule("ARC-04")
def test_a_type_that_asks_for_nothing_keeps_nothing_else(opened):
    filled.written(opened, [filled.line(opened.graduate)])
    filled.written(opened, [filled.line(opened.graduate, kind="暂不确定")])
    assert record(opened.graduate).values == dict.fromkeys(CHANGE, "") | {"kind": "x_undecided"}


@pytest.mark.rule("ARC-04")
def test_a_college_writes_the_records_of_its_own_graduates_and_no_others(opened):
    college = opened.actor(Role.COLLEGE)
    upload = filled.written(opened, [filled.line(opened.graduate), filled.line(opened.neighbour)], actor=college)

    assert (record(opened.graduate).kind, record(opened.neighbour)) == ("x_trustee", None)
    assert filled.reasons(upload) == [(3, "exam_number", "2026 届名单里没有这个考生号，或者这位学生不归你的账号管理")]
    assert (upload.school_id, upload.college_id) == (opened.school.pk, opened.college.pk)


@pytest.mark.rule("ARC-04", "ORG-07")
def test_who_answers_for_one_level_of_study_writes_nobody_elses_records(opened):
    late = opened.new_graduate("周研", opened.college, tier="postgraduate", level="11")
    actor = opened.actor(Role.SCHOOL, tier=Tier.POSTGRADUATE)
    upload = filled.written(opened, [filled.line(late), filled.line(opened.graduate)], actor=actor)
    assert (record(late).kind, record(opened.graduate), upload.counts["missing"]) == ("x_trustee", None, 0)


# ---- who is refused


@pytest.mark.rule("ARC-04", "ARC-08")
def test_who_is_not_on_the_modules_list_is_refused_with_the_reason(opened):
    unmoved = opened.new_graduate("周研", opened.college, archive_moved=False)
    unknown = opened.new_graduate("何岸", opened.college, archive_moved=None)
    gone = opened.new_graduate("郁知秋", opened.college)
    remove_line(gone.public_id, opened.actor(Role.SCHOOL), words="转学")

    upload = filled.written(
        opened, [filled.line(one) for one in (unmoved, unknown, gone, opened.stranger, opened.graduate)]
    )

    assert filled.reasons(upload) == [
        (2, "", "学校名单里「档案是否转入学校」是「否」，不在档案信息的学生名单里"),
        (4, "", "学生已从学校名单中删除，重新上传名单后才能登记"),
        (5, "exam_number", "2026 届名单里没有这个考生号，或者这位学生不归你的账号管理"),
    ]
    assert set(ArchiveRecord.all_rows.values_list("graduate", flat=True)) == {unknown.pk, opened.graduate.pk}


@AREAS
@pytest.mark.rule("ARC-04")
def test_what_waits_for_a_reviewer_is_refused_until_it_is_decided(opened, area):
    case = opened.change_submitted(area)
    upload = filled.uploaded(opened, [filled.line(opened.graduate, area, contact="钱进")], area)
    assert filled.reasons(upload) == [(2, "", "审核中：毕业生申请了修改，审核完才能批量登记")]

    perform(case, "return", opened.actor(Role.COLLEGE), reason="x_archive", words="接收单位没有档案保管权")
    filled.written(opened, [filled.line(opened.graduate, area, contact="钱进", postcode="100191")], area)
    assert record(opened.graduate, area).contact == "钱进"


@pytest.mark.rule("ARC-04", "IMP-04")
def test_whom_a_line_means_must_be_clear(opened):
    upload = filled.uploaded(
        opened,
        [
            filled.line(opened.graduate), filled.line(opened.graduate), filled.line(opened.neighbour, name="别人"),
            filled.line(opened.neighbour, exam_number=""),
        ],
    )  # fmt: skip
    assert filled.reasons(upload) == [
        (2, "exam_number", "文件里第 3 行也是这个考生号，请只保留一行"),
        (3, "exam_number", "文件里第 2 行也是这个考生号，请只保留一行"),
        (4, "name", "考生号和姓名对不上，请核对"), (5, "exam_number", "考生号没有填写"),
    ]  # fmt: skip


# ---- what cells may say


@pytest.mark.rule("ARC-02", "ARC-04")
@pytest.mark.parametrize(
    ("given", "place", "why"),
    [
        ({"receiver": "陈 诚"}, "receiver", "接收单位不能是本人或家属，填接收单位的全称"),
        ({"receiver": "陈建国"}, "receiver", "接收单位不能是本人或家属，填接收单位的全称"),
        ({"phone": "138-0000-1111"}, "phone", "这是本人或家属的电话，填接收单位的电话"),
        ({"region": "江南省"}, "region", "档案接收地区「江南省」不在代码表里，填六位代码，或者从省写起的全称"),
        ({"region": "北京市"}, "region", "北京市下面还要选到下一级，例如：东城区"),
        ({"region": ""}, "region", "档案接收地区还没有选择"),
        ({"kind": "寄回家"}, "kind", "档案转递类型「寄回家」不在代码表里，请对照代码表填写"),
        ({"kind": ""}, "kind", "档案转递类型还没有选择"),
        ({"address": ""}, "address", "档案接收地址还没有填写"),
        ({"address": "长" * 201}, "address", "档案接收地址最多 200 个字"),
        ({"phone": "见附件"}, "phone", "电话只能有数字和短横，请对照再填"),
        ({"postcode": "1001"}, "postcode", "邮政编码是 6 位数字"),
    ],
)  # fmt: skip
def test_a_cell_is_held_to_what_the_form_asks(opened, given, place, why):
    Graduate.all_rows.filter(pk=opened.graduate.pk).update(
        extra={"emergency_name": "陈建国", "emergency_phone": "13800001111"}
    )
    upload = filled.uploaded(opened, [filled.line(opened.graduate, **given)])
    assert (filled.counts(upload)[0], filled.reasons(upload)) == (0, [(2, place, why)])


@pytest.mark.rule("ARC-02")
def test_what_only_looks_like_a_home_is_pointed_out_and_written(opened):
    upload = filled.uploaded(
        opened, [filled.line(opened.graduate, address="学府花园3号楼2单元501室"), filled.line(opened.neighbour)]
    )
    assert upload.counts["doubtful"] == 1
    found = preview.lines(upload, "doubtful", 0)
    assert [(one["line"], len(one["doubts"])) for one in found] == [(2, 1)]
    filled.applied(upload, opened.actor(Role.SCHOOL))
    assert record(opened.graduate).address == "学府花园3号楼2单元501室"


@pytest.mark.rule("ARC-04")
def test_a_type_of_further_study_goes_with_such_a_destination_alone(opened):
    opened.registered("seeking")
    upload = filled.uploaded(opened, [filled.line(opened.graduate, kind="升学外单位接收")])
    assert [(place, why[:10]) for _, place, why in filled.reasons(upload)] == [("kind", "「升学外单位接收」要")]


@pytest.mark.rule("ARC-04")
@pytest.mark.parametrize(
    "cell",
    [
        '=HYPERLINK("http://example.com","点")',
        "=1+1",
        "@SUM(A1)",
        "+86",
        "-1",
        "<script>alert(1)</script>",
        "甲\u202e乙",
    ],
)
def test_a_cell_that_a_spreadsheet_would_run_stays_text_wherever_it_goes(opened, cell):
    lines = [
        filled.line(opened.graduate, receiver=f"{cell}人才中心", contact=cell),
        filled.line(opened.neighbour, receiver=cell, phone="x"),
    ]
    upload = filled.written(opened, filled.xlsx(filled.table(lines)))
    kept = record(opened.graduate)
    assert (upload.state, kept.contact.replace("\u202e", "")) == ("applied", cell.replace("\u202e", ""))

    page = openpyxl.load_workbook(io.BytesIO(imports.refused_workbook(upload, opened.actor(Role.SCHOOL)))).active
    assert {one.data_type for row in page.iter_rows() for one in row if one.value is not None} == {"s"}


@pytest.mark.rule("IMP-02", "ARC-04")
def test_the_refused_lines_come_back_in_the_shape_of_the_file_with_their_faults_marked(opened):
    lines = [filled.line(opened.graduate), filled.line(opened.neighbour, phone="见附件", region="")]
    rows = [[*row, "备注" if at == 0 else "请留意"] for at, row in enumerate(filled.table(lines))]
    upload = filled.uploaded(opened, filled.text(rows))

    page = openpyxl.load_workbook(io.BytesIO(imports.refused_workbook(upload, opened.actor(Role.SCHOOL)))).active
    cells = [[cell.value for cell in row] for row in page.iter_rows()]
    marked = [cell.column_letter for cell in page[2] if cell.comment]
    assert (len(cells), cells[0][-2:], cells[1][1], cells[1][-2]) == (2, ["备注", "错误原因"], "林嘉禾", "请留意")
    assert (cells[1][-1], len(marked)) == (
        "原文件第 3 行：档案接收地区还没有选择；电话只能有数字和短横，请对照再填", 2,
    )  # fmt: skip


# ---- files that cannot be taken, and who may not bring one


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", b"", "一段文字\x00".encode()])
def test_what_is_no_table_is_refused_at_the_door_and_leaves_nothing(opened, content, settings, tmp_path):
    settings.QICHENG_FILES = tmp_path
    with pytest.raises(Unreadable):
        filled.uploaded(opened, content, read=False)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda rows: [["甲", "乙", "丙"], ["1", "2", "3"]], "前几行里没有找到表头"),
        (lambda rows: [row[:-1] for row in rows], "文件缺少这些列：邮政编码"),
        (lambda rows: [[*row, "姓名"] for row in rows], "「姓名」出现了两列"),
        (lambda rows: rows[:1], "表头下面没有内容"),
        (lambda rows: [[one.replace("档案", "户口").replace("转递类型", "迁移类型") for one in rows[0]], *rows[1:]], "文件缺少这些列：档案转递类型"),
    ],
)  # fmt: skip
def test_a_file_whose_headings_cannot_be_right_is_refused_whole_with_the_reason(opened, spoil, why):
    upload = filled.uploaded(opened, filled.text(spoil(filled.table([filled.line(opened.graduate)]))))
    assert (upload.state, upload.reason.startswith(why)) == ("refused", True), upload.reason


@AREAS
@pytest.mark.rule("ARC-07", "ORG-05", "ARC-04")
def test_whoever_lacks_the_areas_permission_to_write_brings_no_file(opened, area):
    other = Area.HOUSEHOLD if area is Area.ARCHIVE else Area.ARCHIVE
    school = opened.actor(Role.SCHOOL)
    for levels in ({area: Level.READ, other: Level.WRITE}, {other: Level.WRITE, Area.EMPLOYMENT: Level.WRITE}):
        actor = type(school)(Role.SCHOOL, school.node, school.account, levels)
        with pytest.raises(NotOpen):
            filled.uploaded(opened, [filled.line(opened.graduate, area)], area, actor)
    for role in (Role.PROVINCE, Role.MINISTRY, Role.GRADUATE, Role.EMPLOYER):
        with pytest.raises(NotOpen):
            filled.uploaded(opened, [filled.line(opened.graduate, area)], area, opened.actor(role))


@pytest.mark.rule("ORG-02", "ARC-04")
def test_a_module_that_is_closed_takes_no_file_and_writes_none(opened):
    waiting = filled.uploaded(opened, [filled.line(opened.graduate)])
    imports.request_writing(waiting, opened.actor(Role.SCHOOL))
    Opening.objects.filter(module="archive").update(is_open=False)

    imports.apply_upload("archive", waiting.pk)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason, ArchiveRecord.all_rows.count()) == (
        "preview", "省级用户没有开启「档案信息登记」模块，开启后才能办理。", 0,
    )  # fmt: skip
    for act in (
        lambda: imports.request_writing(waiting, opened.actor(Role.SCHOOL)),
        lambda: filled.uploaded(opened, b"a,b"),
    ):
        with pytest.raises(Refused, match="省级用户没有开启"):
            act()


# ---- between preview and writing


@pytest.mark.rule("ARC-04", "IMP-03")
@pytest.mark.parametrize("meanwhile", ["edited", "applied for", "removed", "renamed"])
def test_what_changed_after_the_preview_is_shown_again_before_anything_is_written(opened, meanwhile):
    school = opened.actor(Role.SCHOOL)
    upload = filled.uploaded(opened, [filled.line(opened.graduate), filled.line(opened.neighbour)])
    imports.request_writing(upload, school)
    if meanwhile == "edited":
        effects.edit_record(Area.ARCHIVE, opened.graduate.public_id, school, seen=0, **CHANGE | {"contact": "钱进"})
    elif meanwhile == "applied for":
        opened.change_submitted()
    elif meanwhile == "removed":
        remove_line(opened.graduate.public_id, school, words="转学")
    else:
        Graduate.all_rows.filter(pk=opened.graduate.pk).update(name="陈成")

    imports.apply_upload("archive", upload.pk)

    upload.refresh_from_db()
    assert (upload.state, upload.reason[:5], record(opened.neighbour)) == ("preview", "你查看之后", None)
    filled.applied(upload, school)
    assert (upload.state, record(opened.neighbour).kind) == ("applied", "x_trustee")


@pytest.mark.rule("ARC-04")
def test_what_changed_of_others_meanwhile_does_not_hold_the_file_up(opened):
    upload = filled.uploaded(opened, [filled.line(opened.graduate)])
    opened.change_approved(graduate=opened.neighbour)
    assert filled.applied(upload, opened.actor(Role.SCHOOL)).state == "applied"


@pytest.mark.rule("ARC-05", "ARC-04")
def test_an_application_that_was_begun_before_is_held_against_what_the_file_wrote(opened):
    draft = opened.change_draft()
    filled.written(opened, [filled.line(opened.graduate, contact="钱进")])
    perform(draft, "submit", opened.actor(Role.GRADUATE))
    assert (draft.before["contact"], draft.record_version) == ("钱进", 1)


def test_a_file_that_is_open_already_is_given_back_instead_of_taken_in_twice(opened):
    content = filled.text(filled.table([filled.line(opened.graduate)]))
    first = filled.uploaded(opened, content)
    assert filled.uploaded(opened, content, read=False).pk == first.pk
    imports.drop(first, opened.actor(Role.SCHOOL))
    assert filled.uploaded(opened, content, read=False).pk != first.pk
