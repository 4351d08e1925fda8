"""Any walk through any flows: what happened explains what is, nothing happens that no flow declares, what is offered can be done."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from qicheng.domain.campus.models import FileRegistration, Part
from qicheng.domain.orgs.models import Opening, ReviewMode, SigningSettings
from qicheng.domain.registration.flows.destination import DESTINATION
from qicheng.domain.registration.flows.offline_dissolution import OFFLINE_DISSOLUTION
from qicheng.domain.registration.flows.offline_signing import OFFLINE_SIGNING
from qicheng.domain.registration.flows.online_dissolution import ONLINE_DISSOLUTION
from qicheng.domain.registration.flows.online_signing import ONLINE_SIGNING
from qicheng.domain.registration.flows.supplementary import SUPPLEMENTARY
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.sheets import destinations
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.flows.archive_change import ARCHIVE_CHANGE
from qicheng.domain.transfer.flows.confirmation import CONFIRMATION
from qicheng.domain.transfer.flows.household_change import HOUSEHOLD_CHANGE
from qicheng.domain.transfer.flows.mailing import MAILING
from qicheng.domain.transfer.flows.verification import AUTHORISATION
from qicheng.foundation import codes
from qicheng.foundation.access import FULL, SYSTEM, Actor, Area, Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.gather import gathered, why_not_now
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import Open, Refused, Stopped, begin, case_models, open_acts, perform, timeline
from qicheng.foundation.flow.words import CHANNELS, messages, sentence
from qicheng.foundation.kit.proofs import remake
from qicheng.foundation.notice.models import Notice
from qicheng.foundation.papers import proofs
from tests.domain.campus import applying, at_the_platform, changing, consenting, declaring, filing
from tests.domain.campus import filled_personal as own
from tests.domain.registration.places import EVERY_PLACE
from tests.domain.registration.places import PLACES as STANDING
from tests.domain.registration.test_dissolution import asked_on
from tests.domain.transfer import outside, post
from tests.filling import DAYS, TYPED
from tests.sealing import open_verification, settled
from tests.world import CHANGE, DISSOLUTION, FORM, OFFER, PAPER, World, credit_code, filled_destination, picture

if TYPE_CHECKING:
    from collections.abc import Callable

    from qicheng.domain.orgs.models import Employer
    from qicheng.foundation.flow.declare import Act, Flow
    from qicheng.foundation.flow.models import Case
    from qicheng.foundation.sheets import Field

pytestmark = pytest.mark.django_db
# How many deep places there are to start from, the shallow one among them; behind them, every state of a graduate's own ways.
DEEP = 34
PLACES = DEEP + len(EVERY_PLACE)
# For how many minutes the long form walks; two processes share it by its halves.
SOAK_MINUTES = float(os.environ.get("QICHENG_SOAK", "0"))
# Acts whose effect may still find that there is nothing to do, nothing to show, or something missing.
MAY_FIND_NOTHING = {
    ("online_signing", "refresh"), ("online_signing", "amend"), ("employer_verification", "approve"), ("offline_signing", "refresh"),
    ("offline_signing", "amend"), ("offline_signing", "bring_back"), ("offline_signing", "send_link"), ("supplementary", "refresh"), ("supplementary", "amend"),
    ("destination", "refresh"), ("destination", "amend"), ("destination", "redirect"), ("offline_dissolution", "submit"),
    ("confirmation", "dispute"), ("file_registration", "edit"), ("platform", "refresh"), ("platform", "edit"), ("platform", "retype"), ("declared", "refresh"), ("declared", "edit"), ("declared", "retype"), ("declared", "amend"), ("plan", "again"),
}  # fmt: skip
HANDED_IN = {"submit", "bring_back"}
MADE = remake(picture())


class Back(Exception):
    """Takes back a walk."""


def sample(field: Field, chance: random.Random) -> Any:
    """A value that a form would have let through."""
    match field.kind:
        case "code":
            return chance.choice([code for code, _ in codes.table(field.table).choices(2026)])
        case "choice":
            return chance.choice(field.choices)[0]
        case "lookup":
            return codes.table(field.table).find(TYPED[field.table])
        case "credit":
            return credit_code(chance.randint(1, 99))
        case "area":
            return "110102"
        case "whole":
            return chance.randint(field.low or 0, field.high or 9)
        case "switch":
            return chance.random() < 0.5
        case "phone":
            return "010-62750000"
        case "mobile":
            return "13900000000"
        case "email":
            return "hr@example.com"
        case "date" | "month":
            return DAYS.get(field.key) if field.required else None
    if field.key == "tracking":
        return f"EA{chance.randint(10**8, 10**9 - 1)}CN"
    return chance.choice(["甲", "乙"])


def filled(act: Act, case: Case, chance: random.Random) -> dict[str, Any]:
    """What somebody types for an act: its whole form, or some fields of one that stands filled in already."""
    if (case.flow_name, act.name) == ("destination", "redirect"):
        kind = chance.choice(destinations.types(case.edition)).key  # type: ignore[attr-defined]
        return {"kind": kind, **filled_destination(kind)}
    if act.name == "retype":
        return {"kind": chance.choice(list(destinations.types_of(case.flow_name)))}
    if case.flow_name in own.FLOWS:
        return own.typed(act, case, chance)
    sheet = act.sheet(case)
    if sheet is None:
        return {}
    if callable(act.form):
        return {field.key: sample(field, chance) for field in chance.sample(sheet.fields, min(2, len(sheet.fields)))}
    return {field.key: sample(field, chance) for field in sheet}


class Walk:
    """A country, the cases in it, and everybody who may try something."""

    def __init__(self, seed: int, missing: frozenset[str] = frozenset(), *, straight: bool = False) -> None:
        self.chance = random.Random(seed)
        self.missing = missing
        self.straight = straight
        self.world = World()
        self.seen = Counter[str]()
        self.actors = self._actors()
        self.cases: list[Case] = []
        self.records = 0
        self.told = 0

    def _actors(self) -> list[Actor]:
        world = self.world
        own = [
            world.actor(role)
            for role in (Role.GRADUATE, Role.EMPLOYER, Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)
        ]
        strange = [world.stranger_actor(role) for role in (Role.GRADUATE, Role.EMPLOYER, Role.COLLEGE, Role.SCHOOL)]
        other_college = Actor(
            Role.COLLEGE, world.other_college.pk, world.other_college_seat.account_id, own[0].levels, name="孙可"
        )
        return [*own, *strange, world.of(world.neighbour), other_college, SYSTEM]

    # ---- how each flow begins

    def online_signing(self) -> Case:
        world = self.world
        graduate = self.chance.choice([world.graduate, world.neighbour, world.stranger])
        employer = self.chance.choice([world.actor(Role.EMPLOYER), world.stranger_actor(Role.EMPLOYER)])
        return begin(ONLINE_SIGNING, employer, graduate=graduate, days_open=self.chance.randint(1, 30), **OFFER)

    def online_dissolution(self) -> Case:
        signed = [
            case
            for case in map(self.fresh, self.cases)
            if case.flow_name == "online_signing" and case.state == "effective"
        ]
        if not signed:
            raise Refused("nothing to dissolve")
        agreement = self.chance.choice(signed)
        side = self.chance.choice([Role.GRADUATE, Role.EMPLOYER])
        return begin(
            ONLINE_DISSOLUTION, Actor(side, agreement.audience(side), levels=FULL), agreement=agreement, **DISSOLUTION[side]
        )  # fmt: skip

    def somebody(self) -> Actor:
        """One of three graduates, 陈诚 more often than the others."""
        world = self.world
        return world.of(self.chance.choice([world.graduate, world.graduate, world.neighbour, world.stranger]))

    def offline_signing(self) -> Case:
        return begin(OFFLINE_SIGNING, self.somebody(), **FORM)

    def supplementary(self) -> Case:
        return begin(SUPPLEMENTARY, self.somebody(), **PAPER)

    def destination(self) -> Case:
        kind = self.chance.choice(list(destinations.REGISTRY))
        return begin(DESTINATION, self.somebody(), kind=kind, **filled_destination(kind))

    def offline_dissolution(self) -> Case:
        signed = [case for case in map(self.fresh, self.cases) if isinstance(case, Registration) and case.effective_at]
        if not signed:
            raise Refused("nothing to dissolve")
        agreement = self.chance.choice(signed)
        return begin(
            OFFLINE_DISSOLUTION, self.world.of(agreement.graduate), agreement=agreement, **DISSOLUTION[Role.GRADUATE]
        )

    def archive_change(self) -> Case:
        self.world.open_transfer(Area.ARCHIVE)
        return begin(ARCHIVE_CHANGE, self.somebody(), **CHANGE)

    def household_change(self) -> Case:
        self.world.open_transfer(Area.HOUSEHOLD)
        return begin(HOUSEHOLD_CHANGE, self.somebody(), **CHANGE)

    def confirmation(self) -> Case:
        """Of a graduate who has a record and no confirmation, or else it is refused."""
        return begin(CONFIRMATION, SYSTEM, graduate=Graduate.all_rows.get(pk=self.somebody().node))

    def authorisation(self) -> Case:
        """Of a graduate who has confirmed, and sometimes for too long, or else it is refused."""
        return begin(AUTHORISATION, self.somebody(), days=self.chance.randint(25, 190))

    def graduate_report(self) -> Case:
        open_verification(self.world)
        actor = self.somebody()
        return begin(FLOWS["graduate_report"], actor, graduate=actor.node)

    def archive_report(self) -> Case:
        return self._report(Area.ARCHIVE)

    def household_report(self) -> Case:
        return self._report(Area.HOUSEHOLD)

    def _report(self, area: Area) -> Case:
        open_verification(self.world)
        self.world.open_transfer(area)
        graduate = self.chance.choice([self.world.graduate, self.world.neighbour])
        return begin(FLOWS[f"{area.value}_report"], self.world.actor(Role.SCHOOL), graduate=graduate.pk)

    def mailing(self) -> Case:
        """Of a graduate who has confirmed long enough ago, or else it is refused."""
        return begin(MAILING, self.somebody())

    def personal_information(self) -> Case:
        """Of the graduate of the other school, who has none yet, or else it is refused."""
        graduate = self.asked_first(Part.PERSONAL)
        return begin(FLOWS["personal_information"], self.world.of(graduate), **own.PERSONAL | own.contacts(graduate))

    def supplement(self) -> Case:
        """Of the graduate of the other school, who has none under way, or else it is refused."""
        graduate = self.asked_first(Part.SUPPLEMENT)
        return begin(FLOWS["supplement"], self.world.of(graduate), **own.supplement(graduate))

    def platform(self) -> Case:
        """Of the graduate of the other school, who has nothing else live, or else it is refused."""
        graduate = self.asked_first(Part.PLATFORM)
        kind = self.chance.choice(list(destinations.types_of("platform")))
        return begin(FLOWS["platform"], self.world.of(graduate), kind=kind, **filled_destination(kind))

    def file_registration(self) -> Case:
        """Of a graduate whose destination is submitted on the school's platform, or else it is refused."""
        return filing.draft(self.world, self.registered_on_the_platform())

    def destination_amendment(self) -> Case:
        """About a destination that is in force there, or else it is refused."""
        return changing.of_the_unit(self.world, self.registered_on_the_platform())  # type: ignore[no-any-return]

    def unit_amendment(self) -> Case:
        """The same, to another unit."""
        found = self.registered_on_the_platform()
        return changing.to_another_unit(self.world, found, proven=False)  # type: ignore[no-any-return]

    def file_amendment(self) -> Case:
        """About a registration of file and household that is in force, or else it is refused."""
        found = FileRegistration.all_rows.filter(live=True).first()
        if found is None:
            raise Refused("nobody has registered file and household")
        return changing.of_the_files(self.world, found)  # type: ignore[no-any-return]

    def registered_on_the_platform(self) -> Registration:
        """A destination that is live there; Refused where nobody has one."""
        found = Registration.all_rows.filter(flow_name="platform", live=True).first()
        if found is None:
            raise Refused("nobody has registered on a platform")
        assert isinstance(found, Registration)
        return found

    def declared(self) -> Case:
        """Of the graduate of the other school, who has nothing else live, or else it is refused."""
        graduate = self.asked_first(Part.FORMS)
        code = self.chance.choice(list(declaring.TYPED))
        return begin(FLOWS["declared"], self.world.of(graduate), kind=declaring.kind(code), **declaring.TYPED[code])

    def plan(self) -> Case:
        """Of 陈诚's college, once its school has the part, or else it is refused."""
        return declaring.reported(self.world)

    def deferral(self) -> Case:
        """About a destination that may be deferred, or else it is refused."""
        return self._about_declared("deferral")

    def one_change(self) -> Case:
        """About a destination that is in force, or else it is refused."""
        return self._about_declared("one_change", **consenting.WISH)

    def _about_declared(self, flow: str, **typed: str) -> Case:
        found = [one for one in map(self.fresh, self.cases) if one.flow_name == "declared"]
        if not found:
            raise Refused("nobody has declared a destination")
        case: Any = self.chance.choice(found)
        return begin(FLOWS[flow], self.world.of(case.graduate), registration=case.public_id, **typed)

    def application(self) -> Case:
        """Of what 陈诚's school has declared, or else it is refused."""
        applying.open_applications(self.world)
        return begin(FLOWS["application"], self.somebody(), form=applying.the_one(self.world))

    def asked_first(self, part: Part) -> Graduate:
        """Whoever has to do that part before anything is registered: the other school has it from now on."""
        own.opened(self.world, self.world.stranger, part)
        return Graduate.all_rows.get(pk=self.world.stranger.pk)

    def employer_verification(self) -> Case:
        return self._about_an_employer("employer_verification")

    def joining_a_unit(self) -> Case:
        return self._about_an_employer("joining_a_unit")

    def _about_an_employer(self, flow: str, unit: Employer | None = None) -> Case:
        if unit is None and self.chance.random() < 0.5:
            unit = self.world.new_employer("新来的单位", verified=flow == "joining_a_unit")
        unit = unit or self.world.employer
        shown = {
            key: getattr(unit, key)
            for key in ("credit_code", "name", "nature", "industry", "area", "address", "contact", "phone")
        }
        account = self.world.seats[Role.EMPLOYER].account
        return begin(FLOWS[flow], SYSTEM, employer=unit, account=account, shown=shown, licence="licence")

    # ---- steps

    def step(self) -> None:
        kinds: list[Callable[[], None]] = [
            self.start,
            self.offered,
            self.offered,
            self.offered,
            self.offered,
            self.forbidden,
            self.around,
        ]
        if self.straight:
            kinds = [self.offered]
        self.chance.choice(kinds if self.cases else [self.start])()
        self.check()

    def start(self) -> None:
        name = self.chance.choice(sorted(FLOWS))
        try:
            with transaction.atomic():
                self.cases.append(getattr(self, name)())
        except Refused:
            self.seen[f"{name}: a beginning is refused"] += 1
        else:
            self.seen[f"{name}: begun"] += 1

    def offered(self) -> None:
        """Whatever is offered can be done; whatever is offered with a reason against it is refused for that reason."""
        # Of what a walk still has to come by, it takes half of what it meets.
        case, offers = self.rare() if self.missing and (self.straight or self.chance.random() < 0.5) else (None, [])
        if case is None:
            case, offers = self.any_offers()
        if not offers:
            return
        actor, one = self.chance.choice(offers)
        if one.act.name in HANDED_IN and self.chance.random() < 0.8:
            self.prove(case, actor)
            one = next(again for again in open_acts(case, actor) if again.act is one.act)
        before = self.stored(case)
        try:
            with transaction.atomic():
                said = {"reason": "x_pay", "words": "说明"} if one.act.reason else {}
                typed = filled(one.act, case, self.chance)
                record = perform(case, one.act.name, actor, seen=case.version, **said | typed)
        except Refused as refused:
            against = str(refused)
        else:
            assert one.why is None
            assert (record.before, record.after) == (one.act.source.key, case.state)
            assert case.standing in one.act.targets
            self.seen[f"{case.flow_name}: {one.act.name}"] += 1
            return
        assert one.why == against or (one.why is None and (case.flow_name, one.act.name) in MAY_FIND_NOTHING), against
        assert self.stored(case) == before
        self.seen[f"{case.flow_name}: refused"] += 1

    def any_offers(self) -> tuple[Case, list[tuple[Actor, Open]]]:
        """A case, and everything that is offered on it, with or without a reason against it."""
        case = self.fresh(self.chance.choice(self.cases))
        return case, [
            (actor, one) for actor in self.whoever(case) if self.sees(actor, case) for one in open_acts(case, actor)
        ]

    def rare(self) -> tuple[Case | None, list[tuple[Actor, Open]]]:
        """A case on which something can be done that is still missing, and what."""
        for case in self.chance.sample(self.cases, len(self.cases)):
            now = self.fresh(case)
            if not any(f"{now.flow_name}: {act.name}" in self.missing for act in now.flow.leaving(now.state)):
                continue
            offers = [
                (actor, one)
                for actor in self.whoever(now)
                if self.sees(actor, now)
                for one in open_acts(now, actor)
                if one.why is None and f"{now.flow_name}: {one.act.name}" in self.missing
            ]
            if offers:
                return now, offers
        return None, []

    def whoever(self, case: Case) -> list[Actor]:
        """Everybody, and whoever comes by a link to that case."""
        return [*self.actors, self.world.bearer(case)] if isinstance(case, Registration) else self.actors

    def prove(self, case: Case, actor: Actor) -> None:
        """Bring one of every kind of proof that the case takes and lacks."""
        if why_not_now(case, actor):
            return
        for one in gathered(case):
            if not one.proofs:
                proofs.keep_proof(
                    MADE, picture(), flow=case.flow_name, case=str(case.public_id), cohort=case.cohort, school_id=None,
                    kind=one.kind.key, role=str(actor.role), account_id=actor.account,
                )  # fmt: skip

    def forbidden(self) -> None:
        """What is not offered cannot be done, whoever tries."""
        case = self.fresh(self.chance.choice(self.cases))
        actor = self.chance.choice(self.whoever(case))
        names = sorted({act.name for flow in FLOWS.values() for act in flow.acts} | {"no_such_act"})
        name = self.chance.choice(names)
        if self.sees(actor, case) and any(one.act.name == name and one.why is None for one in open_acts(case, actor)):
            return
        before = self.stored(case)
        with pytest.raises(Stopped), transaction.atomic():
            perform(case, name, actor, reason="x_pay", words="说明")
        assert self.stored(case) == before

    def around(self) -> None:
        """Somebody turns something above the cases on or off."""
        graduate = self.chance.choice([self.world.graduate, self.world.neighbour, self.world.stranger])
        row = Graduate.all_rows.filter(pk=graduate.pk)
        settings = SigningSettings.all_rows.filter(school=graduate.school)
        match self.chance.randrange(6):
            case 0:
                row.update(removed_at=None if row.get().removed_at else timezone.now())
            case 1:
                row.update(confirmed_revision=None if row.get().confirmed_revision else row.get().revision)
            case 2:
                settings.update(submitted_at=None if settings.get().submitted_at else timezone.now())
            case 3:
                openings = Opening.objects.filter(province=graduate.school.province_id, module="signing")
                openings.update(is_open=not openings.get().is_open)
            case 4:
                settings.update(review_mode=self.chance.choice(ReviewMode.values))
            case 5:
                column = self.chance.choice(["online_signing", "supplementary", "destination"])
                settings.update(**{column: not getattr(settings.get(), column)})

    # ---- what must hold

    def check(self) -> None:
        live = Counter[tuple[type, int, int]]()
        for case in self.cases:
            now, chain = self.fresh(case), timeline(case)
            steps = [(record.before, record.after, record.role) for record in chain]
            assert [record.version for record in chain] == list(range(1, now.version + 1)), "one record a version"
            assert [step[0] for step in steps] == ["", *(step[1] for step in steps[:-1])], "records are a chain"
            assert (chain[-1].after, now.live) == (now.state, now.standing.live), "records explain the state"
            assert set(steps) <= now.flow.steps, "only declared steps"
            if now.live and hasattr(now, "graduate_id"):
                live[type(now), now.cohort, now.graduate_id] += 1
        assert max(live.values(), default=0) <= 1, "one live registration, one open dissolution"
        self.is_told()
        records = Record.objects.count()
        assert records >= self.records, "nothing disappears"
        self.records = records

    def is_told(self) -> None:
        """Every record has its sentence, and every message that it owes its words; a name that is missing is an error."""
        for record in Record.objects.filter(id__gt=self.told, version__gt=0).order_by("id"):
            self.told = record.pk
            case = FLOWS[record.flow].model._default_manager.get(public_id=record.case)
            assert sentence(record, case).strip()
            for owed in Notice.objects.filter(record=record.pk, channel="inbox"):
                for channel in CHANNELS:
                    owed.channel = channel
                    [(_, message)] = messages([owed])
                    assert message.subject, f"{owed} says nothing"
                    assert message.case is not None

    def fresh(self, case: Case) -> Case:
        return type(case)._default_manager.get(pk=case.pk)

    def stored(self, case: Case) -> tuple[Any, int]:
        return type(case)._default_manager.filter(pk=case.pk).values().get(), Record.objects.count()

    def sees(self, actor: Actor, case: Case) -> bool:
        return type(case).objects.seen_by(actor).filter(pk=case.pk).exists()  # type: ignore[attr-defined]

    # ---- deep places to start from

    def deep(self, place: int) -> None:
        world = self.world
        if place >= DEEP:
            flow, state = EVERY_PLACE[place - DEEP]
            case = STANDING[flow][state](world)
            self.cases += [case, case.agreement] if flow == "offline_dissolution" else [case]
        match place:
            case 1:
                self.cases.append(world.accepted())
                self.cases.append(world.invitation(employer=world.stranger_actor(Role.EMPLOYER)))
            case 2:
                self.cases.append(world.effective())
                self.cases.append(world.invitation(employer=world.stranger_actor(Role.EMPLOYER)))
            case 3:
                then = timezone.now() - timedelta(days=9)
                self.cases.append(world.overdue(then, then + timedelta(days=3)))
                self.note_overdue(self.cases[-1])
            case 4:
                case = world.effective()
                perform(case, "void", world.actor(Role.SCHOOL), words="双方协商一致")
                self.cases.append(case)
                self.cases.append(world.accepted())
            case 5:
                self.cases.append(world.dissolution())
                self.cases.append(self.cases[-1].agreement)
            case 6:
                case = world.dissolution(by=Role.EMPLOYER)
                perform(case, "agree", world.actor(Role.GRADUATE))
                self.cases += [case, case.agreement]
            case 7:
                agreement = world.effective()
                self.cases.append(asked_on(world, timezone.now() - timedelta(days=30), agreement=agreement))
                self.note_overdue(self.cases[-1])
                self.cases.append(agreement)

            case 8:
                case = world.form_approved()
                world.link(case)
                self.cases.append(case)
            case 9:
                self.cases += [world.change_submitted(area) for area in (Area.ARCHIVE, Area.HOUSEHOLD)]
            case 10:
                self.cases += [world.change_draft(area) for area in (Area.ARCHIVE, Area.HOUSEHOLD)]
            case 11:
                for area in (Area.ARCHIVE, Area.HOUSEHOLD):
                    case = world.change_submitted(area)
                    perform(case, "return", world.actor(Role.COLLEGE), reason="x_archive", words="补充接收单位")
                    self.cases.append(case)

            case 12:
                self.cases.append(world.reported())
            case 13:
                case = world.reported()
                perform(case, "dispute", world.actor(Role.GRADUATE), destination="denied", remark="没有签过")
                self.cases.append(case)

            case 14:
                self.cases.append(outside.authorised(world, made=False))
            case 15:
                self.cases.append(outside.run_out(world))
                self.note_overdue(self.cases[-1])

            case 16:
                settled(world)
                actors = {
                    "graduate": world.of(world.graduate),
                    "archive": world.actor(Role.SCHOOL),
                    "household": world.actor(Role.COLLEGE),
                }
                for kind, actor in actors.items():
                    self.cases.append(begin(FLOWS[f"{kind}_report"], actor, graduate=world.graduate.pk))

            case 17:
                self.cases.append(post.drafted(world))
            case 18:
                self.cases.append(post.asked(world))
            case 19:
                self.cases.append(post.batched(world))
            case 20:
                self.cases.append(post.sent(world))
            case 21:
                case = self._about_an_employer("employer_verification", world.employer)
                perform(case, "return", world.actor(Role.MINISTRY), reason="x_address", words="写到门牌号")
                self.cases += [case, self.joining_a_unit()]
            case 22:
                self.cases += [own.submitted(world, world.stranger), own.supplemented(world, world.stranger)]

            case 23:
                registered = filing.destination(world)
                case = filing.submitted(world, registered)
                world.approved(registered)
                perform(case, "approve", world.actor(Role.COLLEGE))
                moved = filing.destination(world, world.neighbour)
                second = filing.submitted(world, moved)
                perform(second, "approve", world.reviewer(second, Role.COLLEGE))
                perform(moved, "edit", world.of(world.neighbour), name="江临轨道交通集团有限公司")
                self.cases += [case, registered, second, moved]

            case 24:
                self.cases += consenting.waiting_both(world)
            case 25:
                for case in consenting.waiting_both(world):
                    if case.flow_name in ("deferral", "one_change"):
                        perform(case, "return", world.reviewer(case, Role.COLLEGE), reason="x_other", words="写明理由")
                        self.cases.append(case)

            case 26:
                self.cases += applying.everywhere(world)

            case 27:
                returned = at_the_platform.submitted(world)
                perform(returned, "return", world.actor(Role.COLLEGE), reason="x_proof", words="第二页看不清")
                self.cases += [returned, at_the_platform.drafted(world, graduate=world.neighbour)]

            case 28:
                declaring.opened(world)
                self.cases += [
                    declaring.approved(world, "abroad.home", funding="public"),
                    declaring.submitted(world, "unemployed", world.neighbour),
                ]
            case 29:
                declaring.opened(world)
                self.cases += [declaring.submitted(world, "unemployed", world.neighbour), declaring.reported(world)]
                returned = declaring.submitted(world, "startup")
                perform(returned, "return", world.actor(Role.COLLEGE), reason="x_other", words="公司名称不全")
                self.cases.append(returned)

            case 30 | 31:
                self.cases += changing.everywhere(world, returned=place == 31)
            case 32:
                own_, other = changing.in_force(world), changing.in_force(world, world.neighbour)
                self.cases += [
                    changing.to_another_unit(world, own_),
                    changing.submitted(world, changing.of_the_unit(world, other)),
                ]

            case 33:
                consenting.opened(world)
                self.cases.append(consenting.change(world, consenting.effective(world)))

    def note_overdue(self, case: Case) -> None:
        """The record of a beginning in the past, which a row that was written as its beginning leaves out."""
        Record.objects.create(
            flow=case.flow_name,
            case=str(case.public_id),
            cohort=case.cohort,
            act=case.flow.begin.name,
            after=case.state,
            version=1,
            role=next(role for role, state in case.flow.starts.items() if state.key == case.state),
        )


def walk(
    seed: int, place: int, steps: int, missing: frozenset[str] = frozenset(), *, straight: bool = False
) -> tuple[Counter[str], set[str]]:
    """One walk, taken back; what happened how often, and the flows of its cases.

    It goes out of its way for what is `missing`; `straight` ahead it does nothing else where it meets it.
    """
    seen, flows = Counter[str](), set[str]()
    try:
        with transaction.atomic():
            one = Walk(seed, missing, straight=straight)
            one.deep(place)
            for _ in range(steps):
                one.step()
            seen, flows = one.seen, {case.flow_name for case in one.cases}
            raise Back
    except Back:
        return seen, flows


@pytest.mark.rule("REG-01", "REG-05")
@settings(
    max_examples=20, deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.large_base_example],
)  # fmt: skip
@given(seed=st.integers(0, 2**32), place=st.integers(0, PLACES - 1))
def test_any_walk_through_any_flows(db, seed, place):
    walk(seed, place, 14)


def test_walks_come_by_every_act_of_every_flow(db):
    """A walk that never gets anywhere would prove nothing."""
    seen = Counter[str]()
    wanted = {
        f"{flow.name}: {act.name}" for flow in FLOWS.values() for act in flow.acts if act.name != "refresh" and not act.carried
    }  # fmt: skip
    met: dict[int, set[str]] = {}
    for seed in range(8 * PLACES):
        place, missing = seed % PLACES, wanted - set(seen)
        # A place is gone to again only for what its cases may still show.
        if place in met and not {one.partition(": ")[0] for one in missing} & met[place]:
            continue
        found, flows = walk(seed, place, 10, frozenset(missing), straight=place in met)
        seen += found
        met.setdefault(place, set()).update(flows)
    assert wanted - set(seen) == set()


@pytest.mark.soak
@pytest.mark.skipif(not SOAK_MINUTES, reason="the long form; QICHENG_SOAK=9 walks for nine minutes")
@pytest.mark.parametrize("half", range(2))
def test_long_walks(db, half):
    """Until the time is up; a walk that failed is made again, however long it takes, to find the shortest that fails."""
    end = time.monotonic() + SOAK_MINUTES * 60
    walks, failed = Counter[str](), False

    @settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 2**63), place=st.integers(0, PLACES - 1), steps=st.integers(1, 80))
    def any_long_walk(seed: int, place: int, steps: int) -> None:
        nonlocal failed
        if time.monotonic() > end and not failed:
            return
        try:
            walks.update(walk(seed, place, steps)[0])
        except BaseException:
            failed = True
            raise

    any_long_walk()
    assert sum(walks.values()) > 0


@pytest.mark.parametrize("flow", FLOWS.values(), ids=lambda flow: flow.name)
def test_a_walk_knows_how_every_flow_begins(flow: Flow):
    assert callable(getattr(Walk, flow.name, None)), f"say in Walk how {flow.name} begins"


def test_every_model_of_cases_says_whom_it_concerns():
    for model in case_models():
        assert {role for role in Role if type(model().audience(role)) not in (int, type(None))} == set()
