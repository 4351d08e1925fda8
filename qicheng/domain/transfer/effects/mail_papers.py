"""Labels and hand-over sheets of a batch, as PDF and as workbook, each print kept so that the next one says what is new (MAIL-02)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qicheng.domain.orgs.models import School
from qicheng.domain.orgs.queries import handler_for, school_contacts
from qicheng.domain.transfer.queries import mailing as queries
from qicheng.domain.transfer.sheets.mailing import place_of
from qicheng.foundation.flow.perform import Refused
from qicheng.foundation.kit import workbooks
from qicheng.foundation.papers.typeset import MissingGlyphs, typeset

from .mail_batches import keep_print

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qicheng.domain.transfer.models import MailBatch
    from qicheng.foundation.access import Actor

TEMPLATES = Path(__file__).parent.parent / "templates/transfer"
HEADINGS = ("序号", "学号", "姓名", "学院", "接收单位", "接收地址", "联系人", "联系电话", "单号")
NOTHING = "这一批里没有可以打印的邮件：编入邮件，或者先处理信息有变化的。"


def labels(actor: Actor, batch: MailBatch) -> bytes:
    """The labels of every letter that may go, as PDF. Raises Refused where there is none, or a character cannot be printed."""
    rows = queries.letters(actor, batch)
    going = _going(rows)
    school = School.objects.get(pk=batch.school_id)
    values = {
        "title": f"地址标签，{school.name}{batch.cohort} 届{batch.title}", "made_at": _now(), "sender": sender(batch, school),
        "labels": [
            {
                "address": place_of(row.letter), "mark": f"{batch.number}-{place}", "inside": f"{row.letter['name']}（{row.letter['student_number']}）学生档案",
                **{key: row.letter.get(key, "") for key in ("postcode", "receiver", "contact", "phone")},
            }
            for place, row in enumerate(going, 1)
        ],
    }  # fmt: skip
    content = _typeset("mail_labels.typ", values)
    keep_print(actor, batch, "labels", _kept(going))
    return content


def handover(actor: Actor, batch: MailBatch) -> bytes:
    """The hand-over sheet as PDF, with what has changed since the last one."""
    rows = queries.letters(actor, batch)
    going = _going(rows)
    news = queries.news(actor, batch, "handover", rows)
    values = {
        "title": "学生档案交接单", "school": School.objects.get(pk=batch.school_id).name, "batch": f"{batch.cohort} 届{batch.title}",
        "carrier": batch.get_carrier_display(), "count": str(len(going)), "news": news_words(news), "headings": list(HEADINGS),
        "rows": _lines(going), "held": [row.letter["name"] for row in rows if row.held], "made_at": _now(),
    }  # fmt: skip
    content = _typeset("mail_handover.typ", values)
    keep_print(actor, batch, "handover", _kept(going))
    return content


def workbook(actor: Actor, batch: MailBatch) -> bytes:
    """The same lines as a workbook, which can be filled in with numbers and uploaded again."""
    going = _going(queries.letters(actor, batch))
    content = workbooks.write(HEADINGS, _lines(going), sheet=batch.title)
    keep_print(actor, batch, "workbook", _kept(going))
    return content


def news_words(news: queries.News | None) -> str:
    """「与 11 月 23 日 10:00 打印的相比：新增 …；移出 …；有变化 …。」, '' where nothing is new."""
    if news is None or not news.is_any:
        return ""
    at = timezone.localtime(news.last.made_at)
    found = [
        f"{label} {'、'.join(names)}"
        for label, names in (("新增", news.came), ("移出", news.went), ("有变化", news.changed))
        if names
    ]
    return f"与 {at.month} 月 {at.day} 日 {at:%H:%M} 打印的相比：{'；'.join(found)}。"


def sender(batch: MailBatch, school: School) -> dict[str, str]:
    """Whom a letter comes back to: the school's handler with the address, else what the school publishes."""
    handler = handler_for(batch.school_id, batch.cohort, batch.tier)
    if handler is not None:
        return {"name": school.name, "address": handler.address, "postcode": handler.postcode, "phone": handler.phone}
    contact = next(iter(school_contacts(school.name)), None)
    return {"name": school.name, "address": "", "postcode": "", "phone": contact.phone if contact else ""}


def _going(rows: Sequence[Any]) -> list[Any]:
    going = queries.printable(rows)
    if not going:
        raise Refused(NOTHING)
    return going


def _kept(going: Sequence[Any]) -> dict[str, dict[str, str]]:
    return {str(row.public_id): queries.printed(row) for row in going}


def _lines(going: Sequence[Any]) -> list[list[str]]:
    return [
        [str(place), row.letter["student_number"], row.letter["name"], row.letter["college"], row.letter["receiver"], place_of(row.letter),
         row.letter["contact"], row.letter["phone"], row.tracking]
        for place, row in enumerate(going, 1)
    ]  # fmt: skip


def _typeset(template: str, values: dict[str, Any]) -> bytes:
    try:
        return typeset(TEMPLATES / template, values)
    except MissingGlyphs as gaps:
        raise Refused(f"没有打印：{gaps}") from None


def _now() -> str:
    return timezone.localtime().isoformat(timespec="seconds")
