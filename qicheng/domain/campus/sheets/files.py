"""The form of 户档信息登记: where file and household go after the destination is registered, all of it asked (CAM-07, ARC-01, ARC-02)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from qicheng.domain.orgs.models import Edition
from qicheng.domain.transfer.queries.records import STUDY_AT_HOME, TO_THE_UNIT, misfit_of
from qicheng.domain.transfer.sheets import records
from qicheng.domain.transfer.sheets.records import BROUGHT, NOWHERE, all_of, kind_of, kinds, not_a_relative
from qicheng.foundation import codes
from qicheng.foundation.access import Area
from qicheng.foundation.sheets import Field, Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.domain.campus.models import FileRegistration
    from qicheng.domain.transfer.sheets.records import Person
    from qicheng.foundation.sheets import Check

ARCHIVE, HOUSEHOLD = "档案", "户口"
# Where the household goes is one of three things; only of the last one an address and a type are asked (ARC-01).
TO_ADDRESS, NOT_MOVED = "x_fill", "x_not_moved"
CHOICES = tuple(BROUGHT[Area.HOUSEHOLD].items())
RECEIVED = ("receiver", "region", "address", "postcode", "contact", "phone")
WARNING = "档案接收地址要写到街道或门牌号；不能是家庭住址，接收人不能是毕业生本人或家属。"
WHERE = "填全称，例如：江苏省苏州市昆山市"
# Types that leave the file where it is, at the school.
STAYING = frozenset({"x_study_own", "x_undecided"})
STUDY_ABROAD = "85"
POSTDOC = "postdoc"
OUTSIDE, MAINLAND = frozenset({"HK", "MO", "TW"}), "CN"
# A post in an international organisation is no flexible work abroad.
IN_AN_ORGANISATION = ("platform_international_organisation", "organisation")


@dataclass(frozen=True, slots=True)
class Unit:
    """What the registered destination says of whoever takes the file; `abroad` is a country's code where it lies outside the mainland."""

    destination: str = ""
    receiver: str = ""
    region: str = ""
    address: str = ""
    contact: str = ""
    phone: str = ""
    level: str = ""
    abroad: str = ""

    @property
    def mark(self) -> dict[str, str]:
        """What is kept with a form when it is submitted, to tell later whether it still fits."""
        return {key: getattr(self, key) for key in ("destination", "receiver", "region", "address", "abroad")}


def unit_of(registered: Any) -> Unit:
    """The unit of a registration, as the case or as the row that is locked above another; an empty one where there is none."""
    if registered is None:
        return Unit()
    shown, terms = registered.employer_shown or {}, registered.terms or {}
    is_posted = {registered.kind, terms.get("subkind")}.intersection(IN_AN_ORGANISATION)
    abroad = "" if is_posted else terms.get("country") or ""
    region, phone = shown.get("area") or "", shown.get("phone") or shown.get("mobile") or ""
    return Unit(
        registered.destination, registered.employer_name, region if codes.table("admin_divisions").has(region) else "",
        shown.get("address") or "", shown.get("contact") or "", phone, terms.get("level") or "", "" if abroad == MAINLAND else abroad,
    )  # fmt: skip


def _fields(edition: str) -> tuple[Field, ...]:
    archive, household = kinds(Area.ARCHIVE, edition), kinds(Area.HOUSEHOLD, edition)
    to_somebody = ("archive_type", tuple(one.code for one in archive if one.asks != NOWHERE))
    to_address = ("household_to", (TO_ADDRESS,))
    return (
        Field("archive_type", "档案转寄类型", "choice", choices=tuple((one.code, one.label) for one in archive), group=ARCHIVE),
        Field("archive_receiver", "档案转寄单位名称", limit=120, hint="填单位全称，不能是本人或家属", group=ARCHIVE, when=to_somebody),
        Field("archive_region", "档案转寄地区", "lookup", table="admin_divisions", hint=WHERE, group=ARCHIVE, when=to_somebody),
        Field("archive_address", "档案转寄地址", hint="写到街道门牌号，不能是家庭住址", group=ARCHIVE, when=to_somebody),
        Field("archive_postcode", "邮政编码", limit=6, hint="6 位数字", group=ARCHIVE, when=to_somebody),
        Field("archive_contact", "档案转寄联系人", limit=40, group=ARCHIVE, when=to_somebody),
        Field("archive_phone", "联系人联系方式", "phone", limit=20, hint="接收单位的电话，不能是本人或家属的", group=ARCHIVE, when=to_somebody),
        Field("household_to", "户口迁移地址", "choice", choices=CHOICES, group=HOUSEHOLD),
        Field("household_region", "户口迁往地区", "lookup", table="admin_divisions", hint=WHERE, group=HOUSEHOLD, when=to_address),
        Field("household_address", "户口迁往地址", hint="写到街道门牌号；转回原籍的，写户口所在地", group=HOUSEHOLD, when=to_address),
        Field("household_kind", "户口迁移类型", "choice", choices=tuple((one.code, one.label) for one in household), group=HOUSEHOLD, when=to_address),
    )  # fmt: skip


def sheet(edition: str = Edition.GUIDE_2024) -> Sheet:
    """The form of an edition: the types that it has, and what each asks."""
    return Sheet("FileRegistration", _fields(edition), check=all_of(exact("archive"), exact("household"), _postcode))


def sheet_for(edition: str, person: Person, unit: Unit, school: str) -> Sheet:
    """The form about a graduate whom `person` knows, beside the destination that is registered."""
    whole = sheet(edition)
    checks = (whole.check, of_area("archive", not_a_relative(person)), fits(unit, school))
    return replace(whole, check=all_of(*checks))


def unit_now(case: FileRegistration) -> Unit:
    """The unit of the destination that the graduate has registered, as it stands now."""
    return unit_of(case.above("destination"))


def has_moved(case: FileRegistration) -> bool:
    """Whether the destination says something else now than when this was submitted (CAM-07)."""
    return bool(case.unit) and case.unit != unit_now(case).mark


def sheet_of(case: FileRegistration) -> Sheet:
    """The form of a case, with the checks against its own graduate and destination."""
    around: Any = case.above("graduate")
    return sheet_for(case.edition, records.person_of(around), unit_now(case), case.school.name)


def drafted(case: FileRegistration) -> Sheet:
    """The same while it is being filled in: what is missing may be missing until it is submitted."""
    whole = sheet(case.edition)
    return replace(whole, fields=tuple(replace(field, required=False) for field in whole), check=None)


def asked(case: FileRegistration) -> Sheet:
    """What an edit asks of a case: nothing must be missing of what lies before a reviewer."""
    return sheet_of(case) if case.state == "college_review" else drafted(case)


# ---- checks


def of_area(area: str, check: Check) -> Check:
    """A check of the keys of a record, on a form in which they bear the area's name before them."""

    def checked(given: Mapping[str, Any]) -> dict[str, str]:
        own = {key.removeprefix(f"{area}_"): value for key, value in given.items() if key.startswith(f"{area}_")}
        return {f"{area}_{key}": words for key, words in check(own).items()}

    return checked


def exact(area: str) -> Check:
    """A place is told down to the finest level that there is."""
    return of_area(area, records.place_is_exact)


_postcode = of_area("archive", records.postcode_is_one)


def fits(unit: Unit, school: str) -> Check:
    """INV-45: which types go with the destination that is registered. `school` is the graduate's own."""

    def check(given: Mapping[str, Any]) -> dict[str, str]:
        wrong = {}
        for key in ("archive_type", "household_kind"):
            kind = given.get(key) or ""
            if kind and (why := misfit(unit, kind, school)):
                wrong[key] = why
        return wrong

    return check


def misfit(unit: Unit, kind: str, school: str) -> str | None:
    """Why a type cannot go with the destination; None where it can."""
    if kind != "x_home" and (why := goes_home(unit)):
        return f"{why}，档案和户口只能选「转回生源地」。"
    if unit.abroad and kind in STAYING:
        return "毕业去向在境外的，档案和户口不能留在学校，选一个能接收的单位，或者「转回生源地」。"
    return misfit_of(kind, unit.destination, unit.receiver, school) if unit.destination else None


def goes_home(unit: Unit) -> str:
    """Why file and household go to the place of origin and nowhere else; '' where they need not."""
    if not unit.abroad:
        return ""
    if unit.destination != STUDY_ABROAD:
        return "毕业去向是到境外工作"
    if unit.level == POSTDOC:
        return "毕业去向是到境外做博士后"
    return "毕业去向是到港澳台地区读书" if unit.abroad in OUTSIDE else ""


# ---- what is kept


def kept(edition: str, typed: Mapping[str, Any]) -> dict[str, str]:
    """What a case keeps of what was typed: the fields that are asked, and the type by which the household's record goes.

    `household_type` and `household_receiver` follow from the rest; with them the terms say what the records take over (ARC-03).
    """
    whole = sheet(edition)
    given = {key: str(typed.get(key) or "").strip() for key in whole.keys}
    values = {field.key: given[field.key] if field.is_asked(given) else "" for field in whole}
    kind = values["household_kind"] if values["household_to"] == TO_ADDRESS else values["household_to"]
    goes_along = kind in TO_THE_UNIT and kind == values["archive_type"]
    return values | {"household_type": kind, "household_receiver": values["archive_receiver"] if goes_along else ""}


def prefilled(edition: str, unit: Unit, *, school: str, moved: bool | None) -> dict[str, str]:
    """What a new form begins with: the unit of the destination; of a household that was never moved, that (CAM-07)."""
    offered = {one.code for one in kinds(Area.ARCHIVE, edition)}
    kind = _usual(unit, school)
    if kind not in offered:
        kind = ""
    found = {"archive_type": kind, "household_kind": kind, "household_to": NOT_MOVED if moved is False else TO_ADDRESS if kind else ""}  # fmt: skip
    if kind in TO_THE_UNIT:
        found |= {f"archive_{key}": getattr(unit, key) for key in RECEIVED if key != "postcode"}
        found |= {"household_region": unit.region, "household_address": unit.address}
    return kept(edition, found)


def _usual(unit: Unit, school: str) -> str:
    """The type that such a destination usually has; '' where nothing can be said."""
    if goes_home(unit) or unit.abroad:
        return "x_home"
    if unit.destination.startswith(STUDY_AT_HOME):
        return "x_study_own" if unit.receiver == school else "x_study_other"
    return "x_sign_unit" if unit.receiver else ""


def lines(case: FileRegistration) -> list[tuple[str, list[tuple[str, str]]]]:
    """(heading, lines) of what was filled in, as its reader sees it."""
    values, found = case.terms, dict[str, list[tuple[str, str]]]()
    for field in sheet():
        if field.is_asked(values):
            found.setdefault(field.group, []).append((field.label, field.shown(values.get(field.key))))
    return list(found.items())


def doubts(case: FileRegistration) -> list[str]:
    """What a reviewer should look at: signs that the address is a home or the receiver a person (ARC-02)."""
    around: Any = case.above("graduate")
    own = {"kind": case.terms.get("archive_type"), **{key: case.terms.get(f"archive_{key}") for key in RECEIVED}}
    found = records.doubts(Area.ARCHIVE, own, records.person_of(around))
    asked_of = kind_of(Area.ARCHIVE, case.terms.get("archive_type") or "")
    unit = unit_now(case)
    if asked_of is not None and asked_of.code in TO_THE_UNIT and unit.receiver and own["receiver"] != unit.receiver:
        found.append(f"档案转寄单位和登记的单位（{unit.receiver}）不同")
    return found


def unit_lines(unit: Unit) -> list[tuple[str, str]]:
    """(label, value) of what the registered destination says of the unit."""
    place = codes.table("admin_divisions").known_as(unit.region) if unit.region else ""
    return [
        ("单位名称", unit.receiver), ("单位所在地", place), ("单位详细地址", unit.address), ("单位联系人", unit.contact), ("联系方式", unit.phone)
    ]  # fmt: skip
