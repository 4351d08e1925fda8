"""Cases: how one stands, what happened to it, what can be done, and the acts themselves by the one engine (SYN-02).

Whatever the parties do in person is not here: nobody signs for another, and a key is nobody (INV-20).
"""

import inspect
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.datastructures import MultiValueDict
from ninja import Router

from qicheng.domain.orgs.models import KeyScope
from qicheng.domain.orgs.queries import reasons
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.sheets import cases as sheets
from qicheng.domain.registration.sheets.agreement import ARCHIVE, HOUSEHOLD, OFFER
from qicheng.foundation import codes
from qicheng.foundation.access import Role
from qicheng.foundation.flow.declare import FLOWS, Act, Flow
from qicheng.foundation.flow.perform import Case, NotOpen, Refused, find, flow_of, open_acts, perform, timeline
from qicheng.foundation.flow.words import sentence
from qicheng.foundation.kit import masks
from qicheng.foundation.sheets import Field, Sheet
from qicheng.interfaces.api.door import CASES, Asker, must, needs, once
from qicheng.interfaces.api.problems import Problem
from qicheng.interfaces.api.shapes import ActBody, CaseDocument, Done, RecordRows

# Of the forms of acts, what a field of each kind is as JSON.
KINDS: dict[str, dict[str, Any]] = {
    "whole": {"type": "integer"}, "switch": {"type": "boolean"}, "date": {"type": "string", "format": "date"},
    "email": {"type": "string", "format": "email"}, "mobile": {"type": "string", "pattern": r"^1\d{10}$"},
}  # fmt: skip
SECRET_KINDS = {"phone": masks.phone, "mobile": masks.phone, "email": masks.email}
# What a registration says of file and household is read with the scope of these, in whichever sheet it stands.
OTHER_AREAS = {
    field.key: {ARCHIVE: KeyScope.ARCHIVE_READ, HOUSEHOLD: KeyScope.HOUSEHOLD_READ}[field.group]
    for field in OFFER
    if field.group in (ARCHIVE, HOUSEHOLD)
}
HOLDERS = (Role.SCHOOL,)


def is_published(act: Act) -> bool:
    """Whether a key may do it: a staff act whose form says all that its effect wants, not one that is done in person or in its place."""
    if act.carried or act.in_person or act.in_place or not set(act.by) & set(HOLDERS):
        return False
    if act.do is None or callable(act.form):
        return True
    # What its effect takes beside the case and whoever acts; more than the form asks for is gathered on a page of its own.
    named = [
        one.name for one in list(inspect.signature(act.do).parameters.values())[2:] if one.kind is not one.VAR_KEYWORD
    ]
    return set(named) <= set(act.form.keys if isinstance(act.form, Sheet) else ())


def acts() -> dict[str, list[tuple[Flow, Act]]]:
    """name → every flow and act of that name that a key may do."""
    found: dict[str, list[tuple[Flow, Act]]] = {}
    for flow in FLOWS.values():
        for act in flow.acts:
            if is_published(act) and Role.SCHOOL in flow.model.scope.paths:  # type: ignore[attr-defined]
                found.setdefault(act.name, []).append((flow, act))
    return found


def seen(request: Any, public_id: UUID) -> Case:
    """The case of that number, as far as the key may see it; a Problem else."""
    asker: Asker = request.asker
    flow = flow_of(public_id)
    if flow is None or not _may_read(asker, flow):
        raise Problem("not-found", "没有找到这条记录。")
    return find(flow.model, public_id, asker.actor)


def _may_read(asker: Asker, flow: Flow) -> bool:
    return asker.may(CASES[flow.area]) or (flow.name == "confirmation" and asker.may(KeyScope.CONFIRMATIONS_READ))


def router() -> Router:
    """One operation to look, one for the record, and one for each act."""
    made = Router(tags=["办理"])
    made.add_api_operation(
        "/cases/{uuid:public_id}/", ["GET"], document, response=CaseDocument, url_name="case", operation_id="case", summary="一条记录现在的样子，能办什么",
    )  # fmt: skip
    made.add_api_operation(
        "/cases/{uuid:public_id}/records/", ["GET"], records, response=RecordRows, url_name="case_records", operation_id="case_records",
        summary="一条记录办过的每一步",
    )  # fmt: skip
    for name, every in acts().items():
        made.add_api_operation(
            f"/cases/{{uuid:public_id}}/{name}/", ["POST"], _doing(name), response=Done, url_name=f"act_{name}", operation_id=f"act_{name}",
            summary="、".join(dict.fromkeys(act.label for _, act in every)), description=_about(every),
        )  # fmt: skip
    return made


def _about(every: Iterable[tuple[Flow, Act]]) -> str:
    lines = ["对这些事项、在这些状态开放："]
    for flow, act in every:
        form = f"；form：{'、'.join(f'{f.key} {f.label}' for f in act.form)}" if isinstance(act.form, Sheet) else ""
        form = "；form 看这条记录的 acts" if callable(act.form) else form
        reason = "；要选原因并写说明" if act.reason else ""
        lines.append(f"- {flow.label}（{flow.name}）：{act.source.label}{reason}{form}")
    return "\n".join(lines)


def document(request: Any, public_id: UUID) -> Any:
    """现在的状态、填写的内容、能办的每一步。"""
    case = seen(request, public_id)
    asker: Asker = request.asker
    request.rows = 1
    state = case.standing
    graduate = getattr(case, "graduate", None)
    return {
        "id": case.public_id, "flow": case.flow_name, "flow_label": case.flow.label, "title": case.title, "state": case.state,
        "state_label": state.label, "turn": str(state.turn or ""), "live": case.live, "settled": state.settled, "version": case.version,
        "cohort": case.cohort, "begun_at": case.begun_at, "waiting_since": case.waiting_since, "graduate": graduate and _person(graduate),
        "lines": _lines(case, asker), "acts": _open(case, asker),
    }  # fmt: skip


def records(request: Any, public_id: UUID) -> Any:
    """谁、什么时候、做了什么、为什么，最早的在前。"""
    case = seen(request, public_id)
    found = timeline(case)
    request.rows = len(found)
    return {
        "rows": [
            {
                "at": one.at, "act": one.act, "before": one.before, "after": one.after, "version": one.version, "role": one.role,
                "unit": one.unit, "name": one.name, "reason": one.reason, "words": one.words, "sentence": sentence(one, case),
            }
            for one in found
        ]
    }  # fmt: skip


def _doing(name: str) -> Any:
    @needs(KeyScope.ACTS_WRITE, *HOLDERS)
    def do(request: Any, public_id: UUID, body: ActBody) -> HttpResponse:
        return once(request, 200, lambda: _done(request, public_id, name, body))

    return do


def _done(request: Any, public_id: UUID, name: str, body: ActBody) -> dict[str, Any]:
    asker: Asker = request.asker
    case = seen(request, public_id)
    must(asker, CASES[case.flow.area])
    act = case.flow.find(case.state, name, asker.actor.role)
    if act is None or not is_published(act):
        raise NotOpen(f"这条记录现在是「{case.standing.label}」，这一步现在不能做。")
    listed = reasons(act.name, getattr(case, "school_id", None), act.reason) if act.reason else []
    if listed and body.reason not in dict(listed):
        raise Problem("invalid", errors=[("reason", f"没有这个原因，可以选：{'、'.join(code for code, _ in listed)}")])
    given = _filled(act, case, body.form)
    record = perform(
        case, name, asker.actor, seen=body.seen, reason=body.reason, words=body.words, internal=body.internal, **given
    )
    request.rows = 1
    return {
        "id": str(case.public_id), "act": record.act, "state": case.state, "state_label": case.standing.label, "version": case.version,
        "at": record.at.isoformat(),
    }  # fmt: skip


def _filled(act: Act, case: Case, said: dict[str, Any]) -> dict[str, Any]:
    """What the act's form makes of what was said; a Problem with the reason for each field that is wrong."""
    sheet = act.sheet(case)
    if strange := set(said) - set(sheet.keys if sheet else ()):
        raise Problem("invalid", errors=[(f"form.{key[:40]}", "这一步没有这一项") for key in sorted(strange)])
    if sheet is None:
        return {}
    form = sheet.form(case.cohort)(MultiValueDict({key: _typed(value) for key, value in said.items()}))
    if not form.is_valid():
        raise Problem(
            "invalid", errors=[(f"form.{key}", " ".join(map(str, words))) for key, words in form.errors.items()]
        )
    given: dict[str, Any] = form.cleaned_data
    if "reason" in given:
        raise Refused("这一步要在页面上办理。")
    return given


def _typed(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(one) for one in value]
    if value is None or value is False:
        return []
    return ["on" if value is True else str(value)]


def _open(case: Case, asker: Asker) -> list[dict[str, Any]]:
    if not asker.may(KeyScope.ACTS_WRITE):
        return []
    return [
        {
            "name": one.act.name, "label": case.said(one.act.label), "is_open": one.why is None, "why": one.why or "",
            "consequence": one.act.consequence,
            "reasons": [
                {"code": code, "label": label}
                for code, label in (reasons(one.act.name, getattr(case, "school_id", None), one.act.reason) if one.act.reason else ())
            ],
            "form": _schema(sheet, case.cohort) if (sheet := one.act.sheet(case)) else {},
        }
        for one in open_acts(case, asker.actor)
        if is_published(one.act)
    ]  # fmt: skip


def _schema(sheet: Sheet, cohort: int) -> dict[str, Any]:
    return {
        "type": "object", "additionalProperties": False, "properties": {field.key: _described(field, cohort) for field in sheet},
        "required": [field.key for field in sheet if field.required and field.when is None],
    }  # fmt: skip


def _described(field: Field, cohort: int) -> dict[str, Any]:
    made = {**KINDS.get(field.kind, {"type": "string", "maxLength": field.limit}), "title": field.label}
    if field.hint:
        made["description"] = field.hint
    if field.kind == "code":
        made |= {"enum": [code for code, _ in codes.table(field.table).choices(cohort)], "x-code-table": field.table}
    elif field.kind == "lookup":
        made["x-code-table"] = field.table
    elif field.kind == "choice":
        made["enum"] = [value for value, _ in field.choices]
    elif field.kind == "several":
        made = {"type": "array", "items": {"enum": [value for value, _ in field.choices]}, "title": field.label}
    return made


def _person(graduate: Any) -> dict[str, Any]:
    return {
        "id": graduate.public_id, "exam_number": graduate.exam_number, "student_number": graduate.student_number, "name": graduate.name,
    }  # fmt: skip


def _lines(case: Any, asker: Asker) -> list[dict[str, str]]:
    """What was filled in, as pages show it, of the areas that the key may read; numbers behind their masks unless it may see them whole."""
    if not isinstance(case, Registration):
        return []
    if case.flow_name == "online_signing":
        sheet, values = OFFER, {**case.terms, "job_category": case.job_category, "post": case.post}
        made = [{"label": "单位", "value": case.employer_name}]
    elif case.kind or case.flow_name in sheets.AGREEMENTS:
        sheet, values, made = sheets.sheet_of(case), sheets.values_of(case), []
    else:
        return [{"label": "单位", "value": case.employer_name}]
    whole = asker.may(KeyScope.IDENTITY_READ)
    for field in sheet:
        if field.is_asked(values) and (field.key not in OTHER_AREAS or asker.may(OTHER_AREAS[field.key])):
            shown = field.shown(values.get(field.key))
            mask = None if whole else SECRET_KINDS.get(field.kind)
            made.append({"label": field.label, "value": mask(shown) if mask and shown else shown})
    return made
