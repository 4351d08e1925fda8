"""The lists of what changes after approval: about the destination, and about file and household (CAM-04)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.flows.changes import OF_THE_FILES, OF_THE_UNIT, TO_ANOTHER_UNIT
from qicheng.domain.registration.sheets.destinations import of
from qicheng.foundation.listing import Column, Filter, Listing

from .applications import CHOSEN
from .consents import waiting_first

if TYPE_CHECKING:
    from qicheng.foundation.access import Role

DESTINATION, FILES = "destination", "files"
FLOWS = {DESTINATION: (OF_THE_UNIT, TO_ANOTHER_UNIT), FILES: (OF_THE_FILES,)}
LABELS = {one.name: one.label for flows in FLOWS.values() for one in flows}
VERSION = Column("version", "", "c.version", hidden=True)
ABOUT = {
    DESTINATION: (
        VERSION,
        Column("title", "申请", "c.flow_name", lambda name: LABELS[name]),
        Column("kind", "毕业去向类型", "c.kind", lambda key: of(key).label),
        Column("unit", "现在的单位", "r.employer_name"),
    ),
    FILES: (VERSION, Column("unit", "现在的档案转寄单位", "coalesce(f.terms ->> 'archive_receiver', '')")),
}
JOINED = {
    DESTINATION: "JOIN registration_registration r ON r.id = c.registration_id",
    FILES: "JOIN campus_fileregistration f ON f.id = c.file_id",
}
WHICH = {
    DESTINATION: (Filter("flow", "申请", "c.flow_name = %(flow)s", "choice", choices=tuple((one.name, one.label) for one in FLOWS[DESTINATION])),),
    FILES: (),
}  # fmt: skip
HEADINGS = {DESTINATION: "毕业去向修改和改签", FILES: "户档信息修改"}


@cache
def changes(about: str, role: Role) -> Listing:
    """Every application about the destination, or about file and household, those that wait for that role first."""
    return waiting_first(
        f"{about}_amendments_{role.value}", HEADINGS[about], FLOWS[about], role, JOINED[about], ABOUT[about], (*WHICH[about], CHOSEN), "审核",
    )  # fmt: skip


def is_own(row: Any, role: Role) -> bool:
    """Whether it is that role's turn in a row."""
    return OF_THE_UNIT.states[row.state].turn is role
