"""What a flow is: states and acts, declared once; button, check, lock, record, notice, drawing and test are read from here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qicheng.foundation.access import Area, Role
from qicheng.foundation.notice import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from qicheng.foundation.access import Actor
    from qicheng.foundation.papers import ProofKind
    from qicheng.foundation.sheets import Sheet

    from .models import Case

    Guard = Callable[[Any, Actor], str | None]
    Effect = Callable[..., Mapping[str, Any] | None]

FLOWS: dict[str, Flow] = {}


class Misdeclared(Exception):
    """A flow that contradicts itself; raised when its module is imported, before the server starts."""


@dataclass(frozen=True, slots=True)
class State:
    """Where a case stands. `label` is its official name; `mine` and `others` are the tags that people see (design §4.2).

    `turn`: whose move it is. `live`: the case occupies what only one of its kind may (REG-01, DIS-07). `settled`: it has ended or taken effect, so only
    what `amendable` names may still change. `amendable`: columns that may change here though they are frozen, or the case settled. `tone` is used where nobody's turn is left. `proofs_by`: who may add
    and remove the case's proofs (REG-09) while it stands here.
    """

    key: str
    label: str
    turn: Role | None = None
    live: bool = False
    settled: bool = False
    mine: str = ""
    others: str = ""
    tone: str = "neu"
    amendable: tuple[str, ...] = ()
    proofs_by: tuple[Role, ...] = ()

    def tag(self, role: Role) -> tuple[str, str]:
        """(tone, words) of the tag for whoever looks: 'warn' where it is their own turn, 'info' where it is another's."""
        if self.turn is None:
            return self.tone, self.others or self.label
        if self.turn is role:
            return "warn", self.mine or self.label
        return "info", self.others or self.label


@dataclass(frozen=True, slots=True)
class Fork:
    """A target that the case itself decides, such as one or two levels of review."""

    states: tuple[State, ...]
    choose: Callable[[Any], State]


@dataclass(frozen=True, slots=True)
class Act:
    """One move: from a state to another by somebody, if no guard has a reason against it.

    `tell`: who is told, whoever did it left out; `kind` is what for, and `must` says that they are told on every way, whatever they
    prefer (NOT-01). `reason`: a table of reasons from which one must be chosen and completed in words
    (REG-02). `form`: the sheet that it asks for, or how to tell it from the case. `consequence`: what the page says before it is done. `drafted`: the form is filled with the case's own values.
    `irreversible`: the button is the dangerous one. `in_person`: whoever acts proves again who it is (INV-20). `carried`: it happens
    only within an act of another flow, by `carry_on`. `in_place`: it is done on the page that shows what it is about, of the version
    seen there, and nowhere else.
    """

    name: str
    label: str
    source: State
    target: State | Fork
    by: tuple[Role, ...]
    when: tuple[Guard, ...] = ()
    do: Effect | None = None
    tell: tuple[Role, ...] = ()
    form: Sheet | Callable[[Any], Sheet] | None = None
    reason: str = ""
    consequence: str = ""
    irreversible: bool = False
    in_person: bool = False
    drafted: bool = False
    carried: bool = False
    in_place: bool = False
    primary: bool = False
    kind: Kind = Kind.PROGRESS
    must: bool = False
    rule: str = ""

    @property
    def targets(self) -> tuple[State, ...]:
        return _states(self.target)

    def sheet(self, case: Case) -> Sheet | None:
        """The sheet that the act asks for on this case."""
        return self.form(case) if callable(self.form) else self.form

    def after(self, case: Case) -> State:
        return chosen(self.target, case)


@dataclass(frozen=True, slots=True)
class Begin:
    """The act that a case begins with: `make(actor, **given)` returns the unsaved case.

    `complete` runs after the guards, under the locks and before the case is written: it fills in what only they can tell.
    """

    name: str
    label: str
    by: tuple[Role, ...]
    make: Callable[..., Case]
    when: tuple[Guard, ...] = ()
    complete: Effect | None = None
    do: Effect | None = None
    tell: tuple[Role, ...] = ()
    kind: Kind = Kind.REQUEST
    must: bool = False
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """One or two levels of review with the acts approve, reject and, where `returned` is given, return (REG-02).

    Which level comes first is read from the case, frozen when it began (SET-05, SET-06); both are declared and drawn. A level's
    form is what its approval asks for; the effect of that level takes it. `ending` says what a rejection means.
    """

    college: State
    school: State
    approved: State
    rejected: State
    returned: State | None = None
    tell: tuple[Role, ...] = ()
    when: tuple[Guard, ...] = ()
    on_approval: Effect | None = None
    on_rejection: Effect | None = None
    on_college_approval: Effect | None = None
    college_form: Sheet | None = None
    school_form: Sheet | None = None
    reasons: str = "rejection_reasons"
    ending: str = "审核不通过会作废这次登记，只能重新发起。"

    @property
    def entry(self) -> Fork:
        return Fork((self.college, self.school), lambda case: self.college if case.has_college_review else self.school)

    @property
    def _ending(self) -> str:
        # The two are explained side by side wherever both can be chosen (design §4.7).
        return self.ending + ("要改了再交的，用退回修改。" if self.returned else "")

    @property
    def acts(self) -> tuple[Act, ...]:
        college, school, both = (Role.COLLEGE,), (Role.SCHOOL,), (self.college, self.school)
        rejections = tuple(
            Act("reject", "审核不通过", state, self.rejected, by, do=self.on_rejection, tell=self.tell, kind=Kind.REVIEW, reason=self.reasons,
                consequence=self._ending, irreversible=True, rule="REG-02")
            for state, by in zip(both, (college, school), strict=True)
        )  # fmt: skip
        returns = tuple(
            Act(
                "return",
                "退回修改",
                state,
                self.returned,
                by,
                tell=self.tell,
                kind=Kind.REVIEW,
                reason=self.reasons,
                rule="REG-02",
            )
            for state, by in zip(both, (college, school), strict=True)
            if self.returned is not None
        )
        return (
            Act("approve", "审核通过", self.college, self.school, college, when=self.when, do=self.on_college_approval,
                form=self.college_form, tell=self.tell, kind=Kind.REVIEW, primary=True, rule="REG-02"),
            Act("approve", "审核通过", self.school, self.approved, school, when=self.when, do=self.on_approval,
                form=self.school_form, tell=self.tell, kind=Kind.REVIEW, primary=True, rule="REG-02"),
            *returns,
            *rejections,
        )  # fmt: skip


@dataclass(slots=True)
class Flow:
    """A kind of case: how it begins, which acts move it, what holds all of them, which proofs it takes (REG-09), and what
    one case is called where the flow's own label does not tell enough.

    `lasting` cases are kept for good and follow something else: somebody's turn there is a question put, and no business in process
    that keeps settings or the roster as they are (SET-06, ROS-06).
    `start` is the state that a case begins in, or one for each role that can begin it; a fork where the case itself decides.
    """

    name: str
    label: str
    area: Area
    model: type[Case]
    begin: Begin
    start: State | Fork | Mapping[Role, State | Fork]
    acts: tuple[Act, ...]
    holds: tuple[Guard, ...] = ()
    proofs: Callable[[Any], tuple[ProofKind, ...]] | None = None
    title: Callable[[Any], str] | None = None
    lasting: bool = False
    starts: dict[Role, State | Fork] = field(init=False)
    states: dict[str, State] = field(init=False)
    followed: dict[str, tuple[Effect, ...]] = field(init=False, default_factory=dict)
    gates: dict[str, tuple[Guard, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        begins = self.start
        self.starts = dict.fromkeys(self.begin.by, begins) if isinstance(begins, State | Fork) else dict(begins)
        self.states = {}
        for state in (*self._first, *(state for act in self.acts for state in (act.source, *act.targets))):
            if self.states.setdefault(state.key, state) is not state:
                raise Misdeclared(f"{self.name}: two states are called {state.key}")
        self._check()
        if FLOWS.setdefault(self.name, self) is not self:
            raise Misdeclared(f"two flows are called {self.name}")

    @property
    def _first(self) -> tuple[State, ...]:
        return tuple(state for start in self.starts.values() for state in _states(start))

    def _check(self) -> None:
        if set(self.starts) != set(self.begin.by):
            raise Misdeclared(f"{self.name}: who begins it and where it starts do not agree")
        seen: set[tuple[str, str, Role]] = set()
        for act in self.acts:
            for role in act.by:
                if (act.source.key, act.name, role) in seen:
                    raise Misdeclared(f"{self.name}: {act.name} of {role} in {act.source.key} is declared twice")
                seen.add((act.source.key, act.name, role))
        reached = {state.key for state in self._first} | {state.key for act in self.acts for state in act.targets}
        for state in self.states.values():
            if state.key not in reached:
                raise Misdeclared(f"{self.name}: no way leads into {state.key}")
            if state.turn and not any(state.turn in act.by for act in self.leaving(state.key)):
                raise Misdeclared(
                    f"{self.name}: it is the turn of {state.turn} in {state.key}, but nothing is open to it"
                )

    @property
    def room(self) -> str:
        """The room that declares it, which has its words: the one whose function begins it, whatever room's cases it moves."""
        return self.begin.make.__module__.split(".")[2]

    def followed_by(self, state: str, effect: Effect) -> None:
        """Let a room above have its part in every act that brings a case into `state`: `effect(case, actor)`, in the same transaction.

        Said once, when the room starts; it stands in the table. Misdeclared where there is no such state.
        """
        if state not in self.states:
            raise Misdeclared(f"{self.name}: nothing can follow {state}, there is no such state")
        self.followed[state] = (*self.followed.get(state, ()), effect)

    def gated_by(self, act: str, guard: Guard) -> None:
        """Let a room above have its reason against an act, or against beginning: `guard(case, actor)`, asked after the flow's own guards.

        Said once, when the room starts; it stands in the table. Misdeclared where there is no such act.
        """
        if self.act_named(act) is None:
            raise Misdeclared(f"{self.name}: nothing can be said against {act}, there is no such act")
        self.gates[act] = (*self.gates.get(act, ()), guard)

    def against(self, act: Act | Begin) -> tuple[Guard, ...]:
        """All that is asked before an act or the beginning, in this order: holds, its own guards, those of rooms above."""
        return (*self.holds, *act.when, *self.gates.get(act.name, ()))

    def leaving(self, state: str) -> Iterator[Act]:
        """The acts that are declared at a state."""
        return (act for act in self.acts if act.source.key == state)

    def find(self, state: str, name: str, role: Role) -> Act | None:
        return next((act for act in self.leaving(state) if act.name == name and role in act.by), None)

    def act_named(self, name: str) -> Act | Begin | None:
        """Any act of that name, for its label on a timeline."""
        if name == self.begin.name:
            return self.begin
        return next((act for act in self.acts if act.name == name), None)

    def named(self, name: str) -> tuple[Act | Begin, ...]:
        """All that is called so: one act may be declared at several states."""
        begins = (self.begin,) if name == self.begin.name else ()
        return (*begins, *(act for act in self.acts if act.name == name))

    def turns(self, role: Role) -> tuple[str, ...]:
        """The states in which it is that role's turn."""
        return tuple(state.key for state in self.states.values() if state.turn is role)

    @property
    def steps(self) -> set[tuple[str, str, str]]:
        """(before, after, role) of everything that can happen; what the database's guard knows (§5a)."""
        found = {("", state.key, str(role)) for role, start in self.starts.items() for state in _states(start)}
        found |= {
            (act.source.key, state.key, str(role)) for act in self.acts for state in act.targets for role in act.by
        }
        return found

    def table(self) -> str:
        """The text that people who know the rules read and sign: one line an act and role."""
        lines = [f"{self.name} | {self.label} | {self.area.label}", ""]
        lines += ["state | official name | turn | live | settled | amendable"]
        lines += [
            f"{state.key} | {state.label} | {state.turn or '-'} | {'live' if state.live else '-'} | "
            f"{'settled' if state.settled else '-'} | {', '.join(state.amendable) or '-'}"
            + (f" | proofs by {', '.join(state.proofs_by)}" if state.proofs_by else "")
            for state in self.states.values()
        ]
        lines += ["", "at | who | act | to | guards | told | reason | rule"]
        lines += [_line("-", role, self.begin, _states(start)) for role, start in self.starts.items()]
        for act in self.acts:
            lines += [_line(act.source.key, role, act, act.targets) for role in act.by]
        lines += ["", "held by: " + (", ".join(guard.__name__ for guard in self.holds) or "-")]
        lines += [f"{act} is gated by: {', '.join(map(_owned, found))}" for act, found in self.gates.items()]
        lines += [f"{state} is followed by: {', '.join(map(_owned, found))}" for state, found in self.followed.items()]
        lines += [""]
        return "\n".join(lines)

    def diagram(self) -> str:
        """The same as a Mermaid state diagram."""
        lines = ["stateDiagram-v2"]
        lines += [
            f"    {state.key}: {state.label}{f'（{state.turn.label}）' if state.turn else ''}"
            for state in self.states.values()
        ]
        lines += dict.fromkeys(f"    [*] --> {state.key}: {self.begin.label}" for state in self._first)
        drawn = dict.fromkeys(
            f"    {act.source.key} --> {state.key}: {act.label}" for act in self.acts for state in act.targets
        )
        lines += drawn
        lines += [f"    {state.key} --> [*]" for state in self.states.values() if not any(self.leaving(state.key))]
        return "\n".join(lines)


def chosen(target: State | Fork, case: Case) -> State:
    """The state that it is for this case."""
    return target.choose(case) if isinstance(target, Fork) else target


def _states(target: State | Fork) -> tuple[State, ...]:
    return target.states if isinstance(target, Fork) else (target,)


def _owned(effect: Effect | Guard) -> str:
    """The name of an effect with its room."""
    return f"{effect.__module__.split('.')[2]}.{effect.__name__}"


def _line(at: str, role: Role, act: Act | Begin, targets: tuple[State, ...]) -> str:
    told = f"{', '.join(act.tell)}{', on every way' if act.must else ''}" or "-"
    guards = ", ".join(guard.__name__ for guard in act.when) or "-"
    reason = getattr(act, "reason", "") or "-"
    to = " / ".join(state.key for state in targets)
    name = f"{act.name}, carried" if getattr(act, "carried", False) else act.name
    return f"{at} | {role} | {act.label} ({name}) | {to} | {guards} | {told} | {reason} | {act.rule or '-'}"
