"""The lists of letters: the requests, the batches, and the check of which archive can go (MAIL-02)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.utils import timezone

from qicheng.domain.orgs.models import College
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.flows.mailing import MAILING
from qicheng.domain.transfer.models import MailBatch, Mailing
from qicheng.domain.transfer.queries.mailing import (
    BY_KEY,
    HELD,
    MENDER,
    SINCE,
    STANDINGS,
    WHO,
    WITH_ARCHIVE,
    parameters,
    source,
)
from qicheng.domain.transfer.queries.records import LISTED
from qicheng.domain.transfer.sheets.mailing import opening_words
from qicheng.foundation.access import Area, Role
from qicheng.foundation.listing import Column, Filter, Listing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from qicheng.foundation.access import Actor

SENT_STATES = tuple(state.key for state in MAILING.states.values() if state.key not in ("draft", "called_off"))
SEARCH = "(g.name LIKE %(q_prefix)s OR g.student_number = %(q)s OR g.exam_number = %(q)s OR m.tracking = upper(%(q)s))"


@cache
def requests() -> Listing:
    """Every request that was submitted, the longest waiting first."""
    return Listing(
        "mailings", "档案邮寄申请", Mailing,
        """transfer_mailing m JOIN roster_graduate g ON g.cohort = m.cohort AND g.id = m.graduate_id JOIN orgs_college k ON k.id = m.college_id
        LEFT JOIN transfer_mailbatch b ON b.id = m.batch_id LEFT JOIN roster_employmentrecord e ON e.cohort = g.cohort AND e.graduate_id = g.id
        LEFT JOIN transfer_archiverecord a ON a.graduate_id = g.id LEFT JOIN transfer_confirmation c ON c.graduate_id = g.id""",
        "m",
        (
            Column("public_id", "", "m.public_id", hidden=True),
            Column("batch_id", "", "b.public_id", hidden=True),
            Column("held", "", HELD, hidden=True),
            Column("name", "姓名", "g.name", sort=True),
            Column("number", "学号", "g.student_number"),
            Column("college", "院系", "k.name", sort=True),
            Column("receiver", "接收单位", "m.letter ->> 'receiver'"),
            Column("state", "状态", "m.state", lambda key: MAILING.states[key].label),
            Column("batch", "批次", "b.number", lambda number: f"第 {number} 批"),
            Column("tracking", "单号", "m.tracking"),
            Column("submitted_at", "提交时间", "m.submitted_at", _written, sort=True),
            Column("sent_at", "寄出时间", "m.sent_at", _written),
            Column("signed_at", "签收时间", "m.signed_at", _written),
        ),
        (
            Filter("q", "搜索", SEARCH, "search"),
            Filter("state", "状态", "m.state = %(state)s", "choice", choices=tuple((key, MAILING.states[key].label) for key in SENT_STATES)),
            Filter("held", "先不寄", conditions={"yes": HELD, "no": f"NOT {HELD}"}, choices=(("yes", "信息有变化，先不寄"), ("no", "可以寄"))),
            _colleges(),
            Filter("case", "所选", "m.public_id::text = ANY(string_to_array(%(case)s, ','))"),
        ),
        ("m.waiting_since", "m.id"),
    )  # fmt: skip


@cache
def batches() -> Listing:
    """The batches of a school, the newest first, with how many letters of each are where."""
    return Listing(
        "mail_batches", "邮寄批次", MailBatch,
        """transfer_mailbatch b JOIN orgs_account u ON u.id = b.account_id CROSS JOIN LATERAL (
            SELECT count(*) AS letters, count(*) FILTER (WHERE m.state = 'batched') AS here, count(*) FILTER (WHERE m.state = 'sent') AS sent,
                count(*) FILTER (WHERE m.state = 'signed') AS signed, count(*) FILTER (WHERE m.state = 'returned') AS returned
            FROM transfer_mailing m WHERE m.batch_id = b.id) n""",
        "b",
        (
            Column("public_id", "", "b.public_id", hidden=True),
            Column("number", "批次", "b.number", lambda number: f"第 {number} 批"),
            Column("carrier", "寄送方式", "b.carrier", lambda key: dict(MailBatch.CARRIERS).get(key, key)),
            Column("letters", "邮件", "n.letters", number=True),
            Column("here", "待寄出", "n.here", number=True),
            Column("sent", "已寄出", "n.sent", number=True),
            Column("signed", "已签收", "n.signed", number=True),
            Column("returned", "退回", "n.returned", number=True),
            Column("made_at", "建立时间", "b.made_at", _written),
            Column("made_by", "建立人", "u.name"),
        ),
        (),
        ("b.number", "b.id"), descending=True,
    )  # fmt: skip


@cache
def check() -> Listing:
    """Every graduate with an archive at the school: whether it can go, why not, and who can mend it."""
    return Listing(
        "mail_check", "档案邮寄检查", Graduate, source(), "g",
        (
            Column("public_id", "", "g.public_id", hidden=True),
            Column("letter", "", "m.public_id", hidden=True),
            Column("name", "姓名", "g.name", sort=True),
            Column("number", "学号", "g.student_number"),
            Column("college", "院系", "k.name", sort=True),
            Column("reason", "现在的情况", "x.reason", lambda key: BY_KEY[key].label),
            Column("who", "谁能办", MENDER, lambda role: WHO[role]),
            Column("since", "起始时间", SINCE, _written),
            Column("until", "开放日期", "CASE WHEN x.reason = 'waiting' THEN c.confirmed_at END", opening_words),
        ),
        (
            Filter("q", "搜索", SEARCH, "search"),
            Filter("reason", "现在的情况", "x.reason = %(reason)s", "choice", choices=tuple((one.key, one.label) for one in STANDINGS)),
            Filter("who", "谁能办", f"{MENDER} = %(who)s", "choice", choices=tuple((key, words) for key, words in WHO.items() if key)),
            _colleges(),
        ),
        ("g.name", "g.id"), where=WITH_ARCHIVE, given=parameters, scope=LISTED[Area.ARCHIVE],
    )  # fmt: skip


def reasons_counted() -> dict[str, str]:
    """The counts above the check: answer → condition."""
    return {one.key: f"x.reason = '{one.key}'" for one in STANDINGS}


def states_counted() -> dict[str, str]:
    """The counts above the requests: the states of the rule, and those that are held back."""
    return {
        "pending": "m.state = 'pending'", "batched": "m.state = 'batched'", "held": HELD, "sent": "m.state = 'sent'",
        "signed": "m.state = 'signed'", "returned": "m.state = 'returned'",
    }  # fmt: skip


def _colleges() -> Filter:
    return Filter("college", "院系", "k.id = %(college)s", "whole", choices=_college_choices)


def _college_choices(actor: Actor, cohort: int) -> Sequence[tuple[str, str]]:
    if actor.role is not Role.SCHOOL:
        return ()
    return [
        (str(pk), name)
        for pk, name in College.objects.filter(school=actor.node).order_by("name").values_list("pk", "name")
    ]


def _written(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
