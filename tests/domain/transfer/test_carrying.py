"""What an approved registration brings of file and household, and what becomes of it (ARC-03)."""

from __future__ import annotations

from typing import Any

import pytest

from qicheng.domain.orgs.models import Opening, TransferSettings
from qicheng.domain.registration.effects import registering
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.sheets.destinations import REGISTRY
from qicheng.domain.roster.models import EmploymentRecord
from qicheng.domain.transfer.effects import records as effects
from qicheng.domain.transfer.models import ArchiveRecord, HouseholdRecord
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import FLOWS, Misdeclared
from qicheng.foundation.flow.perform import perform, timeline
from tests.world import CHANGE, OFFER

pytestmark = pytest.mark.django_db
BROUGHT = {
    "kind": "x_trustee", "receiver": OFFER["archive_receiver"], "region": "", "address": OFFER["archive_address"], "contact": "",
    "phone": "", "postcode": OFFER["archive_postcode"],
}  # fmt: skip


def record(world: Any) -> ArchiveRecord | None:
    return ArchiveRecord.all_rows.filter(graduate=world.graduate).first()


@pytest.fixture
def opened(world: Any) -> Any:
    world.open_transfer(Area.ARCHIVE)
    world.open_transfer(Area.HOUSEHOLD)
    world.graduate.refresh_from_db()
    return world


@pytest.mark.rule("ARC-03")
@pytest.mark.parametrize("way", ["effective", "stamped", "supplementary"])
def test_every_kind_of_agreement_brings_its_file_and_household_and_says_so(opened, way):
    case = getattr(opened, way)()
    brought, household = record(opened), HouseholdRecord.all_rows.get(graduate=opened.graduate)
    assert (case.state, brought.values) == ("effective", BROUGHT)
    assert (brought.origin, brought.came_from, brought.origin_case) == (
        case.flow_name, FLOWS[case.flow_name].label, str(case.public_id),
    )  # fmt: skip
    assert (household.kind, household.came_from) == ("x_home", FLOWS[case.flow_name].label)


@pytest.mark.rule("ARC-03")
def test_a_destination_that_asks_for_it_brings_it_and_one_that_does_not_brings_nothing(opened):
    seeking = opened.registered("seeking", opened.neighbour)
    assert (seeking.state, ArchiveRecord.all_rows.count()) == ("effective", 0)
    asking = next(
        one.key for one in REGISTRY.values()
        if "archive_type" in one.sheet.keys and one.for_training == "other" and "2024" in one.editions
    )  # fmt: skip
    case = opened.registered(asking)
    assert (record(opened).kind, record(opened).origin) == (case.terms["archive_type"], "destination")


@pytest.mark.rule("ARC-03", "ORG-02", "SET-09")
@pytest.mark.parametrize("closed", ["by the province", "by the school", "not submitted"])
def test_a_module_that_is_not_open_takes_nothing_and_the_other_does(opened, closed):
    if closed == "by the province":
        Opening.objects.filter(module="archive").update(is_open=False)
    else:
        change = {"is_on": False} if closed == "by the school" else {"submitted_at": None}
        TransferSettings.all_rows.filter(area="archive").update(**change)
    opened.effective()
    assert (ArchiveRecord.all_rows.count(), HouseholdRecord.all_rows.count()) == (0, 1)


@pytest.mark.rule("ARC-08")
def test_whose_household_was_never_moved_has_none_brought(world):
    world.open_transfer(Area.ARCHIVE)
    settings = world.open_transfer(Area.HOUSEHOLD, world.neighbour)
    world.effective()
    assert (settings.is_on, ArchiveRecord.all_rows.count(), HouseholdRecord.all_rows.count()) == (True, 1, 0)


@pytest.mark.rule("ARC-03")
def test_what_was_brought_goes_with_the_agreement_unless_somebody_has_changed_it(opened):
    case = opened.effective()
    perform(case, "void", opened.actor(Role.SCHOOL), words="双方协商一致", reason="x_other")
    household = HouseholdRecord.all_rows.get(graduate=opened.graduate)
    assert (record(opened).is_registered, record(opened).came_from, household.is_registered) == (False, "", False)

    second = opened.effective()
    changed = opened.change_approved()
    perform(second, "void", opened.actor(Role.SCHOOL), words="双方协商一致", reason="x_other")
    household.refresh_from_db()
    assert (record(opened).values, record(opened).origin_case) == (CHANGE, str(changed.public_id))
    assert household.is_registered is False


@pytest.mark.rule("ARC-03")
def test_an_approval_and_what_follows_it_happen_together_or_not_at_all(opened, monkeypatch):
    case = opened.accepted()
    perform(case, "approve", opened.actor(Role.COLLEGE))

    def broken(*args: Any, **given: Any) -> None:
        raise RuntimeError("the record cannot be written")

    monkeypatch.setattr(effects, "write", broken)
    with pytest.raises(RuntimeError):
        perform(case, "approve", opened.actor(Role.SCHOOL))
    now = Registration.all_rows.get(pk=case.pk)
    assert (now.state, EmploymentRecord.all_rows.filter(graduate=opened.graduate).exists()) == ("school_review", False)
    monkeypatch.undo()
    perform(now, "approve", opened.actor(Role.SCHOOL))
    assert (now.state, record(opened).kind) == ("effective", "x_trustee")


@pytest.mark.rule("ARC-03")
def test_an_act_that_leaves_the_agreement_where_it_is_brings_nothing_again(opened):
    case = opened.effective()
    opened.change_approved()
    perform(case, "amend", opened.actor(Role.SCHOOL), job_category="10")
    assert (record(opened).values, record(opened).version) == (CHANGE, 2)


@pytest.mark.rule("ARC-07")
def test_what_was_carried_is_not_on_the_record_of_the_agreement(opened):
    last = timeline(opened.effective())[-1]
    assert set(last.changes) == {"协议编号"}


def test_nothing_follows_a_state_that_is_not_there():
    with pytest.raises(Misdeclared, match="there is no such state"):
        FLOWS["online_signing"].followed_by("nowhere", registering.end)
