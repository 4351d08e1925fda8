"""The reviewer's page of every way: what was registered, its proofs, who brought them, and the verdict with what it records."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from qicheng.domain.registration.models import Dissolution, Registration
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import perform, timeline
from qicheng.foundation.notice.models import Notice
from tests.clients import signed_in
from tests.filling import destination

pytestmark = pytest.mark.django_db


def words(response: Any) -> str:
    """What a page says, without its markup."""
    assert response.status_code == 200, response.content.decode()[-1500:]
    body = re.sub(r"<(script|style).*?</\1>", "", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def page_of(world: Any, case: Any, role: Role = Role.COLLEGE) -> str:
    return words(signed_in(world.seats[role]).get(f"/review/{case.public_id}/"))


def sent(client: Any, address: str, form: str) -> dict[str, str]:
    """What the form with this id or address carries by itself."""
    page = client.get(address).content.decode()
    found = next(f for f in re.findall(r"<form.*?</form>", page, re.DOTALL) if form in f.split(">")[0])
    return {
        html.unescape(name): html.unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', found)
    }


@pytest.mark.rule("REG-06")
def test_an_application_for_an_agreement_is_shown_as_its_form_asked(world):
    shown = page_of(world, world.form_submitted())
    for one in (
        "线下签约", "协议编号在协议审核通过后生成", "单位信息", "澄江生物制药有限公司", "工艺工程师", "岗位与待遇", "毕业生填写，没有经过平台核验",
        "项全部一致", "已上报的毕业去向", "国家企业信用信息公示系统", "钱老师",
    ):  # fmt: skip
        assert one in shown, one


@pytest.mark.rule("REG-06", "OFF-05")
def test_the_stamped_form_is_shown_with_its_image_its_statement_and_who_brought_it(world):
    case = world.form_approved()
    world.link(case)
    world.prove(case, "stamped", world.bearer(case))
    perform(case, "bring_back", world.bearer(case))
    client = signed_in(world.seats[Role.COLLEGE])
    page = client.get(f"/review/{case.public_id}/")
    assert "用人单位通过链接提交" in words(page)
    assert page.content.decode().count('class="thumb"') == 1
    assert "dlg-proof" in page.content.decode()
    perform(case, "return", world.actor(Role.COLLEGE), reason="other", words="公章不清楚")
    perform(case, "bring_back", world.of(world.graduate), statement="单位名称写错了，要重新填写")
    page = words(client.get(f"/review/{case.public_id}/"))
    assert "毕业生陈诚提交" in page
    assert "单位名称写错了，要重新填写" in page
    assert page.index("毕业生的情况说明") < page.index("登记信息与学籍名单")


@pytest.mark.rule("OFF-07")
def test_the_school_says_beside_the_approval_that_paper_and_image_are_the_same(world):
    case = world.brought_back()
    perform(case, "approve", world.actor(Role.COLLEGE))
    client = signed_in(world.seats[Role.SCHOOL])
    page = client.get(f"/review/{case.public_id}/").content.decode()
    assert 'form="f-approve"' in page
    given = sent(client, f"/review/{case.public_id}/", 'id="f-approve"') | {"sealed": "on"}
    assert client.post(f"/act/offline_signing/{case.public_id}/approve/", given).status_code == 302
    case.refresh_from_db()
    assert case.state == "effective"
    assert timeline(case)[-1].changes["学校盖章"] == ["", "已核对要盖章的协议书与上传的图像一致"]
    other = world.brought_back(world.neighbour)
    perform(other, "approve", world.reviewer(other, Role.COLLEGE))
    plain = sent(client, f"/review/{other.public_id}/", 'id="f-approve"')
    assert client.post(f"/act/offline_signing/{other.public_id}/approve/", plain).status_code == 302
    assert "学校盖章" not in timeline(other)[-1].changes


@pytest.mark.rule("REG-06")
def test_a_paper_agreement_is_shown_with_its_number_and_images(world):
    case = world.paper_submitted()
    shown = page_of(world, case)
    for one in ("协议书编号 BJ-2026-000123", "2026-05-20", "盖章的纸质就业协议书", "毕业生陈诚提交"):
        assert one in shown, one


@pytest.mark.rule("REG-06", "DES-05")
def test_a_destination_is_shown_with_its_type_and_all_that_was_voided_before(world):
    first = world.registered("contract")
    perform(first, "cancel", world.of(world.graduate))
    case = world.destination_submitted("freelance")
    shown = page_of(world, case)
    for one in ("自由职业", "本人签字的声明", "收入证明", "以前的登记 1 条", "已作废（毕业生）"):
        assert one in shown, one


@pytest.mark.rule("DIS-01", "DIS-05")
def test_a_dissolution_on_paper_is_shown_with_its_letter_and_decided_beside_it(world):
    case = world.dissolution_submitted()
    college, school = signed_in(world.seats[Role.COLLEGE]), signed_in(world.seats[Role.SCHOOL])
    shown = words(college.get(f"/review/{case.public_id}/"))
    for one in (
        "解约方 学生",
        "解约申请人 陈诚",
        "解约原因",
        "已与单位电话商量一致",
        "解约函",
        "毕业生陈诚提交",
        "与用人单位核实的情况",
        "周岚",
    ):
        assert one in shown, one
    assert "对方回应" not in shown
    assert "解约方式 双方同意解约" not in shown
    address, act = f"/review/{case.public_id}/", f"/act/offline_dissolution/{case.public_id}/approve/"
    given = sent(college, address, 'id="f-approve"')
    assert college.post(act, given).status_code == 422
    assert college.post(act, given | {"verified": "和周岚电话核实"}).status_code == 302
    shown = words(school.get(address))
    assert "学生单方面解约" in shown
    given = sent(school, address, 'id="f-approve"') | {"manner": "x_student_side", "verified": "和周岚电话核实"}
    answer = school.post(act, given)
    assert answer.status_code == 422
    assert "学生单方面解约要写明具体情况" in answer.content.decode()
    assert school.post(act, given | {"grounds": "单位已经注销"}).status_code == 302
    case.refresh_from_db()
    assert (case.state, case.manner) == ("done", "x_student_side")
    assert "学生单方面解约" in words(school.get(address))


@pytest.mark.rule("DIS-05")
def test_a_statement_in_the_place_of_the_letter_is_named(world):
    case = world.paper_dissolution(letter="statement")
    perform(case, "submit", world.of(world.graduate))
    assert "单位没有给解约函，毕业生上传的是情况说明" in page_of(world, case)


@pytest.mark.rule("REG-03")
def test_what_a_graduate_still_fills_in_or_took_back_is_not_there_for_staff(world):
    draft, case = world.paper_draft(world.neighbour), world.destination_submitted()
    perform(case, "recall", world.of(world.graduate))
    clients = [signed_in(world.seats[role]) for role in (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)]
    # What was taken back leads whoever had it on to what is left to do (REG-04); the draft never was there.
    for one, status in ((draft, 404), (case, 302)):
        for client in clients:
            for address in ("/review/{}/", "/invites/{}/", f"/proofs/{one.flow_name}/{{}}/"):
                assert client.get(address.format(one.public_id)).status_code == status
        for client in clients[:2]:
            assert client.get(f"/review/{one.public_id}/redirect/").status_code == status
    for client in clients[:2]:
        page = words(client.get("/review/")) + words(client.get("/lists/destination/"))
        assert "陈诚" not in page


# ---- 修改去向


@pytest.mark.rule("DES-04")
def test_a_reviewer_changes_type_and_data_after_having_seen_what_will_be_different(world):
    case = world.destination_submitted("contract")
    client, address = signed_in(world.seats[Role.COLLEGE]), f"/review/{case.public_id}/redirect/"
    assert address in client.get(f"/review/{case.public_id}/").content.decode()
    page = client.get(f"{address}?kind=freelance").content.decode()
    assert '<option value="freelance" selected>' in page
    given = sent(client, f"{address}?kind=freelance", f'method="post" action="{address}"') | destination("freelance")
    preview = client.post(address, given | {"step": "check"})
    shown = words(preview)
    assert "签劳动合同就业" in shown
    assert "自由职业" in shown
    assert Record.objects.filter(act="redirect").count() == 0
    hidden = preview.content.decode()
    form = next(f for f in re.findall(r"<form.*?</form>", hidden, re.DOTALL) if address in f.split(">")[0])
    again = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    again = {name: html.unescape(value) for name, value in again.items()}
    back = client.post(address, again | {"step": "edit"})
    assert "核对改动" in words(back)
    before = Notice.objects.filter(act="redirect").count()
    assert client.post(address, again | {"step": "do"}).status_code == 302
    case.refresh_from_db()
    assert (case.kind, case.destination, case.state) == ("freelance", "76", "college_review")
    assert Record.objects.get(act="redirect").changes["毕业去向类型"] == ["签劳动合同就业", "自由职业"]
    assert Notice.objects.filter(act="redirect").count() > before


@pytest.mark.rule("DES-04")
def test_a_change_that_changes_nothing_lacks_something_or_comes_late_is_refused(world):
    case = world.destination_submitted("contract")
    client, address = signed_in(world.seats[Role.COLLEGE]), f"/review/{case.public_id}/redirect/"
    given = sent(client, address, f'method="post" action="{address}"') | {"step": "check"}
    assert client.post(address, given).status_code == 422
    same = client.post(address, given | destination("contract"))
    assert (same.status_code, "没有要改的内容" in same.content.decode()) == (422, True)
    assert (
        client.post(address, given | destination("contract") | {"post": "别的", "kind": "directed"}).status_code == 200
    )
    late = given | destination("contract") | {"post": "别的", "step": "do"}
    perform(case, "approve", world.actor(Role.COLLEGE))
    answer = client.post(address, late, follow=True)
    assert "不能修改去向" in answer.content.decode()
    school = signed_in(world.seats[Role.SCHOOL])
    assert school.post(address, late).status_code == 302
    case.refresh_from_db()
    assert (case.post == "别的", Record.objects.filter(act="redirect").count()) == (False, 0)


@pytest.mark.rule("DES-04", "REG-12")
def test_after_approval_the_school_amends_in_the_edition_of_2024_and_the_record_follows(world):
    case = world.registered("contract")
    client, address = signed_in(world.seats[Role.SCHOOL]), f"/review/{case.public_id}/redirect/"
    college = signed_in(world.seats[Role.COLLEGE]).get(address, follow=True)
    assert "不能修改去向" in college.content.decode()
    page = client.get(address).content.decode()
    assert 'id="kind"' not in page
    given = sent(client, address, f'method="post" action="{address}"') | destination("contract", name="新名字有限公司")
    assert "新名字有限公司" in words(client.post(address, given | {"step": "check"}))
    assert client.post(address, given | {"step": "do"}).status_code == 302
    assert EmploymentRecord.all_rows.get(graduate=world.graduate).employer_name == "新名字有限公司"
    assert signed_in(world.stranger_seats[Role.SCHOOL]).get(address).status_code == 404


@pytest.mark.rule("DES-04", "ORG-01")
def test_the_page_of_a_change_is_for_reviewers_of_the_graduate(world):
    case, agreement = world.destination_submitted("contract"), world.paper_submitted(world.neighbour)
    seats = {role: world.seats[role] for role in (Role.GRADUATE, Role.EMPLOYER, Role.PROVINCE, Role.MINISTRY)}
    found = {
        role: signed_in(seat).get(f"/review/{case.public_id}/redirect/").status_code for role, seat in seats.items()
    }
    assert set(found.values()) <= {403, 404}
    assert signed_in(world.other_college_seat).get(f"/review/{case.public_id}/redirect/").status_code == 404
    assert signed_in(world.seats[Role.SCHOOL]).get(f"/review/{agreement.public_id}/redirect/").status_code == 404


def test_more_proofs_and_an_older_history_take_no_more_statements(world):
    def asked(case: Registration | Dissolution) -> int:
        client = signed_in(world.seats[Role.COLLEGE])
        client.get(f"/review/{case.public_id}/")
        with CaptureQueriesContext(connection) as found:
            assert client.get(f"/review/{case.public_id}/").status_code == 200
        return len(found)

    first = asked(world.destination_submitted("contract", world.new_graduate("周一", world.college)))
    graduate = world.new_graduate("周二", world.college)
    for _ in range(3):
        perform(world.registered("contract", graduate), "cancel", world.of(graduate))
    case = world.destination_draft("contract", graduate)
    for page in (1, 2, 3):
        world.prove(case, "contract", page=page)
    perform(case, "submit", world.of(graduate))
    assert asked(case) == first
