"""Reads of what a school tells its graduates: the newest of each list, a page of one, a month of activities (CAM-09)."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from qicheng.domain.campus.models import NewsItem, NewsKind
from qicheng.foundation.kit.calendar import day_of, midnight

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from qicheng.foundation.access import Actor

# How many of each list stand on the first page, and on a page of one list.
AT_HOME, ON_A_PAGE = 4, 20
ORDER = ("-is_pinned", "-dated_on", "-id")
MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
WEEK = ("日", "一", "二", "三", "四", "五", "六")
SUNDAY = 6


def published(actor: Actor, cohort: int) -> QuerySet[NewsItem]:
    """What stands on the pages of the actor's school for a cohort."""
    return NewsItem.objects.seen_by(actor).filter(cohort=cohort, withdrawn_at=None)


def headlines(actor: Actor, cohort: int) -> list[tuple[NewsKind, list[NewsItem]]]:
    """The first of each of the three lists, without their texts."""
    rows = published(actor, cohort).defer("text").order_by(*ORDER)
    return [(kind, list(rows.filter(kind=kind)[:AT_HOME])) for kind in NewsKind]


def listed(actor: Actor, cohort: int, kind: NewsKind, page: int) -> tuple[list[NewsItem], bool]:
    """One page of a list, counted from 1, and whether more lie behind it."""
    rows = published(actor, cohort).defer("text").filter(kind=kind).order_by(*ORDER)
    found = list(rows[(page - 1) * ON_A_PAGE : page * ON_A_PAGE + 1])
    return found[:ON_A_PAGE], len(found) > ON_A_PAGE


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a month's page: its date, whether it belongs to the month, is today, and what takes place on it."""

    date: date
    is_within: bool
    is_today: bool
    items: tuple[NewsItem, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """A month as a wall calendar shows it, weeks from Sunday; `before` and `after` are the months beside it as 2026-05."""

    first: date
    weeks: tuple[tuple[Day, ...], ...]
    items: tuple[NewsItem, ...]
    before: str
    after: str

    @property
    def key(self) -> str:
        return f"{self.first:%Y-%m}"


def month_asked(text: str, today: date) -> date:
    """The first day of the month that an address names, of this month where it names none."""
    found = MONTH.fullmatch(text)
    return date(int(found[1]), int(found[2]), 1) if found else today.replace(day=1)


def month(actor: Actor, cohort: int, first: date, today: date) -> Month:
    """The month's activities, each on every day that it lasts; one query."""
    whole = calendar.Calendar(SUNDAY).monthdatescalendar(first.year, first.month)
    after = (first + timedelta(days=31)).replace(day=1)
    rows = published(actor, cohort).defer("text").filter(kind=NewsKind.ACTIVITY)
    going = list(rows.filter(begins_at__lt=midnight(after), ends_at__gt=midnight(first)).order_by("begins_at", "id"))
    weeks = tuple(
        tuple(
            Day(day, day.month == first.month, day == today, tuple(one for one in going if day.month == first.month and _goes_on(one, day)))
            for day in week
        )
        for week in whole
    )  # fmt: skip
    before = first - timedelta(days=1)
    return Month(first, weeks, tuple(going), f"{before:%Y-%m}", f"{after:%Y-%m}")


def _goes_on(item: NewsItem, day: date) -> bool:
    assert item.begins_at is not None
    assert item.ends_at is not None
    return day_of(item.begins_at) <= day and item.ends_at > midnight(day)
