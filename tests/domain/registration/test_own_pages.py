"""What a graduate begins on the phone, without scripts: the form, the check, the page of the case (OFF, SUP, DES, REG-10)."""

from __future__ import annotations

import re

import pytest

from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.pages.own import ONE_AGREEMENT
from qicheng.domain.registration.sheets import AGREEMENT
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import perform, timeline
from tests.clients import signed_in
from tests.world import FORM, PAPER, UNIT

pytestmark = pytest.mark.django_db
AREA = {"area_province": "110000", "area_city": "110108"}


def text(response):
    """What stands on the page, without markup."""
    body = response.content.decode()
    body = body[body.index("<main") : body.index("<footer")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def phone(world, graduate=None):
    return signed_in(world.graduate_seat(graduate or world.graduate))


def hidden(response):
    """The hidden fields of the page's form."""
    body = response.content.decode()
    form = body[body.index('method="post"') :]
    found = dict(re.findall(r'name="(seen|key)" value="([^"]*)"', form))
    return {name: value for name, value in found.items() if value}


def typed(form=FORM, **over):
    """A form as a browser sends it, the division by its selects."""
    sent = {key: "" if value is None else value for key, value in (form | over).items() if key != "area"}
    return sent | AREA


def only(world):
    return Registration.all_rows.get(graduate=world.graduate)


# ---- the form


@pytest.mark.rule("OFF-01")
def test_the_form_of_an_agreement_is_saved_as_a_draft_and_filled_in_later(world):
    client = phone(world)
    page = client.get("/go/offline/new/")
    sent = client.post("/go/offline/new/", hidden(page) | {"name": "澄江生物制药有限公司", "step": "keep"})
    case = only(world)
    again = client.get(sent["Location"])

    assert (case.state, case.live, case.employer_name) == ("draft", False, "澄江生物制药有限公司")
    assert sent["Location"] == f"/go/{case.public_id}/"
    assert 'value="澄江生物制药有限公司"' in again.content.decode()
    assert client.post(sent["Location"], hidden(again) | typed() | {"step": "check"})["Location"] == (
        f"/go/{case.public_id}/check/"
    )
    case.refresh_from_db()
    kept = {**case.terms, **case.employer_shown, "post": case.post, "job_category": case.job_category}
    assert {key: kept[key] or None for key in AGREEMENT.keys} == {key: FORM[key] or None for key in AGREEMENT.keys}


@pytest.mark.rule("OFF-01")
def test_the_form_marks_what_may_stay_empty_and_counts_what_is_written(world):
    body = phone(world).get("/go/offline/new/").content.decode()
    labels = re.findall(r'<label for="id_(\w+)">(.*?)</label>', body, re.DOTALL)

    marked = {key: "选填" in label for key, label in labels}
    assert marked == {field.key: not field.required for field in AGREEMENT if field.key != "area"}
    assert "0/1000" in body
    assert " required" not in body.partition('id="own"')[2].partition("</form>")[0]


@pytest.mark.rule("OFF-01")
def test_a_number_that_cannot_be_is_said_at_its_field_and_nothing_typed_is_lost(world):
    client = phone(world)
    page = client.get("/go/offline/new/")
    answer = client.post("/go/offline/new/", hidden(page) | typed(mobile="123") | {"step": "keep"})

    assert answer.status_code == 422
    assert "手机号是 11 位数字" in text(answer)
    assert 'value="工艺工程师"' in answer.content.decode()
    assert Registration.all_rows.count() == 0


@pytest.mark.rule("OFF-01")
def test_the_same_press_of_the_button_makes_one_draft(world):
    client = phone(world)
    sent = hidden(client.get("/go/offline/new/")) | typed() | {"step": "keep"}

    assert client.post("/go/offline/new/", sent)["Location"] == client.post("/go/offline/new/", sent)["Location"]
    assert Registration.all_rows.count() == 1


@pytest.mark.rule("OFF-01")
def test_a_unit_is_found_by_name_or_code_and_nothing_of_its_contacts_is_told(world):
    client = phone(world)
    world.new_employer("云岭未核验有限公司", verified=False)
    found = client.get("/go/offline/new/", {"q": "云岭"})
    picked = client.get("/go/offline/new/", {"employer": str(world.employer.public_id)})
    body = picked.content.decode()

    assert "云岭数据科技有限公司" in text(found)
    assert "云岭未核验有限公司" not in text(found)
    assert "找到 1 家" in text(client.get("/go/offline/new/", {"q": world.employer.credit_code.lower()}))
    assert "至少写两个字" in text(client.get("/go/offline/new/", {"q": "云"}))
    assert f'value="{world.employer.credit_code}"' in body
    assert '<option value="110102" selected>' in body
    assert [secret in body or secret in found.content.decode() for secret in ("李经理", "010-11111111", "13111111111", "hr@example.com")] == [False] * 4  # fmt: skip


@pytest.mark.rule("OFF-02")
def test_the_warning_stands_on_the_form_and_before_it_is_submitted(world):
    client = phone(world)
    case = world.offline_draft()

    assert ONE_AGREEMENT in text(client.get(f"/go/{case.public_id}/"))
    assert ONE_AGREEMENT in text(client.get(f"/go/{case.public_id}/check/"))
    assert ONE_AGREEMENT not in text(client.get("/go/paper/new/"))


@pytest.mark.rule("OFF-02")
def test_one_form_at_a_time(world):
    client = phone(world)
    draft = world.offline_draft()

    assert client.get("/go/offline/new/")["Location"] == f"/go/{draft.public_id}/"
    perform(draft, "submit", world.actor(Role.GRADUATE))
    assert "你已与其他单位签约或登记了去向" in text(client.get("/go/offline/new/"))
    refused = client.post("/go/offline/new/", typed() | {"step": "keep", "key": "k1"})
    assert (refused.status_code, Registration.all_rows.count()) == (409, 1)


@pytest.mark.rule("REG-04")
def test_a_form_that_was_changed_elsewhere_is_not_written_over_unseen(world):
    client = phone(world)
    case = world.offline_draft()
    page = client.get(f"/go/{case.public_id}/")
    perform(case, "edit", world.actor(Role.GRADUATE), **FORM | {"post": "别处改的"})
    answer = client.post(f"/go/{case.public_id}/", hidden(page) | typed(post="这里改的") | {"step": "keep"})

    case.refresh_from_db()
    assert (answer.status_code, case.post) == (409, "别处改的")
    assert 'value="这里改的"' in answer.content.decode()


def test_leaving_a_form_as_it_was_writes_no_record(world):
    client = phone(world)
    case = world.offline_draft()
    client.post(f"/go/{case.public_id}/", hidden(client.get(f"/go/{case.public_id}/")) | typed() | {"step": "check"})

    assert [record.act for record in timeline(case)] == ["apply"]


@pytest.mark.parametrize("place", ["", "check/"])
def test_a_form_of_somebody_else_is_not_there(world, place):
    case = world.offline_draft()

    assert phone(world, world.neighbour).get(f"/go/{case.public_id}/{place}").status_code == 404
    assert signed_in(world.seats[Role.SCHOOL]).get(f"/go/{case.public_id}/{place}").status_code == 404
    assert phone(world).get(f"/go/{world.invitation().public_id}/{place}").status_code == 404


def test_a_kind_that_does_not_exist_is_not_there(world):
    assert phone(world).get("/go/new/nothing/").status_code == 404


@pytest.mark.rule("ROS-06")
def test_whoever_is_directed_is_told_what_is_open(world):
    Graduate.all_rows.filter(pk=world.graduate.pk).update(training_mode="21")
    client = phone(world)

    for address in ("/go/offline/new/", "/go/paper/new/", "/go/new/contract/"):
        assert "只能办理定向/委培毕业去向补充登记" in text(client.get(address))


# ---- the check


@pytest.mark.rule("OFF-01")
def test_the_check_lists_all_that_is_missing_with_the_place_to_mend_it(world):
    client = phone(world)
    case = world.offline_draft(name="", mobile="", phone="")
    Graduate.all_rows.filter(pk=world.graduate.pk).update(confirmed_revision=None)
    body = client.get(f"/go/{case.public_id}/check/").content.decode()
    found = dict(re.findall(r'<li>([^<　]*)　<a href="([^"]*)">', body))

    form = f"/go/{case.public_id}/?check=1"
    assert found == {
        "先核对个人信息并确认无误，再来办理。": "/me/check/",
        "单位名称还没有填写": f"{form}#id_name",
        "联系人固话和手机必填一个": f"{form}#id_mobile",
    }
    mended = client.get(form).content.decode()
    assert 'aria-invalid="true"' in mended
    assert "有 2 处要改" in mended


@pytest.mark.rule("OFF-01")
def test_what_is_not_whole_is_not_submitted(world):
    client = phone(world)
    case = world.offline_draft(name="")
    answer = client.post(f"/go/{case.public_id}/check/", hidden(client.get(f"/go/{case.public_id}/check/")))

    case.refresh_from_db()
    assert (answer.status_code, case.state) == (422, "draft")
    assert "单位名称还没有填写" in text(answer)


@pytest.mark.rule("OFF-01")
def test_a_whole_form_is_submitted_and_the_page_says_who_has_it(world):
    client = phone(world)
    case = world.offline_draft()
    page = client.get(f"/go/{case.public_id}/check/")
    answer = client.post(f"/go/{case.public_id}/check/", hidden(page), follow=True)

    case.refresh_from_db()
    assert (case.state, answer.redirect_chain) == ("college_form_review", [(f"/invites/{case.public_id}/", 302)])
    assert "已提交，接下来等学院审核" in text(answer)
    assert "就业协议审核中，等待学院审核" in text(answer)


@pytest.mark.rule("SUP-01")
def test_a_paper_agreement_is_registered_with_its_number_and_its_images(world):
    client = phone(world)
    page = client.get("/go/paper/new/")
    client.post("/go/paper/new/", hidden(page) | typed(PAPER) | {"step": "check"})
    case = only(world)
    check = client.get(f"/go/{case.public_id}/check/")

    assert (case.paper_number, case.terms["signed_on"]) == ("BJ-2026-000123", "2026-05-20")
    assert "还缺证明材料：盖章的纸质就业协议书" in text(check)
    assert f"/proofs/supplementary/{case.public_id}/" in check.content.decode()
    world.prove(case)
    client.post(f"/go/{case.public_id}/check/", hidden(client.get(f"/go/{case.public_id}/check/")))
    case.refresh_from_db()
    assert case.state == "college_review"


# ---- the page of a case


def page_of(world, case):
    return phone(world).get(f"/invites/{case.public_id}/")


def stations(response):
    body = response.content.decode()
    relay = body[body.index('class="relay') :].partition("</ol>")[0]
    return re.findall(r"<b>(.*?)</b><span class=\"w\">(.*?)</span>", relay)


@pytest.mark.rule("REG-10", "OFF-03")
def test_an_approved_form_shows_three_steps_and_both_ways_back(world):
    case = world.form_approved()
    page = page_of(world, case)

    assert stations(page) == [
        ("你", "已申请"),
        ("协议审核", "已通过"),
        ("盖章回传", "待回传"),
        ("签约审核", "审核"),
        ("协议", "生效"),
    ]
    body = page.content.decode()
    assert [f"/act/offline_signing/{case.public_id}/{act}/" in body for act in ("bring_back", "send_link", "give_up", "revoke_link")] == [
        True, True, True, False,
    ]  # fmt: skip
    assert [words in text(page) for words in ("下载、打印协议书", "请单位盖章", "本人回传", "用人单位协助回传")] == [
        True
    ] * 4


@pytest.mark.rule("OFF-03")
def test_the_page_says_where_the_link_went_and_how_it_stands(world):
    case = world.form_approved()
    world.link(case)
    page = page_of(world, case)

    assert "137****0001" in text(page)
    assert "13700000001" not in page.content.decode()
    assert [words in text(page) for words in ("可以使用", "还没有打开", "收回链接")] == [True] * 3
    perform(case, "revoke_link", world.actor(Role.GRADUATE))
    assert [words in text(page_of(world, case)) for words in ("已经收回", "收回链接")] == [True, False]


@pytest.mark.rule("OFF-05")
def test_a_statement_goes_in_the_place_of_the_image(world):
    client = phone(world)
    case = world.form_approved()
    address = f"/act/offline_signing/{case.public_id}/bring_back/"
    client.post(address, hidden(client.get(address)) | {"statement": "单位名称写错了一个字"})

    case.refresh_from_db()
    assert (case.state, case.statement) == ("college_review", "单位名称写错了一个字")


@pytest.mark.rule("REG-10")
def test_a_return_says_why_and_leads_to_the_form(world):
    case = world.form_submitted()
    perform(case, "return", world.actor(Role.COLLEGE), reason="other", words="单位地址写到门牌号")
    page, home = page_of(world, case), phone(world).get("/")

    assert "老师退回，要改的是 单位地址写到门牌号" in text(page)
    for shown in (page, home):
        assert ("修改后重新提交" in text(shown), f"/go/{case.public_id}/" in shown.content.decode()) == (True, True)
    assert "老师退回：单位地址写到门牌号" in text(home)
    assert "单位地址写到门牌号" in text(phone(world).get(f"/go/{case.public_id}/"))


@pytest.mark.rule("REG-03")
def test_a_submission_is_taken_back_until_somebody_has_reviewed_it(world):
    case = world.form_submitted()
    assert f"/act/offline_signing/{case.public_id}/recall/" in page_of(world, case).content.decode()
    perform(case, "approve", world.actor(Role.COLLEGE))
    page = page_of(world, case)

    assert f"/act/offline_signing/{case.public_id}/recall/" not in page.content.decode()
    assert "撤回修改：老师已经开始审核" in text(page)


@pytest.mark.rule("REG-10")
@pytest.mark.parametrize(
    ("stage", "title", "relay"),
    [
        ("offline_draft", "接着填：线下签约", "待提交"), ("form_submitted", "等学院审核协议书", "待学院审核"), ("form_approved", "把盖章的协议书交回来", "待回传"),
        ("brought_back", "等学院审核", "待学院审核"), ("stamped", "协议已经生效", "已生效"), ("paper_draft", "接着填：补充登记", "待提交"),
        ("paper_submitted", "等学院审核", "待学院审核"), ("supplementary", "协议已经生效", "已生效"), ("destination_draft", "接着填：去向登记", "待提交"),
        ("destination_submitted", "等学院审核", "待学院审核"), ("registered", "去向登记已经生效", "已生效"),
    ],
)  # fmt: skip
def test_home_and_the_page_of_the_case_say_what_now_and_who_has_it(world, stage, title, relay):
    case = getattr(world, stage)()
    page = page_of(world, case)

    assert title in text(phone(world).get("/"))
    assert (title in text(page), relay in [word for _, word in stations(page)]) == (True, True)
    assert case.employer_name in text(phone(world).get("/records/"))


@pytest.mark.rule("DES-05")
def test_an_approved_destination_can_be_given_up_from_its_page(world):
    case = world.registered()

    assert f"/act/destination/{case.public_id}/cancel/" in page_of(world, case).content.decode()


@pytest.mark.rule("REG-10")
def test_home_leads_to_every_way_in(world):
    body = phone(world).get("/").content.decode()

    ways = ("/go/offline/new/", "/go/paper/new/", "/go/employment/", "/go/study/", "/go/unemployed/", "/go/")
    assert [f'href="{way}"' in body for way in ways] == [True] * len(ways)


def test_a_draft_that_was_deleted_is_no_record(world):
    case = world.offline_draft()
    perform(case, "discard", world.actor(Role.GRADUATE))

    assert "你还没有登记" in text(phone(world).get("/records/"))
    assert UNIT["name"] not in text(phone(world).get("/records/"))


@pytest.mark.rule("WRN-02")
def test_a_unit_that_the_school_warns_of_is_told_where_it_is_named(world):
    client = phone(world)
    case = world.offline_draft(credit_code=world.employer.credit_code)
    addresses = (f"/go/{case.public_id}/", f"/go/{case.public_id}/check/", f"/invites/{case.public_id}/")
    world.flag(world.employer)

    assert ["预警单位" in text(client.get(one)) for one in addresses] == [True] * 3
    fresh = phone(world, world.neighbour).get("/go/offline/new/", {"employer": str(world.employer.public_id)})
    assert "预警单位" in text(fresh)
    assert "预警单位" not in text(
        phone(world, world.stranger).get("/go/offline/new/", {"employer": str(world.employer.public_id)})
    )
