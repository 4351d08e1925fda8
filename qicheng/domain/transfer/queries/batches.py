"""Whose file or household can be handed over, and why that of the others cannot yet; the batches that were made."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from qicheng.domain.transfer.models import BATCH_LINES, BATCHES, CHANGES, RECORDS, HandoverBatch
from qicheng.domain.transfer.queries.records import MOVED
from qicheng.domain.transfer.sheets.records import KEPT, KINDS
from qicheng.foundation.access import Area

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import QuerySet

    from qicheng.foundation.access import Actor

# Where an application waits for a reviewer (ARC-05).
IN_REVIEW = ("college_review", "school_review")
# Without these nobody knows where it goes, as far as the type asks for them; households that go back home need no address.
NEEDED = ("receiver", "address")
GOES_HOME = "x_home"


def source(area: Area) -> str:
    """Graduates `g` of colleges `k` with record `r`, live application `c`, and the batch line `b` that holds the record as it stands."""
    return f"""roster_graduate g JOIN orgs_college k ON k.id = g.college_id
        LEFT JOIN {RECORDS[area]._meta.db_table} r ON r.graduate_id = g.id
        LEFT JOIN {CHANGES[area]._meta.db_table} c ON c.cohort = g.cohort AND c.graduate_id = g.id AND c.live
        LEFT JOIN {BATCH_LINES[area]._meta.db_table} b ON b.graduate_id = g.id AND b.live AND b.record_version = r.version"""


def on_the_list(area: Area) -> str:
    """The condition that a graduate is on the module's list (ARC-08)."""
    return f"g.removed_at IS NULL AND g.{MOVED[area]} IS DISTINCT FROM false"


@cache
def standings(area: Area) -> dict[str, tuple[str, str]]:
    """key → (words, condition) of where each graduate on the list stands; every one stands in one of them, 'ready' among them."""
    lacking = " OR ".join(f"(r.kind IN ({_asking(area, key)}) AND r.{key} = '')" for key in NEEDED)
    steps = (
        ("unregistered", "未登记", "coalesce(r.kind, '') = ''"),
        ("in_review", "审核中", f"coalesce(c.state IN {IN_REVIEW}, false)"),
        ("undecided", "暂不确定", "r.kind = 'x_undecided'"),
        ("kept", "暂缓派遣，留在学校", f"r.kind = '{KEPT}'"),
        ("lacking", "缺接收单位或地址", f"({lacking})"),
        ("handed", "已在批次里", "b.id IS NOT NULL"),
    )
    found, before = {}, ["true"]
    for key, words, condition in steps:
        found[key] = (words, " AND ".join([*before, condition]))
        before.append(f"NOT ({condition})")
    return {"ready": ("可以移交", " AND ".join(before)), **found}


def _asking(area: Area, key: str) -> str:
    codes = [
        kind.code for kind in KINDS[area]
        if key in kind.asks and not (area is Area.HOUSEHOLD and kind.code == GOES_HOME)
    ]  # fmt: skip
    return ", ".join(map(repr, codes))


def batches(area: Area, actor: Actor, cohort: int) -> QuerySet[HandoverBatch]:
    """The batches that the actor may see, the newest first."""
    return BATCHES[area].objects.seen_by(actor).filter(cohort=cohort).order_by("-number")


def batch_of(area: Area, actor: Actor, public_id: UUID) -> HandoverBatch | None:
    """One batch as far as the actor may see it (ORG-01)."""
    return BATCHES[area].objects.seen_by(actor).select_related("school").filter(public_id=public_id).first()
