"""A reviewer's day over all ways: a destination is changed and approved, an image returned, a dissolution on paper verified."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from qicheng.foundation.access import Role
from tests.world import World


@pytest.mark.journey
@pytest.mark.rule("REG-02", "REG-06", "DES-04", "DIS-05")
def test_a_destination_is_changed_an_image_returned_a_letter_verified(screens, committed):
    world = World()
    other, stamped, letter = (world.new_graduate(name, world.college) for name in ("王思远", "赵念一", "刘畅"))
    destination = world.destination_submitted("contract", other)
    image = world.brought_back(stamped)
    dissolution = world.dissolution_submitted(world.supplementary(letter))
    page = screens.open("pc", world.seats[Role.COLLEGE], viewport={"width": 1440, "height": 900})
    page.goto("/review/")
    panel = page.locator("#panel")

    page.get_by_role("link", name="王思远").click()
    expect(panel.get_by_role("heading", name="王思远", exact=True)).to_be_visible()
    page.keyboard.press("v")
    viewer = page.get_by_role("dialog", name="劳动合同")
    expect(viewer).to_be_visible()
    viewer.get_by_role("button", name="放大").click()
    viewer.get_by_role("button", name="关闭").click()
    panel.get_by_role("link", name="修改去向").click()
    page.get_by_label("岗位名称").fill("嵌入式开发工程师")
    page.get_by_role("button", name="核对改动").click()
    expect(page.locator("main")).to_contain_text("嵌入式开发工程师")
    page.get_by_role("button", name="确认修改去向").click()
    expect(page.locator("main")).to_contain_text("去向已经修改")
    expect(page.locator("main")).to_contain_text("嵌入式开发工程师")
    page.get_by_role("button", name="审核通过").click()
    expect(page.get_by_role("heading", name="赵念一", exact=True)).to_be_visible()

    page.get_by_role("link", name=re.compile("^退回修改")).click()
    sheet = page.get_by_role("dialog", name="退回修改")
    sheet.get_by_role("radio").last.check()
    sheet.get_by_role("textbox", name="说明").fill("公章不清楚，请重拍第 1 页")
    sheet.get_by_role("button", name="退回修改").click()
    expect(page.get_by_role("heading", name="刘畅", exact=True)).to_be_visible()

    page.get_by_role("button", name="审核通过").click()
    expect(page.locator("main")).to_contain_text("与用人单位核实的情况还没有填写")
    page.get_by_label("与用人单位核实的情况").fill("和单位人事周岚电话核实，同意解约")
    page.get_by_role("button", name="审核通过").click()
    expect(page.get_by_role("heading", name="待审清空了")).to_be_visible()

    for case, state in ((destination, "school_review"), (image, "signing_returned"), (dissolution, "school_review")):
        case.refresh_from_db()
        assert case.state == state
    phone = screens.open("phone", world.graduate_seat(other))
    phone.goto("/messages/")
    expect(phone.locator("main")).to_contain_text("改为 嵌入式开发工程师")
