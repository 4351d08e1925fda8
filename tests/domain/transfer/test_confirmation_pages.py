"""The pages of 登记确认: the graduate's own, the list, one case, the figures, reminders (CON-01 … CON-03)."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape

import pytest
import time_machine
from django.urls import reverse

from qicheng.domain.orgs.models import Opening
from qicheng.domain.roster.effects import remove_line
from qicheng.domain.transfer.effects.confirmation import report_due
from qicheng.domain.transfer.models import ConfirmationAnswer
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.perform import perform
from qicheng.foundation.kit.calendar import BEIJING
from qicheng.foundation.notice.models import Notice
from tests.clients import signed_in

pytestmark = pytest.mark.django_db
LIST, FIGURES, REMIND = "/confirm/", "/confirm/figures/", "/confirm/remind/"
NOT_MINE = {"destination": "denied", "remark": "我没有和这个单位签约"}
STAFF = (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)


def own(world):
    return signed_in(world.seats[Role.GRADUATE])


def staff(world, role=Role.SCHOOL):
    return signed_in(world.seats[role])


def act(case, name):
    return reverse("act", kwargs={"flow": "confirmation", "public_id": case.public_id, "name": name})


def rows_of(client, address):
    """How many people a list says that it has."""
    found = re.search(r"共 ([\d,]+) 人", client.get(address).content.decode())
    assert found is not None
    return int(found[1].replace(",", ""))


@pytest.fixture
def spring(world):
    """One of each: confirmed, disputed and denied, unconfirmed, waiting for its day from either platform, and the rest unreported."""
    world.open_confirmation()
    people = [world.new_graduate(name, college) for name, college in
              (("周一", world.college), ("周二", world.college), ("周三", world.other_college), ("周四", world.other_college))]  # fmt: skip
    perform(world.reported(), "confirm", world.actor(Role.GRADUATE))
    denied = world.reported(people[0])
    perform(denied, "dispute", world.of(people[0]), **NOT_MINE)
    world.reported(people[1])
    world.recorded(people[2], source="upload")
    report_due(world.confirmation_of(people[2]).due_at)
    world.recorded(people[3], source="interface")
    return world


@pytest.mark.rule("CON-01")
def test_a_graduate_reads_what_was_reported_who_recorded_it_and_confirms_it_there(world):
    case = world.reported()
    page = own(world).get(LIST).content.decode()
    assert "云岭数据科技有限公司" in page
    assert "登记人：学校 线上签约" in page
    assert f'name="seen" value="{case.version}"' in page

    answer = own(world).post(act(case, "confirm"), {"seen": case.version, "key": "k1"})

    assert (answer.status_code, answer["Location"]) == (302, f"/confirm/{case.public_id}/")
    assert world.confirmation_of(world.graduate).state == "confirmed"
    assert "你已确认无误" in own(world).get(answer["Location"]).content.decode()


@pytest.mark.rule("CON-01", "CON-02")
@pytest.mark.parametrize("seen", ["", "1"])
def test_what_is_confirmed_is_the_version_that_was_on_the_screen_and_no_other(world, seen):
    case = world.reported()
    perform(world.signing(), "amend", world.actor(Role.SCHOOL), job_category="10")
    answer = own(world).post(act(case, "confirm"), {"seen": seen, "key": "k1"}, follow=True)
    assert (world.confirmation_of(world.graduate).state, ConfirmationAnswer.all_rows.count()) == ("unconfirmed", 0)
    assert "你刚才的操作没有生效" in answer.content.decode()


def test_confirming_is_done_where_the_content_stands(world):
    case = world.reported()
    answer = own(world).get(act(case, "confirm"))
    assert (answer.status_code, answer["Location"]) == (302, f"/confirm/{case.public_id}/")


@pytest.mark.rule("CON-02")
def test_a_graduate_is_heard_who_says_that_it_is_not_the_own_destination(world):
    case = world.reported()
    client = own(world)
    assert "这不是我的去向" in client.get(act(case, "dispute")).content.decode()
    nothing = client.post(act(case, "dispute"), {"destination": "right", "remark": "没有", "seen": case.version})
    assert (nothing.status_code, world.confirmation_of(world.graduate).state) == (422, "unconfirmed")

    client.post(act(case, "dispute"), NOT_MINE | {"seen": case.version})

    desk = staff(world).get(f"/confirm/{case.public_id}/").content.decode()
    assert "毕业生认为有误：这不是我的去向" in desk
    assert "答复毕业生" in desk
    assert reverse("registration:detail", args=[world.signing().public_id]) in desk
    assert "说不是本人去向" in staff(world, Role.PROVINCE).get(FIGURES).content.decode()


@pytest.mark.rule("CON-01")
def test_no_staff_on_any_page_confirms_for_a_graduate(world):
    case = world.reported()
    for role in (*STAFF, Role.EMPLOYER):
        client = staff(world, role)
        for name in ("confirm", "dispute"):
            for method in (client.get, client.post):
                assert method(act(case, name), {"seen": case.version, **NOT_MINE}).status_code == 404
        for path in (f"/confirm/{case.public_id}/", LIST, REMIND, FIGURES, f"/confirm/{case.public_id}/remind/"):
            client.post(path, {"state": "confirmed", "case": case.public_id, "act": "confirm", "every": "1"})
    neighbour = signed_in(world.graduate_seat(world.neighbour))
    assert neighbour.post(act(case, "confirm"), {"seen": case.version}).status_code == 404
    case = world.confirmation_of(world.graduate)
    assert (case.state, case.version, ConfirmationAnswer.all_rows.count()) == ("unconfirmed", 1, 0)


@pytest.mark.rule("ARC-07")
def test_who_may_not_read_file_data_reads_none_here(world):
    world.open_transfer(Area.ARCHIVE)
    case = world.reported()
    perform(case, "confirm", world.actor(Role.GRADUATE))
    assert "北京市西城区人才服务中心" in staff(world).get(f"/confirm/{case.public_id}/").content.decode()
    blind = world.new_seat(Role.SCHOOL, world.school.pk, "林档")
    type(blind).objects.filter(pk=blind.pk).update(archive=0)
    blind.refresh_from_db()
    page = signed_in(blind).get(f"/confirm/{case.public_id}/")
    assert (page.status_code, "北京市西城区人才服务中心" in page.content.decode()) == (200, False)


@pytest.mark.rule("CON-01", "CON-02")
def test_the_page_says_when_a_report_goes_up_and_whether_that_is_certain(world):
    world.open_confirmation()
    with time_machine.travel(datetime(2026, 6, 2, 9, tzinfo=BEIJING), tick=False):
        world.recorded()
    page = own(world).get(LIST).content.decode()
    assert "一个工作日后上报" in page
    assert "放假安排还没有公布" not in page
    with time_machine.travel(datetime(2031, 6, 2, 9, tzinfo=BEIJING), tick=False):
        other = world.new_graduate("周二", world.college)
        world.recorded(other)
        case = world.confirmation_of(other)
        assert (case.due_at, "放假安排还没有公布" in signed_in(world.graduate_seat(other)).get(LIST).content.decode()) == (
            datetime(2031, 6, 3, 9, tzinfo=BEIJING), True
        )  # fmt: skip


@pytest.mark.rule("CON-03")
def test_every_figure_is_the_list_behind_it_and_rows_and_columns_add_up(spring):
    client = staff(spring)
    page = unescape(client.get(FIGURES).content.decode())
    cells = re.findall(r'<td class="num"><a href="([^"]+)">([\d,]+)</a>', page)
    assert len(cells) >= 12
    assert [(address, rows_of(client, address)) for address, _ in cells] == [(address, int(n)) for address, n in cells]
    table = [
        [int(n) for n in re.findall(r">(\d+)<", line)]
        for line in re.findall(r'<tr[^>]*><th class="c-name" scope="row">.*?</tr>', page, re.DOTALL)[:5]
    ]
    unreported, unconfirmed, disputed, confirmed, total = table
    assert (unreported, unconfirmed, disputed, confirmed) == ([0, 2, 0, 2], [1, 1, 0, 2], [1, 0, 0, 1], [1, 0, 0, 1])
    assert [sum(column) for column in zip(unreported, unconfirmed, disputed, confirmed, strict=True)] == total


@pytest.mark.rule("CON-03")
def test_a_province_counts_by_school_and_a_school_by_college(spring):
    above, school = (
        unescape(staff(spring, role).get(FIGURES).content.decode()) for role in (Role.PROVINCE, Role.SCHOOL)
    )
    assert ("江临大学" in above, "海澜理工大学" in above, "计算机学院" in above) == (True, False, False)
    assert ("计算机学院" in school, "外国语学院" in school) == (True, True)
    assert rows_of(staff(spring, Role.PROVINCE), f"{LIST}?claim=denied&school={spring.school.pk}") == 1


@pytest.mark.rule("CON-03")
@pytest.mark.parametrize(
    ("asked", "number"),
    [("state=unreported", 2), ("state=unconfirmed", 2), ("state=disputed", 1), ("state=confirmed", 1), ("source=system", 3),
     ("source=upload", 3), ("source=interface", 0), ("claim=denied", 1), ("study=undergraduate", 6), ("study=postgraduate", 0), ("q=周一", 1)],
)  # fmt: skip
def test_the_list_is_filtered(spring, asked, number):
    assert rows_of(staff(spring), f"{LIST}?{asked}") == number


@pytest.mark.rule("ORG-07", "CON-03")
def test_a_filter_does_not_widen_what_a_user_of_one_tier_sees(spring):
    late = spring.new_graduate("周研", spring.college, tier="postgraduate", level="11")
    spring.recorded(late)
    seat = spring.new_seat(Role.SCHOOL, spring.school.pk, "研究生院")
    type(seat).objects.filter(pk=seat.pk).update(tier="postgraduate")
    seat.refresh_from_db()
    assert [
        rows_of(signed_in(seat), f"{LIST}?{asked}") for asked in ("", "study=undergraduate", "tier=undergraduate")
    ] == [1, 0, 1]


@pytest.mark.rule("CON-03")
def test_all_who_are_found_are_reminded_once_a_day(spring):
    client = staff(spring)
    assert "提醒 2 人" in client.get(REMIND).content.decode()
    assert "提醒 1 人" in client.get(f"{REMIND}?source=upload").content.decode()
    client.post(REMIND, {"source": "upload"})
    assert Notice.objects.filter(act="ask_again", channel="inbox").count() == 1
    client.post(REMIND, {"state": "confirmed"})
    client.post(REMIND)
    client.post(REMIND)
    assert Notice.objects.filter(act="ask_again", channel="inbox").count() == 2


@pytest.mark.rule("CON-03")
def test_one_is_reminded_on_the_own_page(world):
    case = world.reported()
    client = staff(world, Role.COLLEGE)
    assert "提醒毕业生确认</button>" in client.get(f"/confirm/{case.public_id}/").content.decode()
    client.post(f"/confirm/{case.public_id}/remind/")
    assert "提醒毕业生确认</button>" not in client.get(f"/confirm/{case.public_id}/").content.decode()
    assert Notice.objects.filter(act="ask_again", node=world.graduate.pk, channel="inbox").count() == 1


@pytest.mark.rule("HOME-01", "CON-03")
def test_homes_count_what_waits(spring):
    desk = unescape(staff(spring).get("/home/").content.decode())
    assert f'href="{LIST}?state=disputed"' in desk
    found = dict(re.findall(r'<a href="(/confirm/[^"]+)"[^>]*>[^<]*<b>(\d+)</b>', desk))
    assert found == {
        "/confirm/?state=disputed": "1", "/confirm/?claim=denied": "1", "/confirm/?state=unconfirmed": "2", "/confirm/?state=confirmed": "1",
    }  # fmt: skip
    assert "说不是本人去向" in staff(spring, Role.PROVINCE).get("/gov/").content.decode()


@pytest.mark.rule("CON-01")
def test_a_graduates_home_leads_to_what_is_to_be_confirmed(world):
    world.reported()
    home = own(world).get("/").content.decode()
    assert ("核对并确认" in home, 'href="/confirm/"' in home) == (True, True)


@pytest.mark.rule("ORG-02")
def test_a_closed_module_says_who_opens_it(world):
    case = world.reported()
    Opening.objects.filter(module="confirmation").update(is_open=False)
    for path in (LIST, FIGURES, REMIND):
        assert "由省级用户开启" in staff(world).get(path).content.decode()
    staff(world).post(REMIND)
    staff(world).post(f"/confirm/{case.public_id}/remind/")
    assert Notice.objects.filter(act="ask_again").count() == 0
    page = own(world).get(LIST).content.decode()
    assert ("省级用户没有开启" in page, "都没有错，确认无误" in page) == (True, False)


def test_a_graduate_without_anything_reported_reads_what_will_happen(world):
    world.open_confirmation()
    assert "还没有上报你的毕业去向" in own(world).get(LIST).content.decode()


def test_a_graduate_off_the_roster_is_on_no_list(spring):
    number = rows_of(staff(spring), LIST)
    remove_line(spring.graduate.public_id, spring.actor(Role.SCHOOL), words="转学")
    assert rows_of(staff(spring), LIST) == number - 1


@pytest.mark.rule("CON-03", "ORG-01")
def test_every_page_answers_for_everybody_it_is_for_and_nobody_else(world):
    case = world.reported()
    perform(case, "dispute", world.actor(Role.GRADUATE), **NOT_MINE)
    for role in STAFF:
        client = staff(world, role)
        for path in (LIST, FIGURES, f"/confirm/{case.public_id}/", "/confirm/workbook/"):
            assert client.get(path).status_code == 200, (role, path)
    assert own(world).get(FIGURES).status_code == 404
    assert signed_in(world.stranger_seats[Role.SCHOOL]).get(f"/confirm/{case.public_id}/").status_code == 404
    assert signed_in(world.other_college_seat).get(f"/confirm/{case.public_id}/").status_code == 404
    assert staff(world, Role.PROVINCE).get(REMIND).status_code == 404
