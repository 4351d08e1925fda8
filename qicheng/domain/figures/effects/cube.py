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
    """Count the given cohorts, or the three newest; readers see the old table until the new one is whole."""
    newest = list(Cohort.objects.order_by("-year").values_list("year", flat=True)[:3])
    for cohort in newest if cohorts is None else cohorts:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK + cohort])
            Nightly.objects.filter(cohort=cohort).delete()
            given: dict[str, Any] = {"cohort": cohort, "at": timezone.now()}
            cursor.execute(cube.counting(cohort), given)
            cursor.execute(cube.counting_days(cohort), given)
