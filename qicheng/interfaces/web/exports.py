"""导出中心: lists that somebody takes away, from the question what for to the file (EXP-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from qicheng.foundation.access import STAFF
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow import past
from qicheng.foundation.flow.perform import NotOpen, Refused, Stopped
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing import exports
from qicheng.foundation.listing.download import XLSX, export, named, wanted
from qicheng.foundation.listing.page import render, say
from qicheng.foundation.papers.models import Export

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

    from qicheng.foundation.access.pages import Request

SHOWN = 50
PIECE = 256 * 1024


@audience(*STAFF)
def center(request: Request) -> HttpResponse:
    """What this account took away or has under way, newest first."""
    rows = list(Export.objects.of(request.actor).order_by("-id")[:SHOWN])
    context = {"rows": rows, "left": left(request), "daily": exports.daily(request.actor.role)}
    return render(request, "exports/center.html", context)


@audience(*STAFF)
def take(request: Request, room: str, name: str) -> HttpResponse:
    """A list under the filters of the address, by whoever may take it away."""
    listing = exports.offered(request.actor, room, name, request.cohort)
    if listing is None:
        raise Http404
    return export(request, room, listing, request.GET, reverse("exports"))


@audience(*STAFF)
def new(request: Request) -> HttpResponse:
    """What a long list will be and what it is for; then it is made in the background."""
    what = request.POST.get("what") or request.GET.get("what", "")
    asked, actor = wanted(what), request.actor
    if asked is None:
        say(request, "从清单上点「导出」开始；页面打开超过一天的，回到清单重新点一次。", "info")
        return redirect("exports")
    listing = exports.offered(actor, asked.room, asked.listing, asked.cohort)
    if listing is None:
        raise Http404
    why, given = "", request.POST.get("purpose", "")[:200]
    if request.method == "POST":
        try:
            row = exports.ask(
                actor, asked.room, asked.listing, asked.query, asked.cohort, moment=asked.moment, purpose=given,
                key=request.POST.get("key", "")[:64],
            )  # fmt: skip
            return redirect("export", row.public_id)
        except Stopped as stopped:
            why = str(stopped)
    number = listing.count(actor, asked.query, asked.cohort, asked.moment)
    return render(request, "exports/new.html", {
        "listing": listing, "what": what, "why": why, "given": given, "key": request.POST.get("key") or token(), "number": number,
        "is_more": number > exports.WITH_PURPOSE * 2, "asks_purpose": number > exports.WITH_PURPOSE, "limit": exports.WITH_PURPOSE,
        "filters": listing.in_words(actor, asked.query, asked.cohort), "cohort": asked.cohort if listing.cohort else 0,
        "back": f"{asked.back}?{urlencode(past.kept_in_address(asked.moment) | asked.query)}", "left": left(request), "daily": exports.daily(actor.role),
    }, status=422 if why else 200)  # fmt: skip


@audience(*STAFF)
def one(request: Request, public_id: UUID) -> HttpResponse:
    """One export: how far it is, then its file, or why there is none."""
    return render(request, "exports/one.html", {"row": seen(request, public_id)}, block={"job": "job"})


@audience(*STAFF)
def file(request: Request, public_id: UUID) -> Any:
    """The file, on record with each download."""
    row = seen(request, public_id)
    try:
        path = exports.hand_out(row, request.actor)
    except (NotOpen, Refused) as why:
        say(request, str(why), "warn")
        return redirect("export", public_id)
    headers = {**named(exports.file_name(row)), "Content-Length": str(row.size)}
    return StreamingHttpResponse(pieces(path), content_type=XLSX, headers=headers)


def pieces(path: Path) -> Iterator[bytes]:
    """A file, a piece at a time, so that a large one does not fill the memory."""
    with path.open("rb") as content:
        while piece := content.read(PIECE):
            yield piece


@audience(*STAFF)
@require_POST
def cancel(request: Request, public_id: UUID) -> HttpResponse:
    """Stop one that is not made yet."""
    try:
        exports.cancel(seen(request, public_id), request.actor)
        say(request, "已取消，没有生成文件。")
    except Refused as why:
        say(request, str(why), "warn")
    return redirect("exports")


def left(request: Request) -> int:
    """How many rows this account may still take away today."""
    return max(0, exports.daily(request.actor.role) - exports.taken_today(request.actor.account or 0))


def seen(request: Request, public_id: UUID) -> Export:
    """The export of that id if it is of whoever asks; Http404 else."""
    found = Export.objects.of(request.actor).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found
