"""Tracking numbers from the carrier's workbook: read against a batch, looked at, then registered letter by letter (MAIL-02)."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from qicheng.domain.transfer.models import Mailing, NumberUpload
from qicheng.domain.transfer.queries.mailing import letters
from qicheng.domain.transfer.sheets.mailing import tracking_number
from qicheng.foundation.flow.perform import NotOpen, Refused, be, note
from qicheng.foundation.kit import workbooks
from qicheng.foundation.kit.identity import code_text, name_text

from .mail_batches import MOST_LETTERS, Passed, send_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qicheng.domain.transfer.models import MailBatch
    from qicheng.foundation.access import Actor

NUMBER, NAME, TRACKING = "学号", "姓名", "单号"
# What carriers call the number in their own files.
ALIASES = (TRACKING, "邮件号", "邮件号码", "运单号", "快递单号")
MOST_BYTES = 2 * 2**20
NO_UPLOAD_ANY_MORE = "这个文件已经登记或放弃，没有再做一次。"


def template() -> bytes:
    """The workbook to fill in."""
    columns = [workbooks.Column(heading, required=True, width=20) for heading in (NUMBER, NAME, TRACKING)]
    return workbooks.template(columns, sheet="邮件单号")


def read(actor: Actor, batch: MailBatch, content: bytes, filename: str) -> NumberUpload:
    """Read a workbook of numbers and keep what every line says, with what is wrong in it; nothing is registered yet.

    Raises Refused for a file that cannot be read, lacks columns or is too long.
    """
    if not actor.may_write(Mailing.AREA):
        raise NotOpen("你的账号没有这项操作的权限。")
    headings, rows = _rows(content)
    here = {row.letter["student_number"]: row for row in letters(actor, batch)}
    taken = set(
        Mailing.objects.unscoped("numbers that letters of the same school have").filter(
            school=batch.school_id, cohort=batch.cohort, live=True
        ).exclude(tracking="").values_list("tracking", flat=True)
    )  # fmt: skip
    seen: dict[str, int] = {}
    lines = [_line(place, dict(zip(headings, row, strict=False)), row, here, taken, seen) for place, row in rows]
    return NumberUpload.objects.unscoped("the upload of a batch that its page showed").create(
        batch=batch, account_id=actor.account, filename=filename[:200], headings=headings, lines=lines
    )


def register(actor: Actor, upload: NumberUpload) -> Passed:
    """Send every letter whose line is right; what became of the others stands beside them. Raises Refused the second time."""
    with transaction.atomic():
        be(actor)
        rows = NumberUpload.objects.unscoped("the upload that its page showed")
        if not rows.filter(pk=upload.pk, state=NumberUpload.State.PREVIEW).update(state=NumberUpload.State.DONE):
            raise Refused(NO_UPLOAD_ANY_MORE)
    cases = Mailing.objects.seen_by(actor).in_bulk(
        [UUID(line["letter"]) for line in upload.good], field_name="public_id"
    )
    passed = Passed()
    for line in upload.good:
        case = cases.get(UUID(line["letter"]))
        one = (
            send_all(actor, [(case, line["seen"], line["tracking"])])
            if case
            else Passed(left=[(line["name"], "毕业生撤回了申请，这封邮件不寄。")])
        )
        passed.moved += one.moved
        passed.left += one.left
        if one.left:
            line["outcome"] = one.left[0][1]
    rows.filter(pk=upload.pk).update(lines=upload.lines)
    upload.state = NumberUpload.State.DONE
    note(actor, "numbers", "mail_batch", subject=str(upload.batch.public_id), cohort=upload.batch.cohort, school=upload.batch.school_id,
         words=f"{upload.filename}：寄出 {passed.moved} 封")  # fmt: skip
    return passed


def drop(actor: Actor, upload: NumberUpload) -> None:
    """Give the file up. Raises Refused where it was registered."""
    rows = NumberUpload.objects.seen_by(actor).filter(pk=upload.pk, state=NumberUpload.State.PREVIEW)
    if not rows.update(state=NumberUpload.State.DROPPED):
        raise Refused(NO_UPLOAD_ANY_MORE)


def refused_workbook(upload: NumberUpload) -> bytes:
    """The lines in which something is wrong, in the shape of the file, wrong cells marked."""
    places = {name: upload.headings.index(name) for name in upload.headings}
    errors = {
        line["row"]: [(places.get(where), why) for where, why in [*line["errors"], *([("", line["outcome"])] if line.get("outcome") else [])]]
        for line in upload.bad
    }  # fmt: skip
    return workbooks.with_errors([upload.headings], [(line["row"], line["cells"]) for line in upload.bad], errors)


def _rows(content: bytes) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        found = list(islice(workbooks.rows(content), MOST_LETTERS + 2))
    except workbooks.Unreadable as why:
        raise Refused(str(why)) from None
    first = next((place for place, row in enumerate(found) if any(row)), None)
    if first is None:
        raise Refused("表格是空的，下载模板填好再上传。")
    headings = [TRACKING if heading.strip() in ALIASES else heading.strip() for heading in found[first]]
    if lacking := [name for name in (NUMBER, NAME, TRACKING) if name not in headings]:
        raise Refused(f"第一行里缺少这些列：{'、'.join(lacking)}。下载模板，把内容填进去再上传。")
    rows = [(place, row) for place, row in enumerate(found[first + 1 :], first + 2) if any(row)]
    if not rows:
        raise Refused("表格里只有标题，没有单号。")
    if len(found) > MOST_LETTERS + 1:
        raise Refused(f"一次最多登记 {MOST_LETTERS} 封，分成几个文件上传。")
    return headings, rows


def _line(
    place: int,
    said: Mapping[str, str],
    cells: Sequence[str],
    here: Mapping[str, Any],
    taken: set[str],
    seen: dict[str, int],
) -> dict[str, Any]:
    """A line as it is kept: {row, cells, name, number, tracking, letter, seen, errors}; an error is (column, why)."""
    number, name = code_text(said.get(NUMBER, "")), name_text(said.get(NAME, ""))
    letter, errors, tracking = here.get(number), [], ""
    if letter is None:
        errors.append((NUMBER, "这一批里没有这个学号"))
    elif name != name_text(letter.letter["name"]):
        errors.append((NAME, f"这个学号在这一批里是{letter.letter['name']}"))
    elif letter.state != "batched":
        errors.append((NUMBER, "这封邮件已经寄出或者退回"))
    elif letter.held:
        errors.append((NUMBER, "登记的信息有变化，这封邮件先不寄"))
    try:
        tracking = tracking_number(said.get(TRACKING, ""))
    except ValueError as wrong:
        errors.append((TRACKING, str(wrong)))
    errors += [
        (column, f"和第 {seen[said_before]} 行重复")
        for column, said_before in ((NUMBER, f"{NUMBER} {number}"), (TRACKING, f"{TRACKING} {tracking}"))
        if not said_before.endswith(" ") and seen.setdefault(said_before, place) != place
    ]
    if tracking in taken:
        errors.append((TRACKING, "这个单号已经登记给另一封邮件"))
    return {
        "row": place, "cells": list(cells), "name": name, "number": number, "tracking": tracking, "errors": errors,
        "letter": str(letter.public_id) if letter else "", "seen": letter.version if letter else 0,
    }  # fmt: skip
