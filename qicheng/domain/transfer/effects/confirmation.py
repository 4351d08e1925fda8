"""What becomes of a confirmation: records are reported and ask to be confirmed, graduates answer, schools reply (CON-01, CON-02)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from qicheng.domain.roster.effects import BLANK
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.domain.transfer.guards import confirmation as guards
from qicheng.domain.transfer.models import PARTS, SAID, Confirmation, ConfirmationAnswer
from qicheng.domain.transfer.sheets.confirmation import DENIED, NOT_MINE, RIGHT
from qicheng.foundation import notice
from qicheng.foundation.access import SYSTEM, Area, Role, statements
from qicheng.foundation.flow.perform import NotOpen, Refused, be, clock, mention
from qicheng.foundation.flow.words import moment
from qicheng.foundation.kit.calendar import day_of, is_working_day, midnight, working_days_after

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from qicheng.foundation.access import Actor
    from qicheng.foundation.flow.perform import Record

# What is due is reported by so many in a transaction, and so many are reminded at once.
AT_ONCE = 500
# After how many working days what comes from a school's own platform goes up (CON-01).
REPORTED_AFTER = 1


def _as_document(columns: Sequence[str], value: str) -> str:
    return f"jsonb_build_object({', '.join(f'{column!r}, {value.format(column)}' for column in columns)})"


# One statement for one graduate or for thousands, in the transaction of whatever changed their records: approvals wait for it, so it
# is neither one of the engine's acts nor several. What the flow declares holds all the same: the database's guard knows the steps.
# `acting` is read before a row is written, and what puts it back needs the number of all that were: the guard sees the system act,
# and whoever acted goes on.
_FOLLOWED = f"""
WITH acting AS MATERIALIZED (
    SELECT coalesce(current_setting('qicheng.role', true), '') AS role, set_config('qicheng.role', 'system', true)
), standing AS MATERIALIZED (
    SELECT c.id, c.graduate_id, c.state, c.content, c.due_at FROM transfer_confirmation c
    WHERE c.graduate_id {{these}} ORDER BY c.id FOR NO KEY UPDATE
), opened AS (
    SELECT s.id AS school_id, o.cohort, bool_or(o.module = 'archive') AS archive, bool_or(o.module = 'household') AS household,
        bool_or(o.module = 'confirmation') AS confirmation
    FROM orgs_opening o JOIN orgs_school s ON s.province_id = o.province_id
    WHERE o.is_open AND (s.id, o.cohort) IN (
        SELECT e.school_id, e.cohort FROM roster_employmentrecord e WHERE e.graduate_id {{these}})
    GROUP BY 1, 2
), said AS (
    SELECT e.graduate_id, e.cohort, e.school_id, g.college_id, g.tier, e.source = 'system' AS is_ours, e.source = 'platform' AS is_registered_there,
        coalesce(o.confirmation, false) AS is_open,
        e.source <> 'system' OR e."case" <> '' AS stands,
        jsonb_build_object('destination', {_as_document(("destination", *BLANK), "e.{}")})
        || CASE WHEN o.archive AND g.archive_moved IS NOT false
            THEN jsonb_build_object('archive', {_as_document(("kind", *SAID), "coalesce(a.{}, '')")}) ELSE '{{}}' END
        || CASE WHEN o.household AND g.household_moved IS NOT false
            THEN jsonb_build_object('household', {
    _as_document(("kind", *SAID), "coalesce(h.{}, '')")
}) ELSE '{{}}' END AS content
    FROM acting CROSS JOIN roster_employmentrecord e JOIN roster_graduate g ON g.cohort = e.cohort AND g.id = e.graduate_id
    LEFT JOIN opened o ON o.school_id = e.school_id AND o.cohort = e.cohort
    LEFT JOIN transfer_archiverecord a ON a.graduate_id = e.graduate_id
    LEFT JOIN transfer_householdrecord h ON h.graduate_id = e.graduate_id
    WHERE e.graduate_id {{these}}
), compared AS MATERIALIZED (
    SELECT s.*, c.id, c.state, c.content AS before, c.due_at,
        s.content || c.content || (SELECT coalesce(jsonb_object_agg(key, value), '{{}}') FROM jsonb_each(s.content)
            WHERE key = ANY(%(parts)s)) AS after
    FROM said s JOIN standing c ON c.graduate_id = s.graduate_id
), moving AS (
    SELECT m.*, CASE
        WHEN NOT stands THEN 'unreported'
        WHEN is_ours THEN 'unconfirmed'
        WHEN is_registered_there OR after -> 'destination' <> before -> 'destination' THEN 'unreported'
        ELSE CASE state WHEN 'unreported' THEN 'unreported' ELSE 'unconfirmed' END END AS target
    FROM compared m
    WHERE after <> before OR stands <> (state <> 'unreported' OR due_at IS NOT NULL)
), begun AS (
    INSERT INTO transfer_confirmation (public_id, flow_name, state, live, version, cohort, begun_at, waiting_since, school_id,
        college_id, tier, graduate_id, content, due_at, reported_at, wrong)
    SELECT gen_random_uuid(), 'confirmation', CASE WHEN is_ours THEN 'unconfirmed' ELSE 'unreported' END, false, 1, cohort,
        clock_timestamp(), clock_timestamp(), school_id, college_id, tier, graduate_id, content,
        CASE WHEN NOT is_ours THEN %(due_at)s::timestamptz END, CASE WHEN is_ours THEN clock_timestamp() END, '[]'
    FROM said s WHERE stands AND NOT EXISTS (SELECT 1 FROM standing c WHERE c.graduate_id = s.graduate_id)
    ON CONFLICT (graduate_id) DO NOTHING
    RETURNING public_id, cohort, school_id, graduate_id, state, version
), moved AS (
    UPDATE transfer_confirmation c SET state = m.target, version = c.version + 1, content = m.after, waiting_since = clock_timestamp(),
        due_at = CASE WHEN m.target = 'unreported' AND m.stands THEN CASE
            WHEN m.is_registered_there OR m.after -> 'destination' <> m.before -> 'destination' OR c.due_at IS NULL
                THEN %(due_at)s::timestamptz ELSE c.due_at END END,
        reported_at = CASE WHEN m.target = 'unconfirmed' THEN clock_timestamp() END, confirmed_at = NULL, wrong = '[]'
    FROM moving m WHERE c.id = m.id
    RETURNING c.public_id, c.cohort, c.school_id, c.graduate_id, c.state, c.version, m.state AS before,
        jsonb_build_object('有变化的部分', jsonb_build_array('', concat_ws('、', {
    ", ".join(
        f"CASE WHEN m.after -> '{part}' IS DISTINCT FROM m.before -> '{part}' THEN '{label}' END"
        for part, (label, _) in PARTS.items()
    )
}))) AS changes
), recorded AS (
    INSERT INTO flow_record (flow, "case", cohort, school_id, act, before, after, version, role, node, name, unit, origin, reason, words,
        internal, changes, at)
    SELECT 'confirmation', public_id::text, cohort, school_id, act, before, state, version, 'system', 0, '系统', '', '', '', '', '',
        changes, clock_timestamp()
    FROM (SELECT public_id, cohort, school_id, 'receive' AS act, '' AS before, state, version, '{{}}'::jsonb AS changes FROM begun
        UNION ALL SELECT public_id, cohort, school_id, 'change', before, state, version, changes FROM moved) every
    RETURNING id, "case", act, before, after
), told AS (
    SELECT count(*) AS number, jsonb_agg(jsonb_build_array(r.act, r.id, r."case", s.cohort, s.graduate_id))
        FILTER (WHERE s.is_open AND r.after = 'unconfirmed' AND r.before <> 'unconfirmed') AS owed
    FROM recorded r
    LEFT JOIN (SELECT public_id, graduate_id FROM begun UNION ALL SELECT public_id, graduate_id FROM moved) w ON w.public_id::text = r."case"
    LEFT JOIN said s ON s.graduate_id = w.graduate_id
)
SELECT set_config('qicheng.role', CASE WHEN told.number >= 0 THEN acting.role END, true), told.owed FROM acting CROSS JOIN told
"""  # noqa: S608 -- columns and parts are declared, values are parameters
# One graduate by a plain comparison: the server keeps its plan, and planning costs more than running.
_FOLLOW_ONE, _FOLLOW = (_FOLLOWED.replace("{these}", these) for these in ("= %(graduate)s", "= ANY(%(graduates)s)"))
_REPORT = """
WITH acting AS MATERIALIZED (
    SELECT coalesce(current_setting('qicheng.role', true), '') AS role, set_config('qicheng.role', 'system', true)
), due AS MATERIALIZED (
    SELECT c.id FROM acting CROSS JOIN transfer_confirmation c JOIN roster_graduate g ON g.cohort = c.cohort AND g.id = c.graduate_id
    WHERE c.state = 'unreported' AND c.due_at <= %(now)s AND g.removed_at IS NULL
    ORDER BY c.due_at LIMIT %(most)s FOR NO KEY UPDATE OF c, g SKIP LOCKED
), moved AS (
    UPDATE transfer_confirmation c SET state = 'unconfirmed', version = c.version + 1, due_at = NULL, reported_at = %(now)s,
        waiting_since = clock_timestamp()
    FROM due WHERE c.id = due.id
    RETURNING c.public_id, c.cohort, c.school_id, c.graduate_id, c.version
), recorded AS (
    INSERT INTO flow_record (flow, "case", cohort, school_id, act, before, after, version, role, node, name, unit, origin, reason, words,
        internal, changes, at)
    SELECT 'confirmation', public_id::text, cohort, school_id, 'report', 'unreported', 'unconfirmed', version, 'system', 0, '系统', '', '', '',
        '', '', '{}', clock_timestamp()
    FROM moved RETURNING id, "case"
), told AS (
    SELECT count(*) AS number, jsonb_agg(jsonb_build_array('report', r.id, r."case", m.cohort, m.graduate_id)) FILTER (
        WHERE EXISTS (SELECT 1 FROM orgs_opening o JOIN orgs_school s ON s.province_id = o.province_id
            WHERE s.id = m.school_id AND o.cohort = m.cohort AND o.module = 'confirmation' AND o.is_open)) AS owed
    FROM recorded r LEFT JOIN moved m ON m.public_id::text = r."case"
)
SELECT set_config('qicheng.role', CASE WHEN told.number >= 0 THEN acting.role END, true), told.owed, told.number
FROM acting CROSS JOIN told
"""
_REMIND = """
WITH moved AS (
    UPDATE transfer_confirmation c SET reminded_at = clock_timestamp() FROM roster_graduate g
    WHERE c.public_id = ANY(%(cases)s::uuid[]) AND c.state = 'unconfirmed' AND (c.reminded_at IS NULL OR c.reminded_at < %(today)s)
        AND g.cohort = c.cohort AND g.id = c.graduate_id AND g.removed_at IS NULL
    RETURNING c.public_id, c.cohort, c.school_id, c.graduate_id
), recorded AS (
    INSERT INTO flow_record (flow, "case", cohort, school_id, act, before, after, version, role, node, account_id, name, unit, origin,
        reason, words, internal, changes, at)
    SELECT 'confirmation', public_id::text, cohort, school_id, 'ask_again', '', '', 0, %(role)s, %(node)s, %(account)s, %(name)s, %(unit)s,
        %(origin)s, '', '', '', '{}', clock_timestamp()
    FROM moved RETURNING id, "case"
)
SELECT jsonb_agg(jsonb_build_array('ask_again', r.id, r."case", m.cohort, m.graduate_id)) AS owed
FROM recorded r JOIN moved m ON m.public_id::text = r."case"
"""

# Records that have no confirmation though something stands that can be reported, and those that say otherwise than was reported.
_LEFT_BEHIND = f"""
SELECT e.graduate_id FROM roster_employmentrecord e LEFT JOIN transfer_confirmation c ON c.graduate_id = e.graduate_id
WHERE e.graduate_id > %(after)s AND CASE WHEN c.id IS NULL THEN e.source <> 'system' OR e."case" <> ''
    ELSE c.content -> 'destination' <> {_as_document(("destination", *BLANK), "e.{}")} END
ORDER BY e.graduate_id LIMIT %(most)s
"""  # noqa: S608 -- columns are declared, values are parameters


def follow(graduates: Sequence[int], parts: Sequence[str] = ("destination",)) -> None:
    """Let confirmations follow what has changed in these parts of these graduates' records, in the caller's transaction (CON-02).

    What was approved here goes up at once, what came from a school's own platform one working day later (CON-01): of whoever registered
    on one, file and household too, which are registered and changed there (CAM-01). A record that says what it said before changes
    nothing. The caller holds the graduates' records.
    """
    due = working_days_after(timezone.now(), REPORTED_AFTER).at
    given = {"parts": list(parts), "due_at": due}
    if len(graduates) == 1:
        row = statements.plain(_FOLLOW_ONE, given | {"graduate": graduates[0]})
    else:
        row = statements.plain(_FOLLOW, given | {"graduates": list(graduates)})
    assert row is not None
    _tell(row[1])


def report_due(now: datetime | None = None) -> int:
    """Report what is due by now, as far as it is a working day; how many there were. It may run as often as it likes."""
    now, reported = now or clock(), 0
    # A day that was thought to be a working day when the report was received may have turned out to be none.
    while is_working_day(day_of(now))[0]:
        with transaction.atomic():
            row = statements.plain(_REPORT, {"now": now, "most": AT_ONCE})
            assert row is not None
            _tell(row[1])
        reported += row[2]
        if row[2] < AT_ONCE:
            break
    return reported


def follow_missed() -> int:
    """Let confirmations follow records that changed without anybody saying so, such as those of before there were confirmations."""
    after, found = 0, 0
    while rows := statements.rows(_LEFT_BEHIND, {"after": after, "most": AT_ONCE}):
        with transaction.atomic():
            follow([row.graduate_id for row in rows])
        after, found = rows[-1].graduate_id, found + len(rows)
    return found


def remind(cases: Sequence[UUID], actor: Actor) -> int:
    """Remind graduates who have not answered, each once a day at most, AT_ONCE at a time; how many are told (CON-03).

    Raises NotOpen for whoever may not write.
    """
    if actor.role not in (Role.COLLEGE, Role.SCHOOL) or not actor.may_write(Area.EMPLOYMENT):
        raise NotOpen("你的账号没有这项操作的权限。")
    if len(cases) > AT_ONCE:
        raise Refused(f"一次最多提醒 {AT_ONCE} 人，先用筛选缩小范围。")
    with transaction.atomic():
        be(actor)
        seen = Confirmation.objects.seen_by(actor).filter(public_id__in=cases).values_list("public_id", flat=True)
        row = statements.plain(_REMIND, {
            "cases": list(seen), "today": midnight(day_of(clock())), "role": str(actor.role), "node": actor.node, "account": actor.account,
            "name": actor.name, "unit": actor.unit, "origin": actor.origin,
        })  # fmt: skip
        assert row is not None
        _tell(row[0])
    return len(row[0] or ())


def _tell(owed: Any) -> None:
    """Owe graduates the messages of these records: [act, record, case, cohort, graduate] each."""
    found: list[list[Any]] = json.loads(owed) if isinstance(owed, str) else owed or []
    for act in dict.fromkeys(told for told, *_ in found):
        some = [(record, case, cohort, node) for told, record, case, cohort, node in found if told == act]
        notice.queue_each(flow="confirmation", act=act, role=Role.GRADUATE, owed=some)


# ---- the acts


def received(actor: Actor, *, graduate: Graduate) -> Confirmation:
    """The unsaved confirmation of a graduate whose record there is; what `follow` does for many."""
    record = EmploymentRecord.objects.seen_by(actor).filter(graduate=graduate).first()
    if record is None:
        raise Refused("这位毕业生没有登记的去向，没有可以确认的。")
    now, is_ours = clock(), record.source == "system"
    said = {key: getattr(record, key) for key in ("destination", *BLANK)}
    return Confirmation(
        cohort=record.cohort, school_id=record.school_id, college_id=graduate.college_id, tier=graduate.tier, graduate=graduate,
        content={"destination": said | {"signed_on": record.signed_on.isoformat() if record.signed_on else None}},
        reported_at=now if is_ours else None, due_at=None if is_ours else working_days_after(now, REPORTED_AFTER).at,
        waiting_since=now, begun_at=now,
    )  # fmt: skip


def confirm(case: Confirmation, actor: Actor) -> Mapping[str, Any]:
    """The graduate says that all of it is right; what that was is kept (CON-01)."""
    case.confirmed_at, case.denied_at, case.wrong = clock(case), None, []
    _keep(case, is_right=True)
    return {"确认的内容": ["", "、".join(PARTS[part][0] for part in case.parts)]}


def dispute(case: Confirmation, actor: Actor, *, remark: str = "", **said: str) -> Mapping[str, Any]:
    """The graduate says which parts are wrong, or that this is not the own destination (CON-02)."""
    wrong = [part for part in case.parts if (said.get(part) or RIGHT) != RIGHT]
    if not wrong:
        raise Refused("没有选有误的项目。都没有错的，确认无误即可。")
    if not remark.strip():
        raise Refused("写明哪里不对、正确的是什么，学校才知道怎么改。")
    is_denied = said.get("destination") == DENIED
    case.wrong, case.confirmed_at = wrong, None
    case.denied_at = (case.denied_at or clock(case)) if is_denied else None
    _keep(case, is_right=False, is_denied=is_denied, wrong=wrong, remark=remark.strip())
    named = (NOT_MINE if is_denied and part == "destination" else PARTS[part][0] for part in wrong)
    return {"有误": ["", "、".join(named)], "说明": ["", remark.strip()]}


def answer(case: Confirmation, actor: Actor, *, answer: str = "") -> Mapping[str, Any]:
    """The school answers without changing anything; the graduate has the last word (CON-02)."""
    if not answer.strip():
        raise Refused("写明核对的结果，毕业生才知道怎么办。")
    return {"答复": ["", answer.strip()]}


def _keep(case: Confirmation, **given: Any) -> None:
    ConfirmationAnswer.objects.unscoped("the answer of the case that is locked").create(
        confirmation=case, version=case.version + 1, content=case.content, **given
    )


# School by school, each along its own index: nobody goes through the confirmations of the country.
_UNANSWERED = """
SELECT u.public_id FROM orgs_school s JOIN orgs_opening o ON o.province_id = s.province_id AND o.module = 'confirmation' AND o.is_open
CROSS JOIN LATERAL (SELECT c.public_id FROM transfer_confirmation c JOIN roster_graduate g ON g.id = c.graduate_id AND g.removed_at IS NULL
    WHERE c.school_id = s.id AND c.cohort = o.cohort AND c.state = 'unconfirmed' AND c.waiting_since <= clock_timestamp() - %(after)s
        AND NOT EXISTS (SELECT FROM flow_record e WHERE e."case" = c.public_id::text AND e.act = 'remind' AND e.at >= c.waiting_since)
    ORDER BY c.waiting_since LIMIT 200) u
WHERE o.cohort = ANY(%(cohorts)s) LIMIT 2000"""


def unanswered(cohorts: Sequence[int]) -> list[UUID]:
    """What was reported days ago, is not answered and was not brought to mind yet; 200 of a school at most, 2,000 in all."""
    given = {"after": guards.UNANSWERED, "cohorts": list(cohorts)}
    return [row.public_id for row in statements.rows(_UNANSWERED, given)]


def bring_to_mind(case: Confirmation) -> Record:
    """Bring to mind, once, that what was reported waits for an answer (NOT-01). Raises Refused where it is not due, or was told already."""
    when = case.reported_at or case.waiting_since
    return mention(
        case, "remind", SYSTEM, when=(guards.waits_for_an_answer,), tell=(Role.GRADUATE,), changes={"上报": ["", moment(when)]}
    )  # fmt: skip
