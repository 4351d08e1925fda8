"""The builder: a school designs its own applications and questionnaires, entry by entry, looks at them as its graduates will, publishes them."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from qicheng.domain.campus.effects import applications
from qicheng.domain.campus.effects import made as effects
from qicheng.domain.campus.models import MadeForm, MadeVersion, Purpose
from qicheng.domain.campus.queries import made as queries
from qicheng.domain.campus.queries.profile import has_part
from qicheng.domain.campus.sheets import applications as terms_
from qicheng.domain.campus.sheets import made as sheets
from qicheng.domain.campus.sheets import questionnaires
from qicheng.domain.orgs.models import College, School
from qicheng.domain.orgs.pages import filled, status_of, stood, tried
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import NotFound, noted
from qicheng.foundation.listing.page import render, say
from qicheng.foundation.papers.typeset import MissingGlyphs, typeset

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from qicheng.foundation.access.pages import Request
    from qicheng.foundation.sheets import Sheet

    Page = Callable[..., HttpResponse]

EMPLOYMENT = Area.EMPLOYMENT
# What the page is called on which a form declares what it has beside its entries.
HEADINGS = {Purpose.APPLICATION: "办理规则、打印的结果和公示", Purpose.QUESTIONNAIRE: "谁来填，怎么填"}
EVERYBODY = ("学历", "学院")
# Acts on a whole form that take nothing but the version that was seen, and what is said when they are done.
STEPS: dict[str, tuple[Callable[..., object], str]] = {
    "publish": (effects.publish, "已发布，毕业生现在就能填。"),
    "close": (effects.close, "已关闭，毕业生不能再开始填；已经在办的照常办。"),
    "reopen": (effects.reopen, "已重新开放。"),
    "revise": (effects.revise, "新的一版可以改了。发布以前，毕业生填的还是原来那一版。"),
}
MOVES = {"up": -1, "down": 1}
SAMPLE_NUMBER, SAMPLE_ADDRESS = "2610 0010 ABCD EF23 45", "https://qicheng.example/preview"
ACTS = {
    "add": "新建", "change": "修改名称和日期", "put_entry": "添加或修改一项", "move_entry": "移动一项", "remove_entry": "删除一项",
    "put_terms": "修改办理规则", "publish": "发布", "close": "关闭", "reopen": "重新开放", "revise": "开始新的一版",
}  # fmt: skip


def building(*, write: bool = False) -> Callable[[Page], Page]:
    """A page about one form of the school of whoever asks, whose part is on; the form comes in the place of its public id."""

    def decorate(view: Page) -> Page:
        @audience(Role.SCHOOL, area=EMPLOYMENT, write=write)
        @wraps(view)
        def asked(request: Request, purpose: str, public_id: UUID, *given: Any, **named: Any) -> HttpResponse:
            on_or_404(request, purpose)
            try:
                form = queries.own_form(request.actor, public_id)
            except NotFound as gone:
                raise Http404 from gone
            if form.purpose != purpose:
                raise Http404
            return view(request, form, *given, **named)

        return asked

    return decorate


def on_or_404(request: Request, purpose: str) -> None:
    """Whether the school has the part that a purpose belongs to (CAM, PKU)."""
    part = effects.PARTS.get(purpose)
    if part is None or not has_part(request.actor.node, request.cohort, part):
        raise Http404


# ---- all of a purpose


@audience(Role.SCHOOL, area=EMPLOYMENT)
def forms(request: Request, purpose: str) -> HttpResponse:
    """What the school has made for the cohort, and what it can begin with."""
    on_or_404(request, purpose)
    made = queries.made_by(request.actor, purpose, request.cohort)
    examples = {key: given for key, (given, _, _) in terms_.EXAMPLES.items()} if purpose == Purpose.APPLICATION else {}
    return render(request, "campus/made_forms.html", {
        "purpose": Purpose(purpose), "forms": made, "examples": examples, "may_write": request.actor.may_write(EMPLOYMENT), "cohort": request.cohort,
    })  # fmt: skip


@audience(Role.SCHOOL, area=EMPLOYMENT, write=True)
def new(request: Request, purpose: str) -> HttpResponse:
    """Begin one; `example` in what is sent takes one of the examples over instead."""
    on_or_404(request, purpose)
    actor, cohort = request.actor, request.cohort
    if request.method == "POST" and (key := request.POST.get("example", "")):
        if key not in terms_.EXAMPLES or purpose != Purpose.APPLICATION:
            raise Http404
        form = applications.take_over(actor, cohort, key)
        say(request, "已按示例建好，还没有发布。看过、改好以后再发布。")
        return redirect("campus:made", form.purpose, form.public_id)
    made: list[MadeForm] = []
    form_ = filled(sheets.FORM, request, {})
    done = "已新建，下面一项一项添加要填的内容。"
    if tried(request, form_, lambda given: made.append(effects.make_form(actor, cohort, purpose, given)), done):
        return redirect("campus:made", purpose, made[0].public_id)
    context = {"purpose": Purpose(purpose), "form": form_, "row": None}
    return render(request, "campus/made_spec.html", context, status=status_of(form_))


# ---- one form


@building()
def made(request: Request, form: MadeForm) -> HttpResponse:
    """One form: its entries in order with what can be done to each, its versions, who did what."""
    versions = queries.versions_of(form)
    shown, making = versions[0], versions[0].published_at is None
    fields = shown.fields
    against = [*sheets.faults(fields), *effects.CHECKS[form.purpose](fields, shown.terms)] if making else []
    return render(request, "campus/made.html", {
        "row": form, "purpose": Purpose(form.purpose), "version": shown, "versions": versions, "is_making": making, "against": against,
        "entries": [(sheets.complete(entry), sheets.told(entry, fields[:place])) for place, entry in enumerate(fields)], "kinds": sheets.KINDS,
        "terms": told_terms(form, shown), "about_terms": HEADINGS[Purpose(form.purpose)], "records": noted(effects.ABOUT, case=str(form.public_id), newest=30), "acts": ACTS,
        "may_write": request.actor.may_write(EMPLOYMENT),
    })  # fmt: skip


def terms_of(form: MadeForm) -> tuple[Sheet, Callable[[Any], dict[str, Any]], Callable[[Any], dict[str, Any]]]:
    """What a form of its purpose declares beside its entries: the sheet, the terms of a version as it shows them, what it says as a version keeps it."""
    if form.purpose == Purpose.APPLICATION:
        return terms_.TERMS, terms_.whole, terms_.TERMS.stored
    colleges = College.objects.filter(school=form.school_id).order_by("name").values_list("pk", "name")
    sheet = questionnaires.terms_sheet([(str(pk), name) for pk, name in colleges])
    return sheet, questionnaires.typed, questionnaires.kept


def told_terms(form: MadeForm, version: MadeVersion) -> list[tuple[str, str]]:
    """The same in words."""
    sheet, typed, _ = terms_of(form)
    said = typed(version.terms)
    return [(label, words or ("全部" if label in EVERYBODY else "")) for label, words in sheet.lines(said)]


@building(write=True)
def spec(request: Request, form: MadeForm) -> HttpResponse:
    """Title, words, cohort and days: no part of a version."""
    form_ = filled(sheets.FORM, request, effects.said_of(form))
    act = lambda given: effects.change_form(request.actor, form.public_id, seen(request, form), given, request.cohort)  # noqa: E731
    if tried(request, form_, act, "已保存。"):
        return redirect("campus:made", form.purpose, form.public_id)
    context = {"purpose": Purpose(form.purpose), "form": form_, "row": form}
    return render(request, "campus/made_spec.html", context, status=status_of(form_))


@building(write=True)
def entry(request: Request, form: MadeForm, key: str = "") -> HttpResponse:
    """Add an entry at the end, or change the one of that key."""
    version = queries.in_the_making(form)
    if version is None:
        say(request, "已经发布的内容不能直接改，先开始一个新版本。", "warn")
        return redirect("campus:made", form.purpose, form.public_id)
    fields = version.fields
    place = next((n for n, one in enumerate(fields) if one["key"] == key), len(fields))
    if key and place == len(fields):
        raise Http404
    sheet = sheets.entry_sheet(fields[:place], sheets.kinds_for(form.purpose))
    initial = (
        sheets.typed_of(fields[place]) if key else {"kind": request.GET.get("kind", "text"), "least": 1, "most": 6}
    )
    form_ = filled(sheet, request, initial)
    act = lambda given: effects.put_entry(request.actor, form.public_id, seen(request, form), key, given)  # noqa: E731
    if tried(request, form_, act, "已保存。" if key else "已添加。"):
        if request.POST.get("step") == "more":
            return redirect("campus:made_new_entry", form.purpose, form.public_id)
        return redirect("campus:made", form.purpose, form.public_id)
    return render(
        request,
        "campus/made_entry.html",
        {"row": form, "form": form_, "key": key, "number": place + 1},
        status=status_of(form_),
    )


@require_POST
@building(write=True)
def move(request: Request, form: MadeForm, key: str, step: str) -> HttpResponse:
    """Move an entry up or down, or take it away."""
    actor, at = request.actor, seen(request, form)
    if step in MOVES:
        stood(request, lambda: effects.move_entry(actor, form.public_id, at, key, MOVES[step]), "已移动。")
    elif step == "remove":
        stood(request, lambda: effects.remove_entry(actor, form.public_id, at, key), "已删除这一项。")
    else:
        raise Http404
    return redirect("campus:made", form.purpose, form.public_id)


@require_POST
@building(write=True)
def step(request: Request, form: MadeForm, name: str) -> HttpResponse:
    """Publish, close, open again, begin a new version."""
    if name not in STEPS:
        raise Http404
    act, done = STEPS[name]
    stood(request, lambda: act(request.actor, form.public_id, seen(request, form)), done)
    return redirect("campus:made", form.purpose, form.public_id)


@building(write=True)
def terms(request: Request, form: MadeForm) -> HttpResponse:
    """Who reviews, who may apply, what is printed and noticed in public; whom a questionnaire asks, and what waits for it."""
    version = queries.in_the_making(form)
    if version is None:
        say(request, "已经发布的内容不能直接改，先开始一个新版本。", "warn")
        return redirect("campus:made", form.purpose, form.public_id)
    sheet, typed, kept = terms_of(form)
    before = typed(version.terms)
    form_ = filled(sheet, request, before)

    def act(given: dict[str, Any]) -> None:
        changes = sheet.changes(before, given)
        effects.put_terms(request.actor, form.public_id, seen(request, form), kept(given), changes)

    if tried(
        request, form_, act, "已保存。打印的结果可以预览。" if form.purpose == Purpose.APPLICATION else "已保存。"
    ):
        return redirect("campus:made", form.purpose, form.public_id)
    groups = dict.fromkeys(field.group for field in sheet)
    return render(request, "campus/made_terms.html", {
        "row": form, "form": form_, "groups": {group: [form_[f.key] for f in sheet if f.group == group] for group in groups},
        "names": terms_.names(version.fields) if form.purpose == Purpose.APPLICATION else [], "heading": HEADINGS[Purpose(form.purpose)],
    }, status=status_of(form_))  # fmt: skip


# ---- looking


@building()
def preview(request: Request, form: MadeForm, number: int) -> HttpResponse:
    """A version as its graduates see it: what is typed is checked as theirs is, and kept nowhere."""
    version = numbered(form, number)
    sheet = sheets.sheet_of(version.fields)
    form_ = sheet.form(request.cohort)(request.POST if request.method == "POST" else None)
    values: dict[str, Any] = form_.cleaned_data if form_.is_valid() else {}
    sample = terms_.sample(version.fields)
    said = terms_.whole(version.terms)
    return render(request, "campus/made_preview.html", {
        "row": form, "version": version, "form": form_, "parts": laid_out(version.fields, form_), "known": sheets.known_of(version.fields, sheets.SAMPLE_LINE),
        "proofs": sheets.proofs_of(version.fields, values) if values else tuple(
            kind for kind in sheets.proofs_of([{**one, "when": None} for one in version.fields], {})
        ),
        "answers": sheet.lines(values) if values else [],
        "is_application": form.purpose == Purpose.APPLICATION, "has_result": bool(said["result_text"]),
        "notice": tuple(terms_.filled(said[key], sample) for key in ("notice_title", "notice_text")) if said["notice_text"] else (),
    }, status=422 if form_.is_bound and not values else 200)  # fmt: skip


@building()
def preview_result(request: Request, form: MadeForm, number: int) -> HttpResponse:
    """The printed result of a version with sample values, as a PDF."""
    version = numbered(form, number)
    said = terms_.whole(version.terms)
    if form.purpose != Purpose.APPLICATION or not said["result_text"]:
        raise Http404
    school = School.objects.get(pk=form.school_id).name
    sample = terms_.sample(version.fields) | {"学校": school}
    made_at = timezone.localtime().isoformat(timespec="seconds")
    values = applications.printed(
        said, sample, school, SAMPLE_NUMBER, terms_.FACTS["办结日期"], SAMPLE_ADDRESS, made_at
    )
    try:
        content = typeset(applications.TEMPLATE, values | {"title": values["title"] + "（样张）"})
    except MissingGlyphs as gap:
        say(request, gap.said_of("样张"), "warn")
        return redirect("campus:made", form.purpose, form.public_id)
    return HttpResponse(content, content_type="application/pdf", headers={
        "Content-Disposition": 'inline; filename="preview.pdf"', "Cache-Control": "no-store",
    })  # fmt: skip


@building()
def compare(request: Request, form: MadeForm, number: int) -> HttpResponse:
    """A version beside the one before it: entries added, taken away, moved or changed; what else it declares."""
    version, before = numbered(form, number), numbered(form, number - 1)
    rows = sheets.differences(before.fields, version.fields)
    sheet, typed, _ = terms_of(form)
    changes = sheet.changes(typed(before.terms), typed(version.terms))
    rows += [(label, was, became) for label, (was, became) in changes.items()]
    return render(
        request, "campus/made_compare.html", {"row": form, "version": version, "before": before, "rows": rows}
    )


def laid_out(fields: Sequence[Any], form: Any) -> list[tuple[str, Any]]:
    """(kind, entry or bound field) of what stands in the form itself, in its order: notes between the fields."""
    return [
        ("note", sheets.complete(entry)) if entry["kind"] == "note" else ("field", form[entry["key"]])
        for entry in fields if entry["kind"] not in ("known", "proof")
    ]  # fmt: skip


def numbered(form: MadeForm, number: int) -> MadeVersion:
    """The version of that number; Http404 where there is none."""
    found = next((version for version in queries.versions_of(form) if version.number == number), None)
    if found is None:
        raise Http404
    return found


def seen(request: Request, form: MadeForm) -> int:
    """The version of the form's row that the page showed."""
    sent = request.POST.get("seen", "")
    return int(sent) if sent.isdecimal() and len(sent) < 10 else -1
