"""The engine: what an act needs, what it leaves behind, and what stops it without a trace."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from django.db import OperationalError, transaction

from qicheng.domain.orgs.models import SigningSettings
from qicheng.domain.registration.flows.online_signing import ONLINE_SIGNING
from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.foundation.access import FULL, SYSTEM, Actor, Area, Level, Role, Tier
from qicheng.foundation.flow import perform as engine
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import (
    NotFound,
    NotOpen,
    Refused,
    Stale,
    again,
    begin,
    find,
    follow,
    held,
    in_process,
    note,
    open_acts,
    perform,
    timeline,
)
from qicheng.foundation.notice.models import Notice
from tests.world import OFFER

pytestmark = pytest.mark.django_db


def counts() -> tuple[int, int, int]:
    """How many cases, records and messages there are."""
    return Registration.all_rows.count(), Record.objects.count(), Notice.objects.count()


def as_stored(case: Registration) -> Registration:
    return Registration.all_rows.get(pk=case.pk)


@pytest.mark.rule("REG-05")
def test_a_record_says_who_did_what_in_which_role_from_where_and_what_it_changed(world):
    case = world.accepted()
    school = world.actor(Role.SCHOOL).at("203.0.113.9")
    perform(case, "approve", world.actor(Role.COLLEGE))

    record = perform(case, "approve", school, internal="电话核实过")

    found = Record.objects.get(pk=record.pk)
    assert (found.flow, found.case, found.cohort, found.school_id) == (
        "online_signing",
        str(case.public_id),
        2026,
        world.school.pk,
    )
    assert (found.act, found.before, found.after, found.version) == ("approve", "school_review", "effective", 4)
    assert (found.role, found.node, found.account_id, found.name, found.unit, found.origin) == (
        "school", world.school.pk, school.account, "王敏", "学校", "203.0.113.9",
    )  # fmt: skip
    assert (found.internal, found.changes) == ("电话核实过", {"协议编号": ["", as_stored(case).number]})
    assert [r.act for r in timeline(case)] == ["invite", "accept", "approve", "approve"]


def test_the_case_in_hand_is_what_is_stored_after_an_act(world):
    case = world.accepted()
    stored = as_stored(case)
    fields = [field.attname for field in Registration._meta.concrete_fields if field.attname != "waiting_since"]
    assert [getattr(case, name) for name in fields] == [getattr(stored, name) for name in fields]


@pytest.mark.parametrize("role", [Role.EMPLOYER, Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY, Role.SYSTEM])
@pytest.mark.rule("SIGN-03")
def test_nobody_but_the_graduate_accepts(world, role):
    case = world.invitation()
    with pytest.raises(NotOpen):
        perform(case, "accept", world.actor(role))
    assert as_stored(case).version == 1


def test_an_act_that_is_not_declared_where_the_case_stands_is_not_open(world):
    case = world.invitation()
    before = counts()
    for name in ("approve", "void", "no_such_act", "invite", ""):
        with pytest.raises(NotOpen):
            perform(case, name, world.actor(Role.GRADUATE))
    assert counts() == before


@pytest.mark.rule("ORG-01")
@pytest.mark.parametrize("role", [Role.GRADUATE, Role.EMPLOYER, Role.COLLEGE, Role.SCHOOL, Role.PROVINCE])
def test_a_foreign_case_is_not_found_whatever_the_act(world, role):
    case = world.accepted()
    foreign = world.stranger_actor(role)
    for name in ("accept", "approve", "no_such_act"):
        with pytest.raises(NotFound):
            perform(case, name, foreign)
    with pytest.raises(NotFound):
        find(Registration, case.public_id, foreign)
    assert find(Registration, case.public_id, world.actor(role)).pk == case.pk


@pytest.mark.rule("ORG-07")
def test_a_school_user_of_another_tier_does_not_find_the_case(world):
    case = world.accepted()
    perform(case, "approve", world.actor(Role.COLLEGE))
    with pytest.raises(NotFound):
        perform(case, "approve", world.actor(Role.SCHOOL, tier=Tier.POSTGRADUATE))
    assert perform(case, "approve", world.actor(Role.SCHOOL, tier=Tier.UNDERGRADUATE)).after == "effective"


@pytest.mark.rule("ORG-05")
def test_who_may_only_read_does_not_act_and_is_offered_nothing(world):
    case = world.accepted()
    reader = world.actor(Role.COLLEGE, level=Level.READ)
    with pytest.raises(NotOpen):
        perform(case, "approve", reader)
    assert open_acts(case, reader) == []


@pytest.mark.rule("ORG-05")
def test_writing_in_another_area_is_not_writing_in_this_one(world):
    case = world.accepted()
    elsewhere = replace(
        world.actor(Role.COLLEGE),
        levels={Area.EMPLOYMENT: Level.READ, Area.ARCHIVE: Level.WRITE, Area.HOUSEHOLD: Level.WRITE},
    )
    with pytest.raises(NotOpen):
        perform(case, "approve", elsewhere)


@pytest.mark.rule("ORG-05")
def test_who_has_no_permission_in_the_area_does_not_even_find_the_case(world):
    case = world.accepted()
    with pytest.raises(NotFound):
        perform(case, "approve", world.actor(Role.COLLEGE, level=Level.NONE))


@pytest.mark.rule("REG-04")
def test_a_stale_page_is_told_where_the_case_stands_and_what_happened_meanwhile(world):
    case = world.accepted()
    seen = case.version
    perform(case, "approve", world.actor(Role.COLLEGE), seen=seen)
    before = counts()

    with pytest.raises(Stale) as stopped:
        perform(case, "reject", world.actor(Role.COLLEGE), seen=seen, reason="x_pay", words="薪酬不清楚")

    assert stopped.value.label == "学生已同意签约，等待学校审核"
    assert (stopped.value.record.act, stopped.value.record.name) == ("approve", "李华")
    assert counts() == before


@pytest.mark.rule("REG-04")
def test_a_version_of_the_future_is_as_stale_as_one_of_the_past(world):
    case = world.accepted()
    for seen in (0, 1, 3, 10**9):
        with pytest.raises(Stale):
            perform(case, "approve", world.actor(Role.COLLEGE), seen=seen)
    assert perform(case, "approve", world.actor(Role.COLLEGE), seen=2).version == 3


def test_a_guard_refuses_in_words_and_leaves_nothing_behind(world):
    Graduate.all_rows.filter(pk=world.graduate.pk).update(confirmed_revision=None)
    case = world.invitation()
    before = counts()
    with pytest.raises(Refused, match="先核对个人信息并确认无误，再来办理。"):
        perform(case, "accept", world.actor(Role.GRADUATE))
    assert (counts(), as_stored(case).state) == (before, "invited")


@pytest.mark.parametrize("name", ["accept", "decline"])
def test_a_hold_stops_every_act_with_one_reason(world, name):
    case = world.invitation()
    SigningSettings.all_rows.filter(school=world.school).update(submitted_at=None)
    why = "学校还没有提交签约设置，提交后才能办理。"
    with pytest.raises(Refused, match=why):
        perform(case, name, world.actor(Role.GRADUATE))
    assert held(as_stored(case), SYSTEM) == why
    assert {one.why for one in open_acts(as_stored(case), world.actor(Role.GRADUATE))} == {why}


def test_a_case_that_was_held_is_asked_afresh(world):
    case = world.invitation()
    SigningSettings.all_rows.filter(school=world.school).update(submitted_at=None)
    with pytest.raises(Refused):
        perform(case, "accept", world.actor(Role.GRADUATE))
    SigningSettings.all_rows.filter(school=world.school).update(submitted_at=case.sent_at)
    assert [one.why for one in open_acts(case, world.actor(Role.GRADUATE))] == [None, None]
    assert perform(case, "accept", world.actor(Role.GRADUATE)).after == "college_review"


@pytest.mark.rule("REG-02")
@pytest.mark.parametrize(
    ("reason", "words"), [("", "薪酬不清楚"), ("x_pay", ""), ("x_pay", "   "), ("x_pay", "\u3000\n\t"), ("x_pay", "\u200b\ufeff\u2060")]
)  # fmt: skip
def test_a_rejection_needs_a_reason_from_the_list_and_words_that_can_be_read(world, reason, words):
    case = world.accepted()
    with pytest.raises(Refused, match="选一个原因并写明情况"):
        perform(case, "reject", world.actor(Role.COLLEGE), reason=reason, words=words)
    assert as_stored(case).state == "college_review"
    record = perform(case, "reject", world.actor(Role.COLLEGE), reason="x_pay", words=" 薪酬不清楚 ")
    assert (record.reason, record.words, record.after) == ("x_pay", "薪酬不清楚", "rejected")


def test_the_same_key_gives_the_first_record_and_no_second_effect(world):
    case = world.accepted()
    college = world.actor(Role.COLLEGE)
    first = perform(case, "approve", college, seen=2, key="a-form")
    before = counts()
    assert perform(case, "approve", college, seen=2, key="a-form").pk == first.pk
    assert perform(case, "approve", college, key="a-form").pk == first.pk
    assert counts() == before


def test_the_same_key_is_known_where_the_act_is_still_open(world):
    case = world.effective()
    school = world.actor(Role.SCHOOL)
    first = perform(case, "amend", school, seen=4, key="a-form", job_category="10")
    before = counts()
    for seen in (4, None):
        assert perform(case, "amend", school, seen=seen, key="a-form", job_category="20").pk == first.pk
    assert (counts(), as_stored(case).job_category) == (before, "10")


def test_a_key_belongs_to_one_account_one_case_and_one_act(world):
    case, other = world.accepted(), world.invitation(world.neighbour)
    perform(case, "approve", world.actor(Role.COLLEGE), seen=2, key="a-form")
    with pytest.raises(Refused, match="这张表单已经提交过了"):
        perform(
            case,
            "approve",
            replace(world.actor(Role.SCHOOL), account=world.actor(Role.COLLEGE).account),
            seen=3,
            key="a-form",
        )
    assert as_stored(case).state == "school_review"
    assert perform(case, "approve", world.actor(Role.SCHOOL), seen=3, key="a-form").after == "effective"
    perform(other, "accept", world.of(world.neighbour), key="a-form")
    with pytest.raises(Stale):
        perform(other, "approve", replace(world.actor(Role.COLLEGE), node=world.other_college.pk), seen=1, key="a-form")


def test_a_case_that_was_begun_with_a_key_is_the_answer_to_the_same_key(world):
    employer = world.actor(Role.EMPLOYER)
    given = {"graduate": world.graduate, "days_open": 3, **OFFER}
    first = begin(ONLINE_SIGNING, employer, key="a-form", **given)
    before = counts()
    again_begun = begin(ONLINE_SIGNING, employer, key="a-form", **given)
    assert (again_begun.pk, counts()) == (first.pk, before)
    with pytest.raises(Refused, match="给这位毕业生的邀请还在等回应"):
        begin(ONLINE_SIGNING, employer, key="another-form", **given)


def test_a_key_of_another_act_does_not_begin_a_case(world):
    case = world.invitation()
    employer = world.actor(Role.EMPLOYER)
    perform(case, "withdraw", employer, key="a-form")
    with pytest.raises(Refused, match="这张表单已经提交过了"):
        begin(ONLINE_SIGNING, employer, key="a-form", graduate=world.graduate, days_open=3, **OFFER)
    assert Registration.all_rows.count() == 1


@pytest.mark.parametrize("role", [Role.GRADUATE, Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY])
@pytest.mark.rule("SIGN-01")
def test_only_an_employer_invites(world, role):
    with pytest.raises(NotOpen):
        begin(ONLINE_SIGNING, world.actor(role), graduate=world.graduate, days_open=3, **OFFER)
    assert counts() == (0, 0, 0)


def test_an_employer_without_permission_to_write_does_not_invite(world):
    with pytest.raises(NotOpen):
        begin(
            ONLINE_SIGNING, world.actor(Role.EMPLOYER, level=Level.READ), graduate=world.graduate, days_open=3, **OFFER
        )


@pytest.mark.rule("NOT-02")
def test_record_effect_and_message_stand_or_fall_together(world):
    case = world.accepted()
    perform(case, "approve", world.actor(Role.COLLEGE))
    before = counts()
    try:
        with transaction.atomic():
            perform(case, "approve", world.actor(Role.SCHOOL))
            # The act's own record, and that of the report which follows it.
            assert counts() == (
                before[0],
                before[1] + 2,
                before[2] + 2 * len(engine.notice.channels_of("online_signing", "approve")),
            )
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    assert (counts(), as_stored(case).state, EmploymentRecord.all_rows.count()) == (before, "school_review", 0)


@pytest.mark.rule("NOT-02")
def test_an_effect_that_fails_takes_its_act_back(world, monkeypatch):
    case = world.accepted()
    perform(case, "approve", world.actor(Role.COLLEGE))
    before = counts()
    act = ONLINE_SIGNING.find("school_review", "approve", Role.SCHOOL)
    broken = replace(act, do=lambda case, actor: 1 / 0)
    monkeypatch.setattr(ONLINE_SIGNING, "acts", tuple(broken if one is act else one for one in ONLINE_SIGNING.acts))
    with pytest.raises(ZeroDivisionError):
        perform(case, "approve", world.actor(Role.SCHOOL))
    assert (counts(), as_stored(case).state) == (before, "school_review")


@pytest.mark.parametrize("told", [("accept", Role.EMPLOYER, "employer"), ("withdraw", Role.GRADUATE, "graduate")])
def test_an_act_tells_those_it_concerns_and_nobody_else(world, told):
    name, role, key = told
    case = world.invitation()
    actor = world.of(world.graduate) if name == "accept" else world.actor(Role.EMPLOYER)
    record = perform(case, name, actor)
    node = {"employer": world.employer.pk, "graduate": world.graduate.pk}[key]
    assert set(Notice.objects.filter(record=record.pk).values_list("role", "node")) == {(str(role), node)}


def test_an_act_without_a_state_is_kept_in_the_same_book(world):
    school = world.actor(Role.SCHOOL)
    record = note(
        school,
        "settings",
        "signing_settings",
        {"review_mode": ["school", "college_then_school"]},
        cohort=2026,
        school=world.school.pk,
    )
    found = Record.objects.get(pk=record.pk)
    assert (found.flow, found.act, found.version, found.account_id, found.changes) == (
        "signing_settings", "settings", 0, school.account, {"review_mode": ["school", "college_then_school"]},
    )  # fmt: skip


@pytest.mark.rule("REG-05")
def test_an_act_without_a_state_is_noted_once_under_its_key(world):
    school, college = world.actor(Role.SCHOOL), world.actor(Role.COLLEGE)
    first = note(school, "change", "signing_settings", {"在线签约": ["关", "开"]}, key="a-form")
    again_noted = note(school, "change", "signing_settings", {"在线签约": ["关", "开"]}, key="a-form")
    assert (again_noted.pk, Record.objects.filter(key="a-form").count()) == (first.pk, 1)
    assert note(college, "change", "signing_settings", key="a-form").pk != first.pk
    with pytest.raises(Refused):
        note(school, "submit", "signing_settings", key="a-form")
    with pytest.raises(Refused):
        note(school, "change", "signing_settings", subject="another", key="a-form")
    assert Record.objects.filter(key="a-form").count() == 2


def test_a_record_is_never_saved_twice(world):
    world.invitation()
    record = Record.objects.get()
    record.words = "别的"
    with pytest.raises(TypeError):
        record.save()


def met(code: str) -> OperationalError:
    error = OperationalError("two met")
    error.__cause__ = SimpleError(code)
    return error


class SimpleError(Exception):
    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


@pytest.mark.django_db(transaction=False)
@pytest.mark.parametrize(("code", "tries"), [("40P01", 3), ("40001", 3), ("55P03", 3), ("57014", 1), ("", 1)])
def test_what_met_another_is_tried_three_times_and_other_failures_once(monkeypatch, code, tries):
    monkeypatch.setattr(engine, "connection", SimpleNamespace(in_atomic_block=False))
    calls = []

    @again
    def meeting():
        calls.append(1)
        raise met(code)

    with pytest.raises(OperationalError):
        meeting()
    assert len(calls) == tries


def test_what_met_another_succeeds_at_the_second_try(monkeypatch):
    monkeypatch.setattr(engine, "connection", SimpleNamespace(in_atomic_block=False))
    calls = []

    @again
    def meeting():
        calls.append(1)
        if len(calls) == 1:
            raise met("40P01")
        return "done"

    assert (meeting(), len(calls)) == ("done", 2)


def test_nothing_is_tried_again_inside_a_transaction_of_somebody_else():
    calls = []

    @again
    def meeting():
        calls.append(1)
        raise met("40P01")

    with transaction.atomic(), pytest.raises(OperationalError):
        meeting()
    assert len(calls) == 1


@pytest.mark.rule("SET-06")
def test_what_is_in_process_is_counted_while_somebody_has_to_act(world):
    assert in_process(school=world.school.pk) == {}
    case = world.invitation()
    assert in_process(school=world.school.pk) == {"online_signing": 1}
    assert in_process(school=world.other_school.pk) == {}
    perform(case, "accept", world.actor(Role.GRADUATE))
    assert in_process(school=world.school.pk, cohort=2026) == {"online_signing": 1}
    perform(case, "approve", world.actor(Role.COLLEGE))
    perform(case, "approve", world.actor(Role.SCHOOL))
    assert (in_process(school=world.school.pk), engine.begun(school=world.school.pk)) == ({}, True)
    assert engine.begun(school=world.other_school.pk) is False


def test_cases_follow_the_roster_to_the_college_that_reviews_them(world):
    case = world.accepted()
    follow([world.graduate.pk], college_id=world.other_college.pk)
    with pytest.raises(NotFound):
        perform(case, "approve", world.actor(Role.COLLEGE))
    other = Actor(Role.COLLEGE, world.other_college.pk, world.other_college_seat.account_id, FULL)
    assert perform(case, "approve", other, seen=2).version == 3


@pytest.mark.rule("REG-02")
def test_cases_that_have_ended_follow_too_so_that_the_new_college_reads_the_whole_history(world):
    ended = world.effective()
    perform(ended, "void", world.actor(Role.SCHOOL), words="双方协商一致")
    before = as_stored(ended)
    follow([world.graduate.pk], college_id=world.other_college.pk)
    after = as_stored(ended)
    assert (after.college_id, after.version, after.state) == (world.other_college.pk, before.version, "voided")
    assert (
        len(timeline(find(Registration, ended.public_id, world.other_college_seat.actor(name="孙可", unit="学院"))))
        == 5
    )
    with pytest.raises(NotFound):
        find(Registration, ended.public_id, world.actor(Role.COLLEGE))


@pytest.mark.rule("REG-05")
def test_the_record_of_a_case_is_a_chain_without_a_gap(world):
    case = world.effective()
    perform(case, "amend", world.actor(Role.SCHOOL), job_category="10")
    perform(case, "void", world.actor(Role.SCHOOL), words="双方协商一致")
    chain = timeline(case)
    assert [record.version for record in chain] == [1, 2, 3, 4, 5, 6]
    assert [record.before for record in chain] == ["", *(record.after for record in chain[:-1])]
    assert (chain[-1].after, chain[-1].version) == (as_stored(case).state, as_stored(case).version)
