"""Online dissolution, rule by rule, on the flow itself: every sentence of DIS that concerns what was signed online."""

from __future__ import annotations

import pytest

from qicheng.domain.registration.models import Dissolution, Registration
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import perform

pytestmark = pytest.mark.django_db


@pytest.mark.rule("DIS-01", "DIS-06")
@pytest.mark.parametrize("by", [Role.GRADUATE, Role.EMPLOYER])
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
    assert [(r.flow, r.act, r.role) for r in Record.objects.order_by("pk")][-5:] == [
        ("online_dissolution", "ask", by), ("online_dissolution", "agree", case.answers), ("online_dissolution", "approve", Role.COLLEGE),
        ("online_signing", "dissolve", Role.SYSTEM), ("online_dissolution", "approve", Role.SCHOOL),
    ]  # fmt: skip
