"""A table that is read while two hundred people act is of one moment, and adds up; put together from many statements it does not (INV-56)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.db import connections

from qicheng.domain.figures.listings.standings import agreements
from qicheng.domain.figures.queries import standings, transfers
from qicheng.domain.figures.queries.columns import AGREEMENTS, COLUMN
from qicheng.domain.registration.flows.online_dissolution import ONLINE_DISSOLUTION
from qicheng.domain.registration.models import Dissolution
from qicheng.domain.transfer.listings.confirmation import everybody
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import Stopped, begin, perform
from tests.world import COHORT, DISSOLUTION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qicheng.domain.figures.queries.tables import Table

# Each agreement has five people who act on it whenever they may: two hundred in all, on as many connections as a server has workers.
CASES, PEOPLE, CONNECTIONS = 40, 200, 20
READS, PATIENCE = 12, 90


def writers(world: Any, cases: list[Any]) -> list[Callable[[], Any]]:
    """What each of the two hundred does over and over: ask, agree or refuse, withdraw, and review at both levels."""
    school, employer = world.actor(Role.SCHOOL), world.actor(Role.EMPLOYER)

    def open_one(agreement: Any) -> Any:
        return Dissolution.all_rows.filter(agreement=agreement, live=True).first()

    def asks(agreement: Any, actor: Any, by: Role) -> Callable[[], Any]:
        return lambda: begin(ONLINE_DISSOLUTION, actor, agreement=agreement, **DISSOLUTION[by])

    def does(agreement: Any, actor: Any, *names: str, **given: Any) -> Callable[[], Any]:
        turns = iter(range(10**9))

        def act() -> Any:
            request = open_one(agreement)
            return request and perform(request, names[next(turns) % len(names)], actor, **given)

        return act

    no = {"reason": "x_not_agreed", "words": "双方没有谈妥"}
    found: list[Callable[[], Any]] = []
    for one in cases:
        graduate, college = world.of(one.graduate), world.reviewer(one, Role.COLLEGE)
        found += [
            asks(one, employer, Role.EMPLOYER), does(one, graduate, "agree", "refuse", "agree"), does(one, employer, "withdraw"),
            does(one, college, "approve"), does(one, school, "reject", **no),
        ]  # fmt: skip
    assert len(found) == PEOPLE
    return found


class Busy:
    """The two hundred at work, as long as one looks."""

    def __init__(self, acts: list[Callable[[], Any]]) -> None:
        self.done = 0
        self.broken: list[BaseException] = []
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(acts[place::CONNECTIONS],), daemon=True)
            for place in range(CONNECTIONS)
        ]

    def __enter__(self) -> Busy:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in self._threads)

    def _work(self, acts: list[Callable[[], Any]]) -> None:
        try:
            while not self._over.is_set():
                for act in acts:
                    try:
                        self.done += act() is not None
                    except Stopped:
                        continue
        except BaseException as stopped:  # noqa: BLE001 -- what ends a writer ends the test
            self.broken.append(stopped)
        finally:
            connections.close_all()


def adds_up(table: Table) -> bool:
    whole, *each = [line.numbers for line in table.lines]
    return all(line[0] == sum(line[1:]) for line in (whole, *each)) and whole == list(map(sum, zip(*each, strict=True)))


def cell_by_cell(world: Any) -> Iterator[int]:
    """The same table, a statement for each cell of its line of sums."""
    actor, listing = world.actor(Role.SCHOOL), agreements()
    for key in AGREEMENTS:
        yield listing.tally(actor, COHORT, {key: f"{COLUMN} = '{key}'"})[key]


@pytest.mark.rule("STA-01", "STA-03")
def test_a_table_adds_up_while_two_hundred_write_and_is_its_lists_when_they_rest(committed_world: Any) -> None:
    world = committed_world
    world.open_confirmation()
    cases = [agreed(world, n) for n in range(CASES)]
    actor = world.actor(Role.SCHOOL)
    tables: list[Table] = []
    apart: list[int] = []
    with Busy(writers(world, cases)) as busy:
        while (len(tables) < READS or not torn(apart)) and len(tables) < 20 * READS and not busy.broken:
            tables.append(standings.agreements(actor, COHORT, {}))
            confirmed = transfers.confirmations(actor, COHORT, {})[0]
            assert confirmed.lines[-1].numbers[-1] == CASES + 2
            apart.append(sum(cell_by_cell(world)))
    assert busy.broken == []
    assert busy.done > READS
    # Forty agreements are forty cases, wherever they stand; the columns between which they moved were seen to move.
    assert [one.lines[0].numbers[0] for one in tables] == [CASES] * len(tables)
    assert all(map(adds_up, tables))
    assert len({tuple(one.lines[0].numbers) for one in tables}) > 1
    # The negative control: of many moments, the same cells do not add up.
    assert torn(apart), "read cell by cell, nothing moved between the cells: there were no writers"
    rest = standings.agreements(actor, COHORT, {})
    cells = [cell for line in rest.lines for cell in line.cells]
    assert [number for number, _ in cells] == [
        agreements().count(actor, dict(parse_qsl(urlsplit(url).query)), COHORT) for _, url in cells
    ]
    for one in transfers.confirmations(actor, COHORT, {}):
        for line in one.lines:
            assert [n for n, _ in line.cells] == [
                everybody().count(actor, dict(parse_qsl(urlsplit(url).query)), COHORT) for _, url in line.cells
            ]


def torn(sums: list[int]) -> bool:
    return any(one != CASES for one in sums)


def agreed(world: Any, n: int) -> Any:
    """An agreement in force, of one college or the other."""
    world.approved(
        case := world.accepted(world.new_graduate(f"毕业生{n}", (world.college, world.other_college)[n % 2]))
    )
    return case
