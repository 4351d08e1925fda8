"""The guide of a school's own platform, read aloud: every step of it, every screenshot, by somebody who has only the guide (BIT-2026)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from qicheng.domain.campus.effects import news
from qicheng.domain.campus.models import DestinationAmendment, FileRegistration, NewsKind, Part
from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.domain.transfer.effects.confirmation import report_due
from qicheng.domain.transfer.models import Mailing
from qicheng.foundation.access import SYSTEM, Area, Role
from qicheng.foundation.flow.perform import perform
from tests.sign_on import LOOPBACK, offer
from tests.world import World, credit_code, picture

from .conftest import DESK
from .test_after_approval import days_pass
from .test_paper_agreement import bring, hand_in

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.sign_on import Campus

    from .conftest import Screens

pytestmark = pytest.mark.journey
PARTS = (Part.PERSONAL, Part.PLATFORM, Part.FILES, Part.CHANGES, Part.APPLICATIONS, Part.NEWS)
# What stands in the screenshots: of the personal information what is locked, what is asked for and what may be left out.
LOCKED = (
    "姓名", "学号", "考生号", "性别", "学院", "学历", "专业", "毕业日期", "民族", "身份证号", "出生日期", "学制", "入学时间", "层次", "培养方式",
    "师范生类别", "定向或委培单位",
)  # fmt: skip
ASKED = (
    "政治面貌", "生源所在地", "困难生类别", "手机", "邮箱", "微信", "QQ", "辅导员/班主任", "班级", "异地书院", "紧急联系人姓名", "紧急联系人手机号",
)  # fmt: skip
SIGNING = (
    "单位名称", "单位所在地", "单位详细地址", "组织机构代码", "单位行业", "单位性质", "单位隶属", "工作职位类别", "单位联系人", "联系方式", "邮箱",
    "传真", "备注信息",
)  # fmt: skip
FORM = "签约协议形式就业"
STREET = "安宁庄路小米科技园"
PREFILLED = {
    "档案转寄单位名称": "小米科技有限责任公司", "档案转寄地区": "北京市昌平区", "档案转寄地址": STREET, "档案转寄联系人": "李华",
    "联系人联系方式": "010-22222222", "邮政编码": "",
}  # fmt: skip
FILE_CHOSEN = (("档案转寄类型", "签约单位接收"), ("户口迁移地址", "自填具体地址"), ("户口迁移类型", "签约单位接收"))
# Which module mends what of the letter, and where it is.
MENDED = {
    "单位名称": ("改签申请", "/campus/changes/unit/"), "单位联系人": ("毕业去向修改", "/campus/changes/destination/"),
    "档案接收单位": ("户档信息修改", "/campus/changes/files/"), "政治面貌": ("个人信息完善", "/campus/personal/"),
}  # fmt: skip
REVIEWED = ("填写完成已提交", "学院审核完成", "学校审核完成")
OWN = (
    ("手机", "13156785678"), ("邮箱", "13156785678@qq.com"), ("微信", "13156785678"), ("辅导员/班主任", "李华"), ("班级", "1班"),
    ("紧急联系人姓名", "李华"), ("紧急联系人手机号", "13356785678"),
)  # fmt: skip
OWN_CHOSEN = (("政治面貌", "13"), ("困难生类别", "0"), ("省份", "320000"), ("城市", "320600"), ("区县", "320681"))
UNIT = (
    ("单位名称", "小米科技有限责任公司"), ("单位详细地址", "小米科技园"), ("组织机构代码", credit_code(77)), ("单位联系人", "李华"),
    ("联系方式", "010-22222222"),
)  # fmt: skip
UNIT_CHOSEN = (
    ("单位行业", "34"), ("单位性质", "39"), ("工作职位类别", "13"), ("省份", "110000"), ("城市", "110114"),
)  # fmt: skip
FILE = (
    "档案转寄类型", "档案转寄单位名称", "档案转寄地区", "档案转寄地址", "邮政编码", "档案转寄联系人", "联系人联系方式", "户口迁移地址",
    "户口迁往地区", "户口迁往地址", "户口迁移类型",
)  # fmt: skip
EDITABLE = "学院辅导员没有审核之前都可以修改或重新填写；辅导员审核以后不能修改"


@pytest.fixture
def country(committed_world: World, campus: Campus, settings: Any) -> World:
    """The school has its platform with its own log-in; the province has opened confirmation and the registration of files."""
    world = committed_world
    settings.QICHENG_SIGN_ON_NETWORKS = LOOPBACK
    world.open_parts(*PARTS)
    world.open_confirmation()
    for area in (Area.ARCHIVE, Area.HOUSEHOLD):
        world.open_transfer(area)
    world.graduate.refresh_from_db()
    campus.tell(people={"chen": world.graduate.student_number}, wrong={}, log_out_to="")
    offer(world.actor(Role.SCHOOL), "cas", campus.cas, claim="xgh")
    today = timezone.localdate()
    news.publish(SYSTEM, world.school.pk, world.cohort, NewsKind.NOTICE, "一对一职业生涯咨询预约通知", "请预约。")
    news.write(world.actor(Role.SCHOOL), world.cohort, {
        "kind": "activity", "title": "职业体验日", "text": "带学生证。", "dated_on": today, "is_pinned": False, "day": today, "begins": "14:00",
        "last_day": None, "ends": "16:30", "place": "体育馆",
    })  # fmt: skip
    return world


@pytest.mark.rule("CAM-01", "CAM-02", "CAM-03", "CAM-04", "CAM-06", "CAM-07", "CAM-08", "CAM-09", "CON-01", "MAIL-01")
def test_the_guide_of_the_platform_leads_from_the_log_in_to_the_posted_archive(
    country: World, campus: Campus, screens: Screens, databases: Any, tmp_path: Path
):
    agreement = tmp_path / "IMG_2031.jpg"
    agreement.write_bytes(picture(7))
    screens.let_go_to(campus.address)
    page = screens.open("phone")
    college, school = (screens.open("pc", country.seats[role], viewport=DESK) for role in (Role.COLLEGE, Role.SCHOOL))

    # 一 1: 统一身份认证, at the school's own page.
    page.goto("/")
    page.get_by_role("link", name="统一身份认证").click()
    page.get_by_role("link", name=country.school.name).click()
    page.locator("[name=username]").fill("chen")
    page.locator("[name=password]").fill("of-chen")
    page.get_by_role("button", name="登录").click()

    # 一 2: 手续办理; on the same page the notices and the month of the screenshot of 一 1.
    page.get_by_role("link", name="手续").click()
    expect(page.get_by_role("heading", level=1, name="手续办理")).to_be_visible()
    expect(page.get_by_role("link", name="一对一职业生涯咨询预约通知")).to_be_visible()
    busy = page.locator("table.cal td.is-busy")
    expect(busy).to_have_text(f"{timezone.localdate().day} 日，1 个活动")
    assert page.locator("table.cal th").all_inner_texts() == list("日一二三四五六")

    expect(page.locator(".tasks li", has_text="毕业去向登记")).to_contain_text("「个人信息完善」办好以后开放")

    # 一 3: 个人信息完善.
    page.get_by_role("link", name="个人信息完善").first.click()
    tell_of_oneself(page)

    # 一 4: 毕业去向登记, its line of steps, 就业形式 and the fields of the screenshot.
    to(page, "毕业去向登记")
    register(page, agreement)
    perform(Registration.all_rows.get(), "approve", country.actor(Role.COLLEGE))
    refuse(school)
    to(page, "毕业去向登记")
    top = page.locator("main").inner_text()
    assert top.index("学校审核未通过，按要求修改后再次提交") < top.index("测试") < top.index("组织机构代码")
    page.get_by_label("单位详细地址").fill(STREET)
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("等待学院审核")

    # 一 5: 户档信息登记, and 保存 once more as long as the 辅导员 has not reviewed it.
    to(page, "户档信息登记")
    say_where_the_file_goes(page)
    to(page, "户档信息登记")
    page.get_by_label("档案转寄联系人").fill("周岚")
    page.get_by_role("button", name="保存修改").click()
    expect(page.get_by_role("definition").filter(has_text="周岚")).to_be_visible()

    # 一 6: both levels approve both; a working day later it is confirmed, and a working day after that the post can be asked for.
    country.approved(Registration.all_rows.get())
    approve_the_file(college)
    perform(FileRegistration.all_rows.get(), "approve", country.actor(Role.SCHOOL))
    expect(step(page, "国家平台确认")).to_contain_text("一个工作日以后上报，上报以后确认")
    confirm(page, country)
    page.goto("/campus/")
    page.get_by_role("link", name="档案邮寄申请").first.click()
    expect(page.get_by_role("heading", name="起开放")).to_be_visible()
    days_pass(databases)

    # 二: 档案邮寄申请, 申请邮寄; each part that may be wrong leads to what mends it.
    page.reload()
    page.get_by_role("button", name="申请邮寄").click()
    expect(page.get_by_role("button", name="确认并提交")).to_be_visible()
    mended = page.locator(".card", has_text="有误的")
    leads = {label: mended.filter(has_text=label).first.get_by_role("link") for label in MENDED}
    assert {label: (link.inner_text(), link.get_attribute("href")) for label, link in leads.items()} == MENDED

    # 二, the screenshots: 毕业去向修改, old and new side by side, both levels.
    leads["单位联系人"].click()
    page.get_by_role("textbox", name="单位联系人").fill("周敏")
    page.get_by_role("textbox", name="修改原因").fill("联系人换了")
    page.get_by_role("button", name="保存，核对并提交").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("已保存，未提交")
    side_by_side(page)
    page.get_by_role("button", name="提交申请").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("等待学院审核")
    approve_the_change(college)
    assert EmploymentRecord.all_rows.get().contact == "李华"
    perform(DestinationAmendment.all_rows.get(), "approve", country.actor(Role.SCHOOL))
    assert EmploymentRecord.all_rows.get().contact == "周敏"
    confirm(page, country)
    days_pass(databases)
    to(page, "档案邮寄申请")
    expect(page.locator("main")).to_contain_text("周敏")
    page.get_by_role("button", name="确认并提交").click()
    expect(page.get_by_text("已经提交，等学校寄出。")).to_be_visible()
    assert Mailing.all_rows.get().letter["unit_contact"] == "周敏"


def to(page: Page, name: str) -> None:
    """By the line of steps, as whoever comes back does."""
    page.goto("/campus/")
    page.locator(".tasks").get_by_role("link", name=name).click()


def step(page: Page, name: str) -> Locator:
    """One step of the line."""
    page.goto("/campus/")
    return page.locator(".tasks li", has_text=name)


def stations(page: Page) -> list[str]:
    """The line of steps above a form."""
    return [words.split("\n")[0] for words in page.locator(".relay li").all_inner_texts()]


def labels(page: Page) -> list[str]:
    """What a form asks for, in its order."""
    found = page.locator("#own").locator("label:not(.sr):not(:has(input)), legend").all_inner_texts()
    return [words.replace("选填", "").replace("*", "").strip() for words in found]


def tell_of_oneself(page: Page) -> None:
    """What only the school changes, then what is asked for, in the order of the screenshot."""
    assert page.locator("dl.kv").first.locator("dt").all_inner_texts() == list(LOCKED)
    assert labels(page) == list(ASKED)
    for label, code in OWN_CHOSEN:
        page.get_by_label(label, exact=True).select_option(code)
    for label, value in OWN:
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_text("个人信息已提交，学校名单里的信息同步更新。")).to_be_visible()


def register(page: Page, agreement: Path) -> None:
    """The type, the form, the stamped agreement."""
    page.locator("summary", has_text=FORM).click()
    page.get_by_role("link", name=re.compile(f"登记这一类.*{FORM}")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(FORM)
    assert stations(page) == ["毕业去向类型", "填写签约信息", *REVIEWED]
    own = page.locator("#own")
    assert labels(page) == list(SIGNING)
    for label, value in UNIT:
        own.get_by_role("textbox", name=label, exact=True).fill(value)
    for label, code in UNIT_CHOSEN:
        own.get_by_label(label, exact=True).select_option(code)
    page.get_by_role("button", name="提交", exact=True).click()
    bring(page, [agreement])
    hand_in(page)


def refuse(page: Page) -> None:
    """The school says 审核不通过, with the reason of the screenshot."""
    page.goto("/review/")
    page.get_by_role("link", name="陈诚").click()
    page.locator("#panel").get_by_role("link", name="审核不通过").click()
    sheet = page.get_by_role("dialog", name="审核不通过")
    sheet.get_by_role("radio").last.check()
    sheet.get_by_role("textbox", name="说明").fill("测试")
    sheet.get_by_role("button", name="审核不通过").click()
    expect(page.get_by_role("heading", name="待审清空了")).to_be_visible()


def say_where_the_file_goes(page: Page) -> None:
    """What was prefilled from the unit, the three choices of the household's address, the one thing that the unit does not say."""
    own = page.locator("#own")
    assert stations(page) == ["毕业去向登记", "填写户档信息", *REVIEWED]
    expect(page.get_by_text(EDITABLE)).to_be_visible()
    assert labels(page) == list(FILE)
    assert {label: own.get_by_label(label, exact=True).input_value() for label in PREFILLED} == PREFILLED
    assert own.get_by_role("radiogroup", name="户口迁移地址").get_by_role("radio").count() == 3
    for group, chosen in FILE_CHOSEN:
        expect(own.get_by_role("radiogroup", name=group).get_by_role("radio", name=chosen)).to_be_checked()
    own.get_by_label("邮政编码", exact=True).fill("100085")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("已提交，等待学院审核")


def approve_the_file(page: Page) -> None:
    """The 辅导员 sees it beside the unit, as it was edited last."""
    page.goto("/campus/files/review/")
    page.get_by_role("link", name="陈诚").click()
    expect(page.locator("main")).to_contain_text("周岚")
    page.get_by_role("button", name="审核通过").click()
    expect(page.get_by_role("heading", name="待审清空了")).to_be_visible()


def confirm(page: Page, world: World) -> None:
    """Reported by the worker on the working day that was promised, confirmed by the graduate."""
    page.goto("/confirm/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("登记的信息还没有上报")
    report_due(world.confirmation_of(world.graduate).due_at)
    page.reload()
    page.get_by_role("button", name="都没有错，确认无误").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("你已确认无误")


def side_by_side(page: Page) -> None:
    """Old and new, of what differs."""
    row = page.locator("table.diff tr.is-diff")
    expect(row.locator("th, td")).to_have_text(["单位联系人", "李华", "周敏"])


def approve_the_change(page: Page) -> None:
    """The 辅导员 sees the same difference."""
    page.goto("/campus/changes/review/destination/")
    page.get_by_role("link", name="陈诚").click()
    side_by_side(page)
    page.get_by_role("button", name="审核通过").click()
    expect(page.get_by_role("row", name="陈诚")).to_contain_text("待学校审核")
