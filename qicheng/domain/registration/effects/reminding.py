"""Bringing to mind what waits long: one message a case to graduates and employers, one a day to the desks of reviewers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from qicheng.domain.registration import guards
from qicheng.foundation.access import SYSTEM, Role, statements
from qicheng.foundation.flow.perform import clock, mention, note, noted
from qicheng.foundation.flow.words import deadline
from qicheng.foundation.kit.calendar import cohort_closes, day_of, is_working_day, midnight, working_days_between

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.foundation.flow.perform import Case, Record

# What a digest is about; its words and its page are told to the engine by this name.
DIGEST = "waiting"


def remind(case: Case) -> Record:
    """Remind whoever's turn it is, once in as many working days as the school calls long. Raises Refused where it is not due."""
    turn = case.standing.turn
    days = working_days_between(day_of(case.waiting_since), day_of(clock())).days
    return mention(
        case, "remind", SYSTEM, when=(guards.has_waited_long,), tell=(turn,) if turn else (),
        changes={"已等": ["", f"{days} 个工作日"], "状态": ["", case.said(case.standing.label)]},
    )  # fmt: skip


def ending(case: Case) -> Record:
    """Tell the graduate, once, that an invitation ends within a day. Raises Refused where it is not due, or was told already."""
    return mention(case, "ending", SYSTEM, when=(guards.ends_soon,), tell=(Role.GRADUATE,))


def closing(case: Case) -> Record:
    """Tell the graduate, once, that the cohort ends while a case waits. Raises Refused where it is not due, or was told already."""
    last = moment_of_closing(case.cohort)
    return mention(
        case, "closing", SYSTEM, when=(guards.cohort_ends_soon,), tell=(Role.GRADUATE,),
        changes={"状态": ["", case.said(case.standing.label)], "截止": ["", last]},
    )  # fmt: skip


def moment_of_closing(cohort: int) -> str:
    """The last moment of a cohort, as people say it."""
    return deadline(cohort_closes(cohort))


def digest(role: Role, node: int, *, cohort: int, school: int, days: int, counts: Mapping[str, int]) -> Record | None:
    """Tell a desk of reviewers how much waits long for it, once a working day; None where today's was told already, or nothing waits.

    `counts` are by the name of the way, `days` what the school calls long.
    """
    today, subject = day_of(clock()), f"{role} {node}"
    if not any(counts.values()) or not is_working_day(today)[0]:
        return None
    listed = "，".join(f"{label} {number}" for label, number in counts.items() if number)
    with transaction.atomic():
        # Two workers tell a desk one after the other; the second finds what the first has told.
        statements.plain("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"{DIGEST} {subject} {cohort}",))
        if noted(DIGEST, case=subject, cohort=cohort, at__gte=midnight(today)):
            return None
        return note(
            SYSTEM, "digest", DIGEST, {"总数": ["", sum(counts.values())], "期限": ["", days], "分类": ["", listed]},
            subject=subject, cohort=cohort, school=school, tell=[(role, node)],
        )  # fmt: skip
