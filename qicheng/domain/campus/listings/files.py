"""Lists of 户档信息登记: what waits for a reviewer, and everything that was submitted (CAM-08)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import FileRegistration
from qicheng.domain.registration.listings import LATE, given_late, written
from qicheng.domain.transfer.listings.records import about_people
from qicheng.domain.transfer.sheets.records import shown_by
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.listing import Column, Filter, Listing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qicheng.foundation.access import Actor

FLOW = "file_registration"
SOURCE = """campus_fileregistration c JOIN roster_graduate g ON g.cohort = c.cohort AND g.id = c.graduate_id JOIN orgs_college k ON k.id = c.college_id
    LEFT JOIN registration_registration r ON r.cohort = c.cohort AND r.graduate_id = c.graduate_id AND r.flow_name = 'platform' AND r.live"""
IN_EFFECT = "coalesce(r.state = 'effective', false)"


@cache
def queue(role: Role) -> Listing:
    """What waits for that role, the longest wait first."""
    turn = " OR ".join(f"c.state = '{state}'" for state in FLOWS[FLOW].turns(role)) or "false"
    filters = (Filter("wait", "等待", conditions={"late": LATE}, choices=(("late", "等得久"),)),)
    return _listing("file_registration_review", "待我审核的户档信息", filters, f"({turn})", given_late)


@cache
def everything() -> Listing:
    """Every registration that was submitted, in all its states, the one first that moved first."""
    states = tuple((state.key, state.label) for state in FLOWS[FLOW].states.values() if state.key != "draft")
    return _listing(
        "file_registrations",
        "户档信息登记",
        (Filter("state", "状态", "c.state = %(state)s", "choice", choices=states),),
        "true",
    )


def _listing(
    name: str,
    label: str,
    filters: tuple[Filter, ...],
    where: str,
    given: Callable[[Actor, int], Mapping[str, Any]] | None = None,
) -> Listing:
    columns = (
        Column("public_id", "", "c.public_id", hidden=True),
        Column("name", "姓名", "g.name", sort=True),
        Column("student_number", "学号", "g.student_number", sort=True),
        Column("state", "状态", "c.state", lambda key: FLOWS[FLOW].states[key].label),
        Column("kind", "档案转寄类型", "coalesce(c.terms ->> 'archive_type', '')", shown_by(Area.ARCHIVE)["kind"].shown),
        Column("receiver", "档案转寄单位", "coalesce(c.terms ->> 'archive_receiver', '')"),
        Column("household", "户口迁移", "coalesce(c.terms ->> 'household_type', '')", shown_by(Area.HOUSEHOLD)["kind"].shown),
        Column("destination", "毕业去向登记", IN_EFFECT, lambda known: "已审核通过" if known else "还没有审核通过"),
        Column("college", "院系", "k.name"),
        Column("submitted_at", "提交时间", "coalesce(c.submitted_at, c.begun_at)", written, sort=True),
        Column("waiting_since", "到这一步的时间", "c.waiting_since", written, sort=True),
    )  # fmt: skip
    return Listing(
        name, label, FileRegistration, SOURCE, "c", columns, (*filters, *about_people("c.college_id")), ("c.waiting_since", "c.id"),
        where=f"g.removed_at IS NULL AND {where}", given=given,
    )  # fmt: skip
