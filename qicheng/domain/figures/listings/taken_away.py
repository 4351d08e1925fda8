"""Which lists of the room are taken away as workbooks, and by whom (EXP-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.figures.queries import people as placed
from qicheng.foundation.access import Area

from . import national

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qicheng.foundation.access import Actor
    from qicheng.foundation.listing import Listing


def lists(actor: Actor, cohort: int) -> Iterator[Listing]:
    """The people behind the rates and behind the national table, to all who look after people."""
    if actor.role.is_staff and actor.may_read(Area.EMPLOYMENT):
        yield placed.people()
        yield national.people()
