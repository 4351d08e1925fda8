"""Reports that somebody outside looks at: with keys to sign them, authorised, made."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.utils import timezone

from qicheng.domain.orgs.models import Module, Opening
from qicheng.domain.transfer.effects.reports import issue, make_report
from qicheng.domain.transfer.flows.verification import AUTHORISATION
from qicheng.domain.transfer.models import REPORTS, Authorisation, TransferReport
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.perform import be, begin, perform
from qicheng.foundation.papers import statement
from qicheng.interfaces.command.authority import make_seal
from tests.domain.transfer import post

if TYPE_CHECKING:
    from qicheng.domain.roster.models import Graduate
    from tests.world import World

_made: list[Path] = []


def with_keys(settings: Any, factory: pytest.TempPathFactory) -> Path:
    """The deployment has a seal, a key for statements and an address; the seal is made once a run."""
    if not _made:
        folder = factory.mktemp("keys")
        _made.append(make_seal(folder, "江临大学"))
        statement.new_key(folder / "statements", "2026-1")
    settings.QICHENG_SEAL, settings.QICHENG_SEAL_PASSWORD, settings.QICHENG_SEAL_TRUST = str(_made[0]), "", ""
    settings.QICHENG_STATEMENT_KEYS = _made[0].parent / "statements"
    settings.QICHENG_ADDRESS = "https://dj.example.edu.cn"
    return _made[0].parent


def open_verification(world: World, graduate: Graduate | None = None) -> None:
    """The province has opened the module (ORG-02)."""
    school = (graduate or world.graduate).school
    Opening.objects.update_or_create(
        province=school.province, cohort=world.cohort, module=Module.VERIFICATION, defaults={"is_open": True}
    )


def confirmed(world: World, graduate: Graduate | None = None) -> Graduate:
    """A graduate whose signing took effect, was reported and confirmed by an act of its own."""
    graduate = post.settled(world, graduate)
    open_verification(world, graduate)
    perform(world.confirmation_of(graduate), "confirm", world.of(graduate))
    return graduate


def authorised(world: World, graduate: Graduate | None = None, *, days: int = 90, made: bool = True) -> Authorisation:
    """The graduate let the own report be verified; it is made."""
    graduate = confirmed(world, graduate)
    case = begin(AUTHORISATION, world.of(graduate), days=days)
    assert isinstance(case, Authorisation)
    if made:
        make_report("graduate", str(case.report))
    return case


def issued(world: World, kind: str = "archive", graduate: Graduate | None = None) -> TransferReport:
    """The school's own report of that issue, made."""
    world.open_transfer(Area(kind), graduate)
    graduate = confirmed(world, graduate)
    report = issue(kind, graduate.pk, world.actor(Role.SCHOOL))
    make_report(kind, str(report.public_id))
    return REPORTS[kind].all_rows.get(pk=report.pk)


def own_report(case: Authorisation) -> TransferReport:
    """The report of an authorisation, as it stands."""
    return REPORTS["graduate"].all_rows.get(public_id=case.report)


def run_out(world: World, graduate: Graduate | None = None) -> Authorisation:
    """Its last day was yesterday: written as the act would have been, since nobody can act in the past."""
    graduate = confirmed(world, graduate)
    case = AUTHORISATION.begin.make(world.of(graduate), days=30)
    assert isinstance(case, Authorisation)
    case.flow_name, case.state, case.live, case.version = AUTHORISATION.name, "in_force", True, 1
    case.until = timezone.localdate() - timedelta(days=1)
    with transaction.atomic():
        be(world.of(graduate))
        case.save(force_insert=True)
    return case
