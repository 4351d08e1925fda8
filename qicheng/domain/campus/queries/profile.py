"""Which parts a school has, and from which day on its graduates edit no longer."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from qicheng.domain.campus.models import Part, Profile
from qicheng.domain.orgs.models import College
from qicheng.domain.orgs.queries import kept
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from qicheng.foundation.access import Actor

# 6 月 10 日 of the cohort's year, unless the school says another day (PKU-03).
CLOSING = (6, 10)
# The flows whose open cases keep a part from being switched off.
FLOWS_OF: dict[Part, tuple[str, ...]] = {
    Part.PLATFORM: ("platform",),
    Part.SUPPLEMENT: ("supplement",),
    Part.FORMS: ("declared",),
    Part.PLAN: ("plan",),
    Part.FILES: ("file_registration",),
    Part.DEFERRAL: ("deferral",),
    Part.CHANGES: ("destination_amendment", "unit_amendment", "file_amendment"),
    Part.ONE_CHANGE: ("one_change",),
    Part.APPLICATIONS: ("application",),
}


def profile_of(school: int, cohort: int) -> Profile:
    """The school's profile for the cohort; an unsaved one without parts where it has none."""
    rows = Profile.objects.unscoped("what a school has switched on binds everybody of it")
    return rows.filter(school=school, cohort=cohort).first() or Profile(school_id=school, cohort=cohort)


def has_part(school: int, cohort: int, part: Part) -> bool:
    """Whether the school has the part for the cohort, as the database says now."""
    return part.value in profile_of(school, cohort).parts


def closing_day(profile: Profile) -> date:
    """The first day on which graduates no longer edit (PKU-03)."""
    return profile.closes_on or date(profile.cohort, *CLOSING)


def shown_parts(school: int | None, cohort: int) -> frozenset[str]:
    """The parts of a school; kept for a few seconds, so for menus only."""
    return kept("profiles", _all_profiles).get((school, cohort), frozenset())


def told_of(part: Part) -> Callable[[Actor, int], bool]:
    """Who is told that there is a part at all: users of schools that have it in the cohort, and whoever is above any of these."""

    def test(actor: Actor, cohort: int) -> bool:
        if actor.role in (Role.SCHOOL, Role.COLLEGE, Role.GRADUATE):
            school = kept("colleges", _all_colleges).get(actor.node) if actor.role is Role.COLLEGE else school_of(actor)
            return part.value in shown_parts(school, cohort)
        known = kept("profiles", _all_profiles)
        return any(part.value in parts for (_, year), parts in known.items() if year == cohort)

    return test


def school_of(actor: Actor) -> int | None:
    """The school that the actor belongs to; None for whoever belongs to none."""
    if actor.role is Role.SCHOOL:
        return actor.node
    if actor.role is Role.COLLEGE:
        return College.objects.values_list("school", flat=True).get(pk=actor.node)
    if actor.role is Role.GRADUATE:
        return Graduate.objects.seen_by(actor).values_list("school", flat=True).first()
    return None


def _all_colleges() -> dict[int, int]:
    return dict(College.objects.values_list("pk", "school"))


def _all_profiles() -> dict[tuple[int, int], frozenset[str]]:
    rows = Profile.objects.unscoped("small and public: which parts schools have")
    return {
        (school, cohort): frozenset(parts) for school, cohort, parts in rows.values_list("school", "cohort", "parts")
    }
