"""The printed forms, each declared once: its fields (codes/printed_fields), what it states, who signs it (PKU-06)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from qicheng.domain.roster.sheets import STUDENT
from qicheng.foundation import codes

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGNED, PERSON = "签字", "学生"
# Where nothing is known the place stays empty, to be filled in by hand.
BY_HAND = frozenset({
    "student_number", "phone", "degree", "funding", "household_now", "archive_now", "income", "position", "credit_code", "place", "letters", "licence",
})  # fmt: skip
# Who signs, and what is left empty for it.
OWN, OFFICE, SEAL = ("签字", "日期"), ("负责人签字", "日期"), ("负责人签字", "盖章", "日期")
PLACES: Mapping[str, tuple[str, ...]] = {
    "signed_on": OWN, "college_opinion": SEAL, "college_verdict": SEAL, "centre_opinion": SEAL, "centre_approval": SEAL, "school_seal": SEAL,
    "school_verdict": SEAL,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """One printed form: `title` stands on top, `statement` is what the graduate says by signing it, `note` what the reader should know."""

    key: str
    title: str
    statement: str
    note: str = ""

    @property
    def fields(self) -> tuple[tuple[str, str, str], ...]:
        """(key, label, block) of every field, in the order of the paper."""
        return _fields(self.key)


FORMS: Mapping[str, Form] = {one.key: one for one in (
    Form(
        "abroad_application", "出国申请表", "本人申请出国（境）攻读学位，以上内容属实。毕业时户口和档案按上面的去向办理，不留在学校。",
        "赴国（境）外做博士后、赴港澳台攻读学位的，户口和档案转回生源地。",
    ),
    Form(
        "cscse_transfer", "户档转教育部留学服务中心申请表", "本人申请把户口和档案转到教育部留学服务中心，以上内容属实，按该中心的规定办理手续。",
        "赴国（境）外做博士后、赴港澳台攻读学位的，不能转到教育部留学服务中心。",
    ),
    Form(
        "defer_dispatch", "暂缓派遣申请", "本人灵活就业，还有签约意向，申请毕业时户口和档案暂时留在学校。到期没有签约的，户口和档案转回生源地。",
        "只有灵活就业（用人单位证明）可以申请。自由职业、自主创业和出国（境）工作不能申请。",
    ),
    Form(
        "freelance_statement", "自由职业声明", "本人从事自由职业，以上内容属实，户口和档案转回生源地，不申请暂缓派遣。",
    ),
    Form(
        "startup_statement", "自主创业声明", "本人自主创业，以上内容属实，户口和档案转回生源地，不申请暂缓派遣。",
    ),
    Form(
        "destination_change", "更改毕业去向申请", "本人申请更改毕业去向，以上内容属实。毕业去向最多更改一次；新的去向审核通过以前，按原来的去向办理。",
    ),
)}  # fmt: skip


@cache
def _fields(form: str) -> tuple[tuple[str, str, str], ...]:
    table = codes.table("printed_fields")
    rows = ((code.partition(".")[2], table.row(code)) for code in table if code.startswith(f"{form}."))
    return tuple((key, row["name_zh"], row["block"]) for key, row in rows)


def person(line: Mapping[str, Any]) -> dict[str, str]:
    """A roster line (`STUDENT`) in the words of the forms' first block."""
    return {key: STUDENT[key].shown(line.get(key)) for key, _, block in _fields("defer_dispatch") if block == PERSON}


def signed_by(form: Form) -> list[tuple[str, tuple[str, ...]]]:
    """(who, what is left empty for it), the graduate first; a form whose list of fields forgets the graduate is signed all the same."""
    places = {key: (label, PLACES[key]) for key, label, block in form.fields if block == SIGNED}
    return list(({"signed_on": ("本人签字", OWN)} | places).values())


def lacking(form: Form, said: Mapping[str, str]) -> list[str]:
    """The labels of what must be known before the form can be printed, and is not."""
    return [
        label
        for key, label, block in form.fields
        if block != SIGNED and key not in BY_HAND and not (said.get(key) or "").strip()
    ]


def laid_out(form: Form, said: Mapping[str, str], *, school: str, cohort: int, made_at: str) -> dict[str, Any]:
    """What the template is given: the fields block by block, and the places to sign. `made_at` is ISO 8601 with its offset."""
    blocks: dict[str, list[dict[str, str]]] = {}
    for key, label, block in form.fields:
        if block != SIGNED:
            blocks.setdefault(block, []).append({"label": label, "value": said.get(key) or ""})
    return {
        "title": form.title, "school": school, "cohort": f"{cohort} 届", "statement": form.statement, "note": form.note, "made_at": made_at,
        "blocks": [{"title": title, "rows": rows} for title, rows in blocks.items()],
        "signs": [{"title": title, "lines": list(lines)} for title, lines in signed_by(form)],
    }  # fmt: skip
