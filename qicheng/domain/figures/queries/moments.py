"""Numbers as they were known at the end of a past day: which day was asked for, whether it is settled, and the tables of then."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from django.urls import resolve, reverse
from django.utils import timezone

from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.domain.transfer.models.confirmation import Confirmation
from qicheng.domain.transfer.models.records import ArchiveRecord, HouseholdRecord
from qicheng.foundation.access import Role, statements
from qicheng.foundation.flow import past
from qicheng.foundation.flow.past import Kept
from qicheng.foundation.flow.perform import Refused, case_models
from qicheng.foundation.kit.calendar import ONE_DAY, day_of, midnight

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db import models

    from qicheng.domain.figures.queries.tables import Table
    from qicheng.foundation.access import Actor

# What the clocks of the machines that write may be off; no moment is settled before this much has passed.
MARGIN = timedelta(minutes=10)
# Numbers of now that are counted in the background are counted again when somebody looks and they are older than this.
FRESH = timedelta(minutes=5)
ABOVE = (Role.PROVINCE, Role.MINISTRY)
ROUTED = {"college_id": "college_id", "tier": "tier"}
OWN = ("graduate_id", "school_id", "cohort")
_LAST_ANSWER = """(SELECT {what} FROM transfer_confirmationanswer a WHERE a.confirmation_id = k.id AND a.at < %(moment)s
    ORDER BY a.version DESC LIMIT 1)"""


def is_of_graduates(model: type[models.Model]) -> bool:
    """Whether cases of a model are each a graduate's, and follow the graduate's line."""
    columns = {field.attname for field in model._meta.concrete_fields}
    return columns >= {*OWN, *ROUTED}


def keep_the_past() -> None:
    """Say how the past of every table that is asked about is kept; once all rooms below have declared their flows."""
    past.keep(
        Kept(Graduate, since="added_at", fixed=("public_id", "cohort", "school_id", "added_at")),
        *(Kept(model, since="changed_at", fixed=OWN) for model in (EmploymentRecord, ArchiveRecord, HouseholdRecord)),
        *(Kept(model, since="begun_at", fixed=OWN, follows=ROUTED) for model in case_models() if is_of_graduates(model)),
        Kept(
            Confirmation, since="begun_at", fixed=OWN, follows=ROUTED,
            said={
                "denied_at": _LAST_ANSWER.format(what="CASE WHEN a.is_denied THEN a.at END"),
                "wrong": f"coalesce({_LAST_ANSWER.format(what='a.wrong')}, '[]'::jsonb)",
            },
        ),
        within={
            Role.COLLEGE: "k.school_id = (SELECT o.school_id FROM orgs_college o WHERE o.id = %(node)s)",
            Role.SCHOOL: "k.school_id = %(node)s",
            Role.PROVINCE: "k.school_id IN (SELECT o.id FROM orgs_school o WHERE o.province_id = %(node)s)",
        },
    )  # fmt: skip


def asked(query: Mapping[str, str]) -> datetime | None:
    """The moment of `?at=2026-08-31`: the end of that day in Beijing, which is the midnight after it; None where nothing is asked.

    Raises Refused, in words, for what is no day, a day that is not over, and a day of which something may still change.
    """
    text = query.get("at", "").strip()
    if not text:
        return None
    try:
        moment = midnight(date.fromisoformat(text) + ONE_DAY)
    except (ValueError, OverflowError):
        raise Refused("「按哪一天」要写成 2026-08-31 这样的日期。") from None
    must_be_settled(moment)
    return moment


def must_be_settled(moment: datetime) -> None:
    """Raise Refused where the numbers of a moment may still change, and say when to ask again."""
    now = timezone.now()
    day = day_before(moment)
    if now < moment:
        raise Refused(
            f"{words_of_day(day)}还没有过完，{words_of_day(day_of(moment + MARGIN))} 0:10 以后再查这一天的数字。"
        )
    if now < moment + MARGIN:
        raise Refused(f"{words_of_day(day)}刚过完，当天的数字 0:10 以后不再变，那时再查。")
    if is_moving(moment):
        raise Refused(f"{words_of_day(day)}开始的操作还有没办完的，这一天的数字可能还会变。请过 10 分钟再查。")


def words_of_day(day: date) -> str:
    """「2026 年 8 月 31 日」."""
    return f"{day.year} 年 {day.month} 月 {day.day} 日"


def day_before(moment: datetime) -> date:
    """The day that ends at a moment."""
    return day_of(moment - ONE_DAY)


def words_of(moment: datetime) -> str:
    """What a page says of its numbers: 「截至 2026 年 8 月 31 日 24:00 当时的数字」."""
    return f"截至 {words_of_day(day_before(moment))} 24:00 当时的数字"


def words_of_count(counted_at: datetime) -> str:
    """What a page says of numbers that are counted now and then: 「14:35 统计的数字，有人查看时每 5 分钟重新统计」."""
    at = timezone.localtime(counted_at)
    day = "" if at.date() == timezone.localdate() else f"{at.month} 月 {at.day} 日 "
    return f"{day}{at:%H:%M} 统计的数字，有人查看时每 {FRESH.seconds // 60} 分钟重新统计"


# A transaction writes the instants of its statements, which are never earlier than its own beginning. Of other users' transactions the
# beginning is hidden; of these any counts that has written something.
_MOVING = """
SELECT EXISTS (
    SELECT FROM pg_stat_activity a WHERE a.pid <> pg_backend_pid() AND a.usesysid IS NOT NULL
        AND (a.datid IS NULL OR a.datname = current_database())
        AND (a.xact_start < %(moment)s OR (a.state IS NULL AND EXISTS (
            SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock')))
) OR EXISTS (SELECT FROM pg_prepared_xacts p WHERE p.database = current_database() AND p.prepared < %(moment)s + interval '1 day') AS moving"""


def is_moving(moment: datetime) -> bool:
    """Whether a transaction that began before the moment is still open: what it wrote would count for the moment, and nobody sees it yet."""
    row = statements.one(_MOVING, {"moment": moment})
    assert row is not None
    return bool(row.moving)


def tables(moment: datetime | None, role: Role | None = None) -> past.Tables:
    """For each table, the SQL that stands in its place in FROM: its own name live, a sub-select as known at %(moment)s else.

    The sub-selects have the columns of the table. Columns that never change (`id`, `school_id`, `cohort`, `graduate_id`) find their rows
    by the table's indexes; with a `role` all is read within %(node)s and %(cohort)s anyway.
    """
    return past.tables(moment, role)


# Of each list's own page, what its list is called among those that can be read as of a past day (`pages/known.py`).
_LISTS = {
    "registration:list": "registration", "roster:students": "roster", "transfer:confirm": "confirm", "transfer:records": "records",
    "transfer:changes": "changes", "figures:known": "",
}  # fmt: skip


def known(address: str, moment: datetime | None) -> str:
    """The address of the list that a live address opens, as it was known at the moment; the address itself live, '' where there is none."""
    if moment is None or not address:
        return address
    place, _, query = address.partition("?")
    found = resolve(place)
    of = _LISTS.get(found.view_name)
    if of is None:
        return ""
    named = [str(one) for one in (*found.args, *found.kwargs.values())]
    place = place if of == "" else reverse("figures:known", args=[of, *(named or ["all"])])
    return f"{place}?{'&'.join(filter(None, (urlencode(past.kept_in_address(moment)), query)))}"


def of_then(tables: Sequence[Table], actor: Actor, moment: datetime | None) -> list[Table]:
    """The tables with each name and number leading to what was known then; numbers above schools only where a school is asked for."""
    if moment is None:
        return list(tables)

    def then(address: str) -> str:
        is_read = actor.role not in ABOVE or "school" in parse_qs(address.partition("?")[2])
        return known(address, moment) if is_read and "at=" not in address else address if "at=" in address else ""

    def onward(url: str) -> str:
        is_dated = not url or "at" in parse_qs(url.partition("?")[2])
        return url if is_dated else f"{url}{'&' if '?' in url else '?'}{urlencode(past.kept_in_address(moment))}"

    return [
        replace(table, lines=[
            replace(line, url=onward(line.url), cells=tuple((number, then(address)) for number, address in line.cells))
            for line in table.lines
        ])
        for table in tables
    ]  # fmt: skip


def parameters(moment: datetime | None) -> dict[str, Any]:
    """What the SQL of `tables` takes."""
    return {} if moment is None else {"moment": moment}
