"""Reads of 户档信息登记 that more than one page needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.campus.models import FileRegistration
from qicheng.domain.orgs.queries import edition_of
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import timeline

if TYPE_CHECKING:
    from qicheng.domain.roster.models import Graduate
    from qicheng.foundation.access import Actor

FLOW = "file_registration"
# The five steps of the form, as the guide draws them, and at which each state stands (CAM-03).
STEPS = ("毕业去向登记", "填写户档信息", "填写完成已提交", "学院审核完成", "学校审核完成")
PLACES = {"draft": 1, "returned": 1, "college_review": 3, "school_review": 4}


def intended(graduate: Graduate) -> FileRegistration:
    """An unsaved registration as it would begin: what holds and guards are asked about before anybody fills in a form."""
    return FileRegistration(
        flow_name=FLOW, cohort=graduate.cohort, school=graduate.school, college_id=graduate.college_id, tier=graduate.tier,
        graduate=graduate, edition=edition_of(graduate.cohort),
    )  # fmt: skip


def newest(actor: Actor, graduate: int) -> FileRegistration | None:
    """The graduate's registration as far as the actor may see it: the live one, else the last that ended."""
    rows = FileRegistration.objects.seen_by(actor).select_related("graduate", "school", "college")
    return rows.filter(graduate=graduate).order_by("-live", "-id").first()


def stations(case: FileRegistration | None, role: Role, *, is_open: bool) -> list[tuple[str, str, str]]:
    """(step, word, done|now|you|stop|'') of the five steps; `is_open` says that the destination has been submitted."""
    if case is None or not case.live:
        place, looks = (1, "you") if is_open else (0, "you")
    elif case.state == "effective":
        return [(label, "", "done") for label in STEPS]
    else:
        place = PLACES[case.state]
        looks = "you" if case.standing.turn is role else "now"
    words = {1: "待提交", 3: "待学院审核", 4: "待学校审核", 0: "先登记去向"}
    if case is not None and case.state == "returned":
        words[1] = "审核未通过，待修改"
    return [
        *((label, "", "done") for label in STEPS[:place]), (STEPS[place], words[place], looks),
        *((label, "", "") for label in STEPS[place + 1 :]),
    ]  # fmt: skip


def refusal(case: FileRegistration) -> tuple[str, str]:
    """(who refused, why) of a form that was reopened, in the guide's words; ('', '') where nobody has."""
    if case.state != "returned":
        return "", ""
    moved = next((one for one in reversed(timeline(case)) if one.after == "returned" and one.before != one.after), None)
    if moved is None or moved.act != "return":
        return "", ""
    who = "学院" if moved.role == Role.COLLEGE else "学校"
    return f"{who}审核未通过，按要求修改后再次提交", moved.words
