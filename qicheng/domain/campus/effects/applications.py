"""What acts on applications do: fill in, submit, notice in public, end, print the result (CAM-05)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qicheng.domain.campus.effects.made import make_form
from qicheng.domain.campus.effects.news import publish, take_down
from qicheng.domain.campus.models import Application, NewsKind, Purpose
from qicheng.domain.campus.queries.applications import (
    RESULT,
    address_of,
    ahead,
    due,
    ended,
    facts,
    intended,
    notice_of,
    words_of_day,
)
from qicheng.domain.campus.queries.made import version_by
from qicheng.domain.campus.sheets.applications import EXAMPLES, days_of_notice, filled, said_by, whole
from qicheng.domain.campus.sheets.made import roster_line, sheet_of
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import SYSTEM
from qicheng.foundation.flow.gather import freeze_proofs
from qicheng.foundation.flow.perform import Stopped, clock, find, perform, timeline
from qicheng.foundation.kit.calendar import day_of, midnight
from qicheng.foundation.kit.numbers import grouped, report_number
from qicheng.foundation.later import later
from qicheng.foundation.papers import store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.domain.campus.models import MadeForm
    from qicheng.foundation.access import Actor
    from qicheng.foundation.papers.models import Paper

TEMPLATE = Path(__file__).parent.parent / "templates/campus/result.typ"


def take_over(actor: Actor, cohort: int, key: str) -> MadeForm:
    """Begin one of the examples as a form of the actor's school; nothing is published by it."""
    given, fields, terms = EXAMPLES[key]
    return make_form(actor, cohort, Purpose.APPLICATION, given, fields, terms)


# ---- acts


def application(actor: Actor, *, form: MadeForm) -> Application:
    """The unsaved draft of an application."""
    case = intended(Graduate.objects.seen_by(actor).select_related("college").get(), form)
    case.waiting_since = case.begun_at = clock()
    return case


def take_version(case: Application, actor: Actor) -> None:
    """Under the form's lock: the version that is published now, with its terms, stays the case's own."""
    form = case.above("form")
    assert form is not None
    case.made = version_by(form.current_id)
    terms = whole(case.made.terms)
    case.name, case.levels, case.notice_days = form.title, terms["levels"], days_of_notice(terms)


def edit(case: Application, actor: Actor, **typed: Any) -> Mapping[str, Any]:
    """Keep what the graduate typed; nothing has to be whole before it is submitted."""
    sheet = sheet_of(case.made.fields)
    before, case.answers = case.answers, sheet.stored({**case.answers, **typed})
    return sheet.changes(before, case.answers)


def submit(case: Application, actor: Actor) -> Mapping[str, Any]:
    """Keep what was answered to what was asked, the roster line as it is now, and the proofs."""
    sheet = sheet_of(case.made.fields)
    form = sheet.form(case.cohort)(case.answers)
    form.is_valid()
    before, case.answers = case.answers, sheet.stored(form.cleaned_data)
    case.line = roster_line(
        Graduate.objects.unscoped("the case's own graduate").select_related("college").get(pk=case.graduate_id)
    )
    case.submitted_at = clock(case)
    return {**sheet.changes(before, case.answers), **freeze_proofs(case), **(pass_on(case, actor) or {})}


def take_back(case: Application, actor: Actor) -> None:
    """A draft again."""
    case.submitted_at = None


def pass_on(case: Application, actor: Actor) -> Mapping[str, Any] | None:
    """Whoever has it consents: into the public notice, or to the end with a number and a result."""
    following = ahead(case)
    if following == "noticed":
        case.noticed_until = midnight(day_of(clock(case)) + timedelta(days=case.notice_days + 1))
        title, words = notice_of(case)
        publish(actor, case.school_id, case.cohort, NewsKind.NOTICE, title, words, source=source_of(case))
        return {"公示": ["", f"{case.notice_days} 天"]}
    if following == "done":
        return finish(case, actor)
    return None


def source_of(case: Application) -> str:
    """Under which name the public notice of a case stands among the news."""
    return f"{case.flow_name}:{case.public_id}"


def finish(case: Application, actor: Actor) -> Mapping[str, Any]:
    """The end: a number, and where the version prints a result, its making after commit."""
    end(case, actor)
    case.number = report_number(case.cohort, case.school.code)
    if whole(case.made.terms)["result_text"]:
        later("campus.make_result", case=str(case.public_id))
    return {"编号": ["", grouped(case.number)]}


def end(case: Application, actor: Actor) -> None:
    """It is over, and so is its public notice."""
    case.closed_at = clock(case)
    if case.noticed_until is not None:
        take_down(actor, case.school_id, case.cohort, source_of(case))


# ---- time and paper


def end_notices() -> int:
    """End what was noticed in public for its days; how many those were. Called by the timetable."""
    number = 0
    for public_id in due():
        try:
            perform(find(Application, public_id, SYSTEM), "issue", SYSTEM)
            number += 1
        except Stopped:
            continue
    return number


def make_result(case_id: str) -> Paper | None:
    """Print the result of an application that has ended, once; None where it prints none."""
    case = ended(case_id)
    if case is None or not whole(case.made.terms)["result_text"]:
        return None
    record = next(one for one in reversed(timeline(case)) if one.after == "done" and one.before != "done")
    return store.make(
        RESULT, TEMPLATE, result_values(case), record=str(record.pk), flow=case.flow_name, case=str(case.public_id),
        cohort=case.cohort, school_id=case.school_id, number=case.number,
    )  # fmt: skip


def result_values(case: Application) -> dict[str, Any]:
    """What is printed, from what the case froze: the same case gives the same values for ever."""
    assert case.closed_at is not None
    day, terms, fields = words_of_day(case.closed_at), whole(case.made.terms), case.made.fields
    values = said_by(fields, case.answers, case.line, facts(case, case.school.name, day))
    return printed(
        terms, values, case.school.name, grouped(case.number), day, address_of(case.number), timezone.localtime(case.closed_at).isoformat(timespec="seconds")
    )  # fmt: skip


def printed(
    terms: Mapping[str, Any], values: Mapping[str, str], school: str, number: str, day: str, address: str, made_at: str
) -> dict[str, Any]:
    """What the template `result.typ` is given."""
    said = whole(terms)
    paragraphs = [line.strip() for line in filled(said["result_text"], values).splitlines() if line.strip()]
    return {
        "title": filled(said["result_title"], values), "school": school, "number": number, "day": day, "paragraphs": paragraphs,
        "qr": address, "address": address, "made_at": made_at,
    }  # fmt: skip
