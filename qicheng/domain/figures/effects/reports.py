"""Rates to take away: a workbook with a sheet that explains its numbers, and a printed report (STA-02)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.utils import timezone

from qicheng.domain.figures.queries import rates
from qicheng.domain.figures.queries.people import PLACED
from qicheng.foundation.flow.perform import Refused
from qicheng.foundation.kit import workbooks
from qicheng.foundation.papers.typeset import MissingGlyphs, typeset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qicheng.domain.figures.queries.rates import Group, Sheet

TEMPLATE = Path(__file__).parent.parent / "templates/figures/rates.typ"
UNTOLD = "不显示"
NO_RECORD = "没有登记去向的毕业生计入待就业。"
ROUNDED = "各项比率都由人数直接算出，四舍五入到两位小数；分率相加与总率可能相差 0.01。"
NOT_TOLD = "少于 5 人，或者能由此推算出少于 5 人的数字不显示。"
MOST_PRINTED = 300


def workbook(sheet: Sheet, about: Sequence[tuple[str, str]]) -> bytes:
    """Two sheets: the numbers with their rates, and the formula."""
    headings = rates.headings(sheet.formula)
    shown = (sheet.dimension.label, *headings.values(), *(f"{name}率（%）" for name in _rated(sheet).values()))
    lines = [_line(group, sheet) for group in (*sheet.groups, sheet.whole)]
    return workbooks.tables([
        workbooks.Sheet(sheet.formula.rate, [("", sheet.formula.rate), *about], shown, lines),
        workbooks.Sheet("怎么算的", [("", "怎么算的")], ("项目", "说明"), explained(sheet)),
    ])  # fmt: skip


def report(sheet: Sheet, about: Sequence[tuple[str, str]], cohort: int) -> bytes:
    """A page to be printed and filed. Raises Refused where no font has a character."""
    named = dict(about)
    columns = {"total": "毕业生", PLACED: "已落实", **sheet.formula.labels}
    values = {
        "title": f"{named['单位']} {cohort} 届毕业生{sheet.formula.rate}统计表", "made_at": timezone.localtime().isoformat(timespec="seconds"),
        "about": [list(one) for one in about], "rate": sheet.whole.rate() or UNTOLD, "name": sheet.formula.rate, "sum": sum_of(sheet.whole),
        "parts": [[name, _number(sheet.whole, key), sheet.whole.rate(key) or UNTOLD] for key, name in sheet.formula.labels.items()],
        "explained": [list(one) for one in explained(sheet)],
        "headings": [sheet.dimension.label, *columns.values(), sheet.formula.rate],
        "rows": [
            [group.name, *(_number(group, key) for key in columns), group.rate() or ("没有毕业生" if group.number("total") == 0 else UNTOLD)]
            for group in (*sheet.groups[:MOST_PRINTED], sheet.whole)
        ],
    }  # fmt: skip
    try:
        return typeset(TEMPLATE, values)
    except MissingGlyphs as gaps:
        raise Refused(gaps.said_of("报告")) from None


def sum_of(whole: Group) -> str:
    """「落实 3,543 人 ÷ 毕业生 4,526 人」."""
    placed, total = whole.number(PLACED), whole.number("total")
    return f"落实 {placed:,} 人 ÷ 毕业生 {total:,} 人" if placed is not None and total is not None else ""


def explained(sheet: Sheet) -> list[tuple[str, str]]:
    """(heading, words) of how the numbers come about and what is not certain of them."""
    formula = sheet.formula
    return [
        ("公式", formula.words), ("依据", formula.document), *([("说明", formula.uncertain)] if formula.uncertain else []),
        ("人数", NO_RECORD), ("小数", ROUNDED), *([] if sheet.is_exact else [("不显示的数字", NOT_TOLD)]),
        *([("行数", sheet.rest)] if sheet.rest else []),
    ]  # fmt: skip


def _rated(sheet: Sheet) -> dict[str, str]:
    return {PLACED: "落实", **sheet.formula.labels}


def _number(group: Group, measure: str) -> str:
    number = group.number(measure)
    return UNTOLD if number is None else f"{number:,}"


def _line(group: Group, sheet: Sheet) -> list[str | int | float]:
    numbers = [group.number(key) for key in rates.headings(sheet.formula)]
    shares = [group.rate(key) for key in _rated(sheet)]
    return [
        group.name, *(UNTOLD if one is None else one for one in numbers), *(float(one.rstrip("%")) if one else "" for one in shares)
    ]  # fmt: skip
