"""The pages of file and household: the graduate's own, the module of schools and colleges, its lists and figures, by permission."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest

from qicheng.domain.orgs.models import Opening, TransferSettings
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.effects.records import edit_record
from qicheng.domain.transfer.models import CHANGES, RECORDS
from qicheng.domain.transfer.sheets.records import HOUSEHOLD_KINDS, TITLES, kinds
from qicheng.foundation.access import Area, Level, Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import perform
from tests.clients import signed_in
from tests.world import CHANGE

pytestmark = pytest.mark.django_db
AREAS = pytest.mark.parametrize("area", [Area.ARCHIVE, Area.HOUSEHOLD])
PLACE = {"area_province": "110000", "area_city": "110108"}
TYPED = {key: value for key, value in CHANGE.items() if key != "region"} | PLACE
REASON = {"reason": "x_archive", "words": "接收单位没有人事档案保管权"}


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def key_in(answer: Any, name: str = "seen") -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.content.decode())
    assert found is not None
    return found.group(1)


def phone(world: Any) -> Any:
    return signed_in(world.seats[Role.GRADUATE])


def both_open(world: Any) -> None:
    for graduate in (world.neighbour, world.graduate):
        for area in (Area.ARCHIVE, Area.HOUSEHOLD):
            world.open_transfer(area, graduate)
    world.graduate.refresh_from_db()


def case_of(world: Any, area: Area = Area.ARCHIVE) -> Any:
    return CHANGES[area].all_rows.get(graduate=world.graduate)


# ---- the graduate


@pytest.mark.rule("ARC-01", "ARC-03", "ARC-05")
def test_the_graduate_sees_both_records_where_they_came_from_and_what_they_go_by(world):
    both_open(world)
    case = world.effective()
    world.change_submitted(Area.HOUSEHOLD)
    page = phone(world).get("/files/")
    shown = text(page)

    assert ("北京市西城区人才服务中心" in shown, "来自： 线上签约" in shown, f"/invites/{case.public_id}/" in page.content.decode()) == (
        True, True, True
    )  # fmt: skip
    assert ("档案转到非生源地的公共就业人才服务机构" in shown, "调档函" in shown) == (True, True)
    assert re.findall("登记成功|审核中|未登记", shown) == ["登记成功", "审核中"]
    assert "等学院审核" in shown


@AREAS
@pytest.mark.rule("ARC-01")
def test_every_type_stands_with_its_definition_and_basis_beside_the_choice_and_on_a_page_of_its_own(world, area):
    both_open(world)
    for address in (f"/files/{area}/change/", "/files/types/"):
        shown = text(phone(world).get(address))
        for one in kinds(area, "2024"):
            assert one.definition in shown
            assert one.basis in shown
    offered = re.findall(r'name="kind" value="(\w+)"', phone(world).get(f"/files/{area}/change/").content.decode())
    assert offered == [one.code for one in HOUSEHOLD_KINDS]


@AREAS
@pytest.mark.rule("ARC-05")
def test_it_is_filled_in_saved_checked_submitted_and_taken_back(world, area):
    both_open(world)
    me = phone(world)
    form = me.get(f"/files/{area}/change/")
    saved = me.post(f"/files/{area}/change/", {"key": key_in(form, "key"), "kind": "x_trustee", "step": "keep"})
    case = case_of(world, area)
    assert (saved.status_code, saved["Location"], case.state, case.kind) == (
        302, f"/files/{area}/changes/{case.public_id}/fill/", "draft", "x_trustee"
    )  # fmt: skip
    assert "还没有填好" in text(me.get(f"/files/{area}/changes/{case.public_id}/"))
    missing = text(me.get(f"/files/{area}/changes/{case.public_id}/fill/?check=1"))
    assert f"{TITLES[area]}接收单位名称还没有填写" in missing

    me.post(f"/files/{area}/changes/{case.public_id}/fill/", TYPED | {"seen": "1", "step": "check"})
    checked = me.get(f"/files/{area}/changes/{case.public_id}/")
    assert ("还没有填好" in text(checked), "北京市海淀区人才服务中心" in text(checked)) == (False, True)
    me.post(f"/act/{area}_change/{case.public_id}/submit/", {"seen": key_in(checked), "key": key_in(checked, "key")})
    case.refresh_from_db()
    assert (case.state, case.values) == ("college_review", CHANGE)
    assert "撤回修改" in text(me.get(f"/files/{area}/changes/{case.public_id}/"))
    me.post(f"/act/{area}_change/{case.public_id}/recall/", {"seen": str(case.version), "key": "k"})
    case.refresh_from_db()
    assert case.state == "draft"


@pytest.mark.rule("ARC-05")
def test_what_was_returned_says_why_and_is_mended_or_given_up(world):
    case = world.change_submitted()
    perform(case, "return", world.actor(Role.COLLEGE), **REASON)
    me = phone(world)
    for address in (
        "/files/",
        f"/files/archive/changes/{case.public_id}/",
        f"/files/archive/changes/{case.public_id}/fill/",
    ):
        assert REASON["words"] in text(me.get(address))
    me.post(
        f"/files/archive/changes/{case.public_id}/fill/",
        TYPED | {"receiver": "北京市朝阳区人才服务中心", "seen": str(case.version)},
    )
    case.refresh_from_db()
    assert (case.state, case.terms["receiver"]) == ("returned", "北京市朝阳区人才服务中心")
    me.post(f"/act/archive_change/{case.public_id}/give_up/", {"seen": str(case.version), "key": "k"})
    case.refresh_from_db()
    assert case.state == "given_up"
    assert "申请登记档案信息" in text(me.get("/files/"))


@pytest.mark.rule("ARC-05")
def test_a_draft_is_one_and_a_stale_form_keeps_what_was_typed(world):
    case = world.change_draft()
    me = phone(world)
    assert me.get("/files/archive/change/")["Location"] == f"/files/archive/changes/{case.public_id}/fill/"
    second = me.post("/files/archive/change/", TYPED | {"key": "another", "step": "keep"})
    assert (second.status_code, "你已经有一份没有提交的修改申请" in text(second)) == (409, True)
    perform(case, "edit", world.actor(Role.GRADUATE), **CHANGE | {"contact": "钱老师"})
    stale = me.post(
        f"/files/archive/changes/{case.public_id}/fill/", TYPED | {"contact": "孙老师", "seen": "1", "step": "keep"}
    )
    assert (stale.status_code, "孙老师" in stale.content.decode()) == (409, True)
    assert case_of(world).terms["contact"] == "钱老师"


@pytest.mark.rule("ARC-05")
def test_only_the_fields_of_the_chosen_type_are_kept(world):
    both_open(world)
    phone(world).post("/files/household/change/", TYPED | {"kind": "x_undecided", "key": "k", "step": "keep"})
    case = case_of(world, Area.HOUSEHOLD)
    assert (case.kind, set(case.terms.values())) == ("x_undecided", {""})


@pytest.mark.rule("ARC-02")
def test_a_receiver_that_is_the_graduate_is_said_at_its_field(world):
    case = world.change_draft(receiver="陈诚")
    shown = text(phone(world).get(f"/files/archive/changes/{case.public_id}/fill/?check=1"))
    assert "接收单位不能是本人或家属" in shown


@pytest.mark.rule("ORG-02", "SET-09", "ARC-08")
@pytest.mark.parametrize(
    ("shut", "why"), [("province", "省级用户没有开启"), ("settings", "学校还没有提交"), ("switch", "学校没有开放"), ("moved", "转入学校」是「否」")]
)  # fmt: skip
def test_what_is_not_open_says_who_opens_it_and_offers_nothing(world, shut, why):
    both_open(world)
    if shut == "province":
        Opening.objects.filter(module="archive").update(is_open=False)
    elif shut == "moved":
        Graduate.all_rows.filter(pk=world.graduate.pk).update(archive_moved=False)
    else:
        TransferSettings.all_rows.filter(area="archive").update(
            **({"submitted_at": None} if shut == "settings" else {"is_on": False})
        )
    me = phone(world)
    shown = text(me.get("/files/"))
    assert (why in shown, "申请登记档案信息" in shown, "申请登记户口信息" in shown) == (True, False, True)
    assert me.get("/files/archive/change/")["Location"] == "/files/"


@AREAS
@pytest.mark.rule("ORG-01")
def test_nobody_opens_the_application_of_another(world, area):
    both_open(world)
    case = world.change_submitted(area)
    addresses = [
        f"/files/{area}/changes/{case.public_id}/",
        f"/files/{area}/changes/{case.public_id}/fill/",
        f"/act/{area}_change/{case.public_id}/recall/",
    ]
    other = Area.HOUSEHOLD if area is Area.ARCHIVE else Area.ARCHIVE
    neighbour, stranger = signed_in(world.graduate_seat(world.neighbour)), signed_in(world.stranger_seats[Role.SCHOOL])
    college = signed_in(world.other_college_seat)
    for client in (neighbour, stranger, college, signed_in(world.seats[Role.EMPLOYER])):
        assert {client.get(address).status_code for address in addresses} == {404}
    assert phone(world).get(f"/files/{other}/changes/{case.public_id}/").status_code == 404


# ---- the module of schools and colleges


@AREAS
@pytest.mark.rule("ARC-05", "HOME-01")
def test_three_states_in_the_list_every_state_in_the_applications_and_every_number_is_its_list(world, area):
    both_open(world)
    people = [
        world.graduate,
        *(
            world.new_graduate(name, world.college, household_moved=True)
            for name in ("赵一", "钱二", "孙三", "李四", "周五")
        ),
    ]
    world.change_approved(area, people[0])
    world.change_submitted(area, people[0], receiver="北京市朝阳区人才服务中心")
    world.change_submitted(area, people[1])
    for person, act in ((people[2], "return"), (people[3], "reject")):
        perform(world.change_submitted(area, person), act, world.actor(Role.COLLEGE), **REASON)
    world.change_approved(area, people[4])
    world.change_draft(area, people[5])
    world.change_submitted(area, world.neighbour)

    school, college = signed_in(world.seats[Role.SCHOOL]), signed_in(world.seats[Role.COLLEGE])
    assert {key: states(school, area, "records", key) for key in ("unregistered", "in_review", "registered")} == {
        "unregistered": {"钱二", "孙三", "周五"}, "in_review": {"陈诚", "赵一", "林嘉禾"}, "registered": {"李四"},
    }  # fmt: skip
    assert states(college, area, "records", "in_review") == {"陈诚", "赵一"}
    assert {key: states(school, area, "changes", key) for key in ("in_review", "returned", "rejected", "registered", "draft")} == {
        "in_review": {"陈诚", "赵一", "林嘉禾"}, "returned": {"钱二"}, "rejected": {"孙三"}, "registered": {"陈诚", "李四"},
        "draft": {"陈诚", "赵一", "林嘉禾", "钱二", "孙三", "李四"},
    }  # fmt: skip
    assert "周五" not in text(school.get(f"/files/{area}/changes/"))
    for client in (school, college):
        for address in (f"/files/{area}/", f"/files/{area}/figures/"):
            found = links(client.get(address).content.decode(), area)
            assert found
            assert [(one, number) for one, number in found if rows(client, one) != number] == []


def states(client: Any, area: Area, name: str, state: str) -> set[str]:
    page = client.get(f"/files/{area}/{name}/?state={state}").content.decode()
    return set(re.findall(r'<th class="c-name" scope="row"><a href="[^"]*">([^<]*)</a>', page))


def links(page: str, area: Area) -> list[tuple[str, int]]:
    """(address, number) of every figure of a page."""
    found = re.findall(rf'<a href="(/files/{area}/[^"]*)"[^>]*>(?:[^<]*<b>)?([\d,]+)(?:</b>)?</a>', page)
    return [(unescape(address), int(number.replace(",", ""))) for address, number in found]


def rows(client: Any, address: str) -> int:
    found = re.search(r"共 ([\d,]+) 条", text(client.get(address)))
    assert found is not None
    return int(found.group(1))


@AREAS
@pytest.mark.rule("ARC-06")
def test_the_figures_of_colleges_add_up_row_by_row_and_column_by_column(world, area):
    both_open(world)
    world.change_approved(area)
    world.change_submitted(area, world.neighbour)
    world.new_graduate("孙三", world.other_college, household_moved=True)
    page = signed_in(world.seats[Role.SCHOOL]).get(f"/files/{area}/figures/").content.decode()
    for table in re.findall(r"<tbody>(.*?)</tbody>", page, re.DOTALL):
        lines = [
            [int(n) for n in re.findall(r'<td class="num">(?:<a [^>]*>|<span class="soft">)(\d+)', line)]
            for line in table.split("</tr>")[:-1]
        ]
        assert [line[0] for line in lines] == [sum(line[1:]) for line in lines]
        assert lines[0] == [sum(column) for column in zip(*lines[1:], strict=True)]
    assert "外国语学院" in page
    own = signed_in(world.seats[Role.COLLEGE]).get(f"/files/{area}/figures/").content.decode()
    assert "外国语学院" not in own
    assert text(signed_in(world.seats[Role.SCHOOL]).get(f"/files/{area}/figures/?level=11")).count("总计 0 0") >= 1


@AREAS
@pytest.mark.rule("ARC-06", "ROS-07")
def test_who_left_the_roster_is_listed_as_lapsed_and_has_everything_back(world, area):
    both_open(world)
    case = world.change_approved(area)
    waiting = world.change_submitted(area, receiver="北京市朝阳区人才服务中心")
    school = signed_in(world.seats[Role.SCHOOL])
    place = f"/files/{area}/records/{world.graduate.public_id}/"
    before = text(school.get(place))
    Graduate.all_rows.filter(pk=world.graduate.pk).update(removed_at="2026-06-01T00:00:00+08:00")

    for name in ("records", "changes", "review"):
        assert "陈诚" not in text(school.get(f"/files/{area}/{name}/"))
    assert states(school, area, "lapsed", "") == {"陈诚"}
    gone = text(school.get(place))
    assert ("已失效" in gone, "已从学校名单中删除" in gone, f"修改{TITLES[area]}信息 " in gone) == (True, True, False)
    assert school.get(f"{place}edit/")["Location"] == place
    assert "已从学校名单中删除" in text(phone(world).get("/files/"))
    Graduate.all_rows.filter(pk=world.graduate.pk).update(removed_at=None)

    school.get(place)  # what the closed page had to say is said there
    assert text(school.get(place)) == before
    waiting.refresh_from_db()
    assert (waiting.state, case.state, states(school, area, "lapsed", "")) == ("college_review", "registered", set())


@AREAS
@pytest.mark.rule("ARC-08")
def test_who_never_moved_it_is_on_none_of_the_lists(world, area):
    both_open(world)
    world.change_approved(area)
    world.change_submitted(area, receiver="北京市朝阳区人才服务中心")
    Graduate.all_rows.filter(pk=world.graduate.pk).update(**{f"{area}_moved": False})
    school = signed_in(world.seats[Role.SCHOOL])
    for name in ("", "records/", "changes/", "review/", "lapsed/", "figures/"):
        assert "陈诚" not in text(school.get(f"/files/{area}/{name}"))
    assert school.get(f"/files/{area}/records/{world.graduate.public_id}/").status_code == 404
    college = signed_in(world.seats[Role.COLLEGE])
    assert "陈诚" not in text(college.get(f"/files/{area}/review/"))


@AREAS
@pytest.mark.rule("REG-07")
def test_a_list_is_taken_away_under_its_filters_masked_and_on_record(world, area):
    both_open(world)
    world.change_approved(area)
    world.change_submitted(area, world.neighbour)
    school = signed_in(world.seats[Role.SCHOOL])
    answer = school.get(f"/files/{area}/records/workbook/?state=registered")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    lines = list(sheet.iter_rows(values_only=True))
    assert (len(lines), lines[1][0], TITLES[area] in unquote(answer["Content-Disposition"])) == (2, "陈诚", True)
    for client, address in ((school, "changes"), (signed_in(world.seats[Role.COLLEGE]), "review")):
        assert client.get(f"/files/{area}/{address}/workbook/").status_code == 200
    shown = "".join(map(str, lines[1]))
    assert (world.graduate.id_number in shown, world.graduate.phone in shown) == (False, False)
    noted = Record.objects.get(flow=f"listing.{area}_records")
    assert (noted.act, noted.changes) == ("export", {"状态": ["", "登记成功"], "条数": ["", 1]})


@pytest.mark.rule("ORG-02")
def test_a_module_that_the_province_has_not_opened_says_who_opens_it(world):
    both_open(world)
    case = world.change_submitted()
    Opening.objects.filter(module="archive").update(is_open=False)
    school = signed_in(world.seats[Role.SCHOOL])
    for address in ("", "review/", "records/", "figures/", f"records/{world.graduate.public_id}/edit/"):
        assert "由省级用户开启" in text(school.get(f"/files/archive/{address}"))
    assert school.get(f"/files/archive/changes/{case.public_id}/").status_code == 404
    assert school.get("/files/household/").status_code == 200


# ---- one record


@AREAS
@pytest.mark.rule("ARC-03", "ARC-04", "ARC-05")
def test_the_page_of_a_record_says_where_it_came_from_and_all_that_changed_it(world, area):
    both_open(world)
    case = world.change_approved(area)
    edit_record(
        area,
        world.graduate.public_id,
        world.actor(Role.COLLEGE),
        seen=1,
        words="单位换了联系人",
        **CHANGE | {"contact": "郑芳"},
    )
    page = signed_in(world.seats[Role.SCHOOL]).get(f"/files/{area}/records/{world.graduate.public_id}/")
    shown = text(page)
    assert ("来自：老师修改" in shown, "单位换了联系人" in shown, "吴芳 → 郑芳" in shown) == (True, True, True)
    assert f"/files/{area}/changes/{case.public_id}/" in page.content.decode()
    own = text(phone(world).get("/files/"))
    assert ("原因：单位换了联系人" in own, "联系人：吴芳 → 郑芳" in own, "李华" in own) == (True, True, False)


@AREAS
@pytest.mark.rule("ARC-04")
def test_a_record_is_edited_and_cleared_on_its_pages(world, area):
    both_open(world)
    school, place = signed_in(world.seats[Role.SCHOOL]), f"/files/{area}/records/{world.graduate.public_id}/"
    form = school.get(f"{place}edit/")
    wrong = school.post(f"{place}edit/", TYPED | {"receiver": "陈诚", "seen": key_in(form), "key": "a"})
    assert (wrong.status_code, "接收单位不能是本人或家属" in text(wrong)) == (422, True)
    done = school.post(f"{place}edit/", TYPED | {"seen": key_in(wrong), "key": key_in(wrong, "key"), "words": "按来函"})
    assert (done.status_code, RECORDS[area].all_rows.get().values) == (302, CHANGE)
    assert "已修改，毕业生会收到消息" in text(school.get(place))

    stale = school.post(f"{place}edit/", TYPED | {"contact": "郑芳", "seen": "0", "key": "b"})
    assert (stale.status_code, "没有生效" in text(stale), 'value="郑芳"' in stale.content.decode(), key_in(stale)) == (
        409,
        True,
        True,
        "1",
    )
    again = school.post(
        f"{place}edit/", TYPED | {"contact": "郑芳", "seen": key_in(stale), "key": key_in(stale, "key")}
    )
    assert (again.status_code, RECORDS[area].all_rows.get().contact) == (302, "郑芳")

    asked = school.get(f"{place}clear/")
    silent = school.post(f"{place}clear/", {"seen": key_in(asked), "key": "c", "words": ""})
    assert (silent.status_code, "写明清空的原因" in text(silent)) == (422, True)
    school.post(f"{place}clear/", {"seen": key_in(asked), "key": "d", "words": "重新登记"})
    assert RECORDS[area].all_rows.get().is_registered is False


# ---- permissions (ARC-07)


PAGES = (
    "",
    "review/",
    "records/",
    "changes/",
    "lapsed/",
    "figures/",
    "records/workbook/",
    "changes/workbook/",
    "lapsed/workbook/",
    "review/workbook/",
)
WRITING = ("edit/", "clear/")


@AREAS
@pytest.mark.rule("ARC-07", "ORG-05")
@pytest.mark.parametrize("role", [Role.SCHOOL, Role.COLLEGE])
def test_each_module_opens_by_its_own_permission_alone(world, area, role):
    both_open(world)
    case = world.change_submitted(area)
    node, other = world.seats[role].node, Area.HOUSEHOLD if area is Area.ARCHIVE else Area.ARCHIVE
    record, application = (
        f"/files/{area}/records/{world.graduate.public_id}/",
        f"/files/{area}/changes/{case.public_id}/",
    )
    reading = [*(f"/files/{area}/{one}" for one in PAGES), record, application]
    writing = [f"{record}{one}" for one in WRITING]
    for levels, reads, writes in (
        ({area: Level.WRITE, other: Level.NONE, Area.EMPLOYMENT: Level.NONE}, 200, 200),
        ({area: Level.READ, other: Level.WRITE, Area.EMPLOYMENT: Level.WRITE}, 200, 404),
        ({area: Level.NONE, other: Level.WRITE, Area.EMPLOYMENT: Level.WRITE}, 404, 404),
        ({area: Level.NONE, other: Level.NONE, Area.EMPLOYMENT: Level.WRITE}, 404, 404),
        ({area: Level.NONE, other: Level.NONE, Area.EMPLOYMENT: Level.NONE}, 404, 404),
    ):
        client = signed_in(world.new_seat(role, node, "何权", **{one.value: level for one, level in levels.items()}))
        assert {client.get(address).status_code for address in reading} == {reads}, levels
        assert {client.get(address).status_code for address in writing} == {writes}, levels
        posted = {
            client.post(f"/files/{area}/review/{one}", {"act": "approve"}).status_code
            for one in ("batch/", "batch/done/")
        }
        assert posted == ({302} if writes == 200 else {404}), levels
        home = client.get("/files/")
        assert home.status_code == (404 if max(levels[area], levels[other]) == Level.NONE else 302)
        assert (f"待我审核的{TITLES[area]}申请" in text(client.get("/home/"))) is (reads == 200)


@AREAS
@pytest.mark.rule("ARC-07")
def test_nothing_of_a_module_shows_anywhere_to_whoever_has_only_the_others(world, area):
    both_open(world)
    case = world.change_submitted(area, receiver="秘密接收中心", address="秘密路1号", contact="秘密人")
    edit_record(
        area,
        world.graduate.public_id,
        world.actor(Role.SCHOOL),
        seen=0,
        words="秘密原因",
        **CHANGE | {"receiver": "秘密登记中心"},
    )
    other = Area.HOUSEHOLD if area is Area.ARCHIVE else Area.ARCHIVE
    world.change_submitted(other)
    levels = {area.value: Level.NONE, other.value: Level.WRITE, "employment": Level.WRITE}
    for role in (Role.SCHOOL, Role.COLLEGE):
        client = signed_in(world.new_seat(role, world.seats[role].node, "何权", **levels))
        addresses = [
            "/home/", "/modules/", "/review/", "/students/", "/students/?q=陈诚", f"/students/{world.graduate.public_id}/", "/lists/", "/lists/waiting/",
            "/messages/", *(f"/files/{other}/{one}" for one in PAGES if "workbook" not in one), f"/files/{other}/records/{world.graduate.public_id}/",
            *(["/log/", "/settings/files/"] if role is Role.SCHOOL else []),
        ]  # fmt: skip
        for address in addresses:
            page = client.get(address, follow=True)
            shown = text(page)
            assert page.status_code == 200, address
            assert (
                "秘密" in shown,
                str(case.public_id) in page.content.decode(),
                f"{TITLES[area]}信息修改申请" in shown,
            ) == (False, False, False), address
            assert f"{TITLES[area]}是否转入学校" not in shown, address
            assert re.search(f"{TITLES[area]}信息登记(?!模块)", shown) is None, address


@pytest.mark.rule("ARC-07")
def test_without_the_permission_for_employment_the_record_stands_without_it(world):
    both_open(world)
    world.effective()
    case = world.change_submitted()
    seat = world.new_seat(
        Role.SCHOOL, world.school.pk, "何权", archive=Level.WRITE, household=Level.NONE, employment=Level.NONE
    )
    client = signed_in(seat)
    for address in (f"/files/archive/records/{world.graduate.public_id}/", f"/files/archive/changes/{case.public_id}/"):
        shown = text(client.get(address))
        assert ("看不到去向登记" in shown, "云岭数据科技有限公司" in shown) == (True, False)


# ---- settings


@pytest.mark.rule("SET-09", "ARC-07")
def test_each_module_has_its_own_settings_on_one_page(world):
    for area in (Area.ARCHIVE, Area.HOUSEHOLD):
        Opening.objects.update_or_create(
            province=world.province, cohort=world.cohort, module=area.value, defaults={"is_open": True}
        )
    school = signed_in(world.seats[Role.SCHOOL])
    given = {"area": "household", "household-is_on": "on", "household-review_mode": "school", "seen": "0"}
    assert school.post("/settings/files/", given).status_code == 302
    [row] = TransferSettings.all_rows.all()
    assert (row.area, row.is_on, row.review_mode) == ("household", True, "school")
    old = school.post("/settings/files/", given | {"household-review_mode": "college_then_school"})
    row.refresh_from_db()
    assert (old.status_code, row.review_mode) == (302, "school")
    assert "提交户口信息登记设置" in text(school.get("/log/"))
    blind = signed_in(world.new_seat(Role.SCHOOL, world.school.pk, "何权", archive=Level.WRITE, household=Level.NONE))
    assert (
        "户口信息登记" in text(blind.get("/settings/files/")),
        blind.post("/settings/files/", given).status_code,
    ) == (False, 404)
    assert "户口信息登记设置" not in text(blind.get("/log/"))
    reading = signed_in(world.new_seat(Role.SCHOOL, world.school.pk, "何读", archive=Level.READ, household=Level.READ))
    assert (reading.get("/settings/files/").status_code, reading.post("/settings/files/", given).status_code) == (
        200,
        404,
    )
    assert signed_in(world.seats[Role.COLLEGE]).get("/settings/files/").status_code == 404


@pytest.mark.rule("SET-05", "SET-06", "SET-09")
def test_the_page_of_settings_says_what_stands_in_the_way_of_another_review(world):
    both_open(world)
    world.change_submitted()
    seat = world.other_college_seat
    seat.household = Level.READ
    seat.save()
    school = signed_in(world.seats[Role.SCHOOL])
    page = school.get("/settings/files/").content.decode()
    assert ("/files/archive/changes/" in page, "档案信息修改申请 1 条" in text(school.get("/settings/files/"))) == (
        True,
        True,
    )
    assert "college=%E5%A4%96%E5%9B%BD%E8%AF%AD%E5%AD%A6%E9%99%A2" in page
    refused = school.post(
        "/settings/files/", {"area": "archive", "archive-is_on": "on", "archive-review_mode": "school", "seen": "1"}
    )
    assert (refused.status_code, "全部办完才能改审核方式" in text(refused)) == (422, True)
