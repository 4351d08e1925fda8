"""An agreement on paper comes apart: the graduate brings the letter on the phone, college and school ask the employer and decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import perform
from tests import paper

from .conftest import DESK, WITH_AND_WITHOUT

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.journey
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> None:
    settings.QICHENG_FILES = tmp_path / "files"


def is_clean(page: Page, *, scripts: bool) -> bool:
    """Nothing sticks out to the right, and the checker of accessibility has nothing to say."""
    if not scripts:
        return True
    found = [one["id"] for one in Axe().run(page, options=RULES).response["violations"]]
    return found == [] and bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.rule("DIS-01", "DIS-05", "DIS-06")
@WITH_AND_WITHOUT
def test_a_letter_ends_an_agreement_on_paper(screens: Any, committed_world: Any, tmp_path: Path, scripts: bool) -> None:
    world = committed_world
    agreement = paper.in_force(world)
    letter = tmp_path / "letter.jpg"
    letter.write_bytes(paper.LETTER)

    graduate = screens.open("small", world.seats[Role.GRADUATE], scripts=scripts)
    graduate.goto(f"/invites/{agreement.public_id}/terminate/")
    expect(graduate.get_by_text("解约要双方都同意")).to_be_visible()
    assert is_clean(graduate, scripts=scripts)
    graduate.get_by_label("其他去向").check()
    graduate.get_by_label("解约说明").fill("已与李经理商量一致，单位开了解约函")
    graduate.get_by_role("button", name="保存，去上传解约函").click()
    expect(graduate.get_by_role("heading", level=1)).to_contain_text("申请解约，还没有提交")
    assert is_clean(graduate, scripts=scripts)
    graduate.get_by_role("link", name="上传解约函").click()
    graduate.locator("input[type=file]").first.set_input_files(letter)
    graduate.get_by_role("button", name="上传解约函").click()
    graduate.get_by_role("link", name="完成，返回").click()
    expect(graduate.get_by_role("link", name="放大看解约函")).to_be_visible()
    graduate.get_by_role("link", name="提交解约申请").click()
    graduate.get_by_role("button", name="提交解约申请").click()
    expect(graduate.get_by_role("heading", level=1)).to_contain_text("解约中，等待学院审核")
    assert is_clean(graduate, scripts=scripts)

    for role in (Role.COLLEGE, Role.SCHOOL):
        reviewer = screens.open("pc", world.seats[role], scripts=scripts)
        reviewer.goto("/review/")
        reviewer.get_by_role("link", name="陈诚").click()
        expect(reviewer.get_by_text("已与李经理商量一致，单位开了解约函")).to_be_visible()
        reviewer.get_by_role("textbox", name="与用人单位核实的情况").fill("已电话联系单位人事，对方同意解约")
        if role is Role.SCHOOL:
            reviewer.get_by_label("双方同意解约").check()
        reviewer.get_by_role("button", name="审核通过").click()
        expect(reviewer.get_by_text("待审清空了")).to_be_visible()

    graduate.goto(f"/invites/{agreement.public_id}/terminate/")
    expect(graduate.get_by_text("这份协议没有生效或已经结束，不用解约。")).to_be_visible()
    assert (Registration.all_rows.get().state, EmploymentRecord.all_rows.get().destination) == ("dissolved", "70")


@pytest.mark.rule("DIS-05", "DIS-08")
@WITH_AND_WITHOUT
def test_a_school_that_ends_it_by_one_side_is_warned_and_says_why(
    screens: Any, committed_world: Any, scripts: bool
) -> None:
    world = committed_world
    case = paper.asked(world, kind="statement")
    perform(case, "approve", world.actor(Role.COLLEGE), verified="单位电话停机，上门未见到人")
    page = screens.open("pc", world.seats[Role.SCHOOL], viewport=DESK, scripts=scripts)
    page.goto("/review/")
    page.get_by_role("link", name="陈诚").click()
    expect(page.get_by_text("单位没有给解约函")).to_be_visible()
    expect(page.get_by_text("单位电话停机，上门未见到人")).to_be_visible()
    expect(page.get_by_text("请谨慎使用，使用前应与用人单位协商一致以防出现纠纷")).to_be_visible()
    page.get_by_label("学生单方面解约").check()
    page.get_by_role("textbox", name="与用人单位核实的情况").fill("三次致电和上门都没有联系上单位")
    page.get_by_role("button", name="审核通过").click()
    expect(page.locator("#errs")).to_contain_text("学生单方面解约要写明具体情况")
    expect(page.get_by_role("textbox", name="与用人单位核实的情况")).to_have_value("三次致电和上门都没有联系上单位")
    page.get_by_role("textbox", name="单方面解约的具体情况").fill("单位已经停业，毕业生要与新单位签约")
    page.get_by_role("button", name="审核通过").click()
    expect(page.get_by_text("待审清空了")).to_be_visible()

    graduate = screens.open("phone", world.seats[Role.GRADUATE], scripts=scripts)
    graduate.goto("/records/")
    graduate.get_by_role("link", name="解约").first.click()
    expect(graduate.get_by_role("heading", level=1)).to_contain_text("解约完成")
    expect(graduate.get_by_text("学生单方面解约", exact=True)).to_be_visible()
    case.refresh_from_db()
    assert (case.state, case.manner, Registration.all_rows.get().state) == ("done", "x_student_side", "dissolved")
