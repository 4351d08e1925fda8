"""Rules of what graduates say of themselves, and the gate that it is before everything else (CAM-03, PKU-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import Part, Supplement
from qicheng.domain.campus.queries.personal import has_approved_supplement, has_submitted
from qicheng.domain.campus.queries.profile import profile_of
from qicheng.domain.campus.sheets.personal import SUPPLEMENT, own_values
from qicheng.foundation.access import Role

if TYPE_CHECKING:
    from qicheng.foundation.access import Actor


def own_information_is_complete(case: Any, actor: Actor) -> str | None:
    """CAM-03, PKU-01: at a school that asks for it, what graduates say of themselves comes before what they register."""
    if actor.role is not Role.GRADUATE:
        return None
    parts = profile_of(case.school_id, case.cohort).parts
    if Part.PERSONAL in parts and (why := personal_is_submitted(case, actor)):
        return why
    return supplement_is_approved(case, actor) if Part.SUPPLEMENT in parts else None


def personal_is_submitted(case: Any, actor: Actor) -> str | None:
    """CAM-03: 个人信息完善 is the first of the steps."""
    return None if has_submitted(case.graduate_id) else "先完善个人信息并提交，再来登记毕业去向。"


def supplement_is_approved(case: Any, actor: Actor) -> str | None:
    """PKU-01: one submission was approved; one that is under review after it closes nothing."""
    if has_approved_supplement(case.graduate_id):
        return None
    return "先补充个人就业信息，学院审核通过以后，才能填报毕业去向。"


def nothing_else_open(case: Supplement, actor: Actor) -> str | None:
    """One submission at a time, in words; the database holds it."""
    rows = Supplement.objects.unscoped("the graduate's own open submission").filter(
        cohort=case.cohort, graduate=case.graduate_id, live=True
    )
    return Supplement.refusals["one_open_supplement"] if rows.exclude(pk=case.pk).exists() else None


def line_is_as_submitted(case: Supplement, actor: Actor) -> str | None:
    """What is approved is what was compared: a line that says something else since belongs before the graduate again."""
    line = case.above("graduate")
    if line is None or own_values(line, SUPPLEMENT) == case.before:
        return None
    return "提交以后，这位毕业生在名单里的信息有了变化。请退回，让毕业生看过再提交。"
