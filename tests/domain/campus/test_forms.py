"""填报毕业去向: the form follows the 就业形式, what follows from it fills itself in, both levels review, and until when who may change it."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from qicheng.domain.campus.effects.offices import name_office, values_at
from qicheng.domain.campus.flows.forms import DECLARED
from qicheng.domain.campus.models import Part
from qicheng.domain.campus.sheets.forms import CHOICES, DERIVED_KEYS, FORMS
from qicheng.domain.orgs.queries import stamp
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.sheets import destinations
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.domain.transfer.models import ArchiveRecord, HouseholdRecord
from qicheng.foundation import codes
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.perform import NotOpen, Refused, Stale, begin, carry_on, open_acts, perform, timeline
from qicheng.foundation.sheets import BLANK
from tests.clients import signed_in
from tests.domain.campus.declaring import TYPED, approved, close_in, drafted, kind, opened, seen, submitted

pytestmark = pytest.mark.django_db

ORIGIN, OFFICE = "320583", "江苏省苏州市昆山市人力资源和社会保障局"
HOME_LINE = ("户档转回生源地", OFFICE, "江苏省", ORIGIN)


@pytest.fixture
def forms(world):
    """A school with the forms, whose 陈诚 comes from 昆山; the modules of file and household are open."""
    opened(world)
    for area in (Area.ARCHIVE, Area.HOUSEHOLD):
        world.open_transfer(area)
    Graduate.all_rows.filter(pk=world.graduate.pk).update(origin=ORIGIN)
    world.graduate.refresh_from_db()
    return world


@pytest.mark.rule("PKU-02")
@pytest.mark.parametrize(
    ("code", "line", "nature", "national"),
    [
        ("agreement", ("派遣", "", "", ""), "", "10"), ("master", ("考研", "", "", "320100"), "升学", "801"),
        ("doctor", ("考研", "", "", "320100"), "升学", "801"), ("postdoc", ("考研", "", "", ""), "升学", "272"),
        ("abroad.cscse", ("出国", "户档转教育部留学服务中心", "", ""), "出国、出境", "85"), ("abroad.home", HOME_LINE, "出国、出境", "85"),
        ("flex.cert", HOME_LINE, "", "12"), ("flex.abroad", HOME_LINE, "", "10"), ("freelance", HOME_LINE, "", "76"),
        ("startup", HOME_LINE, "", "75"), ("unemployed", HOME_LINE, "", "71"),
    ],
)  # fmt: skip
def test_what_follows_from_the_choice_is_filled_in_and_no_forged_form_says_otherwise(
    forms, code, line, nature, national
):
    case = drafted(forms, code)
    forged = dict.fromkeys(("way_out", "assigned_unit", "assigned_nature", "archive_type", "kept", "national"), "甲")
    perform(case, "edit", forms.actor(Role.GRADUATE), **forged)
    terms = case.terms
    assert tuple(terms[key] for key in ("way_out", "assigned_unit", "assigned_authority", "assigned_area")) == line
    assert (terms["assigned_nature"], terms["kept"], case.destination) == (nature, "", national)
    assert set(DERIVED_KEYS) & set(FORMS[case.kind].sheet.keys) == set()


@pytest.mark.rule("PKU-09")
def test_every_form_asks_what_the_guide_asks():
    asked = {one.key.removeprefix("declared_"): " ".join(field.label for field in one.sheet) for one in FORMS.values()}
    study = "学校 院系名称 专业名称"
    assert asked == {
        "agreement": "单位名称 单位隶属部门 单位所在地 单位性质 单位经济类型 就业协议书编号 单位地址 邮政编码 联系人 联系电话 电子邮箱 "
        "档案转寄单位 档案转寄地址 档案转寄邮编 户口迁移地址",
        "master": study, "doctor": study, "postdoc": "进站单位", "abroad_cscse": "攻读层次 去往国家（地区） 学校 专业",
        "abroad_home": "出国（境）做什么 攻读层次 经费 去往国家（地区） 学校 专业", "flex_cert": "有什么证明 灵活就业单位名称 灵活就业单位所在地",
        "flex_abroad": "灵活就业单位名称 灵活就业单位所在地", "freelance": "单位名称（行业类型） 单位所在省 单位所在市县",
        "startup": "单位名称 单位所在省 单位所在市县", "unemployed": "待就业的原因",
    }  # fmt: skip
    assert {one.key for choice in CHOICES for _, one in choice.kinds} == set(FORMS)
    assert [choice.label for choice in CHOICES] == [
        "签就业协议",
        "已上硕",
        "已上博",
        "已上博士后",
        "已出国",
        "灵活就业",
        "自由职业",
        "自主创业",
        "待就业",
    ]


@pytest.mark.rule("PKU-09")
def test_reasons_of_those_without_a_job_are_the_tables_and_are_reported_as_the_edition_has_them(forms):
    assert [code for code, _ in codes.table("unemployment_reasons").choices()][-3:] == [
        "x_pku_doctor",
        "x_pku_postdoc",
        "x_pku_abroad",
    ]
    case = drafted(forms, "unemployed", cause="x_seeking")
    assert (case.destination, case.employer_name) == ("701", "")
    assert FORMS[kind("flex.cert")].national_code({"proof": "11"}) == "11"


@pytest.mark.rule("PKU-04")
@pytest.mark.parametrize(
    ("code", "over", "field"),
    [
        ("abroad.cscse", {"country": "HK"}, "country"), ("abroad.cscse", {"country": "CN"}, "country"),
        ("abroad.home", {"studies": "near", "country": "GB"}, "country"), ("abroad.home", {"studies": "degree", "country": "MO"}, "country"),
        ("postdoc", {"name": "香港某大学"}, "name"), ("freelance", {"area": "110108"}, "area"), ("abroad.home", {"country": "", "school": "", "major": ""}, "country school major"),
    ],
)  # fmt: skip
def test_what_belongs_to_another_choice_is_told_and_refused(forms, code, over, field):
    form = FORMS[kind(code)].sheet.form(2026)(TYPED[code] | over)
    assert set(form.errors) == set(field.split())
    with pytest.raises(Refused, match="还没有填好"):
        submitted(forms, code, **over)


@pytest.mark.rule("PKU-04")
def test_postdocs_and_degrees_near_by_go_home_and_the_publicly_funded_with_a_remark(forms):
    case = drafted(forms, "abroad.home", studies="near", country="HK", funding="public")
    assert tuple(case.terms[key] for key in ("way_out", "assigned_unit", "remark")) == (
        "户档转回生源地",
        OFFICE,
        "公派",
    )
    perform(case, "edit", forms.actor(Role.GRADUATE), studies="postdoc", degree=None, funding="self")
    assert (case.terms["way_out"], case.terms["remark"]) == ("户档转回生源地", "")


@pytest.mark.rule("PKU-04")
def test_file_and_household_of_the_publicly_funded_stay_after_an_application_in_person_and_of_nobody_else(forms):
    school = forms.actor(Role.SCHOOL)
    other = approved(forms, "abroad.home")
    with pytest.raises(Refused, match="只有公派"):
        perform(other, "keep", school, grounds="当面申请")
    perform(other, "void", school, words="核实")
    case = approved(forms, "abroad.home", funding="public")
    assert ArchiveRecord.all_rows.get(graduate=forms.graduate).receiver == OFFICE
    perform(case, "keep", school, grounds="6 月 3 日当面申请，同意暂存")
    assert [one.all_rows.get(graduate=forms.graduate).is_registered for one in (ArchiveRecord, HouseholdRecord)] == [
        False,
        False,
    ]
    assert ("户口和档案暂存学校", "6 月 3 日当面申请，同意暂存") in destinations.lines(case.kind, case.terms)
    with pytest.raises(Refused, match="已经暂存"):
        perform(case, "keep", school, grounds="再来一次")
    perform(case, "send_home", school)
    assert ArchiveRecord.all_rows.get(graduate=forms.graduate).receiver == OFFICE
    assert [one.act for one in timeline(case)][-2:] == ["keep", "send_home"]


@pytest.mark.rule("PKU-04", "PKU-07")
@pytest.mark.parametrize("funding", ["public", "self"])
def test_what_is_kept_stays_through_the_one_change_as_long_as_it_is_publicly_funded(forms, funding):
    own, school = forms.actor(Role.GRADUATE), forms.actor(Role.SCHOOL)
    case = approved(forms, "abroad.home", funding="public")
    perform(case, "keep", school, grounds="当面申请")
    carry_on(case, "open_up", school)
    perform(case, "edit", own, school="剑桥大学", funding=funding)
    perform(case, "submit", own)
    perform(case, "approve", school)

    is_kept = funding == "public"
    assert (case.state, case.terms["kept"], case.terms["archive_type"]) == (
        ("effective", "当面申请", "") if is_kept else ("effective", "", "x_home")
    )
    assert [one.all_rows.get(graduate=forms.graduate).is_registered for one in (ArchiveRecord, HouseholdRecord)] == [
        not is_kept
    ] * 2
    if is_kept:
        perform(case, "send_home", school)
        assert ArchiveRecord.all_rows.get(graduate=forms.graduate).receiver == OFFICE


@pytest.mark.rule("PKU-02")
def test_an_approved_form_is_the_employment_record_and_carries_file_and_household(forms):
    case = approved(forms, "agreement")
    record = EmploymentRecord.all_rows.get(graduate=forms.graduate)
    assert (record.destination, record.employer_name, record.number, record.area) == (
        "10",
        "云岭数据科技有限公司",
        "JY-2026-0001",
        ORIGIN,
    )
    file, household = (
        ArchiveRecord.all_rows.get(graduate=forms.graduate),
        HouseholdRecord.all_rows.get(graduate=forms.graduate),
    )
    assert (file.kind, file.receiver, file.came_from) == ("x_trustee", "昆山市人才服务中心", "填报毕业去向")
    assert (household.kind, household.address) == ("x_fill", "前进西路2号")
    perform(case, "void", forms.actor(Role.SCHOOL), words="单位来函取消")
    file.refresh_from_db()
    assert (file.kind, EmploymentRecord.all_rows.get(graduate=forms.graduate).destination) == ("", "70")


def test_a_name_that_the_province_gave_since_counts_when_the_form_is_submitted(forms):
    case = drafted(forms)
    forms.province.code = "320000"
    forms.province.save()
    name_office(forms.actor(Role.PROVINCE), ORIGIN, stamp(values_at(ORIGIN)), {"others": "昆山市教育局"})
    perform(case, "submit", forms.actor(Role.GRADUATE))
    assert case.terms["assigned_unit"] == "昆山市教育局"


@pytest.mark.rule("PKU-03")
def test_saved_is_editable_and_an_agreement_is_locked_with_its_submission(forms):
    own = forms.actor(Role.GRADUATE)
    case = drafted(forms, "agreement")
    assert case.standing.label == "已保存"
    perform(case, "edit", own, post="甲", postcode="215301")
    perform(case, "submit", own)
    for act in ("edit", "recall"):
        with pytest.raises(Refused, match="不能自己修改"):
            perform(case, act, own)
    perform(case, "return", forms.actor(Role.COLLEGE), reason="other", words="编号不对")
    perform(case, "edit", own, number="JY-2026-0002")
    perform(case, "submit", own)
    assert (case.state, case.paper_number) == ("college_review", "JY-2026-0002")


@pytest.mark.rule("PKU-03")
def test_all_other_forms_are_edited_in_review_until_the_day_and_the_college_sees_them_again(forms):
    own, college = forms.actor(Role.GRADUATE), forms.actor(Role.COLLEGE)
    case = seen(forms, "flex.cert")
    perform(case, "edit", own, name="江临某某公司")
    assert (case.state, case.employer_name, case.submitted_at is None) == ("college_review", "江临某某公司", False)
    with pytest.raises(Refused, match="还没有填好"):
        perform(case, "edit", own, name="")
    perform(case, "recall", own)
    perform(case, "retype", own, kind=kind("startup"))
    assert (case.terms["name"], case.terms["area"], case.destination) == ("江临某某公司", ORIGIN, "75")
    perform(case, "edit", own, province="320000")
    perform(case, "submit", own)
    close_in(forms, 0)
    for act in ("edit", "recall"):
        with pytest.raises(Refused, match="向学院申请"):
            perform(case, act, own)
    perform(case, "amend", college, name="江临创业公司", words="本人书面申请")
    assert (case.state, case.employer_name) == ("college_review", "江临创业公司")
    record = timeline(case)[-1]
    assert (record.changes, record.words) == ({"单位名称": ["江临某某公司", "江临创业公司"]}, "本人书面申请")
    with pytest.raises(Refused, match="写明情况"):
        perform(case, "amend", college, name="又一家公司")


@pytest.mark.rule("PKU-03")
def test_an_edit_and_an_approval_of_one_version_do_not_both_happen(forms):
    case = submitted(forms, "flex.cert")
    page = case.version
    perform(case, "edit", forms.actor(Role.GRADUATE), seen=page, name="江临某某公司")
    with pytest.raises(Stale):
        perform(case, "approve", forms.actor(Role.COLLEGE), seen=page)
    assert (case.state, case.employer_name) == ("college_review", "江临某某公司")


@pytest.mark.rule("PKU-07")
def test_what_is_opened_for_its_one_change_keeps_the_old_in_force_until_the_new_is_approved(forms):
    own, school = forms.actor(Role.GRADUATE), forms.actor(Role.SCHOOL)
    case = approved(forms, "unemployed")
    with pytest.raises(NotOpen):
        perform(case, "open_up", school)
    carry_on(case, "open_up", school)
    perform(case, "retype", own, kind=kind("flex.cert"))
    perform(case, "edit", own, **TYPED["flex.cert"])
    perform(case, "submit", own)
    assert (case.state, EmploymentRecord.all_rows.get(graduate=forms.graduate).destination) == ("school_review", "71")
    for act in ("edit", "recall"):
        with pytest.raises(Refused, match="提交就是最后的"):
            perform(case, act, own)
    perform(case, "return", school, reason="other", words="单位名称不全")
    perform(case, "submit", own)
    assert case.state == "school_review"
    perform(case, "approve", school)
    record = EmploymentRecord.all_rows.get(graduate=forms.graduate)
    assert (case.state, record.destination, record.employer_name) == ("effective", "12", "云岭数据科技有限公司")


@pytest.mark.rule("PKU-07", "REG-13")
@pytest.mark.parametrize("gives_up", [True, False])
def test_a_change_that_was_returned_can_be_given_up_and_with_it_what_was_in_force_or_filled_in_as_it_was(
    forms, gives_up
):
    own, school = forms.actor(Role.GRADUATE), forms.actor(Role.SCHOOL)
    case = approved(forms, "freelance")
    carry_on(case, "open_up", school)
    perform(case, "retype", own, kind=kind("flex.cert"))
    perform(case, "edit", own, **TYPED["flex.cert"])
    perform(case, "submit", own)
    perform(case, "return", school, reason="other", words="单位说没有录用")
    record, file = EmploymentRecord.all_rows.get(graduate=forms.graduate), ArchiveRecord.all_rows.get()
    assert (record.destination, file.receiver) == ("76", OFFICE)
    [offered] = [one for one in open_acts(case, own) if one.act.name == "give_up"]
    assert (offered.why, "原来的去向也不再有效，毕业去向变回求职中" in offered.act.consequence) == (None, True)
    if gives_up:
        perform(case, "give_up", own)
    else:
        perform(case, "retype", own, kind=kind("freelance"))
        perform(case, "edit", own, **TYPED["freelance"])
        perform(case, "submit", own)
        perform(case, "approve", school)
    for one in (record, file):
        one.refresh_from_db()
    assert (case.state, case.live, record.destination, record.case, file.receiver) == (
        ("given_up", False, "70", "", "") if gives_up else ("effective", True, "76", str(case.public_id), OFFICE)
    )
    if gives_up:
        assert submitted(forms, "startup").live


@pytest.mark.rule("PKU-01")
def test_who_is_recommended_for_a_master_needs_no_form(forms):
    Graduate.all_rows.filter(pk=forms.graduate.pk).update(extra={"recommended": True})
    with pytest.raises(Refused, match="保研"):
        drafted(forms)


def test_a_school_without_the_part_has_none_of_it(world):
    world.open_parts(Part.NEWS)
    with pytest.raises(Refused, match="没有开启「按就业形式填报毕业去向」"):
        drafted(world)
    client = signed_in(world.seats[Role.GRADUATE])
    assert [client.get(path).status_code for path in ("/campus/forms/", "/campus/forms/new/declared_master/")] == [
        404,
        404,
    ]


def page_of(client, path):
    answer = client.get(path, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.rule("PKU-10")
def test_the_choice_says_what_each_form_is_and_work_abroad_leads_to_flexible_employment(forms):
    page = page_of(signed_in(forms.seats[Role.GRADUATE]), "/campus/forms/")
    for words in (
        "单位不接收户口、档案，无法正式派遣，但有固定工作、固定收入来源", "只包括申请进国内博士后流动站的人员", "毕业之前没有落实去向",
        "出国（境）工作属于灵活就业",
    ):  # fmt: skip
        assert words in page
    assert '<a href="/campus/forms/new/declared_flex_abroad/">去填灵活就业' in page


@pytest.mark.rule("PKU-03")
def test_a_graduate_chooses_saves_changes_the_choice_and_submits_in_pages(forms):
    client = signed_in(forms.seats[Role.GRADUATE])
    page = page_of(client, "/campus/forms/new/declared_unemployed/")
    assert ("自动填写，不用填也不能改" in page, OFFICE in page) == (True, True)
    saved = client.post(
        "/campus/forms/new/declared_unemployed/", {"cause": "x_none", "step": "keep", "key": "a"}, follow=True
    )
    assert "已保存，还没有提交" in saved.content.decode()
    case = Registration.all_rows.get(graduate=forms.graduate, flow_name="declared")
    client.post("/campus/forms/", {"kind": "declared_freelance", "seen": case.version, "key": "b"})
    case.refresh_from_db()
    assert (case.kind, case.state) == ("declared_freelance", "draft")
    typed = TYPED["freelance"] | {"area": "江苏省苏州市昆山市", "step": "check", "seen": case.version, "key": "c"}
    check = client.post(address("registration:fill_in", case), typed, follow=True)
    assert "户档转回生源地" in check.content.decode()
    case.refresh_from_db()
    client.post(check.request["PATH_INFO"], {"seen": case.version, "key": "d"})
    case.refresh_from_db()
    assert case.state == "college_review"
    shown = page_of(client, address(case.detail, case))
    assert "等待学院审核" in shown
    staff = page_of(signed_in(forms.seats[Role.COLLEGE]), address(case.detail, case))
    assert ("自由撰稿人" in staff, "按毕业生申请修改" in staff) == (True, True)


def address(name, case):
    return reverse(name, args=[case.public_id])


def test_every_form_is_reviewed_by_both_and_kept_apart_from_the_national_ways(forms):
    assert DECLARED.states["college_review"].turn is Role.COLLEGE
    with pytest.raises(Refused):
        begin(DECLARED, forms.actor(Role.GRADUATE), kind="contract")
    case = submitted(forms, "unemployed")
    assert (case.review_mode, [one for one in FORMS[case.kind].sheet.keys if case.terms.get(one) in BLANK]) == (
        "college_then_school",
        [],
    )


@pytest.mark.rule("PKU-02", "REG-07")
@pytest.mark.parametrize(
    ("waits", "is_on", "counted"), [(True, True, ["1"]), (False, True, ["0"]), (True, False, ["1"]), (False, False, [])]
)
def test_a_stage_is_counted_where_the_school_has_the_forms_or_something_still_waits(forms, waits, is_on, counted):
    if waits:
        submitted(forms)
    if not is_on:
        forms.open_parts()
    client = signed_in(forms.seats[Role.COLLEGE])
    assert re.findall(r">已提交<b>(\d+)</b>", page_of(client, "/review/")) == counted
    assert len(re.findall("data-openrow", page_of(client, "/review/?stage=已提交"))) == waits
