"""The inbox: what acts told whoever sits in a seat, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow import words
from qicheng.foundation.listing.page import render, say
from qicheng.foundation.notice.models import Notice
from qicheng.interfaces.web import menus

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from qicheng.foundation.access import Actor

SIZE = 30


def _of(actor: Actor) -> QuerySet[Notice]:
    return Notice.objects.filter(role=actor.role, node=actor.node, channel="inbox")


@audience(*menus.EVERYBODY)
def messages(request: Any) -> HttpResponse:
    """The newest, and older ones from `before` on."""
    before = request.GET.get("before", "")
    rows = _of(request.actor).order_by("-id")
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(id__lt=int(before))
    found = list(rows[: SIZE + 1])
    shown = words.messages(found[:SIZE])
    context = {
        "shown": shown, "older": found[SIZE - 1].pk if len(found) > SIZE else None, "is_first": not before,
        "unread": request.me.unread, "frame": menus.FRAMES[request.actor.role],
    }  # fmt: skip
    return render(request, "messages.html", context)


@audience(*menus.EVERYBODY)
def message(request: Any, notice: int) -> HttpResponse:
    """Mark one as read and lead to what it is about."""
    row = _of(request.actor).filter(pk=notice).first()
    if row is None:
        raise Http404
    if row.read_at is None:
        _of(request.actor).filter(pk=notice, read_at=None).update(read_at=timezone.now())
    ((_, told),) = words.messages([row])
    if told.page:
        return redirect(f"{reverse(told.page)}?{told.query}")
    try:
        return redirect(
            reverse(told.case.detail, kwargs={"public_id": told.case.public_id}) if told.case else "messages"
        )
    except NoReverseMatch:
        return redirect("messages")


@audience(*menus.EVERYBODY)
@require_POST
def read_all(request: Any) -> HttpResponse:
    """Mark everything up to the newest that the page showed as read."""
    newest = request.POST.get("newest", "")
    if newest.isdecimal() and len(newest) < 19:
        _of(request.actor).filter(read_at=None, id__lte=int(newest)).update(read_at=timezone.now())
        say(request, "都标为已读了。")
    return redirect("messages")
