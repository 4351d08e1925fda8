"""The pages of 毕业去向登记 on a school's own platform: the five steps, 保存 and 提交, and that nobody else sees any of it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from django.urls import reverse

from qicheng.domain.campus.models import Part
from qicheng.domain.campus.queries.platform import STEPS
from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import perform
from qicheng.foundation.kit.numbers import token
from tests.clients import signed_in
from tests.domain.campus.at_the_platform import AGREEMENT, drafted, registered, submitted
from tests.filling import destination
from tests.world import World

pytestmark = pytest.mark.django_db
CHOOSE, NEW = "/campus/destination/", f"/campus/destination/new/{AGREEMENT}/"


class Words(HTMLParser):
    """The words of a page, one after the other."""

    def __init__(self, page: Any) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page.content.decode())

    def handle_data(self, data: str) -> None:
        self.found.append(data.strip())

    def __str__(self) -> str:
        return " ".join(filter(None, self.found))


def mine(world: World) -> Any:
    return signed_in(world.seats[Role.GRADUATE])


def sent(**over: str) -> dict[str, str]:
    return destination(AGREEMENT, **over) | {"key": token()}


@pytest.mark.rule("CAM-07", "CAM-08")
def test_a_graduate_goes_through_the_five_steps(world):
    world.open_parts(Part.PLATFORM)
    client = mine(world)
    page = str(Words(client.get(CHOOSE)))
    assert [step for step in STEPS if step in page] == list(STEPS)
    assert "签约协议形式就业" in page
    assert "辅导员审核以后不能修改" in page

    page = client.get(NEW)
    assert ("保存" in str(Words(page)), "提交" in str(Words(page)), "暂存" in str(Words(page))) == (True, True, False)
    kept = client.post(NEW, sent(name="只填了名称") | {"step": "keep", "contact": ""})
    case = Registration.all_rows.get()
    assert (case.state, case.employer_name, kept["Location"]) == (
        "draft",
        "只填了名称",
        reverse("registration:fill_in", args=[case.public_id]),
    )

    form = kept["Location"]
    missing = client.post(form, sent(contact="周敏") | {"step": "check", "seen": case.version})
    assert missing["Location"] == reverse("registration:check", args=[case.public_id])
    assert "还缺证明材料：盖章的就业协议书" in str(Words(client.get(missing["Location"])))
    case.refresh_from_db()
    world.prove(case)
    done = client.post(form, sent(contact="周敏", remark="全") | {"step": "check", "seen": case.version})
    case.refresh_from_db()
    assert (case.state, case.terms["contact"], done["Location"]) == (
        "college_review",
        "周敏",
        reverse(case.detail, args=[case.public_id]),
    )

    assert f'href="{form}"' in client.get(done["Location"]).content.decode()
    page = client.get(form)
    assert ("保存修改" in str(Words(page)), "撤回" in str(Words(page))) == (True, True)
    client.post(form, sent(contact="周敏", remark="改") | {"step": "keep", "seen": case.version})
    case.refresh_from_db()
    assert (case.state, case.terms["remark"]) == ("college_review", "改")
    wrong = client.post(form, sent(contact="") | {"step": "keep", "seen": case.version})
    assert (wrong.status_code, "单位联系人还没有填写" in str(Words(wrong))) == (422, True)


@pytest.mark.rule("CAM-08")
def test_what_did_not_pass_has_its_reason_on_top_and_another_type_can_be_chosen(world):
    case, client = submitted(world), mine(world)
    perform(case, "approve", world.actor(Role.COLLEGE))
    perform(case, "return", world.actor(Role.SCHOOL), reason="x_proof", words="第二页看不清")
    form = reverse("registration:fill_in", args=[case.public_id])
    for address in (form, reverse(case.detail, args=[case.public_id])):
        words = str(Words(client.get(address)))
        assert (
            words.index("学校审核未通过，按要求修改后再次提交")
            < words.index("第二页看不清")
            < words.index("组织机构代码")
        )

    assert "现在登记的是「签约协议形式就业」" in str(Words(client.get(CHOOSE)))
    assert client.post(CHOOSE, {"kind": "nothing", "seen": case.version}).status_code == 404
    assert client.post(CHOOSE, {"kind": "platform_contract", "seen": case.version})["Location"] == form
    case.refresh_from_db()
    assert (case.kind, case.state) == ("platform_contract", "returned")


@pytest.mark.rule("CAM-01")
def test_home_and_choosing_pages_lead_to_the_schools_platform_and_online_signing_stays(world):
    world.open_parts(Part.PLATFORM)
    client = mine(world)
    home = client.get("/").content.decode()
    assert (
        home.count(CHOOSE) > 0,
        reverse("registration:paper_new") in home,
        reverse("registration:guide") in home,
    ) == (True, False, True)
    for name, given in (("go", []), ("go_group", ["study"]), ("go_guide", []), ("go_find", [])):
        assert client.get(reverse(f"registration:{name}", args=given))["Location"] == CHOOSE
    barred = client.get(reverse("registration:paper_new"))
    assert ("在学校平台登记毕业去向" in str(Words(barred)), CHOOSE in barred.content.decode()) == (True, True)
    case = drafted(world)
    assert client.get(CHOOSE).status_code == 200
    perform(case, "submit", world.actor(Role.GRADUATE))
    assert client.get(CHOOSE)["Location"] == reverse(case.detail, args=[case.public_id])


@pytest.mark.rule("CAM-01")
def test_where_no_school_has_it_nobody_reads_of_it(world):
    for role in (Role.SCHOOL, Role.COLLEGE, Role.PROVINCE):
        client = signed_in(world.seats[role])
        pages = [client.get("/home"), client.get("/lists/ended/"), client.get("/lists/waiting/")]
        pages += [client.get("/review/")] if role is not Role.PROVINCE else []
        assert [
            page.status_code
            for page in pages
            if "毕业去向登记" in str(Words(page)).replace("毕业去向登记与网上签约", "")
        ] == []
        assert client.get("/lists/platform/").status_code == 404
    assert mine(world).get(CHOOSE).status_code == 404


@pytest.mark.rule("CAM-01", "REG-07")
def test_reviewers_have_it_in_their_queue_and_lists(world):
    case = submitted(world)
    college, school = signed_in(world.seats[Role.COLLEGE]), signed_in(world.seats[Role.SCHOOL])
    queue = str(Words(college.get("/review/?type=platform_agreement")))
    assert (case.graduate.name in queue, "签约协议形式就业" in queue) == (True, True)
    page = str(Words(college.get(f"/review/{case.public_id}/")))
    assert ("审核不通过" in page, "组织机构代码" in page, "盖章的就业协议书" in page) == (True, True, True)
    listed = school.get("/lists/platform/?type=platform_agreement")
    assert (listed.status_code, case.graduate.name in str(Words(listed))) == (200, True)
    perform(case, "approve", world.actor(Role.COLLEGE))
    perform(case, "approve", world.actor(Role.SCHOOL))
    assert "来源 学校平台" in str(Words(school.get(f"/review/{case.public_id}/")))


@pytest.mark.rule("CAM-01", "CON-03")
def test_the_platform_is_a_source_where_something_was_reported_from_it(world):
    from qicheng.domain.transfer.effects.confirmation import report_due

    world.open_confirmation()
    registered(world)
    school = signed_in(world.seats[Role.SCHOOL])
    before = str(Words(school.get("/confirm/figures/")))
    report_due(world.confirmation_of(world.graduate).due_at)
    after = str(Words(school.get("/confirm/figures/")))
    assert ("来源：学校平台" in before, "来源：学校平台" in after) == (False, True)


@pytest.mark.rule("CAM-01", "CON-02")
def test_what_is_wrong_in_what_was_reported_is_changed_on_the_schools_side(world, monkeypatch):
    from qicheng.domain.transfer.effects.confirmation import report_due
    from qicheng.domain.transfer.sheets import mailing

    world.open_confirmation()
    registered(world)
    report_due(world.confirmation_of(world.graduate).due_at)
    case = world.confirmation_of(world.graduate)
    perform(case, "dispute", world.actor(Role.GRADUATE), destination="wrong", remark="地址不对")
    client = mine(world)
    own = {mailing.UNIT: mailing.Change("毕业去向修改（单位不变）", "改单位的其他信息。", "campus:platform")}
    monkeypatch.setattr(mailing, "OWN", [lambda school, cohort: own])
    page = client.get("/confirm/")
    assert ("改动从学校平台开始" in str(Words(page)), f'href="{CHOOSE}"' in page.content.decode()) == (True, True)
