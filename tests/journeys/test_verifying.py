"""A clerk with a phone scans a report, compares, and on another day finds it superseded; the graduate sees every look (VER-01 to VER-04)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import transaction
from playwright.sync_api import expect

from qicheng.domain.roster.effects import amend_record
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.domain.transfer.models import Authorisation, GraduateReport
from qicheng.domain.transfer.queries.verification import address_of
from qicheng.foundation.access import Role
from tests.domain.transfer import outside

from .conftest import picture

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.mark.journey
@pytest.mark.rule("VER-01", "VER-02", "VER-03", "VER-04")
def test_from_the_authorisation_to_the_clerk_and_back(screens, site, committed_world, settings, tmp_path_factory):
    world, address = committed_world, site.address
    outside.with_keys(settings, tmp_path_factory)
    settings.QICHENG_ADDRESS = address
    outside.confirmed(world)

    graduate = screens.open("phone", world.seats[Role.GRADUATE])
    graduate.goto("/transfer/")
    graduate.get_by_label("授权期限").fill("60")
    graduate.get_by_role("button", name="授权核验").click()
    expect(graduate.get_by_text("报告正在生成，一般不到一分钟")).to_be_visible()
    site.work()
    graduate.reload()
    expect(graduate.get_by_role("img", name="联网核验的二维码")).to_be_visible()
    clean(graduate)
    picture(graduate, "graduate-authorises")
    report = GraduateReport.all_rows.get()

    clerk = screens.open("phone")
    clerk.goto(address_of(report.number).removeprefix(address))
    expect(clerk.get_by_role("heading", name="核验通过")).to_be_visible()
    expect(clerk.get_by_text("云岭数据科技有限公司")).to_be_visible()
    expect(clerk.get_by_text("陈诚")).to_have_count(0)
    clean(clerk)
    picture(clerk, "verified", full=True)
    clerk.get_by_role("link", name="再核验一份").click()
    clerk.get_by_label("转递编号或核验编号").fill(report.number.lower())
    clerk.get_by_label("毕业生姓名").fill("陈城")
    clean(clerk)
    clerk.get_by_role("button", name="核验报告").click()
    expect(clerk.get_by_role("heading", name="没有核验到")).to_be_visible()
    clean(clerk)

    school = screens.open("pc", world.seats[Role.SCHOOL])
    school.goto("/transfer/")
    school.get_by_role("link", name="陈诚").click()
    expect(school.get_by_text("扫码，核验通过")).to_be_visible()
    clean(school)

    with transaction.atomic():
        amend_record(
            graduate=world.graduate.pk,
            case=EmploymentRecord.all_rows.get(graduate=world.graduate).case,
            address="学府路2号",
        )
    clerk.goto(address_of(report.number).removeprefix(address))
    expect(clerk.get_by_role("heading", name="已失效")).to_be_visible()
    graduate.reload()
    expect(graduate.get_by_text("扫码，已失效")).to_be_visible()
    assert Authorisation.all_rows.get().state == "lapsed"
    assert not re.search("云岭", clerk.inner_text("main"))


@pytest.mark.journey
def test_the_page_for_a_stick_is_had_by_two_touches_and_works_where_it_is_served(
    screens, site, committed_world, settings, tmp_path_factory
):
    outside.with_keys(settings, tmp_path_factory)
    settings.QICHENG_ADDRESS = site.address
    clerk = screens.open("small")
    clerk.goto("/v/")
    clean(clerk)
    clerk.get_by_role("link", name="不能上网时核验").click()
    expect(clerk.get_by_role("heading", name="核验去向登记信息报告")).to_be_visible()
    expect(clerk.locator("#trust-said")).to_contain_text("公钥 1 把")
    clerk.goto("/v/help/")
    clean(clerk)
    with clerk.expect_download() as fetched:
        clerk.get_by_role("link", name="下载作废名单").click()
    assert re.fullmatch(r"revoked-\d{8}\.cbor", fetched.value.suggested_filename)


def clean(page: Page) -> None:
    """Nothing that axe finds, nothing that sticks out."""
    found: Any = Axe().run(page).response["violations"]
    assert [one["id"] for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
