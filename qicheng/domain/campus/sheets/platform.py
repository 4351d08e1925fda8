"""The types of destination that are registered on a school's own platform, and what each asks (CAM-07).

There is one for each type of the national edition, and one for the agreement. A unit is asked for as the guide of the platform has it; what
names no unit of the usual kind is asked for as everywhere. File and household have a form of their own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qicheng.domain.registration.sheets.destinations import EDITIONS, REGISTRY, Destination, Group, Guide, is_directed
from qicheng.domain.registration.sheets.destinations.fields import (
    ADDRESS,
    CONTACT,
    CREDIT_CODE,
    INDUSTRY,
    JOB_CATEGORY,
    NAME,
    NATURE,
    UNIT,
    picture,
    place_is_exact,
)
from qicheng.foundation.sheets import Field, Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.domain.registration.sheets.destinations import Around

FLOW = "platform"
# 签就业协议形式就业
SIGNED = "10"
FORM = Field("form", "就业形式", group=UNIT)
# 填写签约信息, in the words and the order of the guide.
SIGNING = (
    NAME,
    Field("area", "单位所在地", "area", group=UNIT),
    replace(ADDRESS, hint="写到街道门牌号"),
    replace(CREDIT_CODE, label="组织机构代码", hint="18 位统一社会信用代码，在营业执照或登记证书上"),
    INDUSTRY,
    NATURE,
    Field("subordinate", "单位隶属", required=False, limit=60, hint="单位的上级主管部门，没有的不填", group=UNIT),
    replace(JOB_CATEGORY, label="工作职位类别", group="岗位"),
    Field("contact", "单位联系人", limit=40, group=CONTACT),
    Field("phone", "联系方式", "phone", limit=20, hint="联系人的固话或手机", group=CONTACT),
    Field("email", "邮箱", "email", required=False, limit=60, group=CONTACT),
    Field("fax", "传真", "phone", required=False, limit=20, group=CONTACT),
    Field("remark", "备注信息", "long", required=False, limit=300, group="备注"),
)  # fmt: skip
AGREEMENT = Destination(
    "platform_agreement", "签约协议形式就业", Group.AGREEMENT, SIGNED,
    Sheet("PlatformAgreement", SIGNING, check=place_is_exact),
    Guide(
        "和用人单位签了全国高校毕业生就业协议书，单位、毕业生都已签字盖章。",
        "盖章的就业协议书：每一页都拍，公章和签字要看得清。",
        "已经签好就业协议书的毕业生。培养方式为定向、委培（不可网签）的毕业生不能选。",
    ),
    proofs=(picture("stamped", "盖章的就业协议书", "每一页都拍，公章和签字要看得清"),),
    derived=(FORM,), derive=lambda kept, around: {"form": "签约协议形式就业"}, editions=frozenset(EDITIONS), flow=FLOW,
)  # fmt: skip


def of_the_platform(national: Destination) -> Destination:
    """The same type as the platform asks for it: same code, proofs and guide."""
    sheet = national.sheet
    units = {field.key for field in sheet if field.required and field.when is None}
    if {"name", "credit_code"} <= units:
        kinds = tuple(field for field in sheet if national.subkind and field.key == national.subkind)
        sheet = Sheet(f"Platform{sheet.name}", (*kinds, *SIGNING), check=place_is_exact)
    else:
        fields = tuple(field for field in sheet if not field.key.startswith(("archive_", "household_")))
        sheet = replace(sheet, name=f"Platform{sheet.name}", fields=fields)

    def derive(kept: Mapping[str, Any], around: Around) -> Mapping[str, Any]:
        return {**(national.derive(kept, around) if national.derive else {}), FORM.key: national.label}

    return replace(
        national,
        key=f"{FLOW}_{national.key}",
        sheet=sheet,
        derived=(*national.derived, replace(FORM, group=sheet.fields[0].group)),
        derive=derive,
        found=(),
        answer="",
        flow=FLOW,
    )


KINDS = {one.key: one for one in (AGREEMENT, *map(of_the_platform, REGISTRY.values()))}


def offered(edition: str, training_mode: str) -> dict[Group, list[Destination]]:
    """What a graduate of this training mode may choose on the platform, group after group (REG-12, ROS-06)."""
    mine = "directed" if is_directed(training_mode) else "other"
    found: dict[Group, list[Destination]] = {}
    for group in Group:
        kinds = [
            one for one in KINDS.values() if one.group is group and edition in one.editions and one.for_training == mine
        ]
        if kinds:
            found[group] = kinds
    return found
