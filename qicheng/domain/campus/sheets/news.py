"""The form of a notice, of news or of an activity (CAM-09); its text is plain, and addresses in it become links when it is shown."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import NewsKind
from qicheng.foundation.kit.calendar import BEIJING, day_of
from qicheng.foundation.sheets import Field, Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.domain.campus.models import NewsItem

ACTIVITY = NewsKind.ACTIVITY.value
CLOCK = re.compile(r"(?:[01]?\d|2[0-3])[:：][0-5]\d")
LONGEST = timedelta(days=62)
# What counts as an address: to a page, by name, up to what a sentence puts behind it.
ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?(?:/[A-Za-z0-9._~/?#=&%+@:-]*[A-Za-z0-9_~/=&%+-])?/?")


def happens_in_order(given: Mapping[str, Any]) -> dict[str, str]:
    """An activity ends behind its beginning, and does not last for months."""
    if given.get("kind") != ACTIVITY:
        return {}
    wrong = {
        key: "写成 14:00 这样的时间"
        for key in ("begins", "ends")
        if given.get(key) and not CLOCK.fullmatch(given[key].strip())
    }
    if wrong or not all(given.get(key) for key in ("day", "begins", "ends")):
        return wrong
    begins, ends = span(given)
    if ends <= begins:
        return {"ends": "结束要在开始之后"}
    return {"last_day": "一次活动最长两个月"} if ends - begins > LONGEST else {}


_OF_ACTIVITY = ("kind", (ACTIVITY,))
NEWS_ITEM = Sheet(
    "NewsItem",
    (
        Field("kind", "栏目", "choice", choices=tuple(NewsKind.choices)),
        Field("title", "标题", limit=60),
        Field("text", "正文", "long", limit=5_000, hint="空一行就是另起一段；网址会自动变成链接"),
        Field("dated_on", "日期", "date", hint="显示在标题旁边"),
        Field("is_pinned", "置顶", "switch", hint="排在同一栏目的最前面"),
        Field("day", "活动日期", "date", when=_OF_ACTIVITY),
        Field("begins", "开始时间", limit=5, hint="例如 14:00", when=_OF_ACTIVITY),
        Field("last_day", "最后一天", "date", required=False, hint="当天结束的不用填", when=_OF_ACTIVITY),
        Field("ends", "结束时间", limit=5, hint="例如 16:30", when=_OF_ACTIVITY),
        Field("place", "活动地点", limit=80, when=_OF_ACTIVITY),
    ),
    check=happens_in_order,
)  # fmt: skip


def span(given: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """From when to when an activity goes, of a clean form."""

    def instant(day: Any, clock: str) -> datetime:
        hour, minute = re.split("[:：]", clock.strip())
        return datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=BEIJING)

    return instant(given["day"], given["begins"]), instant(given.get("last_day") or given["day"], given["ends"])


def values_of(item: NewsItem) -> dict[str, Any]:
    """An item in the keys of its form."""
    values = {key: getattr(item, key) for key in ("kind", "title", "text", "dated_on", "is_pinned", "place")}
    if item.begins_at is None or item.ends_at is None:
        return values | dict.fromkeys(("day", "begins", "last_day", "ends"))
    begins, ends = item.begins_at.astimezone(BEIJING), item.ends_at.astimezone(BEIJING)
    return values | {
        "day": begins.date(), "begins": f"{begins:%H:%M}", "last_day": ends.date() if ends.date() != begins.date() else None,
        "ends": f"{ends:%H:%M}",
    }  # fmt: skip


def pieces(text: str) -> list[list[tuple[str, str]]]:
    """A plain text paragraph by paragraph, each as (words, address): the address is '' for words, and what a link leads to."""
    found = []
    for paragraph in filter(None, (one.strip() for one in re.split(r"\n\s*\n", text.replace("\r\n", "\n")))):
        parts, at = [], 0
        for address in ADDRESS.finditer(paragraph):
            parts += [(paragraph[at : address.start()], ""), (address[0], address[0])]
            at = address.end()
        found.append([one for one in (*parts, (paragraph[at:], "")) if one[0]])
    return found


def when(item: NewsItem) -> str:
    """「5 月 20 日 14:00 至 16:30」; '' for what does not take place."""
    if item.begins_at is None or item.ends_at is None:
        return ""
    begins, ends = item.begins_at.astimezone(BEIJING), item.ends_at.astimezone(BEIJING)
    later = "" if day_of(begins) == day_of(ends) else f"{ends.month} 月 {ends.day} 日 "
    return f"{begins.month} 月 {begins.day} 日 {begins:%H:%M} 至 {later}{ends:%H:%M}"
