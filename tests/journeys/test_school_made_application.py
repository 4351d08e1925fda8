"""A school builds an application of its own in the browser, and a graduate completes it on a phone (CAM-05)."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from qicheng.domain.campus.models import Part
from qicheng.foundation.access import Role
from tests.world import picture as photograph

from .conftest import picture

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Screens


@pytest.fixture
def photo(tmp_path: Path, settings: Any) -> Path:
    settings.QICHENG_FILES = tmp_path / "files"
    path = tmp_path / "letter.jpg"
    path.write_bytes(photograph(3))
    return path


@pytest.mark.journey
@pytest.mark.rule("CAM-05")
def test_a_school_builds_an_application_and_a_graduate_completes_it(
    screens: Screens, committed_world: Any, photo: Path
) -> None:
    world = committed_world
    world.open_parts(Part.APPLICATIONS)
    school = screens.open("pc", world.seats[Role.SCHOOL])
    build(school)
    try_out(school)
    school.get_by_role("button", name="发布第 1 版").click()
    expect(school.get_by_text("已发布，毕业生现在就能填。")).to_be_visible()

    graduate = screens.open("phone", world.seats[Role.GRADUATE])
    complete(graduate, photo)
    college = screens.open("pc", world.seats[Role.COLLEGE])
    for reviewer in (college, school):
        approve(reviewer)

    graduate.reload()
    expect(graduate.get_by_role("heading", name="已办结")).to_be_visible()
    picture(graduate, "graduate-application-done")
    link = str(graduate.get_by_role("link", name="下载打印结果").get_attribute("href"))
    answer = graduate.request.get(link)
    text = "".join("".join(sheet.extract_text() for sheet in PdfReader(BytesIO(answer.body())).pages).split())
    for words in ("在读证明", "陈诚，计算机学院，因办理签证申请开具，用于留学签证。", "江临大学（盖章）"):
        assert words in text


def build(page: Page) -> None:
    """A condition, a proof, two levels, a printed result: entry by entry."""
    page.goto("/home/")
    page.get_by_role("link", name="申请事项设计").click()
    page.get_by_role("link", name="新建申请事项").first.click()
    page.locator("#id_title").fill("在读证明")
    page.locator("#id_about").fill("毕业以前需要学校证明在读的，在这里申请。")
    page.get_by_role("button", name="新建申请事项").click()

    page.get_by_role("link", name="添加一项").click()
    entry(page, "用途", "单选")
    page.locator("#id_options").fill("办理签证\n银行开户")
    page.locator("#id_required").check()
    page.get_by_role("button", name="保存，再添加一项").click()
    entry(page, "签证的种类", "填一行字")
    expect(page.locator("#id_options")).to_be_hidden()
    page.locator("#id_required").check()
    page.get_by_label("用途：办理签证").check()
    picture(page, "school-builds-entry")
    page.get_by_role("button", name="保存，再添加一项").click()
    entry(page, "邀请函", "上传证明材料")
    page.get_by_role("button", name="保存这一项").click()
    expect(page.locator("ol.kept > li")).to_have_count(3)

    page.get_by_role("link", name="改办理规则").click()
    page.get_by_label("学院审核，再学校审核").check()
    page.locator("#id_result_title").fill("在读证明")
    page.locator("#id_result_text").fill("{姓名}，{学院}，因{用途}申请开具，用于{签证种类}。")
    page.get_by_role("button", name="保存办理规则").click()
    expect(page.locator("#errs")).to_contain_text("打印件的正文里的 {签证种类} 不知道是哪一项")
    page.locator("#id_result_text").fill("{姓名}，{学院}，因{用途}申请开具，用于{签证的种类}。")
    page.get_by_role("button", name="保存办理规则").click()
    expect(page.get_by_text("已保存。打印的结果可以预览。")).to_be_visible()
    picture(page, "school-builds-application", full=True)


def entry(page: Page, label: str, kind: str) -> None:
    """What every entry is asked for."""
    page.locator("#id_label").fill(label)
    page.get_by_label(kind, exact=True).check()


def try_out(page: Page) -> None:
    """The form as graduates see it: the condition opens and closes a field, the check is theirs, nothing is kept."""
    page.get_by_role("link", name="预览").click()
    expect(page.locator("#id_f2")).to_be_hidden()
    page.get_by_label("办理签证").check()
    expect(page.locator("#id_f2")).to_be_visible()
    page.get_by_role("button", name="试一试能不能提交").click()
    expect(page.locator("#errs")).to_contain_text("签证的种类还没有填写")
    page.get_by_label("银行开户").check()
    page.get_by_role("button", name="试一试能不能提交").click()
    expect(page.get_by_text("这样填可以提交。")).to_be_visible()
    picture(page, "school-previews-application", full=True)
    sample = page.request.get(str(page.get_by_role("link", name="看打印样张").get_attribute("href")))
    assert "（样张）" in PdfReader(BytesIO(sample.body())).pages[0].extract_text()
    page.get_by_role("link", name="在读证明").click()


def complete(page: Page, photo: Path) -> None:
    """From the list to the submission, with a wrong turn: the proof is missing."""
    page.goto("/campus/applications/")
    page.get_by_role("link", name=re.compile("在读证明")).click()
    page.get_by_role("button", name="开始申请").click()
    page.get_by_label("办理签证").check()
    page.locator("#id_f2").fill("留学签证")
    picture(page, "graduate-application-form")
    page.get_by_role("button", name="保存，下一步").click()
    page.get_by_role("link", name="完成，返回").click()
    expect(page.get_by_text("还缺证明材料：邀请函。")).to_be_visible()
    page.get_by_role("link", name=re.compile("去上传")).click()
    page.locator("input[type=file]").set_input_files(photo)
    page.get_by_role("button", name="上传邀请函").click()
    page.get_by_role("link", name="完成，返回").click()
    picture(page, "graduate-application", full=True)
    page.get_by_role("button", name="提交申请").click()
    expect(page.get_by_role("heading", name="审核中，等待学院审核")).to_be_visible()


def approve(page: Page) -> None:
    """From the list of applications: what waits stands first."""
    page.goto("/campus/applications/")
    page.get_by_role("link", name="陈诚").click()
    expect(page.locator("main")).to_contain_text("留学签证")
    expect(page.locator(".thumb img")).to_have_count(1)
    picture(page, "reviewer-application")
    page.get_by_role("button", name="审核通过").click()
    expect(page.get_by_text("等你审核的都审完了。")).to_be_visible()
