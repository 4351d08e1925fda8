"""What was confirmed, and where files and households go: each table is one statement over the list that its numbers open (STA-03)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from django.urls import reverse

from qicheng.domain.figures.queries.standings import counted, down, narrowed, units
from qicheng.domain.figures.queries.tables import Line, Table, list_at, pivoted
from qicheng.domain.transfer.listings import confirmation, records
from qicheng.domain.transfer.sheets.records import TITLES, shown_by

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from qicheng.foundation.access import Actor, Area

LISTS = {"records": records.records, "changes": records.changes}
# What counts everybody: the one line of somebody who has nothing below.
ALONE = "''"
DENIED_WORDS = "说不是本人去向"


def confirmations(actor: Actor, cohort: int, query: Mapping[str, str], moment: datetime | None = None) -> list[Table]:
    """SCHOOL-2024 fig. 43, state × source of the whole, and the same for each unit; both are of one statement (CON-03)."""
    listing, states = confirmation.everybody(), confirmation.STATES
    values, below = narrowed(listing, query), units(actor, query, "g")
    by = (below.sql if below else ALONE, confirmation.STATE, confirmation.SOURCE, confirmation.DENIED)
    place, key = reverse("transfer:confirm"), below.key if below else ""

    def address(**asked: str) -> str:
        return list_at(place, values, **asked)

    by_state, by_source, crossed = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    denied = Counter[str]()
    for (unit, state, source, is_denied), number in counted(listing, actor, cohort, by, values, moment).items():
        by_state[unit, state] += number
        by_source[unit, source] += number
        crossed[state, source] += number
        denied[unit] += number if is_denied == "true" else 0
    # The guide's three sources; a school's own platform where anything came from one.
    from_platform = any(number for (_, source), number in by_source.items() if source == "platform")
    sources = {key: words for key, words in confirmation.SOURCES.items() if key != "platform" or from_platform}
    whole = pivoted(
        crossed,
        states.items(),
        sources,
        address=lambda state, source: address(state=state, source=source),
        total="总数",
    )
    tables = [
        Table(
            "confirmations", "登记确认情况", ("登记确认情况 / 去向来源",), (*sources.values(), "总数"), [*map(summed_last, whole[1:]), summed_last(whole[0])],
            "还没有上报的都计入「就业管理系统上传」。",
        )
    ]  # fmt: skip
    of: dict[str, dict[str, str]] = {"": {}} | {unit: {key: unit} for unit, _ in (below.named if below else ())}
    left = pivoted(by_state, below.named if below else (), states, url=lambda unit: down(key, unit, query),
                   address=lambda unit, state: address(state=state, **of[unit]))  # fmt: skip
    right = pivoted(by_source, below.named if below else (), sources,
                    address=lambda unit, source: address(source=source, **of[unit]))  # fmt: skip
    lines = [
        Line(one.names, (*one.cells, *other.cells[1:], (denied[unit] if unit else denied.total(), address(claim="denied", **of[unit]))), one.url, one.is_sum)
        for unit, one, other in zip(of, left, right, strict=True)
    ]  # fmt: skip
    label = below.label if below else ""
    headings = ("总数", *states.values(), *(f"来源：{words}" for words in sources.values()), DENIED_WORDS)
    about = "各登记确认情况相加等于总数，各来源相加也等于总数。毕业生说「这不是我的去向」的，本人再次确认以前一直计入最后一列。"
    return [
        *tables,
        Table("each", f"各{label}登记确认情况" if label else "登记确认情况和来源", (label,), headings, lines, about),
    ]


def summed_last(line: Line) -> Line:
    """The same line with its sum at the end, as the guide's table has it."""
    first, *others = line.cells
    return Line(line.names, (*others, first), line.url, line.is_sum)


def files(
    area: Area, actor: Actor, cohort: int, query: Mapping[str, str], moment: datetime | None = None
) -> list[Table]:
    """File or household of a school or a college: everybody on the module's list by state, by type and by origin, which are of one
    statement, and the applications by state (ARC-06)."""
    title, listing, changes = TITLES[area], records.records(area), records.changes(area)
    below = units(actor, query, "g")
    by = (below.sql if below else ALONE, records.STATE, records.KIND, records.ORIGIN)
    found = counted(listing, actor, cohort, by, narrowed(listing, query), moment)
    own_units = units(actor, query)
    applied = counted(
        changes, actor, cohort, (own_units.sql if own_units else ALONE, "c.state"), narrowed(changes, query), moment
    )
    kind = shown_by(area)["kind"]
    origins = dict(records.origins_told(area, actor, cohort))
    origins |= {origin: records.origin_words(origin) for _, _, _, origin in found if origin not in origins}
    steps = {one.key: one.label for one in records.flow_of(area).states.values() if one.key not in records.UNSENT}

    def table(
        name: str,
        label: str,
        key: str,
        counts: Mapping[tuple[str, str], int],
        headings: Mapping[str, str],
        words: str = "",
    ) -> Table:
        place, values = reverse(f"transfer:{name}", args=[area]), narrowed(LISTS[name](area), query)

        def address(unit: str, column: str) -> str:
            own = {below.key: unit} if below else {}
            return list_at(place, values, **own, **{key: column})

        lines = pivoted(counts, below.named if below else (), headings, address=address)
        return Table(
            f"{name}_{key}", label, (below.label if below else "",), ("合计", *headings.values()), lines, words
        )

    def of(place: int) -> Counter[tuple[str, str]]:
        counts = Counter[tuple[str, str]]()
        for combination, number in found.items():
            counts[combination[0], combination[place]] += number
        return counts

    states = {key: words for key, (words, _) in records.STATES.items()}
    own = f"没有把{title}转入学校的毕业生不在{title}名单里，不计在内。"
    return [
        table("records", f"{title}信息", "state", of(1), states, own),
        table("records", kind.label, "kind", of(2), dict([*kind.choices, records.NOTHING])),
        table("records", f"{title}信息来源", "origin", of(3), origins),
        table("changes", f"{title}信息修改申请", "state", {(unit, state): n for (unit, state), n in applied.items()}, steps, "没有提交的草稿不计。"),
    ]  # fmt: skip
