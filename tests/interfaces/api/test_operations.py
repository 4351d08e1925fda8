"""What a key reads and does over the API is what its school's people read and do, by the same declarations."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from python_calamine import CalamineWorkbook

from qicheng.domain.figures.effects import answers
from qicheng.domain.figures.models import Answer
from qicheng.domain.figures.queries import moments
from qicheng.domain.orgs.models import KeyCall, Module, Opening
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.sheets.agreement import ARCHIVE, HOUSEHOLD, OFFER
from qicheng.foundation import codes
from qicheng.foundation.access import Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.kit.calendar import ONE_DAY
from tests.interfaces.api import caller
from tests.world import COHORT

pytestmark = [pytest.mark.django_db, pytest.mark.rule("SYN-02")]


@pytest.fixture(autouse=True)
def at_any_hour(monkeypatch: Any) -> None:
    """Yesterday can be asked for in the first minutes of today, too."""
    monkeypatch.setattr(moments, "MARGIN", timedelta())


def test_a_list_says_what_the_page_says_behind_its_masks_and_goes_on_by_its_mark(world):
    asker = caller(world, Role.SCHOOL, "roster:read")
    first = asker.get("/lists/roster/", cohort=COHORT, size=1).json()
    second = asker.get("/lists/roster/", cohort=COHORT, size=1, after=first["after"]).json()
    rows = {row["name"]: row for row in [*first["rows"], *second["rows"]]}
    assert (set(rows), second["after"]) == ({"陈诚", "林嘉禾"}, "")
    chen = rows["陈诚"]
    assert (chen["id"], chen["college"], chen["level"], chen["level_code"]) == (
        str(world.graduate.public_id), "计算机学院", codes.table("education_levels").label(world.graduate.level), world.graduate.level,
    )  # fmt: skip
    assert chen["id_number"] == "*" * 14 + world.graduate.id_number[-4:]
    whole = caller(world, Role.SCHOOL, "roster:read", "identity:read")
    assert world.graduate.id_number in {
        row["id_number"] for row in whole.get("/lists/roster/", cohort=COHORT).json()["rows"]
    }


@pytest.mark.parametrize(
    ("asked", "place"),
    [({"after": "made up"}, "after"), ({"size": 1001}, "size"), ({"cohort": ""}, "cohort"), ({"levle": "31"}, "levle"), ({"confirmed": "x"}, "confirmed")],
    ids=["a mark of nothing", "too many rows", "no cohort", "no such filter", "no such choice"],
)  # fmt: skip
def test_what_is_asked_wrongly_is_refused_by_its_place_and_never_read_as_something_else(world, asked, place):
    answer = caller(world).get("/lists/roster/", **({"cohort": COHORT} | asked))
    said = answer.json()
    assert (answer.status_code, answer["Content-Type"], [fault["place"] for fault in said["errors"]]) == (
        422, "application/problem+json", [place],
    )  # fmt: skip
    assert {"title", "detail", "do", "request"} <= set(said)


def test_every_list_answers_every_role_that_has_it_and_shuts_everybody_else_out(world):
    world.effective()
    from qicheng.interfaces.api.lists import published

    for role in (Role.SCHOOL, Role.PROVINCE, Role.MINISTRY):
        asker, poor = caller(world, role), caller(world, role, "figures:read")
        for one in published():
            asked = {"cohort": COHORT} if one.listing.cohort else {}
            told = asker.get(f"/lists/{one.path}/", **asked)
            wanted = 200 if role in one.roles else 403
            if one.is_told and one.path.rpartition("/")[2] in ("declared", "platform"):
                wanted = told.status_code
            assert (one.path, told.status_code) == (one.path, wanted), told.content.decode()
            assert poor.get(f"/lists/{one.path}/", **asked).status_code == 403


def test_a_key_reviews_as_the_school_and_the_record_says_which_key_it_was(world):
    world.accepted()
    case = Registration.all_rows.get()
    world.approved(case, levels=1)
    asker = caller(world)
    path = f"/cases/{case.public_id}/"
    said = asker.get(path).json()
    acts = {act["name"]: act for act in said["acts"]}
    assert (said["state"], said["turn"], said["graduate"]["name"], set(acts)) == (
        "school_review", "school", "陈诚", {"approve", "reject", "refresh"},
    )  # fmt: skip
    assert {"label": "单位", "value": "云岭数据科技有限公司"} in said["lines"]
    # What it says of file and household is for keys that may read these.
    alone = caller(world, Role.SCHOOL, "registrations:read").get(path).json()["lines"]
    assert {line["label"] for line in said["lines"]} - {line["label"] for line in alone} == {
        field.label for field in OFFER if field.group in (ARCHIVE, HOUSEHOLD)
    }
    assert [one["code"] for one in acts["reject"]["reasons"]] != []

    stale = asker.post(f"{path}approve/", {"seen": said["version"] - 1})
    assert (stale.status_code, stale.json()["title"]) == (409, "现在不能这样做")
    wrong = asker.post(f"{path}reject/", {"seen": said["version"], "reason": "made up", "words": "不对"})
    assert (wrong.status_code, wrong.json()["errors"][0]["place"]) == (422, "reason")
    done = asker.post(f"{path}approve/", {"seen": said["version"]}).json()
    assert (done["state"], done["version"]) == ("effective", said["version"] + 1)
    record = Record.objects.filter(case=str(case.public_id)).latest("id")
    assert (record.name, record.role, record.unit) == ("接口密钥 教务系统", "school", "江临大学")
    assert asker.get(f"{path}records/").json()["rows"][-1]["act"] == "approve"
    # A form: the job category of an agreement in force.
    amended = asker.post(f"{path}amend/", {"seen": done["version"], "form": {"job_category": "10"}})
    assert (amended.status_code, Registration.all_rows.get().job_category) == (200, "10")
    strange = asker.post(
        f"{path}amend/", {"seen": done["version"] + 1, "form": {"job_category": "10", "state": "void"}}
    )
    assert (strange.status_code, strange.json()["errors"][0]["place"]) == (422, "form.state")


def test_nobody_is_signed_for_by_a_key(world):
    case = world.invitation()
    asker = caller(world)
    answers = {act: asker.post(f"/cases/{case.public_id}/{act}/", {"seen": case.version}).status_code for act in
               ("accept", "decline", "expire", "confirm", "withdraw", "approve")}  # fmt: skip
    # There is no such operation; what is called so is of a college's plan, or of the school's own report, and not open here.
    assert answers == {"accept": 409, "decline": 404, "expire": 404, "confirm": 404, "withdraw": 409, "approve": 409}
    case.refresh_from_db()
    assert case.state == "invited"


def test_what_a_key_may_not_is_told_by_the_name_of_what_it_lacks(world):
    case = world.accepted()
    reads = caller(world, Role.SCHOOL, "registrations:read")
    assert reads.get(f"/cases/{case.public_id}/").json()["acts"] == []
    refused = reads.post(f"/cases/{case.public_id}/approve/", {"seen": case.version})
    assert (refused.status_code, "acts:write" in refused.json()["detail"]) == (403, True)
    other = caller(world, Role.SCHOOL, "roster:read", "acts:write")
    assert other.get(f"/cases/{case.public_id}/").status_code == 404
    assert other.post(f"/cases/{case.public_id}/approve/", {"seen": case.version}).status_code == 404


@pytest.mark.rule("SYN-03")
def test_code_tables_are_read_and_downloaded_with_their_version(world):
    asker = caller(world, Role.SCHOOL, "roster:read")
    listed = {row["name"]: row for row in asker.get("/codes/").json()["rows"]}
    assert set(listed) == set(codes.names())
    first = asker.get("/codes/ethnic_groups/")
    assert (first.json()["version"], first.json()["rows"][0]["code"]) == (listed["ethnic_groups"]["version"], "01")
    again = asker.client.get("/api/v1/codes/ethnic_groups/", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    book = CalamineWorkbook.from_filelike(io.BytesIO(asker.get("/codes/ethnic_groups.xlsx").content))
    assert book.get_sheet_by_index(0).to_python()[1][:2] == ["01", "汉族"]
    assert asker.get("/codes/nothing/").status_code == 404


def test_what_is_no_document_is_refused_before_anything_reads_it(world):
    asker = caller(world)
    path = f"/rosters/{COHORT}/lines/"
    for content, kind, status in (
        (b"{", "application/json", 400), (b"[]", "application/json", 400), (b'{"lines": "\\u0000"}', "application/json", 400),
        (b'{"lines": ["\\ud800"]}', "application/json", 400), (b'{"lines": NaN}', "application/json", 400),
        (b"lines=1", "application/x-www-form-urlencoded", 415), (b"{" + b" " * 5_300_000, "application/json", 413),
        (b'{"lines": [{"school_id": 1}], "cohort": 1}', "application/json", 422),
    ):  # fmt: skip
        answer = asker.client.post(f"/api/v1{path}", content, content_type=kind)
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json"), content[:40]
    assert asker.client.delete("/api/v1/me/").status_code == 405
    assert asker.get("/nowhere/").json()["title"] == "没有找到"


def test_every_call_is_on_the_log_without_anybody_in_it(world):
    asker = caller(world)
    asker.get("/lists/roster/", cohort=COHORT)
    asker.get("/lists/roster/")
    calls = KeyCall.all_rows.order_by("id").values_list("operation", "status", "rows")
    assert list(calls) == [("GET list_roster", 200, 2), ("GET list_roster", 422, 0)]


def test_figures_add_up_for_whoever_may_see_the_people_and_hide_small_groups_from_the_others(world):
    world.effective()
    asker = caller(world)
    table = asker.get("/figures/agreements/", cohort=COHORT).json()
    whole, *units = table["lines"]
    assert (
        whole["numbers"][0],
        [sum(line["numbers"][i] for line in units) for i in range(len(table["headings"]))],
    ) == (1, whole["numbers"])
    exact = asker.get("/figures/rates/", cohort=COHORT, by="college").json()
    assert (exact["is_exact"], {group["name"] for group in exact["groups"]}, exact["whole"]["rate"]) == (
        True,
        {"计算机学院", "外国语学院"},
        "50.00%",
    )
    told = caller(world, Role.SCHOOL, "figures:read")
    hidden = told.get("/figures/rates/", cohort=COHORT, by="college").json()
    assert (hidden["is_exact"], hidden["whole"]["counts"], [group["counts"] for group in hidden["groups"]]) == (
        False,
        {},
        [{}] * len(hidden["groups"]),
    )
    assert told.get("/figures/agreements/", cohort=COHORT).status_code == 403
    assert asker.get("/figures/rates/", cohort=2001).status_code == 404
    assert asker.get("/figures/rates/", cohort=COHORT, by="name").json()["errors"][0]["place"] == "by"


@pytest.mark.rule("STA-01", "STA-03")
def test_tables_are_narrowed_and_of_a_past_day_and_a_province_asks_again_for_what_takes_longer(world):
    case = world.reported()
    Opening.objects.update_or_create(
        province=world.school.province, module=Module.CONFIRMATION, cohort=COHORT, defaults={"is_open": True}
    )
    school, province, ministry = (caller(world, role) for role in (Role.SCHOOL, Role.PROVINCE, Role.MINISTRY))
    today, yesterday = str(timezone.localdate()), str(timezone.localdate() - ONE_DAY)
    level = case.graduate.level

    def number(asker, table, **asked):
        said = asker.get(f"/figures/{table}/", cohort=COHORT, **asked).json()
        return said.get("tables", [said])[0]["lines"][-1]["numbers"][-1]

    assert [number(asker, "confirmations") for asker in (school, province, ministry)] == [2, 2, 3]
    assert [number(ministry, "confirmations", province=one) for one in (world.school.province_id, 10**6)] == [2, 0]
    other = "41" if level != "41" else "31"
    assert [
        number(school, "confirmations", **asked) for asked in ({"level": level}, {"level": other}, {"at": yesterday})
    ] == [2, 0, 0]
    for asked, place in (({"province": "made up"}, "province"), ({"levle": level}, "levle")):
        wrong = school.get("/figures/agreements/", cohort=COHORT, **asked)
        assert (wrong.status_code, wrong.json()["errors"][0]["place"]) == (422, place)
    assert school.get("/figures/rates/", cohort=COHORT, at="3026-01-01").status_code == 422
    sheet = school.get("/figures/rates/", cohort=COHORT, at=yesterday, level=level).json()
    # The end of yesterday is the midnight that today begins with.
    assert (sheet["counted_at"][:10], sheet["whole"]["counts"]["total"]) == (today, 0)
    for asker in (province, ministry):
        waits = [asker.get("/figures/agreements/", cohort=COHORT, at=yesterday) for _ in range(2)]
        assert [(one.status_code, one.json()["title"], one["Retry-After"]) for one in waits] == [
            (409, "还在统计", "10")
        ] * 2
        answers.make(Answer.objects.get(answered_at=None).pk)
        assert asker.get("/figures/agreements/", cohort=COHORT, at=yesterday).json()["counted_at"][:10] == today
    assert [asker.get("/figures/archive/", cohort=COHORT).status_code for asker in (school, province)] == [422, 403]
    Opening.objects.update_or_create(
        province=world.school.province, module=Module.ARCHIVE, cohort=COHORT, defaults={"is_open": True}
    )
    assert school.get("/figures/archive/", cohort=COHORT).json()["tables"]
    poor = caller(world, Role.SCHOOL, "figures:read")
    assert [poor.get(f"/figures/{one}/", cohort=COHORT).status_code for one in ("confirmations", "household")] == [
        403,
        403,
    ]
    assert poor.get("/figures/rates/", cohort=COHORT, level=level).status_code == 422


def test_whatever_is_typed_into_the_filters_of_a_list_is_compared_and_nothing_else(world):
    from qicheng.interfaces.api.lists import published

    asker = caller(world)
    for one in published():
        free = [
            each.key
            for each in one.listing.filters
            if each.kind in ("text", "prefix", "search", "code") and not each.conditions
        ]
        for typed in ("' OR true --", "%_\\", "matches", "\x00", "9" * 40):
            asked = dict.fromkeys(free, typed) | ({"cohort": COHORT} if one.listing.cohort else {})
            answer = asker.get(f"/lists/{one.path}/", **asked)
            assert (one.path, typed, answer.status_code) == (one.path, typed, 200) or one.path.endswith(
                ("declared", "platform")
            )


@pytest.mark.rule("SYN-01")
def test_what_was_approved_is_the_record_that_goes_out(world):
    world.effective()
    asker = caller(world, Role.SCHOOL, "records:read")
    said = asker.get("/records/", cohort=COHORT, size=1).json()
    (row,) = said["rows"]
    assert (row["graduate"]["name"], row["employer_name"], row["source"], row["destination_label"] != "") == (
        "陈诚", "云岭数据科技有限公司", "system", True,
    )  # fmt: skip
    assert asker.get("/records/", cohort=COHORT, after=said["after"]).json() == {"after": "", "rows": []}
