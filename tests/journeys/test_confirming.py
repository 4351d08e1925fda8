"""What was reported, on the phone of the graduate and the desk of the school: confirmed; or disputed, corrected and confirmed after all."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from qicheng.domain.roster.models import EmploymentRecord
from qicheng.domain.transfer.effects.confirmation import report_due
from qicheng.domain.transfer.models import ConfirmationAnswer
from qicheng.foundation.access import Role
from tests.world import World

pytestmark = [pytest.mark.journey, pytest.mark.rule("CON-01")]


@pytest.fixture
def country(committed):
    return World()


def test_an_approved_signing_is_reported_and_confirmed_on_the_phone(country, screens):
    country.reported()
    phone = screens.open("phone", country.seats[Role.GRADUATE])
    phone.goto("/")
    phone.get_by_role("link", name="核对并确认").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("对不对由你本人确认")
    expect(phone.get_by_text("云岭数据科技有限公司")).to_be_visible()

    phone.get_by_role("button", name="都没有错，确认无误").click()

    expect(phone.get_by_role("heading", level=1)).to_contain_text("你已确认无误")
    assert country.confirmation_of(country.graduate).state == "confirmed"
    phone.goto("/")
    expect(phone.get_by_role("link", name="核对并确认")).to_have_count(0)


@pytest.mark.rule("CON-02")
def test_what_is_disputed_is_corrected_at_the_desk_and_confirmed_again(country, screens):
    country.reported()
    phone = screens.open("phone", country.seats[Role.GRADUATE])
    phone.goto("/confirm/")
    phone.get_by_role("link", name="有误，写明哪里不对").click()
    phone.get_by_label("内容有误").check()
    phone.get_by_role("textbox", name="说明").fill("职位类别应为科学研究人员")
    phone.get_by_role("button", name="说明哪里有误").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("等学校处理")

    desk = screens.open("pc", country.seats[Role.SCHOOL])
    desk.goto("/home/")
    desk.get_by_role("link", name="确认有误，待学校处理").click()
    desk.get_by_role("link", name="陈诚").click()
    expect(desk.get_by_text("职位类别应为科学研究人员").first).to_be_visible()
    desk.get_by_role("link", name="打开登记，改正或作废").click()
    desk.get_by_role("link", name="修改职位类别").first.click()
    desk.get_by_label("职位类别", exact=True).select_option(index=1)
    desk.get_by_role("button", name="修改职位类别").last.click()

    case = country.confirmation_of(country.graduate)
    assert case.state == "unconfirmed"
    phone.goto("/confirm/")
    expect(phone.get_by_text("你提出的问题")).to_be_visible()
    phone.get_by_role("button", name="都没有错，确认无误").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("你已确认无误")
    answers = ConfirmationAnswer.all_rows.order_by("id")
    assert [one.verdict for one in answers] == ["确认有误：毕业去向", "确认无误"]
    assert (
        answers[1].content["destination"]["job_category"]
        == EmploymentRecord.all_rows.get().job_category
        != answers[0].content["destination"]["job_category"]
    )


@pytest.mark.rule("CON-01")
def test_what_a_platform_of_the_school_brings_is_confirmed_a_working_day_later(country, screens):
    country.open_confirmation()
    country.recorded()
    phone = screens.open("phone", country.seats[Role.GRADUATE])
    phone.goto("/confirm/")
    expect(phone.get_by_text("一个工作日后上报，预计")).to_be_visible()
    expect(phone.get_by_role("button", name="都没有错，确认无误")).to_have_count(0)

    report_due(country.confirmation_of(country.graduate).due_at)

    phone.reload()
    phone.get_by_role("button", name="都没有错，确认无误").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("你已确认无误")
