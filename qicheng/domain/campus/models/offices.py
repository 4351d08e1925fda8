"""The offices that receive file and household in a place of origin, as each province names them."""

from __future__ import annotations

from django.db import models

from qicheng.domain.orgs.models import Province
from qicheng.foundation.access import Area
from qicheng.foundation.access.rows import EVERYTHING, Scope, Scoped


class Pattern(models.TextChoices):
    """What the office of a place is called where the province has not named it."""

    LABOUR = "labour", "人力资源和社会保障局"
    EDUCATION = "education", "教育局"


class OfficeKind(models.TextChoices):
    """Whose file it receives: of those without a job, or of everybody else who goes home."""

    UNEMPLOYED = "unemployed", "待就业"
    OTHERS = "others", "其他去向"


class ReceivingRule(Scoped):
    """A province's rule for graduates in general; those without a job go to the 人力资源和社会保障局 everywhere."""

    scope = Scope(province="province", ministry=EVERYTHING, area=Area.EMPLOYMENT)

    province = models.OneToOneField(Province, models.PROTECT)
    pattern = models.CharField(max_length=10, choices=Pattern.choices, default=Pattern.LABOUR)
    version = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"rule of {self.province_id}"


class ReceivingOffice(Scoped):
    """The office of one division (six digits) for one kind, which the divisions below have, too, unless they have their own; '' for none."""

    scope = Scope(province="province", ministry=EVERYTHING, area=Area.EMPLOYMENT)

    province = models.ForeignKey(Province, models.PROTECT)
    place = models.CharField(max_length=6)
    kind = models.CharField(max_length=10, choices=OfficeKind.choices)
    title = models.CharField(max_length=60, blank=True)

    class Meta(Scoped.Meta):
        constraints = [models.UniqueConstraint(fields=["province", "place", "kind"], name="one_office_of_a_place")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.place}"
