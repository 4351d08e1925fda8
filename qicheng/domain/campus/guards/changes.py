"""Rules of what changes after approval: what may be changed, into what, and that it is still what was read (CAM-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.campus.guards import platform
from qicheng.domain.campus.guards.files import destination_is_approved
from qicheng.domain.campus.models import FileAmendment
from qicheng.domain.campus.sheets import changes as sheets
from qicheng.domain.campus.sheets.platform import FLOW

if TYPE_CHECKING:
    from qicheng.domain.campus.models import Amendment, DestinationAmendment
    from qicheng.foundation.access import Actor

IN_FORCE = "effective"
GONE = "现在没有学校审核通过的毕业去向登记。去向审核通过以前，直接在登记里修改。"
NO_FILE = "现在没有学校审核通过的户档信息登记。审核通过以前，直接在登记里修改。"


def is_in_force(case: Amendment, actor: Actor) -> str | None:
    """Only what both levels approved is changed by an application; until then it is edited or returned."""
    target = case.target
    if isinstance(case, FileAmendment):
        if target is None or target.state != IN_FORCE:
            return NO_FILE
        return destination_is_approved(case, actor)  # type: ignore[arg-type]
    return None if target is not None and target.flow_name == FLOW and target.state == IN_FORCE else GONE


def has_left(case: Amendment, actor: Actor) -> str | None:
    """An application lapses with what it would change, and for nothing else."""
    target = case.target
    return "要修改的登记还在生效。" if target is not None and target.state == IN_FORCE else None


def is_filled_in(case: Amendment, actor: Actor) -> str | None:
    """Nothing that is asked for is missing or wrong."""
    form = sheets.sheet_of(case).form(case.cohort)(sheets.values_of(case))
    if form.is_valid():
        return None
    return f"还没有填好：{'、'.join(str(form.fields[key].label) for key in form.errors)}。改好以后再提交。"


def something_changes(case: Amendment, actor: Actor) -> str | None:
    """An application that says what is in force is none."""
    return None if sheets.changes(case) else "填的内容和现在生效的一样，没有要改的。"


def unit_is_the_same(case: DestinationAmendment, actor: Actor) -> str | None:
    """CAM-04: 毕业去向修改 leaves the unit, its credit code and the type as they are."""
    kind, terms = sheets.now(case)
    if kind and (kind, sheets.mark(kind, terms)) == (case.kind, sheets.mark(case.kind, case.terms)):
        return None
    return "单位名称、组织机构代码或毕业去向类型有变化的，用改签申请。"


def unit_is_another(case: DestinationAmendment, actor: Actor) -> str | None:
    """CAM-04: 改签申请 is for another unit, or another kind of destination."""
    kind, terms = sheets.now(case)
    if not kind or (kind, sheets.mark(kind, terms)) != (case.kind, sheets.mark(case.kind, case.terms)):
        return None
    return "单位和毕业去向类型没有变。单位不变、其他信息有变化的，用毕业去向修改。"


def kind_is_offered(case: DestinationAmendment, actor: Actor) -> str | None:
    """ROS-06, REG-12: the new type is one that this graduate may choose in this edition."""
    return platform.kind_is_offered(case, actor)  # type: ignore[arg-type]


def is_as_submitted(case: Amendment, actor: Actor) -> str | None:
    """What is approved was read against what is in force: where that has moved on, the graduate sees it first."""
    target = case.target
    if target is None or target.version == case.target_version:
        return None
    return "提交以后，原来的登记有了变化。请退回修改，让毕业生对照新的内容再提交。"
