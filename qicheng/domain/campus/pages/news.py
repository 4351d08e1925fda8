"""What a school tells its graduates: the lists, an item, the calendar of activities, and where the school writes them (CAM-09)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.campus.effects import news as effects
from qicheng.domain.campus.listings import news as listings
from qicheng.domain.campus.models import NewsItem, NewsKind, Part
from qicheng.domain.campus.queries import news as queries
from qicheng.domain.campus.sheets.news import NEWS_ITEM, pieces, values_of, when
from qicheng.domain.orgs.pages import filled, status_of, stood, tried
from qicheng.domain.transfer.pages.records import key_of, whole
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.perform import noted
from qicheng.foundation.kit.calendar import day_of
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.page import render

from .module import of_part

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpResponse

    from qicheng.foundation.access.pages import Request

EVERYBODY = (Role.GRADUATE, Role.COLLEGE, Role.SCHOOL)
WRITERS = (Role.SCHOOL,)
LABELS = {"publish": "发布", "change": "修改", "withdraw": "撤下", "publish_again": "重新发布"}
MOST_PAGES = 500


# ---- what everybody of the school reads


@of_part(Part.NEWS, roles=EVERYBODY)
def news(request: Request, kind: str) -> HttpResponse:
    """One of the three lists, page by page."""
    if kind not in NewsKind.values:
        raise Http404
    page = min(max(whole(request.GET.get("page", "1")), 1), MOST_PAGES)
    items, has_more = queries.listed(request.actor, request.cohort, NewsKind(kind), page)
    return render(request, "campus/news.html", {
        "kind": NewsKind(kind), "kinds": list(NewsKind), "items": items, "page": page, "has_more": has_more, "when": when, **around(request, "学校通知"),
    })  # fmt: skip


@of_part(Part.NEWS, roles=EVERYBODY)
def item(request: Request, public_id: UUID) -> HttpResponse:
    """One item with its text; what was withdrawn is there for the school alone."""
    rows = NewsItem.objects.seen_by(request.actor).filter(cohort=request.cohort)
    row = get_object_or_404(rows, public_id=public_id)
    if row.is_withdrawn and request.actor.role is not Role.SCHOOL:
        raise Http404
    kind = NewsKind(row.kind)
    return render(request, "campus/news_item.html", {
        "row": row, "kind": kind, "pieces": pieces(row.text), "when": when(row), **around(request, str(kind.label), "campus:news", kind.value),
    })  # fmt: skip


@of_part(Part.NEWS, roles=EVERYBODY)
def month(request: Request) -> HttpResponse:
    """A month with the days on which something takes place, and what; the months beside it lie behind links."""
    today = day_of(timezone.now())
    first = queries.month_asked(request.GET.get("month", ""), today)
    return render(request, "campus/calendar.html", {
        "month": queries.month(request.actor, request.cohort, first, today), "week": queries.WEEK, "when": when, **around(request, "活动日历"),
    })  # fmt: skip


def around(request: Request, heading: str, back: str = "", *given: str) -> dict[str, Any]:
    """The frame of a page that graduates and staff read: graduates come from their own first page."""
    is_staff = request.actor.role.is_staff
    home = (
        reverse("campus:manage_news") if request.actor.role is Role.SCHOOL else reverse("campus:news", args=["notice"])
    )
    return {"is_staff": is_staff, "heading": heading, "back": reverse(back, args=given) if back else home if is_staff else reverse("campus:steps")}  # fmt: skip


# ---- where the school writes


@of_part(Part.NEWS, roles=WRITERS, area=Area.EMPLOYMENT)
def manage(request: Request) -> HttpResponse:
    """All that the school has published for the cohort."""
    page = listings.news().page(request.actor, request.GET, request.cohort)
    return render(
        request, "campus/news_manage.html", {"page": page, "may_write": request.actor.may_write(Area.EMPLOYMENT)}
    )


@of_part(Part.NEWS, roles=WRITERS, area=Area.EMPLOYMENT, write=True)
def new(request: Request) -> HttpResponse:
    """An empty form; what is sent is published at once."""
    form = filled(NEWS_ITEM, request, {"kind": NewsKind.NOTICE.value, "dated_on": day_of(timezone.now())})
    key = key_of(request)
    act = lambda given: effects.write(request.actor, request.cohort, given, key=key)  # noqa: E731 -- what `tried` does
    if tried(request, form, act, "已发布，毕业生现在就能看到。"):
        return redirect("campus:manage_news")
    return render(request, "campus/news_form.html", {"form": form, "row": None, "key": token()}, status=status_of(form))


@of_part(Part.NEWS, roles=WRITERS, area=Area.EMPLOYMENT, write=True)
def change(request: Request, public_id: UUID) -> HttpResponse:
    """Change an item, or take it from the graduates' pages; who did what to it stands below."""
    row = get_object_or_404(NewsItem.objects.seen_by(request.actor).filter(cohort=request.cohort), public_id=public_id)
    form, seen = filled(NEWS_ITEM, request, values_of(row)), whole(request.POST.get("seen"))
    act = lambda given: effects.change(request.actor, public_id, seen, given)  # noqa: E731 -- what `tried` does
    if tried(request, form, act, "已修改，毕业生看到的是新的内容。"):
        return redirect("campus:change_news", public_id)
    return render(request, "campus/news_form.html", {
        "form": form, "row": row, "key": token(), "records": noted(effects.ABOUT, case=str(public_id)), "labels": LABELS,
    }, status=status_of(form))  # fmt: skip


@of_part(Part.NEWS, roles=WRITERS, area=Area.EMPLOYMENT, write=True)
def withdraw(request: Request, public_id: UUID) -> HttpResponse:
    """Ask before an item is withdrawn, or published again, and do it."""
    row = get_object_or_404(NewsItem.objects.seen_by(request.actor).filter(cohort=request.cohort), public_id=public_id)
    if request.method == "POST":
        act = effects.publish_again if row.is_withdrawn else effects.withdraw
        seen, done = whole(request.POST.get("seen")), "已重新发布。" if row.is_withdrawn else "已撤下，毕业生看不到了。"
        stood(request, lambda: act(request.actor, public_id, seen), done)
        return redirect("campus:manage_news")
    return render(request, "campus/news_withdraw.html", {"row": row})
