"""Two at once on what a graduate begins, each race with its negative control: with its guard taken away it must break."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from qicheng.domain.registration.effects import registering
from qicheng.domain.registration.models import Dissolution, Registration
from qicheng.domain.roster.effects import clear_record, remove_line
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.foundation.access import Role
from qicheng.foundation.flow import perform as engine
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotOpen, Refused, TakenBack, perform
from tests.domain.registration.places import PLACES, SAID
from tests.races.meeting import all_look_first, lost, overtaken, together, won
from tests.races.test_dissolution import fresh, owner, without_locks
from tests.world import ENDED, VERIFIED, filled_destination

if TYPE_CHECKING:
    from collections.abc import Callable

CASE = "registration_registration"


# ---- one graduate, four ways at once (REG-01)


def four_ways(world: Any) -> tuple[list[Any], int]:
    graduate = world.new_graduate("周多", world.college)
    me = world.of(graduate)
    cases = [
        world.invitation(graduate), world.offline_draft(graduate), world.paper_draft(graduate), world.destination_draft("seeking", graduate)
    ]  # fmt: skip
    acts: list[Callable[[], Any]] = [
        lambda case=case: perform(case, "accept" if case.flow_name == "online_signing" else "submit", me)
        for case in cases
    ]
    return together(acts), Registration.all_rows.filter(graduate=graduate, live=True).count()


@pytest.mark.rule("REG-01", "SIGN-03")
@pytest.mark.parametrize("guard", ["lock and index", "lock alone", "index alone"])
def test_of_an_acceptance_and_three_submissions_at_once_one_is_live(committed_world, databases, monkeypatch, guard):
    if guard == "lock alone":
        owner(databases, "DROP INDEX one_live_registration")
    if guard == "index alone":
        without_locks(monkeypatch, "look_around")
    answers, live = four_ways(committed_world)
    assert (len(won(answers)), live, {type(answer) for answer in lost(answers)}) == (1, 1, {Refused})
    assert {str(answer) for answer in lost(answers)} <= {
        "你已与其他单位签约或登记了去向，请先解约或作废。", Registration.refusals["one_live_registration"],
    }  # fmt: skip


def test_without_lock_and_index_several_ways_are_live(committed_world, databases, monkeypatch):
    owner(databases, "DROP INDEX one_live_registration")
    without_locks(monkeypatch, "look_around")
    all_look_first(monkeypatch, engine, "look_around", 4)
    assert four_ways(committed_world)[1] > 1


# ---- two acts on one case


@dataclass(frozen=True)
class Pair:
    """Two acts that can meet on a case that stands at `place`; `late` is what each gets that comes after the other."""

    place: Callable[[Any], Any]
    one: tuple[str, Role]
    two: tuple[str, Role]
    late: tuple[type[Exception], type[Exception]] = (NotOpen, NotOpen)


def stamped_by_both(world: Any) -> Registration:
    """An approved form with a link out and an image brought."""
    case = world.form_approved()
    world.link(case)
    world.prove(case, "stamped")
    return case


GIVEN: dict[str, dict[str, Any]] = {
    "return": SAID, "reject": SAID, "void": {"words": "双方协商一致"}, "redirect": {"kind": "seeking", **filled_destination("seeking")},
}  # fmt: skip
GRADUATE, COLLEGE, SCHOOL, BEARER = Role.GRADUATE, Role.COLLEGE, Role.SCHOOL, Role.BEARER
# Who reviews does not see a draft, nor what was taken back as one.
PAIRS = {
    "recall and approval of a form": Pair(PLACES["offline_signing"]["college_form_review"], ("recall", GRADUATE), ("approve", COLLEGE), (Refused, TakenBack)),
    "recall and approval of an image": Pair(PLACES["offline_signing"]["college_review"], ("recall", GRADUATE), ("approve", COLLEGE), (Refused, NotOpen)),
    "recall and return": Pair(PLACES["supplementary"]["college_review"], ("recall", GRADUATE), ("return", COLLEGE), (NotOpen, TakenBack)),
    "recall and rejection": Pair(PLACES["destination"]["college_review"], ("recall", GRADUATE), ("reject", COLLEGE), (NotOpen, TakenBack)),
    "recall and a change": Pair(PLACES["destination"]["college_review"], ("recall", GRADUATE), ("redirect", COLLEGE), (Refused, TakenBack)),
    "recall and return of a request": Pair(PLACES["offline_dissolution"]["college_review"], ("recall", GRADUATE), ("return", COLLEGE), (NotOpen, TakenBack)),
    "giving up and the employer's image": Pair(stamped_by_both, ("give_up", GRADUATE), ("bring_back", BEARER)),
    "the graduate's and the employer's image": Pair(stamped_by_both, ("bring_back", GRADUATE), ("bring_back", BEARER)),
    "a revoked link and its use": Pair(stamped_by_both, ("revoke_link", GRADUATE), ("bring_back", BEARER), (NotOpen, Refused)),
    "cancelled by the graduate and voided by the school": Pair(PLACES["destination"]["effective"], ("cancel", GRADUATE), ("void", SCHOOL)),
    "two submissions of one draft": Pair(PLACES["destination"]["draft"], ("submit", GRADUATE), ("submit", GRADUATE)),
    "a draft submitted and discarded": Pair(PLACES["supplementary"]["draft"], ("submit", GRADUATE), ("discard", GRADUATE)),
    "two submissions of one request": Pair(PLACES["offline_dissolution"]["draft"], ("submit", GRADUATE), ("submit", GRADUATE)),
}  # fmt: skip


def meet(world: Any, monkeypatch: Any, pair: Pair, *, reverse: bool = False) -> tuple[Any, Any, list[str]]:
    """The first act has asked its guards when the other comes: (answers of both, what is on record of the two)."""
    case = pair.place(world)
    before = case.version

    def doing(name: str, role: Role) -> Callable[[], Any]:
        actor = world.bearer(case) if role is BEARER else world.actor(role)
        return lambda: perform(fresh(case), name, actor, **GIVEN.get(name, {}))

    acts = [doing(*pair.one), doing(*pair.two)]
    mine, theirs, _ = overtaken(monkeypatch, engine, "_values", *(reversed(acts) if reverse else acts))
    done = Record.objects.filter(case=str(case.public_id), version__gt=before).order_by("id")
    return mine, theirs, [record.act for record in done]


@pytest.mark.rule("REG-03", "REG-04", "OFF-03", "REG-13", "DES-04", "DES-05")
@pytest.mark.parametrize("reverse", [False, True], ids=["as named", "the other first"])
@pytest.mark.parametrize("pair", PAIRS)
def test_of_two_acts_on_one_case_the_first_happens_and_the_other_is_told(committed_world, monkeypatch, pair, reverse):
    met = PAIRS[pair]
    first, late = (met.two, met.late[0]) if reverse else (met.one, met.late[1])
    mine, theirs, acts = meet(committed_world, monkeypatch, met, reverse=reverse)
    assert (mine.act, type(theirs), acts) == (first[0], late, [first[0]])


@pytest.mark.parametrize("pair", PAIRS)
def test_without_locks_guard_and_index_both_of_two_acts_happen(committed_world, databases, monkeypatch, pair):
    for table in (CASE, "registration_dissolution"):
        owner(databases, f"DROP TRIGGER {table}_guard ON {table}")
    owner(
        databases, "DROP INDEX one_record_per_version", "ALTER TABLE registration_dissolution DROP CONSTRAINT one_dissolution_of_a_number"
    )  # fmt: skip
    without_locks(monkeypatch, "look_around", "fetch")
    assert sorted(meet(committed_world, monkeypatch, PAIRS[pair])[2]) == sorted(
        [PAIRS[pair].one[0], PAIRS[pair].two[0]]
    )


# ---- an agreement and its dissolution


def request_against_void(world: Any, monkeypatch: Any, *, void_first: bool) -> tuple[Any, Any, tuple[str, int]]:
    request = world.paper_dissolution()
    agreement, me, school = request.agreement, world.actor(Role.GRADUATE), world.actor(Role.SCHOOL)
    acts: list[Callable[[], Any]] = [
        lambda: perform(fresh(request), "submit", me), lambda: perform(fresh(agreement), "void", school, words="双方协商一致"),
    ]  # fmt: skip
    mine, theirs, _ = overtaken(monkeypatch, engine, "_values", *(reversed(acts) if void_first else acts))
    return mine, theirs, (fresh(agreement).state, Dissolution.all_rows.filter(live=True).count())


@pytest.mark.rule("DIS-07", "SIGN-08")
def test_an_agreement_on_paper_is_not_voided_while_a_request_to_dissolve_it_is_submitted(committed_world, monkeypatch):
    mine, theirs, left = request_against_void(committed_world, monkeypatch, void_first=False)
    assert (mine.act, str(theirs), left) == (
        "submit",
        "这份协议正在办理解约。解约办完或撤回以后，才能作废。",
        ("effective", 1),
    )


@pytest.mark.rule("DIS-01", "SIGN-08")
def test_no_request_is_submitted_while_its_agreement_on_paper_is_voided(committed_world, monkeypatch):
    mine, theirs, left = request_against_void(committed_world, monkeypatch, void_first=True)
    assert (mine.act, str(theirs), left) == ("void", "这份协议没有生效或已经结束，不用解约。", ("voided", 0))


def test_without_locks_a_voided_agreement_on_paper_is_still_being_dissolved(committed_world, monkeypatch):
    without_locks(monkeypatch, "look_around", "fetch")
    assert request_against_void(committed_world, monkeypatch, void_first=True)[2] == ("voided", 1)


def amendment_against_end(world: Any, monkeypatch: Any, *, amend_first: bool) -> tuple[Any, Any, tuple[str, str, str]]:
    request = world.dissolution_submitted()
    perform(request, "approve", world.actor(Role.COLLEGE), **VERIFIED)
    agreement, school = request.agreement, world.actor(Role.SCHOOL)
    change = {"nature": "10", "industry": agreement.employer_shown["industry"], "job_category": "10"}
    acts: list[Callable[[], Any]] = [
        lambda: perform(fresh(request), "approve", school, **ENDED), lambda: perform(fresh(agreement), "amend", school, **change),
    ]  # fmt: skip
    mine, theirs, _ = overtaken(monkeypatch, engine, "_values", *(reversed(acts) if amend_first else acts))
    record = EmploymentRecord.all_rows.get()
    return mine, theirs, (fresh(agreement).state, record.destination, record.job_category)


@pytest.mark.rule("SUP-02", "DIS-06")
@pytest.mark.parametrize("amend_first", [True, False])
def test_an_amendment_comes_before_the_dissolution_or_not_at_all(committed_world, monkeypatch, amend_first):
    mine, theirs, left = amendment_against_end(committed_world, monkeypatch, amend_first=amend_first)
    assert left == ("dissolved", "70", "")
    assert (mine.act, getattr(theirs, "act", type(theirs))) == (
        ("amend", "approve") if amend_first else ("approve", NotOpen)
    )


def test_without_locks_guard_and_index_the_record_of_a_dissolved_agreement_is_amended(
    committed_world, databases, monkeypatch
):
    owner(databases, f"DROP TRIGGER {CASE}_guard ON {CASE}", "DROP INDEX one_record_per_version")
    without_locks(monkeypatch, "look_around", "fetch")
    # Nor does the record forget its case, which alone would keep the amendment out.
    monkeypatch.setattr(registering, "clear_record", clear_and_remember)
    assert amendment_against_end(committed_world, monkeypatch, amend_first=True)[2] == ("dissolved", "70", "10")


def clear_and_remember(*, graduate: int, case: str) -> None:
    clear_record(graduate=graduate, case=case)
    EmploymentRecord.all_rows.filter(graduate=graduate).update(case=case)


# ---- off the roster while something is submitted (ROS-07)


def removal_meanwhile(world: Any, monkeypatch: Any, begin: str) -> tuple[Any, Any, bool]:
    case = getattr(world, begin)()
    me, school = world.actor(Role.GRADUATE), world.actor(Role.SCHOOL)
    return overtaken(
        monkeypatch, engine, "_values", lambda: perform(case, "submit", me),
        lambda: remove_line(world.graduate.public_id, school, words="重复上传"),
    )  # fmt: skip


@pytest.mark.rule("ROS-07")
@pytest.mark.parametrize("begin", ["offline_draft", "destination_draft", "paper_dissolution"])
def test_a_removal_from_the_roster_waits_for_the_submission_under_way(committed_world, monkeypatch, begin):
    submitted, removed, was_through = removal_meanwhile(committed_world, monkeypatch, begin)
    assert (submitted.act, removed.removed_at is not None, was_through) == ("submit", True, False)


def test_without_the_lock_on_the_graduate_a_removal_overtakes_the_submission(committed_world, monkeypatch):
    without_locks(monkeypatch, "look_around")
    assert removal_meanwhile(committed_world, monkeypatch, "offline_draft")[2] is True
