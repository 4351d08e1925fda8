"""How registrations stand, as the guide's tables count them: which state is in which column (STA-01).

A case is counted once, and is a registration; what dissolves an agreement is no case of its own here. While an agreement is in force, the
newest request to dissolve it that was ever submitted says where the agreement counts, if that request stands in a state with a column;
else the agreement's own state says it. Whatever leaves force (已解约, 学校已作废) is counted by its own state alone. That is the one reading
under which the guide's own row can be: 1 已签约 beside 2 解约待审核, which are two agreements in force.

Every state of every way is declared here, in one column or in `WITHOUT`: nothing that is added to a flow is left out in silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.registration import listings as registrations
from qicheng.domain.registration.models import UNSENT
from qicheng.foundation.flow.declare import FLOWS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qicheng.foundation.flow.declare import Flow

    # Of each way, the states that count in a column.
    States = Mapping[str, tuple[str, ...]]
    # key → (heading, what counts there).
    Headings = Mapping[str, tuple[str, States]]

# What both lists call the column of a case.
COLUMN = "o.key"
REVIEWS = ("college_review", "school_review")

# SCHOOL-2022 fig. 34, SCHOOL-2024 fig. 30, in its order. 待审核 is what waits for a reviewer; what waits on the graduate has no column.
AGREEMENTS: Headings = {
    "signed": ("已签约", {"online_signing": ("effective",), "offline_signing": ("effective",)}),
    "signing": ("签约待审核", {"online_signing": REVIEWS, "offline_signing": ("college_form_review", "school_form_review", *REVIEWS)}),
    "signing_rejected": ("签约不通过", {"online_signing": ("rejected",), "offline_signing": ("form_rejected", "rejected")}),
    "dissolved": ("已解约", dict.fromkeys(("online_signing", "offline_signing", "supplementary"), ("dissolved",))),
    "dissolving": ("解约待审核", {"online_dissolution": REVIEWS, "offline_dissolution": REVIEWS}),
    "dissolving_rejected": ("解约不通过", {"online_dissolution": ("rejected",), "offline_dissolution": ("rejected",)}),
    "supplemented": ("补签", {"supplementary": ("effective",)}),
    "supplementing": ("补签待审核", {"supplementary": REVIEWS}),
    "supplementing_rejected": ("补签不通过", {"supplementary": ("rejected",)}),
    "declined": ("学生已拒绝签约", {"online_signing": ("declined",)}),
    "expired": ("签约逾期未回应", {"online_signing": ("expired",)}),
    "kept_by_employer": ("单位拒绝解约", {"online_dissolution": ("refused_by_employer",)}),
    "kept_by_graduate": ("学生拒绝解约", {"online_dissolution": ("refused_by_graduate",)}),
}  # fmt: skip
# 去向登记, and what stands for it at a school with a platform of its own. What was opened again for its one change is in force until
# the change is approved (PKU-07).
DESTINATIONS: Headings = {
    "waiting": ("待审核", dict.fromkeys(("destination", "platform", "declared"), REVIEWS)),
    "returned": ("退回", dict.fromkeys(("destination", "platform", "declared"), ("returned",))),
    "passed": ("通过", {"destination": ("effective",), "platform": ("effective",), "declared": ("effective", "reopened")}),
    "refused": ("不通过", {"destination": ("rejected",)}),
    "voided": ("已作废", {"destination": ("cancelled", "voided"), "platform": ("voided",), "declared": ("voided",)}),
}  # fmt: skip
# What no table counts: what nobody but its author has seen, what waits on an answer or on the graduate's papers, what was given up or
# annulled, and of dissolutions whatever leaves the agreement where it stands.
WITHOUT: States = {
    "online_signing": ("invited", "withdrawn", "voided"),
    "offline_signing": (*UNSENT, "form_approved", "form_returned", "signing_returned", "given_up", "voided"),
    "supplementary": (*UNSENT, "returned", "given_up", "voided"),
    "destination": (*UNSENT, "given_up"),
    "platform": (*UNSENT, "given_up"),
    "declared": (*UNSENT, "given_up"),
    "online_dissolution": ("asked_by_graduate", "asked_by_employer", "withdrawn", "done"),
    "offline_dissolution": (*UNSENT, "returned", "withdrawn", "done"),
}
# The newest request to dissolve an agreement that is in force; a draft was not submitted.
REQUESTED = f"""LEFT JOIN LATERAL (SELECT r.flow_name, r.state FROM registration_dissolution r
    WHERE c.state = 'effective' AND r.cohort = c.cohort AND r.agreement_id = c.id AND r.state NOT IN ({", ".join(map(repr, UNSENT))})
    ORDER BY r.id DESC LIMIT 1) d ON true"""  # noqa: S608 -- names of states alone


def ways_in(headings: Headings) -> list[Flow]:
    """The ways of registration that a table counts, in the order in which they stand beside each other."""
    named = {flow for _, states in headings.values() for flow in states}
    return [flow for flow in registrations.flows() if flow.name in named]


def column_of(headings: Headings, registration: tuple[str, str], request: tuple[str, str] | None = None) -> str | None:
    """The column of a registration (flow, state) whose newest submitted request to be dissolved, if any, stands at `request`."""

    def found(place: tuple[str, str]) -> str | None:
        return next((key for key, (_, states) in headings.items() if place[1] in states.get(place[0], ())), None)

    return (found(request) if request and registration[1] == "effective" else None) or found(registration)


def cased(headings: Headings, of: Sequence[Flow], flow: str, state: str) -> str:
    """The same as SQL, of the columns that say flow and state; NULL for what has no column."""
    arms = []
    for one in of:
        states = {key: column for column, (_, named) in headings.items() for key in named.get(one.name, ())}
        if states:
            inner = " ".join(f"WHEN '{key}' THEN '{column}'" for key, column in states.items())
            arms.append(f"WHEN '{one.name}' THEN CASE {state} {inner} END")
    return f"CASE {flow} {' '.join(arms)} END"


def every_state() -> set[tuple[str, str]]:
    """(flow, state) of everything that is declared on registrations and dissolutions."""
    return {(flow.name, key) for flow in FLOWS.values() if flow.model in registrations.MODELS for key in flow.states}
