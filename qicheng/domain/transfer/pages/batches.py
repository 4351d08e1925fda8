"""Hand-over batches of schools: who can be handed over, a new batch, one batch as it was with what has changed since, its papers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header

from qicheng.domain.transfer.effects import batches as effects
from qicheng.domain.transfer.listings import batches as listings
from qicheng.domain.transfer.queries import batches as queries
from qicheng.domain.transfer.sheets.batches import COLLECT, TAKE_BACK
from qicheng.domain.transfer.sheets.records import TITLES
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import Stopped, note
from qicheng.foundation.flow.words import moment
from qicheng.foundation.kit import workbooks
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.download import XLSX
from qicheng.foundation.listing.page import render, say

from .module import frame, of_module

if TYPE_CHECKING:
    from uuid import UUID

    from qicheng.domain.transfer.models import HandoverBatch
    from qicheng.foundation.access import Area
    from qicheng.foundation.access.pages import Request

PDF = "application/pdf"
# A paper of more lines is read by nobody; the workbook has no such end.
MOST_ON_PAPER = 2_000
SHOWN = 50
PRINTED = ("序号", "姓名", "考生号", "院系", "类型", "接收单位", "接收地址", "联系人和电话", "编批以后的变化")
NARROWED_BY = ("college", "kind", "level")


def _of_school(request: Request) -> None:
    if request.actor.role is not Role.SCHOOL:
        raise Http404


def seen(request: Request, area: Area, public_id: UUID) -> HandoverBatch:
    """The batch of that id as far as whoever asks may see it; Http404 else (ORG-01)."""
    _of_school(request)
    found = queries.batch_of(area, request.actor, public_id)
    if found is None:
        raise Http404
    return found


@of_module()
def batches(request: Request, area: Area) -> HttpResponse:
    """The batches of the school, the newest first."""
    _of_school(request)
    found = list(queries.batches(area, request.actor, request.cohort)[:SHOWN])
    asked = {"batches": ",".join(str(one.pk) for one in found)}
    groups = {"changed": f"l.live AND {listings.CHANGED}"}
    moved = (
        dict(listings.lines(area).tallies(request.actor, request.cohort, "l.batch_id", groups, asked)) if found else {}
    )
    return render(request, "transfer/handovers.html", {
        **frame(request, area), "batches": [(one, moved.get(one.pk, {"changed": 0})["changed"]) for one in found],
    })  # fmt: skip


@of_module(write=True)
def new(request: Request, area: Area) -> HttpResponse:
    """How many stand where, narrowed to a college, a type, a level; and the batch that is made of those who are ready."""
    _of_school(request)
    asked = request.POST if request.method == "POST" else request.GET
    kept = {key: asked[key] for key in NARROWED_BY if asked.get(key)}
    page = listings.ready_alone(area).page(request.actor, kept, request.cohort)
    form = COLLECT.form(request.cohort)(
        request.POST if request.method == "POST" else None, initial=suggested(request, area)
    )
    if request.method == "POST" and form.is_valid():
        values = page.values
        try:
            batch = effects.collect(
                area, request.actor, request.cohort, **form.cleaned_data, key=request.POST.get("key", "")[:64] or token(),
                college=int(values["college"]) if "college" in values else None, kind=values.get("kind", ""), level=values.get("level", ""),
            )  # fmt: skip
            return redirect("transfer:handover", area, batch.public_id)
        except Stopped as why:
            form.add_error(None, str(why))
    return render(request, "transfer/handover_new.html", {
        **frame(request, area), "form": form, "page": page, "key": request.POST.get("key") or token(), "standings": counted(request, area, kept),
    }, status=422 if form.errors else 200)  # fmt: skip


def suggested(request: Request, area: Area) -> dict[str, Any]:
    """The name and the day that a new batch would have."""
    last = queries.batches(area, request.actor, request.cohort).first()
    return {"title": f"第 {last.number + 1 if last else 1} 批", "handed_on": timezone.localdate()}


def counted(request: Request, area: Area, kept: dict[str, str]) -> list[tuple[str, str, int, str]]:
    """(key, words, how many, address of their list or '') of every standing, under the same narrowing."""
    found = queries.standings(area)
    rows = listings.ready(area).tallies(
        request.actor, request.cohort, "1", {key: sql for key, (_, sql) in found.items()}, kept
    )
    counts = rows[0][1] if rows else dict.fromkeys(found, 0)
    address = reverse("transfer:records", args=[area])
    lists = {
        "unregistered": {"state": "unregistered"},
        "in_review": {"state": "in_review"},
        "undecided": {"kind": "x_undecided"},
    }
    return [
        (key, words, counts[key], f"{address}?{urlencode({**kept, **lists[key]})}" if key in lists else "")
        for key, (words, _) in found.items()
    ]  # fmt: skip


@of_module()
def batch(request: Request, area: Area, public_id: UUID) -> HttpResponse:
    """One batch: its lines as they were, and of each what has changed since."""
    found = seen(request, area, public_id)
    page, changed = lines_of(request, found)
    return render(request, "transfer/handover.html", {
        **frame(request, area), "batch": found, "page": page, "changed": changed, "prints": found.lines <= MOST_ON_PAPER,
    })  # fmt: skip


def lines_of(request: Request, found: HandoverBatch) -> tuple[Any, int]:
    """The page of the batch's lines that is asked for, and how many of all have changed since."""
    asked = {**request.GET.dict(), "batch": str(found.pk)}
    page = listings.lines(found.AREA).page(request.actor, asked, request.cohort)
    return page, changed_since(request, found)


def changed_since(request: Request, found: HandoverBatch) -> int:
    """How many lines of the batch say otherwise than the records do now."""
    return listings.lines(found.AREA).count(request.actor, {"batch": str(found.pk), "since": "changed"}, request.cohort)


@of_module(write=True)
def take_back(request: Request, area: Area, public_id: UUID) -> HttpResponse:
    """Take a batch back, with the reason."""
    found = seen(request, area, public_id)
    form = TAKE_BACK.form(request.cohort)(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            effects.take_back(found, request.actor, words=form.cleaned_data["words"])
            say(request, f"{found.title}已撤销，里面的{found.lines}人可以重新编批。")
            return redirect("transfer:handover", area, public_id)
        except Stopped as why:
            form.add_error(None, str(why))
    return render(
        request, "transfer/handover_back.html", {**frame(request, area), "batch": found, "form": form}, status=422 if form.errors else 200
    )  # fmt: skip


@of_module()
def workbook(request: Request, area: Area, public_id: UUID) -> HttpResponse:
    """The batch as a workbook: every line as it was, and beside it what has changed since."""
    found = seen(request, area, public_id)
    listing, changed = listings.lines(area), changed_since(request, found)
    rows = listing.sheet_rows(request.actor, {"batch": str(found.pk)}, request.cohort)
    content = workbooks.write([*listing.headings, "下载时间"], _stamped(rows), sheet=TITLES[area] + "移交清单")
    return _download(request, found, content, XLSX, "xlsx", changed)


def _stamped(rows: Any) -> Any:
    at = f"{timezone.localtime():%Y-%m-%d %H:%M}"
    return ([*row, at] for row in rows)


@of_module()
def paper(request: Request, area: Area, public_id: UUID) -> HttpResponse:
    """The batch as a paper to be signed by both sides, which says what has changed since it was collected."""
    found = seen(request, area, public_id)
    if found.lines > MOST_ON_PAPER:
        say(request, f"一份清单最多打印 {MOST_ON_PAPER:,} 人，这一批有 {found.lines:,} 人，请下载表格。", "warn")
        return redirect("transfer:handover", area, public_id)
    changed = changed_since(request, found)
    try:
        content = effects.handover_sheet(_printed(request, found, changed))
    except Stopped as why:
        say(request, str(why), "warn")
        return redirect("transfer:handover", area, public_id)
    return _download(request, found, content, PDF, "pdf", changed)


def _printed(request: Request, found: HandoverBatch, changed: int) -> dict[str, Any]:
    listing, now = listings.lines(found.AREA), timezone.localtime()
    columns = {column.key: at for at, column in enumerate(listing.shown)}

    def line(row: list[str]) -> list[str]:
        of = {key: row[at] for key, at in columns.items()}
        address = f"{of['region']}{of['address']}" + (f"（{of['postcode']}）" if of["postcode"] else "")
        return [of["place"], of["name"], of["exam_number"], of["college"], of["kind"], of["receiver"], address,
                f"{of['contact']} {of['phone']}".strip(), of["since"]]  # fmt: skip

    news = (
        f"截至 {moment(now)}，有 {changed} 人的信息在编批以后有变化，见最后一列；其余各列是编批时的信息。"
        if changed
        else ""
    )
    if found.taken_back_at:
        news = f"这一批已于 {moment(found.taken_back_at)} 撤销：{found.reason}。{news}"
    rows = [line(row) for row in listing.sheet_rows(request.actor, {"batch": str(found.pk)}, request.cohort)]
    return {
        "title": f"{TITLES[found.AREA]}移交清单", "school": found.school.name, "batch": f"{found.cohort} 届{found.title}",
        "handed_on": found.handed_on.isoformat(), "made_at": now.isoformat(timespec="seconds"), "count": str(found.lines), "news": news,
        "headings": list(PRINTED), "rows": rows,
    }  # fmt: skip


def _download(
    request: Request, found: HandoverBatch, content: bytes, kind: str, ending: str, changed: int
) -> HttpResponse:
    about = {"批次": ["", found.title], "条数": ["", found.lines], "有变化": ["", changed]}
    note(
        request.actor, "export", effects.about(found.AREA), about, subject=str(found.public_id), cohort=found.cohort, school=found.school_id
    )  # fmt: skip
    name = f"{TITLES[found.AREA]}移交清单-{found.title}-{timezone.localtime():%Y%m%d-%H%M}{f'-{changed}人有变化' if changed else ''}.{ending}"
    return HttpResponse(
        content, content_type=kind,
        headers={"Content-Disposition": content_disposition_header(True, name) or "", "Cache-Control": "no-store"},
    )  # fmt: skip
