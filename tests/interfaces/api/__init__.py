"""The interface of other systems: keys of the small country, and whoever calls with one."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.test import Client

from qicheng.domain.orgs.effects import keys
from qicheng.domain.orgs.models import KEY_SCOPES, Key
from qicheng.foundation.access import Role, statements
from qicheng.foundation.flow import feed
from qicheng.foundation.flow.perform import perform

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest
    from django.http import HttpResponse

    from qicheng.foundation.access import Actor
    from qicheng.foundation.flow.models import Case
    from tests.world import World

ROOT = "/api/v1"


class Caller:
    """Somebody with a key: paths below /api/v1, documents in and out."""

    def __init__(self, secret: str, **headers: str) -> None:
        self.secret = secret
        self.client = Client(headers={"authorization": f"Bearer {secret}", **headers})

    def get(self, path: str, **asked: Any) -> HttpResponse:
        return self.client.get(f"{ROOT}{path}", asked)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.client.post(
            f"{ROOT}{path}", json.dumps(body) if body is not None else "", content_type="application/json", headers=headers
        )  # fmt: skip

    def put(self, path: str, content: bytes, kind: str = "application/octet-stream", **headers: str) -> HttpResponse:
        return self.client.put(f"{ROOT}{path}", content, content_type=kind, headers=headers)


def made(actor: Actor, *scopes: str, networks: str = "", a_minute: int = 600, days: str = "180") -> tuple[Key, str]:
    """A key of the actor's unit, with these scopes or all that it can have."""
    given = {
        "name": "教务系统", "scopes": list(scopes) or [one.value for one in KEY_SCOPES[actor.role]], "days": days, "a_minute": a_minute,
        "networks": networks,
    }  # fmt: skip
    return keys.make(actor, given)


def caller(world: World, role: Role = Role.SCHOOL, *scopes: str, **given: Any) -> Caller:
    return Caller(made(world.actor(role), *scopes, **given)[1])


def stranger(world: World, role: Role = Role.SCHOOL, *scopes: str) -> Caller:
    return Caller(made(world.stranger_actor(role), *scopes)[1])


def others_are_done() -> None:
    """Wait until all that is open now has ended, in every database of the server: readers are told nothing that is newer.

    Not within a transaction that has written something: it would wait for itself.
    """
    if statements.one("SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS is_own").is_own:
        return
    until = time.monotonic() + 120
    newest = statements.one("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xact").xact
    while statements.one("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xact").xact < newest:
        assert time.monotonic() < until, "something is open for very long"
        time.sleep(0.02)


@contextmanager
def still_open(case: Case, actor: Actor) -> Iterator[None]:
    """Approved by a transaction that has written and ends when this does: its records have the smaller numbers and are seen last."""
    written, go_on = threading.Event(), threading.Event()

    def slowly() -> None:
        try:
            with transaction.atomic():
                perform(case, "approve", actor)
                written.set()
                go_on.wait(30)
        finally:
            connection.close()

    thread = threading.Thread(target=slowly)
    thread.start()
    try:
        assert written.wait(60)
        yield
    finally:
        go_on.set()
        thread.join(60)


def reads_by_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a feed that goes by the numbers of records and takes whatever it sees."""
    by_places, by_numbers = (
        "(r.xact, r.id) > (%(xact)s, %(id)s) AND r.xact < flow_horizon()",
        "r.id > %(id)s AND %(xact)s < %(most)s + r.xact",
    )
    assert by_places in feed._READ
    monkeypatch.setattr(
        feed, "_READ", feed._READ.replace(by_places, by_numbers).replace("ORDER BY r.xact, r.id", "ORDER BY r.id")
    )
