"""Supplementary registration, rule by rule, on the flow itself: SUP-01, SUP-02 and what REG says of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from qicheng.domain.orgs.models import Cohort, SigningSettings
from qicheng.domain.registration.flows.supplementary import SUPPLEMENTARY
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.sheets import PAPER as SHEET
from qicheng.domain.registration.sheets.cases import values_of
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.foundation.access import Role
from qicheng.foundation.flow.gather import add_proof, gathered, remove_proof
from qicheng.foundation.flow.perform import NotOpen, Refused, begin, perform, timeline
from tests.domain.registration.places import PLACES, SAID
from tests.domain.registration.test_offline_signing import LIVE, REQUIRED, acts, jobs, offered, refused, told
from tests.world import PAPER, picture

pytestmark = pytest.mark.django_db
AT = PLACES["supplementary"]


# ---- SUP-01: the form, the paper's number and its images in one submission


@pytest.mark.rule("SUP-01")
def test_the_form_keeps_what_was_typed_and_the_papers_own_number(world):
    case = world.paper_draft()

    stored = Registration.all_rows.get(pk=case.pk)
    assert values_of(stored) == {key: PAPER[key] for key in SHEET.keys}
    assert (stored.paper_number, stored.number, stored.official_number, stored.employer_name) == (
        PAPER["paper_number"], None, PAPER["paper_number"], PAPER["name"],
    )  # fmt: skip


@pytest.mark.rule("SUP-01", "REG-09")
def test_without_images_of_the_stamped_agreement_nothing_is_submitted(world):
    case = world.paper_draft(proven=False)
    me = world.actor(Role.GRADUATE)

    assert refused(case, "submit", me) == "还缺证明材料：盖章的纸质就业协议书。补齐以后再提交。"
    add_proof(case, "stamped", picture(), me)
    perform(case, "submit", me)
    assert (case.state, case.live, jobs("registration.make_agreement")) == ("college_review", True, [])


@pytest.mark.rule("SUP-01")
@pytest.mark.parametrize("key", [*REQUIRED, "paper_number", "signed_on"])
def test_what_is_asked_for_has_to_be_there_before_it_is_submitted(world, key):
    case = world.paper_draft(**{key: ""})

    assert refused(case, "submit", world.actor(Role.GRADUATE)) == f"还没有填好：{SHEET[key].label}。改好以后再提交。"
    perform(case, "edit", world.actor(Role.GRADUATE), **{key: PAPER[key]})
    perform(case, "submit", world.actor(Role.GRADUATE))
    assert case.state == "college_review"


@pytest.mark.rule("SUP-01")
@pytest.mark.parametrize(
    ("days", "number", "label"), [(1, "1", "签约日期"), (0, "1" * 20, "协议书编号"), (0, "1" * 19, "")]
)
def test_an_agreement_was_signed_already_and_its_number_is_as_long_as_a_record_has_room_for(world, days, number, label):
    signed = timezone.localdate() + timedelta(days=days)
    case = world.paper_draft(signed_on=signed, paper_number=number)

    if label:
        assert refused(case, "submit", world.actor(Role.GRADUATE)) == f"还没有填好：{label}。改好以后再提交。"
    else:
        perform(case, "submit", world.actor(Role.GRADUATE))
        world.approved(case)
        assert EmploymentRecord.all_rows.get().number == number


@pytest.mark.rule("SUP-01", "REG-01", "REG-04")
def test_a_draft_is_edited_and_discarded_and_there_is_one_at_a_time(world):
    me = world.actor(Role.GRADUATE)
    case = begin(SUPPLEMENTARY, me)
    perform(case, "edit", me, paper_number="A-1")
    assert (case.paper_number, case.live, timeline(case)[-1].changes) == (
        "A-1",
        False,
        {"协议书编号": ["没有填写", "A-1"]},
    )

    with pytest.raises(Refused) as stopped, transaction.atomic():
        begin(SUPPLEMENTARY, me)
    assert str(stopped.value) == "你已经有一份没有提交的登记，先把它填完，或者删除以后再填新的。"
    perform(case, "discard", me)
    assert (case.state, begin(SUPPLEMENTARY, me).state) == ("discarded", "draft")


@pytest.mark.rule("REG-01", "SUP-01")
@pytest.mark.parametrize("state", [key for key, place in SUPPLEMENTARY.states.items() if place.live])
def test_while_one_is_in_process_or_in_force_nothing_else_begins(world, state):
    invited, draft = world.invitation(), world.offline_draft()
    AT[state](world)

    for begun in (world.offline_draft, world.paper_draft, world.destination_draft):
        with pytest.raises(Refused) as stopped, transaction.atomic():
            begun()
        assert str(stopped.value) == LIVE
    assert refused(invited, "accept", world.actor(Role.GRADUATE)) == LIVE
    assert refused(draft, "submit", world.actor(Role.GRADUATE)) == LIVE


@pytest.mark.rule("REG-01", "SUP-01")
@pytest.mark.parametrize(
    "state", [key for key, place in SUPPLEMENTARY.states.items() if not place.live and key != "draft"]
)
def test_once_it_is_over_the_graduate_starts_afresh(world, state):
    AT[state](world)

    assert world.paper_submitted().state == "college_review"


@pytest.mark.rule("ROS-02", "ROS-06", "SET-03")
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda world: Graduate.all_rows.filter(pk=world.graduate.pk).update(revision=2), "先核对个人信息并确认无误，再来办理。"),
        (lambda world: Graduate.all_rows.filter(pk=world.graduate.pk).update(training_mode="41"),
         "你的培养方式是定向或委培（不可网签），只能办理定向/委培毕业去向补充登记。"),
        (lambda world: SigningSettings.all_rows.filter(school=world.school).update(supplementary=False), "学校没有开启补充登记。"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("state", ["draft", "returned"])
def test_what_stands_against_a_graduate_stands_against_every_submission(world, state, change, why):
    case = AT[state](world)
    change(world)

    assert refused(case, "submit", world.actor(Role.GRADUATE)) == why


@pytest.mark.rule("SET-03")
def test_where_the_school_has_it_off_nothing_begins(world):
    SigningSettings.all_rows.filter(school=world.school).update(supplementary=False)

    with pytest.raises(Refused, match="学校没有开启补充登记。"):
        begin(SUPPLEMENTARY, world.actor(Role.GRADUATE))


# ---- review, taking back, giving up


@pytest.mark.rule("REG-02", "REG-08", "SYN-01", "SUP-01")
def test_two_levels_approve_and_the_record_is_written_with_the_papers_number(world):
    case = world.supplementary()

    record = EmploymentRecord.all_rows.get(graduate=world.graduate)
    assert [(one.act, one.role, one.after) for one in timeline(case)][1:] == [
        ("submit", "graduate", "college_review"), ("approve", "college", "school_review"), ("approve", "school", "effective"),
    ]  # fmt: skip
    assert (record.destination, record.employer_name, record.number, record.signed_on, record.case) == (
        "10", PAPER["name"], PAPER["paper_number"], date(2026, 5, 20), str(case.public_id),
    )  # fmt: skip
    assert (case.number, case.effective_at is not None, jobs("registration.make_agreement")) == (None, True, [])
    assert [row[1] for row in told(case, "approve")] == [
        "补充登记学院审核通过，等待学校审核",
        "补充登记审核通过，协议已生效",
    ]


@pytest.mark.rule("REG-02")
def test_where_the_school_reviews_alone_one_level_is_enough(world):
    case = world.supplementary(world.stranger)

    assert acts(case) == ["register", "submit", "approve"]


@pytest.mark.rule("REG-02", "SUP-01")
@pytest.mark.parametrize(("level", "role"), [("college", Role.COLLEGE), ("school", Role.SCHOOL)])
@pytest.mark.parametrize(("act", "state", "live"), [("return", "returned", True), ("reject", "rejected", False)])
def test_each_level_returns_and_rejects(world, level, role, act, state, live):
    case = AT[f"{level}_review"](world)

    perform(case, act, world.actor(role), **SAID)

    assert (case.state, case.live, case.closed_at is None) == (state, live, live)
    [(who, subject, body)] = told(case, act)
    assert (who, subject, SAID["words"] in body) == (
        "graduate",
        {"return": "补充登记被退回，需要修改", "reject": "补充登记审核不通过"}[act],
        True,
    )


@pytest.mark.rule("SUP-01", "REG-09")
def test_returned_form_and_images_are_corrected_and_submitted_again(world):
    case = AT["returned"](world)
    me = world.actor(Role.GRADUATE)
    [before] = gathered(case)[0].proofs

    remove_proof(case, before.public_id, me)
    assert refused(case, "submit", me) == "还缺证明材料：盖章的纸质就业协议书。补齐以后再提交。"
    add_proof(case, "stamped", picture(1), me)
    perform(case, "edit", me, paper_number="BJ-2")
    perform(case, "submit", me)
    world.approved(case)

    assert (case.state, case.paper_number, EmploymentRecord.all_rows.get().number) == ("effective", "BJ-2", "BJ-2")


@pytest.mark.rule("REG-03", "SUP-01")
def test_a_submission_is_taken_back_until_a_reviewer_has_acted(world):
    case = world.paper_submitted()
    me = world.actor(Role.GRADUATE)

    perform(case, "recall", me)
    assert (case.state, case.live, case.submitted_at) == ("draft", False, None)
    perform(case, "submit", me)
    perform(case, "approve", world.actor(Role.COLLEGE))
    assert refused(case, "recall", me) == "老师已经开始审核，不能再撤回；需要改的，联系老师退回修改。"


@pytest.mark.rule("REG-13")
def test_a_returned_one_can_be_given_up_and_nothing_else(world):
    case = AT["returned"](world)
    perform(case, "give_up", world.actor(Role.GRADUATE))

    assert (case.state, case.live, case.closed_at is not None) == ("given_up", False, True)
    again = world.paper_submitted()
    with pytest.raises(NotOpen):
        perform(again, "give_up", world.actor(Role.GRADUATE))


@pytest.mark.rule("ROS-05")
def test_the_roster_line_of_the_submission_is_compared_and_taken_over(world):
    case = AT["school_review"](world)
    rows = Graduate.all_rows.filter(pk=world.graduate.pk)
    assert refused(case, "refresh", world.actor(Role.SCHOOL)) == "登记信息与学籍名单已经一致，没有要同步的。"
    rows.update(study_years="5", revision=2)
    perform(case, "refresh", world.actor(Role.SCHOOL))
    rows.update(major="软件工程", revision=3)

    assert case.student["study_years"] == "5"
    assert refused(case, "approve", world.actor(Role.SCHOOL)).startswith("专业与学籍名单不一致")


# ---- SUP-02: after approval


@pytest.mark.rule("SUP-02")
def test_after_approval_a_school_amends_three_fields_and_the_graduate_is_told(world):
    case = world.supplementary()
    change = {"nature": "10", "industry": PAPER["industry"], "job_category": "10"}

    perform(case, "amend", world.actor(Role.SCHOOL), **change)

    record = EmploymentRecord.all_rows.get()
    assert {key: values_of(case)[key] for key in change} == change == {key: getattr(record, key) for key in change}
    assert list(timeline(case)[-1].changes) == ["单位性质", "职位类别"]
    assert [row[:2] for row in told(case, "amend")] == [("graduate", "学校修改了你的签约信息")]
    assert refused(case, "amend", world.actor(Role.SCHOOL), **change) == "没有要改的内容。"


@pytest.mark.rule("SUP-02", "SIGN-08", "REG-12")
@pytest.mark.parametrize("edition", ["2022", "2023", "2024"])
def test_anything_else_needs_a_dissolution_or_in_the_edition_of_2024_an_annulment(world, edition):
    Cohort.objects.filter(year=world.cohort).update(edition=edition)
    case = world.supplementary()
    school = world.actor(Role.SCHOOL)

    if edition != "2024":
        assert refused(case, "void", school, words="双方协商一致") == f"{edition} 版规则没有作废协议，只能解约。"
        assert offered(case, school) == {"amend"}
        return
    perform(case, "void", school, words="双方协商一致")
    assert (case.state, case.live, EmploymentRecord.all_rows.get().destination) == ("voided", False, "70")
    assert [row[0] for row in told(case, "void")] == ["graduate"]


@pytest.mark.rule("SIGN-08")
def test_while_it_is_being_dissolved_it_is_not_annulled(world):
    case = world.supplementary()
    request = world.dissolution_submitted(case)
    assert (
        refused(case, "void", world.actor(Role.SCHOOL), words="双方协商一致")
        == "这份协议正在办理解约。解约办完或撤回以后，才能作废。"
    )

    perform(request, "reject", world.actor(Role.COLLEGE), **SAID)
    assert "void" in offered(case, world.actor(Role.SCHOOL))
