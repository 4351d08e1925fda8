"""Count the country every night, so that pages of provinces and the ministry read numbers that are there already (STA-02)."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from qicheng.domain.figures.models import Nightly
from qicheng.domain.figures.queries import cube
from qicheng.domain.orgs.models import Cohort

# One at a time, whoever asks.
LOCK = 0x4355 << 40


def count_country(cohorts: list[int] | None = None) -> None:
    """Count the given cohorts, or the three newest and any that never was; readers see the old table until the new one is whole."""
    years = list(Cohort.objects.order_by("-year").values_list("year", flat=True))
    counted = set(Nightly.objects.values_list("cohort", flat=True).distinct())
    wanted = years[:3] + [year for year in years[3:] if year not in counted]
    for cohort in wanted if cohorts is None else cohorts:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK + cohort])
            Nightly.objects.filter(cohort=cohort).delete()
            given: dict[str, Any] = {"cohort": cohort, "at": timezone.now()}
            cursor.execute(cube.counting(cohort), given)
            cursor.execute(cube.counting_days(cohort), given)
