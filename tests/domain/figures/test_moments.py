"""Any number can be asked for a past moment, and the answer is the one that was given then, for ever."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from qicheng.domain.figures.queries import moments
from qicheng.domain.registration import listings as registrations
from qicheng.domain.roster import effects
from qicheng.domain.roster import listings as rosters
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.listings import confirmation, records
from qicheng.foundation.access import Area, Role, statements
from qicheng.foundation.flow.perform import Refused, follow, perform
from tests.world import COHORT

STAFF = (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)


def now() -> Any:
    return statements.one("SELECT clock_timestamp() AS at").at


def known(world: Any, moment: Any) -> dict[str, Any]:
    """Every table whole, and every list as each role reads it, as of a moment or as it is."""
    whole: dict[str, Any] = {
        table: [
            row._asdict()
            for row in statements.rows(
                f"SELECT {'k.*' if table.startswith('roster') else 'k.id, k.state, k.live, k.version, k.college_id, k.tier'} "
                f"FROM {sql} k WHERE k.school_id = %(school)s ORDER BY k.id",
                moments.parameters(moment) | {"school": world.school.pk},
            )
        ]
        for table, sql in moments.tables(moment).items()
        if table.startswith(("roster", "registration", "transfer_confirmation", "transfer_archivechange"))
    }
    lists = [
        rosters.roster(),
        registrations.every(),
        confirmation.everybody(),
        confirmation.answers(),
        records.records(Area.ARCHIVE),
    ]
    lists += [one for name, one in registrations.lists().items() if name != "waiting"]
    read = {
        (role.value, one.name, one.label): [tuple(row)[:4] for row in one.all_rows(world.actor(role), {}, COHORT, moment=moment)]
        for role in STAFF
        for one in lists
    }  # fmt: skip
    counted = {
        role.value: registrations.every().tallies(world.actor(role), COHORT, "c.state", {"all": "true", "one": "c.state = 'effective'"}, moment=moment)
        for role in STAFF
    }  # fmt: skip
    return {**whole, **read, **counted}


@pytest.mark.rule("STA-01")
def test_what_was_known_at_a_moment_is_the_same_after_all_that_follows(world: Any) -> None:
    world.open_transfer()
    gone, moved, back = (world.new_graduate(name, world.college) for name in ("后来离开", "后来转院", "当时不在"))
    school = world.actor(Role.SCHOOL)
    world.effective(moved), world.effective(gone), world.accepted(), world.invitation(world.neighbour)
    world.open_confirmation()
    effects.remove_line(back.public_id, school, words="转学")
    asked = world.change_submitted(graduate=gone)
    moment, before = now(), known(world, None)
    assert [len(before[f"roster_{table}"]) for table in ("graduate", "employmentrecord")] == [5, 2]
    # All that can happen to a row happens now.
    world.new_graduate("后来才来", world.college)
    world.approved(asked)
    effects.remove_line(gone.public_id, school, words="参军")
    effects.restore_line(back.public_id, school)
    Graduate.all_rows.filter(pk=moved.pk).update(college=world.other_college, sex="2", extra={"x": [1]}, birth_date="")
    follow([moved.pk], college_id=world.other_college.pk)
    Graduate.all_rows.filter(pk=moved.pk).update(sex="1", phone="")
    agreement = world.signing(moved)
    perform(world.dissolution(agreement), "agree", world.actor(Role.EMPLOYER))
    world.recorded(moved, destination="27")
    world.recorded(world.neighbour)
    perform(world.signing(world.graduate), "approve", world.actor(Role.COLLEGE))
    later, after = now(), known(world, None)
    assert known(world, moment) == before
    assert known(world, later) == after != before


def test_a_schools_question_reads_that_schools_rows_alone(world: Any) -> None:
    """Whatever the plan, only what is scoped early can be found by the indexes; so it is for a college, whose people changed since."""
    for _ in range(2):
        world.new_graduate("别校的人", world.stranger_college)
    connection.cursor().execute("SET LOCAL enable_seqscan = off")
    for role in (Role.COLLEGE, Role.SCHOOL):
        sql = f"""EXPLAIN (ANALYZE, FORMAT JSON, COSTS OFF) SELECT count(*), count(r.destination)
            FROM {moments.tables(now(), role)["roster_graduate"]} g
            LEFT JOIN {moments.tables(now(), role)["roster_employmentrecord"]} r ON r.graduate_id = g.id
            WHERE {Graduate.scope.sql(Graduate, world.actor(role), "g")} AND g.removed_at IS NULL"""
        with connection.cursor() as cursor:
            cursor.execute(sql, {"moment": now(), "node": world.actor(role).node, "cohort": COHORT, "tier": "all"})
            plan = cursor.fetchone()[0]
        read = scans(plan[0]["Plan"], "roster_graduate")
        own = Graduate.all_rows.filter(school=world.school).count()
        assert read != []
        assert all(
            one["Actual Rows"] * one["Actual Loops"] + one.get("Rows Removed by Filter", 0) <= own for one in read
        ), plan


def scans(plan: dict[str, Any], table: str) -> list[dict[str, Any]]:
    """Every place of a plan that reads a table."""
    own = [plan] if plan.get("Relation Name", "").startswith(table) else []
    return own + [found for part in plan.get("Plans", ()) for found in scans(part, table)]


def test_a_day_that_is_not_over_or_no_day_is_refused_in_words(world: Any) -> None:
    today = timezone.localdate()
    assert moments.asked({}) is None
    assert moments.asked({"at": ""}) is None
    for text, words in (
        ("2026-13-01", "这样的日期"), ("9999-12-31", "这样的日期"), ("昨天", "这样的日期"),
        (today.isoformat(), "还没有过完"), ((today + timedelta(days=400)).isoformat(), "还没有过完"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=words):
            moments.asked({"at": text})
    moment = moments.asked({"at": "2026-08-31"})
    assert moment is not None
    assert timezone.localtime(moment).isoformat() == "2026-09-01T00:00:00+08:00"
    assert moments.words_of(moment) == "截至 2026 年 8 月 31 日 24:00 当时的数字"
    assert date(2026, 8, 31) == moments.day_before(moment)
