"""The days on which tests run: their cohort never closes meanwhile, and none of them begins on one day and ends on the next."""

from __future__ import annotations

import sys
import time
from datetime import UTC, date, datetime, timedelta

from qicheng.foundation.kit import calendar

# `tests.world.COHORT`, and the days that it has left at least. Cohorts before it have closed.
COHORT, LEFT = 2026, 69
# Seconds that a test may take before midnight.
ENOUGH = 20


def keep_open() -> None:
    """From now on, in this process. What a closed cohort refuses is tested with the cohorts before it and at its guards."""
    closes = calendar.cohort_closes
    at_least = calendar.midnight(calendar.day_of(datetime.now(UTC)) + timedelta(days=LEFT))

    def cohort_closes(cohort: int) -> datetime:
        return max(closes(cohort), at_least) if cohort >= COHORT else closes(cohort)

    for module in list(sys.modules.values()):
        if getattr(module, "cohort_closes", None) is closes:
            module.cohort_closes = cohort_closes  # type: ignore[attr-defined]


def begin_in_one_day() -> None:
    """Wait for midnight in Beijing where it is so near that a test would see two days; what happens at midnight has tests with days of their own."""
    now = datetime.now(UTC)
    left = (calendar.midnight(calendar.day_of(now) + timedelta(days=1)) - now).total_seconds()
    if left < ENOUGH:
        time.sleep(left + 0.1)


def last_day(cohort: int = COHORT) -> date:
    """The last day on which anything can be done for a cohort."""
    return calendar.day_of(calendar.cohort_closes(cohort) - timedelta(seconds=1))
