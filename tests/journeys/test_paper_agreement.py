"""An agreement that was signed on paper: registered on the phone, taken back, returned, corrected, approved, and amended by the school."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import Role
from qicheng.foundation.flow import gather
from tests.world import picture

from .conftest import DESK, WITH_AND_WITHOUT
from .test_offline import CHOSEN, TYPED, approve, choose_place

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

RETURNED = "协议书编号看不清，对照右上角重新填写"


@pytest.mark.journey
@pytest.mark.rule("SUP-01", "SUP-02", "REG-02", "REG-03")
@WITH_AND_WITHOUT
def test_taken_back_returned_corrected_approved_and_amended(screens, committed_world, tmp_path: Path, scripts):
    world = committed_world
    graduate = screens.open("phone", world.seats[Role.GRADUATE], scripts=scripts)
    college, school = (screens.open("pc", world.seats[role], viewport=DESK) for role in (Role.COLLEGE, Role.SCHOOL))
    fill_in(graduate, scripts=scripts)
    images = [tmp_path / name for name in ("第一页.jpg", "第二页.jpg")]
    for number, image in enumerate(images):
        image.write_bytes(picture(number))
    graduate.get_by_role("button", name="核对并提交").click()
    expect(graduate.get_by_role("alert")).to_contain_text("盖章的")
    bring(graduate, images)
    hand_in(graduate)

    graduate.get_by_role("link", name="撤回修改").click()
    graduate.get_by_role("button", name="撤回修改").click()
    expect(graduate.get_by_role("heading", level=1)).to_contain_text("还没有提交")
    correct(graduate, "接着填写", "岗位名称", "工艺工程师（三厂）")

    send_back(college, "陈诚", RETURNED)
    graduate.goto("/")
    expect(graduate.get_by_text(RETURNED).first).to_be_visible()
    correct(graduate, "去修改", "协议书编号", "BJ-2026-000456")

    for reviewer in (college, school):
        approve(reviewer, "陈诚", "BJ-2026-000456")
    graduate.goto("/")
    expect(graduate.get_by_role("heading", name="协议已经生效")).to_be_visible()
    amend(school)
    graduate.goto("/messages/")
    told = graduate.get_by_role("link", name="学校修改了你的签约信息")
    expect(told).to_contain_text("单位性质：其他企业(含民营企业等) 改为 国有企业。")
    expect(told).to_contain_text("单位行业：")
    case = Registration.all_rows.get()
    assert (case.state, [len(one.proofs) for one in gather.gathered(case)]) == ("effective", [2])


def fill_in(page: Page, *, scripts: bool) -> None:
    """The form, from the way on the home page."""
    page.goto("/")
    page.get_by_role("link", name="已签纸质就业协议 补充登记").click()
    expect(page.get_by_text("先和单位商量好")).to_be_visible()
    for key, value in (("paper_number", "BJ-2026-000123"), ("signed_on", "2026-03-02"), *TYPED):
        page.locator(f"#own #id_{key}").fill(value)
    for key, value in CHOSEN:
        page.locator(f"#own #id_{key}").select_option(value)
    choose_place(page, scripts=scripts)


def bring(page: Page, images: list[Path]) -> None:
    """From the check to the images and back."""
    page.get_by_role("link", name="上传证明材料").first.click()
    page.locator("input[type=file]").first.set_input_files(images)
    page.get_by_role("button", name="上传").click()
    expect(page.get_by_text(f"已添加 {len(images)} 份")).to_be_visible()
    page.get_by_role("link", name="完成，返回").click()
    page.get_by_role("link", name="核对并提交").click()


def hand_in(page: Page) -> None:
    """From the check to the teachers."""
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="提交审核").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("等待学院审核")


def correct(page: Page, way: str, label: str, value: str) -> None:
    """By the button that says what to do now, to the field, and in again."""
    page.get_by_role("link", name=way).click()
    page.get_by_label(label).fill(value)
    page.get_by_role("button", name="核对并提交").click()
    expect(page.locator("main")).to_contain_text(value)
    hand_in(page)


def send_back(page: Page, name: str, words: str) -> None:
    """A reviewer returns the case with what has to be corrected."""
    page.goto("/review/")
    page.get_by_role("link", name=name).click()
    page.locator("#panel").get_by_role("link", name="退回修改").click()
    sheet = page.get_by_role("dialog", name="退回修改")
    sheet.get_by_role("radio").last.check()
    sheet.get_by_role("textbox", name="说明").fill(words)
    sheet.get_by_role("button", name="退回修改").click()
    expect(page.get_by_role("heading", name="待审清空了")).to_be_visible()


def amend(page: Page) -> None:
    """The school corrects how the unit is classified."""
    page.goto("/lists/supplementary/")
    page.get_by_role("link", name="陈诚").click()
    page.get_by_role("link", name="修改单位性质、行业和职位类别").click()
    page.get_by_label("单位性质", exact=True).select_option("31")
    page.get_by_label("单位行业", exact=True).select_option("22")
    page.get_by_role("button", name="修改单位性质、行业和职位类别").click()
    expect(page.locator("main")).to_contain_text("国有企业")
