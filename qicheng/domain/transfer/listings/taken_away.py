"""Which lists of the room are taken away as workbooks, and by whom (EXP-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.foundation.access import Area, Role

from . import confirmation, mailing, records, reports, uploads, verification

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qicheng.foundation.access import Actor
    from qicheng.foundation.listing import Listing


def lists(actor: Actor, cohort: int) -> Iterator[Listing]:
    """Those of file and household to schools and colleges by the permission of each; the confirmation to all who look after people."""
    if actor.role.is_staff and actor.may_read(Area.EMPLOYMENT):
        yield confirmation.everybody()
    if actor.role not in (Role.COLLEGE, Role.SCHOOL):
        return
    for area in (Area.ARCHIVE, Area.HOUSEHOLD):
        if actor.may_read(area):
            yield records.records(area)
            yield records.changes(area)
            yield records.lapsed(area)
            yield records.queue(area, actor.role)
            yield uploads.to_fill_in(area)
            yield reports.reports(area)
            yield verification.authorisations(area)
    if actor.may_read(Area.ARCHIVE):
        yield mailing.requests()
        yield mailing.check()
