"""The forms in which graduates say of themselves what the school asks before they register (CAM-02, PKU-01), and what is locked beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.roster.sheets import OPENED_EXTRA, ROSTER_LINE
from qicheng.domain.transfer.sheets.records import all_of, place_is_exact, plain_name, plain_phone
from qicheng.foundation.access import Tier
from qicheng.foundation.kit import masks
from qicheng.foundation.sheets import EMPTY, Field, Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.domain.roster.models import Graduate

SELF, CONTACT, SCHOOL, EMERGENCY = "个人情况", "联系方式", "在校情况", "紧急联系人"
BIRTH_DIGITS = 8
# Beside the fields are those of the roster that only the school changes, in the order of the guide; `id_number` stands apart, masked.
LOCKED = (
    "name", "student_number", "exam_number", "sex", "college", "level", "major", "graduates_on", "nation", "id_number", "birth_date", "study_years",
    "entered_on", "tier", "training_mode", "normal_student", "directed_unit",
)  # fmt: skip
# What is told of a change on record without saying it whole.
MASKED = {"phone": masks.phone, "email": masks.email, "emergency_phone": masks.phone}


def origin_is_exact(given: Mapping[str, Any]) -> dict[str, str]:
    """The place of origin is told down to the finest level that there is."""
    wrong = place_is_exact({"region": given.get("origin")})
    return {"origin": wrong["region"]} if wrong else {}


def somebody_else(given: Mapping[str, Any]) -> dict[str, str]:
    """In an emergency somebody else is called."""
    own, other = (plain_phone(given.get(key) or "") for key in ("phone", "emergency_phone"))
    return {"emergency_phone": "这是你自己的手机号，填紧急联系人的"} if own and own == other else {}


def numbers_are_numbers(given: Mapping[str, Any]) -> dict[str, str]:
    """A QQ number has digits alone."""
    number = given.get("qq") or ""
    return {} if not number or (number.isascii() and number.isdecimal()) else {"qq": "QQ 号只有数字，请对照再填"}


def names_are_names(given: Mapping[str, Any]) -> dict[str, str]:
    """A name has something to read in it."""
    keys = ("emergency_name", "counsellor", "class_name", "wechat")
    return {key: "填写的内容看不懂，请重新填写" for key in keys if given.get(key) and not plain_name(given[key])}


_ORIGIN = Field("origin", "生源所在地", "area", group=SELF)
_PHONE = Field("phone", "手机", "mobile", limit=11, group=CONTACT, hint="登录和接收通知用这个号码", autocomplete="tel")
_EMAIL = Field("email", "邮箱", "email", limit=60, group=CONTACT, autocomplete="email")

# 个人信息完善: what the graduate fills in (CAM-02).
PERSONAL = Sheet(
    "PersonalInformation",
    (
        Field("political_status", "政治面貌", "code", table="political_status", group=SELF),
        _ORIGIN,
        Field("hardship", "困难生类别", "code", table="hardship_types", group=SELF),
        _PHONE,
        _EMAIL,
        Field("wechat", "微信", limit=40, group=CONTACT),
        Field("qq", "QQ", required=False, limit=15, group=CONTACT),
        Field("counsellor", "辅导员/班主任", limit=40, group=SCHOOL),
        Field("class_name", "班级", limit=40, group=SCHOOL),
        Field("remote_academy", "异地书院", required=False, limit=60, group=SCHOOL),
        Field("emergency_name", "紧急联系人姓名", limit=40, group=EMERGENCY),
        Field("emergency_phone", "紧急联系人手机号", "mobile", limit=11, group=EMERGENCY),
    ),
    check=all_of(origin_is_exact, somebody_else, numbers_are_numbers, names_are_names),
)
# 补充个人就业信息: the four that are not locked (PKU-01).
SUPPLEMENT = Sheet(
    "Supplement",
    (
        Field("origin", "生源所在地", "area", group=SELF, hint="省、市、县"),
        Field("phone", "手机号码", "mobile", limit=11, group=CONTACT, hint=_PHONE.hint, autocomplete="tel"),
        Field("email", "电子邮箱", "email", limit=60, group=CONTACT, autocomplete="email"),
    ),
    check=origin_is_exact,
)  # fmt: skip


def own_values(line: Any, sheet: Sheet) -> dict[str, str]:
    """What a roster line, or the locked row of one, says of the fields of the sheet."""
    extra = line.extra or {}
    return {key: (extra.get(key) if key in OPENED_EXTRA else getattr(line, key)) or "" for key in sheet.keys}


def locked_lines(graduate: Graduate) -> list[tuple[str, str, str]]:
    """(key, label, value) of what the roster says and only the school changes."""
    found = []
    for key in LOCKED:
        if key == "tier":
            found.append((key, "层次", Tier(graduate.tier).label))
        elif key == "college":
            found.append((key, "学院", graduate.college.name))
        else:
            label = {"graduates_on": "毕业日期"}.get(key, ROSTER_LINE[key].label)
            found.append(
                (
                    key,
                    label,
                    _day(graduate.birth_date)
                    if key == "birth_date"
                    else ROSTER_LINE[key].shown(getattr(graduate, key)),
                )
            )
    return found


def told(sheet: Sheet, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[str]]:
    """Label → [before, after] of what differs; contacts as they look to those who need not see them whole."""
    changes = sheet.changes(before, after)
    for key in MASKED:
        if key in sheet.keys and (pair := changes.get(sheet[key].label)):
            changes[sheet[key].label] = [side if side == EMPTY else MASKED[key](side) for side in pair]
    return changes


def _day(digits: str) -> str:
    if len(digits) != BIRTH_DIGITS:
        return digits
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
