"""A connection that is lost at the commit, and a process that is killed in the middle: nothing happens twice, nothing by half."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from django.db import OperationalError, connection

from qicheng.domain.registration.flows.online_signing import ONLINE_SIGNING
from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import begin, perform
from qicheng.foundation.notice.models import Notice
from tests.conftest import pointed_at
from tests.races.meeting import Door
from tests.world import OFFER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROUNDS = 5


@pytest.fixture
def door(committed_world: Any, tmp_path: Path) -> Iterator[Door]:
    """The database behind a door that can be shut at a commit."""
    name, host, port = (connection.settings_dict[key] for key in ("NAME", "HOST", "PORT"))
    made = Door(tmp_path, f"{host}/.s.PGSQL.{port}")
    with pointed_at(f"postgresql:///{name}?user=qicheng_app&host={tmp_path}&port=5432"):
        yield made
    made.close()


def tried_again(door: Door, act: Callable[[], Any]) -> Any:
    """What a client gets that loses its connection at the commit and asks again."""
    door.shut_at = b"COMMIT"
    with pytest.raises(OperationalError):
        act()
    connection.close()
    return act()


def invite(world: Any, graduate: Any, key: str | None) -> Callable[[], Any]:
    return lambda: begin(ONLINE_SIGNING, world.actor(Role.EMPLOYER), key=key, graduate=graduate, days_open=3, **OFFER)


def test_a_commit_whose_answer_was_lost_is_not_repeated_under_its_key(committed_world, door):
    for number in range(ROUNDS):
        graduate = committed_world.new_graduate("周线", committed_world.college)
        case = tried_again(door, invite(committed_world, graduate, f"form-{number}"))
        assert [found.pk for found in Registration.all_rows.filter(graduate=graduate)] == [case.pk]
        record = tried_again(
            door,
            lambda case=case, number=number: perform(
                case, "withdraw", committed_world.actor(Role.EMPLOYER), seen=1, key=f"back-{number}"
            ),
        )
        assert (record.act, Record.objects.filter(case=str(case.public_id)).count()) == ("withdraw", 2)
        assert Notice.objects.filter(record=record.pk, channel="inbox").count() == 1
    assert door.shuts == 2 * ROUNDS


def test_without_a_key_the_same_retry_doubles(committed_world, databases, door):
    databases.run(
        connection.settings_dict["NAME"],
        "ALTER TABLE registration_registration DROP CONSTRAINT one_answerable_invitation",
    )
    for _ in range(ROUNDS):
        graduate = committed_world.new_graduate("周线", committed_world.college)
        tried_again(door, invite(committed_world, graduate, None))
        assert Registration.all_rows.filter(graduate=graduate).count() == 2


def test_a_connection_that_is_cut_before_the_commit_leaves_nothing(committed_world, databases, door):
    graduate = committed_world.new_graduate("周线", committed_world.college)
    door.shut_at = b"flow_record"
    with pytest.raises(OperationalError):
        invite(committed_world, graduate, "a-form")()
    connection.close()
    assert Registration.all_rows.filter(graduate=graduate).count() == 0
    assert invite(committed_world, graduate, "a-form")().state == "invited"


KILLED = """
import sys, time, django
django.setup()
from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import FULL, Actor, Role
from qicheng.foundation.flow import perform as engine
from tests import term
term.keep_open()
whole = getattr(engine, sys.argv[3])
def stop(*given, **named):
    answer = whole(*given, **named)
    print("inside", flush=True)
    time.sleep(60)
    return answer
setattr(engine, sys.argv[3], stop)
engine.perform(Registration.all_rows.get(pk=sys.argv[1]), "approve", Actor(Role.SCHOOL, int(sys.argv[2]), None, FULL))
"""


@pytest.mark.parametrize("point", ["_write", "_tell"])
def test_a_process_that_is_killed_in_the_middle_of_an_act_leaves_nothing_of_it(committed_world, databases, point):
    world = committed_world
    case = world.accepted()
    perform(case, "approve", world.actor(Role.COLLEGE))
    before = (Record.objects.count(), Notice.objects.count())
    surroundings = os.environ | {
        "DATABASE_URL": databases.url(connection.settings_dict["NAME"]), "DJANGO_SETTINGS_MODULE": "qicheng.interfaces.web.settings",
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", KILLED, str(case.pk), str(world.school.pk), point],
        env=surroundings, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "inside\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)

    assert Registration.all_rows.get(pk=case.pk).state == "school_review"
    assert (Record.objects.count(), Notice.objects.count(), EmploymentRecord.all_rows.count()) == (*before, 0)
    assert perform(case, "approve", world.actor(Role.SCHOOL)).after == "effective"


def test_a_backend_that_is_ended_by_its_operator_leaves_nothing(committed_world, databases, monkeypatch):
    from qicheng.foundation.flow import perform as engine

    world = committed_world
    case = world.accepted()
    whole = engine._tell

    def ended(*given: Any) -> None:
        whole(*given)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        with psycopg.connect(databases.url(connection.settings_dict["NAME"])) as operator:
            operator.execute("SELECT pg_terminate_backend(%s)", [pid])

    monkeypatch.setattr(engine, "_tell", ended)
    with pytest.raises(OperationalError):
        perform(case, "approve", world.actor(Role.COLLEGE), key="a-form")
    monkeypatch.setattr(engine, "_tell", whole)
    connection.close()
    assert Registration.all_rows.get(pk=case.pk).version == 2
    assert perform(case, "approve", world.actor(Role.COLLEGE), key="a-form").version == 3
