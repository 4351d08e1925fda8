"""Reads of 毕业去向登记 on a school's own platform that more than one page needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from qicheng.domain.campus.models import Part
from qicheng.domain.campus.queries.personal import first
from qicheng.domain.campus.queries.profile import shown_parts
from qicheng.domain.campus.sheets.platform import FLOW
from qicheng.domain.registration.models import UNSENT, Registration
from qicheng.domain.registration.queries import Elsewhere
from qicheng.foundation.access import Role

if TYPE_CHECKING:
    from qicheng.domain.roster.models import Graduate
    from qicheng.foundation.access import Actor

# The five steps of the form, as the guide draws them, and at which each state stands (CAM-03).
STEPS = ("毕业去向类型", "填写签约信息", "填写完成已提交", "学院审核完成", "学校审核完成")
PLACES = {"draft": 1, "returned": 1, "college_review": 3, "school_review": 4}
WAITING = {1: "待提交", 3: "待学院审核", 4: "待学校审核"}


def line(case: Registration) -> list[tuple[str, str, str]]:
    """(step, word, done|you|now|stop|'') of the five steps, as its graduate sees them."""
    if case.effective_at is not None:
        return [(step, "已完成" if not case.standing.settled or case.live else "", "done") for step in STEPS]
    place = PLACES.get(case.state, 1)
    word = "审核未通过，待修改" if case.state == "returned" else WAITING[place]
    looks = "you" if not case.version or case.standing.turn is Role.GRADUATE else "now" if case.live else "stop"
    if looks == "stop":
        word = case.standing.others
    return [
        *((step, "", "done") for step in STEPS[:place]),
        (STEPS[place], word, looks),
        *((step, "", "") for step in STEPS[place + 1 :]),
    ]


def registration_of(actor: Actor, graduate: int) -> Registration | None:
    """What the graduate registers on the platform: what is live, else the draft, else what ended last; None where nothing was begun."""
    rows = Registration.objects.seen_by(actor).filter(graduate=graduate, flow_name=FLOW).exclude(state="discarded")
    found = list(rows.select_related("graduate").order_by("-live", "-id")[:2])
    return next((case for case in found if case.live or case.state in UNSENT), found[0] if found else None)


def place_of(graduate: Graduate) -> Elsewhere | None:
    """Where the graduate registers, if the school has the platform."""
    if Part.PLATFORM.value not in shown_parts(graduate.school_id, graduate.cohort):
        return None
    told = "在学校平台登记，学院、学校两级审核通过以后上报，再由你在登记确认里确认。"
    return first(graduate, Elsewhere("登记毕业去向", told, reverse("campus:platform")))
