"""A province names the offices that receive file and household, each change on record (PKU-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from qicheng.domain.campus.models import OfficeKind, ReceivingRule
from qicheng.domain.campus.queries import offices as queries
from qicheng.domain.campus.sheets.offices import OFFICE, RULE
from qicheng.domain.orgs.effects.settings import Outdated
from qicheng.domain.orgs.models import Province
from qicheng.domain.orgs.queries import stamp
from qicheng.foundation.access import Area, Role
from qicheng.foundation.codes import divisions
from qicheng.foundation.flow.perform import NotFound, NotOpen, be, note

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.foundation.access import Actor

ABOUT = "receiving_office"


def values_at(place: str) -> dict[str, str]:
    """What was named at one division itself, in the keys of its sheet."""
    named = dict(queries.offices().filter(place=place).values_list("kind", "title"))
    return {kind.value: named.get(kind.value, "") for kind in OfficeKind}


def name_office(actor: Actor, place: str, seen: str, given: Mapping[str, Any]) -> None:
    """Set the names of one division of the actor's province; `seen` is the stamp of those that the page showed.

    Raises NotOpen, NotFound for a division that is not the province's, Outdated.
    """
    with transaction.atomic():
        province = _held(actor)
        if not queries.belongs(province, place):
            raise NotFound("没有找到这个地区。")
        before = values_at(place)
        if seen != stamp(before):
            raise Outdated
        after = {key: (given.get(key) or "").strip() for key in OFFICE.keys}
        for kind in OfficeKind:
            if after[kind.value] != before[kind.value]:
                queries.offices().update_or_create(
                    place=place, kind=kind.value, defaults={"title": after[kind.value], "province": province}
                )
        if changes := OFFICE.changes(before, after):
            note(actor, "change", ABOUT, changes, subject=place, words=divisions.full_name(place))


def set_rule(actor: Actor, seen: int, given: Mapping[str, Any]) -> ReceivingRule:
    """Set the province's rule; raises NotOpen, Outdated."""
    with transaction.atomic():
        province = _held(actor)
        row = queries.rule_of(province.pk)
        if seen != row.version:
            raise Outdated
        before = {"pattern": row.pattern}
        row.pattern, row.version = given["pattern"], row.version + 1
        row.save()
        if changes := RULE.changes(before, given):
            note(actor, "change", ABOUT, changes, subject=province.code, words=province.name)
    return row


def _held(actor: Actor) -> Province:
    if actor.role is not Role.PROVINCE or not actor.may_write(Area.EMPLOYMENT):
        raise NotOpen("接收单位名称由省级用户维护。")
    be(actor)
    return Province.objects.select_for_update(no_key=True).get(pk=actor.node)
