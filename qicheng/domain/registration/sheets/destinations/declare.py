"""What a type of destination is: one declaration, from which choice, form, guide, proofs, record and review are read (DES-01)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from qicheng.foundation import codes

from .finding import PLACES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qicheng.foundation.papers import ProofKind
    from qicheng.foundation.sheets import Field, Sheet

    Derive = Callable[[Mapping[str, Any], "Around"], Mapping[str, Any]]

EDITIONS = ("2022", "2023", "2024")
EVERY_EDITION = frozenset(EDITIONS)
SINCE_2023 = frozenset({"2023", "2024"})
ONLY_2022 = frozenset({"2022"})


class Group(StrEnum):
    """The four big groups of REG-10; the first holds agreements, which are registered by flows of their own."""

    AGREEMENT = "agreement"
    EMPLOYMENT = "employment"
    STUDY = "study"
    UNEMPLOYED = "unemployed"

    @property
    def label(self) -> str:
        return {"agreement": "签就业协议书就业", "employment": "其他形式就业", "study": "升学", "unemployed": "未就业"}[
            self.value
        ]


@dataclass(frozen=True, slots=True)
class Guide:
    """What stands beside the choice: what the type is, what proves it, who may choose it (高校毕业生毕业去向分类及证明材料)."""

    definition: str
    proofs: str
    who: str


@dataclass(frozen=True, slots=True)
class Around:
    """What a derived value may come from: place of origin (GB/T 2260), the unit that the school uploaded, the line itself, the terms until now."""

    origin: str = ""
    directed_unit: str = ""
    graduate: Any = None
    held: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Destination:
    """One type. `code` is its national code; where `subkind` names a choice of the sheet whose values are codes, that choice decides.

    `proofs` are asked always, `proofs_of_subkind` beside one value of `subkind`. `derived` are the fields that `derive` fills in
    (DES-02); nobody types them. `reported` says from which field a column of the employment record comes, where the two bear
    different names; of several the first that is filled in. `coded_by` names what `derive` fills in with the national code, where that
    follows from several things. `labels` are its names in editions that call it otherwise.
    `found` are the places to which the questions lead that help to choose (`finding.QUESTIONS`), `answer` what is answered there.
    `flow` registers it; a type of a flow of a room above is chosen there, and no question leads to it.
    """

    key: str
    label: str
    group: Group
    code: str
    sheet: Sheet
    guide: Guide
    proofs: tuple[ProofKind, ...] = ()
    subkind: str = ""
    proofs_of_subkind: Mapping[str, tuple[ProofKind, ...]] = field(default_factory=lambda: MappingProxyType({}))
    derived: tuple[Field, ...] = ()
    derive: Derive | None = None
    reported: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    editions: frozenset[str] = SINCE_2023
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    for_training: str = "other"
    found: tuple[str, ...] = ()
    answer: str = ""
    flow: str = "destination"
    coded_by: str = ""

    def __post_init__(self) -> None:
        """An error for a code that the national table does not know, and for a sub-kind that the sheet does not ask."""
        known = codes.table("destination_types")
        if not known.has(self.code) or self.for_training not in ("directed", "other"):
            raise ValueError(f"destination {self.key}: code {self.code}, for {self.for_training}")
        is_asked_for = self.for_training == "other" and self.flow == "destination"
        if is_asked_for != bool(self.found and self.answer) or not set(self.found) <= PLACES:
            raise ValueError(f"destination {self.key}: found at {self.found} by {self.answer!r}")
        offered = {value for value, _ in self.sheet[self.subkind].choices} if self.subkind in self.sheet.keys else set()
        if (self.subkind and not offered) or not set(self.proofs_of_subkind) <= offered:
            raise ValueError(f"destination {self.key}: sub-kind {self.subkind}")

    def name(self, edition: str = "") -> str:
        """The label in that edition of the guide."""
        return self.labels.get(edition, self.label)

    def national_code(self, terms: Mapping[str, Any]) -> str:
        """Two or three digits, as reported: the sub-kind's own code where it has one."""
        chosen = str(terms.get(self.coded_by or self.subkind) or "")
        return chosen if codes.table("destination_types").has(chosen) else self.code

    def proofs_asked(self, terms: Mapping[str, Any]) -> tuple[ProofKind, ...]:
        """The proofs of these terms: those of the type and those of its sub-kind."""
        return (*self.proofs, *self.proofs_of_subkind.get(str(terms.get(self.subkind) or ""), ()))

    def filled(self, cleaned: Mapping[str, Any], around: Around | None = None) -> dict[str, Any]:
        """What is kept of a clean form: its values as JSON, and what follows from them (DES-02)."""
        kept = self.sheet.stored(cleaned)
        return kept | dict(self.derive(kept, around or Around())) if self.derive else kept

    def lines(self, terms: Mapping[str, Any]) -> list[tuple[str, str]]:
        """(label, value) of all that is asked and derived, as its reader sees it."""
        return [*self.sheet.lines(terms), *((one.label, one.shown(terms.get(one.key))) for one in self.derived)]

    def value(self, column: str, terms: Mapping[str, Any]) -> Any:
        """What a column of the employment record gets from these terms; names of schools and countries in words."""
        own = {one.key: one for one in (*self.sheet, *self.derived)}
        usual = ("name",) if column == "employer_name" else (column,)
        for key in self.reported.get(column, usual):
            if key in own and terms.get(key) not in (None, ""):
                in_words = column == "employer_name" and own[key].kind == "lookup"
                return own[key].shown(terms[key]) if in_words else terms[key]
        return ""
