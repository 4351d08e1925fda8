"""Which lists of the room are taken away as workbooks, and by whom (EXP-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.campus.models import Part
from qicheng.foundation.access import Area, Role

from . import applications, files, personal, plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qicheng.foundation.access import Actor
    from qicheng.foundation.listing import Listing


def lists(actor: Actor, cohort: int) -> Iterator[Listing]:
    """Those about people, to their school and college by the permission of the page."""
    if actor.role not in (Role.COLLEGE, Role.SCHOOL):
        return
    if actor.may_read(Area.EMPLOYMENT):
        yield personal.people(Part.PERSONAL)
        yield personal.people(Part.SUPPLEMENT)
        yield plan.people()
        yield plan.lines()
        yield applications.applications(actor.role)
    if actor.may_read(Area.ARCHIVE):
        yield files.everything()
