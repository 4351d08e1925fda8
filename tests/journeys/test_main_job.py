"""The main job from end to end, as four people on their own screens: roster, invitation, answer, two reviews, agreement, figures."""

from __future__ import annotations

import re
from collections import Counter
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from qicheng.foundation.access import Role
from tests.world import PASSWORD, identity_number

from . import roster
from .conftest import log_in, picture

if TYPE_CHECKING:
    from pathlib import Path

OWN_PASSWORD = "三月的江水-2026"


def figures(page: Page) -> dict[str, int]:
    """The numbers on a school's home page, by their words; where several ways have the same words, all together."""
    page.goto("/home/")
    counted = page.locator(".counts a").evaluate_all(
        "all => all.map(a => [a.childNodes[0].textContent.trim(), a.querySelector('b').textContent])"
    )
    numbers: Counter[str] = Counter()
    for label, number in counted:
        numbers[label] += int(number.replace(",", ""))
    return numbers


def printed(page: Page, address: str) -> str:
    """The text of the PDF that a link of the page leads to, without blanks."""
    answer = page.request.get(address)
    assert answer.headers["content-type"] == "application/pdf"
    return re.sub(r"\s", "", "".join(sheet.extract_text() for sheet in PdfReader(BytesIO(answer.body())).pages))


@pytest.mark.journey
@pytest.mark.rule(
    "ROS-01", "IMP-01", "IMP-02", "IMP-03", "SIGN-01", "SIGN-03", "SIGN-05", "SIGN-06", "REG-11", "HOME-01"
)
def test_from_the_roster_to_the_agreement(screens, site, committed_world, tmp_path: Path):
    world = committed_world
    school = screens.open("pc")
    log_in(school, "school", world.seats[Role.SCHOOL].account.login, PASSWORD)
    upload_roster(school, site, world, tmp_path)
    before = figures(school)

    graduate = screens.open("phone")
    come_in_for_the_first_time(graduate, site)
    employer = screens.open("pc")
    log_in(employer, "employer", world.seats[Role.EMPLOYER].account.login, PASSWORD)
    invite(employer)

    accept(graduate)
    college = screens.open("pc")
    log_in(college, "school", world.seats[Role.COLLEGE].account.login, PASSWORD)
    approve_by_keyboard(college, "李𬱖")
    expect(college.get_by_role("heading", name="待审清空了")).to_be_visible()
    assert figures(school)["待我审核"] == before["待我审核"] + 1
    approve_by_keyboard(school, "李𬱖")

    site.work()
    for page, shown in ((graduate, "李𬱖"), (employer, "云岭数据科技有限公司")):
        page.reload()
        link = page.get_by_role("link", name="下载协议书")
        expect(link).to_be_visible()
        text = printed(page, str(link.get_attribute("href")))
        assert shown in text
        assert "李𬱖" in text
        assert "云岭数据科技有限公司" in text
        assert "江临大学" in text
    picture(graduate, "graduate-signed")
    after = figures(school)
    picture(school, "school-home")
    changed = {label: after[label] - before[label] for label in before if after[label] != before[label]}
    assert changed == {"签约审核通过": 1}


def upload_roster(page: Page, site: Any, world: Any, folder: Path) -> None:
    """Two good lines, with a rare character and a middle dot, and one whose identity number has a slip."""
    people = [
        ("李𬱖", identity_number(401)),
        ("阿依古丽·买买提", identity_number(402, woman=True)),
        ("周予安", identity_number(403)[:-1] + "0"),
    ]
    assert people[2][1] != identity_number(403)
    lines = [roster.line(world.school, world.college, 401 + n, *person) for n, person in enumerate(people)]
    file = folder / "江临大学2026届毕业生.xlsx"
    file.write_bytes(roster.workbook(lines))
    page.goto("/imports/")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="上传并核对").click()
    expect(page.get_by_role("heading", name=file.name)).to_be_visible()
    site.work()
    page.reload()
    counts = page.get_by_role("navigation", name="核对结果")
    expect(counts.get_by_role("link", name=re.compile("要修改"))).to_contain_text("1")
    expect(counts.get_by_role("link", name=re.compile("新增"))).to_contain_text("2")
    expect(page.locator("#main")).to_contain_text("周予安")
    picture(page, "school-import")
    page.get_by_role("button", name="写入 2 行").click()
    expect(page.get_by_role("button", name="写入 2 行")).to_have_count(0)
    site.work()
    page.reload()
    page.get_by_role("link", name="看学生名单").first.click()
    for name, _ in people[:2]:
        expect(page.get_by_role("rowheader", name=name)).to_be_visible()
    expect(page.get_by_text("周予安")).to_have_count(0)


def come_in_for_the_first_time(page: Page, site: Any) -> None:
    """Three things that the roster knows, a code on the phone, an own password; then the own data, line by line."""
    page.goto("/")
    page.get_by_role("link", name="第一次登录").click()
    page.get_by_label("姓名").fill("李𬱖")
    page.get_by_label("身份证号").fill(identity_number(401).lower())
    page.get_by_label("考生号").fill("22110101000401")
    page.get_by_role("button", name="发送验证码").click()
    page.wait_for_url("**/login/code/**")
    site.work()
    page.get_by_label("短信验证码").fill(site.code_for("13700000401"))
    page.get_by_label("新密码", exact=True).fill(OWN_PASSWORD)
    page.get_by_label("再输一次新密码").fill(OWN_PASSWORD)
    page.get_by_role("button", name="设好密码并登录").click()
    page.get_by_role("link", name="去核对").click()
    expect(page.get_by_role("heading", name="请核对个人信息")).to_be_visible()
    expect(page.locator("main")).to_contain_text("计算机科学与技术")
    page.get_by_role("button", name="信息确认无误，进入系统").click()
    expect(page.get_by_role("heading", name="登记毕业去向")).to_be_visible()


def invite(page: Page) -> None:
    """Found by name and number alone; everything is shown once more before it is sent."""
    page.get_by_role("link", name="发出邀请").first.click()
    page.get_by_label("姓名").fill("李𬱖")
    page.get_by_label("身份证号或考生号").fill(identity_number(401))
    page.get_by_role("button", name="查找毕业生").click()
    page.get_by_label("职位类别").select_option("13")
    for label, value in (("岗位名称", "数据分析师"), ("转正起薪", "8000 元/月"), ("试用期", "3个月"), ("实际工作地点", "江临市高新区"),
                         ("档案转递单位名称", "江临市人才服务中心"), ("档案转递单位地址", "江临市人民路 8 号")):  # fmt: skip
        page.get_by_label(label, exact=False).first.fill(value)
    page.get_by_label("档案转递类型").select_option("x_trustee")
    page.get_by_label("户口迁移类型").select_option("x_home")
    picture(page, "employer-invite")
    page.get_by_role("button", name="核对内容").click()
    expect(page.get_by_role("heading", name="核对签约邀请")).to_be_visible()
    expect(page.locator("main")).to_contain_text("8000 元/月")
    page.get_by_role("button", name="发出邀请").click()
    expect(page.get_by_text("邀请已发出")).to_be_visible()


def accept(page: Page) -> None:
    """The invitation is the one thing to do; saying yes asks for the password again."""
    page.reload()
    picture(page, "graduate-home")
    expect(page.get_by_role("heading", name="回应签约邀请")).to_contain_text("云岭数据科技有限公司")
    page.get_by_role("link", name="查看并回应").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("想与你签约")
    picture(page, "graduate-invitation")
    page.get_by_role("link", name="同意签约").click()
    sheet = page.get_by_role("dialog", name="与云岭数据科技有限公司签约")
    sheet.get_by_label("登录密码").fill(OWN_PASSWORD)
    sheet.get_by_role("button", name="确认签约").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("等待学院审核")


def approve_by_keyboard(page: Page, name: str) -> None:
    """J opens the case that waits longest beside the list, A approves it; the hand never leaves the keyboard."""
    page.goto("/review/")
    expect(page.get_by_role("rowheader", name=name)).to_be_visible()
    page.keyboard.press("j")
    panel = page.locator("#panel")
    expect(panel.get_by_role("heading", name=name)).to_be_visible()
    expect(panel).to_contain_text("数据分析师")
    page.keyboard.press("a")
    expect(page.get_by_text("办好了")).to_be_visible()
