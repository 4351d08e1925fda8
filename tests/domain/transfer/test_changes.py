"""Applications to change where file or household go, rule by rule."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from qicheng.domain.orgs.models import Opening, ReviewMode, TransferSettings
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.flows.archive_change import ARCHIVE_CHANGE
from qicheng.domain.transfer.models import RECORDS, ArchiveChange, ArchiveRecord, HouseholdRecord
from qicheng.domain.transfer.queries.records import listed, record_of, records
from qicheng.foundation.access import Actor, Area, Level, Role
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, TakenBack, begin, open_acts, perform, timeline
from qicheng.foundation.notice.models import Notice
from tests.world import CHANGE

pytestmark = pytest.mark.django_db
AREAS = pytest.mark.parametrize("area", [Area.ARCHIVE, Area.HOUSEHOLD])
WHY: dict[str, Any] = {"reason": "x_archive", "words": "接收单位没有人事档案保管权"}


def record(world: Any, area: Area = Area.ARCHIVE) -> Any:
    return RECORDS[area].all_rows.filter(graduate=world.graduate).first()


def refusal(case: Any, act: str, actor: Actor, **given: Any) -> str:
    with pytest.raises(Refused) as refused:
        perform(case, act, actor, **given)
    return str(refused.value)


@AREAS
@pytest.mark.rule("ARC-05", "ARC-01")
def test_an_application_approved_at_both_levels_changes_the_record_and_says_where_it_came_from(world, area):
    case = world.change_submitted(area)
    assert (case.state, record(world, area)) == ("college_review", None)

    perform(case, "approve", world.actor(Role.COLLEGE))
    assert record(world, area) is None
    perform(case, "approve", world.actor(Role.SCHOOL))

    now = record(world, area)
    assert (case.state, case.live, now.values) == ("registered", False, CHANGE)
    assert (now.came_from, now.origin_case, now.version, now.is_registered) == (
        case.flow.label, str(case.public_id), 1, True,
    )  # fmt: skip
    assert [one.act for one in timeline(case)] == ["apply", "submit", "approve", "approve"]
    told = Notice.objects.filter(flow=case.flow_name, channel="inbox").values_list("act", "role", "node")
    assert sorted(told) == [("approve", "graduate", world.graduate.pk)] * 2


@pytest.mark.rule("ARC-05", "SET-09")
def test_a_school_that_reviews_alone_is_asked_at_once_whatever_signing_has(world):
    world.open_transfer(mode=ReviewMode.SCHOOL)
    case = world.change_submitted()
    assert case.state == "school_review"
    perform(case, "approve", world.actor(Role.SCHOOL))
    assert record(world).receiver == CHANGE["receiver"]


@pytest.mark.rule("ARC-05")
def test_a_returned_application_is_mended_and_reviewed_again_a_rejected_one_is_over(world):
    me = world.actor(Role.GRADUATE)
    case = world.change_submitted()
    perform(case, "return", world.actor(Role.COLLEGE), **WHY)
    assert (case.state, case.standing.label) == ("returned", "待提交（退回）")
    perform(case, "edit", me, receiver="北京市朝阳区人才服务中心")
    perform(case, "submit", me)
    perform(case, "approve", world.actor(Role.COLLEGE))
    perform(case, "reject", world.actor(Role.SCHOOL), **WHY)

    assert (case.state, record(world), list(open_acts(case, me))) == ("rejected", None, [])
    again = world.change_submitted()
    assert again.state == "college_review"


@pytest.mark.rule("ARC-05")
def test_it_is_taken_back_until_somebody_has_reviewed_it(world):
    me, college = world.actor(Role.GRADUATE), world.actor(Role.COLLEGE)
    case = world.change_submitted()
    perform(case, "recall", me)
    assert (case.state, case.review_mode) == ("draft", "")
    with pytest.raises(TakenBack):
        perform(case, "approve", college)
    perform(case, "submit", me)
    perform(case, "approve", college)
    assert refusal(case, "recall", me) == "老师已经开始审核，不能再撤回；需要改的，联系老师退回修改。"


@pytest.mark.rule("ARC-05")
def test_at_one_level_it_is_taken_back_until_the_school_has_decided(world):
    world.open_transfer(mode=ReviewMode.SCHOOL)
    case = world.change_submitted()
    perform(case, "recall", world.actor(Role.GRADUATE))
    assert case.state == "draft"


@pytest.mark.rule("ARC-05")
def test_given_up_or_discarded_the_record_stays_as_it_was(world):
    me = world.actor(Role.GRADUATE)
    world.change_approved()
    case = world.change_submitted(receiver="北京市朝阳区人才服务中心")
    perform(case, "return", world.actor(Role.COLLEGE), **WHY)
    perform(case, "give_up", me)
    draft = world.change_draft()
    perform(draft, "discard", me)
    assert (case.state, draft.state, record(world).values) == ("given_up", "discarded", CHANGE)


@pytest.mark.rule("ARC-05")
def test_one_application_at_a_time_in_words_and_in_the_database(world):
    me = world.actor(Role.GRADUATE)
    case = world.change_submitted()
    with pytest.raises(Refused, match="已经有一份修改申请在办"):
        begin(ARCHIVE_CHANGE, me, **CHANGE)
    twin = ArchiveChange.all_rows.get(pk=case.pk)
    twin.pk, twin.public_id, twin.state, twin.live, twin.version = None, uuid4(), "draft", False, 1
    twin.save(force_insert=True)
    assert "已经有一份修改申请在办" in refusal(twin, "submit", me)
    twin.state, twin.live, twin.version = "college_review", True, 2
    with pytest.raises(IntegrityError, match="one_live_archivechange"), transaction.atomic():
        twin.save()
    with pytest.raises(Refused, match="没有提交的修改申请"):
        world.change_draft(graduate=world.change_draft(graduate=world.neighbour).graduate)


@pytest.mark.rule("ARC-05")
def test_what_is_registered_already_is_not_applied_for(world):
    world.change_approved()
    case = world.change_draft()
    assert refusal(case, "submit", world.actor(Role.GRADUATE)) == "填的和现在登记的一样，不用申请修改。"


@pytest.mark.rule("ARC-05")
def test_a_record_that_changed_after_submission_is_not_overwritten_unseen(world):
    case = world.change_submitted()
    world.effective()
    brought = record(world)
    assert brought.origin == "online_signing"

    said = refusal(case, "approve", world.actor(Role.COLLEGE))
    perform(case, "return", world.actor(Role.COLLEGE), words="请看过现在的信息再提交", reason="x_other")
    perform(case, "submit", world.actor(Role.GRADUATE))
    world.approved(case)

    assert said == "提交以后，这位毕业生登记的信息有了变化。请退回，让毕业生看过现在的信息再提交。"
    assert (case.before["receiver"], record(world).values, record(world).version) == (brought.receiver, CHANGE, 2)


@AREAS
@pytest.mark.rule("ARC-07")
def test_one_permission_does_not_open_the_other_module(world, area):
    case = world.change_submitted(area)
    world.change_approved(area, world.neighbour)
    other = Area.HOUSEHOLD if area is Area.ARCHIVE else Area.ARCHIVE
    own = world.actor(Role.SCHOOL)
    blind = Actor(Role.SCHOOL, own.node, own.account, {other: Level.WRITE, Area.EMPLOYMENT: Level.WRITE})
    reading = Actor(Role.SCHOOL, own.node, own.account, {area: Level.READ})

    with pytest.raises(NotFound):
        perform(case, "approve", blind)
    assert (records(blind, area, world.cohort).count(), listed(blind, area, world.cohort).count()) == (0, 0)
    assert (records(reading, area, world.cohort).count(), listed(reading, area, world.cohort).count() > 0) == (1, True)
    college = world.actor(Role.COLLEGE)
    with pytest.raises(NotOpen):
        perform(case, "approve", Actor(Role.COLLEGE, college.node, college.account, {area: Level.READ}))


@AREAS
@pytest.mark.rule("ARC-08")
def test_whose_file_or_household_was_never_moved_cannot_use_the_module_and_is_on_no_list(world, area):
    case = world.change_approved(area)
    me, school = world.actor(Role.GRADUATE), world.actor(Role.SCHOOL)
    draft = world.change_draft(area, receiver="北京市朝阳区人才服务中心")
    assert world.graduate in listed(school, area, world.cohort)
    assert record_of(me, area, world.graduate.pk) is not None

    Graduate.all_rows.filter(pk=world.graduate.pk).update(**{f"{area.value}_moved": False})

    assert "转入学校」是「否」" in refusal(draft, "submit", me)
    with pytest.raises(Refused, match="转入学校」是「否」"):
        begin(case.flow, me, **CHANGE)
    assert world.graduate not in listed(school, area, world.cohort)
    assert (records(school, area, world.cohort).count(), record_of(me, area, world.graduate.pk)) == (0, None)

    Graduate.all_rows.filter(pk=world.graduate.pk).update(**{f"{area.value}_moved": None})
    assert world.graduate in listed(school, area, world.cohort)


@pytest.mark.rule("ORG-02", "SET-09")
def test_a_module_that_is_closed_above_says_who_opens_it_and_holds_every_act(world):
    case = world.change_submitted()
    Opening.objects.filter(module="archive").update(is_open=False)
    assert "省级用户没有开启「档案信息登记」模块" in refusal(case, "approve", world.actor(Role.COLLEGE))
    TransferSettings.all_rows.filter(area="archive").update(submitted_at=None)
    assert "学校还没有提交档案信息登记的设置" in refusal(case, "approve", world.actor(Role.COLLEGE))


@pytest.mark.rule("SET-09")
def test_the_school_s_switch_keeps_new_ones_back_and_lets_reviews_go_on(world):
    case, draft = world.change_submitted(), world.change_draft(graduate=world.neighbour)
    TransferSettings.all_rows.filter(area="archive").update(is_on=False)

    with pytest.raises(Refused, match="学校没有开放档案信息登记"):
        begin(ARCHIVE_CHANGE, world.of(world.neighbour), **CHANGE)
    assert refusal(draft, "submit", world.of(world.neighbour)) == "学校没有开放档案信息登记。"
    world.approved(case)
    assert record(world).values == CHANGE


@pytest.mark.rule("ROS-07")
def test_who_is_off_the_roster_has_applications_frozen(world):
    case = world.change_submitted()
    Graduate.all_rows.filter(pk=world.graduate.pk).update(removed_at="2026-06-01T00:00:00+08:00")
    assert "已从学校名单中删除" in refusal(case, "approve", world.actor(Role.COLLEGE))
    assert listed(world.actor(Role.SCHOOL), Area.ARCHIVE, world.cohort).filter(pk=world.graduate.pk).count() == 0


def test_file_and_household_do_not_stand_in_each_other_s_way(world):
    archive, household = world.change_submitted(Area.ARCHIVE), world.change_submitted(Area.HOUSEHOLD)
    world.approved(household)
    assert (archive.state, ArchiveRecord.all_rows.count(), HouseholdRecord.all_rows.count()) == ("college_review", 0, 1)
