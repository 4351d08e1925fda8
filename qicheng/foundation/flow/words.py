"""The words of records and notices: plain templates beside the flow's room, rendered when somebody reads or is sent them.

`<room>/records/<flow>/<act>.txt` is one sentence of a timeline. `<room>/notices/<flow>/<act>.<channel>.txt` is a message: its first
line the subject, the rest the body. Mail and WeChat say what the inbox says where they have no words of their own; an SMS, which costs
and is short, only what a file says. Words under `any` in the place of a flow serve every flow of the room that has none of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2
from django.conf import settings
from django.utils import timezone

from qicheng.foundation import codes, notice
from qicheng.foundation.access import Role
from qicheng.foundation.notice import wechat
from qicheng.foundation.notice.channels import has_sms

from .declare import FLOWS
from .models import Record

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from qicheng.foundation.notice.models import Notice

    from .models import Case

CHANNELS = ("inbox", "mail", "sms", "wechat")
# These read the words of the inbox where they have none.
DERIVED = ("mail", "wechat")
ANY = "any"
# What is told without a case, by what it is about: the room that has the words, the page that it leads to, and the page's query.
TOLD: dict[str, tuple[str, str, str]] = {}
# What of it is told on every way, whatever its receiver prefers; the rest are reminders.
MUST: set[str] = set()


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody reads: subject, body, and the case that it leads to, or the name and query of a page."""

    subject: str
    body: str
    case: Case | None
    page: str = ""
    query: str = ""


@cache
def environment() -> jinja2.Environment:
    """Plain text: nothing is escaped, nothing may be missing."""
    folders: Any = settings.TEMPLATES[0]["DIRS"]
    loader = jinja2.FileSystemLoader([str(folder) for folder in folders])
    env = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701 -- plain text
    env.filters |= {
        "moment": moment,
        "deadline": deadline,
        "code": lambda value, table: codes.table(table).label(value or ""),
    }
    return env


def moment(instant: datetime) -> str:
    """「6 月 9 日 16:54」"""
    here = timezone.localtime(instant)
    return f"{here.month} 月 {here.day} 日 {here:%H:%M}"


def deadline(instant: datetime) -> str:
    """An exclusive midnight as people say it: 「6 月 12 日 24:00」."""
    here = timezone.localtime(instant)
    if (here.hour, here.minute) != (0, 0):
        return moment(instant)
    day = (here - timedelta(days=1)).date()
    return f"{day.month} 月 {day.day} 日 24:00"


def channels(flow: str, act: str) -> tuple[str, ...]:
    """The channels on which an act has something to say; the inbox always."""
    return tuple(c for c in switched_on() if c == "inbox" or _worded(flow, act, c))


def switched_on() -> tuple[str, ...]:
    """The channels that this deployment has; SMS needs a gateway, WeChat an official account."""
    return ("inbox", "mail", *(("sms",) if has_sms() else ()), *(("wechat",) if wechat.is_on() else ()))


def kind(flow: str, act: str) -> str:
    """Of which kind the message of an act is; '' where it must be told, whatever is preferred (NOT-01)."""
    declared = FLOWS.get(flow)
    found = declared.named(act) if declared else ()
    if any(one.must for one in found) or (declared is None and flow in MUST):
        return notice.MUST
    return str(found[0].kind if found else notice.Kind.REMINDER)


def message(owed: Notice, case: Case | None, record: Record) -> Message:
    """A notice in the words of its channel, for its audience."""
    template = _worded(owed.flow, owed.act, owed.channel)
    if template is None:
        flow = FLOWS.get(owed.flow)
        act = flow.act_named(owed.act) if flow else None
        return Message(f"{flow.label if flow else owed.flow}：{act.label if act else owed.act}", "", case)
    text = template.render(
        _context(record, case) | {"audience": str(owed.role), "node": owed.node, "site": settings.QICHENG_ADDRESS}
    )
    subject, _, body = text.strip().partition("\n")
    return Message(subject.strip(), body.strip(), case, *TOLD.get(owed.flow, ("", "", ""))[1:])


def messages(notices: Iterable[Notice]) -> list[tuple[Notice, Message]]:
    """Many notices in their words, with one query a kind of case and one for the records."""
    notices = list(notices)
    records = Record.objects.in_bulk([n.record for n in notices])
    cases: dict[tuple[str, str], Case] = {}
    for name, flow in FLOWS.items():
        ids = [n.case for n in notices if n.flow == name and n.case]
        if ids:
            found = flow.model._default_manager.filter(public_id__in=ids)
            cases |= {(name, str(case.public_id)): case for case in found}
    return [(n, message(n, cases.get((n.flow, n.case)), records[n.record])) for n in notices]


def sentence(record: Record, case: Case | None = None) -> str:
    """One line of a timeline: who did what (REG-05)."""
    flow = FLOWS.get(record.flow)
    if flow is None:
        return record.act
    names = [f"{flow.room}/records/{place}/{record.act}.txt" for place in (record.flow, ANY)]
    try:
        return environment().select_template(names).render(_context(record, case)).strip()
    except jinja2.TemplateNotFound:
        act = flow.act_named(record.act)
        return f"{record.unit or record.name} {act.label if act else record.act}"


def _context(record: Record, case: Case | None) -> dict[str, Any]:
    flow = FLOWS.get(record.flow)
    after = flow.states.get(record.after) if flow else None
    return {
        "record": record, "case": case, "flow": flow, "after": after, "role": Role(record.role).label,
        "turn": after.turn.label if after and after.turn else "", "verb": case.verb if case else "审核",
    }  # fmt: skip


@cache
def _template(flow: str, act: str, channel: str) -> jinja2.Template | None:
    declared = FLOWS.get(flow)
    if declared is None and flow not in TOLD:
        return None
    room = declared.room if declared else TOLD[flow][0]
    try:
        return environment().select_template([f"{room}/notices/{place}/{act}.{channel}.txt" for place in (flow, ANY)])
    except jinja2.TemplateNotFound:
        return None


def _worded(flow: str, act: str, channel: str) -> jinja2.Template | None:
    """The words of an act on a channel: its own, else those of the inbox where the channel may say the same."""
    own = _template(flow, act, channel)
    return _template(flow, act, "inbox") if own is None and channel in DERIVED else own


notice.channels_of = channels
notice.kind_of = kind
