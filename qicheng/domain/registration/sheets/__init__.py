"""The fields of the room's forms: agreements and their parties, other destinations."""

from qicheng.domain.registration.sheets.agreement import (
    ARCHIVE,
    DISSOLUTION,
    EMPLOYER,
    HOUSEHOLD,
    INVITATION,
    INVITATION_DAYS,
    JOB,
    JOB_CATEGORY,
    LONGEST_OPEN,
    LOOK_UP,
    OFFER,
    OPEN,
    WITHOUT_RECEIVER,
)

__all__ = [
    "ARCHIVE",
    "DISSOLUTION",
    "EMPLOYER",
    "HOUSEHOLD",
    "INVITATION",
    "INVITATION_DAYS",
    "JOB",
    "JOB_CATEGORY",
    "LONGEST_OPEN",
    "LOOK_UP",
    "OFFER",
    "OPEN",
    "WITHOUT_RECEIVER",
]
