"""毕业去向修改, 改签申请, 户档信息修改: old and new side by side, both levels, the old in force until then (CAM-04)."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from qicheng.domain.campus.models import DestinationAmendment, FileAmendment, Part
from qicheng.domain.campus.queries import changes as queries
from qicheng.domain.campus.queries import steps
from qicheng.domain.campus.sheets import changes as sheets
from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.domain.transfer.effects.confirmation import report_due
from qicheng.domain.transfer.models import ArchiveRecord
from qicheng.domain.transfer.sheets import mailing
from qicheng.foundation.access import SYSTEM, Area, Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, begin, carry_on, in_process, perform, timeline
from qicheng.foundation.kit.calendar import working_days_after
from qicheng.foundation.notice.models import Notice
from tests.clients import signed_in
from tests.domain.campus import changing, filing
from tests.filling import destination
from tests.world import credit_code

pytestmark = [pytest.mark.django_db, pytest.mark.rule("CAM-04")]
VOID = {"reason": "x_other", "words": "毕业生不去了"}


def record(world) -> EmploymentRecord:
    found = EmploymentRecord.all_rows.get(graduate=world.graduate)
    assert isinstance(found, EmploymentRecord)
    return found


def refused(act, *given, **named) -> str:
    with pytest.raises(Refused) as stopped, transaction.atomic():
        act(*given, **named)
    return str(stopped.value)


def test_other_data_of_the_unit_change_when_both_levels_have_approved_and_the_old_are_in_force_until_then(world):
    world.open_confirmation()
    target = changing.in_force(world)
    was = target.terms["contact"]
    report_due(world.confirmation_of(world.graduate).due_at)
    assert world.confirmation_of(world.graduate).state == "unconfirmed"
    case = changing.submitted(world, changing.of_the_unit(world, target))
    assert sheets.changes(case) == {"单位联系人": [was, "周敏"]}
    perform(case, "approve", world.actor(Role.COLLEGE))
    target.refresh_from_db()
    assert (case.state, target.version, target.terms["contact"], record(world).contact) == (
        "school_review", case.target_version, was, was
    )  # fmt: skip

    perform(case, "approve", world.actor(Role.SCHOOL))
    target.refresh_from_db()
    assert (case.state, case.live, target.state, target.terms["contact"], record(world).contact) == (
        "granted", False, "effective", "周敏", "周敏"
    )  # fmt: skip
    # It was reported as it was: the new data are reported a working day later, and confirmed again (CAM-01).
    again = world.confirmation_of(world.graduate)
    assert (again.state, again.due_at is None) == ("unreported", False)
    last = timeline(target)[-1]
    assert (last.act, last.role, last.changes) == ("change", "system", {"单位联系人": [was, "周敏"]})
    # What was read stays to be read, whatever is in force by now.
    assert sheets.changes(case) == {"单位联系人": [was, "周敏"]}
    told = Notice.objects.filter(flow=case.flow_name, case=str(case.public_id), channel="inbox")
    assert {(one.role, one.node, one.act) for one in told} == {("graduate", world.graduate.pk, "approve")}


def test_the_form_of_the_same_unit_leaves_out_what_says_which_it_is(world):
    target = changing.in_force(world)
    case = changing.of_the_unit(world, target)
    asked = set(sheets.sheet_of(case).keys)
    assert asked == set(sheets.destinations.of(target.kind).sheet.keys) - {"name", "credit_code"} | {"why"}
    assert sheets.values_of(case) | {"contact": target.terms["contact"], "why": ""} == target.terms | {"why": ""}
    # Typed past the form it is refused all the same.
    perform(case, "edit", world.of(world.graduate), name="别的单位")
    assert "用改签申请" in refused(changing.submitted, world, case)
    perform(case, "edit", world.of(world.graduate), name=target.terms["name"], contact=target.terms["contact"])
    assert "没有要改的" in refused(changing.submitted, world, case)
    perform(case, "edit", world.of(world.graduate), contact="", phone="1")
    assert "还没有填好：单位联系人、联系方式" in refused(changing.submitted, world, case)


def test_a_sub_kind_decides_what_is_asked_of_the_same_unit(world):
    """A field that depends on what stays is asked as long as it is asked now, and checks see what stays."""
    held = {"subkind": "271", "name": "江临大学", "credit_code": credit_code(7), "area": "320000"}
    kind = "platform_assistant"
    left = sheets.without(sheets.destinations.of(kind).sheet, sheets.identity(kind), held)
    assert {"name", "credit_code", "subkind"}.isdisjoint(left.keys)
    other = sheets.without(sheets.destinations.of("startup").sheet, sheets.identity("startup"), {"subkind": "753"})
    assert set(other.keys) == {"platform", "link", "area", "industry", "job_category"}
    form = other.form(2026)({"platform": "某平台", "link": "", "area": "320000", "industry": "34", "job_category": ""})
    assert set(form.errors) == {"link", "area"}


def test_another_unit_takes_the_old_ones_letter_and_the_new_proofs_and_replaces_it(world):
    target = changing.in_force(world)
    me = world.of(world.graduate)
    blank = queries.intended(sheets.OTHER_UNIT, target)
    assert {"job_category", "remark"} <= set(blank.terms)
    assert {"name", "credit_code", "contact", "address"}.isdisjoint(blank.terms)
    case = changing.to_another_unit(
        world, target, name=target.terms["name"], credit_code=target.terms["credit_code"], contact="别人"
    )
    assert [(one.key, one.least) for one in case.proofs_asked] == [("resigned", 1), ("stamped", 1)]
    assert "用毕业去向修改" in refused(changing.submitted, world, case)
    perform(case, "edit", me, **changing.OTHER)
    changing.submitted(world, case)
    assert set(sheets.changes(case)) >= {"单位名称", "组织机构代码"}
    assert record(world).employer_name == target.employer_name
    world.approved(case)

    target.refresh_from_db()
    now = record(world)
    assert (now.employer_name, now.credit_code, now.destination, target.state, target.employer_name) == (
        changing.OTHER["name"], changing.OTHER["credit_code"], "10", "effective", changing.OTHER["name"]
    )  # fmt: skip
    # It is no dissolution: the same registration goes on.
    assert Registration.all_rows.filter(graduate=world.graduate).count() == 1


def test_with_the_unit_the_kind_of_destination_may_change(world):
    target = changing.in_force(world)
    case = changing.to_another_unit(world, target, "platform_study_at_home")
    assert [(one.key, one.least) for one in case.proofs_asked] == [("resigned", 1), ("admission", 1)]
    changing.approved(world, case)
    target.refresh_from_db()
    assert (target.kind, target.destination, record(world).destination) == (
        "platform_study_at_home", target.destination, target.destination
    )  # fmt: skip
    assert sheets.compared(case)[0] == ("毕业去向类型", "签约协议形式就业", "境内升学", True, "")
    # From study no letter is asked, and back it goes the same way.
    back = changing.to_another_unit(world, target)
    assert [(one.key, one.least) for one in back.proofs_asked] == [("resigned", 0), ("stamped", 1)]
    assert "重新选择毕业去向类型" in refused(perform, back, "edit", world.of(world.graduate), kind="contract")


def test_file_and_household_change_and_both_records_follow(world):
    for area in (Area.ARCHIVE, Area.HOUSEHOLD):
        world.open_transfer(area)
    target = changing.file_in_force(world)
    case = changing.submitted(world, changing.of_the_files(world, target))
    assert sheets.changes(case) == {"档案转寄联系人": ["周岚", "吴芳"]}
    assert ArchiveRecord.all_rows.get(graduate=world.graduate).contact == "周岚"
    college = world.actor(Role.COLLEGE)
    only_archive = replace(college, levels={Area.ARCHIVE: college.levels[Area.ARCHIVE]})
    for act, words in (("approve", {}), ("return", VOID), ("reject", VOID)):
        assert "没有户口信息的权限" in refused(perform, case, act, only_archive, **words)
    world.approved(case)
    target.refresh_from_db()
    assert (case.state, target.state, target.terms["archive_contact"]) == ("granted", "effective", "吴芳")
    assert ArchiveRecord.all_rows.get(graduate=world.graduate).contact == "吴芳"


@pytest.mark.rule("CAM-01", "CON-01", "CON-02")
def test_file_and_household_too_are_reported_a_working_day_after_both_levels_have_approved(world):
    world.open_confirmation()
    for area in (Area.ARCHIVE, Area.HOUSEHOLD):
        world.open_transfer(area)
    with time_machine.travel(timezone.now() - timedelta(hours=2)):
        registered = filing.destination(world)
        case = filing.submitted(world, registered)
        world.approved(registered)
    early = world.confirmation_of(world.graduate).due_at
    world.approved(case)
    waiting = world.confirmation_of(world.graduate)
    assert (waiting.state, waiting.parts, waiting.due_at > early) == (
        "unreported",
        ["destination", "archive", "household"],
        True,
    )
    assert (report_due(early), report_due(waiting.due_at)) == (0, 1)
    perform(world.confirmation_of(world.graduate), "confirm", world.of(world.graduate))
    world.open_parts(*changing.PARTS)
    changing.approved(world, changing.of_the_files(world, case))
    again = world.confirmation_of(world.graduate)
    assert (again.state, again.content["archive"]["contact"], again.confirmed_at) == ("unreported", "吴芳", None)
    assert abs(again.due_at - working_days_after(timezone.now(), 1).at) < timedelta(minutes=1)
    assert (report_due(again.due_at), world.confirmation_of(world.graduate).state) == (1, "unconfirmed")


def test_only_what_is_in_force_is_changed_one_application_at_a_time(world):
    target = changing.in_force(world)
    with pytest.raises(NotFound):
        begin(FLOWS[sheets.SAME_UNIT], world.of(world.neighbour), registration=target.public_id)
    first = changing.of_the_unit(world, target)
    assert "没有提交的申请" in refused(changing.to_another_unit, world, target)
    twin = DestinationAmendment.all_rows.get(pk=first.pk)
    twin.pk, twin.public_id, twin.version = None, uuid.uuid4(), 1
    with pytest.raises(IntegrityError, match="one_draft_of_destinationamendment"), transaction.atomic():
        twin.save(force_insert=True)
    changing.submitted(world, first)
    assert "有一份这样的申请在办" in refused(changing.to_another_unit, world, target)
    ways = {one.flow: (one.why, one.open) for one in queries.possible(world.of(world.graduate), world.graduate)}
    assert ways[sheets.SAME_UNIT] == ("", first)
    assert "还没有办完" in ways[sheets.OTHER_UNIT][0]
    assert ways[sheets.FILES] == ("还没有登记户档信息。", None)
    perform(first, "reject", world.actor(Role.COLLEGE), reason="x_other", words="不用改")
    assert (first.state, first.live) == ("refused", False)
    world.open_parts(Part.PLATFORM)
    assert "没有开启" in refused(changing.to_another_unit, world, target)


def test_what_is_returned_is_mended_against_what_is_in_force_by_then(world):
    target = changing.in_force(world)
    was, case = target.terms["remark"], changing.submitted(world, changing.of_the_unit(world, target))
    carry_on(target, "change", SYSTEM, remark="学校补记")
    assert "提交以后，原来的登记有了变化" in refused(perform, case, "approve", world.actor(Role.COLLEGE))
    with pytest.raises(NotOpen):
        perform(case, "edit", world.of(world.graduate), contact="别人")
    perform(case, "return", world.actor(Role.COLLEGE), reason="x_material", words="对照新的内容")
    assert sheets.changes(case)["备注信息"] == ["学校补记", was]
    perform(case, "edit", world.of(world.graduate), remark="学校补记")
    changing.approved(world, case)
    assert (record(world).contact, case.target_version) == ("周敏", target.version)


def test_an_application_lapses_with_what_it_would_change(world):
    file = changing.file_in_force(world)
    registered = Registration.all_rows.get(graduate=world.graduate)
    cases = [changing.submitted(world, changing.of_the_files(world, file)), changing.of_the_unit(world, registered)]
    perform(registered, "void", world.actor(Role.SCHOOL), **VOID)
    for case in cases:
        case.refresh_from_db()
    assert [(case.state, case.live) for case in cases] == [("lapsed", False), ("discarded", False)]
    assert in_process(flows=(sheets.FILES, sheets.SAME_UNIT), school=world.school) == {}
    assert queries.possible(world.of(world.graduate), world.graduate)[0].why.startswith("现在没有学校审核通过")


def test_letters_lead_to_the_change_that_mends_each_part(world):
    world.open_parts(*changing.PARTS, Part.PERSONAL)
    found = mailing.changes_of(world.school.pk, world.cohort)
    assert {key: (one.name, one.address) for key, one in found.items() if key != mailing.PERSON} == {
        mailing.POLITICS: ("个人信息完善", "campus:personal"), mailing.DESTINATION: ("改签申请", "campus:change_unit"),
        mailing.UNIT: ("毕业去向修改", "campus:change_destination"), mailing.RECORD: ("户档信息修改", "campus:change_files"),
    }  # fmt: skip


# ---- the pages


def page(seat, address: str, given: dict[str, str] | None = None) -> str:
    client = signed_in(seat)
    answer = client.get(address, follow=True) if given is None else client.post(address, given, follow=True)
    assert answer.status_code == 200, (answer.status_code, address)
    found: str = answer.content.decode()
    return found


def test_its_graduate_fills_in_the_form_sees_old_and_new_and_submits_and_the_college_decides(world):
    target = changing.in_force(world)
    me, college = world.seats[Role.GRADUATE], world.seats[Role.COLLEGE]
    overview = page(me, "/campus/changes/")
    assert overview.count("可以申请") == 2
    assert "现在不能申请：还没有登记户档信息。" in overview
    assert "现在不能申请户档信息修改：还没有登记户档信息。" in page(me, "/campus/changes/files/")
    form = page(me, "/campus/changes/destination/")
    assert "不变的内容" in form
    assert target.terms["contact"] in form
    shown = page(
        me, "/campus/changes/destination/", {"key": "k1", **given_of(world, target), "contact": "周敏", "why": ""}
    )
    assert "还没有填好：修改原因" in shown
    case = DestinationAmendment.all_rows.get()
    assert (case.state, sheets.changes(case)) == ("draft", {"单位联系人": [target.terms["contact"], "周敏"]})
    again = {"key": "k2", "seen": "1", **given_of(world, target), "contact": "周敏", "why": "换了联系人"}
    assert "<del>" in page(me, "/campus/changes/destination/", again)
    page(me, f"/act/destination_amendment/{case.public_id}/submit/", {"seen": "2", "key": "k3"})
    assert "「毕业去向修改」还没有办完" in page(me, "/campus/changes/")
    step = next(one for one in steps.line(world.of(world.graduate), world.graduate) if one.key == case.flow_name)
    assert (step.looks, step.words) == ("now", "待学院审核")

    assert "陈诚" in page(college, "/campus/changes/review/destination/?turn=own")
    assert signed_in(college).get("/campus/changes/review/destination/next/").url.endswith(f"/{case.public_id}/")
    review = page(college, f"/campus/changes/destination/{case.public_id}/")
    assert review.index("is-diff") < review.index("修改原因")
    asked = page(college, "/campus/changes/review/destination/batch/", {"act": "approve", "case": str(case.public_id)})
    line = re.search(r'name="line" value="([^"]+)"', asked)
    assert line is not None
    done = page(college, "/campus/changes/review/destination/batch/done/", {"act": "approve", "line": line[1]})
    assert "审核通过 1 条" in done
    case.refresh_from_db()
    assert case.state == "school_review"
    assert "还没有申请" in page(college, "/campus/changes/review/files/")
    assert signed_in(world.stranger_seats[Role.COLLEGE]).get("/campus/changes/review/destination/").status_code == 404


def given_of(world, target) -> dict[str, str]:
    """What the form of the same unit sends, as it was prefilled; the division by its three selects."""
    own = {key: str(value or "") for key, value in target.terms.items()}
    area = own.pop("area")
    return own | {"area_province": f"{area[:2]}0000", "area_city": f"{area[:4]}00", "area_county": area}


def test_for_another_unit_the_type_is_chosen_first_and_the_old_units_data_are_not_filled_in(world):
    target = changing.in_force(world)
    me = world.seats[Role.GRADUATE]
    form = page(me, "/campus/changes/unit/?kind=platform_study_at_home")
    assert "现在的去向" in form
    assert 'name="kind" value="platform_study_at_home"' in form
    assert 'name="school"' in form
    given = {**destination("platform_study_at_home"), "kind": "platform_study_at_home", "why": "读研", "key": "k1"}
    shown = page(me, "/campus/changes/unit/", given)
    assert "原单位的解约函 0 份" in shown
    case = DestinationAmendment.all_rows.get()
    assert (case.kind, case.state, target.kind) == ("platform_study_at_home", "draft", "platform_agreement")
    turned = page(me, "/campus/changes/unit/?kind=platform_agreement")
    assert 'name="credit_code"' in turned
    case.refresh_from_db()
    assert case.kind == "platform_study_at_home"


def test_file_and_household_are_asked_as_they_were_registered(world):
    target = changing.file_in_force(world)
    me = world.seats[Role.GRADUATE]
    assert target.terms["archive_contact"] in page(me, "/campus/changes/files/")
    shown = page(me, "/campus/changes/files/", {**target.terms, "archive_contact": "吴芳", "why": "换人", "key": "k1"})
    assert "吴芳" in shown
    case = changing.submitted(world, FileAmendment.all_rows.get())
    review = page(world.seats[Role.COLLEGE], f"/campus/changes/files/{case.public_id}/")
    assert review.index("is-diff") < review.index("修改原因")
    assert "陈诚" in page(world.seats[Role.COLLEGE], "/campus/changes/review/files/")
