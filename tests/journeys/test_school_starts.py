"""A school starts from nothing: what is missing is told, mended by whoever can, and then the switch is on."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from qicheng.domain.orgs.models import College, Province, School
from qicheng.foundation.access import Role
from tests.world import COHORT, PASSWORD

from .conftest import log_in, picture

OWN_PASSWORD = "北溪的石头-2026"


@pytest.mark.journey
@pytest.mark.rule("SET-01", "SET-03", "SET-05", "SET-08", "ORG-02", "ORG-06")
def test_a_school_switches_online_signing_on(screens, committed_world):
    world = committed_world
    north = Province.objects.create(code="970000", name="北溪省")
    school = School.objects.create(province=north, code="19907", name="北溪学院")
    world.new_graduate("温如言", College.objects.create(school=school, name="商学院"))
    page, authority = (
        screens.open("pc", world.new_seat(Role.SCHOOL, school.pk, "冯一诺", administrator=True)),
        screens.open("pc", world.new_seat(Role.PROVINCE, north.pk, "赵立", administrator=True)),
    )
    page.goto("/settings/")
    expect(page.get_by_text("省级用户还没有设置就业协议书类型")).to_be_visible()
    expect(page.get_by_role("button", name="提交签约设置")).to_have_count(0)

    open_the_province(authority)
    page.reload()
    page.get_by_role("checkbox", name=re.compile("^在线签约")).check()
    page.get_by_label("先院系再校级审核").check()
    submit(page)
    expect(page.locator("#errs")).to_contain_text("商学院还没有读写账号")

    password = make_account(page)
    page.goto("/settings/")
    page.get_by_role("checkbox", name=re.compile("^在线签约")).check()
    page.get_by_label("先院系再校级审核").check()
    submit(page)
    expect(page.get_by_text("签约设置已提交")).to_be_visible()
    for label in ("在线签约", "补登", "填报去向登记"):
        expect(page.get_by_role("checkbox", name=re.compile(f"^{label}"))).to_be_checked()
    submit_handler(page)
    picture(page, "school-settings")

    college = screens.open("pc")
    log_in(college, "school", "shangxueyuan", password)
    expect(college.get_by_role("heading", name="先换成自己的密码")).to_be_visible()
    college.get_by_label("现在的密码").fill(password)
    college.get_by_label("新密码", exact=True).fill(OWN_PASSWORD)
    college.get_by_label("再输一次新密码").fill(OWN_PASSWORD)
    college.get_by_role("button", name="换密码").click()
    expect(college.get_by_text("密码改好了")).to_be_visible()
    college.goto("/review/")
    expect(college.get_by_role("heading", name="待审清空了")).to_be_visible()


def open_the_province(page: Page) -> None:
    """Two parties, and the module that schools need."""
    page.goto("/gov/settings/")
    page.get_by_label("两方协议").check()
    page.get_by_label("毕业去向登记与网签").check()
    page.get_by_role("button", name="保存设置").click()
    expect(page.get_by_text("设置已保存")).to_be_visible()


def submit(page: Page) -> None:
    page.get_by_role("button", name="提交签约设置").click()


def make_account(page: Page) -> str:
    """The link beside the message leads to the account that is missing; its password is shown once."""
    page.get_by_role("link", name="商学院").first.click()
    expect(page.get_by_label("院系名称")).to_have_value("商学院")
    page.get_by_label("登录名").fill("shangxueyuan")
    page.get_by_label("使用人姓名").fill("段老师")
    page.get_by_role("button", name="创建账号").click()
    expect(page.get_by_role("heading", name="把临时密码交给段老师")).to_be_visible()
    shown = page.locator("dt:text-is('临时密码') + dd").inner_text()
    return re.sub(r"\s", "", shown)


def submit_handler(page: Page) -> None:
    """Printed on every agreement, and not to be changed afterwards."""
    page.get_by_role("link", name=re.compile("经办人")).first.click()
    for label, value in (
        ("经办人姓名", "钱老师"),
        ("经办人电话", "0931-6275000"),
        ("学校通讯地址", "北溪省北溪市学府路 1 号"),
        ("邮政编码", "730000"),
    ):
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="提交经办人").click()
    expect(page.get_by_text("会印在协议书上").first).to_be_visible()
    expect(page.locator("main")).to_contain_text("钱老师")
    assert str(COHORT) in page.locator("main").inner_text()
    assert PASSWORD not in page.content()
