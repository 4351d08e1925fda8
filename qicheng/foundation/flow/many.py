"""The same act about many subjects at once: a record and a message of its own for each, without a statement for each."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from qicheng.foundation import notice
from qicheng.foundation.access import Role, statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qicheng.foundation.access import Actor

AT_ONCE = 2_000
_INSERT = """
INSERT INTO flow_record (flow, "case", cohort, school_id, act, before, after, version, role, node, account_id, name, unit, origin,
    reason, words, internal, changes)
SELECT %(about)s, s.subject, %(cohort)s, %(school)s, %(act)s, '', '', 0, %(role)s, %(node)s, %(account)s, %(name)s, %(unit)s, %(origin)s,
    '', %(words)s, '', s.changes
FROM unnest(%(subjects)s::text[], %(changes)s::jsonb[]) AS s(subject, changes)
RETURNING id, "case"
"""


def note_each(
    actor: Actor, act: str, about: str, changes: Iterable[tuple[int, Mapping[str, Any]]], *, cohort: int, school: int,
    words: str = "", told: Role | None = None,
) -> int:  # fmt: skip
    """`perform.note` of each subject, the id of a row, with what changed of it; how many there were.

    With `told` each subject is itself a node of that role, and is owed its message.
    """
    number, left = 0, iter(changes)
    while some := list(islice(left, AT_ONCE)):
        found = statements.rows(
            _INSERT,
            {
                "about": about, "cohort": cohort, "school": school, "act": act, "role": str(actor.role), "node": actor.node,
                "account": actor.account, "name": actor.name, "unit": actor.unit, "origin": actor.origin, "words": words,
                "subjects": [str(subject) for subject, _ in some], "changes": [json.dumps(one) for _, one in some],
            },
        )  # fmt: skip
        if told is not None:
            owed = [(row.id, row.case, cohort, int(row.case)) for row in found]
            notice.queue_each(flow=about, act=act, role=told, owed=owed)
        number += len(found)
    return number
