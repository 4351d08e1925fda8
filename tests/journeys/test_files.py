"""File and household: a graduate applies on the phone, college and school review, it is registered; staff edit it and the graduate is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from qicheng.domain.transfer.models import ArchiveRecord
from qicheng.foundation.access import Area, Role

from .conftest import DESK, WITH_AND_WITHOUT

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.journey
ASKED = (
    ("receiver", "北京市海淀区人才服务中心"), ("address", "北四环西路52号"), ("contact", "吴芳"), ("phone", "010-33333333"), ("postcode", "100190"),
)  # fmt: skip


def write(page: Page, *, scripts: bool) -> None:
    """Fill in what the type asks; without scripts the page comes back once with the districts of the province."""
    page.get_by_text("托管单位接收", exact=True).click()
    for name, value in ASKED:
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=area_province]").select_option("110000")
    if not scripts:
        page.get_by_role("button", name="暂存").click()
    page.locator("[name=area_city]").select_option("110108")
    page.get_by_role("button", name="核对并提交").click()


@pytest.mark.rule("ARC-01", "ARC-04", "ARC-05")
@WITH_AND_WITHOUT
def test_from_the_application_on_the_phone_to_the_record_and_an_edit_that_is_told(
    screens, site, committed_world, scripts
):
    world = committed_world
    world.open_transfer(Area.ARCHIVE, world.neighbour)
    world.open_transfer(Area.ARCHIVE)
    graduate = screens.open("phone", world.seats[Role.GRADUATE], scripts=scripts)
    college, school = (
        screens.open("pc", world.seats[role], viewport=DESK, scripts=scripts) for role in (Role.COLLEGE, Role.SCHOOL)
    )
    graduate.goto("/")
    graduate.get_by_role("link", name="登记档案、户口去处").click()
    graduate.get_by_role("link", name="申请登记档案信息").click()
    if scripts:
        expect(graduate.locator("[name=receiver]")).to_be_hidden()
    write(graduate, scripts=scripts)
    expect(graduate.get_by_text("北京市海淀区人才服务中心")).to_be_visible()
    graduate.get_by_role("button", name="提交审核").click()
    expect(graduate.get_by_role("heading", level=1)).to_contain_text("审核中，等待学院审核")

    for reviewer in (college, school):
        reviewer.goto("/home/")
        reviewer.get_by_role("link", name="待我审核的档案申请").click()
        reviewer.get_by_role("link", name="陈诚").click()
        expect(reviewer.get_by_role("cell", name="北四环西路52号").first).to_be_visible()
        reviewer.get_by_role("button", name="审核通过").click()
        expect(reviewer.get_by_role("heading", name="待审清空了")).to_be_visible()
    graduate.goto("/files/")
    expect(graduate.get_by_text("来自：档案信息修改申请")).to_be_visible()
    record = ArchiveRecord.all_rows.get(graduate=world.graduate)
    assert (record.kind, record.receiver, record.region) == ("x_trustee", ASKED[0][1], "110108")

    school.goto("/files/archive/")
    school.get_by_role("link", name="登记成功 1").click()
    school.get_by_role("link", name="陈诚").click()
    school.get_by_role("link", name="修改档案信息").click()
    school.locator("[name=contact]").fill("郑芳")
    school.locator("[name=words]").fill("接收单位换了联系人")
    school.get_by_role("button", name="保存档案信息").click()
    expect(school.get_by_text("档案信息已修改，毕业生会收到消息")).to_be_visible()
    site.work()
    graduate.goto("/messages/")
    graduate.get_by_role("link", name="老师修改了你的档案信息").click()
    expect(graduate.get_by_text("郑芳", exact=True)).to_be_visible()
    assert "修改了你登记的档案信息" in site.gateway.last_to(world.graduate.phone)
