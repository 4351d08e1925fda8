"""The pages of 登记确认: the graduate's own, the list, one case, the figures, reminders (CON-01 … CON-03)."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from qicheng.domain.roster.effects import record_changed, remove_line
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.domain.transfer.effects import confirmation as effects
from qicheng.domain.transfer.models import Confirmation, ConfirmationAnswer
from qicheng.foundation.access import Area, Level, Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import perform
from qicheng.foundation.notice.models import Notice
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
LIST, FIGURES, REMIND = "/confirm/", "/confirm/figures/", "/confirm/remind/"
NOT_MINE = {"destination": "denied", "remark": "我没有和这个单位签约"}


def own(world):
    return signed_in(world.seats[Role.GRADUATE])


def staff(world, role=Role.SCHOOL):
    return signed_in(world.seats[role])


def act(case, name):
    return reverse("act", kwargs={"flow": "confirmation", "public_id": case.public_id, "name": name})


@pytest.mark.rule("CON-01")
def test_a_graduate_reads_what_was_reported_who_recorded_it_and_confirms_it_there(world):
    case = world.reported()
    page = own(world).get(LIST).content.decode()
    assert "云岭数据科技有限公司" in page
    assert "登记人：学校 线上签约" in page
    assert f'name="seen" value="{case.version}"' in page

    answer = own(world).post(act(case, "confirm"), {"seen": case.version, "key": "k1"})

    assert (answer.status_code, answer["Location"]) == (302, f"/confirm/{case.public_id}/")
    assert world.confirmation_of(world.graduate).state == "confirmed"
    assert "你已确认无误" in own(world).get(answer["Location"]).content.decode()


def test_every_page_answers_for_everybody_it_is_for(world):
    case = world.reported()
    perform(case, "dispute", world.actor(Role.GRADUATE), **NOT_MINE)
    for role in (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY):
        client = staff(world, role)
        for path in (LIST, FIGURES, f"/confirm/{case.public_id}/", "/confirm/workbook/"):
            assert client.get(path).status_code == 200, (role, path)
    assert staff(world).get(REMIND).status_code == 200
    assert own(world).get(FIGURES).status_code == 404
    assert signed_in(world.stranger_seats[Role.SCHOOL]).get(f"/confirm/{case.public_id}/").status_code == 404
