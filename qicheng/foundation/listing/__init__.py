"""Lists declared once: the page with its filters, the count, the workbook and the numbers that link to it are read from here."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.signing import BadSignature, Signer
from django.db import connection

from qicheng.foundation import codes
from qicheng.foundation.access import Actor, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from django.db import models

SIZES = (25, 50, 100, 200)
# Beyond this many rows a list says 「超过」 instead of counting on.
COUNTED = 10_000
_signer = Signer(salt="listing")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `sql` computes it, `shown` turns its value into the reader's words. `hidden` ones serve links and templates only.

    `sort` lets the reader order by it (its SQL must never be NULL); `number` sets it flush right.
    """

    key: str
    label: str
    sql: str
    shown: Callable[[Any], str] | None = None
    sort: bool = False
    number: bool = False
    hidden: bool = False

    def words(self, value: Any) -> str:
        if value is None or value == "":
            return ""
        return self.shown(value) if self.shown else str(value)


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: `sql` holds the parameter %(key)s. Kinds: 'text' (as typed), 'prefix' (name…%), 'choice', 'code', 'date', 'whole'.

    A choice may carry a condition of its own instead of a parameter: `conditions` maps the value to SQL.
    """

    key: str
    label: str
    sql: str = ""
    kind: str = "text"
    table: str = ""
    choices: tuple[tuple[str, str], ...] | Callable[[Actor, int], Sequence[tuple[str, str]]] = ()
    conditions: Mapping[str, str] = field(default_factory=dict)

    def options(self, actor: Actor, cohort: int) -> list[tuple[str, str]]:
        if self.kind == "code":
            return codes.table(self.table).choices(cohort)
        return list(self.choices(actor, cohort) if callable(self.choices) else self.choices)

    def condition(self, value: str) -> tuple[str, Any] | None:
        """(SQL, parameter) for what was asked, or None where the value makes no sense and is left out."""
        if self.conditions:
            return (self.conditions[value], None) if value in self.conditions else None
        if self.kind == "prefix":
            return self.sql, value.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
        if self.kind == "date":
            try:
                return self.sql, date.fromisoformat(value)
            except ValueError:
                return None
        if self.kind == "whole":
            return (self.sql, int(value)) if value.isascii() and value.isdigit() and len(value) < 16 else None
        return self.sql, value


@dataclass(frozen=True, slots=True)
class Applied:
    """A filter in force, and the query without it."""

    label: str
    words: str
    without: str


@dataclass(slots=True)
class ListPage:
    """One page of a list as somebody asked for it. `query` is the address' part that brings the same list again."""

    listing: Listing
    rows: list[Any]
    total: int
    applied: list[Applied]
    values: dict[str, str]
    query: str
    newer: str
    older: str
    size: int
    sort: str
    actor: Actor
    cohort: int

    @property
    def columns(self) -> list[Column]:
        return [column for column in self.listing.columns if not column.hidden]

    @property
    def filters(self) -> list[tuple[Filter, str, list[tuple[str, str]]]]:
        """(filter, its value, its options)."""
        return [(f, self.values.get(f.key, ""), f.options(self.actor, self.cohort)) for f in self.listing.filters]

    @property
    def total_words(self) -> str:
        return f"超过 {COUNTED:,}" if self.total > COUNTED else f"{self.total:,}"

    def cells(self, row: Any) -> list[tuple[Column, str]]:
        return [(column, column.words(getattr(row, column.key))) for column in self.columns]

    def sorted_by(self, key: str) -> str:
        """The address that sorts by a column, the other way round if it does already."""
        return _address(self.values | {"sort": f"-{key}" if self.sort == key else key}, self.size)


@dataclass(frozen=True, slots=True)
class Listing:
    """A list. `source` is the FROM clause with `alias` for the scoped model; `order` are SQL keys that end in a unique one.

    `where` narrows every use of the list; `cohort` is the column that carries the cohort ('' for lists without one).
    """

    name: str
    label: str
    model: type[models.Model]
    source: str
    alias: str
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()
    order: tuple[str, ...] = ()
    descending: bool = False
    where: str = "true"
    cohort: str = "cohort"

    def page(self, actor: Actor, query: Mapping[str, str], cohort: int) -> ListPage:
        """The page that `query` asks for (filters by key, sort, size, after, before), for whoever asks."""
        values, conditions, parameters, applied = self._asked(query, actor, cohort)
        order, descending, sort = self._order(query.get("sort", ""))
        size = int(query["size"]) if query.get("size", "") in map(str, SIZES) else 50
        back = bool(query.get("before"))
        place = _place(query.get("before") or query.get("after") or "", len(order))
        here = list(conditions)
        if place is not None:
            sign = "<" if descending != back else ">"
            marks = ", ".join(f"%(place_{i})s" for i in range(len(order)))
            here.append(f"({', '.join(order)}) {sign} ({marks})")
            parameters |= {f"place_{i}": value for i, value in enumerate(place)}
        direction = "DESC" if descending != back else "ASC"
        keys = ", ".join(f"{sql} AS key_{i}" for i, sql in enumerate(order))
        found = statements.rows(
            f"SELECT {self._select}, {keys} FROM {self.source} WHERE {' AND '.join(here)} "
            f"ORDER BY {', '.join(f'{sql} {direction}' for sql in order)} LIMIT {size + 1}",
            parameters,
        )
        more, rows = len(found) > size, found[:size]
        if back:
            rows.reverse()
        base = values | ({"sort": sort} if sort else {})

        def step(word: str, row: Any) -> str:
            return _address(base | {word: _mark([getattr(row, f"key_{i}") for i in range(len(order))])}, size)

        return ListPage(
            self, rows, self._count(conditions, parameters), applied, values, _address(base, size),
            newer=step("before", rows[0]) if rows and (more if back else place is not None) else "",
            older=step("after", rows[-1]) if rows and (more or back) else "",
            size=size, sort=sort, actor=actor, cohort=cohort,
        )  # fmt: skip

    def count(self, actor: Actor, query: Mapping[str, str], cohort: int) -> int:
        """How many rows the list has under the same filters; COUNTED + 1 means more than that."""
        _, conditions, parameters, _ = self._asked(query, actor, cohort)
        return self._count(conditions, parameters)

    def tally(self, actor: Actor, cohort: int, groups: Mapping[str, str]) -> dict[str, int]:
        """Several counts of the list in one statement: key → SQL condition; HOME-01's numbers."""
        _, conditions, parameters, _ = self._asked({}, actor, cohort)
        counts = ", ".join(f'count(*) FILTER (WHERE {sql}) AS "{key}"' for key, sql in groups.items())
        row = statements.plain(f"SELECT {counts} FROM {self.source} WHERE {' AND '.join(conditions)}", parameters)
        assert row is not None
        return dict(zip(groups, row, strict=True))

    def all_rows(self, actor: Actor, query: Mapping[str, str], cohort: int, most: int | None = None) -> Iterator[Any]:
        """Every row under the same filters in the same order, through a cursor on the server."""
        _, conditions, parameters, _ = self._asked(query, actor, cohort)
        order, descending, _ = self._order(query.get("sort", ""))
        direction = "DESC" if descending else "ASC"
        limit = f" LIMIT {int(most)}" if most else ""
        with connection.chunked_cursor() as cursor:
            cursor.execute(
                f"SELECT {self._select} FROM {self.source} WHERE {' AND '.join(conditions)} "
                f"ORDER BY {', '.join(f'{sql} {direction}' for sql in order)}{limit}",
                parameters,
            )
            while chunk := cursor.fetchmany(2000):
                yield from chunk

    def sheet_rows(
        self, actor: Actor, query: Mapping[str, str], cohort: int, most: int | None = None
    ) -> Iterator[list[str]]:
        """The workbook of the list, its headings first: the same columns, the same words, the same masks (EXP-01)."""
        shown = [(i, column) for i, column in enumerate(self.columns) if not column.hidden]
        yield [column.label for _, column in shown]
        for row in self.all_rows(actor, query, cohort, most):
            yield [column.words(row[i]) for i, column in shown]

    @property
    def _select(self) -> str:
        return ", ".join(f"{column.sql} AS {column.key}" for column in self.columns)

    def _asked(
        self, query: Mapping[str, str], actor: Actor, cohort: int
    ) -> tuple[dict[str, str], list[str], dict[str, Any], list[Applied]]:
        conditions = [self.model.scope.sql(self.model, actor, self.alias), self.where]  # type: ignore[attr-defined]
        parameters: dict[str, Any] = {
            "node": actor.node,
            "tier": str(actor.tier),
            "cohort": cohort,
            "me": str(actor.role),
        }
        if self.cohort:
            conditions.insert(0, f"{self.alias}.{self.cohort} = %(cohort)s")
        values: dict[str, str] = {}
        for one in self.filters:
            value = query.get(one.key, "").strip().replace("\x00", "")
            asked = one.condition(value) if value else None
            if asked is not None:
                values[one.key] = value
                conditions.append(asked[0])
                parameters[one.key] = asked[1]
        applied = [
            Applied(f.label, dict(f.options(actor, cohort)).get(values[f.key], values[f.key]),
                    urlencode({k: v for k, v in values.items() if k != f.key}))
            for f in self.filters if f.key in values
        ]  # fmt: skip
        return values, conditions, parameters, applied

    def _order(self, sort: str) -> tuple[tuple[str, ...], bool, str]:
        column = next((c for c in self.columns if c.sort and c.key == sort.removeprefix("-")), None)
        if column is None:
            return self.order, self.descending, ""
        return (column.sql, self.order[-1]), sort.startswith("-"), sort

    def _count(self, conditions: list[str], parameters: Mapping[str, Any]) -> int:
        row = statements.plain(
            f"SELECT count(*) FROM (SELECT 1 FROM {self.source} WHERE {' AND '.join(conditions)} LIMIT {COUNTED + 1}) counted",
            parameters,
        )
        assert row is not None
        return int(row[0])


def _address(values: Mapping[str, str], size: int) -> str:
    return urlencode(dict(values) | ({"size": str(size)} if size != 50 else {}))


def _mark(keys: list[Any]) -> str:
    plain = [["t", key.isoformat()] if isinstance(key, datetime) else ["", key] for key in keys]
    return _signer.sign(base64.urlsafe_b64encode(json.dumps(plain, default=str).encode()).decode().rstrip("="))


def _place(mark: str, length: int) -> list[Any] | None:
    """The keys that a mark of ours stands for; any other means the first page."""
    if not mark:
        return None
    try:
        text = _signer.unsign(mark)
    except BadSignature:
        return None
    plain = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    keys = [datetime.fromisoformat(value) if kind == "t" else value for kind, value in plain]
    return keys if len(keys) == length else None
