"""Takes a file in: kept whole and private before there is a row for it, and never twice at work."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from qicheng.domain.roster.effects import must_be_open
from qicheng.domain.roster.models import Roster, Upload
from qicheng.foundation.access import Actor, Area, Level, Role, Tier
from qicheng.foundation.flow.perform import NotOpen, Refused
from qicheng.foundation.kit import workbooks
from qicheng.foundation.later import later

from .stage import LIMITS, clear, path_of

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = "uploads"
AT_WORK = ("waiting", "reading", "preview", "applying")


def receive(actor: Actor, cohort: int, filename: str, chunks: Iterable[bytes]) -> Upload:
    """Keep a roster file and have it read; the same file that is still open is given back instead.

    Raises Unreadable for what is not a table, Refused for a cohort that is closed, NotOpen for whoever may not upload.
    """
    if actor.role is not Role.SCHOOL or not actor.may_write(Area.EMPLOYMENT):
        raise NotOpen("上传名单由学校的读写账号办理。")
    must_be_open(cohort)
    path, digest = _keep(chunks)
    try:
        workbooks.kind_of(path, LIMITS)
        with transaction.atomic():
            Roster.objects.get_or_create(school_id=actor.node, cohort=cohort)
            Roster.objects.select_for_update().get(school=actor.node, cohort=cohort)
            same = Upload.objects.seen_by(actor).filter(
                cohort=cohort, sha256=digest, state__in=AT_WORK, account=actor.account
            )
            if (open_one := same.order_by("-id").first()) is not None:
                path.unlink()
                return open_one
            upload = Upload.objects.unscoped("the actor's own new upload").create(
                school_id=actor.node, cohort=cohort, account_id=actor.account, tier=actor.tier, actor=kept(actor),
                filename=Path(filename).name[:200], path=path.relative_to(settings.QICHENG_FILES).as_posix(), sha256=digest,
            )  # fmt: skip
            later("roster.read_upload", upload=upload.pk)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return upload


def request_writing(upload: Upload, actor: Actor) -> None:
    """Have the good lines of a preview written (IMP-02). Raises Refused where there is nothing to write or no preview."""
    if not upload.counts.get("new") and not upload.counts.get("changed"):
        raise Refused("这份文件没有要写入的行。")
    must_be_open(upload.cohort)
    with transaction.atomic():
        rows = Upload.objects.seen_by(actor).filter(pk=upload.pk, state="preview")
        if not rows.update(state="applying", actor=kept(actor), reason="", tries=0, moved_at=Now()):
            raise Refused("这份文件的状态刚有变化，看过最新内容再决定。")
        later("roster.apply_upload", upload=upload.pk)


def drop(upload: Upload, actor: Actor) -> None:
    """Give up an upload that was not written; its lines and its file go."""
    with transaction.atomic():
        rows = Upload.objects.seen_by(actor).filter(pk=upload.pk, state__in=("preview", "refused"))
        if not rows.update(state="dropped", finished_at=Now(), moved_at=Now()):
            raise Refused("这份文件正在处理或已经写入，不能放弃。")
        clear(upload)
    path_of(upload).unlink(missing_ok=True)


def kept(actor: Actor) -> dict[str, object]:
    """An actor as it is kept for the job that acts for it."""
    return {
        "role": actor.role, "node": actor.node, "account": actor.account, "tier": actor.tier, "name": actor.name,
        "unit": actor.unit, "origin": actor.origin, "levels": {area: int(level) for area, level in actor.levels.items()},
    }  # fmt: skip


def actor_of(upload: Upload) -> Actor:
    """Whoever asked for what the job does."""
    row = dict(upload.actor)
    levels = {Area(area): Level(level) for area, level in row.pop("levels").items()}
    return Actor(Role(row.pop("role")), tier=Tier(row.pop("tier")), levels=levels, **row)


def _keep(chunks: Iterable[bytes]) -> tuple[Path, str]:
    """Write the file whole to the disk, readable for us alone; (its path, its sha256)."""
    folder = Path(settings.QICHENG_FILES) / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / uuid.uuid4().hex
    digest = hashlib.sha256()
    size = 0
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > LIMITS.size:
                    raise workbooks.Unreadable(f"文件超过 {LIMITS.size // 2**20} MB，请分批上传")
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path, digest.hexdigest()
