"""Mutants of the engine must die: each line of `perform` that protects somebody is taken out, and something must notice."""

from __future__ import annotations

import inspect
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection, transaction

from qicheng.domain.orgs.models import SigningSettings
from qicheng.domain.registration.flows.online_dissolution import ONLINE_DISSOLUTION
from qicheng.domain.registration.flows.online_signing import ONLINE_SIGNING
from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.foundation.access import SYSTEM, Level, Role, rows
from qicheng.foundation.flow import perform as engine
from qicheng.foundation.flow.models import Record
from qicheng.foundation.notice.models import Notice
from tests.world import DISSOLUTION, OFFER

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

# What is taken out, and what stands in its place.
MUTANTS = {
    "any role acts": ("flow.find(locked.state, name, actor.role)", "next((a for a in flow.leaving(locked.state) if a.name == name), None)"),
    "guards are not asked": ("flow.against(act):", "flow.holds:"),
    "holds are not asked": ("flow.against(act):", "act.when:"),
    "the version is not compared": ("(seen is not None and seen != locked.version) or act", "act"),
    "the version stands still": ("locked.version + 1", "locked.version"),
    "every row is found": ('scope = model.scope.sql(model, actor, "c", taken_back=taken_back)', 'scope = "true"'),
    "live is forgotten": ("target.key, target.live, locked", "target.key, locked.live, locked"),
    "the state is forgotten": ("= target.key, target.live, locked", "= locked.state, target.live, locked"),
    "nobody is told of an act": ("_tell(record, locked, act.tell)", "pass"),
    "nobody is told of a beginning": ("_tell(record, case, start.tell)", "pass"),
    "who may only read acts": ("if not actor.may_write(flow.area):\n            raise", "if False:\n            raise"),
    "who may only read begins": ("or not actor.may_write(flow.area)", "or False"),
    "who may only read is offered acts": ("if not actor.may_write(case.flow.area)", "if False"),
    "acts of others are offered": ("if actor.role in act.by and not", "if not"),
    "offers do not ask guards": ("case.flow.against(act)", "()"),
    "any role begins": ("if actor.role not in start.by or", "if"),
    "a beginning asks no guard": ("flow.against(start)", "flow.holds"),
    "a beginning asks no hold": ("flow.against(start)", "start.when"),
    "a key is not written": ("changes=changes, key=key, reason=reason", "changes=changes, reason=reason"),
    "a key of a beginning is not written": ("changes=changes, key=key)", "changes=changes)"),
    "a repeated key is not known": ("and (seen != locked.version or act is None)", "and False"),
    "a repeated key begins again": ("if key and (done := _begun(flow, actor, key))", "if False"),
    "no reason is needed": ("if act.reason and not", "if False and not"),
    "words alone are a reason": ("and (reason or act.reason not in codes.names())", "and True"),
    "a reason without words is enough": ("(_is_said(words) and (reason", "((reason"),
    "the effect is left out": ("act.do(locked, actor, **given) if act.do else None", "None"),
    "what changed is not kept": ("changes=dict(changes),", "changes={},"),
    "the actor is not named to the database": ('(str(actor.role), str(actor.account or ""))', '("", "")'),
    "who waits is not restarted": ("moved = locked.state != target.key", "moved = False"),
    "an amendment restarts the waiting": ("moved = locked.state != target.key", "moved = True"),
    "an act is not whole": ("    with transaction.atomic():\n        be(actor)\n        around", "    with nullcontext():\n        be(actor)\n        around"),
    "a beginning is not whole": ("with transaction.atomic():\n            be(actor)\n            case = start", "with nullcontext():\n            be(actor)\n            case = start"),
    "the case in hand stays old": ("case.__dict__.update(", "dict().update("),
    "whoever did it is told": ("and (role, node) != own", ""),
    "a beginning is not completed": ("if start.complete:", "if False:"),
    "everybody begins in the same state": ("flow.starts[actor.role]", "next(iter(flow.starts.values()))"),
    "the floor is not given back": ("    be(actor)\n    return record", "    return record"),
    "an act of another flow is done as oneself": ("perform(case, name, SYSTEM, carried", "perform(case, name, actor, carried"),
    "what another flow carries is done by itself": ("if act is not None and act.carried and not carried:", "if False:"),
    "what another flow carries is offered": ("in act.by and not act.carried", "in act.by"),
    "a form's own reason is lost": ('given, reason = {**given, "reason": reason}, ""', "pass"),
    "what was taken back is told to strangers": ("hold=False, taken_back=True) is not None", "hold=False, taken_back=True) is None"),
    "a stale page is told nothing": ("raise Stale(locked.standing.label, last)", "raise Stale('', None)"),
}  # fmt: skip


def mutant(old: str = "", new: str = "") -> Any:
    """The module of the engine with one place changed."""
    source = inspect.getsource(engine)
    assert old in source, f"the engine no longer says: {old}"
    return module(
        source.replace("import json\n", "import json\nfrom contextlib import nullcontext\n", 1).replace(old, new)
        if old
        else source,
        engine,
    )


def module(source: str, original: ModuleType) -> Any:
    """A module of that source in the place of another, that nobody else imports."""
    made = ModuleType("mutant")
    made.__package__ = original.__package__
    sys.modules["mutant"] = made  # a dataclass looks for the module that it stands in
    exec(compile(source, "mutant", "exec"), made.__dict__)
    return made


def stopped(how: type[Exception], act: Callable[[], Any]) -> None:
    with pytest.raises(how), transaction.atomic():
        act()


def offer(world: Any) -> dict[str, Any]:
    return {"graduate": world.graduate, "days_open": 3, **OFFER}


def roles(m: Any, world: Any) -> None:
    case = world.accepted()
    stopped(m.NotOpen, lambda: m.perform(case, "approve", world.actor(Role.SCHOOL)))
    stopped(m.NotOpen, lambda: m.perform(case, "approve", world.actor(Role.COLLEGE, level=Level.READ)))
    assert m.open_acts(case, world.actor(Role.COLLEGE, level=Level.READ)) == []
    assert [one.act.name for one in m.open_acts(case, world.actor(Role.SCHOOL))] == []


def foreigners(m: Any, world: Any) -> None:
    case = world.accepted()
    stopped(m.NotFound, lambda: m.perform(case, "approve", world.stranger_actor(Role.COLLEGE)))
    stopped(m.NotFound, lambda: m.find(Registration, case.public_id, world.stranger_actor(Role.SCHOOL)))


def guarded(m: Any, world: Any) -> None:
    case = world.invitation()
    Graduate.all_rows.filter(pk=world.graduate.pk).update(confirmed_revision=None)
    assert [one.why is None for one in m.open_acts(case, world.actor(Role.GRADUATE))] == [False, True]
    stopped(m.Refused, lambda: m.perform(case, "accept", world.actor(Role.GRADUATE)))
    SigningSettings.all_rows.filter(school=world.school).update(submitted_at=None)
    stopped(m.Refused, lambda: m.perform(case, "decline", world.actor(Role.GRADUATE)))


def beginnings(m: Any, world: Any) -> None:
    stopped(m.NotOpen, lambda: m.begin(ONLINE_SIGNING, world.actor(Role.SCHOOL), **offer(world)))
    stopped(m.NotOpen, lambda: m.begin(ONLINE_SIGNING, world.actor(Role.EMPLOYER, level=Level.READ), **offer(world)))
    Graduate.all_rows.filter(pk=world.graduate.pk).update(training_mode="21")
    stopped(m.Refused, lambda: m.begin(ONLINE_SIGNING, world.actor(Role.EMPLOYER), **offer(world)))
    Graduate.all_rows.filter(pk=world.graduate.pk).update(training_mode="1")
    SigningSettings.all_rows.filter(school=world.school).update(submitted_at=None)
    stopped(m.Refused, lambda: m.begin(ONLINE_SIGNING, world.actor(Role.EMPLOYER), **offer(world)))


def versions(m: Any, world: Any) -> None:
    case = world.accepted()
    stopped(m.Stale, lambda: m.perform(case, "approve", world.actor(Role.COLLEGE), seen=1))
    m.perform(case, "approve", world.actor(Role.COLLEGE), seen=2)
    with pytest.raises(m.Stale) as told:
        m.perform(case, "approve", world.actor(Role.COLLEGE), seen=2)
    assert (told.value.label, told.value.record.act) == ("学生已同意签约，等待学校审核", "approve")


def steps(m: Any, world: Any) -> None:
    case = m.begin(ONLINE_SIGNING, world.actor(Role.EMPLOYER), **offer(world))
    waits = Registration.all_rows.get().waiting_since
    m.perform(case, "accept", world.actor(Role.GRADUATE))
    m.perform(case, "approve", world.actor(Role.COLLEGE))
    m.perform(case, "approve", world.actor(Role.SCHOOL))
    stored = Registration.all_rows.get()
    assert (case.state, case.live, case.version, case.number) == (
        stored.state,
        stored.live,
        stored.version,
        stored.number,
    )
    assert (stored.state, stored.live, stored.version) == ("effective", True, 4)
    assert stored.waiting_since > waits
    assert EmploymentRecord.all_rows.get().number == stored.number
    assert Record.objects.get(version=4).changes == {"协议编号": ["", stored.number]}
    inbox = Notice.objects.filter(channel="inbox").order_by("pk").values_list("act", "role")
    assert list(inbox) == [
        ("invite", "graduate"),
        ("accept", "employer"),
        *[("approve", "graduate"), ("approve", "employer")] * 2,
    ]
    m.perform(case, "amend", world.actor(Role.SCHOOL), job_category="10")
    assert Registration.all_rows.get().waiting_since == stored.waiting_since


def keys(m: Any, world: Any) -> None:
    case = m.begin(ONLINE_SIGNING, world.actor(Role.EMPLOYER), key="one", **offer(world))
    m.perform(case, "withdraw", world.actor(Role.EMPLOYER), key="two")
    assert m.begin(ONLINE_SIGNING, world.actor(Role.EMPLOYER), key="one", **offer(world)).pk == case.pk
    assert m.perform(case, "withdraw", world.actor(Role.EMPLOYER), key="two").version == 2
    assert Record.objects.count() == 2


def reasons(m: Any, world: Any) -> None:
    case = world.accepted()
    college = world.actor(Role.COLLEGE)
    stopped(m.Refused, lambda: m.perform(case, "reject", college))
    stopped(m.Refused, lambda: m.perform(case, "reject", college, words="薪酬不清楚"))
    stopped(m.Refused, lambda: m.perform(case, "reject", college, reason="x_pay"))


def wholeness(m: Any, world: Any) -> None:
    case = world.accepted()
    for broken in ("_record", "_tell"):
        whole = getattr(m, broken)

        def fail(*given: Any, whole: Any = whole, **named: Any) -> None:
            whole(*given, **named)
            raise ZeroDivisionError

        setattr(m, broken, fail)
        with pytest.raises(ZeroDivisionError):
            m.perform(case, "approve", world.actor(Role.COLLEGE))
        with pytest.raises(ZeroDivisionError):
            m.begin(ONLINE_SIGNING, world.actor(Role.EMPLOYER), graduate=world.neighbour, days_open=3, **OFFER)
        setattr(m, broken, whole)
    assert (Registration.all_rows.get().state, Record.objects.count()) == ("college_review", 2)


def sides(m: Any, world: Any) -> None:
    agreement = world.effective()
    for role in (Role.EMPLOYER, Role.GRADUATE):
        case = m.begin(ONLINE_DISSOLUTION, world.actor(role), agreement=agreement, **DISSOLUTION[role])
        assert (case.state, case.sequence) == (f"asked_by_{role}", 1 if role is Role.GRADUATE else None)
        told = Notice.objects.filter(case=str(case.public_id), channel="inbox").values_list("role", flat=True)
        assert list(told) == [str(case.answers)]
        if role is Role.EMPLOYER:
            m.perform(case, "withdraw", world.actor(role))
    stopped(m.NotOpen, lambda: m.perform(agreement, "dissolve", SYSTEM))
    assert m.open_acts(agreement, SYSTEM) == []
    m.be(world.actor(Role.SCHOOL))
    assert m.carry_on(agreement, "dissolve", world.actor(Role.SCHOOL)).role == "system"
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('qicheng.role')")
        assert cursor.fetchone() == ("school",)


def takings_back(m: Any, world: Any) -> None:
    case = world.destination_submitted("seeking")
    m.perform(case, "recall", world.actor(Role.GRADUATE))
    stopped(m.TakenBack, lambda: m.find(Registration, case.public_id, world.actor(Role.COLLEGE)))
    stopped(m.TakenBack, lambda: m.perform(case, "approve", world.actor(Role.COLLEGE)))
    with pytest.raises(m.NotFound) as missing:
        m.find(Registration, case.public_id, world.stranger_actor(Role.COLLEGE))
    assert type(missing.value) is m.NotFound


def own_reasons(m: Any, world: Any) -> None:
    case = world.paper_dissolution(letter="")
    m.perform(case, "edit", world.of(case.graduate), reason="x_army", explanation="应征入伍，已与单位商量一致")
    assert (case.reason, Record.objects.filter(act="edit").get().reason) == ("x_army", "")


CHECKS = (
    roles, foreigners, guarded, beginnings, versions, steps, keys, reasons, wholeness, sides, takings_back, own_reasons,
)  # fmt: skip


class Back(Exception):
    """Takes back what a check has done."""


def fails(m: Any, world: Any) -> list[str]:
    """The checks that notice something."""
    noticed = []
    for check in CHECKS:
        try:
            with transaction.atomic():
                check(m, world)
                raise Back
        except Back:
            pass
        except (Exception, pytest.fail.Exception):  # noqa: BLE001 -- any failure is a notice
            noticed.append(check.__name__)
    return noticed


def test_the_engine_itself_passes_every_check(world):
    assert fails(mutant(), world) == []


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_of_the_engine_dies(world, name):
    assert fails(mutant(*MUTANTS[name]), world) != []


SCOPE_MUTANTS = {
    "a role left out sees everything": ("if path is None or self._shut(actor):\n            return \"false\"", "if path is None or self._shut(actor):\n            return \"true\""),
    "every node is one's own": ('return f"{alias}.{field.column} = {value}"', 'return "true"'),
    "tiers are not asked": ("return bool(self.tier) and", "return False and"),
    "permission is not asked": ("return self.area is not None and", "return False and"),
}  # fmt: skip


@pytest.mark.parametrize("name", SCOPE_MUTANTS)
@pytest.mark.rule("ORG-01")
def test_a_mutant_of_the_scope_dies(world, name, monkeypatch):
    from tests.house.test_scopes import disagreements, populate

    old, new = SCOPE_MUTANTS[name]
    source = inspect.getsource(rows)
    assert old in source
    made = module(source.replace(old, new), rows)
    populate(world)
    for method in ("sql", "_shut", "_narrow"):
        monkeypatch.setattr(rows.Scope, method, getattr(made.Scope, method))
    assert any(disagreements(world))
