"""Reads of the roster that more than one page, and the room above, need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .models import EmploymentRecord, Graduate
from .sheets import FIXED, STUDENT, SYNCED

if TYPE_CHECKING:
    from qicheng.foundation.access import Actor


def student(graduate: Graduate) -> dict[str, Any]:
    """The roster line in the keys of the sheet `STUDENT`, as a registration freezes it (ROS-05)."""
    line = {key: getattr(graduate, key) for key in STUDENT.keys if key not in ("school", "college")}
    return line | {"school": graduate.school.name, "college": graduate.college.name}


def differences(frozen: dict[str, Any], graduate: Graduate) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """What the roster says otherwise than the frozen line: (may be taken over, may not), label → [frozen, roster] (ROS-05)."""
    now = student(graduate)
    changed = {key for key in (*SYNCED, *FIXED) if (frozen.get(key) or "") != (now.get(key) or "")}

    def shown(keys: tuple[str, ...]) -> dict[str, list[str]]:
        return {
            STUDENT[key].label: [STUDENT[key].shown(frozen.get(key)), STUDENT[key].shown(now.get(key))]
            for key in keys
            if key in changed
        }

    return shown(SYNCED), shown(FIXED)


def own_lines(account: int) -> list[Graduate]:
    """All roster lines of one person, newest cohort first (ROS-08)."""
    rows = Graduate.objects.unscoped("a person's own lines, by its account").filter(account=account)
    return list(rows.select_related("school", "college").order_by("-cohort", "-id"))


def record_of(graduate: int, actor: Actor) -> EmploymentRecord | None:
    """The employment record of a graduate, as far as the actor may see it."""
    return EmploymentRecord.objects.seen_by(actor).filter(graduate=graduate).first()
