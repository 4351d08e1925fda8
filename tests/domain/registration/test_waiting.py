"""Waiting made visible: on whom, since when, how long; the list of what waits long; whoever's turn it is is reminded, once each time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from qicheng.domain.orgs.models import Account, SigningSettings
from qicheng.domain.registration import listings, queries
from qicheng.domain.registration.effects import reminding
from qicheng.domain.registration.flows.online_signing import ONLINE_SIGNING
from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Actor, Role
from qicheng.foundation.flow import words
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import Refused, be, perform, timeline
from qicheng.foundation.kit.calendar import waited_before, working_days_before, working_days_between
from qicheng.foundation.notice.channels import ADDRESSES
from qicheng.foundation.notice.models import Notice
from qicheng.interfaces.jobs import tasks
from tests import paper
from tests.clients import signed_in
from tests.domain.registration.test_dissolution_pages import text
from tests.races.meeting import together
from tests.world import COHORT, OFFER

# Who may act on a case without moving it, by where it stands: by such a step a test lets time pass for it.
STAYS = {"college_review": Role.COLLEGE, "school_review": Role.SCHOOL, "returned": Role.GRADUATE}
LINES = "姓名 学号 等谁 从什么时候 已等工作日 上次提醒"


@pytest.fixture(autouse=True)
def fresh(settings, tmp_path, monkeypatch):
    """A working day, whatever day it is; nothing of the test before is remembered."""
    settings.QICHENG_FILES = tmp_path
    monkeypatch.setattr(reminding, "is_working_day", lambda day: (True, True))
    # The task is asked in the test's own transaction, whose connection it would close.
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)
    listings._kept.clear()
    yield
    listings._kept.clear()


def long_wait(school, days):
    SigningSettings.all_rows.filter(school=school).update(long_wait=days)
    listings._kept.clear()


def ago(days):
    """An instant of whom `days` working days have passed."""
    return waited_before(timezone.now(), days) - timedelta(hours=8)


def aged(case, days):
    """The case as if it had come to where it stands `days` working days ago."""
    with transaction.atomic(), connection.cursor() as cursor:
        be(Actor(STAYS[case.state]))
        cursor.execute(
            f"UPDATE {case._meta.db_table} SET waiting_since = %s, version = version + 1 WHERE id = %s",
            (ago(days), case.pk),
        )
    case.refresh_from_db()
    return case


def invited(world, days, graduate=None, open_for=60):
    """An invitation of `days` working days ago that can still be answered."""
    actor, since = world.actor(Role.EMPLOYER), ago(days)
    case = ONLINE_SIGNING.begin.make(actor, graduate=graduate or world.graduate, days_open=3, **OFFER)
    case.flow_name, case.state, case.version = "online_signing", "invited", 1
    case.sent_at = case.waiting_since = since
    case.deadline = timezone.now() + timedelta(days=open_for)
    with transaction.atomic():
        be(actor)
        case.save(force_insert=True)
    return case


def reminded(case, days):
    """A reminder of `days` working days ago."""
    Record.objects.create(
        flow=case.flow_name, case=str(case.public_id), cohort=case.cohort, act="remind", role="system", at=ago(days),
        changes={"已等": ["", "3 个工作日"], "状态": ["", "等待"]},
    )  # fmt: skip


def reminders(case):
    return [record for record in timeline(case) if record.act == "remind"]


def told(act):
    """(role, node, channel) of everybody who is told of such an act."""
    return sorted(Notice.objects.filter(act=act).values_list("role", "node", "channel"))


def work():
    """One round of the timetable."""
    tasks.waiting.func(timestamp=0)


# ---- words


@pytest.mark.django_db
def test_every_page_of_a_case_says_on_whom_it_waits_and_for_how_many_working_days(world):
    case = aged(world.accepted(), 4)
    since = words.moment(case.waiting_since)
    days = working_days_between(timezone.localdate(case.waiting_since), timezone.localdate()).days
    assert queries.waited(case, timezone.now()) == queries.Wait(Role.COLLEGE, case.waiting_since, 4)
    assert days >= 4
    others = f"等学院审核，从 {since} 开始，已等 4 个工作日"
    for role, path in (
        (Role.GRADUATE, f"/invites/{case.public_id}/"), (Role.EMPLOYER, f"/invites/{case.public_id}/"),
        (Role.SCHOOL, f"/review/{case.public_id}/"), (Role.PROVINCE, f"/review/{case.public_id}/"),
    ):  # fmt: skip
        assert others in text(signed_in(world.seats[role]).get(path))
    own = text(signed_in(world.seats[Role.COLLEGE]).get(f"/review/{case.public_id}/"))
    assert f"等你审核，从 {since} 开始，已等 4 个工作日" in own

    perform(case, "approve", world.actor(Role.COLLEGE))
    page = text(signed_in(world.seats[Role.GRADUATE]).get(f"/invites/{case.public_id}/"))
    assert "等学校审核，从" in page
    assert "还不到 1 个工作日" in page
    perform(case, "approve", world.actor(Role.SCHOOL))
    assert queries.waited(case, timezone.now()) is None
    assert "已等" not in text(signed_in(world.seats[Role.GRADUATE]).get(f"/invites/{case.public_id}/"))


@pytest.mark.django_db
def test_a_dissolution_says_it_too_and_a_draft_waits_on_nobody(world):
    draft = paper.drafted(world)
    assert queries.waited(draft, timezone.now()) is None
    page = text(signed_in(world.seats[Role.GRADUATE]).get(f"/terminate/{draft.public_id}/"))
    assert "个工作日" not in page.partition("办理经过")[0].replace("1–3 个工作日", "")

    asked = world.dissolution(world.effective(world.new_graduate("周研", world.college)))
    seat = world.graduate_seat(asked.graduate)
    assert "等单位回应，从" in text(signed_in(seat).get(f"/terminate/{asked.public_id}/"))
    assert "等你回应，从" in text(signed_in(world.seats[Role.EMPLOYER]).get(f"/terminate/{asked.public_id}/"))
    assert "等单位回应，从" in text(signed_in(world.seats[Role.SCHOOL]).get(f"/review/{asked.public_id}/"))


@pytest.mark.django_db
def test_what_nobody_can_answer_any_more_and_what_is_frozen_waits_on_nobody(world):
    expired = invited(world, 4, open_for=-1)
    frozen = world.accepted(world.neighbour)
    Graduate.all_rows.filter(pk=frozen.graduate_id).update(removed_at=timezone.now())
    frozen = Registration.all_rows.get(pk=frozen.pk)

    assert [queries.wait_words(case, Role.SCHOOL, timezone.now()) for case in (expired, frozen)] == ["", ""]


# ---- the list


@pytest.mark.django_db
def test_a_school_lists_whatever_waits_long_whoever_it_waits_on(world):
    long_wait(world.school, 3)
    aged(world.accepted(), 4)
    invited(world, 5, world.neighbour)
    aged(world.accepted(world.new_graduate("周研", world.college)), 2)
    school = signed_in(world.seats[Role.SCHOOL])

    page = text(school.get("/lists/waiting/"))
    assert LINES in page
    assert "共 2 条" in page
    assert page.index("林嘉禾") < page.index("陈诚")
    assert "周研" not in page
    for role, name, other in (("college", "陈诚", "林嘉禾"), ("graduate", "林嘉禾", "陈诚")):
        page = text(school.get(f"/lists/waiting/?turn={role}"))
        assert (name in page, other in page) == (True, False)
    assert "没有符合的登记" in text(school.get("/lists/waiting/?turn=employer"))
    assert "全部等得久的，不论等谁 2" in text(school.get("/home/"))
    row = listings.waiting().page(world.actor(Role.SCHOOL), {"turn": "college"}, COHORT)
    assert {column.key: shown for column, shown in row.cells(row.rows[0])}["days"] == "4"


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "number"), [(1, 1), (4, 1), (5, 0), (30, 0)])
def test_how_long_is_long_is_each_schools_own_setting(world, days, number):
    aged(world.accepted(), 4)
    long_wait(world.school, days)
    long_wait(world.other_school, 1)

    for role in (Role.SCHOOL, Role.COLLEGE, Role.PROVINCE):
        assert listings.waiting().count(world.actor(role), {}, COHORT) == number
    assert listings.queue(Role.COLLEGE).tally(world.actor(Role.COLLEGE), COHORT, {"late": listings.LATE}) == {
        "late": number
    }
    queue = text(signed_in(world.seats[Role.COLLEGE]).get("/review/"))
    assert f"等了 {days} 个工作日以上 {number}" in queue


@pytest.mark.django_db
def test_a_province_reads_how_many_wait_at_each_of_its_schools_and_opens_them(world):
    aged(world.accepted(), 4)
    aged(world.accepted(world.neighbour), 4)
    elsewhere = invited(world, 5, world.stranger)
    assert elsewhere.school_id == world.other_school.pk
    province = signed_in(world.seats[Role.PROVINCE])

    page = province.get("/lists/waiting/")
    assert "江临大学 2 0 0 2 0" in text(page)
    assert "海澜理工大学" not in text(page)
    address = f"?school={world.school.pk}"
    assert address in page.content.decode()
    assert "共 2 条" in text(province.get(f"/lists/waiting/{address}&turn=college"))
    assert "共 0 条" in text(province.get(f"/lists/waiting/?school={world.other_school.pk}"))
    assert "海澜理工大学 1 1 0 0 0" in text(signed_in(world.seats[Role.MINISTRY]).get("/lists/waiting/"))
    assert "等得久的" in text(province.get("/gov/"))
    stranger = text(signed_in(world.stranger_seats[Role.SCHOOL]).get("/lists/waiting/"))
    assert ("阿依古丽·买买提" in stranger, "陈诚" in stranger) == (True, False)


# ---- reminders


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("waits", "last", "is_due"),
    [(2, None, False), (3, None, True), (9, 2, False), (9, 3, True), (30, None, True), (4, 1, False)],
)
def test_whoever_leaves_a_case_is_reminded_once_in_as_many_days_as_the_school_calls_long(world, waits, last, is_due):
    long_wait(world.school, 3)
    case = invited(world, waits)
    if last:
        reminded(case, last)
    before = len(reminders(case))

    assert bool(list(listings.to_remind(COHORT))) == is_due
    work()
    assert len(reminders(case)) - before == is_due
    assert told("remind") == ([("graduate", world.graduate.pk, one) for one in ("inbox", "mail")] if is_due else [])
    work()
    assert len(reminders(case)) - before == is_due
    with pytest.raises(Refused, match="还没有到提醒的时间"):
        reminding.remind(case)


@pytest.mark.django_db
def test_a_reminder_says_what_waits_and_leaves_the_case_and_every_open_page_as_they_are(world):
    case = invited(world, 4)
    version = case.version
    client = signed_in(world.seats[Role.GRADUATE])
    work()

    case.refresh_from_db()
    assert (case.state, case.version) == ("invited", version)
    (notice,) = Notice.objects.filter(act="remind", channel="inbox")
    ((_, message),) = words.messages([notice])
    assert message.subject == "你的线上签约还在等你办理"
    assert message.body == "云岭数据科技有限公司，数据分析师。现在是「单位发起邀请，等待应约」，已等 4 个工作日。"
    assert "已等 4 个工作日，已提醒办理" in text(client.get(f"/invites/{case.public_id}/"))
    perform(case, "decline", world.actor(Role.GRADUATE), seen=version)
    assert case.state == "declined"


@pytest.mark.django_db
def test_a_returned_case_is_brought_to_mind_a_frozen_settled_or_expired_one_is_not(world):
    returned = paper.handed_in(world)
    perform(returned, "return", world.actor(Role.COLLEGE), reason="x_other", words="请补拍第二页")
    aged(returned, 6)
    expired = invited(world, 6, world.neighbour, open_for=-1)
    frozen = invited(world, 6, world.new_graduate("周研", world.college))
    Graduate.all_rows.filter(pk=frozen.graduate_id).update(removed_at=timezone.now())

    assert [case for _, case in listings.to_remind(COHORT)] == [returned.public_id]
    work()
    assert [len(reminders(case)) for case in (returned, expired, frozen)] == [1, 0, 0]
    for case in (expired, frozen):
        with pytest.raises(Refused):
            reminding.remind(case)


@pytest.mark.django_db
def test_however_many_wait_each_is_brought_to_mind(world, monkeypatch):
    monkeypatch.setattr(listings, "MOST_IN_HAND", 2)
    cases = [invited(world, 4 + number % 2, world.new_graduate(f"周{number}", world.college)) for number in range(5)]
    work()
    assert [len(reminders(case)) for case in cases] == [1] * 5


@pytest.mark.django_db
def test_an_unanswered_dissolution_keeps_its_own_reminder(world):
    world.dissolution()
    assert "asked_by_graduate" not in listings.one_by_one()
    assert "asked_by_employer" not in listings.one_by_one()
    assert "form_approved" in listings.one_by_one()


@pytest.mark.django_db
def test_reviewers_read_one_digest_a_day_and_not_one_message_a_case(world):
    for name in ("周一", "周二", "周三"):
        aged(world.accepted(world.new_graduate(name, world.college)), 5)
    at_school = world.accepted(world.new_graduate("周四", world.college))
    perform(at_school, "approve", world.actor(Role.COLLEGE))
    aged(at_school, 5)
    Account.objects.filter(pk=world.seats[Role.COLLEGE].account_id).update(email="college@example.com")

    work()
    work()

    assert told("digest") == [
        (role, node, channel)
        for role, node in (("college", world.college.pk), ("school", world.school.pk))
        for channel in ("inbox", "mail")
    ]
    assert told("remind") == []
    notices = Notice.objects.filter(act="digest", channel="inbox").order_by("role")
    messages = [message for _, message in words.messages(notices)]
    assert [(one.subject, one.body) for one in messages] == [
        ("2026 届有 3 份等你审核 3 个工作日以上", "线上签约 3。先审等得最久的。"),
        ("2026 届有 1 份等你审核 3 个工作日以上", "线上签约 1。先审等得最久的。"),
    ]
    college = signed_in(world.seats[Role.COLLEGE])
    assert "2026 届有 3 份等你审核" in text(college.get("/messages/"))
    assert college.get(f"/messages/{notices[0].pk}/")["Location"] == "/review/?wait=late"
    assert "待审核总数 3" in text(college.get("/review/?wait=late"))
    assert ADDRESSES[Role.COLLEGE](world.college.pk).mail == "college@example.com"
    assert ADDRESSES[Role.SCHOOL](world.school.pk).mail == ""


@pytest.mark.django_db
def test_nothing_is_told_where_nothing_waits_long_nor_on_a_day_off(world, monkeypatch):
    aged(world.accepted(), 2)
    work()
    assert told("digest") == []

    long_wait(world.school, 1)
    monkeypatch.setattr(reminding, "is_working_day", lambda day: (False, True))
    work()
    assert told("digest") == []


@pytest.mark.django_db
def test_the_next_day_brings_the_next_digest(world, monkeypatch):
    aged(world.accepted(), 5)
    work()
    today = reminding.clock()
    for day, number in ((today, 1), (today + timedelta(days=1), 2)):
        monkeypatch.setattr(reminding, "clock", lambda at=day: at)
        work()
        assert Record.objects.filter(flow="waiting", act="digest", case=f"college {world.college.pk}").count() == number


@pytest.mark.django_db
def test_a_round_that_is_cut_off_loses_nothing_and_repeats_nothing(world, monkeypatch):
    cases = [invited(world, 4, world.new_graduate(name, world.college)) for name in ("周一", "周二", "周三")]
    real, calls = reminding.mention, []

    def dying(*asked, **given):
        calls.append(asked)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*asked, **given)

    monkeypatch.setattr(reminding, "mention", dying)
    with pytest.raises(KeyboardInterrupt):
        work()
    assert sorted(len(reminders(case)) for case in cases) == [0, 0, 1]
    monkeypatch.setattr(reminding, "mention", real)
    work()
    assert [len(reminders(case)) for case in cases] == [1, 1, 1]


def test_two_workers_at_once_remind_once_and_tell_each_desk_once(committed_world):
    world = committed_world
    case = invited(world, 4)
    asked = {"cohort": COHORT, "school": world.school.pk, "days": 3, "counts": {"线上签约": 1}}

    answers = together([lambda: reminding.remind(case)] * 4)
    digests = together([lambda: reminding.digest(Role.SCHOOL, world.school.pk, **asked)] * 4)

    assert len(reminders(case)) == 1
    assert sorted(type(one).__name__ for one in answers) == ["Record", "Refused", "Refused", "Refused"]
    assert Record.objects.filter(flow="waiting", act="digest").count() == 1
    assert sum(one is not None for one in digests) == 1


# ---- evidence


@pytest.mark.django_db
@pytest.mark.rule("DIS-04", "DIS-08")
def test_beside_the_force_stands_when_the_employer_was_asked_and_reminded(world):
    case = world.dissolution()
    perform_at = [working_days_before(timezone.now(), days) for days in (2, 1)]
    for at in perform_at:
        Record.objects.create(
            flow=case.flow_name, case=str(case.public_id), cohort=case.cohort, act="remind", before=case.state, after=case.state,
            role="system", at=at,
        )  # fmt: skip

    page = text(signed_in(world.seats[Role.SCHOOL]).get(f"/review/{case.public_id}/"))
    evidence, _, after = page.partition("强制解约")
    assert f"申请时间 {words.moment(case.asked_at)}" in evidence
    assert f"提醒时间 {'、'.join(words.moment(at) for at in perform_at)}" in evidence
    assert "请谨慎使用，使用前应与用人单位协商一致以防出现纠纷" in page
    assert after
    college = text(signed_in(world.seats[Role.COLLEGE]).get(f"/review/{case.public_id}/"))
    assert "提醒时间" in college
