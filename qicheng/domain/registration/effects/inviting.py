"""How an employer finds graduates, and invites many of them by a workbook (EMP-04, EMP-05)."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from qicheng.domain.orgs.effects.sessions import spend
from qicheng.domain.orgs.models import Seat
from qicheng.domain.registration.models import InvitationBatch
from qicheng.domain.registration.queries import obstacle, people_named
from qicheng.domain.registration.sheets import INVITATION, OFFER
from qicheng.domain.roster.models import Graduate
from qicheng.foundation import codes
from qicheng.foundation.access import Role, statements
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import NotOpen, Refused, begin, note
from qicheng.foundation.kit import workbooks
from qicheng.foundation.kit.identity import code_text, name_text
from qicheng.foundation.kit.numbers import fingerprint
from qicheng.foundation.later import later

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qicheng.foundation.access import Actor

# How many graduates an employer may look for in 24 hours, found or not (EMP-05).
MOST_LOOK_UPS = 300
# What stands beside a line of a batch that was sent.
SENT = "已发出"
NOT_FOUND = "没有找到这位毕业生，姓名和号码要与学校名单一字不差"
NUMBER, DAYS = "身份证号或考生号", "应约有效期（天）"
MOST_LINES, SENT_AT_ONCE = 200, 50
BATCH = InvitationBatch.State
BATCH_LOCK = 0x5143


def look_up(actor: Actor, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[Graduate]]:
    """Find graduates by exact name and number for an employer, within its limit, every one of them on record (EMP-05).

    Look-ups are spent before anybody is looked for, so that asking in parallel gains nothing. Raises Refused over the limit.
    """
    asked = list(dict.fromkeys((name_text(name), code_text(number)) for name, number in pairs))
    if not spend(f"look_up|{actor.node}", MOST_LOOK_UPS, 24 * 3600, len(asked)):
        raise Refused(f"24 小时内最多查找 {MOST_LOOK_UPS} 位毕业生，已经用完。明天再查，或者联系平台。")
    found = people_named(asked, timezone.now())
    key = settings.QICHENG_NUMBER_KEY.encode()
    for pair in asked:
        person = next(iter(found.get(pair, ())), None)
        note(
            actor, "look_up", "look_up", {"查找": ["", fingerprint("|".join(pair), key)], "结果": ["", "找到" if person else "没有找到"]},
            subject=str(person.public_id) if person else "", cohort=person.cohort if person else 0,
            school=person.school_id if person else None,
        )  # fmt: skip
    return found


def read_batch(actor: Actor, content: bytes, filename: str) -> InvitationBatch:
    """Read a workbook of invitations and keep what every line says, with what is wrong in it; nobody is invited yet (EMP-04).

    Raises Refused for a file that cannot be read, lacks columns or is too long, and over the limit of look-ups.
    """
    lines = _lines_of(content)
    named = [(line["姓名"], line[NUMBER]) for line in lines if line["姓名"] and line[NUMBER]]
    found = look_up(actor, named) if named else {}
    seen: set[int] = set()
    return InvitationBatch.objects.unscoped("the employer's own new batch").create(
        employer_id=actor.node, account_id=actor.account, filename=filename[:200],
        lines=[_read_line(line, found, seen, actor) for line in lines],
    )  # fmt: skip


def release_batch(batch: InvitationBatch) -> bool:
    """Let a batch be sent: a short one at once, a long one by a job. False where it had been sent or dropped before."""
    rows = InvitationBatch.objects.unscoped("the batch that its page showed")
    with transaction.atomic():
        moved = rows.filter(pk=batch.pk, state__in=(BATCH.PREVIEW, BATCH.SENDING)).update(state=BATCH.SENDING)
        if moved and batch.good > SENT_AT_ONCE:
            later("registration.send_batch", batch=str(batch.public_id))
    if moved and batch.good <= SENT_AT_ONCE:
        send_batch(str(batch.public_id))
    return bool(moved)


def drop_batch(batch: InvitationBatch) -> bool:
    """Give up a batch of which nothing was sent."""
    rows = InvitationBatch.objects.unscoped("the batch that its page showed")
    return bool(rows.filter(pk=batch.pk, state=BATCH.PREVIEW).update(state=BATCH.DROPPED))


def send_batch(batch_id: str) -> None:
    """Send every invitation of a batch that its employer released; what became of each line is written beside it (EMP-04).

    A line is sent once, however often this runs: its key is the batch's and its own. Two at once: the second leaves it to the first.
    """
    batch = (
        InvitationBatch.objects.unscoped("a job sends the batch that it names")
        .select_related("employer")
        .get(public_id=batch_id)
    )
    locked = statements.plain("SELECT pg_try_advisory_lock(%s, %s)", (BATCH_LOCK, batch.pk % 2**31))
    if batch.state != BATCH.SENDING or not (locked and locked[0]):
        return
    try:
        actor = _sender(batch)
        for line in batch.lines:
            if not line["errors"] and not line.get("outcome"):
                line["outcome"], line["case"] = _sent(batch, line, actor)
                batch.done += 1
                batch.save(update_fields=["lines", "done"])
        batch.state, batch.finished_at = BATCH.SENT, timezone.now()
        batch.save(update_fields=["state", "finished_at"])
    finally:
        statements.plain("SELECT pg_advisory_unlock(%s, %s)", (BATCH_LOCK, batch.pk % 2**31))


def _lines_of(content: bytes) -> list[dict[str, str]]:
    try:
        rows = [row for row in islice(workbooks.rows(content), MOST_LINES + 2) if any(row)]
    except workbooks.Unreadable as why:
        raise Refused(str(why)) from None
    headings = [heading.strip() for heading in rows[0]] if rows else []
    lacking = [name for name in ("姓名", NUMBER, *(f.label for f in OFFER if f.required), DAYS) if name not in headings]
    if lacking:
        raise Refused(f"第一行里缺少这些列：{'、'.join(lacking)}。下载模板，把内容填进去再上传。")
    if len(rows) == 1:
        raise Refused("表格里只有标题，没有要邀请的人。")
    if len(rows) > MOST_LINES + 1:
        raise Refused(f"一次最多邀请 {MOST_LINES} 人，分成几个文件上传。")
    blank = dict.fromkeys(headings, "")
    return [
        blank | dict(zip(headings, row, strict=False)) | {"row": str(place)}
        for place, row in enumerate(rows[1:], start=2)
    ]


def _read_line(
    line: Mapping[str, str], found: Mapping[tuple[str, str], list[Graduate]], seen: set[int], actor: Actor
) -> dict[str, Any]:
    person = next(iter(found.get((name_text(line["姓名"]), code_text(line[NUMBER])), ())), None)
    typed = {
        field.key: (codes.table(field.table).find(line.get(field.label, "")) or line.get(field.label, "")) if field.table else line.get(field.label, "")
        for field in OFFER
    }  # fmt: skip
    form = INVITATION.form(person.cohort if person else None)(typed | {"days_open": line[DAYS]})
    errors = [] if form.is_valid() else [str(error) for errors in form.errors.values() for error in errors]
    if person is None:
        errors.insert(0, NOT_FOUND if line["姓名"] and line[NUMBER] else f"姓名和{NUMBER}都要填写")
    elif person.pk in seen:
        errors.insert(0, "这位毕业生在表格里已经出现过")
    elif why := obstacle("online_signing", person, actor):
        errors.insert(0, why)
    if person:
        seen.add(person.pk)
    return {
        "row": int(line["row"]), "name": line["姓名"][:60], "graduate": person.pk if person else None, "school": person.school.name if person else "",
        "offer": OFFER.stored(form.cleaned_data) if not errors else {}, "days_open": form.cleaned_data.get("days_open"), "errors": errors,
    }  # fmt: skip


def _sent(batch: InvitationBatch, line: Mapping[str, Any], actor: Actor) -> tuple[str, str]:
    graduate = (
        Graduate.objects.unscoped("found by exact identity when the batch was read")
        .select_related("school")
        .get(pk=line["graduate"])
    )
    try:
        case = begin(
            FLOWS["online_signing"], actor, key=f"{batch.public_id}:{line['row']}", graduate=graduate, days_open=line["days_open"], **line["offer"]
        )  # fmt: skip
    except (Refused, NotOpen) as stopped:
        return str(stopped), ""
    return SENT, str(case.public_id)


def _sender(batch: InvitationBatch) -> Actor:
    seat = Seat.objects.select_related("account").get(
        account=batch.account_id, role=Role.EMPLOYER, node=batch.employer_id
    )
    return seat.actor(name=seat.account.name, unit=batch.employer.name)
