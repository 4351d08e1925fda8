"""Tests of what ends with the cohort's year."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone


@pytest.fixture
def before_the_years_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests hold after the cohort's year, too: then what is asked for stands ninety days before its end."""
    from tests.domain.campus.consenting import AFTER, at

    if timezone.now() > AFTER - timedelta(days=20):
        at(monkeypatch, AFTER - timedelta(days=90))
