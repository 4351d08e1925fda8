"""Dissolution on the screen: the graduate's phone, the employer's desk, the reviewer's queue; own, neighbour's and stranger's."""

from __future__ import annotations

import html
import io
import re

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from qicheng.domain.orgs.models import SigningSettings
from qicheng.domain.registration import listings
from qicheng.domain.registration.models import Dissolution, Registration
from qicheng.foundation.access import SYSTEM, Level, Role, Tier
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import perform
from qicheng.foundation.flow.words import moment
from qicheng.foundation.kit.numbers import token
from tests.clients import signed_in
from tests.domain.registration.test_dissolution import MONDAY as LONG_AGO
from tests.domain.registration.test_dissolution import agreed, asked_on, at, dissolved, limit
from tests.world import PASSWORD

pytestmark = pytest.mark.django_db
FORCE_WARNING = "请谨慎使用，使用前应与用人单位协商一致以防出现纠纷"


def text(response):
    """What a page says, without its markup."""
    body = re.sub(r"<(script|style|dialog).*?</\1>", "", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def phone(world, graduate=None):
    return signed_in(world.graduate_seat(graduate or world.graduate))


def desk(world):
    return signed_in(world.seats[Role.EMPLOYER])


def request_url(agreement):
    return f"/invites/{agreement.public_id}/terminate/"


def url(case):
    return f"/terminate/{case.public_id}/"


def review_url(case):
    return f"/review/{case.public_id}/"


def act_url(case, name):
    return f"/act/online_dissolution/{case.public_id}/{name}/"


def asked(client, agreement, **given):
    typed = {"reason": "x_other_destination", "explanation": "已与单位商量一致", "key": token()}
    return client.post(request_url(agreement), typed | given)


def done(client, case, act, **given):
    return client.post(act_url(case, act), {"seen": case.version, "key": token()} | given)


# ---- the graduate


@pytest.mark.rule("DIS-01", "DIS-08")
def test_a_graduate_asks_from_the_effective_agreement_and_is_told_first_that_both_must_agree(world):
    agreement, client = world.effective(), phone(world)

    assert request_url(agreement) in client.get(f"/invites/{agreement.public_id}/").content.decode()
    page = text(client.get(request_url(agreement)))
    assert "解约要双方都同意。先和用人单位商量一致" in page
    assert "还可以申请 3 次" in page

    answer = asked(client, agreement)
    case = Dissolution.all_rows.get()
    assert (answer.status_code, answer["Location"]) == (302, url(case))
    assert (case.state, case.reason, case.explanation) == (
        "asked_by_graduate",
        "x_other_destination",
        "已与单位商量一致",
    )
    page = text(client.get(url(case)))
    assert "可以主动和单位沟通（ 13111111111 ）" in page
    assert "联系学校协助：学校核实情况后可以强制解约" in page
    assert "等单位回应你的解约申请" in text(client.get("/"))
    assert "云岭数据科技有限公司 待单位回应 解约" in text(client.get("/records/"))


@pytest.mark.rule("DIS-03")
def test_the_page_counts_the_requests_and_says_when_none_is_left(world):
    limit(world, 2)
    agreement, client = world.effective(), phone(world)
    for left in (2, 1):
        assert f"还可以申请 {left} 次" in text(client.get(request_url(agreement)))
        assert asked(client, agreement).status_code == 302
        case = Dissolution.all_rows.get(live=True)
        assert done(client, case, "withdraw").status_code == 302

    page = client.get(request_url(agreement))
    assert "学校设置每人最多申请解约 2 次，已经用完。可以请单位发起解约，或者联系学校协助。" in text(page)
    assert 'name="explanation"' not in page.content.decode()
    assert asked(client, agreement).status_code == 409
    assert Dissolution.all_rows.count() == 2


def test_what_is_missing_is_said_and_what_was_typed_stays(world):
    agreement, client = world.effective(), phone(world)

    page = asked(client, agreement, reason="", explanation="已经当面谈过")
    assert page.status_code == 422
    assert "解约原因还没有选择" in text(page)
    assert "已经当面谈过" in page.content.decode()
    assert asked(client, agreement, reason="x_unit_cancel").status_code == 422
    assert Dissolution.all_rows.count() == 0


def test_a_double_click_makes_one_request(world):
    agreement, client, key = world.effective(), phone(world), token()

    first, second = asked(client, agreement, key=key), asked(client, agreement, key=key)

    assert first["Location"] == second["Location"]
    assert Dissolution.all_rows.count() == 1


@pytest.mark.rule("DIS-01", "DIS-02")
def test_a_graduate_answers_the_employers_request_and_proves_who_it_is(world):
    case, client = world.dissolution(by=Role.EMPLOYER), phone(world)

    assert "回应解约申请" in text(client.get("/"))
    page = text(client.get(url(case)))
    assert "单位取消录用/岗位撤销" in page
    assert "解约申请人 李经理" in page
    assert done(client, case, "agree").status_code == 422
    assert done(client, case, "agree", password="不是这个").status_code == 422
    assert done(client, case, "agree", password=PASSWORD)["Location"] == url(case)
    assert Dissolution.all_rows.get().state == "college_review"
    assert "等学院审核解约" in text(client.get("/"))


@pytest.mark.rule("DIS-06")
def test_once_dissolved_the_graduate_reads_so_and_is_free(world):
    case, client = dissolved(world), phone(world)

    assert "已解约" in text(client.get(f"/invites/{case.agreement.public_id}/"))
    assert "选择怎么登记" in text(client.get("/"))
    page = text(client.get(url(case)))
    assert "解约完成" in page
    assert "解约方式 双方同意解约" in page
    assert client.get(request_url(case.agreement)).status_code == 200
    assert asked(client, case.agreement).status_code == 409


@pytest.mark.rule("ORG-01")
def test_a_dissolution_is_its_own_peoples(world):
    case = world.dissolution()
    asks = [url(case), request_url(case.agreement), act_url(case, "withdraw"), act_url(case, "agree")]
    for client in (
        phone(world, world.neighbour),
        phone(world, world.stranger),
        signed_in(world.stranger_seats[Role.EMPLOYER]),
    ):
        assert {client.get(one).status_code for one in asks} == {404}
        assert {
            client.post(one, {"seen": 1, "reason": "x_study", "explanation": "好"}).status_code for one in asks[1:]
        } == {404}
    for seat in (
        world.other_college_seat,
        world.stranger_seats[Role.SCHOOL],
        world.stranger_seats[Role.COLLEGE],
        world.stranger_seats[Role.PROVINCE],
    ):
        client = signed_in(seat)
        assert {client.get(one).status_code for one in (url(case), review_url(case), act_url(case, "force"))} == {404}
        assert client.post(act_url(case, "force"), {"seen": 1, "words": "核实过"}).status_code == 404
    assert {
        signed_in(world.seats[role]).get(request_url(case.agreement)).status_code
        for role in (Role.COLLEGE, Role.SCHOOL)
    } == {404}
    assert Dissolution.all_rows.get().version == 1


# ---- the employer


@pytest.mark.rule("DIS-01", "DIS-02")
def test_an_employer_finds_answers_and_refuses_what_a_graduate_asks(world):
    case, client = world.dissolution(), desk(world)

    assert "有 1 份解约申请在等你单位回应" in text(client.get("/org/"))
    page = client.get("/org/terminations/?state=mine")
    assert url(case) in page.content.decode()
    page = text(client.get(url(case)))
    assert "解约申请人 陈诚" in page
    assert "已与单位电话商量一致" in page
    assert done(client, case, "refuse")["Location"] == url(case)
    assert "单位已拒绝解约" in text(client.get(url(case)))
    assert "协议编号" in text(client.get(f"/invites/{case.agreement.public_id}/"))
    assert url(case) not in client.get("/org/terminations/?state=mine").content.decode()
    assert url(case) in client.get("/org/terminations/?state=refused&q=陈").content.decode()


@pytest.mark.rule("DIS-01", "DIS-03")
def test_an_employer_asks_and_takes_back_without_a_limit(world):
    limit(world, 0)
    agreement, client = world.effective(), desk(world)
    page = text(client.get(request_url(agreement)))
    assert "先和毕业生商量一致" in page
    assert "次" not in page.split("提交解约申请")[0].split("商量一致")[1]

    assert asked(client, agreement, reason="x_unit_cancel").status_code == 302
    case = Dissolution.all_rows.get()
    assert (case.state, case.sequence) == ("asked_by_employer", None)
    assert "毕业生还没有回应" in text(client.get(url(case)))
    assert done(client, case, "withdraw").status_code == 302
    assert done(client, case, "withdraw").status_code == 302
    assert Dissolution.all_rows.get().state == "withdrawn"


def test_three_requests_cost_no_more_queries_than_one(world):
    client = desk(world)
    pages = ["/org/terminations/", "/org/terminations/?state=mine"]

    def cost():
        for page in pages:
            client.get(page)
        with CaptureQueriesContext(connection) as counted:
            for page in pages:
                client.get(page)
        return len(counted)

    world.dissolution()
    one = cost()
    for name in ("赵甲", "钱乙"):
        world.dissolution(world.effective(world.new_graduate(name, world.college)))
    assert cost() == one


# ---- the reviewer


@pytest.mark.rule("DIS-01", "REG-07")
def test_one_queue_holds_signings_and_dissolutions_the_longest_wait_first(world):
    other = world.new_graduate("周研", world.college)
    first = world.accepted(other)
    case = agreed(world)
    last = world.accepted(world.new_graduate("吴晓", world.college))
    client = signed_in(world.seats[Role.COLLEGE])

    page = client.get("/review/").content.decode()
    order = re.findall(r'href="/review/([0-9a-f-]{36})/', page)
    assert list(dict.fromkeys(order)) == [str(one.public_id) for one in (first, case, last)]
    assert "双方同意" in page
    counted = re.findall(r"<a [^>]*>([^<]+)<b>(\d+)</b></a>", page)
    assert [one for one in counted if one[1] != "0"] == [
        ("待审核总数", "3"),
        ("学生已同意签约", "2"),
        ("已同意解约", "1"),
    ]
    only = client.get("/review/?stage=已同意解约").content.decode()
    assert list(dict.fromkeys(re.findall(r'href="/review/([0-9a-f-]{36})/', only))) == [str(case.public_id)]
    assert re.findall(r'href="/review/([0-9a-f-]{36})/', client.get("/review/?by=graduate").content.decode())[0] == str(
        case.public_id
    )


@pytest.mark.rule("REG-07")
def test_pages_of_the_queue_hold_every_case_once(world):
    cases = [
        agreed(world, agreement=world.effective(world.new_graduate(f"解{n:02d}", world.college))) for n in range(14)
    ]
    cases += [world.accepted(world.new_graduate(f"签{n:02d}", world.college)) for n in range(14)]
    client = signed_in(world.seats[Role.COLLEGE])
    found, address = [], "/review/?size=25"
    while address:
        page = html.unescape(client.get(address).content.decode())
        found += dict.fromkeys(re.findall(r'name="case" value="([0-9a-f-]{36})"', page))
        older = re.search(r'href="(\?[^"]*after=[^"]+)"', page)
        address = f"/review/{older[1]}" if older else ""
    assert sorted(found) == sorted(str(case.public_id) for case in cases)


@pytest.mark.rule("DIS-01", "REG-06")
def test_the_review_page_shows_who_asked_and_why_and_the_agreement(world):
    case, client = agreed(world), signed_in(world.seats[Role.COLLEGE])

    page = text(client.get(review_url(case)))

    for words in (
        "解约方 学生",
        "解约申请人 陈诚",
        "解约原因 其他去向",
        "解约说明 已与单位电话商量一致",
        "毕业生第几次申请 1 / 3",
        "要解除的协议",
        "数据分析师",
    ):
        assert words in page
    assert "强制解约" not in page
    panel = client.get(review_url(case), headers={"HX-Request": "true", "HX-Target": "panel"})
    assert (panel.content.decode().startswith("<aside"), "解约申请人" in panel.content.decode()) == (True, True)
    assert done(client, case, "approve").status_code == 302
    assert done(signed_in(world.seats[Role.SCHOOL]), Dissolution.all_rows.get(), "approve").status_code == 302
    assert Registration.all_rows.get().state == "dissolved"
    assert "解约 1 次申请" in text(signed_in(world.seats[Role.SCHOOL]).get(f"/review/{case.agreement.public_id}/"))


@pytest.mark.rule("REG-07")
def test_many_are_passed_at_once_whatever_their_kind(world):
    case, signing = agreed(world), world.accepted(world.new_graduate("周研", world.college))
    client = signed_in(world.seats[Role.COLLEGE])

    page = client.post("/review/batch/", {"every": "1"}).content.decode()
    lines = re.findall(r'name="line" value="([^"]+)"', page)
    assert len(lines) == 2
    result = text(client.post("/review/batch/done/", {"line": lines}))

    assert "已通过 2 条" in result
    assert (Dissolution.all_rows.get().state, Registration.all_rows.get(pk=signing.pk).state) == (
        "school_review",
        "school_review",
    )
    assert case.pk


@pytest.mark.rule("DIS-04", "DIS-08")
def test_the_school_sees_its_evidence_beside_the_force_and_the_warning(world, monkeypatch):
    case = asked_on(world, LONG_AGO)
    at(world, monkeypatch, LONG_AGO.replace(day=10))
    perform(case, "remind", SYSTEM)
    monkeypatch.undo()
    client = signed_in(world.seats[Role.SCHOOL])

    page = text(client.get(review_url(case)))
    assert "用人单位还没有回应 已经等了" in page
    assert "个工作日" in page
    reminded = Record.objects.get(act="remind").at
    assert re.search(f"申请时间 (2026 年 )?11 月 2 日 10:00 提醒时间 {moment(reminded)}", page)
    assert "单位没有回应，学校可以在上面强制解约" in page
    assert FORCE_WARNING in page
    assert page.count("强制解约") >= 1
    assert FORCE_WARNING in text(client.get(act_url(case, "force")))
    assert done(client, case, "force", seen=2).status_code == 422
    assert done(client, case, "force", seen=2, words="电话核实，单位已停业").status_code == 302
    assert (Dissolution.all_rows.get().state, Registration.all_rows.get().state) == ("done", "dissolved")
    assert "电话核实，单位已停业" in text(phone(world).get(url(case)))


@pytest.mark.rule("DIS-04")
def test_a_college_has_no_force_and_reading_is_not_writing(world):
    case = world.dissolution()
    college, reader = (
        signed_in(world.seats[Role.COLLEGE]),
        signed_in(world.new_seat(Role.SCHOOL, world.school.pk, "只读老师", employment=Level.READ)),
    )

    for client in (college, reader):
        page = client.get(review_url(case))
        assert (page.status_code, "/force/" in page.content.decode()) == (200, False)
        assert client.post(act_url(case, "force"), {"seen": 1, "words": "核实过"}).status_code == 404
    assert Registration.all_rows.get().state == "effective"


@pytest.mark.rule("REG-07")
def test_the_list_of_dissolutions_and_its_workbook(world):
    case = world.dissolution()
    dissolved(world, world.effective(world.new_graduate("周研", world.college)))
    client = signed_in(world.seats[Role.SCHOOL])

    page = text(client.get("/lists/online_dissolution/"))
    assert "共 2 条" in page
    assert "学生发起解约，等待单位应约" in page
    narrowed = client.get("/lists/online_dissolution/?state=asked_by_graduate&by=graduate").content.decode()
    assert (review_url(case) in narrowed, "周研" in narrowed) == (True, False)
    sheet = openpyxl.load_workbook(io.BytesIO(client.get("/lists/online_dissolution/workbook/").content)).active
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    head = rows[0]
    assert {"解约方", "解约原因", "解约说明", "协议编号", "状态"} <= set(head)
    assert [row[head.index("解约方")] for row in rows[1:]] == ["学生", "学生"]
    assert all("*" in row[head.index("身份证号")] for row in rows[1:])
    assert "已解约" in text(client.get("/lists/online_signing/?state=dissolved"))
    assert "共 1 条" in text(client.get("/lists/ended/"))


@pytest.mark.rule("ORG-07")
def test_a_school_user_of_one_tier_sees_its_own_dissolutions(world):
    case = agreed(world)
    perform(case, "approve", world.actor(Role.COLLEGE))
    seats = {
        tier: world.new_seat(Role.SCHOOL, world.school.pk, f"{tier}老师", tier=tier)
        for tier in (Tier.UNDERGRADUATE, Tier.POSTGRADUATE)
    }
    found = {
        tier: str(case.public_id) in signed_in(seat).get("/review/").content.decode() for tier, seat in seats.items()
    }
    assert found == {Tier.UNDERGRADUATE: True, Tier.POSTGRADUATE: False}


@pytest.mark.rule("HOME-01")
def test_the_first_page_counts_dissolutions_in_all_and_by_step(world):
    world.dissolution()
    agreed(world, agreement=world.effective(world.new_graduate("周研", world.college)))
    dissolved(world, world.effective(world.new_graduate("吴晓", world.college)))
    page = signed_in(world.seats[Role.SCHOOL]).get("/home/").content.decode()
    part = page.split(">线上解约<")[1].split("</section>")[0]
    assert re.findall(r">([^<]+)<b>(\d+)</b>", part) == [
        ("正在办理", "2"), ("学生发起解约，等待单位应约", "1"), ("单位发起解约，等待学生应约", "0"), ("已同意解约，等待学院审核", "1"),
        ("已同意解约，等待学校审核", "0"),
    ]  # fmt: skip


@pytest.mark.rule("ORG-09")
def test_provinces_and_the_ministry_look_and_do_not_act(world):
    case = world.dissolution()
    for role in (Role.PROVINCE, Role.MINISTRY):
        client = signed_in(world.seats[role])
        page = client.get(review_url(case))
        assert (page.status_code, "/act/" in page.content.decode()) == (200, False)
    assert Record.objects.filter(act="view").exists()
    assert SigningSettings.all_rows.count() == 2


@pytest.mark.rule("REG-07")
def test_the_queue_reads_both_tables_in_the_order_of_their_indexes(world):
    """However many wait: the first page is merged from two indexes, nothing is sorted."""
    queue, actor = listings.queue(Role.SCHOOL), world.actor(Role.SCHOOL)
    with CaptureQueriesContext(connection) as asked:
        queue.page(actor, {}, world.cohort)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        found = next(one["sql"] for one in asked.captured_queries if "ORDER BY" in one["sql"])
        scope = {
            "node": actor.node,
            "tier": str(actor.tier),
            "cohort": world.cohort,
            "late": listings.late(actor, world.cohort),
        }
        cursor.execute(f"EXPLAIN (COSTS OFF) {found}", scope)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Merge Append" in plan
    assert "registration_at_school" in plan
    assert "dissolution_at_school" in plan
