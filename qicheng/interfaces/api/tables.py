"""The code tables, each with its version, as a document and as a workbook (SYN-03)."""

from typing import Any

from django.http import HttpResponse
from ninja import Router

from qicheng.foundation import codes
from qicheng.foundation.kit import workbooks
from qicheng.interfaces.api.problems import Problem
from qicheng.interfaces.api.shapes import CodeRows, CodeTables

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def router() -> Router:
    """All tables, one table, one table as a workbook."""
    made = Router(tags=["代码表"])
    for path, view, name, words, response in (
        ("/codes/", tables, "code_tables", "全部代码表和版本", CodeTables),
        ("/codes/{slug:table}/", table_of, "code_table", "一张代码表", CodeRows),
    ):
        made.add_api_operation(path, ["GET"], view, response=response, url_name=name, operation_id=name, summary=words)
    made.add_api_operation(
        "/codes/{slug:table}.xlsx", ["GET"], workbook, url_name="code_workbook", operation_id="code_workbook", summary="一张代码表，工作簿",
        openapi_extra={"responses": {200: {"content": {WORKBOOK: {"schema": {"type": "string", "format": "binary"}}}}}},
    )  # fmt: skip
    return made


def tables(request: Any) -> Any:
    """version 变了，表才变了。"""
    found = sorted(codes.names())
    request.rows = len(found)
    return {
        "rows": [{"name": one, "version": codes.table(one).version, "count": len(codes.table(one))} for one in found]
    }


def table_of(request: Any, table: str) -> Any:
    """ETag 是 version：带上 If-None-Match，没有变就是 304。第一列是代码，第二列是名称。"""
    known = _known(table)
    tag = f'"{known.version}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers={"ETag": tag})
    rows = [dict(known.row(code)) for code in known]
    request.rows = len(rows)
    answer = CodeRows(name=table, version=known.version, columns=list(known.columns), rows=rows)
    return HttpResponse(
        answer.model_dump_json(), content_type="application/json; charset=utf-8", headers={"ETag": tag, "Cache-Control": "private, no-cache"}
    )  # fmt: skip


def workbook(request: Any, table: str) -> HttpResponse:
    """代码都是文字，前面的零不会丢。"""
    known = _known(table)
    request.rows = len(known)
    content = workbooks.write(list(known.columns), ([*known.row(code).values()] for code in known))
    return HttpResponse(
        content, content_type=WORKBOOK,
        headers={"ETag": f'"{known.version}"', "Content-Disposition": f'attachment; filename="{table}-{known.version}.xlsx"'},
    )  # fmt: skip


def _known(table: str) -> codes.Table:
    if table not in codes.names():
        raise Problem("not-found", "没有这张代码表。")
    return codes.table(table)
