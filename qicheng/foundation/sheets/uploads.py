"""Files of many lines that come in: kept whole, read and checked by a worker, previewed, and written all or none (IMP).

A room has the tables of its uploads (`Uploaded`), and says how a file is staged, checked and cleared (`Desk`); the rest is here.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import uuid
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from qicheng.foundation.access import Actor, Area, Level, Role, Tier, statements
from qicheng.foundation.access.rows import Scoped
from qicheng.foundation.kit import workbooks
from qicheng.foundation.later import later

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Future

FOLDER = "uploads"
# A cell longer than a spreadsheet allows is one wrong line, not a wrong file.
LIMITS = workbooks.Limits(cell=2_000_000)
BLOCK = 10_000
MOST_TRIES = 3
STUCK = timedelta(minutes=2)
AT_WORK = ("waiting", "reading", "preview", "applying")


class Uploaded(Scoped):
    """A file that was uploaded, its progress, and what became of it; a room adds `school`, `account` and whatever else it hangs on.

    `actor` is whoever acts, as it is kept for the worker; `columns` where in the file each field stands, with its rows of headings.
    """

    STATES: ClassVar = (
        ("waiting", "等待读取"), ("reading", "正在读取"), ("preview", "等待你确认"), ("refused", "文件不能用"),
        ("applying", "正在写入"), ("applied", "已写入"), ("dropped", "已放弃"),
    )  # fmt: skip

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    cohort = models.PositiveSmallIntegerField()
    tier = models.CharField(max_length=14, default=Tier.ALL)
    actor = models.JSONField(default=dict)
    filename = models.CharField(max_length=200)
    path = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=STATES, default="waiting")
    reason = models.CharField(max_length=300, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    columns = models.JSONField(default=dict)
    tries = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField(db_default=Now())
    moved_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta(Scoped.Meta):
        abstract = True

    def __str__(self) -> str:
        return f"upload {self.pk}"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a file has what: `places` gives for a field its one or two columns (code first, -1 for the one that is missing)."""

    places: dict[str, tuple[int, ...]]
    headings: tuple[tuple[str, ...], ...]
    first: int

    @property
    def width(self) -> int:
        return 1 + max(place for places in self.places.values() for place in places)

    def place(self, key: str) -> int | None:
        """The column of a field that errors are marked in."""
        found = [place for place in self.places.get(key, ()) if place >= 0]
        return found[0] if found else None

    @property
    def kept(self) -> dict[str, Any]:
        """The layout as an upload keeps it."""
        return {"places": self.places, "headings": [list(row) for row in self.headings], "first": self.first}


def layout_of(upload: Uploaded) -> Layout:
    """The layout that the file was read by."""
    kept = upload.columns
    return Layout(
        {key: tuple(pair) for key, pair in kept["places"].items()}, tuple(map(tuple, kept["headings"])), kept["first"]
    )


def path_of(upload: Uploaded) -> Path:
    """Where the file lies, below QICHENG_FILES."""
    return Path(settings.QICHENG_FILES) / upload.path


def kept(actor: Actor) -> dict[str, object]:
    """An actor as it is kept for the job that acts for it."""
    return {
        "role": actor.role, "node": actor.node, "account": actor.account, "tier": actor.tier, "name": actor.name,
        "unit": actor.unit, "origin": actor.origin, "levels": {area: int(level) for area, level in actor.levels.items()},
    }  # fmt: skip


def actor_of(upload: Uploaded) -> Actor:
    """Whoever asked for what the job does."""
    row = dict(upload.actor)
    levels = {Area(area): Level(level) for area, level in row.pop("levels").items()}
    return Actor(Role(row.pop("role")), tier=Tier(row.pop("tier")), levels=levels, **row)


@dataclass(frozen=True, slots=True)
class Desk:
    """What a room does with its uploads. `fill` stages the file and returns the number of its lines (Unreadable where it cannot),
    `check` puts the upload to its preview, `clear` lets go of the staged lines.

    The advisory locks of uploads lie in a range of their own from `locks`; a lock goes with the connection of a worker that dies.
    The worker's tasks are `read_task` and `apply_task`, given the upload's id beside `named`.
    """

    model: type[Any]
    locks: int
    read_task: str
    apply_task: str
    fill: Callable[[Any], int]
    check: Callable[[Any], None]
    clear: Callable[[Any], None]
    named: Mapping[str, str] = field(default_factory=dict)

    def take_in(
        self,
        actor: Actor,
        cohort: int,
        filename: str,
        chunks: Iterable[bytes],
        hold: Callable[[], object],
        **columns: Any,
    ) -> Any:
        """Keep a file and have it read; the same file of the same account that is still open is given back instead.

        `hold` locks what makes two of these wait for each other. Raises Unreadable for what is not a table.
        """
        path, digest = _keep(chunks)
        try:
            workbooks.kind_of(path, LIMITS)
            with transaction.atomic():
                hold()
                same = self.model.objects.seen_by(actor).filter(
                    cohort=cohort, sha256=digest, state__in=AT_WORK, account=actor.account
                )
                if (open_one := same.order_by("-id").first()) is not None:
                    path.unlink()
                    return open_one
                upload = self._rows().create(
                    cohort=cohort, account_id=actor.account, tier=actor.tier, actor=kept(actor), filename=Path(filename).name[:200],
                    path=path.relative_to(settings.QICHENG_FILES).as_posix(), sha256=digest, **columns,
                )  # fmt: skip
                later(self.read_task, upload=upload.pk, **self.named)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return upload

    def have_written(self, upload: Uploaded, actor: Actor) -> bool:
        """Have the good lines of a preview written; False where it is no preview any more."""
        with transaction.atomic():
            rows = self.model.objects.seen_by(actor).filter(pk=upload.pk, state="preview")
            if not rows.update(state="applying", actor=kept(actor), reason="", tries=0, moved_at=Now()):
                return False
            later(self.apply_task, upload=upload.pk, **self.named)
        return True

    def drop(self, upload: Uploaded, actor: Actor) -> bool:
        """Give up an upload that was not written, with its lines and its file; False where it is at work or written."""
        with transaction.atomic():
            rows = self.model.objects.seen_by(actor).filter(pk=upload.pk, state__in=("preview", "refused"))
            if not rows.update(state="dropped", finished_at=Now(), moved_at=Now()):
                return False
            self.clear(upload)
        path_of(upload).unlink(missing_ok=True)
        return True

    def read(self, upload: int) -> None:
        """Read a file into the stage, check it, count its preview; a second call while it runs does nothing."""
        with self.alone(upload) as mine:
            found = self._rows().select_related("school").filter(pk=upload).first()
            if not mine or found is None or found.state not in ("waiting", "reading"):
                return
            if found.tries >= MOST_TRIES:
                reason = "文件读取几次都中断了，请另存为 .xlsx 后重新上传。"
                self.move(found, "refused", reason=reason, finished_at=Now())
                return
            self.move(found, "reading", tries=found.tries + 1, done=0)
            try:
                found.total = self.fill(found)
                if not found.total:
                    raise workbooks.Unreadable("表头下面没有内容，请核对后重新上传")
            except workbooks.Unreadable as why:
                self.clear(found)
                self.move(found, "refused", reason=str(why)[:300], finished_at=Now())
                return
            self.check(found)

    def read_again(self, upload: Uploaded, reason: str) -> None:
        """Put an upload whose stage is gone back to the beginning, in the caller's transaction."""
        self.move(upload, "waiting", tries=0, reason=reason)
        later(self.read_task, upload=upload.pk, **self.named)

    @contextmanager
    def writing(self, upload: int) -> Iterator[Any]:
        """A transaction with the upload that is to be written, locked; None where there is nothing to do, or somebody else does it."""
        with self.alone(upload) as mine, transaction.atomic():
            rows = self._rows().select_related("school").select_for_update(of=("self",))
            yield rows.filter(pk=upload, state="applying").first() if mine else None

    def move(self, upload: Uploaded, state: str, **columns: Any) -> None:
        """Put an upload into a state, with what else changes of it."""
        self._rows().filter(pk=upload.pk).update(state=state, moved_at=Now(), **columns)
        upload.state = state
        for name, value in columns.items():
            setattr(upload, name, value)

    def resume_stuck(self) -> int:
        """Start again what a killed worker left behind; how many uploads that were."""
        stuck = self._rows().filter(
            state__in=("waiting", "reading", "applying"), moved_at__lt=timezone.now() - STUCK
        )  # fmt: skip
        number = 0
        for pk, state in stuck.order_by("id").values_list("pk", "state"):
            with self.alone(pk) as mine:
                if mine:
                    with transaction.atomic():
                        self._rows().filter(pk=pk).update(moved_at=Now())
                        later(self.apply_task if state == "applying" else self.read_task, upload=pk, **self.named)
                    number += 1
        return number

    @contextmanager
    def alone(self, upload: int) -> Iterator[bool]:
        """Whether nobody else works on the upload while this runs."""
        row = statements.plain("SELECT pg_try_advisory_lock(%s)", (self.locks + upload,))
        mine = bool(row and row[0])
        try:
            yield mine
        finally:
            if mine:
                statements.plain("SELECT pg_advisory_unlock(%s)", (self.locks + upload,))

    def _rows(self) -> Any:
        return self.model.objects.unscoped("the worker looks after all uploads")


def pour(
    upload: Uploaded,
    sql: str,
    lines: Iterator[tuple[int, list[str]]],
    stage: Callable[[list[str]], tuple[str, ...]],
    look: tuple[str, Mapping[str, Any]] | None = None,
) -> int:
    """Copy lines into a stage block by block; how many there were. `stage` makes of a line's cells what stands beside upload and line.

    `look` is a statement that is run on each block, with its `first` and `last` line: the next block is made while the database
    is at work on it. The page can see how far it is.
    """
    done, key = 0, str(upload.pk)
    then, given = look or ("", {})
    with statements.copying(sql) as copy:
        copied: Future[None] | None = None
        while block := [(key, str(line), *stage(row)) for line, row in itertools.islice(lines, BLOCK)]:
            if copied:
                copied.result()
                _show(upload, done)
            copied = copy(block, then, {**given, "first": int(block[0][1]), "last": int(block[-1][1])})
            done += len(block)
        if copied:
            copied.result()
        _show(upload, done)
    return done


def _show(upload: Uploaded, done: int) -> None:
    type(upload).objects.unscoped("the worker's own upload").filter(pk=upload.pk).update(done=done, moved_at=Now())


def marked(upload: Uploaded, faults: Iterable[tuple[int, str, str]]) -> bytes:
    """The lines with faults (line, key of the field, reason) as a workbook of the shape that came in, wrong cells marked.

    Raises Unreadable, or OSError where the file is gone.
    """
    layout = layout_of(upload)
    errors: dict[int, list[tuple[int | None, str]]] = defaultdict(list)
    for line, place, reason in faults:
        errors[line].append((layout.place(place), reason))
    for found in errors.values():
        found.sort(key=lambda fault: -1 if fault[0] is None else fault[0])
    rows = enumerate(workbooks.rows(path_of(upload), LIMITS), 1)
    return workbooks.with_errors(layout.headings, ((line, row) for line, row in rows if line in errors), errors)


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
