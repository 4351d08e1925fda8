"""What goes wrong between people and screens: late, twice, back, from an old page, without a network, from a foreign address."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import perform, timeline
from tests.world import PASSWORD


def acts(case: Registration) -> list[str]:
    """What was done with a case, in order."""
    fresh = Registration.objects.unscoped("the test looks from outside").get(pk=case.pk)
    return sorted(record.act for record in timeline(fresh))


@pytest.mark.journey
@pytest.mark.rule("REG-04")
def test_the_second_of_two_reviewers_is_told_who_was_first(screens, committed_world):
    world = committed_world
    case = world.accepted()
    first = screens.open("pc", world.seats[Role.COLLEGE])
    second = screens.open("pc", world.new_seat(Role.COLLEGE, world.college.pk, "孙可"))
    for page in (first, second):
        page.goto(f"/review/{case.public_id}/")
    first.get_by_role("button", name="审核通过").click()
    expect(first.get_by_text("办好了")).to_be_visible()
    second.get_by_role("button", name="审核通过").click()
    expect(second.get_by_text("李华")).to_be_visible()
    expect(second.get_by_text("你刚才的操作没有生效")).to_be_visible()
    assert acts(case) == ["accept", "approve", "invite"]


@pytest.mark.journey
@pytest.mark.rule("REG-05", "SIGN-03")
def test_a_double_click_signs_once_and_the_way_back_offers_nothing_twice(screens, committed_world):
    world = committed_world
    case = world.invitation()
    page = screens.open("phone", world.seats[Role.GRADUATE])
    page.goto(f"/invites/{case.public_id}/")
    page.get_by_role("link", name="同意签约").click()
    page.get_by_label("登录密码").fill(PASSWORD)
    page.get_by_role("button", name="确认签约").dblclick()
    expect(page.get_by_role("heading", level=1)).to_contain_text("等待学院审核")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text("等待学院审核")
    expect(page.get_by_role("link", name="同意签约")).to_have_count(0)
    assert acts(case) == ["accept", "invite"]


@pytest.mark.journey
@pytest.mark.rule("SIGN-02")
def test_the_deadline_passes_on_an_open_page(screens, committed_world):
    world = committed_world
    now = timezone.now()
    case = world.overdue(now - timedelta(days=3), now + timedelta(seconds=16))
    page = screens.open("phone", world.seats[Role.GRADUATE])
    page.goto(f"/invites/{case.public_id}/")
    page.get_by_role("link", name="同意签约").click()
    page.get_by_label("登录密码").fill(PASSWORD)
    page.wait_for_timeout(max(0.0, (case.deadline - timezone.now()).total_seconds() + 0.5) * 1000)
    page.get_by_role("button", name="确认签约").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.locator("main")).to_contain_text("截止")
    page.goto(f"/invites/{case.public_id}/")
    expect(page.get_by_role("link", name="同意签约")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_contain_text("签约逾期")
    assert acts(case) == []


@pytest.mark.journey
def test_what_was_typed_survives_a_lost_network(screens, committed_world):
    world = committed_world
    case = world.invitation()
    page = screens.open("phone", world.seats[Role.GRADUATE])
    page.goto(f"/invites/{case.public_id}/")
    page.get_by_role("link", name="同意签约").click()
    page.get_by_label("登录密码").fill(PASSWORD)
    page.context.set_offline(True)
    page.get_by_role("button", name="确认签约").click()
    expect(page.get_by_text("网络断开").first).to_be_visible()
    expect(page.get_by_label("登录密码")).to_have_value(PASSWORD)
    page.context.set_offline(False)
    page.get_by_role("button", name="确认签约").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("等待学院审核")


@pytest.mark.journey
@pytest.mark.rule("ORG-01")
def test_a_foreign_address_leads_nowhere_and_says_how_to_go_on(screens, committed_world):
    world = committed_world
    case = world.invitation()
    page = screens.open("pc", world.stranger_seats[Role.EMPLOYER])
    answer = page.goto(f"/invites/{case.public_id}/")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("link", name="回首页")).to_be_visible()
    assert world.graduate.name not in page.content()
    unknown = page.goto("/invites/00000000-0000-4000-8000-000000000000/")
    assert unknown is not None
    assert unknown.status == 404


@pytest.mark.journey
@pytest.mark.rule("SIGN-03")
def test_of_two_open_invitations_only_one_is_accepted(screens, committed_world):
    world = committed_world
    one, other = world.invitation(), world.invitation(employer=world.stranger_actor(Role.EMPLOYER))
    left, right = screens.open("phone", world.seats[Role.GRADUATE]), screens.open("phone", world.seats[Role.GRADUATE])
    for page, case in ((left, one), (right, other)):
        page.goto(f"/invites/{case.public_id}/")
        page.get_by_role("link", name="同意签约").click()
        page.get_by_label("登录密码").fill(PASSWORD)
    left.get_by_role("button", name="确认签约").click()
    expect(left.get_by_role("heading", level=1)).to_contain_text("等待学院审核")
    right.get_by_role("button", name="确认签约").click()
    expect(right.locator("[role=alert]").first).to_be_visible()
    assert acts(other) == ["invite"]


@pytest.mark.journey
@pytest.mark.rule("ORG-10")
def test_after_leaving_the_way_back_shows_nothing(screens, committed_world):
    world = committed_world
    page = screens.open("pc", world.seats[Role.COLLEGE])
    perform(world.invitation(), "accept", world.actor(Role.GRADUATE))
    page.goto("/review/")
    expect(page.get_by_role("rowheader", name="陈诚")).to_be_visible()
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_text("已退出登录")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="登录", exact=True)).to_be_visible()
    assert "陈诚" not in page.content()
