"""Browsers of people who have logged in, without going through the log-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.test import Client

from qicheng.domain.orgs.effects.sessions import open_session

if TYPE_CHECKING:
    from qicheng.domain.orgs.models import Seat


def signed_in(seat: Seat, cohort: int | None = None, *, checks_csrf: bool = False) -> Client:
    """A test client with an open session in that seat, looking at that cohort (else at the newest)."""
    client = Client(enforce_csrf_checks=checks_csrf)
    client.cookies[settings.QICHENG_SESSION_COOKIE] = open_session(seat.account, seat, cohort=cohort)
    return client
