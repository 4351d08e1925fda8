"""All other destinations, each declared once (DES-01): which there are in an edition, what each asks, and what it reports.

A further type is one `Destination` in one of the files beside this, added to that file's list; nothing else names types. Types that a
room above declares for a flow of its own are known by their keys, and offered by that flow alone.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from qicheng.domain.registration.sheets.agreement import EMPLOYER
from qicheng.foundation import codes

from . import employment, study, unemployed
from .declare import EDITIONS, Around, Destination, Group, Guide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.foundation.papers import ProofKind

__all__ = [
    "EDITIONS", "REGISTRY", "Around", "Destination", "Group", "Guide", "by_group", "declare", "fill", "found_at", "is_directed", "lines", "of",
    "proofs_of", "record_values", "types", "types_of", "unit_shown",
]  # fmt: skip

NEWEST = EDITIONS[-1]
# Columns of the employment record that a type may fill in, as `roster.effects.write_record` takes them.
RECORD = (
    "employer_name", "credit_code", "nature", "industry", "area", "address", "job_category", "contact", "phone", "mobile", "email",
    "number",
)  # fmt: skip
REGISTRY: dict[str, Destination] = {}
# Types of flows of rooms above, by their keys.
_ELSEWHERE: dict[str, Destination] = {}
for _one in (*employment.DESTINATIONS, *study.DESTINATIONS, *unemployed.DESTINATIONS):
    if _one.key in REGISTRY:
        raise ValueError(f"destination {_one.key} is declared twice")
    REGISTRY[_one.key] = _one


def declare(*types: Destination) -> None:
    """Let a room above have types of its own, each with the name of its flow before its key; said once, when the room starts.

    Whatever asks for a type by its key knows them: form, proofs, record, review and lists. They are no types of the national edition,
    so `types`, `by_group` and `found_at` leave them out. ValueError for a key that is taken or does not begin with its flow.
    """
    for one in types:
        if one.key in REGISTRY or _ELSEWHERE.get(one.key, one) is not one or not one.key.startswith(f"{one.flow}_"):
            raise ValueError(f"destination {one.key} of {one.flow} cannot be declared")
        _ELSEWHERE[one.key] = one


def types_of(flow: str) -> dict[str, Destination]:
    """key → type of all that a flow registers, of every edition; nothing for the ways of agreements, which have no types."""
    return {one.key: one for one in (*REGISTRY.values(), *_ELSEWHERE.values()) if one.flow == flow}


def of(key: str) -> Destination:
    """The type of that key, of any edition and any flow. KeyError if there is none."""
    return REGISTRY[key] if key in REGISTRY else _ELSEWHERE[key]


def is_directed(training_mode: str) -> bool:
    """Whether a training mode leaves one type alone: 定向/委培毕业去向补充登记 (ROS-06, DES-06)."""
    modes = codes.table("training_modes")
    return modes.has(training_mode) and modes.row(training_mode)["may_register_other"] == "0"


def types(edition: str, training_mode: str = "") -> list[Destination]:
    """What a graduate of this training mode may choose in an edition, group after group, in the order of the guide (REG-12)."""
    mine = "directed" if is_directed(training_mode) else "other"
    found = [one for one in REGISTRY.values() if edition in one.editions and one.for_training == mine]
    return sorted(found, key=lambda one: list(Group).index(one.group))


def by_group(edition: str, training_mode: str = "") -> dict[Group, list[Destination]]:
    """The same, under the groups that have something to choose."""
    found: dict[Group, list[Destination]] = {}
    for one in types(edition, training_mode):
        found.setdefault(one.group, []).append(one)
    return found


def found_at(place: str, edition: str) -> list[Destination]:
    """The types to which two answers lead ('unit.letter'), in the order of the guide; the third question chooses among them."""
    return [one for one in types(edition) if place in one.found]


def fill(
    key: str, cleaned: Mapping[str, Any], *, origin: str = "", directed_unit: str = "", graduate: Any = None,
    held: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The terms to keep of a clean form, with what follows from them (DES-02).

    `origin` is the graduate's place of origin (six digits), `directed_unit` the unit that the school uploaded (ROS-06), `graduate` the
    roster line itself, for types that read more of it, `held` the terms that these replace, for what a school has marked in them.
    """
    return of(key).filled(cleaned, Around(origin, directed_unit, graduate, held or {}))


def proofs_of(key: str, terms: Mapping[str, Any]) -> tuple[ProofKind, ...]:
    """The kinds of proof that a case of these terms takes."""
    return of(key).proofs_asked(terms)


def unit_shown(key: str, terms: Mapping[str, Any]) -> dict[str, Any]:
    """What stands for the unit in `employer_shown` and `employer_name` (as `name`); '' where the type asks no such thing."""
    record = record_values(key, terms)
    return {one.key: record["employer_name" if one.key == "name" else one.key] for one in EMPLOYER}


def record_values(key: str, terms: Mapping[str, Any]) -> dict[str, Any]:
    """What is written into the employment record: the national code as `destination`, and every column, '' where there is nothing."""
    kind = of(key)
    signed = kind.value("signed_on", terms)
    return {
        "destination": kind.national_code(terms),
        **{column: kind.value(column, terms) for column in RECORD},
        "signed_on": date.fromisoformat(signed) if signed else None,
    }


def lines(key: str, terms: Mapping[str, Any], edition: str = NEWEST) -> list[tuple[str, str]]:
    """(label, value) for pages: the type first, then everything asked and derived; '' where nothing was filled in."""
    return [("毕业去向类型", of(key).name(edition)), *of(key).lines(terms)]
