"""The pages of reports: the list by how they stand, making many, one file of all, one report, who sees which."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from qicheng.domain.orgs.models import Opening, Seat
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.domain.transfer.effects import report_batches, reports
from qicheng.domain.transfer.listings import reports as listings
from qicheng.domain.transfer.models import ArchiveReport, ReportBatch
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotOpen, Refused, perform
from qicheng.foundation.kit.numbers import grouped
from qicheng.foundation.papers import seal
from tests.clients import signed_in
from tests.sealing import give_keys, issued, settled

if TYPE_CHECKING:
    from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(world: World, settings: Any) -> World:
    """陈诚's and 林嘉禾's records stand, the module is open, the keys are there."""
    give_keys(settings)
    settled(world)
    settled(world, world.neighbour, Area.ARCHIVE)
    return world


@pytest.mark.rule("REP-01")
def test_the_list_tells_of_each_how_the_report_stands(ready: World):
    def states(**query: str) -> dict[str, str]:
        page = listings.reports(Area.ARCHIVE).page(ready.actor(Role.SCHOOL), query, ready.cohort)
        return {row.name: row.state for row in page.rows}

    assert states() == {"陈诚": "unmade", "林嘉禾": "unmade"}
    report = issued(ready)
    assert states() == {"陈诚": "made", "林嘉禾": "unmade"}
    reports.hand_out(report, ready.actor(Role.SCHOOL))
    assert states(state="downloaded") == {"陈诚": "downloaded"}
    report.refresh_from_db()
    reports.mark_verified(report)
    assert states(state="verified", q=report.number.lower()) == {"陈诚": "verified"}
    ready.change_approved(Area.ARCHIVE)
    assert states(state="superseded") == {"陈诚": "superseded"}
    reports.issue("archive", ready.neighbour.pk, ready.actor(Role.SCHOOL))
    assert states(state="asked") == {"林嘉禾": "asked"}
    mine = listings.reports(Area.ARCHIVE).page(ready.actor(Role.COLLEGE), {}, ready.cohort)
    assert [row.name for row in mine.rows] == ["陈诚"]
    report = issued(ready)
    perform(report, "withdraw", ready.actor(Role.SCHOOL))
    assert states(state="unmade") == {"陈诚": "unmade"}


@pytest.mark.rule("REP-01")
def test_many_are_made_and_downloaded_as_one_file(ready: World):
    client = signed_in(ready.seats[Role.SCHOOL])
    page = client.get("/transfer/archive/")
    assert page.status_code == 200
    asked = client.post("/transfer/archive/make/", {"every": "1"})
    assert "生成 2 份档案转递报告" in asked.content.decode()
    key = asked.context["key"] if asked.context else "form-1"
    done = client.post("/transfer/archive/make/done/", {"key": key})
    batch = ReportBatch.all_rows.get()
    assert done.url == f"/transfer/archive/batches/{batch.public_id}/"
    # The same form again is the same batch.
    assert client.post("/transfer/archive/make/done/", {"key": key}).url == done.url
    assert ReportBatch.all_rows.count() == 1
    assert "生成并打包" in client.get(done.url).content.decode()
    report_batches.make_batch(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.done, len(batch.packed), batch.faults) == ("done", 2, 2, {})
    assert "下载 2 份" in client.get(done.url).content.decode()
    answer = client.get(f"{done.url}file/")
    content = b"".join(answer.streaming_content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names, files = archive.namelist(), [archive.read(name) for name in archive.namelist()]
    numbers = set(ArchiveReport.all_rows.values_list("number", flat=True))
    assert {name.rpartition("转递编号")[2].removesuffix(".pdf") for name in names} == numbers
    assert [seal.check(one).signer for one in files] == ["江临大学"] * 2
    assert [
        Record.objects.filter(act="download_reports").count(),
        ArchiveReport.all_rows.filter(downloaded_at=None).count(),
    ] == [1, 2]
    report_batches.mark_downloaded(batch.pk, batch.account_id)
    assert (
        Record.objects.filter(act="downloaded").count(),
        ArchiveReport.all_rows.filter(downloaded_at=None).count(),
    ) == (2, 0)


@pytest.mark.rule("REP-01")
def test_a_batch_says_whom_it_could_not_make_and_why(ready: World):
    EmploymentRecord.all_rows.filter(graduate=ready.neighbour).update(case="")
    batch = asked_for(ready)
    report_batches.make_batch(batch.pk)
    batch.refresh_from_db()
    assert batch.faults == {str(ready.neighbour.pk): "还没有审核通过的毕业去向，审核通过后才能生成报告。"}
    page = signed_in(ready.seats[Role.SCHOOL]).get(f"/transfer/archive/batches/{batch.public_id}/").content.decode()
    assert ("没有生成的 1 份" in page, "林嘉禾" in page, "下载 1 份" in page) == (True, True, True)


@pytest.mark.rule("REP-02")
def test_a_batch_without_a_key_packs_nothing_unsealed(ready: World, settings: Any):
    settings.QICHENG_SEAL = ""
    batch = asked_for(ready)
    report_batches.make_batch(batch.pk)
    batch.refresh_from_db()
    assert (batch.packed, set(batch.faults.values())) == ([], {"平台还没有配置签章的密钥，配置以后会自动继续。"})
    school = signed_in(ready.seats[Role.SCHOOL])
    assert "平台还没有配置签章的密钥" in school.get("/transfer/archive/").content.decode()
    report = ArchiveReport.all_rows.get(graduate=ready.graduate)
    page = school.get(f"/report/archive/{report.public_id}/").content.decode()
    assert ("等待签章" in page, "开始等待" in page, "打开报告" in page) == (True, True, False)
    assert school.get(f"/report/archive/{report.public_id}/report.pdf").url == f"/report/archive/{report.public_id}/"
    # The operator sees what waits, and nobody's name.
    operator = signed_in(ready.seats[Role.MINISTRY]).get("/gov/seal/").content.decode()
    assert ("现在不能签章" in operator, "等待签章" in operator, "2 份" in operator, "陈诚" in operator) == (
        True,
        True,
        True,
        False,
    )


@pytest.mark.rule("REP-01")
def test_a_record_that_changes_between_batch_and_download_keeps_the_file_back(ready: World):
    batch = asked_for(ready)
    report_batches.make_batch(batch.pk)
    ready.change_approved(Area.ARCHIVE)
    client = signed_in(ready.seats[Role.SCHOOL])
    address = f"/transfer/archive/batches/{batch.public_id}/"
    assert client.get(f"{address}file/").url == address
    assert "有 1 份报告失效了" in client.get(address).content.decode()
    assert client.post(f"{address}file/").url == address
    report_batches.make_batch(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, len(batch.packed), report_batches.gone_since(batch)) == ("done", 2, 0)
    assert client.get(f"{address}file/").status_code == 200


def test_a_batch_that_was_cut_off_goes_on_where_it_was(ready: World, monkeypatch: pytest.MonkeyPatch):
    batch = asked_for(ready)
    monkeypatch.setattr(report_batches, "SAID_EVERY", 1)
    made = []

    class Killed(BaseException):
        pass

    def once(kind: str, report: str) -> None:
        made.append(report)
        if len(made) == 2:
            raise Killed
        reports.make_report(kind, report)

    with monkeypatch.context() as patched:
        patched.setattr(report_batches, "make_report", once)
        with pytest.raises(Killed):
            report_batches.make_batch(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.done) == ("working", 1)
    monkeypatch.setattr(report_batches, "STUCK", -report_batches.STUCK)
    report_batches.resume_stuck()
    batch.refresh_from_db()
    assert (batch.state, batch.done, len(batch.packed)) == ("done", 2, 2)


def test_packed_files_are_let_go_after_a_week_and_can_be_packed_again(ready: World, monkeypatch: pytest.MonkeyPatch):
    batch = asked_for(ready)
    report_batches.make_batch(batch.pk)
    assert report_batches.sweep_batches() == 0
    monkeypatch.setattr(report_batches, "KEPT_FOR", -report_batches.KEPT_FOR)
    assert report_batches.sweep_batches() == 1
    page = signed_in(ready.seats[Role.SCHOOL]).get(f"/transfer/archive/batches/{batch.public_id}/").content.decode()
    assert ("已经清理" in page, "重新打包" in page) == (True, True)


@pytest.mark.rule("REP-01")
def test_batches_are_asked_for_by_who_may_write_and_are_not_too_many(ready: World, monkeypatch: pytest.MonkeyPatch):
    school = ready.actor(Role.SCHOOL)
    with pytest.raises(NotOpen):
        asked_for(ready, replace(school, levels=dict(school.levels) | {Area.ARCHIVE: 1}))
    with pytest.raises(NotOpen):
        asked_for(ready, ready.actor(Role.PROVINCE))
    monkeypatch.setattr(report_batches, "MOST_AT_ONCE", 1)
    with pytest.raises(Refused, match="一次最多生成 1 份"):
        asked_for(ready)
    assert ReportBatch.all_rows.count() == 0


@pytest.mark.rule("REP-01", "ARC-07")
def test_each_page_of_reports_is_there_for_whom_it_is_and_for_nobody_else(ready: World):
    report, own = issued(ready), issued(ready, "graduate")
    batch = asked_for(ready)
    report_batches.make_batch(batch.pk)
    only_household = new_seat(ready, "冯户", archive=0)
    reader = new_seat(ready, "冯读", archive=1)
    pages = {
        "list": "/transfer/archive/", "workbook": "/transfer/archive/workbook/", "batch": f"/transfer/archive/batches/{batch.public_id}/",
        "file": f"/transfer/archive/batches/{batch.public_id}/file/", "report": f"/report/archive/{report.public_id}/",
        "pdf": f"/report/archive/{report.public_id}/report.pdf", "own": f"/report/graduate/{own.public_id}/",
        "own pdf": f"/report/graduate/{own.public_id}/report.pdf", "crossed": f"/report/household/{report.public_id}/", "seal": "/gov/seal/",
    }  # fmt: skip
    seats = {
        "school": ready.seats[Role.SCHOOL], "college": ready.seats[Role.COLLEGE], "other college": ready.other_college_seat,
        "stranger": ready.stranger_seats[Role.SCHOOL], "household": only_household, "reader": reader, "graduate": ready.seats[Role.GRADUATE],
        "operator": ready.seats[Role.MINISTRY], "province": ready.seats[Role.PROVINCE], "employer": ready.seats[Role.EMPLOYER],
    }  # fmt: skip
    found = {
        name: {page for page, address in pages.items() if signed_in(seat).get(address).status_code == 200}
        for name, seat in seats.items()
    }
    whole = {"list", "workbook", "report", "pdf", "own", "own pdf"}
    assert found == {
        "school": whole | {"batch", "file"}, "college": whole, "other college": {"list", "workbook"}, "stranger": {"list", "workbook"},
        "household": set(), "reader": whole, "graduate": {"own", "own pdf"}, "operator": {"seal"}, "province": set(), "employer": set(),
    }  # fmt: skip
    assert signed_in(reader).post("/transfer/archive/make/", {"every": "1"}).status_code == 404
    assert "生成所选" not in signed_in(reader).get("/transfer/archive/").content.decode()


@pytest.mark.rule("REP-01")
def test_the_schools_number_is_on_no_page_of_the_graduate(ready: World):
    numbers = [issued(ready, kind).number for kind in ("archive", "household")]
    own = issued(ready, "graduate")
    client = signed_in(ready.seats[Role.GRADUATE])
    for address in ("/", "/files/", "/transfer/", "/records/", "/messages/", f"/report/graduate/{own.public_id}/"):
        page = client.get(address).content.decode()
        assert [number for number in numbers if number in page or grouped(number) in page] == []
    assert grouped(own.number) in client.get(f"/report/graduate/{own.public_id}/").content.decode()


@pytest.mark.rule("ORG-02")
def test_a_module_that_is_not_open_says_who_can_open_it(ready: World):
    Opening.objects.filter(module="verification").update(is_open=False)
    for address in ("/transfer/archive/", "/transfer/household/"):
        assert "由省级用户开启" in signed_in(ready.seats[Role.SCHOOL]).get(address).content.decode()


def test_the_list_asks_no_more_for_many_rows_than_for_one(ready: World, django_assert_max_num_queries: Any):
    client = signed_in(ready.seats[Role.SCHOOL])
    client.get("/transfer/archive/")
    for number in (2, 6):
        for _ in range(number - 2):
            settled(ready, ready.new_graduate(f"江{Graduate.all_rows.count()}", ready.college), Area.ARCHIVE)
        with django_assert_max_num_queries(12):
            assert client.get("/transfer/archive/").status_code == 200


def asked_for(world: World, actor: Any = None) -> ReportBatch:
    actor = actor or world.actor(Role.SCHOOL)
    graduates = [world.graduate.pk, world.neighbour.pk]
    return report_batches.ask_for_batch("archive", graduates, actor, cohort=world.cohort, key="form", query={})


def new_seat(world: World, name: str, **levels: int) -> Seat:
    seat = world.new_seat(Role.SCHOOL, world.school.pk, name)
    Seat.objects.filter(pk=seat.pk).update(**levels)
    seat.refresh_from_db()
    return seat
