"""Takes a file in: kept whole and private before there is a row for it, and never twice at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.roster.effects import must_be_open
from qicheng.domain.roster.models import Roster, Upload
from qicheng.foundation.access import Actor, Area, Role
from qicheng.foundation.flow.perform import NotOpen, Refused

from .jobs import DESK

if TYPE_CHECKING:
    from collections.abc import Iterable


def receive(actor: Actor, cohort: int, filename: str, chunks: Iterable[bytes]) -> Upload:
    """Keep a roster file and have it read; the same file that is still open is given back instead.

    Raises Unreadable for what is not a table, Refused for a cohort that is closed, NotOpen for whoever may not upload.
    """
    if actor.role is not Role.SCHOOL or not actor.may_write(Area.EMPLOYMENT):
        raise NotOpen("上传名单由学校的读写账号办理。")
    must_be_open(cohort)

    def hold() -> None:
        Roster.objects.get_or_create(school_id=actor.node, cohort=cohort)
        Roster.objects.select_for_update().get(school=actor.node, cohort=cohort)

    upload: Upload = DESK.take_in(actor, cohort, filename, chunks, hold, school_id=actor.node)
    return upload


def request_writing(upload: Upload, actor: Actor) -> None:
    """Have the good lines of a preview written (IMP-02). Raises Refused where there is nothing to write or no preview."""
    if not upload.counts.get("new") and not upload.counts.get("changed"):
        raise Refused("这份文件没有要写入的行。")
    must_be_open(upload.cohort)
    if not DESK.have_written(upload, actor):
        raise Refused("这份文件的状态刚有变化，看过最新内容再决定。")


def drop(upload: Upload, actor: Actor) -> None:
    """Give up an upload that was not written; its lines and its file go."""
    if not DESK.drop(upload, actor):
        raise Refused("这份文件正在处理或已经写入，不能放弃。")
