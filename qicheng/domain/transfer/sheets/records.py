"""The types of transfer, each declared once with what it asks (ARC-01), and the checks of receiver and address (ARC-02)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from qicheng.domain.orgs.models import Edition
from qicheng.domain.orgs.sheets import postcode_is_one
from qicheng.foundation.access import Area
from qicheng.foundation.codes import divisions
from qicheng.foundation.sheets import Field, Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qicheng.domain.transfer.models import RecordChange

EVERY_EDITION = frozenset(Edition.values)
SINCE_2024 = frozenset({Edition.GUIDE_2024.value})
NOWHERE: tuple[str, ...] = ()
TO_A_UNIT = ("receiver", "region", "address", "contact", "phone", "postcode")
TO_A_PLACE = ("region", "address")


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of transfer. `definition` says which it is, `basis` what its review goes by; `asks` are the keys of its fields.

    `editions` are those of the guide that have it (REG-12).
    """

    code: str
    label: str
    definition: str
    basis: str
    asks: tuple[str, ...] = TO_A_UNIT
    editions: frozenset[str] = EVERY_EDITION


PLACE_OF_ORIGIN = "生源地的认定：离校前的户口所在地；户口在学校临时集体户口的，一般为入学前户口所在地"
LETTER_OF_AGENCY = "非生源地的公共就业人才服务机构的调档函、接收函"
ARCHIVE_KINDS = (
    Kind("x_home", "转回生源地", "档案转回生源地的公共就业人才服务机构", PLACE_OF_ORIGIN),
    Kind("x_sign_unit", "签约单位接收", "档案转到就业单位", "就业单位的调档函、录用材料等"),
    Kind("x_trustee", "托管单位接收", "档案转到非生源地的公共就业人才服务机构", LETTER_OF_AGENCY),
    Kind("x_superior", "上级主管单位接收", "档案转到就业单位的上级部门", "用人单位或其上级部门的录用材料，要求档案转到上级主管单位"),
    Kind("x_study_own", "升学本单位接收", "升学到本校，档案留在本校", "录取通知书", NOWHERE, SINCE_2024),
    Kind("x_study_other", "升学外单位接收", "升学到外校，档案转到外校", "录取通知书、外校的调档函", editions=SINCE_2024),
    Kind("x_undecided", "暂不确定", "还不知道转到哪里", "不用材料；确定以后再申请修改", NOWHERE, SINCE_2024),
)  # fmt: skip
HOUSEHOLD_KINDS = (
    Kind("x_home", "转回生源地", "户口转回原籍", PLACE_OF_ORIGIN, TO_A_PLACE),
    Kind("x_sign_unit", "签约单位接收", "户口转到就业单位", "就业单位的录用材料等"),
    Kind("x_trustee", "托管单位接收", "户口转到非生源地的公共就业人才服务机构", LETTER_OF_AGENCY),
    Kind("x_superior", "上级主管单位接收", "户口转到就业单位的上级部门", "用人单位或其上级部门的录用材料，要求户口转到上级主管单位"),
    Kind("x_study_own", "升学本单位接收", "升学到本校，户口留在本校", "录取通知书", NOWHERE, SINCE_2024),
    Kind("x_study_other", "升学外单位接收", "升学到外校，户口转到外校", "录取通知书", editions=SINCE_2024),
    Kind("x_undecided", "暂不确定", "还不知道转到哪里", "不用材料；确定以后再申请修改", NOWHERE, SINCE_2024),
)  # fmt: skip
KINDS = {Area.ARCHIVE: ARCHIVE_KINDS, Area.HOUSEHOLD: HOUSEHOLD_KINDS}
# What a registration may have brought beside them: choices of one university's own form (户口迁移地址).
BROUGHT = {
    Area.ARCHIVE: {},
    Area.HOUSEHOLD: {"x_not_moved": "户口未迁入学校", "x_self": "暂无法提供，申请自迁", "x_fill": "自填具体地址"},
}
# What nobody applies for here: a school consents to keep file and household until the year's end (PKU-05).
KEPT = "x_kept"
KEPT_WORDS = "暂存学校，到毕业当年 12 月 31 日"
TITLES = {Area.ARCHIVE: "档案", Area.HOUSEHOLD: "户口"}


def kinds(area: Area, edition: str) -> list[Kind]:
    """The types that an edition of the guide has, in its order."""
    return [one for one in KINDS[area] if edition in one.editions]


def kind_of(area: Area, code: str) -> Kind | None:
    """The type of that code, of any edition; None for one that cannot be applied for."""
    return next((one for one in KINDS[area] if one.code == code), None)


def _fields(area: Area) -> tuple[Field, ...]:
    title = TITLES[area]
    home = "不能是家庭住址" if area is Area.ARCHIVE else "转回原籍的，写户口所在地"
    return (
        Field("receiver", f"{title}接收单位名称", limit=120, hint="填单位全称，不能是本人或家属"),
        Field("region", f"{title}接收地区", "area"),
        Field("address", f"{title}接收地址", hint=f"写到街道门牌号，{home}"),
        Field("contact", "联系人", limit=40),
        Field("phone", "联系电话", "phone", limit=20, hint="接收单位的电话，不能是本人或家属的"),
        Field("postcode", "邮政编码", required=False, limit=6),
    )


def sheet(area: Area, edition: str) -> Sheet:
    """The form of an application: the type, and what each type of that edition asks."""
    offered = kinds(area, edition)
    asked = [
        replace(field, when=("kind", tuple(one.code for one in offered if field.key in one.asks)))
        for field in _fields(area)
    ]
    choice = Field("kind", f"{TITLES[area]}转递类型" if area is Area.ARCHIVE else "户口迁移类型", "choice",
                   choices=tuple((one.code, one.label) for one in offered))  # fmt: skip
    return Sheet(f"{area.value.title()}Change", (choice, *asked), check=all_of(place_is_exact, postcode_is_one))


def shown_by(area: Area) -> Sheet:
    """The sheet by which any record of the area is shown and compared, whatever its type and edition."""
    words = {one.code: one.label for one in KINDS[area]} | BROUGHT[area] | {KEPT: KEPT_WORDS}
    choice = replace(sheet(area, Edition.GUIDE_2024)["kind"], choices=tuple(words.items()))
    return Sheet(f"{area.value.title()}Record", (choice, *_fields(area)))


# ---- whose address and telephone it must not be (ARC-02)


@dataclass(frozen=True, slots=True)
class Person:
    """The graduate and the emergency contact: names and telephones that a receiver must not have."""

    names: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()


def person_of(graduate: Any) -> Person:
    """Whom the roster knows: the graduate, and the emergency contact where one was given."""
    extra = graduate.extra or {}
    names = (graduate.name, extra.get("emergency_name", ""))
    phones = (graduate.phone, extra.get("emergency_phone", ""))
    return Person(tuple(filter(None, map(plain_name, names))), tuple(filter(None, map(plain_phone, phones))))


def plain_name(text: str) -> str:
    """A name without what does not tell people apart: width, gaps, the dot within a name."""
    return re.sub(r"[\s·•・.．]", "", unicodedata.normalize("NFKC", text or "")).casefold()


def plain_phone(text: str) -> str:
    """A telephone's digits, without the country's code."""
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text or ""))
    return re.sub(r"^(?:00)?86(?=1\d{10}$)", "", digits)


def not_a_relative(person: Person) -> Any:
    """The check that refuses what can be seen: the receiver is the graduate or the emergency contact, by name or telephone."""

    def check(given: Mapping[str, Any]) -> dict[str, str]:
        wrong = {}
        if plain_name(given.get("receiver") or "") in person.names:
            wrong["receiver"] = "接收单位不能是本人或家属，填接收单位的全称"
        if plain_phone(given.get("phone") or "") in person.phones:
            wrong["phone"] = "这是本人或家属的电话，填接收单位的电话"
        return wrong

    return check


HOMELIKE = re.compile(r"小区|单元|家园|花园|公寓|宿舍|苑|新村|号楼|\d+\s*栋|室(?!内|外)|\d+\s*户")
UNIT_WORDS = (
    "公司", "集团", "中心", "局", "厅", "部", "委", "处", "所", "院", "馆", "站", "学校", "大学", "银行", "医院", "机构", "办公", "政府", "大厦",
    "法院", "检察", "支队", "协会", "事务", "档案", "人才", "厂", "社",
)  # fmt: skip
LONGEST_NAME = 4


def doubts(area: Area, given: Mapping[str, Any], person: Person) -> list[str]:
    """What a reviewer should look at: signs that the address is a home, or the receiver a person (ARC-02). They refuse nothing."""
    receiver, address, contact = (str(given.get(key) or "") for key in ("receiver", "address", "contact"))
    found = []
    goes_home = area is Area.HOUSEHOLD and given.get("kind") == "x_home"
    if (sign := HOMELIKE.search(address)) and not goes_home and not _names_a_unit(address):
        found.append(f"地址里有「{sign[0]}」，没有单位名称，可能是家庭住址")
    if receiver and len(plain_name(receiver)) <= LONGEST_NAME and not _names_a_unit(receiver):
        found.append("接收单位名称可能是个人姓名")
    if plain_name(contact) in person.names:
        found.append("联系人与毕业生或紧急联系人同名")
    return found


def _names_a_unit(text: str) -> bool:
    return any(word in text for word in UNIT_WORDS)


def place_is_exact(given: Mapping[str, Any]) -> dict[str, str]:
    """A place is told down to the finest level that there is."""
    code = given.get("region") or ""
    below = divisions.children(code) if code else ()
    return {"region": f"{divisions.full_name(code)}下面还要选到下一级，例如：{below[0][1]}"} if below else {}


def all_of(*checks: Any) -> Any:
    """Every check; of a field that is wrong in two ways the first one speaks."""

    def check(given: Mapping[str, Any]) -> dict[str, str]:
        wrong: dict[str, str] = {}
        for one in checks:
            wrong = {**one(given), **wrong}
        return wrong

    return check


# ---- of a case


def sheet_for(area: Area, edition: str, person: Person) -> Sheet:
    """The form about a graduate whom `person` knows: the sheet with the checks against receivers that it must not have (ARC-02)."""
    whole = sheet(area, edition)
    return replace(whole, check=all_of(whole.check, not_a_relative(person)))


def sheet_of(case: RecordChange) -> Sheet:
    """The sheet of an application, with the checks against its own graduate."""
    around = case.above("graduate")
    assert around is not None
    return sheet_for(case.AREA, case.edition, person_of(around))


def drafted(case: RecordChange) -> Sheet:
    """The same while it is being filled in: what is missing may be missing until it is submitted."""
    whole = sheet(case.AREA, case.edition)
    return replace(whole, fields=tuple(replace(field, required=False) for field in whole), check=None)


def lines(area: Area, values: Mapping[str, Any], keys: Sequence[str] = ()) -> list[tuple[str, str]]:
    """(label, value) of a record or an application: the type, and what that type asks or has."""
    asked = kind_of(area, values.get("kind") or "")
    return [
        (field.label, field.shown(values.get(field.key)))
        for field in shown_by(area)
        if field.key == "kind" or values.get(field.key) or (asked and field.key in asked.asks)
        if not keys or field.key in keys
    ]
