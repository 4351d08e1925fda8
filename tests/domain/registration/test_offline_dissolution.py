"""Dissolution on paper, rule by rule, on the flow itself: DIS-01, DIS-03, DIS-05 … DIS-07 and what REG says of it."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from qicheng.domain.orgs.models import SigningSettings
from qicheng.domain.registration.flows.offline_dissolution import OFFLINE_DISSOLUTION
from qicheng.domain.registration.flows.online_dissolution import ONLINE_DISSOLUTION
from qicheng.domain.registration.models import Dissolution, Registration
from qicheng.domain.registration.sheets import ENDED as SHEET
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.foundation.access import Role
from qicheng.foundation.flow.gather import add_proof
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import Refused, begin, perform, timeline
from tests.domain.registration.places import PLACES, SAID
from tests.domain.registration.test_offline_signing import acts, offered, refused, run_as, told
from tests.world import DISSOLUTION, ENDED, PAPER, VERIFIED, picture

pytestmark = pytest.mark.django_db
AT = PLACES["offline_dissolution"]
GIVEN = DISSOLUTION[Role.GRADUATE]
IS_OVER = "这份协议没有生效或已经结束，不用解约。"
NO_LETTER = "先上传解约函的图像；单位不给解约函的，上传本人签字的情况说明。"


def limit(world, number):
    SigningSettings.all_rows.filter(school=world.school).update(dissolution_limit=number)


def used_up(number):
    return f"学校设置每人最多申请解约 {number} 次，已经用完。可以请单位发起解约，或者联系学校协助。"


def not_begun(flow, actor, agreement):
    with pytest.raises(Refused) as stopped, transaction.atomic():
        begin(flow, actor, agreement=agreement, **GIVEN)
    return str(stopped.value)


# ---- DIS-01: by the graduate's application, with a reason, an explanation and a letter


@pytest.mark.rule("DIS-01", "DIS-06", "SYN-01", "REG-08")
@pytest.mark.parametrize("signed", ["supplementary", "stamped"])
def test_what_was_signed_on_paper_is_dissolved_on_paper(world, signed):
    agreement = getattr(world, signed)()
    case = world.dissolution_submitted(agreement)
    assert (case.live, Registration.all_rows.get().state) == (True, "effective")

    world.approved(case)

    agreement.refresh_from_db()
    record = EmploymentRecord.all_rows.get()
    assert (case.state, case.live, case.manner) == ("done", False, "x_mutual")
    assert (agreement.state, agreement.live, agreement.closed_at is not None) == ("dissolved", False, True)
    assert (record.destination, record.employer_name, record.number) == ("70", "", "")
    assert [(r.flow, r.act, r.role) for r in Record.objects.exclude(flow="confirmation").order_by("pk")][-5:] == [
        ("offline_dissolution", "ask", "graduate"), ("offline_dissolution", "submit", "graduate"), ("offline_dissolution", "approve", "college"),
        (agreement.flow_name, "dissolve", "system"), ("offline_dissolution", "approve", "school"),
    ]  # fmt: skip
    assert [row[:2] for row in told(case, "approve")] == [
        ("graduate", "解约学院审核通过，等待学校审核"),
        ("graduate", "解约完成"),
    ]


@pytest.mark.rule("DIS-01")
def test_each_agreement_is_dissolved_the_way_it_was_signed(world):
    me = world.actor(Role.GRADUATE)
    fellow = world.new_graduate("周研", world.college)
    online = world.effective(fellow)
    on_paper = world.supplementary()

    assert not_begun(OFFLINE_DISSOLUTION, world.of(fellow), online) == IS_OVER
    assert not_begun(ONLINE_DISSOLUTION, me, on_paper) == IS_OVER


@pytest.mark.rule("DIS-01")
def test_a_destination_is_not_dissolved(world):
    assert not_begun(OFFLINE_DISSOLUTION, world.actor(Role.GRADUATE), world.registered()) == IS_OVER


@pytest.mark.rule("DIS-01")
@pytest.mark.parametrize("state", ["draft", "college_review", "voided", "dissolved"])
def test_only_what_is_in_force_is_dissolved(world, state):
    agreement = PLACES["supplementary"][state](world)

    assert not_begun(OFFLINE_DISSOLUTION, world.actor(Role.GRADUATE), agreement) in (
        IS_OVER,
        "这份协议没有生效，不用解约。",
    )


@pytest.mark.rule("DIS-01", "DIS-05", "REG-09")
@pytest.mark.parametrize("kind", ["letter", "statement"])
def test_the_letter_or_a_statement_in_its_place_goes_with_the_request(world, kind):
    case = world.paper_dissolution(letter="")
    me = world.actor(Role.GRADUATE)
    assert refused(case, "submit", me) == NO_LETTER

    add_proof(case, kind, picture(), me)
    perform(case, "submit", me)
    assert (case.state, case.sequence, list(timeline(case)[-1].changes)) == ("college_review", 1, ["证明材料"])


@pytest.mark.rule("DIS-01")
def test_a_draft_is_edited_and_discarded_and_costs_nothing(world):
    case = world.paper_dissolution()
    me = world.actor(Role.GRADUATE)

    perform(case, "edit", me, reason="x_study", explanation="考上研究生")
    assert (case.reason, case.explanation, case.live, case.sequence) == ("x_study", "考上研究生", False, None)
    assert timeline(case)[-1].changes == {
        "解约原因": ["其他去向", "升学"],
        "解约说明": [GIVEN["explanation"], "考上研究生"],
    }
    assert timeline(case)[-1].reason == ""
    perform(case, "discard", me)
    assert (case.state, world.paper_dissolution(case.agreement).state) == ("discarded", "draft")


@pytest.mark.rule("DIS-01")
def test_what_was_submitted_is_kept_by_the_database(world):
    case = world.dissolution_submitted()

    for column, value in (
        ("reason", "'x_study'"),
        ("explanation", "'别的'"),
        ("sequence", "2"),
        ("agreement_id", "agreement_id + 1"),
    ):
        step = f"UPDATE registration_dissolution SET {column} = {value}, state = 'school_review', version = version + 1 WHERE id = %s"
        with pytest.raises(DatabaseError, match="frozen columns"):
            run_as(world.actor(Role.COLLEGE), step, case.pk)


@pytest.mark.rule("DIS-01")
def test_the_request_says_of_what_agreement_it_is(world):
    case = world.paper_dissolution()

    assert (case.employer_name, case.post, case.number, case.student_name, case.asked_by, case.employer_id) == (
        PAPER["name"], PAPER["post"], PAPER["paper_number"], "陈诚", "graduate", None,
    )  # fmt: skip


# ---- DIS-03: counted when it is submitted, once


@pytest.mark.rule("DIS-03", "SET-07")
def test_a_request_is_counted_when_it_is_submitted_and_once_whatever_happens_to_it(world):
    limit(world, 1)
    case = world.paper_dissolution()
    me, college = world.actor(Role.GRADUATE), world.actor(Role.COLLEGE)
    assert (case.sequence, case.allowed) == (None, None)

    perform(case, "submit", me)
    perform(case, "recall", me)
    perform(case, "submit", me)
    perform(case, "return", college, **SAID)
    perform(case, "submit", me)

    assert (case.state, case.sequence, case.allowed) == ("college_review", 1, 1)
    assert acts(case) == ["ask", "submit", "recall", "submit", "return", "submit"]
    perform(case, "reject", college, **SAID)
    assert not_begun(OFFLINE_DISSOLUTION, me, case.agreement) == used_up(1)


@pytest.mark.rule("DIS-03", "SET-07")
@pytest.mark.parametrize("end", ["reject", "withdraw", "discard a recalled one"])
def test_at_the_limit_the_next_request_is_refused_whatever_became_of_those_before(world, end):
    limit(world, 1)
    case = world.dissolution_submitted()
    me, college = world.actor(Role.GRADUATE), world.actor(Role.COLLEGE)
    match end:
        case "reject":
            perform(case, "reject", college, **SAID)
        case "withdraw":
            perform(case, "return", college, **SAID)
            perform(case, "withdraw", me)
        case _:
            perform(case, "recall", me)
            perform(case, "discard", me)

    assert not_begun(OFFLINE_DISSOLUTION, me, case.agreement) == used_up(1)
    limit(world, 2)
    again = world.dissolution_submitted(case.agreement)
    assert (again.sequence, again.allowed) == (2, 2)


@pytest.mark.rule("DIS-03")
def test_a_draft_that_was_begun_below_the_limit_is_not_submitted_at_it(world):
    draft = world.paper_dissolution()
    limit(world, 0)

    assert refused(draft, "submit", world.actor(Role.GRADUATE)) == used_up(0)
    assert offered(draft, world.actor(Role.GRADUATE)) == {"edit", "discard"}


@pytest.mark.rule("DIS-03")
def test_a_counted_request_is_submitted_again_though_the_limit_was_lowered_meanwhile(world):
    case = world.dissolution_submitted()
    perform(case, "recall", world.actor(Role.GRADUATE))
    limit(world, 0)

    perform(case, "submit", world.actor(Role.GRADUATE))
    assert (case.state, case.sequence, case.allowed) == ("college_review", 1, 3)


@pytest.mark.rule("DIS-03")
def test_requests_online_and_on_paper_count_together(world):
    limit(world, 2)
    online = world.effective()
    perform(world.dissolution(online), "agree", world.actor(Role.EMPLOYER))
    world.approved(Dissolution.all_rows.get())
    perform(world.dissolution_submitted(), "reject", world.actor(Role.COLLEGE), **SAID)

    assert list(Dissolution.all_rows.order_by("pk").values_list("flow_name", "sequence")) == [
        ("online_dissolution", 1),
        ("offline_dissolution", 2),
    ]
    agreement = Registration.all_rows.get(flow_name="supplementary")
    assert not_begun(OFFLINE_DISSOLUTION, world.actor(Role.GRADUATE), agreement) == used_up(2)


# ---- DIS-05: verified with the employer, by both sides or by the graduate alone


@pytest.mark.rule("DIS-05")
def test_each_approval_records_what_the_employer_said(world):
    case = world.dissolution_submitted()
    for role, given in ((Role.COLLEGE, {}), (Role.SCHOOL, {"manner": "x_mutual"})):
        with pytest.raises(TypeError), transaction.atomic():
            perform(case, "approve", world.actor(role), **given)
        perform(case, "approve", world.actor(role), **given, verified=f"{role.label}已电话核实")

    assert [record.changes for record in timeline(case) if record.act == "approve"] == [
        {"与用人单位核实": ["", "学院已电话核实"]}, {"与用人单位核实": ["", "学校已电话核实"]},
    ]  # fmt: skip


@pytest.mark.rule("DIS-05")
def test_the_school_ends_it_for_the_graduate_alone_with_an_explanation(world):
    case = AT["school_review"](world)
    one_sided = {"manner": "x_student_side", "grounds": "单位拒不出具解约函，也不接电话"} | VERIFIED

    perform(case, "approve", world.actor(Role.SCHOOL), **one_sided)

    assert (case.state, case.manner) == ("done", "x_student_side")
    assert timeline(case)[-1].changes == {
        "与用人单位核实": ["", VERIFIED["verified"]], "单方面解约的具体情况": ["", "单位拒不出具解约函，也不接电话"],
    }  # fmt: skip
    assert Registration.all_rows.get().state == "dissolved"


@pytest.mark.rule("DIS-05")
@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, {"manner", "verified"}), (ENDED, set()), (ENDED | {"manner": "x_forced"}, {"manner"}), (ENDED | {"verified": " "}, {"verified"}),
        (ENDED | {"manner": "x_student_side"}, {"grounds"}), (ENDED | {"manner": "x_student_side", "grounds": "  "}, {"grounds"}),
        (ENDED | {"manner": "x_student_side", "grounds": "单位失联"}, set()),
    ],
)  # fmt: skip
def test_the_schools_form_asks_for_the_manner_and_for_grounds_where_the_graduate_is_alone(world, given, wrong):
    assert set(SHEET.form()(given).errors) == wrong


@pytest.mark.rule("DIS-05")
def test_a_college_does_not_choose_the_manner(world):
    case = AT["college_review"](world)

    with pytest.raises(TypeError), transaction.atomic():
        perform(case, "approve", world.actor(Role.COLLEGE), **ENDED)
    assert OFFLINE_DISSOLUTION.find("college_review", "approve", Role.COLLEGE).sheet(case).keys == ("verified",)


# ---- DIS-06: afterwards


@pytest.mark.rule("DIS-06")
def test_done_the_graduate_is_free_to_sign_and_to_register(world):
    AT["done"](world)

    perform(world.invitation(), "accept", world.actor(Role.GRADUATE))
    assert Registration.all_rows.filter(live=True).get().flow_name == "online_signing"


@pytest.mark.rule("DIS-06", "REG-02")
@pytest.mark.parametrize(("level", "role"), [("college", Role.COLLEGE), ("school", Role.SCHOOL)])
def test_rejected_the_agreement_is_in_force_as_before(world, level, role):
    case = AT[f"{level}_review"](world)
    version = EmploymentRecord.all_rows.get().version

    perform(case, "reject", world.actor(role), **SAID)

    agreement = Registration.all_rows.get()
    assert (case.state, case.live, agreement.state, agreement.live) == ("rejected", False, "effective", True)
    assert EmploymentRecord.all_rows.get().version == version
    [(who, subject, body)] = told(case, "reject")
    assert (who, subject, SAID["words"] in body) == ("graduate", "解约审核不通过", True)


@pytest.mark.rule("REG-02", "DIS-01")
@pytest.mark.parametrize(("level", "role"), [("college", Role.COLLEGE), ("school", Role.SCHOOL)])
def test_returned_it_is_corrected_and_submitted_again_or_withdrawn(world, level, role):
    case = AT[f"{level}_review"](world)
    me = world.actor(Role.GRADUATE)
    perform(case, "return", world.actor(role), **SAID)
    assert (case.state, case.live, [row[1] for row in told(case, "return")]) == (
        "returned",
        True,
        ["解约申请被退回，需要修改"],
    )

    perform(case, "edit", me, reason="x_study", explanation="考上研究生")
    perform(case, "submit", me)
    perform(case, "return", world.actor(Role.COLLEGE), **SAID)
    perform(case, "withdraw", me)
    assert (case.state, case.live, Registration.all_rows.get().state) == ("withdrawn", False, "effective")


@pytest.mark.rule("REG-03")
def test_it_is_taken_back_until_a_reviewer_has_acted(world):
    case = world.dissolution_submitted()
    me = world.actor(Role.GRADUATE)
    perform(case, "recall", me)
    assert (case.state, case.live) == ("draft", False)
    perform(case, "submit", me)
    perform(case, "approve", world.actor(Role.COLLEGE), **VERIFIED)

    assert refused(case, "recall", me) == "老师已经开始审核，不能再撤回；需要改的，联系老师退回修改。"


@pytest.mark.rule("DIS-01")
def test_an_agreement_that_ended_meanwhile_is_not_dissolved(world):
    draft = world.paper_dissolution()
    perform(draft.agreement, "void", world.actor(Role.SCHOOL), words="双方协商一致")

    assert refused(draft, "submit", world.actor(Role.GRADUATE)) == IS_OVER
    assert offered(draft, world.actor(Role.GRADUATE)) == {"edit", "discard"}


# ---- DIS-07: one at a time


@pytest.mark.rule("DIS-07")
def test_one_request_is_open_at_a_time_and_one_draft(world):
    me = world.actor(Role.GRADUATE)
    case = world.paper_dissolution()
    assert (
        not_begun(OFFLINE_DISSOLUTION, me, case.agreement)
        == "这份协议的解约申请你已经填了一份，还没有提交。接着填，或者删除以后再填。"
    )

    perform(case, "submit", me)
    for state in ("college_review", "returned"):
        assert case.state == state
        assert not_begun(OFFLINE_DISSOLUTION, me, case.agreement) == "这份协议已经有解约申请在办，同一时间只能有一个。"
        if state == "college_review":
            perform(case, "return", world.actor(Role.COLLEGE), **SAID)
    perform(case, "withdraw", me)
    assert world.paper_dissolution(case.agreement).state == "draft"


@pytest.mark.rule("ROS-07")
def test_off_the_roster_a_request_stands_still_and_goes_on_afterwards(world):
    from qicheng.domain.roster.effects import remove_line, restore_line

    case = world.dissolution_submitted()
    remove_line(world.graduate.public_id, world.actor(Role.SCHOOL), words="重复上传")
    assert "暂时失效" in refused(case, "approve", world.actor(Role.COLLEGE), **VERIFIED)

    restore_line(world.graduate.public_id, world.actor(Role.SCHOOL))
    world.approved(case)
    assert case.state == "done"
