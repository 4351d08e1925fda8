"""Which change of the school's own platform mends which part of a letter, by the part that the school has (MAIL-01, CAM-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.campus.models import Part
from qicheng.domain.campus.queries.profile import profile_of
from qicheng.domain.transfer.sheets.mailing import POLITICS, Change

if TYPE_CHECKING:
    from collections.abc import Mapping

CHANGES: Mapping[Part, Mapping[str, Change]] = {
    Part.PERSONAL: {POLITICS: Change("个人信息完善", "提交以后马上写入名单，不用审核。", "campus:personal")},
}


def own_changes(school: int, cohort: int) -> Mapping[str, Change]:
    """Part of a letter → the change that mends it, where the school's profile has one of its own."""
    parts = profile_of(school, cohort).parts
    return {key: change for part, changes in CHANGES.items() if part in parts for key, change in changes.items()}
