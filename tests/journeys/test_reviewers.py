"""A morning at the college: the queue by keyboard and mouse, many at once with what differs held back, one refused with its reason."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from qicheng.foundation.access import Role

from .conftest import picture
from .country import Country


@pytest.mark.journey
@pytest.mark.rule("REG-02", "REG-06", "REG-07")
def test_many_pass_at_once_and_what_differs_is_looked_at(screens, committed):
    country = Country()
    page = screens.open("pc", country.seats[Role.COLLEGE], viewport={"width": 1280, "height": 720})
    page.goto("/review/?kind=online_signing")
    boxes = page.locator("#grid tbody .tick")
    expect(boxes).to_have_count(4)
    page.keyboard.press("j")
    panel = page.locator("#panel")
    expect(panel.get_by_role("heading", name="王思远")).to_be_visible()
    expect(panel).to_contain_text("20221111")
    page.keyboard.press("x")
    expect(boxes.first).to_be_checked()
    page.get_by_role("checkbox", name="选择本页").check()
    passing = page.get_by_role("button", name="通过 3 条")
    expect(passing).to_be_visible()
    picture(page, "college-queue")
    passing.click()
    expect(page.locator("main")).to_contain_text("王思远")
    page.get_by_role("button", name=re.compile("3 条")).click()
    expect(page.locator("main")).to_contain_text("赵念一")

    page.goto("/review/?kind=online_signing")
    expect(page.locator("#grid tbody tr")).to_have_count(1)
    page.keyboard.press("j")
    expect(panel.get_by_role("heading", name="王思远")).to_be_visible()
    panel.get_by_role("link", name="审核不通过").click()
    sheet = page.get_by_role("dialog", name="审核不通过")
    sheet.get_by_role("radio").last.check()
    sheet.get_by_role("textbox", name="说明").fill("学号和名单不一致，联系学院核对后请单位重新发起")
    sheet.get_by_role("button", name="审核不通过").click()
    expect(page.get_by_role("heading", name="没有符合的登记")).to_be_visible()

    graduate = country.cases["college_review0"].graduate
    phone = screens.open("phone", country.graduate_seat(graduate))
    phone.goto("/records/")
    phone.get_by_role("link", name="云岭数据科技有限公司").click()
    expect(phone.locator("main")).to_contain_text("学号和名单不一致")
