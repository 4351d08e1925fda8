"""What is counted as it happens: how many graduates of a school stand where, now and at the end of every day (decision 17)."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

# In an address: graduates who have no record. The counters say '' of them.
UNRECORDED = "none"


class Cell(models.Model):
    """Graduates on a roster that are alike in this: `about` a record its destination and source, about a confirmation its state.

    `value` is '' where a graduate has no record, or nothing to confirm: every graduate is in one cell of each, so that the cells of a
    school add up to its roster. The columns are numbers of rows and no references: what is counted is never waited for.
    """

    RECORD: ClassVar = "record"
    CONFIRMATION: ClassVar = "confirmation"
    KEY: ClassVar = ("about", "cohort", "school_id", "tier", "level", "value", "source")

    about = models.CharField(max_length=12)
    cohort = models.PositiveSmallIntegerField()
    school_id = models.BigIntegerField()
    tier = models.CharField(max_length=14)
    level = models.CharField(max_length=2)
    value = models.CharField(max_length=20, blank=True)
    source = models.CharField(max_length=10, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.about} {self.cohort} {self.school_id} {self.value}"


class Move(Cell):
    """So many more or fewer in a cell, as a statement of somebody's transaction made it; `fold` adds it up soon.

    Writers only add rows, so that nobody waits for a counter and no two of them can stand in each other's way.
    """

    day = models.DateField()
    change = models.IntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["cohort", "about"], name="move_cohort")]


class Counter(Cell):
    """How many are in a cell, with all that `fold` has added up; the moves since are added by whoever reads."""

    number = models.IntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cohort", *(c for c in Cell.KEY if c != "cohort")], name="one_counter")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["cohort", "about", "school_id"], include=["value", "number"], condition=~Q(number=0), name="counter_national"
            )
        ]  # fmt: skip


class DayChange(Cell):
    """By how much a cell changed on a day in Beijing: the numbers at the end of a day are the sum of all days up to it."""

    day = models.DateField()
    change = models.IntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cohort", *(c for c in Cell.KEY if c != "cohort"), "day"], name="one_change_a_day")
        ]  # fmt: skip


class ProvinceDay(models.Model):
    """The same by province, for whoever looks at the whole country, some hundred thousand rows a cohort."""

    KEY: ClassVar = ("about", "cohort", "province_id", "tier", "level", "value")

    about = models.CharField(max_length=12)
    cohort = models.PositiveSmallIntegerField()
    province_id = models.BigIntegerField()
    tier = models.CharField(max_length=14)
    level = models.CharField(max_length=2)
    value = models.CharField(max_length=20, blank=True)
    day = models.DateField()
    change = models.IntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cohort", "about", "province_id", "tier", "level", "value", "day"], name="one_change_a_day_of_a_province"
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.about} {self.cohort} {self.province_id} {self.value} {self.day}"


class Recount(models.Model):
    """A night's comparison of the counters of a cohort with the rows themselves; `cells` are those that differed, and were mended."""

    cohort = models.PositiveSmallIntegerField()
    at = models.DateTimeField(db_default=Now())
    graduates = models.PositiveIntegerField(default=0)
    differences = models.PositiveIntegerField(default=0)
    cells = models.JSONField(default=list)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["cohort", "-id"], name="recount_newest")]

    def __str__(self) -> str:
        return f"recount of {self.cohort}: {self.differences}"


class Nightly(models.Model):
    """Graduates of one value of a dimension that no counter tells apart, at one level of study in one province, as of last night (STA-02).

    `counts` are in the order of `queries.people.measures` for the cohort's formula. All rows of a cohort are of one statement and carry
    the instant `at` at which it began; the next night's take their place.
    """

    cohort = models.PositiveSmallIntegerField()
    dimension = models.CharField(max_length=10)
    province_id = models.BigIntegerField()
    value = models.CharField(max_length=60, blank=True)
    level = models.CharField(max_length=2)
    counts = ArrayField(models.IntegerField())
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cohort", "dimension", "province_id", "value", "level"], name="one_nightly")
        ]

    def __str__(self) -> str:
        return f"{self.cohort} {self.dimension} {self.value}"


class Answer(models.Model):
    """A question about a province or the country, and what the answer was (decision 17).

    One about a past moment is answered once and never again. The answer to one about now (`is_current`) is made again when somebody asks and it
    is old; `moment` is when it was counted, `asked_at` when it was last asked for anew. `key` is all that was asked and everything about the one who asks that the answer depends on: only whoever asks as one of the same
    area, with the same rights, reads it. `why` is the reason in words where there is no answer.
    """

    key = models.CharField(max_length=64, unique=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    question = models.CharField(max_length=20)
    asked = models.JSONField(default=dict)
    cohort = models.PositiveSmallIntegerField()
    moment = models.DateTimeField()
    role = models.CharField(max_length=12)
    node = models.BigIntegerField()
    areas = models.JSONField(default=list)
    is_current = models.BooleanField(default=False)
    answer = models.JSONField(null=True)
    why = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField(db_default=Now())
    answered_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"answer {self.public_id}"
