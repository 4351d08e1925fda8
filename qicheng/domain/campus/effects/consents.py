"""What acts on applications for consent have alike: the draft, submitting, taking back, the end (PKU-05, PKU-07)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.queries import student
from qicheng.foundation.flow.gather import freeze_proofs
from qicheng.foundation.flow.perform import clock, find

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from qicheng.domain.campus.models import Consent
    from qicheng.foundation.access import Actor


def drafted(
    actor: Actor, registration: UUID | str, intended: Callable[..., Consent], typed: Mapping[str, Any]
) -> Consent:
    """The unsaved draft about a registration of whoever acts. Raises NotFound for somebody else's."""
    found, now = find(Registration, registration, actor), clock()
    case = intended(found, waiting_since=now, begun_at=now)
    fill(case, typed)
    return case


def edit(case: Consent, actor: Actor, **typed: Any) -> Mapping[str, Any]:
    """Keep what the graduate typed; nothing has to be whole before it is submitted."""
    sheet = case.flow.find("draft", "edit", actor.role).sheet(case)  # type: ignore[union-attr]
    assert sheet is not None
    before = {key: getattr(case, key) for key in sheet.keys}
    fill(case, typed)
    return sheet.changes(before, {key: getattr(case, key) for key in sheet.keys})


def fill(case: Consent, typed: Mapping[str, Any]) -> None:
    """Into the columns of the same names."""
    for key, value in typed.items():
        setattr(case, key, (value or "").strip())


def submit(case: Consent, actor: Actor) -> Mapping[str, Any]:
    """Freeze the roster line and the proofs as they are now."""
    case.student = student(case.graduate)
    case.submitted_at = clock(case)
    case.applied_at = case.applied_at or case.submitted_at
    return freeze_proofs(case)


def take_back(case: Consent, actor: Actor) -> None:
    """A draft again, which nobody reviews."""
    case.submitted_at = None


def end(case: Consent, actor: Actor) -> None:
    """It is over without effect."""
    case.closed_at = clock(case)
