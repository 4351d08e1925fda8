"""IMP-02 and IMP-04: every wrong cell is named by line, column and reason, and nothing that is right is lost."""

from __future__ import annotations

import io
import random
import resource
import time

import openpyxl
import pytest

from qicheng.domain.roster.imports import columns, refused_workbook
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Role, Tier
from qicheng.foundation.kit.identity import NotValid, id_check_digit, identity_number
from tests.domain.roster import files

pytestmark = pytest.mark.django_db


def wrong(world, **cells):
    upload = files.uploaded(world, files.text(files.table_of([files.line(world, 1, **cells), files.line(world, 2)])))
    assert upload.counts["refused"] == 1, upload.counts
    return [(place, reason) for line, place, reason in files.reasons(upload) if line == 2]


@pytest.mark.rule("IMP-04")
@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ({"姓名": ""}, [("name", "姓名没有填写")]),
        ({"姓名": "王" * 61}, [("name", "姓名有 61 个字，最多 60 个字")]),
        ({"姓名": "=HYPERLINK(1)"}, [("name", "姓名里有数字或符号，请核对；间隔号用「·」")]),
        ({"民族代码": "99"}, [("nation", "民族「99」不在代码表里，请对照模板里的「代码表」填写")]),
        ({"民族代码": ""}, [("nation", "民族没有填写")]),
        ({"学制": "4.3"}, [("study_years", "学制「4.3」应是 1 至 9.5 之间的数，最小单位是 0.5 年")]),
        ({"学制": "0.5"}, [("study_years", "学制「0.5」应是 1 至 9.5 之间的数，最小单位是 0.5 年")]),
        ({"毕业时间": "202613"}, [("graduates_on", "毕业时间「202613」应写成 6 位年月，例如 202607")]),
        ({"入学时间": "202701"}, [("graduates_on", "毕业时间早于入学时间，请核对")]),
        ({"出生日期": "20020103"}, [("birth_date", "出生日期与身份证号第 7 至 14 位不符，请核对")]),
        ({"出生日期": "昨天"}, [("birth_date", "出生日期「昨天」应写成 8 位数字，例如 20030506")]),
        ({"毕业年份": "2025"}, [("cohort_said", "毕业年份「2025」不是这次上传的 2026 届")]),
        ({"专业代码": "计算机"}, [("major_code", "专业代码「计算机」不是国家专业目录的代码，例如 080901")]),
        ({"生源所在地代码": "119999"}, [("origin", "生源所在地「119999」不在代码表里，请对照模板里的「代码表」填写")]),
        ({"培养方式代码": "21"}, [("directed_unit", "定向或委培（不可网签）要填写定向或委培单位")] ),
        ({"所在院系": ""}, [("college", "所在院系没有填写")]),
        ({"考生号": "12345"}, [("exam_number", "考生号现在是 5 位，本专科应为 14 位，研究生应为 15 位，请核对")]),
        ({"考生号": "2.21102E+13"}, [("exam_number", "考生号被表格软件变成了数字，末几位已丢失，请把该列设为文本后重新填写")]),
        ({"身份证号": ""}, [("id_number", "身份证号没有填写，请填写 18 位身份证号")]),
        ({"手机号码": "见备注"}, [("phone", "手机号码只能有数字和短横，请核对")]),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_with_its_reason(world, cells, found):
    if "培养方式代码" in cells:
        cells = cells | {"定向或委培单位": ""}
    assert wrong(world, **cells) == found


@pytest.mark.rule("IMP-04")
def test_the_school_of_a_line_must_be_the_users_own(world):
    reason = wrong(world, 院校代码=world.other_school.code, 院校名称=world.other_school.name)

    assert [place for place, _ in reason] == ["school_said"]
    assert reason[0][1].endswith(f"不是本校（{world.school.code} {world.school.name}）")


@pytest.mark.rule("IMP-04")
def test_sql_and_the_kit_agree_on_every_identity_number(world):
    """The check in SQL against the one in Python, on numbers that are right, nearly right and strange."""
    chance = random.Random(4)
    numbers = []
    for _ in range(400):
        month, day = chance.choice([(2, 29), (2, 30), (4, 31), (13, 1), (0, 1), (12, 31), (6, 15), (1, 0)])
        digits = f"{chance.choice(['110102', '010102', '320508'])}{chance.choice([1900, 1999, 2000, 2004, 2001, 2024, 1890])}{month:02d}{day:02d}{chance.randrange(1000):03d}"
        number = digits + (id_check_digit(digits) if chance.random() < 0.7 else chance.choice("0123456789X"))
        numbers.append(chance.choice([number] * 8 + [number[:-1], number.lower(), number[:5] + "O" + number[6:]]))
    lines = [files.line(world, n, 身份证号=number, 出生日期="", 性别代码="") for n, number in enumerate(numbers)]

    upload = files.uploaded(world, files.text(files.table_of(lines)))

    found = {
        line for line, place, reason in files.reasons(upload) if place == "id_number" and "请只保留一行" not in reason
    }
    assert found == {line for line, number in enumerate(numbers, 2) if not _valid(number)}
    assert 50 < len(found) < 390


def _valid(number):
    try:
        return bool(identity_number(number))
    except NotValid:
        return False


@pytest.mark.rule("IMP-04")
def test_sex_must_agree_with_the_identity_number(world):
    line = files.line(world, 1)
    other = "2" if line["性别代码"] == "1" else "1"

    assert wrong(world, 性别代码=other) == [("sex", "性别与身份证号第 17 位不符，请核对")]


@pytest.mark.rule("IMP-04")
def test_duplicates_in_the_file_name_each_other(world):
    first, second, third = (files.line(world, n) for n in (1, 2, 3))
    lines = [
        first,
        second | {"考生号": first["考生号"]},
        third | {"身份证号": first["身份证号"], "性别代码": first["性别代码"], "出生日期": first["出生日期"]},
    ]

    upload = files.uploaded(world, files.xlsx(files.table_of(lines)))

    assert files.reasons(upload) == [
        (2, "exam_number", "文件里第 3 行也是这个考生号，请只保留一行"),
        (2, "id_number", "文件里第 4 行也是这个身份证号，请只保留一行"),
        (3, "exam_number", "文件里第 2 行也是这个考生号，请只保留一行"),
        (4, "id_number", "文件里第 2 行也是这个身份证号，请只保留一行"),
    ]


@pytest.mark.rule("IMP-04")
def test_a_person_of_the_roster_under_another_number_and_a_number_of_another_person_are_refused(world):
    other_number = files.line_of(world.graduate, 考生号="22119999000009")
    new = files.line(world, 1)
    other_person = new | {"考生号": world.neighbour.exam_number}

    upload = files.uploaded(world, files.xlsx(files.table_of([other_number, other_person])))

    assert files.reasons(upload) == [
        (2, "id_number", "这个身份证号在名单里属于另一个考生号，请核对"),
        (3, "exam_number", "这个考生号在名单里属于另一个人，请核对"),
    ]


@pytest.mark.rule("ORG-07", "IMP-04")
def test_lines_outside_the_users_levels_are_refused(world):
    lines = [files.line(world, 1), files.line(world, 2, 学历代码="11", 考生号="221199990000002")]

    upload = files.uploaded(world, files.xlsx(files.table_of(lines)), tier=Tier.POSTGRADUATE)

    assert (files.counts(upload)[0], upload.counts["missing"]) == (1, 0)
    assert files.reasons(upload) == [(2, "level", "你的账号不负责这个学历层次，请由负责的老师上传")]


@pytest.mark.rule("IMP-01")
def test_rare_characters_marks_and_spaces_inside_survive_and_strange_ones_go(world):
    lines = [
        files.line(world, 1, 姓名="王𬱖"), files.line(world, 2, 姓名="阿依古丽·买买提"), files.line(world, 3, 姓名="\u202e李敏\u200b"),
        files.line(world, 4, 姓名="Zoe\u0308 Li", 所在院系="计算机　学院"),
    ]  # fmt: skip

    files.written(world, files.text(files.table_of(lines)))

    names = [Graduate.all_rows.get(exam_number=line["考生号"]).name for line in lines]
    assert names == ["王𬱖", "阿依古丽·买买提", "李敏", "Zoë Li"]
    assert Graduate.all_rows.get(exam_number=lines[3]["考生号"]).college.name == "计算机　学院"


def test_a_cell_that_no_spreadsheet_could_hold_is_one_wrong_line(world):
    lines = [files.line(world, 1), files.line(world, 2, 姓名="王" * 100_000)]

    upload = files.uploaded(world, files.text(files.table_of(lines)))

    assert (upload.state, files.counts(upload)[0]) == ("preview", 1)
    assert files.reasons(upload) == [(3, "name", "姓名有 100000 个字，最多 60 个字")]


def test_a_cell_of_a_megabyte_is_most_likely_a_lost_quotation_mark_and_the_file_is_refused_with_that_reason(world):
    lines = [files.line(world, 1), files.line(world, 2, 姓名="王" * 1_000_000)]

    upload = files.uploaded(world, files.text(files.table_of(lines)))

    assert (upload.state, upload.reason) == (
        "refused",
        "CSV 文件的引号不成对或单元格过长，请核对，或另存为 .xlsx 后上传",
    )


def test_a_formula_is_text_and_hidden_and_merged_sheets_do_no_harm(world):
    book = openpyxl.Workbook()
    hidden, page = book.active, book.create_sheet("名单")
    hidden.title, hidden.sheet_state = "说明", "hidden"
    hidden.append(["甲", "乙"])
    rows = files.table_of([files.line(world, 1), files.line(world, 2)])
    page.append(["江临大学名单"])
    page.merge_cells("A1:F1")
    for row in rows:
        page.append(row)
    page.cell(3, 3).value = '="张"&"三"'
    out = io.BytesIO()
    book.save(out)

    upload = files.uploaded(world, out.getvalue())

    assert (upload.state, upload.total, files.counts(upload)[0]) == ("preview", 2, 1)
    assert files.reasons(upload) == [(3, "name", "姓名没有填写")]


@pytest.mark.rule("IMP-02")
def test_the_preview_counts_new_changed_unchanged_refused_and_missing(world):
    stays = files.line_of(world.neighbour)
    lines = [files.line(world, 1), files.line_of(world.graduate, 专业="软件工程"), stays, files.line(world, 2, 姓名="")]
    absent = world.new_graduate("何岸", world.college)

    upload = files.uploaded(world, files.xlsx(files.table_of(lines)))

    assert files.counts(upload) == (1, 1, 1, 1, 1)
    assert upload.counts["colleges"] == []
    assert absent.exam_number not in [line["考生号"] for line in lines]


@pytest.mark.rule("IMP-02")
def test_refused_lines_can_be_taken_away_in_the_same_shape_mended_and_uploaded_again(world):
    rows = files.table_of(
        [files.line(world, 1), files.line(world, 2, 姓名="", 民族代码="99"), files.line(world, 3)], "both"
    )
    upload = files.uploaded(world, files.xlsx(rows[:1] + rows[1:]))

    book = openpyxl.load_workbook(io.BytesIO(refused_workbook(upload, world.actor(Role.SCHOOL))))
    page = book.active
    found = [[cell.value for cell in row] for row in page.iter_rows()]

    assert [row[: len(rows[0])] for row in found[:2]] == rows[:2]
    assert (len(found), found[2][0], found[2][-1]) == (
        3, rows[3][0], "原文件第 4 行：姓名没有填写；民族「99」不在代码表里，请对照模板里的「代码表」填写",
    )  # fmt: skip
    page.cell(3, 3).value, page.cell(3, 5).value = "李四", "01"
    out = io.BytesIO()
    book.save(out)
    assert files.counts(files.uploaded(world, out.getvalue()))[0] == 1


@pytest.mark.rule("IMP-04")
def test_ten_thousand_hostile_lines_name_every_bad_one_and_lose_no_good_one(world):
    chance = random.Random(17)
    spoilers = [
        lambda line: line | {"身份证号": line["身份证号"][:-1] + ("0" if line["身份证号"][-1] != "0" else "1")},
        lambda line: line | {"姓名": ""}, lambda line: line | {"民族代码": "9 9"}, lambda line: line | {"学制": "四"},
        lambda line: line | {"毕业时间": "2026-17"}, lambda line: line | {"所在院系": "院" * 61},
        lambda line: line | {"性别代码": "3"}, lambda line: line | {"姓名": "=1+1"},
    ]  # fmt: skip
    harmless = [
        lambda line: line,
        lambda line: line | {"民族代码": " 1 "},
        lambda line: line | {"姓名": f"\u200e{line['姓名']}\ufeff"},
    ]
    lines, bad = [], set()
    for n in range(10_000):
        line = files.line(world, n)
        if chance.random() < 0.2:
            lines.append(chance.choice(spoilers)(line))
            bad.add(n + 2)
        else:
            lines.append(chance.choice(harmless)(line))
    content = files.text(files.table_of(lines), "gb18030")
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()

    upload = files.uploaded(world, content)

    assert {line for line, _, _ in files.reasons(upload)} == bad
    assert (upload.counts["new"], upload.counts["refused"]) == (10_000 - len(bad), len(bad))
    assert time.monotonic() - start < 60
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


def test_the_stage_has_a_column_for_every_field_that_is_read():
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT attname FROM pg_attribute WHERE attrelid = 'roster_uploadline'::regclass AND attnum > 0")
        assert {name for (name,) in cursor.fetchall()} == set(columns.STAGE)
