"""Anybody verifies a report, by its code or by number and name; what is not found is all alike (VER-01, VER-03, INV-52)."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from qicheng.domain.orgs.models import Attempt
from qicheng.domain.roster.effects import amend_record
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.domain.transfer.effects import verification as effects
from qicheng.domain.transfer.models import Authorisation, TransferReport, Verification
from qicheng.domain.transfer.queries.verification import address_of, scan_token
from qicheng.foundation.access import Area, Level, Role
from qicheng.foundation.flow.perform import perform
from tests.clients import signed_in
from tests.domain.transfer import outside

HERE = "203.0.113.7"


@pytest.fixture(autouse=True)
def keys(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside.with_keys(settings, tmp_path_factory)


def asked(number: str, name: str, *, client: Client | None = None) -> Any:
    return (client or Client()).post("/v/", {"number": number, "name": name}, REMOTE_ADDR=HERE)


def scan(number: str) -> Any:
    return Client().get(f"/v/{scan_token(number)}/", REMOTE_ADDR=HERE)


def words(response: Any) -> str:
    """What the page says, without what is random or the time of day in it."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", response.content.decode())
    return re.sub(r'data-now="[^"]+"|\d\d-\d\d \d\d:\d\d', "", text)


def said(response: Any) -> str:
    return re.sub(r"<[^>]+>|\s+", " ", response.content.decode())


def looks() -> list[tuple[str, str, str]]:
    return list(Verification.all_rows.order_by("id").values_list("way", "result", "kind"))


@pytest.mark.rule("VER-01")
def test_whoever_scans_the_code_sees_what_is_needed_to_compare(world):
    report = outside.own_report(outside.authorised(world))

    response = scan(report.number)

    page = said(response)
    assert "核验通过" in page
    assert "陈*" in page
    assert "陈诚" not in page
    assert "云岭数据科技有限公司" in page
    assert "北京市西城区人才服务中心" in page
    assert world.graduate.id_number not in page
    assert "西直门外大街56号" not in page
    assert "dj.example.edu.cn" in page
    assert looks() == [("scan", "valid", "graduate")]
    assert (response["Cache-Control"], response["X-Robots-Tag"]) == ("no-store", "noindex")


@pytest.mark.rule("VER-01")
def test_number_and_name_do_as_well_however_they_are_typed(world):
    report = outside.own_report(outside.authorised(world))

    for number, name in (
        (report.number, "陈诚"),
        (report.number.lower(), " 陈 诚 "),
        (f" {report.number[:7]} {report.number[7:]}", "陈诚"),
    ):
        assert "核验通过" in said(asked(number, name))
    assert looks() == [("number", "valid", "graduate")] * 3


def test_a_name_with_a_dot_is_found_by_whichever_dot(world):
    report = outside.own_report(outside.authorised(world, world.stranger))

    assert "核验通过" in said(asked(report.number, "阿依古丽•买买提"))
    assert "核验通过" in said(asked(report.number, "阿依古丽・买买提"))


@pytest.mark.rule("VER-02")
def test_the_school_s_own_paper_needs_no_authorisation(world):
    report = outside.issued(world, "archive")

    page = said(asked(report.number, "陈诚"))

    assert "核验通过" in page
    assert "转递编号" in page


@pytest.mark.rule("VER-01")
def test_a_superseded_report_says_so_with_its_date_and_shows_nothing_else(world):
    report = outside.own_report(outside.authorised(world))
    _change_the_record(world)

    page = said(scan(report.number))

    today = timezone.localdate()
    assert f"{today.month} 月 {today.day} 日起失效" in page
    assert "云岭" not in page
    assert looks() == [("scan", "superseded", "graduate")]


@pytest.mark.rule("REP-01")
def test_what_the_school_took_back_answers_superseded(world):
    report = outside.issued(world, "household")
    perform(report, "withdraw", world.actor(Role.SCHOOL))

    assert "已失效" in said(asked(report.number, "陈诚"))


def test_a_paper_whose_line_the_roster_has_changed_since_is_superseded_before_any_job_says_so(world):
    report = outside.issued(world, "archive")
    Graduate.all_rows.filter(pk=world.graduate.pk).update(major="软件工程")

    assert effects.look("number", number=report.number, name="陈诚", origin=HERE).result == "superseded"


CASES = ("wrong number", "wrong name", "ended", "removed", "unconfirmed", "not made")


def _not_to_be_found(world: Any, case: str) -> tuple[str, str]:
    """(number, name) of a look that finds nothing, for that reason."""
    authorisation = outside.authorised(world, made=case != "not made")
    number = outside.own_report(authorisation).number
    if case == "wrong number":
        number = number[:-1] + ("A" if number[-1] != "A" else "C")
    if case == "ended":
        perform(authorisation, "end", world.of(world.graduate))
    if case == "removed":
        Graduate.all_rows.filter(pk=world.graduate.pk).update(removed_at=timezone.now())
    if case == "unconfirmed":
        confirmation = world.confirmation_of(world.graduate)
        perform(
            confirmation,
            "dispute",
            world.of(world.graduate),
            destination="wrong",
            archive="right",
            remark="单位名称不对",
        )
    return number, "陈城" if case == "wrong name" else "陈诚"


@pytest.mark.rule("VER-01")
@pytest.mark.parametrize("case", CASES[1:])
def test_every_reason_for_finding_nothing_has_the_same_answer(world, case):
    number, name = _not_to_be_found(world, case)
    never = number[:-1] + ("A" if number[-1] != "A" else "C")

    found, other = asked(number, name), asked(never, "陈诚")

    assert "没有核验到" in said(found)
    assert (words(found), found.status_code, found.headers.items() ^ other.headers.items() - {"Set-Cookie"}) == (
        words(other), other.status_code, {(k, v) for k, v in found.headers.items() ^ other.headers.items() if k in ("Content-Length", "X-Request-Id")},
    )  # fmt: skip


@pytest.mark.rule("VER-01")
@pytest.mark.parametrize("case", CASES)
def test_every_reason_for_finding_nothing_runs_the_same_statements(world, case):
    """The time of an answer is made of what is asked of the database: it is the same, to the letter, but for the values."""
    number, name = _not_to_be_found(world, case)
    never = "2699999AAAAAAAAAAA"
    effects.look("number", number=never, name="陈诚", origin="192.0.2.1")

    def statements_of(number: str, name: str) -> list[str]:
        with CaptureQueriesContext(connection) as caught:
            assert effects.look("number", number=number, name=name, origin=HERE).result == "unknown"
        return [_shape(one["sql"]) for one in caught.captured_queries]

    assert statements_of(number, name) == statements_of(never, "陈诚")


def _shape(sql: str) -> str:
    """A statement without its values: they stand in it where the client has bound them."""
    return re.sub(r"'[^']*'(::\w+)?|\b\d+\b|NULL", "?", re.sub(r'"s\d+_x\d+"', "savepoint", sql))


@pytest.mark.rule("VER-03")
def test_every_look_is_shown_to_the_graduate_and_the_school_and_nobody_else(world):
    authorisation = outside.authorised(world)
    number = outside.own_report(authorisation).number
    scan(number)
    asked(number, "陈城")
    asked(number, "陈诚")
    perform(authorisation, "end", world.of(world.graduate))
    scan(number)

    graduate = said(signed_in(world.seats[Role.GRADUATE]).get("/transfer/"))
    school = said(signed_in(world.seats[Role.SCHOOL]).get("/transfer/log/"))
    stranger = said(signed_in(world.stranger_seats[Role.SCHOOL]).get("/transfer/log/"))

    assert [
        graduate.count(one)
        for one in ("扫码，核验通过", "编号和姓名，核验通过", "扫码，没有核验到", "编号和姓名，没有核验到")
    ] == [1, 1, 1, 0]
    assert "共 3 次" in school
    assert "陈诚" in school
    assert "陈诚" not in stranger
    assert looks() == [
        ("scan", "valid", "graduate"),
        ("number", "unknown", ""),
        ("number", "valid", "graduate"),
        ("scan", "unknown", "graduate"),
    ]


@pytest.mark.rule("VER-03")
def test_the_first_look_is_noted_on_the_report(world):
    report = outside.own_report(outside.authorised(world))

    scan(report.number)
    first = TransferReport.__subclasses__()[0].all_rows.get(pk=report.pk).verified_at
    scan(report.number)

    assert first is not None
    assert TransferReport.__subclasses__()[0].all_rows.get(pk=report.pk).verified_at == first


def test_nothing_that_was_typed_reaches_a_log(world, caplog):
    report = outside.own_report(outside.authorised(world))
    caplog.set_level(logging.DEBUG)

    asked(report.number, "陈诚")
    asked(report.number, "欧阳甲乙")
    scan(report.number)

    kept = caplog.text
    assert [one for one in ("陈诚", "欧阳甲乙", report.number) if one in kept] == []
    assert not any("欧阳" in str(row) for row in Verification.all_rows.values_list())


@pytest.mark.rule("VER-01")
def test_after_ten_wrong_names_a_number_is_not_looked_at_any_more_and_its_code_still_is(world):
    report = outside.own_report(outside.authorised(world))

    results = [asked(report.number, f"陈{i}").status_code for i in range(11)]

    assert results == [200] * 10 + [429]
    assert asked(report.number, "陈诚").status_code == 429
    assert "核验通过" in said(scan(report.number))


def test_what_was_found_is_not_counted(world):
    report = outside.own_report(outside.authorised(world))

    for _ in range(80):
        assert effects.look("number", number=report.number, name="陈诚", origin=HERE).result == "valid"
    assert set(Attempt.objects.values_list("number", flat=True)) == {0}


def test_one_address_is_stopped_and_another_is_not(world, monkeypatch):
    monkeypatch.setattr(effects, "LOOKS_OF_AN_ADDRESS", 3)

    results = [effects.look("scan", token=f"nothing{i}", origin=HERE).result for i in range(5)]

    assert results == ["unknown"] * 3 + ["busy"] * 2
    assert effects.look("scan", token="nothing", origin="192.0.2.9").result == "unknown"


def test_a_number_is_no_token_and_a_token_no_number(world):
    report = outside.own_report(outside.authorised(world))

    assert "没有核验到" in said(Client().get(f"/v/{report.number}/"))
    assert "没有核验到" in said(asked(scan_token(report.number)[:18], "陈诚"))


def test_the_code_s_address_has_128_bits_that_the_number_does_not_tell(world, settings):
    report = outside.own_report(outside.authorised(world))
    before = address_of(report.number)

    assert re.fullmatch(r"https://dj\.example\.edu\.cn/v/[\w-]{22}/", before)
    settings.SECRET_KEY = "another" * 8
    assert address_of(report.number) == before
    settings.QICHENG_NUMBER_KEY = "another" * 8
    assert address_of(report.number) != before


def test_a_machine_that_only_knocks_has_not_looked(world):
    report = outside.own_report(outside.authorised(world))

    assert Client().head(f"/v/{scan_token(report.number)}/").status_code == 405
    assert looks() == []


def test_what_was_not_filled_in_is_asked_for(world):
    response = asked("", "")

    assert response.status_code == 422
    assert "编号还没有填写" in said(response)
    assert looks() == []


def test_the_form_and_the_help_need_no_log_in_and_name_the_domain(world):
    for path in ("/v/", "/v/help/"):
        response = Client().get(path)
        assert (response.status_code, "dj.example.edu.cn" in said(response)) == (200, True)


# ---- what staff see


@pytest.mark.rule("VER-04")
def test_the_list_says_of_each_graduate_whether_verification_is_authorised(world):
    authorisation = outside.authorised(world)
    client = signed_in(world.seats[Role.SCHOOL])

    page = said(client.get("/transfer/"))
    assert "授权有效" in page
    assert "林嘉禾" in page
    perform(authorisation, "end", world.of(world.graduate))
    filtered = said(client.get("/transfer/?state=over"))
    assert "已结束" in filtered
    assert "林嘉禾" not in filtered


@pytest.mark.rule("VER-04")
def test_the_report_can_be_looked_at_while_the_authorisation_is_in_force(world):
    authorisation = outside.authorised(world)
    report = outside.own_report(authorisation)
    client, path = signed_in(world.seats[Role.SCHOOL]), f"/transfer/authorisation/{authorisation.public_id}/"

    assert f"/report/graduate/{report.public_id}/" in client.get(path).content.decode()
    perform(authorisation, "end", world.of(world.graduate))
    assert f"/report/graduate/{report.public_id}/" not in client.get(path).content.decode()


@pytest.mark.rule("ARC-07")
def test_with_the_household_s_permission_alone_one_sees_that_it_is_authorised_and_no_more(world):
    authorisation = outside.authorised(world)
    world.open_transfer(Area.HOUSEHOLD)
    seat = world.new_seat(Role.SCHOOL, world.school.pk, "何户籍", archive=Level.NONE)
    scan(outside.own_report(authorisation).number)
    client = signed_in(seat)

    assert "授权有效" in said(client.get("/transfer/"))
    assert f"/transfer/authorisation/{authorisation.public_id}/" not in client.get("/transfer/").content.decode()
    assert client.get(f"/transfer/authorisation/{authorisation.public_id}/").status_code == 404
    assert "共 0 次" in said(client.get("/transfer/log/"))


@pytest.mark.rule("ARC-07")
def test_looks_at_the_household_s_paper_are_shown_by_its_permission(world):
    report = outside.issued(world, "household")
    scan(report.number)
    household = world.new_seat(Role.SCHOOL, world.school.pk, "何户籍", archive=Level.NONE)
    archive = world.new_seat(Role.SCHOOL, world.school.pk, "丁档案", household=Level.NONE)

    assert "共 1 次" in said(signed_in(household).get("/transfer/log/"))
    assert "共 0 次" in said(signed_in(archive).get("/transfer/log/"))


def test_without_either_permission_there_is_nothing(world):
    authorisation = outside.authorised(world)
    seat = world.new_seat(Role.SCHOOL, world.school.pk, "周就业", archive=Level.NONE, household=Level.NONE)
    client = signed_in(seat)

    paths = ("/transfer/", "/transfer/log/", "/transfer/check/", f"/transfer/authorisation/{authorisation.public_id}/")
    assert [client.get(path).status_code for path in paths] == [404] * 4


@pytest.mark.rule("ORG-02")
def test_a_module_that_is_not_open_says_who_opens_it(world):
    client = signed_in(world.seats[Role.SCHOOL])

    for path in ("/transfer/", "/transfer/log/", "/transfer/check/"):
        assert "由省级用户开启" in said(client.get(path))
    assert "省级用户没有开启" in said(signed_in(world.seats[Role.GRADUATE]).get("/transfer/"))


@pytest.mark.rule("VER-04")
def test_a_teacher_verifies_a_paper_that_somebody_brought(world):
    report = outside.own_report(outside.authorised(world))
    outside.open_verification(world, world.stranger)

    response = signed_in(world.stranger_seats[Role.SCHOOL]).post(
        "/transfer/check/", {"number": report.number, "name": "陈诚"}
    )

    assert "核验通过" in said(response)
    assert looks() == [("staff", "valid", "graduate")]


# ---- the graduate's page


@pytest.mark.rule("VER-02")
def test_the_graduate_authorises_sees_the_code_and_ends_it(world):
    outside.confirmed(world)
    client = signed_in(world.seats[Role.GRADUATE])
    assert "授权核验你的报告" in said(client.get("/transfer/"))

    answer = client.post("/transfer/", {"days": "60", "key": "k1"})
    twice = client.post("/transfer/", {"days": "60", "key": "k1"})

    authorisation = Authorisation.all_rows.get()
    assert (answer.status_code, twice.status_code, authorisation.days) == (302, 302, 60)
    assert "报告正在生成" in said(client.get("/transfer/"))
    from qicheng.domain.transfer.effects.reports import make_report

    make_report("graduate", str(authorisation.report))
    page = client.get("/transfer/").content.decode()
    assert "<svg" in page
    assert f"/act/authorisation/{authorisation.public_id}/end/" in page
    client.post(f"/act/authorisation/{authorisation.public_id}/end/", {"seen": "1", "key": "k2"})
    assert "以前的授权" in said(client.get("/transfer/"))


@pytest.mark.parametrize("days", ["29", "181", "", "sixty"])
def test_another_period_is_refused_at_the_field(world, days):
    outside.confirmed(world)

    response = signed_in(world.seats[Role.GRADUATE]).post("/transfer/", {"days": days, "key": "k"})

    assert (response.status_code, Authorisation.all_rows.count()) == (422, 0)


def test_the_graduate_does_not_find_the_authorisation_of_another(world):
    authorisation = outside.authorised(world)

    assert (
        signed_in(world.graduate_seat(world.neighbour))
        .get(f"/transfer/authorisation/{authorisation.public_id}/")
        .status_code
        == 404
    )


def _change_the_record(world: Any) -> None:
    record = EmploymentRecord.all_rows.get(graduate=world.graduate)
    amend_record(graduate=world.graduate.pk, case=record.case, address="学府路2号")
