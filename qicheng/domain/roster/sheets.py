"""The fields of a roster line as people read them (ROS-02); columns of the national layout are in codes/roster_columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
