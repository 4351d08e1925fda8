"""A roster as schools have it: an .xlsx in the national layout, field names above Chinese headings."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook

from tests.world import COHORT

if TYPE_CHECKING:
    from qicheng.domain.orgs.models import College, School

LAYOUT = (
    ("KSH", "考生号"), ("SFZH", "身份证号"), ("XM", "姓名"), ("XBDM", "性别代码"), ("XB", "性别"), ("MZDM", "民族代码"), ("ZZMMDM", "政治面貌代码"),
    ("YXDM", "院校代码"), ("YXMC", "院校名称"), ("XLDM", "学历代码"), ("ZYDM", "专业代码"), ("ZYMC", "专业"), ("PYFSDM", "培养方式代码"),
    ("SYSZDDM", "生源所在地代码"), ("XZ", "学制"), ("RXSJ", "入学时间"), ("BYSJ", "毕业时间"), ("SFSLBDM", "师范生类别代码"), ("KNSLBDM", "困难生类别代码"),
    ("SZYX", "所在院系"), ("SZBJ", "所在班级"), ("XH", "学号"), ("HKSFZRXX", "户口是否转入学校"), ("DASFZRXX", "档案是否转入学校"), ("SJHM", "手机号码"),
    ("DZYX", "电子邮箱"), ("BYNF", "毕业年份(届)"),
)  # fmt: skip


def line(school: School, college: College, serial: int, name: str, id_number: str, **other: Any) -> dict[str, Any]:
    """One graduate; codes are numbers here and there, as a spreadsheet leaves them."""
    woman = int(id_number[16]) % 2 == 0
    return {
        "KSH": f"22110101{serial:06d}", "SFZH": id_number, "XM": name, "XBDM": 2 if woman else 1, "XB": "女" if woman else "男",
        "MZDM": 45 if "·" in name else 1, "ZZMMDM": 3, "YXDM": school.code, "YXMC": school.name, "XLDM": 31, "ZYDM": "080901",
        "ZYMC": "计算机科学与技术", "PYFSDM": 1, "SYSZDDM": 110101, "XZ": 4, "RXSJ": 202209, "BYSJ": 202607, "SFSLBDM": 2, "KNSLBDM": 0,
        "SZYX": college.name, "SZBJ": "计科2201", "XH": f"2022{serial:06d}", "HKSFZRXX": 0, "DASFZRXX": 1, "SJHM": f"137{serial:08d}",
        "DZYX": f"g{serial}@example.com", "BYNF": COHORT,
    } | other  # fmt: skip


def workbook(lines: list[dict[str, Any]]) -> bytes:
    """The file, written by another program than our own."""
    book, content = Workbook(), BytesIO()
    sheet = book.active
    sheet.append([field for field, _ in LAYOUT])
    sheet.append([heading for _, heading in LAYOUT])
    for one in lines:
        sheet.append([one[field] for field, _ in LAYOUT])
    book.save(content)
    return content.getvalue()
