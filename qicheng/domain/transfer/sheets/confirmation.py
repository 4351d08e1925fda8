"""What a graduate says of what was reported, what the school answers, and the reported parts in the reader's words (CON-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.orgs.queries import edition_of
from qicheng.domain.roster.models import SEEKING_WORK
from qicheng.domain.transfer.models import PARTS
from qicheng.foundation.access import Area
from qicheng.foundation.sheets import Field, Sheet

from . import records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.domain.transfer.models import Confirmation

RIGHT, WRONG, DENIED = "right", "wrong", "denied"
NOT_MINE = "这不是我的去向"
REMARK = 500
# The employment record as it was reported; keys are its columns.
DESTINATION = Sheet("ReportedDestination", (
    Field("destination", "毕业去向", "code", table="destination_types"),
    Field("employer_name", "单位名称"),
    Field("credit_code", "统一社会信用代码"),
    Field("nature", "单位性质", "code", table="unit_nature"),
    Field("industry", "单位行业", "code", table="unit_industry"),
    Field("area", "单位所在地", "area"),
    Field("address", "单位地址"),
    Field("job_category", "职位类别", "code", table="job_categories"),
    Field("contact", "联系人"),
    Field("phone", "联系电话"),
    Field("mobile", "联系人手机"),
    Field("email", "电子邮箱"),
    Field("number", "协议编号"),
    Field("signed_on", "签约日期", "date"),
))  # fmt: skip
ANSWER = Sheet("ConfirmationReply", (
    Field("answer", "给毕业生的答复", "long", limit=REMARK,
          hint="写明核对了什么、结果如何。信息确实有误的，不在这里答复，先改正登记的信息。"),
))  # fmt: skip


def dispute(case: Confirmation) -> Sheet:
    """The form of what is wrong, with the parts that were reported."""
    asked = tuple(
        Field(part, PARTS[part][0], "choice", choices=(
            (RIGHT, "没有错"), (WRONG, "内容有误"), *(((DENIED, NOT_MINE),) if part == "destination" else ()),
        ))
        for part in case.parts
    )  # fmt: skip
    remark = Field(
        "remark", "说明", "long", limit=REMARK, hint="写明哪里不对、正确的是什么，学校按这里的内容核对和改正。"
    )
    return Sheet("ConfirmationDispute", (*asked, remark), check=_something_is_wrong)


def _something_is_wrong(given: Mapping[str, Any]) -> dict[str, str]:
    parts = [part for part in PARTS if part in given]
    if any(given[part] != RIGHT for part in parts):
        return {}
    return dict.fromkeys(parts[:1], "没有选有误的项目。都没有错的，返回上一页确认无误")


def lines(part: str, said: Mapping[str, Any], cohort: int) -> list[tuple[str, str]]:
    """(label, value) of a reported part as its reader sees it; what is empty is left out, 未登记 is said."""
    if part == "destination":
        words = [(field.key, field.label, field.shown(said.get(field.key))) for field in DESTINATION]
        if said.get("destination") == SEEKING_WORK:
            words[0] = (*words[0][:2], edition_of(cohort).without_work)
        return [(label, value) for _, label, value in words if value]
    if not said.get("kind"):
        return [(f"{PARTS[part][0]}去向", "未登记")]
    return records.lines(Area(part), said)
