"""Online signing rule by rule, on the flow itself: every sentence of SIGN and what REG says of it."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from qicheng.domain.orgs.models import Cohort, Employer, Handler, Opening, ReviewMode, SigningSettings
from qicheng.domain.orgs.queries import forget_kept
from qicheng.domain.registration.effects.agreement import agreement_values, make_agreement
from qicheng.domain.registration.flows.online_signing import ONLINE_SIGNING
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.queries import lines, overdue_invitations
from qicheng.domain.registration.sheets import INVITATION
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.domain.roster.sheets import FIXED, SYNCED
from qicheng.foundation import codes
from qicheng.foundation.access import SYSTEM, Level, Role, Tier
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, Stale, be, begin, open_acts, perform, timeline
from qicheng.foundation.kit.calendar import answer_deadline
from qicheng.foundation.notice.models import Notice
from qicheng.foundation.papers import store
from qicheng.foundation.papers.models import Paper
from tests.world import OFFER, World

pytestmark = pytest.mark.django_db
BEIJING = timezone.get_default_timezone()


def offered(case, role, world):
    """The acts that can really be done now."""
    return {one.act.name for one in open_acts(case, world.actor(role)) if one.why is None}


def run_as(actor, statement, *parameters):
    """A statement past the engine, as the runtime role sees it."""
    with transaction.atomic(), connection.cursor() as cursor:
        be(actor)
        cursor.execute(statement, parameters)


def rejected(world, case):
    perform(case, "reject", world.actor(Role.COLLEGE), reason="r_other", words="岗位信息与面谈不一致")
    return case


# ---- SIGN-01: what an invitation carries ----


@pytest.mark.rule("SIGN-01")
def test_an_invitation_carries_every_term_as_it_was_sent(world):
    case = world.invitation(extra_terms="入职体检合格", report_place="北京市西城区", penalty="3000 元")

    stored = Registration.all_rows.get(pk=case.pk)
    assert stored.terms == OFFER | {"extra_terms": "入职体检合格", "report_place": "北京市西城区", "penalty": "3000 元"}
    assert (stored.post, stored.job_category, stored.days_open, stored.number) == ("数据分析师", "13", 3, None)
    assert stored.employer_shown["name"] == "云岭数据科技有限公司"


@pytest.mark.rule("SIGN-01")
@pytest.mark.parametrize(("length", "fits"), [(1000, True), (1001, False)])
def test_supplementary_terms_have_at_most_a_thousand_characters(world, length, fits):
    form = INVITATION.form(world.cohort)(OFFER | {"extra_terms": "约" * length, "days_open": "3"})

    assert form.is_valid() is fits


@pytest.mark.rule("SIGN-01", "EMP-02")
def test_what_is_offered_is_frozen(world):
    case = world.invitation()
    Employer.all_rows.filter(pk=world.employer.pk).update(name="云岭科技集团有限公司", contact="别人")

    perform(case, "accept", world.actor(Role.GRADUATE))

    case.refresh_from_db()
    assert (case.employer_name, case.employer_shown["contact"]) == ("云岭数据科技有限公司", world.employer.contact)


@pytest.mark.rule("SIGN-01")
@pytest.mark.parametrize(
    "column", ["terms", "post", "employer_shown", "deadline", "days_open", "sent_at", "graduate_id", "agreement_form"]
)
def test_the_database_keeps_what_was_sent(world, column):
    case = world.invitation()
    values = {
        "terms": "'{}'", "post": "'经理'", "employer_shown": "'{}'", "deadline": "deadline + interval '1 day'", "days_open": "9",
        "sent_at": "sent_at - interval '1 day'", "graduate_id": str(world.stranger.pk), "agreement_form": "'two_party'",
    }  # fmt: skip

    declined = "state = 'declined', version = version + 1 WHERE id = %s"
    with pytest.raises(DatabaseError, match="frozen columns"):
        run_as(
            world.actor(Role.GRADUATE),
            f"UPDATE registration_registration SET {column} = {values[column]}, {declined}",
            case.pk,
        )


# ---- SIGN-02: the deadline ----


@pytest.mark.rule("SIGN-02")
def test_the_deadline_is_midnight_after_the_days_that_follow_the_day_of_sending():
    sent = datetime(2023, 1, 9, 16, 54, 26, tzinfo=BEIJING)

    assert answer_deadline(sent, 3) == datetime(2023, 1, 13, 0, 0, tzinfo=BEIJING)


@pytest.mark.rule("SIGN-02")
@pytest.mark.parametrize(
    ("act", "role"), [("accept", Role.GRADUATE), ("decline", Role.GRADUATE), ("withdraw", Role.EMPLOYER)]
)
def test_after_the_deadline_no_act_is_possible_though_no_job_has_run(world, act, role):
    now = timezone.now()
    case = world.overdue(now - timedelta(days=4), now - timedelta(seconds=1))

    with pytest.raises(Refused, match="已过应约截止时间"):
        perform(case, act, world.actor(role))
    assert (Registration.all_rows.get(pk=case.pk).state, offered(case, role, world)) == ("invited", set())


@pytest.mark.rule("SIGN-02")
def test_the_job_puts_expiry_on_record_and_not_before_the_deadline(world):
    now = timezone.now()
    fresh = world.invitation()
    late = world.overdue(now - timedelta(days=4), now - timedelta(seconds=1), world.neighbour)

    assert overdue_invitations() == [late]
    perform(late, "expire", SYSTEM)
    with pytest.raises(Refused, match="还没有到应约截止时间"):
        perform(fresh, "expire", SYSTEM)
    assert (late.state, fresh.state, overdue_invitations()) == ("expired", "invited", [])


@pytest.mark.rule("SIGN-02")
def test_the_deadline_does_not_bind_the_reviewers(world):
    now = timezone.now()
    case = world.overdue(now - timedelta(days=3), now + timedelta(seconds=3))
    perform(case, "accept", world.actor(Role.GRADUATE))
    time.sleep(max(0.0, (case.deadline - timezone.now()).total_seconds()) + 0.1)

    perform(case, "approve", world.actor(Role.COLLEGE))
    perform(case, "approve", world.actor(Role.SCHOOL))

    assert case.deadline < timezone.now()
    assert case.state == "effective"


# ---- SIGN-03: one accepted, the others to look at ----


@pytest.mark.rule("SIGN-03", "REG-01")
def test_who_has_accepted_one_can_only_look_at_the_others(world):
    first, second = world.invitation(), world.invitation(employer=world.stranger_actor(Role.EMPLOYER))
    perform(first, "accept", world.actor(Role.GRADUATE))

    with pytest.raises(Refused, match="你已与其他单位签约"):
        perform(second, "accept", world.actor(Role.GRADUATE))
    assert Registration.objects.seen_by(world.actor(Role.GRADUATE)).count() == 2
    assert offered(second, Role.GRADUATE, world) == {"decline"}


@pytest.mark.rule("SIGN-03")
def test_other_employers_may_still_invite_who_has_accepted(world):
    world.accepted()

    assert world.invitation(employer=world.stranger_actor(Role.EMPLOYER)).state == "invited"


@pytest.mark.rule("SIGN-03")
def test_when_that_signing_ends_the_others_can_be_answered_again(world):
    second = world.invitation(employer=world.stranger_actor(Role.EMPLOYER))
    rejected(world, world.accepted())

    perform(second, "accept", world.actor(Role.GRADUATE))

    assert second.state == "college_review"


# ---- SIGN-04: when the same employer may invite again ----


@pytest.mark.rule("SIGN-04")
def test_while_an_invitation_waits_the_same_employer_cannot_invite_again(world):
    world.invitation()

    with pytest.raises(Refused, match="还在等回应"):
        world.invitation()
    assert Registration.all_rows.count() == 1


@pytest.mark.rule("SIGN-04")
def test_after_a_refusal_the_employer_can_invite_again(world):
    perform(world.invitation(), "decline", world.actor(Role.GRADUATE))

    assert world.invitation().state == "invited"


@pytest.mark.rule("SIGN-04")
def test_after_a_withdrawal_the_employer_can_invite_again(world):
    perform(world.invitation(), "withdraw", world.actor(Role.EMPLOYER))

    assert world.invitation().state == "invited"


@pytest.mark.rule("SIGN-04", "SIGN-02")
def test_after_the_deadline_the_employer_can_invite_again_though_no_job_has_run(world):
    now = timezone.now()
    world.overdue(now - timedelta(days=4), now - timedelta(seconds=1))

    assert world.invitation().state == "invited"


@pytest.mark.rule("SIGN-04", "SIGN-05")
def test_after_a_rejection_the_signing_has_failed_and_the_employer_invites_anew(world):
    failed = rejected(world, world.accepted())

    assert [offered(failed, role, world) for role in (Role.GRADUATE, Role.EMPLOYER, Role.COLLEGE, Role.SCHOOL)] == [
        set()
    ] * 4
    assert world.invitation().public_id != failed.public_id


@pytest.mark.rule("SIGN-04")
@pytest.mark.parametrize("stage", ["accepted", "effective"])
def test_with_a_signing_in_review_or_in_force_the_employer_does_not_invite_again(world, stage):
    getattr(world, stage)()

    with pytest.raises(Refused, match="正在审核或已经生效"):
        world.invitation()


# ---- SIGN-06: what approval brings ----


@pytest.mark.rule("SIGN-06", "REG-11")
def test_the_agreement_number_has_nineteen_digits_that_say_cohort_kind_and_school(world):
    number = world.effective().number

    assert (len(number), number[:4], number[4], number[5:10]) == (19, "2026", "4", world.school.code)


@pytest.mark.rule("REG-11")
def test_agreement_numbers_do_not_count(world):
    people = [world.graduate, *(world.new_graduate(f"同学{i}", world.college) for i in range(4))]
    numbers = [int(world.effective(one).number[10:]) for one in people]

    gaps = {b - a for a, b in pairwise(numbers)}
    assert (len(set(numbers)), len(gaps)) == (5, 4)


@pytest.mark.rule("REG-11")
def test_a_number_is_not_given_twice_even_when_its_agreement_is_void(world):
    first = world.effective()
    perform(first, "void", world.actor(Role.SCHOOL), reason="v_other", words="双方协商一致")
    second = world.effective()

    assert first.number != second.number


@pytest.mark.rule("SIGN-06", "SET-01")
@pytest.mark.parametrize(
    ("form", "party", "mark"),
    [("three_party", "丙方（毕业院校）", "线上审核"), ("two_party", "鉴证方（毕业院校）", "线上鉴证")],
)
def test_the_agreement_prints_the_parties_of_its_form(world, form, party, mark):
    world.school.province.provincesettings_set.update(agreement_form=form)
    values = agreement_values(world.effective())

    assert (values["form"], values["blocks"][2]["title"]) == (form, party)
    assert (values["marks"][2]["party"], values["marks"][2]["mark"]) == (party, mark)
    assert [row["label"] for row in values["marks"][2]["rows"]] == ["学院审核", f"学校{mark[2:]}"]


@pytest.mark.rule("SIGN-06")
def test_the_agreement_is_printed_once_and_the_same_case_gives_the_same_bytes(world):
    case = world.effective()
    first = make_agreement(str(case.public_id))
    again = make_agreement(str(case.public_id))
    content = store.read(first)
    values = agreement_values(case)
    Employer.all_rows.filter(pk=world.employer.pk).update(name="改了名字")
    perform(case, "amend", world.actor(Role.SCHOOL), job_category="24")

    assert (first.pk, first.state, content[:5]) == (again.pk, "made", b"%PDF-")
    assert agreement_values(Registration.all_rows.get(pk=case.pk)) == values
    assert Paper.objects.count() == 1


@pytest.mark.rule("SIGN-06")
def test_rare_characters_are_printed_and_one_that_no_font_has_holds_the_paper_back(world):
    rare = world.new_graduate("𬱖·买买提", world.college)
    unknown = world.new_graduate("陈\U000e0001诚", world.college)

    printed = make_agreement(str(world.effective(rare).public_id))
    held = make_agreement(str(world.effective(unknown).public_id))

    assert (printed.state, held.state) == ("made", "held")
    assert "协议暂不能生成" in held.reason


@pytest.mark.rule("SIGN-06")
def test_what_was_left_open_is_printed_as_such(world):
    blocks = {
        block["title"]: {row["label"]: row for row in block["rows"]}
        for block in agreement_values(world.effective())["blocks"]
    }

    assert blocks["约定事项"]["违约金"] == {"label": "违约金", "value": None, "empty": "未约定"}
    assert blocks["户口迁移"]["户口迁移地址"] == {"label": "户口迁移地址", "value": None, "empty": "未填写"}


@pytest.mark.rule("SET-08", "SIGN-06")
def test_the_handler_of_the_graduates_own_level_is_printed(world):
    school = world.school_starting
    SigningSettings.all_rows.create(
        school=school, cohort=world.cohort, online_signing=True, submitted_at=timezone.now()
    )
    for tier, name in ((Tier.UNDERGRADUATE, "本科老师"), (Tier.POSTGRADUATE, "研究生老师")):
        Handler.all_rows.create(
            school=school, cohort=world.cohort, tier=tier, name=name, phone="010-1", address="甲", postcode="100000"
        )
    case = world.accepted(world.new_graduate("周南", world.starting_college))
    perform(case, "approve", world.new_seat(Role.SCHOOL, school.pk, "郑屿").actor(name="郑屿"))

    rows = {row["label"]: row["value"] for row in agreement_values(case)["blocks"][2]["rows"]}
    assert (rows["就业协议经办人"], rows["院校名称"]) == ("本科老师", "南屿学院")


@pytest.mark.rule("SIGN-06")
def test_an_agreement_that_never_took_effect_has_no_paper(world):
    case = world.accepted()

    assert (make_agreement(str(case.public_id)), Paper.objects.count()) == (None, 0)


@pytest.mark.rule("REG-08", "SYN-01", "SIGN-06")
def test_approval_writes_the_employment_record(world):
    case = world.effective()

    record = EmploymentRecord.all_rows.get(graduate=world.graduate)
    assert (record.destination, record.credit_code, record.job_category, record.number, record.source) == (
        "10", world.employer.credit_code, "13", case.number, "system",
    )  # fmt: skip


# ---- SIGN-07: what may be amended ----


@pytest.mark.rule("SIGN-07")
def test_after_approval_the_school_amends_the_job_category_and_the_record_follows(world):
    case = world.effective()
    perform(case, "amend", world.actor(Role.SCHOOL), job_category="24")

    assert (case.job_category, case.state, case.live) == ("24", "effective", True)
    assert EmploymentRecord.all_rows.get(graduate=world.graduate).job_category == "24"


@pytest.mark.rule("SIGN-07")
@pytest.mark.parametrize("column", ["number", "student", "review_mode", "effective_at", "answered_at", "employer_name"])
def test_after_approval_nothing_else_changes(world, column):
    case = world.effective()
    value = {"number": "'1'", "student": "'{}'", "review_mode": "'school'", "employer_name": "'别家'"}.get(
        column, "now()"
    )

    step = f"UPDATE registration_registration SET {column} = {value}, version = version + 1 WHERE id = %s"
    with pytest.raises(DatabaseError, match=r"not amendable|frozen"):
        run_as(world.actor(Role.SCHOOL), step, case.pk)


@pytest.mark.rule("SIGN-07")
def test_an_amendment_is_told_to_the_graduate_by_message_and_sms(world, settings):
    settings.QICHENG_SMS_URL = "http://127.0.0.1:9/"

    record = perform(world.effective(), "amend", world.actor(Role.SCHOOL), job_category="24")

    told = Notice.objects.filter(record=record.pk).values_list("role", "node", "channel")
    assert {("graduate", world.graduate.pk, "inbox"), ("graduate", world.graduate.pk, "sms")} <= set(told)
    assert {role for role, _, _ in told} == {"graduate"}


@pytest.mark.rule("SIGN-07")
@pytest.mark.parametrize("role", [Role.COLLEGE, Role.EMPLOYER, Role.GRADUATE, Role.PROVINCE])
def test_nobody_but_the_school_amends(world, role):
    case = world.effective()

    with pytest.raises(NotOpen):
        perform(case, "amend", world.actor(role), job_category="24")


# ---- SIGN-08: annulling ----


@pytest.mark.rule("SIGN-08", "REG-08")
def test_the_school_annuls_an_effective_agreement_and_the_graduate_is_free(world):
    case = world.effective()
    record = perform(case, "void", world.actor(Role.SCHOOL), reason="v_other", words="双方协商一致")

    assert (case.state, case.live) == ("voided", False)
    assert EmploymentRecord.all_rows.get(graduate=world.graduate).destination == "70"
    assert set(Notice.objects.filter(record=record.pk, channel="inbox").values_list("role", flat=True)) == {
        "graduate",
        "employer",
    }
    assert world.accepted().state == "college_review"


@pytest.mark.rule("SIGN-08", "REG-02")
def test_annulling_needs_an_explanation(world):
    case = world.effective()

    with pytest.raises(Refused, match="写明"):
        perform(case, "void", world.actor(Role.SCHOOL), reason="v_other", words="  ")


@pytest.mark.rule("SIGN-08")
@pytest.mark.parametrize("role", [Role.COLLEGE, Role.EMPLOYER, Role.GRADUATE, Role.PROVINCE, Role.MINISTRY])
def test_nobody_but_the_school_annuls(world, role):
    case = world.effective()

    with pytest.raises(NotOpen):
        perform(case, "void", world.actor(role), reason="v_other", words="不要了")


@pytest.mark.rule("SIGN-08", "REG-12")
@pytest.mark.parametrize("edition", ["2022", "2023"])
def test_in_editions_before_2024_an_agreement_cannot_be_annulled(world, edition):
    Cohort.objects.filter(year=world.cohort).update(edition=edition)
    case = world.effective()

    with pytest.raises(Refused, match=f"{edition} 版规则没有作废协议"):
        perform(case, "void", world.actor(Role.SCHOOL), reason="v_other", words="双方协商一致")
    assert case.live


@pytest.mark.rule("REG-12")
def test_a_case_keeps_the_edition_it_began_with_and_the_newest_is_the_default(world):
    case = world.invitation()
    Cohort.objects.filter(year=world.cohort).update(edition="2022")
    forget_kept()

    case.refresh_from_db()
    assert (case.edition, world.invitation(world.neighbour).edition) == ("2024", "2022")


# ---- REG-01: one live registration ----


@pytest.mark.rule("REG-01")
def test_an_invitation_that_nobody_answered_is_not_live(world):
    assert world.invitation().live is False


@pytest.mark.rule("REG-01")
def test_the_database_holds_one_live_registration_for_each_graduate(world):
    world.accepted()
    other = world.invitation(employer=world.stranger_actor(Role.EMPLOYER))

    step = "UPDATE registration_registration SET state = 'college_review', live = true, version = version + 1 WHERE id = %s"
    with pytest.raises(IntegrityError, match="one_live_registration"):
        run_as(world.actor(Role.GRADUATE), step, other.pk)


# ---- REG-02, REG-04, REG-05: review, staleness, the record ----


@pytest.mark.rule("REG-02", "SET-05")
def test_a_school_that_reviews_alone_skips_the_college(world):
    SigningSettings.all_rows.filter(school=world.school).update(review_mode=ReviewMode.SCHOOL)
    case = world.accepted()

    assert case.state == "school_review"
    perform(case, "approve", world.actor(Role.SCHOOL))
    assert case.state == "effective"


@pytest.mark.rule("SET-06")
def test_the_mode_of_review_is_frozen_when_the_graduate_accepts(world):
    case = world.accepted()
    SigningSettings.all_rows.filter(school=world.school).update(review_mode=ReviewMode.SCHOOL)

    perform(case, "approve", world.actor(Role.COLLEGE))

    assert case.state == "school_review"


@pytest.mark.rule("REG-02", "SIGN-05")
def test_a_rejection_needs_words_and_both_sides_are_told_them(world):
    case = world.accepted()
    with pytest.raises(Refused, match="写明"):
        perform(case, "reject", world.actor(Role.COLLEGE), reason="r_other")
    record = perform(case, "reject", world.actor(Role.COLLEGE), reason="r_other", words="岗位不符")

    assert (case.state, case.live, record.words) == ("rejected", False, "岗位不符")
    assert set(Notice.objects.filter(record=record.pk, channel="inbox").values_list("role", flat=True)) == {
        "graduate",
        "employer",
    }


@pytest.mark.rule("REG-02")
def test_a_college_reviews_its_own_graduates_only(world):
    case = world.accepted()
    seat = world.other_college_seat
    neighbour = seat.actor(name="孙可")

    for actor in (neighbour, world.stranger_actor(Role.COLLEGE), world.stranger_actor(Role.SCHOOL)):
        with pytest.raises(NotFound):
            perform(case, "approve", actor)


@pytest.mark.rule("REG-04")
def test_of_two_reviewers_one_wins_and_the_other_is_told_what_happened(world):
    case, page = world.accepted(), 2
    other = Registration.all_rows.get(pk=case.pk)
    perform(case, "approve", world.actor(Role.COLLEGE), seen=page)

    with pytest.raises(Stale, match="等待学校审核") as stale:
        perform(other, "reject", world.actor(Role.COLLEGE), seen=page, reason="r_other", words="不符")
    assert (stale.value.record.act, stale.value.record.name, case.state) == ("approve", "李华", "school_review")


@pytest.mark.rule("REG-05")
def test_every_step_is_kept_with_who_where_and_why(world):
    case = world.accepted()
    perform(
        case,
        "reject",
        world.actor(Role.COLLEGE).at("10.1.2.3"),
        reason="r_other",
        words="岗位不符",
        internal="电话问过单位",
    )

    record = Record.objects.filter(case=str(case.public_id)).latest("id")
    assert (record.role, record.name, record.origin, record.words, record.internal) == (
        "college", "李华", "10.1.2.3", "岗位不符", "电话问过单位",
    )  # fmt: skip
    assert (record.before, record.after, record.version, record.at <= timezone.now()) == (
        "college_review",
        "rejected",
        3,
        True,
    )


@pytest.mark.rule("REG-05")
def test_the_timeline_of_the_parties_has_the_reason_and_not_the_internal_note(world):
    case = world.accepted()
    perform(case, "reject", world.actor(Role.COLLEGE), reason="r_other", words="岗位不符", internal="电话问过单位")

    shown = lines(case, timeline(case))
    assert [line.reason for line in shown] == ["岗位不符", "", ""]
    assert "电话问过单位" not in repr(shown)


@pytest.mark.rule("REG-05")
@pytest.mark.parametrize(
    "statement",
    ["UPDATE flow_record SET words = ''", "DELETE FROM flow_record", "DELETE FROM registration_registration"],
)
def test_no_account_can_alter_what_was_kept(world, statement):
    world.accepted()

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


# ---- who may not, and when ----


@pytest.mark.rule("EMP-01")
def test_an_employer_that_is_not_verified_cannot_invite(world):
    Employer.all_rows.filter(pk=world.employer.pk).update(is_verified=False)

    with pytest.raises(Refused, match="还没有通过平台核验"):
        world.invitation()


@pytest.mark.parametrize("mode", ["21", "41"])
def test_graduates_of_directed_modes_do_not_sign_online(world, mode):
    waiting = world.invitation()
    Graduate.all_rows.filter(pk=world.graduate.pk).update(training_mode=mode)

    with pytest.raises(Refused, match="不可网签"):
        world.invitation(employer=world.stranger_actor(Role.EMPLOYER))
    with pytest.raises(Refused, match="定向/委培毕业去向补充登记"):
        perform(waiting, "accept", world.actor(Role.GRADUATE))


@pytest.mark.parametrize("mode", ["22", "42"])
def test_other_directed_modes_sign_like_everybody(world, mode):
    Graduate.all_rows.filter(pk=world.graduate.pk).update(training_mode=mode)

    assert world.accepted().state == "college_review"


@pytest.mark.rule("ROS-02")
def test_who_has_not_confirmed_the_own_data_cannot_accept(world):
    case = world.invitation()
    Graduate.all_rows.filter(pk=world.graduate.pk).update(revision=2)

    with pytest.raises(Refused, match="先核对个人信息"):
        perform(case, "accept", world.actor(Role.GRADUATE))
    perform(case, "decline", world.actor(Role.GRADUATE))


@pytest.mark.rule("ROS-07")
def test_while_off_the_roster_everything_is_frozen_and_comes_back_as_it_was(world):
    case = world.accepted()
    rows = Graduate.all_rows.filter(pk=world.graduate.pk)
    rows.update(removed_at=timezone.now())

    with pytest.raises(Refused, match="暂时失效"):
        perform(case, "approve", world.actor(Role.COLLEGE))
    rows.update(removed_at=None)
    perform(case, "approve", world.actor(Role.COLLEGE))
    assert case.state == "school_review"


@pytest.mark.rule("ROS-03")
def test_a_cohort_that_is_closed_can_only_look(db):
    old = World(cohort=2024)

    with pytest.raises(Refused, match="2024 届办理到次年 1 月 31 日为止"):
        old.invitation()


@pytest.mark.rule("ORG-02")
def test_a_module_that_the_province_has_not_opened_cannot_be_used(world):
    case = world.invitation()
    Opening.objects.filter(province=world.province).update(is_open=False)

    with pytest.raises(Refused, match="没有开启"):
        perform(case, "accept", world.actor(Role.GRADUATE))


@pytest.mark.rule("SET-02", "SET-03")
@pytest.mark.parametrize(
    ("column", "value", "why"),
    [("submitted_at", None, "还没有提交签约设置"), ("online_signing", False, "没有开启在线签约")],
)
def test_a_school_that_has_not_set_up_signing_is_not_invited_to(world, column, value, why):
    SigningSettings.all_rows.filter(school=world.school).update(**{column: value})

    with pytest.raises(Refused, match=why):
        world.invitation()


@pytest.mark.rule("ORG-05")
def test_a_permission_to_read_is_none_to_act(world):
    case = world.accepted()

    with pytest.raises(NotOpen, match="没有这项操作的权限"):
        perform(case, "approve", world.actor(Role.COLLEGE, level=Level.READ))
    with pytest.raises(NotFound):
        perform(case, "approve", world.actor(Role.COLLEGE, level=Level.NONE))


@pytest.mark.rule("SIGN-03", "ORG-01")
def test_only_the_graduate_accepts_and_only_the_employer_withdraws(world):
    case = world.invitation()

    with pytest.raises(NotFound):
        perform(case, "accept", world.of(world.neighbour))
    with pytest.raises(NotFound):
        perform(case, "withdraw", world.stranger_actor(Role.EMPLOYER))
    for role in (Role.EMPLOYER, Role.COLLEGE, Role.SCHOOL):
        with pytest.raises(NotOpen):
            perform(case, "accept", world.actor(role))


@pytest.mark.rule("EMP-04")
def test_a_repeated_sending_of_the_same_form_is_one_invitation(world):
    given = {"graduate": world.graduate, "days_open": 3, **OFFER}
    first = begin(ONLINE_SIGNING, world.actor(Role.EMPLOYER), key="k1", **given)
    again = begin(ONLINE_SIGNING, world.actor(Role.EMPLOYER), key="k1", **given)

    assert (first.public_id, Registration.all_rows.count()) == (again.public_id, 1)


# ---- ROS-05: the roster at approval ----

NEW = {
    "sex": "2", "nation": "11", "political_status": "01", "study_years": "5", "student_number": "2022000009", "graduates_on": "202612",
    "name": "陈城", "level": "41", "id_number": "110101200305069990", "major": "软件工程",
}  # fmt: skip


def change_roster(world, key):
    rows = Graduate.all_rows.filter(pk=world.graduate.pk)
    if key == "college":
        return rows.update(college=world.other_college, revision=2)
    if key == "school":
        return rows.update(school=world.other_school, college=world.stranger_college, revision=2)
    return rows.update(**{key: NEW[key]}, revision=2)


@pytest.mark.rule("ROS-05")
@pytest.mark.parametrize("key", FIXED)
def test_what_cannot_be_taken_over_blocks_approval(world, key):
    case = world.accepted()
    change_roster(world, key)

    with pytest.raises(Refused, match="不能同步"):
        perform(case, "approve", world.actor(Role.COLLEGE))
    assert case.state == "college_review"


@pytest.mark.rule("ROS-05")
@pytest.mark.parametrize("key", SYNCED)
def test_what_can_be_taken_over_does_not_block_and_one_press_takes_it(world, key):
    case = world.accepted()
    before = dict(case.student)
    change_roster(world, key)
    perform(case, "refresh", world.actor(Role.COLLEGE))

    changed = {name for name in before if case.student[name] != before[name]}
    assert changed == {key, "revision"}
    perform(case, "approve", world.actor(Role.COLLEGE))


@pytest.mark.rule("ROS-05")
def test_one_press_takes_exactly_the_seven(world):
    case = world.accepted()
    before = dict(case.student)
    for key in (*SYNCED, "name", "level", "major"):
        change_roster(world, key)
    perform(case, "refresh", world.actor(Role.COLLEGE))

    assert {name for name in before if case.student[name] != before[name]} == set(SYNCED)
    assert len(SYNCED) == 7
    with pytest.raises(Refused, match="已经一致"):
        perform(case, "refresh", world.actor(Role.COLLEGE))


@pytest.mark.rule("REG-11")
def test_the_serial_of_numbers_survives_a_failed_approval(world):
    first = world.effective()
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('registration_agreement_serial')")
    second = world.effective(world.new_graduate("余下", world.college))

    assert first.number != second.number
    assert {len(first.number), len(second.number)} == {19}


def test_codes_used_by_these_tests_are_known():
    assert codes.table("job_categories").has("24")
