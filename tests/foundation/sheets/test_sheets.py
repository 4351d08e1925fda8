"""Fields declared once: the form, what it shows, what has changed, what is kept."""

from __future__ import annotations

from datetime import date

import pytest

from qicheng.foundation.sheets import EMPTY, Field, Sheet

TERMS = Sheet(
    "Terms",
    (
        Field("job", "职位类别", "code", table="job_categories"),
        Field("post", "岗位名称", limit=6),
        Field("area", "工作地区", "area", required=False),
        Field("days", "有效期", "whole", required=False, low=1, high=30, unit="天"),
        Field("by", "报到期限", "date", required=False),
        Field("phone", "固话", "phone", required=False),
        Field("mobile", "手机", "mobile", required=False),
        Field("kind", "方式", "choice", required=False, choices=(("a", "线上"), ("b", "线下"))),
        Field("on", "开启", "switch", required=False),
        Field("mail", "邮箱", "email", required=False),
        Field("more", "补充", "long", required=False, limit=10),
    ),
    check=lambda given: {} if given.get("phone") or given.get("mobile") else {"mobile": "固话和手机必填一个"},
)
GOOD = {
    "job": "13",
    "post": "分析师",
    "area": "110102",
    "days": "3",
    "by": "2026-08-31",
    "mobile": "13900000000",
    "kind": "a",
    "on": "on",
}


def test_a_good_form_gives_clean_values():
    form = TERMS.form(2026)(GOOD)
    assert form.is_valid(), form.errors
    assert {key: form.cleaned_data[key] for key in ("job", "post", "days", "by", "on", "mail")} == {
        "job": "13", "post": "分析师", "days": 3, "by": date(2026, 8, 31), "on": True, "mail": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("job", "", "职位类别还没有选择"), ("job", "999", "职位类别里没有这一项，请重新选择"), ("post", "", "岗位名称还没有填写"),
        ("post", "一二三四五六七", "岗位名称最多 6 个字"), ("area", "000000", "没有这个地区，请从省开始重新选择"), ("days", "0", "有效期最小是 1"),
        ("days", "31", "有效期最大是 30"), ("days", "三", "有效期要填整数"), ("days", "1.5", "有效期要填整数"),
        ("by", "明天", "报到期限填写的内容看不懂，请对照提示重填"), ("phone", "abc", "电话只能有数字和短横，请对照再填"),
        ("mobile", "1390000000", "手机号是 11 位数字，请对照再填"), ("kind", "c", "方式里没有这一项，请重新选择"),
        ("mail", "x", "邮箱填写的内容看不懂，请对照提示重填"), ("more", "一" * 11, "补充最多 10 个字"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named_by_its_field_and_what_helps(key, value, words):
    form = TERMS.form(2026)({**GOOD, key: value})
    assert {name: list(errors) for name, errors in form.errors.items()} == {key: [words]}


def test_the_check_across_fields_speaks_at_its_field_and_only_where_that_is_not_wrong_already():
    form = TERMS.form(2026)({**GOOD, "mobile": ""})
    assert dict(form.errors) == {"mobile": ["固话和手机必填一个"]}
    form = TERMS.form(2026)({**GOOD, "mobile": "1"})
    assert dict(form.errors) == {"mobile": ["手机号是 11 位数字，请对照再填"]}


def test_a_form_takes_no_field_that_its_sheet_does_not_name():
    form = TERMS.form(2026)({**GOOD, "state": "effective", "version": "9", "school_id": "1"})
    assert form.is_valid()
    assert set(form.cleaned_data) == set(TERMS.keys)


def test_values_are_shown_in_the_reader_s_words():
    shown = dict(TERMS.lines({"job": "13", "post": "分析师", "area": "110102", "days": 3, "kind": "b", "on": False}))
    assert (shown["工作地区"], shown["有效期"], shown["方式"], shown["开启"], shown["邮箱"]) == (
        "北京市西城区",
        "3 天",
        "线下",
        "否",
        "",
    )
    assert shown["职位类别"] not in ("", "13")
    assert TERMS.lines({"post": "分析师"}, ("post",)) == [("岗位名称", "分析师")]


def test_changes_are_what_differs_before_and_after_in_words():
    assert TERMS.changes({"post": "分析师", "days": None, "more": ""}, {"post": "工程师", "days": 3, "more": None}) == {
        "岗位名称": ["分析师", "工程师"], "有效期": [EMPTY, "3 天"],
    }  # fmt: skip
    assert TERMS.changes(GOOD, GOOD) == {}


def test_what_is_kept_is_plain_and_has_every_field():
    kept = TERMS.stored({"by": date(2026, 8, 31), "post": "分析师", "state": "effective"})
    assert kept == dict.fromkeys(TERMS.keys) | {"by": "2026-08-31", "post": "分析师"}


def test_columns_and_keys_stand_in_the_order_of_the_declaration():
    assert TERMS.columns[:3] == ["职位类别", "岗位名称", "工作地区"]
    assert (TERMS["post"].limit, [field.key for field in TERMS][:2]) == (6, ["job", "post"])


@pytest.mark.parametrize(
    ("kind", "table"),
    [("colour", ""), ("code", ""), ("text", "job_categories"), ("lookup", ""), ("credit", "countries")],
)
def test_a_field_of_an_unknown_kind_or_with_a_table_that_it_does_not_use_is_an_error(kind, table):
    with pytest.raises(ValueError, match="field x"):
        Field("x", "X", kind, table=table)


# ---- fields that another field asks for

SHOP = Sheet(
    "Shop",
    (
        Field("form", "创业形式", "choice", choices=(("company", "公司"), ("shop", "网店"))),
        Field("licence", "执照编号", limit=4, when=("form", ("company",))),
        Field("since", "开业日期", "date", required=False, when=("form", ("company", "shop"))),
        Field("way", "收款方式", "choice", choices=(("card", "银行卡"), ("other", "其他")), when=("form", ("shop",))),
        Field("words", "怎么收款", when=("way", ("other",))),
    ),
)


@pytest.mark.parametrize(
    ("given", "wrong", "kept"),
    [
        ({"form": "company", "licence": "12"}, {}, {"licence": "12", "way": None, "words": None}),
        ({"form": "company"}, {"licence": ["执照编号还没有填写"]}, {}),
        ({"form": "company", "licence": "12345"}, {"licence": ["执照编号最多 4 个字"]}, {}),
        ({"form": "shop", "way": "card", "licence": "12345", "words": "现金"}, {}, {"licence": None, "words": None, "way": "card"}),
        ({"form": "shop", "way": "other"}, {"words": ["怎么收款还没有填写"]}, {}),
        ({"form": "shop"}, {"way": ["收款方式还没有选择"]}, {}),
        ({"licence": "12", "way": "other"}, {"form": ["创业形式还没有选择"]}, {"licence": None, "way": None, "words": None}),
    ],
)  # fmt: skip
def test_a_field_that_is_not_asked_is_empty_and_one_that_is_asked_is_required(given, wrong, kept):
    form = SHOP.form()(given)
    assert {name: list(errors) for name, errors in form.errors.items()} == wrong
    assert {key: form.cleaned_data[key] for key in kept} == kept


def test_a_field_that_is_not_asked_is_not_shown_either():
    assert SHOP.lines({"form": "shop", "way": "card", "licence": "12"}) == [
        ("创业形式", "网店"), ("开业日期", ""), ("收款方式", "银行卡"),
    ]  # fmt: skip


def test_a_control_knows_by_what_it_is_asked_in_words_and_for_scripts():
    form = SHOP.form()()
    asked = {
        key: (field.asked_by, field.asked_when) for key, field in form.fields.items() if hasattr(field, "asked_by")
    }
    assert asked == {
        "licence": ("form=company", "创业形式选「公司」时填写"), "since": ("form=company shop", "创业形式选「公司、网店」时可以填写"),
        "way": ("form=shop", "创业形式选「网店」时填写"), "words": ("way=other", "收款方式选「其他」时填写"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [
        (Field("a", "A"), Field("a", "B")),
        (Field("a", "A", when=("b", ("1",))),),
        (Field("a", "A", when=("b", ("1",))), Field("b", "B", "choice", choices=(("1", "一"),))),
        (Field("b", "B", "choice", choices=(("1", "一"),)), Field("a", "A", when=("b", ("2",)))),
        (Field("b", "B", "choice", choices=(("1", "一"),)), Field("a", "A", when=("b", ()))),
    ],
)
def test_a_sheet_that_could_never_ask_a_field_is_an_error_at_once(fields):
    with pytest.raises(ValueError, match="sheet Wrong"):
        Sheet("Wrong", fields)


# ---- entries of long tables, and credit codes

FOUND = Sheet(
    "Found",
    (
        Field("school", "院校", "lookup", table="universities_2022"),
        Field("other", "别的院校", "lookup", table="universities_2022", required=False, is_open=True),
        Field("place", "地点", "lookup", table="admin_divisions", required=False),
        Field("credit", "信用代码", "credit", required=False),
    ),
)


@pytest.mark.parametrize("typed", ["北京大学", "10001", " 北京大学 ", "１０００１"])
def test_an_entry_of_a_table_is_found_by_name_or_code_and_shown_by_its_name(typed):
    form = FOUND.form()({"school": typed, "place": "昆山市"})
    assert form.is_valid(), form.errors
    assert (form.cleaned_data["school"], form.cleaned_data["place"]) == ("10001", "320583")
    again = FOUND.form()(initial=FOUND.stored(form.cleaned_data))
    assert (again["school"].value(), again["place"].value()) == ("北京大学", "江苏省苏州市昆山市")
    assert FOUND.lines(form.cleaned_data, ("place",)) == [("地点", "江苏省苏州市昆山市")]


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"school": ""}, {"school": "院校还没有填写"}),
        ({"school": "北京大"}, {"school": "院校没有找到这个名称。要填的是不是：北京大学"}),
        ({"school": "没有这所"}, {"school": "院校没有找到这个名称。请填全称，或者填代码"}),
        ({"school": "10001", "place": "朝阳区"}, {"place": "地点没有找到这个名称。要填的是不是：北京市朝阳区、吉林省长春市朝阳区"}),
        ({"school": "10001", "credit": "91"}, {"credit": "统一社会信用代码少 16 位，现在是 2 位，请补全到 18 位"}),
    ],
)  # fmt: skip
def test_what_is_not_found_is_told_with_what_comes_near(given, wrong):
    form = FOUND.form()(given)
    assert {name: errors[0] for name, errors in form.errors.items()} == wrong


def test_an_open_look_up_keeps_what_the_table_does_not_know():
    form = FOUND.form()({"school": "10001", "other": "某某研究所"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["other"] == "某某研究所"
    assert FOUND.lines(form.cleaned_data, ("other",)) == [("别的院校", "某某研究所")]


def test_a_credit_code_is_kept_in_one_spelling():
    form = FOUND.form()({"school": "10001", "credit": " 9135010 0M000100y43"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["credit"] == "91350100M000100Y43"


@pytest.mark.parametrize(("kept", "shown"), [("202606", "2026-06"), ("", ""), (None, ""), ("2026年6月", "2026年6月")])
def test_a_month_is_shown_with_its_year_apart(kept, shown):
    month = Sheet("Month", (Field("graduates_on", "毕业时间", "month"),))
    assert month.lines({"graduates_on": kept}) == [("毕业时间", shown)]
