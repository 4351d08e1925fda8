"""Rosters and ready employment records in: lines as a document or a whole workbook, through the same stage, checks, preview and writing as the
page (IMP, SYN-02)."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field, create_model

from qicheng.domain.orgs.models import KeyScope
from qicheng.domain.roster import imports
from qicheng.domain.roster.imports import preview, records
from qicheng.domain.roster.imports.columns import FIELDS, heading
from qicheng.domain.roster.imports.records import preview as record_preview
from qicheng.domain.roster.imports.records.columns import LABELS, WHO
from qicheng.domain.roster.models import EmploymentUpload, Upload
from qicheng.domain.roster.sheets import EMPLOYMENT_RECORD
from qicheng.foundation.access import Actor, Role
from qicheng.foundation.sheets.uploads import LIMITS
from qicheng.interfaces.api.door import needs, once
from qicheng.interfaces.api.problems import Problem
from qicheng.interfaces.api.shapes import FaultyLines, UploadDocument

MOST_LINES = 5_000
TAKEN = Annotated[str | None, Field(max_length=200)]
FILE = "接口报送.xlsx"


@dataclass(frozen=True)
class Delivery:
    """What can be delivered: under which address and scope, of which lines, and by which functions it is taken in, shown, written, given up."""

    name: str
    path: str
    tag: str
    words: str
    needs: KeyScope
    model: type[Any]
    fields: Mapping[str, str]
    labels: Mapping[str, str]
    take_lines: Callable[[Actor, int, Sequence[Mapping[str, str]]], Any]
    take_file: Callable[[Actor, int, bytes], Any]
    refused: Callable[[Any, int], list[dict[str, Any]]]
    write: Callable[[Any, Actor], None]
    drop: Callable[[Any, Actor], None]


def _taken(one: Any) -> str:
    said = f"代码表 {one.table} 的代码或名称" if one.table else heading(one.code)
    return f"{one.label}{'（必填）' if one.required else ''}{'' if said == one.label else f'：{said}'}"


def _file(lines: Sequence[Mapping[str, str]]) -> bytes:
    """Lines of a roster as a file of the national layout: what a page would have been given."""
    columns = [one for one in FIELDS if one.required or any(one.key in line for line in lines)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([one.code for one in columns])
    writer.writerows([" ".join(line.get(one.key, "").split()) for one in columns] for line in lines)
    return text.getvalue().encode("utf-8-sig")


ROSTER = Delivery(
    "roster", "/rosters", "名单", "名单", KeyScope.ROSTER_WRITE, Upload, {one.key: _taken(one) for one in FIELDS}, {one.label: one.key for one in FIELDS},
    take_lines=lambda actor, cohort, lines: imports.receive(actor, cohort, "接口报送.csv", [_file(lines)]),
    take_file=lambda actor, cohort, content: imports.receive(actor, cohort, FILE, [content]),
    refused=preview.refused_lines, write=imports.request_writing, drop=imports.drop,
)  # fmt: skip
RECORDS = Delivery(
    "records", "/records", "就业方案", "就业方案", KeyScope.RECORDS_WRITE, EmploymentUpload,
    WHO | {one.key: f"{one.label}{f'：代码表 {one.table} 的代码或名称' if one.table else ''}" for one in EMPLOYMENT_RECORD},
    {label: key for key, label in LABELS.items()},
    take_lines=records.receive_rows,
    take_file=lambda actor, cohort, content: records.receive(actor, cohort, FILE, [content], source="interface"),
    refused=lambda upload, after: record_preview.lines(upload, "refused", after), write=records.request_writing, drop=records.drop,
)  # fmt: skip


class After(Schema):
    after: int = Field(0, ge=0, le=2**31 - 1, description="上一页给出的 after")


def router() -> Router:
    """Deliver, look, read the errors, have it written or give it up; the same for each thing that can be delivered."""
    made = Router()
    for one in (ROSTER, RECORDS):
        uploads = f"{one.path}/uploads/{{uuid:public_id}}/"
        for path, method, view, name, words, response in (
            (f"{one.path}/{{int:cohort}}/lines/", "POST", _lines(one), "lines", f"报送{one.words}：一行一个学生", {202: UploadDocument}),
            (f"{one.path}/{{int:cohort}}/workbook/", "PUT", _workbook(one), "workbook", f"报送{one.words}：工作簿（xlsx、xls、csv）", {202: UploadDocument}),
            (uploads, "GET", _upload(one), "upload", f"一次{one.words}报送的进度和核对结果", UploadDocument),
            (f"{uploads}faults/", "GET", _faults(one), "faults", f"一次{one.words}报送里要修改的行，逐项写明原因", FaultyLines),
            (f"{uploads}apply/", "POST", _deciding(one, one.write, "后台写入核对通过的行。核对之后有了变化，会重新核对，state 回到 preview，再看一遍。", 202), "apply", f"写入核对通过的{one.words}", {202: UploadDocument}),
            (f"{uploads}drop/", "POST", _deciding(one, one.drop, "什么都不变。", 200), "drop", f"放弃一次{one.words}报送", UploadDocument),
        ):  # fmt: skip
            made.add_api_operation(
                path, [method], view, response=response, url_name=f"{one.name}_{name}", operation_id=f"{one.name}_{name}", summary=words,
                tags=[one.tag], description=view.__doc__,
            )  # fmt: skip
    return made


def _lines(one: Delivery) -> Any:
    fields: dict[str, Any] = {key: (TAKEN, Field(None, description=said)) for key, said in one.fields.items()}
    line = create_model(f"{one.name}_line", __base__=Schema, **fields)
    body_model = create_model(
        f"{one.name}_lines", __base__=_Strict,
        lines=(list[line], Field(min_length=1, max_length=MOST_LINES, description=f"一次最多 {MOST_LINES} 行")),  # type: ignore[valid-type]
    )  # fmt: skip

    @needs(one.needs, Role.SCHOOL)
    def deliver(request: Any, cohort: int, body: body_model) -> HttpResponse:  # type: ignore[valid-type]
        """后台读取和核对，先看 GET 给出的结果，再 apply。这次没有报的人不会动。"""
        _must_be_a_year(cohort)
        given = [row.model_dump(exclude_none=True) for row in body.lines]  # type: ignore[attr-defined]
        request.rows = len(given)
        return once(request, 202, lambda: _document(one.take_lines(request.asker.actor, cohort, given)))

    return deliver


def _workbook(one: Delivery) -> Any:
    @needs(one.needs, Role.SCHOOL)
    def deliver_workbook(request: Any, cohort: int) -> HttpResponse:
        """请求体就是文件，Content-Type 用 application/octet-stream；列名和页面上的模板一样。"""
        _must_be_a_year(cohort)
        if request.content_type != "application/octet-stream":
            raise Problem("wrong-type")
        content = request.read(LIMITS.size + 1)
        if len(content) > LIMITS.size:
            raise Problem("too-large", f"文件最多 {LIMITS.size // 2**20} MB。")
        return once(request, 202, lambda: _document(one.take_file(request.asker.actor, cohort, content)), body=content)

    return deliver_workbook


def _upload(one: Delivery) -> Any:
    @needs(one.needs, Role.SCHOOL)
    def upload(request: Any, public_id: UUID) -> Any:
        """state 到 preview 就核对完了，到 applied 就写好了；refused 是文件不能用，看 reason。"""
        request.rows = 1
        return _document(_own(one, request, public_id))

    return upload


def _faults(one: Delivery) -> Any:
    @needs(one.needs, Role.SCHOOL)
    def faults(request: Any, public_id: UUID, asked: Query[After]) -> Any:
        """这些行不会写入；改好之后再报送一次，只报送它们也可以。"""
        found = _own(one, request, public_id)
        rows = one.refused(found, asked.after) if found.state == "preview" else []
        request.rows = len(rows)
        first = found.columns.get("first", 1) + 1
        return {
            "rows": [
                {
                    "line": row["line"], "index": row["line"] - first, "exam_number": row["exam_number"],
                    "faults": [
                        {"place": one.labels.get(label, ""), "label": label, "words": words} for label, words in row["faults"]
                    ],
                }
                for row in rows
            ],
            "after": str(rows[-1]["line"]) if len(rows) == preview.PAGE else "",
        }  # fmt: skip

    return faults


def _deciding(one: Delivery, act: Callable[[Any, Actor], None], words: str, status: int) -> Any:
    @needs(one.needs, Role.SCHOOL)
    def decide(request: Any, public_id: UUID) -> HttpResponse:
        def work() -> dict[str, Any]:
            act(_own(one, request, public_id), request.asker.actor)
            return _document(_own(one, request, public_id))

        return once(request, status, work)

    decide.__doc__ = words
    return decide


class _Strict(Schema):
    model_config = ConfigDict(extra="forbid")


def _must_be_a_year(cohort: int) -> None:
    if not 2000 <= cohort <= 2100:
        raise Problem("not-found", "没有这一届。")


def _own(one: Delivery, request: Any, public_id: UUID) -> Any:
    found = one.model.objects.seen_by(request.asker.actor).filter(public_id=public_id).first()
    if found is None:
        raise Problem("not-found", "没有找到这次报送。")
    return found


def _document(found: Any) -> dict[str, Any]:
    found.refresh_from_db()
    counts = {key: value for key, value in found.counts.items() if isinstance(value, int)}
    when: datetime | None = found.finished_at
    return {
        "id": str(found.public_id), "cohort": found.cohort, "state": found.state, "state_label": found.get_state_display(), "reason": found.reason,
        "done": found.done, "total": found.total, "counts": counts, "filename": found.filename, "made_at": found.made_at.isoformat(),
        "finished_at": when and when.isoformat(),
    }  # fmt: skip
