"""The lists of registrations: the queue of what waits for a reviewer, all cases of a way to register, those that ended, returns.

A flow joins by being declared on one of `MODELS`: its states with a turn are in the queue of that role, its words are the filters.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qicheng.domain.orgs import queries as orgs
from qicheng.domain.orgs.models import AgreementForm, Province, School, SigningSettings
from qicheng.domain.roster.sheets import FIXED, SYNCED
from qicheng.foundation import codes
from qicheng.foundation.access import SYSTEM, Actor, Area, Role, statements
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.kit import masks
from qicheng.foundation.kit.calendar import day_of, waited_before, working_days_between
from qicheng.foundation.listing import Column, Filter, Listing

from .guards import REMINDED_ONE_BY_ONE
from .models import UNSENT, Dissolution, Registration
from .sheets import destinations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from qicheng.foundation.flow.declare import Flow
    from qicheng.foundation.flow.perform import Case

# From how many working days on a wait is called long where a school has set nothing, and the most that it can set.
LONG_WAIT, LONGEST_SET = 3, 30
# How many cases the timetable reads at a time.
MOST_IN_HAND = 500
KEPT_SECONDS = 30

MODELS: tuple[type[Registration | Dissolution], ...] = (Registration, Dissolution)
# The order in which ways to register and to dissolve stand beside each other; a way that is not named follows.
WAYS = (
    "online_signing",
    "offline_signing",
    "supplementary",
    "destination",
    "online_dissolution",
    "offline_dissolution",
)
# Ways of rooms above, with whom they are named to.
_SHOWN: dict[str, Callable[[Actor, int], bool]] = {}
# Lists of rooms above, which stand beside ours.
_BESIDE: list[Callable[[], Listing]] = []
# What the queue and the figures read of every case; each part of the union is a plain table, so that its own index gives the order.
_SHARED = """id, public_id, version, cohort, flow_name, state, waiting_since, begun_at, school_id, college_id, tier, graduate_id,
    employer_id, agreement_form, employer_name, post, number"""
_REGISTERED = "student, deadline, paper_number, kind, statement, employer_shown"
_NOTHING_REGISTERED = """NULL::jsonb AS student, NULL::timestamptz AS deadline, ''::varchar AS paper_number, ''::varchar AS kind,
    ''::varchar AS statement, NULL::jsonb AS employer_shown"""
_REGISTRATIONS = "registration_registration c"
_DISSOLUTIONS = f"(SELECT *, {_NOTHING_REGISTERED} FROM registration_dissolution) c"  # noqa: S608 -- names of columns alone
_EVERYTHING = f"""(SELECT {_SHARED}, {_REGISTERED}, ''::varchar AS asked_by FROM registration_registration
    UNION ALL SELECT {_SHARED}, {_NOTHING_REGISTERED}, asked_by FROM registration_dissolution) c"""  # noqa: S608 -- names of columns alone
_ABOVE = """JOIN roster_graduate g ON g.cohort = c.cohort AND g.id = c.graduate_id
    LEFT JOIN orgs_college k ON k.id = c.college_id LEFT JOIN orgs_school s ON s.id = c.school_id
    LEFT JOIN orgs_employer e ON e.id = c.employer_id"""
_RETURNS = f"""{_EVERYTHING} {_ABOVE} JOIN flow_record r ON r.school_id = c.school_id AND r.cohort = c.cohort AND r.flow = c.flow_name
    AND r."case" = c.public_id::text AND r.act = 'return'"""
_SETTINGS = "LEFT JOIN orgs_signingsettings w ON w.school_id = c.school_id AND w.cohort = c.cohort"
ON_THE_ROSTER = "g.removed_at IS NULL"
# When whoever's turn it is was last reminded of it.
REMINDED = """(SELECT max(r.at) FROM flow_record r WHERE r."case" = c.public_id::text AND r.act = 'remind' AND r.at >= c.waiting_since)"""
TURNS = (Role.GRADUATE, Role.EMPLOYER, Role.COLLEGE, Role.SCHOOL)
# An invitation that nobody can answer any more is expired, whether or not a job has put it on record (SIGN-02).
STANDING = "CASE WHEN c.state = 'invited' AND c.deadline <= now() THEN 'expired' ELSE c.state END"


def _otherwise(key: str) -> str:
    """1 where the roster says otherwise than the line that was frozen (ROS-05)."""
    now = {"college": "k_now.name", "school": "s_now.name"}.get(key, f"g.{key}")
    return f"(coalesce(c.student ->> '{key}', '') <> coalesce({now}, ''))::int"


# The revision is compared first: as long as it stands, field by field nothing is; nothing was frozen before the graduate's yes.
# A dissolution carries no line of the roster, and its result is NULL.
MISMATCHES = " ".join((
    "CASE WHEN c.student IS NULL THEN NULL WHEN coalesce((c.student ->> 'revision')::int, g.revision) = g.revision THEN 0 ELSE (SELECT",
    " + ".join(_otherwise(key) for key in (*SYNCED, *FIXED)),
    "FROM orgs_college k_now, orgs_school s_now WHERE k_now.id = g.college_id AND s_now.id = g.school_id) END",
))  # fmt: skip
# The newest business status of the unit that a provider gave (EMP-03).
STATUS = """(SELECT l.status FROM orgs_statuslookup l WHERE l.credit_code = coalesce(e.credit_code, c.employer_shown ->> 'credit_code')
    ORDER BY l.asked_at DESC LIMIT 1)"""
# Destinations that their graduate voided: the last of each, as long as the graduate has submitted nothing since (DES-05).
VOIDED = """c.flow_name = 'destination' AND c.state = 'cancelled' AND NOT EXISTS (SELECT 1 FROM registration_registration n
    WHERE n.graduate_id = c.graduate_id AND n.cohort = c.cohort AND n.id <> c.id
    AND (greatest(n.submitted_at, n.answered_at) > c.closed_at OR n.state = 'cancelled' AND n.closed_at > c.closed_at))"""
# Whether the unit is flagged, by the school of the case or by many (WRN-02, WRN-03).
FLAGGED = orgs.flagged_in_sql("c.employer_shown ->> 'credit_code'", "c.school_id")


def flows(*models: type[Case]) -> list[Flow]:
    """The ways to register and to dissolve, or those on the models named, in the order of WAYS."""
    found = [flow for flow in FLOWS.values() if flow.model in (models or MODELS)]
    return sorted(found, key=lambda flow: WAYS.index(flow.name) if flow.name in WAYS else len(WAYS))


def shown_where(flow: str, test: Callable[[Actor, int], bool]) -> None:
    """Let a room above say to whom, and in which cohort, a way of its own is named at all; said once, when the room starts.

    Lists, choices and figures of everybody else leave it out. Its cases are in the queue of whoever reviews them, whatever this says.
    """
    _SHOWN[flow] = test


def stands_beside(make: Callable[[], Listing]) -> None:
    """Let a room above have a list of its own among these, made by `of_some`; said once, when the room starts."""
    _BESIDE.append(make)


def ways(actor: Actor, cohort: int, *models: type[Case]) -> list[Flow]:
    """The ways that whoever asks is told of."""
    return [flow for flow in flows(*models) if flow.name not in _SHOWN or _SHOWN[flow.name](actor, cohort)]


def named(actor: Actor, cohort: int) -> dict[str, Listing]:
    """The lists that whoever asks is told of, by their names."""
    hidden = {flow.name for flow in flows()} - {flow.name for flow in ways(actor, cohort)}
    return {name: one for name, one in lists().items() if name not in hidden}


def taken_away(actor: Actor, cohort: int) -> Iterator[Listing]:
    """The lists that whoever asks may take away as workbooks (EXP-01)."""
    if actor.role.is_staff and actor.may_read(Area.EMPLOYMENT):
        yield from named(actor, cohort).values()
        if actor.role in (Role.COLLEGE, Role.SCHOOL):
            yield queue(actor.role)


def in_sql(pairs: Sequence[tuple[str, str]]) -> str:
    """The condition that a case is in one of these (flow, state)."""
    flows_in: dict[tuple[str, ...], list[str]] = {}
    for flow in dict.fromkeys(f for f, _ in pairs):
        flows_in.setdefault(tuple(s for f, s in pairs if f == flow), []).append(flow)
    ways = [f"({_one_of('c.flow_name', names)} AND {_one_of('c.state', states)})" for states, names in flows_in.items()]
    return f"({' OR '.join(ways)})" if ways else "false"


def turn_of(role: Role) -> str:
    """The condition that it is that role's turn; by states alone wherever these say it, so that the queue's own index gives the order."""
    pairs = [(flow.name, state) for flow in flows() for state in flow.turns(role)]
    states = dict.fromkeys(state for _, state in pairs)
    if all(flow.states[state].turn is role for flow in flows() for state in states if state in flow.states):
        return _one_of("c.state", sorted(states))
    return in_sql(pairs)


@cache
def stages(role: Role) -> dict[str, str]:
    """What the guides count above the queue (学生已同意签约 …) → condition: the states of a turn by the words before their comma."""
    found: dict[str, list[tuple[str, str]]] = {}
    for flow in flows():
        for key in flow.turns(role):
            found.setdefault(flow.states[key].label.partition("，")[0], []).append((flow.name, key))
    return {words: in_sql(pairs) for words, pairs in found.items()}


def stages_told(actor: Actor, cohort: int) -> list[str]:
    """Those of the stages of the actor's turn that a way has of which it is told."""
    shown = ways(actor, cohort)
    known = {flow.states[key].label.partition("，")[0] for flow in shown for key in flow.turns(actor.role)}
    return [words for words in stages(actor.role) if words in known]


DIFFERS, LATE = f"{MISMATCHES} > 0", "c.waiting_since < %(late)s"
# The same by the setting of the case's own school: %(waits)s are the instants for 1 to 30 working days.
LONG_SINCE = f"(%(waits)s::timestamptz[])[coalesce(w.long_wait, {LONG_WAIT})]"
LONG = f"c.waiting_since < {LONG_SINCE}"


@cache
def counters(role: Role) -> dict[str, str]:
    """key → condition of the counters above the queue; '' the whole queue, stages by their words."""
    return {"all": "true", **stages(role), "differs": DIFFERS, "late": LATE}


def long_wait(actor: Actor, cohort: int) -> int:
    """From how many working days on a wait is long at the actor's own school; kept for a while."""
    if actor.role not in (Role.COLLEGE, Role.SCHOOL):
        return LONG_WAIT
    rows = SigningSettings.objects.seen_by(actor).filter(cohort=cohort).values_list("pk", "long_wait")
    found = _remembered(f"wait {actor.role} {cohort}", actor.node, lambda: rows)
    return int(found[0][1]) if found else LONG_WAIT


def late(actor: Actor, cohort: int) -> datetime:
    """Whatever has waited since before this instant waits long at the actor's own school."""
    return waited_before(timezone.now(), long_wait(actor, cohort))


def given_late(actor: Actor, cohort: int) -> dict[str, datetime]:
    """The parameter of LATE."""
    return {"late": late(actor, cohort)}


def given_waits(actor: Actor, cohort: int) -> dict[str, list[datetime]]:
    """The parameter of LONG, whichever school a case is of."""
    now = timezone.now()
    return {"waits": [waited_before(now, days) for days in range(1, LONGEST_SET + 1)]}


@cache
def queue(role: Role) -> Listing:
    """What waits for that role, the longest wait first."""

    def kinds(actor: Actor, cohort: int) -> list[tuple[str, str]]:
        return [(flow.name, flow.label) for flow in ways(actor, cohort) if flow.turns(role)]

    return Listing(
        "review", "待我审核", Registration, f"{_EVERYTHING} {_ABOVE}", "c", _columns(), order=("c.waiting_since", "c.id"),
        where=f"{turn_of(role)} AND {ON_THE_ROSTER}", given=given_late,
        filters=(
            Filter("stage", "状态", conditions=stages(role), choices=tuple((words, words) for words in stages(role))),
            Filter("kind", "类型", "c.flow_name = %(kind)s", "choice", choices=kinds),
            _of_kind(*flows()),
            Filter("check", "核对", conditions={"differs": DIFFERS}, choices=(("differs", "信息不一致"),)),
            Filter("wait", "等待", conditions={"late": LATE}, choices=(("late", "等得久"),)),
            *_people(*MODELS),
            Filter("since", "提交不早于", "c.waiting_since >= %(since)s", "date"),
            Filter("until", "提交不晚于", "c.waiting_since < %(until)s + interval '1 day'", "date"),
            Filter("case", "所选", "c.public_id::text = ANY(string_to_array(%(case)s, ','))"),
        ),
    )  # fmt: skip


@cache
def lists() -> dict[str, Listing]:
    """name → list: one for each way to register and to dissolve, registrations that ended, were voided or frozen, and the returns."""
    made = [_way(flow) for flow in flows()]
    ended = [
        (flow.name, s.key)
        for flow in flows(Registration)
        for s in flow.states.values()
        if s.settled and not s.live and s.key not in UNSENT
    ]
    made += [
        _list(
            "ended",
            "失效与作废",
            f"{ON_THE_ROSTER} AND ({in_sql(ended)} OR {STANDING} = 'expired')",
            _every_state(ended),
        ),
        replace(
            _list("voided", "作废信息管理", f"{ON_THE_ROSTER} AND {VOIDED}", (_of_kind(FLOWS["destination"]),)),
            columns=_of_voided(),
            order=("c.closed_at", "c.id"),
        ),
        replace(
            _list("invalid", "失效信息管理", "g.removed_at IS NOT NULL", (_way_filter(*MODELS),), *MODELS),
            source=f"{_EVERYTHING} {_ABOVE}",
        ),
        Listing(
            "returned",
            "退回修改",
            Registration,
            _RETURNS,
            "c",
            _returns(),
            (_way_filter(*MODELS, only_returning=True), *_people(*MODELS)[:4]),
            ("r.id",),
            descending=True,
        ),
        waiting(),
        *(make() for make in _BESIDE),
    ]
    return {one.name: one for one in made}


def of_some(
    name: str, label: str, of: Sequence[Flow], where: str = "true", filters: tuple[Filter, ...] = (), joined: str = ""
) -> Listing:
    """The registrations of several ways as one list, with the filters of all lists after `filters`; `joined` adds to what is read."""

    def kinds(actor: Actor, cohort: int) -> list[tuple[str, str]]:
        return [(flow.name, flow.label) for flow in ways(actor, cohort) if flow in of]

    typed = [flow for flow in of if destinations.types_of(flow.name)]
    way = Filter("kind", "类型", "c.flow_name = %(kind)s", "choice", choices=kinds)
    found = _list(
        name, label, f"{_one_of('c.flow_name', [flow.name for flow in of])} AND {ON_THE_ROSTER} AND {where}",
        (*filters, way, *([_of_kind(*typed)] if typed else [])),
    )  # fmt: skip
    return replace(found, source=f"{found.source} {joined}")


@cache
def waiting() -> Listing:
    """Whatever waits long, whoever's turn it is, by the setting of its own school; the longest wait first."""
    every = {column.key: column for column in _columns()}
    turns = tuple((str(role), role.label) for role in TURNS)
    return Listing(
        "waiting", "久等清单", Registration, f"{_EVERYTHING} {_ABOVE} {_SETTINGS}", "c",
        (
            *(every[key] for key in ("public_id", "name", "student_number")),
            Column("pk", "", "c.id", hidden=True),
            Column("turn", "等谁", f"concat_ws(' ', c.flow_name, {STANDING})", whose_turn),
            Column("since", "从什么时候", "c.waiting_since", written, sort=True),
            Column("days", "已等工作日", "c.waiting_since", working_days_waited, number=True),
            Column("reminded_at", "上次提醒", REMINDED, written),
            *(every[key] for key in ("kind", "employer", "state", "college")),
            Column("school", "学校", "s.name"),
            *(every[key] for key in ("level", "major", "exam_number", "id_number", "phone")),
        ),
        (
            Filter("turn", "等谁", conditions={str(role): turn_of(role) for role in TURNS}, choices=turns),
            _way_filter(*MODELS), *_people(*MODELS),
            Filter("since", "等待开始不早于", "c.waiting_since >= %(since)s", "date"),
            Filter("until", "等待开始不晚于", "c.waiting_since < %(until)s + interval '1 day'", "date"),
            Filter("due", "提醒", conditions={"yes": f"{one_by_one()} AND coalesce({REMINDED}, '-infinity') < {LONG_SINCE}"}),
        ),
        order=("c.waiting_since", "c.id"), given=given_waits,
        where=f"{ON_THE_ROSTER} AND {waits_long()}",
    )  # fmt: skip


@cache
def one_by_one() -> str:
    """The condition that whoever's turn it is is reminded of the case itself, and not by an act of the flow's own."""
    return in_sql([
        (f.name, key) for f in flows() for role in REMINDED_ONE_BY_ONE for key in f.turns(role)
        if f.find(key, "remind", Role.SYSTEM) is None
    ])  # fmt: skip


@cache
def waits_long() -> str:
    """The condition that a case waits on somebody, and waits long by its own school's setting; a draft waits on nobody."""
    open_ = [(f.name, s.key) for f in flows() for s in f.states.values() if s.turn and s.key not in UNSENT]
    return f"({in_sql(open_)} AND {STANDING} <> 'expired' AND {LONG})"


def to_remind(cohort: int) -> Iterator[tuple[type[Case], UUID]]:
    """(model, case) of what one person has left waiting long, and was not reminded of lately; the case's lock has the last word."""
    listing, after = waiting(), ""
    while rows := listing.head(SYSTEM, {"due": "yes", "after": after}, cohort, MOST_IN_HAND):
        yield from ((FLOWS[row.kind].model, row.public_id) for row in rows)
        after = listing.mark(rows[-1].since, rows[-1].pk)


def desks(role: Role, cohort: int) -> list[tuple[int, int, int, dict[str, int]]]:
    """(school, node, the school's long wait, counts by the name of the way) of every desk of that role for which something waits long."""
    by = f"ARRAY[c.school_id, {'c.college_id' if role is Role.COLLEGE else 'c.school_id'}, coalesce(w.long_wait, {LONG_WAIT})]"
    ways = {flow.label: f"{turn_of(role)} AND c.flow_name = '{flow.name}'" for flow in flows()}
    return [(*value, counts) for value, counts in waiting().tallies(SYSTEM, cohort, by, ways) if any(counts.values())]


def working_days_waited(since: datetime) -> str:
    """How many working days have passed since then, today included."""
    return str(working_days_between(day_of(since), day_of(timezone.now())).days)


def whose_turn(value: str) -> str:
    """「flow state」 as whose turn it is there."""
    flow, state = value.split(" ")
    turn = FLOWS[flow].states[state].turn
    return turn.label if turn else ""


@cache
def every() -> Listing:
    """All cases of graduates who are on the roster, whichever way they go: what the figures count."""
    whole = _list("registrations", "全部登记", ON_THE_ROSTER, ())
    return replace(
        whole,
        source=f"{_EVERYTHING} {_ABOVE} {_SETTINGS}",
        given=lambda *asked: given_late(*asked) | given_waits(*asked),
    )


def in_state(flow: str, state: str) -> str:
    """The condition that a case stands there, as lists and figures count it."""
    return f"c.flow_name = '{flow}' AND {STANDING} = '{state}'"


DUE = "c.state = 'invited' AND c.deadline > now() AND c.deadline <= now() + interval '24 hours'"


def is_open(flow: Flow) -> str:
    """The condition that a case of the flow waits on somebody."""
    states = [s.key for s in flow.states.values() if s.turn and s.key not in UNSENT]
    return f"c.flow_name = '{flow.name}' AND {_one_of(STANDING, states)}"


def _way(flow: Flow) -> Listing:
    states = [
        Filter(
            "state",
            "状态",
            f"{STANDING} = %(state)s",
            "choice",
            choices=tuple((s.key, s.label) for s in flow.states.values() if s.key not in UNSENT),
        )
    ]
    open_ = Filter("open", "办理", conditions={"yes": is_open(flow)}, choices=(("yes", "正在办理"),))
    soon = (
        [Filter("due", "应约", conditions={"soon": DUE}, choices=(("soon", "24 小时内到期"),))]
        if "invited" in flow.states
        else []
    )
    kind = [_of_kind(flow)] if destinations.types_of(flow.name) else []
    where = f"c.flow_name = '{flow.name}' AND {ON_THE_ROSTER}"
    if flow.model is Dissolution:
        made = _list(flow.name, flow.label, where, (*states, open_), Dissolution)
        return replace(made, source=f"{_DISSOLUTIONS} {_ABOVE}", model=Dissolution, columns=_of_dissolutions())
    return replace(_list(flow.name, flow.label, where, (*states, open_, *soon, *kind)), columns=_of_way(flow))


def _of_kind(*of: Flow) -> Filter:
    """The types of what is no agreement, by their newest names; types of several flows that have one name are one choice."""
    keys: dict[str, dict[str, str]] = {}
    for flow in of:
        for one in destinations.types_of(flow.name).values():
            keys.setdefault(one.label, {})[one.key] = flow.name
    firsts = {label: next(iter(same)) for label, same in keys.items()}

    def choices(actor: Actor, cohort: int) -> list[tuple[str, str]]:
        shown = {flow.name for flow in ways(actor, cohort)}
        return [(firsts[label], label) for label, same in keys.items() if not shown.isdisjoint(same.values())]

    conditions = {firsts[label]: _one_of("c.kind", list(same)) for label, same in keys.items()}
    return Filter("type", "去向类型", conditions=conditions, choices=choices)


@cache
def returning() -> frozenset[str]:
    """The ways in which a reviewer can return something to be corrected."""
    return frozenset(flow.name for flow in flows() if any(act.name == "return" for act in flow.acts))


def _way_filter(*models: type[Case], only_returning: bool = False) -> Filter:
    def choices(actor: Actor, cohort: int) -> list[tuple[str, str]]:
        shown = ways(actor, cohort, *models)
        return [(flow.name, flow.label) for flow in shown if not only_returning or flow.name in returning()]

    return Filter("kind", "类型", "c.flow_name = %(kind)s", "choice", choices=choices)


def _list(name: str, label: str, where: str, filters: tuple[Filter, ...], *models: type[Case]) -> Listing:
    return Listing(
        name, label, Registration, f"{_REGISTRATIONS} {_ABOVE}", "c", _columns(), order=("c.id",), descending=True, where=where,
        filters=(
            *filters, *_people(*(models or (Registration,))),
            Filter("since", "发起不早于", "c.begun_at >= %(since)s", "date"),
            Filter("until", "发起不晚于", "c.begun_at < %(until)s + interval '1 day'", "date"),
        ),
    )  # fmt: skip


def _every_state(pairs: Sequence[tuple[str, str]]) -> tuple[Filter, ...]:
    labels = {state: FLOWS[flow].states[state].label for flow, state in pairs}
    return (Filter("state", "状态", f"{STANDING} = %(state)s", "choice", choices=tuple(labels.items())),)


def _columns() -> tuple[Column, ...]:
    return (
        Column("public_id", "", "c.public_id", hidden=True),
        Column("version", "", "c.version", hidden=True),
        Column("name", "姓名", "g.name", sort=True),
        Column("student_number", "学号", "g.student_number", sort=True),
        Column("employer", "单位", "c.employer_name", sort=True),
        Column("state", "状态", f"concat_ws(' ', c.flow_name, {STANDING}, c.agreement_form)", standing),
        Column("waiting_since", "到这一步的时间", "c.waiting_since", written, sort=True),
        Column("mismatches", "核对", MISMATCHES, lambda count: f"{count} 项不一致" if count else "一致"),
        Column("college", "院系", "k.name"),
        Column("level", "学历", "g.level", codes.table("education_levels").label),
        Column("major", "专业", "g.major"),
        Column("kind", "类型", "c.flow_name", lambda name: FLOWS[name].label),
        Column("type", "去向类型", "c.kind", lambda key: destinations.of(key).label),
        Column("post", "岗位", "c.post"),
        Column("number", "协议编号", "coalesce(c.number, c.paper_number)"),
        Column("begun_at", "发起时间", "c.begun_at", written, sort=True),
        Column("exam_number", "考生号", "g.exam_number"),
        Column("id_number", "身份证号", "g.id_number", masks.id_number),
        Column("phone", "手机号码", "g.phone", masks.phone),
        Column("form", "", "c.agreement_form", hidden=True),
        Column("states", "", "c.statement <> ''", hidden=True),
        Column("is_verified", "", "e.is_verified", hidden=True),
        Column("status", "", STATUS, hidden=True),
        Column("flagged", "", FLAGGED, hidden=True),
    )


def _of_way(flow: Flow) -> tuple[Column, ...]:
    """Agreements have a number, other destinations a type; a way of a room above may have both."""
    types = destinations.types_of(flow.name)
    left = {"type"} if not types else {"number"} if flow.name == "destination" else set()
    return tuple(column for column in _columns() if column.key not in left)


def _of_voided() -> tuple[Column, ...]:
    every = {column.key: column for column in _columns()}
    order = (
        "public_id",
        "name",
        "student_number",
        "type",
        "employer",
        "college",
        "level",
        "major",
        "exam_number",
        "id_number",
        "phone",
    )
    voided = Column("closed_at", "作废时间", "c.closed_at", written, sort=True)
    return (*(every[key] for key in order[:5]), voided, *(every[key] for key in order[5:]))


def _of_dissolutions() -> tuple[Column, ...]:
    whose = dict(Dissolution.Side.choices)
    own = {
        "asked_by": Column("asked_by", "解约方", "c.asked_by", lambda side: str(whose[side])),
        "reason": Column("reason", "解约原因", "c.reason", codes.table("termination_reasons").label),
        "explanation": Column("explanation", "解约说明", "c.explanation"),
        "reminded_at": Column("reminded_at", "上次提醒", "c.reminded_at", written),
    }
    every = {column.key: column for column in _columns()} | own
    order = (
        "public_id", "version", "name", "student_number", "employer", "asked_by", "reason", "state", "waiting_since", "begun_at",
        "reminded_at", "explanation", "college", "level", "major", "post", "number", "exam_number", "id_number", "phone",
    )  # fmt: skip
    return tuple(every[key] for key in order)


def _returns() -> tuple[Column, ...]:
    kept = (
        "public_id",
        "name",
        "student_number",
        "exam_number",
        "id_number",
        "phone",
        "college",
        "level",
        "major",
        "kind",
        "employer",
    )
    return (
        *(column for column in _columns() if column.key in kept),
        Column("words", "退回说明", "r.words"),
        Column("returned_by", "退回人", "r.name"),
        Column("returned_at", "退回时间", "r.at", written),
        Column("state", "现在的状态", f"concat_ws(' ', c.flow_name, {STANDING}, c.agreement_form)", standing),
    )


# By whom a case began: the case of a dissolution says so itself, the flow of a registration has one beginning.
_STARTERS = (("employer", "单位", Role.EMPLOYER), ("graduate", "学生", Role.GRADUATE))


def _people(*models: type[Case]) -> tuple[Filter, ...]:
    """The filters of every list of cases of these models: who, from where, with whom (REG-07)."""
    asked = Dissolution in models
    begun = flows(Registration) if Registration in models else []
    started = {
        key: _one_of("c.flow_name", [flow.name for flow in begun if role in flow.begin.by])
        for key, _, role in _STARTERS
    }
    if asked:
        started = {key: f"({condition} OR c.asked_by = '{key}')" for key, condition in started.items()}
    search = (
        "(g.name LIKE %(q_prefix)s OR g.student_number LIKE %(q_prefix)s OR g.exam_number LIKE %(q_prefix)s "
        "OR g.id_number = upper(%(q)s) OR c.number = %(q)s OR c.paper_number = %(q)s OR c.employer_name LIKE %(q_within)s)"
    )
    return (
        Filter("q", "搜索", search, "search"),
        Filter("level", "学历", "g.level = %(level)s", "code", table="education_levels"),
        Filter("major", "专业", "g.major LIKE %(major)s", "prefix"),
        Filter("college", "院系", "c.college_id = %(college)s", "whole", choices=_colleges),
        Filter("school", "学校", "c.school_id = %(school)s", "whole", choices=_schools),
        Filter("province", "省份", "s.province_id = %(province)s", "whole", choices=_provinces),
        Filter("employer", "单位", "c.employer_name LIKE %(employer_within)s", "search"),
        Filter(
            "by",
            "解约方" if not begun else "发起方" if asked else "签约发起方",
            conditions=started,
            choices=tuple((key, label) for key, label, _ in _STARTERS),
        ),
    )


def standing(value: str) -> str:
    """「flow state form」 in the official words, with the verb of the agreement's form (SET-01)."""
    flow, state, form = value.split(" ")
    return worded(FLOWS[flow].states[state].label, form)


def worded(label: str, form: str) -> str:
    """A label of ours with 审核 turned into what the school does with that form of agreement (SET-01); destinations have none."""
    return label.replace("学校审核", f"学校{AgreementForm(form).verb}") if form else label


def written(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def held_back(row: Any) -> list[str]:
    """Why a row of the queue has to be looked at by itself and is not passed with many (REG-07).

    An approval that records something is given by itself. A dissolution on which both sides agreed is not held by what its unit has become.
    """
    reasons = [f"{row.mismatches} 项信息不一致"] if row.mismatches else []
    if row.states:
        reasons.append("附有情况说明")
    if asked := _asked_by_approval(row.kind, row.state.split(" ")[1]):
        reasons.append(asked)
    if FLOWS[row.kind].model is Dissolution:
        return reasons
    if row.is_verified is False:
        reasons.append("单位没有通过核验")
    if row.status and not is_in_existence(row.status):
        reasons.append(f"单位登记状态：{row.status}")
    if row.flagged:
        reasons.append(orgs.flagged_words(row.flagged))
    return reasons


@cache
def _asked_by_approval(flow: str, state: str) -> str:
    """That an approval there asks for something that is different for each case; '' where it does not."""
    asks = any(act.name == "approve" and act.form for act in FLOWS[flow].leaving(state))
    return "通过时要填写核对情况" if asks else ""


def is_in_existence(status: str) -> bool:
    """Whether the register's word for a unit's status means that it exists; registers of different places say it differently."""
    return any(word in status for word in ("存续", "在营", "开业", "在业", "正常"))


def _one_of(column: str, keys: Sequence[str]) -> str:
    if len(keys) == 1:
        return f"{column} = '{keys[0]}'"
    return f"{column} IN ({', '.join(repr(key) for key in keys)})" if keys else "false"


_kept: dict[tuple[str, int], tuple[float, list[tuple[str, str]]]] = {}


def _remembered(name: str, node: int, rows: Callable[[], Iterable[tuple[int, str]]]) -> list[tuple[str, str]]:
    """Names for a choice, kept in the process for a while: small tables that hardly change."""
    known = _kept.get((name, node))
    if known is None or monotonic() - known[0] > KEPT_SECONDS:
        if len(_kept) > 4096:
            _kept.clear()
        known = _kept[name, node] = (monotonic(), [(str(pk), label) for pk, label in rows()])
    return known[1]


def _colleges(actor: Actor, cohort: int) -> list[tuple[str, str]]:
    if actor.role is not Role.SCHOOL:
        return []
    named = "SELECT id, name FROM orgs_college WHERE school_id = %s ORDER BY name"
    return _remembered("colleges", actor.node, lambda: statements.rows(named, (actor.node,)))


def _schools(actor: Actor, cohort: int) -> list[tuple[str, str]]:
    if actor.role not in (Role.PROVINCE, Role.MINISTRY):
        return []
    own = {"province": actor.node} if actor.role is Role.PROVINCE else {}
    schools = School.objects.filter(**own).order_by("name").values_list("pk", "name")
    return _remembered("schools", actor.node, lambda: schools)


def _provinces(actor: Actor, cohort: int) -> list[tuple[str, str]]:
    if actor.role is not Role.MINISTRY:
        return []
    return _remembered("provinces", 0, lambda: Province.objects.order_by("code").values_list("pk", "name"))


def choices(page: Any, keys: Sequence[str]) -> Mapping[str, tuple[str, list[tuple[str, str]]]]:
    """key → (value, options) of the filters named, for the selects above a list."""
    return {one.key: (value, options) for one, value, options in page.filters if one.key in keys}
