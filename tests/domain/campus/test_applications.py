"""A school declares an application; a graduate completes it as it was declared when it was begun (CAM-05)."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from qicheng.domain.campus.effects import applications as effects
from qicheng.domain.campus.effects import made
from qicheng.domain.campus.flows.application import APPLICATION
from qicheng.domain.campus.models import Application, MadeForm, NewsItem, Part
from qicheng.domain.campus.queries import applications as queries
from qicheng.domain.campus.queries.made import in_the_making
from qicheng.domain.campus.sheets import applications as sheets
from qicheng.domain.campus.sheets.made import faults
from qicheng.domain.registration import guards
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import SYSTEM, Role
from qicheng.foundation.flow.gather import add_proof
from qicheng.foundation.flow.perform import NotFound, Refused, begin, find, open_acts, perform
from qicheng.foundation.papers import store
from tests.clients import signed_in
from tests.domain.campus.applying import (
    ANSWERS,
    FIELDS,
    NO_NOTICE,
    TERMS,
    applied,
    days_ago,
    drafted,
    noticed,
    open_applications,
    published,
)
from tests.world import World, picture

pytestmark = [pytest.mark.django_db, pytest.mark.rule("CAM-05")]


@pytest.fixture
def school(world):
    open_applications(world)
    return world.actor(Role.SCHOOL)


# ---- the way of one application


def test_an_application_goes_through_its_levels_and_its_notice_to_a_printed_result(world, school):
    case = applied(world, published(world))
    assert (case.state, case.answers, case.line["college"]) == ("college_review", ANSWERS, "计算机学院")
    perform(case, "approve", world.actor(Role.COLLEGE))
    perform(case, "approve", school)
    assert case.state == "noticed"
    item = NewsItem.all_rows.get(source=f"application:{case.public_id}")
    assert (item.title, item.text, item.withdrawn_at) == ("遗失公示", "陈诚遗失 A-001", None)
    assert queries.noticed(world.school.pk) == [case]
    days = case.noticed_until - timezone.now()
    assert timedelta(days=7) < days <= timedelta(days=8)
    with pytest.raises(Refused, match="没有异议的期满自动办结"):
        perform(case, "issue", school)
    assert effects.end_notices() == 0
    with days_ago(9):
        other = noticed(world, case.form, world.neighbour)
    assert (effects.end_notices(), find(Application, other.public_id, school).state) == (1, "done")
    assert NewsItem.all_rows.get(source=f"application:{other.public_id}").withdrawn_at is not None
    assert (effects.end_notices(), find(Application, case.public_id, school).state) == (0, "noticed")


@pytest.mark.rule("ROS-03", "ROS-07")
@pytest.mark.parametrize("held", ["closed", "removed"])
def test_a_public_notice_ends_although_nobody_may_act_any_more(world, school, monkeypatch, held):
    form = published(world)
    waits = applied(world, form, world.neighbour)
    with days_ago(9):
        case = noticed(world, form)
    if held == "closed":
        monkeypatch.setattr(guards, "cohort_closes", lambda cohort: timezone.now() - timedelta(days=1))
    else:
        Graduate.all_rows.filter(pk__in=(world.graduate.pk, world.neighbour.pk)).update(removed_at=timezone.now())
    with pytest.raises(Refused, match="现在只能查看" if held == "closed" else "已从学校名单中删除"):
        perform(waits, "approve", world.reviewer(waits, Role.COLLEGE))
    assert (effects.end_notices(), find(Application, case.public_id, SYSTEM).state) == (1, "done")
    assert NewsItem.all_rows.get(source=f"application:{case.public_id}").withdrawn_at is not None


@pytest.mark.parametrize(
    ("levels", "days", "way"),
    [
        ("none", None, ["done"]), ("none", 3, ["noticed"]), ("college", None, ["college_review", "done"]),
        ("school", 3, ["school_review", "noticed"]), ("both", None, ["college_review", "school_review", "done"]),
    ],
)  # fmt: skip
def test_the_version_says_who_reviews_and_whether_it_is_noticed(world, school, levels, days, way):
    terms = {"levels": levels, **(NO_NOTICE if days is None else {"notice_days": days})}
    case = applied(world, published(world, **terms))
    passed = [case.state]
    while case.state in ("college_review", "school_review"):
        role = case.standing.turn
        assert [key for key, _, look in queries.stations(case, role) if look == "you"] == [role.label]
        perform(case, "approve", world.actor(role))
        passed.append(case.state)
    assert passed == way
    assert (case.number != "", case.closed_at is not None) == (passed[-1] == "done",) * 2


def test_a_result_is_printed_once_from_what_the_case_froze_and_can_be_asked_whether_it_is_genuine(world, school):
    case = applied(world, published(world, levels="none", **NO_NOTICE))
    world.graduate.name = "陈改名"
    world.graduate.save()
    paper = effects.make_result(str(case.public_id))
    text = "".join("".join(page.extract_text() for page in PdfReader(BytesIO(store.read(paper))).pages).split())
    for words in ("补办证明", "陈诚，计算机学院，原编号A-001。", "凭本证明补办。", case.school.name):
        assert words in text
    assert effects.make_result(str(case.public_id)).pk == paper.pk
    assert queries.genuine(case.number, queries.check_token(case.number)) == case
    assert queries.genuine(case.number, queries.check_token("other")) is None
    assert effects.make_result(str(drafted(world, published(world, title="另一项")).public_id)) is None


def test_what_is_asked_by_an_answer_is_asked_as_a_proof_too(world, school):
    form, actor = published(world, **NO_NOTICE), world.actor(Role.GRADUATE)
    case = drafted(world, form, f1="2", f2="空着")
    assert [kind.label for kind in case.proofs_asked] == ["破损的原件"]
    with pytest.raises(Refused, match="还缺证明材料：破损的原件"):
        perform(case, "submit", actor)
    add_proof(case, "p1", picture(1), actor)
    perform(case, "submit", actor)
    assert case.answers == {"f1": "2", "f2": None}


def test_it_is_returned_withdrawn_rejected_objected_to_and_taken_back(world, school):
    form, actor, college = published(world, often="again"), world.actor(Role.GRADUATE), world.actor(Role.COLLEGE)
    case = applied(world, form)
    perform(case, "return", college, reason="01", words="编号不对")
    perform(case, "edit", actor, f2="A-002")
    perform(case, "submit", actor)
    with pytest.raises(Refused, match="已经有一份这样的申请在办"):
        begin(APPLICATION, actor, form=form)
    perform(case, "recall", actor)
    with pytest.raises(NotFound):
        find(Application, case.public_id, college)
    with pytest.raises(Refused, match="没有提交的"):
        begin(APPLICATION, actor, form=form)
    perform(case, "submit", actor)
    perform(case, "approve", college)
    with pytest.raises(Refused, match="已经开始审核"):
        perform(case, "recall", actor)
    perform(case, "return", school, reason="01", words="再看")
    perform(case, "withdraw", actor)
    second = applied(world, form)
    perform(second, "reject", college, reason="01", words="不符合")
    third = applied(world, form)
    perform(third, "approve", college)
    perform(third, "approve", school)
    perform(third, "object", school, reason="01", words="原件找到了")
    assert [one.state for one in (case, second, third)] == ["withdrawn", "rejected", "rejected"]
    assert NewsItem.all_rows.get(source=f"application:{third.public_id}").withdrawn_at is not None
    assert [word for _, word, look in queries.stations(third, Role.GRADUATE) if look == "stop"] == ["不通过"]


# ---- who may apply, and when


def test_days_closing_destination_and_once_are_asked_before_it_begins(world, school):
    actor = world.actor(Role.GRADUATE)
    form = published(world, levels="none", **NO_NOTICE)
    applied(world, form)
    with pytest.raises(Refused, match="每人只能办一次"):
        begin(APPLICATION, actor, form=form)
    after = published(world, title="工资折", after="settled")
    with pytest.raises(Refused, match="毕业去向审核通过以后"):
        begin(APPLICATION, actor, form=after)
    before = drafted(world, published(world, title="封存", after="unsettled"))
    world.recorded()
    begin(APPLICATION, actor, form=after)
    with pytest.raises(Refused, match="已经落实毕业去向"):
        perform(before, "submit", actor)
    open_ = published(world, title="有日期", often="again")
    day = timezone.localdate()
    said = {"title": "有日期", "opens_on": day + timedelta(days=1)}
    made.change_form(school, open_.public_id, 2, said, world.cohort)
    with pytest.raises(Refused, match=r"从 \d+ 月 \d+ 日开始填写"):
        begin(APPLICATION, actor, form=open_)
    made.change_form(school, open_.public_id, 3, {"title": "有日期"}, world.cohort)
    case = drafted(world, open_)
    made.close(school, open_.public_id, 4)
    with pytest.raises(Refused, match="已经关闭"):
        perform(case, "submit", actor)
    world.open_parts(Part.NEWS)
    assert {one.why for one in open_acts(case, actor)} == {"学校没有开启「学校自己的申请事项」，需要办理的请联系学校。"}


def test_a_case_keeps_the_version_that_it_began_with(world, school):
    form, actor = published(world, **NO_NOTICE), world.actor(Role.GRADUATE)
    case = drafted(world, form)
    made.revise(school, form.public_id, 2)
    made.put_entry(school, form.public_id, 3, "", {"kind": "text", "label": "新问的", "required": True})
    terms = TERMS | NO_NOTICE | {"levels": "none"}
    made.put_terms(school, form.public_id, 4, terms, {})
    made.publish(school, form.public_id, 5)
    perform(case, "submit", actor)
    assert (case.made.number, case.state) == (1, "college_review")
    other = begin(APPLICATION, world.of(world.neighbour), form=MadeForm.all_rows.get(pk=form.pk))
    assert (other.made.number, other.levels) == (2, "none")
    with pytest.raises(Refused, match="还没有填好：遗失的情况、新问的"):
        perform(other, "submit", world.of(world.neighbour))


# ---- what a school declares


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"result_title": ""}, "打印件的标题和正文要么都写，要么都空着"), ({"notice_days": None}, "公示的标题、内容和天数要么都写，要么都空着"),
        ({"result_text": "{没有这项}"}, "打印件的正文里的 {没有这项} 不知道是哪一项"), ({"notice_text": "{手机号码}"}, "公示的内容里不能写 {手机号码}"),
        ({"notice_title": "{邮箱}"}, "公示的标题里不能写 {邮箱}"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_result_or_notice_keeps_a_version_from_being_published(terms, words):
    assert sheets.faults(FIELDS, TERMS | terms) == [words]
    assert sheets.faults(FIELDS, TERMS) == []


def test_the_five_examples_are_taken_over_and_can_be_published_as_they_are(world, school):
    assert len(sheets.EXAMPLES) == 5
    for key, (given, fields, terms) in sheets.EXAMPLES.items():
        assert (faults(list(fields)), sheets.faults(fields, terms)) == ([], [])
        form = effects.take_over(school, world.cohort, key)
        assert (form.title, in_the_making(form).fields, form.is_open) == (given["title"], list(fields), False)
        made.publish(school, form.public_id, 1)


# ---- a new version while somebody looks at the old one


def raced(world: World) -> tuple[int, int]:
    """(number of the version that a case begun beside a publication has, levels' number that it was given)."""
    open_applications(world)
    school = world.actor(Role.SCHOOL)
    form = published(world, levels="both", **NO_NOTICE)
    made.revise(school, form.public_id, 2)
    made.put_terms(school, form.public_id, 3, TERMS | NO_NOTICE | {"levels": "none"}, {})
    stale = MadeForm.all_rows.select_related("current").get(pk=form.pk)
    made.publish(school, form.public_id, 4)
    case: Any = begin(APPLICATION, world.actor(Role.GRADUATE), form=stale)
    return case.made.number, {"both": 1, "none": 2}[case.levels]


def test_a_page_from_before_a_publication_begins_the_version_of_now(world):
    assert raced(world) == (2, 2)


def test_the_same_without_a_second_look_under_the_lock_begins_the_old_one(world):
    object.__setattr__(APPLICATION.begin, "complete", None)
    try:
        assert raced(world) == (1, 1)
    finally:
        object.__setattr__(APPLICATION.begin, "complete", effects.take_version)


# ---- pages


def test_reviewers_decide_many_at_once_and_anybody_can_check_a_result(world, school):
    form = published(world, levels="school", **NO_NOTICE)
    cases = [applied(world, form, graduate) for graduate in (world.graduate, world.neighbour)]
    client = signed_in(world.seats[Role.SCHOOL])
    assert (
        client.get("/campus/applications/", {"turn": "own", "form": form.pk}).content.decode().count('name="case"') == 2
    )
    sent = {"act": "approve", "case": [str(case.public_id) for case in cases]}
    page = client.post("/campus/applications/batch/", sent).content.decode()
    assert "将通过 2 条" in page
    lines = re.findall(r'name="line" value="([^"]+)"', page)
    for _ in range(2):
        done = client.post("/campus/applications/batch/done/", {"act": "approve", "line": lines}).content.decode()
        assert "审核通过 2 条" in done
    case = find(Application, cases[0].public_id, school)
    assert (case.state, case.version) == ("done", cases[0].version + 1)
    address = f"/campus/results/{case.number}/{queries.check_token(case.number)}/"
    checked = Client().get(address).content.decode()
    assert ("补办证明" in checked, "陈诚" in checked) == (True, False)
    assert Client().get(f"/campus/results/{case.number}/x/").status_code == 404
    graduate = signed_in(world.seats[Role.GRADUATE])
    assert graduate.get(f"/campus/applications/{case.public_id}/result.pdf").content.startswith(b"%PDF")
    assert "每人只能办一次" in graduate.get(f"/campus/applications/new/{form.public_id}/").content.decode()
    assert graduate.get(f"/campus/applications/{cases[1].public_id}/").status_code == 404
    assert signed_in(world.seats[Role.COLLEGE]).get(f"/campus/applications/{cases[1].public_id}/").status_code == 404


def test_a_draft_is_kept_as_far_as_it_goes_and_checked_before_it_is_submitted(world, school):
    form, client = published(world, **NO_NOTICE), signed_in(world.seats[Role.GRADUATE])
    begun = client.post(f"/campus/applications/new/{form.public_id}/", {"key": "k"})
    again = client.post(f"/campus/applications/new/{form.public_id}/", {"key": "k"})
    assert begun["Location"] == again["Location"]
    case = Application.all_rows.get()
    address = f"/campus/applications/{case.public_id}/form/"
    kept = client.post(address, {"seen": "1", "key": "k2", "f1": "1", "step": "keep"})
    assert (kept.status_code, kept["Location"]) == (302, address)
    page = client.get(address, {"check": "1"})
    assert "原编号还没有填写" in page.content.decode()
    assert client.post(address, {"seen": "1", "key": "k3", "f1": "1", "f2": "B", "step": "check"}).status_code == 409
    sent = client.post(address, {"seen": "2", "key": "k4", "f1": "1", "f2": "B", "step": "check"})
    assert sent["Location"] == f"/campus/applications/{case.public_id}/"
    assert Application.all_rows.get().answers == {"f1": "1", "f2": "B"}
