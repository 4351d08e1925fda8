"""Lists declared once: the page with its filters, the count, the workbook and the numbers that link to it are read from here."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.signing import BadSignature, Signer
from django.db import connection

from qicheng.foundation import codes
from qicheng.foundation.access import Actor, statements
from qicheng.foundation.flow import past
from qicheng.foundation.kit.calendar import midnight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from django.db import models

    from qicheng.foundation.access.rows import Scope

SIZES = (25, 50, 100, 200)
# Beyond this many rows a list says 「超过」 instead of counting on.
COUNTED = 10_000
# Of how many values of a column a workbook remembers the words.
REMEMBERED = 2_000


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
    """One filter: `sql` holds the parameter %(key)s. Kinds: 'text' and 'choice' (as given), 'code' (of `table`), 'prefix' (name…%),
    'whole', 'date' (the midnight in Beijing with which it begins), and 'search', which also has %(key_prefix)s and %(key_within)s.

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

    def condition(self, value: str) -> tuple[str, dict[str, Any]] | None:
        """(SQL, parameters) for what was asked, or None where the value makes no sense and is left out."""
        if self.conditions:
            return (self.conditions[value], {}) if value in self.conditions else None
        if self.kind == "prefix":
            return self.sql, {self.key: _escaped(value) + "%"}
        if self.kind == "search":
            escaped = _escaped(value)
            return self.sql, {
                self.key: value,
                f"{self.key}_prefix": f"{escaped}%",
                f"{self.key}_within": f"%{escaped}%",
            }
        if self.kind == "date":
            try:
                return self.sql, {self.key: midnight(date.fromisoformat(value))}
            except (ValueError, OverflowError):
                return None
        if self.kind == "whole":
            return (
                (self.sql, {self.key: int(value)}) if value.isascii() and value.isdigit() and len(value) < 16 else None
            )
        return self.sql, {self.key: value}


@dataclass(frozen=True, slots=True)
class Applied:
    """A filter in force, and the query without it."""

    label: str
    words: str
    without: str


@dataclass
class ListPage:
    """One page of a list as somebody asked for it. `query` is the address' part that brings the same list again.

    `first` is the place of its first row, from 1; `tally` the counts that were asked for with it, over the list without filters.
    `moment` is the past moment as of which it is; its addresses keep it as `at`.
    """

    listing: Listing
    rows: list[Any]
    total: int
    first: int
    tally: dict[str, int]
    applied: list[Applied]
    values: dict[str, str]
    query: str
    newer: str
    older: str
    size: int
    sort: str
    actor: Actor
    cohort: int
    moment: datetime | None = None

    @property
    def last(self) -> int:
        """The place of the last row; 0 on an empty page."""
        return self.first + len(self.rows) - 1

    @property
    def columns(self) -> list[Column]:
        return self.listing.shown

    @cached_property
    def filters(self) -> list[tuple[Filter, str, list[tuple[str, str]]]]:
        """(filter, its value, its options)."""
        return [(f, self.values.get(f.key, ""), f.options(self.actor, self.cohort)) for f in self.listing.filters]

    @property
    def chips(self) -> list[tuple[str, str]]:
        """(filter in words, address without it)."""
        kept = urlencode(past.kept_in_address(self.moment))
        return [
            (f"{one.label}：{one.words}", f"?{'&'.join(filter(None, (kept, one.without)))}") for one in self.applied
        ]

    @property
    def total_words(self) -> str:
        return f"超过 {COUNTED:,}" if self.total > COUNTED else f"{self.total:,}"

    def cells(self, row: Any) -> list[tuple[Column, str]]:
        return [(column, column.words(getattr(row, column.key))) for column in self.columns]

    def sorted_by(self, key: str) -> str:
        """The address that sorts by a column, the other way round if it does already."""
        return _address(self._kept | {"sort": f"-{key}" if self.sort == key else key}, self.size)

    @property
    def _kept(self) -> dict[str, str]:
        return past.kept_in_address(self.moment) | self.values

    @property
    def sizes(self) -> list[tuple[int, str, bool]]:
        """(rows a page, address, whether it is so now), for the pager."""
        base = self._kept | ({"sort": self.sort} if self.sort else {})
        return [(size, f"?{_address(base, size)}", size == self.size) for size in SIZES]


@dataclass(frozen=True, eq=False)
class Listing:
    """A list. `source` is the FROM clause with `alias` for the scoped model; `order` are SQL keys that end in a unique one.

    `where` narrows every use of the list; `cohort` is the column that carries the cohort ('' for lists without one). `given` makes
    further parameters of its SQL for whoever asks about a cohort, such as an instant that is worked out from today. `scope` is
    who sees its rows, where that is not the scope of the model: the same people by another permission.

    Every read takes a `moment`: the rows as they were known then, to whoever answered for them then (`flow/past.py`).
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
    given: Callable[[Actor, int], Mapping[str, Any]] | None = None
    scope: Scope | None = None

    @property
    def shown(self) -> list[Column]:
        """The columns that people see."""
        return [column for column in self.columns if not column.hidden]

    def page(
        self, actor: Actor, query: Mapping[str, str], cohort: int, groups: Mapping[str, str] | None = None,
        moment: datetime | None = None,
    ) -> ListPage:  # fmt: skip
        """The page that `query` asks for (filters by key, sort, size, after, before), for whoever asks.

        With `groups` (key → SQL condition) their counts come along, in the statement that counts the list.
        """
        values, everywhere, asked, parameters, applied = self._asked(query, actor, cohort, moment)
        known = self._as_known(actor, moment)
        order, descending, sort = self._order(query.get("sort", ""))
        size = int(query["size"]) if query.get("size", "") in map(str, SIZES) else 50
        back = bool(query.get("before"))
        book = _Marks(f"{self.name}|{sort}", len(order))
        passed, place = book.read(query.get("before") or query.get("after") or "")
        here = [*everywhere, *asked]
        if place is not None:
            here.append(_beyond(order, "<" if descending != back else ">"))
        found = statements.rows(
            known(
                f"{_select(self, order)} WHERE {' AND '.join(here)} "
                f"ORDER BY {_direction(order, descending=descending != back)} LIMIT {size + 1}"
            ),
            parameters | _places(place or ()),
        )
        more, rows = len(found) > size, found[:size]
        before = max(0, passed - len(rows)) if back else passed
        if back:
            rows.reverse()
        tally = self._counts(everywhere, asked, parameters, groups, known)
        base = past.kept_in_address(moment) | values | ({"sort": sort} if sort else {})
        return ListPage(
            self, rows, tally.pop(""), before + 1 if rows else 0, tally, applied, values, _address(base, size),
            newer=_address(base | {"before": book.write(before, _keys(rows[0], order))}, size) if rows and (more if back else place) else "",
            older=_address(base | {"after": book.write(before + len(rows), _keys(rows[-1], order))}, size) if rows and (more or back) else "",
            size=size, sort=sort, actor=actor, cohort=cohort, moment=moment,
        )  # fmt: skip

    def count(self, actor: Actor, query: Mapping[str, str], cohort: int, moment: datetime | None = None) -> int:
        """How many rows the list has under the same filters; COUNTED + 1 means more than that."""
        _, everywhere, asked, parameters, _ = self._asked(query, actor, cohort, moment)
        return self._counts(everywhere, asked, parameters, None, self._as_known(actor, moment))[""]

    def size(self, actor: Actor, query: Mapping[str, str], cohort: int, moment: datetime | None = None) -> int:
        """How many rows the list has under the same filters, all of them counted: for work in the background."""
        _, everywhere, asked, parameters, _ = self._asked(query, actor, cohort, moment)
        sql = f"SELECT count(*) FROM {self.source} WHERE {' AND '.join([*everywhere, *asked])}"
        row = statements.plain(self._as_known(actor, moment)(sql), parameters)
        assert row is not None
        return int(row[0])

    def is_narrowed(self, query: Mapping[str, str], key: str) -> bool:
        """Whether a query narrows the list by one of its filters, to a value that makes sense."""
        value = query.get(key, "").strip().replace("\x00", "")
        return any(one.key == key and value and one.condition(value) is not None for one in self.filters)

    def in_words(self, actor: Actor, query: Mapping[str, str], cohort: int) -> dict[str, str]:
        """The filters that are in force, label → what was chosen."""
        return {one.label: one.words for one in self._asked(query, actor, cohort, None)[4]}

    def tally(
        self, actor: Actor, cohort: int, groups: Mapping[str, str], moment: datetime | None = None
    ) -> dict[str, int]:
        """Several counts of the list in one statement: key → SQL condition; HOME-01's numbers."""
        _, everywhere, asked, parameters, _ = self._asked({}, actor, cohort, moment)
        counts = self._counts(everywhere, asked, parameters, groups, self._as_known(actor, moment))
        return {key: counts[key] for key in groups}

    def tallies(
        self, actor: Actor, cohort: int, by: str, groups: Mapping[str, str], query: Mapping[str, str] | None = None,
        moment: datetime | None = None,
    ) -> list[tuple[Any, dict[str, int]]]:  # fmt: skip
        """The same counts for each value of the SQL `by`, in one statement: (value, key → count)."""
        _, everywhere, asked, parameters, _ = self._asked(query or {}, actor, cohort, moment)
        counts = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in groups.values())
        found = statements.rows(
            self._as_known(actor, moment)(
                f"SELECT {by} AS value, ARRAY[{counts}] AS counts FROM {self.source} "
                f"WHERE {' AND '.join([*everywhere, *asked])} GROUP BY 1 ORDER BY 1"
            ),
            parameters,
        )
        return [(row.value, dict(zip(groups, row.counts, strict=True))) for row in found]

    def head(
        self, actor: Actor, query: Mapping[str, str], cohort: int, most: int, moment: datetime | None = None
    ) -> list[Any]:
        """The first rows under the same filters, or those behind the mark `after`, and nothing else."""
        _, everywhere, asked, parameters, _ = self._asked(query, actor, cohort, moment)
        order, descending, sort = self._order(query.get("sort", ""))
        place = _Marks(f"{self.name}|{sort}", len(order)).read(query.get("after") or "")[1]
        if place is not None:
            asked.append(_beyond(order, "<" if descending else ">"))
            parameters |= _places(place)
        return statements.rows(
            self._as_known(actor, moment)(
                f"{_select(self)} WHERE {' AND '.join([*everywhere, *asked])} "
                f"ORDER BY {_direction(order, descending=descending)} LIMIT {int(most)}"
            ),
            parameters,
        )

    def part(self, actor: Actor, query: Mapping[str, str], cohort: int, most: int) -> tuple[list[Any], str]:
        """(the next rows behind the mark `after`, the mark behind them): all of a list in parts, without counting it.

        The mark is '' where nothing follows. Raises BadSignature for a mark that is none of this list.
        """
        _, everywhere, asked, parameters, _ = self._asked(query, actor, cohort, None)
        book = _Marks(f"{self.name}|", len(self.order))
        passed, place = book.read(query.get("after") or "")
        if place is None and query.get("after"):
            raise BadSignature(self.name)
        if place is not None:
            asked.append(_beyond(self.order, "<" if self.descending else ">"))
            parameters |= _places(place)
        found = statements.rows(
            f"{_select(self, self.order)} WHERE {' AND '.join([*everywhere, *asked])} "
            f"ORDER BY {_direction(self.order, descending=self.descending)} LIMIT {int(most) + 1}",
            parameters,
        )
        rows = found[:most]
        return rows, book.write(passed + len(rows), _keys(rows[-1], self.order)) if len(found) > most else ""

    def mark(self, *keys: Any) -> str:
        """The mark `after` for a row with these values of the list's order."""
        return _Marks(f"{self.name}|", len(self.order)).write(0, keys)

    def all_rows(
        self,
        actor: Actor,
        query: Mapping[str, str],
        cohort: int,
        most: int | None = None,
        moment: datetime | None = None,
    ) -> Iterator[Any]:
        """Every row under the same filters in the same order as plain tuples, through a cursor on the server."""
        _, everywhere, asked, parameters, _ = self._asked(query, actor, cohort, moment)
        order, descending, _ = self._order(query.get("sort", ""))
        limit = f" LIMIT {int(most)}" if most else ""
        with connection.chunked_cursor() as cursor:
            cursor.execute(
                self._as_known(actor, moment)(
                    f"{_select(self)} WHERE {' AND '.join([*everywhere, *asked])} "
                    f"ORDER BY {_direction(order, descending=descending)}{limit}"
                ),
                parameters,
            )
            while chunk := cursor.fetchmany(2000):
                yield from chunk

    def sheet_rows(
        self,
        actor: Actor,
        query: Mapping[str, str],
        cohort: int,
        most: int | None = None,
        moment: datetime | None = None,
    ) -> Iterator[list[str]]:
        """The lines of the list's workbook under `headings`: the same columns, the same words, the same masks (EXP-01)."""
        shown = [(i, _remembered(column)) for i, column in enumerate(self.columns) if not column.hidden]
        for row in self.all_rows(actor, query, cohort, most, moment):
            yield [words(row[i]) for i, words in shown]

    @property
    def headings(self) -> list[str]:
        """The headings of the list's workbook."""
        return [column.label for column in self.shown]

    def _as_known(self, actor: Actor, moment: datetime | None) -> Callable[[str], str]:
        """What makes a statement of this list one about a past moment."""
        return lambda sql: past.as_known(sql, moment, actor.role, is_of_a_cohort=bool(self.cohort))

    def _asked(
        self, query: Mapping[str, str], actor: Actor, cohort: int, moment: datetime | None
    ) -> tuple[dict[str, str], list[str], list[str], dict[str, Any], list[Applied]]:
        """(values in force, conditions of the list, conditions of the filters, parameters, filters in words)."""
        seen_by: Scope = self.scope or self.model.scope  # type: ignore[attr-defined]
        scope = seen_by.sql(self.model, actor, self.alias)
        everywhere = [*([f"{self.alias}.{self.cohort} = %(cohort)s"] if self.cohort else []), scope, self.where]
        parameters: dict[str, Any] = {"node": actor.node, "tier": str(actor.tier), "cohort": cohort}
        if moment is not None:
            parameters["moment"] = moment
        if self.given is not None:
            parameters |= self.given(actor, cohort)
        values: dict[str, str] = {}
        conditions: list[str] = []
        applied: list[tuple[Filter, str]] = []
        for one in self.filters:
            value = query.get(one.key, "").strip().replace("\x00", "")
            asked = one.condition(value) if value else None
            if asked is not None:
                values[one.key] = value
                conditions.append(asked[0])
                parameters |= asked[1]
                applied.append((one, value))
        words = [
            Applied(
                one.label,
                dict(one.options(actor, cohort)).get(value, value),
                urlencode({key: other for key, other in values.items() if key != one.key}),
            )
            for one, value in applied
        ]
        return values, everywhere, conditions, parameters, words

    def _order(self, sort: str) -> tuple[tuple[str, ...], bool, str]:
        column = next((c for c in self.columns if c.sort and c.key == sort.removeprefix("-")), None)
        if column is None:
            return self.order, self.descending, ""
        return (column.sql, self.order[-1]), sort.startswith("-"), sort

    def _counts(
        self, everywhere: list[str], asked: list[str], parameters: Mapping[str, Any], groups: Mapping[str, str] | None,
        known: Callable[[str], str],
    ) -> dict[str, int]:  # fmt: skip
        """The list's own count under '', and those of `groups`, in one statement."""
        if groups is None:
            conditions = " AND ".join([*everywhere, *asked])
            sql = f"SELECT count(*) FROM (SELECT 1 FROM {self.source} WHERE {conditions} LIMIT {COUNTED + 1}) counted"
        else:
            wanted = {"": " AND ".join(asked) or "true", **groups}
            counts = ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in wanted.values())
            sql = f"SELECT {counts} FROM {self.source} WHERE {' AND '.join(everywhere)}"
        row = statements.plain(known(sql), parameters)
        assert row is not None
        return dict(zip(("", *(groups or ())), row, strict=True))


def _remembered(column: Column) -> Callable[[Any], str]:
    """The words of a column, made once for each value as long as there are few: codes and dates come again in every row."""
    known: dict[Any, str] = {}
    shown = column.shown

    def words(value: Any) -> str:
        if value is None or value == "":
            return ""
        if shown is None:
            return value if type(value) is str else str(value)
        try:
            return known[value]
        except KeyError:
            found = shown(value)
            if len(known) < REMEMBERED:
                known[value] = found
            return found
        except TypeError:
            return shown(value)

    return words


@cache
def _select(listing: Listing, keys: tuple[str, ...] = ()) -> str:
    columns = [f"{column.sql} AS {column.key}" for column in listing.columns]
    places = [f"{sql} AS key_{i}" for i, sql in enumerate(keys)]
    return f"SELECT {', '.join([*columns, *places])} FROM {listing.source}"


def _direction(order: tuple[str, ...], *, descending: bool) -> str:
    word = "DESC" if descending else "ASC"
    return ", ".join(f"{sql} {word}" for sql in order)


def _beyond(order: tuple[str, ...], sign: str) -> str:
    return f"({', '.join(order)}) {sign} ({', '.join(f'%(place_{i})s' for i in range(len(order)))})"


def _places(place: Sequence[Any]) -> dict[str, Any]:
    return {f"place_{i}": value for i, value in enumerate(place)}


def _keys(row: Any, order: tuple[str, ...]) -> list[Any]:
    return [getattr(row, f"key_{i}") for i in range(len(order))]


def _escaped(value: str) -> str:
    """What was typed, as LIKE takes it literally."""
    return value.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _address(values: Mapping[str, str], size: int) -> str:
    return urlencode(dict(values) | ({"size": str(size)} if size != 50 else {}))


@dataclass(frozen=True, slots=True)
class _Marks:
    """Marks of a place in one list in one order: signed, so that nobody puts other values into its comparison."""

    name: str
    length: int

    def write(self, passed: int, keys: Sequence[Any]) -> str:
        """The place of a row with these keys, with `passed` rows before the page that begins or ends there."""
        plain = [["t", key.isoformat()] if isinstance(key, datetime) else ["", key] for key in keys]
        text = base64.urlsafe_b64encode(json.dumps([passed, plain], default=str).encode()).decode().rstrip("=")
        return Signer(salt=f"listing|{self.name}").sign(text)

    def read(self, mark: str) -> tuple[int, list[Any] | None]:
        """(rows before, the keys) that a mark of this list stands for; any other means the first page."""
        if not mark:
            return 0, None
        try:
            text = Signer(salt=f"listing|{self.name}").unsign(mark)
        except BadSignature:
            return 0, None
        passed, plain = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return passed, [datetime.fromisoformat(value) if kind == "t" else value for kind, value in plain]
