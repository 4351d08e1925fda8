"""On which ways somebody wants which kind of message; what must be told, and the inbox, are not theirs to choose (NOT-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from . import Kind
from .models import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from qicheng.foundation.access import Role

WAYS = {"mail": "邮件", "sms": "短信", "wechat": "微信"}


def unwanted(role: Role, node: int) -> set[tuple[str, str]]:
    """(kind, way) of all that whoever sits there does not want."""
    return set(Refusal.objects.filter(role=role, node=node).values_list("kind", "channel"))


def choose(role: Role, nodes: Sequence[int], ways: Collection[str], wanted: Collection[tuple[str, str]]) -> None:
    """Keep, for each of the nodes, that of all kinds on these ways only `wanted` come; what was chosen of other ways stays."""
    refused = [(kind, way) for kind in Kind for way in ways if (kind, way) not in wanted]
    with transaction.atomic():
        rows = Refusal.objects.filter(role=role, node__in=nodes, channel__in=list(ways))
        rows.delete()
        Refusal.objects.bulk_create(
            [Refusal(role=role, node=node, kind=kind, channel=way) for node in nodes for kind, way in refused],
            ignore_conflicts=True,
        )
