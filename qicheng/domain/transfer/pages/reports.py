"""What schools and colleges open of reports: the list of a module, making many, one report, its file; and the graduate's own report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header

from qicheng.domain.transfer.effects import report_batches as batches
from qicheng.domain.transfer.effects import reports as effects
from qicheng.domain.transfer.listings import reports as listings
from qicheng.domain.transfer.queries import reports as queries
from qicheng.domain.transfer.sheets import reports as sheets
from qicheng.domain.transfer.sheets.records import TITLES
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, open_acts, timeline
from qicheng.foundation.flow.words import sentence
from qicheng.foundation.kit.numbers import grouped, token
from qicheng.foundation.listing.page import render, say
from qicheng.foundation.papers import seal, store

from .module import STAFF, frame, of_area, workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from uuid import UUID

    from qicheng.domain.transfer.models import ReportBatch, TransferReport
    from qicheng.foundation.access.pages import Request, View

PIECE = 1 << 16
KIND_OF_FLOW = {flow: kind for kind, flow in effects.FLOW_OF.items()}
# How a report stands, in words for whoever looks at it, with the tone of its tag.
STANDINGS = {
    queries.Standing.VALID: ("有效", "ok"), queries.Standing.SUPERSEDED: ("已失效（信息有变更）", "bad"),
    queries.Standing.WITHDRAWN: ("已收回", "neu"), queries.Standing.FROZEN: ("暂时失效", "bad"), queries.Standing.OVER: ("已过有效期", "neu"),
}  # fmt: skip


def of_reports(*, write: bool = False) -> Callable[[View], View]:
    """A page of reports of one area, once the province has opened 户档转递核验 (ORG-02)."""
    return of_area(
        lambda request, area: queries.is_open(request.actor, request.cohort),
        lambda request, area: render(request, "transfer/reports_closed.html", {"cohort": request.cohort}),
        write=write,
    )


# ---- the list, and making many


@of_reports()
def reports(request: Request, area: Area) -> HttpResponse:
    """档案/户口信息转递列表: everybody whose record is registered, and how the report of each stands."""
    actor, cohort = request.actor, request.cohort
    page = listings.reports(area).page(actor, request.GET, cohort, listings.states_counted())
    counters = [
        {"label": label, "count": page.tally[key], "url": f"?{urlencode({'state': key})}", "is_current": page.values.get("state") == key,
         "tone": "warn" if key in ("waiting", "held", "superseded") else ""}
        for key, (label, _) in listings.STATES.items()
    ]  # fmt: skip
    return render(request, "transfer/reports.html", {
        **frame(request, area), "page": page, "counters": counters, "tones": listings.TONES, "waits": seal.why_not_ready(),
        "batches": queries.batches(actor, area, cohort), "further": "major" in page.values,
    })  # fmt: skip


@of_reports()
def reports_workbook(request: Request, area: Area) -> HttpResponse:
    """The list under its filters as a workbook."""
    return workbook(request, listings.reports(area), request.GET, reverse("transfer:reports", args=[area]))


@of_reports(write=True)
def make(request: Request, area: Area) -> HttpResponse:
    """What will be made, before anything is: of those ticked, or of all that the filters find."""
    if request.method != "POST":
        return redirect("transfer:reports", area)
    actor, listing = request.actor, listings.reports(area)
    asked = (
        kept(request, area)
        if request.POST.get("every")
        else {"graduate": ",".join(request.POST.getlist("case")[:500]) or "-"}
    )
    number = listing.count(actor, asked, request.cohort)
    if not number or number > batches.MOST_AT_ONCE:
        say(
            request,
            "先勾选要生成报告的毕业生。"
            if not number
            else f"一次最多生成 {batches.MOST_AT_ONCE:,} 份，先用筛选缩小范围，分几次生成。",
            "warn",
        )
        return redirect(f"{reverse('transfer:reports', args=[area])}?{urlencode(kept(request, area))}")
    tally = listing.tallies(actor, request.cohort, "true", listings.states_counted(), asked)[0][1]
    return render(request, "transfer/reports_make.html", {
        **frame(request, area), "number": number, "asked": asked, "key": token(), "waits": seal.why_not_ready(),
        "counted": [(listings.STATES[key][0], count) for key, count in tally.items() if count],
        "back": f"{reverse('transfer:reports', args=[area])}?{urlencode(kept(request, area))}",
    })  # fmt: skip


@of_reports(write=True)
def make_done(request: Request, area: Area) -> HttpResponse:
    """Have them made: the same form again is the same batch."""
    if request.method != "POST":
        return redirect("transfer:reports", area)
    actor, listing = request.actor, listings.reports(area)
    asked = {one.key: request.POST[one.key] for one in listing.filters if request.POST.get(one.key)}
    rows = listing.head(actor, asked, request.cohort, batches.MOST_AT_ONCE + 1)
    try:
        batch = batches.ask_for_batch(
            area.value, [row.id for row in rows], actor, cohort=request.cohort, key=request.POST.get("key", "")[:64] or token(), query=asked,
        )  # fmt: skip
    except (NotOpen, Refused) as why:
        say(request, str(why), "warn")
        return redirect("transfer:reports", area)
    return redirect("transfer:report_batch", area, batch.public_id)


@of_reports()
def report_batch(request: Request, area: Area, public_id: UUID) -> HttpResponse:
    """How far a batch is, whom it could not make and why, and its one file."""
    batch = own_batch(request, area, public_id)
    return render(request, "transfer/report_batch.html", {
        **frame(request, area), "batch": batch, "is_at_work": batch.state in ("waiting", "working"),
        "faults": queries.faults(batch),
        "gone": batches.gone_since(batch) if batch.state == "done" else 0,
    }, block={"job": "job"})  # fmt: skip


@of_reports()
def report_batch_file(request: Request, area: Area, public_id: UUID) -> Any:
    """All reports of a batch as one file; where some count no more it is packed anew first."""
    batch = own_batch(request, area, public_id)
    if request.method == "POST":
        batches.pack_again(batch, request.actor)
        return redirect("transfer:report_batch", area, public_id)
    try:
        path = batches.hand_out_batch(batch, request.actor)
    except (Refused, store.Damaged) as why:
        say(request, str(why) if isinstance(why, Refused) else "文件已经清理，重新打包以后再下载。", "warn")
        return redirect("transfer:report_batch", area, public_id)
    name = f"{TITLES[area]}转递报告-{timezone.localtime(batch.made_at):%Y%m%d-%H%M}-{len(batch.packed)}份.zip"
    return StreamingHttpResponse(pieces(path), content_type="application/zip", headers={
        "Content-Disposition": content_disposition_header(True, name) or "", "Cache-Control": "private, no-store", "Content-Length": str(batch.size),
    })  # fmt: skip


# ---- one report


@audience(Role.GRADUATE, *STAFF)
def report(request: Request, flow: str, public_id: UUID) -> HttpResponse:
    """One report: what it says, how it stands, what it waits for, who downloaded it; the graduate sees the own issue alone."""
    case = seen(request, flow, public_id)
    actor, standing = request.actor, queries.standing(case)
    label, tone = STANDINGS.get(standing, (case.standing.label, case.standing.tone))
    return render(request, "transfer/report.html", {
        "case": case, "label": label, "tone": tone, "standing": str(standing), "number_label": sheets.NUMBERS[case.KIND], "number": grouped(case.number),
        "purpose": sheets.PURPOSES[case.KIND], "blocks": sheets.blocks(case.KIND, case.printed), "is_staff": actor.role.is_staff,
        "events": [(one.at, sentence(one, case)) for one in timeline(case)], "area": case.AREA,
        "frame": "base_graduate.html" if actor.role is Role.GRADUATE else "base_staff.html", "key": token(), "title": TITLES[case.AREA],
        "acts": open_acts(case, actor) if actor.role.is_staff else [], "cohort": request.cohort,
    })  # fmt: skip


@audience(Role.GRADUATE, *STAFF)
def report_file(request: Request, flow: str, public_id: UUID) -> HttpResponse:
    """The signed file; each download is on record."""
    case = seen(request, flow, public_id)
    try:
        content = effects.hand_out(case, request.actor)
    except (Refused, store.Damaged) as why:
        say(request, str(why) if isinstance(why, Refused) else "抱歉，文件现在打不开，联系平台恢复。", "warn")
        return redirect(case.detail, public_id)
    except NotFound:
        raise Http404 from None
    name = content_disposition_header("save" in request.GET, f"{sheets.NUMBERS[case.KIND]}{case.number}.pdf") or ""
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": name, "Cache-Control": "private, no-store"},
    )


# ---- the operator's


@audience(Role.MINISTRY)
def sealing(request: Request) -> HttpResponse:
    """Whether reports can be sealed now, with what, and what waits since when."""
    try:
        found = seal.loaded()
    except seal.NotReady:
        found = None
    return render(request, "transfer/sealing.html", {
        "certificate": found.certificate if found else None, "why": seal.why_not_ready(), "waiting": queries.waiting(),
    })  # fmt: skip


# ---- what requests carry


def seen(request: Request, flow: str, public_id: UUID) -> TransferReport:
    """The report of that id, as far as whoever asks may see it."""
    case = queries.report_of(KIND_OF_FLOW[flow], public_id, request.actor)
    if case is None:
        raise Http404
    return case


def own_batch(request: Request, area: Area, public_id: UUID) -> ReportBatch:
    """A batch of one's own (ARC-07)."""
    batch = queries.batch_of(public_id, request.actor)
    if batch is None or batch.kind != area.value:
        raise Http404
    return batch


def kept(request: Request, area: Area) -> dict[str, str]:
    """What the address asks of the list."""
    return {one.key: request.GET[one.key] for one in listings.reports(area).filters if request.GET.get(one.key)}


def pieces(path: Path) -> Iterator[bytes]:
    """A file piece by piece, open only while it is sent."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
