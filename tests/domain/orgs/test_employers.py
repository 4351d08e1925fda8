"""Employers: registration, verification, joining, who changes what, licences, colleagues."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from qicheng.domain.orgs.models import Account, Employer, EmployerCase, Seat
from qicheng.foundation.access import Level, Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, find, noted, perform, timeline
from qicheng.foundation.notice.models import Notice
from tests.clients import signed_in
from tests.world import credit_code

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100
CODE = credit_code(77_000_001)


def form(**other: Any) -> dict[str, Any]:
    values = {
        "name": "青禾软件有限公司", "credit_code": CODE, "nature": "39", "industry": "34", "area_province": "110000", "area_city": "110102",
        "address": "西直门外大街18号", "contact": "许经理", "mobile": "13900000001", "phone": "", "email": "hr@qinghe.example",
        "login": "qinghe.hr", "applicant": "许经理", "password": "Vb7-tulip-lamp", "again": "Vb7-tulip-lamp", "licence": PNG,
    }  # fmt: skip
    values |= other
    if isinstance(values["licence"], bytes):
        values["licence"] = SimpleUploadedFile("x.png", values["licence"])
    return {key: value for key, value in values.items() if value is not None}


def registered(world: Any, **other: Any) -> Any:
    """The answer to a registration; `world` is there because there must be one."""
    return Client().post("/org/register/", form(**other))


def said(response: Any) -> str:
    return response.content.decode()


def only_case() -> EmployerCase:
    return EmployerCase.all_rows.latest("pk")


def seat_of(login: str) -> Seat | None:
    return Seat.objects.select_related("account").filter(account__login=login, ended_at=None).first()


@pytest.mark.rule("EMP-01")
def test_a_unit_registers_and_invites_once_the_operator_has_verified_it(world):
    answer = registered(world)
    case, unit = only_case(), Employer.all_rows.get(credit_code=CODE)
    actor = seat_of("qinghe.hr").actor()

    assert (answer.status_code, case.flow_name, case.state, unit.is_verified) == (
        302,
        "employer_verification",
        "waiting",
        False,
    )
    assert (unit.area, unit.nature, unit.mobile) == ("110102", "39", "13900000001")
    with pytest.raises(Refused, match="核验后才能发出邀请"):
        world.invitation(employer=actor)
    perform(case, "approve", world.actor(Role.MINISTRY))
    assert world.invitation(employer=actor).employer_name == "青禾软件有限公司"
    assert [record.act for record in timeline(case)] == ["apply", "approve"]
    assert Notice.objects.filter(flow="employer_verification", node=unit.pk, channel="inbox").count() == 1


WRONG = {
    "credit_code": ["", CODE[:17], CODE[:17] + ("0" if CODE[17] != "0" else "1"), "91110108I000000000", CODE + "1"],
    "name": ["", " ", "名" * 121],
    "nature": ["", "zz"],
    "industry": ["", "00"],
    "address": [""],
    "contact": [""],
    "mobile": ["", "1390000000", "abc"],
    "email": ["", "hr@", "hr"],
    "licence": [None, b"", b"MZ not a picture", b"\x89PNG\r\n\x1a\n" + b"0" * (5 * 1024 * 1024)],
    "login": ["", "ab", "13900000001", "带 空格"],
    "password": ["", "short", "0123456789"],
    "again": ["", "other-words-12"],
    "area_city": [""],
}


@pytest.mark.rule("EMP-01")
@pytest.mark.parametrize(
    ("key", "wrong"), [(key, wrong) for key, many in WRONG.items() for wrong in many], ids=lambda v: str(v)[:20]
)
def test_wrong_input_registers_nothing(world, settings, key, wrong):
    answer = registered(world, **{key: wrong})

    assert (answer.status_code, Employer.all_rows.filter(credit_code=CODE).count(), seat_of("qinghe.hr")) == (
        422,
        0,
        None,
    )
    assert 'id="errs"' in said(answer)


@pytest.mark.rule("EMP-01")
@pytest.mark.parametrize("written", [CODE.lower(), f" {CODE[:9]} {CODE[9:]} ", CODE.replace("1", "１")])
def test_the_same_code_however_it_is_written_is_one_unit(world, written):
    registered(world)
    registered(world, credit_code=written, login="second.hr")

    assert Employer.all_rows.filter(credit_code=CODE).count() == 1


@pytest.mark.rule("EMP-01")
def test_a_landline_is_enough(world):
    assert registered(world, mobile="", phone="010-62750000").status_code == 302


@pytest.mark.rule("EMP-01")
def test_registration_does_not_tell_whether_the_unit_is_known(world):
    new, known = registered(world), registered(world, credit_code=world.employer.credit_code, login="known.hr")

    assert (new.status_code, new["Location"]) == (known.status_code, known["Location"])
    assert [case.flow_name for case in EmployerCase.all_rows.order_by("pk")] == [
        "employer_verification",
        "joining_a_unit",
    ]


def joining(world: Any) -> EmployerCase:
    registered(world, credit_code=world.employer.credit_code, login="known.hr")
    return only_case()


@pytest.mark.rule("EMP-01")
def test_a_second_registration_joins_after_the_unit_s_administrator_agrees(world):
    case = joining(world)
    assert seat_of("known.hr") is None
    assert Notice.objects.filter(flow="joining_a_unit", node=world.employer.pk, channel="inbox").count() == 1

    perform(case, "agree", world.actor(Role.EMPLOYER))

    seat = seat_of("known.hr")
    assert (seat.node, seat.is_administrator, seat.employment) == (world.employer.pk, False, Level.WRITE)


@pytest.mark.rule("EMP-01")
def test_only_an_administrator_of_that_unit_decides_who_joins(world):
    case = joining(world)
    plain = world.new_seat(Role.EMPLOYER, world.employer.pk, "小李").actor()

    with pytest.raises(Refused, match="只有单位管理员"):
        perform(case, "agree", plain)
    with pytest.raises(NotFound):
        perform(case, "agree", world.stranger_actor(Role.EMPLOYER))
    with pytest.raises(NotOpen):
        perform(case, "agree", world.actor(Role.MINISTRY))
    perform(case, "refuse", world.actor(Role.EMPLOYER))
    assert (case.state, seat_of("known.hr")) == ("turned_down", None)


@pytest.mark.rule("EMP-01")
def test_who_claims_a_unit_first_does_not_keep_it_from_whom_the_operator_verifies(world):
    registered(world, login="pretender", applicant="冒名", name="假冒的名称")
    first = only_case()
    pretender = signed_in(seat_of("pretender"))
    registered(world, login="true.hr")
    second = only_case()

    assert (first.employer_id, second.flow_name, seat_of("true.hr")) == (
        second.employer_id,
        "employer_verification",
        None,
    )
    assert pretender.get(f"/org/cases/{second.public_id}/").status_code == 404
    assert pretender.get(f"/org/cases/{second.public_id}/licence/").status_code == 404
    with pytest.raises(Refused, match="不能登录"):
        perform(second, "return", world.actor(Role.MINISTRY), reason="x_name", words="名称不清楚")
    perform(second, "approve", world.actor(Role.MINISTRY))

    unit = Employer.all_rows.get(credit_code=CODE)
    assert (unit.name, seat_of("pretender"), seat_of("true.hr").is_administrator) == ("青禾软件有限公司", None, True)
    assert pretender.get("/org/profile/").status_code == 302
    with pytest.raises(Refused, match="已经核验过"):
        perform(first, "approve", world.actor(Role.MINISTRY))


@pytest.mark.rule("EMP-01")
def test_what_is_returned_is_corrected_by_the_applicant_with_a_new_licence(world):
    registered(world)
    case, browser = only_case(), signed_in(seat_of("qinghe.hr"))
    perform(case, "return", world.actor(Role.MINISTRY), reason="x_address", words="写到门牌号")
    corrected = form(
        address="西直门外大街18号楼3层", licence=b"%PDF-1.7 " + b"0" * 50, seen=case.version, credit_code=credit_code(5)
    )

    assert "写到门牌号" in said(browser.get(f"/org/cases/{case.public_id}/"))
    stale = browser.post(
        f"/org/cases/{case.public_id}/correct/", corrected | {"seen": 1, "licence": SimpleUploadedFile("a", PNG)}
    )
    answer = browser.post(f"/org/cases/{case.public_id}/correct/", corrected)

    before = case.licence
    case.refresh_from_db()
    assert (stale.status_code, answer.status_code, case.state) == (422, 302, "waiting")
    assert (case.shown["address"], case.shown["credit_code"], case.licence != before) == (
        "西直门外大街18号楼3层",
        CODE,
        True,
    )
    assert browser.get(f"/org/cases/{case.public_id}/correct/").status_code == 404


@pytest.mark.rule("EMP-01", "REG-02")
def test_a_rejection_carries_a_reason_and_ends_the_application(world):
    registered(world)
    case = only_case()
    for given in ({}, {"reason": "x_name"}, {"words": "不一致"}, {"reason": "x_name", "words": "  "}):
        with pytest.raises(Refused):
            perform(case, "reject", world.actor(Role.MINISTRY), **given)

    perform(case, "reject", world.actor(Role.MINISTRY), reason="x_name", words="与执照不一致")

    with pytest.raises(NotOpen):
        perform(case, "approve", world.actor(Role.MINISTRY))
    assert (case.state, Employer.all_rows.get(credit_code=CODE).is_verified) == ("rejected", False)


@pytest.mark.rule("EMP-01")
def test_the_licence_is_kept_apart_and_opened_by_the_operator_and_the_unit_alone(world, settings):
    registered(world)
    case = only_case()
    path = Path(settings.QICHENG_FILES) / case.licence

    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (PNG, 0o600)
    assert "x.png" not in case.licence
    answer = signed_in(seat_of("qinghe.hr")).get(f"/org/cases/{case.public_id}/licence/")
    assert (answer.content, answer["Content-Type"], answer["X-Content-Type-Options"]) == (PNG, "image/png", "nosniff")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert signed_in(world.seats[Role.MINISTRY]).get(f"/org/cases/{case.public_id}/licence/").status_code == 200
    assert signed_in(world.seats[Role.EMPLOYER]).get(f"/org/cases/{case.public_id}/licence/").status_code == 404


def test_a_registration_that_fails_leaves_no_file(world, settings):
    folder = Path(settings.QICHENG_FILES) / "licences"
    before = set(folder.rglob("*")) if folder.exists() else set()

    answer = registered(world, login=world.seats[Role.SCHOOL].account.login)

    assert (answer.status_code, "这个登录名已有人用" in said(answer)) == (422, True)
    assert {path for path in folder.rglob("*") if path.is_file()} - before == set()
    assert Account.objects.filter(name="许经理").count() == 0


def test_one_address_registers_only_so_often(world):
    from qicheng.domain.orgs.effects import spend
    from qicheng.domain.orgs.pages.employer import HOUR, REGISTRATIONS

    for _ in range(REGISTRATIONS):
        spend("register|127.0.0.1", REGISTRATIONS, HOUR)

    answer = registered(world)

    assert (answer.status_code, "注册太多" in said(answer)) == (422, True)


def test_behind_a_proxy_it_is_the_client_s_address_that_counts(world, settings):
    from qicheng.domain.orgs.effects import spend
    from qicheng.domain.orgs.pages.employer import HOUR, REGISTRATIONS

    settings.QICHENG_PROXIES = ["127.0.0.1"]
    for _ in range(REGISTRATIONS):
        spend("register|203.0.113.7", REGISTRATIONS, HOUR)

    def from_there(address: str, login: str) -> int:
        return Client(headers={"X-Forwarded-For": address}).post("/org/register/", form(login=login)).status_code

    assert (from_there("203.0.113.7", "one.hr"), from_there("203.0.113.8", "two.hr")) == (422, 302)


def test_without_scripts_the_area_is_chosen_step_by_step(world):
    answer = registered(world, area_province="440000", area_city="")
    page = said(answer)

    assert (answer.status_code, "下面还要选一级" in page, '<option value="440100">' in page) == (422, True, True)
    assert registered(world, area_province="440000", area_city="110102").status_code == 422


@pytest.mark.rule("EMP-02", "SET-10")
def test_the_operator_changes_a_unit_and_running_invitations_keep_what_was_shown(world):
    browser, signing = signed_in(world.seats[Role.MINISTRY]), world.invitation()
    path = f"/gov/employers/{world.employer.public_id}/change/"
    seen = said(browser.get(path)).split('name="seen" value="')[1].split('"')[0]
    new = form(name="云岭智能科技有限公司", credit_code=credit_code(77_000_009), nature="20", seen=seen)

    assert browser.post(path, new).status_code == 302
    browser.post(path, new | {"name": "过时的修改"})

    world.employer.refresh_from_db()
    signing.refresh_from_db()
    assert (world.employer.name, world.employer.nature) == ("云岭智能科技有限公司", "20")
    assert (signing.employer_name, signing.employer_shown["name"], signing.employer_shown["nature"]) == (
        "云岭数据科技有限公司", "云岭数据科技有限公司", "39",
    )  # fmt: skip
    assert noted("employer", act="change")[0].changes["单位名称"] == ["云岭数据科技有限公司", "云岭智能科技有限公司"]
    assert "云岭数据科技有限公司" in said(browser.get(f"/gov/employers/{world.employer.public_id}/"))


@pytest.mark.rule("EMP-02")
def test_a_code_that_another_unit_has_is_refused(world):
    browser = signed_in(world.seats[Role.MINISTRY])
    path = f"/gov/employers/{world.employer.public_id}/change/"
    seen = said(browser.get(path)).split('name="seen" value="')[1].split('"')[0]

    answer = browser.post(path, form(seen=seen, credit_code=world.other_employer.credit_code))

    assert (answer.status_code, "已登记在另一家单位名下" in said(answer)) == (422, True)


@pytest.mark.rule("EMP-02")
def test_a_unit_changes_whom_to_call_and_nothing_else(world):
    browser = signed_in(world.seats[Role.EMPLOYER])
    seen = said(browser.get("/org/profile/")).split('name="seen" value="')[1].split('"')[0]

    browser.post("/org/profile/", form(seen=seen, contact="新联系人", nature="10", area="440000", is_verified="on"))

    world.employer.refresh_from_db()
    assert (world.employer.contact, world.employer.email) == ("新联系人", "hr@qinghe.example")
    assert (world.employer.name, world.employer.nature, world.employer.area) == ("云岭数据科技有限公司", "39", "110102")
    assert (
        signed_in(world.seats[Role.EMPLOYER]).get(f"/gov/employers/{world.employer.public_id}/change/").status_code
        == 404
    )


def test_a_colleague_is_put_out_at_once_and_only_by_an_administrator(world):
    colleague = world.new_seat(Role.EMPLOYER, world.employer.pk, "小李")
    browser, administrator = signed_in(colleague), world.seats[Role.EMPLOYER]

    browser.post(f"/org/accounts/{administrator.pk}/end/")
    administrator.refresh_from_db()
    assert administrator.ended_at is None
    assert signed_in(world.stranger_seats[Role.EMPLOYER]).post(f"/org/accounts/{colleague.pk}/end/").status_code == 404
    signed_in(administrator).post(f"/org/accounts/{administrator.pk}/end/")
    signed_in(administrator).post(f"/org/accounts/{colleague.pk}/end/")

    assert browser.get("/org/accounts/").status_code == 302
    assert signed_in(administrator).get("/org/accounts/").status_code == 200


def test_the_ministry_s_opening_of_a_unit_and_of_a_case_is_on_record(world):
    case = joining(world)
    browser = signed_in(world.seats[Role.MINISTRY])
    browser.get(f"/org/cases/{case.public_id}/")
    browser.get(f"/gov/employers/{world.employer.public_id}/")
    signed_in(world.seats[Role.EMPLOYER]).get(f"/org/cases/{case.public_id}/")

    assert [(r.act, r.case, r.name) for r in noted("employer", "joining_a_unit", act="open")] == [
        ("open", f"look:{world.employer.public_id.hex}", "周部"), ("open", f"look:{case.public_id.hex}", "周部"),
    ]  # fmt: skip


def test_the_queue_shows_what_waits_by_state(world):
    registered(world)
    browser = signed_in(world.seats[Role.MINISTRY])

    assert "青禾软件有限公司" in said(browser.get("/gov/employers/"))
    assert "青禾软件有限公司" in said(browser.get(f"/gov/employers/?q={CODE.lower()}"))
    assert "青禾软件有限公司" not in said(browser.get("/gov/employers/?state=verified"))
    assert browser.get("/gov/employers/?state=nothing").status_code == 404


@pytest.mark.rule("ORG-01")
def test_staff_below_the_ministry_see_no_applications(world):
    case = joining(world)

    for role in (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.GRADUATE):
        with pytest.raises(NotFound):
            find(EmployerCase, case.public_id, world.actor(role))


@pytest.mark.parametrize("name", ["employer_verification", "joining_a_unit"])
def test_the_flow_is_as_it_was_signed(name):
    signed = Path(__file__).parent / "signed" / f"{name}.txt"

    assert FLOWS[name].table() == signed.read_text(encoding="utf-8")
