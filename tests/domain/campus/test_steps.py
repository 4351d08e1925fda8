"""手续办理: the order of steps with whose turn it is, and all that can be done, only where the school has it (CAM-03)."""

from __future__ import annotations

import pytest

from qicheng.domain.campus.models import Part
from qicheng.domain.campus.queries import steps as queries
from qicheng.domain.orgs.queries import forget_kept
from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.perform import perform
from tests.clients import signed_in

from . import filing

pytestmark = [pytest.mark.django_db, pytest.mark.rule("CAM-03")]


def line(world):
    return {one.key: one for one in queries.line(world.of(world.graduate), world.graduate)}


def looks(world):
    return {key: one.looks for key, one in line(world).items()}


def test_every_step_says_where_it_stands_and_whose_turn_it_is(world):
    world.open_transfer(Area.ARCHIVE)
    world.open_parts(Part.PLATFORM, Part.FILES)
    waiting = {"college": "", "school": "", "confirmation": "", "mailing": ""}
    assert looks(world) == {"destination": "you", "files": ""} | waiting
    registered = filing.destination(world)
    assert looks(world) == {"destination": "done", "files": "you", **waiting, "college": "now"}
    case = filing.submitted(world, registered)
    assert looks(world) == {"destination": "done", "files": "done", **waiting, "college": "now"}
    assert (line(world)["college"].words, line(world)["college"].reason) == ("等学院审核", "毕业去向登记、户档信息登记")
    perform(registered, "approve", world.actor(Role.COLLEGE))
    filing.refused(world, case, words="地址写到门牌号")
    found = line(world)
    assert (found["files"].looks, found["files"].reason, found["files"].url, found["files"].action) == (
        "you", "地址写到门牌号", "/campus/files/", "修改并重新提交"
    )  # fmt: skip
    assert (found["college"].looks, found["school"].looks) == ("", "now")
    perform(case, "submit", world.of(world.graduate))
    world.approved(registered)
    world.approved(case)
    assert looks(world) == {"destination": "done", "files": "done", "college": "done", "school": "done", "confirmation": "", "mailing": ""}  # fmt: skip
    perform(Registration.all_rows.get(), "void", world.actor(Role.SCHOOL), reason="x_other", words="协商一致")
    assert {key: line(world)[key].words for key in ("destination", "files")} == {
        "destination": "待你重新登记", "files": "还没开始"
    }  # fmt: skip


def test_the_page_shows_the_steps_and_only_what_the_school_has(world):
    client = signed_in(world.seats[Role.GRADUATE])
    assert client.get("/campus/").status_code == 404
    assert 'href="/campus/"' not in client.get("/").content.decode()
    world.open_parts(Part.PLATFORM, Part.FILES, Part.NEWS)
    forget_kept()
    page = client.get("/campus/").content.decode()
    assert ["毕业去向登记" in page, "户档信息登记" in page, "公告" in page, "调查问卷" in page] == [
        True,
        True,
        True,
        False,
    ]
    assert "第 1 步，共" in page
    home = client.get("/").content.decode()
    assert ('href="/campus/"' in home, 'href="/go/"' in home.split("tabbar")[1]) == (True, False)
    titles = [one.title for _, entries in queries.things(world.graduate) for one in entries]
    assert ("户档信息登记" in titles, "暂缓派遣" in titles, "活动日历" in titles) == (True, False, True)
    assert signed_in(world.seats[Role.SCHOOL]).get("/campus/").status_code == 404


def test_the_line_of_the_other_platform_has_its_own_order(world):
    world.open_parts(Part.SUPPLEMENT, Part.FORMS)
    assert [one.label for one in queries.line(world.of(world.graduate), world.graduate)][:2] == [
        "补充个人就业信息",
        "填报毕业去向",
    ]


def test_who_studies_on_by_recommendation_has_nothing_to_declare(world):
    world.open_parts(Part.SUPPLEMENT, Part.FORMS, Part.PLAN)
    labels = [one.label for one in queries.line(world.of(world.graduate), world.graduate)]
    assert labels == ["补充个人就业信息", "填报毕业去向", "学院审核", "就业中心审核", "学院上报就业方案"]
    world.graduate.extra = {"recommended": "1"}
    assert [(one.label, one.words) for one in queries.line(world.of(world.graduate), world.graduate)][1:] == [
        ("填报毕业去向", "不用填报")
    ]
