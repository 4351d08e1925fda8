"""What a school tells its graduates: published, changed, withdrawn and published again, every act on record (CAM-09)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from qicheng.domain.campus.models import NewsItem, NewsKind
from qicheng.domain.campus.sheets.news import ACTIVITY, NEWS_ITEM, span, values_of
from qicheng.domain.orgs.effects.settings import Outdated
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, be, clock, note, noted
from qicheng.foundation.kit.calendar import day_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from uuid import UUID

    from qicheng.foundation.access import Actor

ABOUT = "campus_news"


def publish(
    actor: Actor, school: int, cohort: int, kind: NewsKind | str, title: str, text: str, *, source: str = "", dated_on: date | None = None,
) -> NewsItem:  # fmt: skip
    """Let an act of the platform publish something itself, such as the public notice of a loss; whoever calls it has the right to.

    `source` names what it came from: a second call with it returns what the first one published, and changes nothing.
    """
    with transaction.atomic():
        rows = NewsItem.objects.unscoped("an act publishes on the page of its own school")
        item = rows.filter(school=school, cohort=cohort, source=source).first() if source else None
        if item is None:
            day = dated_on or day_of(clock())
            item = NewsItem(
                school_id=school, cohort=cohort, kind=kind, title=title[:60], text=text, dated_on=day, source=source
            )
            item.save(force_insert=True)
            _note(actor, "publish", item, NEWS_ITEM.changes({}, values_of(item)))
    return item


def take_down(actor: Actor, school: int, cohort: int, source: str) -> None:
    """Withdraw what an act published under that name, once it has said it long enough; nothing where it is withdrawn already."""
    rows = NewsItem.objects.unscoped("an act withdraws what it published itself")
    item = (
        rows.filter(school=school, cohort=cohort, source=source, withdrawn_at=None)
        .select_for_update(no_key=True)
        .first()
    )
    if item is not None:
        item.withdrawn_at = clock()
        _save(item)
        _note(actor, "withdraw", item, {"状态": ["已发布", "已撤下"]})


def write(actor: Actor, cohort: int, given: Mapping[str, Any], *, key: str | None = None) -> NewsItem:
    """Publish what a school's user has written; the same form sent again is the item that it made. Raises NotOpen."""
    _may_write(actor)
    with transaction.atomic():
        be(actor)
        if key and (done := noted(ABOUT, act="publish", key=key, account_id=actor.account)):
            return NewsItem.objects.seen_by(actor).get(public_id=done[0].case)
        item = NewsItem(school_id=actor.node, cohort=cohort, published_at=clock())
        _fill(item, given)
        item.save(force_insert=True)
        _note(actor, "publish", item, NEWS_ITEM.changes({}, values_of(item)), key)
    return item


def change(actor: Actor, public_id: UUID, seen: int, given: Mapping[str, Any]) -> NewsItem:
    """Change what an item says. Raises NotFound, NotOpen, Outdated."""
    with transaction.atomic():
        item = _held(actor, public_id, seen)
        before = values_of(item)
        _fill(item, given)
        if changes := NEWS_ITEM.changes(before, values_of(item)):
            _save(item)
            _note(actor, "change", item, changes)
    return item


def withdraw(actor: Actor, public_id: UUID, seen: int) -> NewsItem:
    """Take an item from the graduates' pages; its row and its record stay. Raises NotFound, NotOpen, Outdated, Refused."""
    return _put(actor, public_id, seen, "withdraw", clock())


def publish_again(actor: Actor, public_id: UUID, seen: int) -> NewsItem:
    """Show what was withdrawn again. Raises NotFound, NotOpen, Outdated, Refused."""
    return _put(actor, public_id, seen, "publish_again", None)


def _put(actor: Actor, public_id: UUID, seen: int, act: str, withdrawn_at: datetime | None) -> NewsItem:
    with transaction.atomic():
        item = _held(actor, public_id, seen)
        if item.is_withdrawn is (withdrawn_at is not None):
            raise Refused("已经撤下，不用再撤。" if item.is_withdrawn else "已经发布，不用再发。")
        words = {"withdraw": ["已发布", "已撤下"], "publish_again": ["已撤下", "已发布"]}[act]
        item.withdrawn_at = withdrawn_at
        _save(item)
        _note(actor, act, item, {"状态": words})
    return item


def _may_write(actor: Actor) -> None:
    if actor.role is not Role.SCHOOL or not actor.may_write(Area.EMPLOYMENT):
        raise NotOpen("你的账号没有这项操作的权限。")


def _held(actor: Actor, public_id: UUID, seen: int) -> NewsItem:
    """The item, locked; as it was when the page showed it."""
    _may_write(actor)
    be(actor)
    rows = NewsItem.objects.seen_by(actor).filter(public_id=public_id)
    item = rows.select_for_update(of=("self",), no_key=True).first()
    if item is None:
        raise NotFound("没有找到这一条。")
    if item.version != seen:
        raise Outdated
    return item


def _fill(item: NewsItem, given: Mapping[str, Any]) -> None:
    for key in ("kind", "title", "text", "dated_on", "is_pinned"):
        setattr(item, key, given[key])
    is_activity = item.kind == ACTIVITY
    item.begins_at, item.ends_at = span(given) if is_activity else (None, None)
    item.place = (given.get("place") or "").strip() if is_activity else ""


def _save(item: NewsItem) -> None:
    item.version += 1
    item.save()


def _note(actor: Actor, act: str, item: NewsItem, changes: Mapping[str, Any], key: str | None = None) -> None:
    said = {label: [str(one)[:200] for one in sides] for label, sides in changes.items()}
    note(actor, act, ABOUT, said, subject=str(item.public_id), cohort=item.cohort, school=item.school_id, key=key)
