"""What is done with hand-over batches: records are collected into one, frozen as they are; a batch that was a mistake is taken back."""

# ruff: noqa: S608 -- names of our own tables and columns; values are parameters

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction

from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.guards.uploads import closed_for
from qicheng.domain.transfer.models import BATCH_LINES, BATCHES, PERSON, SAID, HandoverBatch
from qicheng.domain.transfer.queries.batches import on_the_list, source, standings
from qicheng.domain.transfer.queries.records import LISTED
from qicheng.domain.transfer.sheets.records import TITLES
from qicheng.foundation.access import Role, statements
from qicheng.foundation.flow.perform import NotOpen, Refused, again, be, note, noted
from qicheng.foundation.papers.typeset import MissingGlyphs, typeset

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from qicheng.foundation.access import Actor, Area

TEMPLATE = Path(__file__).parent.parent / "templates/transfer/handover.typ"
MOST_REASON = 200


def about(area: Area) -> str:
    """Under which name batches of an area are on record; the subject is the batch's public id."""
    return f"{area.value}_handovers"


@again
def collect(
    area: Area, actor: Actor, cohort: int, *, title: str, handed_on: date, key: str, college: int | None = None, kind: str = "",
    level: str = "",
) -> HandoverBatch:  # fmt: skip
    """Collect whatever can be handed over, of one college, type or level where these are given, into a new batch.

    The same `key` again gives the first answer. Raises NotOpen, Refused where nothing is ready or the module is closed.
    """
    if actor.role is not Role.SCHOOL or not actor.may_write(area):
        raise NotOpen(f"移交批次由学校有{area.label}读写权限的账号办理。")
    with transaction.atomic():
        be(actor)
        # One at a time for a school, so that numbers follow each other; that nobody is in two batches the database holds by itself.
        statements.plain(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", (f"handover {area.value} {cohort}", actor.node)
        )
        if done := noted(about(area), act="collect", key=key, account_id=actor.account):
            return BATCHES[area].objects.seen_by(actor).get(public_id=done[0].case)
        if why := closed_for(area, actor.node, cohort, actor, hold=True):
            raise Refused(why)
        last = statements.plain(
            f"SELECT coalesce(max(number), 0) FROM {BATCHES[area]._meta.db_table} WHERE school_id = %s AND cohort = %s",
            (actor.node, cohort),
        )
        assert last is not None
        assert actor.account is not None
        batch = BATCHES[area](
            school_id=actor.node, cohort=cohort, tier=actor.tier, number=last[0] + 1, title=title.strip(), handed_on=handed_on,
            account_id=actor.account, maker=actor.name,
        )  # fmt: skip
        batch.save(force_insert=True)
        parameters = {
            "batch": batch.pk, "cohort": cohort, "college": college, "kind": kind, "level": level, "node": actor.node,
            "tier": str(actor.tier),
        }  # fmt: skip
        batch.lines = statements.change(_collecting(area, actor), parameters)
        if not batch.lines:
            raise Refused(f"现在没有可以移交的{TITLES[area]}，看看下面各项的人数，补好以后再建批次。")
        batch.save(update_fields=["lines"])
        note(
            actor, "collect", about(area), {"批次": ["", batch.title], "人数": ["", batch.lines]}, subject=str(batch.public_id),
            cohort=cohort, school=actor.node, key=key,
        )  # fmt: skip
    batch.refresh_from_db()
    return batch


def _collecting(area: Area, actor: Actor) -> str:
    said = ", ".join(f"r.{name}" for name in ("kind", *SAID))
    person = ", ".join("k.name" if name == "college" else f"g.{name}" for name in PERSON)
    lines = BATCH_LINES[area]._meta.db_table
    return f"""INSERT INTO {lines} (batch_id, cohort, place, live, record_version, graduate_id, kind, {", ".join(SAID)}, {", ".join(PERSON)})
        SELECT %(batch)s, g.cohort, row_number() OVER (ORDER BY k.name, g.exam_number), true, r.version, g.id, {said}, {person}
        FROM {source(area)} WHERE g.cohort = %(cohort)s AND {on_the_list(area)} AND {LISTED[area].sql(Graduate, actor, "g")}
            AND {standings(area)["ready"][1]} AND (%(college)s::bigint IS NULL OR g.college_id = %(college)s)
            AND (%(kind)s = '' OR r.kind = %(kind)s) AND (%(level)s = '' OR g.level = %(level)s)
        ON CONFLICT (graduate_id, record_version) WHERE live DO NOTHING"""


@again
def take_back(batch: HandoverBatch, actor: Actor, *, words: str) -> None:
    """Take a batch back that was a mistake: it stays to be read, and whom it held can be handed over again. Raises NotOpen, Refused."""
    area = batch.AREA
    if actor.role is not Role.SCHOOL or not actor.may_write(area):
        raise NotOpen(f"移交批次由学校有{area.label}读写权限的账号办理。")
    if not words.strip():
        raise Refused("写明撤销这一批的原因。")
    with transaction.atomic():
        be(actor)
        number = statements.change(
            f"""UPDATE {batch._meta.db_table} SET taken_back_at = clock_timestamp(), reason = %s
            WHERE id = %s AND taken_back_at IS NULL""",
            (words.strip()[:MOST_REASON], batch.pk),
        )
        if not number:
            raise Refused("这一批已经撤销了。")
        statements.change(f"UPDATE {batch.ROWS} SET live = false WHERE batch_id = %s", (batch.pk,))
        note(
            actor, "take_back", about(area), {"批次": [batch.title, "已撤销"]}, subject=str(batch.public_id), cohort=batch.cohort,
            school=batch.school_id, words=words.strip(),
        )  # fmt: skip
    batch.refresh_from_db()


def handover_sheet(values: Mapping[str, Any]) -> bytes:
    """The PDF of a batch. Raises Refused where a character cannot be printed."""
    try:
        return typeset(TEMPLATE, values)
    except MissingGlyphs as gap:
        raise Refused(f"{gap}。先下载表格。") from None
