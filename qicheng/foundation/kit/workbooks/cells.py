"""Turns cells into clean text; run as a program, it reads a workbook apart from the process that asked.

Apart, because a small hostile file can make a reader ask for all memory there is, and to be refused ends the process.
It imports nothing of ours, so that it starts quickly.
"""

import datetime as dt
import io
import json
import marshal
import re
import resource
import struct
import sys
from collections.abc import Iterator
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

BLOCK = 500
# The version of marshal that looks for no repeated objects: faster, and the rows have few.
PLAIN = 2
LENGTH = struct.Struct("<I")
# A spreadsheet's number has 15 digits; beyond them it has guessed, and the text shows that it is a number.
EXACT = 10**15
BREAKS = "\t\n\v\f\r\x85\u2028\u2029"
REMOVED = dict.fromkeys(
    [
        *range(0x20),
        *range(0x7F, 0xA0),
        0x061C,
        0x200B,
        0x200E,
        0x200F,
        *range(0x202A, 0x202F),
        *range(0x2060, 0x206A),
        0xFEFF,
    ]
)
CLEANED = str.maketrans({**REMOVED, **{ord(sign): " " for sign in BREAKS}})
QUOTED_FORMULA = re.compile(r'="(.*)"')


def clean(cells: list[Any]) -> list[str]:
    """A row as text. What is printable and has no space around it stays as it is.

    Numbers that are whole lose their point, dates become yyyy-mm-dd, nothing becomes "". Taken away: white space around
    the text (also full-width), control characters, marks that turn the direction of writing, zero-width spaces. A line
    break or tab inside becomes one space. Joiners and variation selectors stay, since names need them.
    """
    try:
        joined = "".join(cells)
    except TypeError:
        cells = [cell if type(cell) is str else written(cell) for cell in cells]
        joined = "".join(cells)
    if " " not in joined and joined.isprintable():
        return cells
    return [cell if " " not in cell and cell.isprintable() else cell.translate(CLEANED).strip() for cell in cells]


def clean_exported(cells: list[str]) -> list[str]:
    """A row of a CSV file as text: `clean`, and ="0123" (which keeps a spreadsheet from counting) becomes 0123."""
    cleaned = clean(cells)
    if any(cell.startswith('="') for cell in cleaned):
        return [match[1] if (match := QUOTED_FORMULA.fullmatch(cell)) else cell for cell in cleaned]
    return cleaned


def written(cell: object) -> str:
    """One cell that is not text, as a person would have typed it."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        if cell == cell and abs(cell) < EXACT and cell == int(cell):
            return str(int(cell))
        return format(cell, ".15g")
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, dt.time):
        return cell.isoformat("seconds")
    return str(cell)


def blocks(stream: io.BytesIO, name: str, limits: dict[str, int]) -> Iterator[tuple[str, Any]]:
    """What the process that asked is told: ("rows", rows) again and again, then ("end", None) or ("refused", why)."""
    try:
        book = CalamineWorkbook.from_filelike(stream)
        sheets = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ is SheetTypeEnum.WorkSheet and sheet.visible is SheetVisibleEnum.Visible
        ]
        if name and name not in sheets:
            yield "refused", f"文件里没有名为「{name}」的工作表，请核对"
            return
        if not sheets:
            yield "refused", "文件里没有可见的工作表，请核对"
            return
        sheet = book.get_sheet_by_name(name or sheets[0])
    except PasswordError:
        yield "refused", "文件设有打开密码，请取消密码后重新上传"
        return
    except CalamineError:
        yield "refused", "文件已损坏，无法读取，请用 Excel 或 WPS 打开后另存为 .xlsx 再上传"
        return
    if sheet.start is None or sheet.end is None:
        yield "end", None
        return
    height, width = sheet.end[0] + 1, sheet.end[1] + 1
    if height > limits["rows"]:
        yield "refused", f"表格有 {height:,} 行，一次最多 {limits['rows']:,} 行，请分批上传"
        return
    if width > limits["columns"]:
        yield "refused", f"表格有 {width:,} 列，最多 {limits['columns']:,} 列，请删除多余的列"
        return
    before = [""] * sheet.start[1]
    block: list[list[str]] = []
    size = 0
    for line, cells in enumerate(sheet.iter_rows(), 1):
        row = clean(before + cells if before else cells)
        length = sum(map(len, row))
        if length > limits["cell"] and max(map(len, row)) > limits["cell"]:
            yield "refused", f"第 {line:,} 行有单元格超过 {limits['cell']:,} 个字符，请缩短后重新上传"
            return
        size += length
        if size > limits["text"]:
            yield "refused", "表格的文字总量过大，请分批上传"
            return
        block.append(row)
        if len(block) == BLOCK:
            yield "rows", block
            block = []
    yield "rows", block
    yield "end", None


def main() -> None:
    """Read standard input, write blocks of rows to standard output; arguments: the sheet's name, the limits as JSON."""
    limits = json.loads(sys.argv[2])
    for what, amount in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CPU, limits["seconds"]),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (amount, amount))
    stream = io.BytesIO(sys.stdin.buffer.read())
    for message in blocks(stream, sys.argv[1], limits):
        content = marshal.dumps(message, PLAIN)
        sys.stdout.buffer.write(LENGTH.pack(len(content)) + content)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
