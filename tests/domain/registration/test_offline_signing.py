"""Offline signing, rule by rule, on the flow itself: every sentence of OFF and what REG says of it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from qicheng.domain.orgs.models import Cohort, ReviewMode, SigningSettings
from qicheng.domain.registration.effects.offline import LINK_SERVES
from qicheng.domain.registration.flows.offline_signing import OFFLINE_SIGNING
from qicheng.domain.registration.models import EmployerLink, Registration
from qicheng.domain.registration.sheets import AGREEMENT, LINK
from qicheng.domain.registration.sheets.cases import drafted, sheet_of, values_of
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.foundation.access import Role
from qicheng.foundation.flow import words
from qicheng.foundation.flow.gather import add_proof, gathered, remove_proof
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, be, begin, open_acts, perform, timeline
from qicheng.foundation.notice.models import Notice
from qicheng.foundation.papers import proofs
from tests.domain.registration.places import PLACES, SAID
from tests.world import FORM, UNIT, picture

pytestmark = pytest.mark.django_db
AT = PLACES["offline_signing"]
LIVE = "你已与其他单位签约或登记了去向，请先解约或作废。"
NO_IMAGE = "先上传盖章的协议书图像；协议书信息有误要重新填写的，写一份情况说明。"
LINK_IS_DEAD = "这个链接已经失效，请联系毕业生重新发送。"


def offered(case, actor):
    """The acts that can really be done now."""
    return {one.act.name for one in open_acts(case, actor) if one.why is None}


def acts(case):
    return [record.act for record in timeline(case)]


def told(case, act):
    """(who, subject, body) of each message of an act in the inbox."""
    rows = Notice.objects.filter(case=str(case.public_id), act=act, channel="inbox").order_by("pk")
    return [(notice.role, message.subject, message.body) for notice, message in words.messages(rows)]


def jobs(task):
    """The arguments of the work after commit that is owed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [task])
        return [json.loads(row[0]) for row in cursor.fetchall()]


def run_as(actor, statement, *parameters):
    """A statement past the engine, as the runtime role sees it."""
    with transaction.atomic(), connection.cursor() as cursor:
        be(actor)
        cursor.execute(statement, parameters)


def refused(case, act, actor, **given):
    with pytest.raises(Refused) as stopped, transaction.atomic():
        perform(case, act, actor, **given)
    return str(stopped.value)


# ---- OFF-01: the form


@pytest.mark.rule("OFF-01")
def test_the_form_keeps_what_was_typed_where_it_is_searched_and_where_it_is_shown(world):
    case = world.offline_draft()

    stored = Registration.all_rows.get(pk=case.pk)
    assert values_of(stored) == {key: FORM[key] for key in AGREEMENT.keys}
    assert (stored.employer_name, stored.post, stored.job_category, stored.employer) == (
        FORM["name"],
        FORM["post"],
        FORM["job_category"],
        None,
    )
    assert (stored.state, stored.live, stored.number, stored.agreement_form) == ("draft", False, None, "three_party")


@pytest.mark.rule("OFF-01")
def test_a_draft_may_be_empty_and_is_filled_in_bit_by_bit(world):
    me = world.actor(Role.GRADUATE)
    case = begin(OFFLINE_SIGNING, me)

    perform(case, "edit", me, name=FORM["name"], post="工程师")
    perform(case, "edit", me, post="工艺工程师")

    assert (case.employer_name, case.post, case.live) == (FORM["name"], "工艺工程师", False)
    assert timeline(case)[-1].changes == {"岗位名称": ["工程师", "工艺工程师"]}
    assert drafted(case).form(case.cohort)({}).is_valid()
    assert not sheet_of(case).form(case.cohort)({}).is_valid()


REQUIRED = {
    "name": "单位名称", "credit_code": "统一社会信用代码", "nature": "单位性质", "industry": "单位行业", "area": "通讯地址", "address": "详细地址",
    "job_category": "职位类别", "post": "岗位名称", "contact": "单位联系人", "archive_type": "档案转递类型", "household_type": "户口迁移类型",
}  # fmt: skip


@pytest.mark.rule("OFF-01")
@pytest.mark.parametrize("key", REQUIRED)
def test_what_is_asked_for_has_to_be_there_before_it_is_submitted(world, key):
    case = world.offline_draft(**{key: ""})

    assert refused(case, "submit", world.actor(Role.GRADUATE)) == f"还没有填好：{REQUIRED[key]}。改好以后再提交。"
    assert offered(case, world.actor(Role.GRADUATE)) == {"edit", "discard"}
    perform(case, "edit", world.actor(Role.GRADUATE), **{key: FORM[key]})
    perform(case, "submit", world.actor(Role.GRADUATE))
    assert (case.state, case.live) == ("college_form_review", True)


@pytest.mark.rule("OFF-01")
def test_all_else_may_be_left_out(world):
    left_out = {
        key: None for key in AGREEMENT.keys if key not in (*REQUIRED, "phone", "archive_receiver", "archive_address")
    }

    assert world.form_submitted(**left_out).state == "college_form_review"


@pytest.mark.rule("OFF-01")
@pytest.mark.parametrize(
    ("phone", "mobile", "fits"), [("010-22222222", "", True), ("", "13700000001", True), ("", "", False)]
)
def test_one_telephone_is_enough_and_none_is_not(world, phone, mobile, fits):
    case = world.offline_draft(phone=phone, mobile=mobile)

    if fits:
        perform(case, "submit", world.actor(Role.GRADUATE))
    else:
        assert refused(case, "submit", world.actor(Role.GRADUATE)) == "还没有填好：联系人手机。改好以后再提交。"


@pytest.mark.rule("OFF-01")
@pytest.mark.parametrize(
    ("given", "label"),
    [
        ({"credit_code": UNIT["credit_code"][:-1] + "0"}, "统一社会信用代码"), ({"email": "no"}, "联系人邮箱"), ({"mobile": "12"}, "联系人手机"),
        ({"nature": "zz"}, "单位性质"), ({"job_category": "zz"}, "职位类别"), ({"archive_receiver": ""}, "档案转递单位名称"),
        ({"area": "999999"}, "通讯地址"), ({"extra_terms": "约" * 1001}, "协议补充内容"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_before_it_is_submitted(world, given, label):
    assert (
        refused(world.offline_draft(**given), "submit", world.actor(Role.GRADUATE))
        == f"还没有填好：{label}。改好以后再提交。"
    )


@pytest.mark.rule("OFF-01")
def test_a_draft_that_nobody_needs_is_discarded_and_another_begun(world):
    case = world.offline_draft()

    with pytest.raises(Refused) as stopped, transaction.atomic():
        world.offline_draft()
    assert str(stopped.value) == "你已经有一份没有提交的登记，先把它填完，或者删除以后再填新的。"
    perform(case, "discard", world.actor(Role.GRADUATE))
    assert (case.state, case.closed_at is not None, world.offline_draft().state) == ("discarded", True, "draft")


# ---- OFF-02: one at a time, numbered once approved


@pytest.mark.rule("OFF-02", "REG-11")
def test_an_approved_form_has_its_number_and_is_made_to_be_stamped(world):
    case = world.form_approved()

    stored = Registration.all_rows.get(pk=case.pk)
    assert (stored.state, len(stored.number), stored.number[:10]) == (
        "form_approved",
        19,
        f"{world.cohort}1{world.school.code}",
    )
    assert jobs("registration.make_agreement") == [{"case": str(case.public_id)}]
    assert timeline(case)[-1].changes == {"协议编号": ["", stored.number]}
    assert EmploymentRecord.all_rows.count() == 0


@pytest.mark.rule("OFF-02", "REG-01")
@pytest.mark.parametrize("state", [key for key, place in OFFLINE_SIGNING.states.items() if place.live])
def test_while_one_is_in_process_or_in_force_nothing_else_begins(world, state):
    invited, draft = world.invitation(), world.paper_draft()
    AT[state](world)

    for begun in (world.offline_draft, world.paper_draft, world.destination_draft):
        with pytest.raises(Refused) as stopped, transaction.atomic():
            begun()
        assert str(stopped.value) == LIVE
    assert refused(invited, "accept", world.actor(Role.GRADUATE)) == LIVE
    assert refused(draft, "submit", world.actor(Role.GRADUATE)) == LIVE
    assert Registration.all_rows.filter(graduate=world.graduate, live=True).count() == 1


@pytest.mark.rule("REG-01", "OFF-02")
@pytest.mark.parametrize(
    "state", [key for key, place in OFFLINE_SIGNING.states.items() if not place.live and key != "draft"]
)
def test_once_it_is_over_the_graduate_begins_again(world, state):
    AT[state](world)

    assert world.form_submitted().state == "college_form_review"


@pytest.mark.rule("REG-01")
def test_a_draft_is_not_live_and_gives_way_to_a_signing(world):
    case, invited = world.offline_draft(), world.invitation()
    perform(invited, "accept", world.actor(Role.GRADUATE))

    assert refused(case, "submit", world.actor(Role.GRADUATE)) == LIVE


@pytest.mark.rule("ROS-02")
def test_who_has_not_confirmed_the_own_data_does_not_submit(world):
    case = world.offline_draft()
    Graduate.all_rows.filter(pk=world.graduate.pk).update(revision=2)

    assert refused(case, "submit", world.actor(Role.GRADUATE)) == "先核对个人信息并确认无误，再来办理。"


@pytest.mark.rule("ROS-06", "SET-03")
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda world: Graduate.all_rows.filter(pk=world.graduate.pk).update(training_mode="21"),
         "你的培养方式是定向或委培（不可网签），只能办理定向/委培毕业去向补充登记。"),
        (lambda world: SigningSettings.all_rows.filter(school=world.school).update(online_signing=False), "这所学校没有开启在线签约。"),
    ],
)  # fmt: skip
def test_who_cannot_sign_neither_begins_nor_submits(world, change, why):
    case = world.offline_draft()
    returned = AT["form_returned"](type(world)())
    change(world)

    assert refused(case, "submit", world.actor(Role.GRADUATE)) == why
    perform(case, "discard", world.actor(Role.GRADUATE))
    with pytest.raises(Refused) as stopped, transaction.atomic():
        world.offline_draft()
    assert (str(stopped.value), returned.state) == (why, "form_returned")


# ---- REG-02: one level of review or two, each can approve, return and reject


@pytest.mark.rule("REG-02", "SET-06")
def test_two_levels_review_the_form_and_then_the_image(world):
    case = world.stamped()

    assert [(record.act, record.role, record.after) for record in timeline(case)] == [
        ("apply", "graduate", "draft"), ("submit", "graduate", "college_form_review"), ("approve", "college", "school_form_review"),
        ("approve", "school", "form_approved"), ("bring_back", "graduate", "college_review"), ("approve", "college", "school_review"),
        ("approve", "school", "effective"),
    ]  # fmt: skip
    assert [row[1] for row in told(case, "approve")] == [
        "就业协议学院审核通过，等待学校审核", "就业协议审核通过，可以下载协议书了", "签约学院审核通过，等待学校审核", "签约审核通过，协议已生效",
    ]  # fmt: skip


@pytest.mark.rule("REG-02", "SET-05")
def test_where_the_school_reviews_alone_one_level_is_enough(world):
    case = world.stamped(world.stranger)

    assert [(record.role, record.after) for record in timeline(case) if record.act == "approve"] == [
        ("school", "form_approved"), ("school", "effective"),
    ]  # fmt: skip
    assert (case.verb, told(case, "approve")[0][1]) == ("鉴证", "就业协议鉴证通过，可以下载协议书了")


@pytest.mark.rule("SET-06")
def test_the_review_mode_is_the_one_of_the_submission(world):
    case = world.form_submitted()
    SigningSettings.all_rows.filter(school=world.school).update(review_mode=ReviewMode.SCHOOL)
    perform(case, "approve", world.actor(Role.COLLEGE))
    perform(case, "return", world.actor(Role.SCHOOL), **SAID)
    perform(case, "submit", world.actor(Role.GRADUATE))

    assert (case.state, case.review_mode) == ("school_form_review", "school")


@pytest.mark.rule("REG-02")
@pytest.mark.parametrize(("level", "role"), [("college", Role.COLLEGE), ("school", Role.SCHOOL)])
@pytest.mark.parametrize(
    ("step", "returned", "rejected"),
    [("form_review", "form_returned", "form_rejected"), ("review", "signing_returned", "rejected")],
)
@pytest.mark.parametrize("act", ["return", "reject"])
def test_each_level_returns_and_rejects_the_form_and_the_image(world, level, role, step, returned, rejected, act):
    case = AT[f"{level}_{step}"](world)

    perform(case, act, world.actor(role), internal="电话没打通", **SAID)

    assert (case.state, case.live) == ((returned, True) if act == "return" else (rejected, False))
    [(who, subject, body)] = told(case, act)
    assert (who, SAID["words"] in body, "电话没打通" in body, bool(subject)) == ("graduate", True, False, True)
    assert Record.objects.latest("pk").internal == "电话没打通"


@pytest.mark.rule("REG-02")
def test_a_returned_form_is_corrected_and_submitted_again(world):
    case = AT["form_returned"](world)

    perform(case, "edit", world.actor(Role.GRADUATE), post="质量工程师")
    perform(case, "submit", world.actor(Role.GRADUATE))
    world.approved(case)

    assert (case.state, case.post) == ("form_approved", "质量工程师")


@pytest.mark.rule("ROS-05")
def test_what_was_submitted_keeps_the_roster_line_and_a_difference_stops_its_approval(world):
    case = world.form_submitted()
    rows = Graduate.all_rows.filter(pk=world.graduate.pk)
    rows.update(student_number="20229999", revision=2)
    perform(case, "refresh", world.actor(Role.COLLEGE))
    assert case.student["student_number"] == "20229999"

    rows.update(name="陈城", revision=3)
    why = refused(case, "approve", world.actor(Role.COLLEGE))
    assert why.startswith("姓名与学籍名单不一致")


# ---- OFF-03: the way back of the stamped form


@pytest.mark.rule("OFF-03", "REG-09")
def test_the_graduate_brings_the_stamped_form_back(world):
    case = world.form_approved()
    me = world.actor(Role.GRADUATE)
    assert refused(case, "bring_back", me) == NO_IMAGE

    for page in range(2):
        add_proof(case, "stamped", picture(page), me)
    perform(case, "bring_back", me)

    assert (case.state, case.submitted_at is not None) == ("college_review", True)
    assert [row[0] for row in proofs.last_set("offline_signing", str(case.public_id)).content] == ["stamped", "stamped"]


@pytest.mark.rule("OFF-03", "REG-05")
def test_the_employer_brings_it_back_by_its_link_without_an_account(world):
    case = world.form_approved()
    link = world.link(case)
    bearer = world.bearer(case)
    assert refused(case, "bring_back", bearer) == NO_IMAGE

    add_proof(case, "stamped", picture(), bearer)
    perform(case, "bring_back", bearer)

    link.refresh_from_db()
    record = timeline(case)[-1]
    assert (case.state, record.role, record.account_id, record.unit) == ("college_review", "bearer", None, FORM["name"])
    assert (link.used_at is not None, link.revoked_at) == (True, None)
    assert told(case, "bring_back") == [("graduate", "单位回传了盖章协议书", (
        f"{FORM['name']}，{FORM['post']}，协议编号 {case.number}。单位用你发出的链接提交了盖章协议书，链接不能再用了。现在由学院审核，结果会通知你。"
    ))]  # fmt: skip


@pytest.mark.rule("OFF-03")
def test_a_link_goes_to_a_phone_or_by_mail_and_is_sent_after_the_commit(world):
    case = world.form_approved()
    link = world.link(case)

    rows = Notice.objects.filter(case=str(case.public_id), act="send_link").order_by("channel")
    assert [(notice.role, notice.node, notice.channel) for notice in rows] == [
        ("bearer", link.pk, "inbox"),
        ("bearer", link.pk, "mail"),
    ]
    assert (link.phone, link.email, link.registration_id) == ("13700000001", "", case.pk)
    assert timedelta(0) <= link.expires_at - timezone.now() - LINK_SERVES + timedelta(minutes=1) <= timedelta(minutes=1)
    assert timeline(case)[-1].changes == {"链接发给": ["", "137****0001"]}
    assert [LINK.form()(given).is_valid() for given in ({}, {"mobile": "13700000001"}, {"email": "a@example.com"}, {"mobile": "12"})] == [
        False, True, True, False,
    ]  # fmt: skip


@pytest.mark.rule("OFF-03")
def test_a_new_link_kills_the_one_before(world):
    case = world.form_approved()
    first = world.link(case)
    second = world.link(case)

    first.refresh_from_db()
    assert (first.revoked_at is not None, second.revoked_at) == (True, None)
    assert EmployerLink.all_rows.filter(registration=case.pk, revoked_at=None, used_at=None).count() == 1


@pytest.mark.rule("OFF-03")
def test_a_message_with_a_link_carries_that_link_or_none(world):
    case = world.form_approved()
    links = [world.link(case), world.link(case)]
    rows = Notice.objects.filter(act="send_link", role="bearer", channel="inbox").order_by("pk")

    def read(channel):
        owed = list(rows)
        for one in owed:
            one.channel = channel
        return [f"{message.subject} {message.body}" for _, message in words.messages(owed)]

    assert [one.node for one in rows] == [link.pk for link in links]
    for channel in ("mail", "sms"):
        assert [[link.token in text for link in links] for text in read(channel)] == [[False, False], [False, True]]
    perform(case, "revoke_link", world.actor(Role.GRADUATE))
    for channel in ("mail", "sms"):
        assert [any(link.token in text for link in links) or not text.strip() for text in read(channel)] == [
            False,
            False,
        ]


@pytest.mark.rule("OFF-03")
@pytest.mark.parametrize("end", ["revoked", "expired", "used", "given up", "never sent"])
def test_a_link_that_is_over_opens_nothing(world, end):
    case = world.form_approved()
    me, bearer = world.actor(Role.GRADUATE), world.bearer(case)
    add_proof(case, "stamped", picture(), me)
    if end != "never sent":
        link = world.link(case)
    match end:
        case "revoked":
            perform(case, "revoke_link", me)
        case "expired":
            EmployerLink.all_rows.filter(pk=link.pk).update(expires_at=timezone.now())
        case "used":
            perform(case, "bring_back", bearer)
            perform(case, "return", world.actor(Role.COLLEGE), **SAID)
        case "given up":
            perform(case, "give_up", me)
            link.refresh_from_db()
            assert link.revoked_at is not None
            with pytest.raises(NotOpen):
                perform(case, "bring_back", bearer)
            return

    assert refused(case, "bring_back", bearer) == LINK_IS_DEAD
    assert offered(case, bearer) == set()
    assert refused(case, "revoke_link", me) == "没有正在使用的链接。"


@pytest.mark.rule("OFF-03", "ORG-01")
def test_a_link_serves_one_case_alone(world):
    case = world.form_approved()
    other = world.form_approved(world.neighbour)
    world.link(case)
    bearer = world.bearer(case)

    with pytest.raises(NotFound):
        perform(other, "bring_back", bearer, statement="不是这份")
    with pytest.raises(NotFound):
        add_proof(other, "stamped", picture(), bearer)
    for act in ("give_up", "send_link", "revoke_link", "approve", "edit"):
        with pytest.raises(NotOpen):
            perform(case, act, bearer)
    assert offered(case, bearer) == {"bring_back"}


@pytest.mark.rule("OFF-03")
def test_what_the_graduate_brings_back_ends_the_link(world):
    case = world.form_approved()
    link = world.link(case)
    world.prove(case, "stamped")
    perform(case, "bring_back", world.actor(Role.GRADUATE))

    link.refresh_from_db()
    assert link.used_at is not None
    with pytest.raises(NotOpen):
        perform(case, "bring_back", world.bearer(case))


# ---- OFF-04, OFF-05: returned at the signing step, and found wrong there


@pytest.mark.rule("OFF-04")
def test_returned_at_the_signing_step_only_the_image_is_uploaded_again(world):
    case = AT["signing_returned"](world)
    number, me = case.number, world.actor(Role.GRADUATE)
    [before] = gathered(case)[0].proofs

    with pytest.raises(NotOpen):
        perform(case, "edit", me, post="经理")
    with pytest.raises(DatabaseError, match="frozen columns"):
        run_as(
            me,
            "UPDATE registration_registration SET terms = '{}', state = 'college_review', version = version + 1 WHERE id = %s",
            case.pk,
        )
    remove_proof(case, before.public_id, me)
    add_proof(case, "stamped", picture(1), me)
    perform(case, "bring_back", me)
    world.approved(case)

    assert (case.state, case.number, case.post) == ("effective", number, FORM["post"])
    assert list(timeline(case)[-3].changes) == ["证明材料"]


@pytest.mark.rule("OFF-05")
@pytest.mark.parametrize("has_image", [True, False])
def test_a_statement_of_what_is_wrong_goes_with_the_image_or_in_its_place(world, has_image):
    case = world.form_approved()
    me = world.actor(Role.GRADUATE)
    if has_image:
        world.prove(case, "stamped")
    assert has_image or refused(case, "bring_back", me, statement="  ") == NO_IMAGE

    perform(case, "bring_back", me, statement="  岗位名称写错了，需要重新填写 ")
    assert (case.statement, timeline(case)[-1].changes["情况说明"]) == (
        "岗位名称写错了，需要重新填写",
        ["", "岗位名称写错了，需要重新填写"],
    )

    perform(case, "reject", world.actor(Role.COLLEGE), **SAID)
    assert (case.state, case.live, world.form_submitted().state) == ("rejected", False, "college_form_review")


# ---- REG-03: taking back


@pytest.mark.rule("REG-03")
def test_a_submitted_form_is_taken_back_as_a_draft_and_submitted_again(world):
    case = world.form_submitted()
    me = world.actor(Role.GRADUATE)

    perform(case, "recall", me)
    assert (case.state, case.live, case.submitted_at, case.review_mode) == ("draft", False, None, "")
    perform(case, "edit", me, post="质量工程师")
    perform(case, "submit", me)
    assert (case.state, case.post, acts(case)) == (
        "college_form_review",
        "质量工程师",
        ["apply", "submit", "recall", "edit", "submit"],
    )


@pytest.mark.rule("REG-03")
def test_at_the_signing_step_the_image_comes_back_and_the_form_stays_approved(world):
    case = world.brought_back()
    number = case.number

    perform(case, "recall", world.actor(Role.GRADUATE))

    assert (case.state, case.live, case.number, case.submitted_at) == ("form_approved", True, number, None)
    assert offered(case, world.actor(Role.GRADUATE)) == {"bring_back", "send_link", "give_up"}
    perform(case, "bring_back", world.actor(Role.GRADUATE))
    assert case.state == "college_review"


@pytest.mark.rule("REG-03")
def test_what_the_employer_brought_back_is_taken_back_by_the_graduate_alone(world):
    case = world.form_approved()
    world.link(case)
    add_proof(case, "stamped", picture(), world.bearer(case))
    perform(case, "bring_back", world.bearer(case))

    with pytest.raises(NotOpen):
        perform(case, "recall", world.bearer(case))
    perform(case, "recall", world.actor(Role.GRADUATE))
    assert case.state == "form_approved"


@pytest.mark.rule("REG-03")
@pytest.mark.parametrize("state", ["school_form_review", "school_review"])
def test_once_a_reviewer_has_acted_nothing_is_taken_back(world, state):
    case = AT[state](world)

    assert (
        refused(case, "recall", world.actor(Role.GRADUATE))
        == "老师已经开始审核，不能再撤回；需要改的，联系老师退回修改。"
    )


@pytest.mark.rule("REG-03")
def test_after_a_return_the_next_submission_can_be_taken_back_again(world):
    case = AT["form_returned"](world)
    perform(case, "submit", world.actor(Role.GRADUATE))

    perform(case, "recall", world.actor(Role.GRADUATE))
    assert case.state == "draft"


# ---- REG-13: giving up


@pytest.mark.rule("REG-13")
@pytest.mark.parametrize("state", ["form_returned", "form_approved", "signing_returned"])
def test_what_waits_on_the_graduate_can_be_given_up(world, state):
    case = AT[state](world)
    number = case.number

    perform(case, "give_up", world.actor(Role.GRADUATE))

    assert (case.state, case.live, case.closed_at is not None, case.number) == ("given_up", False, True, number)
    again = world.form_approved()
    assert again.number not in (None, number)
    assert Registration.objects.seen_by(world.actor(Role.SCHOOL)).filter(state="given_up").get() == case


# ---- REG-08, OFF-06, OFF-07, SIGN-08: in force


@pytest.mark.rule("REG-08", "SYN-01")
def test_in_force_the_employment_record_is_written_in_the_same_act(world):
    case = world.stamped()

    record = EmploymentRecord.all_rows.get(graduate=world.graduate)
    written = {
        key: getattr(record, key)
        for key in ("destination", "employer_name", "job_category", "number", "case", "source")
    }
    assert written == {
        "destination": "10", "employer_name": FORM["name"], "job_category": FORM["job_category"], "number": case.number,
        "case": str(case.public_id), "source": "system",
    }  # fmt: skip
    assert {key: getattr(record, key) for key in UNIT if key != "name"} == {
        key: value for key, value in UNIT.items() if key != "name"
    }
    assert record.signed_on == timezone.localdate(case.effective_at)
    assert len(jobs("registration.make_agreement")) == 2


@pytest.mark.rule("OFF-06")
def test_after_approval_a_school_amends_three_fields_and_nothing_else(world):
    case = world.stamped()
    school = world.actor(Role.SCHOOL)
    change = {"nature": "10", "industry": "91", "job_category": "10"}

    perform(case, "amend", school, **change)

    case.refresh_from_db()
    record = EmploymentRecord.all_rows.get()
    assert {key: values_of(case)[key] for key in change} == change == {key: getattr(record, key) for key in change}
    changed = timeline(case)[-1].changes
    assert list(changed) == ["单位性质", "单位行业", "职位类别"]
    [(who, subject, body)] = told(case, "amend")
    assert (who, subject) == ("graduate", "学校修改了你的签约信息")
    assert all(f"{label}：{before} 改为 {after}。" in body for label, (before, after) in changed.items())
    assert refused(case, "amend", school, **change) == "没有要改的内容。"
    with pytest.raises(TypeError):
        perform(case, "amend", school, **change, post="经理")
    for column, value in (("post", "'经理'"), ("terms", "'{}'"), ("employer_name", "'别的'")):
        with pytest.raises(DatabaseError, match=r"frozen columns|not amendable"):
            run_as(
                school,
                f"UPDATE registration_registration SET {column} = {value}, version = version + 1 WHERE id = %s",
                case.pk,
            )


@pytest.mark.rule("OFF-07")
@pytest.mark.parametrize("sealed", [True, False])
def test_where_the_paper_gets_the_schools_seal_the_comparison_is_on_record(world, sealed):
    case = AT["school_review"](world)

    perform(case, "approve", world.actor(Role.SCHOOL), sealed=sealed)

    changes = timeline(case)[-1].changes
    assert changes == ({"学校盖章": ["", "已核对要盖章的协议书与上传的图像一致"]} if sealed else {})
    assert case.state == "effective"


@pytest.mark.rule("SIGN-08", "OFF-06", "REG-12")
@pytest.mark.parametrize(
    ("edition", "why"),
    [("2022", "2022 版规则没有作废协议，只能解约。"), ("2023", "2023 版规则没有作废协议，只能解约。"), ("2024", "")],
)
def test_an_agreement_is_annulled_in_the_edition_of_2024_alone(world, edition, why):
    Cohort.objects.filter(year=world.cohort).update(edition=edition)
    case = world.stamped()
    school = world.actor(Role.SCHOOL)

    if why:
        assert refused(case, "void", school, words="双方协商一致") == why
        return
    assert refused(case, "void", school) == "选一个原因并写明情况，对方才知道怎么办。"
    perform(case, "void", school, words="双方协商一致")
    record = EmploymentRecord.all_rows.get()
    assert (case.state, case.live, record.destination, record.employer_name, record.number) == (
        "voided",
        False,
        "70",
        "",
        "",
    )
    [(who, subject, body)] = told(case, "void")
    assert (who, subject, "双方协商一致" in body) == ("graduate", "学校作废了你的就业协议", True)


@pytest.mark.rule("SIGN-08")
def test_an_agreement_that_is_being_dissolved_is_not_annulled_a_draft_of_a_request_does_not_matter(world):
    case = world.stamped()
    request = world.paper_dissolution(case)
    assert "void" in offered(case, world.actor(Role.SCHOOL))
    perform(request, "submit", world.actor(Role.GRADUATE))

    assert (
        refused(case, "void", world.actor(Role.SCHOOL), words="双方协商一致")
        == "这份协议正在办理解约。解约办完或撤回以后，才能作废。"
    )


# ---- ROS-07: off the roster and back


@pytest.mark.rule("ROS-07")
def test_back_on_the_roster_the_signing_stands_as_it_stood_and_goes_on(world):
    from qicheng.domain.roster.effects import remove_line, restore_line

    case = world.form_approved()
    world.link(case)
    add_proof(case, "stamped", picture(), world.bearer(case))
    remove_line(world.graduate.public_id, world.actor(Role.SCHOOL), words="重复上传")
    assert "暂时失效" in refused(case, "bring_back", world.bearer(case))

    restore_line(world.graduate.public_id, world.actor(Role.SCHOOL))
    perform(case, "bring_back", world.bearer(case))
    assert case.state == "college_review"
