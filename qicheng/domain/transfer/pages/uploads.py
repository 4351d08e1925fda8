"""Many records at once: the list to fill in, the codes, the door, progress, the preview with its refused lines, and the decision (ARC-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header

from qicheng.domain.transfer import imports
from qicheng.domain.transfer.imports import preview
from qicheng.domain.transfer.listings.uploads import to_fill_in
from qicheng.domain.transfer.models import UPLOADS
from qicheng.domain.transfer.sheets.records import TITLES
from qicheng.foundation.flow.perform import Stopped
from qicheng.foundation.kit.workbooks import Unreadable
from qicheng.foundation.listing.download import XLSX
from qicheng.foundation.listing.page import render, say

from .module import frame, of_module, workbook

if TYPE_CHECKING:
    from uuid import UUID

    from qicheng.domain.transfer.models import RecordUpload
    from qicheng.foundation.access import Area
    from qicheng.foundation.access.pages import Request

SHOWN = 20
BUSY = ("waiting", "reading", "applying")
# (key, heading, what it means) of the parts of a preview.
PARTS = (
    ("refused", "要修改", "这些行不会写入。下载后改好，再上传一次。"), ("doubtful", "要留意", "会写入。看一看是不是家庭住址或者个人，不对的改好再传。"),
    ("new", "新登记", "现在未登记，写入后登记成功。"), ("changed", "有变化", "现在已登记，写入后按文件更新。"),
    ("unchanged", "没有变化", "和现在登记的一致，不会动。"), ("blank", "没有填写", "只有考生号和姓名，没有填登记的内容，不会动。"),
    ("missing", "文件里没有", "学生名单里有、文件里没有的人。这里只列出来，不会动。"),
)  # fmt: skip


class RecordsFile(forms.Form):
    """The file of many records."""

    file = forms.FileField(
        label="填好的文件", allow_empty_file=True,
        error_messages={"required": "填好的文件还没有选择", "invalid": "文件没有传完，请重新选择"},
    )  # fmt: skip


@of_module()
def uploads(request: Request, area: Area) -> HttpResponse:
    """The door, and what came in so far."""
    actor, cohort = request.actor, request.cohort
    form = RecordsFile(request.POST, request.FILES) if request.method == "POST" else RecordsFile()
    if request.method == "POST" and not actor.may_write(area):
        raise Http404
    if form.is_bound and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = imports.receive(area, actor, cohort, file.name, file.chunks())
            return redirect("transfer:upload", area, upload.public_id)
        except (Unreadable, Stopped) as why:
            form.add_error("file", str(why))
    found = UPLOADS[area].objects.seen_by(actor).filter(cohort=cohort).select_related("account").order_by("-id")[:SHOWN]
    page = to_fill_in(area).page(actor, request.GET, cohort)
    further = any(key in page.values for key in ("major", "origin", "since", "until"))
    return render(request, "transfer/uploads.html", {
        **frame(request, area), "form": form, "uploads": found, "page": page, "further": further,
    }, status=422 if form.errors else 200)  # fmt: skip


@of_module()
def lines(request: Request, area: Area) -> HttpResponse:
    """The list under its filters as a workbook to fill in; the export is on record (EXP-01)."""
    return workbook(request, to_fill_in(area), request.GET, reverse("transfer:uploads", args=[area]))


@of_module()
def code_workbook(request: Request, area: Area) -> HttpResponse:
    """代码表: what may be filled in."""
    return download(imports.code_workbook(area, request.cohort), f"{TITLES[area]}信息代码表-{request.cohort}届.xlsx")


@of_module()
def upload(request: Request, area: Area, public_id: UUID) -> HttpResponse:
    """One upload: progress while it is at work, then the preview part by part, then what was written."""
    found = seen(request, area, public_id)
    part, after = request.GET.get("part", ""), request.GET.get("after", "")
    shown: dict[str, Any] = {"part": "", "lines": []}
    if found.state == "preview":
        part = part if any(part == key for key, *_ in PARTS) else first_part(found)
        behind = int(after[:10]) if after.isascii() and after.isdigit() else 0
        shown = {"part": part, "lines": preview.lines(found, part, behind)}
    return render(request, "transfer/upload.html", {
        **frame(request, area), "upload": found, "busy": found.state in BUSY, "parts": PARTS, "page_size": preview.PAGE, **shown,
    }, block={"job": "job"})  # fmt: skip


@of_module(write=True)
def decide(request: Request, area: Area, public_id: UUID, verdict: str) -> HttpResponse:
    """Have all good lines written, or give the upload up."""
    found = seen(request, area, public_id)
    if request.method == "POST":
        try:
            (imports.request_writing if verdict == "write" else imports.drop)(found, request.actor)
        except Stopped as why:
            say(request, str(why), "warn")
        else:
            if verdict == "drop":
                say(request, f"已放弃这份文件，{TITLES[area]}信息没有变化。")
                return redirect("transfer:uploads", area)
    return redirect("transfer:upload", area, public_id)


@of_module()
def refused(request: Request, area: Area, public_id: UUID) -> HttpResponse:
    """The refused lines in the shape of the file, wrong cells marked."""
    found = seen(request, area, public_id)
    if not found.counts.get("refused"):
        raise Http404
    try:
        content = imports.refused_workbook(found, request.actor)
    except OSError:
        say(request, "原文件已经清理，重新上传一次就能再下载。", "warn")
        return redirect("transfer:upload", area, public_id)
    return download(content, f"要修改的行-{found.filename.rpartition('.')[0] or found.filename}.xlsx")


def seen(request: Request, area: Area, public_id: UUID) -> RecordUpload:
    """The upload of that id as far as whoever asks may see it; Http404 else (ORG-01)."""
    found = UPLOADS[area].objects.seen_by(request.actor).select_related("school").filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def first_part(found: RecordUpload) -> str:
    """The part that is opened unasked: what has to be looked at first."""
    return next((key for key, _, _ in PARTS if found.counts.get(key)), "new")


def download(content: bytes, name: str) -> HttpResponse:
    """A workbook to take away."""
    return HttpResponse(
        content, content_type=XLSX,
        headers={"Content-Disposition": content_disposition_header(True, name) or "", "Cache-Control": "no-store"},
    )  # fmt: skip
