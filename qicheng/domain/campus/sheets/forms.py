"""The 就业形式 of 填报毕业去向: what each asks, what follows from the choice by itself, what it is (PKU-02, PKU-04, PKU-09, PKU-10).

One type for each line of codes/employment_forms; `CHOICES` has them under the names by which they are chosen. What follows is filled in by
`derive`: no form has a place for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.queries.offices import office_of
from qicheng.domain.orgs.models import Edition
from qicheng.domain.orgs.queries import edition_of
from qicheng.domain.registration.sheets.agreement import PAPER_NUMBER
from qicheng.domain.registration.sheets.destinations import EDITIONS, Destination, Group, Guide
from qicheng.domain.registration.sheets.destinations.fields import (
    ADDRESS,
    AREA,
    COUNTRY,
    HOME,
    NAME,
    NATURE,
    WHERE,
    all_of,
    is_abroad,
    place_is_exact,
)
from qicheng.domain.registration.sheets.destinations.study import SCHOOLS, place_of
from qicheng.foundation import codes
from qicheng.foundation.codes import divisions
from qicheng.foundation.papers import ProofKind
from qicheng.foundation.sheets import Field, Sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qicheng.domain.registration.sheets.destinations import Around

    Derive = Callable[[Mapping[str, Any], Around], Mapping[str, Any]]

FLOW = "declared"
TABLE = "employment_forms"
AUTOMATIC, UNIT, CONTACT, FILE, STUDY = "自动填写", "单位", "单位联系人", "档案和户口", "学校"
TO_CENTRE, CENTRE = "户档转教育部留学服务中心", "教育部留学服务中心"
FUNDED = "公派"
# Where one studies abroad as a graduate of the mainland, and the centre takes neither file nor household.
NEAR = ("HK", "MO", "TW")
STATION_ELSEWHERE = ("香港", "澳门", "台湾")
AGENCY_WORDS = ("人才", "就业", "人力资源")

# ---- what follows from the choice: shown, locked, filled in by the system

DERIVED = (
    Field("way_out", "毕业去向", group=AUTOMATIC),
    Field("assigned_unit", "单位名称（自动）", group=AUTOMATIC),
    Field("assigned_authority", "单位隶属部门（自动）", group=AUTOMATIC),
    Field("assigned_area", "单位所在地（自动）", "lookup", table="admin_divisions", group=AUTOMATIC),
    Field("assigned_nature", "单位性质（自动）", group=AUTOMATIC),
    Field("remark", "备注（自动）", group=AUTOMATIC),
    Field("archive_type", "档案转递类型", "code", table="archive_transfer_types", group=AUTOMATIC),
    Field("household_type", "户口迁移类型", "code", table="household_transfer_types", group=AUTOMATIC),
    Field("kept", "户口和档案暂存学校", group=AUTOMATIC),
)
DERIVED_KEYS = tuple(field.key for field in DERIVED)

PROVINCE = Field("province", "单位所在省", "code", table="provinces", group=UNIT)
CITY = replace(AREA, label="单位所在市县", hint=WHERE)


def row_of(kind: str) -> Mapping[str, str]:
    """The line of codes/employment_forms of a type, by its key."""
    return codes.table(TABLE).row(code_of(kind))


def code_of(kind: str) -> str:
    """The code of a type in codes/employment_forms: 'abroad.home' of 'declared_abroad_home'."""
    return kind.removeprefix(f"{FLOW}_").replace("_", ".")


def _usual(code: str) -> dict[str, Any]:
    row = codes.table(TABLE).row(code)
    return dict.fromkeys(DERIVED_KEYS, "") | {"way_out": row["way_out"], "assigned_nature": row["nature"]}


def sent_home(code: str) -> Derive:
    """File and household go to the office of the place of origin, as its province calls it."""

    def derive(kept: Mapping[str, Any], around: Around) -> Mapping[str, Any]:
        office = office_of(around.origin, for_unemployed=codes.table(TABLE).row(code)["unit"] == "unemployed")
        found = _usual(code) | {
            "assigned_unit": office, "assigned_area": around.origin, "archive_type": HOME, "archive_receiver": office,
            "archive_region": around.origin, "household_type": HOME, "household_region": around.origin,
            "assigned_authority": divisions.label(f"{around.origin[:2]}0000") if around.origin else "",
        }  # fmt: skip
        if kept.get("funding") == "public":
            found["remark"] = FUNDED
            if held := around.held.get("kept"):
                found |= {"kept": held, "archive_type": "", "household_type": ""}
        if code == "unemployed":
            found["national"] = national_reason(kept.get("cause"), around)
        return found

    return derive


def national_reason(reason: Any, around: Around) -> str:
    """The national code of a reason, as fine as the edition of the graduate's cohort has it (REG-12)."""
    reasons = codes.table("unemployment_reasons")
    if not reason or not reasons.has(str(reason)):
        return ""
    found = reasons.row(str(reason))["destination"].split("|")
    is_coarse = around.graduate is not None and edition_of(around.graduate.cohort) == Edition.GUIDE_2022
    return found[0] if is_coarse else found[-1]


def signed(kept: Mapping[str, Any], around: Around) -> Mapping[str, Any]:
    """派遣: the unit takes file and household, by itself or by who keeps them for it."""
    receiver = kept.get("archive_receiver") or ""
    kind = "x_sign_unit" if receiver == kept.get("name") else "x_trustee" if any(one in receiver for one in AGENCY_WORDS) else "x_superior"  # fmt: skip
    return _usual("agreement") | {
        "archive_type": kind if receiver else "", "household_type": "x_fill" if kept.get("household_address") else "",
        "archive_contact": kept.get("contact") or "", "archive_phone": kept.get("phone") or "",
    }  # fmt: skip


def to_school(code: str) -> Derive:
    """考研: file and household go to the school, once the edition of the cohort knows that (ARC-01)."""

    def derive(kept: Mapping[str, Any], around: Around) -> Mapping[str, Any]:
        school = kept.get("school") or ""
        name = codes.table(SCHOOLS).known_as(school)
        graduate = around.graduate
        found = _usual(code) | {"assigned_area": place_of(school)}
        if not name or graduate is None or edition_of(graduate.cohort) != Edition.GUIDE_2024:
            return found
        if name == graduate.school.name:
            return found | {"archive_type": "x_study_own", "household_type": "x_study_own"}
        to = {"type": "x_study_other", "receiver": name}
        return found | {f"{what}_{key}": value for what in ("archive", "household") for key, value in to.items()}

    return derive


def to_station(kept: Mapping[str, Any], around: Around) -> Mapping[str, Any]:
    """考研: file and household go to the unit of the station."""
    station = kept.get("name") or ""
    to = {"type": "x_sign_unit" if station else "", "receiver": station}
    return _usual("postdoc") | {
        f"{what}_{key}": value for what in ("archive", "household") for key, value in to.items()
    }


def to_centre(kept: Mapping[str, Any], around: Around) -> Mapping[str, Any]:
    """出国: the centre keeps file and household (PKU-04)."""
    to = {"type": "x_trustee", "receiver": CENTRE}
    return (
        _usual("abroad.cscse")
        | {"assigned_unit": TO_CENTRE}
        | {f"{what}_{key}": value for what in ("archive", "household") for key, value in to.items()}
    )


# ---- checks


def in_its_province(given: Mapping[str, Any]) -> dict[str, str]:
    """A place lies in the province that was chosen."""
    province, area = given.get("province") or "", given.get("area") or ""
    return {"area": f"不在{divisions.full_name(province)}，请对照再填"} if province and area and area[:2] != province[:2] else {}  # fmt: skip


def not_near(given: Mapping[str, Any]) -> dict[str, str]:
    """PKU-04: studies in Hong Kong, Macao and Taiwan send file and household home."""
    return {"country": "赴港澳台攻读学位的，户口和档案要转回生源地，请改选「已出国（户档转回生源地）」"} if given.get("country") in NEAR else {}  # fmt: skip


def studies_fit(given: Mapping[str, Any]) -> dict[str, str]:
    """What is studied and where: 赴港澳台 is there, and no other degree is."""
    if not given.get("country") or given.get("studies") not in ("degree", "near"):
        return {}
    if (given["studies"] == "near") == (given["country"] in NEAR):
        return {}
    return {
        "country": "攻读的学位选「赴港澳台攻读学位」的，国家（地区）填中国香港、中国澳门或中国台湾；其他的，两处要对得上"
    }


def station_is_here(given: Mapping[str, Any]) -> dict[str, str]:
    """PKU-10: stations of the mainland alone."""
    name = given.get("name") or ""
    return {"name": "到港澳台地区或国外做博士后的，请改选「已出国（户档转回生源地）」"} if any(one in name for one in STATION_ELSEWHERE) else {}  # fmt: skip


# ---- the types


def papers(code: str) -> tuple[ProofKind, ...]:
    """The papers that the choice needs before the plan is reported; images of them help the review, the papers themselves are brought."""
    table = codes.table("declared_papers")
    rows = ((key, table.row(key)) for key in table)
    return tuple(
        ProofKind(key, row["name_zh"], f"拍照上传，老师审核得快；原件交{row['to_zh']}", least=0, most=10)
        for key, row in rows
        if code in row["kinds"].split("|") and row["by"] == "closing"
    )


def form(
    code: str, group: Group, national: str, sheet: Sheet, definition: str, derive: Derive, **more: Any
) -> Destination:
    """One type: the line of codes/employment_forms with what it asks."""
    taken = papers(code)
    guide = Guide(
        definition,
        "；".join(one.label for one in taken) or "不用交材料。",
        more.pop("who", "学院审核通过了补充信息的毕业生。保研的毕业生不用填报。"),
    )
    return Destination(
        f"{FLOW}_{code.replace('.', '_')}", codes.table(TABLE).label(code), group, national, sheet, guide, proofs=taken, derived=DERIVED,
        derive=derive, editions=frozenset(EDITIONS), flow=FLOW, **more,
    )  # fmt: skip


AGREEMENT = form(
    "agreement", Group.AGREEMENT, "10",
    Sheet("DeclaredAgreement", (
        NAME,
        Field("authority", "单位隶属部门", "code", table="provinces", hint="单位所在的省、自治区、直辖市", group=UNIT),
        AREA, replace(NATURE, hint="列表里没有的，选临近的"),
        Field("economy", "单位经济类型", "code", table="economic_types", hint="不清楚的，问单位", group=UNIT),
        Field("number", "就业协议书编号", limit=PAPER_NUMBER, hint="纸质就业协议书右上角的编号", group=UNIT),
        replace(ADDRESS, label="单位地址"), Field("postcode", "邮政编码", required=False, limit=6, group=UNIT),
        Field("contact", "联系人", limit=40, group=CONTACT), Field("phone", "联系电话", "phone", limit=20, group=CONTACT),
        Field("email", "电子邮箱", "email", required=False, limit=60, group=CONTACT),
        Field("archive_receiver", "档案转寄单位", limit=120, hint="填全称，与单位要求的一致", group=FILE),
        Field("archive_address", "档案转寄地址", hint="写到街道门牌号，不能是家庭住址", group=FILE),
        Field("archive_postcode", "档案转寄邮编", required=False, limit=6, group=FILE),
        Field("household_address", "户口迁移地址", hint="写到街道门牌号，派出所管辖的地址", group=FILE),
    ), check=place_is_exact),
    "已经和用人单位签了三方协议，单位接收户口和档案，可以派遣。提交以后不能自己修改。", signed,
)  # fmt: skip
STUDYING = (
    Field("school", "学校", "lookup", table=SCHOOLS, is_open=True, limit=120, hint="填全称或 5 位院校代码", group=STUDY),
    Field("department", "院系名称", limit=60, group=STUDY), Field("major", "专业名称", limit=60, group=STUDY),
)  # fmt: skip
REPORTED_SCHOOL = {"employer_name": ("school",), "area": ("assigned_area",)}
MASTER = form(
    "master", Group.STUDY, "801", Sheet("DeclaredMaster", STUDYING), "考取硕士研究生。保研的毕业生只要完成补充个人就业信息，不用填报。",
    to_school("master"), reported=REPORTED_SCHOOL,
)  # fmt: skip
DOCTOR = form(
    "doctor",
    Group.STUDY,
    "801",
    Sheet("DeclaredDoctor", STUDYING),
    "考取博士研究生。",
    to_school("doctor"),
    reported=REPORTED_SCHOOL,
)
POSTDOC = form(
    "postdoc", Group.STUDY, "272",
    Sheet("DeclaredPostdoc", (Field("name", "进站单位", limit=120, hint="填全称", group=UNIT),), check=station_is_here),
    "只包括申请进国内博士后流动站的人员；到港澳台地区或国外申请上博士后的，按「已出国」填报。", to_station,
)  # fmt: skip
FOREIGN = (
    replace(COUNTRY, label="去往国家（地区）", group=STUDY),
    Field("school", "学校", limit=120, hint="中文全称", group=STUDY), Field("major", "专业", limit=60, group=STUDY),
)  # fmt: skip
LEVEL = Field("degree", "攻读层次", "choice", choices=(("master", "硕士"), ("doctor", "博士")), group=STUDY)
SELF = ("self", "自费")
ABROAD_CENTRE = form(
    "abroad.cscse", Group.STUDY, "85", Sheet("DeclaredAbroadCentre", (LEVEL, *FOREIGN), check=all_of(is_abroad, not_near)),
    "出国攻读硕士、博士，户口和档案转往教育部留学服务中心。公派、博士后、赴港澳台的不能选。户口和档案不能留在学校。", to_centre,
    reported={"employer_name": ("school",)},
)  # fmt: skip
ABROAD_HOME = form(
    "abroad.home", Group.STUDY, "85",
    Sheet("DeclaredAbroadHome", (
        Field("studies", "出国（境）做什么", "choice",
              choices=(("degree", "出国攻读博士硕士"), ("postdoc", "出国攻读博士后"), ("near", "赴港澳台攻读学位")), group=STUDY),
        *(replace(one, when=("studies", ("degree", "near"))) for one in (LEVEL,)),
        Field("funding", "经费", "choice", choices=(SELF, ("public", FUNDED)), hint="公派的，备注自动写明公派；持个人申请到就业中心当面办理，户口和档案可以暂存学校。",
              group=STUDY),
        *FOREIGN,
    ), check=all_of(is_abroad, studies_fit)),
    "出国攻读硕士、博士，户口和档案转回生源地；出国攻读博士后、赴港澳台攻读学位的都选这一种，由系统设定转回生源地。除公派外，户口和档案不能留在学校。",
    sent_home("abroad.home"), reported={"employer_name": ("school",)},
)  # fmt: skip
FLEXIBLE = "没有签三方协议，单位不接收户口、档案，无法正式派遣，但有固定工作、固定收入来源。"
FLEX_CERTIFIED = form(
    "flex.cert", Group.EMPLOYMENT, "12",
    Sheet("DeclaredFlexible", (
        Field("proof", "有什么证明", "choice", choices=(("11", "签订劳动合同"), ("12", "单位用人证明")), group=UNIT),
        replace(NAME, label="灵活就业单位名称", hint="与劳动合同或用人证明上的公章一致"), replace(AREA, label="灵活就业单位所在地"),
    ), check=place_is_exact),
    "签了劳动合同，或者有单位用人证明。户口和档案转回生源地，可以申请暂缓派遣。", sent_home("flex.cert"), subkind="proof",
)  # fmt: skip
FLEX_ABROAD = form(
    "flex.abroad", Group.EMPLOYMENT, "10",
    Sheet("DeclaredFlexibleAbroad", (
        replace(NAME, label="灵活就业单位名称", hint="与劳动合同或用人证明上的公章一致"),
        replace(COUNTRY, label="灵活就业单位所在地", hint="国家或地区，例如：新加坡", group=UNIT),
    ), check=is_abroad),
    "去国外或港澳台工作的选这一种。户口和档案必须转回生源地，不能申请暂缓派遣。", sent_home("flex.abroad"),
)  # fmt: skip
FREELANCE = form(
    "freelance", Group.EMPLOYMENT, "76",
    Sheet("DeclaredFreelance", (
        replace(NAME, label="单位名称（行业类型）", hint="填所在行业类型，例如：自由撰稿人、翻译"), PROVINCE, CITY,
    ), check=all_of(in_its_province, place_is_exact)),
    "不受雇于一家单位，以自己的劳动取得收入，例如自由撰稿人、翻译。要交自由职业声明，不能申请暂缓派遣。", sent_home("freelance"),
)  # fmt: skip
STARTUP = form(
    "startup", Group.EMPLOYMENT, "75",
    Sheet("DeclaredStartup", (replace(NAME, hint="填写完整的公司名称，与营业执照一致"), PROVINCE, CITY), check=all_of(in_its_province, place_is_exact)),
    "自己办了公司。要交自主创业声明和营业执照复印件，不能申请暂缓派遣。", sent_home("startup"),
)  # fmt: skip
UNEMPLOYED = form(
    "unemployed", Group.UNEMPLOYED, "70", Sheet("DeclaredUnemployed", (Field("cause", "待就业的原因", "code", table="unemployment_reasons"),)),
    "毕业之前没有落实去向，包括暂不就业、拟下一学年度考博、拟下一学年度考博士后、拟下一学年度出国等。", sent_home("unemployed"), coded_by="national",
)  # fmt: skip

FORMS = {one.key: one for one in (
    AGREEMENT, MASTER, DOCTOR, POSTDOC, ABROAD_CENTRE, ABROAD_HOME, FLEX_CERTIFIED, FLEX_ABROAD, FREELANCE, STARTUP, UNEMPLOYED,
)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """One 就业形式 as it is chosen: its name, what it is, and the types that it has, each with the words under which it is chosen."""

    label: str
    definition: str
    kinds: tuple[tuple[str, Destination], ...]
    note: str = ""
    elsewhere: tuple[str, Destination] | None = None


def _single(one: Destination) -> Choice:
    return Choice(one.label, one.guide.definition, ((one.label, one),))


CHOICES = (
    *(_single(one) for one in (AGREEMENT, MASTER, DOCTOR, POSTDOC)),
    Choice(
        "已出国", "已经被境外院校录取。户口和档案一律不能留学校，按下面的情况选；公派的可以申请暂存。",
        (("户档转教育部留学服务中心", ABROAD_CENTRE), ("户档转回生源地", ABROAD_HOME)),
        "出国（境）工作属于灵活就业，不在这里填。", ("去填灵活就业（出国（境）工作）", FLEX_ABROAD),
    ),
    Choice("灵活就业", f"{FLEXIBLE}主要包括签订劳动合同、单位用人证明、出国工作等。", (("用人单位证明", FLEX_CERTIFIED), ("出国（境）工作", FLEX_ABROAD))),
    *(_single(one) for one in (FREELANCE, STARTUP, UNEMPLOYED)),
)  # fmt: skip
