"""Proofs of a case: one page to bring, order and remove them, and each of them shown to whoever sees the case (REG-09)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow import gather
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import NotFound, Stopped, find
from qicheng.foundation.kit.proofs import LIMITS, Busy, Unreadable
from qicheng.foundation.listing.page import render, say
from qicheng.foundation.papers import proofs as kept
from qicheng.foundation.papers.models import Proof
from qicheng.foundation.papers.store import Damaged
from qicheng.interfaces.web import menus

if TYPE_CHECKING:
    from uuid import UUID

    from django.core.files.uploadedfile import UploadedFile

    from qicheng.foundation.access import Actor
    from qicheng.foundation.access.pages import Request
    from qicheng.foundation.flow.gather import Gathered
    from qicheng.foundation.flow.perform import Case

ACCEPT = "image/jpeg,image/png,image/webp,image/heic,image/heif,application/pdf"
SHRUNK_TO = 300
NAMES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "application/pdf": "pdf"}
TURNS = {"up": -1, "down": 1}


class Several(forms.FileInput):
    """A control that takes several files."""

    allow_multiple_selected = True


class SeveralFiles(forms.FileField):
    """A field of several files, checked where they are taken."""

    widget = Several

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        """The files, at least one."""
        files: list[UploadedFile] = [file for file in data or () if file]
        if not files:
            raise forms.ValidationError("先选择图片或 PDF")
        return files


class Files(forms.Form):
    """Files of one kind of proof."""

    added = SeveralFiles()
    use_required_attribute = False

    def __init__(self, of: Gathered, given: Any = None, files: Any = None) -> None:
        super().__init__(given, files, prefix=of.kind.key)
        field = self.fields["added"]
        field.label, field.help_text, field.required = f"添加{of.kind.label}", of.kind.hint, of.lacks > 0


@audience(*menus.EVERYBODY)
def page(request: Request, flow: str, public_id: UUID) -> HttpResponse:
    """The proofs of a case, kind by kind, with all that can be done to them now."""
    case = seen(request, flow, public_id)
    why = gather.why_not_now(case, request.actor)
    found = gather.gathered(case)
    if not found:
        raise Http404
    asked = [(one, Files(one)) for one in found]
    if request.method == "POST":
        wanted = request.POST.get("kind", "")
        asked = [
            (one, Files(one, request.POST, request.FILES) if one.kind.key == wanted else form) for one, form in asked
        ]
        form = next((form for _, form in asked if form.is_bound), None)
        if form is None:
            raise Http404
        number = taken(case, wanted, form, request.actor)
        if number:
            say(request, f"已添加 {number} 份。")
        if not form.errors:
            return redirect("proofs", flow, public_id)
        asked = [
            (one, form if one.kind.key == wanted else Files(one))
            for one, (_, form) in zip(gather.gathered(case), asked, strict=True)
        ]
    return render(request, "proofs.html", {
        "case": case, "asked": asked, "why": why, "accept": ACCEPT, "shrunk_to": SHRUNK_TO, "frame": menus.FRAMES[request.actor.role],
        "back": reverse(case.detail, args=[case.public_id]), "heading": "证明材料",
    }, status=422 if any(form.errors for _, form in asked) else 200)  # fmt: skip


@audience(*menus.EVERYBODY)
def proof(request: Request, public_id: UUID, part: str = kept.WHOLE) -> HttpResponse:
    """A proof, its small picture or one page of it: for those who may see its case, as what it is and nothing else."""
    found, _ = _theirs(request, public_id)
    return shown(found, part)


def shown(found: Proof, part: str) -> HttpResponse:
    """One part of a proof as an answer of its own; Http404 where there is none."""
    try:
        content, media = kept.read_proof(found, part)
    except (KeyError, Damaged) as gone:
        raise Http404 from gone
    response = HttpResponse(content, content_type=media)
    # A PDF is saved, never opened here: its pages are looked at as pictures.
    placed = "attachment" if media == Proof.Media.PDF else "inline"
    response["Content-Disposition"] = f'{placed}; filename="{found.public_id.hex[:12]}.{NAMES[media]}"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@audience(*menus.EVERYBODY)
def change(request: Request, public_id: UUID, what: str) -> HttpResponse:
    """Remove a proof, or move it up or down among its kind."""
    found, case = _theirs(request, public_id)
    try:
        if what == "remove":
            gather.remove_proof(case, public_id, request.actor)
            say(request, "已移除一份材料。")
        else:
            gather.move_proof(case, public_id, request.actor, TURNS[what])
    except NotFound:
        raise Http404 from None
    except Stopped as why:
        say(request, str(why), "warn")
    return redirect(f"{reverse('proofs', args=[found.flow, found.case])}#k-{found.kind}")


def seen(request: Request, flow: str, public_id: UUID | str) -> Case:
    """The case that whoever asks may see; Http404 else."""
    if flow not in FLOWS:
        raise Http404
    try:
        case = find(FLOWS[flow].model, public_id, request.actor)
    except NotFound:
        raise Http404 from None
    if case.flow_name != flow:
        raise Http404
    return case


def _theirs(request: Request, public_id: UUID) -> tuple[Proof, Case]:
    """A proof with its case, found through the case's scope; one that was removed before it was ever submitted is not there."""
    found = Proof.objects.filter(public_id=public_id).first()
    if found is None or (found.removed_at is not None and found.frozen_at is None):
        raise Http404
    return found, seen(request, found.flow, found.case)


def taken(case: Case, kind: str, form: Files, actor: Actor) -> int:
    """How many of the files that came were taken; what stands against the others is put to the form, by their names."""
    files = form.cleaned_data["added"] if form.is_valid() else []
    number = 0
    for file in files:
        try:
            gather.add_proof(case, kind, _read(file), actor)
            number += 1
        except NotFound:
            raise Http404 from None
        except (Unreadable, Busy, Stopped) as why:
            form.add_error("added", f"{file.name}：{why}" if len(files) > 1 else str(why))
    return number


def _read(file: UploadedFile) -> bytes:
    """The file, or just enough of one that is too large to be told so."""
    content: bytes = file.read(LIMITS.size + 1)
    return content
