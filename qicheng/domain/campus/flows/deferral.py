"""暂缓派遣: file and household stay at the school until the year's end, with the consent of college and career centre (PKU-05)."""

from qicheng.domain.campus.effects import consents, deferral
from qicheng.domain.campus.guards import consents as either
from qicheng.domain.campus.guards import deferral as guards
from qicheng.domain.campus.guards.profile import for_people, part_is_on
from qicheng.domain.campus.models import Deferral, Part
from qicheng.domain.campus.sheets.consents import DEFERRAL as FORM
from qicheng.domain.campus.sheets.consents import SIGNED, loose
from qicheng.domain.registration import guards as registration
from qicheng.foundation.access import Area
from qicheng.foundation.flow.declare import Act, Begin, Flow, State
from qicheng.foundation.flow.gather import has_its_proofs

from .consents import DISCARDED, GRADUATE, SYSTEM, acts, drafts, review

DRAFT, RETURNED = drafts()
GRANTED = State("granted", "已批准，暂存学校", live=True, settled=True, tone="ok", amendable=("reminded_at",))
ENDED = State("ended", "暂缓派遣已结束", settled=True)
MAY_BEGIN = (guards.is_flexible, guards.is_not_submitted, guards.before_year_end, either.nothing_else_open)

consent = review(
    GRANTED, RETURNED, when=(guards.is_flexible, guards.before_year_end), on_approval=deferral.keep_at_school,
    ending="没有批准，这次申请就结束了，户口和档案按毕业去向转回生源地。",
)  # fmt: skip

DEFERRING = Flow(
    "deferral", "暂缓派遣", Area.EMPLOYMENT, Deferral,
    begin=Begin("apply", "申请暂缓派遣", GRADUATE, deferral.deferral, when=MAY_BEGIN, rule="PKU-05"),
    start=DRAFT,
    holds=(
        part_is_on(Part.DEFERRAL), for_people(registration.module_is_open), for_people(registration.cohort_is_open),
        for_people(registration.on_the_roster),
    ),
    proofs=lambda case: (SIGNED,),
    acts=(
        *acts(DRAFT, RETURNED, consent, loose(FORM), rule="PKU-05", submit=consents.submit,
              may_submit=(registration.has_confirmed, *MAY_BEGIN, either.says_why, has_its_proofs)),
        Act("remind", "提醒快要到期", GRANTED, GRANTED, SYSTEM, when=(guards.is_near_its_end,), do=deferral.say_when, tell=GRADUATE,
            carried=True, rule="PKU-05"),
        *(
            Act("end", "结束暂缓派遣", state, ENDED, SYSTEM, when=(guards.has_run_out,), do=deferral.end, tell=GRADUATE, carried=True,
                rule="PKU-05")
            for state in (consent.college, consent.school, RETURNED, GRANTED)
        ),
        Act("end", "结束暂缓派遣", DRAFT, DISCARDED, SYSTEM, when=(guards.has_run_out,), do=deferral.end, carried=True, rule="PKU-05"),
    ),
)  # fmt: skip
