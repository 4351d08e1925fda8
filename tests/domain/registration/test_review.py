"""The queue, the page of a case and its verdict, alone and many at once, as reviewers meet them."""

from __future__ import annotations

import html
import io
import re
import threading
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from django.db import connections
from django.utils import timezone

from qicheng.domain.orgs.models import Reason, StatusLookup
from qicheng.domain.registration import listings
from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Level, Role, Tier
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import perform
from tests.clients import signed_in
from tests.world import COHORT


def text(response: Any) -> str:
    assert response.status_code == 200, response.content.decode()[-2000:]
    return response.content.decode()


def names(page: str) -> list[str]:
    """The people of a queue's rows, in order."""
    return re.findall(r"data-openrow>([^<]+)</a>", page)


def fields(page: str, act: str) -> dict[str, str]:
    """What the form of an act on a case's page carries."""
    form = next(f for f in re.findall(r"<form.*?</form>", page, re.DOTALL) if f'/{act}/"' in f.split(">")[0])
    return {
        html.unescape(name): html.unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    }


def counters(page: str) -> dict[str, int]:
    found = re.findall(r"<a href=\"[^\"]*\"[^>]*>([^<]+)<b>([\d,]+)</b></a>", page)
    return {label: int(number.replace(",", "")) for label, number in found}


def people(world: Any, *given: str, **columns: Any) -> list[Graduate]:
    return [world.new_graduate(name, world.college, **columns) for name in given]


@pytest.mark.rule("REG-07")
def test_the_queue_shows_what_waits_for_this_user_longest_wait_first(world):
    first, second = world.accepted(), world.accepted(people(world, "周予安")[0])
    world.accepted(world.neighbour)
    world.invitation(people(world, "未应约")[0])
    perform(second, "approve", world.actor(Role.COLLEGE))
    third = world.accepted(people(world, "欧阳思远")[0])

    seen = {role: names(text(signed_in(world.seats[role]).get("/review/"))) for role in (Role.COLLEGE, Role.SCHOOL)}
    other = names(text(signed_in(world.other_college_seat).get("/review/")))
    assert seen == {Role.COLLEGE: ["陈诚", "欧阳思远"], Role.SCHOOL: ["周予安"]}
    assert other == ["林嘉禾"]
    assert first.waiting_since < third.waiting_since


@pytest.mark.rule("ROS-07")
def test_a_graduate_off_the_roster_is_not_in_the_queue_but_in_the_list_of_the_frozen(world):
    world.accepted()
    Graduate.all_rows.filter(pk=world.graduate.pk).update(removed_at=timezone.now())
    client = signed_in(world.seats[Role.COLLEGE])
    assert names(text(client.get("/review/"))) == []
    assert "陈诚" in text(client.get("/lists/invalid/"))
    assert "陈诚" not in text(client.get("/lists/online_signing/"))


@pytest.mark.rule("REG-07", "ROS-05")
def test_the_counters_say_what_their_lists_hold(world):
    a, b, c = people(world, "赵甲", "钱乙", "孙丙")
    for one in (a, b, c):
        world.accepted(one)
    Graduate.all_rows.filter(pk=a.pk).update(sex="2", revision=2)
    Graduate.all_rows.filter(pk=b.pk).update(revision=2)
    client = signed_in(world.seats[Role.COLLEGE])
    page = text(client.get("/review/"))
    assert counters(page) == {
        "待审核总数": 3, "学生已同意签约": 3, "就业协议审核中": 0, "签约审核中": 0, "去向登记审核中": 0, "已同意解约": 0, "解约中": 0,
        "信息不一致": 1, "等了 3 个工作日以上": 0,
    }  # fmt: skip
    for query, expected in (("", 3), ("?stage=学生已同意签约", 3), ("?check=differs", 1), ("?wait=late", 0)):
        assert len(names(text(client.get(f"/review/{query}")))) == expected
    assert "1 项不一致" in page


def test_late_is_counted_in_working_days(world, monkeypatch):
    world.accepted()
    role, actor = Role.COLLEGE, world.actor(Role.COLLEGE)
    assert listings.queue(role).tally(actor, COHORT, {"late": listings.LATE}) == {"late": 0}
    monkeypatch.setattr(listings, "late", lambda *asked: timezone.now() + timedelta(minutes=1))
    assert listings.queue(role).tally(actor, COHORT, {"late": listings.LATE}) == {"late": 1}


@pytest.mark.rule("REG-07")
def test_the_queue_is_searched_by_name_number_employer_and_filtered(world):
    case = world.accepted()
    world.accepted(people(world, "陈默")[0], level="31")
    client, graduate = signed_in(world.seats[Role.SCHOOL]), world.graduate
    for one in Registration.all_rows.all():
        perform(one, "approve", world.actor(Role.COLLEGE))
    asked = {
        "q=陈": 2, "q=陈诚": 1, f"q={graduate.student_number}": 1, f"q={graduate.exam_number}": 1, f"q={graduate.id_number}": 1,
        f"q={graduate.id_number[:17]}": 0, "q=云岭": 2, "q=数据科技": 2, "q=没有": 0, "by=employer": 2, "by=graduate": 0, "kind=online_signing": 2,
        f"college={world.college.pk}": 2, f"college={world.other_college.pk}": 0, "level=31": 2, "level=11": 0, "major=计算机": 2,
        "major=数学": 0, "employer=云岭": 2, "since=2020-01-01": 2, "since=2090-01-01": 0, "until=2020-01-01": 0,
    }  # fmt: skip
    assert {query: len(names(text(client.get(f"/review/?{query}")))) for query in asked} == asked
    perform(case, "approve", world.actor(Role.SCHOOL))
    case.refresh_from_db()
    assert "陈诚" in text(client.get(f"/lists/online_signing/?q={case.number}"))


@pytest.mark.rule("REG-07")
def test_numbers_and_phones_are_masked_in_lists_and_workbooks(world):
    world.accepted()
    client, number, phone = signed_in(world.seats[Role.COLLEGE]), world.graduate.id_number, world.graduate.phone
    book = openpyxl.load_workbook(io.BytesIO(client.get("/review/workbook/").content)).active
    cells = "|".join(str(cell) for row in book.iter_rows(values_only=True) for cell in row)
    for shown in (text(client.get("/review/")), text(client.get("/lists/online_signing/")), cells):
        assert number not in shown
        assert phone not in shown
        assert "*" * 14 + number[-4:] in shown
        assert f"{phone[:3]}****{phone[-4:]}" in shown


@pytest.mark.rule("REG-07")
def test_the_current_query_is_a_workbook_and_on_record(world):
    world.accepted()
    world.accepted(people(world, "=1+1")[0])
    client = signed_in(world.seats[Role.COLLEGE])
    answer = client.get("/review/workbook/?q=陈")
    book = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    rows = list(book.iter_rows(values_only=True))
    assert [len(rows), rows[0][0], rows[1][0]] == [2, "姓名", "陈诚"]
    record = Record.objects.filter(act="export").get()
    assert (record.flow, record.changes, record.account_id) == (
        "listing.review", {"搜索": ["", "陈"], "条数": ["", 1]}, world.seats[Role.COLLEGE].account_id,
    )  # fmt: skip
    everything = openpyxl.load_workbook(io.BytesIO(client.get("/review/workbook/").content)).active
    assert [(cell.value, cell.data_type) for cell in everything["A"]][1:] == [("陈诚", "s"), ("=1+1", "s")]


@pytest.mark.rule("EXP-01")
def test_a_query_of_many_rows_is_not_cut_off_but_leads_to_where_it_is_made(world, monkeypatch):
    from qicheng.foundation.listing import exports

    monkeypatch.setattr(exports, "AT_ONCE", 1)
    world.accepted()
    world.accepted(people(world, "周予安")[0])
    answer = signed_in(world.seats[Role.COLLEGE]).get("/review/workbook/", follow=True)
    assert "导出待我审核" in text(answer)
    assert not Record.objects.filter(act="export").exists()


@pytest.mark.rule("REG-06", "EMP-03")
def test_the_page_of_a_case_shows_all_that_a_verdict_needs(world):
    voided = world.effective()
    perform(voided, "void", world.actor(Role.SCHOOL), words="双方同意")
    case = world.accepted()
    Graduate.all_rows.filter(pk=world.graduate.pk).update(political_status="01", major="软件工程", revision=2)
    StatusLookup.objects.create(credit_code=world.employer.credit_code, status="注销", source="测试登记处")
    page = text(signed_in(world.seats[Role.COLLEGE]).get(f"/review/{case.public_id}/"))
    for shown in (
        "2 项不一致", "可同步", "不能同步", "获取最新学生信息", "数据分析师", "注销", "测试登记处", "国家企业信用信息公示系统", "学校已作废",
        "钱老师", "江南省江临市学府路1号", "100871", "已上报的毕业去向", "专业与学籍名单不一致，不能同步",
    ):  # fmt: skip
        assert shown in page, shown
    assert page.index("2 项不一致") < page.index("登记的内容")


@pytest.mark.rule("EMP-03")
def test_where_no_provider_answers_the_page_says_so_and_review_goes_on(world):
    case, client = world.accepted(), signed_in(world.seats[Role.COLLEGE])
    answer = client.get(f"/review/{case.public_id}/status/", headers={"HX-Request": "true", "HX-Target": "status"})
    assert "暂时无法获取最新状态" in text(answer)
    assert "再查一次" in text(answer)
    page = text(client.get(f"/review/{case.public_id}/status/", follow=True))
    assert "暂时无法获取最新状态" in page
    assert fields(page, "approve")["seen"] == str(case.version)


@pytest.mark.rule("REG-05")
def test_internal_notes_are_for_reviewers_alone(world):
    case = world.accepted()
    perform(case, "reject", world.actor(Role.COLLEGE), reason="x_pay", words="薪酬写错了", internal="已电话核实")
    own, above = (
        text(signed_in(world.seats[role]).get(f"/invites/{case.public_id}/")) for role in (Role.GRADUATE, Role.SCHOOL)
    )
    assert ("薪酬写错了" in own, "已电话核实" in own) == (True, False)
    assert ("薪酬写错了" in above, "已电话核实" in above, "试用期、薪酬或违约金约定不合规定" in above) == (
        True,
        True,
        True,
    )


@pytest.mark.rule("REG-02")
def test_a_verdict_goes_on_to_the_next_case_that_waits(world):
    cases = [world.accepted(one) for one in people(world, "赵甲", "钱乙", "孙丙")]
    client = signed_in(world.seats[Role.COLLEGE])
    page = text(
        client.get(f"/review/{cases[1].public_id}/?q=计算", headers={"HX-Request": "true", "HX-Target": "panel"})
    )
    assert page.lstrip().startswith("<aside")
    page = text(client.get(f"/review/{cases[1].public_id}/"))
    sent = fields(page, "approve")
    answer = client.post(f"/act/online_signing/{cases[1].public_id}/approve/", sent, follow=True)
    assert answer.redirect_chain[-1][0].startswith(f"/review/{cases[2].public_id}/")
    panel = text(client.get(f"/review/{cases[2].public_id}/", headers={"HX-Request": "true", "HX-Target": "panel"}))
    answer = client.post(f"/act/online_signing/{cases[2].public_id}/approve/", fields(panel, "approve"), follow=True)
    assert answer.redirect_chain[-1][0] == f"/review/?open={cases[0].public_id}"
    assert '<aside class="panel" id="panel"' in text(answer)
    assert set(Registration.all_rows.values_list("state", flat=True)) == {"college_review", "school_review"}
    last = client.post(
        f"/act/online_signing/{cases[0].public_id}/approve/", fields(text(answer), "approve"), follow=True
    )
    assert "待审清空了" in text(last)


@pytest.mark.rule("REG-02")
def test_a_rejection_offers_the_reasons_most_used_first_and_the_schools_own(world):
    Reason.objects.create(school=world.school, words="单位与学校有约定")
    for one in people(world, "赵甲", "钱乙"):
        perform(world.accepted(one), "reject", world.actor(Role.COLLEGE), reason="x_archive", words="写清楚")
    case = world.accepted()
    page = text(signed_in(world.seats[Role.COLLEGE]).get(f"/review/{case.public_id}/"))
    offered = re.findall(r'name="reason" value="([^"]+)"', page)
    assert offered[0] == "x_archive"
    assert offered[-1].startswith("own_")
    assert 'id="dlg-reject"' in page
    assert "单位与学校有约定" in page


@pytest.mark.rule("REG-04")
def test_a_stale_page_is_told_who_was_first_and_when(world):
    case, client = world.accepted(), signed_in(world.seats[Role.COLLEGE])
    sent = fields(text(client.get(f"/review/{case.public_id}/")), "approve")
    record = perform(case, "approve", world.actor(Role.COLLEGE))
    colleague = signed_in(world.new_seat(Role.COLLEGE, world.college.pk, "李敏"))
    answer = colleague.post(f"/act/online_signing/{case.public_id}/approve/", sent, follow=True)
    assert f"李华 {timezone.localtime(record.at):%H:%M}" in text(answer)
    assert "没有生效" in text(answer)
    case.refresh_from_db()
    assert (case.state, case.version) == ("school_review", 3)


@pytest.mark.rule("REG-04")
def test_a_double_click_approves_once(world):
    case, client = world.accepted(), signed_in(world.seats[Role.COLLEGE])
    sent = fields(text(client.get(f"/review/{case.public_id}/")), "approve")
    for _ in range(2):
        assert client.post(f"/act/online_signing/{case.public_id}/approve/", sent).status_code == 302
    assert Record.objects.filter(act="approve").count() == 1


@pytest.mark.rule("REG-04")
def test_of_two_reviewers_at_once_one_wins_and_the_other_is_told_by_whom(committed_world):
    world = committed_world
    case = world.accepted()
    seats = [world.seats[Role.COLLEGE], world.new_seat(Role.COLLEGE, world.college.pk, "李敏")]
    clients = [signed_in(seat) for seat in seats]
    sent = [fields(text(client.get(f"/review/{case.public_id}/")), "approve") for client in clients]
    gate, answers = threading.Barrier(2), {}

    def press(n: int) -> None:
        gate.wait()
        try:
            answers[n] = text(clients[n].post(f"/act/online_signing/{case.public_id}/approve/", sent[n], follow=True))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    record = Record.objects.filter(act="approve").get()
    winner = 0 if record.account_id == seats[0].account_id else 1
    assert "办好了" in answers[winner]
    assert f"{record.name} {timezone.localtime(record.at):%H:%M} 已" in answers[1 - winner]
    assert "没有生效" in answers[1 - winner]


def lines(page: str) -> list[str]:
    return re.findall(r'name="line" value="([^"]+)"', page)


@pytest.mark.rule("REG-07")
def test_a_batch_says_what_will_pass_and_what_stays_and_then_what_became_of_each(world):
    plain, changed, gone = (world.accepted(one) for one in people(world, "赵甲", "钱乙", "孙丙"))
    Graduate.all_rows.filter(pk=changed.graduate_id).update(sex="2", revision=2)
    client = signed_in(world.seats[Role.COLLEGE])
    picked = {"case": [str(case.public_id) for case in (plain, changed, gone)], "act": "approve"}
    page = text(client.post("/review/batch/", picked))
    assert "将通过 2 条，留下 1 条要逐条看" in page
    assert "1 项信息不一致" in page
    assert Record.objects.filter(act="approve").count() == 0
    sent = lines(page)
    perform(gone, "reject", world.actor(Role.COLLEGE), reason="x_graduate_changed", words="单位改了主意")
    done = text(client.post("/review/batch/done/", {"line": sent}))
    assert "已通过 1 条，1 条没有通过" in done
    assert "李华" in done
    assert "签约审核不通过" in done
    states = dict(Registration.all_rows.values_list("graduate__name", "state"))
    assert states == {"赵甲": "school_review", "钱乙": "college_review", "孙丙": "rejected"}


@pytest.mark.rule("REG-07")
def test_what_must_be_looked_at_does_not_pass_even_if_it_is_sent(world):
    differs, unknown, dissolved = (world.accepted(one) for one in people(world, "赵甲", "钱乙", "孙丙"))
    client = signed_in(world.seats[Role.COLLEGE])
    sent = lines(
        text(
            client.post(
                "/review/batch/", {"case": [str(c.public_id) for c in (differs, unknown, dissolved)], "act": "approve"}
            )
        )
    )
    assert len(sent) == 3
    Graduate.all_rows.filter(pk=differs.graduate_id).update(sex="2", revision=2)
    done = text(client.post("/review/batch/done/", {"line": sent[:1]}))
    assert "没有通过" in done
    assert "要逐条看" in done
    StatusLookup.objects.create(credit_code=world.employer.credit_code, status="吊销，未注销", source="x")
    assert "单位登记状态：吊销，未注销" in text(client.post("/review/batch/done/", {"line": sent[1:2]}))
    StatusLookup.objects.create(credit_code=world.employer.credit_code, status="存续（在营、开业、在册）", source="x")
    world.employer.is_verified = False
    world.employer.save()
    assert "单位没有通过核验" in text(client.post("/review/batch/done/", {"line": sent[2:]}))
    assert set(Registration.all_rows.values_list("state", flat=True)) == {"college_review"}


@pytest.mark.rule("REG-07")
def test_a_batch_sent_again_answers_the_same_and_does_nothing_twice(world):
    case, client = world.accepted(), signed_in(world.seats[Role.COLLEGE])
    sent = lines(text(client.post("/review/batch/", {"case": str(case.public_id), "act": "approve"})))
    answers = [text(client.post("/review/batch/done/", {"line": sent})) for _ in range(2)]
    assert ["已通过 1 条" in answer for answer in answers] == [True, True]
    assert Record.objects.filter(act="approve").count() == 1


def test_a_batch_over_everything_takes_the_filters_and_says_where_it_stops(world, monkeypatch):
    from qicheng.domain.registration.pages import staff

    for one in people(world, "赵甲", "赵乙", "钱丙"):
        world.accepted(one)
    client = signed_in(world.seats[Role.COLLEGE])
    page = text(client.post("/review/batch/?q=赵", {"every": "1", "act": "approve"}))
    assert "将通过 2 条" in page
    assert "钱丙" not in page
    monkeypatch.setattr(staff, "MOST_AT_ONCE", 1)
    assert "一次最多批量通过 1 条" in text(client.post("/review/batch/", {"every": "1", "act": "approve"}))


def test_nonsense_in_a_batch_does_nothing(world):
    foreign = world.accepted(world.stranger)
    client = signed_in(world.seats[Role.COLLEGE])
    assert client.post("/review/batch/", {"case": ["x", "1'"], "act": "approve"}).status_code == 302
    assert client.post("/review/batch/", {"act": "approve"}).status_code == 302
    assert client.post("/review/batch/", {"case": str(foreign.public_id), "act": "approve"}).status_code == 302
    done = client.post(
        "/review/batch/done/",
        {"line": ["x", f"{foreign.public_id}:{foreign.version}:key", f"{foreign.public_id}:９:key", "::"]},
    )
    assert "已通过 0 条" in text(done)
    foreign.refresh_from_db()
    assert foreign.state == "school_review"


@pytest.mark.rule("ORG-05")
def test_who_may_only_read_sees_no_buttons_and_cannot_send(world):
    case = world.accepted()
    reader = signed_in(world.new_seat(Role.COLLEGE, world.college.pk, "孙看", employment=Level.READ))
    none = signed_in(world.new_seat(Role.COLLEGE, world.college.pk, "周无", employment=Level.NONE))
    page, queue = text(reader.get(f"/review/{case.public_id}/")), text(reader.get("/review/"))
    assert "/act/" not in page
    assert 'class="tick"' not in queue
    assert "/review/batch/done/" not in queue
    assert reader.post("/review/batch/", {"case": str(case.public_id), "act": "approve"}).status_code == 404
    assert reader.post("/review/batch/done/", {"line": f"{case.public_id}:2:k"}).status_code == 404
    assert reader.post(f"/act/online_signing/{case.public_id}/approve/", {"seen": "2", "key": "k"}).status_code == 404
    assert [
        none.get(url).status_code for url in ("/review/", f"/review/{case.public_id}/", "/lists/online_signing/")
    ] == [404] * 3


@pytest.mark.rule("ORG-07")
def test_a_user_of_one_tier_sees_its_graduates_alone(world):
    for one in (people(world, "本科甲")[0], people(world, "硕士乙", tier="postgraduate", level="11")[0]):
        perform(world.accepted(one), "approve", world.actor(Role.COLLEGE))
    seen = {
        tier: names(text(signed_in(world.new_seat(Role.SCHOOL, world.school.pk, tier, tier=tier)).get("/review/")))
        for tier in Tier
    }
    assert seen == {Tier.ALL: ["本科甲", "硕士乙"], Tier.UNDERGRADUATE: ["本科甲"], Tier.POSTGRADUATE: ["硕士乙"]}


@pytest.mark.rule("SET-01")
def test_the_word_of_the_agreements_form_stands_on_buttons_and_in_lists(world):
    case = world.accepted(world.stranger)
    client = signed_in(world.stranger_seats[Role.SCHOOL])
    page = text(client.get(f"/review/{case.public_id}/"))
    assert "鉴证通过" in page
    assert "鉴证不通过" in page
    assert "审核通过" not in page
    assert "等待学校鉴证" in text(client.get("/lists/online_signing/"))
    assert "鉴证通过 1 条" in text(client.post("/review/batch/", {"case": str(case.public_id), "act": "approve"}))


@pytest.mark.rule("SIGN-07", "SIGN-08")
def test_an_effective_agreement_offers_its_amendment_its_annulment_and_its_document(world):
    case = world.effective()
    page = text(signed_in(world.seats[Role.SCHOOL]).get(f"/review/{case.public_id}/"))
    for act in ("amend", "void"):
        assert f"/act/online_signing/{case.public_id}/{act}/" in page
    assert f"/invites/{case.public_id}/agreement.pdf?save" in page
    assert "/act/" not in text(signed_in(world.seats[Role.COLLEGE]).get(f"/review/{case.public_id}/"))


@pytest.mark.rule("ORG-01")
def test_the_ministrys_look_at_a_persons_case_is_on_record(world):
    case = world.accepted()
    for role in (Role.PROVINCE, Role.MINISTRY):
        assert "陈诚" in text(signed_in(world.seats[role]).get(f"/review/{case.public_id}/"))
    views = Record.objects.filter(act="view")
    assert [(r.role, r.case) for r in views] == [(Role.MINISTRY, str(case.public_id))]
