"""What a report needs in a test: a key of one's own to seal with, a key for its code, the module open, and somebody whose records stand."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qicheng.domain.orgs.models import Module, Opening
from qicheng.domain.transfer.effects import reports
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.perform import perform
from qicheng.foundation.papers import statement
from qicheng.interfaces.command.authority import make_seal

if TYPE_CHECKING:
    from qicheng.domain.roster.models import Graduate
    from qicheng.domain.transfer.models import TransferReport
    from tests.world import World


@cache
def keys() -> Path:
    """A folder with a seal and a key for codes, made once a process."""
    folder = Path(tempfile.mkdtemp(prefix="qicheng-seal-"))
    make_seal(folder, "江临大学")
    statement.new_key(folder / "statements", "2026-1")
    return folder


def given_keys() -> dict[str, Any]:
    """The settings of a deployment that has its keys."""
    return {
        "QICHENG_SEAL": str(keys() / "seal.pem"),
        "QICHENG_SEAL_PASSWORD": "",
        "QICHENG_SEAL_TRUST": "",
        "QICHENG_STATEMENT_KEYS": keys() / "statements",
    }


def give_keys(settings: Any) -> None:
    """The deployment has its keys."""
    for name, value in given_keys().items():
        setattr(settings, name, value)


def open_verification(world: World) -> None:
    """Both provinces have opened 户档转递核验."""
    for province in (world.province, world.other_province):
        Opening.objects.update_or_create(
            province=province, cohort=world.cohort, module=Module.VERIFICATION.value, defaults={"is_open": True}
        )


def settled(world: World, graduate: Graduate | None = None, *areas: Area) -> Graduate:
    """A graduate whose signing is in force, with file and household registered, where reports can be made."""
    open_verification(world)
    for area in areas or (Area.ARCHIVE, Area.HOUSEHOLD):
        world.open_transfer(area, graduate)
    case = world.accepted(graduate)
    if case.has_college_review:
        perform(case, "approve", world.reviewer(case, Role.COLLEGE))
    perform(case, "approve", world.reviewer(case, Role.SCHOOL))
    return graduate or world.graduate


def issued(world: World, kind: str = "archive", graduate: Graduate | None = None) -> TransferReport:
    """A report that was made for a graduate whose records stand; the keys have been given."""
    graduate = graduate or world.graduate
    actor = world.of(graduate) if kind == "graduate" else world.actor(Role.SCHOOL)
    report = reports.issue(kind, graduate.pk, actor)
    reports.make_report(kind, str(report.public_id))
    report.refresh_from_db()
    return report
