"""The same request with the same Idempotency-Key has one effect and one answer, whenever it comes again."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from qicheng.domain.orgs.effects import keys
from qicheng.domain.orgs.models import Key, KeyAnswer
from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import Refused, note
from tests.interfaces.api import caller, made
from tests.races.meeting import together

RULE = pytest.mark.rule("SYN-02")
TOKEN = {"Idempotency-Key": "6f1c0c52-0f0e-4a3c-9f5b-1d0a4b1f7a10"}


@RULE
@pytest.mark.django_db
def test_a_repeated_act_is_answered_again_and_done_once(world):
    case = world.accepted()
    world.approved(case, levels=1)
    asker = caller(world)
    path = f"/cases/{case.public_id}/approve/"
    first, again = (asker.post(path, {"seen": case.version}, **TOKEN) for _ in range(2))
    assert (first.status_code, again.json(), again["Idempotency-Replayed"]) == (200, first.json(), "true")
    assert Record.objects.filter(case=str(case.public_id), act="approve", role="school").count() == 1
    other = asker.post(path, {"seen": case.version, "internal": "另一个请求"}, **TOKEN)
    assert (other.status_code, other.json()["title"]) == (422, "这个 Idempotency-Key 已经用在另一个请求上")
    # Of another key it is another request.
    assert caller(world).post(path, {"seen": case.version}, **TOKEN).status_code == 409


@RULE
@pytest.mark.django_db
def test_what_failed_may_be_tried_again_under_the_same_token(world):
    case = world.accepted()
    world.approved(case, levels=1)
    asker = caller(world)
    path = f"/cases/{case.public_id}/approve/"
    assert asker.post(path, {"seen": case.version - 1}, **TOKEN).status_code == 409
    assert KeyAnswer.objects.count() == 0
    assert asker.post(path, {"seen": case.version}, **TOKEN).status_code == 200
    assert Registration.all_rows.get().state == "effective"
    assert asker.post(path, {"seen": 1}, **{"Idempotency-Key": "长"*3}).status_code == 422  # fmt: skip


def effects(world) -> tuple[list, int]:
    """Two of the same request at once: their answers, and how often the work was done."""
    actor = world.actor(Role.SCHOOL)
    key, _ = made(actor)

    def work() -> tuple[int, str]:
        return 200, str(note(actor, "race", "repetition", school=world.school.pk).pk)

    answers = together([lambda: keys.once(key.pk, "token", "request", work) for _ in range(4)])
    return answers, Record.objects.filter(flow="repetition").count()


@RULE
def test_of_four_at_once_one_is_done_and_all_are_told_the_same(committed_world):
    answers, number = effects(committed_world)
    assert (len({answer.answer for answer in answers}), number) == (1, 1)
    assert sorted(answer.is_repeated for answer in answers) == [False, True, True, True]


@RULE
def test_without_the_place_that_is_reserved_all_four_are_done(committed_world, monkeypatch):
    @contextmanager
    def nothing(key: int, token: str, request: str):
        yield 0

    monkeypatch.setattr(keys, "reserved", nothing)
    assert effects(committed_world)[1] == 4


@RULE
def test_of_two_calls_at_once_the_last_one_left_is_given_to_one(committed_world):
    key, _ = made(committed_world.actor(Role.SCHOOL))
    answers = together([lambda: keys.take(key.pk, 3) for _ in range(6)])
    assert sorted(bool(one) for one in answers) == [False, False, False, True, True, True]


@RULE
@pytest.mark.django_db
def test_no_more_keys_are_made_than_anybody_can_look_after(world, monkeypatch):
    monkeypatch.setattr(keys, "MOST_KEYS", 1)
    made(world.actor(Role.SCHOOL))
    with pytest.raises(Refused):
        made(world.actor(Role.SCHOOL))


@RULE
def test_two_who_make_the_last_key_at_once_make_one(committed_world, monkeypatch):
    monkeypatch.setattr(keys, "MOST_KEYS", 1)
    actor = committed_world.actor(Role.SCHOOL)
    outcomes = together([lambda: made(actor)] * 3)
    assert (sum(isinstance(one, Refused) for one in outcomes), Key.all_rows.count()) == (2, 1)
