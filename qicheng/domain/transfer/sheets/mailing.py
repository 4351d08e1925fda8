"""What a letter says, which of it is printed, when it may be asked for, and which change mends which part (MAIL-01, INV-49)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qicheng.foundation.access import Area
from qicheng.foundation.kit.calendar import Day, add_working_days, day_of, midnight
from qicheng.foundation.sheets import Field, Sheet

from .records import shown_by

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from qicheng.domain.transfer.models import Mailing

# One working day lies between the graduate's confirmation and the request (MAIL-01).
DAYS_TO_WAIT = 1
ARCHIVE = shown_by(Area.ARCHIVE)
# The parts of a letter as they are mended together; the order is that of the page.
PERSON, POLITICS, DESTINATION, UNIT, RECORD = "person", "politics", "destination", "unit", "record"

LETTER = Sheet(
    "Letter",
    (
        Field("name", "姓名", group=PERSON),
        Field("student_number", "学号", group=PERSON, required=False),
        Field("college", "学院", group=PERSON),
        Field("major", "专业", group=PERSON),
        Field("political_status", "政治面貌", "code", table="political_status", group=POLITICS),
        Field("destination", "毕业去向", "code", table="destination_types", group=DESTINATION),
        Field("unit", "单位名称", group=DESTINATION, required=False),
        Field("unit_area", "单位所在地", "area", group=UNIT, required=False),
        Field("unit_address", "单位地址", group=UNIT, required=False),
        Field("unit_contact", "单位联系人", group=UNIT, required=False),
        Field("unit_phone", "单位联系电话", group=UNIT, required=False),
        *(Field(one.key, one.label, one.kind, choices=one.choices, group=RECORD, required=False) for one in ARCHIVE),
    ),
)
# What stands on labels and hand-over sheets, or decides where the archive goes; a change of it after submission holds the letter back.
PRINTED = (
    "name", "student_number", "political_status", "destination", "unit", "kind", "receiver", "region", "address", "contact", "phone", "postcode",
)  # fmt: skip
# Without these no letter arrives.
NEEDED = ("receiver", "address", "contact", "phone")
# Types of transfer by which nothing is posted: the archive stays, or nobody knows yet.
STAYS, UNDECIDED = "x_study_own", "x_undecided"

# The same as SQL, of a graduate `g`, the employment record `e` and the archive record `a`.
IN_SQL = {
    "name": "g.name", "student_number": "g.student_number", "political_status": "g.political_status", "destination": "e.destination",
    "unit": "e.employer_name", **{key: f"a.{key}" for key in PRINTED if key in ARCHIVE.keys},
}  # fmt: skip
PRINTED_NOW = "jsonb_build_object({})".format(", ".join(f"'{key}', coalesce({IN_SQL[key]}, '')" for key in PRINTED))

TRACKING = Sheet("Tracking", (Field("tracking", "邮件单号", limit=30, hint="照面单填，或者用扫码枪扫"),))
SHORTEST_NUMBER = 6


def tracking_number(typed: str) -> str:
    """The number in its one spelling: no gaps, capital letters. ValueError, in words, for what cannot be one."""
    text = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", typed)).upper()
    if not re.fullmatch(rf"[0-9A-Z]{{{SHORTEST_NUMBER},30}}", text):
        raise ValueError(f"单号只有字母和数字，{SHORTEST_NUMBER} 到 30 位，请对照面单再填")
    return text


def opening(confirmed_at: datetime) -> Day:
    """The day from whose midnight on the letter can be asked for: one working day after the confirmation (INV-49)."""
    return add_working_days(day_of(confirmed_at), DAYS_TO_WAIT)


def opens_at(confirmed_at: datetime) -> datetime:
    """The same as an instant."""
    return midnight(opening(confirmed_at).date)


def opening_words(confirmed_at: datetime) -> str:
    """「11 月 25 日」, with what is not certain about it."""
    day = opening(confirmed_at)
    words = f"{day.date.month} 月 {day.date.day} 日"
    return words if day.is_certain else f"{words}（{day.date.year} 年的放假安排还没有公布，按周末推算）"


def letter_now(case: Mailing) -> dict[str, str]:
    """What the letter would say now, from the rows above the request."""
    person, job, record = case.above("graduate"), case.above("employment"), case.above("record")
    said: dict[str, Any] = {}
    if person is not None:
        said |= {
            key: getattr(person, key) for key in ("name", "student_number", "college", "major", "political_status")
        }
    if job is not None:
        said |= {
            "destination": job.destination, "unit": job.employer_name, "unit_area": job.area, "unit_address": job.address,
            "unit_contact": job.contact, "unit_phone": job.phone or job.mobile,
        }  # fmt: skip
    if record is not None:
        said |= {key: getattr(record, key) for key in ARCHIVE.keys}
    return {key: said.get(key) or "" for key in LETTER.keys}


def changed_since(letter: Mapping[str, str], now: Mapping[str, str]) -> dict[str, list[str]]:
    """Label → [as submitted, as it is now] of what is printed and differs."""
    return {
        label: pair
        for label, pair in LETTER.changes(letter, now).items()
        if any(LETTER[key].label == label for key in PRINTED)
    }


def lacking(said: Mapping[str, str]) -> list[str]:
    """The labels of what a letter cannot do without and does not have."""
    return [LETTER[key].label for key in NEEDED if not said.get(key)]


def place_of(said: Mapping[str, str]) -> str:
    """Where the letter goes, in one line: 「北京市海淀区北四环西路52号」; an address that begins with the place says it once."""
    place, address = LETTER["region"].shown(said.get("region")), said.get("address") or ""
    return address if place and address.startswith(place[:2]) else f"{place}{address}"


# ---- which change mends which part, by the school's profile (MAIL-01, CAM-04)


@dataclass(frozen=True, slots=True)
class Change:
    """What a graduate does where a part of the letter is wrong: `name` of it, what `follows`, and where it is begun.

    `address` is the name of a page, or makes it of the request and the public id of the registration in force (None where there is none).
    """

    name: str
    follows: str
    address: str | Callable[[Mailing, str | None], tuple[str, dict[str, str]]]


def _registration(case: Mailing, public_id: str | None) -> tuple[str, dict[str, str]]:
    return ("registration:detail", {"public_id": public_id}) if public_id else ("registration:records", {})


def _archive_change(case: Mailing, public_id: str | None) -> tuple[str, dict[str, str]]:
    return "transfer:change", {"area": Area.ARCHIVE.value}


ASK_OWNER = Change("联系学校核对名单", "名单由学校维护，改好以后请你重新核对个人信息。", "roster:check")
# The ways that every school has; a campus profile declares its own in the place of some of them (CAM-04).
NATIONAL: Mapping[str, Change] = {
    PERSON: ASK_OWNER,
    POLITICS: ASK_OWNER,
    DESTINATION: Change(
        "解约或作废以后重新登记", "换单位、换去向：先解除现在的协议，或者作废现在的登记，再重新登记。", _registration
    ),
    UNIT: Change("修改去向信息", "单位不变、其他信息有误：打开登记，请学校修改去向信息。", _registration),
    RECORD: Change("申请修改档案信息", "审核通过以后，按新的信息重新确认，再申请邮寄。", _archive_change),
}
OWN: list[Callable[[int, int], Mapping[str, Change]]] = []


def declare_changes(own: Callable[[int, int], Mapping[str, Change]]) -> None:
    """Let a room above say which changes mend the parts of a letter at a school in a cohort: `own(school, cohort)` (CAM-04)."""
    OWN.append(own)


def changes_of(school: int, cohort: int) -> Mapping[str, Change]:
    """Part → the change that mends it, at this school in this cohort. ValueError where somebody declared one for no part of a letter."""
    found = dict(NATIONAL)
    for own in OWN:
        found |= own(school, cohort)
    if strange := set(found) - set(NATIONAL):
        raise ValueError(f"no such part of a letter: {', '.join(sorted(strange))}")
    return found
