"""A school makes forms for itself: a builder's list is whole or not kept, a published version stays as it was."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qicheng.domain.campus.effects import made as effects
from qicheng.domain.campus.models import MadeForm, MadeVersion, Part, Purpose
from qicheng.domain.campus.queries import made as queries
from qicheng.domain.campus.sheets import made as sheets
from qicheng.domain.orgs.effects.settings import Outdated
from qicheng.foundation.access import Actor, Area, Level, Role
from qicheng.foundation.flow.perform import NotFound, Refused, noted
from tests.clients import signed_in

LOST = {
    "key": "f1",
    "kind": "choice",
    "label": "遗失的是",
    "required": True,
    "choices": [["1", "三方协议"], ["2", "推荐表"]],
}
WHERE = {"key": "f2", "kind": "text", "label": "协议编号", "required": True, "when": ["f1", ["1"]]}
WAYS = {"key": "f3", "kind": "several", "label": "找过哪里", "choices": [["1", "宿舍"], ["2", "教室"], ["3", "其他"]]}
OTHER = {"key": "f4", "kind": "long", "label": "其他地方", "required": True, "when": ["f3", ["3"]]}
CALM = {"key": "f5", "kind": "scale", "label": "着急程度", "high": 5, "low_word": "不急", "high_word": "很急"}
PROOF = {"key": "p1", "kind": "proof", "label": "报失证明", "low": 1, "high": 3, "when": ["f1", ["1"]]}
FIELDS: list[dict[str, Any]] = [
    {"key": "k1", "kind": "known", "label": "姓名", "source": "name"}, LOST, WHERE, WAYS, OTHER, CALM,
    {"key": "n1", "kind": "note", "label": "说明", "hint": "补办以后原件作废"},
]  # fmt: skip


# ---- the list


def test_a_list_becomes_a_sheet_whose_fields_ask_by_each_other():
    assert sheets.faults(FIELDS) == []
    sheet = sheets.sheet_of(FIELDS)
    assert sheet.keys == ("f1", "f2", "f3", "f4", "f5")
    form = sheet.form()({"f1": "2", "f2": "丢了", "f3": ["1", "3"], "f5": "5"})
    assert {key: list(words) for key, words in form.errors.items()} == {"f4": ["其他地方还没有填写"]}
    form = sheet.form()({"f1": "1", "f2": "A-1", "f3": ["1", "2"], "f4": "食堂"})
    assert form.is_valid(), form.errors
    stored = sheet.stored(form.cleaned_data)
    assert stored == {"f1": "1", "f2": "A-1", "f3": ["1", "2"], "f4": None, "f5": ""}
    assert sheet.lines(stored) == [
        ("遗失的是", "三方协议"),
        ("协议编号", "A-1"),
        ("找过哪里", "宿舍、教室"),
        ("着急程度", ""),
    ]
    assert sheet["f5"].choices[::4] == (("1", "1（不急）"), ("5", "5（很急）"))
    assert sheets.known_of(FIELDS, sheets.SAMPLE_LINE) == [("姓名", "张三")]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"kind": "choice", "choices": []}, "「新」至少要有两个选项"), ({"kind": "choice", "choices": [["1", "是"], ["2", " "]]}, "「新」有空的选项"),
        ({"kind": "several", "choices": [["1", "是"], ["2", "是"]]}, "「新」有两个相同的选项"), ({"kind": "scale"}, "「新」还没有选打分的范围"),
        ({"kind": "whole", "low": 9, "high": 3}, "「新」的最小值比最大值大"), ({"kind": "table", "table": "passwd"}, "「新」还没有选代码表"),
        ({"kind": "known", "source": "id_number"}, "「新」还没有选带入名单里的哪一项"), ({"kind": "note", "required": True}, "「新」不用填写，不能设为必填"),
        ({"kind": "note", "when": ["f1", ["1"]]}, "「新」不能有条件"), ({"kind": "proof", "low": 5, "high": 3}, "「新」的份数最少 0 份，最多 20 份，最少不能比最多还多"),
        ({"when": ["f5", ["1"]]}, "「新」的条件要看的那一项不在它前面"), ({"when": ["f1", ["7"]]}, "「新」的条件用到了「遗失的是」里没有的选项"),
        ({"when": ["f2", ["1"]]}, "「新」的条件要看「协议编号」，但那一项不是选择题"), ({"label": "{姓名}"}, "「{姓名}」的名称里不能有花括号"),
        ({"label": "协议编号"}, "有两项都叫「协议编号」，请改成不同的名称"), ({"label": " "}, "「 」还没有名称"), ({"label": "长" * 61}, f"「{'长' * 61}」的名称最多 60 个字"),
        ({"key": "f1"}, "「新」和另一项的编号重复，请删掉重新添加"), ({"kind": "script"}, "第 3 项看不懂，请删掉重新添加"),
        ({"when": "f1"}, "第 3 项看不懂，请删掉重新添加"), ({"choices": [["1"]]}, "第 3 项看不懂，请删掉重新添加"), ({"more": 1}, "第 3 项看不懂，请删掉重新添加"),
        ({"low": True}, "第 3 项看不懂，请删掉重新添加"), ({"key": "a b"}, "第 3 项看不懂，请删掉重新添加"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_entry_is_said_in_words(entry, words):
    assert sheets.faults([LOST, WHERE, {"key": "f9", "kind": "text", "label": "新"} | entry]) == [words]


words_ = st.text("是否甲乙丙 {}\n", max_size=4)
entry_ = st.fixed_dictionaries(
    {"key": st.sampled_from(["f1", "f2", "f3", "f 4", ""]), "kind": st.sampled_from([*sheets.KINDS, "x"]), "label": words_},
    optional={
        "required": st.booleans(), "hint": words_, "low": st.none() | st.integers(-3, 12), "high": st.none() | st.integers(-3, 12),
        "choices": st.lists(st.lists(st.sampled_from(["1", "2", "是", "否", ""]), min_size=1, max_size=2), max_size=3),
        "table": st.sampled_from([*sheets.TABLES, "x", ""]), "source": st.sampled_from(["name", "id_number", ""]),
        "when": st.none() | st.tuples(st.sampled_from(["f1", "f2"]), st.lists(st.sampled_from(["1", "2"]), max_size=2)).map(list),
    },
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@example([{"key": "f1", "kind": "proof", "label": "丙"}])
@given(
    st.lists(entry_ | st.dictionaries(st.sampled_from(["key", "kind", "when"]), st.none() | st.integers()), max_size=4)
)
def test_a_list_has_faults_in_words_or_it_makes_a_form(entries):
    found = sheets.faults(entries)
    assert all(isinstance(words, str) and words for words in found)
    if not found:
        sheet = sheets.sheet_of(entries)
        sheet.form(2026)(dict.fromkeys(sheet.keys, "1")).is_valid()
        given_ = {entry["key"]: sheets.sample_of(entry) for entry in sheets.asked_of(entries)}
        assert len(sheet.lines(given_)) == sum(field.is_asked(given_) for field in sheet)
        for place, entry in enumerate(entries):
            again = sheets.entry_sheet(entries[:place]).form()(sheets.typed_of(entry))
            assert again.is_valid(), again.errors
            assert sheets.told(entry, entries[:place])


def test_the_builders_form_gives_the_entry_back_and_keeps_the_values_of_choices():
    before = [LOST]
    for entry in (LOST, WHERE, WAYS, CALM, *FIELDS[-1:], PROOF):
        form = sheets.entry_sheet(before).form()(sheets.typed_of(entry))
        assert form.is_valid(), form.errors
        assert sheets.entry_of(entry["key"], form.cleaned_data, entry) == entry
    typed = sheets.typed_of(LOST) | {"options": "推荐表\n\n 报到证 \n三方协议"}
    form = sheets.entry_sheet(()).form()(typed)
    assert form.is_valid()
    assert sheets.entry_of("f1", form.cleaned_data, LOST)["choices"] == [
        ["2", "推荐表"],
        ["3", "报到证"],
        ["1", "三方协议"],
    ]
    both = sheets.entry_sheet([LOST, WAYS]).form()(sheets.typed_of(WHERE) | {"conditions": ["f1:1", "f3:1"]})
    assert dict(both.errors) == {"conditions": ["只能勾选同一题的选项"]}


def test_two_versions_compare_in_words_and_only_what_was_moved_counts_as_moved():
    after = [FIELDS[1], FIELDS[2], {**WAYS, "required": True}, CALM, FIELDS[0]]
    assert sheets.differences(FIELDS, after) == [
        ("找过哪里", "找过哪里：多选，宿舍、教室、其他，选填", "找过哪里：多选，宿舍、教室、其他，必填"),
        (
            "姓名",
            "第 1 项，姓名：名单里的信息（自动带入，不能改），姓名",
            "第 5 项，姓名：名单里的信息（自动带入，不能改），姓名",
        ),
        ("其他地方", "其他地方：填一段话，必填，「找过哪里」选「其他」时才问", ""),
        ("说明", "说明：只显示一段说明；补办以后原件作废", ""),
    ]
    assert sheets.differences(FIELDS, FIELDS) == []


# ---- as rows


@pytest.fixture
def school(world):
    world.open_parts(Part.QUESTIONNAIRES)
    return world.actor(Role.SCHOOL)


def begin(actor: Actor, cohort: int = 2026, *, fields: Any = FIELDS, **said: Any) -> MadeForm:
    return effects.make_form(actor, cohort, Purpose.QUESTIONNAIRE, {"title": "就业意向调查", **said}, fields)


def now(form: MadeForm) -> MadeForm:
    return MadeForm.all_rows.select_related("current").get(pk=form.pk)


@pytest.mark.django_db
@pytest.mark.rule("CAM-05", "PKU-08")
def test_a_form_is_edited_entry_by_entry_on_record_and_keeps_nothing_that_is_wrong(world, school):
    form = begin(school)
    made = lambda: queries.in_the_making(form).fields  # noqa: E731
    typed = {"kind": "date", "label": "哪天丢的", "required": True, "conditions": ["f1:2"]}
    assert effects.put_entry(school, form.public_id, 1, "", typed) == "f6"
    assert made()[-1] == {"key": "f6", "kind": "date", "label": "哪天丢的", "required": True, "when": ["f1", ["2"]]}
    effects.move_entry(school, form.public_id, 2, "f6", -1)
    assert [entry["key"] for entry in made()][-2:] == ["f6", "n1"]
    effects.remove_entry(school, form.public_id, 3, "f6")
    assert made() == FIELDS
    for act, why in [
        (lambda seen: effects.remove_entry(school, form.public_id, seen, "f1"), "「协议编号」的条件要看的那一项不在它前面"),
        (lambda seen: effects.move_entry(school, form.public_id, seen, "f2", -1), "「协议编号」的条件要看的那一项不在它前面"),
        (lambda seen: effects.put_entry(school, form.public_id, seen, "f1", {"kind": "choice", "label": "遗失的是", "options": "推荐表\n报到证"}),
         "「协议编号」的条件用到了「遗失的是」里没有的选项"),
        (lambda seen: effects.put_entry(school, form.public_id, seen, "", {"kind": "text", "label": "姓名"}), "有两项都叫「姓名」"),
        (lambda seen: effects.remove_entry(school, form.public_id, seen, "f77"), "已经不在表里了"),
    ]:  # fmt: skip
        with pytest.raises(Refused, match=why):
            act(4)
    with pytest.raises(Outdated):
        effects.remove_entry(school, form.public_id, 3, "n1")
    assert (made(), now(form).version) == (FIELDS, 4)
    effects.change_form(school, form.public_id, 4, {"title": "意向", "every_cohort": True}, 2026)
    assert [record.act for record in noted("made_form")] == ["change", "remove_entry", "move_entry", "put_entry", "add"]
    assert noted("made_form")[1].changes == {"哪天丢的": ["哪天丢的：日期，必填，「遗失的是」选「推荐表」时才问", ""]}
    assert noted("made_form")[0].changes["名称"] == ["就业意向调查", "意向"]
    assert now(form).cohort == 0


@pytest.mark.django_db
@pytest.mark.rule("CAM-05", "PKU-08")
def test_a_published_version_is_frozen_and_a_change_makes_the_next_one(world, school):
    form = begin(school)
    first = effects.publish(school, form.public_id, 1)
    assert (now(form).current, now(form).is_open, first.number) == (first, True, 1)
    with pytest.raises(Refused, match="先开始一个新版本"):
        effects.remove_entry(school, form.public_id, 2, "n1")
    with pytest.raises(DatabaseError), transaction.atomic():
        MadeVersion.all_rows.filter(pk=first.pk).update(fields=[])
    second = effects.revise(school, form.public_id, 2)
    effects.remove_entry(school, form.public_id, 3, "n1")
    assert (now(form).current, second.number) == (first, 2)
    with pytest.raises(Refused, match="已经有一版正在修改"):
        effects.revise(school, form.public_id, 4)
    effects.publish(school, form.public_id, 4)
    assert [len(version.fields) for version in queries.versions_of(form)] == [6, 7]
    assert now(form).current_id == second.pk
    effects.close(school, form.public_id, 5)
    assert queries.published(world.school.pk, 2026, Purpose.QUESTIONNAIRE) == []
    effects.reopen(school, form.public_id, 6)
    assert queries.published(world.school.pk, 2026, Purpose.QUESTIONNAIRE) == [form]


@pytest.mark.django_db
def test_nobody_else_makes_or_changes_a_form_and_an_empty_one_is_not_published(world, school):
    form = begin(school, fields=[FIELDS[0]])
    with pytest.raises(Refused, match="还没有一项要填写的内容"):
        effects.publish(school, form.public_id, 1)
    with pytest.raises(NotFound):
        effects.publish(world.stranger_actor(Role.SCHOOL), form.public_id, 1)
    reader = Actor(Role.SCHOOL, school.node, school.account, dict.fromkeys(Area, Level.READ))
    for other in (reader, world.actor(Role.COLLEGE), world.actor(Role.GRADUATE)):
        with pytest.raises(Refused, match="没有这项操作的权限"):
            effects.close(other, form.public_id, 1)
    with pytest.raises(Refused, match="没有开启「学校自己的申请事项」"):
        effects.make_form(school, 2026, Purpose.APPLICATION, {"title": "补办"})
    assert queries.open_forms(world.school.pk, 2026, Purpose.QUESTIONNAIRE, now(form).made_at.date()) == []


@pytest.mark.django_db
@pytest.mark.rule("CAM-05")
def test_the_builders_pages_say_what_is_wrong_and_belong_to_the_school_that_has_the_part(world):
    world.open_parts(Part.APPLICATIONS)
    client, root = signed_in(world.seats[Role.SCHOOL]), "/settings/forms/application/"
    assert (
        client.get("/settings/forms/questionnaire/").status_code == client.get("/settings/forms/x/").status_code == 404
    )
    made_ = client.post(f"{root}new/", {"example": "agreement"})["Location"]
    form = MadeForm.all_rows.get()
    assert made_ == f"{root}{form.public_id}/"
    page = client.get(made_).content.decode()
    assert ("三方协议遗失补办" in page, "发布第 1 版" in page) == (True, True)
    wrong = client.post(f"{made_}add/", {"seen": "1", "label": "经过", "kind": "choice", "options": "一项"})
    assert wrong.status_code == 422
    assert ["「经过」至少要有两个选项" in wrong.content.decode(), "有两项都叫「经过」" in wrong.content.decode()] == [
        True,
        True,
    ]
    more = client.post(f"{made_}add/", {"seen": "1", "label": "补充", "kind": "long", "step": "more"})
    assert more["Location"] == f"{made_}add/"
    assert client.post(f"{made_}entry/f7/up/", {"seen": "2"}).status_code == 302
    assert client.post(f"{made_}entry/f7/sideways/", {"seen": "3"}).status_code == 404
    rules = client.post(
        f"{made_}rules/", {"seen": "3", "levels": "both", "often": "once", "after": "any", "result_text": "{谁}"}
    )
    assert "打印件的正文里的 {谁} 不知道是哪一项" in rules.content.decode()
    tried = client.post(f"{made_}version/1/", {"f1": "3", "f2": "A-1", "f4": "1", "f6": "弄湿了"}).content.decode()
    assert ("这样填可以提交。" in tried, "破损的协议" in tried, "单位同意补办的说明" in tried) == (True, True, False)
    assert client.get(f"{made_}version/1/result.pdf").content.startswith(b"%PDF")
    assert client.post(f"{made_}step/publish/", {"seen": "3"}).status_code == 302
    assert client.get(f"{made_}add/").status_code == client.get(f"{made_}rules/").status_code == 302
    client.post(f"{made_}step/revise/", {"seen": "4"})
    client.post(f"{made_}entry/f7/remove/", {"seen": "5"})
    assert "<del>补充：填一段话，选填</del>" in client.get(f"{made_}version/2/changes/").content.decode()
    assert (
        client.post(
            f"{made_}about/", {"seen": "6", "title": "补办", "opens_on": "2026-06-02", "closes_on": "2026-06-01"}
        ).status_code
        == 422
    )
    stranger = signed_in(world.stranger_seats[Role.SCHOOL])
    world.open_parts(Part.APPLICATIONS, school=world.other_school)
    assert (stranger.get(root).status_code, stranger.get(made_).status_code) == (200, 404)
    assert signed_in(world.seats[Role.COLLEGE]).get(root).status_code == 404
