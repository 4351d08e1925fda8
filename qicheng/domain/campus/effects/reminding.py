"""Reminding graduates of what they have not done: each once a day at most, each on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.perform import NotOpen, Refused, be, clock, note, noted
from qicheng.foundation.kit.calendar import day_of, midnight

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from qicheng.foundation.access import Actor

AT_ONCE = 500


def remind_each(
    about: str, public_ids: Sequence[UUID], actor: Actor, cohort: int, *, of: str = "", changes: Mapping[str, Any] | None = None
) -> int:  # fmt: skip
    """Remind those of them whom the actor sees and who were not reminded today; how many are told. Raises NotOpen, Refused.

    `of` names what they are reminded of, where `about` has several; `changes` is what the words of the message read.
    """
    if actor.role not in (Role.COLLEGE, Role.SCHOOL) or not actor.may_write(Area.EMPLOYMENT):
        raise NotOpen("你的账号没有这项操作的权限。")
    if len(public_ids) > AT_ONCE:
        raise Refused(f"一次最多提醒 {AT_ONCE} 人，先用筛选缩小范围。")
    with transaction.atomic():
        be(actor)
        seen = Graduate.objects.seen_by(actor).filter(public_id__in=public_ids, cohort=cohort, removed_at=None)
        lines = {f"{of}{one.pk}": one for one in seen.select_for_update(of=("self",), no_key=True).order_by("pk")}
        today = midnight(day_of(clock()))
        told = {one.case for one in noted(about, newest=len(lines) or 1, case__in=list(lines), at__gte=today)}
        owed = {subject: one for subject, one in lines.items() if subject not in told}
        for subject, one in owed.items():
            note(
                actor, "remind", about, changes, subject=subject, cohort=cohort, school=one.school_id, tell=((Role.GRADUATE, one.pk),)
            )  # fmt: skip
    return len(owed)
