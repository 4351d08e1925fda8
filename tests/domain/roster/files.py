"""Roster files as schools make them: valid lines, in every format and with every kind of headings."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from qicheng.domain.roster.imports import apply_upload, read_upload, receive, request_writing
from qicheng.foundation import codes
from qicheng.foundation.access import Role
from qicheng.foundation.kit.identity import id_check_digit
from qicheng.foundation.kit.workbooks import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qicheng.domain.roster.models import Upload
    from tests.world import World

LINE = {
    "考生号": "", "身份证号": "", "姓名": "", "性别代码": "", "民族代码": "01", "政治面貌代码": "03", "院校代码": "", "院校名称": "", "学历代码": "31",
    "专业代码": "080901", "专业": "计算机科学与技术", "培养方式代码": "1", "生源所在地代码": "110101", "学制": "4", "入学时间": "202209",
    "毕业时间": "202607", "师范生类别代码": "2", "困难生类别代码": "0", "所在院系": "计算机学院", "学号": "", "出生日期": "", "手机号码": "", "毕业年份": "2026",
}  # fmt: skip


def line(world: World, n: int, **cells: str) -> dict[str, str]:
    """The n-th line of a roster of the world's school: somebody who is not on it yet; `cells` by their headings."""
    day = f"2002{n // 28 % 12 + 1:02d}{n % 28 + 1:02d}"
    digits = f"110102{day}{(n // 336 * 2 + n) % 1000:03d}"
    row = LINE | {
        "考生号": f"22119999{n:06d}", "身份证号": digits + id_check_digit(digits), "姓名": f"学生{chr(0x4E00 + n)}",
        "性别代码": "1" if int(digits[16]) % 2 else "2", "院校代码": world.school.code, "院校名称": world.school.name,
        "学号": f"2022{n:06d}", "出生日期": day,
    }  # fmt: skip
    return row | cells


def line_of(graduate: Any, **cells: str) -> dict[str, str]:
    """The line that says what the roster says of a graduate."""
    row = {
        "考生号": graduate.exam_number, "身份证号": graduate.id_number, "姓名": graduate.name, "性别代码": graduate.sex,
        "民族代码": graduate.nation, "政治面貌代码": graduate.political_status, "院校代码": graduate.school.code,
        "院校名称": graduate.school.name, "学历代码": graduate.level, "专业代码": graduate.major_code, "专业": graduate.major,
        "培养方式代码": graduate.training_mode, "生源所在地代码": graduate.origin, "学制": graduate.study_years,
        "入学时间": graduate.entered_on, "毕业时间": graduate.graduates_on, "师范生类别代码": graduate.normal_student,
        "困难生类别代码": graduate.hardship, "所在院系": graduate.college.name, "学号": graduate.student_number,
        "出生日期": graduate.birth_date, "手机号码": graduate.phone, "毕业年份": str(graduate.cohort),
    }  # fmt: skip
    return row | cells


def pinyin(heading: str) -> str:
    """The pinyin field name of a Chinese heading; what is not in the layout stays."""
    table = codes.table("roster_columns")
    return next((code for code in table if table.label(code).split("(")[0] == heading), heading)


def table_of(lines: Sequence[dict[str, str]], headings: str = "chinese") -> list[list[str]]:
    """Rows with headings: 'chinese', 'pinyin', or 'both' as in the national export."""
    keys = list(lines[0])
    above = {"chinese": [keys], "pinyin": [[pinyin(key) for key in keys]]}
    above["both"] = [*above["pinyin"], *above["chinese"]]
    return [*above[headings], *[[row.get(key, "") for key in keys] for row in lines]]


def xlsx(rows: Sequence[Sequence[Any]]) -> bytes:
    return write([str(cell) for cell in rows[0]], rows[1:])


def xls(rows: Sequence[Sequence[Any]]) -> bytes:
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("名单")
    for at, row in enumerate(rows):
        for place, cell in enumerate(row):
            sheet.write(at, place, cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def text(rows: Sequence[Sequence[Any]], encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(encoding)


def uploaded(world: World, content: bytes, *, read: bool = True, **actor: Any) -> Upload:
    """The upload of a file by the world's school user, read and checked."""
    upload = receive(world.actor(Role.SCHOOL, **actor), world.cohort, "名单.xlsx", [content])
    if read:
        read_upload(upload.pk)
        upload.refresh_from_db()
    return upload


def written(world: World, content: bytes) -> Upload:
    """The same, and its good lines written."""
    upload = uploaded(world, content)
    request_writing(upload, world.actor(Role.SCHOOL))
    apply_upload(upload.pk)
    upload.refresh_from_db()
    return upload


def counts(upload: Upload) -> tuple[int, int, int, int, int]:
    """(new, changed, unchanged, refused, missing) of a preview."""
    return tuple(upload.counts[key] for key in ("new", "changed", "unchanged", "refused", "missing"))  # type: ignore[return-value]


def reasons(upload: Upload) -> list[tuple[int, str, str]]:
    """(line, place, reason) of everything that is wrong, by line."""
    return list(upload.uploadfault_set.order_by("line", "place", "id").values_list("line", "place", "reason"))
