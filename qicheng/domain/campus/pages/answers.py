"""What was answered to a questionnaire, as its school looks at it: how many, in numbers, in words, as a workbook; who has not (PKU-08)."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import content_disposition_header

from qicheng.domain.campus.effects import questionnaires as effects
from qicheng.domain.campus.effects.reminding import AT_ONCE
from qicheng.domain.campus.listings import questionnaires as listings
from qicheng.domain.campus.models import Purpose
from qicheng.domain.campus.queries import questionnaires as queries
from qicheng.domain.campus.queries.made import versions_of
from qicheng.domain.campus.sheets.made import field_of
from qicheng.domain.campus.sheets.questionnaires import FEWEST, questions
from qicheng.foundation import codes
from qicheng.foundation.access import Area
from qicheng.foundation.flow.perform import Stopped, note
from qicheng.foundation.flow.words import moment
from qicheng.foundation.kit import workbooks
from qicheng.foundation.kit.calendar import day_of
from qicheng.foundation.listing.download import XLSX
from qicheng.foundation.listing.page import render, say

from .made import building

if TYPE_CHECKING:
    from collections.abc import Callable

    from qicheng.domain.campus.models import MadeForm
    from qicheng.domain.campus.queries.questionnaires import Look
    from qicheng.foundation.access.pages import Request

    Page = Callable[..., HttpResponse]

MOST_ROWS = 20_000
PERSON = ("姓名", "学号", "学院", "学历", "专业", "提交时间")


def about_answers(*, write: bool = False) -> Callable[[Page], Page]:
    """A page about the answers to a questionnaire that was published."""

    def decorate(view: Page) -> Page:
        @building(write=write)
        @wraps(view)
        def asked(request: Request, form: MadeForm, *given: Any, **named: Any) -> HttpResponse:
            if form.purpose != Purpose.QUESTIONNAIRE or form.current is None:
                raise Http404
            return view(request, form, *given, **named)

        return asked

    return decorate


def cohort_of(request: Request, form: MadeForm) -> int:
    """The cohort of the questionnaire, or the one looked at where it is for every one."""
    return form.cohort or request.cohort


def looked_at(request: Request, form: MadeForm) -> Look:
    """All answers that count now."""
    return queries.looked_at(request.actor, form, cohort_of(request, form), day_of(timezone.now()))


@about_answers()
def results(request: Request, form: MadeForm) -> HttpResponse:
    """How many answered, college by college; question by question what was chosen, with the mean of numbers."""
    cohort, look = cohort_of(request, form), looked_at(request, form)
    part, chosen = queries.narrowed(look, request.GET)
    number, found = queries.results(part)
    turnout, (colleges, levels) = queries.turnout(request.actor, form, cohort), queries.divisions(look)
    return render(request, "campus/questionnaire_results.html", {
        "row": form, "cohort": cohort, "look": look, "number": number, "results": found, "chosen": chosen, "fewest": FEWEST,
        "divisions": [(key, label, options) for key, label, options in (("college", "学院", colleges), ("level", "学历", levels)) if len(options) > 1],
        "turnout": turnout, "asked": sum(one.asked for one in turnout), "answered": sum(one.answered for one in turnout),
        "may_write": request.actor.may_write(Area.EMPLOYMENT),
    })  # fmt: skip


@about_answers()
def written(request: Request, form: MadeForm, key: str) -> HttpResponse:
    """What was written to one question, page by page."""
    look, every = looked_at(request, form), questions([one.fields for one in versions_of(form) if one.published_at])
    entry = next((one for one in every if one["key"] == key and one["kind"] in queries.LISTED), None)
    if entry is None or not look.number:
        raise Http404
    listing = listings.nameless_words() if look.is_anonymous else listings.words()
    asked = {**request.GET.dict(), "form": str(form.pk), "key": key, "until": str(look.until)}
    page = listing.page(request.actor, asked, look.cohort)
    if look.is_anonymous and page.total < FEWEST:
        raise Http404
    return render(request, "campus/questionnaire_words.html", {"row": form, "entry": entry, "page": page, "look": look})


@about_answers()
def people(request: Request, form: MadeForm) -> HttpResponse:
    """Who has answered and who has not: that is all that is said of a person where it is anonymous."""
    asked, cohort = {**request.GET.dict(), "form": str(form.pk)}, cohort_of(request, form)
    missing = listings.people().count(request.actor, {"form": str(form.pk), "answered": "no"}, cohort)
    return render(request, "campus/questionnaire_people.html", {
        "row": form, "page": listings.people().page(request.actor, asked, cohort), "missing": missing,
        "may_remind": request.actor.may_write(Area.EMPLOYMENT) and not queries.has_ended(form, day_of(timezone.now())),
    })  # fmt: skip


@about_answers(write=True)
def remind(request: Request, form: MadeForm) -> HttpResponse:
    """Remind whoever has not answered, once a day at most, so many at a time."""
    if request.method == "POST":
        cohort, told = cohort_of(request, form), 0
        asked = {"form": str(form.pk), "answered": "no", "college": request.POST.get("college", "")}
        try:
            found = listings.people().head(request.actor, asked, cohort, AT_ONCE)
            while found and told < AT_ONCE:
                told += effects.remind(form, [row.public_id for row in found], request.actor, cohort)
                after = listings.people().mark(found[-1].student_number, found[-1].id)
                found = listings.people().head(request.actor, asked | {"after": after}, cohort, AT_ONCE)
        except Stopped as stopped:
            say(request, str(stopped), "warn")
        else:
            words = f"已提醒 {told} 人，今天不再重复提醒。" if told else "没有要提醒的人：都填了，或者今天提醒过。"
            say(request, words, "ok" if told else "warn")
    return redirect("campus:made_people", form.purpose, form.public_id)


@about_answers()
def workbook(request: Request, form: MadeForm) -> HttpResponse:
    """One row for each answer, on record; of an anonymous questionnaire without who it was, and once it has ended."""
    look = looked_at(request, form)
    # Rows of two parts that cross would be rows of fewer people than either: of an anonymous one there is the whole alone.
    part = look if look.is_anonymous else queries.narrowed(look, request.GET)[0]
    why = unready(part)
    if why:
        say(request, why, "warn")
        return redirect("campus:made_results", form.purpose, form.public_id)
    every = [field_of(one) for one in questions([one.fields for one in versions_of(form) if one.published_at])]
    labels: dict[str, int] = {}
    for field in every:
        labels[field.label] = labels.get(field.label, 0) + 1
    headings = [f"{f.label}（{f.key}）" if labels[f.label] > 1 or f.label in PERSON else f.label for f in every]
    level, person = codes.table("education_levels").label, () if look.is_anonymous else PERSON
    lines = [
        [*(() if look.is_anonymous else (row.name, row.student_number, row.college, level(row.level), row.major, moment(row.submitted_at))),
         *(field.shown(row.answers.get(field.key)) for field in every)]
        for row in queries.answer_rows(part)
    ]  # fmt: skip
    about = {"问卷": ["", form.title], "条数": ["", len(lines)]}
    note(
        request.actor, "export", effects.ABOUT, about, subject=str(form.public_id), cohort=look.cohort, school=form.school_id
    )  # fmt: skip
    name = f"{form.title}-{timezone.localtime():%Y%m%d-%H%M}.xlsx"
    return HttpResponse(workbooks.write([*person, *headings], lines, sheet="回答"), content_type=XLSX, headers={
        "Content-Disposition": content_disposition_header(True, name) or "", "Cache-Control": "no-store",
    })  # fmt: skip


def unready(look: Look) -> str:
    """Why there is no workbook; '' where there is one."""
    if look.is_anonymous and not look.is_divided:
        return "匿名的问卷截止以后才能下载，截止以前看这一页的汇总。"
    if not look.number:
        return f"还没有可以下载的回答{f'：匿名的问卷不足 {FEWEST} 份不显示' if look.is_anonymous else ''}。"
    return (
        f"一次最多下载 {MOST_ROWS:,} 份，先按学院或学历筛选。"
        if look.number > MOST_ROWS and not (look.colleges or look.levels)
        else ""
    )
