"""From an approved signing to a verified report and a posted archive, across the days, as graduate, school, and a clerk with a phone."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from playwright.sync_api import expect

from qicheng.domain.transfer.effects import records
from qicheng.domain.transfer.models import Mailing
from qicheng.domain.transfer.sheets.mailing import opening_words
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.perform import perform
from tests.domain.transfer import post
from tests.sealing import give_keys, open_verification
from tests.world import CHANGE, World

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.journey
# Longer than the longest holidays with their weekends.
SOME_DAYS = 12
NUMBER = "EA123456789CN"
# All that happened is so much longer ago; as their owner, who alone can put the guards aside.
DAYS_PASS = """DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT table_name, string_agg(format('%I = %I - interval ''{days} days''', column_name, column_name), ', ') AS moved
        FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'timestamp with time zone'
            AND (table_name LIKE 'transfer_%' OR table_name IN ('flow_record', 'registration_registration', 'roster_employmentrecord'))
        GROUP BY 1
    LOOP
        EXECUTE format('ALTER TABLE %I DISABLE TRIGGER USER', one.table_name);
        EXECUTE format('UPDATE %I SET %s', one.table_name, one.moved);
        SET CONSTRAINTS ALL IMMEDIATE;
        EXECUTE format('ALTER TABLE %I ENABLE TRIGGER USER', one.table_name);
    END LOOP;
END $$"""


@pytest.fixture
def country(committed: Any, settings: Any) -> World:
    give_keys(settings)
    world = World()
    open_verification(world)
    post.settled(world)
    return world


def days_pass(databases: Any) -> None:
    """Days go by on the database's clock, the only one that acts go by: it cannot be moved, so everything is moved into the past."""
    databases.run(connection.settings_dict["NAME"], DAYS_PASS.replace("{days}", str(SOME_DAYS)))


def taken(page: Page, link: str) -> Path:
    """The file behind a link."""
    with page.expect_download() as download:
        page.get_by_role("link", name=link).click()
    return download.value.path()


@pytest.mark.rule("CON-01", "REP-01", "REP-02", "VER-01", "VER-02", "VER-03", "MAIL-01", "MAIL-02")
def test_what_was_approved_is_confirmed_verified_and_posted(country, screens, site, databases):
    phone = screens.open("phone", country.seats[Role.GRADUATE])
    desk = screens.open("pc", country.seats[Role.SCHOOL])

    # Nothing can be posted before the graduate has said that it is right.
    phone.goto("/files/mail/")
    expect(phone.get_by_role("heading", level=2, name="先在「登记确认」里确认登记信息无误")).to_be_visible()
    phone.goto("/confirm/")
    phone.get_by_role("button", name="都没有错，确认无误").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("你已确认无误")

    # The report: authorised, made by the worker, sealed, and carried to somebody who has only a phone.
    phone.goto("/transfer/")
    phone.get_by_role("button", name="授权核验").click()
    expect(phone.get_by_text("报告正在生成，一般不到一分钟")).to_be_visible()
    site.work()
    phone.reload()
    number = re.sub(r"\s", "", phone.locator(".code").inner_text())
    file = taken(phone, "下载报告 PDF")
    signed = subprocess.run(["pdfsig", "-nocert", str(file)], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in signed

    clerk = screens.open("small")
    clerk.goto("/v/")
    clerk.get_by_label("编号").fill(number)
    clerk.get_by_label("姓名").fill("陈诚")
    clerk.get_by_role("button", name="核验报告").click()
    expect(clerk.get_by_role("heading", level=1)).to_have_text("核验通过")
    expect(clerk.get_by_text("云岭数据科技有限公司").first).to_be_visible()
    phone.goto("/transfer/")
    expect(phone.get_by_text("核验通过").or_(phone.get_by_text("有效")).first).to_be_visible()

    # The day after is not yet the next working day for whoever asks today.
    at = country.confirmation_of(country.graduate).confirmed_at
    phone.goto("/files/mail/")
    expect(phone.get_by_role("heading", level=2, name=f"{opening_words(at)} 起开放")).to_be_visible()
    desk.goto("/files/mail/check/?q=陈诚")
    expect(desk.get_by_role("row", name="陈诚")).to_contain_text("等一个工作日")

    days_pass(databases)

    phone.reload()
    phone.get_by_role("button", name="申请邮寄").click()
    expect(phone.get_by_text("北京市西城区西直门外大街56号")).to_be_visible()
    phone.get_by_role("button", name="确认并提交").click()
    expect(phone.get_by_text("已经提交，等学校寄出。")).to_be_visible()

    # The school: into a batch, printed, sent under the number that the scanner reads, signed for.
    desk.goto("/home/")
    desk.get_by_role("link", name="档案邮寄", exact=True).click()
    desk.wait_for_load_state()
    desk.get_by_label("选择 陈诚").check()
    desk.get_by_role("button", name=re.compile("编入新批次")).click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("第 1 批")
    batch = Mailing.all_rows.get().batch
    labels = desk.context.request.get(f"/files/mail/batches/{batch.public_id}/labels.pdf").body()
    printed = subprocess.run(["pdftotext", "-", "-"], input=labels, capture_output=True, check=True).stdout.decode()
    assert ("内件：陈诚" in printed, "100056" in printed) == (True, True)
    line = desk.get_by_label("陈诚的单号")
    expect(line).to_be_focused()
    desk.keyboard.type(NUMBER.lower())
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("button", name="登记单号并寄出")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("1 封已经登记单号并寄出")).to_be_visible()

    site.work()
    phone.goto("/messages/")
    phone.get_by_role("link", name=re.compile("你的档案已经寄出")).first.click()
    expect(phone.get_by_text(NUMBER).first).to_be_visible()
    assert NUMBER in site.gateway.last_to(country.graduate.phone)

    days_pass(databases)

    desk.reload()
    desk.get_by_label("选择 陈诚").check()
    desk.get_by_role("button", name="所选的已签收").click()
    expect(desk.get_by_text("1 封已经登记签收")).to_be_visible()
    phone.goto("/files/mail/")
    expect(phone.get_by_role("heading", name="档案已经签收")).to_be_visible()
    assert Mailing.all_rows.get().state == "signed"


@pytest.mark.rule("MAIL-01", "MAIL-02", "CON-02", "REP-01", "VER-01")
def test_a_change_on_the_way_holds_the_letter_back_and_ends_the_report_until_the_graduate_has_looked_again(
    country, screens, site, databases
):
    graduate, school = country.graduate, country.actor(Role.SCHOOL)
    phone = screens.open("phone", country.seats[Role.GRADUATE])
    desk = screens.open("pc", country.seats[Role.SCHOOL])
    phone.goto("/confirm/")
    phone.get_by_role("button", name="都没有错，确认无误").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("你已确认无误")
    phone.goto("/transfer/")
    phone.get_by_role("button", name="授权核验").click()
    expect(phone.get_by_text("报告正在生成，一般不到一分钟")).to_be_visible()
    site.work()
    phone.reload()
    number = re.sub(r"\s", "", phone.locator(".code").inner_text())
    days_pass(databases)
    case = post.asked(country, graduate)
    perform(case, "take", school)

    records.edit_record(Area.ARCHIVE, graduate.public_id, school, seen=1, **CHANGE | {"receiver": "江临市人才服务中心"})
    desk.goto(f"/files/mail/batches/{case.batch.public_id}/")
    expect(desk.get_by_text("1 封先不寄")).to_be_visible()
    expect(desk.get_by_label("陈诚的单号")).to_have_count(0)
    clerk = screens.open("small")
    clerk.goto("/v/")
    clerk.get_by_label("编号").fill(number)
    clerk.get_by_label("姓名").fill("陈诚")
    clerk.get_by_role("button", name="核验报告").click()
    expect(clerk.get_by_role("heading", level=1)).not_to_have_text("核验通过")

    phone.goto("/files/mail/")
    expect(phone.get_by_text("提交以后有了变化，这封邮件先不寄")).to_be_visible()
    phone.get_by_role("link", name="撤回申请").click()
    phone.get_by_role("button", name="撤回申请").click()
    expect(phone.get_by_role("button", name="撤回申请")).to_have_count(0)
    phone.goto("/confirm/")
    phone.get_by_role("button", name="都没有错，确认无误").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("你已确认无误")
    days_pass(databases)
    phone.goto("/files/mail/")
    expect(phone.get_by_text("江临市人才服务中心")).to_be_visible()
    phone.get_by_role("button", name="确认并提交").click()
    expect(phone.get_by_text("已经提交，等学校寄出。")).to_be_visible()
    assert Mailing.all_rows.get().letter["receiver"] == "江临市人才服务中心"
