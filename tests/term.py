"""The cohort of tests never closes while tests run: on every day of every year it has as long left as on any other."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta

from qicheng.foundation.kit import calendar

# `tests.world.COHORT`, and the days that it has left at least. Cohorts before it have closed.
COHORT, LEFT = 2026, 69


def keep_open() -> None:
    """From now on, in this process. What a closed cohort refuses is tested with the cohorts before it and at its guards."""
    closes = calendar.cohort_closes
    at_least = calendar.midnight(calendar.day_of(datetime.now(UTC)) + timedelta(days=LEFT))

    def cohort_closes(cohort: int) -> datetime:
        return max(closes(cohort), at_least) if cohort >= COHORT else closes(cohort)

    for module in list(sys.modules.values()):
        if getattr(module, "cohort_closes", None) is closes:
            module.cohort_closes = cohort_closes  # type: ignore[attr-defined]


def last_day(cohort: int = COHORT) -> date:
    """The last day on which anything can be done for a cohort."""
    return calendar.day_of(calendar.cohort_closes(cohort) - timedelta(seconds=1))
