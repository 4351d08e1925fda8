"""What acts do to the roster: write the employment record, or set it back to seeking work (REG-08, SYN-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.utils import timezone

from .models import EmploymentRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where a record goes when an agreement is dissolved or voided; shown by edition as 待就业 or 求职中 (REG-12).
SEEKING_WORK = "70"
BLANK: Mapping[str, Any] = {
    "employer_name": "", "credit_code": "", "nature": "", "industry": "", "area": "", "address": "", "job_category": "",
    "contact": "", "phone": "", "mobile": "", "email": "", "number": "", "signed_on": None,
}  # fmt: skip


def write_record(*, graduate: int, cohort: int, school: int, destination: str, case: str, **values: Any) -> None:
    """Write the graduate's one employment record from an approved case, in the caller's transaction."""
    row = {
        **BLANK,
        **values,
        "destination": destination,
        "case": case,
        "source": "system",
        "changed_at": timezone.now(),
    }
    EmploymentRecord.objects.unscoped("an approval writes the record of its own graduate").update_or_create(
        graduate_id=graduate,
        defaults={**row, "version": F("version") + 1},
        create_defaults={**row, "cohort": cohort, "school_id": school},
    )


def clear_record(*, graduate: int, case: str) -> None:
    """Set the record to seeking work, if it came from that case."""
    EmploymentRecord.objects.unscoped("an ended case clears the record that it wrote").filter(
        graduate_id=graduate, case=case
    ).update(**BLANK, destination=SEEKING_WORK, changed_at=timezone.now(), version=F("version") + 1)


def amend_record(*, graduate: int, case: str, **values: Any) -> None:
    """Carry an amendment of an approved case to the record that it wrote."""
    EmploymentRecord.objects.unscoped("an amended case amends the record that it wrote").filter(
        graduate_id=graduate, case=case
    ).update(**values, changed_at=timezone.now(), version=F("version") + 1)
