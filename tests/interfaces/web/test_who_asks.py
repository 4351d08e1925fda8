"""Who asks: the session, the actor that it makes, and when it is nobody."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from qicheng.foundation.access import Role
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


def test_every_role_opens_its_account_page(world):
    for role, seat in world.seats.items():
        answer = signed_in(seat).get("/account/")
        assert (role, answer.status_code) == (role, 200)
        assert seat.account.name in answer.content.decode()
