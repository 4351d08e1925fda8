"""Online dissolution, rule by rule, on the flow itself: every sentence of DIS that concerns what was signed online."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from qicheng.domain.orgs.models import ReviewMode, SigningSettings
from qicheng.domain.registration import queries
from qicheng.domain.registration.effects import dissolution as effects
from qicheng.domain.registration.effects import registering
from qicheng.domain.registration.flows.online_dissolution import ONLINE_DISSOLUTION
from qicheng.domain.registration.models import Dissolution, Registration
from qicheng.domain.registration.sheets import DISSOLUTION
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.foundation.access import SYSTEM, Actor, Role
from qicheng.foundation.flow import words
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import (
    NotFound,
    NotOpen,
    Refused,
    Stale,
    be,
    begin,
    carry_on,
    follow,
    in_process,
    open_acts,
    perform,
    timeline,
)
from qicheng.foundation.kit.calendar import BEIJING, add_working_days, day_of
from qicheng.foundation.notice.models import Notice
from qicheng.interfaces.jobs import tasks
from tests.world import DISSOLUTION as GIVEN

pytestmark = pytest.mark.django_db
SIDES = [Role.GRADUATE, Role.EMPLOYER]
OTHER = {Role.GRADUATE: Role.EMPLOYER, Role.EMPLOYER: Role.GRADUATE}


def offered(case, actor):
    """The acts that can really be done now."""
    return {one.act.name for one in open_acts(case, actor) if one.why is None}


def agreed(world, by=Role.GRADUATE, agreement=None):
    """A dissolution on which both sides agreed and a reviewer has to see."""
    case = world.dissolution(agreement, by=by)
    actor = world.of(case.graduate) if case.answers is Role.GRADUATE else world.actor(Role.EMPLOYER)
    perform(case, "agree", actor)
    return case


def dissolved(world, agreement=None):
    case = agreed(world, agreement=agreement)
    perform(case, "approve", world.actor(Role.COLLEGE))
    perform(case, "approve", world.actor(Role.SCHOOL))
    return case


def limit(world, number):
    SigningSettings.all_rows.filter(school=world.school).update(dissolution_limit=number)


def asked_on(world, instant, by=Role.GRADUATE, agreement=None):
    """A request that was made at an instant of the past, written as its beginning was."""
    agreement = agreement or world.effective()
    actor = world.actor(by)
    case = ONLINE_DISSOLUTION.begin.make(actor, agreement=agreement, **GIVEN[by])
    state = ONLINE_DISSOLUTION.starts[by]
    case.flow_name, case.state, case.live, case.version, case.asked_at = (
        "online_dissolution",
        state.key,
        state.live,
        1,
        instant,
    )
    effects.number_request(case, actor)
    written(case, by)
    return case


def written(case, role):
    """A row past the engine."""
    with transaction.atomic():
        be(Actor(role))
        case.save(force_insert=True)


def told(case, act):
    """Who was told of an act in the inbox."""
    rows = Notice.objects.filter(case=str(case.public_id), act=act, channel="inbox")
    return sorted(rows.values_list("role", flat=True))


def run_as(role, statement, *parameters):
    """A statement past the engine, as the runtime role sees it."""
    with transaction.atomic(), connection.cursor() as cursor:
        be(Actor(role))
        cursor.execute(statement, parameters)


# ---- DIS-01: one side asks, the other agrees, the school reviews


@pytest.mark.rule("DIS-01", "DIS-06", "SYN-01", "REG-08")
@pytest.mark.parametrize("by", SIDES)
def test_agreed_and_approved_at_both_levels_the_agreement_is_dissolved(world, by):
    case = world.dissolution(by=by)

    perform(case, "agree", world.actor(case.answers))
    perform(case, "approve", world.actor(Role.COLLEGE))
    perform(case, "approve", world.actor(Role.SCHOOL))

    agreement, record = Registration.all_rows.get(), EmploymentRecord.all_rows.get()
    stored = Dissolution.all_rows.get()
    assert (stored.state, stored.live, stored.manner) == ("done", False, "x_mutual")
    assert (agreement.state, agreement.live, agreement.closed_at is not None) == ("dissolved", False, True)
    assert (record.destination, record.employer_name, record.number) == ("70", "", "")
    assert [(r.flow, r.act, r.role) for r in Record.objects.exclude(flow="confirmation").order_by("pk")][-5:] == [
        ("online_dissolution", "ask", by), ("online_dissolution", "agree", case.answers), ("online_dissolution", "approve", Role.COLLEGE),
        ("online_signing", "dissolve", Role.SYSTEM), ("online_dissolution", "approve", Role.SCHOOL),
    ]  # fmt: skip


@pytest.mark.rule("DIS-01")
def test_the_school_alone_reviews_where_it_has_set_so(world):
    agreement = world.effective()
    SigningSettings.all_rows.filter(school=world.school).update(review_mode=ReviewMode.SCHOOL)
    case = agreed(world, agreement=agreement)

    assert case.state == "school_review"
    SigningSettings.all_rows.filter(school=world.school).update(review_mode=ReviewMode.COLLEGE_THEN_SCHOOL)
    perform(case, "approve", world.actor(Role.SCHOOL))
    assert case.state == "done"


@pytest.mark.rule("DIS-01")
@pytest.mark.parametrize("by", SIDES)
def test_whoever_asked_does_not_answer(world, by):
    case = world.dissolution(by=by)

    for act in ("agree", "refuse"):
        with pytest.raises(NotOpen):
            perform(case, act, world.actor(by))
    for state in ("college_review", "school_review", f"refused_by_{OTHER[by]}"):
        with pytest.raises(DatabaseError, match="no flow steps so"):
            run_as(
                by,
                "UPDATE registration_dissolution SET state = %s, live = %s, version = 2 WHERE id = %s",
                state,
                "review" in state,
                case.pk,
            )
    assert Dissolution.all_rows.get().state == f"asked_by_{by}"


@pytest.mark.rule("DIS-01")
@pytest.mark.parametrize("stage", ["invited", "accepted", "voided", "dissolved"])
def test_only_what_is_in_force_can_be_dissolved(world, stage):
    agreement = {"invited": world.invitation, "accepted": world.accepted}.get(stage, world.effective)()
    if stage == "voided":
        perform(agreement, "void", world.actor(Role.SCHOOL), words="双方协商一致")
    if stage == "dissolved":
        dissolved(world, agreement)

    for by in SIDES:
        with pytest.raises(Refused, match="没有生效"):
            world.dissolution(agreement, by=by)


@pytest.mark.rule("DIS-01", "ORG-01")
def test_only_the_two_sides_of_an_agreement_ask_for_its_dissolution(world):
    agreement = world.effective()

    for actor in (world.stranger_actor(Role.EMPLOYER), world.stranger_actor(Role.GRADUATE), world.of(world.neighbour)):
        with pytest.raises(NotFound):
            begin(ONLINE_DISSOLUTION, actor, agreement=agreement, **GIVEN[actor.role])
    for role in (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY, Role.SYSTEM):
        with pytest.raises(NotOpen):
            begin(ONLINE_DISSOLUTION, world.actor(role), agreement=agreement, **GIVEN[Role.GRADUATE])
    assert Dissolution.all_rows.count() == 0


@pytest.mark.rule("DIS-01")
@pytest.mark.parametrize(
    ("by", "reason", "is_offered"),
    [
        (Role.GRADUATE, "x_other_destination", True), (Role.GRADUATE, "x_wrong_info", True), (Role.GRADUATE, "x_unit_cancel", False),
        (Role.GRADUATE, "x_forced", False), (Role.EMPLOYER, "x_unit_cancel", True), (Role.EMPLOYER, "x_wrong_info", True),
        (Role.EMPLOYER, "x_study", False), (Role.EMPLOYER, "x_student_side", False), (Role.GRADUATE, "", False),
    ],
)  # fmt: skip
def test_each_side_gives_a_reason_of_its_own_list(world, by, reason, is_offered):
    form = DISSOLUTION[by].form(world.cohort)({"reason": reason, "explanation": "已商量一致"})

    assert form.is_valid() is is_offered


@pytest.mark.rule("DIS-01")
@pytest.mark.parametrize(
    ("explanation", "fits"), [("已商量", True), ("约" * 500, True), ("约" * 501, False), ("  ", False)]
)
def test_every_request_carries_an_explanation(world, explanation, fits):
    form = DISSOLUTION[Role.GRADUATE].form(world.cohort)({"reason": "x_study", "explanation": explanation})

    assert form.is_valid() is fits


@pytest.mark.parametrize(
    "column", ["agreement_id", "graduate_id", "employer_id", "asked_by", "reason", "explanation", "asked_at", "sequence", "allowed", "number"]
)  # fmt: skip
def test_the_database_keeps_what_was_asked(world, column):
    case = world.dissolution()
    other = world.effective(world.new_graduate("周研", world.college))
    values = {
        "agreement_id": other.pk, "graduate_id": other.graduate_id, "employer_id": world.other_employer.pk, "asked_by": "'employer'",
        "reason": "'x_study'", "explanation": "'别的'", "asked_at": "asked_at - interval '1 day'", "sequence": "sequence + 1",
        "allowed": "allowed + 1", "number": "'2026'",
    }  # fmt: skip

    with pytest.raises(DatabaseError, match="frozen columns"):
        run_as(
            Role.EMPLOYER,
            f"UPDATE registration_dissolution SET {column} = {values[column]}, state = 'college_review', version = 2 WHERE id = %s",
            case.pk,
        )


# ---- DIS-02: a refusal ends the request, nothing else


@pytest.mark.rule("DIS-02")
@pytest.mark.parametrize("by", SIDES)
def test_a_refusal_ends_the_request_and_it_can_be_made_again(world, by):
    case = world.dissolution(by=by)
    before = EmploymentRecord.all_rows.get().version

    perform(case, "refuse", world.actor(OTHER[by]))

    agreement = Registration.all_rows.get()
    assert (case.state, case.live) == (f"refused_by_{OTHER[by]}", False)
    assert (agreement.state, agreement.live, EmploymentRecord.all_rows.get().version) == ("effective", True, before)
    for again in SIDES:
        second = world.dissolution(agreement, by=again)
        perform(second, "withdraw", world.actor(again))


@pytest.mark.rule("DIS-02")
@pytest.mark.parametrize("by", SIDES)
def test_the_answer_has_no_time_limit(world, by):
    case = asked_on(world, timezone.now() - timedelta(days=300), by)

    assert offered(case, world.actor(OTHER[by])) == {"agree", "refuse"}
    perform(case, "agree", world.actor(OTHER[by]))
    assert case.state == "college_review"


@pytest.mark.rule("DIS-02")
def test_an_answered_request_is_not_withdrawn_nor_answered_again(world):
    case = agreed(world)

    for act, role in (
        ("withdraw", Role.GRADUATE),
        ("agree", Role.EMPLOYER),
        ("refuse", Role.EMPLOYER),
        ("force", Role.SCHOOL),
    ):
        with pytest.raises(NotOpen):
            perform(case, act, world.actor(role), words="核实过")


@pytest.mark.rule("REG-04")
def test_an_answer_on_an_old_page_is_told_what_happened(world):
    case = world.dissolution()
    perform(case, "withdraw", world.actor(Role.GRADUATE))

    with pytest.raises(Stale) as stale:
        perform(case, "agree", world.actor(Role.EMPLOYER), seen=1)
    assert (stale.value.label, stale.value.record.act) == ("已撤回解约申请", "withdraw")


# ---- DIS-03: the graduate's requests are counted


@pytest.mark.rule("DIS-03", "SET-07")
def test_the_graduates_requests_are_counted_whatever_became_of_them(world):
    limit(world, 2)
    agreement = world.effective()
    perform(world.dissolution(agreement), "withdraw", world.actor(Role.GRADUATE))
    perform(world.dissolution(agreement), "refuse", world.actor(Role.EMPLOYER))

    with pytest.raises(Refused, match="最多申请解约 2 次，已经用完"):
        world.dissolution(agreement)
    assert list(Dissolution.all_rows.order_by("pk").values_list("sequence", "allowed")) == [(1, 2), (2, 2)]


@pytest.mark.rule("DIS-03")
def test_requests_of_the_employer_do_not_count_and_are_not_limited(world):
    limit(world, 1)
    agreement = world.effective()
    for _ in range(3):
        perform(world.dissolution(agreement, by=Role.EMPLOYER), "withdraw", world.actor(Role.EMPLOYER))
    case = world.dissolution(agreement)
    perform(case, "withdraw", world.actor(Role.GRADUATE))

    assert (case.sequence, queries.requests_left(agreement, world.actor(Role.GRADUATE))) == (1, (0, 1))
    world.dissolution(agreement, by=Role.EMPLOYER)


@pytest.mark.rule("DIS-03")
def test_requests_are_counted_over_all_registrations(world):
    limit(world, 2)
    dissolved(world)
    second = world.effective(post="工程师")
    perform(world.dissolution(second), "withdraw", world.actor(Role.GRADUATE))

    with pytest.raises(Refused, match="已经用完"):
        world.dissolution(second)


@pytest.mark.rule("DIS-03")
@pytest.mark.parametrize("number", [0, 1])
def test_a_school_may_allow_none_or_lower_the_limit_below_what_was_used(world, number):
    agreement = world.effective()
    for _ in range(number + 1 if number else 0):
        perform(world.dissolution(agreement), "withdraw", world.actor(Role.GRADUATE))
    limit(world, number)

    with pytest.raises(Refused, match=f"最多申请解约 {number} 次"):
        world.dissolution(agreement)
    assert queries.requests_left(agreement, world.actor(Role.GRADUATE)) == (0, number)


@pytest.mark.rule("DIS-03")
@pytest.mark.parametrize(
    ("given", "constraint"),
    [
        ({"sequence": 4}, "requests_of_graduates_are_counted"), ({"sequence": None}, "requests_of_graduates_are_counted"),
        ({"sequence": 0}, "requests_of_graduates_are_counted"), ({"allowed": None}, "requests_of_graduates_are_counted"),
        ({"sequence": 1}, "one_dissolution_of_a_number"), ({"asked_by": "employer", "state": "asked_by_employer"}, "requests_of_graduates_are_counted"),
    ],
)  # fmt: skip
def test_the_database_counts_too(world, given, constraint):
    first = world.dissolution()
    perform(first, "withdraw", world.actor(Role.GRADUATE))
    fresh = ONLINE_DISSOLUTION.begin.make(world.actor(Role.GRADUATE), agreement=first.agreement, **GIVEN[Role.GRADUATE])
    columns = {
        "flow_name": "online_dissolution",
        "state": "asked_by_graduate",
        "live": True,
        "version": 1,
        "sequence": 2,
        "allowed": 3,
    }
    for column, value in (columns | given).items():
        setattr(fresh, column, value)

    with pytest.raises(IntegrityError, match=constraint):
        written(fresh, Role(fresh.asked_by))


# ---- DIS-04: forced


@pytest.mark.rule("DIS-04", "DIS-06")
def test_a_school_forces_what_the_employer_leaves_unanswered_and_both_are_told(world):
    case = world.dissolution()

    perform(case, "force", world.actor(Role.SCHOOL), words="单位三周没有回应，已电话核实")

    agreement, record = Registration.all_rows.get(), EmploymentRecord.all_rows.get()
    assert (case.state, case.manner, agreement.state, agreement.live, record.destination) == (
        "done",
        "x_forced",
        "dissolved",
        False,
        "70",
    )
    assert told(case, "force") == ["employer", "graduate"]
    notice = Notice.objects.filter(case=str(case.public_id), act="force", channel="inbox", role="employer").get()
    (message,) = [message for _, message in words.messages([notice])]
    assert (message.subject, "单位三周没有回应，已电话核实" in message.body) == ("学校已强制解约", True)


@pytest.mark.rule("DIS-04")
@pytest.mark.parametrize("said", ["", "   ", "\u200b"])
def test_force_needs_a_written_explanation(world, said):
    case = world.dissolution()

    with pytest.raises(Refused):
        perform(case, "force", world.actor(Role.SCHOOL), reason="x_forced", words=said)
    assert Registration.all_rows.get().state == "effective"


@pytest.mark.rule("DIS-04")
@pytest.mark.parametrize(
    "role", [Role.COLLEGE, Role.PROVINCE, Role.MINISTRY, Role.GRADUATE, Role.EMPLOYER, Role.SYSTEM]
)
def test_nobody_but_a_school_forces(world, role):
    case = world.dissolution()

    with pytest.raises(NotOpen):
        perform(case, "force", world.actor(role), words="单位没有回应")
    with pytest.raises(DatabaseError, match="no flow steps so"):
        run_as(
            role, "UPDATE registration_dissolution SET state = 'done', live = false, version = 2 WHERE id = %s", case.pk
        )


@pytest.mark.rule("DIS-04")
def test_a_school_forces_neither_the_employers_request_nor_a_strangers(world):
    mine = world.dissolution(by=Role.EMPLOYER)

    with pytest.raises(NotOpen):
        perform(mine, "force", world.actor(Role.SCHOOL), words="学生没有回应")
    perform(mine, "withdraw", world.actor(Role.EMPLOYER))
    again = world.dissolution(mine.agreement)
    with pytest.raises(NotFound):
        perform(again, "force", world.stranger_actor(Role.SCHOOL), words="单位没有回应")


# ---- DIS-06: done or rejected


@pytest.mark.rule("DIS-06")
def test_done_the_graduate_is_free_to_sign_again(world):
    agreement = world.effective()
    waiting = world.invitation(employer=world.stranger_actor(Role.EMPLOYER))
    with pytest.raises(Refused, match="请先解约或作废"):
        perform(waiting, "accept", world.actor(Role.GRADUATE))

    dissolved(world, agreement)

    perform(waiting, "accept", world.actor(Role.GRADUATE))
    second = world.invitation()
    assert (waiting.state, second.state, Registration.all_rows.filter(live=True).count()) == (
        "college_review",
        "invited",
        1,
    )
    with pytest.raises(DatabaseError):
        run_as(
            Role.SYSTEM,
            "UPDATE registration_registration SET state = 'effective', live = true, version = version + 1 WHERE id = %s",
            agreement.pk,
        )


@pytest.mark.rule("DIS-06", "REG-02")
@pytest.mark.parametrize("level", [Role.COLLEGE, Role.SCHOOL])
def test_rejected_the_agreement_is_in_force_as_before(world, level):
    case = agreed(world)
    before = Registration.all_rows.values().get()
    if level is Role.SCHOOL:
        perform(case, "approve", world.actor(Role.COLLEGE))
    with pytest.raises(Refused):
        perform(case, "reject", world.actor(level), words="没有选原因")

    perform(case, "reject", world.actor(level), reason="x_not_agreed", words="单位说没有商量过")

    assert (case.state, case.live) == ("rejected", False)
    assert Registration.all_rows.values().get() == before
    assert EmploymentRecord.all_rows.get().destination == "10"
    assert told(case, "reject") == ["employer", "graduate"]
    world.dissolution(case.agreement)


@pytest.mark.rule("DIS-06")
@pytest.mark.parametrize("step", ["act", "state", "record"])
def test_the_agreement_ends_with_the_approval_or_not_at_all(world, monkeypatch, step):
    case = agreed(world)
    perform(case, "approve", world.actor(Role.COLLEGE))

    def cut_off(*given, **named):
        raise ZeroDivisionError

    where = {"act": (registering, "clear_record"), "state": (effects, "carry_on"), "record": (words.notice, "queue")}[
        step
    ]
    with monkeypatch.context() as patch:
        patch.setattr(*where, cut_off)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            perform(case, "approve", world.actor(Role.SCHOOL))
    assert (Dissolution.all_rows.get().state, Registration.all_rows.get().state) == ("school_review", "effective")
    assert EmploymentRecord.all_rows.get().destination == "10"
    perform(case, "approve", world.actor(Role.SCHOOL))
    assert (Dissolution.all_rows.get().state, Registration.all_rows.get().state) == ("done", "dissolved")


@pytest.mark.rule("DIS-06")
def test_the_engine_gives_the_floor_back_to_whoever_acts(world):
    case = agreed(world)
    perform(case, "approve", world.actor(Role.COLLEGE))
    with transaction.atomic():
        perform(case, "approve", world.actor(Role.SCHOOL))
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('qicheng.role')")
            assert cursor.fetchone() == ("school",)


# ---- DIS-07: one open request, and what else the agreement may do meanwhile


@pytest.mark.rule("DIS-07")
@pytest.mark.parametrize("first", SIDES)
@pytest.mark.parametrize("second", SIDES)
def test_one_open_request_at_a_time(world, first, second):
    case = world.dissolution(by=first)

    with pytest.raises(Refused, match="同一时间只能有一个"):
        world.dissolution(case.agreement, by=second)
    perform(case, "agree", world.actor(OTHER[first]))
    with pytest.raises(Refused, match="同一时间只能有一个"):
        world.dissolution(case.agreement, by=second)


@pytest.mark.rule("DIS-07")
def test_the_database_holds_one_open_request(world):
    case = world.dissolution(by=Role.EMPLOYER)

    with pytest.raises(IntegrityError, match="one_open_dissolution"):
        asked_on(world, timezone.now(), agreement=case.agreement)


@pytest.mark.rule("DIS-07", "SIGN-08")
def test_an_agreement_that_is_being_dissolved_is_not_voided(world):
    case = world.dissolution()
    agreement = case.agreement

    with pytest.raises(Refused, match="正在办理解约"):
        perform(agreement, "void", world.actor(Role.SCHOOL), words="双方协商一致")
    perform(case, "withdraw", world.actor(Role.GRADUATE))
    perform(agreement, "void", world.actor(Role.SCHOOL), words="双方协商一致")
    assert agreement.state == "voided"


@pytest.mark.rule("DIS-07")
def test_an_agreement_ends_through_an_open_request_alone(world):
    agreement = world.effective()

    with pytest.raises(Refused, match="没有正在办理的解约申请"):
        carry_on(agreement, "dissolve", world.actor(Role.SCHOOL))
    world.dissolution(agreement)
    for actor in (world.bearer(agreement), *(world.actor(role) for role in Role if role is not Role.BEARER)):
        with pytest.raises(NotOpen):
            perform(agreement, "dissolve", actor)
        assert "dissolve" not in offered(agreement, actor)


def test_the_job_category_is_still_amended_while_a_request_is_open(world):
    case = world.dissolution()

    perform(case.agreement, "amend", world.actor(Role.SCHOOL), job_category="10")

    assert Registration.all_rows.get().job_category == "10"


# ---- what holds everything


@pytest.mark.rule("ROS-07", "ORG-02", "ROS-03")
@pytest.mark.parametrize("hold", ["removed", "closed module", "settings not submitted"])
def test_holds_of_the_school_and_the_roster_hold_a_dissolution(world, hold):
    case, agreement = world.dissolution(), None
    other = world.effective(world.new_graduate("周研", world.college))
    rows = Graduate.all_rows.filter(school=world.school)
    settings = SigningSettings.all_rows.filter(school=world.school)
    if hold == "removed":
        rows.update(removed_at=timezone.now())
    elif hold == "closed module":
        world.school.province.opening_set.update(is_open=False)
    else:
        settings.update(submitted_at=None)

    for act, role in (("agree", Role.EMPLOYER), ("withdraw", Role.GRADUATE), ("force", Role.SCHOOL)):
        with pytest.raises(Refused):
            perform(case, act, world.actor(role), words="说明")
    with pytest.raises(Refused):
        world.dissolution(other, by=Role.EMPLOYER)
    agreement = Registration.all_rows.get(pk=case.agreement_id)
    assert (Dissolution.all_rows.get().state, agreement.state) == ("asked_by_graduate", "effective")


@pytest.mark.rule("SET-06")
def test_an_open_dissolution_is_in_process(world):
    case = world.dissolution()

    assert in_process(school=world.school.pk, cohort=world.cohort) == {"online_dissolution": 1}
    perform(case, "withdraw", world.actor(Role.GRADUATE))
    assert in_process(school=world.school.pk, cohort=world.cohort) == {}


@pytest.mark.rule("ORG-06")
def test_who_reviews_follows_the_roster(world):
    case = agreed(world)

    follow([world.graduate.pk], college_id=world.other_college.pk, tier="postgraduate")

    stored = Dissolution.all_rows.get()
    assert (stored.college_id, stored.tier, stored.version) == (world.other_college.pk, "postgraduate", case.version)
    with pytest.raises(NotFound):
        perform(case, "approve", world.actor(Role.COLLEGE))


# ---- DIS-08: an unanswered request is brought to mind

MONDAY = datetime.combine(date(2026, 11, 2), time(10), BEIJING)


def at(world, monkeypatch, instant):
    """The database's clock, as guards, effects and queries ask it."""
    from qicheng.domain.registration import guards

    for module in (guards, effects, queries):
        monkeypatch.setattr(module, "clock", lambda case=None: instant)


@pytest.mark.rule("DIS-08")
@pytest.mark.parametrize("by", SIDES)
def test_the_other_side_is_reminded_after_three_working_days_and_then_every_five(world, monkeypatch, by):
    case = asked_on(world, MONDAY, by)
    days = []
    for number in range(1, 22):
        for hour in (9, 17):
            instant = datetime.combine(MONDAY.date() + timedelta(days=number), time(hour), BEIJING)
            at(world, monkeypatch, instant)
            due = queries.unanswered_dissolutions()
            for one in due:
                perform(one, "remind", SYSTEM)
                days.append(instant)
            assert queries.unanswered_dissolutions() == []
            with pytest.raises(Refused, match="还没有到提醒的时间"):
                perform(case, "remind", SYSTEM)

    first = add_working_days(MONDAY.date(), 3).date
    expected = [first, add_working_days(first, 5).date, add_working_days(add_working_days(first, 5).date, 5).date]
    assert [(day_of(day), day.astimezone(BEIJING).hour) for day in days] == [(day, 9) for day in expected]
    assert expected[0] == date(2026, 11, 5)
    assert told(case, "remind") == [str(OTHER[by])] * 3
    stored = Dissolution.all_rows.get()
    assert (stored.state, stored.reminded_at) == (f"asked_by_{by}", days[-1])
    assert [record.act for record in timeline(case)] == ["remind"] * 3


@pytest.mark.rule("DIS-08")
def test_nobody_is_reminded_of_what_was_answered_taken_back_or_frozen(world, monkeypatch):
    answered = asked_on(world, MONDAY)
    perform(answered, "agree", world.actor(Role.EMPLOYER))
    gone = asked_on(world, MONDAY, Role.EMPLOYER, world.effective(world.new_graduate("周研", world.college)))
    Graduate.all_rows.filter(pk=gone.graduate_id).update(removed_at=timezone.now())
    at(world, monkeypatch, MONDAY + timedelta(days=20))

    assert queries.unanswered_dissolutions() == []
    with pytest.raises(Refused):
        perform(gone, "remind", SYSTEM)
    with pytest.raises(NotOpen):
        perform(answered, "remind", SYSTEM)


@pytest.mark.rule("DIS-08")
def test_reminding_late_makes_up_for_nothing(world, monkeypatch):
    asked_on(world, MONDAY)
    at(world, monkeypatch, MONDAY + timedelta(days=21))
    for one in queries.unanswered_dissolutions():
        perform(one, "remind", SYSTEM)

    assert queries.unanswered_dissolutions() == []
    assert Record.objects.filter(act="remind").count() == 1


@pytest.mark.rule("DIS-08")
def test_how_long_the_other_side_is_silent_is_known_with_every_reminder(world, monkeypatch):
    case = asked_on(world, MONDAY)
    then = MONDAY + timedelta(days=8)
    at(world, monkeypatch, then)
    perform(case, "remind", SYSTEM)
    case.refresh_from_db()

    silence = queries.silence(case, timeline(case), then)

    assert (silence.asked_at, len(silence.reminders), silence.length, silence.working_days) == (MONDAY, 1, "8 天", 6)
    perform(case, "agree", world.actor(Role.EMPLOYER))
    assert queries.silence(case, timeline(case), then) is None


# ---- words


def test_whoever_asked_is_not_told_of_it_and_the_other_side_is(world):
    for by in SIDES:
        case = world.dissolution(by=by, agreement=world.effective(world.new_graduate("周多", world.college)))
        assert told(case, "ask") == [str(OTHER[by])]
        withdrawn = perform(case, "withdraw", world.of(case.graduate) if by is Role.GRADUATE else world.actor(by))
        assert told(case, withdrawn.act) == [str(OTHER[by])]


@pytest.mark.rule("SET-01")
def test_two_parties_read_of_attestation(world):
    agreement = world.invitation(world.stranger)
    perform(agreement, "accept", world.of(world.stranger))
    perform(agreement, "approve", world.stranger_actor(Role.SCHOOL))
    case = agreed(world, agreement=agreement)
    perform(case, "approve", world.stranger_actor(Role.SCHOOL))

    assert [words.sentence(record, case) for record in timeline(case)] == [
        "阿依古丽·买买提 申请解约：其他去向", "用人单位 同意解约", "学校 鉴证通过，解约完成",
    ]  # fmt: skip
    shown = {
        (owed.act, owed.role): message.subject
        for owed, message in words.messages(
            Notice.objects.filter(case=str(case.public_id), channel="inbox").order_by("pk")
        )
    }
    assert shown == {
        ("ask", "employer"): "阿依古丽·买买提 申请解约", ("agree", "graduate"): "云岭数据科技有限公司 同意解约",
        ("approve", "graduate"): "解约完成", ("approve", "employer"): "解约完成",
    }  # fmt: skip


def test_every_message_of_every_act_can_be_read_on_every_channel(world):
    """StrictUndefined: a word that is missing would stop the sending."""
    acts = [*ONLINE_DISSOLUTION.acts, ONLINE_DISSOLUTION.begin]
    case = dissolved(world)
    record = timeline(case)[0]
    for act in acts:
        for channel in ("inbox", "mail", "sms"):
            for role in SIDES:
                owed = Notice(
                    flow="online_dissolution", act=act.name, channel=channel, role=role, node=1, record=record.pk
                )
                message = words.message(owed, case, record)
                assert "{" not in message.subject + message.body
                assert message.subject
        assert words.sentence(
            Record(flow="online_dissolution", act=act.name, role="school", before="asked_by_graduate", after="done"),
            case,
        )


# ---- the declaration


@pytest.mark.rule("REG-02", "DIS-04")
def test_of_all_pairs_of_states_and_all_roles_exactly_the_declared_ones_pass(world):
    case = world.dissolution()
    other = world.dissolution(world.effective(world.new_graduate("周研", world.college)), by=Role.EMPLOYER)
    rows = {"asked_by_graduate": case.pk, "asked_by_employer": other.pk}
    flow, passed = ONLINE_DISSOLUTION, set()
    update = "UPDATE registration_dissolution SET version = version + 1, state = %s, live = %s WHERE id = %s"
    ways: dict[str, list[tuple[str, str, str]]] = {start: [] for start in rows}
    waiting = list(rows)
    while waiting:
        here = waiting.pop(0)
        for before, after, role in sorted(flow.steps):
            if before == here and after not in ways:
                ways[after] = [*ways[here], (before, after, role)]
                waiting.append(after)
    for before in flow.states.values():
        pk = rows[ways[before.key][0][0] if ways[before.key] else before.key]
        for after in flow.states.values():
            for role in Role:
                try:
                    with transaction.atomic(), connection.cursor() as cursor:
                        for _, state, mover in ways[before.key]:
                            be(Actor(Role(mover)))
                            cursor.execute(update, (state, flow.states[state].live, pk))
                        be(Actor(role))
                        cursor.execute(update, (after.key, after.live, pk))
                        passed.add((before.key, after.key, str(role)))
                        raise ZeroDivisionError
                except (DatabaseError, ZeroDivisionError):
                    pass
    assert passed == {step for step in flow.steps if step[0]}


def test_a_request_begins_only_in_the_state_of_its_side(world):
    agreement = world.effective()
    fresh = ONLINE_DISSOLUTION.begin.make(world.actor(Role.GRADUATE), agreement=agreement, **GIVEN[Role.GRADUATE])
    fresh.flow_name, fresh.state, fresh.live, fresh.version, fresh.sequence, fresh.allowed = (
        "online_dissolution", "asked_by_employer", True, 1, 1, 3,
    )  # fmt: skip

    with pytest.raises(DatabaseError, match="no flow begins so"):
        written(fresh, Role.GRADUATE)


@pytest.mark.rule("DIS-08")
def test_the_timetable_reminds_each_once_however_often_it_runs(world, monkeypatch):
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)
    due = asked_on(world, timezone.now() - timedelta(days=30))
    world.dissolution(world.effective(world.new_graduate("周研", world.college)))

    for _ in range(2):
        tasks.remind(timestamp=0)

    assert [record.case for record in Record.objects.filter(act="remind")] == [str(due.public_id)]
    assert told(due, "remind") == ["employer"]
