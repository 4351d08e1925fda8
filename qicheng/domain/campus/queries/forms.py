"""Reads of 填报毕业去向 that more than one page needs (PKU-02, PKU-03)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from qicheng.domain.campus.models import Part
from qicheng.domain.campus.queries.personal import first
from qicheng.domain.campus.queries.profile import shown_parts
from qicheng.domain.campus.sheets.forms import FLOW
from qicheng.domain.registration.models import UNSENT, Registration
from qicheng.domain.registration.queries import Elsewhere
from qicheng.foundation.access import Role

if TYPE_CHECKING:
    from qicheng.domain.roster.models import Graduate

# The steps of a form, and at which each state stands.
STEPS = ("选择就业形式", "填写并提交", "学院审核", "就业中心审核", "上报就业方案")
PLACES = {"draft": 1, "returned": 1, "reopened": 1, "college_review": 2, "school_review": 3, "effective": 4}
PASSED = ("已选择", "已提交", "已通过", "已通过", "")


def declared_of(graduate: Graduate) -> Registration | None:
    """What the graduate declares: what is live, else the draft, else what ended last; None where nothing was begun."""
    rows = Registration.objects.unscoped("the graduate's own declaration, for the own page").filter(
        graduate=graduate.pk, flow_name=FLOW
    )
    found = list(rows.exclude(state="discarded").order_by("-live", "-id")[:2])
    return next((case for case in found if case.live or case.state in UNSENT), found[0] if found else None)


def line(case: Registration) -> list[tuple[str, str, str]]:
    """(step, word, done|you|now|stop|'') above form and case, as its graduate sees them."""
    place, word, looks = PLACES.get(case.state, 1), "待填写", "you"
    if case.state == "effective":
        word, looks = "由学院上报", ""
    elif case.version:
        word = case.standing.tag(Role.GRADUATE)[1]
        looks = "you" if case.standing.turn is Role.GRADUATE else "stop" if case.standing.settled else "now"
    return [
        *((step, PASSED[at], "done") for at, step in enumerate(STEPS[:place])), (STEPS[place], word, looks),
        *((step, "", "") for step in STEPS[place + 1 :]),
    ]  # fmt: skip


def place_of(graduate: Graduate) -> Elsewhere | None:
    """Where the graduate declares, if the school has the part."""
    if Part.FORMS.value not in shown_parts(graduate.school_id, graduate.cohort):
        return None
    told = "先选就业形式，表单跟着变；学院、就业中心审核。"
    return first(graduate, Elsewhere("填报毕业去向", told, reverse("campus:forms")))
