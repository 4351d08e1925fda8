"""The review of applications to change a record: one beside the records, and many at once (ARC-05, ARC-02)."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from qicheng.domain.transfer.effects.records import edit_record
from qicheng.domain.transfer.models import CHANGES, RECORDS
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import perform
from qicheng.foundation.notice.models import Notice
from tests.clients import signed_in
from tests.world import CHANGE

pytestmark = pytest.mark.django_db
AREAS = pytest.mark.parametrize("area", [Area.ARCHIVE, Area.HOUSEHOLD])
REASON = {"reason": "x_archive", "words": "接收单位没有人事档案保管权"}


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def lines(answer: Any) -> list[str]:
    """What the page of a batch would send: one line a case."""
    return re.findall(r'name="line" value="([^"]+)"', answer.content.decode())


def asked(world: Any, area: Area, number: int, **given: Any) -> list[Any]:
    """That many applications of the college, waiting for it."""
    people = [world.new_graduate(f"甲{n}", world.college, household_moved=True) for n in range(number)]
    return [world.change_submitted(area, person, **given) for person in people]


def states(area: Area) -> dict[str, int]:
    found: dict[str, int] = {}
    for state in CHANGES[area].all_rows.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


@pytest.mark.rule("ARC-05")
def test_the_reviewer_sees_application_record_and_employment_side_by_side_with_what_differs_and_who_has_it(world):
    world.open_transfer()
    world.effective()
    case = world.change_submitted(kind="x_sign_unit", receiver="江临轨道交通集团有限公司")
    page = signed_in(world.seats[Role.COLLEGE]).get(f"/files/archive/changes/{case.public_id}/")
    row = next(one for one in re.findall(r"<tr.*?</tr>", page.content.decode(), re.DOTALL) if "档案接收单位名称" in one)
    shown = text(page).replace("： ", "：")

    assert ("is-diff" in row, re.findall(r"[^<>]*公司|北京[^<>]*", row), "与申请不同" in row) == (
        True, ["江临轨道交通集团有限公司", "北京市西城区人才服务中心", "云岭数据科技有限公司"], True,
    )  # fmt: skip
    assert ("来自：线上签约" in shown, "就业单位的调档函、录用材料等" in shown, "等你审核" in shown) == (
        True,
        True,
        True,
    )
    assert ("审核通过" in shown, "退回修改" in shown, "审核不通过" in shown) == (True, True, True)
    waits = text(signed_in(world.seats[Role.SCHOOL]).get(f"/files/archive/changes/{case.public_id}/"))
    assert ("等学院审核" in waits, "现在等学院办理，没有要你做的事" in waits) == (True, True)


@pytest.mark.rule("ARC-02")
def test_doubts_stand_in_the_queue_and_on_the_page(world):
    case = world.change_submitted(address="幸福小区3号楼", contact="陈诚")
    college = signed_in(world.seats[Role.COLLEGE])
    queue, page = (text(college.get(f"/files/archive/{one}")) for one in ("review/", f"changes/{case.public_id}/"))
    assert "可能是家庭住址" in queue
    assert ("可能是家庭住址" in page, "联系人与毕业生或紧急联系人同名" in page) == (True, True)


@pytest.mark.rule("ARC-05")
def test_a_record_that_changed_since_is_said_before_anybody_decides(world):
    case = world.change_submitted()
    edit_record(
        Area.ARCHIVE, world.graduate.public_id, world.actor(Role.SCHOOL), seen=0, **CHANGE | {"contact": "郑芳"}
    )
    college = signed_in(world.seats[Role.COLLEGE])
    assert "提交以后，登记的信息有了变化" in text(college.get("/files/archive/review/"))
    assert "不能直接通过" in text(college.get(f"/files/archive/changes/{case.public_id}/"))
    assert text(college.get("/files/archive/review/?check=moved")).count("陈诚") >= 1


@AREAS
@pytest.mark.rule("ARC-05", "REG-07")
def test_many_are_passed_at_once_what_is_doubtful_stays_and_is_told(world, area):
    good = asked(world, area, 3)
    doubtful = asked(world, area, 1, address="幸福小区3号楼")[0]
    college = signed_in(world.seats[Role.COLLEGE])
    page = college.post(
        f"/files/{area}/review/batch/", {"act": "approve", "case": [one.public_id for one in (*good, doubtful)]}
    )
    assert ("将通过 3 条，留下 1 条要逐条看" in text(page), "可能是家庭住址" in text(page), len(lines(page))) == (
        True,
        True,
        3,
    )

    forced = [*lines(page), f"{doubtful.public_id}:2:forced"]
    done = college.post(f"/files/{area}/review/batch/done/", {"act": "approve", "line": forced})
    assert ("审核通过 3 条，1 条没有办理" in text(done), "要逐条看" in text(done)) == (True, True)
    assert states(area) == {"school_review": 3, "college_review": 1}
    again = college.post(f"/files/{area}/review/batch/done/", {"act": "approve", "line": lines(page)})
    assert ("审核通过 3 条" in text(again), Record.objects.filter(act="approve").count()) == (True, 3)

    school = signed_in(world.seats[Role.SCHOOL])
    last = school.post(f"/files/{area}/review/batch/", {"act": "approve", "every": "1"})
    school.post(f"/files/{area}/review/batch/done/", {"act": "approve", "line": lines(last)})
    assert (states(area), RECORDS[area].all_rows.filter(kind="x_trustee").count()) == (
        {"registered": 3, "college_review": 1},
        3,
    )


@AREAS
@pytest.mark.rule("ARC-05", "REG-02")
def test_many_are_failed_at_once_with_one_reason_for_all(world, area):
    cases = asked(world, area, 2)
    college = signed_in(world.seats[Role.COLLEGE])
    page = college.post(f"/files/{area}/review/batch/", {"act": "reject", "case": [one.public_id for one in cases]})
    assert (
        "将判为不通过 2 条" in text(page),
        "单位没有档案保管权" in text(page) or 'name="reason"' in page.content.decode(),
    ) == (True, True)

    silent = college.post(f"/files/{area}/review/batch/done/", {"act": "reject", "line": lines(page)})
    assert ("审核不通过 0 条，2 条没有办理" in text(silent), states(area)) == (True, {"college_review": 2})
    again = college.post(f"/files/{area}/review/batch/", {"act": "reject", "case": [one.public_id for one in cases]})
    college.post(f"/files/{area}/review/batch/done/", {"act": "reject", "line": lines(again), **REASON})
    assert states(area) == {"rejected": 2}
    told = Record.objects.filter(act="reject").values_list("reason", "words")
    assert list(told) == [("x_archive", REASON["words"])] * 2
    assert Notice.objects.filter(act="reject", channel="inbox", role="graduate").count() == 2


@pytest.mark.rule("ARC-05", "REG-04")
def test_of_a_batch_each_line_is_its_own_act_and_says_who_was_first(world):
    first, second = asked(world, Area.ARCHIVE, 2)
    college = signed_in(world.seats[Role.COLLEGE])
    page = college.post("/files/archive/review/batch/", {"act": "approve", "case": [first.public_id, second.public_id]})
    perform(first, "approve", world.reviewer(first, Role.COLLEGE))
    done = text(college.post("/files/archive/review/batch/done/", {"act": "approve", "line": lines(page)}))
    assert ("审核通过 1 条，1 条没有办理" in done, "李华" in done, states(Area.ARCHIVE)) == (
        True,
        True,
        {"school_review": 2},
    )


@AREAS
@pytest.mark.rule("ORG-01", "ARC-07")
def test_a_batch_takes_nothing_that_is_not_for_this_user_to_review(world, area):
    own = world.change_submitted(area)
    neighbours = world.change_submitted(area, world.neighbour)
    college = signed_in(world.seats[Role.COLLEGE])
    sent = [f"{one.public_id}:2:k{n}" for n, one in enumerate((own, neighbours))]
    done = text(
        college.post(f"/files/{area}/review/batch/done/", {"act": "approve", "line": [*sent, "nonsense", "x:1:k"]})
    )
    neighbours.refresh_from_db()
    assert ("1 条没有找到" in done, neighbours.state) == (True, "college_review")
    for wrong in ({"act": "void", "line": sent}, {"act": "approve"}, {"line": sent}):
        assert college.post(f"/files/{area}/review/batch/done/", wrong)["Location"] == f"/files/{area}/review/"


@pytest.mark.rule("ARC-05")
def test_after_a_verdict_the_next_one_comes(world):
    first, second = asked(world, Area.ARCHIVE, 2)
    college = signed_in(world.seats[Role.COLLEGE])
    page = college.get(f"/files/archive/changes/{first.public_id}/").content.decode()
    onward = unescape(re.search(r'name="next" value="([^"]+)"', page).group(1))  # type: ignore[union-attr]
    perform(first, "approve", world.actor(Role.COLLEGE))
    assert college.get(onward)["Location"] == f"/files/archive/changes/{second.public_id}/"
    perform(second, "approve", world.actor(Role.COLLEGE))
    assert college.get(onward)["Location"] == "/files/archive/review/"


@AREAS
@pytest.mark.rule("HOME-01")
def test_more_rows_cost_no_more_questions(world, area):
    asked(world, area, 1)
    college = signed_in(world.seats[Role.COLLEGE])
    addresses = [f"/files/{area}/{one}" for one in ("", "review/", "records/", "changes/", "figures/")]
    counts = [counted(college, address) for address in addresses]
    asked(world, area, 4)
    assert [counted(college, address) for address in addresses] == counts


def counted(client: Any, address: str) -> int:

    client.get(address)
    with CaptureQueriesContext(connection) as asked_of:
        client.get(address)
    return len(asked_of)
