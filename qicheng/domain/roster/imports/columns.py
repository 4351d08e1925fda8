"""What the columns of a roster file mean, whichever way their headings are written, and how a cell becomes what is stored."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

from qicheng.foundation import codes
from qicheng.foundation.codes import divisions
from qicheng.foundation.kit.identity import code_text, has_form, name_text
from qicheng.foundation.kit.workbooks import Column, Unreadable
from qicheng.foundation.sheets.uploads import Layout

if TYPE_CHECKING:
    from qicheng.domain.orgs.models import School

    Read = Callable[[str], str]

T = TypeVar("T")
# In the stage a value that cannot be taken is kept as this mark and the reason, so that SQL finds it and people read it.
WRONG = "!"
REMEMBERED = 20_000
HEADING_ROWS = 5
ENOUGH = 3
PARENTHESES = re.compile(r"\(.*?\)")
YES, NO = frozenset({"1", "是", "Y", "YES", "TRUE", "有"}), frozenset({"0", "否", "N", "NO", "FALSE", "无"})
OTHER_HEADINGS = {
    "身份证号码": "SFZH", "公民身份号码": "SFZH", "院系": "SZYX", "院系名称": "SZYX", "学院": "SZYX", "班级": "SZBJ", "专业名称": "ZYMC",
    "手机号": "SJHM", "手机": "SJHM", "邮箱": "DZYX", "毕业年份": "BYNF", "届": "BYNF", "届别": "BYNF", "学校代码": "YXDM", "学校名称": "YXMC",
    "毕业院校": "YXMC", "生源地": "SYSZD", "生源地代码": "SYSZDDM",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a roster line. `code` and `name` are the pinyin of its columns: one of them, or a code with a name beside it.

    `table` is the code table that it is read by; `limit` the longest text; `column` says whether a graduate has it.
    """

    key: str
    code: str
    name: str = ""
    table: str = ""
    required: bool = False
    limit: int = 0
    column: bool = True
    is_extra: bool = False

    @property
    def label(self) -> str:
        """The heading that people know it by: 民族, not 民族代码."""
        return heading(self.name or self.code).removesuffix("代码").removesuffix("(届)")

    @property
    def is_text(self) -> bool:
        """Whether it is stored as it was written, and so differs from line to line."""
        return bool(self.limit)


def heading(code: str) -> str:
    """The Chinese heading of a pinyin field name in the national layout."""
    return codes.table("roster_columns").row(code)["name_zh"]


FIELDS = (
    Field("exam_number", "KSH", required=True, limit=18),
    Field("id_number", "SFZH", required=True, limit=18),
    Field("name", "XM", required=True, limit=60),
    Field("sex", "XBDM", "XB", "gender", required=True),
    Field("nation", "MZDM", "MZ", "ethnic_groups", required=True),
    Field("political_status", "ZZMMDM", "ZZMM", "political_status", required=True),
    Field("school_said", "YXDM", "YXMC", column=False),
    Field("campus", "FXMC", limit=60, is_extra=True),
    Field("level", "XLDM", "XL", "education_levels", required=True),
    Field("major_code", "ZYDM", required=True),
    Field("major", "ZYMC", required=True, limit=60),
    Field("major_direction", "ZYFX", limit=60),
    Field("training_mode", "PYFSDM", "PYFS", "training_modes", required=True),
    Field("directed_unit", "DXHWPDW", limit=120),
    Field("origin", "SYSZDDM", "SYSZD", required=True),
    Field("urban_rural", "CXSY", table="urban_rural"),
    Field("study_years", "XZ", required=True),
    Field("entered_on", "RXSJ", required=True),
    Field("graduates_on", "BYSJ", required=True),
    Field("normal_student", "SFSLBDM", "SFSLB", "normal_student_types", required=True),
    Field("hardship", "KNSLBDM", "KNSLB", "hardship_types", required=True),
    Field("college", "SZYX", required=True, limit=60),
    Field("class_name", "SZBJ", limit=40),
    Field("student_number", "XH", limit=20),
    Field("birth_date", "CSRQ"),
    Field("archive_from", "RXQDAZDW", limit=120, is_extra=True),
    Field("household_from", "RXQHKSZDPCS", limit=120, is_extra=True),
    Field("household_moved", "HKSFZRXX"),
    Field("archive_moved", "DASFZRXX"),
    Field("phone", "SJHM", limit=20),
    Field("email", "DZYX", limit=60),
    Field("qq", "QQHM", limit=15, is_extra=True),
    Field("home_address", "JTDZ", limit=120, is_extra=True),
    Field("home_phone", "JTDH", limit=20, is_extra=True),
    Field("home_postcode", "JTYB", limit=6, is_extra=True),
    Field("study_form", "XXXS", table="study_forms"),
    Field("cohort_said", "BYNF", column=False),
)
BY_KEY = {field.key: field for field in FIELDS}
# The order of the stage's columns: what is stored as written, then what is read by a table or a rule, of each person by itself
# and of many people alike, then the tier.
TEXTS = tuple(field.key for field in FIELDS if field.is_text)
PERSONAL = ("nation", "origin", "birth_date")
ALIKE = tuple(field.key for field in FIELDS if not field.is_text and field.key not in PERSONAL)
READ = (*PERSONAL, *ALIKE)
STAGE = ("upload_id", "line", *TEXTS, *READ, "tier")


def recognise(rows: Sequence[Sequence[str]]) -> Layout:
    """Find the one or two rows of headings among the first rows of a file: Chinese, pinyin, or both. Raises Unreadable."""
    known = [_known(row) for row in rows[:HEADING_ROWS]]
    at = next((i for i, found in enumerate(known) if len(found) >= ENOUGH), None)
    if at is None:
        raise Unreadable("前几行里没有找到表头，请下载模板对照：第一行是列名，例如 考生号、身份证号、姓名")
    found, last = dict(known[at]), at
    if at + 1 < len(known) and len(known[at + 1]) >= ENOUGH:
        last = at + 1
        for place, code in known[last].items():
            if found.setdefault(place, code) != code:
                raise Unreadable(
                    f"第 {place + 1} 列的两行表头不是同一项：{heading(found[place])}、{heading(code)}，请核对"
                )
    columns: dict[str, int] = {}
    for place, code in found.items():
        if columns.setdefault(code, place) != place:
            raise Unreadable(f"「{heading(code)}」出现了两列，请只保留一列")
    places = {}
    for field in FIELDS:
        pair = tuple(columns.get(code, -1) for code in (field.code, field.name) if code)
        if max(pair) >= 0:
            places[field.key] = pair
    if missing := [field.label for field in FIELDS if field.required and field.key not in places]:
        raise Unreadable(f"文件缺少这些列：{'、'.join(missing)}。请下载模板对照补上")
    return Layout(places, tuple(tuple(rows[i]) for i in range(at, last + 1)), last + 1)


def _known(row: Sequence[str]) -> dict[int, str]:
    meant = _headings()
    return {place: code for place, text in enumerate(row) if (code := meant.get(_plain(text)))}


def _headings() -> dict[str, str]:
    table = codes.table("roster_columns")
    chinese = {_plain(table.label(code)): code for code in table}
    return {
        **{_plain(words): code for words, code in OTHER_HEADINGS.items()},
        **chinese,
        **{code: code for code in table},
    }


def _plain(text: str) -> str:
    return PARENTHESES.sub("", "".join(unicodedata.normalize("NFKC", text[:60]).split())).strip("*:").upper()


class Memory(dict[Any, T]):
    """Answers that were worked out before; a column has few different values, so most cells cost one look."""

    def __init__(self, read: Callable[[Any], T]) -> None:
        super().__init__()
        self.read = read

    def __missing__(self, cell: Any) -> T:
        found = self.read(cell)
        if len(self) < REMEMBERED:
            self[cell] = found
        return found


class Lines:
    """Turns rows of a file into rows of the stage: what is written is composed, what has a table or a rule is read.

    The cells of a class are alike but for the persons, so what is read of them together costs one look, too.
    """

    def __init__(self, layout: Layout, school: School, cohort: int) -> None:
        self._width = layout.width
        absent = layout.width
        places = {key: tuple(absent if place < 0 else place for place in pair) for key, pair in layout.places.items()}
        self._texts = itemgetter(*(places.get(key, (absent,))[0] for key in TEXTS))
        found: dict[str, tuple[Memory[str], tuple[int, ...]]] = {}
        for key in READ:
            pair = places.get(key, (absent,))
            read = _reader(BY_KEY[key], school, cohort) if key in places else _nothing
            found[key] = (Memory(partial(_agreed, read, BY_KEY[key]) if len(pair) > 1 else read), pair)
        self._personal = [(memory, itemgetter(*pair)) for memory, pair in map(found.__getitem__, PERSONAL)]
        alike = [found[key] for key in ALIKE]
        level, where = found["level"]
        alike.append((Memory(lambda cell: _tier(level[cell])), where))
        needed = sorted({place for _, pair in alike for place in pair})
        each = [(memory, itemgetter(*map(needed.index, pair))) for memory, pair in alike]
        self._alike = Memory(lambda cells: tuple(memory[at(cells)] for memory, at in each))
        self._needed = itemgetter(*needed)

    def stage(self, row: list[str]) -> tuple[str, ...]:
        """What the stage keeps of a line; the order is that of STAGE, after upload and line."""
        row = row[: self._width]
        row += [""] * (self._width + 1 - len(row))
        texts = self._texts(row)
        if not unicodedata.is_normalized("NFC", "".join(texts)):
            texts = tuple(name_text(text) for text in texts)
        exam, identity = texts[0], texts[1]
        if not (exam.isascii() and exam.isalnum() and identity.isascii() and identity.isalnum()):
            exam, identity = code_text(exam), code_text(identity)
        personal = [memory[at(row)] for memory, at in self._personal]
        return (exam.upper(), identity.upper(), *texts[2:], *personal, *self._alike[self._needed(row)])


def _nothing(cell: str) -> str:
    return ""


def _tier(level: str) -> str:
    return "" if level.startswith(WRONG) or not level else codes.tier(level)


def _agreed(read: Read, field: Field, cells: tuple[str, str]) -> str:
    """A code with its name beside it: the code wins, and what contradicts it is refused (IMP-01)."""
    code, name = cells
    if not code or not name:
        return read(code or name)
    found, said = read(code), read(name)
    if found.startswith(WRONG) or said.startswith(WRONG) or found == said:
        return found
    return f"{WRONG}{heading(field.code)}「{code[:20]}」与{heading(field.name)}「{name[:20]}」不一致，请核对"


def _reader(field: Field, school: School, cohort: int) -> Read:
    by_rule: dict[str, Read] = {
        "school_said": partial(_school, school), "cohort_said": partial(_cohort, cohort), "major_code": _major_code,
        "study_years": _study_years, "entered_on": partial(_month, "入学时间"), "graduates_on": partial(_month, "毕业时间"),
        "birth_date": _day, "household_moved": partial(_switch, "户口是否转入学校"), "archive_moved": partial(_switch, "档案是否转入学校"),
    }  # fmt: skip
    find = divisions.find if field.key == "origin" else codes.table(field.table).find if field.table else None
    read = partial(_code, find, field.label) if find else by_rule[field.key]
    return partial(_present, read, field.label) if field.required else partial(_if_any, read)


def _present(read: Read, label: str, cell: str) -> str:
    return read(cell) if cell else f"{WRONG}{label}没有填写"


def _if_any(read: Read, cell: str) -> str:
    return read(cell) if cell else ""


def _code(find: Callable[[str], str | None], label: str, cell: str) -> str:
    return find(cell) or f"{WRONG}{label}「{cell[:20]}」不在代码表里，请对照模板里的「代码表」填写"


def _school(school: School, cell: str) -> str:
    if cell == school.name or code_text(cell).lstrip("0") == school.code.lstrip("0"):
        return school.code
    return f"{WRONG}院校「{cell[:30]}」不是本校（{school.code} {school.name}）"


def _cohort(cohort: int, cell: str) -> str:
    said = code_text(cell).removesuffix("届").removesuffix("年")
    return said if said == str(cohort) else f"{WRONG}毕业年份「{cell[:10]}」不是这次上传的 {cohort} 届"


def _major_code(cell: str) -> str:
    code = code_text(cell)
    if 4 <= len(code) <= 8 and code.isascii() and code.isalnum() and _is_discipline(code[:2]):
        return code
    if 3 <= len(code) <= 5 and code.isdigit() and _is_discipline(f"0{code[0]}"):
        return f"0{code}"
    return f"{WRONG}专业代码「{cell[:20]}」不是国家专业目录的代码，例如 080901"


def _is_discipline(code: str) -> bool:
    # 99: subjects across disciplines that graduate schools set up themselves.
    return code == "99" or any(
        codes.table(f"majors_{kind}").has(code) for kind in ("bachelor", "graduate", "vocational")
    )


def _study_years(cell: str) -> str:
    text = code_text(cell).removesuffix("年")
    if re.fullmatch(r"\d(\.\d+)?", text) and 1 <= float(text) <= 9.5 and float(text) * 2 == int(float(text) * 2):
        return f"{float(text):g}"
    return f"{WRONG}学制「{cell[:10]}」应是 1 至 9.5 之间的数，最小单位是 0.5 年"


def _month(label: str, cell: str) -> str:
    month = "".join(part.zfill(2) for part in re.findall(r"\d+", code_text(cell)))[:6]
    if has_form("month", month):
        return month
    return f"{WRONG}{label}「{cell[:12]}」应写成 6 位年月，例如 202607"


def _day(cell: str) -> str:
    day = "".join(part.zfill(2) for part in re.findall(r"\d+", cell.split(" ")[0]))
    return day if len(day) == 8 else f"{WRONG}出生日期「{cell[:12]}」应写成 8 位数字，例如 20030506"


def _switch(label: str, cell: str) -> str:
    text = code_text(cell)
    if text in YES or text in NO:
        return "1" if text in YES else "0"
    return f"{WRONG}{label}「{cell[:10]}」应填 1（是）或 0（否）"


def template_columns(cohort: int) -> list[Column]:
    """The columns of the workbook to fill in: Chinese headings with the pinyin below, drop-downs where there is a table."""
    table = codes.table("roster_columns")
    by_code = {code: field for field in FIELDS for code in (field.code, field.name) if code}
    columns = []
    for code, field in sorted(by_code.items(), key=lambda pair: int(table.row(pair[0])["order"])):
        is_name = code == field.name
        columns.append(
            Column(
                heading(code), field=code, required=field.required and not is_name, by_name=is_name or field.table in BY_NAME,
                choices=tuple(codes.table(field.table).choices(cohort)) if field.table else (),
                note="填了代码可以不填名称" if is_name else "",
            )
        )  # fmt: skip
    return columns


BY_NAME = frozenset({"urban_rural", "study_forms"})
