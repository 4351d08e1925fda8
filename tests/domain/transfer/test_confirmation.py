"""What is approved is reported, the graduate says whether it is right, and every change asks again (CON-01, CON-02)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from qicheng.domain.orgs.models import Opening
from qicheng.domain.roster.effects import record_changed, remove_line, report_again, restore_line
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.domain.transfer.effects.confirmation import follow, report_due
from qicheng.domain.transfer.models import Confirmation, ConfirmationAnswer
from qicheng.foundation.access import SYSTEM, Actor, Area, Level, Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, Stale, Stopped, find, open_acts, perform, timeline
from qicheng.foundation.flow.words import messages, sentence
from qicheng.foundation.kit.calendar import working_days_after
from qicheng.foundation.notice.models import Notice

pytestmark = pytest.mark.django_db
WRONG = {"destination": "wrong", "remark": "单位名称写错了，应为云岭数据股份有限公司"}
NOT_MINE = {"destination": "denied", "remark": "我没有和这个单位签约"}


def acts(case):
    return [(record.act, record.before, record.after, record.role) for record in timeline(case)]


def inbox(graduate, act):
    return Notice.objects.filter(role=Role.GRADUATE, node=graduate.pk, flow="confirmation", act=act, channel="inbox").count()


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
    EmploymentRecord.all_rows.update(job_category="10")
    record_changed([world.graduate.pk])

    with pytest.raises(Stale):
        perform(case, "confirm", world.actor(Role.GRADUATE), seen=seen)

    assert (world.confirmation_of(world.graduate).state, ConfirmationAnswer.all_rows.count()) == ("unconfirmed", 0)
