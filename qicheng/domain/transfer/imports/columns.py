"""What the columns of a file of records mean, and how a line becomes what is staged: read, and checked by the form of the area (ARC-04)."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from qicheng.domain.transfer.models import SAID
from qicheng.domain.transfer.sheets.records import sheet, shown_by
from qicheng.foundation.codes import divisions
from qicheng.foundation.kit.identity import code_text, name_text
from qicheng.foundation.kit.workbooks import Column, Unreadable
from qicheng.foundation.sheets.uploads import Layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qicheng.foundation.access import Area

HEADING_ROWS = 5
ENOUGH = 3
VALUES = ("kind", *SAID)
WHO = {"exam_number": "考生号", "name": "姓名"}
STAGE = ("upload_id", "line", *WHO, *VALUES, "written", "wrong")
PARENTHESES = re.compile(r"\(.*?\)")
REMEMBERED = 20_000


def headings(area: Area) -> dict[str, str]:
    """The heading of each field that a file has to have, by its key."""
    fields = shown_by(area)
    return WHO | {key: fields[key].label for key in VALUES}


def recognise(area: Area, rows: Sequence[Sequence[str]]) -> Layout:
    """Find the row of headings among the first rows of a file. Raises Unreadable."""
    meant = {_plain(label): key for key, label in headings(area).items()}
    known = [[(place, meant.get(_plain(text))) for place, text in enumerate(row)] for row in rows[:HEADING_ROWS]]
    at = next((i for i, found in enumerate(known) if sum(key is not None for _, key in found) >= ENOUGH), None)
    if at is None:
        raise Unreadable("前几行里没有找到表头，请下载填报表对照：要有考生号、姓名和登记的各项")
    places: dict[str, tuple[int, ...]] = {}
    for place, key in known[at]:
        if key is not None and places.setdefault(key, (place,)) != (place,):
            raise Unreadable(f"「{headings(area)[key]}」出现了两列，请只保留一列")
    if missing := [label for key, label in headings(area).items() if key not in places]:
        raise Unreadable(f"文件缺少这些列：{'、'.join(missing)}。请下载填报表对照补上")
    return Layout(places, (tuple(rows[at]),), at + 1)


def _plain(text: str) -> str:
    return PARENTHESES.sub("", "".join(unicodedata.normalize("NFKC", text[:60]).split())).strip("*:").upper()


class Lines:
    """Turns lines of a file into rows of the stage: what is written in codes, what the form made of it, and what it said was wrong."""

    def __init__(self, area: Area, edition: str, cohort: int, layout: Layout) -> None:
        self._places = {key: layout.places[key][0] for key in (*WHO, *VALUES)}
        self._form: Any = sheet(area, edition).form(cohort)({})
        kinds = shown_by(area)["kind"]
        self._kinds = {_plain(words): code for code, words in kinds.choices} | {
            code.upper(): code for code, _ in kinds.choices
        }
        self._labels = headings(area)
        self._regions: dict[str, str | None] = {}

    def stage(self, row: list[str]) -> tuple[str, ...]:
        """What the stage keeps of a line; the order is that of STAGE, after upload and line."""
        cells = {key: row[place].strip() if place < len(row) else "" for key, place in self._places.items()}
        written = {key: cells[key] for key in VALUES}
        wrong: dict[str, str] = {}
        if kind := self._kinds.get(_plain(written["kind"])):
            written["kind"] = kind
        if region := self._region(written["region"]):
            written["region"] = region
        values = dict.fromkeys(VALUES, "")
        if any(written.values()):
            values, wrong = self._taken(written)
        who = (code_text(cells["exam_number"]).upper(), name_text(cells["name"]))
        return (*who, *(values[key] for key in VALUES), json.dumps(written), json.dumps(wrong))

    def _taken(self, written: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        form = self._form
        # One form for all lines: it is cleaned anew of each, which costs a fifth of making one for each.
        form.data, form._errors = written, None
        wrong = {key: found[0].messages[0] for key, found in form.errors.as_data().items()}
        if "kind" in wrong and written["kind"]:
            wrong["kind"] = f"{self._labels['kind']}「{written['kind'][:20]}」不在代码表里，请对照代码表填写"
        if "region" in wrong and written["region"] and self._region(written["region"]) is None:
            wrong["region"] = (
                f"{self._labels['region']}「{written['region'][:20]}」不在代码表里，填六位代码，或者从省写起的全称"
            )
        return {key: form.cleaned_data.get(key) or "" for key in VALUES}, wrong

    def _region(self, text: str) -> str | None:
        if text not in self._regions and len(self._regions) < REMEMBERED:
            self._regions[text] = divisions.find(text) if text else None
        return self._regions.get(text)


def code_columns(area: Area, edition: str) -> list[Column]:
    """The columns of the workbook of codes: the types that the edition has, and every place."""
    fields = sheet(area, edition)
    places = [(code, divisions.full_name(code)) for code in _places()]
    return [
        Column(fields["kind"].label, choices=fields["kind"].choices, by_name=True),
        Column(fields["region"].label, choices=places),
    ]


def _places(above: str = "") -> list[str]:
    """The finest divisions, in the order of the table."""
    return [
        found
        for code, _ in divisions.children(above)
        for found in (_places(code) if divisions.children(code) else [code])
    ]
