"""Two at once on a case or a graduate, each race with its negative control: with its guard taken away it must break."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from qicheng.domain.orgs.effects.settings import set_signing
from qicheng.domain.orgs.models import ReviewMode, SigningSettings
from qicheng.domain.orgs.queries import stamp
from qicheng.domain.orgs.sheets import SIGNING
from qicheng.domain.registration import guards
from qicheng.domain.registration.flows.online_signing import ONLINE_SIGNING
from qicheng.domain.registration.models import Registration
from qicheng.domain.roster import effects as lines
from qicheng.domain.roster.effects import remove_line
from qicheng.domain.roster.imports import apply_upload, jobs, request_writing
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.foundation.access import FULL, SYSTEM, Actor, Role
from qicheng.foundation.flow import perform as engine
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotOpen, Refused, Stale, Stopped, be, begin, note, perform
from qicheng.foundation.notice.models import Notice
from tests.domain.roster import files
from tests.races.meeting import all_look_first, lost, overtaken, together, won
from tests.world import OFFER

if TYPE_CHECKING:
    from collections.abc import Callable

MANY = 16
CASE = "registration_registration"


def without_locks(monkeypatch: Any, *names: str) -> None:
    """The engine looks, but takes no lock: on the rows above ('look_around') or on the case ('fetch')."""
    for name in names:
        whole = getattr(engine, name)
        monkeypatch.setattr(engine, name, lambda *given, whole=whole, hold=False: whole(*given, hold=False))


def owner(databases: Any, *sql: str) -> None:
    databases.run(connection.settings_dict["NAME"], *sql)


def acceptance(world: Any, case: Registration, graduate: Graduate) -> Callable[[], Any]:
    actor = world.of(graduate)
    return lambda: perform(case, "accept", actor)


def sixteen_accepts(world: Any) -> tuple[list[Any], int]:
    graduate = world.new_graduate("周多", world.college)
    cases = []
    for number in range(MANY):
        unit = world.new_employer(f"第{number}家单位")
        cases.append(world.invitation(graduate, Actor(Role.EMPLOYER, unit.pk, None, FULL)))
    answers = together([acceptance(world, case, graduate) for case in cases])
    return answers, Registration.all_rows.filter(graduate=graduate, live=True).count()


@pytest.mark.rule("REG-01", "SIGN-03")
@pytest.mark.parametrize("guard", ["lock and index", "lock alone", "index alone"])
def test_of_sixteen_accepts_at_once_one_is_live(committed_world, databases, monkeypatch, guard):
    if guard == "lock alone":
        owner(databases, "DROP INDEX one_live_registration")
    if guard == "index alone":
        without_locks(monkeypatch, "look_around")
    answers, live = sixteen_accepts(committed_world)
    assert (len(won(answers)), live) == (1, 1)
    assert {type(answer) for answer in lost(answers)} == {Refused}
    assert {str(answer) for answer in lost(answers)} <= {
        "你已与其他单位签约或登记了去向，请先解约或作废。", Registration.refusals["one_live_registration"],
    }  # fmt: skip


def test_without_lock_and_index_several_of_sixteen_accepts_are_live(committed_world, databases, monkeypatch):
    owner(databases, "DROP INDEX one_live_registration")
    without_locks(monkeypatch, "look_around")
    all_look_first(monkeypatch, engine, "look_around", MANY)
    assert sixteen_accepts(committed_world)[1] > 1


def two_reviewers(world: Any, monkeypatch: Any) -> tuple[Any, Any, int]:
    case = world.accepted(world.new_graduate("周两", world.college))
    college = world.actor(Role.COLLEGE)
    mine, theirs, _ = overtaken(
        monkeypatch, engine, "fetch",
        lambda: perform(case, "approve", college, seen=2),
        lambda: perform(Registration.all_rows.get(pk=case.pk), "reject", college, seen=2, reason="x_pay", words="薪酬不清楚"),
    )  # fmt: skip
    return mine, theirs, Record.objects.filter(case=str(case.public_id), version__gt=2).count()


@pytest.mark.rule("REG-04")
@pytest.mark.parametrize("guard", ["all locks", "the lock on the case alone"])
def test_of_two_reviewers_one_wins_and_the_other_is_told_what_happened(committed_world, monkeypatch, guard):
    if guard != "all locks":
        without_locks(monkeypatch, "look_around")
    mine, theirs, decisions = two_reviewers(committed_world, monkeypatch)
    assert (mine.act, type(theirs), theirs.record.act, decisions) == ("approve", Stale, "approve", 1)


def test_without_lock_guard_and_index_two_reviewers_both_decide(committed_world, databases, monkeypatch):
    owner(databases, f"DROP TRIGGER {CASE}_guard ON {CASE}", "DROP INDEX one_record_per_version")
    without_locks(monkeypatch, "look_around", "fetch")
    assert two_reviewers(committed_world, monkeypatch)[2] == 2


@pytest.mark.rule("REG-04")
def test_of_many_reviewers_at_once_one_decides_and_everybody_concerned_is_told_once(committed_world):
    world = committed_world
    case = world.accepted()
    names = ["approve", "reject"] * 4
    college = world.actor(Role.COLLEGE)
    before = Notice.objects.count()
    answers = together(
        [
            lambda name=name: perform(
                Registration.all_rows.get(pk=case.pk), name, college, seen=2, reason="x_pay", words="说明"
            )
            for name in names
        ]
    )
    assert (len(won(answers)), {type(answer) for answer in lost(answers)}) == (1, {Stale})
    told = Notice.objects.filter(record=won(answers)[0].pk).count()
    assert (Notice.objects.count() - before, Record.objects.count()) == (told, 3)


def accept_against_withdraw(world: Any, monkeypatch: Any) -> tuple[Any, Any, list[str]]:
    case = world.invitation(world.new_graduate("周退", world.college))
    mine, theirs, _ = overtaken(
        monkeypatch, engine, "fetch",
        lambda: perform(case, "accept", world.of(case.graduate)),
        lambda: perform(Registration.all_rows.get(pk=case.pk), "withdraw", world.actor(Role.EMPLOYER)),
    )  # fmt: skip
    return mine, theirs, [record.act for record in Record.objects.filter(case=str(case.public_id)).order_by("id")]


def test_an_invitation_is_accepted_or_withdrawn_never_both(committed_world, monkeypatch):
    mine, theirs, acts = accept_against_withdraw(committed_world, monkeypatch)
    assert (mine.act, type(theirs), acts) == ("accept", NotOpen, ["invite", "accept"])


def test_without_lock_and_guard_an_invitation_is_both_accepted_and_withdrawn(committed_world, databases, monkeypatch):
    owner(databases, f"DROP TRIGGER {CASE}_guard ON {CASE}", "DROP INDEX one_record_per_version")
    without_locks(monkeypatch, "look_around", "fetch")
    assert sorted(accept_against_withdraw(committed_world, monkeypatch)[2]) == ["accept", "invite", "withdraw"]


def removal_meanwhile(world: Any, monkeypatch: Any) -> tuple[Any, Any, bool]:
    graduate = world.new_graduate("周删", world.college)
    case = world.invitation(graduate)
    return overtaken(
        monkeypatch, engine, "_values", acceptance(world, case, graduate),
        lambda: remove_line(graduate.public_id, world.actor(Role.SCHOOL), words="重复上传"),
    )  # fmt: skip


@pytest.mark.rule("ROS-07")
def test_a_removal_from_the_roster_waits_for_the_acceptance_under_way(committed_world, monkeypatch):
    accepted, removed, was_through = removal_meanwhile(committed_world, monkeypatch)
    assert (accepted.after, removed.removed_at is not None, was_through) == ("college_review", True, False)


def test_without_the_lock_on_the_graduate_a_removal_overtakes_the_acceptance(committed_world, monkeypatch):
    without_locks(monkeypatch, "look_around")
    assert removal_meanwhile(committed_world, monkeypatch)[2] is True


@pytest.mark.rule("ROS-07")
def test_who_was_removed_a_moment_ago_does_not_accept(committed_world):
    world = committed_world
    case = world.invitation()
    answers = together([
        lambda: remove_line(world.graduate.public_id, world.actor(Role.SCHOOL), words="重复上传"),
        acceptance(world, case, world.graduate),
    ])  # fmt: skip
    record = Record.objects.filter(case=str(case.public_id), act="accept").first()
    assert not isinstance(answers[0], Exception)
    assert isinstance(answers[1], Refused) == (record is None)


CHANGE = {
    "online_signing": True,
    "supplementary": True,
    "destination": True,
    "review_mode": "school",
    "dissolution_limit": 3,
    "long_wait": 3,
}


def change_meanwhile(world: Any, monkeypatch: Any) -> tuple[Any, Any, bool]:
    """A school changes its review mode while an invitation that nobody has seen yet is being written."""
    settings = SigningSettings.all_rows.get(school=world.school)
    graduate = world.new_graduate("周设", world.college)
    return overtaken(
        monkeypatch, engine, "_record",
        lambda: begin(ONLINE_SIGNING, world.actor(Role.EMPLOYER), graduate=graduate, days_open=3, **OFFER),
        lambda: set_signing(world.actor(Role.SCHOOL), world.cohort, settings.version, CHANGE),
    )  # fmt: skip


@pytest.mark.rule("SET-06")
def test_the_review_mode_does_not_change_under_a_submission_that_is_on_its_way(committed_world, monkeypatch):
    begun, changed, was_through = change_meanwhile(committed_world, monkeypatch)
    assert (begun.state, isinstance(changed, Refused), was_through) == ("invited", True, False)
    assert SigningSettings.all_rows.get(school=committed_world.school).review_mode == ReviewMode.COLLEGE_THEN_SCHOOL


def test_without_the_shared_lock_the_review_mode_changes_under_a_submission(committed_world, monkeypatch):
    without_locks(monkeypatch, "look_around")
    _, changed, was_through = change_meanwhile(committed_world, monkeypatch)
    assert (isinstance(changed, Exception), was_through) == (False, True)
    assert SigningSettings.all_rows.get(school=committed_world.school).review_mode == ReviewMode.SCHOOL


def test_submissions_to_one_school_do_not_wait_for_each_other(committed_world, monkeypatch):
    world = committed_world
    mine, theirs, was_through = overtaken(
        monkeypatch, engine, "_values",
        acceptance(world, world.invitation(), world.graduate),
        acceptance(world, world.invitation(world.neighbour), world.neighbour),
    )  # fmt: skip
    assert (mine.after, theirs.after, was_through) == ("college_review", "college_review", True)


def accept_at_the_deadline(world: Any) -> Any:
    """The acceptance comes before the deadline, but gets its turn only after it."""
    now = timezone.now()
    case = world.overdue(now - timedelta(days=3), now + timedelta(seconds=2.5))

    def late() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM roster_graduate WHERE id = %s FOR UPDATE", [world.graduate.pk])
            holding.set()
            cursor.execute("SELECT pg_sleep(extract(epoch FROM %s - clock_timestamp()) + 0.2)", [case.deadline])

    import threading

    holding = threading.Event()

    def waiting() -> Any:
        assert holding.wait(30)
        return perform(case, "accept", world.actor(Role.GRADUATE))

    return together([late, waiting])[1]


@pytest.mark.rule("SIGN-02")
def test_an_acceptance_that_gets_its_turn_after_the_deadline_is_too_late(committed_world):
    assert str(accept_at_the_deadline(committed_world)) == "已过应约截止时间，这份邀请已经失效；单位可以再次邀请。"


def test_by_the_clock_of_the_transaction_an_acceptance_after_the_deadline_would_pass(committed_world, monkeypatch):
    def beginning(case: Any = None) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT now()")
            return cursor.fetchone()[0]

    monkeypatch.setattr(guards, "clock", beginning)
    assert accept_at_the_deadline(committed_world).after == "college_review"


@pytest.mark.rule("SIGN-02")
def test_an_overdue_invitation_expires_once_and_is_not_accepted(committed_world):
    world = committed_world
    now = timezone.now()
    case = world.overdue(now - timedelta(days=5), now - timedelta(days=1))
    answers = together([
        *[lambda: perform(Registration.all_rows.get(pk=case.pk), "expire", SYSTEM)] * 4,
        *[acceptance(world, case, world.graduate)] * 4,
    ])  # fmt: skip
    assert [answer.act for answer in won(answers)] == ["expire"]
    assert {type(answer) for answer in lost(answers)} <= {NotOpen, Refused}


def invitations_at_once(world: Any) -> tuple[list[Any], int]:
    graduate = world.new_graduate("周双", world.college)
    employer = world.actor(Role.EMPLOYER)
    answers = together([lambda: begin(ONLINE_SIGNING, employer, graduate=graduate, days_open=3, **OFFER)] * 8)
    return answers, Registration.all_rows.filter(graduate=graduate).count()


@pytest.mark.rule("SIGN-04")
@pytest.mark.parametrize("has_locks", [True, False], ids=["with locks", "by the constraint alone"])
def test_of_eight_invitations_of_one_employer_at_once_one_waits(committed_world, monkeypatch, has_locks):
    if not has_locks:
        without_locks(monkeypatch, "look_around")
    answers, waiting = invitations_at_once(committed_world)
    assert (len(won(answers)), waiting) == (1, 1)
    # Without locks, those who meet at the constraint may lose as a deadlock, too.
    refused = {str(answer) for answer in lost(answers) if has_locks or not isinstance(answer, OperationalError)}
    assert refused <= {Registration.refusals["one_answerable_invitation"]}
    assert refused or not has_locks


def test_without_the_constraint_one_employer_invites_twice_at_once(committed_world, databases):
    owner(databases, f"ALTER TABLE {CASE} DROP CONSTRAINT one_answerable_invitation")
    assert invitations_at_once(committed_world)[1] > 1


def test_the_same_form_eight_times_at_once_begins_one_case_and_everybody_gets_it(committed_world):
    world = committed_world
    answers = together([
        lambda: begin(ONLINE_SIGNING, world.actor(Role.EMPLOYER), key="a-form", graduate=world.graduate, days_open=3, **OFFER)
    ] * 8)  # fmt: skip
    assert lost(answers) == []
    assert ({answer.pk for answer in answers}, Record.objects.count()) == ({Registration.all_rows.get().pk}, 1)


def amended_at_once(world: Any, key: str | None) -> tuple[list[Any], int]:
    case = world.effective(world.new_graduate("周改", world.college))
    school = world.actor(Role.SCHOOL)
    codes = ["10", "20"] * 4
    answers = together(
        [
            lambda code=code: perform(
                Registration.all_rows.get(pk=case.pk), "amend", school, key=key, job_category=code
            )
            for code in codes
        ]
    )
    return answers, Record.objects.filter(case=str(case.public_id), act="amend").count()


def test_the_same_form_eight_times_at_once_has_one_effect_and_one_answer(committed_world):
    answers, amendments = amended_at_once(committed_world, "a-form")
    assert (lost(answers), len({answer.pk for answer in answers}), amendments) == ([], 1, 1)


def test_without_a_key_the_same_form_has_as_many_effects_as_it_is_sent(committed_world):
    assert amended_at_once(committed_world, None)[1] > 1


def ready_for_the_school(world: Any, number: int) -> list[Registration]:
    """Many signings that wait for a school that reviews alone."""
    college = world.stranger_college
    employer = world.actor(Role.EMPLOYER)
    rows = []
    like = world.stranger
    for place in range(number):
        columns = {
            f.attname: getattr(like, f.attname)
            for f in Graduate._meta.concrete_fields
            if f.attname not in ("id", "public_id", "account_id")
        }
        rows.append(
            Graduate(**columns | {"exam_number": f"9{place:013d}", "id_number": f"9{place:017d}", "name": f"周{place}"})
        )
    graduates = Graduate.all_rows.bulk_create(rows)
    made = []
    with transaction.atomic():
        be(employer)
        for graduate in graduates:
            graduate.school, graduate.college = world.other_school, college
            case = ONLINE_SIGNING.begin.make(employer, graduate=graduate, days_open=3, **OFFER)
            case.flow_name, case.state, case.version = ONLINE_SIGNING.name, "invited", 1
            case.student = {"revision": graduate.revision}
            made.append(case)
        cases = Registration.all_rows.bulk_create(made)
        with connection.cursor() as cursor:
            be(world.of(world.graduate))
            cursor.execute(
                f"UPDATE {CASE} SET state = 'school_review', live = true, version = 2, review_mode = 'school', answered_at = now() "
                "WHERE id = ANY(%s)", [[case.pk for case in cases]],
            )  # fmt: skip
    return list(Registration.all_rows.filter(pk__in=[case.pk for case in cases]))


def approved_at_once(world: Any, number: int, hands: int = 8) -> list[Any]:
    cases = ready_for_the_school(world, number)
    school = world.stranger_actor(Role.SCHOOL)

    def approve(some: list[Registration]) -> list[Any]:
        answers: list[Any] = []
        for case in some:
            try:
                answers.append(perform(case, "approve", school))
            except Exception as stopped:  # noqa: BLE001 -- what stopped it is the answer
                answers.append(stopped)
        return answers

    shares = together([lambda place=place: approve(cases[place::hands]) for place in range(hands)])
    return [answer for share in shares for answer in share]


@pytest.mark.rule("REG-11", "SIGN-06")
def test_two_hundred_approvals_at_once_give_two_hundred_numbers(committed_world):
    answers = approved_at_once(committed_world, 200)
    numbers = list(Registration.all_rows.filter(state="effective").values_list("number", flat=True))
    assert lost(answers) == []
    assert (len(numbers), len(set(numbers)), EmploymentRecord.all_rows.values("number").distinct().count()) == (
        200,
        200,
        200,
    )
    assert {len(number) for number in numbers} == {19}


def test_where_serials_come_round_again_the_database_refuses_the_second_number(committed_world, databases):
    owner(databases, "ALTER SEQUENCE registration_agreement_serial MAXVALUE 20 CYCLE")
    answers = approved_at_once(committed_world, 32)
    numbers = Registration.all_rows.filter(state="effective").values_list("number", flat=True)
    assert (len(numbers), len(set(numbers)), len(lost(answers)) > 0) == (20, 20, True)
    assert all(not isinstance(answer, Stopped) for answer in lost(answers))


def test_of_many_that_note_the_same_under_one_key_all_get_the_first_record(committed_world):
    school = committed_world.actor(Role.SCHOOL)
    answers = together([lambda: note(school, "change", "signing_settings", key="a-form")] * 8)
    assert len({record.pk for record in won(answers)}) == 1
    assert (lost(answers), Record.objects.filter(key="a-form").count()) == ([], 1)


def switched_on_while_many_are_removed(world: Any, monkeypatch: Any) -> tuple[Any, Any, int, bool]:
    """(what became of the removal, of the switch, how many are off, whether signing is on)."""
    school = world.actor(Role.SCHOOL)
    SigningSettings.all_rows.filter(school=world.school).update(online_signing=False)
    ids = [world.new_graduate(f"周{n}", world.college).public_id for n in range(20)]
    settings = SigningSettings.all_rows.get(school=world.school)
    wanted = {key: getattr(settings, key) for key in SIGNING.keys}
    wanted |= {"online_signing": True, "supplementary": True, "destination": True}
    removal, switch, _ = overtaken(
        monkeypatch, lines, "is_signing",
        lambda: lines.remove_lines(ids, world.cohort, school, words="名单传错了"),
        lambda: set_signing(school, world.cohort, settings.version, wanted),
    )  # fmt: skip
    settings.refresh_from_db()
    off = Graduate.all_rows.filter(public_id__in=ids).exclude(removed_at=None).count()
    return removal, switch, off, settings.online_signing


def noticed(world: Any, monkeypatch: Any) -> set[bool]:
    """Whether signing was on whenever a line was noted as removed."""
    moments: set[bool] = set()
    whole = lines._noted

    def noting(*given: Any) -> None:
        moments.add(SigningSettings.all_rows.get(school=world.school).online_signing)
        whole(*given)

    monkeypatch.setattr(lines, "_noted", noting)
    return moments


@pytest.mark.rule("SET-03")
def test_signing_is_turned_on_after_a_removal_of_many_and_not_in_the_middle_of_it(committed_world, monkeypatch):
    moments = noticed(committed_world, monkeypatch)
    removal, switch, off, is_on = switched_on_while_many_are_removed(committed_world, monkeypatch)
    assert (lost([removal, switch]), off, is_on, moments) == ([], 20, True, {False})


def test_without_its_lock_many_are_removed_although_signing_is_on(committed_world, monkeypatch):
    moments = noticed(committed_world, monkeypatch)

    def without_lock(school: int, cohort: int) -> bool:
        return lines.is_signing(school, cohort)

    monkeypatch.setattr(lines, "hold_signing", without_lock)
    _, _, off, is_on = switched_on_while_many_are_removed(committed_world, monkeypatch)
    assert (off, is_on, moments) == (20, True, {True})


# ---- out of online signing (ROS-06)


def directed(world: Any, graduate: Graduate) -> Callable[[], Any]:
    """The school changes the training mode to one without online signing."""
    school = world.actor(Role.SCHOOL)
    seen = stamp({"training_mode": graduate.training_mode, "directed_unit": graduate.directed_unit})
    return lambda: lines.change_training(
        graduate.public_id, school, seen=seen, training_mode="21", directed_unit="江南省水利厅", words="定向协议"
    )


def written_to_the_roster(world: Any, graduate: Graduate) -> Callable[[], Any]:
    """The same by a roster file whose preview was agreed to."""
    cells = {"培养方式代码": "21", "定向或委培单位": "江南省水利厅"}
    upload = files.uploaded(world, files.text(files.table_of([files.line_of(graduate, **cells)])))
    request_writing(upload, world.actor(Role.SCHOOL))
    return lambda: apply_upload(upload.pk)


def invited_meanwhile(
    world: Any, monkeypatch: Any, module: Any, point: str, change: Callable[[], Any]
) -> tuple[Any, str, int]:
    """An invitation goes out while the change has asked whether anything is in process: (answer, mode, invitations)."""
    graduate, employer = world.graduate, world.actor(Role.EMPLOYER)
    _, answer, _ = overtaken(
        monkeypatch,
        module,
        point,
        change,
        lambda: begin(ONLINE_SIGNING, employer, graduate=graduate, days_open=3, **OFFER),
    )
    graduate.refresh_from_db()
    return answer, graduate.training_mode, Registration.all_rows.filter(graduate=graduate).count()


WAYS_OUT = [(lines, "in_process", directed), (jobs, "waiting_among", written_to_the_roster)]


@pytest.mark.rule("ROS-06")
@pytest.mark.parametrize(("module", "point", "way"), WAYS_OUT, ids=["edit", "import"])
def test_nobody_is_invited_while_being_taken_out_of_online_signing(committed_world, monkeypatch, module, point, way):
    change = way(committed_world, committed_world.graduate)
    answer, mode, invitations = invited_meanwhile(committed_world, monkeypatch, module, point, change)
    assert (str(answer), mode, invitations) == ("这位毕业生是定向或委培（不可网签），不能线上签约。", "21", 0)


@pytest.mark.parametrize(("module", "point", "way"), WAYS_OUT, ids=["edit", "import"])
def test_without_the_graduates_lock_somebody_directed_is_invited(committed_world, monkeypatch, module, point, way):
    without_locks(monkeypatch, "look_around")
    change = way(committed_world, committed_world.graduate)
    answer, mode, invitations = invited_meanwhile(committed_world, monkeypatch, module, point, change)
    assert (isinstance(answer, Registration), mode, invitations) == (True, "21", 1)


@pytest.mark.rule("ROS-06")
@pytest.mark.parametrize("first", ["accept", "change"])
def test_who_accepts_while_the_school_changes_the_mode_has_accepted_and_the_change_is_refused(
    committed_world, monkeypatch, first
):
    world = committed_world
    accept, change = acceptance(world, world.invitation(), world.graduate), directed(world, world.graduate)
    if first == "accept":
        accepted, changed, _ = overtaken(monkeypatch, engine, "look_around", accept, change)
    else:
        changed, accepted, _ = overtaken(monkeypatch, lines, "in_process", change, accept)
    assert (accepted.act, "还有业务在办理（线上签约 1 条）" in str(changed)) == ("accept", True)
    assert Graduate.all_rows.get(pk=world.graduate.pk).training_mode == "1"
