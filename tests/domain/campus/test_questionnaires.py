"""A school asks its graduates: each answers once, what is anonymous is nobody's, numbers come from the database (PKU-08)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from qicheng.domain.campus.effects import made
from qicheng.domain.campus.effects import questionnaires as effects
from qicheng.domain.campus.guards.questionnaires import questionnaires_are_answered
from qicheng.domain.campus.models import Answer
from qicheng.domain.campus.queries import questionnaires as queries
from qicheng.domain.campus.queries import steps
from qicheng.domain.campus.sheets.questionnaires import merged
from qicheng.domain.orgs.effects.settings import Outdated
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Role, Tier, statements
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, noted, perform
from qicheng.foundation.flow.words import messages
from qicheng.foundation.kit.calendar import day_of
from qicheng.foundation.notice.models import Notice
from tests.clients import signed_in
from tests.domain.campus import applying
from tests.domain.campus.asking import ANSWERS, FIELDS, answered, drafted, now, open_questionnaires, published

pytestmark = [pytest.mark.django_db, pytest.mark.rule("PKU-08")]


@pytest.fixture
def school(world):
    open_questionnaires(world)
    return world.actor(Role.SCHOOL)


def today():
    return day_of(timezone.now())


def many(world, number, college=None, **columns):
    return [world.new_graduate(f"毕业生{n}", college or world.college, **columns) for n in range(number)]


def whole_look(actor, form, world):
    return queries.looked_at(actor, now(form), world.cohort, today())


def test_a_graduate_keeps_a_draft_submits_once_and_changes_where_the_school_allows_it(world, school):
    form, me = published(world), world.actor(Role.GRADUATE)
    draft = drafted(world, form, f1="2")
    assert (draft.state, draft.answers["f1"], draft.version, Answer.objects.seen_by(school).count()) == (
        "draft",
        "2",
        1,
        0,
    )
    with pytest.raises(Outdated):
        effects.keep(me, form.public_id, 0, {"f1": "1"})
    with pytest.raises(Refused, match="还没有填好：看重什么、对就业指导的评价"):
        effects.submit(me, form.public_id, 1, {"f1": "1"})
    done = effects.submit(me, form.public_id, 1, ANSWERS)
    assert (done.pk, done.state, done.answers, Answer.objects.seen_by(school).get().pk) == (
        draft.pk,
        "submitted",
        ANSWERS,
        done.pk,
    )
    assert effects.submit(me, form.public_id, 1, ANSWERS).version == done.version
    with pytest.raises(Refused, match="提交以后不能修改"):
        effects.submit(me, form.public_id, 2, ANSWERS | {"f3": "1"})
    with pytest.raises(Refused, match="不用再暂存"):
        effects.keep(me, form.public_id, 2, ANSWERS)
    other = published(world, title="可以改的", may_change=True)
    answered(world, other)
    assert effects.submit(me, other.public_id, 1, ANSWERS | {"f1": "2"}).answers["f1"] == "2"
    assert [(one.act, one.changes) for one in noted("questionnaire")] == [
        ("change", {"问卷": ["", "可以改的"]}), ("submit", {"问卷": ["", "可以改的"]}), ("submit", {"问卷": ["", "就业意向调查"]}),
    ]  # fmt: skip
    made.close(school, other.public_id, now(other).version)
    with pytest.raises(Refused, match="已经关闭"):
        effects.submit(me, other.public_id, 2, ANSWERS)
    for wrong in ({"state": "draft", "submitted_at": None}, {"graduate": world.neighbour}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Answer.all_rows.filter(pk=done.pk).update(**wrong)
    with pytest.raises(DatabaseError), transaction.atomic():
        Answer.all_rows.create(
            cohort=done.cohort, school=world.school, graduate=world.graduate, form=form, made=form.current
        )


def test_it_asks_whom_the_school_has_chosen_and_nobody_else(world, school):
    for_all, masters = published(world), published(world, title="硕士", levels=["硕士"])
    here = published(world, title="本院", colleges=[world.college.pk], levels=["本科", "硕士"])
    titles = lambda who: {one.form.title for one in queries.offers(world.of(who), who, today())}  # noqa: E731
    master = world.new_graduate("林硕", world.other_college, tier="postgraduate", level="11")
    assert (titles(world.graduate), titles(world.neighbour), titles(master), titles(world.stranger)) == (
        {"就业意向调查", "本院"}, {"就业意向调查"}, {"就业意向调查", "硕士"}, set(),
    )  # fmt: skip
    for who, form in ((world.graduate, masters), (world.neighbour, here), (world.stranger, for_all)):
        with pytest.raises(NotFound):
            answered(world, form, who)
    with pytest.raises(NotOpen):
        effects.submit(school, for_all.public_id, 0, ANSWERS)
    late = published(world, title="过期", closes_on=today())
    made.change_form(
        school, late.public_id, 2, {"title": "过期", "closes_on": today() - timedelta(days=1)}, world.cohort
    )
    with pytest.raises(Refused, match="已经截止"):
        answered(world, late)
    answered(world, here)
    assert {(one.college, one.asked, one.answered) for one in queries.turnout(school, here, world.cohort)} == {
        ("计算机学院", 1, 1)
    }


def test_whom_a_version_asks_may_be_asked_of_forms_of_other_purposes_whatever_comes_first_in_a_plan(world, school):
    published(world)
    applying.open_applications(world)
    applying.published(world, title="补办")
    found = statements.rows(
        f"SELECT v.terms -> 'levels' AS levels, {queries.ASKS} AS asks FROM campus_madeversion v CROSS JOIN roster_graduate g WHERE g.id = %(id)s",
        {"id": world.graduate.pk},
    )
    assert sorted(str(one.levels) for one in found) == ["None", "both"]


def test_answers_are_counted_by_question_and_by_part(world, school):
    form = published(world)
    for n, who in enumerate([world.graduate, world.neighbour, *many(world, 2)]):
        answered(world, form, who, f3=str(n + 1), f4=10 * n, **({"f1": "2", "f2": None} if n == 3 else {}))
    drafted(world, form, world.new_graduate("未交", world.college), f1="3")
    look = whole_look(school, form, world)
    number, found = queries.results(look)
    by_key = {one.entry["key"]: one for one in found}
    assert (number, by_key["f1"].bars) == (4, (("就业", 3), ("升学", 1), ("还没想好", 0)))
    assert (by_key["f2"].answered, by_key["f2"].bars) == (3, (("收入", 3), ("稳定", 0), ("城市", 3)))
    assert (by_key["f3"].mean, by_key["f3"].bars[0]) == (2.5, ("1（不满意）", 1))
    assert (by_key["f4"].mean, by_key["f4"].middle) == (15.0, 15.0)
    assert (by_key["f5"].answered, by_key["f5"].is_listed, by_key["f6"].bars) == (4, True, (("北京市", 4),))
    colleges, levels = queries.divisions(look)
    assert ({(one.words, one.number) for one in colleges}, [(one.words, one.number) for one in levels]) == (
        {(world.college.name, 3), (world.other_college.name, 1)}, [("本科", 4)],
    )  # fmt: skip
    part, chosen = queries.narrowed(look, {"college": str(world.other_college.pk), "level": "本科"})
    assert (chosen, queries.results(part)[0]) == ({"college": str(world.other_college.pk), "level": "本科"}, 1)
    made.revise(school, form.public_id, now(form).version)
    made.remove_entry(school, form.public_id, now(form).version, "f4")
    made.put_entry(
        school,
        form.public_id,
        now(form).version,
        "f1",
        {"kind": "choice", "label": "毕业后的打算", "required": True, "options": "就业\n创业\n还没想好"},
    )
    assert [one for _, one in queries.results(look)[1][0].bars] == [3, 1, 0]
    made.publish(school, form.public_id, now(form).version)
    newest = queries.results(whole_look(school, form, world))[1]
    assert newest[0].bars == (("就业", 3), ("创业", 0), ("还没想好", 0), ("升学", 1))
    assert [one.entry["key"] for one in newest] == ["f1", "f2", "f3", "f5", "f6", "f4"]


# ---- nobody is told apart


def test_what_is_anonymous_is_seen_by_nobody_and_counted_in_fives(world, school):
    form, me = published(world, is_anonymous=True, may_change=True), world.actor(Role.GRADUATE)
    people = [world.graduate, world.neighbour, *many(world, 10)]
    for n, who in enumerate(people[:9]):
        answer = answered(world, form, who, f1="1" if n else "2", f2=["1"] if n else None)
    assert (answer.state, Answer.objects.seen_by(school).count(), Answer.objects.seen_by(me).count()) == (
        "sealed",
        0,
        1,
    )
    assert [one.case for one in noted("questionnaire")] == [str(form.public_id)] * 9
    look = whole_look(school, form, world)
    assert (look.number, look.held, queries.results(look), look.is_divided) == (0, 9, (0, []), False)
    for who in people[9:]:
        answered(world, form, who, f1="1", f2=["2"])
    look = whole_look(school, form, world)
    number, found = queries.results(look)
    assert (look.number, look.held, number, found[0].bars) == (5, 7, 5, (("就业、升学", 5), ("还没想好", 0)))
    assert (queries.divisions(look), queries.narrowed(look, {"college": str(world.college.pk)})) == (
        ([], []),
        (look, {}),
    )
    assert len(list(queries.answer_rows(look))) == 5
    effects.submit(me, form.public_id, 1, ANSWERS)
    made.close(school, form.public_id, now(form).version)
    look = whole_look(school, form, world)
    assert (look.number, look.held, look.is_divided) == (12, 0, True)
    assert [
        (one.number, world.other_college.name in one.words, world.college.name in one.words)
        for one in queries.divisions(look)[0]
    ] == [(12, True, True)]
    assert [set(row._fields) for row in queries.answer_rows(look)] == [{"answers"}] * 12
    why = "截止以后不再开放"
    for act in (made.reopen, made.publish):
        if act is made.publish:
            made.revise(school, form.public_id, now(form).version)
        with pytest.raises(Refused, match=why):
            act(school, form.public_id, now(form).version)
    with pytest.raises(Refused, match="不能在匿名和不匿名之间改"):
        made.put_terms(school, form.public_id, now(form).version, {"is_anonymous": False}, {})


def test_an_anonymous_questionnaire_does_not_ask_who_one_is(world, school):
    known = {"key": "k1", "kind": "known", "label": "姓名", "source": "name"}
    with pytest.raises(Refused, match="匿名的问卷不能有「姓名」，填了就知道是谁"):
        published(world, fields=[known, *FIELDS], is_anonymous=True)
    assert published(world, fields=[known, *FIELDS]).current is not None


@pytest.mark.parametrize(
    ("numbers", "together"),
    [
        ([("a", 9), ("b", 2), ("c", 6), ("d", 0)], [(("a",), 9), (("c", "b"), 8), (("d",), 0)]),
        ([("a", 2), ("b", 1)], [(("a", "b"), 3)]), ([("a", 5)], [(("a",), 5)]), ([], []),
    ],
)  # fmt: skip
def test_fewer_than_five_go_together_with_the_next_smallest(numbers, together):
    assert merged(numbers) == together


# ---- what follows from it


def test_a_step_waits_for_the_questionnaire_that_is_its_condition_while_it_is_open(world, school):
    form, case = (
        published(world, gate="files"),
        Answer(school=world.school, cohort=world.cohort, graduate=world.graduate),
    )
    asks = lambda gate: questionnaires_are_answered(gate)(case, world.actor(Role.GRADUATE))  # noqa: E731
    assert (asks("destination"), asks("files")) == (
        None,
        "先到「手续」里的「调查问卷」填写「就业意向调查」，再提交户档信息登记。",
    )
    drafted(world, form)
    assert asks("files") is not None
    made.close(school, form.public_id, now(form).version)
    assert asks("files") is None
    made.reopen(school, form.public_id, now(form).version)
    effects.submit(world.actor(Role.GRADUATE), form.public_id, 1, ANSWERS)
    assert asks("files") is None
    answered(world, form, world.neighbour)
    other = published(world, gate="files", colleges=[world.other_college.pk])
    assert (asks("files"), queries.owed(world.neighbour.pk, "files", today())[1]) == (None, other.public_id)
    world.open_parts()
    case.graduate = world.neighbour
    assert asks("files") is None


@pytest.mark.rule("SIGN-04")
def test_an_invitation_too_is_accepted_only_after_the_questionnaire_before_destinations(world, school):
    form, invited, me = published(world, gate="destination"), world.invitation(), world.actor(Role.GRADUATE)
    with pytest.raises(Refused, match="填写「就业意向调查」，再提交毕业去向"):
        perform(invited, "accept", me)
    answered(world, form)
    perform(invited, "accept", me)
    assert invited.state == "college_review"


# ---- pages


def test_a_graduate_answers_in_pages_and_is_told_first_what_the_school_sees(world, school):
    form, client = (
        published(world, is_anonymous=True, may_change=True, gate="destination"),
        signed_in(world.seats[Role.GRADUATE]),
    )
    page = f"/campus/questionnaires/{form.public_id}/"
    assert [line(world).looks, line(world).words] == ["you", "1 份待你填写"]
    assert "填完才能提交毕业去向。" in client.get("/campus/questionnaires/").content.decode()
    shown = client.get(page).content.decode()
    assert (
        shown.index("匿名问卷") < shown.index("毕业后的打算"),
        'data-when="f1=1"' in shown,
        "选「就业」时填写" in shown,
    ) == (True, True, True)
    kept = client.post(page, {"seen": "0", "step": "keep", "f1": "1"}, follow=True).content.decode()
    assert ("已暂存" in kept, 'value="1" id="id_f1_0" checked' in kept) == (True, True)
    wrong = client.post(page, {"seen": "1", "f1": "1"})
    assert (wrong.status_code, "看重什么还没有选择" in wrong.content.decode()) == (422, True)
    whole = {"f1": "1", "f2": ["1"], "f3": "4", "f4": "3", "f5": "", "f6": "北京市"}
    stale = client.post(page, {"seen": "0", **whole})
    assert (stale.status_code, Answer.all_rows.get().state) == (409, "draft")
    done = client.post(page, {"seen": "1", **whole}, follow=True).content.decode()
    assert ["谢谢你的回答" in done, "现在可以提交毕业去向了。" in done, "北京市" in done, "改一下" in done] == [
        True
    ] * 4
    assert (client.get(f"{page}?change").content.decode().count("提交修改"), line(world).looks) == (1, "done")
    made.close(school, form.public_id, now(form).version)
    assert (
        client.post(page, {"seen": "2", **whole}).status_code,
        client.get("/campus/questionnaires/").status_code,
    ) == (409, 200)
    assert signed_in(world.graduate_seat(world.stranger)).get(page).status_code == 404
    world.open_parts()
    assert client.get(page).status_code == 404


def line(world):
    found = steps.line(world.of(world.graduate), world.graduate)
    return next(one for one in found if one.key == "questionnaires")


def test_the_school_declares_looks_reminds_and_takes_the_answers_away_in_pages(world, school):
    client = signed_in(world.seats[Role.SCHOOL])
    form = made.make_form(school, world.cohort, "questionnaire", {"title": "意向"}, FIELDS)
    root = f"/settings/forms/questionnaire/{form.public_id}/"
    assert client.get(f"{root}results/").status_code == 404
    sent = {"seen": "1", "levels": ["本科"], "colleges": [str(world.college.pk)], "gate": "report", "may_change": "on"}
    assert client.post(f"{root}rules/", sent).status_code == 302
    built = client.get(root).content.decode()
    assert ["生成去向登记信息报告以前" in built, world.college.name in built, "看结果" in built] == [True, True, False]
    client.post(f"{root}step/publish/", {"seen": "2"})
    colleagues = many(world, 3)
    for n, who in enumerate([world.graduate, *colleagues[:2]]):
        answered(world, form, who, f5=f"=HYPERLINK({n})")
    shown = client.get(f"{root}results/").content.decode()
    assert ["要填 4 人，填了 3 人，75.0%" in shown, "平均 4.00" in shown, "看全部回答" in shown, "<rect" in shown] == [
        True
    ] * 4
    words = client.get(f"{root}results/f5/").content.decode()
    assert ("=HYPERLINK(0)" in words, world.graduate.name in words, client.get(f"{root}results/f1/").status_code) == (
        True,
        True,
        404,
    )
    names = client.get(f"{root}people/?answered=no").content.decode()
    assert (colleagues[2].name in names, colleagues[0].name in names, "提醒没有填的 1 人" in names) == (
        True,
        False,
        True,
    )
    told = [client.post(f"{root}people/remind/", follow=True).content.decode() for _ in range(2)]
    assert ("已提醒 1 人" in told[0], "没有要提醒的人" in told[1]) == (True, True)
    owed = Notice.objects.filter(flow=effects.REMINDER, role="graduate", node=colleagues[2].pk, channel="inbox")
    assert [message.subject for _, message in messages(owed)] == ["请填写问卷：意向"]
    lines = sheet_lines(client.get(f"{root}results/answers.xlsx"))
    assert (len(lines), lines[0][:3], lines[0][6:8], lines[1][0]) == (
        4,
        ("姓名", "学号", "学院"),
        ("毕业后的打算", "看重什么"),
        world.graduate.name,
    )
    assert (lines[1][7], lines[1][10]) == ("收入、城市", "=HYPERLINK(0)")
    assert [(one.act, one.changes["条数"]) for one in noted("questionnaire", newest=1)] == [("export", ["", 3])]
    for other in (signed_in(world.seats[Role.COLLEGE]), signed_in(world.stranger_seats[Role.SCHOOL])):
        assert other.get(f"{root}results/").status_code == 404


def test_pages_of_an_anonymous_questionnaire_name_nobody(world, school):
    form, client = published(world, is_anonymous=True), signed_in(world.seats[Role.SCHOOL])
    root = f"/settings/forms/questionnaire/{form.public_id}/"
    people = [world.graduate, *many(world, 6)]
    for n, who in enumerate(people):
        answered(world, form, who, f5=f"第 {n} 句话")
    assert (
        "现在有 7 份" in client.get(f"{root}results/").content.decode(),
        client.get(f"{root}results/f5/").status_code,
    ) == (True, 404)
    assert client.get(f"{root}results/answers.xlsx").status_code == 302
    listed = client.get(f"{root}people/?answered=yes").content.decode()
    assert (world.graduate.name in listed, f"{timezone.localdate():%m-%d}" in listed.split("<tbody>")[1]) == (
        True,
        False,
    )
    made.close(school, form.public_id, now(form).version)
    words = client.get(f"{root}results/f5/").content.decode()
    assert (all(f"第 {n} 句话" in words for n in range(7)), any(who.name in words for who in people)) == (True, False)
    lines = sheet_lines(client.get(f"{root}results/answers.xlsx"))
    assert (lines[0], len(lines)) == (
        ("毕业后的打算", "看重什么", "对就业指导的评价", "投过几份简历", "想对学校说的话", "想去的地方"),
        8,
    )


def test_nobody_is_told_apart_in_an_anonymous_one_by_a_part_or_by_who_has_left(world, school):
    form = published(world, is_anonymous=True)
    root = f"/settings/forms/questionnaire/{form.public_id}/"
    few, rest = many(world, 5, level="25"), many(world, 6, world.other_college)
    for n, who in enumerate([*few, *rest]):
        answered(world, form, who, f1="2" if n else "1", f2=None if n else ["1"], f5=f"第 {n} 句话")
    made.close(school, form.public_id, now(form).version)

    # Whoever is answerable for a part sees none of it: beside the whole it would tell the others apart.
    of_part = replace(school, tier=Tier.UNDERGRADUATE)
    part, whole = (whole_look(actor, form, world) for actor in (of_part, school))
    assert (part.number, queries.results(part), queries.divisions(part), list(queries.answer_rows(part))) == (
        0,
        (0, []),
        ([], []),
        [],
    )
    clerk = signed_in(world.new_seat(Role.SCHOOL, world.school.pk, "同事", tier=Tier.UNDERGRADUATE))
    assert [clerk.get(f"{root}results/{one}").status_code for one in ("f5/", "answers.xlsx")] == [404, 302]
    assert "第 0 句话" not in clerk.get(f"{root}results/").content.decode()

    # There is one workbook, of all of them, whatever part is asked for.
    client = signed_in(world.seats[Role.SCHOOL])
    narrow = "&".join(
        f"{key}={one[0].key}" for key, one in zip(("college", "level"), queries.divisions(whole), strict=True)
    )
    every = sheet_lines(client.get(f"{root}results/answers.xlsx"))
    assert (len(every), sorted(sheet_lines(client.get(f"{root}results/answers.xlsx?{narrow}")), key=str)) == (
        12,
        sorted(every, key=str),
    )

    # What goes when somebody is taken off the roster would be what that one said.
    before = queries.results(whole)
    Graduate.all_rows.filter(pk=few[0].pk).update(removed_at=timezone.now())
    assert (whole_look(school, form, world).number, queries.results(whole_look(school, form, world))) == (11, before)
    assert len(sheet_lines(client.get(f"{root}results/answers.xlsx"))) == 12
    assert "第 0 句话" in client.get(f"{root}results/f5/").content.decode()


def sheet_lines(response):
    assert response.status_code == 200
    return list(load_workbook(BytesIO(response.content)).active.iter_rows(values_only=True))


def test_as_much_is_asked_of_the_database_for_many_as_for_few(world, school):
    form, asked = published(world), []
    for number in (1, 1, 4):
        for n, who in enumerate(many(world, number)):
            answered(world, form, who)
            published(world, title=f"另一份 {n}")
        with CaptureQueriesContext(connection) as found:
            queries.results(whole_look(school, form, world))
            queries.turnout(school, form, world.cohort)
            queries.offers(world.actor(Role.GRADUATE), world.graduate, today())
        asked.append(len(found))
    # The first time settings are read that are kept.
    assert asked[1] == asked[2]
