"""Which office receives file and household in a place of origin (PKU-02)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qicheng.domain.campus.models import OfficeKind, Pattern, ReceivingOffice, ReceivingRule
from qicheng.domain.orgs.models import Province
from qicheng.foundation.codes import divisions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db.models import QuerySet

UNKNOWN = "生源地"


@dataclass(frozen=True, slots=True)
class Place:
    """A division with what its province has said of it: own names by kind ('' for none), and the names that count there."""

    code: str
    name: str
    own: dict[str, str]
    counts: dict[str, str]


def office_of(area_code: str, *, for_unemployed: bool) -> str:
    """The name of the office of a division, its own, or that of the nearest one above, or the name by the province's rule."""
    kind = OfficeKind.UNEMPLOYED if for_unemployed else OfficeKind.OTHERS
    return _name(area_code, kind, _named([area_code]), pattern_of(area_code))


def pattern_of(area_code: str) -> Pattern:
    """The rule of the province that a division belongs to (PKU-02); 人力资源和社会保障局 where it has said nothing."""
    found = _rules().filter(province__code=_province(area_code)).values_list("pattern", flat=True).first()
    return Pattern(found) if found else Pattern.LABOUR


def offices() -> QuerySet[ReceivingOffice]:
    """All that provinces have named; who may name what the effect says."""
    return ReceivingOffice.objects.unscoped("what a province calls its offices binds everybody")


def _rules() -> QuerySet[ReceivingRule]:
    return ReceivingRule.objects.unscoped("what a province calls its offices binds everybody")


def rule_of(province: int) -> ReceivingRule:
    """The province's rule; an unsaved one where it has none."""
    return _rules().filter(province=province).first() or ReceivingRule(province_id=province)


def places(province: Province, above: str = "") -> list[Place]:
    """The division `above` and those right below it (the province's own without one), each with its names; three queries in all."""
    top = above or own_code(province)
    codes = [top, *(code for code, _ in divisions.children(top))]
    known, pattern = _named(codes), pattern_of(top)
    return [
        Place(
            code,
            divisions.full_name(code),
            {kind.value: known.get((code, kind.value), "") for kind in OfficeKind},
            {kind.value: _name(code, kind, known, pattern) for kind in OfficeKind},
        )
        for code in codes
    ]


def own_code(province: Province) -> str:
    """The code of the province in GB/T 2260, '' where it has none."""
    return province.code if divisions.is_known(province.code) else ""


def belongs(province: Province, code: str) -> bool:
    """Whether a division is one of the province's."""
    own = own_code(province)
    return bool(own) and divisions.is_known(code) and code[:2] == own[:2]


def chain(code: str) -> Sequence[str]:
    """A division and those above it: county, prefecture, province."""
    return tuple(dict.fromkeys((code, f"{code[:4]}00", _province(code))))


def _province(code: str) -> str:
    return f"{code[:2]}0000"


def _named(codes: Iterable[str]) -> dict[tuple[str, str], str]:
    wanted = {above for code in codes if code for above in chain(code)}
    found = offices().filter(place__in=wanted).exclude(title="").values_list("place", "kind", "title")
    return {(place, kind): title for place, kind, title in found}


def _name(code: str, kind: OfficeKind, known: dict[tuple[str, str], str], pattern: Pattern) -> str:
    named = next((known[one, kind.value] for one in chain(code) if (one, kind.value) in known), "")
    called = Pattern.LABOUR if kind is OfficeKind.UNEMPLOYED else pattern
    return named or f"{divisions.full_name(code) if code else UNKNOWN}{called.label}"
