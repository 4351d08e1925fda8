"""What a transfer report says, line by line in the order of the paper, in full words that no later change of a code can turn (REP-01)."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from qicheng.domain.roster.sheets import STUDENT
from qicheng.domain.transfer.models import SAID
from qicheng.domain.transfer.models.reports import PERSON, STATED
from qicheng.foundation.access import Area
from qicheng.foundation.codes import divisions

from .records import shown_by

if TYPE_CHECKING:
    from collections.abc import Mapping

TITLE = "全国普通高等学校毕业生去向登记信息"
BASIC = ("基本信息", {
    "name": "姓名", "sex": "性别", "school": "毕业院校", "graduates_on": "毕业时间", "study_years": "学制", "major": "专业", "level": "学历",
    "origin": "生源所在地",
})  # fmt: skip
DESTINATION = ("毕业去向信息", {"destination": "毕业去向", "unit": "单位名称", "unit_area": "单位所在地"})
ARCHIVE = ("档案转递信息", {
    "archive_kind": "转递类型", "archive_receiver": "接收单位", "archive_address": "接收地址", "archive_postcode": "邮政编码",
})  # fmt: skip
HOUSEHOLD = ("户口迁移信息", {
    "household_kind": "迁移类型", "household_receiver": "接收单位", "household_address": "迁移地址",
})  # fmt: skip
CONFIRMED = ("本人确认", {"confirmed": "登记确认"})
BLOCKS: Mapping[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "graduate": (BASIC, DESTINATION, ARCHIVE, CONFIRMED),
    "archive": (BASIC, DESTINATION, ARCHIVE, CONFIRMED),
    "household": (BASIC, DESTINATION, HOUSEHOLD, CONFIRMED),
}
# What the number is called, and the letter by which a statement knows it.
NUMBERS = {"graduate": "核验编号", "archive": "转递编号", "household": "转递编号"}
LETTERS = {"graduate": "g", "archive": "a", "household": "h"}
PURPOSES = {"graduate": "毕业生本人出示", "archive": "转递档案用", "household": "迁移户口用"}
# The lines of the statement in the report's QR code, in this order; where there is nothing to say the line is empty.
_SIGNED = ("name", "sex", "school", "graduates_on", "level", "major", "destination", "unit", "unit_area")
SIGNED: Mapping[str, tuple[str, ...]] = {
    "graduate": (*_SIGNED, "archive_kind", "archive_receiver"),
    "archive": (*_SIGNED, "archive_kind", "archive_receiver"),
    "household": (*_SIGNED, "household_kind", "household_receiver"),
}
LABELS: Mapping[str, str] = {
    key: label for blocks in BLOCKS.values() for _, rows in blocks for key, label in rows.items()
}


def printed(
    kind: str, area: Area, *, graduate: Any, school: str, employment: Any, record: Any, destination: str, confirmed: str
) -> dict[str, str]:
    """What a report of that issue says, key → words; what there is nothing to say of is ''.

    `graduate`, `employment`, `record` are rows of the roster's line, the employment record, and the area's record (or None);
    `destination` and `confirmed` are those in words.
    """
    said = {key: STUDENT[key].shown(getattr(graduate, key)) for key in PERSON}
    year, month = graduate.graduates_on[:4], graduate.graduates_on[4:]
    said |= {
        "graduates_on": f"{year} 年 {int(month)} 月" if month.isdecimal() else graduate.graduates_on,
        "school": school, "destination": destination, "unit": employment.employer_name,
        "unit_area": divisions.full_name(employment.area) if employment.area else "", "confirmed": confirmed,
    }  # fmt: skip
    if record is not None and record.kind:
        sheet, name = shown_by(area), area.value
        said |= {f"{name}_{key}": sheet[key].shown(getattr(record, key)) for key in ("kind", "receiver", "postcode")}
        place = divisions.full_name(record.region) if record.region else ""
        said[f"{name}_address"] = f"{place}{record.address}"
    return {key: said.get(key, "") for _, rows in BLOCKS[kind] for key in rows}


def stated(*, graduate: Any, employment: Any, record: Any) -> str:
    """A digest of all that a report was made of: where it differs, the report is superseded."""
    made_of = [
        [getattr(graduate, key) for key in PERSON],
        [getattr(employment, key) for key in STATED] if employment is not None else None,
        [getattr(record, key) for key in ("kind", *SAID)] if record is not None and record.kind else None,
    ]
    return hashlib.sha256(json.dumps(made_of, ensure_ascii=False).encode()).hexdigest()


def blocks(kind: str, said: Mapping[str, str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """(heading, (label, words) …) of a report as it is printed; a block with nothing to say is left out, and so is an empty line."""
    found = [
        (title, [(label, said[key]) for key, label in rows.items() if said.get(key)]) for title, rows in BLOCKS[kind]
    ]
    return [(title, rows) for title, rows in found if rows]


def signed_lines(kind: str, said: Mapping[str, str]) -> list[str]:
    """The lines of the statement in the QR code, as `SIGNED` orders them."""
    return [said.get(key, "") for key in SIGNED[kind]]
