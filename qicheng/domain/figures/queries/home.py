"""The numbers of home pages: each is a list, a filter of that list, and the count of both in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import reverse

from qicheng.domain.figures.queries.standings import units
from qicheng.domain.figures.queries.tables import Line, Table
from qicheng.domain.registration import listings
from qicheng.domain.registration.models import UNSENT
from qicheng.domain.transfer.listings import confirmation as reported
from qicheng.domain.transfer.listings import records as files
from qicheng.domain.transfer.queries.confirmation import is_open
from qicheng.domain.transfer.queries.records import open_areas
from qicheng.domain.transfer.sheets.records import TITLES
from qicheng.foundation.access import Role, Tier
from qicheng.foundation.kit.calendar import ONE_DAY, cohort_closes, midnight

if TYPE_CHECKING:
    from datetime import datetime

    from qicheng.foundation.access import Actor
    from qicheng.foundation.flow.declare import Flow, State

# Until when changes of a destination are reported upward in the year of graduation (month, day).
LAST_CHANGE = (8, 31)
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Figure:
    """A number: its words, the condition that counts it, and the list that it opens under which filter."""

    key: str
    label: str
    condition: str
    name: str
    values: Mapping[str, str]
    tone: str = ""

    @property
    def url(self) -> str:
        place = (
            reverse("registration:review") if self.name == "review" else reverse("registration:list", args=[self.name])
        )
        return f"{place}?{urlencode(self.values)}" if self.values else place

    def of(self, **narrowed: str) -> str:
        """The address of its list for one school, or another part."""
        return replace(self, values={**self.values, **narrowed}).url


def waiting(role: Role, days: int) -> list[Figure]:
    """What waits for this user, and what soon will be too late."""
    own = listings.turn_of(role)
    late, differs = (f"{own} AND {condition}" for condition in (listings.LATE, listings.DIFFERS))
    return [
        Figure("mine", "待我审核", own, "review", {}),
        Figure("differs", "其中信息不一致", differs, "review", {"check": "differs"}, "warn"),
        Figure("late", f"其中等了 {days} 个工作日以上", late, "review", {"wait": "late"}, "bad"),
        Figure("waiting", "全部等得久的，不论等谁", listings.waits_long(), "waiting", {}, "bad"),
    ]


def steps(flow: Flow) -> list[Figure]:
    """A way to register: all that is open, each step with a turn, and what took effect."""
    kept = [state for state in flow.states.values() if (state.turn or is_in_force(state)) and state.key not in UNSENT]
    return [
        all_open(flow, "正在办理"),
        *(
            Figure(f"{flow.name}.{state.key}", state.label, listings.in_state(flow.name, state.key), flow.name, {"state": state.key})
            for state in kept
        ),
        *([Figure("due", "24 小时内到期，毕业生没有回应", listings.DUE, flow.name, {"due": "soon"}, "warn")] if "invited" in flow.states else []),
    ]  # fmt: skip


def is_in_force(state: State) -> bool:
    """Whether what was registered counts from this state on."""
    return state.live and state.settled


def in_force(flow: Flow) -> list[Figure]:
    """All cases of a flow that took effect and still count."""
    return [
        replace(figure, label=f"{flow.label}生效")
        for figure in steps(flow)
        if figure.values.get("state") in {state.key for state in flow.states.values() if is_in_force(state)}
    ]


def all_open(flow: Flow, label: str) -> Figure:
    """All cases of a flow that wait on somebody."""
    return Figure(f"{flow.name}.open", label, listings.is_open(flow), flow.name, {"open": "yes"})


def counted(actor: Actor, cohort: int) -> list[tuple[str, list[tuple[Figure, int]]]]:
    """Every number of a school's or college's home page, live and in one statement (HOME-01): (heading, figures)."""
    groups = [
        ("待我审核", waiting(actor.role, listings.long_wait(actor, cohort))),
        *((flow.label, steps(flow)) for flow in listings.ways(actor, cohort)),
    ]
    conditions = {figure.key: figure.condition for _, figures in groups for figure in figures}
    numbers = listings.every().tally(actor, cohort, conditions)
    return [(heading, [(figure, numbers[figure.key]) for figure in figures]) for heading, figures in groups]


def of_area(actor: Actor, cohort: int, asked: Mapping[str, str]) -> list[Table]:
    """What is open and what is in force by each way, for each school of a province, for each province of the country; what was confirmed.

    A table is one statement. Names lead from a province to its schools, numbers to their lists.
    """
    figures = [
        figure
        for flow in listings.ways(actor, cohort)
        for figure in (all_open(flow, f"{flow.label}正在办理"), *in_force(flow))
    ]
    figures.append(Figure("waiting", "等得久的", listings.waits_long(), "waiting", {}, "bad"))
    below = units(actor, asked)
    assert below is not None, "an area has somebody below"
    counted = listings.every().tallies(
        actor, cohort, f"({below.sql})::text", {one.key: one.condition for one in figures}, asked
    )
    numbers = dict(counted)
    nothing = dict.fromkeys((figure.key for figure in figures), 0)
    lines = [
        Line(
            (name,), tuple((numbers.get(key, nothing)[one.key], one.of(**{below.key: key})) for one in figures),
            f"?{urlencode({'province': key})}" if below.key == "province" else "",
        )
        for key, name in below.named
    ]  # fmt: skip
    steps = Table(
        "area",
        "各省办理情况" if below.key == "province" else "各学校办理情况",
        (below.label,),
        tuple(f.label for f in figures),
        lines,
    )
    said = confirmations(actor, cohort, asked)
    cells = tuple((number, address) for _, number, address, _ in said)
    return [steps, Table("said", "登记确认", (), tuple(words for words, *_ in said), [Line((), cells)] if said else [])]


def waiting_in_modules(actor: Actor, cohort: int) -> list[tuple[str, int, str]]:
    """(words, number, address) of what waits for this user in the modules file and household that it may read and that are open (ARC-07)."""
    return [
        (f"待我审核的{TITLES[area]}申请", files.queue(area, actor.role).count(actor, {}, cohort), reverse("transfer:review", args=[area]))
        for area in open_areas(cohort, actor)
    ]  # fmt: skip


# What of the answers asks somebody to act, in the order of `confirmations`.
TONES = ("bad", "bad", "", "")


def confirmations(actor: Actor, cohort: int, kept: Mapping[str, str] = NOTHING) -> list[tuple[str, int, str, str]]:
    """(words, number, address, tone) of what graduates said of what was reported, in one statement; nothing where the module is not open."""
    if not is_open(actor, cohort):
        return []
    wanted = {
        "disputed": ("确认有误，待学校处理", "c.state = 'disputed'", {"state": "disputed"}),
        "denied": ("毕业生说不是本人去向", reported.DENIED, {"claim": "denied"}),
        "unconfirmed": ("未确认", "c.state = 'unconfirmed'", {"state": "unconfirmed"}),
        "confirmed": ("确认无误", "c.state = 'confirmed'", {"state": "confirmed"}),
    }
    found = reported.answers().tallies(actor, cohort, "''", {key: one[1] for key, one in wanted.items()}, kept)
    numbers = found[0][1] if found else dict.fromkeys(wanted, 0)
    place = reverse("transfer:confirm")
    return [
        (words, numbers[key], f"{place}?{urlencode({**kept, **values})}", tone)
        for (key, (words, _, values)), tone in zip(wanted.items(), TONES, strict=True)
    ]


def longest(actor: Actor, cohort: int) -> list[Any]:
    """The five cases that have waited longest for this user."""
    return listings.queue(actor.role).head(actor, {}, cohort, 5)


def deadlines(cohort: int) -> list[tuple[str, datetime]]:
    """The dates that end something for a cohort, each as the instant from which it is too late."""
    return [
        ("去向变更上报截止", midnight(date(cohort, *LAST_CHANGE) + ONE_DAY)),
        (f"{cohort} 届办理截止", cohort_closes(cohort)),
    ]


def own_tiers(actor: Actor) -> list[Tier]:
    """The tiers whose handler a school's user reads: the own one and the one for all."""
    return [Tier.ALL, actor.tier] if actor.tier is not Tier.ALL else list(Tier)
