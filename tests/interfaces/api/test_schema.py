"""The document of the API is whole and true: every operation is in it, shut to strangers, and answers as it says, whatever it is asked."""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING, Any

import pytest
from django.core.handlers.wsgi import WSGIHandler

from qicheng.domain.orgs.models import KeyScope
from qicheng.foundation.access import Role
from qicheng.interfaces.api.description import OPEN, api, document
from qicheng.interfaces.api.lists import published
from tests.clients import signed_in
from tests.interfaces.api import Caller, caller, made
from tests.world import COHORT

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = pytest.mark.rule("SYN-02")
# Seconds that it is asked all sorts of things for, and for how long when there is time.
SAMPLE, LONG = 4, 300
# So many operations are asked however slow it is.
LEAST = 12
# Lists that no key reads: of a school's own platform, or shown on a page of their own, and why.
UNPUBLISHED = {
    "units": "the operator's and a province's view of what schools warn of", "answers": "what home pages count", "removed": "warnings taken away",
}  # fmt: skip


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document()["paths"].items():
        for method, one in methods.items():
            yield path, method, one


def test_every_operation_says_what_it_is_what_it_gives_and_what_may_go_wrong():
    assert document()["openapi"] == "3.1.0"
    names = [one["operationId"] for _, _, one in operations()]
    assert len(names) == len(set(names))
    for path, method, one in operations():
        good = [status for status in one["responses"] if status.startswith("2")]
        assert (path, len(good), bool(one["summary"]), bool(one["tags"])) == (path, 1, True, True)
        assert (path, "content" in one["responses"][good[0]]) == (path, True)
        wanted = set() if one["operationId"] in OPEN else {"401", "403", "429", "500", "503", "422"}
        assert (path, wanted - set(one["responses"])) == (path, set())
        assert ("{" in path) == ("404" in one["responses"]) or method == "get"
        if method in ("post", "put"):
            assert (path, [p["name"] for p in one["parameters"] if p["in"] == "header"]) == (path, ["Idempotency-Key"])


def test_the_page_of_the_document_shows_every_operation_and_asks_nobody_else(client, db):
    page = client.get("/api/v1/docs/")
    text = page.content.decode()
    assert [one["operationId"] for _, _, one in operations() if f'id="{one["operationId"]}"' not in text] == []
    assert ("http://" in text, "https://" in text, "<style" in text, "javascript:" in text) == (
        False,
        False,
        False,
        False,
    )
    assert client.get("/api/v1/openapi.json").json()["info"]["version"] == "1"


def address(path: str, **names: Any) -> str:
    for name, value in names.items():
        path = path.replace(f"{{{name}}}", str(value))
    assert "{" not in path
    return path.removeprefix("/api/v1")


@RULE
@pytest.mark.rule("ORG-01")
@pytest.mark.django_db
def test_every_operation_on_something_of_another_school_finds_nothing_and_changes_nothing(world):
    """The matrix: every operation with a name in its address × a key of another school, of its province, and a key with no scope for it."""
    case = world.accepted()
    world.approved(case, levels=1)
    mine = caller(world)
    upload = mine.put(f"/rosters/{COHORT}/workbook/", "考生号,身份证号,姓名\n".encode()).json()["id"]
    other, above = (
        Caller(made(world.stranger_actor(Role.SCHOOL))[1]),
        Caller(made(world.stranger_actor(Role.SCHOOL), "figures:read")[1]),
    )
    asked = 0
    for path, method, _ in operations():
        if "{public_id}" not in path:
            continue
        name = upload if "uploads" in path else case.public_id
        for asker in (other, above):
            where = address(path, public_id=name)
            answer = asker.get(where) if method == "get" else asker.post(where, {"seen": case.version})
            assert (path, answer.status_code in (403, 404)) == (path, True), answer.content.decode()
            assert (path, "陈诚" in answer.content.decode()) == (path, False)
            asked += 1
            # The door tells nobody apart either: what is not there and what is not theirs is one answer.
            nothing = address(path, public_id="00000000-0000-4000-8000-000000000000")
            blank = asker.get(nothing) if method == "get" else asker.post(nothing, {"seen": 1})
            assert (path, blank.status_code, blank.json()["detail"]) == (
                path,
                answer.status_code,
                answer.json()["detail"],
            )
    case.refresh_from_db()
    assert (case.state, asked > 40) == ("school_review", True)


@RULE
@pytest.mark.django_db
def test_nothing_of_another_school_is_in_any_list_or_feed(world):
    world.effective()
    world.change_submitted(graduate=world.graduate)
    other = Caller(made(world.stranger_actor(Role.SCHOOL))[1])
    for one in published():
        told = other.get(f"/lists/{one.path}/", **({"cohort": COHORT} if one.listing.cohort else {}))
        assert (one.path, "陈诚" in told.content.decode(), str(world.graduate.public_id) in told.content.decode()) == (
            one.path,
            False,
            False,
        )
    for path in ("/changes/", "/confirmations/", "/units/", "/me/"):
        assert "江临大学" not in other.get(path).content.decode()


@RULE
@pytest.mark.django_db
def test_without_a_key_every_operation_but_the_open_ones_is_shut(world, client, monkeypatch):
    monkeypatch.setattr("qicheng.interfaces.api.door.WRONG_KEYS", 10_000)
    browser = signed_in(world.seats[Role.SCHOOL], COHORT)
    names = {"public_id": "00000000-0000-4000-8000-000000000000", "cohort": COHORT, "table": "gender"}
    for path, method, one in operations():
        where = path
        for name, value in names.items():
            where = where.replace(f"{{{name}}}", str(value))
        wanted = 200 if one["operationId"] in OPEN else 401
        kind = {} if method == "get" else {"content_type": "application/json"}
        assert (path, [getattr(asker, method)(where, **kind).status_code for asker in (client, browser)]) == (
            path,
            [wanted] * 2,
        )


def test_every_scope_is_wanted_by_an_operation_or_opens_more_of_one():
    wanted = {one.get("x-scope") for _, _, one in operations()}
    # These open cases and acts of an area, and whole numbers.
    beside = {"registrations:read", "archive:read", "household:read", "identity:read"}
    assert {one.value for one in KeyScope} - wanted - beside == set()


def asked_for(seconds: float, world: Any, seed: int) -> int:
    """Ask every operation all sorts of things for so long; how many answers were looked at. An answer that the document does not say fails."""
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from schemathesis.checks import CHECKS

    schema = schemathesis.openapi.from_dict(document())
    schema.app = WSGIHandler()
    checks = [
        CHECKS.get_one(name)
        for name in (
            "not_a_server_error",
            "status_code_conformance",
            "content_type_conformance",
            "response_schema_conformance",
        )
    ]
    _, secret = made(world.actor(Role.SCHOOL), a_minute=32_000)
    number, until = 0, time.monotonic() + seconds
    every = [result.ok() for result in schema.get_all_operations()]
    random.Random(seed).shuffle(every)
    share = 2 if seconds <= SAMPLE else 60
    for place, operation in enumerate(every):
        if place >= LEAST and time.monotonic() > until:
            break

        @seeded(seed)
        @settings(
            max_examples=share,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def look(case: Any) -> None:
            nonlocal number
            case.call_and_validate(
                headers={"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"}, checks=checks
            )
            number += 1

        look()
    assert len(every) == len(
        [one for one in api()._get_bound_routers() for view in one.path_operations.values() for _ in view.operations]
    )
    return number


@RULE
def test_whatever_it_is_asked_it_answers_as_the_document_says(committed_world):
    assert asked_for(SAMPLE, committed_world, 6) >= LEAST


@pytest.mark.soak
@pytest.mark.skipif(not os.environ.get("QICHENG_SOAK"), reason="the long form; make soak")
def test_whatever_it_is_asked_for_long(committed_world):
    assert asked_for(LONG, committed_world, random.randrange(2**32)) > 1_000
