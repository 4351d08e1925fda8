"""Which sheet and which proofs a case has, and where its values are kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qicheng.foundation.papers import ProofKind
from qicheng.foundation.sheets import Sheet

from . import destinations
from .agreement import AGREEMENT, EMPLOYER, OFFER, PAPER

if TYPE_CHECKING:
    from collections.abc import Mapping

AGREEMENTS = {"offline_signing": AGREEMENT, "supplementary": PAPER}
STAMPED_FORM = ProofKind("stamped", "盖章的就业协议书", "每一页都拍，公章和签字要看得清", least=0)
STAMPED_PAPER = ProofKind("stamped", "盖章的纸质就业协议书", "每一页都拍，公章和签字要看得清")
LETTER = ProofKind("letter", "解约函", "单位盖章的解约函或解约证明", least=0)
STATEMENT = ProofKind("statement", "情况说明", "单位不给解约函时，本人签字的情况说明", least=0)


def sheet_of(case: Any) -> Sheet:
    """The sheet that a graduate fills in for this case."""
    if case.kind:
        return destinations.of(case.kind).sheet
    return AGREEMENTS[case.flow_name]


def drafted(case: Any) -> Sheet:
    """The same while it is being filled in: what is missing may be missing until it is submitted."""
    whole = sheet_of(case)
    return replace(whole, fields=tuple(replace(field, required=False) for field in whole), check=None)


def values_of(case: Any) -> dict[str, Any]:
    """What was filled in, by the keys of the case's sheet."""
    if case.kind:
        return {key: case.terms.get(key) for key in sheet_of(case).keys}
    held = {**case.terms, **case.employer_shown}
    columns = {"job_category": case.job_category, "post": case.post, "paper_number": case.paper_number}
    return {key: columns.get(key) or held.get(key) for key in sheet_of(case).keys}


def fill(case: Any, typed: Mapping[str, Any]) -> None:
    """Keep what was typed where the case has it: columns for what is searched, documents for the rest."""
    if case.kind:
        _fill_destination(case, typed)
        return
    sheet = sheet_of(case)
    values = sheet.stored(typed)
    case.employer_shown = {key: values[key] or "" for key in EMPLOYER.keys}
    kept = OFFER.keys if case.flow_name == "offline_signing" else sheet.keys
    case.terms = {key: values.get(key) for key in kept if key not in EMPLOYER.keys}
    case.post, case.job_category = values.get("post") or "", values.get("job_category") or ""
    case.paper_number = values.get("paper_number") or ""
    case.employer_name = case.employer_shown["name"]


def _fill_destination(case: Any, typed: Mapping[str, Any]) -> None:
    """What was typed, and what follows from it and from the roster (DES-02, ROS-06)."""
    graduate = case.graduate
    case.terms = destinations.fill(
        case.kind, typed, origin=graduate.origin, directed_unit=graduate.directed_unit, graduate=graduate, held=case.terms
    )  # fmt: skip
    case.employer_shown = destinations.unit_shown(case.kind, case.terms)
    written = destinations.record_values(case.kind, case.terms)
    case.destination, case.employer_name = written["destination"], written["employer_name"]
    case.post, case.job_category = case.terms.get("post") or "", written["job_category"]
    case.paper_number = written["number"]


def title_of(case: Any) -> str:
    """What a destination's type is called in the edition of the case (DES-01, REG-12)."""
    return destinations.of(case.kind).name(case.edition)


def proofs_of(case: Any) -> tuple[ProofKind, ...]:
    """The kinds of proof that the case takes (REG-09)."""
    if getattr(case, "kind", ""):
        return destinations.proofs_of(case.kind, case.terms)
    match case.flow_name:
        case "offline_signing":
            return (STAMPED_FORM,)
        case "supplementary":
            return (STAMPED_PAPER,)
        case "offline_dissolution":
            return (LETTER, STATEMENT)
    return ()
