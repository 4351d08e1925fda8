"""The fields of agreements: what an employer offers, what a graduate fills in, what a school may amend (SIGN-01, OFF-01, SUP-01)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qicheng.foundation import codes
from qicheng.foundation.access import Role
from qicheng.foundation.kit.identity import NotValid, credit_code
from qicheng.foundation.sheets import Field, Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping

# The longest that an employer may leave an invitation open; the guides show 3 days and name no limit.
LONGEST_OPEN = 30
# Transfer types that need nobody else's address: the file goes home, or nowhere yet.
WITHOUT_RECEIVER = frozenset({"x_home", "x_undecided"})
JOB = "岗位与待遇"
ARCHIVE = "档案"
HOUSEHOLD = "户口"


def receiver_is_named(given: Mapping[str, Any]) -> dict[str, str]:
    """A file that goes to somebody needs to be told to whom and where."""
    kind = given.get("archive_type")
    if not kind or kind in WITHOUT_RECEIVER:
        return {}
    wanted = {"archive_receiver": "档案接收单位还没有填写", "archive_address": "档案接收地址还没有填写，写到街道门牌号"}
    return {key: words for key, words in wanted.items() if not given.get(key)}


OFFER = Sheet(
    "Offer",
    (
        Field("job_category", "职位类别", "code", table="job_categories", group=JOB),
        Field("post", "岗位名称", limit=60, group=JOB),
        Field("work_place", "实际工作地点", required=False, hint="例如：北京市西城区", group=JOB),
        Field("probation", "试用期", required=False, limit=40, hint="例如：3个月", group=JOB),
        Field("probation_pay", "试用起薪", required=False, limit=40, hint="例如：6400 元/月", group=JOB),
        Field("pay", "转正起薪", required=False, limit=40, hint="例如：8000 元/月", group=JOB),
        Field("penalty", "违约金", required=False, limit=40, hint="例如：3000 元", group=JOB),
        Field("report_place", "报到地点", required=False, group=JOB),
        Field("report_by", "报到期限", "date", required=False, group=JOB),
        Field("archive_type", "档案转递类型", "code", table="archive_transfer_types", group=ARCHIVE),
        Field("archive_receiver", "档案转递单位名称", required=False, limit=120, group=ARCHIVE),
        Field(
            "archive_address", "档案转递单位地址", required=False, group=ARCHIVE, hint="写到街道门牌号，不能是家庭住址"
        ),
        Field("archive_contact", "档案转递联系人", required=False, limit=40, group=ARCHIVE),
        Field("archive_phone", "档案转递联系电话", "phone", required=False, group=ARCHIVE),
        Field("archive_postcode", "档案转递单位邮编", required=False, limit=6, group=ARCHIVE),
        Field("household_type", "户口迁移类型", "code", table="household_transfer_types", group=HOUSEHOLD),
        Field("household_address", "户口迁移地址", required=False, group=HOUSEHOLD),
        Field("extra_terms", "协议补充内容", "long", required=False, limit=1000, group="补充"),
    ),
    check=receiver_is_named,
)

INVITATION_DAYS = (3, 5, 7, 15)
OPEN = Sheet("Open", (Field("days_open", "应约有效期", "whole", low=1, high=LONGEST_OPEN, unit="天"),))

# What an employer fills in to invite somebody: the terms, and how long the answer is waited for.
INVITATION = Sheet("Invitation", (*OFFER.fields, *OPEN.fields), check=OFFER.check)

# How an employer names a graduate: exactly, or not at all (EMP-05).
LOOK_UP = Sheet(
    "LookUp",
    (
        Field("name", "姓名", limit=60),
        Field("number", "身份证号或考生号", limit=40, hint="两种号码填一种，要与学校名单一字不差"),
    ),
)

JOB_CATEGORY = Sheet("JobCategory", (Field("job_category", "职位类别", "code", table="job_categories"),))

# The unit as the graduate saw it, frozen in the invitation (EMP-02).
EMPLOYER = Sheet(
    "Employer",
    (
        Field("name", "单位名称", limit=120),
        Field("credit_code", "统一社会信用代码", limit=18),
        Field("nature", "单位性质", "code", table="unit_nature"),
        Field("industry", "单位行业", "code", table="unit_industry"),
        Field("area", "通讯地址", "area"),
        Field("address", "详细地址"),
        Field("contact", "单位联系人", limit=40),
        Field("phone", "联系人固话", "phone", required=False),
        Field("mobile", "联系人手机", "mobile", required=False),
        Field("email", "联系人邮箱", "email", required=False, limit=60),
    ),
)


def _asking(side: str) -> Sheet:
    reasons = codes.table("termination_reasons")
    own = tuple((code, reasons.label(code)) for code in reasons if side in reasons.row(code)["for"].split("|"))
    return Sheet(
        "Dissolution",
        (
            Field("reason", "解约原因", "choice", choices=own),
            Field(
                "explanation",
                "解约说明",
                "long",
                limit=500,
                hint="写明为什么解约、怎么和对方商量的，对方和学校都会看到",
            ),
        ),
    )


# What either side fills in to ask for a dissolution (DIS-01).
DISSOLUTION = {Role.GRADUATE: _asking("graduate"), Role.EMPLOYER: _asking("employer")}


def agreement_is_whole(given: Mapping[str, Any]) -> dict[str, str]:
    """One telephone at least, a credit code that can be true, and a receiver of the file (OFF-01)."""
    wrong = receiver_is_named(given) | unit_can_be_true(given)
    if not given.get("phone") and not given.get("mobile"):
        wrong["mobile"] = "联系人固话和手机必填一个"
    return wrong


def unit_can_be_true(given: Mapping[str, Any]) -> dict[str, str]:
    """A credit code that was filled in has to be one (GB 32100-2015)."""
    if not given.get("credit_code"):
        return {}
    try:
        credit_code(given["credit_code"])
    except NotValid as fault:
        return {"credit_code": str(fault)}
    return {}


UNIT = "单位信息"
# What a graduate fills in to apply for an agreement that is stamped on paper (OFF-01).
AGREEMENT = Sheet(
    "Agreement", (*(replace(field, group=UNIT) for field in EMPLOYER), *OFFER.fields), check=agreement_is_whole
)
# As long as the national record has room for (XYSBH).
PAPER_NUMBER = 19


def paper_is_whole(given: Mapping[str, Any]) -> dict[str, str]:
    """The same, and signed already."""
    signed = given.get("signed_on")
    early = isinstance(signed, date) and signed > timezone.localdate()
    return agreement_is_whole(given) | ({"signed_on": "签约日期不能晚于今天"} if early else {})


# The same of an agreement that was signed on paper (SUP-01).
PAPER = Sheet(
    "PaperAgreement",
    (
        Field("paper_number", "协议书编号", limit=PAPER_NUMBER, hint="纸质就业协议书右上角的编号", group="协议书"),
        Field("signed_on", "签约日期", "date", hint="双方在协议书上签字盖章的日期", group="协议书"),
        *AGREEMENT.fields,
    ),
    check=paper_is_whole,
)
# What a school may amend after approval (OFF-06, SUP-02).
AMENDED = ("nature", "industry", "job_category")
UNIT_AMENDMENT = Sheet("UnitAmendment", tuple(replace(AGREEMENT[key], group="") for key in AMENDED))
# With the stamped form, or in its place (OFF-05).
STAMPED = Sheet(
    "Stamped",
    (
        Field(
            "statement", "情况说明", "long", required=False, limit=500,
            hint="协议书信息有误、需要重新填写时，写明哪里不对；没有问题不用填",
        ),
    ),
)  # fmt: skip


def link_has_an_address(given: Mapping[str, Any]) -> dict[str, str]:
    """A link goes somewhere: to a mobile phone or by e-mail."""
    return {} if given.get("mobile") or given.get("email") else {"mobile": "手机和邮箱至少填一个，链接才能发给单位"}


# To whom the link goes by which the employer brings back the stamped form (OFF-03).
LINK = Sheet(
    "Link",
    (
        Field("mobile", "单位经办人手机", "mobile", required=False),
        Field("email", "单位经办人邮箱", "email", required=False, limit=60),
    ),
    check=link_has_an_address,
)
# What an approval records besides itself (OFF-07, DIS-05).
SEALED = Sheet(
    "Sealed",
    (
        Field(
            "sealed", "毕业生需要学校在纸质协议书上盖章，已核对要盖章的协议书与上传的图像一致", "switch", required=False
        ),
    ),
)
VERIFIED = Sheet(
    "Verified", (Field("verified", "与用人单位核实的情况", "long", limit=300, hint="写明和谁、怎么核实、对方怎么说"),)
)
MANNERS = (("x_mutual", "双方同意解约"), ("x_student_side", "学生单方面解约"))


def one_sided_is_explained(given: Mapping[str, Any]) -> dict[str, str]:
    """Without the employer's consent the school says why (DIS-05)."""
    if given.get("manner") == "x_student_side" and not (given.get("grounds") or "").strip():
        return {"grounds": "学生单方面解约要写明具体情况"}
    return {}


ENDED = Sheet(
    "Ended",
    (
        Field("manner", "解约方式", "choice", choices=MANNERS),
        *VERIFIED.fields,
        Field(
            "grounds", "单方面解约的具体情况", "long", required=False, limit=500,
            hint="请谨慎使用，使用前应与用人单位协商一致以防出现纠纷。双方同意解约不用填",
        ),
    ),
    check=one_sided_is_explained,
)  # fmt: skip
