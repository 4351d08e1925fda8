"""IMP-01: every format, every kind of headings, codes and names, columns in any order, and what cannot be taken at all."""

from __future__ import annotations

import io

import openpyxl
import pytest

from qicheng.domain.roster.imports import empty_template
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.kit import workbooks
from qicheng.foundation.kit.workbooks import Unreadable
from tests.domain.roster import files

pytestmark = pytest.mark.django_db


def stored(world, exam_number="22119999000001"):
    return Graduate.all_rows.get(school=world.school, exam_number=exam_number)


@pytest.mark.rule("IMP-01")
@pytest.mark.parametrize("headings", ["chinese", "pinyin", "both"])
@pytest.mark.parametrize(
    "form", [files.xlsx, files.xls, files.text, lambda rows: files.text(rows, "gb18030")],
    ids=["xlsx", "xls", "csv in UTF-8", "csv in GB18030"],
)  # fmt: skip
def test_every_format_and_every_kind_of_headings_gives_the_same_line(world, form, headings):
    rows = files.table_of([files.line(world, 1, 姓名="阿依古丽·买买提")], headings)

    upload = files.written(world, form(rows))

    graduate = stored(world)
    assert (upload.state, files.counts(upload)[:1]) == ("applied", (1,))
    assert (graduate.name, graduate.sex, graduate.nation, graduate.college, graduate.tier, graduate.study_years) == (
        "阿依古丽·买买提", "1", "01", world.college, "undergraduate", "4",
    )  # fmt: skip
    assert (graduate.entered_on, graduate.graduates_on, graduate.birth_date, graduate.revision) == (
        "202209", "202607", "20020102", 1,
    )  # fmt: skip


@pytest.mark.rule("IMP-01")
def test_names_codes_and_what_a_spreadsheet_makes_of_codes_mean_the_same(world):
    usual = files.line(world, 1, 民族代码="1", 政治面貌代码="共青团员", 学历代码="本科", 困难生类别代码="非困难生")
    names = files.line(world, 2, 性别代码="女", 民族代码="汉族", 政治面貌代码="3", 学历代码="31.0", 困难生类别代码="0")

    upload = files.written(world, files.xlsx(files.table_of([usual, names])))

    kept = ("nation", "political_status", "level", "hardship")
    assert upload.counts["refused"] == 0
    assert [[getattr(stored(world, usual["考生号"]), key) for key in kept], [getattr(stored(world, names["考生号"]), key) for key in kept]] == [
        ["01", "03", "31", "0"], ["01", "03", "31", "0"],
    ]  # fmt: skip


@pytest.mark.rule("IMP-01")
def test_a_code_wins_over_the_name_beside_it_and_a_contradiction_is_refused(world):
    agreeing = files.line(world, 1) | {"民族": "汉族"}
    code_alone, name_alone = files.line(world, 2) | {"民族": ""}, files.line(world, 3, 民族代码="") | {"民族": "回族"}
    contradicting = files.line(world, 4) | {"民族": "回族"}

    upload = files.written(world, files.xlsx(files.table_of([agreeing, code_alone, name_alone, contradicting])))

    assert [stored(world, row["考生号"]).nation for row in (agreeing, code_alone, name_alone)] == ["01", "01", "03"]
    assert files.reasons(upload) == [(5, "nation", "民族代码「01」与民族「回族」不一致，请核对")]


@pytest.mark.rule("IMP-01")
def test_order_of_columns_extra_columns_and_a_title_above_do_not_matter(world):
    row = {"备注": "请留意"} | dict(reversed(files.line(world, 1).items())) | {"辅导员": "王老师"}
    rows = [["江临大学 2026 届毕业生名单", *[""] * (len(row) - 1)], *files.table_of([row])]

    upload = files.written(world, files.text(rows))

    assert (upload.state, stored(world).major) == ("applied", "计算机科学与技术")


@pytest.mark.rule("IMP-01")
def test_fields_that_the_file_does_not_have_stay_as_they_are(world):
    graduate = world.graduate
    row = files.line_of(graduate, 专业="软件工程")
    del row["学号"], row["手机号码"], row["出生日期"]

    files.written(world, files.xlsx(files.table_of([row])))

    fresh = Graduate.all_rows.get(pk=graduate.pk)
    assert (fresh.major, fresh.student_number, fresh.phone, fresh.birth_date, fresh.archive_moved) == (
        "软件工程", graduate.student_number, graduate.phone, graduate.birth_date, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda rows: [["甲", "乙", "丙"], ["1", "2", "3"]], "前几行里没有找到表头"),
        (lambda rows: [row[:2] + row[3:] for row in rows], "文件缺少这些列：姓名"),
        (lambda rows: [[*row, "又一个姓名" if at else "姓名"] for at, row in enumerate(rows)], "「姓名」出现了两列"),
        (lambda rows: rows[:1], "表头下面没有内容"),
    ],
)  # fmt: skip
def test_a_file_whose_headings_cannot_be_right_is_refused_whole_with_the_reason(world, spoil, why):
    rows = spoil(files.table_of([files.line(world, 1)]))

    upload = files.uploaded(world, files.text(rows))

    assert (upload.state, upload.reason.startswith(why)) == ("refused", True), upload.reason


def test_two_rows_of_headings_that_contradict_each_other_are_refused(world):
    rows = files.table_of([files.line(world, 1)], "both")
    rows[1][0], rows[1][1] = rows[1][1], rows[1][0]

    upload = files.uploaded(world, files.text(rows))

    assert (upload.state, upload.reason) == ("refused", "第 1 列的两行表头不是同一项：考生号、身份证号，请核对")


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", b"", "一段文字\x00".encode()])
def test_what_is_no_table_is_refused_at_the_door_and_leaves_nothing(world, content, settings, tmp_path):
    settings.QICHENG_FILES = tmp_path

    with pytest.raises(Unreadable):
        files.uploaded(world, content, read=False)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.rule("IMP-01")
def test_the_template_has_drop_downs_a_sheet_of_codes_and_can_be_uploaded_as_it_is_filled_in(world):
    book = openpyxl.load_workbook(io.BytesIO(empty_template(world.cohort)))
    page = book["名单"]
    headings = [cell.value for cell in page[1]]
    row = files.line(world, 1)
    page.append([row.get(heading.split("(")[0], "") for heading in headings])
    out = io.BytesIO()
    book.save(out)

    upload = files.written(world, out.getvalue())

    assert (headings[:3], [cell.value for cell in page[2]][:3]) == (
        ["考生号", "身份证号", "姓名"],
        ["KSH", "SFZH", "XM"],
    )
    assert len(page.data_validations.dataValidation) > 10
    assert "代码表" in book.sheetnames
    assert (upload.state, upload.counts["new"], upload.counts["refused"]) == ("applied", 1, 0)


def test_the_template_read_by_our_own_reader_has_only_headings():
    assert len(list(workbooks.rows(empty_template(2026)))) == 2
