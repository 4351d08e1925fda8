"""What acts of 填报毕业去向 change; the rest they share with the ways of the national platform (PKU-03, PKU-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.sheets.forms import FLOW, FORMS
from qicheng.domain.orgs.models import ReviewMode
from qicheng.domain.registration.effects import registering
from qicheng.domain.registration.guards import is_filled_in
from qicheng.domain.registration.sheets.cases import fill, values_of
from qicheng.domain.transfer.effects.records import carry, take_out
from qicheng.foundation.flow.perform import Refused

from .platform import differences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.domain.registration.models import Registration
    from qicheng.foundation.access import Actor

KEPT = "户口和档案暂存学校"


def declaration(actor: Actor, *, kind: str, **typed: Any) -> Registration:
    """The unsaved draft of a 就业形式, which college and school will review whatever the school has set."""
    if kind not in FORMS:
        raise Refused("没有这种就业形式，回到填报页面重新选择。")
    case = registering.draft(actor, FLOW, typed, kind)
    case.review_mode = ReviewMode.COLLEGE_THEN_SCHOOL
    return case


def submit(case: Registration, actor: Actor) -> Mapping[str, Any]:
    """Freeze what is submitted, derived anew: a province may have named its offices since (PKU-02)."""
    fill(case, values_of(case))
    changes = registering.submit(case, actor)
    case.review_mode = ReviewMode.COLLEGE_THEN_SCHOOL
    return changes


def amend(case: Registration, actor: Actor, **typed: Any) -> Mapping[str, Any]:
    """The college changes what lies in review, at the graduate's request: the values, and what follows from them (PKU-03)."""
    before = values_of(case)
    fill(case, {**before, **typed})
    if why := is_filled_in(case, actor):
        raise Refused(why)
    changes = differences(case, before)
    if not changes:
        raise Refused("没有要改的内容。")
    return changes


def keep(case: Registration, actor: Actor, *, grounds: str) -> Mapping[str, Any]:
    """PKU-04: a publicly funded graduate has applied in person; file and household stay, and nothing is carried to the place of origin.

    It stays so whatever of the form changes, as long as that is publicly funded (PKU-07).
    """
    case.terms = {**case.terms, "kept": grounds.strip(), "archive_type": "", "household_type": ""}
    take_out(case, actor)
    return {KEPT: ["", grounds.strip()]}


def send_home(case: Registration, actor: Actor) -> Mapping[str, Any]:
    """What was kept goes home now, as the form says."""
    grounds = case.terms["kept"]
    case.terms = {**case.terms, "kept": ""}
    fill(case, values_of(case))
    carry(case, actor)
    return {KEPT: [grounds, ""]}
