"""Whoever keeps its place reads each change once, also what was written by a transaction that was slow to end."""

from __future__ import annotations

import pytest

from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import Role
from qicheng.foundation.flow import feed
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import perform
from qicheng.foundation.kit import masks
from tests.interfaces.api import Caller, caller, made, others_are_done, reads_by_numbers, still_open, stranger

RULE = pytest.mark.rule("SYN-02")


def everything(
    asker: Caller, path: str, after: str = "", *, waits: bool = True, **asked: object
) -> tuple[list[dict], str]:
    """All rows behind a place, in parts of two, and the place behind them."""
    if waits:
        others_are_done()
    rows: list[dict] = []
    while True:
        said = asker.get(path, after=after, size=2, **asked).json()
        rows, after = [*rows, *said["rows"]], said["after"]
        if said["is_complete"]:
            return rows, after


@RULE
def test_confirmations_come_once_as_they_stand_and_again_when_they_change(committed_world):
    world = committed_world
    confirmation = world.reported()
    world.reported(world.new_graduate("许知远", world.college))
    asker = caller(world, Role.SCHOOL, "confirmations:read")
    rows, place = everything(asker, "/confirmations/")
    assert {(row["graduate"]["name"], row["state"]) for row in rows} == {
        ("陈诚", "unconfirmed"),
        ("许知远", "unconfirmed"),
    }
    assert (len(rows), set(rows[0]["content"])) == (2, {"destination"})
    # Telephones, e-mails and whose they are show whole to a key alone that may see them so.
    whole, _ = everything(caller(world, Role.SCHOOL, "confirmations:read", "identity:read"), "/confirmations/")
    kept, seen = confirmation.content["destination"], rows[0]["content"]["destination"]
    assert whole[0]["content"]["destination"] == kept
    masked = {"contact": masks.name, "phone": masks.phone, "mobile": masks.phone, "email": masks.email}
    assert seen == kept | {key: mask(kept[key]) for key, mask in masked.items()}
    assert (seen["contact"], seen["mobile"]) != (kept["contact"], kept["mobile"])
    assert everything(asker, "/confirmations/", place) == ([], place)
    perform(confirmation, "confirm", world.of(world.graduate))
    again, later = everything(asker, "/confirmations/", place)
    assert [(row["graduate"]["name"], row["state"], row["version"]) for row in again] == [
        ("陈诚", "confirmed", confirmation.version)
    ]
    assert everything(asker, "/confirmations/", later) == ([], later)
    # A province says which school, and gets no other's; a place of one school is none of another's.
    province = caller(world, Role.PROVINCE, "confirmations:read")
    assert province.get("/confirmations/").status_code == 422
    assert len(everything(province, "/confirmations/", school=world.school.code)[0]) == 2
    assert province.get("/confirmations/", school=world.other_school.code).status_code == 404
    assert stranger(world).get("/confirmations/", after=place).status_code == 422


@RULE
def test_changes_leave_out_drafts_and_what_the_key_may_not_read(committed_world):
    world = committed_world
    world.destination_draft()
    world.change_submitted()
    world.accepted(world.neighbour)
    asker = caller(world, Role.SCHOOL, "registrations:read")
    rows, _ = everything(asker, "/changes/")
    assert [(row["flow"], row["act"], row["after_label"] != "") for row in rows] == [
        ("online_signing", "invite", True), ("online_signing", "accept", True),
    ]  # fmt: skip
    archive = caller(world, Role.SCHOOL, "archive:read")
    assert {row["flow"] for row in everything(archive, "/changes/")[0]} == {"archive_change"}
    assert everything(stranger(world), "/changes/")[0] == []
    assert caller(world, Role.SCHOOL, "figures:read").get("/changes/").status_code == 403


def overtaken(world, asker: Caller) -> tuple[list[str], list[str]]:
    """A slow transaction gets its number first and ends last: what a reader finds before it ends, and afterwards from its place."""
    slow, fast = world.accepted(), world.accepted(world.neighbour)
    _, place = everything(asker, "/changes/")
    with still_open(slow, world.actor(Role.COLLEGE)):
        perform(fast, "approve", world.reviewer(fast, Role.COLLEGE))
        before, place = everything(asker, "/changes/", place, waits=False)
    after, _ = everything(asker, "/changes/", place)
    numbers = Record.objects.filter(act="approve").order_by("id").values_list("case", flat=True)
    assert list(numbers) == [str(slow.public_id), str(fast.public_id)]
    return [row["case"] for row in before], [row["case"] for row in after]


@RULE
def test_what_is_written_late_with_a_smaller_number_is_not_skipped(committed_world):
    before, after = overtaken(committed_world, caller(committed_world, Role.SCHOOL, "registrations:read"))
    slow, fast = (str(one.public_id) for one in Registration.all_rows.order_by("pk"))
    assert sorted([*before, *after]) == sorted([slow, fast])
    assert before == []


@RULE
def test_a_reader_that_goes_by_numbers_does_skip_it(committed_world, monkeypatch):
    reads_by_numbers(monkeypatch)
    before, after = overtaken(committed_world, caller(committed_world, Role.SCHOOL, "registrations:read"))
    fast = str(Registration.all_rows.order_by("pk").last().public_id)
    assert (before, after) == ([fast], [])


@RULE
def test_places_go_on_where_a_copy_of_the_database_counts_anew(committed):
    from tests.conftest import pointed_at
    from tests.world import World

    world = World()
    world.accepted()
    _, secret = made(world.actor(Role.SCHOOL), "registrations:read")
    _, place = everything(Caller(secret), "/changes/")
    committed.run(
        committed.name, "ALTER TABLE flow_record DISABLE TRIGGER USER", "UPDATE flow_record SET xact = xact + 1000000000",
        "ALTER TABLE flow_record ENABLE TRIGGER USER",
    )  # fmt: skip
    with pointed_at(committed.url(committed.name, "owner")):
        feed.keep_growing()
        feed.keep_growing()
    world.accepted(world.neighbour)
    newest = Record.objects.order_by("-id").values_list("xact", flat=True)[:5]
    assert list(newest) == sorted(newest, reverse=True)
    assert newest[0] > 1_000_000_000
    rows, _ = everything(Caller(secret), "/changes/", place)
    assert [row["act"] for row in rows][-2:] == ["invite", "accept"]
