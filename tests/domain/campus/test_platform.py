"""毕业去向登记 on a school's own platform, rule by rule: CAM-01, CAM-07, CAM-08."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from qicheng.domain.campus.flows.platform import PLATFORM
from qicheng.domain.campus.models import Part
from qicheng.domain.campus.pages.platform import returned_words
from qicheng.domain.campus.queries.platform import line
from qicheng.domain.campus.sheets.platform import KINDS, SIGNING, offered
from qicheng.domain.orgs.models import Cohort, ReviewMode, SigningSettings
from qicheng.domain.registration.flows.destination import DESTINATION
from qicheng.domain.registration.flows.offline_signing import OFFLINE_SIGNING
from qicheng.domain.registration.flows.supplementary import SUPPLEMENTARY
from qicheng.domain.registration.sheets import destinations
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.domain.transfer.effects.confirmation import report_due
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import NotOpen, Refused, Stale, begin, carry_on, open_acts, perform, timeline
from qicheng.foundation.kit.calendar import working_days_after
from qicheng.foundation.notice.models import Notice
from tests.domain.campus.at_the_platform import AGREEMENT, drafted, registered, submitted
from tests.world import FORM, PAPER, credit_code, filled_destination

pytestmark = pytest.mark.django_db
RETURN = {"reason": "x_proof", "words": "第二页看不清"}


def record(world) -> EmploymentRecord:
    found = EmploymentRecord.all_rows.get(graduate=world.graduate)
    assert isinstance(found, EmploymentRecord)
    return found


def refused(act, *given, **named) -> str:
    with pytest.raises(Refused) as stopped, transaction.atomic():
        act(*given, **named)
    return str(stopped.value)


# ---- CAM-07: what is asked


@pytest.mark.rule("CAM-07")
def test_an_agreement_asks_what_the_guide_asks_in_its_order(world):
    assert [field.label for field in SIGNING] == [
        "单位名称", "单位所在地", "单位详细地址", "组织机构代码", "单位行业", "单位性质", "单位隶属", "工作职位类别", "单位联系人", "联系方式", "邮箱", "传真", "备注信息",
    ]  # fmt: skip
    case = registered(world)
    written = record(world)
    assert destinations.lines(case.kind, case.terms)[-1] == ("就业形式", "签约协议形式就业")
    assert (case.state, case.review_mode, case.destination) == ("effective", "college_then_school", "10")
    assert {key: getattr(written, key) for key in ("employer_name", "credit_code", "area", "phone", "job_category", "source")} == {
        "employer_name": case.employer_name, "credit_code": credit_code(7), "area": "320583", "phone": case.terms["phone"],
        "job_category": case.job_category, "source": "platform",
    }  # fmt: skip


@pytest.mark.rule("CAM-07", "DES-01")
@pytest.mark.parametrize("key", KINDS)
def test_every_type_of_the_edition_is_registered_here_with_its_code_and_proofs_and_no_file(key):
    here, national = KINDS[key], destinations.REGISTRY.get(key.removeprefix("platform_"))
    values = filled_destination(key)
    kept = destinations.fill(key, values, origin="320583", directed_unit="昆山市第一中学")
    if national is not None:
        assert (here.code, here.proofs, here.name("2022"), here.editions) == (
            national.code, national.proofs, national.name("2022"), national.editions
        )  # fmt: skip
        assert here.proofs_asked(kept) == national.proofs_asked(kept)
    asked_of_unit = {"name", "credit_code", "nature", "industry", "area", "contact", "phone", "fax", "remark"} <= set(
        here.sheet.keys
    )
    named = key.removeprefix("platform_") in (
        "agreement",
        "contract",
        "recruitment_letter",
        "hired",
        "assistant",
        "resident",
    )
    assert asked_of_unit == named
    assert not [one for one in here.sheet.keys if one.startswith(("archive_", "household_"))]


@pytest.mark.rule("CAM-07", "ROS-06", "REG-12")
def test_what_is_offered_goes_by_edition_and_training_mode(world):
    assert [one.key for kinds in offered("2024", "21").values() for one in kinds] == ["platform_directed"]
    assert [one.key.removeprefix("platform_") for kinds in offered("2024", "1").values() for one in kinds] == [
        "agreement", *(one.key for one in destinations.types("2024", "1"))
    ]  # fmt: skip
    world.open_parts(Part.PLATFORM)
    me = world.actor(Role.GRADUATE)
    Cohort.objects.filter(year=world.cohort).update(edition="2022")
    assert "重新选择毕业去向类型" in refused(begin, PLATFORM, me, kind="platform_military")
    Cohort.objects.filter(year=world.cohort).update(edition="2024")
    Graduate.all_rows.filter(pk=world.graduate.pk).update(training_mode="21")
    assert "只能选定向/委培" in refused(begin, PLATFORM, me, kind=AGREEMENT)


@pytest.mark.rule("CAM-07")
def test_another_type_keeps_what_both_ask_for(world):
    case, me = drafted(world), world.actor(Role.GRADUATE)
    assert "选另一种" in refused(perform, case, "retype", me, kind=AGREEMENT)
    perform(case, "retype", me, kind="platform_contract")
    assert (case.kind, case.destination, case.terms["name"], case.terms["form"]) == (
        "platform_contract", "11", "填单位名称", "签劳动合同就业"
    )  # fmt: skip
    assert "劳动合同" in refused(perform, case, "submit", me)


# ---- CAM-01: two levels always, here and nowhere else, reported a working day later


@pytest.mark.rule("CAM-01")
@pytest.mark.parametrize("mode", ReviewMode.values)
def test_both_levels_review_whatever_the_school_has_set(world, mode):
    SigningSettings.all_rows.filter(school=world.school).update(review_mode=mode)
    case = submitted(world)
    assert case.state == "college_review"
    perform(case, "approve", world.actor(Role.COLLEGE))
    assert case.state == "school_review"
    perform(case, "approve", world.actor(Role.SCHOOL))
    assert [(one.act, one.role) for one in timeline(case)] == [
        ("register", "graduate"), ("submit", "graduate"), ("approve", "college"), ("approve", "school")
    ]  # fmt: skip


@pytest.mark.rule("CAM-01", "CON-01", "SYN-01")
def test_what_both_levels_approved_is_reported_one_working_day_later_and_what_is_void_never(world):
    world.open_confirmation()
    case = registered(world)
    waiting = world.confirmation_of(world.graduate)
    assert (waiting.state, waiting.reported_at, record(world).source) == ("unreported", None, "platform")
    assert abs(waiting.due_at - working_days_after(timezone.now(), 1).at) < timedelta(minutes=1)
    assert (report_due(waiting.due_at - timedelta(seconds=1)), report_due(waiting.due_at)) == (0, 1)
    assert world.confirmation_of(world.graduate).state == "unconfirmed"

    carry_on(case, "change", world.actor(Role.SCHOOL), contact="周敏")
    changed = world.confirmation_of(world.graduate)
    assert (changed.state, changed.due_at is None, record(world).contact) == ("unreported", False, "周敏")

    perform(case, "void", world.actor(Role.SCHOOL), reason="x_other", words="毕业生说没有签")
    ended = world.confirmation_of(world.graduate)
    assert (ended.state, ended.due_at, record(world).destination, record(world).source) == (
        "unreported",
        None,
        "70",
        "system",
    )


@pytest.mark.rule("CAM-01", "REG-01")
def test_where_the_school_registers_itself_nothing_is_begun_on_the_national_platform(world):
    left_open = world.destination_draft()
    world.open_parts(Part.PLATFORM)
    me = world.actor(Role.GRADUATE)
    ways = [
        (DESTINATION, {"kind": "contract", **filled_destination("contract")}),
        (SUPPLEMENTARY, PAPER),
        (OFFLINE_SIGNING, FORM),
    ]
    for flow, given in ways:
        assert "在学校平台登记毕业去向" in refused(begin, flow, me, **given)
    assert "在学校平台登记毕业去向" in refused(perform, left_open, "submit", me)
    signing = world.accepted()
    assert "你已与其他单位签约" in refused(begin, PLATFORM, me, kind=AGREEMENT)
    perform(signing, "reject", world.actor(Role.COLLEGE), reason="x_pay", words="不对")
    case = drafted(world)
    assert (case.flow_name, case.live) == ("platform", False)

    stranger = world.of(world.stranger)
    assert "学校没有开启" in refused(begin, PLATFORM, stranger, kind=AGREEMENT)
    assert world.destination_draft(graduate=world.stranger).state == "draft"


# ---- CAM-08: edited until the college has reviewed; what does not pass comes back


@pytest.mark.rule("CAM-08")
def test_until_the_college_has_reviewed_its_graduate_changes_what_was_submitted(world):
    case, me, college = submitted(world), world.actor(Role.GRADUATE), world.actor(Role.COLLEGE)
    seen = case.version
    Graduate.all_rows.filter(pk=world.graduate.pk).update(nation="15")
    perform(case, "edit", me, seen=seen, contact="周敏")

    assert (case.state, case.live, case.terms["contact"], case.student["nation"]) == (
        "college_review",
        True,
        "周敏",
        "15",
    )
    with pytest.raises(Stale):
        perform(case, "approve", college, seen=seen)
    assert "还没有填好：单位名称" in refused(perform, case, "edit", me, name="")
    perform(case, "approve", college, seen=case.version)
    with pytest.raises(NotOpen):
        perform(case, "edit", me, contact="别人")
    assert [one.act.name for one in open_acts(case, me)] == []


@pytest.mark.rule("CAM-08", "REG-02")
@pytest.mark.parametrize("level", [Role.COLLEGE, Role.SCHOOL])
def test_what_does_not_pass_ends_nothing_and_is_submitted_again(world, level):
    case, me = submitted(world), world.actor(Role.GRADUATE)
    if level is Role.SCHOOL:
        perform(case, "approve", world.actor(Role.COLLEGE))
    with pytest.raises(Refused):
        perform(case, "return", world.actor(level))
    perform(case, "return", world.actor(level), **RETURN)

    last = timeline(case)[-1]
    assert (case.state, case.live, returned_words(last), last.words) == (
        "returned", True, f"{level.label}审核未通过，按要求修改后再次提交", "第二页看不清"
    )  # fmt: skip
    assert line(case)[1] == ("填写签约信息", "审核未通过，待修改", "you")
    assert Notice.objects.filter(act="return", role="graduate", channel="inbox").count() == 1
    assert "你已与其他单位签约" in refused(begin, PLATFORM, me, kind=AGREEMENT)
    perform(case, "edit", me, remark="重新拍了第二页")
    perform(case, "submit", me)
    world.approved(case)
    assert (case.state, line(case)) == ("effective", [(step, "已完成", "done") for step, _, _ in line(case)])


@pytest.mark.rule("CAM-08")
def test_after_its_review_the_college_sends_back_what_the_graduate_asks_for(world):
    case, college = submitted(world), world.actor(Role.COLLEGE)
    perform(case, "approve", college)
    perform(case, "return", college, reason="x_other", words="学生要求修改")
    assert (case.state, [one.act.name for one in open_acts(case, college)]) == ("returned", [])
    perform(case, "give_up", world.actor(Role.GRADUATE))
    assert (case.state, case.live) == ("given_up", False)


@pytest.mark.rule("CAM-04", "CAM-01")
def test_what_is_in_force_changes_through_an_approved_application_alone(world):
    case, school = registered(world), world.actor(Role.SCHOOL)
    assert [one.act.name for one in open_acts(case, school)] == ["void"]
    assert open_acts(case, world.actor(Role.GRADUATE)) == open_acts(case, world.actor(Role.COLLEGE)) == []
    with pytest.raises(NotOpen):
        perform(case, "change", school, contact="周敏")
    assert "还没有填好" in refused(carry_on, case, "change", school, name="")
    assert "没有要改的内容" in refused(carry_on, case, "change", school, name=case.terms["name"])

    done = carry_on(case, "change", school, kind="platform_contract", name="新的单位", credit_code=credit_code(9))
    assert done.changes["单位名称"] == ["填单位名称", "新的单位"]
    assert (case.kind, case.employer_name, record(world).destination, record(world).employer_name) == (
        "platform_contract", "新的单位", "11", "新的单位"
    )  # fmt: skip
