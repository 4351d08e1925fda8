"""Writes workbooks: lists to take away, a template to fill in, and what was refused with the wrong cells marked."""

import io
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import rustpy_xlsxwriter
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from qicheng.foundation.kit.calendar import BEIJING

LONGEST = 32_767
EXACT = 10**15
PEEKED = 200
DATE, INSTANT, TEXT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm", "@"
REASONS = "错误原因"
# What the name of a sheet may not have.
NOT_IN_NAMES = re.compile(r"[\\/*?:\[\]]")
CODES = "代码表"
REQUIRED = PatternFill("solid", fgColor="FFF1DC")
HEADING = PatternFill("solid", fgColor="EAEEF3")
WRONG = PatternFill("solid", fgColor="FDEBE9")
TEMPLATE_LINES = 5_000
# Comments make a workbook heavy; the reasons stand in their own column anyway.
MOST_COMMENTS = 2_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a template: its heading, the second heading below, and the codes it is chosen from."""

    heading: str
    field: str = ""
    required: bool = False
    choices: Sequence[tuple[str, str]] = ()
    by_name: bool = False
    note: str = ""
    width: float = 14


def write(
    headings: Sequence[str],
    rows: Iterable[Sequence[Any]],
    target: Path | None = None,
    *,
    sheet: str = "Sheet1",
    widths: Mapping[str, float] | None = None,
) -> bytes:
    """A workbook of one sheet, row by row from an iterator; written to `target` if there is one (then b"" comes back).

    Text stays text, whatever it begins with and however many digits it has; dates and instants (in Beijing time) are
    real dates; a number of more than 15 digits becomes text. ValueError if two headings are equal or a row is of another width.
    """
    if len(set(headings)) != len(headings):
        raise ValueError("two headings are equal")
    lines = iter(rows)
    first = [_plain(row) for row in itertools.islice(lines, PEEKED)]
    if any(len(row) != len(headings) for row in first):
        raise ValueError("a row is not as wide as the headings")
    dates = {
        heading
        for place, heading in enumerate(headings)
        if any(type(row[place]) is date for row in first) and not any(type(row[place]) is datetime for row in first)
    }
    out = io.BytesIO()
    rustpy_xlsxwriter.write_worksheet(
        _records(headings, itertools.chain(first, map(_plain, lines))) if first else [dict.fromkeys(headings)],
        out if target is None else target,
        sheet_name=sheet,
        freeze_row=1,
        bold_headers=True,
        datetime_format=INSTANT,
        column_formats={heading: rustpy_xlsxwriter.Format().set_num_format(DATE) for heading in dates} or None,
        column_widths=dict.fromkeys(headings, 16.0) | dict(widths or {}),
        ignore_errors=list(headings),
    )
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of figures: its name, what is said above the table ((heading, words), the heading '' for a title), headings, lines."""

    name: str
    about: Sequence[tuple[str, str]]
    headings: Sequence[str]
    lines: Sequence[Sequence[str | int | float]]


def tables(sheets: Sequence[Sheet]) -> bytes:
    """A workbook of figures, a sheet each: what they are and of when, an empty line, the headings, and the lines below them.

    Numbers are numbers; text stays text, whatever it begins with. Names of sheets are made to fit and to differ.
    """
    book = Workbook()
    book.remove(book.active)
    for place, one in enumerate(sheets, 1):
        name = NOT_IN_NAMES.sub(" ", one.name)[:28] or str(place)
        page = book.create_sheet(name if name not in book.sheetnames else f"{name} {place}")
        for line, (heading, words) in enumerate(one.about, 1):
            title = _set(page.cell(line, 1), heading or words)
            title.font = Font(bold=True)
            if heading:
                _set(page.cell(line, 2), words)
        top = len(one.about) + 2
        for column, heading in enumerate(one.headings, 1):
            cell = _set(page.cell(top, column), heading)
            cell.font, cell.fill = Font(bold=True), HEADING
            cell.alignment = Alignment(vertical="center", wrap_text=True)
            page.column_dimensions[get_column_letter(column)].width = 24 if column == 1 else 13
        for line, values in enumerate(one.lines, top + 1):
            for column, value in enumerate(values, 1):
                _set(page.cell(line, column), value)
        page.freeze_panes = page.cell(top + 1, 2)
    return _saved(book)


def _set(cell: Any, value: str | float) -> Any:
    """A cell with a number, or with text that is never a formula."""
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST]
        cell.data_type = "s"
    else:
        cell.value = value
    return cell


def template(columns: Sequence[Column], *, sheet: str = "名单") -> bytes:
    """An empty workbook with headings, drop-downs where a column has choices, and a sheet with all codes.

    With any `field` there are two rows of headings. Required headings are tinted. Cells are text, so that 01 stays 01.
    """
    book = Workbook()
    page = book.active
    page.title = sheet
    below = any(column.field for column in columns)
    heading_rows = 2 if below else 1
    codes = book.create_sheet(CODES)
    written: dict[Sequence[tuple[str, str]], int] = {}
    for place, column in enumerate(columns, 1):
        letter = get_column_letter(place)
        page.column_dimensions[letter].width = column.width
        page.column_dimensions[letter].number_format = TEXT
        for line, words in enumerate((column.heading, column.field)[:heading_rows], 1):
            cell = page.cell(line, place, words)
            cell.font = Font(bold=True)
            cell.fill = REQUIRED if column.required else HEADING
            cell.alignment = Alignment(vertical="center")
        if column.note:
            page.cell(1, place).comment = Comment(column.note, "启程")
        if column.choices:
            at = _write_codes(codes, column, written)
            chosen = get_column_letter(at + 1 if column.by_name else at)
            rule = DataValidation(
                type="list",
                formula1=f"'{CODES}'!${chosen}$2:${chosen}${len(column.choices) + 1}",
                allow_blank=True,
                showErrorMessage=True,
                errorTitle=column.heading,
                error=f"请从下拉列表中选择，全部取值见「{CODES}」",
            )
            rule.add(f"{letter}{heading_rows + 1}:{letter}{heading_rows + TEMPLATE_LINES}")
            page.add_data_validation(rule)
    page.freeze_panes = f"A{heading_rows + 1}"
    if not written:
        book.remove(codes)
    return _saved(book)


def with_errors(
    headings: Sequence[Sequence[str]],
    rows: Iterable[tuple[int, Sequence[str]]],
    errors: Mapping[int, Sequence[tuple[int | None, str]]],
    *,
    sheet: str = "需要修改",
) -> bytes:
    """A workbook of the shape that came in: wrong cells tinted and commented, the reasons in a last column.

    `headings` are the one or two rows of headings; `rows` are (line in the file, cells); `errors` gives for a line the
    places (column from 0, or None for the whole line) and what is wrong there. A column of reasons that came
    in is replaced.
    """
    book = Workbook(write_only=True)
    page = book.create_sheet(sheet)
    page.freeze_panes = f"A{len(headings) + 1}"
    keep = [place for place, heading in enumerate(headings[0]) if heading != REASONS]
    page.column_dimensions[get_column_letter(len(keep) + 1)].width = 60
    for number, heading_row in enumerate(headings):
        kept = [_text_cell(page, heading_row[place] if place < len(heading_row) else "", HEADING) for place in keep]
        page.append([*kept, _text_cell(page, "" if number else REASONS, HEADING)])
    comments = 0
    for line, row in rows:
        found = errors.get(line, ())
        wrong: dict[int | None, list[str]] = {}
        for place, reason in found:
            wrong.setdefault(place, []).append(reason)
        marked = []
        for place in keep:
            cell = _text_cell(page, row[place] if place < len(row) else "", WRONG if place in wrong else None)
            if place in wrong and comments < MOST_COMMENTS:
                cell.comment = Comment("\n".join(wrong[place]), "启程")
                comments += 1
            marked.append(cell)
        reasons = f"原文件第 {line} 行：{'；'.join(reason for _, reason in found)}" if found else ""
        page.append([*marked, _text_cell(page, reasons, WRONG if found else None)])
    return _saved(book)


def _records(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield dict(zip(headings, row, strict=True))


def _plain(row: Sequence[Any]) -> list[Any]:
    return [cell if type(cell) is str and len(cell) <= LONGEST else _writable(cell) for cell in row]


def _writable(cell: Any) -> Any:
    if cell is None or isinstance(cell, float):
        return cell
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, int):
        return cell if abs(cell) < EXACT else str(cell)
    if isinstance(cell, datetime):
        return cell.astimezone(BEIJING).replace(tzinfo=None) if cell.tzinfo else cell
    if isinstance(cell, date):
        return cell
    if isinstance(cell, Decimal):
        return float(cell)
    text = str(cell)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _write_codes(page: Any, column: Column, written: dict[Sequence[tuple[str, str]], int]) -> int:
    """The column of the sheet of codes where the choices stand, written once for all columns that share them."""
    key = tuple(column.choices)
    if key not in written:
        at = written[key] = len(written) * 3 + 1
        for line, (code, name) in enumerate([(column.heading, "名称"), *key], 1):
            for place, words in ((at, code), (at + 1, name)):
                cell = page.cell(line, place, words)
                cell.number_format = TEXT
                cell.data_type = "s"
        page.column_dimensions[get_column_letter(at + 1)].width = 28
    return written[key]


def _text_cell(page: Any, text: str, fill: PatternFill | None) -> Any:
    cell = WriteOnlyCell(page, ILLEGAL_CHARACTERS_RE.sub("", text)[:LONGEST])
    cell.data_type = "s"
    cell.number_format = TEXT
    if fill is not None:
        cell.fill = fill
    return cell


def _saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
