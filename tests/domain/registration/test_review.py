"""The queue, the page of a case and the verdict, through the pages as people use them."""

from __future__ import annotations

import pytest

from qicheng.foundation.access import Role
from tests.clients import signed_in


def test_the_queue_shows_what_waits_for_this_user_and_nothing_else(world):
    world.accepted()
    world.accepted(world.neighbour)
    page = signed_in(world.seats[Role.COLLEGE]).get("/review/")
    assert page.status_code == 200, page.content.decode()
    text = page.content.decode()
    assert "陈诚" in text and "林嘉禾" not in text
    case = world.accepted(world.stranger)
    for url in (f"/review/{case.public_id}/",):
        assert signed_in(world.seats[Role.COLLEGE]).get(url).status_code == 404
