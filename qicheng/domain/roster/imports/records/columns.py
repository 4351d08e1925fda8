"""What the columns of a file of employment records mean, and how a line becomes what is staged: in codes, checked by the form (IMP-05)."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from qicheng.domain.roster.sheets import ASKED_COLUMNS, EMPLOYMENT_RECORD, asked_of
from qicheng.foundation import codes
from qicheng.foundation.codes import divisions
from qicheng.foundation.kit.identity import code_text, name_text
from qicheng.foundation.kit.workbooks import Column, Unreadable
from qicheng.foundation.sheets.uploads import Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HEADING_ROWS = 5
ENOUGH = 3
VALUES = EMPLOYMENT_RECORD.keys
WHO = {"exam_number": "考生号", "name": "姓名"}
LABELS = WHO | {field.key: field.label for field in EMPLOYMENT_RECORD}
STAGE = ("upload_id", "line", *WHO, *VALUES, "wrong")
# Besides the labels, what other systems call these columns.
OTHER_HEADINGS = {
    "毕业去向类别": "destination", "毕业去向代码": "destination", "单位组织机构代码": "credit_code", "信用代码": "credit_code",
    "单位性质代码": "nature", "单位行业代码": "industry", "单位所在地代码": "area", "单位地址": "address", "工作职位类别代码": "job_category",
    "联系人": "contact", "联系电话": "phone", "联系人电话": "phone", "联系手机": "mobile", "电子邮箱": "email", "协议书编号": "number",
}  # fmt: skip
PARENTHESES = re.compile(r"\(.*?\)")
REMEMBERED = 20_000


def recognise(rows: Sequence[Sequence[str]]) -> Layout:
    """Find the row of headings among the first rows of a file. Raises Unreadable."""
    meant = {_plain(label): key for key, label in LABELS.items()} | {
        _plain(one): key for one, key in OTHER_HEADINGS.items()
    }
    meant |= {key.upper(): key for key in LABELS}
    known = [[(place, meant.get(_plain(text))) for place, text in enumerate(row)] for row in rows[:HEADING_ROWS]]
    at = next((i for i, found in enumerate(known) if sum(key is not None for _, key in found) >= ENOUGH), None)
    if at is None:
        raise Unreadable("前几行里没有找到表头，请下载模板对照：要有考生号、姓名和毕业去向的各列")
    places: dict[str, tuple[int, ...]] = {}
    for place, key in known[at]:
        if key is not None and places.setdefault(key, (place,)) != (place,):
            raise Unreadable(f"「{LABELS[key]}」出现了两列，请只保留一列")
    if missing := [label for key, label in LABELS.items() if key not in places]:
        raise Unreadable(f"文件缺少这些列：{'、'.join(missing)}。请下载模板对照补上，没有内容的列留空")
    return Layout(places, (tuple(rows[at]),), at + 1)


def _plain(text: str) -> str:
    return PARENTHESES.sub("", "".join(unicodedata.normalize("NFKC", text[:60]).split())).strip("*:").upper()


class Lines:
    """Turns lines of a file into rows of the stage: what the form made of them, and what it said was wrong."""

    def __init__(self, cohort: int, layout: Layout) -> None:
        self._places = {key: layout.places[key][0] for key in LABELS}
        self._form: Any = EMPLOYMENT_RECORD.form(cohort)({})
        self._find: dict[str, Callable[[str], str | None]] = {"area": divisions.find}
        self._find |= {field.key: codes.table(field.table).find for field in EMPLOYMENT_RECORD if field.kind == "code"}
        self._found: dict[tuple[str, str], str | None] = {}

    def stage(self, row: list[str]) -> tuple[str, ...]:
        """What the stage keeps of a line; the order is that of STAGE, after upload and line."""
        cells = {key: row[place].strip() if place < len(row) else "" for key, place in self._places.items()}
        written = {key: self._in_codes(key, cells[key]) for key in VALUES}
        form = self._form
        # One form for all lines: it is cleaned anew of each, which costs a fifth of making one for each.
        form.data, form._errors = written, None
        wrong = {key: found[0].messages[0] for key, found in form.errors.as_data().items()}
        for key in self._find:
            if key in wrong and cells[key] and self._code(key, cells[key]) is None:
                wrong[key] = f"{LABELS[key]}「{cells[key][:20]}」不在代码表里，请对照模板里的「代码表」填写"
        values = EMPLOYMENT_RECORD.stored(form.cleaned_data)
        who = (code_text(cells["exam_number"]).upper(), name_text(cells["name"]))
        return (*who, *(str(values[key] or "") for key in VALUES), json.dumps(wrong))

    def _in_codes(self, key: str, cell: str) -> str:
        if key in self._find:
            return self._code(key, cell) or cell
        if key == "signed_on" and cell:
            day = "".join(part.zfill(2) for part in re.findall(r"\d+", cell.split(" ")[0].split("T")[0]))
            return f"{day[:4]}-{day[4:6]}-{day[6:8]}" if len(day) == 8 else cell
        return cell

    def _code(self, key: str, cell: str) -> str | None:
        if not cell:
            return None
        if (key, cell) not in self._found:
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            self._found[key, cell] = self._find[key](cell)
        return self._found[key, cell]


def template_columns(cohort: int) -> list[Column]:
    """The columns of the workbook to fill in: drop-downs where there is a table, and which destinations ask for a column."""
    found = [Column(WHO["exam_number"], required=True, width=18), Column(WHO["name"], required=True)]
    table = codes.table("destination_types")
    for field in EMPLOYMENT_RECORD:
        asking = [table.label(code) for code, _ in table.choices(cohort) if field.key in asked_of(code)[0]]
        choices = tuple(codes.table(field.table).choices(cohort)) if field.kind == "code" else ()
        note = "" if field.key not in ASKED_COLUMNS.values() or not asking else f"这些去向必填：{'、'.join(asking)}"
        found.append(
            Column(
                field.label,
                required=field.key == "destination",
                choices=choices,
                by_name=True,
                note=note[:1000],
                width=18,
            )
        )
    return found
