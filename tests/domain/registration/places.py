"""A case of a graduate's own ways in each state that it can stand in, brought there by acts alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import perform
from tests.world import ENDED, VERIFIED

if TYPE_CHECKING:
    from collections.abc import Callable

    from qicheng.foundation.access import Actor
    from tests.world import World

SAID = {"reason": "r_other", "words": "公章看不清，请重新提交"}


def by(world: World, case: Any, role: Role) -> Actor:
    """Whoever has that role towards the case."""
    return world.of(case.graduate) if role is Role.GRADUATE else world.reviewer(case, role)


def then(act: str, role: Role, first: Callable[[World], Any], **given: Any) -> Callable[[World], Any]:
    """The place that an act leads to from another one."""

    def brought(world: World) -> Any:
        case = first(world)
        perform(case, act, by(world, case, role), **given)
        return case

    return brought


def reviewed(name: str, first: Callable[[World], Any], **given: Any) -> dict[str, Callable[[World], Any]]:
    """What reviewers make of a submission: at the school, returned, rejected."""
    prefix, _, _ = name.rpartition("review")
    return {
        f"college_{prefix}review": first,
        f"school_{prefix}review": then("approve", Role.COLLEGE, first, **given),
        "returned": then("return", Role.COLLEGE, first, **SAID),
        "rejected": then("reject", Role.COLLEGE, first, **SAID),
    }


def dissolved(first: Callable[[World], Any]) -> Callable[[World], Any]:
    """The agreement after its dissolution."""

    def brought(world: World) -> Any:
        case = first(world)
        world.approved(world.dissolution_submitted(case))
        case.refresh_from_db()
        return case

    return brought


def offline() -> dict[str, Callable[[World], Any]]:
    form = reviewed("form_review", lambda world: world.form_submitted())
    signing = reviewed("review", lambda world: world.brought_back())
    effective = lambda world: world.stamped()  # noqa: E731 -- one of many in a table
    return {
        "draft": lambda world: world.offline_draft(),
        "college_form_review": form["college_form_review"], "school_form_review": form["school_form_review"],
        "form_returned": form["returned"], "form_rejected": form["rejected"], "form_approved": lambda world: world.form_approved(),
        "college_review": signing["college_review"], "school_review": signing["school_review"], "signing_returned": signing["returned"],
        "rejected": signing["rejected"], "effective": effective, "dissolved": dissolved(effective),
        "voided": then("void", Role.SCHOOL, effective, words="双方协商一致"),
        "given_up": then("give_up", Role.GRADUATE, form["returned"]),
        "discarded": then("discard", Role.GRADUATE, lambda world: world.offline_draft()),
    }  # fmt: skip


def supplementary() -> dict[str, Callable[[World], Any]]:
    review = reviewed("review", lambda world: world.paper_submitted())
    effective = lambda world: world.supplementary()  # noqa: E731 -- one of many in a table
    return {
        "draft": lambda world: world.paper_draft(), **review, "effective": effective, "dissolved": dissolved(effective),
        "voided": then("void", Role.SCHOOL, effective, words="双方协商一致"),
        "given_up": then("give_up", Role.GRADUATE, review["returned"]),
        "discarded": then("discard", Role.GRADUATE, lambda world: world.paper_draft()),
    }  # fmt: skip


def destination() -> dict[str, Callable[[World], Any]]:
    review = reviewed("review", lambda world: world.destination_submitted())
    effective = lambda world: world.registered()  # noqa: E731 -- one of many in a table
    return {
        "draft": lambda world: world.destination_draft(), **review, "effective": effective,
        "cancelled": then("cancel", Role.GRADUATE, effective),
        "voided": then("void", Role.SCHOOL, effective, words="与本人商量一致"),
        "given_up": then("give_up", Role.GRADUATE, review["returned"]),
        "discarded": then("discard", Role.GRADUATE, lambda world: world.destination_draft()),
    }  # fmt: skip


def offline_dissolution() -> dict[str, Callable[[World], Any]]:
    review = reviewed("review", lambda world: world.dissolution_submitted(), **VERIFIED)
    return {
        "draft": lambda world: world.paper_dissolution(), **review,
        "done": then("approve", Role.SCHOOL, review["school_review"], **ENDED),
        "withdrawn": then("withdraw", Role.GRADUATE, review["returned"]),
        "discarded": then("discard", Role.GRADUATE, lambda world: world.paper_dissolution()),
    }  # fmt: skip


PLACES = {
    "offline_signing": offline(), "supplementary": supplementary(), "destination": destination(), "offline_dissolution": offline_dissolution(),
}  # fmt: skip
EVERY_PLACE = [(flow, state) for flow, states in PLACES.items() for state in states]
