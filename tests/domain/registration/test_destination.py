"""Other destinations, rule by rule, on the flow itself: DES-01 … DES-06 and what REG says of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.orgs.models import Cohort, SigningSettings
from qicheng.domain.registration.flows.destination import DESTINATION
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.sheets import destinations
from qicheng.domain.registration.sheets.cases import drafted, sheet_of, values_of
from qicheng.domain.roster.effects import remove_line, report_again, restore_line
from qicheng.domain.roster.imports import restore_uploaded
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.foundation.access import Role
from qicheng.foundation.flow import words
from qicheng.foundation.flow.gather import add_proof
from qicheng.foundation.flow.perform import NotOpen, Refused, begin, perform, timeline
from qicheng.foundation.notice.models import Notice
from tests.clients import signed_in
from tests.domain.registration.places import PLACES, SAID
from tests.domain.registration.test_offline_signing import LIVE, acts, offered, refused, run_as, told
from tests.world import World, filled_destination, picture

pytestmark = pytest.mark.django_db
AT = PLACES["destination"]
EVERY_KIND = [one.key for one in destinations.types("2024")]


def edition(world, year):
    Cohort.objects.filter(year=world.cohort).update(edition=year)


def not_begun(actor, kind, **given):
    with pytest.raises(Refused) as stopped, transaction.atomic():
        begin(DESTINATION, actor, kind=kind, **given)
    return str(stopped.value)


# ---- DES-01, DES-02: every type, its proofs and what follows from its fields


@pytest.mark.rule("DES-01", "REG-08", "SYN-01")
@pytest.mark.parametrize("kind", EVERY_KIND)
def test_every_type_goes_from_its_form_to_the_employment_record(world, kind):
    case = world.registered(kind)

    record = EmploymentRecord.all_rows.get(graduate=world.graduate)
    written = destinations.record_values(kind, case.terms)
    assert (case.state, case.live, case.destination, case.number) == ("effective", True, written["destination"], None)
    assert {key: getattr(record, key) for key in written} == written
    assert (record.case, record.number, record.source) == (str(case.public_id), "", "system")
    typed, kept = sheet_of(case).stored(filled_destination(kind)), values_of(Registration.all_rows.get())
    # The place of a school of the list follows from it, whatever was typed.
    assert {key for key in typed if typed[key] != kept[key]} == ({"school_area"} if kind == "study_at_home" else set())


@pytest.mark.rule("DES-01", "REG-09")
@pytest.mark.parametrize("kind", ["contract", "freelance", "startup", "study_at_home"])
def test_without_its_proofs_a_destination_is_not_submitted(world, kind):
    case = world.destination_draft(kind, proven=False)
    me = world.actor(Role.GRADUATE)
    labels = "、".join(one.label for one in case.proofs_asked)

    assert refused(case, "submit", me) == f"还缺证明材料：{labels}。补齐以后再提交。"
    for one in case.proofs_asked:
        add_proof(case, one.key, picture(), me)
    perform(case, "submit", me)
    assert case.state == "college_review"


@pytest.mark.rule("DES-01")
def test_a_sub_kind_asks_its_own_proofs(world):
    by_subkind = {code: destinations.proofs_of("startup", {"subkind": code}) for code in ("751", "752", "753")}

    for code, asked in by_subkind.items():
        case = begin(DESTINATION, world.actor(Role.GRADUATE), kind="startup", subkind=code)
        assert case.proofs_asked == asked != ()
        assert case.destination == code
        perform(case, "discard", world.actor(Role.GRADUATE))


@pytest.mark.rule("DES-01")
def test_what_is_asked_for_has_to_be_there_before_it_is_submitted(world):
    me = world.actor(Role.GRADUATE)
    case = begin(DESTINATION, me, kind="not_now")
    assert drafted(case).form(case.cohort)({}).is_valid()
    assert refused(case, "submit", me) == "还没有填好：原因。改好以后再提交。"

    perform(case, "edit", me, cause="gap")
    assert timeline(case)[-1].changes == {"原因": ["没有填写", "想休整一段时间"]}
    perform(case, "submit", me)
    assert case.state == "college_review"


@pytest.mark.rule("DES-01")
def test_a_field_that_another_asks_for_is_asked_in_the_draft_too(world):
    case = world.destination_draft("contract", term="fixed")
    me = world.actor(Role.GRADUATE)
    perform(case, "edit", me, until_on=None)
    assert refused(case, "submit", me) == "还没有填好：合同结束日期。改好以后再提交。"

    perform(case, "edit", me, term="open")
    perform(case, "submit", me)
    assert case.state == "college_review"


@pytest.mark.rule("DES-02")
def test_what_follows_from_a_field_is_in_the_case_and_in_the_record(world):
    case = world.registered("study_at_home")

    school = case.terms["school"]
    assert (case.terms["school_code"], case.terms["school_area"]) == (school, destinations.study.place_of(school))
    assert (case.employer_name, EmploymentRecord.all_rows.get().employer_name) == ("南京大学", "南京大学")


@pytest.mark.rule("DES-02")
def test_a_file_that_goes_home_goes_to_the_office_of_the_place_of_origin(world):
    case = world.destination_draft("recruitment_letter", archive_type="x_home", archive_receiver="", archive_address="")

    assert case.terms["archive_receiver"] == "北京市东城区公共就业和人才服务机构"


@pytest.mark.rule("DES-06", "ROS-06")
@pytest.mark.parametrize("mode", ["21", "41"])
def test_a_directed_graduate_registers_the_unit_that_the_school_uploaded_and_nothing_else(world, mode):
    Graduate.all_rows.filter(pk=world.graduate.pk).update(training_mode=mode, directed_unit="昆山市第一中学")
    me = world.actor(Role.GRADUATE)
    assert not_begun(me, "contract") == "你的培养方式是定向或委培（不可网签），只能办理定向/委培毕业去向补充登记。"

    case = world.destination_draft("directed")
    perform(case, "edit", me, name="别的单位", post="教师")
    perform(case, "submit", me)
    world.approved(case)

    assert (case.employer_name, case.post, EmploymentRecord.all_rows.get().employer_name) == (
        "昆山市第一中学",
        "教师",
        "昆山市第一中学",
    )


@pytest.mark.rule("DES-06", "ROS-06")
@pytest.mark.parametrize("mode", ["1", "22", "42"])
def test_nobody_else_registers_as_directed(world, mode):
    Graduate.all_rows.filter(pk=world.graduate.pk).update(training_mode=mode)

    assert not_begun(world.actor(Role.GRADUATE), "directed") == "这种去向现在不能选，回到填报页面重新选择。"


@pytest.mark.rule("DES-06")
def test_who_became_directed_meanwhile_does_not_submit_what_was_begun(world):
    case = world.destination_draft()
    Graduate.all_rows.filter(pk=world.graduate.pk).update(training_mode="21")

    assert "定向或委培" in refused(case, "submit", world.actor(Role.GRADUATE))


@pytest.mark.rule("REG-12", "DES-01")
@pytest.mark.parametrize("kind", [one.key for one in destinations.REGISTRY.values() if one.for_training == "other"])
@pytest.mark.parametrize("year", ["2022", "2023", "2024"])
def test_a_type_is_begun_in_the_editions_that_have_it(world, kind, year):
    edition(world, year)

    if year in destinations.of(kind).editions:
        assert begin(DESTINATION, world.actor(Role.GRADUATE), kind=kind).edition == year
    else:
        assert not_begun(world.actor(Role.GRADUATE), kind) == "这种去向现在不能选，回到填报页面重新选择。"


def test_a_type_that_there_is_not_is_refused_in_words(world):
    assert not_begun(world.actor(Role.GRADUATE), "no_such_kind") == "这种去向现在不能选，回到填报页面重新选择。"


# ---- REG-01, holds of its own


@pytest.mark.rule("REG-01")
@pytest.mark.parametrize("state", [key for key, place in DESTINATION.states.items() if place.live])
def test_while_one_is_in_process_or_in_force_nothing_else_begins(world, state):
    invited, draft = world.invitation(), world.paper_draft()
    AT[state](world)

    for begun in (world.offline_draft, world.paper_draft, world.destination_draft):
        with pytest.raises(Refused) as stopped, transaction.atomic():
            begun()
        assert str(stopped.value) == LIVE
    assert refused(invited, "accept", world.actor(Role.GRADUATE)) == LIVE
    assert refused(draft, "submit", world.actor(Role.GRADUATE)) == LIVE


@pytest.mark.rule("REG-01", "DES-03")
@pytest.mark.parametrize(
    "state", [key for key, place in DESTINATION.states.items() if not place.live and key != "draft"]
)
def test_once_it_is_over_the_graduate_chooses_a_type_again(world, state):
    AT[state](world)

    assert world.destination_submitted("seeking").state == "college_review"


@pytest.mark.rule("ROS-02", "SET-03")
@pytest.mark.parametrize("state", ["draft", "returned"])
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda world: Graduate.all_rows.filter(pk=world.graduate.pk).update(revision=2), "先核对个人信息并确认无误，再来办理。"),
        (lambda world: SigningSettings.all_rows.filter(school=world.school).update(destination=False), "学校没有开启填报去向登记。"),
    ],
)  # fmt: skip
def test_what_stands_against_a_graduate_stands_against_every_submission(world, state, change, why):
    case = AT[state](world)
    change(world)

    assert refused(case, "submit", world.actor(Role.GRADUATE)) == why


@pytest.mark.rule("SET-03")
def test_where_the_school_has_it_off_nothing_begins(world):
    SigningSettings.all_rows.filter(school=world.school).update(destination=False)

    assert not_begun(world.actor(Role.GRADUATE), "contract") == "学校没有开启填报去向登记。"


def test_there_is_one_draft_at_a_time(world):
    case = world.destination_draft()

    assert (
        not_begun(world.actor(Role.GRADUATE), "seeking")
        == "你已经有一份没有提交的登记，先把它填完，或者删除以后再填新的。"
    )
    perform(case, "discard", world.actor(Role.GRADUATE))
    assert (case.state, world.destination_draft("seeking").kind) == ("discarded", "seeking")


# ---- DES-03, REG-02, REG-03, REG-13


@pytest.mark.rule("REG-02", "DES-03")
def test_two_levels_approve_or_one(world):
    case, alone = world.registered(), world.registered("seeking", world.stranger)

    assert (acts(case), acts(alone)) == (
        ["register", "submit", "approve", "approve"],
        ["register", "submit", "approve"],
    )
    assert [row[1] for row in told(case, "approve")] == ["去向登记学院审核通过，等待学校审核", "去向登记审核通过"]
    assert alone.verb == "审核"


@pytest.mark.rule("REG-02", "DES-03")
@pytest.mark.parametrize(("level", "role"), [("college", Role.COLLEGE), ("school", Role.SCHOOL)])
@pytest.mark.parametrize(("act", "state", "live"), [("return", "returned", True), ("reject", "rejected", False)])
def test_each_level_returns_and_rejects(world, level, role, act, state, live):
    case = AT[f"{level}_review"](world)

    perform(case, act, world.actor(role), **SAID)

    assert (case.state, case.live, case.closed_at is None) == (state, live, live)
    [(who, subject, body)] = told(case, act)
    assert (who, subject) == ("graduate", {"return": "去向登记被退回，需要修改", "reject": "去向登记审核不通过"}[act])
    assert body.startswith(f"签劳动合同就业，{case.employer_name}。原因：{SAID['words']}。")


@pytest.mark.rule("DES-03")
def test_returned_it_is_corrected_and_submitted_again(world):
    case = AT["returned"](world)
    me = world.actor(Role.GRADUATE)
    assert offered(case, me) == {"edit", "submit", "give_up"}

    perform(case, "edit", me, post="主管")
    perform(case, "submit", me)
    world.approved(case)
    assert (case.state, case.post) == ("effective", "主管")


@pytest.mark.rule("REG-03", "DES-03")
def test_it_is_taken_back_until_a_reviewer_has_acted(world):
    case = world.destination_submitted()
    me = world.actor(Role.GRADUATE)

    perform(case, "recall", me)
    assert (case.state, case.live) == ("draft", False)
    perform(case, "submit", me)
    perform(case, "redirect", world.actor(Role.COLLEGE), post="主管")
    assert refused(case, "recall", me) == "老师已经开始审核，不能再撤回；需要改的，联系老师退回修改。"


@pytest.mark.rule("REG-13")
def test_a_returned_one_can_be_given_up(world):
    case = AT["given_up"](world)

    assert (case.live, case.closed_at is not None, world.destination_submitted("seeking").state) == (
        False,
        True,
        "college_review",
    )


# ---- DES-04: changed by reviewers, amended and annulled by the school


@pytest.mark.rule("DES-04")
@pytest.mark.parametrize(("level", "role"), [("college", Role.COLLEGE), ("school", Role.SCHOOL)])
def test_while_it_is_reviewed_either_level_changes_what_was_filled_in_and_the_graduate_is_told(world, level, role):
    case = AT[f"{level}_review"](world)

    perform(case, "redirect", world.actor(role), post="主管")

    assert (case.state, case.post, values_of(case)["post"]) == (f"{level}_review", "主管", "主管")
    before = filled_destination("contract")["post"]
    assert timeline(case)[-1].changes == {"岗位名称": [before, "主管"]}
    [(who, subject, body)] = told(case, "redirect")
    assert (who, subject) == ("graduate", f"{role.label}修改了你登记的去向")
    assert body.startswith(f"岗位名称：{before} 改为 主管。")


@pytest.mark.rule("DES-04")
def test_while_it_is_reviewed_the_type_is_changed_too(world):
    case = world.destination_submitted()

    perform(case, "redirect", world.actor(Role.COLLEGE), kind="study_abroad", **filled_destination("study_abroad"))

    changes = timeline(case)[-1].changes
    assert (case.kind, case.destination, case.employer_name) == ("study_abroad", "85", case.terms["school_zh"])
    assert changes["毕业去向类型"] == ["签劳动合同就业", "出国出境深造"]
    assert changes["单位名称"][1] == ""
    assert set(case.terms) == set(sheet_of(case).keys)
    world.approved(case)
    record = EmploymentRecord.all_rows.get()
    assert (record.destination, record.employer_name, record.credit_code) == ("85", case.terms["school_zh"], "")


@pytest.mark.rule("DES-04")
@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "没有要改的内容。"), ({"post": ""}, "还没有填好：岗位名称。改好以后再提交。"), ({"kind": "directed"}, "这位毕业生不能登记这种去向，重新选择。"),
        ({"kind": "no_such_kind"}, "这位毕业生不能登记这种去向，重新选择。"), ({"kind": "waiting"}, "这位毕业生不能登记这种去向，重新选择。"),
        ({"kind": "not_now"}, "还没有填好：原因。改好以后再提交。"),
    ],
)  # fmt: skip
def test_a_change_that_changes_nothing_or_leaves_something_out_is_refused(world, given, why):
    case = world.destination_submitted()

    assert refused(case, "redirect", world.actor(Role.COLLEGE), **given) == why
    assert Registration.all_rows.get().version == case.version


@pytest.mark.rule("DES-04", "REG-12")
@pytest.mark.parametrize("year", ["2022", "2023"])
def test_after_approval_nothing_is_changed_in_the_editions_before_2024(world, year):
    edition(world, year)
    case = world.registered()
    school = world.actor(Role.SCHOOL)

    assert refused(case, "amend", school, post="主管") == f"{year} 版规则里审核通过后不能修改。"
    assert refused(case, "void", school, words="已商量一致") == f"{year} 版规则里学校不能作废去向，由毕业生本人作废。"
    assert offered(case, school) == set()


@pytest.mark.rule("DES-04", "REG-12")
def test_after_approval_a_school_amends_in_the_edition_of_2024_and_the_record_follows(world):
    case = world.registered()
    school = world.actor(Role.SCHOOL)

    perform(case, "amend", school, name="新的单位名称", post="主管")

    record = EmploymentRecord.all_rows.get()
    assert (case.state, case.employer_name, record.employer_name, record.destination, record.case) == (
        "effective", "新的单位名称", "新的单位名称", "11", str(case.public_id),
    )  # fmt: skip
    assert list(timeline(case)[-1].changes) == ["单位名称", "岗位名称"]
    [(who, subject, body)] = told(case, "amend")
    assert (who, subject, "改为 新的单位名称。" in body) == ("graduate", "学校修改了你的去向信息", True)
    assert refused(case, "amend", school, post="主管") == "没有要改的内容。"
    assert refused(case, "amend", school, pay=None) == "还没有填好：月薪。改好以后再提交。"


@pytest.mark.rule("DES-04", "REG-08")
def test_a_school_annuls_in_the_edition_of_2024_with_an_explanation_and_the_graduate_is_told(world):
    case = world.registered()
    school = world.actor(Role.SCHOOL)
    assert refused(case, "void", school) == "选一个原因并写明情况，对方才知道怎么办。"

    perform(case, "void", school, words="与本人商量一致，合同没有履行")

    record = EmploymentRecord.all_rows.get()
    assert (case.state, case.standing.label, case.live, record.destination, record.employer_name) == (
        "voided",
        "学校已作废",
        False,
        "70",
        "",
    )
    [(who, subject, body)] = told(case, "void")
    assert (who, subject, "合同没有履行" in body) == ("graduate", "学校作废了你的去向登记", True)


@pytest.mark.rule("DES-04")
@pytest.mark.parametrize("act", ["redirect", "amend", "void"])
def test_a_college_changes_nothing_after_approval(world, act):
    case = world.registered()

    with pytest.raises(NotOpen):
        perform(case, act, world.actor(Role.COLLEGE), words="已商量一致", post="主管")


@pytest.mark.rule("DES-04")
@pytest.mark.parametrize("act", ["redirect", "amend"])
@pytest.mark.parametrize(("number", "said"), [(1, "岗位名称："), (3, "（月薪、单位名称、岗位名称）")])
def test_a_short_message_says_what_changed_as_far_as_it_has_room(world, act, number, said):
    case = world.registered() if act == "amend" else world.destination_submitted()
    given = dict(list({"post": "主管", "name": "新的单位名称", "pay": 9000}.items())[:number])
    perform(case, act, world.actor(Role.SCHOOL if act == "amend" else Role.COLLEGE), **given)

    owed = Notice.objects.get(case=str(case.public_id), act=act, channel="inbox")
    owed.channel = "sms"
    assert said in words.messages([owed])[0][1].subject


# ---- DES-05: the graduate voids it


@pytest.mark.rule("DES-05", "REG-08", "REG-12")
@pytest.mark.parametrize("year", ["2022", "2023", "2024"])
def test_the_graduate_voids_an_approved_destination_without_review_in_every_edition(world, year):
    edition(world, year)
    case = world.registered()

    perform(case, "cancel", world.actor(Role.GRADUATE))

    record = EmploymentRecord.all_rows.get()
    assert (case.state, case.standing.label, case.live, case.closed_at is not None) == (
        "cancelled",
        "已作废",
        False,
        True,
    )
    assert (record.destination, record.employer_name, record.version) == ("70", "", 2)
    perform(world.invitation(), "accept", world.actor(Role.GRADUATE))


@pytest.mark.rule("REG-12")
@pytest.mark.parametrize(("year", "called"), [("2022", "待就业"), ("2023", "求职中"), ("2024", "求职中")])
def test_without_work_a_graduate_reads_as_the_edition_calls_it(world, year, called):
    edition(world, year)
    case = world.registered()
    about = reverse("act", kwargs={"flow": case.flow_name, "public_id": case.public_id, "name": "cancel"})
    other = {"待就业", "求职中"} - {called}

    asked = signed_in(world.seats[Role.GRADUATE]).get(about).content.decode()
    perform(case, "cancel", world.actor(Role.GRADUATE))

    school = signed_in(world.seats[Role.SCHOOL])
    pages = (f"/review/{case.public_id}/", f"/students/{world.graduate.public_id}/")
    for shown in (asked, *(school.get(page).content.decode() for page in pages)):
        assert called in shown
        assert not any(word in shown for word in other)


@pytest.mark.rule("DES-05", "ROS-03")
def test_while_the_cohort_is_closed_nothing_is_voided(db, monkeypatch):
    from qicheng.domain.registration import guards

    world = World()
    case = world.registered()
    monkeypatch.setattr(guards, "cohort_closes", lambda cohort: timezone.now() - timedelta(days=1))

    assert (
        refused(case, "cancel", world.actor(Role.GRADUATE))
        == f"{world.cohort} 届办理到次年 1 月 31 日为止，现在只能查看。"
    )


@pytest.mark.rule("DES-05")
def test_what_is_over_is_not_voided_and_keeps_what_it_was(world):
    case = AT["cancelled"](world)

    with pytest.raises(NotOpen):
        perform(case, "cancel", world.actor(Role.GRADUATE))
    with pytest.raises(DatabaseError, match="no flow steps so"):
        run_as(
            world.actor(Role.GRADUATE),
            "UPDATE registration_registration SET version = version + 1, closed_at = now() WHERE id = %s",
            case.pk,
        )


@pytest.mark.rule("DES-05")
def test_voiding_leaves_the_record_that_another_source_wrote(world):
    case = world.registered()
    EmploymentRecord.all_rows.update(case="", source="upload", employer_name="学校上传的单位")

    perform(case, "cancel", world.actor(Role.GRADUATE))
    assert EmploymentRecord.all_rows.get().employer_name == "学校上传的单位"


# ---- ROS-05, ROS-07


@pytest.mark.rule("ROS-05")
def test_the_roster_line_of_the_submission_is_compared_and_taken_over(world):
    case = world.destination_submitted()
    rows = Graduate.all_rows.filter(pk=world.graduate.pk)
    rows.update(sex="2", revision=2)
    perform(case, "refresh", world.actor(Role.COLLEGE))
    rows.update(major="软件工程", revision=3)

    assert case.student["sex"] == "2"
    assert refused(case, "approve", world.actor(Role.COLLEGE)).startswith("专业与学籍名单不一致")


@pytest.mark.rule("ROS-07")
@pytest.mark.parametrize("way", ["registered", "stamped", "supplementary"])
@pytest.mark.parametrize("how", ["restored", "uploaded again"])
def test_back_on_the_roster_the_record_of_every_way_is_reported_again(world, way, how):
    case = getattr(world, way)()
    school = world.actor(Role.SCHOOL)
    before = EmploymentRecord.all_rows.values().get()
    remove_line(world.graduate.public_id, school, words="重复上传")
    if how == "restored":
        restore_line(world.graduate.public_id, school)
    else:
        Graduate.all_rows.filter(pk=world.graduate.pk).update(removed_at=None, restored_at=timezone.now())
        assert restore_uploaded() == 1

    after = EmploymentRecord.all_rows.values().get()
    assert {key for key in after if after[key] != before[key]} == {"version", "changed_at"}
    assert (after["version"], report_again(), Registration.all_rows.get().state) == (
        before["version"] + 1,
        0,
        case.state,
    )


@pytest.mark.rule("ROS-07")
@pytest.mark.parametrize("state", ["cancelled", "voided", "college_review"])
def test_back_on_the_roster_what_was_not_in_force_stands_as_it_stood(world, state):
    case = AT[state](world)
    school = world.actor(Role.SCHOOL)
    records = list(EmploymentRecord.all_rows.values_list("destination", flat=True))
    remove_line(world.graduate.public_id, school, words="重复上传")
    restore_line(world.graduate.public_id, school)

    stored = Registration.all_rows.get()
    assert (stored.state, stored.version, stored.live) == (state, case.version, case.live)
    assert (
        list(EmploymentRecord.all_rows.values_list("destination", flat=True))
        == records
        == ([] if state == "college_review" else ["70"])
    )
