"""What tests of 户档信息登记 stand on: a destination on the school's platform, and the form filled in as the guide shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.flows.file_registration import FILE_REGISTRATION
from qicheng.domain.campus.flows.platform import PLATFORM
from qicheng.domain.campus.models import FileRegistration, Part
from qicheng.domain.campus.sheets.files import prefilled, unit_of
from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import begin, perform
from tests.world import credit_code

if TYPE_CHECKING:
    from qicheng.domain.roster.models import Graduate
    from tests.world import World

PARTS = (Part.PLATFORM, Part.FILES)
UNIT: dict[str, Any] = {
    "name": "小米科技有限责任公司", "area": "110114", "address": "安宁庄路小米科技园", "credit_code": credit_code(77), "industry": "34",
    "nature": "39", "subordinate": "", "job_category": "13", "contact": "周岚", "phone": "010-22222222", "email": "", "fax": "", "remark": "",
}  # fmt: skip
# What the unit does not say.
POSTCODE = {"archive_postcode": "100085"}


def destination(world: World, graduate: Graduate | None = None, *, submitted: bool = True, **over: Any) -> Registration:
    """The destination of 陈诚 (unless said otherwise) on the school's platform: an agreement with a unit."""
    graduate = graduate or world.graduate
    world.open_parts(*PARTS, school=graduate.school)
    case = begin(PLATFORM, world.of(graduate), kind="platform_agreement", **UNIT | over)
    assert isinstance(case, Registration)
    if submitted:
        world.prove(case)
        perform(case, "submit", world.of(graduate))
    return case


def draft(world: World, registered: Registration | None = None, **typed: Any) -> FileRegistration:
    """The form as it is prefilled from the unit, with the postcode that the unit lacks, saved and not submitted."""
    registered = registered or destination(world)
    school = registered.school.name
    start = prefilled(registered.edition, unit_of(registered), school=school, moved=True)
    case = begin(FILE_REGISTRATION, world.of(registered.graduate), **start | POSTCODE | typed)
    assert isinstance(case, FileRegistration)
    return case


def submitted(world: World, registered: Registration | None = None, **typed: Any) -> FileRegistration:
    """The same, submitted."""
    case = draft(world, registered, **typed)
    perform(case, "submit", world.of(case.graduate))
    return case


def approved(world: World, registered: Registration | None = None, **typed: Any) -> FileRegistration:
    """The same, approved at both levels, and the destination before it."""
    registered = registered or destination(world)
    case = submitted(world, registered, **typed)
    world.approved(registered)
    world.approved(case)
    return case


def refused(world: World, case: FileRegistration, role: Role = Role.COLLEGE, words: str = "测试") -> None:
    """A reviewer says 审核不通过."""
    perform(case, "return", world.reviewer(case, role), reason="x_material", words=words)
