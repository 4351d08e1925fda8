"""The graduate lets the own report be verified, for a period that it chooses and ends when it likes (VER-02)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from qicheng.domain.orgs.models import Opening
from qicheng.domain.roster.effects import amend_record
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.domain.transfer.effects import verification as effects
from qicheng.domain.transfer.effects.reports import make_report
from qicheng.domain.transfer.flows.verification import AUTHORISATION
from qicheng.domain.transfer.models import Authorisation, RevokedNumber
from qicheng.foundation.access import SYSTEM, Role
from qicheng.foundation.flow.perform import NotOpen, Refused, begin, perform
from qicheng.foundation.papers import statement
from tests.domain.transfer import outside, post


@pytest.fixture(autouse=True)
def keys(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside.with_keys(settings, tmp_path_factory)


def at(case: Authorisation) -> tuple[str, bool]:
    case.refresh_from_db()
    return case.state, case.closed_at is not None


@pytest.mark.rule("VER-02")
def test_with_the_authorisation_the_report_is_made_and_counts_as_long(world):
    case = outside.authorised(world, days=45)

    report = outside.own_report(case)
    assert (case.state, case.until, report.until) == ("in_force", timezone.localdate() + timedelta(days=45), case.until)
    assert (report.state, report.graduate_id) == ("issued", world.graduate.pk)


@pytest.mark.rule("VER-02")
@pytest.mark.parametrize(("days", "allowed"), [(29, False), (30, True), (180, True), (181, False)])
def test_the_period_is_thirty_to_a_hundred_and_eighty_days(world, days, allowed):
    graduate = outside.confirmed(world)

    if allowed:
        assert begin(AUTHORISATION, world.of(graduate), days=days).state == "in_force"
    else:
        with pytest.raises(Refused, match="30 到 180 天"):
            begin(AUTHORISATION, world.of(graduate), days=days)


@pytest.mark.rule("VER-04")
def test_without_a_submitted_confirmation_nothing_is_authorised(world):
    graduate = post.settled(world)
    outside.open_verification(world)

    with pytest.raises(Refused, match="先到「登记确认」"):
        begin(AUTHORISATION, world.of(graduate), days=90)


def test_a_module_that_the_province_has_not_opened_says_so(world):
    graduate = outside.confirmed(world)
    Opening.objects.filter(module="verification").update(is_open=False)

    with pytest.raises(Refused, match="省级用户没有开启"):
        begin(AUTHORISATION, world.of(graduate), days=90)


def test_nobody_else_authorises(world):
    outside.confirmed(world)

    with pytest.raises(NotOpen):
        begin(AUTHORISATION, world.actor(Role.SCHOOL), days=90)


def test_one_is_in_force_at_a_time(world):
    outside.authorised(world)

    with pytest.raises(Refused, match="已经授权过"):
        begin(AUTHORISATION, world.of(world.graduate), days=60)


@pytest.mark.rule("VER-02")
def test_ended_at_once_its_report_counts_no_more_and_a_new_one_has_another_number(world):
    case = outside.authorised(world)
    number = outside.own_report(case).number

    perform(case, "end", world.of(world.graduate))

    report = outside.own_report(case)
    revoked = RevokedNumber.objects.get()
    assert (at(case), report.state, report.live) == (("ended", True), "withdrawn", False)
    assert (revoked.number, revoked.day, revoked.reason) == (number, timezone.localdate(), statement.ENDED)
    again = begin(AUTHORISATION, world.of(world.graduate), days=60)
    assert outside.own_report(again).number != number


@pytest.mark.rule("VER-02")
def test_the_timetable_ends_what_has_run_out_and_nothing_before(world):
    case, old = outside.authorised(world), outside.run_out(world, world.stranger)

    with pytest.raises(Refused, match="还在有效期内"):
        perform(case, "expire", SYSTEM)
    assert (effects.expire(), effects.expire()) == (1, 0)

    assert (at(old), at(case)) == (("expired", True), ("in_force", False))


@pytest.mark.rule("VER-02")
def test_a_change_of_the_record_ends_authorisation_and_report_together(world):
    case = outside.authorised(world)

    record = EmploymentRecord.all_rows.get(graduate=world.graduate)
    amend_record(graduate=world.graduate.pk, case=record.case, address="学府路2号")

    report = outside.own_report(case)
    assert (at(case), report.state) == (("lapsed", True), "superseded")
    assert RevokedNumber.objects.get().reason == statement.SUPERSEDED


def test_taking_the_report_back_ends_the_authorisation(world):
    case = outside.authorised(world)

    perform(outside.own_report(case), "withdraw", world.of(world.graduate))

    assert at(case) == ("lapsed", True)


def test_a_report_that_was_never_made_is_on_no_list(world):
    case = outside.authorised(world, made=False)

    perform(case, "end", world.of(world.graduate))

    make_report("graduate", str(case.report))
    assert (outside.own_report(case).state, RevokedNumber.objects.count()) == ("withdrawn", 0)
