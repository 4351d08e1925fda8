"""A unit comes from nowhere: it registers, the operator verifies it, and it invites from a workbook."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from qicheng.foundation.access import Role
from tests.world import PASSWORD, credit_code

from .conftest import log_in, picture
from .country import image

if TYPE_CHECKING:
    from pathlib import Path

OWN_PASSWORD = "青禾的春天-2026"
CODE = credit_code(31_415)


@pytest.mark.journey
@pytest.mark.rule("EMP-01", "EMP-04", "EMP-05")
def test_from_registration_to_many_invitations(screens, site, committed_world, tmp_path: Path):
    world = committed_world
    unit, operator = screens.open("pc"), screens.open("pc")
    register(unit)
    log_in(unit, "employer", "qinghe", OWN_PASSWORD)
    expect(unit.locator("main")).to_contain_text("核验")
    expect(unit.get_by_role("link", name="发出邀请")).to_have_count(0)

    log_in(operator, "province", world.seats[Role.MINISTRY].account.login, PASSWORD)
    verify(operator)

    invite_many(unit, world, tmp_path)
    phone = screens.open("phone", world.seats[Role.GRADUATE])
    phone.goto("/")
    expect(phone.get_by_role("heading", name="回应签约邀请")).to_contain_text("青禾农业科技有限公司")


def register(page: Page) -> None:
    """Three selects lead to the county; a slip in the credit code is counted and shown while typing."""
    page.goto("/login/?kind=employer")
    page.get_by_role("link", name="单位注册").click()
    page.get_by_label("单位名称").fill("青禾农业科技有限公司")
    page.get_by_label("统一社会信用代码").fill(CODE[:-1])
    expect(page.locator("#r-id_credit_code")).to_contain_text("还差 1 位")
    page.get_by_label("统一社会信用代码").fill(CODE)
    page.get_by_label("单位性质").select_option("39")
    page.get_by_label("单位行业").select_option("11")
    page.locator("#id_area").select_option(label="江苏省")
    page.locator("#area_city").select_option(label="南京市")
    page.locator("#area_county").select_option(label="玄武区")
    for label, value in (("详细地址", "中山路 8 号"), ("联系人邮箱", "song@example.com"), ("联系人手机", "13122222222"), ("登录名", "qinghe"),
                         ("你的姓名", "宋经理")):  # fmt: skip
        page.get_by_label(label).fill(value)
    page.get_by_label("联系人", exact=True).fill("宋经理")
    page.locator("input[type=file]").set_input_files(
        {"name": "营业执照.png", "mimeType": "image/png", "buffer": image()}
    )
    page.get_by_label("密码", exact=True).fill(OWN_PASSWORD)
    page.get_by_label("再输一次密码").fill(OWN_PASSWORD)
    page.get_by_role("button", name="提交注册").click()
    expect(page.get_by_role("heading", name="注册已收到")).to_be_visible()


def verify(page: Page) -> None:
    """The operator sees what was sent in, with the licence, and verifies it."""
    page.goto("/gov/employers/")
    page.get_by_role("link", name="青禾农业科技有限公司").click()
    expect(page.get_by_role("img", name="营业执照或登记证书")).to_be_visible()
    page.get_by_role("link", name="核验通过").click()
    page.get_by_role("button", name="核验通过").click()
    expect(page.get_by_text("办好了")).to_be_visible()


def invite_many(page: Page, world: object, folder: Path) -> None:
    """The template is filled in with two graduates, one of whom nobody knows; what can be sent is sent."""
    page.goto("/org/invites/batch/")
    with page.expect_download() as coming:
        page.get_by_role("link", name="下载模板").click()
    book = load_workbook(BytesIO(coming.value.path().read_bytes()))
    sheet = book.worksheets[0]
    columns = {str(cell.value).strip(): cell.column for cell in sheet[1] if cell.value}
    person = world.graduate  # type: ignore[attr-defined]
    for row, (name, number) in enumerate(((person.name, person.id_number), ("没有此人", person.id_number)), start=2):
        for heading, value in (("姓名", name), ("身份证号或考生号", number), ("岗位名称", "农艺师"), ("职位类别", "13"), ("档案转递类型", "x_home"),
                               ("户口迁移类型", "x_home"), ("应约有效期（天）", 5)):  # fmt: skip
            sheet.cell(row, columns[heading]).value = value
    file = folder / "邀请.xlsx"
    book.save(file)
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="上传并检查").click()
    expect(page.locator("main")).to_contain_text("可以发出 1 行，有问题 1 行")
    picture(page, "employer-batch")
    page.get_by_role("button", name="发出 1 份邀请").click()
    expect(page.get_by_role("heading", name="已发出")).to_be_visible()
    page.goto("/org/invites/?state=invited")
    expect(page.get_by_role("link", name=person.name)).to_be_visible()
