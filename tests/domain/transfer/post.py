"""Graduates whose archive is on its way by post, at every stage."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from qicheng.domain.transfer.effects.mail_batches import new_batch
from qicheng.domain.transfer.flows.mailing import MAILING
from qicheng.domain.transfer.models import Confirmation, Mailing
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import be, begin, perform

if TYPE_CHECKING:
    from datetime import datetime

    from qicheng.domain.roster.models import Graduate
    from tests.world import World

# Longer than any chain of holidays.
LONG = timedelta(days=25)
TERMS = {"archive_contact": "吴芳", "archive_phone": "010-33333333"}


def settled(world: World, graduate: Graduate | None = None, **terms: Any) -> Graduate:
    """A graduate whose signing took effect and said where the archive goes; it was reported and waits to be confirmed."""
    graduate = graduate or world.graduate
    world.open_transfer(graduate=graduate)
    world.open_confirmation(graduate)
    case = world.accepted(graduate, **TERMS | terms)
    world.approved(case)
    return graduate


def confirm(world: World, graduate: Graduate, at: datetime | None = None) -> Confirmation:
    """The graduate confirmed it long ago, or then: written as the act would have been, since nobody can act in the past."""
    case = world.confirmation_of(graduate)
    at = at or timezone.now() - LONG
    with transaction.atomic():
        be(world.of(graduate))
        Confirmation.all_rows.filter(pk=case.pk).update(
            state="confirmed", version=F("version") + 1, confirmed_at=at, waiting_since=at
        )
    return world.confirmation_of(graduate)


def ready(world: World, graduate: Graduate | None = None, **terms: Any) -> Graduate:
    """Confirmed so long ago that the letter can be asked for."""
    graduate = settled(world, graduate, **terms)
    confirm(world, graduate)
    return graduate


def drafted(world: World, graduate: Graduate | None = None) -> Mailing:
    """The request was begun."""
    graduate = graduate or ready(world)
    case = begin(MAILING, world.of(graduate))
    assert isinstance(case, Mailing)
    return case


def asked(world: World, graduate: Graduate | None = None) -> Mailing:
    """The request was submitted."""
    case = drafted(world, graduate)
    perform(case, "submit", world.of(case.graduate))
    return case


def batched(world: World, graduate: Graduate | None = None) -> Mailing:
    """The letter is in a batch."""
    case = asked(world, graduate)
    school = world.reviewer(case, Role.SCHOOL)
    perform(case, "take", school, batch=new_batch(school, case.cohort))
    return case


def sent(world: World, graduate: Graduate | None = None, tracking: str = "EA123456789CN") -> Mailing:
    """The letter was sent."""
    case = batched(world, graduate)
    perform(case, "send", world.reviewer(case, Role.SCHOOL), tracking=tracking)
    return case
