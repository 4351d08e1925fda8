"""A filled-in form of any sheet, as a browser sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.registration.sheets import destinations
from qicheng.foundation import codes
from tests.world import credit_code

if TYPE_CHECKING:
    from qicheng.foundation.sheets import Field, Sheet

TYPED = {"universities_2022": "南京大学", "countries": "英国", "admin_divisions": "江苏省苏州市昆山市"}
DAYS = {"signed_on": "2026-03-02", "from_on": "2026-07-01", "until_on": "2029-06-30"}


def typed(field: Field) -> str:
    """Something good for one field."""
    match field.kind:
        case "code":
            return codes.table(field.table).choices()[0][0]
        case "choice":
            return field.choices[0][0]
        case "lookup":
            return TYPED[field.table]
        case "area":
            return "320583"
        case "date":
            return DAYS.get(field.key, "2026-07-01")
        case "whole":
            return "6500"
        case "credit":
            return credit_code(7)
        case "phone":
            return "0512-66666666"
        case "mobile":
            return "13900001111"
        case "email":
            return "hr@example.com"
        case "switch":
            return "on"
    return f"填{field.label}"[: field.limit]


def filled_in(sheet: Sheet, **over: str) -> dict[str, str]:
    """Every field that is asked, filled in; `over` says otherwise, and decides by it what else is asked."""
    given: dict[str, Any] = {}
    for field in sheet:
        if field.is_asked(given):
            given[field.key] = over.get(field.key, typed(field))
    return given


def destination(key: str, **over: str) -> dict[str, str]:
    """A filled-in form of a type of destination."""
    return filled_in(destinations.of(key).sheet, **over)
