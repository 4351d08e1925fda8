"""Other destinations on the phone: three questions lead to a type, it is proven and approved, annulled, and replaced by another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.foundation.access import Role
from tests.world import UNIT, picture

from .conftest import DESK
from .test_offline import approve
from .test_paper_agreement import bring, hand_in

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.journey
CONTRACT = (
    ("name", UNIT["name"]), ("credit_code", UNIT["credit_code"]), ("area", "江苏省苏州市昆山市"), ("address", "前进路 6 号"), ("contact", "周岚"),
    ("mobile", "13700000078"), ("post", "工艺工程师"), ("from_on", "2026-07-01"), ("until_on", "2029-06-30"), ("pay", "9000"),
)  # fmt: skip
STUDIES = (("school", "南京大学"), ("department", "物理学院"), ("major", "理论物理"))


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The photo of a page."""
    path = tmp_path / "IMG_2042.jpg"
    path.write_bytes(picture(4))
    return path


@pytest.mark.rule("DES-01", "DES-05", "REG-10")
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_from_three_questions_to_a_contract_and_on_to_further_study(screens, committed_world, image: Path, scripts):
    world = committed_world
    graduate = screens.open("phone", world.seats[Role.GRADUATE], scripts=scripts)
    college, school = (screens.open("pc", world.seats[role], viewport=DESK) for role in (Role.COLLEGE, Role.SCHOOL))
    graduate.goto("/")
    graduate.get_by_role("link", name="选择怎么登记").click()
    graduate.get_by_role("link", name="说不准是哪一类").click()
    for answer in ("有单位要我，或者已经在工作", "签了劳动合同（聘用合同）"):
        graduate.get_by_text(answer).click()
        graduate.get_by_role("button", name="看下一步").click()
    expect(graduate.get_by_role("heading", name="签劳动合同就业", level=1)).to_be_visible()
    graduate.get_by_role("link", name="登记这一类").click()
    graduate.get_by_text("固定期限", exact=True).click()
    write(graduate, CONTRACT, ("nature", "39"), ("industry", "34"), ("job_category", "13"))
    graduate.get_by_role("button", name="核对并提交").click()
    bring(graduate, [image])
    hand_in(graduate)
    for reviewer in (college, school):
        approve(reviewer, "陈诚", "工艺工程师")

    graduate.goto("/")
    expect(graduate.get_by_role("heading", name="去向登记已经生效")).to_be_visible()
    graduate.get_by_role("link", name="查看登记", exact=True).click()
    graduate.get_by_role("link", name="作废这条去向").click()
    expect(graduate.get_by_text("不用老师审核，作废以后立即失效")).to_be_visible()
    graduate.get_by_role("button", name="作废这条去向").click()
    expect(graduate.get_by_role("heading", level=1)).to_contain_text("已作废")
    school.goto("/lists/voided/")
    school.get_by_role("link", name="陈诚").click()
    expect(school.get_by_text("工艺工程师")).to_be_visible()

    graduate.goto("/")
    graduate.get_by_role("link", name=re.compile("^升学")).click()
    graduate.get_by_role("link", name=re.compile("登记这一类.*境内升学")).click()
    write(graduate, STUDIES, ("study_form", "x_full"))
    for chosen in ("研究生", "硕士研究生"):
        graduate.get_by_text(chosen, exact=True).click()
    graduate.get_by_role("button", name="核对并提交").click()
    bring(graduate, [image])
    hand_in(graduate)
    school.goto("/lists/voided/")
    expect(school.get_by_role("heading", name="这里还没有登记")).to_be_visible()
    states = Registration.all_rows.order_by("pk").values_list("kind", "state")
    assert list(states) == [("contract", "cancelled"), ("study_at_home", "college_review")]
    assert EmploymentRecord.all_rows.get().destination == "70"


@pytest.mark.rule("ROS-06", "DES-01")
def test_who_is_directed_sees_one_type_with_the_unit_of_the_school(screens, committed_world, image: Path):
    world = committed_world
    directed = world.new_graduate("沈知远", world.college, training_mode="21", directed_unit="江南省水利厅")
    page = screens.open("phone", world.graduate_seat(directed))
    page.goto("/")
    page.get_by_role("link", name="定向/委培毕业去向补充登记").click()
    expect(page.get_by_text("单位由学校上传：江南省水利厅")).to_be_visible()
    expect(page.get_by_role("link", name="说不准是哪一类")).to_have_count(0)
    assert page.goto("/go/agreement/").status == 404
    page.goto("/go/new/contract/")
    expect(page.get_by_role("heading", name="登记去向")).to_be_visible()
    expect(page.locator("#own")).to_have_count(0)
    page.goto("/go/new/directed/")
    write(page, (), ("archive_type", "x_home"), ("household_type", "x_home"))
    page.get_by_role("button", name="核对并提交").click()
    expect(page.locator("main")).to_contain_text("江南省水利厅")
    bring(page, [image])
    hand_in(page)
    approve(screens.open("pc", world.seats[Role.COLLEGE], viewport=DESK), "沈知远", "江南省水利厅")


def write(page: Page, typed: tuple[tuple[str, str], ...], *chosen: tuple[str, str]) -> None:
    """What is typed into the form, and what is chosen from its selects."""
    for key, value in typed:
        page.locator(f"#own #id_{key}").fill(value)
    for key, value in chosen:
        page.locator(f"#own #id_{key}").select_option(value)
