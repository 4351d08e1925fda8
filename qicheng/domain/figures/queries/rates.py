"""毕业去向落实率 and its parts: of whom, by what, by which formula, and who may see how much of it (STA-02)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.db.models import Min
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.figures.queries import cube, disclosure
from qicheng.domain.figures.queries import people as listings
from qicheng.domain.figures.queries.people import DIMENSIONS, EMPTY, Dimension
from qicheng.domain.orgs.models import College, School
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import SYSTEM, Area, Role, Tier
from qicheng.foundation.codes import rates
from qicheng.foundation.flow import past
from qicheng.foundation.kit.calendar import day_of, midnight

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from qicheng.foundation.access import Actor
    from qicheng.foundation.codes.rates import Formula

ABOVE = (Role.PROVINCE, Role.MINISTRY)
# By what each role can tell its graduates apart, the natural one first.
OFFERED: Mapping[Role, tuple[str, ...]] = {
    Role.COLLEGE: ("major", "class", "level", "sex", "origin", "normal", "hardship", "college"),
    Role.SCHOOL: ("college", "major", "class", "level", "sex", "origin", "normal", "hardship"),
    Role.PROVINCE: ("school", "major", "level", "sex", "origin", "normal", "hardship"),
    Role.MINISTRY: ("province", "school", "major", "level", "sex", "origin", "normal", "hardship"),
}
# Of one school, which a province or the ministry has chosen.
WITHIN_SCHOOL = ("college", "major", "class", "level", "sex", "origin", "normal", "hardship")
# What somebody without a right to the people may read a table by: dimensions that do not lie in one another.
TOLD = ("level", "sex", "origin", "normal", "hardship")
UNIT = {Role.COLLEGE: "college", Role.SCHOOL: "college", Role.PROVINCE: "school", Role.MINISTRY: "province"}
# The narrowest that a page can be asked for, besides its dimension.
NARROWED = ("province", "school", "college", "major", "class", "level", "sex", "origin", "normal", "hardship")
# Beyond this many lines the smaller groups are one line.
MOST_LINES = 300


@dataclass(frozen=True, slots=True)
class Group:
    """A group of graduates: `counts` are measure → number (what is not told is not there), `urls` measure → the list of exactly these."""

    key: str
    name: str
    counts: Mapping[str, int]
    url: str = ""
    urls: Mapping[str, str] = field(default_factory=dict)

    def number(self, measure: str) -> int | None:
        return self.counts.get(measure)

    def rate(self, measure: str = listings.PLACED) -> str:
        """The share of everybody in two decimals; '' where it is not told or there is nobody."""
        number, total = self.counts.get(measure), self.counts.get("total")
        return percent(number, total) if number is not None and total else ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rates of a whole and of its groups by one dimension, as one reader may see them.

    `is_exact`: the reader may see the people, and every number opens them. `counted_at` is the instant of numbers that are not live.
    `is_counted` is false before the first night of a cohort: there may be graduates, and nobody has counted them.
    """

    formula: Formula
    dimension: Dimension
    whole: Group
    groups: list[Group]
    is_exact: bool
    values: Mapping[str, str]
    moment: datetime | None = None
    counted_at: datetime | None = None
    rest: str = ""
    is_counted: bool = True

    @property
    def hidden(self) -> int:
        """How many groups have a number that is not told."""
        return sum(1 for one in self.groups if len(one.counts) < len(self.whole.counts))


def percent(number: int, whole: int) -> str:
    """「78.28%」: rounded once, from whole numbers, half up; rates are never added or compared."""
    return f"{(Decimal(100 * number) / Decimal(whole)).quantize(Decimal('0.01'), ROUND_HALF_UP)}%"


def points(number: int, whole: int, number_then: int, whole_then: int) -> Decimal:
    """By how many percentage points the first rate is above the second, from whole numbers, rounded once."""
    difference = Decimal(100 * (number * whole_then - number_then * whole)) / Decimal(whole * whole_then)
    return difference.quantize(Decimal("0.01"), ROUND_HALF_UP)


def is_entitled(actor: Actor, dimension: str) -> bool:
    """Whether the list behind a table would show its people to whoever asks: with the permission, of the own part.

    A college reads the comparison of all colleges of its school without being entitled to it.
    """
    return actor.may_read(Area.EMPLOYMENT) and not (actor.role is Role.COLLEGE and dimension == "college")


def dimensions(actor: Actor, values: Mapping[str, str]) -> list[Dimension]:
    """By what the reader can tell the graduates apart, given what is chosen."""
    if not actor.may_read(Area.EMPLOYMENT):
        # Above schools, tables of one moment: those that the counters know.
        told = (UNIT[actor.role], "level") if actor.role in ABOVE else (UNIT[actor.role], *TOLD)
        return [DIMENSIONS[key] for key in told]
    if actor.role in ABOVE and values.get("school"):
        return [DIMENSIONS[key] for key in WITHIN_SCHOOL if not values.get(key)] or [DIMENSIONS["class"]]
    keys = OFFERED[actor.role]
    if actor.role is Role.MINISTRY and not values.get("province"):
        keys = tuple(key for key in keys if key != "school")
    compared = "college" if actor.role is Role.COLLEGE else ""
    return [DIMENSIONS[key] for key in keys if key == compared or not values.get(key)] or [DIMENSIONS[keys[-1]]]


def narrowed(actor: Actor, query: Mapping[str, str]) -> dict[str, str]:
    """What the address narrows the graduates to; nothing for whoever may not see them."""
    if not actor.may_read(Area.EMPLOYMENT):
        return {}
    filters = {one.key: one for one in listings.people().filters}
    found = {}
    for key in NARROWED:
        value = query.get(key, "").strip().replace("\x00", "")[:60]
        if value and filters[key].condition(value) is not None:
            found[key] = value
    if (
        actor.role is Role.PROVINCE
        and "school" in found
        and not School.objects.filter(pk=int(found["school"]), province=actor.node).exists()
    ):
        del found["school"]
    if actor.role not in ABOVE:
        # A school is its own; another's colleges are not its to name.
        found = {key: value for key, value in found.items() if key not in ("province", "school")}
    if actor.role in ABOVE and "school" not in found:
        # Of more than one school, the nightly table knows these alone.
        found = {key: value for key, value in found.items() if key in ("province", "level")}
    return found


def sheet(
    actor: Actor, cohort: int, dimension: Dimension, values: Mapping[str, str], moment: datetime | None = None
) -> Sheet:
    """The rates by a dimension as the reader may see them, live or as known at a past moment."""
    formula = rates.formula(cohort)
    if not is_entitled(actor, dimension.key):
        return _told(actor, cohort, dimension, formula)
    if actor.role in ABOVE and not values.get("school"):
        found, counted_at = cube.read(actor, cohort, dimension, values, moment)
        is_counted = counted_at is not None or dimension.key in cube.KEPT
        return replace(
            _exact(actor, cohort, dimension, formula, values, found, moment, counted_at), is_counted=is_counted
        )
    found = counted(actor, cohort, dimension, values, moment)
    return _exact(actor, cohort, dimension, formula, values, found, moment)


def counted(
    actor: Actor, cohort: int, dimension: Dimension, values: Mapping[str, str], moment: datetime | None = None
) -> dict[str, dict[str, int]]:
    """Value of the dimension → measure → number, in one statement."""
    measures = listings.measures(rates.formula(cohort))
    found = listings.people().tallies(actor, cohort, f"({dimension.sql})::text", measures, values, moment)
    return dict(found)


def whole(
    actor: Actor, cohort: int, values: Mapping[str, str], moment: datetime | None = None
) -> dict[str, int]:  # fmt: skip
    """Measure → number of everybody under the filters."""
    measures = listings.measures(rates.formula(cohort))
    found = listings.people().tallies(actor, cohort, "''", measures, values, moment)
    return found[0][1] if found else dict.fromkeys(measures, 0)


def with_sums(counts: Mapping[str, int], formula: Formula) -> dict[str, int]:
    """Measures with what is placed and what is not: sums of whole numbers, so that parts always add up."""
    placed = sum(counts.get(key, 0) for key in formula.parts)
    unplaced = sum(counts.get(key, 0) for key in rates.UNPLACED)
    return {**counts, listings.PLACED: placed, listings.UNPLACED: unplaced}


def _exact(
    actor: Actor, cohort: int, dimension: Dimension, formula: Formula, values: Mapping[str, str],
    found: Mapping[str, Mapping[str, int]], moment: datetime | None, counted_at: datetime | None = None,
) -> Sheet:  # fmt: skip
    empty = dict.fromkeys(listings.measures(formula), 0)
    named = _named(actor, dimension, values, found)
    kept, rest = _largest(named, found)
    opens = actor.role not in ABOVE or bool(values.get("school")) or dimension.key == "school"
    asked = {**past.kept_in_address(moment), **values}
    groups = []
    for key, name in kept:
        own = {**asked, dimension.key: key or EMPTY}
        numbers = with_sums(found.get(key, empty), formula)
        groups.append(Group(key, name, numbers, _further(dimension, own), _urls(own, formula) if opens else {}))
    all_urls = _urls(asked, formula) if opens and dimension.key != "school" else {}
    together = with_sums(disclosure.summed([empty, *found.values()]), formula)
    return Sheet(
        formula, dimension, Group("", "合计", together, urls=all_urls), groups, True, values, moment, counted_at, rest
    )


def _largest(named: list[tuple[str, str]], found: Mapping[str, Mapping[str, int]]) -> tuple[list[tuple[str, str]], str]:
    """The lines that a page shows, and in words what it does not."""
    if len(named) <= MOST_LINES:
        return named, ""
    largest = sorted(named, key=lambda one: -found.get(one[0], {"total": 0})["total"])[:MOST_LINES]
    keys = {key for key, _ in largest}
    return [
        one for one in named if one[0] in keys
    ], f"只列出人数最多的 {MOST_LINES} 行，另有 {len(named) - MOST_LINES:,} 行；合计包括全部。"


def _urls(asked: Mapping[str, str], formula: Formula) -> dict[str, str]:
    """Measure → the list of exactly those who were counted."""
    place = reverse("figures:rates_people")
    parts = (listings.PLACED, listings.UNPLACED, *formula.labels)
    more: dict[str, dict[str, str]] = {
        "total": {},
        **{key: {"part": key} for key in parts},
        **{key: {"said": key} for key in listings.ANSWERS},
    }
    return {key: f"{place}?{urlencode({**asked, **one})}" if asked or one else place for key, one in more.items()}


def _further(dimension: Dimension, own: Mapping[str, str]) -> str:
    """Where the name of a group leads: to what it consists of, at last to its people."""
    if dimension.key == "class":
        return f"{reverse('figures:rates_people')}?{urlencode(own)}"
    if dimension.further:
        return f"{reverse('figures:rates_by', args=[dimension.further])}?{urlencode(own)}"
    return f"{reverse('figures:rates')}?{urlencode(own)}"


def _named(
    actor: Actor, dimension: Dimension, values: Mapping[str, str], found: Mapping[str, Mapping[str, int]]
) -> list[tuple[str, str]]:
    """(key, name) of the groups in the order of their names, or of their code table: never by their rate."""
    if dimension.key in ("province", "school", "college"):
        within = {"college": "school", "school": "province"}.get(dimension.key, "")
        names = listings.names_of(dimension.key, actor, int(values[within]) if values.get(within) else None)
        if chosen := values.get(dimension.key):
            names = [one for one in names if one[0] == chosen]
        return names
    if dimension.key in ("major", "class"):
        return sorted(((key, dimension.named(key)) for key in found), key=lambda one: (one[0] == "", one[1]))
    return [(key, dimension.named(key)) for key in sorted(found, key=lambda key: (key == "", len(key), key))]


# ---- for whoever may not see the people


def _told(actor: Actor, cohort: int, dimension: Dimension, formula: Formula) -> Sheet:
    """One fixed sheet, in which no number tells fewer than five apart (see `disclosure`)."""
    steps = disclosure.Steps.of(formula)
    found, counted_at = published(actor, cohort, dimension)
    own = str(actor.node) if actor.role is Role.COLLEGE and actor.may_read(Area.EMPLOYMENT) else ""
    plain = {key: {part: counts[part] for part in formula.labels} for key, counts in found.items()}
    # What a college knows of itself is no cover for others.
    known = plain.pop(own, None)
    reached, finest = disclosure.told(steps, plain)
    shown = {key: disclosure.visible(steps, finest[key], counts) for key, counts in plain.items()}
    together = disclosure.summed([*plain.values(), *([known] if known else [])])
    if known is not None:
        shown[own] = disclosure.visible(steps, len(steps.cells) - 1, known)
        reached = reached if plain else len(steps.cells) - 1
    names = _named(actor, dimension, {}, found)
    groups = [Group(key, name, shown[key], "") for key, name in names if key in shown]
    return Sheet(
        formula, dimension, Group("", "合计", disclosure.visible(steps, reached, together)), groups, False, {}, None, counted_at
    )  # fmt: skip


def published(
    actor: Actor, cohort: int, dimension: Dimension
) -> tuple[dict[str, dict[str, int]], datetime | None]:  # fmt: skip
    """(the numbers of the reader's school or area by a dimension before anything is left out of them, of when they are).

    They are of the end of yesterday: numbers that move while they are looked at tell who moved them. A college's reader is told of its
    school, so that all tables are of the same people.
    """
    moment = midnight(day_of(timezone.now()))
    if actor.role in ABOVE:
        return cube.at_midnight(actor, cohort, dimension, moment), moment
    school = actor.node if actor.role is Role.SCHOOL else College.objects.only("school_id").get(pk=actor.node).school_id
    values = {"school": str(school)}
    if actor.role is Role.SCHOOL and actor.tier is not Tier.ALL:
        values["study"] = actor.tier.value
    return counted(SYSTEM, cohort, dimension, values, moment), moment


# ---- over time


@dataclass(frozen=True, slots=True)
class Then:
    """The same day a year ago: the day, the counts of then, and by how many percentage points the rate is above it now."""

    day: date
    counts: Mapping[str, int]
    above: Decimal


def a_year_ago(day: date) -> date:
    """The same day of the year before; 29 February is 28 February then."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def same_day_last_year(actor: Actor, cohort: int, values: Mapping[str, str], now: Group) -> Then | None:
    """The cohort before at the end of the same day a year ago; None where nobody was there."""
    day = a_year_ago(day_of(timezone.now()))
    (then,) = at_ends_of(actor, cohort - 1, values, [day])
    if then is None or not then["total"] or not now.counts.get("total"):
        return None
    above = points(now.counts[listings.PLACED], now.counts["total"], then[listings.PLACED], then["total"])
    return Then(day, then, above)


def at_ends_of(
    actor: Actor, cohort: int, values: Mapping[str, str], days: Sequence[date]
) -> list[dict[str, int] | None]:
    """Measures with their sums at the end of each day, oldest first: by the counters' days, else as the rows were known then.

    None of a province or the country for a day before days were kept.
    """
    formula, level = rates.formula(cohort), values.get("level", "")
    found: list[dict[str, int] | None]
    is_counted = actor.role is not Role.COLLEGE and set(values) <= {"province", "school", "level"}
    if is_counted and (actor.role is Role.SCHOOL or values.get("school")):
        school = actor.node if actor.role is Role.SCHOOL else int(values["school"])
        tier = "" if actor.tier is Tier.ALL else actor.tier.value
        kept = cube.of_school(school, cohort, days, level=level, tier=tier)
        found = kept if all(kept) else _with_unkept(actor, school, cohort, values, days, kept)
    elif is_counted:
        found = cube.of_area(actor, cohort, days, values)
    else:
        found = [whole(actor, cohort, values, midnight(day + timedelta(days=1))) for day in days]
    return [one and with_sums(one, formula) for one in found]


def _with_unkept(
    actor: Actor,
    school: int,
    cohort: int,
    values: Mapping[str, str],
    days: Sequence[date],
    kept: Sequence[dict[str, int] | None],
) -> list[dict[str, int] | None]:
    """The same with a school's days before they were kept, as its rows were known then; nobody before its first row."""
    mine = Graduate.objects.seen_by(actor).filter(school=school, cohort=cohort)
    first = mine.aggregate(first=Min("added_at"))["first"]
    nobody = dict.fromkeys(listings.measures(rates.formula(cohort)), 0)

    def known(day: date) -> dict[str, int]:
        end = midnight(day + timedelta(days=1))
        return whole(actor, cohort, values, end) if first is not None and first < end else nobody

    return [one or known(day) for day, one in zip(days, kept, strict=True)]


def sundays(number: int = 10) -> list[date]:
    """The last Sundays that are over, oldest first."""
    today = day_of(timezone.now())
    newest = today - timedelta(days=today.isoweekday() % 7 or 7)
    return [newest - timedelta(weeks=back) for back in reversed(range(number))]


@dataclass(frozen=True, slots=True)
class Week:
    """The end of a Sunday: the rate of the cohort then, and of the cohort before on the same day a year ago; None where nobody was there.

    `words` and `words_before` are what is said of each, with the reason where there is no rate.
    """

    day: date
    rate: Decimal | None
    before: Decimal | None
    words: str
    words_before: str


def weeks(actor: Actor, cohort: int, values: Mapping[str, str], whole: Group) -> list[Week]:
    """The trend of the last weeks beside that of the year before; nothing where nobody was there.

    The newest point is today's, of the same instant as the `whole` that stands beside it.
    """
    days = sundays()
    now = [*at_ends_of(actor, cohort, values, days), whole.counts]
    days.append(day_of(timezone.now()))
    then = at_ends_of(actor, cohort - 1, values, [a_year_ago(day) for day in days])
    found = [
        Week(day, _rate(one), _rate(other), _rate_words(one), _rate_words(other))
        for day, one, other in zip(days, now, then, strict=True)
    ]  # fmt: skip
    return found if any(one.rate is not None for one in found) else []


def _rate(counts: Mapping[str, int] | None) -> Decimal | None:
    return points(counts[listings.PLACED], counts["total"], 0, 1) if counts and counts["total"] else None


def _rate_words(counts: Mapping[str, int] | None) -> str:
    if counts is None:
        return "还没有按天记录"
    return f"{_rate(counts)}%" if counts["total"] else "没有名单"


def headings(formula: Formula) -> dict[str, str]:
    """Measure → heading, in the order in which a table shows them."""
    parts = {"total": "毕业生", listings.PLACED: "已落实", **formula.labels}
    return parts | {key: f"本人{words}" for key, words in listings.ANSWERS.items()}
