"""Takes ready employment records in, as a file or as rows, has them written, gives them up (IMP-05)."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from django.db import transaction

from qicheng.domain.roster.effects import must_be_open
from qicheng.domain.roster.models import EmploymentUpload, Roster
from qicheng.foundation.access import Actor, Area, Role
from qicheng.foundation.flow.perform import NotOpen, Refused

from .columns import LABELS
from .jobs import DESK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def receive(
    actor: Actor, cohort: int, filename: str, chunks: Iterable[bytes], *, source: str = "upload"
) -> EmploymentUpload:
    """Keep a file and have it read; the same file that is still open is given back instead. `source` is upload or interface.

    Raises Unreadable for what is not a table, Refused for a cohort that is closed, NotOpen for whoever may not upload.
    """
    if actor.role is not Role.SCHOOL or not actor.may_write(Area.EMPLOYMENT):
        raise NotOpen("导入就业信息由学校的读写账号办理。")
    must_be_open(cohort)

    def hold() -> None:
        Roster.objects.get_or_create(school_id=actor.node, cohort=cohort)
        Roster.objects.select_for_update().get(school=actor.node, cohort=cohort)

    upload: EmploymentUpload = DESK.take_in(actor, cohort, filename, chunks, hold, school_id=actor.node, source=source)
    if upload.state == "preview":
        # What was registered here may have been voided since: the same file is looked at anew.
        with transaction.atomic():
            DESK.read_again(upload, "")
    return upload


def receive_rows(
    actor: Actor,
    cohort: int,
    rows: Iterable[Mapping[str, str]],
    *,
    source: str = "interface",
    filename: str = "接口报送.csv",
) -> EmploymentUpload:
    """The same from rows in the keys of `columns.LABELS` (exam_number, name and the columns of the record), codes or names; a key
    that is left out is empty. The row at place n stands in line n + 2 of what is previewed and refused."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(LABELS.values())
    writer.writerows([str(row.get(key) or "") for key in LABELS] for row in rows)
    return receive(actor, cohort, filename, [text.getvalue().encode()], source=source)


def request_writing(upload: EmploymentUpload, actor: Actor) -> None:
    """Have the good lines of a preview written (IMP-02). Raises Refused where there is nothing to write or no preview."""
    if not upload.counts.get("new") and not upload.counts.get("changed"):
        raise Refused("这份文件没有要写入的行。")
    must_be_open(upload.cohort)
    if not DESK.have_written(upload, actor):
        raise Refused("这份文件的状态刚有变化，看过最新内容再决定。")


def drop(upload: EmploymentUpload, actor: Actor) -> None:
    """Give up an upload that was not written; its lines and its file go."""
    if not DESK.drop(upload, actor):
        raise Refused("这份文件正在处理或已经写入，不能放弃。")
