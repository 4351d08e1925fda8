"""What was approved before a module was open is carried into its records when it opens (ARC-03): a background job, block by block.

Registrations bring it, and what a room above declares as bringing it (`declare_bringing`). It writes where nothing is registered, and where a record was emptied before the registration took effect; whatever else stands, stays.
Called again it finds nothing to do; killed, it goes on where it stopped.
"""

# ruff: noqa: S608 -- names of our own tables and columns; values are parameters

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from qicheng.domain.orgs.models import Opening, TransferSettings
from qicheng.domain.transfer.effects.many import VALUES, Written, write_each
from qicheng.domain.transfer.models import RECORDS
from qicheng.domain.transfer.queries.records import MOVED, taking
from qicheng.foundation.access import SYSTEM, Area, statements
from qicheng.foundation.flow.perform import again, be, note
from qicheng.foundation.later import later

if TYPE_CHECKING:
    from collections.abc import Sequence

AT_ONCE = 1_000
# Tables of cases that bring something while they are `effective`: with the columns of BROUGHT_BY, and terms as registrations have them.
BRINGING = ["registration_registration"]
BROUGHT_BY = "graduate_id, school_id, cohort, state, flow_name, public_id, terms, effective_at, waiting_since"


def declare_bringing(model: Any) -> None:
    """Let a room above have its approved cases carried in as well, when a module opens after the approval; said once, when the room starts."""
    BRINGING.append(model._meta.db_table)


def owe(area: Area, schools: Sequence[int], cohort: int) -> None:
    """The module has opened at these schools: each is owed its catch-up once the transaction commits."""
    for school in schools:
        later("transfer.catch_up", area=area.value, school=school, cohort=cohort)


def catch_up(area: str, school: int, cohort: int) -> int:
    """Carry what registrations in effect say into the records of one area, as long as the module takes it; how many records that wrote."""
    total, after = 0, 0
    while found := _carry_some(Area(area), school, cohort, after):
        after, number = found
        total += number
    if total:
        note(SYSTEM, "catch_up", f"{area}_records", {"条数": ["", total]}, cohort=cohort, school=school)
    return total


def catch_up_everywhere() -> int:
    """The same wherever a module is open: for graduates whom the roster has put on a module's list since; how many records that wrote."""
    own = TransferSettings.objects.unscoped("the timetable looks after all schools").select_related("school")
    opened = set(
        Opening.objects.filter(is_open=True, module__in=(Area.ARCHIVE, Area.HOUSEHOLD)).values_list(
            "province", "cohort", "module"
        )
    )
    rows = own.filter(is_on=True, submitted_at__isnull=False).order_by("pk")
    return sum(
        catch_up(row.area, row.school_id, row.cohort)
        for row in rows
        if (row.school.province_id, row.cohort, row.area) in opened
    )


@again
def _carry_some(area: Area, school: int, cohort: int, after: int) -> tuple[int, int] | None:
    """One block of graduates behind `after`: (the last of them, how many were written); None where there are no more, or the module closed.

    Graduates are locked first, as acts lock them: what ends a registration meanwhile waits, or is seen.
    """
    with transaction.atomic():
        be(SYSTEM)
        # Who opens or closes the module holds the settings' row.
        statements.plain(
            "SELECT id FROM orgs_transfersettings WHERE school_id = %s AND cohort = %s AND area = %s FOR SHARE",
            (school, cohort, area.value),
        )
        if area not in taking(school, cohort):
            return None
        parameters: dict[str, Any] = {"school": school, "cohort": cohort, "after": after}
        lacking = _lacking(area)
        held = statements.rows(
            f"""SELECT id FROM roster_graduate WHERE cohort = %(cohort)s AND id IN (
                SELECT g.id FROM {lacking} AND g.id > %(after)s ORDER BY g.id LIMIT {AT_ONCE}) ORDER BY id FOR NO KEY UPDATE""",
            parameters,
        )
        if not held:
            return None
        found = statements.rows(
            f"""SELECT g.id, c.flow_name, c.public_id::text AS public_id, ARRAY[{", ".join(_said(area, key) for key in VALUES)}] AS said,
                coalesce(r.origin, '') AS origin FROM {lacking} AND g.id = ANY(%(held)s) ORDER BY g.id""",
            parameters | {"held": [row.id for row in held]},
        )
        rows = [
            Written(row.id, {}, dict(zip(VALUES, row.said, strict=True)), row.flow_name, row.public_id, row.origin)
            for row in found
        ]
        return held[-1].id, write_each(area, SYSTEM, "carry", rows, cohort=cohort, school=school)


def _lacking(area: Area) -> str:
    """Graduates `g` with a case `c` in effect that says something for the area, whose record `r` does not say anything yet."""
    brought = " UNION ALL ".join(f"SELECT {BROUGHT_BY} FROM {table}" for table in BRINGING)
    return f"""({brought}) c JOIN roster_graduate g ON g.cohort = c.cohort AND g.id = c.graduate_id
        LEFT JOIN {RECORDS[area]._meta.db_table} r ON r.graduate_id = g.id
        WHERE c.school_id = %(school)s AND c.cohort = %(cohort)s AND c.state = 'effective' AND {_said(area, "kind")} <> ''
            AND g.{MOVED[area]} IS DISTINCT FROM false AND (r.id IS NULL OR (r.kind = '' AND r.changed_at < coalesce(c.effective_at, c.waiting_since)))"""


def _said(area: Area, key: str) -> str:
    return f"btrim(coalesce(c.terms ->> '{area.value}_{'type' if key == 'kind' else key}', ''))"
