"""Batches of letters: filled, printed, changed in between, numbered by hand and from a workbook (MAIL-02)."""

from __future__ import annotations

import io
import subprocess

import openpyxl
import pytest
from django.urls import reverse

from qicheng.domain.transfer.effects import mail_batches, mail_numbers, mail_papers, records
from qicheng.domain.transfer.models import ArchiveRecord, MailBatch, Mailing, MailPrint, NumberUpload
from qicheng.domain.transfer.queries import mailing as queries
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.perform import Refused, perform
from qicheng.foundation.kit import workbooks
from tests.clients import signed_in
from tests.domain.transfer import post
from tests.domain.transfer.test_mailing import ELSEWHERE

pytestmark = pytest.mark.django_db
NAMES = ("沈知行", "顾青山", "李𬱖")


@pytest.fixture
def school(world):
    return world.actor(Role.SCHOOL)


@pytest.fixture
def letters(world):
    """Three letters that wait."""
    return [post.asked(world, post.ready(world, world.new_graduate(name, world.college))) for name in NAMES]


@pytest.fixture
def batch(world, school, letters):
    made = mail_batches.new_batch(school, world.cohort)
    assert mail_batches.take_all(school, made, letters).moved == 3
    return made


def changed(world, case):
    seen = ArchiveRecord.all_rows.get(graduate=case.graduate_id).version
    records.edit_record(Area.ARCHIVE, case.graduate.public_id, world.actor(Role.SCHOOL), seen=seen, **ELSEWHERE)


def text_of(content: bytes) -> str:
    return subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True
    ).stdout.decode()


def numbers(rows, headings=("学号", "姓名", "单号")) -> bytes:
    return workbooks.write(headings, rows)


def cells(content: bytes) -> list[list[str]]:
    page = openpyxl.load_workbook(io.BytesIO(content)).active
    return [[cell.value or "" for cell in row] for row in page.iter_rows()]


# ---- filling


@pytest.mark.rule("MAIL-02")
def test_batches_are_counted_by_school_and_letters_go_into_the_newest_that_is_still_here(world, school, batch):
    other = post.asked(world, post.ready(world))
    perform(other, "take", school)
    assert (batch.number, other.batch_id) == (1, batch.pk)
    perform(other, "send", school, tracking="EA123456789CN")

    late = post.asked(world, post.ready(world, world.new_graduate("苏合", world.college)))
    perform(late, "take", school)
    assert MailBatch.all_rows.get(pk=late.batch_id).number == 2
    assert mail_batches.new_batch(world.stranger_actor(Role.SCHOOL), world.cohort).number == 1


@pytest.mark.rule("MAIL-02")
def test_what_must_not_go_stays_out_of_the_batch_with_the_reason(world, school, letters):
    changed(world, letters[1])
    made = mail_batches.new_batch(school, world.cohort)
    passed = mail_batches.take_all(school, made, letters)
    assert (passed.moved, [name for name, _ in passed.left]) == (2, ["顾青山"])
    assert "这封邮件先不寄" in passed.left[0][1]


# ---- paper


@pytest.mark.rule("MAIL-02")
def test_labels_and_hand_over_sheet_say_every_letter_as_pdf_and_as_workbook(world, school, batch, letters):
    labels, sheet = text_of(mail_papers.labels(school, batch)), text_of(mail_papers.handover(school, batch))
    for name in NAMES:
        assert (f"内件：{name}" in labels, name in sheet) == (True, True)
    assert labels.count("北京市西城区人才服务中心") == 3
    assert labels.count("北京市西城区西直门外大街56号") == 3
    assert "学生档案交接单" in sheet
    book = cells(mail_papers.workbook(school, batch))
    assert book[0] == list(mail_papers.HEADINGS)
    assert sorted(row[2] for row in book[1:]) == sorted(NAMES)


@pytest.mark.rule("MAIL-02")
def test_a_record_changed_between_batch_and_print_is_on_no_label_and_the_reprint_says_what_is_new(
    world, school, batch, letters
):
    mail_papers.labels(school, batch)
    mail_papers.handover(school, batch)
    changed(world, letters[0])
    rows = queries.letters(school, batch)
    assert [(row.letter["name"], row.held) for row in rows if row.held] == [("沈知行", True)]
    news = queries.news(school, batch, "labels", rows)
    assert (news.came, news.went, news.changed) == ([], ["沈知行"], [])

    again = text_of(mail_papers.labels(school, batch))
    assert ("沈知行" in again, "顾青山" in again) == (False, True)
    sheet = text_of(mail_papers.handover(school, batch))
    assert ("移出 沈知行" in sheet, "不在这张单上的 1 封：沈知行" in sheet) == (True, True)
    assert not queries.news(school, batch, "labels", queries.letters(school, batch)).is_any
    assert MailPrint.all_rows.filter(batch=batch).count() == 4


def test_a_number_is_news_for_the_hand_over_sheet_and_none_for_the_label(world, school, batch, letters):
    mail_papers.labels(school, batch)
    mail_papers.handover(school, batch)
    perform(letters[0], "send", school, tracking="EA123456789CN")
    rows = queries.letters(school, batch)
    assert [queries.news(school, batch, kind, rows).changed for kind in ("labels", "handover")] == [[], ["沈知行"]]


def test_a_batch_without_letters_is_not_printed(world, school):
    made = mail_batches.new_batch(school, world.cohort)
    with pytest.raises(Refused, match="没有可以打印的邮件"):
        mail_papers.labels(school, made)
    assert not MailPrint.all_rows.exists()


def test_long_names_and_runs_without_a_break_stay_on_their_label(world, school):
    long = world.new_graduate("阿依古丽·买买提·吐尔逊江·阿卜杜热依木", world.college)
    terms = {"archive_receiver": "北京市西城区" + "人力资源公共服务" * 10, "archive_address": "A" * 150}
    case = post.asked(world, post.ready(world, long, **terms))
    perform(case, "take", school)
    content = mail_papers.labels(school, case.batch)
    assert text_of(content).count("\f") == 1


# ---- numbers


@pytest.mark.rule("MAIL-02")
def test_a_workbook_of_numbers_is_looked_at_before_anything_is_sent(world, school, batch, letters):
    first, second, third = (case.graduate for case in letters)
    content = numbers([
        [first.student_number, "沈知行", "EA111111111CN"], [second.student_number, "顾青", "EA222222222CN"],
        [third.student_number, "李𬱖", "12"], ["20229999", "没有", "EA444444444CN"], [first.student_number, "沈知行", "EA111111111CN"],
    ])  # fmt: skip
    upload = mail_numbers.read(school, batch, content, "邮局.xlsx")
    assert [(line["row"], [why for _, why in line["errors"]]) for line in upload.lines] == [
        (2, []), (3, ["这个学号在这一批里是顾青山"]), (4, ["单号只有字母和数字，6 到 30 位，请对照面单再填"]),
        (5, ["这一批里没有这个学号"]), (6, ["和第 2 行重复", "和第 2 行重复"]),
    ]  # fmt: skip
    assert set(Mailing.all_rows.filter(batch=batch).values_list("state", flat=True)) == {"batched"}

    assert mail_numbers.register(school, upload).moved == 1
    assert sorted(Mailing.all_rows.filter(batch=batch).values_list("state", "tracking")) == [
        ("batched", ""), ("batched", ""), ("sent", "EA111111111CN"),
    ]  # fmt: skip
    with pytest.raises(Refused, match="已经登记或放弃"):
        mail_numbers.register(school, upload)
    marked = cells(mail_numbers.refused_workbook(upload))
    assert [row[:3] for row in marked[1:]] == [
        [second.student_number, "顾青", "EA222222222CN"], [third.student_number, "李𬱖", "12"], ["20229999", "没有", "EA444444444CN"],
        [first.student_number, "沈知行", "EA111111111CN"],
    ]  # fmt: skip
    assert marked[2][3] == "原文件第 4 行：单号只有字母和数字，6 到 30 位，请对照面单再填"


def test_a_letter_that_moved_between_preview_and_decision_is_told_beside_its_line(world, school, batch, letters):
    first = letters[0].graduate
    upload = mail_numbers.read(school, batch, numbers([[first.student_number, "沈知行", "EA111111111CN"]]), "a.xlsx")
    perform(letters[0], "withdraw", world.of(first))
    passed = mail_numbers.register(school, upload)
    assert (passed.moved, len(passed.left)) == (0, 1)
    assert NumberUpload.all_rows.get().bad[0]["outcome"] == "毕业生撤回了申请，这封邮件不寄。"


def test_a_csv_with_the_carriers_own_headings_is_read(world, school, batch, letters):
    first = letters[0].graduate
    content = f"邮件号,学号,姓名\nEA111111111CN,{first.student_number},沈知行\n".encode("gb18030")
    assert len(mail_numbers.read(school, batch, content, "a.csv").good) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"%PDF-1.7", "这是 PDF 文件"), (numbers([["1", "a"]], ("学号", "姓名")), "缺少这些列：单号"), (numbers([]), "只有标题"),
        (numbers([[str(n), "a", "b"] for n in range(301)]), "一次最多登记 300 封"),
    ],
    ids=["another kind", "a column less", "headings alone", "too many"],
)  # fmt: skip
def test_a_file_that_cannot_be_taken_says_why(world, school, batch, content, why):
    with pytest.raises(Refused, match=why):
        mail_numbers.read(school, batch, content, "a.xlsx")


# ---- pages


def test_numbers_are_typed_or_scanned_line_by_line_and_the_next_empty_one_has_the_focus(world, batch, letters):
    client = signed_in(world.seats[Role.SCHOOL])
    page = reverse("transfer:mail_batch", args=[batch.public_id])
    rows = queries.letters(world.actor(Role.SCHOOL), batch)
    one, two = rows[0], rows[1]
    answer = client.post(
        page,
        {f"number-{one.public_id}": "ea111111111cn", f"seen-{one.public_id}": one.version, "step": "send"},
        follow=True,
    )
    html = answer.content.decode()
    assert "1 封已经登记单号并寄出，毕业生会收到消息。" in html
    assert (
        f'name="number-{two.public_id}" maxlength="40" autocomplete="off" spellcheck="false" data-scan autofocus'
        in html
    )
    assert Mailing.all_rows.get(public_id=one.public_id).tracking == "EA111111111CN"

    client.post(page, {"case": str(one.public_id), "step": "sign"})
    assert Mailing.all_rows.get(public_id=one.public_id).state == "signed"


def test_a_stale_page_does_not_send(world, batch, letters):
    case = letters[0]
    seen = Mailing.all_rows.get(pk=case.pk).version
    perform(case, "withdraw", world.of(case.graduate))
    perform(case, "submit", world.of(case.graduate))
    perform(case, "take", world.actor(Role.SCHOOL), batch=batch)
    client = signed_in(world.seats[Role.SCHOOL])
    page = reverse("transfer:mail_batch", args=[batch.public_id])
    answer = client.post(
        page, {f"number-{case.public_id}": "EA111111111CN", f"seen-{case.public_id}": seen, "step": "send"}, follow=True
    )
    assert "这条记录刚被更新" in answer.content.decode()
    assert Mailing.all_rows.get(pk=case.pk).state == "batched"


@pytest.mark.rule("MAIL-02", "ORG-05")
def test_batches_are_made_by_the_school_that_may_write_and_seen_by_nobody_else(world, batch, letters):
    page = reverse("transfer:mail_batch", args=[batch.public_id])
    world.open_transfer(graduate=world.stranger)
    assert signed_in(world.stranger_seats[Role.SCHOOL]).get(page).status_code == 404
    reader = world.new_seat(Role.SCHOOL, world.school.pk, "孙只读", archive=1)
    assert signed_in(reader).get(page).status_code == 200
    assert signed_in(reader).post(page, {"step": "send"}).status_code == 404
    assert signed_in(reader).get(reverse("transfer:mail_labels", args=[batch.public_id])).status_code == 404
    nobody = world.new_seat(Role.SCHOOL, world.school.pk, "周无权", archive=0)
    assert signed_in(nobody).get(page).status_code == 404
    college = signed_in(world.seats[Role.COLLEGE])
    assert college.get(reverse("transfer:mail")).status_code == 200
    assert college.post(reverse("transfer:mail_take"), {"case": str(letters[0].public_id)}).status_code == 404


def test_ticked_requests_go_into_a_new_batch_and_everything_under_a_filter_too(world, letters):
    client = signed_in(world.seats[Role.SCHOOL])
    take = reverse("transfer:mail_take")
    answer = client.post(
        take, {"case": [str(letters[0].public_id), "nonsense"], "into": "new", "carrier": "x_secret"}, follow=True
    )
    assert "1 封编入第 1 批。" in answer.content.decode()
    assert MailBatch.all_rows.get().carrier == "x_secret"
    client.post(take, {"every": "3", "into": "newest"})
    assert set(Mailing.all_rows.values_list("batch__number", "state")) == {(1, "batched")}


def test_a_workbook_goes_through_its_pages(world, batch, letters):
    client = signed_in(world.seats[Role.SCHOOL])
    first = letters[0].graduate
    file = io.BytesIO(numbers([[first.student_number, "沈知行", "EA111111111CN"], ["1", "无", "x"]]))
    file.name = "单号.xlsx"
    answer = client.post(reverse("transfer:mail_numbers", args=[batch.public_id]), {"file": file}, follow=True)
    html = answer.content.decode()
    assert ("可以登记 1 行，要修改 1 行" in html, "登记 1 个单号并寄出" in html) == (True, True)
    upload = NumberUpload.all_rows.get()
    assert client.get(reverse("transfer:mail_refused", args=[upload.public_id])).status_code == 200
    answer = client.post(reverse("transfer:mail_upload", args=[upload.public_id]), {"step": "send"}, follow=True)
    assert "1 封已经登记单号并寄出" in answer.content.decode()
    answer = client.post(reverse("transfer:mail_numbers", args=[batch.public_id]), {})
    assert (answer.status_code, "先选择一个文件" in answer.content.decode()) == (422, True)
