"""Writes long lists as workbooks in constant memory: text alone, as many sheets as it takes, and on them who took them away."""

from __future__ import annotations

import itertools
import zipfile
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import rustpy_xlsxwriter

from qicheng.foundation.kit.workbooks.writing import LONGEST, NOT_IN_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from io import BytesIO
    from pathlib import Path

# Rows that a sheet takes beside its headings; a line of its own for who took it away leaves one less.
SHEET_ROWS = 1_048_575
FOOTER = 200
CORE = "docProps/core.xml"


@dataclass(frozen=True, slots=True)
class Mark:
    """Who takes a workbook away, when and for what: in its properties and at the foot of each printed page.

    `is_line`: above the headings of each sheet, too.
    """

    title: str
    by: str
    words: str
    at: datetime
    is_line: bool = False


def export(
    headings: Sequence[str], rows: Iterable[Sequence[str]], target: Path | BytesIO, *, sheet: str, total: int, mark: Mark,
    sheet_rows: int = SHEET_ROWS,
) -> int:  # fmt: skip
    """Write rows of text to `target`, at most `sheet_rows` on a sheet (with the line of the mark); how many rows there were.

    Sheets are made for `total` rows, the last takes what is more. Every cell is text, whatever it begins with: nothing is a formula.
    ValueError if two headings are equal. What `rows` raises comes through, and leaves a file that is no workbook.
    """
    if len(set(headings)) != len(headings):
        raise ValueError("two headings are equal")
    most = sheet_rows - int(mark.is_line)
    number = max(1, -(-total // most))
    name = NOT_IN_NAMES.sub(" ", sheet)[:25] or "Sheet"
    names = [name if place == 1 else f"{name} {place}" for place in range(1, number + 1)]
    counted = [0]
    lines = _lines(headings, rows, counted)
    pages: list[Iterable[dict[str, str]]] = [*(itertools.islice(lines, most) for _ in names[1:]), lines]
    if total == 0:
        pages = [_first_or_empty(headings, lines)]
    top = int(mark.is_line)

    def each(value: Any) -> dict[str, Any]:
        return dict.fromkeys(names, value)

    above: dict[str, Any] = {}
    if mark.is_line:
        written = (0, 0, 0, len(headings) - 1, mark.words) if len(headings) > 1 else None
        above = {"merge_ranges": each([written])} if written else {}
    rustpy_xlsxwriter.write_worksheets(
        list(zip(names, pages, strict=True)), target, bold_headers=True, header_row=each(top),
        freeze_panes={"general": {"row": top + 1, "col": 0}}, column_widths=each(dict.fromkeys(headings, 16.0)),
        ignore_errors=each(list(headings)), page_setup=each({"footer": f"&L{mark.words[:FOOTER].replace('&', '&&')}&R&P / &N"}), **above,
    )  # fmt: skip
    _sign(target, mark)
    return counted[0]


def _lines(headings: Sequence[str], rows: Iterable[Sequence[str]], counted: list[int]) -> Iterator[dict[str, str]]:
    for row in rows:
        counted[0] += 1
        if max(map(len, row)) > LONGEST:
            row = [cell if len(cell) <= LONGEST else cell[: LONGEST - 1] + "…" for cell in row]  # noqa: PLW2901 -- the same row
        yield dict(zip(headings, row, strict=True))


def _first_or_empty(headings: Sequence[str], lines: Iterator[dict[str, str]]) -> Iterator[dict[str, Any]]:
    """An empty list still has its headings."""
    first = next(lines, None)
    yield dict.fromkeys(headings) if first is None else first
    yield from lines


def _sign(target: Path | BytesIO, mark: Mark) -> None:
    """Put the mark into the file's properties. They are the last entries of the archive: what stands before is not copied."""
    at = f"{mark.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        place = archive.namelist().index(CORE)
        rest = [(one.filename, archive.read(one)) for one in archive.infolist()[place + 1 :]]
        offset = archive.filelist[place].header_offset
        for one in archive.filelist[place:]:
            del archive.NameToInfo[one.filename]
        del archive.filelist[place:]
        archive.start_dir = offset  # where the next entry is written
        archive.writestr(CORE, _core(mark, at))
        for name, content in rest:
            archive.writestr(name, content)


def _core(mark: Mark, at: str) -> str:
    said = {"dc:title": mark.title, "dc:creator": mark.by, "dc:description": mark.words, "cp:lastModifiedBy": mark.by}
    words = "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in said.items())
    times = "".join(
        f'<dcterms:{what} xsi:type="dcterms:W3CDTF">{at}</dcterms:{what}>' for what in ("created", "modified")
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{words}{times}</cp:coreProperties>'
    )
