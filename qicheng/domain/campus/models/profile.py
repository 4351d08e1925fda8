"""Which parts of a university's own platform a school has switched on for a cohort."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models

from qicheng.domain.orgs.models import School
from qicheng.foundation.access import Area
from qicheng.foundation.access.rows import EVERYTHING, Scope, Scoped

if TYPE_CHECKING:
    from collections.abc import Mapping


class Part(models.TextChoices):
    """A part that a school switches on for itself; without it nobody of the school sees anything of it."""

    PERSONAL = "personal", "个人信息完善"
    SUPPLEMENT = "supplement", "补充个人就业信息"
    PLATFORM = "platform", "在学校平台登记毕业去向"
    FORMS = "forms", "按就业形式填报毕业去向"
    FILES = "files", "户档信息登记"
    CHANGES = "changes", "毕业去向修改、改签申请、户档信息修改"
    ONE_CHANGE = "one_change", "毕业去向最多更改一次"
    PLAN = "plan", "院系上报就业方案"
    DEFERRAL = "deferral", "暂缓派遣"
    APPLICATIONS = "applications", "学校自己的申请事项"
    QUESTIONNAIRES = "questionnaires", "调查问卷"
    NEWS = "news", "公告、新闻、活动和日历"


# One part does what the other does, in another way: a school has one of the two.
EXCLUDING: Mapping[Part, Part] = MappingProxyType({Part.PERSONAL: Part.SUPPLEMENT, Part.PLATFORM: Part.FORMS})
# A part that changes or follows what another one begins.
NEEDING: Mapping[Part, Part] = MappingProxyType({
    Part.FILES: Part.PLATFORM, Part.CHANGES: Part.PLATFORM, Part.ONE_CHANGE: Part.FORMS, Part.PLAN: Part.FORMS, Part.DEFERRAL: Part.FORMS,
})  # fmt: skip
# What a school begins with: the national platform alone, or one of the two platforms that the guides describe.
PRESETS: Mapping[str, tuple[str, tuple[Part, ...]]] = MappingProxyType({
    "national": ("只用国家平台", ()),
    "platform": (
        "学校平台登记，国家平台确认",
        (Part.PERSONAL, Part.PLATFORM, Part.FILES, Part.CHANGES, Part.APPLICATIONS, Part.NEWS),
    ),
    "plan": (
        "按就业形式填报，院系上报就业方案",
        (Part.SUPPLEMENT, Part.FORMS, Part.ONE_CHANGE, Part.PLAN, Part.DEFERRAL, Part.QUESTIONNAIRES),
    ),
})  # fmt: skip


class Profile(Scoped):
    """A school's profile for a cohort. `closes_on` is the day from which graduates no longer edit what they have filled in (PKU-03).

    Whoever changes it locks the school's signing settings first, as every act holds them shared: an act under way keeps the parts that it saw.
    """

    scope = Scope(
        college="school__college",
        school="school",
        province="school__province",
        ministry=EVERYTHING,
        area=Area.EMPLOYMENT,
    )

    school = models.ForeignKey(School, models.PROTECT)
    cohort = models.PositiveSmallIntegerField()
    parts = ArrayField(models.CharField(max_length=20, choices=Part.choices), default=list)
    closes_on = models.DateField(null=True)
    version = models.PositiveIntegerField(default=0)

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["cohort", "school"], name="one_profile")]

    def __str__(self) -> str:
        return f"{self.school_id} {self.cohort}"
