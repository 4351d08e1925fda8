"""What happened since: changes of cases, and confirmations as they stand after their last change, each once for who keeps the place.

`foundation/flow/feed.py` says why nothing that is written late is missed.
"""

from typing import Any

from ninja import Query, Router, Schema
from pydantic import Field

from qicheng.domain.orgs.models import KeyScope, School
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow import feed
from qicheng.foundation.flow.declare import FLOWS, Flow
from qicheng.foundation.kit import masks
from qicheng.interfaces.api.cases import SECRET_KINDS
from qicheng.interfaces.api.door import CASES, Asker, must
from qicheng.interfaces.api.problems import Problem
from qicheng.interfaces.api.shapes import Changes, Confirmations

MOST, USUAL = 1_000, 200
# What of a content shows whole to keys alone that may see it so.
_SECRET = {**SECRET_KINDS, "contact": masks.name}
_PARTS = {"destination": Area.EMPLOYMENT, "archive": Area.ARCHIVE, "household": Area.HOUSEHOLD}


class Since(Schema):
    after: str = Field("", max_length=200, description="上一次给出的 after；第一次不带，从头读起")
    size: int = Field(USUAL, ge=1, le=MOST, description="一次最多几条")
    school: str = Field("", max_length=10, description="学校代码；省级和部级的密钥要写，学校的不写")


def router() -> Router:
    """The two feeds."""
    made = Router(tags=["变化"])
    for path, view, name, words, response in (
        ("/changes/", changes, "changes", "办理的每一步，按先后", Changes),
        ("/confirmations/", confirmations, "confirmations", "登记确认：变过的每一个人现在的样子", Confirmations),
    ):
        made.add_api_operation(path, ["GET"], view, response=response, url_name=name, operation_id=name, summary=words)
    return made


def changes(request: Any, since: Query[Since]) -> Any:
    """每一步只给一次：保存 after，下次带上；同一个 after 再读，给的还是它之后的。密钥能读哪些部分，就给哪些部分的事项。"""
    asker: Asker = request.asker
    flows = [flow for flow in FLOWS.values() if _is_read(asker, flow)]
    if not flows:
        must(asker, KeyScope.REGISTRATIONS_READ)
    where, parameters = feed.changes(flows)
    rows, after = _read(
        request, since,
        columns='r.at, r.flow, r."case", r.act, r.before, r.after, r.version, r.role, r.changes',
        where=where,
        parameters=parameters,
    )  # fmt: skip
    return {
        "rows": [
            {
                "number": row.record, "at": row.at, "flow": row.flow, "case": row.case, "act": row.act, "act_label": _label(row),
                "before": row.before, "after": row.after, "after_label": FLOWS[row.flow].states[row.after].label, "version": row.version,
                "role": row.role, "changed": list(row.changes),
            }
            for row in rows
        ],
        "after": after, "is_complete": len(rows) < since.size,
    }  # fmt: skip


def confirmations(request: Any, since: Query[Since]) -> Any:
    """同一个人变了几次，只给最后的样子；之后再变，会再给一次，version 更大。第一次从头读，就是全部。"""
    asker: Asker = request.asker
    must(asker, KeyScope.CONFIRMATIONS_READ)
    rows, after = _read(
        request, since,
        columns="""c.public_id, c.version, r.at, r.act, c.state, g.public_id AS graduate, g.exam_number, g.student_number, g.name,
            g.removed_at IS NOT NULL AS is_removed, c.wrong, c.denied_at IS NOT NULL AS is_denied, c.content, c.reported_at, c.confirmed_at""",
        joined="""JOIN transfer_confirmation c ON c.public_id = CASE WHEN r.flow = 'confirmation' AND r.version > 0 THEN r."case"::uuid END
            AND c.version = r.version JOIN roster_graduate g ON g.id = c.graduate_id""",
        where="r.flow = 'confirmation' AND r.version > 0",
        parameters={},
    )  # fmt: skip
    parts = {part for part, area in _PARTS.items() if part == "destination" or asker.may(CASES[area])}
    whole = asker.may(KeyScope.IDENTITY_READ)
    return {
        "rows": [
            {
                "id": row.public_id, "version": row.version, "changed_at": row.at, "act": row.act, "state": row.state,
                "graduate": {"id": row.graduate, "exam_number": row.exam_number, "student_number": row.student_number, "name": row.name},
                "is_removed": row.is_removed, "wrong": row.wrong, "is_denied": row.is_denied,
                "content": {part: said if whole else _masked(said) for part, said in row.content.items() if part in parts},
                "reported_at": row.reported_at, "confirmed_at": row.confirmed_at,
            }
            for row in rows
        ],
        "after": after, "is_complete": len(rows) < since.size,
    }  # fmt: skip


confirmations.needs = KeyScope.CONFIRMATIONS_READ  # type: ignore[attr-defined]


def _masked(said: dict[str, Any]) -> dict[str, Any]:
    return {key: _SECRET[key](value) if key in _SECRET and value else value for key, value in said.items()}


def _read(request: Any, since: Any, **asked: Any) -> tuple[list[Any], str]:
    try:
        rows, after = feed.read(_school(request.asker, since.school), since.after, since.size, **asked)
    except feed.NoPlace:
        raise Problem("invalid", errors=[("after", "不是给这所学校的 after，从头读起时不带它")]) from None
    request.rows = len(rows)
    return rows, after


def _school(asker: Asker, code: str) -> int:
    """The school that is asked about: the key's own, or one that lies below it."""
    actor = asker.actor
    if actor.role is Role.SCHOOL:
        if code and code != asker.key.code:
            raise Problem("not-found", "没有这所学校。")
        return actor.node
    if not code:
        raise Problem("invalid", errors=[("school", "写上学校代码")])
    below = {"province": actor.node} if actor.role is Role.PROVINCE else {}
    found = School.objects.filter(code=code, **below).values_list("pk", flat=True).first()
    if found is None:
        raise Problem("not-found", "没有这所学校。")
    return int(found)


def _is_read(asker: Asker, flow: Flow) -> bool:
    scope = flow.model.scope  # type: ignore[attr-defined]
    return asker.actor.role in scope.paths and asker.may(CASES[flow.area])


def _label(row: Any) -> str:
    act = FLOWS[row.flow].act_named(row.act)
    return act.label if act else row.act
