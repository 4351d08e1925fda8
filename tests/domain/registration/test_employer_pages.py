"""What an employer does at the PC, without scripts: find, invite, follow, withdraw, and invite many from a workbook."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from qicheng.domain.orgs.effects.sessions import spend
from qicheng.domain.orgs.models import Employer
from qicheng.domain.registration.effects import inviting as effects
from qicheng.domain.registration.models import InvitationBatch, Registration
from qicheng.domain.registration.sheets import OFFER as SHEET
from qicheng.domain.roster.models import Graduate
from qicheng.foundation import codes
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import Refused, perform
from qicheng.foundation.kit import workbooks
from tests.clients import signed_in
from tests.world import OFFER

pytestmark = pytest.mark.django_db
TYPED = {key: value or "" for key, value in OFFER.items()} | {"days_open": "3"}


def text(response):
    """What stands on the page, without markup."""
    body = response.content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body[body.index("<main") : body.index("<footer")]))


def desk(world):
    return signed_in(world.seats[Role.EMPLOYER])


def look_up(client, graduate, number=None):
    return client.post("/org/invites/new/", {"name": graduate.name, "number": number or graduate.id_number})


def checked(client, found, **typed):
    """The page on which everything stands once more, with its key."""
    page = client.post(found, TYPED | typed | {"step": "check"})
    return page, re.search(r'name="key" value="([^"]+)"', page.content.decode())[1]


# ---- finding somebody: EMP-05 ----


@pytest.mark.rule("EMP-05")
@pytest.mark.parametrize("column", ["id_number", "exam_number"])
def test_a_graduate_is_found_by_name_and_either_number(world, column):
    client = desk(world)
    answer = look_up(client, world.graduate, getattr(world.graduate, column))

    assert answer.status_code == 302
    shown = text(client.get(answer.url))
    assert ("江临大学" in shown, "2026 届" in shown, "可以网签" in shown) == (True, True, True)


@pytest.mark.rule("EMP-05")
def test_whoever_is_not_named_exactly_is_not_found_and_nothing_tells_why(world):
    client = desk(world)
    wrong_name = client.post("/org/invites/new/", {"name": "陈成", "number": world.graduate.id_number})
    nobody = client.post("/org/invites/new/", {"name": "陈诚", "number": world.stranger.id_number})
    Graduate.all_rows.filter(pk=world.graduate.pk).update(removed_at=timezone.now())
    removed = look_up(client, world.graduate)

    def said(answer):
        return re.search(r"没有找到这位毕业生[^<]*", answer.content.decode())[0]

    assert {answer.status_code for answer in (wrong_name, nobody, removed)} == {422}
    assert said(wrong_name) == said(nobody) == said(removed)
    assert "江临大学" not in wrong_name.content.decode()


@pytest.mark.rule("EMP-05")
def test_every_look_up_is_on_record_without_the_number(world):
    client = desk(world)
    look_up(client, world.graduate)
    look_up(client, world.graduate, world.stranger.id_number)

    hit, miss = Record.objects.filter(act="look_up").order_by("id")
    assert (hit.case, miss.case) == (str(world.graduate.public_id), "")
    assert (hit.node, hit.school_id) == (world.employer.pk, world.school.pk)
    assert world.graduate.id_number not in repr((hit.changes, miss.changes, hit.words))
    assert hit.changes["查找"][1] != miss.changes["查找"][1]


@pytest.mark.rule("EMP-05")
def test_look_ups_are_limited_and_cannot_be_spent_twice(world):
    actor = world.actor(Role.EMPLOYER)
    pairs = [(f"某{i}", f"{i:014d}") for i in range(effects.MOST_LOOK_UPS - 1)]
    effects.look_up(actor, pairs)

    with pytest.raises(Refused, match="已经用完"):
        effects.look_up(actor, [("甲", "1"), ("乙", "2")])
    effects.look_up(actor, [("甲", "1")])
    answer = look_up(desk(world), world.graduate)
    assert (answer.status_code, "已经用完" in answer.content.decode()) == (422, True)
    assert effects.look_up(world.stranger_actor(Role.EMPLOYER), [(world.graduate.name, world.graduate.id_number)])


def test_attempts_beyond_the_limit_are_not_counted(world):
    assert [spend("a test", 5, 3600, number) for number in (4, 2, 1, 1)] == [True, False, True, False]


@pytest.mark.rule("EMP-05")
def test_employers_cannot_browse_graduates(world):
    client = desk(world)

    assert [client.get(path).status_code for path in ("/students/", "/lists/", "/home/", "/records/")] == [404] * 4


def test_two_lines_of_one_person_are_offered_to_choose_from(world):
    again = world.new_graduate("陈诚", world.stranger_college)
    Graduate.all_rows.filter(pk=again.pk).update(id_number=world.graduate.id_number)
    page = look_up(desk(world), world.graduate)

    assert (page.status_code, text(page).count("邀请这一份")) == (200, 2)


def test_a_graduate_who_may_not_sign_online_is_found_and_not_invited(world):
    Graduate.all_rows.filter(pk=world.graduate.pk).update(training_mode="21")
    client = desk(world)
    page = client.get(look_up(client, world.graduate).url)

    assert ("不能线上签约" in text(page), 'name="post"' in page.content.decode()) == (True, False)


def test_earlier_invitations_are_told(world):
    perform(world.invitation(), "decline", world.actor(Role.GRADUATE))
    client = desk(world)
    shown = text(client.get(look_up(client, world.graduate).url))

    assert ("你单位邀请过，已拒绝。" in shown, "可以再次邀请" in shown) == (True, True)


def test_who_was_found_can_be_invited_for_half_an_hour_by_this_employer_alone(world):
    client = desk(world)
    found = look_up(client, world.graduate).url

    assert signed_in(world.stranger_seats[Role.EMPLOYER]).get(found).status_code == 404
    assert client.get(found.replace("new/ey", "new/eX")).status_code == 404
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert client.get(found).url == "/org/invites/new/"


@pytest.mark.rule("EMP-01")
def test_an_employer_that_is_not_verified_is_told_what_is_missing_and_finds_nobody(world):
    client = desk(world)
    found = look_up(client, world.graduate).url
    Employer.all_rows.filter(pk=world.employer.pk).update(is_verified=False)

    for path in ("/org/", "/org/invites/", "/org/invites/new/", "/org/invites/batch/"):
        assert "单位资料还没有通过平台核验" in text(client.get(path))
    assert "单位资料还没有通过平台核验" in text(look_up(client, world.graduate))
    client.post(found, TYPED | {"step": "send", "key": "k"})
    assert (Registration.all_rows.count(), Record.objects.filter(act="look_up").count()) == (0, 1)


# ---- the terms, the check, the sending ----


@pytest.mark.rule("SIGN-01", "EMP-04")
def test_an_invitation_is_written_checked_and_sent_without_scripts(world):
    client = desk(world)
    found = look_up(client, world.graduate).url
    assert "单位没有填写" in text(client.get(found))
    page, key = checked(client, found, pay="9000 元/月")
    assert ("9000 元/月" in text(page), "应约截止时间" in text(page)) == (True, True)
    assert Registration.all_rows.count() == 0
    answer = client.post(found, TYPED | {"pay": "9000 元/月", "step": "send", "key": key})

    case = Registration.all_rows.get()
    assert (answer.status_code, answer.url) == (302, f"/invites/{case.public_id}/")
    assert (case.state, case.terms["pay"], case.days_open, case.graduate_id) == (
        "invited",
        "9000 元/月",
        3,
        world.graduate.pk,
    )


def test_a_double_click_sends_one_invitation(world):
    client = desk(world)
    found = look_up(client, world.graduate).url
    _, key = checked(client, found)
    first, second = (client.post(found, TYPED | {"step": "send", "key": key}) for _ in range(2))

    assert (first.url, Registration.all_rows.count()) == (second.url, 1)


@pytest.mark.rule("SIGN-04")
def test_a_second_invitation_is_refused_in_words_and_nothing_typed_is_lost(world):
    client = desk(world)
    found = look_up(client, world.graduate).url
    _, key = checked(client, found)
    world.invitation()
    answer = client.post(found, TYPED | {"step": "send", "key": key})

    assert (answer.status_code, "还在等回应" in text(answer), 'value="数据分析师"' in answer.content.decode()) == (
        409,
        True,
        True,
    )
    assert Registration.all_rows.count() == 1


def test_what_is_wrong_is_said_and_what_was_typed_stays(world):
    client = desk(world)
    found = look_up(client, world.graduate).url
    answer = client.post(found, TYPED | {"post": "", "pay": "9000 元/月", "step": "check"})

    assert (
        answer.status_code,
        "岗位名称还没有填写" in text(answer),
        'value="9000 元/月"' in answer.content.decode(),
    ) == (422, True, True)


def test_one_can_go_back_from_the_check_and_nothing_is_lost(world):
    client = desk(world)
    found = look_up(client, world.graduate).url
    answer = client.post(found, TYPED | {"pay": "9000 元/月", "days_open": "9", "step": "edit"})

    assert (answer.status_code, 'value="9000 元/月"' in answer.content.decode(), "有 1 处要改" in text(answer)) == (
        200,
        True,
        False,
    )


@pytest.mark.rule("SIGN-02")
@pytest.mark.parametrize(("days", "status"), [("9", 302), ("31", 422), ("0", 422), ("很久", 422), ("", 422)])
def test_an_own_number_of_days_is_from_one_to_thirty(world, days, status):
    client = desk(world)
    found = look_up(client, world.graduate).url
    answer = client.post(found, TYPED | {"days_open": "other", "days_other": days, "step": "send", "key": "k"})

    assert answer.status_code == status
    assert [case.days_open for case in Registration.all_rows.all()] == ([9] if status == 302 else [])


def test_other_fields_in_the_form_change_nothing(world):
    client = desk(world)
    found = look_up(client, world.graduate).url
    client.post(
        found,
        TYPED | {
            "step": "send", "key": "k", "state": "effective", "live": "true", "number": "1", "school_id": world.other_school.pk, "edition": "2022",
            "graduate": world.stranger.pk, "employer": world.other_employer.pk, "employer_name": "别家", "deadline": "2030-01-01",
        },
    )  # fmt: skip
    case = Registration.all_rows.get()

    assert (case.state, case.live, case.number, case.school_id, case.edition) == (
        "invited",
        False,
        None,
        world.school.pk,
        "2024",
    )
    assert (case.graduate_id, case.employer_id, case.employer_name) == (
        world.graduate.pk,
        world.employer.pk,
        "云岭数据科技有限公司",
    )


# ---- the list, one invitation, withdrawing ----


@pytest.mark.rule("EMP-04")
def test_the_list_shows_the_own_invitations_by_state(world):
    now = timezone.now()
    world.invitation()
    world.overdue(now - timedelta(days=4), now - timedelta(seconds=1), world.neighbour)
    world.invitation(world.stranger, employer=world.stranger_actor(Role.EMPLOYER))
    client = desk(world)

    def names(query):
        body = text(client.get(f"/org/invites/{query}"))
        return [name for name in ("陈诚", "林嘉禾", "阿依古丽") if name in body]

    assert names("") == ["陈诚", "林嘉禾"]
    assert (names("?state=invited"), names("?state=expired"), names("?state=effective")) == (["陈诚"], ["林嘉禾"], [])
    assert (names("?q=林"), names("?q=数据"), names("?state=nonsense"), names("?before=abc")) == (
        ["林嘉禾"], ["陈诚", "林嘉禾"], ["陈诚", "林嘉禾"], ["陈诚", "林嘉禾"],
    )  # fmt: skip


@pytest.mark.rule("EMP-04")
def test_the_counters_count_what_they_lead_to(world):
    now = timezone.now()
    world.invitation()
    world.overdue(now - timedelta(days=4), now - timedelta(seconds=1), world.neighbour)
    world.accepted(world.new_graduate("周南", world.college))
    counts = dict(re.findall(r">([^<>]+)<b>(\d+)</b>", desk(world).get("/org/").content.decode()))

    assert {key: counts[key] for key in ("全部", "待毕业生回应", "待审核", "逾期失效")} == {
        "全部": "3",
        "待毕业生回应": "1",
        "待审核": "1",
        "逾期失效": "1",
    }


@pytest.mark.rule("EMP-04")
def test_an_unanswered_invitation_is_withdrawn(world):
    case = world.invitation()
    client = desk(world)
    assert (
        f"/act/online_signing/{case.public_id}/withdraw/" in client.get(f"/invites/{case.public_id}/").content.decode()
    )
    client.post(f"/act/online_signing/{case.public_id}/withdraw/", {"seen": "1", "key": "k"})

    assert Registration.all_rows.get(pk=case.pk).state == "withdrawn"
    assert "可以再次邀请" in text(client.get(f"/invites/{case.public_id}/"))


@pytest.mark.rule("EMP-04")
def test_an_answered_invitation_is_not_withdrawn(world):
    case = world.accepted()
    client = desk(world)
    client.post(f"/act/online_signing/{case.public_id}/withdraw/", {"seen": "2", "key": "k"})

    assert "/withdraw/" not in client.get(f"/invites/{case.public_id}/").content.decode()
    assert Registration.all_rows.get(pk=case.pk).state == "college_review"


@pytest.mark.rule("ORG-01")
def test_an_employer_sees_of_the_graduate_what_the_invitation_needs(world):
    case = world.invitation()
    body = desk(world).get(f"/invites/{case.public_id}/").content.decode()

    assert ("计算机科学与技术" in body, world.graduate.id_number in body, world.graduate.exam_number in body) == (
        True,
        False,
        False,
    )
    assert signed_in(world.stranger_seats[Role.EMPLOYER]).get(f"/invites/{case.public_id}/").status_code == 404


@pytest.mark.rule("ORG-01")
@pytest.mark.parametrize(
    "path", ["/org/", "/org/invites/", "/org/invites/new/", "/org/invites/batch/", "/org/invites/batch/template.xlsx"]
)
def test_pages_of_employers_are_for_employers(world, path):
    assert desk(world).get(path).status_code == 200
    assert [
        signed_in(world.seats[role]).get(path).status_code for role in (Role.GRADUATE, Role.COLLEGE, Role.SCHOOL)
    ] == [404] * 3


@pytest.mark.parametrize("path", ["/org/", "/org/invites/"])
def test_three_invitations_cost_no_more_queries_than_one(world, path):
    client = desk(world)
    world.invitation()
    client.get(path)
    with CaptureQueriesContext(connection) as one:
        client.get(path)
    for name in ("周南", "马骁"):
        world.invitation(world.new_graduate(name, world.college))
    with CaptureQueriesContext(connection) as three:
        client.get(path)

    assert len(three) == len(one)


# ---- many from a workbook: EMP-04 ----

HEADINGS = ["姓名", effects.NUMBER, *(field.label for field in SHEET), effects.DAYS]


def line(graduate, **typed):
    """A line of the workbook, with names where the table has codes."""
    values = OFFER | typed
    cells = [
        codes.table(field.table).label(str(values[field.key])) if field.table else values[field.key] or "" for field in SHEET
    ]  # fmt: skip
    return [graduate.name, graduate.id_number, *cells, "3"]


def upload(client, *lines, headings=HEADINGS):
    content = workbooks.write(headings, lines)
    return client.post("/org/invites/batch/", {"file": SimpleUploadedFile("名单.xlsx", content)})


@pytest.mark.rule("EMP-04")
def test_many_are_invited_from_a_workbook_after_a_preview(world):
    client = desk(world)
    wrong = line(world.stranger, post="")
    nobody = ["无此人", "110101200305069990", *line(world.graduate)[2:]]
    answer = upload(client, line(world.graduate), line(world.neighbour), wrong, nobody, line(world.graduate))
    shown = text(client.get(answer.url))

    assert Registration.all_rows.count() == 0
    assert "共 5 行，可以发出 2 行，有问题 3 行" in shown
    assert [words in shown for words in ("岗位名称还没有填写", "没有找到这位毕业生", "已经出现过")] == [True] * 3
    client.post(answer.url, {"step": "send"})
    assert {case.graduate_id for case in Registration.all_rows.all()} == {world.graduate.pk, world.neighbour.pk}
    assert text(client.get(answer.url)).count("已发出") == 3


@pytest.mark.rule("EMP-04")
def test_a_batch_is_sent_once_and_none_where_it_is_dropped(world):
    client = desk(world)
    first = upload(client, line(world.graduate)).url
    for _ in range(2):
        client.post(first, {"step": "send"})
    second = upload(client, line(world.neighbour)).url
    client.post(second, {"step": "drop"})
    client.post(second, {"step": "send"})

    assert [case.graduate_id for case in Registration.all_rows.all()] == [world.graduate.pk]
    assert list(InvitationBatch.all_rows.order_by("pk").values_list("state", flat=True)) == ["sent", "dropped"]


@pytest.mark.rule("EMP-04")
def test_a_batch_that_was_cut_off_goes_on_and_sends_nothing_twice(world):
    batch = effects.read_batch(
        world.actor(Role.EMPLOYER),
        workbooks.write(HEADINGS, [line(world.graduate), line(world.neighbour)]),
        "名单.xlsx",
    )
    InvitationBatch.all_rows.filter(pk=batch.pk).update(state="sending")
    effects._sent(batch, batch.lines[0], effects._sender(batch))

    effects.send_batch(str(batch.public_id))

    batch.refresh_from_db()
    assert ([one["outcome"] for one in batch.lines], batch.state, Registration.all_rows.count()) == (
        ["已发出", "已发出"],
        "sent",
        2,
    )


@pytest.mark.rule("EMP-04")
def test_a_long_batch_is_left_to_a_job(world, monkeypatch):
    monkeypatch.setattr(effects, "SENT_AT_ONCE", 1)
    client = desk(world)
    url = upload(client, line(world.graduate), line(world.neighbour)).url
    client.post(url, {"step": "send"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT args ->> 'batch' FROM procrastinate_jobs WHERE task_name = 'registration.send_batch'")
        (job,) = cursor.fetchall()

    assert Registration.all_rows.count() == 0
    assert "正在发出" in text(client.get(url))
    effects.send_batch(job[0])
    assert Registration.all_rows.count() == 2


@pytest.mark.rule("EMP-04", "EMP-05")
def test_a_batch_keeps_no_number_and_counts_against_the_limit(world):
    actor = world.actor(Role.EMPLOYER)
    batch = effects.read_batch(
        actor, workbooks.write(HEADINGS, [line(world.graduate), ["甲", "1", *line(world.graduate)[2:]]]), "名单.xlsx"
    )

    assert world.graduate.id_number not in repr(batch.lines)
    assert Record.objects.filter(act="look_up").count() == 2
    with pytest.raises(Refused, match="已经用完"):
        effects.look_up(actor, [(f"某{i}", f"{i}") for i in range(effects.MOST_LOOK_UPS - 1)])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\x00\x01\x02 not a workbook", "文件没有用上"),
        (workbooks.write(["姓名", "电话"], [["陈诚", "1"]]), "缺少这些列"),
        (workbooks.write(HEADINGS, []), "只有标题"),
    ],
    ids=["rubbish", "columns", "empty"],
)  # fmt: skip
def test_a_wrong_file_has_its_answer(world, content, why):
    answer = desk(world).post("/org/invites/batch/", {"file": SimpleUploadedFile("x.xlsx", content)})

    assert (answer.status_code, why in text(answer), InvitationBatch.all_rows.count()) == (422, True, 0)


def test_two_hundred_lines_are_the_most(world):
    answer = upload(desk(world), *[line(world.graduate)] * 201)

    assert (answer.status_code, "一次最多邀请 200 人" in text(answer)) == (422, True)


@pytest.mark.rule("ORG-01")
def test_a_batch_is_its_own_employers(world):
    url = upload(desk(world), line(world.graduate)).url
    other = signed_in(world.stranger_seats[Role.EMPLOYER])

    assert (
        other.get(url).status_code,
        other.post(url, {"step": "send"}).status_code,
        Registration.all_rows.count(),
    ) == (404, 404, 0)


@pytest.mark.rule("EMP-04")
def test_the_template_is_what_the_upload_reads(world):
    content = desk(world).get("/org/invites/batch/template.xlsx").content
    headings = next(iter(workbooks.rows(io.BytesIO(content))))

    assert [heading for heading in headings if heading] == HEADINGS
