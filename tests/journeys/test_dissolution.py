"""An agreement comes apart: the graduate asks on the phone, the employer agrees, college and school review; another is forced."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.foundation.access import Role

pytestmark = pytest.mark.journey


@pytest.mark.rule("DIS-01", "DIS-06")
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_four_people_dissolve_an_agreement(screens, committed_world, scripts):
    world = committed_world
    agreement = world.effective()
    graduate = screens.open("phone", world.seats[Role.GRADUATE], scripts=scripts)
    graduate.goto(f"/invites/{agreement.public_id}/")
    graduate.get_by_role("link", name="申请解约").click()
    expect(graduate.get_by_text("解约要双方都同意")).to_be_visible()
    graduate.get_by_label("其他去向").check()
    graduate.get_by_label("解约说明").fill("已与李经理商量一致")
    graduate.get_by_role("button", name="提交解约申请").click()
    expect(graduate.get_by_role("heading", level=1)).to_contain_text("学生发起解约，等待单位应约")

    employer = screens.open("pc", world.seats[Role.EMPLOYER], scripts=scripts)
    employer.goto("/org/")
    employer.get_by_role("link", name="查看并回应").click()
    employer.get_by_role("link", name="陈诚").click()
    employer.get_by_role("link", name="同意解约").click()
    employer.get_by_role("button", name="确认同意解约" if scripts else "同意解约").click()
    expect(employer.get_by_text("待学院审核", exact=True)).to_be_visible()

    for role in (Role.COLLEGE, Role.SCHOOL):
        reviewer = screens.open("pc", world.seats[role], scripts=scripts)
        reviewer.goto("/review/")
        reviewer.get_by_role("link", name="陈诚").click()
        expect(reviewer.get_by_text("已与李经理商量一致")).to_be_visible()
        reviewer.get_by_role("button", name="审核通过").click()
        expect(reviewer.get_by_text("待审清空了")).to_be_visible()

    graduate.goto("/")
    expect(graduate.get_by_role("heading", name="登记毕业去向")).to_be_visible()
    assert (Registration.all_rows.get().state, EmploymentRecord.all_rows.get().destination) == ("dissolved", "70")


@pytest.mark.rule("DIS-04", "DIS-08")
def test_a_school_forces_with_its_words_and_both_read_them(screens, committed_world):
    world = committed_world
    case = world.dissolution()
    school = screens.open("pc", world.seats[Role.SCHOOL])
    school.goto("/lists/online_dissolution/?state=asked_by_graduate")
    school.get_by_role("link", name="陈诚").click()
    expect(school.get_by_text("请谨慎使用，使用前应与用人单位协商一致以防出现纠纷")).to_be_visible()
    school.get_by_role("link", name="强制解约").click()
    school.get_by_label("说明").fill("单位已停业，电话和地址都联系不上")
    school.get_by_role("button", name="强制解约").click()
    expect(school.get_by_text("解约完成").first).to_be_visible()
    for screen, role in (("phone", Role.GRADUATE), ("pc", Role.EMPLOYER)):
        page = screens.open(screen, world.seats[role])
        page.goto(f"/terminate/{case.public_id}/")
        expect(page.get_by_text("单位已停业，电话和地址都联系不上")).to_be_visible()
