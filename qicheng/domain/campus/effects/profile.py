"""Switching parts on and off, on record; never away from under a case that is still open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from qicheng.domain.campus.models import Part, Profile
from qicheng.domain.campus.queries.profile import FLOWS_OF
from qicheng.domain.campus.sheets.profile import PROFILE
from qicheng.domain.orgs.effects.settings import Outdated
from qicheng.domain.orgs.models import SigningSettings
from qicheng.domain.orgs.queries import forget_kept
from qicheng.foundation.access import Area
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import Refused, be, in_process, note

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.foundation.access import Actor


def values_of(profile: Profile) -> dict[str, Any]:
    """The profile in the keys of its sheet."""
    return {part.value: part.value in profile.parts for part in Part} | {"closes_on": profile.closes_on}


def set_profile(actor: Actor, cohort: int, seen: int, given: Mapping[str, Any]) -> Profile:
    """Submit the profile of the actor's school; raises Refused while cases of a part that goes are open, and Outdated."""
    if not actor.may_write(Area.EMPLOYMENT):
        raise Refused("你的账号没有这项操作的权限。")
    with transaction.atomic():
        be(actor)
        settings = SigningSettings.objects.seen_by(actor).filter(school=actor.node, cohort=cohort)
        around = settings.select_for_update(of=("self",)).first()
        if around is None or around.submitted_at is None:
            raise Refused("先提交签约设置，再选择学校平台的功能。")
        rows = Profile.objects.seen_by(actor).filter(school=actor.node, cohort=cohort)
        row = rows.first() or Profile(school_id=actor.node, cohort=cohort)
        if seen != row.version:
            raise Outdated
        before = values_of(row)
        after = {key: given[key] for key in PROFILE.keys}
        _nothing_is_open(row, [part for part in Part if before[part.value] and not after[part.value]])
        row.parts, row.closes_on = [part.value for part in Part if after[part.value]], after["closes_on"]
        row.version += 1
        row.save()
        note(actor, "submit", "campus_profile", PROFILE.changes(before, after), cohort=cohort, school=actor.node)
    forget_kept()
    return row


def _nothing_is_open(row: Profile, leaving: list[Part]) -> None:
    waiting = in_process(school_id=row.school_id, cohort=row.cohort) if leaving else {}
    for part in leaving:
        if found := {FLOWS[name].label: waiting[name] for name in FLOWS_OF.get(part, ()) if waiting.get(name)}:
            raise Refused(
                f"「{part.label}」还有{'、'.join(f'{label} {number} 条' for label, number in found.items())}在办理，全部办完才能关闭。"
            )
