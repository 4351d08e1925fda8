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


@pytest.mark.parametrize(("kind", "table"), [("colour", ""), ("code", ""), ("text", "job_categories")])
def test_a_field_of_an_unknown_kind_or_with_a_table_that_it_does_not_use_is_an_error(kind, table):
    with pytest.raises(ValueError, match="field x"):
        Field("x", "X", kind, table=table)
