"""The types of 升学: in China, and outside the mainland (DES-01, DES-02)."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from qicheng.foundation import codes
from qicheng.foundation.codes import divisions
from qicheng.foundation.sheets import Field, Sheet

from .declare import EVERY_EDITION, Destination, Group, Guide
from .employment import OTHERS
from .fields import COUNTRY, SCHOOL, WHERE, asked_when, is_abroad, picture, subkinds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .declare import Around

POSTGRADUATE, SECOND_BACHELOR, TO_BACHELOR = "801", "802", "803"
MASTER, DOCTOR = ("master", "硕士研究生"), ("doctor", "博士研究生")
SECOND, BACHELOR = ("second", "第二学士学位"), ("bachelor", "本科")
LEVELS = (MASTER, DOCTOR, SECOND, BACHELOR)
LEVEL_OF = {SECOND_BACHELOR: SECOND[0], TO_BACHELOR: BACHELOR[0]}
SCHOOLS = "universities_2022"


def place_of(school: str) -> str:
    """The division in which a school of the list lies, as fine as the list has it; '' for a school that it does not know."""
    known = codes.table(SCHOOLS)
    if not known.has(school):
        return ""
    row = known.row(school)
    return divisions.find(row["province"] + row["city"]) or divisions.find(row["province"]) or ""


def of_school(kept: Mapping[str, Any], around: Around) -> dict[str, Any]:
    """The school's code and place, and the level that a sub-kind leaves no choice of (DES-02)."""
    school = kept.get("school") or ""
    listed = codes.table(SCHOOLS).has(school)
    return {
        "school_code": school if listed else "",
        "school_area": place_of(school) if listed else kept.get("school_area"),
        "level": LEVEL_OF.get(str(kept.get("subkind")), kept.get("level")),
    }


def school_has_place(given: Mapping[str, Any]) -> dict[str, str]:
    """A school that the list does not know is told where it lies."""
    if not given.get("school") or given.get("school_area") or codes.table(SCHOOLS).has(given["school"]):
        return {}
    near = "、".join(codes.table(SCHOOLS).label(code) for code in codes.table(SCHOOLS).search(given["school"], 3))
    return {
        "school_area": f"名单里没有这所院校，{f'要填的如果是{near}，请改院校名称；都不是，' if near else ''}请补填院校所在地"
    }


STUDY_AT_HOME = Destination(
    "study_at_home", "境内升学", Group.STUDY, "80",
    Sheet(
        "StudyAtHome",
        (
            subkinds(POSTGRADUATE, SECOND_BACHELOR, TO_BACHELOR, label="升学类型"),
            Field("school", "升学院校", "lookup", table=SCHOOLS, is_open=True, limit=120, hint="填全称或 5 位院校代码，代码和所在地会自动填好", group=SCHOOL),
            Field("school_area", "院校所在地", "lookup", table="admin_divisions", required=False,
                  hint="名单里没有的院校（科研院所、新设院校等）才要填。" + WHERE, group=SCHOOL),
            Field("department", "院系", limit=60, group=SCHOOL), Field("major", "专业", limit=60, group=SCHOOL),
            *asked_when((Field("level", "攻读层次", "choice", choices=(MASTER, DOCTOR), group=SCHOOL),), "subkind", POSTGRADUATE),
            Field("study_form", "学习形式", "code", table="study_forms", group=SCHOOL),
        ),
        check=school_has_place,
    ),
    Guide(
        "在境内继续读书：读研究生，读第二学士学位，或者专科升普通本科。",
        "录取通知书；还没有发的，用拟录取名单或调档函，有一种就可以。",
        "已经录取的毕业生。还在备考的，选「不就业拟升学」；博士后进站的，选「科研助理管理助理」。" + OTHERS,
    ),
    proofs=(picture("admission", "录取通知书、拟录取名单或调档函", "看得到本人姓名、院校和专业"),), subkind="subkind",
    derived=(Field("school_code", "院校代码"),), derive=of_school,
    reported=MappingProxyType({"employer_name": ("school",), "area": ("school_area",)}),
    editions=EVERY_EDITION, labels=MappingProxyType({"2022": "升学（专升本、考研、第二学士学位）"}),
    found=("study.home",), answer="境内院校",
)  # fmt: skip

STUDY_ABROAD = Destination(
    "study_abroad", "出国出境深造", Group.STUDY, "85",
    Sheet(
        "StudyAbroad",
        (
            replace(COUNTRY, label="留学国家（地区）", group=SCHOOL),
            Field("school_zh", "留学院校中文名称", limit=120, group=SCHOOL), Field("school_foreign", "留学院校外文名称", limit=120, group=SCHOOL),
            Field("major_zh", "留学专业中文名称", limit=60, group=SCHOOL), Field("major_foreign", "留学专业外文名称", limit=120, group=SCHOOL),
            Field("level", "攻读层次", "choice", choices=(BACHELOR, MASTER, DOCTOR, ("postdoc", "博士后"), ("other", "其他")), group=SCHOOL),
        ),
        check=is_abroad,
    ),
    Guide(
        "到境外院校读书，包括港澳台地区的院校，也包括到境外做博士后。",
        "境外院校的录取通知书，或者学生签证，有一种就可以。外文的不用翻译，看得清姓名、院校和专业。",
        "已经录取的毕业生。还在申请的，选「拟出国出境」；去工作的，选「出国出境工作」。" + OTHERS,
    ),
    proofs=(picture("admission", "境外录取通知书或学生签证"),),
    reported=MappingProxyType({"employer_name": ("school_zh",)}), editions=EVERY_EDITION,
    found=("study.abroad",), answer="境外院校",
)  # fmt: skip

DESTINATIONS = (STUDY_AT_HOME, STUDY_ABROAD)
