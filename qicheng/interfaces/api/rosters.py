"""Rosters in: lines as a document or a whole workbook, through the same stage, checks, preview and writing as the page (IMP, SYN-02)."""

import csv
import io
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field, create_model

from qicheng.domain.orgs.models import KeyScope
from qicheng.domain.roster import imports
from qicheng.domain.roster.imports import preview
from qicheng.domain.roster.imports.columns import FIELDS, heading
from qicheng.domain.roster.models import Upload
from qicheng.foundation.access import Role
from qicheng.foundation.sheets.uploads import LIMITS
from qicheng.interfaces.api.door import needs, once
from qicheng.interfaces.api.problems import Problem
from qicheng.interfaces.api.shapes import FaultyLines, UploadDocument

MOST_LINES = 5_000
STATES = dict(Upload.STATES)
TAKEN = Field(max_length=200)


def _line() -> type[Schema]:
    fields: dict[str, Any] = {}
    for one in FIELDS:
        said = f"{one.label}{'（必填）' if one.required else ''}：{_taken(one)}"
        fields[one.key] = (Annotated[str | None, TAKEN], Field(None, description=said))
    return create_model("RosterLine", __base__=Schema, __config__=None, **fields)


def _taken(one: Any) -> str:
    if one.table:
        return f"代码表 {one.table} 的代码或名称"
    return heading(one.code)


class Lines(Schema):
    """Lines of a roster."""

    model_config = ConfigDict(extra="forbid")

    lines: list[_line()] = Field(min_length=1, max_length=MOST_LINES, description=f"一次最多 {MOST_LINES} 行")  # type: ignore[misc]


class After(Schema):
    after: int = Field(0, ge=0, le=2**31 - 1, description="上一页最后一行的行号")


def router() -> Router:
    """Deliver, look, read the errors, have it written or give it up."""
    made = Router(tags=["名单"])
    for path, method, view, name, words, response in (
        ("/rosters/{int:cohort}/lines/", "POST", deliver, "roster_lines", "报送名单：一行一个学生", {202: UploadDocument}),
        ("/rosters/{int:cohort}/workbook/", "PUT", deliver_workbook, "roster_workbook", "报送名单：工作簿（xlsx、xls、csv）", {202: UploadDocument}),
        ("/rosters/uploads/{uuid:public_id}/", "GET", upload, "roster_upload", "一次报送的进度和核对结果", UploadDocument),
        ("/rosters/uploads/{uuid:public_id}/faults/", "GET", faults, "roster_faults", "要修改的行，逐项写明原因", FaultyLines),
        ("/rosters/uploads/{uuid:public_id}/apply/", "POST", apply, "roster_apply", "把核对通过的行写入名单", {202: UploadDocument}),
        ("/rosters/uploads/{uuid:public_id}/drop/", "POST", drop, "roster_drop", "放弃这次报送", UploadDocument),
    ):  # fmt: skip
        made.add_api_operation(path, [method], view, response=response, url_name=name, operation_id=name, summary=words)
    return made


@needs(KeyScope.ROSTER_WRITE, Role.SCHOOL)
def deliver(request: Any, cohort: int, body: Lines) -> HttpResponse:
    """后台读取和核对，先看 GET 给出的结果，再 apply。名单里有、这次没有的人不会动。"""
    _is_year(cohort)
    given = [line.model_dump(exclude_none=True) for line in body.lines]
    request.rows = len(given)
    return once(request, 202, lambda: _taken_in(request, cohort, "接口报送.csv", _file(given)))


@needs(KeyScope.ROSTER_WRITE, Role.SCHOOL)
def deliver_workbook(request: Any, cohort: int) -> HttpResponse:
    """请求体就是文件，Content-Type 用 application/octet-stream；列名和「导入名单」的模板一样。"""
    _is_year(cohort)
    if request.content_type != "application/octet-stream":
        raise Problem("wrong-type")
    content = request.read(LIMITS.size + 1)
    if len(content) > LIMITS.size:
        raise Problem("too-large", f"文件最多 {LIMITS.size // 2**20} MB。")
    return once(request, 202, lambda: _taken_in(request, cohort, "接口报送.xlsx", content), body=content)


@needs(KeyScope.ROSTER_WRITE, Role.SCHOOL)
def upload(request: Any, public_id: UUID) -> Any:
    """state 到 preview 就核对完了，到 applied 就写好了；refused 是文件不能用，看 reason。"""
    request.rows = 1
    return _document(_own(request, public_id))


@needs(KeyScope.ROSTER_WRITE, Role.SCHOOL)
def faults(request: Any, public_id: UUID, asked: Query[After]) -> Any:
    """这些行不会写入；改好之后再报送一次，只报送它们也可以。"""
    found = _own(request, public_id)
    rows = preview.refused_lines(found, asked.after) if found.state == "preview" else []
    request.rows = len(rows)
    first = found.columns.get("first", 1) + 1
    labels = {one.label: one.key for one in FIELDS}
    return {
        "rows": [
            {
                "line": row["line"], "index": row["line"] - first, "exam_number": row["exam_number"],
                "faults": [{"place": labels.get(label, ""), "label": label, "words": words} for label, words in row["faults"]],
            }
            for row in rows
        ],
        "after": str(rows[-1]["line"]) if len(rows) == preview.PAGE else "",
    }  # fmt: skip


@needs(KeyScope.ROSTER_WRITE, Role.SCHOOL)
def apply(request: Any, public_id: UUID) -> HttpResponse:
    """名单在核对之后有了变化，会重新核对，state 回到 preview，再看一遍。"""

    def work() -> dict[str, Any]:
        imports.request_writing(_own(request, public_id), request.asker.actor)
        return _document(_own(request, public_id))

    return once(request, 202, work)


@needs(KeyScope.ROSTER_WRITE, Role.SCHOOL)
def drop(request: Any, public_id: UUID) -> HttpResponse:
    """名单不变。"""

    def work() -> dict[str, Any]:
        imports.drop(_own(request, public_id), request.asker.actor)
        return _document(_own(request, public_id))

    return once(request, 200, work)


def _taken_in(request: Any, cohort: int, name: str, content: bytes) -> dict[str, Any]:
    found = imports.receive(request.asker.actor, cohort, name, [content])
    return _document(_own(request, found.public_id))


def _is_year(cohort: int) -> None:
    if not 2000 <= cohort <= 2100:
        raise Problem("not-found", "没有这一届。")


def _file(lines: list[dict[str, str]]) -> bytes:
    """The lines as a file of the national layout: what a page would have been given."""
    columns = [one for one in FIELDS if one.required or any(one.key in line for line in lines)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([one.code for one in columns])
    writer.writerows([" ".join(line.get(one.key, "").split()) for one in columns] for line in lines)
    return text.getvalue().encode("utf-8-sig")


def _own(request: Any, public_id: UUID) -> Upload:
    found = Upload.objects.seen_by(request.asker.actor).filter(public_id=public_id).first()
    if found is None:
        raise Problem("not-found", "没有找到这次报送。")
    return found


def _document(found: Upload) -> dict[str, Any]:
    counts = {key: value for key, value in found.counts.items() if isinstance(value, int)}
    when: datetime | None = found.finished_at
    return {
        "id": str(found.public_id), "cohort": found.cohort, "state": found.state, "state_label": STATES[found.state], "reason": found.reason,
        "done": found.done, "total": found.total, "counts": counts, "filename": found.filename, "made_at": found.made_at.isoformat(),
        "finished_at": when and when.isoformat(),
    }  # fmt: skip
