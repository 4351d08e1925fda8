"""更改毕业去向: once at most, with the consent of college and career centre, which opens the form for it (PKU-07)."""

from qicheng.domain.campus.effects import one_change
from qicheng.domain.campus.guards import consents as either
from qicheng.domain.campus.guards import one_change as guards
from qicheng.domain.campus.guards.profile import part_is_on
from qicheng.domain.campus.models import OneChange, Part
from qicheng.domain.campus.sheets.consents import CHANGE, LETTERS, SIGNED, loose
from qicheng.domain.registration import guards as registration
from qicheng.foundation.access import Area
from qicheng.foundation.flow.declare import Begin, Flow, State
from qicheng.foundation.flow.gather import has_its_proofs

from .consents import GRADUATE, acts, drafts, lapses, review

DRAFT, RETURNED = drafts("wish", "wish_unit", "before")
GRANTED = State("granted", "同意更改，已开放修改", settled=True, tone="ok")
LAPSED = State("lapsed", "原去向已失效，申请结束", settled=True, others="申请已失效")
MAY_BEGIN = (guards.is_in_force, guards.is_not_spent, either.nothing_else_open)

consent = review(
    GRANTED, RETURNED, when=(guards.is_in_force, guards.is_not_spent), on_approval=one_change.open_it,
    ending="没有批准，这次申请就结束了，毕业去向不变。没有批准的不算更改过。",
)  # fmt: skip

ONE_CHANGE = Flow(
    "one_change", "更改毕业去向", Area.EMPLOYMENT, OneChange,
    begin=Begin("apply", "申请更改毕业去向", GRADUATE, one_change.one_change, when=MAY_BEGIN, rule="PKU-07"),
    start=DRAFT,
    holds=(part_is_on(Part.ONE_CHANGE), registration.module_is_open, registration.cohort_is_open, registration.on_the_roster),
    proofs=lambda case: (SIGNED, LETTERS),
    acts=(
        *acts(DRAFT, RETURNED, consent, loose(CHANGE), rule="PKU-07", submit=one_change.submit,
              may_submit=(registration.has_confirmed, *MAY_BEGIN, guards.says_what, either.says_why, has_its_proofs)),
        *lapses(DRAFT, RETURNED, consent, LAPSED, when=(guards.has_left,), rule="PKU-07"),
    ),
)  # fmt: skip
