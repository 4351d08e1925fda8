"""毕业去向修改, 改签申请, 户档信息修改: what both levels approved changes by an application that both review (CAM-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.campus.effects import changes as effects
from qicheng.domain.campus.guards import changes as guards
from qicheng.domain.campus.guards import consents as either
from qicheng.domain.campus.guards.files import reads_both
from qicheng.domain.campus.guards.profile import part_is_on
from qicheng.domain.campus.models import DestinationAmendment, FileAmendment, Part
from qicheng.domain.campus.sheets import changes as sheets
from qicheng.domain.registration import guards as registration
from qicheng.foundation.access import Area
from qicheng.foundation.flow.declare import Begin, Flow, State
from qicheng.foundation.flow.gather import has_its_proofs

from .consents import GRADUATE, acts, drafts, lapses, review

if TYPE_CHECKING:
    from collections.abc import Callable

    from qicheng.domain.campus.models import Amendment
    from qicheng.foundation.flow.declare import Guard

RULE = "CAM-04"
GRANTED = State("granted", "审核通过，已按申请修改", settled=True, others="已按申请修改", tone="ok")
LAPSED = State("lapsed", "要修改的登记已失效，申请结束", settled=True, others="申请已失效")
THEN = "提交以后由学院、学校两级审核。审核通过以前，按原来的登记办理。学院审核以前可以撤回。"
ENDING = "审核不通过，这次申请就结束了，原来的登记照旧有效。"


def amending(
    name: str,
    label: str,
    area: Area,
    model: type[Amendment],
    make: Callable[..., Amendment],
    holds: tuple[Guard, ...],
    fits: tuple[Guard, ...],
    decides: tuple[Guard, ...] = (),
) -> Flow:
    """One of the three: `fits` is what the new values must be, `decides` what whoever reviews must be."""
    draft, returned = drafts(*model.filled_in)
    may_begin = (guards.is_in_force, either.nothing_else_open)
    is_right = (guards.is_filled_in, guards.something_changes, *fits)
    found = review(
        GRANTED, returned, when=(*decides, guards.is_in_force, guards.is_as_submitted, guards.is_filled_in, *fits, has_its_proofs), on_approval=effects.carry_out,
        ending=ENDING, office="学校", verb="审核",
    )  # fmt: skip
    return Flow(
        name, label, area, model,
        begin=Begin("apply", f"申请{label.removesuffix('申请')}", GRADUATE, make, when=may_begin, rule=RULE),
        start=draft,
        holds=holds,
        proofs=sheets.proofs,
        acts=(
            *acts(draft, returned, found, sheets.drafted, rule=RULE, submit=effects.submit, edit=effects.edit, in_place=True, then=THEN,
                  may_submit=(registration.has_confirmed, *may_begin, *is_right, has_its_proofs)),
            *lapses(draft, returned, found, LAPSED, when=(guards.has_left,), rule=RULE),
        ),
    )  # fmt: skip


HOLDS = (part_is_on(Part.CHANGES), registration.cohort_is_open, registration.on_the_roster)
OF_EMPLOYMENT = (HOLDS[0], registration.module_is_open, *HOLDS[1:])
OF_THE_UNIT = amending(
    sheets.SAME_UNIT, "毕业去向修改", Area.EMPLOYMENT, DestinationAmendment, effects.of_the_unit, OF_EMPLOYMENT, (guards.unit_is_the_same,)
)  # fmt: skip
TO_ANOTHER_UNIT = amending(
    sheets.OTHER_UNIT, "改签申请", Area.EMPLOYMENT, DestinationAmendment, effects.to_another_unit, OF_EMPLOYMENT,
    (guards.kind_is_offered, guards.unit_is_another),
)  # fmt: skip
OF_THE_FILES = amending(
    sheets.FILES, "户档信息修改", Area.ARCHIVE, FileAmendment, effects.of_the_files, HOLDS, (), decides=(reads_both,)
)  # fmt: skip
for decision in ("return", "reject"):
    OF_THE_FILES.gated_by(decision, reads_both)
