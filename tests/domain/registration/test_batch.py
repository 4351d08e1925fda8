"""Many approvals at once: as many statements for each however many there are, each by itself, and two batches at a time (REG-07)."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.test.utils import CaptureQueriesContext

from qicheng.domain.registration.effects import reviewing
from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import Stale, perform
from tests.clients import signed_in


def waiting(world: Any, number: int) -> list[Registration]:
    return [world.accepted(world.new_graduate(f"毕业生{n}", world.college)) for n in range(number)]


def lines(client: Any, cases: list[Registration]) -> list[str]:
    page = client.post("/review/batch/", {"case": [str(case.public_id) for case in cases], "act": "approve"})
    return re.findall(r'name="line" value="([^"]+)"', page.content.decode())


@pytest.mark.rule("REG-07")
def test_a_batch_of_five_hundred_is_taken_whole(world):
    from qicheng.domain.registration.pages import staff

    client = signed_in(world.seats[Role.COLLEGE])
    (case,) = waiting(world, 1)
    (line,) = lines(client, [case])
    others = [f"00000000-0000-4000-8000-{n:012d}:1:k{n}" for n in range(499)]
    page = client.post("/review/batch/done/", {"line": [*others, line]}).content.decode()
    assert staff.MOST_AT_ONCE == 500
    assert "已通过 1 条" in page
    assert "499 条没有找到" in page


@pytest.mark.rule("REG-07")
def test_each_case_takes_as_many_statements_however_many_there_are(world):
    client = signed_in(world.seats[Role.COLLEGE])
    waiting(world, 1)
    counts = []
    for number in (2, 5, 8):
        sent = lines(client, waiting(world, number))
        with CaptureQueriesContext(connection) as asked:
            assert f"已通过 {number} 条" in client.post("/review/batch/done/", {"line": sent}).content.decode()
        counts.append(len(asked))
    assert counts[1] - counts[0] == counts[2] - counts[1]
    assert (counts[1] - counts[0]) / 3 <= 12


@pytest.mark.rule("REG-07", "REG-04")
def test_what_stops_one_stops_no_other_and_the_order_is_kept(world):
    first, second, third = waiting(world, 3)
    perform(second, "reject", world.actor(Role.COLLEGE), reason="other", words="单位改了主意")
    found = reviewing.approve_all([(third, 2, "c"), (second, 2, "b"), (first, 2, "a")], world.actor(Role.COLLEGE))
    assert [type(one) for one in found] == [Record, Stale, Record]
    assert [one.case for one in (found[0], found[2])] == [str(third.public_id), str(first.public_id)]
    assert sorted(Registration.all_rows.values_list("state", flat=True)) == [
        "rejected",
        "school_review",
        "school_review",
    ]


def test_where_others_meet_each_is_tried_alone(world, monkeypatch):
    first, second = waiting(world, 2)
    tried: list[str] = []

    def meets(case: Any, seen: int, key: str, actor: Any, act: str) -> Any:
        tried.append(key)
        if len(tried) == 2:
            raise OperationalError("deadlock detected")
        return decide(case, seen, key, actor, act)

    decide = reviewing.decide
    monkeypatch.setattr(reviewing, "decide", meets)
    reviewing.approve_all([(first, 2, "a"), (second, 2, "b")], world.actor(Role.COLLEGE))
    assert tried == ["a", "b", "a", "b"]
    assert Record.objects.filter(act="approve").count() == 2


@pytest.mark.rule("REG-04")
def test_of_two_batches_at_once_every_case_passes_once(committed_world):
    world = committed_world
    cases = waiting(world, 12)
    clients = [signed_in(world.seats[Role.COLLEGE]), signed_in(world.new_seat(Role.COLLEGE, world.college.pk, "李敏"))]
    sent = [lines(client, cases) for client in clients]
    gate, pages = threading.Barrier(2), {}

    def press(n: int) -> None:
        gate.wait()
        try:
            pages[n] = (
                clients[n].post("/review/batch/done/", {"line": sent[n] if n else sent[n][::-1]}).content.decode()
            )
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    passed = [int(re.findall(r"已通过 (\d+) 条", pages[n])[0]) for n in range(2)]
    assert sum(passed) == 12
    assert Record.objects.filter(act="approve").count() == 12
    assert set(Registration.all_rows.values_list("state", flat=True)) == {"school_review"}
