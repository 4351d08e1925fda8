"""Dissolution on the screen: the graduate's phone, the employer's desk, the reviewer's queue; own, neighbour's and stranger's."""

from __future__ import annotations

import html
import re

import pytest

from qicheng.domain.orgs.models import SigningSettings
from qicheng.domain.registration.models import Dissolution, Registration
from qicheng.foundation.access import Level, Role
from qicheng.foundation.flow.perform import perform
from qicheng.foundation.kit.numbers import token
from tests.clients import signed_in
from tests.world import PASSWORD

pytestmark = pytest.mark.django_db


def text(response):
    """What a page says, without its markup."""
    body = re.sub(r"<(script|style).*?</\1>", "", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def phone(world, graduate=None):
    return signed_in(world.graduate_seat(graduate or world.graduate))


def desk(world):
    return signed_in(world.seats[Role.EMPLOYER])


def request_url(agreement):
    return f"/invites/{agreement.public_id}/terminate/"


def url(case):
    return f"/terminate/{case.public_id}/"


def act_url(case, name):
    return f"/act/online_dissolution/{case.public_id}/{name}/"


def asked(client, agreement, **given):
    typed = {"reason": "x_other_destination", "explanation": "已与单位商量一致", "key": token()}
    return client.post(request_url(agreement), typed | given)


@pytest.mark.rule("DIS-01", "DIS-08")
def test_a_graduate_asks_from_the_effective_agreement_and_is_told_first_that_both_must_agree(world):
    agreement, client = world.effective(), phone(world)

    assert request_url(agreement) in client.get(f"/invites/{agreement.public_id}/").content.decode()
    page = text(client.get(request_url(agreement)))
    assert "解约要双方都同意。先和用人单位商量一致" in page
    assert "还可以申请 3 次" in page

    answer = asked(client, agreement)
    case = Dissolution.all_rows.get()
    assert (answer.status_code, answer["Location"]) == (302, url(case))
    assert (case.state, case.reason, case.explanation) == (
        "asked_by_graduate",
        "x_other_destination",
        "已与单位商量一致",
    )
    page = text(client.get(url(case)))
    assert "可以主动和单位沟通（ 13111111111 ）" in page
    assert "联系学校协助：学校核实情况后可以强制解约" in page
    assert "等单位回应你的解约申请" in text(client.get("/"))
    assert "与单位解约 待单位回应" not in page
    assert "云岭数据科技有限公司 待单位回应 解约" in text(client.get("/records/"))
