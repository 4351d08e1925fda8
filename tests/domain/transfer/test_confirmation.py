"""What is approved is reported, the graduate says whether it is right, and every change asks again (CON-01, CON-02)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from qicheng.domain.orgs.models import Cohort, Edition, Opening
from qicheng.domain.roster.effects import BLANK, record_changed, remove_line, restore_line
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.domain.transfer.effects.confirmation import follow, follow_missed, remind, report_due
from qicheng.domain.transfer.models import Confirmation, ConfirmationAnswer
from qicheng.foundation.access import SYSTEM, Area, Level, Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import (
    NotFound,
    NotOpen,
    Refused,
    Stale,
    Stopped,
    be,
    begun,
    in_process,
    open_acts,
    perform,
    timeline,
    waiting_among,
)
from qicheng.foundation.flow.words import messages, sentence
from qicheng.foundation.kit.calendar import BEIJING, working_days_after
from qicheng.foundation.notice.models import Notice
from tests.world import World

pytestmark = pytest.mark.django_db
WRONG = {"destination": "wrong", "remark": "单位名称写错了，应为云岭数据股份有限公司"}
NOT_MINE = {"destination": "denied", "remark": "我没有和这个单位签约"}


def acts(case):
    return [(record.act, record.before, record.after, record.role) for record in timeline(case)]


def inbox(graduate, act):
    return Notice.objects.filter(
        role=Role.GRADUATE, node=graduate.pk, flow="confirmation", act=act, channel="inbox"
    ).count()


# ---- reporting


@pytest.mark.rule("CON-01")
def test_what_is_approved_here_is_reported_in_the_same_transaction_and_asks_the_graduate(world):
    case = world.reported()
    record = EmploymentRecord.all_rows.get()

    assert (case.state, case.version, case.due_at, case.confirmed_at) == ("unconfirmed", 1, None, None)
    assert case.reported_at is not None
    assert case.content["destination"]["employer_name"] == record.employer_name == "云岭数据科技有限公司"
    assert case.parts == ["destination"]
    assert acts(case) == [("receive", "", "unconfirmed", "system")]
    assert inbox(world.graduate, "receive") == 1


def test_the_actor_of_the_transaction_is_who_it_was_after_a_report(world):
    world.reported()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('qicheng.role', 'school', true)")
        follow([world.graduate.pk])
        cursor.execute("SELECT current_setting('qicheng.role')")
        assert cursor.fetchone() == ("school",)


def test_an_approval_in_a_closed_module_reports_and_tells_nobody(world):
    case = world.effective()

    stands = world.confirmation_of(world.graduate)
    assert (stands.state, inbox(world.graduate, "receive")) == ("unconfirmed", 0)
    assert case.state == "effective"


def test_an_approval_costs_one_statement_more_and_two_where_the_module_is_open(world, monkeypatch):
    from qicheng.domain.roster import effects

    def statements(graduate):
        case = world.accepted(graduate)
        perform(case, "approve", world.reviewer(case, Role.COLLEGE))
        with CaptureQueriesContext(connection) as asked:
            perform(case, "approve", world.actor(Role.SCHOOL))
        return len(asked)

    late = [world.new_graduate(f"毕业生{n}", world.college) for n in range(4)]
    statements(late[0])
    closed = statements(late[1])
    world.open_confirmation()
    opened = statements(late[2])
    monkeypatch.setattr(effects, "_FOLLOWERS", [one for one in effects._FOLLOWERS if one is not follow])
    without = statements(late[3])

    assert (closed - without, opened - without) == (1, 2)


@pytest.mark.rule("CON-01")
@pytest.mark.parametrize("source", ["upload", "interface"])
def test_what_a_schools_own_platform_brings_goes_up_one_working_day_later(world, source):
    world.open_confirmation()
    world.recorded(source=source)
    case = world.confirmation_of(world.graduate)
    assert (case.state, case.reported_at, inbox(world.graduate, "report")) == ("unreported", None, 0)
    assert abs(case.due_at - working_days_after(timezone.now(), 1).at) < timedelta(minutes=1)

    assert report_due(case.due_at - timedelta(seconds=1)) == 0
    assert report_due(case.due_at) == 1
    assert report_due(case.due_at) == 0

    case = world.confirmation_of(world.graduate)
    assert (case.state, case.due_at, inbox(world.graduate, "report")) == ("unconfirmed", None, 1)
    assert acts(case) == [("receive", "", "unreported", "system"), ("report", "unreported", "unconfirmed", "system")]


# ---- the graduate's answer


@pytest.mark.rule("CON-01")
def test_a_graduate_confirms_what_was_on_the_page(world):
    case = world.reported()

    perform(case, "confirm", world.actor(Role.GRADUATE), seen=case.version)

    case = world.confirmation_of(world.graduate)
    answer = ConfirmationAnswer.all_rows.get()
    assert (case.state, case.version, case.confirmed_at is not None) == ("confirmed", 2, True)
    assert (answer.is_right, answer.content, answer.version, answer.verdict) == (True, case.content, 2, "确认无误")


@pytest.mark.rule("CON-01", "CON-02")
def test_a_page_that_is_older_than_the_record_confirms_nothing(world):
    case = world.reported()
    seen = case.version
    perform(world.signing(), "amend", world.actor(Role.SCHOOL), job_category="10")

    with pytest.raises(Stale):
        perform(case, "confirm", world.actor(Role.GRADUATE), seen=seen)

    assert (world.confirmation_of(world.graduate).state, ConfirmationAnswer.all_rows.count()) == ("unconfirmed", 0)


@pytest.mark.rule("CON-01", "CON-02")
def test_what_is_wrong_goes_to_the_school_part_by_part_with_a_remark(world):
    case = world.reported()

    perform(case, "dispute", world.actor(Role.GRADUATE), **WRONG)

    case, answer = world.confirmation_of(world.graduate), ConfirmationAnswer.all_rows.get()
    assert (case.state, case.standing.turn, case.wrong, case.denied_at) == (
        "disputed",
        Role.SCHOOL,
        ["destination"],
        None,
    )
    assert (answer.is_right, answer.wrong, answer.remark, answer.verdict) == (
        False,
        ["destination"],
        WRONG["remark"],
        "确认有误：毕业去向",
    )
    [owed] = Notice.objects.filter(flow="confirmation", act="dispute", channel="inbox")
    assert (owed.role, owed.node) == (Role.SCHOOL, world.school.pk)
    [(_, message)] = messages([owed])
    assert WRONG["remark"] in message.body


@pytest.mark.parametrize(
    "said", [{"destination": "right", "remark": "没有"}, {"destination": "wrong", "remark": "  "}, {}]
)
def test_a_dispute_says_what_is_wrong_and_how(world, said):
    case = world.reported()
    with pytest.raises(Refused):
        perform(case, "dispute", world.actor(Role.GRADUATE), **said)
    assert world.confirmation_of(world.graduate).state == "unconfirmed"


@pytest.mark.rule("CON-02")
def test_after_the_school_corrects_it_the_graduate_is_asked_again(world):
    case = world.reported()
    perform(case, "dispute", world.actor(Role.GRADUATE), **WRONG)

    perform(world.signing(), "amend", world.actor(Role.SCHOOL), job_category="10")

    case = world.confirmation_of(world.graduate)
    assert (case.state, case.wrong, case.content["destination"]["job_category"]) == ("unconfirmed", [], "10")
    assert inbox(world.graduate, "change") == 1
    assert acts(case)[-1] == ("change", "disputed", "unconfirmed", "system")


@pytest.mark.rule("CON-02")
def test_a_school_answers_and_the_graduate_has_the_last_word(world):
    case = world.reported()
    perform(case, "dispute", world.actor(Role.GRADUATE), **NOT_MINE)

    perform(case, "answer", world.actor(Role.SCHOOL), answer="已电话核实，协议由本人在平台上应约")
    case = world.confirmation_of(world.graduate)
    assert (case.state, case.denied_at is not None, inbox(world.graduate, "answer")) == ("unconfirmed", True, 1)

    perform(case, "dispute", world.actor(Role.GRADUATE), **NOT_MINE)
    assert world.confirmation_of(world.graduate).state == "disputed"

    perform(case, "confirm", world.actor(Role.GRADUATE))
    case = world.confirmation_of(world.graduate)
    assert (case.state, case.denied_at) == ("confirmed", None)


@pytest.mark.rule("CON-02")
def test_what_was_denied_stays_so_until_the_graduate_answers_again_whatever_the_school_does(world):
    case = world.reported()
    perform(case, "dispute", world.actor(Role.GRADUATE), **NOT_MINE)
    said = world.confirmation_of(world.graduate).denied_at

    perform(case, "answer", world.actor(Role.SCHOOL), answer="已核实")
    perform(world.signing(), "amend", world.actor(Role.SCHOOL), job_category="10")
    perform(world.signing(), "void", world.actor(Role.SCHOOL), words="毕业生称不是本人签约")
    case = world.confirmation_of(world.graduate)
    assert (case.state, case.denied_at) == ("unreported", said)

    world.recorded()
    report_due(world.confirmation_of(world.graduate).due_at)
    case = world.confirmation_of(world.graduate)
    assert (case.state, case.denied_at) == ("unconfirmed", said)

    perform(case, "dispute", world.actor(Role.GRADUATE), **WRONG)
    assert world.confirmation_of(world.graduate).denied_at is None


@pytest.mark.rule("CON-02")
def test_a_graduate_may_find_a_fault_after_all(world):
    case = world.reported()
    perform(case, "confirm", world.actor(Role.GRADUATE))
    perform(case, "dispute", world.actor(Role.GRADUATE), **WRONG)
    case = world.confirmation_of(world.graduate)
    assert (case.state, case.confirmed_at, ConfirmationAnswer.all_rows.count()) == ("disputed", None, 2)


# ---- what comes later


@pytest.mark.rule("CON-02")
def test_any_later_change_of_a_confirmed_record_asks_again_and_keeps_what_was_confirmed(world):
    case = world.reported()
    perform(case, "confirm", world.actor(Role.GRADUATE))
    confirmed = world.confirmation_of(world.graduate).content

    perform(world.signing(), "amend", world.actor(Role.SCHOOL), job_category="10")

    case = world.confirmation_of(world.graduate)
    assert (case.state, case.confirmed_at) == ("unconfirmed", None)
    assert ConfirmationAnswer.all_rows.get().content == confirmed != case.content
    perform(case, "confirm", world.actor(Role.GRADUATE))
    assert [one.content["destination"]["job_category"] for one in ConfirmationAnswer.all_rows.order_by("id")] == [
        "13",
        "10",
    ]


@pytest.mark.rule("CON-02")
@pytest.mark.parametrize("column", ["destination", *BLANK])
def test_every_column_of_the_record_counts(world, column):
    case = world.reported()
    perform(case, "confirm", world.actor(Role.GRADUATE))
    before = getattr(EmploymentRecord.all_rows.get(), column)

    EmploymentRecord.all_rows.update(**{column: date(2026, 1, 2) if column == "signed_on" else "1"})
    assert getattr(EmploymentRecord.all_rows.get(), column) != before
    record_changed([world.graduate.pk])

    assert world.confirmation_of(world.graduate).state == "unconfirmed"


@pytest.mark.rule("CON-02")
@pytest.mark.parametrize("area", [Area.ARCHIVE, Area.HOUSEHOLD])
def test_a_change_of_file_or_household_asks_again_where_its_module_is_open(world, area):
    case = world.reported()
    perform(case, "confirm", world.actor(Role.GRADUATE))

    world.change_approved(area)

    case = world.confirmation_of(world.graduate)
    assert (case.state, case.parts) == ("unconfirmed", ["destination", area.value])
    assert case.content[area.value]["receiver"] == "北京市海淀区人才服务中心"


@pytest.mark.rule("CON-01")
def test_a_part_whose_module_is_closed_is_not_asked_about(world):
    Opening.objects.update_or_create(
        province=world.province, cohort=world.cohort, module="archive", defaults={"is_open": False}
    )
    assert world.reported().parts == ["destination"]


@pytest.mark.rule("CON-01")
def test_file_and_household_are_asked_about_with_what_the_approval_brought(world):
    for area in (Area.ARCHIVE, Area.HOUSEHOLD):
        world.open_transfer(area)
    case = world.reported()
    assert case.parts == ["destination", "archive", "household"]
    assert case.content["archive"]["receiver"] == "北京市西城区人才服务中心"
    assert inbox(world.graduate, "receive") + inbox(world.graduate, "change") == 1


@pytest.mark.rule("CON-01")
def test_what_was_dissolved_or_voided_leaves_nothing_that_is_reported(world):
    case = world.reported()
    perform(case, "confirm", world.actor(Role.GRADUATE))

    perform(world.signing(), "void", world.actor(Role.SCHOOL), words="双方协商一致")

    case = world.confirmation_of(world.graduate)
    assert (case.state, case.due_at, case.reported_at, case.confirmed_at) == ("unreported", None, None, None)
    assert report_due(working_days_after(timezone.now(), 20).at) == 0
    assert [one.act.name for one in open_acts(case, world.actor(Role.GRADUATE))] == []
    world.effective()
    assert world.confirmation_of(world.graduate).state == "unconfirmed"


@pytest.mark.rule("CON-01")
def test_a_destination_without_work_that_was_approved_is_reported_like_any_other(world):
    Cohort.objects.filter(year=world.cohort).update(edition=Edition.GUIDE_2022)
    world.registered("waiting")
    case = world.confirmation_of(world.graduate)
    assert (case.state, case.content["destination"]["destination"]) == ("unconfirmed", "70")


@pytest.mark.rule("CON-02")
def test_what_says_again_what_it_said_before_changes_nothing(world):
    case = world.reported()
    perform(case, "confirm", world.actor(Role.GRADUATE))
    records = Record.objects.count()
    record_changed([world.graduate.pk])
    follow([world.graduate.pk], ("archive", "household"))

    assert (world.confirmation_of(world.graduate).state, Record.objects.count()) == ("confirmed", records)


@pytest.mark.rule("CON-01", "CON-02")
def test_a_change_that_a_schools_own_platform_brings_waits_its_working_day_again(world):
    world.open_confirmation()
    world.recorded()
    report_due(world.confirmation_of(world.graduate).due_at)
    case = world.confirmation_of(world.graduate)
    perform(case, "confirm", world.actor(Role.GRADUATE))

    world.recorded(employer_name="澄江生物制药（北京）有限公司")

    case = world.confirmation_of(world.graduate)
    assert (case.state, case.confirmed_at, case.due_at is not None) == ("unreported", None, True)
    with pytest.raises(Stopped):
        perform(case, "confirm", world.actor(Role.GRADUATE))
    assert report_due(case.due_at) == 1
    assert world.confirmation_of(world.graduate).state == "unconfirmed"


def test_a_change_of_the_file_does_not_hurry_a_report_that_waits(world):
    world.open_confirmation()
    world.open_transfer(Area.ARCHIVE)
    world.recorded()
    due = world.confirmation_of(world.graduate).due_at

    world.change_approved(Area.ARCHIVE)

    case = world.confirmation_of(world.graduate)
    assert (case.state, case.due_at, "archive" in case.parts) == ("unreported", due, True)


# ---- the day on which it goes up


@pytest.mark.rule("CON-01")
@pytest.mark.parametrize(
    ("since", "before", "until"),
    [
        ("2026-06-12 23:59", "2026-06-15 23:58", "2026-06-15 23:59"),
        ("2025-09-30 17:00", "2025-10-09 16:59", "2025-10-09 17:00"),
        ("2026-02-13 09:00", "2026-02-14 08:59", "2026-02-14 09:00"),
    ],
    ids=["Friday night", "the National Day's week", "a Saturday that is worked"],
)
def test_a_report_goes_up_when_its_working_day_has_passed(world, since, before, until):
    since, before, until = (datetime.fromisoformat(one).replace(tzinfo=BEIJING) for one in (since, before, until))
    with time_machine.travel(since, tick=False):
        world.recorded()
    assert world.confirmation_of(world.graduate).due_at == until
    assert (report_due(before), report_due(until)) == (0, 1)


@pytest.mark.rule("CON-01")
def test_a_day_that_turned_out_to_be_a_holiday_sends_nothing_up(world):
    """The year was not published when the record came: by weekdays it was due on 1 October."""
    world.recorded()
    due = datetime(2025, 10, 1, 9, tzinfo=BEIJING)
    with connection.cursor() as cursor:
        be(SYSTEM)
        cursor.execute("UPDATE transfer_confirmation SET due_at = %s, version = version + 1", (due,))
    assert [report_due(due + timedelta(days=days)) for days in (0, 5, 7, 8)] == [0, 0, 0, 1]


def test_many_reports_go_up_in_parts_and_each_once(world, monkeypatch):
    from qicheng.domain.transfer.effects import confirmation

    monkeypatch.setattr(confirmation, "AT_ONCE", 2)
    for number in range(5):
        world.recorded(world.new_graduate(f"毕业生{number}", world.college))
    due = max(Confirmation.all_rows.values_list("due_at", flat=True))
    assert (report_due(due), report_due(due)) == (5, 0)


def test_whoever_left_the_roster_is_not_reported_until_back(world):
    world.recorded()
    due = world.confirmation_of(world.graduate).due_at
    remove_line(world.graduate.public_id, world.actor(Role.SCHOOL), words="转学")
    assert report_due(due) == 0
    restore_line(world.graduate.public_id, world.actor(Role.SCHOOL))
    assert report_due(due) == 1


def test_a_graduate_who_comes_back_stands_where_the_confirmation_stood(world):
    case = world.reported()
    perform(case, "confirm", world.actor(Role.GRADUATE))
    remove_line(world.graduate.public_id, world.actor(Role.SCHOOL), words="转学")
    with pytest.raises(Refused):
        perform(case, "dispute", world.actor(Role.GRADUATE), **WRONG)
    restore_line(world.graduate.public_id, world.actor(Role.SCHOOL))
    assert world.confirmation_of(world.graduate).state == "confirmed"


@pytest.mark.rule("CON-02")
def test_what_changed_without_a_word_is_found_at_night(world):
    world.reported()
    EmploymentRecord.all_rows.update(employer_name="另一个单位")
    assert (follow_missed(), follow_missed()) == (1, 0)
    assert world.confirmation_of(world.graduate).content["destination"]["employer_name"] == "另一个单位"


def test_records_of_before_there_were_confirmations_are_reported_at_night(world):
    EmploymentRecord.all_rows.create(
        graduate=world.graduate,
        cohort=world.cohort,
        school=world.school,
        destination="11",
        employer_name="甲",
        source="upload",
    )
    assert (follow_missed(), world.confirmation_of(world.graduate).state) == (1, "unreported")


# ---- whose answer it is


@pytest.mark.rule("CON-01")
@pytest.mark.parametrize("name", ["confirm", "dispute"])
@pytest.mark.parametrize("role", [Role.EMPLOYER, Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY, Role.SYSTEM])
def test_nobody_answers_for_a_graduate(world, role, name):
    case = world.reported()
    with pytest.raises((NotOpen, NotFound, Stale)):
        perform(case, name, world.actor(role), **(WRONG if name == "dispute" else {}))
    with pytest.raises((NotFound,)):
        perform(case, name, world.of(world.neighbour), **(WRONG if name == "dispute" else {}))
    assert (world.confirmation_of(world.graduate).version, ConfirmationAnswer.all_rows.count()) == (case.version, 0)


@pytest.mark.rule("CON-01")
def test_the_flow_lets_only_the_graduate_into_confirmed():
    flow = Confirmation(flow_name="confirmation").flow
    assert {role for _, after, role in flow.steps if after == "confirmed"} == {"graduate"}


@pytest.mark.rule("CON-01")
@pytest.mark.parametrize("role", ["school", "college", "system", "province"])
def test_the_database_lets_nobody_else_confirm(world, role):
    world.reported()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('qicheng.role', %s, true)", (role,))
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("UPDATE transfer_confirmation SET state = 'confirmed', version = version + 1")


def test_an_answer_is_never_changed(world):
    case = world.reported()
    perform(case, "confirm", world.actor(Role.GRADUATE))
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("UPDATE transfer_confirmationanswer SET is_right = false")


@pytest.mark.rule("CON-02")
@pytest.mark.parametrize(
    ("role", "level"), [(Role.COLLEGE, Level.WRITE), (Role.SCHOOL, Level.READ), (Role.PROVINCE, Level.WRITE)]
)
def test_only_the_schools_own_user_with_writing_permission_answers_a_dispute(world, role, level):
    case = world.reported()
    perform(case, "dispute", world.actor(Role.GRADUATE), **WRONG)
    with pytest.raises(NotOpen):
        perform(case, "answer", world.actor(role, level=level), answer="已核实")


# ---- what holds everything


@pytest.mark.rule("CON-01", "ORG-02")
def test_in_a_closed_module_nothing_is_confirmed_and_reporting_goes_on(world):
    case = world.reported()
    Opening.objects.filter(module="confirmation").update(is_open=False)
    with pytest.raises(Refused):
        perform(case, "confirm", world.actor(Role.GRADUATE))
    perform(world.signing(), "amend", world.actor(Role.SCHOOL), job_category="10")
    case = world.confirmation_of(world.graduate)
    assert (case.state, case.content["destination"]["job_category"]) == ("unconfirmed", "10")


@pytest.mark.rule("ROS-03")
def test_after_the_cohort_has_closed_nothing_is_confirmed(world):
    old = World(cohort=2020)
    old.recorded()
    report_due(old.confirmation_of(old.graduate).due_at)
    old.open_confirmation()
    with pytest.raises(Refused):
        perform(old.confirmation_of(old.graduate), "confirm", old.of(old.graduate))


@pytest.mark.rule("ROS-02")
def test_whoever_has_not_checked_the_own_data_confirms_later_but_is_heard_now(world):
    case = world.reported()
    Graduate.all_rows.filter(pk=world.graduate.pk).update(confirmed_revision=None)
    with pytest.raises(Refused):
        perform(case, "confirm", world.actor(Role.GRADUATE))
    perform(case, "dispute", world.actor(Role.GRADUATE), **NOT_MINE)
    assert world.confirmation_of(world.graduate).state == "disputed"


def test_every_line_of_the_timeline_can_be_read(world):
    case = world.reported()
    perform(case, "dispute", world.actor(Role.GRADUATE), **NOT_MINE)
    perform(case, "answer", world.actor(Role.SCHOOL), answer="已核实")
    perform(case, "confirm", world.actor(Role.GRADUATE))
    perform(world.signing(), "amend", world.actor(Role.SCHOOL), job_category="10")
    assert [sentence(record, case) for record in timeline(case)] == [
        "登记的信息已上报，请毕业生确认",
        "毕业生认为有误（这不是我的去向）：我没有和这个单位签约",
        "学校 答复：已核实",
        "毕业生本人确认无误",
        "登记的信息有变化（毕业去向），已重新上报，请毕业生重新确认",
    ]


@pytest.mark.rule("SET-06", "ROS-06", "SET-04")
def test_a_question_that_waits_for_an_answer_holds_neither_settings_nor_roster(world):
    world.open_confirmation()
    world.recorded(source="interface")
    report_due(world.confirmation_of(world.graduate).due_at)
    assert world.confirmation_of(world.graduate).standing.turn is Role.GRADUATE
    assert (in_process(graduate_id=world.graduate.pk), waiting_among([world.graduate.pk])) == ({}, set())
    assert not begun(area=Area.EMPLOYMENT, school_id=world.school.pk)


# ---- reminders


@pytest.mark.rule("CON-03")
def test_a_reminder_reaches_each_once_a_day_and_nobody_who_has_answered(world):
    first = world.reported()
    second = world.reported(world.new_graduate("周一", world.college))
    perform(first, "confirm", world.actor(Role.GRADUATE))
    cases = [first.public_id, second.public_id]

    assert (remind(cases, world.actor(Role.SCHOOL)), remind(cases, world.actor(Role.COLLEGE))) == (1, 0)
    assert (inbox(second.graduate, "ask_again"), inbox(world.graduate, "ask_again")) == (1, 0)
    assert world.confirmation_of(second.graduate).version == second.version
    Confirmation.all_rows.update(reminded_at=timezone.now() - timedelta(days=1))
    assert remind(cases, world.actor(Role.SCHOOL)) == 1


@pytest.mark.rule("CON-03")
def test_reminders_are_a_schools_or_colleges_own_and_need_permission(world):
    case = world.reported()
    for actor in (
        world.actor(Role.GRADUATE), world.actor(Role.PROVINCE), world.actor(Role.EMPLOYER), world.actor(Role.SCHOOL, level=Level.READ)
    ):  # fmt: skip
        with pytest.raises(NotOpen):
            remind([case.public_id], actor)
    assert remind([case.public_id], world.stranger_actor(Role.SCHOOL)) == 0
    with pytest.raises(Refused):
        remind([case.public_id] * 501, world.actor(Role.SCHOOL))
