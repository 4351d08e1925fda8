"""The types of other destinations: which there are, what each asks and reports, and that one more is one declaration."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qicheng.domain.registration.sheets import destinations
from qicheng.domain.registration.sheets.destinations import Destination, Group, Guide
from qicheng.domain.roster.effects import write_record
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.foundation import codes
from qicheng.foundation.papers import ProofKind
from qicheng.foundation.sheets import Field, Sheet
from tests.filling import destination, filled_in
from tests.world import credit_code

# Groups, names and national codes of the guide for graduates of 2023, §9.1, in its order; the parent of a finer code is its first two digits.
GUIDE_2023 = {
    "其他形式就业": [
        ("签劳动合同就业", "11"), ("提供公招接收函就业", "10"), ("其他录用证明就业", "12"), ("定向/委培毕业去向补充登记", "10"),
        ("自由职业", "76"), ("国家基层项目", "50"), ("地方基层项目", "51"), ("科研助理管理助理", "27"), ("应征义务兵", "46"), ("自主创业", "75"),
        ("部队军官或文职人员", "10"), ("医学规培生", "10"), ("国际组织任职", "10"), ("出国出境工作", "10"),
    ],
    "升学": [("境内升学", "80"), ("出国出境深造", "85")],
    "未就业": [
        ("求职中", "70"), ("签约中", "70"), ("拟参加公招考试", "70"), ("拟创业", "70"), ("不就业拟升学", "71"), ("暂不就业", "72"),
        ("拟应征入伍", "70"), ("拟出国出境", "72"),
    ],
}  # fmt: skip
# The 15 kinds of the guide for schools of 2022, §10.
GUIDE_2022 = {
    ("签就业协议形式就业", "10"), ("签劳动合同形式就业", "11"), ("其他录用形式就业（聘用证明）", "12"), ("科研助理管理助理（含博士后入站）", "27"),
    ("应征义务兵", "46"), ("国家基层项目", "50"), ("地方基层项目", "51"), ("自主创业", "75"), ("自由职业", "76"),
    ("升学（专升本、考研、第二学士学位）", "80"), ("出国出境深造", "85"), ("定向/委培毕业去向补充登记", "10"), ("待就业", "70"),
    ("不就业拟升学", "71"), ("其他暂不就业", "72"),
}  # fmt: skip
# What proves each type, and each of its sub-kinds, by the guide's table of proofs.
PROOFS = {
    "contract": ["劳动合同"], "recruitment_letter": ["接收函或录用通知"], "hired": ["聘用证明或收入流水"], "directed": ["定向/委培协议"],
    "freelance": ["本人签字的声明", "收入证明"], "national_programme": ["录用文件或接收证明"], "local_programme": ["录用文件或接收证明"],
    "assistant 271": ["聘用证明或协议"], "assistant 272": ["博士后进站函或录用通知"], "conscript": ["预定兵通知书或入伍通知书"],
    "startup 751": ["营业执照", "法定代表人、股东或经营者证明"], "startup 752": ["入孵协议或证明"], "startup 753": ["网店信息截图", "收入流水"],
    "military": ["部队接收函或录用通知"], "resident": ["规培协议或录取通知"], "international_organisation": ["国际组织录用函"],
    "work_abroad": ["境外单位接收证明或工作签证"], "study_at_home": ["录取通知书、拟录取名单或调档函"], "study_abroad": ["境外录取通知书或学生签证"],
}  # fmt: skip
EVERY_KEY = list(destinations.REGISTRY)


def all_of_edition(edition):
    return [*destinations.types(edition), *destinations.types(edition, "21")]


def terms(key, **over):
    """What is kept of a filled-in form; the form must be good."""
    form = destinations.of(key).sheet.form(2026)(destination(key, **over))
    assert form.is_valid(), (key, form.errors)
    return destinations.fill(key, form.cleaned_data, origin="320583", directed_unit="昆山市第一中学")


def faults(key, **over):
    form = destinations.of(key).sheet.form(2026)(destination(key, **over))
    return {name: list(errors) for name, errors in form.errors.items()}


# ---- which there are


@pytest.mark.rule("DES-01")
@pytest.mark.parametrize("edition", ["2023", "2024"])
def test_the_types_are_those_of_the_guide_of_2023_in_three_groups_with_their_national_codes(edition):
    found = {}
    for one in all_of_edition(edition):
        found.setdefault(one.group.label, set()).add((one.name(edition), one.code[:2]))
    assert found == {group: set(kinds) for group, kinds in GUIDE_2023.items()}
    assert sum(map(len, GUIDE_2023.values())) == len(all_of_edition(edition)) == 24


@pytest.mark.rule("REG-12")
def test_the_edition_of_2022_has_the_fifteen_kinds_of_the_guide_for_schools():
    assert {(one.name("2022"), one.code) for one in all_of_edition("2022")} == GUIDE_2022
    assert len(all_of_edition("2022")) == 15


@pytest.mark.rule("DES-06", "ROS-06")
@pytest.mark.parametrize(("mode", "sees"), [("21", True), ("41", True), ("22", False), ("42", False), ("1", False)])
def test_one_type_is_for_directed_graduates_who_see_no_other_and_nobody_else_sees_it(mode, sees):
    for edition in destinations.EDITIONS:
        keys = [one.key for one in destinations.types(edition, mode)]
        assert (keys == ["directed"], "directed" in keys) == (sees, sees)


@pytest.mark.rule("DES-01")
def test_beside_every_choice_stands_what_it_is_what_proves_it_and_who_may_choose_it():
    for one in destinations.REGISTRY.values():
        assert min(len(one.guide.definition), len(one.guide.proofs), len(one.guide.who)) >= 6, one.key
        assert bool(one.proofs or one.proofs_of_subkind) == (one.group is not Group.UNEMPLOYED), one.key


@pytest.mark.rule("DES-01")
def test_each_type_asks_its_own_proofs():
    asked = {}
    for one in all_of_edition("2024"):
        for value in one.proofs_of_subkind or [""]:
            kinds = destinations.proofs_of(one.key, {"subkind": value})
            assert all(kind.least == 1 for kind in kinds)
            if kinds:
                asked[f"{one.key} {value}".strip()] = [kind.label for kind in kinds]
    assert asked == PROOFS


# ---- what each asks


@pytest.mark.rule("DES-01")
@pytest.mark.parametrize("key", EVERY_KEY)
def test_a_filled_in_form_of_every_sub_kind_is_good_and_its_terms_can_be_read(key):
    kind = destinations.of(key)
    for value in [choice for choice, _ in kind.sheet["subkind"].choices] if kind.subkind else [""]:
        given = {"subkind": value} if value else {}
        kept = terms(key, **given)
        assert destinations.lines(key, kept)[0] == ("毕业去向类型", kind.label)
        assert all(label and isinstance(words, str) for label, words in destinations.lines(key, kept))
        assert kind.sheet.form(2026)(filled_in(kind.sheet, **given) | {"state": "effective"}).is_valid()


@pytest.mark.rule("DES-01")
@pytest.mark.parametrize("key", EVERY_KEY)
def test_whatever_is_required_and_asked_is_missed_at_its_own_field(key):
    sheet = destinations.of(key).sheet
    good = destination(key)
    for field in sheet:
        if field.required and field.is_asked(good) and field.key != "subkind":
            form = sheet.form(2026)({**good, field.key: ""})
            assert list(form.errors.get(field.key, [])) == [field.missing], field.key


@pytest.mark.rule("DES-01")
def test_what_a_sub_kind_does_not_ask_is_not_kept_though_it_was_sent():
    kept = terms("startup", subkind="752") | {}
    form = destinations.of("startup").sheet.form(2026)(
        {**destination("startup", subkind="752"), "name": "某公司", "credit_code": "1"}
    )
    assert form.is_valid(), form.errors
    assert (form.cleaned_data["name"], form.cleaned_data["credit_code"]) == (None, None)
    assert (kept["incubator"], kept["project"]) == ("填孵化机构名称", "填项目名称")
    assert ("企业名称", "") not in destinations.lines("startup", kept)


@pytest.mark.parametrize(
    ("key", "over", "wrong"),
    [
        ("contract", {"until_on": "2026-07-01"}, {"until_on": ["结束日期要在开始日期之后"]}),
        ("contract", {"phone": "", "mobile": ""}, {"mobile": ["联系人固话和手机至少填一项，现在都空着"]}),
        ("contract", {"credit_code": credit_code(7)[:17] + "#"}, {"credit_code": ["统一社会信用代码第 18 位不是数字或大写字母，请核对"]}),
        ("contract", {"area": "江苏省"}, {"area": ["江苏省下面还要写到下一级，例如：南京市"]}),
        ("contract", {"pay": "0"}, {"pay": ["月薪最小是 1"]}),
        ("recruitment_letter", {"signed_on": "2999-01-01"}, {"signed_on": ["签订日期不能晚于今天"]}),
        (
            "recruitment_letter",
            {"archive_type": "x_sign_unit", "archive_receiver": "", "archive_address": ""},
            {"archive_receiver": ["档案接收单位还没有填写"], "archive_address": ["档案接收地址还没有填写，写到街道门牌号"]},
        ),
        ("study_abroad", {"country": "中国"}, {"country": ["这里登记去境外的，不能选中国内地"]}),
        ("study_at_home", {"school": "某某科学研究所", "school_area": ""},
         {"school_area": ["名单里没有这所院校，请补填院校所在地"]}),
        ("study_at_home", {"school": "南京大", "school_area": ""},
         {"school_area": ["名单里没有这所院校，要填的如果是南京大学、南京大学金陵学院，请改院校名称；都不是，请补填院校所在地"]}),
    ],
)  # fmt: skip
def test_what_cannot_be_true_is_said_at_its_field(key, over, wrong):
    assert faults(key, **over) == wrong


# ---- what follows from what was filled in


@pytest.mark.rule("DES-02")
@pytest.mark.parametrize("typed", ["南京大学", "10284"])
def test_from_a_school_follow_its_code_and_its_place(typed):
    kept = terms("study_at_home", school=typed, school_area="北京市")
    assert (kept["school"], kept["school_code"], kept["school_area"]) == ("10284", "10284", "320100")
    shown = dict(destinations.lines("study_at_home", kept))
    assert (shown["升学院校"], shown["院校代码"], shown["院校所在地"]) == ("南京大学", "10284", "江苏省南京市")


@pytest.mark.rule("DES-02")
def test_every_school_of_the_list_has_a_place_that_the_table_of_divisions_knows():
    unplaced = [
        code
        for code in codes.table("universities_2022")
        if not codes.table("admin_divisions").has(destinations.study.place_of(code))
    ]
    assert unplaced == []


@pytest.mark.rule("DES-02")
def test_a_school_that_the_list_does_not_know_keeps_its_name_and_the_place_that_was_told():
    kept = terms("study_at_home", school="某某科学研究所", school_area="江苏省苏州市昆山市")
    assert (kept["school"], kept["school_code"], kept["school_area"]) == ("某某科学研究所", "", "320583")


@pytest.mark.rule("DES-02")
@pytest.mark.parametrize(("subkind", "level"), [("801", "master"), ("802", "second"), ("803", "bachelor")])
def test_the_kind_of_study_says_its_level_where_there_is_only_one(subkind, level):
    assert terms("study_at_home", subkind=subkind)["level"] == level


@pytest.mark.rule("DES-02")
def test_a_file_that_goes_home_goes_to_the_office_of_the_place_of_origin():
    kept = terms("resident", archive_type="x_home", archive_receiver="随便写的", archive_address="随便写的")
    assert (kept["archive_receiver"], kept["archive_address"]) == ("江苏省苏州市昆山市公共就业和人才服务机构", "")


@pytest.mark.rule("DES-02")
@pytest.mark.parametrize(
    ("key", "over", "code"),
    [
        ("contract", {}, "11"), ("hired", {}, "12"), ("freelance", {}, "76"), ("conscript", {}, "46"), ("military", {}, "10"),
        ("national_programme", {"subkind": "502"}, "502"), ("local_programme", {"subkind": "512"}, "512"), ("local_programme", {"subkind": "519"}, "519"),
        ("assistant", {"subkind": "272"}, "272"), ("startup", {"subkind": "753"}, "753"), ("study_at_home", {"subkind": "803"}, "803"),
        ("study_abroad", {}, "85"), ("signed_otherwise", {"subkind": "sergeant"}, "10"), ("seeking", {}, "701"), ("signing", {}, "702"),
        ("exam", {}, "703"), ("plans_startup", {}, "704"), ("plans_army", {}, "705"), ("plans_study", {}, "71"), ("not_now", {}, "721"),
        ("plans_abroad", {}, "722"), ("waiting", {}, "70"), ("otherwise_not_now", {}, "72"),
    ],
)  # fmt: skip
def test_the_national_code_follows_from_type_and_sub_kind(key, over, code):
    assert destinations.record_values(key, terms(key, **over))["destination"] == code
    assert codes.table("destination_types").has(code)


# ---- what is reported


@pytest.mark.rule("DES-01")
@pytest.mark.parametrize(
    ("key", "over", "reported"),
    [
        ("contract", {"name": "云岭数据科技有限公司"}, {"employer_name": "云岭数据科技有限公司", "credit_code": credit_code(7), "area": "320583"}),
        ("directed", {}, {"employer_name": "昆山市第一中学", "signed_on": "2026-03-02"}),
        ("study_at_home", {}, {"employer_name": "南京大学", "area": "320100", "credit_code": ""}),
        ("study_abroad", {"school_zh": "曼彻斯特大学"}, {"employer_name": "曼彻斯特大学", "area": ""}),
        ("startup", {"subkind": "753", "shop": "江边书店"}, {"employer_name": "江边书店", "credit_code": ""}),
        ("military", {}, {"nature": "40", "employer_name": "填接收单位名称"}),
        ("conscript", {}, {"area": "320583", "employer_name": ""}),
        ("seeking", {}, {"area": "", "industry": "", "employer_name": ""}),
    ],
)  # fmt: skip
def test_the_employment_record_gets_what_the_type_reports(key, over, reported):
    record = destinations.record_values(key, terms(key, **over))
    assert {one: str(record[one]) for one in reported} == reported


@pytest.mark.django_db
@pytest.mark.rule("DES-01")
def test_the_record_of_every_type_at_its_longest_can_be_written(world):
    graduate = world.graduate
    for key, kind in destinations.REGISTRY.items():
        longest = {
            one.key: "长" * one.limit for one in kind.sheet if one.kind == "text" and one.key != "archive_postcode"
        }
        record = destinations.record_values(key, terms(key, **longest))
        write_record(graduate=graduate.pk, cohort=graduate.cohort, school=graduate.school_id, case="x", **record)
        row = EmploymentRecord.objects.unscoped("what was just written").get(graduate=graduate)
        assert (row.destination, row.employer_name) == (record["destination"], record["employer_name"])


def test_the_unit_shown_has_the_keys_of_every_unit_and_is_empty_where_there_is_none():
    shown = destinations.unit_shown("contract", terms("contract", name="云岭数据科技有限公司"))
    assert (shown["name"], shown["mobile"]) == ("云岭数据科技有限公司", "13900001111")
    assert set(destinations.unit_shown("seeking", terms("seeking")).values()) == {""}
    assert destinations.unit_shown("study_at_home", terms("study_at_home"))["name"] == "南京大学"


# ---- one more


VOLUNTEER = Destination(
    "volunteer",
    "志愿服务",
    Group.EMPLOYMENT,
    "519",
    Sheet("Volunteer", (Field("name", "服务机构"), Field("from_on", "开始日期", "date"))),
    Guide("到社会服务机构做一年以上的志愿服务。", "服务机构的接收证明。", "已经报到的毕业生。"),
    proofs=(ProofKind("letter", "接收证明"),),
    found=("unit.programme",),
    answer="在社会服务机构做志愿服务",
)


@pytest.mark.rule("DES-01")
def test_a_twenty_fifth_type_is_one_declaration(monkeypatch):
    monkeypatch.setitem(destinations.REGISTRY, "volunteer", VOLUNTEER)
    assert len(all_of_edition("2024")) == 25
    assert VOLUNTEER in destinations.by_group("2024", "1")[Group.EMPLOYMENT]
    assert VOLUNTEER not in destinations.types("2022")
    assert VOLUNTEER in destinations.found_at("unit.programme", "2024")
    kept = terms("volunteer", name="江边社工站")
    assert destinations.record_values("volunteer", kept)["destination"] == "519"
    assert dict(destinations.lines("volunteer", kept)) == {
        "毕业去向类型": "志愿服务", "服务机构": "江边社工站", "开始日期": "2026-07-01",
    }  # fmt: skip
    assert [kind.label for kind in destinations.proofs_of("volunteer", kept)] == ["接收证明"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "99"},
        {"subkind": "kind"},
        {"for_training": "nobody"},
        {"found": ()},
        {"found": ("unit.nowhere",)},
        {"answer": ""},
        {"proofs_of_subkind": {"501": ()}},
    ],
)
def test_a_declaration_that_cannot_be_is_an_error_at_once(wrong):
    with pytest.raises(ValueError, match="destination volunteer"):
        replace(VOLUNTEER, **wrong)
