"""Reads of what changes after approval: what a graduate may ask for now, whose turn it is, what is open (CAM-04)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import DestinationAmendment, FileAmendment, FileRegistration, Part
from qicheng.domain.campus.queries import files
from qicheng.domain.campus.queries.platform import registration_of
from qicheng.domain.campus.queries.profile import has_part
from qicheng.domain.campus.sheets import changes as sheets
from qicheng.domain.campus.sheets.platform import FLOW
from qicheng.domain.registration.models import Registration
from qicheng.foundation.flow.declare import FLOWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.domain.campus.models import Amendment
    from qicheng.domain.roster.models import Graduate
    from qicheng.foundation.access import Actor

# Where an application has ended.
CLOSED = ("discarded", "given_up", "refused", "lapsed", "granted")
MODELS: Mapping[str, type[Amendment]] = {
    sheets.SAME_UNIT: DestinationAmendment, sheets.OTHER_UNIT: DestinationAmendment, sheets.FILES: FileAmendment
}  # fmt: skip
# The three steps of the guide: who, what is said when it is done, what there is to do.
LEVELS = (("毕业去向办理", "已提交", "提交"), ("学院审核", "已通过", "审核"), ("学校审核", "已通过", "审核"))
STEPS = (
    ("毕业去向办理", "对照现在生效的内容，改有变化的，上传材料，提交"),
    ("学院审核", "审核通过以后交学校；退回的，按要求改好再提交"),
    ("学校审核", "审核通过，修改生效；通过以前按原来的办理"),
)


@dataclass(frozen=True, slots=True)
class Possible:
    """One of the three: whether it can be asked for now and why not, or the application of it that is open."""

    flow: str
    label: str
    why: str
    open: Amendment | None


def intended(flow: str, target: Registration | FileRegistration, kind: str = "") -> Amendment:
    """An unsaved application about what is in force, as it would begin; 改签 to `kind`."""
    known: dict[str, Any] = {
        "flow_name": flow, "cohort": target.cohort, "school_id": target.school_id, "college_id": target.college_id, "tier": target.tier,
        "graduate": target.graduate,
    }  # fmt: skip
    made: Amendment
    if isinstance(target, FileRegistration):
        above: Any = target.above("destination")
        known["registration_id"] = above.id if above else None
        made = FileAmendment(file=target, **known)
        held = ""
    else:
        held = target.kind
        made = DestinationAmendment(registration=target, kind=kind or held, **known)
    made.terms = sheets.start(made, held, target.terms)
    return made


def has_changes(case: Registration) -> bool:
    """Whether its graduate changes it by an application of this kind: registered on the platform, at a school with the part."""
    return case.flow_name == FLOW and has_part(case.school_id, case.cohort, Part.CHANGES)


def target_of(actor: Actor, flow: str, graduate: int) -> Registration | FileRegistration | None:
    """What the flow would change: the graduate's own destination, or the own registration of file and household."""
    return files.newest(actor, graduate) if flow == sheets.FILES else registration_of(actor, graduate)


def waiting(actor: Actor, flow: str) -> Amendment | None:
    """The graduate's open application about the same thing: of 毕业去向修改 and 改签 at most one is open."""
    rows = MODELS[flow].objects.seen_by(actor).exclude(state__in=CLOSED).select_related("graduate", "school", "college")
    found: Amendment | None = rows.order_by("-live", "-id").first()
    return found


def why_not(actor: Actor, flow: str, target: Registration | FileRegistration | None) -> str:
    """The reason for which the graduate cannot ask for this change now; '' where it can."""
    if target is None:
        return "还没有登记户档信息。" if flow == sheets.FILES else "还没有在学校平台登记毕业去向。"
    if isinstance(target, Registration) and target.flow_name != FLOW:
        return "毕业去向不是在学校平台登记的。"
    declared, blank = FLOWS[flow], intended(flow, target)
    return next((why for guard in declared.against(declared.begin) if (why := guard(blank, actor))), "")


def possible(actor: Actor, graduate: Graduate) -> list[Possible]:
    """The three, each with what is open of it, or why it cannot be asked for."""
    found, open_of = [], {flow: waiting(actor, flow) for flow in (sheets.SAME_UNIT, sheets.FILES)}
    for flow in MODELS:
        own = open_of[sheets.FILES if flow == sheets.FILES else sheets.SAME_UNIT]
        if own is not None:
            is_this = own.flow_name == flow
            why = "" if is_this else f"「{own.flow.label}」还没有办完，办完或者放弃以后再申请。"
            found.append(Possible(flow, FLOWS[flow].label, why, own if is_this else None))
        else:
            why = why_not(actor, flow, target_of(actor, flow, graduate.pk))
            found.append(Possible(flow, FLOWS[flow].label, why, None))
    return found
