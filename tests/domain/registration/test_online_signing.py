"""Online signing, rule by rule, on the flow itself."""

from __future__ import annotations

import pytest

from qicheng.domain.roster.models import EmploymentRecord
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import perform
from qicheng.foundation.notice.models import Notice

pytestmark = pytest.mark.django_db


@pytest.mark.rule("SIGN-06", "REG-08", "SYN-01")
def test_approval_at_both_levels_takes_effect(world):
    signing = world.invitation()

    perform(signing, "accept", world.actor(Role.GRADUATE))
    perform(signing, "approve", world.actor(Role.COLLEGE))
    perform(signing, "approve", world.actor(Role.SCHOOL))

    signing.refresh_from_db()
    record = EmploymentRecord.all_rows.get(graduate=world.graduate)
    assert (signing.state, len(signing.number)) == ("effective", 19)
    assert (record.destination, record.employer_name, record.number) == ("10", "云岭数据科技有限公司", signing.number)
    assert [r.act for r in Record.objects.filter(flow="online_signing").order_by("pk")] == [
        "invite",
        "accept",
        "approve",
        "approve",
    ]
    assert Notice.objects.filter(channel="inbox").count() == 1 + 1 + 2 + 2
