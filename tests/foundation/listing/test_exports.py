"""EXP-01: a list is taken away with its asker's filters and rights, whole, safe and on record."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import openpyxl
import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from openpyxl.utils.escape import unescape

from qicheng.domain.orgs.models import Seat
from qicheng.domain.roster import listings
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Area, Level, Role, Tier
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotOpen, Refused
from qicheng.foundation.kit import workbooks
from qicheng.foundation.listing import exports
from qicheng.foundation.notice.models import Notice
from qicheng.foundation.papers.models import Export
from tests.clients import signed_in

if TYPE_CHECKING:
    from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.rule("EXP-01")]
DANGEROUS = (
    "=1+1",
    "+86",
    "-5",
    "@SUM(A1)",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff201",
    "\t=1",
    "\r=1",
    "0012",
    "1e5",
    "123456789012345678",
)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path) -> Path:
    """Where this test's files lie, and no other's."""
    settings.QICHENG_FILES = tmp_path
    return tmp_path / "exports"


@pytest.fixture
def short(monkeypatch) -> None:
    """Lists of more than one row are long, and are asked what for beyond two."""
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    monkeypatch.setattr(exports, "WITH_PURPOSE", 2)
    monkeypatch.setattr(exports, "COUNTED", 2)
    monkeypatch.setattr(exports, "SAID_EVERY", 1)


def cells(content: bytes | Path) -> list[list[tuple[object, str]]]:
    book = openpyxl.load_workbook(io.BytesIO(content) if isinstance(content, bytes) else content)
    return [[(cell.value, cell.data_type) for cell in row] for sheet in book for row in sheet.iter_rows()]


def asked(world: World, **given: str) -> Export:
    return exports.ask(
        world.actor(Role.SCHOOL), "roster", "roster", given, world.cohort, purpose="就业统计", key=given.get("key", "")
    )


def kept(export: Export) -> Path:
    export.refresh_from_db()
    return Path(settings.QICHENG_FILES) / export.path


def test_every_cell_is_text_whatever_it_begins_with_on_as_many_sheets_as_it_takes(tmp_path):
    rows = [[word, str(at)] for at, word in enumerate(DANGEROUS)]
    mark = workbooks.Mark("名单", "王敏", "王敏 & 校办　用途：<统计>", timezone.now(), is_line=True)
    target = tmp_path / "list.xlsx"
    number = workbooks.export(
        ["姓名", "编号"], iter(rows), target, sheet="名单", total=len(rows), mark=mark, sheet_rows=6
    )
    book = openpyxl.load_workbook(target)
    sheets = [[[cell.value and unescape(cell.value) for cell in row] for row in sheet.iter_rows()] for sheet in book]
    assert (number, [len(sheet) for sheet in sheets]) == (13, [7, 7, 5])
    assert [sheet[:2] for sheet in sheets] == [[[mark.words, None], ["姓名", "编号"]]] * 3
    assert [row for sheet in sheets for row in sheet[2:]] == rows
    assert {cell.data_type for sheet in book for row in sheet.iter_rows(min_row=2) for cell in row} == {"s"}
    assert (book.properties.creator, book.properties.description) == ("王敏", mark.words)
    with zipfile.ZipFile(target) as archive:
        assert (archive.testzip(), b"<f>" in b"".join(map(archive.read, archive.namelist()))) == (None, False)
    empty = io.BytesIO()
    workbooks.export(["姓名", "编号"], [], empty, sheet="名单", total=0, mark=mark)
    assert [row[0][0] for row in cells(empty.getvalue())][:2] == [mark.words, "姓名"]


def test_a_long_list_is_asked_what_for_made_by_the_worker_and_handed_to_whoever_asked_alone(world, short):
    Graduate.objects.unscoped("a name that a spreadsheet would run").filter(pk=world.neighbour.pk).update(name="=1+1")
    world.new_graduate("何岸", world.college)
    client, seat = signed_in(world.seats[Role.SCHOOL]), world.seats[Role.SCHOOL]
    page = client.get(reverse("roster:workbook"), {"level": "", "sort": "name"}, follow=True)
    what = page.redirect_chain[-1][0].partition("what=")[2]
    assert ("必填" in page.content.decode(), Export.objects.exists()) == (True, False)
    form = {"what": unquote(what), "key": "k1"}
    refused = client.post(reverse("export_new"), form)
    assert (refused.status_code, "写明用途" in refused.content.decode()) == (422, True)
    for _ in range(2):
        answer = client.post(reverse("export_new"), form | {"purpose": "上报就业统计"})
    row = Export.objects.get()
    assert (answer["Location"], row.state, row.purpose) == (
        reverse("export", args=[row.public_id]),
        "waiting",
        "上报就业统计",
    )
    assert "可以离开这个页面" in client.get(answer["Location"]).content.decode()
    exports.make(row.pk)
    exports.make(row.pk)
    path, everybody = kept(row), Graduate.objects.seen_by(seat.actor()).filter(cohort=world.cohort, removed_at=None)
    lines = cells(path)
    assert (row.state, row.total, len(lines) - 2, path.stat().st_mode & 0o777) == (
        "ready",
        everybody.count(),
        everybody.count(),
        0o600,
    )
    assert ("王敏" in str(lines[0][0][0]), "上报就业统计" in str(lines[0][0][0])) == (True, True)
    assert sorted(str(line[0][0]) for line in lines[2:]) == sorted(everybody.values_list("name", flat=True))
    assert (
        {kind for line in lines[1:] for value, kind in line if value is not None},
        world.graduate.id_number in str(lines),
    ) == ({"s"}, False)
    told = Notice.objects.get(flow="export", act="ready", channel="inbox")
    assert "可以下载了" in client.get(reverse("messages")).content.decode()
    assert client.get(reverse("message", args=[told.pk]))["Location"].startswith(reverse("exports"))
    assert b"".join(client.get(reverse("export_file", args=[row.public_id])).streaming_content) == path.read_bytes()
    acts = list(Record.objects.filter(flow="listing.roster").order_by("id").values_list("act", "account_id"))
    assert acts == [(act, seat.account_id) for act in ("ask_export", "export", "download_export")]
    numbers = Record.objects.filter(flow="listing.roster").order_by("id").values_list("changes__条数__1", flat=True)
    assert list(numbers) == ["超过 2", everybody.count(), everybody.count()]
    for other in (Role.COLLEGE, Role.PROVINCE):
        assert signed_in(world.seats[other]).get(reverse("export_file", args=[row.public_id])).status_code == 404
    assert [part.name for part in path.parent.iterdir()] == [path.name]
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "已经清理" in client.get(reverse("export_file", args=[row.public_id]), follow=True).content.decode()
    exports.sweep()
    assert (path.exists(), Export.objects.get().state) == (False, "gone")


def test_rights_are_asked_again_when_it_is_made_and_when_it_is_taken(world, short):
    made, late, ended = (asked(world, key=key) for key in ("a", "b", "c"))
    exports.make(made.pk)
    Seat.objects.filter(pk=world.seats[Role.SCHOOL].pk).update(employment=Level.NONE)
    exports.make(late.pk)
    Seat.objects.filter(pk=world.seats[Role.SCHOOL].pk).update(ended_at=timezone.now())
    exports.make(ended.pk)
    path = kept(made)
    late.refresh_from_db()
    ended.refresh_from_db()
    assert (late.state, late.reason, late.path) == ("failed", exports.LOST, "")
    assert (ended.state, "停用" in ended.reason) == ("failed", True)
    actor = exports.replace(world.actor(Role.SCHOOL), levels={Area.EMPLOYMENT: Level.NONE})
    with pytest.raises(NotOpen):
        exports.hand_out(made, actor)
    # Nor does a seat get what it saw before its levels of study or of permission were narrowed.
    whole = world.actor(Role.SCHOOL)
    for narrower in ({"tier": Tier.POSTGRADUATE}, {"levels": {Area.EMPLOYMENT: Level.WRITE}}):
        with pytest.raises(NotOpen, match="比导出时小"):
            exports.hand_out(made, exports.replace(whole, **narrower))
    assert exports.hand_out(made, whole) == path
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_it_shows_what_the_asker_may_see_when_it_is_made(world, short):
    export = asked(world, key="one form")
    elsewhere = exports.replace(world.actor(Role.SCHOOL), node=world.other_school.pk)
    with pytest.raises(Refused, match="另一个岗位"):
        exports.ask(elsewhere, "roster", "roster", {}, world.cohort, purpose="就业统计", key="one form")
    Graduate.objects.unscoped("taken off meanwhile").filter(pk=world.neighbour.pk).update(removed_at=timezone.now())
    exports.make(export.pk)
    names = [line[0][0] for line in cells(kept(export))[2:]]
    assert (world.neighbour.name in names, world.graduate.name in names, world.stranger.name in names) == (
        False,
        True,
        False,
    )


def test_a_killed_worker_leaves_one_file_a_cancelled_one_none_and_a_third_death_is_said(world, short, monkeypatch):
    export, given_up = asked(world), asked(world, key="x")

    class Killed(BaseException):
        pass

    write = workbooks.export

    def die(*given, **named):
        write(*given, **named)
        raise Killed

    monkeypatch.setattr(exports.workbooks, "export", die)
    with pytest.raises(Killed):
        exports.make(export.pk)
    assert (
        Export.objects.get(pk=export.pk).state,
        len(list((Path(settings.QICHENG_FILES) / "exports").iterdir())),
    ) == ("making", 1)
    monkeypatch.setattr(exports.workbooks, "export", write)
    Export.objects.update(moved_at=timezone.now() - timedelta(minutes=5))
    assert exports.resume_stuck() == 2
    exports.make(export.pk)
    path = kept(export)
    assert (export.state, export.tries, [one.name for one in path.parent.iterdir()]) == ("ready", 2, [path.name])

    def stopped(*given, **named):
        exports.cancel(given_up, world.actor(Role.SCHOOL))
        return write(*given, **named)

    monkeypatch.setattr(exports.workbooks, "export", stopped)
    exports.make(given_up.pk)
    given_up.refresh_from_db()
    assert (given_up.state, given_up.path, len(list(path.parent.iterdir()))) == ("cancelled", "", 1)
    Export.objects.filter(pk=export.pk).update(state="making", tries=exports.MOST_TRIES)
    exports.make(export.pk)
    export.refresh_from_db()
    assert (export.state, "中断" in export.reason) == ("failed", True)


def test_an_account_takes_away_so_many_rows_a_day(world, monkeypatch):
    monkeypatch.setitem(exports.DAILY, Role.SCHOOL, 3)
    client = signed_in(world.seats[Role.SCHOOL])
    first = client.get(reverse("roster:workbook"))
    said = client.get(reverse("roster:workbook"), follow=True)
    number = Export.objects.get().total
    assert (number, first["Content-Type"], "今天还能导出" in said.content.decode()) == (2, exports_type(), True)
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    with pytest.raises(Refused, match="一天最多导出 3 条"):
        asked(world)
    assert "今天还能导出 1 条" in client.get(reverse("exports")).content.decode()
    assert client.get(reverse("export_take", args=["roster", "removed"])).status_code == 200
    assert client.get(reverse("export_take", args=["roster", "nothing"])).status_code == 404


def exports_type() -> str:
    return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def test_exact_numbers_agree_with_the_list(world):
    actor = world.actor(Role.SCHOOL)
    found = listings.roster()
    assert found.size(actor, {}, world.cohort) == len(found.page(actor, {}, world.cohort).rows) == 2
