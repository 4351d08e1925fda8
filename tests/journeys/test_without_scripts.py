"""The main job where scripts do not run: every act has a page of its own, and every page a button."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from qicheng.foundation.access import Role
from tests.world import PASSWORD

from .conftest import log_in


@pytest.mark.journey
@pytest.mark.rule("SIGN-01", "SIGN-03")
def test_a_graduate_answers_and_the_college_decides(screens, committed_world):
    world = committed_world
    world.invitation()
    graduate = screens.open("phone", scripts=False)
    log_in(graduate, "graduate", world.graduate.account.phone, PASSWORD)
    graduate.get_by_role("link", name="查看并回应").click()
    graduate.get_by_role("link", name="同意签约").click()
    expect(graduate.get_by_role("heading", name="同意签约")).to_be_visible()
    graduate.get_by_label("登录密码").fill("不是这个密码")
    graduate.get_by_role("button", name="同意签约").click()
    expect(graduate.locator("#errs")).to_contain_text("密码不对")
    graduate.get_by_label("登录密码").fill(PASSWORD)
    graduate.get_by_role("button", name="同意签约").click()
    expect(graduate.get_by_role("heading", level=1)).to_contain_text("等待学院审核")

    college = screens.open("pc", world.seats[Role.COLLEGE], scripts=False)
    college.goto("/review/")
    college.get_by_role("rowheader", name="陈诚").get_by_role("link").click()
    expect(college.get_by_role("heading", level=1, name="陈诚")).to_be_visible()
    college.get_by_role("link", name="退回").or_(college.get_by_role("link", name="审核不通过")).first.click()
    college.get_by_role("link", name="再想想").click()
    college.goto("/review/")
    college.get_by_role("rowheader", name="陈诚").get_by_role("link").click()
    college.get_by_role("button", name="审核通过").click()
    expect(college.get_by_text("办好了")).to_be_visible()
    graduate.reload()
    expect(graduate.get_by_role("heading", level=1)).to_contain_text("等待学校审核")


@pytest.mark.journey
@pytest.mark.rule("EMP-04", "REG-07")
def test_an_employer_invites_and_a_school_passes_several_at_once(screens, committed_world):
    world = committed_world
    employer = screens.open("pc", world.seats[Role.EMPLOYER], scripts=False)
    employer.goto("/org/invites/new/")
    employer.get_by_label("姓名").fill(world.graduate.name)
    employer.get_by_label("身份证号或考生号").fill(world.graduate.id_number)
    employer.get_by_role("button", name="查找毕业生").click()
    employer.get_by_role("button", name="核对内容").click()
    expect(employer.locator("#errs")).to_contain_text("岗位名称")
    employer.get_by_label("职位类别").select_option("13")
    employer.get_by_label("岗位名称").fill("农艺师")
    employer.get_by_label("档案转递类型").select_option("x_home")
    employer.get_by_label("户口迁移类型").select_option("x_home")
    employer.get_by_role("button", name="核对内容").click()
    employer.get_by_role("button", name="发出邀请").click()
    expect(employer.get_by_text("邀请已发出")).to_be_visible()

    for name in ("何书言", "高雨桐"):
        world.accepted(world.new_graduate(name, world.stranger_college))
    school = screens.open("pc", world.stranger_seats[Role.SCHOOL], scripts=False)
    school.goto("/review/")
    for box in school.get_by_role("checkbox", name="选择 ").all():
        box.check()
    school.get_by_role("button", name="通过所选").click()
    expect(school.locator("main")).to_contain_text("何书言")
    school.get_by_role("button", name="2 条").click()
    expect(school.locator("main")).to_contain_text("高雨桐")
    school.goto("/review/")
    expect(school.get_by_role("heading", name="待审清空了")).to_be_visible()


@pytest.mark.journey
@pytest.mark.rule("SET-03", "SET-07", "ROS-03")
def test_a_school_sets_itself_up_and_looks_at_another_cohort(screens, committed_world):
    from qicheng.domain.orgs.models import Cohort

    world = committed_world
    Cohort.objects.create(year=world.cohort - 1)
    page = screens.open("pc", world.seats[Role.SCHOOL], scripts=False)
    page.goto("/settings/")
    page.get_by_label("毕业生可申请解约的次数").fill("many")
    page.get_by_role("button", name="提交签约设置").click()
    expect(page.locator("#errs")).to_contain_text("解约")
    page.get_by_label("毕业生可申请解约的次数").fill("2")
    page.get_by_role("button", name="提交签约设置").click()
    expect(page.get_by_text("签约设置已提交")).to_be_visible()
    expect(page.get_by_label("毕业生可申请解约的次数")).to_have_value("2")
    page.get_by_label("届别").select_option(str(world.cohort - 1))
    page.get_by_role("button", name="换届别").click()
    expect(page.locator("main")).to_contain_text(f"{world.cohort - 1} 届")
