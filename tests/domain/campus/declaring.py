"""What tests of 填报毕业去向 and 上报就业方案 begin with: until when graduates edit, a form filled in to any place."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qicheng.domain.campus.flows.forms import DECLARED
from qicheng.domain.campus.flows.plan import PLANNING
from qicheng.domain.campus.models import Part, Plan, Profile
from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import begin, perform

if TYPE_CHECKING:
    from qicheng.domain.roster.models import Graduate
    from tests.world import World

# What a graduate types, by the code of the 就业形式.
TYPED: dict[str, dict[str, Any]] = {
    "agreement": {
        "name": "云岭数据科技有限公司", "authority": "320000", "area": "320583", "nature": "39", "economy": "170", "number": "JY-2026-0001",
        "address": "前进东路8号", "postcode": "215300", "contact": "周岚", "phone": "0512-66666666", "email": "zhou@example.com",
        "archive_receiver": "昆山市人才服务中心", "archive_address": "前进西路1号", "archive_postcode": "215300", "household_address": "前进西路2号",
    },
    "master": {"school": "10284", "department": "计算机系", "major": "计算机科学与技术"},
    "doctor": {"school": "10284", "department": "计算机系", "major": "计算机科学与技术"},
    "postdoc": {"name": "南京大学博士后流动站"},
    "abroad.cscse": {"degree": "doctor", "country": "GB", "school": "牛津大学", "major": "数学"},
    "abroad.home": {"studies": "degree", "degree": "master", "funding": "self", "country": "GB", "school": "牛津大学", "major": "数学"},
    "flex.cert": {"proof": "12", "name": "云岭数据科技有限公司", "area": "320583"},
    "flex.abroad": {"name": "某某株式会社", "country": "JP"},
    "freelance": {"name": "自由撰稿人", "province": "320000", "area": "320583"},
    "startup": {"name": "昆山某某科技有限公司", "province": "320000", "area": "320583"},
    "unemployed": {"cause": "x_pku_doctor"},
}  # fmt: skip


def opened(world: World, *parts: Part, closes_in: int = 30) -> None:
    """The school has the forms, and graduates edit for so many days still."""
    world.open_parts(Part.FORMS, Part.PLAN, *parts)
    close_in(world, closes_in)


def close_in(world: World, days: int) -> None:
    """Graduates edit for so many days still; 0: from today on they do not."""
    day: date = timezone.localdate() + timedelta(days=days)
    Profile.all_rows.filter(school=world.school, cohort=world.cohort).update(closes_on=day)


def kind(code: str) -> str:
    """The key of a type."""
    return f"declared_{code.replace('.', '_')}"


def drafted(world: World, code: str = "flex.cert", graduate: Graduate | None = None, **over: Any) -> Registration:
    """A form that was saved."""
    case = begin(DECLARED, world.of(graduate or world.graduate), kind=kind(code), **TYPED[code] | over)
    assert isinstance(case, Registration)
    return case


def submitted(world: World, code: str = "flex.cert", graduate: Graduate | None = None, **over: Any) -> Registration:
    """The same, submitted."""
    case = drafted(world, code, graduate, **over)
    perform(case, "submit", world.of(case.graduate))
    return case


def seen(world: World, code: str = "flex.cert", **over: Any) -> Registration:
    """The same, approved by the college."""
    case = submitted(world, code, **over)
    perform(case, "approve", world.actor(Role.COLLEGE))
    return case


def approved(world: World, code: str = "flex.cert", **over: Any) -> Registration:
    """The same, approved by both."""
    case = seen(world, code, **over)
    perform(case, "approve", world.actor(Role.SCHOOL))
    return case


def reported(world: World, explanation: str = "正在联系", tier: str = "") -> Plan:
    """The plan of 陈诚's college and tier, on the closing day."""
    close_in(world, 0)
    case = begin(
        PLANNING,
        world.actor(Role.COLLEGE),
        cohort=world.cohort,
        tier=tier or world.graduate.tier,
        explanation=explanation,
    )
    assert isinstance(case, Plan)
    return case
