"""Who asks: roles, areas of permission, levels, and the actor that everything below the interfaces is given."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Role(StrEnum):
    """In what capacity somebody acts; BEARER came by a link without an account, SYSTEM is the product itself (jobs)."""

    GRADUATE = "graduate"
    EMPLOYER = "employer"
    COLLEGE = "college"
    SCHOOL = "school"
    PROVINCE = "province"
    MINISTRY = "ministry"
    BEARER = "bearer"
    SYSTEM = "system"

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def is_staff(self) -> bool:
        """Whether the role reviews or administers graduates."""
        return self in STAFF


_LABELS = {
    Role.GRADUATE: "毕业生",
    Role.EMPLOYER: "用人单位",
    Role.COLLEGE: "学院",
    Role.SCHOOL: "学校",
    Role.PROVINCE: "省级",
    Role.MINISTRY: "部级",
    Role.BEARER: "用人单位（凭链接）",
    Role.SYSTEM: "系统",
}
STAFF = frozenset({Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY})


class Area(StrEnum):
    """What an account's permissions are given for (ORG-05)."""

    EMPLOYMENT = "employment"
    ARCHIVE = "archive"
    HOUSEHOLD = "household"

    @property
    def label(self) -> str:
        return {"employment": "基本信息和就业信息", "archive": "档案信息", "household": "户口信息"}[self]


class Level(IntEnum):
    """How far a permission goes: nothing, view and download, or everything (ORG-05)."""

    NONE = 0
    READ = 1
    WRITE = 2

    @property
    def label(self) -> str:
        return ("无权限", "只读", "读写")[self]


class Tier(StrEnum):
    """Which levels of study a school user answers for (ORG-07); a graduate has one of the latter two."""

    ALL = "all"
    UNDERGRADUATE = "undergraduate"
    POSTGRADUATE = "postgraduate"

    @property
    def label(self) -> str:
        return {"all": "全部", "undergraduate": "本专科", "postgraduate": "研究生"}[self]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, made once per request by the interface from the account's chosen seat.

    `node` is the id of the row that the role stands on: graduate, employer, college, school, province, or the one case of a link.
    `is_vouched`: a school's own log-in (CAM-06) or WeChat (ORG-11) let it in; what opens the account elsewhere, phone and e-mail, is not its to change.
    """

    role: Role
    node: int = 0
    account: int | None = None
    levels: Mapping[Area, Level] = field(default_factory=lambda: MappingProxyType({}))
    tier: Tier = Tier.ALL
    name: str = ""
    unit: str = ""
    origin: str = ""
    is_vouched: bool = False

    def may_read(self, area: Area) -> bool:
        return self.role is Role.SYSTEM or self.levels.get(area, Level.NONE) >= Level.READ

    def may_write(self, area: Area) -> bool:
        return self.role is Role.SYSTEM or self.levels.get(area, Level.NONE) >= Level.WRITE

    def at(self, origin: str) -> Actor:
        """The same actor, seen from another address."""
        return replace(self, origin=origin)


FULL = MappingProxyType(dict.fromkeys(Area, Level.WRITE))
SYSTEM = Actor(Role.SYSTEM, levels=FULL, name="系统")
