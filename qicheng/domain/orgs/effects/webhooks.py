"""Webhooks: kept by a school's administrators, fed from its records, sent signed and again until they arrive (SYN-02)."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.models import Webhook, WebhookDelivery, WebhookTopic
from qicheng.domain.orgs.sheets import WEBHOOK
from qicheng.foundation.access import SYSTEM, Area, Role, statements
from qicheng.foundation.flow import feed
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import Refused, be, note
from qicheng.foundation.kit.calendar import midnight
from qicheng.foundation.kit.outward import Silent, exchange, must_be_asked
from qicheng.foundation.kit.strongbox import put_away, take_out
from qicheng.foundation.later import later

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from django.db.models import QuerySet

    from qicheng.foundation.access import Actor
    from qicheng.foundation.flow.declare import Flow

log = logging.getLogger(__name__)
ABOUT, TRIAL = "webhook", "test"
MOST_WEBHOOKS = 10
# How long the former secret signs beside the new one, what could not be told is tried, and the log is kept, in days.
OVERLAP, PATIENCE, LOG_KEPT = 7, 3, 30
# A receiver has so many seconds for everything. A claim lasts longer: whoever still stands as 'sending' afterwards was cut off.
SECONDS, CLAIM_SECONDS = 10.0, 60
# In seconds: how long one round lasts, and how much of it one receiver may take.
ROUND_SECONDS, SHARE_SECONDS = 45.0, 15.0
# So much is read for a webhook at once, and not more while so much waits for it: what happened stays in the records meanwhile.
MOST_READ, MOST_WAITING = 500, 1_000
# Pauses grow: of one delivery from 30 seconds to 6 hours, of a receiver that fails from 30 seconds to half an hour.
FIRST_PAUSE, LONGEST_PAUSE, LONGEST_REST = 30, 6 * 3600, 1800


# ---- kept by administrators


def make(actor: Actor, given: Mapping[str, Any]) -> tuple[Webhook, str]:
    """A new webhook that is told of what happens from now on; (it, its secret, which is shown once). Raises Refused."""
    _must_keep(actor)
    _must_be_reached(given["address"])
    with transaction.atomic():
        be(actor)
        if queries.own_webhooks(actor).count() >= MOST_WEBHOOKS:
            raise Refused(f"最多有 {MOST_WEBHOOKS} 个接收地址，改用已有的。")
        assert actor.account is not None
        row = Webhook(school_id=actor.node, made_by_id=actor.account, place=feed.now(actor.node), **_values(given))
        secret = _new_secret(row)
        row.save(force_insert=True)
        _note(actor, "add", row, WEBHOOK.changes({}, _values(given)))
    return row, secret


def change(actor: Actor, row: Webhook, seen: str, given: Mapping[str, Any]) -> None:
    """Another name, address or choice of topics. Raises Refused."""
    _must_keep(actor)
    _must_be_reached(given["address"])
    with transaction.atomic():
        held = _held(actor, row, seen)
        before, after = _shown(held), _values(given)
        if changes := WEBHOOK.changes(before, after):
            for key, value in after.items():
                setattr(held, key, value)
            if held.address != before["address"]:
                _forgive(held)
            _keep(held)
            _note(actor, "change", held, changes)


def rotate(actor: Actor, row: Webhook, seen: str) -> str:
    """Another secret; the one before signs beside it for OVERLAP days. The new secret, shown once."""
    with transaction.atomic():
        held = _held(actor, row, seen)
        held.former_secret, held.former_until = held.secret, timezone.now() + timedelta(days=OVERLAP)
        secret = _new_secret(held)
        _keep(held)
        until = f"{timezone.localtime(held.former_until):%Y-%m-%d %H:%M}"
        _note(actor, "rotate", held, {"旧密钥一起签到": ["", until]})
    return secret


def switch(actor: Actor, row: Webhook, seen: str, *, is_on: bool) -> None:
    """On: it goes on from where it stopped. Off: nothing is sent, and nothing is forgotten."""
    with transaction.atomic():
        held = _held(actor, row, seen)
        if held.is_on != is_on:
            held.is_on = is_on
            if is_on:
                _forgive(held)
            _keep(held)
            words = ["关闭", "开启"]
            _note(actor, "switch", held, {"状态": words if is_on else words[::-1]})


def send_trial(actor: Actor, row: Webhook, seen: str) -> WebhookDelivery:
    """Send something that tells of nothing, at once and once, even while the webhook is off."""
    with transaction.atomic():
        held = _held(actor, row, seen)
        body = _written({"id": 0, "type": TRIAL, "time": timezone.now().isoformat()})
        made = _deliveries().create(webhook=held, event=TRIAL, body=body)
        later("orgs.try_webhook", delivery=made.pk)
        _note(actor, "try", held, {})
    return made


def replay(actor: Actor, row: Webhook, *, delivery: Any = None, span: tuple[date, date] | None = None) -> int:
    """Owe again, under the same ids, one delivery or all that were made on these days, both included; how many. Raises Refused."""
    _must_keep(actor)
    with transaction.atomic():
        be(actor)
        rows = WebhookDelivery.objects.seen_by(actor).filter(
            webhook=row, state__in=(WebhookDelivery.SENT, WebhookDelivery.LOST)
        )
        rows = rows.exclude(event=TRIAL)
        if span:
            first, end = (midnight(one) for one in (span[0], span[1] + timedelta(days=1)))
            rows = rows.filter(made_at__gte=first, made_at__lt=end)
            about = f"{span[0]} 至 {span[1]}"
        else:
            rows, about = rows.filter(public_id=delivery), str(delivery)
        number = rows.update(
            state=WebhookDelivery.OWED, attempts=0, first_at=None, ended_at=None, due_at=timezone.now()
        )
        if not number:
            raise Refused("没有可以重发的：还在发送，或者超过了保留的天数。")
        _note(actor, "replay", row, {"重发": ["", about], "条数": ["", number]})
    return number


def stamp(row: Webhook) -> str:
    """What a page carries to tell whether the webhook it showed still stands so."""
    return str(row.version)


def _hooks() -> QuerySet[Webhook]:
    return Webhook.objects.unscoped("jobs work for all schools, pages on what they hold already")


def _deliveries() -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.unscoped("jobs work for all schools, pages on what they hold already")


def _values(given: Mapping[str, Any]) -> dict[str, Any]:
    topics = [one for one in WebhookTopic.values if one in given["topics"]]
    return {"name": given["name"].strip(), "address": given["address"], "topics": topics}


def _shown(row: Webhook) -> dict[str, Any]:
    return {key: getattr(row, key) for key in WEBHOOK.keys}


def _must_keep(actor: Actor) -> None:
    if actor.role is not Role.SCHOOL or not queries.may_give_keys(actor):
        raise Refused("变化通知由管理员账号管理，要有全部权限，并负责全部学历。")


def _must_be_reached(address: str) -> None:
    try:
        must_be_asked(address, settings.QICHENG_WEBHOOK_NETWORKS, seconds=3)
    except Silent:
        raise Refused("这个地址解析不到公网上的服务器，平台不能访问。检查地址，或者请运维开放。") from None


def _held(actor: Actor, row: Webhook, seen: str) -> Webhook:
    _must_keep(actor)
    be(actor)
    held = queries.own_webhooks(actor).select_related(None).select_for_update().get(pk=row.pk)
    if stamp(held) != seen:
        raise Refused("设置刚有变化，看过最新内容再决定。")
    return held


def _keep(row: Webhook) -> None:
    row.version += 1
    row.save()


def _forgive(row: Webhook) -> None:
    """Failures are over: what waits goes out at once."""
    row.failures, row.failing_since, row.stopped_at, row.due_at = 0, None, None, timezone.now()
    rows = _deliveries()
    rows.filter(webhook=row, state=WebhookDelivery.OWED).update(attempts=0, first_at=None, due_at=timezone.now())


def _new_secret(row: Webhook) -> str:
    secret = f"whsec_{secrets.token_urlsafe(32)}"
    row.secret = put_away(secret, settings.SECRET_KEY.encode(), _whose(row))
    return secret


def _whose(row: Webhook) -> str:
    return f"webhook {row.public_id}"


def _note(actor: Actor, act: str, row: Webhook, changes: Mapping[str, Any]) -> None:
    said = changes if "名称" in changes else {"名称": [row.name, row.name], **changes}
    note(actor, act, ABOUT, said, subject=str(row.public_id), school=row.school_id)


# ---- fed from the records

_WAITING = "SELECT count(*) FROM (SELECT FROM orgs_webhookdelivery WHERE webhook_id = %s AND state IN ('owed', 'sending') LIMIT %s) w"
_OWE = """
INSERT INTO orgs_webhookdelivery (public_id, webhook_id, record, event, body, state, attempts, due_at, made_at, status, milliseconds, failure)
SELECT gen_random_uuid(), %(webhook)s, n.record, n.event, n.body, 'owed', 0, clock_timestamp(), clock_timestamp(), 0, 0, ''
FROM unnest(%(records)s::bigint[], %(events)s::text[], %(bodies)s::text[]) WITH ORDINALITY AS n(record, event, body, place) ORDER BY n.place
ON CONFLICT (webhook_id, record) DO NOTHING"""
_AREAS = {
    WebhookTopic.REGISTRATIONS: Area.EMPLOYMENT,
    WebhookTopic.ARCHIVE: Area.ARCHIVE,
    WebhookTopic.HOUSEHOLD: Area.HOUSEHOLD,
}
CONFIRMATION = "confirmation"
# What no case is: (flow, act or '' for every other) → (topic, event).
_NOTED = {
    ("roster", "import"): (WebhookTopic.ROSTER, "roster.imported"),
    ("employment_records", "import"): (WebhookTopic.RECORDS, "records.imported"),
    ("roster", ""): (WebhookTopic.ROSTER, "roster.changed"),
}  # fmt: skip


def gather() -> int:
    """Owe to each webhook that is on what it has not been told of and what is committed; how much that was."""
    ids = _hooks().filter(is_on=True).order_by("pk").values_list("pk", flat=True)
    return sum(_gather(pk) for pk in list(ids))


def _gather(pk: int) -> int:
    """One webhook's: place and deliveries move together, and who finds it held by another worker leaves it to that one."""
    with transaction.atomic():
        rows = _hooks().select_for_update(skip_locked=True)
        hook = rows.filter(pk=pk, is_on=True).first()
        waiting = statements.plain(_WAITING, (pk, MOST_WAITING)) if hook else None
        if hook is None or (waiting and waiting[0] >= MOST_WAITING):
            return 0
        where, parameters = _wanted(hook.topics)
        found, place = feed.follow(
            hook.school_id, hook.place, MOST_READ, where=where, parameters=parameters,
            columns='r.at, r.flow, r."case", r.cohort, r.act, r.before, r.after, r.version',
        )  # fmt: skip
        told = [(row.record, _event(row), _body(row)) for row in found]
        if told:
            records, events, bodies = (list(column) for column in zip(*told, strict=True))
            statements.change(_OWE, {"webhook": pk, "records": records, "events": events, "bodies": bodies})
        if place != hook.place:
            _hooks().filter(pk=pk).update(place=place)
    return len(told)


def _wanted(topics: list[str]) -> tuple[str, dict[str, Any]]:
    """(SQL, parameters) of the records that these topics are about."""
    changes, parameters = feed.changes(flow for flow in FLOWS.values() if _topic(flow) in topics)
    noted = [(flow, act) for (flow, act), (topic, _) in _NOTED.items() if topic in topics]
    # `roster` means every act on it: its import is one of them, and goes by its own name.
    whole = [flow for flow, act in noted if not act]
    parameters |= {"whole": whole, "imports": [flow for flow, act in noted if act]}
    return (
        f"({changes} OR (r.version = 0 AND (r.flow = ANY(%(whole)s) OR (r.flow = ANY(%(imports)s) AND r.act = 'import'))))",
        parameters,
    )


def _topic(flow: Flow) -> str:
    """The topic of a flow's cases; '' where a school sees nothing of them."""
    if Role.SCHOOL not in flow.model.scope.paths:  # type: ignore[attr-defined]
        return ""
    if flow.name == CONFIRMATION:
        return WebhookTopic.CONFIRMATIONS
    return next((topic for topic, area in _AREAS.items() if area is flow.area), "")


def _event(row: Any) -> str:
    if flow := FLOWS.get(row.flow):
        return f"{_topic(flow)}.changed"
    return (_NOTED.get((row.flow, row.act)) or _NOTED[row.flow, ""])[1]


def _body(row: Any) -> str:
    """What a receiver is told: numbers and names of states, nothing of a person."""
    return _written(
        {
            "id": row.record, "type": _event(row), "time": timezone.localtime(row.at).isoformat(), "flow": row.flow, "case": row.case,
            "cohort": row.cohort, "act": row.act, "before": row.before, "after": row.after, "version": row.version,
        }
    )  # fmt: skip


def _written(told: Mapping[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


# ---- sent

# Materialized, as in `foundation/notice/deliver.py`: one row is claimed, whatever the planner believes of the table.
_CLAIM = """
WITH due AS MATERIALIZED (SELECT d.id FROM orgs_webhookdelivery d JOIN orgs_webhook w ON w.id = d.webhook_id
    WHERE d.state IN ('owed', 'sending') AND d.due_at <= clock_timestamp() AND NOT d.webhook_id = ANY(%(resting)s)
        AND (d.event = 'test' OR (w.is_on AND w.due_at <= clock_timestamp()))
    ORDER BY d.due_at, d.id LIMIT 1 FOR UPDATE OF d SKIP LOCKED)
UPDATE orgs_webhookdelivery d SET state = 'sending', attempts = d.attempts + 1, first_at = coalesce(d.first_at, clock_timestamp()),
    due_at = clock_timestamp() + make_interval(secs => %(claim)s)
FROM due WHERE d.id = due.id RETURNING d.id"""
_CLAIM_TRIAL = """
UPDATE orgs_webhookdelivery SET state = 'sending', attempts = attempts + 1, first_at = coalesce(first_at, clock_timestamp()),
    due_at = clock_timestamp() + make_interval(secs => %(claim)s)
WHERE id = (SELECT id FROM orgs_webhookdelivery WHERE id = %(delivery)s AND event = 'test' AND state IN ('owed', 'sending')
    AND due_at <= clock_timestamp() FOR UPDATE SKIP LOCKED) RETURNING id"""


def send_due(seconds: float = ROUND_SECONDS) -> int:
    """Send what is due for about so long; how many were tried.

    A receiver that fails is left alone for the rest of the round and rests longer each time, and one that is slow has its share of a
    round: neither holds up the others.
    """
    ends, resting, spent, number = time.monotonic() + seconds, list[int](), dict[int, float](), 0
    while time.monotonic() < ends:
        claimed = statements.plain(_CLAIM, {"claim": CLAIM_SECONDS, "resting": resting})
        if claimed is None:
            break
        begun = time.monotonic()
        owed = _claimed(claimed[0])
        arrived = _send(owed)
        spent[owed.webhook_id] = spent.get(owed.webhook_id, 0.0) + time.monotonic() - begun
        if not arrived or spent[owed.webhook_id] > SHARE_SECONDS:
            resting.append(owed.webhook_id)
        number += 1
    return number


def send_one_trial(delivery: int) -> None:
    """Send a trial that waits; whoever comes second finds nothing to do."""
    if claimed := statements.plain(_CLAIM_TRIAL, {"claim": CLAIM_SECONDS, "delivery": delivery}):
        _send(_claimed(claimed[0]))


def signature(stamp: int, body: bytes, keys: list[str]) -> str:
    """What `Qicheng-Signature` says: the second of sending, and one HMAC-SHA256 of "second.body" for each secret."""
    signed = str(stamp).encode() + b"." + body
    return ",".join(
        [f"t={stamp}", *(f"v1={hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()}" for key in keys)]
    )


def _claimed(pk: int) -> WebhookDelivery:
    return _deliveries().select_related("webhook").get(pk=pk)


def _send(owed: WebhookDelivery) -> bool:
    """Send one and keep how it went; whether it arrived. Never inside a transaction: no lock waits for somebody else's server."""
    hook, body, begun = owed.webhook, owed.body.encode(), time.monotonic()
    status, failure = 0, ""
    if keys := _secrets(hook):
        headers = {
            "Content-Type": "application/json", "User-Agent": "Qicheng-Webhook/1", "Qicheng-Delivery": str(owed.public_id),
            "Qicheng-Event": owed.event, "Qicheng-Signature": signature(int(time.time()), body, keys),
        }  # fmt: skip
        try:
            answer = exchange(
                "POST", hook.address, seconds=SECONDS, networks=settings.QICHENG_WEBHOOK_NETWORKS, headers=headers, content=body
            )  # fmt: skip
        except Silent as silent:
            failure = f"没有回应（{silent}）"[:100]
        else:
            status = answer.status
            failure = "" if 200 <= status < 300 else f"回答 {status}"
    else:
        failure = "密钥读不出来，要更换一次"
    owed.status, owed.failure, owed.milliseconds = status, failure, round((time.monotonic() - begun) * 1000)
    if failure:
        _failed(owed)
    else:
        _arrived(owed)
    return not failure


def _secrets(hook: Webhook) -> list[str]:
    """The secrets that sign now: none where the one in use cannot be read."""
    key, whose = settings.SECRET_KEY.encode(), _whose(hook)
    secret = take_out(bytes(hook.secret), key, whose)
    former = (
        take_out(bytes(hook.former_secret), key, whose)
        if hook.former_until and hook.former_until > timezone.now()
        else None
    )
    return [secret, *([former] if former else [])] if secret else []


def _arrived(owed: WebhookDelivery) -> None:
    with transaction.atomic():
        _settle(owed, WebhookDelivery.SENT, ended_at=timezone.now())
        rows = _hooks().filter(pk=owed.webhook_id, failures__gt=0)
        rows.update(failures=0, failing_since=None, due_at=timezone.now())


def _failed(owed: WebhookDelivery) -> None:
    """Owe it again after a pause, or give it up where it is the only one; after days without any arrival the webhook stops and says so."""
    now = timezone.now()
    log.info("delivery %s did not arrive at the %s. try", owed.pk, owed.attempts)
    if owed.event == TRIAL:
        _settle(owed, WebhookDelivery.LOST, ended_at=now)
        return
    long_ago = now - timedelta(days=PATIENCE)
    with transaction.atomic():
        hook = _hooks().select_for_update().get(pk=owed.webhook_id)
        since = hook.failing_since or now
        if since > long_ago and owed.first_at is not None and owed.first_at <= long_ago:
            _settle(owed, WebhookDelivery.LOST, ended_at=now)
        else:
            pause = min(FIRST_PAUSE * 4 ** min(owed.attempts - 1, 10), LONGEST_PAUSE)
            _settle(owed, WebhookDelivery.OWED, due_at=now + timedelta(seconds=pause))
        rest = min(FIRST_PAUSE * 2 ** min(hook.failures, 10), LONGEST_REST)
        hook.failures, hook.failing_since = min(hook.failures + 1, 1_000), since
        hook.due_at = now + timedelta(seconds=rest)
        if hook.is_on and since <= long_ago:
            be(SYSTEM)
            hook.is_on, hook.stopped_at, hook.version = False, now, hook.version + 1
            said = {"名称": [hook.name, hook.name], "状态": ["开启", "自动关闭"]}
            note(
                SYSTEM, "stopped", ABOUT, said, subject=str(hook.public_id), school=hook.school_id, tell=[(Role.SCHOOL, hook.school_id)]
            )  # fmt: skip
        hook.save()


def _settle(owed: WebhookDelivery, state: str, **columns: Any) -> None:
    """Keep how this try ended, unless somebody else has taken it up meanwhile."""
    rows = _deliveries()
    rows.filter(pk=owed.pk, state=WebhookDelivery.SENDING, attempts=owed.attempts).update(
        state=state, status=owed.status, failure=owed.failure, milliseconds=owed.milliseconds, **columns
    )  # fmt: skip


def forget() -> None:
    """Let go of deliveries whose time in the log is over; what waits stays."""
    rows = _deliveries()
    rows.filter(ended_at__lt=timezone.now() - timedelta(days=LOG_KEPT)).delete()
