"""The fields of a roster line as people read them (ROS-02); columns of the national layout are in codes/roster_columns."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qicheng.foundation import codes
from qicheng.foundation.sheets import Field, Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping

STUDENT = Sheet(
    "Student",
    (
        Field("exam_number", "考生号", limit=18),
        Field("name", "姓名", limit=60),
        Field("id_number", "身份证号", limit=18),
        Field("school", "毕业院校", limit=60),
        Field("level", "学历", "code", table="education_levels"),
        Field("sex", "性别", "code", table="gender"),
        Field("nation", "民族", "code", table="ethnic_groups"),
        Field("political_status", "政治面貌", "code", table="political_status"),
        Field("training_mode", "培养方式", "code", table="training_modes"),
        Field("origin", "生源所在地", "area"),
        Field("entered_on", "入学时间", "month"),
        Field("graduates_on", "毕业时间", "month"),
        Field("student_number", "学号", required=False, limit=20),
        Field("college", "院系", limit=60),
        Field("major", "专业", limit=60),
        Field("study_years", "学制", limit=3, unit="年"),
        Field("archive_moved", "档案是否转入学校", "switch", required=False),
        Field("household_moved", "户口是否转入学校", "switch", required=False),
        Field("email", "电子邮箱", "email", required=False),
        Field("phone", "手机号码", "phone", required=False),
    ),
)

# Every field of a roster line, in the order of the national layout: the school's page, the preview, the history.
ROSTER_LINE = Sheet(
    "RosterLine",
    (
        Field("exam_number", "考生号", limit=18),
        Field("id_number", "身份证号", limit=18),
        Field("name", "姓名", limit=60),
        Field("sex", "性别", "code", table="gender"),
        Field("nation", "民族", "code", table="ethnic_groups"),
        Field("political_status", "政治面貌", "code", table="political_status"),
        Field("level", "学历", "code", table="education_levels"),
        Field("major_code", "专业代码", limit=8),
        Field("major", "专业", limit=60),
        Field("major_direction", "专业方向", required=False, limit=60),
        Field("training_mode", "培养方式", "code", table="training_modes"),
        Field("directed_unit", "定向或委培单位", required=False, limit=120),
        Field("origin", "生源所在地", "area"),
        Field("urban_rural", "城乡生源", "code", required=False, table="urban_rural"),
        Field("study_years", "学制", limit=3, unit="年"),
        Field("entered_on", "入学时间", "month"),
        Field("graduates_on", "毕业时间", "month"),
        Field("normal_student", "师范生类别", "code", table="normal_student_types"),
        Field("hardship", "困难生类别", "code", table="hardship_types"),
        Field("college", "所在院系", limit=60),
        Field("class_name", "所在班级", required=False, limit=40),
        Field("student_number", "学号", required=False, limit=20),
        Field("birth_date", "出生日期", required=False, limit=8),
        Field("household_moved", "户口是否转入学校", "switch", required=False),
        Field("archive_moved", "档案是否转入学校", "switch", required=False),
        Field("phone", "手机号码", "phone", required=False),
        Field("email", "电子邮箱", "email", required=False),
        Field("study_form", "学习形式", "code", required=False, table="study_forms"),
    ),
)


def unit_is_named(given: Mapping[str, Any]) -> dict[str, str]:
    """Who may not sign online registers the unit that the school names (ROS-06)."""
    mode = given.get("training_mode")
    if mode and not codes.may_sign_online(mode) and not (given.get("directed_unit") or "").strip():
        return {"directed_unit": "定向或委培（不可网签）要填写定向或委培单位"}
    return {}


# What of the employment record the table of destinations asks for, by its words there; the rest it asks is kept by registrations alone.
ASKED_COLUMNS = {
    "单位名称": "employer_name", "进站单位名称": "employer_name", "服务单位名称": "employer_name", "企业名称": "employer_name",
    "企业/网店名称": "employer_name", "网店名称": "employer_name", "孵化机构名称": "employer_name", "升学院校": "employer_name",
    "留学院校中文名称": "employer_name", "统一社会信用代码": "credit_code", "单位性质": "nature", "单位行业": "industry",
    "单位所在地": "area", "服务单位所在地": "area", "院校所在地": "area", "所在地": "area", "入伍地": "area", "单位详细地址": "address",
    "工作职位类别": "job_category", "单位联系人": "contact", "签约日期": "signed_on",
}  # fmt: skip
REACHED = "联系人固话或手机"
OF_A_UNIT = ("employer_name", "credit_code", "nature", "industry", "job_category", "number", "signed_on")


@cache
def asked_of(destination: str) -> tuple[frozenset[str], bool]:
    """(columns of the record that a destination has to have, whether one of the two phones), by the code table (DES-01)."""
    table = codes.table("destination_types")
    said = table.row(destination)["required_fields"]
    if said.startswith("as "):
        return asked_of(said.removeprefix("as "))
    words = [word for word in said.split("|") if not word.endswith(("(如有)", "(选填)"))]
    plain = [word.partition("(")[0] for word in words]
    return frozenset(ASKED_COLUMNS[word] for word in plain if word in ASKED_COLUMNS), REACHED in plain


def record_is_whole(given: Mapping[str, Any]) -> dict[str, str]:
    """What a ready record lacks for its destination, or has and cannot have (IMP-05)."""
    destination = given.get("destination")
    if not destination:
        return {}
    table = codes.table("destination_types")
    label = table.label(destination)
    if table.row(destination)["placed"] == "0":
        return {
            key: f"「{label}」没有单位，{EMPLOYMENT_RECORD[key].label}不要填" for key in OF_A_UNIT if given.get(key)
        }
    wanted, is_reached = asked_of(destination)
    wrong = {key: f"「{label}」要有{EMPLOYMENT_RECORD[key].label}" for key in wanted if not given.get(key)}
    if is_reached and not (given.get("phone") or given.get("mobile")):
        wrong["phone"] = "联系人固话和手机要有一项"
    if given.get("signed_on") and given["signed_on"] > timezone.localdate():
        wrong["signed_on"] = "签约日期还没有到，请核对"
    return wrong


# A ready employment record as a school's own system delivers it: the columns of the record, and nothing of file or household (IMP-05).
EMPLOYMENT_RECORD = Sheet(
    "EmploymentRecord",
    (
        Field("destination", "毕业去向", "code", table="destination_types"),
        Field("employer_name", "单位名称", required=False, limit=120),
        Field("credit_code", "统一社会信用代码", "credit", required=False, limit=18),
        Field("nature", "单位性质", "code", required=False, table="unit_nature"),
        Field("industry", "单位行业", "code", required=False, table="unit_industry"),
        Field("area", "单位所在地", "area", required=False),
        Field("address", "单位详细地址", required=False, limit=200),
        Field("job_category", "工作职位类别", "code", required=False, table="job_categories"),
        Field("contact", "单位联系人", required=False, limit=40),
        Field("phone", "联系人固话", "phone", required=False, limit=20),
        Field("mobile", "联系人手机", "mobile", required=False, limit=11),
        Field("email", "联系人邮箱", "email", required=False, limit=60),
        Field("number", "协议编号", required=False, limit=19),
        Field("signed_on", "签约日期", "date", required=False),
    ),
    check=record_is_whole,
)

# What a school changes of one line by itself, with its reason (ROS-06).
TRAINING = Sheet(
    "Training",
    (
        ROSTER_LINE["training_mode"],
        Field("directed_unit", "定向或委培单位", required=False, limit=120, hint="单位全称。培养方式是定向或委培（不可网签）时一定要填，毕业生只能按这个单位登记"),
        Field("words", "修改的原因", "long", limit=500, hint="记在培养方式修改记录里"),
    ),
    check=unit_is_named,
)  # fmt: skip

# What graduates change themselves; it belongs to the account and is carried to all its lines.
CONTACTS = Sheet(
    "Contacts",
    (
        Field("phone", "手机号码", "mobile", limit=11, hint="登录和接收通知用这个号码", autocomplete="tel"),
        Field("email", "电子邮箱", "email", required=False, limit=60, autocomplete="email"),
    ),
)

# What a university's own platform opens of a line to its graduate (CAM-02, PKU-01): columns, and keys of `extra`.
OPENED = ("political_status", "origin", "hardship", "class_name")
OPENED_EXTRA = ("wechat", "qq", "remote_academy", "counsellor", "emergency_name", "emergency_phone")

# What an approval may take over from the roster (ROS-05): shown as 可同步.
SYNCED = ("sex", "nation", "political_status", "college", "study_years", "student_number", "graduates_on")
# What it may not: the reviewer rejects, the roster is corrected, the graduate registers again.
FIXED = ("name", "level", "id_number", "school", "major")
