"""Ready employment records from a school's own system: the door, progress, the preview with its refused lines, the decision (IMP-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from qicheng.domain.orgs.models import Module, School
from qicheng.domain.orgs.queries import openings
from qicheng.domain.roster.imports import records
from qicheng.domain.roster.imports.records import preview
from qicheng.domain.roster.models import EmploymentUpload
from qicheng.domain.roster.pages.staff import download
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import Stopped
from qicheng.foundation.kit.workbooks import Unreadable
from qicheng.foundation.listing.page import render, say

if TYPE_CHECKING:
    from uuid import UUID

    from qicheng.foundation.access.pages import Request

EMPLOYMENT = Area.EMPLOYMENT
SHOWN = 20
BUSY = ("waiting", "reading", "applying")
# (key, heading, what it means) of the parts of a preview.
PARTS = (
    ("refused", "要修改", "这些行不会写入。下载后改好，再上传一次。"), ("new", "新登记", "现在没有去向，写入后登记。"),
    ("changed", "有变化", "现在已有去向，写入后按文件更新，发消息告诉本人。档案和户口信息不动。"),
    ("unchanged", "没有变化", "和现在登记的一致，不会动。"), ("missing", "文件里没有", "名单里有、文件里没有的人。这里只列出来，不会动。"),
)  # fmt: skip


class RecordsFile(forms.Form):
    """The file of ready records."""

    file = forms.FileField(
        label="就业信息文件", allow_empty_file=True,
        error_messages={"required": "就业信息文件还没有选择", "invalid": "文件没有传完，请重新选择"},
    )  # fmt: skip


@audience(Role.SCHOOL, area=EMPLOYMENT)
def uploads(request: Request) -> HttpResponse:
    """The door, and what came in so far by file or through the API."""
    actor, cohort = request.actor, request.cohort
    form = RecordsFile(request.POST, request.FILES) if request.method == "POST" else RecordsFile()
    if request.method == "POST" and not actor.may_write(EMPLOYMENT):
        raise Http404
    if form.is_bound and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = records.receive(actor, cohort, file.name, file.chunks())
            return redirect("roster:record_upload", upload.public_id)
        except (Unreadable, Stopped) as why:
            form.add_error("file", str(why))
    found = (
        EmploymentUpload.objects.seen_by(actor).filter(cohort=cohort).select_related("account").order_by("-id")[:SHOWN]
    )
    return render(request, "roster/record_uploads.html", {
        "form": form, "uploads": found, "cohort": cohort, "may_write": actor.may_write(EMPLOYMENT),
        "confirms": confirms(School.objects.get(pk=actor.node), cohort),
    }, status=422 if form.errors else 200)  # fmt: skip


@audience(Role.SCHOOL, area=EMPLOYMENT)
def template(request: Request) -> HttpResponse:
    """The workbook to fill in."""
    return download(records.empty_template(request.cohort), f"就业信息模板-{request.cohort}届.xlsx")


@audience(Role.SCHOOL, area=EMPLOYMENT)
def upload(request: Request, public_id: UUID) -> HttpResponse:
    """One upload: progress while it is at work, then the preview part by part, then what was written."""
    found = seen(request, public_id)
    part, after = request.GET.get("part", ""), request.GET.get("after", "")
    shown: dict[str, Any] = {"part": "", "lines": []}
    if found.state == "preview":
        part = part if any(part == key for key, *_ in PARTS) else first_part(found)
        behind = int(after[:10]) if after.isascii() and after.isdigit() else 0
        shown = {"part": part, "lines": preview.lines(found, part, behind)}
    return render(request, "roster/record_upload.html", {
        "upload": found, "busy": found.state in BUSY, "parts": PARTS, "page_size": preview.PAGE,
        "may_write": request.actor.may_write(EMPLOYMENT), "confirms": confirms(found.school, found.cohort), **shown,
    }, block={"job": "job"})  # fmt: skip


@audience(Role.SCHOOL, area=EMPLOYMENT, write=True)
def decide(request: Request, public_id: UUID, verdict: str) -> HttpResponse:
    """Have all good lines written, or give the upload up."""
    found = seen(request, public_id)
    if request.method == "POST":
        try:
            (records.request_writing if verdict == "write" else records.drop)(found, request.actor)
        except Stopped as why:
            say(request, str(why), "warn")
        else:
            if verdict == "drop":
                say(request, "已放弃这份文件，登记的去向没有变化。")
                return redirect("roster:record_uploads")
    return redirect("roster:record_upload", public_id)


@audience(Role.SCHOOL, area=EMPLOYMENT)
def refused(request: Request, public_id: UUID) -> HttpResponse:
    """The refused lines in the shape of the file, wrong cells marked."""
    found = seen(request, public_id)
    if not found.counts.get("refused"):
        raise Http404
    try:
        content = records.refused_workbook(found, request.actor)
    except OSError:
        say(request, "原文件已经清理，重新上传一次就能再下载。", "warn")
        return redirect("roster:record_upload", public_id)
    return download(content, f"要修改的行-{found.filename.rpartition('.')[0] or found.filename}.xlsx")


def seen(request: Request, public_id: UUID) -> EmploymentUpload:
    """The upload of that id as far as whoever asks may see it; Http404 else (ORG-01)."""
    found = EmploymentUpload.objects.seen_by(request.actor).select_related("school").filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


def confirms(school: School, cohort: int) -> bool:
    """Whether the school's graduates are asked to confirm what is reported (CON-01)."""
    return openings(school.province_id, cohort)[Module.CONFIRMATION]


def first_part(found: EmploymentUpload) -> str:
    """The part that is opened unasked: what has to be looked at first."""
    return next((key for key, _, _ in PARTS if found.counts.get(key)), "new")
