"""The printed forms: every field of the table, the same bytes for the same words, on record, for those who may see the case (PKU-06)."""

from __future__ import annotations

from typing import Any

import pytest

from qicheng.domain.campus.effects.prints import printed
from qicheng.domain.campus.models import Part
from qicheng.domain.campus.queries.prints import own_form, papers_for, said
from qicheng.domain.campus.sheets.prints import BY_HAND, FORMS, PLACES, laid_out, signed_by
from qicheng.foundation import codes
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import Refused, perform
from qicheng.foundation.papers.models import Paper
from tests.clients import signed_in
from tests.domain.campus import consenting as has

pytestmark = [pytest.mark.django_db, pytest.mark.rule("PKU-06"), pytest.mark.usefixtures("before_the_years_end")]
WITHOUT_GLYPH = "\U0002a6a5"  # four dragons: no shipped font has it


def test_every_form_has_every_field_of_the_table_and_places_for_all_who_sign():
    table = codes.table("printed_fields")
    assert {table.row(code)["form"] for code in table} == set(FORMS)
    assert sum(len(form.fields) for form in FORMS.values()) == len(table)
    for form in FORMS.values():
        values = laid_out(form, {}, school="江临大学", cohort=2026, made_at="2026-06-01T10:00:00+08:00")
        shown = [row["label"] for block in values["blocks"] for row in block["rows"]]
        assert shown == [label for _, label, block in form.fields if block != "签字"]
        assert [one["title"] for one in values["signs"]] == [title for title, _ in signed_by(form)]
        assert values["signs"][0] == {"title": "本人签字", "lines": ["签字", "日期"]}
    known = {key for form in FORMS.values() for key, _, _ in form.fields}
    assert (known >= BY_HAND, known >= set(PLACES)) == (True, True)


def test_the_papers_of_the_table_are_those_of_the_choices():
    papers, forms = codes.table("declared_papers"), codes.table("employment_forms")
    named = {kind for key in papers for kind in papers.row(key)["kinds"].split("|")} - {""}
    assert named == set(forms) - {"flex.abroad", "unemployed"}
    assert {papers.row(key)["form"] for key in papers} - {""} == set(FORMS)


def test_a_form_says_what_was_asked_for_and_printing_it_again_gives_the_same_bytes(world):
    has.opened(world)
    made = has.asked(world, has.drafted(world))
    own = world.of(world.graduate)
    form = own_form(made)
    words = said(form, made)
    assert (words["name"], words["kind"], words["until"]) == ("陈诚", "灵活就业（用人单位证明）", "2026 年 12 月 31 日")
    one, other = printed(form, made, own), printed(form, made, world.actor(Role.COLLEGE))
    assert (one == other, one[:5]) == (True, b"%PDF-")
    paper = Paper.objects.get(kind="campus.defer_dispatch")
    downloads = Record.objects.filter(flow="deferral", act="print").order_by("id")
    assert [(record.role, record.changes["表格"][1]) for record in downloads] == [
        ("graduate", "暂缓派遣申请"),
        ("college", "暂缓派遣申请"),
    ]
    # Other words are another paper; the first one stays as it was kept.
    perform(made, "edit", own, reason="单位来函，年底以前接收户口和档案")
    assert (
        printed(form, made, own) != one,
        Paper.objects.filter(kind="campus.defer_dispatch", state="made").count(),
    ) == (True, 2)
    paper.refresh_from_db()
    assert paper.is_made


def test_what_is_missing_or_cannot_be_printed_is_said_in_words(world):
    has.opened(world)
    made = has.asked(world, has.drafted(world))
    own = world.of(world.graduate)
    perform(made, "edit", own, reason="")
    with pytest.raises(Refused, match="还没有填：申请理由。填好以后再打印暂缓派遣申请。"):
        printed(own_form(made), made, own)
    perform(made, "edit", own, reason=f"单位在{WITHOUT_GLYPH}县")
    with pytest.raises(Refused, match=f"“{WITHOUT_GLYPH}”字库里没有，暂缓派遣申请暂不能生成"):
        printed(own_form(made), made, own)
    assert Paper.objects.get(kind="campus.defer_dispatch").state == "held"


def opens(client: Any, *parts: str) -> int:
    return client.get("/".join(("", "campus", *parts))).status_code


def test_pages_and_papers_are_for_those_who_may_see_the_case(world):
    has.opened(world)
    case = has.drafted(world)
    made = has.waiting(world, case)
    place = f"{made.public_id}.pdf"
    graduate, college, school = (signed_in(world.seats[role]) for role in (Role.GRADUATE, Role.COLLEGE, Role.SCHOOL))
    for client in (graduate, college, school):
        answer = client.get(f"/campus/papers/defer_dispatch/{place}")
        assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (
            200,
            "application/pdf",
            "private, no-store",
        )
    for seat in (world.other_college_seat, *(world.stranger_seats[role] for role in (Role.SCHOOL, Role.GRADUATE))):
        assert opens(signed_in(seat), "papers", "defer_dispatch", place) == 404
    assert (
        opens(graduate, "papers", "no_such_form", place)
        == opens(graduate, "papers", "freelance_statement", f"{case.public_id}.pdf")
        == 404
    )
    page = graduate.get("/campus/papers/").content.decode()
    assert all(
        words in page for words in ("劳动合同或用人证明", "院系就业工作负责老师", "6 月 10 日院系上报就业方案以前")
    )
    assert "暂缓派遣申请" in page
    assert opens(college, "papers", f"{case.public_id}/") == 404  # not submitted yet
    has.submitted(world, case)
    assert case.title in college.get(f"/campus/papers/{case.public_id}/").content.decode()
    world.open_parts(Part.NEWS)
    assert [
        opens(graduate, "papers", ""),
        opens(school, "deferrals", ""),
        opens(college, "destination-changes", ""),
    ] == [404] * 3


def test_each_choice_names_its_papers(world):
    has.opened(world)
    named = {}
    for kind in ("agreement", "freelance", "startup", "abroad.cscse", "unemployed"):
        named[kind] = [one.name for one in papers_for(has.drafted(world, kind))]
        has.forget(world)
    assert named == {
        "agreement": ["三方协议书"], "freelance": ["自由职业声明"], "startup": ["自主创业声明", "营业执照复印件"],
        "abroad.cscse": ["出国申请表", "户档转教育部留学服务中心申请表"], "unemployed": [],
    }  # fmt: skip


def test_declarations_say_what_the_form_says_and_leave_to_the_hand_what_nobody_knows(world):
    has.opened(world)
    own = world.of(world.graduate)
    case = has.drafted(world, "freelance", area="320583")
    words = said(FORMS["freelance_statement"], case)
    assert (words["occupation"], words["place"], words.get("income", "")) == (
        has.FITTING["name"],
        "江苏省苏州市昆山市",
        "",
    )
    assert printed(FORMS["freelance_statement"], case, own)[:5] == b"%PDF-"
    has.turned(case, "startup")
    assert said(FORMS["startup_statement"], case)["licence"] == ""
    has.prove(case, world, every=True)
    words = said(FORMS["startup_statement"], case)
    assert (words["company"], words["licence"]) == (has.FITTING["name"], "已上传 1 份")
    has.turned(case, "abroad.cscse")
    words = said(FORMS["cscse_transfer"], case)
    assert (words["country"], words["subject"], words["major"]) == ("英国", "电气工程", world.graduate.major)
    assert (said(FORMS["abroad_application"], case)["kept_at"], words["archive_now"]) == (
        "教育部留学服务中心",
        "江临大学",
    )
    has.turned(case, "abroad.home")
    assert said(FORMS["abroad_application"], case)["kept_at"].startswith("生源地　")
    assert [one.lacks for one in papers_for(case) if one.form] == [()]
