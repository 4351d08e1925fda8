"""The one way to move a case: lock, stale? permitted? guards, effect, state, record, notice, in one transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, wraps
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from django.db import IntegrityError, OperationalError, connection, models, transaction

from qicheng.foundation import codes, notice
from qicheng.foundation.access import SYSTEM, statements

from .declare import FLOWS, chosen
from .models import Case, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from qicheng.foundation.access import Actor, Area, Role

    from .declare import Act, Begin, Flow, Guard, State

P = ParamSpec("P")
R = TypeVar("R")
CaseType = TypeVar("CaseType", bound=Case)
KEY_IS_SPENT = "这张表单已经提交过了，看过结果再决定要不要重填。"
MEETINGS = frozenset({"40P01", "40001", "55P03"})  # deadlock, serialisation failure, lock not available


class Stopped(Exception):
    """An act that did not happen; its text is for the user, and nothing has changed."""


class NotFound(Stopped):
    """The case is not there for whoever asks (ORG-01)."""


class TakenBack(NotFound):
    """Its author has taken back what staff could see until then (REG-03, REG-04)."""

    def __init__(self, record: Record) -> None:
        self.record = record
        super().__init__("毕业生刚刚撤回了这次提交，你的操作没有生效；改好重新提交以后会再到你这里。")


class NotOpen(Stopped):
    """The act is not open to this role in this state."""


class Refused(Stopped):
    """A guard, a hold or a constraint of the database has a reason against the act."""


class Stale(Stopped):
    """The page was older than the case (REG-04); `record` is what happened meanwhile."""

    def __init__(self, label: str, record: Record | None) -> None:
        self.label = label
        self.record = record
        super().__init__(f"这条记录刚被更新，现在是「{label}」。你刚才的操作没有生效，看过最新内容再决定。")


@dataclass(frozen=True, slots=True)
class Open:
    """An act that is declared here for this role, and the reason against it, if there is one."""

    act: Act
    why: str | None


def again(function: Callable[P, R]) -> Callable[P, R]:
    """Try three times at most where two transactions met; never inside somebody else's transaction."""

    @wraps(function)
    def trying(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in (1, 2, 3):
            try:
                return function(*args, **kwargs)
            except OperationalError as met:
                code = getattr(met.__cause__, "sqlstate", None)
                if attempt == 3 or code not in MEETINGS or connection.in_atomic_block:
                    raise
        raise AssertionError

    return trying


@again
def perform(
    case: Case,
    name: str,
    actor: Actor,
    /,
    *,
    seen: int | None = None,
    key: str | None = None,
    reason: str = "",
    words: str = "",
    internal: str = "",
    carried: bool = False,
    **given: Any,
) -> Record:
    """Do the act `name` on `case` as `actor`, or raise what stopped it.

    `seen` is the version that the actor's page showed; `key` makes a repeated request give the first answer and no second
    effect; `reason` and `words` are told to the other side, `internal` stays with the reviewers; `given` goes to the effect.
    """
    flow = case.flow
    case._around = None
    with transaction.atomic():
        be(actor)
        around = look_around(case, hold=True)
        locked = fetch(type(case), case.public_id, actor, hold=True)
        if locked is None:
            raise _missing(type(case), case.public_id, actor)
        locked._around = around
        act = flow.find(locked.state, name, actor.role)
        if act is not None and act.carried and not carried:
            act = None
        # A page that shows the version of now cannot be a repetition: the first answer moved the version.
        if (
            key
            and (seen != locked.version or act is None)
            and (done := _done(actor, key, flow, name, str(case.public_id)))
        ):
            return done
        if (seen is not None and seen != locked.version) or act is None:
            last = Record.objects.filter(case=str(case.public_id), version__gt=0).order_by("-id").first()
            if act is None and (seen is None or seen == locked.version):
                raise NotOpen("现在不能这样做。")
            raise Stale(locked.standing.label, last)
        if not actor.may_write(flow.area):
            raise NotOpen("你的账号没有这项操作的权限。")
        for guard in flow.against(act):
            if why := guard(locked, actor):
                raise Refused(why)
        if act.reason and not (_is_said(words) and (reason or act.reason not in codes.names())):
            raise Refused("选一个原因并写明情况，对方才知道怎么办。")
        if (asked := act.sheet(locked)) and "reason" in asked.keys:
            # A field of the act's own form, which the effect keeps; not one of the reasons of a review.
            given, reason = {**given, "reason": reason}, ""
        columns = _changing(type(case), documents=act.do is not None)
        before = _values(locked, columns)
        changes = (act.do(locked, actor, **given) if act.do else None) or {}
        target = act.after(locked)
        moved = locked.state != target.key
        locked.state, locked.live, locked.version = target.key, target.live, locked.version + 1
        _write(locked, before, columns, moved=moved)
        record = _record(flow, locked, act, actor, before=before["state"], changes=changes, key=key, reason=reason,
                         words=words.strip(), internal=internal.strip())  # fmt: skip
        _tell(record, locked, act.tell)
        for effect in flow.followed.get(target.key, ()) if moved else ():
            effect(locked, actor)
    case.__dict__.update({k: v for k, v in locked.__dict__.items() if k != "_state"})
    case._around = None
    return record


@again
def begin(flow: Flow, actor: Actor, /, *, key: str | None = None, **given: Any) -> Case:
    """Begin a case: `flow.begin.make` builds it, guards are asked, it is written, recorded and told.

    A `key` that was used before by this account returns the case that it began, even if both came at once.
    """
    start = flow.begin
    if key and (done := _begun(flow, actor, key)):
        return done
    if actor.role not in start.by or not actor.may_write(flow.area):
        raise NotOpen("你的账号没有这项操作的权限。")
    try:
        with transaction.atomic():
            be(actor)
            case = start.make(actor, **given)
            state = chosen(flow.starts[actor.role], case)
            case.flow_name, case.state, case.live, case.version = flow.name, state.key, state.live, 1
            case._around = look_around(case, hold=True)
            for guard in flow.against(start):
                if why := guard(case, actor):
                    raise Refused(why)
            if start.complete:
                start.complete(case, actor)
            case.save(force_insert=True)
            changes = (start.do(case, actor) if start.do else None) or {}
            record = _record(flow, case, start, actor, before="", changes=changes, key=key)
            _tell(record, case, start.tell)
    except (Refused, IntegrityError) as broken:
        if key and (done := _begun(flow, actor, key)):
            return done
        if isinstance(broken, Refused):
            raise
        raise _refusal(flow.model, broken) from broken
    case._around = None
    return case


def carry_on(case: Case, name: str, actor: Actor, /, **given: Any) -> Record:
    """Let an act of one flow move a case of another: as SYSTEM, in the same transaction; then `actor` acts again."""
    record = perform(case, name, SYSTEM, carried=True, **given)
    be(actor)
    return record


def note(
    actor: Actor,
    act: str,
    about: str,
    changes: Mapping[str, Any] | None = None,
    *,
    subject: str = "",
    cohort: int = 0,
    school: int | None = None,
    words: str = "",
    key: str | None = None,
    tell: Sequence[tuple[Role, int]] = (),
) -> Record:
    """Record an act without a state: settings (SET-10), look-ups (EMP-05), exports (EXP-01), roster edits (ROS-06).

    `about` names the kind of thing, `subject` which one; `changes` maps a field to [before, after]; `tell` are those who are told. The same act noted again
    under a `key` of the same account is the first record, even if both came at once; Refused where the key was another act's.
    """
    record = Record(
        flow=about, case=subject, cohort=cohort, school_id=school, act=act, role=actor.role, node=actor.node,
        account_id=actor.account, name=actor.name, unit=actor.unit, origin=actor.origin, changes=dict(changes or {}),
        words=words, key=key,
    )  # fmt: skip
    try:
        with transaction.atomic(savepoint=key is not None):
            record.save(force_insert=True)
            if tell:
                notice.queue(record=record.pk, flow=about, case=subject, act=act, cohort=cohort, audiences=tell)
    except IntegrityError as broken:
        if _constraint(broken) != "one_effect_per_key":
            raise
        done = Record.objects.filter(account_id=actor.account, key=key, flow=about, act=act, case=subject).first()
        if done is None:
            raise Refused(KEY_IS_SPENT) from broken
        return done
    return record


@again
def mention(
    case: Case,
    act: str,
    actor: Actor,
    /,
    *,
    when: Sequence[Guard] = (),
    tell: Sequence[Role] = (),
    changes: Mapping[str, Any] | None = None,
) -> Record:
    """Put on the record of a case, and tell, what changes nothing of it: neither its state nor its version, so no open page goes stale.

    The case is locked meanwhile, and its holds and `when` are asked as before an act. Raises NotFound or Refused.
    """
    with transaction.atomic():
        be(actor)
        around = look_around(case, hold=True)
        locked = fetch(type(case), case.public_id, actor, hold=True)
        if locked is None:
            raise NotFound("没有找到这条记录。")
        locked._around = around
        for guard in (*locked.flow.holds, *when):
            if why := guard(locked, actor):
                raise Refused(why)
        audiences = [(role, node) for role in tell if (node := locked.audience(role))]
        return note(
            actor, act, locked.flow_name, changes, subject=str(locked.public_id), cohort=locked.cohort,
            school=getattr(locked, "school_id", None), tell=audiences,
        )  # fmt: skip


def find(model: type[CaseType], public_id: UUID | str, actor: Actor) -> CaseType:
    """The case that `actor` sees under that public id, or NotFound; TakenBack where it was there a moment ago."""
    case = fetch(model, public_id, actor, hold=False)
    if case is None:
        raise _missing(model, public_id, actor)
    return case


def flow_of(public_id: UUID | str) -> Flow | None:
    """The flow of a case by the record that it began with, whoever asks; None where there is no such case."""
    row = statements.plain(
        'SELECT flow FROM flow_record WHERE "case" = %s AND version = 1 ORDER BY id LIMIT 1', (str(public_id),)
    )
    return FLOWS.get(row[0]) if row else None


def open_acts(case: Case, actor: Actor) -> list[Open]:
    """The acts declared for this role where the case stands, each with the reason against it; what buttons are made from."""
    if not actor.may_write(case.flow.area):
        return []
    found = []
    for act in case.flow.leaving(case.state):
        if actor.role in act.by and not act.carried:
            why = next((w for guard in case.flow.against(act) if (w := guard(case, actor))), None)
            found.append(Open(act, why))
    return found


def held(case: Case, actor: Actor) -> str | None:
    """The reason that holds every act of this case, if there is one."""
    return next((why for guard in case.flow.holds if (why := guard(case, actor))), None)


def timeline(case: Case) -> list[Record]:
    """All that happened to a case, oldest first."""
    return list(Record.objects.filter(case=str(case.public_id)).order_by("id"))


def noted(*about: str, newest: int = 100, **where: Any) -> list[Record]:
    """What `note` recorded about these kinds of things, newest first; `where` names columns of the record (SET-10)."""
    return list(Record.objects.filter(flow__in=about, **where).order_by("-id")[:newest])


def case_models() -> tuple[type[Case], ...]:
    """Every model of cases that a room has registered by declaring a flow on it."""
    return tuple(dict.fromkeys(flow.model for flow in FLOWS.values()))


def in_process(*, flows: tuple[str, ...] = (), area: Area | None = None, **where: Any) -> dict[str, int]:
    """How many cases wait on somebody, by flow, among those that match `where` and belong to `area` (SET-06, SET-09, ROS-06)."""
    counts: dict[str, int] = {}
    for flow in FLOWS.values():
        if (
            flow.lasting
            or (flows and flow.name not in flows)
            or area not in (None, flow.area)
            or not _has_columns(flow.model, where)
        ):
            continue
        waiting = [state.key for state in flow.states.values() if state.turn]
        number = flow.model._default_manager.filter(flow_name=flow.name, state__in=waiting, **where).count()
        if number:
            counts[flow.name] = number
    return counts


def waiting_among(graduates: list[int]) -> set[int]:
    """Those of the graduates with a case that waits on somebody, whatever its flow (ROS-06)."""
    found: set[int] = set()
    for flow in FLOWS.values():
        if graduates and not flow.lasting and _has_columns(flow.model, {"graduate_id": 0}):
            waiting = [state.key for state in flow.states.values() if state.turn]
            cases: Any = flow.model._default_manager
            rows = cases.filter(flow_name=flow.name, state__in=waiting, graduate_id__in=graduates)
            found.update(rows.values_list("graduate_id", flat=True))
    return found


def standing_in(flow: str, **where: Any) -> State | None:
    """Where the newest case of a flow stands among those that match `where`; None where there is none, or no such flow."""
    declared = FLOWS.get(flow)
    if declared is None:
        return None
    cases: Any = declared.model._default_manager
    key = cases.filter(flow_name=flow, **where).order_by("-id").values_list("state", flat=True).first()
    return None if key is None else declared.states[key]


def begun(*, area: Area | None = None, **where: Any) -> bool:
    """Whether any case was ever begun among those that match `where` and belong to `area` (SET-04)."""
    models_of = dict.fromkeys(flow.model for flow in FLOWS.values() if not flow.lasting and area in (None, flow.area))
    return any(model._default_manager.filter(**where).exists() for model in models_of if _has_columns(model, where))


def follow(graduates: list[int], **routing: Any) -> None:
    """Let every case of these graduates follow the roster to who answers for them now, without being an act (ROS-05).

    Those that have ended follow too: a college sees its own graduates only (REG-02), and of these the whole history.
    """
    for model in case_models():
        if _has_columns(model, {"graduate_id": 0, **routing}):
            rows: Any = model._default_manager
            rows.filter(graduate_id__in=graduates).update(**routing)


def be(actor: Actor) -> None:
    """Tell the database who acts, for this transaction only: its guard and its history ask for it."""
    statements.plain(
        "SELECT set_config('qicheng.role', %s, true), set_config('qicheng.account', %s, true)",
        (str(actor.role), str(actor.account or "")),
    )


def look_around(case: Case, *, hold: bool) -> dict[str, SimpleNamespace | None]:
    """The rows above a case, read in the declared order, and locked if `hold`."""
    around: dict[str, SimpleNamespace | None] = {}
    for lock in case.locks:
        row = statements.one(lock.sql(hold=hold), {own: getattr(case, own) for _, own in lock.key})
        around[lock.name] = None if row is None else SimpleNamespace(**row._asdict())
    return around


def fetch(
    model: type[CaseType], public_id: UUID | str, actor: Actor, *, hold: bool, taken_back: bool = False
) -> CaseType | None:
    """One case through its scope by one prepared statement, locked if `hold`; `taken_back` as the scope knows it."""
    scope = model.scope.sql(model, actor, "c", taken_back=taken_back)  # type: ignore[attr-defined]
    sql, columns, documents = _reading(model)
    lock = " FOR NO KEY UPDATE OF c" if hold else ""
    row = statements.plain(
        f"{sql} WHERE c.public_id = %(id)s AND {scope}{lock}",
        {"id": public_id, "node": actor.node, "tier": str(actor.tier)},
    )
    if row is None:
        return None
    values = [json.loads(v) if i in documents and isinstance(v, str) else v for i, v in enumerate(row)]
    return model.from_db("default", columns, values)


def _missing(model: type[Case], public_id: UUID | str, actor: Actor) -> NotFound:
    if actor.role.is_staff and fetch(model, public_id, actor, hold=False, taken_back=True) is not None:
        last = Record.objects.filter(case=str(public_id), act="recall").order_by("-id").first()
        if last is not None:
            return TakenBack(last)
    return NotFound("没有找到这条记录。")


def clock(case: Case | None = None) -> datetime:
    """The database's time, asked after the lock of a case: the only judge of deadlines (SIGN-02)."""
    row = statements.plain("SELECT clock_timestamp()")
    assert row is not None
    now: datetime = row[0]
    return now


@cache
def _reading(model: type[Case]) -> tuple[str, list[str], frozenset[int]]:
    fields = model._meta.concrete_fields
    sql = f"SELECT {', '.join(f'c.{field.column}' for field in fields)} FROM {model._meta.db_table} c"
    documents = frozenset(i for i, field in enumerate(fields) if isinstance(field, models.JSONField))
    return sql, [field.attname for field in fields], documents


@cache
def _changing(model: type[Case], *, documents: bool) -> dict[str, bool]:
    """column → whether it holds a document, of those that an act may change; without an effect no document changes."""
    kinds = {field.attname: isinstance(field, models.JSONField) for field in model._meta.concrete_fields}
    return {column: is_document for column, is_document in kinds.items() if documents or not is_document}


def _values(case: Case, columns: Mapping[str, bool]) -> dict[str, Any]:
    # Documents are compared by content: an effect may change one in place.
    return {
        column: json.dumps(getattr(case, column)) if is_document else getattr(case, column)
        for column, is_document in columns.items()
    }


def _write(case: Case, before: Mapping[str, Any], columns: Mapping[str, bool], *, moved: bool) -> None:
    after = _values(case, columns)
    changed = {column: value for column, value in after.items() if value != before[column]}
    sets = [f"{column} = %({column})s" for column in changed]
    if moved:
        sets.append("waiting_since = clock_timestamp()")
    try:
        statements.change(
            f"UPDATE {case._meta.db_table} SET {', '.join(sets)} WHERE id = %(pk)s", changed | {"pk": case.pk}
        )
    except IntegrityError as broken:
        raise _refusal(type(case), broken) from broken


def _record(
    flow: Flow, case: Case, act: Act | Begin, actor: Actor, *, before: str, changes: Mapping[str, Any],
    key: str | None = None, reason: str = "", words: str = "", internal: str = "",
) -> Record:  # fmt: skip
    record = Record(
        flow=flow.name, case=str(case.public_id), cohort=case.cohort, school_id=getattr(case, "school_id", None), act=act.name,
        before=before, after=case.state, version=case.version, role=actor.role, node=actor.node, account_id=actor.account,
        name=actor.name, unit=actor.unit, origin=actor.origin, reason=reason, words=words, internal=internal,
        changes=dict(changes), key=key,
    )  # fmt: skip
    sql, columns = _recording()
    values = {column: getattr(record, column) for column in columns}
    try:
        row = statements.plain(sql, values | {"changes": json.dumps(record.changes)})
    except IntegrityError as broken:
        if _constraint(broken) == "one_effect_per_key":
            raise Refused(KEY_IS_SPENT) from broken
        raise
    assert row is not None
    record.pk, record.at = row
    record._state.adding = False
    return record


@cache
def _recording() -> tuple[str, list[str]]:
    columns = [field.attname for field in Record._meta.concrete_fields if field.attname not in ("id", "at", "xact")]
    places = ", ".join(f"%({column})s" for column in columns)
    return f"INSERT INTO flow_record ({', '.join(map(_quoted, columns))}) VALUES ({places}) RETURNING id, at", columns


def _tell(record: Record, case: Case, roles: tuple[Role, ...]) -> None:
    # Whoever did it knows already.
    own = (record.role, record.node)
    audiences = [(role, node) for role in roles if (node := case.audience(role)) and (role, node) != own]
    if audiences:
        notice.queue(
            record=record.pk,
            flow=record.flow,
            case=record.case,
            act=record.act,
            cohort=record.cohort,
            audiences=audiences,
        )


def _done(actor: Actor, key: str, flow: Flow, act: str, case: str = "") -> Record | None:
    done = Record.objects.filter(account_id=actor.account, key=key, flow=flow.name, act=act).first()
    return done if done and case in ("", done.case) else None


def _begun(flow: Flow, actor: Actor, key: str) -> Case | None:
    done = _done(actor, key, flow, flow.begin.name)
    return None if done is None else flow.model._default_manager.get(public_id=done.case)


def _is_said(words: str) -> bool:
    """Whether there is something to read: not only spaces and characters without width."""
    return any(character.isprintable() and not character.isspace() for character in words)


def _constraint(broken: IntegrityError) -> str:
    diagnosis = getattr(broken.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""


def _refusal(model: type[Case], broken: IntegrityError) -> Exception:
    words = model.refusals.get(_constraint(broken))
    return Refused(words) if words else broken


def _has_columns(model: type[Case], where: Mapping[str, Any]) -> bool:
    names = {field.name for field in model._meta.concrete_fields} | {f.attname for f in model._meta.concrete_fields}
    return all(key.split("__")[0] in names for key in where)


def state_of(flow: str, key: str) -> State:
    """A declared state by name, for lists that read rows instead of cases."""
    return FLOWS[flow].states[key]


def _quoted(column: str | None) -> str:
    return f'"{column}"'
