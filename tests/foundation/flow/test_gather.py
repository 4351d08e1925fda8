"""Proofs of a case are changed by whoever its state lets and by nobody else, also while it is being submitted."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, transaction

from qicheng.domain.orgs.models import Opening
from qicheng.domain.registration.flows.online_signing import ONLINE_SIGNING
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Level, Role
from qicheng.foundation.flow import gather
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, perform
from qicheng.foundation.kit.proofs import Unreadable
from qicheng.foundation.papers import proofs
from qicheng.foundation.papers.models import Proof
from tests.asking import CONTRACT, ask_for_proofs
from tests.foundation.kit.hostile import drawing, saved
from tests.races.meeting import until_held_up

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.rule("REG-09")

PAGES = [saved(drawing(700 + n, 600)) for n in range(4)]


@pytest.fixture(autouse=True)
def asking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> None:
    settings.QICHENG_FILES = tmp_path
    ask_for_proofs(monkeypatch)


def listed(case: Any, kind: str = "contract") -> list[int]:
    """Which of the pages the case has, in order, by their width."""
    return [proof.width - 700 for proof in proofs.proofs_of(case.flow_name, str(case.public_id), kind)]


@pytest.mark.django_db
def test_whose_turn_it_is_to_bring_proofs_brings_orders_and_removes_them(world: Any) -> None:
    case, employer = world.invitation(), world.actor(Role.EMPLOYER)
    one, two = (gather.add_proof(case, "contract", page, employer) for page in PAGES[:2])
    again = gather.add_proof(case, "contract", PAGES[0], employer)

    assert (again, listed(case)) == (one, [0, 1])
    assert (one.flow, one.case, one.cohort, one.school_id, one.role, one.account_id) == (
        "online_signing", str(case.public_id), world.cohort, world.school.pk, "employer", employer.account,
    )  # fmt: skip
    gather.move_proof(case, two.public_id, employer, -1)
    assert listed(case) == [1, 0]
    gather.move_proof(case, two.public_id, employer, -1)
    gather.move_proof(case, one.public_id, employer, 1)
    assert listed(case) == [1, 0]
    gather.remove_proof(case, two.public_id, employer)
    gather.remove_proof(case, two.public_id, employer)
    assert listed(case) == [0]
    with pytest.raises(Refused, match="已经移除"):
        gather.move_proof(case, two.public_id, employer, 1)


@pytest.mark.django_db
def test_nobody_else_changes_the_proofs_of_a_case(world: Any) -> None:
    case = world.invitation()
    one = gather.add_proof(case, "contract", PAGES[0], world.actor(Role.EMPLOYER))
    changes: tuple[Callable[[Any], Any], ...] = (
        lambda actor: gather.add_proof(case, "contract", PAGES[1], actor),
        lambda actor: gather.move_proof(case, one.public_id, actor, 1),
        lambda actor: gather.remove_proof(case, one.public_id, actor),
    )
    for role in (Role.GRADUATE, Role.COLLEGE, Role.SCHOOL, Role.PROVINCE):
        for change in changes:
            with pytest.raises((Refused, NotFound)):
                change(world.actor(role))
    for change in changes:
        with pytest.raises(NotFound):
            change(world.stranger_actor(Role.EMPLOYER))
        with pytest.raises(Refused, match="没有这项操作的权限"):
            change(world.actor(Role.EMPLOYER, level=Level.READ))
    assert listed(case) == [0]


@pytest.mark.django_db
def test_a_proof_of_one_case_is_not_changed_through_another(world: Any) -> None:
    case, other = world.invitation(), world.invitation(world.neighbour)
    employer = world.actor(Role.EMPLOYER)
    one = gather.add_proof(case, "contract", PAGES[0], employer)

    gather.remove_proof(other, one.public_id, employer)
    with pytest.raises(Refused):
        gather.move_proof(other, one.public_id, employer, 1)
    assert listed(case) == [0]


@pytest.mark.django_db
def test_a_case_takes_only_the_kinds_it_asks_for_and_no_more_than_it_says(world: Any) -> None:
    case, employer = world.invitation(), world.actor(Role.EMPLOYER)
    for page in PAGES[:3]:
        gather.add_proof(case, "contract", page, employer)

    with pytest.raises(Refused, match="「劳动合同」最多 3 份，移除一份再添加。"):
        gather.add_proof(case, "contract", PAGES[3], employer)
    with pytest.raises(NotOpen):
        gather.add_proof(case, "passport", PAGES[3], employer)
    with pytest.raises(Unreadable):
        gather.add_proof(case, "letter", b"<svg>", employer)
    assert (listed(case), listed(case, "letter")) == ([0, 1, 2], [])


@pytest.mark.django_db
def test_what_holds_a_case_holds_its_proofs(world: Any) -> None:
    case, employer = world.invitation(), world.actor(Role.EMPLOYER)
    gather.add_proof(case, "contract", PAGES[0], employer)
    Opening.objects.filter(province=world.province).update(is_open=False)

    with pytest.raises(Refused, match="没有开启"):
        gather.add_proof(case, "contract", PAGES[1], employer)
    Opening.objects.filter(province=world.province).update(is_open=True)
    from django.utils import timezone

    Graduate.objects.unscoped("a test").filter(pk=case.graduate_id).update(removed_at=timezone.now())
    with pytest.raises(Refused, match="已从学校名单中删除"):
        gather.add_proof(case, "contract", PAGES[1], employer)


@pytest.mark.django_db
def test_once_the_case_has_moved_on_its_proofs_stand(world: Any) -> None:
    case, employer = world.invitation(), world.actor(Role.EMPLOYER)
    one = gather.add_proof(case, "contract", PAGES[0], employer)
    open_page = type(case).all_rows.get(pk=case.pk)
    perform(case, "accept", world.of(world.graduate))

    for change in (
        lambda: gather.add_proof(open_page, "contract", PAGES[1], employer),
        lambda: gather.remove_proof(open_page, one.public_id, employer),
        lambda: gather.move_proof(open_page, one.public_id, employer, 1),
    ):
        with pytest.raises(Refused, match="现在不能改动证明材料"):
            change()
    assert listed(case) == [0]


@pytest.mark.django_db
def test_what_is_missing_is_named_until_it_is_there(world: Any) -> None:
    case, employer = world.invitation(), world.actor(Role.EMPLOYER)
    said = [gather.has_its_proofs(case, employer)]
    for page in PAGES[:2]:
        gather.add_proof(case, "contract", page, employer)
        said.append(gather.has_its_proofs(case, employer))

    assert said == [
        "还缺证明材料：劳动合同（还差 2 份）。补齐以后再提交。", "还缺证明材料：劳动合同（还差 1 份）。补齐以后再提交。", None,
    ]  # fmt: skip
    assert [(one.kind.key, one.lacks, one.room) for one in gather.gathered(case)] == [
        ("contract", 0, 1),
        ("letter", 0, 1),
    ]


@pytest.mark.django_db
def test_the_record_of_a_submission_says_which_proofs_it_had(world: Any) -> None:
    case, employer = world.invitation(), world.actor(Role.EMPLOYER)
    nothing = gather.freeze_proofs(case)
    one = gather.add_proof(case, "contract", PAGES[0], employer)
    first = gather.freeze_proofs(case)
    version = proofs.last_set(case.flow_name, str(case.public_id)).version
    same = gather.freeze_proofs(case)
    gather.remove_proof(case, one.public_id, employer)
    gather.add_proof(case, "letter", PAGES[1], employer)
    second = gather.freeze_proofs(case)
    now = proofs.last_set(case.flow_name, str(case.public_id)).version

    assert (nothing, same) == ({}, {})
    assert first == {"证明材料": ["", f"劳动合同 1 份（版本 {version}）"]}
    assert second == {"证明材料": [f"劳动合同 1 份（版本 {version}）", f"情况说明 1 份（版本 {now}）"]}


def test_a_flow_shows_in_its_table_who_brings_proofs() -> None:
    lines = [line for line in ONLINE_SIGNING.table().splitlines() if "proofs by" in line]

    assert [(line.split(" | ")[0], line.rpartition(" | ")[2]) for line in lines] == [("invited", "proofs by employer")]


def _meet(world: Any, case: Any) -> BaseException | None:
    """A proof comes while the case is being accepted: what stopped the proof, if anything."""
    employer, graduate = world.actor(Role.EMPLOYER), world.of(world.graduate)
    begun, failed = threading.Event(), []

    def add() -> None:
        try:
            begun.set()
            gather.add_proof(case, "contract", PAGES[0], employer)
        except BaseException as why:  # noqa: BLE001 -- compared by the test
            failed.append(why)
        finally:
            connection.close()

    thread = threading.Thread(target=add)
    with transaction.atomic():
        perform(type(case).all_rows.get(pk=case.pk), "accept", graduate)
        thread.start()
        begun.wait(30)
        # The file is made again; then it comes to the lock and waits there, or there is none and it goes on.
        until_held_up(thread)
    thread.join(60)
    return failed[0] if failed else None


def test_a_proof_that_comes_while_the_case_is_submitted_waits_and_is_refused(committed_world: Any) -> None:
    case = committed_world.invitation()

    stopped = _meet(committed_world, case)

    assert (type(stopped), Proof.objects.count()) == (Refused, 0)


def test_without_the_lock_it_would_slip_in(committed_world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the race above."""
    case = committed_world.invitation()
    fetch = gather.fetch
    monkeypatch.setattr(
        gather, "fetch", lambda model, public_id, actor, hold: fetch(model, public_id, actor, hold=False)
    )

    stopped = _meet(committed_world, case)

    assert (stopped, Proof.objects.count()) == (None, 1)


def test_many_proofs_at_once_are_never_more_than_the_case_takes(committed_world: Any) -> None:
    case, employer = committed_world.invitation(), committed_world.actor(Role.EMPLOYER)

    def add(page: bytes) -> str:
        try:
            gather.add_proof(case, "contract", page, employer)
        except Refused as why:
            return str(why)
        finally:
            connection.close()
        return "taken"

    with ThreadPoolExecutor(4) as workers:
        outcomes = list(workers.map(add, PAGES))

    assert (outcomes.count("taken"), len(listed(case))) == (CONTRACT.most, CONTRACT.most)
    assert sorted(proof.place for proof in Proof.objects.all()) == [1, 2, 3]


@pytest.mark.django_db
def test_a_case_that_asks_for_nothing_takes_nothing(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    case = world.invitation()

    assert (case.proofs_asked, gather.gathered(case)) == ((), [])
    assert gather.has_its_proofs(case, world.actor(Role.EMPLOYER)) is None
    with pytest.raises(NotOpen):
        gather.add_proof(case, "contract", PAGES[0], world.actor(Role.EMPLOYER))
    with pytest.raises(Refused):
        gather.remove_proof(case, uuid.uuid4(), world.actor(Role.EMPLOYER))
