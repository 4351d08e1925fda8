"""The transfer report: three issues, numbers that cannot be guessed, made once and sealed, superseded when its records change (REP)."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pypdfium2
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from qicheng.domain.orgs.models import Opening
from qicheng.domain.roster.effects import amend_record, remove_line, report_again, restore_line
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.domain.transfer.effects import reports
from qicheng.domain.transfer.models import (
    REPORTS,
    ArchiveRecord,
    ArchiveReport,
    Confirmation,
    GraduateReport,
    HouseholdReport,
    ReportNumber,
)
from qicheng.domain.transfer.queries.reports import Standing, by_number, paper_of, standing
from qicheng.domain.transfer.sheets import reports as sheets
from qicheng.foundation.access import SYSTEM, Area, Level, Role, Tier, statements
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, perform, timeline
from qicheng.foundation.kit.numbers import CLEAR, read_report_number, report_number
from qicheng.foundation.notice.models import Notice
from qicheng.foundation.papers import seal, store
from qicheng.foundation.papers.models import Paper
from qicheng.interfaces.command.authority import make_seal
from tests.sealing import give_keys, issued, open_verification, settled
from tests.term import last_day

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world import World

pytestmark = pytest.mark.django_db
# A character of a plane that no font has.
UNPRINTABLE = "\U0003fff0"


@pytest.fixture
def ready(world: World, settings: Any) -> World:
    """陈诚's records stand, the module is open, the keys are there."""
    give_keys(settings)
    settled(world)
    return world


# ---- the number


@pytest.mark.rule("REP-01")
def test_a_number_has_eighteen_characters_year_school_and_eleven_that_nobody_guesses():
    drawn = {report_number(2026, "10001") for _ in range(2000)}
    assert len(drawn) == 2000
    assert {(len(one), one[:7], set(one[7:]) <= set(CLEAR)) for one in drawn} == {(18, "2610001", True)}
    # Each of 32 characters comes in each place: 55 bits.
    assert {len({one[place] for one in drawn}) for place in range(7, 18)} == {32}
    for bad in ((1999, "10001"), (2026, "1001"), (2026, "１０００１"), (2026, "10a01")):
        with pytest.raises(ValueError, match="a "):
            report_number(*bad)


def test_a_number_is_read_as_it_was_meant():
    assert read_report_number(" 2610 001a-d4mj rwk0 0x ") == "2610001AD4MJRWK00X"
    assert read_report_number("2610001AD4MJRWKOOX") == "2610001AD4MJRWK00X"
    assert read_report_number("２６１０００１ＡＤ４ＭＪＲＷＫ００Ｘ") == "2610001AD4MJRWK00X"
    assert {
        read_report_number(one)
        for one in ("", "2610001", "2610001AD4MJRWK00XX", "AB10001AD4MJRWK00X", "2610001AD4MJRWK0é0", "李" * 18)
    } == {None}


@pytest.mark.rule("REP-01")
def test_numbers_are_unique_among_all_issues_and_never_change_or_go(ready: World):
    report = issued(ready)
    with pytest.raises(DatabaseError), transaction.atomic():
        ArchiveReport.all_rows.filter(pk=report.pk).update(number="261000100000000000", version=report.version + 1)
    row = ReportNumber.objects.filter(report=report.public_id).first()
    assert row is not None
    for statement in ("UPDATE transfer_reportnumber SET kind = 'x'", "DELETE FROM transfer_reportnumber"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(DatabaseError), transaction.atomic():
        ReportNumber.objects.create(digest=row.digest, kind="household", report=report.public_id)
    assert by_number(report.number.lower()) == report
    assert by_number(report.number[:-1] + ("0" if report.number[-1] != "0" else "1")) is None
    # What is looked up says nothing of the number itself.
    assert report.number not in "".join(ReportNumber.objects.values_list("digest", flat=True))


# ---- what it says


@pytest.mark.rule("REP-01", "REP-02")
@pytest.mark.parametrize("kind", REPORTS)
def test_each_issue_says_what_it_is_for_and_is_sealed(ready: World, kind: str):
    report = issued(ready, kind)
    paper = paper_of(report)
    assert paper is not None
    assert (report.state, report.issued_at is not None, paper.state, paper.number) == (
        "issued",
        True,
        "made",
        report.number,
    )
    content = store.read(paper)
    assert seal.check(content, sha256=paper.sha256).signer == "江临大学"
    said = read(content)
    for words in (
        sheets.TITLE,
        sheets.PURPOSES[kind],
        sheets.NUMBERS[kind],
        "陈诚",
        "江临大学",
        "云岭数据科技有限公司",
        "签就业协议形式就业",
    ):
        assert words in said
    number = "".join(said.split())
    assert report.number in number
    others = [one.number for one in (issued(ready, other) for other in REPORTS if other != kind)]
    assert all(other not in number for other in others)


def test_the_household_issue_says_nothing_of_the_file_and_the_other_way_round(ready: World):
    archive, household = issued(ready, "archive"), issued(ready, "household")
    assert ("archive_receiver" in archive.printed, "household_kind" in archive.printed) == (True, False)
    assert ("archive_receiver" in household.printed, "household_kind" in household.printed) == (False, True)


def test_what_it_says_is_frozen_in_words(ready: World):
    report = issued(ready)
    assert {key: report.printed[key] for key in ("name", "sex", "graduates_on", "destination", "archive_kind", "archive_receiver")} == {
        "name": "陈诚", "sex": "男", "graduates_on": "2026 年 7 月", "destination": "签就业协议形式就业", "archive_kind": "托管单位接收",
        "archive_receiver": "北京市西城区人才服务中心",
    }  # fmt: skip
    assert report.until == last_day()


def test_the_graduates_own_has_the_period_that_was_chosen_and_another_period_is_another_report(ready: World):
    actor, until = ready.actor(Role.GRADUATE), timezone.localdate() + timedelta(days=8)
    first = reports.issue("graduate", ready.graduate.pk, actor, until=until)
    assert reports.issue("graduate", ready.graduate.pk, actor, until=until) == first
    second = reports.issue("graduate", ready.graduate.pk, actor, until=until + timedelta(days=30))
    first.refresh_from_db()
    assert (first.state, second.until, second.number != first.number) == (
        "superseded",
        until + timedelta(days=30),
        True,
    )
    assert (
        reports.issue("graduate", ready.graduate.pk, actor, until=last_day() + timedelta(days=800)).until == last_day()
    )


# ---- who may have which


@pytest.mark.rule("REP-01")
def test_the_schools_issues_are_never_shown_to_the_graduate_nor_across_permissions_and_schools(ready: World):
    made = {kind: issued(ready, kind) for kind in REPORTS}
    school = ready.actor(Role.SCHOOL)
    only = {area: replace(school, levels=dict.fromkeys(Area, Level.NONE) | {area: Level.WRITE}) for area in Area}
    sees = {
        "graduate": ready.actor(Role.GRADUATE), "school": school, "college": ready.actor(Role.COLLEGE), "stranger": ready.stranger_actor(Role.SCHOOL),
        "neighbour": ready.of(ready.neighbour), "employer": ready.actor(Role.EMPLOYER), "employment": only[Area.EMPLOYMENT],
        "archive": only[Area.ARCHIVE], "household": only[Area.HOUSEHOLD], "other tier": replace(school, tier=Tier.POSTGRADUATE),
    }  # fmt: skip
    found = {name: {kind for kind, one in made.items() if REPORTS[kind].objects.seen_by(actor).filter(pk=one.pk).exists()}
             for name, actor in sees.items()}  # fmt: skip
    assert found == {
        "graduate": {"graduate"}, "school": {"graduate", "archive", "household"}, "college": {"graduate", "archive", "household"},
        "stranger": set(), "neighbour": set(), "employer": set(), "employment": set(), "archive": {"graduate", "archive"},
        "household": {"household"}, "other tier": set(),
    }  # fmt: skip
    for actor in (sees["graduate"], sees["stranger"], sees["household"]):
        with pytest.raises(NotFound):
            reports.hand_out(made["archive"], actor)


@pytest.mark.rule("REP-01")
def test_who_asks_for_one_must_be_the_right_one_and_may_write(ready: World):
    school = ready.actor(Role.SCHOOL)
    for kind, actor in (
        ("archive", ready.actor(Role.GRADUATE)), ("archive", ready.actor(Role.SCHOOL, level=Level.READ)), ("graduate", school),
        ("household", ready.actor(Role.PROVINCE)),
    ):  # fmt: skip
        with pytest.raises((NotOpen, NotFound)):
            reports.issue(kind, ready.graduate.pk, actor)
    for actor in (ready.stranger_actor(Role.SCHOOL), replace(school, tier=Tier.POSTGRADUATE)):
        with pytest.raises(NotFound):
            reports.issue("archive", ready.graduate.pk, actor)
    assert [model.all_rows.count() for model in REPORTS.values()] == [0, 0, 0]


@pytest.mark.rule("REP-01")
def test_what_is_lacking_is_said(world: World, settings: Any):
    give_keys(settings)
    school, graduate = world.actor(Role.SCHOOL), world.graduate.pk
    assert why(world, "archive") == "省级用户没有开启「户档转递核验」模块，开启后才能生成报告。"
    open_verification(world)
    assert why(world, "archive") == "还没有审核通过的毕业去向，审核通过后才能生成报告。"
    case = world.effective()
    assert why(world, "archive") == "档案信息还没有登记，登记成功后才能生成报告。"
    world.change_approved()
    Graduate.all_rows.filter(pk=graduate).update(archive_moved=False)
    assert why(world, "archive") == "学校名单里「档案是否转入学校」是「否」，不用转递档案。"
    Graduate.all_rows.filter(pk=graduate).update(archive_moved=True)
    assert reports.issue("archive", graduate, school).state == "asked"
    perform(case, "void", school, words="单位撤销岗位", reason="other")
    assert why(world, "archive") == "还没有审核通过的毕业去向，审核通过后才能生成报告。"


@pytest.mark.rule("REP-01", "CON-02")
def test_what_the_graduate_says_is_wrong_is_printed_for_nobody(ready: World):
    report = issued(ready)
    Opening.objects.create(province=ready.province, cohort=ready.cohort, module="confirmation", is_open=True)
    case = Confirmation.all_rows.get(graduate=ready.graduate)
    perform(case, "dispute", ready.actor(Role.GRADUATE), **disputed())
    with pytest.raises(Refused, match="有误"):
        reports.hand_out(report, ready.actor(Role.SCHOOL))
    assert "有误" in (why(ready, "household") or "")


# ---- made once


@pytest.mark.rule("REP-01")
def test_asked_for_again_it_is_the_same_report_and_made_again_the_same_file(ready: World):
    report = issued(ready)
    first = Paper.objects.get(record=str(report.public_id))
    assert reports.issue("archive", ready.graduate.pk, ready.actor(Role.COLLEGE)) == report
    reports.make_report("archive", str(report.public_id))
    again = Paper.objects.get(record=str(report.public_id))
    assert (again.sha256, ArchiveReport.all_rows.count()) == (first.sha256, 1)
    assert [one.act for one in timeline(report)] == ["ask", "issue"]


@pytest.mark.rule("REP-02")
def test_a_worker_that_was_killed_between_file_and_row_goes_on_with_the_same_file(
    ready: World, monkeypatch: pytest.MonkeyPatch
):
    report = reports.issue("archive", ready.graduate.pk, ready.actor(Role.SCHOOL))

    class Killed(BaseException):
        pass

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(reports, "_carried", killed)
        with pytest.raises(Killed):
            reports.make_report("archive", str(report.public_id))
    report.refresh_from_db()
    kept = paper_of(report)
    assert kept is not None
    assert (report.state, report.issued_at, kept.is_made) == ("asked", None, True)
    with pytest.raises(Refused):
        reports.hand_out(report, ready.actor(Role.SCHOOL))
    reports.make_report("archive", str(report.public_id))
    report.refresh_from_db()
    assert (report.state, paper_of(report).sha256) == ("issued", kept.sha256)


@pytest.mark.rule("REP-02")
def test_without_a_key_it_waits_says_so_and_is_made_when_the_key_is_there(
    ready: World, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    settings.QICHENG_SEAL = ""
    report = issued(ready)
    assert (report.state, report.why, report.issued_at) == (
        "unsigned",
        "平台还没有配置签章的密钥，配置以后会自动继续。",
        None,
    )
    assert report.standing.label == "等待签章"
    assert Paper.objects.filter(record=str(report.public_id)).count() == 0
    with pytest.raises(Refused):
        reports.hand_out(report, ready.actor(Role.SCHOOL))
    # Trying again in vain puts nothing more on record.
    reports.make_report("archive", str(report.public_id))
    monkeypatch.setattr(reports, "TAKEN_UP_AFTER", timedelta(0))
    assert reports.take_up() == 0
    assert [one.act for one in timeline(report)] == ["ask", "wait_for_seal"]
    give_keys(settings)
    assert reports.take_up() == 1
    report.refresh_from_db()
    assert (report.state, report.why) == ("issued", "")
    assert seal.check(reports.hand_out(report, ready.actor(Role.SCHOOL))).signer == "江临大学"


@pytest.mark.rule("REP-02")
@pytest.mark.parametrize(("begins", "ends", "said"), [(40, 80, "起才有效"), (-80, -40, "到期")])
def test_a_key_outside_its_time_seals_nothing(
    ready: World, settings: Any, tmp_path: Path, begins: int, ends: int, said: str
):
    now = datetime.now(UTC)
    settings.QICHENG_SEAL = str(
        make_seal(tmp_path, "江临大学", begins=now + timedelta(days=begins), ends=now + timedelta(days=ends))
    )
    report = issued(ready)
    assert (report.state, said in report.why, report.issued_at) == ("unsigned", True, None)


@pytest.mark.rule("REP-02")
def test_without_the_key_of_codes_it_waits_too(ready: World, settings: Any, tmp_path: Path):
    settings.QICHENG_STATEMENT_KEYS = tmp_path / "none"
    assert issued(ready).state == "unsigned"


@pytest.mark.rule("REP-01")
def test_a_character_that_no_font_prints_holds_it_back_and_is_named(ready: World):
    Graduate.all_rows.filter(pk=ready.graduate.pk).update(name=f"陈{UNPRINTABLE}诚")
    report = issued(ready)
    assert (report.state, report.why) == ("held", f"“{UNPRINTABLE}”字库里没有，报告暂不能生成；请联系平台加装字体")
    assert report.standing.label == "暂不能生成"


@pytest.mark.rule("REP-01")
def test_what_changed_before_it_was_made_is_never_issued(ready: World):
    report = reports.issue("archive", ready.graduate.pk, ready.actor(Role.SCHOOL))
    EmploymentRecord.all_rows.filter(graduate=ready.graduate).update(employer_name="别的单位")
    reports.make_report("archive", str(report.public_id))
    report.refresh_from_db()
    assert (report.state, report.issued_at) == ("superseded", None)


# ---- superseded


@pytest.mark.rule("REP-01")
def test_a_change_of_the_employment_record_supersedes_all_issues_in_the_same_transaction(ready: World):
    made = [issued(ready, kind) for kind in REPORTS]
    record = EmploymentRecord.all_rows.get(graduate=ready.graduate)
    amend_record(graduate=ready.graduate.pk, case=record.case, job_category="10")
    for report in made:
        report.refresh_from_db()
        assert (report.state, report.live, standing(report), by_number(report.number)) == (
            "superseded",
            False,
            Standing.SUPERSEDED,
            report,
        )
        assert report.closed_at is not None
        with pytest.raises(Refused):
            reports.hand_out(
                report, ready.actor(Role.SCHOOL) if report.KIND != "graduate" else ready.actor(Role.GRADUATE)
            )
    new = issued(ready)
    assert new.number not in {one.number for one in made}


@pytest.mark.rule("REP-01")
def test_a_change_of_the_file_supersedes_what_speaks_of_the_file_alone(ready: World):
    made = {kind: issued(ready, kind) for kind in REPORTS}
    ready.change_approved(Area.ARCHIVE)
    states = {kind: REPORTS[kind].all_rows.get(pk=one.pk).state for kind, one in made.items()}
    assert states == {"graduate": "superseded", "archive": "superseded", "household": "issued"}
    ready.change_approved(Area.HOUSEHOLD)
    assert HouseholdReport.all_rows.get(pk=made["household"].pk).state == "superseded"


@pytest.mark.rule("REP-01")
def test_who_acted_in_the_writers_transaction_acts_after_it_as_before(ready: World):
    issued(ready)
    statements.plain("SELECT set_config('qicheng.role', 'school', true), set_config('qicheng.account', '7', true)")
    ArchiveRecord.all_rows.filter(graduate=ready.graduate).update(receiver="别处")
    reports.supersede([ready.graduate.pk])
    assert statements.plain("SELECT current_setting('qicheng.role'), current_setting('qicheng.account')") == (
        "school",
        "7",
    )
    assert ArchiveReport.all_rows.get().state == "superseded"


def test_a_record_that_is_written_as_it_was_supersedes_nothing(ready: World):
    report = issued(ready)
    Graduate.all_rows.filter(pk=ready.graduate.pk).update(restored_at=report.issued_at)
    assert report_again(ready.graduate.pk) == 1
    reports.supersede([ready.graduate.pk])
    assert (ArchiveReport.all_rows.get().state, standing(ArchiveReport.all_rows.get())) == ("issued", Standing.VALID)


@pytest.mark.rule("REP-01")
def test_a_record_changed_by_whatever_way_is_told_before_any_job_has_run(ready: World):
    report = issued(ready)
    EmploymentRecord.all_rows.filter(graduate=ready.graduate).update(area="110108")
    report = ArchiveReport.all_rows.get(pk=report.pk)
    assert (report.state, standing(report)) == ("issued", Standing.SUPERSEDED)
    with pytest.raises(Refused):
        reports.hand_out(report, ready.actor(Role.SCHOOL))


@pytest.mark.rule("REP-01")
def test_a_change_of_the_roster_supersedes_by_the_timetable(ready: World):
    report = issued(ready)
    Graduate.all_rows.filter(pk=ready.graduate.pk).update(name="陈诚诚", revision=ready.graduate.revision + 1)
    assert (reports.supersede_changed(), reports.supersede_changed()) == (1, 0)
    report.refresh_from_db()
    assert report.state == "superseded"


@pytest.mark.rule("REP-01", "ROS-07")
def test_who_leaves_the_roster_has_no_report_that_counts_until_it_comes_back(ready: World):
    report, school = issued(ready), ready.actor(Role.SCHOOL)
    remove_line(ready.graduate.public_id, school, words="名单有误")
    report = ArchiveReport.all_rows.get(pk=report.pk)
    assert standing(report) == Standing.FROZEN
    with pytest.raises(Refused, match="名单中删除"):
        reports.hand_out(report, school)
    restore_line(ready.graduate.public_id, school)
    report = ArchiveReport.all_rows.get(pk=report.pk)
    assert (standing(report), by_number(report.number)) == (Standing.VALID, report)
    assert reports.hand_out(report, school)


@pytest.mark.rule("REP-01")
def test_the_school_takes_its_own_back_and_makes_another(ready: World):
    report, school = issued(ready), ready.actor(Role.SCHOOL)
    perform(report, "withdraw", school, seen=report.version)
    assert (report.state, standing(report)) == ("withdrawn", Standing.WITHDRAWN)
    with pytest.raises(NotOpen):
        perform(report, "withdraw", school)
    assert issued(ready).number != report.number
    own = issued(ready, "graduate")
    for actor in (school, ready.actor(Role.COLLEGE)):
        with pytest.raises(NotOpen):
            perform(own, "withdraw", actor)


@pytest.mark.rule("REP-01")
def test_nobody_issues_supersedes_or_marks_by_hand(ready: World):
    report = issued(ready)
    for actor in (ready.actor(Role.SCHOOL), ready.actor(Role.COLLEGE), SYSTEM):
        for name in ("issue", "supersede", "download", "verify", "hold", "wait_for_seal"):
            with pytest.raises(NotOpen):
                perform(report, name, actor)


# ---- handed out


@pytest.mark.rule("REP-01")
def test_every_download_is_on_record_and_the_first_one_is_told(ready: World):
    report = issued(ready)
    reader = ready.actor(Role.COLLEGE, level=Level.READ)
    first = reports.hand_out(report, reader)
    report.refresh_from_db()
    at = report.downloaded_at
    assert reports.hand_out(report, ready.actor(Role.SCHOOL)) == first
    report.refresh_from_db()
    assert (at is not None, report.downloaded_at) == (True, at)
    assert [(one.act, one.role) for one in timeline(report)][2:] == [
        ("downloaded", "college"), ("download", "system"), ("downloaded", "school"),
    ]  # fmt: skip


@pytest.mark.rule("REP-01")
def test_a_file_that_is_no_longer_what_was_kept_is_not_handed_out(ready: World, settings: Any):
    report = issued(ready)
    paper = paper_of(report)
    assert paper is not None
    (settings.QICHENG_FILES / paper.path).write_bytes(b"%PDF-1.7")
    with pytest.raises(store.Damaged):
        reports.hand_out(report, ready.actor(Role.SCHOOL))


@pytest.mark.rule("VER-03")
def test_the_first_verification_is_told(ready: World):
    report = issued(ready)
    reports.mark_verified(report)
    report.refresh_from_db()
    at = report.verified_at
    reports.mark_verified(report)
    report.refresh_from_db()
    assert (at is not None, report.verified_at) == (True, at)


def test_the_graduate_is_told_of_the_own_report_alone(ready: World):
    before = Notice.objects.count()
    issued(ready), issued(ready, "household")
    assert Notice.objects.count() == before
    report = issued(ready, "graduate")
    told = Notice.objects.filter(case=str(report.public_id), channel="inbox")
    assert [(one.act, one.role, one.node) for one in told] == [("issue", "graduate", ready.graduate.pk)]


def test_the_owner_of_an_issue_is_the_only_one_who_has_it(ready: World):
    own = issued(ready, "graduate")
    assert list(GraduateReport.objects.seen_by(ready.actor(Role.GRADUATE))) == [own]
    assert list(GraduateReport.objects.seen_by(ready.of(ready.neighbour))) == []


# ---- parts


def why(world: World, kind: str) -> str | None:
    """Why no report can be asked for, or None."""
    try:
        with transaction.atomic():
            reports.issue(kind, world.graduate.pk, world.actor(Role.SCHOOL))
            transaction.set_rollback(True)
    except Refused as reason:
        return str(reason)
    return None


def disputed() -> dict[str, Any]:
    return {"destination": "wrong", "remark": "单位写错了"}


def read(content: bytes) -> str:
    """The text of a PDF, without its line breaks."""
    document = pypdfium2.PdfDocument(io.BytesIO(content))
    return "".join(page.get_textpage().get_text_range() for page in document).replace("\r\n", "")
