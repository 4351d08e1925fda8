"""更改毕业去向: once at most, with the consent of college and career centre, which opens the form for it (PKU-07)."""

from __future__ import annotations

import pytest
from django.db import transaction

from qicheng.domain.campus.guards import one_change as guards
from qicheng.domain.campus.models import OneChange
from qicheng.domain.campus.queries import one_change as queries
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.domain.transfer.models import ArchiveRecord
from qicheng.domain.transfer.sheets.records import KEPT
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, perform
from qicheng.foundation.notice.models import Notice
from tests.domain.campus import consenting as has

pytestmark = [pytest.mark.django_db, pytest.mark.rule("PKU-07"), pytest.mark.usefixtures("before_the_years_end")]


def in_force(world) -> tuple[str, str]:
    record = EmploymentRecord.all_rows.get(graduate=world.graduate)
    return record.destination, record.employer_name


def test_the_second_consent_opens_the_form_and_what_was_approved_stays_in_force_until_the_new_one_is(world):
    has.opened(world)
    case = has.effective(world)
    before = in_force(world)
    made = has.change_waiting(world, case)
    assert made.before == "灵活就业（用人单位证明）　江临某某科技有限公司"
    perform(made, "approve", world.actor(Role.COLLEGE))
    case.refresh_from_db()
    assert (made.state, case.state) == ("school_review", "effective")

    perform(made, "approve", world.actor(Role.SCHOOL))

    case.refresh_from_db()
    opening = Record.objects.get(case=str(case.public_id), act="open_up")
    assert (made.state, made.live, case.state, opening.role) == ("granted", False, "reopened", "system")
    assert in_force(world) == before
    has.turned(case, "agreement")
    has.submitted(world, case)
    assert in_force(world) == before
    has.approved(world, case)
    assert (in_force(world) != before, queries.is_spent(world.cohort, world.graduate.pk)) == (True, True)
    told = Notice.objects.filter(flow="one_change", channel="inbox").values_list("record", flat=True)
    assert [Record.objects.get(pk=one).act for one in told] == ["approve", "approve"]
    # That was the one change: no page offers another, no door lets one in.
    case.refresh_from_db()
    assert queries.may_change(case, world.of(world.graduate)) == "毕业去向最多只能更改一次，已经用过了。"
    with pytest.raises(Refused, match="最多只能更改一次"):
        has.change(world, case)


def test_a_refusal_ends_it_and_does_not_count(world):
    has.opened(world)
    case = has.effective(world)
    for role, given in ((Role.COLLEGE, ()), (Role.SCHOOL, (Role.COLLEGE,))):
        made = has.change_waiting(world, case)
        for one in given:
            perform(made, "approve", world.actor(one))
        perform(made, "reject", world.actor(role), reason="x_other", words="理由不充分")
        case.refresh_from_db()
        assert (made.state, case.state, queries.is_spent(world.cohort, world.graduate.pk)) == (
            "refused",
            "effective",
            False,
        )
    has.approved(world, has.change_waiting(world, case))
    case.refresh_from_db()
    assert case.state == "reopened"


def test_only_what_was_approved_is_changed_and_one_application_at_a_time(world):
    has.opened(world)
    case = has.drafted(world)
    with pytest.raises(Refused, match="审核通过、正在生效的毕业去向才用申请更改"):
        has.change(world, case)
    has.approved(world, has.submitted(world, case))
    made = has.change(world, case)
    perform(made, "edit", world.of(world.graduate), wish="", wish_unit="", reason="x")
    with pytest.raises(Refused, match="先填写新的就业形式"):
        perform(made, "submit", world.of(world.graduate))
    perform(made, "edit", world.of(world.graduate), **has.WISH)
    perform(made, "submit", world.of(world.graduate))
    with pytest.raises(Refused, match="已经有一份这样的申请在办"):
        has.change(world, case)
    with pytest.raises(NotOpen):
        perform(case, "open_up", world.actor(Role.SCHOOL))
    with pytest.raises(NotFound):
        perform(made, "approve", world.stranger_actor(Role.COLLEGE))


def test_it_lapses_with_the_destination_that_it_would_change(world):
    has.opened(world)
    case = has.effective(world)
    made = has.change_waiting(world, case)
    perform(case, "void", world.actor(Role.SCHOOL), reason="x_agreed", words="双方商量一致")
    made.refresh_from_db()
    assert (made.state, made.live) == ("lapsed", False)


def test_a_deferral_stays_in_force_until_the_new_destination_is_approved(world):
    has.opened(world)
    case = has.drafted(world)
    deferral = has.granted(world, case)
    has.approved(world, has.submitted(world, case))
    has.approved(world, has.change_waiting(world, case))
    case.refresh_from_db()
    has.turned(case, "agreement")
    has.submitted(world, case)
    deferral.refresh_from_db()
    assert (deferral.state, ArchiveRecord.all_rows.get(graduate=world.graduate).kind) == ("granted", KEPT)
    has.approved(world, case)
    deferral.refresh_from_db()
    assert (deferral.state, ArchiveRecord.all_rows.get(graduate=world.graduate).kind == KEPT) == ("ended", False)


def test_the_database_refuses_a_second_granted_change_where_the_guard_looks_away(world, monkeypatch):
    has.opened(world)
    case = has.effective(world)
    has.approved(world, has.change_waiting(world, case))
    case.refresh_from_db()
    has.approved(world, has.submitted(world, case))
    monkeypatch.setattr(guards, "is_spent", lambda cohort, graduate: False)
    second = has.change_waiting(world, case)
    perform(second, "approve", world.actor(Role.COLLEGE))
    with pytest.raises(Refused, match="最多只能更改一次"), transaction.atomic():
        perform(second, "approve", world.actor(Role.SCHOOL))
    assert OneChange.all_rows.filter(state="granted").count() == 1
