"""Fields, proofs and checks that types of destinations share."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qicheng.domain.registration.sheets.agreement import ARCHIVE, HOUSEHOLD, JOB, WITHOUT_RECEIVER, receiver_is_named
from qicheng.foundation import codes
from qicheng.foundation.codes import divisions
from qicheng.foundation.papers import ProofKind
from qicheng.foundation.sheets import Field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.foundation.sheets import Check

    from .declare import Around

UNIT, CONTACT, TERM, SCHOOL = "单位", "单位联系人", "期限与待遇", "院校"
WHERE = "填全称，例如：江苏省苏州市昆山市"
FULL_NAME = "填全称，与公章一致"
HOME = "x_home"

# ---- the unit, as every type that has one asks for it; keys are columns of the employment record

NAME = Field("name", "单位名称", limit=120, hint=FULL_NAME, group=UNIT)
CREDIT_CODE = Field(
    "credit_code", "统一社会信用代码", "credit", limit=18, hint="18 位，在营业执照或登记证书上", group=UNIT
)
NATURE = Field("nature", "单位性质", "code", table="unit_nature", group=UNIT)
INDUSTRY = Field("industry", "单位行业", "code", table="unit_industry", group=UNIT)
AREA = Field("area", "单位所在地", "lookup", table="admin_divisions", hint=WHERE, group=UNIT)
ADDRESS = Field("address", "单位详细地址", hint="写到街道门牌号", group=UNIT)
CONTACTS = (
    Field("contact", "单位联系人", limit=40, group=CONTACT),
    Field("phone", "联系人固话", "phone", required=False, hint="固话和手机至少填一项", group=CONTACT),
    Field("mobile", "联系人手机", "mobile", required=False, group=CONTACT),
    Field("email", "联系人邮箱", "email", required=False, limit=60, group=CONTACT),
)
FULL_UNIT = (NAME, CREDIT_CODE, NATURE, INDUSTRY, AREA, ADDRESS, *CONTACTS)
JOB_CATEGORY = Field("job_category", "职位类别", "code", table="job_categories", group=JOB)
POST = Field("post", "岗位名称", limit=60, group=JOB)

# ---- term, pay, signature

FROM = Field("from_on", "开始日期", "date", group=TERM)
UNTIL = Field("until_on", "结束日期", "date", group=TERM)
SIGNED_ON = Field("signed_on", "签订或接收日期", "date", hint="协议、接收函或录用通知上的日期", group=TERM)
PAY = Field("pay", "月薪", "whole", low=1, high=1_000_000, unit="元/月", hint="税前", group=TERM)
PAY_AT_LEAST = replace(PAY, hint="税前，不低于当地最低工资标准，否则不能按这一类登记")
REMARK = Field("remark", "补充说明", "long", required=False, limit=300)
COUNTRY = Field("country", "国家（地区）", "lookup", table="countries", hint="例如：英国、中国香港特别行政区")

# ---- file and household, of what counts as a signed agreement

TRANSFER = (
    Field("archive_type", "档案转递类型", "code", table="archive_transfer_types", group=ARCHIVE),
    Field(
        "archive_receiver", "档案转递单位名称", required=False, limit=120, hint="转回生源地的，不用填", group=ARCHIVE
    ),
    Field("archive_address", "档案转递单位地址", required=False, hint="写到街道门牌号，不能是家庭住址", group=ARCHIVE),
    Field("archive_contact", "档案转递联系人", required=False, limit=40, group=ARCHIVE),
    Field("archive_phone", "档案转递联系电话", "phone", required=False, group=ARCHIVE),
    Field("archive_postcode", "档案转递单位邮编", required=False, limit=6, group=ARCHIVE),
    Field("household_type", "户口迁移类型", "code", table="household_transfer_types", group=HOUSEHOLD),
    Field("household_address", "户口迁移地址", required=False, group=HOUSEHOLD),
)


def optional(fields: tuple[Field, ...], *keys: str) -> tuple[Field, ...]:
    """The same fields, those of these keys not required; without keys, none of them."""
    return tuple(replace(one, required=False) if not keys or one.key in keys else one for one in fields)


def asked_when(fields: tuple[Field, ...], other: str, *values: str) -> tuple[Field, ...]:
    """The same fields, asked where another field has one of these values."""
    return tuple(replace(one, when=(other, values)) for one in fields)


def subkinds(*given: str, label: str = "类别") -> Field:
    """The choice among sub-kinds of the national table, named without their parent's name; its values are the codes."""
    known = codes.table("destination_types")
    return Field("subkind", label, "choice", choices=tuple((one, known.label(one).partition("—")[2]) for one in given))


# ---- checks across fields


def all_of(*checks: Check) -> Check:
    """Every check; of a field that is wrong in two ways the first one speaks."""

    def check(given: Mapping[str, Any]) -> Mapping[str, str]:
        wrong: dict[str, str] = {}
        for one in checks:
            wrong = {**one(given), **wrong}
        return wrong

    return check


def one_telephone(given: Mapping[str, Any]) -> dict[str, str]:
    """A contact can be reached by one telephone at least."""
    return {} if given.get("phone") or given.get("mobile") else {"mobile": "联系人固话和手机至少填一项，现在都空着"}


def place_is_exact(given: Mapping[str, Any]) -> dict[str, str]:
    """A unit's place is told down to the finest level that there is."""
    code = given.get("area") or ""
    below = divisions.children(code) if code else ()
    return {"area": f"{divisions.full_name(code)}下面还要写到下一级，例如：{below[0][1]}"} if below else {}


def dates_in_order(given: Mapping[str, Any]) -> dict[str, str]:
    """What begins ends later; what was signed was not signed tomorrow."""
    wrong = {}
    begins, ends, signed = (given.get(key) for key in ("from_on", "until_on", "signed_on"))
    if isinstance(begins, date) and isinstance(ends, date) and ends <= begins:
        wrong["until_on"] = "结束日期要在开始日期之后"
    if isinstance(signed, date) and signed > timezone.localdate():
        wrong["signed_on"] = "签订日期不能晚于今天"
    return wrong


def is_abroad(given: Mapping[str, Any]) -> dict[str, str]:
    """Abroad is not the mainland; Hong Kong, Macao and Taiwan count as outside of it."""
    return {"country": "这里登记去境外的，不能选中国内地"} if given.get("country") == "CN" else {}


def file_has_receiver(given: Mapping[str, Any]) -> dict[str, str]:
    """Who receives the file and where, as in an agreement; at home it is the office of the place of origin (DES-02)."""
    return dict(receiver_is_named(given)) if given.get("archive_type") not in WITHOUT_RECEIVER else {}


unit_checks = all_of(one_telephone, place_is_exact, dates_in_order)
agreement_checks = all_of(unit_checks, file_has_receiver)


def home_office(kept: Mapping[str, Any], around: Around) -> dict[str, Any]:
    """A file that goes home goes to the public office of the place of origin; nobody types its name (DES-02)."""
    if kept.get("archive_type") != HOME:
        return {}
    place = divisions.full_name(around.origin) if around.origin else "生源地"
    return {"archive_receiver": f"{place}公共就业和人才服务机构", "archive_address": ""}


def picture(key: str, label: str, hint: str = "", most: int = 6) -> ProofKind:
    """A proof of which at least one picture is asked."""
    return ProofKind(key, label, hint, least=1, most=most)
