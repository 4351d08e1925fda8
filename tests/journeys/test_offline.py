"""An agreement stamped on paper, from the phone of a graduate over two reviews to the employer's link, and back to a PDF in force."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import Role
from tests.world import UNIT, picture

from .conftest import WITH_AND_WITHOUT
from .conftest import picture as keep
from .test_main_job import printed

if TYPE_CHECKING:
    from pathlib import Path

PHONE = "13700000077"
TYPED = (
    ("name", UNIT["name"]), ("credit_code", UNIT["credit_code"]), ("address", UNIT["address"]), ("contact", "周岚"),
    ("mobile", "13700000078"), ("post", "工艺工程师"), ("pay", "9000 元/月"), ("archive_receiver", "江临市人才服务中心"),
    ("archive_address", "江临市人民路 8 号"),
)  # fmt: skip
CHOSEN = (
    ("nature", "39"), ("industry", "34"), ("job_category", "13"), ("archive_type", "x_trustee"), ("household_type", "x_home"),
)  # fmt: skip


@pytest.mark.journey
@pytest.mark.rule("OFF-01", "OFF-02", "OFF-03", "REG-10")
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_from_the_phone_to_the_stamp_and_back(screens, site, committed_world, tmp_path: Path, scripts):
    world = committed_world
    graduate = screens.open("phone", world.seats[Role.GRADUATE], scripts=scripts)
    apply(graduate, scripts=scripts)

    college, school = (screens.open("pc", world.seats[role]) for role in (Role.COLLEGE, Role.SCHOOL))
    for reviewer in (college, school):
        approve(reviewer, "陈诚", "工艺工程师")
    site.work()
    send_link(graduate)
    site.work()
    found = re.search(r"http://\S+/s/\S+/", site.gateway.last_to(PHONE))
    assert found is not None

    employer = screens.open("small", scripts=scripts)
    bring_back(employer, found.group(), tmp_path)
    graduate.goto("/")
    expect(graduate.get_by_role("heading", name="等学院审核")).to_be_visible()

    for reviewer in (college, school):
        approve(reviewer, "陈诚", "盖章的就业协议书")
    site.work()
    graduate.goto("/")
    expect(graduate.get_by_role("heading", name="协议已经生效")).to_be_visible()
    graduate.get_by_role("link", name="查看就业协议").click()
    link = graduate.get_by_role("link", name="下载协议书")
    expect(link).to_be_visible()
    text = printed(graduate, str(link.get_attribute("href")))
    assert [words in text for words in (UNIT["name"], "陈诚", "已生效", "签约审核通过")] == [True] * 4


@pytest.mark.journey
@pytest.mark.rule("REG-13", "OFF-03")
@WITH_AND_WITHOUT
def test_who_gives_up_takes_the_link_out_of_the_employers_hands(
    screens, site, committed_world, tmp_path: Path, scripts
):
    world = committed_world
    world.form_approved()
    site.work()
    graduate = screens.open("phone", world.seats[Role.GRADUATE], scripts=scripts)
    send_link(graduate)
    site.work()
    found = re.search(r"http://\S+/s/\S+/", site.gateway.last_to(PHONE))
    assert found is not None
    employer = screens.open("small", scripts=scripts)
    employer.goto(found.group())
    file = tmp_path / "stamped.jpg"
    file.write_bytes(picture(3))
    add(employer, file)

    graduate.goto("/")
    expect(graduate.get_by_text("单位不肯盖章的，可以放弃这次登记")).to_be_visible()
    graduate.get_by_role("link", name="下载、回传协议书").click()
    graduate.get_by_role("link", name="放弃这次登记").click()
    expect(graduate.get_by_text("协议编号不会再用")).to_be_visible()
    graduate.get_by_role("button", name="放弃这次登记").click()
    expect(graduate.get_by_role("heading", level=1)).to_contain_text("毕业生已放弃")

    employer.get_by_role("button", name="提交盖章协议书").click()
    expect(employer.get_by_role("heading", name="这个链接不能用")).to_be_visible()
    employer.goto(found.group())
    expect(employer.get_by_role("heading", name="这个链接不能用")).to_be_visible()
    graduate.goto("/")
    expect(graduate.get_by_role("heading", name="登记毕业去向", exact=True).first).to_be_visible()
    assert Registration.all_rows.get().state == "given_up"


def apply(page: Page, *, scripts: bool) -> None:
    """The form, saved half filled in, mended where the check says so, and submitted."""
    page.goto("/")
    page.get_by_role("link", name="向学校申请电子就业协议书").click()
    expect(page.get_by_text("一次只能生成一份协议书")).to_be_visible()
    for key, value in TYPED:
        page.locator(f"#own #id_{key}").fill(value)
    for key, value in CHOSEN:
        page.locator(f"#own #id_{key}").select_option(value)
    page.get_by_role("button", name="暂存").click()
    expect(page.get_by_text("已暂存，还没有提交")).to_be_visible()
    page.get_by_role("button", name="核对并提交").click()
    expect(page.get_by_role("alert")).to_contain_text("通讯地址还没有选择")
    keep(page, "graduate-check")
    page.get_by_role("link", name="去填写").click()
    choose_place(page, scripts=scripts)
    page.get_by_role("button", name="核对并提交").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="提交审核").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("等待学院审核")


def choose_place(page: Page, *, scripts: bool) -> None:
    """Province, then city, then county; without scripts the page comes back with the next one."""
    for label, value in (("省份", "110000"), ("城市", "110102")):
        page.get_by_label(label).select_option(value)
        if not scripts:
            page.get_by_role("button", name="暂存").click()


def send_link(page: Page) -> None:
    """What has to be done stands in three steps; the link goes to a telephone that the graduate names."""
    page.goto("/")
    page.get_by_role("link", name="下载、回传协议书").click()
    expect(page.get_by_role("link", name="下载协议书")).to_be_visible()
    keep(page, "graduate-stamp", full=True)
    page.get_by_role("link", name="发链接给单位").click()
    page.get_by_label("单位经办人手机").fill(PHONE)
    page.get_by_role("button", name="请单位协助回传").click()
    expect(page.get_by_text("137****0077").first).to_be_visible()
    expect(page.get_by_text("还没有打开")).to_be_visible()


def bring_back(page: Page, address: str, folder: Path) -> None:
    """Without an account: the form is downloaded, the stamped page uploaded, taken out, uploaded again, and handed in."""
    file = folder / "stamped.jpg"
    file.write_bytes(picture(3))
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("回传盖章的就业协议书")
    keep(page, "link")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载协议书 PDF").click()
    assert download.value.path().read_bytes()[:5] == b"%PDF-"
    add(page, file)
    page.get_by_role("button", name=re.compile("移除")).click()
    expect(page.get_by_text("第三步：提交")).to_have_count(0)
    add(page, file)
    page.get_by_role("button", name="提交盖章协议书").click()
    expect(page.get_by_role("heading", name="已经提交")).to_be_visible()
    page.goto(address)
    expect(page.get_by_role("heading", name="这个链接不能用")).to_be_visible()


def add(page: Page, file: Path) -> None:
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="上传图像").click()
    expect(page.get_by_text("已添加 1 份")).to_be_visible()


def approve(page: Page, name: str, shown: str) -> None:
    """J opens the case that waits longest beside the list; what it shows is looked at, then A approves it."""
    page.goto("/review/")
    page.keyboard.press("j")
    panel = page.locator("#panel")
    expect(panel.get_by_role("heading", name=name, exact=True)).to_be_visible()
    expect(panel).to_contain_text(shown)
    page.keyboard.press("a")
    confirm = page.locator("#act").get_by_role("button", name="审核通过")
    expect(page.get_by_text("办好了").first.or_(confirm)).to_be_visible()
    if confirm.count():
        confirm.click()
        expect(page.get_by_text("办好了").first).to_be_visible()
