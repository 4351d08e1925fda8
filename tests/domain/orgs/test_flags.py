"""Units that schools warn of: whose warning it is, who sees it, and when everybody does (WRN-01, WRN-02, WRN-03)."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.effects import flags
from qicheng.domain.orgs.models import AgreementForm, Flag, ReviewMode
from qicheng.domain.orgs.queries import flags_on
from qicheng.domain.registration import listings
from qicheng.foundation import codes
from qicheng.foundation.access import Level, Role
from qicheng.foundation.flow.perform import NotOpen, Refused, Stopped, noted, perform
from tests.clients import signed_in
from tests.domain.orgs.test_races import at_once

OWN, MANY = "本校已将该单位标记为预警单位", "已有 5 所及以上学校标记该单位"


def form(employer: Any, **given: str) -> dict[str, str]:
    """What the page of a new flag sends."""
    return {
        "name": employer.name, "credit_code": employer.credit_code, "nature": "39", "industry": "34", "kind": "x_false_ads",
        "note": "岗位与招聘时说的不符", "evidence": "毕业生来访记录", "link": "https://example.com/a", **given,
    }  # fmt: skip


def other_schools(world: Any, number: int) -> list[Any]:
    """Users of so many further schools, each of its own."""
    found = []
    for n in range(number):
        school = world._school(world.province, f"第{n}学院", ReviewMode.SCHOOL, AgreementForm.THREE_PARTY)
        found.append(world.new_seat(Role.SCHOOL, school.pk, f"老师{n}").actor(name=f"老师{n}"))
    return found


# ---- WRN-01: whose it is


@pytest.mark.rule("WRN-01")
def test_a_school_flags_a_unit_and_the_list_says_who_and_when(world):
    school = signed_in(world.seats[Role.SCHOOL])
    lower = world.employer.credit_code.lower()

    assert school.post("/warn/new/", form(world.employer, credit_code=f" {lower} ")).status_code == 302

    flag = Flag.all_rows.get()
    assert (flag.school, flag.credit_code, flag.kind) == (world.school, world.employer.credit_code, "x_false_ads")
    assert (flag.flagged_by, flag.removed_at) == (world.seats[Role.SCHOOL].account, None)
    page = school.get("/warn/").content.decode()
    assert [page.count(word) for word in ("王敏</td>", "虚假宣传</td>", world.employer.credit_code + "</td>")] == [
        1,
        1,
        1,
    ]
    (record,) = noted("flag")
    assert (record.act, record.case, record.school_id) == ("add", str(flag.public_id), world.school.pk)


@pytest.mark.rule("WRN-01")
def test_a_flag_is_changed_but_for_its_code_and_the_database_keeps_what_it_was(world):
    flag = world.flag(world.employer)
    school = signed_in(world.seats[Role.SCHOOL])
    seen = queries.stamp(flags.flag_values(flag))

    sent = form(world.employer, credit_code=world.other_employer.credit_code, seen=seen, note="已查实")
    assert school.post(f"/warn/{flag.public_id}/change/", sent).status_code == 302

    flag.refresh_from_db()
    assert (flag.credit_code, flag.note) == (world.employer.credit_code, "已查实")
    assert noted("flag", act="change")[0].changes["情况说明"] == ["入职前收培训费", "已查实"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT was ->> 'note', became ->> 'note' FROM flow_history WHERE table_name = 'orgs_flag'")
        assert cursor.fetchall() == [("入职前收培训费", "已查实")]


@pytest.mark.rule("WRN-01")
def test_a_change_on_an_old_page_changes_nothing(world):
    flag = world.flag(world.employer)
    old = queries.stamp(flags.flag_values(flag))
    actor = world.actor(Role.SCHOOL)
    flags.change_flag(actor, flag, old, flags.flag_values(flag) | {"note": "第一个"})

    with pytest.raises(Refused, match="已被更新"):
        flags.change_flag(actor, flag, old, flags.flag_values(flag) | {"note": "第二个"})

    flag.refresh_from_db()
    assert flag.note == "第一个"


@pytest.mark.rule("WRN-01")
def test_removing_asks_first_keeps_the_row_and_leaves_room_for_a_new_flag(world):
    flag = world.flag(world.employer)
    school = signed_in(world.seats[Role.SCHOOL])

    assert "取消以后" in school.get(f"/warn/{flag.public_id}/remove/").content.decode()
    assert Flag.all_rows.filter(removed_at=None).count() == 1
    school.post(f"/warn/{flag.public_id}/remove/")

    flag.refresh_from_db()
    assert (flag.removed_at is not None, flag.removed_by) == (True, world.seats[Role.SCHOOL].account)
    assert (flag.name in school.get("/warn/").content.decode(), flag.name in school.get("/warn/removed/").content.decode()) == (
        False, True,
    )  # fmt: skip
    with pytest.raises(Refused, match="已经取消"):
        flags.remove_flag(world.actor(Role.SCHOOL), flag)
    assert len(noted("flag", act="remove")) == 1
    world.flag(world.employer)
    assert Flag.all_rows.filter(credit_code=world.employer.credit_code).count() == 2


@pytest.mark.rule("WRN-01")
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"credit_code": "91110108000000011X"}, "校验"),
        ({"kind": "x_none"}, "违规类型里没有这一项"),
        ({"note": ""}, "情况说明还没有填写"),
        ({"evidence": ""}, "依据还没有填写"),
        ({"link": "javascript:alert(1)"}, "网址以 http:// 或 https:// 开头"),
        ({"link": "https://a b"}, "网址以 http:// 或 https:// 开头"),
    ],
)
def test_what_makes_no_sense_is_said_and_not_kept(world, given, words):
    answer = signed_in(world.seats[Role.SCHOOL]).post("/warn/new/", form(world.employer, **given))

    assert (answer.status_code, words in answer.content.decode(), Flag.all_rows.count()) == (422, True, 0)


@pytest.mark.rule("WRN-01")
def test_colleges_and_whoever_only_reads_do_not_flag_and_colleges_have_no_such_page(world):
    flag = world.flag(world.employer)
    college = signed_in(world.seats[Role.COLLEGE])
    reader = signed_in(world.new_seat(Role.SCHOOL, world.school.pk, "孙可", employment=Level.READ))
    writing = ["/warn/new/", f"/warn/{flag.public_id}/change/", f"/warn/{flag.public_id}/remove/"]

    assert [college.post(path, form(world.other_employer)).status_code for path in ["/warn/", *writing]] == [404] * 4
    assert [reader.post(path, form(world.other_employer)).status_code for path in writing] == [404] * 3
    assert reader.get("/warn/").status_code == 200
    menus = [signed_in(world.seats[role]).get("/home/").content.decode() for role in (Role.COLLEGE, Role.SCHOOL)]
    assert ["预警单位管理" in menu for menu in menus] == [False, True]
    for actor in (world.actor(Role.COLLEGE), world.actor(Role.SCHOOL, level=Level.READ), world.actor(Role.PROVINCE)):
        with pytest.raises(NotOpen):
            world.flag(world.other_employer, actor)
        with pytest.raises(NotOpen):
            flags.remove_flag(actor, flag)
    assert Flag.all_rows.filter(removed_at=None).count() == 1


@pytest.mark.rule("WRN-01", "ORG-01")
def test_another_school_s_flag_is_not_found_and_not_listed(world):
    flag = world.flag(world.employer)
    stranger = signed_in(world.stranger_seats[Role.SCHOOL])

    paths = [f"/warn/{flag.public_id}/", f"/warn/{flag.public_id}/change/", f"/warn/{flag.public_id}/remove/"]
    assert [stranger.get(path).status_code for path in paths] == [404] * 3
    assert [stranger.post(path).status_code for path in paths[1:]] == [404] * 2
    assert world.employer.name in signed_in(world.seats[Role.SCHOOL]).get("/warn/").content.decode()
    assert world.employer.name not in stranger.get("/warn/").content.decode()
    with pytest.raises(Refused):
        flags.remove_flag(world.stranger_actor(Role.SCHOOL), flag)


@pytest.mark.rule("WRN-01")
def test_the_list_is_searched_counts_the_schools_and_is_taken_away(world):
    world.flag(world.employer)
    world.flag(world.other_employer, kind="x_illegal")
    world.flag(world.employer, world.stranger_actor(Role.SCHOOL))
    school = signed_in(world.seats[Role.SCHOOL])

    found = school.get(f"/warn/?q={world.employer.credit_code.lower()}").content.decode()
    assert (world.employer.name in found, world.other_employer.name in found) == (True, False)
    sheet = load_workbook(BytesIO(school.get("/warn/flags.xlsx").content)).active
    heading, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    column = heading.index("标记的学校数")
    assert {row[heading.index("单位名称")]: row[column] for row in rows} == {
        world.employer.name: "2",
        world.other_employer.name: "1",
    }
    assert noted("listing.flags")[0].changes == {"条数": ["", 2]}


@pytest.mark.rule("WRN-01", "ORG-01")
def test_a_province_sees_one_line_a_unit_with_its_own_schools_and_the_ministry_all(world):
    world.flag(world.employer, name="云岭（学校写的名称）")
    world.flag(world.employer, world.stranger_actor(Role.SCHOOL), kind="x_illegal")
    world.flag(world.other_employer, world.stranger_actor(Role.SCHOOL))

    def lines(seat: Any) -> list[tuple[str, str, str]]:
        content = signed_in(seat).get("/gov/warn/units.xlsx").content
        heading, *rows = [
            [cell.value or "" for cell in row] for row in load_workbook(BytesIO(content)).active.iter_rows()
        ]
        wanted = [heading.index(label) for label in ("统一社会信用代码", "标记的学校数", "标记的学校")]
        return sorted(tuple(row[place] for place in wanted) for row in rows)

    mine, other = world.employer.credit_code, world.other_employer.credit_code
    assert lines(world.seats[Role.PROVINCE]) == [(mine, "1", "江临大学")]
    assert lines(world.stranger_seats[Role.PROVINCE]) == sorted(
        [(mine, "1", "海澜理工大学"), (other, "1", "海澜理工大学")]
    )
    everywhere = lines(world.seats[Role.MINISTRY])
    assert [(code, number) for code, number, _ in everywhere] == sorted([(mine, "2"), (other, "1")])
    own = signed_in(world.seats[Role.PROVINCE])
    page = own.get(f"/gov/warn/{mine}/").content.decode()
    assert ("江临大学" in page, "海澜理工大学" in page) == (True, False)
    assert own.get(f"/gov/warn/{other}/").status_code == 404


@pytest.mark.rule("WRN-01")
def test_of_two_who_flag_the_same_unit_at_once_one_does_and_the_other_is_told(committed_world):
    world = committed_world
    colleague = world.new_seat(Role.SCHOOL, world.school.pk, "同事").actor(name="同事")
    actors = [world.actor(Role.SCHOOL), colleague]

    outcome = at_once(*(lambda actor=actor: world.flag(world.employer, actor) for actor in actors))

    assert sorted(outcome) == sorted(["done", "本校已经将这家单位标记为预警单位，在列表里找到它再修改。"])
    assert (Flag.all_rows.count(), len(noted("flag"))) == (1, 1)


@pytest.mark.rule("WRN-01")
def test_without_the_constraint_both_would_be_taken(committed, committed_world):
    world = committed_world
    committed.run(committed.name, "DROP INDEX one_standing_flag")
    colleague = world.new_seat(Role.SCHOOL, world.school.pk, "同事").actor(name="同事")
    actors = [world.actor(Role.SCHOOL), colleague]

    assert at_once(*(lambda actor=actor: world.flag(world.employer, actor) for actor in actors)) == ["done", "done"]


@pytest.mark.rule("WRN-01")
def test_the_database_itself_holds_one_standing_flag(world):
    flag = world.flag(world.employer)
    row = {key: getattr(flag, key) for key in flags.FLAG.keys} | {"school": world.school, "flagged_by": flag.flagged_by}

    with pytest.raises(IntegrityError, match="one_standing_flag"), transaction.atomic():
        Flag.all_rows.create(**row)
    with pytest.raises(IntegrityError, match="removed_by_somebody"), transaction.atomic():
        Flag.all_rows.filter(pk=flag.pk).update(removed_by=flag.flagged_by)
    with pytest.raises(Stopped):
        world.flag(world.employer)


# ---- WRN-02: its own graduates and reviewers


@pytest.mark.rule("WRN-02")
def test_the_school_s_graduate_reads_the_warning_on_the_invitation_and_another_school_s_does_not(world):
    ours, theirs = world.invitation(), world.invitation(world.stranger)
    world.flag(world.employer, note="<b>先问就业中心</b>")

    page = signed_in(world.seats[Role.GRADUATE]).get(f"/invites/{ours.public_id}/").content.decode()
    foreign = signed_in(world.stranger_seats[Role.GRADUATE]).get(f"/invites/{theirs.public_id}/").content.decode()

    assert f"{OWN}（虚假单位）：&lt;b&gt;先问就业中心&lt;/b&gt;，" in page
    assert (OWN in foreign, MANY in page, MANY in foreign) == (False, False, False)


@pytest.mark.rule("WRN-02")
def test_reviewers_read_it_and_it_is_gone_once_removed(world):
    case = world.accepted()
    flag = world.flag(world.employer)
    college, school = signed_in(world.seats[Role.COLLEGE]), signed_in(world.seats[Role.SCHOOL])

    for client in (college, school):
        assert OWN in client.get(f"/review/{case.public_id}/").content.decode()
        assert OWN in client.get(f"/review/?open={case.public_id}").content.decode()
    flags.remove_flag(world.actor(Role.SCHOOL), flag)
    assert OWN not in college.get(f"/review/{case.public_id}/").content.decode()


@pytest.mark.rule("WRN-02")
def test_the_employer_is_not_told(world):
    case = world.accepted()
    world.flag(world.employer)

    assert "预警" not in signed_in(world.seats[Role.EMPLOYER]).get(f"/invites/{case.public_id}/").content.decode()


@pytest.mark.rule("WRN-02", "REG-07")
def test_a_flagged_unit_holds_its_cases_back_from_batches_of_its_school(world):
    case, theirs = world.accepted(), world.accepted(world.stranger)
    world.flag(world.employer)

    (row,) = listings.queue(Role.COLLEGE).page(world.actor(Role.COLLEGE), {}, world.cohort).rows
    (other,) = listings.queue(Role.SCHOOL).page(world.stranger_actor(Role.SCHOOL), {}, world.cohort).rows
    assert (listings.held_back(row), listings.held_back(other)) == (["本校标记的预警单位（虚假单位）"], [])
    college = signed_in(world.seats[Role.COLLEGE])
    answer = college.post("/review/batch/done/", {"line": f"{case.public_id}:{case.version}:k1"}).content.decode()
    case.refresh_from_db()
    assert ("本校标记的预警单位（虚假单位），要逐条看" in answer, case.state) == (True, "college_review")
    perform(case, "approve", world.actor(Role.COLLEGE))
    assert theirs.state == "school_review"


@pytest.mark.rule("WRN-02", "REG-07")
def test_a_dissolution_is_not_held_back_by_a_flag(world):
    request = world.dissolution()
    perform(request, "agree", world.actor(Role.EMPLOYER))
    world.flag(world.employer)

    (row,) = listings.queue(Role.COLLEGE).page(world.actor(Role.COLLEGE), {}, world.cohort).rows
    assert (row.flagged, listings.held_back(row)) == (None, [])


@pytest.mark.rule("WRN-02")
def test_the_code_decides_and_not_the_name(world):
    twin = world.new_employer(world.employer.name)
    world.flag(world.employer)

    assert list(flags_on([world.employer.credit_code, twin.credit_code, ""], school=world.school.pk)) == [
        world.employer.credit_code
    ]


@pytest.mark.rule("WRN-02")
def test_many_units_are_asked_about_in_one_statement_and_none_in_none(world):
    for n in range(4):
        world.flag(world.new_employer(f"单位{n}"))
    wanted = list(Flag.all_rows.values_list("credit_code", flat=True))
    codes.table("warning_unit_types")

    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert (len(flags_on(wanted, school=world.school.pk)), flags_on([""], school=world.school.pk)) == (4, {})
    assert len(asked) == 1


# ---- WRN-03: everybody, while five do


@pytest.mark.rule("WRN-03")
def test_five_schools_warn_everybody_four_do_not(world):
    case, theirs = world.invitation(), world.accepted(world.stranger)
    code = world.employer.credit_code
    schools = other_schools(world, 5)
    standing = [world.flag(world.employer, actor) for actor in schools[:4]]

    def told() -> list[bool]:
        pages = (
            signed_in(world.seats[Role.GRADUATE]).get(f"/invites/{case.public_id}/"),
            signed_in(world.stranger_seats[Role.SCHOOL]).get(f"/review/{theirs.public_id}/"),
        )
        (row,) = listings.queue(Role.SCHOOL).page(world.stranger_actor(Role.SCHOOL), {}, world.cohort).rows
        return [
            *(MANY in page.content.decode() for page in pages),
            listings.held_back(row) == ["5 所及以上学校标记的预警单位"],
        ]

    assert (told(), flags_on([code], school=world.school.pk)) == ([False] * 3, {})
    standing.append(world.flag(world.employer, schools[4]))
    (flagged,) = flags_on([code], school=world.school.pk).values()
    assert (told(), flagged.is_national, flagged.is_own, flagged.kind) == ([True] * 3, True, False, "")
    flags.remove_flag(schools[4], standing[4])
    assert (told(), flags_on([code], school=world.school.pk)) == ([False] * 3, {})


@pytest.mark.rule("WRN-03")
def test_a_school_that_flags_again_and_again_counts_once(world):
    (one, *others) = other_schools(world, 4)
    for _ in range(5):
        flags.remove_flag(one, world.flag(world.employer, one))
    for actor in (one, *others):
        world.flag(world.employer, actor)

    assert flags_on([world.employer.credit_code], school=world.school.pk) == {}


@pytest.mark.rule("WRN-03")
def test_own_and_national_stand_side_by_side(world):
    world.flag(world.employer)
    for actor in other_schools(world, 4):
        world.flag(world.employer, actor)
    case = world.invitation()

    page = signed_in(world.seats[Role.GRADUATE]).get(f"/invites/{case.public_id}/").content.decode()

    assert (OWN in page, MANY in page) == (True, True)
