"""Rules against acts on 户档信息登记: None, or the reason in the user's words (CAM-07, CAM-08, INV-45)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.campus.sheets.files import has_moved, sheet_of
from qicheng.foundation.access import Area

if TYPE_CHECKING:
    from qicheng.domain.campus.models import FileRegistration
    from qicheng.foundation.access import Actor

MOVED_ON = "毕业去向登记在提交以后有了变化"


def destination_is_submitted(case: FileRegistration, actor: Actor) -> str | None:
    """CAM-07: it opens after the destination was submitted; a draft of one is not yet live."""
    return None if case.above("destination") is not None else "先登记毕业去向并提交，才能登记户档信息。"


def destination_is_approved(case: FileRegistration, actor: Actor) -> str | None:
    """What the records say goes with a destination that is in force: the last word on it comes first."""
    destination = case.above("destination")
    if destination is not None and destination.state == "effective":
        return None
    return "毕业去向登记还没有审核通过，先审核毕业去向，再通过户档信息。"


def has_confirmed(case: FileRegistration, actor: Actor) -> str | None:
    """ROS-02: the graduate has checked the basic information as it stands now."""
    graduate = case.above("graduate")
    if graduate is not None and graduate.confirmed_revision == graduate.revision:
        return None
    return "先核对个人信息并确认无误，再来办理。"


def is_filled_in(case: FileRegistration, actor: Actor) -> str | None:
    """ARC-01, ARC-02, INV-45: nothing is missing, wrong, or at odds with the destination."""
    form = sheet_of(case).form(case.cohort)(case.terms)
    if form.is_valid():
        return None
    return f"还没有填好：{'、'.join(str(form.fields[key].label) for key in form.errors)}。改好以后再提交。"


def unit_is_as_submitted(case: FileRegistration, actor: Actor) -> str | None:
    """CAM-07: what is approved belongs to the destination as it is; else it goes before the graduate again."""
    return f"{MOVED_ON}，不能直接通过。选审核不通过，让毕业生对照新的去向重新提交。" if has_moved(case) else None


def unit_has_changed(case: FileRegistration, actor: Actor) -> str | None:
    """CAM-08: behind the college's review the graduate comes back to it only for a destination that changed."""
    return None if has_moved(case) else "学院已经审核，不能再修改；审核后需要修改的，请联系辅导员。"


def reads_both(case: FileRegistration, actor: Actor) -> str | None:
    """ARC-07: whoever decides on both things has the permission of both."""
    return None if actor.may_write(Area.HOUSEHOLD) else "你的账号没有户口信息的权限，户档信息由有两种权限的老师审核。"


def destination_is_gone(case: FileRegistration, actor: Actor) -> str | None:
    """It lapses with the destination, and for nothing else."""
    return "毕业去向登记还在，户档信息登记不会失效。" if case.above("destination") is not None else None
