"""Takes files of records in, has them written, gives them up (ARC-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.orgs.models import College
from qicheng.domain.transfer.guards.uploads import closed_for
from qicheng.foundation.access import Role, statements
from qicheng.foundation.flow.perform import NotOpen, Refused

from .jobs import DESKS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qicheng.domain.transfer.models import RecordUpload
    from qicheng.foundation.access import Actor, Area


def receive(area: Area, actor: Actor, cohort: int, filename: str, chunks: Iterable[bytes]) -> RecordUpload:
    """Keep a file of records and have it read; the same file that is still open is given back instead.

    Raises Unreadable for what is not a table, Refused for a module or a cohort that is closed, NotOpen for whoever may not upload.
    """
    if actor.role not in (Role.SCHOOL, Role.COLLEGE) or not actor.may_write(area):
        raise NotOpen(f"批量上传由有{area.label}读写权限的学校、学院账号办理。")
    school, college = actor.node, None
    if actor.role is Role.COLLEGE:
        school, college = College.objects.values_list("school", flat=True).get(pk=actor.node), actor.node
    if why := closed_for(area, school, cohort, actor):
        raise Refused(why)

    def hold() -> None:
        statements.plain(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", (f"upload {area.value}", actor.account)
        )

    upload: RecordUpload = DESKS[area].take_in(
        actor, cohort, filename, chunks, hold, school_id=school, college_id=college
    )  # fmt: skip
    return upload


def request_writing(upload: RecordUpload, actor: Actor) -> None:
    """Have the good lines of a preview written (IMP-02). Raises Refused where there is nothing to write, no preview, or the module closed."""
    if not upload.counts.get("new") and not upload.counts.get("changed"):
        raise Refused("这份文件没有要写入的行。")
    if why := closed_for(upload.AREA, upload.school_id, upload.cohort, actor):
        raise Refused(why)
    if not DESKS[upload.AREA].have_written(upload, actor):
        raise Refused("这份文件的状态刚有变化，看过最新内容再决定。")


def drop(upload: RecordUpload, actor: Actor) -> None:
    """Give up an upload that was not written; its lines and its file go."""
    if not DESKS[upload.AREA].drop(upload, actor):
        raise Refused("这份文件正在处理或已经写入，不能放弃。")
