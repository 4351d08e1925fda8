"""Workbooks that people bring, good and hostile, and those they take away."""

import csv
import io
import json
import os
import struct
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qicheng.foundation.kit import workbooks
from qicheng.foundation.kit.calendar import BEIJING
from qicheng.foundation.kit.workbooks import LIMITS, Column, Unreadable, cells

HEADINGS = ["考生号", "姓名", "民族代码"]
PEOPLE = [["16210102150123", "陈诚", "01"], ["16210102150124", "𬱖·阿不都", "02"]]
MB = 1024 * 1024


def read(content, **limits):
    return list(workbooks.rows(content, replace(LIMITS, **limits)))


def refusal(content, **limits):
    with pytest.raises(Unreadable) as caught:
        read(content, **limits)
    return str(caught.value)


def xlsx(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(rows):
    book = xlwt.Workbook()
    page = book.add_sheet("名单")
    for line, row in enumerate(rows):
        for place, value in enumerate(row):
            page.write(line, place, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def text_of(rows, delimiter=","):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def zipped(entries, packing=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def with_sheet(body, **others):
    """A true workbook whose first sheet holds the given XML, with further entries changed."""
    with zipfile.ZipFile(io.BytesIO(xlsx([["甲"]]))) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries["xl/worksheets/sheet1.xml"] = (
        b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b"<sheetData>" + body + b"</sheetData></worksheet>"
    )
    return zipped(entries | others)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (xlsx([HEADINGS, *PEOPLE]), "xlsx"),
        (xls([HEADINGS, *PEOPLE]), "xls"),
        (text_of([HEADINGS, *PEOPLE]).encode(), "csv"),
        (text_of([HEADINGS, *PEOPLE]).encode("utf-8-sig"), "csv"),
        (text_of([HEADINGS, *PEOPLE]).encode("gb18030"), "csv"),
        (text_of([HEADINGS, *PEOPLE], "\t").encode("utf-16"), "csv"),
        (text_of([HEADINGS, *PEOPLE], ";").encode(), "csv"),
    ],
    ids=["xlsx", "xls", "utf-8", "utf-8 with mark", "gb18030", "utf-16 with tabs", "semicolons"],
)
def test_every_form_gives_the_same_rows_whatever_its_name(content, kind, tmp_path):
    path = tmp_path / "名单.pdf"
    path.write_bytes(content)
    assert workbooks.kind_of(path) == kind
    assert list(workbooks.rows(path)) == [HEADINGS, *PEOPLE]
    assert list(workbooks.rows(content)) == list(workbooks.rows(io.BytesIO(content))) == [HEADINGS, *PEOPLE]


def test_cells_become_what_a_person_would_have_typed():
    row = [2023, 2023.0, 1.5, date(2023, 1, 9), datetime(2023, 1, 9, 5, 6), True, None, 320681199711230829]  # noqa: DTZ001
    assert read(xlsx([row])) == [
        ["2023", "2023", "1.5", "2023-01-09", "2023-01-09 05:06:00", "TRUE", "", "3.20681199711231e+17"]
    ]
    assert read(xls([[1.0, 20, "x"]])) == [["1", "20", "x"]]


def test_the_nth_row_is_line_n_and_blank_lines_at_the_end_are_left_out():
    assert read(xlsx([[], [None, "甲"], [], ["", "乙"], [" "]])) == [["", ""], ["", "甲"], ["", ""], ["", "乙"]]
    assert read("甲,乙\n\n丙\n,\n\n".encode()) == [["甲", "乙"], ["", ""], ["丙", ""]]


def test_hidden_sheets_are_passed_over_and_a_sheet_can_be_named():
    book = openpyxl.Workbook()
    book.active.append(["藏"])
    book.active.sheet_state = "hidden"
    book.create_sheet("名单").append(["甲"])
    book.create_sheet("其他").append(["乙"])
    book.active = 1
    out = io.BytesIO()
    book.save(out)
    assert read(out.getvalue()) == [["甲"]]
    assert list(workbooks.rows(out.getvalue(), sheet="其他")) == [["乙"]]
    with pytest.raises(Unreadable, match="没有名为「无」的工作表"):
        list(workbooks.rows(out.getvalue(), sheet="无"))


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("\u3000 陈诚\u00a0", "陈诚"),
        ("陈\u202e诚\u2066", "陈诚"),
        ("陈\x00诚\x07", "陈诚"),
        ("陈\u200b诚\ufeff", "陈诚"),
        ("第一行\r\n第二行", "第一行  第二行"),
        ("陈 诚", "陈 诚"),
        ("Ａ．Ｂ", "Ａ．Ｂ"),
        ("葛\U000e0100", "葛\U000e0100"),
        ("\ue000", "\ue000"),
    ],
)
def test_only_what_nobody_meant_to_write_is_taken_away(given_text, kept):
    assert cells.clean([given_text]) == [kept]


@given(st.lists(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.dates(), st.datetimes(), st.booleans())))
def test_cleaning_gives_text_without_edges_and_cleans_only_once(row):
    once = cells.clean(list(row))
    assert [cell for cell in once if type(cell) is not str or cell != cell.strip() or "\0" in cell] == []
    assert cells.clean(list(once)) == once


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Cn", "Co", "Zl", "Zp"]), max_size=12).map(
    str.strip
)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width).filter(any), min_size=1, max_size=6)
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TABLES)
def test_what_is_written_is_read_back(table):
    headings = [f"列{place}" for place in range(len(table[0]))]
    assert read(workbooks.write(headings, table)) == [headings, *table]


@settings(max_examples=25, deadline=None)
@given(TABLES, st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]))
def test_a_csv_file_is_read_back_in_each_encoding(table, encoding):
    headings = [f"列{place}" for place in range(len(table[0]))]
    expected = [[cells.QUOTED_FORMULA.sub(r"\1", cell) for cell in row] for row in table]
    assert read(text_of([headings, *table]).encode(encoding)) == [headings, *expected]


def test_a_number_protected_by_a_formula_in_a_csv_file_is_read_as_the_number():
    assert read('考生号,="0123"\n"=""0456""",乙\n'.encode()) == [["考生号", "0123"], ["0456", "乙"]]


def mended(content, at, mark, value):
    """The archive with a field of its first central entry changed."""
    start = content.index(b"PK\x01\x02")
    changed = bytearray(content)
    struct.pack_into(mark, changed, start + at, value)
    return bytes(changed)


def overlapping():
    """Two entries of the contents that point to the same bytes."""
    content = zipped({"xl/workbook.xml": b"a" * 100, "xl/b.xml": b"a" * 100})
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 4)
    changed = bytearray(content)
    struct.pack_into("<L", changed, second + 42, 0)
    return bytes(changed)


def twice():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", b"a")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("xl/workbook.xml", b"b")
    return out.getvalue()


def claims(entries):
    """An archive of one entry whose end says that there are many."""
    content = bytearray(zipped({"a": b"a"}))
    struct.pack_into("<2H", content, len(content) - 14, entries, entries)
    return bytes(content)


def compound(name):
    return bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 1000 + name.encode("utf-16-le") + b"\0" * 1000


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "文件是空的"),
        (b"%PDF-1.7\n...", "这是 PDF 文件"),
        (b"\x89PNG\r\n\x1a\n", "这是图片"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 50, "这是图片"),
        (b"<html><table></table></html>", "这是网页或 XML"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "这是网页或 XML"),
        (b"Rar!\x1a\x07\0", "这是压缩包"),
        (bytes(range(256)) * 20, "文件不是表格"),
        (b"\x80\x81\xff\xfe\xff" * 20, "文件不是表格，或文字编码无法识别"),
        (compound("WordDocument"), "文件不是表格"),
        (compound("EncryptedPackage"), "文件设有打开密码"),
        (compound("Workbook"), "文件已损坏"),
        (zipped({"word/document.xml": b"<a/>"}), "这是文档"),
        (zipped({"mimetype": b"x", "content.xml": b"<a/>"}), "这种表格格式不受支持"),
        (zipped({"a.txt": b"a"}), "这是压缩包"),
        (zipped({"xl/workbook.xml": b"<broken"}), "文件已损坏"),
        (xlsx([["甲"]])[:-30], "文件不完整"),
        (xlsx([["甲"]])[:200] + xlsx([["甲"]])[900:], "文件结构异常"),
        (mended(zipped({"xl/workbook.xml": b"a"}), 8, "<H", 1), "文件设有打开密码"),
        (zipped({"xl/workbook.xml": b"a"}, zipfile.ZIP_BZIP2), "文件的压缩方式不受支持"),
        (overlapping(), "文件结构异常：内容互相重叠"),
        (twice(), "文件结构异常：同名内容出现两次"),
        (claims(5_000), "文件内部包含的内容超过 2,000 项"),
        (claims(0xFFFF), "文件结构异常"),
        (zipped({f"{number}": b"" for number in range(2_001)}), "文件内部包含的内容超过 2,000 项"),
        ('甲,"乙\n'.encode() + b"a" * 200_000, "CSV 文件的引号不成对"),
    ],
)
def test_what_is_no_workbook_is_refused_with_the_reason(content, why):
    assert refusal(content).startswith(why)


def cpu_seconds():
    """What this process and those it has waited for have used; another's load does not count."""
    return sum(os.times()[:4])


def test_an_archive_that_unpacks_too_far_is_refused_before_it_is_unpacked():
    bomb = with_sheet(b"<row><c><v>1</v></c></row>" * 1_000_000)
    assert len(bomb) < MB
    started = cpu_seconds()
    assert refusal(bomb).startswith("文件的压缩比例异常")
    assert cpu_seconds() - started < 0.5
    assert refusal(bomb, unpacked=20 * MB).startswith("文件解压后超过 20 MB")
    assert refusal(bomb, size=1000).startswith("文件超过")


def test_an_archive_that_lies_about_its_size_cannot_take_more_memory_than_allowed():
    bomb = with_sheet(b"<row><c><v>1</v></c></row>" * 4_000_000)
    start = bomb.index(b"PK\x01\x02")
    changed = bytearray(bomb)
    while start >= 0:
        struct.pack_into("<L", changed, start + 24, 1000)
        start = bomb.find(b"PK\x01\x02", start + 4)
    assert refusal(bytes(changed), memory=500 * MB) != ""


def test_two_cells_far_apart_end_the_reader_and_not_the_process_that_asked():
    body = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    assert refusal(with_sheet(body)).startswith("表格的内容过大或已损坏")


def test_a_reader_that_takes_too_long_is_ended():
    assert refusal(workbooks.write(["甲"], ([f"{line}"] for line in range(400_000))), seconds=0).startswith(
        "表格的内容过大"
    )


def test_entities_are_not_unfolded():
    laughs = b'<!DOCTYPE lolz [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
    body = b'<row r="1"><c r="A1" t="inlineStr"><is><t>&c;</t></is></c></row>'
    hostile = with_sheet(body)
    with zipfile.ZipFile(io.BytesIO(hostile)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries["xl/worksheets/sheet1.xml"] = entries["xl/worksheets/sheet1.xml"].replace(b"?><", b"?>" + laughs + b"<", 1)
    try:
        found = read(zipped(entries))
    except Unreadable:
        found = []
    assert "haha" not in json.dumps(found)


@pytest.mark.parametrize("make", [xlsx, lambda rows: text_of(rows).encode()], ids=["xlsx", "csv"])
def test_limits_of_rows_columns_cells_and_text_are_those_that_were_given(make):
    table = make([["甲", "乙"], ["一", "二二"], ["三", "四"]])
    assert len(read(table, rows=3, columns=2, cell=2, text=7)) == 3
    assert "行" in refusal(table, rows=2)
    assert "列" in refusal(table, columns=1)
    assert refusal(table, cell=1).startswith("第 2 行有单元格超过 1 个字符")
    assert refusal(table, text=6).startswith("表格的文字总量过大")


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_broken_file_is_refused_or_read_and_never_breaks_anything(data):
    content = bytearray(data.draw(st.sampled_from([xlsx([HEADINGS, *PEOPLE]), xls([HEADINGS, *PEOPLE])])))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        read(bytes(content[: data.draw(st.integers(1, len(content)))]), seconds=5)
    except Unreadable as why:
        assert str(why) != ""  # noqa: PT017 -- either outcome is right


def test_leaving_early_leaves_no_reader_behind():
    def children():
        return Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()

    content = workbooks.write(["甲"], ([f"{line}"] for line in range(50_000)))
    before = children()
    rows = workbooks.rows(content)
    assert next(rows) == ["甲"]
    assert len(children()) == len(before) + 1
    rows.close()
    assert children() == before


def test_the_reader_starts_without_anything_of_ours():
    seen = subprocess.run(
        [sys.executable, "-I", "-X", "importtime", cells.__file__, "", json.dumps({"memory": -1, "seconds": -1})],
        input=b"",
        capture_output=True,
        check=False,
    ).stderr.decode()
    assert "python_calamine" in seen
    assert "django" not in seen
    assert "qicheng" not in seen.replace(str(cells.__file__), "")


def cells_written(content):
    page = openpyxl.load_workbook(io.BytesIO(content)).active
    return [[(cell.value, cell.data_type, cell.number_format) for cell in row] for row in page.iter_rows()]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "＝1", "\t=1", "320681199711230829", "01", "http://a.example", "'x"]
)
def test_text_is_written_as_text_whatever_it_begins_with(text):
    assert [row[0][:2] for row in cells_written(workbooks.write(["甲"], [[text]]))] == [("甲", "s"), (text, "s")]


def test_dates_and_instants_are_real_and_in_beijing_time():
    instant = datetime(2023, 1, 9, 16, 54, tzinfo=BEIJING).astimezone(tz=None)
    rows = [[date(2023, 1, 9), instant, 12, 10**17, True, None]]
    assert cells_written(workbooks.write(list("日时数长真空"), rows))[1] == [
        (datetime(2023, 1, 9), "d", "yyyy-mm-dd"),  # noqa: DTZ001
        (datetime(2023, 1, 9, 16, 54), "d", "yyyy-mm-dd hh:mm"),  # noqa: DTZ001
        (12, "n", "General"),
        ("100000000000000000", "s", "General"),
        ("是", "s", "General"),
        (None, "n", "General"),
    ]


def test_a_list_without_rows_still_has_its_headings(tmp_path):
    assert read(workbooks.write(HEADINGS, [])) == [HEADINGS]
    assert workbooks.write(HEADINGS, iter(PEOPLE), tmp_path / "名单.xlsx", sheet="名单") == b""
    assert list(workbooks.rows(tmp_path / "名单.xlsx", sheet="名单")) == [HEADINGS, *PEOPLE]


def test_equal_headings_and_rows_of_another_width_are_refused():
    with pytest.raises(ValueError, match="equal"):
        workbooks.write(["甲", "甲"], [])
    with pytest.raises(ValueError, match="wide"):
        workbooks.write(["甲", "乙"], [["一"]])


def test_a_text_that_is_too_long_for_a_cell_is_cut_with_a_mark():
    written = cells_written(workbooks.write(["甲"], [["长" * 40_000]]))[1][0][0]
    assert (len(written), written[-1]) == (32_767, "…")


NATIONS = (("01", "汉族"), ("02", "蒙古族"))


def test_a_template_offers_codes_by_drop_down_and_names_them_on_a_sheet():
    content = workbooks.template(
        [
            Column("姓名", "XM", required=True, note="与学籍一致"),
            Column("民族代码", "MZDM", choices=NATIONS),
            Column("民族", "MZ", choices=NATIONS, by_name=True),
        ]
    )
    book = openpyxl.load_workbook(io.BytesIO(content))
    page = book["名单"]
    assert [[cell.value for cell in row] for row in page.iter_rows()] == [
        ["姓名", "民族代码", "民族"],
        ["XM", "MZDM", "MZ"],
    ]
    rules = {str(rule.sqref): rule.formula1 for rule in page.data_validations.dataValidation}
    assert rules == {"B3:B5002": "'代码表'!$A$2:$A$3", "C3:C5002": "'代码表'!$B$2:$B$3"}
    assert [[cell.value for cell in row] for row in book["代码表"].iter_rows()] == [
        ["民族代码", "名称"],
        ["01", "汉族"],
        ["02", "蒙古族"],
    ]
    assert page["A1"].comment.text == "与学籍一致"
    assert page.column_dimensions["B"].number_format == "@"
    assert list(workbooks.rows(content)) == [["姓名", "民族代码", "民族"], ["XM", "MZDM", "MZ"]]


def test_a_template_without_codes_has_one_sheet_and_one_heading():
    assert openpyxl.load_workbook(io.BytesIO(workbooks.template([Column("姓名")]))).sheetnames == ["名单"]


def test_refused_lines_come_back_in_their_shape_with_the_wrong_cells_marked():
    rows = [(3, ["1", "=陈诚", "99"]), (7, ["2", "李华"])]
    errors = {3: [(2, "民族代码不存在"), (0, "考生号位数不对")], 7: [(None, "与第 3 行重复")]}
    content = workbooks.with_errors([HEADINGS, ["KSH", "XM", "MZDM"]], rows, errors)
    assert read(content) == [
        [*HEADINGS, "错误原因"],
        ["KSH", "XM", "MZDM", ""],
        ["1", "=陈诚", "99", "原文件第 3 行：民族代码不存在；考生号位数不对"],
        ["2", "李华", "", "原文件第 7 行：与第 3 行重复"],
    ]
    page = openpyxl.load_workbook(io.BytesIO(content)).active
    assert (page["B3"].data_type, page["B3"].fill.patternType) == ("s", None)
    assert (page["C3"].comment.text, page["C3"].fill.fgColor.rgb) == ("民族代码不存在", "00FDEBE9")
    assert (page["A3"].comment.text, page["A4"].comment) == ("考生号位数不对", None)


def test_reasons_of_an_earlier_round_are_replaced():
    content = workbooks.with_errors([["姓名", "错误原因"]], [(2, ["陈诚", "旧原因"])], {2: [(0, "新原因")]})
    assert read(content) == [["姓名", "错误原因"], ["陈诚", "原文件第 2 行：新原因"]]


def test_a_text_file_that_begins_like_an_archive_is_a_text_file():
    assert read("PK值,姓名\n1,陈诚\n".encode()) == [["PK值", "姓名"], ["1", "陈诚"]]
