"""The lists of registrations: the queue of what waits for a reviewer, all cases of a way to register, those that ended, returns.

A flow joins by being declared on one of `MODELS`: its states with a turn are in the queue of that role, its words are the filters.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qicheng.domain.orgs.models import AgreementForm, School
from qicheng.domain.roster.sheets import FIXED, SYNCED
from qicheng.foundation import codes
from qicheng.foundation.access import Actor, Role, statements
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.kit import masks
from qicheng.foundation.kit.calendar import working_days_before
from qicheng.foundation.listing import Column, Filter, Listing

from .models import Dissolution, Registration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from qicheng.foundation.flow.declare import Flow
    from qicheng.foundation.flow.perform import Case

# From how many working days on a wait is called long, in red and in words.
LONG_WAIT = 2
KEPT_SECONDS = 30

MODELS: tuple[type[Registration | Dissolution], ...] = (Registration, Dissolution)
# What the queue and the figures read of every case; each part of the union is a plain table, so that its own index gives the order.
_SHARED = """id, public_id, version, cohort, flow_name, state, waiting_since, begun_at, school_id, college_id, tier, graduate_id,
    employer_id, agreement_form, employer_name, post, number"""
_REGISTRATIONS = "registration_registration c"
_DISSOLUTIONS = "(SELECT *, NULL::timestamptz AS deadline FROM registration_dissolution) c"
_EVERYTHING = f"""(SELECT {_SHARED}, student, deadline, ''::varchar AS asked_by FROM registration_registration
    UNION ALL SELECT {_SHARED}, NULL::jsonb, NULL::timestamptz, asked_by FROM registration_dissolution) c"""  # noqa: S608 -- names of columns alone
_ABOVE = """JOIN roster_graduate g ON g.id = c.graduate_id
    LEFT JOIN orgs_college k ON k.id = c.college_id LEFT JOIN orgs_school s ON s.id = c.school_id
    LEFT JOIN orgs_employer e ON e.id = c.employer_id"""
_RETURNS = f"""{_REGISTRATIONS} {_ABOVE} JOIN flow_record r ON r.school_id = c.school_id AND r.cohort = c.cohort AND r.flow = c.flow_name
    AND r."case" = c.public_id::text AND r.act = 'return'"""
ON_THE_ROSTER = "g.removed_at IS NULL"
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
STATUS = """(SELECT l.status FROM orgs_statuslookup l WHERE l.credit_code = e.credit_code ORDER BY l.asked_at DESC LIMIT 1)"""


def flows(*models: type[Case]) -> list[Flow]:
    """The ways to register and to dissolve, or those on the models named, in the order of these and of their declaration."""
    return [flow for model in models or MODELS for flow in FLOWS.values() if flow.model is model]


def in_sql(pairs: Sequence[tuple[str, str]]) -> str:
    """The condition that a case is in one of these (flow, state); one state alone keeps the order of the queue's index."""
    flows_in: dict[tuple[str, ...], list[str]] = {}
    for flow in dict.fromkeys(f for f, _ in pairs):
        flows_in.setdefault(tuple(s for f, s in pairs if f == flow), []).append(flow)
    ways = [f"({_one_of('c.flow_name', names)} AND {_one_of('c.state', states)})" for states, names in flows_in.items()]
    return f"({' OR '.join(ways)})" if ways else "false"


def turn_of(role: Role) -> str:
    """The condition that it is that role's turn."""
    return in_sql([(flow.name, state) for flow in flows() for state in flow.turns(role)])


@cache
def stages(role: Role) -> dict[str, str]:
    """What the guides count above the queue (学生已同意签约 …) → condition: the states of a turn by the words before their comma."""
    found: dict[str, list[tuple[str, str]]] = {}
    for flow in flows():
        for key in flow.turns(role):
            found.setdefault(flow.states[key].label.partition("，")[0], []).append((flow.name, key))
    return {words: in_sql(pairs) for words, pairs in found.items()}


DIFFERS, LATE = f"{MISMATCHES} > 0", "c.waiting_since <= %(late)s"


@cache
def counters(role: Role) -> dict[str, str]:
    """key → condition of the counters above the queue; '' the whole queue, stages by their words."""
    return {"all": "true", **stages(role), "differs": DIFFERS, "late": LATE}


def late() -> datetime:
    """Whatever waits since this instant, or longer, waits long."""
    return working_days_before(timezone.now(), LONG_WAIT)


@cache
def queue(role: Role) -> Listing:
    """What waits for that role, the longest wait first."""
    kinds = tuple((flow.name, flow.label) for flow in flows() if flow.turns(role))
    return Listing(
        "review", "待我审核", Registration, f"{_EVERYTHING} {_ABOVE}", "c", _columns(), order=("c.waiting_since", "c.id"),
        where=f"{turn_of(role)} AND {ON_THE_ROSTER}", given=lambda: {"late": late()},
        filters=(
            Filter("stage", "状态", conditions=stages(role), choices=tuple((words, words) for words in stages(role))),
            Filter("kind", "类型", "c.flow_name = %(kind)s", "choice", choices=kinds),
            Filter("check", "核对", conditions={"differs": DIFFERS}, choices=(("differs", "信息不一致"),)),
            Filter("wait", "等待", conditions={"late": LATE}, choices=(("late", f"等了 {LONG_WAIT} 天以上"),)),
            *_people(*MODELS),
            Filter("since", "提交不早于", "c.waiting_since >= %(since)s", "date"),
            Filter("until", "提交不晚于", "c.waiting_since < %(until)s + interval '1 day'", "date"),
            Filter("case", "所选", "c.public_id::text = ANY(string_to_array(%(case)s, ','))"),
        ),
    )  # fmt: skip


@cache
def lists() -> dict[str, Listing]:
    """name → list: one for each way to register and to dissolve, registrations that ended or were frozen, and the returns."""
    made = [_way(flow) for flow in flows()]
    ended = [
        (flow.name, s.key) for flow in flows(Registration) for s in flow.states.values() if s.settled and not s.live
    ]
    made += [
        _list(
            "ended",
            "失效与作废",
            f"{ON_THE_ROSTER} AND ({in_sql(ended)} OR {STANDING} = 'expired')",
            _every_state(ended),
        ),
        _list("invalid", "名单失效", "g.removed_at IS NOT NULL", ()),
        Listing(
            "returned",
            "退回修改",
            Registration,
            _RETURNS,
            "c",
            _returns(),
            _people(Registration)[:4],
            ("r.id",),
            descending=True,
        ),
    ]
    return {one.name: one for one in made}


@cache
def every() -> Listing:
    """All cases of graduates who are on the roster, whichever way they go: what the figures count."""
    whole = _list("registrations", "全部登记", ON_THE_ROSTER, ())
    return replace(whole, source=f"{_EVERYTHING} {_ABOVE}", given=lambda: {"late": late()})


def in_state(flow: str, state: str) -> str:
    """The condition that a case stands there, as lists and figures count it."""
    return f"c.flow_name = '{flow}' AND {STANDING} = '{state}'"


DUE = "c.state = 'invited' AND c.deadline > now() AND c.deadline <= now() + interval '24 hours'"


def is_open(flow: Flow) -> str:
    """The condition that a case of the flow waits on somebody."""
    return f"c.flow_name = '{flow.name}' AND {_one_of(STANDING, [s.key for s in flow.states.values() if s.turn])}"


def _way(flow: Flow) -> Listing:
    states = [
        Filter(
            "state",
            "状态",
            f"{STANDING} = %(state)s",
            "choice",
            choices=tuple((s.key, s.label) for s in flow.states.values()),
        )
    ]
    open_ = Filter("open", "办理", conditions={"yes": is_open(flow)}, choices=(("yes", "正在办理"),))
    soon = Filter("due", "应约", conditions={"soon": DUE}, choices=(("soon", "24 小时内到期"),))
    where = f"c.flow_name = '{flow.name}' AND {ON_THE_ROSTER}"
    if flow.model is Dissolution:
        made = _list(flow.name, flow.label, where, (*states, open_), Dissolution)
        return replace(made, source=f"{_DISSOLUTIONS} {_ABOVE}", model=Dissolution, columns=_of_dissolutions())
    return _list(flow.name, flow.label, where, (*states, open_, soon))


def _list(name: str, label: str, where: str, filters: tuple[Filter, ...], model: type[Case] = Registration) -> Listing:
    return Listing(
        name, label, Registration, f"{_REGISTRATIONS} {_ABOVE}", "c", _columns(), order=("c.id",), descending=True, where=where,
        filters=(
            *filters, *_people(model),
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
        Column("post", "岗位", "c.post"),
        Column("number", "协议编号", "c.number"),
        Column("begun_at", "发起时间", "c.begun_at", written, sort=True),
        Column("exam_number", "考生号", "g.exam_number"),
        Column("id_number", "身份证号", "g.id_number", masks.id_number),
        Column("phone", "手机号码", "g.phone", masks.phone),
        Column("form", "", "c.agreement_form", hidden=True),
        Column("is_verified", "", "e.is_verified", hidden=True),
        Column("status", "", STATUS, hidden=True),
    )


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
        key: in_sql([(flow.name, state) for flow in begun if role in flow.begin.by for state in flow.states])
        for key, _, role in _STARTERS
    }
    if asked:
        started = {key: f"({condition} OR c.asked_by = '{key}')" for key, condition in started.items()}
    search = (
        "(g.name LIKE %(q_prefix)s OR g.student_number LIKE %(q_prefix)s OR g.exam_number LIKE %(q_prefix)s "
        "OR g.id_number = upper(%(q)s) OR c.number = %(q)s OR c.employer_name LIKE %(q_within)s)"
    )
    return (
        Filter("q", "搜索", search, "search"),
        Filter("level", "学历", "g.level = %(level)s", "code", table="education_levels"),
        Filter("major", "专业", "g.major LIKE %(major)s", "prefix"),
        Filter("college", "院系", "c.college_id = %(college)s", "whole", choices=_colleges),
        Filter("school", "学校", "c.school_id = %(school)s", "whole", choices=_schools),
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
    """A label of ours with 审核 turned into what the school does with that form of agreement (SET-01)."""
    return label.replace("学校审核", f"学校{AgreementForm(form).verb}")


def written(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def held_back(row: Any) -> list[str]:
    """Why a row of the queue has to be looked at by itself and is not passed with many (REG-07).

    A dissolution on which both sides agreed is not held by what its unit has become.
    """
    if FLOWS[row.kind].model is Dissolution:
        return []
    reasons = [f"{row.mismatches} 项信息不一致"] if row.mismatches else []
    if row.is_verified is False:
        reasons.append("单位没有通过核验")
    if row.status and not is_in_existence(row.status):
        reasons.append(f"单位登记状态：{row.status}")
    return reasons


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


def choices(page: Any, keys: Sequence[str]) -> Mapping[str, tuple[str, list[tuple[str, str]]]]:
    """key → (value, options) of the filters named, for the selects above a list."""
    return {one.key: (value, options) for one, value, options in page.filters if one.key in keys}
