"""A school warns of a unit, changes what it says and takes the warning back, each on record (WRN-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.effects.settings import Outdated
from qicheng.domain.orgs.models import Flag
from qicheng.domain.orgs.sheets import FLAG, FLAG_CHANGE, plain_code
from qicheng.foundation.access import Actor, Area, Role
from qicheng.foundation.flow.perform import NotOpen, Refused, be, note

if TYPE_CHECKING:
    from collections.abc import Mapping


def flag_values(flag: Flag) -> dict[str, Any]:
    """What the form of a change shows of a flag."""
    return {key: getattr(flag, key) for key in FLAG_CHANGE.keys}


def raise_flag(actor: Actor, given: Mapping[str, Any]) -> Flag:
    """The actor's school warns of a unit; of two at once the database lets one in."""
    _may_flag(actor)
    assert actor.account is not None
    values = {key: given[key] for key in FLAG.keys} | {"credit_code": plain_code(given["credit_code"])}
    try:
        with transaction.atomic():
            be(actor)
            flag = Flag(school_id=actor.node, flagged_by_id=actor.account, **values)
            flag.save(force_insert=True)
            _note(actor, "add", flag, FLAG.changes({}, values))
    except IntegrityError as broken:
        if "one_standing_flag" not in str(broken):
            raise
        raise Refused("本校已经将这家单位标记为预警单位，在列表里找到它再修改。") from None
    return flag


def change_flag(actor: Actor, flag: Flag, seen: str, given: Mapping[str, Any]) -> None:
    """What a standing flag says is changed; who raised it and when stays."""
    with transaction.atomic():
        row = _standing(actor, flag)
        before = flag_values(row)
        if seen != queries.stamp(before):
            raise Outdated
        for key in FLAG_CHANGE.keys:
            setattr(row, key, given[key])
        if changes := FLAG_CHANGE.changes(before, given):
            row.save(update_fields=FLAG_CHANGE.keys)
            _note(actor, "change", row, changes)


def remove_flag(actor: Actor, flag: Flag) -> None:
    """The warning ends; its row stays with who took it back and when."""
    with transaction.atomic():
        row = _standing(actor, flag)
        row.removed_at, row.removed_by_id = timezone.now(), actor.account
        row.save(update_fields=["removed_at", "removed_by"])
        _note(actor, "remove", row, {"预警单位": [f"{row.name}（{row.credit_code}）", "已取消"]})


def _may_flag(actor: Actor) -> None:
    if actor.role is not Role.SCHOOL or not actor.may_write(Area.EMPLOYMENT):
        raise NotOpen("你的账号没有这项操作的权限。")


def _standing(actor: Actor, flag: Flag) -> Flag:
    _may_flag(actor)
    be(actor)
    rows = Flag.objects.seen_by(actor).filter(pk=flag.pk, removed_at=None)
    row = rows.select_for_update(of=("self",), no_key=True).first()
    if row is None:
        raise Refused("这家单位的预警已经取消，刚才的操作没有生效。")
    return row


def _note(actor: Actor, act: str, flag: Flag, changes: Mapping[str, Any]) -> None:
    note(actor, act, "flag", changes, subject=str(flag.public_id), school=actor.node)
