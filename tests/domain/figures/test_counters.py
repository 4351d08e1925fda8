"""Counters say what a count of the rows would say, after whatever happened and while it happens."""

from __future__ import annotations

import random
from typing import Any

import pytest

from qicheng.domain.figures.effects import counters
from qicheng.domain.figures.models import Counter, DayChange, Move, Recount
from qicheng.domain.roster import effects
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.foundation.access import Role, statements
from qicheng.foundation.flow.perform import perform
from tests.domain.roster.files import line, line_of, table_of, written, xlsx
from tests.domain.roster.test_record_import import brought, of
from tests.domain.roster.test_record_import import written as records_written
from tests.world import COHORT

KEY = ", ".join(Move.KEY)


def differences(cohort: int = COHORT) -> int:
    found = counters.recount(cohort)
    return found.differences


@pytest.mark.rule("STA-01")
def test_counters_are_a_recount_after_whatever_happened(world: Any) -> None:
    chance = random.Random(7)
    school = world.actor(Role.SCHOOL)
    people = [world.new_graduate(f"某人{i}", world.other_college if i > 3 else world.college) for i in range(8)]
    world.open_confirmation()
    signed = world.effective(people[0])
    world.effective(people[1])
    perform(world.dissolution(signed), "agree", world.actor(Role.EMPLOYER))
    for _ in range(40):
        one = chance.choice(people)
        one.refresh_from_db()
        match chance.randrange(6):
            case 0 if one.removed_at is None:
                effects.remove_line(one.public_id, school, words="离校")
            case 1 if one.removed_at is not None:
                effects.restore_line(one.public_id, school)
            case 2:
                world.recorded(
                    one, destination=chance.choice(["10", "27", "70"]), source=chance.choice(["upload", "interface"])
                )
            case 3:
                Graduate.all_rows.filter(pk=one.pk).update(college=world.other_college, level="11", tier="postgraduate")
            case 4:
                Graduate.all_rows.filter(school=world.school).update(level=chance.choice(["31", "41"]))
            case 5:
                counters.fold()
    EmploymentRecord.all_rows.filter(school=world.school).update(destination="12", employer_name="同一单位")
    assert differences() == 0
    counters.fold()
    assert differences() == 0
    rows = statements.rows(
        f"SELECT {KEY}, sum(number) AS number FROM figures_counter GROUP BY {KEY} HAVING sum(number) <> 0 EXCEPT "
        f"SELECT {KEY}, sum(change) FROM figures_daychange GROUP BY {KEY}"
    )
    assert rows == []
    provinces = statements.rows(
        """SELECT about, value, sum(number) FROM figures_counter GROUP BY 1, 2 HAVING sum(number) <> 0 EXCEPT
        SELECT about, value, sum(change) FROM figures_provinceday GROUP BY 1, 2"""
    )
    assert provinces == []
    assert (Move.objects.count(), Counter.objects.exists(), DayChange.objects.exists()) == (0, True, True)
    assert Recount.objects.latest("id").graduates == Graduate.all_rows.filter(removed_at=None, cohort=COHORT).count()


def test_counters_follow_an_import_of_a_roster_and_one_of_records(world: Any) -> None:
    back = world.new_graduate("回来", world.college)
    world.effective()
    effects.remove_line(back.public_id, world.actor(Role.SCHOOL), words="离校")
    lines = [
        line_of(world.graduate, 所在院系="外国语学院", 学历代码="11"),
        line_of(back),
        *(line(world, n) for n in range(3)),
    ]
    assert written(world, xlsx(table_of(lines))).counts["written"]["added"] == 3
    assert differences() == 0
    new = Graduate.all_rows.exclude(pk__in=[world.graduate.pk, back.pk]).filter(school=world.school)
    records_written(world, brought(world, *(of(one) for one in new)))
    assert (differences(), EmploymentRecord.all_rows.filter(source="upload").count()) == (0, new.count())


def test_a_recount_finds_what_is_wrong_tells_it_and_mends_it(world: Any, caplog: Any) -> None:
    counters.fold()
    Counter.objects.filter(about="record", cohort=COHORT, school_id=world.school.pk).update(number=7)
    found = counters.recount(COHORT)
    assert (found.differences, found.cells[0]["counted"], found.cells[0]["number"]) == (1, 7, 2)
    assert "differed in 1 cells" in caplog.text
    assert differences() == 0
