"""Dissolution on paper on the graduate's phone: the request, its letter, submitting, and what becomes of it."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from qicheng.domain.orgs.models import SigningSettings
from qicheng.domain.registration.models import Dissolution, Registration
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import Refused, perform, timeline
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.papers.models import Proof
from tests import paper
from tests.clients import signed_in
from tests.domain.registration.test_dissolution_pages import phone, text

pytestmark = pytest.mark.django_db
VERIFIED = {"verified": "已电话联系单位人事，对方同意解约"}


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.QICHENG_FILES = tmp_path


def ask_url(agreement):
    return f"/invites/{agreement.public_id}/terminate/"


def url(case):
    return f"/terminate/{case.public_id}/"


def proofs_url(case):
    return f"/proofs/offline_dissolution/{case.public_id}/"


def act_url(case, name):
    return f"/act/offline_dissolution/{case.public_id}/{name}/"


def ask(client, agreement, **given):
    typed = {"reason": "x_other_destination", "explanation": "已与单位商量一致", "key": token()}
    return client.post(ask_url(agreement), typed | given)


def bring(client, case, kind="letter"):
    sent = SimpleUploadedFile("letter.jpg", paper.LETTER, "image/jpeg")
    return client.post(proofs_url(case), {"kind": kind, f"{kind}-added": sent})


def done(client, case, act, **given):
    case.refresh_from_db()
    return client.post(act_url(case, act), {"seen": case.version, "key": token()} | given)


def limit(world, number):
    SigningSettings.all_rows.filter(school=world.school).update(dissolution_limit=number)


@pytest.mark.rule("DIS-01", "DIS-08")
def test_a_graduate_asks_with_a_letter_for_the_end_of_an_agreement_on_paper(world):
    agreement, client = paper.in_force(world), phone(world)

    page = text(client.get(ask_url(agreement)))
    assert "解约要双方都同意。先和用人单位商量一致，请单位开一份盖章的解约函" in page
    assert "还可以申请 3 次" in page

    answer = ask(client, agreement)
    case = Dissolution.all_rows.get()
    assert (answer.status_code, answer["Location"]) == (302, url(case))
    assert (case.flow_name, case.state, case.live, case.reason, case.explanation) == (
        "offline_dissolution", "draft", False, "x_other_destination", "已与单位商量一致",
    )  # fmt: skip
    page = client.get(url(case))
    assert "申请解约，还没有提交" in text(page)
    assert "还没有上传解约函" in text(page)
    assert proofs_url(case) in page.content.decode()

    assert bring(client, case).status_code == 302
    assert "放大看解约函" in text(client.get(url(case)))
    assert "审核通过以前协议照旧有效" in text(client.get(act_url(case, "submit")))
    assert done(client, case, "submit")["Location"] == url(case)
    case.refresh_from_db()
    assert (case.state, case.live, case.sequence, case.allowed) == ("college_review", True, 1, 3)
    page = text(client.get(url(case)))
    assert "解约中，等待学院审核" in page
    assert "第几次申请 1 / 3" in page
    assert "等学院审核解约" in text(client.get("/"))
    assert "待学院审核" in text(client.get("/records/"))


@pytest.mark.rule("DIS-05")
def test_without_a_letter_nothing_is_submitted_and_a_statement_stands_in_its_place(world):
    case, client = paper.drafted(world), phone(world)

    refused = done(client, case, "submit")
    assert refused.status_code == 422
    assert "先上传解约函的图像；单位不给解约函的，上传本人签字的情况说明。" in text(refused)
    case.refresh_from_db()
    assert case.state == "draft"
    assert "单位不给解约函的，上传本人签字的情况说明" in text(client.get(url(case)))

    assert bring(client, case, "statement").status_code == 302
    assert done(client, case, "submit").status_code == 302
    case.refresh_from_db()
    assert case.state == "college_review"
    assert [proof.kind for proof in Proof.objects.filter(case=str(case.public_id))] == ["statement"]


@pytest.mark.rule("DIS-05", "DIS-06")
def test_what_was_returned_says_why_and_goes_again_until_the_agreement_ends(world):
    agreement, client = paper.in_force(world), phone(world)
    case = paper.asked(world, agreement)
    perform(case, "return", world.actor(Role.COLLEGE), reason="x_letter", words="解约函没有盖章，请补盖后重新拍")

    page = text(client.get(url(case)))
    assert "老师退回：解约函没有盖章，请补盖后重新拍" in page
    assert "修改解约申请" in text(client.get("/"))
    assert done(client, case, "edit", reason="x_other_destination", explanation="单位撤岗").status_code == 302
    assert done(client, case, "submit").status_code == 302
    case.refresh_from_db()
    assert (case.state, case.explanation, case.sequence) == ("college_review", "单位撤岗", 1)

    perform(case, "approve", world.actor(Role.COLLEGE), **VERIFIED)
    perform(case, "approve", world.actor(Role.SCHOOL), manner="x_mutual", **VERIFIED)
    page = text(client.get(url(case)))
    assert "解约完成" in page
    assert "解约方式 双方同意" in page
    assert Registration.all_rows.get().state == "dissolved"


def test_a_draft_is_taken_up_again_and_not_begun_twice(world):
    agreement, client = paper.in_force(world), phone(world)
    ask(client, agreement)
    case = Dissolution.all_rows.get()

    page = client.get(ask_url(agreement))
    assert "接着填" in text(page)
    assert url(case) in page.content.decode()
    assert 'name="explanation"' not in page.content.decode()
    assert ask(client, agreement).status_code == 409
    assert Dissolution.all_rows.count() == 1

    assert done(client, case, "discard").status_code == 302
    case.refresh_from_db()
    assert case.state == "discarded"
    assert "草稿已删除" in text(client.get(url(case)))
    assert ask(client, agreement).status_code == 302
    assert Dissolution.all_rows.count() == 2


@pytest.mark.rule("REG-03")
def test_a_submission_is_taken_back_until_somebody_has_reviewed_it(world):
    case, client = paper.asked(world), phone(world)

    assert done(client, case, "recall").status_code == 302
    case.refresh_from_db()
    assert (case.state, case.live, case.sequence) == ("draft", False, 1)
    assert done(client, case, "submit").status_code == 302
    perform(case, "approve", world.actor(Role.COLLEGE), **VERIFIED)
    assert "老师已经开始审核，不能再撤回" in text(client.get(url(case)))
    assert done(client, case, "recall").status_code == 422


@pytest.mark.rule("DIS-03")
def test_requests_on_paper_are_counted_when_they_are_submitted_and_the_page_says_when_none_is_left(world):
    limit(world, 1)
    agreement, client = paper.in_force(world), phone(world)
    ask(client, agreement)
    case = Dissolution.all_rows.get()
    assert "还可以申请 1 次" in text(client.get(url(case)))
    bring(client, case)
    done(client, case, "submit")
    case.refresh_from_db()
    perform(case, "return", world.actor(Role.COLLEGE), reason="x_letter", words="拍清楚再交")
    assert done(client, case, "withdraw").status_code == 302
    case.refresh_from_db()
    assert case.state == "withdrawn"

    page = client.get(ask_url(agreement))
    assert "学校设置每人最多申请解约 1 次，已经用完" in text(page)
    assert 'name="explanation"' not in page.content.decode()
    assert ask(client, agreement).status_code == 409


@pytest.mark.rule("DIS-01")
def test_nobody_but_its_graduate_opens_the_request_from_that_side(world):
    case = paper.asked(world)
    agreement = case.agreement

    assert phone(world, world.neighbour).get(url(case)).status_code == 404
    assert phone(world, world.neighbour).get(ask_url(agreement)).status_code == 404
    for path in (url(case), ask_url(agreement), proofs_url(case)):
        assert signed_in(world.seats[Role.EMPLOYER]).get(path).status_code == 404
    for role in (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE):
        page = text(signed_in(world.seats[role]).get(url(case)))
        assert "解约原因" in page
        assert paper.EXPLAINED["explanation"] in page


@pytest.mark.rule("DIS-01")
def test_what_was_signed_online_is_not_dissolved_on_paper(world):
    with pytest.raises(Refused):
        paper.drafted(world, world.effective())
    agreement = Registration.all_rows.get()
    assert "解约要双方都同意。先和用人单位商量一致，再提交申请" in text(phone(world).get(ask_url(agreement)))
    assert Dissolution.all_rows.count() == 0


def test_a_held_request_says_why_and_offers_nothing(world):
    case, client = paper.drafted(world), phone(world)
    world.graduate.removed_at = "2026-05-01T00:00:00Z"
    world.graduate.save()

    page = client.get(url(case))
    assert "学生已从学校名单中删除" in text(page)
    assert act_url(case, "submit") not in page.content.decode()
    assert [record.act for record in timeline(case)] == ["ask"]
