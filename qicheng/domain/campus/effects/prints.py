"""Makes the printed forms: the same bytes for the same words, kept, each download on record (PKU-06)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils import timezone

from qicheng.domain.campus.queries.prints import said
from qicheng.domain.campus.sheets.prints import lacking, laid_out
from qicheng.foundation.flow.perform import Refused, note
from qicheng.foundation.papers import store
from qicheng.foundation.papers.typeset import MissingGlyphs, typeset

if TYPE_CHECKING:
    from qicheng.domain.campus.queries.prints import Printable
    from qicheng.domain.campus.sheets.prints import Form
    from qicheng.foundation.access import Actor

TEMPLATE = Path(__file__).parent.parent / "templates/campus/print.typ"


def printed(form: Form, case: Printable, actor: Actor) -> bytes:
    """The form about a case that `actor` may see, as PDF; on record. Raises Refused where something is missing, or cannot be printed, and `store.Damaged`."""
    words = said(form, case)
    if gaps := lacking(form, words):
        raise Refused(f"还没有填：{'、'.join(gaps)}。填好以后再打印{form.title}。")
    made_at = timezone.localtime(case.submitted_at or case.begun_at).isoformat(timespec="seconds")
    values = laid_out(form, words, school=case.school.name, cohort=case.cohort, made_at=made_at)
    told = json.dumps([str(case.public_id), values], ensure_ascii=False, sort_keys=True)
    record, kind = hashlib.sha256(told.encode()).hexdigest(), f"campus.{form.key}"
    origin = store.Origin(flow=case.flow_name, case=str(case.public_id), cohort=case.cohort, school_id=case.school_id)
    paper = store.expect(kind, record=record, **origin)
    if not paper.is_made:
        try:
            paper = store.keep(kind, typeset(TEMPLATE, values), record=record, **origin)
        except MissingGlyphs as gap:
            paper = store.hold(kind, gap.said_of(form.title), record=record, **origin)
    if not paper.is_made:
        raise Refused(f"{paper.reason}。")
    # Beside the case, not on its timeline: what happened to a case is not who printed it.
    note(
        actor,
        "print",
        case.flow_name,
        {"表格": ["", form.title]},
        subject=f"print:{case.public_id.hex}",
        cohort=case.cohort,
        school=case.school_id,
    )
    return store.read(paper)
