"""The list that a school or college takes away, fills in and uploads: everybody on the module's list, with the record as it stands (ARC-04)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from qicheng.domain.transfer.imports.columns import VALUES, headings
from qicheng.domain.transfer.sheets.records import TITLES, shown_by
from qicheng.foundation.listing import Column

from .records import STATE, records, state_words

if TYPE_CHECKING:
    from qicheng.foundation.access import Area
    from qicheng.foundation.listing import Listing


@cache
def to_fill_in(area: Area) -> Listing:
    """The list of records under its own filters, in the columns of a file that can be uploaded; what else it shows is not read."""
    sheet, words = shown_by(area), headings(area)
    return replace(
        records(area), name=f"{area.value}_to_fill_in", label=f"{TITLES[area]}信息填报表",
        columns=(
            Column("exam_number", words["exam_number"], "g.exam_number"),
            Column("name", words["name"], "g.name"),
            Column("student_number", "学号", "g.student_number"),
            Column("college", "院系", "k.name"),
            Column("major", "专业", "g.major"),
            Column("state", "状态", STATE, state_words),
            *(Column(key, words[key], f"coalesce(r.{key}, '')", sheet[key].shown) for key in VALUES),
        ),
    )  # fmt: skip
