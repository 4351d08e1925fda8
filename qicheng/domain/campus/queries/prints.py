"""Which papers a graduate's choice needs, and what a printed form says of a case (PKU-06)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import Deferral, OneChange
from qicheng.domain.campus.sheets.consents import CHANGE
from qicheng.domain.campus.sheets.forms import CENTRE, code_of
from qicheng.domain.campus.sheets.forms import FORMS as CHOICES
from qicheng.domain.campus.sheets.prints import FORMS, Form, lacking, person
from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.queries import student
from qicheng.foundation import codes
from qicheng.foundation.flow.gather import gathered

from .deferral import FOR
from .one_change import in_words
from .profile import closing_day, profile_of

if TYPE_CHECKING:
    Printable = Registration | Deferral | OneChange

# Which of the papers a form of its own prints, by the flow that prints it.
PRINTED_BY = {"defer_dispatch": "deferral", "destination_change": "one_change"}


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that a choice needs: to whom it is brought, by when, and its printed form, if the platform prints one.

    `lacks` names what has to be filled in before it can be printed.
    """

    key: str
    name: str
    to: str
    by: str
    form: Form | None = None
    lacks: tuple[str, ...] = ()


def papers_for(case: Registration) -> list[Paper]:
    """The papers that the choice needs, in the order of the table."""
    table, kind = codes.table("declared_papers"), code_of(case.kind) if case.kind in CHOICES else ""
    rows = [(key, table.row(key)) for key in table]
    closing = closing_day(profile_of(case.school_id, case.cohort))
    found = []
    for key, row in rows:
        if kind and kind in row["kinds"].split("|"):
            form = FORMS.get(row["form"]) if row["form"] not in PRINTED_BY else None
            gaps = tuple(lacking(form, said(form, case))) if form else ()
            found.append(Paper(key, row["name_zh"], row["to_zh"], by_words(row["by"], closing), form, gaps))
    return found


def by_words(by: str, closing: date) -> str:
    """By when a paper is brought, in words."""
    if by == "closing":
        return f"{closing.month} 月 {closing.day} 日院系上报就业方案以前"
    return "提交毕业去向以前，需要暂缓派遣的才办" if by == "before" else "申请更改毕业去向时"


def own_form(case: Deferral | OneChange) -> Form:
    """The printed form of an application."""
    return FORMS["defer_dispatch" if isinstance(case, Deferral) else "destination_change"]


def said(form: Form, case: Printable) -> dict[str, str]:
    """What is known for the form's fields, in words: the graduate as the case froze the line, and what was filled in."""
    words = person(case.student or student(case.graduate))
    match case:
        case Deferral():
            until = case.until
            return words | {
                "kind": FOR,
                "reason": case.reason,
                "until": f"{until.year} 年 {until.month} 月 {until.day} 日",
            }
        case OneChange():
            before = case.before or in_words(case.registration)
            wish = "　".join(filter(None, (CHANGE["wish"].shown(case.wish), case.wish_unit)))
            return words | {"before": before, "wish": wish, "reason": case.reason, "letters": brought(case, "letters")}
    return _filled_in(case) | words


def brought(case: Any, kind: str) -> str:
    """「已上传 2 份」 of a kind of proof, '' where there is none: the copy itself goes with the paper."""
    number = next((len(one.proofs) for one in gathered(case) if one.kind.key == kind), 0)
    return f"已上传 {number} 份" if number else ""


def _filled_in(case: Registration) -> dict[str, str]:
    """What the destination's own form says, under the keys of the printed ones."""
    fields = [*CHOICES[case.kind].sheet, *CHOICES[case.kind].derived]
    shown = {field.key: field.shown(case.terms.get(field.key)) for field in fields}
    unit, goes_to = shown.get("name", ""), case.terms.get("archive_receiver") or ""
    graduate, here = case.graduate, case.school.name
    return shown | {
        "subject": shown.get("major", ""), "school": shown.get("school", ""), "kept_at": CENTRE if goes_to == CENTRE else f"生源地　{goes_to}".strip("　"),
        "occupation": unit, "company": unit, "place": shown.get("area", ""), "licence": brought(case, "business_licence"),
        "archive_now": here if graduate.archive_moved else "", "household_now": here if graduate.household_moved else "",
    }  # fmt: skip
