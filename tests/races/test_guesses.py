"""Forty guesses at once: five are looked at, whatever the order; counted afterwards, far more would be."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from qicheng.domain.orgs.effects import sessions
from qicheng.domain.orgs.models import Attempt, LoginCode

if TYPE_CHECKING:
    from collections.abc import Callable

AT_ONCE = 40


def at_once(guess: Callable[[], bool]) -> int:
    """How many of forty threads that start together were let through."""
    ready = Barrier(AT_ONCE)

    def one(_: int) -> bool:
        try:
            connection.ensure_connection()
            ready.wait(30)
            return guess()
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return sum(threads.map(one, range(AT_ONCE)))


@pytest.mark.rule("ORG-10")
def test_of_forty_passwords_at_once_five_are_looked_at(committed_world):
    account = committed_world.graduate.account

    assert at_once(lambda: sessions.reserve("account", account.pk).is_allowed) == sessions.TRIES


def test_counting_after_looking_would_let_more_through(committed_world):
    """The negative control: the same forty against a counter that is read first and written afterwards."""
    subject = sessions.subject("account", committed_world.graduate.account.pk)
    Attempt.objects.create(subject=subject)
    everybody_has_looked = Barrier(AT_ONCE)

    def careless() -> bool:
        counted = Attempt.objects.get(subject=subject).number
        everybody_has_looked.wait(30)
        Attempt.objects.filter(subject=subject).update(number=counted + 1)
        return counted < sessions.TRIES

    assert at_once(careless) > sessions.TRIES


def test_of_forty_codes_at_once_five_are_looked_at_and_the_right_one_is_used_once(committed_world):
    code = sessions.make_code(LoginCode.FORGOTTEN, "x", account=committed_world.graduate.account, phone="13900000000")
    wrong = f"{(int(sessions.digits(code)) + 1) % 10**6:06d}"

    at_once(lambda: sessions.use_code(code.pk, wrong)[0] is not None)
    assert LoginCode.objects.get(pk=code.pk).attempts == sessions.CODE_TRIES

    other = sessions.make_code(LoginCode.FORGOTTEN, "x", account=committed_world.graduate.account, phone="13900000000")
    assert at_once(lambda: sessions.use_code(other.pk, sessions.digits(other))[0] is not None) == 1
