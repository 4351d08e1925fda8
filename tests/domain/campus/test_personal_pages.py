"""The pages on which graduates say of themselves what the school asks, and on which staff look at it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from qicheng.domain.campus.models import Part, PersonalInformation, Supplement
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Role, Tier
from qicheng.foundation.flow.perform import perform
from tests.clients import signed_in
from tests.domain.campus.filled_personal import PERSONAL, approved, submitted, supplemented

pytestmark = pytest.mark.django_db
PLACE = {"area_province": "320000", "area_city": "320600", "area_county": "320681"}


def page(client: Any, path: str, **query: str) -> str:
    answer = client.get(path, query)
    assert answer.status_code == 200, (path, answer.status_code)
    return str(answer.content.decode())


def typed(graduate: Graduate, **over: str) -> dict[str, str]:
    own = {key: value for key, value in PERSONAL.items() if key != "origin"}
    return {**own, **PLACE, "phone": graduate.phone, "email": "chen@example.com", "key": "one"} | over


def counts(html: str) -> dict[str, str]:
    nav = re.search(r'<nav class="counts".*?</nav>', html, re.DOTALL)
    assert nav is not None
    return dict(re.findall(r">([^<>]+)<b>([^<]+)</b>", nav[0]))


@pytest.mark.rule("CAM-02")
def test_a_graduate_fills_the_form_in_and_staff_see_who_has(world):
    world.open_parts(Part.PERSONAL)
    mine, college, school = (signed_in(world.seats[role]) for role in (Role.GRADUATE, Role.COLLEGE, Role.SCHOOL))
    first = page(mine, "/campus/personal/")
    assert (
        world.graduate.id_number in first,
        world.graduate.id_number in page(mine, "/campus/personal/", show="id"),
    ) == (False, True)
    assert "填好以后提交，才能登记毕业去向。" in first

    wrong = mine.post("/campus/personal/", typed(world.graduate, area_county="", wechat=""))
    assert (wrong.status_code, "微信还没有填写" in wrong.content.decode(), "海门" in wrong.content.decode()) == (
        422,
        True,
        True,
    )
    assert mine.post("/campus/personal/", typed(world.graduate)).status_code == 302
    assert mine.post("/campus/personal/", typed(world.graduate)).status_code == 409
    case = PersonalInformation.all_rows.get()
    assert (
        mine.post("/campus/personal/", typed(world.graduate, seen="1", key="two", class_name="2班")).status_code == 302
    )
    assert (
        mine.post("/campus/personal/", typed(world.graduate, seen="1", key="three", class_name="3班")).status_code
        == 409
    )
    assert "1班 → 2班" in page(college, f"/campus/personal/{case.public_id}/")
    assert mine.get(f"/campus/personal/{case.public_id}/").headers["Location"] == "/campus/personal/"

    assert counts(page(college, "/campus/personal/people/")) == {"已提交": "1", "没有提交": "0"}
    assert counts(page(school, "/campus/personal/people/")) == {"已提交": "1", "没有提交": "1"}
    missing = page(school, "/campus/personal/people/", state="missing")
    assert ("林嘉禾" in missing, "陈诚" in missing) == (True, False)
    assert school.get("/campus/personal/people.xlsx").status_code == 200
    assert "/campus/personal/people/" in page(college, "/home/")


@pytest.mark.rule("PKU-01")
def test_a_supplement_goes_from_the_graduate_to_the_college_and_back(world):
    world.open_parts(Part.SUPPLEMENT)
    mine, college, school = (signed_in(world.seats[role]) for role in (Role.GRADUATE, Role.COLLEGE, Role.SCHOOL))
    assert "如发现有严重错误" in page(mine, "/campus/supplement/")
    given = {**PLACE, "phone": world.graduate.phone, "email": "chen@example.com", "key": "one"}
    assert mine.post("/campus/supplement/", given).status_code == 302
    case = Supplement.all_rows.get()
    waiting = page(mine, "/campus/supplement/")
    assert ("待学院审核" in waiting, 'name="email"' in waiting, "撤回修改" in waiting) == (True, False, True)

    address = f"/campus/supplements/{case.public_id}/"
    beside = page(college, address)
    assert ("北京市东城区" in beside, "江苏省南通市启东市" in beside, "退回修改" in beside) == (True, True, True)
    assert "审核通过 <kbd" not in page(school, address)
    why = {"seen": "1", "key": "return", "words": "生源地选到户口所在的县"}
    assert college.post(f"/act/supplement/{case.public_id}/return/", why).status_code == 302
    returned = page(mine, "/campus/supplement/")
    assert ("生源地选到户口所在的县" in returned, 'name="email"' in returned) == (True, True)
    assert (
        mine.post("/campus/supplement/", given | {"seen": "2", "key": "two", "area_county": "320682"}).status_code
        == 302
    )

    queue = page(college, "/campus/supplements/review/")
    assert ("陈诚" in queue, "生源地有修改" in queue) == (True, True)
    sure = college.post(
        "/campus/supplements/review/batch/", {"case": str(case.public_id), "act": "approve"}
    ).content.decode()
    [line] = re.findall(r'name="line" value="([^"]+)"', sure)
    for _ in range(2):
        done = college.post("/campus/supplements/review/batch/done/", {"line": line})
        assert "审核通过 1 条" in done.content.decode()
    assert "待审清空了" in page(college, "/campus/supplements/review/")
    assert college.get("/campus/supplements/review/next/").headers["Location"] == "/campus/supplements/review/"
    assert Graduate.all_rows.get(pk=world.graduate.pk).origin == "320682"
    over = page(mine, "/campus/supplement/")
    assert (
        "审核通过" in over,
        'name="email"' in over,
        'name="email"' in page(mine, "/campus/supplement/", again="1"),
    ) == (True, False, True)


@pytest.mark.rule("PKU-01")
def test_what_changed_meanwhile_is_left_out_of_many(world):
    case = supplemented(world)
    Graduate.all_rows.filter(pk=world.graduate.pk).update(origin="110102")
    college = signed_in(world.seats[Role.COLLEGE])
    sure = college.post("/campus/supplements/review/batch/", {"case": str(case.public_id)}).content.decode()
    assert ("要逐条看的 1 条" in sure, 'name="line"' in sure) == (True, False)
    done = college.post("/campus/supplements/review/batch/done/", {"line": f"{case.public_id}:1:key"}).content.decode()
    assert "提交以后，这位毕业生在名单里的信息有了变化" in done
    assert "提交以后，这位毕业生在名单里的信息有了变化" in page(college, f"/campus/supplements/{case.public_id}/")


@pytest.mark.rule("PKU-01")
def test_a_school_sees_everybody_and_marks_who_needs_no_more(world):
    approved(world)
    taken_back = supplemented(world, world.neighbour)
    perform(taken_back, "recall", world.of(world.neighbour))
    school, college = signed_in(world.seats[Role.SCHOOL]), signed_in(world.seats[Role.COLLEGE])
    assert counts(page(school, "/campus/supplements/")) == {
        "待学院审核": "0",
        "退回待毕业生修改": "0",
        "审核通过": "1",
        "没有填写": "1",
    }
    assert counts(page(college, "/campus/supplements/"))["没有填写"] == "0"
    assert str(taken_back.public_id) not in page(school, "/campus/supplements/")
    marking = {"people": str(world.graduate.public_id), "act": "recommend"}
    assert college.post("/campus/supplements/", marking).status_code == 404
    assert school.post("/campus/supplements/", marking).status_code == 302
    assert "陈诚" in page(school, "/campus/supplements/", recommended="yes")
    assert "不用再填报毕业去向" in page(signed_in(world.seats[Role.GRADUATE]), "/campus/supplement/")
    assert school.get("/campus/supplements.xlsx").status_code == 200
    tiered = signed_in(world.new_seat(Role.SCHOOL, world.school.pk, "钱研", tier=Tier.POSTGRADUATE))
    assert "陈诚" not in page(tiered, "/campus/supplements/")


@pytest.mark.rule("CAM-02", "PKU-01")
def test_a_school_without_the_part_sees_none_of_it(world):
    case, mine = supplemented(world), submitted(world)
    world.open_parts(Part.PERSONAL)
    graduate, school = signed_in(world.seats[Role.GRADUATE]), signed_in(world.stranger_seats[Role.SCHOOL])
    addresses = ["/campus/supplement/", f"/campus/supplements/{case.public_id}/"]
    assert [graduate.get(one).status_code for one in addresses] == [404, 404]
    staff = [
        "/campus/personal/people/",
        f"/campus/personal/{mine.public_id}/",
        "/campus/supplements/",
        "/campus/supplements/review/",
    ]
    assert [school.get(one).status_code for one in staff] == [404] * 4
    world.open_parts(Part.PERSONAL, Part.SUPPLEMENT, school=world.other_school)
    assert [school.get(one).status_code for one in (addresses[1], staff[1])] == [404, 404]
