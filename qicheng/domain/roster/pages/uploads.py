"""How rosters come in: the door, progress, the preview with its refused lines, and the decision (IMP-01 … IMP-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from qicheng.domain.roster import imports
from qicheng.domain.roster.imports import preview
from qicheng.domain.roster.models import Upload
from qicheng.domain.roster.pages.staff import download
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import NotFound, Stopped
from qicheng.foundation.kit.workbooks import Unreadable
from qicheng.foundation.listing.page import render, say

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest

EMPLOYMENT = Area.EMPLOYMENT
SHOWN = 20
BUSY = ("waiting", "reading", "applying")
# (key, heading, what it means) of the parts of a preview, and where their lines come from.
PARTS = (
    ("refused", "要修改", "这些行不会写入。下载后改好，再上传一次。"), ("new", "新增", "名单里还没有，写入后加入名单。"),
    ("changed", "有变化", "名单里已有，写入后按文件更新；本人核对过的项变了，会请本人重新核对。"), ("unchanged", "没有变化", "和名单一致，不会动。"),
    ("missing", "文件里没有", "名单里有、文件里没有的人。这里只列出来，不会删除。"),
)  # fmt: skip
LINES = {
    "refused": preview.refused_lines, "new": preview.new_lines, "changed": preview.changed_lines,
    "unchanged": preview.unchanged_lines, "missing": preview.missing_lines,
}  # fmt: skip


class RosterFile(forms.Form):
    """The file of a roster."""

    file = forms.FileField(
        label="名单文件", allow_empty_file=True,
        error_messages={"required": "名单文件还没有选择", "invalid": "名单文件没有传完，请重新选择"},
    )  # fmt: skip


@audience(Role.SCHOOL, area=EMPLOYMENT)
def uploads(request: HttpRequest) -> HttpResponse:
    """The door, and what came in so far."""
    actor, cohort = request.actor, request.cohort  # type: ignore[attr-defined]
    form = RosterFile(request.POST, request.FILES) if request.method == "POST" else RosterFile()
    if request.method == "POST" and not actor.may_write(EMPLOYMENT):
        raise Http404
    if form.is_bound and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = imports.receive(actor, cohort, file.name, file.chunks())
            return redirect("roster:upload", upload.public_id)
        except (Unreadable, Stopped) as why:
            form.add_error("file", str(why))
    found = Upload.objects.seen_by(actor).filter(cohort=cohort).select_related("account").order_by("-id")[:SHOWN]
    return render(request, "roster/uploads.html", {
        "form": form, "uploads": found, "cohort": cohort, "may_write": actor.may_write(EMPLOYMENT),
    }, status=422 if form.errors else 200)  # fmt: skip


@audience(Role.SCHOOL, area=EMPLOYMENT)
def template(request: HttpRequest) -> HttpResponse:
    """The workbook to fill in."""
    cohort = request.cohort  # type: ignore[attr-defined]
    return download(imports.empty_template(cohort), f"毕业生名单模板-{cohort}届.xlsx")


@audience(Role.SCHOOL, area=EMPLOYMENT)
def upload(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One upload: progress while it is at work, then the preview part by part, then what was written."""
    found = seen(request, public_id)
    part = request.GET.get("part", "")
    after = request.GET.get("after", "")
    shown: dict[str, Any] = {"part": "", "lines": []}
    if found.state == "preview":
        part = part if part in LINES else first_part(found)
        shown = {
            "part": part,
            "lines": LINES[part](found, int(after[:10]) if after.isascii() and after.isdigit() else 0),
        }
    return render(request, "roster/upload.html", {
        "upload": found, "busy": found.state in BUSY, "parts": PARTS, "page_size": preview.PAGE, **shown,
        "may_write": request.actor.may_write(EMPLOYMENT),  # type: ignore[attr-defined]
    }, block={"job": "job"})  # fmt: skip


@audience(Role.SCHOOL, area=EMPLOYMENT, write=True)
def decide(request: HttpRequest, public_id: UUID, verdict: str) -> HttpResponse:
    """Have all good lines written, or give the upload up."""
    found = seen(request, public_id)
    if request.method == "POST":
        try:
            (imports.request_writing if verdict == "write" else imports.drop)(found, request.actor)  # type: ignore[attr-defined]
        except NotFound:
            raise Http404 from None
        except Stopped as why:
            say(request, str(why), "warn")
        else:
            if verdict == "drop":
                say(request, "已放弃这份文件，名单没有变化。")
                return redirect("roster:uploads")
    return redirect("roster:upload", public_id)


@audience(Role.SCHOOL, area=EMPLOYMENT)
def refused(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The refused lines in the shape of the file, wrong cells marked."""
    found = seen(request, public_id)
    if not found.counts.get("refused"):
        raise Http404
    try:
        content = imports.refused_workbook(found, request.actor)  # type: ignore[attr-defined]
    except OSError:
        say(request, "原文件已经清理，重新上传一次就能再下载。", "warn")
        return redirect("roster:upload", public_id)
    return download(content, f"要修改的行-{found.filename.rpartition('.')[0] or found.filename}.xlsx")


def seen(request: HttpRequest, public_id: UUID) -> Upload:
    """The upload of that id as far as whoever asks may see it; Http404 else (ORG-01)."""
    rows = Upload.objects.seen_by(request.actor).select_related("school")  # type: ignore[attr-defined]
    found = rows.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def first_part(upload: Upload) -> str:
    """The part that is opened unasked: what has to be looked at first."""
    return next((key for key, _, _ in PARTS if upload.counts.get(key)), "new")
