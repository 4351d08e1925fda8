"""The list from which a school manages what it tells its graduates (CAM-09)."""

from __future__ import annotations

from functools import cache

from qicheng.domain.campus.models import NewsItem, NewsKind
from qicheng.domain.registration.listings import written
from qicheng.foundation.listing import Column, Filter, Listing

STATES = {"published": ("已发布", "n.withdrawn_at IS NULL"), "withdrawn": ("已撤下", "n.withdrawn_at IS NOT NULL")}


@cache
def news() -> Listing:
    """Everything that the school has published, the newest day first."""
    return Listing(
        "campus_news", "公告、新闻和活动", NewsItem, "campus_newsitem n", "n",
        (
            Column("public_id", "", "n.public_id", hidden=True),
            Column("title", "标题", "n.title"),
            Column("kind", "栏目", "n.kind", lambda key: str(NewsKind(key).label)),
            Column("dated_on", "日期", "n.dated_on", str, sort=True),
            Column("pinned", "置顶", "CASE WHEN n.is_pinned THEN '置顶' ELSE '' END"),
            Column("state", "状态", "CASE WHEN n.withdrawn_at IS NULL THEN 'published' ELSE 'withdrawn' END", lambda key: STATES[key][0]),
            Column("begins_at", "活动开始", "n.begins_at", written),
        ),
        (
            Filter("kind", "栏目", "n.kind = %(kind)s", "choice", choices=tuple(NewsKind.choices)),
            Filter("state", "状态", conditions={key: sql for key, (_, sql) in STATES.items()}, choices=tuple((key, words) for key, (words, _) in STATES.items())),
        ),
        ("n.dated_on", "n.id"), descending=True,
    )  # fmt: skip
