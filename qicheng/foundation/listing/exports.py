"""Takes lists away as workbooks: a short one at once, a long one by the worker, each with its asker's rights and on record (EXP-01).

A room says once which of its lists may be taken away, and by whom (`offers`). Before a long one is made, and again before its
file is handed out, whoever asked must still be somebody (`seated`) to whom the room still offers the list, and see as much as it says.
"""

from __future__ import annotations

import hashlib
import logging
import os
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.db.models.functions import Now
from django.utils import timezone

from qicheng.foundation.access import Actor, Area, Level, Role, Tier, statements
from qicheng.foundation.flow.perform import NotOpen, Refused, note
from qicheng.foundation.kit import workbooks
from qicheng.foundation.kit.calendar import BEIJING, day_of, midnight
from qicheng.foundation.later import later
from qicheng.foundation.papers.models import Export

from . import COUNTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from . import Listing

    # The lists that somebody may take away in a cohort.
    Offer = Callable[[Actor, int], Iterable[Listing]]

log = logging.getLogger(__name__)
FOLDER = "exports"
# A list of so many rows is handed out in the request.
AT_ONCE = 2_000
# Beyond so many people it has to be said what they are for.
WITH_PURPOSE = 5_000
# How many rows an account takes away in a day, by what it answers for.
DAILY = {
    Role.COLLEGE: 100_000, Role.SCHOOL: 500_000, Role.PROVINCE: 5_000_000, Role.MINISTRY: 40_000_000,
}  # fmt: skip
DAILY_OF_OTHERS = 20_000
MOST_WAITING = 5
KEPT_FOR = timedelta(hours=24)
STUCK = timedelta(minutes=2)
MOST_TRIES = 3
SAID_EVERY = 5_000
LOCKS = 0x4578 << 44
NOT_YOURS = "你的账号没有导出这份清单的权限。"
NARROWED = "你的账号负责的范围或者权限比导出时小，这份文件不能再下载。需要的话重新导出一次。"
LOST = "你的账号已经没有查看这份清单的权限，没有生成文件。"

OFFERS: dict[str, Offer] = {}
# (account, role, node) → whoever sits there now, or None; the room that keeps accounts says how.
_SEATED: list[Callable[[int, str, int], Actor | None]] = []


def offers(room: str, lists: Offer) -> None:
    """Say which lists of a room whoever asks may take away; their names differ within the room."""
    OFFERS[room] = lists


def seated_by(find: Callable[[int, str, int], Actor | None]) -> None:
    """Say how an account's seat is found as it stands now."""
    _SEATED[:] = [find]


def offered(actor: Actor, room: str, name: str, cohort: int) -> Listing | None:
    """The list of that name as far as whoever asks may take it away now."""
    return next((one for one in OFFERS[room](actor, cohort) if one.name == name), None) if room in OFFERS else None


def taken_today(account: int) -> int:
    """How many rows an account has had made today."""
    today = midnight(day_of(timezone.now()))
    rows = Export.objects.filter(account=account, made_at__gte=today).exclude(state__in=("failed", "cancelled"))
    return rows.aggregate(number=Sum("total"))["number"] or 0


def daily(role: Role) -> int:
    """How many rows an account of that role may have made in a day."""
    return DAILY.get(role, DAILY_OF_OTHERS)


def hand_out_at_once(
    actor: Actor, room: str, listing: Listing, query: Mapping[str, str], cohort: int, moment: datetime | None = None
) -> tuple[bytes, str]:
    """A short list as (workbook, file name), on record. Raises NotOpen, and Refused where it is not short or the day's rows are used up."""
    if offered(actor, room, listing.name, cohort) is None:
        raise NotOpen(NOT_YOURS)
    rows = list(listing.sheet_rows(actor, query, cohort, AT_ONCE + 1, moment))
    if len(rows) > AT_ONCE:
        raise Refused("符合条件的刚好多了几条，请再导出一次。")
    now = timezone.now()
    row = _row(actor, room, listing, query, cohort, moment)
    row.state, row.total, row.done, row.finished_at = "handed", len(rows), len(rows), now
    content = BytesIO()
    workbooks.export(listing.headings, rows, content, sheet=listing.label, total=len(rows), mark=mark(row, now))
    row.sha256, row.downloads = hashlib.sha256(content.getbuffer()).hexdigest(), 1
    row.size = len(content.getbuffer())
    with transaction.atomic():
        _within_the_day(actor, len(rows))
        row.save(force_insert=True)
        _noted(row, actor, "export", len(rows))
    return content.getvalue(), file_name(row)


def ask(
    actor: Actor, room: str, name: str, query: Mapping[str, str], cohort: int, *, moment: datetime | None = None,
    purpose: str = "", key: str = "",
) -> Export:  # fmt: skip
    """Have a long list made by the worker; the same form again is the same export. Raises NotOpen, Refused."""
    listing = offered(actor, room, name, cohort)
    if listing is None or actor.account is None:
        raise NotOpen(NOT_YOURS)
    if key and (done := Export.objects.of(actor).filter(key=key).first()) is not None:
        return done
    number = listing.count(actor, query, cohort, moment)
    purpose = " ".join(purpose.split())[:200]
    if number > WITH_PURPOSE and len(purpose) < 2:
        raise Refused(f"超过 {WITH_PURPOSE:,} 条，写明用途再导出，用途会写进文件。")
    row = _row(actor, room, listing, query, cohort, moment)
    row.purpose, row.key, row.total = purpose, key, number
    try:
        with transaction.atomic():
            _within_the_day(actor, number)
            if Export.objects.of(actor).filter(state__in=Export.AT_WORK).count() >= MOST_WAITING:
                raise Refused(f"你有 {MOST_WAITING} 份导出还没有生成，等一份完成再来。")
            row.save(force_insert=True)
            _noted(row, actor, "ask_export", f"超过 {COUNTED:,}" if number > COUNTED else number)
            later("listing.make_export", export=row.pk)
    except IntegrityError:
        done = Export.objects.of(actor).filter(key=key).first()
        if done is None:
            raise Refused("这个页面是用你的另一个岗位打开的，回到清单，重新点一次「导出」。") from None
        return done
    return row


def make(export: int) -> None:
    """Make the file of an export that was asked for; begun anew it makes the one file from the start, two at once are one."""
    with _alone(export) as is_alone:
        row = Export.objects.filter(pk=export, state__in=Export.AT_WORK).first() if is_alone else None
        if row is None:
            return
        if row.tries >= MOST_TRIES:
            _fail(row, "生成几次都中断了，请缩小范围再导出。")
            return
        _keep(row, state="making", tries=row.tries + 1, done=0)
        try:
            actor, listing = _still(row)
            row.total = listing.size(actor, row.query, row.cohort, row.moment)
            if row.total > WITH_PURPOSE and not row.purpose:
                raise Refused(f"现在超过 {WITH_PURPOSE:,} 条，重新导出并写明用途。")
            with transaction.atomic():
                _within_the_day(actor, row.total, row.pk)
                _keep(row, total=row.total, columns=listing.headings, **_width(actor))
            _write(row, actor, listing)
        except _CancelledMeanwhile:
            _part(row).unlink(missing_ok=True)
        except (NotOpen, Refused) as why:
            _part(row).unlink(missing_ok=True)
            _fail(row, str(why))


def cancel(export: Export, actor: Actor) -> None:
    """Stop an export that is not made yet. Raises Refused."""
    rows = Export.objects.of(actor).filter(pk=export.pk, state__in=Export.AT_WORK)
    if not rows.update(state="cancelled", finished_at=Now(), moved_at=Now()):
        raise Refused("这份导出已经有了结果，不用取消。")


def hand_out(export: Export, actor: Actor) -> Path:
    """The file of an export, on record with each download. Raises NotOpen where the right is gone, Refused where the file is."""
    if offered(actor, export.room, export.listing, export.cohort) is None:
        raise NotOpen(NOT_YOURS)
    if not _sees_as_much(actor, export):
        raise NotOpen(NARROWED)
    path = Path(settings.QICHENG_FILES) / export.path
    is_kept = export.state == "ready" and export.expires_at is not None and timezone.now() < export.expires_at
    if not is_kept or not path.is_file() or _digest(path) != export.sha256:
        raise Refused("文件保留 24 小时，已经清理。需要的话重新导出一次。")
    with transaction.atomic():
        Export.objects.of(actor).filter(pk=export.pk).update(downloads=export.downloads + 1)
        _noted(export, actor, "download_export", export.total)
    return path


def resume_stuck() -> int:
    """Start again what a killed worker left behind; how many exports that were."""
    stuck = Export.objects.filter(state__in=Export.AT_WORK, moved_at__lt=timezone.now() - STUCK)
    number = 0
    for pk in stuck.order_by("id").values_list("pk", flat=True):
        with _alone(pk) as is_alone:
            if is_alone:
                with transaction.atomic():
                    Export.objects.filter(pk=pk).update(moved_at=Now())
                    later("listing.make_export", export=pk)
                number += 1
    return number


def sweep() -> int:
    """Let go of files that were kept for a day, and of what was begun and cancelled; how many files went."""
    number = 0
    for row in Export.objects.filter(expires_at__lt=timezone.now()).exclude(path=""):
        (Path(settings.QICHENG_FILES) / row.path).unlink(missing_ok=True)
        _keep(row, state="gone", path="")
        number += 1
    folder = Path(settings.QICHENG_FILES) / FOLDER
    at_work = {one.hex for one in Export.objects.filter(state__in=Export.AT_WORK).values_list("public_id", flat=True)}
    for part in folder.glob("*.part"):
        if part.stem not in at_work:
            part.unlink(missing_ok=True)
            number += 1
    return number


def mark(export: Export, at: datetime) -> workbooks.Mark:
    """Who takes the file away, when, what and for what; on a long list visible above its headings."""
    when = at.astimezone(BEIJING)
    known = f"，数据截至 {export.moment.astimezone(BEIJING):%Y-%m-%d %H:%M}" if export.moment else ""
    words = [f"{export.unit}　{export.by}　{when:%Y-%m-%d %H:%M} 导出{known}".strip("　")]
    words += (
        [f"条件：{'，'.join(f'{label} {value}' for label, value in export.wanted.items())}"] if export.wanted else []
    )
    words += [f"用途：{export.purpose}"] if export.purpose else []
    words += [f"编号：{str(export.public_id)[:8]}", "含个人信息，只用于工作，不外传"]
    return workbooks.Mark(export.label, f"{export.unit}　{export.by}".strip("　"), "；".join(words), at)


def file_name(export: Export) -> str:
    """What the file is called: the list, its filters, the minute."""
    said = "-".join([export.label, *export.wanted.values()])[:80]
    plain = "".join(character if character.isalnum() or character in "-·" else "_" for character in said)
    return f"{plain}-{timezone.localtime():%Y%m%d-%H%M}.xlsx"


class _CancelledMeanwhile(Exception):
    """Whoever asked has cancelled it while it was being made."""


def _still(export: Export) -> tuple[Actor, Listing]:
    """Whoever asked as it is now, and the list as it may be taken away now. Raises NotOpen."""
    actor = _SEATED[0](export.account, export.role, export.node) if _SEATED else None
    if actor is None:
        raise NotOpen("申请导出的账号已经停用或者离开了原来的岗位，没有生成文件。")
    actor = replace(actor, unit=export.unit, origin=export.origin)
    listing = offered(actor, export.room, export.listing, export.cohort)
    if listing is None:
        raise NotOpen(LOST)
    return actor, listing


def _write(export: Export, actor: Actor, listing: Listing) -> None:
    part = _part(export)
    part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    now = timezone.now()
    number = workbooks.export(
        listing.headings, _told(export, listing.sheet_rows(actor, export.query, export.cohort, None, export.moment)), part,
        sheet=listing.label, total=export.total, mark=replace(mark(export, now), is_line=True),
    )  # fmt: skip
    with part.open("rb") as written:
        os.fsync(written.fileno())
    digest, size = _digest(part), part.stat().st_size
    path = Path(FOLDER, f"{export.public_id.hex}.xlsx")
    part.replace(Path(settings.QICHENG_FILES) / path)
    with transaction.atomic():
        rows = Export.objects.filter(pk=export.pk, state="making")
        is_wanted = rows.update(
            state="ready", done=number, total=number, path=path.as_posix(), size=size, sha256=digest, reason="", finished_at=now,
            moved_at=Now(), expires_at=timezone.now() + KEPT_FOR,
        )  # fmt: skip
        if is_wanted:
            _noted(export, actor, "export", number, tell=True, telling="ready")
    if not is_wanted:
        (Path(settings.QICHENG_FILES) / path).unlink(missing_ok=True)


def _told(export: Export, rows: Iterable[list[str]]) -> Iterator[list[str]]:
    """The rows, with their number where the page can see it; ends where the export was cancelled."""
    for number, row in enumerate(rows, 1):
        yield row
        if number % SAID_EVERY == 0 and not Export.objects.filter(pk=export.pk, state="making").update(
            done=number, moved_at=Now()
        ):
            raise _CancelledMeanwhile


def _row(
    actor: Actor, room: str, listing: Listing, query: Mapping[str, str], cohort: int, moment: datetime | None
) -> Export:
    kept = {one.key for one in listing.filters} | {"sort"}
    return Export(
        account=actor.account or 0, role=str(actor.role), node=actor.node, by=actor.name, unit=actor.unit, origin=actor.origin,
        **_width(actor), room=room, listing=listing.name, label=listing.label, cohort=cohort, moment=moment,
        query={key: str(query[key])[:8000] for key in sorted(kept) if query.get(key)},
        wanted={label: words[:200] for label, words in listing.in_words(actor, query, cohort).items()},
        columns=listing.headings,
    )  # fmt: skip


def _width(actor: Actor) -> dict[str, Any]:
    """How much of its node's people an actor sees."""
    return {"tier": str(actor.tier), "levels": {str(area): int(level) for area, level in actor.levels.items()}}


def _sees_as_much(actor: Actor, export: Export) -> bool:
    """Whether an actor sees all that whoever it was made for saw."""
    return actor.tier in (Tier.ALL, export.tier) and all(
        actor.levels.get(Area(area), Level.NONE) >= level for area, level in export.levels.items()
    )


def _within_the_day(actor: Actor, number: int, besides: int = 0) -> None:
    """Hold the account's day until the transaction ends. Raises Refused where so many rows more are too many."""
    account = actor.account or 0
    statements.plain("SELECT pg_advisory_xact_lock(%s)", (LOCKS | 1 << 43 | account,))
    own = Export.objects.filter(pk=besides).values_list("total", flat=True).first() or 0
    left = daily(actor.role) - taken_today(account) + own
    if number > left:
        raise Refused(
            f"一个账号一天最多导出 {daily(actor.role):,} 条，今天还能导出 {max(left, 0):,} 条。缩小范围，或者明天再导出。"
        )


def _fail(export: Export, why: str) -> None:
    with transaction.atomic():
        _keep(export, state="failed", reason=why[:200], finished_at=timezone.now())
        actor = Actor(
            Role(export.role), export.node, export.account, name=export.by, unit=export.unit, origin=export.origin
        )
        _noted(export, actor, "fail_export", 0, tell=True, telling="failed")


def _noted(export: Export, actor: Actor, act: str, number: int | str, *, tell: bool = False, telling: str = "") -> None:
    """Put it on record under the list, as every export is; whoever asked is told under the export."""
    about = {label: ["", value] for label, value in export.wanted.items()}
    about |= {"用途": ["", export.purpose]} if export.purpose else {}
    school = actor.node if actor.role is Role.SCHOOL else None
    asked: dict[str, Any] = {"cohort": export.cohort, "school": school}
    subject = "" if export.state == "handed" else str(export.public_id)
    note(actor, act, f"listing.{export.listing}", about | {"条数": ["", number]}, subject=subject, **asked)
    if tell:
        said = {
            "清单": ["", export.label],
            "导出人": ["", export.by],
            "条数": ["", number],
            "原因": ["", export.reason],
        }
        note(actor, telling, "export", said, subject=str(export.public_id), tell=[(actor.role, actor.node)], **asked)


def _keep(export: Export, **values: Any) -> None:
    for name, value in values.items():
        setattr(export, name, value)
    Export.objects.filter(pk=export.pk).update(**values, moved_at=Now())


def _part(export: Export) -> Path:
    return Path(settings.QICHENG_FILES) / FOLDER / f"{export.public_id.hex}.part"


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@contextmanager
def _alone(export: int) -> Iterator[bool]:
    """Whether nobody else works at it; the lock goes with the connection of a worker that dies."""
    row = statements.plain("SELECT pg_try_advisory_lock(%s)", (LOCKS | export,))
    is_alone = bool(row and row[0])
    try:
        yield is_alone
    finally:
        if is_alone:
            statements.plain("SELECT pg_advisory_unlock(%s)", (LOCKS | export,))
