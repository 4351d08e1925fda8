"""Which change of the school's own platform mends which part of a letter, by the part that the school has (MAIL-01, CAM-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.campus.models import Part
from qicheng.domain.campus.queries.profile import profile_of
from qicheng.domain.transfer.sheets.mailing import DESTINATION, POLITICS, RECORD, UNIT, Change

if TYPE_CHECKING:
    from collections.abc import Mapping

CHANGES: Mapping[Part, Mapping[str, Change]] = {
    Part.PERSONAL: {POLITICS: Change("个人信息完善", "提交以后马上写入名单，不用审核。", "campus:personal")},
    Part.CHANGES: {
        DESTINATION: Change(
            "改签申请", "单位或去向变了：学院、学校审核通过以后，按新的信息重新确认。", "campus:change_unit"
        ),
        UNIT: Change(
            "毕业去向修改",
            "单位不变、其他信息有误：学院、学校审核通过以后，按新的信息重新确认。",
            "campus:change_destination",
        ),
        RECORD: Change(
            "户档信息修改", "学院、学校审核通过以后，按新的信息重新确认，再申请邮寄。", "campus:change_files"
        ),
    },
}


def own_changes(school: int, cohort: int) -> Mapping[str, Change]:
    """Part of a letter → the change that mends it, where the school's profile has one of its own."""
    parts = profile_of(school, cohort).parts
    return {key: change for part, changes in CHANGES.items() if part in parts for key, change in changes.items()}
