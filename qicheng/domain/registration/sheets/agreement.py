"""The fields of registrations' forms: what an employer offers (SIGN-01), and what a school may amend (SIGN-07)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.foundation import codes
from qicheng.foundation.access import Role
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
