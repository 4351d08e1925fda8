"""The operations together, and what the world is told of them: OpenAPI 3.1, made of the operations and so of the declarations."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser

from qicheng.domain.orgs.models import KeyScope
from qicheng.interfaces.api import cases, deliveries, feeds, figures, lists, oneself, records, tables
from qicheng.interfaces.api.door import LONGEST_TOKEN, problem_of
from qicheng.interfaces.api.problems import KINDS, MEDIA, Problem, told
from qicheng.interfaces.api.shapes import ProblemDocument

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

ROOT = "/api/v1"
OPEN = ("health",)
ABOUT = """学校自己的系统用它报送名单、读取登记和确认。密钥由学校管理员在「接口密钥」里创建，放在 Authorization 头里：`Authorization: Bearer 密钥`。

- 写入的请求带上 `Idempotency-Key`（例如一个 UUID）：断网重发时同样的请求只办一次，24 小时内给同样的回答。
- 清单和变化都用 `after` 一页一页读：把回答里的 `after` 原样带到下一次。
- 出错时的回答是 `application/problem+json`：`title` 是什么事，`detail` 是这一次的原因，`do` 是接下来怎么办。
- 不属于本单位的，和不存在的一样，都是 404。
- 签约、应约、确认这些本人办的事，接口办不了。"""
# What each kind of operation may be answered with beside what it is for.
ALWAYS, READ, WRITTEN = (
    ("unknown-key", "not-allowed", "too-many", "failed", "busy"),
    ("invalid",),
    ("unreadable", "conflict", "too-large", "wrong-type", "invalid"),
)
PLACES = {
    "cohort": "届别，例如 2026",
    "public_id": "编号，清单和变化里给出",
    "table": "代码表的名称，例如 ethnic_groups",
}
EXAMPLES: dict[str, Any] = {
    "roster_lines": {"lines": [{
        "exam_number": "26110001150001", "id_number": "110101200305060029", "name": "陈诚", "sex": "1", "nation": "汉族", "political_status": "03",
        "level": "31", "major_code": "080901", "major": "计算机科学与技术", "training_mode": "1", "origin": "110101", "study_years": "4",
        "entered_on": "202209", "graduates_on": "202607", "normal_student": "1", "hardship": "0", "college": "计算机学院", "student_number": "2022001",
    }]},
    "act_approve": {"seen": 3}, "act_return": {"seen": 3, "reason": "x_archive", "words": "接收单位的全称和公章不一致，请对照修改"},
}  # fmt: skip


class Strict(Parser):
    """Documents that a database can keep: objects in UTF-8, without the null character, half characters or numbers that are none."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        try:
            found = json.loads(request.body, parse_constant=_no_number)
            text = json.dumps(found, ensure_ascii=False)
            text.encode()
        except (ValueError, RecursionError):
            raise Problem("unreadable") from None
        if not isinstance(found, dict):
            raise Problem("unreadable", "请求体要是一个 JSON 对象。")
        if "\\u0000" in text:
            raise Problem("unreadable", "文字里不能有空字符。")
        return found


def _no_number(name: str) -> None:
    raise ValueError(name)


@cache
def api() -> NinjaAPI:
    """All operations."""
    made = NinjaAPI(
        title="启程接口", version="1", description=ABOUT, openapi_url=None, docs_url=None, urls_namespace="api", parser=Strict(),
    )  # fmt: skip
    for room in (oneself, tables, lists, cases, feeds, deliveries, records, figures):
        made.add_router("", room.router())
    made.add_exception_handler(Exception, _stopped)
    made.add_exception_handler(ValidationError, _invalid)
    made.add_exception_handler(HttpError, lambda request, stopped: told(request, Problem("unreadable", str(stopped))))
    return made


def _stopped(request: HttpRequest, stopped: Any) -> HttpResponse:
    return told(request, problem_of(stopped))


def _invalid(request: HttpRequest, wrong: Any) -> HttpResponse:
    errors = [
        (".".join(str(one) for one in fault["loc"][1:] if one not in ("body", "asked", "since")) or str(fault["loc"][0]), _words(fault))
        for fault in wrong.errors[:50]
    ]  # fmt: skip
    return told(request, Problem("invalid", errors=errors))


def _words(fault: Any) -> str:
    """What is wrong with a value, in Chinese; what has no words of its own is said as the schema says it."""
    limits = fault.get("ctx") or {}
    match fault["type"]:
        case "missing":
            return "没有填写"
        case "extra_forbidden":
            return "没有这一项"
        case "string_too_long" | "too_long":
            return f"最多 {limits.get('max_length')}"
        case "too_short":
            return f"至少 {limits.get('min_length')}"
        case "greater_than_equal":
            return f"最小是 {limits.get('ge')}"
        case "less_than_equal":
            return f"最大是 {limits.get('le')}"
        case "literal_error":
            return f"只能是 {limits.get('expected')}"
        case "string_type":
            return "要是文字"
        case kind if kind.startswith("int_"):
            return "要是整数"
        case kind if kind.startswith("date_"):
            return "要是日期，例如 2026-08-31"
    return "对照接口文档重填"


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    found: dict[str, Any] = json.loads(json.dumps(api().get_openapi_schema(path_prefix=ROOT)))
    found["servers"] = [{"url": "/"}]
    parts = found["components"]
    parts["schemas"]["Problem"] = _flat(
        ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}"), parts["schemas"]
    )
    parts["responses"] = {kind: _answer(kind) for kind in KINDS}
    parts["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "学校管理员在「接口密钥」里创建的密钥"}
    }
    found["security"] = [{"key": []}]
    found["x-scopes"] = {one.value: one.label for one in KeyScope}
    views = {operation.operation_id: operation.view_func for operation in _operations()}
    for methods in found["paths"].values():
        for method, operation in methods.items():
            _complete(operation, method, views[operation["operationId"]])
    return found


def _operations() -> list[Any]:
    return [
        one
        for bound in api()._get_bound_routers()
        for view in bound.path_operations.values()
        for one in view.operations
    ]


def _complete(operation: dict[str, Any], method: str, view: Any) -> None:
    """Add what every operation has: who may, what it may be answered with, the key against repetition, an example."""
    name = operation["operationId"]
    answers = operation["responses"]
    problems = [*([] if name in OPEN else ALWAYS), *(READ if method == "get" else WRITTEN)]
    if "{" in str(operation.get("parameters")) or any(one["in"] == "path" for one in operation["parameters"]):
        problems.append("not-found")
    for kind in dict.fromkeys(problems):
        answers.setdefault(str(KINDS[kind][0]), {"$ref": f"#/components/responses/{kind}"})
    if name.startswith(("list_", "confirmations", "changes", "figures_")):
        answers.setdefault("404", {"$ref": "#/components/responses/not-found"})
    if name in ("figures_agreements", "figures_destinations", "figures_confirmations"):
        answers["409"] = {"$ref": "#/components/responses/counting"}
    for one in operation["parameters"]:
        if one["in"] == "path":
            one["description"] = PLACES[one["name"]]
    if name == "code_table":
        answers["304"] = {"description": "没有变"}
    if name in OPEN:
        operation["security"] = []
    if scope := getattr(view, "needs", None):
        operation["x-scope"] = scope.value
        operation["description"] = (
            f"{operation.get('description', '')}\n\n权限：{scope.label}（`{scope.value}`）。".strip()
        )
    if method in ("post", "put"):
        operation["parameters"].append({
            "in": "header", "name": "Idempotency-Key", "required": False, "description": "同一个值、同样的请求只办一次",
            "schema": {"type": "string", "maxLength": LONGEST_TOKEN, "pattern": "^[!-~]+$"},
        })  # fmt: skip
    if name in ("roster_workbook", "records_workbook"):
        operation["requestBody"] = {
            "required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }  # fmt: skip
    if name in EXAMPLES:
        operation["requestBody"]["content"]["application/json"]["example"] = EXAMPLES[name]


def _answer(kind: str) -> dict[str, Any]:
    status, title, do = KINDS[kind]
    example = {
        "type": f"{ROOT}/docs/#problem-{kind}", "title": title, "status": status, "detail": title, "do": do, "request": "3f9a1c72b0de",
    }  # fmt: skip
    return {
        "description": title,
        "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}},
    }


def _flat(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    schemas.update(schema.pop("$defs", {}))
    return schema
