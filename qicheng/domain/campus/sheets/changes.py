"""The forms of what changes after approval: which fields of what is in force may change, and which proofs that takes (CAM-04)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import DestinationAmendment, FileAmendment
from qicheng.domain.campus.sheets import files
from qicheng.domain.campus.sheets.consents import loose
from qicheng.domain.registration.sheets import destinations
from qicheng.domain.registration.sheets.destinations.fields import CONTACT, SCHOOL, TERM, UNIT
from qicheng.foundation.access import Role
from qicheng.foundation.papers import ProofKind
from qicheng.foundation.sheets import Field, Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.domain.campus.models import Amendment

SAME_UNIT, OTHER_UNIT, FILES = "destination_amendment", "unit_amendment", "file_amendment"
WHY = Field("why", "修改原因", "long", limit=500, hint="哪里变了、为什么变，老师按这里写的审核", group="修改原因")
# What a signed agreement leaves behind when its unit changes.
SIGNED = "10"
RESIGNED = ProofKind("resigned", "原单位的解约函", "原单位盖章的解约函或解约证明", most=3)
SUPPORT = ProofKind("support", "证明材料", "调档函、接收函等，有的交", least=0)
# Headings under which everything is another unit's, when the unit changes.
OF_THE_UNIT = frozenset({UNIT, CONTACT, SCHOOL, TERM})


def identity(kind: str) -> frozenset[str]:
    """The fields that say which unit it is, and which sort of the type: 改签 alone changes them."""
    one = destinations.of(kind)
    named = one.reported.get("employer_name", ("name",))
    return frozenset(
        {*named, "credit_code", "name_foreign", "school_foreign", "school_area", one.subkind, one.coded_by}
    )


def mark(kind: str, terms: Mapping[str, Any]) -> tuple[str, ...]:
    """What makes it this destination and this unit: national code, name, credit code."""
    record = destinations.record_values(kind, terms)
    return tuple("".join(str(record[key] or "").split()) for key in ("destination", "employer_name", "credit_code"))


def now(case: Amendment) -> tuple[str, Mapping[str, Any]]:
    """The type, '' for file and household, and the values that are in force; ('', {}) where nothing is."""
    target = case.target
    return ("", {}) if target is None else (getattr(target, "kind", ""), target.terms)


def held(case: Amendment) -> tuple[str, Mapping[str, Any]]:
    """The same as the application is read against: frozen when it was submitted, until then what is in force."""
    if not case.before or case.standing.turn is Role.GRADUATE:
        return now(case)
    return (case.before_kind if isinstance(case, DestinationAmendment) else ""), case.before


# ---- the form


def sheet_of(case: Amendment) -> Sheet:
    """All that is asked: for the same unit without what says which it is, for another one the whole form of its type."""
    if isinstance(case, FileAmendment):
        own = files.sheet_of(case)  # type: ignore[arg-type]
    else:
        assert isinstance(case, DestinationAmendment)
        own = destinations.of(case.kind).sheet
        if case.flow_name == SAME_UNIT:
            own = without(own, identity(case.kind), now(case)[1])
    return replace(own, name=f"{own.name}Change", fields=(*own.fields, WHY))


def drafted(case: Amendment) -> Sheet:
    """The same while it is being filled in: what is missing may be missing until it is submitted."""
    return replace(loose(sheet_of(case)), check=None)


def without(sheet: Sheet, keys: frozenset[str], values: Mapping[str, Any]) -> Sheet:
    """A sheet less some fields, which stay as `values` have them: they decide what else is asked, and are checked along."""
    fields = [
        replace(one, when=None) if one.when and one.when[0] in keys else one
        for one in sheet
        if one.key not in keys and (not one.when or one.when[0] not in keys or one.is_asked(values))
    ]
    left, whole = {one.key for one in fields}, sheet.check

    def check(given: Mapping[str, Any]) -> dict[str, str]:
        found = whole({**values, **given}) if whole else {}
        return {key: words for key, words in found.items() if key in left}

    return replace(sheet, fields=tuple(fields), check=check)


def values_of(case: Amendment) -> dict[str, Any]:
    """What is filled in, by the keys of the form."""
    return {**case.terms, WHY.key: case.reason}


def start(case: Amendment, held_kind: str, terms: Mapping[str, Any]) -> dict[str, Any]:
    """What the form begins with: what is in force; for another unit only what is not the old unit's."""
    if case.flow_name != OTHER_UNIT:
        return dict(terms)
    assert isinstance(case, DestinationAmendment)
    own, said = destinations.of(case.kind).sheet, identity(case.kind)
    mine = {one.key for one in destinations.of(held_kind).sheet} if held_kind else set()
    return {
        one.key: terms.get(one.key) for one in own if one.key in mine and one.key not in said and one.group not in OF_THE_UNIT
    }  # fmt: skip


def filled(case: Amendment, typed: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are kept of what was typed over what is filled in, with what follows from them (DES-02)."""
    if isinstance(case, FileAmendment):
        return files.kept(case.edition, {**case.terms, **typed})
    assert isinstance(case, DestinationAmendment)
    graduate = case.graduate
    return destinations.fill(
        case.kind, {**case.terms, **typed}, origin=graduate.origin, directed_unit=graduate.directed_unit, graduate=graduate
    )  # fmt: skip


# ---- the proofs


def proofs(case: Any) -> tuple[ProofKind, ...]:
    """What the change takes: of the same unit whatever proves it, of another one the proofs of its type and the letter of the old one."""
    if case.flow_name == FILES:
        return (SUPPORT,)
    asked = destinations.proofs_of(case.kind, case.terms)
    if case.flow_name == SAME_UNIT:
        return tuple(replace(one, least=0) for one in asked) or (SUPPORT,)
    kind, terms = held(case)
    if not kind or not mark(kind, terms)[1]:
        return asked
    left = RESIGNED if mark(kind, terms)[0] == SIGNED else replace(RESIGNED, least=0)
    return (left, *asked)


# ---- old beside new


def lines(case: Amendment, kind: str, terms: Mapping[str, Any]) -> dict[str, str]:
    """label → value of one side, as its reader sees it."""
    if isinstance(case, FileAmendment):
        return dict(files.sheet(case.edition).lines(terms)) if terms else {}
    return dict(destinations.lines(kind, terms, case.edition)) if kind else {}


def compared(case: Amendment) -> list[tuple[str, str, str, bool, str]]:
    """(label, old, new, whether they differ, '') of everything that either side says, as `ui.diff` takes it."""
    old = lines(case, *held(case))
    new = lines(case, case.kind if isinstance(case, DestinationAmendment) else "", case.terms)
    return [
        (label, old.get(label, ""), new.get(label, ""), old.get(label, "") != new.get(label, ""), "")
        for label in dict.fromkeys([*old, *new])
        if old.get(label) or new.get(label)
    ]


def changes(case: Amendment) -> dict[str, list[str]]:
    """label → [old, new] of what differs."""
    return {label: [old, new] for label, old, new, differs, _ in compared(case) if differs}
