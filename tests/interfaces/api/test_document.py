"""The client in the documentation is run as it stands there: a stranger who copies it delivers a roster and keeps up with confirmations."""

from __future__ import annotations

import re
import types
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from qicheng.domain.orgs.models import KeyScope
from qicheng.domain.roster import imports
from qicheng.domain.roster.models import Graduate, Upload
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import perform
from qicheng.interfaces.api.problems import KINDS
from tests.house.source import ROOT
from tests.interfaces.api import made
from tests.interfaces.api.test_rosters import LINE
from tests.journeys.conftest import Website
from tests.world import COHORT, identity_number

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.rule("SYN-02")
PAGE = ROOT / "docs/api.md"
MOST_LINES = 60


def client_of_the_page() -> types.ModuleType:
    """The first program of the page, as a module."""
    (program, *_) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len([line for line in program.splitlines() if line.strip()]) <= MOST_LINES
    module = types.ModuleType("client")
    exec(compile(program, "docs/api.md", "exec"), module.__dict__)
    return module


@pytest.fixture
def website(committed_world: Any) -> Iterator[Website]:
    running = Website(threads=2)
    yield running
    running.end()


class Waiting:
    """In the place of the clock: while the client waits, the worker works."""

    def sleep(self, seconds: float) -> None:
        for upload in Upload.all_rows.order_by("pk"):
            imports.read_upload(upload.pk)
            imports.apply_upload(upload.pk)


class Lost:
    """A connection that is lost once, after the platform has done what it was asked."""

    def __init__(self) -> None:
        self.lost = 0

    def __call__(self, answer: httpx.Response) -> None:
        if answer.request.method == "POST" and not self.lost:
            self.lost += 1
            raise httpx.ReadError("lost")


def test_the_client_of_the_page_delivers_reads_errors_and_keeps_up(website, committed_world):
    world = committed_world
    confirmation = world.reported()
    _, secret = made(world.actor(Role.SCHOOL), "roster:write", "confirmations:read")
    page = client_of_the_page()
    page.time = Waiting()
    school = page.Qicheng(f"http://127.0.0.1:{website.server_port}", secret)
    lost = Lost()
    school.http.event_hooks = {"response": [lost]}

    wrong = school.deliver(
        COHORT, [LINE, LINE | {"exam_number": "26110001150079", "id_number": identity_number(378), "level": "博士后"}]
    )
    assert [(line["index"], [fault["place"] for fault in line["faults"]]) for line in wrong] == [(1, ["level"])]
    # The connection was lost when the roster had arrived; it was sent again, and has arrived once.
    assert (lost.lost, Upload.all_rows.count(), Graduate.all_rows.filter(exam_number=LINE["exam_number"]).count()) == (
        1,
        1,
        1,
    )

    kept: dict[str, tuple[int, str]] = {}
    saved = ""
    for rows, place in school.confirmations():
        kept |= {row["id"]: (row["version"], row["state"]) for row in rows}
        saved = place
    assert list(kept.values()) == [(confirmation.version, "unconfirmed")]
    perform(confirmation, "confirm", world.of(world.graduate))
    (later,) = [rows for rows, _ in school.confirmations(saved)]
    assert [(row["version"], row["state"]) for row in later] == [(confirmation.version, "confirmed")]

    with pytest.raises(page.Wrong) as refused:
        school.ask("GET", "/lists/roster/", params={"cohort": COHORT})
    assert "roster:read" in str(refused.value)


def test_the_page_names_every_scope_and_every_answer_that_is_none():
    text = PAGE.read_text("utf-8")
    assert [one.value for one in KeyScope if f"`{one.value}`" not in text] == []
    assert [status for status, _, _ in KINDS.values() if status != 405 and str(status) not in text] == []
